"""Legends: short strokes or patches, each with a label to its right."""

import re
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box, Word

_NO_LABELS = ("censor", "logrank", "log-rank", "log rank", "strata", "hr ", "hr:", "hr=", "hazard ratio", "p =", "p<", "p=", "p <", "p-value")
_FIRST_IDEOGRAPH = 0x2E80


@dataclass(frozen=True)
class LegendEntry:
    """One label with its key.

    Attributes
    ----------
    label : str
    lab : ndarray, shape (3,)
        Colour of the key in CIELAB.
    dash : {"solid", "dashed"}
    key, text : Box
        In px of the figure.
    """

    label: str
    lab: np.ndarray
    dash: str
    key: Box
    text: Box


def find_legend(px, words):
    """Labels with a stroke of colour to their left.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word

    Returns
    -------
    tuple of LegendEntry
    """
    entries = []
    for word in words:
        if (word.vertical and len(word.text) > 2) or word.confidence < 0.5 or not is_label(word.text):
            continue
        key = _key(px, word.box, [other.box for other in words if other is not word and _is_sure(other)])
        if key is not None and not _is_written(key[2], words):
            lab, dash, box = key
            label = _full_label(word, words).lstrip("=+-– ")
            entries.append(LegendEntry(label.rstrip(": ") or label, lab, dash, box, word.box))
    return tuple(entries)


def _is_sure(word):
    return word.confidence > 0.8 and sum(character.isalnum() for character in word.text) >= 2


def _is_written(key, words):
    """Whether a key is itself a word."""
    return any(word.box.contains(*key.centre) and _is_sure(word) for word in words)


def split_at_keys(px, words):
    """Words without the strokes that were read into them: ``"— A  -- B"`` becomes ``"A"`` and ``"B"``.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word

    Returns
    -------
    tuple of Word
        Words that hold a stroke longer than they are high are cut there, and their parts are read again.
    """
    parts = []
    for word in words:
        strokes = [] if word.vertical or word.box.width < 2 * word.box.height else _strokes_within(px, word.box)
        parts.extend(_pieces(px, word, strokes) if strokes else [word])
    return tuple(parts)


def _strokes_within(px, box):
    """First and last column, in the figure, of level strokes inside a word's box."""
    left, height = max(int(box.left), 0), 0.75 * box.height
    lab = to_lab(px[max(int(box.top), 0) : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1])
    ink = np.linalg.norm(lab - commonest_colour(lab), axis=2) > 20
    ink[ink.mean(axis=1) > 0.9] = False
    middle = ink.shape[0] / 2
    rows = np.arange(ink.shape[0])[:, None]
    first = np.where(ink.any(axis=0), np.where(ink, rows, ink.shape[0]).min(axis=0), -1)
    last = np.where(ink, rows, -1).max(axis=0)
    thin = (first >= 0) & (last - first + 1 <= max(0.35 * height, 2)) & (np.abs((first + last) / 2 - middle) < 0.3 * height)
    runs = _thin_runs(thin, ink.any(axis=0), (first + last) / 2, height)
    return [(left + a, left + b) for a, b, long in _joined(runs, height) if long >= 1.25 * height]


def _thin_runs(thin, inked, centre, height):
    """Runs of thin columns, with the paper between dashes: first, last column, middle row."""
    at = np.flatnonzero(thin)
    if not len(at):
        return []
    breaks = [
        i
        for i in range(1, len(at))
        if at[i] - at[i - 1] > 0.6 * height + 1 or (inked & ~thin)[at[i - 1] : at[i]].any() or abs(centre[at[i]] - centre[at[i - 1]]) > 1.5
    ]
    return [(int(run[0]), int(run[-1]), float(np.median(centre[run]))) for run in np.split(at, breaks)]


def _joined(runs, height):
    """Runs joined over a marker in the middle of a stroke: first, last column, length that is stroke."""
    strokes = []
    for first, last, row in runs:
        long = last - first + 1
        if strokes:
            a, b, before, level = strokes[-1]
            if first - b < 0.8 * height and min(long, before) > 0.35 * height and abs(row - level) < 1.5:
                strokes[-1] = (a, last, before + long, level)
                continue
        strokes.append((first, last, long, row))
    return [(a, b, long) for a, b, long, _ in strokes]


def _pieces(px, word, strokes):
    """The text between the strokes of a word, read again."""
    edges = [word.box.left, *(edge for stroke in strokes for edge in stroke), word.box.right]
    pieces = []
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        if right - left > 0.5 * word.box.height:
            inner = Box(left + 2 * (left > word.box.left), word.box.top, right - 2 * (right < word.box.right), word.box.bottom)
            read = read_line(px, inner)
            if any(character.isalnum() for character in read.text):
                pieces.append(Word(read.text, inner, read.confidence))
    return pieces


def is_label(text):
    """Whether a text can name an arm: it holds a letter or is a bare code, and is no statistic."""
    plain = text.lower().strip("=+-– ")
    if re.fullmatch(r"[pn]?\s*[=<>]?\s*[\d.,·]*[.,·][\d.,·]*\s*%?", plain) or plain in ("n", "p") or re.match(r"9\d\s*%\s*c", plain):
        return False
    if any(plain.startswith(start) or f" {start}" in plain for start in _NO_LABELS):
        return False
    return any(character.isalnum() and ord(character) < _FIRST_IDEOGRAPH for character in plain)


def _full_label(word, words):
    """The words that go on after the first on the same line, without a key between."""
    label, box = word.text, word.box
    height = box.height
    for other in sorted(words, key=lambda other: other.box.left):
        gap = other.box.left - box.right
        level = abs(other.box.centre[1] - box.centre[1]) < 0.3 * height
        goes_on = other.confidence >= 0.5 and is_label(other.text) and not label.endswith(":")
        if other is not word and goes_on and not other.vertical and level and -0.3 * height < gap < 0.45 * height:
            label, box = f"{label} {other.text}", other.box
    return label


def _key(px, box, others=()):
    """The stroke left of a word, and not under `others`: colour, dash and place; None where there is none."""
    height = 0.75 * box.height
    top, bottom = int(box.centre[1] - 0.5 * height), int(np.ceil(box.centre[1] + 0.5 * height))
    right, left = int(box.left), int(max(box.left - 8 * height, 0))
    if right - left < height or top < 0 or bottom >= px.shape[0]:
        return None
    lab = to_lab(px[top : bottom + 1, left:right])
    paper = commonest_colour(to_lab(px[top : bottom + 1, max(int(box.left - 0.4 * height), 0) : int(box.right + 0.4 * height) + 1]))
    depth = np.linalg.norm(lab - paper, axis=2)
    for other in others:
        if other.top < box.centre[1] < other.bottom and other.right < right:
            depth[:, max(int(other.left) - left, 0) : max(int(np.ceil(other.right)) + 1 - left, 0)] = 0
    for ink in _inks_left(lab, depth, height):
        span = _last_stretch(ink.any(axis=0), height)
        stroke = _stroke(lab, paper, ink, span) if span is not None else None
        if stroke is not None:
            colour, dash, rows = stroke
            return colour, dash, Box(left + span[0], top + rows[0], left + span[1], top + rows[1])
    return None


def _inks_left(lab, depth, height):
    """What may be ink left of a word: all but paper; what is strong; what has the colour of the ink nearest to the word.

    Strong ink is told from shapes that show faintly through the legend's ground.
    """
    ink = depth > 14
    yield ink
    yield depth > max(14.0, 0.5 * float(depth[:, -max(int(4 * height), 1) :].max()))
    yield ink & _like_the_last(lab, ink)


def _like_the_last(lab, ink):
    """Pixels of the colour of the ink nearest to the word: a key that touches a gridline or a frame."""
    last = np.flatnonzero(ink.any(axis=0))[-3:]
    if not len(last):
        return ink
    return np.linalg.norm(lab - np.median(lab[:, last][ink[:, last]], axis=0), axis=2) < 35


def _last_stretch(inked, height):
    """First and last column of the stretch of ink nearest to the word, small gaps (dashes) bridged."""
    at = np.flatnonzero(inked)
    if not len(at) or len(inked) - 1 - at[-1] > 2.5 * height:
        return None
    for gap in (0.45 * height, 0.9 * height):
        breaks = np.flatnonzero(np.diff(at) > max(gap, 3))
        first = at[breaks[-1] + 1] if len(breaks) else at[0]
        if at[-1] - first + 1 >= 0.7 * height:
            return None if first == 0 and not len(breaks) else (int(first), int(at[-1]))
    return None


def _stroke(lab, paper, ink, span):
    """Colour, dash and rows of a stroke that runs level through a stretch; None where it is text."""
    part = ink[:, span[0] : span[1] + 1]
    share = part.mean(axis=1)
    rows = np.flatnonzero(share >= max(0.45, 0.8 * share.max()))
    if not len(rows) or rows[-1] - rows[0] + 1 > len(rows) + 1:
        return None
    depth = np.linalg.norm(lab[rows, span[0] : span[1] + 1] - paper, axis=2)
    purest = int(np.argmax(np.quantile(depth, 0.75, axis=1)))
    row, depth = int(rows[purest]), depth[purest]
    colours = lab[row, span[0] : span[1] + 1][part[row]]
    colour = np.median(lab[row, span[0] : span[1] + 1][depth >= np.quantile(depth[part[row]], 0.6)], axis=0)
    if (np.linalg.norm(colours - colour, axis=1) < 30).mean() < 0.5:
        return None
    gaps = np.diff(np.flatnonzero(part[row]))
    dash = "dashed" if (gaps > 2).any() and share[row] < 0.93 else "solid"
    inked = np.flatnonzero(part.any(axis=1))
    if part.shape[1] < part.shape[0] and inked[-1] - inked[0] + 1 > 0.45 * part.shape[0]:
        return None
    return colour, dash, (int(inked[0]), int(inked[-1]))
