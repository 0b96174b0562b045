"""Trial sequential analysis: boundaries by R and by an independent integral, required sizes by paper, states by law."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from metaanalysis import MetaAnalysisError, pool, pool_events, save_picture
from metaanalysis.monitoring.alpha_spending import futility_boundary, monitoring_boundary, obrien_fleming_spending
from metaanalysis.monitoring.analysis import sequential
from metaanalysis.monitoring.information_size import (
    anticipated_z,
    diversity,
    required_events,
    required_information,
    required_patients,
    risk_under,
)
from metaanalysis.monitoring.result import STATES
from metaanalysis.pictures.sequential import sequential_plot

REFERENCE = json.loads((Path(__file__).parent / "reference" / "rpact.json").read_text(encoding="utf-8"))
SETS, ALPHAS = ("two", "three", "four", "five", "six"), ("0.05", "0.03", "0.02")


def covariance(fractions):
    return np.sqrt(np.minimum.outer(fractions, fractions) / np.maximum.outer(fractions, fractions))


def staying_within(fractions, low, high, drift=0.0):
    """Probability that Z stays between the limits at all looks: Genz's integral, which shares nothing with the recursion."""
    mean = drift * np.sqrt(fractions)
    return multivariate_normal.cdf(high, mean, covariance(fractions), lower_limit=low, maxpts=500_000, abseps=1e-8, releps=1e-8, rng=0)


# Boundaries


def test_reference_covers_every_combination():
    grid = {(name, alpha) for name, alphas in REFERENCE["boundaries"].items() for alpha in alphas}
    assert grid == set(itertools.product(SETS, ALPHAS))
    assert set(REFERENCE["versions"]) == {"R", "rpact"}


@pytest.mark.parametrize(("name", "alpha"), list(itertools.product(SETS, ALPHAS)))
def test_boundary_by_r(name, alpha):
    expected = REFERENCE["boundaries"][name][alpha]
    # rpact integrates on a grid that ends at 6 to 8; where its first boundary lies beyond 5.4 that costs the seventh digit
    np.testing.assert_allclose(monitoring_boundary(expected["fractions"], float(alpha)), expected["boundary"], rtol=2e-7)
    spent = 2 * obrien_fleming_spending(expected["fractions"], float(alpha) / 2)
    np.testing.assert_allclose(spent, expected["alpha_spent"], rtol=1e-6)


@pytest.mark.parametrize("fractions", [
    [0.3, 0.301, 0.9, 0.905, 1.0], [0.02, 0.4, 0.41, 1.0], [0.131, 0.146, 0.222, 0.405, 0.687, 1.0], [0.5, 0.5001, 0.5002],
])
@pytest.mark.parametrize("alpha", [0.05, 0.016])
def test_boundary_spends_what_it_should_also_at_close_looks(fractions, alpha):
    boundary, fractions = monitoring_boundary(fractions, alpha), np.array(fractions)
    # two looks have a closed algorithm; more are by quasi-random points, good to some 1e-6
    for looks, tolerance in ((2, 1e-13), (len(fractions), 1e-5)):
        spent = 1 - staying_within(fractions[:looks], -boundary[:looks], boundary[:looks])
        assert math.isclose(spent, 2 * obrien_fleming_spending(fractions[looks - 1], alpha / 2), abs_tol=tolerance)


def test_single_look_has_the_conventional_boundary():
    assert math.isclose(monitoring_boundary([1.0], 0.05)[0], -ndtri(0.025), rel_tol=1e-12)
    assert math.isclose(monitoring_boundary([0.4], 0.05)[0], -ndtri(obrien_fleming_spending(0.4, 0.025)), rel_tol=1e-12)


def test_no_boundary_below_one_percent_and_none_left_after_the_end():
    boundary = monitoring_boundary([0.002, 0.009, 0.5, 1.2, 1.3])
    assert np.isinf(boundary[[0, 1, 4]]).all()
    np.testing.assert_allclose(boundary[2:4], monitoring_boundary([0.5, 1.2]))


@given(st.lists(st.floats(0.02, 1.0), min_size=1, max_size=8, unique=True), st.sampled_from([0.01, 0.05, 0.1]))
@settings(max_examples=30, deadline=None)
def test_boundary_lies_above_the_conventional_one_and_above_a_single_look(fractions, alpha):
    fractions = np.unique(np.round(fractions, 4))
    boundary = monitoring_boundary(fractions, alpha)
    assert (boundary >= -ndtri(alpha / 2) - 1e-9).all()
    assert (boundary >= -ndtri(obrien_fleming_spending(fractions, alpha / 2)) - 1e-5).all()


def test_wedge_spends_beta_under_the_anticipated_effect():
    fractions, beta, drift = np.array([0.5, 0.65, 0.8]), 0.1, anticipated_z(0.05, 0.1)
    boundary = monitoring_boundary(fractions, 0.05)
    wedge = futility_boundary(fractions, boundary, drift, beta)
    assert (wedge > 0).all()
    total = 0.0
    for look in range(3):
        sides = itertools.product((-1, 1), repeat=look)
        for side in sides:
            ends = [sorted((sign * wedge[i], sign * boundary[i])) for i, sign in enumerate(side)] + [[-wedge[look], wedge[look]]]
            low, high = np.array(ends).T
            total += staying_within(fractions[: look + 1], low, high, drift)
        assert math.isclose(total, obrien_fleming_spending(fractions[look], beta), abs_tol=1e-5)


def test_wedge_opens_late_never_narrows_and_ends_before_the_required_information():
    fractions = np.array([0.01, 0.1, 0.3, 0.5, 0.5001, 0.7, 0.99, 1.0])
    boundary = monitoring_boundary(fractions)
    wedge = futility_boundary(fractions, boundary, anticipated_z())
    assert np.isnan(wedge[[0, 1, -1]]).all()
    assert (np.diff(wedge[3:7]) >= 0).all()
    assert (wedge[3:7] <= boundary[3:7]).all()


@pytest.mark.parametrize(("fractions", "alpha", "message"), [
    ([0.5, 0.4], 0.05, "rise from look to look"), ([0.0, 1.0], 0.05, "rise from look to look"), ([0.5, math.nan], 0.05, "finite"),
    ([0.5], 0.0, "Alpha is 0.0; expected a probability"), ([0.5], 0.7, "at most 0.5"),
])
def test_bad_looks_are_refused(fractions, alpha, message):
    with pytest.raises(MetaAnalysisError, match=message):
        monitoring_boundary(fractions, alpha)


# Required information size


def test_required_patients_of_the_review_of_flumazenil():
    """Goh, Andersen, Morgan and Gluud 2017, Cochrane Database Syst Rev CD002798.pub4, figure 4: 914 participants.

    Alpha 3 %, power 90 %, relative risk reduction 20 %, control risk 60 %, diversity 10 %.
    """
    assert math.ceil(required_patients(0.6, 0.8, alpha=0.03, beta=0.1, diversity=0.1)) == 914


def test_required_patients_of_isoniazid_chemoprophylaxis():
    """Thorlund, Anema and Mills 2010, Clin Epidemiol 2:57, figure 4: 19,920 patients.

    Alpha 1 %, beta 10 %, control risk 5 %, relative risk reduction 25 %. The legend does not print the share of
    heterogeneity; with 20 % the number is theirs to the patient.
    """
    assert math.ceil(required_patients(0.05, 0.75, alpha=0.01, beta=0.1, diversity=0.2)) == 19920


def test_required_patients_of_the_review_of_vitamin_a():
    """Bjelakovic, Nikolova and Gluud 2013, PLoS One 8:e74558, figure 4: 48,417 participants, and 456,748 for a smaller effect.

    Control risk 10 %, relative risk reduction 15 % (5 %), alpha 5 %, beta 20 %, diversity 76 %, printed without decimals:
    both numbers come from the same diversity, which rounds to that.
    """
    shares = [1 - required_patients(0.1, effect, beta=0.2) / printed for effect, printed in ((0.85, 48417), (0.95, 456748))]
    assert [round(100 * share) for share in shares] == [76, 76]
    assert math.isclose(*shares, abs_tol=2e-5)


def test_required_events_are_four_times_the_information():
    """Schoenfeld 1983: with equal groups the log hazard ratio has the variance 4 / events."""
    assert math.isclose(required_events(0.7), 4 * required_information(math.log(0.7)))
    assert math.isclose(required_events(0.7, allocation=0.25), 16 / 3 * required_information(math.log(0.7)))


def test_required_sizes_grow_with_the_diversity_and_are_symmetric():
    assert math.isclose(required_patients(0.3, 0.8, diversity=0.5), 2 * required_patients(0.3, 0.8))
    assert math.isclose(required_patients(0.3, -0.1, "RD"), required_patients(0.7, 0.1, "RD"))
    assert math.isclose(required_patients(0.3, 0.5, "OR"), required_patients(0.3, risk_under(0.3, 0.5, "OR") / 0.3))
    assert math.isclose(required_events(0.5), required_events(2.0))


def test_diversity_is_the_share_of_the_variance_of_the_mean():
    yi, vi = np.array([0.1, 0.9, -0.4, 0.6]), np.array([0.05, 0.02, 0.1, 0.04])
    pooled = pool(yi, vi, tau2="DL", ci="wald")
    assert math.isclose(diversity(yi, vi), 1 - pooled.fixed.se**2 / pooled.random.se**2)
    assert diversity(yi, vi) >= pooled.i2 / 100  # Wetterslev et al. 2009: D² is never below I²
    assert diversity(yi[:1], vi[:1]) == 0


@pytest.mark.parametrize(("call", "message"), [
    (lambda: required_patients(1.2, 0.8), "control group is 1.2"), (lambda: required_patients(0.6, 2.0), "gives a risk of 1.2"),
    (lambda: required_patients(0.6, 1.0), "expected an effect"), (lambda: required_patients(0.6, 0.8, diversity=1.0), "diversity is 1.0"),
    (lambda: required_events(0.0), "hazard ratio is 0.0"), (lambda: required_events(0.8, allocation=1.0), "allocation is 1.0"),
    (lambda: required_events(1.0), "other than 0"), (lambda: required_information(0.0), "other than 0"), (lambda: anticipated_z(0.05, 0.9), "Beta is 0.9"),
])
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(MetaAnalysisError, match=message):
        call()


# The analysis


def trials(effect, k=6, variance=0.04, measure="HR"):
    return pool(np.full(k, effect), np.full(k, variance), study=[f"Trial {number}" for number in range(1, k + 1)], measure=measure)


def test_each_state_is_reached():
    states = {
        "benefit": sequential(trials(math.log(0.6)), effect=0.75),
        "harm": sequential(trials(math.log(1.7)), effect=0.75),
        "futility": sequential(trials(0.0, k=5), effect=0.75),
        "reached": sequential(trials(0.0, k=9), effect=0.7),
        "not reached": sequential(trials(math.log(0.9), k=3), effect=0.75),
    }
    assert tuple(states) == STATES
    for state, analysis in states.items():
        assert analysis.state == state
        assert math.isclose(analysis.fraction[-1], analysis.size[-1] / analysis.required)
        json.dumps(analysis.to_dict(), allow_nan=False)
        assert str(analysis) == analysis.sentence
    assert "evidence of benefit" in states["benefit"].sentence
    assert "unlikely to be there" in states["futility"].sentence


def test_side_of_the_anticipated_effect_is_benefit():
    low, high = sequential(trials(-0.5), effect=0.75), sequential(trials(0.5), effect=1 / 0.75)
    np.testing.assert_allclose(low.z, high.z)
    assert low.state == high.state == "benefit"
    assert sequential(trials(-0.5), effect=1 / 0.75).state == "harm"


def test_cumulative_z_is_that_of_the_pooled_trials():
    yi, vi = np.array([0.1, 0.9, -0.4, 0.6]), np.array([0.05, 0.02, 0.1, 0.04])
    analysis = sequential(pool(yi, vi, measure="HR"), effect=1.5, model="REML", order=[2003, 2001, 2009, 2005])
    rows = [1, 0, 3, 2]
    assert analysis.study == ("study 2", "study 1", "study 4", "study 3")
    for look in range(4):
        model = pool(yi[rows[: look + 1]], vi[rows[: look + 1]], ci="wald").random
        assert math.isclose(analysis.z[look], model.statistic, rel_tol=1e-12)
    fixed = sequential(pool(yi, vi, measure="HR"), effect=1.5, model="fixed")
    assert fixed.diversity == 0
    assert math.isclose(fixed.z[-1], pool(yi, vi).fixed.statistic)


def test_counts_give_patients_and_the_control_risk():
    pooled = pool_events([10, 12, 0], [50, 60, 20], [20, 18, 0], [50, 60, 20], measure="RR", study=["A", "B", "C"])
    analysis = sequential(pooled, effect=0.8, diversity=0.25)
    assert analysis.settings.information == "patients"
    assert analysis.size.tolist() == [100, 220]
    assert math.isclose(analysis.settings.control_risk, 38 / 110)
    assert math.isclose(analysis.required, required_patients(38 / 110, 0.8, diversity=0.25))
    assert any("Not counted" in note and "C" in note for note in analysis.notes)
    given_risk = sequential(pooled, effect=0.8, control_risk=0.5)
    assert math.isclose(given_risk.required, required_patients(0.5, 0.8, diversity=diversity(pooled.yi, pooled.vi)))


def test_events_go_with_hazard_ratios_and_statistical_information_without_sizes():
    pooled = trials(-0.2, k=3)
    events = sequential(pooled, effect=0.75, size=[100, 100, 100])
    assert (events.settings.information, events.required) == ("events", required_events(0.75))
    information = sequential(pooled, effect=0.75)
    assert information.settings.information == "statistical"
    np.testing.assert_allclose(information.fraction, events.fraction)  # 1 / v = events / 4 here


def test_from_the_required_information_on_the_boundary_is_the_conventional_one():
    analysis = sequential(trials(-0.1, k=10), effect=0.7)
    after = analysis.fraction >= 1
    assert after.any()
    np.testing.assert_allclose(analysis.boundary[after], -ndtri(0.025))
    assert np.isnan(analysis.futility[after]).all()
    before = analysis.fraction[~after]
    np.testing.assert_allclose(analysis.boundary[~after], monitoring_boundary(before))


def test_adjusted_interval_excludes_no_effect_exactly_where_the_boundary_is_crossed():
    for effect in np.linspace(-0.6, 0.6, 25):
        analysis = sequential(trials(effect, k=4), effect=0.7)
        low, high = analysis.adjusted_ci
        assert (low > 0 or high < 0) == (analysis.state in ("benefit", "harm"))


def test_earlier_crossing_is_told():
    pooled = pool([-0.9, -0.9, 0.9, 0.7], [0.03, 0.03, 0.02, 0.02], measure="HR", study=["A", "B", "C", "D"])
    analysis = sequential(pooled, effect=0.6, diversity=0.0, model="fixed")
    assert analysis.crossed[0] == "benefit"
    assert analysis.state != "benefit"
    assert "An earlier look, A, was beyond the boundary for benefit." in analysis.sentence


def test_far_too_little_information_has_no_boundary():
    analysis = sequential(trials(-0.2, k=2), effect=0.99)
    assert np.isinf(analysis.boundary).all()
    assert "far too little to tell" in analysis.sentence
    assert analysis.adjusted_ci == (-math.inf, math.inf)
    assert analysis.to_dict()["adjusted_ci_low"] is None


def test_penalised_z_follows_the_law_of_the_iterated_logarithm():
    """Hu, Cappelleri and Lan 2007, Clin Trials 4:329: factor 2 for ratios, 1.5 for risk differences."""
    ratio = sequential(trials(-0.5, k=3), effect=0.75)
    np.testing.assert_allclose(ratio.penalised_z, ratio.z / np.sqrt(2 * np.log(np.log(1 / ratio.se**2))))
    difference = sequential(trials(-0.5, k=3, measure="RD"), effect=-0.2)
    np.testing.assert_allclose(difference.penalised_z, difference.z / np.sqrt(1.5 * np.log(np.log(1 / difference.se**2))))
    assert np.isnan(sequential(trials(-0.5, measure=""), effect=-0.2).penalised_z).all()
    assert np.isnan(sequential(trials(-0.5, variance=5.0), effect=0.75).penalised_z).any()


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 0.5)), min_size=1, max_size=8), st.sampled_from([0.6, 0.8, 1.4]))
@settings(max_examples=40, deadline=None)
def test_what_every_analysis_is(studies, effect):
    yi, vi = np.array(studies).T
    analysis = sequential(pool(yi, vi, measure="OR"), effect=effect)
    assert analysis.state in STATES
    assert len(analysis.to_frame()) == len(yi)
    assert (np.diff(analysis.fraction) > 0).all()
    assert (analysis.boundary >= analysis.conventional - 1e-9).all()
    wedge = analysis.futility[np.isfinite(analysis.futility)]
    assert (wedge >= 0).all()
    mirrored = sequential(pool(-yi, vi, measure="OR"), effect=1 / effect)
    np.testing.assert_allclose(mirrored.z, analysis.z)
    assert mirrored.crossed == analysis.crossed
    json.dumps(analysis.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("options", "message"), [
    ({"effect": 1.0}, "expected one worth seeing"), ({"effect": -0.8}, "expected a ratio from 0.05 to 20"),
    ({"effect": 80}, "is 80; expected a ratio from 0.05 to 20, such as 0.8 for 20 % less"),
    ({"effect": 0.8, "order": [1, 2]}, "order holds 2 values"), ({"effect": 0.8, "order": [1, 2, math.nan]}, "some maybe missing"),
    ({"effect": 0.8, "size": [1, 2]}, "one number above 0 for each of 3 trials"), ({"effect": 0.8, "information": "events"}, "no size given"),
    ({"effect": 0.8, "information": "patients", "size": [1, 2, 3]}, "patients go with RR, OR or RD"),
    ({"effect": 0.8, "information": "bits"}, "The information is 'bits'"), ({"effect": 0.8, "model": "XX"}, "The model is 'XX'; expected fixed"),
    ({"effect": 0.8, "alpha": 2}, "Alpha is 2"), ({"effect": 0.8, "diversity": -1}, "The diversity is -1"),
])
def test_bad_requests_are_refused(options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        sequential(trials(-0.2, k=3), **options)


def test_patients_without_a_control_risk_are_refused():
    with pytest.raises(MetaAnalysisError, match="give control_risk"):
        sequential(trials(-0.2, k=2, measure="RR"), effect=0.8, size=[100, 100])


def test_mixed_measures_are_refused():
    mixed = pool([0.1, 0.2], [0.1, 0.1], measure=["HR", "RR"])
    with pytest.raises(MetaAnalysisError, match="needs one measure"):
        sequential(mixed, effect=0.8)


# The picture


@pytest.mark.parametrize("k", [1, 2, 12, 30, 60])
def test_picture_names_every_trial_and_draws_its_z(k):
    pooled = pool(np.linspace(-0.4, 0.1, k), np.linspace(0.03, 0.3, k), measure="HR", study=[f"Trial {number:02d}" for number in range(k)])
    analysis = sequential(pooled, effect=0.75)
    figure = sequential_plot(analysis, title="Death")
    (axes,) = figure.axes
    names = [text for text in axes.texts if text.get_text().startswith("Trial")]
    assert [text.get_text() for text in names] == list(analysis.study)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in names]
    assert all(left.x1 <= right.x0 + 0.5 for left, right in itertools.pairwise(boxes))
    page = figure.bbox
    assert all(box.x0 >= page.x0 and box.x1 <= page.x1 and box.y1 <= page.y1 for box in boxes)
    drawn = next(line for line in axes.lines if line.get_label() == "Cumulative Z")
    np.testing.assert_array_equal(drawn.get_ydata()[1:], analysis.z)
    np.testing.assert_array_equal(drawn.get_xdata()[1:], analysis.size)


def test_picture_far_from_the_required_information_says_so():
    analysis = sequential(trials(-0.2, k=2), effect=0.95)
    told = [text.get_text() for text in sequential_plot(analysis).axes[0].texts]
    assert any("of them there" in text for text in told)


def test_same_picture_has_the_same_bytes(tmp_path):
    analysis = sequential(trials(-0.2), effect=0.75)
    first, second = (save_picture(sequential_plot(analysis), tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second
