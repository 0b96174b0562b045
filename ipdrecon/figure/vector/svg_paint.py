"""Paths and basic shapes as painted: colours, width, dashes and opacity on the page."""

import math
import re
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.vector.scene import Shape
from ipdrecon.figure.vector.svg_values import PT_PER_PX, box_around, colour, length, scale_of, share
from ipdrecon.model import Box

FARTHEST_PT = 1e7
_GREY = (128, 128, 128)
_BLACK = (0, 0, 0)
_SERVER = re.compile(r"url\(\s*['\"]?#([^'\")]*)['\"]?\s*\)\s*(.*)", re.S)
_MOST_LINKS = 8
_MOST_DASHES = 64


@dataclass(frozen=True)
class Place:
    """Where and how an element is drawn.

    Attributes
    ----------
    matrix : tuple of float
        From its user units to points of the page.
    style : dict
        As `Cascade.style` gives it.
    opacity : float
        The product of its own and of all around it.
    clip : Box or None
        In points.
    viewport : tuple of float
        Width and height of the nearest viewport, in its user units.
    uses : tuple of Element
        What is being used, by way of ``<use>``, where this is drawn.
    said : Element or None
        The group around it that has a comment.
    """

    matrix: tuple
    style: dict
    opacity: float
    clip: Box | None
    viewport: tuple
    uses: tuple = ()
    said: object = None


class Servers:
    """Colours that are referred to: of a gradient the mean of its stops, for a pattern a mid grey.

    Parameters
    ----------
    ids : dict
        Elements by their ids.
    cascade : Cascade
    """

    def __init__(self, ids, cascade):
        self._ids = ids
        self._cascade = cascade
        self._found = {}

    def paint(self, name, style, missing):
        """Give the colour that a style names for ``fill`` or ``stroke``.

        Parameters
        ----------
        name : {"fill", "stroke"}
        style : dict
        missing : tuple or None
            What stands for a colour that is not known.

        Returns
        -------
        tuple or None
            Red, green and blue, and the opacity; None for no paint.
        """
        text = style[name].strip()
        if text == "none":
            return None
        server = _SERVER.match(text)
        if server:
            element = self._ids.get(server[1])
            if element is not None and element.tag in ("linearGradient", "radialGradient", "pattern"):
                return self._mean(element)
            text = server[2].strip() or "none"
        if text.lower() == "currentcolor":
            text = style["color"]
        if text.lower() in ("none", "transparent"):
            return None
        return colour(text) or colour(text.partition(" ")[0]) or missing

    def _mean(self, element):
        if element not in self._found:
            self._found[element] = self._mean_of_stops(element)
        return self._found[element]

    def _mean_of_stops(self, element):
        stops, links = [], 0
        while element is not None and element.tag != "pattern" and links < _MOST_LINKS:
            stops = [self._cascade.style(stop, None) for stop in element if stop.tag == "stop"]
            if stops:
                break
            element = self._ids.get(href(element)[1:])
            links += 1
        colours = [found for found in (colour(stop["stop-color"]) for stop in stops) if found]
        if not colours:
            return _GREY, 1.0
        rgb = tuple(int(round(float(np.mean(values)))) for values in zip(*(rgb for rgb, _ in colours), strict=True))
        return rgb, float(np.mean([alpha for _, alpha in colours]))


def href(element):
    """What an element refers to, by ``href`` of any prefix; empty where it refers to nothing."""
    found = element.get("href") or element.get("xlink:href")
    if found is None:
        found = next((value for name, value in element.items() if name.endswith(":href")), "")
    return found.strip()


def text_colour(style, opacity, servers):
    """Colour of text, as its fill or else its stroke says; None where it is not seen."""
    for name in ("fill", "stroke"):
        paint = servers.paint(name, style, (_BLACK, 1.0) if name == "fill" else None)
        if paint and paint[1] * share(style[f"{name}-opacity"]) * opacity > 0:
            return paint[0]
    return None


def painted(element, place, servers, outlines, order):
    """Shapes that a path or a basic shape draws.

    Parameters
    ----------
    element : Element
    place : Place
    servers : Servers
    outlines : Outlines
    order : int
        Its place in the order of drawing.

    Returns
    -------
    list of Shape
        None where it is not seen; two where fill and stroke differ in opacity.
    """
    style = place.style
    if style["visibility"] != "visible":
        return []
    fill = _seen(servers.paint("fill", style, (_BLACK, 1.0)), style["fill-opacity"], place)
    scale = PT_PER_PX if style["vector-effect"] == "non-scaling-stroke" else scale_of(place.matrix)
    width = (length(style["stroke-width"], _diagonal(place.viewport), style["font-size"]) or 0.0) * scale
    stroke = _seen(servers.paint("stroke", style, None), style["stroke-opacity"], place) if width > 0 else None
    if not fill and not stroke:
        return []
    subpaths = outlines.of(element, place.viewport, style["font-size"])
    parts = tuple(filter(_is_near, outlines.flattened(subpaths, place.matrix)))
    if element.tag == "line" or all(len(part) < 3 for part in parts):
        fill = None
    if not parts or not (fill or stroke) or _is_clipped_away(parts, width if stroke else 0.0, place.clip):
        return []
    common = {"parts": parts, "clip": place.clip, "curved": any(subpath.curved for subpath in subpaths), "order": order}
    filled = {"fill": fill and fill[0], "even_odd": style["fill-rule"] == "evenodd"}
    if not stroke:
        return [Shape(**common, **filled, opacity=fill[1])]
    dash = _dash(style, place, scale)
    cap = style["stroke-linecap"] if style["stroke-linecap"] in ("round", "square") else "butt"
    stroked = {"stroke": stroke[0], "opacity": stroke[1], "width": width, "dash": dash, "cap": cap}
    if fill and fill[1] != stroke[1]:
        return [Shape(**common, **filled, opacity=fill[1]), Shape(**common, **stroked)]
    return [Shape(**common, **filled, **stroked)]


def _seen(paint, opacity, place):
    """A paint with all that makes it lighter; None where nothing is left."""
    if paint is None:
        return None
    rgb, alpha = paint
    alpha *= share(opacity) * place.opacity
    return (rgb, alpha) if alpha > 0 else None


def _diagonal(viewport):
    return math.hypot(*viewport) / math.sqrt(2)


def _is_near(points):
    return bool(np.abs(points).max() < FARTHEST_PT)


def _is_clipped_away(parts, width, clip):
    if clip is None:
        return False
    box, reach = box_around(np.concatenate(parts)), width / 2
    return (
        is_empty(clip)
        or box.right + reach < clip.left
        or box.left - reach > clip.right
        or box.bottom + reach < clip.top
        or box.top - reach > clip.bottom
    )


def is_empty(box):
    """Whether a clip leaves nothing."""
    return box.right <= box.left or box.bottom <= box.top


def _dash(style, place, scale):
    text = style["stroke-dasharray"]
    if text == "none":
        return ()
    whole = _diagonal(place.viewport)
    lengths = [length(word, whole, style["font-size"]) for word in re.split(r"[\s,]+", text.strip())]
    if len(lengths) > _MOST_DASHES or None in lengths or min(lengths) < 0 or not sum(lengths):
        return ()
    return tuple(value * scale for value in lengths * (1 + len(lengths) % 2))
