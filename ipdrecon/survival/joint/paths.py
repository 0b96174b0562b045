"""Backward through time: paths of whole patients, drawn from all that the figure allows.

From the end back, each step draws the state before it given the state after it (forward filtering, backward sampling:
Carter and Kohn 1994; Frühwirth-Schnatter 1994). S is carried along: given d and n, the S before a drop is S / (1 - d / n), and a
path is as likely as that value under the mean and variance kept for its n. The drawn S is drawn towards the kept mean with a
tolerance of a quarter of the error of a level, which absorbs what keeping only mean and variance leaves out.
"""

from dataclasses import dataclass

import numpy as np

from ipdrecon.survival.joint.lattice import UNFORESEEN, printed_chance, with_marks
from ipdrecon.survival.joint.timeline import Drop, Leave

_TOLERANCE = 0.25
_LEAST = 1e-24


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


def _of_shape(state, shape):
    if len(state.weight) == 1:
        return state.weight, state.level, state.variance
    return state.weight[shape], state.level[shape], state.variance[shape]


def _back_leave(walk, state, step, chances, unmarked, error, rng):
    """Draw how many left in a step."""
    weight, level, variance = _of_shape(state, walk.shape)
    n_risk = state.n_risk[None, :]
    n_leave = n_risk - walk.n_risk[:, None]
    possible = n_leave >= 0
    chance, n_marks = chances.leave_chance(step)
    chance = chance[walk.shape][:, None] if len(chance) > 1 else chance
    n_leave = np.maximum(n_leave, 0)
    share = with_marks(chances.log_leaving(n_risk, n_leave, chance), n_leave, n_marks, unmarked=unmarked)
    if chances.surprises(state.n_risk):
        share = share * (1 - UNFORESEEN) + UNFORESEEN / (n_risk + 1)
    tolerance = _TOLERANCE * error
    near = _density(walk.level[:, None] - state.read, level, variance + tolerance**2)
    column = _draw(np.where(possible, weight * share * near, 0), possible * (weight + _LEAST), rng)
    before = state.low + column
    count = before - walk.n_risk
    walk.level = _towards(walk, state, column, tolerance, rng)
    walk.n_risk = before
    return count


def _back_drop(walk, state, step, chances, rng):
    """Draw how many had events at a drop."""
    weight, level, variance = _of_shape(state, walk.shape)
    n_risk = state.n_risk[None, :]
    n_event = n_risk - walk.n_risk[:, None]
    possible = n_event >= chances.least_events
    n_event = np.maximum(n_event, 0)
    stay = 1 - n_event / np.maximum(n_risk, 1)
    some = stay > 1e-12
    before = np.where(some, walk.level[:, None] / np.where(some, stay, 1), 0)
    tolerance = _TOLERANCE * chances.levels.error[step.row]
    near = np.where(some, _density(before - state.read, level, variance + tolerance**2) / np.where(some, stay, 1), 1.0)
    chance = weight * np.exp(chances.log_events(step.row, n_risk, n_event)) * near
    if step.printed is not None:
        chance = chance * printed_chance(n_risk, n_event, step.printed)
    column = _draw(np.where(possible, chance, 0), possible * (weight + _LEAST), rng)
    picked = np.arange(len(column)), column
    kept = state.read + (level[picked] if len(state.weight) > 1 else level[0, column])
    walk.level = np.where(some[picked], before[picked], kept)
    walk.n_risk, count = state.low + column, n_event[picked]
    walk.level = _towards(walk, state, column, tolerance, rng)
    return count


def _last(state, chances, n_paths, rng):
    """Draw where the paths end: somebody is left where the curve goes on after its last drop and above 0."""
    levels, weight = chances.levels, state.weight
    if len(levels.time) and levels.time[-1] < levels.end and levels.survival[-1] > 3 * levels.error[-1]:
        weight = np.where(state.n_risk >= 1, weight, 1e-6 * weight)
    cumulative = np.cumsum(weight.ravel())
    at = (np.arange(n_paths) + rng.random(n_paths)) / n_paths * cumulative[-1]
    index = np.minimum(np.searchsorted(cumulative, at), weight.size - 1)
    shape, column = np.divmod(index, weight.shape[1])
    spread = np.sqrt(state.variance[shape, column]) * rng.standard_normal(n_paths)
    return _Walk(state.low + column, state.read + state.level[shape, column] + spread, shape)


def draw_paths(states, steps, chances, *, n_paths, rng, unmarked=0.0):
    """Draw paths.

    Parameters
    ----------
    states : list of State
        From `forward`.
    steps : tuple of Leave, Drop, Printed
    chances : Chances
    n_paths : int
    rng : numpy.random.Generator
    unmarked : float
        As in `forward`.

    Returns
    -------
    Paths
    """
    walk = _last(states[-1], chances, n_paths, rng)
    left = walk.n_risk.copy()
    count = np.zeros((n_paths, len(steps)), int)
    error = chances.levels.error[-1] if len(chances.levels.error) else 0.0
    for index in range(len(steps) - 1, -1, -1):
        step, state = steps[index], states[index]
        if isinstance(step, Leave):
            count[:, index] = _back_leave(walk, state, step, chances, unmarked, error, rng)
        elif isinstance(step, Drop):
            count[:, index] = _back_drop(walk, state, step, chances, rng)
            error = chances.levels.error[step.row]
    return Paths(steps, count, left)
