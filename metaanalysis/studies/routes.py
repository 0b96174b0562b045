"""Routes from what a paper prints to a log hazard ratio and its standard error.

A route is one set of printed numbers with the formula that turns them into an effect. `yi` is the log of the ratio of
hazards, treatment over reference: negative where the treatment has the lower hazard. Where a p-value alone is printed,
the direction has to be said. Routes from medians and survival percentages are in `metaanalysis.studies.survival_routes`.

References: Parmar, Torri and Stewart 1998, Stat Med 17:2815; Williamson et al. 2002, Stat Med 21:3337; Tierney et al.
2007, Trials 8:16, and its update, Tierney, Burdett and Fisher 2025, Syst Rev 14.

Examples
--------
>>> effect = from_interval(0.72, 0.58, 0.89)
>>> round(effect.yi, 4), round(effect.sei, 4), effect.route
(-0.3285, 0.1092, 'hr+ci')
>>> round(from_p(0.72, 0.0026).sei, 4)
0.1091
"""

import math

from scipy.special import ndtri

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.studies.route_effect import RouteEffect

FAVOURS = ("treatment", "reference")
NEAR_ONE = 0.05
"""Below this log ratio, rounding a ratio to two decimals changes a standard error made from p by more than a tenth."""


def _check_ratio(hr):
    if not (math.isfinite(hr) and hr > 0):
        raise MetaAnalysisError(f"The hazard ratio is {hr!r}; expected a number above 0.")


def _z(p, sides=2):
    """Normal quantile of a p-value."""
    if not 0 < p < 1:
        raise MetaAnalysisError(f"p is {p!r}; expected an exact p between 0 and 1.")
    if sides not in (1, 2):
        raise MetaAnalysisError(f"p is {sides!r}-sided; expected 1 or 2 sides.")
    if sides == 1 and p >= 0.5:
        raise MetaAnalysisError(f"The one-sided p is {p:g}; expected one below 0.5, in the direction that is favoured: turn the direction and give 1 - p.")
    return -float(ndtri(p / sides))


def _sign(favours):
    if favours not in FAVOURS:
        raise MetaAnalysisError(f"A p-value alone does not say which arm did better: favours is {favours!r}; expected one of {', '.join(FAVOURS)}.")
    return -1.0 if favours == "treatment" else 1.0


def log_rank_variance(*, events_1=None, events_2=None, events=None, n_1=None, n_2=None, allocation=None):
    """Approximate the log-rank variance V from numbers of events.

    With the events of each arm ``V = d1 d2 / (d1 + d2)`` (Tierney et al. 2007, method 4); with their total and the
    patients of each arm ``V = d n1 n2 / (n1 + n2)^2`` (method 6); with the total and a randomisation ratio r
    ``V = d r / (1 + r)^2``, which is d / 4 for 1:1 (method 5).

    Parameters
    ----------
    events_1, events_2 : float, optional
        Events of the treatment and the reference arm.
    events : float, optional
        Their total, where only this is printed.
    n_1, n_2 : float, optional
        Patients.
    allocation : float, optional
        Randomisation ratio, treatment to reference; 1 by default.

    Returns
    -------
    v : float
    kind : {"events-per-arm", "events+n", "events"}
    assumptions : tuple of str

    Raises
    ------
    MetaAnalysisError
        Where no events are given, or they are not above 0, or more than the patients.

    Examples
    --------
    >>> log_rank_variance(events=100)[:2]
    (25.0, 'events')
    """
    given = {"events_1": events_1, "events_2": events_2, "events": events, "n_1": n_1, "n_2": n_2}
    for name, value in given.items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise MetaAnalysisError(f"{name} is {value:g}; the variance of a log-rank test needs numbers above 0: check it.")
    n = (n_1 or 0) + (n_2 or 0)
    for seen, most, what in ((events_1, n_1, "treatment arm"), (events_2, n_2, "reference arm"), (events, n if n_1 and n_2 else None, "trial")):
        if seen is not None and most is not None and seen > most:
            raise MetaAnalysisError(f"There are {seen:g} events in the {most:g} patients of the {what}; expected no more events than patients: check them.")
    if events_1 is not None and events_2 is not None:
        v = events_1 * events_2 / (events_1 + events_2)
        return v, "events-per-arm", ("The log-rank variance is approximated by the events of both arms, for a hazard ratio not far from 1.",)
    if events is None:
        raise MetaAnalysisError("No number of events is given; expected events_1 and events_2, or events.")
    if n_1 is not None and n_2 is not None:
        return events * n_1 * n_2 / n**2, "events+n", ("The log-rank variance is approximated by the events and the share of patients in each arm, for a hazard ratio not far from 1.",)
    r = 1.0 if allocation is None else allocation
    stated = "1:1 randomisation, as no other is given" if allocation is None else f"{r:g}:1 randomisation"
    return events * r / (1 + r) ** 2, "events", (f"The log-rank variance is approximated by the events under {stated}, for a hazard ratio not far from 1.",)


def from_interval(hr, ci_low, ci_high, *, level=0.95):
    """Route ``hr+ci``: a ratio with its confidence interval (Parmar et al. 1998, equation 7; Tierney et al. 2007, method 3).

    Parameters
    ----------
    hr, ci_low, ci_high : float
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    RouteEffect

    Raises
    ------
    MetaAnalysisError
        Where the limits do not enclose the ratio or the level is not in (0, 1).
    """
    _check_ratio(hr)
    if not 0 < level < 1:
        raise MetaAnalysisError(f"The level of the interval is {level!r}; expected it between 0 and 1, as 0.95.")
    if not (0 < ci_low <= hr <= ci_high < math.inf and ci_low < ci_high):
        raise MetaAnalysisError(f"The interval {ci_low:g} to {ci_high:g} does not enclose the ratio {hr:g}; expected low < ratio < high, all above 0.")
    return RouteEffect(math.log(hr), interval_se(math.log(ci_low), math.log(ci_high), level), "hr+ci", "as printed")


def interval_se(low, high, level=0.95):
    """Give the standard error behind an interval that is symmetric on the analysis scale, ``(high - low) / (2 z)``.

    Parameters
    ----------
    low, high : float
        Limits on the analysis scale (log for ratios).
    level : float

    Returns
    -------
    float
    """
    return (high - low) / (2 * float(ndtri(0.5 + level / 2)))


def from_p(hr, p, *, sides=2):
    """Route ``hr+p``: a ratio with its p-value (Parmar et al. 1998, equation 9).

    Parameters
    ----------
    hr : float
    p : float
        Exact: "< 0.001" will not do.
    sides : {2, 1}

    Returns
    -------
    RouteEffect
        Only ``"rough"`` where the ratio is so near 1 that its rounding decides the standard error.

    Raises
    ------
    MetaAnalysisError
        Where the ratio is 1 or p is not in (0, 1): they do not tell the standard error.
    """
    _check_ratio(hr)
    z = _z(p, sides)
    if hr == 1:
        raise MetaAnalysisError("The ratio is 1; with it p does not tell the standard error. Give the confidence interval.")
    yi = math.log(hr)
    assumptions = [f"The {'two' if sides == 2 else 'one'}-sided p is that of a test of the ratio itself (Wald or log-rank)."]
    if abs(yi) < NEAR_ONE:
        assumptions.append("The ratio is so near 1 that its rounding may change the standard error by more than a tenth.")
    return RouteEffect(yi, abs(yi) / z, "hr+p", "rough" if abs(yi) < NEAR_ONE else "derived", tuple(assumptions))


def from_hr_events(hr, **events):
    """Routes ``hr+events-per-arm``, ``hr+events+n``, ``hr+events``: a ratio with numbers of events.

    Tierney et al. 2007, methods 4 to 6; V by `log_rank_variance`.

    Parameters
    ----------
    hr : float
    **events
        As in `log_rank_variance`.

    Returns
    -------
    RouteEffect

    Examples
    --------
    >>> from_hr_events(0.85, events_1=229, events_2=256).route
    'hr+events-per-arm'
    """
    _check_ratio(hr)
    v, kind, assumptions = log_rank_variance(**events)
    return RouteEffect(math.log(hr), v**-0.5, f"hr+{kind}", "approximate", assumptions)


def from_o_minus_e(o_minus_e, v):
    """Route ``o-e+v``: ``(O - E) / V`` with variance ``1 / V`` (Yusuf et al. 1985, Prog Cardiovasc Dis 27:335; Tierney et al. 2007, method 2).

    Parameters
    ----------
    o_minus_e : float
        Observed minus expected events of the treatment arm.
    v : float
        Its variance.

    Returns
    -------
    RouteEffect
    """
    if not (math.isfinite(v) and v > 0):
        raise MetaAnalysisError(f"v is {v:g}; the variance of O - E is positive: check it.")
    return RouteEffect(o_minus_e / v, v**-0.5, "o-e+v", "as printed", ("One-step estimate from O - E and V, which falls short of large effects.",))


def from_observed_expected(o_1, e_1, o_2, e_2):
    """Route ``o+e``: events observed and expected in each arm (Parmar et al. 1998; Tierney et al. 2007, method 1).

    The ratio is ``(O1 / E1) / (O2 / E2)``, V is ``1 / (1 / E1 + 1 / E2)``.

    Parameters
    ----------
    o_1, e_1, o_2, e_2 : float
        1 = treatment, 2 = reference.

    Returns
    -------
    RouteEffect

    Raises
    ------
    MetaAnalysisError
        Where a number is not above 0, or observed and expected events differ in their sums.

    Examples
    --------
    >>> effect = from_observed_expected(20, 25, 30, 25)
    >>> round(effect.yi, 4), effect.v
    (-0.4055, 12.5)
    """
    if not min(o_1, e_1, o_2, e_2) > 0:
        raise MetaAnalysisError(f"Observed and expected events are {o_1:g}, {e_1:g} and {o_2:g}, {e_2:g}; expected numbers above 0.")
    observed, expected = o_1 + o_2, e_1 + e_2
    if abs(observed - expected) > max(1.0, 0.02 * observed):
        raise MetaAnalysisError(f"{observed:g} events are observed in all and {expected:g} expected; a log-rank test expects as many as are observed: check the numbers.")
    v = 1 / (1 / e_1 + 1 / e_2)
    assumption = "The log-rank variance is approximated by the expected events of both arms."
    return RouteEffect(math.log(o_1 / e_1) - math.log(o_2 / e_2), v**-0.5, "o+e", "derived", (assumption,))


def from_logrank_p(p, *, favours, sides=2, **events):
    """Routes ``logrank-p+events-per-arm``, ``logrank-p+events+n``, ``logrank-p+events``: a log-rank p-value with numbers of events.

    ``O - E = z sqrt(V)`` (Parmar et al. 1998; Tierney et al. 2007, methods 7 to 9); V by `log_rank_variance`.

    Parameters
    ----------
    p : float
        Of the log-rank test, exact.
    favours : {"treatment", "reference"}
        The arm with the lower hazard.
    sides : {2, 1}
    **events
        As in `log_rank_variance`.

    Returns
    -------
    RouteEffect

    Raises
    ------
    MetaAnalysisError
        Where the direction is not said.

    Examples
    --------
    >>> effect = from_logrank_p(0.075, favours="treatment", events_1=229, events_2=256)
    >>> round(effect.o_minus_e, 1), round(effect.v, 1)
    (-19.6, 120.9)
    """
    sign = _sign(favours)
    z = _z(p, sides)
    v, kind, assumptions = log_rank_variance(**events)
    stated = (f"The {'two' if sides == 2 else 'one'}-sided p is of an unadjusted log-rank test that favours the {favours} arm.",)
    return RouteEffect(sign * z / math.sqrt(v), v**-0.5, f"logrank-p+{kind}", "approximate", stated + assumptions)
