"""By law: the path found is the one that trying every row of every column finds."""

import numpy as np
import pytest

from ipdrecon.figure.path import best_course

REACH = 3


def tried_one_by_one(right, depth, row):
    """Score of the best path to each pixel, and the lowest row in which it may have entered the pixel's column."""
    score, entered = np.zeros(right.shape), np.zeros(right.shape, int)
    before = [0.0 if abs(at - row) <= REACH else -np.inf for at in range(right.shape[1])]
    for column in range(len(right)):
        for end in range(right.shape[1]):
            worth = [before[at] + right[column, at] + depth[column, end] - depth[column, at] for at in range(end + 1)]
            score[column, end] = max(worth)
            entered[column, end] = max(at for at in range(end + 1) if worth[at] == score[column, end])
        before = score[column]
    return score, entered


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.6])
@pytest.mark.parametrize("seed", range(6))
def test_the_best_course_is_that_of_every_row_tried(seed, share):
    rng = np.random.default_rng(seed)
    shape, row = (18, 14), int(rng.integers(0, 6))
    inked = rng.random(shape) < share
    # Gains in quarters: sums are exact, and many paths are worth the same.
    right = np.where(inked, rng.integers(1, 5, shape), -rng.integers(1, 3, shape)) / 4
    depth = np.cumsum(np.where(inked, 1, -rng.integers(1, 3, shape)), axis=1) / 4
    score, entered = tried_one_by_one(right, depth, row)
    enter, leave, worth = best_course(right, depth, inked, row)
    last, end = np.unravel_index(np.argmax(score), shape)
    assert (len(leave) - 1, leave[-1]) == (last, end)
    assert (worth == score[np.arange(last + 1), leave]).all()
    assert (enter == entered[np.arange(last + 1), leave]).all()
    assert (enter[1:] == leave[:-1]).all()
    assert abs(enter[0] - row) <= REACH
