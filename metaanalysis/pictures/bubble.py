"""Bubble plots: effects against a moderator, with the line of a meta-regression.

Examples
--------
>>> x = [2001, 2007, 2012]
>>> line = {"x": x, "estimate": [-0.1, -0.3, -0.5], "ci_low": [-0.5, -0.5, -0.9], "ci_high": [0.3, -0.1, -0.1]}
>>> figure = bubble_plot(x, [-0.2, -0.3, -0.4], [0.04, 0.02, 0.05], line, measure="HR", moderator_name="Year")
>>> figure.axes[0].get_ylabel()
'Hazard ratio (log scale)'
"""

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pictures import look
from metaanalysis.pictures.labels import label_points

_WIDTH, _HEIGHT = 330.0, 270.0
_LARGEST_PT, _SMALLEST_PT = 11.0, 1.5
"""Radius of the bubble of the heaviest study, and the least of any."""

_MOST_NAMES = 25


def _checked(moderator, yi, vi, weights):
    columns = [np.asarray(values, float) for values in (moderator, yi, vi, 1 / np.asarray(vi, float) if weights is None else weights)]
    if len({values.shape for values in columns}) > 1 or columns[0].ndim != 1 or not len(columns[0]):
        shapes = ", ".join(str(values.shape) for values in columns)
        raise MetaAnalysisError(f"Moderator, effects, variances and weights have the shapes {shapes}; expected vectors of one length, one value per study.")
    if not all(np.isfinite(values).all() for values in columns) or (columns[3] <= 0).any():
        raise MetaAnalysisError("A moderator, effect, variance or weight is missing or a weight is not positive; expected a number for each study: leave such studies out.")
    return columns


def _checked_line(line):
    line = {name: np.asarray(line[name], float) for name in ("x", "estimate", "ci_low", "ci_high") if name in line}
    if len(line) < 4 or len({values.shape for values in line.values()}) > 1:
        raise MetaAnalysisError("The line needs x, estimate, ci_low and ci_high, four vectors of one length: predict the meta-regression at some values of the moderator.")
    order = np.argsort(line["x"], kind="stable")
    return {name: values[order] for name, values in line.items()}


def _radii(weights):
    return np.maximum(_LARGEST_PT * np.sqrt(weights / weights.max()), _SMALLEST_PT)


def _draw_line(axes, line):
    axes.fill_between(line["x"], line["ci_low"], line["ci_high"], color=look.SHADES[2], linewidth=0, zorder=0, gid="band")
    axes.plot(line["x"], line["estimate"], color=look.POOLED, lw=1.3, zorder=2, gid="line")


def bubble_plot(moderator, yi, vi, line=None, *, weights=None, study=None, measure="", moderator_name="Moderator", note="", title=""):
    """Draw a bubble plot (Thompson and Higgins 2002, Stat Med 21:1559).

    Parameters
    ----------
    moderator, yi, vi : array_like, shape (k,)
        The moderator, effects (log scale for ratios) and their variances.
    line : mapping of array_like, optional
        ``x, estimate, ci_low, ci_high``, each of shape (m,): what a meta-regression predicts at values x of the moderator.
    weights : array_like, shape (k,), optional
        Areas of the bubbles are in proportion to them, but for a least size; ``1 / vi`` by default.
    study : sequence of str, optional
        Names, written where there is room, those of the heaviest studies first.
    measure : str
        ``"HR"``, ``"RR"``, ``"OR"`` (all on the log scale), ``"RD"``, or empty.
    moderator_name, note, title : str
        Below the axis, below that, and above.

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`.

    Raises
    ------
    MetaAnalysisError
    """
    sizes = "inverse of the variance" if weights is None else "weights"
    moderator, yi, vi, weights = _checked(moderator, yi, vi, weights)
    line = _checked_line(line) if line is not None else None
    seen = [yi, [0.0]] + ([line[name] for name in ("estimate", "ci_low", "ci_high")] if line else [])
    low, high = look.padded(np.concatenate(seen), 0.07)
    frame = look.new_frame(
        _WIDTH, _HEIGHT, title=title, notes=[note, f"k = {len(yi)}. Areas in proportion to the {sizes}."],
        left=look.room_for(look.effect_ticks(low, high, is_ratio=look.is_ratio(measure))[1]),
    )
    axes = frame.axes
    axes.set_xlim(*look.padded(np.concatenate([moderator, line["x"]] if line else [moderator]), 0.07))
    axes.set_ylim(low, high)
    look.set_ticks(axes.xaxis, *look.plain_ticks(*axes.get_xlim()))
    look.set_label(axes.xaxis, moderator_name)
    look.set_effect_axis(axes.yaxis, low, high, measure)
    axes.axhline(0, color=look.FAINT, lw=0.8, zorder=1, gid="no-effect")
    if line:
        _draw_line(axes, line)
    radii = _radii(weights)
    axes.scatter(moderator, yi, s=(2 * radii) ** 2, facecolor=look.STUDY, alpha=0.55, edgecolor="none", zorder=3, gid="studies")
    axes.scatter(moderator, yi, s=(2 * radii) ** 2, facecolor="none", edgecolor=look.STUDY, linewidth=0.8, zorder=4, gid="rims")
    if study is not None:
        first = np.argsort(-weights, kind="stable")
        lines = [np.column_stack([line["x"], line["estimate"]])] if line else []
        label_points(axes, moderator[first], yi[first], [str(study[row]) for row in first[:_MOST_NAMES]], radius=radii[first], lines=lines)
    return frame.figure
