"""Read the cells of one row, twice where there is doubt."""

import re
from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.at_risk_cells import find_blobs, find_strip, read_count, read_row, read_thrice, trim_strip
from ipdrecon.figure.at_risk_text import Count, parse_count
from ipdrecon.model import Box, Word

SURE = 0.8


@dataclass(frozen=True)
class Cell:
    """One number of the table.

    Attributes
    ----------
    column : int
    box : Box
        Around its ink.
    count : Count or None
        None where it could not be read.
    confidence : float
    other : Count or None
        What another reading said, where it differs.
    """

    column: int
    box: Box
    count: Count | None
    confidence: float
    other: Count | None = None

    @property
    def word(self):
        """The cell as a `Word`, for the overlay."""
        if self.count is None:
            return Word("?", self.box, 0.0)
        second = f" ({self.count.second})" if self.count.second is not None else ""
        return Word(f"{self.count.n}{second}", self.box, self.confidence)


@dataclass(frozen=True)
class RowCells:
    """One row as read.

    Attributes
    ----------
    py : float
        Middle of the digits in px.
    strip : Strip
        Its ink.
    cells : tuple of Cell
        From left to right; a column without ink has no cell.
    """

    py: float
    strip: object
    cells: tuple

    def values(self, n_columns, which="n"):
        """One kind of number as an array, NaN where there is none: `which` is ``"n"`` or ``"second"``."""
        values = np.full(n_columns, np.nan)
        for cell in self.cells:
            value = getattr(cell.count, which, None)
            if value is not None:
                values[cell.column] = value
        return values


def read_row_cells(px, line, columns, pitch):
    """Read the cells of one row.

    The words of the first reading are tied to columns by place. Then the row's ink is parted at its gaps: what has ink
    but no word, or was glued to its neighbour, is read by itself; the whole row is read once more and compared.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    line : Line
    columns : Columns
    pitch : float
        Distance to the nearest row in px.

    Returns
    -------
    RowCells
    """
    half = min(0.6 * line.height, 0.62 * pitch)
    strip = find_strip(px, line.py - half, line.py + half)
    strip = trim_strip(strip, [(piece.box.left, piece.box.right) for piece, _ in line.counts()])
    cells = []
    for column in range(len(columns.px)):
        pieces = [piece for piece in line.pieces if columns.nearest(piece.box.centre[0]) == column]
        cell = _read_cell(px, strip, columns, column, pieces)
        if cell is not None:
            cells.append(cell)
    cells = _verify(px, strip, _with_brackets(px, strip, cells))
    return RowCells((strip.top + strip.bottom) / 2, strip, tuple(cells))


def _read_cell(px, strip, columns, column, pieces):
    box = find_cell_ink(strip, columns, column, pieces)
    if box is None:
        return None
    if pieces and all(piece.whole for piece in pieces):
        text = " ".join(piece.text for piece in sorted(pieces, key=lambda piece: piece.box.left))
        count, confidence = parse_count(text), min(piece.confidence for piece in pieces)
        if count is not None and not count.mended and confidence >= SURE:
            return Cell(column, box, count, confidence)
    count, confidence = read_count(px, box, strip.background)
    if count is None:
        guesses = [parse_count(piece.text) for piece in pieces]
        if len(guesses) == 1 and guesses[0] is not None:
            return Cell(column, box, guesses[0], 0.5 * pieces[0].confidence)
        return Cell(column, box, None, 0.0) if _digit_like(strip, box) else None
    return Cell(column, box, count, confidence)


def find_cell_ink(strip, columns, column, pieces):
    """Find the ink of a cell.

    Parameters
    ----------
    strip : Strip
    columns : Columns
    column : int
    pieces : sequence of Piece
        What was read there; empty where nothing was.

    Returns
    -------
    Box or None
        Tight around the ink; None where there is none.
    """
    room = 0.5 * columns.width[column]
    left, right = columns.px[column] - room, columns.px[column] + room
    if pieces and all(piece.whole for piece in pieces):
        left = min(piece.box.left for piece in pieces)
        right = max(piece.box.right for piece in pieces)
        blobs = find_blobs(strip, left, right, gap=strip.ink.shape[1])
        return blobs[0] if blobs else Box(left, strip.top, right, strip.bottom)
    blobs = find_blobs(strip, left - room, right + room, gap=0.6 * strip.height)
    blobs = [blob for blob in blobs if left <= blob.centre[0] <= right and blob.width <= 2 * room]
    if not blobs:
        return None
    target = np.mean([piece.box.centre[0] for piece in pieces]) if pieces else columns.px[column]
    return min(blobs, key=lambda blob: abs(blob.centre[0] - target))


def _digit_like(strip, box):
    return box.height >= 0.7 * strip.height and 0.1 * strip.height <= box.width <= 6 * strip.height


def _with_brackets(px, strip, cells):
    bracketed = [cell for cell in cells if cell.count is not None and cell.count.second is not None]
    if len(bracketed) < 0.5 * len(cells):
        return cells
    mended = []
    for cell in cells:
        if cell.count is None or cell.count.second is None:
            reach = 6 * strip.height
            blobs = find_blobs(strip, cell.box.left - reach, cell.box.right + reach, gap=1.1 * strip.height)
            wide = next((blob for blob in blobs if blob.contains(*cell.box.centre)), cell.box)
            count, confidence = read_count(px, wide, strip.background)
            if count is not None and count.second is not None:
                cell = Cell(cell.column, wide, count, confidence)
        mended.append(cell)
    return mended


def _verify(px, strip, cells):
    said = "".join(re.sub(r"\D", "", cell.word.text) for cell in cells)
    again = re.sub(r"\D", "", read_row(px, [cell.box for cell in cells], strip.background)) if cells else ""
    if said == again:
        return cells
    return [_verify_cell(px, strip, cell) for cell in cells]


def _verify_cell(px, strip, cell):
    """Read once more; where two readings differ a third, of the crop laid thrice side by side, decides."""
    count, confidence = read_count(px, cell.box, strip.background)
    if count is None or count.mended or cell.count is None or count.n == cell.count.n:
        return cell
    if count.second is None and cell.count.second is not None:
        return cell
    third = read_thrice(px, cell.box, strip.background)[0]
    if third is not None and third.n == count.n:
        return replace(cell, count=count, confidence=0.5 * confidence, other=cell.count)
    return replace(cell, confidence=0.5 * cell.confidence, other=count)
