"""What a figure's file holds, before it is read, and its pixels as PNG: the whole, a part, or a page of a document."""

from dataclasses import dataclass

import cv2
import numpy as np

from ipdrecon.errors import FigureError
from ipdrecon.figure.decoding import picture_size
from ipdrecon.figure.opening import open_document
from ipdrecon.figure.source import DOCUMENTS, MOST_PIXELS, read_file

_LEAST_CROP_PX = 4
_MOST_CROP_PX = 4000
_QUICK = 3


@dataclass(frozen=True)
class FileSummary:
    """What a file is.

    Attributes
    ----------
    kind : str
        ``"PDF"``, ``"SVG"``, or the kind of picture.
    width, height : float
        Of its first page in points, or of the picture in px.
    n_pages : int
    """

    kind: str
    width: float
    height: float
    n_pages: int = 1


def summarise(path):
    """Tell what a file is by its head, or by its pages, without reading a figure from it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    FileSummary

    Raises
    ------
    FigureError
        When it is no figure, or damaged.
    """
    data, kind = read_file(path)
    if kind not in DOCUMENTS:
        size = picture_size(data)
        if size is None:
            raise FigureError(f"{path} ({kind}) is damaged: its head cannot be read. Export or download the figure again.")
        return FileSummary(kind, *size)
    with open_document(str(path), data, kind) as document:
        scene = document.scene(1)
        return FileSummary(kind, scene.width, scene.height, document.n_pages)


def count_plots(path, page):
    """Count the figures on a page of a document that paths and text draw; those in pictures and outlines are not looked for.

    Parameters
    ----------
    path : str or Path
    page : int
        Counted from 1.

    Returns
    -------
    tuple of int
        Number of figures, and of pictures on the page.

    Raises
    ------
    FigureError
    """
    from ipdrecon.figure.vector.pages import document_cuttings

    data, kind = read_file(path)
    with open_document(str(path), data, kind) as document:
        return len(document_cuttings(document, (page,), ocr=False)), len(document.scene(page).pictures)


def png_of(px):
    """Make a PNG file of pixels, packed quickly rather than tightly.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    bytes
    """
    return cv2.imencode(".png", cv2.cvtColor(px, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, _QUICK])[1].tobytes()


def part_of(px, box, *, scale=1.0):
    """Cut out a part.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : sequence of float
        Left, top, right, bottom in px; what lies outside the picture is left out.
    scale : float
        Enlargement, between 0.1 and 16.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    FigureError
        When the part is empty, or too large.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    columns = slice(max(int(left), 0), min(int(np.ceil(right)) + 1, px.shape[1]))
    rows = slice(max(int(top), 0), min(int(np.ceil(bottom)) + 1, px.shape[0]))
    part, scale = px[rows, columns], float(np.clip(scale, 0.1, 16))
    if min(part.shape[:2]) < _LEAST_CROP_PX or max(part.shape[:2]) * scale > _MOST_CROP_PX:
        raise FigureError(f"A part of {part.shape[1]} × {part.shape[0]} px, {scale:g} times as large, was asked for; expected {_LEAST_CROP_PX} to {_MOST_CROP_PX} px a side.")
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(part, None, fx=scale, fy=scale, interpolation=way) if scale != 1 else part


def page_px(path, page, *, most_side_px):
    """Draw a page of a document.

    Parameters
    ----------
    path : str or Path
        A PDF or SVG file.
    page : int
        Counted from 1.
    most_side_px : int
        Of the picture's longer side.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    FigureError
        When the file is no document, or damaged.
    """
    data, kind = read_file(path)
    if kind not in DOCUMENTS:
        raise FigureError(f"{path} is a {kind} picture, which has no pages; expected a PDF or SVG file.")
    with open_document(str(path), data, kind) as document:
        scene = document.scene(page)
        scale = most_side_px / max(scene.width, scene.height)
        if scene.width * scene.height * scale**2 > MOST_PIXELS:
            raise FigureError(f"Page {page} of {path} cannot be drawn {most_side_px} px large.")
        return document.px(page, scale)
