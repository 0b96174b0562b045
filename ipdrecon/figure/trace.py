"""From ink to a step function.

A Kaplan-Meier curve starts at survival 1 and moves only right and down. Among all such paths through the plot, the one
that runs on the arm's own ink and over as little bare paper as can be is found exactly, by dynamic programming over the
columns; where other ink hides the curve, the path costs little. Along that path the edges of the ink tell level and
time of every step at a fraction of a pixel.
"""

from dataclasses import dataclass, replace

import numpy as np

_SOLID = 0.9
_DASH_GAP_PX = 6
_HIDDEN_REACH_PX = 3
_START_REACH_PX = 3


@dataclass(frozen=True)
class TraceSettings:
    """Costs of the path, per pixel, in units of one pixel of own ink.

    Attributes
    ----------
    gap : float
        Bare paper, moving right.
    drop_gap : float
        Bare paper, moving down.
    hidden : float
        Other arms' ink and text.
    drop_ink : float
        Gain of own ink, moving down; small, so that a path gains nothing by wandering inside a thick line.
    text_ink : float
        Gain of own ink where there is text, which may be the text's.
    most_gap : float
        Length of the gaps of a dashed line, as a share of the plot's width.
    solid_gap : float
        Bare paper, for a line without gaps.
    level_px : float
        Levels nearer than this are one plateau.
    """

    gap: float = 0.35
    drop_gap: float = 0.3
    hidden: float = 0.03
    drop_ink: float = 0.1
    text_ink: float = 0.15
    solid_gap: float = 2.0
    most_gap: float = 0.04
    level_px: float = 0.4


@dataclass(frozen=True)
class Path:
    """A monotone path through the plot.

    Attributes
    ----------
    enter, leave : ndarray of int, shape (n_columns,)
        Row in which the path enters and leaves each column; ``leave >= enter``.
    first : int
        The first column.
    score : float
        Gain less cost.
    own, bare : float
        Number of columns in which the path leaves on own ink, and on bare paper.
    gap : float
        Length in columns of its gaps; the longest but for one in twenty.
    """

    enter: np.ndarray
    leave: np.ndarray
    first: int
    score: float
    own: float
    bare: float
    gap: float

    @property
    def last(self):
        """The last column."""
        return self.first + len(self.leave) - 1


def find_path(own, hidden, text, start, settings=None):
    """The best monotone path from a starting point.

    Parameters
    ----------
    own : ndarray, shape (height, width)
        Coverage by the arm's own ink, in [0, 1].
    hidden : ndarray of bool, shape (height, width)
        Where other ink may hide the curve.
    text : ndarray of bool, shape (height, width)
        Where ink may be text.
    start : tuple of float
        Column and row of time 0 and survival 1.
    settings : TraceSettings, optional

    Returns
    -------
    Path
    """
    settings = settings or TraceSettings()
    path = _best_path(own, hidden, text, start, settings)
    most = max(settings.most_gap * own.shape[1], 8)
    whole = path.own > _SOLID * (path.own + path.bare)
    if not whole and path.gap <= most:
        return path
    strict = _best_path(own, hidden, text, start, replace(settings, gap=settings.solid_gap, drop_gap=settings.solid_gap))
    return strict if whole or strict.own >= 0.5 * path.own else path


def _best_path(own, hidden, text, start, settings):
    height, width = own.shape
    first = int(np.clip(round(start[0]), 0, width - 1))
    row = int(np.clip(round(start[1]), 0, height - 1))
    inked, cover = own > 0.3, hidden | text
    score, origin = _sweep(*_gains(own, inked, cover, text, settings, first, row), row)
    last, end = np.unravel_index(np.argmax(score), score.shape)
    enter, leave = _walk_back(origin, last, end)
    leave[-1] = _final_drop(own[:, first + max(last - 2, 0) : first + last + 3], end)
    columns = np.arange(first, first + last + 1)
    ink, covered = inked[leave, columns] & ~text[leave, columns], cover[leave, columns]
    bare = ~ink & ~covered
    return Path(enter, leave, first, float(score[last, end]), float(ink.sum()), float(bare.sum()), _gap(bare))


def _gains(own, inked, cover, text, settings, first, row):
    """Gain of entering each pixel from the left, and of all above it in its column, shapes (n_columns, n_rows).

    Columns begin with the first of the path. Without ink a path only loses: no column beyond the last ink and no row
    below it can be the end of the best path, and they are left out.
    """
    columns, rows = np.flatnonzero(inked[:, first:].any(axis=0)), np.flatnonzero(inked[:, first:].any(axis=1))
    right_end = first + (columns[-1] if len(columns) else 0) + 1
    bottom = max(rows[-1] if len(rows) else 0, row + _START_REACH_PX) + 1
    own, inked, cover, text = (np.ascontiguousarray(one[:bottom, first:right_end].T) for one in (own, inked, cover, text))
    right = np.where(inked, np.where(text, settings.text_ink, own), np.where(cover, -settings.hidden, -settings.gap))
    down = np.where(inked, settings.drop_ink, np.where(cover, -settings.hidden, -settings.drop_gap))
    return right, np.cumsum(down, axis=1)


def _gap(bare):
    """95th percentile of the lengths of runs of bare columns, each counted by its length."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], bare.astype(int), [0]])))
    lengths = edges[1::2] - edges[::2]
    return float(np.quantile(np.repeat(lengths, lengths), 0.95)) if len(lengths) else 0.0


def _final_drop(own, row):
    """Last row of a dashed vertical stroke that goes on down from the path's end; `row` where there is none."""
    inked = (own > 0.3).any(axis=1)
    below = np.flatnonzero(inked[row:])
    if len(below) < 2:
        return row
    reach = below[-1] if np.diff(below).max() <= _DASH_GAP_PX else below[np.argmax(np.diff(below) > _DASH_GAP_PX)]
    above = np.argmin(inked[row::-1]) if not inked[: row + 1].all() else row
    return row + int(reach) if reach > 2 * above + _DASH_GAP_PX else row


def _sweep(right, depth, row):
    """Best score of a path to each pixel, and the row in which it entered the pixel's column."""
    score = np.empty(depth.shape)
    origin = np.zeros(depth.shape, np.int32)
    rows = np.arange(depth.shape[1], dtype=np.int32)
    before = np.where(np.abs(rows - row) <= _START_REACH_PX, 0.0, -np.inf)
    for step in range(len(depth)):
        arrive = before + right[step] - depth[step]
        best = np.maximum.accumulate(arrive)
        np.maximum.accumulate(rows * (arrive >= best), out=origin[step])
        before = np.add(best, depth[step], out=score[step])
    return score, origin


def _walk_back(origin, last, end):
    enter, leave = np.zeros(last + 1, int), np.zeros(last + 1, int)
    row = end
    for step in range(last, -1, -1):
        leave[step] = row
        row = origin[step, row]
        enter[step] = row
    return enter, leave


@dataclass(frozen=True)
class Edges:
    """Upper and lower edge of the ink along a path, per column of the path.

    Attributes
    ----------
    upper, lower : ndarray, shape (n_columns,)
        Rows, fractional; NaN where nothing is drawn or other ink touches the edge.
    stroke : float
        Line width in px.
    seen : ndarray of bool, shape (n_columns,)
        Columns in which the arm's own ink shows.
    """

    upper: np.ndarray
    lower: np.ndarray
    stroke: float
    seen: np.ndarray


def ink_edges(path, own, others, text):
    """Edges of the ink along a path.

    Where the arm's own ink is hidden by another arm's, the curve must lie inside that other ink, whose edges then stand
    in. Where other ink touches one edge, the other edge and the line width tell it; where text may be mistaken for the
    line, the path itself does.

    Parameters
    ----------
    path : Path
    own, others : ndarray, shape (height, width)
        Coverage by the arm's own ink and by that of all other arms.
    text : ndarray of bool, shape (height, width)

    Returns
    -------
    Edges
    """
    count = len(path.leave)
    upper, lower, seen = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, bool)
    touched, written = np.zeros(count, bool), np.zeros(count, bool)
    for i, (enter, leave) in enumerate(zip(path.enter, path.leave, strict=True)):
        column = path.first + i
        if text[enter : leave + 1, column].any():
            written[i] = own[leave, column] > 0.3
            continue
        span = _run(own[:, column], enter, leave, 1)
        seen[i] = span is not None
        ink = own[:, column] if seen[i] else others[:, column]
        span = span or _run(ink, enter, leave, _HIDDEN_REACH_PX)
        if span is None:
            continue
        upper[i], lower[i] = _subpixel(ink, *span)
        if seen[i]:
            touch = _touch(others[:, column], *span)
            upper[i], lower[i] = (np.nan if hit else edge for hit, edge in zip(touch, (upper[i], lower[i]), strict=True))
            touched[i] = any(touch)
    stroke = _stroke(np.where(seen, lower - upper, np.nan), path)
    upper, lower = _mend_touched(path, upper, lower, stroke, touched)
    upper, lower = np.where(written, path.enter - stroke / 2, upper), np.where(written, path.leave + stroke / 2, lower)
    return Edges(upper, lower, stroke, seen)


def _touch(others, top, bottom):
    """Whether other ink lies right above and right below a run of ink."""
    return bool(top > 0 and others[top - 1] > 0.25), bool(bottom < len(others) - 1 and others[bottom + 1] > 0.25)


def _mend_touched(path, upper, lower, stroke, touched):
    """Edges that other ink touches: from the opposite edge on a level stretch, else from the path."""
    flat, reach = path.enter == path.leave, stroke / 2 + 1
    from_below = flat & (np.abs(lower - stroke / 2 - path.leave) <= reach)
    from_above = flat & (np.abs(upper + stroke / 2 - path.enter) <= reach)
    upper_from, lower_from = np.where(from_below, lower - stroke, np.nan), np.where(from_above, upper + stroke, np.nan)
    upper_from = np.where(np.isfinite(upper_from), upper_from, path.enter - stroke / 2)
    lower_from = np.where(np.isfinite(lower_from), lower_from, path.leave + stroke / 2)
    return (
        np.where(touched & np.isnan(upper), upper_from, upper),
        np.where(touched & np.isnan(lower), lower_from, lower),
    )


def _run(coverage, enter, leave, reach):
    """First and last row of the unbroken ink within reach of the path in one column."""
    inked = coverage > 0.25
    low = max(enter - reach, 0)
    touched = np.flatnonzero(inked[low : leave + reach + 1])
    if not len(touched):
        return None
    top, bottom = low + touched[0], low + touched[-1]
    while top > 0 and inked[top - 1]:
        top -= 1
    while bottom < len(inked) - 1 and inked[bottom + 1]:
        bottom += 1
    return top, bottom


def _subpixel(coverage, top, bottom):
    """Edges of a run of ink, from how much of its outermost pixels is covered."""
    above = coverage[top - 1] if top > 0 else 0.0
    below = coverage[bottom + 1] if bottom < len(coverage) - 1 else 0.0
    if top == bottom:
        total = coverage[top] + above + below
        centre = top + (below - above) / total
        return centre - total / 2, centre + total / 2
    return top + 0.5 - coverage[top] - above, bottom - 0.5 + coverage[bottom] + below


def _stroke(thickness, path):
    """Line width: the median thickness where the path does not drop, marks left out."""
    good = np.isfinite(thickness)
    flat = thickness[good & (path.leave == path.enter)]
    flat = flat if len(flat) else thickness[good]
    if not len(flat):
        return 1.0
    return float(np.median(np.sort(flat)[: int(np.ceil(0.75 * len(flat)))]))


def levels(path, edges):
    """Row of the curve left and right of each column.

    A mark sticks out of the line and comes back; a curve never comes back. So the lower edge, taken as the least from
    each column to the right, and the upper edge, taken as the greatest from the left, are free of marks. A vertical
    stroke lowers the lower edge from its left side on, and the upper edge from its right side on: its middle, free of
    line width, lies half-way between both changes.

    Parameters
    ----------
    path : Path
    edges : Edges

    Returns
    -------
    before, after : ndarray, shape (n_columns,)
        Never falling, ``before <= after``.
    """
    upper, lower = _at_least_stroke(edges)
    before = np.maximum.accumulate(_next_known(upper[::-1], path.enter[0])[::-1])
    lower = _without_end_mark(lower, upper, before, edges.stroke)
    known = np.flatnonzero(np.isfinite(lower))
    after = _next_known(lower, lower[known[-1]] if len(known) else path.leave[-1])
    after = np.minimum.accumulate(after[::-1])[::-1]
    middle = (before + after) / 2
    return np.where(before > after, middle, before), np.where(before > after, middle, after)


def _at_least_stroke(edges):
    """Levels that both edges tell; where the ink is thinner than the line, its middle tells both."""
    half, middle = edges.stroke / 2, (edges.upper + edges.lower) / 2
    upper, lower = np.minimum(edges.upper + half, middle), np.maximum(edges.lower - half, middle)
    sliver = edges.seen & (edges.lower - edges.upper < 0.4 * edges.stroke)
    one_sided = np.isnan(middle)
    upper = np.where(one_sided, edges.upper + half, np.where(sliver, np.nan, upper))
    lower = np.where(one_sided, edges.lower - half, np.where(sliver, np.nan, lower))
    return upper, lower


def _without_end_mark(lower, upper, before, stroke):
    """Lower levels without those of a mark on the curve's last point, which reaches as far up as down."""
    lower = lower.copy()
    for i in range(len(lower) - 1, max(len(lower) - 2 - int(4 * stroke), 0), -1):
        up, down = before[i] - upper[i], lower[i] - before[i]
        if not np.isfinite(up + down):
            continue
        if up < max(1.0, 0.4 * stroke) or down > 1.6 * up + stroke:
            break
        lower[i] = np.nan
    return lower


def _next_known(values, at_end):
    """Fill unknown values with the next known one."""
    known = np.isfinite(values)
    index = np.where(known, np.arange(len(values)), len(values))
    index = np.minimum.accumulate(index[::-1])[::-1]
    return np.append(values, at_end)[index]


def steps(path, edges, settings=None):
    """Places and levels of the drops.

    Parameters
    ----------
    path : Path
    edges : Edges
    settings : TraceSettings, optional

    Returns
    -------
    column : ndarray, shape (n_steps,)
        Fractional column of each drop; the first is the path's start.
    row : ndarray, shape (n_steps,)
        Level after it, fractional.
    """
    settings = settings or TraceSettings()
    before, after = levels(path, edges)
    starts = _plateaus(after, settings.level_px)
    column, row = [float(path.first)], [float(path.enter[0])]
    for start, end in zip(starts, [*starts[1:], len(after)], strict=True):
        level = float(np.median(after[start:end]))
        if start == 0 and level - row[0] <= max(1.0, settings.level_px):
            row[0] = level
        if level - row[-1] <= settings.level_px:
            continue
        middle = (row[-1] + level) / 2
        left = int(np.argmax(after >= middle))
        right = int(np.argmax(before >= middle)) if before[-1] >= middle else left + round(edges.stroke)
        column.append(max(path.first + (left + max(right, left) - 1) / 2, column[-1]))
        row.append(level)
    return np.array(column), np.array(row)


def _plateaus(after, level_px):
    """First columns of the stretches in which the level stays within `level_px`."""
    starts, level = [0], after[0]
    for i in range(1, len(after)):
        if after[i] - level > level_px:
            starts.append(i)
            level = after[i]
    return _without_slivers(starts, after)


def _without_slivers(starts, after):
    """Plateaus without those one column wide and within two px of the next: a drop that straddles two columns."""
    ends = [*starts[1:], len(after)]
    kept = [starts[0]]
    for k in range(1, len(starts)):
        here, end = starts[k], ends[k]
        sliver = end - here == 1 and end < len(after) and after[end] - after[here] < 2.0
        if not sliver or kept[-1] != starts[k - 1]:
            kept.append(here)
    return kept


def censor_marks(path, edges):
    """Columns of the marks that stick out of the line.

    Parameters
    ----------
    path : Path
    edges : Edges

    Returns
    -------
    ndarray, shape (n_marks,)
        Fractional columns.
    """
    before, after = levels(path, edges)
    half, least = edges.stroke / 2, max(1.5, 0.5 * edges.stroke)
    above = (before - half) - edges.upper
    below = edges.lower - (after + half)
    out = edges.seen & ((np.nan_to_num(above) > least) | (np.nan_to_num(below) > least))
    marks, i = [], 0
    while i < len(out):
        if out[i]:
            j = i
            while j + 1 < len(out) and out[j + 1]:
                j += 1
            marks.append(path.first + (i + j) / 2)
            i = j
        i += 1
    return np.array(marks)
