"""Labels of a legend that were passed over, such as those of one letter or digit: a key stands there, evenly with the others."""

import numpy as np

from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.keys import find_key
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box, Word

_LEAST_PITCH = 1.0
_MOST_PITCH = 4.0
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
    list of Word
    """
    found = []
    for column in _columns(entries):
        height = float(np.median([entry.text.height for entry in column]))
        for py in _open_places([entry.text.centre[1] for entry in column], height):
            taken = any(_is_at(entry.text, column[0].text.left, py, height) for entry in entries)
            word = None if taken else _read_beside(px, column, py, height)
            if word is not None:
                found.append(word)
    return found


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
    return keys and abs(upper.text.left - lower.text.left) <= near and lower.text.centre[1] - upper.text.centre[1] > upper.text.height


def _open_places(heights, height):
    """Heights at which a label may be missing, given those of the others."""
    apart = np.diff(heights)
    pitch = float(apart.min())
    if pitch > 2 * _LEAST_PITCH * height and len(heights) == 2:
        pitch /= 2
    if not _LEAST_PITCH * height <= pitch <= _MOST_PITCH * height:
        return []
    places = [heights[0] - pitch, heights[-1] + pitch]
    for first, gap in zip(heights, apart, strict=False):
        steps = round(gap / pitch)
        places += [first + gap * k / steps for k in range(1, steps)]
    return places


def _read_beside(px, column, py, height):
    """The word beside a key at some height that is as the others are; None where there is no such key or no word."""
    left = float(np.median([entry.text.left for entry in column]))
    place = Box(left, py - 0.5 * height, left + 2 * height, py + 0.5 * height)
    key = find_key(px, place)
    like = column[0].key
    if key is None or abs(key.box.left - like.left) > _SAME_PLACE_PX or abs(key.box.right - like.right) > _SAME_PLACE_PX:
        return None
    box = _inked(px, key.box.right + 2, place, height)
    read = read_line(px, box) if box is not None else None
    return Word(read.text, box, read.confidence) if read is not None and read.text else None


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
