"""Axis titles: read again where the text is upright, and understood: time unit, survival or incidence."""

import re

import numpy as np

from ipdrecon.figure.labels import parse_number
from ipdrecon.figure.text import read_lines
from ipdrecon.model import Box

_UNITS = (
    ("months", r"months?|mos?|mths?"),
    ("years", r"years?|yrs?|y"),
    ("days", r"days?|d"),
    ("weeks", r"weeks?|wks?|w"),
    ("hours", r"hours?|hrs?|h"),
    ("minutes", r"minutes?|mins?"),
)
_NOT_SURVIVAL = re.compile(r"1\s*-\s*(s\b|surviv|kaplan|km\b|s\()|cumulative\s*(incidence|event|risk|mortality|failure)", re.I)
_SURVIVAL = re.compile(
    r"surviv|surv\b|free\b|free(dom)?\s|freedom|alive|remain|without|success|retention|persisten|patency|intact|"
    r"\b(os|pfs|dfs|rfs|efs|ffs|css|lrfs|dmfs|mfs|ttp|gfs)\b|\bs\s*\(\s*t\s*\)",
    re.I,
)
_INCIDENCE = re.compile(
    r"inciden|fail|event|mortal|death|dead|died|\brisk\b|recurren|relaps|progress|discontinu|reject|conver|"
    r"hospitali|infarct|stroke|bleed|\bf\s*\(\s*t\s*\)",
    re.I,
)
_HAZARD = re.compile(r"hazard", re.I)


def vertical_title(px, words, box, label_left):
    """The title beside the vertical axis, read from the picture turned upright.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word
    box : Box
        The plotting box.
    label_left : float
        Left of the tick labels in px.

    Returns
    -------
    str
        Empty where there is none.
    """
    margin = 0.2 * box.height
    beside = [
        word
        for word in words
        if word.vertical and word.box.centre[0] < label_left + 3 and box.top - margin <= word.box.centre[1] <= box.bottom + margin
    ]
    if not beside:
        return _upright_title(words, box, label_left)
    nearest = max(word.box.right for word in beside)
    width = max(word.box.width for word in beside)
    beside = [word for word in beside if word.box.right >= nearest - 2.5 * width]
    if all(word.exact for word in beside):
        return " ".join(word.text for word in sorted(beside, key=lambda word: (round(word.box.left), -word.box.bottom)))
    left, right = min(word.box.left for word in beside), max(word.box.right for word in beside)
    top, bottom = min(word.box.top for word in beside), max(word.box.bottom for word in beside)
    height = min(word.box.width for word in beside)
    crop = px[max(int(top - height), 0) : int(bottom + height) + 1, max(int(left) - 4, 0) : int(min(right + 4, label_left + 6)) + 1]
    return _read_lines(np.ascontiguousarray(np.rot90(crop, -1))) or " ".join(word.text for word in beside)


def _read_lines(px):
    """All lines of a picture that holds nothing but text; lines are parted where no row has ink."""
    grey = px.astype(float).mean(axis=2)
    inked = (np.abs(grey - np.median(grey)) > 60).sum(axis=1) > 1
    starts = np.flatnonzero(np.diff(np.concatenate(([0], inked.astype(int)))) == 1)
    ends = np.flatnonzero(np.diff(np.concatenate((inked.astype(int), [0]))) == -1)
    tallest = max((end - start for start, end in zip(starts, ends, strict=True)), default=0)
    places = []
    for start, end in zip(starts, ends, strict=True):
        if end - start >= max(0.5 * tallest, 4):
            margin = 0.25 * (end - start)
            places.append(Box(0, max(start - margin, 0), px.shape[1] - 1, min(end + margin, px.shape[0] - 1)))
    return " ".join(line.text for line in read_lines(px, places) if line.text)


def _upright_title(words, box, label_left):
    """A title printed upright, left of the labels or above them."""
    beside = [
        word
        for word in words
        if not word.vertical
        and not parse_number(word.text)[0]
        and len(word.text) > 2
        and word.box.left < label_left
        and word.box.right < box.left + 0.35 * box.width
        and box.top - 0.15 * box.height <= word.box.centre[1] <= box.bottom - 0.1 * box.height
    ]
    return _joined(beside)


def _joined(words):
    return " ".join(word.text for line in _lines(words) for word in line)


def _lines(words):
    """Words gathered into lines, each from left to right; a wide gap begins another line."""
    lines = []
    for word in sorted(words, key=lambda word: (word.box.left, word.box.top)):
        for line in lines:
            last = line[-1].box
            beside = abs(word.box.centre[1] - last.centre[1]) < 0.5 * word.box.height
            if beside and word.box.left - last.right < 3 * word.box.height:
                line.append(word)
                break
        else:
            lines.append([word])
    return sorted(lines, key=lambda line: line[0].box.centre[1])


def horizontal_title(words, box, label_bottom, text_height):
    """The title below the horizontal axis: the line nearest to its tick labels and to the middle of the box.

    Parameters
    ----------
    words : iterable of Word
    box : Box
        The plotting box.
    label_bottom : float
        Bottom of the tick labels in px.
    text_height : float
        Height of the tick labels in px.

    Returns
    -------
    str
        Empty where there is none.
    """
    lines = _lines_below(words, box, label_bottom, text_height, 0.05)
    costs = [_title_cost(line, box, label_bottom) for line in lines]
    if costs and min(costs) < 0.35:
        return _joined(lines[costs.index(min(costs))])
    shared = [line for line in _lines_below(words, box, label_bottom, text_height, 2.3) if _names_time(line)]
    return _joined(min(shared, key=lambda line: _title_cost(line, box, label_bottom))) if shared else ""


def _lines_below(words, box, label_bottom, text_height, beyond):
    """Lines of text below the tick labels, up to a share of the box's width beyond its sides."""
    beyond, deep = beyond * box.width, max(5 * text_height, 0.3 * box.height)
    reach = Box(box.left - beyond, label_bottom - 0.8 * text_height, box.right + beyond, label_bottom + deep)
    return _lines([
        word for word in words if reach.contains(*word.box.centre) and not word.vertical and re.search("[A-Za-z]{2}", word.text)
    ])


def _names_time(line):
    text = " ".join(word.text for word in line)
    return bool(time_unit(text) or re.search(r"time|follow", text, re.I))


def _title_cost(line, box, label_bottom):
    left, right = min(word.box.left for word in line), max(word.box.right for word in line)
    off_middle = abs((left + right) / 2 - box.centre[0]) / box.width
    distance = (line[0].box.centre[1] - label_bottom) / box.height
    return off_middle + distance - (0.3 if _names_time(line) else 0.0)


def time_unit(title):
    """The time unit an axis title names: ``"months"``, ``"years"``, ...; empty where it names none.

    Examples
    --------
    >>> time_unit("Time since randomisation (mo)")
    'months'
    >>> time_unit("Time")
    ''
    """
    title = title.replace("_", " ").lower()
    for unit, pattern in _UNITS:
        if re.search(rf"\b(?:{pattern})\b", title):
            return unit
    for unit, _ in _UNITS:
        if re.search(rf"{unit[:-1]}s?\)?$", title.strip()):
            return unit
    return ""


def is_plain(title):
    """Whether a vertical axis title names survival or cumulative incidence outright, not by a word such as risk or event."""
    return bool(_NOT_SURVIVAL.search(title) or _SURVIVAL.search(title))


def direction(title):
    """What a vertical axis title says: ``"survival"``, ``"incidence"``, ``"hazard"``, or nothing.

    Examples
    --------
    >>> direction("Event-free survival (%)"), direction("Cumulative incidence"), direction("Probability")
    ('survival', 'incidence', '')
    """
    if _HAZARD.search(title):
        return "hazard"
    if _NOT_SURVIVAL.search(title):
        return "incidence"
    if _SURVIVAL.search(title):
        return "survival"
    return "incidence" if _INCIDENCE.search(title) else ""
