"""What the words of a table of numbers at risk say: counts, headers, kinds of row."""

import re
from dataclasses import dataclass

from ipdrecon.model import Box

_SLIPS = str.maketrans({"O": "0", "o": "0", "Q": "0", "D": "0", "l": "1", "I": "1", "|": "1", "!": "1", "i": "1",
                        "S": "5", "s": "5", "B": "8", "Z": "2", "z": "2"})  # fmt: skip
_BRACKETS = str.maketrans({"（": "(", "）": ")", "[": "(", "]": ")", "{": "(", "}": ")", "，": ",", "·": "."})
# thousands parted by a stop, as print of the Continent has them and as a small comma is read, begin with no 0 as a share does
_COUNT = r"\d{1,3}(?:[,' ]\d{3}){1,4}|[1-9]\d{0,2}(?:\.\d{3}){1,4}|\d{1,15}"  # no more digits than a number keeps, even where the reader joins several counts
_CELL = re.compile(rf"({_COUNT})(?:\s*\(\s*({_COUNT})(?:\.\d+)?\s*%?\s*\)?)?")
_SPOILT_BRACKET = re.compile(rf"({_COUNT})\s?\((?=[^)]{{0,3}}\d)[^)\s]{{1,4}}\)?")
_SPACED = r"\d{1,3}(?: \d{3})+"  # thousands parted by blanks, as one number where a bracket ends the cell
_BRACKETED = rf"(?:{_SPACED}|\d[\d,'.]*)\s?\(\s?(?:{_SPACED}|\d[\d,.]*)\s?%?\s?\)"
_PIECE = re.compile(rf"{_BRACKETED}|\S*\)(?=\d)|\S*?[^\W\d](?={_BRACKETED})|\S+")
_VOCABULARY = re.compile(
    r"cumulative|participants?|individuals?|patients?|subjects?|numbers?|cases|cumul|cum|number|nums?|nos?|nr|still|of|with|n"
)
_KIND_STEMS = (
    ("risk", re.compile(r"(at)?r[il1]sk(set)?")),
    ("censored", re.compile(r"censor(ed|ing|ings|s)?")),
    ("event", re.compile(r"events?")),
)


@dataclass(frozen=True)
class Count:
    """What one cell says.

    Attributes
    ----------
    n : int
        The first number.
    second : int or None
        The number in brackets.
    mended : bool
        Whether letters had to be taken for digits.
    """

    n: int
    second: int | None = None
    mended: bool = False


@dataclass(frozen=True)
class Piece:
    """A part of a word that blanks set apart.

    Attributes
    ----------
    text : str
    box : Box
        The word's box, shared out by the number of characters.
    confidence : float
        The word's.
    whole : bool
        Whether the piece is the whole word, so that its box is the reader's own.
    exact : bool
        Whether the file itself says the text.
    """

    text: str
    box: Box
    confidence: float
    whole: bool
    exact: bool = False


def parse_count(text):
    """Read ``"138"``, ``"1,023"``, ``"44 (76)"``.

    Parameters
    ----------
    text : str

    Returns
    -------
    Count or None
        None where the text is no count; a letter that looks like a digit is taken for it and marked `mended`, and so is
        a count whose bracket holds a digit but cannot be read: ``"126(6c)"``.

    Examples
    --------
    >>> parse_count("1,023")
    Count(n=1023, second=None, mended=False)
    >>> parse_count("44 (76)").second
    76
    >>> parse_count("Placebo") is None
    True
    """
    text = text.translate(_BRACKETS).strip(" .:;_-")
    for candidate, mended in ((text, False), (text.translate(_SLIPS), True)):
        match = _CELL.fullmatch(candidate)
        if match and (not mended or any(letter.isdigit() for letter in text) or len(text) == 1):
            n, second = (int(re.sub(r"\D", "", part)) if part else None for part in match.groups())
            return Count(n, second, mended)
    spoilt = _SPOILT_BRACKET.fullmatch(text)
    return Count(int(re.sub(r"\D", "", spoilt.group(1))), mended=True) if spoilt else None


def split_pieces(words):
    """Part words at their blanks; a count keeps its bracket.

    Parameters
    ----------
    words : iterable of Word
        Upright ones are left out.

    Returns
    -------
    tuple of Piece
    """
    pieces = []
    for word in words:
        if word.vertical:
            continue
        text = word.text.translate(_BRACKETS)
        width = word.box.width / max(len(text), 1)
        for match in _PIECE.finditer(text):
            left, right = word.box.left + width * match.start(), word.box.left + width * match.end()
            whole = match.end() - match.start() == len(text)
            pieces.append(Piece(match.group(), Box(left, word.box.top, right, word.box.bottom), word.confidence, whole, word.exact))
    return tuple(pieces)


def kind_of(text):
    """Tell whether a text is nothing but the name of a kind of number.

    Parameters
    ----------
    text : str

    Returns
    -------
    {"risk", "censored", "event", ""}

    Examples
    --------
    >>> kind_of("No. at risk (censored)"), kind_of("Events"), kind_of("Low risk group"), kind_of("(censored)")
    ('risk', 'event', '', 'censored')
    """
    before_bracket = re.sub(r"[(\[（].*", "", text.lower().lstrip(" ([（"))
    letters = re.sub(r"[^a-z1]", "", before_bracket)
    for kind, stem in _KIND_STEMS:
        match = stem.search(letters)
        if match and (kind != "risk" or match.group(1) or letters.startswith("n")):
            left_over = _VOCABULARY.sub("", letters[: match.start()] + letters[match.end() :])
            if len(left_over) <= 2:
                return kind
    return ""


def is_bracket(text):
    """Whether a text stands wholly in brackets, as the second line of a header does: ``"(number censored)"``."""
    return text.strip()[:1] in {"(", "[", "（"}


def bracket_kind(text):
    """Tell what a header says of the numbers in brackets.

    Parameters
    ----------
    text : str
        The header, as ``"At risk (events)"``.

    Returns
    -------
    {"censored", "event", "percent", ""}
    """
    match = re.search(r"[(\[（](.*)", text.lower())
    inside = match.group(1) if match else ""
    for sign, kind in (("censor", "censored"), ("event", "event"), ("death", "event"), ("%", "percent")):
        if sign in inside:
            return kind
    return ""
