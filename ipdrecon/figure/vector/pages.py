"""The figures on the pages of a document: found by their axes, cut out, and told apart from the prose around them."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np

from ipdrecon.errors import PanelError
from ipdrecon.figure.panels import plot_boxes
from ipdrecon.figure.sheet import Cutting, Part
from ipdrecon.figure.vector.covers import without_covered
from ipdrecon.figure.vector.filled_dashes import with_dashes
from ipdrecon.figure.vector.glyphs import outlined_words
from ipdrecon.figure.vector.lines import scene_lines
from ipdrecon.figure.vector.pictures import is_scan, picture_cutting
from ipdrecon.figure.vector.regions import inked, region_of, without_prose
from ipdrecon.figure.vector.scene import moved, resized, turned, turned_px
from ipdrecon.figure.vector.words import placed, prose_of, text_words
from ipdrecon.model import Box

_COARSE = 2.0
_COARSE_PX = 2400
_LEAST_WORDS = 4
_SIDEWAYS_TEXTS = 8
_SIDE_PX = 1900
_LARGEST_SCALE = 6.0
_USUAL_SIDES, _USUAL_SIDE = (150.0, 2500.0), 800.0
_CAPTION = re.compile(r"(fig\b|fig\.|figure|efigure|supplementary fig)", re.IGNORECASE)


def document_cuttings(document, pages, *, ocr=True):
    """The figures with axes on the pages of a document.

    Parameters
    ----------
    document : PdfPages or SvgFile
        With ``scene(page)`` and ``px(page, scale)``.
    pages : sequence of int
        Counted from 1.
    ocr : bool
        Whether outlined letters and pictures are read.

    Returns
    -------
    tuple of Cutting
        Page by page, figures of paths first, then pictures at their own resolution. Only where there is none, scanned pages
        without long lines are looked through too.
    """
    cuttings, scans = [], []
    for number in pages:
        page = _Usual(document, number)
        cuttings += _drawn(page, ocr) or [cutting for angle in page.sideways for cutting in _drawn(_Usual(document, number, angle), ocr)]
        cuttings += [cutting for picture in page.scene.pictures if ocr and (cutting := picture_cutting(picture, page.scene))]
        scans += [number] if any(is_scan(picture, page.scene) for picture in page.scene.pictures) else []
    for number in scans if ocr and not cuttings else ():
        scene = _Usual(document, number).scene
        cuttings += [cutting for picture in scene.pictures if (cutting := picture_cutting(picture, scene, thorough=True))]
    return tuple(cuttings)


class _Usual:
    """A page of a document in the usual size of a page, to which all lengths in points refer; its text of some angle level.

    Attributes
    ----------
    scene : Scene
    by : float
        How many times as large as in the document.
    """

    def __init__(self, document, page, angle=0):
        self._document, self._page, self._angle = document, page, angle
        scene = with_dashes(without_covered(document.scene(page)))
        side = max(scene.width, scene.height)
        self.by = 1.0 if _USUAL_SIDES[0] <= side <= _USUAL_SIDES[1] else _USUAL_SIDE / side
        scene = scene if self.by == 1.0 else resized(scene, self.by)
        self.scene = turned(scene, angle) if angle else scene

    @property
    def sideways(self):
        """Angles at which there is as much text as a figure has that lies on its side."""
        counts = Counter(text.angle for text in self.scene.texts if text.angle in (90, 270))
        return [angle for angle, count in counts.most_common() if count >= _SIDEWAYS_TEXTS]

    def px(self, scale):
        """The page rendered with `scale` px per point of the scene."""
        px = self._document.px(self._page, scale * self.by)
        return turned_px(px, self._angle) if self._angle else px


def _drawn(page, ocr):
    """What paths draw on a page, as one cutting for each figure; an empty list where there is no plot."""
    prose = prose_of(page.scene.texts)
    scene = replace(page.scene, texts=tuple(text for text in page.scene.texts if not any(text is line for line in prose)))
    if not scene.shapes:
        return []
    scale = min(_COARSE, _COARSE_PX / max(scene.width, scene.height))
    outlined = outlined_words(scene) if ocr else ()
    words = (*text_words(scene, scale), *placed(outlined, scale))
    if len(words) < _LEAST_WORDS:
        return []
    px = without_prose(page.px(scale), prose, scale)
    boxes = plot_boxes(px, words)
    if outlined and not boxes:
        outlined = outlined_words(scene, standing=True)
        boxes = plot_boxes(px, (*text_words(scene, scale), *placed(outlined, scale)))
    if not boxes:
        return []
    boxes = [Box(*((edge + 0.5) / scale for edge in (box.left, box.top, box.right, box.bottom))) for box in boxes]
    captions = [text.box for text in (*scene.texts, *prose) if _CAPTION.match(text.text)]
    whole = Box(0.0, 0.0, scene.width, scene.height)
    figures = _by_caption(boxes, captions)
    regions = [region_of(own, whole, bool(prose) or len(figures) > 1) for own in figures]
    return [_cut(page, scene, outlined, prose, _apart(region, own, captions)) for region, own in zip(regions, figures, strict=True)]


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


def _cut(page, scene, outlined, prose, region):
    scale = float(min(_SIDE_PX / max(region.width, region.height), _LARGEST_SCALE))
    rendered = without_prose(page.px(scale), prose, scale)
    rows, columns = ((int(low * scale), int(np.ceil(high * scale))) for low, high in ((region.top, region.bottom), (region.left, region.right)))
    rows, columns = inked(rendered, rows, columns)
    px = np.ascontiguousarray(rendered[slice(*rows), slice(*columns)])
    own = moved(scene, -columns[0] / scale, -rows[0] / scale)
    around = Box(0.0, 0.0, px.shape[1] / scale, px.shape[0] / scale)
    own = replace(own, texts=tuple(text for text in own.texts if around.contains(*text.box.centre)))
    outlined = tuple(word for word in outlined if region.contains(*word.box.centre))
    words = text_words(own, scale) + placed(outlined, scale, -columns[0] / scale, -rows[0] / scale)
    whole = Box(0.0, 0.0, float(px.shape[1] - 1), float(px.shape[0] - 1))
    return Cutting(px, words, Part(whole, scene.page, "vector", scale, page.by, own, scene_lines(own)))


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
