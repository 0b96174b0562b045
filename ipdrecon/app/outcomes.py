"""The outcomes of a review: which rows its figures, its trials' counts and its tables give, and what they pool to."""

from dataclasses import dataclass, field
from pathlib import Path

from ipdrecon.app.analyses import AnalysisRequest, analyse
from ipdrecon.app.pooled_files import ForestRequest, pooled_files, pooled_record
from ipdrecon.app.pooling import PoolSettings, effect_row, pool_rows, risk_row
from ipdrecon.app.review_figure import fits, fits_label
from ipdrecon.errors import FolderError

_FEWEST_FOR_INFLUENCE, _FEW = 3, 5


@dataclass(frozen=True)
class OutcomeResult:
    """What came of one outcome.

    Attributes
    ----------
    entry : OutcomeEntry
    pooled : metaanalysis.PooledEstimate or None
        None where there is no row.
    studies : DataFrame or None
        The rows pooled, with what the tables carry along.
    analyses : Analyses or None
    favours : tuple of str
        What effects left and right of no effect favour.
    """

    entry: object
    pooled: object
    studies: object = field(repr=False)
    analyses: object = field(default=None, repr=False)
    favours: tuple = ("treatment", "reference")

    @property
    def title(self):
        """Its name as a heading."""
        return self.entry.name or self.entry.endpoint.capitalize() or "Pooled"

    def measures(self):
        """Give the measures of the pooled rows, sorted."""
        return () if self.studies is None else tuple(sorted(set(self.studies["measure"])))

    def files(self):
        """Make its files: content by path from the results folder."""
        if self.pooled is None:
            return {}
        made = pooled_files(self.pooled, self.studies, self.analyses, ForestRequest(favours=self.favours))
        return {(Path(self.entry.folder) / name).as_posix(): content for name, content in made.items()}

    def to_dict(self):
        """As `ipdrecon run --json` prints it."""
        pooled = None if self.pooled is None else pooled_record(self.pooled, self.studies, self.analyses)
        return {"name": self.entry.name, "folder": self.entry.folder, "endpoint": self.entry.endpoint, "pooled": pooled}


def pool_outcome(outcome, figures, reported, folder):
    """Pool one outcome.

    Parameters
    ----------
    outcome : OutcomeEntry
    figures : sequence of FigureResult
    reported : sequence of (TrialEntry, tuple of ReportedNumber)
    folder : Path
        Of the review.

    Returns
    -------
    OutcomeResult
    """
    rows = [row for figure in figures if _is_of(figure, outcome) for row in _rows_of_figure(figure, outcome)]
    if outcome.measure != "HR" and outcome.time is None and outcome.endpoint:
        rows += [row for trial, printed in reported for row in _rows_of_counts(trial, printed, outcome)]
    settings = PoolSettings(outcome.measure, outcome.fixed, outcome.by, tau2=outcome.tau2, ci=outcome.ci)
    pooled, studies = pool_rows(rows, folder / outcome.studies if outcome.studies else None, settings)
    analyses = None if pooled is None else analyse(pooled, studies, _request(outcome, pooled), outcome=outcome.name or outcome.endpoint)
    return OutcomeResult(outcome, pooled, studies, analyses, outcome.favours or _favours(figures, reported))


def _request(outcome, pooled):
    """What is computed beside an outcome: what it asks for, influence from three rows on, and Bayes where rows are few."""
    also = () if pooled.is_mixed else ("influence",) * (pooled.k >= _FEWEST_FOR_INFLUENCE) + ("bayes",) * (1 < pooled.k <= _FEW)
    return AnalysisRequest(
        also, outcome.order, outcome.moderators, outcome.effect, outcome.control_risk, outcome.baseline_risk, outcome.baseline_time
    )


def _is_of(figure, outcome):
    return fits(figure.entry.endpoint, outcome.endpoint) and fits(figure.entry.population, outcome.population)


def _rows_of_figure(figure, outcome):
    for comparison in figure.comparisons:
        if outcome.measure == "HR":
            yield effect_row(figure, comparison, outcome.hazard_ratio)
        elif outcome.time is not None:
            yield risk_row(figure, comparison, outcome.time)


def _rows_of_counts(trial, printed, outcome):
    """Rows of the events and patients that a trial prints for an endpoint; none where it prints no events of an arm."""
    rows = [row for row in printed if row.endpoint and fits(row.endpoint, outcome.endpoint) and fits(row.population, outcome.population)]
    events = {arm.label: _count(trial, rows, arm, "events") for arm in trial.arm}
    for treatment in trial.treatments:
        if events[treatment] is None or events[trial.reference] is None:
            continue
        patients = {arm.label: _count(trial, rows, arm, "n") for arm in trial.arm}
        missing = [label for label in (treatment, trial.reference) if patients[label] is None]
        if missing:
            raise FolderError(
                f"{trial.id} reports events of {outcome.endpoint!r} but no n of {', '.join(map(repr, missing))}; "
                "add rows with the quantity n and the same endpoint."
            )
        yield {
            "study": trial.name if len(trial.treatments) == 1 else f"{trial.name} ({treatment})",
            "events_1": events[treatment].value,
            "n_1": patients[treatment].value,
            "events_2": events[trial.reference].value,
            "n_2": patients[trial.reference].value,
            "source": "reported",
            "source_text": events[treatment].source,
            "year": trial.year,
            "aetiology": trial.aetiology,
            "measure": outcome.measure,
        }


def _count(trial, rows, arm, quantity):
    """The printed count of an arm; an error where one outcome has several."""
    found = [row for row in rows if row.quantity == quantity and fits_label(row.arm, arm.label)]
    if len({row.value for row in found}) > 1:
        printed = "; ".join(f"{row.value:g} ({row.source})" for row in found)
        raise FolderError(f"{trial.id} reports several {quantity} of {arm.label!r}: {printed}. Say which by the outcome's population, or keep one row.")
    return found[0] if found else None


def _favours(figures, reported):
    pairs = {(comparison.rebuilt.treatment, comparison.rebuilt.reference) for figure in figures for comparison in figure.comparisons}
    pairs |= {(treatment, trial.reference) for trial, _ in reported for treatment in trial.treatments}
    return pairs.pop() if len(pairs) == 1 else ("treatment", "reference")
