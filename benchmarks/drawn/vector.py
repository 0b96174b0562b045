"""Figures written as SVG or PDF, by themselves or in the pages of an article."""

import io

import cv2

from drawn.article import Block, boxed, grain, make_article, scanned
from drawn.carrier import UNDATED
from drawn.page import picture
from drawn.paper import SIZES, Paper, page_size, rendered

JPEG_QUALITY, SCAN_QUALITY = 88, 80
POINTS = 72


def curves(panels):
    """The lines of a figure that are survival curves."""
    return [line for panel in panels for line in panel.axes.lines if line.get_label() in {arm.name for arm in panel.arms}]


def written(figure, kind):
    """A figure as the bytes of a vector file."""
    file, ground = io.BytesIO(), figure.get_facecolor()
    figure.savefig(file, format=kind, bbox_inches="tight", pad_inches=0.12, facecolor=ground, metadata=UNDATED[kind])
    return file.getvalue()


def jpeg(px, quality=JPEG_QUALITY):
    return cv2.imencode(".jpg", px, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def block(figure, style, kind, drawn_as):
    """A figure as it is placed upon a page, or as the SVG it is."""
    if kind == "svg":
        return Block(written(figure, kind), True, 0.0, 0.0)
    if drawn_as in ("vector", "scan"):
        file = written(figure, kind)
        return Block(file, True, *page_size(file))
    px = picture(figure, style)
    size = [POINTS * length / style.dpi for length in px.shape[1::-1]]
    return Block(jpeg(px, style.jpeg or JPEG_QUALITY) if drawn_as == "jpeg" else px[..., ::-1].copy(), False, *size)


def alone(made, carrier):
    """A file of one figure and nothing else."""
    if made.is_vector:
        plain = carrier.box in ("none", "plain")
        return made.content if plain else boxed(made.content, (made.width, made.height), carrier.box)
    paper = Paper((made.width, made.height))
    paper.turn_page()
    paper.place_picture(made.content, (0, 0, made.width, made.height))
    paper.end_page()
    return paper.written()


def document(blocks, carrier, rng):
    """The bytes of a file with some figures on one page, and the number of that page, counted from 1."""
    if carrier.placed == "alone":
        return alone(blocks[0], carrier), 1
    at = int(rng.integers(2, carrier.pages + 1)) if carrier.pages > 1 else 1
    size = SIZES[carrier.paper]
    made = make_article(size, blocks, rng, pages=carrier.pages, at=at, embedded=carrier.fonts == "embedded")
    if carrier.drawn_as == "scan":
        pages = [jpeg(grain(rng, px), SCAN_QUALITY) for px in rendered(made, carrier.scan_dpi)]
        made = scanned(pages, size)
    return made, at
