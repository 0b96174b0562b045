"""When patients leave, and in which order it is held against drops and printed numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.survival import kaplan_meier, n_risk_at, reconstruct_arm
from ipdrecon.survival.joint.leaving import Clock, Leaving, _n_leaving, leaving_of
from ipdrecon.survival.joint.levels import Levels, read_levels
from ipdrecon.survival.joint.timeline import Drop, Leave, Printed, timeline


def _levels(time, survival, *, end=10.0, time_error=0.0, kind="exact"):
    return Levels(np.array(time, float), np.array(survival, float), np.full(len(time), 1e-6), end, time_error, kind)


LEVELS = _levels([1, 2, 4, 6, 9], [0.9, 0.8, 0.7, 0.5, 0.4])
BORDER, N_RISK = np.array([0.0, 3.0, 5.0]), np.array([100, 70, 50])
times = st.floats(0, 1)


# --- leaving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), [(0.0, 3.0), (3.0, 5.0), (5.0, 10.0)])
@pytest.mark.parametrize("marks", [None, np.array([0.5, 3.5, 3.6, 5.5, 7.0, 9.0])])
@given(one=times, two=times, three=times)
def test_staying_is_staying_in_each_part(first, last, marks, one, two, three):
    a, b, c = np.sort(first + (last - first) * np.array([one, two, three]))
    if b == last or a == last:
        return
    leaving = leaving_of(LEVELS, BORDER, N_RISK, marks=marks)
    whole, parts = leaving.chances([a], [c])[0], (1 - leaving.chances([a], [b])[0]) * (1 - leaving.chances([b], [c])[0])
    np.testing.assert_allclose(1 - whole, parts, atol=1e-9)


def test_between_printed_numbers_as_many_leave_as_are_missing():
    """100 are at risk at 0 and 70 at 3, S falls to 0.8: about 18 have events and 12 leave."""
    leaving = leaving_of(LEVELS, BORDER, N_RISK)
    stayed = 1 - leaving.chances([0.0], [3.0])[0][0]
    assert 100 * 0.8 * stayed == pytest.approx(70, abs=1)


@pytest.mark.parametrize("n_event", [34, 38, 42, 46])
def test_members_of_the_family_meet_the_total_of_events(n_event):
    """About 18 and 8 have events before 5, where 50 are at risk at S = 0.7; if nobody left, 21 would have one after it."""
    free, told = leaving_of(LEVELS, BORDER, N_RISK), leaving_of(LEVELS, BORDER, N_RISK, n_event=n_event)
    stayed = 1 - np.stack([told.chances([5.0], [time])[0] for time in (6.0, 9.0)], axis=1)
    open_events = 50 * (stayed @ np.array([0.2, 0.1])) / 0.7
    before = 18 + 8
    assert told.weight.sum() == pytest.approx(1)
    assert free.weight.sum() == pytest.approx(1)
    assert told.weight @ open_events == pytest.approx(n_event - before, abs=2)


def test_a_total_far_out_of_reach_leaves_a_shape():
    for n_event in (1, 100):
        leaving = leaving_of(LEVELS, BORDER, N_RISK, n_event=n_event)
        assert leaving.weight.sum() == pytest.approx(1)


def test_marks_set_the_clock():
    clock = Clock(10.0, np.array([1.0, 1.5, 8.0, 9.0]))
    assert np.diff(clock.at([1.0, 2.0]))[0] == pytest.approx(0.5, abs=0.05)
    assert np.diff(clock.at([2.0, 7.0]))[0] < 0.05
    assert (clock.n_marks(1.0, 8.0), clock.n_marks(1.1, 8.1), clock.n_marks(3.0, 4.0)) == (2, 2, 0)
    assert Clock(10.0).n_marks(0.0, 10.0) is None
    leaving = leaving_of(LEVELS, BORDER, N_RISK, marks=np.array([2.9, 4.9, 5.1]))
    assert not leaving.clock.complete
    assert leaving.chances([0.0], [2.5])[0][0] < leaving.chances([2.5], [3.0])[0][0]
    told = Leaving(leaving.border, leaving.hazard, leaving.shapes, leaving.weight, Clock(leaving.clock.end, leaving.clock.marks))
    assert told.chances([0.0], [2.5])[0][0] < 0.1 * told.chances([2.5], [3.0])[0][0]


def test_marks_are_complete_where_the_table_says_so():
    """Between 0 and 3 some two leave, between 3 and 5 some six: as many marks are complete, half of them are not."""
    expected = np.round(_n_leaving(LEVELS, BORDER, N_RISK)).astype(int)
    marks = np.concatenate([np.linspace(begin + 0.1, end - 0.1, count) for begin, end, count in zip(BORDER, BORDER[1:], expected, strict=False)])
    assert leaving_of(LEVELS, BORDER, N_RISK, marks=marks).clock.complete
    assert not leaving_of(LEVELS, BORDER, N_RISK, marks=marks[::2]).clock.complete or len(marks) <= 4


def test_a_clicked_clock_lags_but_keeps_to_printed_times_and_order():
    leaving = leaving_of(_levels(LEVELS.time, LEVELS.survival, kind="clicked"), BORDER, N_RISK)
    np.testing.assert_allclose(leaving.clock.at(LEVELS.time), [0.5, 1.5, 3, 5, 7.5])
    np.testing.assert_array_equal(leaving.clock.at(BORDER), BORDER)
    assert leaving.clock.stop == 10.0
    assert (np.diff(leaving.clock.at(np.linspace(0, 10, 200))) >= 0).all()
    assert isinstance(leaving, Leaving)


# --- order -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 99), unique=True, max_size=8), st.lists(st.integers(1, 100), unique=True, max_size=5), st.sampled_from([0.0, 0.4, 1.0])
)
def test_steps_are_in_order_and_none_is_lost(drops, printed, time_error):
    drops, printed = np.sort(drops).astype(float), np.sort(printed).astype(float)
    steps = timeline(_levels(drops, 1 - drops / 200, end=100.0, time_error=time_error), printed, np.arange(len(printed))[::-1])
    assert [step.row for step in steps if isinstance(step, Drop)] == list(range(len(drops)))
    assert [step.cell for step in steps if getattr(step, "cell", None) is not None] == list(range(len(printed)))
    now = 0.0
    for step in steps:
        if isinstance(step, Leave):
            assert now <= step.begin < step.end
            now = step.end
        elif isinstance(step, Drop) and step.cell is None:
            assert drops[step.row] >= now
        elif isinstance(step, Printed):
            assert printed[step.cell] == now
    assert now <= 100.0


@pytest.mark.parametrize(("at", "is_within"), [(5.0, True), (5.3, True), (4.7, True), (5.4, False), (4.6, False)])
def test_a_drop_as_near_a_printed_time_as_reading_allows_may_be_there(at, is_within):
    levels = _levels([2, 5, 8], [0.9, 0.8, 0.7], time_error=0.1)
    steps = timeline(levels, np.array([at]), np.array([40]))
    drop = next(step for step in steps if isinstance(step, Drop) and step.row == 1)
    assert (drop.printed, drop.cell) == ((40, 0) if is_within else (None, None))
    assert any(isinstance(step, Printed) for step in steps) is not is_within
    if is_within:
        assert not [step for step in steps if isinstance(step, Leave) and step.begin < max(at, 5) and step.end > min(at, 5)]


@pytest.mark.parametrize("seed", range(6))
def test_both_ways_of_counting_the_table_give_the_same_patients(seed):
    """Events in whole months, so that some fall on printed times: the table counts time >= t or time > t."""
    rng = np.random.default_rng(seed)
    time, left = np.ceil(rng.exponential(20, 90)), np.ceil(rng.uniform(12, 40, 90)) + 0.5
    time, event = np.minimum(time, left), time <= left
    estimate, at = kaplan_meier(time, event), np.arange(0, 30, 6.0)
    assert read_levels(np.r_[0, estimate.time], np.r_[1, estimate.survival], 90).kind == "exact"
    found = []
    for convention in ("time >= t", "time > t"):
        row = n_risk_at(time, at, convention=convention)
        row[0] = 90
        found.append(reconstruct_arm(np.r_[0, estimate.time], np.r_[1, estimate.survival], risk_time=at, n_risk=row))
    for arm in found:
        np.testing.assert_array_equal(np.unique(arm.time[arm.event]), np.unique(time[event]))
        assert abs(arm.n_event - event.sum()) <= 1
        assert arm.residuals["n_risk_max"] <= 1
        assert "table_curve_conflict" not in [flag.name for flag in arm.flags]


@pytest.mark.parametrize("after", [False, True])
def test_the_total_of_events_says_on_which_side_of_events_a_number_was_counted(after):
    """Half of 100 have events at 5, nobody leaves before the end: 100 are at risk there, or 50."""
    levels = Levels(np.array([5.0, 8.0]), np.array([0.5, 0.3]), np.full(2, 0.002), 10.0, 0.0, "drawn")
    leaving = leaving_of(levels, np.array([0.0, 5.0]), np.array([100, 50 if after else 100]), n_event=70)
    assert leaving.chances([0.0], [5.0])[0][0] < 0.02


def test_a_printed_number_goes_with_the_stroke_not_with_its_rest():
    """A vertical stroke was read in two parts: four of 21 have events at about 12, where 6 are at risk."""
    levels = Levels(np.array([11.90, 11.98]), np.array([0.20, 0.19]), np.full(2, 0.005), 20.0, 0.03, "drawn")
    drops = [step for step in timeline(levels, np.array([12.0]), np.array([6])) if isinstance(step, Drop)]
    assert [step.printed for step in drops] == [6, None]


def test_many_expected_since_the_last_drop_are_no_overflow():
    """Visits far apart at which most of many patients have an event."""
    time, survival = np.array([0.0, 50.0, 100.0, 150.0]), np.array([1.0, 0.3, 0.06, 0.002])
    with np.errstate(all="raise", under="ignore"):
        found = reconstruct_arm(time, survival, n=1000, time_error=0.1, survival_error=0.001)
    assert found.n == 1000


def test_without_a_table_the_end_of_the_curve_tells_whether_marks_are_missing():
    """Nobody is left when a curve ends: with one patient for each mark some of 200 would be, if half of the marks are gone."""
    rng = np.random.default_rng(4)
    time, left = rng.exponential(20, 200), rng.uniform(5, 40, 200)
    event = time <= left
    time = np.minimum(time, left)
    estimate = kaplan_meier(time, event)
    falls = np.diff(estimate.survival, prepend=1.0) < 0
    levels = Levels(estimate.time[falls], estimate.survival[falls], np.full(falls.sum(), 0.002), float(time.max()), 0.1, "drawn")
    marks = np.sort(time[~event])
    alone = np.array([0.0]), np.array([200])
    assert leaving_of(levels, *alone, marks=marks).clock.complete
    assert not leaving_of(levels, *alone, marks=marks[::2]).clock.complete
    to_zero = Levels(np.append(levels.time, levels.end), np.append(levels.survival, 0.0), np.full(falls.sum() + 1, 0.002), levels.end, 0.1, "drawn")
    assert not leaving_of(to_zero, *alone, marks=marks[::3]).clock.complete
