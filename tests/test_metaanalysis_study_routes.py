"""Rows of a table of studies that give a hazard ratio by a route: which, what it assumes, what does not do."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, read_studies
from metaanalysis.studies.columns import DERIVED, NUMERIC
from metaanalysis.studies.events import ZERO_CELLS
from metaanalysis.studies.route_effect import ROUTES
from metaanalysis.studies.routes import from_hr_events, from_logrank_p, from_observed_expected, from_p
from metaanalysis.studies.survival_routes import (
    from_medians,
    from_survival,
    from_survival_follow_up,
    from_survival_times,
)


def row(**cells):
    return pd.DataFrame({"study": ["A"], **{name: [value] for name, value in cells.items()}})


EVENTS = {"events_1": "229", "events_2": "256"}
PATIENTS = {"n_1": "491", "n_2": "485"}
ROWS = {
    "hr+p": (dict(hr="0.77", p="p = 0.012"), from_p(0.77, 0.012)),
    "hr+p one-sided": (dict(hr="0.77", p="0.006", p_sides="1"), from_p(0.77, 0.006, sides=1)),
    "hr+events": (dict(hr="0.85", events="485"), from_hr_events(0.85, events=485)),
    "hr+events, 2:1": (dict(hr="0.85", events="485", allocation="2:1"), from_hr_events(0.85, events=485, allocation=2)),
    "hr+events+n": (dict(hr="0.85", events="1,485", n_1="2000", n_2="1000"), from_hr_events(0.85, events=1485, n_1=2000, n_2=1000)),
    "hr+events-per-arm": (dict(hr="0.85", **EVENTS), from_hr_events(0.85, events_1=229, events_2=256)),
    "o+e": (dict(o_1="20", e_1="25", o_2="30", e_2="25"), from_observed_expected(20, 25, 30, 25)),
    "logrank-p+events-per-arm": (dict(logrank_p="0,075", favours="Treatment", **EVENTS), from_logrank_p(0.075, favours="treatment", events_1=229, events_2=256)),
    "logrank-p+events+n": (
        dict(logrank_p="0.075", favours="TACE", reference="TACE", events="485", **PATIENTS),
        from_logrank_p(0.075, favours="reference", events=485, n_1=491, n_2=485),
    ),
    "logrank-p+events": (dict(logrank_p="0.075", favours="2", events="485"), from_logrank_p(0.075, favours="reference", events=485)),
    "medians+events": (dict(median_1="50", median_2="35", **EVENTS), from_medians(50, 35, events_1=229, events_2=256)),
    "medians+n": (dict(median_1="50", median_2="35", **PATIENTS), from_medians(50, 35, n_1=491, n_2=485)),
    "survival-at-time": (dict(survival_1="57%", survival_2="49", survival_time="36", **PATIENTS), from_survival(0.57, 0.49, n_1=491, n_2=485)),
    "survival-at-time, at risk": (dict(survival_1="0,57", survival_2="0,49", at_risk_1="140", at_risk_2="126"), from_survival(0.57, 0.49, at_risk_1=140, at_risk_2=126)),
    "survival-times": (
        dict(survival_1="0.84; 0.69", survival_2="80; 58", at_risk_1="297;231", at_risk_2="287;202", n_1="356", n_2="360"),
        from_survival_times([1, 0.84, 0.69], [1, 0.8, 0.58], [356, 297, 231], [360, 287, 202]),
    ),
    "survival-times+follow-up": (
        dict(survival_1="84; 69", survival_2="80; 58", survival_time="12; 24", follow_up="20-80", n_1="356", n_2="360"),
        from_survival_follow_up([0, 12, 24], [1, 0.84, 0.69], [1, 0.8, 0.58], n=(356, 360), follow_up=(20, 80)),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_set_of_columns_is_its_route(name):
    cells, effect = ROWS[name]
    frame = read_studies(row(**cells), "HR")
    assert frame.route[0] == effect.route == name.split(",")[0].split(" ")[0]
    assert frame.source[0] == "derived"
    assert (frame.yi[0], frame.sei[0]) == pytest.approx((effect.yi, effect.sei))
    for assumption in effect.assumptions:
        assert assumption in frame.read_note[0]


@pytest.mark.parametrize("name", ["o+e", "logrank-p+events", "medians+n", "survival-at-time"])
def test_hazards_are_inferred_from_their_columns(name):
    assert read_studies(row(**ROWS[name][0])).attrs["measure"] == "HR"


@pytest.mark.parametrize(("cells", "route"), [
    (dict(yi="-0.3", sei="0.2"), "yi+se"), (dict(hr="0.7 (0.5-0.98)"), "hr+ci"), (dict(hr="0.7", sei="0.2"), "hr+se"),
    (dict(o_minus_e="-5", v="20"), "o-e+v"), (dict(rr="0.7 (0.5-0.98)"), "rr+ci"),
    (dict(events_1="5", n_1="10", events_2="7", n_2="10"), "events"), (dict(rr="0.7", p="0.04"), "hr+p"),
])
def test_printed_effects_have_a_route_too(cells, route):
    assert read_studies(row(**cells)).route[0] == route


def test_printed_effects_go_first_and_others_are_kept():
    frame = read_studies(row(hr="0.85 (0.71-1.02)", p="0.075", **EVENTS, **PATIENTS, median_1="44", median_2="37"))
    assert (frame.route[0], frame.source[0], frame.read_note[0]) == ("hr+ci", "reported", "")
    assert [text.split(":")[0] for text in frame.other_routes[0].split("; ")] == ["hr+p", "hr+events-per-arm", "medians+events"]


def test_routes_that_differ_are_noted():
    frame = read_studies(row(hr="0.85 (0.71-1.02)", p="0.5"))
    assert "other routes (hr+p) differ by up to 0 standard errors, and their standard errors by a factor of up to 2.6" in frame.read_note[0]
    far = read_studies(row(yi="-0.5", sei="0.1", o_1="30", e_1="25", o_2="20", e_2="25"), "HR")
    assert "other routes (o+e) differ by up to 9.1 standard errors" in far.read_note[0]


@pytest.mark.parametrize(("cells", "sign", "why"), [
    (dict(median_1="20", median_2="12"), -1, "medians"), (dict(median_1="10", median_2="12"), 1, "medians"),
    (dict(survival_1="60%", survival_2="50%"), -1, "survival printed"),
    (dict(median_1="NR", median_2="12", survival_1="40%", survival_2="50%"), 1, "survival printed"),
])
def test_a_direction_comes_from_what_else_is_printed(cells, sign, why):
    frame = read_studies(row(logrank_p="0.2", events="100", **cells), "HR")
    assert frame.route[0] == "logrank-p+events"
    assert math.copysign(1, frame.yi[0]) == sign
    assert f"The direction is that of the {why}." in frame.read_note[0]


def test_a_ratio_gives_the_direction_of_a_log_rank_p():
    frame = read_studies(row(logrank_p="0.2", events="100", hr="1.1"))
    assert frame.other_routes[0] == f"logrank-p+events: {from_logrank_p(0.2, favours='reference', events=100).yi:.4g} (SE 0.2)"


def test_columns_of_routes_are_carried_along_as_they_stand():
    frame = read_studies(row(hr="0.7 (0.5-0.98)", p="<0.05", events="all", route="oral", median_1="NR"))
    assert frame[["p", "events", "median_1", "route_text", "route"]].iloc[0].tolist() == ["<0.05", "all", "NR", "oral", "hr+ci"]


@pytest.mark.parametrize(("cells", "message"), [
    (dict(hr="0.7", p="<0.001"), r"Row 1 \(A\): p is '<0.001', a bound; it does not tell the standard error"),
    (dict(hr="1.0", p="0.9"), "The ratio is 1; with it p does not tell"),
    (dict(logrank_p="0.04", events="50"), r"Row 1 \(A\): logrank_p alone does not say which arm did better; expected treatment or reference in a column favours"),
    (dict(logrank_p="0.04", favours="neither", events="50"), "favours is 'neither'; expected treatment or reference"),
    (dict(logrank_p="0.04", favours="treatment"), "logrank_p alone does not tell the standard error; expected events_1 and events_2"),
    (dict(logrank_p="<0.05", favours="treatment", events="50"), "logrank|a bound"),
    (dict(median_1="20", median_2="12"), "Medians alone do not tell the standard error"),
    (dict(median_1="twenty", median_2="12"), "median_1 is 'twenty'; expected a number"),
    (dict(survival_1="60%", survival_2="50%"), "Survival alone does not tell the standard error"),
    (dict(survival_1="60%; 50%", survival_2="50%; 40%", n_1="50", n_2="50"), "hold several times; expected at_risk_1 and at_risk_2, or survival_time and follow_up"),
    (dict(survival_1="60%; 50%", survival_2="50%; 40%"), "hold several times; expected n_1 and n_2 too"),
    (dict(survival_1="high", survival_2="50%"), "survival_1 is 'high'; expected numbers, parted by semicolons"),
    (dict(hr="0.7", events="50", allocation="many"), "is no number|The allocation is"),
    (dict(o_1="20", e_1="25", o_2="40", e_2="25"), "60 events are observed in all and 50 expected"),
    (dict(median_1="NR", median_2="12", n_1="50", n_2="50"), "seen n_1, n_2, median_2; expected yi with sei or vi"),
])
def test_what_rows_are_refused(cells, message):
    with pytest.raises(MetaAnalysisError, match=message) as caught:
        read_studies(row(**cells), "HR")
    assert "\n" not in str(caught.value)


def test_events_alone_still_give_no_hazard_ratio():
    with pytest.raises(MetaAnalysisError, match="events without times give no hazard ratio"):
        read_studies(row(**EVENTS, **PATIENTS), "HR")


GOOD = {
    "hr": "0.8", "p": "0.2", "logrank_p": "0.3", "favours": "treatment", "allocation": "1:1", "events": "90", "events_1": "40", "events_2": "50", "n_1": "100", "n_2": "110",
    "o_1": "40", "e_1": "46", "o_2": "50", "e_2": "44", "median_1": "20", "median_2": "16", "survival_1": "60%", "survival_2": "50%", "survival_time": "12", "at_risk_1": "50",
    "at_risk_2": "45", "follow_up": "10-40", "ci_low": "0.6", "ci_high": "1.1", "o_minus_e": "-5", "v": "20", "yi": "-0.2", "sei": "0.2",
}


@given(st.lists(st.sampled_from(list(GOOD)), unique=True), st.dictionaries(st.sampled_from(list(GOOD)), st.text("0123456789.,;:<%-en ", max_size=6) | st.floats(), max_size=2))
def test_any_row_is_an_effect_or_a_named_error(filled, spoilt):
    try:
        frame = read_studies(row(**{name: GOOD[name] for name in filled} | spoilt), "HR")
    except MetaAnalysisError as error:
        assert str(error).startswith("Row 1 (A): ")
        assert "\n" not in str(error)
    else:
        assert math.isfinite(frame.yi[0])
        assert 0 < frame.sei[0] < math.inf
        assert frame.route[0] in ROUTES


def test_effects_are_finite():
    with pytest.raises(MetaAnalysisError, match="its effect is inf; expected a finite number"):
        read_studies(row(yi="1e400", sei="0.2"), "HR")
    with pytest.raises(MetaAnalysisError, match="its variance is inf; expected a positive number"):
        read_studies(row(yi="1", sei="1e400"), "HR")


def test_the_document_names_columns_routes_and_rules_that_exist():
    text = (Path(__file__).parents[1] / "docs" / "studies.md").read_text(encoding="utf-8")
    printed, routes, zero_cells = (text.partition(f"## {title}")[2].partition("\n## ")[0] for title in ("What is printed", "Routes to a hazard ratio", "Zero cells"))
    columns = {name for cell in re.findall(r"(?m)^\|([^|]*`[^|]*)\|", routes) for group in re.findall(r"`([^`]+)`", cell) for name in re.findall(r"[a-z]+_?[a-z0-9]*(?:_[12])?", group)}
    assert columns - {"hr", "rr", "or"} <= set(DERIVED) | set(NUMERIC)
    assert set(DERIVED) - {"p_sides", "favours"} <= columns
    named = set(re.findall(r"`([a-z]+[-+][a-z+-]+)`", printed + routes))
    assert named <= set(ROUTES)
    assert tuple(re.findall(r"(?m)^\| `([a-z-]+)`(?: \(default\))? \|", zero_cells)) == ZERO_CELLS
