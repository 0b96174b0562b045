"""One arm's ink, and what a search for curves in some ink goes by."""

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from ipdrecon.figure.colour import distance
from ipdrecon.figure.column_runs import ColumnRuns, summed_around
from ipdrecon.figure.dashes import pattern_along
from ipdrecon.figure.ink import Plot
from ipdrecon.figure.path import Path, TraceSettings, find_path, runs_of

_INKED = 0.3
_UNMARKED, _WITHIN_DOTS, _CROWDED = 0.3, 0.6, 0.2
_CLEAR, _CUT = 0.1, 1.5
_FEW_COLUMNS = 20
_ON_LEVEL_PX, _DROP_SHARE = 2, 0.7
_FALL_BRIDGED_PX, _FALL_STROKES, _FALL_GAPS, _BESIDE_PX = 6, 3, 2, 2
_ALIKE_LAB = 20.0


@dataclass(frozen=True)
class ArmSettings:
    """What ink must show to be an arm.

    Attributes
    ----------
    least_span : float
        Share of the time axis that a curve spans.
    least_ink : float
        Share of the columns not hidden that show the arm's own ink.
    least_dotted : float
        The same for a line with none but short gaps.
    dot_gap_px : float
        Longest of the gaps of a dotted line.
    least_own : float
        Share of all its columns that show the arm's own ink.
    most_fringe : float
        Share of its own ink beside another arm's path from which it is that arm in another shade.
    least_second : float
        Own ink of a second curve in one colour, as a share of the first's.
    least_told : float
        The same where a legend or a table tells of a second curve.
    listed_lab : float
        CIELAB distance within which a legend's key has a curve's colour.
    same_course_px : int
        How near is beside.
    same_hue : float
        Difference of hue in degrees within which colours may be shades of one.
    """

    least_span: float = 0.08
    least_ink: float = 0.35
    least_dotted: float = 0.2
    dot_gap_px: float = 4.0
    least_own: float = 0.12
    most_fringe: float = 0.75
    least_second: float = 0.35
    least_told: float = 0.12
    listed_lab: float = 20.0
    same_course_px: int = 4
    same_hue: float = 50.0


@dataclass(frozen=True)
class ArmInk:
    """One arm's ink.

    Attributes
    ----------
    lab : ndarray, shape (3,)
        Colour in CIELAB.
    own : ndarray of float32, shape (height, width)
        Coverage by its ink.
    others : ndarray of float32, shape (height, width)
        Coverage by all other ink.
    path : Path
    confidence : float
    limits : bool
        Whether confidence limits in its colour were left out.
    surplus : bool
        Whether its colour has ink for more curves than legend or table list.
    tangled : bool
        Whether it meets another curve of its colour, dash and width, and parts from it again.
    """

    lab: np.ndarray
    own: np.ndarray
    others: np.ndarray
    path: Path
    confidence: float
    limits: bool = False
    surplus: bool = False
    tangled: bool = False

    @property
    def rgb(self):
        """Colour as red, green, blue of 0 to 255."""
        rgb = cv2.cvtColor(np.array([[self.lab]], np.float32), cv2.COLOR_LAB2RGB)[0, 0]
        return tuple(int(v) for v in np.clip(np.round(rgb * 255), 0, 255))

    @functools.cached_property
    def thickness(self):
        """Line width in px, from the ink across the path where it runs level.

        A low quantile within strokes, for marks make a line broader; a higher one for dots, whose ends are thinner.
        """
        width, within = self._widths
        if within.sum() > _FEW_COLUMNS:
            return float(np.quantile(width[within], _UNMARKED))
        return float(np.quantile(width[width > 0], _WITHIN_DOTS)) if (width > 0).any() else 1.0

    @functools.cached_property
    def least_thickness(self):
        """Line width in px between crowded marks, where that is narrower than `thickness`: a fifth of the strokes is as narrow."""
        width, within = self._widths
        return min(self.thickness, float(np.quantile(width[within], _CROWDED))) if within.sum() > _FEW_COLUMNS else self.thickness

    @functools.cached_property
    def _widths(self):
        """Ink across the path in the columns where it runs level, in px, and which of these lie within strokes; shape (n,).

        Where a curve has not fallen yet, the frame or the end of the plot may cut its line: it is then thinner than it ever is later,
        between marks too.
        """
        columns = slice(self.path.first, self.path.last + 1)
        ink, width = np.maximum(self.own[:, columns], self.others[:, columns]), np.zeros(len(self.path.leave))
        level = np.flatnonzero(self.path.enter == self.path.leave)
        found, top, bottom = ColumnRuns.of(ink > _INKED).touched(level, self.path.leave[level], self.path.leave[level])
        width[level[found]] = _covered(ink, level[found], np.maximum(top[found] - 1, 0), np.minimum(bottom[found] + 1, len(ink) - 1))
        within = summed_around(width > 0, 1) > 2
        later = within & (self.path.leave > self.path.enter[0] + _ON_LEVEL_PX)
        first = within & ~later
        cut = later.sum() > _FEW_COLUMNS and first.any() and np.quantile(width[later], _CLEAR) > _CUT * np.median(width[first])
        return width, later if cut else within

    @property
    def dash(self):
        """``"solid"``, ``"dashed"``, ``"dotted"`` or ``"dash-dotted"``, from the gaps in its ink."""
        return self.pattern.kind

    @functools.cached_property
    def pattern(self):
        """`DashPattern` along its path."""
        return pattern_along(self.path, self.own, self.others, self.thickness)


def _covered(ink, columns, top, bottom):
    """Coverage summed over stretches of columns, shape (n,)."""
    covered, long = np.zeros(len(columns)), bottom - top + 1
    for length in np.unique(long):
        alike = long == length
        covered[alike] = ink[top[alike, None] + np.arange(length), columns[alike, None]].sum(axis=1)
    return covered


@dataclass(frozen=True)
class Search:
    """Where curves are looked for, and what counts as one.

    Attributes
    ----------
    plot : Plot
    start : tuple of float
        Column and row of time 0 and survival 1.
    seeds : tuple of ndarray, shape (3,)
        Colours in CIELAB that a legend shows.
    settings : ArmSettings
    trace_settings : TraceSettings
    rivals : tuple of ndarray, shape (3,)
        Colours of other arms: a key nearer to one of them is its own.
    """

    plot: Plot
    start: tuple
    seeds: tuple
    settings: ArmSettings
    trace_settings: TraceSettings
    rivals: tuple = ()

    def path(self, own, hidden, *, unbroken=False):
        """The best path along some ink; `unbroken` where the line has no gaps."""
        return find_path(own, hidden, self.plot.text, self.start, self.trace_settings, unbroken=unbroken)

    def hidden_by(self, others):
        """Where other ink, a gridline or the frame may hide a curve."""
        grown = cv2.dilate((others > _INKED).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        return grown | self.plot.hidden

    def n_listed(self, arm):
        """Number of a legend's keys in an arm's colour."""
        away = [np.linalg.norm(arm.lab - seed) for seed in self.seeds]
        nearest = [min((np.linalg.norm(rival - seed) for rival in self.rivals), default=np.inf) for seed in self.seeds]
        return sum(bool(mine < self.settings.listed_lab and mine <= theirs) for mine, theirs in zip(away, nearest, strict=True))

    def is_listed(self, arm):
        """Whether a legend shows an arm's colour."""
        return self.n_listed(arm) > 0

    def confidence(self, path, own):
        """How surely a path along some ink is a curve, in [0, 1]; 0 when it is none."""
        settings, width = self.settings, self.plot.width
        columns = len(path.leave)
        ink = path.own / max(path.own + path.bare, 1)
        least_ink = settings.least_dotted if path.gap <= settings.dot_gap_px else settings.least_ink
        if columns < settings.least_span * width or ink < least_ink or path.own < settings.least_own * columns:
            return 0.0
        if path.bare > 0.05 * columns and path.gap > max(self.trace_settings.most_gap * width, 8):
            return 0.0
        if _is_reference_line(path, own):
            return 0.0
        return float(np.clip((ink - least_ink) / 0.3, 0.1, 1) * min(1, 0.4 + path.own / columns))


def _is_reference_line(path, own):
    """Whether nearly all of the ink lies on one level below the start, to which no ink falls: a landmark or median line, no curve."""
    columns = path.first + np.arange(len(path.leave))
    rows = path.leave[own[path.leave, columns] > _INKED]
    if not len(rows):
        return True
    level = np.bincount(rows).argmax()
    if (np.abs(rows - level) <= _ON_LEVEL_PX).mean() <= 0.95 or level - path.enter[0] <= 0.05 * own.shape[0]:
        return False
    begin = columns[(own[path.leave, columns] > _INKED) & (np.abs(path.leave - level) <= _ON_LEVEL_PX)][0]
    near = own[path.enter[0] : level, max(begin - _ON_LEVEL_PX, 0) : begin + _ON_LEVEL_PX + 1]
    return bool((near > _INKED).any(axis=1).mean() < _DROP_SHARE)


def bare_fall(arm, plot):
    """The drop of an arm with the longest stretch of bare paper, longer than the gaps of its line: a curve falls along ink.

    Text may hide a curve, and so may a gridline of its colour.

    Parameters
    ----------
    arm : ArmInk
    plot : Plot

    Returns
    -------
    tuple of int or None
        Its column and the first and last row of the stretch, in the plot; None where the arm falls along ink.
    """
    path = arm.path
    longest = max(_FALL_BRIDGED_PX, _FALL_STROKES * arm.thickness, _FALL_GAPS * path.gap), None
    for at in np.flatnonzero(path.leave - path.enter > longest[0]):
        column, rows = path.first + at, slice(path.enter[at], path.leave[at] + 1)
        near = slice(max(column - _BESIDE_PX, 0), column + _BESIDE_PX + 1)
        inked = (arm.own[rows, near] > _INKED) | (arm.others[rows, near] > _INKED) | plot.text[rows, near]
        inked |= plot.hidden[rows, near] & (distance(plot.lab[rows, near], arm.lab) < _ALIKE_LAB)
        for first, last in zip(*runs_of(~inked.any(axis=1)), strict=True):
            if last - first > longest[0]:
                longest = last - first, (int(column), int(rows.start + first), int(rows.start + last - 1))
    return longest[1]


def mean_row(arm):
    """Mean row of an arm's path: the higher the curve, the less."""
    return float(arm.path.leave.mean())


def shared(arm, other, of_path):
    """What a function tells of each column of two arms' paths, in the columns that both reach."""
    first, last = max(arm.path.first, other.path.first), min(arm.path.last, other.path.last)
    return tuple(of_path(one.path)[first - one.path.first : last - one.path.first + 1] for one in (arm, other))


def above(arm, other):
    """Whether an arm never falls below another."""
    mine, theirs = shared(arm, other, lambda path: path.leave)
    return bool(len(mine) and (mine <= theirs + 3).mean() > 0.95)
