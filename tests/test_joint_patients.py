"""From paths to patients: what the data set in the middle keeps to, and what a drawn one does."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipdrecon.survival import kaplan_meier, n_risk_at
from ipdrecon.survival.joint.fit import fitting_model
from ipdrecon.survival.joint.levels import Levels
from ipdrecon.survival.joint.paths import Paths
from ipdrecon.survival.joint.patients import drawn_patients, leaving_times, middle_patients
from ipdrecon.survival.joint.timeline import Drop, Leave, Printed
from ipdrecon.survival.reconstruction import _given

STEPS = (Leave(0, 2), Drop(0), Leave(2, 4), Printed(6, 0), Leave(4, 5), Drop(1), Leave(5, 8))
LEVELS = Levels(np.array([2.0, 5.0]), np.array([0.8, 0.6]), np.array([0.05, 0.05]), 8.0, 0.0, "drawn")


def _paths(*counts, n=10):
    count = np.array(counts)
    return Paths(STEPS, count, n - count.sum(axis=1))


# Both have 4 patients leave or die before 4, where 6 are at risk.
TWO = _paths([0, 2, 2, 0, 1, 1, 2], [1, 2, 1, 0, 0, 2, 1])


@pytest.mark.parametrize("weight", [[1, 0], [0, 1], [0.5, 0.5], [0.3, 0.7]])
def test_the_middle_keeps_n_and_numbers_that_all_paths_meet(weight):
    time, event = middle_patients(TWO, np.array(weight, float), LEVELS, np.array([10, 6]))
    assert len(time) == len(event) == 10
    assert n_risk_at(time, 4.0) == 6
    assert (time[event] == 2).sum() == 2
    assert set(time[event]) <= {2.0, 5.0}


def test_the_middle_of_one_path_is_that_path():
    time, event = middle_patients(TWO, np.array([1.0, 0.0]), LEVELS, np.array([10, 6]))
    assert event.sum() == 3
    assert [((time >= a) & (time < b) & ~event).sum() for a, b in ((0, 2), (2, 4), (4, 5), (5, 8), (8, 9))] == [0, 2, 1, 2, 2]


@pytest.mark.parametrize("n_event", [3, 4])
def test_the_middle_has_the_total_of_events(n_event):
    time, event = middle_patients(TWO, np.array([0.5, 0.5]), LEVELS, np.array([10, 6]), n_event=n_event)
    assert event.sum() == n_event
    assert len(time) == 10
    assert n_risk_at(time, 4.0) == 6


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 6))
def test_whatever_the_paths_the_middle_keeps_n(seed, n, n_paths):
    rng = np.random.default_rng(seed)
    count = np.zeros((n_paths, len(STEPS)), int)
    for row in count:
        for index in (0, 1, 2, 4, 5, 6):
            row[index] = rng.integers(0, n - row.sum() + 1)
    paths = _paths(*count, n=n)
    weight = rng.dirichlet(np.ones(n_paths))
    for total in (None, int(round(float(weight @ paths.n_event)))):
        time, event = middle_patients(paths, weight, LEVELS, np.array([n, 6]), n_event=total)
        assert len(time) == len(event) == n
        assert time.min() >= 0 and time.max() <= 8
        assert (np.diff(kaplan_meier(time, event).survival) <= 0).all()
        drawn = drawn_patients(paths, 0, LEVELS, n, rng=rng)
        assert len(drawn[0]) == n
        assert drawn[1].sum() == paths.n_event[0]


@given(st.integers(0, 20), st.lists(st.integers(0, 100), max_size=12))
def test_leavers_are_at_marks_where_there_are_some(count, marks):
    marks = np.sort(np.array(marks, float)) / 10
    time = leaving_times(2.0, 6.0, count, marks)
    here = marks[(marks >= 2) & (marks < 6)]
    assert len(time) == count
    assert ((time >= 2) & (time < 6)).all()
    at_marks = np.isin(time, here)
    assert at_marks.all() if count <= len(here) else np.isin(here, time).all()


def test_leavers_without_marks_are_spread_evenly():
    np.testing.assert_allclose(leaving_times(2.0, 6.0, 4, None), [2.5, 3.5, 4.5, 5.5])


@given(st.integers(0, 500), st.integers(3, 80))
@settings(deadline=None, max_examples=25)
@example(272, 63)  # its last drop is of one patient of two, which looks 200 times less likely than two of four
def test_the_middle_of_a_true_figure_meets_table_and_total(seed, n):
    rng = np.random.default_rng(seed)
    died, left = rng.exponential(20, n), rng.uniform(5, 50, n)
    time, event = np.minimum(died, left), died <= left
    estimate, at = kaplan_meier(time, event), np.array([0.0, time.max() / 3, time.max() / 1.5])
    row = n_risk_at(time, at)
    curve = np.r_[0, estimate.time, time.max()], np.r_[1, estimate.survival, estimate.survival[-1]]
    model, paths = fitting_model(_given(curve, (at, row), arm="arm", n_event=int(event.sum())))
    found, found_event = model.middle(paths)
    assert found_event.sum() == event.sum()
    np.testing.assert_array_equal(n_risk_at(found, at), row)


def test_paths_far_off_the_levels_are_not_near():
    """S is 0.8 and then 0.57 or 0.6 of the first two paths, 0.4 of the third."""
    paths = _paths([0, 2, 1, 0, 0, 2, 1], [0, 2, 0, 0, 0, 2, 1], [0, 6, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(paths.near(LEVELS), [0, 1])
    assert paths.misfit(LEVELS) > 2 > paths.of([0, 1]).misfit(LEVELS)


@pytest.mark.parametrize("printed", [6, 4])
def test_who_must_be_gone_at_a_printed_time_leaves_then(printed):
    """8 are at risk before the drop at 4 and 6 after it; where 4 are printed there, 2 of those who leave next are gone at once."""
    steps = (Leave(0, 4), Drop(0, printed, 0), Leave(4, 8))
    levels = Levels(np.array([4.0]), np.array([0.75]), np.array([0.01]), 8.0, 0.0, "drawn")
    paths = Paths(steps, np.array([[2, 2, 3]]), np.array([3]))
    for time, event in (middle_patients(paths, np.ones(1), levels, np.array([10, printed])), drawn_patients(paths, 0, levels, 10, rng=np.random.default_rng(0))):
        assert np.sum(time > 4.0) == printed if printed == 4 else np.sum((time == 4.0) & ~event) == 0
