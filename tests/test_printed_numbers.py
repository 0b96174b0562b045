"""What else a paper prints, as evidence: it narrows what the figure leaves open, and never bends it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import AtRiskTable, Axis, Box, Calibration, Curve, Digitisation, DigitisedPanel, ReconstructedArm
from ipdrecon.survival import (
    estimate_hazard_ratio,
    kaplan_meier,
    median_survival,
    reconstruct,
    reconstruct_arm,
    validate,
)
from ipdrecon.survival.joint import n_from_drops
from ipdrecon.survival.replicates import hazard_ratios
from ipdrecon.survival.reported import ReportedNumber

CALIBRATION = Calibration(Axis([0, 600], [0, 60], 0.1, 0.0, unit="months"), Axis([0, 400], [1, 0], -0.0025, 1.0))
ROW = 1 / 400


def _patients(seed, n, rate):
    rng = np.random.default_rng(seed)
    event, leave = rng.exponential(1 / rate, n), np.minimum(rng.exponential(60, n), rng.uniform(24, 48, n))
    return np.minimum(event, leave), event <= leave


def _in_pixels(name, patients):
    estimate = kaplan_meier(*patients)
    drop = estimate.counts.n_event > 0
    time, survival = np.round(estimate.time[drop] * 10) / 10, np.round(estimate.survival[drop] / ROW) * ROW
    end = patients[0].max()
    return Curve(name, np.r_[0, time, end], np.r_[1, survival, survival[-1]], time_error=0.03, survival_error=0.3 * ROW)


OLD, NEW = _patients(1, 300, 0.06), _patients(2, 300, 0.04)
N = {"old": 300, "new": 300}


@pytest.fixture(scope="module")
def figure():
    panel = DigitisedPanel("1", Box(0, 0, 600, 400), CALIBRATION, (_in_pixels("old", OLD), _in_pixels("new", NEW)), ())
    return Digitisation("figure.png", "", "raster", (600, 400), (panel,))


@pytest.fixture(scope="module")
def truth():
    arms = [ReconstructedArm("old", *OLD), ReconstructedArm("new", *NEW)]
    return estimate_hazard_ratio(arms, treatment="new", reference="old")


def _printed_hr(truth):
    low, high = truth.interval()
    return ReportedNumber("hr", "new", "old", round(truth.ratio, 2), round(low, 2), round(high, 2), half_unit=0.005)


def _entries(arms, name):
    return [entry for arm in arms for entry in arm.residuals.get("printed", ()) if entry["quantity"] == name]


def _names(flags):
    return [flag.name for flag in flags]


def test_hazard_ratio_is_no_input_unless_asked_for(figure, truth):
    plain = reconstruct(figure, n=N, reported=[])
    with_hr = reconstruct(figure, n=N, reported=[_printed_hr(truth)])
    assert not _entries(with_hr, "log_hr")
    assert "hr_is_input" not in _names(with_hr[0].flags)
    assert [arm.n for arm in plain] == [arm.n for arm in with_hr] == [300, 300]


def test_hazard_ratio_as_input_is_met_and_said_everywhere(figure, truth):
    printed = _printed_hr(truth)
    arms = reconstruct(figure, n=N, reported=[printed], use_hr=True)
    found = estimate_hazard_ratio(arms, treatment="new", reference="old")
    assert abs(found.yi - math.log(printed.value)) < 0.02
    assert abs(found.sei / truth.sei - 1) < 0.03
    assert all("hr_is_input" in _names(arm.flags) for arm in arms)
    assert "hr_is_input" in _names(found.flags)
    (row,) = validate(arms, [printed]).rows
    assert row.verdict == "cannot be judged"
    assert "input of the reconstruction" in row.why


def test_median_with_interval_narrows_what_the_figure_leaves_open(figure):
    """The limits of the median tell how many patients are behind it."""
    true = median_survival(*OLD)
    number = ReportedNumber("median", "old", value=round(true.median, 1), ci_low=round(true.ci_low, 1), ci_high=round(true.ci_high, 1), half_unit=0.05)
    arms = reconstruct(figure, n=N, reported=[number])
    assert {entry["quantity"] for entry in arms[0].residuals["printed"]} == {"median", "median_ci_low", "median_ci_high"}
    assert all(entry["used"] and abs(entry["difference"]) < 0.5 for entry in arms[0].residuals["printed"])
    assert "printed" not in arms[1].residuals


def test_events_and_numbers_at_risk_printed_in_the_text_are_met(figure):
    total, left = int(OLD[1].sum()), int((OLD[0] >= 24).sum())
    numbers = [ReportedNumber("events", "old", value=total), ReportedNumber("n_risk", "old", value=left, time=24.0)]
    arm = reconstruct(figure, n=N, reported=numbers)[0]
    assert abs(arm.n_event - total) <= 2
    assert arm.information == "curve + n + total events"
    assert abs(int((arm.time >= 24).sum()) - left) <= 2


def test_what_contradicts_the_figure_is_named_and_not_used(figure):
    wrong = ReportedNumber("median", "old", value=30.0, half_unit=0.5)
    plain, arm = (reconstruct(figure, n=N, reported=numbers)[0] for numbers in ((), (wrong,)))
    (flag,) = [flag for flag in arm.flags if flag.name == "printed_conflict"]
    assert "The paper says median 30; the figure allows 1" in flag.detail
    curve = figure.panels[0].curves[0]
    at = np.unique(curve.time)
    for rebuilt in (plain, arm):
        assert abs(kaplan_meier(rebuilt.time, rebuilt.event).survival_at(at) - curve.survival_at(at)).max() < 0.01
    assert not arm.residuals["printed"][0]["used"]


def test_draws_are_weighed_too(figure, truth):
    arms = reconstruct(figure, n=N, reported=[_printed_hr(truth)], use_hr=True, draws=30, seed=3)
    free = reconstruct(figure, n=N, draws=30, seed=3)
    spread = [estimate_hazard_ratio(both, treatment="new", reference="old").reconstruction_sei for both in (arms, free)]
    assert spread[0] < spread[1]
    again = reconstruct(figure, n=N, reported=[_printed_hr(truth)], use_hr=True, draws=30, seed=3)
    np.testing.assert_array_equal(arms[0].draws[7][0], again[0].draws[7][0])


def test_exact_drops_tell_the_number_of_patients():
    estimate = kaplan_meier(*OLD)
    assert n_from_drops(estimate.time, estimate.survival) == 300


def test_few_patients_tell_their_number_in_pixels():
    time = np.linspace(1, 20, 15)
    assert n_from_drops(np.r_[0, time], np.r_[1, np.round((1 - np.arange(1, 16) / 25) / ROW) * ROW], survival_error=0.3 * ROW) == 25


def test_many_patients_do_not_tell_their_number_in_pixels(figure):
    curve = figure.panels[0].curves[0]
    assert n_from_drops(curve.time, curve.survival, survival_error=curve.survival_error) is None


def test_estimated_number_is_flagged():
    estimate = kaplan_meier(*OLD)
    curve = Curve("old", np.r_[0, estimate.time], np.r_[1, estimate.survival])
    panel = DigitisedPanel("1", Box(0, 0, 600, 400), CALIBRATION, (curve,), ())
    (arm,) = reconstruct(Digitisation("figure.svg", "", "vector", (600, 400), (panel,)))
    assert arm.n == 300
    assert "n_assumed" in _names(arm.flags)


@pytest.mark.parametrize(("name", "n", "flag"), [("old (n = 301)", 301, "n_from_name"), ("old, N=1,200", 1200, "n_from_name"), ("old (events, n=40)", 300, "n_assumed")])
def test_a_number_in_the_name_of_an_arm_without_a_table_is_its_patients(name, n, flag):
    estimate = kaplan_meier(*OLD)
    curve = Curve(name, np.r_[0, estimate.time], np.r_[1, estimate.survival])
    panel = DigitisedPanel("1", Box(0, 0, 600, 400), CALIBRATION, (curve,), ())
    figure = Digitisation("figure.svg", "", "vector", (600, 400), (panel,))
    (arm,) = reconstruct(figure)
    assert arm.n == n
    assert flag in _names(arm.flags)
    (given,) = reconstruct(figure, n=250)
    assert given.n == 250
    assert not {"n_from_name", "n_assumed"} & set(_names(given.flags))


def _with_table(figure, flags=()):
    printed = np.array([[(time >= at).sum() for at in (0, 12, 24, 36)] for time, _ in (OLD, NEW)], float)
    table = AtRiskTable(("old", "new"), [0.0, 12.0, 24.0, 36.0], printed, flags=flags)
    return replace(figure, panels=(replace(figure.panels[0], at_risk=table),))


def test_a_row_that_the_reader_doubts_may_be_misread_in_draws(figure):
    """Draws keep to a sure table; where a digit is in doubt, some do not, as far as the curve allows."""
    doubt = (Flag("at_risk_cell_doubtful", "at-risk table, 'old'", "Two readings differ: 178 or 173 at time 12; the first is kept."),)
    kept = {}
    for name, flags in (("sure", ()), ("doubtful", doubt)):
        arm = reconstruct(_with_table(figure, flags), draws=200, seed=1)[0]
        printed = int((OLD[0] >= 24).sum())
        kept[name] = np.mean([abs(int((time >= 24).sum()) - printed) <= 1 for time, _ in arm.draws])
    assert kept["sure"] == 1
    assert 0.5 < kept["doubtful"] <= 1
    assert reconstruct(_with_table(figure, doubt))[0].residuals["n_risk_max"] <= 1


def test_arms_weighed_together_are_drawn_together(figure, truth):
    """Of curves read badly, pairs of draws keep to a precise printed ratio; crossed pairs do not."""
    panel = figure.panels[0]
    badly = replace(figure, panels=(replace(panel, curves=tuple(replace(curve, survival_error=0.01) for curve in panel.curves)),))
    free = reconstruct(badly, n=N, draws=2)
    middle = estimate_hazard_ratio(free, treatment="new", reference="old").ratio
    printed = ReportedNumber("hr", "new", "old", middle, half_unit=0.0005)
    sets = {arm.arm: arm.draws for arm in reconstruct(badly, n=N, reported=[printed], use_hr=True, draws=80, seed=5)}
    paired = hazard_ratios(sets["new"], sets["old"])[0]
    crossed = hazard_ratios(sets["new"], sets["old"][1:] + sets["old"][:1])[0]
    assert paired.std() < 0.7 * crossed.std()


def test_patients_do_not_depend_on_the_seed_of_the_draws(figure, truth):
    one, two = (reconstruct(figure, n=N, reported=[_printed_hr(truth)], use_hr=True, draws=2, seed=seed) for seed in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.time, second.time)


def test_a_comparison_that_is_not_used_is_no_input(figure):
    numbers = [
        ReportedNumber("hr", "new", "old", 4.0, half_unit=0.05),
        ReportedNumber("logrank_p", "new", "old", 0.001, bound="<"),
        ReportedNumber("hr", "new", "another arm", 0.7, half_unit=0.005),
    ]
    arms = reconstruct(figure, n=N, reported=numbers, use_hr=True)
    assert all("hr_is_input" not in _names(arm.flags) for arm in arms)
    assert [flag.name for flag in arms[1].flags].count("printed_conflict") == 1


@pytest.mark.parametrize(("given", "message"), [({"survival_error": math.nan}, "survival_error is nan"), ({"time_error": -1.0}, "time_error is -1"), ({"seed": -1}, "seed is -1"), ({"draws": True}, "draws is True")])
def test_misuse_is_named(given, message):
    with pytest.raises(ReconstructionError, match=message):
        reconstruct_arm([0, 1, 2], [1, 0.8, 0.6], n=5, **given)


def test_events_seen_at_visits_are_not_taken_for_few_patients():
    """Ten visits, 150 patients, no table: the many events of a visit do not make patients leave before it."""
    rng = np.random.default_rng(3)
    time, leave = rng.exponential(20, 150), np.minimum(rng.exponential(150, 150), rng.uniform(30, 45, 150))
    event = time <= leave
    seen = np.where(event, np.ceil(time / 4) * 4, leave)
    curve = _in_pixels("old", (seen, event))
    found = reconstruct_arm(curve.time, curve.survival, n=150, survival_error=curve.survival_error, time_error=curve.time_error)
    known = reconstruct_arm(curve.time, curve.survival, n=150, n_event=int(event.sum()), survival_error=0.00144, time_error=0.05)
    assert found.n_event > 0.75 * event.sum()
    assert known.n_event == event.sum()
