"""The outcomes of a review: rows from figures, from rebuilt patients at a time, from printed counts, and from tables."""

import json
import math

import pytest

from ipdrecon.app.commands import main
from ipdrecon.app.review_run import run_review
from ipdrecon.errors import FolderError
from ipdrecon.survival import estimate_risk_ratio

TRIAL = """
id = "made"
name = "MADE"
aetiology = "HCV"
reported = "reported.csv"
[[arm]]
label = "Placebo"
reference = true
n = 50
[[arm]]
label = "Drug"
[[figure]]
file = "made.png"
endpoint = "overall survival"
"""
REPORTED = """panel,endpoint,population,quantity,arm,time,value,ci_low,ci_high,p,source,reference
1,overall survival,,hr,Drug,,0.55,0.33,0.92,0.02,p. 3,Placebo
,nausea,safety,events,Drug,,12,,,,Table 2,
,nausea,safety,n,Drug,,48,,,,Table 2,
,nausea,safety,events,placebo,,6,,,,Table 2,
,nausea,safety,n,placebo,,50,,,,Table 2,
"""
STUDIES = "study,aetiology,rr,ci_low,ci_high,source\nOther,HBV,0.8,0.6,1.1,p. 1\n"
REVIEW = """
title = "A review of outcomes"
draws = 8
[[trial]]
folder = "made"
[[outcome]]
name = "Overall survival"
endpoint = "overall survival"
[[outcome]]
name = "Death at 40 months"
endpoint = "overall survival"
measure = "RR"
time = 40
events = "deaths"
by = "aetiology"
studies = "studies.csv"
[[outcome]]
name = "Nausea"
endpoint = "nausea"
measure = "OR"
[[outcome]]
name = "Nothing"
endpoint = "no such thing"
"""


@pytest.fixture
def review(made_review):
    return made_review(TRIAL, REPORTED, STUDIES, REVIEW)


def test_each_outcome_has_its_rows_and_files(review):
    result = run_review(review)
    survival, death, nausea, nothing = result.outcomes
    assert list(survival.studies["study"]) == ["MADE"]
    assert survival.pooled.measure == "HR"
    assert list(death.studies["study"]) == ["MADE", "Other"]
    assert [group.name for group in death.pooled.subgroups] == ["HCV", "HBV"]
    assert nausea.pooled.counts.tolist() == [[12, 48, 6, 50]]
    assert math.exp(nausea.pooled.fixed.estimate) == pytest.approx(12 * 44 / (36 * 6))
    assert nothing.pooled is None
    written = json.loads((result.out / "run.json").read_text())["files"]
    for folder in ("overall-survival", "death-at-40-months", "nausea"):
        assert {f"{folder}/{name}" for name in ("forest.svg", "forest.pdf", "forest.png", "pooled.json", "studies.csv")} <= set(written)
    assert not [name for name in written if name.startswith("nothing")]


def test_a_risk_at_a_time_is_that_of_the_rebuilt_patients(review):
    result = run_review(review)
    figure, row = result.figures()[0], result.outcomes[1].studies.iloc[0]
    estimate = estimate_risk_ratio(figure.arms, treatment="Drug", reference="Placebo", time=40)
    assert row["yi"] == pytest.approx(estimate.yi)
    assert row["sei"] == pytest.approx(estimate.total_sei)
    assert row["source"] == "reconstructed"
    assert row["source_text"] == "rebuilt from made.png: risk up to 40 months"
    assert estimate.reconstruction_sei > 0


def test_the_report_tells_every_outcome(review):
    html = run_review(review).report.read_text("utf-8")
    for heading in ("Overall survival: pooled", "Death at 40 months: pooled", "Nausea: pooled"):
        assert f"<h2>{heading}</h2>" in html
    assert "Nothing: pooled" not in html
    assert "Table 2" in html
    assert "fewer deaths" in html or "includes 1" in html


def test_the_record_holds_every_outcome(review, capsys):
    assert main(["run", str(review), "--json"]) == 3
    record = json.loads(capsys.readouterr().out)
    assert [outcome["name"] for outcome in record["outcomes"]] == ["Overall survival", "Death at 40 months", "Nausea", "Nothing"]
    assert record["outcomes"][3]["pooled"] is None
    assert record["pooled"] == record["outcomes"][0]["pooled"]


def test_counts_without_patients_are_refused(review):
    reported = review.parent / "made" / "reported.csv"
    reported.write_text(REPORTED.replace(",nausea,safety,n,Drug,,48,,,,Table 2,\n", ""))
    with pytest.raises(FolderError, match="made reports events of 'nausea' but no n of 'Drug'"):
        run_review(review)


def test_two_counts_for_one_outcome_are_refused(review):
    reported = review.parent / "made" / "reported.csv"
    reported.write_text(REPORTED + ",nausea,safety,events,Drug,,11,,,,p. 7,\n")
    with pytest.raises(FolderError, match=r"several events of 'Drug': 12 \(Table 2\); 11 \(p. 7\)"):
        run_review(review)
