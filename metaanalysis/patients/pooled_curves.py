"""Kaplan-Meier curves of many trials as one curve per arm, in three ways that are told apart.

``simple``: all patients of an arm thrown together, whatever their trial. It breaks randomisation: where trials differ in
prognosis and in how many they gave to each arm, the difference of the curves is also one of trials.
``standardised``: the mean of the trials' curves, weighted by the trials' numbers of patients, the same weights in both
arms (direct adjustment, Makuch 1982), so that the curves differ by treatment alone.
``summary``: the random-effects curve of Combescure, Foucher and Jackson (2014), see `metaanalysis.patients.summary_curve`.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> curves = pool_curves(Patients.of(table))
>>> [float(curves.curve("standardised", arm).survival_at(7).round(3)) for arm in ("treatment", "reference")]
[0.625, 0.375]
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtri

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.product_limit import ProductLimit
from metaanalysis.patients.restricted_mean import common_horizon, followed_until
from metaanalysis.patients.risk_sets import RiskSets
from metaanalysis.patients.summary_curve import summary_curve

METHODS = ("simple", "standardised", "summary")
ARMS = ("treatment", "reference")
_STEPS = (1, 2, 2.5, 3, 5, 6)
_MOST_TIMES = 2000
_BEFORE_ALL = -1.0


@dataclass(frozen=True)
class PooledCurve:
    """One curve of an arm.

    Attributes
    ----------
    method : {"simple", "standardised", "summary"}
    arm : {"treatment", "reference"}
    time, survival, ci_low, ci_high : ndarray, shape (n_times,)
        Survival just after each time, with pointwise limits; from time 0. A summary curve is known at the ends of
        intervals only.
    """

    method: str
    arm: str
    time: np.ndarray = field(repr=False)
    survival: np.ndarray = field(repr=False)
    ci_low: np.ndarray = field(repr=False)
    ci_high: np.ndarray = field(repr=False)

    def __post_init__(self):
        for name in ("time", "survival", "ci_low", "ci_high"):
            getattr(self, name).setflags(write=False)

    def survival_at(self, at):
        """Survival at times (any shape); after the last time that of the last."""
        return self.survival[np.searchsorted(self.time, np.asarray(at, float), side="right") - 1]

    def to_frame(self):
        """One row per time: ``method, arm, time, survival, ci_low, ci_high``."""
        return pd.DataFrame({name: getattr(self, name) for name in ("method", "arm", "time", "survival", "ci_low", "ci_high")})


@dataclass(frozen=True)
class PooledCurves:
    """Curves of both arms by all three methods.

    Attributes
    ----------
    curves : tuple of PooledCurve
    until : float
        Where the standardised and the summary curves end.
    risk_time : ndarray, shape (n_times,)
    n_risk : ndarray of int, shape (2, n_times)
        Patients at risk in the treatment and the reference arm, of all trials.
    k : int
        Number of trials.
    level : float
    notes : tuple of str
    """

    curves: tuple
    until: float
    risk_time: np.ndarray
    n_risk: np.ndarray
    k: int
    level: float
    notes: tuple = ()

    def __post_init__(self):
        self.risk_time.setflags(write=False)
        self.n_risk.setflags(write=False)

    def curve(self, method, arm):
        """Give the curve of a method and an arm."""
        if method not in METHODS or arm not in ARMS:
            raise MetaAnalysisError(f"The curve is {method!r} of {arm!r}; expected one of {', '.join(METHODS)} of {' or '.join(ARMS)}.")
        return next(curve for curve in self.curves if (curve.method, curve.arm) == (method, arm))

    def to_frame(self):
        """All curves below one another: ``method, arm, time, survival, ci_low, ci_high``."""
        return pd.concat([curve.to_frame() for curve in self.curves], ignore_index=True)

    def to_dict(self):
        """Plain numbers: each curve as lists, and who is at risk."""
        return {
            "until": self.until, "k": self.k, "level": self.level,
            "curves": [{"method": curve.method, "arm": curve.arm} | curve.to_frame()[["time", "survival", "ci_low", "ci_high"]].to_dict("list") for curve in self.curves],
            "at_risk": {"time": self.risk_time.tolist()} | dict(zip(ARMS, self.n_risk.tolist(), strict=True)), "notes": list(self.notes),
        }


def _log_log_limits(survival, se, level):
    """Limits by log(-log S) (Kalbfleisch and Prentice 1980, section 1.4); S itself where it is 0 or 1."""
    inside = (survival > 0) & (survival < 1)
    safe = np.where(inside, survival, 0.5)
    width = np.exp(ndtri(0.5 + level / 2) * se / (safe * -np.log(safe)))
    return np.where(inside, safe**width, survival), np.where(inside, safe ** (1 / width), survival)


def _curve(method, arm, time, columns):
    """A curve from time 0."""
    return PooledCurve(method, arm, np.append(0.0, time), *(np.append(1.0, column) for column in columns))


def _simple(first, arm, chosen, level):
    n = int(chosen.sum())
    curves = ProductLimit.of(RiskSets.of_patients(1, np.zeros(n, int), np.ones(n, bool), first.time[chosen], first.event[chosen]))
    time, survival = curves.time[0][np.isfinite(curves.time[0])], curves.survival[0][np.isfinite(curves.time[0])]
    se = survival * np.sqrt(np.cumsum(curves.greenwood[0])[: len(time)])
    ends = np.append(time, curves.last_time) if curves.last_time[0] > time.max(initial=-1) else time
    columns = survival, *_log_log_limits(survival, se, level)
    return _curve("simple", arm, ends, [np.append(column, column[-1:] if len(column) else 1.0)[: len(ends)] for column in columns])


def _standardised(arm, curves, weights, until, level):
    time = np.unique(curves.time[weights > 0])
    time = np.append(time[time < until], until)
    if len(time) > _MOST_TIMES:
        time = np.linspace(until / _MOST_TIMES, until, _MOST_TIMES)
    survival, variance_log = curves.survivals(time)
    se = np.sqrt(weights**2 @ (survival**2 * variance_log))
    survival = weights @ survival
    return _curve("standardised", arm, time, (survival, *_log_log_limits(survival, se, level)))


def _n_risk(patients, chosen, at):
    """Patients of each trial whose time is later than `at`, shape (k, n_times)."""
    counts = [np.sort(patients.time[chosen & (patients.data_set == trial)]) for trial in range(patients.k)]
    return np.array([len(time) - np.searchsorted(time, at, side="right") for time in counts])


def _summary(arm, curves, n_risk, ends, level):
    survival = np.column_stack((np.ones(len(curves.time)), curves.survivals(ends)[0]))
    told = (np.where(curves.last_survival > 0, curves.last_time, np.inf)[:, None] >= ends) & (survival[:, :-1] > 0)
    conditional = np.where(told, survival[:, 1:] / np.where(told, survival[:, :-1], 1.0), np.nan)
    known = (told & (n_risk > 0)).any(axis=0)
    last = len(ends) if known.all() else int(np.argmin(known))
    found = summary_curve(conditional[:, :last], n_risk[:, :last], level=level)
    return _curve("summary", arm, ends[:last], (found.survival, found.ci_low, found.ci_high))


def _risk_times(last):
    """Up to eight round times from 0 on."""
    size = 10.0 ** math.floor(math.log10(last / 7))
    step = next(size * scale * part for scale in (1, 10) for part in _STEPS if last / (size * scale * part) <= 7)
    return np.arange(0, last * (1 + 1e-9), step)


def pool_curves(patients, until=None, *, n_intervals=12, level=0.95):
    """Pool the Kaplan-Meier curves of each arm over trials, by all three methods.

    Parameters
    ----------
    patients : Patients
        Where trials have several data sets the first is taken.
    until : float, optional
        In the unit of time; by default `restricted_mean.common_horizon`. A standardised curve leaves out trials whose
        follow-up ends before; a summary curve uses them as long as they last.
    n_intervals : int
        Of the summary curve, equally long. Many short ones draw it down, since a quarter of an event is added to each.
    level : float
        Of pointwise limits: log-log for simple and standardised curves, log for the summary.

    Returns
    -------
    PooledCurves

    Raises
    ------
    MetaAnalysisError
        Where no trial is followed until then.
    """
    first = patients.single()
    until = common_horizon(first) if until is None else float(until)
    reaches = followed_until(first) >= until
    if not reaches.any() or not 0 < until < np.inf:
        raise MetaAnalysisError(f"The curves are to end at {until:g}; expected a time after 0 until which both arms of a trial are followed: choose an earlier one.")
    short = ", ".join(name for name, known in zip(first.study, reaches, strict=True) if not known)
    weights = np.where(reaches, np.bincount(first.data_set, minlength=first.k), 0.0)
    ends = until * np.arange(1, n_intervals + 1) / n_intervals
    curves = []
    for arm, chosen, trials in zip(ARMS, (first.treatment, ~first.treatment), first.curves, strict=True):
        at_begin = _n_risk(first, chosen, np.append(_BEFORE_ALL, ends[:-1]))
        curves += [
            _simple(first, arm, chosen, level), _standardised(arm, trials, weights / weights.sum(), until, level),
            _summary(arm, trials, at_begin, ends, level),
        ]
    at = _risk_times(first.time.max())
    n_risk = np.array([[np.sum(first.time[chosen] >= moment) for moment in at] for chosen in (first.treatment, ~first.treatment)])
    notes = (f"Left out of the standardised curves, follow-up ends before {until:g}: {short}.",) if short else ()
    return PooledCurves(tuple(curves), until, at, n_risk, first.k, level, notes)
