"""Hazard ratios by law and at the edges, and what printed numbers tell of them."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import CoxPHFitter

from ipdrecon.errors import ReconstructionError, ReportedError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio, logrank
from ipdrecon.survival.summary_data import from_interval, from_p


def _arm(name, n, scale, seed):
    rng = np.random.default_rng(seed)
    time, censored = rng.exponential(scale, n), rng.uniform(5, 30, n)
    return ReconstructedArm(name, np.minimum(time, censored), time <= censored)


def test_turning_the_arms_turns_the_sign():
    arms = [_arm("old", 120, 10, 1), _arm("new", 110, 14, 2)]
    one = estimate_hazard_ratio(arms, treatment="new", reference="old", study="A")
    other = estimate_hazard_ratio(arms, treatment="old", reference="new")
    assert one.yi == pytest.approx(-other.yi, abs=1e-7)
    assert one.sei == pytest.approx(other.sei, abs=1e-7)
    assert one.logrank_p == pytest.approx(other.logrank_p)
    assert (one.study, one.n, one.origin) == ("A", 230, "reconstructed")


def test_true_hazard_ratio_is_found():
    arms = [_arm("old", 4000, 10, 3), _arm("new", 4000, 20, 4)]
    found = estimate_hazard_ratio(arms, treatment="new", reference="old")
    assert found.ratio == pytest.approx(0.5, rel=0.06)
    assert not found.flags


@pytest.mark.parametrize("seed", range(3))
def test_equals_lifelines(seed):
    arms = [_arm("old", 80, 10, seed), _arm("new", 90, 15, seed + 10)]
    arms = [ReconstructedArm(arm.arm, np.ceil(arm.time), arm.event) for arm in arms]
    patients = pd.concat([arm.to_frame() for arm in arms])
    patients["treatment"] = (patients.pop("arm") == "new").astype(float)
    model = CoxPHFitter().fit(patients, "time", "event", fit_options={"precision": 1e-12, "max_steps": 200})
    found = estimate_hazard_ratio(arms, treatment="new", reference="old")
    assert found.yi == pytest.approx(model.params_["treatment"], abs=1e-6)
    assert found.sei == pytest.approx(model.standard_errors_["treatment"], abs=1e-6)


def test_crossing_curves_are_flagged():
    early = ReconstructedArm("early", np.linspace(0.1, 2, 100), np.ones(100))
    spread = ReconstructedArm("spread", np.concatenate((np.linspace(0.1, 0.3, 40), np.linspace(5, 9, 60))), np.ones(100))
    found = estimate_hazard_ratio([early, spread], treatment="spread", reference="early")
    assert [flag.name for flag in found.flags] == ["non_proportional"]


def test_no_event_at_all():
    arms = [ReconstructedArm(name, [1, 2, 3], [0, 0, 0]) for name in ("a", "b")]
    with pytest.raises(ReconstructionError, match="No event happens while both 'a' and 'b'"):
        estimate_hazard_ratio(arms, treatment="a", reference="b")
    assert math.isnan(logrank(*arms).p)


def test_no_event_in_one_arm():
    arms = [ReconstructedArm("a", [1, 2, 3], [0, 0, 0]), ReconstructedArm("b", [1, 2, 3], [1, 1, 0])]
    with pytest.raises(ReconstructionError, match="outside the arm 'a'; .* The hazard ratio is 0"):
        estimate_hazard_ratio(arms, treatment="a", reference="b")


def test_arms_that_never_meet():
    """All of one arm die before the first event of the other: each has events, and there is still no maximum."""
    arms = [ReconstructedArm("a", [1, 2, 3], [1, 1, 1]), ReconstructedArm("b", [7, 8, 9], [1, 1, 0])]
    with pytest.raises(ReconstructionError, match="The hazard ratio is infinite"):
        estimate_hazard_ratio(arms, treatment="a", reference="b")


def test_names_are_checked():
    arms = [_arm("a", 20, 10, 1), _arm("b", 20, 10, 2)]
    with pytest.raises(ReconstructionError, match="'c' is not among the arms; seen: 'a', 'b'"):
        estimate_hazard_ratio(arms, treatment="c", reference="b")
    with pytest.raises(ReconstructionError, match="both 'a'"):
        estimate_hazard_ratio(arms, treatment="a", reference="a")
    with pytest.raises(ReconstructionError, match="the name of 2 arms"):
        estimate_hazard_ratio(arms * 2, treatment="a", reference="b")


@given(st.floats(-2, 2), st.floats(0.01, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_gives_back_its_standard_error(yi, sei, level):
    from scipy.stats import norm

    z = norm.ppf(0.5 + level / 2)
    found = from_interval(math.exp(yi), math.exp(yi - z * sei), math.exp(yi + z * sei), level=level)
    assert found.yi == pytest.approx(yi, abs=1e-9)
    assert found.sei == pytest.approx(sei)


def test_p_gives_back_its_standard_error():
    assert from_p(math.exp(-0.3), 0.0026997960632602).sei == pytest.approx(0.1)


def test_what_does_not_tell():
    with pytest.raises(ReportedError, match="does not enclose the ratio 0.5"):
        from_interval(0.5, 0.6, 0.9)
    with pytest.raises(ReportedError, match="level of the interval is 95"):
        from_interval(0.7, 0.6, 0.9, level=95)
    with pytest.raises(ReportedError, match="expected an exact p"):
        from_p(0.7, 0.0)
    with pytest.raises(ReportedError, match="The ratio is 1"):
        from_p(1.0, 0.9)
    with pytest.raises(ReportedError, match="expected a number above 0"):
        from_p(-1.0, 0.9)
