"""Confidence limits lie evenly about their curve on one scale of survival; other curves do not."""

import numpy as np
import pytest

from ipdrecon.figure.mirrored import are_mirrored, has_mirror

ONE_ROW, ZERO_ROW, COLUMNS = 5.0, 255.0, 400
SCALES = {
    "plain": (lambda s: s, lambda v: v),
    "log": (np.log, np.exp),
    "log-log": (lambda s: np.log(-np.log(s)), lambda v: np.exp(-np.exp(v))),
}


def _estimate(seed, hazard, n=80):
    """Kaplan-Meier survival and the standard error of its logarithm at each column; and none of them before the first event."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.exponential(1 / hazard, n) * COLUMNS)
    at_risk = n - np.searchsorted(time, np.arange(COLUMNS), side="left")
    terms = np.concatenate([[0], np.cumsum(1 / (np.arange(n, 1, -1) * (np.arange(n, 1, -1) - 1)))])
    survival = at_risk / n
    return np.clip(survival, 0.02, 1), np.sqrt(terms[np.clip(n - at_risk, 0, n - 1)])


def _rows(survival):
    return np.round(ZERO_ROW - (ZERO_ROW - ONE_ROW) * survival).astype(int)


def _limits(survival, error, scale):
    """Limits as survfit gives them, the upper cut off at 1."""
    there, back = SCALES[scale]
    below = np.clip(survival, None, 1 - 1e-9)
    slope = {"plain": below, "log": 1.0, "log-log": 1 / np.abs(np.log(below))}[scale]
    ends = [back(there(below) + sign * 1.96 * error * slope) for sign in (-1, 1)]
    return tuple(np.clip(part, 0, 1) for part in (np.maximum(*ends), np.minimum(*ends)))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("early", [0, 1])
def test_limits_of_every_scale_are_mirrored_even_if_read_a_column_early(scale, seed, early):
    survival, error = _estimate(seed, 1.2)
    upper, lower = (_rows(part) for part in _limits(survival, error, scale))
    assert are_mirrored(np.roll(upper, -early)[:-1], _rows(survival)[:-1], lower[:-1], one_row=ONE_ROW, zero_row=ZERO_ROW)


@pytest.mark.parametrize("seed", range(20))
def test_three_arms_are_not(seed):
    curves = [_rows(_estimate(100 * seed + k, hazard)[0]) for k, hazard in enumerate((0.5, 1.0, 1.7))]
    assert not are_mirrored(*curves, one_row=ONE_ROW, zero_row=ZERO_ROW)


def test_curves_that_are_not_apart_tell_nothing():
    survival = _estimate(3, 1.0)[0]
    assert not are_mirrored(_rows(survival), _rows(survival), _rows(survival), one_row=ONE_ROW, zero_row=ZERO_ROW)


def _ink(*lines, dashed=True):
    ink = np.zeros((int(ZERO_ROW) + 20, COLUMNS), bool)
    columns = np.arange(COLUMNS)
    for rows in lines:
        drawn = columns[(columns % 8 < 4) | (not dashed)]
        ink[rows[drawn], drawn] = True
    return ink


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("seed", range(5))
def test_one_limit_tells_where_the_other_is(scale, seed):
    survival, error = _estimate(seed, 1.2)
    upper, lower = (_rows(part) for part in _limits(survival, error, scale))
    curve, ink = _rows(survival), _ink(upper, lower)
    assert has_mirror(ink, lower, curve, one_row=ONE_ROW, zero_row=ZERO_ROW)
    assert not has_mirror(_ink(lower), lower, curve, one_row=ONE_ROW, zero_row=ZERO_ROW)


@pytest.mark.parametrize("seed", range(20))
def test_arms_have_no_mirror_in_each_other(seed):
    first, second, third = (_rows(_estimate(100 * seed + k, hazard)[0]) for k, hazard in enumerate((0.5, 1.0, 1.7)))
    ink = _ink(first, second, third, dashed=False)
    assert not any(has_mirror(ink, one, other, one_row=ONE_ROW, zero_row=ZERO_ROW) for one, other in ((first, second), (third, second), (second, first)))
