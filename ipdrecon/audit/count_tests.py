"""Rules on counts: the p printed beside them against every test a paper may have used."""

from collections import defaultdict

import numpy as np

from ipdrecon.audit import labels
from ipdrecon.audit.contingency import p_values
from ipdrecon.audit.findings import found, graded, milder
from ipdrecon.audit.ranges import Range
from ipdrecon.audit.ratios import z_of_p

Z_APART = {"doubt": 0.3, "contradiction": 1.0}
"""Between z of the printed p and of the nearest test: tests on odds ratios or with strata are near these, not far."""

HARDLY_ANY = 0.02
"""Distances in z below this are those of digits in the table of a test."""

TIME_TO_EVENT = ("hr", "median", "survival", "n_risk", "logrank_p")
"""Where one of these is printed, a p beside the events is that of a test of times, not of counts."""


def _comparisons(paper):
    """Give the counts of two arms from one source with each p printed beside them or beside their total; those of times are left out."""
    rows, timed = defaultdict(list), paper.groups(*TIME_TO_EVENT)
    for group, statements in paper.groups("events").items():
        for said in statements:
            if group not in timed and not said.exclusive and not said.is_table_total:
                rows[group, said.time, said.source].append(said)
    for row in rows.values():
        arms = {one.arm_key: one for one in row if one.arm_key not in (labels.EVERYBODY, "") and paper.size(one)}
        printed = {one.p.text: one for one in row if one.p is not None}
        if len(arms) == 2:
            for source in printed.values():
                yield list(arms.values()), source


def counts_and_p(paper):
    """P follows from the counts of two arms."""
    for arms, source in _comparisons(paper):
        table = np.array([[one.value.value, paper.size(one) - one.value.value] for one in arms])
        if (table >= 0).all() and (table % 1 == 0).all():
            shown = f"{arms[0].endpoint}: " + " vs ".join(f"{one.value.text}/{paper.size(one):.0f}" for one in arms)
            yield from _compare("counts_and_p", table, source, arms, shown)


def levels_and_p(paper):
    """P follows from the levels of a characteristic by arm."""
    tables = defaultdict(lambda: defaultdict(list))
    printed = {}
    for said in paper.of("events", "n"):
        key = said.whole, said.patients, said.source
        if said.quantity == "events" and said.part:
            tables[key][said.arm_key].append(said)
        elif said.quantity == "n" and said.p is not None:
            printed[key] = said
    for key, source in printed.items():
        columns = [column for arm, column in tables[key].items() if arm not in (labels.EVERYBODY, "")]
        if len(columns) < 2 or len({tuple(one.part for one in column) for column in columns}) != 1 or len(columns[0]) < 2:
            continue
        table = np.array([[one.value.value for one in column] for column in columns])
        sizes = [next((one.value.value for one in paper.of("n") if (one.whole, one.patients, one.source) == key and one.arm_key == column[0].arm_key), None) for column in columns]
        if all(total == size for total, size in zip(table.sum(axis=1), sizes, strict=True)):
            yield from _compare("levels_and_p", table, source, [column[0] for column in columns], f"{source.endpoint}, {table.shape[1]} levels")


def _compare(rule, table, source, arms, shown):
    tests = p_values(table)
    printed = source.p.range
    if not tests or not 0 <= printed.low <= printed.high <= 1:
        return
    gaps = {name: z_of_p(Range(min(p, 1.0), min(p, 1.0))).gap(z_of_p(printed)) for name, p in tests.items()}
    nearest = min(gaps, key=gaps.get)
    between = Range(min(tests.values()), min(max(tests.values()), 1.0))
    if gaps[nearest] <= HARDLY_ANY or between.gap(printed) == 0:
        return
    told = ", ".join(f"{name} {p:.2g}" for name, p in tests.items())
    message = f"{shown}: p is {told}; {source.p.text} is printed, {gaps[nearest]:.2g} apart in z from the nearest."
    values = {"p": source.p.text, "nearest_test": nearest, "computed": tests[nearest], "apart": gaps[nearest], "apart_in": "z"}
    severity = graded(gaps[nearest], **Z_APART)
    if source.arm_key == labels.EVERYBODY and source.quantity == "events":
        severity = milder(severity)
        message += " It stands beside the total, so it may be of other counts, as of events or of a longer time."
    yield found(rule, severity, arms if source in arms else [source, *arms], values, message)


