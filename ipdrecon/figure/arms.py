"""Part the ink into arms: by colour, and by the test that each is one curve from the start of the plot."""

from dataclasses import replace

import cv2
import numpy as np

from ipdrecon.errors import ArmError
from ipdrecon.figure.arm_ink import ArmInk, ArmSettings, Search, above, mean_row, shared
from ipdrecon.figure.colour import hue_difference, is_grey, to_rgb
from ipdrecon.figure.families import find_families
from ipdrecon.figure.greys import joined_ink, parted_greys, thinned_greys
from ipdrecon.figure.ink import mixture_share
from ipdrecon.figure.mirrored import has_mirror
from ipdrecon.figure.path import TraceSettings
from ipdrecon.figure.shades import find_inks, tint

_LEAST_RIDGE = 0.4
_SAME_FILL = 9.0
_WEAK = 0.7
_LEAST_KEPT = 0.1
_INKED = 0.3
_AS_BROAD, _MOST_PAIRED, _OFF_PATH_PX = 0.65, 0.5, 3


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
    seeds = tuple(seed for seed in seeds if all(np.linalg.norm(seed - fill) > _SAME_FILL for fill in plot.fills[1:]))
    search = Search(plot, start, seeds, settings or ArmSettings(), trace_settings or TraceSettings())
    colours, own, pixels = find_inks(plot, seeds, expected)
    if not colours:
        raise ArmError("No curve was found: the plot holds no ink but text and lines of the axes. Give --x-range and --y-range, or crop the figure.")
    own = parted_greys(plot, colours, own, seeds, start[1])
    arms = [_arm_in(search, own, i, colours[i]) for i in range(len(colours))]
    search, arms, pixels = _without_thinned_greys(search, colours, own, arms, pixels)
    arms = [arm for arm, count in zip(arms, pixels, strict=True) if arm is not None and count > _LEAST_RIDGE * arm.path.own]
    arms = _without_limits(search, _settled(search, arms))
    arms = _without_surplus(search, find_families(search, arms, expected), expected)
    arms = _without_mirrored(search, arms, expected)
    if count is not None and len(arms) > count:
        arms = sorted(arms, key=lambda arm: -arm.path.score)[:count]
    if not arms or (count is not None and len(arms) < count):
        found = f"{len(arms)} of {count} arms were" if count else "No curve was"
        raise ArmError(f"{found} found: a curve starts at time 0 and survival 1 and only falls, or at incidence 0 and only rises. Check that the figure is a Kaplan-Meier plot, or give --x-range, --y-range or --arms.")
    return tuple(sorted(arms, key=mean_row))


def _arm_in(search, own, index, colour):
    """The curve drawn in one colour; None where there is none."""
    others = np.zeros_like(own[0])
    for k in range(len(own)):
        if k != index:
            np.maximum(others, own[k], out=others)
    path = search.path(own[index], search.hidden_by(others))
    confidence = search.confidence(path, own[index])
    return ArmInk(np.asarray(colour), own[index], others, path, confidence) if confidence > 0 else None


def _without_thinned_greys(search, colours, own, arms, pixels):
    """A search, arms and their pixels in which greys that are black thinned by paper are black: in the plot and in the legend."""
    paths = [arm and arm.path for arm in arms]
    darkest, shades, seeds = thinned_greys(search.plot, colours, own, paths, search.seeds)
    search = replace(search, seeds=seeds)
    if not shades:
        return search, arms, pixels
    parts = (darkest, *shades)
    others = [own[i] for i in range(len(own)) if i not in parts]
    joined = np.stack([joined_ink(search.plot, colours, parts, darkest), *others])
    arms = [None if i in shades else _arm_in(search, joined, 0, colours[i]) if i == darkest else arm for i, arm in enumerate(arms)]
    total = sum(pixels[i] for i in parts)
    return search, arms, tuple(total if i == darkest else count for i, count in enumerate(pixels))


def _without_surplus(search, arms, expected):
    """Arms without the weakest of those that no legend lists, while there are more than a table tells."""
    weak = sorted((arm for arm in arms if arm.confidence < _WEAK and not search.is_listed(arm)), key=lambda arm: arm.confidence)
    surplus = weak[: max(len(arms) - expected, 0)] if expected else []
    return [arm for arm in arms if not any(arm is other for other in surplus)]


def _without_mirrored(search, arms, expected):
    """Arms without the confidence limits of others in their colour or in a shade of it, which no legend lists and a table does not tell of."""
    kept = list(arms)
    for arm in sorted(arms, key=lambda arm: arm.path.own):
        others = [other for other in kept if other is not arm and other.path.own > arm.path.own and _may_be_of_one(search, arm, other)]
        curve = next((other for other in others if _is_mirrored(search.plot, arm, other, search.start[1])), None)
        if curve is not None and len(kept) > (expected or 1):
            kept = [replace(one, limits=True) if one is curve else one for one in kept if one is not arm]
    return kept


def _may_be_of_one(search, arm, other):
    """Whether two arms are of one hue, or both grey, and no key tells them apart."""
    if is_grey(arm.lab) != is_grey(other.lab) or not is_grey(arm.lab) and hue_difference(arm.lab, other.lab) > search.settings.same_hue:
        return False
    return not any(_has_key(search, arm, seed, [arm, other]) for seed in search.seeds) or bool(np.linalg.norm(arm.lab - other.lab) < _SAME_FILL)


def _is_mirrored(plot, arm, other, one_row):
    rows, level = shared(arm, other, lambda path: path.leave)
    first = max(arm.path.first, other.path.first)
    ink = ((plot.contrast > 0) & ~plot.text)[:, first : first + len(rows)]
    return has_mirror(ink, rows, level, one_row=one_row, zero_row=plot.zero_row)


def _settled(search, arms):
    """Arms that none of the others explains; ink of the explained ones is given to those, whose paths are found anew.

    A line changes colour where a translucent band lies on it, where text or another line crosses it, and at its edges:
    such a shade runs beside arms already found. Colours that a legend lists come first, then those with most ink.
    """
    kept = []
    for arm in sorted(arms, key=lambda arm: (not search.is_listed(arm), -arm.path.own)):
        explained = [other for other in kept if _explains(search, arm, other)]
        if explained and not _runs_alone(search, arm, explained, arms):
            shares = _dealt(arm, explained)
            kept = [_joined(one, shares[id(one)]) if id(one) in shares else one for one in kept]
        else:
            kept.append(arm)
    return [replace(arm, confidence=max(arm.confidence, _LEAST_KEPT)) if any(arm is one for one in arms) else _traced_anew(search, arm) for arm in kept]


def _dealt(shade, arms):
    """The ink of a shade of several arms, black marks on coloured curves say, each pixel for the arm whose path is nearest; by arm's id."""
    columns = np.arange(shade.own.shape[1])
    rows = np.arange(shade.own.shape[0])[:, None]
    away = []
    for arm in arms:
        at = np.clip(columns - arm.path.first, 0, len(arm.path.leave) - 1)
        beyond = np.maximum(columns - arm.path.last, 0)
        away.append(np.maximum(np.maximum(arm.path.enter[at] - rows, rows - arm.path.leave[at]), 0) + beyond)
    nearest = np.argmin(away, axis=0)
    return {id(arm): np.where(nearest == k, shade.own, 0) for k, arm in enumerate(arms)}


def _joined(arm, ink):
    """An arm with some more ink."""
    return replace(arm, own=np.maximum(arm.own, ink), others=np.where(ink > 0, 0, arm.others))


def _traced_anew(search, arm):
    path = search.path(arm.own, search.hidden_by(arm.others))
    return replace(arm, path=path, confidence=max(search.confidence(path, arm.own), _LEAST_KEPT))


def _explains(search, arm, other):
    """Whether a colour may be another arm's in another shade: alike in hue, or a mixture of it; not two legend entries."""
    first, second = ({k for k, seed in enumerate(search.seeds) if np.linalg.norm(one.lab - seed) < 12} for one in (arm, other))
    if first and second and not first & second:
        return False
    if is_grey(arm.lab) or is_grey(other.lab):
        return True
    if hue_difference(arm.lab, other.lab) < search.settings.same_hue:
        return True
    return any(mixture_share(to_rgb(arm.lab), to_rgb(other.lab), to_rgb(fill)) is not None for fill in search.plot.fills[1:])


def _runs_alone(search, arm, others, arms):
    """Whether most of an arm's own ink lies beside none of some others' paths, and hangs on none by a mark in shades among all arms."""
    beside = np.any([_beside(search, arm, other) | _hangs_on(arm, other, _shades(search, arm, other, arms)) for other in others], axis=0)
    columns = np.arange(arm.path.first, arm.path.last + 1)
    seen = arm.own[arm.path.leave, columns] > _INKED
    return bool(seen.any() and beside[seen].mean() <= search.settings.most_fringe)


def _shades(search, arm, other, arms):
    """The ink of two arms and of all that have the hue of the other."""
    hued = [one for one in arms if not is_grey(one.lab) and hue_difference(one.lab, other.lab) < search.settings.same_hue]
    return np.max([one.own for one in (arm, other, *hued)], axis=0)


def _hangs_on(arm, other, shades):
    """Columns in which some shades of ink alone lie between two arms' paths: a bar of a mark in more than one."""
    columns = np.arange(arm.path.first, arm.path.last + 1)
    within = (columns >= other.path.first) & (columns <= other.path.last)
    theirs = np.clip(columns - other.path.first, 0, len(other.path.leave) - 1)
    at, to = arm.path.leave, np.clip(arm.path.leave, other.path.enter[theirs], other.path.leave[theirs])
    inked = shades[:, columns] > _INKED
    upto = np.vstack([np.zeros((1, len(columns)), int), np.cumsum(inked, axis=0)])
    along = np.arange(len(columns))
    first, last = np.minimum(at, to), np.maximum(at, to)
    return within & (upto[last + 1, along] - upto[first, along] == last - first + 1)


def _without_limits(search, arms):
    """Leave out the outlines of confidence bands: a paler tint of an arm's colour, always on one side of it.

    Outlines come in pairs or are finer than their curve: a paler line as broad as the other, unbroken and alone is a curve.
    """
    listed = [any(_has_key(search, arm, seed, arms) for seed in search.seeds) for arm in arms]
    return [arm for arm, kept in zip(arms, listed, strict=True) if kept or not any(_is_limit(search.plot, arm, other) for other in arms)]


def _has_key(search, arm, seed, arms):
    """Whether a legend's colour is an arm's, nearer to it than to any other's."""
    away = np.linalg.norm(arm.lab - seed)
    return away < search.settings.listed_lab and all(away <= np.linalg.norm(other.lab - seed) for other in arms)


def _is_limit(plot, arm, other):
    share, apart = tint(plot, arm.lab, other.lab)
    if arm is other or not (0.1 < share < 0.85 and apart < 16 and np.hypot(*other.lab[1:]) > 20):
        return False
    return not is_line_alone(plot, arm, other) and (above(arm, other) or above(other, arm))


def is_line_alone(plot, arm, other):
    """Whether an arm is one unbroken line as broad as another's: no outline of a band, of which there are two.

    Parameters
    ----------
    plot : Plot
    arm, other : ArmInk

    Returns
    -------
    bool
    """
    return arm.dash == "solid" and arm.thickness > _AS_BROAD * other.thickness and _share_paired(plot, arm) < _MOST_PAIRED


def _share_paired(plot, arm):
    """Share of an arm's columns that show its ink also elsewhere than along its path, clear of other ink and its fringes."""
    fringe = cv2.dilate((arm.others > _INKED).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.nonzero((arm.own > _INKED) & ~fringe & ~plot.text)
    within = (columns >= arm.path.first) & (columns <= arm.path.last)
    rows, at, reach = rows[within], columns[within] - arm.path.first, arm.thickness + _OFF_PATH_PX
    off = (rows < arm.path.enter[at] - reach) | (rows > arm.path.leave[at] + reach)
    return len(np.unique(at[off])) / len(arm.path.leave)


def _beside(search, arm, other):
    """Columns of an arm in which its path lies on or beside another's."""
    columns = np.arange(arm.path.first, arm.path.last + 1)
    within = (columns >= other.path.first) & (columns <= other.path.last)
    theirs = np.clip(columns - other.path.first, 0, len(other.path.leave) - 1)
    reach = max(search.settings.same_course_px, 0.75 * other.thickness + 2)
    near = (arm.path.leave >= other.path.enter[theirs] - reach) & (arm.path.enter <= other.path.leave[theirs] + reach)
    return near & within
