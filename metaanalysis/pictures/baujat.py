"""Baujat plots: which studies make the heterogeneity, and which of them move the result.

Examples
--------
>>> from metaanalysis import pool
>>> from metaanalysis.robustness.influence import influence_diagnostics
>>> figure = baujat_plot(influence_diagnostics(pool([-0.4, -0.3, 1.2], [0.04, 0.05, 0.06], measure="HR"), model="fixed"))
>>> len(figure.axes)
1
"""

import numpy as np

from metaanalysis.pictures import look
from metaanalysis.pictures.labels import label_points

_WIDTH, _HEIGHT = 330.0, 270.0
_NEAR_ORIGIN, _FEW = 0.1, 12
"""Sum of both coordinates, as shares of the axes, below which a study is not named, unless influential or one of few."""


def _limits_told(influence):
    limits = influence.limits
    return (
        f"Red: influential by |DFFITS| > {limits['dffits']:.2g}, Cook's distance > {limits['cook']:.2g}, hat > {limits['hat']:.2g} "
        f"or |DFBETAS| > {limits['dfbetas']:g}."
    )


def baujat_plot(influence, *, title=""):
    """Draw a Baujat plot (Baujat et al. 2002, Stat Med 21:2641).

    Studies away from the origin are named where there is room, those that are influential by the rule of `Influence.limits` first.

    Parameters
    ----------
    influence : Influence
        By `influence_diagnostics`; with ``model="fixed"`` it is the plot of the paper.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`.
    """
    drawn = np.isfinite(influence.baujat_y)
    x, y, flagged = influence.baujat_x[drawn], influence.baujat_y[drawn], influence.is_influential[drawn]
    study = [name for name, is_drawn in zip(influence.study, drawn, strict=True) if is_drawn]
    model = "fixed effect" if influence.model == "fixed" else "random effects"
    notes = [f"k = {len(drawn)}, {model}. " + (_limits_told(influence) if flagged.any() else "No study is influential by the rule.")]
    if not drawn.all():
        notes.append(f"Not drawn, since without them the estimate has no variance: {', '.join(np.array(influence.study)[~drawn])}.")
    right, high = (1.08 * float(values.max(initial=0.0)) or 1.0 for values in (x, y))
    frame = look.new_frame(_WIDTH, _HEIGHT, title=title, notes=notes, left=look.room_for(look.plain_ticks(0, high)[1]))
    axes = frame.axes
    axes.set_xlim(-0.025 * right, right)
    axes.set_ylim(-0.025 * high, high)
    look.set_ticks(axes.xaxis, *look.plain_ticks(0, right))
    look.set_ticks(axes.yaxis, *look.plain_ticks(0, high))
    look.set_label(axes.xaxis, "Contribution to heterogeneity (squared Pearson residual)")
    look.set_label(axes.yaxis, "Influence on the estimate (squared standardised shift)")
    for rows, colour, name in ((~flagged, look.STUDY, "studies"), (flagged, look.POOLED, "influential")):
        axes.scatter(x[rows], y[rows], s=24, facecolor=colour, edgecolor="white", linewidth=0.6, zorder=5, gid=name, clip_on=False)
    prominence = x / right + y / high + flagged
    first = np.argsort(-prominence, kind="stable")
    named = [row for row in first if prominence[row] >= _NEAR_ORIGIN or len(x) <= _FEW]
    colours = [look.POOLED if flagged[row] else look.INK for row in named]
    label_points(axes, x[first], y[first], [study[row] for row in named], colours=colours)
    return frame.figure
