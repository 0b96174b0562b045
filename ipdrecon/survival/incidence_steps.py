"""Whole patients from the steps of incidence curves: events by cause and censorings, interval by interval.

`ipdrecon.survival.incidence` gives the equations. Every loop here ends: an interval is solved for a number of censorings
that only grows, or that is halved in.
"""

from dataclasses import dataclass

import numpy as np

_MOST_GUESSES = 60
_NOTHING = 1e-12
_NEXT_TO = 1e-6
_TIED_MOST, _PER_STEP_MOST, _CANDIDATES = 3.0, 1.5, 41


@dataclass(frozen=True)
class Steps:
    """What is inverted.

    Attributes
    ----------
    time : ndarray, shape (n_rows,)
        Strictly increasing, from 0; each printed time is among them.
    incidence : ndarray, shape (n_causes, n_rows)
        Just after each time; never falls.
    lower : ndarray of int, shape (n_intervals,)
        Row of each printed time; the first is 0.
    n_risk : ndarray of int, shape (n_intervals,)
        Printed numbers at risk; never rise.
    error : tuple of float
        Standard errors of reading time and incidence.
    """

    time: np.ndarray
    incidence: np.ndarray
    lower: np.ndarray
    n_risk: np.ndarray
    error: tuple


@dataclass(frozen=True)
class FoundSteps:
    """What is found.

    Attributes
    ----------
    n_event : ndarray of int, shape (n_causes, n_rows)
    censor_time : ndarray, shape (n_censored,)
        One per patient without an event; who stays, or is kept at risk, has the last row's time.
    n_risk : ndarray of int, shape (n_intervals,)
        Event-free numbers at risk reached at the printed times.
    incidence : ndarray, shape (n_causes, n_rows)
        The estimate reached.
    """

    n_event: np.ndarray
    censor_time: np.ndarray
    n_risk: np.ndarray
    incidence: np.ndarray


@dataclass(frozen=True)
class _State:
    """Event-free patients, those kept at risk after another cause, all who have left so far, and incidences reached."""

    n: int
    kept: int
    left: int
    reached: tuple


@dataclass(frozen=True)
class _Span:
    """The rows of one interval: wanted incidences by row, where it begins, and the time each row ends."""

    wanted: list
    begin: float
    ends: np.ndarray
    kept_share: float

    @classmethod
    def of(cls, steps, interval, kept_share):
        first = steps.lower[interval]
        is_last = interval + 1 == len(steps.lower)
        stop = len(steps.time) if is_last else steps.lower[interval + 1]
        end = steps.time[-1] if is_last else steps.time[stop]
        ends = np.append(steps.time[first + 1 : stop], end)
        return cls(steps.incidence[:, first:stop].T.tolist(), float(steps.time[first]), ends, kept_share)


@dataclass(frozen=True)
class _Solved:
    """One interval solved: events and incidences by row, times of those who left and stay away, and the state after."""

    n_event: list
    incidence: list
    censor_time: list
    state: _State

    @property
    def events(self):
        return sum(map(sum, self.n_event))


def _events_of_row(wanted, state, most):
    """Events by cause that bring the incidences reached to those wanted: ``d_c = m (F_c - reached) / S``, whole, `most` at most.

    `m` counts the event-free and the kept, `S` is one minus the incidences reached. Where there are too many, all are cut
    in proportion, and what is left over goes to the largest remainders.
    """
    free = 1 - sum(state.reached)
    if most <= 0 or free <= _NOTHING:
        return [0] * len(wanted)
    m = state.n + state.kept
    exact = [max((level - reached) * m / free, 0.0) for level, reached in zip(wanted, state.reached, strict=True)]
    events = [int(value + 0.5) for value in exact]
    if sum(events) <= most:
        return events
    shares = [count * most / sum(events) for count in events]
    events = [int(share) for share in shares]
    by_remainder = sorted(range(len(events)), key=lambda cause: events[cause] - shares[cause])
    for cause in by_remainder[: most - sum(events)]:
        events[cause] += 1
    return events


def _after_events(state, events):
    free, m = 1 - sum(state.reached), state.n + state.kept
    reached = tuple(level + free * count / m for level, count in zip(state.reached, events, strict=True))
    return _State(state.n - sum(events), state.kept, state.left, reached)


def _after_leaving(state, leaving, share):
    """Let patients leave, and keep every so many of them at risk, by `share`; a mask of those who stay away, and the state after."""
    kept = np.floor(np.arange(state.left, state.left + leaving + 1) * share)
    stays_away = np.diff(kept) == 0
    n_kept = leaving - int(stays_away.sum())
    return stays_away, _State(state.n - leaving, state.kept + n_kept, state.left + leaving, state.reached)


def _solve(span, state, n_leaving, most_events=None):
    """Go through the rows of an interval with `n_leaving` leaving, spread evenly inside it."""
    length = span.ends[-1] - span.begin
    times = span.begin + np.arange(1, n_leaving + 1) * (length / (n_leaving + 1))
    n_event, incidence, away, done = [], [], [], 0
    room = state.n if most_events is None else most_events
    for wanted, upto in zip(span.wanted, times.searchsorted(span.ends).tolist(), strict=True):
        events = _events_of_row(wanted, state, min(room, state.n))
        if any(events):
            room -= sum(events)
            state = _after_events(state, events)
        leaving = min(upto - done, state.n)
        if leaving:
            stays_away, state = _after_leaving(state, leaving, span.kept_share)
            away += times[done : done + leaving][stays_away].tolist()
        done = upto
        n_event.append(events)
        incidence.append(state.reached)
    return _Solved(n_event, incidence, away, state)


def _allowed_shortfall(steps, interval, state, solved):
    """How many events too many, for a printed number, reading and rounding explain: those read just before it, and the error of F."""
    printed = steps.time[steps.lower[interval + 1]]
    rows = steps.time[steps.lower[interval] : steps.lower[interval + 1]]
    near = sum(sum(events) for time, events in zip(rows, solved.n_event, strict=True) if time > printed - 2 * steps.error[0])
    per_patient = max(1 - sum(state.reached), 1e-9) / max(state.n, 1)
    return 1 + near + int(2 * steps.error[1] / per_patient)


def _late(last, border, end):
    """Time between an interval's last row and its border; the row itself where the border lies just behind a printed time."""
    return float(last + border) / 2 if border - last > _NEXT_TO * end else float(last)


def _inner(steps, interval, state, kept_share):
    """Solve an interval that a printed number closes.

    With k leaving, n left over falls by k and rises by the events they no longer have, so it is approached from above.
    The last that cannot be met by spreading leave just before the printed time. Where even without any leaving too few
    are left, the last events wait for the next interval if reading explains them, else the printed number is not met.
    """
    span, wanted, stop = _Span.of(steps, interval, kept_share), int(steps.n_risk[interval + 1]), steps.lower[interval + 1]
    solved = _solve(span, state, 0)
    over = solved.state.n - wanted
    if over < 0:
        if state.n >= wanted and -over <= _allowed_shortfall(steps, interval, state, solved):
            solved = _solve(span, state, 0, state.n - wanted)
        return solved
    leaving = 0
    for _ in range(_MOST_GUESSES):
        if over == 0:
            return solved
        attempt = _solve(span, state, leaving + over)
        if attempt.state.n < wanted:
            break
        leaving, solved, over = leaving + over, attempt, attempt.state.n - wanted
    stays_away, after = _after_leaving(solved.state, over, kept_share)
    late = _late(*steps.time[[stop - 1, stop]], steps.time[-1])
    return _Solved(solved.n_event, solved.incidence, solved.censor_time + [late] * int(stays_away.sum()), after)


def _fit_total(solve, most, wanted, counted):
    """Find the number leaving with which the `counted` events come nearest to `wanted`: more leaving, fewer events."""

    def events(solved):
        return sum(row[cause] for row in solved.n_event for cause in counted)

    low, high = 0, most
    best = solve(0)
    while low < high and events(best) != wanted:
        middle = (low + high + 1) // 2
        attempt = solve(middle)
        best = min(best, attempt, key=lambda one: abs(events(one) - wanted))
        low, high = (middle, high) if events(attempt) >= wanted else (low, middle - 1)
    return best


def _unlikely(solved, span, state, settings):
    """Minus log-likelihood of an interval: how far the curves are missed, and events at one time that chance would part.

    `settings` is (number leaving, events per patient that fall within one reading error of time, error of incidence).
    Whoever has an event is joined by others in the same reading error at a rate of ``n`` times the second.
    """
    leaving, tied_rate, error = settings
    events = np.array(solved.n_event)
    share = (np.append(span.begin, span.ends[:-1]) - span.begin) / (span.ends[-1] - span.begin)
    n = np.maximum(state.n - leaving * share - np.cumsum(events.sum(axis=1)) + events.sum(axis=1), 1)
    tied = events.sum(axis=1) - (events > 0).sum(axis=1)
    gap = np.abs(np.array(solved.incidence) - span.wanted).max(axis=1)
    return float((tied * np.maximum(-np.log(n * tied_rate + _NOTHING), 0)).sum() + ((gap / error) ** 2).sum() / 2)


def _likeliest(steps, span, state, past):
    """Find how many leave in an interval that no printed number closes.

    `past` is the rates of leaving and of events per patient and time before it, and the events per step, or None. Leaving
    is expected to go on, ``n (1 - exp(-rate * length))``; but where steps can be told apart in time each is likely one
    event, and its height then tells how many are at risk.
    """
    length = span.ends[-1] - span.begin
    leaving_rate, event_rate, per_step = past or (0.0, 0.0, 1.0)
    expected = int(round(-state.n * np.expm1(-leaving_rate * length)))
    tied_rate = 2 * steps.error[0] * (event_rate or _rate_of_curve(span, state, length))
    if not 0 < state.n * tied_rate <= _TIED_MOST or per_step > _PER_STEP_MOST or length <= 0:
        return _solve(span, state, expected)
    spread = np.inf if past is None else 2 * (expected + state.n / 4 + 1)
    best = None
    for leaving in np.unique(np.append(np.linspace(0, state.n, _CANDIDATES).astype(int), expected)).tolist():
        solved = _solve(span, state, leaving)
        badness = _unlikely(solved, span, state, (leaving, tied_rate, steps.error[1])) + (leaving - expected) ** 2 / spread
        if best is None or badness < best[0] - _NOTHING:
            best = (badness, solved)
    return best[1]


def _rate_of_curve(span, state, length):
    """Events per patient and time that the curves show over an interval."""
    left = (1 - sum(span.wanted[-1])) / max(1 - sum(state.reached), _NOTHING)
    return -np.log(np.clip(left, 0.01, 1)) / length if length > 0 else 0.0


def _last(steps, state, kept_share, past, wanted):
    """Solve what follows the last printed time; `past` as in `_likeliest`, `wanted` is (events, causes) or None."""
    span = _Span.of(steps, len(steps.lower) - 1, kept_share)
    if wanted is None:
        return _likeliest(steps, span, state, past)
    return _fit_total(lambda leaving: _solve(span, state, leaving), state.n, *wanted)


def invert_incidence(steps, *, kept_share=0.0, total=None, counted=()):
    """Find events by cause and censorings that make the curves.

    Parameters
    ----------
    steps : Steps
    kept_share : float
        Share of those leaving who are kept at risk to the end, in [0, 1]: 0 where all causes are known.
    total : int, optional
        Of the events of the causes `counted`, met after the last printed time.
    counted : tuple of int
        Indices of causes.

    Returns
    -------
    FoundSteps
        Events and censorings add up to ``steps.n_risk[0]``.
    """
    state = _State(int(steps.n_risk[0]), 0, 0, (0.0,) * len(steps.incidence))
    parts, reached, exposure = [], [state.n], 0.0
    for interval in range(len(steps.lower) - 1):
        begin = state.n
        parts.append(_inner(steps, interval, state, kept_share))
        state = parts[-1].state
        reached.append(state.n)
        exposure += (begin + state.n) / 2 * (steps.time[steps.lower[interval + 1]] - steps.time[steps.lower[interval]])
    past = None
    if exposure > 0:
        events = np.concatenate([part.n_event for part in parts])
        past = (state.left / exposure, events.sum() / exposure, events.sum() / max((events > 0).sum(), 1))
    wanted = None
    if total is not None:
        so_far = sum(row[cause] for part in parts for row in part.n_event for cause in counted)
        wanted = (total - so_far, counted)
    parts.append(_last(steps, state, kept_share, past, wanted))
    state = parts[-1].state
    stay = [float(steps.time[-1])] * (state.n + state.kept)
    return FoundSteps(
        np.array([row for part in parts for row in part.n_event], int).T,
        np.array([time for part in parts for time in part.censor_time] + stay),
        np.array(reached),
        np.array([row for part in parts for row in part.incidence]).T,
    )
