"""Zero cells: every rule against metafor (`tests/reference/metafor_zero_cells.R` makes the numbers), and laws."""

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, event_effects, pool_events, pool_studies, read_studies
from metaanalysis.studies.events import ZERO_CELLS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor_zero_cells.json").read_text(encoding="utf-8"))
SETS = {"bcg": 13, "yusuf1985": 21, "nielweise2007": 18, "zero_cells": 6}
MEASURES = ("RR", "OR", "RD")
COUNTS = ("events_1", "n_1", "events_2", "n_2")
GRID = list(itertools.product(SETS, ZERO_CELLS, MEASURES))

# Both sides evaluate the same closed formulas; only REML is iterated, to machine precision on both.
RTOL, ATOL = 1e-9, 1e-12


def counts(name):
    return [REFERENCE["counts"][name][column] for column in COUNTS]


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], float)


def test_reference_covers_every_combination():
    assert {name: len(entry["n_1"]) for name, entry in REFERENCE["counts"].items()} == SETS
    for part, rules in (("effects", ZERO_CELLS), ("iv", ZERO_CELLS), ("corrected_mh", ("tables", "all", "treatment-arm"))):
        grid = {(name, rule, measure) for name, by_rule in REFERENCE[part].items() for rule, by_measure in by_rule.items() for measure in by_measure}
        assert grid == set(itertools.product(SETS, rules, MEASURES))
    assert set(REFERENCE["versions"]) == {"R", "metafor", "metadat"}


@pytest.mark.parametrize(("name", "rule", "measure"), GRID)
def test_effects_of_single_tables(name, rule, measure):
    events_1, n_1, events_2, n_2 = (np.array(values) for values in counts(name))
    yi, vi = event_effects(events_1, n_1, events_2, n_2, measure=measure, zero_cells=rule)
    expected = REFERENCE["effects"][name][rule][measure]
    told = np.ones(len(n_1), bool) if measure == "RD" else (events_1 + events_2 > 0) & (events_1 + events_2 < n_1 + n_2)
    np.testing.assert_allclose(yi[told], numbers(expected["yi"])[told], rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(vi[told], numbers(expected["vi"])[told], rtol=RTOL, atol=ATOL)
    assert np.isnan(yi[~told]).all()


@pytest.mark.parametrize(("name", "rule", "measure"), GRID)
def test_random_effects(name, rule, measure):
    pooled = pool_events(*counts(name), measure=measure, zero_cells=rule, ci="hk")
    expected = REFERENCE["iv"][name][rule][measure]
    assert pooled.k == expected["k"]
    assert pooled.k + len(pooled.excluded) == SETS[name]
    np.testing.assert_allclose([pooled.estimate, pooled.se, pooled.tau2], [expected[key] for key in ("estimate", "se", "tau2")], rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(("name", "rule", "measure"), [cell for cell in GRID if cell[1] != "none"])
def test_corrected_mantel_haenszel(name, rule, measure):
    fixed = pool_events(*counts(name), measure=measure, fixed="mh", zero_cells=rule, zero_cells_pooled=True).fixed
    expected = REFERENCE["corrected_mh"][name][rule][measure]
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p"):
        np.testing.assert_allclose(getattr(fixed, quantity), expected[quantity], rtol=RTOL, atol=ATOL)


def test_mantel_haenszel_uses_tables_as_they_are_by_default():
    plain = [pool_events(*counts("zero_cells"), measure="OR", fixed="mh", zero_cells=rule).fixed.estimate for rule in ("tables", "all", "treatment-arm")]
    assert plain[0] == plain[1] == plain[2]


@given(st.integers(1, 60), st.integers(0, 60))
def test_equal_arms_get_a_half_by_either_rule(n, events):
    events = min(events, n)
    by_rule = [event_effects([0], [n], [events], [n], measure="OR", zero_cells=rule) for rule in ("tables", "treatment-arm")]
    np.testing.assert_allclose(by_rule[0], by_rule[1])


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=5), st.sampled_from(MEASURES))
def test_without_zero_cells_only_all_changes_anything(events, measure):
    tables = ([one for one, _ in events], [40] * len(events), [two for _, two in events], [50] * len(events))
    plain = event_effects(*tables, measure=measure, zero_cells="none")
    for rule in ("tables", "treatment-arm"):
        np.testing.assert_array_equal(event_effects(*tables, measure=measure, zero_cells=rule), plain)
    assert not np.array_equal(event_effects(*tables, measure=measure, zero_cells="all"), plain)


def test_studies_without_an_effect_are_named():
    pooled = pool_events([0, 3], [20, 40], [2, 5], [22, 41], measure="OR", zero_cells="none", study=["A", "B"])
    assert pooled.excluded == (("A", "a cell is zero, and nothing is added to it"),)
    frame = read_studies(pd.DataFrame({"study": ["A", "B"], "events_1": [0, 3], "n_1": [20, 40], "events_2": [2, 5], "n_2": [22, 41]}), "OR", zero_cells="none")
    assert frame.read_note.tolist() == ["no effect without a correction: a cell is zero", ""]
    assert pool_studies(frame).excluded[0][0] == "A"


def test_studies_remember_how_they_were_read():
    table = pd.DataFrame({"study": ["A", "B"], "events_1": [0, 3], "n_1": [20, 40], "events_2": [2, 5], "n_2": [60, 41]})
    frame = read_studies(table, "OR", zero_cells="treatment-arm")
    assert pool_studies(frame).yi.tolist() == frame.yi.tolist()
    assert "the share of the arm" in frame.read_note[0]


def test_what_is_no_rule():
    with pytest.raises(MetaAnalysisError, match="The rule for zero cells is 'half'; expected one of tables, all, treatment-arm, none"):
        event_effects([0], [5], [1], [6], zero_cells="half")
