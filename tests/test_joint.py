"""The joint reconstruction as a whole, against trials whose patients are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.model import ReconstructedArm
from ipdrecon.survival import estimate_hazard_ratio, kaplan_meier, n_risk_at, reconstruct_arm

SEEDS = range(30)


def _trial(seed, n, scale=20.0):
    rng = np.random.default_rng(seed)
    died, left = rng.exponential(scale, n), np.minimum(rng.exponential(60, n), rng.uniform(15, 45, n))
    return np.minimum(died, left), died <= left


def _exact(time, event):
    estimate = kaplan_meier(time, event)
    return np.r_[0, estimate.time], np.r_[1, estimate.survival]


def _pixels(time, event, columns=800, rows=600):
    at = np.linspace(0, time.max(), columns)
    return at, np.round(kaplan_meier(time, event).survival_at(at) * rows) / rows


def _table(time, cells=5):
    at = np.linspace(0, time.max(), cells + 1)[:-1]
    return {"risk_time": at, "n_risk": n_risk_at(time, at)}


def _flags(found):
    return {flag.name: flag.detail for flag in found.flags}


def _bytes(pair):
    return pair[0].tobytes(), pair[1].tobytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_exact_curve_and_table_give_the_number_at_risk_at_every_event(seed):
    time, event = _trial(seed, (25, 60, 150, 400)[seed % 4])
    found = reconstruct_arm(*_exact(time, event), **_table(time))
    assert found.information == "exact curve + at-risk table"
    np.testing.assert_allclose(np.sort(found.time[found.event]), np.sort(time[event]))
    at = np.unique(time[event])
    np.testing.assert_array_equal(n_risk_at(found.time, at), n_risk_at(time, at))


@pytest.mark.parametrize("seed", range(10))
def test_a_curve_of_pixels_gives_the_events_of_thirty_patients(seed):
    time, event = _trial(seed, 30)
    found = reconstruct_arm(*_pixels(time, event), **_table(time, 4))
    assert found.n_event == event.sum()
    assert np.abs(np.sort(found.time[found.event]) - np.sort(time[event])).max() <= 2 * time.max() / 799


def test_all_censoring_times_give_the_hazard_ratio():
    arms, rebuilt = [], []
    for name, seed, scale in (("old", 3, 14.0), ("new", 4, 20.0)):
        time, event = _trial(seed, 200, scale)
        found = reconstruct_arm(*_exact(time, event), **_table(time), censor_time=time[~event])
        assert found.information == "exact curve + at-risk table + censor marks"
        arms.append(ReconstructedArm(name, time, event))
        rebuilt.append(ReconstructedArm(name, found.time, found.event))
    truth, ratio = (estimate_hazard_ratio(pair, treatment="new", reference="old").yi for pair in (arms, rebuilt))
    assert ratio == pytest.approx(truth, abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_a_curve_that_ends_at_0_has_its_last_event(seed):
    time, event = _trial(seed, 50)
    event[time.argmax()] = True
    for points in (_exact(time, event), _pixels(time, event)):
        found = reconstruct_arm(*points, **_table(time))
        assert kaplan_meier(found.time, found.event).survival[-1] == 0
        assert found.time[found.event].max() == pytest.approx(time.max(), abs=time.max() / 799)


# Which number is misprinted, and as what, given the right row: never as what makes the row rise.
MISPRINTS = {
    "nearly ten times too small": (3, lambda right: max(right[3] // 10, right[4])),
    "nearly as many as before": (2, lambda right: right[1] - 1),
    "a digit one too small": (1, lambda right: right[1] - 10),
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("read", "misprint"), [(_exact, name) for name in MISPRINTS] + [(_pixels, "nearly ten times too small"), (_pixels, "nearly as many as before")]
)
def test_a_misprint_is_named_with_numbers_and_bends_nothing(seed, read, misprint):
    time, event = _trial(seed, 300)
    row = _table(time)
    cell, wrong_of = MISPRINTS[misprint]
    wrong = int(wrong_of(row["n_risk"]))
    row["n_risk"][cell] = wrong
    found = reconstruct_arm(*read(time, event), **row)
    told = _flags(found)["table_curve_conflict"]
    assert f"the table says {wrong} at time {row['risk_time'][cell]:g}; the curve allows at " in told
    assert told.count("the table says") == 1
    assert found.residuals["curve_max"] < 0.02


@given(st.integers(0, 1000), st.sampled_from([20, 80]), st.booleans())
@settings(deadline=None, max_examples=15)
def test_the_same_input_gives_the_same_bytes_and_the_seed_decides_the_draws(seed, n, pixels):
    time, event = _trial(seed, n)
    points = _pixels(time, event) if pixels else _exact(time, event)
    one, two, other = (reconstruct_arm(*points, **_table(time), draws=3, seed=s) for s in (5, 5, 6))
    assert _bytes((one.time, one.event)) == _bytes((two.time, two.event)) == _bytes((other.time, other.event))
    assert [_bytes(draw) for draw in one.draws] == [_bytes(draw) for draw in two.draws]
    assert [_bytes(draw) for draw in one.draws] != [_bytes(draw) for draw in other.draws]


@pytest.mark.parametrize("seed", range(6))
def test_draws_keep_n_the_table_and_the_curve(seed):
    time, event = _trial(seed, 120)
    row = _table(time)
    found = reconstruct_arm(*_pixels(time, event), **row, draws=20, seed=seed)
    at = np.linspace(0, time.max(), 200)
    truth = kaplan_meier(time, event).survival_at(at)
    for drawn, died in found.draws:
        assert len(drawn) == 120
        assert np.abs(n_risk_at(drawn, row["risk_time"]) - row["n_risk"]).max() <= 2
        assert np.abs(kaplan_meier(drawn, died).survival_at(at) - truth).mean() < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_draws_differ_as_much_as_the_figure_leaves_open(seed):
    """A curve and n alone leave more open than a table does."""
    time, event = _trial(seed, 150)
    spread = []
    for row in ({"n": 150}, _table(time)):
        found = reconstruct_arm(*_pixels(time, event, 400, 250), **row, draws=30)
        spread.append(np.std([died.sum() for _, died in found.draws]))
    assert spread[0] > spread[1]


@pytest.mark.parametrize("n", [20, 200, 1000])
def test_two_points_have_the_events_of_half_the_follow_up(n):
    """Half the patients would die; those who leave before do not."""
    found = reconstruct_arm([0, 10], [1, 0.5], n=n)
    assert 0.25 * n <= found.n_event <= 0.5 * n


@pytest.mark.parametrize("n", [10_000, 100_000])
@pytest.mark.parametrize("read", [_exact, _pixels])
def test_patients_in_groups_keep_table_total_and_nearly_the_events(n, read):
    time, event = _trial(1, n)
    row = _table(time)
    found = reconstruct_arm(*read(time, event), **row)
    told = reconstruct_arm(*read(time, event), **row, n_event=int(event.sum()))
    for arm in (found, told):
        assert arm.n == n
        assert arm.residuals["n_risk_max"] <= 0.002 * n
        assert arm.residuals["curve_max"] < 0.02
        assert not {"table_curve_conflict", "events_conflict"} & set(_flags(arm))
    assert found.n_event == pytest.approx(event.sum(), rel=0.01)
    assert told.n_event == event.sum()


def _in_months(seed, n, step=1.0):
    """Times in whole months, events at the next visit."""
    rng = np.random.default_rng(seed)
    died, left = np.ceil(rng.exponential(20, n) / step) * step, np.ceil(rng.uniform(5, 40, n))
    return np.minimum(died, left), died <= left


@pytest.mark.parametrize("convention", ["time >= t", "time > t"])
@pytest.mark.parametrize("seed", range(4))
def test_either_way_of_counting_at_printed_times_is_no_conflict(convention, seed):
    """In whole months many leave, and have events, at the very times that are printed."""
    time, event = _in_months(seed, 100)
    at = np.arange(0, time.max(), 6.0)
    row = n_risk_at(time, at, convention=convention)
    found = reconstruct_arm(*_exact(time, event), risk_time=at, n_risk=row)
    assert not {"table_curve_conflict", "events_conflict"} & set(_flags(found))
    assert found.n_event == event.sum()
    np.testing.assert_array_equal(n_risk_at(found.time, at, convention=convention), row)


@pytest.mark.parametrize("seed", range(4))
def test_events_at_visits_are_told_where_n_alone_is_known(seed):
    time, event = _in_months(seed, 200, step=3.0)
    visits, daily = _pixels(time, event), _pixels(*_trial(seed, 200))
    assert "events_at_visits" in _flags(reconstruct_arm(*visits, n=200))
    assert "events_at_visits" not in _flags(reconstruct_arm(*daily, n=200))
    assert "events_at_visits" not in _flags(reconstruct_arm(*visits, n=200, n_event=int(event.sum())))
