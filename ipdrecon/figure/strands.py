"""Paths of one ink that changed lines where these met, put right by what each line looks like in between."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.gauge import ink_across
from ipdrecon.figure.path import runs_of

_INKED = 0.3
_BRIDGED_PX = 4
_LONGEST_RUN_PX = 40
_LEAST_COLUMNS = 12
_LEAST_TAIL = 24
_LEAST_UNLIKE = 0.45
_LEAST_SHARE = 0.4
_MOST_ROUNDS = 3
_UNBROKEN = 0.98


@dataclass(frozen=True)
class _Strand:
    """One path between two meetings: its looks, shape (3,), and in how many columns they show."""

    looks: np.ndarray
    columns: int


def meet_again(path, other, reach):
    """Whether two paths meet between stretches in which they run apart, so that either may go on as the other.

    Parameters
    ----------
    path, other : Path
    reach : int
        How near in px is a meeting.

    Returns
    -------
    bool
    """
    shared = min(len(path.leave), len(other.leave))
    at = np.arange(shared)
    enter, leave = path.enter[np.maximum(at - reach, 0)], path.leave[np.minimum(at + reach, shared - 1)]
    first, last = runs_of((enter > other.leave[:shared] + reach) | (other.enter[:shared] > leave + reach))
    return bool((last - first >= _LEAST_COLUMNS).sum() > 1)


def disentangle(paths, ink):
    """Exchange the stretches of paths between their meetings, so that each path keeps to one line.

    Between two places where they touch, two lines show how broad they are, which share of them is inked, and how long
    their dashes are. The stretches are dealt out so that the two paths differ most, summed over all stretches: along
    the principal axis of the differences.

    Parameters
    ----------
    paths : sequence of Path
    ink : ndarray, shape (height, width)
        Coverage by the ink of all.

    Returns
    -------
    list of Path
        The same objects where nothing was exchanged.
    """
    paths, across = list(paths), ink_across(ink)
    for _ in range(_MOST_ROUNDS):
        changed = False
        for i in range(len(paths)):
            for j in range(i + 1, len(paths)):
                exchanged = _exchanged(paths[i], paths[j], across)
                if exchanged is not None:
                    (paths[i], paths[j]), changed = exchanged, True
        if not changed:
            break
    return paths


def _exchanged(path, other, across):
    """Two paths with stretches exchanged; None where each keeps to its own line, or nothing tells the lines apart."""
    stretches = _apart(path, other, across)
    strands = [tuple(_strand(one, across, *stretch) for one in (path, other)) for stretch in stretches]
    side = _sides(strands)
    if side is None or len(set(side)) == 1:
        return None
    swaps = np.zeros(max(len(path.leave), len(other.leave)), bool)
    for k in np.flatnonzero(np.diff(side)):
        swaps[_nearest(path, other, stretches[k][1], stretches[k + 1][0]) :] ^= True
    exchanged = _spliced(path, other, swaps), _spliced(path, other, ~swaps)
    return exchanged if _one_unbroken(exchanged, across) or not _one_unbroken((path, other), across) else None


def _one_unbroken(paths, across):
    """Whether one of some paths has ink all along, as a line without dashes that it kept to: marks fill gaps of a dashed one only here and there."""
    shares = [(_width_along(one, across, np.flatnonzero(one.enter == one.leave)) > _INKED).mean() for one in paths]
    return max(shares) > _UNBROKEN


def _apart(path, other, across):
    """Stretches of columns, counted from the paths' first, in which two paths do not touch: first and last, exclusive."""
    n = min(len(path.leave), len(other.leave))
    reach = 2 + np.median(across[path.leave[:n], path.first + np.arange(n)])
    meets = (path.enter[:n] <= other.leave[:n] + reach) & (other.enter[:n] <= path.leave[:n] + reach)
    apart = np.concatenate([~meets, np.ones(abs(len(path.leave) - len(other.leave)), bool)])
    return [(a, b) for a, b in zip(*runs_of(apart), strict=True) if b - a > _BRIDGED_PX]


def _strand(path, across, first, last):
    """What the line along a path looks like within some columns; None past the path's end."""
    last = min(last, len(path.leave))
    level = np.flatnonzero(path.enter[first:last] == path.leave[first:last]) + first
    if len(level) < _LEAST_COLUMNS:
        return None
    width = _width_along(path, across, level)
    inked = width > _INKED
    if not inked.any():
        return None
    first_inked, last_inked = runs_of(inked)
    runs = last_inked - first_inked
    long = min(float(np.average(runs, weights=runs)), _LONGEST_RUN_PX)
    return _Strand(np.array([2 * np.log(np.median(width[inked])), 3 * inked.mean(), 0.5 * np.log(long)]), len(level))


def _width_along(path, across, level):
    """Width of the ink at a path's level columns, a pixel off the path allowed."""
    rows, columns = path.leave[level], path.first + level
    near = [across[np.clip(rows + off, 0, across.shape[0] - 1), columns] for off in (-1, 0, 1)]
    return np.where(near[1] > 0, near[1], np.maximum(near[0], near[2]))


def _sides(strands):
    """For every stretch, 1 where the paths keep to their lines and -1 where they have changed them; None if unknown."""
    both = [k for k, pair in enumerate(strands) if None not in pair]
    unlike = np.array([strands[k][0].looks - strands[k][1].looks for k in both]).reshape(-1, 3)
    columns = np.array([min(one.columns for one in strands[k]) for k in both], float)
    if not len(both):
        return None
    weighted = unlike * np.sqrt(columns)[:, None]
    axis = np.linalg.eigh(weighted.T @ weighted)[1][:, -1]
    told = unlike @ axis
    strong = np.average(np.abs(told), weights=columns)
    if strong < _LEAST_UNLIKE:
        return None
    side = dict.fromkeys(range(len(strands)), 0)
    side |= {k: int(np.sign(t)) for k, t in zip(both, told, strict=True) if abs(t) > _LEAST_SHARE * strong}
    side |= _tail_side(strands, side, axis, strong)
    return _followed(side)


def _tail_side(strands, side, axis, strong):
    """The side of a last stretch that one path alone reaches, by which line it looks like."""
    last = len(strands) - 1
    ahead, behind = strands[last]
    if (ahead is None) == (behind is None) or (ahead or behind).columns < _LEAST_TAIL:
        return {}
    lines = []
    for line in (1, -1):
        known = [(strands[k][0 if s == line else 1], s) for k, s in side.items() if s]
        lines.append(np.average([one.looks @ axis for one, _ in known], weights=[one.columns for one, _ in known]))
    looks = (ahead or behind).looks @ axis
    nearer = abs(looks - lines[1]) - abs(looks - lines[0])
    if abs(nearer) < _LEAST_SHARE * strong:
        return {}
    return {last: int(np.sign(nearer)) if ahead is not None else -int(np.sign(nearer))}


def _followed(side):
    """Sides with those of stretches that tell nothing taken from the stretch before."""
    known = [s for s in side.values() if s]
    out, now = [], known[0]
    for s in side.values():
        now = s or now
        out.append(now)
    return out


def _nearest(path, other, first, last):
    """The column between two stretches in which two paths are nearest."""
    last = min(last, len(path.leave), len(other.leave))
    first = min(first, last - 1)
    gap = np.abs(path.leave[first:last] - other.leave[first:last])
    return first + int(np.argmin(gap))


def _spliced(path, other, swaps):
    """A path that follows another where columns are swapped, to the end of the one that it follows then."""
    n = len(swaps)
    enter, leave = (
        np.where(swaps, _padded(theirs, n), _padded(mine, n))
        for mine, theirs in ((path.enter, other.enter), (path.leave, other.leave))
    )
    end = int(np.argmax(leave < 0)) if (leave < 0).any() else n
    leave = np.maximum.accumulate(leave[:end])
    enter = np.clip(enter[:end], np.concatenate([enter[:1], leave[:-1]]), leave)
    return replace(path, enter=enter, leave=leave)


def _padded(rows, n):
    """Rows of a path, -1 from its end on."""
    return np.pad(rows, (0, n - len(rows)), constant_values=-1)
