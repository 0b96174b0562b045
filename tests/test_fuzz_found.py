"""Faults that the fuzz run found, each mended, each with a test."""

import contextlib
import json
import logging
import os
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

from ipdrecon.app import library
from ipdrecon.app.batch.manifest import read_manifest
from ipdrecon.app.exchange.coordinates import read_coordinates
from ipdrecon.app.exchange.risk_files import read_risk_file
from ipdrecon.app.review import read_trial
from ipdrecon.app.tables import read_table
from ipdrecon.app.workbench.desk import Desk
from ipdrecon.app.workbench.journal import Journal
from ipdrecon.app.workbench.standing import changed_by_hand, take_up
from ipdrecon.app.workflow import input_digests, read_arms
from ipdrecon.audit.numbers import read_p, read_share
from ipdrecon.errors import (
    EditError,
    ExchangeError,
    FigureError,
    FolderError,
    IpdreconError,
    ReportedError,
)
from ipdrecon.figure.at_risk.text import parse_count
from ipdrecon.figure.decoding import picture_size
from ipdrecon.figure.edits.kinds import parse_edit
from ipdrecon.figure.labels import Label, label_rows
from ipdrecon.figure.labels import parse_number as parse_label
from ipdrecon.figure.opening import open_sheet
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box, Word
from ipdrecon.survival.agreement import validate
from ipdrecon.survival.reported import parse_printed, read_reported
from metaanalysis import MetaAnalysisError, pool, pool_events, read_studies
from metaanalysis.errors import MOST_CHARACTERS
from metaanalysis.exchange.review_file import read_review
from metaanalysis.studies.printed import parse_interval, parse_number, parse_p


@pytest.fixture
def write(tmp_path):
    def put(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


# --- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [IpdreconError, ExchangeError, MetaAnalysisError])
def test_a_message_is_one_printable_line_whatever_the_file_held(kind):
    error = kind("arm '\x1b[31m\u202e\n\udc80\x00' is seen;\texpected a name")
    assert str(error) == r"arm '\x1b[31m\u202e \udc80\x00' is seen; expected a name"
    assert str(error).isprintable()


@pytest.mark.parametrize("kind", [IpdreconError, MetaAnalysisError])
def test_of_a_long_message_the_end_that_says_what_to_do_is_kept(kind):
    message = str(kind(f"is {'9' * 140_000!r}; expected a number: mend the cell."))
    assert len(message) == MOST_CHARACTERS
    assert message.endswith("expected a number: mend the cell.")
    assert message.startswith("is '999")


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"arm,time\nA," + b"x" * 140_000 + b"\n", r"line 2: it is no row of a table \(field larger than field limit"),
        ("arm,time\n".encode("utf-16-le"), r"is no text \(byte 0 at character 1\)"),
    ],
)
def test_a_table_that_csv_cannot_read(write, content, message):
    with pytest.raises(FolderError, match=message):
        read_table(write("a.csv", content), ("arm", "time"))


def test_a_path_that_is_none(write):
    with pytest.raises(FolderError, match="is no path of a file"):
        read_table("a\0b.csv", ("arm",))
    with pytest.raises(MetaAnalysisError, match=r"There is no file|cannot be read"):
        read_studies("a\0b.csv")


@pytest.mark.parametrize("number", ["1e-400", "1e400", "0." + "0" * 400 + "1"])
def test_digits_beyond_reckoning_are_no_printed_number(number):
    with pytest.raises(ReportedError, match="is no printed number|characters"):
        parse_printed(number)


@pytest.mark.parametrize("read", [parse_printed, read_share, read_p, parse_number, parse_interval, parse_p])
@pytest.mark.parametrize("cell", ["1" + " " * 100_000 + "x", "1 " * 50_000 + "x", "1" * 100_000 + "%", "0.1 (" * 30_000, "p" + " " * 100_000, "not" + " " * 100_000 + "x"], ids=["blanks", "digits", "number", "brackets", "p", "words"])
def test_no_pattern_takes_the_square_of_a_cell(read, cell):
    begin = time.process_time()
    with contextlib.suppress(ReportedError, MetaAnalysisError):
        read(cell)
    assert time.process_time() - begin < 1


def test_a_long_p_of_a_paper_is_refused_quickly(write):
    path = write("reported.csv", "quantity,value,p\nhr,0.5,not" + " " * 100_000 + "x\n")
    begin = time.process_time()
    with pytest.raises(ReportedError, match=r"line 2, column 'p'"):
        read_reported(path)
    assert time.process_time() - begin < 1


def test_an_infinite_number_is_named_by_its_place(write):
    with pytest.raises(ExchangeError, match="line 3, column n_risk: is '1e999'; expected a number"):
        read_risk_file(write("r.csv", "time,n_risk\n0,50\n6,1e999\n"))
    with pytest.raises(ExchangeError, match="column time: is '1e999'; expected a number"):
        read_coordinates(write("c.csv", "time,survival\n0,1\n1e999,0.5\n"))


def test_rows_of_empty_cells_are_no_points(write):
    with pytest.raises(ExchangeError, match="a header and no numbers"):
        read_coordinates(write("c.csv", "arm,time,survival\n,,,\n,,,\n"))


# --- records ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["figure.json", "reconstruction.json"])
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [3], {"a": 1}, 10**300], ids=repr)
def test_a_record_whose_fields_are_others_is_refused_and_never_a_bug(tmp_path, write, made_digitisation, name, value):
    library.write_digitisation(made_digitisation(), None, tmp_path)
    (tmp_path / "ipd.csv").write_text("panel,arm,time,event\n1,Placebo,1,1\n")
    (tmp_path / "reconstruction.json").write_text(json.dumps({"inputs": input_digests(tmp_path), "draws": 0, "arms": [{"panel": "1", "arm": "Placebo", "flags": [], "method": "joint", "information": {}, "residuals": {"printed": [{"quantity": "events", "arm": "Placebo", "time": None, "used": True}]}}]}))
    events = read_reported(write("reported.csv", "quantity,arm,value\nevents,Placebo,1\n"))
    record = json.loads((tmp_path / name).read_text())
    for place in places(record):
        (tmp_path / name).write_text(json.dumps(changed(record, place, value)))
        for read in (library.read_digitisation, lambda folder: validate(read_arms(folder), events)):
            try:
                read(tmp_path)
            except IpdreconError as error:
                assert str(error).isprintable()


def places(node, place=()):
    yield place
    for key, child in node.items() if isinstance(node, dict) else enumerate(node[:1]) if isinstance(node, list) else ():
        yield from places(child, (*place, key))


def changed(node, place, value):
    if not place:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[place[0]] = changed(node[place[0]], place[1:], value)
    return copy


def test_a_journal_whose_fields_are_others_is_begun_anew(write, tmp_path):
    whole = {"schema_version": 1, "edits": [], "revision": 3, "undo": [{"kept": 0, "gone": [], "new": []}], "redo": [], "given": {}}
    write("journal.json", json.dumps(whole))
    assert Journal.read(tmp_path).revision == 3
    for wrong in ({"revision": "3"}, {"edits": {}}, {"edits": [1]}, {"undo": [{"kept": {}}]}, {"redo": 5}, {"given": []}):
        write("journal.json", json.dumps(whole | wrong))
        assert Journal.read(tmp_path).revision == 0


def test_the_workbench_tells_of_a_record_that_is_none_of_ours(write, tmp_path):
    write("curves.csv", "arm,time,survival\nA,0,1\nA,5,0.5\n")
    for record in ({"schema_version": 1}, {"settings": {}, "panels": [[]], "edits": []}, {"settings": {"at_risk": {"1": 3}}, "panels": [], "edits": []}):
        write("figure.json", json.dumps(record))
        assert "is not as the program writes it" in take_up(tmp_path).trouble


@pytest.mark.parametrize("beside", [(), ("journal.json",)])
@pytest.mark.parametrize("record", ["[]", "{}", '{"edits": {}}', '{"edits": [], "panels": 3, "settings": {}}'])
def test_a_figure_whose_record_is_none_of_ours_opens_and_says_so(write, tmp_path, record, beside):
    write("curves.csv", "arm,time,survival\nA,0,1\nA,5,0.5\n")
    write("figure.json", record)
    for name in beside:
        write(name, '{"schema_version": 1, "edits": [], "revision": 3, "undo": [], "redo": [], "given": {}}')
    for source in (None, tmp_path.with_suffix(".png")):
        desk = Desk(source, tmp_path, None, tmp_path)
        assert desk.status == "failed"
        assert "figure.json" in desk.message
        assert not desk.is_stale


@pytest.mark.parametrize("text", ["9" * 400, "0" * 400, "-" + "9" * 400, "." + "9" * 400, "1" + ",000" * 200])
def test_digits_without_end_are_no_tick_label(text):
    assert parse_label(text) == ((), False)
    labels = [Label(parse_label(told)[0], False, x, 10.0, Word(told, Box(x - 5, 5, x + 5, 15), 1.0)) for told, x in (("0", 10.0), (text, 60.0), ("20", 110.0), ("30", 160.0), ("40", 210.0))]
    assert [row.values for row in label_rows([label for label in labels if label.values])] == [(0, 20, 30, 40)]


@pytest.mark.parametrize("text", ["9" * 400, "9" * 5000, "1" + ",000" * 200, f"12 ({'9' * 400})", f"{'9' * 400}(6c)"])
def test_digits_without_end_are_no_count(text):
    assert parse_count(text) is None
    assert parse_count("120118110105").n == 120_118_110_105


@pytest.mark.parametrize("shape", [(40, 6000, 3), (6000, 40, 3), (3, 3000, 3)])
def test_what_is_longer_than_any_line_of_text_is_not_read_as_one(shape):
    px = np.full(shape, 255, np.uint8)
    assert read_line(px, Box(0, 0, shape[1] - 1, shape[0] - 1)).text == ""


@pytest.mark.parametrize("edit", [
    {"edit": "axis", "axis": "vertical", "ticks": [{"px": 1e308, "value": 1}, {"px": 205, "value": 0}]},
    {"edit": "axis", "axis": "time", "range": [0, 1e300]},
    {"edit": "add_arm", "name": "A", "points": [[0, 1], [-1e300, 0.5]], "colour": [0, 0, 0]},
    {"edit": "end", "arm": "A", "time": 1e300},
    {"edit": "row", "arm": "A", "time": [0, 6], "n_risk": [10**250, 3]},
])
def test_numbers_beyond_any_figure_are_refused_in_edits(edit):
    with pytest.raises(EditError, match=r"-?1000000000"):
        parse_edit(edit, "edit 1")


def test_a_table_of_many_columns_is_read_without_a_warning(write):
    names = [f"column {k}" for k in range(300)]
    read = read_studies(write("studies.csv", ",".join(["study", "yi", "sei", *names]) + "\n" + ",".join(["A", "-0.1", "0.2", *map(str, range(300))]) + "\n"))
    assert [read[name].iloc[0] for name in names] == [str(k) for k in range(300)]


@pytest.mark.parametrize("table", ["study,yi,sei\nOther,-0.2,1e308\n", "study,hr,sei\nOther,0.8,1e308\n", "study,rd,ci_low,ci_high\nOther,0,-1e200,1e200\n"])
def test_a_standard_error_without_end_is_told_of_its_row(write, table):
    with pytest.raises(MetaAnalysisError, match="Other.*its variance is inf"):
        read_studies(write("studies.csv", table))


@pytest.mark.parametrize("files", ["999", [1], 3, None])
def test_a_record_whose_list_of_files_is_none_tells_of_no_changes(write, tmp_path, files):
    write("curves.csv", "arm,time,survival\nA,0,1\nA,5,0.5\n")
    for record in ({"files": files}, files):
        assert changed_by_hand(tmp_path, record) == []


@pytest.mark.parametrize("box", [[0, 0, 1e308, 50], [-1e18, 0, 50, 50]])
def test_a_box_beyond_any_figure_is_refused(box):
    with pytest.raises(EditError, match="px; expected places within the figure"):
        parse_edit({"edit": "box", "box": box}, "edit 1")


# --- reviews and pooling ---------------------------------------------------------------------------------------------


def test_two_columns_that_mean_the_same_are_refused(write):
    with pytest.raises(MetaAnalysisError, match="'HR', 'hr', which mean the same; expected one of them"):
        read_studies(write("studies.csv", "study,HR,hr,ci_low,ci_high\nA,0.7,0.8,0.5,0.98\n"))
    rows = "Analysis group,analysis group,Analysis number,Study,GIV Mean,GIV SE\n1,1,1,A,-0.2,0.1\n"
    with pytest.raises(MetaAnalysisError, match="two of which are one"):
        read_review(write("x.csv", rows))


@pytest.mark.parametrize(("yi", "vi"), [(1e300, 1.0), (0.1, 1e-300), (0.1, 1e300), (-1e200, 1.0)])
def test_effects_beyond_reckoning_are_refused(yi, vi):
    with pytest.raises(MetaAnalysisError, match="beyond which sums lose all digits"):
        pool([0.1, yi], [0.1, vi])


def test_more_patients_than_there_are_people_are_refused():
    with pytest.raises(MetaAnalysisError, match=r"Row 2 has 1e\+300 patients in an arm; expected at most 1e\+09"):
        pool_events([4, 4], [20, 1e300], [5, 5], [20, 20])


def test_a_vanishing_number_of_events_warns_of_nothing(write):
    table = read_studies(write("studies.csv", "study,events_1,n_1,events_2,n_2\nA,5e-324,50,9,51\nB,4,50,9,51\n"), "RR")
    assert np.isnan(table["yi"][0])
    assert np.isfinite(table["yi"][1])


# --- pictures and text -----------------------------------------------------------------------------------------------


def test_what_pillow_logs_of_a_picture_is_kept_quiet(write, capfd):
    entries = [(256, 4, 90), (257, 4, 70), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8), (277, 3, 65535), (278, 4, 70), (279, 4, 9)]
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries) + bytes(4)
    data = b"II*\0" + struct.pack("<I", 8) + body + bytes(500)
    assert picture_size(data) == (90, 70)
    with pytest.raises(FigureError, match="is damaged and cannot be decoded"):
        open_sheet(write("figure.tif", data), ocr=False)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("PIL").level == logging.NOTSET


def test_a_float_picture_becomes_levels_without_a_warning(write):
    import cv2

    px = np.full((70, 90, 3), 300, np.float32)
    px[10:20, 10:20], px[30:40, 10:20], px[50:60, 10:20] = -5, np.nan, 20
    figure = open_sheet(write("figure.tif", cv2.imencode(".tiff", px)[1].tobytes()), ocr=False).figure
    assert [int(figure.px[row, 15, 0]) for row in (5, 15, 35, 55)] == [255, 0, 255, 20]


def test_the_reader_of_text_keeps_no_record_of_use_on_disk(tmp_path):
    """onnxruntime from 1.2x on writes a database below the home folder and a session in TMPDIR, and sends them to its makers."""
    (tmp_path / "tmp").mkdir()
    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | places
    code = "import numpy as np; from ipdrecon.figure.text import read_words; read_words(np.full((90, 90, 3), 255, np.uint8))"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    found = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in found if name.startswith((".ses", "onnxruntime"))]


def test_a_name_that_no_file_can_have_is_missing(write):
    folder = write("reported.csv", b"quantity,value\n").parent
    arms = '[[arm]]\nlabel = "A"\nreference = true\n[[arm]]\nlabel = "B"\n'
    (folder / "trial.toml").write_text(f'id = "t"\nname = "T"\nreported = "{"r" * 5000}.csv"\n{arms}')
    with pytest.raises(FolderError, match="is missing; put the file there or mend the name"):
        read_trial(folder)


def test_a_batch_names_its_figures_though_their_paths_have_no_name(write):
    manifest = write("batch.csv", b"figure\n/\n.\nfigure.png\n")
    assert [job.id for job in read_manifest(manifest)] == ["figure", "figure-2", "figure-3"]
