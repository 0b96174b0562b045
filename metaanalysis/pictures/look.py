"""One look for all pictures: sizes, axes of effects, pages.

Examples
--------
>>> import math
>>> ticks, labels = effect_ticks(math.log(0.4), math.log(2.2), is_ratio=True)
>>> labels
('0.5', '0.7', '1', '1.5', '2')
"""

import math
from dataclasses import dataclass

import numpy as np

from metaanalysis.measures import LONG_NAMES, is_ratio, ratio_of
from metaanalysis.pictures.forest_numbers import format_ratio, format_value
from metaanalysis.pictures.palette import INK, NOTE
from metaanalysis.pictures.typeface import Typeface

FONT = "DejaVu Sans"
FONT_PT, NOTE_PT, TITLE_PT = 8.5, 7.0, 10.5
MARGIN_PT, LINE_PT = 14.0, 0.9
MOST_TICKS = 7

_MOST_DECADES = 300  # of a ratio that a float holds
_LADDERS = (
    (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5),
    (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,),
)


def text_width(text, size=FONT_PT, weight="normal"):
    """Width of a text in points, of its longest line."""
    return Typeface((FONT,), size).width(text, weight)


def shortened(text, width, size=FONT_PT):
    """The text, cut with an ellipsis to a width in points."""
    return Typeface((FONT,), size).shortened(text, width)


def wrapped(text, width, size=NOTE_PT, weight="normal"):
    """Lines of a text, none wider than a width in points."""
    return Typeface((FONT,), size).wrapped(text, width, weight)


def measure_label(measure):
    """``Hazard ratio (log scale)``, ``Risk difference``, ``Effect``."""
    name = LONG_NAMES.get(measure, f"{measure[:1].upper()}{measure[1:]}" or "Effect")
    return f"{name} (log scale)" if is_ratio(measure) else name


def error_label(measure):
    """``Standard error of log HR``, ``Standard error``."""
    return f"Standard error of log {measure}" if is_ratio(measure) else "Standard error"


def format_back(measure, value):
    """An effect as readers know it: a ratio, or a difference with three decimals."""
    return format_ratio(ratio_of(value)) if is_ratio(measure) else format_value(value, 3)


def format_interval(measure, estimate, low, high):
    """``0.72 [0.58, 0.89]``."""
    centre, low, high = (format_back(measure, value) for value in (estimate, low, high))
    return f"{centre} [{low}, {high}]"


def _ratio_ticks(low, high):
    exponents = range(max(math.floor(low / math.log(10)) - 1, -_MOST_DECADES), min(math.ceil(high / math.log(10)), _MOST_DECADES) + 1)
    powers = [10.0**exponent for exponent in exponents]
    for ladder in _LADDERS:
        inside = [step * power for power in powers for step in ladder if low <= math.log(step * power) <= high]
        if len(inside) <= MOST_TICKS:
            break
    if len(inside) > MOST_TICKS:
        inside = inside[:: math.ceil(len(inside) / MOST_TICKS)]
    return tuple(math.log(tick) for tick in inside), tuple(f"{float(f'{tick:.6g}'):g}" for tick in inside)


def plain_ticks(low, high, most=MOST_TICKS):
    """Round values inside a range, `most` or fewer, and their labels, with minus signs."""
    from matplotlib.ticker import MaxNLocator

    slack = 1e-9 * (high - low)
    ticks = [float(tick) for tick in MaxNLocator(nbins=most - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low - slack <= tick <= high + slack]
    return tuple(ticks), tuple(f"{float(f'{tick:.6g}'):g}".replace("-", "−") for tick in ticks)


def effect_ticks(low, high, *, is_ratio):
    """Ticks of an axis of effects.

    Parameters
    ----------
    low, high : float
        On the analysis scale.
    is_ratio : bool
        Then the labels are ratios: 0.5, 1, 2.

    Returns
    -------
    ticks : tuple of float
        On the analysis scale, at most 7.
    labels : tuple of str
    """
    if is_ratio:
        ticks, labels = _ratio_ticks(low, high)
        if len(ticks) >= 2:
            return ticks, labels
        ratios, labels = plain_ticks(math.exp(low), math.exp(high))
        return tuple(math.log(ratio) for ratio in ratios), labels
    return plain_ticks(low, high)


def padded(values, share=0.05):
    """Lowest and highest of the finite values, with a share of their range on each side."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = share * (high - low) if high > low else 0.1 * max(abs(high), 1.0)
    return low - room, high + room


def new_page(width, height):
    """Give an empty white figure, its size in points."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72), dpi=150, facecolor="white")


def add_axes(figure, left, top, width, height):
    """Axes in the house style; place and size in points from the upper left corner of the figure."""
    page_width, page_height = 72 * figure.get_size_inches()
    axes = figure.add_axes((left / page_width, 1 - (top + height) / page_height, width / page_width, height / page_height))
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=INK, linewidth=LINE_PT)
    axes.tick_params(labelsize=FONT_PT, color=INK, labelcolor=INK, width=LINE_PT, length=3.5, labelfontfamily=FONT)
    return axes


def set_ticks(axis, ticks, labels):
    """Put the ticks of one axis, labelled, and no others."""
    axis.set_ticks(ticks, labels)
    axis.set_ticks([], minor=True)


def set_effect_axis(axis, low, high, measure):
    """Label an axis of effects between two limits, with ticks that are ratios where the effects are their logarithms."""
    set_ticks(axis, *effect_ticks(low, high, is_ratio=is_ratio(measure)))
    set_label(axis, measure_label(measure))


def set_label(axis, text):
    """Label an axis in the house style."""
    axis.set_label_text(text, fontsize=FONT_PT, color=INK, fontfamily=FONT, parse_math=False)


def write(figure, left, top, text, **style):
    """Write text on the page, its place in points from the upper left corner."""
    page_width, page_height = 72 * figure.get_size_inches()
    style = {"ha": "left", "va": "top", "fontsize": FONT_PT, "color": INK, "family": FONT, "parse_math": False} | style
    return figure.text(left / page_width, 1 - top / page_height, text, **style)


@dataclass(frozen=True)
class Frame:
    """A page with one drawn part: its axes, and the room below them.

    Attributes
    ----------
    figure : matplotlib Figure
    axes : matplotlib Axes
    below : float
        Where the notes begin, in points from the top.
    """

    figure: object
    axes: object
    below: float


def room_for(labels):
    """Room left of an axis in points, for its tick labels and its name."""
    return 2.4 * FONT_PT + 10 + max((text_width(label) for label in labels), default=0.0)


def new_frame(width, height, *, title="", notes=(), left=52.0, right=0.0, top=0.0, under=40.0, key=0.0):
    """Make a page around axes of a size in points, and write its title and its notes.

    Parameters
    ----------
    width, height : float
        Of the axes.
    title : str
    notes : sequence of str
        Sentences below the axes, each on lines of its own.
    left, right, top, under : float
        Room around the axes, for ticks, labels and whatever else is drawn there.
    key : float
        Room between that and the notes.

    Returns
    -------
    Frame
    """
    text = left + width + right - MARGIN_PT
    heading = wrapped(title, text, TITLE_PT, "bold") if title else []
    lines = [line for note in notes if note for line in wrapped(note, text)]
    start = MARGIN_PT + top + (1.4 * TITLE_PT * len(heading) + 6 if heading else 0)
    below = start + height + under
    figure = new_page(left + width + right + MARGIN_PT, below + key + 1.35 * NOTE_PT * len(lines) + MARGIN_PT)
    for number, line in enumerate(heading):
        write(figure, MARGIN_PT, MARGIN_PT + 1.4 * TITLE_PT * number, line, fontsize=TITLE_PT, weight="bold", gid="title")
    for number, line in enumerate(lines):
        write(figure, MARGIN_PT, below + key + 1.35 * NOTE_PT * number, line, fontsize=NOTE_PT, color=NOTE, gid="note")
    return Frame(figure, add_axes(figure, left, start, width, height), below)


def draw_key(frame, handles, *, columns):
    """Write the key below the axes of a frame, if there is anything in it."""
    if not handles:
        return
    page_width, page_height = 72 * frame.figure.get_size_inches()
    frame.figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(MARGIN_PT / page_width, 1 - frame.below / page_height), ncols=columns,
        frameon=False, borderaxespad=0, borderpad=0, prop={"size": NOTE_PT, "family": FONT}, columnspacing=1.2,
        handlelength=1.6, handletextpad=0.5, labelcolor=INK,
    )
