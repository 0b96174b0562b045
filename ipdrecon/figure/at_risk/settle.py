"""Numbers that a curve contradicts are read again, and the reading that the curve allows is taken."""

from dataclasses import replace

import numpy as np

from ipdrecon.figure.at_risk.cells import read_variants
from ipdrecon.figure.at_risk.laws import consistent_part, judged, most_at_risk
from ipdrecon.figure.at_risk.table import assemble_table, risk_rows
from ipdrecon.figure.at_risk.ties import assign_rows

_DOUBTED = 0.75  # weight of a cell whose two readings differ, where another's is 1


def settle_by_curves(px, table, looks, curves):
    """Read again what the curves contradict.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    table : PrintedTable
    looks : sequence of ArmLook
    curves : sequence of Curve
        In the same order.

    Returns
    -------
    PrintedTable
        A number changes only to what another reading of its own cell says; the first reading is kept beside it, so that
        the change is flagged.
    """
    row_of, _ = assign_rows(table, looks, curves)
    risk, changed = risk_rows(table.rows_read), {}
    for k, index in row_of.items():
        cells = _settled(px, risk[index].cells, table.columns.time, curves[k])
        if cells is not risk[index].cells:
            changed[id(risk[index])] = replace(risk[index], cells=cells)
    if not changed:
        return table
    rows = tuple(changed.get(id(row), row) for row in table.rows_read)
    return replace(assemble_table(rows, table.columns, table.bracket), listed=table.listed)


def _settled(px, row, time, curve):
    cells = [cell for cell in row.cells if cell.count is not None]
    known = judged(time[[cell.column for cell in cells]], np.ones(len(cells)), curve) if cells else np.zeros(0, bool)
    cells = [cell for cell, is_known in zip(cells, known, strict=True) if is_known]
    if len(cells) < 2:
        return row
    at, n_risk = time[[cell.column for cell in cells]], np.array([cell.count.n for cell in cells], float)
    weight = np.array([_DOUBTED if cell.other else 1.0 for cell in cells])
    keep = consistent_part(most_at_risk(at, n_risk, curve), n_risk, weight)
    mended = {}
    for index in np.flatnonzero(~keep):
        cell = cells[index]
        for count in (*filter(None, (cell.other,)), *read_variants(px, cell.box, row.strip.background)):
            others = np.append(np.flatnonzero(keep), index)
            trial = n_risk.copy()
            trial[index] = count.n
            if count.n != cell.count.n and _agree(at, trial, np.sort(others), curve):
                mended[cell.column] = replace(cell, count=count, other=cell.count, confidence=0.5 * cell.confidence)
                n_risk, keep[index] = trial, True
                break
    if not mended:
        return row
    return replace(row, cells=tuple(mended.get(cell.column, cell) for cell in row.cells))


def _agree(time, n_risk, chosen, curve):
    time, n_risk = time[chosen], n_risk[chosen]
    return bool((n_risk <= most_at_risk(time, n_risk, curve).min(axis=0)).all() and (np.diff(n_risk) <= 0).all())
