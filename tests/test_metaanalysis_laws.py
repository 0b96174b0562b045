"""By law: what pooling must do whatever the studies are; and what is refused at the door."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import metaanalysis
from metaanalysis import MetaAnalysisError, ModelSettings, pool, pool_events, pool_studies, read_studies, trim_fill
from metaanalysis.models import CI_METHODS
from metaanalysis.pictures.look import effect_ticks
from metaanalysis.tau2 import ESTIMATORS, estimate_tau2, tau2_interval

effects = st.floats(-3, 3).map(lambda value: round(value, 6))
variances = st.floats(1e-3, 2).map(lambda value: round(value, 6))


@st.composite
def series(draw, least=2, most=15):
    k = draw(st.integers(least, most))
    yi = np.array(draw(st.lists(effects, min_size=k, max_size=k)))
    vi = np.array(draw(st.lists(variances, min_size=k, max_size=k)))
    return yi, vi


methods = st.sampled_from(ESTIMATORS)
intervals = st.sampled_from(CI_METHODS)


def assert_is_pooled(pooled):
    """Reusable: is this a pooled estimate at all?"""
    random, fixed = pooled.random, pooled.fixed
    assert random.ci_low <= random.estimate <= random.ci_high
    assert fixed.ci_low <= fixed.estimate <= fixed.ci_high
    assert pooled.yi.min() - 1e-9 <= random.estimate <= pooled.yi.max() + 1e-9
    assert math.isclose(random.weights.sum(), 100)
    assert math.isclose(fixed.weights.sum(), 100)
    assert random.tau2 >= 0
    assert 0 <= random.tau2_ci_low <= random.tau2_ci_high
    assert 0 <= pooled.i2 < 100
    assert pooled.heterogeneity.h2 >= 1
    if pooled.k >= 3:
        assert random.prediction_low <= random.prediction_high
    json.dumps(pooled.to_dict(), allow_nan=False)


@given(series(), methods, intervals)
@settings(deadline=None)
def test_what_every_pooled_estimate_is(studies, method, ci):
    assert_is_pooled(pool(*studies, tau2=method, ci=ci))


@given(effects, variances, st.integers(2, 20), methods)
def test_equal_studies_change_nothing_but_the_variance(yi, vi, k, method):
    pooled = pool(np.full(k, yi), np.full(k, vi), tau2=method, ci="wald")
    for model in (pooled.fixed, pooled.random):
        assert math.isclose(model.estimate, yi, rel_tol=1e-12, abs_tol=1e-12)
        assert math.isclose(model.se**2, vi / k, rel_tol=1e-9)
    assert pooled.tau2 < 1e-20
    assert pooled.i2 < 1e-12


@given(series(), st.randoms(use_true_random=False), methods, intervals)
def test_the_order_of_studies_does_not_matter(studies, shuffler, method, ci):
    yi, vi = studies
    order = list(range(len(yi)))
    shuffler.shuffle(order)
    first, second = pool(yi, vi, tau2=method, ci=ci), pool(yi[order], vi[order], tau2=method, ci=ci)
    np.testing.assert_allclose(second.random.weights, first.random.weights[order], rtol=1e-6)
    for name in ("estimate", "ci_low", "ci_high", "tau2", "q"):
        assert math.isclose(getattr(first, name), getattr(second, name), rel_tol=1e-6, abs_tol=1e-8)


@given(series(), st.floats(-5, 5), methods, intervals)
def test_a_constant_shifts(studies, shift, method, ci):
    yi, vi = studies
    first, second = pool(yi, vi, tau2=method, ci=ci), pool(yi + shift, vi, tau2=method, ci=ci)
    assert math.isclose(first.tau2, second.tau2, rel_tol=1e-6, abs_tol=1e-8)
    for name in ("estimate", "ci_low", "ci_high"):
        assert math.isclose(getattr(first, name) + shift, getattr(second, name), rel_tol=1e-6, abs_tol=1e-6)


@given(series(), st.floats(0.01, 100), methods, intervals)
def test_a_factor_scales(studies, factor, method, ci):
    yi, vi = studies
    first, second = pool(yi, vi, tau2=method, ci=ci), pool(factor * yi, factor**2 * vi, tau2=method, ci=ci)
    assert math.isclose(first.tau2 * factor**2, second.tau2, rel_tol=1e-6, abs_tol=1e-8 * factor**2)
    for name in ("estimate", "ci_low", "ci_high"):
        assert math.isclose(getattr(first, name) * factor, getattr(second, name), rel_tol=1e-6, abs_tol=1e-6 * factor)
    assert math.isclose(first.i2, second.i2, rel_tol=1e-5, abs_tol=1e-4)


@given(series(least=3), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_profile_limits_give_back_their_quantiles(studies, level):
    from scipy.stats import chi2

    yi, vi = studies
    for limit, tail in zip(tau2_interval(yi, vi, level), (1 - (1 - level) / 2, (1 - level) / 2), strict=True):
        w = 1 / (vi + limit)
        q = np.sum(w * (yi - np.average(yi, weights=w)) ** 2)
        target = chi2.ppf(tail, len(yi) - 1)
        assert math.isclose(q, target, rel_tol=1e-8) if limit > 0 else q <= target * (1 + 1e-9)


@given(series(least=3, most=8), st.floats(0, 20))
@settings(deadline=None)
def test_no_tau2_is_likelier_than_the_restricted_maximum(studies, other):
    yi, vi = studies

    def likelihood(tau2):
        w = 1 / (vi + tau2)
        residual = yi - np.average(yi, weights=w)
        return -0.5 * (np.log(vi + tau2).sum() + np.log(w.sum()) + np.sum(w * residual**2))

    assert likelihood(estimate_tau2(yi, vi, "REML")) >= likelihood(other) - 1e-9


@given(series())
def test_paule_mandel_is_empirical_bayes(studies):
    assert estimate_tau2(*studies, "PM") == estimate_tau2(*studies, "EB")


@given(series(), methods)
def test_the_floor_never_narrows(studies, method):
    plain, floored, wald = (pool(*studies, tau2=method, ci=ci).random for ci in ("hk", "hk-adhoc", "wald"))
    assert floored.se >= plain.se - 1e-15
    assert floored.se >= wald.se - 1e-15
    assert floored.floored == (plain.scale < 1)


@given(series(least=4), st.integers(2, 3))
@settings(deadline=None)
def test_subgroups_part_q(studies, n_groups):
    yi, vi = studies
    labels = [f"group {row % n_groups}" for row in range(len(yi))]
    pooled = pool(yi, vi, subgroup=labels)
    within = sum(group.heterogeneity.q for group in pooled.subgroups)
    assert math.isclose(within + pooled.subgroup_test["fixed"].q, pooled.q, rel_tol=1e-8, abs_tol=1e-8)
    assert pooled.to_frame()["subgroup"].tolist() == labels


@given(series(least=3, most=12), st.booleans())
@settings(deadline=None)
def test_trim_and_fill_mirrors(studies, flip):
    yi, vi = studies
    assume(len(set(yi)) == len(yi))
    first = trim_fill(yi, vi, ModelSettings(tau2="DL"), side="left", minimum=3)
    second = trim_fill(-yi, vi, ModelSettings(tau2="DL"), side="right", minimum=3)
    assert first.k0 == second.k0
    assert math.isclose(first.estimate, -second.estimate, rel_tol=1e-9, abs_tol=1e-9)


def test_a_symmetric_funnel_needs_no_filling():
    yi = np.array([-0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4])
    assert trim_fill(yi, np.full(7, 0.05), ModelSettings(), minimum=3).k0 == 0


def test_peto_and_log_rank_are_one():
    events = pool_events([5, 8], [50, 60], [9, 12], [52, 61], measure="OR", fixed="peto")
    table = pd.DataFrame({"study": ["A", "B"], "o_minus_e": events.yi / events.vi, "v": 1 / events.vi})
    log_rank = pool_studies(read_studies(table, "HR"), fixed="peto")
    assert events.fixed.method == log_rank.fixed.method == "Peto"
    assert math.isclose(events.fixed.estimate, log_rank.fixed.estimate)
    assert math.isclose(events.fixed.se, log_rank.fixed.se)


def test_a_single_study_keeps_its_own_interval():
    pooled = pool([-0.5], [0.04], measure="HR")
    assert pooled.random.ci == "wald"
    assert (pooled.ci_low, pooled.ci_high) == (pooled.fixed.ci_low, pooled.fixed.ci_high)
    assert math.isnan(pooled.tau2)
    record = pooled.to_dict()
    assert record["random"]["tau2"] is None
    assert record["leave_one_out"] == []
    assert any("single study" in note for note in pooled.notes)


def test_json_holds_what_the_interface_names():
    yi, vi = np.linspace(-1, 0.5, 12), np.linspace(0.02, 0.3, 12)
    record = pool(yi, vi, subgroup=["HBV", "HCV"] * 6, measure="HR", source=["ipd"] * 12, ci="hk").to_dict()
    assert {"measure", "k", "fixed", "random", "heterogeneity", "subgroups", "subgroup_test", "studies", "small_study", "leave_one_out"} <= set(record)
    assert set(record["fixed"]) == {"method", "estimate", "se", "ci_low", "ci_high", "p"}
    assert set(record["random"]) == {
        "method", "ci", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high",
        "tau2_ci", "prediction_low", "prediction_high", "prediction_rule",
    }
    assert (record["random"]["method"], record["random"]["ci"]) == ("REML", "hk")
    assert set(record["heterogeneity"]) == {
        "q", "df", "p", "i2", "h2", "i2_ci_low", "i2_ci_high", "i2_q", "h2_q", "i2_q_ci_low", "i2_q_ci_high",
    }
    assert set(record["subgroups"][0]) == {"name", "k", "fixed", "random", "heterogeneity", "tau2"}
    assert record["subgroup_test"]["random"]["tau2"] == "separate"
    assert {"study", "yi", "sei", "weight_fixed", "weight_random", "source"} <= set(record["studies"][0])
    assert set(record["small_study"]["egger"]) == {"t", "df", "p"}
    assert {"k0", "estimate"} <= set(record["small_study"]["trim_fill"])
    assert {"omitted", "estimate", "tau2"} <= set(record["leave_one_out"][0])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_small_study_methods_wait_for_ten_studies():
    pooled = pool(np.arange(9.0), np.linspace(0.1, 1, 9))
    assert pooled.egger is None
    assert pooled.trim_fill is None
    assert pool([0.1, 0.2], [0.1, 0.1]).leave_one_out == ()


def test_summary_rows_are_marked():
    pooled = pool([-0.3, -0.2, -0.4], [0.04, 0.01, 0.05], study=["A", "B", "C"], source=["ipd", "summary", "reported"])
    assert any("Summary rows (B)" in note for note in pooled.to_dict()["notes"])
    assert pooled.to_dict()["studies"][1]["source"] == "summary"


def test_results_are_frozen():
    pooled = pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.2])
    with pytest.raises(ValueError, match="read-only"):
        pooled.weights[0] = 1
    with pytest.raises(AttributeError, match="cannot assign"):
        pooled.measure = "OR"


@pytest.mark.parametrize(("change", "message"), [
    ({"vi": [0.1, 0.0]}, r"Row 2 \(study 2\) has yi = 0.2 and vi = 0; expected .* positive variance"),
    ({"yi": [0.1, np.nan]}, r"Row 2 \(study 2\) has yi = nan"),
    ({"yi": [0.1]}, "expected two vectors of the same length"),
    ({"study": ["A"]}, "study holds 1 values for 2 studies"),
    ({"subgroup": ["a"]}, "subgroup holds 1 values for 2 studies"),
    ({"tau2": "XX"}, "expected one of REML, DL"),
    ({"ci": "xx"}, "expected one of hk-adhoc, hk, wald"),
    ({"level": 95}, "expected a number between 0 and 1"),
    ({"prediction": "xx"}, "expected one of t, riley, normal"),
])
def test_what_is_refused(change, message):
    given_values = {"yi": [0.1, 0.2], "vi": [0.1, 0.2]} | change
    with pytest.raises(MetaAnalysisError, match=message):
        pool(given_values.pop("yi"), given_values.pop("vi"), **given_values)


@pytest.mark.parametrize(("counts", "options", "message"), [
    (([5], [4], [1], [9]), {}, "Row 1 has 5 events in 4 patients"),
    (([5], [9], [1], [9]), {"measure": "HR"}, "events give one of RR, OR, RD"),
    (([5], [9], [1], [9]), {"fixed": "peto"}, "Peto's method gives an odds ratio"),
    (([5], [9], [1], [9]), {"fixed": "xx"}, "expected one of iv, mh, peto"),
    (([0], [9], [0], [9]), {}, "choose the measure RD"),
    (([0, 0], [9, 9], [1, 2], [9, 9]), {"fixed": "mh"}, "One arm has no event in any study"),
    (([5, 1], [9], [1], [9]), {}, "expected four vectors of one length"),
])
def test_what_tables_are_refused(counts, options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        pool_events(*counts, **options)


def test_double_zero_studies_are_named():
    pooled = pool_events([0, 3, 9], [20, 30, 9], [0, 6, 8], [21, 31, 8], study=["A", "B", "C"], subgroup=["x", "y", "x"])
    assert [name for name, _ in pooled.excluded] == ["A", "C"]
    assert pooled.study == ("B",)
    assert any("A was left out: no events in either arm" in note for note in pooled.notes)


def test_speed_is_linear_in_studies():
    from time import perf_counter

    generator = np.random.default_rng(0)
    vi = generator.uniform(0.01, 1, 10_000)
    yi = generator.normal(0, np.sqrt(vi + 0.1))
    start = perf_counter()
    metaanalysis.pool(yi, vi)
    # 20 ms on an idle core; the bound leaves room for a busy one
    assert perf_counter() - start < 1


@given(st.lists(st.tuples(effects, st.floats(-8, 6)), min_size=2, max_size=12), methods)
@settings(deadline=None)
def test_variances_of_very_different_size_are_pooled(rows, method):
    yi, vi = np.array([yi for yi, _ in rows]), 10 ** np.array([exponent for _, exponent in rows])
    pooled = pool(yi, vi, tau2=method)
    assert pooled.tau2 >= 0
    assert pooled.random.tau2_ci_low <= pooled.random.tau2_ci_high


def test_the_higher_of_two_maxima_is_taken():
    # one precise study apart from looser ones: a maximum at 0, where metafor's climb ends, and a higher one at 0.054
    yi = np.array([0.030, 0.511, -0.203, -0.073, -0.269, 0.591, 0.541])
    vi = np.array([0.268, 0.00198, 0.0440, 0.166, 0.967, 0.0311, 0.0295])
    grid = np.linspace(0, 2, 20001)
    w = 1 / (vi + grid[:, None])
    residual = yi - ((w @ yi) / w.sum(axis=1))[:, None]
    likelihood = -0.5 * (np.log(vi + grid[:, None]).sum(axis=1) + (w * residual**2).sum(axis=1))
    assert likelihood[1] < likelihood[0] < likelihood.max()
    assert estimate_tau2(yi, vi, "ML") == pytest.approx(grid[likelihood.argmax()], abs=1e-4)


@pytest.mark.parametrize(("yi", "sei"), [(1e6, 0.15), (-101, 0.15), (0.1, 101)])
def test_a_logarithm_of_a_ratio_that_nobody_can_write_is_refused(yi, sei):
    with pytest.raises(MetaAnalysisError, match=r"Row 2 \(study 2\) has a log HR .* give natural logarithms"):
        pool([0.1, yi], [0.04, sei**2], measure="HR")
    assert pool([0.1, yi], [0.04, sei**2], measure="MD").k == 2


def test_limits_beyond_all_numbers_are_infinite_ratios_and_are_drawn():
    far = pool([-90.0, 90.0], [0.04, 0.04], measure="HR", ci="hk")
    assert far.ci_high > 710 and "inf" in str(far)
    ticks, labels = effect_ticks(far.ci_low, far.ci_high, is_ratio=True)
    assert 2 <= len(ticks) <= 7 and len(labels) == len(ticks)
