"""Forest plots of refits: cumulative, and with each study left out.

Examples
--------
>>> from metaanalysis import pool
>>> from metaanalysis.robustness.refits import cumulative
>>> pooled = pool([-0.4, -0.3, 0.1], [0.04, 0.05, 0.06], study=["A", "B", "C"], measure="HR")
>>> figure = cumulative_plot(cumulative(pooled, by=[2004, 1999, 2011]), key_name="Year")
>>> [text.get_text() for text in figure.texts if text.get_gid() == "cell-Study added"]
['B', '+ A', '+ C']
"""

from dataclasses import dataclass

import numpy as np

from metaanalysis.pictures import look, palette
from metaanalysis.pictures.forest_lines import model_name
from metaanalysis.pictures.forest_numbers import format_p
from metaanalysis.robustness.refits import LEAVE_ONE_OUT_MINIMUM, check_model, leave_one_out, refit, require_studies

_WIDTH, _GAP_PT, _NAMES_PT = 210.0, 14.0, 170.0
_FEW_PT, _MANY_PT, _FEW = 15.0, 12.0, 25
_HEADING_PT, _SHARE_INSIDE, _DIAMOND = 24.0, 0.8, 0.32


@dataclass(frozen=True)
class _Column:
    """A column of text beside the drawn part."""

    heading: str
    cells: tuple
    is_left_aligned: bool = False

    @property
    def width(self):
        heading = look.text_width(self.heading, look.FONT_PT, "bold")
        return max([heading] + [look.text_width(cell) for cell in self.cells])


def _result_columns(results, measure, level):
    p = [format_p(result.p).removeprefix("P = ").removeprefix("P ") for result in results]
    i2 = [f"{result.i2:.0f}" if np.isfinite(result.i2) else "–" for result in results]
    effects = [look.format_interval(measure, result.estimate, result.ci_low, result.ci_high) for result in results]
    return [
        _Column(f"{measure or 'Effect'} [{100 * level:g} % CI]", tuple(effects)), _Column("P", tuple(p)), _Column("I², %", tuple(i2)),
    ]


def _across(results):
    """Limits of the axis: all estimates, the last interval, and most of the others."""
    low, high = (np.array([getattr(result, name) for result in results]) for name in ("ci_low", "ci_high"))
    seen = [result.estimate for result in results] + [low[-1], high[-1], 0.0]
    seen += [np.quantile(low, 1 - _SHARE_INSIDE), np.quantile(high, _SHARE_INSIDE)]
    return look.padded(seen, 0.06)


def _draw_row(axes, result, row, *, is_total):
    from matplotlib.patches import Polygon

    low, high = axes.get_xlim()
    if is_total:
        corners = [(result.ci_low, row), (result.estimate, row - _DIAMOND), (result.ci_high, row), (result.estimate, row + _DIAMOND)]
        axes.add_patch(Polygon(corners, closed=True, facecolor=palette.INK, edgecolor=palette.INK, lw=0.8, zorder=4, gid="total"))
        return
    axes.plot([result.ci_low, result.ci_high], [row, row], color=palette.INK, lw=1.0, solid_capstyle="butt", zorder=3, gid="interval")
    for is_beyond, edge, marker in ((result.ci_low < low, low, "<"), (result.ci_high > high, high, ">")):
        if is_beyond:
            axes.plot([edge], [row], marker=marker, ms=4.5, color=palette.INK, mec="none", zorder=3, clip_on=False, gid="arrow")
    axes.plot([result.estimate], [row], marker="s", ms=5.0, color=palette.STUDY, mec="none", zorder=4, gid="estimate")


def _write_columns(figure, columns, left, top, row_pt):
    """Write columns of text from `left` on; the headings end above `top`."""
    for column in columns:
        at, align = (left, "left") if column.is_left_aligned else (left + column.width, "right")
        look.write(figure, at, top - 7, column.heading, ha=align, va="bottom", weight="bold", gid="heading")
        for row, cell in enumerate(column.cells):
            weight = "bold" if row == len(column.cells) - 1 else "normal"
            look.write(figure, at, top + (row + 0.5) * row_pt, cell, ha=align, va="center", weight=weight, gid=f"cell-{column.heading}")
        left += column.width + _GAP_PT


def _leave(results, low, high):
    """Whether an interval leaves the axis from `low` to `high`, and is drawn with an arrow there."""
    return any(result.ci_low < low or result.ci_high > high for result in results[:-1])


def _plot(results, first, *, measure, level, note, title):
    """Draw rows of results, the last a diamond, with columns of text on both sides."""
    last, k, limits = _result_columns(results, measure, level), len(results), _across(results)
    notes = [f"{note} Arrows: intervals that leave the axis." if _leave(results, *limits) else note]
    row_pt = _FEW_PT if k <= _FEW else _MANY_PT
    left = look.MARGIN_PT + sum(column.width + _GAP_PT for column in first)
    frame = look.new_frame(
        _WIDTH, k * row_pt, title=title, notes=notes, left=left, right=_GAP_PT + sum(column.width + _GAP_PT for column in last), top=_HEADING_PT,
    )
    axes = frame.axes
    axes.set_xlim(*limits)
    axes.set_ylim(k - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    look.set_ticks(axes.yaxis, [], [])
    look.set_effect_axis(axes.xaxis, *axes.get_xlim(), measure)
    axes.axvline(0, color=palette.FAINT, lw=0.9, zorder=1, gid="no-effect")
    axes.axvline(results[-1].estimate, color=palette.POOLED, lw=0.8, ls=(0, (4, 3)), zorder=1, gid="all-studies")
    for row, result in enumerate(results):
        _draw_row(axes, result, row, is_total=row == k - 1)
    top = 72 * frame.figure.get_size_inches()[1] * (1 - axes.get_position().y1)
    _write_columns(frame.figure, first, look.MARGIN_PT, top, row_pt)
    _write_columns(frame.figure, last, left + _WIDTH + _GAP_PT, top, row_pt)
    return frame.figure


def _key_text(key):
    if isinstance(key, float):
        return f"{key:.3g}" if not key.is_integer() else f"{key:.0f}"
    return str(key)


def cumulative_plot(cumulative, *, key_name="", title=""):
    """Draw a cumulative meta-analysis: each row is the result of the studies up to it, the diamond that of all.

    Parameters
    ----------
    cumulative : Cumulative
        By `metaanalysis.robustness.refits.cumulative`.
    key_name : str
        What the studies are ordered by, such as Year; heads a column of its own.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`.
    """
    steps = cumulative.steps
    first = [_Column("Study added", tuple(look.shortened(("+ " if row else "") + step.added, _NAMES_PT) for row, step in enumerate(steps)), True)]
    if key_name:
        first.append(_Column(key_name, tuple(_key_text(step.key) for step in steps)))
    first.append(_Column("k", tuple(str(step.k) for step in steps)))
    model = "fixed effect" if cumulative.model == "fixed" else "random effects"
    note = f"Cumulative, {model}; the diamond is the result of all {len(steps)} studies."
    return _plot(steps, first, measure=cumulative.measure, level=cumulative.level, note=note, title=title)


def leave_one_out_plot(pooled, *, model="random", title=""):
    """Draw the result without each study in turn, and that of all as a diamond.

    Parameters
    ----------
    pooled : PooledEstimate
        k of at least 3.
    model : {"random", "fixed"}
        Fixed is by inverse variance.
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
    require_studies(pooled, LEAVE_ONE_OUT_MINIMUM, "Leave-one-out")
    results = leave_one_out(pooled.yi, pooled.vi, pooled.study, pooled.settings, model=model)
    whole = refit(pooled.yi, pooled.vi, pooled.settings, model)
    names = (*(look.shortened(f"− {name}", _NAMES_PT) for name in pooled.study), "All studies")
    name = model_name(pooled.random) if model == "random" else "fixed effect, IV"
    note = f"Pooled by {name}, without each study in turn; the diamond is the result of all {pooled.k}."
    return _plot((*results, whole), [_Column("Study left out", names, True)], measure=pooled.measure, level=pooled.settings.level, note=note, title=title)
