"""Signs that pdfium leaves out of a page's text, as it takes what nearly covers its like for letters made bold.

Marks of censored patients stand as close as that, each a text object by itself or several on a line in one.
"""

import math
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.vector import pdf_library as pdfium
from ipdrecon.figure.vector.pdf_glyphs import paint_of
from ipdrecon.figure.vector.pdf_paths import box_around
from ipdrecon.figure.vector.pdf_pieces import lone_signs

SAME_PLACE_PT = 1e-4
ALIKE = 1e-3
MOST_IN_A_CELL = 16
# pdfium leaves a character out of a text object where its like is told less than 0.07 em away
CLOSE = 0.0701


@dataclass
class _Stamp:
    """What a text object prints but for its characters: `form` are its linear map and its box about its origin, in ems."""

    font: int
    em: float
    form: tuple
    origin: tuple

    @property
    def cell(self):
        """Square of one em in which its origin lies."""
        return math.floor(self.origin[0] / self.em), math.floor(self.origin[1] / self.em)

    def is_like(self, other):
        """Whether both print the same, each in its place."""
        return (
            self.font == other.font
            and abs(self.em - other.em) <= ALIKE * self.em
            and all(abs(a - b) <= ALIKE for a, b in zip(self.form, other.form, strict=True))
        )


def signs_left_out(glyphs, matrices):
    """Find the signs that a page draws and its text does not tell.

    A text object without a character is such a sign where it covers in part a sign that is told, or found before, and is
    in font, size, angle and ink its like. Where an object of signs reaches farther than those that are told, another ends
    it. Letters are not looked for: where one is drawn twice, it is bold.

    Parameters
    ----------
    glyphs : list of Glyph
        All that the text tells, spaces included.
    matrices : dict
        From the address of each text object that is shown, in the order in which they are drawn, to the matrix from the
        space that holds it to the page, of shape (2, 3).

    Returns
    -------
    list of Glyph
        Those at the ends of objects, then those by themselves. A sign drawn again in its own place and colour is none.
    """
    told = {glyph.item for glyph in glyphs}
    silent = [item for item in matrices if item not in told]
    cells = defaultdict(lambda: deque(maxlen=MOST_IN_A_CELL))
    ends = []
    for item, signs in _objects_of_signs(glyphs, matrices):
        left_out = _at_the_ends(item, matrices[item], signs)
        ends += left_out
        stamp = _stamp(item, matrices[item]) if silent and len(signs) == 1 and not left_out else None
        if stamp:
            cells[stamp.cell].append((signs[0], stamp))
    return ends + (_by_themselves(silent, matrices, cells) if cells else [])


def _objects_of_signs(glyphs, matrices):
    """Text objects that are shown and tell nothing but signs, none of which is part of a word, each with its signs."""
    n_told, signs = Counter(glyph.item for glyph in glyphs), defaultdict(list)
    for glyph in lone_signs(glyphs):
        signs[glyph.item].append(glyph)
    return [(item, own) for item, own in signs.items() if item in matrices and len(own) == n_told[item]]


def _at_the_ends(item, matrix, signs):
    """Signs left out at either end of a text object of one sign again and again: its box reaches as far as they do."""
    box, first = _box(item, matrix), signs[0]
    if box is None or any(sign.text != first.text for sign in signs):
        return []
    angle, found = math.radians(first.degrees), []
    for way in (1, -1):
        along = (way * math.cos(angle), -way * math.sin(angle))
        sign = max(signs, key=lambda one: one.origin[0] * along[0] + one.origin[1] * along[1])
        sides = (2 if along[0] > 0 else 0, 3 if along[1] > 0 else 1)
        move = tuple(box[side] - sign.box[side] for side in sides)
        length = move[0] * along[0] + move[1] * along[1]
        astray = abs(move[0] * along[1] - move[1] * along[0])
        if ALIKE * sign.size < length < CLOSE * sign.size and astray <= ALIKE * sign.size:
            found.append(_moved(sign, length * along[0], length * along[1]))
    return found


def _box(item, matrix):
    """Box on the page around the ink of a text object; None where what holds it is turned, and it would be too large."""
    at, (a, c), (b, d) = pdfium.FLOATS_AT, *matrix[:, :2].tolist()
    if (a or d) and (b or c) or not pdfium.object_bounds(item, at, at + 4, at + 8, at + 12):
        return None
    corners = pdfium.mapped(matrix, pdfium.floats(4).reshape(2, 2))
    return box_around(corners) if np.isfinite(corners).all() else None


def _by_themselves(silent, matrices, cells):
    """Signs that are text objects of which nothing is told; they are added to the cells of those that are."""
    found = []
    for item in silent:
        stamp = _stamp(item, matrices[item])
        colour, opacity, is_unseen = paint_of(item)
        near = _nearest(cells, stamp, colour) if stamp and opacity else None
        if near is None:
            continue
        sign, (across, down) = near
        if sign.colour == colour and math.hypot(across, down) < SAME_PLACE_PT:
            continue
        found.append(replace(_moved(sign, across, down), item=item, colour=colour, is_unseen=is_unseen))
        cells[stamp.cell].append((found[-1], stamp))
    return found


def _stamp(item, matrix):
    """Return the stamp of a text object; None where it prints nothing of a size."""
    own, at = pdfium.matrix_of(item), pdfium.FLOATS_AT
    linear = matrix[:, :2] @ own[:, :2]
    font_size = float(pdfium.floats(1)[0]) if pdfium.text_object_size(item, at) else 0.0
    em = math.hypot(*linear[:, 1].tolist()) * abs(font_size)
    if not (0 < em < math.inf and pdfium.object_bounds(item, at, at + 4, at + 8, at + 12)):
        return None
    left, bottom, right, top = pdfium.floats(4).tolist()
    corners = np.array([[left, bottom], [right, top], [left, top], [right, bottom]]) - own[:, 2]
    ink = corners @ matrix[:, :2].T
    form = (*(linear * font_size / em).ravel().tolist(), *(ink / em).ravel().tolist())
    origin = tuple((matrix[:, :2] @ own[:, 2] + matrix[:, 2]).tolist())
    if not all(map(math.isfinite, (*form, *origin))):
        return None
    return _Stamp(pdfium.text_font(item), em, form, origin)


def _nearest(cells, stamp, colour):
    """Return the nearest sign that is like the stamp and covered by it in part, one of its colour first, and the way from it."""
    column, row = stamp.cell
    near = []
    for cell in ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
        for sign, other in cells.get(cell, ()):
            left, top, right, bottom = sign.box
            across, down = stamp.origin[0] - other.origin[0], stamp.origin[1] - other.origin[1]
            if abs(across) < right - left and abs(down) < bottom - top and stamp.is_like(other):
                near.append((sign.colour != colour, math.hypot(across, down), sign, (across, down)))
    return min(near, key=lambda one: one[:2])[2:] if near else None


def _moved(glyph, across, down):
    """Return a glyph as it is elsewhere on the page."""
    left, top, right, bottom = glyph.box
    angle = math.radians(glyph.degrees)
    cos, sin = math.cos(angle), -math.sin(angle)
    along = across * cos + down * sin
    return replace(
        glyph,
        start=glyph.start + along,
        end=glyph.end + along,
        across=glyph.across + down * cos - across * sin,
        box=(left + across, top + down, right + across, bottom + down),
        origin=(glyph.origin[0] + across, glyph.origin[1] + down),
    )
