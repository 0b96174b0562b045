"""The shapes of a forest plot: squares, intervals, diamonds, prediction intervals, the axis, risk-of-bias lights."""

import math
from functools import lru_cache

from metaanalysis.pictures.forest_bias import COLOURS, SIGNS

_FAINT = "#8c8c8c"
_TICK_PT, _ARROW_PT, _LIGHT_PT = 3.5, 4.5, 5.0
_LABEL_GAP_PT = 4.0
_CAPITAL, _ASCENT, _DESCENT = 0.72, 0.93, 0.22
LEAD = 1.3
"""From baseline to baseline, in sizes of the text."""


def draw_line(axes, x, y, **style):
    """A line, or markers, through places in points; without the work matplotlib does for scales.

    Parameters
    ----------
    axes : matplotlib Axes
    x, y : sequence of float
    **style
        Of `matplotlib.lines.Line2D`.
    """
    from matplotlib.lines import Line2D

    axes.add_artist(Line2D(x, y, **style))


def draw_interval(axes, line, axis, y, *, colour, width):
    """A line from limit to limit; an arrow where a limit is beyond the axis.

    Parameters
    ----------
    axes : matplotlib Axes
    line : Line
    axis : ForestAxis
    y : float
        In points, as all places.
    colour : str
    width : float
    """
    low, high = max(line.low, axis.low), min(line.high, axis.high)
    if low < high:
        draw_line(axes, [axis.to_pt(low), axis.to_pt(high)], [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=5)
    if line.low < axis.low:
        draw_line(axes, [axis.left], [y], marker="<", ms=_ARROW_PT, color=colour, mec="none", zorder=6)
    if line.high > axis.high:
        draw_line(axes, [axis.right], [y], marker=">", ms=_ARROW_PT, color=colour, mec="none", zorder=6)


def draw_study(axes, line, axis, y, *, look, heaviest):
    """A square with an area in proportion to the weight, and its interval; white where the square hides it.

    Parameters
    ----------
    axes : matplotlib Axes
    line : Line
    axis : ForestAxis
    y : float
    look : ForestLook
    heaviest : float
        The greatest weight.
    """
    from matplotlib.patches import Rectangle

    side = look.square_pt * math.sqrt(line.weight / heaviest)
    hidden = axis.to_pt(line.high) - axis.to_pt(line.low) < side and axis.inside(line.low) and axis.inside(line.high)
    colour = "white" if hidden and not line.hollow and side > 3 else look.ink
    draw_interval(axes, line, axis, y, colour=colour, width=1.0)
    if axis.inside(line.estimate):
        fill = "white" if line.hollow else look.square
        corner = (axis.to_pt(line.estimate) - side / 2, y - side / 2)
        axes.add_artist(Rectangle(corner, side, side, facecolor=fill, edgecolor=look.square, lw=1.0 if line.hollow else 0.4, zorder=4, gid="square"))


def _corners(line, axis, y, half):
    low, centre, high = (axis.to_pt(value) for value in (line.low, line.estimate, line.high))
    return [(low, y), (centre, y + half), (high, y), (centre, y - half)]


def draw_diamond(axes, line, axis, y, *, look):
    """A diamond from limit to limit, hollow for the fixed effect.

    Parameters
    ----------
    axes : matplotlib Axes
    line : Line
    axis : ForestAxis
    y : float
    look : ForestLook
    """
    from matplotlib.patches import Polygon

    corners = _corners(line, axis, y, 0.34 * look.row_pt)
    axes.add_artist(Polygon(corners, closed=True, facecolor="white" if line.hollow else look.diamond, edgecolor=look.diamond, lw=0.9, zorder=7, gid="diamond"))
    if line.low < axis.low or line.high > axis.high:
        draw_interval(axes, line, axis, y, colour=look.diamond, width=0.9)


def draw_prediction(axes, line, axis, y, *, look):
    """The prediction interval, in the shape of the look.

    Parameters
    ----------
    axes : matplotlib Axes
    line : Line
    axis : ForestAxis
    y : float
    look : ForestLook
    """
    from matplotlib.patches import Polygon, Rectangle

    colour, height = look.prediction, 0.26 * look.row_pt
    low, high = axis.to_pt(line.low), axis.to_pt(line.high)
    draw_interval(axes, line, axis, y, colour=colour, width=1.2 if look.prediction_shape == "line" else 0.0)
    if look.prediction_shape == "bar":
        axes.add_artist(Rectangle((low, y - height / 2), high - low, height, facecolor=colour, edgecolor="none", zorder=4, gid="prediction"))
    elif look.prediction_shape == "diamond":
        corners = _corners(line, axis, y, 0.30 * look.row_pt)
        axes.add_artist(Polygon(corners, closed=True, facecolor="white", edgecolor=colour, lw=0.9, ls=(0, (2.5, 1.5)), zorder=4, gid="prediction"))
    else:
        for end, place in ((line.low, low), (line.high, high)):
            if axis.inside(end):
                draw_line(axes, [place, place], [y - height, y + height], color=colour, lw=1.2, zorder=5)


def _thinned(axis, face):
    """Labels that keep clear of one another, the one of no effect first."""
    kept = []
    for tick, label in sorted(zip(axis.ticks, axis.labels, strict=True), key=lambda item: abs(item[0])):
        place, half = axis.to_pt(tick), face.width(label) / 2 + _LABEL_GAP_PT / 2
        if all(abs(place - other) >= half + other_half for other, other_half, _ in kept):
            kept.append((place, half, label))
    return [(place, label) for place, _, label in kept]


def draw_axis(axes, axis, span, *, look, face, numbers):
    """The line of no effect, the axis with its ticks and their labels.

    Parameters
    ----------
    axes : matplotlib Axes
    axis : ForestAxis
    span : tuple of float
        Top and bottom.
    look : ForestLook
    face : Typeface
    numbers : Numbers
    """
    top, bottom = span
    null = axis.to_pt(0.0)
    draw_line(axes, [null, null], [top, bottom], color=look.ink, lw=0.8, zorder=2, gid="no effect")
    draw_line(axes, [axis.left, axis.right], [bottom, bottom], color=look.ink, lw=0.8, zorder=2)
    for tick in axis.ticks:
        draw_line(axes, [axis.to_pt(tick)] * 2, [bottom, bottom + _TICK_PT], color=look.ink, lw=0.8)
    for place, label in _thinned(axis, face):
        write(axes, place, bottom + 2 + _TICK_PT, numbers.marked(label), face, colour=look.ink, align="center", valign="top", gid="tick")


def write(axes, x, y, text, face, *, colour, align="left", valign="center", weight="normal", gid=None):
    """Write a text as it stands, its lines on baselines at equal distances, whatever letters they hold.

    Parameters
    ----------
    axes : matplotlib Axes
    x, y : float
    text : str
    face : Typeface
    colour, align, weight : str
    valign : {"center", "top", "bottom"}
        Whether `y` is the middle of the only line, the top of the first, or the bottom of the last.
    gid : str, optional
        What the text is, kept in the SVG.
    """
    lines = text.split("\n")
    first = {"center": _CAPITAL / 2, "top": _ASCENT, "bottom": -_DESCENT - LEAD * (len(lines) - 1)}[valign]
    for number, line in enumerate(lines):
        axes.text(
            x, y + (first + LEAD * number) * face.size, line, ha=align, va="baseline", fontsize=face.size, fontfamily=list(face.fonts),
            weight=weight, color=colour, gid=gid, parse_math=False, zorder=8,
        )


@lru_cache(maxsize=16)
def _sign_path(sign, size):
    """The outline of a sign, its middle at (0, 0), y downwards."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    path = TextPath((0, 0), sign, size=size, prop=FontProperties(family="DejaVu Sans", weight="bold"), usetex=False)
    box = path.get_extents()
    return Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2).scale(1, -1).transform_path(path)


def draw_light(axes, x, y, judgement):
    """A risk-of-bias judgement: its sign in a circle.

    Parameters
    ----------
    axes : matplotlib Axes
    x, y : float
    judgement : {"low", "some concerns", "high", "unclear"}
    """
    from matplotlib.patches import Circle, PathPatch
    from matplotlib.transforms import Affine2D

    fill, ink = COLOURS[judgement]
    axes.add_artist(Circle((x, y), _LIGHT_PT, facecolor=fill, edgecolor="#4a4a4a", lw=0.5, zorder=4, gid=f"light-{judgement}"))
    sign = Affine2D().translate(x, y).transform_path(_sign_path(SIGNS[judgement], 8.0))
    axes.add_artist(PathPatch(sign, facecolor=ink, edgecolor="none", zorder=5, gid="sign"))


def draw_rule(axes, edges, y, *, width, colour=_FAINT):
    """A rule across the page.

    Parameters
    ----------
    axes : matplotlib Axes
    edges : tuple of float
    y, width : float
    colour : str
    """
    draw_line(axes, edges, [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=1)
