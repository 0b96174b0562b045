"""The one-stage analysis: all patients in one Cox model, stratified by trial, the treatment's effect fixed or random.

Fixed: every trial has its own baseline hazard, all share one log hazard ratio b. Random: the log hazard ratio of trial j
is b + u_j with u_j normal of variance tau2. The strata part the partial likelihood into one function of a single number
per trial, l_j(b + u_j), so that nothing but these functions, their score U_j and information I_j is needed.

Examples
--------
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> one_stage(Patients.of(table))
<OneStage: HR 0.47 [95 % CI 0.14 to 1.62], fixed, 2 trials, 11 events>
>>> one_stage(Patients.of(table), effect="random").tau2
0.0
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from metaanalysis.errors import MetaAnalysisError, NothingToPool
from metaanalysis.measures import ratio_of
from metaanalysis.models import normal_test
from metaanalysis.patients.risk_sets import EventRows, cox
from metaanalysis.patients.rubin import between_draws

EFFECTS = ("fixed", "random")
TAU2_METHODS = ("REML", "ML")
_MOST_STEPS, _SMALLEST_STEP = 100, 1e-11
_GRID = 4.0 ** np.arange(-7, 2)  # in squares of the least spread that would be seen; where the likelihood is searched
_TAU2_PRECISION, _FLAT = 1e-13, 1e-10


@dataclass(frozen=True, repr=False)
class OneStage:
    """The result of a one-stage model.

    Attributes
    ----------
    effect : {"fixed", "random"}
    estimate, se, ci_low, ci_high, p : float
        Log hazard ratio, its standard error with the variance between data sets, normal interval and test.
    statistic : float
        z.
    tau2 : float
        Variance of the log hazard ratio between trials; NaN where the effect is fixed, and for a single trial.
    method : {"REML", "ML", ""}
        Estimator of tau2.
    log_likelihood : float
        Partial (fixed), or integrated by Laplace's approximation (random; restricted under REML), up to a constant.
    study : tuple of str
    slopes : ndarray, shape (k,)
        Log hazard ratio of each trial in the model: b, or b + u_j, drawn towards b.
    n_events : int
        While both arms are at risk.
    within, added : float
        Sampling variance of the estimate, and the variance between data sets by Rubin's rules.
    n_draws : int
        Joint draws of all trials that `added` is from.
    level : float
    notes : tuple of str
    """

    effect: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    statistic: float
    tau2: float
    method: str
    log_likelihood: float
    study: tuple = field(repr=False)
    slopes: np.ndarray = field(repr=False)
    n_events: int
    within: float
    added: float
    n_draws: int
    level: float
    notes: tuple = ()

    def __post_init__(self):
        self.slopes.setflags(write=False)

    def __repr__(self):
        ratio, low, high = (ratio_of(value) for value in (self.estimate, self.ci_low, self.ci_high))
        tau2 = f", tau² = {self.tau2:.4f} ({self.method})" if self.effect == "random" else ""
        return f"<OneStage: HR {ratio:.2f} [{100 * self.level:g} % CI {low:.2f} to {high:.2f}], {self.effect}{tau2}, {len(self.study)} trials, {self.n_events} events>"

    @property
    def reconstruction_share(self):
        """Share of the variance that is due to the choice of data sets, in [0, 1]."""
        return self.added / (self.within + self.added)

    def to_frame(self):
        """One row per trial: ``study, slope``."""
        return pd.DataFrame({"study": self.study, "slope": self.slopes})

    def to_dict(self):
        """Plain numbers and strings; None for what the model has not."""
        names = ("effect", "estimate", "se", "ci_low", "ci_high", "p", "log_likelihood", "n_events", "n_draws", "level")
        record = {name: getattr(self, name) for name in names}
        record |= {"tau2": None if math.isnan(self.tau2) else self.tau2, "method": self.method}
        record |= {"sampling_se": math.sqrt(self.within), "reconstruction_se": math.sqrt(self.added), "reconstruction_share": self.reconstruction_share}
        record["slopes"] = [{"study": name, "slope": float(slope)} for name, slope in zip(self.study, self.slopes, strict=True)]
        return record | {"notes": list(self.notes)}


@dataclass(frozen=True)
class _Trials:
    """The partial likelihood of each trial as a function of its own log hazard ratio, shape (k,) in and out."""

    rows: EventRows
    k: int

    def at(self, slopes):
        """Log likelihood up to a constant, score, information, and the slope of the information."""
        rows, k = self.rows, self.k
        weight = rows.n_treatment * np.exp(slopes)[rows.pair]
        total = rows.n_reference + weight
        chance = weight / total
        v = chance * (1 - chance)
        likelihood = np.bincount(rows.pair, rows.observed * slopes[rows.pair] - np.log(total), k)
        score = np.bincount(rows.pair, rows.observed - chance, k)
        return likelihood, score, np.bincount(rows.pair, v, k), np.bincount(rows.pair, v * (1 - 2 * chance), k)


@dataclass(frozen=True)
class _Fit:
    """The penalised fit at one tau2.

    `height` is the log likelihood with the trials' effects integrated out, `rise` its derivative by tau2.
    """

    b: float
    slopes: np.ndarray
    variance: float
    height: float
    rise: float


def _penalised(trials, tau2, b, slopes):
    """Maximise ``sum(l_j(b + u_j)) - sum(u_j²) / (2 tau2)`` in b and all u_j, from a start; tau2 is positive.

    Newton's steps solved trial by trial: with ``a_j = I_j / (1 + tau2 I_j)`` and the residuals ``r_j = tau2 U_j - u_j``
    the step of b is ``sum(U_j - r_j I_j / (1 + tau2 I_j)) / sum(a_j)``. The function is concave, and a step is halved
    until it does not fall.
    """
    at = trials.at(slopes)
    height = at[0].sum() - np.sum((slopes - b) ** 2) / (2 * tau2)
    for _ in range(_MOST_STEPS):
        score, information = at[1], at[2]
        shrink, residual = 1 / (1 + tau2 * information), tau2 * score - (slopes - b)
        step = np.sum(score - residual * information * shrink) / np.sum(information * shrink)
        steps = step + (residual - tau2 * information * step) * shrink
        size = max(abs(step), np.abs(steps).max())
        for _ in range(_MOST_STEPS):
            proposal = trials.at(slopes + steps)
            reached = proposal[0].sum() - np.sum((slopes + steps - b - step) ** 2) / (2 * tau2)
            if reached >= height - 1e-12 * abs(height) or size < 1e-8:
                break
            step, steps = step / 2, steps / 2
        b, slopes, at, height = b + step, slopes + steps, proposal, reached
        if size <= _SMALLEST_STEP * (1 + abs(b)):
            break
    return b, slopes, at, height


def _fit(trials, tau2, start, restricted):
    """Fit at one tau2 from a start ``(b, slopes)``.

    The log likelihood integrated over u by Laplace's approximation is ``PPL - 1/2 sum(log(1 + tau2 I_j))``, PPL the
    maximum of `_penalised` (Ripatti and Palmgren 2000); REML also integrates over b:
    ``- 1/2 log(sum(a_j))``. The derivative is exact: that of PPL is ``sum(u_j²) / (2 tau2²)``, and the others follow from
    how the slopes move, ``d slope_j = (db + U_j) / (1 + tau2 I_j)`` with ``db = - sum(a_j U_j) / sum(a_j)``.
    """
    if tau2 > 0:
        b, slopes, (_, score, information, skew), height = _penalised(trials, tau2, *start)
    else:
        b, slopes = start
        likelihood, score, information, skew = trials.at(slopes)
        height = likelihood.sum()
    shrink = 1 / (1 + tau2 * information)
    a = information * shrink
    moved = (score - np.sum(a * score) / a.sum()) * shrink
    height -= 0.5 * np.log1p(tau2 * information).sum()
    rise = 0.5 * np.sum(score**2) - 0.5 * np.sum((information + tau2 * skew * moved) * shrink)
    if restricted:
        height -= 0.5 * math.log(a.sum())
        rise -= 0.5 * np.sum((skew * moved - information**2) * shrink**2) / a.sum()
    return _Fit(float(b), slopes, float(1 / a.sum()), float(height), float(rise))


def _random(trials, b, restricted):
    """The fit at the tau2 of the highest integrated likelihood: best peak of a grid, then the root of the derivative.

    Where the likelihood is flat (a single trial that tells anything) tau2 is 0.
    """
    none = _fit(trials, 0.0, (b, np.full(trials.k, b)), restricted)
    if trials.k == 1:
        return math.nan, none
    information = trials.at(none.slopes)[2]
    unit, flat = 1 / np.median(information[information > 0]), _FLAT * information.sum()
    grid, fits, start = [0.0], [none], (none.b, none.slopes)
    for tau2 in unit * _GRID:
        fits.append(_fit(trials, tau2, start, restricted))
        grid.append(tau2)
        start = (fits[-1].b, fits[-1].slopes)
    while fits[-1].rise > flat and grid[-1] < 1e6:
        grid.append(4 * grid[-1])
        fits.append(_fit(trials, grid[-1], (fits[-1].b, fits[-1].slopes), restricted))
    best = None
    for place, (below, above) in enumerate(zip(fits, fits[1:], strict=False)):
        if below.rise > flat and above.rise <= 0 and (best is None or max(below.height, above.height) > max(fits[best].height, fits[best + 1].height)):
            best = place
    if best is None:
        return (0.0, none) if fits[-1].rise <= flat else (grid[-1], fits[-1])
    start = (fits[best].b, fits[best].slopes)
    tau2 = brentq(lambda tau2: _fit(trials, tau2, start, restricted).rise, *grid[best : best + 2], xtol=_TAU2_PRECISION * unit, rtol=1e-12)
    found = _fit(trials, tau2, start, restricted)
    return (tau2, found) if found.height > none.height else (0.0, none)


@dataclass(frozen=True)
class _Model:
    """What is fitted to one data set per trial."""

    effect: str
    ties: str
    method: str
    between: tuple

    def fit(self, patients):
        """Estimate, variance, tau2, log likelihood, slopes and events compared."""
        sets = patients.risk_sets if self.between is None else patients.risk_sets.between(*self.between)
        (b,), (se,) = cox(sets, np.zeros(patients.k, int), ties=self.ties)
        if not math.isfinite(b):
            raise NothingToPool(
                "Over all trials the events while both arms are at risk lie in one arm, or there are none; expected some in each: "
                "no finite hazard ratio exists. Compare the curves instead."
            )
        trials = _Trials(EventRows.of(sets, ties=self.ties), patients.k)
        n_events = int(sets.events_compared()[0].sum())
        if self.effect == "fixed":
            slopes = np.full(patients.k, b)
            return float(b), float(se**2), math.nan, float(trials.at(slopes)[0].sum()), slopes, n_events
        tau2, fit = _random(trials, b, self.method == "REML")
        return fit.b, fit.variance, float(tau2), fit.height, fit.slopes, n_events


def one_stage(patients, *, effect="fixed", ties="efron", method="REML", level=0.95, between=None):
    """Fit one Cox model to all patients, stratified by trial.

    With a random effect of treatment the likelihood is integrated over the trials' effects by Laplace's approximation
    around the penalised partial likelihood (Ripatti and Palmgren 2000, Biometrics 56:1016; Therneau, Grambsch and
    Pankratz 2003, J Comput Graph Stat 12:156, which R's coxme follows, ML). The variance of b is
    ``1 / sum(1 / (1 / I_j + tau2))``. Where the trials' likelihoods are normal all this is the two-stage model.

    Where trials have draws, the variance of the estimate between joint draws (draw m of every trial that has draws; as
    many as the trial with the fewest has) is added by Rubin's rules.

    Parameters
    ----------
    patients : Patients or StreamedPatients
    effect : {"fixed", "random"}
        Of treatment.
    ties : {"efron", "breslow"}
    method : {"REML", "ML"}
        Estimator of tau2, where the effect is random.
    level : float
    between : (float, float), optional
        A window of time: only events in ``(low, high]`` count.

    Returns
    -------
    OneStage

    Raises
    ------
    NothingToPool
        Where the events of all trials together lie in one arm.
    """
    for name, value, expected in (("effect", effect, EFFECTS), ("method", method, TAU2_METHODS)):
        if value not in expected:
            raise MetaAnalysisError(f"The {name} is {value!r}; expected one of {', '.join(expected)}.")
    model = _Model(effect, ties, method, between)
    own = model.fit(patients.single())
    draws = patients.each_completed(model.fit)
    added = between_draws([found[0] for found in draws]) if draws else 0.0
    b, within, tau2, height, slopes, n_events = own if patients.has_own.all() else _mean(draws)
    se = math.sqrt(within + added)
    low, high, z, p = normal_test(b, se, level)
    told = () if effect == "fixed" or patients.k > 4 else (f"{patients.k} trials tell little of tau²; the normal interval takes it as known and may be too narrow.",)
    return OneStage(
        effect, b, se, float(low), float(high), p, float(z), tau2, method if effect == "random" else "", height,
        patients.study, slopes, n_events, within, added, len(draws), level, told,
    )


def _mean(fits):
    """Means over draws; the events are those of the first."""
    b, within, tau2, height, slopes, n_events = zip(*fits, strict=True)
    return float(np.mean(b)), float(np.mean(within)), float(np.mean(tau2)), float(np.mean(height)), np.mean(slopes, axis=0), n_events[0]
