"""Rows that are themselves pooled: what a result would be for variances between trials that such rows hide.

Examples
--------
>>> import numpy as np
>>> rows = assumed_tau2(np.log([0.80, 1.05]), [0.0023, 0.02], trials=[7, 1], tau2=[0.0, 0.04])
>>> [round(row.estimate, 3) for row in rows]
[-0.195, -0.191]
"""

from dataclasses import asdict, dataclass

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import normal_test
from metaanalysis.pooling import check_studies

PLAUSIBLE_TAU = (0.0, 0.1, 0.2, 0.3, 0.5)
"""Standard deviations between trials on the log scale: none, and the range that is called reasonable for ratios, 0.1 to 0.5
(Spiegelhalter, Abrams and Myles 2004, Bayesian Approaches to Clinical Trials, section 5.7)."""


@dataclass(frozen=True)
class AssumedResult:
    """The pooled result for a variance between trials that is assumed, not estimated.

    Attributes
    ----------
    tau2 : float
    estimate, se, ci_low, ci_high, p : float
        On the analysis scale; the interval is normal, since tau2 is taken as known.
    """

    tau2: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float

    def to_dict(self):
        """Plain numbers by name."""
        return asdict(self)


def assumed_tau2(yi, vi, *, trials, tau2=None, level=0.95):
    """Pool rows some of which are summaries of several trials, for each of several variances between trials.

    A row that is the inverse-variance mean of k trials of equal size has the variance v where trials do not differ, and
    v + tau2 / k where their true effects vary by tau2: each trial has k v, so that the mean of k has (k v + tau2) / k.
    A single trial is k = 1. The estimate of the row is kept, which is exact for equal sizes.

    Parameters
    ----------
    yi, vi : array-like, shape (n_rows,)
        Effects, and their variances as printed (of a fixed-effect mean for summaries).
    trials : array-like of int, shape (n_rows,)
        How many trials a row sums up; 1 for a trial.
    tau2 : sequence of float, optional
        The squares of `PLAUSIBLE_TAU` by default.
    level : float
        Of the intervals.

    Returns
    -------
    tuple of AssumedResult

    Raises
    ------
    MetaAnalysisError
        Where a row cannot be pooled, a number of trials is no whole number above 0, or a tau2 is negative.
    """
    yi, vi, _ = check_studies(yi, vi)
    trials = np.asarray(trials, float)
    tau2 = [tau**2 for tau in PLAUSIBLE_TAU] if tau2 is None else [float(value) for value in tau2]
    if trials.shape != yi.shape or (trials < 1).any() or (trials != np.floor(trials)).any():
        raise MetaAnalysisError(f"The rows sum up {trials.tolist()} trials; expected a whole number above 0 for each of {len(yi)} rows.")
    if min(tau2, default=0.0) < 0:
        raise MetaAnalysisError(f"A tau2 is {min(tau2):g}; expected variances, none below 0.")
    return tuple(_pooled(yi, vi + value / trials, value, level) for value in tau2)


def _pooled(yi, variance, tau2, level):
    w = 1 / variance
    estimate, se = float(w.dot(yi) / w.sum()), float(w.sum() ** -0.5)
    low, high, _, p = normal_test(estimate, se, level)
    return AssumedResult(tau2, estimate, se, float(low), float(high), p)
