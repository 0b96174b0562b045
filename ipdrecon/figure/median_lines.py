"""Lines that show where curves reach a survival of one half: level from time 0, and down to the time axis."""

import numpy as np

from ipdrecon.figure.path import runs_of

_INK = 5.0
_SAME_LAB, _SAME_UPRIGHT_LAB = 14.0, 28.0
# how far from its level a line may reach, in px and as a share of the plot's height: lines are drawn broader in larger pictures
_REACH_PX, _REACH_SHARE = 2, 0.004
_LEAST_GAP_PX, _LONGEST_GAP = 4, 0.025
_LEAST_LENGTH = 0.04
_LEAST_COVERAGE = 0.4
_SOLID = 0.95
# dashes on a gridline show that in their gaps
_HIDING_SHARE = 0.5


def median_lines(lab, contrast, rows, left):
    """Where median lines are drawn.

    A curve starts at survival 1, so what is level at one half from time 0 on is none. From where the curves meet such a
    line, others of its colour and kind run straight to the time axis.

    Parameters
    ----------
    lab : ndarray of float32, shape (height, width, 3)
        The plot in CIELAB.
    contrast : ndarray of float32, shape (height, width)
        Distance from the ground.
    rows : tuple of float
        Rows of one half and of zero on the vertical axis.
    left : float
        Column of time 0.

    Returns
    -------
    ndarray of bool, shape (height, width)
    """
    ink, found = contrast > _INK, np.zeros(contrast.shape, bool)
    half, axis, left = (int(round(place)) for place in (*rows, left))
    left, axis = max(left, 0), int(np.clip(axis, 0, len(ink) - 1))
    reach = max(_REACH_PX, round(_REACH_SHARE * len(ink)))
    near = [at for at in range(half - reach, half + reach + 1) if 0 < at < len(ink) - 1]
    level = {at: line for at in near if (line := _line(lab[at, left:], contrast[at, left:])) is not None}
    if not level or len(level) > 2 * reach:
        return found
    for at, line in level.items():
        found[at, left : left + len(line)] = line
    end, colour = max(len(line) for line in level.values()) + 2 * reach, np.median(lab[found], axis=0)
    hiding = contrast > _HIDING_SHARE * np.median(contrast[found])
    upright = slice(min(half, axis), max(half, axis) + 1)
    same = ink[upright, left:][:, :end] & (np.linalg.norm(lab[upright, left:][:, :end] - colour, axis=2) < _SAME_UPRIGHT_LAB)
    solid = max(_coverage(line, hiding[at, left:][: len(line)]) for at, line in level.items()) > _SOLID
    for at in np.flatnonzero(same.mean(axis=0) > _LEAST_COVERAGE / 2):
        line, hidden = same[:, at], hiding[upright, left + at]
        if _run(line, hidden, len(lab)) == len(line) and (_coverage(line, hidden) > _SOLID) == solid:
            found[upright, left + at] |= line
    return found


def _line(lab, contrast):
    """Which pixels of a row, to its end, belong to a line of one colour that begins at the left; None where there is none."""
    ink = contrast > _INK
    at = np.flatnonzero(ink)[: max(int(_LEAST_LENGTH * len(ink)), 1)]
    if not len(at):
        return None
    same = ink & (np.linalg.norm(lab - np.median(lab[at], axis=0), axis=1) < _SAME_LAB)
    hiding = contrast > _HIDING_SHARE * np.median(contrast[at])
    same = same[: _run(same, hiding, len(ink))]
    return same if len(same) > _LEAST_LENGTH * len(ink) and _coverage(same, hiding[: len(same)]) > _LEAST_COVERAGE else None


def _run(same, hidden, length):
    """How far a line goes without a gap longer than those of dashes, where no other ink hides it."""
    first, last = runs_of(~(same | hidden))
    long = first[last - first > max(_LEAST_GAP_PX, _LONGEST_GAP * length)]
    return int(long[0]) if len(long) else len(same)


def _coverage(same, hidden):
    """Share of a line that is inked, where no other ink hides it."""
    return float(same.sum() / max((same | ~hidden).sum(), 1))
