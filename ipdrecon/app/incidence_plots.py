"""Pictures of patients with causes: their cumulative incidences over the digitised curves."""

import numpy as np

from ipdrecon.app.plots import arm_colour, as_drawn, new_figure
from ipdrecon.survival.kaplan_meier import n_risk_at

_GREY = "#5b6066"
_DIFFERS = "#c00000"
_HEIGHT = 6.2


def draw_incidence(parts):
    """Draw the incidences of rebuilt patients over the digitised curves, with residuals and numbers at risk beneath.

    Parameters
    ----------
    parts : sequence of Rebuilt
        One picture each, side by side.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(6.8 * len(parts), _HEIGHT, dpi=130)
    cells = np.atleast_1d(figure.subfigures(1, len(parts))).ravel()
    for cell, part in zip(cells, parts, strict=True):
        _draw_part(cell, part)
    return figure


def _draw_part(cell, part):
    main = cell.add_axes((0.14, 0.42, 0.82, 0.53))
    strip = cell.add_axes((0.14, 0.25, 0.82, 0.13), sharex=main)
    table = cell.add_axes((0.14, 0.04, 0.82, 0.11), sharex=main)
    arm, estimate = part.arm, part.arm.estimate()
    for index, cause in enumerate(arm.causes):
        colour = arm_colour(index)
        name = as_drawn(f"{cause}  (events = {arm.n_by_cause[cause]})")
        main.step(np.r_[0.0, estimate.time], np.r_[0.0, estimate.incidence[index]], where="post", color=colour, lw=1.1, label=name)
        if cause in part.curves:
            curve = part.curves[cause]
            main.step(curve.time, 1 - curve.survival, where="post", color=colour, alpha=0.3, lw=5, solid_capstyle="butt")
            grid = np.unique(np.r_[curve.time, estimate.time[estimate.time <= curve.time[-1]]])
            strip.step(grid, estimate.incidence_at(grid, index + 1) - (1 - curve.survival_at(grid)), where="post", color=colour, lw=1)
    _dress(main, strip, part.panel, arm)
    _write_numbers(table, part)


def _dress(main, strip, panel, arm):
    main.set(ylim=(0, None), xlim=(0, arm.time[-1] * 1.02 or 1), ylabel="Cumulative incidence")
    main.set_title(as_drawn(f"Panel {panel.panel}, {arm.arm}  (n = {arm.n})"), loc="left", fontsize=10, fontweight="bold")
    main.tick_params(labelbottom=False)
    main.legend(frameon=False, fontsize=9, loc="best", title="thin: rebuilt patients     pale: digitised curve", title_fontsize=8, alignment="left")
    strip.axhline(0, color=_GREY, lw=0.6)
    reach = max(0.011, 1.15 * max(abs(value) for value in strip.get_ylim()))
    unit = panel.calibration.time.unit
    strip.set(ylim=(-reach, reach), xlabel=f"Time ({unit})" if unit else (panel.calibration.time.title or "Time"))
    strip.set_ylabel("rebuilt −\ndigitised", fontsize=8)
    strip.tick_params(labelsize=8)
    for axes in (main, strip):
        axes.spines[["top", "right"]].set_visible(False)


def _write_numbers(table, part):
    """Write printed and rebuilt numbers at risk below the axis."""
    table.axis("off")
    table.set_ylim(3, 0)
    at, printed = part.row
    times = at if len(at) else part.panel.calibration.time.tick_value
    rebuilt = n_risk_at(part.arm.time, times, convention=part.arm.residuals["risk_convention"])
    edge = table.get_yaxis_transform()
    table.text(-0.15, 0.4, "Number at risk", transform=edge, va="center", fontsize=8.5, fontweight="bold")
    for line, word in enumerate(("printed", "rebuilt"), start=1):
        table.text(-0.03, line + 0.4, word, transform=edge, ha="right", va="center", fontsize=8, color=_GREY)
    for place, time in enumerate(times):
        shown = f"{printed[place]:g}" if len(at) else "–"
        colour = _DIFFERS if len(at) and printed[place] != rebuilt[place] else "black"
        table.text(time, 1.4, shown, ha="center", va="center", fontsize=8)
        table.text(time, 2.4, f"{rebuilt[place]:g}", ha="center", va="center", fontsize=8, color=colour)
