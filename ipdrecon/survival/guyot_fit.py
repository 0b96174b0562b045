"""Guyot's algorithm for one arm: which rows it reads, and which of two ways of counting the table follows."""

from dataclasses import replace

import numpy as np

from ipdrecon.survival.given import Fit
from ipdrecon.survival.guyot import Rows, invert
from ipdrecon.survival.kaplan_meier import RISK_CONVENTIONS, step_value

_JUST_AFTER = 1e-9
_CLEARLY = 0.001


def _cut(given, convention):
    """Rows for the algorithm: each drop, each printed time, the end; and the printed times that count.

    A table that counts time > t is cut just behind its times: behind the events at t.
    """
    curve, end = given.curve, given.curve.time[-1]
    risk_time, n_risk = given.used_row
    border = risk_time
    if convention == "time > t":
        border = np.where(risk_time > 0, risk_time + _JUST_AFTER * end, 0.0)
    drop = np.concatenate(([True], np.diff(curve.survival) < 0))
    time = np.unique(np.concatenate((curve.time[drop], border, [end])))
    survival = step_value(time, curve.time, curve.survival, 1.0)
    lower = np.searchsorted(time, border)
    return Rows(time.tolist(), survival.tolist(), lower.tolist(), n_risk.tolist()), risk_time


def _misfit(rows, inverted):
    """How many patients a result is from the table, and how far on average from the curve."""
    gap = np.abs(np.array(rows.survival) - inverted.survival).mean()
    return sum(rows.n_risk) - sum(inverted.n_risk), float(gap)


def _snapped(given):
    """Move drops that were read as near a printed time as reading allows onto it."""
    curve, printed = given.curve, given.row.time
    nearest = printed[np.abs(curve.time[:, None] - printed).argmin(axis=1)]
    time = np.where((np.abs(curve.time - nearest) <= given.slack) & (curve.time > 0), nearest, curve.time)
    last = np.append(np.diff(time) > 0, True)
    return replace(given, curve=replace(curve, time=time[last], survival=curve.survival[last]))


def _invert_by_counts(given):
    """Invert both ways, with the curve as read and with drops at printed times; the closest to the printed events is taken.

    Numbers at risk come first, since they are what the algorithm holds on to.
    """
    attempts = []
    for curve_given in (given, _snapped(given)):
        for convention in RISK_CONVENTIONS:
            rows, risk_time = _cut(curve_given, convention)
            inverted = invert(rows, given.n_event)
            gaps = given.counts.gaps(*_patients(rows, inverted), given.slack)
            missed = sum(float(np.nansum(np.abs(gap))) for gap in gaps.values())
            attempts.append(((_misfit(rows, inverted)[0], missed), (curve_given, rows, risk_time, inverted)))
    return min(attempts, key=lambda attempt: attempt[0])[1]


def _patients(rows, inverted):
    """Times and events of all patients."""
    n_event = np.array(inverted.n_event)
    time = np.concatenate((np.repeat(rows.time, n_event), inverted.censor_time))
    return time, np.arange(len(time)) < n_event.sum()


def _invert(given):
    """Invert with the table counting time >= t or, where that fits better, time > t; rows, printed times, result.

    Both are tried only where they can differ: the table is not met, or the curve drops at a printed time. The second
    is taken where it comes closer to the table, or as close and clearly closer to the curve.
    """
    rows, risk_time = _cut(given, RISK_CONVENTIONS[0])
    first = invert(rows, given.n_event)
    missed, gap = _misfit(rows, first)
    if not missed and not any(rows.survival[k] < rows.survival[k - 1] for k in rows.lower[1:]):
        return rows, risk_time, first
    shifted, _ = _cut(given, RISK_CONVENTIONS[1])
    second = invert(shifted, given.n_event)
    missed_second, gap_second = _misfit(shifted, second)
    if missed_second < missed or (missed_second == missed and gap - gap_second > max(gap_second, _CLEARLY)):
        return shifted, risk_time, second
    return rows, risk_time, first


def _too_many_printed(given, risk_time, printed, reached):
    """Say which printed numbers the curve leaves no room for."""
    time_error, error = given.error
    before = step_value(risk_time - time_error - 1e-9, given.curve.time, given.curve.survival, 1.0)
    after = step_value(risk_time + time_error, given.curve.time, given.curve.survival, 1.0)
    said = []
    for i in range(1, len(printed)):
        if printed[i] <= reached[i]:
            continue
        start = max(after[i - 1], 1e-9)
        near = max(before[i - 1] - after[i - 1], 0) + max(before[i] - after[i], 0)
        slack = reached[i - 1] * (4 * error + near) / start
        if printed[i] - reached[i] > 1 + slack:
            said.append(f"the table says {printed[i]} at {given.unit} {risk_time[i]:g}; the curve allows at most {reached[i]}")
    return said


def _clear_drops(survival, least):
    """List the rows of the drops that reading error cannot have made: each at least `least` below the last."""
    below, found = survival[0] - least, []
    for k, value in enumerate(survival):
        if value <= below:
            found.append(k)
            below = value - least
    return found


def _too_few_printed(given, rows, printed):
    """Say which printed numbers are fewer than the drops that follow."""
    drops = np.array(_clear_drops(rows.survival, max(4 * given.error[1], 1e-6)))
    said = []
    for first, number in zip(rows.lower, printed, strict=True):
        needed = int((drops > first).sum())
        if needed > 1.1 * number + 1:
            said.append(
                f"the table says {number} at {given.unit} {rows.time[first]:g}; the curve falls {needed} times after it, "
                f"so it allows at least {needed}"
            )
    return said


def fit_guyot(given):
    """Rebuild the patients of one arm by the algorithm of Guyot et al. (2012).

    Parameters
    ----------
    given : Given

    Returns
    -------
    Fit
    """
    given, rows, risk_time, inverted = (given, *_invert(given)) if given.counts is None else _invert_by_counts(given)
    said = _too_many_printed(given, risk_time, rows.n_risk, inverted.n_risk) + _too_few_printed(given, rows, rows.n_risk)
    return Fit(*_patients(rows, inverted), risk_time, np.array(rows.n_risk), tuple(said))
