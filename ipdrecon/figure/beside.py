"""Names printed beside the curves: matched by their colour, by where the curves end, and by nearness."""

import re
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.keys import colour_unlikeness, text_colour
from ipdrecon.figure.legend import as_one, is_label, on_the_line
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box

_FAR = 1e3
_STRUCK_SHARE = 0.85
_MOST_GAP_PX = 2
_LAST_MARKS = re.compile(r"^([HITLiltf+|x×X41†\-–—\"']{2,9}|[I|+1†'\"–—-])\s+(?=\S{3})")
_NO_NAME = re.compile(r"median|months?\b|years?\b|events?\b|\d+\s*(/|of)\s*\d+", re.IGNORECASE)


@dataclass(frozen=True)
class BesideSettings:
    """How near a word must be to the curve it names.

    Attributes
    ----------
    most_heights : float
        Greatest distance in heights of the word.
    along_heights : float
        By how many heights a place beside the end of a curve is better than one along it.
    coloured : float
        Chroma or lightness in CIELAB from which the colour of text tells which curve it names.
    most_unlike : float
        Greatest difference of colour between such text and its curve.
    lead_heights : float
        Lead over any other curve or word from which a match is sure.
    """

    most_heights: float = 3.0
    along_heights: float = 0.5
    coloured: float = 20.0
    most_unlike: float = 25.0
    lead_heights: float = 2.0


@dataclass(frozen=True)
class BesideMatch:
    """A name beside a curve.

    Attributes
    ----------
    word : Word
    sureness : float
        How sure the tie is, in [0, 1].
    """

    word: object
    sureness: float


def names_beside(px, words, box, plot, arms, settings=None):
    """Words beside the curves that may name them.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
        Those not used otherwise.
    box : Box
    plot : Plot
    arms : tuple of ArmInk
        Those without a name.
    settings : BesideSettings, optional

    Returns
    -------
    dict of int to BesideMatch
        By the arm's place in `arms`.
    """
    settings = settings or BesideSettings()
    near = [_after_the_line(px, word, plot, arms) for word in _lines(words) if _is_near(word, box)]
    near = [word for word in near if _may_name(px, word, plot, arms) and not is_struck_through(word.box, plot, arms)]
    if not near or not arms:
        return {}
    colours = [text_colour(px, word.box) for word in near]
    cost = np.array([[_cost(word, lab, plot, arm, arms, settings) for word, lab in zip(near, colours, strict=True)] for arm in arms])
    rows, columns = linear_sum_assignment(np.minimum(cost, _FAR))
    pairs = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < _FAR]
    used = [near[j] for _, j in pairs]
    return {i: BesideMatch(_with_next_line(near[j], near, used, colours), _sureness(cost, i, j, settings)) for i, j in pairs}


def names_by_colour(px, words, arms, settings=None):
    """Words of which each has the colour of one curve and of no other, wherever they stand: those beside its course in an inset.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word
    arms : tuple of ArmInk
    settings : BesideSettings, optional

    Returns
    -------
    dict of int to BesideMatch
        By the arm's place in `arms`; without those whose colour several words have.
    """
    settings, found = settings or BesideSettings(), {}
    for word in _lines(tuple(words)):
        lab = text_colour(px, word.box)
        if not is_label(word.text) or _NO_NAME.search(word.text) or np.hypot(*lab[1:]) <= settings.coloured:
            continue
        unlike = [colour_unlikeness(arm.lab, lab) for arm in arms]
        like = [i for i, one in enumerate(unlike) if one < settings.most_unlike]
        if len(like) == 1:
            found.setdefault(like[0], []).append(word)
    return {i: BesideMatch(ones[0], 1.0) for i, ones in found.items() if len(ones) == 1}


def _lines(words):
    """Words with those that go on after them on one line."""
    parts = [on_the_line(word, words) for word in words]
    inner = [word for part in parts for word in part[1:]]
    return [as_one(part) for part in parts if not any(part[0] is word for word in inner)]


def _is_near(word, box):
    """Whether a word lies in the box or right of it, and is no longer than a name."""
    reach = 0.35 * box.width
    if word.box.width > 0.5 * box.width or word.vertical and len(word.text) > 2:
        return False
    return box.left < word.box.centre[0] < box.right + reach and box.top < word.box.centre[1] < box.bottom and word.confidence > 0.6


def _may_name(px, word, plot, arms):
    """Whether a word is a name; one letter or number is where it stands at the end of a curve, or has a curve's colour."""
    if not is_label(word.text):
        return False
    if sum(character.isalpha() for character in word.text) >= 2:
        return True
    ends = [_from_the_end(word.box, plot, arm) for arm in arms]
    lab = text_colour(px, word.box)
    alike = [np.hypot(*lab[1:]) > 20 and colour_unlikeness(arm.lab, lab) < 15 for arm in arms]
    return any(end < 1.2 or (end < 3 and same) for end, same in zip(ends, alike, strict=True))


def end_of(plot, arm):
    """Where a curve ends, in px of the figure.

    Parameters
    ----------
    plot : Plot
    arm : ArmInk

    Returns
    -------
    tuple of float
    """
    return plot.left + arm.path.last, float(plot.row_to_py(arm.path.leave[-1]))


def _from_the_end(box, plot, arm):
    """Distance of a word from the end of a curve, in heights of the word."""
    px, py = end_of(plot, arm)
    return float(np.hypot(max(box.left - px, px - box.right, 0.0), abs(py - box.centre[1])) / box.height)


def _along(box, plot, arm):
    """Distance of a word from what it stands above or below of a curve, in heights of the word."""
    columns = np.arange(int(box.left), int(box.right) + 1) - plot.left - arm.path.first
    columns = columns[(columns >= 0) & (columns < len(arm.path.leave))]
    if not len(columns):
        return np.inf
    enter, leave = (plot.row_to_py(rows[columns]) for rows in (arm.path.enter, arm.path.leave))
    return float(min(np.abs(enter - box.centre[1]).min(), np.abs(leave - box.centre[1]).min()) / box.height)


def _cost(word, lab, plot, arm, arms, settings):
    """Distance in heights, and what the colour of the text adds; far where it has another curve's colour."""
    away = min(_from_the_end(word.box, plot, arm), _along(word.box, plot, arm) + settings.along_heights)
    coloured = np.hypot(*lab[1:]) > settings.coloured or lab[0] > settings.coloured + 10
    unlike = colour_unlikeness(arm.lab, lab)
    told = coloured and min(colour_unlikeness(other.lab, lab) for other in arms) < settings.most_unlike
    if away > settings.most_heights * (1.5 if told else 1.0) or (told and unlike > settings.most_unlike):
        return _FAR
    return away + (unlike / 4 if told else 0.0)


def _sureness(cost, i, j, settings):
    """How sure it is that word `j` names arm `i`: how near it is, and how far any other word or arm is behind."""
    others = np.concatenate([np.delete(cost[i], j), np.delete(cost[:, j], i)])
    lead = float(others.min(initial=_FAR) - cost[i, j])
    near = 1 - 0.4 * min(cost[i, j] / settings.most_heights, 1.0)
    return float(near * np.clip(0.5 + lead / settings.lead_heights, 0.3, 1.0))


def is_struck_through(box, plot, arms):
    """Whether a curve's own ink runs through the middle of a place all along: censor marks taken for letters.

    Parameters
    ----------
    box : Box
    plot : Plot
    arms : sequence of ArmInk

    Returns
    -------
    bool
    """
    return any(_share_along(box, plot, arm, 0.25 * box.height) > _STRUCK_SHARE for arm in arms)


def _share_along(box, plot, arm, reach):
    """Share of a place's columns in which a curve runs on its own ink, no farther than `reach` from the middle."""
    wanted = np.arange(int(np.ceil(box.left)), int(box.right) + 1) - plot.left
    columns = wanted[(wanted >= arm.path.first) & (wanted <= arm.path.last)]
    if not len(columns):
        return 0.0
    rows = arm.path.leave[columns - arm.path.first]
    inside = np.abs(plot.row_to_py(rows) - box.centre[1]) <= reach
    return float((inside & (arm.own[rows, columns] > 0.3)).sum() / len(wanted))


def is_tail(entry, plot, arms):
    """Whether the key of a legend's entry is a stretch of a curve, so that its label is a name beside that.

    Parameters
    ----------
    entry : LegendEntry
    plot : Plot
    arms : sequence of ArmInk

    Returns
    -------
    bool
    """
    return any(_share_along(entry.key, plot, arm, 0.5 * entry.key.height + 1.5) > 0.6 for arm in arms)


def _after_the_line(px, word, plot, arms):
    """A word without the end of a curve, and the marks on it, that were read into it; read again where they cannot be told."""
    if word.exact:
        return word
    box = word.box
    levels = [
        (float(py), end_of(plot, arm)[0]) for arm in arms for py in np.unique(_levels(box, plot, arm)) if box.top < py < box.bottom
    ]
    if not levels:
        return word
    stripped = _LAST_MARKS.sub("", word.text)
    if stripped != word.text:
        left = box.left + box.width * (1 - len(stripped) / len(word.text))
        return replace(word, text=stripped, box=Box(left, box.top, box.right, box.bottom))
    cut = max(_end_of_line(px, box, py, end) for py, end in levels)
    if cut == box.left or cut > box.right - 0.4 * box.height:
        return word
    inner = Box(cut + 1, box.top, box.right, box.bottom)
    read = read_line(px, inner)
    text = _LAST_MARKS.sub("", read.text)
    return replace(word, text=text, box=inner, confidence=read.confidence) if is_label(text) else word


def _levels(box, plot, arm):
    """Where in the figure a curve runs just before a box and in the first part of it."""
    columns = np.arange(int(box.left - 0.5 * box.height), int(box.left + 1.5 * box.height) + 1) - plot.left - arm.path.first
    return plot.row_to_py(arm.path.leave[columns[(columns >= 0) & (columns < len(arm.path.leave))]])


def _end_of_line(px, box, py, end):
    """Where a level line ends that runs at `py` into a word's box; the left edge of the box where none does.

    A line whose curve was followed to `end`, in front of the box, must go on from there without a gap.
    """
    left, top = max(int(min(box.left, end + 1)), 0), max(int(box.top), 0)
    crop = to_lab(px[top : int(box.bottom) + 1, left : int(box.right) + 1])
    middle = int(round(py)) - top
    ink = (np.linalg.norm(crop - commonest_colour(crop), axis=2)[max(middle - 1, 0) : middle + 2] > 20).any(axis=0)
    at = np.flatnonzero(ink)
    if not len(at) or at[0] > (0.8 * box.height if end >= box.left else _MOST_GAP_PX):
        return box.left
    bare = np.flatnonzero(~ink[at[0] :])
    run = int(bare[0]) if len(bare) else len(ink) - at[0]
    within = left + at[0] + run - max(box.left, left + at[0])
    return float(left + at[0] + run) if within >= 0.9 * box.height else box.left


def _with_next_line(word, near, used, colours):
    """A name with its second line: a word close below it, in its colour, that names no other curve."""
    own = next(lab for other, lab in zip(near, colours, strict=True) if other is word)
    for other, lab in zip(near, colours, strict=True):
        if any(other is one for one in used) or _NO_NAME.search(other.text) or not any(letter.isalpha() for letter in other.text):
            continue
        height = word.box.height
        close = -0.35 * height < other.box.top - word.box.bottom < 0.35 * height and abs(other.box.height - height) < 0.35 * height
        under = abs(other.box.left - word.box.left) < 0.5 * height or abs(other.box.centre[0] - word.box.centre[0]) < 0.5 * height
        if close and under and np.linalg.norm(own - lab) < 20:
            around = Box(min(word.box.left, other.box.left), word.box.top, max(word.box.right, other.box.right), other.box.bottom)
            return replace(word, text=f"{word.text} {other.text}", box=around, confidence=min(word.confidence, other.confidence))
    return word
