"""Lines of numbers and the columns they stand in."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.at_risk.text import parse_count

_SNAP = 0.2  # share of a column's width within which a number belongs to it
_AT_TICK = 0.05  # share of the distance between ticks
_SEVERAL = 4
_STEPS = (1, 1.2, 1.5, 2, 2.4, 2.5, 3, 3.6, 4, 4.5, 4.8, 5, 6, 7, 7.3, 7.5, 8, 9)


@dataclass(frozen=True)
class Line:
    """Pieces of text at one height.

    Attributes
    ----------
    py : float
    height : float
        Of the text, in px.
    pieces : tuple of Piece
        From left to right.
    """

    py: float
    height: float
    pieces: tuple

    @property
    def text(self):
        """The pieces joined by blanks."""
        return " ".join(piece.text for piece in self.pieces)

    def counts(self):
        """Pairs of `Piece` and `Count`, for the pieces that are counts and hold a digit."""
        with_digit = (piece for piece in self.pieces if any(letter.isdigit() for letter in piece.text))
        found = ((piece, parse_count(piece.text)) for piece in with_digit)
        return tuple((piece, count) for piece, count in found if count is not None)


@dataclass(frozen=True)
class Columns:
    """The columns of a table.

    Attributes
    ----------
    time : ndarray, shape (n_times,)
        In the unit of the axis.
    px : ndarray, shape (n_times,)
        Where the numbers' centres are expected.
    width : ndarray, shape (n_times,)
        Room of a column in px: the distance to the nearest neighbour.
    """

    time: np.ndarray
    px: np.ndarray
    width: np.ndarray

    def nearest(self, px):
        """Index of the column at `px`, -1 outside all columns."""
        if not len(self.px):
            return -1
        index = int(np.argmin(np.abs(self.px - px)))
        return index if abs(self.px[index] - px) <= 0.5 * self.width[index] else -1


def columns_at(time, px, widest):
    """Columns with their room; `widest` is the room where there is but one."""
    px = np.asarray(px, float)
    gaps = np.abs(px[:, None] - px[None, :]) + np.where(np.eye(len(px)), np.inf, 0.0)
    width = np.minimum(gaps.min(axis=1, initial=np.inf), widest)
    return Columns(np.asarray(time, float), px, width)


def group_lines(pieces):
    """Gather pieces that stand at one height.

    Parameters
    ----------
    pieces : iterable of Piece

    Returns
    -------
    tuple of Line
        From top to bottom.
    """
    groups = []
    for piece in sorted(pieces, key=lambda piece: (piece.box.centre[1], piece.box.left)):
        centre, height = piece.box.centre[1], piece.box.height
        if groups:
            centres = [other.box.centre[1] for other in groups[-1]]
            least = min(height, np.median([other.box.height for other in groups[-1]]))
            if centre - np.mean(centres) <= 0.36 * least:
                groups[-1].append(piece)
                continue
        groups.append([piece])
    lines = []
    for group in groups:
        group.sort(key=lambda piece: piece.box.left)
        py = float(np.median([piece.box.centre[1] for piece in group]))
        lines.append(Line(py, float(np.median([piece.box.height for piece in group])), tuple(group)))
    return tuple(lines)


def tick_spacing_px(time_axis):
    """Median distance in px between neighbouring ticks."""
    return float(np.median(np.abs(np.diff(np.sort(time_axis.tick_px)))))


def is_tick_line(line, time_axis):
    """Whether the numbers of a line are the time axis's own labels, here or repeated.

    They stand under their ticks; or several of them follow each other, whose places are not exact where the reader joined them.
    """
    counts = line.counts()
    if len(counts) < 2:
        return False
    n = [count.n for _, count in counts]
    if len(n) >= _SEVERAL and (np.diff(n) > 0).all() and np.isin(n, time_axis.tick_value).all():
        return True
    tolerance = 0.08 * tick_spacing_px(time_axis) * abs(time_axis.slope)
    hits = sum(abs(float(time_axis.to_value(piece.box.centre[0])) - count.n) <= tolerance for piece, count in counts)
    return hits >= 0.7 * len(counts)


def find_columns(lines, box, time_axis):
    """Find the columns in which the numbers of some lines stand.

    The ticks are tried first, with those between or beside them that have no label where more numbers stand there, then
    the ticks and their middles, then a regular grid of the table's own whose times are
    round, then each column by itself.

    Parameters
    ----------
    lines : sequence of Line
        With numbers in them.
    box : Box
        The plotting box.
    time_axis : Axis

    Returns
    -------
    Columns or None
        Every column of the grid under the box, also those without a number; None where there are no numbers.
    """
    centres = np.array([piece.box.centre[0] for line in lines for piece, _ in line.counts()])
    if not len(centres):
        return None
    ticks, steps, halves = (_fit_grid(centres, time, time_axis) for time in _tick_grids(box, time_axis))
    if ticks is not None and steps is not None and _n_held(steps, centres) > _n_held(ticks, centres):
        ticks = steps
    for columns in (ticks, steps, halves):
        if columns is not None:
            return columns
    height = float(np.median([line.height for line in lines]))
    return _own_columns(_cluster(centres, height), box, time_axis)


def _tick_grids(box, time_axis):
    value = np.sort(time_axis.tick_value)
    yield value
    step = float(np.median(np.diff(value)))
    ends = np.sort(time_axis.to_value([min(box.left, time_axis.to_px(0)), box.right]))
    for step_here in (step, step / 2):
        first = np.ceil((ends[0] - value[0]) / step_here - 0.3)
        last = np.floor((ends[1] - value[0]) / step_here + 0.3)
        time = value[0] + step_here * np.arange(first, last + 1)
        yield time[(time >= -0.1 * step) | (value[0] < 0)]


def _n_held(columns, centres):
    return sum(columns.nearest(centre) >= 0 for centre in centres)


def _fit_grid(centres, time, time_axis):
    if len(time) < 2:
        return None
    px = time_axis.to_px(time)
    spacing = float(np.median(np.abs(np.diff(px))))
    residual = centres - px[np.argmin(np.abs(centres[:, None] - px[None, :]), axis=1)]
    inside = np.abs(residual) <= 0.45 * spacing
    if not inside.any():
        return None
    shift = float(np.median(residual[inside]))
    near = np.abs(residual - shift) <= _SNAP * spacing
    if abs(shift) > 0.3 * spacing or near.mean() < 0.78:
        return None
    return columns_at(time, px + shift, spacing)


def _cluster(centres, height):
    centres = np.sort(centres)
    return np.array([part.mean() for part in np.split(centres, np.flatnonzero(np.diff(centres) > height) + 1)])


def _own_columns(centres, box, time_axis):
    reach = 0.04 * box.width
    start = float(time_axis.to_px(0)) if time_axis.tick_value.min() >= 0 else box.left
    centres = centres[(centres >= start - reach) & (centres <= box.right + reach)]
    if not len(centres):
        return None
    if len(centres) == 1:
        return columns_at(_round_times(centres, time_axis), centres, tick_spacing_px(time_axis))
    spacing = float(np.median(np.diff(centres)))
    index = np.round((centres - centres[0]) / spacing)
    slope, start = np.polyfit(index, centres, 1)
    if np.abs(start + slope * index - centres).max() <= 0.15 * spacing and len(set(index)) == len(index):
        step = _round_step(slope * time_axis.slope, float(np.median(np.diff(np.sort(time_axis.tick_value)))))
        first = round(float(time_axis.to_value(start)) / step) * step
        if abs(first - time_axis.to_value(start)) <= 0.2 * step:
            time = first + step * np.arange(index[-1] + 1) + 0.0
            return columns_at(_at_ticks(time, time_axis), start + slope * np.arange(index[-1] + 1), spacing)
    return columns_at(_round_times(centres, time_axis), centres, spacing)


def _at_ticks(time, time_axis, *, each=False):
    """Times, at those of the ticks where all, or where each, lie so near to one that numbers under a tick would not stand nearer."""
    ticks = np.sort(time_axis.tick_value)
    nearest = ticks[np.abs(ticks[:, None] - time).argmin(axis=0)]
    near = np.abs(nearest - time) <= _AT_TICK * np.diff(ticks).min(initial=np.inf)
    moved = np.where(near, nearest, time)
    return moved if (each or near.all()) and len(set(moved)) == len(time) else time


def _round_step(step, ticks):
    """The roundest step near a measured one: a usual one, else quarters of the distance of the ticks, else one of two or three digits; ``13.504`` is 13.5."""
    power = 10.0 ** np.floor(np.log10(abs(step)))
    measured = abs(step) / power
    usual = min((*_STEPS, 10), key=lambda multiple: abs(multiple - measured))
    quarters = round(4 * abs(step) / ticks) * ticks / 4 / power
    for nearest, error in ((usual, 0.01), (quarters, 0.01), (round(measured, 1), 0.006), (round(measured, 2), 0.003), (usual, 0.03)):
        if abs(nearest - measured) <= error * nearest:
            return float(nearest * power)
    return float(abs(step))


def _round_times(px, time_axis):
    resolution = 10.0 ** np.floor(np.log10(abs(time_axis.slope) * 8))
    return _at_ticks(np.round(time_axis.to_value(px) / resolution) * resolution + 0.0, time_axis, each=True)
