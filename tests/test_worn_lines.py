"""By law: lines without colour are told by how broad they are, marks and grey bands upon them or not."""

from types import SimpleNamespace

import numpy as np
import pytest

from ipdrecon.figure.arm_ink import ArmInk, bare_fall
from ipdrecon.figure.arms import find_arms
from ipdrecon.figure.colour import lab_of
from ipdrecon.figure.dashes import DashPattern
from ipdrecon.figure.families import _limits_among
from ipdrecon.figure.ink import plot_inside
from ipdrecon.figure.legend import LegendEntry
from ipdrecon.figure.names import match_legend
from ipdrecon.figure.path import Path
from ipdrecon.model import Axis, Box, Calibration

BOX, START, FIRST = Box(20, 15, 420, 315), (4.0, 4.0), 24
BLACK = lab_of((0, 0, 0))


def cut(px):
    calibration = Calibration(Axis([20, 420], [0, 100], 0.25, -5), Axis([15, 315], [1, 0], -1 / 300, 1.05), "survival")
    return plot_inside(px, BOX, calibration, ())


def page():
    return np.full((340, 450, 3), 255, np.uint8)


def stair(px, grey, levels, *, width, steps, end=400):
    """A curve whose middle lies on some rows, from each of some columns on."""
    half = width // 2
    for row, low, first, last in zip(levels, [*levels[1:], levels[-1]], steps, [*steps[1:], end], strict=True):
        px[row - half : row - half + width, first:last] = grey
        px[row - half : low - half + width, last - half : last - half + width] = grey
    return px


def marked(px, grey, levels, steps, at, *, reach):
    """Upright marks of one px on a curve, at some columns."""
    for column in at:
        row = levels[np.searchsorted(steps, column, side="right") - 1]
        px[row - reach : row + reach + 1, column] = grey
    return px


def arm_along(levels, steps, width):
    """An arm whose middle lies on some rows of the plot, from each of some columns on."""
    leave = np.array(levels)[np.searchsorted(steps, np.arange(FIRST, 400), side="right") - 1]
    own = np.zeros((300, 400), np.float32)
    own[leave[:, None] + np.arange(width) - width // 2, np.arange(FIRST, 400)[:, None]] = 1
    return ArmInk(BLACK, own, np.zeros_like(own), Path(np.concatenate([leave[:1], leave[:-1]]), leave, FIRST, 1.0, 376.0, 0.0, 0.0), 1.0)


def test_of_several_arms_told_of_a_thin_one_is_a_limit_only_with_another_on_the_other_side():
    steps = [FIRST, 100, 200, 300]
    upper, broad, lower = (arm_along(levels, steps, width) for levels, width in (([20, 40, 60, 80], 1), ([20, 60, 110, 140], 4), ([20, 90, 160, 230], 1)))
    assert _limits_among(None, [broad, lower], paired=True) == set()
    assert _limits_among(None, [broad, lower], paired=False) == {1}
    assert _limits_among(None, [broad, lower, upper], paired=True) == {1, 2}


def fallen(px, grid=None):
    """An arm that falls at column 200 from row 60 to row 200, on what ink there is."""
    if grid is not None:
        px[:, 199:202] = np.minimum(px[:, 199:202], grid)
    plot = cut(px)
    leave = np.where(np.arange(FIRST, 300) < 200, 60, 200) - plot.top
    path = Path(np.concatenate([leave[:1], leave[:-1]]), leave, FIRST - plot.left, 1.0, 1.0, 0.0, 0.0)
    own = (plot.lab[..., 0] < 30).astype(np.float32)
    return ArmInk(BLACK, own, np.zeros_like(own), path, 1.0), plot


@pytest.mark.parametrize("grid", [None, 235])
def test_a_fall_through_paper_is_seen_and_a_gridline_of_another_colour_is_paper(grid):
    parted = stair(page(), 0, [60], width=2, steps=[FIRST], end=200)
    parted = stair(parted, 0, [200], width=2, steps=[200], end=300)
    arm, plot = fallen(parted, grid)
    column, top, bottom = bare_fall(arm, plot)
    assert plot.hidden[100, 200 - plot.left] == (grid is not None)
    assert (column + plot.left, top + plot.top, bottom + plot.top) == pytest.approx((200, 61, 198), abs=2)
    whole = stair(page(), 0, [60, 200], width=2, steps=[FIRST, 200], end=300)
    assert bare_fall(*fallen(whole, grid)) is None
    assert bare_fall(*fallen(parted, grid=0)) is None


def test_a_marked_grey_curve_among_grey_bands_is_no_thinned_black():
    steps, high, low = [FIRST, 60, 100, 140, 180, 220, 260, 300, 340], list(range(19, 100, 10)), list(range(19, 260, 30))
    px = page()
    for levels, band in ((low, 232), (high, 204)):
        for row, first, last in zip(levels, steps, [*steps[1:], 400], strict=True):
            px[max(row - 24, 15) : row + 24, first:last] = band
    px = marked(stair(px, 140, low, width=2, steps=steps), 140, low, steps, range(110, 396, 4), reach=5)
    px = marked(stair(px, 0, high, width=2, steps=steps), 0, high, steps, range(110, 396, 4), reach=5)
    arms = find_arms(cut(px), START, expected=2)
    assert [round(float(arm.lab[0]), -1) for arm in arms] == [0, 60]
    np.testing.assert_allclose([arm.path.leave[370 - FIRST] + 11 for arm in arms], (high[-1], low[-1]), atol=3)


def line(thickness):
    return SimpleNamespace(lab=BLACK, dash="solid", pattern=DashPattern("solid"), thickness=thickness)


def entry(label, thickness, top):
    return LegendEntry(label, BLACK, DashPattern("solid"), Box(300, top, 330, top + 3), Box(340, top - 6, 390, top + 8), thickness=thickness)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_black_lines_are_named_by_their_width_also_where_the_legend_draws_all_broader(scale):
    entries = entry("thin", 1.1 * scale, 20), entry("broad", 3.0 * scale, 40)
    matched = match_legend((line(2.8), line(1.0)), entries)
    assert {i: match.entry.label for i, match in matched.items()} == {0: "broad", 1: "thin"}
    assert min(match.sureness for match in matched.values()) > 0.5


@pytest.mark.parametrize("slope", [0.0, 0.003, 0.006])
def test_a_worn_axis_is_hidden_with_its_fringes_and_a_coloured_curve_near_it_is_not(slope):
    px, columns, shreds = page(), np.arange(21, 421), np.random.default_rng(1).integers(0, 2, 400)
    for offset, grey in ((-1, 150), (0, 0), (1, 150)):
        px[(313 + slope * (columns - 220) + shreds).round().astype(int) + offset, columns] = grey
        px[np.arange(15, 316), (22 + slope * np.arange(-150, 151)).round().astype(int) + offset] = grey
    px[308:310, 60:400] = px[309:314, 398:400] = (214, 39, 40)
    plot = cut(px)
    axis = (plot.lab[..., 0] < 90) & (np.abs(plot.lab[..., 1:]).max(axis=2) < 5)
    red = plot.lab[..., 1] > 40
    assert plot.hidden[axis].mean() > 0.95
    assert plot.hidden[red].mean() < 0.05


def test_the_worn_top_of_a_box_is_no_curve_that_never_falls():
    px, columns, shreds = page(), np.arange(21, 421), np.random.default_rng(2).integers(0, 2, 400)
    for offset, grey in ((-1, 150), (0, 0), (1, 150)):
        px[(13.5 + 0.004 * (columns - 220) + shreds).round().astype(int) + offset, columns] = grey
    stair(px, 0, [19, 60, 110], width=2, steps=[FIRST, 100, 200])
    (arm,) = find_arms(cut(px), START, expected=2)
    np.testing.assert_allclose(arm.path.leave[[150 - FIRST, 300 - FIRST]] + 11, (60, 110), atol=2)


def test_lines_of_near_greys_carry_the_shade_that_tells_their_keys():
    px = stair(stair(page(), 58, [19, 60, 90], width=2, steps=[FIRST, 100, 200]), 70, [19, 120, 200], width=2, steps=[FIRST, 60, 150])
    keys = [lab_of((level,) * 3) for level in (58, 70)]
    arms = find_arms(cut(px), START, seeds=keys, expected=2)
    assert [int(np.argmin([np.linalg.norm(arm.lab - key) for key in keys])) for arm in arms] == [0, 1]


@pytest.mark.parametrize(("width", "rows", "tangled"), [(2, (19, 200, 210), True), (6, (19, 200, 210), False), (2, (19, 40, 50), False)])
def test_curves_drawn_alike_that_meet_and_part_again_are_in_doubt(width, rows, tangled):
    px = stair(page(), 0, rows, width=width, steps=[FIRST, 200, 300])
    px = stair(px, 0, [19, 90, 120], width=2, steps=[FIRST, 60, 300])
    arms = find_arms(cut(px), START, seeds=[BLACK, BLACK])
    assert [arm.tangled for arm in arms] == [tangled, tangled]
