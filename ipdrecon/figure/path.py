"""The course of a curve through ink.

A Kaplan-Meier curve starts at survival 1 and moves only right and down. Among all such paths through the plot, the one
that runs on the arm's own ink and over as little bare paper as can be is found exactly, by dynamic programming over the
columns; where other ink hides the curve, the path costs little.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

_INKED = 0.3
_SOLID, _ALL = 0.9, 0.95
_DASH_GAP_PX = 6
_DROP_GAP_SHARE = 0.012
_START_REACH_PX = 3
_LETTER_REACH_PX = 8
_FINAL_REACH_PX = 2
_LINE_COLUMNS = 30


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

    def pixels(self):
        """Rows and columns of all its pixels, from column to column and downwards."""
        down = self.leave - self.enter + 1
        rows = np.arange(down.sum()) + np.repeat(self.enter - np.cumsum(down) + down, down)
        return rows, np.repeat(self.first + np.arange(len(down)), down)


def find_path(own, hidden, text, start, settings=None, *, unbroken=False):
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
    unbroken : bool
        Whether the line is known to have no gaps.

    Returns
    -------
    Path
    """
    settings = settings or TraceSettings()
    field = _field(own, hidden, text, start)
    strict = _best_path(field, replace(settings, gap=settings.solid_gap, drop_gap=settings.solid_gap))
    if unbroken or strict.own > _ALL * field.inked[:, strict.first :].any(axis=0).sum():
        return strict
    path = _best_path(field, settings, _dashed_drops(field.inked))
    most = max(settings.most_gap * own.shape[1], 8)
    whole = path.own > _SOLID * (path.own + path.bare)
    if not whole and path.gap <= most:
        return path
    return strict if whole or strict.own >= 0.5 * path.own else path


@dataclass(frozen=True)
class _Field:
    """What a path is sought in.

    Attributes
    ----------
    own : ndarray, shape (height, width)
        Coverage by the arm's ink.
    inked, cover, text : ndarray of bool, shape (height, width)
        Where there is such ink, what may hide it, and what may be text.
    first, row : int
        Where paths begin.
    kind : ndarray of uint8, shape (n_columns, n_rows)
        The three masks as bits, from the first column of a path on. Without ink a path only loses: no column beyond the
        last ink and no row below it can be the end of the best path, and they are left out.
    """

    own: np.ndarray
    inked: np.ndarray
    cover: np.ndarray
    text: np.ndarray
    first: int
    row: int
    kind: np.ndarray


def _field(own, hidden, text, start):
    height, width = own.shape
    first = int(np.clip(round(start[0]), 0, width - 1))
    row = int(np.clip(round(start[1]), 0, height - 1))
    inked, cover = own > _INKED, hidden | text
    columns, rows = (np.flatnonzero(inked[:, first:].any(axis=axis)) for axis in (0, 1))
    right_end = first + (columns[-1] if len(columns) else 0) + 1
    bottom = max(rows[-1] if len(rows) else 0, row + _START_REACH_PX) + 1
    bits = (mask[:bottom, first:right_end].view(np.uint8) << bit for bit, mask in enumerate((inked, text, cover)))
    return _Field(own, inked, cover, text, first, row, cv2.transpose(next(bits) | next(bits) | next(bits)))


def _best_path(field, settings, dashes=None):
    own, inked, text, first = field.own, field.inked, field.text, field.first
    enter, leave, score = best_course(*_gains(field, settings, dashes), field.kind & 1 > 0, field.row)
    kept = _without_words(inked[:, first:], text[:, first:], leave)
    enter, leave, worth = enter[:kept], leave[:kept], float(score[kept - 1])
    ink, bare = _ink_along(field, leave)
    enter, leave = _with_final_drop(own[:, first:], enter, leave, _gap(bare))
    ink, bare = _ink_along(field, leave)
    return Path(enter, leave, first, worth, float(ink.sum()), float(bare.sum()), _gap(bare))


def _ink_along(field, leave):
    """Columns in which a path leaves on own ink, and on bare paper."""
    columns = np.arange(field.first, field.first + len(leave))
    ink, covered = field.inked[leave, columns] & ~field.text[leave, columns], field.cover[leave, columns]
    return ink, ~ink & ~covered


def _dashed_drops(inked):
    """The gaps of dashed vertical strokes, three dashes and more, one below the other, and of dotted stairs."""
    gap, ink = max(int(_DROP_GAP_SHARE * len(inked)), _DASH_GAP_PX) | 1, inked.astype(np.uint8)
    strokes = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    strokes = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((3 * gap, 1), np.uint8))
    stairs = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap)))
    return ((strokes | stairs) > 0) & ~inked


def _without_words(inked, text, leave):
    """Number of columns to the end of the line, which does not go on through a name written behind it.

    Within text the line is what follows the ink before it, up to where letters begin: ink off its level in nearly half
    of the columns.
    """
    at = np.arange(len(leave))
    line = np.flatnonzero(inked[leave, at] & ~text[leave, at])
    if not len(line):
        return len(leave)
    behind, before = at[line[-1] + 1 :], line[-_LINE_COLUMNS:]
    half = int(np.median(_around(inked, leave[before], before, _LETTER_REACH_PX).sum(axis=0))) // 2 + 2
    return int(line[-1]) + 1 + _before_letters(inked, leave[behind], behind, half)


def _around(inked, rows, columns, reach):
    """Ink within reach above and below some places, shape (2 reach + 1, n_places)."""
    padded = np.pad(inked, ((reach, reach), (0, 0)))
    return np.stack([padded[rows + reach + off, columns] for off in range(-reach, reach + 1)])


def _before_letters(inked, rows, columns, half):
    """Number of columns, along some rows, to the last ink before letters begin: ink more than `half` a line off."""
    reach = half + _LETTER_REACH_PX
    near = _around(inked, rows, columns, reach)
    off = np.delete(near, slice(reach - half, reach + half + 1), axis=0).any(axis=0)
    ahead = np.convolve(np.pad(off.astype(float), (0, 2 * reach)), np.ones(2 * reach), "valid")[: len(off)]
    letters = np.flatnonzero(off & (ahead > 0.4 * 2 * reach))
    line = np.flatnonzero(near[reach - 1 : reach + 2].any(axis=0)[: letters[0] if len(letters) else len(off)])
    return int(line[-1]) + 1 if len(line) else 0


def _gains(field, settings, dashes):
    """Gain of entering each pixel from the left, and of all from the top down to it, shapes (n_columns, n_rows)."""
    kind, (of_right, of_down) = field.kind, _gain_of_kind(settings)
    pure = np.flatnonzero(kind & 3 == 1)
    columns, rows = np.divmod(pure, kind.shape[1])
    right = cv2.LUT(kind, of_right)
    right.ravel()[pure] = np.sqrt(field.own[rows, field.first + columns])
    kind = cv2.transpose(kind)
    if dashes is not None:
        kind |= dashes[: len(kind), field.first : field.first + kind.shape[1]].view(np.uint8) << 3
    depth = cv2.LUT(kind, of_down)
    for above, here in pairwise(depth):
        here += above
    return right, cv2.transpose(depth)


def _gain_of_kind(settings):
    """Gain of entering a pixel from the left and from above, for every mixture of ink, text, cover and a dashed stroke's gap."""
    inked, text, cover, dashes = (np.arange(256) >> bit & 1 for bit in range(4))
    bare = np.where(cover, -settings.hidden, -settings.gap)
    right = np.where(inked, np.where(text, settings.text_ink, 1.0).astype(np.float32), bare)
    return right, np.where(inked, settings.drop_ink, np.where(cover | dashes, -settings.hidden, -settings.drop_gap))


def runs_of(mask):
    """First and last column, exclusive, of the runs of a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_columns,)

    Returns
    -------
    first, last : ndarray of int, shape (n_runs,)
    """
    padded = np.zeros(len(mask) + 2, bool)
    padded[1:-1] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return edges[::2], edges[1::2]


def _gap(bare):
    """95th percentile of the lengths of runs of bare columns, each counted by its length."""
    first, last = runs_of(bare)
    lengths = last - first
    return float(np.quantile(np.repeat(lengths, lengths), 0.95)) if len(lengths) else 0.0


def _with_final_drop(own, enter, leave, gap):
    """The path with the vertical stroke in which a dashed line ends, which may begin a gap of its dashes behind the last of them."""
    last, row = len(leave) - 1, leave[-1]
    for beyond in range(max(int(gap) + 1 - _FINAL_REACH_PX, 0) + 1):
        first = max(last + beyond - _FINAL_REACH_PX, 0)
        window = own[:, first : last + beyond + _FINAL_REACH_PX + 1]
        end = _final_drop(window, row)
        if end == row or (beyond and not _is_straight(own, end, row, last + beyond)):
            continue
        added = max(first + int((window[row + 1 : end + 1] > _INKED).sum(axis=0).argmax()) - last, 0)
        enter, leave = (np.append(rows, np.full(added, row)) for rows in (enter, leave))
        leave[-1] = end
        break
    return enter, leave


def _is_straight(own, end, row, column):
    """Whether the ink below a row and down to another is one upright stroke: letters are not."""
    inked = (own[row + 1 : end + 1, max(column - _LETTER_REACH_PX, 0) : column + _LETTER_REACH_PX + 1] > _INKED).sum(axis=0)
    middle = int(inked.argmax())
    return inked[max(middle - _FINAL_REACH_PX, 0) : middle + _FINAL_REACH_PX + 1].sum() > _SOLID * inked.sum()


def _final_drop(own, row):
    """Last row of a dashed vertical stroke that goes on down from the path's end; `row` where there is none."""
    inked = (own > _INKED).any(axis=1)
    below = np.flatnonzero(inked[row:])
    if len(below) < 2:
        return row
    reach = below[-1] if np.diff(below).max() <= _DASH_GAP_PX else below[np.argmax(np.diff(below) > _DASH_GAP_PX)]
    above = np.argmin(inked[row::-1]) if not inked[: row + 1].all() else row
    return row + int(reach) if reach > 2 * above + _DASH_GAP_PX else row


def best_course(right, depth, inked, row):
    """The best of the paths that begin at the left near a row, move right and down, and end on ink or in the first column.

    Of paths that are worth the same, the one that drops first.

    Parameters
    ----------
    right, depth : ndarray, shape (n_columns, n_rows)
        Gain of entering each pixel from the left, and of going down its column from the top to it; pixels without ink
        add no gain to either.
    inked : ndarray of bool, shape (n_columns, n_rows)
    row : int

    Returns
    -------
    enter, leave : ndarray of int, shape (n_columns_of_path,)
        Row in which the path enters and leaves each column.
    score : ndarray, shape (n_columns_of_path,)
        Gain up to each.
    """
    best, entered = np.empty(depth.shape), np.empty(depth.shape, bool)
    score = np.where(np.abs(np.arange(depth.shape[1]) - row) <= _START_REACH_PX, 0.0, -np.inf)
    for gain, below, reach, enters in zip(right, depth, best, entered, strict=True):
        score += gain
        score -= below
        np.maximum.accumulate(score, out=reach)
        np.greater_equal(score, reach, out=enters)
        np.add(reach, below, out=score)
    enter, leave = _walk_back(entered, *_best_end(best, depth, inked))
    at = np.arange(len(leave)), leave
    return enter, leave, best[at] + depth[at]


def _best_end(best, depth, inked):
    """Column and row where the best path ends; without ink it only loses, and does not leave the first column."""
    ends = inked.copy()
    ends[0] = True
    ends = np.flatnonzero(ends)
    return np.unravel_index(ends[np.argmax(best.ravel()[ends] + depth.ravel()[ends])], best.shape)


def _walk_back(entered, last, end):
    """Rows in which a path enters and leaves its columns, from where paths best enter the columns and from where it ends."""
    enter, leave = np.zeros(last + 1, int), np.zeros(last + 1, int)
    place, n_rows = entered.tobytes(), entered.shape[1]
    row = end
    for column in range(last, -1, -1):
        leave[column] = row
        row = place.rindex(1, column * n_rows, column * n_rows + row + 1) - column * n_rows
        enter[column] = row
    return enter, leave
