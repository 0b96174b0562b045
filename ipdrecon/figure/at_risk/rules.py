"""Upright lines that run through the numbers of a table: gridlines at its times, which make a 9 an 8."""

import numpy as np

from ipdrecon.figure.path import runs_of

_WIDEST_PX = 3
_APART = 14  # least distance from paper, of 255, in the channel where it is largest
_ALIKE = 28  # most distance within one line
_LEAST_SHARE = 0.35  # of the height of the table that shows a line between the digits upon it
_REACH = 1.2  # beyond the outer rows, in heights of the digits


def without_rules(px, lines):
    """The picture with the upright lines through a table painted over, each pixel as what stands left and right of it.

    What is darker than a line, or otherwise unlike it, is left as it is: the digits upon it.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    lines : sequence of Line
        The rows of the table.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        The same array where there are no such lines.
    """
    reach = _REACH * max(line.height for line in lines)
    top, bottom = max(int(lines[0].py - reach), 0), min(int(lines[-1].py + reach) + 1, len(px))
    left = max(int(min(piece.box.left for line in lines for piece in line.pieces) - reach), 0)
    right = int(max(piece.box.right for line in lines for piece in line.pieces) + reach) + 1
    part = px[top:bottom, left:right].astype(np.int16)
    is_rule, colours = _rules(part)
    runs = _narrow_runs(is_rule)
    if not runs:
        return px
    cleaned = px.copy()
    for first, last in runs:
        beside = ((part[:, first - 1] + part[:, last + 1]) // 2).astype(np.uint8)
        for column in range(first, last + 1):
            alike = np.abs(part[:, column] - colours[column]).max(axis=1) <= _ALIKE
            cleaned[top:bottom, left + column][alike] = beside[alike]
    return cleaned


def _rules(part):
    """Which columns are mostly of one colour that is not paper's, shape (width,), and the colours, shape (width, 3)."""
    paper = np.median(part.reshape(-1, 3), axis=0)
    inked = np.abs(part - paper).max(axis=2) >= _APART
    colours = np.array([np.median(part[rows, column], axis=0) if rows.any() else paper for column, rows in enumerate(inked.T)])
    alike = inked & (np.abs(part - colours).max(axis=2) <= _ALIKE)
    return alike.mean(axis=0) >= _LEAST_SHARE, colours


def _narrow_runs(is_rule):
    """First and last of neighbouring columns of lines, at most `_WIDEST_PX` of them, with another column on either side."""
    runs = zip(*(ends.tolist() for ends in runs_of(is_rule)), strict=True)
    return [(first, end - 1) for first, end in runs if end - first <= _WIDEST_PX and first > 0 and end < len(is_rule)]
