"""Pictures to check by eye: what was read upon the figure, and the rebuilt patients upon what was read."""

import io

import numpy as np

ARM_COLOURS = ("#c2185b", "#0062b1", "#00806a", "#b36200", "#6a3d9a", "#3f6d00", "#8c2f39", "#00788f")
AXIS_COLOUR = "#a000c8"
REJECTED_COLOUR = "#d00000"
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
    height, width = px.shape[:2]
    scale = int(np.clip(np.ceil(_LEAST_WIDTH_PX / width), 1, _LARGEST_SCALE))
    figure = new_figure(width * scale / _DPI, height * scale / _DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(_faded(px), extent=(-0.5, width - 0.5, height - 0.5, -0.5), interpolation="nearest", aspect="auto")
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    pen = _Pen(axes, width * scale)
    for panel in digitisation.panels:
        _draw_box(pen, panel)
        _draw_ticks(pen, panel)
        for index, curve in enumerate(panel.curves):
            _draw_curve(pen, panel, curve, arm_colour(index))
        _draw_labels(pen, panel)
        _draw_cells(pen, panel)
    return figure


def _faded(px):
    grey = px.astype(float) @ (0.299, 0.587, 0.114)
    return np.repeat((255 - 0.5 * (255 - grey)).astype(np.uint8)[:, :, None], 3, axis=2)


class _Pen:
    """Lines and haloed words in px of the figure, with widths that fit its size."""

    def __init__(self, axes, width_px):
        self.axes = axes
        self.points = 72 / _DPI
        self.hair = self.points * max(1.0, width_px / 1400)
        self.text_size = self.points * max(12.0, width_px / 80)
        self.unit = axes.get_xlim()[1] / width_px

    def line(self, px, py, colour, *, width=1.0, dash="-"):
        self.axes.plot(px, py, dash, color=colour, lw=width * self.hair, solid_capstyle="butt", solid_joinstyle="miter")

    def word(self, px, py, text, colour, *, ha="left", va="center", size=1.0):
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=self.text_size / 4, foreground="white")]
        shown = str(text).replace("$", r"\$")
        self.axes.text(px, py, shown, color=colour, fontsize=size * self.text_size, ha=ha, va=va, path_effects=halo, clip_on=False)


def _draw_box(pen, panel):
    box = panel.box
    pen.line([box.left, box.right, box.right, box.left, box.left], [box.top, box.top, box.bottom, box.bottom, box.top], AXIS_COLOUR, width=0.8)
    pen.word(box.right - 5 * pen.unit, box.top + 11 * pen.unit, f"panel {panel.panel}", AXIS_COLOUR, ha="right", size=0.85)


def _draw_ticks(pen, panel):
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


def _draw_curve(pen, panel, curve, colour):
    px, py = panel.calibration.to_px(np.repeat(curve.time, 2)[1:], np.repeat(curve.survival, 2)[:-1])
    pen.line(px, py, colour)
    if len(curve.censor_time):
        at, height = panel.calibration.to_px(curve.censor_time, curve.survival_at(curve.censor_time))
        reach = 6 * pen.unit
        for left, top in zip(at, height, strict=True):
            pen.line([left, left], [top - reach, top + reach], colour)


def _draw_labels(pen, panel):
    places = [_label_place(pen, panel, curve) for curve in panel.curves]
    heights = spread([py for _, py, _ in places], 1.4 * pen.text_size / pen.points * pen.unit)
    for index, (curve, (px, _, side)) in enumerate(zip(panel.curves, places, strict=True)):
        pen.word(px, heights[index], curve.arm, arm_colour(index), ha=side, va="center")


def _label_place(pen, panel, curve):
    """Beside the curve's end where there is room, else above its last stretch, clear of its ink."""
    px, py = (float(value) for value in panel.calibration.to_px(curve.time[-1], curve.survival[-1]))
    letter = 0.62 * pen.text_size / pen.points * pen.unit
    if px + (len(curve.arm) + 1) * letter < panel.box.right:
        return px + letter, py, "left"
    before = panel.calibration.time.to_value(px - len(curve.arm) * letter)
    _, top = panel.calibration.to_px(before, curve.survival_at(before))
    return px - 0.4 * letter, min(py, float(top)) - 2.0 * letter, "right"


def _draw_cells(pen, panel):
    from matplotlib.patches import Rectangle

    for cell in panel.cells:
        box = cell.box
        corner = (box.left - pen.unit, box.top - pen.unit)
        pen.axes.add_patch(
            Rectangle(corner, box.width + 2 * pen.unit, box.height + 2 * pen.unit, fill=False, ec=AXIS_COLOUR, lw=0.7 * pen.hair)
        )
        pen.word(box.right + 3 * pen.unit, box.centre[1], cell.text or "?", AXIS_COLOUR if cell.text else REJECTED_COLOUR, size=0.75)


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
