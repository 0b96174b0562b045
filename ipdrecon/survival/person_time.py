"""A ratio of rates from what is printed beside a figure: how many had an event, and how many were at risk over time.

Examples
--------
>>> person_time([0, 6, 12], [10, 8, 4])
90.0
>>> ratio = rate_ratio(12, 496.5, 4, 565.5)
>>> round(ratio.ratio, 2), [round(limit, 2) for limit in ratio.interval()]
(3.42, [1.1, 10.59])
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ipdrecon.errors import ReportedError


@dataclass(frozen=True)
class RateRatio:
    """Events per person-time, treatment over reference.

    Attributes
    ----------
    yi, sei : float
        Log ratio and its standard error.
    """

    yi: float
    sei: float

    @property
    def ratio(self):
        """The ratio itself."""
        return math.exp(self.yi)

    def interval(self, level=0.95):
        """``(low, high)``, normal on the log scale."""
        half = float(ndtri(0.5 + level / 2)) * self.sei
        return math.exp(self.yi - half), math.exp(self.yi + half)


def person_time(time, n_risk):
    """Add up the time at risk under a row of numbers at risk.

    Between printed times patients are taken to leave evenly: the area under straight lines (trapezium rule). Nothing is
    added after the last printed time.

    Parameters
    ----------
    time : array-like, shape (n_times,)
        Increasing, from 0.
    n_risk : array-like, shape (n_times,)

    Returns
    -------
    float
        In patients times the unit of time.

    Raises
    ------
    ReportedError
        Where there are fewer than two times, they do not increase, or numbers at risk rise.
    """
    time, n_risk = np.asarray(time, float), np.asarray(n_risk, float)
    if len(time) < 2 or time.shape != n_risk.shape or (np.diff(time) <= 0).any():
        raise ReportedError(f"There are {len(time)} times and {len(n_risk)} numbers at risk; expected as many of both, two or more, at increasing times.")
    if (np.diff(n_risk) > 0).any() or n_risk[-1] < 0:
        raise ReportedError(f"The numbers at risk are {', '.join(f'{number:g}' for number in n_risk)}; expected that they never rise. Check them.")
    return float(np.sum(np.diff(time) * (n_risk[1:] + n_risk[:-1]) / 2))


def rate_ratio(events_1, time_1, events_2, time_2):
    """Compare events per person-time of two arms.

    The variance of the log ratio is ``1 / events_1 + 1 / events_2`` (Rothman, Greenland and Lash 2008, Modern
    Epidemiology, 3rd edition, page 244). It equals a hazard ratio where both hazards are constant.

    Parameters
    ----------
    events_1, events_2 : float
        Of treatment and reference.
    time_1, time_2 : float
        Time at risk, as of `person_time`.

    Returns
    -------
    RateRatio

    Raises
    ------
    ReportedError
        Where an arm has no event or no time at risk.
    """
    if not (events_1 > 0 and events_2 > 0 and time_1 > 0 and time_2 > 0):
        raise ReportedError(
            f"Seen {events_1:g} events in {time_1:g} and {events_2:g} in {time_2:g}; a ratio of rates needs an event and time at risk in each arm."
        )
    return RateRatio(math.log(events_1 / time_1) - math.log(events_2 / time_2), math.sqrt(1 / events_1 + 1 / events_2))
