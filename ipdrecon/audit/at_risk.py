"""Numbers at risk, patients, events and survival of one arm: what a Kaplan-Meier estimate allows.

With n patients, r of them at risk at t and a survival of S, the Kaplan-Meier estimate (1958, JASA 53:457) is S = (r/n) / G, G being that of
leaving without the event, at most 1; so r <= n S. Each event takes 1/n or more, so at most n (1 - S) have had one by t; and at least
r (1/S - 1), which is so if all who left had left at once.

Examples
--------
>>> events = events_by(100, Range.rounded(0.80, 0.005), n_risk=60)
>>> round(events.low, 1), round(events.high, 1)
(14.5, 20.5)
"""

import math

from ipdrecon.audit.findings import found, graded
from ipdrecon.audit.ranges import Range

TIES = {"doubt": 1.5, "contradiction": 3.0}
"""Multiples of the patients who may have an event at the very time: those are counted as at risk there and not as surviving, and told of by no rule."""

VISIT = 1.0
"""Unit of time in which events may be recorded, in that of the table: whole months, or days."""

VISITS_BETWEEN = 6.0
"""And no more than this part of the time between two printed times."""

EVENTS = {"doubt": 0.0, "contradiction": 1.0}
"""Events beyond the limits."""


def events_by(n, survival, n_risk=0.0):
    """Give the fewest and the most events an arm can have had by a time.

    Parameters
    ----------
    n : float
        Patients.
    survival : Range
    n_risk : float
        At risk at that time, where known.

    Returns
    -------
    Range
    """
    least = n_risk * (1 / min(survival.high, 1.0) - 1) if survival.high > 0 else 0.0
    most = n * (1 - max(survival.low, 0.0))
    return Range(min(least, most), most)


def _rows(paper, quantity):
    """Give statements at a time by analysis, source and arm, in the order of time."""
    rows = {}
    for group, statements in paper.groups(quantity).items():
        for arm, of_arm in paper.by_arm(one for one in statements if one.time is not None).items():
            for one in of_arm:
                rows.setdefault((group, arm, one.source), []).append(one)
    return {key: sorted(of_arm, key=lambda one: one.time) for key, of_arm in rows.items()}


def n_risk_falls(paper):
    """The number at risk never rises."""
    for row in _rows(paper, "n_risk").values():
        for earlier, later in zip(row, row[1:], strict=False):
            rise = later.value.range.above(earlier.value.range)
            if rise > 0 and later.time > earlier.time:
                message = f"The number at risk rises from {earlier.value.text} at {earlier.time:g} to {later.value.text} at {later.time:g}. A digit may be wrong, or patients enter late."
                yield found("n_risk_falls", "contradiction", [earlier, later], {"earlier": earlier.value.value, "later": later.value.value, "apart": rise, "apart_in": "patients"}, message)


def n_risk_and_patients(paper):
    """All patients are at risk at time 0, and never more."""
    sizes = [one for one in paper.of("n") if not one.part]
    for row in _rows(paper, "n_risk").values():
        first = row[0]
        n = paper.size(first)
        if n is None:
            continue
        more, fewer = first.value.value - n, (n - first.value.value if first.time == 0 else 0)
        if more > 0 or fewer > 0:
            told = [one for one in sizes if one.patients == first.patients and one.arm_key == first.arm_key][:1]
            message = f"{first.value.text} are at risk at {first.time:g} and the arm has {n:.0f} patients."
            yield found("n_risk_and_patients", "contradiction" if more > 0 else "doubt", [first, *told], {"n_risk": first.value.value, "n": n, "apart": abs(first.value.value - n), "apart_in": "patients"}, message)


def _at_the_same_time(paper, survival):
    """Give the number at risk printed for the arm and time of a survival, or None."""
    row = paper.groups("n_risk").get(paper.group_of(survival), ())
    return next((one for one in row if one.arm_key == survival.arm_key and one.time == survival.time), None)


def may_be_tied(paper, survival):
    """Give how many may have an event at the very time of a survival: one, and those of one visit at the pace of the curve.

    Parameters
    ----------
    paper : Paper
    survival : Statement
        At a time, of an arm whose size is known.

    Returns
    -------
    float
    """
    row = paper.groups("survival").get(paper.group_of(survival), ())
    before = [(one.time, one.value.range.high) for one in row if one.arm_key == survival.arm_key and one.time is not None and one.time < survival.time]
    time, level = max([(0.0, 1.0), *before])
    between = survival.time - time
    if between <= 0:
        return 1.0
    drop = max(level - survival.value.range.low, 0.0)
    return 1.0 + paper.size(survival) * drop / between * min(VISIT, between / VISITS_BETWEEN)


def n_risk_and_survival(paper):
    """No more are at risk than survive: n_risk(t) <= n S(t)."""
    for survival in paper.of("survival"):
        n, at_risk = paper.size(survival), _at_the_same_time(paper, survival) if survival.time is not None else None
        if at_risk is None or n is None:
            continue
        most = n * survival.value.range.high
        excess = at_risk.value.value - most
        tied = may_be_tied(paper, survival)
        if excess > tied:
            message = f"{at_risk.value.text} are at risk at {survival.time:g}, but {survival.value.text} of {n:.0f} patients are at most {most:.1f}."
            values = {"n_risk": at_risk.value.value, "n": n, "survival": survival.value.value, "apart": excess, "apart_in": "patients"}
            yield found("n_risk_and_survival", graded(excess / tied, **TIES), [at_risk, survival], values, message)


def _limits(paper, survival, events):
    """Give the fewest and the most events that survival and numbers at risk leave for a printed count, and the numbers at risk used.

    Whoever is at risk at a later time has lived through this one, whenever in it the events were recorded.
    """
    n, at_risk = paper.size(survival), _at_the_same_time(paper, survival)
    row = [one for one in paper.groups("n_risk").get(paper.group_of(survival), ()) if one.arm_key == survival.arm_key and one.time is not None]
    after = min((one for one in row if one.time > survival.time), key=lambda one: one.time, default=None)
    limits = events_by(n, survival.value.range, 0.0 if after is None else after.value.value)
    used = [one for one in (at_risk, after) if one is not None]
    if events.time == survival.time:
        return limits, used
    afterwards = n if at_risk is None else at_risk.value.value
    return Range(limits.low, min(n, limits.high + afterwards)), used


def events_and_landmarks(paper):
    """The events printed are as many as survival and numbers at risk allow: neither fewer nor more."""
    for survival in paper.of("survival"):
        if survival.time is None or paper.size(survival) is None or not 0 < survival.value.value <= 1:
            continue
        for events in paper.groups("events").get(paper.group_of(survival), ()):
            if events.arm_key != survival.arm_key or events.time not in (None, survival.time):
                continue
            limits, used = _limits(paper, survival, events)
            gap = events.value.range.gap(limits)
            if gap > 1e-6:
                least, most = math.ceil(limits.low - 1e-6), math.floor(limits.high + 1e-6)
                message = f"{events.value.text} events are printed; {survival.value.text} surviving at {survival.time:g} and the numbers of patients allow {least} to {most}."
                values = {"events": events.value.value, "least": limits.low, "most": limits.high, "apart": gap, "apart_in": "events"}
                yield found("events_and_landmarks", graded(gap, **EVENTS), [events, survival, *used], values, message)
