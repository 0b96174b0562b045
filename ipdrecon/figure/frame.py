"""The plotting box of a figure without readable tick labels, from its axis lines alone."""

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
