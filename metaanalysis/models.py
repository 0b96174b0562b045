"""The two models of a meta-analysis, each from effects and variances to one estimate, and the heterogeneity."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.tau2 import estimate_tau2, tau2_interval

CI_METHODS = ("hk-adhoc", "hk", "wald")
PREDICTIONS = ("t", "riley", "normal")
NAN = math.nan


def _frozen(values):
    array = np.array(values, dtype=float)
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class FixedEffect:
    """A fixed-effect (common-effect) estimate.

    Attributes
    ----------
    method : {"IV", "MH", "Peto"}
    estimate, se, ci_low, ci_high, p : float
        On the analysis scale (log for ratios).
    statistic : float
        z of the test for overall effect.
    weights : ndarray, shape (k,)
        Percent, in sum 100.
    """

    method: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    statistic: float
    weights: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "weights", _frozen(self.weights))

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {name: getattr(self, name) for name in ("method", "estimate", "se", "ci_low", "ci_high", "p")}


@dataclass(frozen=True)
class RandomEffects:
    """A random-effects estimate.

    Attributes
    ----------
    method : str
        Estimator of tau2.
    ci : {"hk-adhoc", "hk", "wald"}
        How the interval was made; ``"wald"`` also for a single study, whatever was asked for.
    estimate, se, ci_low, ci_high, p : float
    statistic, df : float
        t with its degrees of freedom, or z and NaN.
    tau2, tau2_ci_low, tau2_ci_high : float
        NaN for a single study.
    prediction_low, prediction_high : float
        NaN below 3 studies.
    prediction_rule : str
        How the prediction interval was made, or why there is none.
    scale : float
        The Hartung-Knapp variance factor before any floor; NaN for ``"wald"``.
    weights : ndarray, shape (k,)
        Percent, in sum 100.
    """

    method: str
    ci: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    statistic: float
    df: float
    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
    prediction_low: float
    prediction_high: float
    prediction_rule: str
    scale: float
    weights: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "weights", _frozen(self.weights))

    @property
    def floored(self):
        """Whether the ad hoc floor raised the Hartung-Knapp variance."""
        return self.ci == "hk-adhoc" and self.scale < 1

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        names = ("method", "ci", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high")
        predicted = ("prediction_low", "prediction_high", "prediction_rule")
        return {name: getattr(self, name) for name in names + predicted}


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
        From tau2, as metafor defines them; i2 in percent. With the DerSimonian-Laird estimator they equal the
        definition from Q of Higgins and Thompson; with others they do not.
    """

    q: float
    df: int
    p: float
    i2: float
    h2: float

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {name: getattr(self, name) for name in ("q", "df", "p", "i2", "h2")}


@dataclass(frozen=True)
class ModelSettings:
    """What a random-effects model is told.

    Attributes
    ----------
    tau2 : str
        Estimator; see `metaanalysis.tau2.estimate_tau2`.
    ci : {"hk-adhoc", "hk", "wald"}
        Hartung-Knapp with the ad hoc floor, without, or normal.
    level : float
        Of all intervals.
    prediction : {"t", "riley", "normal"}
        t with k - 1 degrees of freedom, t with k - 2, or normal.
    """

    tau2: str = "REML"
    ci: str = "hk-adhoc"
    level: float = 0.95
    prediction: str = "t"

    def __post_init__(self):
        if self.ci not in CI_METHODS:
            raise MetaAnalysisError(f"The interval method is {self.ci!r}; expected one of {', '.join(CI_METHODS)}.")
        if self.prediction not in PREDICTIONS:
            raise MetaAnalysisError(f"The prediction rule is {self.prediction!r}; expected one of {', '.join(PREDICTIONS)}.")
        if not 0 < self.level < 1:
            raise MetaAnalysisError(f"The level is {self.level!r}; expected a number between 0 and 1, such as 0.95.")


def normal_test(estimate, se, level):
    """``(ci_low, ci_high, z, p)`` of a normal estimate, two-sided."""
    half, z = ndtri(0.5 + level / 2) * se, estimate / se
    return estimate - half, estimate + half, z, 2 * float(ndtr(-abs(z)))


def fixed_effect(yi, vi, level=0.95):
    """Inverse-variance fixed effect.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    level : float

    Returns
    -------
    FixedEffect

    Examples
    --------
    >>> import numpy as np
    >>> fixed_effect(np.array([0.0, 1.0]), np.array([1.0, 1.0])).estimate
    0.5
    """
    w = 1 / vi
    total = w.sum()
    estimate, se = float(w.dot(yi) / total), float(total**-0.5)
    low, high, z, p = normal_test(estimate, se, level)
    return FixedEffect("IV", estimate, se, float(low), float(high), p, float(z), 100 * w / total)


def _t_test(estimate, se, df, level):
    half = stdtrit(df, 0.5 + level / 2) * se
    t = estimate / se if se > 0 else math.copysign(math.inf, estimate) if estimate else NAN
    return estimate - half, estimate + half, t, 2 * float(stdtr(df, -abs(t)))


def _prediction(estimate, se, tau2, k, settings):
    """Limits and rule of the prediction interval (Higgins, Thompson and Spiegelhalter 2009, JRSS A 172:137, eq. 12).

    ``estimate ± quantile * sqrt(tau2 + se²)`` with the standard error of the interval in use. With k - 1 degrees of
    freedom it is the rule of metafor for Hartung-Knapp intervals; the paper's own is k - 2 (``"riley"``).
    """
    if k < 3:
        return NAN, NAN, "none below 3 studies"
    error = "Wald SE" if settings.ci == "wald" else "Hartung-Knapp SE"
    if settings.prediction == "normal":
        quantile, rule = ndtri(0.5 + settings.level / 2), f"normal, {error}"
    else:
        df = k - (1 if settings.prediction == "t" else 2)
        quantile, rule = stdtrit(df, 0.5 + settings.level / 2), f"t, k - {k - df} = {df} df, {error}"
    half = quantile * math.sqrt(tau2 + se * se)
    return float(estimate - half), float(estimate + half), rule


def _single_study(yi, vi, settings):
    estimate, se = float(yi[0]), float(vi[0]) ** 0.5
    low, high, z, p = normal_test(estimate, se, settings.level)
    return RandomEffects(
        settings.tau2, "wald", estimate, se, float(low), float(high), p, z, NAN, NAN, NAN, NAN, NAN, NAN,
        "none below 3 studies", NAN, [100.0],
    )


def random_effects(yi, vi, settings=None):
    """Random effects with a Hartung-Knapp or normal interval.

    The Hartung-Knapp variance is ``q / sum(w)`` with ``q = sum(w (yi - mu)²) / (k - 1)`` and t with k - 1 degrees of
    freedom (Hartung and Knapp 2001, Stat Med 20:3875, eq. 9); the ad hoc form takes ``max(1, q)`` (Knapp and Hartung
    2003, Stat Med 22:2693; Röver, Knapp and Friede 2015, BMC MRM 15:99). A single study keeps its own normal interval.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    settings : ModelSettings, optional

    Returns
    -------
    RandomEffects
    """
    settings = settings or ModelSettings()
    k = len(yi)
    if k == 1:
        return _single_study(yi, vi, settings)
    tau2 = estimate_tau2(yi, vi, settings.tau2)
    w = 1 / (vi + tau2)
    total = w.sum()
    estimate, se, df, scale = float(w.dot(yi) / total), float(total**-0.5), NAN, NAN
    if settings.ci == "wald":
        low, high, statistic, p = normal_test(estimate, se, settings.level)
    else:
        df, scale = float(k - 1), float(w.dot((yi - estimate) ** 2)) / (k - 1)
        se *= math.sqrt(max(1.0, scale) if settings.ci == "hk-adhoc" else scale)
        low, high, statistic, p = _t_test(estimate, se, df, settings.level)
    tau2_low, tau2_high = tau2_interval(yi, vi, settings.level)
    predicted = _prediction(estimate, se, tau2, k, settings)
    return RandomEffects(
        settings.tau2, settings.ci, estimate, se, float(low), float(high), p, float(statistic), df,
        tau2, tau2_low, tau2_high, *predicted, scale, 100 * w / total,
    )


def no_fixed_effect(method, weights):
    """Give a fixed effect without an estimate, for effects that cannot be pooled.

    Parameters
    ----------
    method : str
    weights : ndarray, shape (k,)

    Returns
    -------
    FixedEffect
        NaN in all numbers but the weights.
    """
    return FixedEffect(method, *[NAN] * 6, weights)


def no_random_effects(settings, weights, why):
    """Give a random-effects result without an estimate, for effects that cannot be pooled.

    Parameters
    ----------
    settings : ModelSettings
    weights : ndarray, shape (k,)
    why : str
        Told as the prediction rule.

    Returns
    -------
    RandomEffects
        NaN in all numbers but the weights.
    """
    return RandomEffects(settings.tau2, settings.ci, *[NAN] * 12, why, NAN, weights)


def heterogeneity(yi, vi, tau2):
    """Q, and I2 and H2 from tau2.

    ``I2 = 100 tau2 / (tau2 + s2)`` and ``H2 = (tau2 + s2) / s2`` with the typical variance within studies
    ``s2 = (k - 1) sum(w) / (sum(w)² - sum(w²))``, ``w = 1 / vi`` (Higgins and Thompson 2002, Stat Med 21:1539, eq. 9).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    tau2 : float

    Returns
    -------
    Heterogeneity
        NaN in all but `q` and `df` for a single study.
    """
    df = len(yi) - 1
    if df == 0:
        return Heterogeneity(0.0, 0, NAN, NAN, NAN)
    w = 1 / vi
    total = w.sum()
    q = float(w.dot((yi - w.dot(yi) / total) ** 2))
    typical = float(df * total / (total * total - w.dot(w)))
    return Heterogeneity(q, df, float(chdtrc(df, q)), 100 * tau2 / (tau2 + typical), (tau2 + typical) / typical)
