"""Stretches that go right and down, and the chains they form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.figure.vector.courses import chained, courses_of
from ipdrecon.figure.vector.lines import Line, clipped, middle_of
from ipdrecon.model import Box


def staircase(rng, n_steps):
    """Corners of a step function that begins level, shape (2 n_steps + 2, 2)."""
    u = np.cumsum(rng.uniform(2.0, 9.0, n_steps + 1))
    v = np.cumsum(rng.uniform(1.0, 6.0, n_steps))
    points = [(0.0, 0.0)]
    for k in range(n_steps):
        points += [(u[k], points[-1][1]), (u[k], v[k])]
    return np.array([*points, (u[-1], v[-1])])


def line(points, **look):
    return Line(np.asarray(points, float), (0, 0, 0), look.pop("width", 1.0), **look)


def courses(lines, falls=1):
    return [course for one in lines for course in courses_of(one, falls)]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 25))
def test_pieces_in_any_order_and_direction_chain_to_the_curve(seed, n_steps):
    rng = np.random.default_rng(seed)
    whole = staircase(rng, n_steps)
    cuts = np.unique(rng.integers(1, len(whole) - 1, 5))
    pieces = [whole[a : b + 1] for a, b in zip(np.r_[0, cuts], np.r_[cuts, len(whole) - 1], strict=True)]
    pieces = [line(piece[:: rng.choice([-1, 1])]) for piece in rng.permutation(np.array(pieces, dtype=object))]
    (chain,) = chained(courses(pieces), 5.0)
    np.testing.assert_allclose(chain.points, whole, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_dashes_drawn_one_by_one_chain_to_the_curve(seed):
    rng = np.random.default_rng(seed)
    whole = staircase(rng, 8)
    length = np.r_[0, np.cumsum(np.abs(np.diff(whole, axis=0)).sum(axis=1))]
    at = np.arange(0, length[-1], 3.0)
    dashes = []
    for start in at:
        places = np.r_[start, length[(length > start) & (length < start + 2.0)], min(start + 2.0, length[-1])]
        dashes.append(line(np.column_stack([np.interp(places, length, whole[:, axis]) for axis in (0, 1)])))
    (chain,) = chained(courses(dashes), 3.0)
    middle = (whole[1:] + whole[:-1])[np.diff(whole[:, 0]) > 3] / 2
    seen = np.interp(middle[:, 0], chain.points[:, 0], chain.points[:, 1])
    assert np.abs(seen - middle[:, 1]).max() < 1.05


@given(st.integers(0, 10_000), st.sampled_from([1, -1]))
def test_neither_coordinate_ever_decreases(seed, falls):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 50, (int(rng.integers(2, 40)), 2))
    for course in courses_of(line(points), falls):
        assert (np.diff(course.points, axis=0) >= 0).all()


def test_a_curve_of_incidence_rises_on_the_page():
    whole = staircase(np.random.default_rng(3), 6)
    (course,) = courses_of(line(whole * (1, -1)), -1)
    np.testing.assert_allclose(course.points, whole)


def test_backlash_of_tracing_by_hand_does_not_cut_a_line():
    whole = staircase(np.random.default_rng(4), 12)
    bumps = np.repeat(whole, 2, axis=0)
    bumps[9] -= (0.0, 0.4)
    (course,) = courses_of(line(bumps), 1)
    assert course.end == pytest.approx(whole[-1])


@pytest.mark.parametrize("backwards", [False, True])
def test_corners_that_curves_round_off_are_restored(backwards):
    whole = staircase(np.random.default_rng(8), 9)
    rounded, turn = [whole[:1]], np.linspace(0, np.pi / 2, 7)
    for before, corner, after in zip(whole[:-2], whole[1:-1], whole[2:], strict=True):
        way_in, way_out = ((end - corner) / np.abs(end - corner).max() for end in (before, after))
        radius = 0.3 * min(np.abs(before - corner).max(), np.abs(after - corner).max())
        centre = corner + radius * (way_in + way_out)
        rounded.append(np.array([centre - radius * (way_out * np.cos(t) + way_in * np.sin(t)) for t in turn]))
    points = np.concatenate([*rounded, whole[-1:]])
    (course,) = courses_of(line(points[::-1] if backwards else points, curved=True), 1)
    np.testing.assert_allclose(course.points, whole[np.r_[True, np.abs(np.diff(whole, axis=0)).max(axis=1) > 1e-9]], atol=1e-9)


def test_two_curves_in_one_stroke_are_cut_where_the_pen_goes_back():
    upper = staircase(np.random.default_rng(5), 6)
    lower = upper * (1, 2.0)
    found = courses_of(line(np.vstack([upper, lower])), 1)
    long = [course for course in found if len(course.points) > 3]
    assert len(long) == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 0.9), st.booleans())
def test_an_outlined_stroke_has_the_line_in_its_middle(seed, width, backwards):
    whole = staircase(np.random.default_rng(seed), 6)
    half = np.array([0.5 * width, -0.5 * width])
    forth, back = whole + half, whole - half
    forth[0, 0] = back[0, 0] = whole[0, 0]
    forth[-1, 0] = back[-1, 0] = whole[-1, 0]
    outline = np.vstack([forth, back[::-1], forth[:1]])
    middle, seen = middle_of(outline[::-1] if backwards else outline)
    middle = middle[np.argsort(middle.sum(axis=1))]
    np.testing.assert_allclose(middle, whole, atol=1e-9)
    assert seen == pytest.approx(width)


def test_an_outlined_stroke_has_its_line_where_its_steps_are_narrower_than_it_is_wide():
    half = np.array([1.5, -1.5])
    whole = np.array([(0, 0), (40, 0), (40, 6), (40.2, 6), (40.2, 14), (40.5, 14), (40.5, 22), (40.7, 22), (40.7, 28), (99, 28)])
    forth, back = whole + half, whole - half
    forth[0, 0] = back[0, 0] = whole[0, 0]
    forth[-1, 0] = back[-1, 0] = whole[-1, 0]
    middle, seen = middle_of(np.vstack([forth, back[::-1], forth[:1]]))
    np.testing.assert_allclose(middle[np.argsort(middle.sum(axis=1))], whole, atol=1e-9)
    assert seen == pytest.approx(3.0)


def test_a_band_is_no_outlined_stroke():
    upper = staircase(np.random.default_rng(6), 8)
    lower = upper + np.column_stack([np.zeros(len(upper)), np.linspace(0.1, 9.0, len(upper))])
    assert middle_of(np.vstack([upper, lower[::-1], upper[:1]])) is None


@given(st.integers(0, 10_000))
def test_clipping_leaves_what_lies_within(seed):
    rng = np.random.default_rng(seed)
    points, box = rng.uniform(-20, 70, (15, 2)), Box(0.0, 0.0, 50.0, 40.0)
    parts = clipped(points, box)
    for part in parts:
        assert (part >= -0.02).all()
        assert (part <= (50.02, 40.02)).all()
    ways = np.diff(points, axis=0)
    share = np.linspace(0, 1, 2001)[1:-1, None]
    fine = points[:-1, None] + share * ways[:, None]
    inside = ((fine > 0) & (fine < (50, 40))).all(axis=2).mean(axis=1) @ np.linalg.norm(ways, axis=1)
    kept = sum(np.linalg.norm(np.diff(part, axis=0), axis=1).sum() for part in parts)
    assert kept == pytest.approx(inside, abs=1.0)


def test_a_mark_that_ends_beside_a_step_is_no_piece_of_the_curve():
    level, drop, later = line([(0, 50), (60, 50)]), line([(60, 50), (60, 58)]), line([(60, 58), (120, 58)])
    mark = line([(59.991, 47), (59.991, 50)])
    chains = chained([course for one in (level, drop, later, mark) for course in courses_of(one, 1)], 7.0)
    assert max(np.ptp(chain.points[:, 0]) for chain in chains) == 120
