"""The risk ratio at a time: by law where nobody is censored, and refused where it is not known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.errors import ReconstructionError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival import estimate_risk_ratio
from metaanalysis import event_effects


def _arm(name, time, event=None, **more):
    return ReconstructedArm(name, time, np.ones(len(time), bool) if event is None else event, **more)


def _both(new, old, **options):
    return estimate_risk_ratio([new, old], treatment="new", reference="old", **options)


@given(st.lists(st.integers(1, 20), min_size=2, max_size=40), st.lists(st.integers(1, 20), min_size=2, max_size=40), st.integers(2, 19))
def test_without_censoring_it_is_the_ratio_of_counts(new, old, at):
    new, old = np.array([*new, 1, 20], float), np.array([*old, 1, 20], float)
    estimate = _both(_arm("new", new), _arm("old", old), time=at)
    counts = (new <= at).sum(), len(new), (old <= at).sum(), len(old)
    (yi,), (vi,) = event_effects(*([count] for count in counts), measure="RR")
    assert estimate.yi == pytest.approx(yi, abs=1e-12)
    assert estimate.sei == pytest.approx(math.sqrt(vi), abs=1e-9)
    assert estimate.n_event == counts[0] + counts[2]
    assert estimate.measure == "RR"


def test_patients_censored_before_count_as_far_as_they_were_seen():
    """S(3) is 3/4 x 1/2 by hand: one of four dies at 1, one leaves at 2, one of two dies at 3."""
    new = _arm("new", [1.0, 2, 3, 9], np.array([1, 0, 1, 0], bool))
    old = _arm("old", [1.0, 5, 6, 9])
    assert _both(new, old, time=3).ratio == pytest.approx((1 - 3 / 4 / 2) / (1 / 4))


def test_draws_add_the_error_of_the_reconstruction():
    draws = tuple((np.array([at, 4.0, 5, 6]), np.ones(4, bool)) for at in (1.0, 3.0, 1.0, 3.0))
    old = _arm("old", [1.0, 2, 5, 6], draws=((np.array([1.0, 2, 5, 6]), np.ones(4, bool)),) * 4)
    certain = _both(_arm("new", [1.0, 4, 5, 6], draws=(draws[0],) * 4), old, time=4)
    unsure = _both(_arm("new", [1.0, 4, 5, 6], draws=draws), old, time=3.5)
    assert certain.reconstruction_sei == 0
    assert unsure.reconstruction_sei == pytest.approx(0)
    after = tuple((np.array([at, 4.0, 5, 6]), np.ones(4, bool)) for at in (1.0, 4.0, 1.0, 4.0))
    lost = _both(_arm("new", [1.0, 4, 5, 6], draws=after), old, time=3.5)
    assert [flag.name for flag in lost.flags] == ["draws_without_ratio"]
    assert "2 of 4 draws" in lost.flags[0].detail


@pytest.mark.parametrize(
    ("time", "message"),
    [(30, "'new' is followed up to 9; its risk at 30 is not known"), (0.5, "'new' has no event up to 0.5"), (0, "its risk at 0 is not known")],
)
def test_what_is_not_known_is_refused(time, message):
    with pytest.raises(ReconstructionError, match=message):
        _both(_arm("new", [1.0, 9]), _arm("old", [2.0, 9]), time=time)


def test_an_arm_against_itself_is_refused():
    arm = _arm("new", [1.0, 2])
    with pytest.raises(ReconstructionError, match="expected two arms"):
        estimate_risk_ratio([arm], treatment="new", reference="new", time=1)
