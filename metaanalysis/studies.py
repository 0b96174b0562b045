"""From the table a reviewer keeps to effects and variances, row by row."""

import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.events import FIXED_METHODS, event_effects, pool_events
from metaanalysis.pooling import pool
from metaanalysis.printed import is_missing, parse_interval, parse_number

MEASURES = ("HR", "RR", "OR", "RD")
KINDS = ("reported", "derived", "reconstructed", "ipd", "summary")
"""What kind of number a row holds, as its `source` says."""

_ALIASES = {
    "study": ("slab", "studlab", "trial", "author"),
    "yi": ("te", "giv mean", "log_hr", "loghr", "lnhr"),
    "sei": ("sete", "giv se", "se", "se_log_hr"),
    "hr": ("hazard ratio",), "rr": ("risk ratio",), "or": ("odds ratio",), "rd": ("risk difference",),
    "ci_low": ("ci_lower", "lower", "ci.lb", "hr_lo"),
    "ci_high": ("ci_upper", "upper", "ci.ub", "hr_hi"),
    "events_1": ("experimental cases", "event.e"), "n_1": ("experimental n", "n.e"),
    "events_2": ("control cases", "event.c"), "n_2": ("control n", "n.c"),
    "o_minus_e": ("o-e", "o.e"), "v": ("variance",),
    "year": ("study year",), "subgroup": (),
}
_COUNTS = ("events_1", "n_1", "events_2", "n_2")
_NUMERIC = ("yi", "vi", "sei", "hr", "rr", "or", "rd", "ci_low", "ci_high", "ci_level", *_COUNTS, "o_minus_e", "v")
_REVMAN = {"analysis group", "analysis number"}
_YES, _NO = {"true", "1", "1.0", "yes", "y"}, {"", "false", "0", "0.0", "no", "n"}
_EXPECTED = "yi with sei or vi; hr, rr or or with ci_low and ci_high; events_1, n_1, events_2, n_2; or o_minus_e and v"

OFF_CENTRE = 0.1
"""How far an estimate may lie from the middle of its interval on the analysis scale, in widths of the interval."""


def _read_text(path):
    path = Path(path)
    if not path.is_file():
        raise MetaAnalysisError(f"There is no file {path}; expected a CSV with one row per study: check the name.")
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_frame(path_or_frame):
    """All cells as they stand, and the frame's own types where a frame is given."""
    if isinstance(path_or_frame, pd.DataFrame):
        return path_or_frame.reset_index(drop=True).copy()
    text = _read_text(path_or_frame)
    header = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    try:
        frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise MetaAnalysisError(f"{Path(path_or_frame).name} is no table: {str(error).strip()}; expected a CSV with a header and one row per study.") from error
    if not isinstance(frame.index, pd.RangeIndex):
        raise MetaAnalysisError(f"{Path(path_or_frame).name} has more cells in a row than columns in its header; expected as many: put numbers with a decimal comma in quotes.")
    return frame.loc[~(frame == "").all(axis=1)].reset_index(drop=True)


def _canonical_names(frame):
    """Columns by their own names; where two mean the same, the first named so keeps the name."""
    known = {alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}
    plain = {str(column): str(column).strip().casefold() for column in frame.columns}
    taken = set(plain.values())
    names = {}
    for column, lower in plain.items():
        name = known.get(lower, lower if lower in _NUMERIC or lower in ("ipd", "summary", "source") else column)
        if name != lower and name in taken:
            name = column
        taken.add(name)
        names[column] = name
    return frame.rename(columns=names)


def _choose_analysis(frame, analysis):
    """Rows of one analysis of a RevMan data-rows file, its unused cells (0 where no value was entered) emptied."""
    group, number = (next(column for column in frame.columns if column.casefold() == name) for name in ("analysis group", "analysis number"))
    names = frame[group].astype(str).str.strip() + "." + frame[number].astype(str).str.strip()
    found = list(dict.fromkeys(names))
    if analysis is None and len(found) > 1:
        raise MetaAnalysisError(f"The RevMan file holds the analyses {', '.join(found[:12])}; expected one: choose it by analysis=\"{found[0]}\".")
    if analysis is not None and str(analysis) not in found:
        raise MetaAnalysisError(f"The RevMan file holds no analysis {analysis}; expected one of {', '.join(found[:12])}.")
    frame = frame.loc[names == (found[0] if analysis is None else str(analysis))].reset_index(drop=True).astype(object)
    for filled_by, columns in (("sei", ("yi", "sei")), ("v", ("o_minus_e", "v")), ("n_1", _COUNTS)):
        if filled_by in frame:
            unused = [is_missing(value) or parse_number(value, whole=True) == 0 for value in frame[filled_by]]
            frame.loc[unused, [column for column in columns if column in frame]] = ""
    return frame


class _Row:
    """One row of the table: its numbers, and how to complain about it."""

    def __init__(self, number, cells):
        self.cells = cells
        self.study = str(cells.get("study", "")).strip() or f"study {number}"
        self.place = f"Row {number} ({self.study})"
        self.numbers = {name: self._number(name) for name in _NUMERIC if name in cells and name not in ("hr", "rr", "or", "rd")}

    def _number(self, name):
        try:
            text = self.cells[name]
            if name == "ci_level" and isinstance(text, str):
                text = text.replace("%", "")
            return parse_number(text, whole=name in _COUNTS)
        except MetaAnalysisError as error:
            raise MetaAnalysisError(f"{self.place}: {name} is {self.cells[name]!r}; expected a number such as 0.72 or 0,72: mend the cell.") from error

    def get(self, name):
        """Give the number in column `name`, NaN where empty."""
        return self.numbers.get(name, math.nan)

    def has(self, *names):
        """Whether all of `names` are filled."""
        return all(not math.isnan(self.get(name)) for name in names)

    def error(self, message):
        """Make an error that begins with the row's place."""
        return MetaAnalysisError(f"{self.place}: {message}")

    def ratio(self, name):
        """``(estimate, low, high, level)`` of a ratio column, its interval from the same cell or from ci_low, ci_high."""
        try:
            estimate, low, high, level = parse_interval(self.cells.get(name))
        except MetaAnalysisError as error:
            raise self.error(f"{name} is {self.cells[name]!r}; expected one number, or 0.72 (0.58-0.89): mend the cell.") from error
        if math.isnan(low):
            low, high = self.get("ci_low"), self.get("ci_high")
        if self.has("ci_level"):
            level = self.get("ci_level")
            level = level / 100 if level >= 1 else level
        return estimate, low, high, 0.95 if math.isnan(level) else level


def _from_effect(row, measure):
    if not row.has("yi"):
        return None
    if row.has("sei"):
        variance = row.get("sei") ** 2
    elif row.has("vi"):
        variance = row.get("vi")
    else:
        return None
    return row.get("yi"), variance, "reported", ""


def _from_ratio(row, measure):
    estimate, low, high, level = row.ratio(measure.lower()) if measure else (math.nan,) * 4
    if math.isnan(estimate):
        return None
    scale = (lambda value: value) if measure == "RD" else math.log
    if measure != "RD" and estimate <= 0:
        raise row.error(f"{measure} is {estimate:g}; a ratio is positive: if it is a logarithm, name the column yi.")
    if row.has("sei") and math.isnan(low):
        return scale(estimate), row.get("sei") ** 2, "reported", ""
    if math.isnan(low) or math.isnan(high):
        return None
    if not low < high or not low <= estimate <= high or (measure != "RD" and low <= 0):
        raise row.error(f"{measure} is {estimate:g} with the interval {low:g} to {high:g}; expected the estimate between two rising limits: check them against the paper.")
    if not 0.5 <= level < 1:
        raise row.error(f"ci_level is {row.cells.get('ci_level')!r}; expected a percentage such as 95.")
    width = scale(high) - scale(low)
    centre = (scale(high) + scale(low)) / 2
    notes = [] if level == 0.95 else [f"{100 * level:g} % interval"]
    if abs(scale(estimate) - centre) > OFF_CENTRE * width:
        notes.append(f"the estimate {estimate:g} is not in the middle of {low:g} to {high:g}")
    return scale(estimate), (width / (2 * float(ndtri(0.5 + level / 2)))) ** 2, "reported", "; ".join(notes)


def _from_log_rank(row, measure):
    """``(O - E) / V`` with variance ``1 / V`` (Yusuf et al. 1985, Prog Cardiovasc Dis 27:335)."""
    if measure not in ("HR", "OR") or not row.has("o_minus_e", "v"):
        return None
    if row.get("v") <= 0:
        raise row.error(f"v is {row.get('v'):g}; the variance of O - E is positive: check it.")
    return row.get("o_minus_e") / row.get("v"), 1 / row.get("v"), "derived", "one-step estimate from O - E and V"


def _from_events(row, measure):
    if measure not in ("RR", "OR", "RD") or not row.has(*_COUNTS):
        return None
    counts = [row.get(name) for name in _COUNTS]
    try:
        (yi,), (vi,) = event_effects(*([count] for count in counts), measure=measure)
    except MetaAnalysisError as error:
        seen = f"{counts[0]:g} of {counts[1]:g} and {counts[2]:g} of {counts[3]:g}"
        raise row.error(f"the events are {seen}; expected no fewer than 0 and no more than the patients: check them.") from error
    if math.isnan(yi):
        return yi, vi, "derived", "no information on a ratio: no events in either arm, or events in every patient of both"
    zero = 0 in (counts[0], counts[2]) or counts[0] == counts[1] or counts[2] == counts[3]
    return float(yi), float(vi), "derived", "0.5 added to each cell: one is zero" if zero else ""


def _missing(row, measure):
    """Make the error for a row no column set of which is complete."""
    filled = [name for name in (*_NUMERIC, "ipd") if not is_missing(row.cells.get(name))]
    seen = ", ".join(filled) or "no number"
    if "ipd" in filled:
        return row.error(f"seen ipd ({row.cells['ipd']}), which holds patients; expected an effect: run `ipdrecon pool`, which estimates it first.")
    if row.has(*_COUNTS) and measure == "HR":
        return row.error(f"seen {seen}; events without times give no hazard ratio: add hr with its interval, or choose the measure RR, OR or RD.")
    others = [name for name in ("hr", "rr", "or", "rd") if name in filled and name != measure.lower()]
    if others:
        return row.error(f"seen {seen}, but the measure is {measure or 'not named'}; expected one measure in all rows: choose the measure, or leave the row out.")
    return row.error(f"seen {seen}; expected {_EXPECTED}: fill in what is missing.")


def _is_summary(row):
    text = str(row.cells.get("summary", "")).strip().casefold()
    if text in _YES:
        return True
    if text in _NO or is_missing(row.cells.get("summary")):
        return False
    raise row.error(f"summary is {row.cells['summary']!r}; expected true or false.")


def _read_row(row, measure):
    for read in (_from_effect, _from_ratio, _from_log_rank, _from_events):
        found = read(row, measure)
        if found is None:
            continue
        yi, vi, source, note = found
        if vi <= 0:
            raise row.error(f"its variance is {vi:g}; expected a positive number: check the standard error.")
        given = str(row.cells.get("source", "")).strip().casefold()
        source = given if given in KINDS else source
        return {"study": row.study, "yi": yi, "vi": vi, "sei": math.sqrt(vi), "source": "summary" if _is_summary(row) else source, "read_note": note}
    raise _missing(row, measure)


def _infer_measure(frame):
    """HR, RR, OR or RD by the columns filled; RR for events alone, HR for log-rank alone; else empty."""
    def filled(column):
        return column in frame and not all(is_missing(value) for value in frame[column])

    named = [measure for measure in MEASURES if filled(measure.lower())]
    if len(named) > 1:
        raise MetaAnalysisError(f"The table holds columns for {' and '.join(named)}; expected one measure: choose it, as in measure=\"{named[0]}\".")
    if named:
        return named[0]
    if filled("o_minus_e"):
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


def read_studies(path_or_frame, measure=None, *, analysis=None):
    """Read a table of studies.

    Each row is read by the first of these that is complete: `yi` with `sei` or `vi`; the measure's own column (`hr`,
    `rr`, `or`, `rd`) with `ci_low, ci_high`, with `sei`, or with its interval in the same cell; `o_minus_e, v`;
    `events_1, n_1, events_2, n_2`. In tables with a zero cell 0.5 is added to all four cells of that table.

    Parameters
    ----------
    path_or_frame : str, Path or DataFrame
        CSV parted by commas, semicolons or tabs; also metafor's ``slab, yi, vi``, meta's ``studlab, TE, seTE`` and
        RevMan's data-rows file.
    measure : {"HR", "RR", "OR", "RD"}, optional
        By default from the columns. A column `measure` that names measures goes before it, row by row.
    analysis : str, optional
        ``"1.2"``: which analysis of a RevMan file with several.

    Returns
    -------
    DataFrame
        ``study, yi, vi, sei, source, read_note`` and every other column as it stands (numbers of the column sets as
        numbers); the measure in ``attrs["measure"]``, ``"HR, RR"`` where rows differ. `source` is one of `KINDS`; what
        else the table's own column says is kept as `source_text`. `yi` and `vi` are NaN where events tell nothing of a ratio.

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
    frame = _canonical_names(_read_frame(path_or_frame))
    if {str(column).casefold() for column in frame.columns} >= _REVMAN:
        frame = _choose_analysis(frame.rename(columns={"Subgroup": "subgroup"}), analysis)
    if not len(frame):
        raise MetaAnalysisError(f"The table holds no studies; expected one row per study with {_EXPECTED}.")
    by_row, measure = _measures_to_read(frame, measure)
    rows = [_Row(number, cells) for number, cells in enumerate(frame.to_dict("records"), 1)]
    for row in rows:
        if row.get("sei") < 0:
            raise row.error(f"sei is {row.get('sei'):g}; expected a positive standard error: check it.")
    result = pd.DataFrame([_read_row(row, name) for row, name in zip(rows, by_row, strict=True)])
    if "source" in frame and (frame["source"].fillna("").astype(str).str.strip() != result["source"]).any():
        result["source_text"] = frame["source"]
    for column in frame.columns.difference(result.columns, sort=False):
        result[column] = [row.get(column) for row in rows] if column in (*_COUNTS, "o_minus_e", "v") else frame[column]
    if _row_measures(frame) is not None:
        result["measure"] = by_row
    result.attrs["measure"] = measure
    return result


def _has_all(frame, columns):
    return all(name in frame for name in columns) and bool(np.isfinite(frame[list(columns)].to_numpy(float)).all())


def _check_fixed(frame, measure, fixed):
    """Whether the tables themselves are pooled; an error where the method needs what some row lacks."""
    if fixed not in FIXED_METHODS:
        raise MetaAnalysisError(f"The fixed-effect method is {fixed!r}; expected one of {', '.join(FIXED_METHODS)}.")
    if measure in ("RR", "OR", "RD") and _has_all(frame, _COUNTS):
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
        ``"mh"`` needs events in every row, ``"peto"`` events or ``o_minus_e, v``.
    **options
        `tau2`, `ci`, `level`, `prediction`, as in `metaanalysis.pool`.

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
        raise MetaAnalysisError(f"The table has no column {by!r}; expected one of {', '.join(map(str, studies.columns))}: choose one of them.")
    measure = studies.attrs.get("measure", "")
    if _check_fixed(studies, measure, fixed):
        subgroup = None if by is None else list(studies[by])
        counts = (studies[name] for name in _COUNTS)
        return pool_events(*counts, measure=measure, fixed=fixed, study=studies["study"], subgroup=subgroup, source=studies["source"], **options)
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
