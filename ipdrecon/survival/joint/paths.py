"""Backward through time: paths of whole patients, drawn from all that the figure allows.

From the end back, each step draws the state before it given the state after it (forward filtering, backward sampling:
Carter and Kohn 1994; Frühwirth-Schnatter 1994). S is carried along: given d and n, the S before a drop is S / (1 - d / n), and a
path is as likely as that value under the mean and variance kept for its n. The drawn S is drawn towards the kept mean with a
tolerance of a tenth of the error of a level, which absorbs what keeping only mean and variance leaves out. Where two S far
apart meet in one n, their variance lets paths through whose own S fits no level: `Paths.near` tells them.
"""

from dataclasses import dataclass

import numpy as np

from ipdrecon.survival.joint.timeline import Drop, Leave

_TOLERANCE = 0.1
_LEAST = 1e-24
_FURTHER, _FURTHER_IN_ALL = 3.0, 9.0
"""Squared errors per drop, and in all, by which a path may be further from the levels than the nearest one."""
_TRUST = 0.08
"""What the levels say about the shape of leaving counts only so much, since the errors of reading are not known exactly."""


@dataclass(frozen=True)
class Paths:
    """Drawn paths.

    Attributes
    ----------
    steps : tuple of Leave, Drop, Printed
    count : ndarray of int, shape (n_paths, n_steps)
        Patients who leave, or have events, at each step; 0 at printed numbers.
    left : ndarray of int, shape (n_paths,)
        Patients at the end of the curve.
    """

    steps: tuple
    count: np.ndarray
    left: np.ndarray

    @property
    def is_drop(self):
        """Which steps are drops, shape (n_steps,)."""
        return np.array([isinstance(step, Drop) for step in self.steps], bool)

    @property
    def n_event(self):
        """Total of events of each path."""
        return self.count[:, self.is_drop].sum(axis=1)

    def off_levels(self, levels):
        """Mean square distance of each path's S from the levels, in errors, shape (n_paths,); 0 where the curve never drops."""
        if not len(levels.time):
            return np.zeros(len(self.left))
        drops = self.is_drop
        after = self.left[:, None] + np.cumsum(self.count[:, ::-1], axis=1)[:, ::-1][:, drops]
        survival = np.cumprod(1 - self.count[:, drops] / np.maximum(after, 1), axis=1)
        return np.mean(((survival - levels.survival) / levels.error) ** 2, axis=1)

    def misfit(self, levels):
        """Root mean square distance of the paths' S from the levels, in errors."""
        return float(np.sqrt(self.off_levels(levels).mean()))

    def near(self, levels):
        """Places of the paths that are not much further from the levels than the nearest is."""
        off = self.off_levels(levels)
        return np.flatnonzero(off <= off.min() + _FURTHER + _FURTHER_IN_ALL / max(len(levels.time), 1))

    def of(self, index):
        """Some of the paths, by their places."""
        return Paths(self.steps, self.count[index], self.left[index])

    def with_more(self, other):
        """These and further paths."""
        return Paths(self.steps, np.concatenate((self.count, other.count)), np.concatenate((self.left, other.left)))

    def gone_after(self, index):
        """Who leave next after step `index`, perhaps at its very time, of each path."""
        is_next = index + 1 < len(self.steps) and isinstance(self.steps[index + 1], Leave)
        return self.count[:, index + 1] if is_next else np.zeros_like(self.left)

    def n_risk_before(self, index):
        """Number at risk before step `index` of each path."""
        return self.left + self.count[:, index:].sum(axis=1)


@dataclass
class _Walk:
    """Where the paths are on their way back: number at risk, S, and which member of the family of leaving."""

    n_risk: np.ndarray
    level: np.ndarray
    shape: np.ndarray

    def back(self, count):
        """Move back over a step at which so many left or had events; gives `count`."""
        self.n_risk = self.n_risk + count
        return count


def _density(off, variance):
    return np.exp(off * off / (variance * -2.0)) / np.sqrt(variance)


def _drawn(chance, at, fallback):
    """Draw one row per column, by numbers `at` in [0, 1); where no row has a chance, by those of `fallback`, a function."""
    cumulative = chance.cumsum(axis=0)
    if not cumulative[-1].min() > 0:
        cumulative = np.where(cumulative[-1] > 0, chance, fallback()).cumsum(axis=0)
    return np.minimum((cumulative <= at * cumulative[-1]).sum(axis=0), len(chance) - 1)


def _back_leave(walk, state, passage, error, at):
    """Draw how many left in a step."""
    n_states = state.moments.shape[2]
    if n_states == 1:
        return walk.back(state.low - walk.n_risk)
    n_risk = state.n_risk[:, None]
    count = n_risk - walk.n_risk
    weight, level, variance = state.belief.take(walk.shape, axis=1).swapaxes(1, 2) if len(state.weight) > 1 else state.belief.reshape(3, -1, 1)
    share = _share_of_leaving(passage, walk, count)
    if passage.unforeseen:
        share += (count >= 0) * passage.unforeseen / (n_risk + 1)
    chance = _density(walk.level - level, variance + ((_TOLERANCE * error) ** 2 + _LEAST))
    chance *= share
    chance *= weight
    picked = _drawn(chance, at, lambda: (count >= 0) * (weight + _LEAST))
    return walk.back(state.low + picked - walk.n_risk)


def _share_of_leaving(passage, walk, count):
    """Chance of each number of leavers (n_states, n_paths), 0 where it is out of the passage's range."""
    n_shapes, n_counts, n_after = passage.share.shape
    place = walk.n_risk - passage.lowest
    inside = (count >= 0) & (count < n_counts) & (place >= 0)
    index = count * n_after + (walk.shape * (n_counts * n_after) + place if n_shapes > 1 else place)
    return np.where(inside, passage.share.ravel().take(index, mode="clip"), 0.0)


def _possible(passage, place):
    """Which numbers of events come from a number at risk that was kept (n_counts, n_paths)."""
    spare = len(passage.share) - 1
    before = np.arange(passage.begin, passage.begin + spare + 1)[:, None] + place
    return (before >= spare) & (before < passage.around.shape[2] - spare)


def _back_drop(walk, passage, error, random):
    """Draw how many had events at a drop, and S before it: between the one implied and the one kept for the state drawn."""
    at, normal = random
    n_counts, (_, n_shapes, wide) = len(passage.share), passage.around.shape
    place = walk.n_risk - passage.lowest
    index = np.arange(passage.begin, passage.begin + n_counts)[:, None] + (place + walk.shape * wide if n_shapes > 1 else place)
    weight, level, variance = passage.around.reshape(3, -1).take(index, axis=1)
    share, stay = passage.share.take(place, axis=1), passage.stay.take(place, axis=1)
    tolerance = _TOLERANCE * error
    variance += tolerance * tolerance + _LEAST
    gone = stay <= 0
    if gone.any():
        stay = np.where(gone, 1.0, stay)
    off = walk.level / stay - level
    if n_counts == 1:
        picked, off, variance, level, gone = 0, off[0], variance[0], level[0], gone[0]
    else:
        near = _density(off, variance) / stay
        if gone.any():
            near = np.where(gone, _density(walk.level, error * error + _LEAST), near)
        near *= weight
        picked = _drawn(near * share, at, lambda: _possible(passage, place) * (weight + _LEAST))
        here = picked * len(place) + np.arange(len(place))
        off, variance, level = off.ravel().take(here), variance.ravel().take(here), level.ravel().take(here)
        gone = gone.ravel().take(here)
    kept = 1 - (tolerance * tolerance) / variance
    off = off * kept + np.sqrt(kept) * (tolerance * normal)
    walk.level = level + (np.where(gone, 0.0, off) if gone.any() else off)
    return walk.back(passage.first + picked)


def _last(state, chances, n_paths, rng):
    """Draw where the paths end: somebody is left where the curve goes on after its last drop and above 0."""
    levels, weight = chances.levels, state.weight
    if not len(levels.time) or (levels.time[-1] < levels.end and levels.survival[-1] > 3 * levels.error[-1]):
        weight = np.where(state.n_risk >= 1, weight, 1e-6 * weight)
    if levels.kind != "exact":
        of_shape = weight.sum(axis=1, keepdims=True)
        weight = weight * np.maximum(of_shape / of_shape.max(), _LEAST) ** (_TRUST - 1)
    cumulative = np.cumsum(weight.ravel())
    at = (np.arange(n_paths) + rng.random(n_paths)) / n_paths * cumulative[-1]
    index = np.minimum(np.searchsorted(cumulative, at), weight.size - 1)
    shape, column = np.divmod(index, weight.shape[1])
    spread = np.sqrt(state.belief[2, shape, column]) * rng.standard_normal(n_paths)
    return _Walk(state.low + column, state.belief[1, shape, column] + spread, shape)


def draw_paths(states, passages, steps, chances, *, n_paths, rng):
    """Draw paths.

    Parameters
    ----------
    states, passages : list
        From `forward`.
    steps : tuple of Leave, Drop, Printed
    chances : Chances
    n_paths : int
    rng : numpy.random.Generator

    Returns
    -------
    Paths
    """
    walk = _last(states[-1], chances, n_paths, rng)
    left = walk.n_risk
    count = np.zeros((len(steps), n_paths), int)
    # One number in each of n_paths equal parts of [0, 1) for each step, so that paths share what is open evenly.
    at = (rng.permuted(np.tile(np.arange(n_paths), (len(steps), 1)), axis=1) + rng.random(count.shape)) / n_paths
    normal = rng.standard_normal(count.shape)
    errors = chances.levels.error.tolist()
    error = errors[-1] if errors else 0.0
    for index in range(len(steps) - 1, -1, -1):
        step, state, passage = steps[index], states[index], passages[index]
        if isinstance(step, Leave):
            count[index] = _back_leave(walk, state, passage, error, at[index])
        elif isinstance(step, Drop):
            error = errors[step.row]
            count[index] = _back_drop(walk, passage, error, (at[index], normal[index]))
    return Paths(steps, count.T, left)
