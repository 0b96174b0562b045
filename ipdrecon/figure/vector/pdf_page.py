"""One loaded page of a PDF file: its size as displayed, all objects on it with what maps and clips them, a picture of it."""

import ctypes
import math

import numpy as np
import pypdfium2.raw as raw

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector import pdf_library as pdfium
from ipdrecon.figure.vector.pdf_paths import clip_of, clip_segments, is_empty, within
from ipdrecon.figure.vector.pdf_pictures import MOST_PIXELS, own_size, pixels_of

MOST_SIDE_PT = 20_000
LEAST_SIDE_PT = 1
MOST_OBJECTS = 100_000
MOST_SEGMENTS = 1_200_000
MOST_CHARACTERS = 100_000
MOST_DEPTH = 25


class Page:
    """A page of an open PDF file, loaded within a ``with`` statement.

    Parameters
    ----------
    document : FPDF_DOCUMENT
    number : int
        Counted from 1.

    Attributes
    ----------
    matrix : ndarray of shape (2, 3)
        From the page's own space to points as displayed, y downwards from the upper left of the crop box.
    width, height : float
        As displayed, in points.
    box : tuple of float
        Left, top, right, bottom in points.
    address : FPDF_PAGE
    """

    def __init__(self, document, number):
        self.document, self.number = document, number
        self._n_objects = self._n_segments = 0
        self._text_page = None

    def __enter__(self):
        self.address = raw.FPDF_LoadPage(self.document, self.number - 1)
        if not self.address:
            raise self._refusal("is damaged and cannot be read; save the file anew with a PDF viewer")
        box = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(self.address, box)
        self.matrix, self.width, self.height = _display(box, raw.FPDFPage_GetRotation(self.address))
        self.box = (0.0, 0.0, self.width, self.height)
        sides = sorted((self.width, self.height))
        if not LEAST_SIDE_PT <= sides[0] <= sides[1] <= MOST_SIDE_PT or self._has_empty_box():
            self.__exit__()
            raise self._refusal(
                f"measures {self.width:.6g} × {self.height:.6g} pt, or has a box without a size; sides of {LEAST_SIDE_PT} "
                f"to {MOST_SIDE_PT} pt are read. Save the page at another size, or as a picture"
            )
        return self

    def __exit__(self, *exception):
        if self._text_page:
            raw.FPDFText_ClosePage(self._text_page)
        raw.FPDF_ClosePage(self.address)

    @property
    def text_page(self):
        """Handle of its characters, which pdfium gathers when they are first asked for."""
        if self._text_page is None:
            self._text_page = raw.FPDFText_LoadPage(self.address)
            self._check_count("characters", pdfium.text_count(self._text_page), MOST_CHARACTERS)
        return self._text_page

    def items(self):
        """Every object, those within forms after the form, in the order in which they are drawn.

        Yields
        ------
        tuple
            Its address, its kind, the matrix from the space that holds it to the page, the box that clips it or None,
            and the opacity of the forms around it.

        Raises
        ------
        FigureError
            As soon as there is more than can be read in good time.
        """
        self._n_objects = self._n_segments = 0
        top = [pdfium.object_at(self.address, i) for i in range(pdfium.object_count(self.address))]
        yield from self._walk(top, self.matrix, None, 1.0, 0)

    def px(self, scale):
        """Render it on white, `scale` px for each point.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
        """
        width, height = math.ceil(self.width * scale - 1e-6), math.ceil(self.height * scale - 1e-6)
        self._check_pixels(f"would be {width} × {height} px at {scale:.6g} px for each point", width * height)
        bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGRx, None, 0)
        if not bitmap:
            raise self._refusal("takes more memory than there is; render it smaller")
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            scaled, shown = raw.FS_MATRIX(scale, 0, 0, scale, 0, 0), raw.FS_RECTF(0, 0, width, height)
            raw.FPDF_RenderPageBitmapWithMatrix(bitmap, self.address, scaled, shown, 0)
            return pixels_of(bitmap)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)

    def _walk(self, items, matrix, clip, fade, depth):
        if depth > MOST_DEPTH:
            raise self._refusal(f"has forms within forms, more than {MOST_DEPTH} deep; print it to a new PDF file")
        for item in items:
            kind = pdfium.object_type(item)
            self._count(item, kind)
            own_clip = within(clip, clip_of(item, matrix))
            if own_clip is not None and is_empty(own_clip):
                continue
            yield item, kind, matrix, own_clip, fade
            if kind == pdfium.FORM:
                inner = [pdfium.form_object_at(item, i) for i in range(max(pdfium.form_count(item), 0))]
                paint = pdfium.colour_of(item, pdfium.FILLED)
                inner_fade = faded(paint[1], fade) if paint else fade
                yield from self._walk(
                    inner, pdfium.after(matrix, pdfium.matrix_of(item)), own_clip, inner_fade, depth + 1
                )

    def _count(self, item, kind):
        self._n_objects += 1
        self._n_segments += clip_segments(item)
        if kind == pdfium.PATH:
            self._n_segments += max(pdfium.segment_count(item), 0)
        elif kind == pdfium.IMAGE:
            width, height = own_size(item)
            self._check_pixels(f"has a picture of {width} × {height} px", width * height)
        self._check_count("objects", self._n_objects, MOST_OBJECTS)
        self._check_count("path segments", self._n_segments, MOST_SEGMENTS)

    def _has_empty_box(self):
        sides = [ctypes.c_float() for _ in range(4)]
        for read in (raw.FPDFPage_GetMediaBox, raw.FPDFPage_GetCropBox):
            if read(self.address, *sides):
                left, bottom, right, top = (side.value for side in sides)
                if left == right or bottom == top:
                    return True
        return False

    def _check_count(self, what, count, most):
        if count > most:
            raise self._refusal(
                f"has {count} {what} or more, and {most} are read; save it as a picture (PNG) and give that"
            )

    def _check_pixels(self, what, count):
        if count > MOST_PIXELS:
            raise self._refusal(
                f"{what}, and {MOST_PIXELS // 10**6} million px are read; give it by itself, scaled down"
            )

    def _refusal(self, why):
        return FigureError(f"page {self.number} {why}.")


def faded(opacity, fade):
    """Opacity of something in a form that is itself drawn with opacity `fade`.

    Where the form is no transparency group, pdfium hands the form's opacity on to what is in it: that counts once.
    """
    return opacity if opacity == fade else opacity * fade


def _display(box, quarter_turns):
    """Matrix from the page's space to points as displayed (turned clockwise), and the width and height there."""
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    width, height = right - left, top - bottom
    rows = {
        0: [[1, 0, -left], [0, -1, top]],
        1: [[0, 1, -bottom], [1, 0, -left]],
        2: [[-1, 0, right], [0, 1, -bottom]],
        3: [[0, -1, top], [-1, 0, right]],
    }[quarter_turns % 4]
    return np.array(rows, float), *((height, width) if quarter_turns % 2 else (width, height))
