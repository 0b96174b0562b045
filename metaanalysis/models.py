"""The two models of a meta-analysis, each from effects and variances to one estimate."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.spread import Heterogeneity
from metaanalysis.tau2 import INTERVALS, estimate_tau2, tau2_interval

CI_METHODS = ("hk-adhoc", "hk", "wald", "hk-iqwig")
PREDICTIONS = ("t", "riley", "normal")
SUBGROUP_TAU2 = ("separate", "common")
NAN = math.nan
NO_HETEROGENEITY = Heterogeneity(NAN, 0, NAN, NAN, NAN)

_CHOICES = (
    ("ci", "interval method", CI_METHODS),
    ("prediction", "prediction rule", PREDICTIONS),
    ("tau2_ci", "interval of tau2", INTERVALS),
    ("subgroup_tau2", "tau2 of subgroups", SUBGROUP_TAU2),
)


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
    ci : {"hk-adhoc", "hk", "wald", "hk-iqwig"}
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
    factor : float
        The variance factor in force, floored or not; NaN for ``"wald"``.
    tau2_ci : {"QP", "BJ", "J", "PL"}
        How the interval of tau2 was made.
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
    factor: float = NAN
    tau2_ci: str = "QP"

    def __post_init__(self):
        object.__setattr__(self, "weights", _frozen(self.weights))

    @property
    def floored(self):
        """Whether an ad hoc floor raised the Hartung-Knapp variance."""
        return self.factor > self.scale

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        names = ("method", "ci", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high")
        predicted = ("tau2_ci", "prediction_low", "prediction_high", "prediction_rule")
        return {name: getattr(self, name) for name in names + predicted}


@dataclass(frozen=True)
class ModelSettings:
    """What a random-effects model is told.

    Attributes
    ----------
    tau2 : str
        Estimator; see `metaanalysis.tau2.estimate_tau2`.
    ci : {"hk-adhoc", "hk", "wald", "hk-iqwig"}
        Hartung-Knapp with the ad hoc floor, without, normal, or with the floor only where the interval would be narrower
        than the normal one of DerSimonian and Laird.
    level : float
        Of all intervals.
    prediction : {"t", "riley", "normal"}
        t with k - 1 degrees of freedom, t with k - 2, or normal, always with the standard error of the interval in use; beside
        normal intervals these are ``"V"``, ``"HTS"`` and ``"S"`` of the R package meta.
    tau2_ci : {"QP", "BJ", "J", "PL"}
        Interval of tau2; see `metaanalysis.tau2.tau2_interval`.
    subgroup_tau2 : {"separate", "common"}
        Whether subgroups have a tau2 each or share one; see `metaanalysis.subgroups`.
    """

    tau2: str = "REML"
    ci: str = "hk-adhoc"
    level: float = 0.95
    prediction: str = "t"
    tau2_ci: str = "QP"
    subgroup_tau2: str = "separate"

    def __post_init__(self):
        for name, what, known in _CHOICES:
            if getattr(self, name) not in known:
                raise MetaAnalysisError(f"The {what} is {getattr(self, name)!r}; expected one of {', '.join(known)}.")
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


def t_test(estimate, se, df, level):
    """``(ci_low, ci_high, t, p)`` of an estimate whose variance is estimated with `df` degrees of freedom, two-sided."""
    half = stdtrit(df, 0.5 + level / 2) * se
    t = estimate / se if se > 0 else math.copysign(math.inf, estimate) if estimate else NAN
    return estimate - half, estimate + half, t, 2 * float(stdtr(df, -abs(t)))


def prediction_interval(estimate, se, tau2, settings, *, k, n_coefficients=1):
    """Limits and rule of the prediction interval (Higgins, Thompson and Spiegelhalter 2009, JRSS A 172:137, eq. 12).

    ``estimate ± quantile * sqrt(tau2 + se²)`` with the standard error of the interval in use. With k - 1 degrees of
    freedom it is the rule of metafor for Hartung-Knapp intervals; the paper's own is k - 2 (``"riley"``). With
    moderators 1 is the number of coefficients.

    Parameters
    ----------
    estimate, se : float or ndarray
    tau2 : float
    settings : ModelSettings
    k, n_coefficients : int

    Returns
    -------
    low, high : float or ndarray
    rule : str
    """
    error = "Wald SE" if settings.ci == "wald" else "Hartung-Knapp SE"
    lost = n_coefficients + (settings.prediction == "riley")
    if settings.prediction == "normal":
        quantile, rule = ndtri(0.5 + settings.level / 2), f"normal, {error}"
    elif k > lost:
        quantile, rule = stdtrit(k - lost, 0.5 + settings.level / 2), f"t, k - {lost} = {k - lost} df, {error}"
    else:
        quantile, rule = NAN, f"none with {k} studies and k - {lost} df"
    half = quantile * np.sqrt(tau2 + se * se)
    return estimate - half, estimate + half, rule


def _prediction(estimate, se, tau2, k, settings):
    if k < 3:
        return NAN, NAN, "none below 3 studies"
    low, high, rule = prediction_interval(estimate, se, tau2, settings, k=k)
    return float(low), float(high), rule


def hartung_knapp_factor(scale, ci, *, falls_short=None):
    """Variance factor of a Hartung-Knapp interval.

    Parameters
    ----------
    scale : float
        ``q = sum(w (yi - fitted)²) / df``.
    ci : {"hk", "hk-adhoc", "hk-iqwig"}
        ``q``; ``max(1, q)`` (Knapp and Hartung 2003, Stat Med 22:2693); ``max(1, q)`` only where the interval with ``q``
        is narrower than DerSimonian and Laird's (IQWiG 2022, General Methods 6.1; "IQWiG6" of the R package meta).
    falls_short : callable, optional
        Tells, for ``"hk-iqwig"``, whether it is.

    Returns
    -------
    float
    """
    floored = ci == "hk-adhoc" or (ci == "hk-iqwig" and scale < 1 and falls_short())
    return max(1.0, scale) if floored else scale


def _single_study(yi, vi, settings):
    estimate, se = float(yi[0]), float(vi[0]) ** 0.5
    low, high, z, p = normal_test(estimate, se, settings.level)
    return RandomEffects(
        settings.tau2, "wald", estimate, se, float(low), float(high), p, z, NAN, NAN, NAN, NAN, NAN, NAN,
        "none below 3 studies", NAN, [100.0], tau2_ci=settings.tau2_ci,
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
    estimate, se, df, scale, factor = float(w.dot(yi) / total), float(total**-0.5), NAN, NAN, NAN
    if settings.ci == "wald":
        low, high, statistic, p = normal_test(estimate, se, settings.level)
    else:
        df, scale = float(k - 1), float(w.dot((yi - estimate) ** 2)) / (k - 1)
        unscaled = se
        factor = hartung_knapp_factor(scale, settings.ci, falls_short=lambda: _is_narrower(unscaled * math.sqrt(scale), yi, vi, settings.level))
        se *= math.sqrt(factor)
        low, high, statistic, p = t_test(estimate, se, df, settings.level)
    limits = tau2_interval(yi, vi, settings.level, rule=settings.tau2_ci, method=settings.tau2)
    predicted = _prediction(estimate, se, tau2, k, settings)
    return RandomEffects(
        settings.tau2, settings.ci, estimate, se, float(low), float(high), p, float(statistic), df,
        tau2, *limits, *predicted, scale, 100 * w / total, factor, settings.tau2_ci,
    )


def _is_narrower(se, yi, vi, level):
    """Whether a Hartung-Knapp interval is narrower than the normal one of DerSimonian and Laird."""
    usual = np.sum(1 / (vi + estimate_tau2(yi, vi, "DL"))) ** -0.5
    return stdtrit(len(yi) - 1, 0.5 + level / 2) * se < ndtri(0.5 + level / 2) * usual


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
    return RandomEffects(settings.tau2, settings.ci, *[NAN] * 12, why, NAN, weights, tau2_ci=settings.tau2_ci)
