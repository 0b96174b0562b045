"""Tick marks and gridlines along an axis, to a fraction of a pixel.

Everything here looks along a horizontal axis; for a vertical one pass the turned picture (`edges.turned`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from ipdrecon.figure.colour import median_down

_LEAST_INK_LEVELS = 10.0
_STRIP_PX = 2


@dataclass(frozen=True)
class Ticks:
    """Marks of one kind along an axis.

    Attributes
    ----------
    kind : {"outside", "inside", "grid"}
    place : ndarray, shape (n_ticks,)
        Their centres in px, increasing.
    """

    kind: str
    place: np.ndarray


def find_ticks(px, edges, box_rows, columns):
    """Tick marks outside and inside an axis line, and gridlines across the box.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    edges : sequence of Edge
        Lines that may carry tick marks: the axis line, and the line nearest to the labels.
    box_rows : tuple of float
        First and last row of the plotting box, for gridlines.
    columns : tuple of float
        First and last column of the plotting box.

    Returns
    -------
    tuple of Ticks
        Kinds without any mark are left out. Marks inside the box come twice, with and without the places where a frame
        would stand out so much that they look faint beside it.
    """
    left, right = max(int(columns[0]) - 3, 0), min(int(np.ceil(columns[1])) + 3, px.shape[1] - 1)
    within = left + 6, right - 6
    grid = _grid_level(px, box_rows, left, right)
    found = []
    for edge in edges:
        found.append(("outside", left, _strip_ink(px, edge.outer, -edge.inwards, left, right)))
        found += [("inside", ends[0], _strip_ink(px, edge.inner, edge.inwards, *ends)) for ends in ((left, right), within)]
    if grid is not None:
        found += [("grid", first, _grid_ink(grid[first - left : last - left + 1])) for first, last in ((left, right), within)]
    ticks = [Ticks(kind, first + _peaks(ink)) for kind, first, ink in found if ink is not None]
    return tuple(tick for tick in ticks if len(tick.place))


def _strip_ink(px, row, outwards, left, right):
    """Ink of each column in the few rows beside an axis line, against the ground of those rows."""
    rows = row + outwards * np.arange(1, _STRIP_PX + 1)
    rows = rows[(rows >= 0) & (rows < px.shape[0])]
    if not len(rows):
        return None
    strip = px[rows, left : right + 1].astype(float)
    ground = np.median(strip, axis=1, keepdims=True)
    return np.abs(strip - ground).max(axis=2).mean(axis=0)


def _grid_level(px, box_rows, left, right):
    """Colour that most rows of the box share, column by column; None where the box has few rows."""
    top, bottom = max(int(box_rows[0]) + 3, 0), min(int(box_rows[1]) - 3, px.shape[0] - 1)
    return None if bottom - top < 10 else median_down(px[top : bottom + 1, left : right + 1])


def _grid_ink(level):
    """Ink that most rows of the box share, against the ground beside it: vertical gridlines, not curves."""
    width = int(np.clip((len(level) - 1) // 25, 11, 61)) | 1
    ground = np.column_stack([median_filter(level[:, channel], width, mode="nearest") for channel in range(3)])
    return np.abs(level - ground).max(axis=1)


def _peaks(ink):
    """Centres of mass of the narrow peaks of a profile."""
    if not len(ink) or ink.max() < _LEAST_INK_LEVELS / 2:
        return np.empty(0)
    high = np.percentile(ink, 99.5) if len(ink) > 200 else ink.max()
    above = np.concatenate(([False], ink > max(_LEAST_INK_LEVELS / 2, 0.3 * high), [False]))
    starts, ends = np.flatnonzero(above[1:] & ~above[:-1]), np.flatnonzero(~above[1:] & above[:-1])
    widest = max(0.03 * len(ink), 6)
    return np.array([_centre(ink, start, end) for start, end in zip(starts, ends, strict=True) if end - start <= widest])


def _centre(ink, start, end):
    first, last = max(start - 1, 0), min(end + 1, len(ink))
    weight = ink[first:last]
    return float((np.arange(first, last) * weight).sum() / weight.sum())


@dataclass(frozen=True)
class TickFit:
    """A straight scale through ticks: ``value = intercept + slope * px``.

    Attributes
    ----------
    place, value : ndarray, shape (n_ticks,)
        Ticks used, in px and in axis units.
    slope, intercept, residual_px : float
        The residual is the root mean square distance in px.
    kind : {"outside", "inside", "grid", "labels"}
    """

    place: np.ndarray
    value: np.ndarray
    slope: float
    intercept: float
    residual_px: float
    kind: str

    def to_px(self, value):
        """Place in px of values (any shape)."""
        return (np.asarray(value, float) - self.intercept) / self.slope


def fit_ticks(run, ticks, columns):
    """Give the values of a run of labels to the marks they stand beside, and fit a straight scale by least squares.

    Marks between the labels that lie on their grid take part too. The kind of mark with the most labels and the least
    residual wins; the centres of the labels themselves are the last resort.

    Parameters
    ----------
    run : LabelRun
    ticks : sequence of Ticks
    columns : tuple of float
        Ends of the axis in px.

    Returns
    -------
    TickFit
    """
    fits = [fit for fit in (_fit_kind(run, kind, columns) for kind in ticks) if fit is not None]
    if not fits:
        return _least_squares(run.place, np.array(run.values), "labels")
    most = max(_labelled(fit, run) for fit in fits)
    near = [fit for fit in fits if _labelled(fit, run) >= max(0.75 * most, 2)]
    best = min(near, key=lambda fit: (max(fit.residual_px, 0.35), -_labelled(fit, run), -len(fit.place)))
    return best if best.residual_px < 0.5 * run.height else _least_squares(run.place, np.array(run.values), "labels")


def _grid_values(values, step, ends):
    """Values of the labels and of unlabelled marks in step with them; none below zero where no label is."""
    first = max(ends[0], min(values.min(), 0.0))
    turns = np.arange(np.ceil((first - values[0]) / step - 1e-6), np.floor((ends[1] - values[0]) / step + 1e-6) + 1)
    return np.unique(np.round(np.concatenate((values, values[0] + turns * step)), 9))


def _labelled(fit, run):
    return int(np.isin(np.round(fit.value, 9), np.round(run.values, 9)).sum())


def _fit_kind(run, ticks, columns):
    spacing = abs(run.step / run.slope)
    tolerance = min(max(0.5 * run.height, 3.0), 0.3 * spacing)
    values = np.array(run.values)
    shift = _common_shift(run.to_px(values), ticks.place, tolerance)
    place, value = _matched(values, run.to_px(values) + shift, ticks.place, tolerance / 2)
    if len(place) < max(2, 0.6 * len(values)):
        return None
    fit = _without_strays(place, value, ticks.kind)
    grid = _grid_values(values, run.step, sorted(fit.intercept + fit.slope * column for column in (columns[0] - 4, columns[1] + 4)))
    place, value = _matched(grid, fit.to_px(grid), ticks.place, 1.0)
    refined = _least_squares(place, value, ticks.kind) if len(place) >= 2 else fit
    return refined if len(refined.place) >= len(fit.place) else fit


def _common_shift(expected, place, tolerance):
    """Median way from the expected places to the nearest marks: labels may stand off their ticks by the same amount."""
    nearest = place[np.abs(place[None] - expected[:, None]).argmin(axis=1)] - expected
    near = nearest[np.abs(nearest) <= tolerance]
    return float(np.median(near)) if len(near) else 0.0


def _matched(values, expected, place, tolerance):
    nearest = np.abs(place[None] - expected[:, None]).argmin(axis=1)
    close = np.abs(place[nearest] - expected) <= tolerance
    return place[nearest[close]], values[close]


def _without_strays(place, value, kind):
    """Least squares, leaving out one tick after another while one lies more than 1.5 px and three residuals away."""
    fit = _least_squares(place, value, kind)
    while len(fit.place) > 3:
        distance = np.abs(fit.to_px(fit.value) - fit.place)
        worst = int(distance.argmax())
        rest = np.delete(np.arange(len(distance)), worst)
        without = _least_squares(fit.place[rest], fit.value[rest], kind)
        if distance[worst] < 1.0 or without.residual_px > 0.5 * fit.residual_px:
            break
        fit = without
    return fit


def _least_squares(place, value, kind):
    """Regress place on value, since the error is in the place."""
    px_per_unit, origin = np.polyfit(value, place, 1)
    residual = float(np.sqrt(np.mean((origin + px_per_unit * value - place) ** 2)))
    return TickFit(place, value, float(1 / px_per_unit), float(-origin / px_per_unit), residual, kind)
