"""Boxes drawn around text inside a plot: legends and tables of results, whose outline is no curve."""

import cv2
import numpy as np

_LEAST_PX = 12
_LEAST_SHARE = 0.03
_MEET_PX = 3
_SAME_LAB = 25.0
_RULE_SHARE = 0.3


def outlines(ink, lab, text):
    """Outlines of the rectangles that enclose text, and the rules in them.

    Parameters
    ----------
    ink : ndarray of bool, shape (height, width)
    lab : ndarray, shape (height, width, 3)
        The picture in CIELAB.
    text : ndarray of bool, shape (height, width)
        Places of words.

    Returns
    -------
    ndarray of bool, shape (height, width)
    """
    mask = np.zeros(ink.shape, bool)
    if not text.any():
        return mask
    level = _segments(ink, (max(_LEAST_PX, int(_LEAST_SHARE * ink.shape[1])), 1))
    upright = _segments(ink, (1, max(_LEAST_PX, int(_LEAST_SHARE * ink.shape[0]))))
    for top in level:
        for bottom in level:
            sides = _sides(top, bottom, upright)
            if sides is None or not text[top[1] + 1 : bottom[1], top[0] + 1 : top[0] + top[2] - 1].any():
                continue
            places = [(slice(y, y + height), slice(x, x + width)) for x, y, width, height in (top, bottom, *sides)]
            colours = np.array([np.median(lab[place][ink[place]], axis=0) for place in places])
            if np.linalg.norm(colours - colours.mean(axis=0), axis=1).max() < _SAME_LAB:
                for x, y, width, height in (top, bottom, *sides, *_rules(ink, level, top, bottom), *_partings(level, upright, top, bottom)):
                    first, last = max(y, top[1]), min(y + height, bottom[1] + bottom[3])
                    mask[max(first - 1, 0) : last + 1, max(x - 1, 0) : x + width + 1] = True
    return mask


def _spans(stroke, top, bottom):
    """Whether an upright stroke goes from one level stroke to another; a curve's drop may lengthen it."""
    return stroke[1] <= top[1] + top[3] + _MEET_PX and stroke[1] + stroke[3] >= bottom[1] - _MEET_PX


def _rules(ink, level, top, bottom):
    """Long level strokes inside a rectangle to which nothing comes down: a curve would."""
    inside = [
        stroke
        for stroke in level
        if top[1] < stroke[1] < bottom[1] and stroke[0] > top[0] and stroke[0] + stroke[2] < top[0] + top[2] and stroke[2] > _RULE_SHARE * top[2]
    ]
    return [stroke for stroke in inside if not _comes_down(ink, stroke)]


def _partings(level, upright, top, bottom):
    """Strokes from edge to edge of a rectangle: the lines between the cells of a table."""
    left, right = top[0], top[0] + top[2]
    across = [one for one in level if top[1] < one[1] < bottom[1] and abs(one[0] - left) <= _MEET_PX and abs(one[0] + one[2] - right) <= _MEET_PX]
    down = [one for one in upright if left < one[0] < right and _spans(one, top, bottom)]
    return across + down


def _comes_down(ink, stroke):
    """Whether ink goes up from the left end of a stroke."""
    x, y, _, height = stroke
    above = ink[max(y - 3 * height - 4, 0) : max(y - 1, 0), max(x - 2, 0) : x + height + 2]
    return bool(len(above) and above.any(axis=1).mean() > 0.8)


def _segments(ink, kernel):
    """Left, top, width and height of the straight thin strokes at least as long as a kernel."""
    opened = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, np.ones(kernel[::-1], np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened)
    return [tuple(int(v) for v in stats[k, :4]) for k in range(1, count) if min(stats[k, 2:4]) <= 6]


def _sides(top, bottom, upright):
    """The two upright strokes that close a rectangle; None where there are none."""
    same = abs(top[0] - bottom[0]) <= _MEET_PX and abs(top[0] + top[2] - bottom[0] - bottom[2]) <= _MEET_PX
    if not same or bottom[1] - top[1] < _LEAST_PX:
        return None
    found = []
    for at in (top[0], top[0] + top[2] - 1):
        near = [
            stroke
            for stroke in upright
            if stroke[0] - _MEET_PX <= at <= stroke[0] + stroke[2] + _MEET_PX
            and _spans(stroke, top, bottom)
        ]
        if not near:
            return None
        found.append(near[0])
    return tuple(found)
