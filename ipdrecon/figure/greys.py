"""Greys that are a black line's: where a line is thinner than a pixel, or straddles two, it is no longer black."""

import cv2
import numpy as np

from ipdrecon.figure.colour import is_grey
from ipdrecon.figure.gauge import ink_across, part_by_width
from ipdrecon.figure.ink import part
from ipdrecon.figure.shades import tint

_INKED = 0.3
_LEAST_DARKER = 6.0
_MOST_STRAY = 0.3
_FULL, _STRAY_PX, _STROKE_PX = 0.7, 3, 5
_SAME_WIDTH = 1.3
_FEWEST_COLUMNS = 40
_LEAST_OF_OTHERS = 0.2
_DISTINCT_KEYS = 12.0
_MOST_RARE = 0.12
_FAINTEST, _LEAST_TOGETHER = 0.2, 0.5


def thinned_greys(plot, colours, own, paths, keys):
    """Greys that are shades of the darkest one.

    A line keeps its colour, so a grey that is a line's own lies on one curve, and taken for thinned black it gives
    another width than the black lines. A grey found here and there on several curves, or one that makes up just the
    width that the black lines have, is black spread over the pixels that a line straddles. Where a legend shows as many
    greys as there are, the width alone decides.

    Parameters
    ----------
    plot : Plot
    colours : sequence of ndarray, shape (3,)
        In CIELAB.
    own : ndarray, shape (n_colours, height, width)
        Coverage by each.
    paths : sequence of Path or None
        The best curve along each, None where there is none.
    keys : sequence of ndarray, shape (3,)
        Colours that a legend shows.

    Returns
    -------
    darkest : int or None
        Index of the darkest grey.
    shades : tuple of int
        Indices of the greys that are its shades.
    keys : tuple of ndarray, shape (3,)
        Colours that the legend shows, a grey as it is in the plot.
    """
    greys = _common_greys(plot, colours, own)
    told = _in_order([colours[i] for i in greys], keys)
    if len(greys) < 2:
        return None, (), tuple(keys)
    darkest = greys[0]
    across = ink_across(joined_ink(plot, colours, greys, darkest))
    columns, shades = (own > _INKED).any(axis=1).sum(axis=1), []
    for i in greys[1:]:
        ratio = _width_ratio(across, own[i], own[darkest])
        alike = ratio is not None and ratio < _SAME_WIDTH
        if colours[i][0] > colours[darkest][0] + _LEAST_DARKER and (alike or (told is None and (columns[i] < _MOST_RARE * columns.max() or _is_stray(np.where(plot.text, 0, own[i]), paths[i])))):
            shades.append(i)
    if told is not None and not shades:
        return darkest, (), told
    return darkest, tuple(shades), tuple(_nearest_ink(key, colours, (darkest, *shades), darkest) for key in keys)


def parted_greys(plot, colours, own, keys, level):
    """Coverage by all inks, of which two greys that a legend shows are parted by the widths of their lines.

    A black line no broader than a pixel is black where it fills a row and grey where it straddles two, and what of it is
    grey may outweigh a curve that is grey. Taken for black, all of the black line has one width and the grey curve a lesser. But where the
    curves start, the edge of the plot may cut off half of the black line.

    Parameters
    ----------
    plot, colours, own, keys
        As those of `thinned_greys`.
    level : float
        Row in which curves start.

    Returns
    -------
    ndarray of float32, shape (n_colours, height, width)
        `own` itself where the colours part the lines, or the lines have one width.
    """
    greys = _common_greys(plot, colours, own)
    if len(greys) != 2 or _in_order([colours[i] for i in greys], keys) is None:
        return own
    darkest, lighter = greys
    joined = joined_ink(plot, colours, greys, darkest)
    ratio = _width_ratio(ink_across(joined), own[lighter], own[darkest])
    if ratio is None or ratio >= _SAME_WIDTH:
        return own
    share = max(tint(plot, colours[lighter], colours[darkest])[0], _FAINTEST)
    parts = part_by_width(joined / share, least_together=_LEAST_TOGETHER)
    if len(parts) < 2:
        return own
    own, start = own.copy(), slice(max(round(level) - 1, 0), round(level) + 2)
    own[darkest], own[lighter] = np.minimum(parts[0] * share, 1), np.minimum(parts[1], 1)
    own[darkest, start] = np.maximum(own[darkest, start], own[lighter, start])
    own[lighter, start] = 0
    return own


def _common_greys(plot, colours, own):
    """Indices of greys from the darkest, without those that lighter ones outnumber by far outside text."""
    columns = [int(((ink > _INKED) & ~plot.text).any(axis=0).sum()) for ink in own]
    greys = sorted((i for i, colour in enumerate(colours) if is_grey(colour)), key=lambda i: colours[i][0])
    return [i for k, i in enumerate(greys) if columns[i] >= _LEAST_OF_OTHERS * max(columns[j] for j in greys[k:])]


def _in_order(greys, keys):
    """A legend's colours with its greys replaced by the plot's, both from the darkest; None where their numbers differ."""
    order = sorted((k for k, key in enumerate(keys) if is_grey(key)), key=lambda k: keys[k][0])
    steps = [keys[b][0] - keys[a][0] for a, b in zip(order, order[1:], strict=False)]
    if len(order) < 2 or len(order) != len(greys) or min(steps) < _DISTINCT_KEYS:
        return None
    told = dict(zip(order, greys, strict=True))
    return tuple(told.get(k, key) for k, key in enumerate(keys))


def _nearest_ink(key, colours, parts, darkest):
    """A legend's colour; the darkest grey's where the grey nearest to it is one of its shades."""
    if not is_grey(key):
        return key
    nearest = min((i for i, colour in enumerate(colours) if is_grey(colour)), key=lambda i: abs(colours[i][0] - key[0]))
    return colours[darkest] if nearest in parts else key


def joined_ink(plot, colours, parts, darkest):
    """Coverage by some greys together, taken as mixtures of paper and the darkest of them; shape (height, width)."""
    rest = [colour for i, colour in enumerate(colours) if i not in parts]
    return part(plot, [colours[darkest], *rest])[0]


def _is_stray(own, path):
    """Whether much of an ink's level strokes does not lie on the best curve along it; neither marks nor the faint corners of bands are strokes."""
    if path is None:
        return True
    rows, columns = np.nonzero(cv2.morphologyEx((own > _FULL).astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, _STROKE_PX), np.uint8)))
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
