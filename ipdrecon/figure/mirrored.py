"""Confidence limits by their law: on a scale of survival they lie evenly on both sides of their curve."""

import numpy as np

_NEAR_PX = 2.0
_LEAST_APART_PX = 10.0
_LEAST_SHARE = 0.9
_FEWEST_COLUMNS = 20
_EDGE = 0.002
_BESIDE_PX = 6.0
_OF_OWN = 0.7
_OF_BESIDE = 2.0


def _loglog(survival):
    return np.log(-np.log(survival))


def _from_loglog(value):
    return np.exp(-np.exp(value))


_SCALES = ((np.positive, np.positive), (np.log, np.exp), (_loglog, _from_loglog))


def are_mirrored(upper, middle, lower, *, one_row, zero_row):
    """Whether two curves lie evenly on both sides of a third, as pointwise confidence limits do.

    Limits are computed on the scale of survival itself, of its logarithm, or of the logarithm of minus that, and there the
    curve is half-way between them at every time (Kalbfleisch & Prentice 2002, The Statistical Analysis of Failure Time Data,
    1.4). Other curves than limits are not, but by chance in a few columns. A drop may be read a column too early or too late.

    Parameters
    ----------
    upper, middle, lower : ndarray, shape (n_columns,)
        Rows in px of the three curves, column by column.
    one_row, zero_row : float
        Rows of survival 1 and 0.

    Returns
    -------
    bool
        False where too little is seen: where they are not apart, or the upper limit is cut off at 1.
    """
    height = zero_row - one_row
    high, low = ((zero_row - np.asarray(rows, float)) / height for rows in (upper, lower))
    seen = (high < 1 - _EDGE - _NEAR_PX / height) & (low > _EDGE) & (high - low > _LEAST_APART_PX / height)
    if seen.sum() < max(_FEWEST_COLUMNS, 0.3 * len(seen)):
        return False
    high, low = (np.clip(part, _EDGE, 1 - _EDGE) for part in (high, low))
    return any(
        _follows(np.asarray(middle, float), zero_row - height * back((there(high) + there(low)) / 2), seen)
        for there, back in _SCALES
    )


def has_mirror(ink, limit, curve, *, one_row, zero_row):
    """Whether ink lies where the other confidence limit of a curve would be, were a line one of its limits.

    Parameters
    ----------
    ink : ndarray of bool, shape (n_rows, n_columns)
    limit, curve : ndarray, shape (n_columns,)
        Rows in px of the line in question and of the curve, column by column.
    one_row, zero_row : float
        Rows of survival 1 and 0.

    Returns
    -------
    bool
        False where the line does not keep to one side of the curve, or too little of it lies apart.
    """
    limit, curve = (np.asarray(rows, float) for rows in (limit, curve))
    if max((limit <= curve + _NEAR_PX).mean(), (limit >= curve - _NEAR_PX).mean()) < _LEAST_SHARE:
        return False
    height = zero_row - one_row
    level, line = (np.clip((zero_row - rows) / height, _EDGE, 1 - _EDGE) for rows in (curve, limit))
    own = _share_inked(ink, limit, np.ones(len(limit), bool))
    for there, back in _SCALES:
        other = np.clip(back(2 * there(level) - there(line)), -1, 2)
        seen = (np.abs(limit - curve) > 0.5 * _LEAST_APART_PX) & (other < 1 - _EDGE - _NEAR_PX / height) & (other > _EDGE)
        rows = zero_row - height * other
        if seen.sum() < max(_FEWEST_COLUMNS, 0.3 * len(seen)):
            continue
        beside = max(_share_inked(ink, rows + off, seen) for off in (-_BESIDE_PX, _BESIDE_PX))
        share = _share_inked(ink, rows, seen)
        if share > _OF_OWN * own and share > _OF_BESIDE * beside:
            return True
    return False


def _share_inked(ink, rows, seen):
    """Share of columns with ink within reach of some rows."""
    columns, height = np.flatnonzero(seen), len(ink)
    near = [ink[np.clip(np.round(rows[columns] + off).astype(int), 0, height - 1), columns] for off in np.arange(-_NEAR_PX, _NEAR_PX + 1)]
    return float(np.any(near, axis=0).mean()) if len(columns) else 0.0


def _follows(rows, expected, seen):
    """Whether a falling curve keeps to another's rows nearly everywhere, or to those of the columns beside."""
    earliest, latest = np.concatenate([expected[:1], expected[:-1]]), np.concatenate([expected[1:], expected[-1:]])
    near = (rows >= np.minimum(earliest, expected) - _NEAR_PX) & (rows <= np.maximum(latest, expected) + _NEAR_PX)
    return bool(near[seen].mean() > _LEAST_SHARE)
