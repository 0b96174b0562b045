"""Counts, the Kaplan-Meier estimate and what is read from it.

Counting is done once, in `count`; everything else builds on it. The number at risk at t counts the patients whose time
is t or later, as R and SAS do; at equal times events come before censorings.

Examples
--------
Six patients, worked by hand: one of six dies at 1, one of five at 2 (another is censored there), one of three at 4.

>>> estimate = kaplan_meier([1, 2, 2, 4, 5, 6], [1, 1, 0, 1, 0, 0])
>>> [int(n) for n in estimate.counts.n_risk]
[6, 5, 3, 2, 1]
>>> [round(float(s), 4) for s in estimate.survival]
[0.8333, 0.6667, 0.4444, 0.4444, 0.4444]
>>> median_survival([1, 2, 2, 4, 5, 6], [1, 1, 0, 1, 0, 0]).median
4.0
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ipdrecon.errors import ReconstructionError

CONFIDENCE_TYPES = ("log", "log-log", "plain")
RISK_CONVENTIONS = ("time >= t", "time > t")
TIE = 1e-9


@dataclass(frozen=True)
class Counts:
    """What happens at each distinct time.

    Attributes
    ----------
    time : ndarray, shape (n_times,)
        Distinct times of events and censorings, increasing.
    n_risk : ndarray of int, shape (n_times,)
        Patients whose time is this one or later.
    n_event, n_censored : ndarray of int, shape (n_times,)
    """

    time: np.ndarray
    n_risk: np.ndarray
    n_event: np.ndarray
    n_censored: np.ndarray


@dataclass(frozen=True)
class KaplanMeier:
    """The product-limit estimate (Kaplan and Meier 1958).

    Attributes
    ----------
    counts : Counts
    survival : ndarray, shape (n_times,)
        Just after each time of `counts`.
    variance_log : ndarray, shape (n_times,)
        Greenwood's sum (1926): the variance of log S; infinite or NaN where S is 0.
    """

    counts: Counts
    survival: np.ndarray
    variance_log: np.ndarray

    @property
    def time(self):
        """Distinct times, increasing."""
        return self.counts.time

    def survival_at(self, at):
        """Survival at times `at` (any shape), after the drops at these times; flat after the last."""
        return step_value(at, self.time, self.survival, 1.0)

    def interval(self, *, level=0.95, conf_type="log"):
        """Pointwise limits of survival.

        Parameters
        ----------
        level : float
        conf_type : {"log", "log-log", "plain"}
            "log" is the default of R's survfit, "log-log" that of SAS, Stata and lifelines (Kalbfleisch and Prentice
            1980, section 1.4).

        Returns
        -------
        low, high : ndarray, shape (n_times,)
            In [0, 1]; NaN where survival is 0.
        """
        if conf_type not in CONFIDENCE_TYPES:
            raise ValueError(f"conf_type is {conf_type!r}; expected one of {', '.join(CONFIDENCE_TYPES)}")
        z = norm.ppf(0.5 + level / 2)
        survival = np.where(self.survival > 0, self.survival, np.nan)
        error = np.sqrt(np.where(self.survival > 0, self.variance_log, np.nan))
        if conf_type == "plain":
            low, high = survival - z * survival * error, survival + z * survival * error
        elif conf_type == "log":
            low, high = survival * np.exp(-z * error), survival * np.exp(z * error)
        else:
            logarithm = np.where(survival < 1, np.log(survival), np.nan)
            width = np.exp(z * error / -logarithm)
            low = np.where(survival < 1, survival**width, survival)
            high = np.where(survival < 1, survival ** (1 / width), survival)
        return np.clip(low, 0, 1), np.clip(high, 0, 1)


@dataclass(frozen=True)
class MedianSurvival:
    """Median time and its interval; infinite where not reached.

    Attributes
    ----------
    median, ci_low, ci_high : float
        In the unit of time.
    """

    median: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class RestrictedMean:
    """Restricted mean survival time up to `tau`.

    Attributes
    ----------
    rmst, se, tau : float
        In the unit of time.
    """

    rmst: float
    se: float
    tau: float


def step_value(at, time, value, before):
    """Value at `at` (any shape) of a right-continuous step function that is `before` ahead of its first time."""
    index = np.searchsorted(time, np.asarray(at, float), side="right")
    return np.concatenate(([before], value))[index]


def _patients(time, event):
    time, event = np.asarray(time, float), np.asarray(event).astype(bool)
    if time.ndim != 1 or time.shape != event.shape:
        raise ReconstructionError(f"There are {time.size} times and {event.size} events; expected one of each per patient.")
    if not np.isfinite(time).all():
        raise ReconstructionError("A patient's time is missing or not finite; expected a number for each.")
    return time, event


def count(time, event):
    """Count events, censorings and patients at risk at each distinct time.

    Parameters
    ----------
    time : array-like, shape (n,)
    event : array-like of bool, shape (n,)
        True = event, False = censored.

    Returns
    -------
    Counts

    Raises
    ------
    ReconstructionError
        Where times and events do not match or a time is not finite.
    """
    time, event = _patients(time, event)
    distinct, index = np.unique(time, return_inverse=True)
    total = np.bincount(index, minlength=len(distinct))
    n_event = np.bincount(index[event], minlength=len(distinct))
    n_risk = len(time) - np.concatenate(([0], np.cumsum(total)[:-1])).astype(int) if len(distinct) else total
    return Counts(distinct, n_risk, n_event, total - n_event)


def kaplan_meier(time, event):
    """Estimate survival.

    Parameters
    ----------
    time : array-like, shape (n,)
    event : array-like of bool, shape (n,)

    Returns
    -------
    KaplanMeier
    """
    counts = count(time, event)
    survival = np.cumprod(1 - counts.n_event / np.maximum(counts.n_risk, 1))
    left = counts.n_risk * (counts.n_risk - counts.n_event)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(np.where(counts.n_event > 0, counts.n_event / left, 0.0))
    return KaplanMeier(counts, survival, variance)


def n_risk_at(time, at, *, convention="time >= t"):
    """Count patients at risk at times `at`.

    Parameters
    ----------
    time : array-like, shape (n,)
        Patients' times.
    at : array-like, any shape
    convention : {"time >= t", "time > t"}
        R, SAS and Stata count a patient whose time is t as at risk at t; lifelines and KMunicate tables do not.

    Returns
    -------
    ndarray of int, the shape of `at`
    """
    side = {"time >= t": "left", "time > t": "right"}[convention]
    return len(time) - np.searchsorted(np.sort(np.asarray(time, float)), np.asarray(at, float), side=side)


def _crossing(time, value, level):
    """First time at or below `level`; the middle of the stretch where the value equals it, as R does; else infinite."""
    below = np.flatnonzero(value <= level + TIE)
    if not len(below):
        return math.inf
    first = below[0]
    if value[first] < level - TIE:
        return float(time[first])
    lower = np.flatnonzero(value < level - TIE)
    return float(time[first] + time[lower[0] if len(lower) else -1]) / 2


def median_survival(time, event, *, level=0.95, conf_type="log"):
    """Median survival and its interval by inverting the pointwise test (Brookmeyer and Crowley 1982).

    Where the curve lies at exactly one half for a while, the median is the middle of that stretch, as in R and SAS.

    Parameters
    ----------
    time : array-like, shape (n,)
    event : array-like of bool, shape (n,)
    level : float
    conf_type : {"log", "log-log", "plain"}
        Transformation of the pointwise limits; "log" is R's default, "log-log" that of SAS.

    Returns
    -------
    MedianSurvival
        Infinite where not reached.
    """
    estimate = kaplan_meier(time, event)
    drop = estimate.counts.n_event > 0
    low, high = estimate.interval(level=level, conf_type=conf_type)
    limits = []
    for limit in (estimate.survival, low, high):
        known = np.where(np.isnan(limit), np.inf, limit)
        limits.append(_crossing(estimate.time, known, 0.5) if drop.any() else math.inf)
    return MedianSurvival(*limits)


def restricted_mean(time, event, tau):
    """Mean survival time up to `tau`: the area under the Kaplan-Meier curve.

    Variance after Klein and Moeschberger (2003), equation 4.5.2. After the last time the curve is carried on flat.

    Parameters
    ----------
    time : array-like, shape (n,)
    event : array-like of bool, shape (n,)
    tau : float
        Horizon, in the unit of time.

    Returns
    -------
    RestrictedMean
    """
    estimate = kaplan_meier(time, event)
    inside = estimate.time < tau
    border = np.concatenate(([0.0], estimate.time[inside], [tau]))
    area = np.diff(border) * np.concatenate(([1.0], estimate.survival[inside]))
    after = np.cumsum(area[::-1])[::-1][1:]
    counts = estimate.counts
    n_event, n_risk = counts.n_event[inside], counts.n_risk[inside]
    left = n_risk * (n_risk - n_event)
    variance = np.sum(np.where(left > 0, after**2 * n_event / np.maximum(left, 1), 0.0))
    return RestrictedMean(float(area.sum()), float(math.sqrt(variance)), float(tau))
