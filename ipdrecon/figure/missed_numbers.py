"""Numbers under a plot that the search for text passed over: single digits are easily missed where a picture is small or blurred."""

import cv2
import numpy as np

from ipdrecon.figure.labels import number_labels
from ipdrecon.figure.text import read_lines
from ipdrecon.model import Box

_INK_LEVELS = 40
_LINE_SHARE = 0.5
# in heights of a line of text, digits filling about two thirds of one
_BEGIN, _DEPTH = 0.3, 4.0
_LOWEST, _TALLEST, _NARROWEST, _WIDEST = 0.4, 1.2, 0.1, 4.0
_JOINED, _MARGIN = 0.4, 0.3
_LEAST_CONFIDENCE = 0.5
_MOST = 40


def missed_numbers(px, column, labels):
    """Numbers below and right of a column of labels, where no number was read.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    column : LabelRun
        Labels of a vertical axis.
    labels : sequence of Label
        All numbers read so far.

    Returns
    -------
    tuple of Label
    """
    places = [place for place in _blobs(px, column) if not any(place.contains(label.px, label.py) for label in labels)]
    if len(places) > _MOST:
        return ()
    return number_labels(px, [word for word in read_lines(px, places) if word.confidence >= _LEAST_CONFIDENCE])


def _blobs(px, column):
    """Places of what has the size of a number, within a few lines of text under the last label of a column."""
    height = column.height
    top, left = int(column.place.max() + _BEGIN * height), max(int(column.box.right - height), 0)
    part = px[top : top + int(_DEPTH * height) + 1, left:]
    if min(part.shape[:2]) < height:
        return []
    ink = np.abs(part.astype(int) - np.median(part.reshape(-1, 3), axis=0)).max(axis=2) > _INK_LEVELS
    ink[ink.mean(axis=1) > _LINE_SHARE] = False
    joined = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 2 * int(_JOINED * height / 2) + 1), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:]
    high, wide = stats[:, cv2.CC_STAT_HEIGHT] / height, stats[:, cv2.CC_STAT_WIDTH] / height
    kept = stats[(high > _LOWEST) & (high < _TALLEST) & (wide > _NARROWEST) & (wide < _WIDEST)]
    pad = _MARGIN * height
    return [Box(left + x - pad, top + y - pad, left + x + w - 1 + pad, top + y + h - 1 + pad) for x, y, w, h, _ in kept]
