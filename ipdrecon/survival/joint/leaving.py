"""When patients leave without an event: what is assumed between printed numbers, and after the last of them.

With S the Kaplan-Meier estimate of events and G that of leaving, n(t) / n(0) = S(t-) G(t-) (the two estimates share one
product over the times; see Satten and Datta 2001, section 2). A printed number therefore gives G where it is printed;
between two of them leaving is spread at a constant hazard. After the last, G is one of a family,

    G(x) = exp(-dropout x) min(1, (1 - x) / (1 - opening)),    x from 0 at the last printed number to 1 at the end,

steady loss, and from `opening` on the end of follow-up of patients who entered evenly (none before the end where it is 1, as
where an axis ends before the follow-up does); the levels weigh its members.
Since n(0) G(t) is what one event at t takes from n(0) S, a total of events is one linear condition on G; where it is
known, members that meet it are added where the others do not, and all are weighed by how near they come.

Censor marks set the clock: where they are drawn, leaving keeps their pace instead of that of time; half of it where the
numbers at risk, the total of events or the end of the curve say that marks are missing, as where they overlap: nobody is
left when a curve ends. A clicked point tells of
the events since the point before it, so that half of the leaving between the two comes after them: the clock lags.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ipdrecon.survival.joint.timeline import nearest_rows

_DROPOUTS = (0.0, 0.5, 1.5)
"""The middle one alone serves exact curves, whose drops tell n whatever the shape."""
_OPENINGS = (0.0, 0.4, 0.8, 1.0)
_OPENING_CHANCES = (0.32, 0.32, 0.32, 0.04)
"""That nobody reaches the end of follow-up before the end of the curve is rare: a curve ends with its last patient."""
_OPENINGS_FITTED = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9, 0.97)
_BEYOND = 1.02
"""Follow-up would have ended a little after the last patient seen."""
_FASTEST = 30.0
_LEAST_LEAVING = 0.5
"""Expected leavers of an interval for which curve and table leave none: a count, so that none is impossible."""
_LEAST_LEFT = 0.3
"""What a printed 0 stands for in logarithms."""
_MARK_PACE, _MARK_PACE_INCOMPLETE = 0.95, 0.5
_MARKS_OFF, _MARKS_OFF_SHARE = 2.0, 0.1
"""Marks may differ from the patients who leave by so many, or by this share, and be complete."""
_NEARER_TOTAL = 3.0
"""By so many events the total must be nearer where the table was counted after the events at its times than before them."""
_LATEST_OPENING = 0.999
_TOTAL_SPREAD = 0.7
"""Standard deviation of the total of events under one shape, per root of the events that leaving costs."""
_PACE_CHANGES = 0.08
"""Share of the events that leaving costs between printed numbers which hangs on its pace within the intervals."""


@dataclass(frozen=True)
class Clock:
    """The pace of leaving.

    Attributes
    ----------
    end : float
        Where the curve ends.
    marks : ndarray, shape (n_marks,), or None
        Times of censor marks, increasing.
    lag : tuple of ndarray, or None
        Times, increasing, and what the clock shows there where no marks are known.
    complete : bool
        Whether there is about one mark per patient who leaves.
    """

    end: float
    marks: np.ndarray | None = None
    lag: tuple | None = None
    complete: bool = True

    @property
    def stop(self):
        """What the clock shows when everybody has left."""
        return float(self.at(self.end)) if self.marks is not None else self.end

    def at(self, time):
        """Read the clock at times (any shape): time itself, or mostly the number of marks so far."""
        time = np.asarray(time, float)
        if self.marks is None or not len(self.marks):
            return time if self.lag is None else np.interp(time, *self.lag)
        so_far = np.searchsorted(self.marks, time, side="left") / len(self.marks)
        pace = _MARK_PACE if self.complete else _MARK_PACE_INCOMPLETE
        return pace * so_far + (1 - pace) * time / max(self.end, 1e-100)

    def n_marks(self, begin, end):
        """Marks from `begin` on and before `end`; None where none are known, or some are missing."""
        if self.marks is None or not self.complete:
            return None
        first, last = np.searchsorted(self.marks, (begin, end), side="left")
        return int(last - first)


@dataclass(frozen=True)
class Leaving:
    """How likely a patient at risk leaves in a stretch of time.

    Attributes
    ----------
    border : ndarray, shape (n_intervals + 1,)
        Time 0 and the printed times; after the last, the family holds.
    hazard : ndarray, shape (n_intervals,)
        Per unit of the clock, between two printed numbers.
    shapes : ndarray, shape (n_shapes, 2)
        Members of the family: dropout, opening.
    weight : ndarray, shape (n_shapes,)
        Chance of each before the levels are seen.
    clock : Clock
    """

    border: np.ndarray
    hazard: np.ndarray
    shapes: np.ndarray
    weight: np.ndarray
    clock: Clock

    def chances(self, begin, end):
        """Chances of leaving in stretches of time that no printed time parts.

        Parameters
        ----------
        begin, end : array-like, shape (n_stretches,)

        Returns
        -------
        list of ndarray, shape (1,) between printed numbers, (n_shapes,) after the last of them
        """
        pace = self.clock.at([begin, end])
        interval = np.searchsorted(self.border, begin, side="right") - 1
        between = np.append(self.hazard, 0.0)[interval] * (pace[1] - pace[0])
        start = self.clock.at(self.border[-1])
        stay = _log_stay(self.shapes, ((pace - start) / max(self.clock.stop - start, 1e-12)).ravel())
        after = (stay[:, len(interval) :] - stay[:, : len(interval)]).T
        chance = zip(interval < len(self.hazard), -np.expm1(-between)[:, None], -np.expm1(after), strict=True)
        return [np.clip(early if is_early else late, 1e-9, 0.9999) for is_early, early, late in chance]


def _log_stay(shapes, share):
    """Log G of each shape (rows) at each share of the open stretch (columns)."""
    dropout, opening = shapes[:, :1], shapes[:, 1:]
    evenly = np.log(np.clip((_BEYOND - share) / (_BEYOND - opening), 1e-12, 1.0))
    return -dropout * share + evenly


def _n_leaving(levels, border, n_risk):
    """Patients who leave between printed numbers, about."""
    before = levels.before(border)
    first, last = n_risk[:-1], n_risk[1:]
    fall = 1 - before[1:] / np.maximum(before[:-1], 1e-9)
    lost = np.maximum(first - last - first * fall, 0)
    return np.maximum(first - last - fall * (first - lost / 2), 0)


def _hazards(levels, border, n_risk, clock):
    """Hazard of leaving between printed numbers, from G = n / (n(0) S) at both."""
    before = np.maximum(levels.before(border), 1e-3)
    stay = np.log(np.maximum(n_risk, _LEAST_LEFT) / before)
    least = _LEAST_LEAVING / np.maximum((n_risk[:-1] + n_risk[1:]) / 2, 1)
    return np.maximum(-np.diff(stay), least) / np.maximum(np.diff(clock.at(border)), 1e-12)


def _are_complete(marks, levels, border, n_risk, n_event):
    """Whether marks are about as many as patients who leave: as numbers at risk or a total of events tell, else as the curve's end does."""
    if len(border) > 1:
        expected = _n_leaving(levels, border, n_risk)
        seen = np.diff(np.searchsorted(marks, border, side="left"))
    elif n_event is not None:
        expected, seen = np.array([n_risk[0] - n_event]), len(marks)
    else:
        return bool(abs(_left_at_end(marks, levels, n_risk[0])) <= max(_MARKS_OFF, _MARKS_OFF_SHARE * len(marks)))
    return bool(np.abs(seen - expected).sum() <= max(_MARKS_OFF, _MARKS_OFF_SHARE * expected.sum()))


def _left_at_end(marks, levels, n):
    """Patients at risk when the curve ends, or falls to 0, if one leaves at each mark: n(t) = S(t) (n - sum of 1 / S over the marks).

    Nobody should be: a curve ends with its last patient.
    """
    level, end = np.concatenate(([1.0], levels.survival)), levels.end
    if len(levels.time) and level[-1] <= 3 * levels.error[-1]:
        level, end = level[:-1], levels.time[-1]
    before = marks[marks < end] if end < levels.end else marks
    at = np.minimum(np.searchsorted(levels.time, before, side="right"), len(level) - 1)
    return float(level[-1] * (n - np.sum(1 / np.maximum(level[at], 1e-3))))


def _events_between(levels, border, n_risk, clock):
    """Events expected between printed numbers, and their variance: falls of n(0) S times G, with G log-linear in the clock.

    So many more or fewer are at risk in an interval as a bridge of those who leave allows (its mean has a variance of 1 / 12
    of them), and as their pace changes within it.
    """
    before = levels.before(border)
    fall, lost = 1 - before[1:] / np.maximum(before[:-1], 1e-9), _n_leaving(levels, border, n_risk)
    variance = float(np.sum(fall**2 * lost) / 12 + (_PACE_CHANGES * np.sum(fall * lost)) ** 2)
    total = 0.0
    after = np.concatenate(([1.0], levels.survival))
    for i in range(len(border) - 1):
        rows = slice(*np.searchsorted(levels.time, border[i : i + 2], side="left"))
        if before[i] <= 0 or rows.start == rows.stop:
            continue
        begin, end = n_risk[i] / before[i], n_risk[i + 1] / max(before[i + 1], 1e-9)
        start, stop = clock.at(border[i : i + 2])
        share = (clock.at(levels.time[rows]) - start) / max(stop - start, 1e-12)
        ratio = min(end / max(begin, 1e-9), 1.0)
        stay = begin * (ratio**share if ratio > 0 else 1 - share)
        total += float(np.sum(stay * (after[rows] - levels.survival[rows])))
    return total, variance


@dataclass(frozen=True)
class _OpenEvents:
    """Events expected after the last printed number, by shape.

    `share` is where the drops lie in the open stretch, `fall` what each would be in events if nobody had left there.
    """

    share: np.ndarray
    fall: np.ndarray

    def __call__(self, shapes):
        return np.exp(_log_stay(shapes, self.share)) @ self.fall

    @classmethod
    def of(cls, levels, border, n_risk, clock):
        before = levels.before(border[-1:])[0]
        first = int(np.searchsorted(levels.time, border[-1], side="left"))
        start = clock.at(border[-1])
        share = (clock.at(levels.time[first:]) - start) / max(clock.stop - start, 1e-12)
        fall = -np.diff(np.concatenate(([1.0], levels.survival))[first:]) / max(before, 1e-9) * n_risk[-1]
        return cls(share, fall)


def _meeting_total(expected, n_event):
    """Members of the family under which `n_event` events are expected."""

    def beyond(dropout, opening):
        return float(expected(np.array([[dropout, opening]]))[0]) - n_event

    shapes = [
        (brentq(beyond, 0, _FASTEST, args=(opening,), xtol=1e-3), opening)
        for opening in _OPENINGS_FITTED
        if beyond(0, opening) >= 0 >= beyond(_FASTEST, opening)
    ]
    if beyond(0, 0.0) < 0 < beyond(0, _LATEST_OPENING):
        shapes.append((0.0, brentq(lambda opening: beyond(0, opening), 0, _LATEST_OPENING, xtol=1e-3)))
    return shapes or [(0.0, _LATEST_OPENING if beyond(0, _LATEST_OPENING) < 0 else 0.0)]


def _weighed_shapes(levels, border, n_risk, clock, n_event):
    """Members of the family and their chances, given the total of events."""
    dropouts = _DROPOUTS[1:2] if levels.kind == "exact" else _DROPOUTS
    shapes = np.array([(dropout, opening) for dropout in dropouts for opening in _OPENINGS])
    expected = _OpenEvents.of(levels, border, n_risk, clock)
    chance = np.tile(_OPENING_CHANCES, len(dropouts)) / len(dropouts)
    if n_event is None or not len(expected.fall) or n_risk[-1] == 0:
        return shapes, chance
    so_far, variance = _events_between(levels, border, n_risk, clock)
    left = n_event - so_far
    met = np.array(_meeting_total(expected, left))
    spread = np.sqrt((_TOTAL_SPREAD * np.sqrt(max(float(expected.fall.sum()) - left, 0)) + 0.5) ** 2 + variance)
    miss, of_met = (((expected(members) - left) / spread) ** 2 for members in (shapes, met))
    # Members that meet the total are wanted as far as the others do not.
    wanted = -np.expm1(-0.5 * miss.min())
    shapes, miss = np.concatenate((shapes, met)), np.concatenate((miss, of_met))
    chance = np.append(chance, np.full(len(met), wanted / len(met)))
    weight = chance * np.exp(-0.5 * (miss - miss.min()))
    kept = weight > 1e-3 * weight.max()
    return shapes[kept], weight[kept] / weight[kept].sum()


def _lag(levels, border):
    """Times at which a clock lags, and what it shows: half-way from the point before, but not before a printed time."""
    before = np.concatenate(([0.0], levels.time[:-1]))
    printed = border[np.searchsorted(border, levels.time, side="right") - 1]
    shown = np.concatenate((np.maximum((before + levels.time) / 2, printed), border, [levels.end]))
    time, first = np.unique(np.concatenate((levels.time, border, [levels.end])), return_index=True)
    return time, shown[first]


def _counted_at(levels, risk_time, n_risk, n_event):
    """Times at which printed numbers were counted: before a drop that is there, unless the total of events is met after it alone."""
    at = np.asarray(risk_time, float)
    rows = nearest_rows(levels, at)
    if n_event is None or (rows < 0).all():
        return at
    after = np.where(rows >= 0, np.nextafter(levels.time[rows], np.inf), at)
    off_before, off_after = (_off_total(levels, times, n_risk, n_event) for times in (at, after))
    return after if off_before - off_after > _NEARER_TOTAL else at


def _off_total(levels, at, n_risk, n_event):
    """How far the total of events is from those that curve and table leave room for."""
    clock = Clock(levels.end)
    so_far, _ = _events_between(levels, at, n_risk, clock)
    most = float(_OpenEvents.of(levels, at, n_risk, clock).fall.sum())
    return max(so_far - n_event, n_event - so_far - most, 0.0)


def leaving_of(levels, risk_time, n_risk, *, n_event=None, marks=None):
    """Set up what is assumed about leaving.

    Parameters
    ----------
    levels : Levels
    risk_time, n_risk : ndarray, shape (n_times,)
        From time 0 on.
    n_event : int, optional
        The total of events.
    marks : ndarray, shape (n_marks,), optional
        Times of censor marks, increasing.

    Returns
    -------
    Leaving
    """
    lag = _lag(levels, risk_time) if levels.kind == "clicked" else None
    at = _counted_at(levels, risk_time, n_risk, n_event)
    complete = marks is None or _are_complete(marks, levels, at, n_risk, n_event)
    clock = Clock(levels.end, marks, lag, complete)
    shapes, weight = _weighed_shapes(levels, at, n_risk, clock, n_event)
    return Leaving(np.asarray(risk_time, float), _hazards(levels, at, n_risk, clock), shapes, weight, clock)
