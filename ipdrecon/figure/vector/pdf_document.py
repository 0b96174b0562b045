"""A PDF file in pdfium's hands: what each page draws as plain values, and pictures of its pages.

Damaged or hostile files may end the process or never return, so `pdf_child` calls this in a process of its own.
"""

from dataclasses import dataclass, field

import numpy as np
import pypdfium2.raw as raw

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector import pdf_library as pdfium
from ipdrecon.figure.vector.pdf_glyphs import read_glyphs
from ipdrecon.figure.vector.pdf_page import Page, faded
from ipdrecon.figure.vector.pdf_paths import box_around, meets, read_path, within
from ipdrecon.figure.vector.pdf_pictures import place_picture, read_pictures
from ipdrecon.figure.vector.pdf_pieces import join_pieces
from ipdrecon.figure.vector.pdf_signs import signs_left_out

MOST_PAGES = 5000
SCAN_COVERS = 0.7


@dataclass
class Drawn:
    """What one page draws, in points of the page as displayed, y downwards; boxes are left, top, right, bottom.

    `shapes` are dicts as of `pdf_paths.read_path` with a `clip`, `texts` are of `Piece`, `unmapped` are boxes of text of
    which a character is not known, `pictures` are pairs of a box and px.
    """

    width: float
    height: float
    shapes: list = field(default_factory=list)
    texts: list = field(default_factory=list)
    unmapped: list = field(default_factory=list)
    pictures: list = field(default_factory=list)


class Document:
    """An open PDF file.

    Parameters
    ----------
    data : bytes
    source : str
        Its name, for errors.

    Attributes
    ----------
    n_pages : int
    """

    def __init__(self, data, source):
        self._data = data
        self._handle = raw.FPDF_LoadMemDocument64(data, len(data), None)
        if not self._handle:
            raise FigureError(_why_not_opened(source, data, raw.FPDF_GetLastError()))
        self.n_pages = raw.FPDF_GetPageCount(self._handle)
        if not 1 <= self.n_pages <= MOST_PAGES:
            raise FigureError(
                f"{source} is a PDF file with {self.n_pages or 'no'} pages that can be found; 1 to {MOST_PAGES} are "
                "expected. Give a file of just the pages with the figure."
            )

    def close(self):
        """Give its memory back."""
        raw.FPDF_CloseDocument(self._handle)

    def draw(self, number):
        """Read what a page, counted from 1, draws.

        Returns
        -------
        Drawn
        """
        with Page(self._handle, number) as page:
            drawn, placed, shown = Drawn(page.width, page.height), [], {}
            for item, kind, matrix, clip, fade in page.items():
                if kind == pdfium.PATH:
                    shape = _shape(item, matrix, clip, fade, page.box)
                    drawn.shapes += [shape] if shape else []
                elif kind == pdfium.TEXT and fade:
                    shown[item] = (within(page.box, clip), matrix)
                elif kind == pdfium.IMAGE and fade:
                    picture = place_picture(item, matrix, clip)
                    placed += [picture] if picture and meets(picture.box, page.box) else []
            _add_texts(drawn, page, shown, is_scan=_is_covered(page.box, placed))
            drawn.pictures = read_pictures(page, placed)
        return drawn

    def px(self, number, scale):
        """Render a page, counted from 1, on white; a point of the page lies at ``scale * point - 0.5``.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
        """
        with Page(self._handle, number) as page:
            return page.px(scale)


def _why_not_opened(source, data, error):
    if error == raw.FPDF_ERR_PASSWORD:
        return f"{source} is encrypted and asks for a password; save it without one and give that."
    if error == raw.FPDF_ERR_SECURITY:
        return f"{source} is encrypted in a way that is not known; print it to a new PDF file and give that."
    return (
        f"{source} cannot be read as a PDF file ({len(data)} bytes, begins with {data[:8]!r}): it is damaged or cut off. "
        "Fetch it again, or print it to a new PDF file."
    )


def _shape(item, matrix, clip, fade, page_box):
    """Return a path that leaves ink on the page, or None."""
    shape = read_path(item, matrix)
    if shape is None:
        return None
    shape["opacity"] = _opacity(item, shape["opacity"], fade)
    if not shape["opacity"]:
        return None
    parts = shape["parts"]
    box = box_around(parts[0] if len(parts) == 1 else np.concatenate(parts))
    if not meets(box, within(page_box, clip), margin=shape["width"]):
        return None
    shape["clip"] = clip
    return shape


def _opacity(item, own, fade):
    """Opacity of a path in forms drawn with opacity `fade`, which is that of fills.

    A path that has it for its own fill was handed it on by a form that is no transparency group: its stroke keeps its own.
    """
    fill = pdfium.colour_of(item, pdfium.FILLED)
    return own if fill and fill[1] == fade else faded(own, fade)


def _add_texts(drawn, page, shown, *, is_scan):
    """Part the page's text into what is known and what is not.

    `shown` tells for each text object the box that clips it, and the matrix from what holds it to the page. On a scan, unseen text is another program's guess.
    """
    glyphs = read_glyphs(page.text_page, page.matrix)
    glyphs += signs_left_out(glyphs, {item: matrix for item, (_, matrix) in shown.items()})
    glyphs = [
        glyph
        for glyph in glyphs
        if glyph.item in shown and meets(glyph.box, shown[glyph.item][0]) and not (glyph.is_unseen and is_scan)
    ]
    for piece in join_pieces(glyphs):
        if piece.text is None:
            drawn.unmapped.append(piece.box)
        else:
            drawn.texts.append(piece)


def _is_covered(page_box, placed):
    """Whether pictures cover most of the page, as on a scan."""
    area = 0.0
    for picture in placed:
        left, top, right, bottom = within(within(picture.box, picture.clip), page_box)
        area += max(right - left, 0) * max(bottom - top, 0)
    return area >= SCAN_COVERS * page_box[2] * page_box[3]
