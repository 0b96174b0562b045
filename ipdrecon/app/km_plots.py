"""Kaplan-Meier pictures of rebuilt patients: against the digitised curves, and on their own with an extended table."""

import math

import numpy as np

from ipdrecon.app.plots import arm_colour, as_drawn, new_figure
from ipdrecon.survival.kaplan_meier import kaplan_meier, n_risk_at

_ROW_INCH = 0.21
_LINES_PER_ARM = 3
_LONGEST_NAME = 60
_SAME_DROP = 2.0
"""Drops this near each other, in reading errors of time, are one: between them the curves are not compared by eye."""
_GREY = "#5b6066"
_DIFFERS = "#c00000"


def draw_reconstruction(digitisation, arms):
    """Draw the refitted Kaplan-Meier curves over the digitised ones, with residuals and numbers at risk beneath.

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
    n_lines = max(_LINES_PER_ARM * len(panel.curves) + 1 for panel in panels)
    height = 5.4 + n_lines * _ROW_INCH
    figure = new_figure(8.0 * columns, height * rows, dpi=130)
    cells = np.atleast_1d(figure.subfigures(rows, columns)).ravel()
    for cell, panel in zip(cells, panels, strict=False):
        mine = {arm.arm: arm for arm in arms if arm.panel == panel.panel}
        title = f"Panel {panel.panel}" if len(panels) > 1 else ""
        _draw_panel(cell, panel, mine, (height, title))
    return figure


def _draw_panel(cell, panel, arms, layout):
    height, title = layout
    curves = [curve for curve in panel.curves if curve.arm in arms]
    n_lines = _LINES_PER_ARM * len(curves) + 1
    table_bottom, table_top = 0.12 / height, (0.12 + n_lines * _ROW_INCH) / height
    strip_bottom = table_top + 0.62 / height
    main_bottom = strip_bottom + 1.0 / height
    left, width = 0.17, 0.79
    main = cell.add_axes((left, main_bottom, width, 1 - main_bottom - 0.32 / height))
    strip = cell.add_axes((left, strip_bottom, width, 0.75 / height), sharex=main)
    table = cell.add_axes((left, table_bottom, width, table_top - table_bottom), sharex=main)
    for index, curve in enumerate(curves):
        _draw_pair(main, strip, curve, arms[curve.arm], arm_colour(index))
    _dress_main(main, title)
    _dress_strip(strip, panel)
    ends = [curve.time[-1] for curve in curves] + ([panel.at_risk.time[-1]] if panel.at_risk is not None else [])
    main.set_xlim(0, max(ends) * 1.02 or 1)
    _write_numbers(table, panel, curves, arms)


def _draw_pair(main, strip, curve, arm, colour):
    estimate = kaplan_meier(arm.time, arm.event)
    main.step(curve.time, curve.survival, where="post", color=colour, alpha=0.3, lw=5, solid_capstyle="butt")
    time, survival = np.r_[0.0, estimate.time], np.r_[1.0, estimate.survival]
    main.step(time, survival, where="post", color=colour, lw=1.1, label=f"{_shown_name(curve.arm)}  (n = {arm.n}, events = {arm.n_event})")
    grid = np.unique(np.r_[curve.time, estimate.time[estimate.time <= curve.time[-1]]])
    grid = grid[np.append(np.diff(grid) > _SAME_DROP * curve.time_error, True)]
    strip.step(grid, estimate.survival_at(grid) - curve.survival_at(grid), where="post", color=colour, lw=1)


def _shown_name(arm):
    """Give an arm's name as the pictures print it: a dollar sign opens no formula, and an overlong name is cut."""
    shown = arm if len(arm) <= _LONGEST_NAME else arm[: _LONGEST_NAME - 1] + "…"
    return as_drawn(shown)


def _dress_main(main, title):
    main.set(ylim=(0, 1.02), ylabel="Survival probability")
    main.set_title(title, loc="left", fontsize=10, fontweight="bold")
    main.tick_params(labelbottom=False)
    main.spines[["top", "right"]].set_visible(False)
    main.legend(
        frameon=False, fontsize=9, loc="best", title="thin: rebuilt patients     pale: digitised curve", title_fontsize=8, alignment="left"
    )


def _dress_strip(strip, panel):
    strip.axhline(0, color=_GREY, lw=0.6)
    reach = max(0.011, 1.15 * max(abs(value) for value in strip.get_ylim()))
    strip.set(ylim=(-reach, reach), xlabel=_time_title(panel))
    strip.set_ylabel("rebuilt −\ndigitised", fontsize=8)
    strip.tick_params(labelsize=8)
    strip.spines[["top", "right"]].set_visible(False)
    ticks = panel.calibration.time.tick_value
    strip.set_xticks(ticks[panel.calibration.time.used] if panel.calibration.time.used.any() else ticks)


def _time_title(panel):
    unit = panel.calibration.time.unit
    return f"Time ({unit})" if unit else (panel.calibration.time.title or "Time")


def _write_numbers(table, panel, curves, arms):
    table.axis("off")
    n_lines = _LINES_PER_ARM * len(curves) + 1
    table.set_ylim(n_lines, 0)
    edge = table.get_yaxis_transform()
    table.text(-0.19, 0.5, "Number at risk", transform=edge, va="center", fontsize=8.5, fontweight="bold")
    for index, curve in enumerate(curves):
        times, printed = panel.at_risk.row(curve.arm) if panel.at_risk is not None else ((), ())
        at = times if len(times) else panel.calibration.time.tick_value
        rebuilt = n_risk_at(arms[curve.arm].time, at, convention=arms[curve.arm].residuals.get("risk_convention") or "time >= t")
        colour, line = arm_colour(index), _LINES_PER_ARM * index + 2.5
        table.text(-0.19, line - 0.95, _shown_name(curve.arm), transform=edge, va="center", fontsize=8.5, color=colour, fontweight="bold")
        for step, word in enumerate(("printed", "rebuilt")):
            table.text(-0.03, line + 0.9 * step, word, transform=edge, ha="right", va="center", fontsize=8, color=_GREY)
        for place, time in enumerate(at):
            shown = f"{printed[place]:g}" if len(times) else "–"
            differs = len(times) and rebuilt[place] != printed[place]
            table.text(time, line, shown, ha="center", va="center", fontsize=8, color="black")
            table.text(
                time, line + 0.9, f"{rebuilt[place]:g}", ha="center", va="center", fontsize=8,
                color=_DIFFERS if differs else "black", fontweight="bold" if differs else "normal",
            )  # fmt: skip


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
    dash = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (8, 2, 2, 2)))[index % 4]
    main.step(time, survival, where="post", color=arm_colour(index), lw=1.5, linestyle=dash, label=_shown_name(arm.arm))
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
