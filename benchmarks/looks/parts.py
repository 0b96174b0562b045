"""Parts of a figure that several looks share: legends, tables of numbers at risk, notes."""

import numpy as np
from drawn.legend import corner
from drawn.plot import MARKERS
from drawn.table import table_times
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from looks.look import is_incidence


def key(panel, i, *, marked=False):
    """A line as the legend shows it."""
    colour, dash = panel.looks(i)
    marker = MARKERS.get(panel.style.marks) if marked else None
    return Line2D([], [], color=colour, ls=dash, lw=panel.style.width, marker=marker, ms=0.6 * panel.style.font_size)


def legend(panel, names=None, *, marked=False, **placed):
    """A legend of all arms."""
    names = names or [arm.name for arm in panel.arms]
    keys = [key(panel, i, marked=marked) for i in range(len(panel.arms))]
    return panel.axes.legend(keys, names, **{"frameon": False, "fancybox": False, "framealpha": 1.0, "edgecolor": "0.2"} | placed)


def inner_legend(panel, taken, **placed):
    """A legend in the emptiest corner that is not taken."""
    names, size, (width, height) = [arm.name for arm in panel.arms], panel.style.font_size, panel.size_points()
    room = (0.56 * size * max(map(len, names)) + 4.5 * size) / width, 1.5 * size * (len(names) + bool(placed.get("title"))) / height
    name, place = corner(panel, *room, taken)
    taken.add(name)
    return legend(panel, loc="lower left", bbox_to_anchor=place, borderaxespad=0, **placed)


def note(panel, lines, taken, **looks):
    """Lines of text in the emptiest corner that is not taken; where curves fall, they begin in the upper left one."""
    taken |= set() if is_incidence(panel.style) else {"upper left"}
    size, (width, height) = panel.style.font_size, panel.size_points()
    name, place = corner(panel, 0.55 * size * max(map(len, lines)) / width, 1.4 * size * len(lines) / height, taken)
    taken.add(name)
    panel.axes.text(*place, "\n".join(lines), transform=panel.axes.transAxes, va="bottom", **looks)


def hazard_ratio(panel, words, *, point="."):
    """A hazard ratio and a p value, as made up as those of any drawn figure, in a journal's words; one arm has none."""
    if len(panel.arms) < 2:
        return []
    value, p = panel.rng.uniform(0.45, 1.2), panel.rng.uniform(0.001, 0.4)
    told = {"hr": f"{value:.2f}", "low": f"{0.75 * value:.2f}", "high": f"{1.33 * value:.2f}", "p": f"{p:.3f}"}
    told = {name: text.replace(".", point) for name, text in told.items()}
    return [line.format(**told) for line in words if len(panel.arms) == 2 or "{hr}" not in line]


def _below(panel, down, *, across=0.0, in_data=False):
    """Where text stands `down` points under the axis: x in data, or points from the left end of the box."""
    shift = ScaledTranslation(across / 72, -down / 72, panel.axes.figure.dpi_scale_trans)
    return blended_transform_factory(panel.axes.transData if in_data else panel.axes.transAxes, panel.axes.transAxes) + shift


def counted(panel, i, what):
    """What one row of a table prints."""
    arm = panel.arms[i]
    n_risk = [arm.n_risk(time) for time in table_times(panel.style)]
    gone = [arm.n_gone(time, event=what in ("events", "with_events")) if time > 0 else 0 for time in table_times(panel.style)]
    if what == "risk":
        return [str(n) for n in n_risk]
    return [str(n) for n in gone] if what == "events" else [f"{n} ({g})" for n, g in zip(n_risk, gone, strict=True)]


def write_row(panel, down, cells, size, colour="black"):
    """Cells of a row, each under its tick."""
    for time, cell in zip(table_times(panel.style), cells, strict=True):
        panel.axes.text(time, 0, cell, transform=_below(panel, down, in_data=True), ha="center", va="center", size=size, color=colour)


def left_table(panel, head, *, what="risk", bold=True, coloured=False, down=3.9, small=0.95):
    """A table whose names begin at the left margin, under a head, as journals set it."""
    size = small * panel.style.font_size
    left = -(0.56 * size * max([len(arm.name) for arm in panel.arms] + [9]) + 2.2 * size)
    down, lead = down * panel.style.font_size, 1.4 * size
    for line in head.split("\n"):
        panel.axes.text(0, 0, line, transform=_below(panel, down, across=left), ha="left", va="center", size=size, weight="bold" if bold else "normal")
        down += lead
    for i, arm in enumerate(panel.arms):
        colour = panel.looks(i)[0] if coloured else "black"
        panel.axes.text(0, 0, arm.name, transform=_below(panel, down, across=left), ha="left", va="center", size=size, color=colour)
        write_row(panel, down, counted(panel, i, what), size * (0.88 if what != "risk" else 1), colour)
        down += lead


def table_by_statistic(panel, statistics=(("At Risk", "risk"), ("Events", "events")), *, down=4.0):
    """Tables one below the other, each with a bold title and a row per arm, names right of nothing and left of the axis."""
    size = panel.style.font_size * 0.92
    down, lead = down * panel.style.font_size, 1.5 * size
    for title, what in statistics:
        panel.axes.text(0, 0, title, transform=_below(panel, down), ha="left", va="center", size=size, weight="bold")
        down += lead
        for i, arm in enumerate(panel.arms):
            panel.axes.text(0, 0, arm.name, transform=_below(panel, down, across=-1.2 * size), ha="right", va="center", size=size)
            write_row(panel, down, counted(panel, i, what), size)
            down += lead
        down += 0.3 * lead


def axes_table(panel, title, *, names="coloured"):
    """A table in axes of its own below, with the time axis drawn again, as survminer sets it; names or dashes at the left."""
    size, (_, height) = panel.style.font_size, panel.size_points()
    tall = (1.9 * size * len(panel.arms) + 0.6 * size) / height
    table = panel.axes.inset_axes([0, -(7.4 * size / height + tall), 1, tall])
    table.set(xlim=panel.axes.get_xlim(), ylim=(len(panel.arms) - 0.4, -0.6), xlabel=panel.axes.get_xlabel())
    table.set_xticks(panel.axes.get_xticks(), [text.get_text() for text in panel.axes.get_xticklabels()])
    table.set_yticks(range(len(panel.arms)), [arm.name if names == "coloured" else "—" for arm in panel.arms])
    for i, text in enumerate(table.get_yticklabels()):
        text.set(color=panel.looks(i)[0], weight="bold" if names != "coloured" else "normal", size=size * (1 if names == "coloured" else 1.8))
    table.spines[["top", "right"]].set_visible(False)
    table.set_title(title, loc="left", fontsize=1.1 * size, pad=0.4 * size)
    for i in range(len(panel.arms)):
        for time, cell in zip(table_times(panel.style), counted(panel, i, "risk"), strict=True):
            table.text(time, i, cell, ha="center", va="center", size=size)


def turn_labels(panel):
    """Write the labels of the vertical axis along it."""
    for text in panel.axes.get_yticklabels():
        text.set(rotation=90, va="center")


def thicken(panel, width, *, length=5):
    """Draw the frame and the ticks thicker."""
    panel.axes.tick_params(width=width, length=length)
    for spine in panel.axes.spines.values():
        spine.set_linewidth(width)


def embolden(panel):
    """Set the words of the axes in bold."""
    axes = panel.axes
    for text in (axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_weight("bold")


def pick_of(panel, *texts):
    """One of some texts, by the panel's own generator."""
    return texts[int(panel.rng.integers(len(texts)))]


def end_labels(panel, *, black=False, gap=0.07):
    """Names to the right of the ends of the curves, in their colours, moved apart."""
    low, top = panel.axes.get_ylim()
    ends = np.array([(panel.drawn(arm.survival_at(min(arm.time.max(), panel.style.x_end))) - low) / (top - low) for arm in panel.arms])
    order, steps = np.argsort(ends), gap * np.arange(len(ends))
    heights = np.maximum.accumulate(ends[order] - steps) + steps
    apart = len(ends) < 2 or np.diff(ends[order]).min() > gap
    for height, i in zip(heights, order, strict=True):
        end = min(panel.arms[i].time.max(), panel.style.x_end)
        panel.axes.annotate(
            panel.arms[i].name, (end, low + height * (top - low)), xytext=(5, 0), textcoords="offset points", va="center",
            color="black" if black and apart else panel.looks(i)[0], annotation_clip=False,
        )  # fmt: skip
