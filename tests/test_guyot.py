"""Guyot's algorithm: by law, and against an implementation in R (tests/reference/guyot.R)."""

import json
import time as clock
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.survival.guyot import Rows, invert

REFERENCE = json.loads((Path(__file__).parent / "reference" / "guyot.json").read_text())
CASES = {case["name"]: case for case in REFERENCE["cases"]}


def _list(values):
    return np.atleast_1d(values).tolist()


def _rows(case):
    return Rows(*(_list(case[name]) for name in ("time", "survival", "lower", "n_risk")))


def test_reference_is_whole():
    assert len(CASES) == len(REFERENCE["cases"]) == 16
    assert sum(case["answer"]["ended"] for case in CASES.values()) >= 12


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["answer"]["ended"]])
def test_equals_r_where_r_ends(name):
    case = CASES[name]
    rows, answer = _rows(case), case["answer"]
    found = invert(rows, case["n_event"])
    assert list(found.n_event) == answer["d"]
    assert list(found.n_risk) == _list(answer["n_risk"])
    inside = [t for t in found.censor_time if t < rows.time[-1]]
    cens = np.bincount(np.searchsorted(rows.time, inside, side="right") - 1, minlength=len(rows.time))
    assert cens.tolist() == answer["cens"]
    assert len(found.censor_time) - len(inside) == answer["n_end"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case["answer"]["ended"]])
def test_ends_where_r_does_not(name):
    case = CASES[name]
    rows = _rows(case)
    found = invert(rows, case["n_event"])
    assert sum(found.n_event) + len(found.censor_time) == rows.n_risk[0]


@st.composite
def nasty_rows(draw):
    size = draw(st.integers(2, 40))
    steps = draw(st.lists(st.floats(0, 0.4), min_size=size - 1, max_size=size - 1))
    survival = np.concatenate(([1.0], np.clip(1 - np.cumsum(steps), 0, 1))).tolist()
    time = np.concatenate(([0.0], np.cumsum(draw(st.lists(st.floats(0.01, 5), min_size=size - 1, max_size=size - 1))))).tolist()
    lower = sorted({0} | draw(st.sets(st.integers(1, size - 1), max_size=6)))
    numbers = sorted(draw(st.lists(st.integers(0, 300), min_size=len(lower), max_size=len(lower))), reverse=True)
    return Rows(time, survival, lower, [max(numbers[0], 1), *numbers[1:]])


@given(nasty_rows(), st.none() | st.integers(0, 300))
def test_always_ends_and_keeps_the_patients(rows, n_event):
    begin = clock.perf_counter()
    found = invert(rows, n_event)
    assert clock.perf_counter() - begin < 2
    assert sum(found.n_event) + len(found.censor_time) == rows.n_risk[0]
    assert min(found.n_event) >= 0
    assert all(0 <= t <= rows.time[-1] for t in found.censor_time)
    assert all(got <= printed for got, printed in zip(found.n_risk, rows.n_risk, strict=True))


@given(nasty_rows())
def test_table_is_met_where_the_curve_leaves_room(rows):
    """A flat curve takes no patients, so every printed number can be met by censoring alone."""
    flat = Rows(rows.time, [1.0] * len(rows.time), rows.lower, rows.n_risk)
    found = invert(flat)
    assert list(found.n_risk) == rows.n_risk
    assert sum(found.n_event) == 0


def test_hundred_thousand_patients():
    at = np.linspace(0, 60, 600)
    rows = Rows(at.tolist(), np.exp(-at / 40).round(4).tolist(), [0, 200, 400], [100_000, 40_000, 9_000])
    begin = clock.perf_counter()
    found = invert(rows)
    assert clock.perf_counter() - begin < 2
    assert found.n_risk == (100_000, 40_000, 9_000)
