"""What a curve says: the kind of reading is told, its error estimated, and drops are found in samples."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ipdrecon.survival import kaplan_meier
from ipdrecon.survival.joint.levels import ReadingSettings, _kind, read_levels


def _trial(seed, n, *, whole=False):
    rng = np.random.default_rng(seed)
    time, left = rng.exponential(20, n), rng.uniform(10, 60, n)
    time, left = (np.ceil(time), np.ceil(left)) if whole else (time, left)
    return np.minimum(time, left), time <= left


def _steps(time, event):
    estimate = kaplan_meier(time, event)
    return np.r_[0, estimate.time], np.r_[1, estimate.survival]


def _columns(time, event, n_columns=600, rows=0):
    """The curve at evenly spaced times, in rows of pixels where `rows` is not 0."""
    at = np.linspace(0, time.max(), n_columns)
    survival = kaplan_meier(time, event).survival_at(at)
    return at, np.round(survival * rows) / rows if rows else survival


seeds, counts = st.integers(0, 10_000), st.sampled_from([20, 60, 150, 400, 1000])


@given(seeds, counts, st.booleans())
@settings(deadline=None, max_examples=40)
def test_calculated_levels_are_exact(seed, n, whole):
    time, survival = _steps(*_trial(seed, n, whole=whole))
    levels = read_levels(time, survival, n)
    assert levels.kind == "exact"
    assert levels.time_error == 0
    np.testing.assert_array_equal(levels.survival, np.unique(survival)[-2::-1])


@given(seeds, st.sampled_from([60, 150, 333, 1000]), st.sampled_from([251, 443, 733]))
@settings(deadline=None, max_examples=40)
def test_rows_of_pixels_are_drawn_and_their_height_is_the_error(seed, n, rows):
    time, event = _trial(seed, n)
    levels = read_levels(*_columns(time, event, rows=rows), n)
    assume(len(levels.time) >= 20)
    assert levels.kind == "drawn"
    assert levels.error == pytest.approx(0.577 / rows, rel=0.2)
    assert levels.time_error == pytest.approx(time.max() / 599 / np.sqrt(12), rel=0.2)


@pytest.mark.parametrize("n", [100, 300, 1000])
@pytest.mark.parametrize("noise", [0.002, 0.005, 0.01])
def test_samples_with_noise_tell_their_error(n, noise):
    errors = []
    for seed in range(10):
        time, survival = _columns(*_trial(seed, n))
        read = survival + np.random.default_rng(seed).normal(0, noise, len(survival))
        kind, error, time_error = _kind(time, np.minimum(read, 1), n, ReadingSettings())
        errors.append(error)
        assert kind == "sampled"
        assert time_error == pytest.approx(time[1] / np.sqrt(12))
    assert np.mean(errors) == pytest.approx(noise, rel=0.2)


@pytest.mark.parametrize("noise", [0.002, 0.004])
def test_drops_are_found_in_samples(noise):
    time, event = np.array([10.0, 20, 35, 50, 60]), np.array([True, True, True, True, False])
    at, survival = _columns(time, event, 300)
    levels = read_levels(at, survival + np.random.default_rng(2).normal(0, noise, 300), 5)
    assert levels.kind == "sampled"
    np.testing.assert_allclose(levels.time, time[:-1], atol=0.3)
    np.testing.assert_allclose(levels.survival, [0.8, 0.6, 0.4, 0.2], atol=3 * noise / np.sqrt(40))


@given(seeds, st.sampled_from([150, 180]), st.sampled_from([0.003, 0.006]))
@settings(deadline=None, max_examples=40)
def test_noisy_clicks_at_drops_are_no_tracer_s_samples(seed, n, noise):
    time, survival = _steps(*_trial(seed, n))
    read = np.minimum(survival + np.random.default_rng(seed).normal(0, noise, len(survival)), 1.0)
    levels = read_levels(time, read, n)
    assume(np.mean(np.diff(read) > 0) > 0.12)
    assert levels.kind == "clicked"
    assert len(levels.time) == len(time) - 1
    assert noise / 2 <= levels.error[0] <= 2 * noise


@given(seeds, st.sampled_from([100, 200, 1000]))
@settings(deadline=None, max_examples=40)
def test_two_decimals_are_clicks_even_where_they_are_whole_patients(seed, n):
    """Every level of two decimals is one of whole patients, so that they are is no proof."""
    time, survival = _columns(*_trial(seed, n), 40)
    levels = read_levels(time, np.round(survival, 2), n)
    if np.diff(survival).min() < -1.5 / n:
        assert levels.kind == "clicked"
        assert (levels.error >= 0.01 / np.sqrt(12) - 1e-12).all()


@pytest.mark.parametrize(
    ("n", "survival", "kind"),
    [
        (10, [1, 0.9, 0.8, 0.7, 0.7], "exact"),
        (20, [1, 0.5], "clicked"),
        (100, [1, 0.6, 0.4, 0.3], "clicked"),
        (100, 1 - 0.02 * np.arange(31), "clicked"),
        (100, 1 - 0.01 * np.arange(31), "exact"),
        (30, [1, 0.9, 0.7, 0.6, 0.3, 0.1], "clicked"),
        (21, [1, 1 / 3], "clicked"),
        (1, [1, 0], "exact"),
    ],
)
def test_few_decimals_and_drops_of_many_patients(n, survival, kind):
    assert read_levels(np.arange(len(survival)), survival, n).kind == kind


def test_errors_that_are_known_are_used_and_hidden_stretches_are_read_less_surely():
    time, survival = _steps(*_trial(1, 100))
    levels = read_levels(time, survival, 100, time_error=0.1, survival_error=0.004, occluded=[(10, 20, 0.05)])
    hidden = (levels.time >= 10) & (levels.time <= 20)
    assert (levels.kind, levels.time_error) == ("drawn", 0.1)
    assert set(levels.error[~hidden]) == {0.004}
    assert set(levels.error[hidden]) == {0.05}


@given(seeds, st.floats(0.001, 0.01))
@settings(deadline=None, max_examples=30)
def test_wavy_clicks_are_levelled(seed, wave):
    """A click too low between others does not pull down what follows."""
    time = np.arange(12.0)
    survival = 1 - 0.04 * time
    survival[5] -= 0.04 + wave
    levels = read_levels(time, survival, 100)
    assert (np.diff(levels.survival) < 0).all()
    assert levels.survival.min() == pytest.approx(survival[-1])
    assert levels.before(np.array([6.5]))[0] == pytest.approx((survival[5] + survival[6]) / 2)
