"""A review worked through: every figure digitised, rebuilt and compared, every effect pooled, one report written."""

import difflib
import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from ipdrecon.app import saving, sentences
from ipdrecon.app.given import Given
from ipdrecon.app.pooling import PoolSettings, effect_row, pool_rows, pooled_files, pooled_record
from ipdrecon.app.review import read_review, read_trial
from ipdrecon.app.workflow import agreement_needs_review, digitise_to_folder, reconstruct_to_folder, validate_to_folder
from ipdrecon.errors import FolderError, ReconstructionError
from ipdrecon.flags import Flag, needs_review
from ipdrecon.model import TrialEstimate

REPORT, RUN_RECORD = "report.html", "run.json"
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
    """

    rebuilt: TrialEstimate
    reported: TrialEstimate | None = None
    reported_source: str = ""

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
    comparisons : tuple of Comparison
    agreement : Agreement or None
    flags : tuple of Flag
    """

    trial: object
    entry: object
    folder: Path
    digitisation: object = field(repr=False)
    arms: tuple = field(repr=False)
    comparisons: tuple
    agreement: object = field(repr=False)
    flags: tuple


@dataclass(frozen=True)
class ReviewResult:
    """All that came of a review.

    Attributes
    ----------
    review : ReviewEntry
    figure_results : tuple of FigureResult
    pooled : metaanalysis.PooledEstimate or None
    studies : DataFrame or None
        The rows pooled, with what the tables carry along.
    inputs : dict of str to str
        SHA-256 by file, from the review's folder.
    out : Path
        The results folder.
    """

    review: object
    figure_results: tuple
    pooled: object
    studies: object = field(repr=False)
    inputs: dict = field(repr=False)
    out: Path

    @property
    def report(self):
        """The HTML file."""
        return self.out / REPORT

    def figures(self):
        """Give the results by figure, a tuple."""
        return self.figure_results

    def flags(self):
        """Gather the flags of all figures, each once."""
        return tuple(dict.fromkeys(flag for figure in self.figure_results for flag in figure.flags))

    def needs_review(self, *, ignored=()):
        """Whether a check failed or a flag, other than those `ignored` by name, asks for a look."""
        flags = [flag for flag in self.flags() if flag.name not in ignored]
        return needs_review(flags) or any(agreement_needs_review(figure.agreement) for figure in self.figure_results if figure.agreement)

    def measures(self):
        """Give the measures of the pooled rows, sorted."""
        return () if self.studies is None else tuple(sorted(set(self.studies["measure"])))

    def cautions(self):
        """Give what a reader must not conclude, as a tuple of sentences."""
        from ipdrecon.app.cautions import cautions_of

        return tuple(cautions_of(self))

    def to_dict(self):
        """As `ipdrecon run --json` prints it."""
        return {
            "title": self.review.title,
            "report": str(self.report),
            "figures": [
                {
                    "trial": figure.trial.id,
                    "folder": str(self.out / figure.folder),
                    "facsimile": figure.entry.facsimile,
                    "comparisons": [_comparison_record(comparison) for comparison in figure.comparisons],
                    "agreement": None if figure.agreement is None else [row.verdict for row in figure.agreement.rows],
                    "flags": [flag.to_dict() for flag in figure.flags],
                }
                for figure in self.figure_results
            ],
            "pooled": None if self.pooled is None else pooled_record(self.pooled, self.studies),
            "cautions": list(self.cautions()),
            "needs_review": self.needs_review(),
        }


def _comparison_record(comparison):
    def record(estimate):
        low, high = estimate.interval()
        errors = {"sei": estimate.sei, "reconstruction_sei": estimate.reconstruction_sei, "total_sei": estimate.total_sei}
        return {"hr": estimate.ratio, "ci_low": low, "ci_high": high, "yi": estimate.yi, **errors, "logrank_p": estimate.logrank_p}

    return {
        "treatment": comparison.rebuilt.treatment,
        "reference": comparison.rebuilt.reference,
        "reconstructed": record(comparison.rebuilt),
        "reported": None if comparison.reported is None else record(comparison.reported),
    }


def run_review(path, out=None):
    """Work through a review and write its results; when anything stops it, nothing is left behind.

    Parameters
    ----------
    path : str or Path
        A `review.toml`.
    out : str or Path, optional
        The results folder; ``results`` beside the review by default.

    Returns
    -------
    ReviewResult
    """
    from ipdrecon.app.report import report_html

    path = Path(path)
    review = read_review(path)
    trials = [(path.parent / place.folder, read_trial(path.parent / place.folder)) for place in review.trial]
    out = Path(out) if out is not None else path.parent / "results"
    with saving.staged(out) as stage:
        figures = tuple(_run_figure(folder, trial, entry, review, stage) for folder, trial in trials for entry in trial.figure)
        pooled, studies = _pool(review, figures, path.parent)
        result = ReviewResult(review, figures, pooled, studies, _inputs(path, review, trials), out)
        if pooled is not None:
            saving.write_files(stage, pooled_files(pooled, studies, _favours(figures)))
        saving.write_files(stage, {REPORT: report_html(result, stage).encode()})
        written = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
        saving.write_files(stage, {RUN_RECORD: saving.json_bytes(_run_record(result, written))})
        earlier = _files_of_run(out)
    saving.take_away_earlier(out, earlier, [*written, RUN_RECORD])
    return result


def _files_of_run(folder):
    """What an earlier run says it wrote into a folder; nothing where there is no record of one."""
    try:
        names = json.loads((folder / RUN_RECORD).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else ()


# --- one figure ------------------------------------------------------------------------------------------------------


def _run_figure(source, trial, entry, review, stage):
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
        edits=source / entry.edits if entry.edits else None,
    )
    digitisation = digitise_to_folder(source / entry.file, stage / place, given)
    panel = _panel_of(digitisation, entry, source / entry.file)
    named, flags = match_labels([arm.label for arm in trial.arm], [curve.arm for curve in panel.curves], source / entry.file)
    n = {named[arm.label]: arm.n for arm in trial.arm if arm.n is not None}
    n_event = {named[arm.label]: arm.events for arm in trial.arm if arm.events is not None}
    digitisation, arms = reconstruct_to_folder(stage / place, n=n, n_event=n_event, draws=review.draws, seed=review.seed)
    arms = tuple(arm for arm in arms if arm.panel == panel.panel)
    _refuse_left_out(digitisation, arms, named, source / entry.file)
    reported = _reported_of(source, trial, entry)
    agreement = validate_to_folder(stage / place, reported) if reported else None
    if entry.facsimile:
        flags += (Flag("facsimile", entry.file, entry.facsimile_note),)
    flags += stated_kind_flags(entry.curve, entry.file)
    flags += digitisation.all_flags() + tuple(flag for arm in arms for flag in arm.flags)
    comparisons = tuple(_compare(trial, arms, named, treatment, reported) for treatment in trial.treatments)
    flags += tuple(flag for comparison in comparisons for flag in comparison.rebuilt.flags)
    flags += agreement.flags if agreement is not None else ()
    return FigureResult(trial, entry, place, digitisation, arms, comparisons, agreement, tuple(dict.fromkeys(flags)))


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
    from ipdrecon.survival.reported import read_reported

    name = entry.reported or trial.reported
    if name is None:
        return ()
    return tuple(row for row in read_reported(source / name) if _fits(row.endpoint, entry.endpoint) and _fits(row.population, entry.population))


def _fits(seen, wanted):
    return not seen or not wanted or seen.strip().casefold() == wanted.strip().casefold()


def _compare(trial, arms, named, treatment, reported):
    from ipdrecon.survival import estimate_hazard_ratio

    study = trial.name if len(trial.treatments) == 1 else f"{trial.name} ({treatment})"
    rebuilt = estimate_hazard_ratio(arms, treatment=named[treatment], reference=named[trial.reference], study=study)
    rebuilt = replace(rebuilt, treatment=treatment, reference=trial.reference)
    printed = next((row for row in reported if row.quantity == "hr" and _gives_interval(row) and _same_comparison(row, trial, treatment, named)), None)
    if printed is None:
        return Comparison(rebuilt)
    return Comparison(rebuilt, _printed_estimate(printed, rebuilt), printed.source)


def _same_comparison(row, trial, treatment, named):
    try:
        arm = match_labels([row.arm], [treatment, named[treatment]], "")[0]
    except FolderError:
        return False
    return bool(arm) and (not row.reference or _fits_label(row.reference, trial.reference))


def _fits_label(seen, wanted):
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


# --- all of them -----------------------------------------------------------------------------------------------------


def _pool(review, figures, folder):
    if review.pool is None:
        return None, None
    wanted = review.pool
    rows = [
        effect_row(figure, comparison, wanted.hazard_ratio)
        for figure in figures
        if _fits(figure.entry.endpoint, wanted.endpoint)
        for comparison in figure.comparisons
    ]
    table = folder / review.studies_file if review.studies_file else None
    settings = PoolSettings(wanted.measure, wanted.tau2, wanted.ci, by=wanted.by)
    return pool_rows(rows, table, settings)


def _favours(figures):
    pairs = {(comparison.rebuilt.treatment, comparison.rebuilt.reference) for figure in figures for comparison in figure.comparisons}
    return pairs.pop() if len(pairs) == 1 else ("treatment", "reference")


def _inputs(path, review, trials):
    files = [path] + ([path.parent / review.studies_file] if review.studies_file else [])
    for folder, trial in trials:
        files.append(folder / "trial.toml")
        names = [trial.reported] + [name for entry in trial.figure for name in (entry.file, entry.at_risk, entry.edits, entry.reported)]
        files += [folder / name for name in names if name is not None]
    unique = dict.fromkeys(files)
    return {_relative(file, path.parent): hashlib.sha256(file.read_bytes()).hexdigest() for file in unique}


def _relative(file, folder):
    return Path(file).relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def versions():
    """Give the versions of the program and of what computes in it, by name."""
    from importlib.metadata import version

    names = ("ipdrecon", "numpy", "scipy", "pandas", "matplotlib", "opencv-python-headless", "rapidocr", "onnxruntime")
    return {name: version(name) for name in names}


def _run_record(result, written):
    return {"schema_version": 1, "versions": versions(), "inputs": result.inputs, "files": written}
