"""Cumulative incidence of competing causes: the Aalen-Johansen estimate.

Examples
--------
Five patients, worked by hand: cause 1 takes one of five at 1, cause 2 one of four at 2, cause 1 one of two at 4.

>>> estimate = aalen_johansen([1, 2, 3, 4, 5], [1, 2, 0, 1, 0])
>>> [round(float(value), 4) for value in estimate.incidence[0]]
[0.2, 0.2, 0.2, 0.5, 0.5]
>>> [round(float(value), 4) for value in estimate.incidence[1]]
[0.0, 0.2, 0.2, 0.2, 0.2]
>>> [round(float(value), 4) for value in estimate.survival]
[0.8, 0.6, 0.6, 0.3, 0.3]
"""

from dataclasses import dataclass

import numpy as np

from ipdrecon.errors import ReconstructionError
from ipdrecon.survival.kaplan_meier import count, step_value


@dataclass(frozen=True)
class AalenJohansen:
    """Cumulative incidence by cause.

    Attributes
    ----------
    time : ndarray, shape (n_times,)
        Distinct times of events and censorings, increasing.
    n_risk : ndarray of int, shape (n_times,)
        Patients whose time is this one or later.
    n_event : ndarray of int, shape (n_causes, n_times)
    survival : ndarray, shape (n_times,)
        Free of every cause, just after each time.
    incidence : ndarray, shape (n_causes, n_times)
        Just after each time; with `survival` they add up to 1.
    """

    time: np.ndarray
    n_risk: np.ndarray
    n_event: np.ndarray
    survival: np.ndarray
    incidence: np.ndarray

    def incidence_at(self, at, cause=1):
        """Incidence of a cause (from 1) at times `at` (any shape), after the steps at these times; flat after the last."""
        return step_value(at, self.time, self.incidence[cause - 1], 0.0)

    def survival_at(self, at):
        """Survival free of every cause at times `at` (any shape)."""
        return step_value(at, self.time, self.survival, 1.0)


def aalen_johansen(time, cause, *, n_causes=None):
    """Estimate the cumulative incidence of each cause.

    A step of cause c at t is ``S(t-) d_c(t) / n(t)``, where S is the Kaplan-Meier estimate of being free of every cause
    (Aalen and Johansen 1978, Scandinavian Journal of Statistics 5:141; Kalbfleisch and Prentice 2002, section 8.2.3).
    With one cause it is one minus the Kaplan-Meier estimate.

    Parameters
    ----------
    time : array-like, shape (n,)
    cause : array-like of int, shape (n,)
        0 = censored, 1, 2, … = the cause of the event.
    n_causes : int, optional
        At least the highest cause; by default the highest.

    Returns
    -------
    AalenJohansen

    Raises
    ------
    ReconstructionError
        Where times and causes do not match, or a cause is no whole number from 0 to `n_causes`.
    """
    cause = np.asarray(cause)
    n_causes = int(cause.max(initial=1)) if n_causes is None else n_causes
    if not np.isin(cause, np.arange(n_causes + 1)).all():
        raise ReconstructionError(f"The causes hold {np.setdiff1d(cause, np.arange(n_causes + 1))[0]}; expected whole numbers from 0 (censored) to {n_causes}.")
    counts = count(time, cause > 0)
    n_event = np.array([np.bincount(np.searchsorted(counts.time, np.asarray(time, float)[cause == c]), minlength=len(counts.time)) for c in range(1, n_causes + 1)])
    survival = np.cumprod(1 - counts.n_event / np.maximum(counts.n_risk, 1))
    before = np.concatenate(([1.0], survival[:-1])) if len(survival) else survival
    return AalenJohansen(counts.time, counts.n_risk, n_event, survival, np.cumsum(before * n_event / np.maximum(counts.n_risk, 1), axis=1))
