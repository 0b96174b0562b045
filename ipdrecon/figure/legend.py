"""Legends: short strokes or patches, each with a label to its right."""

import re
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ipdrecon.figure.around import around
from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.dashes import DashPattern
from ipdrecon.figure.keys import are_of_one_colour, colour_unlikeness, find_key, is_band, text_colour
from ipdrecon.figure.legend_gaps import keys_in_columns, unread_labels
from ipdrecon.figure.names import are_a_pair, are_in_line
from ipdrecon.figure.swatches import find_keys_behind, find_swatches
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box, Word

_NO_LABELS = ("censor", "logrank", "log-rank", "log rank", "strata", "hr ", "hr:", "hr=", "hazard ratio", "p =", "p<", "p=", "p <", "p-value")
_CENSORED = re.compile(r"\s*(?:[-–—_]|\()\s*censored\)?$", re.IGNORECASE)
# ideographs of few straight strokes, as which marks and dashes are read
_FIRST_IDEOGRAPH, _STROKES = 0x2E80, set("一丨丁七二三十工干土士王口日目山上下丰卜亅凵冂匚廿卅〇ー口ロニトエ")
_MOST_TENS = 3  # a numeral has no more; more signs like these are a row of marks
NO_BEGINNING = "=+-–—•·●■□◆▲|_~ "
_LINE_TO_PITCH = 0.8
_STACKED = 2.0
_KEY_LAB = 30.0
_LEAST_CONTRAST = 14.0
_THROUGH_SHARE = 0.9
_LETTERS_TO_INK = 1.3
_LONGEST_LEAD = 1.5
_LEAST_BLANK_PX = 2
_GAP_HEIGHTS = 1.8
_STROKE_HEIGHTS = 0.5
_FEW = 2
_SINGLE_DASH, _LEVEL_PX, _THICKER_PX = 0.35, 1.5, 2.5


@dataclass(frozen=True)
class LegendEntry:
    """One label with its key.

    Attributes
    ----------
    label : str
    lab : ndarray, shape (3,)
        Colour of the key in CIELAB.
    pattern : DashPattern
        Of the key.
    key, text : Box
        In px of the figure.
    confidence : float
        With which the label was read, in [0, 1].
    hanging : bool
        Whether a line of the key's colour leads up or down from it: it may be the end of a curve.
    thickness : float
        Width of the key's line in px; 0 where it is not known.
    """

    label: str
    lab: np.ndarray
    pattern: DashPattern
    key: Box
    text: Box
    confidence: float = 1.0
    hanging: bool = False
    thickness: float = 0.0

    @property
    def dash(self):
        """``"solid"``, ``"dashed"``, ``"dotted"`` or ``"dash-dotted"``."""
        return self.pattern.kind


def find_legend(px, words):
    """Labels with a stroke of colour to their left; where they have none, with a square or disc there, or a stroke to their right.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word

    Returns
    -------
    tuple of LegendEntry
    """
    able = [word for word in words if _may_label(word)]
    entries, bare = [], []
    for word in able:
        key = _key_of(px, word, word.box, words)
        if key is None:
            bare.append(word)
        else:
            entries.append(_entry(px, key, on_the_line(word, words)))
    bare = [word for word in bare if not any(entry.text.contains(*word.box.centre) for entry in entries)]
    pairs = _two_lines_to_a_key(px, bare, words)
    taken = [word for pair in pairs for word in pair[1]]
    entries += [_entry(px, key, pair) for key, pair in pairs]
    short = [entry for word in bare if not any(word is other for other in taken) and (entry := _short_entry(px, word, entries, words)) is not None]
    taken += [word for word in bare if any(entry.text.contains(*word.box.centre) for entry in short)]
    entries += short
    entries = [entry for entry in entries if not is_band(px, entry.text, entry.lab)]
    entries += passed_over(px, words, entries)
    entries = keys_in_columns(px, entries)
    left = [word for word in bare if not any(word is other for other in taken)]
    other = _entries_of_other_keys(px, able, left, words, is_lone=len(entries) < _FEW)
    taken += [word for word in left if any(entry.text.contains(*word.box.centre) for entry in other)]
    entries += other
    entries = [entry for entry in entries if not any(_is_upon(entry.text, other.key) for other in entries)]
    odd = [_is_odd(px, entry) for entry in entries]
    entries = [
        entry
        for entry, strange in zip(entries, odd, strict=True)
        if not strange or any(are_a_pair(entry, other) for other in entries if other is not entry)
    ]
    bare = [word for word in bare if not any(word is other for other in taken)]
    return _without_censored(tuple(_continued(entry, entries, bare) for entry in entries))


def passed_over(px, words, entries):
    """Entries that a column of others leaves room for, whose labels were passed over.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
    entries : sequence of LegendEntry

    Returns
    -------
    list of LegendEntry
    """
    read = [(word, key) for word, key in unread_labels(px, entries) if _may_label(word) and not _is_written(key.box, words)]
    return [_entry(px, key, [word]) for word, key in read]


def _without_censored(entries):
    """Entries without those of an arm's censored patients, ``A-censored`` beside ``A``; where that alone was seen, it tells of the arm."""
    arms = [_CENSORED.sub("", entry.label) for entry in entries]
    plain = [entry for entry, arm in zip(entries, arms, strict=True) if arm == entry.label]
    told = [
        replace(entry, label=arm)
        for entry, arm in zip(entries, arms, strict=True)
        if arm and arm != entry.label and not any(arm == other.label and are_in_line(entry, other) for other in plain)
    ]
    return (*plain, *told)


def _may_label(word):
    return not _is_upright(word) and word.confidence >= 0.5 and is_label(word.text)


def _entries_of_other_keys(px, able, left, words, *, is_lone):
    """Entries of the words `left` without a stroke before them, by a swatch there or, where hardly any other word has a stroke, one behind them."""
    found = [*find_swatches(px, able), *(find_keys_behind(px, left) if is_lone else ())]
    return [_entry(px, key, on_the_line(word, words)) for key, word in found if any(word is other for other in left) and not _is_written(key.box, words)]


def _is_upright(word):
    """Whether a word runs upwards, or signs below each other were read as one; one or two signs are higher than wide anyway."""
    return word.vertical and (len(word.text) > 2 or word.box.height > _STACKED * word.box.width)


def _key_of(px, word, box, words, **how):
    """The key left of a word, or of the place `box`; None where there is none, or where a word is taken for one."""
    key = find_key(px, box, [other.box for other in words if other is not word and _is_sure(other)], **how)
    return None if key is None or _is_written(key.box, words) else key


def _short_entry(px, word, entries, words):
    """The entry of a word beside a single dash, as a long pattern leaves it in a key, in line with others whose keys are level with it; or None."""
    key = _key_of(px, word, word.box, words, least=_SINGLE_DASH)
    if key is None:
        return None
    entry = _entry(px, key, on_the_line(word, words))
    level, thickness = entry.key.centre[1] - entry.text.centre[1], entry.key.height
    alike = [
        other
        for other in entries
        if are_in_line(entry, other)
        and abs(other.key.centre[1] - other.text.centre[1] - level) <= _LEVEL_PX
        and abs(other.key.height - thickness) <= _THICKER_PX
        and other.key.width >= entry.key.width
    ]
    return entry if len(alike) > 1 and not entry.hanging else None


def _is_upon(text, key):
    """Whether a text is a mark upon a key."""
    return key.left < text.left and text.right < key.right and text.top < key.centre[1] < text.bottom


def _is_odd(px, entry):
    """Whether the text has a colour that its key has not: a name beside a curve whose end has marks of their own colour."""
    text = text_colour(px, entry.text)
    return bool(np.hypot(*text[1:]) > _KEY_LAB and colour_unlikeness(text, entry.lab) > _KEY_LAB)


def _entry(px, key, words):
    whole = as_one(words)
    label = whole.text.lstrip(NO_BEGINNING)
    return LegendEntry(label.rstrip(": ") or label, key.lab, key.pattern, key.box, whole.box, whole.confidence, _is_hanging(px, key, whole.box.height), key.thickness)


def _is_hanging(px, key, height):
    """Whether ink of a key's colour leads on from it, to the left or beyond the text beside it, as a curve's does; not its own ground, as of a band."""
    box, reach = key.box, int(height)
    top, left = max(int(box.top) - reach, 0), max(int(box.left) - reach, 0)
    lab = to_lab(px[top : int(box.bottom) + reach + 1, left : int(box.right) + 1])
    near = min(_KEY_LAB, 0.5 * np.linalg.norm(commonest_colour(lab) - key.lab))
    _, pieces = cv2.connectedComponents((np.linalg.norm(lab - key.lab, axis=2) < near).astype(np.uint8), connectivity=8)
    own = np.unique(pieces[int(box.top) - top : int(box.bottom) - top + 1, int(box.left) - left :])
    joined = np.isin(pieces, own[own > 0])
    columns, rows = np.flatnonzero(joined.any(axis=0)), np.flatnonzero(_without_marks(joined, 0.25 * height).any(axis=1))
    up_or_down = len(rows) and max(box.top - top - rows[0], rows[-1] + top - box.bottom) > 0.5 * height
    return bool(up_or_down or (len(columns) and columns[0] + left < box.left - 2))


def _without_marks(ink, far):
    """Ink without the columns that reach far both above and below its fullest row: marks upon a stroke do, what leads on from its end goes one way."""
    rows, middle = np.arange(len(ink))[:, None], int(ink.sum(axis=1).argmax())
    above, below = middle - np.where(ink, rows, len(ink)).min(axis=0), np.where(ink, rows, -1).max(axis=0) - middle
    return ink & ~(np.minimum(above, below) > far)


def as_one(words):
    """Words as one, as sure as the least sure of them; with blanks between, but after a dash that ends one as in ``4-`` ``9``.

    Parameters
    ----------
    words : sequence of Word

    Returns
    -------
    Word
    """
    text = re.sub(r"(?<=\w[-–/]) (?=\w)", "", " ".join(word.text for word in words))
    confidence = min(word.confidence for word in words)
    return Word(text, around([word.box for word in words]), confidence, words[0].vertical, all(word.exact for word in words))


def _follows(upper, lower):
    """Whether one line of text stands close below another and begins where that does."""
    height = min(upper.height, lower.height)
    alike = max(upper.height, lower.height) < 1.4 * height
    close = -0.35 * height < lower.top - upper.bottom < 0.4 * height
    return alike and close and abs(lower.left - upper.left) < 0.5 * height


def _is_worded(word):
    return any(character.isalpha() for character in word.text)


def _two_lines_to_a_key(px, bare, words):
    """Labels of two lines with their key between: pairs of a key and the two words."""
    pairs = []
    for upper in bare:
        for lower in bare:
            if upper is lower or not _follows(upper.box, lower.box) or not (_is_worded(upper) and _is_worded(lower)):
                continue
            if not are_of_one_colour(px, upper.box, lower.box):
                continue
            middle, height = (upper.box.centre[1] + lower.box.centre[1]) / 2, upper.box.height
            both = around([upper.box, lower.box])
            place = Box(both.left, middle - height / 2, both.right, middle + height / 2)
            key = _key_of(px, upper, place, [word for word in words if word is not lower])
            if key is not None:
                pairs.append((key, (upper, lower)))
    return pairs


def _continued(entry, entries, bare):
    """An entry with the line below it that has no key, where that is nearer than the next entry would be."""
    column = sorted(other.text.centre[1] for other in entries if abs(other.text.left - entry.text.left) < 0.5 * entry.text.height)
    for word in bare if len(column) > 1 else ():
        apart = word.box.centre[1] - entry.text.centre[1]
        if _follows(entry.text, word.box) and apart < _LINE_TO_PITCH * float(np.diff(column).min()):
            confidence = min(entry.confidence, word.confidence)
            return replace(entry, label=f"{entry.label} {word.text}", text=around([entry.text, word.box]), confidence=confidence)
    return entry


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
        Words that hold a stroke longer than they are high are cut there, and their parts are read again, but for what
        another word holds too.
    """
    parts = []
    for word in words:
        strokes = [] if word.vertical or word.box.width < 2 * word.box.height else _strokes_within(px, word.box)
        pieces = _pieces(px, word, strokes) if strokes else [_without_coloured_lead(px, word)]
        parts.extend(piece for piece in pieces if not strokes or not any(other.box.contains(*piece.box.centre) for other in words if other is not word))
    return tuple(parts)


def _without_coloured_lead(px, word):
    """A word without the end of a coloured key before its black text, read again; as it is where there is none, or where that is as long as a name."""
    box = word.box
    if word.vertical or box.width < 1.5 * box.height or not any(character.isalnum() for character in word.text):
        return word
    left = max(int(box.left), 0)
    lab = to_lab(px[max(int(box.top), 0) : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1])
    depth = np.linalg.norm(lab - commonest_colour(lab), axis=2)
    inked = np.flatnonzero((depth > 20).any(axis=0))
    breaks = np.flatnonzero(np.diff(inked) > max(0.2 * box.height, 2))
    if not len(breaks):
        return word
    lead, rest = inked[: breaks[0] + 1], inked[breaks[0] + 1 :]
    if lead[-1] - lead[0] > _LONGEST_LEAD * box.height:
        return word
    colours = [lab[:, part][depth[:, part] > 0.6 * depth[:, part].max()] for part in (lead, rest)]
    first, other = (np.median(colour, axis=0) for colour in colours)
    if np.hypot(*first[1:]) < _KEY_LAB or np.hypot(*other[1:]) > 0.5 * _KEY_LAB or np.linalg.norm(first - other) < _KEY_LAB:
        return word
    inner = Box(left + rest[0] - 2, box.top, box.right, box.bottom)
    read = read_line(px, inner)
    return Word(read.text, inner, read.confidence) if any(character.isalnum() for character in read.text) else word


def _strokes_within(px, box):
    """First and last column, in the figure, of level strokes inside a word's box: long ones, and short ones that stand apart."""
    left = max(int(box.left), 0)
    lab = to_lab(px[max(int(box.top), 0) : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1])
    ink = np.linalg.norm(lab - commonest_colour(lab), axis=2) > _LEAST_CONTRAST
    ink[ink.mean(axis=1) > _THROUGH_SHARE] = False
    ink[:, ink.mean(axis=0) > _THROUGH_SHARE] = False
    middle, tall = ink.shape[0] / 2, float(np.count_nonzero(ink.any(axis=1)))
    height = min(0.75 * box.height, _LETTERS_TO_INK * tall)
    rows, inked = np.arange(ink.shape[0])[:, None], ink.any(axis=0)
    first = np.where(inked, np.where(ink, rows, ink.shape[0]).min(axis=0), -1)
    last = np.where(ink, rows, -1).max(axis=0)
    level = (np.abs((first + last) / 2 - middle) < 0.3 * height) & (ink.sum(axis=0) == last - first + 1)
    thin = inked & level & (last - first + 1 <= max(0.35 * height, 2))
    runs = _joined(_thin_runs(thin, inked, (first + last) / 2, height), height)
    letters = np.flatnonzero(inked & ~thin)
    return [(left + a, left + b) for a, b, long in runs if long >= 1.25 * height or _stands_apart((a, b), long, letters, (box, tall))]


def _stands_apart(stroke, long, letters, sizes):
    """Whether a stroke lies in a gap between letters that is wider than one around a dash, since a key has its own blanks.

    `letters` are the columns of taller ink, `sizes` the box of the word and the height of its ink.
    """
    (first, last), (box, tall) = stroke, sizes
    before = letters[letters < first].max(initial=-0.5 * box.height)
    after = letters[letters > last].min(initial=box.width + 0.5 * box.height)
    free = min(first - before, after - last) > _LEAST_BLANK_PX
    return bool(free and after - before - 1 >= max(box.height, _GAP_HEIGHTS * tall) and long >= _STROKE_HEIGHTS * tall)


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
    """Whether a text can name an arm: it holds a letter or is a bare code, and is no statistic; of ideographs, several that are no mere strokes."""
    plain = text.lower().strip("=+-– ")
    if re.fullmatch(r"[pn]?\s*[=<>]?\s*[\d.,·]*[.,·][\d.,·]*\s*%?", plain) or plain in ("n", "p") or re.match(r"9\d\s*%\s*c", plain):
        return False
    if any(plain.startswith(start) or f" {start}" in plain for start in _NO_LABELS):
        return False
    letters = [character for character in plain if character.isalnum()]
    if len(letters) > _MOST_TENS and set(plain) <= set("x×+| "):
        return False
    ideographs = [character for character in letters if ord(character) >= _FIRST_IDEOGRAPH]
    return len(ideographs) < len(letters) or len(set(ideographs) - _STROKES) > 1


def on_the_line(word, words):
    """A word and those that go on after it on the same line, without a key between.

    Parameters
    ----------
    word : Word
    words : iterable of Word

    Returns
    -------
    list of Word
    """
    line, label, box = [word], word.text, word.box
    height = box.height
    for other in sorted(words, key=lambda other: other.box.left):
        gap = other.box.left - box.right
        beside = -0.3 * height < gap < 0.45 * height and abs(other.box.centre[1] - box.centre[1]) < 0.3 * height
        if other is word or _is_upright(other) or not beside or label.endswith(":"):
            continue
        if other.confidence >= 0.5 and is_label(other.text):
            line.append(other)
            label, box = f"{label} {other.text}", other.box
    return line
