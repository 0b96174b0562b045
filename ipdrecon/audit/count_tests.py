"""p of counts, against every test a paper may have used.

Pearson's chi-square with and without Yates's correction, the likelihood ratio, Fisher's exact test and its mid-p (Agresti 2013,
*Categorical Data Analysis*, chapters 2 and 3); for more than two levels the exact test is that of Freeman and Halton (1951, Biometrika 38:141).

Examples
--------
>>> import numpy as np
>>> tests = p_values(np.array([[22, 34], [24, 40]]))
>>> {name: round(p, 2) for name, p in tests.items()}
{'chi-square': 0.84, 'likelihood ratio': 0.84, 'chi-square with Yates': 0.99, 'Fisher': 0.85, 'Fisher mid-p': 0.78}
"""

from collections import defaultdict

import numpy as np
from scipy.special import chdtrc, gammaln, xlogy

from ipdrecon.audit import labels
from ipdrecon.audit.findings import found, graded, milder
from ipdrecon.audit.ranges import Range
from ipdrecon.audit.ratios import z_of_p

Z_APART = {"doubt": 0.3, "contradiction": 1.0}
"""Between z of the printed p and of the nearest test: tests on odds ratios or with strata are near these, not far."""

HARDLY_ANY = 0.02
"""Distances in z below this are those of digits in the table of a test."""

TIME_TO_EVENT = ("hr", "median", "survival", "n_risk", "logrank_p")
"""Where one of these is printed, a p beside the events is that of a test of times, not of counts."""

MOST_TABLES = 500_000
"""Tables with the same margins that are gone through."""

TIE = 1e-7
"""Chances that differ by less are the same."""


def p_values(table):
    """Give p by each test.

    Parameters
    ----------
    table : ndarray of int, shape (n_arms, n_levels)
        Patients in each arm and level.

    Returns
    -------
    dict of str to float
        Empty where a margin is 0, since then nothing is tested.
    """
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return {}
    tests = {"chi-square": pearson(table), "likelihood ratio": likelihood_ratio(table)}
    if table.shape == (2, 2):
        tests["chi-square with Yates"] = pearson(table, correction=0.5)
    if table.shape[0] == 2 and np.prod(table.sum(axis=0) + 1.0) <= MOST_TABLES:
        p, as_likely = exact(table)
        tests |= {"Fisher": p, "Fisher mid-p": p - as_likely / 2} if table.shape[1] == 2 else {"Fisher-Freeman-Halton": p}
    return tests


def _expected(table):
    return np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()


def _chi2_p(table, statistic):
    return float(chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), statistic))


def pearson(table, *, correction=0.0):
    """Give p of Pearson's chi-square; a correction of one half is that of Yates, and at most the difference itself.

    Parameters
    ----------
    table : ndarray, shape (n_arms, n_levels)
        Without empty rows or columns.
    correction : float

    Returns
    -------
    float
    """
    expected = _expected(table)
    apart = np.abs(table - expected)
    return _chi2_p(table, float((np.maximum(apart - correction, 0.0) ** 2 / expected).sum()))


def likelihood_ratio(table):
    """Give p of the likelihood-ratio test, 2 sum of observed log(observed / expected); the parameters are those of `pearson`."""
    return _chi2_p(table, max(float(2 * xlogy(table, table / _expected(table)).sum()), 0.0))


def exact(table):
    """Give the exact p of two arms: the chance of all tables no likelier than this one, and the chance of this one.

    Parameters
    ----------
    table : ndarray of int, shape (2, n_levels)

    Returns
    -------
    tuple of float
    """
    levels, first = table.sum(axis=0).astype(int), int(table[0].sum())
    taken, log_ways = np.zeros(1, int), np.zeros(1)
    for size in levels:
        here = np.arange(size + 1)
        taken, log_ways = np.add.outer(taken, here).ravel(), np.add.outer(log_ways, _log_choose(size, here)).ravel()
        inside = taken <= first
        taken, log_ways = taken[inside], log_ways[inside]
    log_ways = log_ways[taken == first]
    ways, observed = np.exp(log_ways - log_ways.max()), float(np.exp(_log_choose(levels, table[0]).sum() - log_ways.max()))
    return float(ways[ways <= observed * (1 + TIE)].sum() / ways.sum()), observed / float(ways.sum())


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


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


