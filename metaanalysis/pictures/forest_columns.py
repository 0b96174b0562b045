"""The columns of a forest plot: which there are, their titles, their widths, and where they stand."""

from dataclasses import dataclass, replace
from functools import lru_cache

from metaanalysis.pictures.forest_lines import LONG_NAMES

_NAME_PT = 92.0
_NAME_END = 10
_BIAS_PT, _BIAS_GAP_PT, _PAIR_GAP_PT = 12.0, 2.5, 8.0
_ROUNDING = 1.03


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
        """Lines no wider than `width`, less what a screen may add by rounding each letter; wider single words are shortened."""
        width, lines = 0.97 * width, [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if self.width(longer, weight) <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(word)
        return [self.shortened(line, width, weight) for line in lines]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name, title : str
    align : {"left", "right", "center"}
    spanner : str
        Title above this column and its neighbours with the same.
    gap : float
        Space before it in points.
    left, width : float
        In points.
    """

    name: str
    title: str
    align: str = "right"
    spanner: str = ""
    gap: float = 0.0
    left: float = 0.0
    width: float = 0.0

    @property
    def anchor(self):
        """Where its text is aligned, in points."""
        return self.left + {"left": 0.0, "center": self.width / 2, "right": self.width}[self.align]


def long_name(measure):
    """``Hazard ratio``, or ``Hazard ratio or risk ratio``."""
    return " or ".join(LONG_NAMES.get(name, "effect").lower() for name in measure.split(", ")).capitalize()


def titled(content, pattern):
    """Fill the measure and the level into a title of the look."""
    pooled = content.pooled
    return pattern.format(measure=pooled.measure.replace(", ", " or ") or "Effect", name=long_name(pooled.measure), level=f"{100 * pooled.settings.level:g}")


def _arm_title(face, name):
    lines = face.wrapped(name, _NAME_PT, "bold")
    return "\n".join([*lines[:2], face.shortened(" ".join(lines[2:]), _NAME_PT, "bold")] if len(lines) > 3 else lines)


def _event_columns(content, arms, face):
    names = [_arm_title(face, name) for name in arms]
    if content.look.events_title:
        return [Column(f"arm_{arm}", name, spanner=content.look.events_title) for arm, name in enumerate(names, 1)]
    columns = []
    for arm, name in enumerate(names, 1):
        columns += [Column(f"events_{arm}", "Events", spanner=name), Column(f"n_{arm}", "Total", spanner=name, gap=_PAIR_GAP_PT)]
    return columns


def _weight_columns(content):
    if len(content.models) == 1:
        return [Column(content.models[0], "Weight, %")]
    return [Column(name, f"Weight, %\n{name}") for name in ("fixed", "random")]


def _extra_columns(content):
    for title, texts in content.table.columns.items():
        numeric = all(not text or text.replace(".", "", 1).lstrip("-").isdigit() for text in texts)
        yield Column(f"extra-{title}", title, "right" if numeric else "left")


def _bias_columns(bias):
    if bias is None:
        return []
    return [
        Column(f"bias-{domain}", domain, "center", "Risk of bias", _BIAS_GAP_PT if number else 0.0, width=_BIAS_PT)
        for number, domain in enumerate(bias.domains)
    ]


def _wanted(content, arms, bias, face):
    """Every column that has content, by the name the look gives it."""
    pooled, table, has_counts = content.pooled, content.table, content.table.counts is not None
    measure = titled(content, "{measure}")
    return {
        "study": [Column("study", content.look.study_title, "left")],
        "source": [Column("source", "Data", "left")] if any(pooled.source) else [],
        "extra": list(_extra_columns(content)),
        "events": _event_columns(content, arms, face) if has_counts else [],
        "yi": [] if pooled.counts is not None else [Column("yi", f"log[{measure}]" if pooled.is_ratio else measure)],
        "sei": [] if pooled.counts is not None else [Column("sei", "SE")],
        "reconstruction": [Column("reconstruction", "SE from\nreconstruction")] if table.reconstruction_se is not None else [],
        "weights": _weight_columns(content),
        "effect": [Column("effect", titled(content, content.look.effect_title))],
        "bias": _bias_columns(bias),
    }


def _width(column, lines, face, study_pt):
    width = max(column.width, face.width(column.title, "bold"))
    for line in lines:
        if column.name == "study" and line.kind in ("text", "prediction", "group"):
            continue
        width = max(width, face.width(line.cells.get(column.name, ""), "bold" if line.kind == "diamond" else "normal"))
    return min(width, study_pt) if column.name == "study" else width


def _spanned(columns, face):
    """Columns widened so that each spanner fits above its own."""
    for spanner in dict.fromkeys(column.spanner for column in columns if column.spanner):
        places = [place for place, column in enumerate(columns) if column.spanner == spanner]
        total = sum(columns[place].width + (columns[place].gap if place != places[0] else 0) for place in places)
        share = max(0.0, face.width(spanner, "bold") - total) / len(places)
        columns = [replace(column, width=column.width + share) if place in places else column for place, column in enumerate(columns)]
    return columns


def _placed(columns, left, gap):
    placed = []
    for number, column in enumerate(columns):
        left += 0.0 if number == 0 else column.gap or gap
        placed.append(replace(column, left=left))
        left += column.width
    return placed, left


def lay_columns(content, lines, face, *, arms, bias):
    """Lay out the columns of both sides, each side from the left at 0.

    Parameters
    ----------
    content : Content
    lines : list of Line
    face : Typeface
    arms : tuple of str
        Names of the treatment and the reference arm.
    bias : RiskOfBias or None

    Returns
    -------
    tuple of (list of Column, list of Column)
        Before and after the plot.
    """
    look, wanted = content.look, _wanted(content, arms, bias, face)
    sides = []
    for names in (look.left, look.right):
        columns = [replace(column, width=_width(column, lines, face, look.study_pt)) for name in names for column in wanted[name]]
        sides.append(_placed(_spanned(columns, face), 0.0, look.gap_pt)[0])
    return tuple(sides)
