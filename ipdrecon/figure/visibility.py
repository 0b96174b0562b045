"""Where a curve's own ink shows along its path, where other ink or text hides it, and where there is none."""

import math
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.column_runs import ColumnRuns

_REACH_PX = 2
_BRIDGED_PX = 3
_READING_ERROR_PX = 0.4


@dataclass(frozen=True)
class Visibility:
    """Stretches of a path that do not show the arm's own ink.

    Attributes
    ----------
    hidden, bare : tuple of (int, int)
        First and last column, in the plot, of stretches under other ink or text, and of stretches on paper.
    share_hidden, share_bare : float
        Of the path's columns.
    stroke : float
        Line width in px.
    """

    hidden: tuple
    bare: tuple
    share_hidden: float
    share_bare: float
    stroke: float


def see(ink, edges, text):
    """Tell hidden and bare stretches of an arm's path.

    Parameters
    ----------
    ink : ArmInk
    edges : Edges
    text : ndarray of bool, shape (height, width)
        Where ink may be text.

    Returns
    -------
    Visibility
        Stretches longer than where two lines just cross.
    """
    path, columns = ink.path, ink.path.first + np.arange(len(ink.path.leave))
    written = text[path.leave, columns]
    shows = edges.seen | (written & (ink.own[path.leave, columns] > 0.3))
    covered = ~shows & (written | _near(ink.others, path, columns))
    bare = ~shows & ~covered
    least = max(6.0, 3 * edges.stroke)
    return Visibility(
        _stretches(covered, path.first, least),
        _stretches(bare, path.first, least),
        float(covered.mean()),
        float(bare.mean()),
        edges.stroke,
    )


def _near(others, path, columns):
    """Whether other ink lies within reach of the path, by column."""
    return ColumnRuns.of(others > 0.25).touched(columns, path.enter - _REACH_PX, path.leave + _REACH_PX)[0]


def _stretches(mask, first, least):
    """First and last column of runs of a mask, joined over a few columns, that are long enough."""
    at = np.flatnonzero(mask)
    if not len(at):
        return ()
    runs = np.split(at, np.flatnonzero(np.diff(at) > _BRIDGED_PX) + 1)
    return tuple((int(first + run[0]), int(first + run[-1])) for run in runs if run[-1] - run[0] + 1 > least)


def occluded_times(visibility, plot, calibration):
    """Hidden stretches in time, with the standard error of survival there: half the width of the line that hides it.

    Parameters
    ----------
    visibility : Visibility
    plot : Plot
    calibration : Calibration

    Returns
    -------
    ndarray, shape (n_stretches, 3)
        From, to, standard error of survival.
    """
    error = math.hypot(_READING_ERROR_PX, calibration.residual_px, visibility.stroke / 2) * calibration.survival_per_px
    edges = [(first - 0.5, last + 0.5) for first, last in visibility.hidden]
    times = calibration.time.to_value(plot.left + np.array(edges, float).reshape(-1, 2))
    return np.column_stack([np.clip(times, 0, None), np.full(len(times), error)])


def longest(stretches):
    """The longest of some stretches, or None."""
    return max(stretches, key=lambda stretch: stretch[1] - stretch[0], default=None)
