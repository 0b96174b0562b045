"""From a path through ink to a step function: the edges of the ink tell level and time of every step to a fraction of a px."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.column_runs import ColumnRuns, beside
from ipdrecon.figure.path import TraceSettings, runs_of

_HIDDEN_REACH_PX = 3
_COVERED = 0.25
_UNMARKED_SHARE, _LEAST_UNMARKED, _LEAST_UNMARKED_PX = 0.5, 0.1, 6
_LEAST_SPREAD_PX, _MARKS_STROKES = 1.0, 4
_LEAST_MARK_PX, _UNEVEN_PX, _UNEVEN = 1.5, 1.2, 0.3


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
    columns, at = slice(path.first, path.last + 1), np.arange(len(path.leave))
    own, others, text = own[:, columns], others[:, columns], text[:, columns]
    within = ColumnRuns.of(text).touched(at, path.enter, path.leave)[0]
    drawn, *mine = ColumnRuns.of(own > _COVERED).touched(at, path.enter - 1, path.leave + 1)
    hidden, *theirs = ColumnRuns.of(others > _COVERED).touched(at, path.enter - _HIDDEN_REACH_PX, path.leave + _HIDDEN_REACH_PX)
    seen, hidden = drawn & ~within, hidden & ~drawn & ~within
    upper, lower = np.full((2, len(at)), np.nan)
    upper[seen], lower[seen] = _subpixel(own, at[seen], *(rows[seen] for rows in mine))
    upper[hidden], lower[hidden] = _subpixel(others, at[hidden], *(rows[hidden] for rows in theirs))
    above, below = (seen & (pixels > _COVERED) for pixels in beside(others, at, *mine))
    upper[above], lower[below] = np.nan, np.nan
    thickness = np.where(seen, lower - upper, np.nan)
    usual = _usual_stroke(thickness, path)
    beside_others = ColumnRuns.of(others > _COVERED).touched(at, path.enter - round(usual) - 1, path.leave + round(usual) + 1)[0]
    stroke = _unmarked_stroke(np.where(beside_others, np.nan, thickness), usual)
    upper, lower = _mend_touched(path, upper, lower, stroke, above | below)
    written = within & (own[path.leave, at] > 0.3)
    upper, lower = np.where(written, path.enter - stroke / 2, upper), np.where(written, path.leave + stroke / 2, lower)
    return Edges(upper, lower, stroke, seen)


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


def _subpixel(coverage, columns, top, bottom):
    """Edges of runs of ink, one in each of some columns, from how much of their outermost pixels is covered."""
    above, below = beside(coverage, columns, top, bottom)
    first, last = coverage[top, columns], coverage[bottom, columns]
    total = first + above + below
    centre = top + (below - above) / total
    lone = top == bottom
    upper = np.where(lone, centre - total / 2, top + 0.5 - first - above)
    return upper, np.where(lone, centre + total / 2, bottom - 0.5 + last + below)


def _usual_stroke(thickness, path):
    """Line width: the median thickness where the path does not drop, marks left out."""
    good = np.isfinite(thickness)
    flat = thickness[good & (path.leave == path.enter)]
    flat = flat if len(flat) else thickness[good]
    if not len(flat):
        return 1.0
    return float(np.median(np.sort(flat)[: int(np.ceil(0.75 * len(flat)))]))


def _unmarked_stroke(thickness, usual):
    """Line width where marks cover most of a line: they only broaden it, so what is less than half as broad, in stretches, is the line."""
    first, last = runs_of(np.nan_to_num(thickness, nan=np.inf) < _UNMARKED_SHARE * usual)
    long = last - first >= _LEAST_UNMARKED_PX
    if not long.any() or (last - first)[long].sum() < _LEAST_UNMARKED * np.isfinite(thickness).sum():
        return usual
    return float(np.median(np.concatenate([thickness[a:b] for a, b in zip(first[long], last[long], strict=True)])))


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
    before, after = np.where(before > after, middle, before), np.where(before > after, middle, after)
    return _amid_marks(edges, before, after)


def _amid_marks(edges, before, after):
    """Levels before and after each column, where marks touch for longer than a drop takes: the middle of their ink.

    No edge of the line shows there. That it is marks and no steep curve shows where they begin: as far up as down.
    """
    before, after = before.copy(), after.copy()
    for first, last in zip(*runs_of(after - before > _LEAST_SPREAD_PX), strict=True):
        if last - first <= _MARKS_STROKES * edges.stroke or not _begins_with_mark(edges, before[first], first, last):
            continue
        middle = (edges.upper[first:last] + edges.lower[first:last]) / 2
        known = np.flatnonzero(np.isfinite(middle))
        middle = np.clip(np.interp(np.arange(last - first), known, middle[known]), before[first:last], after[first:last])
        level = (np.maximum.accumulate(middle) + np.minimum.accumulate(middle[::-1])[::-1]) / 2
        before[first:last], after[first:last] = level, level
    return before, after


def _begins_with_mark(edges, level, first, last):
    """Whether the ink in the first columns of a stretch reaches as far above the level before it as below."""
    half, columns = edges.stroke / 2, slice(first, min(first + int(2 * edges.stroke) + 2, last))
    upper, lower = edges.upper[columns], edges.lower[columns]
    if not np.isfinite(upper + lower).any():
        return False
    up, down = level - half - np.nanmin(upper), np.nanmax(lower) - half - level
    return bool(up > max(_LEAST_MARK_PX, half) and abs(up - down) <= max(_UNEVEN_PX, _UNEVEN * max(up, down)))


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
        level = float(after[(start + end - 1) // 2] + after[(start + end) // 2]) / 2
        if start == 0 and level - row[0] <= max(1.0, settings.level_px):
            row[0] = level
        if level - row[-1] <= settings.level_px:
            continue
        middle = (row[-1] + level) / 2
        left = int(np.searchsorted(after, middle))
        if before[-1] >= middle:
            right = int(np.searchsorted(before, middle))
        else:  # the line ends in this drop, whose ink alone shows where it is
            left += int(np.argmax(edges.seen[left:]))
            right = left + round(edges.stroke)
        column.append(max(path.first + (left + max(right, left) - 1) / 2, column[-1]))
        row.append(level)
    return np.array(column), np.array(row)


def _plateaus(after, level_px):
    """First columns of the stretches in which the level stays within `level_px`."""
    starts, level = [0], after[0]
    for i, row in enumerate(after.tolist()):
        if row - level > level_px:
            starts.append(i)
            level = row
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
