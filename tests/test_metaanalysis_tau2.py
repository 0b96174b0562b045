"""Intervals of tau2 and both kinds of I2: by R, by paper, by law; presets by R."""

import itertools
import json
import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from metaanalysis import MetaAnalysisError, ModelSettings, pool, pool_events
from metaanalysis.designs import Linear, Mean, studies_around
from metaanalysis.generalised_q import chance_below
from metaanalysis.models import CI_METHODS
from metaanalysis.presets import PRESETS, model_settings
from metaanalysis.tau2 import ESTIMATORS, INTERVALS, estimate_tau2, tau2_interval

FOLDER = Path(__file__).parent / "reference"
MODELS = json.loads((FOLDER / "metafor_models.json").read_text(encoding="utf-8"))["tau2_intervals"]
POOLED = json.loads((FOLDER / "metafor.json").read_text(encoding="utf-8"))
SETS = ("bcg", "raudenbush1985", "li2007", "collins1985b", "hine1989", "nielweise2007", "bcg_five", "bcg_two", "bcg_three")

# 1e-9 but for limits near 0, which uniroot finds to an absolute 1e-13 or so
RTOL, ATOL = 1e-9, 1e-12


def same(actual, expected, atol=ATOL):
    np.testing.assert_allclose(actual, expected, rtol=RTOL, atol=atol)


def studies_of(name):
    return np.array(MODELS[name]["yi"]), np.array(MODELS[name]["vi"])


def test_reference_covers_every_set():
    assert set(MODELS) == set(SETS)
    assert all(set(entry) == {"yi", "vi", "QP_i2", "PL_REML", "PL_ML", "BJ", "J"} for entry in MODELS.values())


@pytest.mark.parametrize("name", SETS)
def test_profile_likelihood_as_metafor(name):
    for method in ("REML", "ML"):
        same(tau2_interval(*studies_of(name), rule="PL", method=method), MODELS[name][f"PL_{method}"])


@pytest.mark.parametrize(("name", "rule"), list(itertools.product(SETS, ("BJ", "J"))))
def test_generalised_q_as_by_eigenvalues_and_integration(name, rule):
    # the integral in R is good to about 1e-10 in probability; hine1989's upper limits lie within 4e-5 of 0
    same(tau2_interval(*studies_of(name), rule=rule), MODELS[name][rule], atol=1e-11)


@pytest.mark.parametrize("name", SETS)
def test_i2_of_the_limits_of_tau2_as_metafor(name):
    spread = pool(*studies_of(name)).heterogeneity
    same([spread.i2_ci_low, spread.i2_ci_high], MODELS[name]["QP_i2"], atol=1e-8)


# Jackson, Turner, Rhodes and Viechtbauer 2014, BMC Med Res Methodol 14:103: data of examples 1 and 2, and the intervals that
# the text gives for tau2 with a covariate, by inverse variances, inverse standard errors and Q-profile, to four decimals
JACKSON_1 = (
    [0.0267, 0.8242, 0.3930, 2.4405, 2.1401, 1.2528, 2.4849, 0.3087, 1.4246, 0.1823, 1.1378, 1.2321, 2.0695, 4.0237, 1.4383, 1.6021],
    [0.1285, 0.0315, 0.0931, 2.0967, 1.0539, 0.1602, 1.0235, 0.0218, 0.5277, 0.0556, 0.3304, 0.1721, 0.4901, 2.0200, 0.3399, 0.1830],
    [0] * 10 + [1] * 6,
    {"BJ": (0.0029, 0.6907), "J": (0.0, 1.1245), "QP": (0.0023, 1.4871)},
)
JACKSON_2 = (
    [0.54, 0.4, 0.64, 0.365, 0.835, 0.02, 0.12, 0.085, 1.18, 0.08, 0.18, 0.325, 0.06, 0.715, 0.065, 0.245, 0.24, 0.06, 0.19],
    [0.0176, 0.019, 0.0906, 0.0861, 0.0063, 0.0126, 0.0126, 0.0041, 0.0759, 0.0126, 0.0104, 0.0242, 0.0026, 0.2629, 0.0169, 0.0156, 0.0481,
     0.0084, 0.0044],
    [1986, 1987, 1988, 1988, 1998, 1999, 2000, 2000, 2000, 2001, 2001, 2001, 2002, 2002, 2002, 2002, 2003, 2003, 2003],
    {"BJ": (0.0170, 0.1393), "J": (0.0180, 0.1375), "QP": (0.0178, 0.1564)},
)


@pytest.mark.parametrize("example", [JACKSON_1, JACKSON_2], ids=["example 1", "example 2"])
def test_intervals_with_a_covariate_as_printed(example):
    yi, vi, x, printed = example
    design = np.column_stack([np.ones(len(yi)), x])
    for rule, limits in printed.items():
        # searched there to 1e-4: by eigenvalues and integration the upper limit of example 1, "J", is 1.12456483808
        assert tau2_interval(np.array(yi), np.array(vi), rule=rule, design=design) == pytest.approx(limits, abs=1e-4)


@pytest.mark.parametrize("k", [2, 3, 5, 20, 300, 3000])
@pytest.mark.parametrize("p", [1e-5, 0.025, 0.5, 0.975, 1 - 1e-5])
def test_equal_variances_make_a_chi_squared(k, p):
    equal = studies_around(np.arange(float(k)), np.full(k, 0.3))
    assert chance_below(equal, np.ones(k), chi2.ppf(p, k - 1) * 0.5, 0.2) == pytest.approx(p, abs=1e-11)


numbers = st.floats(-3, 3).map(lambda value: round(value, 6))


@st.composite
def series(draw, least=3, most=10):
    k = draw(st.integers(least, most))
    yi = np.array(draw(st.lists(numbers, min_size=k, max_size=k)))
    return yi, np.array(draw(st.lists(st.floats(1e-3, 2).map(lambda value: round(value, 6)), min_size=k, max_size=k)))


@given(series(), st.sampled_from(["BJ", "J"]), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None, max_examples=40)
def test_generalised_limits_give_back_their_chances(studies, rule, level):
    yi, vi = studies
    weights = 1 / vi if rule == "BJ" else vi**-0.5
    q = np.sum(weights * (yi - np.average(yi, weights=weights)) ** 2)
    for limit, chance in zip(tau2_interval(yi, vi, level, rule=rule), ((1 + level) / 2, (1 - level) / 2), strict=True):
        if q > 1e-12:
            found = chance_below(studies_around(yi, vi), weights, q, limit)
            assert math.isclose(found, chance, rel_tol=1e-7) if limit > 0 else found <= chance + 1e-9


@given(series(), st.sampled_from(INTERVALS), st.floats(0.1, 10))
@settings(deadline=None, max_examples=40)
def test_intervals_scale_with_the_effects(studies, rule, factor):
    yi, vi = studies
    first, second = tau2_interval(yi, vi, rule=rule), tau2_interval(factor * yi, factor**2 * vi, rule=rule)
    np.testing.assert_allclose(np.array(first) * factor**2, second, rtol=1e-6, atol=1e-7 * factor**2)


@given(series(), st.sampled_from(["REML", "ML"]))
@settings(deadline=None, max_examples=40)
def test_the_profile_likelihood_interval_holds_its_estimate(studies, method):
    low, high = tau2_interval(*studies, rule="PL", method=method)
    assert low <= estimate_tau2(*studies, method) <= high


@given(series(), st.floats(0, 3))
@settings(deadline=None)
def test_a_mean_is_a_design_of_ones(studies, tau2):
    mean, line = Mean.of(*studies), Linear.of(*studies, np.ones((len(studies[0]), 1)))
    for name in ("ypy", "yppy", "ypppy", "trace_p", "trace_pp"):
        np.testing.assert_allclose(getattr(line.moments(tau2), name), getattr(mean.moments(tau2), name), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(line.ordinary(), mean.ordinary(), rtol=1e-9, atol=1e-9)
    for method in ESTIMATORS:
        assert math.isclose(estimate_tau2(*studies, method), estimate_tau2(*studies, method, design=np.ones((len(studies[0]), 1))), rel_tol=1e-6, abs_tol=1e-8)


@given(series())
@settings(deadline=None)
def test_both_kinds_of_i2(studies):
    spread = pool(*studies, tau2="DL").heterogeneity
    assert math.isclose(spread.i2, spread.i2_q, rel_tol=1e-6, abs_tol=1e-6)
    assert math.isclose(spread.h2, spread.h2_q, rel_tol=1e-8)
    assert spread.i2_q == pytest.approx(100 * max(0, 1 - spread.df / spread.q) if spread.q else 0, abs=1e-9)
    if math.isfinite(spread.i2_q_ci_low):
        assert 0 <= spread.i2_q_ci_low <= spread.i2_q + 1e-9 <= spread.i2_q_ci_high + 2e-9


def test_the_interval_of_i2_by_hand():
    # Q = 20, df = 10: ln H = ln(2) / 2, its standard error 0.34657 / (sqrt(40) - sqrt(19)) = 0.17631 (Higgins and Thompson 2002)
    vi = np.full(11, 1.0)
    yi = np.array([1, -1] * 5 + [0]) * math.sqrt(2)
    spread = pool(yi, vi).heterogeneity
    assert spread.q == pytest.approx(20)
    limits = [100 * (1 - math.exp(-2 * (math.log(2) / 2 + side * 1.959964 * 0.176310))) for side in (-1, 1)]
    assert [spread.i2_q_ci_low, spread.i2_q_ci_high] == pytest.approx(limits, abs=0.01)


@pytest.mark.parametrize(("options", "message"), [
    ({"tau2_ci": "XX"}, "interval of tau2 is 'XX'; expected one of QP, BJ, J, PL"),
    ({"tau2_ci": "PL", "tau2": "DL"}, "beside the estimator DL; it belongs to REML or ML"),
    ({"preset": "excel"}, "preset is 'excel'; expected one of revman, metafor, meta, iqwig, legacy-dl"),
    ({"subgroup_tau2": "none"}, "expected one of separate, common"),
])
def test_what_is_refused(options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.2], **options)
    with pytest.raises(MetaAnalysisError, match="The interval of tau2 is 'XX'"):
        tau2_interval(np.array([0.1, 0.2]), np.ones(2), rule="XX")


# what each preset means in metafor's words: estimator, interval, and the name of its prediction interval in the reference
IN_METAFOR = {
    "revman": ("REML", "hk", "prediction_t"),
    "metafor": ("REML", "wald", "prediction"),
    "meta": ("REML", "wald", "prediction_t"),
    "legacy-dl": ("DL", "wald", "prediction_riley"),
}


@pytest.mark.parametrize(("preset", "name"), list(itertools.product(IN_METAFOR, POOLED["inputs"])))
def test_presets_as_metafor_with_their_options(preset, name):
    method, ci, prediction = IN_METAFOR[preset]
    entry, expected = POOLED["inputs"][name], POOLED["random"][name][method][ci]
    result = pool(entry["yi"], entry["vi"], preset=preset)
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high"):
        same(getattr(result.random, quantity), expected[quantity])
    if result.k >= 3:
        same([result.prediction_low, result.prediction_high], [expected[f"{prediction}_low"], expected[f"{prediction}_high"]])
    if PRESETS[preset].i2 == "i2":
        same(result.heterogeneity.i2, expected["i2"])
    else:
        same(result.heterogeneity.i2_q, 100 * max(0, 1 - result.heterogeneity.df / expected["q"]) if expected["q"] else 0)


def test_the_floor_of_iqwig_acts_where_the_interval_is_narrower_than_that_of_der_simonian_and_laird():
    acted = set()
    for name, entry in POOLED["inputs"].items():
        by_ci, usual = POOLED["random"][name]["PM"], POOLED["random"][name]["DL"]["wald"]
        is_narrower = by_ci["hk"]["ci_high"] - by_ci["hk"]["ci_low"] < usual["ci_high"] - usual["ci_low"]
        result = pool(entry["yi"], entry["vi"], preset="iqwig").random
        expected = by_ci["hk-adhoc" if is_narrower else "hk"]
        same([result.ci_low, result.ci_high], [expected["ci_low"], expected["ci_high"]])
        acted.add((result.floored, is_narrower))
    assert acted == {(True, True), (False, False)}


@given(series(), st.sampled_from(ESTIMATORS))
@settings(deadline=None)
def test_the_floor_of_iqwig_lies_between(studies, method):
    widths = {ci: pool(*studies, ci=ci, tau2=method).random for ci in CI_METHODS}
    assert widths["hk"].se - 1e-15 <= widths["hk-iqwig"].se <= widths["hk-adhoc"].se + 1e-15


def test_options_go_before_a_preset():
    assert model_settings("legacy-dl", ci="hk", level=0.9) == replace(PRESETS["legacy-dl"].settings, ci="hk", level=0.9)
    assert model_settings() == model_settings(None, tau2=None) == ModelSettings()
    events = pool_events([4, 6, 3], [123, 306, 80], [11, 29, 9], [139, 303, 80], preset="revman", tau2="DL")
    assert events.settings == replace(PRESETS["revman"].settings, tau2="DL")


def test_presets_tell_their_source():
    assert set(PRESETS) == {"revman", "metafor", "meta", "iqwig", "legacy-dl"}
    assert all(len(preset.source) > 40 and preset.i2 in ("i2", "i2_q") for preset in PRESETS.values())


def test_rounding_raises_no_note():
    pooled = [pool([0.1, 0.9, -0.4, 0.3], [0.04, 0.02, 0.05, 0.03], tau2="PM", ci=ci) for ci in ("hk", "hk-adhoc", "hk-iqwig")]
    assert [result.random.scale for result in pooled] == pytest.approx([1, 1, 1], rel=1e-9)
    assert not [note for result in pooled for note in result.notes if "variance factor" in note]


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_a_variance_beside_which_another_is_lost_in_rounding_gives_an_estimate(method):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert estimate_tau2([0.0, -0.2], [0.25, 4294967295.0**2], method) >= 0
