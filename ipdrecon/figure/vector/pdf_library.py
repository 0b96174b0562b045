"""pdfium's calls bound to plain addresses, which cost a fifth of its typed pointers, and its matrices in float64."""

import ctypes

import numpy as np
import pypdfium2  # noqa: F401  (starts the library)
import pypdfium2.raw as raw

FILLED, STROKED = 0, 1
TEXT, PATH, IMAGE, FORM = (
    raw.FPDF_PAGEOBJ_TEXT,
    raw.FPDF_PAGEOBJ_PATH,
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_FORM,
)
_ADDRESS, _INT, _UINT, _FLOAT = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_float


def _bound(name, result, *arguments):
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(getattr(raw, name), _ADDRESS).value)


def _getter(name, result=_INT):
    return _bound(name, result, _ADDRESS)


def _getter_at(name, result=_ADDRESS):
    return _bound(name, result, _ADDRESS, _INT)


object_count = _getter("FPDFPage_CountObjects")
object_at = _getter_at("FPDFPage_GetObject")
form_count = _getter("FPDFFormObj_CountObjects")
form_object_at = _bound("FPDFFormObj_GetObject", _ADDRESS, _ADDRESS, ctypes.c_ulong)
object_type = _getter("FPDFPageObj_GetType")
object_matrix = _bound("FPDFPageObj_GetMatrix", _INT, _ADDRESS, _ADDRESS)
set_object_matrix = _bound("FPDFPageObj_SetMatrix", _INT, _ADDRESS, _ADDRESS)
object_bounds = _bound("FPDFPageObj_GetBounds", _INT, *[_ADDRESS] * 5)
object_clip = _getter("FPDFPageObj_GetClipPath", _ADDRESS)
clip_count = _getter("FPDFClipPath_CountPaths")
clip_segment_count = _getter_at("FPDFClipPath_CountPathSegments", _INT)
clip_segment_at = _bound("FPDFClipPath_GetPathSegment", _ADDRESS, _ADDRESS, _INT, _INT)
segment_count = _getter("FPDFPath_CountSegments")
segment_at = _getter_at("FPDFPath_GetPathSegment")
segment_point = _bound("FPDFPathSegment_GetPoint", _INT, _ADDRESS, _ADDRESS, _ADDRESS)
segment_kind = _getter("FPDFPathSegment_GetType")
segment_closes = _getter("FPDFPathSegment_GetClose")
draw_mode = _bound("FPDFPath_GetDrawMode", _INT, _ADDRESS, _ADDRESS, _ADDRESS)
stroke_width = _bound("FPDFPageObj_GetStrokeWidth", _INT, _ADDRESS, _ADDRESS)
line_cap = _getter("FPDFPageObj_GetLineCap")
dash_count = _getter("FPDFPageObj_GetDashCount")
dash_array = _bound("FPDFPageObj_GetDashArray", _INT, _ADDRESS, _ADDRESS, ctypes.c_size_t)
_colour = {
    kind: _bound(name, _INT, *[_ADDRESS] * 5)
    for kind, name in ((FILLED, "FPDFPageObj_GetFillColor"), (STROKED, "FPDFPageObj_GetStrokeColor"))
}
text_count = _getter("FPDFText_CountChars")
text_unicode = _getter_at("FPDFText_GetUnicode", _UINT)
text_is_generated = _getter_at("FPDFText_IsGenerated", _INT)
text_is_unmapped = _getter_at("FPDFText_HasUnicodeMapError", _INT)
text_object = _getter_at("FPDFText_GetTextObject")
text_font_size = _getter_at("FPDFText_GetFontSize", ctypes.c_double)
text_matrix = _bound("FPDFText_GetMatrix", _INT, _ADDRESS, _INT, _ADDRESS)
text_origin = _bound("FPDFText_GetCharOrigin", _INT, _ADDRESS, _INT, _ADDRESS, _ADDRESS)
text_tight_box = _bound("FPDFText_GetCharBox", _INT, _ADDRESS, _INT, *[_ADDRESS] * 4)
text_loose_box = _bound("FPDFText_GetLooseCharBox", _INT, _ADDRESS, _INT, _ADDRESS)
text_render_mode = _getter("FPDFTextObj_GetTextRenderMode")
text_object_size = _bound("FPDFTextObj_GetFontSize", _INT, _ADDRESS, _ADDRESS)
text_font = _getter("FPDFTextObj_GetFont", _ADDRESS)
font_ascent = _bound("FPDFFont_GetAscent", _INT, _ADDRESS, _FLOAT, _ADDRESS)
font_descent = _bound("FPDFFont_GetDescent", _INT, _ADDRESS, _FLOAT, _ADDRESS)
image_size = _bound("FPDFImageObj_GetImagePixelSize", _INT, _ADDRESS, _ADDRESS, _ADDRESS)

_floats = np.zeros(6, np.float32)
_ints = np.zeros(4, np.uint32)
FLOATS_AT, INTS_AT = _floats.ctypes.data, _ints.ctypes.data


def floats(count):
    """Copy in float64 the first of the floats that a call has just written to `FLOATS_AT`."""
    return _floats[:count].astype(float)


def ints(count):
    """Copy the first of the whole numbers that a call has just written to `INTS_AT`."""
    return _ints[:count].tolist()


def matrix_of(item):
    """Matrix of an object, of shape (2, 3): a point is mapped to ``matrix[:, :2] @ point + matrix[:, 2]``."""
    object_matrix(item, FLOATS_AT)
    return as_matrix(floats(6))


def as_matrix(six):
    """Write the six numbers of a PDF matrix as an array of shape (2, 3)."""
    return six.reshape(3, 2).T


def after(outer, inner):
    """Matrix of one map after another."""
    product = outer[:, :2] @ inner
    product[:, 2] += outer[:, 2]
    return product


def mapped(matrix, points):
    """Points, of shape (n, 2), through a matrix, in float64."""
    return points.astype(float) @ matrix[:, :2].T + matrix[:, 2]


def colour_of(item, kind):
    """Red, green, blue and opacity with which an object is `FILLED` or `STROKED`; None where no plain colour is set."""
    at = INTS_AT
    if not _colour[kind](item, at, at + 4, at + 8, at + 12):
        return None
    red, green, blue, alpha = ints(4)
    return (red, green, blue), alpha / 255
