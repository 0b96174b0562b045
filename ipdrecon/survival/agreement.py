"""Hold reconstructed patients against the results a paper reports.

Examples
--------
>>> from ipdrecon.model import ReconstructedArm
>>> from ipdrecon.survival.reported import ReportedNumber
>>> arm = ReconstructedArm("Placebo", [1, 2, 3, 4, 5], [1, 1, 1, 0, 0])
>>> agreement = validate([arm], [ReportedNumber("events", "placebo", value=3)])
>>> agreement.rows[0].verdict
'agrees'
"""

import math
import os
import re
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import Agreement, AgreementRow
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio, logrank
from ipdrecon.survival.kaplan_meier import RISK_CONVENTIONS, kaplan_meier, median_survival, n_risk_at
from ipdrecon.survival.replicates import logranks, medians, reconstruction_error, survivals
from ipdrecon.survival.reported import read_reported

_AGREES, _DIFFERS, _UNKNOWN = "agrees", "differs", "cannot be judged"


@dataclass(frozen=True)
class Tolerances:
    """How far a reconstructed number may be from the reported one.

    Rounding of the printed number is allowed on top of each.

    Attributes
    ----------
    hr_share : float
        Of the ratio, as |log|. In simulated trials of 30 to 1,000 patients per arm with a full table nine of ten are
        within 4 %; more than 10 % means another endpoint, population or adjustment, or a misread figure.
    ci_width_share : float
        Of the interval's width on the log scale. The width follows the number of events, 25 % of it being some 40 % of
        the events: a coarse check on gross faults.
    median_follow_up : float
        Of the follow-up: some pixels of the time axis.
    survival : float
        Two points of a hundred.
    median_survival : float
        A median agrees too where the rebuilt survival at the reported median is this close to one half: on a flat
        curve the median is ill determined.
    event_share : float
        Of the events, and always one event; the first grade of kmdata's rubric.
    n_share : float
        Of the patients at time 0, and always one; for numbers of patients and at risk.
    logrank_z : float
        On the scale of z: half a standard error.
    """

    hr_share: float = 0.10
    ci_width_share: float = 0.25
    median_follow_up: float = 0.02
    survival: float = 0.02
    median_survival: float = 0.02
    event_share: float = 0.05
    n_share: float = 0.02
    logrank_z: float = 0.5


@dataclass(frozen=True)
class _Judged:
    """A verdict on its way into an `AgreementRow`; `error` is what the reconstruction adds, `ci` of sampling alone."""

    reconstructed: float
    difference: float
    agrees: bool | None
    why: str
    error: float = math.nan
    ci: tuple = (math.nan, math.nan)
    has_arm: bool = True


class _CannotJudge(Exception):
    """Something needed for a verdict is missing; its text is the reason."""


class _NoSuchArm(_CannotJudge):
    """The figure has no arm of the name given."""


def _words(name):
    return re.findall(r"[^\W_]+", name.casefold())


def _plain(name):
    return "".join(_words(name))


def _stands_in(few, many):
    """Whether the words of a name stand, one after the other, among those of another."""
    return bool(few) and any(many[start : start + len(few)] == few for start in range(len(many)))


def match_arm(arms, name):
    """Find an arm by its name: exactly, then without case and punctuation, then by whole words where that is unique.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
    name : str

    Returns
    -------
    ReconstructedArm or None
        None where no arm, or more than one, has the name.
    """
    wanted, words = _plain(name), _words(name)
    rules = (
        lambda arm: arm.arm == name,
        lambda arm: bool(wanted) and _plain(arm.arm) == wanted,
        lambda arm: _stands_in(words, _words(arm.arm)) or _stands_in(_words(arm.arm), words),
    )
    for rule in rules:
        found = [arm for arm in arms if rule(arm)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _of_panel(arms, panel):
    """Arms of a panel; a figure's only panel needs no name."""
    panels = {arm.panel for arm in arms}
    if len(panels) == 1 and panel in ("", "1"):
        return arms
    if panel == "" and len(panels) > 1:
        raise _CannotJudge(f"no panel is named; the figure has {', '.join(sorted(panels))}")
    chosen = [arm for arm in arms if arm.panel == panel]
    if not chosen:
        raise _CannotJudge(f"there is no panel {panel!r}; seen: {', '.join(sorted(panels)) or 'none'}")
    return chosen


def _named(arms, name):
    if not name and len(arms) == 1:
        return arms[0]
    found = match_arm(arms, name)
    if found is None and not name:
        raise _NoSuchArm(f"no arm is named; the figure has {', '.join(repr(arm.arm) for arm in arms)}: fill in the column arm")
    if found is None:
        raise _NoSuchArm(f"no single arm is called {name!r}; seen: {', '.join(repr(arm.arm) for arm in arms)}")
    return found


def _two_arms(arms, reported):
    """Treatment and reference; the other of two arms where only one is named."""
    if not reported.arm and not reported.reference and reported.quantity == "logrank_p" and len(arms) == 2:
        return tuple(arms)
    treatment = _named(arms, reported.arm)
    if reported.reference:
        reference = _named(arms, reported.reference)
    elif len(arms) == 2:
        reference = next(arm for arm in arms if arm is not treatment)
    else:
        raise _CannotJudge(f"no reference is named and there are {len(arms)} arms")
    if reference is treatment:
        raise _CannotJudge(f"treatment and reference are both the arm {treatment.arm!r}")
    return treatment, reference


def _within(reconstructed, reported, allowed, text, error):
    difference = reconstructed - reported.value
    return _Judged(reconstructed, difference, abs(difference) <= allowed + 1e-12, text, error)


def _width_trouble(reported, estimate, tolerances):
    """Say where the interval is much wider or narrower than the reported one."""
    if not (0 < reported.ci_low < reported.ci_high < math.inf):
        return ""
    share = 2 * norm.ppf(0.975) * estimate.sei / math.log(reported.ci_high / reported.ci_low) - 1
    if abs(share) <= tolerances.ci_width_share:
        return ""
    wider = "wider" if share > 0 else "narrower"
    return f"the interval is {abs(share):.0%} {wider} than the reported one, tolerance {tolerances.ci_width_share:.0%}"


def _judge_hr(arms, reported, tolerances):
    treatment, reference = _two_arms(arms, reported)
    try:
        estimate = estimate_hazard_ratio((treatment, reference), treatment=treatment.arm, reference=reference.arm)
    except ReconstructionError as trouble:
        raise _CannotJudge(str(trouble)) from trouble
    logarithm = math.log(reported.value)
    rounding = math.log1p(reported.half_unit / reported.value)
    allowed = math.log1p(tolerances.hr_share) + rounding
    difference = estimate.yi - logarithm
    why = [f"tolerance {tolerances.hr_share:.0%} of the ratio and rounding; {treatment.arm!r} over {reference.arm!r}"]
    agrees = abs(difference) <= allowed
    if not agrees and abs(estimate.yi + logarithm) < 0.5 * abs(difference):
        why.append(f"1/HR = {1 / reported.value:.2f} fits better: treatment and reference may be exchanged")
    width = _width_trouble(reported, estimate, tolerances)
    if width:
        agrees = False
        why.append(width)
    error = math.nan if estimate.reconstruction_sei is None else estimate.reconstruction_sei
    return _Judged(estimate.ratio, difference, agrees, "; ".join(why), error, replace(estimate, reconstruction_sei=None).interval())


def _judge_median(arms, reported, tolerances):
    arm = _named(arms, reported.arm)
    found = median_survival(arm.time, arm.event)
    shown = {"error": reconstruction_error(medians(arm.draws)), "ci": (found.ci_low, found.ci_high)}
    allowed = tolerances.median_follow_up * float(arm.time.max(initial=0)) + reported.half_unit
    why = f"tolerance {tolerances.median_follow_up:.0%} of the follow-up and rounding ({allowed:.3g}), or survival within {tolerances.median_survival:g} of one half there"
    if math.isinf(reported.value) and math.isinf(found.median):
        return _Judged(found.median, 0.0, True, "not reached in both", **shown)
    estimate = kaplan_meier(arm.time, arm.event)
    where = float(arm.time.max(initial=0)) if math.isinf(reported.value) else reported.value
    near = abs(float(estimate.survival_at(where)) - 0.5) <= tolerances.median_survival
    difference = found.median - reported.value
    return _Judged(found.median, difference, abs(difference) <= allowed + 1e-12 or near, why, **shown)


def _judge_survival(arms, reported, tolerances):
    arm = _named(arms, reported.arm)
    if reported.time > arm.time.max(initial=0):
        raise _CannotJudge(f"the reconstructed follow-up ends at {arm.time.max(initial=0):g}, before {reported.time:g}")
    estimate = kaplan_meier(arm.time, arm.event)
    at = float(estimate.survival_at(reported.time))
    allowed = tolerances.survival + reported.half_unit
    low, high = estimate.interval()
    index = np.searchsorted(estimate.time, reported.time, side="right") - 1
    ci = (float(low[index]), float(high[index])) if index >= 0 else (1.0, 1.0)
    error = reconstruction_error(survivals(arm.draws, [reported.time])[:, 0])
    return replace(_within(at, reported, allowed, f"tolerance {tolerances.survival:g} and rounding", error), ci=ci)


def _judge_events(arms, reported, tolerances):
    arm = _named(arms, reported.arm)
    allowed = max(1.0, tolerances.event_share * reported.value)
    error = reconstruction_error([np.sum(event) for _, event in arm.draws])
    return _within(float(arm.n_event), reported, allowed, f"tolerance {tolerances.event_share:.0%} of the events, at least 1", error)


def _judge_n(arms, reported, tolerances):
    arm = _named(arms, reported.arm)
    allowed = max(1.0, tolerances.n_share * reported.value)
    error = reconstruction_error([len(time) for time, _ in arm.draws])
    return _within(float(arm.n), reported, allowed, f"tolerance {tolerances.n_share:.0%} of the patients, at least 1", error)


def _judge_n_risk(arms, reported, tolerances):
    arm = _named(arms, reported.arm)
    allowed = max(1.0, tolerances.n_share * arm.n)
    counts = {convention: float(n_risk_at(arm.time, reported.time, convention=convention)) for convention in RISK_CONVENTIONS}
    convention = min(RISK_CONVENTIONS, key=lambda name: abs(counts[name] - reported.value))
    error = reconstruction_error([n_risk_at(time, reported.time, convention=convention) for time, _ in arm.draws])
    why = f"tolerance {tolerances.n_share:.0%} of the patients, at least 1; counting {convention}"
    return _within(counts[convention], reported, allowed, why, error)


def _judge_logrank(arms, reported, tolerances):
    pair = _two_arms(arms, reported)
    p = logrank(*pair).p
    if math.isnan(p):
        raise _CannotJudge("no event happens while both arms have patients at risk")
    if not 0 < reported.value <= 1:
        raise _CannotJudge(f"the reported p is {reported.value:g}")
    z = norm.isf(p / 2)
    highest = norm.isf(max(reported.value - reported.half_unit, 1e-300) / 2)
    lowest = norm.isf(min(reported.value + reported.half_unit, 1.0) / 2)
    if reported.bound == "<":
        highest = math.inf
    elif reported.bound == ">":
        lowest = 0.0
    agrees = lowest - tolerances.logrank_z <= z <= highest + tolerances.logrank_z
    error = reconstruction_error(logranks(*(arm.draws for arm in pair))[2] if all(arm.draws for arm in pair) else ())
    return _Judged(p, p - reported.value, bool(agrees), f"tolerance {tolerances.logrank_z:g} in z and rounding; reconstructed z = {z:.2f}", error)


_JUDGES = {
    "hr": _judge_hr,
    "median": _judge_median,
    "survival": _judge_survival,
    "events": _judge_events,
    "n": _judge_n,
    "n_risk": _judge_n_risk,
    "logrank_p": _judge_logrank,
}


_NAMES_AS_INPUT = {"hr": ("log_hr",), "logrank_p": ("logrank_z",)}


def _was_input(arms, reported):
    """Whether the number was used to rebuild the arms it is about."""
    names = _NAMES_AS_INPUT.get(reported.quantity, (reported.quantity,))
    for entry in (entry for arm in arms for entry in arm.residuals.get("printed", ())):
        same_time = math.isnan(reported.time) if entry["time"] is None else entry["time"] == reported.time
        if entry["used"] and entry["quantity"] in names and entry["arm"] == reported.arm and same_time:
            return True
    return False


def _judge(arms, reported, tolerances):
    if math.isnan(reported.value):
        return _Judged(math.nan, math.nan, None, "no value is reported")
    try:
        chosen = _of_panel(arms, reported.panel)
        judged = _JUDGES[reported.quantity](chosen, reported, tolerances)
        return replace(judged, agrees=None, why=f"it was an input of the reconstruction; {judged.why}") if _was_input(chosen, reported) else judged
    except _CannotJudge as reason:
        return _Judged(math.nan, math.nan, None, str(reason), has_arm=not isinstance(reason, _NoSuchArm))


def _row(reported, judged):
    verdict = _UNKNOWN if judged.agrees is None else (_AGREES if judged.agrees else _DIFFERS)
    return AgreementRow(
        reported.quantity,
        reported.arm,
        reported.time,
        reported.value,
        judged.reconstructed,
        judged.difference,
        verdict,
        judged.why,
        (reported.ci_low, reported.ci_high),
        judged.ci,
        reported.panel or "1",
        reported.source,
        judged.error,
    )


def _flags(row, judged):
    place = f"{row.quantity} of {row.arm!r}" if row.arm else row.quantity
    if not judged.has_arm:
        yield Flag("reported_unmatched", place, f"{row.why[:1].upper()}{row.why[1:]}.")
    if row.verdict == _DIFFERS:
        yield _disagrees(row, place)


def _disagrees(row, place):
    when = "" if math.isnan(row.time) else f" at {row.time:g}"
    detail = f"Reported {row.reported:g}, reconstructed {row.reconstructed:.4g}; {row.why}."
    return Flag("disagrees", f"{place}{when}", detail)


def validate(arms, reported, *, tolerances=None):
    """Compare reconstructed patients with reported results.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
    reported : sequence of ReportedNumber, or path of a `reported.csv`
    tolerances : Tolerances, optional

    Returns
    -------
    Agreement
        One row per reported number, in their order; a ``disagrees`` flag for each that differs, and one for each name of
        an arm that the figure does not have.

    Raises
    ------
    ReportedError
        Where the file cannot be understood.
    """
    arms, tolerances = tuple(arms), tolerances or Tolerances()
    if isinstance(reported, (str, os.PathLike)):
        reported = read_reported(reported)
    judged = [_judge(arms, number, tolerances) for number in reported]
    rows = tuple(_row(number, verdict) for number, verdict in zip(reported, judged, strict=True))
    flags = tuple(flag for row, verdict in zip(rows, judged, strict=True) for flag in _flags(row, verdict))
    return Agreement(rows, tuple(dict.fromkeys(flags)))
