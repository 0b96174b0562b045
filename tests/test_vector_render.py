"""By law: a scene drawn as pixels covers the pixels that its points say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.render import render
from ipdrecon.figure.vector.scene import Picture, Scene, Shape, Text, turned, turned_px
from ipdrecon.figure.vector.svg import read_svg
from ipdrecon.model import Box

RED, BLUE, BLACK = (255, 0, 0), (0, 0, 255), (0, 0, 0)


def scene_of(*items, width=40.0, height=30.0):
    """A page with these shapes, texts and pictures."""
    kinds = [tuple(item for item in items if isinstance(item, kind)) for kind in (Shape, Text, Picture)]
    return Scene(width, height, *kinds)


def rectangle(left, top, right, bottom):
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], float)


def ink(px):
    """Share of black in each pixel."""
    return 1 - px.mean(axis=2) / 255


def covered(left, top, right, bottom, shape):
    """Share of each pixel that a rectangle, in pixels' edges, covers."""
    rows, columns = (np.arange(n) for n in shape)
    along = np.clip(np.minimum(columns + 1, right) - np.maximum(columns, left), 0, 1)
    down = np.clip(np.minimum(rows + 1, bottom) - np.maximum(rows, top), 0, 1)
    return down[:, None] * along


sides = st.floats(0, 30).map(lambda value: round(value, 2))


@settings(deadline=None, max_examples=40)
@given(sides, sides, sides, sides, st.sampled_from([1.0, 1.7, 3.0]), st.booleans())
def test_a_rectangle_covers_its_pixels(left, top, width, height, scale, even_odd):
    shape = Shape((rectangle(left, top, left + width, top + height),), fill=BLACK, even_odd=even_odd)
    drawn = ink(render(scene_of(shape), scale))
    assert drawn.shape == (round(30 * scale), round(40 * scale))
    true = covered(*(scale * side for side in (left, top, left + width, top + height)), drawn.shape)
    assert np.abs(drawn - true).max() <= 0.02


@settings(deadline=None, max_examples=40)
@given(st.floats(3, 27), st.floats(0.5, 4), st.sampled_from([1.0, 2.5]))
def test_a_line_is_as_wide_as_its_stroke_and_lies_where_it_is(y, width, scale):
    drawn = ink(render(scene_of(Shape((np.array([[0.0, y], [40.0, y]]),), stroke=BLACK, width=width)), scale))
    true = covered(0, (y - width / 2) * scale, 40 * scale, (y + width / 2) * scale, drawn.shape)
    assert np.abs(drawn - true).max() <= 0.03


def test_dashes_take_their_share_of_a_line():
    line = np.array([[0.0, 15.0], [40.0, 15.0]])
    whole, broken = (ink(render(scene_of(Shape((line,), stroke=BLACK, width=2, dash=dash)), 2)) for dash in ((), (3, 2)))
    assert broken.sum() == pytest.approx(whole.sum() * 0.6, rel=0.02)
    row = broken[30]
    assert row[:6].min() > 0.9
    assert row[6:10].max() < 0.1


def test_round_dots_without_length_are_drawn_by_their_caps():
    dots = Shape((np.array([[2.0, 15.0], [38.0, 15.0]]),), stroke=BLACK, width=4, dash=(0, 9), cap="round")
    assert ink(render(scene_of(dots), 4)).sum() == pytest.approx(4.5 * 4 * np.pi * 16, rel=0.15)


def test_opacity_colour_and_order():
    under, over = (Shape((rectangle(0, 0, 40, 30),), fill=fill, opacity=opacity) for fill, opacity in ((RED, 1.0), (BLUE, 0.25)))
    assert render(scene_of(under, over), 1)[10, 10] == pytest.approx([191, 0, 64], abs=1)
    picture = Picture(Box(0, 0, 40, 30), np.full((3, 4, 3), 99, np.uint8), order=1)
    assert render(scene_of(Shape((rectangle(0, 0, 40, 30),), fill=RED, order=0), picture), 1)[10, 10].tolist() == [99, 99, 99]
    assert render(scene_of(Shape((rectangle(0, 0, 40, 30),), fill=RED, order=2), picture), 1)[10, 10].tolist() == [255, 0, 0]


@pytest.mark.parametrize("even_odd", [False, True])
def test_a_clip_cuts(even_odd):
    shape = Shape((rectangle(0, 0, 40, 30),), fill=BLACK, clip=Box(10, 5, 20, 25), even_odd=even_odd)
    assert np.abs(ink(render(scene_of(shape), 2)) - covered(20, 10, 40, 50, (60, 80))).max() < 0.02
    line = Shape((np.array([[0.0, 15.0], [40.0, 15.0]]),), stroke=BLACK, width=2, clip=Box(10, 5, 20, 25))
    assert np.flatnonzero(ink(render(scene_of(line), 2))[30] > 0.5).tolist() == list(range(20, 40))


def test_fill_rules_differ_in_what_lies_within():
    parts = (rectangle(5, 5, 35, 25), rectangle(10, 10, 20, 20))
    wound, by_turns = (ink(render(scene_of(Shape(parts, fill=BLACK, even_odd=rule)), 1)) for rule in (False, True))
    assert (wound[15, 15], by_turns[15, 15]) == (1, 0)
    assert wound[7, 7] == by_turns[7, 7] == 1
    nested = (*parts, rectangle(12, 12, 18, 18)[::-1], rectangle(25, 10, 30, 20))
    by_turns = ink(render(scene_of(Shape(nested, fill=BLACK, even_odd=True)), 1))
    assert (by_turns[11, 11], by_turns[15, 15], by_turns[15, 27], by_turns[15, 22]) == (0, 1, 0, 1)
    hole = (parts[0], parts[1][::-1])
    assert ink(render(scene_of(Shape(hole, fill=BLACK)), 1))[15, 15] == 0


@pytest.mark.parametrize(("angle", "box"), [(0, Box(5, 10, 35, 18)), (90, Box(5, 5, 12, 25)), (270, Box(20, 3, 27, 28))])
def test_a_text_fills_its_box(angle, box):
    drawn = ink(render(scene_of(Text("Hxd", box, (0, 0), 8.0, angle)), 4))
    rows, columns = (np.flatnonzero((drawn > 0.3).any(axis=axis)) / 4 for axis in (1, 0))
    found = [columns[0], rows[0], columns[-1] + 0.25, rows[-1] + 0.25]
    assert found == pytest.approx([box.left, box.top, box.right, box.bottom], abs=0.3)


def test_a_text_that_runs_upwards_begins_below():
    drawn = ink(render(scene_of(Text("W.", Box(10, 5, 18, 25), (18, 25), 8.0, 90)), 4))
    assert drawn[60:100].sum() > 3 * drawn[20:40].sum()


def test_letters_that_no_font_has_and_signs_of_mathematics_are_drawn_as_text():
    assert ink(render(scene_of(Text("$x_2$ \N{HANGUL SYLLABLE HAN}", Box(5, 5, 35, 25), (5, 25), 9.0)), 2)).sum() > 50
    assert ink(render(scene_of(Text(" ", Box(5, 5, 35, 25), (5, 25), 9.0)), 2)).sum() == 0


def test_a_picture_lies_where_it_is_placed_at_any_scale():
    px = np.zeros((20, 20, 3), np.uint8)
    px[:, :10] = RED
    for scale in (1.0, 4.0):
        drawn = render(scene_of(Picture(Box(10, 5, 30, 25), px)), scale)
        at = np.array([10, 12, 22, 32]) * scale
        assert [drawn[int(15 * scale), int(x)].tolist() for x in at] == [list(RED), list(RED), [0, 0, 0], [255, 255, 255]]
    beyond = render(scene_of(Picture(Box(-10, -10, 60, 60), px)), 1.0)
    assert beyond[0, 24].tolist() == list(RED)
    assert beyond[0, 26].tolist() == [0, 0, 0]


def test_only_some_shapes():
    one, other = (Shape((rectangle(left, 5, left + 10, 15),), fill=BLACK) for left in (0, 20))
    text = Text("a", Box(5, 20, 10, 28), (5, 28), 9.0)
    scene = scene_of(one, other, text)
    assert (ink(render(scene, 2, only=[other])) == ink(render(scene_of(other), 2))).all()
    assert (render(scene, 2, only=[]) == 255).all()


def test_the_same_scene_gives_the_same_pixels():
    scene = read_svg(b'<svg viewBox="0 0 99 99"><circle r="50"/><text x="20" y="30">a b</text><path d="M1 1L90 80" stroke="red"/></svg>', "a.svg")
    assert (render(scene, 3.3) == render(scene, 3.3)).all()


def test_shapes_far_beyond_the_page_and_in_great_number_are_drawn():
    far = 1e6 * np.array([(-1.0, -1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)])
    drawn = render(scene_of(Shape((far,), fill=RED, stroke=BLACK, width=2, dash=(0.5, 0.5))), 1)
    assert drawn[2, 30].tolist() == list(RED)
    assert drawn[28, 2].tolist() == [255, 255, 255]
    walk = np.column_stack([np.linspace(0, 40, 100_000), 15 + np.sin(np.arange(100_000))])
    assert ink(render(scene_of(Shape((walk,), stroke=BLACK, width=1)), 2))[30].mean() > 0.9


def test_pages_and_drawings_out_of_reason_are_refused():
    line = Shape((np.array([[0.0, 15.0], [40.0, 15.0]]),), stroke=BLACK, width=2)
    with pytest.raises(FigureError, match="would be 10000 million px"):
        render(scene_of(line, width=1e5, height=1e5), 1)
    scribble = Shape((np.random.default_rng(1).random((100_000, 2)) * (40, 30),), stroke=BLACK, width=2)
    with pytest.raises(FigureError, match="more lines than can be drawn"):
        render(scene_of(scribble), 50)


@pytest.mark.parametrize(("angle", "other"), [(90, 270), (270, 90)])
def test_a_page_turned_shows_what_its_turned_pixels_show_and_turns_back(angle, other):
    stroke = Shape((np.array([[4.0, 6.0], [30.0, 6.0], [30.0, 20.0]]),), stroke=BLACK, width=2.0, clip=Box(0.0, 0.0, 36.0, 18.0))
    label = Text("up", Box(2.0, 8.0, 5.0, 20.0), (5.0, 20.0), 3.0, angle=angle)
    whole = Scene(40.0, 30.0, (stroke,), (label,))
    once = turned(whole, angle)
    assert once.texts[0].angle == 0
    np.testing.assert_array_equal(render(once, 2.0, only=once.shapes), turned_px(render(whole, 2.0, only=whole.shapes), angle))
    back = turned(once, other)
    np.testing.assert_allclose(back.shapes[0].parts[0], stroke.parts[0])
    assert (back.width, back.height, back.shapes[0].clip, back.texts[0].box) == (40.0, 30.0, stroke.clip, label.box)
