"""The table a reviewer keeps, as it stands in the file: its cells, and the names of its columns."""

import io
import re
from pathlib import Path

import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.spreadsheet import unguarded
from metaanalysis.studies.printed import is_missing, parse_number

ALIASES = {
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
COUNTS = ("events_1", "n_1", "events_2", "n_2")
NUMERIC = ("yi", "vi", "sei", "hr", "rr", "or", "rd", "ci_low", "ci_high", "ci_level", *COUNTS, "o_minus_e", "v")
DERIVED = (
    "p", "p_sides", "logrank_p", "favours", "allocation", "events", "o_1", "e_1", "o_2", "e_2", "median_1", "median_2",
    "survival_1", "survival_2", "survival_time", "at_risk_1", "at_risk_2", "follow_up",
)
"""Columns of the routes, read only in rows that need them."""

_LONGER_ROW = re.compile(r"Expected \d+ fields in line (\d+), saw")
"""How pandas says that a row has more cells than the first."""

_READ = ("yi", "vi", "sei", "source", "read_note", "route", "other_routes")
"""What reading a table adds to it."""

MOST_BYTES, MOST_ROWS, MOST_COLUMNS, MOST_IN_CELL = 20_000_000, 20_000, 2000, 2000
"""Of a table of studies; larger than any review's."""

REVMAN = {"analysis group", "analysis number"}


def read_text(path, expected="a CSV with one row per study"):
    """Read a file of text in UTF-8, or in the encoding of older spreadsheets.

    Parameters
    ----------
    path : str or Path
    expected : str
        For the message where there is no such file.

    Returns
    -------
    str

    Raises
    ------
    MetaAnalysisError
        Where there is no such file, it cannot be read, or it is larger than such files are.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise MetaAnalysisError(f"{path} is a folder; expected {expected}: name the file in it.")
        if not path.is_file():
            raise MetaAnalysisError(f"There is no file {path}; expected {expected}: check the name.")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise MetaAnalysisError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}); expected {expected}: check the name.") from error
    if len(content) > MOST_BYTES:
        raise MetaAnalysisError(f"{path.name} has more than {MOST_BYTES:,} bytes; expected {expected}: take out what is not of them.")
    if b"\0" in content:
        raise MetaAnalysisError(f"{path.name} is no table: it is no text; expected {expected}: save it as CSV.")
    return decoded(content)


def decoded(content):
    """Give the text of bytes in UTF-8, or in the encoding of older spreadsheets."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def separator_of(text):
    """Tell what parts the columns of a CSV: a comma, a semicolon or a tab."""
    header = text.lstrip().split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _too_many_cells(name, where):
    return MetaAnalysisError(f"{name} has more cells in {where} than columns in its header; expected as many: put numbers with a decimal comma in quotes.")


def _no_table(name, error):
    """Make the error for a text that pandas cannot read."""
    longer = _LONGER_ROW.search(str(error))
    if longer:
        return _too_many_cells(name, f"line {longer[1]}")
    why = "it is empty" if isinstance(error, pd.errors.EmptyDataError) else str(error).strip()
    return MetaAnalysisError(f"{name} is no table: {why}; expected a CSV with a header and one row per study.")


def parse_table(text, name):
    """Give the cells of a CSV as they stand.

    Parameters
    ----------
    text : str
        Parted by commas, semicolons or tabs.
    name : str
        Of the file, for messages.

    Returns
    -------
    DataFrame
        All cells text; empty rows left out.

    Raises
    ------
    MetaAnalysisError
    """
    separator = separator_of(text)
    n_columns = text.lstrip().split("\n", 1)[0].count(separator) + 1
    if n_columns > MOST_COLUMNS:
        raise MetaAnalysisError(f"{name} has {n_columns:,} columns; expected at most {MOST_COLUMNS:,}: keep those of the studies.")
    try:
        frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True)
    except ValueError as error:
        raise _no_table(name, error) from error
    if len(frame) > MOST_ROWS:
        raise MetaAnalysisError(f"{name} has {len(frame):,} rows; expected at most {MOST_ROWS:,}, one per study.")
    longest = int(max((frame[column].str.len().max() for column in frame.columns), default=0)) if len(frame) else 0
    if longest > MOST_IN_CELL:
        raise MetaAnalysisError(f"{name} has a cell of {longest:,} characters; expected at most {MOST_IN_CELL:,}: shorten it.")
    if not isinstance(frame.index, pd.RangeIndex):
        raise _too_many_cells(name, "a row")
    frame = frame.rename(columns={column: unguarded(column) for column in frame.columns if unguarded(column) not in frame}).map(unguarded, na_action="ignore")
    return frame.loc[~(frame == "").all(axis=1)].reset_index(drop=True)


def read_frame(path_or_frame):
    """Give all cells as they stand, and the frame's own types where a frame is given.

    Parameters
    ----------
    path_or_frame : str, Path or DataFrame

    Returns
    -------
    DataFrame
    """
    if isinstance(path_or_frame, pd.DataFrame):
        return path_or_frame.reset_index(drop=True).copy()
    return parse_table(read_text(path_or_frame), Path(path_or_frame).name)


def canonical_names(frame):
    """Give columns their own names; where two mean the same, the first named so keeps the name."""
    known = {alias: name for name, aliases in ALIASES.items() for alias in (name, *aliases)}
    own = {*NUMERIC, *DERIVED, "ipd", "summary", "source"}
    plain = {str(column): str(column).strip().casefold() for column in frame.columns}
    taken = set(plain.values())
    names = {}
    for column, lower in plain.items():
        name = known.get(lower, lower if lower in own else column)
        if name != lower and name in taken:
            name = column
        taken.add(name)
        names[column] = name
    twice = next((name for name in names.values() if list(names.values()).count(name) > 1), None)
    if twice is not None:
        raise MetaAnalysisError(f"The table has the columns {', '.join(repr(column) for column, name in names.items() if name == twice)}, which mean the same; expected one of them: take out the others.")
    return frame.rename(columns=names)


def is_revman(frame):
    """Whether a frame has the columns of RevMan's data rows."""
    return {str(column).casefold() for column in frame.columns} >= REVMAN


def analyses_of(frame):
    """Give the number of the analysis of each row of RevMan's tables, such as ``1.2``."""
    if not is_revman(frame):
        raise MetaAnalysisError(f"A table of RevMan has the columns {', '.join(map(str, frame.columns[:8]))}; expected Analysis group and Analysis number among them.")
    group, number = (next(column for column in frame.columns if column.casefold() == name) for name in ("analysis group", "analysis number"))
    return frame[group].astype(str).str.strip() + "." + frame[number].astype(str).str.strip()


def choose_analysis(frame, analysis):
    """Give the rows of one analysis of RevMan's data rows, its unused cells (0 where no value was entered) emptied.

    Parameters
    ----------
    frame : DataFrame
        With canonical names.
    analysis : str or None
        ``"1.2"``; None where there is only one.

    Returns
    -------
    DataFrame

    Raises
    ------
    MetaAnalysisError
        Where there is no such analysis, or several and none is chosen.
    """
    names = analyses_of(frame)
    found = list(dict.fromkeys(names))
    if analysis is None and len(found) > 1:
        raise MetaAnalysisError(f"The RevMan file holds the analyses {', '.join(found[:12])}; expected one: choose it by analysis=\"{found[0]}\".")
    if analysis is not None and str(analysis) not in found:
        raise MetaAnalysisError(f"The RevMan file holds no analysis {analysis}; expected one of {', '.join(found[:12])}.")
    frame = frame.loc[names == (found[0] if analysis is None else str(analysis))].reset_index(drop=True).astype(object)
    for filled_by, columns in (("sei", ("yi", "sei")), ("v", ("o_minus_e", "v")), ("n_1", COUNTS)):
        if filled_by in frame:
            unused = [is_missing(value) or parse_number(value, whole=True) == 0 for value in frame[filled_by]]
            frame.loc[unused, [column for column in columns if column in frame]] = ""
    return frame


def no_column(frame, name):
    """Make the error for a column that a table of studies lacks.

    Parameters
    ----------
    frame : DataFrame
        As `metaanalysis.read_studies` gives it; the columns that reading adds are not offered.
    name : str

    Returns
    -------
    MetaAnalysisError
    """
    seen = [str(column) for column in frame.columns if column not in _READ]
    return MetaAnalysisError(f"The table has no column {name!r}; expected one of {', '.join(seen)}: choose one of them.")
