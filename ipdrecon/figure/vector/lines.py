"""Lines of a scene: what is stroked, and thin fills that stand for strokes, as polylines in points."""

from dataclasses import dataclass, field

import numpy as np

from ipdrecon.model import Box

_WHITE = 250
_WIDEST_LINE = 4.0
_LEAST_OPACITY = 0.05
_LEVEL = 0.01
_EVEN = 0.35
_COVERING = 0.5
_LEAST_GROUND = 60.0
_MOST_CAPS = 8


@dataclass(frozen=True)
class Line:
    """One polyline as drawn.

    Attributes
    ----------
    points : ndarray, shape (n_points, 2)
        In points of the page, from left to right where it runs so.
    colour : tuple of int
        Red, green, blue of 0 to 255.
    width : float
        In points.
    dash : tuple of float
    order, part : int
        Place of its shape in the scene, and of its subpath in the shape: what is drawn later lies on top.
    curved : bool
    """

    points: np.ndarray = field(repr=False)
    colour: tuple
    width: float
    dash: tuple = ()
    order: int = 0
    part: int = 0
    curved: bool = False

    @property
    def box(self):
        """Around its points."""
        (left, top), (right, bottom) = self.points.min(axis=0), self.points.max(axis=0)
        return Box(float(left), float(top), float(right), float(bottom))

    @property
    def is_level(self):
        """Whether it is one level stretch."""
        return bool(np.ptp(self.points[:, 1]) <= _LEVEL < np.ptp(self.points[:, 0]))

    @property
    def is_upright(self):
        """Whether it is one upright stretch."""
        return bool(np.ptp(self.points[:, 0]) <= _LEVEL < np.ptp(self.points[:, 1]))


def scene_lines(scene):
    """All lines of a scene that can be seen, clipped.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    tuple of Line
        In the order in which they are drawn. White ones on white, which only part others from each other, are left out.
    """
    lines, grounds = [], []
    for order, shape in enumerate(scene.shapes):
        if shape.opacity < _LEAST_OPACITY:
            continue
        colour = shape.fill if shape.stroke is None else shape.stroke
        drawn = [line for line in _drawn(shape, order) if not _is_white(colour) or _on_colour(line, grounds)]
        lines += drawn
        if shape.fill is not None and shape.opacity > _COVERING and _is_ground(shape):
            grounds.append((shape.box, _is_white(shape.fill)))
    return tuple(lines)


def _drawn(shape, order):
    """The lines of one shape."""
    if shape.stroke is not None:
        outlined = [(part, points, shape.stroke, shape.width, shape.dash) for part, points in enumerate(shape.parts)]
    elif shape.fill is not None:
        middles = [(part, found) for part, found in enumerate(map(middle_of, shape.parts)) if found is not None]
        outlined = [(part, points, shape.fill, width, ()) for part, (points, width) in middles]
    else:
        outlined = []
    return [
        Line(points, colour, width, dash, order, part, shape.curved)
        for part, whole, colour, width, dash in outlined
        for points in clipped(whole, shape.clip)
    ]


def _is_white(colour):
    return colour is not None and min(colour) >= _WHITE


def _is_ground(shape):
    """Whether a shape is a rectangle upon which a plot may be drawn."""
    box = shape.box
    return len(shape.parts) == 1 and len(shape.parts[0]) <= 5 and min(box.width, box.height) > _LEAST_GROUND


def _on_colour(line, grounds):
    """Whether a line lies on a ground that is not white: the last that was painted where its middle is."""
    at = line.box.centre
    return next((not white for box, white in reversed(grounds) if box.contains(*at)), False)


def clipped(points, clip):
    """The stretches of a polyline within a box.

    Parameters
    ----------
    points : ndarray, shape (n_points, 2)
    clip : Box or None

    Returns
    -------
    list of ndarray, each of shape (n_points, 2)
        Each with at least two points; ends are cut where the line crosses the border.
    """
    if len(points) < 2 or not np.isfinite(points).all():
        return []
    if clip is None:
        return [points]
    low, high = np.array([clip.left, clip.top]), np.array([clip.right, clip.bottom])
    if (points >= low - _LEVEL).all() and (points <= high + _LEVEL).all():
        return [points]
    start, way = points[:-1], np.diff(points, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_low, to_high = (low - start) / way, (high - start) / way
    inside = (start >= low) & (start <= high)
    still = way == 0
    enter = np.where(still, np.where(inside, 0.0, np.inf), np.minimum(to_low, to_high)).max(axis=1).clip(0, None)
    leave = np.where(still, np.where(inside, 1.0, -np.inf), np.maximum(to_low, to_high)).min(axis=1).clip(None, 1)
    return _stretches(start, way, enter, leave)


def _stretches(start, way, enter, leave):
    """The parts of segments between two shares of their way, joined where one ends and the next begins."""
    stretches, current = [], []
    for k in np.flatnonzero(enter <= leave):
        first, last = start[k] + enter[k] * way[k], start[k] + leave[k] * way[k]
        if current and (enter[k] > 0 or not np.array_equal(current[-1], first)):
            stretches.append(current)
            current = []
        current = [*(current or [first]), last]
    stretches += [current] if current else []
    return [np.array(stretch) for stretch in stretches if len(stretch) > 1]


def middle_of(outline):
    """The middle line of a thin closed outline, and its width; None where the outline is no line.

    A stroke turned into an outline runs forth along one side of the line and back along the other. Each corner of the
    line has a corner on either side, and lies midway between them.

    Parameters
    ----------
    outline : ndarray, shape (n_points, 2)

    Returns
    -------
    (ndarray, float) or None
    """
    closed = outline[:-1] if len(outline) > 1 and np.array_equal(outline[0], outline[-1]) else outline
    if len(closed) < 4:
        return None
    ahead = np.roll(closed, -1, axis=0)
    steps = np.linalg.norm(ahead - closed, axis=1)
    area = abs(np.sum(closed[:, 0] * ahead[:, 1] - ahead[:, 0] * closed[:, 1])) / 2
    width = 2 * area / max(steps.sum(), 1e-9)
    extent = np.ptp(closed, axis=0).max()
    if not 0 < width < _WIDEST_LINE or extent < 3 * width:
        return None
    sides = _sides(closed, width)
    if sides is None:
        return None
    forth, back = sides
    apart = np.abs(forth - back).max(axis=1)
    if np.ptp(apart) > _EVEN * np.median(apart) + _LEVEL:
        return None
    return (forth + back) / 2, float(np.median(apart))


def _sides(closed, width):
    """Both long sides of an outline with as many corners, in the same direction; None where their corners do not pair.

    Its ends are as long as the line is wide; a step may be shorter.
    """
    closed = _without_needless(closed)
    if len(closed) % 2 or len(closed) < 4:
        return None
    half = len(closed) // 2
    reach = np.linalg.norm(np.roll(closed, -1, axis=0) - closed, axis=1) + np.linalg.norm(np.roll(closed, -1 - half, axis=0) - np.roll(closed, -half, axis=0), axis=1)
    places = 1e-9 * np.arange(half)
    shortest, as_wide = np.argsort(reach[:half] + places, kind="stable"), np.argsort(np.abs(reach[:half] - 2 * width) + places, kind="stable")
    for cap in (*shortest[:2], *as_wide[:_MOST_CAPS]):
        turned = np.roll(closed, -1 - cap, axis=0)
        forth, back = turned[:half], turned[half:][::-1]
        if np.abs(forth - back).max() < 2.5 * width + _LEVEL:
            return forth, back
    return None


def _without_needless(closed):
    """Corners only: points on a straight way between their neighbours, and doubled ones, are left out."""
    before, after = closed - np.roll(closed, 1, axis=0), np.roll(closed, -1, axis=0) - closed
    turn = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
    return closed[turn > 1e-9]
