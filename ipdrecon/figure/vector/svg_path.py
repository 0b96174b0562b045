"""Paths and basic shapes as subpaths of lines and cubic Béziers, and those as polylines on the page."""

import math
import re
from itertools import chain

import numpy as np

from ipdrecon.figure.vector.svg_values import HUGE, NUMBER, length, numbers, placed, scale_of

TOLERANCE_PT = 0.01
MOST_STEPS = 1000
# Béziers along so much of an arc are off it by less than a hundred-millionth of its radius
_ARC_STEP = math.pi / 12
_LEAST = 1e-30
_COMMAND = re.compile(r"([A-DF-Za-df-z])([^A-DF-Za-df-z]*)")
_SEPARATORS = re.compile(r"[\s,]*")
_FLAG = re.compile("[01]")
_N_NUMBERS = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7}


class Subpath:
    """One stroke of the pen: runs of lines and of cubic Béziers, from where it was set down.

    Attributes
    ----------
    runs : list of [kind, list of (x, y)]
        Of kind ``"L"``, points on end; of kind ``"C"``, three points a curve.
    start : tuple of float
    closed : bool
    """

    def __init__(self, start):
        self.start = start
        self.runs = []
        self.closed = False
        self._points = None

    def add(self, kind, *points):
        """Add a line or a curve."""
        if not self.runs or self.runs[-1][0] != kind:
            self.runs.append((kind, []))
        self.runs[-1][1].extend(points)

    @property
    def curved(self):
        """Whether there is any curve in it."""
        return any(kind == "C" for kind, _ in self.runs)

    def points(self):
        """Its start, the points of all runs, and its start again where it is closed; as an array of shape (n_points, 2)."""
        if self._points is None:
            points = [self.start, *chain.from_iterable(run for _, run in self.runs)]
            if self.closed and (len(points) == 1 or points[-1] != self.start):
                points.append(self.start)
            self._points = np.array(points)
        return self._points


class _Pen:
    """Draws what the commands of a path say, each by the method of its name."""

    def __init__(self):
        self.at = (0.0, 0.0)
        self.subpaths = []
        self.is_open = False
        self.handle = None
        self.handle_of = ""

    def follow(self, letter, given):
        """One command with one set of its numbers."""
        command = letter.lower()
        x, y = self.at if letter.islower() else (0.0, 0.0)
        getattr(self, f"_{command}")(x, y, *given)
        if command not in "csqt":
            self.handle = None
        self.handle_of = "c" if command in "cs" else "q" if command in "qt" else ""

    def line_to(self, point):
        self._path().add("L", point)
        self.at = point

    def curve_to(self, first, second, point):
        self._path().add("C", first, second, point)
        self.at = point

    def _path(self):
        if not self.is_open:
            self._m(*self.at)
        return self.subpaths[-1]

    def _m(self, x, y, to_x=0.0, to_y=0.0):
        self.at = (x + to_x, y + to_y)
        self.subpaths.append(Subpath(self.at))
        self.is_open = True

    def _l(self, x, y, to_x, to_y):
        self.line_to((x + to_x, y + to_y))

    def _h(self, x, y, to_x):
        self.line_to((x + to_x, self.at[1]))

    def _v(self, x, y, to_y):
        self.line_to((self.at[0], y + to_y))

    def _z(self, x, y):
        if self.is_open:
            self.subpaths[-1].closed = True
            self.at = self.subpaths[-1].start
            self.is_open = False

    def _c(self, x, y, x1, y1, x2, y2, to_x, to_y):
        self.handle = (x + x2, y + y2)
        self.curve_to((x + x1, y + y1), self.handle, (x + to_x, y + to_y))

    def _s(self, x, y, x2, y2, to_x, to_y):
        first = self._mirrored("c")
        self.handle = (x + x2, y + y2)
        self.curve_to(first, self.handle, (x + to_x, y + to_y))

    def _q(self, x, y, x1, y1, to_x, to_y):
        self._quadratic((x + x1, y + y1), (x + to_x, y + to_y))

    def _t(self, x, y, to_x, to_y):
        self._quadratic(self._mirrored("q"), (x + to_x, y + to_y))

    def _a(self, x, y, rx, ry, turned, large, sweep, to_x, to_y):
        self.arc_to(rx, ry, turned, large, sweep, (x + to_x, y + to_y))

    def _mirrored(self, kind):
        if self.handle is None or self.handle_of != kind:
            return self.at
        return (2 * self.at[0] - self.handle[0], 2 * self.at[1] - self.handle[1])

    def _quadratic(self, handle, end):
        begin = self.at
        first, second = (tuple(p + (q - p) * 2 / 3 for p, q in zip(point, handle, strict=True)) for point in (begin, end))
        self.curve_to(first, second, end)
        self.handle = handle

    def arc_to(self, rx, ry, turned, large, sweep, end):
        """An arc of an ellipse, given by its ends (SVG 2, appendix B.2.4)."""
        rx, ry = abs(rx), abs(ry)
        if end == self.at:
            return
        if min(rx, ry) < _LEAST:
            self.line_to(end)
            return
        cosine, sine = math.cos(math.radians(turned)), math.sin(math.radians(turned))
        half_x, half_y = (self.at[0] - end[0]) / 2, (self.at[1] - end[1]) / 2
        u, v = (cosine * half_x + sine * half_y) / rx, (cosine * half_y - sine * half_x) / ry
        reach = math.hypot(u, v)
        if not reach > _LEAST:
            self.line_to(end)
            return
        grown = max(reach, 1.0)
        rx, ry, u, v = rx * grown, ry * grown, u / grown, v / grown
        off = math.sqrt(max(0.0, 1 / (u * u + v * v) - 1)) * (-1 if bool(large) == bool(sweep) else 1)
        centre_u, centre_v = off * v, -off * u
        begin = math.atan2(v - centre_v, u - centre_u)
        turn = math.atan2(-v - centre_v, -u - centre_u) - begin
        turn += 2 * math.pi * ((sweep and turn < 0) - (not sweep and turn > 0))
        middle = ((self.at[0] + end[0]) / 2, (self.at[1] + end[1]) / 2)
        centre = (
            middle[0] + cosine * rx * centre_u - sine * ry * centre_v,
            middle[1] + sine * rx * centre_u + cosine * ry * centre_v,
        )
        self._turn((*centre, cosine * rx, sine * rx, -sine * ry, cosine * ry), begin, turn, end)

    def _turn(self, ellipse, begin, turn, end):
        """Curves along the arc of an ellipse, given by its centre and its two half axes."""
        x, y, ax, ay, bx, by = ellipse
        n = max(1, math.ceil(abs(turn) / _ARC_STEP - 1e-9))
        step = turn / n
        reach = 4 / 3 * math.tan(step / 4)
        for i in range(n):
            here, there = begin + i * step, begin + (i + 1) * step
            c0, s0, c1, s1 = math.cos(here), math.sin(here), math.cos(there), math.sin(there)
            controls = ((c0 - reach * s0, s0 + reach * c0), (c1 + reach * s1, s1 - reach * c1), (c1, s1))
            points = [(x + ax * p + bx * q, y + ay * p + by * q) for p, q in controls]
            self.curve_to(points[0], points[1], end if i == n - 1 else points[2])


def path_subpaths(data):
    """Follow the ``d`` of a path up to its end, or to its first error, as SVG asks.

    Parameters
    ----------
    data : str

    Returns
    -------
    list of Subpath
    """
    pen = _Pen()
    for letter, rest in _COMMAND.findall(data):
        command = letter.lower()
        if command == "z":
            pen.follow(letter, ())
            continue
        n = _N_NUMBERS.get(command)
        if n is None or (not pen.subpaths and command != "m"):
            break
        given = _arc_numbers(rest) if command == "a" else numbers(rest)
        for i in range(0, len(given) - n + 1, n):
            pen.follow(letter, given[i : i + n])
            letter = {"M": "L", "m": "l"}.get(letter, letter)
        if not given or len(given) % n:
            break
    return pen.subpaths


def _arc_numbers(text):
    """The numbers of an arc, whose two flags may stand without anything between them and what follows."""
    found, at = [], 0
    while True:
        at = _SEPARATORS.match(text, at).end()
        match = (_FLAG if len(found) % 7 in (3, 4) else NUMBER).match(text, at)
        if not match:
            return found
        if abs(float(match[0])) > HUGE:
            return found
        found.append(float(match[0]))
        at = match.end()


def shape_subpaths(element, viewport, em):
    """Subpaths of a path or basic shape, in its own user units.

    Parameters
    ----------
    element : Element
    viewport : tuple of float
        Width and height of the viewport, for lengths in percent.
    em : float
        Size of the font, for lengths in em.

    Returns
    -------
    list of Subpath
    """
    if element.tag == "path":
        return path_subpaths(element.get("d") or "")
    if element.tag in ("polyline", "polygon"):
        return _poly(element)
    diagonal = math.hypot(*viewport) / math.sqrt(2)
    wholes = {"x": viewport[0], "y": viewport[1], "width": viewport[0], "height": viewport[1]}

    def value(name, default=0.0):
        whole = diagonal if name == "r" else wholes.get(name if name in wholes else name.strip("cr12"), diagonal)
        found = length(element.get(name), whole, em)
        return default if found is None else found

    return {"line": _line, "rect": _rect, "circle": _ellipse, "ellipse": _ellipse}[element.tag](value)


def _poly(element):
    points = numbers(element.get("points") or "")
    points = list(zip(points[::2], points[1::2], strict=False))
    if not points:
        return []
    subpath = Subpath(points[0])
    if len(points) > 1:
        subpath.add("L", *points[1:])
    subpath.closed = element.tag == "polygon"
    return [subpath]


def _line(value):
    subpath = Subpath((value("x1"), value("y1")))
    subpath.add("L", (value("x2"), value("y2")))
    return [subpath]


def _rect(value):
    x, y, width, height = value("x"), value("y"), value("width"), value("height")
    if width <= 0 or height <= 0:
        return []
    rx, ry = value("rx", None), value("ry", None)
    rx, ry = (ry if rx is None else rx) or 0.0, (rx if ry is None else ry) or 0.0
    rx, ry = min(max(rx, 0.0), width / 2), min(max(ry, 0.0), height / 2)
    right, bottom = x + width, y + height
    pen = _Pen()
    pen._m(x + rx, y)
    for corner, begin in (
        ((right, y + ry), (right - rx, y)),
        ((right - rx, bottom), (right, bottom - ry)),
        ((x, bottom - ry), (x + rx, bottom)),
        ((x + rx, y), (x, y + ry)),
    ):
        if begin != pen.at:
            pen.line_to(begin)
        if rx and ry:
            pen.arc_to(rx, ry, 0.0, False, True, corner)
    pen._z(0.0, 0.0)
    return pen.subpaths


def _ellipse(value):
    radius = value("r", None)
    rx, ry = (radius, radius) if radius is not None else (value("rx", None), value("ry", None))
    rx, ry = (ry if rx is None else rx) or 0.0, (rx if ry is None else ry) or 0.0
    if rx <= 0 or ry <= 0:
        return []
    x, y = value("cx"), value("cy")
    pen = _Pen()
    pen._m(x + rx, y)
    pen.arc_to(rx, ry, 0.0, False, True, (x - rx, y))
    pen.arc_to(rx, ry, 0.0, False, True, (x + rx, y))
    pen._z(0.0, 0.0)
    return pen.subpaths


class Outlines:
    """The outlines of a file's paths and basic shapes; a path that is used many times is followed once.

    Parameters
    ----------
    allowance : Allowance
        What their points count against.
    """

    def __init__(self, allowance):
        self._allowance = allowance
        self._followed = {}

    def of(self, element, viewport, em):
        """Subpaths of an element, as `shape_subpaths` gives them."""
        if element.tag != "path":
            return shape_subpaths(element, viewport, em)
        if element not in self._followed:
            self._followed[element] = shape_subpaths(element, viewport, em)
        return self._followed[element]

    def flattened(self, subpaths, matrix):
        """Lay subpaths on the page.

        Parameters
        ----------
        subpaths : list of Subpath
        matrix : tuple of float
            From their units to points.

        Returns
        -------
        list of ndarray, each of shape (n_points, 2)
            Polylines within `TOLERANCE_PT` of the curves; a closed one ends where it begins. Subpaths of a single point,
            where the pen was only set down, are left out.
        """
        if not scale_of(matrix):
            return []
        self._allowance.spend("subpaths", len(subpaths))
        points = [subpath.points() for subpath in subpaths]
        self._allowance.spend("points", sum(map(len, points)))
        if not points:
            return []
        ends = np.cumsum([len(part) for part in points])
        parts = np.split(placed(matrix, np.concatenate(points)), ends[:-1])
        parts = [self._followed_closely(*pair) if pair[0].curved else pair[1] for pair in zip(subpaths, parts, strict=True)]
        return [part for part in parts if len(part) > 1]

    def _followed_closely(self, subpath, points):
        """A subpath that is curved, from its control points on the page to points along it."""
        pieces, at = [points[:1]], 1
        for kind, run in subpath.runs:
            run = points[at : at + len(run)]
            at += len(run)
            pieces.append(run if kind == "L" else self._curves(pieces[-1][-1], run))
        return np.concatenate([*pieces, points[at:]])

    def _curves(self, begin, points):
        """Points along cubic Béziers on end; as many on each as its bend asks for (Wang 1984)."""
        ends = points[2::3]
        begins = np.concatenate([begin[None], ends[:-1]])
        first, second = points[0::3], points[1::3]
        bend = np.maximum(np.hypot(*(begins - 2 * first + second).T), np.hypot(*(first - 2 * second + ends).T))
        steps = np.clip(np.ceil(np.sqrt(0.75 * bend / TOLERANCE_PT)), 1, MOST_STEPS).astype(int)
        self._allowance.spend("points", int(steps.sum()))
        which = np.repeat(np.arange(len(ends)), steps)
        last = np.cumsum(steps)
        t = ((np.arange(len(which)) - np.repeat(last - steps, steps) + 1) / steps[which])[:, None]
        s = 1 - t
        drawn = s**3 * begins[which] + 3 * s * s * t * first[which] + 3 * s * t * t * second[which] + t**3 * ends[which]
        drawn[last - 1] = ends
        return drawn
