"""Text parted into cells in every way that could be meant; the way that makes sense is taken if it is the only one.

Programs part columns by commas, semicolons, tabs or blanks and print decimal points or commas, as the country has it. No
way is preferred: a file is understood if exactly one way gives a table of the numbers expected.
"""

import csv
import functools
import math
import re
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.errors import ExchangeError
from metaanalysis.spreadsheet import unguarded

MOST_ARMS = 100
DECIMALS = {"point": ".", "comma": ","}
_SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}
_MISSING = {"", "na", "nan", "n/a", "#n/a", "null", "."}
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_THIN_SPACES = "\u00a0\u2009\u202f"


def _number_patterns(point, comma):
    plain = rf"[+-]?(?:(?:0|[1-9]\d*)(?:{point}\d*)?|{point}\d+){_EXPONENT}"
    grouped = rf"[+-]?[1-9]\d{{0,2}}(?:[{_THIN_SPACES}]\d{{3}})+(?:{point}\d*)?"
    thousands = rf"[+-]?[1-9]\d{{0,2}}(?:{comma}\d{{3}})+(?:{point}\d*)?"
    return re.compile(f"{plain}|{grouped}", re.ASCII), re.compile(f"{plain}|{grouped}|{thousands}", re.ASCII)


_PATTERNS = {".": _number_patterns(r"\.", ","), ",": _number_patterns(",", r"\.")}


@dataclass(frozen=True)
class Layout:
    """One way to part text into numbers.

    Attributes
    ----------
    separator : str
        Tab, ``;``, ``,``, or a blank for any run of blanks.
    decimal : {".", ","}
    thousands : bool
        Whether the other of the two may part thousands.
    """

    separator: str
    decimal: str = "."
    thousands: bool = False

    def number(self, cell):
        """Give the number in a cell: NaN where it is empty or says so, None where it is no number."""
        if cell.casefold() in _MISSING:
            return math.nan
        cell = cell.replace("\u2212", "-")
        if self.decimal == ".":
            cell = cell.replace("\u00b7", ".")
        if not _PATTERNS[self.decimal][self.thousands].fullmatch(cell):
            return None
        for mark in (*_THIN_SPACES, "." if self.decimal == "," else ","):
            cell = cell.replace(mark, "")
        return float(cell.replace(",", "."))

    def __str__(self):
        other = "point" if self.decimal == "," else "comma"
        thousands = f", {other} for thousands" if self.thousands else ""
        return f"parted by {_SEPARATORS[self.separator]}, decimal {'point' if self.decimal == '.' else 'comma'}{thousands}"


@dataclass(frozen=True)
class CellTable:
    """The cells of a file under one layout.

    Attributes
    ----------
    path : Path
    layout : Layout
    header : tuple of str
        Names of the columns; empty where the file has none.
    above : tuple of str
        The cells of a row above the header, as WebPlotDigitizer writes the names of its data sets; else empty.
    lines : tuple of int
        Of each row, its line in the file.
    rows : tuple of tuple of str
        All as wide.
    """

    path: Path
    layout: Layout
    header: tuple
    above: tuple
    lines: tuple
    rows: tuple

    @property
    def width(self):
        """Number of columns."""
        return len(self.rows[0])

    def title(self, column):
        """What a column is called in messages."""
        return self.header[column] if self.header and self.header[column] else f"{column + 1}"

    def error(self, row, column, complaint):
        """Make an `ExchangeError` that names the place."""
        return ExchangeError(f"{self.path}, line {self.lines[row]}, column {self.title(column)}: {complaint}.", self.lines[row])

    def numbers(self, column):
        """Give a column as a list of floats, NaN where a cell is empty.

        Raises
        ------
        ExchangeError
            At the first cell that is no number.
        """
        values = [self.layout.number(row[column]) for row in self.rows]
        for index, value in enumerate(values):
            if value is None or math.isinf(value):
                raise self.error(index, column, f"is {self.rows[index][column]!r}; expected a number ({self.layout})")
        return values

    def texts(self, column):
        """Give a column as a list of str."""
        return [row[column] for row in self.rows]

    def arms(self, column=None):
        """Give the arm of each row as a list of str, empty without a column.

        Raises
        ------
        ExchangeError
            Where a row names none, or there are too many to be arms.
        """
        if column is None:
            return [""] * len(self.rows)
        arms = self.texts(column)
        if "" in arms:
            raise self.error(arms.index(""), column, "is empty; expected the name of the arm")
        if len(set(arms)) > MOST_ARMS:
            raise self.error(0, column, f"names {len(set(arms))} arms; expected at most {MOST_ARMS}")
        return arms


def parted_lines(text, separator):
    """Part each line of a text into cells.

    Parameters
    ----------
    text : PlainText
    separator : str
        As `Layout` has it.

    Returns
    -------
    list of (int, list of str)
        Line number and cells, stripped; quotes are understood.

    Raises
    ------
    ExchangeError
        When a cell is of no sensible length.
    """
    lines = [line.replace("\t", " ").strip(" ") if separator == " " else line for _, line in text.lines]
    try:
        rows = [next(csv.reader([line], delimiter=separator, skipinitialspace=True), []) for line in lines]
    except csv.Error as error:
        raise ExchangeError(f"{text.path} cannot be parted into cells ({error}); save it as CSV.") from error
    return [(number, [unguarded(cell) for cell in row]) for (number, _), row in zip(text.lines, rows, strict=True)]


def cell_table(text, layout, parted=None):
    """Make a table of a text.

    Parameters
    ----------
    text : PlainText
    layout : Layout
    parted : list of (int, list of str), optional
        What `parted_lines` gives for the layout's separator.

    Returns
    -------
    CellTable

    Raises
    ------
    ExchangeError
        When the text is no table of two or more columns under this layout.
    """
    parted = parted_lines(text, layout.separator) if parted is None else parted
    n_head = _head_lines(parted, layout)
    head, body = parted[:n_head], parted[n_head:]
    if not any(any(cells) for _, cells in body):
        raise ExchangeError(f"{text.path} has a header and no numbers; expected a row for each point.", parted[-1][0])
    widest = max(_used(cells) for _, cells in body)
    header = head[-1][1] if head else []
    if header and all(header) and len(header) == widest - 1:
        header = ["", *header]
    width = max(widest, _used(header))
    if width < 2:
        raise ExchangeError(f"{text.path}, line {body[0][0]}: one column only ({body[0][1][0]!r}, {layout}); expected two or more.", body[0][0])
    for number, cells in body:
        if len(cells) < width:
            raise ExchangeError(f"{text.path}, line {number}: {len(cells)} cells where others have {width} ({layout}); mend the line.", number)
    above = _fitted(head[0][1], width) if len(head) > 1 else ()
    lines, rows = zip(*((number, _fitted(cells, width)) for number, cells in body if any(cells)), strict=True)
    return CellTable(text.path, layout, _fitted(header, width) if head else (), above, lines, rows)


def _head_lines(parted, layout):
    """Count the leading lines, two at most, that hold no number."""
    wordy = [any(cells) and not any(_is_number(cell, layout) for cell in cells) for _, cells in parted[:2]]
    return 2 if wordy == [True, True] else 1 if wordy[0] else _numbered_names(parted, wordy)


def _numbered_names(parted, wordy):
    """Find a row of names that are digits above a header: it is as wide, with every other cell empty."""
    first = parted[0][1]
    return 2 if len(wordy) > 1 and wordy[1] and len(first) == len(parted[1][1]) and not any(first[1::2]) else 0


def _is_number(cell, layout):
    value = layout.number(cell)
    return value is not None and not math.isnan(value)


def _used(cells):
    return max((index + 1 for index, cell in enumerate(cells) if cell), default=0)


def _fitted(cells, width):
    return tuple((list(cells) + [""] * width)[:width])


def layouts(text, decimal=None):
    """List the ways in which a text may be parted, by the separators that stand in it.

    Parameters
    ----------
    text : PlainText
    decimal : {"point", "comma"}, optional
        Where it is known.

    Returns
    -------
    list of Layout
    """
    seen = set("".join(line.strip() for _, line in text.lines))
    separators = [mark for mark in _SEPARATORS if mark in seen or (mark == " " and "\t" in seen)]
    marks = DECIMALS.values() if decimal is None else (DECIMALS[decimal],)
    return [Layout(separator, mark, thousands) for thousands in (False, True) for separator in separators for mark in marks]


def _settles(found, other):
    """Whether a layout that makes sense leaves no room for another: points as thousands, or blanks in a file with tabs."""
    return (found.decimal == "." and other.decimal == "," and other.thousands) or (found.separator == "\t" and other.separator == " ")


def only_reading(text, understand, expected, decimal=None):
    """Find the one way to part a text that makes sense.

    Parameters
    ----------
    text : PlainText
    understand : callable
        Makes a reading of a `CellTable`, or raises `ExchangeError`; readings have a method ``key``, equal where they are.
    expected : str
        What the file should hold, for messages.
    decimal : {"point", "comma"}, optional

    Returns
    -------
    object
        The reading.

    Raises
    ------
    ExchangeError
        When no way makes sense, or several do and differ.
    """
    found, troubles = {}, []
    parted = functools.cache(functools.partial(parted_lines, text))
    for layout in layouts(text, decimal):
        if any(_settles(reading.table.layout, layout) for reading in found.values()):
            continue
        try:
            reading = understand(cell_table(text, layout, parted(layout.separator)))
        except ExchangeError as error:
            troubles.append(error)
        else:
            found.setdefault(reading.key(), reading)
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        ways = "; or ".join(str(reading.table.layout) for reading in found.values())
        raise ExchangeError(
            f"{text.path} can be read in {len(found)} ways: {ways}. Say which with --decimal point or --decimal comma, or save it with another separator."
        )
    if troubles:
        raise max(troubles, key=lambda error: error.line)
    number, line = text.lines[-1]
    raise ExchangeError(f"{text.path}, line {number}: one column only ({line.strip()[:40]!r}); expected {expected}.")
