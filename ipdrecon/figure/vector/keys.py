"""Keys of a legend as the file draws them: their exact colour and dash."""

from dataclasses import replace

import numpy as np

from ipdrecon.figure.colour import to_lab
from ipdrecon.figure.dashes import DashPattern

_DOT_WIDTHS = 2.2
_LONG_TO_SHORT = 2.0
_REACH_PX = 2.5
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


def exact_entries(legend, sheet):
    """Legend entries with the colour and the dash that the file gives their keys, where a line is drawn there.

    Parameters
    ----------
    legend : tuple of LegendEntry
    sheet : Sheet

    Returns
    -------
    tuple of LegendEntry
    """
    return tuple(_exact(entry, sheet.part_of(entry.key)) for entry in legend)


def _exact(entry, part):
    lines = [line for line in part.lines if line.is_level and _is_key(line, entry.key, part.scale)]
    if not lines:
        return entry
    line = max(lines, key=lambda line: (line.width, line.order))
    lab = to_lab(np.array([[line.colour]], np.uint8))[0, 0]
    return replace(entry, lab=lab, pattern=dash_pattern(line, part.scale))


def _is_key(line, key, scale):
    """Whether a level line lies where a key was seen, and is about as long."""
    left, right = (edge * scale - 0.5 for edge in (line.box.left, line.box.right))
    row, half = line.box.top * scale - 0.5, 0.5 * line.width * scale
    level = key.top - _REACH_PX - half <= row <= key.bottom + _REACH_PX + half
    cover = min(right, key.right) - max(left, key.left)
    return level and cover > _LEAST_COVER * key.width and right - left < _MOST_COVER * key.width + 2 * _REACH_PX
