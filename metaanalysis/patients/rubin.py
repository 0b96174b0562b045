"""Rubin's rules: how much several data sets that are all compatible with what was read add to a variance.

Examples
--------
>>> round(between_draws([-0.31, -0.28, -0.35, -0.30]), 6)
0.001083
"""

import math

import numpy as np


def between_draws(values):
    """Variance that the choice of a data set adds to a quantity: (1 + 1/M) B.

    B is the variance of the quantity between M data sets. With the sampling variance W the total is W + (1 + 1/M) B, by
    the rules for multiple imputation (Rubin 1987, section 3.1).

    Parameters
    ----------
    values : array-like, shape (n_draws,)
        The quantity in each data set.

    Returns
    -------
    float
        NaN where there are fewer than two data sets, or a value is not finite.
    """
    values = np.asarray(values, float)
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return (1 + 1 / len(values)) * float(values.var(ddof=1))


def share(added, weights, variances):
    """Share of a weighted mean's variance that is due to a part `added` of the variances.

    The mean with weights w has the variance ``sum(w² v) / sum(w)²``, of which ``sum(w² a) / sum(w)²`` is the part of a.

    Parameters
    ----------
    added, weights, variances : array-like, shape (k,)

    Returns
    -------
    float
        In [0, 1].
    """
    squares = np.asarray(weights, float) ** 2
    return float(squares.dot(added) / squares.dot(variances))
