"""A page of several panels, each with its own patients, axes and table."""

from dataclasses import replace

import numpy as np
from drawn.page import GRIDS, TITLES, choose_arms
from drawn.plot import draw_panel
from drawn.style import TIMES, chance
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from looks.panel import LookPanel

LETTERS = ("{}", "{}", "({})", "{}.")


def own_style(style, rng):
    """The style of one panel: where the axes are not shared, with a time axis, a depth and a span of its own."""
    if style.shared:
        return replace(style, size=int(style.size * rng.uniform(0.7, 1.3)) + 10)
    time = int(rng.integers(len(TIMES)))
    depth, cut = float(rng.uniform(0.15, 0.85)), chance(rng, 0.3)
    return replace(
        style, time=time, tick_step=float(rng.choice(TIMES[time][2])), depth=depth, span="data" if cut and depth > 0.5 else "whole", size=int(np.exp(rng.uniform(np.log(30), np.log(600)))),
    )  # fmt: skip


def page_axes(style, longest):
    """A figure and its axes, with room for tables left of and below each; `longest` is the length of the longest name."""
    (rows, columns), size, width = GRIDS[style.panels], style.font_size / 72, style.inches
    height, tabled = style.aspect * width, style.table == "below"
    left = max(5.5 * size, (0.6 * max(longest, 9) + 3) * size if tabled else 0) + (0.6 * longest * size if style.legend == "beside" else 0)
    below = (5 + (1.5 * (style.arms + 2) if tabled else 1)) * size + 3 * size
    figure = Figure(figsize=(columns * (width + left), rows * (height + below)), facecolor="white")
    FigureCanvasAgg(figure)
    across, down = columns * (width + left), rows * (height + below)
    places = [((k % columns) * (width + left) + left, (rows - 1 - k // columns) * (height + below) + below) for k in range(style.panels)]
    return figure, [figure.add_axes([x / across, y / down, width / across, height / down]) for x, y in places]


def draw_page(look, style, rng):
    """Draw a page of panels in a look; the figure and its panels."""
    names = look.name_arms(rng, style.arms)
    figure, axes = page_axes(style, max(map(len, names)))
    form, small, titled = LETTERS[rng.integers(4)], chance(rng, 0.25), chance(rng, 0.6)
    panels = []
    for k, ax in enumerate(axes):
        own = own_style(style, rng)
        panels.append(LookPanel(ax, choose_arms(own, rng, names), own, rng))
        draw_panel(panels[-1])
        look.dress(panels[-1])
        if titled:
            ax.set_title(TITLES[k], fontsize=style.font_size)
        letter = "abcdef"[k] if small else "ABCDEF"[k]
        ax.text(-0.14, 1.06, form.format(letter), transform=ax.transAxes, weight="bold", size=1.4 * style.font_size)
    return figure, panels
