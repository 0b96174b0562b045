"""A whole figure to patients, and what is said of the result."""

from dataclasses import replace

import numpy as np
import pytest

from ipdrecon.errors import AtRiskError, ReconstructionError
from ipdrecon.model import AtRiskTable, Axis, Box, Calibration, Curve, Digitisation, DigitisedPanel
from ipdrecon.survival import estimate_hazard_ratio, kaplan_meier, n_risk_at, reconstruct, reconstruct_arm
from ipdrecon.survival.reconstruction import METHODS

CALIBRATION = Calibration(
    Axis([0, 360], [0, 36], 0.1, 0.0, unit="months"), Axis([0, 200], [1, 0], -0.005, 1.0)
)
PRINTED = np.arange(0, 36, 6.0)
every_method = pytest.mark.parametrize("method", METHODS)
CURVE = {"joint": "exact curve", "guyot": "curve"}
"""What each method calls a curve of calculated levels."""


def _patients(scale, seed, n=200):
    rng = np.random.default_rng(seed)
    time, censored = rng.exponential(scale, n), rng.uniform(10, 36, n)
    return np.minimum(time, censored), time <= censored


OLD, NEW = _patients(10, 1), _patients(16, 2)


def _curve(arm, patients):
    estimate = kaplan_meier(*patients)
    return Curve(arm, np.append(0, estimate.time), np.append(1, estimate.survival))


def _panel(name="A", at_risk=True):
    row = np.array([n_risk_at(time, PRINTED) for time, _ in (OLD, NEW)])
    table = AtRiskTable(("old", "new"), PRINTED, row) if at_risk else None
    return DigitisedPanel(name, Box(0, 0, 360, 200), CALIBRATION, (_curve("old", OLD), _curve("new", NEW)), (), table)


def _figure(*panels):
    return Digitisation("figure.png", "0" * 64, "raster", (400, 300), panels)


def _log_hr(arms):
    return estimate_hazard_ratio(arms, treatment="new", reference="old").yi


@every_method
def test_every_arm_of_every_panel(method):
    arms = reconstruct(_figure(_panel("A"), _panel("B")), method=method)
    assert [(arm.panel, arm.arm, arm.n) for arm in arms] == [("A", "old", 200), ("A", "new", 200), ("B", "old", 200), ("B", "new", 200)]
    assert {arm.information for arm in arms} == {f"{CURVE[method]} + at-risk table"}
    assert {arm.method for arm in arms} == {method}


def test_joint_is_the_method_unless_another_is_asked_for():
    assert reconstruct(_figure(_panel()))[0].method == "joint"


@every_method
def test_hazard_ratio_comes_back(method):
    from ipdrecon.model import ReconstructedArm

    truth = _log_hr([ReconstructedArm("old", *OLD), ReconstructedArm("new", *NEW)])
    assert _log_hr(reconstruct(_figure(_panel()), method=method)) == pytest.approx(truth, abs=0.02)


@every_method
def test_residuals_are_small_and_complete(method):
    (old, _) = reconstruct(_figure(_panel()), n_event={"old": int(OLD[1].sum())}, method=method)
    assert old.information == f"{CURVE[method]} + at-risk table + total events"
    assert set(old.residuals) == {"curve_max", "curve_mean", "curve_repair", "n_risk_max", "risk_convention", "n_event"}
    assert old.residuals["curve_mean"] <= old.residuals["curve_max"] < 0.01
    assert old.residuals["n_risk_max"] == 0
    assert abs(old.residuals["n_event"]) <= 2


@every_method
def test_same_input_same_patients(method):
    one, two = (reconstruct(_figure(_panel()), method=method)[0] for _ in range(2))
    np.testing.assert_array_equal(one.time, two.time)
    np.testing.assert_array_equal(one.event, two.event)


@every_method
def test_numbers_by_arm_by_panel_and_alone(method):
    figure = _figure(_panel("A", at_risk=False), _panel("B", at_risk=False))
    arms = reconstruct(figure, n={"old": 200, ("A", "new"): 150, ("B", "new"): 160}, method=method)
    assert [arm.n for arm in arms] == [200, 150, 200, 160]
    assert arms[0].information == f"{CURVE[method]} + n"
    single = _figure(DigitisedPanel("1", Box(0, 0, 1, 1), CALIBRATION, (_curve("old", OLD),), ()))
    assert reconstruct(single, n=77, method=method)[0].n == 77


def test_without_numbers_the_arm_and_the_option_are_named():
    """Levels in whole percents do not tell how many patients there were; exact ones do (test_printed_numbers)."""
    panel = _panel(at_risk=False)
    read = [replace(curve, survival=np.round(curve.survival, 2)) for curve in panel.curves]
    with pytest.raises(ReconstructionError, match="Arm 'old': .* Pass --n 'old=N'"):
        reconstruct(_figure(replace(panel, curves=read)))


def test_rising_row_names_the_month():
    panel = _panel()
    table = AtRiskTable(("old", "new"), [0, 12, 24], [[100, 72, 112], [100, 80, 60]])
    with pytest.raises(AtRiskError, match="'old' rises from 72 at month 12 to 112 at month 24"):
        reconstruct(_figure(DigitisedPanel("A", panel.box, CALIBRATION, panel.curves, (), table)))


def test_misuse_is_named():
    figure = _figure(_panel())
    with pytest.raises(ReconstructionError, match="n names the arm 'olde'; the figure has 'old', 'new'"):
        reconstruct(figure, n={"olde": 3})
    with pytest.raises(ReconstructionError, match="n is one number, but there are 2 arms"):
        reconstruct(figure, n=3)
    with pytest.raises(ReconstructionError, match="n_event is one number"):
        reconstruct(figure, n_event=3)
    with pytest.raises(ReconstructionError, match="figure.png has no curve"):
        reconstruct(_figure())
    with pytest.raises(ReconstructionError, match="The method is 'fancy'; expected 'joint' or 'guyot'"):
        reconstruct(figure, method="fancy")
    with pytest.raises(ReconstructionError, match="20 draws were asked for, but 'guyot' gives one data set only"):
        reconstruct_arm([0, 1], [1, 0.5], n=10, draws=20, method="guyot")
    with pytest.raises(ReconstructionError, match="number of draws is -1; expected a whole number"):
        reconstruct_arm([0, 1], [1, 0.5], n=10, draws=-1)


@every_method
def test_total_out_of_reach_is_flagged(method):
    """Curve and table leave no room for a total far from their own: it is not reached, and told."""
    estimate = kaplan_meier(*OLD)
    found = reconstruct_arm(estimate.time, estimate.survival, risk_time=PRINTED, n_risk=n_risk_at(OLD[0], PRINTED), n_event=90, method=method)
    assert found.residuals["n_event"] > 10
    assert "the total given is 90; curve and table lead to" in next(f.detail for f in found.flags if f.name == "events_conflict")


@every_method
def test_n_and_total_alone_fit_both(method):
    estimate = kaplan_meier(*OLD)
    found = reconstruct_arm(estimate.time, estimate.survival, n=200, n_event=int(OLD[1].sum()), method=method)
    assert found.information == f"{CURVE[method]} + n + total events"
    assert (found.n, found.n_event) == (200, int(OLD[1].sum()))
    assert found.residuals["curve_max"] < 0.02


def test_curve_left_for_the_total_is_told():
    """Guyot's algorithm keeps to the total first: the events before the last printed time reach the total, so the last interval has none although the curve falls."""
    found = reconstruct_arm([0, 5, 10, 15, 20], [1, 0.8, 0.6, 0.3, 0.1], risk_time=[0, 12], n_risk=[50, 20], n_event=17, method="guyot")
    detail = next(flag.detail for flag in found.flags if flag.name == "events_conflict")
    assert "to keep to the total of 17 the curve is left: at time" in detail
    assert "table_curve_conflict" not in [flag.name for flag in found.flags]
