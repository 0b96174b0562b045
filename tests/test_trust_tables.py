"""No table that is written holds a formula, whatever arms, studies and columns are called, and every name comes back as it was."""

import ast
import csv
import gzip
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.app import library, saving, workflow
from ipdrecon.app.draws import draws_files, read_draws
from ipdrecon.app.tables import read_table
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.reported import read_reported
from metaanalysis import pool
from metaanalysis.exchange.exports import export_pooled
from metaanalysis.spreadsheet import guarded, unguarded
from metaanalysis.studies.columns import read_frame
from metaanalysis.studies.table import read_studies

ROOT = Path(__file__).parents[1]
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NAMES = ("=cmd|' /C calc'!A0", "+ TACE", "-1+1", "@SUM(A1)", "＝1+1", "\t=1+1", "\r=1+1", "'=quoted", "''+twice", " =spaced")
NUMBER = re.compile(r"[+-]?[\d.,]+([eE][+-]?\d+)?%?")
HOSTILE = st.builds("".join, st.tuples(st.sampled_from(("", "'", "''", " ", "\t", *STARTS)), st.sampled_from((*STARTS, "", "'", "a")), st.text(max_size=8)))


def formulas(cells):
    """Cells that a spreadsheet would run."""
    return [cell for cell in cells if len(cell) > 1 and cell.startswith(STARTS) and not NUMBER.fullmatch(cell)]


def cells_of(content):
    """All cells of a CSV, header and all."""
    return [cell for row in csv.reader(io.StringIO(content.decode(), newline="")) for cell in row]


@given(HOSTILE | st.text(max_size=12))
def test_every_text_comes_back_and_none_is_a_formula(text):
    plain = " ".join(text.split())
    assert unguarded(guarded(text)) == plain
    assert not formulas([guarded(text)])


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_stay_numbers(value):
    for text in (str(value), f"{value:+}", saving.number(value)):
        assert guarded(text) == text


@pytest.mark.parametrize("name", ["TACE + RT", "Drug = A", "5-FU", "(-) marker", "+", "-", "'n = 12'", "α@β", "−0.3", ""])
def test_names_of_papers_are_left_alone(name):
    assert guarded(name) == name == unguarded(name)


@given(st.lists(HOSTILE.filter(lambda text: text.strip() and text.isprintable()), min_size=1, max_size=4, unique_by=lambda text: " ".join(text.split())))
def test_a_table_of_hostile_names_and_columns_comes_back(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("table") / "made.csv"
    columns = ["arm", *names]
    path.write_bytes(saving.csv_bytes(columns, [["x", *names]]))
    assert not formulas(cells_of(path.read_bytes()))
    (line,) = read_table(path, ("arm",))
    wanted = {" ".join(name.split()): " ".join(name.split()) for name in names}
    assert line.cells == {"arm": "x"} | wanted


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_folder_with_draws_and_comparison_comes_back(tmp_path, made_digitisation, name):
    plain = " ".join(name.split())
    folder = tmp_path / "fig"
    library.write_digitisation(made_digitisation(name=plain, arms=(plain, "Drug")), None, folder)
    _, arms = workflow.reconstruct_to_folder(folder, method="guyot")
    drawn = tuple(replace(arm, draws=((arm.time, arm.event),) * 2) for arm in arms)
    reported = folder / "reported.csv"
    reported.write_bytes(saving.csv_bytes(("panel", "quantity", "arm", "time", "value", "source"), [(plain, "median", plain, "", "12,5 (-0.3 to 14)", name)]))
    (row,) = read_reported(reported)
    assert (row.panel, row.arm, row.source) == (plain, plain, plain)
    workflow.validate_to_folder(folder, (row,))
    saving.write_files(folder, draws_files(drawn))
    assert [(arm.panel, arm.arm) for arm in read_arms_of(folder)] == [(plain, plain), (plain, "Drug")]
    for path in sorted(folder.glob("*.csv*")):
        content = path.read_bytes()
        assert not formulas(cells_of(gzip.decompress(content) if path.suffix == ".gz" else content)), path.name


def read_arms_of(folder):
    """Rebuilt arms and draws, whose names agree."""
    read = library.read_digitisation(folder).panels[0]
    draws = read_draws(folder)
    assert set(draws) == {(read.panel, curve.arm) for curve in read.curves}
    return [ReconstructedArm(arm, *patients, method="ipd", panel=panel) for (panel, arm), patients in workflow.read_patients(folder / "ipd.csv").items()]


@pytest.mark.parametrize("name", NAMES)
def test_pooled_studies_come_back_from_every_export(tmp_path, name):
    plain = " ".join(name.split())
    pooled = pool([-0.3, 0.1, -0.4], [0.04, 0.1, 0.06], study=[name, "B, and C", "D"], subgroup=[name, name, "other"], measure="HR")
    for to in ("metafor", "meta", "revman", "csv"):
        for file, text in export_pooled(pooled, to).items():
            if file.endswith(".csv"):
                assert not formulas(cells_of(text.encode())), file
                assert plain in read_frame_text(tmp_path / file, text)
    script = export_pooled(pooled, "metafor")["metafor.R"]
    assert f"names <- c({json.dumps(guarded(name), ensure_ascii=False)}, " in script


def read_frame_text(path, text):
    """All cells of a table as `pool` reads them."""
    path.write_text(text, encoding="utf-8")
    return set(read_frame(path).to_numpy().ravel())


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_studies_is_pooled_under_its_names(tmp_path, name):
    path = tmp_path / "studies.csv"
    path.write_bytes(saving.csv_bytes(("study", "yi", "sei", name), [(name, -0.3, 0.2, name), ("B", 0.1, 0.3, "x")]))
    frame = read_studies(path, "HR")
    assert frame["study"].tolist() == [" ".join(name.split()), "B"]
    assert np.allclose(frame["yi"], [-0.3, 0.1])
    assert frame[" ".join(name.split())].tolist() == [" ".join(name.split()), "x"]


def test_all_csv_is_written_where_it_is_guarded():
    """A module that writes CSV of its own calls `guarded` for every cell that is text; nothing goes past it."""
    writers = set()
    for path in sorted((*ROOT.glob("ipdrecon/**/*.py"), *ROOT.glob("metaanalysis/**/*.py"))):
        text = path.read_text("utf-8")
        calls = {node.func.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
        assert not calls & {"to_csv", "to_excel", "savetxt", "DictWriter"}, path
        if "csv.writer(" in text:
            writers.add(path.relative_to(ROOT).as_posix())
            assert "guarded(name) for name in columns" in text or "guarded(column) for column in columns" in text, path
            assert re.search(r"def _cell\(.*?guarded\(value\)", text, re.DOTALL), path
    assert writers == {"ipdrecon/app/saving.py", "ipdrecon/app/exchange/review_rows.py", "metaanalysis/exchange/exports.py"}


@pytest.mark.parametrize("place", [("measure",), ("fixed", "method"), ("random", "method"), ("random", "ci"), ("k",)])
@pytest.mark.parametrize("word", ['HR"); system("id"); c("', "HR\nsystem('id')", "`id`", None, 1.5])
def test_a_pooled_record_from_elsewhere_cannot_put_code_into_a_script(place, word):
    from metaanalysis.errors import MetaAnalysisError

    record = pool([-0.3, 0.1], [0.04, 0.1], study=["A", "B"], measure="HR").to_dict()
    part = record if len(place) == 1 else record[place[0]]
    part[place[-1]] = word
    for to in ("metafor", "meta"):
        with pytest.raises(MetaAnalysisError, match="The pooled result (names|counts)"):
            export_pooled(record, to)
