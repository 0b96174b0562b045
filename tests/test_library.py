"""The figure folder: what is written is read back, and whatever is wrong in it is named by file, line and column."""

import csv
import io
import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.app import library, saving
from ipdrecon.errors import FolderError
from ipdrecon.flags import Flag
from ipdrecon.model import ArmLook, Axis, Box, Calibration, Curve, Digitisation, DigitisedPanel

HEAD = "panel,arm,time,survival\n"


def _rows(content):
    return list(csv.reader(io.StringIO(content.decode())))


def _folder(tmp_path, curves, **others):
    folder = tmp_path / "fig"
    folder.mkdir()
    (folder / "curves.csv").write_text(curves)
    for name, text in others.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


# --- what is written -------------------------------------------------------------------------------------------------


def test_folder_reads_back_to_the_same_bytes(tmp_path, made_digitisation, made_px):
    made = made_digitisation(flags=(Flag("few_ticks", "time axis", "2 ticks"),))
    library.write_digitisation(made, made_px, tmp_path / "fig")
    assert sorted(os.listdir(tmp_path / "fig")) == ["at_risk.csv", "censor_marks.csv", "curves.csv", "figure.json", "overlay.png"]
    read = library.read_digitisation(tmp_path / "fig")
    again = library.digitisation_files(read)
    assert all(content == (tmp_path / "fig" / name).read_bytes() for name, content in again.items())
    assert read.all_flags() == made.all_flags()
    assert read.panels[0].looks == made.panels[0].looks
    assert [cell.text for cell in read.panels[0].cells] == [cell.text for cell in made.panels[0].cells]


def test_same_reading_gives_same_bytes(made_digitisation, made_px):
    first = library.digitisation_files(made_digitisation(), made_px)
    assert first == library.digitisation_files(made_digitisation(), made_px)


def test_curves_start_at_one_drop_by_drop_and_repeat_the_end(made_digitisation):
    rows = _rows(library.digitisation_files(made_digitisation())["curves.csv"])
    assert rows[0] == ["panel", "arm", "time", "survival"]
    drug = [(float(row[2]), float(row[3])) for row in rows[1:] if row[1] == "Drug"]
    assert drug == [(0, 1), (8, 0.95), (19, 0.8), (33, 0.62), (47, 0.5), (70, 0.5)]


def test_lines_end_with_line_feeds_only(made_digitisation):
    files = library.digitisation_files(made_digitisation())
    assert not any(b"\r" in content for content in files.values())
    assert all(content.endswith(b"\n") for content in files.values())


def test_figure_without_table_has_a_header_only(made_digitisation):
    made = made_digitisation()
    panel = DigitisedPanel("1", made.panels[0].box, made.panels[0].calibration, made.panels[0].curves, made.panels[0].looks)
    bare = Digitisation("made.png", "0" * 64, "raster", (600, 520), (panel,))
    assert library.digitisation_files(bare)["at_risk.csv"] == b"panel,arm,time,n_risk\n"


@pytest.mark.parametrize("arm", ["=cmd|' /C calc'!A0", "+ TACE", "-1+1", "@SUM(A1)", "'=quoted", "'plain'", 'a "quoted", name', "Ω β-blocker"])
def test_no_spreadsheet_takes_an_arm_for_a_formula_and_the_name_survives(tmp_path, made_digitisation, made_px, arm):
    library.write_digitisation(made_digitisation(arms=(arm, "Drug")), None, tmp_path / "fig")
    for name in ("curves.csv", "at_risk.csv", "censor_marks.csv"):
        cells = [row[1] for row in _rows((tmp_path / "fig" / name).read_bytes())[1:]]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    read = library.read_digitisation(tmp_path / "fig")
    assert [curve.arm for curve in read.panels[0].curves] == [arm, "Drug"]
    assert read.panels[0].at_risk.arms == (arm, "Drug")


@pytest.mark.parametrize(("value", "text"), [(-0.0, "0"), (64.0, "64"), (1 / 3, "0.3333333333"), (float("nan"), ""), (1e-12, "1e-12")])
def test_numbers_have_ten_digits_and_no_negative_zero(value, text):
    assert saving.number(value) == text


def test_record_names_its_schema_and_holds_no_nan(made_digitisation):
    record = json.loads(library.digitisation_files(made_digitisation())["figure.json"], parse_constant=pytest.fail)
    assert record["schema_version"] == 1
    assert record["panels"][0]["scale"] == "survival"
    assert record["panels"][0]["axes"]["time"]["unit"] == "months"
    assert 0 <= record["confidence"] <= 1


@st.composite
def _curves(draw):
    drops = draw(st.lists(st.tuples(st.floats(0.01, 20), st.floats(0.001, 0.3)), min_size=1, max_size=12))
    time = np.r_[0.0, np.cumsum([gap for gap, _ in drops])]
    survival = np.r_[1.0, np.cumprod([1 - drop for _, drop in drops])]
    marks = draw(st.lists(st.floats(0, float(time[-1])), max_size=5))
    return Curve("arm", np.r_[time, time[-1] + 1], np.r_[survival, survival[-1]], sorted(marks))


@settings(max_examples=60, deadline=None)
@given(_curves())
def test_written_curves_read_back_as_the_same_step_function(tmp_path_factory, curve):
    folder = tmp_path_factory.mktemp("law") / "fig"
    axis = Axis([0, 100], [0, 50], 0.5, 0.0)
    panel = DigitisedPanel("1", Box(0, 0, 100, 100), Calibration(axis, Axis([0, 100], [1, 0], -0.01, 1)), (curve,), (ArmLook("arm"),))
    made = Digitisation("x.png", "0" * 64, "raster", (100, 100), (panel,))
    library.write_digitisation(made, None, folder)
    read = library.read_digitisation(folder)
    back = read.panels[0].curves[0]
    between = (curve.time[1:] + curve.time[:-1]) / 2
    np.testing.assert_allclose(back.survival_at(between), curve.survival_at(between), rtol=1e-9)
    np.testing.assert_allclose(back.time[-1], curve.time[-1], rtol=1e-9)
    assert library.digitisation_files(read)["curves.csv"] == (folder / "curves.csv").read_bytes()
    assert library.digitisation_files(read)["censor_marks.csv"] == (folder / "censor_marks.csv").read_bytes()


def test_nothing_is_left_where_writing_fails(tmp_path):
    (tmp_path / "plain").write_text("a file")
    with pytest.raises(FolderError, match="cannot be written.*--out"):
        saving.write_files(tmp_path / "plain" / "fig", {"a.csv": b"1"})
    with pytest.raises(FolderError, match="cannot be written"):
        saving.write_files(tmp_path / "new", {"a.csv": b"1", "a.csv/b.csv": b"2"})
    assert os.listdir(tmp_path) == ["plain"]


def test_staged_work_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="on the way"), saving.staged(tmp_path / "deep" / "out") as stage:
        (stage / "half.csv").write_text("x")
        raise ValueError("on the way")
    assert os.listdir(tmp_path) == []


# --- folders made by hand --------------------------------------------------------------------------------------------


def test_curves_alone_are_enough(tmp_path):
    folder = _folder(tmp_path, "arm,time,survival\nA,0,1\nA,3,0.8\nA,9,0.8\n", at_risk="arm,time,n_risk\nA,0,20\nA,6,14\n")
    read = library.read_digitisation(folder)
    assert read.kind == "coordinates"
    assert read.panels[0].curves[0].survival.tolist() == [1, 0.8, 0.8]
    assert read.panels[0].at_risk.n_risk.tolist() == [[20, 14]]


def test_percent_is_understood_and_said(tmp_path):
    folder = _folder(tmp_path, HEAD + "1,A,0,100\n1,A,3,51.8\n1,A,9,25.5\n")
    curve = library.read_digitisation(folder).panels[0].curves[0]
    np.testing.assert_allclose(curve.survival, [1, 0.518, 0.255])
    assert [flag.name for flag in curve.flags] == ["rescaled_percent"]


def test_semicolons_and_decimal_commas_are_read(tmp_path):
    folder = _folder(tmp_path, "\ufeffpanel;arm;time;survival\n1;A;0;1\n1;A;3,5;0,75\n")
    curve = library.read_digitisation(folder).panels[0].curves[0]
    assert curve.time.tolist() == [0, 3.5]
    assert curve.survival.tolist() == [1, 0.75]


def test_small_rise_of_clicked_points_is_lowered_and_said(tmp_path):
    folder = _folder(tmp_path, HEAD + "1,A,0,1\n1,A,3,0.8\n1,A,4,0.805\n1,A,9,0.5\n")
    curve = library.read_digitisation(folder).panels[0].curves[0]
    assert curve.survival.tolist() == [1, 0.8, 0.8, 0.5]
    assert [flag.name for flag in curve.flags] == ["curve_repaired"]


def test_curve_that_begins_late_begins_at_one(tmp_path):
    folder = _folder(tmp_path, HEAD + "1,A,2,0.9\n1,A,9,0.5\n")
    assert library.read_digitisation(folder).panels[0].curves[0].time.tolist() == [0, 2, 9]


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        (HEAD + "1,A,0,1\n1,A,3,0.8\n1,A,9,0.9\n", r"line 4, column survival: rises from 0\.8 to 0\.9 for 'A'"),
        (HEAD + "1,A,0,1\n1,A,3,\n", r"line 3, column survival: is ''; expected a number"),
        (HEAD + "1,A,0,1\n1,A,x,0.5\n", r"line 3, column time: is 'x'; expected a number"),
        (HEAD + "1,A,0,1\n1,A,5,0.8\n1,A,3,0.7\n", r"line 4, column time: goes back from 5 to 3"),
        (HEAD + "1,A,-1,1\n", r"line 2, column time: is -1"),
        (HEAD + "1,A,0,1\n1,A,5,-0.2\n", r"line 3, column survival: is -0\.2"),
        (HEAD + "1,A,0,1\n1,A,5,nan\n", r"line 3, column survival: is 'nan'"),
        (HEAD + "1,A,0,200\n1,A,5,150\n", r"line 2, column survival: is 200"),
        (HEAD + "1,,0,1\n", r"line 2, column arm: is empty"),
        ("panel,arm,time\n1,A,0\n", r"curves\.csv, line 1: no column survival"),
        (HEAD, "has no rows"),
        ("", "no column arm, time, survival; seen: nothing"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(tmp_path, curves, message):
    with pytest.raises(FolderError, match=message):
        library.read_digitisation(_folder(tmp_path, curves))


def test_rising_numbers_at_risk_are_named(tmp_path):
    folder = _folder(tmp_path, HEAD + "1,A,0,1\n1,A,9,0.5\n", at_risk="panel,arm,time,n_risk\n1,A,0,112\n1,A,6,72\n1,A,12,172\n")
    with pytest.raises(FolderError, match=r"at_risk\.csv, line 4, column n_risk: rises from 72 to 172 at 12 for 'A'"):
        library.read_digitisation(folder)


def test_missing_folder_and_missing_file_are_told_apart(tmp_path):
    with pytest.raises(FolderError, match="is no folder"):
        library.read_digitisation(tmp_path / "nowhere")
    with pytest.raises(FolderError, match=r"holds no curves\.csv; digitise the figure first"):
        library.read_digitisation(tmp_path)


def test_file_that_is_no_text_is_refused(tmp_path):
    folder = _folder(tmp_path, HEAD)
    (folder / "curves.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(FolderError, match="no text in UTF-8"):
        library.read_digitisation(folder)


@pytest.mark.parametrize(
    ("record", "message"), [("{", "is no JSON"), ('{"schema_version": 2}', "schema version 2"), ("[]", "schema version None")]
)
def test_record_of_another_kind_is_refused(tmp_path, record, message):
    folder = _folder(tmp_path, HEAD + "1,A,0,1\n1,A,9,0.5\n")
    (folder / "figure.json").write_text(record)
    with pytest.raises(FolderError, match=message):
        library.read_digitisation(folder)


def test_edit_by_hand_is_taken_and_flagged(tmp_path, made_digitisation):
    folder = tmp_path / "fig"
    library.write_digitisation(made_digitisation(), None, folder)
    path = folder / "at_risk.csv"
    path.write_text(path.read_text().replace("1,Drug,60,9", "1,Drug,60,8"))
    read = library.read_digitisation(folder)
    assert read.panels[0].at_risk.n_risk[1, -1] == 8
    assert [flag.name for flag in read.flags] == ["edited"]
    assert read.flags[0].place == "at_risk.csv"


def test_mended_table_loses_its_mark(tmp_path, made_digitisation, made_panel):
    from dataclasses import replace

    table = replace(made_panel().at_risk, n_risk=[[50, 36, 30, 72, 15, 8], [50, 45, 38, 28, 20, 9]], flags=(Flag("at_risk_rises", "Placebo"),))
    made = replace(made_digitisation(), panels=(replace(made_panel(), at_risk=table),))
    library.write_digitisation(made, None, tmp_path / "fig")
    assert library.read_digitisation(tmp_path / "fig").panels[0].at_risk.flags == table.flags
    path = tmp_path / "fig" / "at_risk.csv"
    path.write_text(path.read_text().replace("1,Placebo,36,72", "1,Placebo,36,22"))
    assert library.read_digitisation(tmp_path / "fig").panels[0].at_risk.flags == ()
