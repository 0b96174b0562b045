"""The variance between studies, tau2: seven estimators and the Q-profile interval.

Notation: ``w = 1 / (vi + tau2)``, ``mu`` the weighted mean, ``P = W - W 1 1' W / sum(w)``, so that ``P y = w (y - mu)``
and ``Q = y'Py``.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from metaanalysis.errors import MetaAnalysisError

ESTIMATORS = ("REML", "DL", "PM", "ML", "HE", "SJ", "EB")

_MAX_STEPS = 200
_RELATIVE_STEP = 1e-12
_ROUNDING = 1e-7
_NEGLIGIBLE = 1e-14  # in smallest sampling variances
_GRID = np.concatenate([[0.0], 2.0 ** np.arange(-26, 1)])


@dataclass(frozen=True)
class _Moments:
    """Quadratic forms and traces at one tau2, for the likelihood's slopes."""

    ypy: float
    yppy: float
    ypppy: float
    trace_w: float
    trace_ww: float
    trace_p: float
    trace_pp: float


def _moments(yi, vi, tau2):
    w = 1 / (vi + tau2)
    w2 = w * w
    total, total2 = w.sum(), w2.sum()
    residual = yi - w.dot(yi) / total
    py = w * residual
    return _Moments(
        ypy=py.dot(residual),
        yppy=py.dot(py),
        ypppy=w.dot(py * py) - w.dot(py) ** 2 / total,
        trace_w=total,
        trace_ww=total2,
        trace_p=_trace_p(w, total),
        trace_pp=total2 - 2 * w2.dot(w) / total + (total2 / total) ** 2,
    )


def _trace_p(w, total):
    """``sum(w) - sum(w²) / sum(w)``, without cancellation where one study outweighs all others."""
    rest = total - w
    heaviest = w.argmax()
    rest[heaviest] = w[:heaviest].sum() + w[heaviest + 1 :].sum()
    return w.dot(rest) / total


def _centred(yi, vi):
    """Effects from the heaviest study's, so that its own residual is not lost in rounding."""
    return yi - yi[vi.argmin()]


def _log_likelihood(yi, vi, tau2, restricted):
    """Log likelihood up to a constant, at each of `tau2` (shape (n,))."""
    variance = vi + tau2[:, None]
    w = 1 / variance
    total = w.sum(axis=1)
    residual = yi - (w @ yi / total)[:, None]
    log_likelihood = -0.5 * (np.log(variance).sum(axis=1) + (w * residual**2).sum(axis=1))
    return log_likelihood - 0.5 * np.log(total) if restricted else log_likelihood


def _slopes(yi, vi, tau2, restricted):
    """Score (times 2), observed and expected information (times 2) of tau2."""
    at = _moments(yi, vi, tau2)
    if restricted:
        return at.yppy - at.trace_p, 2 * at.ypppy - at.trace_pp, at.trace_pp
    return at.yppy - at.trace_w, 2 * at.ypppy - at.trace_ww, at.trace_ww


def _settled(step, before, tau2, smallest):
    """Whether a step is too small to matter, or is only rounding: small, and no smaller than the one before."""
    step = abs(step)
    return step <= _RELATIVE_STEP * tau2 or step <= _NEGLIGIBLE * smallest or (step <= _ROUNDING * tau2 and step >= before)


def _likelihood_tau2(yi, vi, restricted):
    """Highest point of the (restricted) likelihood: Newton and Fisher steps within a bracket around the best of a grid.

    The grid makes it the highest point also where the likelihood has more than one.
    """
    grid = _GRID * np.ptp(yi) ** 2
    if grid[-1] == 0:
        return 0.0
    best = int(np.argmax(_log_likelihood(yi, vi, grid, restricted)))
    if best == 0 and _slopes(yi, vi, 0.0, restricted)[0] <= 0:
        return 0.0
    tau2, low, high = grid[max(best, 1)], grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    before, smallest = np.inf, vi.min()
    for _ in range(_MAX_STEPS):
        score, observed, expected = _slopes(yi, vi, tau2, restricted)
        low, high = (tau2, high) if score > 0 else (low, tau2)
        proposal = tau2 + score / (observed if observed > 0 else expected)
        if not low <= proposal <= high:
            proposal = (low + high) / 2
        if _settled(proposal - tau2, before, tau2, smallest):
            return float(proposal)
        before, tau2 = abs(proposal - tau2), proposal
    raise MetaAnalysisError(
        f"The {'REML' if restricted else 'ML'} estimate of tau2 did not settle in {_MAX_STEPS} steps "
        f"(last {tau2:g}); expected convergence; use --tau2 PM or DL."
    )


def _profile_root(yi, vi, target):
    """Solve ``Q(tau2) = target`` for tau2; 0 where Q is below `target` already at 0.

    Newton steps on ``1 / Q``, which is nearly straight in tau2, kept within a bracket.
    """
    tau2, low, high, before, smallest = 0.0, 0.0, np.inf, np.inf, vi.min()
    for _ in range(_MAX_STEPS):
        w = 1 / (vi + tau2)
        residual = yi - w.dot(yi) / w.sum()
        py = w * residual
        q = py.dot(residual)
        if q <= target and tau2 == 0:
            return 0.0
        low, high = (tau2, high) if q > target else (low, tau2)
        proposal = tau2 + (q / target - 1) * q / py.dot(py)
        if not low <= proposal <= high:
            proposal = (low + high) / 2
        if _settled(proposal - tau2, before, tau2, smallest):
            return float(proposal)
        before, tau2 = abs(proposal - tau2), proposal
    raise MetaAnalysisError(f"Q(tau2) = {target:g} was not solved in {_MAX_STEPS} steps (last tau2 {tau2:g}); check yi and vi for impossible values.")


def _der_simonian_laird(yi, vi):
    at = _moments(yi, vi, 0.0)
    return max(0.0, (at.ypy - (len(yi) - 1)) / at.trace_p)


def _hedges_olkin(yi, vi):
    return max(0.0, float(np.var(yi, ddof=1) - vi.mean()))


def _sidik_jonkman(yi, vi):
    first = float(np.var(yi))
    return first * _moments(yi, vi, first).ypy / (len(yi) - 1)


_METHODS = {
    "REML": lambda yi, vi: _likelihood_tau2(yi, vi, restricted=True),
    "ML": lambda yi, vi: _likelihood_tau2(yi, vi, restricted=False),
    "DL": _der_simonian_laird,
    "HE": _hedges_olkin,
    "SJ": _sidik_jonkman,
    "PM": lambda yi, vi: _profile_root(yi, vi, len(yi) - 1),
    # Morris' empirical Bayes solves the same equation as Paule and Mandel
    "EB": lambda yi, vi: _profile_root(yi, vi, len(yi) - 1),
}


def estimate_tau2(yi, vi, method="REML"):
    """Variance between studies.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and their variances, k of at least 2.
    method : {"REML", "DL", "PM", "ML", "HE", "SJ", "EB"}
        Restricted maximum likelihood and maximum likelihood (Viechtbauer 2005, J Educ Behav Stat 30:261, eqs 8 and 11),
        DerSimonian and Laird (1986, Control Clin Trials 7:177, eq. 8), Paule and Mandel (1982, J Res NBS 87:377),
        Hedges and Olkin (1985, Statistical Methods for Meta-Analysis, ch. 9), Sidik and Jonkman (2005, Appl Stat
        54:367, eq. 8), empirical Bayes (Morris 1983, JASA 78:47), which equals Paule-Mandel.

    Returns
    -------
    float
        Never negative.

    Examples
    --------
    >>> import numpy as np
    >>> round(estimate_tau2(np.array([0.0, 1.0, 2.0]), np.full(3, 0.5), "HE"), 12)
    0.5
    """
    if method not in _METHODS:
        raise MetaAnalysisError(f"The tau2 estimator is {method!r}; expected one of {', '.join(ESTIMATORS)}.")
    return float(_METHODS[method](_centred(yi, vi), vi))


def tau2_interval(yi, vi, level=0.95):
    """Q-profile interval of tau2 (Viechtbauer 2007, Stat Med 26:37, section 3.1).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    level : float

    Returns
    -------
    tuple of float
        Lower and upper limit; both 0 where even tau2 = 0 makes Q smaller than its lower quantile.
    """
    df, tail, yi = len(yi) - 1, (1 - level) / 2, _centred(yi, vi)
    return _profile_root(yi, vi, chdtri(df, tail)), _profile_root(yi, vi, chdtri(df, 1 - tail))
