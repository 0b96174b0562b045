"""Forward through time: which numbers at risk are possible after each step, and how likely.

The state is the number at risk n, with the Kaplan-Meier estimate S reached on the way to it. Between drops, patients
leave: c of n with a binomial chance. At a drop, d of n have events, S becomes S (1 - d / n), and the level y read there is
S with an error of standard deviation s. The sum over all integer paths (d, c) that lead to n is exact; the S of the paths
that meet in one n are kept as their mean and variance (assumed-density filtering; Maybeck 1982, chapter 12), so that the
levels inform n although no level is taken as exact:

    weight'(n - d) = weight(n) P(d | n) Normal(y; S (1 - d / n), s^2 + v (1 - d / n)^2).

P(d | n) is that of a Poisson process with the hazard h of the smoothed curve: exp(-n h gap) (n h width)^d / d!. `gap` is the
time since the last drop, in which no other was seen; `width` is the time within which two events make one drop: the
precision of the times where one patient's drop stands out from the error, the whole gap where it does not or points were
clicked. Events at one visit share a time more often than that: a small part of P(d | n) falls only geometrically.

Numbers that are printed are facts with a small chance of being wrong, a larger one where their reader doubts them.
Leaving has a small chance of being nothing like assumed, so that a drop which tells n is believed.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from ipdrecon.survival.joint.timeline import Drop, Leave

MISPRINT = 1e-7
"""Chance that a printed number is any other."""
UNFORESEEN, UNFORESEEN_EXACT = 1e-9, 1e-4
"""Chance that leaving between two drops is nothing like assumed; then any number is as likely. Exact drops can prove it."""
_LOG_VISIT = math.log(0.05)
"""Chance that all events since the last drop are seen at one time, as at visits; then their number is geometric."""
_LOG_TIED, _LOG_TIED_MORE = math.log(0.01), math.log(0.8)
"""Of exact times: chance that events share one, and of each further event there."""
RESOLVED = 0.35
"""Where the error of a level is less than this share of one patient's drop, drops tell n, and leaving may surprise."""
_LARGEST_SHARE = 0.9
"""A drop of more of those at risk, as the last to 0, is taken for no more when hazards are told."""
_STANDS_OUT = 3.0
"""A drop of so many errors is seen apart from the next."""
_NEGLIGIBLE = 1e-7
_HEAVY = 1e-4
_WIDTH = 3.5
_NOTHING_LEFT = 1e-250
_MOST_WIDENED = 14
_TINY = 1e-300


class State(NamedTuple):
    """What is known after a step.

    Attributes
    ----------
    low : int
        The smallest n kept.
    moments : ndarray, shape (3, n_shapes, n_states)
        For each shape of leaving and each n from `low` on: chance, and with it the first two moments of S less `read`.
    level, variance : ndarray, shape (n_shapes, n_states)
        Mean of S less `read`, and its variance.
    read : float
        The level read last.
    """

    low: int
    moments: np.ndarray
    level: np.ndarray
    variance: np.ndarray
    read: float

    @property
    def weight(self):
        """Chances, shape (n_shapes, n_states)."""
        return self.moments[0]

    @property
    def highest(self):
        """The largest n kept."""
        return self.low + self.level.shape[1] - 1

    @property
    def n_risk(self):
        """Numbers at risk, shape (n_states,)."""
        return self.low + np.arange(self.level.shape[1])


class Chances:
    """Chances of leaving and of events, with tables of what they need.

    Parameters
    ----------
    levels : Levels
    leaving : Leaving
    steps : tuple of Leave, Drop, Printed
    n : int
        Patients at time 0.
    unmarked : float
        Chance that leaving does not keep to the drawn marks.
    slack : int
        How far a number at risk may be from the printed one: 1 where patients are taken in groups.
    misprint : float
        Chance of any other number than the printed one, each.
    """

    def __init__(self, levels, leaving, steps, n, *, unmarked=0.0, slack=0, misprint=MISPRINT):
        self.misprint = misprint
        self.levels, self.shape_weight, self.unmarked, self.slack = levels, leaving.weight[:, None], unmarked, slack
        self.numbers = np.arange(n + 2)
        self.log_factorial = gammaln(np.arange(n + 2) + 1.0)
        gap = np.diff(levels.time, prepend=0.0)
        self.exact = exact = levels.kind == "exact"
        apart = min(gap[1:].min(initial=levels.end), levels.end / 5000)
        self.unforeseen = UNFORESEEN_EXACT if exact else UNFORESEEN
        self.resolved_below = RESOLVED / levels.error.min(initial=np.inf)
        width = apart if exact else levels.time_error * math.sqrt(12)
        self._rates = _Rates(levels, gap, width, n)
        self._leaving = [_logs(leaving.chance(step.begin, step.end)) if isinstance(step, Leave) else None for step in steps]
        self.at_least_one = np.maximum(self.numbers, 1)
        self.log_numbers = np.log(self.at_least_one)
        self._marks = [leaving.clock.n_marks(step.begin, step.end) if isinstance(step, Leave) else None for step in steps]

    def leave(self, index, low, highest):
        """Chances that c of n leave at a step.

        Parameters
        ----------
        index : int
            Of the step.
        low, highest : int
            Numbers at risk before it.

        Returns
        -------
        ndarray, shape (n_counts, n_shapes or 1, highest - lowest + 1)
            At [c, shape, n - c - lowest]; c from 0.
        lowest : int
            The lowest number at risk after the step.
        """
        (largest, log_go, log_stay), n_marks = self._leaving[index], self._marks[index]
        mean = largest * highest
        most = min(highest, max(int(mean + 4 * math.sqrt(mean) + 2.5), n_marks or 0))
        lowest = max(0, low - most)
        after = self.numbers[lowest : highest + 1]
        count = self.numbers[: most + 1, None]
        table = self.log_factorial
        before = np.minimum(after + count, len(table) - 1)
        ways = table[before] - table[count] - table[after]
        share = np.exp(ways[:, None] + count[:, None] * log_go + after * log_stay)
        if n_marks is not None:
            share = self.unmarked * share
            if n_marks < len(share):
                share[n_marks] += 1 - self.unmarked
        return share, lowest

    def no_more(self, n_risk):
        """Chances that no event follows the last drop, with half of those at risk leaving by the end."""
        return np.exp(-0.5 * (n_risk - n_risk[0]) * self._rates.after_last)

    def events(self, row, low, highest, n_event):
        """Relative chances of numbers of events (shape (n_counts, 1)) at a drop, by the number at risk before it: (n_counts, n_states)."""
        n_risk = self.numbers[low : highest + 1]
        log_rate, exposure = self._rates.of(row)
        log_rate = log_rate[low : highest + 1]
        ways = self.log_factorial[n_risk] - self.log_factorial[np.maximum(n_risk - n_event, 0)] - self.log_factorial[n_event]
        log_chance = n_event * (log_rate - self.log_numbers[low : highest + 1]) - n_risk * exposure + ways
        together = self._log_together(row, n_risk, n_event, log_rate - n_risk * exposure)
        log_chance = np.logaddexp(log_chance, together)
        return np.exp(log_chance - log_chance.max())

    def _log_together(self, row, n_risk, n_event, log_single):
        """Log chance of events that share a time for a reason of its own; `log_single` is that of one event."""
        if self.exact:
            return np.where(n_event > 0, log_single + _LOG_TIED + n_event * _LOG_TIED_MORE, -np.inf)
        expected = n_risk * self._rates.since_last[row]
        return _LOG_VISIT - (n_event + 1) * np.log1p(expected) + n_event * np.log(np.maximum(expected, 1e-12))


def _logs(chance):
    """The largest chance of leaving, and the logs of leaving and of staying, shape (n_shapes, 1); off 0 and 1."""
    chance = np.clip(chance, 1e-9, 0.9999)
    return float(chance.max()), np.log(chance)[:, None], np.log1p(-chance)[:, None]


class _Rates:
    """Log of the expected events of a drop by row and number at risk, made for a block of rows at a time."""

    _BLOCK = 64

    def __init__(self, levels, gap, width, n):
        self.levels, self.gap, self.width = levels, gap, width
        self.n_risk = np.maximum(np.arange(n + 1), 1)
        self.hazard = _smoothed_hazard(levels, n)
        self.before = np.maximum(np.concatenate(([1.0], levels.survival[:-1])), 1e-9)
        self.exposure = (self.hazard * gap).tolist()
        self.since_last = np.expm1(self.hazard * gap).tolist()
        self.after_last = float(self.hazard[-1] * (levels.end - levels.time[-1])) if len(gap) else 0.0
        self.block, self.log_rate = -1, None

    def of(self, row):
        block = row // self._BLOCK
        if block != self.block:
            self.block, self.log_rate = block, self._log_rate(slice(block * self._BLOCK, (block + 1) * self._BLOCK))
        return self.log_rate[row - block * self._BLOCK], self.exposure[row]

    def _log_rate(self, rows):
        stands_out = (self.before[rows] / self.levels.error[rows])[:, None] / self.n_risk
        merged = 1.0 if self.levels.kind == "clicked" else np.exp(-0.5 * (stands_out / _STANDS_OUT) ** 2)
        gap = np.where(self.gap[rows] > 0, self.gap[rows], self.width)
        apart = np.minimum(self.width, gap)[:, None]
        time = apart + merged * (gap[:, None] - apart)
        return np.log(np.maximum(self.n_risk * np.expm1(self.hazard[rows][:, None] * time), 1e-6))


def _smoothed_hazard(levels, n):
    """Slope of -log S around each drop, over a third of the drops or those of some twenty patients."""
    n_drops = len(levels.time)
    level = np.minimum.accumulate(np.concatenate(([1.0], np.maximum(levels.survival, 0.0))))
    per_drop = max(n * (1 - level[-1]) / max(n_drops, 1), 0.1)
    reach = max(int(np.ceil(10 / per_drop)), n_drops // 6, 1)
    share = 1 - level[1:] / np.maximum(level[:-1], 1e-9)
    cumulative = np.concatenate(([0.0], np.cumsum(-np.log1p(-np.minimum(share, _LARGEST_SHARE)))))
    time = np.concatenate(([0.0], levels.time))
    at = np.arange(1, n_drops + 1)
    first, last = np.maximum(at - reach, 0), np.minimum(at + reach, n_drops)
    return (cumulative[last] - cumulative[first]) / np.maximum(time[last] - time[first], max(1e-3 * levels.end, 1e-9))


class Passage(NamedTuple):
    """Chances of one step, as the way back needs them.

    Attributes
    ----------
    share : ndarray
        Of leaving: at [c, shape, n - c - low]. Of a drop: at [d - first, n - low].
    low : int
    first : int
        The fewest events; 0 for leaving.
    unforeseen : float
        Chance that leaving is nothing like assumed.
    """

    share: np.ndarray
    low: int
    first: int = 0
    unforeseen: float = 0.0


def start(n):
    """Give the state before the first step: all `n` patients, S = 1."""
    zero = np.zeros((1, 1))
    return State(n, np.array([[[1.0]], [[0.0]], [[0.0]]]), zero, zero, 1.0)


def _moments(weight, level, variance):
    out = np.empty((3, *weight.shape))
    out[0] = weight
    np.multiply(weight, level, out=out[1])
    np.multiply(weight, level * level + variance, out=out[2])
    return out


def _of_moments(low, moments, read):
    safe = np.maximum(moments[0], _TINY)
    level = moments[1] / safe
    return State(low, moments, level, np.maximum(moments[2] / safe - level * level, 0.0), read)


def _kept(low, moments, read):
    """Make a state of summed moments, without what is negligible."""
    largest = moments[0].max(axis=0)
    keep = np.flatnonzero(largest > _NEGLIGIBLE * largest.max())
    first, stop = int(keep[0]), int(keep[-1]) + 1
    return _of_moments(low + first, moments[:, :, first:stop], read)


def _leave(state, chances, index):
    """Let patients leave."""
    low, highest = state.low, state.highest
    share, lowest = chances.leave(index, low, highest)
    moments = state.moments
    if moments.shape[1] < share.shape[1]:
        moments = moments * chances.shape_weight
    surprises = highest < chances.resolved_below
    lowest_kept = 0 if surprises else lowest
    out = np.zeros((3, moments.shape[1], highest - lowest_kept + 1))
    left = out[:, :, lowest - lowest_kept :]
    for count in range(len(share)):
        skip = max(0, count - (low - lowest))
        place = slice(low - count - lowest + skip, highest - count - lowest + 1)
        left[:, :, place] += moments[:, :, skip:] * share[count, :, place]
    if surprises:
        out *= 1 - chances.unforeseen
        from_above = chances.unforeseen * np.cumsum((moments / chances.numbers[low + 1 : highest + 2])[:, :, ::-1], axis=2)[:, :, ::-1]
        out[:, :, low:] += from_above
        out[:, :, :low] += from_above[:, :, :1]
    return _of_moments(lowest_kept, out, state.read), Passage(share, lowest, unforeseen=chances.unforeseen if surprises else 0.0)


def _possible_events(state, error, chances, row):
    """Range of events that come near the level at a drop."""
    heavy = state.weight > _HEAVY * state.weight.max()
    off = float(np.abs(state.level[heavy]).max())
    spread = _WIDTH * math.sqrt(error * error + state.variance[heavy].max()) + off
    read, level = state.read, float(chances.levels.survival[row])
    share, reach = 1 - level / max(read, 1e-9), spread / max(read, 1e-9)
    few = share - reach
    first = max(int(math.floor(few * (state.low if few > 0 else state.highest))), int(chances.exact))
    last = min(max(int(math.ceil((share + reach) * state.highest)), first), state.highest)
    return min(first, last), last


def _drop_once(state, chances, step, error):
    """Moments after a drop whose level has a given error, the lowest n of them, and the chances of events."""
    first, last = _possible_events(state, error, chances, step.row)
    low, highest = state.low, state.highest
    n_event = chances.numbers[first : last + 1, None]
    n_risk = chances.numbers[low : highest + 1]
    share = chances.events(step.row, low, highest, n_event)
    if step.printed is not None:
        share = share * _printed_chance(n_risk, n_event, step.printed, chances)
    stay = (1 - n_event / chances.at_least_one[low : highest + 1])[:, None]
    miss = (state.read + state.level) * stay - chances.levels.survival[step.row]
    spread = state.variance * stay * stay
    total = spread + error * error
    squares = miss * miss / total
    weight = state.weight * share[:, None] * np.exp(-0.5 * squares) * (error / np.sqrt(total))
    kept = error * error / total
    moments = _moments(weight, miss * kept, spread * kept)
    lowest = max(0, low - last)
    out = np.zeros((3, len(state.weight), max(highest - first - lowest, 0) + 1))
    for index in range(last - first + 1):
        begin = low - first - index - lowest
        skip = max(0, -begin)
        out[:, :, begin + skip : begin + len(n_risk)] += moments[:, index, :, skip:]
    return out, lowest, Passage(share, low, first=first)


def _printed_chance(n_risk, n_event, printed, chances):
    """Chance of a printed number somewhere within a drop: any place is as likely, and it may be a misprint."""
    inside = (n_risk >= printed - chances.slack) & (n_risk - n_event <= printed + chances.slack)
    return np.where(inside, 1 / (n_event + 1.0), chances.misprint)


def _drop(state, chances, step):
    """Let the curve drop; where no path comes near the level, its error is widened until one does."""
    error = float(chances.levels.error[step.row])
    for _ in range(_MOST_WIDENED):
        moments, lowest, passage = _drop_once(state, chances, step, error)
        total = moments[0].sum()
        if total > _NOTHING_LEFT:
            break
        error *= 5
    return _kept(lowest, moments / max(total, _TINY), float(chances.levels.survival[step.row])), passage


def _printed(state, step, chances):
    moments = state.moments * np.where(np.abs(state.n_risk - step.n_risk) <= chances.slack, 1.0, chances.misprint)
    return _kept(state.low, moments / moments[0].sum(), state.read), None


def forward(chances, steps, n):
    """Go through all steps.

    Parameters
    ----------
    chances : Chances
    steps : tuple of Leave, Drop, Printed
    n : int
        Patients at time 0.

    Returns
    -------
    states : list of State
        Before each step, and after the last.
    passages : list of Passage or None
        One per step; None for a printed number.
    """
    states, passages = [start(n)], []
    for index, step in enumerate(steps):
        if isinstance(step, Leave):
            state, passage = _leave(states[-1], chances, index)
        elif isinstance(step, Drop):
            state, passage = _drop(states[-1], chances, step)
            if step.row == len(chances.levels.time) - 1:
                state = state._replace(moments=state.moments * chances.no_more(state.n_risk))
        else:
            state, passage = _printed(states[-1], step, chances)
        states.append(state)
        passages.append(passage)
    return states, passages
