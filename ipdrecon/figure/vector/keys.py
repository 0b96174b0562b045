"""Keys of a legend as the file draws them: their exact colour and dash."""

from dataclasses import replace

import numpy as np

from ipdrecon.figure.colour import lab_of
from ipdrecon.figure.dashes import DashPattern
from ipdrecon.figure.legend import LegendEntry, is_label
from ipdrecon.figure.names import are_in_line
from ipdrecon.model import Box

_DOT_WIDTHS = 2.2
_LONG_TO_SHORT = 2.0
_REACH_PX = 2.5
_MANY_STEPS = 5
_LEAST_COVER = 0.6
_MOST_COVER = 1.6


def dash_pattern(line, scale):
    """The pattern of a line whose dashes the file tells.

    Parameters
    ----------
    line : Line
    scale : float
        Px per point.

    Returns
    -------
    DashPattern
        In px.
    """
    lengths = np.asarray(line.dash * (2 if len(line.dash) % 2 else 1), float)
    strokes, gaps = lengths[::2], lengths[1::2]
    if not len(lengths) or gaps.max() <= 0:
        return DashPattern("solid")
    longest, gap = float(strokes.max()) * scale, float(np.median(gaps)) * scale
    if strokes.max() > _LONG_TO_SHORT * max(strokes.min(), 1e-9):
        return DashPattern("dash-dotted", longest, gap)
    return DashPattern("dotted" if strokes.max() <= _DOT_WIDTHS * line.width and gap >= 0.7 * longest else "dashed", longest, gap)


def exact_entries(legend, sheet, words):
    """Legend entries with the colour and the dash that the file gives their keys, and those with a line for a key that were not seen.

    Parameters
    ----------
    legend : tuple of LegendEntry
    sheet : Sheet
    words : tuple of Word

    Returns
    -------
    tuple of LegendEntry
    """
    entries = tuple(_exact(entry, sheet.part_of(entry.key)) for entry in legend)
    bare = [word for word in words if not word.vertical and is_label(word.text) and not any(entry.text.contains(*word.box.centre) for entry in entries)]
    found = [entry for word in bare if (entry := _drawn_entry(word, sheet.part_of(word.box)))]
    return entries + tuple(entry for entry in found if any(are_in_line(entry, other) for other in (*entries, *found) if other is not entry))


def _drawn_entry(word, part):
    """The entry of a word with a short level line to its left that has the look of a long one; None where there is none."""
    keys = [line for line in part.lines if line.is_level and _stands_before(line, word, part.scale)]
    if not keys:
        return None
    line = max(keys, key=lambda line: (line.width, line.order))
    if not _is_look_of_a_curve(line, [other for other in part.lines if _same_look(line, other)]):
        return None
    left, row, right = (edge * part.scale - 0.5 for edge in (line.box.left, line.box.top, line.box.right))
    half = max(0.5 * line.width * part.scale, 0.5)
    lab = lab_of(line.colour)
    return LegendEntry(word.text, lab, dash_pattern(line, part.scale), Box(left, row - half, right, row + half), word.box, word.confidence)


def _is_look_of_a_curve(line, alike):
    """Whether of lines that look as a key does one is long and not level, or many are level and many upright: a curve's steps."""
    long = any(other.box.width > 3 * line.box.width and not other.is_level for other in alike)
    return long or min(sum(other.is_level for other in alike), sum(other.is_upright for other in alike)) >= _MANY_STEPS


def _stands_before(line, word, scale):
    """Whether a line is as long as a key is, and ends a little left of a word, at the height of its middle."""
    height = word.box.height
    left, row, right = (edge * scale - 0.5 for edge in (line.box.left, line.box.top, line.box.right))
    level = abs(row - word.box.centre[1]) < 0.45 * height
    return level and 0 < word.box.left - right < 2.5 * height and 0.8 * height < right - left < 8 * height


def _same_look(line, other):
    return line.colour == other.colour and line.dash == other.dash and abs(line.width - other.width) < 0.05


def _exact(entry, part):
    lines = [line for line in part.lines if line.is_level and _is_key(line, entry.key, part.scale)]
    if not lines:
        return entry
    line = max(lines, key=lambda line: (line.width, line.order))
    lab = lab_of(line.colour)
    return replace(entry, lab=lab, pattern=dash_pattern(line, part.scale))


def _is_key(line, key, scale):
    """Whether a level line lies where a key was seen, and is about as long."""
    left, right = (edge * scale - 0.5 for edge in (line.box.left, line.box.right))
    row, half = line.box.top * scale - 0.5, 0.5 * line.width * scale
    level = key.top - _REACH_PX - half <= row <= key.bottom + _REACH_PX + half
    cover = min(right, key.right) - max(left, key.left)
    return level and cover > _LEAST_COVER * key.width and right - left < _MOST_COVER * key.width + 2 * _REACH_PX
