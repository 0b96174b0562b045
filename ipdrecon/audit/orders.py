"""What must be larger or smaller than what, whatever the data.

Examples
--------
>>> from ipdrecon.audit.numbers import read_number
>>> from ipdrecon.audit.statements import Paper, Statement
>>> pfs = Statement("survival", "PFS", arm="Drug", time=12, value=read_number("47%", unit=100))
>>> os = Statement("survival", "OS", arm="Drug", time=12, value=read_number("41%", unit=100))
>>> [one.rule for one in progression_free_below(Paper([pfs, os]))]
['progression_free_below']
"""

import math
from collections import defaultdict
from itertools import permutations

from ipdrecon.audit import labels
from ipdrecon.audit.findings import found, graded

SAME_EVENTS = {"doubt": 0.0, "contradiction": 0.0}
"""Survival free of an event or death against survival free of the event: one is at most the other in every Kaplan-Meier estimate."""

OTHER_FOLLOW_UP = {"doubt": 0.02, "contradiction": 0.10}
"""Survival free of progression against overall survival: follow-up for progression ends earlier, and the tail may stray."""

ENDPOINTS = labels.DEATHS_COUNT | set(labels.COMPOSITE.values())

MEDIANS = {"doubt": 0.0, "contradiction": 0.25}
"""Share of the longer median."""


def survival_range(paper):
    """Survival lies between 0 and 100 %, and a ratio or a time is not below 0."""
    for said in paper.of("survival", "hr", "or", "rr", "median"):
        most = 1.0 if said.quantity == "survival" else math.inf
        if said.value.range.high < 0 or said.value.value < 0 or said.value.range.low > most + 1e-9:
            kind = "survival lies between 0 and 100 %" if said.quantity == "survival" else f"a {said.quantity} is not below 0"
            yield found("survival_range", "contradiction", [said], {said.quantity: said.value.value}, f"{said.value.text} is printed; {kind}.")


def survival_falls(paper):
    """Survival falls with time within an arm."""
    rows = {}
    for group, statements in paper.groups("survival").items():
        for arm, of_arm in paper.by_arm(one for one in statements if one.time is not None).items():
            for one in of_arm:
                rows.setdefault((group, arm, one.source), []).append(one)
    for row in rows.values():
        row.sort(key=lambda one: one.time)
        for earlier, later in zip(row, row[1:], strict=False):
            rise = later.value.range.above(earlier.value.range)
            if rise > 0 and later.time > earlier.time:
                message = f"Survival rises from {earlier.value.text} at {earlier.time:g} to {later.value.text} at {later.time:g}."
                yield found("survival_falls", "contradiction", [earlier, later], {"earlier": earlier.value.value, "later": later.value.value, "apart": 100 * rise, "apart_in": "points"}, message)


def _upper_endpoint(lower, upper):
    """Tell how two endpoints bound each other: `same` events without deaths, `other` follow-up, or nothing."""
    for composite, component in labels.COMPOSITE.items():
        if composite in lower.words and component in upper.words and lower.words - {composite} == upper.words - {component}:
            return "same"
    dies = lower.words & (labels.DEATHS_COUNT - {"os"})
    return "other" if dies and upper.words == {"os"} else ""


def _bounded(paper, quantity):
    """Give pairs of statements the first of which cannot be above the second."""
    rows = defaultdict(list)
    for one in paper.of(quantity):
        if one.words & ENDPOINTS:
            rows[one.patients, one.arm_key, one.time].append(one)
    for row in rows.values():
        for lower, upper in permutations(row, 2):
            how = _upper_endpoint(lower, upper)
            if how:
                yield lower, upper, how


def progression_free_below(paper):
    """Survival free of progression is not above freedom from progression, nor above overall survival, at any time."""
    for lower, upper, how in _bounded(paper, "survival"):
        above = lower.value.range.above(upper.value.range)
        if above > 0:
            severity = graded(above, **(SAME_EVENTS if how == "same" else OTHER_FOLLOW_UP))
            why = "no Kaplan-Meier estimate that counts deaths as events lies above one that does not" if how == "same" else "whoever is free of progression is alive"
            points = f"{100 * above:.2g} point{'' if f'{100 * above:.2g}' == '1' else 's'}"
            message = f"{lower.endpoint} {_percent(lower)} lies above {upper.endpoint} {_percent(upper)}{_when(lower)}, by {points} beyond rounding; {why}."
            values = {"lower": lower.value.value, "upper": upper.value.value, "time": lower.time, "apart": 100 * above, "apart_in": "points"}
            yield found("progression_free_below", severity, [lower, upper], values, message)


def _when(said):
    return "" if said.time is None else f" at {said.time:g}"


def _percent(said):
    """Give a survival in percent, with what is printed where that is its complement."""
    return f"{100 * said.value.value:.3g} %{f' ({said.value.text} %)' if said.value.text.startswith('1 -') else ''}"


def medians_ordered(paper):
    """The median of survival free of progression is not above that of overall survival or of time to progression."""
    for lower, upper, how in _bounded(paper, "median"):
        above = lower.value.range.above(upper.value.range) if lower.value.range.is_finite else (math.inf if upper.value.range.is_finite else 0.0)
        if above > 0:
            share = above / lower.value.value if math.isfinite(above) else 1.0
            severity = "contradiction" if how == "same" else graded(share, **MEDIANS)
            message = f"The median of {lower.endpoint}, {lower.value.text}, is longer than that of {upper.endpoint}, {upper.value.text}."
            yield found("medians_ordered", severity, [lower, upper], {"lower": lower.value.value, "upper": upper.value.value, "apart": above, "apart_in": ""}, message)


def numbers_at_risk_ordered(paper):
    """Whoever is at risk of progression or death is at risk of death."""
    for lower, upper, how in _bounded(paper, "n_risk"):
        above = lower.value.range.above(upper.value.range)
        if above > 0 and how == "other":
            message = f"{lower.value.text} are at risk for {lower.endpoint} and {upper.value.text} for {upper.endpoint}{_when(lower)}."
            yield found("numbers_at_risk_ordered", "doubt", [lower, upper], {"lower": lower.value.value, "upper": upper.value.value, "apart": above, "apart_in": "patients"}, message)


def per_protocol_within(paper):
    """Those treated per protocol are some of those randomised."""
    largest = {}
    for one in paper.of("n"):
        if one.patients[0] == {"itt"} and (one.arm_key not in largest or one.value.value > largest[one.arm_key].value.value):
            largest[one.arm_key] = one
    for treated in paper.of("n"):
        randomised = largest.get(treated.arm_key)
        if treated.patients[0] == {"pp"} and randomised is not None and treated.value.value > randomised.value.value:
            message = f"{treated.value.text} were treated per protocol and {randomised.value.text} were randomised."
            values = {"per_protocol": treated.value.value, "randomised": randomised.value.value, "apart": treated.value.value - randomised.value.value, "apart_in": "patients"}
            yield found("per_protocol_within", "contradiction", [treated, randomised], values, message)
