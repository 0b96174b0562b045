"""The table of numbers at risk."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from drawn.plot import ticks

HEADS = {"number": "Number at risk", "short": "No. at risk", "patients": "Patients at risk"}
BRACKETS = {"censored": " (number censored)", "events": " (number of events)"}
LEAD = 1.55


def table_times(style):
    """The times the table is printed at."""
    times = ticks(style)
    if style.table_times == "own":
        return np.linspace(0, style.x_end, 5)
    return {"no_zero": times[1:], "half": times[::2]}.get(style.table_times, times)


def rows_of(panel, i):
    """Rows one arm has in the table: name, style of the name, printed cells."""
    arm, style, times = panel.arms[i], panel.style, table_times(panel.style)
    after = style.counts in ("after", "blocks")
    n_risk = [arm.n_risk(time, after=after) for time in times]
    if style.counts == "blocks":
        gone = [[arm.n_gone(time, event=event) if time > 0 else 0 for time in times] for event in (False, True)]
        rows = [("At risk", n_risk), ("Censored", gone[0]), ("Events", gone[1])]
        return [(arm.name, "head", [])] + [(name, "plain", list(map(str, cells))) for name, cells in rows]
    cells = list(map(str, n_risk))
    if style.counts in BRACKETS:
        cells = [
            f"{n} ({arm.n_gone(time, event=style.counts == 'events') if time > 0 else 0})"
            for n, time in zip(n_risk, times, strict=True)
        ]
    if style.row_names == "above":
        return [(arm.name, "head", []), ("", "plain", cells)]
    return [(arm.name, style.row_names, cells)]


class Pen:
    """Writes rows under an axis: times along it, points below it."""

    def __init__(self, panel):
        self.panel, self.axes, size = panel, panel.axes, panel.style.font_size
        self.down = -(4.3 if panel.style.x_format != "rotated" else 5.5) * size
        self.lead = LEAD * size
        if panel.style.table == "inside":
            self.down = (len(panel.arms) - 0.3) * 0.07 * panel.size_points()[1]
            self.lead = 0.07 * panel.size_points()[1]

    def at(self, right=0.0):
        """Transform: x in data (shares of the box with `right` given), y at the pen."""
        shift = ScaledTranslation(right / 72, self.down / 72, self.axes.figure.dpi_scale_trans)
        across = self.axes.transAxes if right else self.axes.transData
        return blended_transform_factory(across, self.axes.transAxes) + shift

    def name(self, text, kind, i):
        size, (colour, dash) = self.panel.style.font_size, self.panel.looks(i)
        if kind == "head":
            self.axes.text(0, 0, text, transform=self.at(-1e-6), ha="left", va="center")
        elif kind == "dashes":
            line = Line2D(
                [-2.6 * size / self.panel.size_points()[0] - 0.03] * 2,
                [0, 0],
                transform=self.at(-1e-6),
                color=colour,
                ls=dash,
                lw=2,
                clip_on=False,
            )
            line.set_xdata([line.get_xdata()[0], line.get_xdata()[0] + 2.0 * size / self.panel.size_points()[0]])
            self.axes.add_line(line)
        elif kind != "none":
            self.axes.text(
                0,
                0,
                text,
                transform=self.at(-2.4 * size),
                ha="right",
                va="center",
                color=colour if kind == "coloured" else "black",
            )

    def row(self, row, i):
        text, kind, cells = row
        self.name(text, kind, i)
        for time, cell in zip(table_times(self.panel.style), cells, strict=False):
            self.axes.text(
                time,
                0,
                cell,
                transform=self.at(),
                ha="center",
                va="center",
                size=self.panel.style.font_size * (0.8 if "(" in cell else 1),
            )
        self.down -= self.lead


def draw_table(panel):
    """Write the table; nothing where the style has none."""
    style, pen = panel.style, Pen(panel)
    if style.table == "none":
        return
    if style.table_title != "none" and style.table == "below":
        pen.row((HEADS[style.table_title] + BRACKETS.get(style.counts, ""), "head", []), 0)
    for i in range(len(panel.arms)):
        for row in rows_of(panel, i):
            pen.row(row, i)


def printed_numbers(panel):
    """The numbers at risk as printed: arm, time, n_risk."""
    if panel.style.table == "none":
        return None
    after = panel.style.counts in ("after", "blocks")
    return [
        (arm.name, float(time), arm.n_risk(time, after=after))
        for arm in panel.arms
        for time in table_times(panel.style)
    ]
