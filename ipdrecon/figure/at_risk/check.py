"""Checks of a table of numbers at risk by logic: no number rises, no cell is lost."""

from dataclasses import replace

import numpy as np

from ipdrecon.figure.at_risk.cells import read_variants
from ipdrecon.figure.at_risk.laws import around_boxes
from ipdrecon.figure.at_risk.text import Count
from ipdrecon.flags import Flag

PLACE = "at-risk table"
_LEGIBLE_PX = 7  # height of digits that are told apart
_LARGEST = 100_000  # patients in one arm; more are two numbers read as one
_LEAST_SUM, _MOST_SUM = 0.93, 1.15  # of the usual sum; events at the very time of a column may be counted twice


def longest_falling(values):
    """Longest part of a row that never rises.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Without NaN.

    Returns
    -------
    ndarray of bool, shape (n,)
        The values kept; the others contradict them.

    Examples
    --------
    >>> longest_falling([138, 77, 56, 93, 20]).tolist()
    [True, True, True, False, True]
    """
    n = len(values)
    length, before = np.ones(n, int), np.full(n, -1)
    for here in range(n):
        for there in range(here):
            if values[there] >= values[here] and length[there] + 1 > length[here]:
                length[here], before[here] = length[there] + 1, there
    keep = np.zeros(n, bool)
    here = int(np.argmax(length)) if n else -1
    while here >= 0:
        keep[here] = True
        here = before[here]
    return keep


def settle_row(px, row):
    """Read the cells again that make a row rise, and take what fits if a reading supports it.

    A cell that makes the row rise keeps half its confidence, whatever becomes of it. Where the row's other cells have a
    bracket, a cell without one may hold it as digits: ``54171`` is ``54 (7)``.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    row : RowCells

    Returns
    -------
    RowCells
    """
    cells = [cell for cell in row.cells if cell.count is not None]
    n = [cell.count.n for cell in cells]
    keep = longest_falling(n)
    if keep.all():
        return row
    changed = {}
    for index in np.flatnonzero(~keep):
        cell = replace(cells[index], confidence=0.5 * cells[index].confidence)
        low = max([n[j] for j in range(index + 1, len(n)) if keep[j]], default=0)
        high = min([n[j] for j in range(index) if keep[j]], default=np.inf)
        variants = read_variants(px, cell.box, row.strip.background)
        for count in (cell.other, *variants, _before_bracket(cells, index, low, high)):
            if count is not None and low <= count.n <= high:
                cell = replace(cell, count=count, other=cell.count)
                break
        changed[cell.column] = cell
    return replace(row, cells=tuple(changed.get(cell.column, cell) for cell in row.cells))


def _before_bracket(cells, index, low, high):
    """The one count that a cell's first digits can be, if its brackets were read as digits; None where that is unsure."""
    others = [cell.count.second is not None for j, cell in enumerate(cells) if j != index]
    digits = str(cells[index].count.n)
    if cells[index].count.second is not None or sum(others) < 0.5 * len(others):
        return None
    fitting = [int(digits[:end]) for end in range(1, len(digits) - 1) if low <= int(digits[:end]) <= high]
    return Count(fitting[0], mended=True) if len(fitting) == 1 else None


def row_flags(row, time, used, place, *, falls):
    """Doubts about one row.

    Parameters
    ----------
    row : RowCells
    time : ndarray, shape (n_columns,)
        Of all columns.
    used : sequence of int
        The columns in which the table has a number.
    place : str
        The row, for the flag.
    falls : bool
        Whether the row's numbers cannot rise.

    Returns
    -------
    tuple of Flag
    """
    flags = []
    lost = [time[cell.column] for cell in row.cells if cell.count is None]
    filled = [cell.column for cell in row.cells]
    lost += [time[column] for column in used if filled[0] < column < filled[-1] and column not in filled]
    if lost:
        flags.append(Flag("at_risk_missing_cell", place, f"No number at time {_list(sorted(lost))}.", around_boxes([cell.box for cell in row.cells])))
    doubtful = [cell for cell in row.cells if cell.other]
    if doubtful:
        told = "; ".join(f"{cell.count.n} or {cell.other.n} at time {time[cell.column]:g}" for cell in doubtful)
        flags.append(Flag("at_risk_cell_doubtful", place, f"Two readings differ: {told}; the first is kept.", around_boxes([cell.box for cell in doubtful])))
    huge = [cell for cell in row.cells if cell.count is not None and cell.count.n > _LARGEST]
    if huge:
        told = "; ".join(f"{cell.count.n} at time {time[cell.column]:g}" for cell in huge)
        flags.append(Flag("at_risk_cell_doubtful", place, f"More patients than trials have: {told}.", around_boxes([cell.box for cell in huge])))
    if falls:
        flags += _rise_flags(row, time, place)
    return tuple(flags)


def sum_flags(row, time, place):
    """Doubts about columns whose patients at risk, censored and with an event do not make up the arm.

    Parameters
    ----------
    row : TableRow
    time : ndarray, shape (n_times,)
    place : str
        The row, for the flag.

    Returns
    -------
    tuple of Flag
        Empty where the row does not count all three.
    """
    if row.n_censored is None or row.n_event is None:
        return ()
    total = row.n_risk + row.n_censored + row.n_event
    if np.isfinite(total).sum() < 3:
        return ()
    usual = float(np.nanmedian(total))
    off = np.flatnonzero((total < _LEAST_SUM * usual - 1) | (total > _MOST_SUM * usual + 1))
    if not len(off):
        return ()
    told = "; ".join(f"{total[j]:.0f} at time {time[j]:g}" for j in off)
    detail = f"At risk, censored and events make {told}, elsewhere {usual:.0f}."
    return (Flag("at_risk_cell_doubtful", place, detail, around_boxes([row.boxes[j] for j in off])),)


def size_flags(cells):
    """A doubt about all numbers of a table whose digits are too small: every reading of them may be wrong in the same way.

    Parameters
    ----------
    cells : sequence of Cell

    Returns
    -------
    tuple of Flag
    """
    heights = [cell.box.height + 1 for cell in cells if not cell.exact]
    if not heights or np.median(heights) >= _LEGIBLE_PX:
        return ()
    detail = f"The digits are {np.median(heights):g} px high; below {_LEGIBLE_PX} px, some are taken for others."
    return (Flag("at_risk_cell_doubtful", PLACE, detail, around_boxes([cell.box for cell in cells])),)


def _rise_flags(row, time, place):
    cells = [cell for cell in row.cells if cell.count is not None]
    rises = [pair for pair in zip(cells, cells[1:], strict=False) if pair[1].count.n > pair[0].count.n]
    if not rises:
        return []
    told = "; ".join(f"from {before.count.n} to {after.count.n} at time {time[after.column]:g}" for before, after in rises)
    return [Flag("at_risk_rises", place, f"{told}.", around_boxes([cell.box for pair in rises for cell in pair]))]


def _list(values):
    return ", ".join(f"{value:g}" for value in values)
