"""Absolute effects: by law, by published examples and by hand."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, pool
from metaanalysis.reporting.absolute import absolute_effects, number_needed, treated_risk

MEASURES = ("HR", "RR", "OR", "RD")


def one_study(measure, estimate, se=0.1):
    """A pooled estimate with a chosen value; ratios are given as ratios."""
    return pool([estimate if measure == "RD" else math.log(estimate)], [se**2], measure=measure)


def by_interval(measure, low, high):
    """A pooled estimate with a chosen 95 % interval of a ratio."""
    centre, half = (math.log(low) + math.log(high)) / 2, (math.log(high) - math.log(low)) / 2
    return pool([centre], [(half / 1.959963984540054) ** 2], measure=measure)


# --- by paper ----------------------------------------------------------------------------------------------------------


def test_the_handbooks_risk_ratio():
    # Cochrane Handbook 5.1, section 12.5.4.2: RR 0.92 at 300 per 1000 is 24 fewer per 1000, the NNT is 42
    row = absolute_effects(one_study("RR", 0.92), 0.3).rows[0]
    assert round(1000 * row.difference) == -24
    assert row.needed.to_dict()["estimate"] == {"direction": "benefit", "patients": 42}


def test_the_handbooks_odds_ratio():
    # Cochrane Handbook 5.1, section 12.5.4.3: OR 0.73 at 300 per 1000 is 62 fewer per 1000, the NNT is 17
    row = absolute_effects(one_study("OR", 0.73), 0.3).rows[0]
    assert round(1000 * row.difference) == -62
    assert row.needed.to_dict()["estimate"] == {"direction": "benefit", "patients": 17}


def test_the_handbooks_risk_difference():
    # Cochrane Handbook 5.1, section 12.5.4.0: a risk difference of -0.133 is 133 fewer per 1000
    assert round(1000 * absolute_effects(one_study("RD", -0.133), 0.4).rows[0].difference) == -133


def test_the_handbooks_constant_risk_ratio():
    # Cochrane Handbook 5.1, section 11.5.5: RR 0.75 turns 80 % into 60 % and 20 % into 15 %
    effects = absolute_effects(one_study("RR", 0.75), {"high": 0.8, "low": 0.2})
    assert [row.treatment for row in effects.rows] == pytest.approx([0.60, 0.15])


def test_preoperative_chemotherapy_for_lung_cancer():
    # NSCLC Meta-analysis Collaborative Group 2014, Lancet 383:1561, abstract: HR 0.87 (0.78-0.96) is an absolute
    # improvement of survival of 5 % at 5 years, from 40 % to 45 %
    row = absolute_effects(by_interval("HR", 0.78, 0.96), baseline_survival=0.40, kind="event-free", time="5 years").rows[0]
    assert round(100 * row.reference) == 40
    assert round(100 * row.treatment) == 45
    assert round(100 * row.difference) == 5


def test_altmans_number_needed():
    # Altman 1998, BMJ 317:1309, figures 1 and 2: an absolute risk reduction of 10 % (-5 % to 25 %)
    assert str(number_needed(0.10, -0.05, 0.25)) == "NNTB 10 (NNTH 20 to ∞ to NNTB 4)"


# --- by hand -----------------------------------------------------------------------------------------------------------


def test_a_hazard_ratio_by_hand():
    # a survival of 0.25 under a hazard ratio of one half is its root, 0.5
    row = absolute_effects(one_study("HR", 0.5), 0.75).rows[0]
    assert row.treatment == pytest.approx(0.5)
    assert row.difference == pytest.approx(-0.25)
    assert row.needed.estimate == pytest.approx(4)


@pytest.mark.parametrize(("reduction", "text"), [
    ((0.1, 0.05, 0.2), "NNTB 10 (NNTB 5 to NNTB 20)"), ((-0.1, -0.2, -0.05), "NNTH 10 (NNTH 5 to NNTH 20)"),
    ((0.0, -0.1, 0.1), "∞ (NNTH 10 to ∞ to NNTB 10)"), ((0.1, 0.0, 0.2), "NNTB 10 (NNTB 5 to ∞)"), ((-0.1, -0.2, 0.0), "NNTH 10 (NNTH 5 to ∞)"),
    ((0.03, 0.02, 0.04), "NNTB 34 (NNTB 25 to NNTB 50)"),
])
def test_numbers_needed_by_hand(reduction, text):
    needed = number_needed(*reduction)
    assert str(needed) == text
    assert needed.passes_infinity == (reduction[1] < 0 < reduction[2])
    json.dumps(needed.to_dict(), allow_nan=False)


def test_sentences():
    effects = absolute_effects(by_interval("HR", 0.60, 0.95), {"moderate": 0.73}, time="3 years")
    assert effects.sentences(treatment="TACE + RT", outcome="die") == (
        "At moderate risk: of 1000 patients given TACE + RT, 628 (544 to 712) would die by 3 years, instead of 730: "
        "102 fewer (186 fewer to 18 fewer).",
    )
    free = absolute_effects(by_interval("HR", 0.60, 1.20), 0.73, kind="event-free", time="3 years")
    assert free.sentences(outcome="be alive") == (
        "Of 1000 patients given the treatment, 329 (208 to 456) would be alive at 3 years, instead of 270: "
        "59 more (62 fewer to 186 more).",
    )


def test_the_table_is_the_json_rounded():
    effects = absolute_effects(by_interval("OR", 0.5, 1.1), (0.1, 0.3, 0.6), kind="event-free")
    record = json.loads(json.dumps(effects.to_dict(), allow_nan=False))
    frame = effects.to_frame()
    assert list(frame["baseline"]) == ["low", "moderate", "high"]
    for column in ("reference", "treatment", "ci_low", "ci_high", "difference", "difference_low", "difference_high"):
        assert list(frame[column]) == [round(1000 * row[column]) for row in record["rows"]]
    assert list(frame["number_needed"]) == [row["number_needed"]["text"] for row in record["rows"]]


def test_three_risks_are_named_by_their_size():
    effects = absolute_effects(one_study("RR", 0.8), baseline_survival=(0.9, 0.4, 0.7))
    assert [(row.baseline, round(row.reference, 3)) for row in effects.rows] == [("low", 0.1), ("moderate", 0.3), ("high", 0.6)]


def test_what_is_counted_is_told():
    pooled = by_interval("HR", 0.60, 0.95)
    assert "with the event" in " ".join(absolute_effects(pooled, 0.3).notes)
    assert "free of the event" in " ".join(absolute_effects(pooled, 0.3, kind="event-free").notes)
    assert "constant up to 3 years" in " ".join(absolute_effects(pooled, 0.3, time="3 years").notes)
    assert "taken as fixed" in " ".join(absolute_effects(pooled, 0.3).notes)
    assert "where its limits are given" in " ".join(absolute_effects(pooled, [[0.3, 0.2, 0.4]]).notes)


def test_a_risk_beyond_one_is_cut_and_told():
    effects = absolute_effects(one_study("RR", 2.0), 0.6)
    assert effects.rows[0].treatment == 1
    assert any("the estimate of the RR would give a risk outside 0 to 1" in note for note in effects.notes)
    assert any("a limit of the RD" in note for note in absolute_effects(one_study("RD", -0.1, se=0.1), 0.2).notes)
    assert not any("outside" in note for note in absolute_effects(one_study("OR", 2.0), 0.6).notes)


def test_a_wanted_event_turns_the_number_needed():
    pooled = by_interval("RR", 1.2, 1.6)
    wanted, unwanted = (absolute_effects(pooled, 0.3, unwanted=flag).rows[0] for flag in (False, True))
    assert wanted.difference == unwanted.difference
    assert str(wanted.needed).replace("NNTB", "NNTH") == str(unwanted.needed)


def test_both_models():
    pooled = pool([-0.5, 0.1, -0.3], [0.01, 0.04, 0.02], measure="RR")
    for model in ("random", "fixed"):
        row, result = absolute_effects(pooled, 0.2, model=model).rows[0], getattr(pooled, model)
        assert (row.treatment, row.ci_low, row.ci_high) == pytest.approx([0.2 * math.exp(value) for value in (result.estimate, result.ci_low, result.ci_high)])


# --- by law ------------------------------------------------------------------------------------------------------------

risks = st.floats(0.001, 0.999)
logs = st.floats(-3, 3)


@given(st.sampled_from(("HR", "OR", "RR")), risks)
def test_no_effect_changes_nothing(measure, risk):
    assert treated_risk(measure, 0.0, risk) == pytest.approx(risk)


@given(st.sampled_from(("HR", "OR")), logs, risks)
def test_a_risk_stays_a_risk_and_the_opposite_effect_leads_back(measure, effect, risk):
    treated = treated_risk(measure, effect, risk)
    assert 0 <= treated <= 1
    if treated < 1 - 1e-9:
        assert treated_risk(measure, -effect, treated) == pytest.approx(risk, rel=1e-4)


@given(logs, st.floats(1e-7, 1e-6))
def test_hazard_and_odds_ratios_of_rare_events_are_risk_ratios(effect, risk):
    for measure in ("HR", "OR"):
        assert treated_risk(measure, effect, risk) == pytest.approx(treated_risk("RR", effect, risk), rel=1e-4)


@given(st.sampled_from(MEASURES), st.floats(-0.5, 0.5), st.floats(0.01, 0.4), risks)
def test_both_kinds_say_the_same(measure, effect, se, risk):
    pooled = pool([effect], [se**2], measure=measure)
    event, free = (absolute_effects(pooled, risk, kind=kind).rows[0] for kind in ("event", "event-free"))
    assert event.reference + free.reference == pytest.approx(1)
    assert event.treatment + free.treatment == pytest.approx(1)
    assert event.ci_low + free.ci_high == pytest.approx(1)
    assert event.difference_low == pytest.approx(-free.difference_high)
    assert event.needed == free.needed
    assert event.ci_low <= event.treatment <= event.ci_high
    assert event.difference == pytest.approx(event.treatment - event.reference)
    assert event.difference_low == pytest.approx(event.ci_low - event.reference, abs=1e-9)


@given(st.sampled_from(MEASURES), st.floats(-0.3, 0.3), st.floats(0.01, 0.1), st.floats(0.3, 0.5), st.floats(0.01, 0.2))
def test_an_uncertain_baseline_never_narrows_the_interval(measure, effect, se, risk, half):
    pooled = pool([effect], [se**2], measure=measure)
    fixed, uncertain = (absolute_effects(pooled, {"x": value}).rows[0] for value in (risk, (risk, risk - half, risk + half)))
    assert uncertain.treatment == fixed.treatment
    assert uncertain.ci_low <= fixed.ci_low + 1e-12
    assert uncertain.ci_high >= fixed.ci_high - 1e-12
    assert uncertain.difference_high >= fixed.difference_high - 1e-12


def test_an_uncertain_baseline_by_hand():
    # the standard errors of a difference and of a risk that it is added to add in quadrature; the difference keeps its own
    row = absolute_effects(one_study("RD", -0.1, se=0.03 / 1.959963984540054), {"x": (0.4, 0.36, 0.44)}).rows[0]
    assert (row.ci_low, row.ci_high) == pytest.approx((0.25, 0.35))
    assert (row.difference_low, row.difference_high) == pytest.approx((-0.13, -0.07))


# --- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "message"), [
    ({"baseline_risk": 0.0}, "expected a number between 0 and 1"), ({"baseline_risk": 30}, "give percentages as fractions"),
    ({"baseline_risk": float("nan")}, "expected a number between 0 and 1"), ({"baseline_risk": {"a": (0.3, 0.4, 0.5)}}, "one with its limits"),
    ({"baseline_risk": ["high"]}, "expected a number between 0 and 1"),
    ({"baseline_risk": 0.3, "baseline_survival": 0.7}, "not both"), ({}, "either baseline_risk or baseline_survival"),
    ({"baseline_risk": 0.3, "kind": "survival"}, "expected one of event, event-free"), ({"baseline_risk": 0.3, "model": "bayes"}, 'expected "random" or "fixed"'),
])
def test_what_is_refused(arguments, message):
    with pytest.raises(MetaAnalysisError, match=message):
        absolute_effects(one_study("HR", 0.8), **arguments)


def test_an_effect_without_a_name_or_over_two_measures_is_refused():
    with pytest.raises(MetaAnalysisError, match="needs one of HR, RR, OR, RD"):
        absolute_effects(pool([0.1], [0.1]), 0.3)
    with pytest.raises(MetaAnalysisError, match="The measure is HR, RR"):
        absolute_effects(pool([0.1, 0.2], [0.1, 0.1], measure=["HR", "RR"]), 0.3)
