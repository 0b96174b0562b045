"""Curves read along the ink of their arms, and what their course leaves in doubt."""

import math
from dataclasses import replace

import numpy as np

from ipdrecon.figure.arm_ink import bare_fall
from ipdrecon.figure.marks import censor_marks
from ipdrecon.figure.trace import steps
from ipdrecon.figure.visibility import longest, occluded_times
from ipdrecon.flags import Flag
from ipdrecon.model import Curve

_READING_ERROR_PX = 0.4


def traced_curves(inks, edges, sights, plot, calibration, settings):
    """The step functions along the arms' ink, and their censor marks; names and flags come later.

    Parameters
    ----------
    inks : sequence of ArmInk
    edges : sequence of Edges
    sights : sequence of Visibility
    plot : Plot
    calibration : Calibration
    settings : TraceSettings

    Returns
    -------
    list of Curve
    """
    marks = censor_marks([(ink.path, edge) for ink, edge in zip(inks, edges, strict=True)])
    return [
        replace(_curve(ink, edge, mark, plot, calibration, settings), occluded=occluded_times(sight, plot, calibration))
        for ink, edge, mark, sight in zip(inks, edges, marks, sights, strict=True)
    ]


def _curve(ink, edges, marks, plot, calibration, settings):
    column, row = steps(ink.path, edges, settings)
    time, survival = calibration.to_data(plot.left + column, plot.row_to_py(row))
    end = float(calibration.time.to_value(plot.left + ink.path.last + 0.5))
    time = np.maximum.accumulate(np.clip(time, 0, None))
    survival = np.minimum.accumulate(np.clip(survival, 0, 1))
    drops = survival < np.concatenate([[1.0], survival[:-1]])
    drops[0] = False
    time = np.concatenate([[0.0], time[drops], [max(end, time[-1])]])
    survival = np.concatenate([[1.0], survival[drops], [survival[-1]]])
    censored = calibration.time.to_value(plot.left + marks.column)
    error = math.hypot(_READING_ERROR_PX, calibration.residual_px)
    return Curve(
        arm="",
        time=time,
        survival=survival,
        censor_time=np.clip(censored, 0, time[-1]),
        time_error=error * abs(calibration.time.slope),
        survival_error=error * calibration.survival_per_px,
        confidence=round(ink.confidence, 3),
        marks_confidence=round(marks.confidence, 3),
    )


def curve_flags(label, ink, sight, plot):
    """Doubts about one arm's course through the ink.

    Parameters
    ----------
    label : str
    ink : ArmInk
    sight : Visibility
    plot : Plot

    Returns
    -------
    tuple of Flag
    """
    flags, place, columns = [], f"arm {label!r}", len(ink.path.leave)
    hidden, bare = longest(sight.hidden), longest(sight.bare)
    if hidden is not None and (hidden[1] - hidden[0] > 0.03 * columns or sight.share_hidden > 0.15):
        detail = f"{sight.share_hidden:.0%} of its length shows no ink of its own."
        flags.append(Flag("occluded", place, detail, _stretch_box(ink, plot, hidden)))
    if ink.dash == "solid" and ink.path.bare > max(3, 0.03 * columns):
        detail = f"{ink.path.bare:.0f} of {columns} columns are bare."
        flags.append(Flag("gap", place, detail, bare and _stretch_box(ink, plot, bare)))
    fall = bare_fall(ink, plot)
    if fall is not None:
        detail = f"It falls {fall[2] - fall[1] + 1} px through bare paper."
        flags.append(Flag("gap", place, detail, _fall_box(fall, plot)))
    if ink.limits:
        flags.append(Flag("confidence_band", f"arm {label!r}"))
    if ink.surplus:
        flags.append(Flag("arms_doubtful", place, "Its colour has ink for more curves than the legend or the table lists."))
    if ink.tangled:
        flags.append(Flag("arm_name_doubtful", place, "It meets another curve that is drawn alike; which of the two goes on as which cannot be told."))
    if ink.confidence < 0.35:
        flags.append(Flag("arms_doubtful", f"arm {label!r}", f"Its confidence is {ink.confidence:.2f}."))
    return tuple(flags)


def _stretch_box(ink, plot, stretch):
    """Around a stretch of an arm's path, in px of the figure."""
    rows = ink.path.enter[stretch[0] - ink.path.first], ink.path.leave[stretch[1] - ink.path.first]
    top, bottom = sorted(float(py) for py in plot.row_to_py(rows))
    return plot.left + stretch[0] - 6, top - 6, plot.left + stretch[1] + 6, bottom + 6


def _fall_box(fall, plot):
    """Around a stretch of a drop, in px of the figure."""
    column, *rows = fall
    top, bottom = sorted(float(py) for py in plot.row_to_py(rows))
    return plot.left + column - 6, top - 6, plot.left + column + 6, bottom + 6
