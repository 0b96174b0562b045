"""Pictures of all subsets: estimates against heterogeneity, with the spread of each beside.

Examples
--------
>>> from metaanalysis import pool
>>> from metaanalysis.robustness.subsets import gosh
>>> figure = gosh_plot(gosh(pool([-0.4, -0.3, 0.1, 0.2], [0.04, 0.05, 0.06, 0.02], measure="HR")))
>>> figure.axes[0].get_ylabel()
'I², %'
"""

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pictures import look

_WIDTH, _HEIGHT, _SIDE_PT, _GAP_PT = 300.0, 240.0, 46.0, 6.0
_BINS = 60
_DENSE = 3000
"""Subsets beyond which points shrink, and are drawn as a picture inside an SVG or PDF so that it stays small."""


def _notes(subsets, highlight):
    model = "fixed effect" if subsets.model == "fixed" else "random effects"
    which = "all" if subsets.is_exhaustive else "a sample of the"
    notes = [f"{len(subsets.estimate):,} subsets ({which} subsets of 2 or more of {len(subsets.study)} studies), {model}. Cross: all studies."]
    return notes + ([f"Orange: subsets with {highlight}; blue: without."] if highlight else [])


def _draw_spread(axes, values, groups, edges, *, across):
    """Histograms of the groups, one upon the other."""
    bottom = np.zeros(len(edges) - 1)
    for rows, colour in groups:
        counts = np.histogram(values[rows], edges)[0]
        axes.stairs(bottom + counts, edges, baseline=bottom, fill=True, color=colour, alpha=0.85, lw=0, orientation="horizontal" if across else "vertical")
        bottom = bottom + counts
    axes.set_axis_off()


def _side_axes(frame, edges_x, edges_y):
    """Give axes above and to the right of those of a frame."""
    box, (page_width, page_height) = frame.axes.get_position(), 72 * frame.figure.get_size_inches()
    above = frame.figure.add_axes((box.x0, box.y1 + _GAP_PT / page_height, box.width, _SIDE_PT / page_height))
    beside = frame.figure.add_axes((box.x1 + _GAP_PT / page_width, box.y0, _SIDE_PT / page_width, box.height))
    above.set_xlim(edges_x)
    beside.set_ylim(edges_y)
    return above, beside


def gosh_plot(subsets, *, highlight=None, title=""):
    """Draw the estimates of all subsets against their I2 (Olkin, Dahabreh and Trikalinos 2012, Res Synth Methods 3:214).

    Parameters
    ----------
    subsets : Gosh
        By `gosh`.
    highlight : str, optional
        A study; subsets that hold it are of another colour.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`.

    Raises
    ------
    MetaAnalysisError
    """
    if highlight is not None and highlight not in subsets.study:
        raise MetaAnalysisError(f"No study is called {highlight!r}; expected one of {', '.join(subsets.study)}.")
    x, y, n = subsets.estimate, subsets.i2, len(subsets.estimate)
    frame = look.new_frame(_WIDTH, _HEIGHT, title=title, notes=_notes(subsets, highlight), top=_SIDE_PT + _GAP_PT, right=_SIDE_PT + _GAP_PT)
    axes = frame.axes
    axes.set_xlim(*look.padded(x, 0.04))
    axes.set_ylim(-2, max(102.0 if y.max() > 50 else 1.08 * float(y.max()), 10.0))
    look.set_effect_axis(axes.xaxis, *axes.get_xlim(), subsets.measure)
    look.set_ticks(axes.yaxis, *look.plain_ticks(0, axes.get_ylim()[1]))
    look.set_label(axes.yaxis, "I², %")
    with_it = subsets.members[:, subsets.study.index(highlight)] if highlight is not None else np.zeros(n, bool)
    groups = [(rows, colour) for rows, colour in ((~with_it, look.STUDY), (with_it, look.FLAGGED)) if rows.any()]
    size, alpha = (3.0, 0.25) if n > _DENSE else (9.0, 0.6)
    for rows, colour in groups:
        name = "without" if highlight is not None and colour == look.STUDY else "with" if highlight is not None else "subsets"
        axes.scatter(x[rows], y[rows], s=size, facecolor=colour, alpha=alpha, edgecolor="none", rasterized=n > _DENSE, zorder=3, gid=name, clip_on=False)
    axes.scatter(x[:1], y[:1], s=55, marker="+", color=look.INK, linewidth=1.4, zorder=5, gid="all", clip_on=False)
    above, beside = _side_axes(frame, axes.get_xlim(), axes.get_ylim())
    _draw_spread(above, x, groups, np.linspace(*axes.get_xlim(), _BINS + 1), across=False)
    _draw_spread(beside, y, groups, np.linspace(*axes.get_ylim(), _BINS + 1), across=True)
    return frame.figure
