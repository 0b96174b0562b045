"""Verdicts: what agrees, what differs and why, what cannot be judged."""

import math

import numpy as np
import pytest

from ipdrecon.model import ReconstructedArm
from ipdrecon.survival import (
    ReportedNumber,
    Tolerances,
    estimate_hazard_ratio,
    kaplan_meier,
    logrank,
    median_survival,
    n_risk_at,
    validate,
)
from ipdrecon.survival.agreement import match_arm


def _arm(name, scale, seed, n=300, panel="1"):
    rng = np.random.default_rng(seed)
    time, censored = rng.exponential(scale, n), rng.uniform(12, 36, n)
    return ReconstructedArm(name, np.minimum(time, censored), time <= censored, panel=panel)


OLD, NEW = _arm("Placebo", 12, 1), _arm("Drug A 10 mg", 18, 2)
ARMS = (OLD, NEW)
EFFECT = estimate_hazard_ratio(ARMS, treatment=NEW.arm, reference=OLD.arm)


def _verdict(*reported, arms=ARMS, **options):
    (row,) = validate(arms, reported, **options).rows
    return row


def _hr(value, **options):
    return ReportedNumber("hr", NEW.arm, OLD.arm, value=value, **options)


def test_the_truth_agrees_with_itself():
    low, high = EFFECT.interval()
    median = median_survival(OLD.time, OLD.event).median
    reported = [
        _hr(EFFECT.ratio, ci_low=low, ci_high=high),
        ReportedNumber("median", OLD.arm, value=median),
        ReportedNumber("survival", OLD.arm, time=12, value=float(kaplan_meier(OLD.time, OLD.event).survival_at(12.0))),
        ReportedNumber("events", OLD.arm, value=OLD.n_event),
        ReportedNumber("n", OLD.arm, value=OLD.n),
        ReportedNumber("n_risk", OLD.arm, time=12, value=int(n_risk_at(OLD.time, 12.0))),
        ReportedNumber("logrank_p", NEW.arm, OLD.arm, value=logrank(NEW, OLD).p),
    ]
    agreement = validate(ARMS, reported)
    assert [row.verdict for row in agreement.rows] == ["agrees"] * 7
    assert [row.difference for row in agreement.rows] == pytest.approx([0] * 7)
    assert not agreement.flags
    assert len(agreement.to_frame()) == 7


def test_every_difference_is_flagged_and_explained():
    reported = [
        _hr(EFFECT.ratio * 1.3),
        ReportedNumber("median", OLD.arm, value=30),
        ReportedNumber("survival", OLD.arm, time=12, value=0.9, source="Table 2"),
        ReportedNumber("events", OLD.arm, value=100),
        ReportedNumber("n", OLD.arm, value=350),
        ReportedNumber("n_risk", OLD.arm, time=12, value=20),
        ReportedNumber("logrank_p", NEW.arm, OLD.arm, value=0.9, half_unit=0.05),
    ]
    agreement = validate(ARMS, reported)
    assert [row.verdict for row in agreement.rows] == ["differs"] * 7
    assert all("tolerance" in row.why for row in agreement.rows)
    assert [flag.name for flag in agreement.flags] == ["disagrees"] * 7
    assert agreement.flags[2].place == "survival of 'Placebo' at 12"
    assert agreement.rows[2].source == "Table 2"


def test_exchanged_arms_are_suspected():
    row = _verdict(_hr(1 / EFFECT.ratio))
    assert row.verdict == "differs"
    assert f"1/HR = {EFFECT.ratio:.2f} fits better: treatment and reference may be exchanged" in row.why


def test_hr_within_its_rounding_agrees():
    tight = Tolerances(hr_share=0.0)
    assert _verdict(_hr(EFFECT.ratio + 0.004, half_unit=0.005), tolerances=tight).verdict == "agrees"
    assert _verdict(_hr(EFFECT.ratio + 0.006, half_unit=0.0005), tolerances=tight).verdict == "differs"


def test_interval_of_another_width_is_said():
    row = _verdict(_hr(EFFECT.ratio, ci_low=EFFECT.ratio * 0.5, ci_high=EFFECT.ratio * 2))
    assert row.verdict == "differs"
    assert "narrower than the reported one, tolerance 25%" in row.why


def test_reference_may_be_left_out_where_two_arms_are():
    assert _verdict(ReportedNumber("hr", NEW.arm, value=EFFECT.ratio)).verdict == "agrees"
    three = (*ARMS, _arm("Drug B", 14, 3))
    assert "no reference is named and there are 3 arms" in _verdict(ReportedNumber("hr", NEW.arm, value=0.7), arms=three).why


def test_logrank_needs_no_names_where_two_arms_are():
    assert _verdict(ReportedNumber("logrank_p", value=0.001, bound="<")).verdict == "agrees"
    assert _verdict(ReportedNumber("logrank_p", value=0.2, bound=">")).verdict == "differs"


def test_median_not_reached():
    alive = ReconstructedArm("alive", np.linspace(1, 36, 100), np.arange(100) % 10 == 0)
    assert _verdict(ReportedNumber("median", "alive", value=math.inf), arms=[alive]).why == "not reached in both"
    assert _verdict(ReportedNumber("median", "alive", value=12.0), arms=[alive]).verdict == "differs"
    assert _verdict(ReportedNumber("median", OLD.arm, value=math.inf)).verdict == "differs"


def test_median_on_a_flat_curve_agrees_by_survival():
    time = np.concatenate((np.linspace(1, 5, 51), [20], np.full(48, 30.0)))
    arm = ReconstructedArm("flat", time, np.arange(100) < 52)
    row = _verdict(ReportedNumber("median", "flat", value=18.0), arms=[arm])
    assert row.verdict == "agrees"
    assert row.difference == pytest.approx(-13, abs=0.1)


def test_both_conventions_of_numbers_at_risk():
    arm = ReconstructedArm("a", np.repeat([6.0, 12.0], 50), np.ones(100))
    assert "counting time >= t" in _verdict(ReportedNumber("n_risk", "a", time=6, value=100), arms=[arm]).why
    assert "counting time > t" in _verdict(ReportedNumber("n_risk", "a", time=6, value=50), arms=[arm]).why


@pytest.mark.parametrize(
    ("reported", "why"),
    [
        (ReportedNumber("events", "Nivolumab", value=3), "no single arm is called 'Nivolumab'; seen: 'Placebo', 'Drug A 10 mg'"),
        (ReportedNumber("events", value=3), "no arm is named; the figure has 'Placebo', 'Drug A 10 mg'"),
        (ReportedNumber("events", "Placebo", value=3, panel="B"), "there is no panel 'B'; seen: 1"),
        (ReportedNumber("events", "Placebo"), "no value is reported"),
        (ReportedNumber("survival", "Placebo", time=90, value=0.1), "follow-up ends at"),
        (ReportedNumber("hr", "Placebo", "placebo", value=1.0), "both the arm 'Placebo'"),
        (ReportedNumber("logrank_p", value=0.0), "the reported p is 0"),
    ],
)
def test_cannot_be_judged(reported, why):
    agreement = validate(ARMS, [reported])
    assert agreement.rows[0].verdict == "cannot be judged"
    assert why in agreement.rows[0].why
    assert math.isnan(agreement.rows[0].reconstructed)
    unmatched = reported.arm == "Nivolumab" or (reported.quantity == "events" and not reported.arm)
    assert [flag.name for flag in agreement.flags] == ["reported_unmatched"] * unmatched


def test_no_hazard_ratio_without_events():
    arms = [ReconstructedArm(name, [1, 2], [0, 0]) for name in "ab"]
    assert "No event happens" in _verdict(ReportedNumber("hr", "a", "b", value=0.7), arms=arms).why
    assert "no event happens" in _verdict(ReportedNumber("logrank_p", "a", "b", value=0.7), arms=arms).why


def test_panels_are_told_apart():
    arms = (_arm("Placebo", 12, 1, panel="A"), _arm("Placebo", 6, 2, n=200, panel="B"))
    assert _verdict(ReportedNumber("n", "Placebo", value=200, panel="B"), arms=arms).verdict == "agrees"
    assert "no panel is named; the figure has A, B" in _verdict(ReportedNumber("n", "Placebo", value=200), arms=arms).why


def test_names_match_exactly_then_loosely_then_by_part():
    arms = [ReconstructedArm(name, [1], [1]) for name in ("TACE", "TACE + CRT", "Sorafenib (n = 120)")]
    assert match_arm(arms, "TACE").arm == "TACE"
    assert match_arm(arms, "tace+crt").arm == "TACE + CRT"
    assert match_arm(arms, "sorafenib").arm == "Sorafenib (n = 120)"
    assert match_arm(arms, "TAC") is None
    assert match_arm(arms, "") is None
    assert match_arm([ReconstructedArm(name, [1], [1]) for name in ("Female", "Control")], "Male") is None


def test_file_of_reported_numbers(tmp_path):
    path = tmp_path / "reported.csv"
    path.write_text(f"quantity,arm,value\nn,placebo,{OLD.n}\nevents,drug a,{NEW.n_event}\n")
    assert [row.verdict for row in validate(ARMS, path).rows] == ["agrees", "agrees"]
