"""Names of points, set where they hide neither each other nor a point.

Examples
--------
>>> from metaanalysis.pictures.look import add_axes, new_page
>>> axes = add_axes(new_page(200, 200), 30, 10, 160, 160)
>>> label_points(axes, [0.5, 0.5], [0.5, 0.52], ["A", "B"])
['A', 'B']
"""

from dataclasses import dataclass

import numpy as np

from metaanalysis.pictures.look import FONT, INK, NOTE, NOTE_PT, shortened, text_width

_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_DISTANCES_PT = (0.0, 7.0, 15.0)
_LINE_STEP_PT, _LINE_PT = 2.0, 0.8
_POINT_PT, _GAP_PT, _LEADER_FROM_PT = 2.6, 2.0, 5.0
_WIDEST_PT, _BETWEEN_PT, _INSIDE_PT = 110.0, 2.5, 1.5


@dataclass(frozen=True)
class _Box:
    """A rectangle in points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, others):
        """Whether it overlaps any of `others`, shape (n, 4)."""
        if not len(others):
            return False
        left, bottom, right, top = np.asarray(others).T
        return bool(np.any((self.left < right) & (left < self.right) & (self.bottom < top) & (bottom < self.top)))

    def within(self, frame):
        return frame[0] <= self.left and frame[1] <= self.bottom and self.right <= frame[2] and self.top <= frame[3]


def _candidates(at, width, height, radius):
    """Boxes around a point, the nearest first."""
    for distance in _DISTANCES_PT:
        reach = radius + _GAP_PT + distance
        for right, up in _DIRECTIONS:
            shrink = 0.75 if right and up else 1.0
            x, y = at[0] + shrink * reach * right, at[1] + shrink * reach * up
            left = x - width / 2 * (1 - right)
            bottom = y - height / 2 * (1 - up)
            yield _Box(left, bottom, left + width, bottom + height), distance


def _along(corners):
    """Small boxes along a line through corners, shape (m, 2), in points."""
    boxes = []
    for start, end in zip(corners[:-1], corners[1:], strict=True):
        share = np.linspace(0, 1, 2 + int(np.hypot(*(end - start)) / _LINE_STEP_PT))[:, None]
        middle = start + share * (end - start)
        boxes.append(np.column_stack([middle - _LINE_PT, middle + _LINE_PT]))
    return np.concatenate(boxes)


def _leader(point, box, radius):
    """From the rim of a point to the nearest edge of its name."""
    edge = np.clip(point, (box.left, box.bottom), (box.right, box.top))
    length = np.hypot(*(edge - point))
    return np.array([point + (edge - point) * min(radius / length, 1.0), edge])


def _meet(boxes, others):
    """Whether any of `boxes` overlaps any of `others`, shapes (n, 4) and (m, 4)."""
    return any(_Box(*box).meets(others) for box in boxes)


def _free(point, size, radius, *, frame, marks, names):
    """Boxes around a point that hide nothing, each with its leader or None, the nearest first."""
    for box, distance in _candidates(point, *size, radius):
        if not box.within(frame) or box.meets(marks) or box.meets(names):
            continue
        leader = _leader(point, box, radius) if distance > _LEADER_FROM_PT else None
        if leader is None or not (_meet(_along(leader), marks) or _meet(_along(leader), names)):
            yield box, leader


def label_points(axes, x, y, texts, *, radius=_POINT_PT, lines=(), colours=None):
    """Write a name beside each point, the first named first; a name for which there is no room is left out.

    Parameters
    ----------
    axes : matplotlib Axes
        Its limits set.
    x, y : array_like, shape (n,)
    texts : sequence of str
        Names of the first points, or of all.
    radius : float or sequence of float
        Of the points, in points of type.
    lines : sequence of array_like, shape (m, 2)
        Lines in data coordinates, crossed only where there is no other room.
    colours : sequence of str, optional

    Returns
    -------
    list of str
        The names written.
    """
    scale = 72 / axes.figure.dpi
    points = scale * axes.transData.transform(np.column_stack([x, y]))
    radii = np.broadcast_to(np.asarray(radius, float), len(points))
    marks = np.column_stack([points - radii[:, None], points + radii[:, None]])
    crossed = [_along(scale * axes.transData.transform(np.asarray(line, float))) for line in lines]
    crossed = np.concatenate(crossed) if crossed else np.empty((0, 4))
    frame = scale * np.array(axes.get_window_extent().extents) + _INSIDE_PT * np.array([1, 1, -1, -1])
    names, written = [], []
    for row, text in enumerate(texts):
        shown = shortened(text, _WIDEST_PT, NOTE_PT)
        others = np.delete(marks, row, axis=0)
        found = list(_free(points[row], (text_width(shown, NOTE_PT), NOTE_PT), radii[row], frame=frame, marks=others, names=names))
        if found:
            box, leader = next((place for place in found if not place[0].meets(crossed)), found[0])
            _write(axes, shown, box, leader, colour=colours[row] if colours else INK)
            names.append((box.left - _BETWEEN_PT, box.bottom, box.right + _BETWEEN_PT, box.top))
            names += [] if leader is None else _along(leader).tolist()
            written.append(text)
    return written


def _write(axes, text, box, leader, *, colour):
    """Write a name in its box, joined to its point by a thin line where it is far."""
    to_data, scale = axes.transData.inverted(), axes.figure.dpi / 72
    if leader is not None:
        axes.plot(*to_data.transform(scale * leader).T, color=NOTE, lw=0.5, zorder=4, gid="leader")
    middle = scale * np.array([(box.left + box.right) / 2, (box.bottom + box.top) / 2])
    axes.text(
        *to_data.transform(middle), text, ha="center", va="center", fontsize=NOTE_PT, color=colour, family=FONT, zorder=6, gid="point-name", parse_math=False,
    )
