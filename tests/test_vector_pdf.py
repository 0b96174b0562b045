import io
import zlib

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure as Canvas

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector import pdf, pdf_page
from ipdrecon.figure.vector.pdf import open_pdf, to_scene
from ipdrecon.figure.vector.pdf_child import flattened
from ipdrecon.figure.vector.pdf_document import Document

FONT = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
PRECISION_PT = 1e-4


def written(objects, trailer=b""):
    """Bytes of a PDF file of numbered objects, the first its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (i, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<</Size %d /Root 1 0 R %b>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, len(out))
    return out + head + table + tail


def stream(entries, content):
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(content), content)


def page(content, resources=b"", more=(), box=b"0 0 300 200", entries=b""):
    """Bytes of a PDF file of one page; `more` are its objects from number 5."""
    return written(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents 4 0 R/Resources<<%b>>%b>>" % (box, resources, entries),
            stream(b"", content),
            *more,
        ]
    )


def form(content, entries=b"", box=b"-1000 -1000 1000 1000"):
    return stream(b"/Type/XObject/Subtype/Form/BBox[%b]/Resources<<%b>>%b" % (box, FONT, entries), content)


def image(px, entries=b""):
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceRGB" % px.shape[1::-1]
    return stream(head + b"/Filter/FlateDecode" + entries, zlib.compress(px.tobytes()))


def read(data, number=1):
    """Scene of a page, read in this process."""
    document = Document(data, "drawn.pdf")
    try:
        return to_scene(*flattened(document.draw(number)), number)
    finally:
        document.close()


def texts_of(content):
    return {text.text for text in read(page(content, FONT)).texts}


def only_shape(content, *given, **more):
    (shape,) = read(page(content, *given, **more)).shapes
    return shape


def assert_points(part, expected, within=PRECISION_PT):
    np.testing.assert_allclose(part, expected, atol=within, rtol=0)


def smooth_picture(height, width, seed=0):
    small = np.random.default_rng(seed).integers(0, 255, (8, 9, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


# Paths


def test_a_line_with_its_colour_width_and_dash():
    shape = only_shape(b"1 0 0 RG 2 w [6 3] 0 d 10 20 m 110 20 l 110 70 l S")
    assert_points(shape.parts[0], [[10, 180], [110, 180], [110, 130]])
    assert (shape.stroke, shape.fill, shape.width, shape.dash) == ((255, 0, 0), None, 2.0, (6.0, 3.0))
    assert (shape.clip, shape.curved, shape.opacity) == (None, False, 1.0)


def test_a_dash_of_one_length_is_as_long_as_its_gap():
    assert only_shape(b"[4] 0 d 10 20 m 110 20 l S").dash == (4.0, 4.0)


@given(
    st.tuples(*[st.floats(-2, 2)] * 4).filter(lambda m: abs(m[0] * m[3] - m[1] * m[2]) > 0.05),
    st.lists(st.tuples(st.integers(40, 60), st.integers(40, 60)), min_size=2, max_size=6, unique=True),
)
@settings(max_examples=40, deadline=None)
def test_a_path_under_any_affine_map_comes_back_mapped(linear, points):
    a, b, c, d = (round(value, 4) for value in linear)
    path = b"%d %d m " % points[0] + b"".join(b"%d %d l " % point for point in points[1:])
    move = f"{a} {b} {c} {d} 500 500 cm ".encode()
    shape = only_shape(move + b"1.5 w " + path + b"S", box=b"0 0 1000 1000")
    expected = np.array(points) @ np.array([[a, b], [c, d]]) + 500
    assert_points(shape.parts[0], np.column_stack([expected[:, 0], 1000 - expected[:, 1]]), within=2e-4)


@given(st.floats(0.2, 5), st.floats(0.2, 5), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_straight_line_is_scaled_along_and_across_by_its_own_scales(across, down, is_level):
    across, down = round(across, 3), round(down, 3)
    line = b"10 20 m 30 20 l S" if is_level else b"10 20 m 10 30 l S"
    shape = only_shape(f"{across} 0 0 {down} 0 0 cm 2 w [3 1] 0 d ".encode() + line)
    along, beside = (across, down) if is_level else (down, across)
    assert shape.width == pytest.approx(2 * beside, rel=1e-5)
    assert shape.dash == pytest.approx((3 * along, along), rel=1e-5)


@pytest.mark.parametrize(
    ("rotate", "expected", "size"),
    [
        (0, (20, 140), (200, 180)),
        (90, (40, 20), (180, 200)),
        (180, (180, 40), (200, 180)),
        (270, (140, 180), (180, 200)),
    ],
)
def test_rotation_and_crop_box(rotate, expected, size):
    entries = b"/Rotate %d/CropBox[10 10 210 190]" % rotate
    scene = read(page(b"30 50 m 31 50 l S", entries=entries))
    assert_points(scene.shapes[0].parts[0][0], expected)
    assert (scene.width, scene.height) == size


def test_forms_within_forms_compose_their_matrices():
    inner = form(b"3 w 1 2 m 4 2 l S", b"/Matrix[1 0 0 1 10 0]")
    outer = stream(
        b"/Type/XObject/Subtype/Form/BBox[-999 -999 999 999]/Matrix[0 2 -2 0 0 0]/Resources<</XObject<</G 6 0 R>>>>",
        b"q 1 0 0 1 5 5 cm /G Do Q",
    )
    shape = only_shape(b"q 0.5 0 0 0.5 100 50 cm /F Do Q", b"/XObject<</F 5 0 R>>", [outer, inner])
    # (1, 2) is moved to (16, 7), turned and doubled to (-14, 32), halved and moved to (93, 66).
    assert_points(shape.parts[0], [[93, 134], [93, 131]])
    assert shape.width == pytest.approx(3)


def test_clips_within_a_form_are_on_the_page_and_meet_those_around_it():
    inside = form(b"0 0 40 40 re W n 0 0 m 90 90 l S", b"/Matrix[2 0 0 2 5 5]")
    content = b"q 20 30 200 25 re W n 0.5 0 0 0.5 10 20 cm /F Do Q"
    shape = only_shape(content, b"/XObject<</F 5 0 R>>", [inside])
    clip = shape.clip
    assert_points([clip.left, clip.top, clip.right, clip.bottom], [20, 145, 52.5, 170])


def test_what_a_clip_leaves_out_is_no_shape():
    assert not read(page(b"0 0 50 50 re W n 100 100 m 150 150 l S")).shapes
    assert not read(page(b"400 400 m 500 500 l S")).shapes


def test_opacity_of_paths_and_of_forms_counts_once():
    faint = b"/ExtGState<</G<</CA .5/ca .5>>/N<</CA 0/ca 0>>>>/XObject<</F 5 0 R>>"
    content = b"0 0 9 9 re f"
    group = form(content, b"/Group<</S/Transparency>>")
    assert only_shape(b"/G gs 1 1 m 50 1 l S", faint, [form(b"")]).opacity == pytest.approx(0.5, abs=0.01)
    assert only_shape(b"/G gs /F Do", faint, [form(content)]).opacity == pytest.approx(0.5, abs=0.01)
    assert only_shape(b"/G gs /F Do", faint, [group]).opacity == pytest.approx(0.5, abs=0.01)
    assert not read(page(b"/N gs 1 1 m 50 1 l S", faint, [form(b"")])).shapes


def test_strokes_of_a_form_that_is_no_group_keep_their_own_opacity():
    unfilled = b"/ExtGState<</G<</CA 1/ca 0>>>>/XObject<</F 5 0 R>>"
    cross = b"1 1 m 9 1 l S"
    assert only_shape(b"/G gs /F Do", unfilled, [form(cross)]).opacity == pytest.approx(1.0)
    assert not read(page(b"/G gs /F Do", unfilled, [form(b"0 0 9 9 re f")])).shapes
    assert not read(page(b"/G gs /F Do", unfilled, [form(cross, b"/Group<</S/Transparency>>")])).shapes


def test_colours_of_print_are_told_in_red_green_blue():
    shape = only_shape(b"0 1 1 0 K 0 0 0 1 k 0 0 50 50 re B")
    red, green, blue = shape.stroke
    assert red > 200
    assert max(green, blue) < 80
    assert max(shape.fill) < 60


def test_rectangles_are_closed_and_lone_moves_dropped():
    (rectangle,) = only_shape(b"10 10 m 20 20 30 40 re 90 90 m S").parts
    assert_points(rectangle, [[20, 180], [50, 180], [50, 140], [20, 140], [20, 180]])


def test_a_line_after_a_closed_path_starts_where_that_began():
    first, second = only_shape(b"10 10 m 20 10 l 20 20 l h 5 5 l S").parts
    assert_points(first[-1], first[0])
    assert_points(second, [[10, 190], [5, 195]])


def test_only_round_caps_make_dots_of_lines_without_length():
    assert len(read(page(b"1 J 5 w 10 10 m 10 10 l S")).shapes) == 1
    assert not read(page(b"0 J 5 w 10 10 m 10 10 l S")).shapes


def test_curves_are_followed_within_a_hundredth_of_a_point():
    k = 0.5522847498 * 80
    arc = f"180 100 m 180 {100 + k} {100 + k} 180 100 180 c 20 180 l S".encode()
    shape = only_shape(arc)
    (part,) = shape.parts
    assert shape.curved
    t = np.linspace(0, 1, 2001)[:, None]
    points = np.array([[180, 100], [180, 100 + k], [100 + k, 180], [100, 180]])
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    on_curve = weights @ points * (1, -1) + (0, 200)
    starts, steps = part[:-2], np.diff(part[:-1], axis=0)
    along = np.einsum("ijk,jk->ij", on_curve[:, None] - starts, steps) / (steps**2).sum(axis=1)
    feet = starts + np.clip(along, 0, 1)[:, :, None] * steps
    assert np.hypot(*np.moveaxis(on_curve[:, None] - feet, 2, 0)).min(axis=1).max() < 0.01
    assert_points(part[-1], [20, 20])


def test_a_curve_right_after_a_closed_path():
    first, second = only_shape(b"10 10 m 20 10 l h 20 10 30 20 40 10 c h S").parts
    assert_points([second[0], second[-1]], [[10, 190], [10, 190]])
    assert len(first) == 3


# Text


def test_letters_kerned_one_by_one_are_one_label():
    kerned = b"BT /F1 10 Tf 20 100 Td [(S) 30 (u) -20 (r) 15 (v) 10 (i) -5 (v) (a) (l)] TJ ET "
    beside = b"BT /F1 10 Tf 20 50 Td (O) Tj 7.78 0 Td (S) Tj ET BT /F1 10 Tf 36 50 Td (x) Tj ET"
    assert texts_of(kerned + beside) == {"Survival", "OSx"}


def test_spaces_in_any_form_are_one_space():
    content = b"BT /F1 10 Tf 20 100 Td [(Number) -300 (at)] TJ ( ) Tj (risk) Tj 0 -20 Td 4 Tw (set apart a bit) Tj ET"
    assert texts_of(content) == {"Number at risk", "set apart a bit"}


def test_letters_set_wide_are_one_word():
    assert texts_of(b"BT /F1 10 Tf 2.5 Tc 20 100 Td (SURVIVAL) Tj ET") == {"SURVIVAL"}


def test_a_row_of_numbers_in_one_string_is_parted():
    row = b"BT /F1 8 Tf 20 100 Td [(0) -3000 (12) -3000 (24)] TJ 0 -20 Td (100   98  7 5) Tj ET"
    assert texts_of(row) == {"0", "12", "24", "100", "98", "7", "5"}


@pytest.mark.parametrize(
    ("string", "pieces"),
    [
        (b"0.72 (0.58-0.89)", {"0.72 (0.58-0.89)"}),
        (b"0.72 (0.58, 0.89)", {"0.72 (0.58, 0.89)"}),
        (b"12 \\(3\\) 10 \\(2\\)", {"12 (3)", "10 (2)"}),
        (b"12 \\(3\\)", {"12 (3)"}),
        (b"Arm 1 of 2", {"Arm 1 of 2"}),
        (b"HR 0.65", {"HR 0.65"}),
        (b"Placebo     120", {"Placebo", "120"}),
        (b"0,5 1,0", {"0,5", "1,0"}),
    ],
)
def test_cells_are_parted_and_what_is_in_brackets_stays(string, pieces):
    escaped = string if b"\\" in string else string.replace(b"(", b"\\(").replace(b")", b"\\)")
    assert texts_of(b"BT /F1 8 Tf 20 100 Td (" + escaped + b") Tj ET") == pieces


def test_plus_signs_as_censor_marks_are_one_by_one():
    marks = b"".join(b"BT /F1 6 Tf %d 100 Td (+) Tj ET " % x for x in (20, 22, 25, 40))
    assert [text.text for text in read(page(marks, FONT)).texts] == ["+"] * 4


def signs_at(places, sign=b"+"):
    """Content with a text object for each place."""
    return b"".join(b"BT /F1 8 Tf %.2f %.2f Td (%b) Tj ET " % (*place, sign) for place in places)


def by_place(points):
    return sorted(points, key=lambda point: tuple(np.round(point, 2)))


def test_signs_that_nearly_cover_each_other_are_all_read():
    first, second = read(page(signs_at([(20, 100), (20.3, 100)]), FONT)).texts
    assert (first.text, second.text) == ("+", "+")
    assert_points(second.anchor, np.add(first.anchor, [0.3, 0]))
    assert_points([second.box.left, second.box.bottom], [first.box.left + 0.3, first.box.bottom])
    assert (first.size, first.angle) == (second.size, second.angle)


@given(
    st.lists(st.tuples(st.integers(5, 60), st.integers(0, 8)), min_size=2, max_size=12, unique=True),
    st.sampled_from([b"1 0 0 1", b"0 1 -1 0", b"2 0 0 2", b".8 .6 -.6 .8"]),
)
@settings(max_examples=40, deadline=None)
def test_signs_however_near_come_back_where_they_stand(steps, linear):
    places = np.cumsum(steps, axis=0) / 10 * [1, -1] + [20, 60]
    a, b, c, d = map(float, linear.split())
    inner = form(signs_at(places), b"/Matrix[" + linear + b" 100 20]")
    scene = read(page(b"/F Do", b"/XObject<</F 5 0 R>>", [inner]))
    expected = places @ np.array([[a, b], [c, d]]) + [100, 20]
    assert {text.text for text in scene.texts} == {"+"}
    assert_points(by_place([text.anchor for text in scene.texts]), by_place(expected * [1, -1] + [0, 200]))


@pytest.mark.parametrize("turn", [b"1 0 0 1", b"0 1 -1 0", b".8 .6 -.6 .8"])
def test_signs_that_end_a_text_object_close_to_others_are_read(turn):
    strings = b"[(+) 550 (+)] TJ 0 -20 Td [(+) 200 (+) 540 (+)] TJ 0 -20 Td [(+) 610 (+)] TJ"
    texts = read(page(b"BT /F1 10 Tf " + turn + b" 100 100 Tm " + strings + b" ET", FONT)).texts
    a, b, c, d = map(float, turn.split())
    own = np.array([(0, 0), (0.34, 0), (0, -20), (3.84, -20), (4.28, -20), (0, -40), (-0.26, -40)])
    expected = own @ np.array([[a, b], [c, d]]) * [1, -1] + 100
    assert_points(by_place([text.anchor for text in texts]), by_place(expected))


def test_a_sign_over_its_like_is_read_where_its_colour_or_place_is_another():
    marks = signs_at([(20, 100)]) * 2 + b"1 0 0 rg " + signs_at([(20, 100)]) + b"q 0 0 1 1 re W n " + signs_at([(20.2, 100)])
    texts = read(page(marks + b"Q", FONT)).texts
    assert [(text.text, text.colour) for text in texts] == [("+", (0, 0, 0)), ("+", (255, 0, 0))]


def test_a_word_drawn_twice_is_bold_and_read_once():
    words = b"".join(b"BT /F1 10 Tf %.1f 100 Td (ER+ all) Tj ET " % x for x in (20, 20.2))
    spelt = b"".join(
        b"BT /F1 10 Tf %.2f 50 Td (%c) Tj ET " % (x + shift, letter)
        for x, letter in ((20, b"E"), (26.67, b"R"), (33.89, b"+"))
        for shift in (0, 0.2)
    )
    scene = read(page(words + spelt + signs_at([(20, 20), (20.2, 20)], b"A"), FONT))
    assert sorted(text.text for text in scene.texts) == ["A", "ER+", "ER+ all"]


@pytest.mark.parametrize(
    ("matrix", "angle"), [(b"1 0 0 1", 0), (b"0 1 -1 0", 90), (b"0 -1 1 0", 270), (b".9 .4 -.4 .9", 0)]
)
def test_turned_text_has_its_angle_size_and_anchor(matrix, angle):
    (text,) = read(page(b"BT /F1 5 Tf " + matrix + b" 100 100 Tm (Survival, all) Tj ET", FONT)).texts
    assert (text.text, text.angle) == ("Survival, all", angle)
    assert_points(text.anchor, [100, 100])
    assert text.size == pytest.approx(5, rel=0.02)
    is_upright = text.box.height > text.box.width
    assert is_upright == (angle != 0)


def test_the_box_of_text_is_tight():
    (text,) = read(page(b"0 0 1 rg BT /F1 10 Tf 20 100 Td (xHx) Tj ET", FONT)).texts
    assert 6.5 < text.box.height < 8
    assert text.box.bottom == pytest.approx(100, abs=0.2)
    assert text.colour == (0, 0, 255)


def test_characters_that_are_not_told_leave_the_piece_out():
    odd = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 5 0 R>>>>"
    table = b"1 begincodespacerange <00><ff> endcodespacerange 2 beginbfchar <41><e001> <42><fffd> endbfchar"
    content = b"BT /F1 10 Tf 20 100 Td (xAx) Tj 0 -30 Td (B) Tj 0 -30 Td (plain) Tj ET"
    scene = read(page(content, odd, [stream(b"", table)]))
    assert [text.text for text in scene.texts] == ["plain"]
    assert sorted(round(box.bottom) for box in scene.unmapped) == [100, 130]


def test_unseen_text_is_kept_but_for_scans():
    words = b" BT 3 Tr /F1 10 Tf 20 100 Td (guess) Tj ET"
    resources = FONT + b"/XObject<</I 5 0 R>>"
    for side, expected in ((300, []), (100, ["guess"])):
        content = b"q %d 0 0 200 0 0 cm /I Do Q" % side + words
        scene = read(page(content, resources, [image(smooth_picture(200, 300))]))
        assert [text.text for text in scene.texts] == expected


def test_text_that_is_clipped_away_or_beside_the_page_is_none():
    content = b"q 0 90 100 30 re W n BT /F1 10 Tf 20 100 Td (seen) Tj 0 -40 Td (below) Tj ET Q BT /F1 10 Tf 400 9 Td (off) Tj ET"
    assert texts_of(content) == {"seen"}


def test_text_within_forms_is_where_the_forms_put_it():
    inner = form(b"BT /F1 10 Tf 10 20 Td (inner) Tj ET", b"/Matrix[2 0 0 2 0 0]")
    (text,) = read(page(b"q 0 0.5 -0.5 0 100 50 cm /F Do Q", b"/XObject<</F 5 0 R>>", [inner])).texts
    assert (text.text, text.angle) == ("inner", 90)
    assert_points(text.anchor, [80, 140])
    assert text.size == pytest.approx(10)


# Pictures


def placed(matrix, more, name=b"/I"):
    return read(page(b"q %b cm %b Do Q" % (matrix, name), b"/XObject<</I 5 0 R>>", more)).pictures


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        (b"150 0 0 100 20 30", lambda px: px),
        (b"-150 0 0 100 170 30", lambda px: px[:, ::-1]),
        (b"150 0 0 -100 20 130", lambda px: px[::-1]),
        (b"0 150 -100 0 120 20", lambda px: np.rot90(px)),
        (b"0 -150 100 0 20 170", lambda px: np.rot90(px, -1)),
        (b"0 150 100 0 20 20", lambda px: np.rot90(px)[:, ::-1]),
    ],
)
def test_a_picture_comes_at_its_own_resolution_as_it_stands(matrix, turn):
    px = smooth_picture(120, 180)
    (picture,) = placed(matrix, [image(px)])
    np.testing.assert_array_equal(picture.px, turn(px))
    assert sorted([round(picture.box.width), round(picture.box.height)]) == [100, 150]


def test_a_jpeg_is_decoded_and_not_rendered_again():
    px = smooth_picture(240, 360)
    _, coded = cv2.imencode(".jpg", px)
    head = b"/Type/XObject/Subtype/Image/Width 360/Height 240/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode"
    (picture,) = placed(b"150 0 0 100 20 30", [stream(head, coded.tobytes())])
    own = cv2.imdecode(coded, cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(picture.px.astype(int) - own).max() <= 2


def test_a_soft_mask_lies_on_white():
    px = np.zeros((100, 120, 3), np.uint8)
    mask = np.repeat(np.linspace(0, 255, 120).round().astype(np.uint8)[None], 100, axis=0)
    head = b"/Type/XObject/Subtype/Image/Width 120/Height 100/BitsPerComponent 8/ColorSpace/DeviceGray"
    (picture,) = placed(b"150 0 0 100 20 30", [image(px, b"/SMask 6 0 R"), stream(head, mask.tobytes())])
    assert np.abs(picture.px[:, :, 0].astype(int) - (255 - mask)).max() <= 1


def test_pictures_of_one_bit_and_of_a_palette():
    bits = np.tile(np.array([0b11110000], np.uint8), 16 * 128)
    head = b"/Type/XObject/Subtype/Image/Width 128/Height 128/BitsPerComponent 1/ColorSpace/DeviceGray"
    (picture,) = placed(b"100 0 0 100 0 0", [stream(head, bits.tobytes())])
    assert picture.px[5, :8, 1].tolist() == [255] * 4 + [0] * 4
    head = b"/Type/XObject/Subtype/Image/Width 128/Height 128/BitsPerComponent 8/ColorSpace[/Indexed/DeviceRGB 1 <ff000000ff00>]"
    (picture,) = placed(b"100 0 0 100 0 0", [stream(head, bytes(128 * 64) + bytes([1]) * 128 * 64)])
    assert (picture.px[0, 0].tolist(), picture.px[-1, 0].tolist()) == ([255, 0, 0], [0, 255, 0])


def test_an_inline_picture():
    data = smooth_picture(100, 100)[:, :, 0].tobytes().replace(b"E", b"F")
    content = b"q 100 0 0 100 20 20 cm BI /W 100 /H 100 /BPC 8 /CS /G ID " + data + b" EI Q"
    (picture,) = read(page(content)).pictures
    assert picture.px[:, :, 2].tobytes() == data


@pytest.mark.parametrize("is_from_below", [False, True])
def test_strips_that_abut_are_one_picture(is_from_below):
    px = smooth_picture(160, 200)
    strips = [image(px[top : top + 8]) for top in range(0, 160, 8)]
    names = b"".join(b"/I%d %d 0 R" % (i, 5 + i) for i in range(20))
    order = reversed(range(20)) if is_from_below else range(20)
    content = b"".join(b"q 100 0 0 4 20 %d cm /I%d Do Q " % (176 - 4 * i, i) for i in order)
    (picture,) = read(page(content, b"/XObject<<" + names + b">>", strips)).pictures
    np.testing.assert_array_equal(picture.px, px)
    assert_points([picture.box.left, picture.box.top, picture.box.right, picture.box.bottom], [20, 20, 120, 100])


def test_tiles_are_one_picture_and_neighbours_apart_are_two():
    px = smooth_picture(200, 240)
    tiles = [image(px[100 * i : 100 * i + 100, 120 * j : 120 * j + 120]) for i in (0, 1) for j in (0, 1)]
    names = b"/XObject<</I0 5 0 R/I1 6 0 R/I2 7 0 R/I3 8 0 R>>"
    place = [(20, 100), (80, 100), (20, 50), (80, 50)]
    content = b"".join(b"q 60 0 0 50 %d %d cm /I%d Do Q " % (*at, k) for k, at in enumerate(place))
    (picture,) = read(page(content, names, tiles)).pictures
    np.testing.assert_array_equal(picture.px, px)
    content = b"q 70 0 0 60 20 100 cm /I0 Do Q q 70 0 0 60 110 100 cm /I1 Do Q"
    assert len(read(page(content, names, tiles)).pictures) == 2


def test_a_clip_cuts_a_picture_and_small_ones_are_none():
    px = smooth_picture(200, 300)
    content = b"20 20 120 80 re W n q 150 0 0 100 20 20 cm /I Do Q"
    (picture,) = read(page(content, b"/XObject<</I 5 0 R>>", [image(px)])).pictures
    np.testing.assert_array_equal(picture.px, px[40:, :240])
    assert_points([picture.box.left, picture.box.top, picture.box.right, picture.box.bottom], [20, 100, 140, 180])
    assert not placed(b"50 0 0 100 0 0", [image(px)])
    assert not placed(b"150 0 0 100 0 0", [image(px[:90])])


# Figures drawn by matplotlib


def drawn_by_matplotlib(**settings_of_it):
    """A figure of 4 by 3 inches as PDF, with the points of its curve and its ticks on the page."""
    rng = np.random.default_rng(3)
    time = np.sort(rng.exponential(10, 400)).cumsum() / 100
    survival = 1 - np.arange(400) / 500
    data = io.BytesIO()
    with matplotlib.rc_context(settings_of_it):
        canvas = Canvas(figsize=(4, 3), dpi=100)
        axes = canvas.add_axes([0.2, 0.2, 0.7, 0.7])
        axes.plot(time, survival, drawstyle="steps-post", color="#d62728", lw=1.3, ls=(0, (4, 2)))
        axes.set(xlim=(0, time[300]), ylim=(0, 1), ylabel="Overall survival", xlabel="Months since randomisation")
        axes.set_xticks([0, 10, 20], ["0", "10", "20"], rotation=45)
        canvas.savefig(data, format="pdf")
    steps = np.column_stack([np.repeat(time, 2)[1:], np.repeat(survival, 2)[:-1]])
    on_page = axes.transData.transform(steps) * 72 / 100
    ticks = axes.transData.transform([[10, 0], [20, 0]]) * 72 / 100
    box = axes.get_window_extent()
    return data.getvalue(), on_page * (1, -1) + (0, 216), ticks * (1, -1) + (0, 216), box


@pytest.mark.parametrize("font", [3, 42])
@pytest.mark.parametrize("is_simplified", [False, True])
def test_a_curve_drawn_by_matplotlib(is_simplified, font):
    data, expected, ticks, box = drawn_by_matplotlib(**{"path.simplify": is_simplified, "pdf.fonttype": font})
    scene = read(data)
    assert (scene.width, scene.height) == pytest.approx((288, 216))
    (curve,) = [shape for shape in scene.shapes if shape.stroke == (214, 39, 40)]
    part = curve.parts[0]
    if is_simplified:
        assert len(part) < len(expected)
        assert_points(part[0], expected[0])
    else:
        # matplotlib cuts the last step off beside the page.
        assert_points(part[:-1], expected[: len(part) - 1])
    assert curve.width == pytest.approx(1.3)
    assert curve.dash == pytest.approx((5.2, 2.6), abs=1e-5)
    clip = np.array([box.x0, 300 - box.y1, box.x1, 300 - box.y0]) * 0.72
    assert_points([curve.clip.left, curve.clip.top, curve.clip.right, curve.clip.bottom], clip)
    found = {tuple(np.round(shape.parts[0][0], 3)) for shape in scene.shapes if len(shape.parts[0]) == 2}
    assert {tuple(np.round(tick, 3)) for tick in ticks} <= found
    texts = {text.text: text for text in scene.texts}
    assert {"Overall survival", "Months since randomisation", "0.0", "0.2", "1.0", "10", "20"} <= set(texts)
    assert texts["Overall survival"].angle == 90
    assert texts["Months since randomisation"].size == pytest.approx(10, rel=0.01)


# Rendering


@pytest.mark.parametrize("scale", [1, 3.3, 4])
def test_pixels_lie_where_the_points_say(scale):
    cross = b"2 w 150.5 40.25 m 150.5 70.6 l S 80 160.13 m 140 160.13 l S"
    with open_pdf(page(cross, box=b"5.3 7.9 300.7 200.3"), "drawn.pdf") as pages:
        upright, level = (shape.parts[0] for shape in pages.scene(1).shapes)
        ink = 255.0 - pages.px(1, scale)[:, :, 0]
    assert ink.shape == (np.ceil(192.4 * scale), np.ceil(295.4 * scale))
    row, column = ink[round(scale * upright[:, 1].mean())], ink[:, round(scale * level[:, 0].mean())]
    assert row @ np.arange(len(row)) / row.sum() == pytest.approx(scale * upright[0, 0] - 0.5, abs=0.03)
    assert column @ np.arange(len(column)) / column.sum() == pytest.approx(scale * level[0, 1] - 0.5, abs=0.03)


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_page_is_rendered_as_its_scene_says(rotate):
    data = page(b"0 0 1 rg 60 40 60 30 re f", entries=b"/Rotate %d/CropBox[10 10 210 190]" % rotate)
    document = Document(data, "drawn.pdf")
    box, px = read(data).shapes[0].box, document.px(1, 2)
    document.close()
    inked = (px[:, :, 0] == 0).nonzero()
    found = [inked[1].min(), inked[0].min(), inked[1].max() + 1, inked[0].max() + 1]
    assert found == [2 * box.left, 2 * box.top, 2 * box.right, 2 * box.bottom]


# Files that are broken or mean harm


def test_pages_are_counted_from_one_and_read_again_alike():
    with open_pdf(page(b"10 10 m 20 20 l S"), "drawn.pdf") as pages:
        assert len(pages) == 1
        assert_points(pages.scene(1).shapes[0].parts[0], pages.scene(1).shapes[0].parts[0], within=0)
        with pytest.raises(FigureError, match="drawn.pdf has no page 2; its pages are 1 to 1"):
            pages.scene(2)


def test_a_scene_comes_whole_out_of_the_process_that_read_it():
    inner = form(
        b"2 w [3 1] 0 d 0 0 9 9 re W n 1 2 m 4 2 l S BT /F1 10 Tf 10 20 Td (in 1) Tj ET", b"/Matrix[2 1 0 2 0 0]"
    )
    content = b"/G gs q .5 .1 .2 .3 20 20 cm /F Do Q 0 0 1 rg 9 9 30 30 re f q 150 0 0 100 20 30 cm /I Do Q"
    resources = b"/ExtGState<</G<</CA .5/ca .5>>>>/XObject<</F 5 0 R/I 6 0 R>>"
    data = page(content, resources, [inner, image(smooth_picture(120, 180))])
    with open_pdf(data, "drawn.pdf") as pages:
        found, expected = pages.scene(1), read(data)
    assert len(found.shapes) == 2
    for one, other in zip(found.shapes, expected.shapes, strict=True):
        for name in ("stroke", "fill", "width", "dash", "opacity", "clip", "curved"):
            assert getattr(one, name) == getattr(other, name)
        for part, own in zip(one.parts, other.parts, strict=True):
            np.testing.assert_array_equal(part, own)
    assert found.texts == expected.texts
    assert found.pictures[0].box == expected.pictures[0].box
    np.testing.assert_array_equal(found.pictures[0].px, expected.pictures[0].px)


LOCKED = written(
    [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>",
        b"<</Filter/Standard/V 1/R 2/Length 40/P -4/O<" + b"00" * 32 + b">/U<" + b"11" * 32 + b">>>",
    ],
    b"/Encrypt 4 0 R /ID[<00><00>]",
)
EMPTY = written([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])
LONG = written(
    [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + b"3 0 R " * 5001 + b"]/Count 5001>>",
        b"<</Type/Page/Parent 2 0 R>>",
    ]
)
SOUND = page(b"10 10 m 20 20 l S")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LOCKED, "encrypted and asks for a password; save it without one"),
        (EMPTY, "no pages that can be found"),
        (LONG, "5001 pages"),
        (SOUND[:200], "cannot be read as a PDF file .200 bytes.*damaged or cut off"),
        (b"<html>", "cannot be read as a PDF file"),
        (b"", "cannot be read as a PDF file"),
    ],
)
def test_files_that_cannot_be_opened(data, said):
    with pytest.raises(FigureError, match=said) as caught:
        Document(data, "x.pdf")
    assert "x.pdf" in str(caught.value)
    assert "\n" not in str(caught.value)


ITSELF = form(b"0 0 m 1 1 l S /F Do", b"/Resources<</XObject<</F 5 0 R>>>>")


def bomb_picture(width, height):
    return stream(
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray" % (width, height),
        b"0",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (page(b"", box=b"0 0 1000000 500"), r"page 1 measures 1e\+06 × 500 pt"),
        (page(b"", box=b"0 0 0 0"), "a box without a size"),
        (
            page(b"100 0 0 90 0 0 cm /I Do", b"/XObject<</I 5 0 R>>", [bomb_picture(50000, 50000)]),
            "a picture of 50000 × 50000 px",
        ),
        (page(b"0 0 m 1 1 l S " * 101), "101 objects or more, and 100 are read; save it as a picture"),
        (
            page(b"0 0 m " + b"1 1 l " * 1001 + b"S"),
            "1002 path segments or more, and 1000 are read; save it as a picture",
        ),
        (page(b"/F Do", b"/XObject<</F 5 0 R>>", [ITSELF]), "forms within forms, more than 25 deep"),
    ],
)
def test_pages_that_are_refused(data, said, monkeypatch):
    monkeypatch.setattr(pdf_page, "MOST_OBJECTS", 100)
    monkeypatch.setattr(pdf_page, "MOST_SEGMENTS", 1000)
    document = Document(data, "x.pdf")
    with pytest.raises(FigureError, match=said):
        document.draw(1)
    document.close()


def test_only_the_page_that_cannot_be_read_is_lost(monkeypatch):
    tiles = stream(
        b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.001/YStep 0.001/Resources<<>>",
        b"0 0 1 1 re f",
    )
    kinds = b"/MediaBox[0 0 300 200]/Resources<</Pattern<</P 7 0 R>>>>"
    data = written(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
            b"<</Type/Page/Parent 2 0 R/Contents 5 0 R" + kinds + b">>",
            b"<</Type/Page/Parent 2 0 R/Contents 6 0 R" + kinds + b">>",
            stream(b"", b"/Pattern cs /P scn 0 0 300 200 re f"),
            stream(b"", b"10 10 m 20 20 l S"),
            tiles,
        ]
    )
    with open_pdf(data, "x.pdf") as pages:
        monkeypatch.setattr(pdf, "MOST_SECONDS", 1.0)
        with pytest.raises(FigureError, match="page 1 of x.pdf cannot be read within 1 s and 1 GB"):
            pages.px(1, 1)
        monkeypatch.undo()
        assert len(pages.scene(2).shapes) == 1


def test_forms_that_draw_themselves_again_and_again_end_in_one_line():
    again = stream(
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>", b"0 0 m 1 1 l S /F Do /F Do"
    )
    with (
        open_pdf(page(b"/F Do", b"/XObject<</F 5 0 R>>", [again]), "x.pdf") as pages,
        pytest.raises(FigureError, match="page 1 of x.pdf cannot be read within 15 s and 1 GB"),
    ):
        pages.scene(1)


def test_a_process_that_cannot_be_started_ahead_is_started_when_it_is_needed(monkeypatch):
    def refused(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as none:
        none.setattr(pdf, "_READY", [])
        none.setattr(pdf.subprocess, "Popen", refused)
        pdf.keep_one_ready()
        assert pdf._READY == []
