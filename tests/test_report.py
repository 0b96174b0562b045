"""A review from its figure to report.html: complete, alone, the same each time, or refused by file and field."""

import hashlib
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ipdrecon.app import report, review_run, sentences
from ipdrecon.app.cautions import verdict_on
from ipdrecon.app.commands import main
from ipdrecon.app.example import example_files
from ipdrecon.app.review import read_review, read_trial
from ipdrecon.app.review_figure import match_labels
from ipdrecon.app.review_run import run_review
from ipdrecon.errors import FolderError

TRIAL = """
id = "made"
name = "MADE"
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
REPORTED = "panel,quantity,arm,time,value,ci_low,ci_high,p,source,reference\n1,hr,Drug,,0.55,0.33,0.92,0.02,<b>p. 3</b>,Placebo\n1,n,Drug,,50,,,,p. 2,\n"
REVIEW = """
title = "A <made> review & more"
[[trial]]
folder = "made"
[pool]
endpoint = "overall survival"
by = "aetiology"
studies = "studies.csv"
"""
STUDIES = "study,aetiology,measure,hr,rr,ci_low,ci_high,summary,source,note\nOther,HBV,HR,0.8,,0.6,1.1,,p. 1,\nPool,HBV,RR,,0.9,0.7,1.2,true,p. 9,a note\n"


@pytest.fixture
def review(made_review):
    """Write a review of one trial whose figure has a known reading."""
    return made_review(TRIAL, REPORTED, STUDIES, REVIEW)


class _Addresses(HTMLParser):
    """Collects what a page would fetch, and whether its tags are closed."""

    def __init__(self):
        super().__init__()
        self.addresses, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def _page(path):
    page = _Addresses()
    page.feed(path.read_text("utf-8"))
    assert page.open == []
    return page


def test_report_stands_alone(review):
    result = run_review(review)
    page = _page(result.report)
    assert len(page.addresses) == 4
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert not re.search(r"url\(|@import|<script", result.report.read_text("utf-8"))


def test_same_input_gives_same_bytes(review, tmp_path):
    runs = []
    for name in ("one", "two"):
        run_review(review, tmp_path / name)
        files = [path for path in sorted((tmp_path / name).rglob("*")) if path.is_file()]
        runs.append({path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in files})
    assert runs[0] == runs[1]


def test_words_of_people_are_text_and_not_html(review):
    html = run_review(review).report.read_text("utf-8")
    assert "A &lt;made&gt; review &amp; more" in html
    assert "&lt;b&gt;p. 3&lt;/b&gt;" in html
    assert "<b>p. 3</b>" not in html


def test_report_tells_both_hazard_ratios_sources_flags_and_hashes(review):
    result = run_review(review)
    text = " ".join(" ".join(_page(result.report).text).split()).replace("\u00a0", " ")
    comparison = result.figures()[0].comparisons[0]
    assert f"{comparison.rebuilt.ratio:.2f} (" in text
    assert "0.55 (0.33 to 0.92)" in text
    assert "A stretch of the curve has no ink and was bridged." in text
    assert "the stretch in overlay.png" in text
    for digest in (hashlib.sha256(path.read_bytes()).hexdigest() for path in (review, review.parent / "made" / "made.png")):
        assert digest in text


def _said(result):
    return " ".join(" ".join(_page(result.report).text).split()).replace("\u00a0", " ")


def test_report_names_the_method_that_was_used_and_no_other(review):
    result = run_review(review)
    said = _said(result)
    assert "Patients were rebuilt by the joint method of ipdrecon" in said
    assert "docs/reconstruction.md" in said
    assert "Guyot" not in said
    by_guyot = [replace(arm, method="guyot", draws=()) for arm in result.figures()[0].arms]
    told = report._methods(replace(result, figure_results=(replace(result.figures()[0], arms=by_guyot),)))
    assert "by the algorithm of Guyot et al. (BMC Med Res Methodol 2012;12:9)" in told
    assert "joint" not in told
    assert "drawn" not in told


def test_report_tells_information_accuracy_and_draws(review):
    result = run_review(review)
    said, figure = _said(result), result.figures()[0]
    assert [len(arm.draws) for arm in figure.arms] == [50, 50]
    assert "Patients were drawn 50 times (seed 0)" in said
    assert "with the range of 95 % of the draws" in said
    for line in (*sentences.of_arms(figure.arms), *sentences.of_expected(figure.arms)):
        assert " ".join(line.split()) in said
    assert said.count("Accuracy to expect from ") == len(list(sentences.of_expected(figure.arms)))


def test_a_review_without_figures_tells_of_no_draws(review):
    review.write_text('title = "x"\n[pool]\nstudies = "studies.csv"\n')
    said = _said(run_review(review))
    assert "Patients were" not in said


def test_measures_that_do_not_mix_are_named_and_cautioned(review):
    result = run_review(review)
    assert result.outcomes[0].measures() == ("HR", "RR")
    assert list(result.outcomes[0].studies["study"]) == ["MADE", "Other", "Pool"]
    assert list(result.outcomes[0].studies["measure"]) == ["HR", "HR", "RR"]
    assert list(result.outcomes[0].studies["source"]) == ["reported", "reported", "summary"]
    assert any("mix measures (HR, RR)" in caution for caution in result.cautions())
    assert any("summary" in caution for caution in result.cautions())


def test_no_total_over_different_measures_is_told_anywhere(review, capsys):
    (review.parent / "studies.csv").write_text(STUDIES.replace("Pool,HBV", "Pool,HCV"))
    assert main(["run", str(review)]) == 3
    said = capsys.readouterr().out
    assert "no total, because one number over different measures has no meaning" in said
    assert "HCV (1 study): RR 0.90 (" in said
    text = " ".join(_page(review.parent / "results" / "report.html").text)
    assert "no total is given" in text
    assert "no total, because" in text
    for told in (said, text):
        assert not re.search(r"All rows together|[Rr]andom effects \(|Fixed effect:|prediction interval|difference between these", told)
    record = json.loads((review.parent / "results" / "pooled.json").read_text())
    assert record["fixed"]["estimate"] is record["random"]["estimate"] is record["heterogeneity"]["q"] is record["subgroup_test"] is None
    assert [group["measure"] for group in record["subgroups"]] == ["HR", "HR", "RR"]


def test_a_subgroup_of_different_measures_has_no_result(review, capsys):
    assert main(["run", str(review)]) == 3
    assert "HBV (2 studies): no result, since HR and RR cannot be pooled together" in capsys.readouterr().out
    assert "HBV (2 studies): no result" in review.parent.joinpath("results", "report.html").read_text("utf-8")


def test_rebuilt_hazard_ratio_is_pooled_when_asked_for(review):
    review.write_text(REVIEW.replace("[pool]", '[pool]\nhazard_ratio = "reconstructed"'))
    result = run_review(review)
    comparison = result.figures()[0].comparisons[0]
    assert result.outcomes[0].studies["yi"][0] == pytest.approx(comparison.rebuilt.yi)
    assert result.outcomes[0].studies["source"][0] == "reconstructed"


def test_facsimile_is_marked_everywhere(review):
    trial = review.parent / "made" / "trial.toml"
    trial.write_text(TRIAL + 'facsimile = true\nfacsimile_note = "Drawn by hand."\n')
    result = run_review(review)
    assert "facsimile" in {flag.name for flag in result.flags()}
    html = result.report.read_text("utf-8")
    assert 'class="banner"' in html
    assert html.count("Drawn by hand.") >= 2
    assert result.cautions()[0].startswith("made.png is a facsimile")


def test_figures_of_another_endpoint_are_not_pooled(review):
    trial = review.parent / "made" / "trial.toml"
    trial.write_text(TRIAL.replace('"overall survival"', '"progression-free survival"'))
    assert list(run_review(review).outcomes[0].studies["study"]) == ["Other", "Pool"]


def test_nothing_of_an_earlier_run_stays_but_what_people_put_there(review):
    run_review(review)
    results = review.parent / "results"
    (results / "my notes.txt").write_text("kept")
    assert (results / "forest.svg").exists()
    (review.parent / "made" / "trial.toml").write_text(TRIAL.replace('id = "made"', 'id = "renamed"'))
    review.write_text(REVIEW[: REVIEW.index("[pool]")])
    run_review(review)
    left = sorted(path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file())
    assert not (results / "made").exists()
    assert not [name for name in left if name.startswith(("forest", "pooled", "studies"))]
    assert "my notes.txt" in left
    assert set(left) - {"my notes.txt", "run.json"} == set(json.loads((results / "run.json").read_text())["files"])


def test_a_record_that_names_files_elsewhere_takes_nothing_away(review):
    results = review.parent / "results"
    results.mkdir()
    (results / "run.json").write_text(json.dumps({"files": ["../studies.csv", "/etc/hostname", 3, "gone.csv"]}))
    run_review(review)
    assert (review.parent / "studies.csv").exists()


def test_a_review_of_nothing_is_refused(tmp_path):
    (tmp_path / "review.toml").write_text('title = "x"\n')
    with pytest.raises(FolderError, match="names no trial and no table of studies"):
        read_review(tmp_path / "review.toml")


def test_run_prints_its_result_as_json(review, capsys):
    assert main(["run", str(review), "--json"]) == 3
    record = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert record["figures"][0]["comparisons"][0]["reported"]["hr"] == pytest.approx(0.55)
    assert record["pooled"]["k"] == 3
    assert os.path.exists(record["report"])


def test_run_that_fails_leaves_no_results(review, monkeypatch, capsys):
    monkeypatch.setattr(review_run, "pool_outcome", lambda *given: (_ for _ in ()).throw(FolderError("on the way")))
    before = sorted(os.listdir(review.parent))
    assert main(["run", str(review)]) == 1
    assert sorted(os.listdir(review.parent)) == before
    assert "on the way" in capsys.readouterr().err


# --- what people write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", r"review\.toml, title: is missing.*titel: is no field"),
        ("[pool]", '[pool]\ntau2 = "REM"', r"pool\.tau2: .*'REM'"),
        ('folder = "made"', "folder = 3", r"trial\.1\.folder"),
        ("[pool]", "[pool", r"review\.toml is no TOML: .*line"),
    ],
)
def test_faults_of_a_review_are_named_by_field(tmp_path, old, new, message):
    path = tmp_path / "review.toml"
    path.write_text(REVIEW.replace(old, new))
    with pytest.raises(FolderError, match=message):
        read_review(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reference = true", "", "0 arms have reference = true"),
        ('file = "made.png"', 'file = "other.png"', r"names 'other\.png'.*is missing"),
        ("n = 50", "n = 0", r"arm\.1\.n"),
        ('id = "made"', 'id = "../made"', "id: "),
    ],
)
def test_faults_of_a_trial_are_named_by_field(review, old, new, message):
    folder = review.parent / "made"
    (folder / "trial.toml").write_text(TRIAL.replace(old, new))
    with pytest.raises(FolderError, match=message):
        read_trial(folder)


def test_missing_review_says_so(tmp_path):
    with pytest.raises(FolderError, match=r"review\.toml cannot be read \(No such file"):
        read_review(tmp_path / "review.toml")


def test_labels_are_tied_by_letters_then_by_likeness():
    named, flags = match_labels(["TACE + CRT", "TACE"], ["TACE", "TACE+CRT"], "f.png")
    assert named == {"TACE + CRT": "TACE+CRT", "TACE": "TACE"}
    assert flags == ()
    named, flags = match_labels(["Dronedarone", "Placebo"], ["Dronedarcne", "Placebo"], "f.png")
    assert named["Dronedarone"] == "Dronedarcne"
    assert [flag.name for flag in flags] == ["arm_name_doubtful"]
    with pytest.raises(FolderError, match=r"f\.png shows the arms 'A', 'B', none like 'Placebo'"):
        match_labels(["Placebo"], ["A", "B"], "f.png")


@pytest.mark.parametrize(("limits", "words"), [((1.1, 2), "above 1: more"), ((0.5, 0.9), "below 1: fewer"), ((0.8, 1.2), "includes 1")])
def test_interval_in_words(limits, words):
    assert words in verdict_on(*limits)


# --- the embedded example --------------------------------------------------------------------------------------------


def test_example_holds_its_review_and_marks_its_facsimile():
    names = example_files()
    assert {"reviews/tace_rt/review.toml", "tacerte/trial.toml", "tacerte/reported.csv"} <= set(names)
    assert not any("__pycache__" in name for name in names)


def test_demo_goes_from_the_figure_to_the_report(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "demo"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    rebuilt = record["figures"][0]["comparisons"][0]["reconstructed"]
    reported = record["figures"][0]["comparisons"][0]["reported"]
    assert rebuilt["hr"] == pytest.approx(reported["hr"], rel=0.1)
    assert "differs" not in record["figures"][0]["agreement"]
    assert record["figures"][0]["facsimile"]
    _page(tmp_path / "demo" / "results" / "report.html")
