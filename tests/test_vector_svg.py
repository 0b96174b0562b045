"""By truth and by law: what an SVG file draws lies in the scene where the file says."""

import base64
import gzip
import io
import math

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from PIL import Image

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.svg import read_svg
from ipdrecon.figure.vector.svg_values import matrix_of, placed, times

RED, BLUE, GREEN, BLACK = (255, 0, 0), (0, 0, 255), (0, 128, 0), (0, 0, 0)


def scene_of(body, attributes='width="100pt" height="100pt" viewBox="0 0 100 100"', before=""):
    """The scene of a file with this body."""
    return read_svg(f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'.encode(), "figure.svg")


def only_shape(body, **more):
    """The one shape that a body draws."""
    (shape,) = scene_of(body, **more).shapes
    return shape


def points_of(body, **more):
    """The points of the one part of the one shape."""
    (part,) = only_shape(body, **more).parts
    return part


def edges(box):
    return np.array([box.left, box.top, box.right, box.bottom])


def path_of(data):
    return points_of(f'<path d="{data}" fill="none" stroke="red"/>')


# --- the page ---


@pytest.mark.parametrize(
    ("attributes", "size", "unit"),
    [
        ('width="576pt" height="360pt" viewBox="0 0 576 360"', (576, 360), 1.0),
        ('width="100" height="50"', (75, 37.5), 0.75),
        ('width="100px" height="50px" viewBox="0 0 200 100"', (75, 37.5), 0.375),
        ('viewBox="0 0 200 100"', (150, 75), 0.75),
        ('viewBox="0 0 200 100" width="100%" height="100%"', (150, 75), 0.75),
        ('viewBox="0 0 200 100" width="50pt"', (50, 25), 0.25),
        ('viewBox="0 0 200 100" width="2in" height="72pt"', (144, 72), 0.72),
        ('viewBox="0 0 254 127" width="25.4cm" height="127mm"', (720, 360), 720 / 254),
    ],
)
def test_a_unit_is_what_width_and_height_make_of_it(attributes, size, unit):
    scene = scene_of('<path d="M1 2L3 4" stroke="red"/>', attributes)
    assert (scene.width, scene.height) == pytest.approx(size, abs=1e-9)
    assert scene.shapes[0].parts[0] == pytest.approx(unit * np.array([(1, 2), (3, 4)]), abs=1e-9)


def test_a_page_without_any_size_is_as_large_as_its_drawing():
    scene = scene_of('<rect x="10" y="20" width="90" height="40"/>', "")
    assert (scene.width, scene.height) == pytest.approx((75, 45))


@pytest.mark.parametrize(
    ("aspect", "corner", "scale"),
    [
        ("xMidYMid meet", (0, 50), (1, 1)),
        ("xMinYMin", (0, 0), (1, 1)),
        ("xMaxYMax meet", (0, 100), (1, 1)),
        ("xMidYMid slice", (-50, 0), (2, 2)),
        ("none", (0, 0), (1, 2)),
    ],
)
def test_a_page_of_another_shape_than_its_view_box(aspect, corner, scale):
    attributes = f'width="100pt" height="200pt" viewBox="5 5 100 100" preserveAspectRatio="{aspect}"'
    part = points_of('<path d="M5 5l10 10" stroke="red"/>', attributes=attributes)
    assert part == pytest.approx(np.array([corner, np.array(corner) + 10 * np.array(scale)]))


# --- paths and basic shapes ---


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("M1,2 3,4 5 6", [(1, 2), (3, 4), (5, 6)]),
        ("m1 2 3 4l-1-1.5.5.5", [(1, 2), (4, 6), (3, 4.5), (3.5, 5)]),
        ("M1 2H5V7h-1v-2", [(1, 2), (5, 2), (5, 7), (4, 7), (4, 5)]),
        ("M1 2L5 2 5 5Z", [(1, 2), (5, 2), (5, 5), (1, 2)]),
        ("M1 2L5 2 1 2Z", [(1, 2), (5, 2), (1, 2)]),
        ("M 1e1 2E0 L +3. .4", [(10, 2), (3, 0.4)]),
        ("M1 2L3 4 nonsense 5 6", [(1, 2), (3, 4)]),
        ("M1 2L3 4L5", [(1, 2), (3, 4)]),
    ],
)
def test_lines_of_a_path(data, expected):
    assert path_of(data).tolist() == [list(map(float, point)) for point in expected]


def test_after_closing_a_path_goes_on_from_where_it_began():
    first, second = only_shape('<path d="M10 10h5v5zl0 20" stroke="red"/>').parts
    assert first[-1].tolist() == first[0].tolist() == second[0].tolist()
    assert second[-1].tolist() == [10, 30]


def bezier(points, t):
    points = np.array(points, float)[:, None]
    while len(points) > 1:
        points = points[:-1] * (1 - t) + points[1:] * t
    return points[0]


@pytest.mark.parametrize(
    ("data", "controls"),
    [
        ("M10 10C10 80 90 80 90 10", [(10, 10), (10, 80), (90, 80), (90, 10)]),
        ("M10 10c0 70 80 70 80 0", [(10, 10), (10, 80), (90, 80), (90, 10)]),
        ("M10 10S90 80 90 10", [(10, 10), (10, 10), (90, 80), (90, 10)]),
        ("M10 10Q50 90 90 10", [(10, 10), (50, 90), (90, 10)]),
        ("M10 10T90 10", [(10, 10), (10, 10), (90, 10)]),
    ],
)
def test_curves_are_followed_within_a_hundredth_of_a_point(data, controls):
    shape = only_shape(f'<path d="{data}" stroke="red" fill="none"/>')
    drawn, true = shape.parts[0], bezier(controls, np.linspace(0, 1, 4001)[:, None])
    assert shape.curved
    assert drawn[[0, -1]].tolist() == [list(map(float, controls[0])), list(map(float, controls[-1]))]
    ends = drawn[1:] - drawn[:-1]
    along = np.clip(((true[:, None] - drawn[:-1]) * ends).sum(2) / (ends**2).sum(1), 0, 1)
    off = np.linalg.norm(true[:, None] - drawn[:-1] - along[..., None] * ends, axis=2).min(axis=1)
    assert off.max() <= 0.01


def test_a_smooth_curve_takes_the_mirrored_handle_of_its_like_only():
    smooth = path_of("M10 10C10 30 30 30 30 10S50 -10 50 10")
    assert smooth == pytest.approx(path_of("M10 10C10 30 30 30 30 10C30 -10 50 -10 50 10"))
    assert path_of("M10 10Q20 30 30 10T50 10") == pytest.approx(path_of("M10 10Q20 30 30 10Q40 -10 50 10"))
    assert path_of("M10 10Q20 30 30 10S50 30 50 10") == pytest.approx(path_of("M10 10Q20 30 30 10C30 10 50 30 50 10"))


@pytest.mark.parametrize(("large", "sweep"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_an_arc_lies_on_its_ellipse_and_turns_as_its_flags_say(large, sweep):
    rx, ry, turned = 30.0, 15.0, 30.0
    points = path_of(f"M40 40A{rx} {ry} {turned} {large}{sweep}60 50")
    assert points[[0, -1]].tolist() == [[40, 40], [60, 50]]
    cosine, sine = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    unit = points @ np.array([[cosine / rx, -sine / ry], [sine / rx, cosine / ry]])
    chord, middle = unit[-1] - unit[0], (unit[0] + unit[-1]) / 2
    rise = math.sqrt(1 - (chord @ chord) / 4)
    side = 1 if large == sweep else -1
    centre = middle + side * rise * np.array([chord[1], -chord[0]]) / np.linalg.norm(chord)
    assert np.linalg.norm(unit - centre, axis=1) == pytest.approx(np.ones(len(unit)), abs=1e-7)
    turns = np.unwrap(np.arctan2(*(unit - centre).T[::-1]))
    assert (np.diff(turns) > 0).all() == bool(sweep)
    assert (abs(turns[-1] - turns[0]) > math.pi) == bool(large)


def test_an_arc_too_small_for_its_ends_grows_and_one_without_radius_is_a_line():
    points = path_of("M10 10A1 1 0 0 1 30 10")
    assert np.linalg.norm(points - (20, 10), axis=1) == pytest.approx(np.full(len(points), 10.0), abs=1e-6)
    assert path_of("M10 10A0 5 0 0 1 30 10").tolist() == [[10, 10], [30, 10]]


def test_basic_shapes():
    line = only_shape('<line x1="1" y1="2" x2="3" y2="4" stroke="red"/>')
    assert (line.parts[0].tolist(), line.fill, line.curved) == ([[1, 2], [3, 4]], None, False)
    assert points_of('<polyline points="1,2 3,4,5,6 7" stroke="red"/>').tolist() == [[1, 2], [3, 4], [5, 6]]
    assert points_of('<polygon points="1,2 3,4,5,6"/>').tolist() == [[1, 2], [3, 4], [5, 6], [1, 2]]
    assert points_of('<rect x="1" y="2" width="3" height="4"/>').tolist() == [[1, 2], [4, 2], [4, 6], [1, 6], [1, 2]]
    assert edges(only_shape('<rect width="50%" height="25%"/>').box).tolist() == [0, 0, 50, 25]
    circle = points_of('<circle cx="50" cy="40" r="20"/>')
    assert np.linalg.norm(circle - (50, 40), axis=1) == pytest.approx(np.full(len(circle), 20.0), abs=1e-6)
    assert circle[0].tolist() == circle[-1].tolist()
    ellipse = (points_of('<ellipse cx="50" cy="40" rx="20" ry="10"/>') - (50, 40)) / (20, 10)
    assert np.linalg.norm(ellipse, axis=1) == pytest.approx(np.ones(len(ellipse)), abs=1e-6)


def test_a_rounded_rectangle_keeps_its_sides_and_rounds_its_corners():
    shape = only_shape('<rect x="10" y="10" width="40" height="20" rx="100" ry="5"/>')
    assert edges(shape.box) == pytest.approx([10, 10, 50, 30])
    off = np.abs(shape.parts[0] - (30, 20)) - (0, 5)
    rounded = off[off[:, 1] > 1e-9] / (20, 5)
    assert np.linalg.norm(rounded, axis=1) == pytest.approx(np.ones(len(rounded)), abs=1e-6)


@pytest.mark.parametrize("body", ['<rect width="0" height="5"/>', '<circle r="0"/>', '<path d=""/>', '<path d="M5 5"/>', '<polyline points="5 5"/>'])
def test_what_has_no_extent_is_not_drawn(body):
    assert len(scene_of(f'{body}<line x2="5" stroke="red"/>').shapes) == 1


# --- where things are ---

numbers = st.floats(-3, 3).map(lambda value: round(value, 3))
steps = st.one_of(
    st.tuples(st.just("translate"), st.lists(numbers, min_size=1, max_size=2)),
    st.tuples(st.just("scale"), st.lists(numbers.filter(lambda value: abs(value) > 0.3), min_size=1, max_size=2)),
    st.tuples(st.just("rotate"), st.one_of(st.tuples(numbers.map(lambda x: 60 * x)), st.tuples(numbers, numbers, numbers))),
    st.tuples(st.just("skewX"), st.tuples(numbers.map(lambda x: 20 * x))),
    st.tuples(st.just("skewY"), st.tuples(numbers.map(lambda x: 20 * x))),
    st.tuples(st.just("matrix"), st.just((0.5, 0.1, -0.2, 2.0, 3.0, -4.0))),
).map(lambda step: f"{step[0]}({' '.join(map(str, step[1]))})")


@settings(deadline=None, max_examples=60)
@given(st.lists(steps, min_size=1, max_size=4))
def test_nested_transforms_are_their_product(transforms):
    body = '<path d="M0 0L10 0 10 5" stroke="red" fill="none"/>'
    nested = body
    for transform in reversed(transforms):
        nested = f'<g transform="{transform}">{nested}</g>'
    inner = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    for transform in transforms:
        inner = times(inner, matrix_of(transform))
    expected = placed(inner, np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 5.0)]))
    assert points_of(nested) == pytest.approx(expected, abs=1e-9)
    assert points_of(f'<g transform="{" ".join(transforms)}">{body}</g>') == pytest.approx(expected, abs=1e-9)


def test_each_transform_does_what_its_name_says():
    point = np.array([3.0, 2.0])
    assert placed(matrix_of("translate(5)"), point).tolist() == [8, 2]
    assert placed(matrix_of("scale(2)"), point).tolist() == [6, 4]
    assert placed(matrix_of("rotate(90)"), point).tolist() == [-2, 3]
    assert placed(matrix_of("rotate(-90, 3, 0)"), point).tolist() == [5, 0]
    assert placed(matrix_of("skewX(45)"), point) == pytest.approx([5, 2])
    assert placed(matrix_of("skewY(45)"), point) == pytest.approx([3, 5])
    assert placed(matrix_of("matrix(1 2 3 4 5 6)"), point).tolist() == [14, 20]
    assert placed(matrix_of("translate(10px, 0) rotate(90deg)"), point).tolist() == [8, 3]
    assert matrix_of("scale(2) nonsense(1)") == matrix_of("scale(1, 2, 3)") == matrix_of("")


def test_no_digit_of_the_file_is_lost():
    assert points_of('<g transform="translate(1000.123456)"><path d="M0.000001 12345.678901H1" stroke="red"/></g>')[0] == pytest.approx(
        [1000.123457, 12345.678901], abs=1e-11
    )


def test_a_used_element_is_as_if_moved_there():
    defined = '<defs><path id="tick" d="M0 0V3" stroke="red"/></defs>'
    assert points_of(f'{defined}<use xlink:href="#tick" x="7" y="5" transform="scale(2)"/>').tolist() == [[14, 10], [14, 16]]
    assert points_of(f'<use href="#tick" x="7"/>{defined}').tolist() == [[7, 0], [7, 3]]
    assert only_shape('<defs><path id="a" d="M0 0h9v9"/></defs><use href="#a" fill="red"/>').fill == RED


def test_a_symbol_has_a_viewport_of_its_own():
    symbol = '<symbol id="a" viewBox="0 0 10 10" preserveAspectRatio="none"><rect width="10" height="20"/></symbol>'
    shape = only_shape(f'{symbol}<use href="#a" x="10" y="20" width="40" height="30"/>')
    assert edges(shape.box).tolist() == [10, 20, 50, 80]
    assert edges(shape.clip).tolist() == [10, 20, 50, 50]
    glyph = '<symbol id="g" overflow="visible"><path d="M0-5H3V0Z"/></symbol>'
    shape = only_shape(f'{glyph}<use href="#g" x="10" y="20"/>')
    assert (edges(shape.box).tolist(), shape.clip) == ([10, 15, 13, 20], None)


def test_a_nested_svg_has_a_viewport_of_its_own():
    inner = '<svg x="10" y="20" width="40" height="40" viewBox="0 0 10 10"><rect width="50%" height="100%"/></svg>'
    assert edges(only_shape(inner).box).tolist() == [10, 20, 30, 60]


def test_of_a_switch_the_first_that_can_be_drawn():
    body = '<foreignObject/><g requiredExtensions="x"><rect width="1" height="1"/></g><g systemLanguage="de"/><g><rect width="2" height="2"/></g>'
    assert edges(only_shape(f'<switch>{body}<rect width="3" height="3"/></switch>').box).tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize(
    "hidden",
    [
        '<defs><rect width="9" height="9"/></defs>',
        '<symbol><rect width="9" height="9"/></symbol>',
        '<g display="none"><rect width="9" height="9"/></g>',
        '<rect width="9" height="9" visibility="hidden"/>',
        '<g opacity="0"><rect width="9" height="9"/></g>',
        '<rect width="9" height="9" fill-opacity="0"/>',
        '<rect width="9" height="9" fill="none" stroke="none"/>',
        '<rect width="9" height="9" fill="none" stroke="red" stroke-width="0"/>',
        '<marker><rect width="9" height="9"/></marker>',
        '<x:rect xmlns:x="http://example.org" width="9" height="9"/>',
        '<text visibility="hidden">no</text>',
    ],
)
def test_what_is_not_seen_is_not_in_the_scene(hidden):
    scene = scene_of(f'{hidden}<line x2="5" stroke="red"/>')
    assert (len(scene.shapes), len(scene.texts)) == (1, 0)


def test_what_is_hidden_may_hold_what_is_seen():
    assert only_shape('<g visibility="hidden"><rect width="9" height="9" visibility="visible"/></g>').fill == BLACK


# --- clips ---

PANEL = '<clipPath id="c"><rect x="10" y="20" width="30" height="40"/></clipPath>'


def test_a_clip_is_the_box_that_all_around_leave():
    inner = '<clipPath id="d"><circle cx="40" cy="40" r="10"/></clipPath>'
    shape = only_shape(f'{PANEL}{inner}<g clip-path="url(#c)" transform="translate(5)"><path clip-path="url(#d)" d="M0 50H99" stroke="red"/></g>')
    assert edges(shape.clip) == pytest.approx([35, 30, 45, 50])
    assert edges(shape.box).tolist() == [5, 50, 104, 50]


def test_a_clip_in_units_of_the_shape():
    clip = '<clipPath id="c" clipPathUnits="objectBoundingBox"><rect width="0.5" height="1"/></clipPath>'
    assert edges(only_shape(f'{clip}<rect x="10" y="10" width="20" height="30" clip-path="url(#c)"/>').clip).tolist() == [10, 10, 20, 40]


def test_a_clip_that_is_clipped_and_one_of_several_parts():
    clip = '<clipPath id="d" clip-path="url(#c)"><rect width="20" height="30"/><rect x="15" y="15" width="1" height="30"/></clipPath>'
    assert edges(only_shape(f'{PANEL}{clip}<rect width="99" height="99" clip-path="url(#d)"/>').clip).tolist() == [10, 20, 20, 45]


@pytest.mark.parametrize("body", ['<path d="M50 0V99" stroke="red"/>', '<text x="60" y="90">out</text>', '<rect x="60" width="5" height="5"/>'])
def test_what_a_clip_leaves_nothing_of_is_not_in_the_scene(body):
    scene = scene_of(f'{PANEL}<g clip-path="url(#c)">{body}</g><line x2="5" stroke="red"/>')
    assert (len(scene.shapes), len(scene.texts)) == (1, 0)


def test_an_empty_clip_leaves_nothing():
    clip = '<clipPath id="c"><rect x="10" y="20" width="30" height="0"/></clipPath>'
    assert len(scene_of(f'{clip}<rect width="99" height="99" clip-path="url(#c)"/><line x2="5" stroke="red"/>').shapes) == 1


# --- paint ---


@pytest.mark.parametrize(
    ("sheet", "attributes", "fill"),
    [
        ("", "", BLACK),
        ("", 'fill="red"', RED),
        ("", 'fill="red" style="fill:blue"', BLUE),
        ("rect{fill:blue}", 'fill="red"', BLUE),
        ("rect{fill:blue}", 'style="fill:red"', RED),
        ("rect{fill:blue!important}", 'style="fill:red"', BLUE),
        ("rect{fill:blue!important}", 'style="fill:red!important"', RED),
        (".a{fill:red} rect{fill:blue}", 'class="b a"', RED),
        ("#i{fill:red} .a{fill:blue}", 'class="a" id="i"', RED),
        ("rect{fill:blue} rect{fill:red}", "", RED),
        (".out rect{fill:red} g rect{fill:blue}", "", RED),
        (".out > rect{fill:blue} rect{fill:red}", "", RED),
        (".out > g > rect{fill:red}", "", RED),
        ("line + rect{fill:red} line ~ rect{fill:blue}", "", BLUE),
        ("nothing, rect , g{fill:red}", "", RED),
        ("rect[width='9']{fill:red} rect[width='8']{fill:blue}", "", RED),
        ("rect:hover{fill:blue} rect:nth-child(2){fill:blue} rect{fill:red}", "", RED),
        ("@media print{rect{fill:blue}} @import url(x.css); rect{fill:red}", "", RED),
        ("/* rect{fill:blue} */ <!-- rect{fill:red} -->", "", RED),
        ("", 'style="fill:rgb(100%,0%,0%)"', RED),
        ("", 'style="fill: hsl(120,100%,25.1%) ; stroke:none"', GREEN),
        ("", 'style="color:red;fill:currentColor"', RED),
        ("", 'style="/* fill:blue; */ fill:#F00"', RED),
        ("", """style='font-family: "a;fill:blue"; fill:red'""", RED),
        ("", 'fill="#ff0000 icc-color(x, 1, 0)"', RED),
        ("", 'fill="url(#missing) red"', RED),
    ],
)
def test_the_cascade(sheet, attributes, fill):
    body = f'<style>{sheet}</style><g class="out"><g><line/><rect width="9" height="9" {attributes}/></g></g>'
    assert only_shape(body.replace("<!--", "&lt;!--").replace("-->", "--&gt;")).fill == fill


def test_what_is_inherited_and_what_is_not():
    body = '<g fill="none" stroke="blue" stroke-width="2" stroke-dasharray="1 2 3" opacity=".5" color="red"><g opacity=".5">{}</g></g>'
    shape = only_shape(body.format('<path d="M0 0h9v9"/>'))
    assert (shape.fill, shape.stroke, shape.width, shape.opacity) == (None, BLUE, 2, 0.25)
    assert shape.dash == (1, 2, 3, 1, 2, 3)
    assert only_shape(body.format('<path d="M0 0h9v9" stroke="currentColor" stroke-width="inherit"/>')).stroke == RED
    assert only_shape(body.format('<path d="M0 0h9v9" opacity="inherit"/>')).opacity == 0.125


def test_the_style_sheet_of_svglite():
    sheet = "<style type='text/css'><![CDATA[ .svglite line, .svglite polyline, .svglite rect { fill: none; stroke: #000000; stroke-linecap: round; } ]]></style>"
    shape = only_shape(f"{sheet}<polyline points='0,0 5,0 5,5' style='stroke-width: 1.07; stroke: #FF0000;' />", attributes='class="svglite" viewBox="0 0 9 9"')
    assert (shape.stroke, shape.fill, shape.cap) == (RED, None, "round")
    assert shape.width == pytest.approx(1.07 * 0.75)


def test_width_and_dashes_are_scaled_with_the_drawing():
    shape = only_shape('<path transform="scale(4 1)" d="M0 0H9" stroke="red" stroke-width="3" stroke-dasharray="1,2"/>')
    assert (shape.width, shape.dash) == (6, (2, 4))
    shape = only_shape('<path transform="scale(4)" d="M0 0H9" stroke="red" stroke-width="3" vector-effect="non-scaling-stroke"/>')
    assert shape.width == 2.25


@pytest.mark.parametrize("dash", ["none", "0 0", "1 -1", "a b", ""])
def test_no_dashes(dash):
    assert only_shape(f'<path d="M0 0H9" stroke="red" stroke-dasharray="{dash}"/>').dash == ()


def test_fill_and_stroke_of_two_opacities_are_two_shapes():
    band, edge = scene_of('<rect width="9" height="9" fill="red" stroke="blue" fill-opacity=".25" opacity=".5"/>').shapes
    assert (band.fill, band.stroke, band.opacity) == (RED, None, 0.125)
    assert (edge.fill, edge.stroke, edge.opacity) == (None, BLUE, 0.5)
    assert only_shape('<rect width="9" height="9" fill="rgba(255,0,0,.5)" stroke="blue" stroke-opacity=".5"/>').opacity == 0.5


def test_a_gradient_is_the_mean_of_its_stops():
    gradient = '<linearGradient id="a"><stop stop-color="#fff"/><stop style="stop-color:#f00"/></linearGradient><linearGradient id="b" href="#a"/>'
    assert only_shape(f'{gradient}<rect width="9" height="9" fill="url(#b)"/>').fill == (255, 128, 128)


def test_fill_rule_and_order():
    scene = scene_of('<rect width="9" height="9" fill-rule="evenodd"/><text x="5" y="50">a</text><rect width="9" height="9"/>')
    assert [shape.even_odd for shape in scene.shapes] == [True, False]
    assert scene.shapes[0].order < scene.texts[0].order < scene.shapes[1].order


# --- text ---


def texts_of(body, **more):
    return scene_of(body, **more).texts


def test_a_text_has_its_anchor_its_size_and_the_box_of_its_letters():
    (text,) = texts_of('<text x="20" y="50" font-size="10" fill="red" font-family="DejaVu Sans">10</text>')
    assert (text.text, text.anchor, text.size, text.angle, text.colour, text.centred) == ("10", (20, 50), 10, 0, RED, False)
    assert edges(text.box) == pytest.approx([21.10, 42.58, 32.07, 50.14], abs=0.01)


@pytest.mark.parametrize(("align", "at"), [("start", 0.0), ("middle", 0.5), ("end", 1.0)])
def test_text_is_aligned_as_the_file_says(align, at):
    (text,) = texts_of(f'<text x="50" y="50" text-anchor="{align}" font-size="10" textLength="30">Months</text>')
    assert text.centred == (align == "middle")
    assert text.anchor == pytest.approx((50 - (0 if text.centred else 30 * at), 50))
    assert 50 - 30 * at <= text.box.left < text.box.right <= 50 - 30 * at + 30
    assert text.box.width > 27


@pytest.mark.parametrize(("turn", "angle"), [(0, 0), (-90, 90), (90, 270), (180, 180), (-45, 45)])
def test_turned_text(turn, angle):
    (text,) = texts_of(f'<text transform="translate(50 60) rotate({turn})" font-size="8" text-anchor="middle">Survival</text>')
    assert (text.angle, text.anchor, text.size) == (angle, (50, 60), pytest.approx(8))
    assert (text.box.height > text.box.width) == (angle in (90, 270))
    upright = {90: (-6, 2), 270: (-2, 6)}.get(angle)
    if upright:
        assert upright[0] < text.box.left - 50 < text.box.right - 50 < upright[1]


def test_the_font_is_told_by_the_width_that_the_file_gives():
    """The centre of a plus that is set in Arial, or in DejaVu Sans, is where R put it on the curve."""
    for advance, rise in ((0.584, 0.3325), (0.838, 0.3135)):
        mark = f"<text x='50' y='50' text-anchor='middle' style='font-size: 10px; font-family: sans;' textLength='{10 * advance:.2f}px'>+</text>"
        (text,) = texts_of(mark)
        assert text.box.centre == pytest.approx((50, 50 - 10 * rise), abs=0.01)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<text x='5' y='9'>  Number \n at  risk </text>", ["Number at risk"]),
        ("<text x='5' y='9'>Number<tspan> at</tspan> risk</text>", ["Number at risk"]),
        ("<text y='9' x='5 30 55 80'>1234</text>", ["1", "2", "3", "4"]),
        ("<text y='9' font-size='10'><tspan x='5'>69</tspan><tspan x='30'>22</tspan><tspan x='60'>5</tspan></text>", ["69", "22", "5"]),
        ("<text font-size='10' y='9' x='5 10.6 16.1 21.7'>1000</text>", ["1000"]),
        ("<text font-size='10' font-family='Arial' y='9'>\n <tspan x='5'>a</tspan>\n <tspan x='10.56'>t</tspan>\n <tspan x='16.1'>r</tspan></text>", ["at r"]),
        ("<text font-size='10'><tspan x='5' y='9'>first</tspan><tspan x='5' dy='12'>second</tspan></text>", ["first", "second"]),
        ("<text font-size='10' y='9' x='5'>p<tspan dy='-4' font-size='7'>2</tspan><tspan dy='4'>!</tspan></text>", ["p2!"]),
        ("<text x='5' y='9' xml:space='preserve'>69        22</text>", ["69", "22"]),
        ("<text x='5' y='9'>69        22</text>", ["69 22"]),
        ("<text x='5' y='9' style='white-space: pre'>a  b</text>", ["a b"]),
        ("<text font-size='10' x='5' y='9'>S</text><text font-size='10' x='11.7' y='9'>u</text><text font-size='10' x='17.2' y='9'>r</text>", ["Sur"]),
        ("<text font-size='10' x='5' y='9'>At</text><text font-size='10' x='17.2' y='9'>risk</text>", ["At risk"]),
        ("<text font-size='10' x='5' y='9'>22</text><text font-size='10' x='25' y='9'>11</text>", ["22", "11"]),
        ("<text font-size='10' x='5' y='9'>22</text><text font-size='10' x='16.2' y='15'>11</text>", ["22", "11"]),
        ("<text font-size='10' x='5' y='9'>+</text><text font-size='10' x='10.9' y='9'>+</text>", ["+", "+"]),
        ("<g text-anchor='middle' font-size='10'><text x='10' y='9'>22</text><text x='21.2' y='9'>11</text></g>", ["22", "11"]),
        ("<text x='5' y='9'>&#8805;&#160;5\N{ZERO WIDTH SPACE}0 ü</text>", ["≥ 50 ü"]),
        ("<text x='5' y='9'><title>no</title>yes</text>", ["yes"]),
    ],
)
def test_pieces_are_what_a_reader_sees(body, expected):
    assert [text.text for text in texts_of(body)] == expected


def test_a_superscript_stands_in_its_place_though_written_last():
    letters = "".join(f"<tspan x='{x}' y='{y}' style='font-size: {s}px'>{c}</tspan>" for c, x, y, s in [
        ("1", 0, 50, 10), ("0", 5.56, 50, 10), ("m", 16, 50, 10), ("2", 11.2, 45.9, 7)
    ])  # fmt: skip
    assert [text.text for text in texts_of(f"<text font-family='Arial'>{letters}</text>")] == ["102m"]


def test_letters_are_moved_by_dx_dy_and_baselines():
    plain, moved, low, middle, above = (
        texts_of(f"<text x='20' y='50' font-size='10' {more}>x</text>")[0]
        for more in ("", "dx='3' dy='.5em'", "baseline-shift='-20%'", "dominant-baseline='central'", "dominant-baseline='hanging'")
    )
    assert moved.anchor == pytest.approx((23, 55))
    assert low.anchor == plain.anchor
    assert 53 < middle.anchor[1] < 54 < 57 < above.anchor[1] < 58


def test_the_font_shorthand():
    (text,) = texts_of("<text x='5' y='50' style=\"font: italic bold 12px/1.2 'DejaVu Sans', Arial\">a</text>")
    assert text.size == 12
    assert texts_of("<g font-size='10'><text x='5' y='50' font-size='150%'>a</text></g>")[0].size == 15


# --- pictures ---

QUARTERS = np.array([[RED, BLUE], [GREEN, BLACK]], np.uint8)


def png(px, mode=None):
    data = io.BytesIO()
    Image.fromarray(px, mode).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def picture_of(attributes, px=QUARTERS, around="{}"):
    (picture,) = scene_of(around.format(f'<image href="{png(px)}" {attributes}/>')).pictures
    return picture


def test_a_picture_lies_where_it_is_placed():
    picture = picture_of('x="10" y="20" width="40" height="30" preserveAspectRatio="none"')
    assert edges(picture.box).tolist() == [10, 20, 50, 50]
    assert (picture.px == QUARTERS).all()
    assert edges(picture_of('x="10" y="20" width="40" height="30"').box).tolist() == [15, 20, 45, 50]
    assert edges(picture_of('x="10" y="20"').box).tolist() == [10, 20, 12, 22]


@pytest.mark.parametrize(
    ("transform", "px"),
    [
        ("scale(-1 1)", QUARTERS[:, ::-1]),
        ("scale(1 -1)", QUARTERS[::-1]),
        ("rotate(90)", np.rot90(QUARTERS, -1)),
        ("rotate(-90)", np.rot90(QUARTERS)),
        ("rotate(180)", QUARTERS[::-1, ::-1]),
    ],
)
def test_a_picture_is_turned_and_mirrored_as_placed(transform, px):
    picture = picture_of(f'width="20" height="20" transform="translate(50 50) {transform}"')
    assert (picture.px == px).all()
    assert picture.box.width == picture.box.height == 20


def test_a_slanted_picture_is_laid_on_white():
    picture = picture_of('width="20" height="20" transform="translate(50 50) rotate(45)"', np.zeros((20, 20, 3), np.uint8))
    assert picture.px[0, 0].tolist() == [255, 255, 255]
    assert picture.px[14, 14].tolist() == [0, 0, 0]
    assert (255 - picture.px).mean() / 255 == pytest.approx(0.5, abs=0.02)


def test_a_clipped_picture_is_cut_and_a_transparent_one_laid_on_white():
    clip = '<clipPath id="c"><rect width="10" height="99"/></clipPath><g clip-path="url(#c)">{}</g>'
    picture = picture_of('width="20" height="20"', around=clip)
    assert edges(picture.box).tolist() == [0, 0, 10, 20]
    assert (picture.px == QUARTERS[:, :1]).all()
    half = np.dstack([QUARTERS, np.full((2, 2), 128, np.uint8)])
    assert picture_of('width="20" height="20"', half).px[0, 0].astype(int) == pytest.approx([255, 127, 127], abs=1)
    assert picture_of('width="20" height="20" opacity="0.5"').px[0, 0].astype(int) == pytest.approx([255, 127, 127], abs=1)


# --- files as programs write them ---


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize("fonttype", ["none", "path"])
def test_a_figure_by_matplotlib_agrees_with_its_data(simplify, fonttype):
    time = np.cumsum(np.random.default_rng(3).exponential(1.0, 40))
    survival = np.linspace(1, 0.2, 40)
    with matplotlib.rc_context({"svg.fonttype": fonttype, "path.simplify": simplify}):
        figure = Canvas(figsize=(6, 4))
        axes = figure.add_subplot()
        (line,) = axes.step(time, survival, where="post", color="#ff0000", lw=1.25, ls="--")
        axes.plot(time[5], survival[5], "+", color="#0000ff", ms=6)
        axes.set_xlabel("Months since $10^{2}$ days")
        data = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(data)
    scene = read_svg(data.getvalue(), "mpl.svg")
    assert (scene.width, scene.height) == pytest.approx((432, 288))
    (curve,) = [shape for shape in scene.shapes if shape.stroke == RED]
    page = line.get_transform().transform(np.column_stack([np.repeat(time, 2)[1:], np.repeat(survival, 2)[:-1]]))
    expected = np.array([0, 288]) + page * 72 / figure.dpi * [1, -1]
    off = np.abs(curve.parts[0][:, None] - expected).max(axis=2).min(axis=1 if simplify else 0)
    assert off.max() <= 1e-6
    assert curve.width == pytest.approx(1.25)
    assert curve.dash == pytest.approx((1.25 * 3.7, 1.25 * 1.6))
    panel = axes.get_window_extent()
    assert edges(curve.clip) == pytest.approx(np.array([panel.x0, 288 * figure.dpi / 72 - panel.y1, panel.x1, 288 * figure.dpi / 72 - panel.y0]) * 72 / figure.dpi)
    marks = [shape for shape in scene.shapes if shape.stroke == BLUE]
    assert [mark.box.centre for mark in marks] == [pytest.approx(tuple(expected[10]), abs=1e-6)]
    if fonttype == "none":
        assert "Months since 102 days" in [text.text for text in scene.texts]
        ticks = [text for text in scene.texts if text.centred and text.text.isdigit()]
        at = [axes.transData.transform((float(text.text), 0))[0] * 72 / figure.dpi for text in ticks]
        assert [text.anchor[0] for text in ticks] == pytest.approx(at, abs=1e-6)
        assert len(ticks) > 3
    else:
        assert all(text.outlined for text in scene.texts)
        assert "20" in [text.text for text in scene.texts]
        assert sum(shape.fill == BLACK and shape.curved for shape in scene.shapes) > 20


def test_a_doctype_plain_entities_a_prefix_and_packing_are_understood():
    doctype = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [<!ENTITY red "#f00"><!ENTITY ns "http://x">]>'
    assert only_shape('<rect xmlns:i="&ns;" width="9" height="9" fill="&red;"/>', before=doctype).fill == RED
    prefixed = b'<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><s:style>rect{fill:red}</s:style><s:rect width="9" height="9"/></s:svg>'
    assert read_svg(prefixed, "a.svg").shapes[0].fill == RED
    assert read_svg(gzip.compress(prefixed), "a.svgz").shapes[0].fill == RED
    assert read_svg(prefixed.decode().encode("utf-16"), "a.svg").shapes[0].fill == RED


def test_the_same_file_gives_the_same_scene():
    body = f'{PANEL}<g clip-path="url(#c)"><circle r="50"/><text x="20" y="30">a b</text></g>'
    one, other = scene_of(body), scene_of(body)
    assert repr(one.texts) == repr(other.texts)
    assert all((a == b).all() for x, y in zip(one.shapes, other.shapes, strict=True) for a, b in zip(x.parts, y.parts, strict=True))


def test_an_empty_drawing_is_refused():
    with pytest.raises(FigureError, match="draws nothing"):
        scene_of("<g/>")
