"""The distribution-free summary survival curve of Combescure, Foucher and Jackson (2014): one curve of many trials.

Time is parted into intervals; in each, the trials' conditional survival is pooled on the arc-sine scale, all intervals
together; the pooled conditional survivals are multiplied.

Examples
--------
Two trials, two intervals; of 50 at risk 40 survive the first, and so on:

>>> curve = summary_curve(np.array([[0.8, 0.75], [0.9, 0.8]]), np.array([[50, 40], [100, 90]]))
>>> curve.survival.round(3).tolist()
[0.856, 0.665]
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri


@dataclass(frozen=True)
class SummaryCurve:
    """Pooled survival at the ends of the intervals.

    Attributes
    ----------
    survival, ci_low, ci_high : ndarray, shape (n_intervals,)
        Limits from the normal interval of log survival.
    between : ndarray, shape (n_intervals, n_intervals)
        Covariance between trials of the arc-sine transformed conditional survivals; 0 under fixed effects.
    """

    survival: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    between: np.ndarray


def _between_trials(y, w, seen):
    """Covariance between trials by moments: DerSimonian and Laird for several outcomes (Jackson, White and Thompson 2010).

    With residuals d of the inverse-variance means, ``Q_kl = sum_i(sqrt(w_ik w_il) d_ik d_il)`` has the expectation
    ``A_kl T_kl``, and ``n_k - 1`` more where k = l, the conditional survivals of a trial being independent inside it.
    Negative eigenvalues of T are set to 0.
    """
    k, n = len(y), y.shape[1]
    share = w / w.sum(axis=0)
    d = np.where(seen, y - np.sum(share * y, axis=0), 0.0)
    root = np.sqrt(w)
    q = (root * d).T @ (root * d) - np.diag(seen.sum(axis=0) - 1.0)
    hat = np.eye(k)[:, :, None] - share[None]
    scale = np.einsum("ik,il,imk,iml,mk,ml->kl", root, root, hat, hat, seen, seen, optimize=True)
    covariance = np.divide(q, scale, out=np.zeros((n, n)), where=scale > 1e-9)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return (vectors * np.maximum(values, 0.0)) @ vectors.T


def summary_curve(conditional, n_risk, *, effect="random", level=0.95):
    """Pool conditional survival over trials and multiply it up.

    Conditional survival p of n at risk is transformed to ``arcsin(sqrt((n p + 1/4) / (n + 1/2)))`` with the variance
    ``1 / (4 n + 2)`` (Combescure, Foucher and Jackson 2014, Stat Med 33:2521).

    Parameters
    ----------
    conditional : ndarray, shape (k, n_intervals)
        Survival to the end of an interval of those alive at its begin; NaN where a trial does not tell it.
    n_risk : ndarray, shape (k, n_intervals)
        At risk at the begin of the interval.
    effect : {"random", "fixed"}
    level : float

    Returns
    -------
    SummaryCurve
    """
    seen = np.isfinite(conditional) & (n_risk > 0)
    n, p = np.where(seen, n_risk, 1.0), np.where(seen, conditional, 1.0)
    y = np.arcsin(np.sqrt(np.clip((n * p + 0.25) / (n + 0.5), 0, 1)))
    w = np.where(seen, 4 * n + 2, 0.0)
    n_intervals = y.shape[1]
    between = _between_trials(y, w, seen) if effect == "random" and len(y) > 1 else np.zeros((n_intervals, n_intervals))
    precision, weighted = np.zeros((n_intervals, n_intervals)), np.zeros(n_intervals)
    for known, effects, weights in zip(seen, y, w, strict=True):
        inside = np.ix_(known, known)
        inverse = np.linalg.inv(np.diag(1 / weights[known]) + between[inside])
        precision[inside] += inverse
        weighted[known] += inverse @ effects[known]
    covariance = np.linalg.inv(precision)
    mean = covariance @ weighted
    survival = np.cumprod(np.sin(mean) ** 2)
    slope = np.tril(np.broadcast_to(2 / np.tan(mean), (n_intervals, n_intervals)))
    half = ndtri(0.5 + level / 2) * np.sqrt(np.einsum("ik,kl,il->i", slope, covariance, slope))
    return SummaryCurve(survival, survival * np.exp(-half), np.minimum(survival * np.exp(half), 1.0), between)
