"""Tables that people may have typed: CSV read with the file, line and column of whatever is wrong."""

import csv
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.bounded import TooLarge, read_bounded
from ipdrecon.errors import FolderError
from metaanalysis.spreadsheet import unguarded

MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 50_000_000, 500_000, 1000


@dataclass(frozen=True)
class Line:
    """One row of a CSV file.

    Attributes
    ----------
    path : Path
    line : int
        Its line in the file; the header is line 1.
    cells : dict of str to str
        Text by column, stripped, and as it was before `metaanalysis.spreadsheet.guarded`.
    decimal_comma : bool
        Whether the file parts its columns by semicolons, and so may print ``0,5``.
    """

    path: Path
    line: int
    cells: dict
    decimal_comma: bool = False

    def text(self, column, default=""):
        """Give the text of a cell, or `default` where it is empty or its column is missing."""
        return self.cells.get(column) or default

    def value(self, column, default=None):
        """Give the number in a cell, or `default` where it is empty.

        Raises
        ------
        FolderError
            When the cell holds no finite number, or is empty and has no default.
        """
        text = self.text(column)
        if not text and default is not None:
            return default
        try:
            value = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            value = float("inf")
        if abs(value) == float("inf") or (value != value and default is None):
            raise self.error(column, f"is {text!r}; expected a number")
        return value

    def error(self, column, complaint):
        """Make a `FolderError` that names the place."""
        return FolderError(f"{self.path}, line {self.line}, column {column}: {complaint}.")


def read_table(path, required):
    """Read a CSV file.

    Parameters
    ----------
    path : str or Path
        Parted by commas, semicolons or tabs; UTF-8, with or without byte-order mark.
    required : sequence of str
        Columns that must be there.

    Returns
    -------
    list of Line

    Raises
    ------
    FolderError
        When the file is missing, is no text, or lacks a column.
    """
    path = Path(path)
    text = _text(path, required)
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
    try:
        return _lines(path, reader, required, decimal_comma=delimiter == ";")
    except csv.Error as error:
        raise FolderError(f"{path}, line {reader.line_num}: it is no row of a table ({error}); save it as CSV in UTF-8.") from error


def _text(path, required):
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8-sig")
    except TooLarge as error:
        raise FolderError(f"{path} has over {MOST_BYTES // 10**6} MB; expected a table of one figure. Take out what is not of it.") from error
    except OSError as error:
        raise FolderError(f"{path} cannot be read ({error.strerror}); give the path of a CSV file with {', '.join(required)}.") from error
    except UnicodeDecodeError as error:
        raise FolderError(f"{path} is no text in UTF-8 (byte {error.start}); save it as CSV in UTF-8.") from error
    except ValueError as error:
        raise FolderError(f"{str(path)!r} is no path of a file ({error}); give that of a CSV file with {', '.join(required)}.") from error
    if "\0" in text:
        raise FolderError(f"{path} is no text (byte 0 at character {text.index(chr(0))}); save it as CSV in UTF-8.")
    return text


def _lines(path, reader, required, *, decimal_comma):
    columns = [unguarded(name) for name in next(reader, [])]
    if len(columns) > MOST_COLUMNS:
        raise FolderError(f"{path}, line 1: {len(columns)} columns; expected at most {MOST_COLUMNS}, among them {', '.join(required)}.")
    missing = [name for name in required if name not in columns]
    if missing:
        raise FolderError(f"{path}, line 1: no column {', '.join(missing)}; seen: {', '.join(columns) or 'nothing'}. Add it to the header.")
    lines = []
    for row in reader:
        if any(cell.strip() for cell in row[len(columns) :]):
            raise FolderError(f"{path}, line {reader.line_num}: {len(row)} cells, but {len(columns)} columns; put numbers with a decimal comma in quotes.")
        if any(cell.strip() for cell in row):
            cells = {name: unguarded(cell) for name, cell in zip(columns, row, strict=False)}
            lines.append(Line(path, reader.line_num, cells, decimal_comma))
        if len(lines) > MOST_ROWS:
            raise FolderError(f"{path} has over {MOST_ROWS} rows; expected a table of one figure. Take out what is not of it.")
    return lines
