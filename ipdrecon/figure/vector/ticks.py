"""Tick marks and gridlines of a plot, exactly, from the lines of its page."""

import numpy as np

from ipdrecon.figure.ticks import Ticks
from ipdrecon.model import Box

_LONGEST_MARK = 15.0
_REACH = 16.0
_GRID_SHARE = 0.5
_STRAIGHT = 0.02
_SAME_PLACE = 0.02
_CORNER = 5.0
_AXIS_SHARE = 0.9
_BELOW_SHARE = 0.6


def drawn_ticks(lines, box, scale):
    """Marks along both axes of a plotting box.

    Parameters
    ----------
    lines : sequence of Line
        Of the page, in points.
    box : Box
        In px of a rendering.
    scale : float
        Its px per point.

    Returns
    -------
    time, vertical : tuple of Ticks
        In px along either axis; one item per kind of mark, told by where the marks begin and end.
    """
    left, top, right, bottom = ((edge + 0.5) / scale for edge in (box.left, box.top, box.right, box.bottom))
    segments = _segments(lines)
    time = _along(segments, (left, right), (bottom, top), scale)
    vertical = _along(segments[:, ::-1], (top, bottom), (left, right), scale)
    return time, vertical


def framed(box, lines, scale):
    """A plotting box that reaches as far as its axis lines do.

    Parameters
    ----------
    box : Box
        In px of a rendering.
    lines : sequence of Line
        Of the page, in points.
    scale : float
        Px per point.

    Returns
    -------
    Box
        Never smaller; to the right as far as a level line that begins with the box, upwards as far as an upright one.
    """
    left, top, right, bottom = ((edge + 0.5) / scale for edge in (box.left, box.top, box.right, box.bottom))
    segments = _segments(lines)
    x, y = segments[:, 0], segments[:, 1]
    level, upright = y[:, 1] - y[:, 0] <= _STRAIGHT, x[:, 1] - x[:, 0] <= _STRAIGHT
    below = level & (np.abs(x[:, 0] - left) < _CORNER) & (y[:, 0] > bottom - _CORNER) & (x[:, 1] > left + _AXIS_SHARE * (right - left))
    beside = upright & (np.abs(x[:, 0] - left) < _CORNER) & (y[:, 1] > bottom - _CORNER) & (y[:, 0] < bottom - _AXIS_SHARE * (bottom - top))
    near = below & (y[:, 0] < bottom + _BELOW_SHARE * (bottom - top))
    right = max([right, *x[near, 1]])
    top = min([top, *y[beside, 0]])
    return Box(box.left, min(box.top, top * scale - 0.5), max(box.right, right * scale - 0.5), box.bottom)


def _segments(lines):
    """Straight stretches of lines as lower and upper ends of x and of y, shape (n, 2, 2)."""
    ends = [np.stack([line.points[:-1], line.points[1:]], axis=2) for line in lines]
    return np.sort(np.concatenate(ends), axis=2) if ends else np.zeros((0, 2, 2))


def _along(segments, span, sides, scale):
    """Kinds of marks across an axis: `span` is the axis' extent, `sides` the place of its line and of the other side."""
    (first, last), (line, far) = span, sides
    along, across = segments[:, 0], segments[:, 1]
    length = across[:, 1] - across[:, 0]
    upright = (along[:, 1] - along[:, 0] <= _STRAIGHT) & (length > 0.3)
    within = (along.mean(axis=1) > first - _REACH) & (along.mean(axis=1) < last + _REACH)
    near = (across[:, 0] < line + _REACH) & (across[:, 1] > line - _REACH) & (length < _LONGEST_MARK)
    middle = across.mean(axis=1)
    grid = length > _GRID_SHARE * abs(far - line)
    grid &= (middle > min(line, far)) & (middle < max(line, far))
    found = []
    for mask, is_grid in ((near, False), (grid, True)):
        which = np.flatnonzero(upright & within & mask)
        kinds = {}
        for k in which:
            kinds.setdefault(tuple(np.round(across[k], 1)), []).append(along[k].mean())
        for (low, high), places in kinds.items():
            outside = (low + high) / 2 > line if line > far else (low + high) / 2 < line
            kind = "grid" if is_grid else "outside" if outside else "inside"
            found.append(Ticks(kind, _distinct(places) * scale - 0.5))
    return tuple(found)


def _distinct(places):
    """Places in order, those that coincide once."""
    places = np.sort(places)
    return places[np.concatenate([[True], np.diff(places) > _SAME_PLACE])]
