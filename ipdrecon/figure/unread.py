"""Labels that the reader passed over, such as single digits: found by their keys, or at the ends of curves."""

import cv2
import numpy as np

from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.keys import find_key
from ipdrecon.figure.legend import LegendEntry, is_label
from ipdrecon.figure.text import read_lines
from ipdrecon.model import Box, Word

_LEAST_CONTRAST = 20.0
_LEAST_STEP = 45
_GROUND_SHARE = 0.04
_WIDEST_LABEL = 12
_LEAST_CONFIDENCE = 0.5
_MOST_KEYS = 60
_TALL = 1.8
_RULE, _RULE_SHARE = 2.0, 0.9


def find_unread(px, words, entries):
    """Labels beside keys that stand in a row or a column with others of their kind, where no word was read.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
    entries : tuple of LegendEntry
        Those found so far.

    Returns
    -------
    tuple of LegendEntry
    """
    level = [word for word in words if not word.vertical]
    if not level or all(word.exact for word in words):
        return ()
    height = float(np.median([word.box.height for word in level]))
    ink, free = _ink(px, words)
    found = [pair for box in _strokes(free, height) if (pair := _with_place(px, ink, box, level, height))]
    keys = [key.box for key, _ in found] + [entry.key for entry in entries]
    found = [pair for i, pair in enumerate(found) if any(_in_line(pair[0].box, other, height) for j, other in enumerate(keys) if j != i)]
    texts = read_lines(px, [place for _, place in found])
    return tuple(
        LegendEntry(read.text, key.lab, key.pattern, key.box, place, read.confidence)
        for (key, place), read in zip(found, texts, strict=True)
        if read.confidence >= _LEAST_CONFIDENCE and is_label(read.text)
    )


def _ink(px, words):
    """Where there is ink upon the large areas of a picture; and where that lies outside all words."""
    small = px[::2, ::2]
    codes = (small // 8).astype(np.int32) @ np.array([1024, 32, 1], np.int32)
    counts = np.bincount(codes.ravel())
    kinds = np.flatnonzero(counts)
    counts = counts[kinds]
    ink = np.ones(px.shape[:2], bool)
    for kind in kinds[counts >= min(_GROUND_SHARE * counts.sum(), counts.max())]:
        ground = np.median(small[codes == kind], axis=0)
        ink &= cv2.absdiff(px, np.broadcast_to(ground.astype(np.uint8), px.shape)).max(axis=2) > _LEAST_STEP
    free = ink.copy()
    for word in words:
        box = word.box
        free[max(int(box.top), 0) : int(np.ceil(box.bottom)) + 1, max(int(box.left), 0) : int(np.ceil(box.right)) + 1] = False
    return ink, free


def _strokes(free, height):
    """Boxes of ink that is level, short and apart, as a key is; the gaps of a dashed one are bridged, frames left out."""
    rules = cv2.morphologyEx(free.astype(np.uint8), cv2.MORPH_OPEN, np.ones((int(_RULE * height) + 1, 1), np.uint8))
    bridge = np.ones((1, 2 * int(0.3 * height) + 1), np.uint8)
    joined = cv2.morphologyEx((free & (rules == 0)).astype(np.uint8), cv2.MORPH_CLOSE, bridge)
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    keep = (stats[:, 2] >= height) & (stats[:, 2] <= 6 * height) & (stats[:, 3] <= 0.9 * height) & (stats[:, 2] > 1.5 * stats[:, 3])
    boxes = [Box(float(left), float(top), float(left + wide - 1), float(top + high - 1)) for left, top, wide, high, _ in stats[keep]]
    return boxes if len(boxes) <= _MOST_KEYS else []


def _with_place(px, ink, box, words, height):
    """A key and the place of the text beside it that no word covers; None where there is no such text, or no such key."""
    middle, first = box.centre[1], int(box.right) + 2
    top = max(int(middle - 0.75 * height), 0)
    part = _without_rules(ink[top : int(np.ceil(middle + 0.75 * height)) + 1, first : first + int((_WIDEST_LABEL + 2) * height)])
    band = part[max(int(middle - 0.35 * height) - top, 0) : int(middle + 0.35 * height) - top + 1]
    at = np.flatnonzero(band.any(axis=0))
    if not len(at) or not 0.1 * height <= at[0] <= 1.6 * height:
        return None
    breaks = np.flatnonzero(np.diff(at) > 0.7 * height)
    last = at[breaks[0]] if len(breaks) else at[-1]
    rows = _rows_around(part[:, at[0] : last + 1].any(axis=1), middle - top)
    if last - at[0] > _WIDEST_LABEL * height or not 0.35 * height < len(rows) < 1.3 * height or rows[0] == 0 or rows[-1] == len(part) - 1:
        return None
    pad, begin = 0.25 * height, int(np.flatnonzero(part[rows[0] : rows[-1] + 1].any(axis=0))[0])
    place = Box(first + begin - pad, top + rows[0] - pad, first + last + pad, top + rows[-1] + pad)
    if any(_covers(word.box, place, height) for word in words):
        return None
    key = find_key(px, Box(first + max(begin - 0.15 * height, 0), middle - height / 2, first + last, middle + height / 2))
    return (key, place) if key is not None and abs(key.box.right - box.right) < 0.3 * height else None


def _without_rules(part):
    """Ink without what runs through from top to bottom, which is taller than a line of text: the frame of a legend."""
    return part & (part.mean(axis=0, keepdims=True) <= _RULE_SHARE)


def _rows_around(inked, middle):
    """The run of inked rows nearest to the middle."""
    runs = np.split(np.flatnonzero(inked), np.flatnonzero(np.diff(np.flatnonzero(inked)) > 1) + 1)
    return min(runs, key=lambda run: abs(run.mean() - middle))


def _covers(word, place, height):
    """Whether a word was read at a place; digits that stand above each other may have been read as one upright word."""
    return word.height < _TALL * height and (word.contains(*place.centre) or place.contains(*word.centre))


def _in_line(key, other, height):
    """Whether two keys are of one length and stand above each other, or beside each other."""
    if abs(key.width - other.width) > max(0.12 * key.width, 2):
        return False
    column = abs(key.left - other.left) <= 2 and 0.8 * height < abs(key.centre[1] - other.centre[1]) < 8 * height
    row = abs(key.centre[1] - other.centre[1]) <= 2 and abs(key.left - other.left) > key.width
    return column or row


def find_unread_at_ends(px, words, ends):
    """Text right of the ends of curves where no word was read.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
    ends : sequence of tuple of float
        Where curves end, in px of the figure.

    Returns
    -------
    tuple of Word
    """
    level = [word.box.height for word in words if not word.vertical]
    if not level:
        return ()
    height = float(np.median(level))
    places = dict.fromkeys(place for end in ends for place in _blobs_right_of(px, end, height))
    places = [place for place in places if not any(_is_part(place, other) for other in places)]
    free = [place for place in places if not any(_covers(word.box, place, height) for word in words)]
    read = read_lines(px, free)
    read = [Word(word.text.strip(" |-–—:."), word.box, word.confidence) for word in read]
    return tuple(word for word in read if word.confidence >= _LEAST_CONFIDENCE and is_label(word.text))


def _is_part(place, other):
    return other.width > place.width and other.contains(*place.centre)


def _blobs_right_of(px, end, height):
    """Places of what has the size of a line of text, beginning within three heights of a point; lines through are left out."""
    left, top = max(int(end[0]) + 2, 0), max(int(end[1] - 2.5 * height), 0)
    crop = px[top : int(end[1] + 2.5 * height) + 1, left : left + int((_WIDEST_LABEL + 3) * height)]
    if min(crop.shape[:2]) < height:
        return []
    lab = to_lab(crop)
    ink = np.linalg.norm(lab - commonest_colour(lab), axis=2) > _LEAST_CONTRAST
    ink[:, ink.mean(axis=0) > 0.9] = False
    ink[ink.mean(axis=1) > 0.9] = False
    joined = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 2 * int(0.35 * height) + 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    pad, boxes = 0.2 * height, []
    for first, above, wide, high, _ in stats[1:]:
        inside = above > 0 and above + high < len(ink) and first + wide < ink.shape[1]
        if inside and first < 3 * height and 0.35 * height < high < 1.3 * height and 0.15 * height < wide:
            boxes.append(Box(float(left + first - pad), float(top + above - pad), float(left + first + wide + pad), float(top + above + high + pad)))
    return boxes
