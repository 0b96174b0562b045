"""By law: what robustness analyses must do whatever the studies are; and what is refused."""

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, ModelSettings, pool, pool_events
from metaanalysis.models import CI_METHODS
from metaanalysis.robustness.filling import trim_fill
from metaanalysis.robustness.influence import influence_diagnostics
from metaanalysis.robustness.odds_asymmetry import harbord, peters
from metaanalysis.robustness.refits import cumulative, leave_one_out
from metaanalysis.robustness.small_studies import SMALL_STUDY_MINIMUM, begg, egger, egger_mixed
from metaanalysis.robustness.subsets import gosh

effects = st.floats(-3, 3).map(lambda value: round(value, 6))
variances = st.floats(1e-3, 2).map(lambda value: round(value, 6))
models = st.sampled_from(("random", "fixed"))
intervals = st.sampled_from(CI_METHODS)
estimators = st.sampled_from(("REML", "DL", "PM"))


@st.composite
def series(draw, least=3, most=12):
    k = draw(st.integers(least, most))
    yi = np.array(draw(st.lists(effects, min_size=k, max_size=k)))
    return yi, np.array(draw(st.lists(variances, min_size=k, max_size=k)))


def result_of(pooled, model):
    return pooled.random if model == "random" else pooled.fixed


@given(series(), models, intervals, estimators)
@settings(deadline=None)
def test_leaving_out_is_pooling_the_rest(studies, model, ci, method):
    yi, vi = studies
    names = [f"study {row}" for row in range(len(yi))]
    results = leave_one_out(yi, vi, names, ModelSettings(tau2=method, ci=ci), model=model)
    assert [result.omitted for result in results] == names
    for row, result in enumerate(results):
        rest = pool(np.delete(yi, row), np.delete(vi, row), tau2=method, ci=ci)
        for name in ("estimate", "se", "ci_low", "ci_high", "p"):
            assert getattr(result, name) == getattr(result_of(rest, model), name) or math.isnan(getattr(result, name))
        assert result.q == rest.q
        assert result.tau2 == (rest.tau2 if model == "random" else 0)


@given(series(least=2), models, intervals, st.booleans(), st.data())
@settings(deadline=None)
def test_cumulative_ends_at_the_pooled_result(studies, model, ci, descending, data):
    yi, vi = studies
    keys = data.draw(st.lists(st.integers(1990, 1995), min_size=len(yi), max_size=len(yi)))
    pooled = pool(yi, vi, ci=ci)
    steps = cumulative(pooled, by=keys, model=model, descending=descending).steps
    whole = result_of(pooled, model)
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert math.isclose(getattr(steps[-1], name), getattr(whole, name), rel_tol=1e-6, abs_tol=1e-8)
    # equal keys keep the order of the studies
    order = [pooled.study.index(step.added) for step in steps]
    assert order == sorted(range(len(keys)), key=lambda row: -keys[row] if descending else keys[row])
    assert [step.key for step in steps] == [keys[row] for row in order]
    assert math.isclose(steps[0].estimate, yi[order[0]], rel_tol=1e-12)


def test_precision_begins_with_the_least_standard_error():
    result = cumulative(pool([0.1, 0.2, 0.3], [0.09, 0.01, 0.04], study=["A", "B", "C"], measure="HR"))
    assert [(step.added, round(step.key, 6)) for step in result.steps] == [("B", 0.1), ("C", 0.2), ("A", 0.3)]
    assert result.to_frame()["added"].tolist() == ["B", "C", "A"]
    assert json.loads(json.dumps(result.to_dict()))["measure"] == "HR"


def test_years_written_as_text_are_numbers_and_dates_are_text():
    pooled = pool([0.1, 0.2, 0.3], [0.09, 0.01, 0.04], study=["A", "B", "C"])
    assert [step.added for step in cumulative(pooled, by=["10", "9", "100"]).steps] == ["B", "A", "C"]
    assert [step.added for step in cumulative(pooled, by=["2004-02-01", "2004-01-30", "1999-12-01"]).steps] == ["C", "B", "A"]
    assert [step.key for step in cumulative(pooled, by=np.array([3, 2, 1])).steps] == [1, 2, 3]


@given(series(), st.integers(0, 11), variances)
def test_a_study_at_the_estimate_of_the_others_has_no_pull(studies, row, vi_new):
    yi, vi = studies
    centre = np.average(yi, weights=1 / vi)
    result = influence_diagnostics(pool(np.append(yi, centre), np.append(vi, vi_new)), model="fixed")
    for diagnostic in ("rstudent", "dffits", "cook", "dfbetas", "baujat_x", "baujat_y"):
        assert math.isclose(getattr(result, diagnostic)[-1], 0, abs_tol=1e-9)


@given(series(), models, intervals)
@settings(deadline=None)
def test_what_every_influence_is(studies, model, ci):
    pooled = pool(*studies, ci=ci)
    assume(np.ptp(pooled.yi) > 0.1)
    result = influence_diagnostics(pooled, model=model)
    assert math.isclose(result.hat.sum(), 1)
    np.testing.assert_allclose(result.weight, result_of(pooled, model).weights)
    assert (result.cook >= 0).all()
    assert result.q == pooled.q
    assert (result.q_deleted <= result.q * (1 + 1e-9)).all()
    if model == "fixed":
        assert math.isclose(result.baujat_x.sum(), pooled.q, rel_tol=1e-9)
        # without a tau2 to estimate anew, all four are one shift in four units
        np.testing.assert_allclose(result.dffits, result.dfbetas, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(result.cov_ratio, 1 / (1 - result.hat), rtol=1e-6)
    assert set(result.to_frame().columns) >= {"study", "rstudent", "cook", "influential"}


def test_others_without_a_variance_make_influence_infinite():
    result = influence_diagnostics(pool([0.1, 0.1, 1.0], [0.3, 0.7, 1.0], ci="hk"))
    assert math.isinf(result.dffits[2])
    assert math.isinf(result.baujat_y[2])
    assert result.is_influential[2]
    equal = influence_diagnostics(pool([0.2, 0.2, 0.2], [1.0, 1.0, 1.0], ci="hk"))
    assert not equal.is_influential.any()


def test_influence_of_an_outlier_is_flagged_and_told():
    pooled = pool([-0.4, -0.3, -0.5, -0.35, 1.2], [0.04, 0.05, 0.06, 0.02, 0.05], study=list("ABCDE"), measure="HR")
    result = influence_diagnostics(pooled)
    assert result.is_influential.tolist() == [False] * 4 + [True]
    record = result.to_dict()
    assert record["studies"][4]["study"] == "E"
    assert record["limits"]["dffits"] == 1.5
    assert record["limits"]["hat"] == 0.6
    assert math.isclose(record["limits"]["cook"], 0.45493642311957)
    with pytest.raises(ValueError, match="read-only"):
        result.cook[0] = 1


@given(series(most=7), models)
@settings(deadline=None)
def test_all_studies_are_among_the_subsets(studies, model):
    pooled = pool(*studies)
    result = gosh(pooled, model=model)
    assert result.members[0].all()
    assert result.estimate[0] == pytest.approx(result_of(pooled, model).estimate, rel=1e-12, abs=1e-12)
    assert len(np.unique(result.members, axis=0)) == len(result.members) == 2**pooled.k - pooled.k - 1
    if model == "random":
        assert result.tau2[0] == pooled.tau2
        assert result.i2[0] == pooled.i2
    frame = result.to_frame()
    assert frame["k"].min() == 2
    np.testing.assert_array_equal(frame[list(pooled.study)].sum(axis=1), frame["k"])


def test_many_studies_are_sampled_and_the_seed_decides():
    generator = np.random.default_rng(3)
    pooled = pool(generator.normal(size=30), generator.uniform(0.1, 1, 30), tau2="DL")
    first, again, other = (gosh(pooled, n_subsets=200, seed=seed) for seed in (1, 1, 2))
    assert not first.is_exhaustive
    assert first.members.shape == (200, 30)
    assert first.members[0].all()
    np.testing.assert_array_equal(first.estimate, again.estimate)
    assert (first.estimate[1:] != other.estimate[1:]).any()
    assert gosh(pool([0.1, 0.5, 0.9], [0.1, 0.2, 0.3]), exhaustive_k=2, n_subsets=50).members.sum(axis=1).min() >= 2


@given(series(least=10, most=15))
def test_the_slope_on_the_standard_error_is_eggers_intercept(studies):
    yi, vi = studies
    assume(len(set(vi)) > 3)
    design = np.column_stack([np.ones(len(yi)), 1 / np.sqrt(vi)])
    coefficients = np.linalg.lstsq(design, yi / np.sqrt(vi), rcond=None)[0]
    assert math.isclose(egger(yi, vi).bias, coefficients[0], rel_tol=1e-6, abs_tol=1e-6)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(5, 200)), min_size=10, max_size=20))
@settings(deadline=None)
def test_changing_the_arms_turns_the_tests_round(rows):
    first, second, more = np.array(rows).T
    n = np.maximum(first, second) + more
    assume(len(set(n)) > 3)
    for test in (harbord, peters):
        one, other = test(first, n, second, n), test(second, n, first, n)
        assert math.isclose(one.bias, -other.bias, rel_tol=1e-6, abs_tol=1e-6)
        assert math.isclose(one.p, other.p, rel_tol=1e-6, abs_tol=1e-9)


def test_tables_without_events_are_left_out_of_the_tests():
    events, n = np.arange(1, 12), np.arange(30, 41)
    with_empty = harbord(np.append(events, 0), np.append(n, 50), np.append(events[::-1], 0), np.append(n, 50))
    assert with_empty == harbord(events, n, events[::-1], n)
    assert with_empty.k == 11


@given(series(least=10, most=14))
@settings(deadline=None)
def test_filled_studies_mirror_the_outermost(studies):
    yi, vi = studies
    result = trim_fill(yi, vi, ModelSettings(tau2="DL"), side="left")
    assert len(result.filled_yi) == len(result.filled_vi) == result.k0
    whole = pool(np.append(yi, result.filled_yi), np.append(vi, result.filled_vi), tau2="DL")
    assert math.isclose(whole.estimate, result.estimate, rel_tol=1e-9, abs_tol=1e-12)
    outermost = np.argsort(yi, kind="stable")[len(yi) - result.k0 :]
    np.testing.assert_array_equal(result.filled_vi, vi[outermost])
    # one mirror for all: original plus filled is twice the centre
    assert np.ptp(yi[outermost] + result.filled_yi, axis=0) < 1e-9 if result.k0 else True


def test_begg_takes_the_order_alone():
    sei = np.linspace(0.1, 0.9, 12)
    result = begg(0.2 + 3 * sei**3, sei**2)
    assert result.tau > 0.8
    assert result.p < 0.001
    assert set(result.to_dict()) == {"tau", "p"}


def nine():
    return np.linspace(-1, 1, 9), np.linspace(0.1, 0.5, 9)


COUNTS = (np.arange(1, 10), np.full(9, 40), np.arange(2, 11), np.full(9, 50))
MIXED = pool([-0.3, -0.1, -0.2, -0.4], [0.04, 0.02, 0.01, 0.05], measure=["HR", "HR", "RR", "RR"])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: egger(*nine()), f"Egger's test saw 9 studies; expected {SMALL_STUDY_MINIMUM} or more"),
    (lambda: egger_mixed(*nine()), "Egger's test saw 9 studies"),
    (lambda: egger_mixed(np.arange(12.0), np.full(12, 0.1)), "12 studies of 1 different precisions"),
    (lambda: begg(*nine()), "Begg's test saw 9 studies; expected 10 or more"),
    (lambda: harbord(*COUNTS), "Harbord's test saw 9 studies"),
    (lambda: peters(*COUNTS), "Peters' test saw 9 studies"),
    (lambda: trim_fill(*nine(), ModelSettings()), "Trim and fill saw 9 studies"),
    (lambda: egger(np.arange(12.0), np.full(12, 0.1)), "12 studies of 1 different precisions; it needs 3 studies and 2 precisions"),
    (lambda: begg(np.arange(12.0), np.full(12, 0.1)), "12 studies of one precision"),
    (lambda: trim_fill(np.arange(12.0), np.full(12, 0.1), ModelSettings(), side="up"), "the side 'up'; expected one of L0, R0"),
    (lambda: trim_fill(np.arange(12.0), np.full(12, 0.1), ModelSettings(), estimator="Q1"), "The estimator is 'Q1'"),
    (lambda: influence_diagnostics(pool([0.1, 0.2], [0.1, 0.2])), "Influence saw 2 studies; it needs 3 or more"),
    (lambda: gosh(pool([0.1, 0.2], [0.1, 0.2])), "GOSH saw 2 studies; it needs 3 or more"),
    (lambda: leave_one_out(np.array([0.1, 0.2]), np.array([0.1, 0.2]), "AB"), "Leave-one-out saw 2 studies; it needs 3"),
    (lambda: cumulative(pool([0.1], [0.1])), "A cumulative meta-analysis saw 1 study; it needs 2 or more"),
    (lambda: cumulative(pool([0.1, 0.2], [0.1, 0.2]), by=[2000]), "by holds 1 values for 2 studies"),
    (lambda: cumulative(pool([0.1, 0.2], [0.1, 0.2], study=["A", "B"]), by=[2000, None]), "B has nothing to be ordered by"),
    (lambda: cumulative(pool([0.1, 0.2], [0.1, 0.2], study=["A", "B"]), by=[2000, math.nan]), "B has nothing to be ordered by"),
    (lambda: cumulative(pool([0.1, 0.2], [0.1, 0.2]), by="year"), 'ordered by \'year\'; expected "precision" or one value per study'),
    (lambda: cumulative(pool([0.1, 0.2], [0.1, 0.2]), model="both"), "The model is 'both'"),
    (lambda: influence_diagnostics(MIXED), "Influence needs studies of one measure; the rows are of HR, RR"),
    (lambda: gosh(MIXED), "GOSH needs studies of one measure"),
])
def test_what_is_refused(call, message):
    with pytest.raises(MetaAnalysisError, match=message):
        call()


def test_counts_of_a_pooled_estimate_go_into_the_tests():
    pooled = pool_events(np.arange(1, 13), np.full(12, 40), np.arange(3, 15), np.linspace(40, 62, 12), measure="OR")
    assert peters(*pooled.counts.T).df == harbord(*pooled.counts.T).df == 10
