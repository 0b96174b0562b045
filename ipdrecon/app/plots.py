"""Pictures to check by eye: what was read upon the figure, and the rebuilt patients upon what was read."""

import functools
import io

import numpy as np

from ipdrecon.flags import numbered

ARM_COLOURS = ("#c2185b", "#0062b1", "#00806a", "#b36200", "#6a3d9a", "#3f6d00", "#8c2f39", "#00788f")
AXIS_COLOUR = "#a000c8"
REJECTED_COLOUR = "#d00000"
DOUBT_COLOUR = "#e06000"
_HIDDEN_DASH = (0, (1, 1.5))
_LEAST_WIDTH_PX = 1300
_LARGEST_SCALE = 3
_DPI = 100


def arm_colour(index):
    """Give the colour of an arm by its place, the same in every picture."""
    return ARM_COLOURS[index % len(ARM_COLOURS)]


def new_figure(width_inch, height_inch, *, dpi=_DPI):
    """Make an empty matplotlib Figure that needs no window system."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width_inch, height_inch), dpi=dpi, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def as_drawn(text):
    r"""Give text as matplotlib shows it as it stands: no dollar sign opens a formula, a letter the font lacks is an empty box.

    Examples
    --------
    >>> as_drawn("5 $ 十")
    '5 \\$ □'
    """
    return "".join(letter if _has_glyph(letter) else "□" for letter in str(text)).replace("$", r"\$")


@functools.lru_cache(maxsize=4096)
def _has_glyph(letter):
    from matplotlib.font_manager import fontManager, get_font

    return get_font(fontManager.findfont("DejaVu Sans")).get_char_index(ord(letter)) != 0


def png_bytes(figure, *, dpi=None):
    """Give a matplotlib Figure as PNG; the same bytes each time."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi or figure.dpi, metadata={"Software": None})
    return stream.getvalue()


def svg_bytes(figure):
    """Give a matplotlib Figure as SVG whose letters are shapes, so that it looks alike everywhere; the same bytes each time."""
    import matplotlib

    settings = {"svg.hashsalt": "ipdrecon", "svg.fonttype": "path", "path.simplify": False}
    stream = io.BytesIO()
    with matplotlib.rc_context(settings):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


# --- the overlay -----------------------------------------------------------------------------------------------------


def draw_overlay(px, digitisation):
    """Draw what was read upon the faded figure: boxes, ticks, curves, censor marks, at-risk cells and labels.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
        The figure.
    digitisation : Digitisation

    Returns
    -------
    matplotlib.figure.Figure
        As large as the figure in px, or a whole multiple of it where the figure is small.
    """
    figure, pen = canvas(px)
    for panel in digitisation.panels:
        index = 0
        for part in panel.apart():
            draw_box(pen, part)
            draw_ticks(pen, part)
            for place, curve in enumerate(part.curves, start=index):
                draw_curve(pen, part, curve, arm_colour(place))
            _draw_labels(pen, part, index)
            index += len(part.curves)
        draw_cells(pen, panel)
    _draw_doubts(pen, digitisation)
    return figure


def canvas(px, region=None, *, least_width=_LEAST_WIDTH_PX, largest_scale=_LARGEST_SCALE, margin=0):
    """Make a matplotlib Figure that shows a faded picture, and a pen that draws upon it in its px.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    region : tuple of float, optional
        The part to show: left, top, right, bottom in px; the whole by default.
    least_width : int
        Small pictures are enlarged to this width, by a whole number.
    largest_scale : int
        At most so many times.
    margin : int
        White paper above the picture for a title, in px of the figure made.

    Returns
    -------
    figure : matplotlib.figure.Figure
    pen : Pen
    """
    left, top, right, bottom = _whole_pixels(region, px)
    part = px[top : bottom + 1, left : right + 1]
    height, width = part.shape[:2]
    scale = int(np.clip(np.ceil(least_width / width), 1, largest_scale))
    figure = new_figure(width * scale / _DPI, (height * scale + margin) / _DPI)
    axes = figure.add_axes((0, 0, 1, height * scale / (height * scale + margin)))
    axes.axis("off")
    extent = (left - 0.5, right + 0.5, bottom + 0.5, top - 0.5)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    figure.add_artist(_as_it_is(_faded(part).repeat(scale, axis=0).repeat(scale, axis=1)))
    return figure, Pen(axes, width * scale)


def _as_it_is(rgba):
    """An artist that lays a picture, shape (height, width, 4), into the lower left corner, pixel for pixel.

    matplotlib's own way scales it first, which costs more than all else of the drawing.
    """
    from matplotlib.artist import Artist

    class Picture(Artist):
        def draw(self, renderer):
            renderer.draw_image(renderer.new_gc(), 0, 0, rgba[::-1])

    picture = Picture()
    picture.set_zorder(-1)
    return picture


def _whole_pixels(region, px):
    """A region in whole pixels within the picture, not narrower than it is fit to be seen."""
    height, width = px.shape[:2]
    if region is None:
        return 0, 0, width - 1, height - 1
    left, right = np.clip(np.round([region[0], region[2]]), 0, width - 1).astype(int)
    top, bottom = np.clip(np.round([region[1], region[3]]), 0, height - 1).astype(int)
    return min(left, width - 2), min(top, height - 2), max(right, left + 1), max(bottom, top + 1)


def _faded(px):
    """A picture in pale grey, shape (height, width, 4): with the opacity that spares matplotlib a conversion."""
    pale = (127.5 + px @ np.array((0.1495, 0.2935, 0.057))).astype(np.uint8)
    return np.dstack([pale, pale, pale, np.full_like(pale, 255)])


class Pen:
    """Lines and haloed words in px of the figure, with widths that fit its size."""

    def __init__(self, axes, width_px):
        self.axes = axes
        self.points = 72 / _DPI
        self.hair = self.points * max(1.0, width_px / 1400)
        self.text_size = self.points * max(12.0, width_px / 80)
        self.width = axes.get_xlim()[1] - axes.get_xlim()[0]
        self.unit = self.width / width_px

    def line(self, px, py, colour, *, width=1.0, dash="-"):
        """Draw a line through points; `width` in hairs."""
        from matplotlib.lines import Line2D

        style = {"solid_capstyle": "butt", "solid_joinstyle": "miter", "dash_capstyle": "butt"}
        # not by `plot`, which looks for new limits of the axes each time
        self.axes.add_artist(Line2D(px, py, linestyle=dash, color=colour, lw=width * self.hair, **style))

    def frame(self, box, colour, *, width=0.7, dash="-"):
        """Draw the outline of a box (left, top, right, bottom)."""
        left, top, right, bottom = box
        self.line([left, right, right, left, left], [top, top, bottom, bottom, top], colour, width=width, dash=dash)

    def word(self, px, py, text, colour, *, ha="left", va="center", size=1.0, upwards=False):
        """Write a word with a white halo; `size` in those of the figure's text."""
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=self.text_size / 4, foreground="white")]
        style = {"color": colour, "fontsize": size * self.text_size, "ha": ha, "va": va, "rotation": 90 if upwards else 0}
        self.axes.text(px, py, as_drawn(text), path_effects=halo, clip_on=False, **style)


def draw_box(pen, panel):
    """Draw the plotting box of a panel, and its name."""
    box = panel.box
    pen.line([box.left, box.right, box.right, box.left, box.left], [box.top, box.top, box.bottom, box.bottom, box.top], AXIS_COLOUR, width=0.8)
    pen.word(box.right - 5 * pen.unit, box.top + 11 * pen.unit, f"panel {panel.panel}", AXIS_COLOUR, ha="right", size=0.85)


def draw_ticks(pen, panel):
    """Draw the ticks of both axes with their values."""
    box, reach = panel.box, 7 * pen.unit
    time, vertical = panel.calibration.time, panel.calibration.vertical
    for px, value, used in zip(time.tick_px, time.tick_value, time.used, strict=True):
        colour = AXIS_COLOUR if used else REJECTED_COLOUR
        pen.line([px, px], [box.bottom - reach, box.bottom + reach], colour, width=1.3)
        pen.word(px, box.bottom - 1.4 * reach, tick_text(value, time.tick_value, used=used), colour, ha="center", va="bottom", size=0.85)
    for py, value, used in zip(vertical.tick_px, vertical.tick_value, vertical.used, strict=True):
        colour = AXIS_COLOUR if used else REJECTED_COLOUR
        pen.line([box.left - reach, box.left + reach], [py, py], colour, width=1.3)
        pen.word(box.left + 1.4 * reach, py, tick_text(value, vertical.tick_value, used=used), colour, size=0.85)


def tick_text(value, values, *, used=True):
    """Give the value of a tick as an axis prints it, 0 and not what arithmetic leaves of it.

    Parameters
    ----------
    value : float
    values : array_like, shape (n_ticks,)
        Those of all ticks of the axis.
    used : bool
        Whether it took part in the fit of the axis.

    Returns
    -------
    str

    Examples
    --------
    >>> tick_text(2.220446049250313e-16, [0.0, 0.5, 1.0])
    '0'
    """
    shown = 0 if abs(value) < 1e-9 * np.abs(values).max() else value
    return f"{shown:g}" if used else f"{shown:g} left out"


def draw_curve(pen, panel, curve, colour):
    """Draw a curve and its censor marks; stretches that other ink hides are dotted."""
    begin = 0.0
    for hidden_from, hidden_to, _ in (*curve.occluded, (curve.time[-1], curve.time[-1], 0.0)):
        _draw_stretch(pen, panel, curve, (begin, hidden_from), colour, "-")
        _draw_stretch(pen, panel, curve, (hidden_from, hidden_to), colour, _HIDDEN_DASH)
        begin = hidden_to
    if len(curve.censor_time):
        at, height = panel.calibration.to_px(curve.censor_time, curve.survival_at(curve.censor_time))
        reach, apart = 6 * pen.unit, np.full(len(at), np.nan)
        pen.line(np.column_stack([at, at, apart]).ravel(), np.column_stack([height - reach, height + reach, apart]).ravel(), colour)


def _draw_stretch(pen, panel, curve, stretch, colour, dash):
    begin, end = stretch
    if end <= begin:
        return
    inside = (curve.time > begin) & (curve.time <= end)
    time = np.concatenate([[begin], curve.time[inside], [end]])
    survival = np.concatenate([[curve.survival_at(begin)], curve.survival[inside], [curve.survival_at(end)]])
    px, py = panel.calibration.to_px(np.repeat(time, 2)[1:], np.repeat(survival, 2)[:-1])
    pen.line(px, py, colour, dash=dash)


def _draw_labels(pen, panel, first):
    size = float(np.clip(2.2 * panel.box.width / pen.width, 0.6, 1.0))
    places = [_label_place(pen, panel, curve, size) for curve in panel.curves]
    heights = spread([py for _, py, _ in places], 1.4 * size * pen.text_size / pen.points * pen.unit)
    for index, (curve, (px, _, side)) in enumerate(zip(panel.curves, places, strict=True)):
        pen.word(px, heights[index], curve.arm, arm_colour(first + index), ha=side, va="center", size=size)


def _label_place(pen, panel, curve, size):
    """Beside the curve's end where there is room, else above its last stretch, clear of its ink."""
    px, py = (float(value) for value in panel.calibration.to_px(curve.time[-1], curve.survival[-1]))
    letter = 0.62 * size * pen.text_size / pen.points * pen.unit
    if px + (len(curve.arm) + 1) * letter < panel.box.right:
        return px + letter, py, "left"
    before = panel.calibration.time.to_value(px - len(curve.arm) * letter)
    _, top = panel.calibration.to_px(before, curve.survival_at(before))
    return px - 0.4 * letter, min(py, float(top)) - 2.0 * letter, "right"


def draw_cells(pen, panel):
    """Draw the cells of the at-risk table with what was read: beside each, or above where they stand close together."""
    letter = 0.5 * pen.text_size / pen.points * pen.unit
    roomy = all(_gap_beside(cell, panel.cells) > (len(cell.text) + 1) * letter for cell in panel.cells)
    for cell in panel.cells:
        box, words, colour = cell.box, cell.text or "?", AXIS_COLOUR if cell.text else REJECTED_COLOUR
        pen.frame((box.left - pen.unit, box.top - pen.unit, box.right + pen.unit, box.bottom + pen.unit), AXIS_COLOUR)
        if roomy:
            pen.word(box.right + 3 * pen.unit, box.centre[1], words, colour, size=0.75)
        else:
            pen.word(box.centre[0], box.top, words, colour, ha="center", va="bottom", size=0.65)


def _gap_beside(cell, cells):
    """Distance in px to the next cell of the row."""
    rights = [other.box.left for other in cells if other.box.left > cell.box.left and abs(other.box.centre[1] - cell.box.centre[1]) < cell.box.height]
    return min(rights, default=np.inf) - cell.box.right


def _draw_doubts(pen, digitisation):
    """Write the number of each doubt that asks for a look at its place."""
    taken = set()
    for flag, number in numbered(digitisation.all_flags()).items():
        if flag.box is None or not flag.needs_review:
            continue
        left, top, *_ = flag.box
        pen.frame(flag.box, DOUBT_COLOUR, dash=(0, (4, 3)))
        step = 1.3 * pen.text_size / pen.points * pen.unit
        px, py = left + 0.3 * step, top - 0.5 * step
        while (round(px / step), round(py / step)) in taken:
            px += 1.5 * step
        taken.add((round(px / step), round(py / step)))
        pen.word(px, py, f"{number}", DOUBT_COLOUR, size=0.9)


def spread(wanted, least):
    """Positions at least `least` apart, as near as may be to those wanted, in the same order.

    Parameters
    ----------
    wanted : array_like, shape (n,)
    least : float

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> spread([10.0, 11.0, 40.0], 4.0).tolist()
    [8.5, 12.5, 40.0]
    """
    wanted = np.asarray(wanted, float)
    order = np.argsort(wanted, kind="stable")
    groups = []
    for value in wanted[order]:
        groups.append([value, 1])
        while len(groups) > 1 and _ends(groups[-2], least)[1] + least > _ends(groups[-1], least)[0]:
            (left, n_left), (right, n_right) = groups[-2:]
            groups[-2:] = [[(left * n_left + right * n_right) / (n_left + n_right), n_left + n_right]]
    placed = [_ends(group, least)[0] + least * step for group in groups for step in range(group[1])]
    result = np.empty(len(wanted))
    result[order] = placed
    return result


def _ends(group, least):
    centre, count = group
    return centre - least * (count - 1) / 2, centre + least * (count - 1) / 2
