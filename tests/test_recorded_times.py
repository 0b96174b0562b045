"""Times recorded in whole units are told from those that may lie anywhere, and events of two arms share them again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.model import Curve
from ipdrecon.survival import kaplan_meier
from ipdrecon.survival.recorded_times import as_recorded, recorded_unit

ERROR = 0.03
seeds = st.integers(0, 10_000)


def _read(time, seed, error=ERROR):
    return np.maximum(np.asarray(time, float) + np.random.default_rng(seed).normal(0, error, len(time)), 0)


def _curve(name, time, event, seed, marks=()):
    estimate = kaplan_meier(time, event)
    falls = np.flatnonzero(np.diff(estimate.survival, prepend=1.0) < 0)
    read = np.sort(_read(estimate.time[falls], seed))
    end = max(time.max(), read[-1])
    return Curve(name, np.r_[0, read, end], np.r_[1, estimate.survival[falls], estimate.survival[-1]], marks, ERROR, 0.002)


@given(seeds, st.sampled_from([1 / 4, 1 / 3, 1 / 2, 1.0, 2.0, 6.0, 28.0]), st.integers(10, 40))
@settings(deadline=None, max_examples=50, derandomize=True)
def test_the_unit_of_recorded_times_is_found(seed, unit, n):
    multiple = np.sort(np.random.default_rng(seed).choice(np.arange(1, 2 * n), n, replace=False))
    assert np.gcd.reduce(multiple) == 1
    error = unit / 20
    assert recorded_unit(_read(multiple * unit, seed + 1, error), error, multiple[-1] * unit) == pytest.approx(unit)


@given(seeds, st.integers(1, 300), st.floats(0.001, 0.2))
@settings(deadline=None, max_examples=100, derandomize=True)
def test_times_that_lie_anywhere_have_no_unit(seed, n, error):
    time = np.random.default_rng(seed).uniform(0, 60, n)
    assert recorded_unit(time, error, 60) == 0


@given(seeds)
@settings(deadline=None, max_examples=25, derandomize=True)
def test_a_steep_stretch_at_one_multiple_says_so_once(seed):
    time = np.r_[0.154, 0.607, 2.009, 4.919, 5 + np.random.default_rng(seed).uniform(-0.03, 0.03, 50)]
    assert recorded_unit(time, 0.004, 5.4) == 0


def test_events_of_two_arms_share_their_times_again():
    rng = np.random.default_rng(3)
    truth = [np.ceil(rng.exponential(mean, 30)) for mean in (6, 10)]
    curves = [_curve(name, time, np.ones(30, bool), seed) for name, time, seed in zip("ab", truth, (1, 2), strict=True)]
    found, unit = as_recorded(curves)
    assert unit == 1
    for curve, time in zip(found, truth, strict=True):
        assert set(curve.time[1:-1]) <= set(time)


def test_nothing_is_moved_to_time_0_or_where_no_unit_is_told():
    whole = _curve("a", np.arange(1.0, 25.0), np.ones(24, bool), 5)
    early = Curve("b", np.r_[0, 0.1, whole.time[1:]], np.r_[1, 0.99, whole.survival[1:] * 0.99], (), ERROR, 0.002)
    assert as_recorded([whole, early])[0][1].time[1] == 0.1
    anywhere = Curve("c", np.r_[0, np.sort(np.random.default_rng(0).uniform(0, 25, 40))], np.linspace(1, 0, 41), (), ERROR, 0.002)
    assert as_recorded([anywhere]) == ([anywhere], 0.0)


@pytest.mark.parametrize(("marks", "moved"), [([2.02, 7.01, 8.98, 12.03], True), ([2.4, 7.3, 9.55, 12.6], False)])
def test_marks_are_put_at_multiples_only_where_they_lie_there(marks, moved):
    curve = _curve("a", np.arange(1.0, 25.0), np.ones(24, bool), 5, marks)
    placed = as_recorded([curve])[0][0].censor_time
    assert (placed == np.round(marks)).all() if moved else (placed == marks).all()


def test_a_panel_without_a_curve_tells_no_unit():
    assert as_recorded(()) == ([], 0.0)
