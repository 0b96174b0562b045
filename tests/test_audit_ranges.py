"""Ranges of printed numbers hold what the numbers may have been, and so does what is computed from them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, hypergeom, norm

from ipdrecon.audit.at_risk import events_by
from ipdrecon.audit.contingency import exact, p_values
from ipdrecon.audit.implied_events import least_events, least_variance
from ipdrecon.audit.labels import arm_key, split_arms, words
from ipdrecon.audit.numbers import read_number, read_p, read_share, read_with_interval
from ipdrecon.audit.proportionality import cumulative_hazard_ratio
from ipdrecon.audit.ranges import Range
from ipdrecon.audit.ratios import p_of_z, standard_error, wald_z, z_of_p
from ipdrecon.errors import ReconstructionError, ReportedError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio
from ipdrecon.survival.kaplan_meier import kaplan_meier, n_risk_at

NUMBERS = st.floats(-50, 50)
RATIOS = st.floats(0.05, 20)
DIGITS = st.integers(1, 4)


def rounded(value, digits):
    return read_number(f"{value:.{digits}f}").range


@given(NUMBERS, DIGITS)
def test_a_printed_number_may_have_been_the_number(value, digits):
    span = rounded(value, digits)
    assert span.low - 1e-12 <= value <= span.high + 1e-12


@given(NUMBERS, NUMBERS, DIGITS)
def test_sums_and_differences_of_ranges_hold_those_of_the_numbers(one, two, digits):
    first, second = rounded(one, digits), rounded(two, digits)
    for span, value in ((first + second, one + two), (first - second, one - two), (first.size(), abs(one)), (first.complement(), 1 - one)):
        assert span.low - 1e-9 <= value <= span.high + 1e-9


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_gap_is_symmetric_and_zero_where_ranges_touch(a, b, c, d):
    one, two = Range(min(a, b), max(a, b)), Range(min(c, d), max(c, d))
    assert one.gap(two) == two.gap(one)
    touch = one.low <= two.high and two.low <= one.high
    assert (one.gap(two) == 0) == touch or one.gap(two) == pytest.approx(0, abs=1e-8)


@given(st.floats(0.3, 3), st.floats(0.06, 0.5), st.integers(2, 3))
def test_a_wald_interval_as_printed_gives_its_own_p(ratio, se, digits):
    low, high = ratio * math.exp(-1.959964 * se), ratio * math.exp(1.959964 * se)
    printed = [rounded(number, digits) for number in (ratio, low, high)]
    found = standard_error(printed[1], printed[2])
    assert found.low - 1e-6 <= se <= found.high + 1e-6
    p = 2 * norm.sf(abs(math.log(ratio)) / se)
    implied = p_of_z(wald_z(printed[0], found))
    assert implied.low * (1 - 1e-4) <= p <= implied.high * (1 + 1e-4)


@given(st.floats(1e-12, 1))
def test_z_of_p_is_the_inverse_of_p_of_z(p):
    assert p_of_z(z_of_p(Range.exactly(p))).low == pytest.approx(p, rel=1e-6)


@given(st.floats(0.02, 0.98), st.floats(0.3, 3))
def test_survival_under_proportional_hazards_gives_the_ratio(reference, ratio):
    found = cumulative_hazard_ratio(Range.exactly(reference**ratio), Range.exactly(reference))
    assert found.low == pytest.approx(ratio)


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.booleans()), min_size=12, max_size=80))
def test_no_cox_interval_is_narrower_than_the_events_allow(patients):
    arms = [ReconstructedArm(name, *zip(*[one[:2] for one in patients if one[2] is side], strict=True)) for name, side in (("A", True), ("B", False)) if len([one for one in patients if one[2] is side]) > 3]
    if len(arms) < 2 or min(int(arm.event.sum()) for arm in arms) < 2:
        return
    distinct = [ReconstructedArm(arm.arm, [time + k / 100 + (arm.arm == "A") / 1000 for k, time in enumerate(arm.time)], arm.event) for arm in arms]
    try:
        estimate = estimate_hazard_ratio(distinct, treatment="A", reference="B")
    except ReconstructionError:
        return
    events = [int(arm.event.sum()) for arm in distinct]
    assert estimate.sei**2 >= least_variance(events) * (1 - 1e-9)
    assert sum(events) >= least_events(Range.exactly(estimate.sei)).low * (1 - 1e-9)


@given(st.lists(st.tuples(st.floats(0.1, 40), st.booleans()), min_size=5, max_size=60), st.floats(1, 40))
def test_events_lie_within_what_survival_and_numbers_at_risk_allow(patients, when):
    times, events = zip(*patients, strict=True)
    estimate = kaplan_meier(times, events)
    survival = float(estimate.survival_at(when))
    had = sum(event and time <= when for time, event in patients)
    left = int(n_risk_at(times, when, convention="time > t"))
    limits = events_by(len(patients), Range.exactly(survival), left)
    assert limits.low - 1e-9 <= had <= limits.high + 1e-9
    assert left <= len(patients) * survival + 1e-9


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("0.05", 0.045, 0.055), ("<0.001", 0, 0.001), (">0.9", 0.9, 1), ("n.s.", 0.05, 1), ("ns", 0.05, 1), ("P = 0·02", 0.015, 0.025), ("p<0.01", 0, 0.01), ("0.000", 0, 0.0005), ("1.3", 1.25, 1.35)],
)
def test_printed_p(text, low, high):
    span = read_p(text).range
    assert (span.low, span.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("text", "count", "n", "percent"),
    [
        ("22", 22, None, None),
        ("22/56", 22, 56, None),
        ("22 of 56", 22, 56, None),
        ("22/56 (39%)", 22, 56, 0.39),
        ("103 (85.8%)", 103, None, 0.858),
        ("103 (85,8 %)", 103, None, 0.858),
        ("1,234 (12)", 1234, None, 0.12),
        ("39%", None, None, 0.39),
        ("", None, None, None),
    ],
)
def test_printed_shares(text, count, n, percent):
    share = read_share(text)
    assert (share.count and share.count.value, share.n, share.percent and share.percent.value) == (count, n, pytest.approx(percent) if percent else None)


def test_a_number_with_its_interval_keeps_the_digits_of_each():
    value, low, high = read_with_interval("0.7 (95% CI 0.58 to 0.890)")
    assert [one.range.high - one.range.low for one in (value, low, high)] == pytest.approx([0.1, 0.01, 0.001])


@pytest.mark.parametrize("read", [read_number, read_p, read_share, read_with_interval])
def test_what_is_no_number_is_told(read):
    with pytest.raises(ReportedError, match="is no printed number"):
        read("many")


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ([[41, 17, 4, 1, 1], [37, 14, 4, 1, 0]], 1.0),
        ([[46, 14, 4], [43, 12, 1]], 0.5368230142),
        ([[32, 31, 1], [17, 39, 0]], 0.0257642370),
        ([[47, 8, 3, 6], [44, 7, 0, 5]], 0.5181619525),
    ],
)
def test_exact_p_of_several_levels_as_r(table, p):
    # R 4.2.2: fisher.test(matrix(c(...), 2, byrow = TRUE))$p.value, tables of Table 1 of JHEP Reports 2023;5:100689
    assert exact(np.array(table))[0] == pytest.approx(p, abs=1e-9)


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4).filter(lambda n: n[0] + n[1] and n[2] + n[3] and n[0] + n[2] and n[1] + n[3]))
def test_tests_of_two_levels_are_those_of_scipy(counts):
    table = np.array(counts).reshape(2, 2)
    tests = p_values(table)
    assert tests["Fisher"] == pytest.approx(fisher_exact(table)[1], abs=1e-9)
    assert tests["chi-square"] == pytest.approx(chi2_contingency(table, correction=False)[1], abs=1e-9)
    assert tests["chi-square with Yates"] == pytest.approx(chi2_contingency(table)[1], abs=1e-9)
    assert tests["likelihood ratio"] == pytest.approx(chi2_contingency(table, correction=False, lambda_="log-likelihood")[1], abs=1e-9)
    as_likely = hypergeom.pmf(table[0, 0], table.sum(), table[0].sum(), table[:, 0].sum())
    assert tests["Fisher mid-p"] == pytest.approx(tests["Fisher"] - as_likely / 2, abs=1e-9)


def test_names_of_arms():
    assert split_arms("TACE+CRT vs TACE") == ("TACE+CRT", "TACE")
    assert split_arms("TACE + CRT") == ("TACE + CRT", "")
    assert arm_key("Both arms") == arm_key("all") == arm_key("Overall") != arm_key("TACE")


@given(st.text(max_size=30))
def test_words_of_any_text(text):
    assert words(text) == words(text.upper()) or "ß" in text or not text.isascii()
