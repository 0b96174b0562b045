"""What `ipdrecon pool` tells a person: levels, notes, subgroups, moderators; and what is wrong usage."""

import json
import math

import pandas as pd
import pytest

from ipdrecon.app.commands import main

_HAZARDS = (
    "study,hr,ci_low,ci_high,group,dose\nA,0.70,0.52,0.94,x,1\nB,0.85,0.70,1.03,x,2\nC,0.61,0.40,0.93,y,3\nD,1.10,0.80,1.51,y,1.5\n"
    "E,0.78,0.60,1.01,y,2.2\nF,0.90,0.70,1.16,z,4\n"
)
_WITHIN = (
    "study,subgroup,hr,ci_low,ci_high\nA,young,0.7,0.5,0.98\nA,old,0.9,0.7,1.16\nB,young,0.6,0.4,0.9\nB,old,0.95,0.7,1.29\n"
    "C,young,0.8,0.6,1.07\nC,old,0.85,0.6,1.2\nD,old,1,0.7,1.43\n"
)
_EVENTS = "study,events_1,n_1,events_2,n_2\nA,0,40,3,41\nB,0,30,0,30\nC,5,100,9,98\nD,12,200,25,205\n"


@pytest.fixture
def told(tmp_path, capsys):
    """Give a function that pools a table and returns what was said."""
    def run(content, *options, status=0):
        path = tmp_path / "studies.csv"
        path.write_text(content)
        assert main(["pool", str(path), *options]) == status
        return " ".join(capsys.readouterr().out.split())

    return run


def test_a_level_but_95_percent_is_named(told):
    text = told(_HAZARDS, "--level", "0.9")
    assert "0.83 (90 % CI 0.73 to 0.95)" in text
    assert "(90 % prediction interval)" in text
    assert "% CI" not in told(_HAZARDS)
    assert "dose: 0.009 (90 % CI" in told(_HAZARDS, "--level", "0.9", "--moderator", "dose")
    assert "Intervals are of 90 %." in told(_HAZARDS, "--level", "0.9", "--baseline-risk", "0.3")


def test_the_level_holds_for_the_bayesian_result(told):
    assert json.loads(told(_HAZARDS, "--level", "0.9", "--also", "bayes", "--json"))["bayes"]["level"] == 0.9


def test_notes_are_told(told):
    assert "A single study: nothing was pooled" in told("study,hr,ci_low,ci_high\nA,0.7,0.5,0.98\n")
    text = told(_EVENTS)
    assert "B was left out: no events in either arm." in text
    assert text.count(" B") == 1, "a study that is left out is not told as derived"


def test_differences_within_trials_come_before_the_test_between_subgroups(told):
    text = told(_WITHIN, "--by", "subgroup")
    within, between = text.index("Within trials, old against young (3 trials): ratio of HRs 1.27 (0.72 to 2.27)"), text.index("Test between subgroups, separate tau²: p = 0.048")
    assert within < between


def test_coefficients_are_told_with_their_scale_and_without_an_unknown_share(told):
    text = told(_HAZARDS, "--moderator", "dose")
    assert "Meta-regression, coefficients of log HR:" in text
    assert "– %" not in text


@pytest.mark.parametrize("options", [("--sort", "size"), ("--level", "95"), ("--baseline-risk", "30")])
def test_impossible_options_are_wrong_usage(told, options):
    told(_HAZARDS, *options, status=2)


def test_an_analysis_of_a_plain_table_is_refused(told):
    told(_HAZARDS, "--analysis", "1.1", status=1)


_PRINTED_AND_EVENTS = (
    "study,or,ci_low,ci_high,events_1,n_1,events_2,n_2\nA,0.5,0.3,0.83,10,100,12,100\nB,0.6,0.4,0.9,20,150,22,150\nC,0.55,0.35,0.86,15,120,15,120\n"
)


def test_odds_ratios_printed_are_pooled_before_those_of_events_beside_them(told):
    record = json.loads(told(_PRINTED_AND_EVENTS, "--json"))
    assert [study["yi"] for study in record["studies"]] == pytest.approx([math.log(0.5), math.log(0.6), math.log(0.55)])


@pytest.mark.parametrize("fixed", ["mh", "peto"])
@pytest.mark.parametrize(("table", "zero_cells"), [(_EVENTS, "tables"), (_EVENTS, "none"), (_PRINTED_AND_EVENTS, "tables")])
def test_the_table_written_holds_the_effects_pooled(told, tmp_path, table, zero_cells, fixed):
    options = ["--measure", "OR", "--fixed", fixed, "--zero-cells", zero_cells]
    told(table, *options, "--out", str(tmp_path / "out"))
    written = pd.read_csv(tmp_path / "out" / "studies.csv").dropna(subset="yi")
    record = json.loads((tmp_path / "out" / "pooled.json").read_text())
    assert written["yi"].tolist() == pytest.approx([study["yi"] for study in record["studies"]], rel=1e-9)
    assert written["source"].tolist() == [study["source"] for study in record["studies"]] == ["derived"] * record["k"]


def test_peto_adds_nothing_to_zero_cells_and_says_so(told, tmp_path):
    text = told(_EVENTS, "--measure", "OR", "--fixed", "peto", "--out", str(tmp_path / "out"))
    assert "0.5 added" not in text
    assert "0.5 was added" not in (tmp_path / "out" / "methods.txt").read_text()


def test_a_factor_that_is_only_rounding_is_told_as_0(told):
    assert "variance factor was 0 and was raised to 1" in told("study,yi,sei\nA,0.1,0.1\nB,0.1,0.1\nC,0.1,0.1\n")
