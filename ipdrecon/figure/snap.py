"""A rough stroke drawn by hand, laid upon the ink beneath it.

Examples
--------
>>> px = np.full((60, 120, 3), 255, np.uint8)
>>> px[20:22, 10:60] = px[20:41, 58:60] = px[39:41, 58:110] = (200, 0, 0)
>>> snapped = snap_stroke(px, [(12, 24), (55, 23), (62, 37), (100, 38)], colour=(200, 0, 0))
>>> snapped.points.round(1).tolist(), round(snapped.share, 2)
([[12.0, 20.5], [58.5, 39.5], [100.0, 39.5]], 1.0)
"""

from dataclasses import dataclass, field

import numpy as np

from ipdrecon.errors import EditError
from ipdrecon.figure.colour import distance, lab_of, rest_of_paper, to_lab
from ipdrecon.figure.path import find_path
from ipdrecon.figure.trace import ink_edges, steps

REACH_PX = 12.0
_LEAST_CONTRAST = 14.0
_OWN_LAB = 45.0
_LEAST_SHARE = 0.2
_MARGIN_PX = 2
_MOST_REACH_PX = 60.0
_RISE_PX = 2.0


@dataclass(frozen=True)
class Snapped:
    """A stretch of a curve as its ink shows it.

    Attributes
    ----------
    points : ndarray, shape (n_points, 2)
        In px of the figure, from left to right: the start, then one for each step, then the end; each is the level from
        there on.
    share : float
        Of the stroke's columns, those in which there was ink.
    """

    points: np.ndarray = field(repr=False)
    share: float


def snap_stroke(px, stroke, *, colour=None, reach=REACH_PX):
    """Follow the ink under a stroke, which goes down from left to right as survival does, or up as incidence does.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    stroke : sequence of (float, float)
        Its points in px, in either direction.
    colour : tuple of int, optional
        Red, green and blue of the curve's ink; any ink by default.
    reach : float
        How far from the stroke, in px up and down, ink is sought.

    Returns
    -------
    Snapped

    Raises
    ------
    EditError
        When the stroke is no stretch of the figure, or has hardly any ink beneath it.
    """
    columns, centre = _course(px, stroke)
    reach = float(np.clip(reach, 2.0, _MOST_REACH_PX))
    top = max(int(centre.min() - reach) - _MARGIN_PX, 0)
    bottom = min(int(np.ceil(centre.max() + reach)) + _MARGIN_PX, len(px) - 1)
    own = _own_ink(px[top : bottom + 1, columns[0] : columns[-1] + 1], colour)
    rows = np.arange(len(own))[:, None] + top
    highest, lowest = _around(centre, int(np.ceil(reach)))
    own = np.where((rows >= highest - reach) & (rows <= lowest + reach), own, 0.0)
    share = float((own > 0.3).any(axis=0).mean())
    if share < _LEAST_SHARE:
        raise EditError(f"Only {share:.0%} of the stroke has ink within {reach:g} px; draw it nearer to the curve, or choose the arm whose colour it has.")
    rises = centre[-1] < centre[0] - _RISE_PX
    own = np.ascontiguousarray(own[::-1] if rises else own)
    column, row, end = _steps(own, share)
    row = len(own) - 1 - row if rises else row
    points = np.column_stack([np.append(column, end) + columns[0], np.append(row, row[-1]) + top])
    return Snapped(points, share)


def _course(px, stroke):
    """Columns under a stroke, and its row in each."""
    points = np.asarray(stroke, float)
    height, width = px.shape[:2]
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.isfinite(points).all():
        raise EditError(f"The stroke has the shape {points.shape}; expected two points [x, y] or more.")
    points = points[np.argsort(points[:, 0], kind="stable")]
    first, last = max(int(np.ceil(points[0, 0])), 0), min(int(points[-1, 0]), width - 1)
    if last - first < 3:
        raise EditError(f"The stroke goes from {points[0, 0]:g} to {points[-1, 0]:g} px, of a figure {width} px wide; draw it along the curve, 4 px or more.")
    columns = np.arange(first, last + 1)
    return columns, np.clip(np.interp(columns, *points.T), 0, height - 1)


def _around(centre, reach):
    """Highest and lowest row of the stroke within some columns of each."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(centre, reach, mode="edge"), 2 * reach + 1)
    return windows.min(axis=1), windows.max(axis=1)


def _own_ink(px, colour):
    """Coverage by ink of a colour, or by any ink, in [0, 1]."""
    lab, paper = to_lab(px), lab_of(tuple(int(level) for level in rest_of_paper(px)[0]))
    contrast = distance(lab, paper)
    if colour is None:
        return np.clip(contrast / max(float(np.quantile(contrast, 0.995)), _LEAST_CONTRAST), 0, 1)
    ink = lab_of(tuple(colour))
    whole = max(float(distance(ink, paper)), _LEAST_CONTRAST)
    mixed = np.clip(((lab - paper) @ (ink - paper)) / whole**2, 0, 1)
    off = distance(lab, paper + mixed[..., None] * (ink - paper))
    return np.where(off <= _OWN_LAB * np.clip(mixed, 0.4, 1), mixed, 0.0)


def _steps(own, share):
    """Column and row of each step along the best path through ink, and the last column."""
    inked = own > 0.3
    first = int(np.argmax(inked.any(axis=0)))
    nothing = np.zeros(own.shape, bool)
    starts = np.flatnonzero(inked[:, first])
    paths = [find_path(own, nothing, nothing, (first, row)) for row in _middles(starts)]
    path = max(paths, key=lambda one: one.score)
    edges = ink_edges(path, own, np.zeros(own.shape), nothing)
    column, row = steps(path, edges)
    end = own.shape[1] - 1.0
    begun = int(np.searchsorted(column, column[0] + edges.stroke + 1.0)) - 1
    within = slice(begun, max(int(np.searchsorted(column, end)), begun + 1))
    return np.append(0.0, column[within][1:]), row[within], end


def _middles(rows):
    """The middle of each run of rows."""
    return [int(run[len(run) // 2]) for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)]
