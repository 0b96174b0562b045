"""The file a vector figure comes in: format, how paths and letters are written, and where in a document it stands."""

from dataclasses import dataclass, fields

from matplotlib import rc_context
from matplotlib.patheffects import Normal
from matplotlib.text import Text

from drawn.style import chance, pick

UNDATED = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


@dataclass(frozen=True)
class Carrier:
    """How a figure is carried; the words are those the scoreboard counts by.

    `placed` is alone, page (of a journal) or article; `drawn_as` is vector, jpeg or png (a picture in the page), or scan
    (the whole page one picture); `second` tells how a second figure upon the same page is drawn.
    """

    kind: str
    simplify: bool
    text: str
    font_type: int
    placed: str
    drawn_as: str
    second: str
    pages: int
    box: str
    paper: str
    fonts: str
    scan_dpi: int

    def told(self, drawn_as, simplified):
        """What the index says of a figure drawn in one of the ways; of a picture there are no paths and no letters."""
        is_vector = drawn_as == "vector"
        return {
            "way": "vector" if is_vector else "raster", "simplified": is_vector and simplified,
            "text": self.text if is_vector else None, "carrier": self.words(),
        }  # fmt: skip

    def words(self):
        """All of it as plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def settings(self, salt):
        """The context in which figures are drawn and written."""
        return rc_context({
            "path.simplify": self.simplify,
            "svg.fonttype": "none" if self.text == "text" else "path",
            "svg.hashsalt": salt,
            "pdf.fonttype": self.font_type,
        })  # fmt: skip

    def dress(self, figure):
        """Set a figure to points, and its letters to outlines where they shall be."""
        figure.dpi = 72
        if self.kind == "pdf" and self.text == "outlines":
            figure.canvas.draw()
            for text in figure.findobj(Text):
                text.set_path_effects([Normal()])


def choose_carrier(rng, kind):
    """Draw the carrier of one figure; `kind` is svg, pdf or mixed. What a file of its kind does not have is ``none``."""
    chosen = pick(rng, svg=0.35, pdf=0.65) if kind == "mixed" else kind
    is_svg = chosen == "svg"
    placed = pick(rng, alone=0.35, page=0.35, article=0.3)
    placed = "alone" if is_svg else placed
    drawn_as = pick(rng, vector=0.9, jpeg=0.05, png=0.05) if placed == "alone" else pick(rng, vector=0.6, jpeg=0.14, png=0.12, scan=0.14)
    drawn_as = "vector" if is_svg else drawn_as
    second = pick(rng, none=0.5, jpeg=0.2, png=0.15, vector=0.15)
    box, pages = pick(rng, plain=0.75, turned=0.12, cropped=0.13), int(rng.integers(2, 11))
    return Carrier(
        kind=chosen, placed=placed, drawn_as=drawn_as, simplify=chance(rng, 0.6),
        text=pick(rng, text=0.55, outlines=0.45) if is_svg else pick(rng, text=0.88, outlines=0.12),
        second="none" if placed == "alone" or drawn_as != "vector" else second, pages=pages if placed == "article" else 1,
        box="none" if is_svg else "plain" if placed != "alone" or drawn_as != "vector" else box,
        font_type=int(rng.choice((3, 42))), paper="none" if placed == "alone" else pick(rng, A4=0.5, Letter=0.5),
        fonts="none" if placed == "alone" else pick(rng, standard=0.6, embedded=0.4), scan_dpi=int(rng.choice((200, 250, 300))),
    )  # fmt: skip
