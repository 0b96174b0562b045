"""What a review tells of its trials beside its outcomes: counts of patients, rates, what stands apart; and what is refused."""

import math

import pandas as pd
import pytest

from ipdrecon.app.analyses import without_order
from ipdrecon.app.printed_events import patients_with_event
from ipdrecon.app.review import read_review, read_trial
from ipdrecon.app.review_run import run_review
from ipdrecon.errors import FolderError, ReportedError
from ipdrecon.survival.reported import ReportedNumber

TRIAL = """
id = "made"
name = "MADE"
aetiology = "HCV"
year = 2020
reported = "reported.csv"
adverse_events = ["nausea"]
within = "Earlier review"
[[arm]]
label = "Placebo"
reference = true
n = 50
[[arm]]
label = "Drug"
[[rate]]
endpoint = "time to bleeding"
events = "bleeding"
[[printed_twice]]
quantity = "Nausea"
used = "12"
not_used = "13"
why = "The table is <older>."
[[not_redone]]
result = "Adjusted ratio"
why = "No covariates."
"""
REPORTED = """panel,endpoint,population,quantity,arm,time,value,ci_low,ci_high,p,source,reference,n,unit
,nausea,,events,Drug,,12,,,0.03,Table 2,,48,participants
,nausea,,events,Drug,,20,,,,Table 2,,48,adverse events
,nausea,,events,Placebo,,6,,,0.03,Table 2,,50,participants
,nausea: severe,,events,Drug,,0,,,,Table 2,,48,participants
,nausea: severe,,events,Placebo,,0,,,,Table 2,,50,participants
,bleeding,,events,Drug,,8,,,,p. 4,,48,participants
,bleeding,,events,Placebo,,4,,,,p. 4,,50,participants
,time to bleeding,,n_risk,Drug,0,48,,,,Fig. 2,,,
,time to bleeding,,n_risk,Drug,12,20,,,,Fig. 2,,,
,time to bleeding,,n_risk,Placebo,0,50,,,,Fig. 2,,,
,time to bleeding,,n_risk,Placebo,12,30,,,,Fig. 2,,,
"""
STUDIES = "study,aetiology,rr,ci_low,ci_high,source,summary,k\nEarlier review (4 trials),HBV,1.2,0.6,2.4,p. 1,true,4\n"
REVIEW = """
title = "A review of tables"
[[trial]]
folder = "made"
[[outcome]]
name = "Nausea"
endpoint = "nausea"
measure = "RR"
by = "aetiology"
studies = "studies.csv"
order = "year"
[[outcome]]
name = "Bleeding"
endpoint = "bleeding"
measure = "RR"
total = false
note = "other <definitions>"
studies = "studies.csv"
"""


@pytest.fixture
def review(made_review):
    return made_review(TRIAL, REPORTED, STUDIES, REVIEW)


@pytest.fixture
def result(review):
    return run_review(review)


def test_patients_are_counted_and_not_their_events(result):
    assert result.outcomes[0].pooled.yi[0] == pytest.approx(math.log((12 / 48) / (6 / 50)))
    (row, nobody) = result.to_dict()["trials"][0]["safety"]
    assert (row["events_1"], row["n_1"], row["printed_p"]) == (12, 48, "0.03")
    assert row["odds_ratio"] == pytest.approx(12 * 44 / (36 * 6))
    assert nobody["odds_ratio"] is None
    assert nobody["fisher_p"] == 1


def test_rates_are_events_over_the_area_under_the_numbers_at_risk(result):
    (rate,) = result.to_dict()["trials"][0]["rates"]
    assert (rate["time_1"], rate["time_2"]) == (12 * (48 + 20) / 2, 12 * (50 + 30) / 2)
    assert rate["ratio"] == pytest.approx((8 / rate["time_1"]) / (4 / rate["time_2"]))
    assert rate["printed"] == []


def test_rows_side_by_side_have_no_total(result):
    bleeding = result.outcomes[1]
    assert bleeding.pooled is None
    assert bleeding.files() == {}
    assert [row["study"] for row in bleeding.to_dict()["side_by_side"]] == ["MADE", "Earlier review (4 trials)"]
    html = result.report.read_text("utf-8")
    assert "other &lt;definitions&gt;" in html
    assert "The table is &lt;older&gt;." in html
    assert "<h2>Bleeding" not in html


def test_a_trial_beside_the_row_that_holds_it_is_cautioned(result):
    assert [caution for caution in result.cautions() if "MADE may be counted twice" in caution]


def test_a_study_without_a_year_comes_last_and_is_named(result):
    nausea = result.outcomes[0]
    assert [step.added for step in nausea.analyses.get("cumulative").steps] == ["MADE", "Earlier review (4 trials)"]
    assert without_order(nausea.studies, "year") == ["Earlier review (4 trials)"]
    assert "No year is known of Earlier review (4 trials)" in result.report.read_text("utf-8")


def test_tables_are_files_with_bare_numbers(result):
    assert pd.read_csv(result.out / "tables" / "safety-made.csv")["events_2"].tolist() == [6, 0]
    assert pd.read_csv(result.out / "tables" / "not-redone-made.csv")["result"].tolist() == ["Adjusted ratio"]
    assert pd.read_csv(result.out / "tables" / "side-by-side.csv")["outcome"].tolist() == ["Bleeding", "Bleeding"]


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (",bleeding,,events,Placebo,,4,,,,p. 4,,50,participants\n", "", FolderError, "made asks for a rate of 'bleeding', but 'Placebo' has 2 numbers at risk .* and no count"),
        (",time to bleeding,,n_risk,Drug,12,20,,,,Fig. 2,,,\n", "", FolderError, "'Drug' has 1 numbers at risk"),
        ("Drug,,12,,,0.03,Table 2,,48", "Drug,,52,,,0.03,Table 2,,48", ReportedError, "nausea: Seen 52 of 48"),
        ("Table 2,,48,participants\n,nausea,,events,Drug,,20", "Table 2,,,participants\n,nausea,,events,Drug,,20", FolderError, "reports events of 'nausea' but no n of 'Drug'"),
    ],
)
def test_what_a_trial_asks_for_and_does_not_print_is_refused(review, old, new, error, message):
    path = review.parent / "made" / "reported.csv"
    assert old in REPORTED
    path.write_text(REPORTED.replace(old, new))
    review.write_text(REVIEW[: REVIEW.index("[[outcome]]")] + '[[outcome]]\nname = "None"\nendpoint = "no such thing"\n')
    with pytest.raises(error, match=message):
        run_review(review)
    assert not (review.parent / "results").exists()


def test_no_total_asks_for_a_reason(review):
    review.write_text(REVIEW.replace('note = "other <definitions>"\n', ""))
    with pytest.raises(FolderError, match=r"outcome\.2: .*say in note why the rows are not pooled"):
        read_review(review)


def test_counts_of_several_tables_that_differ_are_refused(review):
    trial = read_trial(review.parent / "made")
    rows = [ReportedNumber("events", "Drug", value=value, n=48, endpoint="x", source=source) for value, source in ((3, "p. 1"), (4, "p. 2"))]
    with pytest.raises(FolderError, match=r"several events of 'Drug': 3 \(p. 1\); 4 \(p. 2\)"):
        patients_with_event(trial, rows, "Drug")
    assert patients_with_event(trial, rows[:1], "Drug").events == 3
    assert patients_with_event(trial, [], "Drug") is None
