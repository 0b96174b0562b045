"""Funnel plots: effects against their standard errors, with contours of significance and pseudo-confidence limits.

Examples
--------
>>> import numpy as np
>>> from metaanalysis import pool
>>> figure = funnel_plot(pool(np.linspace(-0.8, 0.2, 12), np.linspace(0.01, 0.3, 12), measure="HR"), fill=True)
>>> figure.axes[0].get_ylabel()
'Standard error of log HR'
"""

from contextlib import suppress

import numpy as np
from scipy.special import ndtri

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pictures import look
from metaanalysis.pictures.forest_lines import format_p, model_name
from metaanalysis.pictures.labels import label_points
from metaanalysis.robustness.odds_asymmetry import harbord, peters
from metaanalysis.robustness.refits import check_model, require_studies
from metaanalysis.robustness.small_studies import SMALL_STUDY_MINIMUM, require_small_studies

CONTOURS = (0.90, 0.95, 0.99)
"""Levels of the contours around no effect (Peters et al. 2008, J Clin Epidemiol 61:991)."""

_CONTOUR_NAMES = ("P > 0.10", "0.10 ≥ P > 0.05", "0.05 ≥ P > 0.01", "P ≤ 0.01")
_WIDTH, _HEIGHT = 330.0, 270.0
_KEY_PT = 13.0
_DASHED, _DOTTED = (0, (4, 3)), (0, (1, 1.5))


def _tests_told(pooled):
    """P of the tests that suit the measure."""
    if pooled.measure == "OR" and pooled.counts is not None:
        results = []
        for test in (harbord, peters):
            with suppress(MetaAnalysisError):  # where all precisions are equal there is no test to tell
                results.append(test(*pooled.counts.T))
        return " ".join(f"{result.method}: {format_p(result.p)}." for result in results)
    return f"Egger: {format_p(pooled.egger.p)}." if pooled.egger else ""


def _notes(pooled, result, filled):
    told = look.format_interval(pooled.measure, result.estimate, result.ci_low, result.ci_high)
    sentences = [f"k = {pooled.k}. Line: {model_name(result)}, {told}; dashed: its pseudo {100 * pooled.settings.level:g}\u00a0% limits. {_tests_told(pooled)}"]
    if filled is not None:
        told = look.format_interval(pooled.measure, filled.estimate, filled.ci_low, filled.ci_high)
        added = f"{filled.k0} {'study' if filled.k0 == 1 else 'studies'} added on the {filled.side}" if filled.k0 else "no study added"
        sentences.append(f"Trim and fill: {added}; random effects {told}.")
    return sentences


def _half(level, sei):
    """Half the width of an interval of a level around the middle of the funnel, at a standard error."""
    return float(ndtri(0.5 + level / 2)) * sei


def _draw_contours(axes, deepest):
    from matplotlib.patches import Polygon

    axes.set_facecolor(look.SHADES[-1])
    for level, shade in sorted(zip(CONTOURS, look.SHADES, strict=False), reverse=True):
        half = _half(level, deepest)
        axes.add_patch(Polygon([(0, 0), (half, deepest), (-half, deepest)], closed=True, facecolor=shade, edgecolor="none", zorder=0, gid=f"contour-{level:g}"))


def _draw_limits(axes, limits, deepest):
    low, centre, high = limits
    axes.plot([centre, centre], [0, deepest], color=look.POOLED, lw=1.1, zorder=2, gid="estimate")
    for limit, name in ((low, "limit-low"), (high, "limit-high")):
        axes.plot([centre, limit], [0, deepest], color=look.POOLED, lw=0.9, ls=_DASHED, zorder=2, gid=name)


def _key(contours, fill):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = []
    if contours:
        handles += [Patch(facecolor=shade, edgecolor=look.FAINT, linewidth=0.5, label=name) for shade, name in zip(look.SHADES, _CONTOUR_NAMES, strict=True)]
    if fill:
        handles.append(Line2D([], [], ls="", marker="o", mfc="white", mec=look.FLAGGED, ms=5, label="filled in"))
        handles.append(Line2D([], [], color=look.FLAGGED, lw=1.1, ls=_DOTTED, label="random effects with them"))
    return handles


def _draw_studies(axes, pooled, filled, *, labels):
    sei = np.sqrt(pooled.vi)
    axes.scatter(pooled.yi, sei, s=24, facecolor=look.STUDY, edgecolor="white", linewidth=0.6, zorder=5, gid="studies", clip_on=False)
    x, y = pooled.yi, sei
    if filled is not None and filled.k0:
        x, y = np.append(x, filled.filled_yi), np.append(y, np.sqrt(filled.filled_vi))
        axes.scatter(filled.filled_yi, np.sqrt(filled.filled_vi), s=22, facecolor="white", edgecolor=look.FLAGGED, linewidth=1.1, zorder=4.5, gid="filled", clip_on=False)
        axes.axvline(filled.estimate, color=look.FLAGGED, lw=1.1, ls=_DOTTED, zorder=2, gid="filled-estimate")
    if labels:
        label_points(axes, x, y, pooled.study, lines=[line.get_xydata() for line in axes.lines if line.get_gid() != "filled-estimate"])


def _draw_axes(axes, pooled, across, deepest):
    axes.set_xlim(*across)
    axes.set_ylim(deepest, 0)
    look.set_effect_axis(axes.xaxis, *across, pooled.measure)
    look.set_ticks(axes.yaxis, *look.plain_ticks(0, deepest))
    look.set_label(axes.yaxis, look.error_label(pooled.measure))


def funnel_plot(pooled, *, model="random", contours=True, fill=False, labels=False, title=""):
    """Draw a funnel plot.

    Shaded are the regions of two-sided P around no effect (Peters et al. 2008, J Clin Epidemiol 61:991). The vertical line
    is the pooled estimate; the dashed limits are ``estimate ± z sei``, where that share of studies would lie without
    heterogeneity.

    Parameters
    ----------
    pooled : PooledEstimate
        k of at least 10.
    model : {"random", "fixed"}
        Whose estimate is drawn.
    contours : bool
    fill : bool
        Show what trim and fill adds, hollow, and the estimate with it, dotted.
    labels : bool
        Name the studies, where there is room.
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
    require_studies(pooled, 1, "A funnel plot")
    require_small_studies(pooled.k, "A funnel plot", SMALL_STUDY_MINIMUM)
    result, filled = getattr(pooled, model), pooled.trim_fill if fill else None
    deepest = 1.06 * float(np.sqrt(pooled.vi.max()))
    limits = result.estimate + np.array([-1, 0, 1]) * _half(pooled.settings.level, deepest)
    across = look.padded(np.concatenate([pooled.yi, limits, [0.0], filled.filled_yi if fill else []]), 0.03)
    key = _key(contours, fill)
    columns = 3 if fill and contours else 4
    frame = look.new_frame(
        _WIDTH, _HEIGHT, title=title, notes=_notes(pooled, result, filled), key=_KEY_PT * -(-len(key) // columns),
        left=look.room_for(look.plain_ticks(0, deepest)[1]),
    )
    look.draw_key(frame, key, columns=columns)
    _draw_axes(frame.axes, pooled, across, deepest)
    if contours:
        _draw_contours(frame.axes, deepest)
    _draw_limits(frame.axes, limits, deepest)
    _draw_studies(frame.axes, pooled, filled, labels=labels)
    return frame.figure
