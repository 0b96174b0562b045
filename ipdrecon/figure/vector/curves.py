"""Kaplan-Meier curves among the lines of a plot."""

import colorsys
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial import cKDTree

from ipdrecon.figure.vector.courses import chained, courses_of
from ipdrecon.figure.vector.lines import clipped
from ipdrecon.model import Box

_MARGIN = 3.0
_MOST_GAP = 7.0
_SPAN = 0.9
_ON_BORDER = 1.5
_OUTSIDE = 1.0
_LONGEST_INSIDE, _STANDS_OUT = 8.0, 2.5
_AT_ZERO = 1.5
_AT_ONE = 0.3
_AT_BORDER = 0.5
_STRAY_STEPS = 4
_KEY, _MOST_KEYS = (6.0, 60.0), 2
_MAIN = 0.25
_ON_LINE = 0.6
_ONE_CORNER = 0.02
LARGEST_SIGN = 16.0
_SAME_STEP = (0.01, 0.05, 0.3)
_BY_CHANCE = 0.35
_TOUCH = 0.3
_NEARLY_ALL = 0.9
_SAMPLES = 400
_GREY = 0.15
_SAME_HUE = 40.0


@dataclass(frozen=True)
class CurveSettings:
    """What a line must be to be a curve.

    Attributes
    ----------
    least_span : float
        Share of the plot's width.
    start_off : float
        Share of the plot's height by which a curve may begin off survival 1, or of its width off time 0.
    late_start : float
        Share of the plot's width by which a curve at survival 1 may begin late.
    first_drop, least_at_first : float
        Share of the plot's width within which a curve may begin with its first drop, and share of the fall from survival 1
        to 0 down to which.
    like_drops : float
        How many times as much as its first drops, in the median, a curve may have fallen where it begins late, with its first drop.
    same : float
        Distance in points within which two curves are one drawn twice.
    shared_steps : float
        Share of a limit's steps that are steps of its curve.
    least_stray : float
        Share of the plot's width that a line must span to be told where it is no curve.
    """

    least_span: float = 0.08
    start_off: float = 0.02
    late_start: float = 0.3
    first_drop: float = 0.03
    least_at_first: float = 0.15
    like_drops: float = 3.0
    same: float = 0.15
    shared_steps: float = 0.8
    least_stray: float = 0.2


@dataclass(frozen=True)
class DrawnCurve:
    """One curve as drawn.

    Attributes
    ----------
    points : ndarray, shape (n_points, 2)
        `u` and `v` of its corners, neither ever decreasing.
    line : Line
        Colour, width and dash of its longest piece.
    limits : bool
        Whether confidence limits that go with it were left out.
    pieces : frozenset of (int, int)
        Shape and subpath of the strokes that form it.
    beside : frozenset of (int, int)
        Those of what was left out with it: its copies and its limits.
    is_cut : bool
        Whether it leaves the plot where the vertical axis ends above survival 0; its last drop is then not known.
    """

    points: np.ndarray = field(repr=False)
    line: object = field(repr=False)
    limits: bool = False
    pieces: frozenset = frozenset()
    beside: frozenset = frozenset()
    is_cut: bool = False

    def level_at(self, u):
        """`v` just after positions `u`, of any shape."""
        index = np.searchsorted(self.points[:, 0], u, side="right") - 1
        return self.points[np.clip(index, 0, len(self.points) - 1), 1]

    @property
    def steps(self):
        """Positions `u` of its upright stretches."""
        ways = np.diff(self.points, axis=0)
        return self.points[:-1][ways[:, 1] > ways[:, 0], 0]


def find_curves(lines, plane, *, expected=None, settings=None):
    """The curves of a plot.

    Parameters
    ----------
    lines : sequence of Line
        Of the page.
    plane : Plane
    expected : int, optional
        Number of rows of the table of numbers at risk: what steps as a limit does is an arm where it tells so.
    settings : CurveSettings, optional

    Returns
    -------
    tuple of DrawnCurve
        From the highest to the lowest mean survival; lines drawn twice are one, confidence limits are left out.
    """
    settings = settings or CurveSettings()
    within = _lines_within(lines, plane)
    eventless = [DrawnCurve(line.points * (1, plane.falls), line, pieces=frozenset({(line.order, line.part)})) for line in within if _is_eventless(line, lines, plane, settings)]
    within = [line for line in within if not _is_of_axes(line, plane.box)]
    courses = {}
    for line in within:
        for course in courses_of(line, plane.falls):
            courses.setdefault(line.colour, []).append(course)
    drawn = _without_copies([curve for one in courses.values() for curve in _of_one_colour(one, plane, settings)], settings)
    curves = [curve for curve in _without_limits(drawn, settings) if _begins(curve, plane, settings)]
    begun = [curve for curve in drawn if _begins(curve, plane, settings)]
    if expected is not None and len(curves) + len(eventless) < expected <= len(begun) + len(eventless):
        curves = begun
    curves += [curve for curve in eventless if not any(curve.line.colour == other.line.colour and curve.line.dash == other.line.dash for other in curves)]
    curves = [_within(curve, plane) for curve in curves]
    return tuple(sorted(curves, key=lambda curve: _mean_level(curve, plane)))


def count_strays(lines, plane, curves, *, settings=None):
    """Number of long lines that fall in steps as a curve does, but begin nowhere near time 0 or survival 1, and are no limits.

    Parameters
    ----------
    lines : sequence of Line
        Of the page.
    plane : Plane
    curves : sequence of DrawnCurve
        Those found.
    settings : CurveSettings, optional

    Returns
    -------
    int
    """
    settings = settings or CurveSettings()
    known = frozenset().union(*(curve.pieces | curve.beside for curve in curves))
    inside = _lines_within([line for line in lines if (line.order, line.part) not in known], plane)
    courses = [course for line in inside if not _is_of_axes(line, plane.box) for course in courses_of(line, plane.falls)]
    return sum(_is_stray(course, plane, settings) for course in courses)


def _is_stray(course, plane, settings):
    """Whether one stroke is long, falls in several steps and is level between them for most of its way."""
    curve, ways = DrawnCurve(course.points, course.line), np.diff(course.points, axis=0)
    level = ways[ways[:, 1] < _AT_ONE, 0].sum()
    span = np.ptp(course.points[:, 0])
    return bool(len(curve.steps) >= _STRAY_STEPS and span > settings.least_stray * plane.size[0] and level > 0.9 * span)


def _within(curve, plane):
    """A curve without the drop by which it leaves a plot that ends above survival 0."""
    border = max(plane.falls * plane.box.top, plane.falls * plane.box.bottom)
    last = curve.points[-1] - curve.points[-2]
    to_zero = abs(curve.points[-1, 1] - plane.bottom) < _AT_ONE
    leaves = not to_zero and plane.bottom > border + 1.0 and curve.points[-1, 1] >= border - _AT_BORDER and last[0] <= _AT_BORDER and last[1] > 0
    return replace(curve, points=curve.points[:-1], is_cut=True) if leaves and len(curve.points) > 3 else curve


def _is_eventless(line, lines, plane, settings):
    """Whether a level line at survival 1 is the curve of an arm without events: it alone of long lines looks as a key does."""
    u, v = line.points[0] * (1, plane.falls) - plane.origin
    length = np.ptp(line.points[:, 0])
    if not line.is_level or abs(v) > _AT_ONE or abs(u) > settings.start_off * plane.size[0] or length < settings.least_span * plane.size[0]:
        return False
    alike = [other for other in lines if other is not line and _look(other) == _look(line) and (other.is_level or other.is_upright)]
    long = [other for other in alike if max(other.box.width, other.box.height) > 0.5 * min(plane.size) and (other.order, other.part) != (line.order, line.part)]
    keys = [other for other in alike if other.is_level and _KEY[0] < other.box.width < _KEY[1]]
    return not long and 1 <= len(keys) <= _MOST_KEYS


def _of_one_colour(courses, plane, settings):
    """Chains of courses of one colour that are long enough.

    Signs upon a curve are no pieces of another, unless that would begin nowhere without them: the first dashes of a curve lie
    upon another, at survival 1.
    """
    kept = _without_signs(courses, plane)
    curves = _long_chains(kept, plane, settings)
    lost = [curve for curve in curves if not _begins(curve, plane, settings)]
    if not lost or len(kept) == len(courses):
        return curves
    whole = frozenset().union(*(curve.pieces for curve in curves if _begins(curve, plane, settings)))
    again = _long_chains([course for course in courses if not course.pieces <= whole], plane, settings)
    found = [curve for curve in again if _begins(curve, plane, settings) and any(one.pieces <= curve.pieces for one in lost)]
    return [*found, *(curve for curve in curves if not any(curve.pieces <= one.pieces for one in found))]


def _long_chains(courses, plane, settings):
    long = [chain for chain in chained(courses, _MOST_GAP) if _is_long(chain, plane, settings)]
    return [DrawnCurve(chain.points, chain.line, pieces=chain.pieces) for chain in long]


def _without_signs(courses, plane):
    """Courses of one colour without small ones that stand upon a long one, as censor marks do.

    One that begins where another ends is no mark, but a piece of a curve that is drawn piece by piece.
    """
    long = [DrawnCurve(course.points, course.line) for course in courses if np.ptp(course.points[:, 0]) > _MAIN * plane.size[0]]
    if not long:
        return courses
    gaps, _ = cKDTree([course.end for course in courses]).query([course.start for course in courses])
    return [course for course, gap in zip(courses, gaps, strict=True) if gap < _ONE_CORNER or not any(_stands_on(course, curve) for curve in long)]


def _stands_on(course, curve):
    (width, height), (u, v) = np.ptp(course.points, axis=0), course.points.mean(axis=0)
    within = curve.points[0, 0] - _ON_LINE <= u <= curve.points[-1, 0] + _ON_LINE
    if max(width, height) > LARGEST_SIGN or course.points is curve.points or not within:
        return False
    reach = max(_ON_LINE, 0.6 * height)
    levels = curve.level_at(np.array([u - _ON_LINE, u, u + _ON_LINE]))
    return bool(levels.min() - reach <= v <= levels.max() + reach)


def _lines_within(lines, plane):
    """The parts of lines within a plot, without rectangles."""
    return [part for line in lines if not _is_rectangle(line.points) for part in _inside(line, plane.box)]


def _inside(line, box):
    """The parts of a line within a box and a margin for the width of lines on its border."""
    margin = _MARGIN + line.width
    around = Box(box.left - margin, box.top - margin, box.right + margin, box.bottom + margin)
    return [replace(line, points=points) for points in clipped(line.points, around)]


def _is_of_axes(line, box):
    """Whether a line is a gridline, part of the frame, or a reference line, straight through the whole box; or a tick mark."""
    around = line.box
    if line.is_level:
        return around.width > _SPAN * box.width or _is_tick(box.left - around.left, around.right - box.left)
    if line.is_upright:
        return around.height > _SPAN * box.height or _is_tick(around.bottom - box.bottom, box.bottom - around.top)
    return _on_border(line.points, box).all()


def _is_tick(outside, inside):
    """Whether what reaches so far out of a box and so far in is a tick: in as well only where it plainly stands out."""
    return outside > _OUTSIDE and inside < (_LONGEST_INSIDE if outside > _STANDS_OUT else _ON_BORDER)


def _is_rectangle(points):
    """Whether a line runs around a rectangle, as around a legend."""
    low, high = points.min(axis=0), points.max(axis=0)
    closed = len(points) > 3 and np.abs(points[0] - points[-1]).max() < _ONE_CORNER < (high - low).min()
    return bool(closed and np.minimum(points - low, high - points).max() < _ONE_CORNER)


def _on_border(points, box):
    x, y = points.T
    across = np.minimum(np.abs(x - box.left), np.abs(x - box.right)) < _ON_BORDER
    down = np.minimum(np.abs(y - box.top), np.abs(y - box.bottom)) < _ON_BORDER
    return across | down


def _is_long(chain, plane, settings):
    """Whether a chain runs far enough, and is neither one slanting line nor a frame."""
    span = (chain.end - chain.start)[0]
    long = span >= settings.least_span * plane.size[0] and len(chain.points) > 2
    return bool(long and not _is_straight(chain) and _falls_in_steps(chain, plane))


def _begins(curve, plane, settings):
    """Whether a curve begins at survival 1, or at time 0."""
    (u, v), size = curve.points[0] - plane.origin, plane.size
    at_one = abs(v) <= settings.start_off * size[1] and u <= settings.late_start * size[0]
    height = abs(plane.bottom - plane.origin[1])
    at_zero = abs(u) <= _AT_ZERO and -settings.start_off * size[1] <= v < 0.9 * height
    at_first_drop = -_AT_ZERO <= u <= settings.first_drop * size[0] and 0 <= v < settings.least_at_first * height
    at_late_drop = -_AT_ZERO <= u <= settings.late_start * size[0] and 0 <= v <= settings.like_drops * _first_drop(curve)
    return bool(at_one or ((at_zero or at_first_drop or at_late_drop) and not _is_reference(curve, plane)))


def _first_drop(curve):
    """What a curve of several steps falls at one, in the median of its first ones: what it lacks at its beginning is as much, where that is its first drop."""
    drops = np.diff(curve.points[:, 1])
    drops = drops[drops > _AT_ONE]
    return float(np.median(drops[:_STRAY_STEPS])) if len(drops) >= _STRAY_STEPS else 0.0


def _is_reference(curve, plane):
    """Whether a line only leads from the axis to a curve and down to the other axis, as one that marks the median does."""
    at_one_place = not len(curve.steps) or np.ptp(curve.steps) < _TOUCH
    return bool(at_one_place and curve.points[-1, 1] > plane.bottom - 0.01 * plane.size[1])


def _is_straight(chain):
    """Whether a chain is one slanting line."""
    way = chain.end - chain.start
    off = np.abs((chain.points - chain.start) @ np.array([-way[1], way[0]])) / np.hypot(*way)
    return bool(min(way) > 1.0 and off.max() < 0.1)


def _falls_in_steps(chain, plane):
    """Whether it is no frame: an axis line falls from survival 1 to 0 at once and goes on along the bottom."""
    drop = np.diff(chain.points[:, 1])
    height = abs(plane.bottom - plane.origin[1])
    at_start = chain.points[:-1, 0] - chain.points[0, 0] < 0.01 * plane.size[0]
    return drop[at_start].sum() < 0.97 * height


def _without_copies(curves, settings):
    """Curves drawn twice once, as they are seen on top; the longer where one is a part of the other."""
    kept = []
    for curve in sorted(curves, key=lambda curve: (-np.ptp(curve.points[:, 0]), -curve.line.order)):
        under = next((k for k, other in enumerate(kept) if _lies_on(curve, other, settings.same)), None)
        if under is None:
            kept.append(curve)
        else:
            kept[under] = _with_beside(kept[under], [curve])
    return kept


def _with_beside(curve, left_out):
    """A curve that knows the strokes of what was left out with it."""
    return replace(curve, beside=curve.beside.union(*(one.pieces | one.beside for one in left_out)))


def _lies_on(curve, other, same):
    if curve.line.colour != other.line.colour and np.ptp(curve.points[:, 0]) < 0.98 * np.ptp(other.points[:, 0]):
        return False
    middle = (curve.points[1:, 0] + curve.points[:-1, 0]) / 2
    middle = middle[np.diff(curve.points[:, 0]) > 2 * same]
    if not len(middle):
        return True
    return bool((np.abs(curve.level_at(middle) - other.level_at(middle)) <= same).all())


def _without_limits(curves, settings):
    """Curves without their confidence limits: two lines, one above and one below a curve, that step where it steps.

    A limit changes with its curve and never between: its steps are among the curve's steps, which those of another
    arm are not. The curve is the one in the middle.
    """
    pairs = {k: _limits_of(k, curves, settings) for k in range(len(curves))}
    limits, owners = set(), {}
    for middle in sorted((k for k, pair in pairs.items() if all(pair)), key=lambda k: (abs(len(pairs[k][0]) - len(pairs[k][1])), k)):
        if middle not in limits:
            owners[middle] = [k for side in pairs[middle] for k in side if k not in owners]
            limits.update(owners[middle])
    return [
        _with_beside(replace(curve, limits=k in owners), [curves[limit] for limit in owners.get(k, ())])
        for k, curve in enumerate(curves)
        if k not in limits
    ]


def _limits_of(middle, curves, settings):
    """Which curves lie as limits above and below one, as two lists of indices; both empty where they are not a pair."""
    own = curves[middle]
    like = [k for k, other in enumerate(curves) if k != middle and _may_be_limit(other, own, settings)]
    above, below = ([k for k in like if _side(curves[k], own) == side] for side in (-1, 1))
    looks = [{_look(curves[k].line) for k in side} for side in (above, below)]
    steps_with = any(_shared_steps(own, curves[k]) >= settings.shared_steps for k in above + below)
    return (above, below) if looks[0] & looks[1] and steps_with else ([], [])


def _look(line):
    return line.colour, round(line.width, 1), tuple(round(length, 1) for length in line.dash)


def _may_be_limit(curve, of, settings):
    return _alike(curve.line.colour, of.line.colour) and _shared_steps(curve, of) >= settings.shared_steps


def _alike(one, other):
    """Whether two colours are the same, of one hue, or one of them is grey."""
    (_, saturation, hue), (_, others_saturation, others_hue) = _hsv(one), _hsv(other)
    return min(saturation, others_saturation) < _GREY or min(abs(hue - others_hue), 360 - abs(hue - others_hue)) < _SAME_HUE


def _hsv(colour):
    hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in colour))
    return value, saturation, 360 * hue


def _shared_steps(curve, of):
    """Share of a curve's steps, as far as another is drawn, that are steps of the other; 0 where chance would do as much.

    Steps that lie anywhere would be near one of the other's by chance, the more so the more of these there are.
    """
    steps, theirs = curve.steps, of.steps
    steps = steps[(steps <= of.points[-1, 0] + _SAME_STEP[-1]) & (steps >= of.points[0, 0] - _SAME_STEP[-1])]
    if not len(steps) or not len(theirs):
        return 0.0
    off = np.abs(theirs[None] - steps[:, None]).min(axis=1)
    length = max(np.ptp(of.points[:, 0]), 1e-9)
    shares = [float((off < near).mean()) for near in _SAME_STEP if 1 - np.exp(-2 * near * len(theirs) / length) < _BY_CHANCE]
    return max(shares, default=0.0)


def _side(curve, of):
    """+1 where a curve lies below another (`v` no less) nearly all the time, -1 where above, 0 where neither."""
    first, last = max(curve.points[0, 0], of.points[0, 0]), min(curve.points[-1, 0], of.points[-1, 0])
    at = np.linspace(first, last, _SAMPLES)
    apart = curve.level_at(at) - of.level_at(at)
    if np.abs(apart).max() < _TOUCH:
        return 0
    if (apart >= -_TOUCH).mean() > _NEARLY_ALL:
        return 1
    return -1 if (apart <= _TOUCH).mean() > _NEARLY_ALL else 0


def _mean_level(curve, plane):
    """Mean `v` over the time that it is drawn."""
    widths = np.diff(curve.points[:, 0])
    return float((curve.points[:-1, 1] * widths).sum() / max(widths.sum(), 1e-9))
