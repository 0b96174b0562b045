"""The characters of a PDF page, each with its place, as pdfium tells them."""

import math
import unicodedata
from dataclasses import dataclass

import numpy as np
import pypdfium2.raw as raw

from ipdrecon.figure.vector import pdf_library as pdfium

SAME_PLACE = 0.01
_UNSEEN = {raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP}
_PLAIN = {
    "\u2010": "-",
    "\u2011": "-",
    "\u2212": "-",
    "\u00ad": "-",
    "\u0002": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2219": "\u00b7",
    "\u22c5": "\u00b7",
    "\u2500": "\u2014",
}
# Blocks where compatibility forms mean the same as the plain letters: presentation ligatures, full-width forms,
# mathematical alphabets. Raised digits are left alone: 10² is not 102.
_ALIKE = ((0xFB00, 0xFB06), (0xFF01, 0xFFEF), (0x1D400, 0x1D7FF))
_NONE = {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"}


@dataclass
class Glyph:
    """A character in its line: `start` and `end` along the baseline, `across` how far the baseline lies from the origin.

    `text` is None where the file does not say which character it is; `box` is left, top, right, bottom around its ink,
    all in points of the page, y downwards; `degrees` counter-clockwise; `item` the text object it belongs to.
    """

    text: str | None
    start: float
    end: float
    across: float
    size: float
    degrees: float
    box: tuple
    origin: tuple
    item: int
    colour: tuple
    is_unseen: bool

    def is_same_as(self, other):
        """Whether it is drawn by the same stroke of the same glyph, as the letters of a ligature are."""
        return (
            self.item == other.item
            and self.box == other.box
            and abs(self.start - other.start) < SAME_PLACE * self.size
            and abs(self.across - other.across) < SAME_PLACE * self.size
        )


@dataclass
class _Style:
    """What the characters of one text object share."""

    degrees: float
    along: tuple
    size: float
    height: float
    colour: tuple
    is_unseen: bool


def read_glyphs(text_page, matrix):
    """Read the characters of a page in the order of the file, spaces included.

    Parameters
    ----------
    text_page : int
        Address of the text page.
    matrix : ndarray of shape (2, 3)
        From the page's own space to points of the page as displayed, y downwards.

    Returns
    -------
    list of Glyph
    """
    glyphs, styles, rows = [], {}, matrix.tolist()
    for i in range(pdfium.text_count(text_page)):
        if pdfium.text_is_generated(text_page, i):
            continue
        item = pdfium.text_object(text_page, i)
        if item not in styles:
            styles[item] = _style(text_page, i, item, matrix)
        style = styles[item]
        if style is not None:
            glyph = _glyph(text_page, i, item, style, rows)
            if glyph is not None:
                glyphs.append(glyph)
    return glyphs


def _glyph(text_page, i, item, style, rows):
    text = _character(pdfium.text_unicode(text_page, i), pdfium.text_is_unmapped(text_page, i) == 1)
    if text == "":
        return None
    x, y = _doubles(pdfium.text_origin, text_page, i, 2)
    origin = _mapped(rows, x, y)
    cos, sin = style.along
    start = origin[0] * cos + origin[1] * sin
    tight = _tight_box(text_page, i, rows)
    loose = _loose_box(text_page, i, rows)
    box = tight if tight[2] > tight[0] and tight[3] > tight[1] else loose
    if not all(map(math.isfinite, (*origin, *box))):
        return None
    return Glyph(
        text=text,
        start=start,
        end=start + _advance(loose, style),
        across=origin[1] * cos - origin[0] * sin,
        size=style.size,
        degrees=style.degrees,
        box=box,
        origin=origin,
        item=item,
        colour=style.colour,
        is_unseen=style.is_unseen,
    )


def _style(text_page, i, item, matrix):
    """Return the style of the object of character i; None where it draws nothing that could be read."""
    pdfium.text_matrix(text_page, i, pdfium.FLOATS_AT)
    linear = matrix[:, :2] @ pdfium.as_matrix(pdfium.floats(6))[:, :2]
    font_size = abs(pdfium.text_font_size(text_page, i))
    length, size = math.hypot(*linear[:, 0]), math.hypot(*linear[:, 1]) * font_size
    if not (length > 0 and 0 < size < math.inf):
        return None
    along = (float(linear[0, 0]) / length, float(linear[1, 0]) / length)
    colour, opacity, is_unseen = paint_of(item)
    if not opacity:
        return None
    degrees = math.degrees(math.atan2(-along[1], along[0])) % 360
    height = _font_height(item, font_size) * size / font_size if item else size
    return _Style(degrees, along, size, height, colour, is_unseen)


def paint_of(item):
    """Colour and opacity of a text object, and whether it is unseen."""
    if not item:
        return (0, 0, 0), 1.0, False
    mode = pdfium.text_render_mode(item)
    kind = pdfium.STROKED if mode == raw.FPDF_TEXTRENDERMODE_STROKE else pdfium.FILLED
    colour, opacity = pdfium.colour_of(item, kind) or ((0, 0, 0), 1.0)
    return colour, opacity, mode in _UNSEEN


def _font_height(item, font_size):
    """Height of the box that pdfium lays around any character of an object's font."""
    font, at = pdfium.text_font(item), pdfium.FLOATS_AT
    heights = []
    for read in (pdfium.font_ascent, pdfium.font_descent):
        heights.append(float(pdfium.floats(1)[0]) if font and read(font, font_size, at) else math.nan)
    height = heights[0] - heights[1]
    return height if height > 0 else font_size


def _advance(loose, style):
    """Width of a character along its line, from the upright box around it.

    A box of `w` by `h` turned by an angle has an upright one as wide and high as ``(w + h) (|cos| + |sin|)`` together.
    """
    cos, sin = map(abs, style.along)
    across, down = loose[2] - loose[0], loose[3] - loose[1]
    if min(cos, sin) < 0.02:
        return across if cos > sin else down
    return max((across + down) / (cos + sin) - style.height, 0.0)


def _tight_box(text_page, i, rows):
    left, right, bottom, top = _doubles(pdfium.text_tight_box, text_page, i, 4)
    return _mapped_box(rows, left, bottom, right, top)


def _loose_box(text_page, i, rows):
    if not pdfium.text_loose_box(text_page, i, pdfium.FLOATS_AT):
        return (0.0, 0.0, 0.0, 0.0)
    left, top, right, bottom = pdfium.floats(4).tolist()
    return _mapped_box(rows, left, bottom, right, top)


_numbers = np.zeros(4)
_NUMBERS_AT = [_numbers.ctypes.data + 8 * k for k in range(4)]


def _doubles(read, text_page, i, count):
    """Return the numbers that a call writes; zeros where it fails."""
    if not read(text_page, i, *_NUMBERS_AT[:count]):
        return [0.0] * count
    return _numbers[:count].tolist()


def _mapped(rows, x, y):
    (a, c, e), (b, d, f) = rows
    return a * x + c * y + e, b * x + d * y + f


def _mapped_box(rows, left, bottom, right, top):
    x0, y0 = _mapped(rows, left, bottom)
    x1, y1 = _mapped(rows, right, top)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _character(code, is_unmapped):
    """Return the plain form of a character: empty where it draws nothing, None where it is not known."""
    if is_unmapped or not 0 < code < 0x110000:
        return None
    text = chr(code)
    if text in _PLAIN:
        return _PLAIN[text]
    if text in _NONE:
        return ""
    if text in "\t\n\r" or unicodedata.category(text) == "Zs":
        return " "
    if unicodedata.category(text) in ("Cc", "Co", "Cn", "Cs") or text == "\ufffd":
        return None
    if any(low <= code <= high for low, high in _ALIKE):
        return unicodedata.normalize("NFKC", text)
    return text
