"""Whether the drops of a drawn curve are those of whole patients, or a path that was simplified before it was drawn."""

import numpy as np

from ipdrecon.flags import Flag

_UPRIGHT = 0.05
_LEAST_DROP = 0.003
_SMOOTH_SHARE = 0.6
_ERRORS = 4.0
_LEAST_OFF, _OFF_SHARE = 2, 0.05
_MOST_PATIENTS = 2000


def slanting_share(curve):
    """Share of a curve's fall that is drawn slanting, neither level nor upright.

    Parameters
    ----------
    curve : DrawnCurve

    Returns
    -------
    float
        In [0, 1].
    """
    ways = np.diff(curve.points, axis=0)
    fall = ways[:, 1].sum()
    slanting = (ways[:, 0] > _UPRIGHT) & (ways[:, 1] > _LEAST_DROP)
    return float(ways[slanting, 1].sum() / fall) if fall > 0 else 0.0


def drop_flags(curve, drawn, n_risk_time=(), n_risk=()):
    """Doubts about the times and the drops of a drawn curve.

    At a drop of d among n patients at risk survival falls to ``1 - d / n`` of what it was (Kaplan and Meier 1958,
    eq. 2a), and n lies between the numbers at risk printed before and after. A path that a program simplified, to draw it
    quicker, slants, or has drops that no whole numbers explain.

    Parameters
    ----------
    curve : Curve
        As read.
    drawn : DrawnCurve
        As drawn.
    n_risk_time, n_risk : array_like, shape (n_times,)
        Its row of the table of numbers at risk.

    Returns
    -------
    tuple of Flag
    """
    place = f"arm {curve.arm!r}"
    early = (Flag("time_below_zero", place, f"It begins at {curve.time[0]:g}."),) if curve.time[0] < 0 else ()
    cut = (Flag("curve_cut", place, f"It leaves the plot at {curve.time[-1]:g}."),) if drawn.is_cut else ()
    return early + cut + _shape_flags(curve, drawn, place, n_risk_time, n_risk)


def _shape_flags(curve, drawn, place, n_risk_time, n_risk):
    slanting = slanting_share(drawn)
    if slanting > _SMOOTH_SHARE:
        return (Flag("smooth_curve", place, f"{slanting:.0%} of its fall is drawn along slanting lines."),)
    off, judged = _impossible(curve, np.asarray(n_risk_time, float), np.asarray(n_risk, float))
    if off >= max(_LEAST_OFF, _OFF_SHARE * judged):
        return (Flag("path_simplified", place, f"{off} of {judged} drops are no whole number of patients."),)
    if slanting > 0:
        return (Flag("path_simplified", place, f"{slanting:.1%} of its fall is drawn along slanting lines."),)
    return ()


def _impossible(curve, at, n_risk):
    """Number of drops that no whole numbers explain, and of drops judged."""
    known = np.isfinite(n_risk)
    at, n_risk = at[known], n_risk[known]
    if len(at) < 2:
        return 0, 0
    before, after = curve.survival[:-1], curve.survival[1:]
    drops = np.flatnonzero((after < before) & (before > 0) & (after > 0))
    off = judged = 0
    for k in drops + 1:
        interval = int(np.searchsorted(at, curve.time[k], side="right")) - 1
        if not 0 <= interval < len(at) - 1 or n_risk[interval] > _MOST_PATIENTS:
            continue
        judged += 1
        error = _ERRORS * curve.survival_error / curve.survival[k - 1]
        n = np.arange(max(n_risk[interval + 1], 1), n_risk[interval] + 1)
        events = n * (1 - curve.survival[k] / curve.survival[k - 1])
        off += not (np.abs(events - np.maximum(np.round(events), 1)) <= n * error).any()
    return off, judged
