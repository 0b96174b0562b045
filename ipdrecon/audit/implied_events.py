"""How many events an interval needs, against the events, patients and survival printed.

The information a Cox model has on a treatment is the sum of p (1 - p) over the events, p being the model's chance that the
event falls in the treatment arm; covariates and strata only take from it. At the estimate the p sum up to the events of the
treatment arm, d1 (score equation), so by Jensen's inequality the sum is at most d1 d2 / (d1 + d2), and that is at most a quarter of
all events. So no standard error is smaller than Schoenfeld's (1983, Biometrics 39:499; 1981, Biometrika 68:316):

    se² >= 1 / d1 + 1 / d2 >= 4 / d

Examples
--------
>>> from ipdrecon.audit.ranges import Range
>>> round(least_events(Range.exactly(0.2)).low)
100
"""

import math

from ipdrecon.audit import labels
from ipdrecon.audit.findings import found, graded, milder
from ipdrecon.audit.ranges import Range
from ipdrecon.audit.ratios import is_usable, standard_error, with_interval

TOO_NARROW = {"doubt": 0.05, "contradiction": 0.25}
"""Share by which the events printed fall short of those the interval needs; ties and other estimators take some percent."""

TOO_WIDE = {"doubt": 0.5, "contradiction": 0.75}
"""Share of the information of the printed events that the interval does not have; unequal arms and covariates take some."""

WIDE_FROM = 0.3
"""From where on a lack of information is told."""

MOST_PATIENTS = 0.75
"""Share of patients with an event from which on the number an interval needs is told; most trials end before."""


def least_events(se):
    """Give the fewest events that allow a standard error: 4 / se².

    Parameters
    ----------
    se : Range

    Returns
    -------
    Range
    """
    return Range(4.0, 4.0) / Range(se.low**2, se.high**2)


def least_variance(events):
    """Give the smallest variance of a log hazard ratio: 1/d1 + 1/d2, or 4/d where only the total is known.

    Parameters
    ----------
    events : sequence of float
        One per arm, or the total alone.

    Returns
    -------
    float
        Infinite where an arm has none.
    """
    if min(events) <= 0:
        return math.inf
    return 4 / events[0] if len(events) == 1 else sum(1 / d for d in events)


def _hazard_ratios(paper):
    for said in filter(is_usable, paper.of("hr")):
        se = standard_error(said.ci_low.range, said.ci_high.range, said.level)
        if se.low > 0:
            yield said, se


def _printed_events(paper, said):
    """Statements with the events of both arms, or of everybody; none where neither is printed."""
    arms = paper.both_arms(said)
    group = [one for one in paper.groups("events").get(paper.group_of(said), ()) if one.time is None]
    by_arm = paper.by_arm(group)
    if arms and all(arm in by_arm for arm in arms):
        return [by_arm[arm][0] for arm in arms]
    return [one for one in group if one.arm_key == labels.EVERYBODY][:1] if len(paper.arms_of(said)) <= 2 else []


def interval_and_events(paper):
    """The interval of a hazard ratio is as wide as the printed events make it."""
    for said, se in _hazard_ratios(paper):
        printed = _printed_events(paper, said)
        if not printed:
            continue
        least = least_variance([one.value.value for one in printed])
        short = 1 - se.high**2 / least if math.isfinite(least) else 1.0
        lacking = 1 - least / se.low**2 if math.isfinite(least) else 0.0
        counts = " + ".join(one.value.text for one in printed)
        needed = least_events(se)
        values = {"events": sum(one.value.value for one in printed), "implied_low": needed.low, "implied_high": needed.high}
        if short > 1e-6:
            severity = graded(short, **TOO_NARROW)
            message = f"{with_interval(said)} is narrower than {counts} events allow: it needs at least {needed.low:.0f}, and more where the arms differ."
            yield found("interval_and_events", milder(severity) if said.is_adjusted else severity, [said, *printed], values | {"apart": 100 * short, "apart_in": "% of the variance"}, message)
        elif lacking > WIDE_FROM:
            severity = graded(lacking, **TOO_WIDE)
            message = f"{with_interval(said)} is as wide as with {needed.low:.0f} to {needed.high:.0f} events; {counts} are printed. Covariates, strata or robust errors can widen it."
            yield found("interval_and_events", milder(severity) if said.is_adjusted else severity, [said, *printed], values | {"apart": 100 * lacking, "apart_in": "% of the information"}, message)


def _patients(paper, said):
    """Give the patients of each arm, of both together, or None."""
    arms = paper.both_arms(said)
    sizes = [paper.size(said, arm) for arm in arms] if arms else [None]
    if None not in sizes and (said.n is None or sum(sizes) <= said.n):
        return sizes
    total = said.n if said.n is not None else paper.size(said, labels.EVERYBODY)
    return None if total is None else [total]


def interval_and_patients(paper):
    """An interval needs no more events than there are patients; where it needs nearly as many, that is told."""
    for said, se in _hazard_ratios(paper):
        sizes = _patients(paper, said)
        if sizes is None:
            continue
        total, needed = sum(sizes), least_events(se)
        short = 1 - se.high**2 / least_variance(sizes)
        values = {"implied_low": needed.low, "implied_high": needed.high, "patients": total}
        told = f"{with_interval(said)} needs {needed.low:.0f} to {needed.high:.0f} events or more (4 / se²)"
        if short > 1e-6:
            severity = graded(short, doubt=0.0, contradiction=TOO_NARROW["doubt"])
            message = f"{told}, and there are {total:.0f} patients."
            yield found("interval_and_patients", milder(severity) if said.is_adjusted else severity, [said], values | {"apart": 100 * short, "apart_in": "% of the variance"}, message)
        elif needed.low > MOST_PATIENTS * total and not _printed_events(paper, said) and not said.is_adjusted:
            yield _nearly_everybody(paper, said, needed, total, told, values)


def _nearly_everybody(paper, said, needed, total, told, values):
    """Tell that an interval needs nearly everybody to have an event, and how many the last landmarks leave room for."""
    last = _last_landmarks(paper, said)
    room = sum(paper.size(one) * (1 - one.value.range.low) for one in last)
    by_then = f"; at {last[0].time:g} at most {room:.0f} have had one by the printed survival" if last else ""
    message = f"{told}: {100 * needed.low / total:.0f} % of {total:.0f} patients or more{by_then}. The number of events is not printed."
    more = {"most_events_by_last_landmark": room} if last else {}
    return found("interval_and_patients", "note", [said, *last], values | more, message)


def _last_landmarks(paper, said):
    """Survival in both arms at the last time printed for both."""
    arms = paper.both_arms(said)
    by_arm = paper.by_arm(one for one in paper.groups("survival").get(paper.group_of(said), ()) if one.time is not None and paper.size(one))
    if not arms or not all(arm in by_arm for arm in arms):
        return []
    times = set.intersection(*({one.time for one in by_arm[arm]} for arm in arms))
    return [next(one for one in by_arm[arm] if one.time == max(times)) for arm in arms] if times else []
