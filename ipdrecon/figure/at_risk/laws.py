"""What the numbers at risk of one arm must satisfy, given its curve.

Patients leave by events and by censoring only, and the curve tells the share that events take. So the number at risk at
one time bounds those at all later times, and what is left over was censored.
"""

import numpy as np

from ipdrecon.flags import Flag

_SIDE = 0.005  # share of the curve's span by which a time is read before and after itself
_SLACK = 0.01  # least error of survival that a bound allows for
_PATIENTS = 1.5  # by which a number may go beyond its bound
_END_SLACK = 0.05  # share of the table's span by which a curve may end before its last time
_LOSS = 0.06  # least share that an uneven loss takes
_UNEVEN = 1.5  # times the largest loss beside it
_CHANCE = 2.0  # standard errors of a Poisson count


def most_at_risk(time, n_risk, curve):
    """Most patients that each number at risk allows at each later time.

    Without censoring n(t2) / n(t1) = S(t2-) / S(t1-) (Kaplan and Meier 1958); censoring only lowers n(t2).

    Parameters
    ----------
    time, n_risk : ndarray, shape (n_times,)
        Without NaN, times rising.
    curve : Curve
        Drawn at least as far as the last time.

    Returns
    -------
    ndarray, shape (n_times, n_times)
        Row: the number that bounds; column: the time bounded; infinite where it is not later.
    """
    before, after = _around_times(time, curve)
    slack = max(_SLACK, 3 * curve.survival_error)
    share = (before[None, :] + slack) / np.maximum(after[:, None], 1e-9)
    most = n_risk[:, None] * np.minimum(share, 1.0) + _PATIENTS
    later = np.arange(len(time))[None, :] > np.arange(len(time))[:, None]
    return np.where(later, most, np.inf)


def _around_times(time, curve):
    """Survival just before and just after some times; at time 0 all are at risk."""
    side = _SIDE * max(float(curve.time[-1]), 1e-12)
    before, after = curve.survival_at(np.maximum(time - side, 0)), curve.survival_at(time + side)
    return before, np.where(time <= 0, before, after)


def judged(time, n_risk, curve):
    """Which numbers a curve can judge: those known, at times it is drawn, shape (n_times,)."""
    return np.isfinite(n_risk) & (time <= curve.time[-1]) & (time >= 0)


def excess(time, n_risk, curve):
    """Patients at risk beyond what the curve allows, as a share of the first number."""
    known = judged(time, n_risk, curve)
    if not known.any():
        return 0.0
    n_risk = n_risk[known]
    bound = most_at_risk(time[known], n_risk, curve).min(axis=0)
    return float(np.maximum(n_risk - bound, 0).sum() / max(n_risk[0], 1))


def left_after_end(time, n_risk, curve):
    """Most patients at risk after a curve's end, as a share of the first number: a curve is drawn as long as anyone is.

    Parameters
    ----------
    time, n_risk : ndarray, shape (n_times,)
    curve : Curve

    Returns
    -------
    float
    """
    known = np.isfinite(n_risk)
    after = known & (time > curve.time[-1] + 2 * curve.time_error)
    return float(n_risk[after].max() / max(n_risk[known][0], 1)) if after.any() else 0.0


def consistent_part(most, n_risk, weight):
    """Heaviest part of a row in which no number contradicts another.

    Parameters
    ----------
    most : ndarray, shape (n_times, n_times)
        As `most_at_risk` gives it.
    n_risk, weight : ndarray, shape (n_times,)

    Returns
    -------
    ndarray of bool, shape (n_times,)
        Consecutive numbers of the part agree; the others contradict them.
    """
    total, before = np.array(weight, float), np.full(len(n_risk), -1)
    for here in range(len(n_risk)):
        for there in range(here):
            if n_risk[here] <= most[there, here] and total[there] + weight[here] > total[here]:
                total[here], before[here] = total[there] + weight[here], there
    keep, here = np.zeros(len(n_risk), bool), int(np.argmax(total)) if len(total) else -1
    while here >= 0:
        keep[here] = True
        here = before[here]
    return keep


def uneven_losses(time, n_risk, curve):
    """Intervals in which far more patients are lost to follow-up than in those beside them.

    A number read too large loses them after it, one read too small before it; follow-up itself thins out by and by, and
    fastest at the end, so that the last interval is never one of these.

    Parameters
    ----------
    time, n_risk : ndarray, shape (n_times,)
        As for `most_at_risk`.
    curve : Curve

    Returns
    -------
    tuple of int
        Index of each interval's first time.
    """
    if len(time) < 3:
        return ()
    before, after = _around_times(time, curve)
    stay = n_risk[:-1] * np.minimum(before[1:] / np.maximum(after[:-1], 1e-9), 1.0)
    lost = np.maximum(stay - n_risk[1:], 0.0)
    share = lost / np.maximum(stay, 1e-9)
    found = []
    for j in range(len(share)):
        later, earlier = share[j + 1 : j + 3], share[max(j - 2, 0) : j]
        if len(later) < (2 if j else 1):
            continue
        usual = _UNEVEN * max(later.max(), earlier.max(initial=0.0), 0.01)
        if share[j] > max(_LOSS, usual) and lost[j] - usual * stay[j] > _CHANCE * np.sqrt(max(lost[j], 1.0)):
            found.append(j)
    return tuple(found)


def implied_survival(n_risk, n_censored, n_event):
    """Survival that a row tells by itself where it counts censorings or events too.

    Parameters
    ----------
    n_risk : ndarray, shape (n_times,)
    n_censored, n_event : ndarray, shape (n_times,), or None
        Cumulative; one of them is enough.

    Returns
    -------
    ndarray, shape (n_times,)
        As a share of that at the first time: each interval's events over its patients at risk, those censored in it counted half
        (the actuarial estimate, Cutler and Ederer 1958). NaN from the first number on that is missing.
    """
    left = -np.diff(n_risk)
    censored = np.diff(n_censored) if n_censored is not None else left - np.diff(n_event)
    events = np.diff(n_event) if n_event is not None else left - censored
    exposed = np.maximum(n_risk[:-1] - 0.5 * np.maximum(censored, 0), 1e-9)
    return np.concatenate([[1.0], np.cumprod(np.clip(1 - events / exposed, 0, 1))])


def survival_misfit(time, row, curve):
    """Mean distance between a curve and the survival that a row tells by itself; 0 where the row tells none.

    Parameters
    ----------
    time : ndarray, shape (n_times,)
    row : TableRow
    curve : Curve

    Returns
    -------
    float
    """
    if row.n_censored is None and row.n_event is None:
        return 0.0
    told = implied_survival(row.n_risk, row.n_censored, row.n_event)
    drawn = curve.survival_at(np.maximum(time, 0.0))
    known = np.isfinite(told) & (time <= curve.time[-1])
    if not known.any():
        return 0.0
    return float(np.abs(told * drawn[np.argmax(known)] - drawn)[known].mean())


def check_against_curve(time, n_risk, curve, place, boxes=None):
    """Check that numbers at risk fall at least as the curve demands, and evenly beyond that.

    Parameters
    ----------
    time, n_risk : ndarray, shape (n_times,)
    curve : Curve
    place : str
        The arm's name.
    boxes : sequence of Box or None, optional
        Where each number stands.

    Returns
    -------
    tuple of Flag
        Empty where all agree within 1.5 patients and the error of reading.
    """
    flags = _after_the_end(time, n_risk, curve, place, boxes)
    known = judged(time, n_risk, curve)
    boxes = [box for box, is_known in zip(boxes, known, strict=True) if is_known] if boxes else [None] * int(known.sum())
    time, n_risk = time[known], n_risk[known]
    if len(time) < 2:
        return flags
    most = most_at_risk(time, n_risk, curve)
    by, bound = most.argmin(axis=0), most.min(axis=0)
    wrong = np.flatnonzero(n_risk > bound)
    if len(wrong):
        detail = "; ".join(
            f"{n_risk[by[j]]:.0f} at {time[by[j]]:g} and {n_risk[j]:.0f} at {time[j]:g}, where the curve allows {bound[j]:.0f}" for j in wrong
        )
        where = around_boxes([boxes[j] for j in (*wrong, *by[wrong])])
        return (Flag("at_risk_contradicts_curve", f"arm {place!r}", f"{detail}.", where), *flags)
    return (*(_loss_flag(time, n_risk, j, place, boxes) for j in uneven_losses(time, n_risk, curve)), *flags)


def _loss_flag(time, n_risk, j, place, boxes):
    detail = f"From {n_risk[j]:.0f} at {time[j]:g} to {n_risk[j + 1]:.0f} at {time[j + 1]:g}, and the curve falls too little for that."
    return Flag("at_risk_loss_uneven", f"arm {place!r}", detail, around_boxes(boxes[j : j + 2]))


def _after_the_end(time, n_risk, curve, place, boxes):
    """A flag where patients are at risk after the curve was lost: a curve is drawn as long as anyone is."""
    end = float(curve.time[-1])
    left = np.flatnonzero((n_risk >= 1) & (time > end + _END_SLACK * np.nanmax(time)))
    if not len(left):
        return ()
    detail = f"The table has {n_risk[left[0]]:.0f} at {time[left[0]]:g}; the curve was read to {end:.4g}."
    where = around_boxes([boxes[j] for j in left]) if boxes else None
    return (Flag("table_after_curve", f"arm {place!r}", detail, where),)


def around_boxes(boxes):
    """Around some cells, with a margin of half a cell's height: left, top, right, bottom in px; None without cells."""
    boxes = [box for box in boxes if box is not None]
    if not boxes:
        return None
    margin = 0.5 * max(box.height for box in boxes)
    top, bottom = min(box.top for box in boxes) - margin, max(box.bottom for box in boxes) + margin
    return (min(box.left for box in boxes) - margin, top, max(box.right for box in boxes) + margin, bottom)
