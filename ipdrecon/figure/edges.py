"""Long straight lines and edges of a plotting box, to a fraction of a pixel.

Everything here looks for horizontal lines; for vertical ones pass the transposed picture (`turned`).
"""

from dataclasses import dataclass

import cv2
import numpy as np

_STEP_LEVELS = 8.0
_WIDEST_LINE_PX = 14
_SHORTEST_MARK_PX = 3
_MARK_LEVELS = 40.0
_MARKED_SHARE = 0.6
_BEYOND_SHARE = 0.25
_BRIDGED_SHARE = 0.015


@dataclass(frozen=True)
class Edge:
    """Where a plotting box ends on one side: a drawn line, or the border of a coloured ground.

    Attributes
    ----------
    centre : float
        Centre of the line, or the border, in px.
    outer, inner : int
        The last rows, outwards and inwards, that the line touches.
    inwards : int
        +1 where the inside has the greater coordinates, else -1.
    drawn : bool
        Whether there is a line.
    level : ndarray, shape (3,)
        Colour along it.
    outside, inside : ndarray, shape (3,)
        Colour of the ground on either side.
    """

    centre: float
    outer: int
    inner: int
    inwards: int
    drawn: bool
    level: np.ndarray
    outside: np.ndarray
    inside: np.ndarray

    @property
    def contrast(self):
        """Greatest difference of a colour channel from the ground outside."""
        return float(np.abs(self.level - self.outside).max())

    def flipped(self):
        """The same edge, met from the other side."""
        level = self.level if self.drawn else self.outside
        return Edge(self.centre, self.inner, self.outer, -self.inwards, self.drawn, level, self.inside, self.outside)

    @property
    def border(self):
        """The first row that is wholly inside, less half a pixel: where the box begins."""
        return self.inner + 0.5 * self.inwards if self.drawn else self.centre


def turned(px):
    """The picture with rows and columns exchanged, so that vertical lines become horizontal."""
    return cv2.transpose(px)


def find_edge(px, rows, columns):
    """The first long horizontal line or edge met from the outside.

    The colour of a row is the median over its columns, so that text, tick marks and curves, which cover less than half
    of them, do not count.

    Parameters
    ----------
    px : ndarray, shape (height, width, 3)
    rows : tuple of float
        ``(outside, inside)``: where to begin and how far to go, in either direction.
    columns : tuple of float
        Extent the line must have.

    Returns
    -------
    Edge or None
    """
    first, last = (int(np.clip(round(row), 0, px.shape[0] - 1)) for row in rows)
    left, right = int(max(columns[0], 0)), int(min(columns[1], px.shape[1] - 1))
    if right - left < 8 or first == last:
        return None
    inwards = 1 if last > first else -1
    reach = int(np.clip(last + inwards * 2 * _WIDEST_LINE_PX, 0, px.shape[0] - 1))
    order = np.arange(first, reach + inwards, inwards)
    level = np.median(px[order, left : right + 1].astype(float), axis=1)
    return _first_change(order, level, abs(last - first) + 1)


def find_edge_from_inside(px, rows, columns):
    """As `find_edge`, met from the inside: where the labels are far, and other boxes lie between.

    A line that is much stronger than the first and lies beyond it is preferred: the first is then a gridline.
    """
    near = find_edge(px, rows[::-1], columns)
    if near is None:
        return None
    beyond = find_edge(px, (near.inner + 2 * near.inwards, rows[0]), columns)
    if beyond is not None and beyond.contrast > 1.5 * near.contrast:
        near = beyond
    return near.flipped()


def find_marks_end(px, rows, places, height, end):
    """Where a box begins whose axis has tick marks but no line.

    A mark is a stroke at the place of a label, with bare ground on both sides of it, that goes on for a few rows. The
    first tick of the other axis lies within the box: where it stands at the outer end of the marks, they point inwards.

    Parameters
    ----------
    px : ndarray, shape (height, width, 3)
    rows : tuple of float
        ``(outside, inside)``: where to begin and how far to go.
    places : ndarray, shape (n_labels,)
        Columns of the labels.
    height : float
        Text height in px.
    end : float
        Row of the first label of the other axis.

    Returns
    -------
    Edge or None
        An edge that is not drawn; None where fewer than most labels have a mark.
    """
    first, last = (int(np.clip(round(row), 0, px.shape[0] - 1)) for row in rows)
    inwards = 1 if last > first else -1
    order = np.arange(first, last + inwards, inwards)
    level = px[order].astype(float)
    ground = np.median(level, axis=1)
    ink = np.abs(level - ground[:, None]).max(axis=2) > _MARK_LEVELS
    marked = np.mean([_is_stroke(ink, place, height) for place in places], axis=0) >= _MARKED_SHARE
    steps = np.diff(np.concatenate(([0], marked.astype(int), [0])))
    starts, ends = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
    long = np.flatnonzero(ends - starts >= _SHORTEST_MARK_PX)
    if not len(long):
        return None
    outer, inner = (float(first + inwards * (at - 0.5)) for at in (starts[long[-1]], ends[long[-1]]))
    border = outer if abs(end - outer) < abs(end - inner) else inner
    row, colour = int(border + 0.5 * inwards), ground[ends[long[-1]] - 1]
    return Edge(border, row, row, inwards, False, colour, colour, colour)


def _is_stroke(ink, place, height):
    """Whether each row has ink at a place and none at a little distance on both sides, shape (n_rows,)."""
    off, shift = max(0.45 * height, 4), max(0.3 * height, 2)
    first, last = max(int(place - off - shift), 0), int(place + off + shift) + 1
    near = ink[:, first:last]
    columns = np.arange(first, first + near.shape[1])
    inked = near.sum(axis=1)
    centre = (near * columns).sum(axis=1) / np.maximum(inked, 1)
    spread = np.where(near, np.abs(columns - centre[:, None]), 0).max(axis=1)
    return (inked > 0) & (np.abs(centre - place) <= shift) & (spread <= max(0.15 * height, 1.5))


def _first_change(order, level, searched):
    outside = np.median(level[: max(3, min(searched // 4, 8))], axis=0)
    differs = np.abs(level - outside).max(axis=1) > _STEP_LEVELS
    begin = _first_lasting(differs, level)
    if begin is None:
        begin = _first_faint(differs, np.abs(level - outside).max(axis=1))
    if begin is None or begin >= searched:
        return None
    inside = np.median(level[begin + 3 : begin + 2 * _WIDEST_LINE_PX], axis=0) if begin + 4 < len(level) else outside
    ends = np.vstack((outside, inside))
    stretch = np.abs(level[begin : begin + _WIDEST_LINE_PX, None] - ends).max(axis=2).min(axis=1) > _STEP_LEVELS
    width = int(np.argmin(stretch)) if not stretch.all() else len(stretch)
    end = begin + max(width, 1) - 1
    ink = np.abs(level[begin : end + 1, None] - ends).max(axis=2).min(axis=1)
    drawn = bool(width and ink.max() > _STEP_LEVELS)
    places, inwards = order[begin : end + 1], int(np.sign(order[-1] - order[0]))
    centre = float((places * ink).sum() / ink.sum()) if drawn else float(places[0]) - 0.5 * inwards
    strongest = level[begin + int(np.argmax(ink))] if drawn else inside
    return Edge(centre, int(places[0]), int(places[-1] if drawn else places[0]), inwards, drawn, strongest, outside, inside)


def _first_lasting(differs, level):
    """Index of the first row that differs; a single faint row of noise does not count."""
    for index in np.flatnonzero(differs):
        strong = np.abs(level[index] - level[max(index - 2, 0)]).max() > 3 * _STEP_LEVELS
        if strong or differs[index : index + 2].all():
            return int(index)
    return None


def _first_faint(differs, apart):
    """Index of the first faint row that has a still fainter one beside it: a thin line whose ink two rows share."""
    beside = np.maximum(np.append(apart[1:], 0), np.append(0, apart[:-1])) > 0.5 * _STEP_LEVELS
    found = np.flatnonzero(differs & beside)
    return int(found[0]) if len(found) else None


def extent(px, edge, columns, *, gap_px=4):
    """How far a horizontal edge goes on to both sides.

    Parameters
    ----------
    px : ndarray, shape (height, width, 3)
    edge : Edge
    columns : tuple of float
        A stretch that surely belongs to it.
    gap_px : int
        Longest break that is bridged.

    Returns
    -------
    tuple of int
        First and last column.
    """
    inked = _inked(px, edge)
    left, right = int(max(columns[0], 0)), int(min(columns[1], len(inked) - 1))
    return left - _run_length(inked[left::-1], gap_px), right + _run_length(inked[right:], gap_px)


def ink_beyond(px, border, columns, length, *, least_run_px=1):
    """How far down lines go on that cross the open lower end of a box: an axis line may end at its last tick, curves later.

    Parameters
    ----------
    px : ndarray, shape (height, width, 3)
    border : float
        Row at which the axis line ends.
    columns : tuple of float
        Extent of the box along its border.
    length : float
        Of the box across its border, in px; at most a share of it is added.
    least_run_px : float
        How many columns in a row must be inked somewhere beyond: letters of a title that stands on the border are not.

    Returns
    -------
    float
        The border, where nothing crosses it.
    """
    first, left, right = max(round(border), 0), int(max(columns[0], 0)), int(min(columns[1], px.shape[1] - 1))
    part = px[first : first + round(_BEYOND_SHARE * length) + 1, left : right + 1].astype(float)
    if min(part.shape[:2]) < _SHORTEST_MARK_PX:
        return border
    ink = (np.abs(part - np.median(part.reshape(-1, 3), axis=0)).max(axis=2) > _MARK_LEVELS).astype(np.uint8)
    reach = int(max(2, _BRIDGED_SHARE * length))
    padded = np.pad(ink, ((0, 2 * reach), (0, 0)))
    bridged = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((2 * reach + 1, 1), np.uint8))[: len(ink)]
    _, parts = cv2.connectedComponents(bridged)
    crossing = np.isin(parts, parts[0][ink[0] > 0]) & (parts > 0)
    runs = cv2.morphologyEx((crossing & (ink > 0)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, int(least_run_px)), np.uint8))
    reached = np.flatnonzero(runs.any(axis=1))
    return float(first + reached[-1]) if len(reached) and reached[-1] >= _SHORTEST_MARK_PX else border


def coverage(px, edge, columns):
    """Share of a stretch of columns on which a horizontal edge is drawn, in [0, 1]."""
    return float(_inked(px, edge)[max(int(columns[0]), 0) : int(columns[1]) + 1].mean())


def _inked(px, edge):
    row = int(round(edge.centre)) if edge.drawn else edge.inner + edge.inwards
    line = px[int(np.clip(row, 0, px.shape[0] - 1))].astype(float)
    return np.abs(line - edge.outside).max(axis=1) > max(_STEP_LEVELS, 0.4 * edge.contrast)


def _run_length(inked, gap_px):
    reached = missing = 0
    for index, ink in enumerate(inked):
        missing = 0 if ink else missing + 1
        if missing > gap_px:
            break
        if ink:
            reached = index
    return reached
