"""Backward through time: paths of whole patients, drawn from all that the figure allows.

From the end back, each step draws the state before it given the state after it (forward filtering, backward sampling:
Carter and Kohn 1994; Frühwirth-Schnatter 1994). S is carried along: given d and n, the S before a drop is S / (1 - d / n), and a
path is as likely as that value under the mean and variance kept for its n. The drawn S is drawn towards the kept mean with a
tolerance of a tenth of the error of a level, which absorbs what keeping only mean and variance leaves out.
"""

from dataclasses import dataclass

import numpy as np

from ipdrecon.survival.joint.timeline import Drop, Leave

_TOLERANCE = 0.1
_LEAST = 1e-24
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

    def misfit(self, levels):
        """Root mean square distance of the paths' S from the levels, in errors; 0 where the curve never drops."""
        if not len(levels.time):
            return 0.0
        after = self.left[:, None] + np.cumsum(self.count[:, ::-1], axis=1)[:, ::-1]
        stay = 1 - self.count / np.maximum(after, 1)
        survival = np.cumprod(np.where(self.is_drop, stay, 1.0), axis=1)[:, self.is_drop]
        return float(np.sqrt(np.mean(((survival - levels.survival) / levels.error) ** 2)))

    def of(self, index):
        """Some of the paths, by their places."""
        return Paths(self.steps, self.count[index], self.left[index])

    def n_risk_before(self, index):
        """Number at risk before step `index` of each path."""
        return self.left + self.count[:, index:].sum(axis=1)


@dataclass
class _Walk:
    """Where the paths are on their way back."""

    n_risk: np.ndarray
    level: np.ndarray
    shape: np.ndarray


def _density(value, mean, variance):
    variance = variance + _LEAST
    return np.exp(-0.5 * (value - mean) ** 2 / variance) / np.sqrt(variance)


def _draw(chance, fallback, rng):
    """Draw one column per row; where no column has a chance, one of the fallback's."""
    total = chance.sum(axis=1)
    if not (total > 0).all():
        chance = np.where((total > 0)[:, None], chance, fallback)
    cumulative = np.cumsum(chance, axis=1)
    at = rng.random(len(chance)) * cumulative[:, -1]
    return np.minimum((cumulative <= at[:, None]).sum(axis=1), chance.shape[1] - 1)


def _towards(walk, state, column, tolerance, rng):
    """Draw S between the one implied and the one kept for the state drawn."""
    if tolerance < 1e-11:
        return walk.level
    row = walk.shape if len(state.weight) > 1 else 0
    mean, variance = state.read + state.level[row, column], state.variance[row, column]
    total = variance + tolerance**2
    drawn = np.sqrt(variance / total) * tolerance * rng.standard_normal(len(mean))
    return (walk.level * variance + mean * tolerance**2) / total + drawn


def _back_leave(walk, state, passage, error, rng):
    """Draw how many left in a step."""
    if state.weight.shape[1] == 1:
        return _moved(walk, state, 0)
    shape = walk.shape[:, None] if len(state.weight) > 1 else 0
    columns = np.arange(state.weight.shape[1])
    n_risk = state.low + columns
    count = n_risk - walk.n_risk[:, None]
    share = _share_of_leaving(passage, walk, count)
    if passage.unforeseen:
        share = share + (count >= 0) * passage.unforeseen / (n_risk + 1)
    variance = state.variance[shape, columns] + (_TOLERANCE * error) ** 2
    near = _density((walk.level - state.read)[:, None], state.level[shape, columns], variance)
    chance = state.weight[shape, columns] * share * near
    return _moved(walk, state, _draw(chance, (count >= 0) * (state.weight[shape, columns] + _LEAST), rng))


def _share_of_leaving(passage, walk, count):
    """Chance of each number of leavers (n_paths, n_states), 0 where it is out of the passage's range."""
    n_counts, n_shapes, _ = passage.share.shape
    inside = (count >= 0) & (count < n_counts)
    shape = walk.shape[:, None] if n_shapes > 1 else 0
    place = np.maximum(walk.n_risk - passage.low, 0)[:, None]
    return np.where(inside & (walk.n_risk >= passage.low)[:, None], passage.share[np.where(inside, count, 0), shape, place], 0.0)


def _moved(walk, state, column):
    """Move the paths to the states drawn; how many patients that adds."""
    before = state.low + column
    count = before - walk.n_risk
    walk.n_risk = walk.n_risk + count
    return count


def _back_drop(walk, state, passage, error, rng):
    """Draw how many had events at a drop."""
    n_event = passage.first + np.arange(len(passage.share))
    column = walk.n_risk[:, None] + n_event - state.low
    possible = (column >= 0) & (column < state.weight.shape[1])
    column = np.where(possible, column, 0)
    shape = walk.shape[:, None] if len(state.weight) > 1 else 0
    some = (walk.n_risk[:, None] > 0) | (n_event == 0)
    stay = np.where(some & (n_event > 0), walk.n_risk[:, None] / np.maximum(walk.n_risk[:, None] + n_event, 1), 1.0)
    before = walk.level[:, None] / stay
    variance = state.variance[shape, column] + (_TOLERANCE * error) ** 2
    near = _density(before - state.read, state.level[shape, column], variance) / stay
    near = np.where(some, near, _density(walk.level[:, None], 0.0, error**2))
    weight = np.where(possible, state.weight[shape, column], 0.0)
    chance = weight * passage.share[np.arange(len(n_event)), column] * near
    picked = _draw(chance, possible * (weight + _LEAST), rng)
    rows = np.arange(len(picked))
    column = column[rows, picked]
    kept = state.read + state.level[walk.shape if len(state.weight) > 1 else 0, column]
    walk.level = np.where(some[rows, picked], before[rows, picked], kept)
    walk.level = _towards(walk, state, column, _TOLERANCE * error, rng)
    return _moved(walk, state, column)


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
    spread = np.sqrt(state.variance[shape, column]) * rng.standard_normal(n_paths)
    return _Walk(state.low + column, state.read + state.level[shape, column] + spread, shape)


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
    left = walk.n_risk.copy()
    count = np.zeros((n_paths, len(steps)), int)
    errors = chances.levels.error.tolist()
    error = errors[-1] if errors else 0.0
    for index in range(len(steps) - 1, -1, -1):
        step = steps[index]
        if isinstance(step, Leave):
            count[:, index] = _back_leave(walk, states[index], passages[index], error, rng)
        elif isinstance(step, Drop):
            error = errors[step.row]
            count[:, index] = _back_drop(walk, states[index], passages[index], error, rng)
    return Paths(steps, count, left)
