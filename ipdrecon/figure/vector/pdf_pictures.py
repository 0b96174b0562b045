"""The pictures placed on a PDF page, at their own resolution and as they stand on the page."""

import ctypes
from dataclasses import dataclass

import numpy as np
import pypdfium2.raw as raw

from ipdrecon.figure.vector import pdf_library as pdfium
from ipdrecon.figure.vector.pdf_paths import box_around, within

LEAST_SIDE_PX = 100
LEAST_SIDE_PT = 60
MOST_PIXELS = 120_000_000
ABUTS_PX = 1.5
CUT_PX = 0.5


@dataclass
class Placed:
    """A picture on the page: `box` is left, top, right, bottom in points, `clip` likewise or None.

    `own_width` and `own_height` count its pixels in the file, `width` and `height` as it stands on the page; `matrix`
    lays the unit square on the page.
    """

    item: int
    own_width: int
    own_height: int
    matrix: np.ndarray
    box: tuple
    clip: tuple | None

    @property
    def is_on_its_side(self):
        """Whether the rows of the file run down the page."""
        (a, c, _), (b, d, _) = np.abs(self.matrix)
        return b + c > a + d

    @property
    def width(self):
        """Pixels across, as it stands on the page."""
        return self.own_height if self.is_on_its_side else self.own_width

    @property
    def height(self):
        """Pixels down, as it stands on the page."""
        return self.own_width if self.is_on_its_side else self.own_height


def place_picture(item, matrix, clip):
    """Note where a picture is placed, without decoding it.

    Parameters
    ----------
    item : int
        Address of the image object.
    matrix : ndarray of shape (2, 3)
        From the space that holds the object to points of the page.
    clip : tuple of float or None
        Left, top, right, bottom of what clips it.

    Returns
    -------
    Placed or None
        None where it has no size.
    """
    width, height = own_size(item)
    placed = pdfium.after(matrix, pdfium.matrix_of(item))
    corners = pdfium.mapped(placed, np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    if not (width and height and np.isfinite(corners).all()):
        return None
    return Placed(item, width, height, placed, box_around(corners), clip)


def own_size(item):
    """Width and height in px that the file declares for an image object."""
    if not pdfium.image_size(item, pdfium.INTS_AT, pdfium.INTS_AT + 4):
        return 0, 0
    return tuple(pdfium.ints(2))


def read_pictures(page, placed):
    """Decode all pictures that are large enough for a figure; those cut into strips or tiles are put together.

    Parameters
    ----------
    page : int
        Address of the page.
    placed : list of Placed

    Returns
    -------
    list of tuple
        Box as left, top, right, bottom in points, and px as uint8 of shape (height, width, 3).
    """
    pictures = []
    for rows in _put_together(placed):
        box = _box_of([strip for row in rows for strip in row])
        n_down, n_across = sum(row[0].height for row in rows), sum(strip.width for strip in rows[0])
        if min(n_down, n_across) < LEAST_SIDE_PX or min(box[2:] - box[:2]) < LEAST_SIDE_PT:
            continue
        px = np.vstack([np.hstack([_decoded(page, strip) for strip in row]) for row in rows])
        clip = None
        if all(strip.clip is not None for row in rows for strip in row):
            clip = _around([strip.clip for row in rows for strip in row])
        box, px = _cut(box, px, clip)
        if min(px.shape[:2]) >= LEAST_SIDE_PX and min(box[2:] - box[:2]) >= LEAST_SIDE_PT:
            pictures.append((tuple(box.tolist()), px))
    return pictures


def _put_together(placed):
    """Pictures as rows of strips: side by side first, then rows below one another, as long as edges and pixels agree."""
    rows = []
    for strip in sorted(placed, key=lambda strip: (round(strip.box[1], 1), round(strip.box[3], 1), strip.box[0])):
        if rows and _go_on(rows[-1][-1:], [strip], axis=0):
            rows[-1].append(strip)
        else:
            rows.append([strip])
    groups = []
    for row in sorted(rows, key=lambda row: (round(row[0].box[0], 1), round(row[-1].box[2], 1), row[0].box[1])):
        if groups and _go_on(groups[-1][-1], row, axis=1):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _go_on(before, strips, axis):
    """Whether strips go on where others end along an axis, at one resolution and with the same two edges across it."""
    one, other, across = _box_of(before), _box_of(strips), 1 - axis
    counts, more = _counts(before), _counts(strips)
    if counts[across] != more[across]:
        return False
    pixel_across = (one[across + 2] - one[across]) / counts[across]
    pixel = (one[axis + 2] - one[axis]) / counts[axis]
    edges = max(abs(one[across] - other[across]), abs(one[across + 2] - other[across + 2]))
    is_alike = abs(other[axis + 2] - other[axis] - more[axis] * pixel) <= ABUTS_PX * pixel
    return is_alike and edges <= ABUTS_PX * pixel_across and abs(other[axis] - one[axis + 2]) <= ABUTS_PX * pixel


def _counts(row):
    """Pixels across and down of strips side by side."""
    return sum(strip.width for strip in row), row[0].height


def _box_of(strips):
    return _around([strip.box for strip in strips])


def _around(boxes):
    boxes = np.array(boxes)
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _decoded(page, strip):
    """Pixels of a picture as they stand on the page, on white."""
    px = _own_pixels(page, strip)
    (a, c, _), (b, d, _) = strip.matrix
    rightwards, downwards = (a, b), (-c, -d)
    if strip.is_on_its_side:
        px = px.transpose(1, 0, 2)
        rightwards, downwards = downwards, rightwards
    if rightwards[0] < 0:
        px = px[:, ::-1]
    if downwards[1] < 0:
        px = px[::-1]
    return np.ascontiguousarray(px)


def _own_pixels(page, strip):
    """Pixels in the order of the file: one for one, with its mask and colours as pdfium lays them on the page."""
    before = np.zeros(6, np.float32)
    pdfium.object_matrix(strip.item, before.ctypes.data)
    upright = np.array([strip.own_width, 0, 0, strip.own_height, 0, 0], np.float32)
    item = ctypes.cast(strip.item, raw.FPDF_PAGEOBJECT)
    pdfium.set_object_matrix(strip.item, upright.ctypes.data)
    try:
        bitmap = raw.FPDFImageObj_GetRenderedBitmap(page.document, page.address, item)
    finally:
        pdfium.set_object_matrix(strip.item, before.ctypes.data)
    bitmap = bitmap or raw.FPDFImageObj_GetBitmap(item)
    if not bitmap:
        return np.full((strip.own_height, strip.own_width, 3), 255, np.uint8)
    try:
        return pixels_of(bitmap)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)


def _cut(box, px, clip):
    """Cut a picture to the whole pixels that its clip leaves."""
    if clip is None:
        return box, px
    height, width = px.shape[:2]
    pixel = (box[2:] - box[:2]) / (width, height)
    shown = np.array(within(box, clip))
    first = np.floor((shown[:2] - box[:2]) / pixel + CUT_PX).astype(int)
    last = np.ceil((shown[2:] - box[:2]) / pixel - CUT_PX).astype(int)
    if (last <= first).any():
        return box, px[:0]
    left, top = box[:2]
    box = np.concatenate([(left, top) + first * pixel, (left, top) + last * pixel])
    return box, np.ascontiguousarray(px[first[1] : last[1], first[0] : last[0]])


def pixels_of(bitmap):
    """Red, green, blue of a bitmap of pdfium's, on white, as uint8 of shape (height, width, 3)."""
    height, width = raw.FPDFBitmap_GetHeight(bitmap), raw.FPDFBitmap_GetWidth(bitmap)
    stride, kind = raw.FPDFBitmap_GetStride(bitmap), raw.FPDFBitmap_GetFormat(bitmap)
    n = {raw.FPDFBitmap_Gray: 1, raw.FPDFBitmap_BGR: 3}.get(kind, 4)
    buffer = ctypes.cast(raw.FPDFBitmap_GetBuffer(bitmap), ctypes.POINTER(ctypes.c_ubyte))
    bgr = np.ctypeslib.as_array(buffer, (height, stride))[:, : width * n].reshape(height, width, n)
    if n == 1:
        return np.repeat(bgr, 3, axis=2)
    px = np.ascontiguousarray(bgr[:, :, 2::-1])
    if kind not in (raw.FPDFBitmap_BGRA, raw.FPDFBitmap_BGRA_Premul):
        return px
    for row in np.flatnonzero((bgr[:, :, 3] < 255).any(axis=1)):
        alpha = bgr[row, :, 3:].astype(np.float32) / 255
        share = alpha if kind == raw.FPDFBitmap_BGRA else 1
        px[row] = np.round(np.minimum(px[row] * share + 255 * (1 - alpha), 255))
    return px
