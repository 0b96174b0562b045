"""The curves drawn in one colour: one, a curve between its confidence limits, or several told by dash and width."""

from dataclasses import replace

import cv2
import numpy as np

from ipdrecon.figure.arm_ink import ArmInk, above, bare_fall, mean_row, shared
from ipdrecon.figure.column_runs import summed_around
from ipdrecon.figure.gauge import part_by_width
from ipdrecon.figure.mirrored import are_mirrored
from ipdrecon.figure.strands import disentangle, meet_again

_MOST_ROUNDS = 4
_TOGETHER_PX = 2
_SURE = 0.5
_MIDDLE_SHARE = 0.7
_LEAST_KEPT = 0.1
_THIN_SHARE = 0.65
_LEAST_LIMITED = 0.4
_ONE_SIDED = 0.9
_TWO_SIDED = 0.5
_FEWEST_DROPS = 4
_MOST_UNTOLD = 4
_LEAST_WORTH = 0.97
_LEAST_APART_PX = 6
_MOST_CARRIED = 0.1
_MOST_UNEVEN = 3.3
_PURE, _FEWEST_PURE, _AS_BROAD = 0.8, 20, 1.3


def find_families(search, arms, expected):
    """The arms of every colour.

    A table with more rows than colours tells of more arms in one, unless a legend tells the colours.

    Parameters
    ----------
    search : Search
    arms : sequence of ArmInk
        One for each colour.
    expected : int or None
        Number of rows of the table of numbers at risk.

    Returns
    -------
    list of ArmInk
    """
    sure = [arm for arm in arms if arm.confidence >= _SURE]
    told = len(search.seeds) > 1 and sum(search.is_listed(arm) for arm in sure) > 1
    spare = None if expected is None else 0 if told else max(expected - len(sure), 0)
    found = []
    for arm in sorted(arms, key=lambda arm: -arm.path.own):
        rivals = tuple(other.lab for other in arms if other is not arm)
        family = _in_one_colour(replace(search, rivals=rivals), arm, spare, len(sure) == 1)
        spare = spare and max(spare - len(family) + 1, 0)
        found.extend(family)
    return found


def _in_one_colour(search, arm, spare, alone):
    """The arms of one colour: a curve alone; a curve between its confidence limits; or as many as legend or table list.

    `spare` is the number of rows of the table that no colour accounts for; None without a table. `alone` says that the
    plot has no other colour.
    """
    parts = part_by_width(arm.own)
    broad = _broad_arms(search, arm, parts, spare, alone) if len(parts) == 2 else []
    return broad or _of_one_width(search, arm, spare, alone)


def _broad_arms(search, arm, parts, spare, alone):
    """The arms drawn in the broad lines of a colour; none where the thin lines are arms as well, or a part of one that falls through paper without them."""
    broad, thin = (_traced_on(search, arm, own) for own in parts)
    if broad is None or _runs_on(broad.path, parts[1]):
        return []
    found = _of_one_width(search, broad, spare, alone)
    told_of = max(search.n_listed(arm), 1 + (spare or 0))
    if len(found) < told_of or any(bare_fall(one, search.plot) for one in found):
        return []
    outside = thin is None or told_of > 1 or any(above(thin, one) or above(one, thin) for one in found)
    return [replace(one, limits=thin is not None) for one in found] if outside else []


def _runs_on(path, thin):
    """Whether thin ink carries on a path along the broad ink: one line, broader where it has marks."""
    columns = path.first + np.arange(len(path.leave))
    return bool((thin[path.leave, columns] > 0.3).mean() > _MOST_CARRIED)


def _traced_on(search, arm, own):
    """An arm on part of its ink; None where there is no curve."""
    path = search.path(own, search.hidden_by(arm.others))
    confidence = search.confidence(path, own)
    return replace(arm, own=own, path=path, confidence=confidence) if confidence > 0 else None


def _of_one_width(search, arm, spare, alone):
    """The arms of one colour, whose lines may differ in their dashes."""
    told_of = max(search.n_listed(arm), 1 + (spare or 0))
    found = _curves_in(search, arm, max(_MOST_UNTOLD, told_of), told_of)
    if len(found) == 1:
        return found
    limits = _limits_among(search, found, paired=told_of > 1)
    arms = [one for k, one in enumerate(found) if k not in limits]
    surplus = told_of > 1 and any(one.confidence >= _SURE for one in arms[told_of:])
    if told_of > 1:
        arms = [*arms, *(found[k] for k in sorted(limits))][:told_of]
    elif spare == 0 or len(search.seeds) > 1 or not (alone or len({one.dash for one in arms}) > 1):
        strongest = max(one.path.own for one in arms)
        arms = [next(one for one in arms if one.path.own >= _MIDDLE_SHARE * strongest)]
    else:
        arms = [one for one in arms if one.thickness > _THIN_SHARE * arms[0].thickness]
    if len(arms) > 1 and all(one.dash == "solid" for one in arms):
        arms = [replace(one, lab=_colour_along(search.plot, one), tangled=_is_tangled(one, arms)) for one in arms]
    return [replace(one, limits=bool(limits), surplus=surplus) for one in arms]


def _is_tangled(arm, arms):
    """Whether an arm meets another one as broad again, so that nothing tells which of the two goes on as which."""
    alike = [one for one in arms if one is not arm and max(one.thickness, arm.thickness) < _AS_BROAD * min(one.thickness, arm.thickness)]
    return any(meet_again(arm.path, one.path, int(np.ceil(arm.thickness)) + 1) for one in alike)


def _colour_along(plot, arm):
    """Median colour of an arm's own level stretches: shades of one colour, too near to part the ink by, may still tell its key."""
    columns, rows = arm.path.first + np.arange(len(arm.path.leave)), arm.path.leave
    shown = (arm.path.enter == rows) & (arm.own[rows, columns] > _PURE) & (arm.others[rows, columns] == 0) & ~plot.text[rows, columns]
    return np.median(plot.lab[rows[shown], columns[shown]], axis=0) if shown.sum() >= _FEWEST_PURE else arm.lab


def _limits_among(search, found, *, paired):
    """Indices of the curves that are confidence limits: thinner than others, on both sides of one, or dropping with one.

    Where lines are `paired`, for several arms are told of, a thin one alone on its side of a broad one may be an arm.
    """
    limits = set()
    for other in found:
        thin = [k for k, one in enumerate(found) if _is_thin_beside(one, other)]
        sides = {above(found[k], other) for k in thin}
        limits |= set(thin) if len(sides) == 2 or not paired else set()
    order = [k for k in sorted(range(len(found)), key=lambda k: mean_row(found[k])) if k not in limits]
    strongest = max(found[k].path.own for k in order)
    for upper, middle, lower in zip(order, order[1:], order[2:], strict=False):
        if found[middle].path.own > _MIDDLE_SHARE * strongest and _are_limits(search, *(found[k] for k in (upper, middle, lower))):
            limits |= {upper, lower}
    if len(order) == 2 and _drop_together(*(found[k] for k in order)):
        limits.add(max(order))
    return limits


def _are_limits(search, upper, middle, lower):
    """Whether two curves of like dashes lie evenly about another, or run at like distances from it and drop where it does."""
    if (upper.dash == "solid") != (lower.dash == "solid"):
        return False
    n = min(len(one.path.leave) for one in (upper, middle, lower))
    rows = (one.path.leave[:n] for one in (upper, middle, lower))
    if are_mirrored(*rows, one_row=search.start[1], zero_row=search.plot.zero_row):
        return True
    if not (above(upper, middle) and above(middle, lower)):
        return False
    return _at_like_distances(upper, middle, lower) and not (_drop_apart(upper, middle) or _drop_apart(middle, lower))


def _at_like_distances(upper, middle, lower):
    """Whether the distances to the curves on both sides are within a factor of three of each other, where not small."""
    n = min(len(one.path.leave) for one in (upper, middle, lower))
    high, level, low = (one.path.leave[:n] for one in (upper, middle, lower))
    over, under = level - high, low - level
    apart = np.maximum(over, under) > _LEAST_APART_PX
    near = np.maximum(over, under) <= _MOST_UNEVEN * np.maximum(np.minimum(over, under), 1)
    return not apart.any() or bool(near[apart].mean() > 0.8)


def _is_thin_beside(arm, other):
    """Whether an arm is drawn much thinner than another, which it does not cross: confidence limits often are.

    A curve shows about as much of its ink as its limits do; what shows less is a row of marks, or another ink's.
    """
    if other.path.own < _LEAST_LIMITED * arm.path.own:
        return False
    return arm.thickness < _THIN_SHARE * other.least_thickness and (above(arm, other) or above(other, arm))


def _curves_in(search, arm, most, told_of):
    """Up to so many curves in the ink of one colour, as they explain most of it.

    A path may change from one line to another where these meet. A line without gaps, found first as such, leaves the
    dashed ones alone; what is still tangled is parted by width and dashes.
    """
    ways = [_one_by_one(search, [arm], most, told_of)]
    solid = _unbroken(search, arm) if len(ways[0]) > 1 else None
    if solid is not None:
        ways.append(_one_by_one(search, [solid], most, told_of))
    return _parted(search, max(ways, key=_worth), arm.own)


def _unbroken(search, arm):
    """The curve of a line without gaps; None where that is no curve, or the one already found."""
    path = search.path(arm.own, search.hidden_by(arm.others), unbroken=True)
    confidence = search.confidence(path, arm.own)
    if confidence <= 0 or np.array_equal(path.leave, arm.path.leave):
        return None
    return replace(arm, path=path, confidence=confidence)


def _one_by_one(search, found, most, told_of):
    """Further curves of a colour: those that legend or table tell of, by less ink of their own; others where all explain more ink then."""
    whole = found[0].own
    while len(found) < most:
        told = len(found) < told_of
        following = _next_in_colour(search, found, whole, search.settings.least_told if told else search.settings.least_second)
        more = [] if following is None else _alternated(search, [*found, following], whole)
        if not more or (not told and _worth(more) <= _worth(found)):
            break
        found = more
    return found


def _parted(search, found, whole):
    """Curves whose stretches between meetings are those of one line each."""
    if len(found) < 2:
        return found
    paths = disentangle([arm.path for arm in found], whole)
    if all(path is arm.path for path, arm in zip(paths, found, strict=True)):
        return found
    parted = [replace(arm, path=path) for arm, path in zip(found, paths, strict=True)]
    parted = [_traced_beside(search, arm, parted[:i] + parted[i + 1 :], whole) for i, arm in enumerate(parted)]
    return parted if _worth(parted) > _LEAST_WORTH * _worth(found) else found


def _worth(found):
    """How much ink some curves explain, less the bare paper that they cross."""
    return sum(arm.path.score for arm in found)


def _drop_together(arm, other):
    """Whether a curve drops only where another does, and by sizes that go together: a confidence limit does so."""
    if not (above(arm, other) or above(other, arm)):
        return False
    sizes, others, chance = _drops_of_rarer(arm, other)
    if len(sizes) < _FEWEST_DROPS or (others > 1).mean() <= 0.8 or chance >= 0.6:
        return False
    return _go_together(sizes, others, _ONE_SIDED)


def _drop_apart(arm, other):
    """Whether many of the drops of one curve are no drops of another, or are of unlike sizes."""
    sizes, others, _ = _drops_of_rarer(arm, other)
    if len(sizes) < _FEWEST_DROPS:
        return False
    return bool((others > 1).mean() < 0.6) or not _go_together(sizes, others, _TWO_SIDED)


def _drops_of_rarer(arm, other):
    """Drops of the curve that has fewer, those of the other beside them, and the share of columns beside these, in px."""
    mine, theirs = shared(arm, other, lambda path: (path.leave - path.enter).astype(float))
    if (mine > 1).sum() > (theirs > 1).sum():
        mine, theirs = theirs, mine
    near = summed_around(theirs, _TOGETHER_PX)
    return mine[mine > 1], near[mine > 1], float((near > 1).mean())


def _go_together(sizes, others, least):
    """Whether two series of drops are alike in size; those of one size each tell nothing against it."""
    varied = min(np.std(part) / max(np.mean(part), 1.0) for part in (sizes, others)) > 0.3
    return bool(not varied or np.corrcoef(sizes, others)[0, 1] > least)


def _alternated(search, found, whole):
    """Curves of one colour, each traced anew on the ink that the others leave, until none changes.

    What one curve took from another at first, such as its tail after the own end, goes back in this way.
    """
    for _ in range(_MOST_ROUNDS):
        before = [arm.path.leave for arm in found]
        for i in range(len(found)):
            found[i] = _traced_beside(search, found[i], found[:i] + found[i + 1 :], whole)
        if all(np.array_equal(arm.path.leave, leave) for arm, leave in zip(found, before, strict=True)):
            break
    return found


def _traced_beside(search, arm, rest, whole):
    """A curve on the ink of its colour that other curves of that colour leave."""
    own, taken = _left_by(rest, whole)
    others = np.min([one.others for one in (arm, *rest)], axis=0)
    path = search.path(own, search.hidden_by(others) | taken)
    confidence = max(search.confidence(path, own), _LEAST_KEPT)
    return replace(arm, own=own, others=np.maximum(others, np.where(taken, whole, 0)), path=path, confidence=confidence)


def _left_by(arms, whole):
    """The ink that some curves of a colour leave, and where they take it."""
    taken = _taken(arms, whole)
    return np.where(taken, 0, whole), taken


def _taken(arms, ink):
    """Where curves lie: their paths and the ink up to a line width around, since a path may run along a line's edge."""
    paths = np.zeros(ink.shape, np.uint8)
    for arm in arms:
        paths[arm.path.pixels()] = 1
    reach = int(np.ceil(max(arm.thickness for arm in arms)))
    near = cv2.dilate(paths, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return cv2.dilate(((near > 0) & (ink > 0.3)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _next_in_colour(search, found, whole, share):
    """Another curve in the ink that the curves found leave over; None where there is none."""
    least = share * found[0].path.own
    own, taken = _left_by(found, whole)
    if (((own > 0.3) & ~search.plot.text).any(axis=0)).sum() < least:
        return None
    others = np.min([arm.others for arm in found], axis=0)
    path = search.path(own, search.hidden_by(others) | taken)
    confidence = search.confidence(path, own)
    if confidence <= 0 or path.own < least:
        return None
    return ArmInk(found[0].lab, own, np.maximum(others, np.where(taken, whole, 0)), path, confidence)
