"""The figures on the pages of a document: found by their axes, cut out, and told apart from the prose around them."""

import re
from dataclasses import replace

import cv2
import numpy as np

from ipdrecon.errors import PanelError
from ipdrecon.figure.legend import split_at_keys
from ipdrecon.figure.panels import plot_boxes
from ipdrecon.figure.sheet import Cutting, Part
from ipdrecon.figure.skew import measure_skew, straighten
from ipdrecon.figure.text import read_words
from ipdrecon.figure.vector.glyphs import outlined_words
from ipdrecon.figure.vector.lines import scene_lines
from ipdrecon.figure.vector.scene import Text, moved, resized
from ipdrecon.figure.vector.words import box_in_px, placed, prose_of, text_words
from ipdrecon.model import Box

_COARSE = 2.0
_COARSE_PX = 2400
_SIDE_PX = 1900
_LARGEST_SCALE = 6.0
_USUAL_SIDES, _USUAL_SIDE = (150.0, 2500.0), 800.0
_WHOLE_SHARE = 0.12
_AROUND = (0.75, 0.4, 0.75, 1.6)
_PAPER_SHARE = 0.35
_SCAN_SHARE = 0.6
_INK_LEVELS = 60
_MARGIN_PX = 24
_LOOK_PX = 1200
_CAPTION = re.compile(r"(fig\b|fig\.|figure|efigure|supplementary fig)", re.IGNORECASE)
_LOOK_LEVELS = 12
_LOOK_SHARES = (0.05, 0.1)


def page_cuttings(document, page, *, ocr=True):
    """The figures of one page that have axes.

    Parameters
    ----------
    document : PdfPages or SvgFile
        With ``scene(page)`` and ``px(page, scale)``.
    page : int
        Counted from 1.
    ocr : bool
        Whether outlined letters and pictures are read.

    Returns
    -------
    tuple of Cutting
        Figures of paths first, then pictures at their own resolution.
    """
    document = _Usual(document, page)
    scene = document.scene
    prose = prose_of(scene.texts)
    texts = tuple(text for text in scene.texts if not any(text is line for line in prose))
    drawn = _drawn(document, replace(scene, texts=texts), prose, ocr)
    pictures = [cutting for picture in scene.pictures if ocr and (cutting := _picture(picture, scene))]
    return tuple(drawn + pictures)


class _Usual:
    """A page of a document in the usual size of a page, to which all lengths in points refer.

    Attributes
    ----------
    scene : Scene
    by : float
        How many times as large as in the document.
    """

    def __init__(self, document, page):
        self._document, self._page = document, page
        scene = document.scene(page)
        side = max(scene.width, scene.height)
        self.by = 1.0 if _USUAL_SIDES[0] <= side <= _USUAL_SIDES[1] else _USUAL_SIDE / side
        self.scene = scene if self.by == 1.0 else resized(scene, self.by)

    def px(self, scale):
        """The page rendered with `scale` px per point of the scene."""
        return self._document.px(self._page, scale * self.by)


def _drawn(document, scene, prose, ocr):
    """What paths draw on a page, as one cutting for each figure; an empty list where there is no plot."""
    if not scene.shapes:
        return []
    scale = min(_COARSE, _COARSE_PX / max(scene.width, scene.height))
    outlined = outlined_words(scene) if ocr else ()
    words = (*text_words(scene, scale), *placed(outlined, scale))
    px = _without_prose(document.px(scale), prose, scale)
    boxes = plot_boxes(px, words)
    if not boxes:
        return []
    boxes = [Box(*((edge + 0.5) / scale for edge in (box.left, box.top, box.right, box.bottom))) for box in boxes]
    captions = [text.box for text in (*scene.texts, *prose) if _CAPTION.match(text.text)]
    page = Box(0.0, 0.0, scene.width, scene.height)
    figures = _by_caption(boxes, captions)
    regions = [_region(own, page, bool(prose) or len(figures) > 1) for own in figures]
    return [_cut(document, scene, outlined, prose, _apart(region, own, captions)) for region, own in zip(regions, figures, strict=True)]


def _by_caption(boxes, captions):
    """Plots gathered into figures: those that stand above the same caption, or above none."""
    figures = {}
    for box in boxes:
        below = [caption for caption in captions if caption.top > box.centre[1] and caption.left < box.right]
        own = [caption for caption in below if box.left - 0.6 * box.width < caption.left] or below
        figures.setdefault(min((caption.top for caption in own), default=np.inf), []).append(box)
    return list(figures.values())


def _apart(region, boxes, captions):
    """A region without what lies beyond the captions above and below its plots."""
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    near = [caption for caption in captions if caption.right > region.left and caption.left < region.right]
    above = max([region.top, *(caption.bottom for caption in near if caption.bottom < top)])
    below = min([region.bottom, *(caption.top for caption in near if caption.top > bottom)])
    return Box(region.left, above, region.right, below)


def _region(boxes, page, is_written):
    """Around plots and what belongs to them: the whole page where nothing but a figure is on it."""
    left, top = (min(getattr(box, side) for box in boxes) for side in ("left", "top"))
    right, bottom = (max(getattr(box, side) for box in boxes) for side in ("right", "bottom"))
    width, height = max(box.width for box in boxes), max(box.height for box in boxes)
    if not is_written and (right - left) * (bottom - top) > _WHOLE_SHARE * page.width * page.height:
        return page
    sides = np.array(_AROUND) * (width, height, width, height)
    return Box(
        max(left - sides[0], 0.0), max(top - sides[1], 0.0), min(right + sides[2], page.right), min(bottom + sides[3], page.bottom)
    )


def _cut(document, scene, outlined, prose, region):
    scale = float(min(_SIDE_PX / max(region.width, region.height), _LARGEST_SCALE))
    page = _without_prose(document.px(scale), prose, scale)
    rows, columns = ((int(low * scale), int(np.ceil(high * scale))) for low, high in ((region.top, region.bottom), (region.left, region.right)))
    rows, columns = _inked(page, rows, columns)
    px = np.ascontiguousarray(page[slice(*rows), slice(*columns)])
    own = moved(scene, -columns[0] / scale, -rows[0] / scale)
    around = Box(0.0, 0.0, px.shape[1] / scale, px.shape[0] / scale)
    own = replace(own, texts=tuple(text for text in own.texts if around.contains(*text.box.centre)))
    outlined = tuple(word for word in outlined if region.contains(*word.box.centre))
    words = text_words(own, scale) + placed(outlined, scale, -columns[0] / scale, -rows[0] / scale)
    whole = Box(0.0, 0.0, float(px.shape[1] - 1), float(px.shape[0] - 1))
    return Cutting(px, words, Part(whole, scene.page, "vector", scale, document.by, own, scene_lines(own)))


def _without_prose(px, prose, scale):
    """A rendering with its paragraphs painted over in the colour around them."""
    px = px.copy()
    for text in prose:
        box = box_in_px(text.box, scale)
        rows, columns = (slice(max(int(low) - 1, 0), int(np.ceil(high)) + 2) for low, high in ((box.top, box.bottom), (box.left, box.right)))
        part = px[rows, columns]
        if part.size:
            part[:] = np.median(np.concatenate([part[0], part[-1]]), axis=0)
    return px


def _picture(picture, scene):
    """A picture that holds a plot, at its own resolution, cut to the plot; None where it is another thing."""
    px = picture.px
    is_scan = picture.box.width * picture.box.height > _SCAN_SHARE * scene.width * scene.height
    if not _has_paper(px) or (is_scan and not has_axes(px)):
        return None
    skew = measure_skew(px)
    px = px if skew is None else straighten(px, skew)
    words = read_words(px)
    boxes = plot_boxes(px, words)
    if not boxes:
        return None
    page = Box(0.0, 0.0, float(px.shape[1]), float(px.shape[0]))
    region = _region(boxes, page, bool(prose_of(_lines(words))))
    if region != page:
        px, _ = _without_written_prose(px, words)
        rows, columns = ((int(low), int(np.ceil(high))) for low, high in ((region.top, region.bottom), (region.left, region.right)))
        rows, columns = _inked(px, rows, columns)
        px = np.ascontiguousarray(px[slice(*rows), slice(*columns)])
        words = read_words(px)
    px, words = _without_written_prose(px, words)
    place = Box(0.0, 0.0, float(px.shape[1] - 1), float(px.shape[0] - 1))
    return Cutting(px, split_at_keys(px, words), Part(place, scene.page, "raster", picture.px.shape[1] / picture.box.width))


def _inked(px, rows, columns):
    """Rows and columns of a part of a page, from the first to the one after the last, without the empty paper around its ink."""
    part = px[slice(*rows), slice(*columns)]
    ink = np.abs(part.astype(np.int16) - np.median(part[::8, ::8].reshape(-1, 3), axis=0).astype(np.int16)).max(axis=2) > _INK_LEVELS
    found = []
    for (first, last), along in ((rows, ink.any(axis=1)), (columns, ink.any(axis=0))):
        at = np.flatnonzero(along)
        found.append((max(first, first + int(at[0]) - _MARGIN_PX), min(last, first + int(at[-1]) + 1 + _MARGIN_PX)) if len(at) else (first, last))
    return found


def _without_written_prose(px, words):
    """A picture of a page and its words, without its paragraphs."""
    lines = _lines(words)
    prose = prose_of(lines)
    kept = tuple(word for word, line in zip(words, lines, strict=True) if not any(line is other for other in prose))
    return (_without_prose(px, prose, 1.0), kept) if prose else (px, kept)


def _lines(words):
    """Words that were read as texts, in px."""
    return [Text(word.text, word.box, (word.box.left, word.box.bottom), word.box.height, 90 if word.vertical else 0) for word in words]


def has_axes(px):
    """Whether a picture has a level and an upright line, as the axes of a plot: a look that is cheap beside reading its text.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    bool
    """
    scale = min(_LOOK_PX / max(px.shape[:2]), 1.0)
    grey = cv2.resize(cv2.cvtColor(px, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    edges = cv2.dilate((cv2.absdiff(grey, cv2.medianBlur(grey, 15)) > _LOOK_LEVELS).astype(np.uint8), np.ones((3, 3), np.uint8))
    sides = np.maximum(np.array(grey.shape) * np.array(_LOOK_SHARES), 20).astype(int)
    upright, level = (cv2.morphologyEx(edges, cv2.MORPH_OPEN, np.ones(kernel, np.uint8)).any() for kernel in ((sides[0], 1), (1, sides[1])))
    return bool(upright and level)


def _has_paper(px):
    """Whether one light or dark colour covers much of a picture, as no photograph has it."""
    small = px[::4, ::4] // 16
    codes = small.reshape(-1, 3).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    return bool(np.bincount(codes).max() > _PAPER_SHARE * len(codes))


def chosen_pages(document, page):
    """The pages to look at.

    Parameters
    ----------
    document : PdfPages or SvgFile
    page : int or None
        As asked for.

    Returns
    -------
    sequence of int

    Raises
    ------
    PanelError
        When there is no such page.
    """
    if page is None:
        return range(1, document.n_pages + 1)
    if not 1 <= page <= document.n_pages:
        raise PanelError(f"Page {page} was asked for, but the file has {document.n_pages} page{'s' * (document.n_pages > 1)}. Leave --page out, or give one of them.")
    return (page,)
