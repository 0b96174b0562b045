"""Curves, limits, marks and ticks among the lines of a plot, and what their drops say."""

from dataclasses import replace

import numpy as np
import pytest

from ipdrecon.figure.vector.curves import count_strays, find_curves
from ipdrecon.figure.vector.drops import drop_flags
from ipdrecon.figure.vector.inks import drawn_steps
from ipdrecon.figure.vector.lines import Line, scene_lines
from ipdrecon.figure.vector.marks import mark_positions
from ipdrecon.figure.vector.plane import Plane, anchored, axis_in_points
from ipdrecon.figure.vector.scene import Scene, Shape, Text
from ipdrecon.figure.vector.ticks import drawn_ticks, framed
from ipdrecon.model import Axis, Box, Calibration, Curve

BOX = Box(50.0, 20.0, 350.0, 220.0)
RED, BLUE, BLACK = (200, 0, 0), (0, 0, 200), (0, 0, 0)


def plane():
    """Time 0 to 30 over 300 points, survival 1 to 0 over 200; one px is one point."""
    return Plane(BOX, Axis([50.0, 350.0], [0.0, 30.0], 0.1, -5.0), Axis([20.0, 220.0], [1.0, 0.0], -0.005, 1.1), "survival")


def steps(times, levels, last=30.0):
    """Corners on the page of a curve that falls to each level at each time."""
    points, level = [(0.0, 1.0)], 1.0
    for time, lower in zip(times, levels, strict=True):
        points += [(time, level), (time, lower)]
        level = lower
    time, survival = np.array([*points, (last, level)]).T
    return np.column_stack([50 + 10 * time, 220 - 200 * survival])


def line(points, colour=BLACK, **look):
    return Line(np.asarray(points, float), colour, look.pop("width", 1.0), **look)


GRID = [line([(50, y), (350, y)], (220, 220, 220)) for y in (20, 70, 120, 170, 220)] + [line([(x, 20), (x, 220)], (220, 220, 220)) for x in (50, 150, 250, 350)]
FRAME = [line([(50, 20), (50, 220), (350, 220)]), line([(50, 20), (350, 20), (350, 220), (50, 220), (50, 20)])]
TIMES = np.array([1.3, 2.9, 4.4, 7.7, 9.1, 12.6, 15.2, 20.8, 24.3])
LEVELS = np.array([0.93, 0.9, 0.81, 0.74, 0.7, 0.62, 0.55, 0.47, 0.4])


def test_grid_frame_and_reference_lines_are_no_curves():
    median = [line([(50, 120), (198, 120), (198, 220)], dash=(3.0, 2.0))]
    (curve,) = find_curves([*GRID, *FRAME, *median, line(steps(TIMES, LEVELS), RED)], plane())
    assert curve.line.colour == RED
    np.testing.assert_allclose(curve.steps, 50 + 10 * TIMES)


def test_lines_to_two_medians_are_no_curve_where_tick_marks_go_on_from_them():
    medians = [line(points, dash=(3.0, 2.0)) for points in ([(50, 120), (250, 120)], [(110, 120), (110, 220)], [(250, 120), (250, 220)])]
    marks = [line([(x, 220), (x, 225)]) for x in (50, 150, 250, 350)]
    (curve,) = find_curves([*marks, *medians, line(steps(TIMES, LEVELS), RED)], plane())
    assert curve.line.colour == RED


@pytest.mark.parametrize("colour", [RED, BLACK])
def test_a_box_around_a_legend_is_no_curve(colour):
    legend = line([(52, 21), (150, 21), (150, 80), (52, 80), (52, 21)], colour)
    (curve,) = find_curves([legend, line(steps(TIMES, LEVELS), RED)], plane())
    np.testing.assert_allclose(curve.steps, 50 + 10 * TIMES)


def piece_by_piece(points, **look):
    """Each stretch of a curve as a stroke of its own."""
    return [line(points[k : k + 2], RED, order=k, **look) for k in range(len(points) - 1)]


def test_a_curve_of_single_strokes_goes_on_beside_its_longest_stretch():
    times, levels = np.array([1.0, 4.0, 6.0, 6.9, 29.0]), np.array([0.95, 0.9, 0.86, 0.81, 0.75])
    (curve,) = find_curves(piece_by_piece(steps(times, levels)), plane())
    np.testing.assert_allclose(curve.points, steps(times, levels))


def dashed(points, on, off):
    """A line cut into dashes, each a stroke of its own."""
    along = np.concatenate([[0], np.cumsum(np.abs(np.diff(points, axis=0)).sum(axis=1))])
    cuts = []
    for start in np.arange(0, along[-1], on + off):
        at = np.concatenate([[start], along[(along > start) & (along < start + on)], [min(start + on, along[-1])]])
        cuts.append(np.column_stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)]))
    return [line(cut, RED, order=k + 1) for k, cut in enumerate(cuts)]


@pytest.mark.parametrize(("on", "off"), [(3, 2), (6, 4)])
def test_dashes_that_begin_upon_a_solid_curve_of_their_colour_are_a_curve(on, off):
    lower = steps(TIMES + 0.9, LEVELS - 0.05)
    curves = find_curves([line(steps(TIMES + 0.4, LEVELS), RED), *dashed(lower, on, off)], plane())
    assert len(curves) == 2
    at = np.linspace(55, 345, 200)
    read, true = (curve.level_at(at) for curve in (curves[1], replace(curves[1], points=lower)))
    assert (np.abs(read - true) < 0.1).mean() > 0.95


def test_a_drop_of_several_strokes_is_one():
    points = steps(TIMES, LEVELS)
    halves = [line(half, RED) for start, end in zip(points[:-1], points[1:], strict=True) for half in ((start, (start + end) / 2), ((start + end) / 2, end))]
    (curve,) = find_curves(halves, plane())
    time, survival = drawn_steps(curve, plane())
    np.testing.assert_allclose(time[1:-1], TIMES)
    np.testing.assert_allclose(survival[1:-1], LEVELS)


def test_curves_come_from_the_highest_to_the_lowest():
    lower, upper = line(steps(TIMES, LEVELS), RED), line(steps(TIMES + 0.7, LEVELS + 0.05), BLUE)
    assert [curve.line.colour for curve in find_curves([lower, upper], plane())] == [BLUE, RED]


@pytest.mark.parametrize("look", [{"dash": (2.0, 1.0)}, {"width": 0.4}, {}])
def test_limits_that_step_with_their_curve_are_left_out(look):
    spread = 0.02 * np.arange(1, 10)
    lines = [
        line(steps(TIMES, LEVELS), RED),
        line(steps(TIMES, LEVELS + spread / 2), RED, **look),
        line(steps(TIMES, LEVELS - spread), RED, **look),
    ]
    (curve,) = find_curves(lines, plane())
    assert curve.limits
    assert curve.points[-1, 1] == pytest.approx(220 - 200 * LEVELS[-1])


def test_arms_of_one_colour_that_step_by_themselves_are_kept():
    lines = [line(steps(TIMES + shift, LEVELS + rise), RED, dash=(2.0,) * k) for k, (shift, rise) in enumerate([(0, 0), (0.37, 0.05), (0.83, -0.1)])]
    assert len(find_curves(lines, plane())) == 3


def test_arms_of_one_time_grid_and_other_colours_are_kept():
    lines = [line(steps(TIMES, LEVELS + rise), colour) for rise, colour in ((0.06, BLUE), (0.0, RED), (-0.12, (0, 140, 0)))]
    assert len(find_curves(lines, plane())) == 3


def test_a_curve_drawn_twice_is_one_as_seen_on_top():
    halo, ink = line(steps(TIMES, LEVELS), (240, 240, 240), width=3.0, order=1), line(steps(TIMES, LEVELS), RED, order=2)
    (curve,) = find_curves([halo, ink], plane())
    assert curve.line.colour == RED


def test_a_curve_that_falls_at_time_zero_is_one():
    points = steps([0.0, *TIMES], [0.96, *LEVELS])[1:]
    (curve,) = find_curves([line(points[1:], RED)], plane())
    assert curve.points[0] == pytest.approx([50, 28])


def scene_with(shapes=(), texts=()):
    return Scene(400.0, 260.0, tuple(shapes), tuple(texts))


def signs(kind, times, levels, colour=RED):
    """Shapes of censor marks at times on levels."""
    made = []
    for time, level in zip(times, levels, strict=True):
        x, y = 50 + 10 * time, 220 - 200 * level
        arms = {"tick": [[(x, y - 3), (x, y + 3)]], "plus": [[(x, y - 3), (x, y + 3)], [(x - 3, y), (x + 3, y)]], "above": [[(x, y - 4), (x, y)]]}
        made.append(Shape(tuple(np.array(arm) for arm in arms[kind]), colour, None, 0.8))
    return made


@pytest.mark.parametrize("kind", ["tick", "plus", "above"])
def test_marks_are_where_they_are_drawn(kind):
    times = np.array([3.31, 5.0, 10.2, 16.61, 22.47, 28.03])
    levels = np.r_[1.0, LEVELS][np.searchsorted(TIMES, times)]
    curve = Shape((steps(TIMES, LEVELS),), RED, None, 1.0)
    shapes = [curve, *signs(kind, times, levels)]
    curves = find_curves([line(curve.parts[0], RED, order=0)], plane())
    (found,) = mark_positions(scene_with(shapes), plane(), curves)
    np.testing.assert_allclose(found, 50 + 10 * times)


def test_letters_may_be_marks():
    times = np.array([3.31, 10.2, 22.47])
    levels = np.r_[1.0, LEVELS][np.searchsorted(TIMES, times)]
    texts = [Text("+", Box(x - 2, y - 2, x + 2, y + 2), (x, y), 8.0) for x, y in zip(50 + 10 * times, 220 - 200 * levels, strict=True)]
    curves = find_curves([line(steps(TIMES, LEVELS), RED)], plane())
    (found,) = mark_positions(scene_with(texts=texts), plane(), curves)
    np.testing.assert_allclose(found, 50 + 10 * times)


def test_signs_that_stand_elsewhere_are_no_marks():
    curves = find_curves([line(steps(TIMES, LEVELS), RED)], plane())
    elsewhere = signs("plus", np.linspace(2, 28, 9), np.full(9, 0.15))
    (found,) = mark_positions(scene_with(elsewhere), plane(), curves)
    assert not len(found)


def test_strokes_of_limits_and_of_copies_are_no_marks():
    apart = 0.006 * np.arange(1, 10)
    drawn = [steps(TIMES, LEVELS), steps(TIMES, LEVELS), steps(TIMES, LEVELS + apart / 2), steps(TIMES, LEVELS - apart)]
    lines = [piece for k, points in enumerate(drawn) for piece in piece_by_piece(points, width=(1.0, 1.0, 0.4, 0.4)[k])]
    shapes = [Shape((one.points,), RED, None, one.width) for one in lines]
    lines = [replace(one, order=order) for order, one in enumerate(lines)]
    (curve,) = find_curves(lines, plane())
    assert curve.limits
    (found,) = mark_positions(scene_with(shapes), plane(), [curve])
    assert not len(found)


@pytest.mark.parametrize(("ground", "kept"), [((20, 60, 100), 2), ((255, 255, 255), 1), (None, 1)])
def test_white_curves_are_seen_on_coloured_grounds_only(ground, kept):
    around = np.array([(40.0, 10.0), (360.0, 10.0), (360.0, 230.0), (40.0, 230.0), (40.0, 10.0)])
    paper = Shape((around,), None, (20, 60, 100))
    grounds = [paper, Shape((around,), None, ground)] if ground else []
    curves = [Shape((steps(TIMES + shift, LEVELS - shift / 10),), colour, None, 1.0) for shift, colour in ((0.0, (255, 255, 255)), (0.7, RED))]
    assert len(find_curves(scene_lines(scene_with([*grounds, *curves])), plane())) == kept


def test_black_marks_go_to_the_curve_beneath_and_coloured_ones_to_their_colour():
    upper, lower = steps(TIMES, LEVELS), steps(TIMES, LEVELS - 0.002)
    curves = find_curves([line(upper, RED, order=90), line(lower, BLUE, order=91)], plane())
    times = np.array([5.0, 11.0, 18.0])
    levels = np.r_[1.0, LEVELS][np.searchsorted(TIMES, times)]
    found = mark_positions(scene_with(signs("tick", times, levels, BLUE)), plane(), curves)
    assert [len(places) for places in found] == [3 * (curve.line.colour == BLUE) for curve in curves]


def test_ticks_are_told_by_where_they_begin_and_end():
    major = [line([(x, 220), (x, 224)]) for x in (50, 150, 250, 350)]
    minor = [line([(x, 220), (x, 222)]) for x in (75, 100, 125)]
    time, _ = drawn_ticks([*major, *minor, *GRID], Box(99.5, 39.5, 699.5, 439.5), 2.0)
    places = {kind.kind: (kind.place + 0.5) / 2 for kind in time if len(kind.place) == 4}
    np.testing.assert_allclose(places["outside"], [50, 150, 250, 350])
    np.testing.assert_allclose(places["grid"], [50, 150, 250, 350])


def test_a_box_reaches_as_far_as_its_axis_lines():
    short = Box(49.5, 39.5, 249.5, 219.5)
    assert framed(short, [line([(50, 20), (50, 220), (350, 220)])], 1.0) == Box(49.5, 19.5, 349.5, 219.5)
    assert framed(short, [*GRID[:1], line([(0, 230), (400, 230)])], 1.0) == short


def test_an_axis_in_points_says_the_same():
    axis = Axis([99.5, 299.5], [0.0, 10.0], 0.05, -4.975)
    assert axis_in_points(axis, 2.0).to_value(50.0) == pytest.approx(axis.to_value(99.5))


def test_only_loose_axes_are_moved_to_where_curves_start():
    calibration = Calibration(Axis([50.0, 350.0], [0.0, 30.0], 0.1, -5.0), Axis([20.0, 220.0], [1.0, 0.0], -0.005, 1.1))
    starts = np.array([(49.6, 20.4), (49.6, 33.0)]) + 0.5
    moved = anchored(calibration, starts, (1.0, 0.0), 1.0)
    assert moved.time.to_value(49.6) == pytest.approx(0.0)
    assert moved.vertical == calibration.vertical
    far = anchored(calibration, starts + 9, (1.0, 1.0), 1.0)
    assert far == calibration


def read(n, events_at, *, merged=()):
    """A curve of n patients with events one by one, some of whose drops are merged with the next at a false height."""
    survival, time, level = [1.0], [0.0], 1.0
    for k, at in enumerate(events_at):
        level *= 1 - 1 / (n - k)
        time.append(at)
        survival.append(level + (0.37 / n if k in merged else 0.0))
    return Curve("A", [*time, 30.0], [*survival, survival[-1]], survival_error=1e-5)


@pytest.mark.parametrize(("merged", "flags"), [((), []), ((3, 7, 11), ["path_simplified"])])
def test_drops_of_no_whole_number_of_patients_are_told(merged, flags):
    curve = read(40, np.linspace(1, 28, 20), merged=merged)
    drawn = find_curves([line(steps(curve.time[1:-1], curve.survival[1:-1]), RED)], plane())[0]
    assert [flag.name for flag in drop_flags(curve, drawn, [0, 10, 20, 30], [40, 33, 26, 20])] == flags


def test_slanting_falls_are_told():
    points = steps(TIMES, LEVELS)
    slanting = np.vstack([points[:5], points[6:]])
    drawn = find_curves([line(slanting, RED)], plane())[0]
    curve = Curve("A", [0, 30], [1, 1])
    assert [flag.name for flag in drop_flags(curve, drawn)] == ["path_simplified"]
    smooth = np.column_stack([np.linspace(50, 350, 60), 20 + 150 * np.linspace(0, 1, 60) ** 0.8])
    assert [flag.name for flag in drop_flags(curve, find_curves([line(smooth, RED)], plane())[0])] == ["smooth_curve"]


def from_half():
    """The same plot with the vertical axis from 0.5 to 1 only."""
    return Plane(BOX, Axis([50.0, 350.0], [0.0, 30.0], 0.1, -5.0), Axis([20.0, 220.0], [1.0, 0.5], -0.0025, 1.05), "survival")


def test_a_curve_that_leaves_the_plot_ends_there():
    points = steps(TIMES, LEVELS) * (1, 2.0) - (0, 20.0)
    (curve,) = find_curves([line(points, RED)], from_half())
    assert curve.is_cut
    assert curve.points[-1] == pytest.approx([50 + 10 * TIMES[-2], points[-5, 1]])
    read = Curve("A", [0, 20.8], [1, 0.55])
    assert [flag.name for flag in drop_flags(read, curve)] == ["curve_cut"]


def test_a_curve_that_falls_to_zero_is_not_cut():
    (curve,) = find_curves([line(steps([*TIMES, 28.0], [*LEVELS, 0.0], last=28.0), RED)], plane())
    assert not curve.is_cut
    assert curve.points[-1, 1] == pytest.approx(220)


def test_an_arm_without_events_is_told_from_the_frame_by_its_key():
    eventless, key = line([(50, 20), (330, 20)], BLUE, width=1.2), line([(260, 60), (280, 60)], BLUE, width=1.2)
    curves = find_curves([*GRID, *FRAME, line(steps(TIMES, LEVELS), RED), eventless, key], plane())
    assert [curve.line.colour for curve in curves] == [BLUE, RED]
    without_key = find_curves([*GRID, *FRAME, line(steps(TIMES, LEVELS), RED), eventless], plane())
    assert [curve.line.colour for curve in without_key] == [RED]


def test_a_table_tells_arms_from_limits():
    spread = 0.02 * np.arange(1, 10)
    lines = [line(steps(TIMES, LEVELS + by), BLACK, dash=dash) for by, dash in ((0, ()), (spread / 2, (2.0,)), (-spread, (2.0,)))]
    assert len(find_curves(lines, plane())) == 1
    assert len(find_curves(lines, plane(), expected=3)) == 3


def test_lines_that_begin_nowhere_are_counted_and_grids_bands_and_frames_are_not():
    late = line(steps(TIMES, LEVELS)[9:], BLUE, order=1)
    drawn = [*GRID, *FRAME, line(steps(TIMES, LEVELS), RED, order=2)]
    curves = find_curves([*drawn, late], plane())
    assert len(curves) == 1
    assert count_strays([*drawn, late], plane(), curves) == 1
    assert count_strays(drawn, plane(), curves) == 0


def test_a_fall_to_zero_beside_a_thick_axis_line_is_a_drop():
    above = replace(plane(), box=Box(50.0, 20.0, 350.0, 218.9))
    whole = steps([5, 20], [0.5, 0.0], last=20)
    (curve,) = find_curves([line(whole, RED)], above)
    assert not curve.is_cut
    assert curve.points[-1, 1] == pytest.approx(220.0)


@pytest.mark.parametrize("inwards", [0.0, 4.0])
def test_a_tick_and_the_key_of_a_legend_are_no_curve(inwards):
    ticks = [line([(42, y), (50 + inwards, y)]) for y in (20, 70, 120, 170, 220)]
    key = line([(59, 24), (80, 24)])
    (curve,) = find_curves([*ticks, key, line(steps(TIMES, LEVELS))], plane())
    np.testing.assert_allclose(curve.steps, 50 + 10 * TIMES)


def test_the_first_short_piece_of_a_curve_on_a_thick_axis_line_is_no_tick():
    pieces = [line([(48.4, 20), (54, 20)], RED), line([(54, 20), (54, 60)], RED), line([(54, 60), (300, 60)], RED), line([(300, 60), (300, 90)], RED)]
    (curve,) = find_curves(pieces, plane())
    assert curve.points[0] == pytest.approx((48.4, 20.0))
