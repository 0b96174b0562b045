"""Numbers at risk as other programs want them: time and number, with row numbers, totals of events and arms or without.

Guyot's programs and survHE number the rows of the curve that belong to each printed time (`lower`, `upper`). Nothing is
taken from these numbers, since the times say the same; where the two differ, one of the files is not what it was.
"""

from dataclasses import dataclass

import numpy as np

from ipdrecon.app.exchange import column_names as names
from ipdrecon.app.exchange.cell_table import CellTable, only_reading
from ipdrecon.app.exchange.plain_text import PlainText, read_plain_text
from ipdrecon.errors import ExchangeError

_EXPECTED = "a time and a number at risk in each line"
_MOST_ROWS = 5000
_COUNTS = (names.N_EVENT, names.N_CENSORED)


@dataclass(frozen=True, eq=False)
class RiskRow:
    """Numbers at risk of one arm, in order of the file; NaN where a cell is empty.

    Attributes
    ----------
    arm : str
        As the file names it; empty where it does not.
    time, n_risk, lower, upper, n_event, n_censored : ndarray, shape (n_times,)
        Row numbers count from 1; events and censorings are cumulative.
    total : int or None
        All events of the arm.
    """

    arm: str
    time: np.ndarray
    n_risk: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    n_event: np.ndarray
    n_censored: np.ndarray
    total: int | None = None

    def row_trouble(self, points):
        """Say where `lower` and `upper` do not fit the rows of the curve; empty where they do or are not given.

        Parameters
        ----------
        points : Points
            In order of their file.

        Returns
        -------
        str
        """
        n_rows = len(points.time)
        said = np.concatenate((self.lower, self.upper))
        if np.isnan(said).all():
            return ""
        last = int(np.nanmax(said))
        numbered = points.row_number if len(points.row_number) else np.arange(1, n_rows + 1)
        if last != n_rows and len(numbered) and last == numbered.max():
            return f"Row numbers skip: {n_rows} rows, upper = {last}."
        if last != n_rows:
            return f"The curve has {n_rows} rows, upper = {last}."
        return self._misplaced(points)

    def _misplaced(self, points):
        """Find the first printed time whose rows are others; rows at a printed time may be counted on either side."""
        if not (np.diff(points.time) >= 0).all():
            return ""
        ends = np.append(self.time[1:], np.inf)
        row = np.arange(1, len(points.time) + 1)
        for time, end, lower, upper in zip(self.time, ends, self.lower, self.upper, strict=True):
            within = row[(points.time >= time) & (points.time < end)]
            loose = row[(points.time >= time) & (points.time <= end)]
            strict = within[points.time[within - 1] > time] if len(within) else within
            if not len(within) or np.isnan([lower, upper]).any():
                continue
            firsts, lasts = {within[0], *strict[:1]}, {within[-1], loose[-1]}
            if lower not in firsts or upper not in lasts:
                return f"At time {time:g} the rows are {within[0]} to {within[-1]}; lower = {lower:g}, upper = {upper:g}."
        return ""


@dataclass(frozen=True, eq=False)
class RiskFile:
    """The numbers at risk of one file, and how it was understood.

    Attributes
    ----------
    text : PlainText
    table : CellTable
    rows : tuple of RiskRow
    used, left_aside : tuple of str
        Titles of the columns used, and of the others.
    unit : str
        Of time, where a column's name tells it.
    """

    text: PlainText
    table: CellTable
    rows: tuple
    used: tuple
    left_aside: tuple = ()
    unit: str = ""

    def key(self):
        """Equal for readings with the same numbers."""
        return tuple((row.arm, row.time.tobytes(), row.n_risk.tobytes(), row.total) for row in self.rows)


def read_risk_file(path, decimal=None):
    """Read the numbers at risk of one or more arms.

    Parameters
    ----------
    path : str or Path
    decimal : {"point", "comma"}, optional
        Where the file alone does not tell.

    Returns
    -------
    RiskFile

    Raises
    ------
    ExchangeError
        When the file is no table of numbers at risk, or may mean several things.
    """
    text = read_plain_text(path)
    return only_reading(text, lambda table: _understood(text, table), _EXPECTED, decimal)


def _understood(text, table):
    columns = _columns(table)
    _refuse_others(table)
    rows = tuple(_rows_by_arm(table, columns))
    used = [table.title(columns[role]) for role in (names.ARM, names.TIME, names.N_RISK, *_COUNTS, names.TOTAL) if role in columns]
    left = tuple(table.title(column) for column in range(table.width) if column not in columns.values())
    unit = names.unit_of(table.header[columns[names.TIME]]) if table.header else ""
    return RiskFile(text, table, rows, tuple(used), left, unit)


def _refuse_others(table):
    """Refuse a table of several figures or panels."""
    for column, role in enumerate(names.roles(table.header, names.OF_RISKS)):
        seen = list(dict.fromkeys(table.texts(column))) if role in (names.FIGURE, names.PANEL) else []
        if len(seen) > 1:
            raise table.error(len(table.rows) - 1, column, f"holds {', '.join(seen[:4])}; expected one {role}. Keep its rows")


def _columns(table):
    roles = names.roles(table.header, names.OF_RISKS) if table.header else []
    columns = {role: column for column, role in reversed(list(enumerate(roles))) if role is not None}
    wanted = (names.TIME, names.N_RISK)
    doubled = [role for role in wanted if roles.count(role) > 1]
    free = [column for column in range(table.width) if not roles or roles[column] is None]
    missing = [role for role in wanted if role not in columns]
    if doubled or (missing and (len(free) != len(missing) or table.width != 2)):
        seen = ", ".join(name or "(no name)" for name in table.header) or f"{table.width} columns without a header, {table.layout}"
        raise ExchangeError(
            f"{table.path}: which columns are time and number at risk is not clear; seen: {seen}. "
            "Name them in a header: time,n_risk, and arm where there are several.",
            table.lines[0],
        )
    return columns | dict(zip(missing, free, strict=True)) if missing else columns


def _rows_by_arm(table, columns):
    values = {
        role: np.array(table.numbers(columns[role])) if role in columns else np.full(len(table.rows), np.nan)
        for role in (names.TIME, names.N_RISK, names.LOWER, names.UPPER, *_COUNTS, names.TOTAL)
    }
    _refuse_strange(table, columns, values)
    arms = table.arms(columns.get(names.ARM))
    for arm in dict.fromkeys(arms):
        mine = np.array([other == arm for other in arms]) & ~np.isnan(values[names.TIME])
        total = _total(table, arm, values[names.TOTAL][mine])
        kept = (values[role][mine] for role in (names.TIME, names.N_RISK, names.LOWER, names.UPPER, *_COUNTS))
        yield RiskRow(arm, *kept, total)


def _refuse_strange(table, columns, values):
    time, n_risk = values[names.TIME], values[names.N_RISK]
    if len(time) > _MOST_ROWS:
        raise ExchangeError(f"{table.path} has {len(time)} rows; expected the few numbers printed below a figure.", table.lines[-1])
    lost = np.flatnonzero(np.isnan(time) & ~np.isnan(n_risk))
    if len(lost):
        raise table.error(int(lost[0]), columns[names.TIME], f"is empty; expected the time at which {n_risk[lost[0]]:g} are at risk")
    for role in (names.N_RISK, *_COUNTS, names.TOTAL):
        broken = np.flatnonzero((values[role] < 0) | (values[role] % 1 > 0))
        if len(broken):
            raise table.error(int(broken[0]), columns[role], f"is {values[role][broken[0]]:g}; expected a whole number of patients")
    if np.isnan(n_risk).all():
        raise table.error(0, columns[names.N_RISK], "has no number in any row; expected numbers at risk")


def _total(table, arm, totals):
    known = np.unique(totals[~np.isnan(totals)])
    if len(known) > 1:
        place = f"arm {arm!r}" if arm else "the arm"
        raise ExchangeError(f"{table.path}: {place} has the totals of events {known[0]:g} and {known[1]:g}; expected one.", table.lines[-1])
    return int(known[0]) if len(known) else None
