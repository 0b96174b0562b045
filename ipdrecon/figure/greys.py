"""Greys that are a black line's: where a line is thinner than a pixel, or straddles two, it is no longer black."""

import numpy as np

from ipdrecon.figure.gauge import ink_across
from ipdrecon.figure.ink import part

_GREY_CHROMA = 12.0
_INKED = 0.3
_LEAST_DARKER = 6.0
_MOST_STRAY = 0.3
_STRAY_PX = 3
_SAME_WIDTH = 1.3
_FEWEST_COLUMNS = 40


def is_grey(lab):
    """Whether a CIELAB colour has no hue."""
    return bool(np.hypot(*lab[1:]) < _GREY_CHROMA)


def thinned_greys(plot, colours, own, paths, listed):
    """Greys that are shades of the darkest one.

    A line keeps its colour, so a grey that is a line's own lies on one curve, and taken for thinned black it gives
    another width than the black lines. A grey found here and there on several curves, or one that makes up just the
    width that the black lines have, is black spread over the pixels that a line straddles.

    Parameters
    ----------
    plot : Plot
    colours : sequence of ndarray, shape (3,)
        In CIELAB.
    own : ndarray, shape (n_colours, height, width)
        Coverage by each.
    paths : sequence of Path or None
        The best curve along each, None where there is none.
    listed : sequence of bool
        Whether a legend shows each.

    Returns
    -------
    darkest : int or None
        Index of the darkest grey.
    shades : tuple of int
        Indices of the greys that are its shades.
    """
    greys = sorted((i for i, colour in enumerate(colours) if is_grey(colour)), key=lambda i: colours[i][0])
    if len(greys) < 2:
        return None, ()
    darkest = greys[0]
    across = ink_across(joined_ink(plot, colours, greys, darkest))
    shades = []
    for i in greys[1:]:
        ratio = _width_ratio(across, own[i], own[darkest])
        alike = ratio is not None and ratio < _SAME_WIDTH
        apart = listed[i] and ratio is not None and not alike
        if colours[i][0] > colours[darkest][0] + _LEAST_DARKER and (alike or (not apart and _is_stray(own[i], paths[i]))):
            shades.append(i)
    return darkest, tuple(shades)


def joined_ink(plot, colours, parts, darkest):
    """Coverage by some greys together, taken as mixtures of paper and the darkest of them; shape (height, width)."""
    rest = [colour for i, colour in enumerate(colours) if i not in parts]
    return part(plot, [colours[darkest], *rest])[0]


def _is_stray(own, path):
    """Whether much of an ink does not lie on the best curve along it."""
    if path is None:
        return True
    rows, columns = np.nonzero(own > _INKED)
    at = np.clip(columns - path.first, 0, len(path.leave) - 1)
    near = (rows >= path.enter[at] - _STRAY_PX) & (rows <= path.leave[at] + _STRAY_PX)
    near &= (columns >= path.first) & (columns <= path.last)
    return bool(len(rows) and near.mean() < 1 - _MOST_STRAY)


def _width_ratio(across, grey, black):
    """How unlike in width the level lines of a grey, as thinned black, and of the black are; None where either has few."""
    thin, broad = (_level_width(across, ink) for ink in (grey, black))
    return None if thin is None or broad is None else max(thin, broad) / min(thin, broad)


def _level_width(across, ink):
    """Median width of an ink's level stretches; None where there are few."""
    inked = ink > _INKED
    level = inked[:, 1:-1] & inked[:, :-2] & inked[:, 2:]
    widths = across[:, 1:-1][level]
    widths = widths[widths > 0]
    return float(np.median(widths)) if len(widths) >= _FEWEST_COLUMNS else None
