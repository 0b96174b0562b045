"""A first column whose lines are set farther apart than those of the other columns is brought level with them."""

import numpy as np
import pytest

from ipdrecon.figure.at_risk.level import find_slip, levelled
from ipdrecon.model import Axis, Box, Word

BOX = Box(100, 20, 500, 300)
TICKS = tuple(range(100, 501, 100))
PITCH = 16.0


def _axis():
    return Axis(slope=0.01, intercept=-1.0, tick_px=np.array(TICKS, float), tick_value=np.arange(5.0), residual_px=0.0)


def _word(text, centre, py, height=10.0):
    half = 4.0 * len(text)
    return Word(text, Box(centre - half, py - height / 2, centre + half, py + height / 2), 1.0)


def _table(stretch, *, rows=8, with_names=True):
    """Words of tick labels and a table whose first column is stretched; heights of the rows."""
    words = [_word(str(k), px, 315) for k, px in enumerate(TICKS)]
    heights = 350 + PITCH * np.arange(rows)
    for k, py in enumerate(heights):
        words += [_word(str(90 - k - 9 * j), px, py) for j, px in enumerate(TICKS) if j]
        words.append(_word(str(90 - k), TICKS[0], 350 + stretch * (py - 350)))
    if with_names:
        words.append(_word("Stage 3", TICKS[0] - 6, 350 - PITCH))
    return tuple(words), heights


@pytest.mark.parametrize("stretch", [1.04, 1.08, 0.95])
@pytest.mark.parametrize("with_names", [True, False])
def test_a_stretched_first_column_comes_level(stretch, with_names):
    words, heights = _table(stretch, with_names=with_names)
    slip = find_slip(words, BOX, _axis())
    moved = levelled(np.zeros((600, 600, 3), np.uint8), words, slip)[1]
    first = [word.box.centre[1] for word in moved if word.box.centre[0] == TICKS[0] and word.box.centre[1] > 340]
    assert np.allclose(first, heights, atol=0.5)
    assert [word.box for word in moved if word.box.centre[0] > 150] == [word.box for word in words if word.box.centre[0] > 150]


def test_the_picture_moves_with_the_words():
    words, heights = _table(1.06)
    px = np.full((600, 600, 3), 255, np.uint8)
    last = 350 + 1.06 * (heights[-1] - 350)
    px[round(last), 90:110] = 0
    moved = levelled(px, words, find_slip(words, BOX, _axis()))[0]
    assert np.abs(np.flatnonzero((moved[:, 100] == 0).all(axis=1)) - heights[-1]).min() <= 1
    assert (moved[:, 160:] == px[:, 160:]).all()


@pytest.mark.parametrize("words", [_table(1.0)[0], _table(1.05, rows=3)[0], _table(1.3)[0]])
def test_level_short_or_unlike_columns_stay(words):
    assert find_slip(words, BOX, _axis()) is None
