"""Cumulative incidence by law, and against R's cmprsk and survival (tests/reference/incidence.R)."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.errors import ReconstructionError
from ipdrecon.survival import aalen_johansen, kaplan_meier

REFERENCE = json.loads((Path(__file__).parent / "reference" / "incidence.json").read_text())
SETS = {one["name"]: one for one in REFERENCE["sets"]}
CLOSED = 1e-10  # closed formulas: only the order of additions differs

patients = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=60)


def test_reference_is_whole():
    assert set(SETS) == {"mgus2", "pbc", "ties", "alone"}
    assert set(REFERENCE["packages"]) == {"cmprsk", "survival"}
    assert [len(SETS[name]["cmprsk"]) for name in ("mgus2", "pbc", "ties", "alone")] == [2, 2, 3, 1]


@pytest.mark.parametrize("package", ["cmprsk", "survival"])
@pytest.mark.parametrize("name", SETS)
def test_incidence_equals_r(name, package):
    one = SETS[name]
    estimate = aalen_johansen(one["time"], one["cause"])
    np.testing.assert_array_equal(estimate.time, one["at"])
    np.testing.assert_allclose(estimate.incidence, np.array(one[package], float), rtol=0, atol=CLOSED)


@given(patients)
def test_survival_and_incidences_make_one(rows):
    time, cause = np.array(rows).T
    estimate = aalen_johansen(time, cause, n_causes=3)
    np.testing.assert_allclose(estimate.survival + estimate.incidence.sum(axis=0), 1, atol=CLOSED)
    assert (np.diff(estimate.incidence, axis=1) >= 0).all()
    assert estimate.n_event.sum() == (cause > 0).sum()


@given(patients)
def test_all_causes_together_are_kaplan_meier(rows):
    time, cause = np.array(rows).T
    np.testing.assert_allclose(aalen_johansen(time, cause > 0).incidence[0], 1 - kaplan_meier(time, cause > 0).survival, atol=CLOSED)


@given(patients)
def test_without_censoring_it_is_a_share(rows):
    time, cause = np.array(rows).T
    cause = np.maximum(cause, 1)
    estimate = aalen_johansen(time, cause, n_causes=3)
    shares = [(cause == c).mean() for c in (1, 2, 3)]
    np.testing.assert_allclose(estimate.incidence[:, -1], shares, atol=CLOSED)


def test_lower_than_one_minus_kaplan_meier_of_the_cause():
    """Taking deaths for censorings makes more of the main cause, never less."""
    time, cause = np.array(SETS["mgus2"]["time"]), np.array(SETS["mgus2"]["cause"])
    estimate = aalen_johansen(time, cause)
    naive = 1 - kaplan_meier(time, cause == 1).survival_at(estimate.time)
    assert (naive >= estimate.incidence[0] - CLOSED).all()
    assert naive[-1] > estimate.incidence[0, -1] + 0.05


def test_causes_must_be_known():
    with pytest.raises(ReconstructionError, match="The causes hold 3; expected whole numbers from 0 .censored. to 2"):
        aalen_johansen([1, 2], [3, 1], n_causes=2)
    with pytest.raises(ReconstructionError, match="The causes hold -1"):
        aalen_johansen([1, 2], [-1, 1])
