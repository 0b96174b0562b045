"""From curves and numbers at risk to patients: `reconstruct` for a figure, `reconstruct_arm` for one curve.

Examples
--------
>>> arm = reconstruct_arm([0, 2, 4, 6], [1, 0.9, 0.8, 0.8], n=10)
>>> arm.n, arm.n_event
(10, 2)
>>> arm.information
'curve + n'
"""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.curve_input import InputSettings, check_at_risk, check_curve, check_n_event
from ipdrecon.survival.curve_kinds import curve_kind_flags
from ipdrecon.survival.guyot import Rows, invert
from ipdrecon.survival.kaplan_meier import RISK_CONVENTIONS, kaplan_meier, n_risk_at, step_value
from ipdrecon.survival.printed_counts import PrintedCounts, largest

METHODS = ("guyot",)
_JUST_AFTER = 1e-9
_CLEARLY = 0.001
_SLACK = 2.0


@dataclass(frozen=True)
class ConflictSettings:
    """When curve, table and total are said to contradict each other.

    Attributes
    ----------
    time_slack : float
        Reading error of time as a share of the follow-up, where the caller knows none: one pixel of 400.
    curve_most : float
        Refitted and given curve may differ by this, or by one patient, whichever is more.
    event_share : float
        Rebuilt and given events may differ by this share of the total, and always by `event_most`.
    event_most : int
    table_after_curve : float
        The table may go on after the curve for this share of the follow-up.
    """

    time_slack: float = 0.0025
    curve_most: float = 0.02
    event_share: float = 0.03
    event_most: int = 2
    table_after_curve: float = 0.01


@dataclass(frozen=True)
class _Given:
    """One arm's checked input; `error` is (time, survival), `counts` the printed events and censorings or None."""

    arm: str
    curve: object
    row: object
    n_event: int | None
    error: tuple
    settings: ConflictSettings
    unit: str
    counts: object = None

    @property
    def slack(self):
        """How far from a printed time a drop may be read that is there."""
        return _SLACK * self.error[0]


def _cut(given, convention):
    """Rows for the algorithm: each drop, each printed time, the end; and the printed times that count.

    A table that counts time > t is cut just behind its times: behind the events at t.
    """
    curve, row = given.curve, given.row
    end = curve.time[-1]
    use = (row.time <= end) | (row.n_risk > 0)
    risk_time, n_risk = row.time[use], row.n_risk[use]
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


def _after_curve(given, risk_time):
    end = given.curve.time[-1]
    if risk_time[-1] <= end * (1 + given.settings.table_after_curve):
        return ()
    detail = f"The curve ends at {end:g}; the table says {given.row.n_risk[given.row.time == risk_time[-1]][0]} at {risk_time[-1]:g}. The curve was carried on flat."
    return (Flag("table_after_curve", f"arm {given.arm!r}", detail),)


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


def _curve_gap(given, time, event):
    """Largest and mean distance of the refitted curve from the given one, and where it is beyond tolerance."""
    curve = given.curve
    estimate = kaplan_meier(time, event)
    at = np.union1d(curve.time, estimate.time)
    at = at[at <= curve.time[-1]]
    gap = np.abs(estimate.survival_at(at) - step_value(at, curve.time, curve.survival, 1.0))
    width = np.diff(at)
    mean = float(np.sum(gap[:-1] * width) / width.sum()) if width.sum() > 0 else float(gap.mean())
    left = np.maximum(n_risk_at(time, at), 1)
    beyond = gap - np.maximum(given.settings.curve_most, np.maximum(estimate.survival_at(at), 1 / left) / left)
    worst = int(beyond.argmax())
    said = []
    if beyond[worst] > 0:
        said = [
            f"at {given.unit} {at[worst]:g} the curve is at {step_value(at[worst], curve.time, curve.survival, 1.0):.3f}, "
            f"the rebuilt patients are at {estimate.survival_at(at[worst]):.3f}"
        ]
    return float(gap.max()), mean, said


def _n_risk_gap(time, risk_time, printed):
    """Largest difference from the printed numbers under the convention that fits better, and its name."""
    gaps = [np.abs(n_risk_at(time, risk_time, convention=convention) - printed) for convention in RISK_CONVENTIONS]
    better = min((0, 1), key=lambda i: (gaps[i].sum(), i))
    return int(gaps[better].max()), RISK_CONVENTIONS[better]


def _conflict_flags(given, n_event, table_said, gap_said):
    """Tell of each contradiction once; a curve that is left for the sake of the total is the total's conflict."""
    place = f"arm {given.arm!r}"
    total_said = []
    if given.n_event is not None:
        allowed = max(given.settings.event_most, given.settings.event_share * given.n_event)
        if abs(n_event - given.n_event) > allowed:
            total_said = [f"the total given is {given.n_event}; curve and table lead to {n_event}"]
        elif gap_said and not table_said:
            total_said = [f"to keep to the total of {given.n_event} the curve is left: {gap_said[0]}"]
    table_said = table_said or ([] if total_said else gap_said)
    said = {"table_curve_conflict": table_said[:3], "events_conflict": total_said}
    flags = tuple(Flag(name, place, "; ".join(texts) + ".") for name, texts in said.items() if texts)
    return flags if given.n_event is not None else (*flags, Flag("no_total_events", place))


def _with_counts(given, patients, residuals, flags):
    """Add how the printed events and censorings are met, and the flag where they are not; a conflict is told once."""
    gaps = given.counts.gaps(*patients, given.slack)
    residuals = residuals | {f"{name}_table_max": largest(gap) for name, gap in gaps.items()}
    said = given.counts.conflicts(gaps, given.unit)
    if not said or any(flag.name == "events_conflict" for flag in flags):
        return residuals, flags
    return residuals, (*flags, Flag("events_conflict", f"arm {given.arm!r}", f"{said[0]}."))


def _information(given):
    parts = ["curve", "at-risk table" if len(given.row.time) > 1 else "n"]
    return " + ".join(parts + (["total events"] if given.n_event is not None else []))


def _rebuild(given):
    """Invert, then hold the result against everything given."""
    given, rows, risk_time, inverted = (given, *_invert(given)) if given.counts is None else _invert_by_counts(given)
    time, event = _patients(rows, inverted)
    n_event = int(event.sum())
    printed = np.array(rows.n_risk)
    curve_max, curve_mean, gap_said = _curve_gap(given, time, event)
    n_risk_max, convention = _n_risk_gap(time, risk_time, printed)
    said = _too_many_printed(given, risk_time, rows.n_risk, inverted.n_risk) + _too_few_printed(given, rows, rows.n_risk)
    residuals = {
        "curve_max": curve_max,
        "curve_mean": curve_mean,
        "curve_repair": given.curve.repair,
        "n_risk_max": n_risk_max,
        "risk_convention": convention,
    }
    if given.n_event is not None:
        residuals["n_event"] = n_event - given.n_event
    conflicts = _conflict_flags(given, n_event, said, gap_said)
    if given.counts is not None:
        residuals, conflicts = _with_counts(given, (time, event), residuals, conflicts)
    flags = given.curve.flags + given.row.flags + _after_curve(given, risk_time) + conflicts
    return ReconstructedArm(given.arm, time, event, "guyot", _information(given), residuals, flags=flags)


def _check_method(method, draws):
    if method not in METHODS:
        raise ReconstructionError(f"The method {method!r} is not available in this version; expected 'guyot'. Pass method='guyot' (--method guyot).")
    if draws:
        raise ReconstructionError(f"{draws} draws were asked for; draws are not available in this version. Use method 'guyot' without draws.")


def _reconstruct(points, row, *, arm, unit="time", n=None, n_event=None, error=(None, None), settings=None, counts=None):
    """Check the input of one arm and rebuild it; `points` is (time, survival), `row` is (risk_time, n_risk)."""
    settings = settings or ConflictSettings()
    curve = check_curve(*points, arm=arm)
    risk = check_at_risk(curve, *row, n=n, arm=arm, unit=unit)
    time_error = error[0] or settings.time_slack * curve.time[-1]
    survival_error = error[1] or InputSettings().survival_error
    if n_event is not None:
        n_event = check_n_event(n_event, curve, int(risk.n_risk[0]), arm=arm, error=survival_error)
    return _rebuild(_Given(arm, curve, risk, n_event, (time_error, survival_error), settings, unit, counts))


def reconstruct_arm(
    time,
    survival,
    *,
    n=None,
    risk_time=None,
    n_risk=None,
    n_event=None,
    censor_time=None,
    time_error=None,
    survival_error=None,
    method="guyot",
    draws=0,
    seed=0,
):
    """Rebuild the patients of one arm.

    Parameters
    ----------
    time, survival : array-like, shape (n_points,)
        Points of the curve, in any order; survival as a probability, in percent, or 1 - S.
    n : int, optional
        Patients at time 0; may be left out where the table begins at 0.
    risk_time, n_risk : array-like, shape (n_times,), optional
        The row of the at-risk table; empty cells are NaN.
    n_event : int, optional
        The total of events.
    censor_time : array-like, shape (n_marks,), optional
        Times of censor marks; the method "guyot" has no use for them.
    time_error, survival_error : float, optional
        Standard errors of reading, in the unit of time and in probability.
    method : {"guyot"}
    draws : int
        Further data sets; none in this version.
    seed : int
        For methods that draw; "guyot" does not.

    Returns
    -------
    ReconstructedArm
        Holds exactly the number of patients at time 0.

    Raises
    ------
    CurveError, AtRiskError, ReconstructionError
        Where the input cannot be a survival curve, a row of numbers at risk, a number of patients or of events.

    References
    ----------
    Guyot, Ades, Ouwens, Welton (2012), BMC Medical Research Methodology 12:9.
    """
    _check_method(method, draws)
    return _reconstruct((time, survival), (risk_time, n_risk), arm="arm 1", n=n, n_event=n_event, error=(time_error, survival_error))


def _per_arm(given, curves, what):
    """Numbers given by hand as a dict from (panel, arm); a bare number serves a single arm."""
    if given is None:
        return {}
    if not hasattr(given, "items"):
        if len(curves) != 1:
            names = ", ".join(repr(arm) for _, arm in curves)
            raise ReconstructionError(f"{what} is one number, but there are {len(curves)} arms: {names}. Give one per arm, {what}={{arm: number}}.")
        return {curves[0]: given}
    wanted = {}
    for key, number in given.items():
        matches = [pair for pair in curves if key in (pair, pair[1])]
        if not matches:
            names = ", ".join(repr(arm) for _, arm in curves)
            raise ReconstructionError(f"{what} names the arm {key!r}; the figure has {names}. Use one of these names.")
        wanted |= dict.fromkeys(matches, number)
    return wanted


def _singular(unit):
    return unit[:-1] if unit.endswith("s") and len(unit) > 2 else unit or "time"


def _reconstruct_curve(panel, curve, n, n_event):
    table = panel.at_risk
    row = table.row(curve.arm) if table is not None else (None, None)
    counts = PrintedCounts.of_table(table, curve.arm)
    if n_event is None and counts is not None:
        n_event = counts.total(curve, _SLACK * (curve.time_error or ConflictSettings().time_slack * curve.time[-1]))
    rebuilt = _reconstruct(
        (curve.time, curve.survival),
        row,
        arm=curve.arm,
        unit=_singular(panel.calibration.time.unit),
        n=n,
        n_event=n_event,
        error=(curve.time_error, curve.survival_error),
        counts=counts,
    )
    return replace(rebuilt, panel=panel.panel, flags=rebuilt.flags + curve_kind_flags(panel, curve))


def reconstruct(digitisation, *, method="guyot", n=None, n_event=None, seed=0):
    """Rebuild the patients of every arm of every panel of a figure.

    Parameters
    ----------
    digitisation : Digitisation
    method : {"guyot"}
    n, n_event : dict or int, optional
        Patients at time 0 and totals of events by arm, or by (panel, arm); a bare number where there is a single arm.
    seed : int
        For methods that draw; "guyot" does not.

    Returns
    -------
    tuple of ReconstructedArm
        In order of panels and curves.

    Raises
    ------
    CurveError, AtRiskError, ReconstructionError
        As `reconstruct_arm`, naming the arm.
    """
    _check_method(method, 0)
    pairs = [(panel.panel, curve.arm) for panel in digitisation.panels for curve in panel.curves]
    if not pairs:
        raise ReconstructionError(f"{digitisation.source} has no curve; expected one or more. Look at overlay.png and digitise again.")
    n, n_event = _per_arm(n, pairs, "n"), _per_arm(n_event, pairs, "n_event")
    return tuple(
        _reconstruct_curve(panel, curve, n.get((panel.panel, curve.arm)), n_event.get((panel.panel, curve.arm)))
        for panel in digitisation.panels
        for curve in panel.curves
    )
