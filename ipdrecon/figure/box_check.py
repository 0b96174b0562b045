"""How surely a plotting box is one: whether its borders are drawn, and the ticks lie along them."""

import numpy as np

_STEP_LEVELS = 8
_OUTSIDE_PX, _INSIDE_PX = 4, 3


def box_confidence(px, box, calibration):
    """Confidence of a plotting box.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
    calibration : Calibration

    Returns
    -------
    float
        In [0, 1]: the mean of one, and of the shares of the left and the lower border along which a line or the edge of
        a ground is drawn (a table printed inside the axes leaves none below), times the share of the ticks used that lie
        along the box.
    """
    left = _drawn(px.transpose(1, 0, 2), box.left, (box.top, box.bottom), outwards=-1)
    bottom = _drawn(px, box.bottom, (box.left, box.right), outwards=1)
    along = [
        _along(calibration.time, box.left, box.right),
        _along(calibration.vertical, box.top, box.bottom),
    ]
    return round(float((2 + left + bottom) / 4 * min(along)), 3)


def _drawn(px, border, span, *, outwards):
    """Share of a span along which the colour changes across a horizontal border."""
    height, width = px.shape[:2]
    first, last = np.clip([round(span[0]) + 2, round(span[1]) - 2], 0, width - 1)
    rows = round(border) + outwards * np.arange(-_INSIDE_PX, _OUTSIDE_PX + 1)
    rows = rows[(rows >= 0) & (rows < height)]
    if last <= first or len(rows) < 2:
        return 0.0
    strip = px[rows, first : last + 1].astype(int)
    return float((np.abs(np.diff(strip, axis=0)).max(axis=(0, 2)) > _STEP_LEVELS).mean())


def _along(axis, first, last):
    margin = 0.02 * (last - first)
    ticks = axis.tick_px[axis.used]
    return float(((ticks >= first - margin) & (ticks <= last + margin)).mean()) if len(ticks) else 1.0
