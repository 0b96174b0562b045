"""Kaplan-Meier pictures of rebuilt patients: against the digitised curves, and on their own with an extended table."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.app.plots import arm_colour, as_drawn, new_figure
from ipdrecon.survival.kaplan_meier import kaplan_meier, n_risk_at
from ipdrecon.survival.replicates import survivals

_ROW_INCH = 0.21
_LONGEST_NAME = 60
_SAME_DROP, _LONGEST_CHAIN = 4.0, 3
"""Drops this near each other, in standard errors of time, are one to the eye, a little more than a pixel: between them the
curves are not compared. Where drops follow each other as closely for so many times longer, they are."""
_GREY = "#5b6066"
_DIFFERS = "#c00000"
_DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)))
_LEFT, _WIDTH = 0.17, 0.79
_PLOT_INCH, _STRIP_INCH, _STRIP_NAME_INCH = 3.6, 0.48, 0.17
_LEAST_INCH, _MOST_INCH = 8.0, 13.0
_DIGIT_INCH = 0.075
"""Width of a digit of the table, with its share of the space to the next number."""
_BAND, _MOST_OF_DRAWS = (0.025, 0.975), 0.9
_MANY_TICKS = 150
"""More ticks of one curve are shorter, so that the curve is still seen."""
_TWO_COLUMNS_CHARS = 36
"""Where all entries of a legend are shorter, two stand side by side."""


def draw_reconstruction(digitisation, arms):
    """Draw the refitted Kaplan-Meier curves over the digitised ones, with residuals and numbers at risk beneath.

    Each arm has a strip: what its curve leaves of the digitised one, over one and two standard errors of reading, and
    where the refitted curves of 95 % of the draws run.

    Parameters
    ----------
    digitisation : Digitisation
    arms : sequence of ReconstructedArm
        Of all panels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    panels = [panel for panel in digitisation.panels if any(arm.panel == panel.panel for arm in arms)]
    columns = min(len(panels), 2)
    rows = math.ceil(len(panels) / columns)
    by_panel = [{arm.arm: arm for arm in arms if arm.panel == panel.panel} for panel in panels]
    layouts = [_Layout.of(panel, mine, len(panels) > 1) for panel, mine in zip(panels, by_panel, strict=True)]
    width, height = (max(getattr(layout, name) for layout in layouts) for name in ("width", "height"))
    figure = new_figure(width * columns, height * rows, dpi=130)
    cells = np.atleast_1d(figure.subfigures(rows, columns)).ravel()
    for cell, panel, mine, layout in zip(cells, panels, by_panel, layouts, strict=False):
        _draw_panel(cell, panel, mine, replace(layout, width=width, height=height))
    return figure


@dataclass(frozen=True)
class _Layout:
    """How large the parts of a panel's picture are, in inches, from the bottom: table, strips, plot, legend.

    `n_columns` is that of the legend; `lines_per_arm` those of the table.
    """

    n_arms: int
    lines_per_arm: int
    n_columns: int
    has_title: bool
    width: float = _LEAST_INCH
    height: float = 0.0

    @classmethod
    def of(cls, panel, arms, has_title):
        curves = [curve for curve in panel.curves if curve.arm in arms]
        longest = max(len(_legend_text(arms[curve.arm])) for curve in curves)
        n_columns = 2 if len(curves) > 2 and longest <= _TWO_COLUMNS_CHARS else 1
        layout = cls(len(curves), 2 if panel.at_risk is None else 3, n_columns, has_title)
        return replace(layout, width=_width_of(panel), height=layout.plot_bottom + _PLOT_INCH + layout.head)

    @property
    def table_height(self):
        return (self.lines_per_arm * self.n_arms + 1) * _ROW_INCH

    @property
    def strips_bottom(self):
        return 0.12 + self.table_height + 0.62

    @property
    def strip_pitch(self):
        return _STRIP_INCH + _STRIP_NAME_INCH

    @property
    def plot_bottom(self):
        return self.strips_bottom + self.n_arms * self.strip_pitch + 0.14

    @property
    def head(self):
        """Height of the title, the key and the legend."""
        return 0.22 * self.has_title + 0.34 + 0.165 * math.ceil(self.n_arms / self.n_columns)

    def axes(self, cell, bottom, height, **shared):
        """Add axes to a panel's picture, at a height given in inches."""
        return cell.add_axes((_LEFT, bottom / self.height, _WIDTH, height / self.height), **shared)


def _width_of(panel):
    """Inches that a panel needs for its numbers at risk to stand side by side."""
    if panel.at_risk is None or len(panel.at_risk.time) < 2:
        return _LEAST_INCH
    time = panel.at_risk.time
    end = max([time[-1], *(curve.time[-1] for curve in panel.curves)]) * 1.02
    digits = len(f"{np.nanmax(panel.at_risk.n_risk, initial=0):g}")
    wanted = (digits + 1) * _DIGIT_INCH / (_WIDTH * float(np.median(np.diff(time))) / end)
    return float(np.clip(wanted, _LEAST_INCH, _MOST_INCH))


def _draw_panel(cell, panel, arms, layout):
    curves = [curve for curve in panel.curves if curve.arm in arms]
    main = layout.axes(cell, layout.plot_bottom, layout.height - layout.plot_bottom - layout.head)
    strips = [
        layout.axes(cell, layout.strips_bottom + (len(curves) - 1 - index) * layout.strip_pitch, _STRIP_INCH, sharex=main)
        for index in range(len(curves))
    ]
    table = layout.axes(cell, 0.12, layout.table_height, sharex=main)
    reach = max(_draw_pair(main, strips[index], curve, arms[curve.arm], index) for index, curve in enumerate(curves))
    _dress_main(main, layout)
    _dress_strips(strips, panel, [_shown_name(curve.arm) for curve in curves], reach)
    ends = [curve.time[-1] for curve in curves] + ([panel.at_risk.time[-1]] if panel.at_risk is not None else [])
    main.set_xlim(0, max(ends) * 1.02 or 1)
    _write_key(cell, panel, arms, layout)
    _write_numbers(table, panel, arms, layout)


def _draw_pair(main, strip, curve, arm, index):
    """Draw an arm's curves and its strip; how far the strip must reach for the difference and most of the draws."""
    colour, estimate = arm_colour(index), kaplan_meier(arm.time, arm.event)
    begin, at = _compared_times(curve, estimate)
    read = curve.survival_at(at)
    gap = estimate.survival_at(at) - read
    reach = float(np.abs(gap).max())
    if arm.draws:
        low, high = np.quantile(survivals(arm.draws, at), _BAND, axis=0)
        reach = max(reach, float(np.quantile(np.maximum(np.abs(low - read), np.abs(high - read)), _MOST_OF_DRAWS)))
        strip.fill_between(begin, low - read, high - read, step="post", color=colour, alpha=0.3, lw=0)
        every = np.unique(np.r_[0.0, curve.time, estimate.time])
        between = every + np.diff(every, append=every[-1]) / 2
        low, high = np.quantile(survivals(arm.draws, between), _BAND, axis=0)
        main.fill_between(every, low, high, step="post", color=colour, alpha=0.45, lw=0)
    main.step(curve.time, curve.survival, where="post", color=colour, alpha=0.25, lw=5, solid_capstyle="butt")
    time, survival = np.r_[0.0, estimate.time], np.r_[1.0, estimate.survival]
    main.step(time, survival, where="post", color=colour, lw=1.1, linestyle=_DASHES[index % 4], label=_legend_text(arm))
    censored = np.unique(arm.time[~arm.event])
    size = 5 if len(censored) <= _MANY_TICKS else 3
    main.plot(censored, estimate.survival_at(censored), "|", color=colour, ms=size, mew=0.12 * size)
    _draw_reading_error(strip, curve)
    strip.step(begin, gap, where="post", color=colour, lw=1.1)
    return reach


def _compared_times(curve, estimate):
    """Where stretches begin that are compared, and a time in each, behind drops that are one to the eye."""
    drops = estimate.time[np.diff(estimate.survival, prepend=1.0) < 0]
    grid = np.unique(np.r_[0.0, curve.time, drops[drops <= curve.time[-1]]])
    length = np.append(np.diff(grid), max(curve.time[-1], 1.0))
    apart = _SAME_DROP * curve.time_error
    kept, chain = [], 0.0
    for place, begin in enumerate(grid.tolist()):
        is_open = length[place] > apart
        if is_open or begin - chain > _LONGEST_CHAIN * apart:
            kept.append(place)
            chain = begin + length[place] if is_open else begin
    return grid[kept], grid[kept] + np.minimum(apart, length[kept] / 2)


def _draw_reading_error(strip, curve):
    """Shade one and two standard errors of reading, larger where the curve is hidden."""
    if not curve.survival_error:
        return
    border = np.unique(np.r_[0.0, curve.occluded[:, :2].ravel(), curve.time[-1]])
    error = np.full(len(border), curve.survival_error)
    for begin, end, hidden in curve.occluded:
        error[(border >= begin) & (border < end)] = max(hidden, curve.survival_error)
    for times, shade in ((2, "#ececee"), (1, "#d6d8db")):
        strip.fill_between(border, -times * error, times * error, step="post", color=shade, lw=0, zorder=0)


def _shown_name(arm):
    """Give an arm's name as the pictures print it: a dollar sign opens no formula, and an overlong name is cut."""
    shown = arm if len(arm) <= _LONGEST_NAME else arm[: _LONGEST_NAME - 1] + "…"
    return as_drawn(shown)


def _legend_text(arm):
    return f"{_shown_name(arm.arm)}  (n = {arm.n}, events = {arm.n_event})"


def _dress_main(main, layout):
    main.set(ylim=(0, 1.02), ylabel="Survival probability")
    main.tick_params(labelbottom=False)
    main.spines[["top", "right"]].set_visible(False)
    main.legend(
        frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.3, borderpad=0, labelspacing=0.25,
        ncols=layout.n_columns, handlelength=2.6,
    )  # fmt: skip


def _dress_strips(strips, panel, names, reach):
    reach = max(0.011, 1.1 * reach)
    ticks = panel.calibration.time.tick_value
    for index, (strip, name) in enumerate(zip(strips, names, strict=True)):
        strip.axhline(0, color=_GREY, lw=0.6, zorder=1)
        strip.set_ylim(-reach, reach)
        strip.tick_params(labelsize=7.5, labelbottom=strip is strips[-1])
        strip.locator_params(axis="y", nbins=3)
        strip.spines[["top", "right"]].set_visible(False)
        strip.set_xticks(ticks[panel.calibration.time.used] if panel.calibration.time.used.any() else ticks)
        strip.text(0, 1.02, name, transform=strip.transAxes, va="bottom", fontsize=8, color=arm_colour(index))
    strips[-1].set_xlabel(_time_title(panel))
    middle = 0.5 * (1 + len(strips) + (len(strips) - 1) * _STRIP_NAME_INCH / _STRIP_INCH) - 0.5
    strips[-1].text(-0.13, middle, "rebuilt −\ndigitised", transform=strips[-1].transAxes, rotation=90, ha="center", va="center", fontsize=8)


def _write_key(cell, panel, arms, layout):
    """Say at the top what each kind of line and shade is."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    n_draws = max(len(arm.draws) for arm in arms.values())
    entries = {
        "digitised curve": Line2D([], [], color=_GREY, alpha=0.35, lw=5, solid_capstyle="butt"),
        "rebuilt patients": Line2D([], [], color=_GREY, lw=1.1),
        "censored": Line2D([], [], color=_GREY, marker="|", ls="", ms=6, mew=0.9),
    }
    if n_draws:
        entries[f"95 % of {n_draws} draws"] = Patch(color=_GREY, alpha=0.45, lw=0)
    if any(curve.survival_error for curve in panel.curves if curve.arm in arms):
        entries["1 and 2 standard errors of reading"] = Patch(color="#d6d8db", lw=0)
    top = 1 - (0.22 * layout.has_title + 0.06) / layout.height
    cell.legend(
        entries.values(), entries.keys(), frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.01, top), borderaxespad=0, borderpad=0,
        ncols=len(entries), columnspacing=1.4, handlelength=1.8,
    )  # fmt: skip
    if layout.has_title:
        cell.text(0.015, 1 - 0.06 / layout.height, f"Panel {panel.panel}", va="top", fontsize=10, fontweight="bold")


def _time_title(panel):
    unit = panel.calibration.time.unit
    return f"Time ({unit})" if unit else (panel.calibration.time.title or "Time")


def _write_numbers(table, panel, arms, layout):
    table.axis("off")
    table.set_ylim(layout.lines_per_arm * layout.n_arms + 1, 0)
    edge, left_out = table.get_yaxis_transform(), False
    for index, curve in enumerate(curve for curve in panel.curves if curve.arm in arms):
        top = layout.lines_per_arm * index + 1.55
        table.text(-0.19, top, _shown_name(curve.arm), transform=edge, va="center", fontsize=8.5, color=arm_colour(index), fontweight="bold")
        left_out |= _write_rows(table, panel, arms[curve.arm], top + 0.95)
    note = " (none is printed)" if panel.at_risk is None else " (some left out, for want of room)" if left_out else ""
    table.text(-0.19, 0.5, f"Number at risk{note}", transform=edge, va="center", fontsize=8.5, fontweight="bold")


def _write_rows(table, panel, arm, line):
    """Write the printed row, where there is a table, and the rebuilt one; whether numbers were left out, as they would overlap."""
    times, printed = panel.at_risk.row(arm.arm) if panel.at_risk is not None else ((), ())
    at = np.asarray(times if len(times) else panel.calibration.time.tick_value, float)
    rebuilt = n_risk_at(arm.time, at, convention=arm.residuals.get("risk_convention") or "time >= t")
    differs = rebuilt != printed if len(times) else np.zeros(len(at), bool)
    words = {"rebuilt": [f"{number:g}" for number in rebuilt]}
    if panel.at_risk is not None:
        words = {"printed": [f"{number:g}" for number in printed] if len(times) else ["–"] * len(at)} | words
    shown = _legible(table, at, differs, max(len(word) for row in words.values() for word in row))
    for step, (name, row) in enumerate(words.items()):
        table.text(-0.04, line + 0.9 * step, name, transform=table.get_yaxis_transform(), ha="right", va="center", fontsize=8, color=_GREY)
        for place in np.flatnonzero(shown):
            red = name == "rebuilt" and differs[place]
            table.text(
                at[place], line + 0.9 * step, row[place], ha="center", va="center", fontsize=8,
                color=_DIFFERS if red else "black", fontweight="bold" if red else "normal",
            )  # fmt: skip
    return not shown.all()


def _legible(table, at, differs, n_digits):
    """Which columns can be printed without overlap; the first goes first, then those that differ."""
    inches = table.get_window_extent().width / table.figure.dpi
    low, high = table.get_xlim()
    needed = (n_digits + 1) * _DIGIT_INCH / inches * (high - low)
    kept = []
    for place in np.argsort(np.where(np.arange(len(at)) == 0, 0, 2 - differs), kind="stable"):
        if all(abs(at[place] - at[other]) >= needed for other in kept) and low <= at[place] <= high:
            kept.append(place)
    return np.isin(np.arange(len(at)), kept)


# --- the report's figure ---------------------------------------------------------------------------------------------


def draw_kaplan_meier(arms, *, at=None, unit="", title=""):
    """Draw Kaplan-Meier curves with bands and an extended table, after KMunicate (Morris et al. 2019).

    Parameters
    ----------
    arms : sequence of ReconstructedArm
        Of one panel.
    at : array_like, shape (n_times,), optional
        Times of the table's columns; by default seven round ones.
    unit : str
        Of time.
    title : str
        Of the vertical axis.

    Returns
    -------
    matplotlib.figure.Figure
        Below the curves: at risk, censored and events so far, by arm.
    """
    end = max(arm.time[-1] for arm in arms if arm.n)
    at = _round_times(end) if at is None or not len(at) else np.asarray(at, float)
    n_lines = 4 * len(arms)
    height = 4.4 + n_lines * _ROW_INCH
    figure = new_figure(8.0, height, dpi=130)
    table_top = (0.1 + n_lines * _ROW_INCH) / height
    main = figure.add_axes((0.16, table_top + 0.6 / height, 0.8, 1 - table_top - 0.75 / height))
    table = figure.add_axes((0.16, 0.1 / height, 0.8, n_lines * _ROW_INCH / height), sharex=main)
    for index, arm in enumerate(arms):
        _draw_arm(main, arm, index)
        _write_extended(table, arm, at, index)
    main.set(xlim=(0, max(end, at[-1]) * 1.02), ylim=(0, 1.01), xlabel=f"Time ({unit})" if unit else "Time", ylabel=title or "Survival probability")
    main.set_xticks(at)
    main.spines[["top", "right"]].set_visible(False)
    main.legend(frameon=False, fontsize=9.5, loc="upper right")
    table.axis("off")
    table.set_ylim(n_lines, 0)
    return figure


def _round_times(end):
    steps = np.array([1, 2, 3, 6, 12, 24, 50, 100, 200, 365, 500, 1000])
    step = steps[min(np.searchsorted(steps, end / 7), len(steps) - 1)] if end > 3 else end / 6
    return np.arange(0, end + step / 2, step)


def _draw_arm(main, arm, index):
    estimate = kaplan_meier(arm.time, arm.event)
    time, survival = np.r_[0.0, estimate.time], np.r_[1.0, estimate.survival]
    low, high = estimate.interval(conf_type="log-log")
    main.fill_between(time, np.r_[1.0, low], np.r_[1.0, high], step="post", color=arm_colour(index), alpha=0.13, lw=0)
    main.step(time, survival, where="post", color=arm_colour(index), lw=1.5, linestyle=_DASHES[index % 4], label=_shown_name(arm.arm))
    censored = arm.time[~arm.event]
    main.plot(censored, estimate.survival_at(censored), "|", color=arm_colour(index), ms=6, mew=0.9)


def _write_extended(table, arm, at, index):
    edge, top, colour = table.get_yaxis_transform(), 4 * index, arm_colour(index)
    convention = arm.residuals.get("risk_convention") or "time >= t"
    at_risk = n_risk_at(arm.time, at, convention=convention)
    ended = arm.time[None, :] < at[:, None] if convention == "time >= t" else arm.time[None, :] <= at[:, None]
    rows = {"at risk": at_risk, "censored": (ended & ~arm.event).sum(axis=1), "events": (ended & arm.event).sum(axis=1)}
    table.text(-0.17, top + 0.6, _shown_name(arm.arm), transform=edge, va="center", fontsize=9, color=colour, fontweight="bold")
    for line, (name, values) in enumerate(rows.items(), start=1):
        table.text(-0.03, top + line + 0.45, name, transform=edge, ha="right", va="center", fontsize=8, color=_GREY)
        for time, value in zip(at, values, strict=True):
            table.text(time, top + line + 0.45, f"{value:g}", ha="center", va="center", fontsize=8)
