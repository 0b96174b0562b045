"""Summary rows under an assumed variance between trials: the same as the trials themselves, where they are of one size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import fixed_effect
from metaanalysis.robustness.summary_rows import assumed_tau2

_effects = st.lists(st.floats(-2, 2), min_size=2, max_size=9)


@given(_effects, st.floats(0.01, 1), st.floats(-1, 1), st.floats(0.01, 1), st.floats(0, 2))
def test_a_summary_of_equal_trials_stands_for_them(inside, variance, other, other_variance, tau2):
    """Trials of equal size, pooled with a known tau2, give what their summary row gives."""
    k = len(inside)
    (summed,) = assumed_tau2([np.mean(inside), other], [variance / k, other_variance], trials=[k, 1], tau2=[tau2])
    (apart,) = assumed_tau2([*inside, other], [variance] * k + [other_variance], trials=[1] * (k + 1), tau2=[tau2])
    assert summed.estimate == pytest.approx(apart.estimate, abs=1e-12)
    assert summed.se == pytest.approx(apart.se)


@given(_effects)
def test_without_variance_it_is_the_fixed_effect(yi):
    vi = np.linspace(0.1, 0.5, len(yi))
    (row,) = assumed_tau2(yi, vi, trials=[3] * len(yi), tau2=[0])
    fixed = fixed_effect(np.array(yi), vi)
    assert (row.estimate, row.ci_low, row.p) == pytest.approx((fixed.estimate, fixed.ci_low, fixed.p))


def test_more_variance_moves_weight_to_summaries_of_more_trials():
    rows = assumed_tau2([-0.2, 0.2], [0.04, 0.04], trials=[7, 1])
    assert [row.tau2 for row in rows] == pytest.approx([0, 0.01, 0.04, 0.09, 0.25])
    assert (np.diff([row.estimate for row in rows]) < 0).all()
    assert (np.diff([row.se for row in rows]) > 0).all()


@pytest.mark.parametrize(
    ("trials", "tau2", "message"),
    [([0, 1], [0], "a whole number above 0"), ([1.5, 1], [0], "a whole number above 0"), ([1], [0], "for each of 2 rows"), ([1, 1], [-0.1], "none below 0")],
)
def test_what_cannot_be_is_refused(trials, tau2, message):
    with pytest.raises(MetaAnalysisError, match=message):
        assumed_tau2([0.1, 0.2], [0.1, 0.1], trials=trials, tau2=tau2)
