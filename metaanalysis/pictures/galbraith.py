"""Galbraith (radial) plots: standardised effects against precision, each study a slope from the origin.

Examples
--------
>>> from metaanalysis import pool
>>> figure = galbraith_plot(pool([-0.4, -0.3, 0.1], [0.04, 0.05, 0.06], measure="HR"))
>>> figure.axes[0].get_xlabel()
'Precision (1 / standard error)'
"""

import numpy as np
from scipy.special import ndtri

from metaanalysis.pictures import look
from metaanalysis.pictures.forest_lines import model_name
from metaanalysis.pictures.labels import label_points
from metaanalysis.robustness.refits import check_model, require_studies

GALBRAITH_MINIMUM = 2
"""Studies below which there is nothing to compare."""

_WIDTH, _HEIGHT, _SCALE_PT = 330.0, 270.0, 40.0
_MOST_NAMES = 25


def _notes(pooled, result, outside):
    told = look.format_interval(pooled.measure, result.estimate, result.ci_low, result.ci_high)
    level = f"{100 * pooled.settings.level:g}\u00a0%"
    return [
        f"k = {pooled.k}. The slope from the origin to a point is its effect, read at the right. Line: {model_name(result)}, {told}; "
        f"band: {level} of studies without further heterogeneity, {outside} outside."
    ]


def _draw_band(axes, centre, half, reach):
    from matplotlib.patches import Polygon

    axes.add_patch(Polygon(
        [(0, -half), (reach, centre * reach - half), (reach, centre * reach + half), (0, half)],
        closed=True, facecolor=look.SHADES[2], edgecolor="none", zorder=0, gid="band",
    ))
    axes.axhline(0, color=look.FAINT, lw=0.8, zorder=1, gid="no-effect")
    axes.plot([0, reach], [0, centre * reach], color=look.POOLED, lw=1.1, zorder=2, gid="estimate")


def _draw_scale(axes, measure):
    """Draw the scale of effects at the right, where the ray of an effect b ends at ``b x``."""
    reach, (low, high) = axes.get_xlim()[1], axes.get_ylim()
    scale = axes.secondary_yaxis("right", functions=(lambda y: y / reach, lambda effect: effect * reach))
    scale.spines["right"].set(color=look.INK, linewidth=look.LINE_PT)
    scale.tick_params(labelsize=look.FONT_PT, color=look.INK, labelcolor=look.INK, width=look.LINE_PT, length=3.5, labelfontfamily=look.FONT)
    look.set_effect_axis(scale.yaxis, low / reach, high / reach, measure)


def galbraith_plot(pooled, *, model="fixed", labels=True, title=""):
    """Draw a Galbraith plot (Galbraith 1988, Stat Med 7:889).

    Drawn are ``yi / s`` against ``1 / s`` with the standard error s, under random effects ``sqrt(vi + tau2)``.

    Parameters
    ----------
    pooled : PooledEstimate
        k of at least 2.
    model : {"fixed", "random"}
    labels : bool
        Name the studies where there is room, those outside the band first.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`.

    Raises
    ------
    MetaAnalysisError
    """
    check_model(model)
    require_studies(pooled, GALBRAITH_MINIMUM, "A Galbraith plot")
    result = getattr(pooled, model)
    error = np.sqrt(pooled.vi + (pooled.tau2 if model == "random" else 0.0))
    x, y, half = 1 / error, pooled.yi / error, float(ndtri(0.5 + pooled.settings.level / 2))
    distance = np.abs(y - result.estimate * x)
    frame = look.new_frame(_WIDTH, _HEIGHT, title=title, notes=_notes(pooled, result, int((distance > half).sum())), right=_SCALE_PT)
    axes, reach = frame.axes, 1.06 * float(x.max())
    axes.set_xlim(0, reach)
    axes.set_ylim(*look.padded(np.concatenate([y, [-half, half, result.estimate * reach - half, result.estimate * reach + half]]), 0.04))
    look.set_ticks(axes.xaxis, *look.plain_ticks(0, reach))
    look.set_ticks(axes.yaxis, *look.plain_ticks(*axes.get_ylim()))
    look.set_label(axes.xaxis, "Precision (1 / standard error)")
    look.set_label(axes.yaxis, "Effect / standard error")
    _draw_band(axes, result.estimate, half, reach)
    _draw_scale(axes, pooled.measure)
    axes.scatter(x, y, s=24, facecolor=look.STUDY, edgecolor="white", linewidth=0.6, zorder=5, gid="studies", clip_on=False)
    if labels:
        first = np.argsort(-distance, kind="stable")
        lines = [line.get_xydata() for line in axes.lines if line.get_gid() == "estimate"]
        label_points(axes, x[first], y[first], [pooled.study[row] for row in first[:_MOST_NAMES]], lines=lines)
    return frame.figure
