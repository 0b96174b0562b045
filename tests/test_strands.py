"""By law: paths that changed lines where these met are put right; where nothing tells the lines apart, they stay."""

import numpy as np
import pytest

from ipdrecon.figure.path import Path
from ipdrecon.figure.strands import disentangle

HEIGHT, WIDTH, MEETING = 140, 600, 300


def rows(first, step):
    """A stair that falls by `step` px every 50 columns."""
    return first + step * (np.arange(WIDTH) // 50)


def path_along(leave):
    enter = np.concatenate([leave[:1], leave[:-1]])
    return Path(enter, leave, 0, float(len(leave)), float(len(leave)), 0.0, 0.0)


def inked(leave, *, dash=None, width=1):
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    columns = np.arange(len(leave))
    columns = columns if dash is None else columns[columns // dash % 2 == 0]
    for k in range(width):
        ink[leave[columns] + k, columns] = 1
    return ink


def crossing():
    """Two curves that start together, part, and cross at one place."""
    slow, fast = rows(10, 8), np.where(np.arange(WIDTH) < MEETING, rows(26, 6), rows(2, 12))
    slow[:10] = fast[:10] = 10
    slow[MEETING - 10 : MEETING] = fast[MEETING - 10 : MEETING] = slow[MEETING - 10]
    return np.maximum.accumulate(slow), np.maximum.accumulate(fast)


def exchanged(one, other):
    at = np.arange(WIDTH) < MEETING - 5
    return np.where(at, one, other), np.where(at, other, one)


@pytest.mark.parametrize(("solid", "broken"), [({}, {"dash": 6}), ({"width": 3}, {"width": 1})])
def test_exchanged_stretches_are_given_back(solid, broken):
    slow, fast = crossing()
    ink = np.maximum(inked(slow, **solid), inked(fast, **broken))
    found = disentangle([path_along(leave) for leave in exchanged(slow, fast)], ink)
    off = [min(np.abs(path.leave[40:] - leave[40:]).mean() for path in found) for leave in (slow, fast)]
    assert max(off) < 1


def test_paths_that_keep_to_their_lines_are_left_as_they_are():
    slow, fast = crossing()
    paths = [path_along(slow), path_along(fast)]
    kept = disentangle(paths, np.maximum(inked(slow), inked(fast, dash=6)))
    assert all(path is before for path, before in zip(kept, paths, strict=True))


def test_lines_that_look_alike_are_left_as_they_are():
    slow, fast = crossing()
    paths = [path_along(leave) for leave in exchanged(slow, fast)]
    kept = disentangle(paths, np.maximum(inked(slow), inked(fast)))
    assert all(path is before for path, before in zip(kept, paths, strict=True))


def test_paths_never_rise_after_an_exchange():
    slow, fast = crossing()
    ink = np.maximum(inked(slow), inked(fast, dash=6))
    for path in disentangle([path_along(leave) for leave in exchanged(slow, fast)], ink):
        assert (np.diff(path.leave) >= 0).all()
        assert (path.enter <= path.leave).all()
        assert (path.enter[1:] >= path.leave[:-1]).all()


def test_an_unbroken_line_is_kept_whatever_marks_broaden_before_and_after_a_meeting():
    slow, fast = crossing()
    at = np.arange(WIDTH)
    ink = np.maximum(inked(slow), inked(fast, dash=6))
    for leave, columns in ((slow, at[20 : MEETING - 20]), (fast, at[MEETING + 20 :])):
        for k in range(-3, 4):
            marked = columns[columns // 6 % 2 == 0] if leave is fast else columns
            ink[leave[marked] + k, marked] = 1
    kept = disentangle([path_along(slow), path_along(fast)], ink)
    np.testing.assert_array_equal(kept[0].leave, slow)
    np.testing.assert_array_equal(kept[1].leave, fast)
