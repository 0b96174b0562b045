"""Tests of counts: whether shares of patients differ between arms.

Pearson's chi-square with and without Yates's correction, the likelihood ratio, Fisher's exact test and its mid-p (Agresti 2013,
*Categorical Data Analysis*, chapters 2 and 3); for more than two levels the exact test is that of Freeman and Halton (1951, Biometrika 38:141).

Examples
--------
>>> import numpy as np
>>> tests = p_values(np.array([[22, 34], [24, 40]]))
>>> {name: round(p, 2) for name, p in tests.items()}
{'chi-square': 0.84, 'likelihood ratio': 0.84, 'chi-square with Yates': 0.99, 'Fisher': 0.85, 'Fisher mid-p': 0.78}
>>> two = count_tests(12, 56, 4, 64)
>>> round(two.fisher_p, 3), round(two.chi_square_p, 3)
(0.017, 0.015)
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, gammaln, xlogy

from ipdrecon.errors import ReportedError

MOST_TABLES = 500_000
"""Tables with the same margins that are gone through."""

TIE = 1e-7
"""Chances that differ by less are the same."""


@dataclass(frozen=True)
class CountTests:
    """Tests of two shares.

    Attributes
    ----------
    fisher_p : float
        Two-sided: all tables that are no likelier than this one.
    chi_square_p, chi_square_corrected_p : float
        Pearson's, without and with Yates's correction; NaN where nobody, or everybody, had an event.
    """

    fisher_p: float
    chi_square_p: float
    chi_square_corrected_p: float


def count_tests(events_1, n_1, events_2, n_2):
    """Test whether the shares of patients with an event differ.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int
        Events and patients of both arms.

    Returns
    -------
    CountTests

    Raises
    ------
    ReportedError
        Where events are fewer than 0 or more than the patients, or no whole numbers.
    """
    counts = np.array([events_1, n_1, events_2, n_2], float)
    if not (0 <= events_1 <= n_1 and 0 <= events_2 <= n_2 and n_1 > 0 and n_2 > 0 and (counts == np.floor(counts)).all()):
        raise ReportedError(f"Seen {events_1:g} of {n_1:g} and {events_2:g} of {n_2:g}; expected whole numbers of events, from 0 to the patients of the arm.")
    table = np.array([[events_1, n_1 - events_1], [events_2, n_2 - events_2]], int)
    if (table.sum(axis=0) == 0).any():
        return CountTests(1.0, math.nan, math.nan)
    return CountTests(min(exact(table)[0], 1.0), pearson(table), pearson(table, correction=0.5))


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
    for size in levels[:-1]:
        here = np.arange(size + 1)
        taken, log_ways = np.add.outer(taken, here).ravel(), np.add.outer(log_ways, _log_choose(size, here)).ravel()
        inside = taken <= first
        taken, log_ways = taken[inside], log_ways[inside]
    fits = first - taken <= levels[-1]
    log_ways = log_ways[fits] + _log_choose(levels[-1], first - taken[fits])
    ways, observed = np.exp(log_ways - log_ways.max()), float(np.exp(_log_choose(levels, table[0]).sum() - log_ways.max()))
    return float(ways[ways <= observed * (1 + TIE)].sum() / ways.sum()), observed / float(ways.sum())


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
