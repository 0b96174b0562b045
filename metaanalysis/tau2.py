"""The variance between studies, tau2: seven estimators and four intervals, around a mean or a line of moderators."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri

from metaanalysis.designs import studies_around
from metaanalysis.errors import MetaAnalysisError
from metaanalysis.generalised_q import first_crossing, generalised_q_interval

ESTIMATORS = ("REML", "DL", "PM", "ML", "HE", "SJ", "EB")
INTERVALS = ("QP", "BJ", "J", "PL")

_MAX_STEPS = 200
_RELATIVE_STEP = 1e-12
_ROUNDING = 1e-7
_NEGLIGIBLE = 1e-14  # in smallest sampling variances
_GRID = np.concatenate([[0.0], 2.0 ** np.arange(-26, 1)])


def _studies(yi, vi, design):
    yi, vi = np.asarray(yi, float), np.asarray(vi, float)
    least = 2 if design is None else design.shape[1] + 1
    if yi.shape != vi.shape or len(yi) < least:
        raise MetaAnalysisError(f"tau2 was asked of {len(yi)} effects and {len(vi)} variances; it needs as many of both, and {least} or more: leave it out.")
    return studies_around(yi, vi, design)


def _slopes(studies, tau2, restricted):
    """Score (times 2), observed and expected information (times 2) of tau2."""
    at = studies.moments(tau2)
    if restricted:
        return at.yppy - at.trace_p, 2 * at.ypppy - at.trace_pp, at.trace_pp
    return at.yppy - at.trace_w, 2 * at.ypppy - at.trace_ww, at.trace_ww


def _settled(step, before, tau2, smallest):
    """Whether a step is too small to matter, or is only rounding: small, and no smaller than the one before."""
    step = abs(step)
    return step <= _RELATIVE_STEP * tau2 or step <= _NEGLIGIBLE * smallest or (step <= _ROUNDING * tau2 and step >= before)


def _likelihood_tau2(studies, restricted):
    """Highest point of the (restricted) likelihood: Newton and Fisher steps within a bracket around the best of a grid.

    The grid makes it the highest point also where the likelihood has more than one.
    """
    grid = _GRID * np.ptp(studies.yi) ** 2
    if grid[-1] == 0:
        return 0.0
    best = int(np.argmax(studies.log_likelihood(grid, restricted)))
    if best == 0 and _slopes(studies, 0.0, restricted)[0] <= 0:
        return 0.0
    tau2, low, high = grid[max(best, 1)], grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    before, smallest = np.inf, studies.vi.min()
    for _ in range(_MAX_STEPS):
        score, observed, expected = _slopes(studies, tau2, restricted)
        low, high = (tau2, high) if score > 0 else (low, tau2)
        information = observed if observed > 0 else expected
        proposal = tau2 + score / information if information > 0 else np.nan  # beside a huge variance a small one is lost in rounding
        if not low <= proposal <= high:
            proposal = (low + high) / 2
        if _settled(proposal - tau2, before, tau2, smallest):
            return float(proposal)
        before, tau2 = abs(proposal - tau2), proposal
    raise MetaAnalysisError(
        f"The {'REML' if restricted else 'ML'} estimate of tau2 did not settle in {_MAX_STEPS} steps "
        f"(last {tau2:g}); expected convergence; use --tau2 PM or DL."
    )


def profile_root(studies, target):
    """Solve ``Q(tau2) = target`` for tau2, by Newton steps on ``1 / Q``, which is nearly straight in tau2.

    Parameters
    ----------
    studies : Mean or Linear
    target : float

    Returns
    -------
    float
        0 where Q is below `target` already at 0.
    """
    tau2, low, high, before, smallest = 0.0, 0.0, np.inf, np.inf, studies.vi.min()
    for _ in range(_MAX_STEPS):
        q, squares = studies.quadratic(tau2)
        if q <= target and tau2 == 0:
            return 0.0
        low, high = (tau2, high) if q > target else (low, tau2)
        proposal = tau2 + (q / target - 1) * q / squares
        if not low <= proposal <= high:
            proposal = (low + high) / 2
        if _settled(proposal - tau2, before, tau2, smallest):
            return float(proposal)
        before, tau2 = abs(proposal - tau2), proposal
    raise MetaAnalysisError(f"Q(tau2) = {target:g} was not solved in {_MAX_STEPS} steps (last tau2 {tau2:g}); check yi and vi for impossible values.")


def _der_simonian_laird(studies):
    at = studies.moments(0.0)
    return max(0.0, (at.ypy - studies.df) / at.trace_p)


def _hedges_olkin(studies):
    squares, expected = studies.ordinary()
    return max(0.0, (squares - expected) / studies.df)


def _sidik_jonkman(studies):
    first = float(np.var(studies.yi))
    return first * studies.quadratic(first)[0] / studies.df


_METHODS = {
    "REML": lambda studies: _likelihood_tau2(studies, restricted=True),
    "ML": lambda studies: _likelihood_tau2(studies, restricted=False),
    "DL": _der_simonian_laird,
    "HE": _hedges_olkin,
    "SJ": _sidik_jonkman,
    "PM": lambda studies: profile_root(studies, studies.df),
    # Morris' empirical Bayes solves the same equation as Paule and Mandel
    "EB": lambda studies: profile_root(studies, studies.df),
}


def estimate_tau2(yi, vi, method="REML", *, design=None):
    """Variance between studies, or what moderators leave of it.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and their variances, k of at least 2.
    method : {"REML", "DL", "PM", "ML", "HE", "SJ", "EB"}
        Restricted maximum likelihood and maximum likelihood (Viechtbauer 2005, J Educ Behav Stat 30:261, eqs 8 and 11),
        DerSimonian and Laird (1986, Control Clin Trials 7:177, eq. 8), Paule and Mandel (1982, J Res NBS 87:377),
        Hedges and Olkin (1985, Statistical Methods for Meta-Analysis, ch. 9), Sidik and Jonkman (2005, Appl Stat
        54:367, eq. 8), empirical Bayes (Morris 1983, JASA 78:47), which equals Paule-Mandel.
    design : ndarray, shape (k, p), optional
        Columns of moderators, of full rank, p below k (Raudenbush 2009, Handbook of Research Synthesis, ch. 16).

    Returns
    -------
    float
        Never negative.

    Examples
    --------
    >>> round(estimate_tau2(np.array([0.0, 1.0, 2.0]), np.full(3, 0.5), "HE"), 12)
    0.5
    """
    if method not in _METHODS:
        raise MetaAnalysisError(f"The tau2 estimator is {method!r}; expected one of {', '.join(ESTIMATORS)}.")
    return float(_METHODS[method](_studies(yi, vi, design)))


def _profile_likelihood(studies, level, tau2, restricted):
    def height(value):
        return float(studies.log_likelihood(np.array([value]), restricted)[0])

    least = height(tau2) - chdtri(1, 1 - level) / 2
    low = 0.0
    if tau2 > 0 and height(0.0) < least:
        low = float(brentq(lambda value: height(value) - least, 0.0, tau2, xtol=1e-300, rtol=1e-12, maxiter=1000))
    return low, first_crossing(lambda value: height(value) - least, tau2, max(tau2, studies.vi.mean()))


def tau2_interval(yi, vi, level=0.95, *, rule="QP", method="REML", design=None):
    """Interval of tau2.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
    level : float
    rule : {"QP", "BJ", "J", "PL"}
        Q-profile (Viechtbauer 2007, Stat Med 26:37, section 3.1); generalised Q with the weights ``1 / vi``
        (Biggerstaff and Jackson 2008, Stat Med 27:6093) or ``1 / sqrt(vi)`` (Jackson 2013, Res Synth Methods 4:220);
        profile likelihood (Hardy and Thompson 1996, Stat Med 15:619), for REML and ML only.
    method : str
        Estimator of tau2, for the profile likelihood.
    design : ndarray, shape (k, p), optional
        Columns of moderators.

    Returns
    -------
    tuple of float
        Lower and upper limit; both 0 where even tau2 = 0 makes Q smaller than its lower quantile.

    Examples
    --------
    >>> yi, vi = np.array([-0.36, -0.11, -0.52, 0.4]), np.array([0.04, 0.02, 0.09, 0.03])
    >>> [round(limit, 3) for limit in tau2_interval(yi, vi)]
    [0.01, 2.2]
    """
    studies, tail = _studies(yi, vi, design), (1 - level) / 2
    if rule == "QP":
        return profile_root(studies, chdtri(studies.df, tail)), profile_root(studies, chdtri(studies.df, 1 - tail))
    if rule in ("BJ", "J"):
        return generalised_q_interval(studies, 1 / studies.vi if rule == "BJ" else studies.vi**-0.5, level)
    if rule != "PL":
        raise MetaAnalysisError(f"The interval of tau2 is {rule!r}; expected one of {', '.join(INTERVALS)}.")
    if method not in ("REML", "ML"):
        raise MetaAnalysisError(f"A profile likelihood interval of tau2 was asked for beside the estimator {method}; it belongs to REML or ML: choose one of them, or QP.")
    return _profile_likelihood(studies, level, estimate_tau2(yi, vi, method, design=design), method == "REML")
