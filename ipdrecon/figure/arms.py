"""Part the ink into arms: by colour, and by the test that each is one curve from the start of the plot."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ipdrecon.errors import ArmError
from ipdrecon.figure.ink import Plot, hue_difference, palette, part, to_rgb
from ipdrecon.figure.trace import Path, TraceSettings, find_path

_GREY_CHROMA = 12.0


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

    @property
    def thickness(self):
        """Rough line width in px: area of the ink by the length of the path upon it."""
        drops = (self.path.leave - self.path.enter).sum() * self.path.own / max(len(self.path.leave), 1)
        return float(self.own.sum() / max(self.path.own + drops, 1))

    @property
    def dash(self):
        """``"solid"`` or ``"dashed"``, from the gaps in its ink."""
        ink = self.path.own / max(self.path.own + self.path.bare, 1)
        return "solid" if ink > 0.93 else "dashed"


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


def find_arms(plot, start, *, count=None, seeds=(), settings=None, trace_settings=None):
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
    colours = _colours(plot, seeds)
    if not colours:
        raise ArmError("No curve was found: the plot holds no ink but text and lines of the axes. Give --x-range and --y-range, or crop the figure.")
    own = part(plot, colours)
    arms = [arm for i in range(len(colours)) if (arm := _arm_in(search, own, i, colours[i])) is not None]
    arms = _without_limits(search, _merged(search, arms))
    arms = [one for arm in arms for one in _in_one_colour(search, arm)]
    if count is not None and len(arms) > count:
        arms = sorted(arms, key=lambda arm: -arm.path.score)[:count]
    if not arms or (count is not None and len(arms) < count):
        found = f"{len(arms)} of {count} arms were" if count else "No curve was"
        raise ArmError(f"{found} found: a curve starts at time 0 and survival 1 and only falls, or at incidence 0 and only rises. Check that the figure is a Kaplan-Meier plot, or give --x-range, --y-range or --arms.")
    return tuple(sorted(arms, key=_mean_row))


def _mean_row(arm):
    return float(arm.path.leave.mean())


def _colours(plot, seeds):
    """Colours of the ink, and those of a legend that none of them is near.

    A thin line never reaches its full colour; a paler shade of a colour that has one is left out, unless a legend shows
    it.
    """
    found = [colour for colour, _ in palette(plot)]
    keys = [{k for k, seed in enumerate(seeds) if np.linalg.norm(colour - seed) < 12} for colour in found]
    full = [
        colour
        for colour, own in zip(found, keys, strict=True)
        if not any(_is_pale(plot, colour, other) and not (own - theirs and theirs - own) for other, theirs in zip(found, keys, strict=True))
    ]
    return full + [seed for seed in seeds if all(np.linalg.norm(seed - other) > 25 for other in full)]


def _is_pale(plot, colour, other):
    """Whether a colour is another, coloured one, somewhat thinned by paper."""
    share, apart = _tint(plot, colour, other)
    return 0.6 < share < 0.97 and apart < 10 and np.hypot(*other[1:]) > 20


def _tint(plot, colour, other):
    """Share of another colour in a mixture of it with paper that is nearest to a colour, and how far that is off."""
    way, offset = to_rgb(other) - to_rgb(plot.fills[0]), to_rgb(colour) - to_rgb(plot.fills[0])
    share = float(offset @ way / max(way @ way, 1.0))
    return share, float(np.linalg.norm(offset - share * way))


def _hidden_by(plot, others):
    grown = cv2.dilate((others > 0.3).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return grown | plot.hidden


def _arm_in(search, own, index, colour):
    """The curve drawn in one colour; None where there is none."""
    others = np.delete(own, index, axis=0).max(axis=0) if len(own) > 1 else np.zeros_like(own[0])
    path = search.path(own[index], _hidden_by(search.plot, others))
    confidence = _confidence(search, path, own[index])
    return ArmInk(np.asarray(colour), own[index], others, path, confidence) if confidence > 0 else None


def _in_one_colour(search, arm):
    """The arms of one colour: a curve alone; a curve between its confidence limits; or as many as a legend lists."""
    found = [arm]
    while len(found) < 3:
        following = _next_in_colour(search, found)
        if following is None:
            break
        found.append(following)
    if len(found) == 1:
        return found
    listed = sum(np.linalg.norm(arm.lab - seed) < search.settings.listed_lab for seed in search.seeds)
    if listed >= 2:
        return found[:listed]
    if len(found) == 3:
        between = sorted(found, key=_mean_row)
        if _above(between[0], between[1]) and _above(between[1], between[2]):
            return [replace(between[1], limits=True)]
    if len(found) == 2 and {one.dash for one in found} == {"solid", "dashed"}:
        return found
    return [arm]


def _next_in_colour(search, found):
    """Another curve in the ink that the curves found leave over; None where there is none."""
    own, taken = found[0].own.copy(), np.zeros(found[0].own.shape, bool)
    reach = int(np.ceil(0.75 * found[0].thickness + 1.5))
    for arm in found:
        for i, (enter, leave) in enumerate(zip(arm.path.enter, arm.path.leave, strict=True)):
            taken[max(enter - reach, 0) : leave + reach + 1, arm.path.first + i] = True
    own[taken] = 0
    least = search.settings.least_second * found[0].path.own
    if (((own > 0.3) & ~search.plot.text).any(axis=0)).sum() < least:
        return None
    path = search.path(own, _hidden_by(search.plot, found[0].others) | taken)
    confidence = _confidence(search, path, own)
    if confidence <= 0 or path.own < least:
        return None
    others = np.maximum(found[0].others, np.where(taken, found[0].own, 0))
    return ArmInk(found[0].lab, own, others, path, confidence)


def _shared_rows(arm, other):
    """Rows of two arms in the columns that both reach."""
    first, last = max(arm.path.first, other.path.first), min(arm.path.last, other.path.last)
    return tuple(one.path.leave[first - one.path.first : last - one.path.first + 1] for one in (arm, other))


def _above(arm, other):
    """Whether an arm never falls below another."""
    mine, theirs = _shared_rows(arm, other)
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


def _merged(search, arms):
    """One arm for all shades that run along one path.

    A line changes colour where a translucent band lies on it, and at its edges; two shades on one path are one curve.
    """
    kept = []
    for arm in sorted(arms, key=lambda arm: -arm.path.own):
        twin = next((k for k, other in enumerate(kept) if _are_shades(search, arm, other) and _same_course(search, arm, other)), None)
        if twin is None:
            kept.append(arm)
        else:
            other = kept[twin]
            kept[twin] = replace(other, own=np.maximum(other.own, arm.own), others=np.where(arm.own > 0, 0, other.others))
    return kept


def _are_shades(search, arm, other):
    """Whether two colours may be one: alike in hue, or one grey; and not two entries of a legend."""
    first, second = ({k for k, seed in enumerate(search.seeds) if np.linalg.norm(one.lab - seed) < 12} for one in (arm, other))
    if first and second and not first & second:
        return False
    if min(np.hypot(*arm.lab[1:]), np.hypot(*other.lab[1:])) < _GREY_CHROMA:
        return True
    return hue_difference(arm.lab, other.lab) < search.settings.same_hue


def _without_limits(search, arms):
    """Leave out the outlines of confidence bands: a paler tint of an arm's colour, always on one side of it."""
    listed = [any(np.linalg.norm(arm.lab - seed) < 8 for seed in search.seeds) for arm in arms]
    return [arm for arm, kept in zip(arms, listed, strict=True) if kept or not any(_is_limit(search.plot, arm, other) for other in arms)]


def _is_limit(plot, arm, other):
    share, apart = _tint(plot, arm.lab, other.lab)
    if arm is other or not (0.1 < share < 0.85 and apart < 16 and np.hypot(*other.lab[1:]) > 20):
        return False
    return _above(arm, other) or _above(other, arm)


def _same_course(search, arm, other):
    """Whether almost all of an arm's own ink lies on or beside another's path."""
    first = max(arm.path.first, other.path.first)
    last = min(arm.path.last, other.path.last)
    columns = np.arange(arm.path.first, arm.path.last + 1)
    seen = arm.own[arm.path.leave, columns] > 0.3
    within = (columns >= first) & (columns <= last)
    theirs = np.clip(columns - other.path.first, 0, len(other.path.leave) - 1)
    reach = max(search.settings.same_course_px, 0.75 * other.thickness + 2)
    near = (arm.path.leave >= other.path.enter[theirs] - reach) & (arm.path.enter <= other.path.leave[theirs] + reach)
    return (near & within)[seen].mean() > search.settings.most_fringe if seen.any() else True
