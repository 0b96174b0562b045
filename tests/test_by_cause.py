"""Patients with causes by the command line: which curve is which cause, what is written, what is refused."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from ipdrecon.app.by_cause import ONLY_ARM, CauseCurve, parse_cause, parse_overall
from ipdrecon.app.commands import main

CURVES = """panel,arm,time,survival
1,Relapse,0,1
1,Relapse,3,0.9
1,Relapse,9,0.8
1,Relapse,20,0.7
1,Death (NRM),0,1
1,Death (NRM),4,0.95
1,Death (NRM),12,0.85
1,Death (NRM),20,0.85
"""
AT_RISK = "panel,arm,time,n_risk\n1,Drug,0,100\n1,Drug,6,80\n1,Drug,12,60\n"
CAUSES = ["--cause", "Relapse=relapse@Drug", "--cause", "death nrm=NRM@Drug"]


@pytest.fixture
def folder(tmp_path):
    """A figure folder of one arm, a curve per cause."""
    path = tmp_path / "fig"
    path.mkdir()
    (path / "curves.csv").write_text(CURVES)
    (path / "at_risk.csv").write_text(AT_RISK)
    return path


def test_parse():
    assert parse_cause("Relapse=relapse@Drug") == CauseCurve("Relapse", "relapse", "Drug")
    assert parse_cause("S = 1 - F=death") == CauseCurve("S = 1 - F", "death", ONLY_ARM)
    assert parse_cause("Relapse") is parse_cause("=death") is parse_cause("Relapse=@Drug") is None
    assert parse_overall("EFS @ Drug") == CauseCurve("EFS", "", "Drug")


def test_patients_have_causes(folder, capsys):
    assert main(["reconstruct", str(folder), *CAUSES, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    (arm,) = record["arms"]
    assert (arm["arm"], arm["causes"], arm["n"], arm["method"]) == ("Drug", ["relapse", "NRM"], 100, "incidence")
    assert arm["information"] == "incidence of all causes + at-risk table"
    assert record["columns"]["cause"].startswith("0 = censored, 1, 2")
    frame = pd.read_csv(folder / "ipd.csv")
    assert list(frame) == ["panel", "arm", "time", "event", "cause"]
    assert len(frame) == 100
    assert (frame["event"] == (frame["cause"] == 1)).all()
    assert dict(zip(["relapse", "NRM"], np.bincount(frame["cause"])[1:].tolist(), strict=True)) == arm["n_by_cause"]
    assert [int((frame["time"] >= at).sum()) for at in (0, 6, 12)] == [100, 80, 60]
    assert {"ipd.csv", "reconstruction.json", "reconstruction.png"} <= set(os.listdir(folder))


def test_row_that_the_reader_tied_to_another_curve_is_found(folder, capsys):
    """One row below two curves is tied to one of them, the other gets an empty row: it still is the arm's."""
    empty = "1,Relapse,0,\n1,Relapse,6,\n1,Relapse,12,\n"
    (folder / "at_risk.csv").write_text(AT_RISK.replace("Drug", "Death (NRM)") + empty)
    assert main(["reconstruct", str(folder), *CAUSES, "--json"]) == 0
    assert [arm["n"] for arm in json.loads(capsys.readouterr().out)["arms"]] == [100]


def test_same_bytes(folder):
    runs = []
    for _ in range(2):
        main(["reconstruct", str(folder), *CAUSES, "-q"])
        runs.append({name: (folder / name).read_bytes() for name in os.listdir(folder)})
    assert runs[0] == runs[1]


def test_one_cause_alone_ends_with_three_and_says_why(folder, capsys):
    assert main(["reconstruct", str(folder), "--cause", "Relapse=relapse"]) == 3
    said = capsys.readouterr().out
    assert "subdistribution (arm 'arm 1')" in said
    assert "from incidence of the main cause + at-risk table" in said


def test_overall_curve_and_totals(folder, capsys):
    with open(folder / "curves.csv", "a") as file:
        file.write("1,EFS,0,1\n1,EFS,3,0.9\n1,EFS,4,0.85\n1,EFS,9,0.75\n1,EFS,12,0.6\n1,EFS,20,0.5\n")
    options = ["--cause", "Relapse=relapse@Drug", "--overall", "efs@Drug", "--events", "relapse@drug=22", "--json"]
    assert main(["reconstruct", str(folder), *options]) in (0, 3)
    (arm,) = json.loads(capsys.readouterr().out)["arms"]
    assert arm["causes"] == ["relapse", "other causes"]
    assert arm["information"].endswith("total events")
    assert arm["residuals"]["n_event"].keys() == {"relapse"}


def test_two_arms_by_two_causes(folder, capsys):
    second = CURVES.split("\n", 1)[1].replace("Relapse", "Relapse B").replace("Death (NRM)", "Death B")
    (folder / "curves.csv").write_text(CURVES + second)
    (folder / "at_risk.csv").write_text(AT_RISK + "1,B,0,60\n1,B,6,50\n1,B,12,40\n")
    both = [*CAUSES, "--cause", "Relapse B=relapse@B", "--cause", "Death B=NRM@B"]
    assert main(["reconstruct", str(folder), *both, "--json"]) == 0
    arms = json.loads(capsys.readouterr().out)["arms"]
    assert [(arm["arm"], arm["n"]) for arm in arms] == [("Drug", 100), ("B", 60)]


def test_validate_compares_events_but_no_medians(folder, tmp_path, capsys):
    main(["reconstruct", str(folder), *CAUSES, "-q"])
    reported = tmp_path / "reported.csv"
    reported.write_text("quantity,arm,value\nn,Drug,100\n")
    assert main(["validate", str(folder), "--reported", str(reported)]) == 0
    reported.write_text("quantity,arm,value\nn,Drug,100\nmedian,Drug,19\n")
    capsys.readouterr()
    assert main(["validate", str(folder), "--reported", str(reported)]) == 1
    assert "holds patients with causes; median cannot be compared" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--cause", "Relapse"], 2, "is not CURVE=CAUSE or CURVE=CAUSE@ARM"),
        (["--overall", "Relapse"], 2, "--overall goes with --cause CURVE=CAUSE"),
        (["--cause", "Relapse=r", "--overall", "Relapse@B"], 1, "Arm 'B' has an overall curve and no cause"),
        (["--cause", "Relapse=r", "--cause", "Death (NRM)=r"], 1, "Arm 'arm 1': 'r' has two curves"),
        (["--cause", "Relapse=r@A", "--cause", "Death (NRM)=d@A", "--cause", "Death (NRM)=d@B", "--cause", "Relapse=r@B"], 1, "in one order"),
        (["--cause", "GvHD=gvhd"], 1, "has all the curves named ('GvHD'); there are panel 1: 'Relapse', 'Death (NRM)'"),
        ([*CAUSES, "--n", "C=5"], 1, "no arm 'C'; the arms are 'Drug'"),
        ([*CAUSES, "--events", "fever=5"], 1, "no arm 'fever'; the arms are 'relapse', 'NRM'"),
        (["--cause", "Relapse=r@A", "--cause", "Death (NRM)=d@B", "--events", "r=5"], 1, "Give --events CAUSE@ARM=N"),
        (["--cause", "Relapse=r@A", "--cause", "Death (NRM)=d@B", "--n", "=5"], 1, "names no arm; the arms are 'A', 'B'"),
    ],
)
def test_wrong_options(folder, capsys, options, status, message):
    before = sorted(os.listdir(folder))
    assert main(["reconstruct", str(folder), *options]) == status
    assert message in capsys.readouterr().err
    assert sorted(os.listdir(folder)) == before


def test_delayed_entry_of_one_arm_leaves_the_other(tmp_path, made_digitisation, capsys):
    """The table was read with a rise and flagged so: the arm is left out and told, the other is rebuilt."""
    from dataclasses import replace

    from ipdrecon.app.library import write_digitisation
    from ipdrecon.flags import Flag
    from ipdrecon.model import AtRiskTable

    digitisation = made_digitisation()
    panel = digitisation.panels[0]
    table = AtRiskTable(panel.at_risk.arms, [0, 12, 24], [[50, 80, 40], [50, 45, 38]], flags=(Flag("at_risk_rises", "at-risk table"),))
    write_digitisation(replace(digitisation, panels=(replace(panel, at_risk=table),)), None, tmp_path / "late")
    assert main(["reconstruct", str(tmp_path / "late"), "--method", "guyot", "--n", "Placebo=50", "--json"]) == 3
    record = json.loads(capsys.readouterr().out)
    assert [arm["arm"] for arm in record["arms"]] == ["Drug"]
    assert "rises from 50 at month 0 to 80" in record["left_out"][0]["detail"]
    assert (tmp_path / "late" / "reconstruction.png").exists()
