"""The inks of a plot: its colours, each with the shades that thin lines, bands and crossings give it."""

import cv2
import numpy as np

from ipdrecon.figure.colour import distance, is_grey, to_rgb
from ipdrecon.figure.ink import mixture_share, palette, part, shows

_PURE_LAB = 8.0
_TOUCHING_PX = 4
_CURVE_COLUMNS = 0.2
_MOST_ABREAST = 0.35
_MOST_TINT_APART = 10.0
_SAME_LAB = 12.0
_UNLIKE_KEYS = 10.0
_NEAR_LAB = 28.0
_HALVED = 0.42
_LEAST_SHADE = 0.4
_SAME_TINT, _LEAST_TINT = 3.0, 4.0
_SHOWN_THROUGH = np.linspace(0.5, 0.9, 9)


def find_inks(plot, seeds, expected=None):
    """Coverage by each ink, and its colour: an ink is a colour with its shades.

    A thin line never reaches its full colour, and changes it where a translucent band lies on it. A colour that no
    legend lists, but that is mostly one that it does, mixed with any other colour of the plot, is a shade of that one.

    Parameters
    ----------
    plot : Plot
    seeds : sequence of ndarray, shape (3,)
        Colours in CIELAB that a legend shows.
    expected : int, optional
        Number of arms that a table tells; a legend that shows fewer was not read whole.

    Returns
    -------
    colours : tuple of ndarray, shape (3,)
        In CIELAB.
    own : ndarray of float32, shape (n_colours, height, width)
        In [0, 1].
    pixels : tuple of float
        Number of pixels of each on the ridges of lines; infinite for a legend's colours.
    """
    modes = palette(plot)
    found = [colour for colour, _ in modes]
    listed, unseen = _listed(plot, seeds, found)
    groups = {i: [i] for i in listed}
    pale = []
    whole = len(listed) > 1 and len(seeds) >= (expected or 0)
    for i, colour in enumerate(found):
        if i in listed:
            continue
        parent = _parent(plot, colour, found, listed) if whole else None
        if parent is not None:
            groups[parent].append(i)
        elif whole and _is_overlap(plot, colour):
            continue
        elif fuller := [k for k, other in enumerate(found) if _is_pale(plot, colour, other)]:
            pale.append((i, fuller))
        else:
            groups[i] = [i]
    colours = found + unseen
    groups |= {len(found) + k: [len(found) + k] for k in range(len(unseen))}
    if not groups:
        return (), np.zeros((0, plot.height, plot.width), np.float32), ()
    used = sorted(i for group in groups.values() for i in group)
    own = dict(zip(used, part(plot, [colours[i] for i in used]), strict=True))
    thinned = {i: sum(modes[k][1] for k, fuller in pale if i in fuller) for i in groups}
    pixels = tuple(np.inf if i in listed or i >= len(found) else thinned[i] + sum(modes[k][1] for k in group) for i, group in groups.items())
    return tuple(colours[i] for i in groups), np.stack([_joined(plot, colours, own, i, group) for i, group in groups.items()]), pixels


def _is_overlap(plot, colour):
    """Whether a colour is that of one translucent band lying upon another, where too little of it is seen to be a ground.

    A band of opacity a takes the paper to ``(1 - a) paper + a line``, and another band to what it has less of paper times 1 - a.
    """
    paper, bands = to_rgb(plot.fills[0]), [to_rgb(fill) for fill in plot.fills[1:] if np.hypot(*fill[1:]) > _LEAST_TINT]
    over = [upper + shown * (lower - paper) for k, upper in enumerate(bands) for j, lower in enumerate(bands) if j != k for shown in _SHOWN_THROUGH]
    return bool(over) and float(np.linalg.norm(np.array(over) - to_rgb(colour), axis=1).min()) < _SAME_TINT


def _joined(plot, colours, own, i, group):
    """Coverage by a colour and its shades; of a paler line that stands in the same columns, by as much of the colour as it shows.

    Confidence limits are often drawn in a tint of their curve's colour. Stretches of the curve itself, where it is thinned or lies
    under a band, take turns with those in its full colour.
    """
    joined = own[i]
    for k in group:
        share = tint(plot, colours[k], colours[i]) if k != i else (1.0, 0.0)
        joined = np.maximum(joined, own[k] * (share[0] if _is_beside(plot, colours[k], colours[i], *share) else 1))
    return joined


def _is_beside(plot, pale, full, share, apart):
    """Whether a tint of a colour stands in the same columns as that."""
    if not 0 < share < 1 or apart > _MOST_TINT_APART:
        return False
    theirs, mine = _columns(plot, pale), _columns(plot, full)
    return bool((theirs & mine).sum() >= _MOST_ABREAST * theirs.sum())


def _listed(plot, seeds, found):
    """Indices of the colours that a legend shows, and those of its colours that were not found."""
    near = {k: int(np.argmin([np.linalg.norm(colour - seed) for colour in found])) for k, seed in enumerate(seeds) if found}
    sure = {k: i for k, i in near.items() if np.linalg.norm(found[i] - seeds[k]) < _SAME_LAB}
    listed, unseen = set(sure.values()), []
    for k, seed in enumerate(seeds):
        if k in near and _is_a_second(seeds, k, near, found) and shows(plot, seed, [*found, *unseen]):
            unseen.append(seed)
            continue
        fuller = [i for i, colour in enumerate(found) if i not in sure.values() and _is_thinned(plot, seed, colour)]
        if fuller and (k not in sure or list(sure.values()).count(sure[k]) == 1):
            listed -= {sure[k]} if k in sure else set()
            listed.add(max(fuller, key=lambda i: tint(plot, found[i], plot.fills[0])[1]))
        elif k not in sure and all(np.linalg.norm(colour - seed) > 25 for colour in [*found, *unseen]):
            unseen.append(seed)
        elif k not in sure:
            listed.add(near[k])
    return {_darkest(plot, i, found, listed) for i in listed}, unseen


def _is_a_second(seeds, k, near, found):
    """Whether a legend's colour has for its nearest one that another of the legend's, unlike it, is nearer to."""
    rivals = [j for j in near if near[j] == near[k] and np.linalg.norm(seeds[j] - seeds[k]) > _UNLIKE_KEYS]
    off = np.linalg.norm(found[near[k]] - seeds[k])
    return off < _NEAR_LAB and any(np.linalg.norm(found[near[k]] - seeds[j]) < off for j in rivals)


def _darkest(plot, i, found, listed):
    """A grey colour, or the darker one, free of a legend's claim, of which it is the paler stretches.

    A thin line is grey where it falls between two rows of pixels and dark where it falls on one: the two take turns from
    column to column. A grey curve and a black one stand in the same columns.
    """
    darker = [
        k
        for k, colour in enumerate(found)
        if k not in listed and is_grey(colour) and is_grey(found[i]) and colour[0] < found[i][0] - _SAME_LAB
    ]
    mine, theirs = _columns(plot, found[i]), {k: _columns(plot, found[k]) for k in darker}
    turns = [k for k in darker if theirs[k].sum() > mine.sum() and _take_turns(mine, theirs[k])]
    return max(turns, key=lambda k: theirs[k].sum(), default=i)


def _columns(plot, colour):
    """Which columns show a colour, shape (width,)."""
    return _pure(plot, colour).any(axis=0)


def _pure(plot, colour):
    """Which pixels show a colour, shape (height, width)."""
    return (distance(plot.lab, colour) < _PURE_LAB) & (plot.contrast > 0) & ~plot.text


def _is_thinned(plot, seed, colour):
    """Whether a legend's colour is another, coloured one, thinned by paper as a thin line is."""
    share, apart = tint(plot, seed, colour)
    return 0.4 < share < 0.95 and apart < 8 and np.hypot(*colour[1:]) > 20


def _parent(plot, colour, found, listed):
    """The listed colour of which another is mostly made, by a ground or another line that it is mixed with; None where there is none.

    Two lines mix only where they touch.
    """
    nearest = min(listed, key=lambda i: np.linalg.norm(found[i] - colour))
    if np.linalg.norm(found[nearest] - colour) < _NEAR_LAB:
        return nearest
    rgb, shares = to_rgb(colour), {}
    for i in listed:
        fits = [mixture_share(rgb, to_rgb(found[i]), to_rgb(ground)) for ground in plot.fills]
        mixed = {k: mixture_share(rgb, to_rgb(found[i]), to_rgb(found[k])) for k in listed if k != i}
        fits += [share for k, share in mixed.items() if share is not None and _lies_between(plot, colour, found[i], found[k])]
        shares[i] = max((share for share in fits if share is not None), default=0.0)
    best = max(shares, key=shares.get)
    return best if shares[best] > _LEAST_SHADE else None


def _lies_between(plot, colour, *lines):
    """Whether most pixels of a colour lie beside pixels of each of some lines, or it shows in too few columns to be a curve's."""
    mine, around = _pure(plot, colour), np.ones((2 * _TOUCHING_PX + 1,) * 2, np.uint8)
    if mine.any(axis=0).mean() < _CURVE_COLUMNS:
        return True
    near = [cv2.dilate(_pure(plot, line).astype(np.uint8), around)[mine] > 0 for line in lines]
    return bool(np.all(near, axis=0).mean() > 0.5)


def _is_pale(plot, colour, other):
    """Whether a colour is another, coloured one, somewhat thinned by paper; or halved, where the two take turns from column to column.

    A line of one px shows half of its colour where it falls between two rows of pixels, a curve of its own all along.
    """
    share, apart = tint(plot, colour, other)
    if not _HALVED < share < 0.97 or apart >= 10 or np.hypot(*other[1:]) <= 20:
        return False
    return share > 0.6 or _take_turns(_columns(plot, colour), _columns(plot, other))


def _take_turns(mine, theirs):
    """Whether few of some columns are among others."""
    return bool((mine & theirs).sum() < _MOST_ABREAST * mine.sum())


def tint(plot, colour, other):
    """Share of another colour in a mixture of it with paper that is nearest to a colour, and how far that is off.

    Parameters
    ----------
    plot : Plot
    colour, other : ndarray, shape (3,)
        In CIELAB.

    Returns
    -------
    share, apart : float
        `apart` in red, green, blue of 0 to 100.
    """
    way, offset = to_rgb(other) - to_rgb(plot.fills[0]), to_rgb(colour) - to_rgb(plot.fills[0])
    share = float(offset @ way / max(way @ way, 1.0))
    return share, float(np.linalg.norm(offset - share * way))
