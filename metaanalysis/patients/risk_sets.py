"""Two arms at risk: what the Cox model and the log-rank test are made of, for one pair of arms or for thousands at once.

Pairs lie one after the other in flat arrays, a row per distinct event time, so that no loop goes over pairs. A pair may
be a trial, one of many data sets of a trial, or a stratum of a model that gives one hazard ratio to several strata.

Examples
--------
>>> sets = RiskSets.of([([2, 4, 6], [1, 1, 0])], [([1, 2, 5], [1, 1, 1])])
>>> sets.n.tolist(), sets.n_treatment.tolist()
([6, 5, 3, 2], [3, 3, 2, 1])
>>> yi, sei = cox(sets)
>>> round(float(yi[0]), 4), round(float(sei[0]), 4)
(-0.7352, 0.9213)

The same patients twice, as two strata under one hazard ratio: the same estimate, half the variance.

>>> twice = RiskSets.of([([2, 4, 6], [1, 1, 0])] * 2, [([1, 2, 5], [1, 1, 1])] * 2)
>>> yi, sei = cox(twice, group=[0, 0])
>>> round(float(yi[0]), 4), round(float(sei[0] * 2**0.5), 4)
(-0.7352, 0.9213)
"""

from dataclasses import dataclass

import numpy as np

from metaanalysis.errors import MetaAnalysisError

TIES = ("efron", "breslow")
_SMALLEST_STEP, _MOST_STEPS = 1e-10, 200
_CELLS_PER_PATIENT = 4
_LEAST_INFORMATION = 1e-12


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
        MetaAnalysisError
            Where there are not as many of both, times and events do not match, or a time is not finite.
        """
        if len(treatment) != len(reference):
            raise MetaAnalysisError(
                f"There are {len(treatment)} data sets of one arm and {len(reference)} of the other; expected as many of both."
            )
        ours, others = _flat(treatment), _flat(reference)
        is_treatment = np.repeat([True, False], [len(ours[0]), len(others[0])])
        pair, time, event = (np.concatenate(columns) for columns in zip(ours, others, strict=True))
        return cls.of_patients(len(treatment), pair, is_treatment, time, event)

    @classmethod
    def of_patients(cls, n_pairs, pair, is_treatment, time, event):
        """Count who is at risk in pairs (trials, strata) whose patients lie in flat columns.

        Whole numbers of time (days) are counted without sorting where there are few of them.

        Parameters
        ----------
        n_pairs : int
        pair : ndarray of int, shape (n,)
            From 0 to `n_pairs` - 1, in any order.
        is_treatment : ndarray of bool, shape (n,)
        time : ndarray, shape (n,)
            Finite.
        event : ndarray of bool, shape (n,)

        Returns
        -------
        RiskSets
        """
        if len(time) and time.min() >= 0 and n_pairs * (time.max() + 1) <= _CELLS_PER_PATIENT * len(time):
            day = time.astype(np.int64)
            if (day == time).all():
                return cls._of_days(n_pairs, pair, is_treatment, day, event)
        return cls._of_sorted(n_pairs, *_by_time(pair, is_treatment, time, event))

    @classmethod
    def _of_days(cls, n_pairs, pair, is_treatment, day, event):
        n_days = int(day.max()) + 1
        cell, n_cells = pair * n_days + day, n_pairs * n_days

        def counted(chosen):
            return np.bincount(chosen, minlength=n_cells).reshape(n_pairs, n_days)

        def at_risk(leaving):
            return np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]

        leaving, events = counted(cell), counted(cell[event])
        n, n_treatment, treated = at_risk(leaving), at_risk(counted(cell[is_treatment])), counted(cell[event & is_treatment])
        row = np.nonzero(events)
        last = n_days - 1.0 - np.argmax(leaving[:, ::-1] > 0, axis=1)
        last[n[:, 0] == 0] = np.nan
        return cls(row[0], row[1].astype(float), n[row], n_treatment[row], events[row], treated[row], last)

    @classmethod
    def _of_sorted(cls, n_pairs, pair, is_treatment, time, event):
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

    def between(self, low, high):
        """Keep the event times in ``(low, high]``; who is at risk at them stays as it is.

        The partial likelihood of what is left is that of a window of time: patients enter it late, at `low`.

        Parameters
        ----------
        low, high : float
            In the unit of time.

        Returns
        -------
        RiskSets
        """
        inside = (self.time > low) & (self.time <= high)
        rows = (getattr(self, name)[inside] for name in ("pair", "time", "n", "n_treatment", "events", "events_treatment"))
        return RiskSets(*rows, self.last_time)

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
            raise MetaAnalysisError(f"Data set {m + 1} has {time.size} times and {event.size} events; expected one of each per patient.")
    pair = np.repeat(np.arange(len(times)), [len(time) for time in times])
    time = np.concatenate([np.empty(0), *times])
    if not np.isfinite(time).all():
        where = pair[~np.isfinite(time)][0] + 1
        raise MetaAnalysisError(f"A patient's time in data set {where} is missing or not finite; expected a number for each.")
    return pair, time, np.concatenate([np.empty(0, bool), *events])


def _by_time(pair, *columns):
    """Columns in the order of pair and time; `columns` are treatment, time and event. Ties stand in any order."""
    time = columns[1]
    order = np.argsort(time)
    short = pair[order].astype(np.uint16 if pair.max(initial=0) < 2**16 else np.int64)
    order = order[np.argsort(short, kind="stable")]
    return pair[order], *(column[order] for column in columns)


def _until(seen):
    """How many were seen before each place, and in all; shape (n + 1,)."""
    return np.concatenate(([0], np.cumsum(seen)))


@dataclass(frozen=True)
class EventRows:
    """One row per event, with who is at risk: with Efron's denominators (1977), or Breslow's (1974).

    Attributes
    ----------
    row : ndarray of int, shape (n_events,)
        The event's row among those of the `RiskSets`.
    pair : ndarray of int, shape (n_events,)
    n_reference, n_treatment : ndarray, shape (n_events,)
        What is left at risk while tied events are taken one by one; by Breslow's rule nobody leaves meanwhile.
    observed : ndarray, shape (n_events,)
        Share of the event that is in the treatment arm.
    """

    row: np.ndarray
    pair: np.ndarray
    n_reference: np.ndarray
    n_treatment: np.ndarray
    observed: np.ndarray

    @classmethod
    def of(cls, sets, use=slice(None), *, ties="efron"):
        """Take events one by one.

        Parameters
        ----------
        sets : RiskSets
        use : ndarray of bool, shape (n_rows,), optional
            Which rows; all by default.
        ties : {"efron", "breslow"}

        Returns
        -------
        EventRows
        """
        chosen = np.arange(len(sets.time))[use]
        events = sets.events[chosen]
        row = np.repeat(chosen, events)
        tied, mine, ours, all_ = (column[row] for column in (sets.events, sets.events_treatment, sets.n_treatment, sets.n))
        earlier = np.arange(len(row)) - np.repeat(np.cumsum(events) - events, events) if ties == "efron" else 0
        share = earlier / tied
        return cls(row, sets.pair[row], all_ - ours - share * (tied - mine), ours - share * mine, mine / tied)

    def chance(self, yi):
        """Give each event's chance, shape (n_events,), to be one of the treatment arm at log hazard ratios `yi`, shape (n_pairs,)."""
        weight = self.n_treatment * np.exp(yi)[self.pair]
        return weight / (self.n_reference + weight)


def cox(sets, group=None, *, ties="efron"):
    """Log hazard ratio of treatment over reference and its standard error, for all pairs at once.

    Cox (1972) with Efron's (1977) treatment of ties, or Breslow's (1974). The score U falls with the log hazard ratio b,
    and the information I of each event is p (1 - p) with p its chance, which a step s changes by the factor e^|s| at
    most; so U cannot change its sign within the step log(1 + |U| / I), which is taken in place of Newton's |U| / I: it
    never overshoots, and near the maximum it is as quick. What a group gives does not depend on the others.

    Parameters
    ----------
    sets : RiskSets
    group : array-like of int, shape (n_pairs,), optional
        Pairs of one number, from 0 on, are the strata of one model and share a log hazard ratio; by default each pair
        has its own.
    ties : {"efron", "breslow"}

    Returns
    -------
    yi, sei : ndarray, shape (n_groups,)
        NaN where no finite hazard ratio exists: all events that compare the arms lie in one of them, or there is none.
    """
    if ties not in TIES:
        raise MetaAnalysisError(f"The treatment of ties is {ties!r}; expected one of {', '.join(TIES)}.")
    group = np.arange(sets.n_pairs) if group is None else np.asarray(group)
    n_groups = int(group.max(initial=-1)) + 1
    total, mine = (np.bincount(group, counted, n_groups) for counted in sets.events_compared())
    is_finite = (mine > 0) & (mine < total)
    rows = EventRows.of(sets, is_finite[group[sets.pair]], ties=ties)
    of_group = group[rows.pair]
    observed = np.bincount(of_group, rows.observed, n_groups)
    yi, information = np.zeros(n_groups), np.ones(n_groups)
    for _ in range(_MOST_STEPS):
        chance = rows.chance(yi[group])
        score = observed - np.bincount(of_group, chance, n_groups)
        information = np.where(is_finite, np.bincount(of_group, chance * (1 - chance), n_groups), 1.0)
        newton = score / information
        is_open = np.abs(newton) > _SMALLEST_STEP
        if not is_open.any():
            break
        yi = np.where(is_open, yi + np.sign(newton) * np.log1p(np.abs(newton)), yi)
    return np.where(is_finite, yi, np.nan), np.where(is_finite, 1 / np.sqrt(information), np.nan)


def trend_statistic(sets, yi, g, group=None):
    """Score statistic of a log hazard ratio that changes with g of time (Grambsch and Therneau 1994), as R's cox.zph.

    With p the chance of an event to be of the treatment arm and v = p (1 - p), ``U² / V`` with ``U = sum((g - m)(x - p))``,
    ``V = sum((g - m)² v)`` and ``m = sum(g v) / sum(v)``; events of a group together.

    Parameters
    ----------
    sets : RiskSets
    yi : ndarray, shape (n_groups,)
        Log hazard ratios by `cox`, Efron's.
    g : ndarray, shape (n_rows,)
        Of each row's time.
    group : array-like of int, shape (n_pairs,), optional
        As in `cox`.

    Returns
    -------
    ndarray, shape (n_groups,)
        Chi-squared with one degree of freedom; NaN where g does not change, or a hazard ratio is not finite.
    """
    group = np.arange(sets.n_pairs) if group is None else np.asarray(group)
    rows, n_groups = EventRows.of(sets), len(yi)
    of_group, chance, g = group[rows.pair], rows.chance(np.asarray(yi)[group]), g[rows.row]
    v = chance * (1 - chance)

    def sums(values):
        return np.bincount(of_group, values, n_groups)

    with np.errstate(invalid="ignore", divide="ignore"):
        g = g - (sums(g * v) / sums(v))[of_group]
        information = sums(g * g * v)
        return np.where(information > _LEAST_INFORMATION, sums(g * (rows.observed - chance)) ** 2 / information, np.nan)


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
