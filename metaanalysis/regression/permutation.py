"""Permutation tests of a meta-regression, for few studies.

Moderators are dealt out anew among the studies, the whole model with its tau2 is fitted each time, and the p-value is the
share of arrangements whose statistic is no smaller than the observed one (Higgins and Thompson 2004, Stat Med 23:1663,
section 4). Where there are few arrangements all are taken and the test is exact.
"""

import math
from dataclasses import dataclass

import numpy as np

from metaanalysis.linear import chi_squared_of, coefficients_of

_ROUNDING = 1.5e-8


@dataclass(frozen=True)
class PermutationTest:
    """Permutation p-values of a meta-regression.

    Attributes
    ----------
    names : tuple of str
        Of the coefficients.
    p : tuple of float
        Two-sided, one per coefficient.
    omnibus_p : float
        Of all coefficients but the intercept at once.
    n : int
        Arrangements, the observed one among them.
    is_exact : bool
        Whether they are all there are.
    seed : int or None
        Of the sample; None for an exact test.
    """

    names: tuple
    p: tuple
    omnibus_p: float
    n: int
    is_exact: bool
    seed: int | None

    def to_dict(self):
        """Plain numbers, strings and lists, ready for JSON."""
        return {
            "p": dict(zip(self.names, self.p, strict=True)), "omnibus_p": self.omnibus_p, "n": self.n, "exact": self.is_exact, "seed": self.seed,
        }


def count_arrangements(labels):
    """Number of different orders of `labels`.

    Examples
    --------
    >>> count_arrangements([0, 0, 1, 1, 1])
    10
    """
    _, counts = np.unique(labels, return_counts=True)
    return math.factorial(len(labels)) // math.prod(math.factorial(int(count)) for count in counts)


def _arrangements(labels):
    """Every different order of `labels`, in dictionary order."""
    order = sorted(labels)
    while True:
        yield list(order)
        rise = next((place for place in range(len(order) - 2, -1, -1) if order[place] < order[place + 1]), None)
        if rise is None:
            return
        other = next(place for place in range(len(order) - 1, rise, -1) if order[place] > order[rise])
        order[rise], order[other] = order[other], order[rise]
        order[rise + 1 :] = reversed(order[rise + 1 :])


def _sample(labels, n, seed):
    """The observed order and ``n - 1`` random ones."""
    generator = np.random.default_rng(seed)
    yield list(labels)
    for _ in range(n - 1):
        yield generator.permutation(labels).tolist()


def permutation_test(regression, *, n=5000, seed=0):
    """Permutation test of a meta-regression.

    Parameters
    ----------
    regression : MetaRegression
    n : int
        Most arrangements; where no more exist all are taken, else a random sample of n.
    seed : int

    Returns
    -------
    PermutationTest

    Examples
    --------
    >>> from metaanalysis.regression.model import meta_regression
    >>> regression = meta_regression([-0.9, -0.6, -0.5, -0.3, 0.1], [0.05, 0.04, 0.02, 0.03, 0.06], {"year": [1, 2, 3, 4, 5]})
    >>> test = permutation_test(regression)
    >>> test.n, test.is_exact, round(test.omnibus_p, 4)
    (120, True, 0.0167)
    """
    design, settings = regression.moderators.design, regression.fit.settings
    rows, labels = np.unique(design, axis=0, return_inverse=True)
    labels = labels.ravel().tolist()
    is_exact = count_arrangements(labels) <= n
    first = int(regression.moderators.has_intercept)

    def statistics(order):
        fit = coefficients_of(regression.yi, regression.vi, rows[order], settings)
        each = np.abs(fit.coefficients) / np.sqrt(np.diagonal(fit.covariance))
        return np.append(each, chi_squared_of(fit.coefficients[first:], fit.covariance[first:, first:]))

    observed = statistics(labels)
    orders = _arrangements(labels) if is_exact else _sample(labels, n, seed)
    reached = np.array([statistics(order) >= observed - _ROUNDING for order in orders])
    shares = reached.mean(axis=0).tolist()
    return PermutationTest(regression.names, tuple(shares[:-1]), shares[-1], len(reached), is_exact, None if is_exact else seed)
