"""Where everything of a forest plot stands on its page."""

from dataclasses import dataclass, replace

import numpy as np

from metaanalysis.pictures.forest_axis import ForestAxis, forest_axis
from metaanalysis.pictures.forest_columns import Typeface, lay_columns, titled
from metaanalysis.pictures.forest_drawing import LEAD
from metaanalysis.pictures.forest_lines import Content, Line, drawn_range, foot_notes

_BELOW_TITLE_PT, _BELOW_HEADER_PT, _ABOVE_HEADER_PT, _FROM_NULL_PT = 3.0, 4.0, 5.0, 7.0
_WIDEST_PLOT_PT = 330.0
_TICKS_PT = 8.0
_WIDEST_SENTENCE_PT = 350.0


@dataclass(frozen=True)
class Layout:
    """A forest plot ready to be drawn; all places in points from the top left.

    Attributes
    ----------
    content : Content
    face, small, large : Typeface
        Of the table, of the notes, of the title.
    columns : tuple of Column
    axis : ForestAxis
    lines : tuple of Line
    middles : tuple of float
        The middle of each line.
    title, notes : tuple of str
    favours : tuple of (float, str, str)
        Place, alignment, text.
    header : tuple of float
        Top and bottom.
    axis_bottom, favours_top, below : float
        Where the axis is, where the labels below it begin, where the key and the notes begin.
    width, height : float
    """

    content: Content
    face: Typeface
    small: Typeface
    large: Typeface
    columns: tuple
    axis: ForestAxis
    lines: tuple
    middles: tuple
    title: tuple
    notes: tuple
    favours: tuple
    header: tuple
    axis_bottom: float
    favours_top: float
    below: float
    width: float
    height: float

    @property
    def edges(self):
        """The left and the right margin."""
        return self.content.look.margin_pt, self.width - self.content.look.margin_pt

    def lead(self, face):
        """From line to line of running text."""
        return LEAD * face.size


def _moved(columns, by):
    return [replace(column, left=column.left + by) for column in columns]


def _across(content, lines, face, *, arms, bias, ticks, favours):
    """Columns and axis across the page, and its width."""
    look = content.look
    before, after = lay_columns(content, lines, face, arms=arms, bias=bias)
    sentences = max((face.width(line.cells["study"]) for line in lines if line.kind == "text"), default=0.0)
    least = max(look.table_pt, min(sentences, _WIDEST_SENTENCE_PT))
    shortage = max(0.0, least - before[-1].left - before[-1].width)
    if len(before) == 1:
        before = [replace(before[0], width=before[0].width + shortage)]
    before = _moved(before[:1], look.margin_pt) + _moved(before[1:], look.margin_pt + shortage)
    left = before[-1].left + before[-1].width + look.gap_pt
    needed = 2 * max(face.width(f"← {label}") for label in favours) + 4 * _FROM_NULL_PT
    width = max(look.plot_pt, min(needed, _WIDEST_PLOT_PT))
    axis = forest_axis(drawn_range(lines), is_ratio=content.pooled.is_ratio, ticks=ticks, left=left, width=width)
    after = _moved(after, axis.right + look.gap_pt)
    last = after[-1].left + after[-1].width if after else axis.right
    return tuple(before + after), axis, last + look.margin_pt


def _favours_labels(axis, favours, face):
    """Both labels beside the line of no effect, each with its place and alignment."""
    before, after = axis.to_pt(0.0) - _FROM_NULL_PT, axis.to_pt(0.0) + _FROM_NULL_PT
    left, right = face.wrapped(f"← {favours[0]}", before - axis.left), face.wrapped(f"{favours[1]} →", axis.right - after)
    return (before, "right", "\n".join(left)), (after, "left", "\n".join(right))


def _expanded(lines, columns, axis, *, look, face):
    """Long names and sentences broken so that they end before the next thing on their line."""
    by_name = {column.name: column for column in columns}
    whole = axis.left - look.gap_pt - look.margin_pt
    effect = by_name["effect"].left
    before_effect = effect - look.gap_pt - look.margin_pt if effect < axis.left else whole
    for line in lines:
        if line.kind not in ("text", "group", "prediction"):
            yield line
            continue
        width = before_effect if line.kind == "prediction" else whole
        first, *rest = face.wrapped(line.cells["study"], width, "bold" if line.kind == "group" else "normal")
        yield replace(line, cells=line.cells | {"study": first})
        yield from (Line("group" if line.kind == "group" else "text", {"study": part}) for part in rest)


def _header_lines(layout_columns, plot_title):
    def height(column):
        spanner = 1.35 + column.spanner.count("\n") if column.spanner else 0.0
        titles = [other.title.count("\n") for other in layout_columns if other.spanner == column.spanner] if column.spanner else [column.title.count("\n")]
        return 1 + max(titles) + spanner

    return max([1 + plot_title.count("\n"), *(height(column) for column in layout_columns)])


def _down(lines, row_pt):
    """The middle of each line below the first one's top, and where the axis is: below all that is drawn."""
    heights = np.array([0.5 * row_pt if line.kind in ("gap", "rule") else row_pt for line in lines])
    ends = np.cumsum(heights)
    drawn = max(place for place, line in enumerate(lines) if line.kind in ("study", "diamond", "prediction", "rule", "excluded"))
    return ends - heights / 2, float(ends[drawn]), float(ends[-1])


def lay_out(content, lines, *, arms, favours, bias, ticks, title):
    """Lay out a forest plot.

    Parameters
    ----------
    content : Content
    lines : list of Line
    arms, favours : tuple of str
    bias : RiskOfBias or None
    ticks : sequence of float or None
    title : str

    Returns
    -------
    Layout
    """
    look = content.look
    face, small, large = (Typeface(_installed(look.fonts), look.font_pt + more) for more in (0, -1.5, 2))
    columns, axis, width = _across(content, lines, face, arms=arms, bias=bias, ticks=ticks, favours=favours)
    lines = tuple(_expanded(lines, columns, axis, look=look, face=face))
    inner = width - 2 * look.margin_pt
    titles = tuple(large.wrapped(title, inner, "bold")) if title else ()
    notes = list(foot_notes(content)) + ([f"Risk of bias. {bias.domain_names}."] if bias else [])
    notes = tuple(part for note in notes for part in small.wrapped(note, inner))
    labels = _favours_labels(axis, favours, face)
    axis_title = titled(content, look.axis_title)
    favoured = max((text for _, _, text in labels), key=lambda text: text.count("\n"))
    above, below = (favoured, axis_title) if look.favours_above else (axis_title, favoured)
    header_top = look.margin_pt + LEAD * large.size * len(titles) + (_BELOW_TITLE_PT if titles else 0.0)
    header_bottom = header_top + _ABOVE_HEADER_PT + _header_lines(columns, above) * LEAD * face.size
    middles, axis_at, end = _down(lines, look.row_pt)
    top = header_bottom + _BELOW_HEADER_PT
    favours_top = top + axis_at + _TICKS_PT + LEAD * face.size
    under = max(top + end, favours_top + (1 + below.count("\n")) * LEAD * face.size) + 0.6 * face.size
    key = 1.8 * face.size if bias and bias.seen else 0.0
    height = under + key + LEAD * small.size * len(notes) + look.margin_pt
    return Layout(
        content, face, small, large, columns, axis, lines, tuple(float(middle + top) for middle in middles), titles, notes, labels,
        (header_top, header_bottom), top + axis_at, favours_top, under, width, height,
    )


def _installed(fonts):
    """Those of the fonts that are there; DejaVu Sans comes with matplotlib."""
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return tuple(name for name in fonts if name in there) or ("DejaVu Sans",)
