"""The order of what happens to an arm: patients leave, the curve drops, a number at risk is printed.

A drop that is read as near a printed time as reading allows may have been counted there or not; then the printed number
lies somewhere within the drop. An event exactly at a printed time is the same case: tables count time >= t (R, SAS) or
time > t (lifelines), and few say which.
"""

from dataclasses import dataclass

import numpy as np

_NEAR = 3.5
"""Drops this near a printed time, in standard errors of time, may be on either side of it: a pixel is 1 / sqrt(12)."""
_REST_OF_A_STROKE = 0.5
"""A drop less than this share of the largest as near may be the rest of its stroke."""
_MOST_STRETCHES = 60
"""Of curves that are not exact, drops nearer to each other than this part of the follow-up share the leavers before them."""


@dataclass(frozen=True)
class Leave:
    """Patients may leave from `begin` on and before `end`."""

    begin: float
    end: float


@dataclass(frozen=True)
class Drop:
    """The curve drops to level `row`; where `printed` is a number, it is the number at risk somewhere within the drop."""

    row: int
    printed: int | None = None
    cell: int | None = None


@dataclass(frozen=True)
class Printed:
    """`n_risk` is the number at risk here; `cell` is its place in the row."""

    n_risk: int
    cell: int


def nearest_rows(levels, risk_time):
    """For each printed time the drop it may lie within, or -1; a drop goes with the nearest of several times."""
    rows = np.full(len(risk_time), -1)
    if not len(levels.time) or not len(risk_time):
        return rows
    apart, fall = np.abs(levels.time - risk_time[:, None]), -np.diff(levels.survival, prepend=1.0)
    near = apart <= _NEAR * levels.time_error
    apart[~near | (fall < _REST_OF_A_STROKE * np.where(near, fall, 0.0).max(axis=1, keepdims=True))] = np.inf
    nearest, apart = apart.argmin(axis=1), apart.min(axis=1)
    for cell in np.argsort(apart, kind="stable"):
        if np.isfinite(apart[cell]) and nearest[cell] not in rows:
            rows[cell] = nearest[cell]
    return rows


def timeline(levels, risk_time, n_risk):
    """List the steps of an arm.

    Parameters
    ----------
    levels : Levels
    risk_time, n_risk : ndarray, shape (n_times,)
        Printed numbers after time 0 and up to the curve's end.

    Returns
    -------
    tuple of Leave, Drop, Printed
        From time 0 to the end of the curve; each `Leave` is followed by a drop, a printed number, or the end. Nobody leaves
        between a printed time and the drop it may lie within, so that the number there is one within the drop.
    """
    within = nearest_rows(levels, risk_time)
    cell_of = {int(row): cell for cell, row in enumerate(within) if row >= 0}
    moments = [(time, 1, row) for row, time in enumerate(levels.time.tolist())]
    moments += [(time, 0, cell) for cell, time in enumerate(risk_time.tolist()) if within[cell] < 0]
    steps, now = [], 0.0
    pause = 0.0 if levels.kind == "exact" else levels.end / _MOST_STRETCHES
    for time, is_drop, index in sorted(moments):
        cell = cell_of.get(index) if is_drop else None
        printed = time if cell is None else float(risk_time[cell])
        if not is_drop or cell is not None or time > now + pause:
            if min(time, printed) > now:
                steps.append(Leave(now, min(time, printed)))
            now = max(now, time, printed)
        if not is_drop:
            steps.append(Printed(int(n_risk[index]), index))
        elif cell is None:
            steps.append(Drop(index))
        else:
            steps.append(Drop(index, int(n_risk[cell]), cell))
    if levels.end > now:
        steps.append(Leave(now, levels.end))
    return tuple(steps)
