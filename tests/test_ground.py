"""By law: what is looked up, counted or skipped is what sorting every window and column finds."""

import cv2
import numpy as np
import pytest

from ipdrecon.figure.colour import median_down, rest_of_paper
from ipdrecon.figure.column_runs import ColumnRuns, beside
from ipdrecon.figure.gauge import ink_across
from ipdrecon.figure.ground import blur, find_ground

SHAPE = (150, 210)
PAPER, BAND, LINE = (250, 248, 255), (210, 220, 240), (20, 60, 160)


@pytest.fixture(params=range(4))
def rng(request):
    return np.random.default_rng(request.param)


@pytest.fixture(params=["clean", "noisy"])
def picture(rng, request):
    """Paper with a band, lines of all widths and a few specks; noise on half of it, if any."""
    px = np.full((*SHAPE, 3), PAPER, np.uint8)
    px[60:110, 40:] = BAND
    for width in range(1, 6):
        top, left = rng.integers(0, SHAPE[0] - width), rng.integers(0, SHAPE[1] - width)
        px[top : top + width] = rng.integers(0, 256, 3)
        px[:, left : left + width] = LINE
    if request.param == "noisy":
        px[:, : SHAPE[1] // 2] -= rng.integers(0, 9, (SHAPE[0], SHAPE[1] // 2, 3), np.uint8)
    return px


@pytest.mark.parametrize("size", [9, 15, 41])
def test_a_blurred_picture_is_the_median_of_every_window(picture, size):
    blurred = blur(picture, size)
    assert (blurred.colours[blurred.place] == cv2.medianBlur(picture, size)).all()
    assert (np.bincount(blurred.place.ravel(), minlength=len(blurred.counts)) == blurred.counts).all()


def test_the_ground_shows_where_it_is_bare(picture):
    ground = find_ground(picture, ())
    shown = np.abs(ground.rgb[ground.place] * 2.55 - picture).max(axis=2) < 0.01
    assert not (ground.bare & ~shown).any()
    np.testing.assert_array_equal(ground.middle(), np.median(ground.lab[ground.place].reshape(-1, 3), axis=0))


def test_the_median_of_columns_is_that_of_all_their_pixels(picture):
    np.testing.assert_array_equal(median_down(picture), np.median(picture, axis=0))


def test_the_rest_of_the_paper_is_all_but_one_colour(picture):
    paper, rest = rest_of_paper(picture)
    np.testing.assert_array_equal(rest, (picture != paper).any(axis=2))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_runs_that_a_stretch_touches_are_those_of_its_pixels(rng, share):
    mask = rng.random((20, 12)) < share
    columns, low = rng.integers(0, 12, 60), rng.integers(-2, 20, 60)
    high = low + rng.integers(0, 5, 60)
    found, top, bottom = ColumnRuns.of(mask).touched(columns, low, high)
    for k, column in enumerate(columns):
        at = [row for row in range(max(low[k], 0), min(high[k], 19) + 1) if mask[row, column]]
        assert found[k] == bool(at)
        if at:
            assert mask[[*range(top[k], at[0] + 1), *range(at[-1], bottom[k] + 1)], column].all()
            assert not any(pixels[k] for pixels in beside(mask, columns, top, bottom))


def test_ink_across_is_what_its_run_and_the_pixels_beside_it_cover(rng):
    own = np.where(rng.random((16, 9)) < 0.6, rng.integers(0, 9, (16, 9)) / 8, 0).astype(np.float32)
    padded, expected = np.pad(own, ((1, 1), (0, 0))), np.zeros(own.shape)
    for row, column in np.argwhere(own > 0.25):
        top = bottom = row + 1
        while padded[top, column] > 0.25:
            top -= 1
        while padded[bottom, column] > 0.25:
            bottom += 1
        expected[row, column] = padded[top : bottom + 1, column].sum()
    np.testing.assert_array_equal(ink_across(own), expected)
