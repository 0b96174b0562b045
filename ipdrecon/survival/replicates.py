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
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from ipdrecon.errors import ReconstructionError
from ipdrecon.survival.kaplan_meier import TIE
from ipdrecon.survival.risk_sets import RiskSets, cox, logrank_sums

_MOST_PATIENTS = 500_000


def reconstruction_error(values):
    """Standard error that the reconstruction adds to a quantity: the root of (1 + 1/M) B.

    B is the variance of the quantity between M data sets that are all compatible with the figure. With the sampling
    variance W the total is W + (1 + 1/M) B, by Rubin's rules for multiple imputation (Rubin 1987, section 3.1).

    Parameters
    ----------
    values : array-like, shape (n_draws,)
        The quantity in each data set.

    Returns
    -------
    float
        NaN where there are fewer than two data sets, or a value is not finite.
    """
    values = np.asarray(values, float)
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return math.sqrt((1 + 1 / len(values)) * float(values.var(ddof=1)))


def _joined(function, *arms):
    """Arrays that `function` gives for the data sets of one or two arms, called with so many as hold `_MOST_PATIENTS`."""
    sizes = [sum(len(time) for time, _ in data_sets) for data_sets in zip(*arms, strict=False)]
    block = np.cumsum([0, *sizes])[:-1] // _MOST_PATIENTS
    border = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), None]
    parts = [function(*(arm[begin:end] for arm in arms)) for begin, end in zip(border, border[1:], strict=False)]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


# --- two arms --------------------------------------------------------------------------------------------------------


def hazard_ratios(treatment, reference):
    """Log hazard ratio of each pair of data sets, by Cox regression with Efron's treatment of ties (`risk_sets.cox`).

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
    yi, sei = _joined(lambda *arms: cox(RiskSets.of(*arms)), treatment, reference)
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
    o_minus_e, variance = _joined(lambda *arms: logrank_sums(RiskSets.of(*arms)), treatment, reference)
    known = variance > 0
    statistic = np.divide(o_minus_e**2, variance, out=np.full(len(variance), np.nan), where=known)
    return o_minus_e, variance, chi2.sf(statistic, 1)


# --- one arm ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Curves:
    """Kaplan-Meier estimates, a row per data set; behind a data set's last event time is infinite and S is flat.

    `greenwood` holds the terms d / (n (n - d)) of Greenwood's sum (1926), 0 where n = d.
    """

    time: np.ndarray
    survival: np.ndarray
    greenwood: np.ndarray
    last_time: np.ndarray

    @classmethod
    def of(cls, arm):
        sets = RiskSets.of_one_arm(arm)
        begin = np.searchsorted(sets.pair, np.arange(sets.n_pairs))
        column = np.arange(len(sets.pair)) - begin[sets.pair]
        shape = (sets.n_pairs, int(column.max(initial=-1)) + 1)
        time, kept, greenwood = np.full(shape, np.inf), np.ones(shape), np.zeros(shape)
        place = sets.pair, column
        time[place], kept[place] = sets.time, 1 - sets.events / sets.n
        left = sets.n * (sets.n - sets.events)
        greenwood[place] = np.where(left > 0, sets.events / np.maximum(left, 1), 0.0)
        return cls(time, np.cumprod(kept, axis=1), greenwood, sets.last_time)

    def first_below(self, level):
        """First time at which S is at `level` or below in each row; infinite where there is none."""
        below = np.column_stack((self.survival <= level, np.ones(len(self.survival), bool)))
        time = np.column_stack((self.time, np.full(len(self.time), np.inf)))
        return time[np.arange(len(time)), below.argmax(axis=1)]


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
    return _joined(lambda block: (_medians(_Curves.of(block)),), arm)[0]


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
    return _joined(lambda block: _restricted_means(_Curves.of(block), tau), arm)


def _restricted_means(curves, tau):
    n_draws = len(curves.time)
    border = np.column_stack((np.zeros(n_draws), np.minimum(curves.time, tau), np.full(n_draws, tau)))
    area = np.diff(border, axis=1) * np.column_stack((np.ones(n_draws), curves.survival))
    after = np.cumsum(area[:, ::-1], axis=1)[:, ::-1]
    return after[:, 0], np.sqrt(np.sum(after[:, 1:] ** 2 * curves.greenwood * (curves.time < tau), axis=1))


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
    return _joined(lambda block: (_survivals(_Curves.of(block), np.asarray(at, float)),), arm)[0]


def _survivals(curves, at):
    survival = np.column_stack((np.ones(len(curves.survival)), curves.survival))
    rows = np.arange(len(survival))
    return np.stack([survival[rows, (curves.time <= moment).sum(axis=1)] for moment in at], axis=1)
