"""Whether a ratio, its interval and its p are of one analysis.

Examples
--------
The interval 0.83 to 1.82 gives a standard error of 0.198 to 0.203 and, with 1.23, a p of 0.29 to 0.32.

>>> low, high = Range.rounded(0.83, 0.005), Range.rounded(1.82, 0.005)
>>> se = standard_error(low, high)
>>> round(se.low, 3), round(se.high, 3)
(0.198, 0.203)
>>> p = p_of_z(wald_z(Range.rounded(1.23, 0.005), se))
>>> round(p.low, 2), round(p.high, 2)
(0.29, 0.32)
"""

import math

from scipy.special import ndtr, ndtri

from ipdrecon.audit.findings import found, graded
from ipdrecon.audit.ranges import Range
from ipdrecon.audit.statements import RATIOS

OFF_CENTRE = {"doubt": 0.15, "contradiction": 0.5}
"""Standard errors between ratio and middle of its interval: profile and bootstrap intervals are a little askew."""

Z_APART = {"doubt": 0.3, "contradiction": 1.0}
"""Between z of the interval and z of p: a log-rank or likelihood-ratio p differs a little from that of Wald."""

Z_GROWTH = 3.0
"""Beyond this z the tests part in proportion to z, and so do the limits of `Z_APART`."""


def standard_error(ci_low, ci_high, level=0.95):
    """Give the standard error of a log ratio (Parmar, Torri and Stewart 1998, equation 7).

    Parameters
    ----------
    ci_low, ci_high : Range
        Limits of the ratio, above 0.
    level : float

    Returns
    -------
    Range
        (log high - log low) / (2 z).
    """
    width = ci_high.log() - ci_low.log()
    return width.clipped(0.0, math.inf).scaled(1 / (2 * float(ndtri(0.5 + level / 2))))


def wald_z(ratio, se):
    """Give |log ratio| / se (Altman and Bland 2011, BMJ 343:d2304).

    Parameters
    ----------
    ratio, se : Range

    Returns
    -------
    Range
    """
    return ratio.log().size() / se


def p_of_z(z):
    """Give the two-sided p of a range of z."""
    return Range(2 * float(ndtr(-z.high)), 2 * float(ndtr(-z.low)))


def z_of_p(p):
    """Give |z| of a range of two-sided p."""
    return Range(*(-float(ndtri(min(max(end, 0.0), 1.0) / 2)) for end in (p.high, p.low)))


def is_usable(said):
    """Whether a ratio has both limits, all above 0 and finite, the lower not above the upper."""
    numbers = (said.value, said.ci_low, said.ci_high)
    known = all(number is not None and number.range.low > 0 and number.range.is_finite for number in numbers)
    return known and said.ci_low.range.low < said.ci_high.range.high


def with_interval(said):
    """Give a ratio with its interval as printed."""
    if said.ci_low is None or said.ci_high is None:
        return said.value.text
    return said.value.text if said.ci_low.text in said.value.text else f"{said.value.text} ({said.ci_low.text} to {said.ci_high.text})"


def interval_encloses_estimate(paper):
    """The interval encloses the estimate, and runs from low to high."""
    for said in paper.of(*RATIOS, "median", "survival"):
        low, high, value = (None if number is None else number.range for number in (said.ci_low, said.ci_high, said.value))
        values = {"estimate": said.value.text, "ci_low": getattr(said.ci_low, "text", ""), "ci_high": getattr(said.ci_high, "text", "")}
        if low is not None and high is not None and low.above(high):
            yield found("interval_encloses_estimate", "contradiction", [said], values, f"The interval runs from {said.ci_low.text} down to {said.ci_high.text}.")
            continue
        gaps = [low.above(value) if low is not None else 0.0, value.above(high) if high is not None else 0.0]
        if max(gaps) > 0:
            limit = said.ci_low if gaps[0] else said.ci_high
            side = "below its lower" if gaps[0] else "above its upper"
            message = f"{said.value.text} lies {side} limit {limit.text}."
            yield found("interval_encloses_estimate", "contradiction", [said], values | {"apart": max(gaps) * (100 if said.quantity == "survival" else 1), "apart_in": "points" if said.quantity == "survival" else ""}, message)


def ratio_in_middle(paper):
    """A ratio lies midway between its limits on the log scale, as every Wald interval has it."""
    for said in filter(is_usable, paper.of(*RATIOS)):
        low, high = said.ci_low.range.log(), said.ci_high.range.log()
        if said.ci_low.range.above(said.value.range) or said.value.range.above(said.ci_high.range):
            continue
        middle, se = (low + high).scaled(0.5), standard_error(said.ci_low.range, said.ci_high.range, said.level)
        gap = said.value.range.log().gap(middle)
        if gap > 0:
            apart = gap / se.high if se.high > 0 else math.inf
            centre = math.exp(middle.middle)
            values = {"ratio": said.value.value, "ci_low": said.ci_low.value, "ci_high": said.ci_high.value, "middle": centre, "apart": apart, "apart_in": "standard errors"}
            message = (
                f"{with_interval(said)}: the middle of the interval on the log scale is {centre:.3g}, {apart:.2g} standard errors from the ratio beyond "
                f"rounding. A profile-likelihood, exact or bootstrap interval can be askew."
            )
            yield found("ratio_in_middle", graded(apart, **OFF_CENTRE), [said], values, message)


def _printed_p(paper, said):
    """Statements that print a p for a ratio: its own row, and log-rank p of the same analysis."""
    if said.p is not None:
        yield said, said.p
    for other in paper.groups("logrank_p").get(paper.group_of(said), ()):
        if not other.arm or not said.arm or other.arm_key == said.arm_key or other.arm_key == "everybody":
            yield other, other.value


def ratio_and_p(paper):
    """P follows from a ratio and its interval."""
    for said in filter(is_usable, paper.of(*RATIOS)):
        z = wald_z(said.value.range, standard_error(said.ci_low.range, said.ci_high.range, said.level))
        for source, p in _printed_p(paper, said):
            if not 0 <= p.range.low <= p.range.high <= 1:
                continue
            printed = z_of_p(p.range)
            gap = z.gap(printed)
            if gap > 0:
                yield _p_finding(said, source, p, z, gap)


def _p_finding(said, source, p, z, gap):
    implied = p_of_z(z)
    apart = gap / max(1.0, z.low / Z_GROWTH)
    one_sided = z.gap(z_of_p(p.range.scaled(2.0).clipped(0.0, 1.0))) == 0
    hint = " It fits a one-sided p." if one_sided else " A log-rank, score or likelihood-ratio p can differ a little."
    message = f"{with_interval(said)} gives p = {_span(implied)} (Wald); printed p: {p.text}, {gap:.2g} apart in z beyond rounding.{hint}"
    values = {"ratio": said.value.value, "ci_low": said.ci_low.value, "ci_high": said.ci_high.value, "p_low": implied.low, "p_high": implied.high, "p": p.text, "apart": gap, "apart_in": "z"}
    severity = "doubt" if one_sided else graded(apart, **Z_APART)
    return found("ratio_and_p", severity, [said, source], values, message)


def _span(p):
    low, high = f"{p.low:.2g}", f"{p.high:.2g}"
    return low if low == high else f"{low} to {high}"


def p_range(paper):
    """A p lies between 0 and 1."""
    for said in paper.statements:
        for p in (said.p, said.value if said.quantity == "logrank_p" else None):
            if p is not None and (p.range.low < 0 or p.range.high > 1):
                yield found("p_range", "contradiction", [said], {"p": p.value}, f"p is printed as {p.text}; it lies between 0 and 1.")
