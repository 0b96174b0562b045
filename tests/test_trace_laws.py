"""By law: a stair drawn as ink is followed, wherever it stands, with and without censor marks."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ipdrecon.figure.arm_ink import ArmInk
from ipdrecon.figure.ink import plot_inside
from ipdrecon.figure.marks import censor_marks
from ipdrecon.figure.path import TraceSettings, find_path
from ipdrecon.figure.trace import ink_edges, steps
from ipdrecon.figure.traced import _curve
from ipdrecon.model import Axis, Box, Calibration

FEW = settings(max_examples=25, deadline=None, derandomize=True)
HEIGHT, WIDTH, FINE = 90, 150, 8
LEFT, TOP = 6, 8


class Stair:
    """A step curve in pixels: at `columns[k]` it falls from `rows[k]` to `rows[k + 1]`; it ends at `last`."""

    def __init__(self, columns, rows, last, stroke):
        self.columns, self.rows = np.array(columns, float), np.array(rows, float)
        self.last, self.stroke = last, stroke

    def plateaus(self):
        """Edges of the level stretches, and their rows."""
        edges = np.concatenate([[LEFT], self.columns, [self.last]])
        return edges[:-1], edges[1:], self.rows

    def middles(self):
        starts, ends, _ = self.plateaus()
        return (starts + ends) / 2

    def ink(self, marks=(), reach=4, bar=False):
        """Coverage of each pixel, and of marks: an upright stroke through the line, and for + a level one too."""
        fine, half = np.zeros((HEIGHT * FINE, WIDTH * FINE), bool), self.stroke / 2
        for start, end, row in zip(*self.plateaus(), strict=True):
            _fill(fine, start - half, end + half, row - half, row + half)
        for column, above, below in zip(self.columns, self.rows, self.rows[1:], strict=False):
            _fill(fine, column - half, column + half, above - half, below + half)
        for column, row in marks:
            _fill(fine, column - 0.5, column + 0.5, row - reach, row + reach)
            if not bar:
                _fill(fine, column - reach, column + reach, row - 0.5, row + 0.5)
        return fine.reshape(HEIGHT, FINE, WIDTH, FINE).mean(axis=(1, 3)).astype(np.float32)


def _fill(fine, left, right, top, bottom):
    """Ink a rectangle given in px, whose centres have whole coordinates."""
    rows, columns = (slice(*(max(round((edge + 0.5) * FINE), 0) for edge in pair)) for pair in ((top, bottom), (left, right)))
    fine[rows, columns] = True


@st.composite
def stairs(draw, shortest=10):
    """One to five drops of 3 to 14 px, plateaus of `shortest` to 24 px, all at quarters of a px."""
    count = draw(st.integers(1, 5))
    quarters = st.integers(4 * shortest, 96)
    columns = LEFT + np.cumsum([draw(quarters) / 4 for _ in range(count)])
    rows = TOP + np.cumsum([0.0, *(draw(st.integers(12, 56)) / 4 for _ in range(count))])
    last = columns[-1] + draw(quarters) / 4
    return Stair(columns, rows, last, draw(st.sampled_from([1.0, 1.5, 2.0, 3.0])))


def none():
    return np.zeros((HEIGHT, WIDTH), bool)


def follow(ink, start=(LEFT, TOP)):
    """Find the path along some ink, its edges and its steps."""
    path = find_path(ink, none(), none(), start)
    edges = ink_edges(path, ink, np.zeros_like(ink), none())
    return path, edges, *steps(path, edges)


def level(column, row, at):
    """Row of the step function at columns `at`."""
    return row[np.searchsorted(column, at, side="right") - 1]


@FEW
@given(stairs())
def test_a_path_runs_on_the_ink(stair):
    path = find_path(stair.ink(), none(), none(), (LEFT, TOP))
    at = np.round(stair.middles()).astype(int)
    assert np.abs(path.leave[at - path.first] - stair.rows).max() <= stair.stroke / 2 + 0.5
    assert (path.enter <= path.leave).all()
    assert (path.leave[:-1] == path.enter[1:]).all()
    assert path.last == pytest.approx(stair.last + stair.stroke / 2, abs=1.5)
    assert path.bare == 0


@FEW
@given(stairs())
def test_levels_and_drops_are_read_at_parts_of_a_pixel(stair):
    _, _, column, row = follow(stair.ink())
    assert np.abs(level(column, row, stair.middles()) - stair.rows).max() < 0.3
    for at, above, below in zip(stair.columns, stair.rows, stair.rows[1:], strict=False):
        assert column[np.argmax(row > (above + below) / 2)] == pytest.approx(at, abs=0.8)


@FEW
@given(stairs(), st.integers(0, 9), st.integers(0, 9))
def test_ink_moved_moves_the_result(stair, right, down):
    ink = stair.ink()
    moved = np.zeros_like(ink)
    moved[down:, right:] = ink[: HEIGHT - down, : WIDTH - right]
    assume(moved.sum() == pytest.approx(ink.sum()))
    _, _, column, row = follow(ink)
    _, _, column_moved, row_moved = follow(moved, (LEFT + right, TOP + down))
    np.testing.assert_allclose(column_moved, column + right)
    np.testing.assert_allclose(row_moved, row + down, atol=1e-4)


@FEW
@given(stairs(shortest=16), st.booleans())
def test_censor_marks_are_found_and_change_no_level(stair, bar):
    marks = list(zip(stair.middles(), stair.rows, strict=True))
    _, _, column, row = follow(stair.ink())
    path, edges, column_marked, row_marked = follow(stair.ink(marks, bar=bar))
    at = np.concatenate([stair.middles(), stair.columns - 2, stair.columns + 2 + stair.stroke])
    np.testing.assert_allclose(level(column_marked, row_marked, at), level(column, row, at), atol=0.3)
    found = censor_marks([(path, edges)])[0].column
    assert len(found) == len(marks)
    np.testing.assert_allclose(found, stair.middles(), atol=1)


@FEW
@given(stairs())
def test_a_line_without_marks_has_none(stair):
    path, edges, _, _ = follow(stair.ink())
    assert len(censor_marks([(path, edges)])[0].column) == 0


@FEW
@given(stairs(shortest=16), st.integers(0, 4), st.sampled_from([8, 9]))
def test_what_sticks_out_otherwise_than_the_marks_is_none(stair, index, reach):
    middles, rows = stair.middles(), stair.rows
    odd = index % len(middles)
    marks = [(column, row) for k, (column, row) in enumerate(zip(middles, rows, strict=True)) if k != odd]
    assume(len(marks) >= 2)
    ink = stair.ink(marks, bar=True)
    _fill_down(ink, middles[odd], rows[odd], reach)
    path, edges, _, _ = follow(ink)
    found = censor_marks([(path, edges)])[0]
    assert not (np.abs(found.column - middles[odd]) < 1).any()
    assert found.confidence < 1


def _fill_down(ink, column, row, reach):
    """A stroke to one side of the line only."""
    ink[round(row) : round(row) + reach, round(column)] = 1


@pytest.mark.parametrize("gap_before", [0, 1, 2, 3])
def test_the_last_drop_of_a_dashed_line_may_begin_a_gap_behind_its_last_dash(gap_before):
    ink, end = np.zeros((HEIGHT, WIDTH), np.float32), LEFT + 117 + gap_before
    for first in range(LEFT, LEFT + 120, 15):
        ink[TOP, first : first + 12] = 1
    for first in range(TOP + 1, TOP + 64, 16):
        ink[first : first + 13, end] = 1
    _, _, column, row = follow(ink)
    assert row[-1] == pytest.approx(TOP + 61, abs=1)
    assert column[-1] == pytest.approx(end, abs=1 + gap_before / 2)


def _flat_line():
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[TOP + 30 : TOP + 32, LEFT : LEFT + 130] = 1
    return ink


@pytest.mark.parametrize("below", [(), (1,), (1, 3, 5), range(8)])
def test_strokes_on_one_side_are_marks_only_where_all_stand_on_the_same(below):
    ink = _flat_line()
    for k in range(8):
        first = TOP + (32 if k in below else 26)
        ink[first : first + 4, LEFT + 10 + 15 * k] = 1
    path, edges, _, _ = follow(ink, (LEFT, TOP + 30))
    assert len(censor_marks([(path, edges)])[0].column) == (8 if len(below) in (0, 8) else 0)


def test_the_rim_of_a_band_between_marks_is_no_row_of_marks():
    ink = _flat_line()
    at = LEFT + np.array([20, 45, 48, 80, 100, 120])
    ink[TOP + 22 : TOP + 40, at] = 1
    ink[TOP + 28 : TOP + 34, LEFT + 40 : LEFT + 90] = 1
    path, edges, _, _ = follow(ink, (LEFT, TOP + 30))
    np.testing.assert_allclose(censor_marks([(path, edges)])[0].column, at, atol=0.6)


@FEW
@given(stairs(), st.data())
def test_other_ink_over_the_line_hides_it_but_does_not_end_it(stair, data):
    ink = stair.ink()
    first = data.draw(st.integers(LEFT + 3, int(stair.last) - 8))
    hidden = none()
    hidden[:, first : first + 5] = True
    ink[hidden] = 0
    path = find_path(ink, hidden, none(), (LEFT, TOP))
    assert path.last == pytest.approx(stair.last + stair.stroke / 2, abs=1.5)


@FEW
@given(st.integers(2, 5), st.integers(2, 4))
def test_gaps_of_a_dashed_line_are_bridged(dash, gap):
    stair = Stair([40, 80], [TOP, TOP + 12, TOP + 30], 130, 2.0)
    ink = stair.ink()
    ink[:, np.arange(WIDTH) % (dash + gap) >= dash] = 0
    _, _, column, row = follow(ink)
    assert np.abs(level(column, row, stair.middles()) - stair.rows).max() < 0.5


@FEW
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.sampled_from(["survival", "incidence"]))
def test_a_curve_never_rises_whatever_the_ink_around_it(seed, density, scale):
    calibration = Calibration(Axis([10, 110], [0, 100], 1, -10), Axis([10, 80], [1, 0], -1 / 70, 80 / 70), scale)
    plot = plot_inside(np.full((95, 125, 3), 255, np.uint8), Box(10, 5, 110, 80), calibration, ())
    rng = np.random.default_rng(seed)
    own, others = (np.where(rng.random(plot.contrast.shape) < density, rng.random(plot.contrast.shape), 0) for _ in range(2))
    own[5, 4:30] = own[5:20, 30] = own[20, 30:50] = 1
    path = find_path(own, others > 0.3, plot.text, (4, 5))
    edges = ink_edges(path, own, others, plot.text)
    marks = censor_marks([(path, edges)])[0]
    curve = _curve(ArmInk(np.zeros(3), own, others, path, 0.5), edges, marks, plot, calibration, TraceSettings())
    assert (curve.time[0], curve.survival[0]) == (0, 1)
    assert (np.diff(curve.survival) <= 0).all()
    assert (np.diff(curve.time) >= 0).all()
    assert curve.survival.min() >= 0
    assert (curve.censor_time <= curve.time[-1]).all()


slopes = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)
places = st.floats(-1e4, 1e4)


@FEW
@given(slopes, places, slopes, places, st.sampled_from(["survival", "percent", "incidence", "incidence_percent"]), places, places)
def test_pixel_to_data_to_pixel_is_the_identity(time_slope, time_at, slope, at, scale, px, py):
    calibration = Calibration(Axis([0, 1], [0, 1], time_slope, time_at), Axis([0, 1], [0, 1], slope, at), scale)
    back = calibration.to_px(*calibration.to_data(px, py))
    np.testing.assert_allclose(back, (px, py), rtol=1e-6, atol=1e-3)


def test_a_line_without_a_step_is_a_curve():
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[TOP : TOP + 2, LEFT : LEFT + 40] = 1
    _, _, column, row = follow(ink)
    assert len(column) == len(row) == 1


def test_a_drop_that_straddles_two_columns_is_one():
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    ink[TOP : TOP + 2, LEFT : LEFT + 30] = 1
    ink[TOP : TOP + 14, LEFT + 29] = 0.6
    ink[TOP : TOP + 14, LEFT + 30] = 1
    ink[TOP : TOP + 14, LEFT + 31] = 0.4
    ink[TOP + 12 : TOP + 14, LEFT + 30 : LEFT + 60] = 1
    _, _, column, row = follow(ink)
    assert len(column) == 2
    assert column[1] == pytest.approx(LEFT + 30, abs=0.6)


def test_a_steep_smooth_descent_keeps_its_steps():
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    for i in range(40):
        ink[TOP + i : TOP + i + 3, LEFT + i] = 1
    _, _, column, row = follow(ink)
    assert np.abs(np.interp(column[1:], column, row) - (row[1:])).max() < 1
    assert np.diff(column).max() <= 3


# a fall of a pixel in six columns; marks of 11 px from column 40 on, so many that they touch
@pytest.mark.parametrize("each", [1, 2, 3])
def test_a_line_under_marks_that_touch_is_their_middle(each):
    columns = np.arange(LEFT + 6, LEFT + 126, 6)
    stair = Stair(columns, TOP + np.arange(len(columns) + 1), columns[-1] + 6, 2.0)
    marked = np.arange(40, stair.last, each)
    ink = stair.ink([(at, level(np.concatenate([[LEFT], columns]), stair.rows, at)) for at in marked], reach=5)
    _, _, column, row = follow(ink)
    assert np.abs(level(column, row, stair.middles()) - stair.rows)[:-2].max() < 1.2


# the other line leaves a sliver, and between the two is a row of their mixture, which belongs to neither
def test_a_line_that_another_covers_in_part_keeps_its_width():
    ink, others = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), np.float32)
    ink[TOP : TOP + 6, LEFT : LEFT + 120] = 1
    ink[TOP + 2 :, LEFT + 60 : LEFT + 100] = 0
    others[TOP + 3 : TOP + 9, LEFT + 60 : LEFT + 100] = 1
    path = find_path(ink, others > 0, none(), (LEFT, TOP))
    assert ink_edges(path, ink, others, none()).stroke == pytest.approx(6)
