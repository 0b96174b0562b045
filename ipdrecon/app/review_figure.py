"""One figure of a review: digitised, rebuilt, and its hazard ratios held against the printed ones."""

import difflib
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from ipdrecon.app import sentences
from ipdrecon.app.given import EDITS, Given
from ipdrecon.app.workflow import digitise_to_folder, reconstruct_to_folder, validate_to_folder
from ipdrecon.errors import FolderError, ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import TrialEstimate

_LEAST_LIKENESS = 0.6


@dataclass(frozen=True)
class Comparison:
    """Two arms of a trial: the hazard ratio rebuilt, and the one printed.

    Attributes
    ----------
    rebuilt : TrialEstimate
    reported : TrialEstimate or None
    reported_source : str
        Where it is printed.
    contrast : ArmContrast or None
        What compares the rebuilt arms beside the hazard ratio; times are those of printed survival, else of numbers at risk.
    printed_hazards : dict of float to float
        Ratio of printed cumulative hazards by time, where survival of both arms is printed.
    """

    rebuilt: TrialEstimate
    reported: TrialEstimate | None = None
    reported_source: str = ""
    contrast: object = None
    printed_hazards: dict = field(default_factory=dict)

    def sentence(self, trial_name):
        """Tell both hazard ratios in one sentence."""
        rebuilt = sentences.interval(self.rebuilt.ratio, *self.rebuilt.interval())
        printed = "none printed" if self.reported is None else f"printed {sentences.interval(self.reported.ratio, *self.reported.interval())}"
        said = f"{trial_name}, {self.rebuilt.treatment} over {self.rebuilt.reference}: hazard ratio rebuilt {rebuilt}, {printed}."
        return f"{said} Standard error of the logarithm rebuilt: {self.standard_errors()}." if self.standard_errors() else said

    def standard_errors(self):
        """Give the parts of the rebuilt standard error in words; empty without draws."""
        added = self.rebuilt.reconstruction_sei
        return "" if added is None else sentences.standard_errors(self.rebuilt.sei, added)


@dataclass(frozen=True)
class FigureResult:
    """All that came of one figure of a trial.

    Attributes
    ----------
    trial : TrialEntry
    entry : FigureEntry
    folder : Path
        Its figure folder, from the results folder.
    digitisation : Digitisation
    arms : tuple of ReconstructedArm
    named : dict of str to str
        The figure's label of each arm, by the trial's.
    comparisons : tuple of Comparison
    agreement : Agreement or None
    flags : tuple of Flag
    """

    trial: object
    entry: object
    folder: Path
    digitisation: object = field(repr=False)
    arms: tuple = field(repr=False)
    named: dict
    comparisons: tuple
    agreement: object = field(repr=False)
    flags: tuple


def run_figure(source, trial, entry, review, stage, *, run=map):
    """Digitise a figure, rebuild its patients and compare them with what is printed.

    Parameters
    ----------
    source : Path
        The trial's folder.
    trial : TrialEntry
    entry : FigureEntry
    review : ReviewEntry
    stage : Path
        Where results are written.
    run : callable
        Like `map`: draws are made by it.

    Returns
    -------
    FigureResult
    """
    from ipdrecon.survival.curve_kinds import stated_kind_flags

    place = Path(trial.id) / Path(entry.file).stem
    at_risk = source / entry.at_risk if entry.at_risk else None
    given = Given(
        panel=entry.panel,
        page=entry.page,
        arms=entry.arms,
        x_range=entry.x_range,
        y_range=entry.y_range,
        unit=entry.time_unit,
        at_risk=at_risk,
        edits=edits_of(source, entry),
    )
    digitisation = digitise_to_folder(source / entry.file, stage / place, given)
    panel = _panel_of(digitisation, entry, source / entry.file)
    named, flags = match_labels([arm.label for arm in trial.arm], [curve.arm for curve in panel.curves], source / entry.file)
    n = {named[arm.label]: arm.n for arm in trial.arm if arm.n is not None}
    n_event = {named[arm.label]: arm.events for arm in trial.arm if arm.events is not None}
    digitisation, arms = reconstruct_to_folder(stage / place, n=n, n_event=n_event, draws=review.draws, seed=review.seed, run=run)
    arms = tuple(arm for arm in arms if arm.panel == panel.panel)
    _refuse_left_out(digitisation, arms, named, source / entry.file)
    reported = _reported_of(source, trial, entry)
    agreement = validate_to_folder(stage / place, reported) if reported else None
    if entry.facsimile:
        flags += (Flag("facsimile", entry.file, entry.facsimile_note),)
    flags += stated_kind_flags(entry.curve, entry.file)
    flags += digitisation.all_flags() + tuple(flag for arm in arms for flag in arm.flags)
    comparisons = tuple(_compare(trial, arms, named, treatment, (reported, _risk_times(panel))) for treatment in trial.treatments)
    flags += tuple(flag for comparison in comparisons for flag in comparison.rebuilt.flags)
    flags += agreement.flags if agreement is not None else ()
    return FigureResult(trial, entry, place, digitisation, arms, named, comparisons, agreement, tuple(dict.fromkeys(flags)))


def edits_of(source, entry):
    """Find the file of edits of a trial's figure: the one `trial.toml` names, else that of the figure's own folder.

    Parameters
    ----------
    source : Path
        The trial's folder.
    entry : FigureEntry

    Returns
    -------
    Path or None
    """
    if entry.edits:
        return source / entry.edits
    own = (source / entry.file).with_suffix("") / EDITS
    return own if own.is_file() else None


def _refuse_left_out(digitisation, arms, named, path):
    """Refuse a trial one of whose arms could not be rebuilt, since it is to be compared."""
    rebuilt = {arm.arm for arm in arms}
    if not set(named.values()) <= rebuilt:
        reasons = " ".join(flag.detail for flag in digitisation.flags if flag.name == "delayed_entry")
        raise ReconstructionError(f"{path}: {', '.join(map(repr, sorted(set(named.values()) - rebuilt)))} could not be rebuilt. {reasons}")


def _panel_of(digitisation, entry, path):
    if entry.panel is None and len(digitisation.panels) > 1:
        names = ", ".join(panel.panel for panel in digitisation.panels)
        raise FolderError(f"{path} has the panels {names}; say in trial.toml which one is meant: panel = \"{digitisation.panels[0].panel}\".")
    return digitisation.panels[0]


def match_labels(wanted, seen, path):
    """Tie a trial's arms to a figure's curves by label: alike but for case and punctuation, else the likest.

    Parameters
    ----------
    wanted, seen : list of str
        The labels of `trial.toml`, and those read from the figure.
    path : str or Path
        For messages.

    Returns
    -------
    named : dict of str to str
        The figure's label by the trial's.
    flags : tuple of Flag
        `arm_name_doubtful` where a label was matched by likeness only.

    Raises
    ------
    FolderError
        When an arm has no curve that is like it.
    """
    plain = {label: "".join(letter for letter in label.casefold() if letter.isalnum()) for label in [*wanted, *seen]}
    named = {label: next((other for other in seen if plain[other] == plain[label]), None) for label in wanted}
    flags = []
    for label in (label for label in wanted if named[label] is None):
        free = [other for other in seen if other not in named.values()]
        likeness = {other: difflib.SequenceMatcher(None, plain[label], plain[other]).ratio() for other in free}
        best = max(likeness, key=likeness.get, default=None)
        if best is None or likeness[best] < _LEAST_LIKENESS:
            raise FolderError(f"{path} shows the arms {', '.join(map(repr, seen))}, none like {label!r} of trial.toml. Mend the label there.")
        named[label] = best
        flags.append(Flag("arm_name_doubtful", f"arm {label!r}", f"Read as {best!r}."))
    return named, tuple(flags)


def _reported_of(source, trial, entry):
    return tuple(row for row in reported_rows(source, entry.reported or trial.reported) if fits(row.endpoint, entry.endpoint) and fits(row.population, entry.population))


def reported_rows(source, name):
    """Read what a trial prints.

    Parameters
    ----------
    source : Path
        The trial's folder.
    name : str or None
        The file in it.

    Returns
    -------
    tuple of ReportedNumber
    """
    from ipdrecon.survival.reported import read_reported

    return () if name is None else tuple(read_reported(source / name))


def fits(seen, wanted):
    """Whether the endpoint or population of a row is the wanted one, or one of them is not told."""
    return not seen or not wanted or seen.strip().casefold() == wanted.strip().casefold()


def _risk_times(panel):
    return () if panel.at_risk is None else tuple(panel.at_risk.time.tolist())


def _compare(trial, arms, named, treatment, known):
    from ipdrecon.survival import estimate_hazard_ratio
    from ipdrecon.survival.contrast import contrast_arms

    reported, risk_times = known
    names = {"treatment": named[treatment], "reference": named[trial.reference]}
    rebuilt = replace(estimate_hazard_ratio(arms, **names, study=trial.study(treatment)), treatment=treatment, reference=trial.reference)
    hazards = _printed_hazards(reported, trial, treatment)
    contrast = contrast_arms(arms, **names, at=sorted(hazards) or risk_times)
    printed = next((row for row in reported if row.quantity == "hr" and _gives_interval(row) and _same_comparison(row, trial, treatment, named)), None)
    if printed is None:
        return Comparison(rebuilt, contrast=contrast, printed_hazards=hazards)
    return Comparison(rebuilt, _printed_estimate(printed, rebuilt), printed.source, contrast, hazards)


def _printed_hazards(reported, trial, treatment):
    """Ratio of printed cumulative hazards, treatment over reference, at the times at which survival of both is printed."""
    by_arm = {
        label: {row.time: row.value for row in reported if row.quantity == "survival" and fits_label(row.arm, label) and 0 < row.value < 1}
        for label in (treatment, trial.reference)
    }
    first, second = by_arm[treatment], by_arm[trial.reference]
    return {time: math.log(first[time]) / math.log(second[time]) for time in sorted(first.keys() & second.keys())}


def _same_comparison(row, trial, treatment, named):
    try:
        arm = match_labels([row.arm], [treatment, named[treatment]], "")[0]
    except FolderError:
        return False
    return bool(arm) and (not row.reference or fits_label(row.reference, trial.reference))


def fits_label(seen, wanted):
    """Whether two labels are alike but for case and punctuation."""
    return [letter for letter in seen.casefold() if letter.isalnum()] == [letter for letter in wanted.casefold() if letter.isalnum()]


def _printed_estimate(row, rebuilt):
    from ipdrecon.survival.summary_data import from_interval, from_p

    known = math.isfinite(row.ci_low) and math.isfinite(row.ci_high)
    effect = from_interval(row.value, row.ci_low, row.ci_high) if known else from_p(row.value, row.p)
    return TrialEstimate(
        rebuilt.study, "HR", rebuilt.treatment, rebuilt.reference, effect.yi, effect.sei, rebuilt.n, None, "reported", row.p
    )


def _gives_interval(row):
    return math.isfinite(row.ci_low + row.ci_high) or (math.isfinite(row.p) and not row.p_bound)
