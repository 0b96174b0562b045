"""Events and censorings that an at-risk table prints beside the numbers at risk: what they tell, and how they are met."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.survival.kaplan_meier import step_value

LEAST_ALLOWED, SHARE_ALLOWED = 2, 0.05
"""Rebuilt cumulative numbers may differ by so many patients, or by this share of the printed number."""

_WORDS = {"n_event": "events", "n_censored": "censorings"}


@dataclass(frozen=True)
class PrintedCounts:
    """The printed rows of one arm; cumulative numbers, NaN where a cell is empty.

    Attributes
    ----------
    time : ndarray, shape (n_times,)
    n_risk, n_event, n_censored : ndarray, shape (n_times,)
    """

    time: np.ndarray
    n_risk: np.ndarray
    n_event: np.ndarray
    n_censored: np.ndarray

    @classmethod
    def of_table(cls, table, arm):
        """Take the rows of an arm from an `AtRiskTable`; None where it prints neither events nor censorings of that arm."""
        if table is None or arm not in table.arms or (table.n_event is None and table.n_censored is None):
            return None
        row, nothing = table.arms.index(arm), np.full(len(table.time), np.nan)
        events, censored = (nothing if values is None else values[row] for values in (table.n_event, table.n_censored))
        if np.isnan(events).all() and np.isnan(censored).all():
            return None
        return cls(table.time, table.n_risk[row], events, censored)

    def total(self, curve, slack):
        """Give the total of events, where the last column and the curve's end settle it; else None.

        Parameters
        ----------
        curve : Curve
        slack : float
            Reading error of time: a drop this near the last printed time is counted there.

        Returns
        -------
        int or None
            What is printed last, where nobody is left or the curve falls no more; one more, where the only one left falls.
        """
        if np.isnan(self.n_event[-1]):
            return None
        at_last = float(step_value(self.time[-1] + slack, curve.time, curve.survival, 1.0))
        falls = at_last - curve.survival[-1] > max(2 * (curve.survival_error or 0), 1e-9)
        if not falls or self.n_risk[-1] == 0:
            return int(self.n_event[-1])
        return int(self.n_event[-1]) + 1 if self.n_risk[-1] == 1 else None

    def gaps(self, time, event, slack):
        """Compare patients with the printed numbers.

        Parameters
        ----------
        time : ndarray, shape (n,)
        event : ndarray of bool, shape (n,)
        slack : float
            What ends this near a printed time may be counted before it or after it.

        Returns
        -------
        dict of str to ndarray, shape (n_times,)
            By ``n_event`` and ``n_censored``: rebuilt less printed, 0 where both ways of counting enclose the printed
            number; only rows that are printed.
        """
        found = {}
        for name, kind, printed in (("n_event", event, self.n_event), ("n_censored", ~event, self.n_censored)):
            if not np.isnan(printed).all():
                ended = np.sort(time[kind])
                fewest = ended.searchsorted(self.time - slack, side="left")
                most = ended.searchsorted(self.time + slack, side="right")
                found[name] = np.clip(printed, fewest, most) - printed
        return found

    def conflicts(self, gaps, unit):
        """Say where the printed events, or without them the printed censorings, are missed by too much."""
        name = "n_event" if "n_event" in gaps else "n_censored"
        printed = getattr(self, name)
        beyond = np.nan_to_num(np.abs(gaps[name])) - np.maximum(LEAST_ALLOWED, SHARE_ALLOWED * np.nan_to_num(printed))
        worst = int(beyond.argmax())
        if beyond[worst] <= 0:
            return []
        rebuilt = printed[worst] + gaps[name][worst]
        return [f"the table says {printed[worst]:g} {_WORDS[name]} by {unit} {self.time[worst]:g}; curve and table lead to {rebuilt:g}"]


def largest(gap):
    """Largest difference of a row as a whole number, empty cells left out."""
    return int(np.nanmax(np.abs(gap)))
