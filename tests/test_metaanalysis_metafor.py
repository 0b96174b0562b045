"""By R: every estimator, interval and data set against metafor; `tests/reference/metafor.R` makes the numbers."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import metaanalysis
from metaanalysis import ModelSettings
from metaanalysis.robustness.filling import trim_fill
from metaanalysis.robustness.refits import leave_one_out
from metaanalysis.robustness.small_studies import egger
from metaanalysis.tau2 import ESTIMATORS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor.json").read_text(encoding="utf-8"))
SETS = {
    "bcg": 13, "hine1989": 6, "collins1985b": 9, "li2007": 22, "pignon2000": 65, "raudenbush1985": 19,
    "bcg_two": 2, "bcg_three": 3,
}
CIS = ("wald", "hk", "hk-adhoc")
GROUPED = ("bcg", "pignon2000", "raudenbush1985")
TABLES = ("bcg", "hine1989", "collins1985b", "yusuf1985", "zero_cells")
SMALL_STUDY = ("bcg", "li2007", "raudenbush1985", "pignon2000")

# Both sides solve to machine precision; metafor's root search for the Q-profile limits ends at about 1e-10.
RTOL, ATOL = 1e-9, 1e-12


def same(actual, expected, rtol=RTOL):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=ATOL)


def pooled(name, **options):
    entry = REFERENCE["inputs"][name]
    return metaanalysis.pool(entry["yi"], entry["vi"], **options)


def test_reference_covers_every_combination():
    assert {name: len(entry["yi"]) for name, entry in REFERENCE["inputs"].items()} == SETS
    grid = {(name, method, ci) for name, methods in REFERENCE["random"].items() for method, cis in methods.items() for ci in cis}
    assert grid == set(itertools.product(SETS, ESTIMATORS, CIS))
    grouped = {(name, method, ci) for name, methods in REFERENCE["subgroups"].items() for method, cis in methods.items() for ci in cis}
    assert grouped == set(itertools.product(GROUPED, ESTIMATORS, CIS))
    assert set(REFERENCE["fixed"]) == set(SETS)
    assert set(REFERENCE["events"]) == set(TABLES)
    assert set(REFERENCE["small_study"]) == set(SMALL_STUDY)
    assert set(REFERENCE["versions"]) == {"R", "metafor", "metadat"}


@pytest.mark.parametrize("name", SETS)
def test_fixed_effect(name):
    fixed, expected = pooled(name).fixed, REFERENCE["fixed"][name]
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p", "weights"):
        same(getattr(fixed, quantity), expected[quantity])


@pytest.mark.parametrize(("name", "method", "ci"), list(itertools.product(SETS, ESTIMATORS, CIS)))
def test_random_effects(name, method, ci):
    result, expected = pooled(name, tau2=method, ci=ci), REFERENCE["random"][name][method][ci]
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p", "weights", "tau2"):
        same(getattr(result.random, quantity), expected[quantity])
    same([result.random.tau2_ci_low, result.random.tau2_ci_high], [expected["tau2_ci_low"], expected["tau2_ci_high"]])
    same([result.q, result.heterogeneity.p, result.i2, result.heterogeneity.h2], [expected[name] for name in ("q", "q_p", "i2", "h2")])


@pytest.mark.parametrize(("name", "method", "ci"), list(itertools.product(SETS, ESTIMATORS, CIS)))
def test_prediction_interval(name, method, ci):
    expected = REFERENCE["random"][name][method][ci]
    default = "normal" if ci == "wald" else "t"
    for rule, prefix in (("t", "prediction_t"), ("riley", "prediction_riley"), (default, "prediction")):
        result = pooled(name, tau2=method, ci=ci, prediction=rule)
        if result.k < 3:
            assert np.isnan(result.prediction_low)
            assert np.isnan(result.prediction_high)
        else:
            same([result.prediction_low, result.prediction_high], [expected[f"{prefix}_low"], expected[f"{prefix}_high"]])


@pytest.mark.parametrize(("name", "method", "ci"), list(itertools.product(GROUPED, ESTIMATORS, CIS)))
def test_subgroups(name, method, ci):
    result = pooled(name, subgroup=REFERENCE["inputs"][name]["group"], tau2=method, ci=ci)
    expected = REFERENCE["subgroups"][name][method][ci]
    assert [group.name for group in result.subgroups] == expected["names"]
    same([group.random.estimate for group in result.subgroups], expected["estimates"])
    same([group.random.tau2 for group in result.subgroups], expected["tau2"])
    test = result.subgroup_test
    same([test["random"].q, test["random"].df, test["random"].p], [expected["q"], expected["df"], expected["p"]], rtol=1e-8)
    fixed = REFERENCE["subgroups_fixed"][name]
    same([group.fixed.estimate for group in result.subgroups], fixed["estimates"])
    same([test["fixed"].q, test["fixed"].p], [fixed["q"], fixed["p"]], rtol=1e-8)


@pytest.mark.parametrize("name", REFERENCE["leave_one_out"])
def test_leave_one_out(name):
    entry, expected = REFERENCE["inputs"][name], REFERENCE["leave_one_out"][name]
    yi, vi = np.array(entry["yi"]), np.array(entry["vi"])
    results = leave_one_out(yi, vi, [str(row) for row in range(len(yi))], ModelSettings(ci="hk"))
    for quantity in ("estimate", "se", "tau2"):
        same([getattr(result, quantity) for result in results], expected[quantity])


@pytest.mark.parametrize("name", SMALL_STUDY)
def test_small_study_effects(name):
    entry, expected = REFERENCE["inputs"][name], REFERENCE["small_study"][name]
    yi, vi = np.array(entry["yi"]), np.array(entry["vi"])
    line = egger(yi, vi)
    same([line.t, line.df, line.p], [expected["egger"][quantity] for quantity in ("t", "df", "p")])
    filled = trim_fill(yi, vi, ModelSettings(ci="wald"))
    assert (filled.side, filled.k0) == (expected["trim_fill"]["side"], expected["trim_fill"]["k0"])
    # metafor mirrors the trimmed studies around an estimate that it iterates to 1e-5 in tau2 only
    same([filled.estimate, filled.se], [expected["trim_fill"]["estimate"], expected["trim_fill"]["se"]], rtol=1e-6)


def pooled_events(name, **options):
    entry = REFERENCE["events"][name]
    columns = ("events_1", "n_1", "events_2", "n_2")
    return metaanalysis.pool_events(*([row[column] for row in entry["counts"]] for column in columns), **options)


@pytest.mark.parametrize(("name", "measure"), list(itertools.product(TABLES, ("RR", "OR", "RD"))))
def test_mantel_haenszel_and_single_tables(name, measure):
    expected = REFERENCE["events"][name][measure]
    result = pooled_events(name, measure=measure, fixed="mh")
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p"):
        same(getattr(result.fixed, quantity), expected["mh"][quantity])
    counts = REFERENCE["events"][name]["counts"]
    told = [measure == "RD" or 0 < row["events_1"] + row["events_2"] < row["n_1"] + row["n_2"] for row in counts]
    assert len(result.excluded) == told.count(False)
    same(result.yi, np.array(expected["yi"])[told])
    same(result.vi, np.array(expected["vi"])[told])


@pytest.mark.parametrize("name", TABLES)
def test_peto(name):
    fixed, expected = pooled_events(name, measure="OR", fixed="peto").fixed, REFERENCE["events"][name]["peto"]
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p"):
        same(getattr(fixed, quantity), expected[quantity])
