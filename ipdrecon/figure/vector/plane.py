"""The plane of one plot, in points: to the right, and in the direction in which survival falls."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.model import Axis, Box, Calibration

_ONE_PLACE = 0.05

def axis_in_points(axis, scale):
    """An axis of a rendering, in points of the page.

    Parameters
    ----------
    axis : Axis
        In px.
    scale : float
        Pixels per point; pixel centres have whole coordinates, so that ``px = scale * point - 0.5``.

    Returns
    -------
    Axis
    """
    place = (axis.tick_px + 0.5) / scale
    return replace(
        axis, tick_px=place, slope=axis.slope * scale, intercept=axis.intercept - 0.5 * axis.slope, residual_px=axis.residual_px / scale
    )


def anchored(calibration, starts, reach, scale):
    """A calibration moved to where the curves start, on axes whose ticks are drawn loosely or not at all.

    A Kaplan-Meier curve starts at time 0 and survival 1: where the curves of a plot that start near that do so at one
    place, it tells the origin better than ticks that do not stand evenly, or labels alone.

    Parameters
    ----------
    calibration : Calibration
        In px of the sheet.
    starts : ndarray, shape (n_curves, 2)
        First points of the curves, in points of the page.
    reach : tuple of float
        How far in points the time and the vertical axis may be off; 0 where it is exact.
    scale : float
        Px per point.

    Returns
    -------
    Calibration
    """
    if not len(starts):
        return calibration
    expected = np.array([float(edge) for edge in calibration.to_px(0.0, 1.0)])
    seen = np.asarray(starts) * scale - 0.5
    axes = []
    for k, axis in enumerate((calibration.time, calibration.vertical)):
        near = seen[np.abs(seen[:, k] - expected[k]) < reach[k] * scale, k]
        told = len(near) and np.ptp(near) <= _ONE_PLACE * scale
        axes.append(replace(axis, intercept=axis.intercept - (near.mean() - expected[k]) * axis.slope) if told else axis)
    return replace(calibration, time=axes[0], vertical=axes[1])


@dataclass(frozen=True)
class Plane:
    """Where a plot's curves lie, and what points there mean.

    Attributes
    ----------
    box : Box
        The plotting box in points of the page.
    time, vertical : Axis
        In points of the page.
    scale : str
        As that of `Calibration`.
    """

    box: Box
    time: Axis
    vertical: Axis
    scale: str

    @classmethod
    def of(cls, box, calibration, scale):
        """The plane of a box and a calibration that are in px of a rendering with so many px per point."""
        left, top, right, bottom = ((edge + 0.5) / scale for edge in (box.left, box.top, box.right, box.bottom))
        time, vertical = (axis_in_points(axis, scale) for axis in (calibration.time, calibration.vertical))
        return cls(Box(left, top, right, bottom), time, vertical, calibration.scale)

    @property
    def calibration(self):
        """From points of the page to time and survival."""
        return Calibration(self.time, self.vertical, self.scale)

    @property
    def falls(self):
        """+1 where survival falls downwards on the page, -1 where it falls upwards."""
        page = self.calibration.to_px(0.0, [1.0, 0.0])[1]
        return 1 if page[1] > page[0] else -1

    @property
    def origin(self):
        """`u` and `v` of time 0 and survival 1."""
        u, y = self.calibration.to_px(0.0, 1.0)
        return np.array([float(u), self.falls * float(y)])

    @property
    def bottom(self):
        """`v` of survival 0."""
        return self.falls * float(self.calibration.to_px(0.0, 0.0)[1])

    @property
    def size(self):
        """Width and height of the box in points."""
        return np.array([self.box.width, self.box.height])

    def to_data(self, points):
        """``(time, survival)`` of points ``(u, v)``, shape (n_points, 2)."""
        points = np.asarray(points, float)
        return self.calibration.to_data(points[:, 0], self.falls * points[:, 1])
