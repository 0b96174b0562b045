"""Dashed lines printed as filled outlines, one for each dash, are strokes again; letters and bands are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.figure.vector.filled_dashes import pivoted, with_dashes
from ipdrecon.figure.vector.scene import Scene, Shape

RED = (200, 0, 0)


def outline(points, width):
    """The closed outline of a stroke whose inner corners run in to the line, and whose outer ones are mitred."""
    half, ways = width / 2, np.sign(np.diff(points, axis=0))
    sides = np.column_stack([ways[:, 1], -ways[:, 0]]) * half
    forth, back = [points[0] + sides[0]], [points[0] - sides[0]]
    for k in range(1, len(points) - 1):
        at, before, after = points[k], sides[k - 1], sides[k]
        turns_left = ways[k - 1, 0] * ways[k, 1] - ways[k - 1, 1] * ways[k, 0] < 0
        inner = [at + before, at, at + after] if turns_left else [at - before, at, at - after]
        outer = [at - before - after] if turns_left else [at + before + after]
        forth += inner if turns_left else outer
        back += outer if turns_left else inner
    forth.append(points[-1] + sides[-1])
    back.append(points[-1] - sides[-1])
    return np.array([*forth, *back[::-1], forth[0]])


def staircase(rng, count, rising=False):
    ways = rng.uniform(0.3, 9.0, (count, 2)) * (1, -1 if rising else 1)
    steps = np.zeros((2 * count, 2))
    steps[::2, 0], steps[1::2, 1] = ways.T
    return np.concatenate([[(50.0, 150.0)], (50.0, 150.0) + np.cumsum(steps, axis=0)])


def dashed(points, dash, gap):
    """The pieces that a dash pattern leaves of a polyline of level and upright stretches."""
    lengths = np.abs(np.diff(points, axis=0)).sum(axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    pieces = []
    for begin in np.arange(0.0, along[-1], dash + gap):
        end = min(begin + dash, along[-1])
        inner = (along > begin + 1e-6) & (along < end - 1e-6)
        ends = [[np.interp(at, along, column) for column in points.T] for at in (begin, end)]
        pieces.append(np.vstack([ends[0], points[inner], ends[1]]))
    return pieces


def scene(*shapes):
    return Scene(400.0, 300.0, shapes, ())


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 6), st.sampled_from([0.6, 1.5, 3.0]), st.booleans())
def test_the_line_of_an_outline_is_the_line_that_was_stroked(seed, count, width, rising):
    points = staircase(np.random.default_rng(seed), count, rising) if count else np.array([(10.0, 20.0), (18.5, 20.0)])
    found = pivoted(outline(points, width)[:-1], width)
    assert found is not None
    np.testing.assert_allclose(found, points, atol=1e-9)


@pytest.mark.parametrize("rising", [False, True])
@pytest.mark.parametrize(("dash", "gap", "width"), [(4.5, 2.25, 1.125), (2.0, 2.0, 1.5), (9.0, 3.0, 2.0)])
def test_dashes_of_a_curve_are_one_stroke_with_their_pattern(dash, gap, width, rising):
    points = staircase(np.random.default_rng(3), 20, rising)
    pieces = dashed(points, dash, gap)
    (shape,) = with_dashes(scene(Shape(tuple(outline(piece, width) for piece in pieces), fill=RED))).shapes
    assert shape.stroke == RED
    assert shape.fill is None
    assert shape.width == pytest.approx(width, abs=1e-3)
    assert shape.dash == pytest.approx((dash, gap), abs=0.01)
    (line,) = shape.parts
    np.testing.assert_allclose([line[0], line[-1]], [pieces[0][0], pieces[-1][-1]], atol=1e-9)
    for piece in pieces:
        assert (np.abs(line[:, None] - piece[None]).max(axis=2).min(axis=0) < 1e-9).all()


def test_two_curves_in_one_path_are_two_lines():
    first, second = staircase(np.random.default_rng(4), 9), staircase(np.random.default_rng(5), 9) + (0.0, 40.0)
    parts = [outline(piece, 1.0) for points in (first, second) for piece in dashed(points, 4.0, 2.0)]
    (shape,) = with_dashes(scene(Shape(tuple(parts), fill=RED))).shapes
    assert len(shape.parts) == 2


def test_a_row_of_letters_is_no_dashed_line():
    letters = [outline(np.array([(x, 20.0), (x, 32.0)]), 1.5) for x in (10.0, 14.0, 18.0, 22.0)]
    shape = Shape(tuple(letters), fill=RED)
    assert with_dashes(scene(shape)).shapes == (shape,)


def test_bars_of_unlike_width_are_no_dashed_line():
    bars = [outline(np.array([(x, 20.0), (x + 8.0, 20.0)]), width) for x, width in ((10.0, 1.0), (20.0, 2.0), (30.0, 3.0))]
    shape = Shape(tuple(bars), fill=RED)
    assert with_dashes(scene(shape)).shapes == (shape,)


def test_the_stem_and_the_dot_of_a_letter_are_no_dashed_line_and_two_dashes_of_a_key_are():
    stem_and_dot = np.array([(10.0, 20.0), (10.0, 22.0)]), np.array([(10.0, 23.5), (10.0, 32.0)])
    letter, on_its_side = (Shape(tuple(outline(part[:, ::way], 1.5) for part in stem_and_dot), fill=RED) for way in (1, -1))
    key = Shape(tuple(outline(np.array([(x, 20.0), (x + 8.0, 20.0)]), 1.5) for x in (10.0, 22.0)), fill=RED)
    *kept, stroked = with_dashes(scene(letter, on_its_side, key)).shapes
    assert kept == [letter, on_its_side]
    assert stroked.dash == pytest.approx((8.0, 4.0))
