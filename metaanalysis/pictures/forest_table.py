"""What a forest plot shows beside the pooled result: counts, further columns, parts of the standard error, the order of rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.studies.columns import no_column

_COUNTS = ("events_1", "n_1", "events_2", "n_2")
SORTS = ("effect", "weight", "year", "study")
_PART = "reconstruction_se"


@dataclass(frozen=True)
class StudyTable:
    """What is known of each pooled row beside its effect.

    Attributes
    ----------
    counts : ndarray, shape (k, 4), or None
        Events and patients of both arms; NaN where unknown.
    columns : dict of str to tuple of str
        Text of further columns by their title.
    reconstruction_se : ndarray, shape (k,), or None
        The part of each standard error that reconstruction from a figure adds; NaN where there is none.
    order : tuple of int
        All rows, in the order they are drawn.
    """

    counts: np.ndarray | None
    columns: dict
    reconstruction_se: np.ndarray | None
    order: tuple

    def ordered(self, rows):
        """`rows` in the order they are drawn."""
        chosen = set(rows)
        return [row for row in self.order if row in chosen]


def _aligned(pooled, table):
    """The rows of `table` that belong to the pooled studies, in their order."""
    if "study" not in table:
        raise MetaAnalysisError(f"The table has the columns {', '.join(map(str, table.columns))}; expected one named study.")
    names = table["study"].astype(str)
    left_out = {study for study, _ in pooled.excluded}
    kept = table[~(names.isin(left_out) & ~names.isin(pooled.study))].reset_index(drop=True)
    if tuple(kept["study"].astype(str)) == pooled.study:
        return kept
    missing = [study for study in pooled.study if (names == study).sum() != 1]
    if missing:
        raise MetaAnalysisError(f"The table names {missing[0]} {(names == missing[0]).sum()} times; expected each pooled study once: mend the column study.")
    return table.set_index(names).loc[list(pooled.study)].reset_index(drop=True)


def _cell(value):
    if value is None or value != value:
        return ""
    if isinstance(value, float | np.floating):
        return f"{value:.10g}" if float(value).is_integer() else f"{value:.4g}"
    return str(value)


def _titles(columns):
    return dict(columns) if isinstance(columns, dict) else {name: str(name).replace("_", " ").capitalize() for name in columns}


def _numbers(frame, name):
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(float)


def _counts(pooled, frame):
    if pooled.counts is not None:
        return pooled.counts
    if frame is None or not set(_COUNTS) <= set(frame.columns):
        return None
    counts = np.column_stack([_numbers(frame, name) for name in _COUNTS])
    return counts if np.isfinite(counts).any() else None


def _order(pooled, frame, sort, model):
    if sort is None:
        return tuple(range(pooled.k))
    if sort not in SORTS:
        raise MetaAnalysisError(f"The rows are to be sorted by {sort!r}; expected one of {', '.join(SORTS)}.")
    if sort == "year" and (frame is None or "year" not in frame):
        raise MetaAnalysisError("Sorting by year needs a table with the columns study and year: give it as table.")
    weights = np.nan_to_num(getattr(pooled, model).weights)
    keys = {
        "effect": lambda: pooled.yi, "weight": lambda: -weights, "year": lambda: _numbers(frame, "year"),
        "study": lambda: np.unique([name.casefold() for name in pooled.study], return_inverse=True)[1],
    }
    return tuple(int(row) for row in np.argsort(keys[sort](), kind="stable"))


def study_table(pooled, table=None, columns=(), *, sort=None, model="random"):
    """Gather what a forest plot shows beside the pooled result.

    Parameters
    ----------
    pooled : PooledEstimate
    table : DataFrame, optional
        A column `study` and any of `events_1, n_1, events_2, n_2`, `reconstruction_se`, `year`, and those in `columns`.
    columns : sequence of str or dict of str to str
        Further columns to show, or their names with titles.
    sort : {"effect", "weight", "year", "study"}, optional
        Smallest effect, greatest weight, earliest year first; within subgroups.
    model : {"random", "fixed"}
        Whose weights are meant.

    Returns
    -------
    StudyTable

    Raises
    ------
    MetaAnalysisError
    """
    frame, titles = None if table is None else _aligned(pooled, table), _titles(columns)
    missing = [name for name in titles if frame is None or name not in frame]
    if missing:
        if frame is not None:
            raise no_column(frame, missing[0])
        raise MetaAnalysisError(f"The column {missing[0]!r} is to be shown, and there is no table; expected a table with it.")
    part = _numbers(frame, _PART) if frame is not None and _PART in frame else None
    if part is not None and not np.isfinite(part).any():
        part = None
    shown = {title: tuple(map(_cell, frame[name])) for name, title in titles.items()}
    return StudyTable(_counts(pooled, frame), shown, part, _order(pooled, frame, sort, model))
