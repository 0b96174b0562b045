"""The hazard ratio of two arms: Cox regression and the log-rank test.

Examples
--------
>>> from ipdrecon.model import ReconstructedArm
>>> old = ReconstructedArm("old", [1, 2, 3, 5, 8], [1, 1, 1, 1, 0])
>>> new = ReconstructedArm("new", [2, 4, 6, 9, 9], [1, 1, 0, 1, 0])
>>> estimate = estimate_hazard_ratio([old, new], treatment="new", reference="old")
>>> round(estimate.ratio, 3), round(estimate.logrank_p, 3)
(0.364, 0.219)
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import TrialEstimate
from ipdrecon.survival.kaplan_meier import kaplan_meier, n_risk_at

NON_PROPORTIONAL_P = 0.05
_FIT = {"precision": 1e-12, "max_steps": 200}


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of two arms.

    Attributes
    ----------
    o_minus_e, variance : float
        Observed minus expected events of the treatment arm, and its hypergeometric variance.
    statistic, p : float
        Chi-squared with one degree of freedom, and its two-sided p.
    """

    o_minus_e: float
    variance: float
    statistic: float
    p: float


def _by_event_time(treatment, reference):
    """Distinct event times; at risk in both arms and in the treatment arm; events, likewise."""
    at = np.unique(np.concatenate((treatment.time[treatment.event], reference.time[reference.event])))
    n_treatment = n_risk_at(treatment.time, at)
    n = n_treatment + n_risk_at(reference.time, at)
    events = []
    for arm in (treatment, reference):
        seen = np.sort(arm.time[arm.event])
        events.append(np.searchsorted(seen, at, side="right") - np.searchsorted(seen, at, side="left"))
    return at, n, n_treatment, events[0] + events[1], events[0]


def logrank(treatment, reference):
    """Compare two arms by the log-rank test (Mantel 1966; Peto and Peto 1972), as R's survdiff.

    Parameters
    ----------
    treatment, reference : ReconstructedArm

    Returns
    -------
    LogRank
        p is NaN where no event happens while both arms are at risk.
    """
    _, n, n_treatment, events, events_treatment = _by_event_time(treatment, reference)
    expected = events * n_treatment / n
    share = n_treatment / n
    variance = float(np.sum(events * share * (1 - share) * (n - events) / np.maximum(n - 1, 1)))
    difference = float(np.sum(events_treatment - expected))
    statistic = difference**2 / variance if variance > 0 else np.nan
    return LogRank(difference, variance, statistic, float(chi2.sf(statistic, 1)) if variance > 0 else np.nan)


def _pick(arms, name, role):
    matches = [arm for arm in arms if arm.arm == name]
    if len(matches) != 1:
        seen = ", ".join(repr(arm.arm) for arm in arms) or "none"
        trouble = "is not among the arms" if not matches else f"is the name of {len(matches)} arms"
        raise ReconstructionError(f"The {role} arm {name!r} {trouble}; seen: {seen}. Give one panel's arms and one of these names.")
    return matches[0]


def _check_separation(treatment, reference):
    """Refuse data whose partial likelihood has no maximum: all events that compare the arms lie in one of them."""
    _, n, n_treatment, events, events_treatment = _by_event_time(treatment, reference)
    both = (n_treatment > 0) & (n_treatment < n)
    total, mine = int(events[both].sum()), int(events_treatment[both].sum())
    if total == 0:
        raise ReconstructionError(
            f"No event happens while both {treatment.arm!r} and {reference.arm!r} have patients at risk; expected one or more. "
            f"No hazard ratio can be estimated; compare the curves instead."
        )
    if mine in (0, total):
        empty = treatment.arm if mine == 0 else reference.arm
        raise ReconstructionError(
            f"All {total} events while both arms are at risk are outside the arm {empty!r}; expected some in each. The hazard ratio is "
            f"{'0' if mine == 0 else 'infinite'} and has no standard error; use the log-rank test or a risk difference."
        )


@dataclass(frozen=True)
class _EventTimes:
    """Efron's denominators (1977): one row per event.

    `n_reference`, `n_treatment` are what is left at risk while tied events are taken one by one; `observed` is the share
    of the event that is in the treatment arm; `at` is the index among `time`.
    """

    time: np.ndarray
    at: np.ndarray
    n_reference: np.ndarray
    n_treatment: np.ndarray
    observed: np.ndarray


def _event_times(treatment, reference):
    time, n, n_treatment, events, mine = _by_event_time(treatment, reference)
    at = np.repeat(np.arange(len(time)), events)
    share = (np.arange(len(at)) - np.repeat(np.cumsum(events) - events, events)) / events[at]
    left_reference = (n - n_treatment)[at] - share * (events - mine)[at]
    return _EventTimes(time, at, left_reference, n_treatment[at] - share * mine[at], (mine / events)[at])


def _expected(rows, yi):
    """Chance that each event is one of the treatment arm, at a log hazard ratio."""
    weight = rows.n_treatment * np.exp(yi)
    return weight / (rows.n_reference + weight)


def _cox(treatment, reference):
    """Log hazard ratio and its standard error, by lifelines (Efron's ties), to the last digits its steps can tell."""
    from lifelines import CoxPHFitter

    patients = pd.concat([arm.to_frame().assign(treatment=float(arm is treatment)) for arm in (treatment, reference)])
    model = CoxPHFitter().fit(patients.drop(columns="arm"), "time", "event", fit_options=_FIT)
    return float(model.params_["treatment"]), float(model.standard_errors_["treatment"])


def proportional_hazards_p(treatment, reference):
    """Test proportional hazards (Grambsch and Therneau 1994) against 1 - KM: the score test of R's cox.zph.

    Parameters
    ----------
    treatment, reference : ReconstructedArm

    Returns
    -------
    float
        Two-sided p; NaN where all events come at one time.

    Raises
    ------
    ReconstructionError
        Where no finite hazard ratio exists.
    """
    _check_separation(treatment, reference)
    rows = _event_times(treatment, reference)
    chance = _expected(rows, _cox(treatment, reference)[0])
    time = np.concatenate((treatment.time, reference.time))
    estimate = kaplan_meier(time, np.concatenate((treatment.event, reference.event)))
    before = np.searchsorted(estimate.time, rows.time, side="left")
    g = (1 - np.concatenate(([1.0], estimate.survival))[before])[rows.at]
    variance = chance * (1 - chance)
    g = g - np.sum(g * variance) / np.sum(variance)
    information = float(np.sum(g**2 * variance))
    if information <= 1e-12:
        return math.nan
    return float(chi2.sf(float(np.sum(g * (rows.observed - chance))) ** 2 / information, 1))


def estimate_hazard_ratio(arms, *, treatment, reference, study=""):
    """Estimate the hazard ratio of `treatment` over `reference`.

    Cox (1972) with Efron's (1977) treatment of ties; the log-rank p beside it.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
        Of one panel.
    treatment, reference : str
        Names among the arms.
    study : str

    Returns
    -------
    TrialEstimate
        `yi` is the log hazard ratio. Flagged ``non_proportional`` where the test of Grambsch and Therneau has p below
        0.05.

    Raises
    ------
    ReconstructionError
        Where an arm is not found, or no finite hazard ratio exists.
    """
    arms = tuple(arms)
    first, second = _pick(arms, treatment, "treatment"), _pick(arms, reference, "reference")
    if first is second:
        raise ReconstructionError(f"Treatment and reference are both {treatment!r}; expected two arms.")
    _check_separation(first, second)
    yi, sei = _cox(first, second)
    p = proportional_hazards_p(first, second)
    flags = ()
    if p < NON_PROPORTIONAL_P:
        flags = (Flag("non_proportional", f"{treatment!r} over {reference!r}", f"Grambsch and Therneau: p = {p:.2g}."),)
    return TrialEstimate(
        study,
        "HR",
        treatment,
        reference,
        yi,
        sei,
        n=first.n + second.n,
        n_event=first.n_event + second.n_event,
        origin="reconstructed",
        logrank_p=logrank(first, second).p,
        flags=flags,
    )
