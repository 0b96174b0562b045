"""Letters put together to the pieces of text that a reader sees: a label, a cell, a line."""

import numpy as np

from ipdrecon.figure.vector.scene import Text
from ipdrecon.figure.vector.svg_paint import FARTHEST_PT, is_empty
from ipdrecon.figure.vector.svg_values import box_around, overlap

_SPACE_EM = 0.15
_PART_EM = 0.5
_PART_AT_SPACE_EM = 1.0
_JOIN_EM = 1 / 3
_SAME_LINE_EM = 0.45
_SAME_BASELINE_EM = 0.05
_SAME_SIZE = 1.02
_OVERLAP_EM = 0.3
_OVERLAP_SHARE = 0.2


class Piece:
    """A piece of text as its letters, spaces among them.

    Parameters
    ----------
    letters : list of Letter
        In the order along the line; the first and the last are no spaces.
    order : int
        Its place in the order of drawing.
    """

    def __init__(self, letters, order):
        self.letters = letters
        self.order = order

    def continues(self, before):
        """Whether it continues another piece, which another ``<text>`` holds: same line, same look, no more than a space between."""
        first, last = self.letters[0], before.letters[-1]
        if {first.chunk.align, last.chunk.align} != {"start"} or first.colour != last.colour:
            return False
        if abs(first.angle - last.angle) > 0.5 or max(first.size, last.size) > _SAME_SIZE * min(first.size, last.size):
            return False
        if self.is_mark and before.letters[-1].letter == first.letter:
            return False
        gap = first.begin - last.end
        overlap = max(_OVERLAP_EM * first.size, _OVERLAP_SHARE * (last.end - before.letters[0].begin))
        on_baseline = abs(first.offset - last.offset) <= _SAME_BASELINE_EM * first.size
        return on_baseline and -overlap < gap < _JOIN_EM * first.size and first.begin > last.begin

    @property
    def is_mark(self):
        """Whether it is a single sign, such as a plus that marks a patient."""
        return len(self.letters) == 1 and not self.letters[0].letter.isalnum()

    @property
    def box(self):
        """Around its ink; None where there is none, or where it lies beyond all pages."""
        corners = [letter.ink for letter in self.letters if letter.ink is not None]
        corners = np.concatenate(corners) if corners else np.full((1, 2), np.inf)
        return box_around(corners) if np.abs(corners).max() < FARTHEST_PT else None

    def is_within(self, clip):
        """Whether any of it is left by a clip, a `Box` or None."""
        box = self.box
        return box is not None and not is_empty(overlap(box, clip))

    def text(self):
        """The piece as a noun of the scene."""
        first = self.letters[0]
        centred = self._is_whole_chunk() and first.chunk.align == "middle"
        return Text(
            text=self._spelled(),
            box=self.box,
            anchor=first.chunk.anchor if centred else first.origin,
            size=max(letter.size for letter in self.letters),
            angle=round(first.angle) % 360,
            colour=first.colour,
            centred=centred,
            order=self.order,
        )

    def _is_whole_chunk(self):
        chunk = self.letters[0].chunk
        inked = [letter for letter in self.letters if letter.letter != " "]
        return len(inked) == chunk.n_letters and all(letter.chunk is chunk for letter in inked)

    def _spelled(self):
        spelled, last, spaced = "", None, False
        for letter in self.letters:
            if letter.letter == " ":
                spaced = True
                continue
            if last is not None and (spaced or letter.begin - last.end > _SPACE_EM * max(last.size, letter.size)):
                spelled += " "
            spelled += letter.letter
            last, spaced = letter, False
        return spelled


def pieces_of(letters, order):
    """Part the letters of one ``<text>`` into pieces.

    Parameters
    ----------
    letters : list of Letter
    order : int
        Place of the text in the order of drawing.

    Returns
    -------
    list of Piece
        Line by line, along each; parted where a gap is wider than half an em, or than one em where there are spaces.
    """
    pieces = []
    for line in _lines(letters):
        pieces += [Piece(piece, order) for piece in _parted(line)]
    return pieces


def _lines(letters):
    """Letters by line, along each; one that is raised or lowered a little belongs to the line."""
    lines = []
    for letter in letters:
        reach = _SAME_LINE_EM * letter.size
        for line in reversed(lines[-8:]):
            if abs(letter.offset - line[0].offset) <= max(reach, _SAME_LINE_EM * line[0].size):
                line.append(letter)
                break
        else:
            lines.append([letter])
    return [sorted(line, key=lambda letter: letter.begin) for line in lines]


def _parted(line):
    pieces, last, spaces = [], None, []
    for letter in line:
        if letter.letter == " ":
            spaces.append(letter)
            continue
        widest = (_PART_AT_SPACE_EM if spaces else _PART_EM) * max(letter.size, last.size if last else 0.0)
        if last is None or letter.begin - last.end > widest:
            pieces.append([])
        else:
            pieces[-1] += spaces
        pieces[-1].append(letter)
        last, spaces = letter, []
    return pieces


def joined(texts):
    """Join what one ``<text>`` begins and the next continues, as programs write that place each letter or word by itself.

    Parameters
    ----------
    texts : list of list of Piece
        Of each ``<text>``, in the order of the file.

    Returns
    -------
    list of Piece
    """
    found = []
    for pieces in texts:
        for i, piece in enumerate(pieces):
            if i == 0 and found and piece.continues(found[-1]):
                found[-1].letters.extend(piece.letters)
            else:
                found.append(piece)
    return found
