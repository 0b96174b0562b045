"""Patients in other programs' formats: the same patients, in the columns and codes those programs expect."""

import csv
import io
import json
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.app import library
from ipdrecon.app.batch.job_run import clear_folder
from ipdrecon.app.commands import main
from ipdrecon.app.exchange.imported_figure import ImportRequest, import_to_folder
from ipdrecon.app.exchange.patients_out import FORMATS, ExportRequest, export_from_folder, kaplan_meier_rows
from ipdrecon.app.exchange.written_list import exported
from ipdrecon.app.workflow import read_arms, reconstruct_to_folder, write_figure_folder
from ipdrecon.errors import ExchangeError, FolderError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.kaplan_meier import kaplan_meier

CURVES = "panel,arm,time,survival\n1,Placebo,0,1\n1,Placebo,3,0.8\n1,Placebo,9,0.6\n1,Drug B,0,1\n1,Drug B,4,0.9\n1,Drug B,9,0.7\n"
AT_RISK = "panel,arm,time,n_risk\n1,Placebo,0,40\n1,Placebo,6,30\n1,Drug B,0,42\n1,Drug B,6,33\n"


def _folder(path, curves=CURVES, at_risk=AT_RISK):
    path.mkdir()
    (path / "curves.csv").write_text(curves)
    (path / "at_risk.csv").write_text(at_risk)
    reconstruct_to_folder(path)
    return path


@pytest.fixture
def folder(tmp_path):
    """A figure folder of one panel with patients."""
    return _folder(tmp_path / "fig")


@pytest.fixture
def two_panels(tmp_path):
    """A figure folder of the panels A and B."""
    curves, risks = (text + "".join(line.replace("1,", "2,", 1) + "\n" for line in text.splitlines()[1:]) for text in (CURVES, AT_RISK))
    for old, new in (("\n1,", "\nA,"), ("\n2,", "\nB,")):
        curves, risks = curves.replace(old, new), risks.replace(old, new)
    return _folder(tmp_path / "fig", curves, risks)


def _truth(folder, panel="1"):
    return {arm.arm: sorted(zip(arm.time.tolist(), arm.event.tolist(), strict=True)) for arm in read_arms(folder) if arm.panel == panel}


def _read(path, **options):
    return pd.read_csv(path, **options)


def _pairs(frame, time, event):
    return sorted(zip(frame[time].tolist(), (frame[event] == 1).tolist(), strict=True))


# --- the formats -----------------------------------------------------------------------------------------------------


def test_csv_has_time_status_arm(folder):
    frame = _read(export_from_folder(folder, ExportRequest("csv")).paths[0])
    assert list(frame.columns) == ["time", "status", "arm"]
    assert {arm: _pairs(rows, "time", "status") for arm, rows in frame.groupby("arm")} == _truth(folder)


def test_ipdfromkm_numbers_its_treatments_from_the_reference(folder):
    exported = export_from_folder(folder, ExportRequest("ipdfromkm", arms=("drug b", "Placebo")))
    frame = _read(exported.paths[0])
    assert list(frame.columns) == ["time", "status", "treat"]
    assert exported.codes == {"Drug B": 0, "Placebo": 1}
    truth = _truth(folder)
    for arm, code in exported.codes.items():
        assert _pairs(frame[frame["treat"] == code], "time", "status") == truth[arm]


def test_metarmst_has_its_own_names_and_two_arms(folder):
    exported = export_from_folder(folder, ExportRequest("metarmst", trial=7))
    frame = _read(exported.paths[0])
    assert list(frame.columns) == ["trialID", "Time", "Event", "Arm"]
    assert set(frame["trialID"]) == {7}
    assert _pairs(frame[frame["Arm"] == 1], "Time", "Event") == _truth(folder)["Drug B"]
    with pytest.raises(ExchangeError, match=r"1 arms \('Placebo'\); metaRMST compares two"):
        export_from_folder(folder, ExportRequest("metarmst", arms=("Placebo",)))


def test_stata_reads_back_with_labels_and_the_same_bytes(folder):
    path = export_from_folder(folder, ExportRequest("stata")).paths[0]
    frame = pd.read_stata(path)
    assert list(frame.columns) == ["time", "status", "arm"]
    assert {arm: _pairs(rows, "time", "status") for arm, rows in frame.groupby("arm", observed=True)} == _truth(folder)
    first = path.read_bytes()
    export_from_folder(folder, ExportRequest("stata"))
    assert path.read_bytes() == first


def test_stata_keeps_names_of_any_script(tmp_path):
    names = ("Плацебо Ω", "é" * 100 + "1")
    path = _folder(tmp_path / "fig", *(text.replace("Placebo", names[0]).replace("Drug B", names[1]) for text in (CURVES, AT_RISK)))
    frame = pd.read_stata(export_from_folder(path, ExportRequest("stata")).paths[0])
    assert set(frame["arm"]) == set(names)


def test_survhe_has_two_files_for_each_arm(folder):
    exported = export_from_folder(folder, ExportRequest("survhe"))
    assert sorted(os.listdir(folder / "export")) == ["IPDdata_Drug_B.txt", "IPDdata_Placebo.txt", "KMdata_Drug_B.txt", "KMdata_Placebo.txt", "export.json"]
    patients = _read(folder / "export" / "IPDdata_Placebo.txt", sep="\t")
    assert list(patients.columns) == ["time", "event", "arm"]
    assert set(patients["arm"]) == {exported.codes["Placebo"]} == {1}
    assert _pairs(patients, "time", "event") == _truth(folder)["Placebo"]
    table = _read(folder / "export" / "KMdata_Placebo.txt", sep="\t")
    assert list(table.columns) == ["time", "n.risk", "n.event", "n.censored"]
    assert table.iloc[0].tolist()[:2] == [0, 40]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30))
def test_survhe_rows_count_every_patient_once_and_give_the_same_estimate(patients):
    time, event = (np.array(column) for column in zip(*patients, strict=True))
    arm = ReconstructedArm("A", time, event)
    at, n_risk, n_event, n_censored = (np.array(column) for column in zip(*kaplan_meier_rows(arm), strict=True))
    assert n_event.sum() + n_censored.sum() == len(patients)
    assert (n_risk[1:] == n_risk[:-1] - n_event[:-1] - n_censored[:-1]).all()
    assert (n_censored >= 0).all()
    np.testing.assert_allclose(np.cumprod(1 - n_event / n_risk), kaplan_meier(arm.time, arm.event).survival_at(at), atol=1e-12)


# --- panels, names, places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", FORMATS)
def test_each_panel_has_files_of_its_own(two_panels, tmp_path, to):
    exported = export_from_folder(two_panels, ExportRequest(to), tmp_path / "out")
    assert len(exported.paths) == (8 if to == "survhe" else 2)
    assert all(path.stem.endswith(("_A", "_B")) for path in exported.paths)
    assert exported.counts == {"A": 82, "B": 82}
    alone = export_from_folder(two_panels, ExportRequest(to, panel="B"), tmp_path / "alone")
    assert {path.read_bytes() for path in alone.paths} <= {path.read_bytes() for path in exported.paths}


def test_panel_and_arm_must_be_there(two_panels):
    with pytest.raises(ExchangeError, match="No patients of a panel 'C'; there are A, B"):
        export_from_folder(two_panels, ExportRequest("csv", panel="C"))
    with pytest.raises(FolderError, match="no arm 'x'; the arms are 'Placebo', 'Drug B'"):
        export_from_folder(two_panels, ExportRequest("csv", arms=("x",)))


def test_one_file_is_no_place_for_several_and_ours_are_never_overwritten(two_panels, tmp_path):
    with pytest.raises(ExchangeError, match="is one file; expected a folder for patients_A.csv, patients_B.csv"):
        export_from_folder(two_panels, ExportRequest("csv"), tmp_path / "x.csv")
    with pytest.raises(ExchangeError, match="a name that ends as they do"):
        export_from_folder(two_panels, ExportRequest("stata", panel="A"), tmp_path / "x.csv")
    with pytest.raises(ExchangeError, match="ipd.csv is a file of the figure folder itself"):
        export_from_folder(two_panels, ExportRequest("csv", panel="A"), two_panels / "ipd.csv")
    assert not (tmp_path / "x.csv").exists()


def test_folder_without_patients_is_refused(tmp_path):
    (tmp_path / "curves.csv").write_text(CURVES)
    with pytest.raises(FolderError, match="holds no ipd.csv; run `ipdrecon reconstruct"):
        export_from_folder(tmp_path, ExportRequest("csv"))


@pytest.mark.parametrize("arm", ["=cmd|' /C calc'!A0", "+ TACE", "@SUM(A1)"])
def test_no_spreadsheet_takes_an_exported_arm_for_a_formula(tmp_path, arm):
    path = _folder(tmp_path / "fig", *(text.replace("Placebo", f" {arm}") for text in (CURVES, AT_RISK)))
    text = export_from_folder(path, ExportRequest("csv")).paths[0].read_text()
    cells = {row[2] for row in csv.reader(io.StringIO(text))}
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert f"'{arm}" in cells


def test_names_that_are_no_file_names_stay_within_the_folder(tmp_path):
    names = ("../../etc", "a/b")
    path = _folder(tmp_path / "fig", *(text.replace("Placebo", names[0]).replace("Drug B", names[1]) for text in (CURVES, AT_RISK)))
    exported = export_from_folder(path, ExportRequest("survhe"), tmp_path / "out")
    assert {file.name for file in exported.paths} == {"KMdata_etc.txt", "IPDdata_etc.txt", "KMdata_a_b.txt", "IPDdata_a_b.txt"}
    assert sorted(os.listdir(tmp_path)) == ["fig", "out"]


def test_names_alike_get_files_apart(tmp_path):
    names = ("A b", "a/B")
    path = _folder(tmp_path / "fig", *(text.replace("Placebo", names[0]).replace("Drug B", names[1]) for text in (CURVES, AT_RISK)))
    exported = export_from_folder(path, ExportRequest("survhe"), tmp_path / "out")
    assert len({file.name.casefold() for file in exported.paths}) == 4


# --- round trip and command ------------------------------------------------------------------------------------------


def test_curve_of_exported_patients_imported_again_gives_the_same_patients(folder, tmp_path):
    export_from_folder(folder, ExportRequest("survhe"), tmp_path / "out")
    curves, risks = [], []
    for arm, name in (("Placebo", "Placebo"), ("Drug B", "Drug_B")):
        table = _read(tmp_path / "out" / f"KMdata_{name}.txt", sep="\t")
        survival = np.cumprod(1 - table["n.event"] / table["n.risk"])
        (tmp_path / f"{name}.csv").write_text("".join(f"{t:g};{s:.12f}\n".replace(".", ",") for t, s in zip(table["time"], survival, strict=True)))
        (tmp_path / f"{name}_risk.csv").write_text("".join(f"{t:g},{n}\n" for t, n in zip(table["time"], table["n.risk"], strict=True)))
        curves.append(f"{arm}={tmp_path / name}.csv")
        risks.append(f"{arm}={tmp_path / name}_risk.csv")
    import_to_folder(ImportRequest(tuple(curves), tuple(risks)), tmp_path / "again")
    reconstruct_to_folder(tmp_path / "again")
    found = {arm.arm: np.sort(arm.time[arm.event]).tolist() for arm in read_arms(tmp_path / "again")}
    truth = {arm.arm: np.sort(arm.time[arm.event]).tolist() for arm in read_arms(folder)}
    assert found == truth


def test_command_writes_one_file_and_tells_codes(folder, tmp_path, capsys):
    assert main(["export", str(folder), "--to", "IPDfromKM", "--arm", "Drug B", "--arm", "Placebo", "--out", str(tmp_path / "x.csv")]) == 0
    assert "0 = Drug B, 1 = Placebo" in capsys.readouterr().out
    assert (tmp_path / "x.csv").read_text().startswith("time,status,treat\n")


def test_command_gives_json_and_needs_a_known_format(folder, capsys):
    assert main(["export", str(folder), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["patients"] == {"1": 82}
    assert record["files"] == [str(folder / "export" / "patients.csv")]
    assert main(["export", str(folder), "--to", "sas"]) == 2
    assert "expected one of csv, ipdfromkm, stata, survhe, metarmst" in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_doubts_of_the_figure_go_along(tmp_path, capsys):
    wavy = tmp_path / "wavy.csv"
    wavy.write_text("0,1\n1,0.9\n2,0.95\n3,0.7\n")
    import_to_folder(ImportRequest((str(wavy),), n={"": 40}), tmp_path / "fig")
    reconstruct_to_folder(tmp_path / "fig")
    assert main(["export", str(tmp_path / "fig")]) == 3
    assert "curve_repaired" in capsys.readouterr().out


# --- what is no longer true ------------------------------------------------------------------------------------------


def _exports(folder):
    out = folder / "export"
    return sorted(path.name for path in out.iterdir()) if out.is_dir() else None


def test_other_patients_take_away_what_was_exported_of_those_before(folder, capsys):
    for to in ("csv", "stata"):
        assert main(["export", str(folder), "--to", to, "-q"]) == 0
    (folder / "export" / "mine.R").write_text("mine")
    assert main(["reconstruct", str(folder), "-q"]) in (0, 3)
    assert _exports(folder) == ["export.json", "mine.R", "patients.csv", "patients.dta"], "the same patients: they stay"
    assert main(["reconstruct", str(folder), "--events", "Placebo=14", "-q"]) in (0, 3)
    assert _exports(folder) == ["mine.R"]


def test_a_new_reading_takes_away_what_was_exported_of_the_old_one(folder, made_digitisation):
    assert main(["export", str(folder), "--to", "survhe", "-q"]) == 0
    assert len(_exports(folder)) == 5
    files = library.digitisation_files(made_digitisation(arms=("A", "B")))
    write_figure_folder(folder, files, tuple(name for name in files if name.endswith(".csv")))
    assert not (folder / "ipd.csv").exists()
    assert _exports(folder) is None


def test_what_somebody_changed_or_put_elsewhere_is_theirs(folder, tmp_path):
    for to, out in (("csv", ()), ("stata", ()), ("csv", ("--out", str(tmp_path / "elsewhere")))):
        assert main(["export", str(folder), "--to", to, *out, "-q"]) == 0
    with (folder / "export" / "patients.csv").open("a") as stream:
        stream.write("9,1,Placebo\n")
    assert main(["reconstruct", str(folder), "--events", "Placebo=14", "-q"]) in (0, 3)
    assert _exports(folder) == ["patients.csv"]
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["patients.csv"]


@pytest.mark.parametrize("listed", ['{"files": {"../ipd.csv": "x", "/etc/hostname": "x", "": "x", "..": "x"}}', '{"files": [1]}', "[]", "no JSON"])
def test_a_list_that_leads_elsewhere_takes_nothing_away(folder, listed):
    (folder / "export").mkdir()
    (folder / "export" / "export.json").write_text(listed)
    assert [name for name in exported(folder) if name != "export/export.json"] == []


def test_a_linked_folder_of_exports_is_left_alone(folder, tmp_path):
    assert main(["export", str(folder), "-q"]) == 0
    (folder / "export").rename(tmp_path / "kept")
    (folder / "export").symlink_to(tmp_path / "kept")
    assert exported(folder) == []


def test_a_job_of_a_batch_begins_without_what_was_exported_of_the_last(folder):
    assert main(["export", str(folder), "-q"]) == 0
    clear_folder(folder)
    assert not (folder / "export" / "patients.csv").exists()


def test_what_is_pooled_anew_leaves_nothing_of_the_result_before(tmp_path):
    table, out = tmp_path / "studies.csv", tmp_path / "pooled"
    table.write_text("study,hr,ci_low,ci_high\nA,0.8,0.6,1.1\nB,0.7,0.5,1.0\nC,0.9,0.7,1.2\nD,0.6,0.4,0.9\n")
    assert main(["pool", str(table), "--also", "influence", "--out", str(out), "-q"]) == 0
    assert main(["export", str(out), "--to", "metafor", "-q"]) == 0
    (out / "notes.txt").write_text("mine")
    assert {"influence.csv", "baujat.svg", "export"} <= {path.name for path in out.iterdir()}
    assert main(["pool", str(table), "--also", "influence", "--out", str(out), "-q"]) == 0
    assert "metafor.csv" in _exports(out), "the same result: they stay"
    table.write_text("study,hr,ci_low,ci_high\nA,0.8,0.6,1.1\nB,0.7,0.5,1.0\n")
    assert main(["pool", str(table), "--out", str(out), "-q"]) == 0
    names = {path.name for path in out.iterdir()}
    assert "notes.txt" in names
    assert not [name for name in names if name.startswith(("influence", "baujat", "leave_one_out"))]
    assert "export" not in names
    assert names == {*json.loads((out / "pooled.json").read_text())["files"], "pooled.json", "notes.txt"}
