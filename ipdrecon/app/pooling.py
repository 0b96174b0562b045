"""From a table of studies, and the trials of a review, to one pooled estimate and its files."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ipdrecon.app import saving
from ipdrecon.app.draws import read_draws
from ipdrecon.app.tables import read_table
from ipdrecon.app.workflow import IPD, RECONSTRUCTION, match_arm, read_patients
from ipdrecon.model import ReconstructedArm
from metaanalysis.studies.table import pool_studies, read_studies

FOREST, POOLED, STUDIES = "forest", "pooled.json", "studies.csv"
_DEFAULT_MEASURE = "HR"
_PARTS = ["sampling_se", "reconstruction_se"]


@dataclass(frozen=True)
class PoolSettings:
    """How studies are pooled.

    Attributes
    ----------
    measure : str or None
        ``HR``, ``RR``, ``OR`` or ``RD``; None takes it from the table's columns, else ``HR``.
    tau2, ci, fixed : str
        As in `metaanalysis`.
    by : str or None
        Column of the subgroups.
    analysis : str or None
        Which analysis of a RevMan file.
    """

    measure: str | None = None
    tau2: str = "REML"
    ci: str = "hk-adhoc"
    fixed: str = "iv"
    by: str | None = None
    analysis: str | None = None


def pool_table(path, settings):
    """Pool the studies of a table; rows that hold patients (`ipd`) are estimated first.

    Parameters
    ----------
    path : str or Path
    settings : PoolSettings

    Returns
    -------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
        As `metaanalysis.studies.table.read_studies` gives it.
    """
    studies = _studies_of(path, settings.measure, analysis=settings.analysis)
    studies.attrs["measure"] = studies.attrs["measure"] or _DEFAULT_MEASURE
    return _pool(studies, settings), studies


def _studies_of(path, measure, **options):
    return read_studies(with_patients(path) if _has_patients(path) else path, measure, **options)


def _pool(studies, settings):
    return pool_studies(studies, by=settings.by, fixed=settings.fixed.lower(), tau2=settings.tau2.upper(), ci=settings.ci.lower())


def _has_patients(path):
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.readline().decode("latin-1").casefold()
    return "ipd" in [name.strip(' "\r\n\t') for name in head.replace(";", ",").replace("\t", ",").split(",")]


def with_patients(path):
    """Read a table of studies whose rows may name files of patients, and estimate these rows.

    Parameters
    ----------
    path : str or Path
        With a column `ipd`; the rows that fill it also fill `treatment` and `reference`.

    Returns
    -------
    DataFrame
        All cells as text; `yi`, `sei` and `source` filled in these rows, `ipd` emptied. `sei` is of sampling and
        reconstruction together; its parts are `sampling_se` and `reconstruction_se`.
    """
    path = Path(path)
    records = []
    for line in read_table(path, ("study",)):
        cells = dict(line.cells)
        if line.text("ipd"):
            estimate, source = _estimate(line, path.parent / line.text("ipd"))
            numbers = {"yi": estimate.yi, "sei": estimate.total_sei} | _standard_errors(estimate)
            texts = {name: saving.number(value, saving.ALL_DIGITS) for name, value in numbers.items()}
            cells |= texts | {"source": cells.get("source") or source, "ipd": ""}
        records.append(cells)
    return pd.DataFrame(records, dtype=object).fillna("")


def _standard_errors(estimate):
    """Give the parts of a total standard error, by column."""
    return dict(zip(_PARTS, (estimate.sei, estimate.reconstruction_sei), strict=True))


def _estimate(line, path):
    from ipdrecon.survival import estimate_hazard_ratio

    for name in ("treatment", "reference"):
        if not line.text(name):
            raise line.error(name, f"is empty, but the row names the patients of {line.text('ipd')}; expected the label of an arm")
    panel = line.text("panel")
    draws = read_draws(path.parent) if path.name == IPD else {}
    arms = [
        ReconstructedArm(arm, *patients, method="ipd", panel=seen, draws=draws.get((seen, arm), ()))
        for (seen, arm), patients in read_patients(path).items()
        if not panel or seen == panel
    ]
    labels = [arm.arm for arm in arms]
    if len(set(labels)) < len(labels):
        raise line.error("panel", f"is empty, but {path} holds several panels with the same arms; expected one of {sorted({arm.panel for arm in arms})}")
    place = f"{line.path}, line {line.line}"
    names = {name: match_arm(line.text(name), labels, place) for name in ("treatment", "reference")}
    source = "reconstructed" if (path.parent / RECONSTRUCTION).exists() else "ipd"
    return estimate_hazard_ratio(arms, study=line.text("study"), **names), source


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
        return _row(figure, comparison.reported, comparison.reported_source, comparison.rebuilt.n) | {"note": ""}
    return _row(figure, comparison.rebuilt, _rebuilt_from(figure), comparison.rebuilt.n)


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
    return _row(figure, estimate, f"{_rebuilt_from(figure)}: risk up to {time:g} {unit}".rstrip(), estimate.n)


def _rebuilt_from(figure):
    return f"rebuilt from {figure.entry.file}"


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
        "note": figure.entry.facsimile_note,
    } | _standard_errors(estimate)


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
    frames = [read_studies(pd.DataFrame(rows), settings.measure)] if rows else []
    frames += [] if table is None else [_studies_of(table, settings.measure)]
    if not frames:
        return None, None
    for frame in frames:
        if "measure" not in frame:
            frame["measure"] = frame.attrs["measure"]
        frame.attrs = {}
    studies = pd.concat([frame.astype(object) for frame in frames], ignore_index=True)
    studies = studies.astype({"yi": float, "vi": float, "sei": float})
    studies.attrs["measure"] = settings.measure
    return _pool(studies, settings), studies


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
    parts = studies.reindex(columns=["study", *_PARTS])
    parts = parts.assign(**{name: pd.to_numeric(parts[name], errors="coerce") for name in _PARTS})
    return parts.dropna(subset=_PARTS)


def pooled_record(pooled, studies):
    """Make the record of a pooled result, as ``ipdrecon pool --json`` prints it.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame

    Returns
    -------
    dict
        Studies that have draws and are pooled by ``sei`` have its parts, ``sampling_se`` and ``reconstruction_se``.
    """
    record = pooled.to_dict()
    if pooled.counts is None:
        parts = rows_with_draws(studies)[_PARTS].to_dict("index")
        for place, study in zip(studies.index[studies["yi"].notna()], record["studies"], strict=True):
            study |= parts.get(place, {})
    return record


# --- files -----------------------------------------------------------------------------------------------------------


def pooled_files(pooled, studies, favours=("treatment", "reference")):
    """Make the files of a pooled result.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
    favours : tuple of str
        What effects left and right of no effect favour.

    Returns
    -------
    dict of str to bytes
        ``forest.svg``, ``forest.pdf``, ``forest.png``, ``pooled.json``, ``studies.csv``.
    """
    return _forest_files(pooled, favours) | {
        POOLED: saving.json_bytes(pooled_record(pooled, studies), saving.ALL_DIGITS),
        STUDIES: saving.frame_csv(studies.dropna(axis=1, how="all")),
    }


def _forest_files(pooled, favours):
    from metaanalysis import forest_plot, save_picture

    figure = forest_plot(pooled, favours=favours)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{FOREST}{ending}" for ending in (".svg", ".pdf", ".png")]
        for path in paths:
            save_picture(figure, path)
        return {path.name: path.read_bytes() for path in paths}
