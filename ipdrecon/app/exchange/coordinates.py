"""Points of curves as digitisers write them: two columns, data sets side by side, or a column that names the arm.

DigitizeIt, ScanIt and kmdata write two columns, survHE a row number before them, WebPlotDigitizer one pair of columns for
each data set below a row of names.
"""

import math
from dataclasses import dataclass

import numpy as np

from ipdrecon.app.exchange import column_names as names
from ipdrecon.app.exchange.cell_table import CellTable, only_reading
from ipdrecon.app.exchange.plain_text import PlainText, read_plain_text
from ipdrecon.app.sentences import counted
from ipdrecon.errors import ExchangeError

_EXPECTED = "a time and a survival in each line"
_HEADER = "Name the columns in a header: time,survival, and arm where there are several"


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one curve, in order of the file.

    Attributes
    ----------
    arm : str
        As the file names it; empty where it does not.
    time, value : ndarray, shape (n_points,)
        NaN where a cell is empty.
    row_number : ndarray, shape (n_points,)
        As the file numbers them; empty where it does not.
    """

    arm: str
    time: np.ndarray
    value: np.ndarray
    row_number: np.ndarray


@dataclass(frozen=True, eq=False)
class CoordinateFile:
    """The curves of one file, and how it was understood.

    Attributes
    ----------
    text : PlainText
    table : CellTable
    points : tuple of Points
    used : tuple of str
        Titles of the columns used.
    left_aside : tuple of str
        Titles of the other columns.
    is_incidence : bool
        Whether the name of the column says 1 - S.
    unit : str
        Of time, where a column's name tells it.
    """

    text: PlainText
    table: CellTable
    points: tuple
    used: tuple
    left_aside: tuple = ()
    is_incidence: bool = False
    unit: str = ""

    def key(self):
        """Equal for readings with the same points."""
        return tuple((points.arm, points.time.tobytes(), points.value.tobytes()) for points in self.points)


def read_coordinates(path, decimal=None):
    """Read the points of one or more curves.

    Parameters
    ----------
    path : str or Path
    decimal : {"point", "comma"}, optional
        Where the file alone does not tell.

    Returns
    -------
    CoordinateFile

    Raises
    ------
    ExchangeError
        When the file is no table of points, or may mean several things.
    """
    text = read_plain_text(path)
    return only_reading(text, lambda table: _understood(text, table), _EXPECTED, decimal)


def _understood(text, table):
    header = table.header
    roles = names.roles(header, names.OF_CURVES) if header else []
    if names.PATIENT in roles:
        title = table.title(roles.index(names.PATIENT))
        raise ExchangeError(f"{table.path}: the column {title} tells of patients, not of a curve; expected {_EXPECTED}.", table.lines[0])
    pairs = _pairs(table, roles)
    if pairs:
        return _side_by_side(text, table, pairs)
    columns = _columns(table, roles)
    points = tuple(_points_by_arm(table, columns))
    for found in points:
        _refuse_strange(table, found, named=names.TIME in roles)
    used = [columns[role] for role in (names.ARM, names.TIME, names.SURVIVAL) if role in columns]
    left = [table.title(column) for column in range(table.width) if column not in columns.values()]
    is_incidence = names.INCIDENCE in roles
    unit = names.unit_of(header[columns[names.TIME]]) if header else ""
    return CoordinateFile(text, table, points, tuple(table.title(column) for column in used), tuple(left), is_incidence, unit)


# --- data sets side by side ------------------------------------------------------------------------------------------


def _pairs(table, roles):
    """Names of the data sets, where columns are pairs of time and survival; else None."""
    if table.width % 2 or not table.header:
        return None
    if table.width > 2 and set(roles[::2]) == {names.TIME} and set(roles[1::2]) == {names.SURVIVAL}:
        return list(table.above[::2] or ("",) * (table.width // 2))
    if _are_titles(table.above):
        return list(table.above[::2])
    return list(table.header[::2]) if table.width > 2 and _are_titles(table.header) else None


def _are_titles(cells):
    return bool(cells) and all(cells[::2]) and not any(cells[1::2])


def _side_by_side(text, table, titles):
    nothing = np.empty(0)
    points = []
    for index, title in enumerate(titles):
        time, value = (np.array(table.numbers(2 * index + side)) for side in (0, 1))
        known = ~(np.isnan(time) & np.isnan(value))
        if not known.any():
            raise ExchangeError(f"{table.path}: the data set {title or index + 1!r} has no points; take its columns out.", table.lines[-1])
        points.append(Points(title or (f"arm {index + 1}" if len(titles) > 1 else ""), time[known], value[known], nothing))
        _refuse_strange(table, points[-1], named=True)
    return CoordinateFile(text, table, tuple(points), tuple(title or f"pair {index + 1}" for index, title in enumerate(titles)))


# --- one table -------------------------------------------------------------------------------------------------------


def _columns(table, roles):
    """Columns by role; the values are called survival whatever they are."""
    roles = [names.SURVIVAL if role == names.INCIDENCE else role for role in roles]
    wanted = (names.TIME, names.SURVIVAL)
    doubled = [role for role in (*wanted, names.ARM) if roles.count(role) > 1]
    if doubled:
        raise ExchangeError(f"{table.path}: {roles.count(doubled[0])} columns may be the {doubled[0]} ({_seen(table)}). {_HEADER}.", table.lines[0])
    columns = {role: roles.index(role) for role in (*wanted, names.ARM, names.PANEL, names.ROW) if role in roles}
    if all(role in columns for role in wanted):
        return columns
    free = [column for column in range(table.width) if not roles or roles[column] is None]
    missing = [role for role in wanted if role not in columns]
    if not roles and table.width == 3 and _counts_up(table):
        columns[names.ROW] = free.pop(0)
    if len(free) != len(missing):
        raise ExchangeError(f"{table.path}: which columns are time and survival is not clear; seen: {_seen(table)}. {_HEADER}.", table.lines[0])
    return columns | dict(zip(missing, free, strict=True))


def _seen(table):
    return f"columns {', '.join(name or '(no name)' for name in table.header)}" if table.header else f"{table.width} columns without a header, {table.layout}"


def _counts_up(table):
    numbers = [table.layout.number(row[0]) for row in table.rows]
    return numbers == list(range(1, len(numbers) + 1))


def _points_by_arm(table, columns):
    time, value = (np.array(table.numbers(columns[role])) for role in (names.TIME, names.SURVIVAL))
    arms = table.arms(columns.get(names.ARM))
    if names.PANEL in columns and len(set(table.texts(columns[names.PANEL]))) > 1:
        panels = ", ".join(dict.fromkeys(table.texts(columns[names.PANEL])))
        raise ExchangeError(f"{table.path} holds the panels {panels}; expected one. Keep the rows of one panel.", table.lines[-1])
    row_number = np.array(_row_numbers(table, columns))
    for arm in dict.fromkeys(arms):
        mine = np.array([other == arm for other in arms])
        yield Points(arm, time[mine], value[mine], row_number[mine] if len(row_number) else row_number)


def _row_numbers(table, columns):
    if names.ROW not in columns:
        return []
    numbers = [table.layout.number(row[columns[names.ROW]]) for row in table.rows]
    return [] if any(number is None or math.isnan(number) for number in numbers) else numbers


def _refuse_strange(table, points, *, named):
    """Refuse what is no curve by its times, and columns that look swapped where no name tells which is which."""
    known = np.isfinite(points.time) & np.isfinite(points.value)
    time, value = points.time[known], points.value[known]
    if len(time) < 2:
        raise ExchangeError(f"{table.path}: {counted(len(time), 'usable point')}{_of(points.arm)}; expected two or more, each {_EXPECTED}.", table.lines[-1])
    if time.min() == time.max():
        raise ExchangeError(f"{table.path}: all times{_of(points.arm)} are {time[0]:g} ({table.layout}); expected times that grow.", table.lines[-1])
    if not named and _looks_swapped(time, value):
        raise ExchangeError(
            f"{table.path}: the first column goes from {time[0]:g} to {time[-1]:g} and the second from {value[0]:g} to {value[-1]:g}; "
            f"expected time first, then survival. {_HEADER}.",
            table.lines[-1],
        )


def _looks_swapped(time, value):
    is_survival = 0.9 <= time.max() <= 1.1 or 90 <= time.max() <= 110
    falls = time[-1] < time[0] and value[-1] > value[0]
    no_percent = time.max() <= 1.1 and 1.5 < value.max() < 90 and value[time.argmax()] < value[time.argmin()]
    return (is_survival and falls and time[0] == time.max() and abs(value[0]) < 0.1 * value.max()) or no_percent


def _of(arm):
    return f" of {arm!r}" if arm else ""
