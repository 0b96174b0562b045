"""The Kaplan-Meier estimate by law, and against lifelines."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from ipdrecon.errors import ReconstructionError
from ipdrecon.survival.kaplan_meier import count, kaplan_meier, median_survival, n_risk_at, restricted_mean

patients = st.lists(st.tuples(st.integers(0, 40).map(float), st.booleans()), min_size=1, max_size=60)


@given(patients)
def test_counts_add_up(rows):
    time, event = zip(*rows, strict=True)
    counts = count(time, event)
    assert counts.n_event.sum() + counts.n_censored.sum() == len(rows)
    left = counts.n_risk - counts.n_event - counts.n_censored
    np.testing.assert_array_equal(left, np.append(counts.n_risk[1:], 0))
    np.testing.assert_array_equal(counts.n_risk, n_risk_at(time, counts.time))


@given(patients)
def test_is_a_survival_curve(rows):
    time, event = zip(*rows, strict=True)
    survival = kaplan_meier(time, event).survival
    assert np.isfinite(survival).all()
    assert (np.diff(survival) <= 0).all()
    assert survival.min() >= 0
    assert survival.max() <= 1


@given(patients)
def test_without_censoring_it_is_the_empirical_share(rows):
    time = np.array([row[0] for row in rows])
    estimate = kaplan_meier(time, np.ones(len(time)))
    np.testing.assert_allclose(estimate.survival, [(time > t).mean() for t in estimate.time], atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_equals_lifelines(seed):
    rng = np.random.default_rng(seed)
    time, event = np.ceil(rng.exponential(10, 80)), rng.random(80) < 0.6
    fitter = KaplanMeierFitter().fit(time, event)
    at = np.linspace(0, time.max(), 50)
    np.testing.assert_allclose(kaplan_meier(time, event).survival_at(at), fitter.predict(at).to_numpy(), atol=1e-12)


def test_restricted_mean_without_censoring_is_the_mean_of_cut_times():
    time = np.array([1.0, 3.0, 4.0, 9.0])
    found = restricted_mean(time, np.ones(4), 5.0)
    assert found.rmst == pytest.approx(np.minimum(time, 5).mean())


def test_median_not_reached_is_infinite():
    assert median_survival([1, 2, 3], [0, 0, 0]).median == math.inf


def test_both_conventions_at_ties():
    assert n_risk_at([1, 2, 2, 3], 2.0) == 3
    assert n_risk_at([1, 2, 2, 3], 2.0, convention="time > t") == 1


def test_times_without_events_are_refused():
    with pytest.raises(ReconstructionError, match="3 times and 2 events"):
        count([1, 2, 3], [1, 0])
    with pytest.raises(ReconstructionError, match="not finite"):
        count([1, math.nan], [1, 0])


def test_unknown_interval_is_refused():
    with pytest.raises(ValueError, match="conf_type is 'exact'"):
        kaplan_meier([1], [1]).interval(conf_type="exact")
