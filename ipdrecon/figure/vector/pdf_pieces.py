"""Characters of a PDF page joined into pieces of text as one reads them: labels, cells, lines."""

import re
from dataclasses import dataclass, field
from itertools import groupby, pairwise

LETTER_GAP = 0.16
OVERLAP = 0.4
WORD_GAP = 0.9
TWO_SPACES_GAP = 0.45
BESIDE_A_NUMBER_GAP = 0.5
STRETCH_OF_A_SPACE = 1.35
MOST_TRACKING = 0.35
LONGEST_CELL = 40
BASELINE_TOLERANCE = 0.1
SIZES_ALIKE = 1.5
DEGREES_ALIKE = 1.0
MARKS = frozenset("+|×✕✖●○■□▲△▼▽◆◇")
_NUMBER = re.compile(r"[<>≤≥=~±+\-–]?[\d]+(?:[.,·:]\d+)*%?|[<>≤≥=~±+\-–]?[.,·]\d+%?")
_CELL = re.compile(r"[\d<>≤≥=~±+\-–.,·:;%()\[\]/ ]*\d[\d<>≤≥=~±+\-–.,·:;%()\[\]/ ]*[)\]]")
_IN_BRACKETS = re.compile(r"[(\[][\d.,·%\-–]+[)\]]")


@dataclass
class Piece:
    """A piece of text; `text` is None where a character of it is not known, `box` is left, top, right, bottom."""

    text: str | None
    box: tuple
    anchor: tuple
    size: float
    degrees: float
    colour: tuple
    is_unseen: bool


@dataclass
class _Word:
    """Glyphs without a gap; `spaces` lists the widths of the space characters before it."""

    glyphs: list
    spaces: list = field(default_factory=list)

    @property
    def text(self):
        texts = [glyph.text for glyph in self.glyphs]
        return None if None in texts else "".join(texts)

    @property
    def first(self):
        return self.glyphs[0]

    @property
    def last(self):
        return self.glyphs[-1]

    @property
    def start(self):
        return self.first.start

    @property
    def end(self):
        return max(glyph.end for glyph in self.glyphs)

    @property
    def size(self):
        return max(glyph.size for glyph in self.glyphs)


def join_pieces(glyphs):
    """Join characters into pieces.

    Characters are joined along their baseline while baseline, angle and size agree and the gap is that of letters or of
    one space between words; two numbers beside each other are two pieces, a number and what follows it in brackets one.

    Parameters
    ----------
    glyphs : list of Glyph
        In the order of the file, spaces included.

    Returns
    -------
    list of Piece
        By angle, then from the top of the page, then along the line.
    """
    pieces = []
    for line in _lines(_words(glyphs)):
        pieces += [_piece(words, text) for words, text in _parted(line)]
    return pieces


def lone_signs(glyphs):
    """Return the glyphs that are signs by themselves, as the points of a plot are, and part of no word."""
    words = _words(glyphs)
    return [word.first for word in words if len(word.glyphs) == 1 and word.first.text in MARKS]


def _words(glyphs):
    """Glyphs in the order of the file, parted where there is a gap or a space, or where the next lies elsewhere."""
    tracking = _tracking(glyphs)
    words, spaces, before = [], [], None
    for glyph in glyphs:
        if glyph.text == " ":
            spaces.append(glyph)
            continue
        if words and not spaces and glyph.is_same_as(before):
            words[-1].glyphs.append(glyph)
            continue
        gap = _gap(before, glyph) if before is not None else None
        if gap is not None:
            gap -= tracking.get(glyph.item, 0.0) if glyph.item == before.item else 0.0
        if gap is None or spaces or not -OVERLAP < gap < LETTER_GAP or _are_marks(words[-1].glyphs, glyph):
            is_near = gap is not None and gap > -OVERLAP
            words.append(_Word([glyph], [space.end - space.start for space in spaces] if is_near else []))
        else:
            words[-1].glyphs.append(glyph)
        spaces, before = [], glyph
    return words


def _tracking(glyphs):
    """Extra gap between all letters of a text object, as a part of its size, where it is set wide."""
    tracking = {}
    for item, group in groupby(glyphs, key=lambda glyph: glyph.item):
        letters, gaps = list(group), []
        if not any(glyph.text and glyph.text.isalpha() for glyph in letters):
            continue
        for before, glyph in pairwise(letters):
            if " " not in (before.text, glyph.text) and not glyph.is_same_as(before):
                gaps.append(_gap(before, glyph))
        if len(gaps) >= 3 and None not in gaps and LETTER_GAP < min(gaps) <= MOST_TRACKING:
            tracking[item] = min(gaps)
    return tracking


def _gap(before, glyph):
    """Gap between two glyphs as a part of their size; None where they are not on one line of one size."""
    small, large = sorted((before.size, glyph.size))
    turned = abs((before.degrees - glyph.degrees + 180) % 360 - 180)
    if turned > DEGREES_ALIKE or large > SIZES_ALIKE * small or before.is_unseen != glyph.is_unseen:
        return None
    if abs(before.across - glyph.across) > BASELINE_TOLERANCE * small:
        return None
    return (glyph.start - before.end) / small


def _are_marks(glyphs, glyph):
    """Whether signs are points of a plot, each placed by itself, and no word: nothing but signs stands there."""
    return glyph.text in MARKS and all(one.text in MARKS for one in glyphs)


def _lines(words):
    """Words on one baseline, in the order along it."""
    words = sorted(words, key=lambda word: (round(word.first.degrees), word.first.is_unseen, word.first.across))
    line = []
    for word in words:
        if line:
            before = line[-1].first
            step = word.first.across - before.across
            is_turned = round(word.first.degrees) != round(before.degrees) or word.first.is_unseen != before.is_unseen
            if is_turned or step > BASELINE_TOLERANCE * min(word.size, line[-1].size):
                yield sorted(line, key=lambda word: word.start)
                line = []
        line.append(word)
    if line:
        yield sorted(line, key=lambda word: word.start)


def _parted(line):
    """Words of one baseline parted into pieces, each a pair of its words and its text; None where that is not known."""
    piece, text = [], ""
    for word in line:
        gap = _gap(piece[-1].last, word.first) if piece else None
        if piece and not _belongs(piece[-1], text, word, gap):
            yield piece, text
            piece, text = [], ""
        is_apart = piece and (word.spaces or gap >= LETTER_GAP)
        text = None if None in (text, word.text) else f"{text} {word.text}" if is_apart else text + word.text
        piece.append(word)
    yield piece, text


def _belongs(before, text, word, gap):
    """Whether a word goes on the piece to its left, of which `before` is the last word and `text` the text so far."""
    if gap is None or gap <= -OVERLAP or gap > WORD_GAP or _are_marks(before.glyphs, word.first):
        return False
    if text is None or word.text is None or (gap < LETTER_GAP and not word.spaces):
        return True
    if len(word.spaces) > 1 and gap > TWO_SPACES_GAP:
        return False
    end = text[-LONGEST_CELL:]
    if max(end.rfind("("), end.rfind("[")) > max(end.rfind(")"), end.rfind("]")):
        return True
    return not _are_two_cells(text, before.text, word.text) and _is_near(gap, before, word)


def _are_two_cells(text, before, word):
    """Whether what is read so far and the next word are two cells of a table, or two numbers of an axis."""
    if not _NUMBER.fullmatch(word):
        return bool(_IN_BRACKETS.fullmatch(before) and _IN_BRACKETS.fullmatch(word))
    return bool(_NUMBER.fullmatch(before) or len(text) <= LONGEST_CELL and _CELL.fullmatch(text))


def _is_near(gap, before, word):
    """Whether a gap is no wider than a space, where a number is beside a word: a label before its first cell is not."""
    if bool(_NUMBER.fullmatch(before.text)) == bool(_NUMBER.fullmatch(word.text)):
        return True
    own_space = sum(word.spaces) / word.size
    return gap <= max(BESIDE_A_NUMBER_GAP, STRETCH_OF_A_SPACE * own_space)


def _piece(words, text):
    glyphs = [glyph for word in words for glyph in word.glyphs]
    if text is not None:
        text = re.sub(r"^–(?=[\d.,·])", "-", text)
    boxes = [glyph.box for glyph in glyphs]
    first = glyphs[0]
    return Piece(
        text=text,
        box=(min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)),
        anchor=first.origin,
        size=max(glyph.size for glyph in glyphs),
        degrees=first.degrees,
        colour=first.colour,
        is_unseen=first.is_unseen,
    )
