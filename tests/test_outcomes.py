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
    for heading in ("Overall survival: one row", "Death at 40 months: pooled", "Nausea: one row"):
        assert f"<h2>{heading}</h2>" in html
    assert "<h2>Nothing" not in html
    assert "Table 2" in html
    assert "fewer deaths" in html or "includes 1" in html


def test_what_an_outcome_asks_for_and_cannot_have_is_told(tmp_path, capsys):
    (tmp_path / "studies.csv").write_text("study,hr,ci_low,ci_high\nA,0.7,0.5,0.98\nB,0.8,0.6,1.07\nC,0.9,0.7,1.16\n")
    review = tmp_path / "review.toml"
    review.write_text('title = "T"\n[[outcome]]\nname = "OS"\nstudies = "studies.csv"\nci = "hk-iqwig"\n')
    assert main(["run", str(review)]) == 0
    assert "Not done" not in capsys.readouterr().out
    review.write_text(review.read_text() + "effect = 80\n")
    assert main(["run", str(review)]) == 3
    assert "Not done: sequential: The anticipated HR is 80.0; expected a ratio from 0.05 to 20" in capsys.readouterr().out


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


OTHER = """
id = "other"
name = "OTHER"
aetiology = "HBV"
reported = "reported.csv"
[[arm]]
label = "Placebo"
reference = true
n = 40
[[arm]]
label = "Drug"
n = 41
"""


def _with_other(review, rows):
    folder = review.parent / "other"
    folder.mkdir()
    (folder / "trial.toml").write_text(OTHER)
    (folder / "reported.csv").write_text("panel,endpoint,population,quantity,arm,time,value,ci_low,ci_high,p,source,reference\n" + rows)
    review.write_text(REVIEW.replace('[[outcome]]\nname = "Overall', '[[trial]]\nfolder = "other"\n[[outcome]]\nname = "Overall', 1))
    return run_review(review).outcomes[0]


def test_a_trial_without_a_figure_gives_what_its_text_allows(review):
    rows = ",overall survival,,median,Drug,,24,,,,p. 4,\n,overall survival,,median,Placebo,,18,,,,p. 5,\n"
    outcome = _with_other(review, rows)
    row = outcome.studies.set_index("study").loc["OTHER"]
    assert math.exp(row["yi"]) == pytest.approx(18 / 24)
    assert (row["route"], row["source"], row["source_text"]) == ("medians+n", "derived", "p. 4; p. 5")
    assert outcome.studies.set_index("study").loc["MADE", "source_text"] == "p. 3"
    assert "exponential" in row["read_note"]


def test_a_printed_ratio_goes_before_medians(review):
    rows = ",overall survival,,median,Drug,,24,,,,p. 4,\n,overall survival,,median,Placebo,,18,,,,p. 4,\n,overall survival,,hr,Drug,,0.8,0.5,1.28,,p. 6,Placebo\n"
    row = _with_other(review, rows).studies.set_index("study").loc["OTHER"]
    assert (row["source"], math.exp(row["yi"])) == ("reported", pytest.approx(0.8))


def test_a_trial_that_prints_no_effect_gives_no_row(review):
    outcome = _with_other(review, ",overall survival,,median,Drug,,24,,,,p. 4,\n")
    assert list(outcome.studies["study"]) == ["MADE"]


def test_what_stands_beside_an_outcome_is_in_files_record_and_report(review):
    review.write_text(REVIEW.replace("time = 40", "time = 40\neffect = 0.8\nbaseline_risk = [0.5]\nbaseline_time = '40 months'"))
    result = run_review(review)
    death = result.outcomes[1]
    assert {"choices", "sources", "absolute", "sequential", "bayes", "methods"} <= set(death.analyses.results)
    record = json.loads((result.out / "death-at-40-months" / "pooled.json").read_text())
    assert record["absolute"]["rows"][0]["baseline"] == "50 %"
    assert record["choices"][0]["estimate"] == pytest.approx(record["fixed"]["estimate"])
    html = result.report.read_text("utf-8")
    assert "The total under other choices" in html
    assert "Trial sequential analysis" in html
    assert "by 40 months, instead of 500" in html.replace("\u00a0", " ")
    assert (result.out / "death-at-40-months" / "methods.txt").is_file()
