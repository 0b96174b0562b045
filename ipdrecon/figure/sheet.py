"""The sheet that is read in one go: a picture as it is, or the figures of a document one below the other."""

from dataclasses import dataclass, field, replace

import numpy as np

from ipdrecon.figure.vector.scene import moved
from ipdrecon.model import Box, Figure

_GAP_PX = 24
_PAPER = 255


@dataclass(frozen=True)
class Part:
    """One figure of a sheet, as it stands in the file.

    Attributes
    ----------
    place : Box
        In px of the sheet.
    page : int
        Counted from 1.
    way : {"raster", "vector"}
        Whether it is read from pixels or from paths.
    scale : float or None
        Px per point of the scene, where it is known.
    by : float
        How many times as large as in the file the scene is.
    scene : Scene or None
        Paths and texts, so placed that ``px = scale * point - 0.5`` in the sheet.
    lines : tuple of Line
        Of the scene.
    """

    place: Box
    page: int = 1
    way: str = "raster"
    scale: float | None = None
    by: float = 1.0
    scene: object = field(default=None, repr=False)
    lines: tuple = field(default=(), repr=False)

    @property
    def px_per_point(self):
        """Px per point of the page as it is in the file; None where that is not known."""
        return None if self.scale is None else self.scale * self.by


@dataclass(frozen=True)
class Sheet:
    """A picture to be read, with what is known of it beside its pixels.

    Attributes
    ----------
    figure : Figure
    words : tuple of Word
    parts : tuple of Part
    flags : tuple of Flag
    """

    figure: Figure
    words: tuple
    parts: tuple
    flags: tuple = ()

    def part_of(self, box):
        """The part in which a box lies."""
        return next((part for part in self.parts if part.place.contains(*box.centre, 0.5)), self.parts[0])

    def within(self, part, items):
        """Of some items with a `box`, or boxes, those that lie in a part."""
        return tuple(item for item in items if part is self.part_of(getattr(item, "box", item)))


@dataclass(frozen=True)
class Cutting:
    """A figure cut out of a page, before it is placed on a sheet.

    Attributes
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
        In its px.
    part : Part
        Its scene and lines so placed that they fit its px.
    """

    px: np.ndarray = field(repr=False)
    words: tuple
    part: Part


def whole_picture(figure, words, flags=()):
    """The sheet of a picture.

    Parameters
    ----------
    figure : Figure
    words : tuple of Word
    flags : tuple of Flag

    Returns
    -------
    Sheet
    """
    return Sheet(figure, words, (Part(_around(figure.px)),), flags)


def _around(px):
    return Box(0.0, 0.0, float(px.shape[1] - 1), float(px.shape[0] - 1))


def pasted(cuttings, source, sha256, flags=()):
    """One sheet of several cuttings, one below the other.

    Parameters
    ----------
    cuttings : sequence of Cutting
    source, sha256 : str
        Of the file.
    flags : tuple of Flag

    Returns
    -------
    Sheet
    """
    width = max(cutting.px.shape[1] for cutting in cuttings)
    height = sum(cutting.px.shape[0] for cutting in cuttings) + _GAP_PX * (len(cuttings) - 1)
    px = np.full((height, width, 3), _PAPER, np.uint8)
    words, parts, top = [], [], 0
    for cutting in cuttings:
        rows, columns = cutting.px.shape[:2]
        px[top : top + rows, :columns] = cutting.px
        words += [replace(word, box=word.box.moved(0.0, top)) for word in cutting.words]
        parts.append(_lowered(cutting.part, _around(cutting.px).moved(0.0, top), top))
        top += rows + _GAP_PX
    return Sheet(Figure(px, source, sha256), tuple(words), tuple(parts), flags)


def _lowered(part, place, by):
    if part.scene is None or by == 0:
        return replace(part, place=place)
    down = by / part.scale
    lines = tuple(replace(line, points=line.points + (0.0, down)) for line in part.lines)
    return replace(part, place=place, scene=moved(part.scene, 0.0, down), lines=lines)
