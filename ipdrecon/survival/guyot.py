"""The algorithm of Guyot, Ades, Ouwens and Welton (BMC Medical Research Methodology 2012;12:9).

The curve is read at rows (time, survival); the at-risk table cuts the rows into intervals. In each interval a number of
censorings is guessed, spread evenly, the Kaplan-Meier equations are inverted row by row, and the guess is mended until
the patients left at the next printed time are those printed. What follows the last printed time has no such check: its
censoring goes on at the mean rate of before, or is fitted to the total of events where that is known.

Every loop here ends: a guess that was tried before is not tried again.

Examples
--------
Ten patients; one dies at 1, one at 3, two leave before 4:

>>> rows = Rows([0, 1, 3, 4, 5], [1, 0.9, 0.8, 0.8, 0.8], lower=[0, 3], n_risk=[10, 6])
>>> rebuilt = invert(rows)
>>> rebuilt.n_event
(0, 1, 1, 0, 0)
>>> len(rebuilt.censor_time)
8
"""

from dataclasses import dataclass

import numpy as np

_MOST_GUESSES = 500


@dataclass(frozen=True)
class Rows:
    """What the algorithm reads.

    Attributes
    ----------
    time : sequence of float, length n_rows
        Increasing, from 0; each printed time of the at-risk table is among them.
    survival : sequence of float, length n_rows
        Just after each time; never rises.
    lower : sequence of int, length n_intervals
        Row of each printed time; the first is 0.
    n_risk : sequence of int, length n_intervals
        Printed numbers at risk; never rise.
    """

    time: list
    survival: list
    lower: list
    n_risk: list


@dataclass(frozen=True)
class Inverted:
    """What the algorithm finds.

    Attributes
    ----------
    n_event : tuple of int, length n_rows
        Events at each row's time.
    censor_time : tuple of float
        One per censored patient, in order of the intervals; those who stay to the end have the last row's time.
    n_risk : tuple of int, length n_intervals
        Numbers at risk reached at the printed times.
    survival : tuple of float, length n_rows
        The Kaplan-Meier estimate reached.
    """

    n_event: tuple
    censor_time: tuple
    n_risk: tuple
    survival: tuple


@dataclass(frozen=True)
class _Interval:
    """One interval solved: events and Kaplan-Meier value per row, censor times, patients left."""

    n_event: list
    survival: list
    censor_time: list
    n_left: int


@dataclass(frozen=True)
class _Span:
    """Rows `first` to `stop` (left out), their survival, the time they begin and the time each ends."""

    first: int
    stop: int
    survival: list
    begin: float
    ends: np.ndarray

    @classmethod
    def of(cls, rows, first, stop, end):
        ends = np.array([*rows.time[first + 1 : stop], end])
        return cls(first, stop, rows.survival[first:stop], rows.time[first], ends)


def _spread(n_censored, begin, end):
    """Censor times evenly inside an interval (step 2)."""
    return begin + np.arange(1, n_censored + 1) * (end - begin) / (n_censored + 1)


def _solve(span, start, n_censored):
    """Invert the Kaplan-Meier equations over a span with a number of censorings (steps 2 and 3).

    `start` is (patients at risk, KM reached).
    """
    n, km = start
    times = _spread(n_censored, span.begin, span.ends[-1])
    n_event, survival, done, left = [], [], 0, 0
    for level, upto in zip(span.survival, times.searchsorted(span.ends).tolist(), strict=True):
        events = round(n * (1 - level / km)) if n and level < km else 0
        if events:
            km *= 1 - events / n
            n -= events
        if upto > done:
            leave = min(upto - done, n)
            left += leave
            n -= leave
            done = upto
        n_event.append(events)
        survival.append(km)
    return _Interval(n_event, survival, times[:left].tolist(), n)


def _mend(solve, guess, most, excess):
    """Change the number of censorings until `excess` of the solved interval is 0 (steps 4 and 8).

    Ends at once where the excess is 0 and, where it cannot be, at a guess already tried; then the nearest is taken.
    """
    tried = {}
    guess = min(max(guess, 0), most)
    while guess not in tried and len(tried) < _MOST_GUESSES:
        solved = solve(guess)
        over = excess(solved)
        tried[guess] = (abs(over), guess, solved)
        if over == 0:
            break
        guess = min(max(guess + over, 0), most)
    return min(tried.values(), key=lambda entry: entry[:2])[2]


def _first_guess(rows, i):
    """Censorings of an interval if the curve fell without them (step 1)."""
    begin, end = rows.survival[rows.lower[i]], rows.survival[rows.lower[i + 1]]
    if begin <= 0:
        return 0
    return round(end / begin * rows.n_risk[i] - rows.n_risk[i + 1])


def _inner(rows, i, start):
    """Solve an interval that a printed number at risk closes (steps 1 to 4)."""
    wanted = rows.n_risk[i + 1]
    stop = rows.lower[i + 1]
    end = rows.time[stop]
    span = _Span.of(rows, rows.lower[i], stop, end)
    solved = _mend(
        lambda guess: _solve(span, start, guess),
        _first_guess(rows, i),
        start[0],
        lambda interval: interval.n_left - wanted,
    )
    surplus = max(solved.n_left - wanted, 0)
    between = (rows.time[stop - 1] + end) / 2
    return _Interval(solved.n_event, solved.survival, solved.censor_time + [between] * surplus, solved.n_left - surplus)


def _rate_guess(rows, n_censored):
    """Censorings of the last interval at the mean rate of those before; none where there are none (step 6)."""
    first = rows.lower[-1]
    past = rows.time[first] - rows.time[0]
    return round(n_censored * (rows.time[-1] - rows.time[first]) / past) if past > 0 else 0


def _last(rows, start, n_censored, n_event):
    """Solve what follows the last printed time (steps 6 to 8).

    `n_event` is what is left of the total of events, or None.
    """
    span = _Span.of(rows, rows.lower[-1], len(rows.time), rows.time[-1])
    guess = min(max(_rate_guess(rows, n_censored), 0), start[0])
    if n_event is None:
        return _solve(span, start, guess)
    if n_event <= 0:
        width = span.stop - span.first
        return _Interval([0] * width, [start[1]] * width, [], start[0])
    return _mend(
        lambda attempt: _solve(span, start, attempt),
        guess,
        start[0],
        lambda interval: sum(interval.n_event) - n_event,
    )


def invert(rows, n_event=None):
    """Find events and censorings that make the curve.

    Parameters
    ----------
    rows : Rows
    n_event : int, optional
        The total of events, where known.

    Returns
    -------
    Inverted
        Events and censorings add up to ``rows.n_risk[0]``. Where the curve demands more events than the table leaves
        room for, the printed number is not reached: compare `n_risk` with ``rows.n_risk``.
    """
    n, km = rows.n_risk[0], 1.0
    events, survival, censored, reached = [], [], [], [n]
    for i in range(len(rows.lower) - 1):
        interval = _inner(rows, i, (n, km))
        events += interval.n_event
        survival += interval.survival
        censored += interval.censor_time
        n, km = interval.n_left, survival[-1]
        reached.append(n)
    left = None if n_event is None else n_event - sum(events)
    interval = _last(rows, (n, km), len(censored), left)
    events += interval.n_event
    survival += interval.survival
    censored += interval.censor_time + [rows.time[-1]] * interval.n_left
    return Inverted(tuple(events), tuple(censored), tuple(reached), tuple(survival))
