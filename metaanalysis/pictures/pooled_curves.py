"""The picture of pooled Kaplan-Meier curves, with who is at risk, and hazard ratios by window of time below them.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis import Patients, pool_curves
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> figure = pooled_curves_plot(pool_curves(Patients.of(table)))
>>> figure.axes[0].get_ylabel()
'Survival'
"""

import math
from dataclasses import dataclass

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.measures import ratio_of
from metaanalysis.patients.pooled_curves import ARMS, METHODS
from metaanalysis.pictures import palette
from metaanalysis.pictures.look import shortened, text_width, wrapped
from metaanalysis.wording import counted

_COLOURS, _DASHES = (palette.STUDY, palette.POOLED), ("-", (0, (5, 1.6)))
_TICK_SETS = ((0.5, 0.7, 1, 1.4, 2), (0.2, 0.5, 1, 2, 5), (0.1, 0.3, 1, 3, 10), (0.01, 0.1, 1, 10, 100))
_AT_RISK_SHARE = 0.05
_NAMES = {
    "standardised": "Mean of the trials' Kaplan-Meier curves, weighted by their patients, the same in both arms",
    "summary": "Summary curve with random effects (Combescure 2014), at the ends of intervals",
    "simple": "All patients of an arm together, whatever their trial",
}


@dataclass(frozen=True)
class CurvesStyle:
    """Sizes of the picture, in points.

    Attributes
    ----------
    width_pt, curve_pt : float
        Width of the page and height of the curves.
    font_pt, row_pt : float
        Text size and height of a line of a table.
    margin_pt, left_pt : float
        Space around, and least space from the page's edge to the axis.
    name_pt : float
        Greatest width of an arm's name beside the counts; longer names end in an ellipsis.
    """

    width_pt: float = 470.0
    curve_pt: float = 235.0
    font_pt: float = 8.5
    row_pt: float = 14.0
    margin_pt: float = 14.0
    left_pt: float = 92.0
    name_pt: float = 150.0


@dataclass(frozen=True)
class _Page:
    """A page of points, its origin at the top left; `left` is where the time axis begins."""

    figure: object
    height: float
    left: float
    style: CurvesStyle

    def axes(self, top, height, left):
        width = self.style.width_pt - left - self.style.margin_pt
        return self.figure.add_axes((left / self.style.width_pt, 1 - (top + height) / self.height, width / self.style.width_pt, height / self.height))

    def text(self, x, y, words, **options):
        options = {"fontsize": self.style.font_pt, "color": palette.INK, "va": "center"} | options
        self.figure.text(x / self.style.width_pt, 1 - y / self.height, words, **options)


def _last_shown(curves, drawn):
    """Where the time axis ends: where the pooled curves do; a simple one while a twentieth of the patients are at risk."""
    if "simple" not in drawn:
        return curves.until
    total = curves.n_risk.sum(axis=0)
    return max(curves.until, float(curves.risk_time[total >= _AT_RISK_SHARE * total[0]].max()))


def _draw_band(axes, curve, colour):
    axes.fill_between(curve.time, curve.ci_low, curve.ci_high, step="post", color=colour, alpha=0.16, lw=0, zorder=1)


def _draw_points(axes, curve, colour):
    """A summary curve is known at the ends of its intervals: points with limits, joined by straight lines."""
    inside, aside = slice(1, None), (0.004 if colour == _COLOURS[1] else -0.004) * curve.time[-1]
    limits = np.array([curve.survival - curve.ci_low, curve.ci_high - curve.survival])[:, inside]
    axes.errorbar(curve.time[inside] + aside, curve.survival[inside], limits, color=colour, fmt="none", elinewidth=0.9, zorder=3)
    axes.plot(curve.time[inside], curve.survival[inside], color=colour, ls="", marker="o", ms=3.2, zorder=4)


def _draw_curves(axes, curves, method, beside, names):
    for arm, name, colour, dash in zip(ARMS, names, _COLOURS, _DASHES, strict=True):
        curve = curves.curve(method, arm)
        if method == "summary":
            _draw_points(axes, curve, colour)
            axes.plot(curve.time, curve.survival, color=colour, ls=dash, lw=1.7, label=name, zorder=4)
        else:
            _draw_band(axes, curve, colour)
            axes.step(curve.time, curve.survival, where="post", color=colour, ls=dash, lw=1.7, label=name, zorder=4)
        for other in beside:
            thin = curves.curve(other, arm)
            axes.step(thin.time, thin.survival, where="post", color=colour, ls=dash, lw=0.8, alpha=0.6, zorder=2)


def _curve_panel(page, top, curves, options):
    axes, font = page.axes(top, page.style.curve_pt, page.left), page.style.font_pt
    _draw_curves(axes, curves, options["method"], options["beside"], options["names"])
    last = _last_shown(curves, {options["method"], *options["beside"]})
    axes.set(xlim=(0, 1.01 * last), ylim=(0, 1.01))
    axes.set_xticks(curves.risk_time[curves.risk_time <= last * (1 + 1e-9)])
    axes.tick_params(labelsize=font, color=palette.INK, labelcolor=palette.INK, width=0.8, length=3.5)
    axes.set_xlabel(f"Time ({options['unit']})" if options["unit"] else "Time", fontsize=font, color=palette.INK)
    axes.set_ylabel("Survival", fontsize=font, color=palette.INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=palette.INK, lw=0.8)
    axes.legend(loc="upper right", fontsize=font, frameon=False, handlelength=2.6, labelcolor=palette.INK, borderaxespad=0.2)
    return axes


def _at_risk_table(page, top, curves, axes, names):
    style = page.style
    page.text(style.margin_pt, top, "At risk", weight="bold")
    low, high = axes.get_xlim()
    shown = curves.risk_time <= high * (1 + 1e-9)
    width = style.width_pt - page.left - style.margin_pt
    for row, (name, colour) in enumerate(zip(names, _COLOURS, strict=True), 1):
        y = top + row * style.row_pt
        page.text(style.margin_pt, y, name, color=colour)
        for at, n in zip(curves.risk_time[shown], curves.n_risk[row - 1, shown], strict=True):
            page.text(page.left + width * (at - low) / (high - low), y, f"{n}", ha="center")


def _ratio(value):
    return f"{value:.2f}" if 0.005 <= value < 100 else f"{value:.1g}" if value < 0.005 else "> 100"


def _effect(numbers):
    """``0.72 [0.58, 0.89]`` from logarithms."""
    if not math.isfinite(numbers[0]):
        return "not estimable"
    ratio, low, high = (_ratio(ratio_of(value)) for value in numbers)
    return f"{ratio} [{low}, {high}]"


def _window_rows(windows):
    """Name, events, trials, and logarithms of ratio and limits of each window; of one stage where two stages have none."""
    for window in windows.windows:
        result = window.two_stage.pooled if window.two_stage else window.one_stage
        numbers = (result.estimate, result.ci_low, result.ci_high) if result else (math.nan,) * 3
        yield window.name, window.n_events, window.two_stage.pooled.k if window.two_stage else 0, numbers


def _ticks(rows):
    """The narrowest set of ticks that holds the estimates and most limits."""
    estimates = [abs(numbers[0]) for *_, numbers in rows if math.isfinite(numbers[0])]
    limits = [abs(value) for *_, numbers in rows for value in numbers[1:] if math.isfinite(value)]
    for ticks in _TICK_SETS:
        reach = math.log(ticks[-1])
        if all(value <= reach for value in estimates) and sum(value <= reach for value in limits) >= 0.65 * len(limits):
            break
    return ticks


def _draw_ratio(axes, y, numbers):
    estimate, low, high = numbers
    if not math.isfinite(estimate):
        return
    least, most = axes.get_xlim()
    axes.plot([max(low, least), min(high, most)], [y, y], color=palette.INK, lw=1.0, solid_capstyle="butt", zorder=3)
    for beyond, edge, marker in ((low < least, least, "<"), (high > most, most, ">")):
        if beyond:
            axes.plot([edge], [y], marker=marker, ms=4.5, color=palette.INK, mec="none", clip_on=False, zorder=3)
    axes.plot([estimate], [y], marker="s", ms=6, color=_COLOURS[0], mec="none", zorder=4)


def _window_panel(page, top, windows, unit):
    """A forest plot with a row per window."""
    style, rows = page.style, list(_window_rows(windows))
    titles = (f"Window ({unit})" if unit else "Window", "Events", "Trials", f"Hazard ratio\n[{100 * windows.level:g} % CI]")
    name_width = max(text_width(titles[0], style.font_pt, "bold"), *(text_width(row[0], style.font_pt) for row in rows))
    columns = tuple(style.margin_pt + name_width + further for further in (-name_width, 50, 92, 192))
    for x, words, align in zip(columns, titles, ("left", "right", "right", "right"), strict=True):
        page.text(x, top, words, weight="bold", ha=align, va="bottom")
    axes = page.axes(top + 3, len(rows) * style.row_pt + 4, columns[-1] + 20)
    ticks = _ticks(rows)
    axes.set(xlim=(math.log(ticks[0]) * 1.04, math.log(ticks[-1]) * 1.04), ylim=(len(rows) - 0.5, -0.6))
    axes.axvline(0, color=palette.INK, lw=0.8, zorder=1)
    for number, (name, n_events, k, numbers) in enumerate(rows):
        y = top + 3 + (len(rows) * style.row_pt + 4) * (number + 0.6) / (len(rows) + 0.1)
        for x, words, align in zip(columns, (name, f"{n_events}", f"{k}" if k else "–", _effect(numbers)), ("left", "right", "right", "right"), strict=True):
            page.text(x, y, words, ha=align)
        _draw_ratio(axes, number, numbers)
    axes.set_yticks([])
    axes.set_xticks([math.log(tick) for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes.tick_params(labelsize=style.font_pt, color=palette.INK, labelcolor=palette.INK, width=0.8, length=3.5)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=palette.INK, lw=0.8)
    return axes


def _favours(page, axes, y, names):
    """What ratios left and right of 1 favour, around the line at 1."""
    box = axes.get_position()
    low, high = axes.get_xlim()
    null = page.style.width_pt * (box.x0 + box.width * (0 - low) / (high - low))
    for x, words, align in ((null - 5, f"← {names[0]} better", "right"), (null + 5, f"{names[1]} better →", "left")):
        page.text(x, y, words, ha=align, fontsize=page.style.font_pt - 1)


def _notes(curves, windows, options):
    limits = f"{100 * curves.level:g} % pointwise limits"
    yield f"{_NAMES[options['method']]}, with {limits}; {counted(curves.k, 'trial')}."
    yield from (f"Thin: {_NAMES[other][0].lower()}{_NAMES[other][1:]}." for other in options["beside"])
    yield from curves.notes
    if windows:
        results = [window.two_stage.pooled.random for window in windows.windows if window.two_stage]
        how = f"pooled with random effects ({results[0].method})" if results else "of one stage"
        yield f"Hazard ratios by window: events of the window alone, everybody at risk who is followed into it; Cox models of each trial, {how}."


def pooled_curves_plot(curves, windows=None, *, method="standardised", beside=(), names=("Treatment", "Reference"), unit=""):
    """Draw pooled Kaplan-Meier curves of both arms with who is at risk, and hazard ratios by window where given.

    Parameters
    ----------
    curves : PooledCurves
    windows : HazardRatiosByWindow, optional
    method : {"standardised", "summary", "simple"}
    beside : tuple of {"standardised", "simple"}
        Curves to draw thin beside them.
    names : tuple of str
        Of the treatment and the reference arm.
    unit : str
        Of time, such as ``months``.

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`, which writes the same bytes each time.

    Raises
    ------
    MetaAnalysisError
        Where a method is not known.
    """
    from matplotlib.figure import Figure

    if {method, *beside} - set(METHODS) or "summary" in beside:
        raise MetaAnalysisError(f"The curves are {method!r} beside {beside!r}; expected {', '.join(METHODS)}, and beside them standardised or simple.")
    style = CurvesStyle()
    names = tuple(shortened(name, style.name_pt, style.font_pt) for name in names)
    options = {"method": method, "beside": tuple(beside), "names": names, "unit": unit}
    width = style.width_pt - 2 * style.margin_pt
    notes = [part for note in _notes(curves, windows, options) for part in wrapped(note, width, style.font_pt - 1.5)]
    at_risk_top = style.margin_pt + style.curve_pt + 46
    bottom = at_risk_top + 2.8 * style.row_pt
    windows_top = bottom + 30
    if windows:
        bottom = windows_top + len(windows.windows) * style.row_pt + 42
    note_top = bottom + 4
    height = note_top + len(notes) * 1.35 * (style.font_pt - 1.5) + style.margin_pt
    left = max(style.left_pt, style.margin_pt + 22 + max(text_width(name, style.font_pt) for name in names))
    page = _Page(Figure(figsize=(style.width_pt / 72, height / 72), dpi=150, facecolor="white"), height, left, style)
    axes = _curve_panel(page, style.margin_pt, curves, options)
    _at_risk_table(page, at_risk_top, curves, axes, options["names"])
    if windows:
        _favours(page, _window_panel(page, windows_top, windows, unit), bottom - 12, options["names"])
    for row, words in enumerate(notes):
        page.text(style.margin_pt, note_top + (row + 0.5) * 1.35 * (style.font_pt - 1.5), words, fontsize=style.font_pt - 1.5, color=palette.NOTE)
    return page.figure
