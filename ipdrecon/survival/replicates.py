"""What is read from many data sets at once, and how much it varies between them.

A data set of an arm is ``(time, event)``, as in `ReconstructedArm.draws`. Each number equals that of the single data set
(`hazard_ratio`, `kaplan_meier`); thousands are computed without a loop over them, in blocks of bounded memory.

Examples
--------
Two data sets of an arm, the third death later in the second:

>>> arm = [([1, 2, 3, 4], [1, 1, 1, 1]), ([1, 2, 3.5, 4], [1, 1, 1, 1])]
>>> medians(arm).tolist()
[2.5, 2.75]
>>> restricted_means(arm, 4.0)[0].tolist()
[2.5, 2.625]
>>> round(reconstruction_error(medians(arm)), 4)
0.2165
"""

import math

import numpy as np
from scipy.stats import chi2

from ipdrecon.errors import ReconstructionError
from ipdrecon.survival.kaplan_meier import TIE
from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.product_limit import ProductLimit
from metaanalysis.patients.risk_sets import RiskSets, cox, logrank_sums
from metaanalysis.patients.rubin import between_draws

_MOST_PATIENTS = 50_000


def reconstruction_error(values):
    """Standard error that the reconstruction adds to a quantity: the root of (1 + 1/M) B of `metaanalysis.patients.rubin`.

    B is the variance of the quantity between M data sets that are all compatible with the figure.

    Parameters
    ----------
    values : array-like, shape (n_draws,)
        The quantity in each data set.

    Returns
    -------
    float
        NaN where there are fewer than two data sets, or a value is not finite.
    """
    return math.sqrt(between_draws(values))


def risk_sets(treatment, reference):
    """Count who is at risk in pairs of data sets.

    Parameters
    ----------
    treatment, reference : sequence of (time, event)

    Returns
    -------
    RiskSets

    Raises
    ------
    ReconstructionError
        Where there are not as many of both, or one is malformed.
    """
    try:
        return RiskSets.of(treatment, reference)
    except MetaAnalysisError as error:
        raise ReconstructionError(str(error)) from error


def _curves(arm):
    return ProductLimit.of(risk_sets(arm, [((), ())] * len(arm)))


def _joined(function, *arms):
    """Arrays that `function` gives for the data sets of one or two arms, called with so many as hold `_MOST_PATIENTS`."""
    if len({len(arm) for arm in arms}) > 1:
        function(*arms)  # which says what it expected
    parts = [function(*block) for block in _blocks(arms)] or [function(*arms)]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _blocks(arms):
    """Data sets of the arms, each with those that go with it, as many at a time as hold `_MOST_PATIENTS`; each is read once."""
    block, n = [], 0
    for data_sets in zip(*arms, strict=True):
        block.append(data_sets)
        n += sum(len(time) for time, _ in data_sets)
        if n >= _MOST_PATIENTS:
            yield tuple(zip(*block, strict=True))
            block, n = [], 0
    if block:
        yield tuple(zip(*block, strict=True))


# --- two arms --------------------------------------------------------------------------------------------------------


def hazard_ratios(treatment, reference):
    """Log hazard ratio of each pair of data sets, by Cox regression with Efron's treatment of ties (`metaanalysis.patients.risk_sets.cox`).

    Parameters
    ----------
    treatment, reference : sequence of (time, event)
        As many of both; the m-th of one goes with the m-th of the other.

    Returns
    -------
    yi, sei : ndarray, shape (n_draws,)
        Log hazard ratio of treatment over reference and its standard error; NaN where no finite one exists.

    Raises
    ------
    ReconstructionError
        Where no pair has a finite hazard ratio, there are not as many data sets of both, or one is malformed.
    """
    yi, sei = _joined(lambda *arms: cox(risk_sets(*arms)), treatment, reference)
    if np.isnan(yi).all():
        raise ReconstructionError(
            f"None of {len(yi)} pairs of data sets has a finite hazard ratio; expected one with events in both arms while both are at risk. "
            f"Compare the curves instead."
        )
    return yi, sei


def logranks(treatment, reference):
    """Log-rank test of each pair of data sets.

    Parameters
    ----------
    treatment, reference : sequence of (time, event)

    Returns
    -------
    o_minus_e, variance, p : ndarray, shape (n_draws,)
        Observed minus expected events of the treatment arm, its hypergeometric variance, and the two-sided p; p is NaN
        where no event happens while both arms are at risk.
    """
    o_minus_e, variance = _joined(lambda *arms: logrank_sums(risk_sets(*arms)), treatment, reference)
    known = variance > 0
    statistic = np.divide(o_minus_e**2, variance, out=np.full(len(variance), np.nan), where=known)
    return o_minus_e, variance, chi2.sf(statistic, 1)


# --- one arm ---------------------------------------------------------------------------------------------------------


def medians(arm):
    """Median survival of each data set.

    Where a curve lies at exactly one half for a while, the median is the middle of that stretch, as in R and SAS.

    Parameters
    ----------
    arm : sequence of (time, event)

    Returns
    -------
    ndarray, shape (n_draws,)
        Infinite where not reached.
    """
    return _joined(lambda block: (_medians(_curves(block)),), arm)[0]


def _medians(curves):
    begin, end = curves.first_below(0.5 + TIE), curves.first_below(0.5 - TIE)
    until = np.where(np.isinf(end), curves.last_time, end)
    return np.where(begin < end, (begin + until) / 2, begin)


def restricted_means(arm, tau):
    """Restricted mean survival time of each data set, and its standard error (Klein and Moeschberger 2003, equation 4.5.2).

    Parameters
    ----------
    arm : sequence of (time, event)
    tau : float
        Horizon, in the unit of time; a curve is carried on flat to it.

    Returns
    -------
    rmst, se : ndarray, shape (n_draws,)
        In the unit of time.
    """
    return _joined(lambda block: _curves(block).restricted_means(tau), arm)


def restricted_mean_differences(treatment, reference, tau):
    """Restricted mean survival time of treatment minus reference in each pair of data sets.

    Parameters
    ----------
    treatment, reference : sequence of (time, event)
        As many of both.
    tau : float
        Horizon, in the unit of time.

    Returns
    -------
    difference, se : ndarray, shape (n_draws,)
        In the unit of time.
    """
    if len(treatment) != len(reference):
        raise ReconstructionError(f"There are {len(treatment)} data sets of one arm and {len(reference)} of the other; expected as many of both.")
    (ours, our_se), (theirs, their_se) = restricted_means(treatment, tau), restricted_means(reference, tau)
    return ours - theirs, np.hypot(our_se, their_se)


def survivals(arm, at):
    """Survival of each data set at times, after the drops at these times.

    Parameters
    ----------
    arm : sequence of (time, event)
    at : array-like, shape (n_times,)

    Returns
    -------
    ndarray, shape (n_draws, n_times)
    """
    return _joined(lambda block: _curves(block).survivals(at)[:1], arm)[0]
