"""Meta-regression: by R (`tests/reference/metafor_models.R`), by law, and what is refused."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, pool
from metaanalysis.regression.model import meta_regression
from metaanalysis.regression.permutation import permutation_test
from metaanalysis.tau2 import ESTIMATORS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor_models.json").read_text(encoding="utf-8"))
MODELS = {
    "bcg": ("ablat", "two", "alloc", "mixed"), "raudenbush1985": ("weeks", "words"), "li2007": ("year",), "pignon2000": ("grp",),
    "collins1985b": ("size", "two"), "hine1989": ("size",), "bangertdrowns2004": ("three",), "hackshaw1998": ("year", "words"),
    "nielweise2007": ("year",), "bcg_five": ("ablat",),
}
PAIRS = [(name, model) for name, models in MODELS.items() for model in models]
CIS = ("wald", "hk", "hk-adhoc")
PERMUTED = ("five_reml", "five_dl", "seven", "words", "two")

# metafor's own iterations end at 1e-14 to 1e-11 in tau2, and its inversions lose some digits with moderators such as years
RTOL, ATOL = 1e-7, 1e-10


def same(actual, expected, rtol=RTOL):
    missing = [math.nan if value is None else value for value in np.atleast_1d(np.array(expected, dtype=object))]
    np.testing.assert_allclose(np.atleast_1d(actual), np.array(missing, float), rtol=rtol, atol=ATOL)


def regressed(name, model, **options):
    entry = REFERENCE["inputs"][name]
    return meta_regression(entry["yi"], entry["vi"], entry["models"][model], **options)


def test_reference_covers_every_combination():
    grid = {
        (name, model, method, ci) for name, models in REFERENCE["regression"].items() for model, methods in models.items()
        for method, cis in methods.items() for ci in cis
    }
    assert grid == {(*pair, method, ci) for pair, method, ci in itertools.product(PAIRS, ESTIMATORS, CIS)}
    assert set(REFERENCE["permutation"]) == set(PERMUTED)
    assert set(REFERENCE["versions"]) == {"R", "metafor", "metadat"}


@pytest.mark.parametrize(("pair", "method", "ci"), list(itertools.product(PAIRS, ESTIMATORS, CIS)), ids=str)
def test_regression(pair, method, ci):
    expected = REFERENCE["regression"][pair[0]][pair[1]][method][ci]
    result = regressed(*pair, tau2=method, ci=ci)
    table = result.to_frame()
    for quantity in ("estimate", "se", "statistic", "p", "ci_low", "ci_high"):
        same(table[quantity], expected[quantity])
    same([result.tau2, result.total_tau2], [expected["tau2"], expected["total_tau2"]])
    same([result.residual.q, result.residual.p, result.residual.i2, result.residual.h2], [expected[name] for name in ("qe", "qe_p", "i2", "h2")])
    same([result.omnibus.statistic, result.omnibus.p], [expected["qm"], expected["qm_p"]])
    same(result.weights, expected["weights"])
    if expected["total_tau2"] > 0:
        # a difference of two iterated numbers, in percent
        np.testing.assert_allclose(result.r2, expected["r2"], rtol=1e-6, atol=1e-6)
    else:
        assert math.isnan(result.r2)


@pytest.mark.parametrize(("pair", "method", "ci"), list(itertools.product(PAIRS, ESTIMATORS, CIS)), ids=str)
def test_predictions_and_interval_of_tau2(pair, method, ci):
    expected, entry = REFERENCE["regression"][pair[0]][pair[1]][method][ci], REFERENCE["inputs"][pair[0]]
    columns = entry["models"][pair[1]]
    rows = [0, len(entry["yi"]) - 1]
    at = {name: [values[row] for row in rows] for name, values in columns.items()}
    rules = {"normal" if ci == "wald" else "t": "prediction", "riley": "riley"}
    for rule, prefix in rules.items():
        result = regressed(*pair, tau2=method, ci=ci, prediction=rule)
        table = result.predict(at)
        same(table["estimate"], expected["predicted"])
        same(table["ci_low"], expected["predicted_low"])
        same(table["ci_high"], expected["predicted_high"])
        same(table["prediction_low"], expected[f"{prefix}_low"])
        same(table["prediction_high"], expected[f"{prefix}_high"])
    if ci == "wald":
        same([result.fit.tau2_ci_low, result.fit.tau2_ci_high], [expected["tau2_ci_low"], expected["tau2_ci_high"]])


@pytest.mark.parametrize("name", PERMUTED)
def test_exact_permutation(name):
    case = REFERENCE["permutation"][name]
    regression = meta_regression(case["yi"], case["vi"], case["moderators"], tau2=case["method"], ci=case["ci"])
    test = permutation_test(regression)
    assert test.is_exact
    # shares of a whole number of arrangements
    np.testing.assert_allclose(test.p, case["p"], atol=1e-12)
    np.testing.assert_allclose(test.omnibus_p, case["omnibus_p"], atol=1e-12)


def test_a_sample_of_permutations_is_near_the_exact_test():
    case = REFERENCE["permutation"]["seven"]
    regression = meta_regression(case["yi"], case["vi"], case["moderators"], tau2="DL")
    exact, sample = permutation_test(regression), permutation_test(regression, n=1000, seed=1)
    # 7 studies, two of them at the same latitude
    assert (exact.n, exact.is_exact, sample.n, sample.is_exact, sample.seed) == (2520, True, 1000, False, 1)
    assert sample.omnibus_p == pytest.approx(exact.omnibus_p, abs=4 * math.sqrt(0.25 / 1000))
    assert permutation_test(regression, n=1000, seed=1) == sample


@st.composite
def regressions(draw, least=5, most=12):
    k = draw(st.integers(least, most))
    number = st.floats(-3, 3).map(lambda value: round(value, 4))
    yi = np.array(draw(st.lists(number, min_size=k, max_size=k)))
    vi = np.array(draw(st.lists(st.floats(0.01, 2).map(lambda value: round(value, 4)), min_size=k, max_size=k)))
    x = np.array(draw(st.lists(st.integers(0, 20), min_size=k, max_size=k, unique=True)), float)
    return yi, vi, x


@given(regressions(), st.sampled_from(ESTIMATORS), st.floats(0.1, 50), st.floats(-1000, 1000))
@settings(deadline=None)
def test_units_of_a_moderator_do_not_matter(studies, method, factor, shift):
    yi, vi, x = studies
    first, second = (meta_regression(yi, vi, {"x": values}, tau2=method) for values in (x, factor * x + shift))
    assert math.isclose(first.tau2, second.tau2, rel_tol=1e-6, abs_tol=1e-8)
    np.testing.assert_allclose(second.coefficient("x")["estimate"] * factor, first.coefficient("x")["estimate"], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(second.omnibus.p, first.omnibus.p, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(second.line("x")["ci_high"], first.line("x")["ci_high"], rtol=1e-5, atol=1e-6)


@given(regressions(), st.sampled_from(ESTIMATORS))
@settings(deadline=None)
def test_effects_on_a_line_are_found(studies, method):
    _, vi, x = studies
    result = meta_regression(0.5 - 0.1 * x, vi, {"x": x}, tau2=method, ci="wald")
    np.testing.assert_allclose(result.to_frame()["estimate"], [0.5, -0.1], rtol=1e-8, atol=1e-9)
    assert result.residual.q < 1e-12
    if method != "SJ":  # which starts from the variance of the effects and is never 0
        assert result.tau2 == pytest.approx(0, abs=1e-12)


@given(regressions(), st.sampled_from(ESTIMATORS))
@settings(deadline=None)
def test_two_groups_are_their_own_means(studies, method):
    yi, vi, x = studies
    label = np.where(x > np.sort(x)[1], "b", "a")
    result = meta_regression(yi, vi, {"group": label}, tau2=method, ci="wald", reference={"group": "a"})
    for name in ("a", "b"):
        w = 1 / (vi[label == name] + result.tau2)
        mean = np.average(yi[label == name], weights=w)
        at = result.predict({"group": name})
        np.testing.assert_allclose([at["estimate"][0], at["se"][0]], [mean, w.sum() ** -0.5], rtol=1e-7, atol=1e-9)
    assert result.names == ("intercept", "group: b")


def test_a_perfect_fit_of_zeros_has_no_test():
    result = meta_regression(np.zeros(6), np.full(6, 0.1), {"x": range(6)}, ci="hk")
    assert math.isnan(result.omnibus.statistic)
    assert result.to_dict()["omnibus"]["p"] is None
    assert result.to_frame()["se"].tolist() == [0, 0]


def test_the_order_of_studies_does_not_matter():
    entry = REFERENCE["inputs"]["bcg"]
    yi, vi, columns = np.array(entry["yi"]), np.array(entry["vi"]), pd.DataFrame(entry["models"]["mixed"])
    order = np.random.default_rng(0).permutation(len(yi))
    first = meta_regression(yi, vi, columns, reference={"alloc": "random"})
    second = meta_regression(yi[order], vi[order], columns.iloc[order].reset_index(drop=True), reference={"alloc": "random"})
    for name in first.names:
        assert first.coefficient(name)["estimate"] == pytest.approx(second.coefficient(name)["estimate"], rel=1e-8)
    assert first.test("alloc").p == pytest.approx(second.test("alloc").p, rel=1e-8)
    assert first.test("alloc").df == 2


def test_without_moderators_that_matter_the_mean_is_the_pooled_one():
    yi, vi = np.array([-0.3, -0.5, -0.1, -0.3, -0.5, -0.1]), np.tile([0.04, 0.09, 0.02], 2)
    result = meta_regression(yi, vi, {"half": [0, 0, 0, 1, 1, 1]}, ci="wald", tau2="ML")
    assert result.coefficient("half")["estimate"] == pytest.approx(0, abs=1e-12)
    assert result.predict({"half": 0.5})["estimate"][0] == pytest.approx(pool(yi, vi, tau2="ML").estimate, rel=1e-9)


def test_what_a_bubble_plot_draws():
    result = regressed("bcg", "mixed", measure="RR")
    line = result.line("ablat", n=11)
    assert line["ablat"].iloc[[0, -1]].tolist() == [13, 55]
    assert set(line["alloc"]) == {"random"}
    slope = result.coefficient("ablat")["estimate"]
    assert np.diff(line["estimate"]) == pytest.approx(4.2 * slope)
    assert (line["prediction_low"] <= line["ci_low"]).all()
    assert "df" in line.attrs["prediction_rule"]
    assert result.weights.sum() == pytest.approx(100)


def test_numbers_are_ready_for_json_and_advice_is_given():
    result = regressed("bcg", "mixed", ci="wald", measure="RR")
    record = result.to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert [row["name"] for row in record["coefficients"]] == ["intercept", "ablat", "alloc: alternate", "alloc: systematic"]
    assert record["omnibus"]["df2"] is None
    assert any("13 studies for 2 moderators" in note for note in record["notes"])
    assert "Chi²" in str(result)
    assert "F = " in str(regressed("bcg", "ablat"))


@pytest.mark.parametrize(("moderators", "options", "message"), [
    ({"x": [1, 2, 3, 4], "z": [1, 0, 0, 1]}, {}, "4 studies are too few for 2 moderator columns; expected at least 5"),
    ({"x": [2, 2, 2, 2]}, {}, "moderator x is 2 in every study"),
    ({"x": [1, 2, 3]}, {}, "holds 3 values for 4 studies"),
    ({"x": [1, None, 3, 4]}, {}, "moderator x is missing for study 2"),
    ({"x": [1, np.nan, 3, 4]}, {}, "moderator x is missing for study 2"),
    ({"x": ["a", "b", "a", "b"]}, {"reference": {"x": "c"}}, "reference of x is 'c'; expected one of its levels, a, b"),
    ({}, {}, "without moderators"),
    ({"x": [1, 2, 3, 4]}, {"tau2": "XX"}, "expected one of REML"),
    ({"x": [1, 2, 3, 4]}, {"colour": 1}, "no option 'colour'"),
])
def test_what_is_refused(moderators, options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        meta_regression([0.1, 0.2, 0.4, 0.3], [0.1, 0.1, 0.2, 0.1], moderators, **options)


def test_collinear_moderators_are_named():
    yi, vi = np.linspace(0, 1, 8), np.full(8, 0.1)
    year = np.arange(2000, 2008)
    with pytest.raises(MetaAnalysisError, match=r"'age' is a combination of 'intercept', 'year'"):
        meta_regression(yi, vi, {"year": year, "age": 2030 - year})


@pytest.mark.parametrize(("call", "message"), [
    (lambda result: result.coefficient("x"), "no coefficient 'x'; expected one of intercept, ablat"),
    (lambda result: result.predict({"x": 1}), "no moderator 'x'"),
    (lambda result: result.predict({"alloc": "secret"}), "no level 'secret'"),
    (lambda result: result.predict({"ablat": [1, 2, 3], "alloc": ["random", "alternate"]}), "has 2 values where others have 3"),
    (lambda result: result.line("alloc"), "has the levels random, alternate, systematic and no line"),
])
def test_what_is_not_there(call, message):
    with pytest.raises(MetaAnalysisError, match=message):
        call(regressed("bcg", "mixed"))
