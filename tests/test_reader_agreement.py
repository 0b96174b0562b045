"""Agreement of two readers: by law, and by the published example of intraclass correlation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.errors import CurveError
from ipdrecon.model import Curve
from ipdrecon.survival.reader_agreement import _icc, agreement_of_readers, compare_curves, pair_arms


def curve(name, drops, end=30.0):
    time = np.concatenate([[0.0], np.arange(1, len(drops) + 1) * end / (len(drops) + 1), [end]])
    survival = np.concatenate([[1.0], np.cumprod(1 - np.array(drops)), [np.prod(1 - np.array(drops))]])
    return Curve(name, time, survival)


DROPS = st.lists(st.floats(0.01, 0.3), min_size=3, max_size=8)


def test_intraclass_correlation_of_the_published_example():
    """Shrout and Fleiss (1979), Psychol Bull 86:420-428, table 2 (six targets, four judges) and table 4: ICC(2,1) = .29."""
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert _icc(np.array(ratings, float)) == pytest.approx(0.29, abs=0.005)


@given(DROPS)
def test_a_reading_agrees_with_itself(drops):
    pair = compare_curves(curve("a", drops), curve("a", drops))
    statistics = agreement_of_readers([pair], n_cells=8, cells_equal=8)
    assert (statistics.largest_difference, statistics.limits_of_agreement) == (0.0, (0.0, 0.0))
    assert statistics.icc == pytest.approx(1)
    assert statistics.to_dict()["cells_share"] == 1
    assert pair.stretches == ()


@given(DROPS, DROPS)
def test_readers_who_change_places_change_signs_alone(first, second):
    one, other = agreement_of_readers([compare_curves(curve("a", first), curve("a", second))]), agreement_of_readers([compare_curves(curve("a", second), curve("a", first))])
    assert one.mean_difference == pytest.approx(-other.mean_difference)
    assert abs(one.largest_difference) == pytest.approx(abs(other.largest_difference))
    assert one.icc == pytest.approx(other.icc)
    assert one.limits_of_agreement == pytest.approx(tuple(-limit for limit in other.limits_of_agreement[::-1]))


@given(st.floats(-0.2, -0.02))
def test_a_shift_is_a_difference_and_lowers_the_agreement(shift):
    low = curve("a", [0.1, 0.2, 0.1])
    high = Curve("a", low.time, np.append(1.0, low.survival[1:] + shift))
    statistics = agreement_of_readers([compare_curves(low, high)])
    assert statistics.largest_difference == pytest.approx(-shift)
    assert statistics.icc < 1


def test_arms_are_tied_by_name_then_by_their_course():
    first = [curve("Drug", [0.1, 0.1, 0.1]), curve("arm 2", [0.3, 0.3, 0.3]), curve("arm 3", [0.2, 0.2, 0.2])]
    second = [curve("Placebo", [0.3, 0.3, 0.29]), curve("Drug", [0.1, 0.1, 0.1])]
    pairs, only_first, only_second = pair_arms(first, second)
    assert [(pair.first.arm, pair.second.arm) for pair in pairs] == [("Drug", "Drug"), ("arm 2", "Placebo")]
    assert [one.arm for one in only_first] == ["arm 3"]
    assert only_second == []


def test_without_a_common_curve_nothing_is_known():
    statistics = agreement_of_readers([])
    assert statistics.n_points == 0
    assert np.isnan([statistics.icc, statistics.mean_difference, statistics.to_dict()["cells_share"]]).all()


def test_a_curve_without_length_is_refused():
    with pytest.raises(CurveError, match="no length"):
        compare_curves(Curve("a", [0, 0], [1, 1]), curve("a", [0.1]))
