"""Part the ink into arms: by colour, and by the test that each is one curve from the start of the plot."""

import functools
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ipdrecon.errors import ArmError
from ipdrecon.figure.dashes import pattern_along
from ipdrecon.figure.ink import Plot, hue_difference, mixture_share, to_rgb
from ipdrecon.figure.shades import find_inks, tint
from ipdrecon.figure.trace import Path, TraceSettings, find_path

_GREY_CHROMA = 12.0
_MOST_ROUNDS = 4
_TOGETHER_PX = 2
_SURE = 0.5
_MIDDLE_SHARE = 0.7
_LEAST_RIDGE = 0.4
_WEAK = 0.7
_LEAST_KEPT = 0.1
_THIN_SHARE = 0.65


@dataclass(frozen=True)
class ArmSettings:
    """What ink must show to be an arm.

    Attributes
    ----------
    least_span : float
        Share of the time axis that a curve spans.
    least_ink : float
        Share of the columns not hidden that show the arm's own ink.
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
    """

    lab: np.ndarray
    own: np.ndarray
    others: np.ndarray
    path: Path
    confidence: float
    limits: bool = False

    @property
    def rgb(self):
        """Colour as red, green, blue of 0 to 255."""
        rgb = cv2.cvtColor(np.array([[self.lab]], np.float32), cv2.COLOR_LAB2RGB)[0, 0]
        return tuple(int(v) for v in np.clip(np.round(rgb * 255), 0, 255))

    @functools.cached_property
    def thickness(self):
        """Line width in px: the median of the ink across the path where it runs level."""
        ink = np.maximum(self.own, self.others)
        level = np.flatnonzero(self.path.enter == self.path.leave)
        widths = [width for i in level if (width := _width(ink[:, self.path.first + i], self.path.leave[i]))]
        return float(np.median(widths)) if widths else 1.0

    @property
    def dash(self):
        """``"solid"``, ``"dashed"``, ``"dotted"`` or ``"dash-dotted"``, from the gaps in its ink."""
        return self.pattern.kind

    @functools.cached_property
    def pattern(self):
        """`DashPattern` along its path."""
        return pattern_along(self.path, self.own, self.others, self.thickness)


def _width(ink, row):
    """Coverage by the unbroken ink through a row of one column; 0 where there is none."""
    inked = ink > 0.3
    if not inked[row]:
        return 0.0
    above, below = np.flatnonzero(~inked[:row]), np.flatnonzero(~inked[row:])
    top, bottom = above[-1] if len(above) else 0, row + below[0] if len(below) else len(ink) - 1
    return float(ink[top : bottom + 1].sum())


@dataclass(frozen=True)
class _Search:
    """Where curves are looked for, and what counts as one."""

    plot: Plot
    start: tuple
    seeds: tuple
    settings: ArmSettings
    trace_settings: TraceSettings

    def path(self, own, hidden):
        """The best path along some ink."""
        return find_path(own, hidden, self.plot.text, self.start, self.trace_settings)


def find_arms(plot, start, *, count=None, seeds=(), expected=None, settings=None, trace_settings=None):
    """The arms of a plot.

    Parameters
    ----------
    plot : Plot
    start : tuple of float
        Column and row of time 0 and survival 1.
    count : int, optional
        Number of arms, when known; the most convincing are taken.
    seeds : sequence of ndarray, shape (3,)
        Colours in CIELAB that a legend shows.
    expected : int, optional
        Number of rows of the table of numbers at risk.
    settings : ArmSettings, optional
    trace_settings : TraceSettings, optional

    Returns
    -------
    tuple of ArmInk
        From the highest to the lowest mean survival.

    Raises
    ------
    ArmError
        When no curve is found, or fewer than `count`.
    """
    search = _Search(plot, start, tuple(seeds), settings or ArmSettings(), trace_settings or TraceSettings())
    colours, own, pixels = find_inks(plot, seeds, expected)
    if not colours:
        raise ArmError("No curve was found: the plot holds no ink but text and lines of the axes. Give --x-range and --y-range, or crop the figure.")
    arms = [_arm_in(search, own, i, colours[i]) for i in range(len(colours))]
    arms = [arm for arm, count in zip(arms, pixels, strict=True) if arm is not None and count > _LEAST_RIDGE * arm.path.own]
    arms = _without_limits(search, _settled(search, arms))
    arms = _without_surplus(search, _families(search, arms, expected), expected)
    if count is not None and len(arms) > count:
        arms = sorted(arms, key=lambda arm: -arm.path.score)[:count]
    if not arms or (count is not None and len(arms) < count):
        found = f"{len(arms)} of {count} arms were" if count else "No curve was"
        raise ArmError(f"{found} found: a curve starts at time 0 and survival 1 and only falls, or at incidence 0 and only rises. Check that the figure is a Kaplan-Meier plot, or give --x-range, --y-range or --arms.")
    return tuple(sorted(arms, key=_mean_row))


def _mean_row(arm):
    return float(arm.path.leave.mean())


def _hidden_by(plot, others):
    grown = cv2.dilate((others > 0.3).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return grown | plot.hidden


def _arm_in(search, own, index, colour):
    """The curve drawn in one colour; None where there is none."""
    others = np.delete(own, index, axis=0).max(axis=0) if len(own) > 1 else np.zeros_like(own[0])
    path = search.path(own[index], _hidden_by(search.plot, others))
    confidence = _confidence(search, path, own[index])
    return ArmInk(np.asarray(colour), own[index], others, path, confidence) if confidence > 0 else None


def _without_surplus(search, arms, expected):
    """Arms without the weakest of those that no legend lists, while there are more than a table tells."""
    weak = sorted((arm for arm in arms if arm.confidence < _WEAK and not _is_listed(search, arm)), key=lambda arm: arm.confidence)
    surplus = weak[: max(len(arms) - expected, 0)] if expected else []
    return [arm for arm in arms if not any(arm is other for other in surplus)]


def _families(search, arms, expected):
    """The arms of every colour; a table with more rows than colours tells of more in one, unless a legend tells the colours."""
    sure = [arm for arm in arms if arm.confidence >= _SURE]
    told = len(search.seeds) > 1 and sum(_is_listed(search, arm) for arm in sure) > 1
    spare = None if expected is None else 0 if told else max(expected - len(sure), 0)
    found = []
    for arm in sorted(arms, key=lambda arm: -arm.path.own):
        family = _in_one_colour(search, arm, spare, len(sure) == 1)
        spare = spare and max(spare - len(family) + 1, 0)
        found.extend(family)
    return found


def _in_one_colour(search, arm, spare, alone):
    """The arms of one colour: a curve alone; a curve between its confidence limits; or as many as legend or table list.

    `spare` is the number of rows of the table that no colour accounts for; None without a table. `alone` says that the
    plot has no other colour.
    """
    listed = _n_listed(search, arm)
    told_of = max(listed, 1 + (spare or 0))
    found = _curves_in(search, arm, max(3, told_of), told_of)
    curves = _broadest(found)
    if len(curves) < len(found) and len(curves) >= told_of and (curves[0] is found[0] or _are_limits(found, curves[0])):
        return [replace(curve, limits=True) for curve in curves[:told_of]]
    if len(found) == 1 or listed >= 2:
        return found[: max(listed, 1)]
    if spare:
        return found[: 1 + spare]
    middle = sorted(found, key=_mean_row)[len(found) // 2]
    if _are_limits(found, middle) and middle.path.own > _MIDDLE_SHARE * max(one.path.own for one in found):
        return [replace(middle, limits=True)]
    told = spare == 0 or len(search.seeds) > 1
    unlike = len({one.dash == "solid" for one in found}) == 2
    if len(found) == 2 and not told and (alone or unlike) and not _drop_together(*found):
        return found
    return [replace(arm, limits=len(found) == 2 and _drop_together(*found))]


def _are_limits(found, curve):
    """Whether two of three curves run on either side of another."""
    if len(found) != 3:
        return False
    upper, middle, lower = sorted(found, key=_mean_row)
    return middle is curve and _above(upper, middle) and _above(middle, lower)


def _broadest(found):
    """Curves that are no thinner than the broadest of their colour: confidence limits often are."""
    broadest = max(arm.thickness for arm in found)
    return [arm for arm in found if arm.thickness > _THIN_SHARE * broadest]


def _curves_in(search, arm, most, told_of):
    """Up to so many curves in the ink of one colour; those that legend or table tell of need less ink of their own."""
    found = [arm]
    while len(found) < most:
        share = search.settings.least_told if len(found) < told_of else search.settings.least_second
        following = _next_in_colour(search, found, share)
        if following is None:
            break
        found = _alternated(search, [*found, following])
    return found


def _drop_together(arm, other):
    """Whether a curve drops only where another does, more often than chance has it: a confidence limit does so."""
    if not (_above(arm, other) or _above(other, arm)):
        return False
    mine, theirs = (drops > 1 for drops in _shared(arm, other, lambda path: path.leave - path.enter))
    near_mine, near_theirs = (np.convolve(drops, np.ones(2 * _TOGETHER_PX + 1), "same") > 0 for drops in (mine, theirs))
    rarest, near = (mine, near_theirs) if mine.sum() < theirs.sum() else (theirs, near_mine)
    return bool(rarest.sum() >= 4 and near[rarest].mean() > 0.8 and near.mean() < 0.6)


def _alternated(search, found):
    """Curves of one colour, each traced anew on the ink that the others leave, until none changes.

    What one curve took from another at first, such as its tail after the own end, goes back in this way.
    """
    whole = np.max([arm.own for arm in found], axis=0)
    for _ in range(_MOST_ROUNDS):
        before = [arm.path.leave for arm in found]
        for i in range(len(found)):
            found[i] = _traced_beside(search, found[i], found[:i] + found[i + 1 :], whole)
        if all(np.array_equal(arm.path.leave, leave) for arm, leave in zip(found, before, strict=True)):
            break
    return found


def _traced_beside(search, arm, rest, whole):
    """A curve on the ink of its colour that other curves of that colour leave."""
    taken = _taken(rest, whole)
    own = np.where(taken, 0, whole)
    others = np.min([one.others for one in (arm, *rest)], axis=0)
    path = search.path(own, _hidden_by(search.plot, others) | taken)
    return replace(arm, own=own, others=np.maximum(others, np.where(taken, whole, 0)), path=path, confidence=max(_confidence(search, path, own), _LEAST_KEPT))


def _taken(arms, ink):
    """Where curves lie: their paths and the ink up to a line width around, since a path may run along a line's edge."""
    paths = np.zeros(ink.shape, np.uint8)
    for arm in arms:
        for i, (enter, leave) in enumerate(zip(arm.path.enter, arm.path.leave, strict=True)):
            paths[enter : leave + 1, arm.path.first + i] = 1
    reach = int(np.ceil(max(arm.thickness for arm in arms)))
    near = cv2.dilate(paths, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return cv2.dilate(((near > 0) & (ink > 0.3)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _next_in_colour(search, found, share):
    """Another curve in the ink that the curves found leave over; None where there is none."""
    whole = np.max([arm.own for arm in found], axis=0)
    taken = _taken(found, whole)
    own = np.where(taken, 0, whole)
    least = share * found[0].path.own
    if (((own > 0.3) & ~search.plot.text).any(axis=0)).sum() < least:
        return None
    others = np.min([arm.others for arm in found], axis=0)
    path = search.path(own, _hidden_by(search.plot, others) | taken)
    confidence = _confidence(search, path, own)
    if confidence <= 0 or path.own < least:
        return None
    return ArmInk(found[0].lab, own, np.maximum(others, np.where(taken, whole, 0)), path, confidence)


def _shared(arm, other, of_path):
    """What a function tells of each column of two arms' paths, in the columns that both reach."""
    first, last = max(arm.path.first, other.path.first), min(arm.path.last, other.path.last)
    return tuple(of_path(one.path)[first - one.path.first : last - one.path.first + 1] for one in (arm, other))


def _above(arm, other):
    """Whether an arm never falls below another."""
    mine, theirs = _shared(arm, other, lambda path: path.leave)
    return bool(len(mine) and (mine <= theirs + 3).mean() > 0.95)


def _confidence(search, path, own):
    """How surely a path is a curve, in [0, 1]; 0 when it is none."""
    settings, width = search.settings, search.plot.width
    columns = len(path.leave)
    ink = path.own / max(path.own + path.bare, 1)
    if columns < settings.least_span * width or ink < settings.least_ink or path.own < settings.least_own * columns:
        return 0.0
    if path.bare > 0.05 * columns and path.gap > max(search.trace_settings.most_gap * width, 8):
        return 0.0
    if _is_reference_line(path, own):
        return 0.0
    return float(np.clip((ink - settings.least_ink) / 0.3, 0.1, 1) * min(1, 0.4 + path.own / columns))


def _is_reference_line(path, own):
    """Whether nearly all of the ink lies on one level below the start: a landmark or median line, no curve."""
    columns = path.first + np.arange(len(path.leave))
    rows = path.leave[own[path.leave, columns] > 0.3]
    if not len(rows):
        return True
    level = np.bincount(rows).argmax()
    return bool((np.abs(rows - level) <= 2).mean() > 0.95 and level - path.enter[0] > 0.05 * own.shape[0])


def _settled(search, arms):
    """Arms that none of the others explains; ink of the explained ones is given to those, whose paths are found anew.

    A line changes colour where a translucent band lies on it, where text or another line crosses it, and at its edges:
    such a shade runs beside arms already found. Colours that a legend lists come first, then those with most ink.
    """
    kept = []
    for arm in sorted(arms, key=lambda arm: (not _is_listed(search, arm), -arm.path.own)):
        explained = [other for other in kept if _explains(search, arm, other)]
        if explained and not _runs_alone(search, arm, explained):
            twin = max(explained, key=lambda other: _beside(search, arm, other).sum())
            index = next(k for k, other in enumerate(kept) if other is twin)
            kept[index] = _joined(twin, arm)
        else:
            kept.append(arm)
    return [replace(arm, confidence=max(arm.confidence, _LEAST_KEPT)) if any(arm is one for one in arms) else _traced_anew(search, arm) for arm in kept]


def _n_listed(search, arm):
    """Number of a legend's keys in an arm's colour."""
    return sum(bool(np.linalg.norm(arm.lab - seed) < search.settings.listed_lab) for seed in search.seeds)


def _is_listed(search, arm):
    return _n_listed(search, arm) > 0


def _joined(arm, shade):
    """An arm with the ink of one of its shades."""
    return replace(arm, own=np.maximum(arm.own, shade.own), others=np.where(shade.own > 0, 0, arm.others))


def _traced_anew(search, arm):
    path = search.path(arm.own, _hidden_by(search.plot, arm.others))
    return replace(arm, path=path, confidence=max(_confidence(search, path, arm.own), _LEAST_KEPT))


def _explains(search, arm, other):
    """Whether a colour may be another arm's in another shade: alike in hue, or a mixture of it; not two legend entries."""
    first, second = ({k for k, seed in enumerate(search.seeds) if np.linalg.norm(one.lab - seed) < 12} for one in (arm, other))
    if first and second and not first & second:
        return False
    if min(np.hypot(*arm.lab[1:]), np.hypot(*other.lab[1:])) < _GREY_CHROMA:
        return True
    if hue_difference(arm.lab, other.lab) < search.settings.same_hue:
        return True
    return any(mixture_share(to_rgb(arm.lab), to_rgb(other.lab), to_rgb(fill)) is not None for fill in search.plot.fills[1:])


def _runs_alone(search, arm, others):
    """Whether most of an arm's own ink lies beside none of some others' paths."""
    beside = np.any([_beside(search, arm, other) for other in others], axis=0)
    columns = np.arange(arm.path.first, arm.path.last + 1)
    seen = arm.own[arm.path.leave, columns] > 0.3
    return bool(seen.any() and beside[seen].mean() <= search.settings.most_fringe)


def _without_limits(search, arms):
    """Leave out the outlines of confidence bands: a paler tint of an arm's colour, always on one side of it."""
    listed = [any(np.linalg.norm(arm.lab - seed) < 8 for seed in search.seeds) for arm in arms]
    return [arm for arm, kept in zip(arms, listed, strict=True) if kept or not any(_is_limit(search.plot, arm, other) for other in arms)]


def _is_limit(plot, arm, other):
    share, apart = tint(plot, arm.lab, other.lab)
    if arm is other or not (0.1 < share < 0.85 and apart < 16 and np.hypot(*other.lab[1:]) > 20):
        return False
    return _above(arm, other) or _above(other, arm)


def _beside(search, arm, other):
    """Columns of an arm in which its path lies on or beside another's."""
    columns = np.arange(arm.path.first, arm.path.last + 1)
    within = (columns >= other.path.first) & (columns <= other.path.last)
    theirs = np.clip(columns - other.path.first, 0, len(other.path.leave) - 1)
    reach = max(search.settings.same_course_px, 0.75 * other.thickness + 2)
    near = (arm.path.leave >= other.path.enter[theirs] - reach) & (arm.path.enter <= other.path.leave[theirs] + reach)
    return near & within
