"""From the table a reviewer keeps to effects and variances, row by row."""

from dataclasses import replace

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pooling import pool
from metaanalysis.studies.columns import COUNTS, canonical_names, choose_analysis, is_revman, no_column, read_frame
from metaanalysis.studies.events import FIXED_METHODS, check_zero_cells, pool_events
from metaanalysis.studies.printed import is_missing
from metaanalysis.studies.rows import EXPECTED, Row, read_row

MEASURES = ("HR", "RR", "OR", "RD")
_OF_HAZARDS = ("o_minus_e", "logrank_p", "o_1", "median_1", "survival_1")


def _infer_measure(frame):
    """HR, RR, OR or RD by the columns filled; HR for a log-rank test, medians or survival, RR for events alone; else empty."""
    def filled(column):
        return column in frame and not all(is_missing(value) for value in frame[column])

    named = [measure for measure in MEASURES if filled(measure.lower())]
    if len(named) > 1:
        raise MetaAnalysisError(f"The table holds columns for {' and '.join(named)}; expected one measure: choose it, as in measure=\"{named[0]}\".")
    if named:
        return named[0]
    if any(filled(column) for column in _OF_HAZARDS):
        return "HR"
    return "RR" if filled("events_1") else ""


def _row_measures(frame):
    """Give the measure of each row (empty where the cell is), or None where no column `measure` holds names of measures only."""
    if "measure" not in frame:
        return None
    names = ["" if is_missing(name) else str(name).strip().upper() for name in frame["measure"]]
    return names if set(names) <= {"", *MEASURES} else None


def _measures_to_read(frame, default):
    """The measure to read each row by, and the one of the whole table."""
    given = _row_measures(frame) or [""] * len(frame)
    if not all(given):
        default = (default or _infer_measure(frame)).upper()
    if default and default.upper() not in MEASURES:
        raise MetaAnalysisError(f"The measure is {default!r}; expected one of {', '.join(MEASURES)}.")
    by_row = [name or default for name in given]
    return by_row, ", ".join(sorted(set(by_row)))


def read_studies(path_or_frame, measure=None, *, analysis=None, zero_cells="tables"):
    """Read a table of studies.

    Each row is read by the first of these that is complete: `yi` with `sei` or `vi`; the measure's own column (`hr`,
    `rr`, `or`, `rd`) with `ci_low, ci_high`, with `sei`, or with its interval in the same cell; `o_minus_e, v`;
    `events_1, n_1, events_2, n_2`. A hazard ratio also comes by the routes of `metaanalysis.studies.row_routes`; among several
    the most trusted is taken, as in `metaanalysis.studies.route_effect.choose_route`.

    Parameters
    ----------
    path_or_frame : str, Path or DataFrame
        CSV parted by commas, semicolons or tabs; also metafor's ``slab, yi, vi``, meta's ``studlab, TE, seTE`` and
        RevMan's data-rows file.
    measure : {"HR", "RR", "OR", "RD"}, optional
        By default from the columns. A column `measure` that names measures goes before it, row by row.
    analysis : str, optional
        ``"1.2"``: which analysis of a RevMan file with several.
    zero_cells : {"tables", "all", "treatment-arm", "none"}
        As in `metaanalysis.event_effects`.

    Returns
    -------
    DataFrame
        ``study, yi, vi, sei, source, read_note, route`` and every other column as it stands (numbers of the column sets
        as numbers); the measure in ``attrs["measure"]``, ``"HR, RR"`` where rows differ. `source` is one of
        `metaanalysis.studies.rows.KINDS`; what else the table's own column says is kept as `source_text`, and a column
        `route` of its own as `route_text`. `read_note` holds what a route assumes, `other_routes` what the others a row
        allows give. `yi` and `vi` are NaN where events tell nothing of a ratio.

    Raises
    ------
    MetaAnalysisError
        Naming the row, what was seen, what was expected and what to do.

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["A", "B"], "hr": ["0.72 (0.58-0.89)", "0,80 (0,50; 1,28)"]})
    >>> read_studies(table)[["study", "yi", "sei"]].round(3).values.tolist()
    [['A', -0.329, 0.109], ['B', -0.223, 0.24]]
    """
    check_zero_cells(zero_cells)
    frame = canonical_names(read_frame(path_or_frame))
    if is_revman(frame):
        frame = choose_analysis(frame.rename(columns={"Subgroup": "subgroup"}), analysis)
    elif analysis is not None:
        raise MetaAnalysisError(f"The table is no data rows of RevMan, and analysis {analysis} was asked for; expected a table with several analyses: leave it out.")
    if not len(frame):
        raise MetaAnalysisError(f"The table holds no studies; expected one row per study with {EXPECTED}.")
    by_row, measure = _measures_to_read(frame, measure)
    rows = [Row(number, cells) for number, cells in enumerate(frame.to_dict("records"), 1)]
    for row in rows:
        if row.get("sei") < 0:
            raise row.error(f"sei is {row.get('sei'):g}; expected a positive standard error: check it.")
    result = pd.DataFrame([read_row(row, name, zero_cells) for row, name in zip(rows, by_row, strict=True)])
    _keep_texts(result, frame)
    others = frame.columns.difference(result.columns, sort=False)
    carried = {column: [row.get(column) for row in rows] if column in (*COUNTS, "o_minus_e", "v") else frame[column] for column in others}
    result = pd.concat([result, pd.DataFrame(carried, index=result.index)], axis=1)
    if _row_measures(frame) is not None:
        result["measure"] = by_row
    result.attrs |= {"measure": measure, "zero_cells": zero_cells}
    return result


def _keep_texts(result, frame):
    """Keep what the table's own columns `source` and `route` say, and leave out a column of other routes that is empty."""
    if "source" in frame and (frame["source"].fillna("").astype(str).str.strip() != result["source"]).any():
        result["source_text"] = frame["source"]
    if "route" in frame and (frame["route"].fillna("").astype(str).str.strip() != result["route"]).any():
        result["route_text"] = frame["route"]
    if not result["other_routes"].any():
        del result["other_routes"]


def _has_all(frame, columns):
    return all(name in frame for name in columns) and bool(np.isfinite(frame[list(columns)].to_numpy(float)).all())


def _is_of_events(frame):
    """Whether each row's effect is from its events, row by row; those of a frame without routes are where all have them."""
    return (frame["route"] == "events") if "route" in frame else pd.Series(True, frame.index)


def _check_fixed(frame, measure, fixed):
    """Whether the tables themselves are pooled; an error where the method needs what some row lacks.

    Inverse variance takes an effect that is printed before one from events, as `read_studies` did.
    """
    if fixed not in FIXED_METHODS:
        raise MetaAnalysisError(f"The fixed-effect method is {fixed!r}; expected one of {', '.join(FIXED_METHODS)}.")
    if measure in ("RR", "OR", "RD") and _has_all(frame, COUNTS) and (fixed != "iv" or _is_of_events(frame).all()):
        return True
    if fixed == "iv" or fixed == "peto" and _has_all(frame, ("o_minus_e", "v")):
        return False
    needed = "events_1, n_1, events_2, n_2" + (" or o_minus_e, v" if fixed == "peto" else "")
    raise MetaAnalysisError(f"The method {fixed} needs {needed} in every row, and the measure RR, OR or RD for events; not all rows have them: choose the method iv.")


def pool_studies(studies, *, by=None, fixed="iv", **options):
    """Pool a frame made by `read_studies`.

    Parameters
    ----------
    studies : DataFrame
    by : str, optional
        Column that parts subgroups.
    fixed : {"iv", "mh", "peto"}
        ``"mh"`` needs events in every row, ``"peto"`` events or ``o_minus_e, v``; both pool the events even where an effect
        is printed beside them.
    **options
        `tau2`, `ci`, `level`, `prediction`, as in `metaanalysis.pool`; with events also `zero_cells` (by default as the
        studies were read) and `zero_cells_pooled`, as in `metaanalysis.pool_events`.

    Returns
    -------
    PooledEstimate
        Studies that tell nothing of the measure are in its `excluded`.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["A", "B"], "hr": ["0.72 (0.58-0.89)", "0.80 (0.50-1.28)"]})
    >>> pool_studies(read_studies(table)).k
    2
    """
    if by is not None and by not in studies:
        raise no_column(studies, by)
    measure = studies.attrs.get("measure", "")
    zero_cells = {"zero_cells": options.pop("zero_cells", studies.attrs.get("zero_cells", "tables")), "zero_cells_pooled": options.pop("zero_cells_pooled", False)}
    if _check_fixed(studies, measure, fixed):
        subgroup = None if by is None else list(studies[by])
        counts = (studies[name] for name in COUNTS)
        source = studies["source"].mask(~_is_of_events(studies) & (studies["source"] == "reported"), "derived")
        return pool_events(*counts, measure=measure, fixed=fixed, study=studies["study"], subgroup=subgroup, source=source, **zero_cells, **options)
    told = studies["yi"].notna()
    if not told.any():
        raise MetaAnalysisError("No study tells anything of the measure; expected at least one with an effect: choose the measure RD.")
    excluded = tuple(zip(studies.loc[~told, "study"], studies.loc[~told, "read_note"], strict=True))
    kept = studies[told]
    pooled = pool(
        kept["yi"], kept["vi"], study=kept["study"], subgroup=None if by is None else list(kept[by]),
        measure=_row_measures(kept) or measure, source=kept["source"], **options,
    )
    pooled = replace(pooled, excluded=excluded)
    return _named_peto(pooled) if fixed == "peto" else pooled


def _named_peto(pooled):
    """Call the inverse-variance mean of one-step estimates by its name."""
    groups = tuple(replace(group, fixed=replace(group.fixed, method="Peto")) for group in pooled.subgroups)
    return replace(pooled, fixed=replace(pooled.fixed, method="Peto"), subgroups=groups)


def as_pooled(studies, pooled):
    """Give a frame made by `read_studies` with the effects that were pooled, where the fixed-effect method took others.

    Mantel-Haenszel takes the events of a row that also prints its effect; Peto takes one-step odds ratios.

    Parameters
    ----------
    studies : DataFrame
    pooled : PooledEstimate
        Made of it by `pool_studies`.

    Returns
    -------
    DataFrame
        `yi, vi, sei` are NaN in rows that were left out.

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["A", "B"], "events_1": [0, 5], "n_1": [40, 100], "events_2": [3, 9], "n_2": [41, 98]})
    >>> studies = read_studies(table, "OR")
    >>> pooled = pool_studies(studies, fixed="peto")
    >>> bool((as_pooled(studies, pooled)["yi"] == pooled.yi).all()), bool((studies["yi"] == pooled.yi).any())
    (True, False)
    """
    if pooled.counts is None:
        return studies
    frame, kept, place = studies.copy(), [], 0
    for name, counts in zip(frame["study"], frame[list(COUNTS)].to_numpy(float), strict=True):
        kept.append(place < pooled.k and name == pooled.study[place] and bool((counts == pooled.counts[place]).all()))
        place += kept[-1]
    kept = np.array(kept)
    effects = pooled.to_frame().set_axis(frame.index[kept])
    for column in ("yi", "vi", "sei"):
        frame[column] = np.nan
        frame.loc[kept, column] = effects[column]
    printed = kept & ~_is_of_events(studies)
    frame.loc[kept, "source"] = effects["source"]
    if pooled.fixed.method == "Peto":
        frame.loc[kept, "read_note"] = "Peto's one-step estimate from the events"
    frame.loc[printed, ["route", "read_note"]] = ["events", "from the events, as the fixed-effect method needs; the effect printed was left aside"]
    return frame
