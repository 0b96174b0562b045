"""Two arms at risk: what the Cox model and the log-rank test are made of, for one pair of arms or for thousands at once.

Pairs lie one after the other in flat arrays, a row per distinct event time, so that no loop goes over pairs.

Examples
--------
>>> sets = RiskSets.of([([2, 4, 6], [1, 1, 0])], [([1, 2, 5], [1, 1, 1])])
>>> sets.n.tolist(), sets.n_treatment.tolist()
([6, 5, 3, 2], [3, 3, 2, 1])
>>> yi, sei = cox(sets)
>>> round(float(yi[0]), 4), round(float(sei[0]), 4)
(-0.7352, 0.9213)
"""

from dataclasses import dataclass

import numpy as np

from ipdrecon.errors import ReconstructionError

_SMALLEST_STEP, _MOST_STEPS = 1e-10, 200


@dataclass(frozen=True)
class RiskSets:
    """Distinct event times of pairs of arms, with who is at risk at them.

    Attributes
    ----------
    pair : ndarray of int, shape (n_rows,)
        Which pair a row belongs to; never falls.
    time : ndarray, shape (n_rows,)
        Increasing within a pair.
    n, n_treatment : ndarray of int, shape (n_rows,)
        Patients whose time is this one or later: of both arms, and of the treatment arm.
    events, events_treatment : ndarray of int, shape (n_rows,)
        Likewise.
    last_time : ndarray, shape (n_pairs,)
        Of all patients, censored ones too; NaN where a pair has none.
    """

    pair: np.ndarray
    time: np.ndarray
    n: np.ndarray
    n_treatment: np.ndarray
    events: np.ndarray
    events_treatment: np.ndarray
    last_time: np.ndarray

    @classmethod
    def of(cls, treatment, reference):
        """Count who is at risk at each event time of each pair.

        Parameters
        ----------
        treatment, reference : sequence of (time, event)
            As many of both; the m-th of one is paired with the m-th of the other.

        Returns
        -------
        RiskSets

        Raises
        ------
        ReconstructionError
            Where there are not as many of both, times and events do not match, or a time is not finite.
        """
        if len(treatment) != len(reference):
            raise ReconstructionError(
                f"There are {len(treatment)} data sets of one arm and {len(reference)} of the other; expected as many of both."
            )
        ours, others = _flat(treatment), _flat(reference)
        is_treatment = np.repeat([True, False], [len(ours[0]), len(others[0])])
        patients = (np.concatenate(columns) for columns in zip(ours, others, strict=True))
        return cls._of_patients(len(treatment), *patients, is_treatment)

    @classmethod
    def of_one_arm(cls, arm):
        """Count who is at risk at each event time of data sets of one arm, here the treatment arm.

        Parameters
        ----------
        arm : sequence of (time, event)

        Returns
        -------
        RiskSets
        """
        return cls.of(arm, [((), ())] * len(arm))

    @classmethod
    def _of_patients(cls, n_pairs, pair, time, event, is_treatment):
        order = np.lexsort((time, pair))
        pair, time, event, is_treatment = pair[order], time[order], event[order], is_treatment[order]
        end = np.cumsum(np.bincount(pair, minlength=n_pairs))
        is_first = np.ones(len(time), bool)
        is_first[1:] = (np.diff(pair) > 0) | (np.diff(time) > 0)
        first = np.flatnonzero(is_first)
        after = np.append(first[1:], len(time))[: len(first)]
        treated, events, events_treatment = (_until(seen) for seen in (is_treatment, event, event & is_treatment))
        has_event = events[after] > events[first]
        first, after = first[has_event], after[has_event]
        closed = end[pair[first]]
        return cls(
            pair[first],
            time[first],
            closed - first,
            treated[closed] - treated[first],
            events[after] - events[first],
            events_treatment[after] - events_treatment[first],
            np.append(time, np.nan)[np.where(np.diff(end, prepend=0) > 0, end - 1, -1)],
        )

    @property
    def n_pairs(self):
        """How many pairs there are."""
        return len(self.last_time)

    def sums(self, values):
        """Add up a value per row, shape (n_rows,), to one per pair, shape (n_pairs,)."""
        return np.bincount(self.pair, values, self.n_pairs)

    def events_compared(self):
        """Count the events while both arms are at risk: all, and those of the treatment arm; each of shape (n_pairs,)."""
        both = (self.n_treatment > 0) & (self.n_treatment < self.n)
        return self.sums(self.events * both), self.sums(self.events_treatment * both)


def _flat(arm):
    """Number of the data set, time and event of every patient of every data set."""
    times = [np.asarray(time, float) for time, _ in arm]
    events = [np.asarray(event).astype(bool) for _, event in arm]
    for m, (time, event) in enumerate(zip(times, events, strict=True)):
        if time.shape != event.shape or time.ndim != 1:
            raise ReconstructionError(f"Data set {m + 1} has {time.size} times and {event.size} events; expected one of each per patient.")
    pair = np.repeat(np.arange(len(times)), [len(time) for time in times])
    time = np.concatenate([np.empty(0), *times])
    if not np.isfinite(time).all():
        where = pair[~np.isfinite(time)][0] + 1
        raise ReconstructionError(f"A patient's time in data set {where} is missing or not finite; expected a number for each.")
    return pair, time, np.concatenate([np.empty(0, bool), *events])


def _until(seen):
    """How many were seen before each place, and in all; shape (n + 1,)."""
    return np.concatenate(([0], np.cumsum(seen)))


@dataclass(frozen=True)
class EventRows:
    """Efron's denominators (1977): one row per event.

    Attributes
    ----------
    row : ndarray of int, shape (n_events,)
        The event's row among those of the `RiskSets`.
    pair : ndarray of int, shape (n_events,)
    n_reference, n_treatment : ndarray, shape (n_events,)
        What is left at risk while tied events are taken one by one.
    observed : ndarray, shape (n_events,)
        Share of the event that is in the treatment arm.
    """

    row: np.ndarray
    pair: np.ndarray
    n_reference: np.ndarray
    n_treatment: np.ndarray
    observed: np.ndarray

    @classmethod
    def of(cls, sets, use=slice(None)):
        """Take events one by one.

        Parameters
        ----------
        sets : RiskSets
        use : ndarray of bool, shape (n_rows,), optional
            Which rows; all by default.

        Returns
        -------
        EventRows
        """
        chosen = np.arange(len(sets.time))[use]
        events = sets.events[chosen]
        row = np.repeat(chosen, events)
        earlier = np.arange(len(row)) - np.repeat(np.cumsum(events) - events, events)
        share = earlier / sets.events[row]
        mine = sets.events_treatment[row]
        left_treatment = sets.n_treatment[row] - share * mine
        left_reference = (sets.n - sets.n_treatment)[row] - share * (sets.events[row] - mine)
        return cls(row, sets.pair[row], left_reference, left_treatment, mine / sets.events[row])

    def chance(self, yi):
        """Give each event's chance, shape (n_events,), to be one of the treatment arm at log hazard ratios `yi`, shape (n_pairs,)."""
        weight = self.n_treatment * np.exp(yi)[self.pair]
        return weight / (self.n_reference + weight)


def cox(sets):
    """Log hazard ratio of treatment over reference and its standard error, for all pairs at once.

    Cox (1972) with Efron's (1977) treatment of ties. The score U falls with the log hazard ratio b, and the information
    I of each event is p (1 - p) with p its chance, which a step s changes by the factor e^|s| at most; so U cannot
    change its sign within the step log(1 + |U| / I), which is taken in place of Newton's |U| / I: it never overshoots,
    and near the maximum it is as quick.

    Parameters
    ----------
    sets : RiskSets

    Returns
    -------
    yi, sei : ndarray, shape (n_pairs,)
        NaN where no finite hazard ratio exists: all events that compare the arms lie in one of them, or there is none.
    """
    total, mine = sets.events_compared()
    is_finite = (mine > 0) & (mine < total)
    rows = EventRows.of(sets, is_finite[sets.pair])
    observed = np.bincount(rows.pair, rows.observed, sets.n_pairs)
    yi, information = np.zeros(sets.n_pairs), np.ones(sets.n_pairs)
    for _ in range(_MOST_STEPS):
        chance = rows.chance(yi)
        score = observed - np.bincount(rows.pair, chance, sets.n_pairs)
        information = np.where(is_finite, np.bincount(rows.pair, chance * (1 - chance), sets.n_pairs), 1.0)
        newton = score / information
        if (np.abs(newton) <= _SMALLEST_STEP).all():
            break
        yi = yi + np.sign(newton) * np.log1p(np.abs(newton))
    return np.where(is_finite, yi, np.nan), np.where(is_finite, 1 / np.sqrt(information), np.nan)


def logrank_sums(sets):
    """Observed minus expected events of the treatment arm, and their variance (Mantel 1966; Peto and Peto 1972).

    Parameters
    ----------
    sets : RiskSets

    Returns
    -------
    o_minus_e, variance : ndarray, shape (n_pairs,)
        The variance is hypergeometric; 0 where no event happens while both arms are at risk.
    """
    share = sets.n_treatment / sets.n
    o_minus_e = sets.sums(sets.events_treatment - sets.events * share)
    return o_minus_e, sets.sums(sets.events * share * (1 - share) * (sets.n - sets.events) / np.maximum(sets.n - 1, 1))
