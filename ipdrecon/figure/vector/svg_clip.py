"""Clipping paths as the boxes around what they leave."""

import re

import numpy as np

from ipdrecon.figure.vector.svg_paint import href
from ipdrecon.figure.vector.svg_values import IDENTITY, box_around, matrix_of, overlap, times
from ipdrecon.model import Box

BASIC = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon")
NOTHING = Box(0.0, 0.0, -1.0, -1.0)
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")]*)['\"]?\s*\)")
_MOST_LINKS = 16


class Clips:
    """The clipping paths of a file.

    Parameters
    ----------
    ids : dict
        Elements by their ids.
    cascade : Cascade
    allowance : Allowance
        What following them counts against.
    outlines : Outlines
    """

    def __init__(self, ids, cascade, allowance, outlines):
        self._ids = ids
        self._cascade = cascade
        self._allowance = allowance
        self._outlines = outlines
        self._found = {}

    def box(self, element, style, matrix, viewport, level=0):
        """Around all that the ``clip-path`` of an element leaves, in points; None where nothing clips it.

        Parameters
        ----------
        element : Element
        style : dict
        matrix : tuple of float
            From the user units of the element to points.
        viewport : tuple of float
        level : int
            How many clipping paths, each clipped by another, led here.

        Returns
        -------
        Box or None
            A clip by text, or in units of a group's own box, is taken for none.
        """
        match = _REFERENCE.match(style["clip-path"])
        clip = self._ids.get(match[1]) if match else None
        if clip is None or clip.tag != "clipPath" or level > _MOST_LINKS:
            return None
        key = (clip, matrix, viewport, element if clip.get("clipPathUnits") == "objectBoundingBox" else None)
        if key not in self._found:
            self._found[key] = self._box(clip, element, matrix, viewport, level)
        return self._found[key]

    def _box(self, clip, element, matrix, viewport, level):
        style = self._cascade.style(clip, None)
        matrix = times(matrix, matrix_of(style["transform"]))
        if clip.get("clipPathUnits") == "objectBoundingBox":
            unit = self._own_box(element, viewport)
            if unit is None:
                return None
            matrix = times(matrix, (unit.width, 0.0, 0.0, unit.height, unit.left, unit.top))
        boxes = [self._part(child, style, matrix, viewport, level) for child in clip]
        if any(box is None for box in boxes):
            return None
        boxes = [box for box in boxes if box.right >= box.left and box.bottom >= box.top]
        around = NOTHING
        if boxes:
            edges = np.array([(box.left, box.top, box.right, box.bottom) for box in boxes])
            around = Box(*map(float, (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))))
        return overlap(around, self.box(clip, style, matrix, viewport, level + 1))

    def _part(self, child, style, matrix, viewport, level):
        """The box around what one child leaves; None where that is not known."""
        self._allowance.spend("elements")
        style = self._cascade.style(child, style)
        if child.tag == "text":
            return None
        if style["display"] == "none" or child.tag not in (*BASIC, "use"):
            return NOTHING
        matrix = times(matrix, matrix_of(style["transform"]))
        clip = self.box(child, style, matrix, viewport, level + 1)
        if child.tag == "use":
            child = self._ids.get(href(child)[1:])
            if child is None or child.tag not in BASIC:
                return None
            matrix = times(matrix, matrix_of(self._cascade.style(child, style)["transform"]))
        parts = self._outlines.flattened(self._outlines.of(child, viewport, style["font-size"]), matrix)
        return overlap(box_around(np.concatenate(parts)), clip) if parts else NOTHING

    def _own_box(self, element, viewport):
        if element.tag not in BASIC:
            return None
        parts = self._outlines.flattened(self._outlines.of(element, viewport, 16.0), IDENTITY)
        return box_around(np.concatenate(parts)) if parts else None
