"""By law: what is drawn in a plot is parted from its background, colour by colour."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ipdrecon.figure.arm_ink import ArmInk, ArmSettings, Search
from ipdrecon.figure.arms import _hangs_on, _runs_alone, find_arms
from ipdrecon.figure.colour import is_grey, lab_of, to_lab, to_rgb
from ipdrecon.figure.families import _is_thin_beside
from ipdrecon.figure.ink import palette, part, plot_inside
from ipdrecon.figure.panel_reading import _listed_inks
from ipdrecon.figure.shades import _is_overlap, find_inks
from ipdrecon.model import Axis, Box, Calibration, Word

FEW = settings(max_examples=25, deadline=None, derandomize=True)
BOX = Box(20, 15, 220, 165)
COLOURS = {"red": (214, 39, 40), "blue": (31, 119, 180), "green": (44, 160, 44), "black": (0, 0, 0)}
levels = st.integers(0, 255)
colours = st.tuples(levels, levels, levels)


def calibration(scale="survival"):
    """Time 0 to 100 over columns 20 to 220; survival 1 to 0 over rows 15 to 165, or incidence 0 to 1 from below."""
    return Calibration(Axis([20, 220], [0, 100], 0.5, -10), Axis([15, 165], [1, 0], -1 / 150, 1.1), scale)


def page(paper=(255, 255, 255)):
    return np.full((190, 250, 3), paper, np.uint8)


def contrast(one, other):
    return np.linalg.norm(to_lab(np.array([[one]], np.uint8)) - to_lab(np.array([[other]], np.uint8)))


def draw_curve(px, colour, first_row=30, drop=40, share=1.0):
    """Two plateaus of two px and the drop between them; `share` of the colour on what is there."""
    for rows, columns in (
        (slice(first_row, first_row + 2), slice(24, 110)),
        (slice(first_row + 2, first_row + drop), slice(108, 110)),
        (slice(first_row + drop, first_row + drop + 2), slice(108, 190)),
    ):
        px[rows, columns] = np.round(share * np.array(colour) + (1 - share) * px[rows, columns])
    return px


def cut(px, scale="survival", words=(), **options):
    return plot_inside(px, BOX, calibration(scale), words, **options)


def is_near(colour, lab, reach=6.0):
    return np.linalg.norm(to_lab(np.array([[colour]], np.uint8))[0, 0] - lab) < reach


@FEW
@given(colours)
def test_rgb_to_lab_to_rgb_is_the_identity(colour):
    lab = to_lab(np.array([[colour]], np.uint8))[0, 0]
    np.testing.assert_allclose(to_rgb(lab) * 2.55, colour, atol=0.6)


@FEW
@given(colours, colours)
def test_a_line_is_ink_and_paper_is_none(ink, paper):
    assume(contrast(ink, paper) > 25)
    plot = cut(draw_curve(page(paper), ink))
    assert (plot.contrast[30 - plot.top, 30 - plot.left : 100 - plot.left] > 0).all()
    assert (plot.contrast[60 - plot.top :, : 80 - plot.left] == 0).all()


@FEW
@given(colours, colours)
def test_the_palette_is_the_one_colour_drawn(ink, paper):
    assume(contrast(ink, paper) > 30)
    found = palette(cut(draw_curve(page(paper), ink)))
    assert len(found) == 1
    assert is_near(ink, found[0][0])


@FEW
@given(colours, st.floats(0.3, 1))
def test_a_mixture_with_paper_gives_the_share_of_the_line(ink, share):
    assume(contrast(ink, (255, 255, 255)) > 50)
    plot = cut(draw_curve(page(), ink, share=share))
    own = part(plot, [to_lab(np.array([[ink]], np.uint8))[0, 0]])[0]
    seen = plot.contrast[30 - plot.top, 40 - plot.left] > 0
    assert own[30 - plot.top, 40 - plot.left] == pytest.approx(share if seen else 0, abs=0.03)


@pytest.mark.parametrize("paper", [(255, 255, 255), (235, 235, 235)])
def test_colours_are_parted(paper):
    px = page(paper)
    for i, colour in enumerate(COLOURS.values()):
        draw_curve(px, colour, first_row=24 + 14 * i, drop=70)
    plot = cut(px)
    found = [lab for lab, _ in palette(plot)]
    assert len(found) == len(COLOURS)
    own = part(plot, found)
    for i, colour in enumerate(COLOURS.values()):
        mine = next(k for k, lab in enumerate(found) if is_near(colour, lab))
        on_line = own[:, 24 + 14 * i - plot.top, 30 - plot.left : 100 - plot.left]
        assert on_line[mine].min() > 0.95
        assert np.delete(on_line, mine, axis=0).max() < 0.05


def test_the_edge_of_a_black_line_is_no_grey_line():
    px = draw_curve(page(), (0, 0, 0))
    px[29, 24:109] = px[69, 110:190] = 150
    plot = cut(px)
    assert len(find_arms(plot, (20 - plot.left, 30 - plot.top))) == 1


def test_a_curve_of_one_drop_is_a_curve_and_a_reference_line_is_none():
    px = page()
    px[16:18, 24:42] = px[16:50, 40:42] = px[48:50, 40:190] = COLOURS["blue"]
    px[60:62, 24:200] = COLOURS["red"]
    plot = cut(px)
    (arm,) = find_arms(plot, (20 - plot.left, 16 - plot.top))
    assert is_near(COLOURS["blue"], arm.lab)


def level_arm(own, row, first=0):
    """An arm whose path runs level."""
    rows = np.full(own.shape[1] - first, row)
    seen = float((own[row, first:] > 0.3).sum())
    path = SimpleNamespace(first=first, last=own.shape[1] - 1, enter=rows, leave=rows, own=seen)
    return ArmInk(np.zeros(3), own, np.zeros_like(own), path, 1.0)


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_an_arm_of_few_columns_has_a_width(n_columns):
    own = np.zeros((20, n_columns), np.float32)
    own[10:12] = 1
    arm = level_arm(own, 10)
    assert arm.thickness == arm.least_thickness == 2


def test_ink_hangs_on_a_curve_where_a_bar_leads_to_it_without_paper():
    line, tips = np.zeros((40, 6), np.float32), np.zeros((40, 6), np.float32)
    line[20:22] = line[22:26, :3] = 1
    tips[26:29, :4] = 1
    ink = np.maximum(line, tips)
    assert _hangs_on(level_arm(tips, 27), level_arm(line, 20), ink).tolist() == [True] * 3 + [False] * 3
    assert _hangs_on(level_arm(tips, 27), level_arm(line, 20, first=2), ink).tolist() == [False, False, True, False, False, False]


def test_a_bar_in_three_shades_of_a_curve_hangs_on_it():
    line, bar, tips = (np.zeros((40, 6), np.float32) for _ in range(3))
    line[20:22], bar[22:26], tips[26:29] = 1, 1, 1
    blue, dark, black = (to_lab(np.array([[colour]], np.uint8))[0, 0] for colour in ((0, 0, 255), (0, 0, 120), (0, 0, 0)))
    search = SimpleNamespace(settings=ArmSettings())
    curve, shade, other = (replace(level_arm(own, row), lab=lab) for own, row, lab in ((line, 20, blue), (bar, 24, dark), (tips, 27, dark)))
    assert not _runs_alone(search, other, [curve], [curve, shade, other])
    assert _runs_alone(search, other, [curve], [curve, replace(shade, lab=black), other])


def test_a_key_that_is_nearer_to_another_arm_tells_of_no_second_one():
    arm, other = (SimpleNamespace(lab=np.array(lab)) for lab in ((37.0, 7.0, -23.0), (28.0, 21.0, -9.0)))
    keys = np.array((44.0, 7.0, -24.0)), np.array((36.0, 17.0, -12.0))
    alone = Search(None, (0, 0), keys, ArmSettings(), None)
    assert (alone.n_listed(arm), replace(alone, rivals=(other.lab,)).n_listed(arm)) == (2, 1)
    assert replace(alone, seeds=(keys[0], keys[0]), rivals=(other.lab,)).n_listed(arm) == 2


def test_a_line_under_crowded_marks_is_no_thicker_than_a_plain_one_of_the_same_pen():
    plain, marked = np.zeros((60, 200), np.float32), np.zeros((60, 200), np.float32)
    plain[10:12] = marked[40:42] = 1
    marked[34:48, [column for column in range(200) if column % 4]] = 1
    plain, marked, broad = level_arm(plain, 10), level_arm(marked, 40), level_arm(np.roll(np.repeat(plain, 3, axis=0)[:60], 10, axis=0), 41)
    assert (plain.thickness, plain.least_thickness, marked.least_thickness) == (2, 2, 2)
    assert not _is_thin_beside(plain, marked)
    assert _is_thin_beside(plain, broad)


def test_a_curve_is_no_limit_of_a_few_marks_beside_it():
    line, few = np.zeros((60, 200), np.float32), np.zeros((60, 200), np.float32)
    line[10:12], few[40:46, 100:150] = 1, 1
    assert not _is_thin_beside(level_arm(line, 10), level_arm(few, 42))
    few[40:46] = 1
    assert _is_thin_beside(level_arm(line, 10), level_arm(few, 42))


def test_a_line_half_hidden_by_the_frame_before_it_falls_is_as_thick_as_after():
    px = page()
    px[15:17, 20:140] = px[15:60, 138:142] = px[58:62, 138:200] = COLOURS["blue"]
    arms = find_arms(cut(px), (4.0, 4.0))
    np.testing.assert_allclose([arm.thickness for arm in arms], [4], atol=0.1)
    assert abs(arms[0].path.leave[-5] + cut(px).top - 60) < 2


@pytest.mark.parametrize(("together", "inks"), [(False, 1), (True, 2)])
def test_a_line_that_falls_between_two_rows_of_pixels_is_no_second_ink_but_a_paler_one_beside_it_is(together, inks):
    px, pale = page(), tuple(np.round(0.5 * np.array(COLOURS["blue"]) + 127.5))
    px[15, 20:60] = px[15:50, 60] = px[90, 100:140] = px[90:130, 139] = COLOURS["blue"]
    px[50:52, 60:100] = px[50:90, 99:101] = px[130:132, 139:200] = pale
    if together:
        px[18, 20:100] = px[18:80, 100] = px[80, 100:200] = COLOURS["blue"]
    assert len(find_inks(cut(px), ())[0]) == inks


@pytest.mark.parametrize("touching", [False, True])
def test_a_grey_line_between_a_blue_and_a_yellow_one_is_their_mixture_only_where_they_touch(touching):
    px, pens = page(), ((0, 115, 194), (239, 192, 0))
    rows = (60, 64) if touching else (30, 120)
    for pen, row in zip(pens, rows, strict=True):
        px[row : row + 3, 24:200] = pen
    px[62:64, 24:200] = (134, 134, 134)
    assert len(find_inks(cut(px), [lab_of(pen) for pen in pens])[0]) == 3 - touching


@pytest.mark.parametrize("broken", [False, True])
def test_a_whole_grey_line_beside_named_coloured_ones_is_a_curve_and_a_broken_one_is_not(broken):
    px = page()
    for colour, row, drop in ((COLOURS["blue"], 32, 90), (COLOURS["red"], 26, 60), ((150, 150, 150), 20, 30)):
        draw_curve(px, colour, first_row=row, drop=drop)
    if broken:
        px[20:52, 24:190][:, np.arange(166) % 10 > 5] = 255
    plot = cut(px)
    arms = find_arms(plot, (4.0, 4.0))
    named = [i for i, arm in enumerate(arms) if not is_grey(arm.lab)]
    assert len(arms) == 3
    assert len(_listed_inks(plot, arms, named, None, SimpleNamespace(arms=None))) == 3 - broken


def test_grey_and_black_lines_are_parted():
    plot = cut(draw_curve(draw_curve(page(), (0, 0, 0)), (150, 150, 150), first_row=60, drop=70))
    own = part(plot, [np.array([0.0, 0, 0], np.float32), to_lab(np.full((1, 1, 3), 150, np.uint8))[0, 0]])
    black, grey = own[:, 30 - plot.top, 60 - plot.left], own[:, 60 - plot.top, 60 - plot.left]
    np.testing.assert_allclose(black, (1, 0), atol=0.05)
    np.testing.assert_allclose(grey, (0, 1), atol=0.05)


@pytest.mark.parametrize("dashed", [False, True])
def test_gridlines_are_hidden_and_curves_are_not(dashed):
    px = page()
    px[45, 20:221], px[15:166, 70] = 200, 200
    if dashed:
        px[45, 21:221:3], px[16:166:3, 70] = 255, 255
    plot = cut(draw_curve(px, (0, 0, 0)))
    row, column = 45 - plot.top, 70 - plot.left
    assert (plot.contrast[row, : 100 - plot.left] == 0).all()
    assert (plot.contrast[40 - plot.top :, column] == 0).all()
    assert plot.hidden[row].mean() > 0.5
    assert (plot.contrast[30 - plot.top, 30 - plot.left : 65 - plot.left] > 0).all()


def test_a_lower_axis_that_ends_before_the_box_is_no_curve():
    px = draw_curve(page(), COLOURS["blue"])
    px[164, 18:180] = 100, 110, 130
    plot = cut(px)
    assert plot.hidden[164 - plot.top, 30 - plot.left : 170 - plot.left].all()
    assert not plot.hidden[30 - plot.top, 30 - plot.left : 100 - plot.left].any()


def test_a_band_is_background_and_the_line_on_it_is_ink():
    px = page()
    px[24:40, 24:108] = px[64:80, 100:190] = (200, 220, 240)
    plot = cut(draw_curve(px, COLOURS["blue"]))
    assert (plot.contrast[26 - plot.top, 40 - plot.left : 90 - plot.left] == 0).all()
    assert (plot.contrast[30 - plot.top, 40 - plot.left : 90 - plot.left] > 0).all()
    assert len(palette(plot)) == 1


@FEW
@given(st.integers(0, 60), st.integers(10, 60), colours)
def test_incidence_is_survival_upside_down(row, drop, ink):
    assume(contrast(ink, (255, 255, 255)) > 25)
    plain = cut(draw_curve(page(), ink, first_row=22 + row, drop=drop))
    turned_px = page()
    turned_px[15:166] = draw_curve(page(), ink, first_row=22 + row, drop=drop)[15:166][::-1]
    turned = cut(turned_px, "incidence")
    common = slice(int(plain.py_to_row(18)), int(plain.py_to_row(160)))
    shifted = int(turned.py_to_row(162)) - common.start
    mirrored = turned.contrast[common.start + shifted : common.stop + shifted]
    np.testing.assert_array_equal(mirrored > 0, plain.contrast[common] > 0)


@FEW
@given(st.floats(0, 200), st.sampled_from(["survival", "incidence"]))
def test_row_to_py_to_row_is_the_identity(row, scale):
    plot = cut(page(), scale)
    assert plot.py_to_row(plot.row_to_py(row)) == pytest.approx(row)


def test_places_of_words_and_keys_are_marked_and_give_no_colour():
    px = draw_curve(page(), COLOURS["red"])
    px[20:26, 150:190] = COLOURS["green"]
    words, key = (Word("Placebo", Box(150, 20, 190, 26)),), Box(120, 22, 140, 24)
    plot = cut(px, words=words, keys=[key])
    assert plot.text[22 - plot.top, 170 - plot.left]
    assert plot.text[23 - plot.top, 130 - plot.left]
    assert not plot.text[31 - plot.top, 60 - plot.left]
    assert [is_near(COLOURS["red"], lab) for lab, _ in palette(plot)] == [True]


@pytest.mark.parametrize("word", [Word("Placebo", Box(150, 20, 190, 26), 0.5), Word("+", Box(150, 20, 190, 26))])
def test_doubtful_words_may_be_curve(word):
    assert not cut(page(), words=(word,)).text.any()


def test_an_empty_plot_has_no_colours():
    assert palette(cut(page())) == ()


def _grey(level):
    return to_lab(np.full((1, 1, 3), level, np.uint8))[0, 0]


def test_grey_and_black_that_take_turns_are_one_thin_line_and_side_by_side_two():
    stretches, other, red = [slice(k, k + 10) for k in range(24, 190, 20)], draw_curve(page(), COLOURS["black"]), to_lab(np.array([[COLOURS["red"]]], np.uint8))[0, 0]
    thin = draw_curve(page(), COLOURS["red"], first_row=90)
    thin[30, 24:190] = 0
    for columns in stretches[::3]:
        thin[30:32, columns] = 115
    beside = draw_curve(other, (115, 115, 115), first_row=90)
    seeds = [_grey(115), red]
    assert [round(float(lab[0])) for lab in find_inks(cut(thin, lines=seeds), seeds)[0] if np.hypot(*lab[1:]) < 12] == [0]
    assert sorted(round(float(lab[0]), -1) for lab in find_inks(cut(beside, lines=seeds), seeds)[0] if np.hypot(*lab[1:]) < 12) == [0, 50]


def straddled(px, grey, first_row, *, offset, dash=None):
    """Five plateaus of a line one px wide, each 16 px lower, half a px and `offset` px off its row by turns; `dash` is stroke and gap."""
    for k in range(5):
        columns = np.arange(24 + 36 * k, 61 + 36 * k)
        columns = columns if dash is None else columns[columns % sum(dash) < dash[0]]
        row, share = first_row + 16 * k, offset if k % 2 else 0.5
        px[row, columns] = np.round(255 - (255 - grey) * (1 - share))
        px[row + 1, columns] = np.round(255 - (255 - grey) * share)
        if k:
            px[row - 15 : row + 1, 24 + 36 * k] = grey
    return px


# the black line straddles two rows in every other plateau; the grey one, which is black by half, in all
def test_a_grey_curve_is_told_from_a_black_line_that_is_grey_where_it_straddles_rows():
    px = straddled(straddled(page(), 0, 22, offset=0.0), 135, 60, offset=0.5, dash=(4, 2))
    arms = find_arms(cut(px), (4.0, 6.0), seeds=[to_lab(np.full((1, 1, 3), grey, np.uint8))[0, 0] for grey in (0, 135)])
    assert [arm.dash for arm in arms] == ["solid", "dashed"]
    for arm, row in zip(arms, (22, 60), strict=True):
        level = arm.path.leave[20 + 36 * np.arange(5)] + 11
        np.testing.assert_allclose(level, row + 16 * np.arange(5), atol=1.5)


@pytest.mark.parametrize("paper", [(255, 255, 255), (235, 235, 235)])
@pytest.mark.parametrize("opacity", [0.2, 0.3, 0.4])
def test_the_overlap_of_two_bands_is_told_from_lines(paper, opacity):
    red, blue = COLOURS["red"], COLOURS["blue"]

    def upon(ground, colour):
        return tuple(round((1 - opacity) * below + opacity * above) for below, above in zip(ground, colour, strict=True))

    fills = np.array([lab_of(colour) for colour in (paper, upon(paper, red), upon(paper, blue))])
    plot = SimpleNamespace(fills=fills)
    assert _is_overlap(plot, lab_of(upon(upon(paper, red), blue)))
    assert _is_overlap(plot, lab_of(upon(upon(paper, blue), red)))
    assert not any(_is_overlap(plot, lab_of(colour)) for colour in (*COLOURS.values(), (148, 103, 189), (127, 127, 127)))
    assert not _is_overlap(SimpleNamespace(fills=fills[:2]), lab_of(upon(upon(paper, red), blue)))


@pytest.mark.parametrize("grey", [40, 73, 115])
def test_two_greys_are_parted_however_near_and_noisy(grey):
    rng = np.random.default_rng(3)
    px = draw_curve(draw_curve(page(), (20, 20, 20)), (grey, grey, grey), first_row=60, drop=70)
    px = np.clip(px + np.where(px < 200, rng.integers(-4, 5, px.shape[:2])[..., None], 0), 0, 255).astype(np.uint8)
    plot = cut(px)
    own = part(plot, [lab_of((20, 20, 20)), lab_of((grey, grey, grey))])
    for k, first_row in enumerate((30, 60)):
        line = own[:, first_row - plot.top : first_row + 2 - plot.top, 30 - plot.left : 100 - plot.left]
        assert (line[k] > line[1 - k]).mean() > 0.95
