"""Curves that are no plain Kaplan-Meier curves: what tells them, and that patients rebuilt from them say so."""

from dataclasses import replace

import numpy as np
import pytest

from ipdrecon.app.review import FigureEntry
from ipdrecon.errors import AtRiskError
from ipdrecon.flags import Flag
from ipdrecon.model import AtRiskTable
from ipdrecon.survival import reconstruct, reconstruct_arm, reconstruct_incidence
from ipdrecon.survival.curve_kinds import STATED_KINDS, kinds_in_words, part_delayed_entry, stated_kind_flags


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("IPTW-adjusted overall survival", "weighted_curve"),
        ("Weighted survival probability", "weighted_curve"),
        ("Survival after inverse probability of treatment weighting", "weighted_curve"),
        ("Surgery (propensity-score weighted)", "weighted_curve"),
        ("Adjusted overall survival (%)", "model_curve"),
        ("Predicted survival", "model_curve"),
        ("Predicted", "model_curve"),
        ("Covariate-adjusted survival", "model_curve"),
        ("Cox model survival", "model_curve"),
        ("Progression-free survival, Turnbull estimate", "model_curve"),
        ("Interval-censored PFS", "model_curve"),
        ("Weibull", "model_curve"),
        ("Cumulative incidence of relapse (competing risks)", "subdistribution"),
        ("Incidence, Fine and Gray", "subdistribution"),
    ],
)
def test_words_that_tell(text, name):
    assert list(kinds_in_words(["Months", text])) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Overall survival", "Unadjusted survival", "Unweighted", "Dose-adjusted EPOCH", "Adjusted-dose warfarin", "T2-weighted imaging",
        "COX-2 inhibitor", "Cox inhibitor", "Non-parametric estimate", "Predicted high risk", "Risk-adjusted therapy", "ICM", "Body weight < 60 kg",
    ],
)  # fmt: skip
def test_words_that_only_look_like_it(text):
    assert not kinds_in_words([text])


def _titled(digitisation, title):
    panel = digitisation.panels[0]
    calibration = replace(panel.calibration, vertical=replace(panel.calibration.vertical, title=title))
    return replace(digitisation, panels=(replace(panel, calibration=calibration),))


def test_patients_carry_what_the_axis_says(made_digitisation):
    plain = reconstruct(made_digitisation(), method="guyot")
    told = reconstruct(_titled(made_digitisation(), "Weighted overall survival"), method="guyot")
    assert not any(flag.name == "weighted_curve" for arm in plain for flag in arm.flags)
    for arm in told:
        flag = next(flag for flag in arm.flags if flag.name == "weighted_curve")
        assert (flag.place, flag.detail, flag.needs_review) == (f"arm {arm.arm!r}", "The figure says 'Weighted'.", True)


def test_what_the_reader_saw_of_a_curve_is_repeated_on_its_patients(made_digitisation):
    about_drug = Flag("smooth_curve", "arm 'Drug'", "71% of its course runs along straight or bent lines.")
    about_all = Flag("filled_area", "panel", "")
    placebo, drug = reconstruct(made_digitisation(flags=(about_drug, about_all)), method="guyot")
    assert about_drug in drug.flags
    assert about_drug not in placebo.flags
    assert about_all in placebo.flags and about_all in drug.flags


@pytest.mark.parametrize("n_risk", [[50.4, 36.2, 30.0], [50, 36.5, 30]])
def test_numbers_at_risk_that_are_not_whole_are_flagged(n_risk):
    kinds = {"time": [0, 5, 11, 20], "survival": [1, 0.9, 0.7, 0.6], "risk_time": [0, 6, 12], "n_risk": n_risk}
    arm = reconstruct_arm(**kinds, method="guyot")
    flag = next(flag for flag in arm.flags if flag.name == "weighted_curve")
    assert "are not whole; the first is" in flag.detail and "They were rounded." in flag.detail
    assert arm.n == 50
    by_cause = reconstruct_incidence({"a": ([0, 5], [0, 0.1]), "b": ([0, 7], [0, 0.1])}, risk_time=[0, 6, 12], n_risk=n_risk)
    assert "weighted_curve" in [flag.name for flag in by_cause.flags]


def test_whole_numbers_at_risk_are_not_flagged():
    arm = reconstruct_arm([0, 5, 11], [1, 0.9, 0.7], risk_time=[0, 6], n_risk=[50.0, 40.0], method="guyot")
    assert "weighted_curve" not in [flag.name for flag in arm.flags]


def _with_rows(digitisation, rows):
    panel = digitisation.panels[0]
    return replace(digitisation, panels=(replace(panel, at_risk=AtRiskTable(panel.at_risk.arms, [0, 12, 24], rows)),))


def test_delayed_entry_leaves_the_other_arm(made_digitisation):
    late = _with_rows(made_digitisation(), [[50, 80, 40], [50, 45, 38]])
    left = part_delayed_entry(late)
    assert [curve.arm for curve in left.panels[0].curves] == [look.label for look in left.panels[0].looks] == ["Drug"]
    flag = next(flag for flag in left.flags if flag.name == "delayed_entry")
    assert flag.place == "panel 1, arm 'Placebo'"
    assert "rises from 50 at month 0 to 80 at month 12" in flag.detail and "delayed entry" in flag.detail
    assert [arm.arm for arm in reconstruct(left, method="guyot")] == ["Drug"]


def test_delayed_entry_of_every_arm_is_refused(made_digitisation):
    with pytest.raises(AtRiskError, match="'Placebo' rises from 50 .*'Drug' rises from 50 .*delayed entry"):
        part_delayed_entry(_with_rows(made_digitisation(), [[50, 80, 40], [50, 60, 38]]))


def test_plain_tables_are_left_alone(made_digitisation):
    digitisation = made_digitisation()
    assert part_delayed_entry(digitisation) is digitisation
    empty = _with_rows(digitisation, [[50, np.nan, 40], [50, 45, 38]])
    assert part_delayed_entry(empty) is empty


def test_what_a_person_states_becomes_a_flag_that_needs_a_look():
    assert stated_kind_flags(None, "fig.png") == ()
    for kind, name in STATED_KINDS.items():
        assert FigureEntry(file="fig.png", curve=kind).curve == kind
        (flag,) = stated_kind_flags(kind, "fig.png")
        assert (flag.name, flag.place, flag.detail, flag.needs_review) == (name, "fig.png", f"Stated by hand: {kind}.", True)
    with pytest.raises(ValueError, match="curve"):
        FigureEntry(file="fig.png", curve="odd")
