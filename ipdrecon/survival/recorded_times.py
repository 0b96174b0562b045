"""Times that were recorded in whole units, as weeks, months or visits: where every drop of a figure lies at one.

A figure shows each drop to a fraction of a pixel. Where all drops of its curves lie at whole multiples of a unit much coarser than
that, events were recorded in this unit, and those of two arms share their times as they did in the data. How they share
them decides a hazard ratio where patients are few.

Examples
--------
>>> recorded_unit([1.02, 1.97, 3.01, 4.99, 8.02, 10.98, 12.01, 15.03], 0.03, 20)
1.0
"""

import math
from dataclasses import replace

import numpy as np

_UNITS = (1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 / 2, *map(float, range(1, 15)), 28.0)
"""In units of the axis: parts of a year in months, and whole ones to two weeks or a year; four weeks."""
_COARSE = 6.0
"""A unit is at least so many errors of reading: else every time is near a multiple."""
_LEAST_UNITS, _LEAST_TIMES = 3, 4
"""The follow-up is so many units at least, and drops lie at so many different multiples."""
_BLURRED, _BLUR = 0.25, 3.0
"""Share of drops that are read so many times less surely, as where a dash ends before the drop."""
_MISREAD = 0.05
"""Share of drops that were misread, and may lie anywhere."""
_SURE = math.log(1e5)
"""Log of the likelihood ratio from which the unit is believed."""


def recorded_unit(time, error, end):
    """Find the unit that times are whole multiples of.

    The likelihood of distances from the nearest multiple, normal with the error of reading but for shares that were read
    less surely or misread, is held against that of times which may lie anywhere; drops near one multiple, as those of two
    arms or of one steep stretch, say so once. Of several units the likeliest is taken.

    Parameters
    ----------
    time : array-like, shape (n_times,)
        Of drops, in the unit of the axis.
    error : float
        Standard error of reading.
    end : float
        Of the follow-up.

    Returns
    -------
    float
        0 where there is none.
    """
    time, best = np.asarray(time, float), (_SURE, 0.0)
    for unit in _UNITS:
        if 0 < _COARSE * error <= unit and end >= _LEAST_UNITS * unit and len(np.unique(np.round(time / unit))) >= _LEAST_TIMES:
            best = max(best, (_evidence(time, unit, error), unit))
    return best[1]


def _evidence(time, unit, error):
    """Log of the likelihood ratio of multiples of a unit over times anywhere."""
    multiple = np.round(time / unit)
    place, n_near = np.unique(multiple, return_inverse=True, return_counts=True)[1:]
    off = (time - multiple * unit) / error
    sure, blurred = (unit / error * _normal(off, spread) for spread in (1.0, _BLUR))
    chance = (1 - _BLURRED - _MISREAD) * sure + _BLURRED * blurred + _MISREAD
    return float((np.log(chance) / n_near[place]).sum())


def _normal(off, spread):
    return np.exp(-0.5 * (off / spread) ** 2) / (spread * math.sqrt(2 * math.pi))


def as_recorded(curves):
    """Put the drops of a panel's curves where they were recorded; censor marks too, if these also lie at multiples of the unit.

    Parameters
    ----------
    curves : sequence of Curve

    Returns
    -------
    curves : list of Curve
        As they are where times were not recorded in a unit that the figure tells.
    unit : float
        0 where it tells none.
    """
    if not curves:
        return [], 0.0
    error, end = max(curve.time_error for curve in curves), max(float(curve.time[-1]) for curve in curves)
    drops = [curve.time[1:][np.diff(curve.survival) < 0] for curve in curves]
    unit = recorded_unit(np.concatenate(drops), error, end)
    if not unit:
        return list(curves), unit
    marks = np.concatenate([curve.censor_time for curve in curves])
    with_marks = _evidence(marks, unit, error) > 0
    return [_put(curve, unit, with_marks) for curve in curves], unit


def _put(curve, unit, with_marks):
    time = _nearest(curve.time, unit)
    time[-1] = max(float(curve.time[-1]), float(time[-2])) if len(time) > 1 else curve.time[-1]
    return replace(curve, time=time, censor_time=_nearest(curve.censor_time, unit) if with_marks else curve.censor_time)


def _nearest(time, unit):
    """The nearest multiple, but not 0, where nobody has an event; a part of 1 is divided by, so that whole numbers are met."""
    multiple = np.round(time / unit)
    return np.where(multiple > 0, multiple * unit if unit >= 1 else multiple / round(1 / unit), time)
