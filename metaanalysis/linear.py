"""The mixed-effects linear model behind meta-regression and subgroups of a common tau2: from a design to coefficients."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import chdtrc, fdtrc

from metaanalysis.models import NAN, ModelSettings, hartung_knapp_factor, normal_test, prediction_interval, t_test
from metaanalysis.tau2 import estimate_tau2, tau2_interval


@dataclass(frozen=True)
class Predicted:
    """Predictions of a linear model.

    Attributes
    ----------
    estimate, se, ci_low, ci_high : ndarray, shape (n,)
        Of the mean effect.
    prediction_low, prediction_high : ndarray, shape (n,)
        Of the effect in a new study.
    prediction_rule : str
    """

    estimate: np.ndarray
    se: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    prediction_low: np.ndarray
    prediction_high: np.ndarray
    prediction_rule: str


@dataclass(frozen=True)
class LinearFit:
    """Coefficients of a mixed-effects linear model.

    Attributes
    ----------
    design : ndarray, shape (k, p)
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        With the Hartung-Knapp factor in it.
    tau2, tau2_ci_low, tau2_ci_high : float
        What the design leaves of the variance between studies.
    df : float
        k - p for Hartung-Knapp intervals, NaN for normal ones.
    scale, factor : float
        The Hartung-Knapp variance factor before and after any floor; NaN for normal intervals.
    settings : ModelSettings
    """

    design: np.ndarray = field(repr=False)
    coefficients: np.ndarray
    covariance: np.ndarray = field(repr=False)
    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
    df: float
    scale: float
    factor: float
    settings: ModelSettings

    def __post_init__(self):
        for name in ("design", "coefficients", "covariance"):
            array = np.array(getattr(self, name), dtype=float)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def _interval(self, estimate, se):
        if math.isnan(self.df):
            return normal_test(estimate, se, self.settings.level)
        return t_test(estimate, se, self.df, self.settings.level)

    def test(self, estimate, se):
        """Statistic and two-sided p-value of one estimate against 0."""
        _, _, statistic, p = self._interval(estimate, se)
        return float(statistic), p

    def predict(self, rows):
        """Mean effect and a new study's effect at rows of a design.

        Parameters
        ----------
        rows : ndarray, shape (n, p) or (p,)

        Returns
        -------
        Predicted
        """
        rows = np.asarray(rows, float)
        estimate = rows @ self.coefficients
        se = np.sqrt(np.einsum("...i,ij,...j->...", rows, self.covariance, rows))
        half = self._interval(0.0, 1.0)[1] * se
        k, p = self.design.shape
        low, high, rule = prediction_interval(estimate, se, self.tau2, self.settings, k=k, n_coefficients=p)
        return Predicted(estimate, se, estimate - half, estimate + half, low, high, rule)

    def wald_test(self, columns):
        """Test whether some coefficients are all 0.

        Parameters
        ----------
        columns : sequence of int

        Returns
        -------
        statistic : float
            Chi-squared for normal intervals; F, chi-squared over its degrees of freedom, for Hartung-Knapp ones (Knapp
            and Hartung 2003, Stat Med 22:2693).
        df : int
        p : float
        """
        columns = list(columns)
        statistic, m = chi_squared_of(self.coefficients[columns], self.covariance[np.ix_(columns, columns)]), len(columns)
        if math.isnan(self.df):
            return statistic, m, float(chdtrc(m, statistic))
        return statistic / m, m, float(fdtrc(m, self.df, statistic / m))


def chi_squared_of(estimates, covariance):
    """``b' V⁻¹ b``; where V is 0, after a perfect fit, infinite, or NaN for estimates of 0."""
    if not covariance.any():
        return math.inf if estimates.any() else NAN
    return float(estimates @ np.linalg.solve(covariance, estimates))


def weighted_coefficients(yi, w, design):
    """Weighted least squares by QR.

    Parameters
    ----------
    yi, w : ndarray, shape (k,)
    design : ndarray, shape (k, p)

    Returns
    -------
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        ``(X'W X)⁻¹``.
    squares : float
        ``sum(w (y - fitted)²)``.
    """
    root = np.sqrt(w)
    q, r = np.linalg.qr(design * root[:, None])
    coefficients = np.linalg.solve(r, q.T @ (root * yi))
    inverse = np.linalg.inv(r)
    return coefficients, inverse @ inverse.T, float(np.sum(w * (yi - design @ coefficients) ** 2))


@dataclass(frozen=True)
class _Estimates:
    """Coefficients and what they need; the attributes are those of `LinearFit`."""

    tau2: float
    coefficients: np.ndarray
    covariance: np.ndarray
    df: float
    scale: float
    factor: float


def coefficients_of(yi, vi, design, settings):
    """As `fit_linear`, without the interval of tau2: for fits by the thousand."""
    k, p = design.shape
    tau2 = estimate_tau2(yi, vi, settings.tau2, design=design)
    coefficients, covariance, squares = weighted_coefficients(yi, 1 / (vi + tau2), design)
    if settings.ci == "wald":
        return _Estimates(tau2, coefficients, covariance, NAN, NAN, NAN)
    scale = squares / (k - p)
    # DerSimonian and Laird's interval is one of a mean; with moderators the floor always acts
    factor = hartung_knapp_factor(scale, settings.ci, falls_short=lambda: True)
    return _Estimates(tau2, coefficients, covariance * factor, float(k - p), scale, factor)


def fit_linear(yi, vi, design, settings):
    """Fit a mixed-effects linear model.

    Coefficients by weighted least squares with ``w = 1 / (vi + tau2)``; the Hartung-Knapp factor is
    ``sum(w (y - fitted)²) / (k - p)``, with t and F of k - p degrees of freedom (Knapp and Hartung 2003, Stat Med 22:2693).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    design : ndarray, shape (k, p)
        Of full column rank, p below k.
    settings : ModelSettings

    Returns
    -------
    LinearFit

    Examples
    --------
    >>> yi, vi = np.array([0.1, 0.4, 0.5, 0.9]), np.full(4, 0.02)
    >>> design = np.column_stack([np.ones(4), np.arange(4.0)])
    >>> fit_linear(yi, vi, design, ModelSettings(ci="wald")).coefficients.round(2).tolist()
    [0.1, 0.25]
    """
    estimates = coefficients_of(yi, vi, design, settings)
    limits = tau2_interval(yi, vi, settings.level, rule=settings.tau2_ci, method=settings.tau2, design=design)
    return LinearFit(
        design, estimates.coefficients, estimates.covariance, estimates.tau2, *limits,
        estimates.df, estimates.scale, estimates.factor, settings,
    )
