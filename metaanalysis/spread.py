"""How much studies differ beyond chance: Q, and I2 and H2 by both of their definitions."""

import math
from dataclasses import asdict, dataclass

from scipy.special import chdtrc, ndtri

from metaanalysis.designs import studies_around

NAN = math.nan


@dataclass(frozen=True)
class Heterogeneity:
    """How much the studies differ beyond chance.

    Attributes
    ----------
    q : float
        Cochran's Q around the inverse-variance mean.
    df : int
    p : float
    i2, h2 : float
        From tau2, as metafor and RevMan (since 2025) define them; i2 in percent.
    i2_ci_low, i2_ci_high : float
        The same of the limits of tau2.
    i2_q, h2_q : float
        From Q, as the R package meta and RevMan 5 define them, with H2 no less than 1. They equal `i2` and `h2` with the
        DerSimonian-Laird estimator, and with others do not.
    i2_q_ci_low, i2_q_ci_high : float
        The test-based interval of Higgins and Thompson.
    """

    q: float
    df: int
    p: float
    i2: float
    h2: float
    i2_ci_low: float = NAN
    i2_ci_high: float = NAN
    i2_q: float = NAN
    h2_q: float = NAN
    i2_q_ci_low: float = NAN
    i2_q_ci_high: float = NAN

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return asdict(self)


def _share(tau2, typical):
    """I2 in percent of a variance between studies beside the typical one within."""
    return 100 * tau2 / (tau2 + typical) if math.isfinite(tau2) else NAN


def _i2_of_h(log_h):
    """I2 in percent of the logarithm of H."""
    return 100 * max(0.0, -math.expm1(-2 * log_h))


def i2_from_q(q, df, level=0.95):
    """I2 from Q and its test-based interval (Higgins and Thompson 2002, Stat Med 21:1539, eqs 8 to 10 and the appendix).

    Parameters
    ----------
    q : float
    df : int
    level : float

    Returns
    -------
    tuple of float
        I2 and its limits in percent; NaN limits where 1 degree of freedom gives no standard error.

    Examples
    --------
    >>> [round(value, 1) for value in i2_from_q(20.0, 10)]
    [50.0, 0.2, 74.9]
    """
    if q <= 0:
        return 0.0, NAN, NAN
    log_h = 0.5 * math.log(q / df)
    if q > df + 1:
        se = 0.5 * (math.log(q) - math.log(df)) / (math.sqrt(2 * q) - math.sqrt(2 * df - 1))
    elif df > 1:
        se = math.sqrt((1 - 1 / (3 * (df - 1) ** 2)) / (2 * (df - 1)))
    else:
        return _i2_of_h(log_h), NAN, NAN
    half = float(ndtri(0.5 + level / 2)) * se
    return _i2_of_h(log_h), _i2_of_h(max(log_h, 0.0) - half), _i2_of_h(max(log_h, 0.0) + half)


def heterogeneity(yi, vi, tau2, *, tau2_limits=(NAN, NAN), level=0.95, design=None):
    """Q, and I2 and H2 from tau2 and from Q.

    ``I2 = 100 tau2 / (tau2 + s2)`` and ``H2 = (tau2 + s2) / s2`` with the typical variance within studies
    ``s2 = (k - p) / trace(P)``, ``P`` at ``w = 1 / vi``; around a mean that is ``(k - 1) sum(w) / (sum(w)² - sum(w²))``
    (Higgins and Thompson 2002, Stat Med 21:1539, eq. 9). From Q, ``H2 = Q / df`` and ``I2 = 100 (H2 - 1) / H2``.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    tau2 : float
    tau2_limits : tuple of float
        Limits of tau2, for those of I2.
    level : float
        Of the interval of the I2 from Q.
    design : ndarray, shape (k, p), optional
        Columns of moderators.

    Returns
    -------
    Heterogeneity
        NaN in all but `q` and `df` where there are no more studies than coefficients.

    Examples
    --------
    >>> import numpy as np
    >>> heterogeneity(np.array([0.0, 1.0, 2.0]), np.full(3, 0.5), 0.5).i2
    50.0
    """
    k, p = len(yi), 1 if design is None else design.shape[1]
    if k == p:
        return Heterogeneity(0.0, 0, NAN, NAN, NAN)
    studies = studies_around(yi, vi, design)
    at = studies.moments(0.0)
    q, df = float(at.ypy), studies.df
    typical = float(df / at.trace_p)
    return Heterogeneity(
        q, df, float(chdtrc(df, q)), _share(tau2, typical), (tau2 + typical) / typical,
        *(_share(limit, typical) for limit in tau2_limits),
        *_from_q(q, df, level),
    )


def _from_q(q, df, level):
    i2, low, high = i2_from_q(q, df, level)
    return i2, max(1.0, q / df), low, high
