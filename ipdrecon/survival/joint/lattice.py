"""Forward through time: which numbers at risk are possible after each step, and how likely.

The state is the number at risk n, with the Kaplan-Meier estimate S reached on the way to it. Between drops, patients
leave: c of n with a binomial chance. At a drop, d of n have events, S becomes S (1 - d / n), and the level y read there is
S with an error of standard deviation s. The sum over all integer paths (d, c) that lead to n is exact; the S of the paths
that meet in one n are kept as their mean and variance (assumed-density filtering; Maybeck 1982, chapter 12), so that the
levels inform n although no level is taken as exact:

    weight'(n - d) = weight(n) P(d | n) Normal(y; S (1 - d / n), s^2 + v (1 - d / n)^2).

Numbers that are printed are facts with a small chance of being wrong, a larger one where their reader doubts them.
Leaving has a small chance of being nothing like assumed, so that a drop which tells n is believed.
"""

import math
from typing import NamedTuple

import numpy as np

from ipdrecon.survival.joint.chances import padded, sheared
from ipdrecon.survival.joint.timeline import Drop, Leave

_GONE_AT_ONCE, _ONE_MORE_GONE = 0.01, 0.7
"""Chance that a number printed at the time of a drop leaves out those who leave then, and of each further one."""
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
    belief : ndarray, shape (3, n_shapes, n_states)
        Chance, mean of S, and its variance.
    read : float
        The level read last.
    """

    low: int
    moments: np.ndarray
    belief: np.ndarray
    read: float

    @property
    def weight(self):
        """Chances, shape (n_shapes, n_states)."""
        return self.moments[0]

    @property
    def highest(self):
        """The largest n kept."""
        return self.low + self.moments.shape[2] - 1

    @property
    def n_risk(self):
        """Numbers at risk, shape (n_states,)."""
        return np.arange(self.low, self.highest + 1)


class LeavePassage(NamedTuple):
    """Chances of a step of leaving, as the way back needs them.

    Attributes
    ----------
    share : ndarray, shape (n_shapes or 1, n_counts, n_after)
        At [shape, c, n - c - lowest].
    lowest : int
    unforeseen : float
        Chance that leaving is nothing like assumed.
    """

    share: np.ndarray
    lowest: int
    unforeseen: float


class DropPassage(NamedTuple):
    """Chances of a drop, as the way back needs them.

    Attributes
    ----------
    share, stay : ndarray, shape (n_counts, n_after)
        At [d - first, n - d - lowest]: the chance of d events, and 1 - d / n.
    around : ndarray, shape (3, n_shapes, n_before + 2 (n_counts - 1))
        Chance, mean and variance before the drop; at [..., begin + i + j] those that go with [i, j] above.
    begin, first, lowest : int
    """

    share: np.ndarray
    stay: np.ndarray
    around: np.ndarray
    begin: int
    first: int
    lowest: int


def start(n):
    """Give the state before the first step: all `n` patients, S = 1."""
    return _of_moments(n, np.array([[[1.0]], [[0.0]], [[0.0]]]), 1.0)


def _of_moments(low, moments, read):
    belief = moments / np.maximum(moments[0], _TINY)
    _, level, variance = belief
    variance -= level * level
    np.maximum(variance, 0.0, out=variance)
    level += read
    belief[0] = moments[0]
    return State(low, moments, belief, read)


def _kept(low, moments, read):
    """Make a state of summed moments, without what is negligible."""
    largest = np.maximum.reduce(moments[0])
    keep = np.flatnonzero(largest > _NEGLIGIBLE * largest.max())
    first, stop = int(keep[0]), int(keep[-1]) + 1
    return _of_moments(low + first, moments[:, :, first:stop], read)


def _leave(state, chances, index):
    """Let patients leave."""
    low, highest = state.low, state.highest
    share, lowest = chances.leave(index, low, highest)
    moments = state.moments
    if moments.shape[1] < len(share):
        moments = moments * chances.shape_weight
    n_counts, n_after = share.shape[1:]
    before = sheared(padded(moments, n_counts - 1), lowest - low + n_counts - 1, n_counts, n_after)
    left = np.einsum("mkcn,kcn->mkn", before, share)
    if highest >= chances.resolved_below:
        return _of_moments(lowest, left, state.read), LeavePassage(share, lowest, 0.0)
    any_number = (moments * (chances.unforeseen / (state.n_risk + 1)))[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    out = np.empty((3, moments.shape[1], highest + 1))
    out[:, :, :low] = any_number[:, :, :1]
    out[:, :, low:] = any_number
    out[:, :, lowest:] += (1 - chances.unforeseen) * left
    return _of_moments(0, out, state.read), LeavePassage(share, lowest, chances.unforeseen)


def _possible_events(state, error, chances, row):
    """Range of events that come near the level at a drop."""
    weight, level, variance = state.belief
    heavy = weight > _HEAVY * weight.max()
    level = level[heavy]
    reach = _WIDTH * math.sqrt(error * error + variance[heavy].max())
    read = float(chances.levels.survival[row])
    few, many = 1 - (read + reach) / max(level.min(), 1e-9), 1 - (read - reach) / max(level.max(), 1e-9)
    first = max(math.ceil(few * (state.low if few > 0 else state.highest)), int(chances.exact))
    first = min(first, state.highest)
    return first, min(max(int(many * state.highest), first), state.highest)


def _drop_once(state, chances, step, error):
    """Moments after a drop whose level has a given error, the lowest n of them, and the chances of events."""
    first, last = _possible_events(state, error, chances, step.row)
    lowest, most = max(0, state.low - last), state.highest - first
    share, stay = chances.events(step.row, (first, last), (lowest, most))
    if step.printed is not None:
        share *= _printed_chance(np.arange(lowest, most + 1), np.arange(first, last + 1)[:, None], step.printed, chances)
    around, begin = padded(state.belief, last - first), lowest + last - state.low
    weight, level, variance = sheared(around, begin, *share.shape)
    square = error * error
    total = variance * (stay * stay)
    total += square
    kept = square / total
    off = level * stay
    off -= float(chances.levels.survival[step.row])
    moments = np.empty((3, *kept.shape))
    chance, mean, second = moments
    np.multiply(off, kept, out=mean)
    off *= mean
    off *= -0.5 / square
    np.exp(off, out=chance)
    chance *= np.sqrt(kept)
    chance *= weight * share
    kept -= 1
    kept *= square
    np.subtract(mean * mean, kept, out=second)
    moments[1:] *= chance
    return np.add.reduce(moments, axis=2), lowest, DropPassage(share, stay, around, begin, first, lowest)


def _printed_chance(after, n_event, printed, chances):
    """Chance of a printed number somewhere within a drop: any place is as likely.

    It may be lower where patients who leave at that time are counted as gone (time > t), and it may be a misprint.
    """
    further = after - (printed + chances.slack)
    chance = np.where(further <= 0, 1 / (n_event + 1.0), _GONE_AT_ONCE * _ONE_MORE_GONE ** np.maximum(further, 0))
    return np.where(after + n_event >= printed - chances.slack, np.maximum(chance, chances.misprint), chances.misprint)


def _drop(state, chances, step):
    """Let the curve drop; where no path comes near the level, its error is widened until one does."""
    error = float(chances.levels.error[step.row])
    for _ in range(_MOST_WIDENED):
        moments, lowest, passage = _drop_once(state, chances, step, error)
        total = float(moments[0].sum())
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
    passages : list of LeavePassage, DropPassage or None
        One per step; None for a printed number.
    """
    states, passages = [start(n)], []
    for index, step in enumerate(steps):
        if isinstance(step, Leave):
            state, passage = _leave(states[-1], chances, index)
        elif isinstance(step, Drop):
            state, passage = _drop(states[-1], chances, step)
            if step.row == len(chances.levels.time) - 1:
                state = _of_moments(state.low, state.moments * chances.no_more(state.n_risk), state.read)
        else:
            state, passage = _printed(states[-1], step, chances)
        states.append(state)
        passages.append(passage)
    return states, passages
