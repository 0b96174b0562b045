"""Picture of a trial sequential analysis: the cumulative Z on its way through the boundaries.

The trials' names stand in a band above, spread so that none covers another, each with a line down to its point.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import ndtri

from metaanalysis.monitoring.alpha_spending import obrien_fleming_spending
from metaanalysis.monitoring.result import percent, told_size, unit

_INK, _FAINT, _LEADER, _Z, _BOUNDARY, _FUTILITY = "#1a1a1a", "#7d8288", "#b9bdc2", "#2f6690", "#9b2226", "#b07d2b"
_LETTER = 0.62  # width of a letter in heights of the font, at most


@dataclass(frozen=True)
class SequentialStyle:
    """Sizes of the picture of a trial sequential analysis, in points.

    Attributes
    ----------
    font_pt, plot_width_pt, plot_height_pt : float
    left_pt, right_pt, bottom_pt : float
        Margins around the plot; above it the names take what they need.
    name_pt : float
        Size of the trials' names, made smaller where there are too many.
    elbow_pt : float
        Height in which the names' lines bend from their points to the spread names.
    longest_name : int
        In letters; longer ones end in an ellipsis.
    highest_z : float
        Where the axis ends at most, unless the cumulative Z itself lies beyond.
    """

    font_pt: float = 8.5
    plot_width_pt: float = 500.0
    plot_height_pt: float = 300.0
    left_pt: float = 44.0
    right_pt: float = 28.0
    bottom_pt: float = 62.0
    name_pt: float = 8.0
    elbow_pt: float = 20.0
    longest_name: int = 26
    highest_z: float = 8.0


def sequential_plot(analysis, *, style=None, title=""):
    """Draw a trial sequential analysis.

    The cumulative Z with each trial named, boundaries for benefit and harm, the futility wedge, the conventional
    boundaries, and the required information. A boundary is defined at the looks (dots); between them it is drawn straight
    on the score scale, and left of the first as that of a single look.

    Parameters
    ----------
    analysis : SequentialAnalysis
    style : SequentialStyle, optional
    title : str
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from metaanalysis.pooling import pool
    >>> from metaanalysis.monitoring.analysis import sequential
    >>> pooled = pool([-0.3, -0.5, -0.2], [0.04, 0.09, 0.02], measure="HR")
    >>> figure = sequential_plot(sequential(pooled, effect=0.75))
    >>> figure.axes[0].get_ylabel()
    'Cumulative Z'
    """
    style = style or SequentialStyle()
    names = [study if len(study) <= style.longest_name else study[: style.longest_name - 1].rstrip() + "…" for study in analysis.study]
    size = min(style.name_pt, style.plot_width_pt / (1.2 * len(names)))
    figure, axes = _page(style, style.elbow_pt + _LETTER * size * max(map(len, names)), title)
    top, right = _top(analysis, style), _right(analysis)
    axes.set_xlim(0, right)
    axes.set_ylim(-top, top)
    _draw_frame(axes, analysis, style)
    _draw_conventional(axes, analysis)
    _draw_boundaries(axes, analysis, top)
    _draw_wedge(axes, analysis)
    _draw_required(axes, analysis, style, right)
    _draw_z(axes, analysis)
    _draw_names(axes, analysis, names, size, style)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -34 / style.plot_height_pt), ncols=4, frameon=False, fontsize=style.font_pt - 0.5,
        handlelength=2.2, columnspacing=1.2, borderaxespad=0,
    )
    return figure


def _page(style, band_pt, title):
    """Figure of the size that the names need, with axes of the size that the style states."""
    from matplotlib.figure import Figure

    title_pt = 2.2 * style.font_pt if title else 0.4 * style.font_pt
    width = style.left_pt + style.plot_width_pt + style.right_pt
    height = style.bottom_pt + style.plot_height_pt + band_pt + title_pt
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((
        style.left_pt / width, style.bottom_pt / height, style.plot_width_pt / width, style.plot_height_pt / height,
    ))
    if title:
        figure.text(style.left_pt / width, 1 - 0.5 * style.font_pt / height, title, fontsize=style.font_pt + 2, fontweight="bold", ha="left", va="top")
    return figure, axes


def _top(analysis, style):
    finite = analysis.boundary[np.isfinite(analysis.boundary)]
    return math.ceil(max([4.0, *np.abs(analysis.z), *np.minimum(finite, style.highest_z)]) + 0.2)


def _is_far(analysis):
    """Whether the required information is so far off that the axis ends before it."""
    return analysis.fraction[-1] < 0.1


def _right(analysis):
    return 1.05 * (3 * analysis.size[-1] if _is_far(analysis) else max(analysis.required, analysis.size[-1]))


def _draw_frame(axes, analysis, style):
    label = {"patients": "Patients", "events": "Events", "statistical": "Information (inverse variance)"}[analysis.settings.information]
    axes.set_xlabel(f"{label}, cumulative", fontsize=style.font_pt)
    axes.set_ylabel("Cumulative Z", fontsize=style.font_pt)
    axes.tick_params(labelsize=style.font_pt, color=_FAINT)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == round(value) else f"{value:,.1f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.axhline(0, color=_INK, linewidth=0.8, zorder=1)
    for text, height in (("Benefit \N{RIGHTWARDS ARROW}", 0.76), ("\N{LEFTWARDS ARROW} Harm", 0.24)):
        axes.annotate(
            text, (1, height), (8, 0), xycoords="axes fraction", textcoords="offset points", rotation=90,
            ha="left", va="center", fontsize=style.font_pt, color=_FAINT,
        )


def _draw_conventional(axes, analysis):
    label = f"Conventional, two-sided alpha {100 * analysis.settings.alpha:g} %"
    for sign in (1, -1):
        axes.axhline(sign * analysis.conventional, color=_FAINT, linewidth=1.0, linestyle=(0, (4, 3)), label=label if sign > 0 else None, zorder=1)


def _boundary_line(analysis, top):
    """Sizes and Z of the boundary for benefit up to the required information."""
    looked = np.isfinite(analysis.boundary) & (analysis.fraction < 1)
    fraction, boundary = np.append(analysis.fraction[looked], 1.0), np.append(analysis.boundary[looked], analysis.boundary_at_required)
    single = np.geomspace(fraction[0] / 30, fraction[0], 60)[:-1]
    between = np.unique(np.concatenate([fraction, np.linspace(fraction[0], 1, 200)]))
    score = np.interp(between, fraction, boundary * np.sqrt(fraction))
    with np.errstate(divide="ignore"):
        early = -ndtri(obrien_fleming_spending(single, analysis.settings.alpha / 2))
    line = np.concatenate([early, score / np.sqrt(between)])
    drawn = line <= 3 * top
    return (np.concatenate([single, between]) * analysis.required)[drawn], line[drawn]


def _draw_boundaries(axes, analysis, top):
    sizes, boundary = _boundary_line(analysis, top)
    looked = (analysis.boundary <= top) & (analysis.fraction < 1)
    if not looked.any() and _is_far(analysis):
        return
    for sign in (1, -1):
        axes.plot(sizes, sign * boundary, color=_BOUNDARY, linewidth=1.6, label="Boundaries for benefit and harm" if sign > 0 else None, zorder=2)
        axes.plot(analysis.size[looked], sign * analysis.boundary[looked], "o", color=_BOUNDARY, markersize=2.8, zorder=2)


def _draw_wedge(axes, analysis):
    has = np.isfinite(analysis.futility)
    if not has.any():
        return
    sizes = np.append(analysis.size[has], analysis.required)
    wedge = np.append(analysis.futility[has], analysis.boundary_at_required)
    axes.fill_between(sizes, -wedge, wedge, color=_FUTILITY, alpha=0.13, linewidth=0, zorder=0)
    for sign in (1, -1):
        axes.plot(sizes, sign * wedge, color=_FUTILITY, linewidth=1.3, linestyle=(0, (6, 2)), label="Futility wedge" if sign > 0 else None, zorder=2)


def _draw_required(axes, analysis, style, right):
    text = f"Required: {told_size(math.ceil(analysis.required), analysis.settings.information)} {unit(analysis.settings.information)}"
    place, at_left = (analysis.required, 0), analysis.required > 0.5 * right
    if analysis.required > right:
        text, place = f"{text} \N{RIGHTWARDS ARROW}\n{percent(analysis.fraction[-1])} of them there", (right, 0)
    else:
        axes.axvline(analysis.required, color=_INK, linewidth=1.2, zorder=1)
    axes.annotate(
        text, place, (-5 if at_left else 5, 6), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="right" if at_left else "left", va="bottom", fontsize=style.font_pt, color=_INK,
    )


def _draw_z(axes, analysis):
    axes.plot(
        np.concatenate([[0.0], analysis.size]), np.concatenate([[0.0], analysis.z]), color=_Z, linewidth=1.9,
        marker="s", markersize=4.0, markevery=slice(1, None), label="Cumulative Z", zorder=4,
    )


def _spread(wanted, gap, end):
    """Places in rising order, at least a gap apart and within the end, as near to the wanted ones as can be."""
    steps = gap * np.arange(len(wanted))
    return np.clip(isotonic_regression(wanted - steps).x, gap / 2, end - steps[-1]) + steps


def _draw_names(axes, analysis, names, size, style):
    """Names in the band above the plot; a line from each down to its point, bent where the name had to move."""
    point = analysis.size / axes.get_xlim()[1] * style.plot_width_pt
    places = _spread(point, 1.2 * size, style.plot_width_pt + style.right_pt - size)
    axes.vlines(analysis.size, analysis.z, axes.get_ylim()[1], color=_LEADER, linewidth=0.5, zorder=0)
    for name, at, place in zip(names, point, places, strict=True):
        x, above = place / style.plot_width_pt, 1 + style.elbow_pt / style.plot_height_pt
        axes.plot(
            [at / style.plot_width_pt, x, x], [1, 1 + 0.75 * (above - 1), 1 + 0.93 * (above - 1)], transform=axes.transAxes,
            color=_LEADER, linewidth=0.5, clip_on=False, zorder=0,
        )
        axes.text(x, above, name, transform=axes.transAxes, rotation=90, ha="center", va="bottom", fontsize=size, color=_INK)
