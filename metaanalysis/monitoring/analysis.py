"""Trial sequential analysis: whether a cumulative meta-analysis has the information to be believed.

The trials come in order; after each the cumulative Z is held against boundaries that allow for having looked before, and
the information against what one trial of the same power would need (Wetterslev et al. 2008, J Clin Epidemiol 61:64;
Thorlund et al. 2017, User Manual for Trial Sequential Analysis, 2nd ed.).

- Below 1 % of the required information there is no boundary, as in the program of the Copenhagen Trial Unit.
- From the required information on the conventional boundary holds.
- The futility wedge does not bind: the other boundaries do not count on it.
"""

import math

import numpy as np
import pandas as pd
from scipy.special import ndtri

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import ModelSettings, fixed_effect, random_effects
from metaanalysis.monitoring import information_size
from metaanalysis.monitoring.alpha_spending import LEAST_FRACTION, futility_boundary, monitoring_boundary
from metaanalysis.monitoring.result import SequentialAnalysis, SequentialSettings, percent
from metaanalysis.tau2 import ESTIMATORS

INFORMATION = ("patients", "events", "statistical")
_COUNTED = {"RR": "patients", "OR": "patients", "RD": "patients", "HR": "events"}
_PENALTY = {"RR": 2.0, "OR": 2.0, "HR": 2.0, "RD": 1.5}
_MOST_RATIO = 20.0
"""Anticipated ratios beyond it, either way, are percentages or slips: no trial is planned for so large an effect."""


def _check(pooled, model):
    if model != "fixed" and model not in ESTIMATORS:
        raise MetaAnalysisError(f"The model is {model!r}; expected fixed, or an estimator of tau2: {', '.join(ESTIMATORS)}.")
    if pooled.is_mixed:
        raise MetaAnalysisError(f"The rows are of different measures ({pooled.measure}); a sequential analysis needs one measure: choose its rows.")


def _order(order, k):
    if order is None:
        return np.arange(k)
    keys = np.asarray(order)
    if keys.shape != (k,) or pd.isna(keys).any():
        raise MetaAnalysisError(f"order holds {keys.size} values for {k} trials, some maybe missing; expected one for each, such as its year.")
    return np.argsort(keys, kind="stable")


def _information_kind(pooled, size, information):
    counted = _COUNTED.get(pooled.measure)
    has_counts = size is not None or (counted == "patients" and pooled.counts is not None)
    kind = information or (counted if counted and has_counts else "statistical")
    if kind not in INFORMATION:
        raise MetaAnalysisError(f"The information is {kind!r}; expected one of {', '.join(INFORMATION)}.")
    if kind != "statistical" and (kind != counted or not has_counts):
        raise MetaAnalysisError(
            f"Information in {kind} was asked for with the measure {pooled.measure or 'unnamed'} and {'size' if size is not None else 'no size'} given; "
            "patients go with RR, OR or RD, events with HR, and each trial needs its own number (size): choose information='statistical' otherwise."
        )
    return kind


def _sizes(pooled, size, kind):
    """What each trial brings, and its control risk where counts tell it."""
    if kind == "statistical":
        return 1 / pooled.vi, None
    counts = pooled.counts if kind == "patients" else None
    sizes = np.asarray(counts[:, 1] + counts[:, 3] if size is None else size, float)
    if sizes.shape != pooled.yi.shape or not (np.isfinite(sizes) & (sizes > 0)).all():
        raise MetaAnalysisError(f"size is {sizes.tolist()}; expected one number above 0 for each of {pooled.k} trials: the {kind} in both groups.")
    return sizes, None if counts is None else float(counts[:, 2].sum() / counts[:, 3].sum())


def _on_analysis_scale(pooled, effect):
    if not pooled.is_ratio or not pooled.measure:
        value = effect
    elif not 1 / _MOST_RATIO <= effect <= _MOST_RATIO:
        raise MetaAnalysisError(
            f"The anticipated {pooled.measure} is {effect!r}; expected a ratio from {1 / _MOST_RATIO:g} to {_MOST_RATIO:g}, such as 0.8 for 20 % less."
        )
    else:
        value = math.log(effect)
    if not math.isfinite(value) or value == 0:
        raise MetaAnalysisError(f"The anticipated effect is {effect!r}, which is none; expected one worth seeing, such as a ratio of 0.8.")
    return value


def _required(pooled, settings, diversity):
    options = {"alpha": settings.alpha, "beta": settings.beta, "diversity": diversity}
    if settings.information == "events":
        return information_size.required_events(settings.effect, **options)
    if settings.information == "statistical":
        return information_size.required_information(_on_analysis_scale(pooled, settings.effect), **options)
    if settings.control_risk is None:
        raise MetaAnalysisError("The required number of patients needs the risk in the control group: give control_risk, or pool from counts.")
    return information_size.required_patients(settings.control_risk, settings.effect, pooled.measure, **options)


def _cumulative(yi, vi, settings):
    """Estimates and standard errors after each trial."""
    level = 1 - settings.alpha
    model = ModelSettings(tau2=settings.model, ci="wald", level=level) if settings.model != "fixed" else None
    results = []
    for count in range(1, len(yi) + 1):
        rows = slice(0, count)
        result = random_effects(yi[rows], vi[rows], model) if model else fixed_effect(yi[rows], vi[rows], level)
        results.append((result.estimate, result.se))
    return np.array(results).T


def _boundaries(fraction, settings):
    """Boundary and wedge of each look, and the boundary at exactly the required information."""
    conventional = float(-ndtri(settings.alpha / 2))
    before = fraction[fraction < 1]
    spending = monitoring_boundary(np.append(before, 1.0), settings.alpha)
    boundary = np.where(fraction < 1, np.append(spending[:-1], np.zeros(len(fraction) - len(before))), conventional)
    wedge = np.full(len(fraction), math.nan)
    if len(before):
        drift = information_size.anticipated_z(settings.alpha, settings.beta)
        wedge[: len(before)] = futility_boundary(before, spending[:-1], drift, settings.beta)
    return boundary, wedge, float(spending[-1]) if len(before) == len(fraction) else conventional


def _penalised(z, se, measure):
    if measure not in _PENALTY:
        return np.full(len(z), math.nan)
    information = np.maximum(1 / se**2, 1.0)
    log = np.log(information, out=np.full(len(z), math.nan), where=information > 1)
    penalty = _PENALTY[measure] * np.log(log)
    return z / np.sqrt(np.where(penalty >= 1, penalty, math.nan))


def _notes(pooled, settings, told_risk, fraction):
    if told_risk is not None:
        yield f"The control risk of {percent(told_risk)} is that of all control groups together."
    if settings.information == "patients" and pooled.excluded:
        yield f"Not counted, without events or without any other: {', '.join(name for name, _ in pooled.excluded)}."
    if (fraction < LEAST_FRACTION).any():
        yield f"Looks below {percent(LEAST_FRACTION)} of the required information have no boundary and spend nothing: {(fraction < LEAST_FRACTION).sum()} of {len(fraction)}."
    if "summary" in pooled.source:
        yield "Summary rows stand for several trials and are one look each."


def sequential(pooled, *, effect, control_risk=None, size=None, information=None, order=None, diversity="estimated", alpha=0.05, beta=0.1, model="DL"):
    """Trial sequential analysis of pooled trials.

    Parameters
    ----------
    pooled : PooledEstimate
    effect : float
        Anticipated effect worth seeing, as a ratio (RR, OR, HR) or a difference: an RR of 0.8 is a relative risk
        reduction of 20 %. Its side is called benefit.
    control_risk : float, optional
        Anticipated risk in the control group of a binary outcome; by default that of all control groups together.
    size : array_like, shape (k,), optional
        Patients (RR, OR, RD) or events (HR) of each trial, both groups; known already where pooled from counts.
    information : {"patients", "events", "statistical"}, optional
        What is counted: patients for RR, OR and RD, as in the program of the Copenhagen Trial Unit, and events for HR,
        where they are known; otherwise statistical information, the sum of ``1 / vi``.
    order : array_like, shape (k,), optional
        What to sort the trials by, such as the year; by default they stay in their order.
    diversity : float or "estimated"
        Share by which the required information is made larger; estimated with the model's tau2 of all trials
        (0 under the fixed effect), or as given.
    alpha : float
        Two-sided.
    beta : float
        1 - power.
    model : {"DL", "REML", "PM", "ML", "HE", "SJ", "EB", "fixed"}
        Of the cumulative Z: random effects with this estimator of tau2 and a normal test, or the fixed effect.

    Returns
    -------
    SequentialAnalysis

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> from metaanalysis.pooling import pool
    >>> pooled = pool([-0.3, -0.5, -0.1], [0.04, 0.09, 0.02], study=["A 2001", "B 2004", "C 2009"], measure="HR")
    >>> analysis = sequential(pooled, effect=0.75, size=[100, 45, 200], diversity=0.0)
    >>> analysis.state, round(analysis.required), analysis.boundary.round(2).tolist()
    ('not reached', 508, [4.92, 4.04, 2.48])
    """
    _check(pooled, model)
    kind = _information_kind(pooled, size, information)
    sizes, told_risk = _sizes(pooled, size, kind)
    told_risk = told_risk if control_risk is None else None
    settings = SequentialSettings(effect, told_risk if control_risk is None else control_risk, alpha, beta, model, kind)
    side = math.copysign(1.0, _on_analysis_scale(pooled, effect))
    if diversity == "estimated":
        diversity = 0.0 if model == "fixed" else information_size.diversity(pooled.yi, pooled.vi, model)
    required = _required(pooled, settings, diversity)
    rows = _order(order, pooled.k)
    total = np.cumsum(sizes[rows])
    estimate, se = _cumulative(pooled.yi[rows], pooled.vi[rows], settings)
    z, fraction = side * estimate / se, total / required
    boundary, wedge, at_required = _boundaries(fraction, settings)
    return SequentialAnalysis(
        pooled.measure, settings, tuple(pooled.study[row] for row in rows), total, fraction, estimate, se, z, boundary, wedge,
        _penalised(z, se, pooled.measure), required, diversity, at_required, tuple(_notes(pooled, settings, told_risk, fraction)),
    )
