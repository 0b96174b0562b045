"""A figure of one or more panels, and the picture made of it."""

import io

import cv2
import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from drawn.legend import draw_labels
from drawn.names import STRIPS, choose_names
from drawn.patients import make_arm
from drawn.plot import Panel, draw_panel
from drawn.table import draw_table

GRIDS = {1: (1, 1), 2: (1, 2), 3: (1, 3), 4: (2, 2), 6: (2, 3)}
GROUNDS = {"white": "white", "grey": "#e8e8e8", "cream": "#fbf7ec"}
TITLES = ("Overall survival", "Progression-free survival", "All patients", "Per protocol", "Men", "Women")


def choose_arms(style, rng, names):
    """Patients of one panel, none of whose arms is wholly without room on the axis."""
    horizon = style.x_end * (1.5 if style.cropped else 0.85)
    whole = style.tick_step / 6 if style.whole else None
    sizes = np.maximum(style.size * rng.uniform(0.6, 1.3, len(names)), 12).astype(int)
    ranks = rng.permutation(len(names))
    return tuple(
        make_arm(
            rng, name, n=int(n), course=style.course, rank=int(rank), depth=style.depth, horizon=horizon, whole=whole
        )
        for name, n, rank in zip(names, sizes, ranks, strict=True)
    )


def layout(style):
    """A figure and its axes."""
    rows, columns = GRIDS[style.panels]
    table = style.table == "below"
    width = style.inches if style.panels == 1 else 3.6 * columns
    height = style.inches * style.aspect if style.panels == 1 else 3.1 * rows
    figure = Figure(figsize=(width, height), facecolor=GROUNDS[style.ground])
    FigureCanvasAgg(figure)
    shared = style.shared and not table
    axes = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared and style.span == "whole")
    lines = (5 if style.counts == "blocks" else 2 if style.row_names == "above" else 1.2) * style.arms
    down = (5 + 1.6 * lines) * style.font_size / 72 / 3.1 if table else 0
    across = 0.9 if table else 0.35
    figure.subplots_adjust(
        wspace=0.08 if shared and style.span == "whole" else across,
        hspace=0.45 + 1.2 * down,
        bottom=0.02,
        top=0.98,
        left=0.02,
        right=0.98,
    )
    return figure, list(axes.flat), shared


def draw_figure(style, rng):
    """Draw a figure; the figure and its panels."""
    figure, axes, shared = layout(style)
    if style.facets:
        strips = next(
            family for family in sorted(STRIPS, key=lambda _: rng.uniform()) if len(family) >= min(style.panels, 4)
        )
        names = [(strip,) for strip in (strips + ("All", "Other"))[: style.panels]]
    else:
        names = [choose_names(rng, style.arms)] * style.panels
    panels = [Panel(ax, choose_arms(style, rng, name), style, rng) for ax, name in zip(axes, names, strict=False)]
    for k, panel in enumerate(panels):
        panel.strip = panel.arms[0].name if style.facets else ""
        draw_panel(panel)
        draw_labels(panel)
        draw_table(panel)
        if style.panels > 1 and not style.facets:
            panel.axes.set_title(TITLES[k], fontsize=style.font_size)
        if style.letters and style.panels > 1:
            panel.axes.text(
                -0.12, 1.04, "ABCDEF"[k], transform=panel.axes.transAxes, weight="bold", size=1.4 * style.font_size
            )
        if shared:
            panel.axes.label_outer()
    return figure, panels


def fonts(style):
    """The context in which a style's text is set."""
    return rc_context({"font.family": style.font, "font.size": style.font_size, "axes.labelsize": style.font_size, "legend.fontsize": style.font_size, "xtick.labelsize": style.font_size * 0.95, "ytick.labelsize": style.font_size * 0.95})  # fmt: skip


def picture(figure, style):
    """The figure as pixels (BGR), with all that befalls a picture on its way to print."""
    file = io.BytesIO()
    dpi = style.dpi if style.panels == 1 else max(style.dpi, 110)
    figure.savefig(file, dpi=dpi * style.finer, bbox_inches="tight", pad_inches=0.12, facecolor=figure.get_facecolor())
    px = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    px = cv2.resize(px, None, fx=1 / style.finer, fy=1 / style.finer, interpolation=cv2.INTER_AREA)
    if style.resample != 1.0:
        px = cv2.resize(
            px,
            None,
            fx=style.resample,
            fy=style.resample,
            interpolation=cv2.INTER_AREA if style.resample < 1 else cv2.INTER_CUBIC,
        )
    return worn(px, style)


def worn(px, style):
    """Turned, blurred, with noise."""
    if style.skew:
        height, width = px.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), style.skew, 1.0)
        px = cv2.warpAffine(px, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if style.blur:
        px = cv2.GaussianBlur(px, (0, 0), style.blur)
    if style.noise:
        noise = np.random.default_rng(style.size).normal(0, style.noise, px.shape[:2])
        px = np.clip(px + noise[..., None], 0, 255).astype(np.uint8)
    return px


def save(px, path, style):
    cv2.imwrite(str(path), px, [cv2.IMWRITE_JPEG_QUALITY, style.jpeg] if style.jpeg else [])
