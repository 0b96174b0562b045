"""How many patients an arm had, where nobody says so but the drops of its curve tell."""

import numpy as np

from ipdrecon.survival.joint.levels import ReadingSettings, decimals_of, read_levels, whole_patients

_MOST_AT_ONCE = 5
_FIRST_LEVELS = 6
_LEAST_LEVELS = 4
_SMALLEST_DROP = 16.0
"""A patient's drop must be so many errors of a level."""
_FITS, _SURE = 2.0, 0.06
"""Mean square of what is off whole numbers, in errors; neighbouring n that fit may span this share of n."""


def n_from_drops(time, survival, *, survival_error=None):
    """Find the number of patients from the drops of a curve.

    Until somebody leaves, levels are whole numbers of patients: 1 - S = m / n. An exact curve tells n by its first drop,
    d / n with d small, and all others confirm it. Of a curve that is read with an error, the n is taken under which the
    first levels lie at whole numbers, the smallest where those that fit lie close together (multiples fit as well).

    Parameters
    ----------
    time, survival : ndarray, shape (n_points,)
        In order of time.
    survival_error : float, optional

    Returns
    -------
    int or None
        None where the drops do not tell; levels of few decimals were rounded and never do.
    """
    falling = np.minimum.accumulate(survival)
    first = falling[falling < 1][:1]
    if not len(first):
        return None
    levels = read_levels(time, survival, 2, survival_error=survival_error)
    if levels.kind in ("exact", "clicked"):
        if survival_error or decimals_of(falling):
            return None
        for n_event in range(1, _MOST_AT_ONCE + 1):
            n = round(n_event / (1 - first[0]))
            if abs(n * (1 - first[0]) - n_event) < 1e-6 and whole_patients(np.concatenate(([1.0], falling)), n, ReadingSettings().exact_error):
                return n
        return None
    return _at_whole_numbers(1 - levels.survival[:_FIRST_LEVELS], levels.error[:_FIRST_LEVELS])


def _at_whole_numbers(fallen, error):
    most = int(1 / (_SMALLEST_DROP * error.max())) if len(fallen) >= _LEAST_LEVELS else 0
    if most < 2:
        return None
    n = np.arange(2, most + 1)
    off = (fallen * n[:, None] - np.round(fallen * n[:, None])) / (n[:, None] * error)
    fits = (np.mean(off**2, axis=1) < _FITS) & (np.round(fallen[-1] * n) >= len(fallen))
    good = np.flatnonzero(fits)
    if not len(good):
        return None
    apart = np.flatnonzero(np.diff(good) > 1)
    first = good[: apart[0] + 1] if len(apart) else good
    best = first[np.mean(off[first] ** 2, axis=1).argmin()]
    return int(n[best]) if len(first) <= max(1, _SURE * n[best]) else None
