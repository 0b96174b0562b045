"""Text before it is drawn: how wide it is, where it is cut, how it is broken into lines.

Examples
--------
>>> face = Typeface(("DejaVu Sans",), 8.5)
>>> face.wrapped("Test for overall effect: Z = 2.10 (P = 0.04)", 160)
['Test for overall effect: Z = 2.10', '(P = 0.04)']
"""

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

_ROUNDING = 1.03
_NAME_END, _FREE = 10, 0.98
_PARTING = re.compile(r"(?<![=<]) (?![=<] )")


@lru_cache(maxsize=16384)
def text_width(text, size, weight, fonts):
    """Width of a text in points, of its widest line; with what a screen may add by rounding each letter.

    Parameters
    ----------
    text : str
    size : float
    weight : {"normal", "bold"}
    fonts : tuple of str

    Returns
    -------
    float
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=list(fonts), size=size, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # such a letter is drawn as an empty box
        return _ROUNDING * max(text_to_path.get_text_width_height_descent(part, font, False)[0] for part in text.split("\n"))


@dataclass(frozen=True)
class Typeface:
    """Fonts and size of the text, and how wide words are in it.

    Attributes
    ----------
    fonts : tuple of str
    size : float
    """

    fonts: tuple
    size: float

    def width(self, text, weight="normal"):
        """Width in points."""
        return text_width(text, self.size, weight, self.fonts)

    def shortened(self, text, width, weight="normal"):
        """The text, or its beginning and an ellipsis where it is wider."""
        while self.width(text, weight) > width and len(text) > 1:
            text = text.rstrip("…")[:-1].rstrip() + "…"
        return text

    def abridged(self, text, width, weight="normal"):
        """A name without its middle where it is wider, so that a year at its end is kept."""
        if self.width(text, weight) <= width:
            return text
        end = text[-_NAME_END:].partition(" ")[2] or text[-_NAME_END:]
        return self.shortened(text[: -len(end)].rstrip(), width - self.width(f" {end}", weight), weight) + f" {end}"

    def wrapped(self, text, width, weight="normal"):
        """Lines no wider than `width`, not parted beside ``=`` or ``<``; single words that are wider are shortened.

        Long lines gather the rounding of many letters, so that some of the width is left free.
        """
        width, lines = _FREE * width, [""]
        for word in _PARTING.split(text):
            longer = f"{lines[-1]} {word}".strip()
            if self.width(longer, weight) <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(word)
        return [self.shortened(line, width, weight) for line in lines]
