"""A review worked through: every figure digitised, rebuilt and compared, every effect pooled, one report written."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from ipdrecon.app import saving
from ipdrecon.app.json_files import read_record
from ipdrecon.app.outcomes import pool_outcome
from ipdrecon.app.review import read_review
from ipdrecon.app.review_figure import run_figure
from ipdrecon.app.review_tables import table_files, trial_record
from ipdrecon.app.trial_facts import trial_facts
from ipdrecon.app.workflow import agreement_needs_review
from ipdrecon.flags import needs_review

REPORT, RUN_RECORD = "report.html", "run.json"


@dataclass(frozen=True)
class ReviewResult:
    """All that came of a review.

    Attributes
    ----------
    review : ReviewEntry
    figure_results : tuple of FigureResult
    outcomes : tuple of OutcomeResult
    trials : tuple of TrialFacts
    inputs : dict of str to str
        SHA-256 by file, from the review's folder.
    out : Path
        The results folder.
    """

    review: object
    figure_results: tuple
    outcomes: tuple
    trials: tuple = field(repr=False)
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
        """Whether a check failed, an outcome lacks its rows or an analysis, or a flag, other than those `ignored` by name, asks for a look."""
        if any(outcome.is_incomplete for outcome in self.outcomes):
            return True
        flags = [flag for flag in self.flags() if flag.name not in ignored]
        return needs_review(flags) or any(agreement_needs_review(figure.agreement) for figure in self.figure_results if figure.agreement)

    def cautions(self):
        """Give what a reader must not conclude, as a tuple of sentences."""
        from ipdrecon.app.cautions import cautions_of

        return tuple(cautions_of(self))

    def to_dict(self):
        """As `ipdrecon run --json` prints it; ``pooled`` is the first outcome's."""
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
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "trials": [trial_record(facts) for facts in self.trials],
            "pooled": self.outcomes[0].to_dict()["pooled"] if self.outcomes else None,
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


def run_review(path, out=None, *, run=map):
    """Work through a review and write its results; when anything stops it, nothing is left behind.

    Parameters
    ----------
    path : str or Path
        A `review.toml`.
    out : str or Path, optional
        The results folder; ``results`` beside the review by default.
    run : callable
        Like `map`, as that of `ipdrecon.app.processes.processes`: draws are made by it.

    Returns
    -------
    ReviewResult
    """
    from ipdrecon.app.report import report_html

    path = Path(path)
    review = read_review(path)
    trials = tuple(trial_facts(path.parent / place.folder) for place in review.trial)
    out = Path(out) if out is not None else path.parent / "results"
    earlier = []
    with saving.staged(out, outdated=earlier) as stage:
        figures = tuple(run_figure(facts.folder, facts.entry, entry, review, stage, run=run) for facts in trials for entry in facts.entry.figure)
        reported = [(facts.entry, facts.printed) for facts in trials]
        outcomes = tuple(pool_outcome(outcome, figures, reported, path.parent) for outcome in review.outcomes)
        result = ReviewResult(review, figures, outcomes, trials, _inputs(path, review, trials), out)
        for outcome in outcomes:
            saving.write_files(stage, outcome.files())
        saving.write_files(stage, table_files(result))
        saving.write_files(stage, {REPORT: report_html(result, stage).encode()})
        written = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
        saving.write_files(stage, {RUN_RECORD: saving.json_bytes(_run_record(result, written))})
        earlier += _files_of_run(out)
    return result


def _files_of_run(folder):
    """What an earlier run says it wrote into a folder; nothing where there is no record of one."""
    names = read_record(folder / RUN_RECORD).get("files")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else ()


def _inputs(path, review, trials):
    files = [path] + [path.parent / outcome.studies for outcome in review.outcomes if outcome.studies]
    for folder, trial in ((facts.folder, facts.entry) for facts in trials):
        files.append(folder / "trial.toml")
        names = [trial.reported] + [name for entry in trial.figure for name in (entry.file, entry.at_risk, entry.edits, entry.reported)]
        files += [folder / name for name in names if name is not None]
    unique = dict.fromkeys(files)
    return {_relative(file, path.parent): saving.digest(file) for file in unique}


def _relative(file, folder):
    return Path(os.path.relpath(file, folder)).as_posix()


def versions():
    """Give the versions of the program and of what computes in it, by name; what is not installed is left out."""
    from importlib.metadata import PackageNotFoundError, version

    names = ("ipdrecon", "numpy", "scipy", "pandas", "matplotlib", "opencv-python-headless", "rapidocr", "onnxruntime")
    found = {}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _run_record(result, written):
    return {"schema_version": 1, "versions": versions(), "inputs": result.inputs, "files": written}
