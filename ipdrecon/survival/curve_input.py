"""What a curve and a row of numbers at risk must be; checked once, at the door.

Examples
--------
A curve in percent, from the last point to the first:

>>> curve = check_curve([12, 6, 0], [40, 70, 100])
>>> curve.survival
array([1. , 0.7, 0.4])
>>> [flag.name for flag in curve.flags]
['rescaled_percent']
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from ipdrecon.errors import AtRiskError, CurveError, ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.survival.kaplan_meier import step_value

_LATEST = 1e100
"""Times from here on are no times: arithmetic with them would overflow."""
_MOST_COUNTED = 1e15
"""More patients than this are no whole number that can be kept; they are refused later."""
_EARLIEST = 1e-100
"""Times nearer to 0 than this are 0: arithmetic with them would overflow."""


@dataclass(frozen=True)
class InputSettings:
    """What is taken for noise and what for a fault.

    Attributes
    ----------
    percent_from : float
        A curve that reaches above this is in percent.
    percent_most : float
        Percent may reach this much through reading error.
    survival_most : float
        A probability may reach this much through reading error.
    repair_told : float
        A curve lowered or raised by more than this anywhere is flagged: half a percent is two pixels of a plot 400 px
        high.
    rise_refused : float
        A curve that ends this much above its start is no survival curve.
    incidence_start : float
        A rising curve that starts below this is cumulative incidence.
    time_slack : float
        Times this far below 0, as a share of the follow-up, are reading error.
    survival_error : float
        Reading error of survival where the caller knows none.
    drop_coarse : float
        A curve whose drops are as large as this on average, and of more than `drop_patients` patients, is known at few
        points.
    drop_patients : float
    n_most : int
        More patients than this are not rebuilt one by one.
    """

    percent_from: float = 1.5
    percent_most: float = 110.0
    survival_most: float = 1.1
    repair_told: float = 0.005
    rise_refused: float = 0.05
    incidence_start: float = 0.1
    time_slack: float = 0.02
    survival_error: float = 0.0025
    drop_coarse: float = 0.04
    drop_patients: float = 5.0
    n_most: int = 1_000_000


@dataclass(frozen=True)
class CheckedCurve:
    """A survival curve that can be inverted.

    Attributes
    ----------
    time : ndarray, shape (n_points,)
        Strictly increasing, from 0.
    survival : ndarray, shape (n_points,)
        In [0, 1], never rises, starts at 1 unless patients have events at time 0.
    repair : float
        The largest change of survival made to stop the curve from rising.
    flags : tuple of Flag
    read : tuple of ndarray
        Time and survival of all points in order of time, before they were made to fall.
    """

    time: np.ndarray
    survival: np.ndarray
    repair: float
    flags: tuple
    read: tuple = ()


@dataclass(frozen=True)
class CheckedRow:
    """Numbers at risk of one arm, beginning at time 0.

    Attributes
    ----------
    time : ndarray, shape (n_times,)
        Strictly increasing; the first is 0.
    n_risk : ndarray of int, shape (n_times,)
        Never rise.
    flags : tuple of Flag
    """

    time: np.ndarray
    n_risk: np.ndarray
    flags: tuple


def _numbers(values, what, arm, error):
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as trouble:
        raise error(f"Arm {arm!r}: {what} holds something that is no number ({trouble}); expected numbers only.") from trouble
    if array.ndim != 1:
        raise error(f"Arm {arm!r}: {what} has the shape {array.shape}; expected one row of numbers.")
    return array


def _pairs(first, second, names, arm, error):
    """Times and what belongs to them, as many of both."""
    first, second = _numbers(first, names[0], arm, error), _numbers(second, names[1], arm, error)
    if len(first) != len(second):
        raise error(f"Arm {arm!r}: {len(first)} values of {names[0]} and {len(second)} of {names[1]}; expected as many of both.")
    return np.where(np.abs(first) < _EARLIEST, 0.0, first), second


def _finite(time, survival, arm, settings):
    """Without missing rows and rows before time 0; just below 0 counts as 0."""
    finite = (np.abs(time) < _LATEST) & np.isfinite(survival)
    slack = settings.time_slack * (time[finite].max() if finite.any() else 0.0)
    keep = finite & (np.where(finite, time, -np.inf) >= -abs(slack))
    if not keep.any():
        raise CurveError(f"Arm {arm!r}: the curve has no usable point among {len(time)}; expected a time from 0 and a survival in each row.")
    flags = ()
    if not keep.all():
        detail = f"{int((~keep).sum())} of {len(keep)} rows; the first is row {int(np.flatnonzero(~keep)[0]) + 1}."
        flags = (Flag("rows_dropped", f"arm {arm!r}", detail),)
    return np.maximum(time[keep], 0.0), survival[keep], flags


def _as_probability(survival, arm, settings):
    """From percent, where it is percent."""
    top, bottom = survival.max(), survival.min()
    if settings.percent_from < top <= settings.percent_most:
        survival, flags = survival / 100, (Flag("rescaled_percent", f"arm {arm!r}", f"It runs from {bottom:g} to {top:g}."),)
    elif top > settings.survival_most:
        raise CurveError(
            f"Arm {arm!r}: survival reaches {top:g}, which is neither a probability nor a percentage; "
            f"expected at most 1 or at most 100. Divide the column by its value at time 0."
        )
    else:
        flags = ()
    lowest = 1 - settings.survival_most
    if survival.min() < lowest:
        raise CurveError(f"Arm {arm!r}: survival falls to {survival.min():g}; expected 0 or more. Check the vertical axis.")
    within = np.clip(survival, 0, 1)
    if np.abs(survival - within).max() > settings.repair_told:
        detail = f"It runs from {survival.min():g} to {survival.max():g}; what lies outside 0 to 1 was set to 0 or 1."
        flags = (*flags, Flag("curve_repaired", f"arm {arm!r}", detail))
    return np.round(within, 10), flags


def _as_survival(in_order, survival, arm, settings):
    """From 1 - S, where it rises from 0; `in_order` is the same in order of time."""
    edge = max(1, len(survival) // 20)
    start, end = np.median(in_order[:edge]), np.median(in_order[-edge:])
    if end - start <= settings.rise_refused:
        if start == end == 0 and len(survival) > 1:
            raise CurveError(f"Arm {arm!r}: the curve is 0 from end to end; expected survival from 1 or incidence that rises.")
        return survival, ()
    if start > settings.incidence_start:
        raise CurveError(
            f"Arm {arm!r}: the curve rises from {start:g} to {end:g}; survival cannot rise and incidence starts at 0. "
            f"Check the order of the columns and the vertical axis."
        )
    detail = f"It rises from {start:g} to {end:g}."
    return np.round(1 - survival, 10), (Flag("incidence", f"arm {arm!r}", detail),)


def _falling(time, survival, arm, settings):
    """Find the nearest curve that never rises (least squares), and how far it is."""
    if (np.diff(survival) <= 0).all():
        return survival, 0.0, ()
    fitted = np.clip(isotonic_regression(survival, increasing=False).x, 0, 1)
    repair = np.abs(fitted - survival)
    worst = int(repair.argmax())
    if repair[worst] <= settings.repair_told:
        return fitted, float(repair[worst]), ()
    detail = f"Most at time {time[worst]:g}: from {survival[worst]:.3f} to {fitted[worst]:.3f}."
    return fitted, float(repair[worst]), (Flag("curve_repaired", f"arm {arm!r}", detail),)


def _start(time, survival, arm, settings):
    """Flag a curve whose every point at time 0 lies clearly below 1."""
    at_start = survival[time == 0]
    if not len(at_start) or at_start[0] >= 1 - settings.repair_told:
        return ()
    return (Flag("start_off_one", f"arm {arm!r}", f"It begins at {at_start[0]:.3f}; the drop before was taken for events at time 0."),)


def _from_zero(time, survival):
    """One point per time, the lowest, and a point at time 0."""
    last = np.concatenate((time[1:] != time[:-1], [True]))
    time, survival = time[last], survival[last]
    if time[0] > 0:
        time, survival = np.concatenate(([0.0], time)), np.concatenate(([1.0], survival))
    return time, survival


def check_curve(time, survival, *, arm="arm 1", settings=None):
    """Make sure of a curve.

    Points may come unsorted, twice, with both corners of each step, in percent, as 1 - S and slightly wavy.

    Parameters
    ----------
    time, survival : array-like, shape (n_points,)
        Points of one arm's curve, any order; survival in [0, 1] or percent.
    arm : str
        For messages.
    settings : InputSettings, optional

    Returns
    -------
    CheckedCurve

    Raises
    ------
    CurveError
        Where the points cannot be a survival curve.
    """
    settings = settings or InputSettings()
    time, survival = _pairs(time, survival, ("time", "survival"), arm, CurveError)
    time, survival, dropped = _finite(time, survival, arm, settings)
    survival, percent = _as_probability(survival, arm, settings)
    survival, incidence = _as_survival(survival[np.argsort(time, kind="stable")], survival, arm, settings)
    order = np.lexsort((-survival, time))
    time, survival = time[order], survival[order]
    read = time, survival
    survival, repair, repaired = _falling(time, survival, arm, settings)
    start = _start(time, survival, arm, settings)
    time, survival = _from_zero(time, survival)
    return CheckedCurve(time, survival, repair, dropped + percent + incidence + repaired + start, read)


def _few_points(curve, n, arm):
    """Flag a curve that falls in few, large drops."""
    settings, drop = InputSettings(), -np.diff(curve.survival)
    drop = drop[drop > 0]
    if not len(drop) or drop.mean() < settings.drop_coarse or n * drop.mean() <= settings.drop_patients:
        return ()
    detail = f"{len(drop)} drops for {n} patients, {n * drop.mean():.0f} of them in each on average."
    return (Flag("few_points", f"arm {arm!r}", detail),)


def _first_number(curve, time, n_risk, n, arm):
    """Find the number at time 0 and what is to be told about it: given, printed, or scaled up from the first printed."""
    if len(time) and time[0] == 0:
        if n is None or n == n_risk[0]:
            return int(n_risk[0]), ()
        detail = f"The table says {n_risk[0]:g} at 0; {n} was given and used."
        return n, (Flag("n_contradicts_table", f"arm {arm!r}", detail),)
    if n is not None:
        return n, ()
    alive = float(step_value(time[0], curve.time, curve.survival, 1.0)) if len(time) else 0.0
    if alive <= 0:
        raise ReconstructionError(
            f"Arm {arm!r}: the number of patients is not known; expected an at-risk table or the number at time 0. "
            f"Pass --n '{arm}=N' (n=N in Python)."
        )
    least = round(min(n_risk[0], _MOST_COUNTED) / max(alive, 1e-9))
    detail = f"{n_risk[0]:g} at {time[0]:g} with survival {alive:.3f} there; at least {least} at 0."
    return least, (Flag("n_assumed", f"arm {arm!r}", detail),)


def rising_row(time, n_risk, *, arm="arm 1", unit="time"):
    """Say where a row of numbers at risk rises, and what that means.

    Parameters
    ----------
    time, n_risk : ndarray, shape (n_times,)
        In order of time, without empty cells.
    arm, unit : str
        For the message.

    Returns
    -------
    str
        Empty where it does not rise.
    """
    rise = np.flatnonzero(np.diff(n_risk) > 0)
    if not len(rise):
        return ""
    at = rise[0]
    return (
        f"The at-risk row of {arm!r} rises from {n_risk[at]:g} at {unit} {time[at]:g} to {n_risk[at + 1]:g} at {unit} "
        f"{time[at + 1]:g}; numbers at risk cannot rise unless patients enter late (delayed entry), which no method "
        f"here rebuilds. If it is a misread digit, mend it in at_risk.csv."
    )


def _check_rises(time, n_risk, arm, unit):
    text = rising_row(time, n_risk, arm=arm, unit=unit)
    if text:
        raise AtRiskError(text)


def _whole_number(value, what, arm):
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number) or number < 0 or number != round(number):
        raise ReconstructionError(f"Arm {arm!r}: {what} is {value!r}; expected a whole number from 0.")
    return int(number)


def _ordered_row(risk_time, n_risk, arm):
    """Cells in order of time, without the empty ones, as whole numbers; and the flag where they were none."""
    time, n_risk = _pairs(risk_time, n_risk, ("risk_time", "n_risk"), arm, AtRiskError)
    known = (np.abs(time) < _LATEST) & np.isfinite(n_risk)
    order = np.argsort(time[known], kind="stable")
    time, printed = time[known][order], n_risk[known][order]
    n_risk = np.round(printed)
    if len(time) and (n_risk.min() < 0 or time[0] < 0):
        raise AtRiskError(f"The at-risk row of {arm!r} holds {n_risk.min():g} at time {time[n_risk.argmin()]:g}; expected numbers and times from 0.")
    twice = np.flatnonzero(np.diff(time) == 0)
    if len(twice) and (n_risk[twice] != n_risk[twice + 1]).any():
        raise AtRiskError(f"The at-risk row of {arm!r} has two numbers at time {time[twice[0]]:g}; expected one. Take the wrong one out.")
    once = np.concatenate((np.diff(time) > 0, [True])) if len(time) else np.zeros(0, bool)
    return time[once], n_risk[once], _not_whole(time, printed, arm)


def _not_whole(time, printed, arm):
    """Flag numbers at risk that are no whole numbers: sums of weights, since patients are whole."""
    parted = np.flatnonzero(printed != np.round(printed))
    if not len(parted):
        return ()
    first = parted[0]
    detail = f"{len(parted)} of {len(printed)} numbers at risk are not whole; the first is {printed[first]:g} at {time[first]:g}. They were rounded."
    return (Flag("weighted_curve", f"arm {arm!r}", detail),)


def check_at_risk(curve, risk_time=None, n_risk=None, *, n=None, arm="arm 1", unit="time"):
    """Make sure of a row of numbers at risk, and of the number at time 0.

    Parameters
    ----------
    curve : CheckedCurve
    risk_time, n_risk : array-like, shape (n_times,), optional
        The row of the table; empty cells are NaN.
    n : int, optional
        Patients at time 0.
    arm : str
        For messages.
    unit : str
        What a time is called in messages: "month", "time".

    Returns
    -------
    CheckedRow

    Raises
    ------
    AtRiskError
        Where the row rises or is no row of counts.
    ReconstructionError
        Where the number of patients is not known or is no number of patients.
    """
    time, row, weighted = _ordered_row(() if risk_time is None else risk_time, () if n_risk is None else n_risk, arm)
    n = None if n is None else _whole_number(n, "the number of patients", arm)
    first, flags = _first_number(curve, time, row, n, arm)
    later = time > 0
    time, row = np.concatenate(([0.0], time[later])), np.concatenate(([first], row[later]))
    if row[0] < 1:
        raise ReconstructionError(f"Arm {arm!r}: there are {row[0]:g} patients at time 0; expected one or more. Pass --n '{arm}=N'.")
    if row[0] > InputSettings().n_most:
        raise ReconstructionError(
            f"Arm {arm!r}: there are {row[0]:g} patients at time 0; expected at most {InputSettings().n_most}. Check the number; of a "
            f"larger cohort, divide n and the numbers at risk by the same factor."
        )
    _check_rises(time, row, arm, unit)
    return CheckedRow(time, row.astype(int), flags + weighted + _few_points(curve, int(row[0]), arm))


def check_n_event(n_event, curve, n, *, arm="arm 1", error=None):
    """Make sure of a total of events.

    Parameters
    ----------
    n_event : int
    curve : CheckedCurve
    n : int
        Patients at time 0.
    arm : str
    error : float, optional
        Reading error of survival.

    Returns
    -------
    int

    Raises
    ------
    ReconstructionError
        Where there are more events than patients, none although the curve falls, or some although it does not.
    """
    error = InputSettings().survival_error if error is None else error
    number = _whole_number(n_event, "the total of events", arm)
    if number > n:
        raise ReconstructionError(f"Arm {arm!r}: the total of events is {number}, but there are {n} patients; expected at most {n}. Check both numbers.")
    fall = 1 - float(curve.survival[-1])
    if number == 0 and fall > max(4 * error, 0.5 / n):
        raise ReconstructionError(
            f"Arm {arm!r}: the total of events is 0, but the curve falls to {curve.survival[-1]:.3f}; expected at least 1. Check the total."
        )
    if number > n * (fall + 4 * error) + 1:
        raise ReconstructionError(
            f"Arm {arm!r}: the total of events is {number}, but a curve that ends at {curve.survival[-1]:.3f} allows at most "
            f"{round(n * fall)} of {n} patients. Check the total and the curve."
        )
    return number
