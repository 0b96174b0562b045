"""Tie arms to the entries of a legend, by colour and dash."""

import re
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ipdrecon.figure.around import around
from ipdrecon.figure.keys import colour_unlikeness

_FAR = 1e3
_APART_LAB = 15.0
_DASH_PENALTY = 8.0
_WIDTH_PENALTY, _LEAST_BROADER = 6.0, 1.4
_SURE_LEAD = 12.0
_GROUP_GAPS = 2.5


@dataclass(frozen=True)
class NameSettings:
    """How like a key must be.

    Attributes
    ----------
    most_lab : float
        Greatest CIELAB distance of a key from its curve.
    """

    most_lab: float = 30.0


@dataclass(frozen=True)
class LegendMatch:
    """An entry of a legend tied to an arm.

    Attributes
    ----------
    entry : LegendEntry
    sureness : float
        How sure the tie is, in [0, 1].
    """

    entry: object
    sureness: float


def usable_entries(legend, box, boxes, cells=()):
    """The legend entries that may speak of one panel.

    Entries inside the panel's box; if there are none, those outside all boxes, where every panel has a group by itself those
    nearest; if there are none either, those of another panel, which then share them. A lone entry gives way to several in line with each other, and is not borrowed.
    Names beside the ends of curves, from whose keys these lead on, are entries of the panel alone in which the curves end.
    A bare number is a label only where keys of several colours or dashes have one.

    Parameters
    ----------
    legend : tuple of LegendEntry
    box : Box
    boxes : sequence of Box
        Of all panels.
    cells : sequence of Word

    Returns
    -------
    tuple of LegendEntry
    """
    free = [
        entry
        for entry in legend
        if not any(cell.box.contains(*entry.text.centre) or entry.text.contains(*cell.box.centre) for cell in cells)
        and not (_is_number(entry) and entry.text.right < box.left + 2)
        and not any(_on_axis(entry.key, other) for other in boxes)
    ]
    inside = [entry for entry in free if box.contains(*entry.text.centre)]
    free = [entry for entry in free if not entry.hanging or box.contains(*entry.key.centre)]
    outside = [entry for entry in free if not any(other.contains(*entry.text.centre) for other in boxes)]
    outside = _of_one_panel(_in_line(_without_lone_numbers(outside)), box, boxes)
    borrowed = ([entry for entry in free if other.contains(*entry.text.centre)] for other in boxes if other != box)
    own = [_in_line(_without_lone_numbers(chosen)) for chosen in (inside, outside)]
    several = [choice for choice in (*own, *(_in_line(_without_lone_numbers(chosen)) for chosen in borrowed)) if len(choice) > 1]
    return next((choice for choice in (*several, *own) if choice), ())


def _of_one_panel(entries, box, boxes):
    """Of the entries outside all boxes those nearest to one, where each box has several and these stand far from the others'; else all."""
    nearest = [min(boxes, key=lambda other: _gap(_extent(entry), other)) for entry in entries]
    groups = [[entry for entry, owner in zip(entries, nearest, strict=True) if owner == other] for other in boxes]
    if len(boxes) < 2 or min(map(len, groups)) < 2:
        return entries
    within = [min(_gap(_extent(entry), _extent(other)) for other in group if other is not entry) for group in groups for entry in group]
    reach = _GROUP_GAPS * max(*within, *(entry.text.height for entry in entries))
    between = [_gap(_extent(entry), _extent(other)) for i, group in enumerate(groups) for entry in group for rest in groups[:i] for other in rest]
    return groups[list(boxes).index(box)] if min(between) > reach else entries


def _extent(entry):
    """Around the key and the text of an entry."""
    return around([entry.key, entry.text])


def _gap(one, other):
    """Distance in px between two boxes, the greater of those across and down."""
    return max(one.left - other.right, other.left - one.right, one.top - other.bottom, other.top - one.bottom, 0.0)


def _in_line(entries):
    """Entries without those out of line, where others stand in a column or a row."""
    aligned = [entry for entry in entries if any(are_in_line(entry, other) for other in entries if other is not entry)]
    return tuple(aligned or entries)


def are_in_line(entry, other):
    """Whether two entries stand in one column, or in one row.

    Parameters
    ----------
    entry, other : LegendEntry

    Returns
    -------
    bool
    """
    height = min(entry.text.height, other.text.height)
    apart = abs(entry.text.centre[1] - other.text.centre[1])
    column = abs(entry.key.left - other.key.left) < 0.3 * height or abs(entry.text.left - other.text.left) < 0.3 * height
    return (column and 0.7 * height < apart < 8 * height) or apart < 0.25 * height


def are_a_pair(entry, other):
    """Whether two entries are in line and have keys of one length.

    Parameters
    ----------
    entry, other : LegendEntry

    Returns
    -------
    bool
    """
    return are_in_line(entry, other) and abs(entry.key.width - other.key.width) <= max(0.2 * entry.key.width, 3)


def words_of_legend(legend, words):
    """Words that are labels of a legend and no numbers of a table: every word of their line has a key in line with others.

    Parameters
    ----------
    legend : tuple of LegendEntry
    words : tuple of Word

    Returns
    -------
    tuple of Word
    """
    listed = [entry for entry in legend if any(are_in_line(entry, other) for other in legend if other is not entry)]
    labels = [word for word in words if any(entry.text.contains(*word.box.centre) for entry in listed)]

    def alone(word):
        level = [other for other in words if abs(other.box.centre[1] - word.box.centre[1]) < 0.3 * word.box.height]
        return all(any(other is label for label in labels) for other in level)

    return tuple(word for word in labels if alone(word))


def _on_axis(key, box):
    """Whether a key is the vertical axis of a box, or a tick on it."""
    return key.left - 2 <= box.left <= key.right + 2 and box.top < key.centre[1] < box.bottom


def _without_lone_numbers(entries):
    """Entries without bare numbers, unless keys of several colours or dashes show that numbers are what the legend lists."""
    numbers = [entry for entry in entries if _is_number(entry)]
    apart = [
        np.linalg.norm(entry.lab - other.lab) > _APART_LAB or entry.pattern.unlike(other.pattern) > 0.5
        for entry in numbers
        for other in numbers
        if are_in_line(entry, other)
    ]
    if any(apart):
        return tuple(entries)
    return tuple(entry for entry in entries if not _is_number(entry))


def _is_number(entry):
    return re.fullmatch(r"[-–]?[\d.,·]+(\s+[\d.,·]+)*\s*[%–-]?", entry.label) is not None


def match_legend(arms, entries, settings=None):
    """Tie arms to legend entries by colour and dash.

    Parameters
    ----------
    arms : tuple of ArmInk
    entries : tuple of LegendEntry
    settings : NameSettings, optional

    Returns
    -------
    dict of int to LegendMatch
        By the arm's place in `arms`.
    """
    settings = settings or NameSettings()
    if not arms or not entries:
        return {}
    dashes = _dash_entries(arms, entries)
    if dashes:
        entries = dashes
        cost = np.array([[_FAR * arm.pattern.unlike(entry.pattern) for entry in entries] for arm in arms])
    else:
        cost = np.array([[_key_distance(arm, entry) for entry in entries] for arm in arms]) + _width_distances(arms, entries)
    rows, columns = linear_sum_assignment(np.minimum(cost, _FAR))
    return {
        int(i): LegendMatch(entries[j], _sureness(cost, i, j, settings))
        for i, j in zip(rows, columns, strict=True)
        if cost[i, j] <= (0.9 * _FAR if dashes else settings.most_lab)
    }


def _sureness(cost, i, j, settings):
    """How sure it is that arm `i` has entry `j`: what the key's distance leaves, times how far any exchange is behind."""
    near = 1 - 0.5 * min(cost[i, j] / settings.most_lab, 1.0)
    others = [cost[i, k] - cost[i, j] for k in range(cost.shape[1]) if k != j]
    others += [cost[k, j] - cost[i, j] for k in range(cost.shape[0]) if k != i and cost.shape[0] > cost.shape[1]]
    lead = min(others, default=np.inf)
    return float(near * np.clip(0.5 + lead / _SURE_LEAD, 0.3, 1.0))


def _dash_entries(arms, entries):
    """Entries of a legend that lists dashes in one neutral colour, where the dash alone tells the arms apart.

    So it is where colour stands for the panel and another legend lists the colours.
    """
    one_colour = len(arms) > 1 and all(np.linalg.norm(arm.lab - arms[0].lab) < _APART_LAB for arm in arms)
    if not one_colour or len({arm.dash for arm in arms}) < 2:
        return ()
    neutral = tuple(entry for entry in entries if np.hypot(*entry.lab[1:]) < _APART_LAB and not _is_number(entry))
    alike = all(np.linalg.norm(entry.lab - neutral[0].lab) < _APART_LAB for entry in neutral)
    told = len(neutral) >= len(arms) and alike and len({entry.dash for entry in neutral}) > 1
    return neutral if told and np.linalg.norm(arms[0].lab - neutral[0].lab) > _APART_LAB else ()


def _key_distance(arm, entry):
    """How unlike a curve's and a key's colours are, plus a penalty for another dash.

    Between two colours the hue counts, in degrees: translucent bands and thin lines change lightness and chroma. Where
    either is grey, the CIELAB distance.
    """
    return colour_unlikeness(arm.lab, entry.lab) + _DASH_PENALTY * arm.pattern.unlike(entry.pattern)


def _width_distances(arms, entries):
    """A penalty for another line width than the key's, shape (n_arms, n_entries); 0 unless the width alone tells unbroken lines of one colour apart.

    A legend may draw all lines broader or finer than they are in the plot.
    """
    unlike, solid = np.zeros((len(arms), len(entries))), [[k for k, one in enumerate(some) if one.dash == "solid"] for some in (arms, entries)]
    lines = [arms[i] for i in solid[0]], [entries[j] for j in solid[1]]
    if len(lines[0]) < 2 or len(lines[0]) != len(lines[1]) or any(np.linalg.norm(one.lab - some[0].lab) > _APART_LAB for some in lines for one in some):
        return unlike
    widths = [np.array([max(one.thickness, 0.1) for one in some]) for some in lines]
    if min(width.max() / width.min() for width in widths) < _LEAST_BROADER:
        return unlike
    logs = [np.log2(width) - np.log2(width).mean() for width in widths]
    unlike[np.ix_(*solid)] = _WIDTH_PENALTY * np.abs(logs[0][:, None] - logs[1])
    return unlike


def legend_order(entries):
    """Labels in the order a legend lists them: column by column, each from top to bottom.

    Parameters
    ----------
    entries : sequence of LegendEntry

    Returns
    -------
    tuple of str
    """
    columns = []
    for entry in sorted(entries, key=lambda entry: entry.text.left):
        if not columns or entry.text.left - columns[-1][0].text.left > 2 * entry.text.height:
            columns.append([])
        columns[-1].append(entry)
    return tuple(entry.label for column in columns for entry in sorted(column, key=lambda entry: entry.text.centre[1]))
