"""From paths to patients: one data set that stands in the middle of all paths, and data sets that are one path each."""

import numpy as np

from ipdrecon.survival.joint.timeline import Drop, Leave, Printed

_UNSEEN_END = 0.25
"""Chance that samples end before a last drop to 0, which falls between the last of them and the end of follow-up."""
_UNEVEN = 0.35
"""How uneven leaving may be within a step: of n leavers the place is u^a, u even and log a with this standard deviation."""
_JUST_AFTER = 1e-6
"""Leavers of a day are at risk at its events, also where rounding of times makes these a little later."""


def _rounded(value):
    return np.floor(value + 0.5).astype(int)


def _means(paths, weight, group):
    """Mean number of events and of leavers at each step, in patients."""
    mean = weight @ paths.count * float(group)
    return np.where(paths.is_drop, mean, 0.0), np.where(paths.is_drop, 0.0, mean)


def _medians(paths, weight):
    """Events and leavers at each step whose running totals are the medians of those of the paths.

    Means would follow the few paths with many more events than the others; of groups of patients they tell single ones.
    """
    return tuple(_median_steps(np.where(of_kind, paths.count, 0), weight) for of_kind in (paths.is_drop, ~paths.is_drop))


def _median_steps(count, weight):
    so_far = np.cumsum(count, axis=1)
    order = np.argsort(so_far, axis=0, kind="stable")
    half = (np.cumsum(weight[order], axis=0) >= 0.5 * weight.sum()).argmax(axis=0)
    median = np.take_along_axis(so_far, np.take_along_axis(order, half[None], axis=0), axis=0)[0]
    return np.diff(median, prepend=0)


def _shifted(paths, weight, group, means, n_event):
    """Bring the mean total to the printed one: drops that the paths leave open give way, each by its variance.

    Leavers of the same stretch between printed numbers make up for it, as the numbers at risk demand.
    """
    events, leavers = means
    mean = weight @ paths.count
    variance = np.where(paths.is_drop, weight @ (paths.count - mean) ** 2, 0.0) * group**2
    missing = n_event - events.sum()
    if variance.sum() <= 0:
        return events, leavers
    shifted = np.maximum(events + missing * variance / variance.sum(), 0.0)
    leavers = leavers.copy()
    for part in _stretches(paths.steps):
        change = (shifted - events)[part].sum()
        total = leavers[part].sum()
        if total > 0:
            leavers[part] *= max(total - change, 0.0) / total
    return shifted, leavers


def _is_border(step):
    return isinstance(step, Printed) or (isinstance(step, Drop) and step.printed is not None)


def _stretches(steps):
    """Slices of steps between printed numbers."""
    borders = [index + 1 for index, step in enumerate(steps) if _is_border(step)]
    return [slice(begin, end) for begin, end in zip([0, *borders], [*borders, len(steps)], strict=True)]


def _whole(middle, steps, n, printed_left):
    """Whole numbers whose running totals keep nearest to those given, and numbers at risk to those met.

    `printed_left` holds for each step the number at risk after it that all paths meet, or -1.
    """
    if not len(steps):
        return np.zeros(0, int), np.zeros(0, int)
    events, leavers = (np.cumsum(mean) for mean in middle)
    so_far = np.minimum(_rounded(events), n)
    gone = _rounded(leavers)
    fixed = np.flatnonzero(printed_left >= 0)
    gone[fixed] = np.maximum(n - printed_left[fixed] - so_far[fixed], 0)
    begin, floor = 0, 0
    for stop in [*fixed.tolist(), len(steps) - 1]:
        gone[begin:stop] = np.clip(gone[begin:stop], floor, gone[stop])
        begin, floor = stop + 1, max(floor, int(gone[stop]))
        gone[stop] = floor
    gone = np.maximum.accumulate(np.minimum(gone, n - so_far[-1]))
    return np.diff(so_far, prepend=0), _while_leaving(np.diff(gone, prepend=0), steps)


def _while_leaving(leavers, steps):
    """Move leavers that rounding put at a drop or a printed number to the last stretch before it in which patients leave."""
    stretches = np.flatnonzero([isinstance(step, Leave) for step in steps])
    if not len(stretches):
        return np.zeros_like(leavers)
    last = np.maximum(np.searchsorted(stretches, np.arange(len(steps)), side="right") - 1, 0)
    return np.bincount(stretches[last], weights=leavers, minlength=len(steps)).astype(int)


def _met(paths, n_risk, group):
    """Number at risk after each printed step, where all paths meet the printed one; -1 elsewhere."""
    left = np.full(len(paths.steps), -1)
    for index, step in enumerate(paths.steps):
        if isinstance(step, Printed) and (np.abs(paths.n_risk_before(index) - step.n_risk) <= (group > 1)).all():
            left[index] = n_risk[step.cell + 1]
        elif group > 1 and index and isinstance(step, Drop) and step.printed is not None:
            left[index - 1] = n_risk[step.cell + 1]
    return left


def leaving_times(begin, end, count, marks):
    """Places for `count` leavers from `begin` on and before `end`: at the marks drawn there, else evenly.

    Parameters
    ----------
    begin, end : float
    count : int
    marks : ndarray or None
        Of the whole curve, increasing.

    Returns
    -------
    ndarray, shape (count,)
    """
    if marks is not None:
        first, last = np.searchsorted(marks, (begin, end), side="left")
        here = marks[first:last]
        if len(here) >= count:
            return here[_rounded((np.arange(count) + 0.5) * len(here) / max(count, 1) - 0.5)]
        return np.concatenate((here, leaving_times(begin, end, count - len(here), None)))
    return begin + (np.arange(count) + 0.5) / max(count, 1) * (end - begin)


def _recorded(time, begin, end, grid):
    """Times at which leavers of [begin, end) are recorded: the last whole unit, where times are recorded in units."""
    if not grid:
        return time
    recorded = np.maximum(np.floor(time / grid + 1e-6), np.ceil(begin / grid - 1e-6)) * grid + _JUST_AFTER * grid
    return np.where(recorded < end, recorded, time)


def middle_patients(paths, weight, levels, n_risk, *, group=1, n_event=None, marks=None):
    """Make the data set in the middle of the paths.

    Parameters
    ----------
    paths : Paths
    weight : ndarray, shape (n_paths,)
        Sums to 1.
    levels : Levels
    n_risk : ndarray of int, shape (n_times,)
        Numbers at risk; the first is that at time 0.
    group : int
        Patients per state of the paths.
    n_event : int, optional
        A total of events to bring the data set to.
    marks : ndarray, shape (n_marks,), optional

    Returns
    -------
    time : ndarray, shape (n,)
    event : ndarray of bool, shape (n,)
    """
    n = int(n_risk[0])
    middle = _medians(paths, weight) if n_event is None and group == 1 else _means(paths, weight, group)
    if n_event is not None:
        middle = _shifted(paths, weight, group, middle, n_event)
    count = sum(_whole(middle, paths.steps, n, _met(paths, n_risk, group)))
    if _leaves_curve(paths.steps, count, levels, n):
        count = _nearest(paths, weight, group, n_event, count)
    return _placed(paths.steps, count, levels, n, marks, _gone_at_once(paths.steps, count, n) if group == 1 else [0] * len(count))


def _leaves_curve(steps, count, levels, n):
    """Whether the patients are off a level by more than one of them and three errors of reading."""
    is_drop = np.array([isinstance(step, Drop) for step in steps], bool)
    before = n - np.cumsum(count) + count
    survival = np.cumprod(1 - count[is_drop] / np.maximum(before[is_drop], 1))
    allowed = np.maximum(survival / np.maximum(before[is_drop], 1), 3 * levels.error)
    return bool((np.abs(survival - levels.survival) > allowed).any())


def _nearest(paths, weight, group, n_event, middle):
    """The path whose running totals are nearest to those of the middle, among those with the total of events; else the middle."""
    usable = weight > 0 if n_event is None else paths.n_event * group == n_event
    if not usable.any():
        return middle
    gap = np.abs(np.cumsum(paths.count * group - middle, axis=1)).sum(axis=1)
    return paths.count[np.where(usable, gap, np.inf).argmin()] * group


def _gone_at_once(steps, count, n):
    """Of those who leave in each step, how many must have been gone at its begin, by the number printed at the drop there."""
    after = n - np.cumsum(count)
    gone = [0] * len(steps)
    for index, step in enumerate(steps[1:], start=1):
        before = steps[index - 1]
        if isinstance(step, Leave) and isinstance(before, Drop) and before.printed is not None:
            gone[index] = int(np.clip(after[index - 1] - before.printed, 0, count[index]))
    return gone


def _placed(steps, count, levels, n, marks, at_once):
    times, kinds = [], []
    for step, number, gone in zip(steps, count.tolist(), at_once, strict=True):
        if not number:
            continue
        if isinstance(step, Drop):
            times.append(np.full(number, levels.time[step.row]))
        elif isinstance(step, Leave):
            at = leaving_times(step.begin, step.end, number, marks)
            at = at if marks is not None else _recorded(at, step.begin, step.end, levels.grid)
            at[:gone] = step.begin
            times.append(at)
        kinds.append(np.full(number, isinstance(step, Drop)))
    left = n - int(count.sum())
    times.append(np.full(max(left, 0), levels.end))
    kinds.append(np.zeros(max(left, 0), bool))
    return np.concatenate(times), np.concatenate(kinds)


def drawn_patients(paths, index, levels, n, *, group=1, marks=None, rng):
    """Make the data set of one path: events within the error of their times, leavers at marks, else anywhere in their step.

    The last patient of a sampled curve may have had an event that the last sample did not see.

    Parameters
    ----------
    paths : Paths
    index : int
    levels : Levels
    n : int
    group : int
    marks : ndarray, optional
    rng : numpy.random.Generator

    Returns
    -------
    time : ndarray, shape (n,)
    event : ndarray of bool, shape (n,)
    """
    count = paths.count[index] * group
    is_drop = paths.is_drop
    events = count[is_drop]
    rows = np.array([step.row for step in paths.steps if isinstance(step, Drop)], int)
    reach = levels.time_error * np.sqrt(3)
    at = np.repeat(levels.time[rows], events)
    at = np.clip(at + rng.uniform(-reach, reach, len(at)), 0.0, levels.end) if reach else at
    leavers = [step for step in paths.steps if isinstance(step, Leave)]
    is_leave = np.array([isinstance(step, Leave) for step in paths.steps], bool)
    gone = _drawn_leavers(leavers, count[is_leave], marks, levels.grid, rng)
    at_once = np.array(_gone_at_once(paths.steps, count, n))[is_leave] if group == 1 else np.zeros(len(leavers), int)
    for first, number, step in zip(np.cumsum(count[is_leave]) - count[is_leave], at_once, leavers, strict=True):
        gone[first : first + number] = step.begin
    left = n - len(at) - len(gone)
    time = np.concatenate((at, gone, np.full(max(left, 0), levels.end)))[:n]
    event = np.arange(n) < len(at)
    if levels.kind == "sampled" and left == 1:
        event[-1] = rng.random() < _UNSEEN_END
    return time, event


def _drawn_leavers(leavers, count, marks, grid, rng):
    if marks is None:
        pace = np.exp(_UNEVEN * rng.standard_normal(len(leavers)))
        begin, end, pace = (np.repeat(values, count) for values in ([step.begin for step in leavers], [step.end for step in leavers], pace))
        return _recorded(begin + rng.random(len(begin)) ** pace * (end - begin), begin, end, grid)
    steps = zip(leavers, count.tolist(), strict=True)
    placed = [leaving_times(step.begin, step.end, number, marks) for step, number in steps if number]
    return np.concatenate(placed) if placed else np.zeros(0)
