"""`ipdrecon pool` with all that stands beside the pooled result: the same numbers in text, record, tables and files."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import metaanalysis
from ipdrecon.app.commands import main

STUDIES = """study,year,aetiology,dose,hr,ci_low,ci_high,median_1,median_2,events_1,events_2,logrank_p,favours,D1,D2,overall
Alpha,2001,HBV,30,0.72,0.50,1.04,,,,,,,low,high,high
Beta,2003,HBV,45,0.80,0.60,1.07,,,,,,,low,low,low
Gamma,2008,HCV,50,0.95,0.70,1.29,,,,,,,low,unclear,some
Delta,2010,HCV,54,,,,14,11,40,45,,,low,low,low
Epsilon,2015,alcohol,60,,,,,,50,60,0.03,treatment,low,low,low
"""


@pytest.fixture
def studies(tmp_path):
    path = tmp_path / "studies.csv"
    path.write_text(STUDIES.replace("unclear", "some"))
    return path


def _json(capsys, *arguments):
    status = main([*map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_everything_asked_for_is_in_the_record_and_the_folder(studies, tmp_path, capsys):
    out = tmp_path / "out"
    asked = ["--also", "influence", "--also", "bayes", "--also", "gosh", "--order", "year", "--moderator", "dose", "--effect", "0.8"]
    status, record = _json(capsys, "pool", studies, "--by", "aetiology", *asked, "--baseline-risk", "0.4", "--time", "3 years", "--out", out)
    assert status == 0
    beside = {"choices", "cumulative", "influence", "gosh", "regression", "absolute", "sequential", "bayes", "methods"}
    assert beside <= set(record)
    pictures = {"forest", "leave_one_out", "cumulative", "influence", "baujat", "galbraith", "gosh", "bayes", "sequential", "bubble_dose"}
    assert {f"{name}{ending}" for name in pictures for ending in (".svg", ".pdf", ".png")} <= {path.name for path in out.iterdir()}
    assert json.loads((out / "pooled.json").read_text())["random"] == record["random"]


def test_what_stands_beside_agrees_with_the_pooled_result(studies, capsys):
    _, record = _json(capsys, "pool", studies, "--order", "year")
    (same,) = [choice for choice in record["choices"] if choice["name"] == "REML, hk-adhoc"]
    assert [same[name] for name in ("estimate", "ci_low", "p")] == pytest.approx([record["random"][name] for name in ("estimate", "ci_low", "p")])
    assert record["choices"][0]["estimate"] == pytest.approx(record["fixed"]["estimate"])
    steps = record["cumulative"]["steps"]
    assert steps[-1]["estimate"] == pytest.approx(record["random"]["estimate"])
    assert [source["name"] for source in record["sources"]] == ["without reported", "without derived"]


def test_routes_are_recorded_and_told(studies, capsys):
    _, record = _json(capsys, "pool", studies)
    assert [study["route"] for study in record["studies"]] == ["hr+ci", "hr+ci", "hr+ci", "medians+events", "logrank-p+events-per-arm"]
    assert main(["pool", str(studies)]) == 0
    said = capsys.readouterr().out
    assert "Delta: derived (medians+events): Survival is exponential" in " ".join(said.split())


def test_a_preset_sets_what_is_not_given(studies, capsys):
    _, record = _json(capsys, "pool", studies, "--preset", "legacy-dl", "--ci", "hk")
    assert (record["random"]["method"], record["random"]["ci"]) == ("DL", "hk")
    _, record = _json(capsys, "pool", studies, "--preset", "revman")
    assert (record["random"]["method"], record["random"]["ci"]) == ("REML", "hk")


def test_what_cannot_be_done_is_told_and_ends_with_3(tmp_path, capsys):
    (tmp_path / "two.csv").write_text("study,yi,sei\nA,0.1,0.2\nB,0.2,0.3\n")
    status, record = _json(capsys, "pool", tmp_path / "two.csv", "--also", "influence")
    assert status == 3
    assert "saw 2 studies; it needs 3 or more" in record["not_done"]["influence"]
    assert main(["pool", str(tmp_path / "two.csv"), "--also", "influence"]) == 3
    assert "Not done: influence:" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--also", "magic"], ["--look", "nejm"], ["--preset", "excel"], ["--zero-cells", "some"]])
def test_words_that_are_not_known_are_wrong_usage(studies, capsys, wrong):
    assert main(["pool", str(studies), *wrong]) == 2
    assert "expected one of" in " ".join(re.sub(r"[│╭╮╰╯─]", " ", capsys.readouterr().err).split())


def test_a_column_that_is_not_there_is_told(studies, capsys):
    status, record = _json(capsys, "pool", studies, "--moderator", "colour")
    assert status == 3
    assert "no column 'colour'" in record["not_done"]["regression"]


def test_absolute_effects_are_those_of_the_pooled_ratio(studies, capsys):
    _, record = _json(capsys, "pool", studies, "--baseline-risk", "0.4", "--baseline-risk", "0.7")
    ratio = np.exp(record["random"]["estimate"])
    for row, risk in zip(record["absolute"]["rows"], (0.4, 0.7), strict=True):
        assert row["reference"] == pytest.approx(risk)
        assert row["treatment"] == pytest.approx(1 - (1 - risk) ** ratio)


def test_tables_hold_the_numbers_of_the_record(studies, tmp_path, capsys):
    _, record = _json(capsys, "pool", studies, "--also", "influence", "--moderator", "dose", "--out", tmp_path / "out")
    frame = pd.read_csv(tmp_path / "out" / "regression.csv")
    assert frame["estimate"].tolist() == pytest.approx([row["estimate"] for row in record["regression"]["coefficients"]], rel=1e-6)
    choices = pd.read_csv(tmp_path / "out" / "choices.csv")
    assert choices["estimate"].tolist() == pytest.approx([choice["estimate"] for choice in record["choices"]], rel=1e-6)


def test_patients_are_analysed_in_one_stage_and_two(tmp_path, capsys):
    rng = np.random.default_rng(3)
    rows = ["study,ipd,treatment,reference"]
    for name in ("one", "two", "three"):
        time = rng.exponential(20, 120).round(1) + 0.1
        lines = [f"1,{'new' if number % 2 else 'old'},{at},{int(at < 30)}" for number, at in enumerate(time)]
        (tmp_path / f"{name}.csv").write_text("panel,arm,time,event\n" + "\n".join(lines) + "\n")
        rows.append(f"{name},{name}.csv,new,old")
    (tmp_path / "studies.csv").write_text("\n".join(rows) + "\n")
    status, record = _json(capsys, "pool", tmp_path / "studies.csv", "--out", tmp_path / "out")
    assert status == 0
    patients = record["patients"]
    assert patients["one_stage"]["estimate"] == pytest.approx(record["fixed"]["estimate"], abs=0.03)
    assert patients["two_stage"]["random"]["estimate"] == pytest.approx(record["random"]["estimate"])
    assert (tmp_path / "out" / "pooled_curves.svg").is_file()


def test_the_document_names_every_option():
    from typer.main import get_command

    from ipdrecon.app.commands import app

    options = {name for parameter in get_command(app).commands["pool"].params for name in parameter.opts if name.startswith("--")}
    text = (Path(__file__).parents[1] / "docs" / "metaanalysis.md").read_text("utf-8") + (Path(__file__).parents[1] / "docs" / "forest_plots.md").read_text("utf-8")
    common = {"--out", "--json", "--quiet", "--verbose", "--debug", "--measure", "--by", "--analysis", "--favours"}
    assert not {option for option in options - common if option not in text}


def test_the_document_in_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / "docs" / "metaanalysis.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    exec(compile(code, "metaanalysis.md", "exec"), {})
    assert (tmp_path / "forest.svg").is_file()
    assert metaanalysis.__all__
