"""Read the cells of one row, twice where there is doubt."""

import re
from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.at_risk.cells import find_blobs, find_strip, read_count, read_row, read_thrice, trim_strip
from ipdrecon.figure.at_risk.text import Count, parse_count
from ipdrecon.figure.text import read_lines
from ipdrecon.model import Box, Word

SURE = 0.8
_OFF_MIDDLE = 0.3
_OFF_COLUMN = 0.3  # share of a column's width by which a number may stand off its middle
_TRIES = 2  # stretches of ink that may be one cell


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
    glued : bool
        Whether its ink touches other text, so that it cannot be read by itself.
    exact : bool
        Whether the file itself says the number, so that it need not be read from pixels.
    """

    column: int
    box: Box
    count: Count | None
    confidence: float
    other: Count | None = None
    glued: bool = False
    exact: bool = False

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


def part_tall_words(px, words, box):
    """Part words of digits that cover two rows, or more, at the gaps between the rows, and read each part.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word
    box : Box
        The plotting box; only words in its lower part or below are looked at.

    Returns
    -------
    tuple of Word
    """
    parted = []
    for word in words:
        digits = sum(letter.isdigit() for letter in word.text)
        low = word.box.centre[1] > box.bottom - 0.3 * box.height and box.contains(word.box.centre[0], box.bottom, 20)
        tall = word.vertical or word.box.height > 0.95 * word.box.width
        parts = _row_parts(px, word.box) if low and tall and digits >= 0.5 * len(word.text) and digits > 1 else ()
        parted += read_lines(px, parts) if len(parts) > 1 else [word]
    return tuple(parted)


def _row_parts(px, box):
    strip = find_strip(px, box.top, box.bottom)
    left, right = int(box.left), int(np.ceil(box.right)) + 1
    used = np.flatnonzero(strip.ink[:, max(left, 0) : right].any(axis=1))
    if not len(used):
        return ()
    runs = [run for run in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1) if len(run) >= 5]
    return tuple(Box(box.left, strip.top + run[0] - 2, box.right, strip.top + run[-1] + 2) for run in runs)


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
    cells, parted = [], [part for piece in line.pieces for part in part_at_columns(piece, columns, strip)]
    for column in range(len(columns.px)):
        pieces = [piece for piece in parted if columns.nearest(piece.box.centre[0]) == column]
        cell = _read_cell(px, strip, columns, column, _nearest_run(pieces, columns.px[column], strip.height))
        if cell is not None:
            cells.append(cell)
    cells = _verify(px, strip, _with_brackets(px, strip, cells))
    return RowCells((strip.top + strip.bottom) / 2, strip, tuple(cells))


def part_at_columns(piece, columns, strip):
    """Part digits that were read as one number although they lie over the middles of two columns.

    Numbers that nearly touch are read without the blank between. Each stands in the middle of its column, so they are
    parted where both do so best, glyph by glyph.

    Parameters
    ----------
    piece : Piece
    columns : Columns
    strip : Strip

    Returns
    -------
    tuple of Piece
        The piece itself where it is another thing, or where its parts would not stand in the middle of their columns.
    """
    over = [px for px in columns.px if piece.box.left < px < piece.box.right]
    if len(over) != 2 or not piece.text.isdigit():
        return (piece,)
    glyphs = find_blobs(strip, piece.box.left, piece.box.right, gap=0)
    digits = _digits_of(glyphs)
    if sum(digits) != len(piece.text):
        return (piece,)
    ends = [((0, k), (k, len(glyphs))) for k in range(1, len(glyphs))]
    middles = [[0.5 * (glyphs[first].left + glyphs[last - 1].right) for first, last in pair] for pair in ends]
    off = [max(abs(middle - px) for middle, px in zip(pair, over, strict=True)) for pair in middles]
    best = int(np.argmin(off))
    if off[best] > _OFF_MIDDLE * strip.height:
        return (piece,)
    return tuple(
        replace(piece, text=piece.text[sum(digits[:first]) : sum(digits[:last])], box=replace(piece.box, left=glyphs[first].left, right=glyphs[last - 1].right), whole=False)
        for first, last in ends[best]
    )


def _digits_of(glyphs):
    """How many digits each piece of ink holds, by its width: some touch."""
    widths = np.array([glyph.width + 1 for glyph in glyphs])
    return [max(round(width / np.median(widths)), 1) for width in widths]


def keep_rows(rows, columns, words):
    """Leave out what only looks like rows, and a column that only looks like one.

    A lone number that belongs to words, or stands where other rows have several, is a title, as ``ECOG 1`` above its
    arm's rows. Numbers that stand off the columns are another thing's. A first column from which every row rises holds no
    numbers at risk, but names of arms: ``1``, ``2``.

    Parameters
    ----------
    rows : sequence of RowCells
        From top to bottom.
    columns : Columns
    words : iterable of Word
        Of the zone of the table.

    Returns
    -------
    list of RowCells
    """
    rows = [replace(row, cells=tuple(cell for cell in row.cells if _on_column(cell, row, columns))) for row in rows]
    rows = [row for row in rows if any(cell.count is not None for cell in row.cells)]
    said = [sum(cell.count is not None for cell in row.cells) for row in rows]
    labels = _labels(rows, words)
    rows = [row for k, row in enumerate(rows) if said[k] > 1 or max(said) < 3 or _is_labelled(k, labels)]
    first = min((cell.column for row in rows for cell in row.cells), default=0)
    if _are_names([row for row in rows if row.cells[0].column == first], columns):
        rows = [replace(row, cells=tuple(cell for cell in row.cells if cell.column != first)) for row in rows]
    return [row for row in rows if row.cells]


def _are_names(rows, columns):
    """Whether the first numbers of some rows are all less than the next ones, and stand off their column's middle."""
    starts = [[cell for cell in row.cells if cell.count is not None][:2] for row in rows]
    if len(rows) < 2 or any(len(pair) < 2 or pair[0].count.n >= pair[1].count.n for pair in starts):
        return False
    off = [pair[0].box.centre[0] - columns.px[pair[0].column] for pair in starts]
    return abs(float(np.median(off))) > 0.6 * rows[0].strip.height


def _on_column(cell, row, columns):
    off = abs(cell.box.centre[0] - columns.px[cell.column])
    return off <= max(1.6 * row.strip.height, _OFF_COLUMN * columns.width[cell.column])


def _labels(rows, words):
    """The word nearest to the left of all numbers, for each row; None where there is none."""
    edge = min((row.cells[0].box.left for row in rows), default=0.0)
    left = [word for word in words if word.box.right < edge and any(letter.isalnum() for letter in word.text)]
    level = [[word for word in left if abs(word.box.centre[1] - row.py) < 0.5 * row.strip.height] for row in rows]
    return [max(beside, key=lambda word: word.box.right, default=None) for beside in level]


def _is_labelled(index, labels):
    """Whether a row has a label under or above another row's."""
    own = labels[index]
    others = (label for k, label in enumerate(labels) if k != index and label is not None)
    return own is not None and any(own.box.left < other.box.right and other.box.left < own.box.right for other in others)


def _nearest_run(pieces, px, height):
    """Of the pieces in one column, the one nearest its middle, and what adjoins it and brings it nearer the middle.

    So ``1`` and ``023`` are one number, but a label's ``1`` beside a number is not.
    """
    digits = [piece for piece in pieces if any(letter.isdigit() for letter in piece.text)]
    pieces = digits or [piece for piece in pieces if parse_count(piece.text)]
    run = sorted(pieces, key=lambda piece: abs(piece.box.centre[0] - px))[:1]
    for piece in sorted(pieces, key=lambda piece: abs(piece.box.centre[0] - px))[1:]:
        left, right = min(other.box.left for other in run), max(other.box.right for other in run)
        thousands = len((run[0] if piece.box.left < left else piece).text) == 3
        adjoins = max(piece.box.left - right, left - piece.box.right) <= (0.9 if thousands else 0.6) * height
        joined = 0.5 * (min(left, piece.box.left) + max(right, piece.box.right))
        nearer = abs(joined - px) < abs(0.5 * (left + right) - px)
        if adjoins and (nearer or piece.text.startswith("(")):
            run.append(piece)
    return sorted(run, key=lambda piece: piece.box.left)


def _read_cell(px, strip, columns, column, pieces):
    exact = _exact_cell(column, pieces)
    return exact if exact is not None else _cell_from_ink(px, strip, columns, column, pieces)


def _exact_cell(column, pieces):
    """A cell whose number the file itself says; None where it does not."""
    count = _first_reading(pieces)[0] if pieces and all(piece.exact for piece in pieces) else None
    if count is None:
        return None
    top, bottom = min(piece.box.top for piece in pieces), max(piece.box.bottom for piece in pieces)
    return Cell(column, Box(pieces[0].box.left, top, pieces[-1].box.right, bottom), count, 1.0, exact=True)


def _cell_from_ink(px, strip, columns, column, pieces):
    box, glued = find_cell_ink(strip, columns, column, pieces)
    if box is None:
        return None
    if pieces and (glued or abs(box.centre[0] - columns.px[column]) > 0.4 * strip.height):
        for centred in _centred_ink(strip, columns, column):
            count, confidence = read_count(px, centred, strip.background)
            if count is not None and not count.mended and confidence >= SURE:
                return Cell(column, centred, count, confidence)
    if pieces:
        count, confidence = _first_reading(pieces)
        if count is not None and not count.mended and confidence >= SURE:
            return Cell(column, box, count, confidence, glued=glued)
    count, confidence = read_count(px, box, strip.background)
    if count is None and pieces:
        count, confidence = _first_reading(pieces)
        confidence *= 0.5
    if count is None and not _digit_like(strip, box):
        return None
    return Cell(column, box, count, confidence if count is not None else 0.0, glued=glued)


def _first_reading(pieces):
    return parse_count(" ".join(piece.text for piece in pieces)), min(piece.confidence for piece in pieces)


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
    box : Box or None
        Tight around the ink; None where there is none.
    glued : bool
        Whether the ink touches other text.
    """
    room = 0.5 * columns.width[column]
    left, right = columns.px[column] - room, columns.px[column] + room
    if pieces and all(piece.whole for piece in pieces):
        left, right = pieces[0].box.left, pieces[-1].box.right
        blobs = find_blobs(strip, left, right, gap=strip.ink.shape[1])
        return (blobs[0] if blobs else Box(left, strip.top, right, strip.bottom)), False
    target = np.mean([piece.box.centre[0] for piece in pieces]) if pieces else columns.px[column]
    blobs = find_blobs(strip, left - room, right + room, gap=0.6 * strip.height)
    found = [blob for blob in blobs if left <= blob.centre[0] <= right and blob.width <= 1.4 * room]
    grouped = [blob for blob in blobs if len(pieces) > 1 and pieces[0].box.left <= blob.centre[0] <= pieces[-1].box.right]
    if len(grouped) > 1 and grouped[-1].right - grouped[0].left <= 1.4 * room:
        return Box(grouped[0].left, min(blob.top for blob in grouped), grouped[-1].right, max(blob.bottom for blob in grouped)), False
    if found:
        return min(found, key=lambda blob: abs(blob.centre[0] - target)), False
    return _glued_ink(strip, columns, column, pieces), True


def _centred_ink(strip, columns, column):
    """Stretches of ink in the middle of a column, where a label or a neighbour touches it: the best set apart first."""
    half, px = 0.5 * columns.width[column], columns.px[column]
    glyphs = find_blobs(strip, px - half, px + half, gap=0)
    found = []
    for i, first in enumerate(glyphs):
        for j in range(i, len(glyphs)):
            before = first.left - (glyphs[i - 1].right if i else px - half)
            after = (glyphs[j + 1].left if j + 1 < len(glyphs) else px + half) - glyphs[j].right
            if abs(0.5 * (first.left + glyphs[j].right) - px) <= 0.3 * strip.height:
                found.append((min(before, after), Box(first.left, strip.top, glyphs[j].right, strip.bottom)))
    return [box for gap, box in sorted(found, key=lambda pair: -pair[0])[:_TRIES] if gap > 0.55 * strip.height]


def _glued_ink(strip, columns, column, pieces):
    """Glyphs at a column's middle, where they touch a label or a neighbour."""
    text = max((piece.text for piece in pieces), key=len, default="00")
    digits = sum(letter.isdigit() for letter in text)
    half = (0.36 * digits + 0.2 * (len(text) - digits) + 0.12) * strip.height
    middle = columns.px[column]
    glyphs = find_blobs(strip, middle - half, middle + half, gap=0)
    if not glyphs:
        return None
    return Box(glyphs[0].left, strip.top, glyphs[-1].right, strip.bottom)


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
    if all(cell.exact for cell in cells):
        return cells
    said = "".join(re.sub(r"\D", "", cell.word.text) for cell in cells)
    again = re.sub(r"\D", "", read_row(px, [cell.box for cell in cells], strip.background)) if cells else ""
    if said == again:
        return cells
    return [cell if cell.glued or cell.exact else _verify_cell(px, strip, cell) for cell in cells]


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
