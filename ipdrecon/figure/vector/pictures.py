"""Pictures within pages that hold a plot, at their own resolution; of scanned pages the part with the plot."""

from dataclasses import replace

import cv2
import numpy as np

from ipdrecon.figure.legend import split_at_keys
from ipdrecon.figure.panels import plot_boxes
from ipdrecon.figure.sheet import Cutting, Part
from ipdrecon.figure.skew import measure_skew, straighten
from ipdrecon.figure.text import find_text, read_words
from ipdrecon.figure.vector.regions import inked, region_of, without_prose
from ipdrecon.figure.vector.scene import Text
from ipdrecon.figure.vector.words import prose_of
from ipdrecon.model import Box

_PAPER_SHARE = 0.35
_SCAN_SHARE = 0.6
_LOOK_PX = 1200
_LOOK_LEVELS = 12
_LOOK_SHARES = (0.05, 0.1)
_TOUCH_PX = 13
_SHORT, _LEAST_SHORT = 4.0, 8
_FRAME_MARGINS = (0.35, 0.15, 0.1, 0.3)


def is_scan(picture, scene):
    """Whether a picture covers most of its page."""
    return picture.box.width * picture.box.height > _SCAN_SHARE * scene.width * scene.height


def picture_cutting(picture, scene, *, thorough=False):
    """A picture that holds a plot, cut to the plot and what belongs to it.

    Parameters
    ----------
    picture : Picture
    scene : Scene
        On which it is placed.
    thorough : bool
        Whether a scanned page is read wherever it has many short pieces of text, not only around long lines that meet.

    Returns
    -------
    Cutting or None
        None where the picture is another thing.
    """
    px = picture.px
    if not _has_paper(px):
        return None
    skew = measure_skew(px)
    px = px if skew is None else straighten(px, skew)
    scanned = is_scan(picture, scene)
    if scanned:
        words, boxes = (), _labelled_plots(px) if thorough else _framed_plots(px)
    else:
        words = read_words(px)
        boxes = plot_boxes(px, words)
    if not boxes:
        return None
    page = Box(0.0, 0.0, float(px.shape[1]), float(px.shape[0]))
    region = region_of(boxes, page, scanned or bool(prose_of(_lines(words))))
    if scanned or region != page:
        px, words = _cut(px, region)
    else:
        px, words = _without_written_prose(px, words)
    place = Box(0.0, 0.0, float(px.shape[1] - 1), float(px.shape[0] - 1))
    return Cutting(px, split_at_keys(px, words), Part(place, scene.page, "raster", picture.px.shape[1] / picture.box.width))


def _cut(px, region):
    """A part of a picture, read again and without its prose and the empty paper around it, and its words."""
    rows, columns = (slice(int(low), int(np.ceil(high))) for low, high in ((region.top, region.bottom), (region.left, region.right)))
    part = np.ascontiguousarray(px[rows, columns])
    part, words = _without_written_prose(part, read_words(part))
    rows, columns = inked(part, (0, part.shape[0]), (0, part.shape[1]))
    part = np.ascontiguousarray(part[slice(*rows), slice(*columns)])
    return part, tuple(replace(word, box=word.box.moved(-columns[0], -rows[0])) for word in words)


def _framed_plots(px):
    """Plotting boxes of a scanned page: the text is read around long lines that meet, not on the whole page."""
    boxes = []
    for frame in frames(px):
        left, top, right, bottom = (share * side for share, side in zip(_FRAME_MARGINS, (frame.width, frame.height) * 2, strict=True))
        around = Box(max(frame.left - left, 0.0), max(frame.top - top, 0.0), min(frame.right + right, px.shape[1] - 1.0), min(frame.bottom + bottom, px.shape[0] - 1.0))
        boxes += plot_boxes(px, read_words(px, box=around))
    return tuple(dict.fromkeys(boxes))


def _without_written_prose(px, words):
    """A picture of a page and its words, without its paragraphs."""
    lines = _lines(words)
    prose = prose_of(lines)
    kept = tuple(word for word, line in zip(words, lines, strict=True) if not any(line is other for other in prose))
    return (without_prose(px, prose, 1.0), kept) if prose else (px, kept)


def _lines(words):
    """Words that were read as texts, in px."""
    return [Text(word.text, word.box, (word.box.left, word.box.bottom), word.box.height, 90 if word.vertical else 0) for word in words]


def _labelled_plots(px):
    """Plotting boxes of a scanned page without long lines: read is what is around short pieces of text, as labels of axes are."""
    short = [box for box in find_text(px) if box.width < _SHORT * box.height]
    if len(short) < _LEAST_SHORT:
        return ()
    left, top = (min(getattr(box, side) for box in short) for side in ("left", "top"))
    right, bottom = (max(getattr(box, side) for box in short) for side in ("right", "bottom"))
    return plot_boxes(px, read_words(px, box=Box(left, top, right, bottom)))


def frames(px):
    """Places of a picture where a long level and a long upright line meet, as axes, frames and grids do.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    tuple of Box
        Around lines that meet, from top to bottom.
    """
    scale = min(_LOOK_PX / max(px.shape[:2]), 1.0)
    grey = cv2.resize(cv2.cvtColor(px, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    edges = cv2.dilate((cv2.absdiff(grey, cv2.medianBlur(grey, 15)) > _LOOK_LEVELS).astype(np.uint8), np.ones((3, 3), np.uint8))
    sides = np.maximum(np.array(grey.shape) * np.array(_LOOK_SHARES), 20).astype(int)
    upright, level = (cv2.morphologyEx(edges, cv2.MORPH_OPEN, np.ones(kernel, np.uint8)) for kernel in ((sides[0], 1), (1, sides[1])))
    joined = cv2.dilate(upright | level, np.ones((_TOUCH_PX, _TOUCH_PX), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    found = [k for k in range(1, len(stats)) if upright[labels == k].any() and level[labels == k].any()]
    places = [stats[k, :4] / scale for k in found]
    return tuple(Box(*map(float, (left, top, left + width, top + height))) for left, top, width, height in sorted(places, key=lambda place: (place[1], place[0])))


def _has_paper(px):
    """Whether one light or dark colour covers much of a picture, as no photograph has it."""
    small = px[::4, ::4] // 16
    codes = small.reshape(-1, 3).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    return bool(np.bincount(codes).max() > _PAPER_SHARE * len(codes))
