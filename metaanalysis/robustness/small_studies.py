"""Small-study effects: whether small studies show other effects than large ones, as they do where some went unpublished."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.linear import fit_linear
from metaanalysis.models import ModelSettings

SMALL_STUDY_MINIMUM = 10
"""Studies below which funnel-plot methods are not offered (Sterne et al. 2011, BMJ 343:d4002)."""


@dataclass(frozen=True)
class AsymmetryTest:
    """A regression test of funnel asymmetry.

    Attributes
    ----------
    method : {"Egger", "Egger, mixed effects", "Harbord", "Peters"}
    k : int
        Studies used.
    bias, se : float
        Slope of the effect on the measure of its imprecision, and its standard error; Egger's and Harbord's intercept.
    t, df, p : float
    """

    method: str
    k: int
    bias: float
    se: float
    t: float
    df: int
    p: float

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {"t": self.t, "df": self.df, "p": self.p}


@dataclass(frozen=True)
class RankTest:
    """Begg's rank correlation.

    Attributes
    ----------
    k : int
    tau : float
        Kendall's.
    p : float
    """

    k: int
    tau: float
    p: float

    def to_dict(self):
        """Plain numbers."""
        return {"tau": self.tau, "p": self.p}


def require_small_studies(k, method, minimum=SMALL_STUDY_MINIMUM):
    """Refuse a funnel-plot method on too few studies.

    Raises
    ------
    MetaAnalysisError
    """
    if k < minimum:
        raise MetaAnalysisError(
            f"{method} saw {k} {'study' if k == 1 else 'studies'}; expected {minimum} or more, "
            "since with fewer its power is too low to tell chance from asymmetry (Sterne et al. 2011): leave it out."
        )


def _require_precisions(method, predictor):
    k = len(predictor)
    if k < 3 or np.ptp(predictor) == 0:
        raise MetaAnalysisError(
            f"{method}'s test saw {k} studies of {len(np.unique(predictor))} different precisions; it needs 3 studies and 2 precisions: leave the test out."
        )


def slope_test(method, effect, predictor, weight):
    """Test the slope of a weighted regression, its dispersion estimated from the residuals.

    Parameters
    ----------
    method : str
        Whose test it is.
    effect, predictor, weight : ndarray, shape (k,)

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    MetaAnalysisError
        Below 3 studies, or where all predictors are equal.
    """
    k = len(effect)
    _require_precisions(method, predictor)
    centred = predictor - np.average(predictor, weights=weight)
    spread = weight.dot(centred**2)
    slope = (weight * centred).dot(effect) / spread
    residual = effect - np.average(effect, weights=weight) - slope * centred
    se = math.sqrt(weight.dot(residual**2) / (k - 2) / spread)
    t = slope / se if se > 0 else math.nan
    return AsymmetryTest(method, k, float(slope), se, float(t), k - 2, 2 * float(stdtr(k - 2, -abs(t))))


def egger(yi, vi, *, minimum=SMALL_STUDY_MINIMUM):
    """Egger's test for small-study effects (Egger et al. 1997, BMJ 315:629).

    The standard normal deviate is regressed on precision and the intercept tested; the same line as of the effects on
    their standard errors, weighted by inverse variance, whose slope is the intercept.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Not all `vi` equal.
    minimum : int
        Studies below which the test is refused.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> import numpy as np
    >>> sei = np.linspace(0.1, 0.6, 12)
    >>> round(egger(0.1 + 2 * sei + 0.01 * np.cos(np.arange(12)), sei**2).bias, 1)
    2.0
    """
    require_small_studies(len(yi), "Egger's test", minimum)
    return slope_test("Egger", yi, np.sqrt(vi), 1 / vi)


def egger_mixed(yi, vi, settings=None, *, minimum=SMALL_STUDY_MINIMUM):
    """Egger's test with a variance between studies (Sterne and Egger 2005, in Rothstein et al., Publication Bias, ch. 6).

    A meta-regression of the effects on their standard errors.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Not all `vi` equal.
    settings : ModelSettings, optional
    minimum : int
        Studies below which the test is refused.

    Returns
    -------
    AsymmetryTest
        `df` is NaN and `t` normal with Wald intervals.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> import numpy as np
    >>> sei = np.linspace(0.1, 0.6, 12)
    >>> round(egger_mixed(0.1 + 2 * sei + 0.01 * np.cos(np.arange(12)), sei**2).bias, 1)
    2.0
    """
    require_small_studies(len(yi), "Egger's test", minimum)
    _require_precisions("Egger", np.sqrt(vi))
    fit = fit_linear(yi, vi, np.column_stack([np.ones(len(yi)), np.sqrt(vi)]), settings or ModelSettings())
    bias, se = float(fit.coefficients[1]), float(fit.covariance[1, 1] ** 0.5)
    statistic, p = fit.test(bias, se)
    return AsymmetryTest("Egger, mixed effects", len(yi), bias, se, statistic, fit.df, p)


def begg(yi, vi, *, minimum=SMALL_STUDY_MINIMUM):
    """Begg's rank test (Begg and Mazumdar 1994, Biometrics 50:1088).

    Kendall's tau of ``(yi - mu) / sqrt(vi - 1 / sum(1 / vi))`` and ``vi`` around the fixed effect ``mu``; the p-value is exact
    without ties and normal with them.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    minimum : int

    Returns
    -------
    RankTest

    Raises
    ------
    MetaAnalysisError
    """
    from scipy.stats import kendalltau

    k = len(yi)
    require_small_studies(k, "Begg's test", minimum)
    if np.ptp(vi) == 0:
        raise MetaAnalysisError(f"Begg's test saw {k} studies of one precision; it needs 2 precisions: leave the test out.")
    w = 1 / vi
    deviate = (yi - np.average(yi, weights=w)) / np.sqrt(vi - 1 / w.sum())
    has_ties = len(np.unique(deviate)) < k or len(np.unique(vi)) < k
    result = kendalltau(deviate, vi, method="asymptotic" if has_ties else "exact")
    return RankTest(k, float(result.statistic), float(result.pvalue))
