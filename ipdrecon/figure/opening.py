"""From a file to the sheet that is read: a picture, or the figures of a PDF or SVG document."""

import hashlib
from pathlib import Path

from ipdrecon.errors import PanelError
from ipdrecon.figure.legend import split_at_keys
from ipdrecon.figure.session import recall, step
from ipdrecon.figure.sheet import pasted, whole_picture
from ipdrecon.figure.skew import straight_figure
from ipdrecon.figure.source import DOCUMENTS, figure_of, read_file
from ipdrecon.figure.text import read_words


def open_sheet(path, *, page=None, ocr=True):
    """Open a figure's file.

    Parameters
    ----------
    path : str or Path
    page : int, optional
        Page of a PDF, counted from 1; all pages are searched by default.
    ocr : bool
        Whether text is read from pixels.

    Returns
    -------
    Sheet

    Raises
    ------
    FigureError
        When the file cannot be opened.
    PanelError
        When the page does not exist, or no page holds a plot.
    """
    step("opening the file")
    path = Path(path)
    data, kind = read_file(path)
    digest = hashlib.sha256(data).hexdigest()
    return recall("sheet", (digest, path.name, page, ocr), lambda: _sheet(path, data, kind, page, ocr, digest))


def _sheet(path, data, kind, page, ocr, digest):
    if kind in DOCUMENTS:
        return _document(path.name, data, kind, page, ocr, digest)
    if page not in (None, 1):
        raise PanelError(f"Page {page} was asked for, but a picture has one page only. Leave --page out.")
    figure, damaged = figure_of(path, data, kind)
    figure, askew = straight_figure(figure)
    step("reading text")
    words = split_at_keys(figure.px, read_words(figure.px)) if ocr else ()
    return whole_picture(figure, words, damaged + askew)


def _document(name, data, kind, page, ocr, digest):
    from ipdrecon.figure.vector.pages import chosen_pages, document_cuttings

    with open_document(name, data, kind) as document:
        pages = chosen_pages(document, page)
        step("reading text")
        cuttings = document_cuttings(document, pages, ocr=ocr)
    if not cuttings:
        where = f"page {page}" if page is not None else f"any of {len(pages)} pages" if len(pages) > 1 else "the page"
        raise PanelError(
            f"No plot was found on {where} of {name}: expected a row of evenly counting numbers below a box and a column beside it, "
            "as text, outlines or in a picture. Give the page with --page, or save the figure alone as PNG."
        )
    return pasted(cuttings, name, digest)


def open_document(name, data, kind):
    """Open a PDF or SVG file.

    Parameters
    ----------
    name : str
        For messages.
    data : bytes
    kind : {"PDF", "SVG"}

    Returns
    -------
    PdfPages or SvgFile
        To be used in a ``with`` statement.

    Raises
    ------
    FigureError
        When it is damaged or made to do harm.
    """
    if kind == "PDF":
        from ipdrecon.figure.vector.pdf import open_pdf

        return open_pdf(data, name)
    from ipdrecon.figure.vector.svg_file import open_svg

    return open_svg(data, name)
