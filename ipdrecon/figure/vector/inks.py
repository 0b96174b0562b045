"""Drawn curves as the arms of a plot: their steps, and their ink in its rendering, by which they are named."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.arm_ink import ArmInk
from ipdrecon.figure.colour import distance, lab_of
from ipdrecon.figure.dashes import pattern_along
from ipdrecon.figure.path import Path
from ipdrecon.figure.vector.curves import DrawnCurve, count_strays, find_curves
from ipdrecon.figure.vector.drops import drop_flags
from ipdrecon.figure.vector.keys import dash_pattern
from ipdrecon.figure.vector.marks import mark_positions
from ipdrecon.figure.vector.plane import Plane, anchored
from ipdrecon.flags import Flag
from ipdrecon.model import Curve

_UPRIGHT = 0.05
_STRAIGHT_DOWN = 1e-6
_STEP = 0.25
_LEAST_DROP = 0.003
_PRECISION = 0.005
_AT_ONE = 0.002
_OFF_ONE = 0.02
_OWN_SHARE = 0.5
_DASHES = 4
_LABELS_OFF = 1.2
_RESIDUALS = 3.0
_EXACT = 0.05


@dataclass(frozen=True)
class DrawnInk(ArmInk):
    """An arm whose curve is known from the paths of the page.

    Attributes
    ----------
    drawn : DrawnCurve
    scale : float
        Px per point.
    """

    drawn: DrawnCurve = None
    scale: float = 1.0

    @property
    def rgb(self):
        """Its colour as the file has it."""
        return tuple(self.drawn.line.colour)

    @functools.cached_property
    def pattern(self):
        """`DashPattern` as the file tells it, or as it is seen where each dash is a stroke of its own."""
        if self.drawn.line.dash or len(self.drawn.pieces) < _DASHES:
            return dash_pattern(self.drawn.line, self.scale)
        return pattern_along(self.path, self.own, self.others, self.thickness)


def drawn_inks(part, box, calibration, plot, expected=None):
    """The arms of a plot from the lines of its page.

    Parameters
    ----------
    part : Part
        With `scale`, `scene` and `lines`.
    box : Box
        In px of the sheet.
    calibration : Calibration
        In px of the sheet.
    plot : Plot
        The inside of the box as rendered.
    expected : int, optional
        Number of rows of the table of numbers at risk.

    Returns
    -------
    tuple of DrawnInk
        Empty where no line is a curve.
    """
    plane = Plane.of(box, calibration, part.scale)
    return tuple(_ink(curve, plane, plot, part.scale) for curve in find_curves(part.lines, plane, expected=expected))


def all_drawn(inks):
    """Whether all arms, and at least one, come from the paths of the page."""
    return bool(inks) and all(isinstance(ink, DrawnInk) for ink in inks)


def drawn_flags(curves, inks, at_risk):
    """Doubts about the beginning and the drops of drawn curves, in their order.

    Parameters
    ----------
    curves : sequence of Curve
    inks : sequence of DrawnInk
    at_risk : AtRiskTable or None

    Returns
    -------
    tuple of Flag
    """
    rows = {} if at_risk is None else dict(zip(at_risk.arms, at_risk.n_risk, strict=True))
    times = () if at_risk is None else at_risk.time
    return tuple(
        flag
        for curve, ink in zip(curves, inks, strict=True)
        for flag in (*_start_flags(curve), *drop_flags(curve, ink.drawn, *((times, rows[curve.arm]) if curve.arm in rows else ())))
    )


def _start_flags(curve):
    """A flag where a curve does not begin at survival 1."""
    at_start = curve.survival[curve.time <= curve.time_error]
    if not len(at_start) or at_start[-1] > 1 - _OFF_ONE:
        return ()
    return (Flag("start_off_one", f"arm {curve.arm!r}", f"It begins at {at_start[-1]:.3f}."),)


def stray_flags(part, box, calibration, inks):
    """A doubt about lines that run like curves but begin nowhere.

    Parameters
    ----------
    part : Part
    box : Box
    calibration : Calibration
        In px of the sheet.
    inks : sequence of DrawnInk

    Returns
    -------
    tuple of Flag
    """
    count = count_strays(part.lines, Plane.of(box, calibration, part.scale), [ink.drawn for ink in inks])
    if not count:
        return ()
    return (Flag("arms_doubtful", "panel", f"{count} more line{'s' * (count > 1)} of the plot run{'s' * (count == 1)} in steps but begin{'s' * (count == 1)} neither at time 0 nor at survival 1."),)


def settled_axes(calibration, ticks, inks, scale):
    """The calibration, its loose axes moved to where the drawn curves start.

    Parameters
    ----------
    calibration : Calibration
        In px of the sheet.
    ticks : (tuple of Ticks, tuple of Ticks)
        Of the time and the vertical axis, as the page draws them.
    inks : sequence of DrawnInk
    scale : float
        Px per point.

    Returns
    -------
    Calibration
    """
    axes = (calibration.time, calibration.vertical)
    reach = [_LABELS_OFF if not kinds else _RESIDUALS * axis.residual_px / scale for kinds, axis in zip(ticks, axes, strict=True)]
    reach = [far if far > _EXACT else 0.0 for far in reach]
    falls = -1 if calibration.is_incidence else 1
    starts = np.array([ink.drawn.points[0] * (1, falls) for ink in inks])
    return anchored(calibration, starts, reach, scale)


def most_drawn(inks, count):
    """Those `count` arms that are drawn over most of the plot, in their order; all where no count is given."""
    longest = sorted(inks, key=lambda ink: -len(ink.path.leave))[:count]
    return tuple(ink for ink in inks if any(ink is one for one in longest))


def drawn_curves(part, box, calibration, inks):
    """What is read of drawn arms: their steps and censor marks; names and flags come later.

    Parameters
    ----------
    part : Part
    box : Box
    calibration : Calibration
        In px of the sheet.
    inks : sequence of DrawnInk

    Returns
    -------
    list of Curve
    """
    plane = Plane.of(box, calibration, part.scale)
    marks = mark_positions(part.scene, plane, [ink.drawn for ink in inks])
    return [_curve(ink.drawn, plane, places) for ink, places in zip(inks, marks, strict=True)]


def _ink(curve, plane, plot, scale):
    """A drawn curve with its ink in the rendering of a plot."""
    lab = lab_of(curve.line.colour)
    path = _path(curve, plane, plot, scale)
    near = _beside(path, plot, 0.5 * curve.line.width * scale + 1)
    own = np.zeros_like(near)
    own[near] = distance(plot.lab[near], lab) < _OWN_SHARE * distance(plot.ground.lab, lab)[plot.ground.place[near]]
    others = (plot.contrast > 0) & ~near
    return DrawnInk(lab, own.astype(np.float32), others.astype(np.float32), path, 1.0, curve.limits, drawn=curve, scale=scale)


def _path(curve, plane, plot, scale):
    """Rows of the plot in which the curve enters and leaves each column that it reaches."""
    u = (plot.left + np.arange(plot.width + 1)) / scale
    first = int(np.clip(np.searchsorted(u, curve.points[0, 0], side="right") - 1, 0, plot.width - 1))
    last = int(np.clip(np.searchsorted(u, curve.points[-1, 0], side="right") - 1, first, plot.width - 1))
    level = curve.level_at(u[first : last + 2])
    level[-1] = curve.points[-1, 1] if last < plot.width - 1 else level[-1]
    rows = plot.py_to_row(level * plane.falls * scale - 0.5)
    rows = np.maximum.accumulate(np.clip(np.round(rows), 0, plot.height - 1).astype(int))
    columns = float(last - first + 1)
    return Path(rows[:-1], rows[1:], first, columns, columns, 0.0, 0.0)


def _beside(path, plot, reach):
    """Pixels of the plot within reach of a path, shape (height, width)."""
    near = np.zeros((plot.height, plot.width), bool)
    rows = np.arange(plot.height)[:, None]
    near[:, path.first : path.last + 1] = (rows >= path.enter - reach) & (rows <= path.leave + reach)
    return near


def drawn_steps(curve, plane):
    """The step function of a drawn curve.

    Upright stretches are steps. A slanting stretch, as simplifying a path leaves it, becomes steps a quarter of a point
    apart.

    Parameters
    ----------
    curve : DrawnCurve
    plane : Plane

    Returns
    -------
    time, survival : ndarray, shape (n_steps,)
        Begins with time 0 and survival 1, or before time 0 where the axis does; the last time repeats the last survival.
    """
    corners = _corners(_whole_drops(curve.points))
    time, survival = plane.to_data(corners)
    start = min(float(time[0]), 0.0) if plane.time.tick_value.min() < 0 else 0.0
    time, survival = np.clip(time, start, None), np.minimum.accumulate(np.clip(survival, 0, 1))
    survival = np.where(survival > 1 - _AT_ONE, np.where(np.arange(len(survival)) == 0, 1.0, survival), survival)
    steps = np.flatnonzero(np.diff(np.concatenate([[1.0], survival])) < 0)
    end = float(plane.to_data(curve.points[-1:])[0][0])
    time = np.concatenate([[start], time[steps], [max(end, time[-1])]])
    return np.maximum.accumulate(time), np.concatenate([[1.0], survival[steps], survival[-1:]])


def _whole_drops(points):
    """Points without those within an upright stretch, which dashes and single strokes leave."""
    upright = np.diff(points[:, 0]) <= _STRAIGHT_DOWN
    return points[~np.concatenate([[False], upright[:-1] & upright[1:], [False]])]


def _corners(points):
    """Where each step stands and the level to which it falls, as `u` and `v`, the beginning first."""
    ways = np.diff(points, axis=0)
    falling = np.flatnonzero(ways[:, 1] > _LEAST_DROP)
    found = [points[:1]]
    for k in falling:
        (du, dv), (u, v) = ways[k], points[k]
        count = 1 if du <= _UPRIGHT else max(math.ceil(du / _STEP), 1)
        share = np.arange(1, count + 1) / count
        found.append(np.column_stack([u + du * (share - 0.5 / count), v + dv * share]))
    return np.concatenate(found)


def _curve(curve, plane, marks):
    time, survival = drawn_steps(curve, plane)
    error = [math.hypot(_PRECISION, axis.residual_px) * abs(axis.slope) for axis in (plane.time, plane.vertical)]
    return Curve(
        arm="",
        time=time,
        survival=survival,
        censor_time=np.clip(plane.time.to_value(marks), time[0], time[-1]),
        time_error=error[0],
        survival_error=error[1] / plane.calibration.unit_one,
    )
