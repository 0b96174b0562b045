"""Edits of arms and curves, after tracing."""

from dataclasses import dataclass, field, replace

import numpy as np

from ipdrecon.errors import EditError
from ipdrecon.figure.flag_places import curve_box
from ipdrecon.flags import Flag
from ipdrecon.model import ArmLook, Curve

_LOWERED = 0.02
_SAME_MARK_PX = 3.0


@dataclass(frozen=True)
class Arms:
    """The arms of a panel, and what edits have made of them.

    Attributes
    ----------
    curves : tuple of Curve
    looks : tuple of ArmLook
        In the same order.
    calibration : Calibration
    flags : tuple of Flag
        One `edited` for each edit done.
    renamed : dict of str to str
        Present name by each earlier one.
    gone : tuple of str
        Arms that edits took away, by every name they had.
    regrouped : bool
        Whether there are other arms than before, so that rows must be tied anew.
    missed : dict of str to EditError
        Edits without a panel that fit nothing here, by position.
    """

    curves: tuple
    looks: tuple
    calibration: object
    flags: tuple = ()
    renamed: dict = field(default_factory=dict)
    gone: tuple = ()
    regrouped: bool = False
    missed: dict = field(default_factory=dict)

    @property
    def names(self):
        """Names of the arms."""
        return [look.label for look in self.looks]

    def index(self, name, edit):
        """Place of an arm, by its name or an earlier one."""
        known = name if name in self.names else self.renamed.get(name, name)
        if known not in self.names:
            raise edit.error(f"no arm {name!r}; the arms are {', '.join(map(repr, self.names)) or 'none'}.")
        return self.names.index(known)

    def with_curve(self, index, curve):
        """The same arms with another curve in one place."""
        return replace(self, curves=(*self.curves[:index], curve, *self.curves[index + 1 :]))

    def noting(self, name, detail, stretch=None):
        """The same arms with a note of what was done to one of them, or to a stretch of its time."""
        box = stretch and curve_box(self.calibration, self.curves[self.names.index(name)], *stretch)
        return replace(self, flags=(*self.flags, Flag("edited", f"arm {name!r}", f"{detail}.", box)))

    def free_name(self, name, edit):
        """A name that no arm has."""
        if name in self.names:
            raise edit.error(f"there is an arm {name!r} already; the arms are {', '.join(map(repr, self.names))}.")
        return name


def edit_curves(arms, edits):
    """Do the edits of arms and curves, in their order.

    Parameters
    ----------
    arms : Arms
    edits : sequence of Edit
        Those of the stage ``curves`` that speak of this panel.

    Returns
    -------
    Arms
        From the highest to the lowest as before; arms added come last.

    Raises
    ------
    EditError
        When an edit of this panel names what is not there, or would make a curve rise.
    """
    for edit in edits:
        try:
            arms = _WAYS[edit.edit](arms, edit)
        except EditError as error:
            if edit.panel is not None:
                raise
            arms = replace(arms, missed=arms.missed | {edit.position: error})
    return arms


# --- arms ------------------------------------------------------------------------------------------------------------


def _rename(arms, edit):
    index = arms.index(edit.arm, edit)
    old, curve = arms.names[index], arms.curves[index]
    if edit.name == old:
        return arms
    name = arms.free_name(edit.name, edit)
    looks = list(arms.looks)
    looks[index] = replace(looks[index], label=name, matched_by="given", confidence=1.0)
    flags = tuple(flag for flag in curve.flags if flag.name != "arm_name_doubtful")
    arms = arms.with_curve(index, replace(curve, arm=name, flags=_about(flags, old, name)))
    renamed = {key: name if value == old else value for key, value in arms.renamed.items()} | {old: name}
    flags = _about(arms.flags, old, name)
    return replace(arms, looks=tuple(looks), renamed=renamed, flags=flags).noting(name, f"The name was {old!r}")


def _about(flags, old, name):
    """Flags about an arm, by its new name."""
    return tuple(replace(flag, place=f"arm {name!r}") if flag.place == f"arm {old!r}" else flag for flag in flags)


def _delete(arms, edit):
    index = arms.index(edit.arm, edit)
    name = arms.names[index]
    return _without(arms, index).noting(name, "It was taken away")


def _without(arms, index):
    curves, looks = arms.curves[:index] + arms.curves[index + 1 :], arms.looks[:index] + arms.looks[index + 1 :]
    name = arms.names[index]
    gone = (*arms.gone, name, *(old for old, new in arms.renamed.items() if new == name))
    return replace(arms, curves=curves, looks=looks, gone=gone, regrouped=True)


def _merge(arms, edit):
    later, into = arms.index(edit.arm, edit), arms.index(edit.into, edit)
    if later == into:
        raise edit.error(f"an arm cannot be merged with itself ({edit.arm!r}).")
    first, second, gone = arms.curves[into], arms.curves[later], arms.names[later]
    end = first.time[-1]
    if second.time[-1] <= end:
        raise edit.error(
            f"{gone!r} ends at {second.time[-1]:g}, {first.arm!r} at {end:g}; expected the joined arm to go on after the other's end. "
            f"End {first.arm!r} where {gone!r} takes over, or delete {gone!r}."
        )
    after = second.time > end
    time = np.concatenate([first.time[:-1], [end], second.time[after]])
    survival = np.concatenate([first.survival[:-1], [second.survival_at(end)], second.survival[after]])
    marks = np.concatenate([first.censor_time, second.censor_time[second.censor_time > end]])
    merged = _settled(edit, first, time, survival, censor_time=marks)
    arms = _without(arms.with_curve(into, merged), later)
    return arms.noting(first.arm, f"From {end:g} on it is what was {gone!r}")


def _split(arms, edit):
    index, name = arms.index(edit.arm, edit), arms.free_name(edit.name, edit)
    curve, look = arms.curves[index], arms.looks[index]
    copy = replace(curve, arm=name, censor_time=(), flags=_about(curve.flags, curve.arm, name))
    return _with_arm(arms, copy, replace(look, label=name, matched_by="given")).noting(name, f"It begins as a copy of {curve.arm!r}")


def _add(arms, edit):
    name = arms.free_name(edit.name, edit)
    time, survival = _points(arms, edit)
    blank = Curve(name, [0.0, time[-1]], [1.0, 1.0], **_errors(arms))
    curve = _settled(edit, blank, np.append(0.0, time), np.append(1.0, survival))
    look = ArmLook(name, edit.colour, "unknown", "given")
    return _with_arm(arms, curve, look).noting(name, f"It was drawn by hand through {len(edit.points)} points")


def _with_arm(arms, curve, look):
    return replace(arms, curves=(*arms.curves, curve), looks=(*arms.looks, look), regrouped=True)


def _errors(arms):
    """Standard errors of points set by hand: one px."""
    calibration = arms.calibration
    return {"time_error": abs(calibration.time.slope), "survival_error": calibration.survival_per_px}


# --- curves ----------------------------------------------------------------------------------------------------------


def _points(arms, edit):
    """Times and survivals of the points of an edit, by time."""
    points = np.array(edit.points)
    time, survival = arms.calibration.to_data(*points.T) if edit.unit == "px" else points.T
    wrong = (survival < -_LOWERED) | (survival > 1 + _LOWERED) | (time < -abs(4 * arms.calibration.time.slope))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise edit.error(f"point {k + 1} is time {time[k]:g}, survival {survival[k]:g}; expected times from 0 on and survival from 0 to 1.")
    order = np.argsort(time, kind="stable")
    return np.clip(time[order], 0, None), np.clip(survival[order], 0, 1)


def _redraw(arms, edit):
    index = arms.index(edit.arm, edit)
    time, survival = _points(arms, edit)
    begin, end = edit.begin if edit.begin is not None else time[0], edit.end if edit.end is not None else time[-1]
    if time[0] < begin - 1e-9 or time[-1] > end + 1e-9:
        raise edit.error(f"its points reach from {time[0]:g} to {time[-1]:g}, beyond the stretch from {begin:g} to {end:g}.")
    curve = _spliced(edit, arms.curves[index], (begin, end), time, survival, rejoins=edit.end is not None)
    detail = f"From {begin:g} to {end:g} it was drawn by hand through {len(time)} points"
    return arms.with_curve(index, curve).noting(curve.arm, detail, (begin, end))


def _swap(arms, edit):
    first, second = (arms.index(name, edit) for name in edit.arms)
    if first == second:
        raise edit.error(f"an arm cannot be swapped with itself ({edit.arms[0]!r}).")
    one, other = arms.curves[first], arms.curves[second]
    begin = edit.begin or 0.0
    end = edit.end if edit.end is not None else max(one.time[-1], other.time[-1])
    if begin >= min(one.time[-1], other.time[-1]):
        raise edit.error(f"from {begin:g} on only one of the two is drawn: they end at {one.time[-1]:g} and {other.time[-1]:g}.")
    arms = arms.with_curve(first, _with_stretch(edit, one, other, begin, end))
    arms = arms.with_curve(second, _with_stretch(edit, other, one, begin, end))
    for mine, its in ((one.arm, other.arm), (other.arm, one.arm)):
        arms = arms.noting(mine, f"From {begin:g} to {end:g} it is what was {its!r}", (begin, end))
    return arms


def _with_stretch(edit, curve, other, begin, end):
    """A curve with a stretch of another, marks included."""
    goes_on = other.time[-1] > end or curve.time[-1] > end
    # where both go on, each drops by itself at the end of the stretch: two curves that cross there drop at one time
    inside = (other.time > begin) & ((other.time < end) if goes_on else (other.time <= end))
    time = np.concatenate([[begin], other.time[inside]])
    survival = np.concatenate([[other.survival_at(begin)], other.survival[inside]])
    swapped = _spliced(edit, curve, (begin, end if goes_on else other.time[-1]), time, survival, cut=not goes_on)
    kept = curve.censor_time[(curve.censor_time < begin) | (curve.censor_time > end)]
    theirs = other.censor_time[(other.censor_time >= begin) & (other.censor_time <= end)]
    return replace(swapped, censor_time=np.sort(np.concatenate([kept, theirs])))


def _spliced(edit, curve, stretch, time, survival, *, cut=False, rejoins=True):
    """A curve with other steps in a stretch, without what came after it where it is cut.

    Behind the stretch it rejoins its old level at once, or at its next drop.
    """
    begin, end = stretch
    before, after = curve.time < begin, curve.time > end
    parts = [(curve.time[before], curve.survival[before]), (time, survival)]
    if after.any() and not cut:
        level = min(survival[-1], float(curve.survival_at(end))) if rejoins else survival[-1]
        parts.append(([end], [level]))
        parts.append((curve.time[after], curve.survival[after]))
    elif end > time[-1]:
        parts.append(([end], [survival[-1]]))
    return _settled(edit, curve, *(np.concatenate(column) for column in zip(*parts, strict=True)))


def _settled(edit, curve, time, survival, **changes):
    """A curve with these steps: small rises are lowered, greater ones refused; what comes later lies no higher."""
    lowest = np.minimum.accumulate(survival)
    rise = survival - lowest
    worst = int(np.argmax(rise))
    if rise[worst] > _LOWERED:
        raise edit.error(
            f"{curve.arm!r} would rise from {lowest[worst]:.3f} to {survival[worst]:.3f} at {time[worst]:g}; survival cannot rise. "
            "Give the levels after it too, or choose a stretch at whose ends the curve may go on."
        )
    if time[0] > 0 or lowest[0] < 1:
        time, lowest = np.append(0.0, time), np.append(1.0, lowest)
    drops = np.append(True, np.diff(lowest) < 0)
    drops[-1] = True
    time, lowest = time[drops], lowest[drops]
    if len(time) == 1 or lowest[-1] < lowest[-2]:
        time, lowest = np.append(time, time[-1]), np.append(lowest, lowest[-1])
    marks = np.asarray(changes.pop("censor_time", curve.censor_time), float)
    return replace(curve, time=time, survival=lowest, censor_time=marks[marks <= time[-1]], **changes)


def _end(arms, edit):
    index = arms.index(edit.arm, edit)
    curve = arms.curves[index]
    inside = curve.time < edit.time
    time = np.append(curve.time[inside], edit.time)
    survival = np.append(curve.survival[inside], curve.survival_at(edit.time))
    ended = _settled(edit, curve, time, survival)
    return arms.with_curve(index, ended).noting(curve.arm, f"It ended at {curve.time[-1]:g} and ends at {edit.time:g}")


def _marks(arms, edit):
    index = arms.index(edit.arm, edit)
    curve = arms.curves[index]
    marks = [] if edit.clear else list(curve.censor_time)
    reach = _SAME_MARK_PX * abs(arms.calibration.time.slope)
    for time in edit.delete:
        nearest = min(marks, key=lambda mark: abs(mark - time), default=np.inf)
        if abs(nearest - time) > reach:
            seen = f"the nearest is at {nearest:g}" if marks else "it has none"
            raise edit.error(f"{curve.arm!r} has no censor mark at {time:g}; {seen}.")
        marks.remove(nearest)
    beyond = [time for time in edit.add if time > curve.time[-1]]
    if beyond:
        raise edit.error(f"a mark at {beyond[0]:g} lies beyond the end of {curve.arm!r} at {curve.time[-1]:g}; mend the end first.")
    marks = sorted([*marks, *edit.add])
    detail = f"It had {len(curve.censor_time)} censor marks and has {len(marks)}"
    return arms.with_curve(index, replace(curve, censor_time=marks)).noting(curve.arm, detail)


_WAYS = {
    "rename_arm": _rename,
    "delete_arm": _delete,
    "merge_arms": _merge,
    "split_arm": _split,
    "add_arm": _add,
    "points": _redraw,
    "swap": _swap,
    "end": _end,
    "marks": _marks,
}
