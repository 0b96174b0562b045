"""What the column of a legend tells of one entry: where a label was passed over, and which columns a key spans."""

from dataclasses import replace

import numpy as np

from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.keys import find_key
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box, Word

_LEAST_PITCH = 0.7  # of a label's box, which is higher than its letters
_ROOM_BETWEEN, _MOST_PITCH = 2.0, 4.0
_LONGEST_LABEL = 25.0
_WORD_GAP = 0.9
_SAME_PLACE_PX = 3.0
_INK_LAB = 20.0


def unread_labels(px, entries):
    """Read what stands beside keys of a column that no word was read for: between two entries, above the first, below the last.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    entries : sequence of LegendEntry
        Those found by their words.

    Returns
    -------
    list of tuple of (Word, Key)
    """
    found = []
    for column in _columns(entries):
        height = float(np.median([entry.text.height for entry in column]))
        for py in _open_places([entry.text.centre[1] for entry in column], height):
            taken = any(_is_at(entry.text, column[0].text.left, py, height) for entry in entries)
            read = None if taken else _read_beside(px, column, py, height)
            if read is not None:
                found.append(read)
    return found


def keys_in_columns(px, entries):
    """Entries with the keys that others below or above them show: where a curve runs into a key, it is read again in the columns of theirs.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    entries : sequence of LegendEntry

    Returns
    -------
    list of LegendEntry
    """
    return [_in_columns_of(px, entry, [other.key for other in entries if other is not entry and _begin_alike(entry, other)]) for entry in entries]


def _begin_alike(entry, other):
    """Whether two labels begin below each other, a few lines apart at most."""
    height = min(entry.text.height, other.text.height)
    apart = abs(entry.text.centre[1] - other.text.centre[1])
    return abs(entry.text.left - other.text.left) <= max(_SAME_PLACE_PX, 0.3 * height) and _LEAST_PITCH * height < apart < _MOST_PITCH * height


def _in_columns_of(px, entry, keys):
    """An entry with its key in the columns of other keys, if these are one length and it reaches beyond them on the left; as it is where none is there."""
    if not keys or np.ptp([key.left for key in keys]) > _SAME_PLACE_PX or np.ptp([key.right for key in keys]) > _SAME_PLACE_PX:
        return entry
    left, right = (float(np.median(side)) for side in zip(*((key.left, key.right) for key in keys), strict=True))
    if entry.key.left > left - _SAME_PLACE_PX or entry.key.right < right - _SAME_PLACE_PX:
        return entry
    key = _key_within(px, entry.text, (left, right))
    return entry if key is None else replace(entry, lab=key.lab, pattern=key.pattern, key=key.box)


def _key_within(px, text, span):
    """The key left of a text in the columns of other keys, whatever lies beside them; None where none spans these."""
    left, right = span
    beside = [Box(0.0, text.top, left - 1, text.bottom), Box(right + 1, text.top, text.left - 1, text.bottom)]
    key = find_key(px, text, beside)
    alike = key is not None and abs(key.box.left - left) <= _SAME_PLACE_PX and abs(key.box.right - right) <= _SAME_PLACE_PX
    return key if alike else None


def _is_at(box, left, py, height):
    """Whether a label stands at a place, however loosely its box was drawn."""
    return abs(box.centre[1] - py) < 0.6 * height and box.left < left + 2 * height and box.right > left - height


def _columns(entries):
    """Entries whose keys and labels stand below each other, from top to bottom; those alone are left out."""
    columns = []
    for entry in sorted(entries, key=lambda entry: entry.text.centre[1]):
        alike = (column for column in columns if _stand_below(column[-1], entry))
        column = next(alike, None)
        columns.append([entry]) if column is None else column.append(entry)
    return [column for column in columns if len(column) > 1]


def _stand_below(upper, lower):
    near = max(_SAME_PLACE_PX, 0.3 * upper.text.height)
    keys = abs(upper.key.left - lower.key.left) <= _SAME_PLACE_PX and abs(upper.key.right - lower.key.right) <= _SAME_PLACE_PX
    return keys and abs(upper.text.left - lower.text.left) <= near and lower.text.centre[1] - upper.text.centre[1] > _LEAST_PITCH * upper.text.height


def _open_places(heights, height):
    """Heights at which a label may be missing, given those of the others."""
    apart = np.diff(heights)
    pitch = float(apart.min())
    pitches = [pitch, pitch / 2] if len(heights) == 2 and pitch > _ROOM_BETWEEN * height else [pitch]
    places = []
    for one in pitches:
        if _LEAST_PITCH * height <= one <= _MOST_PITCH * height:
            places += [heights[0] - one, heights[-1] + one]
            places += [first + gap * k / round(gap / one) for first, gap in zip(heights, apart, strict=False) for k in range(1, round(gap / one))]
    return places


def _read_beside(px, column, py, height):
    """The word beside a key at some height that is as the others are, and the key; None where there is no such key or no word."""
    left = float(np.median([entry.text.left for entry in column]))
    place = Box(left, py - 0.5 * height, left + 2 * height, py + 0.5 * height)
    key = _key_within(px, place, (column[0].key.left, column[0].key.right))
    if key is None:
        return None
    box = _inked(px, key.box.right + 2, place, height)
    read = read_line(px, box) if box is not None else None
    return (Word(read.text, box, read.confidence), key) if read is not None and read.text else None


def _inked(px, first, place, height):
    """Around the ink from a column `first` on, up to a blank wider than those between words; None where it does not begin at a place."""
    left, right = int(np.ceil(max(place.left - 0.4 * height, first))), int(place.left + _LONGEST_LABEL * height)
    lab = to_lab(px[max(int(place.top), 0) : int(place.bottom) + 1, left:right])
    if min(lab.shape[:2]) < 2:
        return None
    inked = np.flatnonzero((np.linalg.norm(lab - commonest_colour(lab), axis=2) > _INK_LAB).any(axis=0))
    if not len(inked) or inked[0] > 1.2 * height:
        return None
    breaks = np.flatnonzero(np.diff(inked) > _WORD_GAP * height)
    last = inked[breaks[0]] if len(breaks) else inked[-1]
    margin = 0.2 * height
    return Box(max(left + inked[0] - margin, first), place.top - margin, left + last + margin, place.bottom + margin)
