"""By R: robustness analyses against metafor; `tests/reference/metafor_robustness.R` makes the numbers."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import metaanalysis
from metaanalysis.models import ModelSettings
from metaanalysis.robustness.filling import trim_fill
from metaanalysis.robustness.influence import influence_diagnostics
from metaanalysis.robustness.odds_asymmetry import harbord, peters
from metaanalysis.robustness.refits import cumulative, leave_one_out
from metaanalysis.robustness.small_studies import begg, egger, egger_mixed
from metaanalysis.robustness.subsets import gosh

HERE = Path(__file__).parent / "reference"
INPUTS = json.loads((HERE / "metafor.json").read_text(encoding="utf-8"))
REFERENCE = json.loads((HERE / "metafor_robustness.json").read_text(encoding="utf-8"))
SETS = {"bcg": 13, "hine1989": 6, "collins1985b": 9, "li2007": 22, "pignon2000": 65, "raudenbush1985": 19, "bcg_three": 3}
LARGE = ("bcg", "li2007", "pignon2000", "raudenbush1985")
TABLES = ("bcg", "hine1989", "collins1985b", "yusuf1985", "zero_cells")
SUBSETS = ("bcg_three", "hine1989", "collins1985b")
MODELS = [(method, ci) for method in ("REML", "DL") for ci in ("wald", "hk", "hk-adhoc")] + [("fixed", "wald")]
OF_METAFOR = {
    "rstudent": "rstudent", "dffits": "dffits", "cook": "cook.d", "cov_ratio": "cov.r", "tau2_deleted": "tau2.del",
    "q_deleted": "QE.del", "hat": "hat", "weight": "weight", "dfbetas": "dfbs", "baujat_x": "baujat_x", "baujat_y": "baujat_y",
}
REFITS = {"estimate": "estimate", "se": "se", "p": "pval", "ci_low": "ci.lb", "ci_high": "ci.ub", "q": "Q", "q_p": "Qp", "i2": "I2"}

# The numbers are written with 12 digits; differences of nearly equal estimates lose some of them.
RTOL, ATOL = 1e-8, 1e-10


def same(actual, expected, rtol=RTOL, atol=ATOL):
    np.testing.assert_allclose(np.array(actual, float), np.array(expected, float), rtol=rtol, atol=atol)


def case(name, method, ci):
    """The pooled studies, the model and what metafor says of it."""
    entry = INPUTS["inputs"][name]
    if method == "fixed":
        return metaanalysis.pool(entry["yi"], entry["vi"]), "fixed", REFERENCE["refits"][name]["fixed"]
    return metaanalysis.pool(entry["yi"], entry["vi"], tau2=method, ci=ci), "random", REFERENCE["refits"][name]["random"][method][ci]


CASES = [(name, method, ci) for name in SETS for method, ci in MODELS]


def test_reference_covers_every_combination():
    assert set(REFERENCE["refits"]) == set(SETS)
    for name, k in SETS.items():
        entry = REFERENCE["refits"][name]
        fits = [entry["random"][method][ci] for method, ci in itertools.product(("REML", "DL"), ("wald", "hk", "hk-adhoc"))] + [entry["fixed"]]
        for fit in fits:
            assert {len(fit["influence"][theirs]) for theirs in (*OF_METAFOR.values(), "flagged")} == {k}
            assert {len(fit[table][theirs]) for table in ("leave_one_out", "cumulative") for theirs in REFITS.values()} == {k}
    mixed = {(name, method, ci) for name, methods in REFERENCE["egger_mixed"].items() for method, cis in methods.items() for ci in cis}
    assert mixed == set(itertools.product(LARGE, ("REML", "DL"), ("wald", "hk", "hk-adhoc")))
    assert set(REFERENCE["trim_fill"]) == set(REFERENCE["egger"]) == set(REFERENCE["begg"]) == set(LARGE)
    assert set(REFERENCE["counts"]) == set(TABLES)
    assert {(name, method) for name, methods in REFERENCE["gosh"].items() for method in methods} == set(itertools.product(SUBSETS, ("FE", "REML", "DL")))
    assert set(REFERENCE["versions"]) == {"R", "metafor"}


@pytest.mark.parametrize(("name", "method", "ci"), CASES)
def test_influence(name, method, ci):
    pooled, model, expected = case(name, method, ci)
    result = influence_diagnostics(pooled, model=model)
    for ours, theirs in OF_METAFOR.items():
        same(getattr(result, ours), expected["influence"][theirs])
    assert result.is_influential.tolist() == expected["influence"]["flagged"]


@pytest.mark.parametrize(("name", "method", "ci"), CASES)
def test_leave_one_out(name, method, ci):
    pooled, model, expected = case(name, method, ci)
    results = leave_one_out(pooled.yi, pooled.vi, pooled.study, pooled.settings, model=model)
    for ours, theirs in REFITS.items():
        same([getattr(result, ours) for result in results], expected["leave_one_out"][theirs])


@pytest.mark.parametrize(("name", "method", "ci"), CASES)
def test_cumulative(name, method, ci):
    pooled, model, expected = case(name, method, ci)
    steps = cumulative(pooled, by=pooled.vi, model=model).steps
    assert [step.k for step in steps] == list(range(1, pooled.k + 1))
    for ours, theirs in REFITS.items():
        # a single study has no heterogeneity here, and 0 there
        first = 1 if ours in ("q", "q_p", "i2") else 0
        same([getattr(step, ours) for step in steps[first:]], expected["cumulative"][theirs][first:])


@pytest.mark.parametrize(("name", "estimator", "side"), list(itertools.product(LARGE, ("L0", "R0"), ("left", "right"))))
def test_trim_fill(name, estimator, side):
    entry, expected = INPUTS["inputs"][name], REFERENCE["trim_fill"][name][estimator][side]
    result = trim_fill(np.array(entry["yi"]), np.array(entry["vi"]), ModelSettings(tau2="DL", ci="wald"), side=side, estimator=estimator)
    assert result.k0 == expected["k0"]
    same([result.estimate, result.se], [expected["estimate"], expected["se"]])
    same(sorted(result.filled_yi), np.atleast_1d(expected["filled_yi"]))
    same(sorted(result.filled_vi), np.atleast_1d(expected["filled_vi"]))


@pytest.mark.parametrize("name", LARGE)
def test_egger_and_begg(name):
    entry = INPUTS["inputs"][name]
    yi, vi = np.array(entry["yi"]), np.array(entry["vi"])
    line, ranks = egger(yi, vi), begg(yi, vi)
    same([line.t, line.df, line.p], [REFERENCE["egger"][name][quantity] for quantity in ("t", "df", "p")])
    same([ranks.tau, ranks.p], [REFERENCE["begg"][name][quantity] for quantity in ("tau", "p")])


@pytest.mark.parametrize(("name", "method", "ci"), list(itertools.product(LARGE, ("REML", "DL"), ("wald", "hk", "hk-adhoc"))))
def test_egger_mixed(name, method, ci):
    entry, expected = INPUTS["inputs"][name], REFERENCE["egger_mixed"][name][method][ci]
    result = egger_mixed(np.array(entry["yi"]), np.array(entry["vi"]), ModelSettings(tau2=method, ci=ci))
    same([result.bias, result.se, result.t, result.p], [expected[quantity] for quantity in ("bias", "se", "t", "p")])
    assert np.isnan(result.df) if ci == "wald" else result.df == len(entry["yi"]) - 2


@pytest.mark.parametrize("name", TABLES)
def test_harbord_and_peters(name):
    columns = ("events_1", "n_1", "events_2", "n_2")
    counts = [[row[column] for row in INPUTS["events"][name]["counts"]] for column in columns]
    for test in (harbord, peters):
        result, expected = test(*counts, minimum=3), REFERENCE["counts"][name]
        assert result.k == expected["k"]
        same([result.t, result.df, result.p], [expected[test.__name__][quantity] for quantity in ("t", "df", "p")])


@pytest.mark.parametrize(("name", "method"), list(itertools.product(SUBSETS, ("FE", "REML", "DL"))))
def test_gosh(name, method):
    entry, expected = INPUTS["inputs"][name], REFERENCE["gosh"][name][method]
    pooled = metaanalysis.pool(entry["yi"], entry["vi"], tau2="REML" if method == "FE" else method)
    result = gosh(pooled, model="fixed" if method == "FE" else "random")
    code = result.members @ 2 ** np.arange(pooled.k)
    place = {number: row for row, number in enumerate(expected["code"])}
    assert len(place) == len(code) == 2**pooled.k - pooled.k - 1
    order = [place[number] for number in code]
    for ours, theirs in (("estimate", "estimate"), ("tau2", "tau2"), ("i2", "I2")):
        same(getattr(result, ours), np.array(expected[theirs])[order])
