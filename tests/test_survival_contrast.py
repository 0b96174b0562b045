"""What compares two arms beside a hazard ratio, what counts alone tell, and rates from numbers at risk."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from ipdrecon.audit.contingency import count_tests
from ipdrecon.errors import ReconstructionError, ReportedError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.contrast import contrast_arms
from ipdrecon.survival.person_time import person_time, rate_ratio

OLD = ReconstructedArm("old", [1, 2, 3, 5, 8], [1, 1, 1, 1, 0])
NEW = ReconstructedArm("new", [2, 4, 6, 9, 9], [1, 1, 0, 1, 0])


def _contrast(new=NEW, old=OLD, **options):
    return contrast_arms([new, old], treatment=new.arm, reference=old.arm, **options)


# --- two arms --------------------------------------------------------------------------------------------------------


def test_restricted_means_are_those_of_r():
    """R 4.2.2, survival 3.5-3: print(survfit(...), rmean = 8): 3.8 (1.11) and 6.0 (1.13)."""
    contrast = _contrast()
    assert contrast.horizon == 8
    assert (contrast.rmst_treatment, contrast.rmst_reference) == (pytest.approx(6.0), pytest.approx(3.8))
    assert contrast.rmst_se == pytest.approx(math.hypot(1.11, 1.13), abs=0.01)
    assert contrast.rmst_reconstruction_se is None
    assert sum(contrast.rmst_interval()) / 2 == pytest.approx(2.2)


def test_cumulative_hazards_are_in_the_ratio_of_the_hazards():
    times = np.linspace(0.01, 3, 400)
    old = ReconstructedArm("old", -np.log(1 - (np.arange(400) + 0.5) / 400), np.ones(400, bool))
    new = ReconstructedArm("new", 2 * old.time, np.ones(400, bool))
    ratio = _contrast(new, old, at=times[50:]).cumulative_hazard_ratio
    np.testing.assert_allclose(ratio, 0.5, atol=0.02)


def test_times_beyond_both_arms_are_left_out_and_undefined_ratios_are_nan():
    contrast = _contrast(at=[0.5, 5, 8.5])
    assert contrast.at.tolist() == [0.5, 5]
    assert math.isnan(contrast.cumulative_hazard_ratio[0])


@given(st.integers(2, 6))
def test_draws_add_to_the_interval(n_draws):
    draws = tuple((NEW.time + step / 10, NEW.event) for step in range(n_draws))
    unsure = ReconstructedArm("new", NEW.time, NEW.event, draws=draws)
    sure = ReconstructedArm("old", OLD.time, OLD.event, draws=((OLD.time, OLD.event),) * n_draws)
    contrast = _contrast(unsure, sure)
    assert contrast.rmst_reconstruction_se > 0
    assert np.ptp(contrast.rmst_interval()) > np.ptp(_contrast().rmst_interval())


def test_a_horizon_beyond_the_follow_up_is_refused():
    with pytest.raises(ReconstructionError, match="horizon is 9, but both arms are followed up to 8"):
        _contrast(horizon=9)


# --- counts ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_fisher_adds_up_all_tables_no_likelier(a, b, c, d):
    n_1, n_2, events = a + b, c + d, a + c
    if not n_1 or not n_2:
        return
    chance = hypergeom(n_1 + n_2, events, n_1).pmf(np.arange(events + 1))
    expected = chance[chance <= chance[a] * (1 + 1e-7)].sum()
    assert count_tests(a, n_1, c, n_2).fisher_p == pytest.approx(min(expected, 1), rel=1e-9)


def test_tests_are_those_of_r():
    """R 4.2.2: fisher.test and chisq.test of matrix(c(12, 44, 4, 60), 2, byrow = TRUE), without and with correction."""
    tests = count_tests(12, 56, 4, 64)
    assert (tests.fisher_p, tests.chi_square_p, tests.chi_square_corrected_p) == pytest.approx((0.01705409, 0.01467835, 0.02992532), rel=1e-6)


def test_nobody_with_an_event_tells_nothing():
    tests = count_tests(0, 10, 0, 12)
    assert tests.fisher_p == 1
    assert math.isnan(tests.chi_square_p)


@pytest.mark.parametrize("counts", [(5, 4, 1, 10), (-1, 4, 1, 10), (1.5, 4, 1, 10), (0, 0, 1, 10)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ReportedError, match="expected whole numbers of events"):
        count_tests(*counts)


# --- rates -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.floats(0.5, 12))
def test_person_time_lies_between_those_of_leaving_at_once_and_at_last(n_risk, width):
    n_risk = np.sort(n_risk)[::-1]
    time = width * np.arange(len(n_risk))
    assert width * n_risk[1:].sum() - 1e-9 <= person_time(time, n_risk) <= width * n_risk[:-1].sum() + 1e-9


def test_a_rate_ratio_is_one_for_equal_arms_and_inverts():
    assert rate_ratio(5, 100, 5, 100).yi == 0
    assert rate_ratio(5, 100, 9, 80).yi == -rate_ratio(9, 80, 5, 100).yi


@pytest.mark.parametrize(("time", "n_risk"), [([0], [5]), ([0, 1], [5]), ([0, 0], [5, 4])])
def test_rows_that_do_not_fit_are_refused(time, n_risk):
    with pytest.raises(ReportedError, match="two or more, at increasing times"):
        person_time(time, n_risk)


def test_rising_numbers_at_risk_are_refused():
    with pytest.raises(ReportedError, match="10, 12; expected that they never rise"):
        person_time([0, 3], [10, 12])


def test_an_arm_without_events_has_no_rate_ratio():
    with pytest.raises(ReportedError, match="Seen 0 events in 10"):
        rate_ratio(0, 10, 3, 10)
