"""Axis lines: the plotting box that they open where no tick label can be read, and their ink along the edges of a plot."""

import cv2
import numpy as np

from ipdrecon.errors import PanelError
from ipdrecon.figure.colour import distance, rest_of_paper, to_lab
from ipdrecon.model import Box

_LEAST_SHARE = 0.3
_CORNER_PX = 8
# a tick mark at the corner goes on where the axis line ends; it grows with the figure
_TICK_SHARE = 0.025
_LEAST_CONTRAST = 25.0
_BROADEST_PX = 12
_EDGE_SHARE, _LEAST_EDGE_PX = 0.02, 3
_WHOLE_ROW, _WHOLE_COLUMN, _AXIS_SHARE, _WORN_SIDE = 0.97, 0.9, 0.6, 0.8
_WORN_RUN_PX, _OF_LINE_AB = 9, 20.0
_CUT_ROWS, _CUT_SHARE = 2, 0.25


def find_frame(px):
    """Find the largest box that a horizontal line below and a vertical line to the left open.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    Box
        Within the lines, as far as they reach.

    Raises
    ------
    PanelError
        When no two lines meet in a lower left corner.
    """
    ink = _ink(px)
    level = _level_lines(ink, int(_LEAST_SHARE * px.shape[1]))
    upright = [(x, y, width, height) for y, x, height, width in _level_lines(cv2.transpose(ink), int(_LEAST_SHARE * px.shape[0]))]
    boxes = [
        Box(left + width, top, x + across - 1, y - 1)
        for x, y, across, _ in level
        for left, top, width, height in upright
        if _meets(left - x, across) and _meets(top + height - y, height)
    ]
    if not boxes:
        raise PanelError(
            f"No plotting box was found: {len(level)} long horizontal and {len(upright)} long vertical lines, none of which "
            "meet in a lower left corner; expected the two axis lines. Crop the figure to its plot."
        )
    return max(boxes, key=lambda box: (box.width * box.height, -box.left))


def _meets(beyond, length):
    """Whether a line that goes on by some px beyond another, or ends before it, has its corner there."""
    return -_CORNER_PX <= beyond <= max(_CORNER_PX, _TICK_SHARE * length)


def _ink(px):
    """Where a picture differs from its median colour, as 0 and 1; colours that are the paper's need no look each."""
    paper, rest = rest_of_paper(px)
    lab = to_lab(np.concatenate([[paper], px[rest]])[None])[0]
    paper, others, middle = lab[0], lab[1:], lab[0]
    if 2 * len(others) >= rest.size:
        middle = np.median(np.concatenate([others, np.tile(paper, (rest.size - len(others), 1))]), axis=0)
    ink = np.full(rest.shape, distance(paper, middle) > _LEAST_CONTRAST, np.uint8)
    ink[rest] = distance(others, middle) > _LEAST_CONTRAST
    return ink


def _level_lines(ink, length):
    """Left, top, width and height of level lines of some length; rows with less ink are left out."""
    inked = cv2.reduce(ink, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] >= length
    rows = np.flatnonzero(inked | np.pad(inked, (1, 0))[:-1])
    if not len(rows):
        return []
    opened = cv2.morphologyEx(ink[rows] * inked[rows, None], cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened)
    lines = [tuple(int(v) for v in stats[k, :4]) for k in range(1, count) if min(stats[k, 2:4]) < _BROADEST_PX]
    return [(left, int(rows[top]), width, height) for left, top, width, height in lines]


def frame_ink(ink, lab, beyond):
    """Axis lines and frame along a plot's edges; the lower axis may end before names that stand beyond it, and no curve begins there.

    Nor does a curve run in so many rows beyond the box of a plot that is turned upside down.

    Parameters
    ----------
    ink : ndarray of bool, shape (height, width)
    lab : ndarray, shape (height, width, 3)
        The plot in CIELAB.
    beyond : int

    Returns
    -------
    ndarray of bool, shape (height, width)
    """
    mask = np.zeros(ink.shape, bool)
    rows, columns = ink.mean(axis=1), ink.mean(axis=0)
    height, width = ink.shape
    reach_y, reach_x = (max(_LEAST_EDGE_PX, int(_EDGE_SHARE * side)) for side in ink.shape)
    for index in [*range(reach_y), *range(height - reach_y, height)]:
        mask[index] |= rows[index] > _WHOLE_ROW
    for index in [*range(min(beyond, reach_y)), *range(height - reach_y, height)]:
        bare = np.flatnonzero(~ink[index, reach_x:])
        mask[index] |= len(bare) > 0 and bare[0] > _AXIS_SHARE * width
    for index in [*range(reach_x), *range(width - reach_x, width)]:
        mask[:, index] |= columns[index] > _WHOLE_COLUMN
    for level, share in ((np.s_[reach_y - 1 :: -1], _WHOLE_ROW), (np.s_[height - reach_y :], _AXIS_SHARE)):
        mask[level] |= _worn_line(ink[level], lab[level], share)
    for aside in (np.s_[:, reach_x - 1 :: -1], np.s_[:, width - reach_x :]):
        mask[aside] |= _worn_line(ink[aside].T, lab[aside].swapaxes(0, 1), _WORN_SIDE).T
    return mask


def _worn_line(strip, lab, share):
    """Ink of a level line along most of a strip, with its fringes, which wear or a slight slope parts into rows; lines of other hue that cross it are none.

    Of a line that the strip's last rows cut lengthwise, shreds are left there.
    """
    near = cv2.dilate(strip.astype(np.uint8), np.ones((3, 1), np.uint8))
    near = cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((1, _WORN_RUN_PX), np.uint8))
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(near)
    long = (stats[:, cv2.CC_STAT_WIDTH] > share * strip.shape[1]) & (stats[:, cv2.CC_STAT_LEFT] <= (1 - share) * strip.shape[1])
    long[0] = False
    line = long[pieces] & strip
    cut = cv2.morphologyEx(strip[-_CUT_ROWS:].astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, _WORN_RUN_PX), np.uint8)) > 0
    if cut.any(axis=0).mean() > _CUT_SHARE:
        line[-_CUT_ROWS:] |= cut
    if not line.any():
        return line
    fringed = strip & (cv2.dilate(line.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    return fringed & (np.linalg.norm(lab[..., 1:] - np.median(lab[line], axis=0)[1:], axis=-1) < _OF_LINE_AB)
