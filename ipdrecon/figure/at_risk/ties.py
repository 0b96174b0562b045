"""Tie the rows of a table of numbers at risk to the curves."""

import difflib
import unicodedata
from dataclasses import replace

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from ipdrecon.figure.at_risk.laws import check_against_curve, excess, left_after_end, survival_misfit
from ipdrecon.flags import Flag
from ipdrecon.model import AtRiskTable
from ipdrecon.named_size import without_size

_LIKE = 0.6  # least likeness of two names
_DISTINCT = 12.0  # least CIELAB distance between colours that tell rows apart
_LEGEND_ORDER = 0.015  # cost of one place away from the legend's order, as a share of patients beyond what a curve allows
_OWN_SURVIVAL = 3.0  # cost of a survival that differs by one, for rows that count censorings or events
_SAME = 35.0  # largest CIELAB distance between the ink of a row and its curve


def tie_rows(table, looks, curves=None):
    """Tie each row to a curve: by name, else by colour, else by what the curve allows, else by order.

    Rows without names stand in the order of the legend, where it lists every arm, else in that of the curves.

    Parameters
    ----------
    table : PrintedTable
    looks : sequence of ArmLook
        One per curve; the label is empty where the legend gave none.
    curves : sequence of Curve, optional
        In the same order; they tell rows apart that nothing else does, and the table is checked against them.

    Returns
    -------
    at_risk : AtRiskTable
        Rows in the order of the curves; a curve without a row has NaN.
    labels : tuple of str
        Names of the curves: the row's label where the look has none.
    flags : tuple of Flag
        All doubts, those of the table included.
    """
    flags = list(table.flags)
    row_of, sure = assign_rows(table, looks, curves or ())
    if not sure and max(len(looks), len(table.rows)) > 1:
        flags.append(Flag("at_risk_rows_unmatched", "at-risk table", _unmatched_detail(table, looks)))
    labels = tuple(
        look.label or (table.rows[row_of[k]].label if k in row_of else "") or f"arm {k + 1}"
        for k, look in enumerate(looks)
    )
    rowless = [labels[k] for k in range(len(looks)) if k not in row_of]
    if rowless and table.rows:
        flags.append(Flag("at_risk_missing_cell", "at-risk table", f"No row was found for {', '.join(map(repr, rowless))}."))
    arrays = {name: _stack(table, row_of, len(looks), name) for name in ("n_risk", "n_censored", "n_event")}
    for k, curve in enumerate(curves or ()):
        boxes = table.rows[row_of[k]].boxes if k in row_of else None
        flags += check_against_curve(table.time, arrays["n_risk"][k], curve, labels[k], boxes)
    at_risk = AtRiskTable(
        arms=labels, time=table.time, **arrays, confidence=table.confidence, flags=tuple(flags)
    )
    return at_risk, labels, tuple(flags)


def without_rows_of(table, gone, names):
    """Give a table without the rows of arms that were taken away: no other curve has their patients, but one that bears the name now.

    Parameters
    ----------
    table : PrintedTable
    gone : sequence of str
        Names of arms that were taken away.
    names : sequence of str
        Of the arms that are there.

    Returns
    -------
    PrintedTable
        Rows without a printed name stay.
    """

    def best(row, labels):
        return max((name_likeness(label, row.label) for label in labels), default=0.0)

    left = [row for row in table.rows if best(row, gone) < _LIKE or best(row, names) >= best(row, gone)]
    return table if len(left) == len(table.rows) else replace(table, rows=tuple(left))


def _unmatched_detail(table, looks):
    rows = ", ".join(row.label or "(no label)" for row in table.rows)
    return f"Rows: {rows}; curves: {', '.join(look.label or '(no label)' for look in looks)}."


def _stack(table, row_of, n_arms, name):
    if name != "n_risk" and all(getattr(row, name) is None for row in table.rows):
        return None
    stack = np.full((n_arms, len(table.time)), np.nan)
    for k, row in row_of.items():
        values = getattr(table.rows[row], name)
        if values is not None:
            stack[k] = values
    return stack


def assign_rows(table, looks, curves):
    """Find the row of each curve.

    Parameters
    ----------
    table : PrintedTable
    looks : sequence of ArmLook
    curves : sequence of Curve
        In the same order, or empty.

    Returns
    -------
    row_of : dict of int to int
    sure : bool
        Whether names or colours tell it.
    """
    rows = table.rows
    if not rows or not looks:
        return {}, False
    order = _order_cost(looks, rows, table.listed)
    likeness = np.array([[name_likeness(look.label, row.label) for row in rows] for look in looks])
    distance = np.array([[colour_distance(look.colour, row.colour) for row in rows] for look in looks])
    colour_cost = np.minimum(distance / 100, 1.0) * 0.5
    telling = _colours_tell([row.colour for row in rows])
    cost = order + (1 - likeness) + (colour_cost if telling else 0.0)
    if curves:
        cost = cost + np.array([[_contradiction(table.time, row, curve) for row in rows] for curve in curves])
    curve_index, row_index = linear_sum_assignment(cost)
    pairs = dict(zip(curve_index.tolist(), row_index.tolist(), strict=True))
    by_name = all(_stands_out(likeness, k, row) for k, row in pairs.items())
    by_colour = telling and all(distance[k, row] <= _SAME for k, row in pairs.items())
    return pairs, bool(by_name or by_colour)


def _contradiction(time, row, curve):
    """How much a row contradicts a curve: patients too many or after its end, and a survival of its own that is another one."""
    return min(excess(time, row.n_risk, curve) + left_after_end(time, row.n_risk, curve), 1.0) + min(_OWN_SURVIVAL * survival_misfit(time, row, curve), 1.0)


def _order_cost(looks, rows, listed):
    """Cost of leaving the natural order: that of the legend weighs, where it lists every arm; that of the curves little."""
    place = {label: rank for rank, label in enumerate(listed)}
    ranked = sorted(place.get(look.label, np.inf) for look in looks)
    if len(looks) == len(rows) and ranked[-1] < np.inf and len(set(ranked)) == len(looks):
        rank, weight = [ranked.index(place[look.label]) for look in looks], _LEGEND_ORDER
    else:
        rank, weight = np.arange(len(looks)), 1e-3
    return np.abs(np.subtract.outer(rank, np.arange(len(rows)))) * weight


def _stands_out(likeness, curve, row):
    others = np.delete(likeness[curve], row)
    return likeness[curve, row] >= _LIKE and likeness[curve, row] > others.max(initial=0.0) + 0.02


def _colours_tell(colours):
    pairs = [(i, j) for i in range(len(colours)) for j in range(i)]
    return bool(pairs) and max(colour_distance(colours[i], colours[j]) for i, j in pairs) > _DISTINCT


def name_likeness(name, other):
    """How alike two labels are, in [0, 1]; case, blanks and the reader's usual slips do not count.

    Parameters
    ----------
    name, other : str

    Returns
    -------
    float
        0 where one is empty.

    Examples
    --------
    >>> name_likeness("Dronedarone 400 mg bid", "Dronedarone 4OO mg bid")
    1.0
    >>> name_likeness("Groupe témoin", "groupe temoin"), name_likeness("对照组", "治疗组") < 0.5
    (1.0, True)
    >>> name_likeness("sex=1", "sex=2") < name_likeness("sex=1", "Sex = 1")
    True
    """
    name, other = _plain(name), _plain(other)
    if not name or not other:
        return 0.0
    ratio = difflib.SequenceMatcher(None, name, other, autojunk=False).ratio()
    short, long = sorted((name, other), key=len)
    contained = short in long and (len(short) >= 3 or long.endswith(short) or long.startswith(short))
    return max(ratio, 0.9 if contained else 0.0)


def _plain(name):
    """What a name says in any script, without accents, which a reader loses first."""
    name = name.lower().translate(str.maketrans("o|il−–—≤≥", "0111---<>"))
    name = without_size(name)
    return "".join(sign for sign in unicodedata.normalize("NFKD", name) if sign.isalnum() or sign in "<>=+-")


def colour_distance(colour, other):
    """Distance of two colours in CIELAB (CIE 1976).

    Parameters
    ----------
    colour, other : tuple of int
        Red, green, blue.

    Returns
    -------
    float
    """
    pair = np.array([[colour, other]], np.float32) / 255
    first, second = cv2.cvtColor(pair, cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm(first - second))
