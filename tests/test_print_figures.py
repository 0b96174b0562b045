"""The figures as they stand in print: pages of panels with their truth, insets, and tables that the margin cuts."""

import importlib
from pathlib import Path

import cv2
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def drawer(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for folder in ("images", "truth"):
        (tmp_path / folder).mkdir()
    return importlib.import_module("print_figures")


def test_every_look_is_drawn_with_its_truth(drawer, tmp_path):
    looks = {}
    for index, look in enumerate(drawer.PRINT):
        for entry in drawer.make(tmp_path, 3, index):
            looks.setdefault(look.name, []).append(entry)
            curves = pd.read_csv(tmp_path / entry["curves"], dtype={"arm": str})
            assert list(dict.fromkeys(curves["arm"])) == entry["arms"]
            assert cv2.imread(str(tmp_path / entry["file"])) is not None
    assert set(looks) == {look.name for look in drawer.PRINT}
    assert len({entry["panel"] for entry in looks["page"]}) > 1


def test_a_number_that_the_margin_cuts_is_no_part_of_the_truth(drawer, tmp_path):
    index, drawer.CUT_TABLE = len(drawer.PRINT) - 1, 1.0
    for seed in range(20):
        (entry,) = drawer.make(tmp_path, seed, index)
        if entry["style"]["table_times"] != "half":
            break
    times = pd.read_csv(tmp_path / entry["at_risk"])["time"]
    drawer.CUT_TABLE = 0.0
    (whole,) = drawer.make(tmp_path, seed, index)
    assert times.max() < pd.read_csv(tmp_path / whole["at_risk"])["time"].max()


def test_a_seed_draws_the_same_again(drawer, tmp_path):
    drawn = [(tmp_path / drawer.make(tmp_path, 4, 0)[0]["file"]).read_bytes() for _ in range(2)]
    assert drawn[0] == drawn[1]
