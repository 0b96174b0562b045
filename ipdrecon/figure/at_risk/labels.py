"""Names, kinds and colours of the rows of a table of numbers at risk."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.at_risk.cells import find_blobs, ink_colour
from ipdrecon.figure.at_risk.grid import group_lines
from ipdrecon.figure.at_risk.lines import label_line
from ipdrecon.figure.at_risk.text import is_bracket, kind_of, split_pieces
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box, Word

# in heights of the digits
_LETTER_GAP, _LABEL_MARGIN, _FARTHEST = 0.7, 0.35, 8.0
_SURELY_READ = 0.7
_PALE = 25  # largest spread of red, green and blue that passes for grey


@dataclass(frozen=True)
class LabelLine:
    """A line of text beside or above the numbers.

    Attributes
    ----------
    text : str
    py : float
    left, right : float
        In px.
    kind : {"risk", "censored", "event", ""}
        What it names, if it is no arm.
    """

    text: str
    py: float
    left: float
    right: float
    kind: str


def cut_labels(px, words, rows):
    """Cut words that hold a label and the first number of its row, and read the label by itself.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word
    rows : sequence of RowCells

    Returns
    -------
    tuple of Word
    """
    return tuple(_cut_label(px, word, rows) for word in words)


def _cut_label(px, word, rows):
    if not any(letter.isalpha() for letter in word.text):
        return word
    for row in rows:
        height, first = row.strip.height, row.cells[0].box if row.cells else None
        level = first is not None and abs(word.box.centre[1] - row.py) < 0.6 * height
        if level and word.box.left < first.left - 0.5 * height and word.box.right > first.left + 0.3 * height:
            left_part = Box(word.box.left, word.box.top, first.left - 2, word.box.bottom)
            if word.exact:
                return replace(word, text=_text_before(word, first.left), box=left_part)
            again = read_line(px, left_part)
            return Word(again.text or word.text, left_part, again.confidence)
    return word


def _text_before(word, edge):
    """The text of a word before a place, cut at the blank nearest to it."""
    share = (edge - word.box.left) / word.box.width
    blanks = [at for at, letter in enumerate(word.text) if letter == " "]
    cut = min(blanks, key=lambda at: abs(at - share * len(word.text)), default=len(word.text))
    return word.text[:cut].strip()


def find_label_lines(words, rows, edge, top):
    """Find the lines of text left of the numbers, and those above them.

    Parameters
    ----------
    words : iterable of Word
        Of the zone of the table.
    rows : sequence of RowCells
    edge : float
        Left edge of the first column's numbers in px.
    top : float
        Where the search begins, in px.

    Returns
    -------
    tuple of LabelLine
        From top to bottom.
    """
    height = float(np.median([row.strip.height for row in rows]))
    last = max(row.py for row in rows) + 2.6 * height
    pieces = [piece for piece in split_pieces(words) if top < piece.box.centre[1] < last]
    lines = []
    for line in group_lines(pieces):
        beside = min((abs(line.py - row.py) for row in rows), default=np.inf) < 0.5 * height
        parts = [_before(line.pieces, edge, height)] if beside else _segments(line.pieces, height)
        lines += [_as_label(label_line(part)) for part in parts if part]
    return tuple(line for line in lines if any(letter.isalnum() for letter in line.text))


def _as_label(line):
    text = " ".join(piece.text for piece in line.pieces).strip(" |:;—–_")
    return LabelLine(text, line.py, line.pieces[0].box.left, line.pieces[-1].box.right, kind_of(text))


def _segments(pieces, height):
    """Part a line at its wide gaps; numbers that stand apart are another panel's."""
    segments = [[pieces[0]]]
    for piece in pieces[1:]:
        if piece.box.left - segments[-1][-1].box.right > 2.8 * height:
            segments.append([])
        segments[-1].append(piece)
    whole = [" ".join(piece.text for piece in segment) for segment in segments]
    kept = [segment for segment, text in zip(segments, whole, strict=True) if len(segments) == 1 or not text.isdigit()]
    return [_before(segment, np.inf, height) for segment in kept]


def _before(pieces, edge, height):
    """Pieces left of the numbers, without another panel's numbers farther left."""
    left = sorted((piece for piece in pieces if piece.box.centre[0] < edge), key=lambda piece: -piece.box.left)
    chosen = []
    for index, piece in enumerate(left):
        gap = chosen[-1].box.left - piece.box.right if chosen else 0.0
        if gap > 2.8 * height or _is_foreign(piece, left[index + 1 :], gap if chosen else np.inf, height):
            break
        chosen.append(piece)
    return tuple(chosen)


def _is_foreign(piece, farther, gap, height):
    """Whether a number left of a label belongs to another panel's table: it stands apart, with more numbers left of it."""
    if not piece.text.isdigit():
        return False
    apart = not farther or farther[0].box.right < piece.box.left - 0.8 * height
    more = any(other.whole and other.text.isdigit() for other in farther)
    return (apart and more) or (piece.whole and 0.4 * height < gap < np.inf)


def name_rows(rows, labels, edge):
    """Give each row its arm's label and the kind of its numbers.

    Parameters
    ----------
    rows : sequence of RowCells
    labels : sequence of LabelLine
    edge : float
        Left edge of the first column's numbers in px.

    Returns
    -------
    names, kinds : list of str
    """
    height = float(np.median([row.strip.height for row in rows]))
    beside = [[line for line in labels if abs(line.py - row.py) < 0.55 * height] for row in rows]
    kinds = _kinds(rows, labels, beside)
    plain = [line for line in labels if not line.kind]
    named = [any(not line.kind for line in lines) for lines in beside]
    if sum(named) <= 0.5 * kinds.count("risk") and _labels_above(rows, plain, named, height):
        return _names_above(rows, plain, kinds), kinds
    return _names_beside(rows, [line for line in plain if line.left < edge], height), kinds


def _labels_above(rows, plain, named, height):
    halfway = [row for row in rows if any(0.5 * height < abs(line.py - row.py) < 1.15 * height for line in plain)]
    split = [row for row in halfway if any(line.py > row.py and line.py - row.py < 1.15 * height for line in plain)]
    return len(split) + sum(named) <= 0.5 * len(rows)


def _names_beside(rows, plain, height):
    """Join the lines of text nearest each row; lines that stand apart from the labels are none of theirs."""
    centres = np.array([row.py for row in rows])
    distance = np.abs(np.subtract.outer([line.py for line in plain], centres))
    pitch = np.diff(centres).min() if len(rows) > 1 else 3 * height
    reach = max(min(0.9 * pitch, 2.4 * height), 0.6 * height)
    beside = [line for line, gaps in zip(plain, distance, strict=True) if gaps.min() < 0.55 * height]
    parts = [[] for _ in rows]
    for line, gaps in zip(plain, distance, strict=True):
        aligned = not beside or any(line.left < other.right and line.right > other.left for other in beside)
        if gaps.min() <= reach and aligned and line.py >= centres[0] - 1.3 * height:
            parts[int(np.argmin(gaps))].append(line)
    return [" ".join(line.text for line in sorted(lines, key=lambda line: line.py)) for lines in parts]


def _names_above(rows, plain, kinds):
    names, current, previous = [], "", -np.inf
    seen = set()
    for row, kind in zip(rows, kinds, strict=True):
        between = [line for line in plain if previous < line.py < row.py]
        if between:
            current, seen = between[-1].text, set()
        elif kind in seen:
            current = ""
        seen.add(kind)
        names.append(current)
        previous = row.py
    n_arms = max(kinds.count(kind) for kind in set(kinds))
    return names if len(set(names) - {""}) >= n_arms else [""] * len(rows)


def _kinds(rows, labels, beside):
    titled = _titles([line for line in labels if line.kind], rows)
    own = [next((line.kind for line in lines if line.kind), "") for lines in beside]
    if not any(line.kind != "risk" for line in titled):
        return ["risk"] * len(rows)
    if any(own):
        return [kind or "risk" for kind in own]
    if titled[0].py < rows[0].py:
        return [([line.kind for line in titled if line.py < row.py] or ["risk"])[-1] for row in rows]
    return [min(titled, key=lambda line: abs(line.py - row.py)).kind for row in rows]


def _titles(titled, rows):
    """Lines that name a kind of row; a bracket under the header of all rows tells of brackets in the cells."""
    if len(titled) < 2 or titled[0].kind != "risk" or not is_bracket(titled[1].text):
        return titled
    return titled if any(row.py < titled[1].py for row in rows) else [titled[0], *titled[2:]]


def complete_name(px, row, name, words, span):
    """Read a row's label again where ink beside the numbers is not covered by words.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    row : RowCells
    name : str
        As read so far.
    words : iterable of Word
        Of the zone of the table.
    span : tuple of float
        How far left a label may stand, and the left edge of the row's numbers, in px.

    Returns
    -------
    str
        The longer reading if it holds the first one.
    """
    height = row.strip.height
    blobs = find_blobs(row.strip, span[0], span[1] - 2, gap=1.2 * height)
    if not blobs or span[1] - blobs[-1].right > _FARTHEST * height or _is_solid(row.strip, blobs[-1]):
        return name
    covered = np.zeros(row.strip.ink.shape[1], bool)
    for word in words:
        if abs(word.box.centre[1] - row.py) < 0.8 * height:
            covered[max(int(word.box.left), 0) : int(np.ceil(word.box.right)) + 1] = True
    label = blobs[-1]
    bare = row.strip.ink.any(axis=0) & ~covered
    if bare[int(label.left) : int(label.right) + 1].sum() < 0.2 * height:
        return name
    pad = _LABEL_MARGIN * height
    around = Box(label.left - pad, row.strip.top - pad, label.right + pad, row.strip.bottom + pad)
    again = read_line(px, around)
    longer = name_key(again.text).startswith(name_key(name)) and len(again.text) > len(name)
    return again.text if again.confidence >= 0.6 and longer else name


def read_short_names(px, rows, far_left):
    """Read the labels beside rows of which no word tells, since they are single signs or were read into the numbers.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    rows : sequence of RowCells
    far_left : float
        How far left a label may stand, in px.

    Returns
    -------
    list of str
        Empty texts, unless every row has a label of its own that is read surely.
    """
    names = [_short_name(px, row, far_left) for row in rows]
    return names if len({name_key(name) for name in names} - {""}) == len(rows) else [""] * len(rows)


def _short_name(px, row, far_left):
    """The text next to the left of a row's numbers; empty where there is none, or no sure one."""
    height, edge = row.strip.height, min(cell.box.left for cell in row.cells)
    blobs = find_blobs(row.strip, far_left, edge - 2, gap=_LETTER_GAP * height)
    if not blobs or edge - blobs[-1].right > _FARTHEST * height or _is_solid(row.strip, blobs[-1]):
        return ""
    pad = _LABEL_MARGIN * height
    around = Box(blobs[-1].left - pad, row.strip.top - pad, min(blobs[-1].right + pad, edge - 2), row.strip.bottom + pad)
    read = read_line(px, around)
    return read.text if read.confidence >= _SURELY_READ else ""


def _is_solid(strip, box):
    part = strip.ink[int(box.top) - strip.top : int(box.bottom) - strip.top + 1, int(box.left) : int(box.right) + 1]
    return bool(part.mean() > 0.85) and box.width > 1.5 * box.height


def name_key(name):
    """Letters and digits alone, in lower case."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def row_colour(px, row, edge, far_left):
    """Colour by which a row shows its arm.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    row : RowCells
    edge : float
        Left edge of the numbers in px.
    far_left : float
        How far left a label or swatch may stand, in px.

    Returns
    -------
    tuple of int
        Red, green, blue: of the label or the swatch beside the row where it is coloured, else of the numbers.
    """
    numbers = ink_colour(px, row.strip, [cell.box for cell in row.cells]) or (0, 0, 0)
    if max(numbers) - min(numbers) > _PALE:
        return numbers
    gap = 0.8 * row.strip.height
    beside = find_blobs(row.strip, far_left, edge - 2, gap=gap, least=0.25)
    for blob in reversed(beside):
        colour = ink_colour(px, row.strip, [blob])
        if colour is not None and max(colour) - min(colour) > _PALE:
            return colour
    return numbers
