"""Forward and back by brute force: all paths of a few patients, listed one by one with the chances of the model.

Levels are read well enough to part the values of S that meet in one number at risk: of those the model keeps mean and
variance only.
"""

import numpy as np
import pytest
from scipy.stats import binom

from ipdrecon.survival.joint.chances import MISPRINT, UNFORESEEN, Chances
from ipdrecon.survival.joint.lattice import forward
from ipdrecon.survival.joint.leaving import leaving_of
from ipdrecon.survival.joint.levels import Levels
from ipdrecon.survival.joint.paths import draw_paths
from ipdrecon.survival.joint.timeline import Drop, Leave, timeline

# n, times of drops, levels, error of levels, printed times, printed numbers, end
CASES = {
    "n alone": (4, [2.0, 5.0], [0.75, 0.5], 0.02, [], [], 8.0),
    "n alone, three drops": (6, [2.0, 5.0, 6.0], [0.833, 0.667, 0.5], 0.01, [], [], 7.0),
    "a number between drops": (6, [1.0, 3.0, 5.0], [0.833, 0.625, 0.417], 0.01, [4.0], [3], 7.0),
    "a number at a drop": (5, [1.0, 3.0, 5.0], [0.8, 0.6, 0.3], 0.02, [3.0], [4], 6.0),
    "two numbers": (6, [1.0, 2.0, 4.0, 5.0], [0.833, 0.667, 0.444, 0.222], 0.02, [1.5, 3.0], [5, 3], 6.0),
    "falls to 0": (4, [1.0, 3.0], [0.667, 0.0], 0.02, [2.0], [2], 3.0),
}


def _model(n, time, survival, error, risk_time, n_risk, end):
    levels = Levels(np.array(time), np.array(survival), np.full(len(time), error), end, 0.0, "drawn")
    leaving = leaving_of(levels, np.array([0.0, *risk_time]), np.array([n, *n_risk]))
    steps = timeline(levels, np.array(risk_time), np.array(n_risk, int))
    return levels, leaving, steps, Chances(levels, leaving, steps, n)


def _leave(path, leaving, step, surprises):
    n, level, weight, count = path
    chance = np.broadcast_to(leaving.chances([step.begin], [step.end])[0], weight.shape)
    for c in range(n + 1):
        share = binom.pmf(c, n, chance)
        yield n - c, level, weight * ((1 - UNFORESEEN) * share + UNFORESEEN / (n + 1) if surprises else share), (*count, c)


def _drop(path, table, step, levels):
    n, level, weight, count = path
    for d in range(n + 1):
        stay = level * (1 - d / n) if n else level
        near = np.exp(-0.5 * ((stay - levels.survival[step.row]) / levels.error[step.row]) ** 2)
        met = 1.0
        if step.printed is not None:
            met = 1 / (d + 1) if n - d <= step.printed <= n else MISPRINT
        yield n - d, stay, weight * (table[d, n - d] if d <= n else 0.0) * near * met, (*count, d)


def _all_paths(n, levels, leaving, steps, chances):
    """Number at risk at the end, chance by shape, and counts of each path."""
    surprises = n < 0.35 / levels.error.min()
    paths = [(n, 1.0, leaving.weight, ())]
    for step in steps:
        if isinstance(step, Leave):
            paths = [after for path in paths for after in _leave(path, leaving, step, surprises)]
        elif isinstance(step, Drop):
            table, _ = chances.events(step.row, (0, n), (0, n))
            paths = [after for path in paths for after in _drop(path, table, step, levels)]
            if step.row == len(levels.time) - 1:
                no_more = chances.no_more(np.arange(n + 1))
                paths = [(left, level, weight * no_more[left], count) for left, level, weight, count in paths]
        else:
            paths = [(n, level, weight * (1 if n == step.n_risk else MISPRINT), (*count, 0)) for n, level, weight, count in paths]
    return paths


@pytest.mark.parametrize("name", CASES)
def test_weights_of_the_last_state_are_sums_over_all_paths(name):
    n, *_ = CASES[name]
    levels, leaving, steps, chances = _model(*CASES[name])
    truth = np.zeros((len(leaving.weight), n + 1))
    for left, _, weight, _ in _all_paths(n, levels, leaving, steps, chances):
        truth[:, left] += weight
    states, _ = forward(chances, steps, n)
    found = np.zeros_like(truth)
    found[:, states[-1].low : states[-1].highest + 1] = states[-1].weight
    np.testing.assert_allclose((found / found.sum()).sum(axis=0), (truth / truth.sum()).sum(axis=0), atol=0.02)


@pytest.mark.parametrize("name", CASES)
def test_paths_are_drawn_as_often_as_they_are_likely(name, monkeypatch):
    """As likely as the model says where it trusts the levels fully."""
    monkeypatch.setattr("ipdrecon.survival.joint.paths._TRUST", 1.0)
    n, *_ = CASES[name]
    levels, leaving, steps, chances = _model(*CASES[name])
    goes_on = levels.time[-1] < levels.end and levels.survival[-1] > 0
    truth = {}
    for left, _, weight, count in _all_paths(n, levels, leaving, steps, chances):
        truth[count] = truth.get(count, 0.0) + weight.sum() * (1e-6 if goes_on and not left else 1.0)
    total = sum(truth.values())
    paths = draw_paths(*forward(chances, steps, n), steps, chances, n_paths=4000, rng=np.random.default_rng(1))
    drawn, often = np.unique(paths.count, axis=0, return_counts=True)
    found = {tuple(row): times / 4000 for row, times in zip(drawn.tolist(), often.tolist(), strict=True)}
    assert (paths.left + paths.count.sum(axis=1) == n).all()
    likely = {count for count, weight in truth.items() if weight / total > 0.01} | {count for count, share in found.items() if share > 0.01}
    for count in likely:
        share = truth.get(count, 0.0) / total
        assert abs(found.get(count, 0.0) - share) <= 4 * np.sqrt(share * (1 - share) / 4000) + 0.02, (count, share, found.get(count))
