"""Name the arms: from the legend, or from words beside the curves."""

import re
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ipdrecon.figure.colour import hue_difference, to_lab
from ipdrecon.figure.legend import is_label

_FAR = 1e3
_APART_LAB = 15.0


@dataclass(frozen=True)
class NameSettings:
    """How near a label must be.

    Attributes
    ----------
    most_lab : float
        Greatest CIELAB distance of a key from its curve.
    most_heights : float
        Greatest distance of a word from the curve it names, in heights of the word.
    """

    most_lab: float = 30.0
    most_heights: float = 3.0


def usable_entries(legend, box, boxes, cells=()):
    """The legend entries that may speak of one panel.

    Entries inside the panel's box; if there are none, those outside all boxes; if there are none either, those of the
    other panels, which then share them. A bare number is a label only where keys of several colours have one.

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
    outside = [entry for entry in free if not any(other.contains(*entry.text.centre) for other in boxes)]
    for chosen in (inside, outside, free):
        labels = _without_lone_numbers(chosen)
        if labels:
            return labels
    return ()


def _on_axis(key, box):
    """Whether a key is the vertical axis of a box, or a tick on it."""
    return key.left - 2 <= box.left <= key.right + 2 and box.top < key.centre[1] < box.bottom


def _without_lone_numbers(entries):
    """Entries without bare numbers, unless keys of several colours show that numbers are what the legend lists."""
    numbers = [entry for entry in entries if _is_number(entry)]
    apart = [np.linalg.norm(entry.lab - other.lab) for entry in numbers for other in numbers]
    if max(apart, default=0.0) > _APART_LAB:
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
    dict of int to LegendEntry
        By the arm's place in `arms`.
    """
    settings = settings or NameSettings()
    if not arms or not entries:
        return {}
    dashes = _dash_entries(arms, entries)
    if dashes:
        entries = dashes
        cost = np.array([[_FAR * (arm.dash != entry.dash) for entry in entries] for arm in arms])
    else:
        cost = np.array([[_key_distance(arm, entry) for entry in entries] for arm in arms])
    rows, columns = linear_sum_assignment(np.minimum(cost, _FAR))
    return {int(i): entries[j] for i, j in zip(rows, columns, strict=True) if cost[i, j] <= settings.most_lab}


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
    (chroma, other), difference = (np.hypot(*c[1:]) for c in (arm.lab, entry.lab)), arm.lab - entry.lab
    if min(chroma, other) > 15:
        unlike = 0.7 * hue_difference(arm.lab, entry.lab) + 0.15 * abs(difference[0]) + 0.1 * abs(chroma - other)
    else:
        unlike = np.linalg.norm(difference)
    return float(unlike) + 8.0 * (arm.dash != entry.dash)


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


def words_beside(px, words, box, plot, arms, settings=None):
    """Words beside the curves that may name them, by place and colour.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
        Those not used otherwise.
    box : Box
    plot : Plot
    arms : tuple of ArmInk
        Those without a name.
    settings : NameSettings, optional

    Returns
    -------
    dict of int to Word
    """
    settings = settings or NameSettings()
    near = [word for word in words if _may_name(word, box)]
    if not near or not arms:
        return {}
    cost = np.array([[_word_distance(px, word, plot, arm, settings) for word in near] for arm in arms])
    rows, columns = linear_sum_assignment(np.minimum(cost, _FAR))
    return {int(i): near[j] for i, j in zip(rows, columns, strict=True) if cost[i, j] < _FAR}


def _may_name(word, box):
    letters = sum(character.isalpha() for character in word.text)
    reach = 0.35 * box.width
    if word.box.width > 0.5 * box.width:
        return False
    inside = box.left < word.box.centre[0] < box.right + reach and box.top < word.box.centre[1] < box.bottom
    return inside and letters >= 2 and not word.vertical and word.confidence > 0.6 and is_label(word.text)


def _word_distance(px, word, plot, arm, settings):
    """Distance of a word from a curve in word heights, plus a tenth of the CIELAB distance of their colours."""
    columns = np.arange(int(word.box.left) - plot.left, int(word.box.right) - plot.left + 1)
    columns = np.clip(columns, arm.path.first, arm.path.last) - arm.path.first
    curve = plot.row_to_py(arm.path.leave[columns])
    beyond = max(0.0, word.box.left - plot.left - arm.path.last)
    away = np.hypot(np.abs(curve - word.box.centre[1]).min(), beyond) / word.box.height
    if away > settings.most_heights:
        return _FAR
    return float(away + _text_colour_distance(px, word.box, arm.lab) / 10)


def _text_colour_distance(px, box, lab):
    crop = to_lab(px[max(int(box.top), 0) : int(box.bottom) + 1, max(int(box.left), 0) : int(box.right) + 1]).reshape(-1, 3)
    paper = np.median(crop, axis=0)
    depth = np.linalg.norm(crop - paper, axis=1)
    return float(np.linalg.norm(np.median(crop[depth >= 0.8 * depth.max()], axis=0) - lab))
