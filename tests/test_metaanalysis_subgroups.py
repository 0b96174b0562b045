"""Subgroups of a common tau2 by R; within-trial and across-trial evidence by law."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, pool, pool_events
from metaanalysis.regression.interactions import subgroup_contrasts
from metaanalysis.tau2 import ESTIMATORS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor_models.json").read_text(encoding="utf-8"))
GROUPED = ("bcg", "pignon2000", "raudenbush1985", "hackshaw1998")
CIS = ("wald", "hk", "hk-adhoc")
GRID = list(itertools.product(GROUPED, ESTIMATORS, CIS))

# as for meta-regression, which it is
RTOL, ATOL = 1e-7, 1e-10


def same(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=RTOL, atol=ATOL)


def test_reference_covers_every_combination():
    assert {(name, method, ci) for name, methods in REFERENCE["common"].items() for method, cis in methods.items() for ci in cis} == set(GRID)
    assert set(REFERENCE["groups"]) == set(GROUPED)


@pytest.mark.parametrize(("name", "method", "ci"), GRID)
def test_common_tau2(name, method, ci):
    entry, expected = REFERENCE["inputs"][name], REFERENCE["common"][name][method][ci]
    result = pool(entry["yi"], entry["vi"], subgroup=REFERENCE["groups"][name], tau2=method, ci=ci, subgroup_tau2="common")
    assert [group.name for group in result.subgroups] == expected["names"]
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p"):
        same([getattr(group.random, quantity) for group in result.subgroups], expected[quantity])
    for group in result.subgroups:
        same([group.random.tau2, group.random.tau2_ci_low, group.random.tau2_ci_high], [expected[key] for key in ("tau2", "tau2_ci_low", "tau2_ci_high")])
        assert group.tau2 == group.to_dict()["tau2"] == "common"
        assert math.isclose(group.random.weights.sum(), 100)
    test = result.subgroup_test["random"]
    df = len(result.subgroups) - 1
    statistic = test.q if ci == "wald" else test.q / df
    same([statistic, test.p], [expected["qm"], expected["qm_p"]])
    assert math.isnan(test.df2) if ci == "wald" else test.df2 == result.k - df - 1
    assert result.to_dict()["subgroup_test"]["random"]["tau2"] == "common"


def test_the_total_and_the_fixed_effect_do_not_mind_the_kind_of_tau2():
    entry = REFERENCE["inputs"]["bcg"]
    separate, common = (pool(entry["yi"], entry["vi"], subgroup=REFERENCE["groups"]["bcg"], subgroup_tau2=kind) for kind in ("separate", "common"))
    assert separate.random.to_dict() == common.random.to_dict()
    assert separate.subgroup_test["fixed"] == common.subgroup_test["fixed"]
    assert {group.tau2 for group in separate.subgroups} == {"separate"}
    assert [group.fixed.estimate for group in separate.subgroups] == [group.fixed.estimate for group in common.subgroups]


def test_which_tau2_subgroups_have_is_told():
    yi, vi, labels = np.linspace(-1, 1, 10), np.linspace(0.02, 0.2, 10), ["many"] * 7 + ["few"] * 3
    separate, common = (pool(yi, vi, subgroup=labels, subgroup_tau2=kind).notes for kind in ("separate", "common"))
    assert any("with fewer than 5 studies (few)" in note for note in separate)
    assert any("share one Tau²" in note for note in common)
    assert not any("Tau²" in note for note in pool(yi, vi, subgroup=["a", "b"] * 5).notes)


def test_a_subgroup_of_one_borrows_the_common_tau2():
    options = {"subgroup": ["a", "a", "a", "b"], "ci": "wald"}
    separate, common = (pool([-0.8, -0.1, 0.4, -0.3], [0.04, 0.05, 0.03, 0.02], subgroup_tau2=kind, **options) for kind in ("separate", "common"))
    alone, borrowed = separate.subgroups[1].random, common.subgroups[1].random
    assert alone.se == pytest.approx(0.02**0.5)
    assert borrowed.se == pytest.approx((0.02 + borrowed.tau2) ** 0.5)
    assert math.isnan(borrowed.prediction_low)
    assert math.isfinite(common.subgroups[0].random.prediction_low)
    assert "common tau2" in common.subgroups[0].random.prediction_rule


def test_events_may_share_a_tau2():
    pooled = pool_events([4, 6, 3, 9], [60, 70, 80, 60], [11, 29, 9, 12], [60, 70, 80, 60], subgroup=["x", "x", "y", "y"], subgroup_tau2="common")
    assert len({group.random.tau2 for group in pooled.subgroups}) == 1


@pytest.mark.parametrize(("subgroup", "options", "message"), [
    (["a", "b", "c"], {}, "3 subgroups hold 3 studies; a common tau2 needs a subgroup of at least 2"),
    (["a", "a", "b"], {"measure": ["HR", "RR", "HR"]}, "a common tau2 needs one measure"),
])
def test_what_no_common_tau2_can_do(subgroup, options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.2], subgroup=subgroup, subgroup_tau2="common", **options)


effects = st.floats(-2, 2).map(lambda value: round(value, 4))
variances = st.floats(0.01, 1).map(lambda value: round(value, 4))


@st.composite
def two_level_trials(draw):
    """Trials that hold both levels, or one of them; at least two with both, and one with one."""
    kinds = ["both", "both", draw(st.sampled_from("ab")), *draw(st.lists(st.sampled_from(["both", "a", "b"]), max_size=6))]
    rows = [(f"trial {number}", level) for number, kind in enumerate(kinds) for level in ("ab" if kind == "both" else kind)]
    yi = draw(st.lists(effects, min_size=len(rows), max_size=len(rows)))
    vi = draw(st.lists(variances, min_size=len(rows), max_size=len(rows)))
    return np.array(yi), np.array(vi), [row[0] for row in rows], [row[1] for row in rows]


@given(two_level_trials())
@settings(deadline=None)
def test_the_usual_comparison_is_a_mixture_of_both_kinds_of_evidence(rows):
    yi, vi, study, level = rows
    contrast = subgroup_contrasts(yi, vi, study=study, subgroup=level, reference="a").contrasts[0]
    groups = {group.name: group.fixed for group in pool(yi, vi, subgroup=level).subgroups}
    naive, variance = groups["b"].estimate - groups["a"].estimate, groups["a"].se ** 2 + groups["b"].se ** 2
    within, across = contrast.within.fixed, contrast.across.fixed
    information = np.array([within.se**-2, across["se"] ** -2])
    assert math.isclose(information.sum(), 1 / variance, rel_tol=1e-6)
    assert math.isclose(information.dot([within.estimate, across["estimate"]]) / information.sum(), naive, rel_tol=1e-6, abs_tol=1e-6)


@given(two_level_trials(), st.floats(-5, 5))
@settings(deadline=None)
def test_within_trial_evidence_does_not_mind_the_trials(rows, shift):
    yi, vi, study, level = rows
    moved = yi + np.array([shift * int(name.split()[1]) for name in study])
    first, second = (subgroup_contrasts(values, vi, study=study, subgroup=level, reference="a") for values in (yi, moved))
    assert math.isclose(first.contrasts[0].within.estimate, second.contrasts[0].within.estimate, rel_tol=1e-7, abs_tol=1e-7)
    assert math.isclose(first.p, second.p, rel_tol=1e-6, abs_tol=1e-9)


@given(two_level_trials())
@settings(deadline=None)
def test_floating_effects_keep_the_differences_and_the_mean(rows):
    yi, vi, study, level = rows
    comparison = subgroup_contrasts(yi, vi, study=study, subgroup=level, reference="a")
    first, second = comparison.floating
    within = comparison.contrasts[0].within.fixed
    assert math.isclose(second.estimate - first.estimate, within.estimate, rel_tol=1e-8, abs_tol=1e-8)
    assert math.isclose(comparison.q, (within.estimate / within.se) ** 2, rel_tol=1e-6, abs_tol=1e-9)
    share = np.array([np.sum((1 / vi)[np.array(level) == name]) for name in "ab"])
    assert math.isclose(share.dot([first.estimate, second.estimate]) / share.sum(), np.average(yi, weights=1 / vi), rel_tol=1e-8, abs_tol=1e-8)


def test_a_single_trial_floats_where_it_is():
    yi, vi = np.array([-0.5, -0.1, 0.2]), np.array([0.04, 0.09, 0.02])
    comparison = subgroup_contrasts(yi, vi, study=["A"] * 3, subgroup=["x", "y", "z"])
    assert [effect.estimate for effect in comparison.floating] == pytest.approx(yi)
    assert [effect.se for effect in comparison.floating] == pytest.approx(np.sqrt(vi))


def test_three_levels_are_as_a_regression_with_an_effect_of_each_trial():
    generator = np.random.default_rng(3)
    rows = [(trial, level) for trial in range(5) for level in range(3) if (trial, level) not in {(0, 2), (3, 0)}]
    yi, vi = generator.normal(0, 0.5, len(rows)), generator.uniform(0.02, 0.3, len(rows))
    comparison = subgroup_contrasts(yi, vi, study=[f"T{trial}" for trial, _ in rows], subgroup=["xyz"[level] for _, level in rows], reference="x")
    design = np.array([[*(trial == number for number in range(5)), level == 1, level == 2] for trial, level in rows], float)
    information = design.T @ (design / vi[:, None])
    expected = np.linalg.solve(information, design.T @ (yi / vi))[5:]
    covariance = np.linalg.inv(information)[5:, 5:]
    floating = np.array([effect.estimate for effect in comparison.floating])
    np.testing.assert_allclose(floating[1:] - floating[0], expected, rtol=1e-9)
    assert comparison.q == pytest.approx(expected @ np.linalg.solve(covariance, expected))
    assert comparison.df == 2


def test_reported_interactions_join():
    rows = {"study": ["A", "A", "B"], "subgroup": ["x", "y", "x"]}
    alone = subgroup_contrasts([-0.5, -0.1, -0.3], [0.04, 0.05, 0.06], **rows)
    joined = subgroup_contrasts([-0.5, -0.1, -0.3], [0.04, 0.05, 0.06], reported=[{"study": "C", "level": "y", "yi": 0.2, "vi": 0.1}], **rows)
    assert (alone.contrasts[0].within.k, joined.contrasts[0].within.k) == (1, 2)
    assert joined.contrasts[0].within.study == ("A", "C")
    assert joined.contrasts[0].within.fixed.estimate == pytest.approx((0.4 / 0.09 + 0.2 / 0.1) / (1 / 0.09 + 1 / 0.1))
    assert joined.contrasts[0].across == alone.contrasts[0].across
    difference = joined.floating[1].estimate - joined.floating[0].estimate
    assert difference == pytest.approx(joined.contrasts[0].within.fixed.estimate)


def test_evidence_is_labelled_and_within_comes_first():
    record = subgroup_contrasts([-0.5, -0.1, -0.3, 0.1], [0.04, 0.05, 0.06, 0.03], study=["A", "A", "B", "C"], subgroup=["x", "y", "x", "y"], measure="HR").to_dict()
    assert list(record["contrasts"][0]) == ["level", "reference", "within", "across"]
    assert record["contrasts"][0]["within"]["evidence"] == "within-trial"
    assert record["contrasts"][0]["across"]["evidence"] == "across-trial"
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_pooling_compares_within_trials_where_trials_hold_several_subgroups():
    yi, vi, study = [-0.5, -0.1, -0.3, 0.2, 0.1], [0.04, 0.05, 0.06, 0.03, 0.05], ["A", "A", "B", "B", "C"]
    subgroup = ["x", "y", "x", "y", "y"]
    pooled = pool(yi, vi, study=study, subgroup=subgroup, measure="HR", ci="wald")
    assert pooled.to_dict()["subgroup_contrasts"] == subgroup_contrasts(yi, vi, study=study, subgroup=subgroup, measure="HR", ci="wald").to_dict()
    assert any("within trials come first" in note for note in pooled.notes)
    for other in (["A", "B", "C", "D", "E"], ["A", "A", "B", "C", "D"], None):
        assert pool(yi, vi, study=other, subgroup=subgroup).to_dict()["subgroup_contrasts"] is None
    assert pool(yi, vi, study=["A", "A", "B", "B", "A"], subgroup=subgroup).subgroup_contrasts is None


def test_trials_of_single_levels_have_across_trial_evidence_only():
    comparison = subgroup_contrasts([-0.5, -0.1, -0.3], [0.04, 0.05, 0.06], study=["A", "B", "C"], subgroup=["x", "y", "x"])
    assert comparison.contrasts[0].within is None
    assert comparison.contrasts[0].across.k == 3
    assert comparison.floating == ()
    assert comparison.to_dict()["within_test"]["q"] is None


def test_trials_alike_have_within_trial_evidence_only():
    comparison = subgroup_contrasts([-0.5, -0.1, -0.3, 0.2], [0.04] * 4, study=["A", "A", "B", "B"], subgroup=["x", "y"] * 2)
    assert comparison.contrasts[0].across is None
    assert comparison.contrasts[0].within.k == 2


@pytest.mark.parametrize(("change", "message"), [
    ({"subgroup": ["x", "x", "x"]}, "All rows are of the subgroup 'x'"),
    ({"subgroup": ["x", "y"]}, "subgroup holds 2 values for 3 rows"),
    ({"reference": "z"}, "reference is 'z'; expected one of x, y"),
    ({"study": ["A", "A", "A"]}, "A has two rows of the subgroup 'x'"),
    ({"reported": [{"study": "D", "level": "z", "yi": 0.1, "vi": 0.1}]}, "interaction of D is of the level 'z'; expected one of y, each against x"),
    ({"reported": [{"study": "D", "level": "y", "yi": 0.1, "vi": 0}]}, "interaction of D has yi = 0.1 and vi = 0"),
])
def test_what_is_refused(change, message):
    given_values = {"study": ["A", "A", "B"], "subgroup": ["x", "y", "x"]} | change
    with pytest.raises(MetaAnalysisError, match=message):
        subgroup_contrasts([0.1, 0.2, 0.4], [0.1, 0.1, 0.2], **given_values)
