"""The painted paths of a PDF page, on the page after all matrices, and the boxes around what clips them."""

import ctypes
import math

import numpy as np
import pypdfium2.raw as raw

from ipdrecon.figure.vector import pdf_library as pdfium

FLATNESS_PT = 0.01
MOST_STEPS_OF_A_CURVE = 400
SCALED_ALIKE = 1e-5
ROUND_CAP = raw.FPDF_LINECAP_ROUND
_CURVE, _MOVE = raw.FPDF_SEGMENT_BEZIERTO, raw.FPDF_SEGMENT_MOVETO


def read_path(item, matrix):
    """Read a painted path.

    Parameters
    ----------
    item : int
        Address of the path object.
    matrix : ndarray of shape (2, 3)
        From the space that holds the object to points of the page.

    Returns
    -------
    dict or None
        What a `Shape` holds but for its clip, `parts` as arrays of shape (n_points, 2); None where nothing is seen.
    """
    stroke, fill, opacity = _paint(item)
    if stroke is None and fill is None:
        return None
    own = pdfium.matrix_of(item)
    to_page = pdfium.after(matrix, own)
    points, kinds, closes = _segments(item, pdfium.segment_count(item), pdfium.segment_at)
    on_page = pdfium.mapped(to_page, points)
    if not np.isfinite(on_page).all():
        return None
    is_curved = bool((kinds == _CURVE).any())
    along, across = _scales(points, on_page, kinds, to_page)
    if is_curved:
        on_page, kinds, closes = _flattened(on_page, kinds, closes)
    is_dot_seen = stroke is not None and pdfium.line_cap(item) == ROUND_CAP
    parts = [part for part in _subpaths(on_page, kinds, closes) if is_dot_seen or (part != part[0]).any()]
    if not parts:
        return None
    return {
        "parts": parts,
        "stroke": stroke,
        "fill": fill,
        "width": _width(item) * across if stroke is not None else 0.0,
        "dash": tuple(length * along for length in _dash(item)) if stroke is not None else (),
        "opacity": opacity,
        "curved": is_curved,
    }


def clip_of(item, matrix):
    """Box around all that the clipping paths of an object leave.

    Returns
    -------
    tuple of float or None
        Left, top, right, bottom in points of the page; left is right of right where they leave nothing; None where
        nothing clips.
    """
    clip = pdfium.object_clip(item)
    box = None
    for path in range(max(pdfium.clip_count(clip), 0) if clip else 0):
        n = pdfium.clip_segment_count(clip, path)
        points, _, _ = _segments(clip, n, lambda clip, i, path=path: pdfium.clip_segment_at(clip, path, i))
        box = within(box, box_around(pdfium.mapped(matrix, points)))
    return box


def clip_segments(item):
    """Count the segments of an object's clipping paths."""
    clip = pdfium.object_clip(item)
    n_paths = max(pdfium.clip_count(clip), 0) if clip else 0
    return sum(max(pdfium.clip_segment_count(clip, path), 0) for path in range(n_paths))


def box_around(points):
    """Left, top, right, bottom of points; an empty box around none."""
    if not len(points):
        return math.inf, math.inf, -math.inf, -math.inf
    return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def within(box, other):
    """Box that two boxes share, either of which may be None for the whole plane."""
    if box is None or other is None:
        return other if box is None else box
    return max(box[0], other[0]), max(box[1], other[1]), min(box[2], other[2]), min(box[3], other[3])


def is_empty(box):
    """Whether a box leaves nothing, not even a line."""
    return box[2] < box[0] or box[3] < box[1]


def meets(box, other, margin=0.0):
    """Whether two boxes share a point, with a margin in points of the page."""
    left, top, right, bottom = within(box, other)
    return left <= right + margin and top <= bottom + margin


def _paint(item):
    """Colours of stroke and fill, None each where it is not seen, and the opacity of the stroke or else of the fill."""
    at = pdfium.INTS_AT
    pdfium.draw_mode(item, at, at + 4)
    is_filled, is_stroked = pdfium.ints(2)
    fill = pdfium.colour_of(item, pdfium.FILLED) if is_filled else None
    stroke = pdfium.colour_of(item, pdfium.STROKED) if is_stroked else None
    opacity = (stroke or fill or (None, 0.0))[1]
    if stroke and fill and not stroke[1]:
        opacity = fill[1]
    stroke, fill = (paint[0] if paint and paint[1] else None for paint in (stroke, fill))
    return stroke, fill, opacity


def _segments(holder, n, at):
    """Points as float32 of shape (n, 2), kinds, and whether each closes its subpath."""
    n = max(n, 0)
    points = np.zeros((n, 2), np.float32)
    segments = [at(holder, i) for i in range(n)]
    address, point = points.ctypes.data, pdfium.segment_point
    for segment in segments:
        point(segment, address, address + 4)
        address += 8
    kinds = np.fromiter(map(pdfium.segment_kind, segments), np.int8, n)
    return points, kinds, np.fromiter(map(pdfium.segment_closes, segments), np.int8, n) > 0


def _subpaths(points, kinds, closes):
    """Polylines of the subpaths; a lone point that nothing follows is none."""
    starts = np.flatnonzero(_are_starts(kinds, closes)).tolist()
    parts, first = [], None
    for i, j in zip(starts, [*starts[1:], len(points)], strict=True):
        part = points[i:j]
        if kinds[i] == _MOVE:
            first = part[0]
        else:
            part = np.vstack([first, part])
        if len(part) < 2:
            continue
        if closes[j - 1] and (part[-1] != first).any():
            part = np.vstack([part, first])
        parts.append(part)
    return parts


def _are_starts(kinds, closes):
    """Whether a subpath begins at each point: where the pen is moved, or where it goes on after a subpath was closed."""
    are_starts = kinds == _MOVE
    are_starts[1:] |= closes[:-1]
    return are_starts


def _flattened(points, kinds, closes):
    """Replace each cubic curve by points on it, no more than `FLATNESS_PT` from it.

    Of n equal steps none strays by more than ``max |B''| / 8n²``. A curve is three points, after the one it leaves from.
    """
    ends = np.flatnonzero(kinds == _CURVE)[2::3]
    before = np.where(_are_starts(kinds, closes)[ends - 2], _first_points(kinds)[ends - 2], ends - 3)
    start, leave, arrive, end = points[before], points[ends - 2], points[ends - 1], points[ends]
    bend = 6 * np.maximum(np.hypot(*(start - 2 * leave + arrive).T), np.hypot(*(leave - 2 * arrive + end).T))
    steps = np.clip(np.ceil(np.sqrt(bend / (8 * FLATNESS_PT))), 1, MOST_STEPS_OF_A_CURVE).astype(int)
    counts = np.ones(len(points), int)
    counts[ends - 2] = counts[ends - 1] = 0
    counts[ends] = steps
    origin = np.repeat(np.arange(len(points)), counts)
    made = points[origin]
    curve = np.repeat(np.arange(len(ends)), steps)
    t = ((np.arange(len(curve)) - np.repeat(np.cumsum(steps) - steps, steps) + 1) / steps[curve])[:, None]
    is_inner = t[:, 0] < 1
    on_curve = (1 - t) ** 3 * start[curve] + 3 * t * (1 - t) ** 2 * leave[curve] + 3 * t**2 * (1 - t) * arrive[curve]
    where = np.flatnonzero(kinds[origin] == _CURVE)
    made[where[is_inner]] = (on_curve + t**3 * end[curve])[is_inner]
    is_last = np.concatenate([origin[1:] != origin[:-1], [True]])
    return made, kinds[origin], closes[origin] & is_last


def _first_points(kinds):
    """Index of the point from which the pen last moved, for each point."""
    return np.maximum.accumulate(np.where(kinds == _MOVE, np.arange(len(kinds)), 0))


def _scales(points, on_page, kinds, matrix):
    """By what lengths along the path and widths across it grow.

    Exact for any straight line, and for any path that is scaled alike both ways.
    """
    (a, c, _), (b, d, _) = matrix.tolist()
    area = abs(a * d - b * c)
    if max(abs(abs(a) - abs(d)), abs(abs(b) - abs(c)), abs(a * c + b * d)) <= SCALED_ALIKE * math.sqrt(area):
        return math.sqrt(area), math.sqrt(area)
    is_drawn = kinds[1:] != _MOVE
    before = np.hypot(*np.diff(points.astype(float), axis=0)[is_drawn].T).sum()
    later = np.hypot(*np.diff(on_page, axis=0)[is_drawn].T).sum()
    if not before or not later:
        return math.sqrt(area), math.sqrt(area)
    return float(later / before), float(area * before / later)


def _width(item):
    pdfium.stroke_width(item, pdfium.FLOATS_AT)
    return float(pdfium.floats(1)[0])


def _dash(item):
    """Lengths of dashes and gaps in turn, before any matrix; empty for an unbroken line."""
    n = pdfium.dash_count(item)
    if n <= 0:
        return ()
    lengths = (ctypes.c_float * n)()
    pdfium.dash_array(item, ctypes.addressof(lengths), n)
    if not sum(lengths) > 0:
        return ()
    return tuple(lengths) * (1 + n % 2)
