"""Forest plots in the Cochrane layout: a table of numbers on the left, the same numbers drawn on the right."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pictures.forest_lines import LONG_NAMES, drawn_range, foot_notes, forest_lines

_TICK_SETS = (
    (0.5, 0.7, 1, 1.5, 2), (0.2, 0.5, 1, 2, 5), (0.1, 0.2, 0.5, 1, 2, 5, 10), (0.05, 0.2, 1, 5, 20), (0.01, 0.1, 1, 10, 100),
    (0.001, 0.01, 0.1, 1, 10, 100, 1000),
)
_SHARE_INSIDE = 0.85
_BELOW_HEADER_PT = 4.0
_INK, _FAINT, _NOTE, _SQUARE, _PREDICTION = "#1a1a1a", "#8c8c8c", "#5b6066", "#2f6690", "#9b2226"
_TITLES = {
    "study": "Study", "source": "Source", "events_1": "Events/N\ntreatment", "events_2": "Events/N\nreference",
    "sei": "SE", "fixed": "Weight, %\nfixed", "random": "Weight, %\nrandom",
}


@dataclass(frozen=True)
class ForestStyle:
    """Sizes of a forest plot, in points.

    Attributes
    ----------
    font_pt, row_pt, gap_pt, margin_pt : float
        Text size, height of a line, space between columns, space around.
    plot_pt : float
        Least width of the drawn part.
    study_pt : float
        Greatest width of a study's name; longer names end in an ellipsis.
    square_pt : float
        Side of the square of the heaviest study.
    """

    font_pt: float = 8.5
    row_pt: float = 14.0
    gap_pt: float = 13.0
    margin_pt: float = 14.0
    plot_pt: float = 230.0
    study_pt: float = 190.0
    square_pt: float = 9.5


@dataclass(frozen=True)
class _Axis:
    """From the analysis scale to points across the page."""

    left: float
    width: float
    ticks: tuple
    labels: tuple
    low: float
    high: float

    def to_pt(self, value):
        return self.left + self.width * (value - self.low) / (self.high - self.low)

    def inside(self, value):
        return self.low <= value <= self.high


@dataclass(frozen=True)
class _Layout:
    """Where the columns are, and everything placed so far."""

    style: ForestStyle
    columns: dict
    axis: _Axis
    page_width: float
    artists: list = field(default_factory=list)


@lru_cache(maxsize=4096)
def _text_width(text, size, weight="normal"):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    return max(text_to_path.get_text_width_height_descent(part, font, False)[0] for part in text.split("\n"))


def _shortened(text, size, width):
    while _text_width(text, size) > width:
        text = text.rstrip("…")[:-1].rstrip() + "…"
    return text


def _wrapped(text, size, width, weight="normal"):
    """Lines no wider than `width`, less what a screen may add by rounding each letter."""
    width, lines = 0.97 * width, [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if _text_width(longer, size, weight) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _column_titles(pooled, models):
    """Columns in their order, each with its title."""
    source = ("source",) if any(pooled.source) else ()
    data = ("events_1", "events_2") if pooled.counts is not None else ("yi", "sei")
    weights = tuple(name for name in ("fixed", "random") if name in models)
    measure = pooled.measure.replace(", ", " or ") or "Effect"
    titles = _TITLES | {
        "yi": f"log[{measure}]" if pooled.is_ratio else measure,
        "effect": f"{measure}\n[{100 * pooled.settings.level:g} % CI]",
    }
    return {name: titles[name] for name in ("study", *source, *data, *weights, "effect")}


def _columns(lines, titles, style):
    """Left edge and width of each column in points."""
    columns, left = {}, style.margin_pt
    for name, title in titles.items():
        width = _text_width(title, style.font_pt, "bold")
        for line in lines:
            if line.kind not in ("text", "prediction", "group") or name != "study":
                weight = "bold" if line.kind == "diamond" else "normal"
                width = max(width, _text_width(line.cells.get(name, ""), style.font_pt, weight))
        if name == "study":
            width = min(width, style.study_pt)
        columns[name] = (left, width)
        left += width + style.gap_pt
    return columns


def _ratio_ticks(must, should):
    for ticks in _TICK_SETS:
        reach = math.log(ticks[-1]) * 1.04
        if np.all(np.abs(must) <= reach) and np.mean(np.abs(should) <= reach) >= _SHARE_INSIDE:
            break
    return tuple(math.log(tick) for tick in ticks), tuple(f"{tick:g}" for tick in ticks)


def _difference_ticks(must, should):
    from matplotlib.ticker import MaxNLocator

    reach = max(np.abs(must).max(), float(np.quantile(np.abs(should), _SHARE_INSIDE)))
    ticks = [float(tick) for tick in MaxNLocator(nbins=6, symmetric=True).tick_values(-reach, reach)]
    return tuple(ticks), tuple(f"{tick:g}".replace("-", "−") for tick in ticks)


def _given_ticks(pooled, ticks):
    if pooled.is_ratio and min(ticks) <= 0 or len(ticks) < 2:
        raise MetaAnalysisError(f"The ticks are {list(ticks)}; expected two or more{', all positive for a ratio' if pooled.is_ratio else ''}: mend them.")
    ticks = sorted(float(tick) for tick in ticks)
    return tuple(math.log(tick) if pooled.is_ratio else tick for tick in ticks), tuple(f"{tick:g}" for tick in ticks)


def _axis(pooled, lines, ticks, left, width):
    must, should = drawn_range(lines)
    if ticks is not None:
        ticks, labels = _given_ticks(pooled, ticks)
    else:
        ticks, labels = (_ratio_ticks if pooled.is_ratio else _difference_ticks)(must, should)
    low, high = min(ticks[0], 0.0), max(ticks[-1], 0.0)
    beyond = 0.04 * (high - low)
    return _Axis(left, width, ticks, labels, low - beyond, high + beyond)


def _lay_out(pooled, lines, titles, style, *, ticks, favours):
    columns = _columns(lines, titles, style)
    last_left, last_width = columns["effect"]
    table_right = last_left + last_width
    shortage = max(0.0, 330.0 - (table_right - style.margin_pt))
    if shortage:
        columns = {name: (left + (shortage if name != "study" else 0), width) for name, (left, width) in columns.items()}
        table_right += shortage
    left = table_right + style.gap_pt
    width = max(style.plot_pt, 2 * max(_text_width(label, style.font_pt) for label in favours) + 40)
    axis = _axis(pooled, lines, ticks, left, width)
    return _Layout(style, columns, axis, left + width + style.margin_pt)


def _expanded(lines, layout, size):
    """Long text lines broken so that they end before the plot."""
    width = layout.axis.left - layout.style.gap_pt - layout.style.margin_pt
    result = []
    for line in lines:
        if line.kind == "text" and "effect" not in line.cells:
            result.extend(type(line)("text", {"study": part}) for part in _wrapped(line.cells["study"], size, width))
        else:
            result.append(line)
    return result


def _write_cells(axes, line, layout, y):
    style = layout.style
    weight = "bold" if line.kind == "group" or line.kind == "diamond" and not line.hollow else "normal"
    for name, text in line.cells.items():
        if name not in layout.columns or not text:
            continue
        left, width = layout.columns[name]
        if name == "study" and line.kind == "study":
            text = _shortened(text, style.font_pt, layout.style.study_pt)
        if name in ("study", "source"):
            axes.text(left, y, text, ha="left", va="center", fontsize=style.font_pt, weight=weight, color=_INK, gid=f"{line.kind}-{name}")
        else:
            axes.text(left + width, y, text, ha="right", va="center", fontsize=style.font_pt, weight=weight, color=_INK, gid=f"{line.kind}-{name}")


def _draw_interval(axes, line, axis, y, *, colour, width):
    low, high = max(line.low, axis.low), min(line.high, axis.high)
    if low < high:
        axes.plot([axis.to_pt(low), axis.to_pt(high)], [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=3)
    if line.low < axis.low:
        axes.plot([axis.to_pt(axis.low)], [y], marker="<", ms=4.5, color=colour, mec="none", zorder=3)
    if line.high > axis.high:
        axes.plot([axis.to_pt(axis.high)], [y], marker=">", ms=4.5, color=colour, mec="none", zorder=3)


def _draw_study(axes, line, layout, y, heaviest):
    from matplotlib.patches import Rectangle

    _draw_interval(axes, line, layout.axis, y, colour=_INK, width=1.0)
    if not layout.axis.inside(line.estimate):
        return
    side = layout.style.square_pt * math.sqrt(line.weight / heaviest)
    corner = (layout.axis.to_pt(line.estimate) - side / 2, y - side / 2)
    fill = "white" if line.hollow else _SQUARE
    axes.add_patch(Rectangle(corner, side, side, facecolor=fill, edgecolor=_SQUARE, lw=1.0 if line.hollow else 0.4, zorder=4))


def _draw_diamond(axes, line, layout, y):
    from matplotlib.patches import Polygon

    axis, half = layout.axis, 0.34 * layout.style.row_pt
    low, centre, high = (axis.to_pt(min(max(value, axis.low), axis.high)) for value in (line.low, line.estimate, line.high))
    corners = [(low, y), (centre, y + half), (high, y), (centre, y - half)]
    axes.add_patch(Polygon(corners, closed=True, facecolor="white" if line.hollow else _INK, edgecolor=_INK, lw=0.9, zorder=4))
    if line.low < axis.low or line.high > axis.high:
        _draw_interval(axes, line, axis, y, colour=_INK, width=0.9)


def _draw_prediction(axes, line, layout, y):
    from matplotlib.patches import Rectangle

    axis, height = layout.axis, 0.26 * layout.style.row_pt
    low, high = axis.to_pt(max(line.low, axis.low)), axis.to_pt(min(line.high, axis.high))
    axes.add_patch(Rectangle((low, y - height / 2), high - low, height, facecolor=_PREDICTION, edgecolor="none", zorder=4))
    _draw_interval(axes, line, axis, y, colour=_PREDICTION, width=1.0)


def _draw_axis(axes, layout, top, bottom, *, favours, title):
    axis, style = layout.axis, layout.style
    null, right = axis.to_pt(0.0), axis.left + axis.width
    axes.plot([null, null], [top, bottom], color=_INK, lw=0.8, zorder=1)
    axes.plot([axis.left, right], [bottom, bottom], color=_INK, lw=0.8, zorder=2)
    for tick, label in zip(axis.ticks, axis.labels, strict=True):
        axes.plot([axis.to_pt(tick)] * 2, [bottom, bottom + 3.5], color=_INK, lw=0.8)
        axes.text(axis.to_pt(tick), bottom + 6, label, ha="center", va="top", fontsize=style.font_pt, color=_INK)
    y = bottom + 6 + 1.6 * style.font_pt
    axes.text(null - 7, y, f"← {favours[0]}", ha="right", va="top", fontsize=style.font_pt, color=_INK, gid="favours")
    axes.text(null + 7, y, f"{favours[1]} →", ha="left", va="top", fontsize=style.font_pt, color=_INK, gid="favours")
    axes.text(axis.left + axis.width / 2, top - 4, title, ha="center", va="bottom", fontsize=style.font_pt, weight="bold", color=_INK)


def _long_name(measure):
    """``Hazard ratio``, or ``Hazard ratio or risk ratio``."""
    return " or ".join(LONG_NAMES.get(name, "effect").lower() for name in measure.split(", ")).capitalize()


def _draw_header(axes, layout, titles, y):
    style = layout.style
    for name, title in titles.items():
        left, width = layout.columns[name]
        is_left = name in ("study", "source")
        axes.text(
            left if is_left else left + width, y, title, ha="left" if is_left else "right", va="bottom",
            fontsize=style.font_pt, weight="bold", color=_INK, linespacing=1.15, gid=f"header-{name}",
        )


def _draw_line(axes, line, layout, y, heaviest):
    if line.kind == "rule":
        edges = (layout.style.margin_pt, layout.page_width - layout.style.margin_pt)
        axes.plot(edges, [y, y], color=_FAINT, lw=0.6)
        return
    _write_cells(axes, line, layout, y)
    if line.kind == "study":
        _draw_study(axes, line, layout, y, heaviest)
    elif line.kind == "diamond":
        _draw_diamond(axes, line, layout, y)
    elif line.kind == "prediction":
        _draw_prediction(axes, line, layout, y)


def _heights(lines, row_pt):
    """Distance from the top of the first line to the middle of each, and the whole height."""
    heights = np.array([0.5 * row_pt if line.kind in ("gap", "rule") else row_pt for line in lines])
    ends = np.cumsum(heights)
    return ends - heights / 2, float(ends[-1])


def _page(width, height):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=150, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return figure, axes


def forest_plot(pooled, *, favours=("treatment", "reference"), title="", ticks=None, models=("random", "fixed"), style=None):
    """Draw a forest plot.

    Every number printed is one of `pooled.to_dict()`, rounded. Squares have areas in proportion to the weights of
    the first model; intervals that leave the axis end in arrows; summary rows are hollow; the bar below the diamonds is the
    prediction interval, its rule beside it.

    Parameters
    ----------
    pooled : PooledEstimate
    favours : tuple of str
        What effects left and right of no effect favour.
    title : str
    ticks : sequence of float, optional
        On the scale of ratios; by default the narrowest of 0.5-2, 0.2-5, ... that shows the estimates and most limits.
    models : tuple of {"random", "fixed"}
        Diamonds and weights to show.
    style : ForestStyle, optional

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`, which writes the same bytes each time.

    Raises
    ------
    MetaAnalysisError
    """
    if not models or set(models) - {"random", "fixed"}:
        raise MetaAnalysisError(f"The models are {models!r}; expected \"random\", \"fixed\" or both.")
    style = style or ForestStyle()
    favours = tuple(f"Favours [{name}]" for name in favours)
    lines, titles = forest_lines(pooled, models), _column_titles(pooled, models)
    layout = _lay_out(pooled, lines, titles, style, ticks=ticks, favours=favours)
    lines = _expanded(lines, layout, style.font_pt)
    notes = [part for note in foot_notes(pooled, models) for part in _wrapped(note, style.font_pt - 1.5, layout.page_width - 2 * style.margin_pt)]
    title_lines = _wrapped(title, style.font_pt + 2, layout.page_width - 2 * style.margin_pt, "bold") if title else []
    middles, body = _heights(lines, style.row_pt)
    top = style.margin_pt + (1.8 * len(title_lines) + 2.9) * style.font_pt
    note_top = top + _BELOW_HEADER_PT + body + 5.2 * style.font_pt
    figure, axes = _page(layout.page_width, note_top + len(notes) * 1.3 * style.font_pt + style.margin_pt)
    for number, part in enumerate(title_lines):
        axes.text(style.margin_pt, style.margin_pt + 1.8 * number * style.font_pt, part, ha="left", va="top", fontsize=style.font_pt + 2, weight="bold", color=_INK)
    _draw_header(axes, layout, titles, top - 4)
    axes.plot([style.margin_pt, layout.page_width - style.margin_pt], [top, top], color=_INK, lw=0.8)
    heaviest = max(line.weight for line in lines if line.kind == "study")
    for line, middle in zip(lines, middles, strict=True):
        _draw_line(axes, line, layout, top + _BELOW_HEADER_PT + middle, heaviest)
    _draw_axis(axes, layout, top, top + _BELOW_HEADER_PT + body, favours=favours, title=_long_name(pooled.measure))
    for number, note in enumerate(notes):
        axes.text(style.margin_pt, note_top + number * 1.3 * style.font_pt, note, ha="left", va="top", fontsize=style.font_pt - 1.5, color=_NOTE)
    return figure
