"""One arm's input, checked, as every method of reconstruction takes it."""

from dataclasses import dataclass

import numpy as np

SLACK = 2.0
"""A drop this near a printed time, in errors of time, may be there."""


@dataclass(frozen=True)
class ConflictSettings:
    """When curve, table and total are said to contradict each other.

    Attributes
    ----------
    time_slack : float
        Reading error of time as a share of the follow-up, where the caller knows none: one pixel of 400.
    curve_most : float
        Refitted and given curve may differ by this, or by one patient, whichever is more.
    event_share : float
        Rebuilt and given events may differ by this share of the total, and always by `event_most`.
    event_most : int
    table_after_curve : float
        The table may go on after the curve for this share of the follow-up.
    """

    time_slack: float = 0.0025
    curve_most: float = 0.02
    event_share: float = 0.03
    event_most: int = 2
    table_after_curve: float = 0.01


@dataclass(frozen=True)
class Given:
    """What is given of one arm.

    Attributes
    ----------
    arm : str
    curve : CheckedCurve
    row : CheckedRow
    n_event : int or None
    error : tuple of float
        Reading errors of time and survival, assumed where they are not known.
    known_error : tuple of float or None
        The same, None where not known.
    settings : ConflictSettings
    unit : str
        What a time is called in messages.
    counts : PrintedCounts or None
        Printed events and censorings.
    censor_time : ndarray, shape (n_marks,), or None
    occluded : array-like, shape (n_stretches, 3)
        From, to, and the error of survival there.
    doubtful : bool
        Whether the reader doubts a number at risk of this arm.
    unit_of_times : float
        What all times are whole multiples of; 0 where nothing tells.
    """

    arm: str
    curve: object
    row: object
    n_event: int | None
    error: tuple
    known_error: tuple
    settings: ConflictSettings
    unit: str
    counts: object = None
    censor_time: np.ndarray | None = None
    occluded: tuple = ()
    doubtful: bool = False
    unit_of_times: float = 0.0

    @property
    def slack(self):
        """How far from a printed time a drop may be read that is there."""
        return SLACK * self.error[0]

    @property
    def used_row(self):
        """Printed times and numbers that count: those up to the curve's end, and later ones that are not 0."""
        use = (self.row.time <= self.curve.time[-1]) | (self.row.n_risk > 0)
        return self.row.time[use], self.row.n_risk[use]


@dataclass(frozen=True)
class Fit:
    """Patients that a method found, and what it held them to.

    Attributes
    ----------
    time : ndarray, shape (n,)
    event : ndarray of bool, shape (n,)
    risk_time, printed : ndarray, shape (n_times,)
        The printed times and numbers in use.
    table_said : tuple of str
        Printed numbers at risk that the curve does not allow.
    kind : str
        How the curve was read: ``"exact"``, ``"drawn"``, ``"sampled"``, ``"clicked"``.
    draws : sequence of (time, event)
    """

    time: np.ndarray
    event: np.ndarray
    risk_time: np.ndarray
    printed: np.ndarray
    table_said: tuple
    kind: str = "drawn"
    draws: tuple = ()
