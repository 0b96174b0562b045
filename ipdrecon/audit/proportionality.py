"""Landmark survival and medians against the hazard ratio, as proportional hazards would have them.

Under proportional hazards S1(t) = S0(t) ** HR, so log S1(t) / log S0(t) is the hazard ratio at every t (Cox 1972, JRSS B 34:187).
Where the printed numbers say otherwise the hazards are not proportional, or chance is at work, or a number is wrong; the
standard error of the ratio tells how far chance alone goes. Medians are inverse to the ratio only where the hazards are
constant as well, so they are never more than a note.

Examples
--------
TACERTE, overall survival at 12 months: 70 % of 56 against 81 % of 64.

>>> ratio = cumulative_hazard_ratio(Range.rounded(0.70, 0.005), Range.rounded(0.81, 0.005))
>>> round(ratio.low, 2), round(ratio.high, 2)
(1.61, 1.78)
>>> round(se_of_log_ratio((0.70, 0.70 * 56), (0.81, 0.81 * 64)), 2)
0.38
"""

import math

from ipdrecon.audit.findings import found, graded, milder
from ipdrecon.audit.ranges import Range
from ipdrecon.audit.ratios import is_usable, with_interval

FACTOR = 1.25
"""Ratios that differ by less than this factor beyond rounding, from the hazard ratio and over time, are not told."""

MOST_SHOWN = 5
"""Landmarks that are told one by one."""

STANDARD_ERRORS = {"doubt": 3.0, "contradiction": math.inf}
"""Between the ratio at a landmark and the hazard ratio."""

FAR_SIDE = 4.0
"""Standard errors by which every landmark lies on the other side of 1 than the whole interval: the ratio may be inverted."""


def cumulative_hazard_ratio(survival, reference):
    """Give log S1 / log S0.

    Parameters
    ----------
    survival, reference : Range
        Of the treatment and the reference arm at one time.

    Returns
    -------
    Range
    """
    hazards = [Range(-one.log().high, -one.log().low).clipped(0.0, math.inf) for one in (survival, reference)]
    return hazards[0] / hazards[1]


def se_of_log_ratio(*arms):
    """Give the standard error of a log ratio of cumulative hazards.

    The variance of log S is (1 - S) / r with r at risk at the time (Peto et al. 1977, Br J Cancer 35:1: rather
    too large than too small); without censoring r is n S and this is Greenwood's. That of log(-log S) is this over (log S)² (Kalbfleisch and Prentice 2002,
    *The Statistical Analysis of Failure Time Data*, section 1.4).

    Parameters
    ----------
    *arms : tuple of float
        Survival and number at risk of each.

    Returns
    -------
    float
    """
    return math.sqrt(sum((1 - s) / (r * math.log(s) ** 2) for s, r in arms))


def _pairs(paper, said, quantity):
    """Give statements of the treatment and the reference at the same times, from the same source where both are there."""
    arms = paper.treated_and_reference(said)
    by_arm = paper.by_arm(paper.groups(quantity).get(paper.group_of(said), ()))
    if not arms or not all(arm in by_arm for arm in arms):
        return
    seen = set()
    for treated in by_arm[arms[0]]:
        same = [one for one in by_arm[arms[1]] if one.time == treated.time]
        from_source = [one for one in same if one.source == treated.source]
        if (from_source or same) and (treated.time, treated.source) not in seen:
            seen.add((treated.time, treated.source))
            yield treated, (from_source or same)[0]


def _landmark(paper, said, treated, reference):
    """Give a landmark's ratio, its log distance from the hazard ratio and the standard errors that makes; None where it tells nothing."""
    ratio = cumulative_hazard_ratio(treated.value.range, reference.value.range)
    survivals = [(one.value.value, _still_at_risk(paper, one)) for one in (treated, reference)]
    if not (ratio.low > 0 and ratio.is_finite) or not all(0 < s < 1 for s, _ in survivals):
        return None
    gap = ratio.log().gap(said.value.range.log())
    known = all(r for _, r in survivals)
    se = se_of_log_ratio(*survivals) if known else math.nan
    return {"time": treated.time, "ratio": math.sqrt(ratio.low * ratio.high), "range": ratio, "gap": gap, "z": gap / se if known else math.nan, "of": (treated, reference)}


def _still_at_risk(paper, survival):
    """Give the number at risk at the time of a survival: as printed, else as many as survive; None where neither is known."""
    row = paper.groups("n_risk").get(paper.group_of(survival), ())
    printed = next((one.value.value for one in row if one.arm_key == survival.arm_key and one.time == survival.time), None)
    n = paper.size(survival)
    return printed if printed is not None or n is None else n * survival.value.value


def _some(landmarks):
    """Choose the first and the last landmark and those of the extreme ratios, in the order of time, where there are many."""
    landmarks = sorted(landmarks, key=lambda one: one["time"])
    if len(landmarks) <= MOST_SHOWN:
        return landmarks
    extremes = [min(landmarks, key=lambda one: one["ratio"]), max(landmarks, key=lambda one: one["ratio"])]
    return [one for one in landmarks if one in (landmarks[0], landmarks[-1], *extremes)]


def _is_inverted(said, landmarks):
    """Whether the interval excludes 1 and every landmark, one of them late, lies far on the other side of 1."""
    low, high = said.ci_low.range, said.ci_high.range
    side = 1 if low.low > 1 else -1 if high.high < 1 else 0
    opposite = all((one["range"].high < 1 if side > 0 else one["range"].low > 1) and one["z"] > FAR_SIDE for one in landmarks)
    return side != 0 and opposite and any(max(two.value.value for two in one["of"]) < 0.5 for one in landmarks)


def landmarks_and_ratio(paper):
    """Landmark survival of both arms gives the hazard ratio at every time, if the hazards are proportional."""
    told = set()
    for said in filter(is_usable, paper.of("hr")):
        sources = {}
        for treated, reference in _pairs(paper, said, "survival"):
            if treated.time is not None and (one := _landmark(paper, said, treated, reference)) is not None:
                sources.setdefault(treated.source, []).append(one)
        source = said.source if said.source in sources else next(iter(sources), None)
        if source is None or (paper.group_of(said), source) in told:
            continue
        told.add((paper.group_of(said), source))
        if _are_apart(sources[source]):
            yield _landmark_finding(said, sources[source])


def _are_apart(landmarks):
    """Whether one landmark is further from the hazard ratio than chance goes, or they change by `FACTOR` beyond rounding over time."""
    far = max(one["gap"] for one in landmarks) > math.log(FACTOR)
    change = max(one["range"].low for one in landmarks) / min(one["range"].high for one in landmarks)
    return far and (change > FACTOR or any(one["z"] >= STANDARD_ERRORS["doubt"] for one in landmarks))


def _landmark_finding(said, landmarks):
    z = max((one["z"] for one in landmarks if not math.isnan(one["z"])), default=math.nan)
    shown = _some(landmarks)
    ratios = ", ".join(f"{one['ratio']:.2f} at {one['time']:g}" for one in shown)
    told = f"log S1 / log S0 is {ratios}; the hazard ratio is {said.value.text}."
    values = {"hr": said.value.value} | {f"ratio_at_{one['time']:g}": one["ratio"] for one in shown}
    values |= {"apart": math.exp(max(one["gap"] for one in landmarks)), "apart_in": "-fold"}
    places = [said, *(two for one in shown for two in one["of"])]
    if _is_inverted(said, landmarks):
        message = f"{told} All landmarks lie on the other side of 1, by {z:.1f} standard errors and more: treatment and reference may be exchanged."
        return found("landmarks_and_ratio", "contradiction", places, values, message)
    if math.isnan(z):
        return found("landmarks_and_ratio", "note", places, values, f"{told} As printed the hazards are not proportional; how far chance explains it cannot be told without the number of patients.")
    values["standard_errors"] = z
    chance = "chance alone can do as much" if z < STANDARD_ERRORS["doubt"] else "more than chance gives, so one ratio does not describe the follow-up, or a number is wrong"
    severity = graded(z, **STANDARD_ERRORS)
    message = f"{told} As printed the hazards are not proportional (at most {z:.1f} standard errors apart: {chance})."
    return found("landmarks_and_ratio", milder(severity) if said.is_adjusted else severity, places, values, message)


def medians_and_ratio(paper):
    """With constant hazards the medians are in the inverse ratio of the hazards."""
    told = set()
    for said in filter(is_usable, paper.of("hr")):
        for treated, reference in _pairs(paper, said, "median"):
            ranges = [one.value.range for one in (treated, reference)]
            if all(one.is_finite and one.low > 0 for one in ranges) and (paper.group_of(said), said.value.value) not in told:
                told |= {(paper.group_of(said), round(said.value.value, 2)), (paper.group_of(said), said.value.value)}
                yield from _median_finding(said, treated, reference, ranges[1] / ranges[0])
            break


def _median_finding(said, treated, reference, ratio):
    gap = ratio.log().gap(said.value.range.log())
    outside = ratio.log().gap(Range(said.ci_low.range.log().low, said.ci_high.range.log().high))
    if gap <= math.log(FACTOR) or outside == 0:
        return
    middle = math.sqrt(ratio.low * ratio.high)
    message = (
        f"Medians {treated.value.text} and {reference.value.text} would go with a hazard ratio of {middle:.2f} if hazards were constant; {with_interval(said)} "
        f"is printed. Hazards that are not constant or not proportional can do this."
    )
    values = {"hr": said.value.value, "ratio_of_medians": middle, "apart": math.exp(gap), "apart_in": "-fold"}
    yield found("medians_and_ratio", "note", [said, treated, reference], values, message)


def median_and_landmarks(paper):
    """Survival is at least one half before the median and at most one half from it on (definition of the median)."""
    half = Range.exactly(0.5)
    for group, medians in paper.groups("median").items():
        landmarks = paper.by_arm(one for one in paper.groups("survival").get(group, ()) if one.time is not None)
        for median in medians:
            for landmark in landmarks.get(median.arm_key, ()):
                survival, when = landmark.value.range, Range.exactly(landmark.time)
                early = median.value.range.above(when) > 0 and half.above(survival)
                late = when.above(median.value.range) > 0 and survival.above(half)
                if early or late:
                    apart = early or late
                    side = "before" if early else "after"
                    message = f"Survival is {landmark.value.text} at {landmark.time:g}, {side} the median of {median.value.text}: {100 * apart:.2g} points from one half on the wrong side."
                    values = {"median": median.value.value, "survival": landmark.value.value, "time": landmark.time, "apart": 100 * apart, "apart_in": "points"}
                    yield found("median_and_landmarks", graded(apart, doubt=0.0, contradiction=0.01), [median, landmark], values, message)
