"""Censor marks: short strokes of one size that stick out of the line, above as far as below."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.path import runs_of
from ipdrecon.figure.trace import levels

_TOLERANCE_PX = 1.2
_TOLERANCE = 0.3
_WELL_SUPPORTED = 5
_FEWEST = 3
_OTHER_SIDE = 0.1
"""Of marks that stand on one side of the line, so few may seem to stand on the other; flaws and corners lie on both."""
_MEASURED_AT = 0.5
"""At this share of the marks' reach their width is measured: what sticks out less, as the rim of a band, is none of it."""


@dataclass(frozen=True)
class Marks:
    """The marks of one curve.

    Attributes
    ----------
    column : ndarray, shape (n_marks,)
        Fractional columns of the plot.
    confidence : float
        Share of what sticks out of the line that is a mark; 1 where nothing does.
    """

    column: np.ndarray
    confidence: float


@dataclass(frozen=True)
class _Spurs:
    """What sticks out of a line: first and last column of each, and how far it reaches above and below, in px."""

    first: np.ndarray
    last: np.ndarray
    above: np.ndarray
    below: np.ndarray

    @property
    def reach(self):
        return np.maximum(self.above, self.below)

    @property
    def even(self):
        """Which of them reach as far up as down."""
        return np.abs(self.above - self.below) <= np.maximum(_TOLERANCE_PX, _TOLERANCE * self.reach)

    @property
    def side(self):
        """On which side they stand alone: 1 above the line, -1 below it, 0 on both."""
        lone = ~self.even & (np.minimum(self.above, self.below) < _TOLERANCE_PX)
        return np.where(lone, np.sign(self.above - self.below), 0).astype(int)


def censor_marks(traced):
    """The marks of the curves of one plot.

    A program draws all marks alike: what sticks out of a line by another length, or on one side only while marks stand
    on both, is a corner, a neighbouring line, or flawed ink; so is all of it where some stands above and some below.
    Marks that touch are as many as are needed to fill the width that they cover: the least that can have been drawn.

    Parameters
    ----------
    traced : sequence of (Path, Edges)

    Returns
    -------
    tuple of Marks
    """
    rough = [_spurs(path, edges) for path, edges in traced]
    usual = _usual_reach(rough)
    spurs = [_spurs(path, edges, _MEASURED_AT * usual.reach) for path, edges in traced] if usual else rough
    kept = [_of_reach(one, usual) for one in spurs]
    widths = np.concatenate([(one.last - one.first + 1)[which] for one, which in zip(spurs, kept, strict=True)] or [np.zeros(0)])
    width = float(np.median(widths)) if len(widths) else 1.0
    return tuple(
        Marks(path.first + _places(one, which, width), float(which.mean()) if len(which) else 1.0)
        for (path, _), one, which in zip(traced, spurs, kept, strict=True)
    )


def _spurs(path, edges, least=0.0):
    before, after = levels(path, edges)
    half, least = edges.stroke / 2, max(1.5, 0.5 * edges.stroke, least)
    above = np.nan_to_num((before - half) - edges.upper)
    below = np.nan_to_num(edges.lower - (after + half))
    out = edges.seen & ((above > least) | (below > least))
    first, last = runs_of(out)
    runs = [slice(a, b) for a, b in zip(first, last, strict=True)]
    heights = [np.array([side[run].max() for run in runs]) for side in (above, below)]
    return _Spurs(first, last - 1, *heights)


@dataclass(frozen=True)
class _Usual:
    """How far the marks of a plot reach, in px; on which side, 0 for both; whether enough of them show it."""

    reach: float
    side: int
    sure: bool


def _usual_reach(spurs):
    """What most marks of a plot have in common; None where nothing sticks out alike."""
    even = np.concatenate([one.reach[one.even] for one in spurs] or [np.zeros(0)])
    above, below = (np.concatenate([one.reach[one.side == side] for one in spurs] or [np.zeros(0)]) for side in (1, -1))
    side, lone, other = (1, above, below) if len(above) > len(below) else (-1, below, above)
    stand_alone = len(lone) >= _WELL_SUPPORTED and len(lone) > 2 * len(even) and _near(lone, np.median(lone)).mean() > 0.6
    if stand_alone and _near(other, np.median(lone)).sum() <= _OTHER_SIDE * len(lone):
        return _Usual(float(np.median(lone)), side, True)
    least = _WELL_SUPPORTED if stand_alone else min(_FEWEST, 0.5 * sum(len(one.first) for one in spurs))
    if len(even) < least or not len(even):
        return None
    reaches = np.concatenate([one.reach for one in spurs])
    reach = _commonest(even, reaches)
    supporting = reaches if reach > 2 * _TOLERANCE_PX else even
    return _Usual(reach, 0, bool(_near(supporting, reach).sum() >= _WELL_SUPPORTED))


def _commonest(even, reaches):
    """The reach of even spurs that most of all spurs have: a step beside a mark hides one of its sides, not both."""
    alike = [_near(reaches, reach) for reach in even]
    return float(np.median(reaches[max(alike, key=np.count_nonzero)]))


def _near(lengths, reach):
    return np.abs(lengths - reach) <= max(_TOLERANCE_PX, _TOLERANCE * reach)


def _of_reach(spurs, usual):
    """Which spurs are marks; where many show their reach, a step beside a mark may hide one of its sides."""
    if usual is None:
        return np.zeros(len(spurs.first), bool)
    alike = _near(spurs.reach, usual.reach)
    if usual.side:
        return alike & (spurs.side != -usual.side)
    return alike if usual.sure else alike & spurs.even


def _places(spurs, which, width):
    """Columns of the marks: the middle of each spur, or several evenly where a spur is broader than one that straddles columns."""
    places = [np.zeros(0)]
    for first, last in zip(spurs.first[which], spurs.last[which], strict=True):
        count, inset = int(np.ceil((last - first + 1) / (width + 1))), (width - 1) / 2
        places.append(np.linspace(first + inset, last - inset, count) if count > 1 else np.array([(first + last) / 2]))
    return np.concatenate(places)
