"""Routes from medians and survival percentages to a log hazard ratio: the least sure ones.

Where a paper prints a curve, rebuild its patients instead, and give the table of studies their file in the column `ipd`.

Examples
--------
>>> effect = from_medians(50, 35, events_1=168, events_2=201)
>>> round(effect.yi, 3), effect.route, effect.trust
(-0.357, 'medians+events', 'rough')
"""

import math

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.studies.route_effect import RouteEffect

LEAST_DROP = 1e-9


def _positive(**numbers):
    for name, value in numbers.items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise MetaAnalysisError(f"{name} is {value:g}; expected a number above 0: check it.")


def from_medians(median_1, median_2, *, events_1=None, events_2=None, n_1=None, n_2=None):
    """Routes ``medians+events``, ``medians+n``: the median survival times of both arms.

    Under exponential survival the hazard is ``ln 2 / median``, so the ratio is ``median_2 / median_1``. With events, the
    log of a rate has the variance ``1 / d``. With patients alone, the log of a Kaplan-Meier median without earlier
    censoring has the variance ``1 / (n ln(2)^2)`` under exponential survival (Brookmeyer and Crowley 1982, Biometrics
    38:29, with ``f = ln 2 / (2 median)``). Where both are given the larger of the two is taken for each arm.

    Parameters
    ----------
    median_1, median_2 : float
        Of the treatment and the reference arm, in one unit of time.
    events_1, events_2 : float, optional
    n_1, n_2 : float, optional
        Events or patients of both arms are needed.

    Returns
    -------
    RouteEffect

    Raises
    ------
    MetaAnalysisError
        Where a median is not reached or neither events nor patients are given.
    """
    _positive(median_1=median_1, median_2=median_2, events_1=events_1, events_2=events_2, n_1=n_1, n_2=n_2)
    has_events, has_n = None not in (events_1, events_2), None not in (n_1, n_2)
    if not (has_events or has_n):
        raise MetaAnalysisError("Medians alone do not tell the standard error; expected events_1 and events_2, or n_1 and n_2: add them.")
    by_events = (1 / events_1, 1 / events_2) if has_events else (0, 0)
    by_n = tuple(1 / (n * math.log(2) ** 2) for n in (n_1, n_2)) if has_n else (0, 0)
    variance = sum(max(pair) for pair in zip(by_events, by_n, strict=True))
    assumptions = ["Survival is exponential in both arms: constant, and so proportional, hazards."]
    if not has_events:
        assumptions.append("The variance is that of two medians with nobody censored before them; censoring makes it larger.")
    elif not has_n:
        assumptions.append("The variance is that of rates from all events; medians are less precise, so it may be too small.")
    return RouteEffect(math.log(median_2 / median_1), math.sqrt(variance), "medians+events" if has_events else "medians+n", "rough", tuple(assumptions))


def from_survival(survival_1, survival_2, *, n_1=None, n_2=None, at_risk_1=None, at_risk_2=None):
    """Route ``survival-at-time``: survival of both arms at one time.

    The ratio of ``ln S`` (Parmar et al. 1998; Perneger 2008, Contemp Clin Trials 29:762). The variance of
    ``ln(-ln S)`` is ``(1 - S) / (R ln(S)^2)``, with R at risk at that time (Peto et al. 1977, Br J Cancer 35:1, variance
    ``S^2 (1 - S) / R``), or ``R = n S`` where only n is known.

    Parameters
    ----------
    survival_1, survival_2 : float
        Survival probabilities in (0, 1).
    n_1, n_2 : float, optional
        Patients at the start.
    at_risk_1, at_risk_2 : float, optional
        Patients at risk at the time; they go before n.

    Returns
    -------
    RouteEffect

    Raises
    ------
    MetaAnalysisError
        Where survival is not inside (0, 1), or neither kind of number is given.

    Examples
    --------
    >>> effect = from_survival(0.57, 0.48, n_1=356, n_2=360)
    >>> round(effect.yi, 3), round(effect.sei, 3)
    (-0.267, 0.111)
    """
    _positive(n_1=n_1, n_2=n_2, at_risk_1=at_risk_1, at_risk_2=at_risk_2)
    terms, censored = [], False
    for arm, survival, n, at_risk in ((1, survival_1, n_1, at_risk_1), (2, survival_2, n_2, at_risk_2)):
        if not 0 < survival < 1:
            raise MetaAnalysisError(f"survival_{arm} is {survival:g}; expected a probability above 0 and below 1: choose a time at which some patients of both arms had the event and some had not.")
        if n is None and at_risk is None:
            raise MetaAnalysisError(f"Survival alone does not tell the standard error; expected n_{arm} or at_risk_{arm}: add it.")
        if n is not None and at_risk is not None and at_risk > n:
            raise MetaAnalysisError(f"at_risk_{arm} is {at_risk:g} of {n:g} patients; expected no more than these: check them.")
        censored |= at_risk is None
        effective = n * survival if at_risk is None else at_risk
        terms.append((math.log(-math.log(survival)), (1 - survival) / (effective * math.log(survival) ** 2)))
    (log_1, variance_1), (log_2, variance_2) = terms
    assumptions = ["Hazards are proportional up to that time, and later events are not used."]
    if censored:
        assumptions.append("Nobody is censored before that time; censoring makes the variance larger.")
    return RouteEffect(log_1 - log_2, math.sqrt(variance_1 + variance_2), "survival-at-time", "rough", tuple(assumptions))


def from_survival_times(survival_1, survival_2, at_risk_1, at_risk_2, *, scale="hazard"):
    """Route ``survival-times``: survival and numbers at risk of both arms at several times.

    In each interval from s to e, with patients leaving evenly through it, ``D = (R_s + R_e)(S_s - S_e) / (S_s + S_e)``
    have the event, ``C = 2 (R_s S_e - R_e S_s) / (S_s + S_e)`` are censored, and ``R = R_s - C / 2`` were at risk
    (Williamson et al. 2002; Tierney et al. 2007, method 11). The intervals' log ratios are averaged by the inverse of
    their variances (Parmar et al. 1998). A time at which a curve has not dropped since the one before is
    passed over.

    The papers compare the shares ``D / R``, with variance ``1 / D - 1 / R`` of each logarithm: ``scale="risk"``. That
    falls short of the hazard ratio where an interval loses many patients. By default the hazards ``-ln(S_e / S_s)`` are
    compared, with variance ``(1 - q) / (R q ln(q)^2)``, ``q = S_e / S_s``, as in `from_survival`.

    Parameters
    ----------
    survival_1, survival_2 : array_like, shape (n_times,)
        Survival probabilities of the treatment and the reference arm at the same times, the first at time 0.
    at_risk_1, at_risk_2 : array_like, shape (n_times,)
    scale : {"hazard", "risk"}

    Returns
    -------
    RouteEffect

    Raises
    ------
    MetaAnalysisError
        Where shapes differ, survival or numbers at risk rise, or no interval has events in both arms.

    Examples
    --------
    >>> effect = from_survival_times([1, 0.84, 0.69], [1, 0.80, 0.58], [356, 297, 231], [360, 287, 202])
    >>> round(effect.yi, 2), round(effect.sei, 2)
    (-0.37, 0.13)
    """
    arms = [_checked(survival, at_risk) for survival, at_risk in ((survival_1, at_risk_1), (survival_2, at_risk_2))]
    if arms[0][0].shape != arms[1][0].shape:
        raise MetaAnalysisError(f"The arms have {len(arms[0][0])} and {len(arms[1][0])} times; expected the same times for both.")
    if scale not in ("hazard", "risk"):
        raise MetaAnalysisError(f"The scale is {scale!r}; expected hazard or risk.")
    kept = _times_with_drops([survival for survival, _ in arms])
    if len(kept) < 2:
        raise MetaAnalysisError("No interval has a drop in both curves; expected at least one: choose other times.")
    logs, variances = zip(*(_log_of_intervals(survival[kept], at_risk[kept], scale) for survival, at_risk in arms), strict=True)
    effects, weights = logs[0] - logs[1], 1 / (variances[0] + variances[1])
    assumptions = ("Hazards are proportional, and patients are censored evenly within each interval.",)
    return RouteEffect(float(np.average(effects, weights=weights)), float(weights.sum() ** -0.5), "survival-times", "approximate", assumptions)


def from_survival_follow_up(time, survival_1, survival_2, *, n, follow_up):
    """Route ``survival-times+follow-up``: survival of both arms at several times, with the shortest and longest follow-up.

    As `from_survival_times`, with the numbers at risk that follow from ``n S(t)`` patients whose follow-up is spread
    evenly between its limits (Parmar et al. 1998; Tierney et al. 2007, method 10).

    Parameters
    ----------
    time : array_like, shape (n_times,)
        From 0.
    survival_1, survival_2 : array_like, shape (n_times,)
    n : (float, float)
        Patients of the treatment and the reference arm.
    follow_up : (float, float)
        Shortest and longest, in the unit of `time`.

    Returns
    -------
    RouteEffect

    Examples
    --------
    >>> effect = from_survival_follow_up([0, 12, 24], [1, 0.84, 0.69], [1, 0.80, 0.58], n=(356, 360), follow_up=(20, 80))
    >>> round(effect.yi, 2)
    -0.37
    """
    time = np.asarray(time, float)
    shortest, longest = follow_up
    if not 0 <= shortest < longest or time[0] != 0 or (np.diff(time) <= 0).any():
        raise MetaAnalysisError(f"Follow-up is {shortest:g} to {longest:g} and times are {time.tolist()}; expected a rising range, and times that rise from 0.")
    followed = np.clip((longest - time) / (longest - shortest), 0, 1)
    at_risk = [patients * np.asarray(survival, float) * followed for patients, survival in zip(n, (survival_1, survival_2), strict=True)]
    effect = from_survival_times(survival_1, survival_2, *at_risk)
    assumptions = (*effect.assumptions, f"Follow-up is spread evenly between {shortest:g} and {longest:g}, alike in both arms.")
    return RouteEffect(effect.yi, effect.sei, "survival-times+follow-up", "rough", assumptions)


def _checked(survival, at_risk):
    survival, at_risk = np.asarray(survival, float), np.asarray(at_risk, float)
    if survival.shape != at_risk.shape or survival.ndim != 1 or len(survival) < 2:
        raise MetaAnalysisError(f"Survival and numbers at risk have the shapes {survival.shape} and {at_risk.shape}; expected two vectors of one length, with at least 2 times.")
    falling = (np.diff(survival) <= LEAST_DROP).all() and (np.diff(at_risk) <= LEAST_DROP).all()
    if not falling or not (survival >= 0).all() or not (survival <= 1).all() or (at_risk < 0).any() or survival[-1] == survival[0] == 0:
        raise MetaAnalysisError("Survival or numbers at risk rise, or leave their range; expected probabilities and numbers that fall with time: check them.")
    return survival, at_risk


def _times_with_drops(curves):
    """Give the places of the times since each of which, from the one before, every curve has dropped."""
    kept = [0]
    for place in range(1, len(curves[0])):
        if all(curve[kept[-1]] - curve[place] > LEAST_DROP for curve in curves):
            kept.append(place)
    return kept


def _log_of_intervals(survival, at_risk, scale):
    """Log of the hazard, or of the share with the event, in each interval, and its variance, shape (n_intervals,)."""
    start, end = survival[:-1], survival[1:]
    first, last = at_risk[:-1], at_risk[1:]
    exposed = first - np.maximum(2 * (first * end - last * start) / (start + end), 0) / 2
    if (exposed <= 0).any() or (end <= 0).any():
        raise MetaAnalysisError("An interval has nobody at risk at its start, or no survivor at its end; expected both above 0: leave the last times out.")
    q = end / start
    if scale == "risk":
        return np.log(1 - q), q / (exposed * (1 - q))
    return np.log(-np.log(q)), (1 - q) / (exposed * q * np.log(q) ** 2)
