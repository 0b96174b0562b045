"""The figures of the batch benchmark: one of each look, with its truth; the same seed draws the same, another seed another."""

import importlib
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def drawer(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for folder in ("images", "truth"):
        (tmp_path / folder).mkdir()
    return importlib.import_module("batch_figures")


def test_every_look_is_drawn_with_its_truth(drawer, tmp_path):
    for index, look in enumerate(drawer.LOOKS):
        for entry in drawer.make(tmp_path, look.name, look, [1, index]):
            assert entry["look"] == look.name
            assert (tmp_path / entry["file"]).stat().st_size > 5000
            curves = pd.read_csv(tmp_path / entry["curves"], dtype={"arm": str})
            assert list(dict.fromkeys(curves["arm"])) == entry["arms"]
            assert (curves.groupby("arm")["survival"].diff().dropna() <= 0).all()
            if entry["at_risk"]:
                assert (pd.read_csv(tmp_path / entry["at_risk"]).groupby("arm")["n_risk"].diff().dropna() <= 0).all()


def test_a_seed_draws_the_same_again_and_another_seed_does_not(drawer, tmp_path):
    look = drawer.LOOKS[0]
    drawn = [(tmp_path / drawer.make(tmp_path, f"f{place}", look, stream)[0]["curves"]).read_bytes() for place, stream in enumerate(([1, 0], [1, 0], [2, 0]))]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_trap_owns_to_be_one(drawer, tmp_path):
    (entry, *_) = drawer.make_one(tmp_path, 1, drawer.EACH_TRAP - 1)
    assert (entry["trap"], entry["look"]) == (True, "trap")
