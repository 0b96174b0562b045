"""How wide and how high letters are, in the fonts at hand, which stand for the one that a figure was set in."""

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_TYPEWRITER = ("mono", "courier", "consol", "menlo", "typewriter", "fixed")
_DEJAVU = ("dejavu", "verdana", "vera", "lucida", "geneva")
_SERIF = (
    "times",
    "serif",
    "roman",
    "georgia",
    "garamond",
    "palatino",
    "minion",
    "cambria",
    "bookman",
    "century",
    "stix",
    "cmr",
    "cmu",
)
# Arial's letters are as wide as Helvetica's, but its signs, which also mark patients, sit otherwise
_ARIAL_INK = {
    "+": (0.049, 0.088, 0.535, 0.577),
    "-": (0.044, 0.227, 0.289, 0.305),
    "=": (0.049, 0.168, 0.535, 0.490),
    "<": (0.049, 0.075, 0.535, 0.583),
    ">": (0.049, 0.075, 0.535, 0.583),
    "|": (0.089, -0.212, 0.170, 0.725),
    "*": (0.016, 0.337, 0.374, 0.688),
    "\N{MULTIPLICATION SIGN}": (0.069, 0.110, 0.515, 0.556),
    "\N{MINUS SIGN}": (0.049, 0.297, 0.535, 0.368),
    "\N{BULLET}": (0.040, 0.196, 0.311, 0.467),
}


@dataclass(frozen=True)
class Glyph:
    """One letter at a size of 1, its origin on the baseline, ``y`` upwards.

    Attributes
    ----------
    advance : float
        From its origin to that of the next letter.
    ink : tuple of float, or None
        Left, bottom, right and top of what is drawn; None for a space.
    """

    advance: float
    ink: tuple | None


class Face:
    """A font: the metrics that come with matplotlib, of Helvetica, Times and Courier, or a DejaVu font.

    Parameters
    ----------
    name : str
        As ``Helvetica-Bold``, or ``Arial-Bold``, which has the same metrics but for its signs; or the stem of a TrueType file.
    stand_in : Face, optional
        For the letters that it has not.
    """

    def __init__(self, name, stand_in=None):
        self.name = name
        self._stand_in = stand_in
        self._glyphs = {}
        self._find = (_metrics_finder if stand_in else _outline_finder)(name)

    def glyph(self, letter):
        """Give the `Glyph` of a letter; of an accented one, that of its base where there is no better."""
        if letter not in self._glyphs:
            self._glyphs[letter] = self._glyph(letter)
        return self._glyphs[letter]

    def _glyph(self, letter):
        found = self._find(letter)
        if found is None and self._stand_in:
            found = self._stand_in.glyph(letter)
        base = unicodedata.normalize("NFKD", letter)[0]
        if found is None and base != letter:
            found = self.glyph(base)
        return found or Glyph(0.0 if unicodedata.combining(letter) else 0.6, (0.05, 0.0, 0.55, 0.72))


def _metrics_finder(name):
    from fontTools.afmLib import AFM
    from fontTools.agl import UV2AGL

    metrics = AFM(str(_folder() / "pdfcorefonts" / f"{name.replace('Arial', 'Helvetica')}.afm"))
    signs = _ARIAL_INK if name.startswith("Arial") else {}

    def find(letter):
        glyph = UV2AGL.get(ord(letter.replace("\N{NO-BREAK SPACE}", " ")))
        if glyph is None or not metrics.has_char(glyph):
            return None
        _, advance, ink = metrics[glyph]
        if letter in signs:
            return Glyph(advance / 1000, signs[letter])
        return Glyph(advance / 1000, tuple(side / 1000 for side in ink) if any(ink) else None)

    return find


def _outline_finder(name):
    from fontTools.ttLib import TTFont

    with TTFont(_folder() / "ttf" / f"{name}.ttf", lazy=True) as font:
        names, advances, outlines, em = font.getBestCmap(), font["hmtx"], font["glyf"], font["head"].unitsPerEm

    def find(letter):
        glyph = names.get(ord(letter))
        if glyph is None:
            return None
        outline = outlines[glyph]
        ink = None
        if outline.numberOfContours:
            ink = tuple(getattr(outline, side) / em for side in ("xMin", "yMin", "xMax", "yMax"))
        return Glyph(advances[glyph][0] / em, ink)

    return find


def _folder():
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts"


@cache
def _loaded(name, stand_in=None):
    return Face(name, _loaded(stand_in) if stand_in else None)


@lru_cache(maxsize=1024)
def face(family, weight="normal", style="normal"):
    """Choose the font at hand that is nearest to one named in CSS.

    Parameters
    ----------
    family : str
        ``font-family``: the first name decides.
    weight, style : str
        ``font-weight`` and ``font-style``.

    Returns
    -------
    Face
    """
    first = family.split(",")[0].strip(" '\"").lower()
    bold = weight in ("bold", "bolder") or (weight.isdigit() and int(weight) >= 600) or "bold" in first
    slanted = style.startswith(("italic", "oblique")) or first.endswith(("italic", "oblique"))
    heavy = "-Bold" if bold else ""
    if any(word in first for word in _DEJAVU):
        kind = "Mono" if "mono" in first else "Serif" if "serif" in first else ""
        return _loaded(f"DejaVuSans{kind}{heavy}" if kind != "Serif" else f"DejaVuSerif{heavy}")
    if any(word in first for word in _TYPEWRITER):
        return _loaded(f"Courier{heavy}", f"DejaVuSansMono{heavy}")
    if any(word in first for word in _SERIF) and "sans" not in first:
        suffix = {(False, False): "-Roman", (True, False): "-Bold", (False, True): "-Italic", (True, True): "-BoldItalic"}
        return _loaded(f"Times{suffix[bold, slanted]}", f"DejaVuSerif{heavy}")
    own = "Helvetica" if first.startswith(("helvetica", "nimbus")) else "Arial"
    return _loaded(f"{own}{heavy}", f"DejaVuSans{heavy}")


@lru_cache(maxsize=16)
def faces(weight):
    """Fonts that are told from each other by the widths of their letters: one of each kind that is at hand.

    Parameters
    ----------
    weight : str
        ``font-weight``.

    Returns
    -------
    tuple of Face
    """
    return tuple(face(family, weight) for family in ("arial", "dejavu sans", "times", "courier"))
