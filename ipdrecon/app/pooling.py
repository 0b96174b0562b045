"""From a table of studies, and the trials of a review, to one pooled estimate and its files."""

from dataclasses import dataclass

import pandas as pd

from ipdrecon.app.patient_rows import PARTS, holds_patients, standard_errors, with_patients
from metaanalysis.studies.table import as_pooled, pool_studies, read_studies

_DEFAULT_MEASURE = "HR"


@dataclass(frozen=True)
class PoolSettings:
    """How studies are pooled.

    Attributes
    ----------
    measure : str or None
        ``HR``, ``RR``, ``OR`` or ``RD``; None takes it from the table's columns, else ``HR``.
    fixed : str
    by : str or None
        Column of the subgroups.
    analysis : str or None
        Which analysis of a RevMan file.
    zero_cells : str
    preset, tau2, ci, prediction, subgroup_tau2, level : optional
        As in `metaanalysis.pool`.
    """

    measure: str | None = None
    fixed: str = "iv"
    by: str | None = None
    analysis: str | None = None
    zero_cells: str = "tables"
    preset: str | None = None
    tau2: str | None = None
    ci: str | None = None
    prediction: str | None = None
    subgroup_tau2: str | None = None
    level: float | None = None

    def options(self):
        """Those of `metaanalysis.pool`."""
        names = ("preset", "tau2", "ci", "prediction", "subgroup_tau2", "level")
        return {name: getattr(self, name) for name in names}


def pool_table(path, settings, run=map):
    """Pool the studies of a table; rows that hold patients (`ipd`) are estimated first.

    Parameters
    ----------
    path : str or Path
    settings : PoolSettings
    run : callable
        Like `map`, as that of `ipdrecon.app.processes.processes`: rows of patients are estimated by it.

    Returns
    -------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
        As `metaanalysis.read_studies` gives it, with the effects that were pooled.
    patients : tuple of PatientRow
    """
    studies, patients = _studies_of(path, settings, run)
    studies.attrs["measure"] = studies.attrs["measure"] or _DEFAULT_MEASURE
    pooled = _pool(studies, settings)
    return pooled, as_pooled(studies, pooled), patients


def _studies_of(path, settings, run=map):
    table, patients = with_patients(path, run) if holds_patients(path) else (path, ())
    return read_studies(table, settings.measure, analysis=settings.analysis, zero_cells=settings.zero_cells), patients


def _pool(studies, settings):
    return pool_studies(studies, by=settings.by, fixed=settings.fixed, **settings.options())


# --- a review's rows -------------------------------------------------------------------------------------------------


def effect_row(figure, comparison, preferred):
    """Make the row a comparison of a review contributes to the pool; `sei` is of sampling and reconstruction together.

    Parameters
    ----------
    figure : FigureResult
    comparison : Comparison
    preferred : {"reported", "reconstructed"}
        Which hazard ratio to pool; the rebuilt one stands in where none is printed.

    Returns
    -------
    dict
    """
    printed = preferred == "reported" and comparison.reported is not None
    if printed:
        return _row(figure, comparison.reported, comparison.reported_source, comparison.rebuilt.n)
    return _row(figure, comparison.rebuilt, _rebuilt_from(figure), comparison.rebuilt.n) | _rebuilt_kind(figure)


def risk_row(figure, comparison, time):
    """Make the row of the risk ratio of a comparison's rebuilt patients at a time.

    Parameters
    ----------
    figure : FigureResult
    comparison : Comparison
    time : float
        In the figure's unit.

    Returns
    -------
    dict
    """
    from ipdrecon.survival import estimate_risk_ratio

    names = {"treatment": figure.named[comparison.rebuilt.treatment], "reference": figure.named[comparison.rebuilt.reference]}
    estimate = estimate_risk_ratio(figure.arms, **names, time=time, study=comparison.rebuilt.study)
    unit = figure.digitisation.panels[0].calibration.time.unit
    return _row(figure, estimate, f"{_rebuilt_from(figure)}: risk up to {time:g} {unit}".rstrip(), estimate.n) | _rebuilt_kind(figure)


def _rebuilt_from(figure):
    return f"rebuilt from {figure.entry.file}"


def _rebuilt_kind(figure):
    """What a row rebuilt from a facsimile says of it."""
    return {"note": figure.entry.facsimile_note, "facsimile": True} if figure.entry.facsimile else {}


def _row(figure, estimate, source_text, n):
    trial = figure.trial
    return {
        "study": estimate.study,
        "yi": estimate.yi,
        "sei": estimate.total_sei,
        "source": estimate.origin,
        "year": trial.year,
        "aetiology": trial.aetiology,
        "measure": estimate.measure,
        "n": n,
        "source_text": source_text,
        "note": "",
    } | standard_errors(estimate)


def pool_rows(rows, table, settings):
    """Pool the rows of a review's figures together with its table of further studies.

    Rows of another measure than the review's are kept; then there is no total.

    Parameters
    ----------
    rows : list of dict
        Made by `effect_row`.
    table : Path or None
    settings : PoolSettings

    Returns
    -------
    pooled : metaanalysis.PooledEstimate or None
        None where there is no row.
    studies : DataFrame or None
    """
    frames = [_read_rows(rows, settings.measure)] if rows else []
    frames += [] if table is None else [_studies_of(table, settings)[0]]
    if not frames:
        return None, None
    for frame in frames:
        if "measure" not in frame:
            frame["measure"] = frame.attrs["measure"]
        frame.attrs = {}
    studies = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    studies = studies.astype({"yi": float, "vi": float, "sei": float})
    studies.attrs["measure"] = settings.measure
    pooled = _pool(studies, settings)
    return pooled, as_pooled(studies, pooled)


def _read_rows(rows, measure):
    """Read rows made here, whose `source_text` is theirs and not that of a table's column `source`."""
    frame = pd.DataFrame(rows)
    places = frame.pop("source_text")
    return read_studies(frame, measure).assign(source_text=places.to_numpy())


def rows_with_draws(studies):
    """Part the standard errors of the studies that have draws.

    Parameters
    ----------
    studies : DataFrame

    Returns
    -------
    DataFrame
        ``study, sampling_se, reconstruction_se``, with the index of `studies`; empty where no study has draws.
    """
    parts = studies.reindex(columns=["study", *list(PARTS)])
    parts = parts.assign(**{name: pd.to_numeric(parts[name], errors="coerce") for name in list(PARTS)})
    return parts.dropna(subset=list(PARTS))
