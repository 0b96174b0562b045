"""Many data sets at once: every number is that of the single data set, and the variance between them is Rubin's."""

import math
import time as clock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from ipdrecon.errors import ReconstructionError
from ipdrecon.model import ReconstructedArm, TrialEstimate
from ipdrecon.survival import replicates
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio, logrank
from ipdrecon.survival.kaplan_meier import kaplan_meier, median_survival, restricted_mean
from ipdrecon.survival.replicates import (
    hazard_ratios,
    logranks,
    medians,
    reconstruction_error,
    restricted_mean_differences,
    restricted_means,
    survivals,
)
from metaanalysis.patients.risk_sets import RiskSets, cox

CLOSED = 1e-10
# Measured: 0.12 s. The bound only tells work that grew many times over.
MOST_SECONDS = 1.0

_data_set = st.lists(st.tuples(st.integers(0, 12).map(float), st.booleans()), max_size=25).map(
    lambda rows: (np.array([time for time, _ in rows]), np.array([event for _, event in rows], bool))
)
_pairs = st.lists(st.tuples(_data_set, _data_set), min_size=1, max_size=6)


def _patients(rng, n, scale, *, ties=False):
    time, censored = rng.exponential(scale, n), rng.uniform(5, 30, n)
    seen = np.minimum(time, censored)
    return (np.ceil(seen) if ties else seen), time <= censored


def _draws(n_draws, n, scale, seed, **options):
    rng = np.random.default_rng(seed)
    return [_patients(rng, n, scale, **options) for _ in range(n_draws)]


def _single(treatment, reference):
    """Log hazard ratio and its standard error of one pair, by `estimate_hazard_ratio`; NaN where it refuses."""
    arms = [ReconstructedArm("new", *treatment), ReconstructedArm("old", *reference)]
    try:
        found = estimate_hazard_ratio(arms, treatment="new", reference="old")
    except ReconstructionError:
        return math.nan, math.nan
    return found.yi, found.sei


def _lifelines(treatment, reference):
    frames = [ReconstructedArm("", *arm).to_frame().assign(x=x) for x, arm in enumerate((reference, treatment))]
    patients = pd.concat(frames).drop(columns="arm")
    model = CoxPHFitter().fit(patients, "time", "event", fit_options={"precision": 1e-12, "max_steps": 200})
    return model.params_["x"], model.standard_errors_["x"]


def _log_likelihood(yi, treatment, reference):
    """Efron's partial likelihood, written down event time by event time."""
    time = np.concatenate((treatment[0], reference[0]))
    event = np.concatenate((treatment[1], reference[1]))
    x = np.repeat([1.0, 0.0], [len(treatment[0]), len(reference[0])])
    total = 0.0
    for at in np.unique(time[event]):
        dying = (time == at) & event
        d = int(dying.sum())
        at_risk, tied = np.exp(yi * x[time >= at]).sum(), np.exp(yi * x[dying]).sum()
        total += yi * x[dying].sum() - sum(math.log(at_risk - k / d * tied) for k in range(d))
    return total


# --- the Cox model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", [False, True])
def test_hazard_ratios_are_those_of_lifelines(ties):
    new, old = _draws(12, 60, 14, 1, ties=ties), _draws(12, 70, 10, 2, ties=ties)
    expected = np.array([_lifelines(*pair) for pair in zip(new, old, strict=True)])
    np.testing.assert_allclose(np.transpose(hazard_ratios(new, old)), expected, atol=1e-6)


@given(_pairs)
def test_cox_stands_where_the_partial_likelihood_is_highest(pairs):
    yi, sei = cox(RiskSets.of(*zip(*pairs, strict=True)))
    for m in np.flatnonzero(np.isfinite(yi)):
        best, h = _log_likelihood(yi[m], *pairs[m]), 1e-3
        below, above = (_log_likelihood(yi[m] + step, *pairs[m]) for step in (-h, h))
        assert best >= max(below, above)
        assert (2 * best - below - above) / h**2 == pytest.approx(sei[m] ** -2, rel=1e-4)


@given(_pairs)
def test_a_pair_counts_for_itself_whatever_stands_beside_it(pairs):
    treatment, reference = zip(*pairs, strict=True)
    together = cox(RiskSets.of(treatment, reference))
    alone = [cox(RiskSets.of([one], [other])) for one, other in pairs]
    np.testing.assert_allclose(together, np.concatenate(alone, axis=1), rtol=1e-9, atol=1e-9)


@given(_pairs)
def test_a_pair_without_a_finite_ratio_is_nan_there_and_refused_alone(pairs):
    yi, _ = cox(RiskSets.of(*zip(*pairs, strict=True)))
    single = [_single(*pair)[0] for pair in pairs]
    np.testing.assert_allclose(yi, single, rtol=1e-9, atol=1e-9)


def test_a_ratio_far_from_one_is_found_without_overshooting():
    """Newton's own steps leave this likelihood for good: one of 300 events is of an arm that nearly all of the time is nearly all."""
    old = (np.arange(1.0, 301.0), np.ones(300, bool))
    new = (np.append(np.full(2000, 400.0), 150.5), np.append(np.zeros(2000, bool), True))
    (yi,), (sei,) = hazard_ratios([new], [old])
    h = 1e-4
    slope = (_log_likelihood(yi + h, new, old) - _log_likelihood(yi - h, new, old)) / (2 * h)
    assert abs(slope) < 1e-6
    assert math.exp(yi) < 0.01
    assert sei == pytest.approx(1, abs=0.05)


def test_no_pair_with_a_finite_ratio_is_an_error():
    alive, dead = ([1, 2, 3], [0, 0, 0]), ([1, 2, 3], [1, 1, 0])
    with pytest.raises(ReconstructionError, match="None of 2 pairs of data sets has a finite hazard ratio"):
        hazard_ratios([alive, dead], [alive, alive])
    yi, sei = hazard_ratios([alive, dead], [dead, dead])
    assert np.isnan(yi).tolist() == np.isnan(sei).tolist() == [True, False]


def test_thousand_pairs_are_quick():
    new, old = _draws(1000, 150, 14, 3), _draws(1000, 150, 10, 4)
    start = clock.process_time()
    yi, _ = hazard_ratios(new, old)
    assert clock.process_time() - start < MOST_SECONDS
    assert np.isfinite(yi).all()


# --- closed forms ----------------------------------------------------------------------------------------------------


@given(_pairs)
def test_logranks_are_those_of_the_single_test(pairs):
    found = np.transpose(logranks(*zip(*pairs, strict=True)))
    tests = [logrank(*(ReconstructedArm(name, *arm) for name, arm in zip("ab", pair, strict=True))) for pair in pairs]
    np.testing.assert_allclose(found, [(test.o_minus_e, test.variance, test.p) for test in tests], atol=CLOSED)


@given(st.lists(_data_set, min_size=1, max_size=6))
def test_medians_are_those_of_the_single_curve(arm):
    assert medians(arm).tolist() == [median_survival(*data_set).median for data_set in arm]


def test_a_flat_stretch_at_one_half_has_its_middle_as_median():
    arm = [([1, 2, 3, 5], [1, 1, 1, 1]), ([1, 2, 3, 7], [1, 1, 0, 0]), ([1, 2, 2, 2], [1, 1, 1, 0]), ([1, 2], [0, 0])]
    assert medians(arm).tolist() == [2.5, 4.5, 2.0, math.inf]


@given(st.lists(_data_set, min_size=1, max_size=6), st.floats(0.5, 15))
def test_restricted_means_and_survivals_are_those_of_the_single_curve(arm, tau):
    single = [restricted_mean(*data_set, tau) for data_set in arm]
    np.testing.assert_allclose(np.transpose(restricted_means(arm, tau)), [(one.rmst, one.se) for one in single], atol=CLOSED)
    at = [0.0, 3.0, tau]
    np.testing.assert_allclose(survivals(arm, at), [kaplan_meier(*data_set).survival_at(at) for data_set in arm], atol=CLOSED)


def test_restricted_mean_difference_is_of_independent_arms():
    new, old = _draws(3, 30, 14, 5), _draws(3, 30, 10, 6)
    difference, se = restricted_mean_differences(new, old, 10.0)
    for m in range(3):
        ours, theirs = restricted_mean(*new[m], 10.0), restricted_mean(*old[m], 10.0)
        assert difference[m] == pytest.approx(ours.rmst - theirs.rmst, abs=CLOSED)
        assert se[m] ** 2 == pytest.approx(ours.se**2 + theirs.se**2, abs=CLOSED)


def test_blocks_change_nothing(monkeypatch):
    new, old = _draws(40, 20, 14, 7, ties=True), _draws(40, 25, 10, 8, ties=True)
    whole = [hazard_ratios(new, old), logranks(new, old), restricted_means(new, 9.0), medians(new), survivals(old, [4, 8])]
    monkeypatch.setattr(replicates, "_MOST_PATIENTS", 100)
    parts = [hazard_ratios(new, old), logranks(new, old), restricted_means(new, 9.0), medians(new), survivals(old, [4, 8])]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("most", [1, 500_000])
def test_unequal_numbers_of_data_sets_are_refused(monkeypatch, most):
    monkeypatch.setattr(replicates, "_MOST_PATIENTS", most)
    arm = _draws(3, 10, 10, 9)
    for function in (hazard_ratios, logranks, lambda *arms: restricted_mean_differences(*arms, 5.0)):
        with pytest.raises(ReconstructionError, match="data sets of one arm and [12] of the other"):
            function(arm, arm[:2])


def test_malformed_data_sets_are_named():
    good = ([1, 2], [1, 0])
    with pytest.raises(ReconstructionError, match="Data set 2 has 2 times and 1 events"):
        medians([good, ([1, 2], [1])])
    with pytest.raises(ReconstructionError, match="time in data set 2 is missing or not finite"):
        medians([good, ([1, math.nan], [1, 0])])


# --- Rubin's rules ---------------------------------------------------------------------------------------------------


def test_variances_add_up_by_rubins_rules():
    """The rules as Rubin writes them: total = mean within + (1 + 1/M) between, here with one variance within."""
    draws = np.array([-0.31, -0.28, -0.35, -0.30])
    between = np.sum((draws - draws.mean()) ** 2) / 3
    estimate = TrialEstimate("A", "HR", "new", "old", -0.3, 0.15, reconstruction_sei=reconstruction_error(draws))
    assert estimate.total_sei**2 == pytest.approx(0.15**2 + (1 + 1 / 4) * between)
    low, high = estimate.interval()
    assert math.log(high / low) == pytest.approx(2 * 1.959963984540054 * estimate.total_sei)


def test_a_spread_that_is_not_known_is_nan():
    assert math.isnan(reconstruction_error([1.0]))
    assert math.isnan(reconstruction_error([1.0, math.inf]))
    assert reconstruction_error([1.0, 1.0, 1.0]) == 0


def _arm(name, scale, seed, n_draws):
    (own, *draws) = _draws(n_draws + 1, 80, scale, seed)
    return ReconstructedArm(name, *own, draws=tuple(draws))


def test_estimate_carries_the_variance_between_draws_and_keeps_its_own_value():
    new, old = _arm("new", 14, 10, 20), _arm("old", 10, 11, 20)
    found = estimate_hazard_ratio([new, old], treatment="new", reference="old")
    plain = estimate_hazard_ratio(
        [ReconstructedArm(arm.arm, arm.time, arm.event) for arm in (new, old)], treatment="new", reference="old"
    )
    yi = [_single(*pair)[0] for pair in zip(new.draws, old.draws, strict=True)]
    assert (found.yi, found.sei) == (plain.yi, plain.sei)
    assert found.reconstruction_sei == pytest.approx(math.sqrt(1.05) * np.std(yi, ddof=1))
    assert plain.reconstruction_sei is None
    assert plain.total_sei == plain.sei
    turned = estimate_hazard_ratio([new, old], treatment="old", reference="new")
    assert turned.reconstruction_sei == pytest.approx(found.reconstruction_sei)


def test_draws_of_one_arm_alone_tell_no_variance():
    new, old = _arm("new", 14, 10, 5), _arm("old", 10, 11, 0)
    assert estimate_hazard_ratio([new, old], treatment="new", reference="old").reconstruction_sei is None


def test_equal_draws_add_nothing():
    new, old = _arm("new", 14, 10, 0), _arm("old", 10, 11, 0)
    arms = [ReconstructedArm(arm.arm, arm.time, arm.event, draws=((arm.time, arm.event),) * 4) for arm in (new, old)]
    found = estimate_hazard_ratio(arms, treatment="new", reference="old")
    assert found.reconstruction_sei == 0
    assert found.total_sei == found.sei


def test_draws_without_a_finite_ratio_are_left_out_and_told():
    new, old = _arm("new", 14, 10, 6), _arm("old", 10, 11, 6)
    alive = (new.time, np.zeros(new.n, bool))
    some = ReconstructedArm("new", new.time, new.event, draws=(alive, *new.draws[1:]))
    found = estimate_hazard_ratio([some, old], treatment="new", reference="old")
    (flag,) = [flag for flag in found.flags if flag.name == "draws_without_ratio"]
    assert flag.detail == "No finite hazard ratio in 1 of 6 draws."
    yi, _ = hazard_ratios(new.draws[1:], old.draws[1:])
    assert found.reconstruction_sei == pytest.approx(reconstruction_error(yi))


def test_different_numbers_of_draws_are_refused():
    arms = [_arm("new", 14, 10, 5), _arm("old", 10, 11, 4)]
    with pytest.raises(ReconstructionError, match="There are 5 data sets of one arm and 4 of the other"):
        estimate_hazard_ratio(arms, treatment="new", reference="old")
