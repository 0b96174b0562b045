"""What is computed besides a pooled result: choices, robustness, moderators, absolute effects, sequential and Bayesian analyses, patients."""

import math
from dataclasses import dataclass, field

import pandas as pd

from metaanalysis.errors import MetaAnalysisError

ALSO = ("influence", "gosh", "bayes")


@dataclass(frozen=True)
class AnalysisRequest:
    """What is asked for besides the pooled result.

    Attributes
    ----------
    also : tuple of str
        Of `ALSO`.
    order : str or None
        Column by which studies are added one by one.
    moderators : tuple of str
        Columns of a meta-regression.
    effect : float or None
        The effect that a trial sequential analysis anticipates, as a ratio or difference.
    control_risk : float or None
        Its risk in the control group.
    baseline : tuple of float
        Risks of the event under the reference, for absolute effects.
    time : str
        When these risks are, in words.
    """

    also: tuple = ()
    order: str | None = None
    moderators: tuple = ()
    effect: float | None = None
    control_risk: float | None = None
    baseline: tuple = ()
    time: str | None = None


@dataclass(frozen=True)
class Analyses:
    """Results by name, in the order in which they are told, and what could not be done.

    Attributes
    ----------
    results : dict of str to object
        ``choices, sources, summaries, facsimile`` (tuples); ``leave_one_out, cumulative, influence, gosh, regression, absolute,
        sequential, bayes, patients, methods`` where they were asked for, or are always made.
    refused : dict of str to str
        Why, by name.
    """

    results: dict = field(repr=False)
    refused: dict

    def get(self, name):
        """Give a result, or None."""
        return self.results.get(name)

    def to_dict(self):
        """As ``ipdrecon pool --json`` prints it beside the pooled result."""
        from metaanalysis.plain import plain

        record = {name: _record(result) for name, result in self.results.items()}
        return plain(record) | ({"not_done": dict(self.refused)} if self.refused else {})


def _record(result):
    if isinstance(result, tuple):
        return [item.to_dict() for item in result]
    if hasattr(result, "to_dict"):
        return result.to_dict()
    return {"k": len(result.study), "subsets": len(result.estimate), "is_exhaustive": bool(result.is_exhaustive)}


def analyse(pooled, studies, request=None, patients=(), *, outcome="", run=map):
    """Compute what stands beside a pooled result.

    Always: other estimators and intervals, the result without each source, summary rows under assumed variances, and the
    methods in words. What is asked for and cannot be done is told in `refused`.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
        The rows pooled.
    request : AnalysisRequest, optional
    patients : sequence of PatientRow
        With one or more, patients are analysed in one stage and in two.
    outcome : str
        For the methods.
    run : callable
        Like `map`, as that of `ipdrecon.app.processes.processes`: what takes all draws of the patients is computed by it.

    Returns
    -------
    Analyses
    """
    from metaanalysis import methods_paragraph

    request = request or AnalysisRequest()
    results, refused = {}, {}
    for name, make in _makers(pooled, studies, request, (patients, run)):
        try:
            result = make()
        except MetaAnalysisError as error:
            refused[name] = str(error)
            continue
        if result is not None and result != ():
            results[name] = result
    results["methods"] = methods_paragraph(pooled, studies=studies, outcome=outcome, besides=tuple(results))
    return Analyses(results, refused)


def _makers(pooled, studies, request, patients):
    """Names of analyses, each with what makes it."""
    import metaanalysis as ma

    rows = pooled_rows(pooled, studies)
    yield "choices", lambda: ma.model_choices(pooled)
    yield "sources", lambda: ma.source_choices(pooled)
    yield "summaries", lambda: _summaries(pooled, rows)
    yield "facsimile", lambda: _without_facsimile(pooled, rows)
    if request.order:
        yield "cumulative", lambda: ma.cumulative(pooled, _order(rows, request.order))
    if "influence" in request.also:
        yield "influence", lambda: ma.influence_diagnostics(pooled)
    if "gosh" in request.also:
        yield "gosh", lambda: ma.gosh(pooled)
    if request.moderators:
        yield "regression", lambda: _regression(pooled, rows, request.moderators)
    if request.baseline:
        yield "absolute", lambda: ma.absolute_effects(pooled, {f"{100 * risk:g} %": risk for risk in request.baseline}, time=request.time)
    if request.effect is not None:
        yield "sequential", lambda: _sequential(pooled, rows, request)
    if "bayes" in request.also:
        yield "bayes", lambda: ma.pool_bayes(pooled.yi, pooled.vi, study=pooled.study, measure=pooled.measure, level=pooled.settings.level)
    if patients[0] and pooled.measure == "HR":
        yield "patients", lambda: _patients(pooled, *patients)


def pooled_rows(pooled, studies):
    """Give the rows of a table of studies that were pooled, in the order of the pooled result."""
    return studies[studies["yi"].notna().to_numpy()].reset_index(drop=True) if len(studies) != pooled.k else studies.reset_index(drop=True)


def _column(rows, name):
    if name not in rows:
        from metaanalysis.studies.columns import no_column

        raise no_column(rows, name)
    return rows[name]


def _numbers(column):
    """Numbers where all cells are, else the texts."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().all() else column


def _order(rows, name):
    """Values by which studies are added one by one; where others are numbers, those without one come last."""
    column = _column(rows, name)
    numbers = pd.to_numeric(column, errors="coerce")
    is_last = numbers.isna() & column.isna()
    return (numbers.fillna(math.inf) if numbers.notna().any() and (numbers.notna() | is_last).all() else column).tolist()


def without_order(rows, name):
    """Give the studies that have nothing to be ordered by.

    Parameters
    ----------
    rows : DataFrame
    name : str or None
        Of the column.

    Returns
    -------
    list of str
    """
    return rows.loc[rows[name].isna(), "study"].tolist() if name and name in rows else []


def _without_facsimile(pooled, rows):
    """The result without rows rebuilt from a facsimile, as a tuple of one; nothing where there is none, or no other."""
    from metaanalysis.robustness.choices import subset_choice

    if "facsimile" not in rows:
        return ()
    choice = subset_choice(pooled, ~rows["facsimile"].eq(True), "without rows rebuilt from a facsimile")
    return () if choice is None else (choice,)


def _summaries(pooled, rows):
    from metaanalysis import assumed_tau2

    if "summary" not in pooled.source or pooled.is_mixed or "k" not in rows:
        return ()
    trials = pd.to_numeric(rows["k"], errors="coerce").fillna(1)
    return assumed_tau2(pooled.yi, pooled.vi, trials=trials, level=pooled.settings.level)


def _regression(pooled, rows, moderators):
    from metaanalysis import meta_regression

    values = {name: _numbers(_column(rows, name)).tolist() for name in moderators}
    return meta_regression(pooled.yi, pooled.vi, values, study=pooled.study, measure=pooled.measure, tau2_ci=pooled.settings.tau2_ci, **_model_options(pooled))


def _model_options(pooled):
    """As the pooled result was told."""
    return {name: getattr(pooled.settings, name) for name in ("tau2", "ci", "level", "prediction")}


def _sequential(pooled, rows, request):
    from metaanalysis import sequential

    order = None if request.order is None else _order(rows, request.order)
    return sequential(pooled, effect=request.effect, control_risk=request.control_risk, order=order)


def _patients(pooled, rows, run):
    from metaanalysis import analyse_patients
    from metaanalysis.patients.streamed import StreamedPatients

    trials = StreamedPatients({row.study: row.patients() for row in rows}, {row.study: row.draws() for row in rows}, run)
    return analyse_patients(trials, source={row.study: row.source for row in rows}, **_model_options(pooled))
