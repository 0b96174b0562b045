"""The letters of a ``<text>``: where each of them stands on the page, by the metrics of a font that is at hand."""

import math
import re
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.vector.fonts import Face, face
from ipdrecon.figure.vector.svg_paint import text_colour
from ipdrecon.figure.vector.svg_values import corners, length, placed

_SPACES = " \t\n\r\N{NO-BREAK SPACE}"
_BASELINES = {
    "middle": 0.26,
    "central": 0.35,
    "mathematical": 0.35,
    "hanging": 0.73,
    "text-before-edge": 0.9,
    "text-top": 0.9,
    "before-edge": 0.9,
    "text-after-edge": -0.21,
    "text-bottom": -0.21,
    "after-edge": -0.21,
    "ideographic": -0.21,
}
_SHIFTS = {"sub": 0.2, "super": -0.33}
_PIECES = ("tspan", "a")


@dataclass(frozen=True)
class Chunk:
    """Letters that the file places together.

    Attributes
    ----------
    align : {"start", "middle", "end"}
    anchor : tuple of float
        Where the file places them, in points.
    n_letters : int
        Spaces not counted.
    """

    align: str
    anchor: tuple
    n_letters: int


@dataclass(frozen=True)
class Letter:
    """A letter on the page, in points.

    Attributes
    ----------
    letter : str
    begin, end : float
        Along its line, from its origin to that of the next letter.
    offset : float
        Of its baseline, across the line.
    origin : tuple of float
        Where it begins, on the baseline.
    ink : ndarray of shape (4, 2), or None
        Corners around what is drawn; None for a space.
    size : float
        Of the font.
    angle : float
        Of the line in degrees, anticlockwise.
    colour : tuple of int
    chunk : Chunk
    """

    letter: str
    begin: float
    end: float
    offset: float
    origin: tuple
    ink: np.ndarray | None
    size: float
    angle: float
    colour: tuple
    chunk: Chunk


@dataclass(frozen=True)
class _Look:
    face: Face
    size: float
    colour: tuple | None
    align: str
    shift: float
    spacing: float
    word_spacing: float
    keeps_spaces: bool


class _Cell:
    """A letter in the making, in user units."""

    __slots__ = ("begins", "dx", "dy", "glyph", "is_layout", "letter", "look", "stretch", "width", "x", "y")

    def __init__(self, letter, look, is_layout):
        self.letter = letter
        self.look = look
        self.is_layout = is_layout
        self.glyph = look.face.glyph(letter)
        self.width = self.glyph.advance * look.size + look.spacing + (look.word_spacing if letter == " " else 0.0)
        self.stretch = 1.0
        self.x = self.y = None
        self.dx = self.dy = 0.0
        self.begins = False


class TextBlock:
    """All that one ``<text>`` holds.

    Parameters
    ----------
    element : Element
    place : Place
        Where it stands, with its style.
    cascade : Cascade
    allowance : Allowance
        What the letters count against.
    servers : Servers
        Of colours, where its paint refers to one.
    """

    def __init__(self, element, place, cascade, allowance, servers):
        self._place = place
        self._cascade = cascade
        self._allowance = allowance
        self._servers = servers
        self._cells = []
        self._spans = []
        self._gather(element, place.style, place.opacity, 0.0)
        if self._cells and self._cells[-1].letter == " " and not self._cells[-1].look.keeps_spaces:
            self._cells.pop()

    def letters(self):
        """Lay the letters out.

        Returns
        -------
        list of Letter
            In the order of the file. Spaces that only lay out the file are left out.
        """
        for span in self._spans:
            self._position(*span)
        for span in self._spans:
            self._stretch(*span)
        for chunk in self._chunks():
            self._align(chunk)
        return self._on_page()

    def _gather(self, element, style, opacity, shift):
        span = [element, len(self._cells), 0, style]
        self._spans.append(span)
        look = self._look(style, opacity, shift)
        self._add(element.text, look)
        for child in element:
            if child.tag in _PIECES:
                child_style = self._cascade.style(child, style)
                if child_style["display"] != "none":
                    self._gather(child, child_style, opacity, shift + _baseline_shift(child_style))
            self._add(child.tail, look)
        span[2] = len(self._cells)

    def _look(self, style, opacity, shift):
        size = style["font-size"]
        aligned = style["alignment-baseline"]
        baseline = style["dominant-baseline"] if aligned in ("auto", "baseline") else aligned
        return _Look(
            face=face(style["font-family"], style["font-weight"], style["font-style"]),
            size=size,
            colour=text_colour(style, opacity, self._servers) if style["visibility"] == "visible" else None,
            align=style["text-anchor"] if style["text-anchor"] in ("middle", "end") else "start",
            shift=shift + _BASELINES.get(baseline, 0.0) * size,
            spacing=length(style["letter-spacing"], em=size) or 0.0,
            word_spacing=length(style["word-spacing"], em=size) or 0.0,
            keeps_spaces=style["white-space"] in ("pre", "pre-wrap", "break-spaces"),
        )

    def _add(self, text, look):
        if not text:
            return
        is_layout = "\n" in text and not text.strip(_SPACES)
        self._allowance.spend("letters", len(text))
        for letter in text:
            if letter in _SPACES:
                follows_space = not self._cells or self._cells[-1].letter == " "
                if look.keeps_spaces or not follows_space:
                    self._cells.append(_Cell(" ", look, is_layout))
            elif letter.isprintable():
                self._cells.append(_Cell(letter, look, False))

    def _position(self, element, begin, end, style):
        width, height = self._place.viewport
        cells = self._cells[begin:end]
        for name, whole in (("x", width), ("y", height), ("dx", width), ("dy", height)):
            listed = re.split(r"[\s,]+", element.get(name, "").strip())
            for cell, text in zip(cells, listed, strict=False):
                value = length(text, whole, style["font-size"])
                if value is not None:
                    setattr(cell, name, value)

    def _stretch(self, element, begin, end, style):
        """Stretch letters to the ``textLength`` that the file gives, which knows the font."""
        wanted = length(element.get("textLength"), self._place.viewport[0], style["font-size"])
        cells = self._cells[begin:end]
        if not wanted or wanted <= 0 or any(cell.x is not None for cell in cells[1:]):
            return
        natural = sum(cell.width + cell.dx for cell in cells)
        if natural > 0:
            for cell in cells:
                cell.stretch = wanted / natural
                cell.width *= cell.stretch

    def _chunks(self):
        """Put the letters beside each other; parted where the file places one anew."""
        chunks, x, y = [], 0.0, 0.0
        for cell in self._cells:
            if cell.x is not None or cell.y is not None or not chunks:
                chunks.append([])
                x = x if cell.x is None else cell.x
                y = y if cell.y is None else cell.y
            chunks[-1].append(cell)
            x, y = x + cell.dx, y + cell.dy
            cell.x, cell.y = x, y
            x += cell.width
        return chunks

    def _align(self, cells):
        width = cells[-1].x + cells[-1].width - cells[0].x
        back = {"middle": width / 2, "end": width}.get(cells[0].look.align, 0.0)
        anchor = placed(self._place.matrix, np.array([cells[0].x, cells[0].y + cells[0].look.shift]))
        chunk = Chunk(cells[0].look.align, tuple(map(float, anchor)), sum(cell.letter != " " for cell in cells))
        for cell in cells:
            cell.x -= back
            cell.begins = chunk

    def _on_page(self):
        a, b, c, d, _, _ = self._place.matrix
        along = math.hypot(a, b)
        if not along or not (a * d - b * c):
            return []
        across = abs(a * d - b * c) / along
        line = np.array([a, b]) / along
        angle = math.degrees(math.atan2(-b, a))
        letters = []
        for cell in self._cells:
            look = cell.look
            if cell.is_layout or look.colour is None or look.size <= 0:
                continue
            origin = placed(self._place.matrix, np.array([cell.x, cell.y + look.shift]))
            begin, offset = float(origin @ line), float(line[0] * origin[1] - line[1] * origin[0])
            end = begin + cell.width * along
            ink = self._ink(cell)
            place = tuple(map(float, origin))
            letters.append(
                Letter(cell.letter, begin, end, offset, place, ink, look.size * across, angle, look.colour, cell.begins)
            )
        return letters

    def _ink(self, cell):
        if cell.glyph.ink is None:
            return None
        left, bottom, right, top = (side * cell.look.size for side in cell.glyph.ink)
        left, right = left * cell.stretch, right * cell.stretch
        y = cell.y + cell.look.shift
        return placed(self._place.matrix, corners(cell.x + left, y - top, right - left, top - bottom))


def _baseline_shift(style):
    """How far the baseline of a part is moved down, in user units."""
    value, size = style["baseline-shift"], style["font-size"]
    if value in _SHIFTS:
        return _SHIFTS[value] * size
    return -(length(value, whole=size, em=size) or 0.0)
