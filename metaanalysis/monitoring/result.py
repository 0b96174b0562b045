"""The result of a trial sequential analysis: a cumulative Z with its boundaries, told in a table and in words."""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtri

from metaanalysis.monitoring.alpha_spending import LEAST_FRACTION
from metaanalysis.plain import plain

STATES = ("benefit", "harm", "futility", "reached", "not reached")


@dataclass(frozen=True)
class SequentialSettings:
    """What a trial sequential analysis is told.

    Attributes
    ----------
    effect : float
        Anticipated ratio or difference; its side is called benefit.
    control_risk : float or None
        Of a binary outcome.
    alpha : float
        Two-sided.
    beta : float
        1 - power.
    model : str
        ``"fixed"``, or the estimator of tau2 of the random-effects model.
    information : {"patients", "events", "statistical"}
    """

    effect: float
    control_risk: float | None = None
    alpha: float = 0.05
    beta: float = 0.1
    model: str = "DL"
    information: str = "statistical"


@dataclass(frozen=True, repr=False)
class SequentialAnalysis:
    """A cumulative meta-analysis with its boundaries, one look after each trial.

    Attributes
    ----------
    measure : str
    settings : SequentialSettings
    study : tuple of str
        In order.
    size : ndarray, shape (k,)
        Cumulative patients, events, or inverse variance.
    fraction : ndarray, shape (k,)
        Of the required information.
    estimate, se : ndarray, shape (k,)
        Of all trials so far, on the analysis scale.
    z : ndarray, shape (k,)
        Positive on the side of benefit.
    boundary : ndarray, shape (k,)
        For benefit; its negative is that for harm. Infinite below 1 % of the required information, conventional from
        there on.
    futility : ndarray, shape (k,)
        Upper edge of the wedge, its negative the lower; NaN where there is none.
    penalised_z : ndarray, shape (k,)
        ``z / sqrt(lambda ln(ln(1 / se²)))`` by the law of the iterated logarithm (Lan, Hu and Cappelleri 2003, Stat Sin
        13:1135), to be held against the conventional boundary; lambda 2 for ratios and 1.5 for risk differences (Hu,
        Cappelleri and Lan 2007, Clin Trials 4:329). NaN for other measures and where there is too little
        information for it to be a penalty.
    required : float
        Required information size, with the diversity.
    diversity : float
    boundary_at_required : float
        The boundary that a next look would meet if it came with exactly the required information.
    notes : tuple of str
    """

    measure: str
    settings: SequentialSettings
    study: tuple
    size: np.ndarray = field(repr=False)
    fraction: np.ndarray = field(repr=False)
    estimate: np.ndarray = field(repr=False)
    se: np.ndarray = field(repr=False)
    z: np.ndarray = field(repr=False)
    boundary: np.ndarray = field(repr=False)
    futility: np.ndarray = field(repr=False)
    penalised_z: np.ndarray = field(repr=False)
    required: float = math.nan
    diversity: float = 0.0
    boundary_at_required: float = math.nan
    notes: tuple = ()

    def __post_init__(self):
        for name in ("size", "fraction", "estimate", "se", "z", "boundary", "futility", "penalised_z"):
            array = np.array(getattr(self, name), dtype=float)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __repr__(self):
        return f"<SequentialAnalysis: {self.state}, {percent(self.fraction[-1])} of the required information, k = {self.k}>"

    def __str__(self):
        return self.sentence

    @property
    def k(self):
        """Number of trials, and of looks."""
        return len(self.study)

    @property
    def is_ratio(self):
        """Whether the measure is a ratio, analysed on the log scale."""
        return self.measure in ("RR", "OR", "HR")

    @property
    def conventional(self):
        """Z of a single test at the same alpha."""
        return float(-ndtri(self.settings.alpha / 2))

    @property
    def crossed(self):
        """What each look crossed: ``benefit``, ``harm``, ``futility`` or nothing."""
        return tuple(
            "benefit" if z >= boundary else "harm" if z <= -boundary else "futility" if abs(z) <= futility else ""
            for z, boundary, futility in zip(self.z, self.boundary, self.futility, strict=True)
        )

    @property
    def state(self):
        """Where the last look stands, one of `STATES`; ``reached`` is enough information and nothing crossed."""
        return self.crossed[-1] or ("reached" if self.fraction[-1] >= 1 else "not reached")

    @property
    def adjusted_ci(self):
        """Limits of the repeated confidence interval at the last look, on the analysis scale.

        ``estimate ± boundary * se`` (Jennison and Turnbull 1989, JRSS B 51:305); infinite where there is no boundary.
        """
        half = self.boundary[-1] * self.se[-1]
        return float(self.estimate[-1] - half), float(self.estimate[-1] + half)

    @property
    def sentence(self):
        """The result in words."""
        return f"{_told_design(self)} {_told_state(self)} {_told_interval(self)}"

    def to_frame(self):
        """One row per look: ``study, size, fraction, estimate, se, z, boundary, futility, penalised_z, crossed``."""
        names = ("study", "size", "fraction", "estimate", "se", "z", "boundary", "futility", "penalised_z", "crossed")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def to_dict(self):
        """Plain numbers, strings, lists and None."""
        low, high = self.adjusted_ci
        settings = self.settings
        return plain({
            "measure": self.measure, "k": self.k, "effect": settings.effect, "control_risk": settings.control_risk,
            "alpha": settings.alpha, "beta": settings.beta, "model": settings.model, "information": settings.information,
            "diversity": self.diversity, "required": self.required, "size": self.size[-1], "fraction": self.fraction[-1],
            "state": self.state, "conventional": self.conventional, "boundary_at_required": self.boundary_at_required,
            "estimate": self.estimate[-1], "adjusted_ci_low": low, "adjusted_ci_high": high, "sentence": self.sentence,
            "looks": self.to_frame().to_dict("records"), "notes": list(self.notes),
        })


def _natural(analysis, value):
    if not analysis.is_ratio:
        return f"{value:.2f}"
    return f"{math.exp(value):.2f}" if value < 700 else "infinity"


def _told_design(analysis):
    settings = analysis.settings
    model = "fixed effect" if settings.model == "fixed" else f"random effects, {settings.model}"
    risk = f", control risk {100 * settings.control_risk:.3g} %" if settings.information == "patients" else ""
    return (
        f"Trial sequential analysis ({model}; two-sided alpha {100 * settings.alpha:g} %, power {percent(1 - settings.beta)}, "
        f"anticipated {analysis.measure or 'effect'} {settings.effect:g}{risk}, diversity {percent(analysis.diversity)}): "
        f"{told_size(analysis.size[-1], settings.information)} of {told_size(math.ceil(analysis.required), settings.information)} "
        f"{unit(settings.information)} required ({percent(analysis.fraction[-1])})."
    )


def percent(share):
    """Write a share in percent, with one digit where it is small."""
    return f"{100 * share:.{0 if share == 0 or share >= 0.05 else 1}f} %".replace(".0 %", " %")


def unit(information):
    """Name what information is counted in: patients, events, or units of information."""
    return "units of information" if information == "statistical" else information


def told_size(size, information):
    """Write a number of patients, events or units of information."""
    return f"{size:,.1f}" if information == "statistical" and size < 100 else f"{size:,.0f}"


def _told_state(analysis):
    state, z, boundary = analysis.state, analysis.z[-1], analysis.boundary[-1]
    kind, why = ("conventional", "with all the information required") if analysis.fraction[-1] >= 1 else ("monitoring", "allowing for all looks")
    anticipated = f"{analysis.measure or 'effect'} {analysis.settings.effect:g}"
    if state in ("benefit", "harm"):
        told = f"The cumulative Z of {z:.2f} is beyond the {kind} boundary for {state} ({math.copysign(boundary, z):.2f}): evidence of {state}, {why}."
    elif state == "futility":
        told = f"The cumulative Z of {z:.2f} is within the futility wedge (±{analysis.futility[-1]:.2f}): an effect as large as {anticipated} is unlikely to be there."
    elif state == "reached":
        told = f"The required information is reached and the cumulative Z of {z:.2f} is within the conventional boundaries (±{boundary:.2f}): no effect as large as {anticipated}."
    elif math.isinf(boundary):
        told = f"The cumulative Z is {z:.2f}, and below {percent(LEAST_FRACTION)} of the required information there is no boundary: far too little to tell."
    else:
        told = f"The cumulative Z of {z:.2f} crosses no boundary (benefit and harm ±{boundary:.2f}): not enough information to tell."
    return f"{told}{_told_earlier(analysis)}"


def _told_earlier(analysis):
    """Tell what an earlier look crossed that the last one does not."""
    for study, what in zip(analysis.study[:-1], analysis.crossed, strict=False):
        if what and what != analysis.state:
            return f" An earlier look, {study}, {'lay within the futility wedge' if what == 'futility' else f'was beyond the boundary for {what}'}."
    return ""


def _told_interval(analysis):
    low, high = analysis.adjusted_ci
    return (
        f"{analysis.measure or 'Effect'} {_natural(analysis, analysis.estimate[-1])}, adjusted {100 * (1 - analysis.settings.alpha):g} % CI "
        f"{_natural(analysis, low)} to {_natural(analysis, high)}."
    )
