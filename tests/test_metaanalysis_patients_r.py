"""By R: patients of many trials against the package survival; `tests/reference/patients.R` makes the numbers."""

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metaanalysis.patients.data import Patients
from metaanalysis.patients.landmarks import pool_landmark
from metaanalysis.patients.one_stage import _fit, _Trials, one_stage
from metaanalysis.patients.proportional_hazards import proportional_hazards
from metaanalysis.patients.restricted_mean import common_horizon, pool_restricted_means
from metaanalysis.patients.risk_sets import EventRows, cox
from metaanalysis.patients.two_stage import two_stage
from metaanalysis.patients.windows import event_thirds, hazard_ratios_by_window

REFERENCE = json.loads((Path(__file__).parent / "reference" / "patients.json").read_text(encoding="utf-8"))
SETS = {found["name"]: found for found in REFERENCE["sets"]}
TRIALS = {"veteran": 4, "colon": 4, "simulated": 8, "homogeneous": 5, "tied": 6}
ESTIMATED = ("veteran", "simulated", "tied")
# Both sides iterate to machine precision.
CLOSED = 1e-9
every_set = pytest.mark.parametrize("name", TRIALS)


def patients(name):
    return Patients.of(pd.DataFrame(SETS[name]["patients"]))


def same(actual, expected, tolerance=CLOSED):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def test_reference_is_whole():
    assert {name: len(found["trials"]) for name, found in SETS.items()} == TRIALS
    for name, found in SETS.items():
        assert set(found["one_stage"]) == {"efron", "breslow"}
        assert len(found["windows"]) == 3
        assert [fit["tau2"] for fit in found["penalised"]] == [0.02, 0.3]
        assert ("random" in found) == (name in ESTIMATED)
        with_ratio = [trial for trial, numbers in found["trials"].items() if numbers["cox"]]
        assert len(with_ratio) == TRIALS[name] - (name == "tied")
    assert set(REFERENCE["packages"]) == {"survival"}


@pytest.mark.parametrize(("name", "ties"), list(itertools.product(TRIALS, ("efron", "breslow"))))
def test_one_stage(name, ties):
    found, expected = one_stage(patients(name), ties=ties), SETS[name]["one_stage"][ties]
    same([found.estimate, found.se, found.log_likelihood], [expected["yi"], expected["sei"], expected["log_likelihood"]])


@every_set
def test_trials_alone(name):
    effects = two_stage(patients(name)).effects
    expected = {trial: numbers["cox"] for trial, numbers in SETS[name]["trials"].items() if numbers["cox"]}
    assert list(effects.study) == list(expected)
    same(effects.yi, [one["yi"] for one in expected.values()])
    same(np.sqrt(effects.within), [one["sei"] for one in expected.values()])


@every_set
def test_proportional_hazards(name):
    found = proportional_hazards(patients(name))
    same([found.overall_statistic, found.overall_p], [SETS[name]["zph"]["statistic"], SETS[name]["zph"]["p"]], 1e-8)
    for trial, statistic, p in zip(found.study, found.statistic, found.p, strict=True):
        expected = SETS[name]["trials"][trial]["zph"]
        if expected is None:
            assert np.isnan([statistic, p]).all()
        else:
            same([statistic, p], [expected["statistic"], expected["p"]], 1e-8)


def arms(name, quantity):
    """Treatment and reference of each trial: a number, or one per landmark."""
    return {arm: np.array([trial["arms"][arm][quantity] for trial in SETS[name]["trials"].values()]) for arm in ("1", "0")}


@every_set
def test_restricted_means(name):
    people, mean, se = patients(name), arms(name, "rmst"), arms(name, "se")
    assert common_horizon(people) == SETS[name]["tau"]
    difference, ratio = (pool_restricted_means(people, ratio=ratio).effects for ratio in (False, True))
    same(difference.yi, mean["1"] - mean["0"])
    same(difference.vi, se["1"] ** 2 + se["0"] ** 2)
    same(ratio.yi, np.log(mean["1"] / mean["0"]))
    same(ratio.vi, (se["1"] / mean["1"]) ** 2 + (se["0"] / mean["0"]) ** 2)


@every_set
def test_landmarks(name):
    people, survival, se = patients(name), arms(name, "survival"), arms(name, "survival_se")
    for column, at in enumerate(SETS[name]["at"]):
        ours, theirs, our_se, their_se = (values[arm][:, column] for values in (survival, se) for arm in ("1", "0"))
        found = pool_landmark(people, at).effects
        same(found.yi, ours - theirs)
        same(found.vi, our_se**2 + their_se**2)
        inside = (ours < 1) & (ours > 0) & (theirs < 1) & (theirs > 0)
        found = pool_landmark(people, at, scale="cloglog").effects
        same(found.yi, (np.log(-np.log(ours[inside])) - np.log(-np.log(theirs[inside]))))
        variances = [(error[inside] / (s[inside] * np.log(s[inside]))) ** 2 for s, error in ((ours, our_se), (theirs, their_se))]
        same(found.vi, sum(variances))


@every_set
def test_windows(name):
    people, expected = patients(name), SETS[name]["windows"]
    assert event_thirds(people) == SETS[name]["edges"]
    for window, reference in zip(hazard_ratios_by_window(people).windows, expected, strict=True):
        same([window.one_stage.estimate, window.one_stage.se], [reference["yi"], reference["sei"]], 1e-8)
        effects = window.two_stage.effects
        for trial, yi, vi in zip(effects.study, effects.yi, effects.vi, strict=True):
            same([yi, np.sqrt(vi)], [reference["trials"][trial]["yi"], reference["trials"][trial]["sei"]], 1e-7)


@pytest.mark.parametrize(("name", "row"), list(itertools.product(TRIALS, (0, 1))))
def test_random_effect_at_a_given_variance(name, row):
    """The penalised fit and the integrated likelihood against ridge regression with a coefficient per trial."""
    people, expected = patients(name), SETS[name]["penalised"][row]
    trials = _Trials(EventRows.of(people.risk_sets), people.k)
    start = float(cox(people.risk_sets, np.zeros(people.k, int))[0][0])
    for restricted, method in ((False, "ML"), (True, "REML")):
        fit = _fit(trials, expected["tau2"], (start, np.full(people.k, start)), restricted)
        same([fit.b, np.sqrt(fit.variance), fit.height], [expected["b"], expected["se"], expected[method]])
        same(fit.slopes, expected["slopes"])


@pytest.mark.parametrize(("name", "method"), list(itertools.product(ESTIMATED, ("ML", "REML"))))
def test_random_effect(name, method):
    found, expected = one_stage(patients(name), effect="random", method=method), SETS[name]["random"][method]
    same(found.tau2, expected["tau2"], 1e-5)
    same([found.estimate, found.se], [expected["b"], expected["se"]], 2e-6)
