"""What SVG writes in attributes: numbers, lengths, colours, matrices, and how a box is fitted into another."""

import math
import re
from functools import lru_cache
from itertools import takewhile

import numpy as np
import tinycss2.color4

from ipdrecon.model import Box

NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
# no figure means a number beyond it; within it, no product of a few is infinite
HUGE = 1e30
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
PT_PER_PX = 0.75
_LENGTH = re.compile(rf"\s*({NUMBER.pattern})\s*([a-zA-Z%]*)\s*$")
_PT = {"pt": 1.0, "pc": 12.0, "in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "q": 72 / 101.6, "px": 0.75, "": 0.75, "rem": 12.0}
_HEX = re.compile("#[0-9a-fA-F]{6}")
_STEP = re.compile(r"(?<![a-zA-Z])([a-zA-Z]++)\s*+\(([^()]*+)\)")
_ALIGNED = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}


def numbers(text):
    """All numbers of a text, in order, as floats; up to the first that is beyond `HUGE`."""
    found = [float(number) for number in NUMBER.findall(text)]
    if found and max(map(abs, found)) > HUGE:
        found = list(takewhile(lambda number: abs(number) <= HUGE, found))
    return found


def length(text, whole=0.0, em=16.0):
    """Read a length.

    Parameters
    ----------
    text : str or None
    whole : float
        What 100 % are, in user units.
    em : float
        Size of the font in user units.

    Returns
    -------
    float or None
        In user units; None where it is no length.
    """
    found = _value_and_unit(text) if text else None
    if found is None:
        return None
    value, unit = found
    if unit in ("", "px"):
        return value
    if unit in _PT:
        return value * _PT[unit] / PT_PER_PX
    return value * {"%": whole / 100, "em": em, "ex": em / 2}[unit]


def length_pt(text, em):
    """Read a length that is no share of anything, in points; None where it is none."""
    found = _value_and_unit(text) if text else None
    if found is None or found[1] == "%":
        return None
    value, unit = found
    return value * (_PT[unit] if unit in _PT else PT_PER_PX * em * {"em": 1.0, "ex": 0.5}[unit])


@lru_cache(maxsize=16384)
def _value_and_unit(text):
    match = _LENGTH.match(text)
    if not match or abs(float(match[1])) > HUGE:
        return None
    unit = match[2].lower()
    return (float(match[1]), unit) if unit in _PT or unit in ("%", "em", "ex") else None


@lru_cache(maxsize=1024)
def share(text, default=1.0):
    """Read an opacity, ``0.5`` or ``50%``, as a share in [0, 1]."""
    value = length(text, whole=1.0)
    return default if value is None else min(max(value, 0.0), 1.0)


@lru_cache(maxsize=4096)
def colour(text):
    """Read a colour.

    Returns
    -------
    tuple or None
        Red, green, blue of 0 to 255, and the opacity; None where it is no colour that is known.
    """
    if _HEX.fullmatch(text):
        return tuple(bytes.fromhex(text[1:])), 1.0
    try:
        found = tinycss2.color4.parse_color(text)
        if found is None or isinstance(found, str):
            return None
        *rgb, alpha = found.to("srgb")
    except (NotImplementedError, ValueError):
        return None
    return tuple(round(255 * min(max(share or 0.0, 0.0), 1.0)) for share in rgb), min(max(alpha, 0.0), 1.0)


def times(outer, inner):
    """Multiply two matrices ``(a, b, c, d, e, f)``: what `inner` does first and `outer` then."""
    a, b, c, d, e, f = outer
    p, q, r, s, t, u = inner
    return (a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f)


def placed(matrix, points):
    """Points, an array of shape (..., 2), where a matrix puts them."""
    a, b, c, d, e, f = matrix
    x, y = points[..., 0], points[..., 1]
    moved = np.empty(points.shape)
    moved[..., 0] = a * x + c * y + e
    moved[..., 1] = b * x + d * y + f
    return moved


def scale_of(matrix):
    """By how much a matrix lengthens lines, on average over the directions."""
    a, b, c, d, _, _ = matrix
    return math.sqrt(abs(a * d - b * c))


@lru_cache(maxsize=4096)
def matrix_of(text):
    """Read a ``transform``; one that is malformed does nothing, as in browsers."""
    matrix = IDENTITY
    for name, arguments in _STEP.findall(text or ""):
        step = _step(name.lower(), numbers(arguments))
        if step is None:
            return IDENTITY
        matrix = times(matrix, step)
    return matrix


def _step(name, given):
    n = len(given)
    if name == "matrix" and n == 6:
        return tuple(given)
    if name == "rotate" and n in (1, 3):
        return _rotation(*given)
    if name.startswith("skew") and n == 1:
        lean = math.tan(math.radians(given[0]))
        return (1.0, lean, 0.0, 1.0, 0.0, 0.0) if name == "skewy" else (1.0, 0.0, lean, 1.0, 0.0, 0.0)
    if n not in (1, 2) or name not in _MOVES:
        return None
    return _MOVES[name](given[0], given[1] if n == 2 else None)


_MOVES = {
    "translate": lambda x, y: (1.0, 0.0, 0.0, 1.0, x, y or 0.0),
    "translatex": lambda x, _: (1.0, 0.0, 0.0, 1.0, x, 0.0),
    "translatey": lambda y, _: (1.0, 0.0, 0.0, 1.0, 0.0, y),
    "scale": lambda x, y: (x, 0.0, 0.0, x if y is None else y, 0.0, 0.0),
    "scalex": lambda x, _: (x, 0.0, 0.0, 1.0, 0.0, 0.0),
    "scaley": lambda y, _: (1.0, 0.0, 0.0, y, 0.0, 0.0),
}


def _rotation(degrees, x=0.0, y=0.0):
    quarters = degrees / 90
    if quarters == round(quarters):
        cosine, sine = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(quarters) % 4]
    else:
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (cosine, sine, -sine, cosine, x - cosine * x + sine * y, y - sine * x - cosine * y)


def fitted(inside, width, height, aspect):
    """Fit a box into a viewport, as ``preserveAspectRatio`` says.

    Parameters
    ----------
    inside : tuple of float
        Left, top, width and height, in the units that are to be fitted; as of a ``viewBox``.
    width, height : float
        Of the viewport, which begins at (0, 0).
    aspect : str or None
        As ``xMidYMid meet``, which is what None means.

    Returns
    -------
    tuple of float
        A matrix.
    """
    left, top, wide, high = inside
    across, down = width / wide, height / high
    words = (aspect or "").split()
    align = next((word for word in words if re.fullmatch("none|x(Min|Mid|Max)Y(Min|Mid|Max)", word)), "xMidYMid")
    if align == "none":
        return (across, 0.0, 0.0, down, -left * across, -top * down)
    scale = max(across, down) if "slice" in words else min(across, down)
    x = (width - wide * scale) * _ALIGNED[align[1:4]]
    y = (height - high * scale) * _ALIGNED[align[5:8]]
    return (scale, 0.0, 0.0, scale, x - left * scale, y - top * scale)


def box_around(points):
    """The box around points, an array of shape (n_points, 2)."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def corners(left, top, width, height):
    """The four corners of a rectangle, in order, as an array of shape (4, 2)."""
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def overlap(one, other):
    """What two boxes have in common; None, which is no limit, leaves the other. May be empty, its right left of its left."""
    if one is None or other is None:
        return other if one is None else one
    left, top = max(one.left, other.left), max(one.top, other.top)
    return Box(left, top, min(one.right, other.right), min(one.bottom, other.bottom))
