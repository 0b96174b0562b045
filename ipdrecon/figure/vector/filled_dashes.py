"""Dashed lines that a file holds as filled outlines, one for each dash, as browsers print them: made strokes again."""

from dataclasses import replace

import numpy as np

_SAME = 0.02
_STRAIGHT = 0.05
_REACH = 1.3
_WIDEST = 6.0
_LONG_TO_SHORT = 2.0
_MOST_DASHES = 20_000


def with_dashes(scene):
    """A scene whose dashed lines are strokes.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    Scene
        A filled shape of outlines of one width, most of which go on from each other, becomes a stroke with that width and
        with the dashes and gaps seen; where a gap hides a step, this stands in its middle.
    """
    shapes = tuple(_stroked(shape) or shape for shape in scene.shapes)
    return scene if all(new is old for new, old in zip(shapes, scene.shapes, strict=True)) else replace(scene, shapes=shapes)


def _stroked(shape):
    """The stroke of which a filled shape holds the dashes; None where it is something else."""
    if shape.fill is None or shape.stroke is not None or shape.curved or not 1 < len(shape.parts) <= _MOST_DASHES:
        return None
    corners = [_corners_of(part) for part in shape.parts]
    width = _common_width(corners)
    if width is None:
        return None
    dashes = [pivoted(points, width) for points in corners]
    if any(dash is None for dash in dashes) or (len(dashes) == 2 and _may_be_letter(dashes)):
        return None
    ways = [np.abs(after[0] - before[-1]) for before, after in zip(dashes, dashes[1:], strict=False)]
    straight = [way.max() for way in ways if way.min() < _STRAIGHT and way.max() > 0]
    if not straight:
        return None
    gap = float(np.median(straight))
    lines = _joined(dashes, _REACH * gap + _STRAIGHT)
    if len(lines) > len(dashes) / 2:
        return None
    return replace(shape, parts=tuple(lines), stroke=shape.fill, fill=None, width=width, dash=_pattern(dashes, gap))


def _may_be_letter(dashes):
    """Whether two dashes are as unlike as the stem and the dot of an i, or stand one above the other."""
    across, down = np.abs(dashes[1].mean(axis=0) - dashes[0].mean(axis=0))
    short, long = sorted(np.abs(np.diff(dash, axis=0)).sum() for dash in dashes)
    return bool(down > across or long > _LONG_TO_SHORT * short)


def _corners_of(part):
    """Corners of a closed outline, shape (n_corners, 2); points on a straight way are none, those where it turns back are."""
    points = part[:-1] if len(part) > 1 and np.array_equal(part[0], part[-1]) else part
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    onwards = (before * after).sum(axis=1) > 0
    return points[(np.abs(turn) > 1e-9) | ~onwards]


def _common_width(outlines):
    """Width of the line of which all outlines may be dashes; None where there is none.

    An outline has two ends of that width. Of rectangles all of one size, the side across the way from one to the next.
    """
    if any(len(corners) < 4 or len(corners) % 4 for corners in outlines):
        return None
    sides = [np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1) for corners in outlines]
    shortest = min(sides, key=len)
    fit = sorted({round(float(side), 3) for side in shortest if _SAME < side < _WIDEST and all((np.abs(own - side) < _SAME).sum() > 1 for own in sides)})
    if len(fit) < 2:
        return fit[0] if fit else None
    (across, down), corners = np.abs(outlines[1].mean(axis=0) - outlines[0].mean(axis=0)), outlines[0]
    return min(fit, key=lambda side: abs(side - np.ptp(corners[:, 1 if across > down else 0])))


def pivoted(corners, width):
    """The line of which an outline is the stroke, where at each of its corners the inner side runs in to the line and out again.

    Parameters
    ----------
    corners : ndarray, shape (n_corners, 2)
        Of the outline, not closed.
    width : float

    Returns
    -------
    ndarray, shape (n_points, 2), or None
        From the end where the outline begins, where it begins at one; None where it is no such outline.
    """
    count = len(corners)
    if count < 4 or count % 4:
        return None
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    half = 0.5 * width
    inner = (np.abs(sides - half) < _SAME) & (np.abs(np.roll(sides, 1) - half) < _SAME)
    for cap in np.flatnonzero(np.abs(sides - width) < _SAME)[::-1]:
        order = (cap + 1 + np.arange(count)) % count
        line = _line_from(corners[order], inner[order], width, (count - 4) // 4)
        if line is not None:
            return line
    return None


def _line_from(corners, inner, width, n_turns):
    """The line of an outline that begins just after one of its ends; None where its two sides do not answer each other."""
    forth, at = _side(corners, inner, 1, n_turns)
    if forth is None or at + 1 >= len(corners) or abs(np.linalg.norm(corners[at + 1] - corners[at]) - width) > _SAME:
        return None
    back, end = _side(corners, inner, at + 2, n_turns)
    if back is None or end != len(corners) - 1:
        return None
    turns = [there if other is None else other for there, other in zip(forth, back[::-1], strict=True)]
    if any((there is None) == (other is None) for there, other in zip(forth, back[::-1], strict=True)):
        return None
    first, last = (corners[0] + corners[-1]) / 2, (corners[at] + corners[at + 1]) / 2
    return np.array([first, *turns, last])


def _side(corners, inner, at, n_turns):
    """Inner corners along one side, None for each outer one, and where the side ends; ``(None, at)`` where it is too short."""
    turns = []
    for _ in range(n_turns):
        if at + 1 < len(corners) and inner[at + 1]:
            turns.append(corners[at + 1])
            at += 3
        else:
            turns.append(None)
            at += 1
        if at >= len(corners):
            return None, at
    return turns, at


def _joined(dashes, reach):
    """Lines of dashes that go on from each other, in the order of the file."""
    lines = [dashes[0]]
    for dash in dashes[1:]:
        if np.abs(dash[0] - lines[-1][-1]).sum() <= reach:
            lines[-1] = np.concatenate([lines[-1], _bridge(lines[-1], dash), dash])
        else:
            lines.append(dash)
    return lines


def _bridge(before, after):
    """Corners in the gap between two dashes, shape (n_corners, 2)."""
    (x, y), (next_x, next_y) = before[-1], after[0]
    if min(abs(next_x - x), abs(next_y - y)) < _STRAIGHT:
        return np.zeros((0, 2))
    leaves_level, enters_level = (abs(way[0]) >= abs(way[1]) for way in (before[-1] - before[-2], after[1] - after[0]))
    if leaves_level and enters_level:
        return np.array([((x + next_x) / 2, y), ((x + next_x) / 2, next_y)])
    if not leaves_level and not enters_level:
        return np.array([(x, (y + next_y) / 2), (next_x, (y + next_y) / 2)])
    return np.array([(next_x, y) if leaves_level else (x, next_y)])


def _pattern(dashes, gap):
    """Dashes and gaps: two lengths, or four where long and short dashes take turns; the first and the last may be cut."""
    lengths = np.array([np.abs(np.diff(dash, axis=0)).sum() for dash in (dashes[1:-1] or dashes)])
    short, long = float(lengths.min()), float(lengths.max())
    if long <= _LONG_TO_SHORT * short:
        return float(np.median(lengths)), gap
    apart = (short + long) / 2
    return float(np.median(lengths[lengths > apart])), gap, float(np.median(lengths[lengths <= apart])), gap
