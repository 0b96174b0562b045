"""The plotting box of a figure without readable tick labels, from its axis lines alone."""

import cv2
import numpy as np

from ipdrecon.errors import PanelError
from ipdrecon.figure.colour import distance, to_lab
from ipdrecon.model import Box

_LEAST_SHARE = 0.3
_CORNER_PX = 8


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
    lab = to_lab(px)
    ink = (distance(lab, np.median(lab.reshape(-1, 3), axis=0)) > 25).astype(np.uint8)
    level = _lines(ink, (int(_LEAST_SHARE * px.shape[1]), 1))
    upright = _lines(ink, (1, int(_LEAST_SHARE * px.shape[0])))
    boxes = [
        Box(left + width, top, x + across - 1, y - 1)
        for x, y, across, _ in level
        for left, top, width, height in upright
        if abs(x - left) <= _CORNER_PX and abs(y - (top + height)) <= _CORNER_PX
    ]
    if not boxes:
        raise PanelError(
            f"No plotting box was found: {len(level)} long horizontal and {len(upright)} long vertical lines, none of which "
            "meet in a lower left corner; expected the two axis lines. Crop the figure to its plot."
        )
    return max(boxes, key=lambda box: (box.width * box.height, -box.left))


def _lines(ink, kernel):
    """Left, top, width and height of straight lines at least as long as a kernel."""
    opened = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(kernel[::-1], np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened)
    return [tuple(int(v) for v in stats[k, :4]) for k in range(1, count) if min(stats[k, 2:4]) < 12]
