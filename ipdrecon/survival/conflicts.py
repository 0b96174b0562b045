"""A rebuilt arm held against everything given: residuals, and what contradicts what."""

import math

import numpy as np

from ipdrecon.flags import Flag
from ipdrecon.survival.kaplan_meier import RISK_CONVENTIONS, kaplan_meier, n_risk_at, step_value
from ipdrecon.survival.printed_counts import largest

_FEWEST_EVENTS = 10
_SHARED = 0.6
"""Events that share times so much more often than by chance come at visits: distinct times over those expected."""


def _after_curve(given, risk_time):
    end = given.curve.time[-1]
    if risk_time[-1] <= end * (1 + given.settings.table_after_curve):
        return ()
    detail = f"The curve ends at {end:g}; the table says {given.row.n_risk[given.row.time == risk_time[-1]][0]} at {risk_time[-1]:g}. The curve was carried on flat."
    return (Flag("table_after_curve", f"arm {given.arm!r}", detail),)


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
    unmet = [] if total_said or table_said else gap_said
    has_table = len(given.row.time) > 1
    said = {
        "table_curve_conflict": (table_said or (unmet if has_table else []))[:3],
        "events_conflict": total_said,
        "curve_unmet": [] if has_table else unmet,
    }
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


def _visit_flag(given, fit):
    """Tell that events seem to come at visits, where nothing but n tells how many they are.

    Times and levels that reading can tell apart are places; events that fall on them by chance share one as often as
    D / (1 + D / places) says.
    """
    n_event = int(fit.event.sum())
    if len(given.row.time) > 1 or given.n_event is not None or fit.kind == "exact" or n_event < _FEWEST_EVENTS:
        return ()
    time, curve = np.unique(fit.time[fit.event]), given.curve
    apart = np.array([known * math.sqrt(12) if known else assumed for known, assumed in zip(given.known_error, given.error, strict=True)])
    places = np.divide([time[-1], 1 - curve.survival[-1]], apart, out=np.ones(2), where=apart > 0)
    if len(time) > _SHARED * n_event / (1 + n_event * np.sum(1 / np.maximum(places, 1))):
        return ()
    detail = f"{n_event} events fall on {len(time)} times. How many share a visit is guessed from how high each drop is alone."
    return (Flag("events_at_visits", f"arm {given.arm!r}", detail),)


def compare(given, fit):
    """Hold a fit against what was given.

    Parameters
    ----------
    given : Given
    fit : Fit

    Returns
    -------
    residuals : dict
    flags : tuple of Flag
        Of the input and of the fit.
    """
    curve_max, curve_mean, gap_said = _curve_gap(given, fit.time, fit.event)
    n_risk_max, convention = _n_risk_gap(fit.time, fit.risk_time, fit.printed)
    n_event = int(fit.event.sum())
    residuals = {
        "curve_max": curve_max,
        "curve_mean": curve_mean,
        "curve_repair": given.curve.repair,
        "n_risk_max": n_risk_max,
        "risk_convention": convention,
    }
    if given.n_event is not None:
        residuals["n_event"] = n_event - given.n_event
    conflicts = _conflict_flags(given, n_event, list(fit.table_said), gap_said)
    if given.counts is not None:
        residuals, conflicts = _with_counts(given, (fit.time, fit.event), residuals, conflicts)
    return residuals, given.curve.flags + given.row.flags + _after_curve(given, fit.risk_time) + conflicts + _visit_flag(given, fit)
