"""Censor marks: small signs of one kind that stand upon the curves."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.vector.curves import LARGEST_SIGN
from ipdrecon.figure.vector.scene import is_sign

_LEAST = 1.2
_SAME_PLACE = 0.004
_ON_CURVE = 0.6
_OFF_SHARE = 0.16
_ON_SHARE = 0.6
_MOST_OFF = 0.65
_MANY_PIECES = 4
_FEW = 3


@dataclass(frozen=True)
class _Sign:
    """A small thing that may be a mark: middle and size in points, and what it looks like."""

    x: float
    y: float
    width: float
    height: float
    colour: tuple
    kind: str

    @property
    def family(self):
        return self.kind, round(self.width, 1), round(self.height, 1)


def mark_positions(scene, plane, curves):
    """Where the censor marks of each curve stand.

    A kind of sign (strokes of one size, one letter of one size) is the mark where most of those in the plot stand upon
    curves: with their middle, or with one end where all stand on one side.

    Parameters
    ----------
    scene : Scene
    plane : Plane
    curves : sequence of DrawnCurve

    Returns
    -------
    tuple of ndarray, each of shape (n_marks,)
        Positions `u` in points, by curve; marks at one place count once.
    """
    used = frozenset().union(*(curve.pieces | curve.beside for curve in curves))
    signs = [sign for sign in (*_strokes(scene, plane.box, used), *_letters(scene, plane.box)) if not _is_part(sign, plane, curves)]
    families = {}
    for sign in signs:
        families.setdefault(sign.family, []).append(sign)
    found = [[] for _ in curves]
    for members in families.values():
        tied = _tied(members, plane, curves)
        for sign, index in zip(members, tied, strict=True):
            if index is not None:
                found[index].append(sign.x)
    return tuple(_distinct(places) for places in found)


def _strokes(scene, box, used):
    """Small painted shapes in a box, without level strokes and one of the two strokes of each cross; those drawn twice once."""
    seen, signs = set(), []
    for order, shape in enumerate(scene.shapes):
        if shape.opacity == 0 or (shape.stroke is None and shape.fill is None):
            continue
        for part, points in enumerate(shape.parts):
            sign = None if (order, part) in used else _sign(points, shape)
            if sign is None or not box.contains(sign.x, sign.y, 2.0):
                continue
            place = sign.family, round(sign.x / _SAME_PLACE), round(sign.y / _SAME_PLACE)
            if place not in seen:
                seen.add(place)
                signs.append(sign)
    return signs


def _sign(points, shape):
    """What a subpath may be as a mark; None where it is too large, level, or the second stroke of a cross."""
    low, high = points.min(axis=0), points.max(axis=0)
    (x, y), (width, height), look = (low + high) / 2, high - low, _look(points, shape.curved)
    if not np.isfinite(points).all() or max(width, height) > LARGEST_SIGN or height < _LEAST or look == "rising":
        return None
    colour = shape.stroke if shape.stroke is not None else shape.fill
    return _Sign(float(x), float(y), float(width), float(height), colour, look)


def _look(points, curved):
    """What a small stroke or outline looks like: ``"rising"`` and ``"falling"`` strokes make a cross."""
    if curved or len(points) != 2:
        return "round" if curved else "outline"
    across, down = points[1] - points[0]
    if min(abs(across), abs(down)) < 0.2 * max(abs(across), abs(down)):
        return "upright"
    return "falling" if across * down > 0 else "rising"


def _letters(scene, box):
    return [
        _Sign(text.anchor[0] if text.centred else text.box.centre[0], text.box.centre[1], text.box.width, text.box.height, text.colour, text.text)
        for text in scene.texts
        if is_sign(text) and box.contains(*text.box.centre, 2.0)
    ]


def _is_part(sign, plane, curves):
    """Whether a sign is but a piece of an upright stretch of a curve in its colour that is drawn piece by piece."""
    v = np.array([sign.y - sign.height / 2, sign.y + sign.height / 2]) * plane.falls
    low, high = v.min(), v.max()
    if sign.width > 0.3:
        return False
    for curve in curves:
        if curve.line.colour != sign.colour or len(curve.pieces) < _MANY_PIECES:
            continue
        u = curve.points[:, 0]
        at = np.abs(u - sign.x) < 0.1
        if at.sum() > 1 and curve.points[at, 1].min() - 0.1 <= low and high <= curve.points[at, 1].max() + 0.1:
            return True
    return False


def _tied(members, plane, curves):
    """The curve of each sign of one family; None where it stands on none, or the family is no mark.

    Signs of one family stand upon their curves in one way: with their middle, one of their ends, or, as letters do, a
    little off.
    """
    offs = [_nearest(sign, plane, curves) for sign in members]
    near = [off for off in offs if abs(off) <= _MOST_OFF * members[0].height]
    if not near:
        return [None] * len(members)
    usual = float(np.median(near))
    if len(near) < _FEW and min(abs(abs(usual) - way) for way in (0.0, 0.5 * members[0].height)) > _ON_CURVE:
        return [None] * len(members)
    tied = [_curve_at(sign, usual, plane, curves) for sign in members]
    share = np.mean([index is not None for index in tied])
    return tied if share >= _ON_SHARE else [None] * len(members)


def _nearest(sign, plane, curves):
    """How far below the middle of a sign the nearest curve lies, in `v`; one of its colour before others."""
    v = plane.falls * sign.y
    offs = [(abs(off) > _MOST_OFF * sign.height, sign.colour != curve.line.colour, abs(off), off) for curve in curves if np.isfinite(off := _offset(curve, sign.x, v))]
    return min(offs)[3] if offs else np.inf


def _curve_at(sign, usual, plane, curves):
    """The curve upon which a sign stands in the usual way; one of its colour first."""
    v = plane.falls * sign.y + usual
    near = []
    for index, curve in enumerate(curves):
        off = abs(_offset(curve, sign.x, v))
        if off <= max(_ON_CURVE, _OFF_SHARE * sign.height):
            near.append((sign.colour != curve.line.colour, off, index))
    return min(near)[2] if near else None


def _offset(curve, u, v):
    """How far below a point a curve lies, which also stands upright where it steps; infinite beyond its ends."""
    points = curve.points
    if not points[0, 0] - 0.1 <= u <= points[-1, 0] + 0.1:
        return np.inf
    at = np.flatnonzero(np.abs(points[:, 0] - u) < 0.05)
    if len(at) and points[at, 1].min() <= v <= points[at, 1].max():
        return 0.0
    levels = [float(curve.level_at(u)), float(np.interp(u, points[:, 0], points[:, 1])), *points[at, 1].tolist()]
    return min((level - v for level in levels), key=abs)


def _distinct(places):
    places = np.sort(np.asarray(places, float))
    return places[np.concatenate([[True], np.diff(places) > _SAME_PLACE])] if len(places) else places
