"""Counts, Kaplan-Meier, median, restricted mean, Cox and log-rank against R's survival (tests/reference/survival.R)."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio, logrank, proportional_hazards_p
from ipdrecon.survival.kaplan_meier import CONFIDENCE_TYPES, kaplan_meier, median_survival, restricted_mean

REFERENCE = json.loads((Path(__file__).parent / "reference" / "survival.json").read_text())
TRIALS = {trial["name"]: trial for trial in REFERENCE["trials"]}
ARMS = [(name, group) for name, trial in TRIALS.items() for group in trial["arms"]]

# Closed formulas: only the order of additions differs.
CLOSED = 1e-10
COX = 1e-9  # coxph stops its Newton steps where the likelihood changes by less than 1e-12 of itself


def _floats(values):
    return np.array([math.nan if value is None else value for value in values], float)


def test_reference_is_whole():
    assert set(TRIALS) == {"lung", "veteran", "ovarian", "aml", "pbc", "half", "ties"}
    assert REFERENCE["packages"]["survival"]
    assert all(set(trial["arms"]) == {"0", "1"} for trial in TRIALS.values())


@pytest.mark.parametrize(("name", "group"), ARMS)
def test_counts_and_survival(name, group):
    arm = TRIALS[name]["arms"][group]
    estimate = kaplan_meier(arm["time"], arm["event"])
    for what in ("time", "n_risk", "n_event", "n_censored"):
        np.testing.assert_array_equal(getattr(estimate.counts, what), arm["km"][what])
    np.testing.assert_allclose(estimate.survival, arm["km"]["survival"], rtol=0, atol=CLOSED)


@pytest.mark.parametrize(("name", "group"), ARMS)
def test_interval_log_is_the_default_of_r(name, group):
    arm = TRIALS[name]["arms"][group]
    low, high = kaplan_meier(arm["time"], arm["event"]).interval()
    np.testing.assert_allclose(low, _floats(arm["log"]["low"]), atol=CLOSED)
    np.testing.assert_allclose(high, _floats(arm["log"]["high"]), atol=CLOSED)


@pytest.mark.parametrize("conf_type", CONFIDENCE_TYPES)
@pytest.mark.parametrize(("name", "group"), ARMS)
def test_median_and_interval(name, group, conf_type):
    arm = TRIALS[name]["arms"][group]
    found = median_survival(arm["time"], arm["event"], conf_type=conf_type)
    expected = [math.inf if value is None else value for value in arm["median"][conf_type]]
    assert [found.median, found.ci_low, found.ci_high] == pytest.approx(expected)


@pytest.mark.parametrize(("name", "group"), ARMS)
def test_restricted_mean(name, group):
    arm = TRIALS[name]["arms"][group]
    found = restricted_mean(arm["time"], arm["event"], arm["tau"])
    assert found.rmst == pytest.approx(arm["rmst"], rel=CLOSED)
    assert found.se == pytest.approx(arm["rmst_se"], rel=CLOSED)


def _arms(trial):
    return [ReconstructedArm(group, arm["time"], np.array(arm["event"], bool)) for group, arm in trial["arms"].items()]


@pytest.mark.parametrize("name", TRIALS)
def test_cox_efron(name):
    trial = TRIALS[name]
    found = estimate_hazard_ratio(_arms(trial), treatment="1", reference="0")
    assert found.yi == pytest.approx(trial["yi"], abs=COX)
    assert found.sei == pytest.approx(trial["sei"], abs=COX)


@pytest.mark.parametrize("name", TRIALS)
def test_proportional_hazards(name):
    trial = TRIALS[name]
    reference, treatment = _arms(trial)
    assert proportional_hazards_p(treatment, reference) == pytest.approx(trial["zph_p"], rel=COX)


@pytest.mark.parametrize("name", TRIALS)
def test_logrank(name):
    trial = TRIALS[name]
    reference, treatment = _arms(trial)
    found = logrank(treatment, reference)
    assert found.statistic == pytest.approx(trial["logrank"], rel=1e-8)
    assert found.o_minus_e == pytest.approx(trial["o_minus_e"], rel=1e-8)
    assert found.variance == pytest.approx(trial["v"], rel=1e-8)
