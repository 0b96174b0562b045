"""Bayesian random-effects meta-analysis, made for few studies: the normal-normal model by quadrature.

``yi ~ N(theta_i, vi)``, ``theta_i ~ N(mu, tau²)``, with a half-normal or half-Cauchy prior for tau and a flat or normal
one for mu. No chains are drawn: given tau everything is normal, and the one integral over tau is done to machine precision
(Röver 2020, J Stat Softw 93(6), as in the R package bayesmeta), so the same input gives the same numbers.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from metaanalysis.bayes.heterogeneity_posterior import PRIORS, TauModel, TauPosterior, tau_posterior
from metaanalysis.bayes.normal_mixtures import NormalMixtures
from metaanalysis.errors import MetaAnalysisError
from metaanalysis.inputs import check_studies
from metaanalysis.measures import as_read, is_ratio
from metaanalysis.plain import plain
from metaanalysis.read_only import hold_read_only

INTERVALS = ("shortest", "central")
RATIO_SCALE = 0.5
"""Scale of the half-normal prior for log ratios (Röver et al. 2021, Res Synth Methods 12:448)."""

NAMES = {"half-normal": "half-normal", "half-cauchy": "half-Cauchy"}
"""Priors of tau as they are written."""

_WITH_DEFAULT_SCALE = ("HR", "RR", "OR")


@dataclass(frozen=True)
class BayesianPrior:
    """What is believed before the data.

    Attributes
    ----------
    tau : {"half-normal", "half-cauchy"}
    scale : float
        Of the prior of tau.
    mu_mean, mu_sd : float
        Of the normal prior of mu; an infinite `mu_sd` is the flat prior.

    Examples
    --------
    >>> pool_bayes([-0.36, -0.11], [0.04, 0.02], measure="HR", mu_prior=(0, 4)).prior
    BayesianPrior(tau='half-normal', scale=0.5, mu_mean=0.0, mu_sd=4.0)
    """

    tau: str
    scale: float
    mu_mean: float = 0.0
    mu_sd: float = math.inf

    def __post_init__(self):
        if self.tau not in PRIORS:
            raise MetaAnalysisError(f"The prior of tau is {self.tau!r}; expected one of {', '.join(PRIORS)}.")
        if not (0 < self.scale < math.inf):
            raise MetaAnalysisError(f"The scale of the prior of tau is {self.scale!r}; expected a number above 0, such as 0.5 for log ratios.")
        if not (math.isfinite(self.mu_mean) and self.mu_sd > 0):
            raise MetaAnalysisError(
                f"The prior of mu has the mean {self.mu_mean!r} and the standard deviation {self.mu_sd!r}; expected a finite mean and a positive deviation: mu_prior=(0, 4)."
            )

    @property
    def is_flat(self):
        """Whether mu has a flat prior."""
        return math.isinf(self.mu_sd)

    def __str__(self):
        mu = "flat" if self.is_flat else f"normal({self.mu_mean:g}, {self.mu_sd:g})"
        return f"tau {NAMES[self.tau]}({self.scale:g}), mu {mu}"

    def to_dict(self):
        """Plain numbers and strings; the standard deviation of a flat prior is infinite."""
        return {"tau": self.tau, "scale": self.scale, "mu": "flat" if self.is_flat else "normal", "mu_mean": self.mu_mean, "mu_sd": self.mu_sd}


@dataclass(frozen=True)
class Posterior:
    """Summary of one posterior distribution, on the analysis scale.

    Attributes
    ----------
    mean, sd, median, mode : float
        Mean and standard deviation are NaN and infinite where they do not exist.
    shortest_low, shortest_high : float
        Of the shortest interval with the stated probability.
    central_low, central_high : float
        Of the interval with equal tails.
    interval : {"shortest", "central"}
        Which of them is meant by `ci_low` and `ci_high`.
    """

    mean: float
    sd: float
    median: float
    mode: float
    shortest_low: float
    shortest_high: float
    central_low: float
    central_high: float
    interval: str

    @property
    def ci_low(self):
        """Lower limit of the credible interval."""
        return getattr(self, f"{self.interval}_low")

    @property
    def ci_high(self):
        """Upper limit of the credible interval."""
        return getattr(self, f"{self.interval}_high")

    def to_dict(self):
        """All numbers by name."""
        names = ("mean", "sd", "median", "mode", "ci_low", "ci_high", "shortest_low", "shortest_high", "central_low", "central_high")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, repr=False)
class BayesianEstimate:
    """Studies pooled with a prior.

    Attributes
    ----------
    measure : str
    study : tuple of str
    yi, vi : ndarray, shape (k,)
    prior : BayesianPrior
    level : float
    mu, tau, prediction : Posterior
        Mean effect, standard deviation between studies, and effect in a new study.
    mu_joint_mode, tau_joint_mode : float
        Where the joint posterior density of both is highest.
    p_below : float
        Posterior probability that mu is below 0: that a ratio is below 1.
    log_marginal_likelihood : float
        NaN under the flat prior of mu, where it has no meaning.
    bayes_factor_homogeneous : float
        For tau = 0 against the prior of tau: the posterior density of tau at 0 over the prior one (Dickey 1971, Ann
        Math Stat 42:204).

    Examples
    --------
    >>> estimate = pool_bayes([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], measure="HR")
    >>> round(estimate.mu.median, 2), round(estimate.p_below, 2), round(estimate.tau.median, 2)
    (-0.27, 0.93, 0.2)
    """

    measure: str
    study: tuple
    yi: np.ndarray = field(repr=False)
    vi: np.ndarray = field(repr=False)
    prior: BayesianPrior
    level: float
    mu: Posterior
    tau: Posterior
    prediction: Posterior
    mu_joint_mode: float
    tau_joint_mode: float
    p_below: float
    log_marginal_likelihood: float
    bayes_factor_homogeneous: float
    _tau_posterior: TauPosterior = field(repr=False)

    def __post_init__(self):
        hold_read_only(self, "yi", "vi")

    def __repr__(self):
        return f"<BayesianEstimate: {self}>"

    def __str__(self):
        values = (self.mu.median, self.mu.ci_low, self.mu.ci_high)
        centre, low, high = as_read(values, ratio=self.is_ratio)
        return (
            f"{self.measure or 'effect'} {centre:.2f} [{100 * self.level:g} % CrI {low:.2f} to {high:.2f}], posterior median, {self.mu.interval} interval, "
            f"k = {self.k}, tau = {self.tau.median:.2f} [{self.tau.ci_low:.2f} to {self.tau.ci_high:.2f}], priors: {self.prior}"
        )

    @property
    def k(self):
        """Number of studies pooled."""
        return len(self.yi)

    @property
    def is_ratio(self):
        """Whether the measure is a ratio, analysed on the log scale."""
        return is_ratio(self.measure)

    @property
    def notes(self):
        """What a reader should know before using the numbers, a tuple of sentences."""
        return tuple(_notes(self))

    def tau_density(self, tau):
        """Posterior density of tau at each of `tau`."""
        return self._tau_posterior.density(tau)

    def tau_prior_density(self, tau):
        """Prior density of tau at each of `tau`, all at or above 0."""
        return np.exp(self._tau_posterior.model.log_prior(np.asarray(tau, float)))

    def mu_density(self, mu):
        """Posterior density of mu at each of `mu`."""
        return _density(_mixtures(self._tau_posterior, "mu"), mu)

    def prediction_density(self, effect):
        """Posterior density of the effect in a new study at each of `effect`."""
        return _density(_mixtures(self._tau_posterior, "prediction"), effect)

    def p_mu_below(self, mu):
        """Posterior probability that the mean effect is below `mu`, on the analysis scale."""
        return float(_mixtures(self._tau_posterior, "mu").cdf(np.array([float(mu)]))[0])

    @cached_property
    def shrinkage(self):
        """Posterior of each study's own effect: ``study, yi, sei, mean, sd, median, ci_low, ci_high``, one row each."""
        mixtures = _study_mixtures(self._tau_posterior)
        low, high = central = mixtures.central_interval(self.level)
        if self.mu.interval == "shortest":
            low, high = mixtures.shortest_interval(self.level, central)
        return pd.DataFrame({
            "study": self.study, "yi": self.yi, "sei": np.sqrt(self.vi), "mean": mixtures.expectation(), "sd": np.sqrt(mixtures.variance()),
            "median": mixtures.quantile(0.5), "ci_low": low, "ci_high": high,
        })

    def to_dict(self):
        """Plain numbers, strings, lists and None."""
        return plain({
            "measure": self.measure, "k": self.k, "level": self.level, "interval": self.mu.interval, "prior": self.prior.to_dict(),
            "mu": self.mu.to_dict(), "tau": self.tau.to_dict(), "prediction": self.prediction.to_dict(),
            "joint_mode": {"mu": self.mu_joint_mode, "tau": self.tau_joint_mode}, "p_below": self.p_below,
            "log_marginal_likelihood": self.log_marginal_likelihood, "bayes_factor_homogeneous": self.bayes_factor_homogeneous,
            "studies": self.shrinkage.to_dict("records"), "notes": list(self.notes),
        })


def _notes(estimate):
    if estimate.k == 1:
        yield "A single study tells nothing of tau: its posterior is its prior."
    elif estimate.k <= 5:
        yield f"{estimate.k} studies: the prior of tau ({NAMES[estimate.prior.tau]}, scale {estimate.prior.scale:g}) weighs; see whether another changes the result."
    if math.isinf(estimate.mu.sd) or math.isinf(estimate.prediction.sd):
        yield "Under this heavy-tailed prior and with so few studies some means or standard deviations do not exist; quantiles do."


def _density(mixtures, x):
    x = np.atleast_1d(np.asarray(x, float))
    return np.array([mixtures.density(np.array([value]))[0] for value in x])


def _mixtures(posterior, what):
    """Normal mixture, over tau, of mu or of the effect in a new study."""
    mean, variance, _ = posterior.model.given(posterior.tau)
    spread = variance if what == "mu" else variance + posterior.tau**2
    return NormalMixtures(posterior.weight, mean[None], np.sqrt(spread)[None])


def _study_mixtures(posterior):
    """Normal mixtures, over tau, of each study's own effect.

    Given tau the mean is ``b mu + (1 - b) yi`` with ``b = vi / (vi + tau²)`` and the variance ``(1 - b) vi + b² var(mu)``.
    """
    yi, vi = posterior.model.yi[:, None], posterior.model.vi[:, None]
    mean, variance, _ = posterior.model.given(posterior.tau)
    share = vi / (vi + posterior.tau**2)
    return NormalMixtures(posterior.weight, share * mean + (1 - share) * yi, np.sqrt((1 - share) * vi + share**2 * variance))


def _summary_of_mixture(mixture, level, interval, moments):
    """Summary of a mixture whose first `moments` moments exist."""
    (mean,), (variance,) = mixture.expectation(), mixture.variance()
    low, median, high = mixture.repeated(3).quantile(np.array([(1 - level) / 2, 0.5, (1 + level) / 2]))
    (shortest_low,), (shortest_high,) = mixture.shortest_interval(level, (np.array([low]), np.array([high])))
    limits = [float(limit) for limit in (shortest_low, shortest_high, low, high)]
    mean, sd = float(mean) if moments >= 1 else math.nan, float(variance**0.5) if moments >= 2 else math.inf
    return Posterior(mean, sd, float(median), mixture.mode(), *limits, interval)


def _summary_of_tau(posterior, level, interval):
    mean, square = posterior.moment(1), posterior.moment(2)
    sd = math.sqrt(max(0.0, square - mean * mean)) if math.isfinite(square) else math.inf
    limits = (*posterior.shortest_interval(level), *posterior.central_interval(level))
    return Posterior(mean, sd, posterior.quantile(0.5), posterior.mode(), *limits, interval)


def _prior(tau_prior, scale, mu_prior, measure):
    if scale is None and measure not in _WITH_DEFAULT_SCALE:
        raise MetaAnalysisError(
            f"The measure is {measure or 'unnamed'} and no scale of the prior of tau is given; {RATIO_SCALE:g} is the default for HR, RR and OR alone: "
            "give scale, in units of the effect."
        )
    mean, sd = (0.0, math.inf) if mu_prior is None else mu_prior
    return BayesianPrior(tau_prior, RATIO_SCALE if scale is None else scale, float(mean), float(sd))


def pool_bayes(yi, vi, *, study=None, measure="", tau_prior="half-normal", scale=None, mu_prior=None, level=0.95, interval="shortest"):
    """Pool effects under the Bayesian random-effects model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects (log scale for ratios) and their variances; k may be 1.
    study : sequence of str, optional
    measure : str
        ``"HR"``, ``"RR"``, ``"OR"``, another, or empty.
    tau_prior : {"half-normal", "half-cauchy"}
        Of the standard deviation between studies.
    scale : float, optional
        Of that prior; 0.5 for HR, RR and OR by default, where tau above 1 then has a probability of 5 % (Röver et al. 2021,
        Res Synth Methods 12:448, who call it weakly informative). To be given for all other measures.
    mu_prior : tuple of (float, float), optional
        Mean and standard deviation of a normal prior of mu, on the analysis scale; flat by default.
    level : float
        Of all intervals.
    interval : {"shortest", "central"}
        Which intervals are reported; both are in the summaries.

    Returns
    -------
    BayesianEstimate

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> print(pool_bayes([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], measure="HR"))
    HR 0.76 [95 % CrI 0.47 to 1.16], posterior median, shortest interval, k = 3, tau = 0.20 [0.00 to 0.66], priors: tau half-normal(0.5), mu flat
    """
    yi, vi, study = check_studies(yi, vi, study)
    prior = _prior(tau_prior, scale, mu_prior, measure)
    if interval not in INTERVALS:
        raise MetaAnalysisError(f"The interval is {interval!r}; expected one of {', '.join(INTERVALS)}.")
    if not 0 < level < 1:
        raise MetaAnalysisError(f"The level is {level!r}; expected a number between 0 and 1, such as 0.95.")
    posterior = tau_posterior(TauModel(yi, vi, prior.tau, prior.scale, prior.mu_mean, prior.mu_sd**-2))
    of_tau = 2 if math.isfinite(posterior.moment(2)) else 1 if math.isfinite(posterior.moment(1)) else 0
    mu = _summary_of_mixture(_mixtures(posterior, "mu"), level, interval, of_tau if prior.is_flat else 2)
    prediction = _summary_of_mixture(_mixtures(posterior, "prediction"), level, interval, of_tau)
    return BayesianEstimate(
        measure, study, yi, vi, prior, level, mu, _summary_of_tau(posterior, level, interval), prediction, *posterior.joint_mode(),
        float(_mixtures(posterior, "mu").cdf(np.zeros(1))[0]), math.nan if prior.is_flat else posterior.log_total,
        float(posterior.density(0.0)[0] / np.exp(posterior.model.log_prior(0.0))), posterior,
    )
