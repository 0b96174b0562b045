"""Pooled results for other programs: what their files hold, and that they come back as they went."""

import csv
import io
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from ipdrecon.app.commands import main
from metaanalysis import MetaAnalysisError, pool, pool_events, pool_studies, read_studies
from metaanalysis.exchange.exports import FORMATS, REVMAN_COLUMNS, export_pooled
from metaanalysis.exchange.review_file import read_review

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor.json").read_text(encoding="utf-8"))
BCG = REFERENCE["inputs"]["bcg"]
COUNTS = [[trial[column] for trial in REFERENCE["events"]["bcg"]["counts"]] for column in ("events_1", "n_1", "events_2", "n_2")]


def bcg(**options):
    return pool(BCG["yi"], BCG["vi"], study=[f"Trial {number}" for number in range(1, 14)], measure="RR", **options)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def read_back(tmp_path, text):
    path = tmp_path / "back.csv"
    path.write_text(text, encoding="utf-8")
    return read_studies(path, None if "measure" in text.split("\n", 1)[0] else "RR")


@pytest.mark.parametrize(("to", "name"), [("metafor", "metafor.csv"), ("meta", "meta.csv"), ("csv", "studies.csv")])
def test_studies_come_back_as_they_went(tmp_path, to, name):
    pooled = bcg(subgroup=BCG["group"])
    frame = read_back(tmp_path, export_pooled(pooled, to)[name])
    assert frame.study.tolist() == list(pooled.study)
    assert frame.yi.tolist() == pooled.yi.tolist()
    again = pool_studies(frame, by="subgroup")
    assert [(group.name, group.k) for group in again.subgroups] == [(group.name, group.k) for group in pooled.subgroups]
    # Variances travel as standard errors, so they come back to the last digit but one.
    assert [group.random.estimate for group in again.subgroups] == pytest.approx([group.random.estimate for group in pooled.subgroups], rel=1e-9)


def test_json_is_the_record():
    pooled = bcg(subgroup=BCG["group"])
    assert json.loads(export_pooled(pooled, "json")["pooled.json"]) == pooled.to_dict()
    assert export_pooled(pooled.to_dict(), "metafor") == export_pooled(pooled, "metafor")


@pytest.mark.parametrize(("options", "test", "prediction"), [
    ({}, "adhoc", "predict(random)"), ({"ci": "hk"}, "knha", "predict(random)"), ({"ci": "wald"}, "z", 'predict(random, pi.type = "t")'),
    ({"ci": "wald", "prediction": "normal"}, "z", "predict(random)"), ({"prediction": "riley"}, "adhoc", 'predict(random, pi.type = "riley")'),
])
def test_the_metafor_script_says_the_same_model(options, test, prediction):
    pooled = bcg(tau2="PM", **options)
    script = export_pooled(pooled, "metafor")["metafor.R"]
    assert f'method = "PM", test = "{test}", level = 95.0' in script
    assert f"prediction <- {prediction}\n" in script
    for expected in (pooled.estimate, pooled.ci_low, pooled.tau2, pooled.fixed.estimate, pooled.prediction_high):
        assert repr(float(expected)) in script
    assert script.count("stopifnot(all.equal(") == 3


def test_prediction_that_metafor_has_not_is_said():
    assert "metafor has no normal prediction interval beside a Hartung-Knapp one" in export_pooled(bcg(prediction="normal"), "metafor")["metafor.R"]


def test_subgroups_are_in_the_script():
    pooled = bcg(subgroup=BCG["group"])
    script = export_pooled(pooled, "metafor")["metafor.R"]
    assert 'names <- c("random", "alternate", "systematic")' in script
    assert all(repr(group.random.estimate) in script for group in pooled.subgroups)
    assert "subgroup = subgroup" in export_pooled(pooled, "meta")["meta.R"]


@pytest.mark.parametrize(("fixed", "measure", "call"), [
    ("mh", "RR", 'rma.mh(measure = "RR", ai = events_1'), ("peto", "OR", "rma.peto(ai = events_1"), ("iv", "OR", 'rma(yi, vi, data = studies, slab = slab, method = "FE"'),
])
def test_events_go_out_with_their_method(fixed, measure, call):
    files = export_pooled(pool_events(*COUNTS, measure=measure, fixed=fixed), "metafor")
    assert f"fixed <- {call}" in files["metafor.R"]
    assert rows_of(files["metafor.csv"])[0]["events_1"] == "4.0"


def test_mantel_haenszel_without_its_tables_is_not_compared():
    record = pool_events(*COUNTS, measure="RR", fixed="mh").to_dict()
    assert "without events in the table it is not compared" in export_pooled(record, "metafor")["metafor.R"]


def test_a_single_study_has_no_random_effects():
    script = export_pooled(pool([-0.3], [0.04], measure="HR"), "metafor")["metafor.R"]
    assert "random <-" not in script


def test_the_meta_script_says_the_same_model():
    script = export_pooled(bcg(ci="hk", prediction="riley"), "meta")["meta.R"]
    assert 'sm = "RR",\n  method.tau = "REML",\n  method.random.ci = "HK", adhoc.hakn.ci = "",' in script
    assert 'method.predict = "HTS"' in script
    assert 'adhoc.hakn.ci = "se"' in export_pooled(bcg(), "meta")["meta.R"]
    assert "prediction = FALSE" in export_pooled(pool([-0.3, 0.1], [0.04, 0.1], measure="HR"), "meta")["meta.R"]


@pytest.mark.parametrize("pooled", [bcg(), pool_events(*COUNTS, measure="RR")])
def test_revman_data_rows_come_back(tmp_path, pooled):
    path = tmp_path / "data-rows.csv"
    path.write_text(export_pooled(pooled, "revman", name="Tuberculosis")["data-rows.csv"], encoding="utf-8")
    assert path.read_text(encoding="utf-8").split("\n", 1)[0] == ",".join(REVMAN_COLUMNS)
    (analysis,) = read_review(path).analyses
    assert (analysis.number, analysis.name, analysis.k) == ("1.1", "Tuberculosis", 13)
    frame = read_studies(path, "RR")
    assert frame.yi.tolist() == pytest.approx(pooled.yi.tolist(), rel=1e-14)


def test_names_are_no_formulas():
    pooled = pool([-0.3, 0.1], [0.04, 0.1], study=["=cmd()", "B, and C"], measure="HR")
    for to, name in (("metafor", "metafor.csv"), ("meta", "meta.csv"), ("revman", "data-rows.csv"), ("csv", "studies.csv")):
        text = export_pooled(pooled, to)[name]
        assert "'=cmd()" in text
        assert '"B, and C"' in text


def test_different_measures_have_no_script():
    mixed = pool([-0.3, 0.1], [0.04, 0.1], measure=["HR", "RR"], subgroup=["a", "b"])
    with pytest.raises(MetaAnalysisError, match=r"different measures \(HR, RR\); expected one for metafor"):
        export_pooled(mixed, "metafor")
    assert [row["measure"] for row in rows_of(export_pooled(mixed, "csv")["studies.csv"])] == ["HR", "RR"]
    with pytest.raises(MetaAnalysisError, match="The format is 'spss'; expected one of metafor"):
        export_pooled(mixed, "spss")


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def pooled_folder(tmp_path, capsys):
    studies = tmp_path / "in.csv"
    rows = [",".join(map(str, (f"Trial {place}", 1940 + place, *counts))) for place, counts in enumerate(zip(*COUNTS, strict=True), 1)]
    studies.write_text("\n".join(["study,year,events_1,n_1,events_2,n_2", *rows]) + "\n", encoding="utf-8")
    folder = tmp_path / "pooled"
    assert main(["pool", str(studies), "--measure", "RR", "--fixed", "mh", "--out", str(folder)]) == 0
    capsys.readouterr()
    return folder


@pytest.mark.parametrize("to", FORMATS)
def test_a_pooled_folder_is_exported(pooled_folder, to, capsys):
    assert main(["export", str(pooled_folder), "--to", to, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["format"] == to
    assert all(Path(path).parent == pooled_folder / "export" and Path(path).stat().st_size for path in record["files"])


def test_events_and_years_come_from_its_table(pooled_folder):
    assert main(["export", str(pooled_folder), "--to", "metafor", "-q"]) == 0
    (first, *_), script = rows_of((pooled_folder / "export" / "metafor.csv").read_text("utf-8")), (pooled_folder / "export" / "metafor.R").read_text("utf-8")
    assert (first["year"], float(first["events_1"])) == ("1941", 4)
    assert "rma.mh(" in script


def test_what_a_pooled_folder_refuses(pooled_folder, tmp_path, capsys):
    assert main(["export", str(pooled_folder), "--to", "stata"]) == 1
    assert "holds a pooled result, and the format is 'stata'; expected one of metafor" in capsys.readouterr().err
    assert main(["export", str(pooled_folder), "--out", str(pooled_folder)]) == 1
    assert "expected another folder" in capsys.readouterr().err
    assert main(["export", str(pooled_folder), "--arm", "Placebo"]) == 2
    (pooled_folder / "pooled.json").write_text("{", encoding="utf-8")
    assert main(["export", str(pooled_folder)]) == 1
    assert "is no JSON" in capsys.readouterr().err


def test_revman_gets_the_ratios_printed_where_those_were_pooled():
    table = pd.DataFrame({
        "study": ["A", "B"], "or": [0.5, 0.6], "ci_low": [0.3, 0.4], "ci_high": [0.83, 0.9],
        "events_1": [10, 20], "n_1": [100, 150], "events_2": [12, 22], "n_2": [100, 150],
    })
    studies = read_studies(table)
    rows = rows_of(export_pooled(pool_studies(studies), "revman", details=studies)["data-rows.csv"])
    assert [float(row["GIV Mean"]) for row in rows] == pytest.approx([math.log(0.5), math.log(0.6)])
    assert all(row["Experimental cases"] == "" for row in rows)
    by_events = rows_of(export_pooled(pool_studies(studies, fixed="mh"), "revman", details=studies)["data-rows.csv"])
    assert [row["Experimental cases"] for row in by_events] == ["10", "20"]


def test_two_rows_of_a_trial_keep_their_own_events():
    table = pd.DataFrame({"study": ["A", "A", "B"], "group": ["x", "y", "x"], "events_1": [3, 5, 7], "n_1": [30, 40, 50], "events_2": [6, 8, 9], "n_2": [30, 40, 50]})
    studies = read_studies(table, "RR")
    record = pool_studies(studies, by="group").to_dict()
    rows = rows_of(export_pooled(record, "csv", details=studies)["studies.csv"])
    assert [float(row["events_1"]) for row in rows] == [3, 5, 7]
    shuffled = rows_of(export_pooled(record, "csv", details=studies.iloc[::-1])["studies.csv"])
    assert [row["events_1"] for row in shuffled][:2] == ["", ""]
