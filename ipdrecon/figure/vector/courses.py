"""Courses: what may be a stretch of a Kaplan-Meier curve, and the chains that stretches form.

All lies in the plane of a plot: `u` in points to the right, `v` in points in the direction in which survival falls. A
Kaplan-Meier curve never goes left and never rises, so neither coordinate ever decreases along a course.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial import cKDTree

_STILL = 0.004
_BACKLASH = 0.06
_BACK_SHARE = 0.04
_MOST_BACK = 1.5
_MOST_ROUNDED = 6.0
_OTHER_LOOK = 1.0
_TURN = 0.5
_BENT = 0.001
_MOST_PAIRS = 32


@dataclass(frozen=True)
class Course:
    """A stretch that only goes right and down.

    Attributes
    ----------
    points : ndarray, shape (n_points, 2)
        `u` and `v`, neither ever decreasing.
    line : Line
        What it was drawn by; of a chain, its longest piece.
    pieces : frozenset of (int, int)
        Shape and subpath of the strokes that form it.
    """

    points: np.ndarray = field(repr=False)
    line: object = field(repr=False)
    pieces: frozenset = frozenset()

    @property
    def start(self):
        """Its first point."""
        return self.points[0]

    @property
    def end(self):
        """Its last point."""
        return self.points[-1]

    @property
    def length(self):
        """Along level and upright stretches, in points."""
        return float((self.end - self.start).sum())


def courses_of(line, falls):
    """Cut a line into its stretches that go right and down, whichever way each was drawn.

    Parameters
    ----------
    line : Line
    falls : int
        +1 where survival falls downwards on the page, -1 where it falls upwards (cumulative incidence).

    Returns
    -------
    list of Course
    """
    points = _without_doubles(line.points * (1.0, float(falls)))
    points = _with_corners(points) if line.curved else points
    if len(points) < 2:
        return []
    whole = _whole(points)
    if whole is not None:
        return [Course(whole, line, frozenset({(line.order, line.part)}))]
    heading = _headings(np.diff(points, axis=0))
    cuts = np.flatnonzero(np.diff(heading)) + 1
    bounds = np.concatenate([[0], cuts, [len(heading)]])
    found = []
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        if heading[first]:
            stretch = points[first : last + 1][:: heading[first]]
            found.append(Course(np.maximum.accumulate(stretch), line, frozenset({(line.order, line.part)})))
    return found


def _whole(points):
    """A line that keeps to one direction but for backlash, as tracing by hand leaves it; None where it does not."""
    ways = np.diff(points, axis=0)
    for way, order in ((ways, points), (-ways[::-1], points[::-1])):
        forth, back = np.clip(way, 0, None), np.clip(-way, 0, None)
        if (back.sum(axis=0) <= _BACK_SHARE * forth.sum(axis=0)).all() and back.max() <= _MOST_BACK:
            return np.maximum.accumulate(order)
    return None


def _with_corners(points):
    """A line whose corners are rounded by Bézier curves, with the corners that they cut off."""
    ways = np.abs(np.diff(points, axis=0))
    straight = np.where(ways.min(axis=1) <= _STILL, 1 + ways.argmax(axis=1), 0)
    found, k = [points[:1]], 0
    while k < len(straight):
        bend = k
        while bend < len(straight) and not straight[bend]:
            bend += 1
        turns = 0 < k < bend < len(straight) and straight[k - 1] != straight[bend]
        if turns and np.abs(points[bend] - points[k]).max() <= _MOST_ROUNDED:
            level, upright = (points[k], points[bend]) if straight[k - 1] == 1 else (points[bend], points[k])
            found[-1] = found[-1][:-1] if np.array_equal(found[-1][-1], points[k]) else found[-1]
            found.append(np.array([(upright[0], level[1])]))
            k = bend
        else:
            found.append(points[k + 1 : k + 2])
            k += 1
    return _without_doubles(np.concatenate([part for part in found if len(part)]))


def _without_doubles(points):
    apart = np.abs(np.diff(points, axis=0)).max(axis=1) > 1e-9
    return points[np.concatenate([[True], apart])]


def _headings(ways):
    """Of each segment: +1 where it goes right and down, -1 where left and up, 0 where neither.

    A backlash of a fraction of a line's width, as tracing by hand leaves it, does not count; it goes with what is around it.
    """
    forth, back = (ways > _STILL).any(axis=1), (ways < -_STILL).any(axis=1)
    small = np.abs(ways).max(axis=1) < _BACKLASH
    heading = np.where(forth & ~back, 1, np.where(back & ~forth, -1, 0))
    undecided = small & (heading < 1) | ~forth & ~back
    decided = np.flatnonzero(~undecided)
    if not len(decided):
        return heading
    nearest = decided[np.clip(np.searchsorted(decided, np.arange(len(heading)), side="right") - 1, 0, None)]
    around = decided[np.clip(np.searchsorted(decided, np.arange(len(heading))), 0, len(decided) - 1)]
    same = heading[nearest] == heading[around]
    return np.where(undecided & same, heading[nearest], np.where(undecided & (heading == 0), heading[nearest], heading))


def chained(courses, most_gap):
    """Join courses of one colour that go on from each other, over gaps as between dashes.

    Each course has at most one that follows it: of all pairs within reach those with the shortest way between them are
    joined first. A way that turns, and a change of width or dash, counts as longer.

    Parameters
    ----------
    courses : sequence of Course
        Of one colour.
    most_gap : float
        In points, along the steps of the curve.

    Returns
    -------
    list of Course
    """
    if len(courses) < 2:
        return list(courses)
    after, before = {}, {}
    for _, i, j in _pairs(courses, most_gap):
        if i not in after and j not in before and not _closes(after, j, i):
            after[i], before[j] = j, i
    heads = [i for i in range(len(courses)) if i not in before]
    return [_chain(courses, after, head) for head in heads]


def _closes(after, j, i):
    """Whether a chain that begins with `j` already ends with `i`."""
    while j in after:
        j = after[j]
        if j == i:
            return True
    return False


def _pairs(courses, most_gap):
    """Costs of joining, cheapest first, as (cost, earlier, later)."""
    ends, starts = np.array([one.end for one in courses]), np.array([one.start for one in courses])
    tree = cKDTree(starts)
    count = min(_MOST_PAIRS, len(courses))
    reach, near = tree.query(ends, k=count, distance_upper_bound=most_gap)
    found = []
    for i, (distances, others) in enumerate(zip(np.atleast_2d(reach), np.atleast_2d(near), strict=True)):
        for j in others[np.isfinite(distances)].tolist():
            gap = starts[j] - ends[i]
            if i != j and (gap >= -_BACKLASH).all() and gap.sum() <= most_gap:
                found.append((round(_cost(courses[i], courses[j]), 6), i, j))
    return sorted(found)


def _cost(one, other):
    gap = np.clip(other.start - one.end, 0, None)
    turns = min(gap) * _TURN / 0.1
    looks = (abs(one.line.width - other.line.width) > 0.2 * one.line.width) + (bool(one.line.dash) != bool(other.line.dash))
    straight = 0.0 if _way_out(one) == _way_in(other) else _BENT
    return float(gap.sum() + turns + straight + _OTHER_LOOK * looks)


def _way_out(course):
    return bool(np.diff(course.points[-2:], axis=0)[0].argmax())


def _way_in(course):
    return bool(np.diff(course.points[:2], axis=0)[0].argmax())


def _chain(courses, after, head):
    members = [head]
    while members[-1] in after:
        members.append(after[members[-1]])
    parts = [courses[k] for k in members]
    points = np.maximum.accumulate(_without_doubles(np.concatenate([_bridged(parts[k], parts[k + 1 :]) for k in range(len(parts))])))
    longest = max(parts, key=lambda part: part.length)
    return replace(longest, points=points, pieces=frozenset().union(*(part.pieces for part in parts)))


def _bridged(course, rest):
    """A course's points, with a corner where the next begins further right and further down."""
    if not rest:
        return course.points
    gap = rest[0].start - course.end
    if (gap <= _STILL).any():
        return course.points
    level_last = _way_out(course) is False
    corner = (rest[0].start[0], course.end[1]) if level_last else (course.end[0], rest[0].start[1])
    return np.vstack([course.points, corner])
