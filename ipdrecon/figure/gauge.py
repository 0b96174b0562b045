"""How broad the lines of one ink are: broad and thin lines of one colour are drawn for different things."""

import cv2
import numpy as np

from ipdrecon.figure.column_runs import ColumnRuns, beside, summed_around

_INKED = 0.25
_LEAST_PIECE_PX = 5
_LEAST_DOT_PX = 2
_LEAST_RATIO = 1.3
_LEAST_SHARE = 0.1
_MOST_SPREAD = 0.4
_MARK_SHARE = 0.05
_ALONG_SHARE = 0.02
_LEAST_TOGETHER = 0.85


def part_by_width(own, *, least_together=_LEAST_TOGETHER):
    """Part the ink of one colour into broad and thin lines.

    Confidence limits are commonly drawn in their curve's colour with a thinner line.

    Parameters
    ----------
    own : ndarray, shape (height, width)
        Coverage by the ink, in [0, 1].
    least_together : float
        Share of the thin lines' columns that broad lines must span as well.

    Returns
    -------
    tuple of ndarray, shape (height, width)
        Coverage by the broad lines, marks on them included, and by the thin ones; the ink alone where its lines have
        one width.
    """
    across = ink_across(own)
    for limit in _parting_widths(across):
        near = _broad_ink(own, across, limit)
        if _share_together(near, across > 0) > least_together:
            return np.where(near, own, 0), np.where(near, 0, own)
    return (own,)


def _broad_ink(own, across, limit):
    """Where the lines broader than a limit lie, with the marks on them."""
    upright = ink_across(np.ascontiguousarray(own.T)).T
    broad = np.minimum(across, upright) > limit
    broad = _without_specks(broad, limit) & (own > 0)
    near = cv2.dilate(broad.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return near | _marks(~near & (own > _INKED), near, own.shape)


def _share_together(broad, inked):
    """Share of other lines that lies above or below broad ones: one line with marks, or with worn stretches, has both in turn.

    Dots of the one line may be as broad as long, and thus be none of the broad lines.
    """
    inked = inked & ~broad
    level = inked[:, 1:-1] & inked[:, :-2] & inked[:, 2:]
    thin, reach = np.flatnonzero(level.any(axis=0)) + 1, int(_ALONG_SHARE * broad.shape[1])
    along = summed_around(broad.any(axis=0), reach) > 0
    return float(along[thin].mean()) if len(thin) else 0.0


def ink_across(own):
    """Width of the level line that each pixel may lie in: coverage summed over its vertical run of ink.

    Parameters
    ----------
    own : ndarray, shape (height, width)
        Coverage, in [0, 1].

    Returns
    -------
    ndarray of float32, shape (height, width)
        In px; 0 on paper.
    """
    across, runs = np.zeros(own.shape, np.float32), ColumnRuns.of(own > _INKED)
    if not len(runs.first):
        return across
    column, top = np.divmod(runs.first, len(own) + 1)
    long = runs.last - runs.first + 1
    bottom, begins = top + long - 1, np.concatenate([[0], np.cumsum(long)[:-1]])
    inked = np.arange(long.sum()) + np.repeat(top - begins, long), np.repeat(column, long)
    above, below = beside(own, column, top, bottom)
    covered = np.add.reduceat(own[inked], begins, dtype=np.float64) + above + below
    across[inked] = np.repeat(covered, long)
    return across


def _parting_widths(across):
    """Widths that may part broad lines from thin ones, by their longer level pieces and by all, dots included."""
    long, widths = _level_pieces(across)
    limits = [_between_two(np.repeat(widths, np.where(long >= least, long, 0))) for least in (_LEAST_PIECE_PX, _LEAST_DOT_PX)]
    return [limit for limit in limits if limit is not None]


def _level_pieces(across):
    """Length and median width of each level piece of a line: one of the upper edges of its ink."""
    inked = across > 0
    inked[1:] &= across[:-1] <= 0
    rows, columns = np.nonzero(inked)
    if not len(rows):
        return np.zeros(0, int), np.zeros(0, np.float32)
    begins = np.concatenate([[0], np.flatnonzero((np.diff(rows) != 0) | (np.diff(columns) != 1)) + 1])
    long = np.diff(np.append(begins, len(rows)))
    widths = across[rows, columns]
    widths = widths[np.lexsort((widths, np.repeat(np.arange(len(long)), long)))]
    return long, (widths[begins + (long - 1) // 2] + widths[begins + long // 2]) / 2


def _between_two(widths):
    """Width that parts two groups of widths; None where there is one group."""
    if len(widths) < 4 * _LEAST_PIECE_PX:
        return None
    logs = np.sort(np.log(widths))
    n = np.arange(1, len(logs))
    total, squares = np.cumsum(logs), np.cumsum(logs**2)
    within = squares[-1] - total[:-1] ** 2 / n - (total[-1] - total[:-1]) ** 2 / (len(logs) - n)
    k = int(np.argmin(within)) + 1
    thin, broad = logs[:k], logs[k:]
    apart = np.median(broad) - np.median(thin)
    shares = min(len(thin), len(broad)) / len(logs)
    spread = max(np.subtract(*np.quantile(part, (0.75, 0.25))) for part in (thin, broad))
    if apart < np.log(_LEAST_RATIO) or shares < _LEAST_SHARE or spread > _MOST_SPREAD * apart:
        return None
    return float(np.exp((np.median(thin) + np.median(broad)) / 2))


def _without_specks(broad, limit):
    """A mask without pieces no longer than they are broad: crossings of thin lines."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(broad.astype(np.uint8), connectivity=8)
    longest = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    kept = longest > 2 * limit + 2
    kept[0] = False
    return kept[labels]


def _marks(thin, broad, shape):
    """Small thin pieces that touch a broad line: marks upon it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thin.astype(np.uint8), connectivity=8)
    small = (stats[:, cv2.CC_STAT_WIDTH] < _MARK_SHARE * shape[1]) & (stats[:, cv2.CC_STAT_HEIGHT] < _MARK_SHARE * shape[0])
    touching = np.zeros(count, bool)
    touching[np.unique(labels[cv2.dilate(broad.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0])] = True
    small[0] = False
    return (small & touching)[labels]
