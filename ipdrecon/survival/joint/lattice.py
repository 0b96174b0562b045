"""Forward through time: which numbers at risk are possible after each step, and how likely.

The state is the number at risk n, with the Kaplan-Meier estimate S reached on the way to it. Between drops, patients
leave: c of n with a binomial chance. At a drop, d of n have events, S becomes S (1 - d / n), and the level y read there is
S with an error of standard deviation s. The sum over all integer paths (d, c) that lead to n is exact; the S of the paths
that meet in one n are kept as their mean and variance (assumed-density filtering; Maybeck 1982, chapter 12), so that the
levels inform n although no level is taken as exact:

    weight'(n - d) = weight(n) P(d | n) Normal(y; S (1 - d / n), s^2 + v (1 - d / n)^2).

P(d | n) is that of a Poisson process with the hazard h of the smoothed curve: exp(-n h gap) (n h width)^d / d!. `gap` is the
time since the last drop, in which no other was seen; `width` is the time within which two events make one drop: the
precision of the times where one patient's drop stands out from the error, the whole gap where it does not.

Numbers that are printed are facts with a small chance of being wrong. Leaving has a small chance of being nothing like
assumed, so that a drop which tells n is believed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from ipdrecon.survival.joint.timeline import Drop, Leave

MISPRINT = 1e-7
"""Chance that a printed number is any other."""
UNFORESEEN = 1e-4
"""Chance that leaving between two drops is nothing like assumed; then any number is as likely."""
RESOLVED = 0.35
"""Where the error of a level is less than this share of one patient's drop, drops tell n, and leaving may surprise."""
_STANDS_OUT = 3.0
"""A drop of so many errors is seen apart from the next."""
_NEGLIGIBLE = 1e-7
_WIDTH = 3.5
_NOTHING_LEFT = 1e-250
_MOST_WIDENED = 14
_TINY = 1e-300


@dataclass(frozen=True)
class State:
    """What is known after a step.

    Attributes
    ----------
    low : int
        The smallest n kept.
    weight, level, variance : ndarray, shape (n_shapes, n_states)
        For each shape of leaving and each n from `low` on: chance; mean of S less `read`, and its variance.
    read : float
        The level read last.
    """

    low: int
    weight: np.ndarray
    level: np.ndarray
    variance: np.ndarray
    read: float

    @property
    def n_risk(self):
        """Numbers at risk, shape (n_states,)."""
        return self.low + np.arange(self.weight.shape[1])


class Chances:
    """Chances of leaving and of events, with tables of what they need.

    Parameters
    ----------
    levels : Levels
    leaving : Leaving
    n : int
        Patients at time 0.
    """

    def __init__(self, levels, leaving, n):
        self.levels, self.leaving = levels, leaving
        self.log_factorial = gammaln(np.arange(n + 2) + 1.0)
        self.gap = np.diff(levels.time, prepend=0.0)
        self.hazard = _smoothed_hazard(levels)
        apart = self.gap[1:].min(initial=levels.end)
        exact = levels.kind == "exact"
        self.width = min(apart, levels.end / 5000) if exact else levels.time_error * np.sqrt(12)
        self.least_events = int(exact)

    def surprises(self, n_risk):
        """Whether leaving may be nothing like assumed: where single patients can be told from the levels."""
        return self.levels.error.min(initial=np.inf) * n_risk[-1] < RESOLVED

    def log_leaving(self, n_risk, n_leave, chance):
        """Binomial log chance that `n_leave` of `n_risk` leave; all shapes that broadcast."""
        stay = n_risk - n_leave
        table = self.log_factorial
        ways = table[n_risk] - table[n_leave] - table[np.maximum(stay, 0)]
        return np.where(stay >= 0, ways + n_leave * np.log(chance) + stay * np.log1p(-chance), -np.inf)

    def leave_chance(self, step):
        """Chance of leaving within a step, by shape, kept off 0 and 1; and the marks drawn there or None."""
        chance = np.clip(self.leaving.chance(step.begin, step.end), 1e-9, 0.9999)
        return chance, self.leaving.clock.n_marks(step.begin, step.end)

    def log_events(self, row, n_risk, n_event):
        """Log chance of `n_event` events of `n_risk` at drop `row`; all shapes that broadcast."""
        n_risk = np.maximum(n_risk, 1)
        stands_out = self.levels.survival[row - 1] if row else 1.0
        stands_out = max(stands_out, 1e-9) / (n_risk * self.levels.error[row])
        merged = np.exp(-0.5 * (stands_out / _STANDS_OUT) ** 2)
        gap, hazard = self.gap[row], self.hazard[row]
        rate = n_risk * hazard * (self.width + merged * max(gap - self.width, 0.0))
        return n_event * np.log(np.maximum(rate, 1e-6)) - n_risk * hazard * gap - self.log_factorial[n_event]


def _smoothed_hazard(levels):
    """Slope of -log S around each drop, over a third of the drops or twenty of them."""
    n_drops = len(levels.time)
    reach = max(10, n_drops // 6)
    cumulative = np.concatenate(([0.0], -np.log(np.clip(np.minimum.accumulate(levels.survival), 1e-4, 1.0))))
    time = np.concatenate(([0.0], levels.time))
    at = np.arange(1, n_drops + 1)
    first, last = np.maximum(at - reach, 0), np.minimum(at + reach, n_drops)
    return (cumulative[last] - cumulative[first]) / np.maximum(time[last] - time[first], 1e-9)


def start(n):
    """Give the state before the first step: all `n` patients, S = 1."""
    zero = np.zeros((1, 1))
    return State(n, np.ones((1, 1)), zero, zero, 1.0)


def _kept(low, moments, read):
    """Make a state of summed moments, without what is negligible."""
    weight = moments[0]
    largest = weight.max(axis=0)
    keep = np.flatnonzero(largest > _NEGLIGIBLE * largest.max())
    first, stop = keep[0], keep[-1] + 1
    moments = moments[:, :, first:stop]
    weight = moments[0]
    safe = np.maximum(weight, _TINY)
    level = moments[1] / safe
    variance = np.maximum(moments[2] / safe - level * level, 0.0)
    return State(low + int(first), weight, level, variance, read)


def _most_leaving(chance, highest, n_marks):
    mean = float(chance.max()) * highest
    most = int(np.ceil(mean + 5 * np.sqrt(mean) + 3))
    return min(highest, max(most, n_marks or 0))


def with_marks(log_leaving, n_leave, n_marks, *, unmarked):
    """Chances of leaving where marks are drawn: as many as are drawn, or with chance `unmarked` as assumed.

    Parameters
    ----------
    log_leaving : ndarray
    n_leave : ndarray of int, that broadcasts
    n_marks : int or None
        None where marks are not known.
    unmarked : float

    Returns
    -------
    ndarray
        Chances, no logarithms.
    """
    chance = np.exp(log_leaving)
    if n_marks is None:
        return chance
    return unmarked * chance + (1 - unmarked) * (n_leave == n_marks) * np.isfinite(log_leaving)


def leave(state, chances, step, unmarked):
    """Let patients leave.

    Returns
    -------
    State
    """
    chance, n_marks = chances.leave_chance(step)
    weight, level, variance = state.weight, state.level, state.variance
    if len(weight) < len(chance):
        weight = weight * chances.leaving.weight[:, None]
        level, variance = np.repeat(level, len(chance), axis=0), np.repeat(variance, len(chance), axis=0)
    n_risk, highest = state.n_risk, state.low + weight.shape[1] - 1
    most = _most_leaving(chance, highest, n_marks)
    surprises = chances.surprises(n_risk)
    low = 0 if surprises else max(0, state.low - most)
    n_leave = np.arange(most + 1)[:, None, None]
    share = with_marks(chances.log_leaving(n_risk, n_leave, chance[:, None]), n_leave, n_marks, unmarked=unmarked)
    moments = np.stack((weight, weight * level, weight * (level * level + variance)))
    out = np.zeros((3, len(weight), highest - low + 1))
    shift, width = state.low - low, weight.shape[1]
    for count in range(most + 1):
        begin = shift - count
        skip = max(0, -begin)
        out[:, :, begin + skip : begin + width] += moments[:, :, skip:] * share[count][:, skip:]
    if surprises:
        out *= 1 - UNFORESEEN
        from_above = UNFORESEEN * np.cumsum((moments / (n_risk + 1))[:, :, ::-1], axis=2)[:, :, ::-1]
        out[:, :, shift:] += from_above
        out[:, :, :shift] += from_above[:, :, :1]
    safe = np.maximum(out[0], _TINY)
    level = out[1] / safe
    return State(low, out[0], level, np.maximum(out[2] / safe - level * level, 0.0), state.read)


def printed_chance(n_risk, n_event, printed):
    """Chance of a printed number somewhere within a drop: any place is as likely, and it may be a misprint."""
    inside = (n_risk >= printed) & (n_risk - n_event <= printed)
    return np.where(inside, 1 / (n_event + 1.0), MISPRINT)


def _possible_events(state, error, chances, row):
    """Range of events that come near the level at a drop."""
    alive = state.weight > 0
    before = np.maximum(state.read + state.level, 1e-9)
    n_risk = state.n_risk
    centre = n_risk * (1 - chances.levels.survival[row] / before)
    reach = _WIDTH * n_risk * np.sqrt(error**2 + state.variance) / before
    first = int(np.clip(np.floor((centre - reach)[alive].min()), chances.least_events, None))
    last = int(np.ceil((centre + reach)[alive].max()))
    highest = int(n_risk[-1])
    last = min(max(last, first), highest)
    return min(first, last), last


def _drop_once(state, chances, step, error):
    """Moments after a drop whose level has a given error, and the lowest n of them."""
    row = step.row
    first, last = _possible_events(state, error, chances, row)
    n_risk, read = state.n_risk, chances.levels.survival[row]
    n_event = np.arange(first, last + 1)[:, None, None]
    stay = 1 - n_event / np.maximum(n_risk, 1)
    miss = (state.read + state.level) * stay - read
    spread = state.variance * stay * stay
    total = spread + error * error
    log_chance = chances.log_events(row, n_risk, n_event) - 0.5 * miss * miss / total
    weight = np.where(n_risk >= n_event, state.weight * np.exp(log_chance) * (error / np.sqrt(total)), 0.0)
    if step.printed is not None:
        weight = weight * printed_chance(n_risk, n_event, step.printed)
    share = error * error / total
    level = miss * share
    moments = np.stack((weight, weight * level, weight * (level * level + spread * share)))
    low, high = max(0, state.low - last), int(n_risk[-1]) - first
    out = np.zeros((3, len(state.weight), max(high - low, 0) + 1))
    for index in range(last - first + 1):
        begin = state.low - first - index - low
        skip = max(0, -begin)
        out[:, :, begin + skip : begin + len(n_risk)] += moments[:, index, :, skip:]
    return low, out


def drop(state, chances, step):
    """Let the curve drop; where no path comes near the level, its error is widened until one does.

    Returns
    -------
    State
        With weights that sum to 1.
    """
    error = chances.levels.error[step.row]
    for _ in range(_MOST_WIDENED):
        low, moments = _drop_once(state, chances, step, error)
        total = moments[0].sum()
        if total > _NOTHING_LEFT:
            break
        error *= 5
    return _kept(low, moments / max(total, _TINY), chances.levels.survival[step.row])


def _at_printed(state, step):
    weight = state.weight * np.where(state.n_risk == step.n_risk, 1.0, MISPRINT)
    weight = weight / weight.sum()
    moments = np.stack((weight, weight * state.level, weight * (state.level**2 + state.variance)))
    return _kept(state.low, moments, state.read)


def forward(chances, steps, n, *, unmarked=0.0):
    """Go through all steps.

    Parameters
    ----------
    chances : Chances
    steps : tuple of Leave, Drop, Printed
    n : int
        Patients at time 0.
    unmarked : float
        Chance that leaving does not keep to the drawn marks.

    Returns
    -------
    list of State
        Before each step, and after the last.
    """
    states = [start(n)]
    for step in steps:
        state = states[-1]
        if isinstance(step, Leave):
            states.append(leave(state, chances, step, unmarked))
        elif isinstance(step, Drop):
            states.append(drop(state, chances, step))
        else:
            states.append(_at_printed(state, step))
    return states
