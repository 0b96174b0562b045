"""A first column that is set in other lines than the rest of its table, as where row names are printed before its numbers.

Programs that print each column as one text of many lines set every line as high as its letters ask for. The names before the
first numbers have letters that reach below the line, so the first column grows apart from the others, row by row.
"""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.at_risk.grid import group_lines, is_tick_line, tick_spacing_px
from ipdrecon.figure.at_risk.text import split_pieces

_FEWEST_ROWS = 4
_LEAST_SLIP = 0.2  # of the least distance between rows
_MOST_SLIP = 1.5
_STRAY = 0.35
_MOST_STRETCH = 0.15
_MOST_MISFIT_PX = 2.0


@dataclass(frozen=True)
class Slip:
    """How far the first column must be moved.

    Attributes
    ----------
    edge : float
        Right end of the first column in px.
    top : float
        Height in px from which it is moved.
    scale, offset : float
        A row at `py` of the first column belongs at ``scale * py + offset``.
    """

    edge: float
    top: float
    scale: float
    offset: float

    def moved(self, py):
        """Where heights of the first column belong."""
        return self.scale * np.asarray(py, float) + self.offset


def find_slip(words, box, time_axis):
    """Compare the heights of the first column's numbers with those of the other columns.

    Parameters
    ----------
    words : iterable of Word
    box : Box
        The plotting box.
    time_axis : Axis

    Returns
    -------
    Slip or None
        None where the rows are level, or one of them has no first number.
    """
    spacing, begin = tick_spacing_px(time_axis), float(time_axis.tick_px.min())
    edge = begin + 0.5 * spacing
    pieces = [piece for piece in split_pieces(words) if piece.box.centre[1] > box.bottom and piece.box.left > begin - 0.45 * spacing]
    first = group_lines(piece for piece in pieces if piece.box.centre[0] < edge)
    rest = [line for line in group_lines(piece for piece in pieces if piece.box.centre[0] >= edge) if len(line.counts()) > 1]
    ticks = max((line.py for line in rest if is_tick_line(line, time_axis)), default=box.bottom)
    begun, there = (np.array([line.py for line in lines if line.py > ticks + 0.5 * line.height and line.counts()]) for lines in (first, rest))
    if len(begun) < len(there) or len(there) < _FEWEST_ROWS:
        return None
    pitch = np.diff(there).min()
    py = _followed(begun, there, _STRAY * pitch)
    if py is None:
        return None
    (scale, offset), apart = np.polyfit(py, there, 1), np.abs(py - there)
    level = apart.max() < _LEAST_SLIP * pitch
    if level or apart.max() > _MOST_SLIP * pitch or abs(scale - 1) > _MOST_STRETCH or np.abs(scale * py + offset - there).max() > _MOST_MISFIT_PX:
        return None
    return Slip(edge, float(ticks + 0.5 * pitch), float(scale), float(offset))


def _followed(begun, there, stray):
    """For each row the height of its number in the first column, which lies off by little more or less than the row before; None where one has none.

    Names of arms that hold a number stand in lines of their own, which no row claims.
    """
    found, off = [], 0.0
    for py in there:
        nearest = begun[np.argmin(np.abs(begun + off - py))]
        if abs(nearest + off - py) > stray or nearest in found:
            return None
        found.append(nearest)
        off = py - nearest
    return np.array(found)


def levelled(px, words, slip):
    """The picture and its words with the first column moved to the heights of the others.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
    slip : Slip

    Returns
    -------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
    """
    rows = np.arange(int(slip.top), len(px))
    source = np.clip(np.round((rows - slip.offset) / slip.scale).astype(int), 0, len(px) - 1)
    moved = px.copy()
    moved[rows, : int(slip.edge)] = px[source, : int(slip.edge)]
    return moved, tuple(_moved(word, slip) for word in words)


def _moved(word, slip):
    across, down = word.box.centre
    if across >= slip.edge or down < slip.top or word.vertical:
        return word
    by = float(slip.moved(down)) - down
    return replace(word, box=replace(word.box, top=word.box.top + by, bottom=word.box.bottom + by))
