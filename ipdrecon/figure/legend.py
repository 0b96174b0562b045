"""Legends: short strokes or patches, each with a label to its right."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.ink import to_lab
from ipdrecon.model import Box

_NO_LABELS = ("censor", "logrank", "log-rank", "log rank", "strata", "hr ", "hr:", "hr=", "hazard ratio", "p =", "p<", "p=", "p <", "p-value", "95% ci", "95 % ci")
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
        if word.vertical or word.confidence < 0.5 or not is_label(word.text):
            continue
        key = _key(px, word.box)
        if key is not None:
            lab, dash, box = key
            entries.append(LegendEntry(_full_label(word, words), lab, dash, box, word.box))
    return tuple(entries)


def is_label(text):
    """Whether a text can name an arm: it holds a letter or is a bare code, and is no statistic."""
    plain = text.lower().strip()
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
        if other is not word and not other.vertical and level and -0.3 * height < gap < 0.45 * height:
            label, box = f"{label} {other.text}", other.box
    return label


def _key(px, box):
    """The stroke left of a word: colour, dash and place; None where there is none."""
    height = 0.75 * box.height
    top, bottom = int(box.centre[1] - 0.5 * height), int(np.ceil(box.centre[1] + 0.5 * height))
    right, left = int(box.left), int(max(box.left - 8 * height, 0))
    if right - left < height or top < 0 or bottom >= px.shape[0]:
        return None
    lab = to_lab(px[top : bottom + 1, left:right])
    cells, counts = np.unique(np.round(lab.reshape(-1, 3) / 3).astype(int), axis=0, return_counts=True)
    paper = cells[np.argmax(counts)] * 3.0
    ink = np.linalg.norm(lab - paper, axis=2) > 14
    span = _last_stretch(ink.any(axis=0), height)
    if span is None:
        return None
    stroke = _stroke(lab, paper, ink, span)
    if stroke is None:
        return None
    colour, dash, rows = stroke
    return colour, dash, Box(left + span[0], top + rows[0], left + span[1], top + rows[1])


def _last_stretch(inked, height):
    """First and last column of the stretch of ink nearest to the word, small gaps (dashes) bridged."""
    at = np.flatnonzero(inked)
    if not len(at) or len(inked) - 1 - at[-1] > 2.5 * height:
        return None
    breaks = np.flatnonzero(np.diff(at) > max(0.45 * height, 3))
    first = at[breaks[-1] + 1] if len(breaks) else at[0]
    width = at[-1] - first + 1
    if width < 0.7 * height or (first == 0 and not len(breaks)):
        return None
    return int(first), int(at[-1])


def _stroke(lab, paper, ink, span):
    """Colour, dash and rows of a stroke that runs level through a stretch; None where it is text."""
    part = ink[:, span[0] : span[1] + 1]
    share = part.mean(axis=1)
    rows = np.flatnonzero(share >= max(0.45, 0.8 * share.max()))
    if not len(rows) or rows[-1] - rows[0] + 1 > len(rows) + 1:
        return None
    depth = np.linalg.norm(lab[rows, span[0] : span[1] + 1] - paper, axis=2)
    row = int(rows[np.argmax(np.median(depth, axis=1))])
    colours = lab[row, span[0] : span[1] + 1][part[row]]
    colour = np.median(colours, axis=0)
    if (np.linalg.norm(colours - colour, axis=1) < 20).mean() < 0.6:
        return None
    gaps = np.diff(np.flatnonzero(part[row]))
    dash = "dashed" if (gaps > 2).any() and share[row] < 0.93 else "solid"
    inked = np.flatnonzero(part.any(axis=1))
    return colour, dash, (int(inked[0]), int(inked[-1]))
