"""What is installed: each extra that is missing is named where it is needed, and everything else goes on without it."""

import importlib.util
import json
import re
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

import ipdrecon
from ipdrecon.app.commands import main
from ipdrecon.errors import NEEDS, IpdreconError, lacking
from ipdrecon.figure.digitisation import DigitiseSettings

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "digitised" / "tacerte" / "fig5_facsimile.png"
RANGES = {"x_range": (0, 12), "y_range": (0, 1)}


@pytest.fixture
def without(monkeypatch):
    """Hide what an extra brings, as if it were not installed."""

    def hide(extra):
        for name in [name for name in sys.modules if name.partition(".")[0] in NEEDS[extra]]:
            monkeypatch.delitem(sys.modules, name)
        for name in NEEDS[extra]:
            monkeypatch.setitem(sys.modules, name, None)

    return hide


@pytest.mark.parametrize("extra", NEEDS)
def test_everything_is_there_in_the_tests(extra):
    assert lacking(extra) == ""


@pytest.mark.parametrize(("extra", "said"), [("ocr", "rapidocr and onnxruntime are"), ("parquet", "pyarrow is")])
def test_what_is_missing_is_named(without, extra, said):
    without(extra)
    assert lacking(extra) == f"{said} not installed; run: pip install 'ipdrecon[{extra}]'"


def test_setup_names_the_same_extras():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = {name: {re.split(r"[<>=~! ;\[]", line)[0] for line in text.split("\n") if line} for name, text in setup["options.extras_require"].items()}
    for extra, names in NEEDS.items():
        assert {name.replace("-", "_") for name in extras[extra]} == set(names)
    assert f"ipdrecon[{','.join(NEEDS)}]" in setup["options.extras_require"]["all"]


# --- ocr -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path):
    """Draw two curves; give the file of an ending."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(6, 4), dpi=100)
    axes = drawing.add_axes((0.12, 0.15, 0.84, 0.8))
    axes.step([0, 3, 6, 9, 12], [1, 0.8, 0.6, 0.5, 0.5], where="post", label="Placebo")
    axes.step([0, 4, 7, 10, 12], [1, 0.9, 0.8, 0.7, 0.7], where="post", label="Drug")
    axes.set(ylim=(0, 1), xlim=(0, 12), xlabel="Months", ylabel="Overall survival")
    axes.legend()

    def draw(ending):
        drawing.savefig(tmp_path / f"made.{ending}")
        return tmp_path / f"made.{ending}"

    return draw


def test_a_picture_whose_axes_are_given_is_read_without_ocr(without, made):
    without("ocr")
    figure = ipdrecon.digitise(made("png"), **RANGES)
    (flag,) = [flag for flag in figure.flags if flag.name == "text_unread"]
    assert flag.detail == "Rapidocr and onnxruntime are not installed; run: pip install 'ipdrecon[ocr]'."
    arms = ipdrecon.reconstruct(figure, n={curve.arm: 50 for curve in figure.panels[0].curves})
    assert sorted(round(float(curve.survival[-1]), 1) for curve in figure.panels[0].curves) == [0.5, 0.7]
    assert [arm.n for arm in arms] == [50, 50]


def test_a_picture_without_axes_says_what_to_install(without):
    without("ocr")
    with pytest.raises(IpdreconError, match=r"The text of pictures is not read here, since rapidocr and onnxruntime are not installed; run: pip install 'ipdrecon\[ocr\]'"):
        ipdrecon.digitise(FIGURE)


def test_no_flag_where_no_text_was_asked_for(without, made):
    without("ocr")
    figure = ipdrecon.digitise(made("png"), **RANGES, settings=DigitiseSettings(ocr=False))
    assert not [flag for flag in figure.flags if flag.name == "text_unread"]


def test_a_vector_figure_is_read_without_ocr(without, made):
    path = made("pdf")
    expected = ipdrecon.digitise(path)
    without("ocr")
    found = ipdrecon.digitise(path)
    assert {curve.arm for curve in found.panels[0].curves} == {"Placebo", "Drug"}
    assert [curve.survival.tolist() for curve in found.panels[0].curves] == [curve.survival.tolist() for curve in expected.panels[0].curves]
    assert not [flag for flag in found.flags if flag.name == "text_unread"]


# --- the other extras ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "command"), [("workbench", ["serve", "{place}", "--no-browser"]), ("cluster", ["batch", "{place}/figures", "--scheduler", "local"])]
)
def test_a_command_says_what_to_install(without, tmp_path, capsys, extra, command):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "one.png").write_bytes(FIGURE.read_bytes())
    without(extra)
    assert main([word.format(place=tmp_path) for word in command]) == 1
    assert f"not installed; run: pip install 'ipdrecon[{extra}]'" in capsys.readouterr().err


def test_a_batch_without_parquet_says_so(without, tmp_path, capsys):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "one.txt").write_text("no figure")
    (tmp_path / "manifest.csv").write_text("figure\nfigures/one.txt\n")
    without("parquet")
    main(["batch", str(tmp_path / "manifest.csv"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out" / "results.parquet").exists()
    assert "No results.parquet: pyarrow is not installed; run: pip install 'ipdrecon[parquet]'" in " ".join(capsys.readouterr().out.split())


def test_the_record_of_a_run_names_what_is_installed(monkeypatch):
    from importlib import metadata

    from ipdrecon.app.review_run import versions

    assert "rapidocr" in versions()

    def version(name, known=metadata.version):
        if name == "rapidocr":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(metadata, "version", version)
    assert "rapidocr" not in versions()
    assert json.dumps(versions())


def test_the_package_asks_for_nothing_that_it_does_not_import_but_what_patients_go_on_into():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    names = {re.split(r"[<>=~! ;\[]", line)[0] for line in setup["options"]["install_requires"].split("\n") if line and not line.startswith("#")}
    imported_as = {"opencv-python-headless": "cv2", "fonttools": "fontTools", "pillow": "PIL", "onnxruntime": "rapidocr"}
    sources = "\n".join(path.read_text("utf-8") for package in ("ipdrecon", "metaanalysis") for path in (ROOT / package).rglob("*.py"))
    unused = [name for name in names if not re.search(rf"^\s*(import|from) {imported_as.get(name, name)}\b", sources, re.MULTILINE)]
    # rebuilt patients go on into lifelines, as docs/reconstruction.md shows
    assert unused == ["lifelines"]
    assert all(importlib.util.find_spec(imported_as.get(name, name)) for name in names)


# --- licences --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def licences():
    spec = importlib.util.spec_from_file_location("list_licences", ROOT / "docs" / "list_licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_that_is_installed_is_permissive_and_told(licences):
    names = licences.by_extra()
    assert {"numpy", "rapidocr", "opencv-python-headless"} <= set(names[""])
    assert "distributed" in names["cluster"]
    assert list(licences.troubles()) == []


@pytest.mark.parametrize(
    ("licence", "permissive"),
    [
        ("MIT", True), ("BSD-3-Clause AND Zlib", True), ("Apache-2.0 OR BSD-2-Clause", True), ("GPL-3.0 OR MIT", True), ("MPL-2.0 AND MIT", False),
        ("GPL-3.0-only", False), ("MIT AND LGPL-2.1", False), ("unknown", False), ("AGPL-3.0 OR GPL-3.0", False),
    ],
)  # fmt: skip
def test_what_is_permissive(licences, licence, permissive):
    assert licences.is_permissive(licence) == permissive


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License-Expression": "MIT"}, "MIT"), ({"License": "BSD 3-Clause License\n\nCopyright"}, "BSD-3-Clause"), ({"License": "BSD-3-Clause"}, "BSD-3-Clause"),
        ({"Classifier": ["License :: OSI Approved :: Apache Software License"]}, "Apache-2.0"), ({"License": "GPL-3.0"}, "GPL-3.0"),
        ({"Classifier": ["License :: OSI Approved :: GNU General Public License (GPL)"]}, "GNU General Public License (GPL)"), ({}, "unknown"),
    ],
)  # fmt: skip
def test_licences_are_read_from_metadata(licences, monkeypatch, fields, licence):
    from email.message import Message
    from types import SimpleNamespace

    told = Message()
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            told[name] = value
    monkeypatch.setattr(licences, "distribution", lambda name: SimpleNamespace(metadata=told))
    assert licences.licence_of("made") == licence
