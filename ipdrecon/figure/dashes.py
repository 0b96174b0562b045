"""Dash patterns: how long the strokes and the gaps of a line are."""

from dataclasses import dataclass

import cv2
import numpy as np

_SOLID_SHARE = 0.93
_LEAST_GAP_PX = 2
_LEAST_STROKES = 3
_LONG_TO_SHORT = 2.0
_ALTERNATE_SHARE = 0.6
_DOT_WIDTHS = 2.2


@dataclass(frozen=True)
class DashPattern:
    """The pattern of a line.

    Attributes
    ----------
    kind : {"solid", "dashed", "dotted", "dash-dotted"}
    stroke, gap : float
        Median length in px of the (longer) strokes and of the gaps; 0 where too few were seen whole.
    """

    kind: str
    stroke: float = 0.0
    gap: float = 0.0

    def unlike(self, other):
        """How unlike another pattern is, from 0 (the same) to 1 (unbroken and broken)."""
        if self.kind != other.kind:
            return 1.0 if "solid" in (self.kind, other.kind) else 0.7
        if not (self.stroke and other.stroke and self.gap and other.gap):
            return 0.0
        period = np.log2((self.stroke + self.gap) / (other.stroke + other.gap))
        duty = self.stroke / (self.stroke + self.gap) - other.stroke / (other.stroke + other.gap)
        return float(min(0.25 * abs(period) + 0.5 * abs(duty), 0.5))


def pattern_of(inked, width, *, known=None, begins=False):
    """The pattern along a line.

    Parameters
    ----------
    inked : ndarray of bool, shape (n_px,)
        Whether there is ink, pixel by pixel along the line.
    width : float
        Line width in px: what is no longer than about two widths is a dot.
    known : ndarray of bool, shape (n_px,), optional
        Where the line can be seen; everywhere by default.
    begins : bool
        Whether the line begins with a whole stroke, as that of a legend's key does.

    Returns
    -------
    DashPattern
    """
    inked = np.asarray(inked, bool)
    known = np.ones(len(inked), bool) if known is None else np.asarray(known, bool)
    if not known.any() or inked[known].mean() > _SOLID_SHARE:
        return DashPattern("solid")
    strokes, gaps = _whole_runs(inked, known, begins)
    least = 1 if begins else _LEAST_STROKES
    if len(strokes) < least or len(gaps) < least:
        return DashPattern("dashed")
    gap = float(np.median(gaps))
    long, short = _long_and_short(strokes)
    if short:
        return DashPattern("dash-dotted", long, gap)
    stroke = float(np.median(strokes))
    dots = stroke <= max(_DOT_WIDTHS * width, 2.0) and gap >= 0.7 * stroke
    return DashPattern("dotted" if dots else "dashed", stroke, gap)


def pattern_along(path, own, others, width):
    """The pattern of a curve along its path; what other ink hides tells nothing.

    Parameters
    ----------
    path : Path
    own, others : ndarray, shape (height, width)
        Coverage by the curve's own ink and by other ink.
    width : float
        Line width in px.

    Returns
    -------
    DashPattern
    """
    if path.own > _SOLID_SHARE * max(path.own + path.bare, 1):
        return DashPattern("solid")
    rows, columns = path.pixels()
    inked = cv2.dilate(own, np.ones((3, 1), np.uint8))[rows, columns] > 0.3
    pattern = pattern_of(inked, width, known=inked | (others[rows, columns] <= 0.3))
    return pattern if pattern.kind != "solid" else DashPattern("dashed")


def _whole_runs(inked, known, begins):
    """Lengths of the strokes and of the gaps that are seen from end to end; flaws of a pixel are bridged."""
    state = np.where(known, inked.astype(int), -1)
    edges = np.flatnonzero(np.diff(state)) + 1
    runs = [[int(state[first]), last - first] for first, last in zip([0, *edges], [*edges, len(state)], strict=True)]
    merged = []
    for i, (value, length) in enumerate(runs):
        flaw = value == 0 and length < _LEAST_GAP_PX and 0 < i < len(runs) - 1 and merged[-1][0] == 1
        if merged and (merged[-1][0] == value or flaw):
            merged[-1][1] += length
        else:
            merged.append([value, length])
    whole = [
        (merged[i][0], merged[i][1])
        for i in range(len(merged))
        if (i > 0 and merged[i - 1][0] >= 0 or i == 0 and begins) and i + 1 < len(merged) and merged[i + 1][0] >= 0
    ]
    return [length for value, length in whole if value == 1], [length for value, length in whole if value == 0]


def _long_and_short(strokes):
    """Median of the long and of the short strokes where they take turns; zeros where all are of one kind."""
    strokes = np.asarray(strokes, float)
    if len(strokes) < 2:
        return 0.0, 0.0
    cut = np.sqrt(np.quantile(strokes, 0.15) * np.quantile(strokes, 0.85))
    long = strokes > cut
    turns = (long[1:] != long[:-1]).mean()
    if long.all() or not long.any() or turns < _ALTERNATE_SHARE:
        return 0.0, 0.0
    pair = float(np.median(strokes[long])), float(np.median(strokes[~long]))
    return pair if pair[0] >= _LONG_TO_SHORT * pair[1] else (0.0, 0.0)
