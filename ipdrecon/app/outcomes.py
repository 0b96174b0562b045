"""The outcomes of a review: which rows its figures, its trials' counts and its tables give, and what they pool to."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ipdrecon.app.analyses import AnalysisRequest, analyse
from ipdrecon.app.pooled_files import ForestRequest, pooled_files, pooled_record
from ipdrecon.app.pooling import PoolSettings, effect_row, pool_rows, risk_row
from ipdrecon.app.printed_events import patients_with_event, rows_of_endpoint
from ipdrecon.app.review_figure import fits, fits_label

_FEWEST_FOR_INFLUENCE, _FEW = 3, 5


@dataclass(frozen=True)
class OutcomeResult:
    """What came of one outcome.

    Attributes
    ----------
    entry : OutcomeEntry
    pooled : metaanalysis.PooledEstimate or None
        None where there is no row, and where rows are set side by side only.
    studies : DataFrame or None
        The rows, with what the tables carry along.
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

    @property
    def is_empty(self):
        """Whether no figure, no printed number and no table gave it a row."""
        return self.studies is None

    @property
    def is_incomplete(self):
        """Whether something that was asked for could not be done."""
        return self.is_empty or (self.analyses is not None and bool(self.analyses.refused))

    def without_rows(self):
        """Say that it has no row, and where rows come from."""
        sought = f" of the endpoint {self.entry.endpoint!r}" if self.entry.endpoint else ""
        return f"nothing to pool: no figure and no printed number{sought} tells the {self.entry.measure}, and no table of studies is named."

    def measures(self):
        """Give the measures of the pooled rows, sorted."""
        return () if self.studies is None else tuple(sorted(set(self.studies["measure"])))

    @cached_property
    def pooled_record(self):
        """The record of its pooled result, or None."""
        return None if self.pooled is None else pooled_record(self.pooled, self.studies, self.analyses)

    def files(self):
        """Make its files: content by path from the results folder."""
        if self.pooled is None:
            return {}
        made = pooled_files(self.pooled, self.studies, self.analyses, self.pooled_record, ForestRequest(favours=self.favours))
        return {(Path(self.entry.folder) / name).as_posix(): content for name, content in made.items()}

    def to_dict(self):
        """As `ipdrecon run --json` prints it."""
        record = {
            "name": self.entry.name, "folder": self.entry.folder, "endpoint": self.entry.endpoint, "note": self.entry.note, "pooled": self.pooled_record,
        }
        return record if self.entry.total or self.studies is None else record | {"side_by_side": self._rows()}

    def _rows(self):
        return [{name: row[name] for name in ("study", "measure", "yi", "sei", "source")} for row in self.studies.to_dict("records")]


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
    if outcome.measure == "HR" and outcome.endpoint:
        drawn = {figure.trial.id for figure in figures if _is_of(figure, outcome)}
        rows += [row for trial, printed in reported if trial.id not in drawn for row in rows_of_text(trial, printed, outcome)]
    settings = PoolSettings(outcome.measure, outcome.fixed, outcome.by, tau2=outcome.tau2, ci=outcome.ci)
    pooled, studies = pool_rows(rows, folder / outcome.studies if outcome.studies else None, settings)
    if not outcome.total:
        return OutcomeResult(outcome, None, studies)
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
    """Rows of the patients with an event that a trial prints for an endpoint; none where it prints none of an arm."""
    rows = rows_of_endpoint(printed, outcome.endpoint, outcome.population)
    counts = {arm.label: patients_with_event(trial, rows, arm.label) for arm in trial.arm}
    for treatment in trial.treatments:
        if counts[treatment] is None or counts[trial.reference] is None:
            continue
        yield {
            "study": trial.study(treatment),
            "events_1": counts[treatment].events,
            "n_1": counts[treatment].n,
            "events_2": counts[trial.reference].events,
            "n_2": counts[trial.reference].n,
            "source": "reported",
            "source_text": counts[treatment].source,
            "year": trial.year,
            "aetiology": trial.aetiology,
            "measure": outcome.measure,
        }


_ONCE = ("median", "events", "n")


def rows_of_text(trial, printed, outcome):
    """Rows of a trial without a figure of the endpoint, from what its text prints: one for each treatment it tells of.

    Parameters
    ----------
    trial : TrialEntry
    printed : sequence of ReportedNumber
    outcome : OutcomeEntry

    Returns
    -------
    list of dict
        Column sets as `metaanalysis.read_studies` reads them: the hazard ratio with its interval or p, medians, survival at
        times, log-rank p, with the patients and events of both arms.
    """
    rows = rows_of_endpoint(printed, outcome.endpoint, outcome.population)
    told = ((treatment, _cells(trial, treatment, rows)) for treatment in trial.treatments)
    return [
        {
            "study": trial.study(treatment),
            **cells,
            "source_text": "; ".join(dict.fromkeys(row.source for row in rows if row.source)),
            "year": trial.year,
            "aetiology": trial.aetiology,
            "measure": "HR",
        }
        for treatment, cells in told
        if _tells_a_ratio(cells)
    ]


def _tells_a_ratio(cells):
    return "hr" in cells or {"median_1", "median_2"} <= set(cells) or {"survival_1", "survival_2"} <= set(cells)


def _cells(trial, treatment, rows):
    """Cells of a table of studies, from rows of one endpoint; what is printed twice, differently, is left out."""
    cells = {}
    for arm, label in enumerate((treatment, trial.reference), 1):
        entry = next(one for one in trial.arm if one.label == label)
        if entry.n is not None:
            cells[f"n_{arm}"] = entry.n
        own = [row for row in rows if fits_label(row.arm, label)]
        for quantity in _ONCE:
            values = {row.value for row in own if row.quantity == quantity}
            if len(values) == 1 and math.isfinite(min(values)):
                cells[f"{quantity}_{arm}"] = values.pop()
    compared = [row for row in rows if fits_label(row.arm, treatment) and (not row.reference or fits_label(row.reference, trial.reference))]
    for row in compared:
        if row.quantity == "hr":
            cells |= {"hr": row.value, "ci_low": row.ci_low, "ci_high": row.ci_high, "p": _p_of(row.p, row.p_bound)}
        elif row.quantity == "logrank_p":
            cells["logrank_p"] = _p_of(row.value, row.bound)
    return cells | _survival_cells(trial, treatment, rows)


def _p_of(p, bound):
    return "" if math.isnan(p) else f"{bound}{p:g}"


def _survival_cells(trial, treatment, rows):
    """Survival of both arms at the last time at which both are printed between 0 and 1."""
    curves = [{row.time: row.value for row in rows if row.quantity == "survival" and fits_label(row.arm, label)} for label in (treatment, trial.reference)]
    times = [time for time in sorted(curves[0].keys() & curves[1].keys()) if all(0 < curve[time] < 1 for curve in curves)]
    if not times:
        return {}
    return {"survival_1": curves[0][times[-1]], "survival_2": curves[1][times[-1]], "survival_time": times[-1]}


def _favours(figures, reported):
    pairs = {(comparison.rebuilt.treatment, comparison.rebuilt.reference) for figure in figures for comparison in figure.comparisons}
    pairs |= {(treatment, trial.reference) for trial, _ in reported for treatment in trial.treatments}
    return pairs.pop() if len(pairs) == 1 else ("treatment", "reference")
