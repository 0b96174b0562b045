"""What comes through the door: scales, order, duplicates, noise, rising tables, impossible totals."""

import re
import time as clock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.errors import AtRiskError, CurveError, IpdreconError, ReconstructionError
from ipdrecon.survival import kaplan_meier, n_risk_at, reconstruct_arm
from ipdrecon.survival.curve_input import check_at_risk, check_curve, check_n_event
from ipdrecon.survival.reconstruction import METHODS

TIME = np.array([0, 2, 4, 7, 9, 13, 18, 22, 27, 33], float)
SURVIVAL = np.array([1, 0.96, 0.91, 0.85, 0.8, 0.71, 0.62, 0.55, 0.5, 0.44])
TABLE = {"risk_time": [0, 12, 24], "n_risk": [120, 86, 40]}
every_method = pytest.mark.parametrize("method", METHODS)


def _names(flags):
    return [flag.name for flag in flags]


def _same(one, other):
    np.testing.assert_array_equal(one.time, other.time)
    np.testing.assert_array_equal(one.event, other.event)


def test_percent_and_failure_give_identical_patients():
    plain = reconstruct_arm(TIME, SURVIVAL, **TABLE)
    percent = reconstruct_arm(TIME, 100 * SURVIVAL, **TABLE)
    failure = reconstruct_arm(TIME, 1 - SURVIVAL, **TABLE)
    both = reconstruct_arm(TIME, 100 * (1 - SURVIVAL), **TABLE)
    for other in (percent, failure, both):
        _same(plain, other)
    assert "rescaled_percent" in _names(percent.flags)
    assert "incidence" in _names(failure.flags)
    assert {"rescaled_percent", "incidence"} <= set(_names(both.flags))


@pytest.mark.parametrize("seed", range(3))
def test_order_of_points_does_not_matter(seed):
    order = np.random.default_rng(seed).permutation(len(TIME))
    _same(reconstruct_arm(TIME, SURVIVAL, **TABLE), reconstruct_arm(TIME[order], SURVIVAL[order], **TABLE))


def test_both_corners_of_each_step():
    time = np.repeat(TIME, 2)[1:]
    survival = np.repeat(SURVIVAL, 2)[:-1]
    _same(reconstruct_arm(TIME, SURVIVAL, **TABLE), reconstruct_arm(time, survival, **TABLE))


def test_duplicates_do_not_matter():
    _same(reconstruct_arm(TIME, SURVIVAL, **TABLE), reconstruct_arm(np.repeat(TIME, 3), np.repeat(SURVIVAL, 3), **TABLE))


def test_missing_rows_are_left_out_and_told():
    time, survival = np.append(TIME, [np.nan, 30.0]), np.append(SURVIVAL, [0.4, np.inf])
    found = reconstruct_arm(time, survival, **TABLE)
    _same(reconstruct_arm(TIME, SURVIVAL, **TABLE), found)
    dropped = next(flag for flag in found.flags if flag.name == "rows_dropped")
    assert "2 of 12 rows; the first is row 11" in dropped.detail


def test_first_point_may_be_missing():
    _same(reconstruct_arm(TIME, SURVIVAL, **TABLE), reconstruct_arm(TIME[1:], SURVIVAL[1:], **TABLE))


def test_slightly_above_one_is_noise():
    curve = check_curve([0, 1, 2], [1.0018, 0.9, 0.8])
    assert curve.survival.tolist() == [1, 0.9, 0.8]
    assert not curve.flags


def test_small_waves_are_smoothed_silently_and_large_ones_told():
    small = check_curve([0, 1, 2, 3], [1, 0.9, 0.903, 0.8])
    assert not small.flags
    assert small.repair == pytest.approx(0.0015)
    large = check_curve([0, 1, 2, 3], [1, 0.7, 0.8, 0.6])
    assert _names(large.flags) == ["curve_repaired"]
    assert "at time 1: from 0.700 to 0.750" in large.flags[0].detail
    assert (np.diff(large.survival) <= 0).all()


@pytest.mark.parametrize(
    ("time", "survival", "message"),
    [
        ([0, 5, 10], [0.5, 0.7, 0.9], "rises from 0.5 to 0.9; survival cannot rise"),
        ([0, 5], [1.3, 1.2], "reaches 1.3, which is neither a probability nor a percentage"),
        ([0, 5], [120, 80], "reaches 120"),
        ([0, 5], [1, -0.4], "falls to -0.4"),
        ([0, 5], [0, 0], "0 from end to end"),
        ([], [], "no usable point among 0"),
        ([np.nan], [1], "no usable point among 1"),
        ([-8, -4], [1, 0.5], "no usable point"),
        ([0, 1], [1], "2 values of time and 1 of survival"),
        (["a"], [1], "time holds something that is no number"),
        ([[0, 1]], [[1, 0.5]], "expected one row of numbers"),
        ([0, 1], [1, None, 3], "2 values of time and 3"),
    ],
)
def test_no_curve(time, survival, message):
    with pytest.raises(CurveError, match=message):
        reconstruct_arm(time, survival, n=10)


def test_rising_table_names_arm_numbers_month_and_remedy():
    curve = check_curve(TIME, SURVIVAL)
    with pytest.raises(AtRiskError, match=r"'Placebo' rises from 72 at month 12 to 112 at month 18.*\(delayed entry\).*at_risk.csv"):
        check_at_risk(curve, [0, 6, 12, 18], [150, 130, 72, 112], arm="Placebo", unit="month")


@pytest.mark.parametrize(
    ("time", "n_risk", "message"),
    [
        ([0, 12], [50, -1], "holds -1"),
        ([-3, 12], [50, 20], "numbers and times from 0"),
        ([0, 12, 12], [50, 20, 21], "two numbers at time 12"),
        ([0, 12], [50], "2 values of risk_time and 1 of n_risk"),
    ],
)
def test_no_at_risk_row(time, n_risk, message):
    with pytest.raises(AtRiskError, match=message):
        reconstruct_arm(TIME, SURVIVAL, risk_time=time, n_risk=n_risk)


def test_empty_cells_and_order_of_cells():
    found = check_at_risk(check_curve(TIME, SURVIVAL), [24, 12, 0], [40, np.nan, 120])
    assert found.time.tolist() == [0, 24]
    assert found.n_risk.tolist() == [120, 40]


def test_without_any_number_the_option_is_named():
    with pytest.raises(ReconstructionError, match=r"Pass --n 'arm 1=N' \(n=N in Python\)"):
        reconstruct_arm([0, 12, 24], [1, 0.61, 0.43])


@pytest.mark.parametrize("n", [0, -3, 10.5, float("nan"), "many"])
def test_impossible_number_of_patients(n):
    with pytest.raises(ReconstructionError, match="patients"):
        reconstruct_arm(TIME, SURVIVAL, n=n)


def test_given_number_beats_the_first_cell_and_is_told():
    found = reconstruct_arm(TIME, SURVIVAL, n=124, **TABLE)
    assert found.n == 124
    assert "The table says 120 at 0; 124 was given" in next(f.detail for f in found.flags if f.name == "n_contradicts_table")


@pytest.mark.parametrize(
    ("n_event", "message"),
    [(121, "is 121, but there are 120 patients"), (0, "is 0, but the curve falls"), (110, "allows at most 67"), (-1, "whole number"), (2.5, "whole number")],
)
def test_impossible_totals_are_refused(n_event, message):
    with pytest.raises(ReconstructionError, match=message):
        reconstruct_arm(TIME, SURVIVAL, n_event=n_event, **TABLE)


def test_possible_total_passes():
    assert check_n_event(60.0, check_curve(TIME, SURVIVAL), 120) == 60


# PAINS 1: inputs on which other programs stop with a bare error or do not end.
BAD = {
    "survival reaches 0 before the last interval": ([0, 3, 6, 9], [1, 0.6, 0.2, 0], [0, 4, 8, 12], [20, 10, 3, 0]),
    "a risk time after the last point": ([0, 3, 6, 9], [1, 0.8, 0.7, 0.6], [0, 6, 12], [20, 13, 5]),
    "survival at 0 and patients after it": ([0, 3, 6], [1, 0.5, 0], [0, 4, 8], [20, 9, 3]),
    "in percent": ([0, 3, 6, 9], [100, 80, 70, 60], [0, 6], [20, 13]),
    "one patient": ([0, 5], [1, 0], [0], [1]),
    "one patient, censored": ([0, 5], [1, 1], [0], [1]),
    "two patients": ([0, 2, 5], [1, 0.5, 0.5], [0, 4], [2, 1]),
    "no event": ([0, 10], [1, 1], [0, 5], [50, 20]),
    "a single point": ([4], [0.5], [0], [10]),
    "all at time 0": ([0, 0, 0], [1, 0.9, 0.8], [0], [10]),
    "nobody left at the second time": ([0, 3, 6, 9], [1, 0.9, 0.8, 0.4], [0, 5], [20, 0]),
    "a hundred thousand": (np.linspace(0, 50, 400), np.exp(-np.linspace(0, 50, 400) / 30), [0, 20], [100_000, 30_000]),
    "time 0 alone in a flood of points": (np.linspace(0, 50, 20_000), np.exp(-np.linspace(0, 50, 20_000) / 30), [0], [500]),
}


@every_method
@pytest.mark.parametrize("name", BAD)
def test_ends_at_once_and_keeps_all_patients(method, name):
    time, survival, risk_time, n_risk = BAD[name]
    begin = clock.perf_counter()
    found = reconstruct_arm(time, survival, risk_time=risk_time, n_risk=n_risk, method=method)
    assert clock.perf_counter() - begin < 2
    assert found.n == n_risk[0]


@every_method
def test_rows_with_skipped_numbers_are_no_trouble(method):
    """Row numbers of other programs' files (lower, upper) are not asked for: only times and numbers count (PAINS 2)."""
    time = [0, 1.2, 2.5, 3.1, 5, 6.6, 8, 10.4, 12, 14.5, 17, 20, 23]
    survival = [1, 0.95, 0.9, 0.86, 0.76, 0.71, 0.62, 0.52, 0.48, 0.38, 0.33, 0.24, 0.19]
    found = reconstruct_arm(time, survival, risk_time=[0, 6, 12, 18, 24], n_risk=[21, 15, 9, 5, 0], method=method)
    assert found.n == 21
    assert 15 <= found.n_event <= 18


@every_method
def test_flat_tail_with_heavy_censoring_makes_no_deaths(method):
    """44 at risk at 30, 29 at 36, one small drop between: the other 14 left, they did not die (PAINS 4)."""
    time = [0, 4, 8, 12, 16, 20, 24, 28, 33, 36]
    survival = [1, 0.93, 0.86, 0.79, 0.72, 0.66, 0.6, 0.55, 0.537, 0.537]
    found = reconstruct_arm(time, survival, risk_time=[0, 12, 24, 30, 36], n_risk=[83, 71, 54, 44, 29], method=method)
    assert abs(kaplan_meier(found.time, found.event).survival_at(36.0) - 0.537) <= 0.01
    assert n_risk_at(found.time, 36.0) == 29
    assert "table_curve_conflict" not in _names(found.flags)


@every_method
def test_too_many_at_risk_is_named_with_numbers(method):
    found = reconstruct_arm([0, 12, 24, 36], [1, 0.6, 0.4, 0.3], risk_time=[0, 18, 36], n_risk=[100, 58, 55], method=method)
    detail = next(flag.detail for flag in found.flags if flag.name == "table_curve_conflict")
    assert "the table says 55 at time 36; the curve allows at most" in detail
    assert found.residuals["n_risk_max"] > 10


@pytest.mark.parametrize(
    ("method", "said"), [("guyot", "falls 10 times after it, so it allows at least 10"), ("joint", r"allows at least [1-4]\d\.")]
)
def test_too_few_at_risk_is_named_with_numbers(method, said):
    time = np.arange(0, 61, 2.0)
    survival = 1 - np.arange(31) * 0.02
    found = reconstruct_arm(time, survival, risk_time=[0, 20, 40], n_risk=[100, 70, 4], method=method)
    detail = next(flag.detail for flag in found.flags if flag.name == "table_curve_conflict")
    assert re.search(f"the table says 4 at time 40; the curve {said}", detail)


@every_method
def test_table_after_the_curve_is_told(method):
    found = reconstruct_arm(TIME, SURVIVAL, risk_time=[0, 24, 48], n_risk=[120, 50, 7], method=method)
    assert "The curve ends at 33; the table says 7 at 48" in next(f.detail for f in found.flags if f.name == "table_after_curve")
    assert n_risk_at(found.time, 48.0) == 7


@every_method
def test_table_that_starts_late_keeps_all_patients(method):
    given_n = reconstruct_arm(TIME, SURVIVAL, n=120, risk_time=[12, 24], n_risk=[86, 40], method=method)
    assert given_n.n == 120
    assumed = reconstruct_arm(TIME, SURVIVAL, risk_time=[12, 24], n_risk=[86, 40], method=method)
    assert assumed.n == round(86 / 0.8)
    assert "n_assumed" in _names(assumed.flags)


@every_method
@pytest.mark.parametrize(("n_risk", "convention"), [([10, 10, 8], "time >= t"), ([10, 8, 6], "time > t")])
def test_convention_of_the_table_is_judged(method, n_risk, convention):
    """Two of ten die at 6, two at 12, nobody leaves: a table that counts time > t misses them."""
    found = reconstruct_arm([0, 6, 12, 15], [1, 0.8, 0.6, 0.5], risk_time=[0, 6, 12], n_risk=n_risk, method=method)
    assert found.residuals["n_risk_max"] == 0
    assert found.residuals["risk_convention"] == convention
    assert found.n_event == 5


@every_method
def test_times_that_overflow_are_left_out(method):
    found = reconstruct_arm([0, 5, 1.7e308], [1, 0.5, 0.2], n=10, method=method)
    assert found.n == 10
    assert found.time.max() == 5
    assert "rows_dropped" in [flag.name for flag in found.flags]


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1) | st.integers(0, 100).map(float)


@every_method
@given(
    st.lists(st.tuples(numbers, numbers), max_size=30),
    st.none() | st.lists(st.tuples(st.floats(0, 100) | numbers, st.integers(0, 200).map(float) | numbers), max_size=6),
    st.none() | st.integers(-1, 300),
    st.none() | st.integers(-1, 300),
)
@settings(deadline=None)
def test_any_input_ends_in_patients_or_in_a_named_error(method, points, table, n, n_event):
    time, survival = [p[0] for p in points], [p[1] for p in points]
    row = {} if table is None else {"risk_time": [c[0] for c in table], "n_risk": [c[1] for c in table]}
    begin = clock.perf_counter()
    try:
        found = reconstruct_arm(time, survival, n=n, n_event=n_event, method=method, **row)
    except IpdreconError as trouble:
        assert "\n" not in str(trouble)
    else:
        assert (np.diff(kaplan_meier(found.time, found.event).survival) <= 0).all()
        assert found.n >= 1
    assert clock.perf_counter() - begin < 2


@st.composite
def trials(draw):
    n = draw(st.integers(2, 120))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = np.ceil(rng.exponential(20, n))
    return time, rng.random(n) < draw(st.floats(0, 1)), draw(st.integers(1, 6))


@every_method
@given(trials())
@settings(deadline=None)
def test_exact_curve_and_table_come_back(method, trial):
    """From a true curve and table: all patients, the printed numbers, and a curve within one patient."""
    time, event, cells = trial
    estimate = kaplan_meier(time, event)
    at = np.linspace(0, time.max(), cells + 1)[:-1]
    found = reconstruct_arm(estimate.time, estimate.survival, risk_time=at, n_risk=n_risk_at(time, at), method=method)
    assert found.n == len(time)
    assert found.residuals["n_risk_max"] <= 2 or "table_curve_conflict" in _names(found.flags)


def test_a_curve_that_falls_to_0_at_time_0_is_rebuilt():
    found = reconstruct_arm([0.0], [0.0], n=10)
    assert (found.n, found.n_event) == (10, 10)
