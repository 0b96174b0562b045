"""Influence of each study at a glance: a row for each study, a panel for each diagnostic.

Examples
--------
>>> from metaanalysis import pool
>>> from metaanalysis.robustness.influence import influence_diagnostics
>>> figure = influence_plot(influence_diagnostics(pool([-0.4, -0.3, 1.2], [0.04, 0.05, 0.06], measure="HR")))
>>> len(figure.axes)
8
"""

import numpy as np
from scipy.special import ndtri

from metaanalysis.pictures import look

_PANELS = {
    "rstudent": "Studentised\nresidual", "dffits": "DFFITS", "cook": "Cook's\ndistance", "cov_ratio": "Covariance\nratio",
    "tau2_deleted": "τ²\nwithout", "q_deleted": "Q\nwithout", "hat": "Hat\nvalue", "dfbetas": "DFBETAS",
}
_PANEL_PT, _GAP_PT, _HEADING_PT, _NAMES_PT = 62.0, 13.0, 26.0, 120.0
_FEW_PT, _MANY_PT, _FEW = 14.0, 11.0, 20
"""Height of a row with up to `_FEW` studies, and with more."""


def _marks(influence):
    """Values to mark in each panel: where a study without influence would be (lines), and the limits (dashed)."""
    k, limits = len(influence.study), influence.limits
    z = float(ndtri(0.975))
    return {
        "rstudent": ([0.0], [-z, z]), "dffits": ([0.0], [-limits["dffits"], limits["dffits"]]), "cook": ([0.0], [limits["cook"]]),
        "cov_ratio": ([1.0], []), "tau2_deleted": ([influence.tau2], []), "q_deleted": ([influence.q], []), "hat": ([1 / k], [limits["hat"]]),
        "dfbetas": ([0.0], [-limits["dfbetas"], limits["dfbetas"]]),
    }


def _range(values):
    """Limits of a panel; hardly below 0 where nothing is negative."""
    low, high = look.padded(values, 0.08)
    return (max(low, -0.06 * high), high) if min(values) >= 0 else (low, high)


def _ticks(low, high):
    """As many round values as there is room for."""
    ticks, labels = look.plain_ticks(low, high, most=4)
    while len(ticks) > 1 and sum(look.text_width(label, look.NOTE_PT) + 5 for label in labels) > _PANEL_PT:
        ticks, labels = ticks[::2], labels[::2]
    return ticks, labels


def _draw_panel(axes, values, flagged, *, lines, limits, heading):
    rows = np.arange(len(values))
    axes.set_xlim(*_range(np.concatenate([values, lines, limits])))
    axes.set_ylim(len(values) - 0.5, -0.5)
    look.set_ticks(axes.xaxis, *_ticks(*axes.get_xlim()))
    axes.tick_params(axis="x", labelsize=look.NOTE_PT)
    look.set_ticks(axes.yaxis, [], [])
    axes.spines["left"].set_visible(False)
    for row in rows[1::2]:
        axes.axhspan(row - 0.5, row + 0.5, color=look.SHADES[-1], lw=0, zorder=0)
    for value in lines:
        axes.axvline(value, color=look.FAINT, lw=0.8, zorder=1, gid="line")
    for value in limits:
        axes.axvline(value, color=look.POOLED, lw=0.8, ls=(0, (4, 3)), zorder=1, gid="limit")
    axes.plot(values, rows, color=look.FAINT, lw=0.6, zorder=2)
    axes.scatter(values, rows, s=16, c=[look.POOLED if flag else look.STUDY for flag in flagged], edgecolor="white", linewidth=0.4, zorder=3, gid="studies", clip_on=False)
    axes.set_title(heading, fontsize=look.NOTE_PT, color=look.INK, family=look.FONT, pad=4)


def influence_plot(influence, *, title=""):
    """Draw the influence diagnostics.

    Grey lines mark the values with all studies, or of a study without influence; dashed ones the limits of
    `Influence.limits`, and for the residuals the normal quantiles of 95 %. Influential studies are red.

    Parameters
    ----------
    influence : Influence
        By `influence_diagnostics`.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`.
    """
    names = [name for name in _PANELS if name != "tau2_deleted" or influence.model == "random"]
    k, flagged, marks = len(influence.study), influence.is_influential, _marks(influence)
    row_pt = _FEW_PT if k <= _FEW else _MANY_PT
    shown = [look.shortened(name, _NAMES_PT, look.NOTE_PT + 0.5) for name in influence.study]
    left = look.MARGIN_PT + max(look.text_width(name, look.NOTE_PT + 0.5) for name in shown) + _GAP_PT
    told = ", ".join(np.array(influence.study)[flagged]) or "none"
    model = "fixed effect" if influence.model == "fixed" else "random effects"
    frame = look.new_frame(
        _PANEL_PT, k * row_pt, title=title, left=left, right=(len(names) - 1) * (_PANEL_PT + _GAP_PT), top=_HEADING_PT, under=26.0,
        notes=[f"k = {k}, {model}. Red: influential by DFFITS, Cook's distance, hat value or DFBETAS beyond the dashed limits ({told})."],
    )
    page_width, page_height = 72 * frame.figure.get_size_inches()
    top = page_height * (1 - frame.axes.get_position().y1)
    for number, name in enumerate(names):
        place = left + number * (_PANEL_PT + _GAP_PT)
        axes = frame.axes if number == 0 else look.add_axes(frame.figure, place, top, _PANEL_PT, k * row_pt)
        axes.set_gid(name)
        _draw_panel(axes, getattr(influence, name), flagged, lines=marks[name][0], limits=marks[name][1], heading=_PANELS[name])
    for row, name in enumerate(shown):
        colour = look.POOLED if flagged[row] else look.INK
        look.write(frame.figure, look.MARGIN_PT, top + (row + 0.5) * row_pt, name, va="center", fontsize=look.NOTE_PT + 0.5, color=colour, gid="study")
    return frame.figure
