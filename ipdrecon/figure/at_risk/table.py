"""A table of numbers at risk as printed: its rows gathered into arms."""

from dataclasses import dataclass, field

import numpy as np

from ipdrecon.figure.at_risk.check import PLACE, row_flags, size_flags, sum_flags
from ipdrecon.model import Box


@dataclass(frozen=True)
class TableRow:
    """What the table prints of one arm.

    Attributes
    ----------
    label : str
        As printed; empty where the row has none.
    colour : tuple of int
        Red, green, blue of the numbers, or of the label or swatch beside them.
    n_risk : ndarray, shape (n_times,)
        NaN where a cell is empty or could not be read.
    n_censored, n_event : ndarray, shape (n_times,), or None
        Cumulative, where printed.
    box : Box
        Around the row's cells.
    boxes : tuple of Box or None
        Around the number at risk of each time, where one is printed.
    """

    label: str
    colour: tuple
    n_risk: np.ndarray
    n_censored: np.ndarray | None = None
    n_event: np.ndarray | None = None
    box: Box | None = None
    boxes: tuple | None = None


@dataclass(frozen=True)
class PrintedTable:
    """A table of numbers at risk as printed.

    Attributes
    ----------
    time : ndarray, shape (n_times,)
        In the unit of the axis.
    rows : tuple of TableRow
        One per arm, from top to bottom.
    cells : tuple of Word
        Every cell as read.
    confidence : float
        Mean over the cells, in [0, 1].
    flags : tuple of Flag
    listed : tuple of str
        Names of the arms in the order of the legend, for rows that print none.
    rows_read : tuple of NamedRow
        All printed rows, from top to bottom.
    columns : Columns or None
    bracket : {"censored", "event", "percent", ""}
        What the numbers in brackets are.
    """

    time: np.ndarray
    rows: tuple
    cells: tuple = field(repr=False)
    confidence: float = 1.0
    flags: tuple = ()
    listed: tuple = ()
    rows_read: tuple = field(default=(), repr=False)
    columns: object = field(default=None, repr=False)
    bracket: str = ""


@dataclass(frozen=True)
class NamedRow:
    """One printed row with its meaning.

    Attributes
    ----------
    cells : RowCells
    name : str
        Its arm's label.
    kind : {"risk", "censored", "event"}
    colour : tuple of int
    """

    cells: object
    name: str
    kind: str
    colour: tuple


def assemble_table(rows, columns, bracket):
    """Gather the rows into arms.

    Parameters
    ----------
    rows : sequence of NamedRow
        From top to bottom.
    columns : Columns
    bracket : {"censored", "event", "percent", ""}
        What the numbers in brackets are.

    Returns
    -------
    PrintedTable or None
        None where no row tells numbers at risk.
    """
    arms = [arm for arm in _gather_arms(rows) if "risk" in arm]
    if not arms:
        return None
    members = [row for arm in arms for row in arm.values()]
    used = sorted({cell.column for row in members for cell in row.cells.cells})
    table_rows = tuple(_table_row(arm, len(columns.time), bracket) for arm in arms)
    cells = tuple(cell for row in members for cell in row.cells.cells)
    flags = []
    for index, arm in enumerate(arms):
        name = arm["risk"].name or f"row {index + 1}"
        for kind, row in arm.items():
            place = f"{PLACE}, {name!r}" + ("" if kind == "risk" else f", {kind}")
            flags += row_flags(row.cells, columns.time, used, place, falls=kind == "risk")
        flags += sum_flags(table_rows[index], columns.time, f"{PLACE}, {name!r}")
    flags += size_flags(cells)
    return PrintedTable(
        time=columns.time[used],
        rows=tuple(_keep_columns(row, used) for row in table_rows),
        cells=tuple(cell.word for cell in cells),
        confidence=round(float(np.mean([cell.confidence for cell in cells])), 3),
        flags=tuple(flags),
        rows_read=tuple(rows),
        columns=columns,
        bracket=bracket,
    )


def risk_rows(rows):
    """Of printed rows, those with the numbers at risk, one per arm, as a tuple of `NamedRow`."""
    return tuple(arm["risk"] for arm in _gather_arms(rows) if "risk" in arm)


def _gather_arms(rows):
    """Rows of one arm belong together: block by block, or the first of each kind, the second of each kind."""
    kinds = [row.kind for row in rows]
    if any(before == after for before, after in zip(kinds, kinds[1:], strict=False)):
        arms = [{} for _ in range(kinds.count("risk"))]
        for kind in dict.fromkeys(kinds):
            for arm, row in zip(arms, (row for row in rows if row.kind == kind), strict=False):
                arm[kind] = row
        return arms
    arms = []
    for row in rows:
        if not arms or row.kind in arms[-1]:
            arms.append({})
        arms[-1][row.kind] = row
    return arms


def _table_row(arm, n_columns, bracket):
    risk = arm["risk"].cells
    n_risk = risk.values(n_columns)
    more = {kind: row.cells.values(n_columns) for kind, row in arm.items() if kind != "risk"}
    second = risk.values(n_columns, "second")
    if np.isfinite(second).sum() > 0.5 * np.isfinite(n_risk).sum() and bracket != "percent":
        more.setdefault(bracket or "censored", second)
    more = {kind: _cumulative(values, n_risk) for kind, values in more.items()}
    boxes = [cell.box for row in arm.values() for cell in row.cells.cells]
    box = Box(
        min(box.left for box in boxes), min(box.top for box in boxes),
        max(box.right for box in boxes), max(box.bottom for box in boxes),
    )  # fmt: skip
    printed = {cell.column: cell.box for cell in risk.cells}
    each = tuple(printed.get(column) for column in range(n_columns))
    return TableRow(arm["risk"].name, arm["risk"].colour, n_risk, more.get("censored"), more.get("event"), box, each)


def _cumulative(values, n_risk):
    """Sum up counts per interval where that leaves enough patients; what is neither is left out."""
    known = values[np.isfinite(values)]
    if (np.diff(known) >= 0).all():
        return values
    summed = np.where(np.isfinite(values), np.nancumsum(values), np.nan)
    first = n_risk[np.isfinite(n_risk)][:1]
    possible = len(first) and not (first[0] - summed < n_risk - 0.5).any()
    return summed if possible else None


def _keep_columns(row, used):
    arrays = (None if values is None else values[used] for values in (row.n_risk, row.n_censored, row.n_event))
    return TableRow(row.label, row.colour, *arrays, row.box, tuple(row.boxes[column] for column in used))
