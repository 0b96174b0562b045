"""By truth: drawn legends are read back, with the places of their words known from the drawing."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ipdrecon.figure.colour import to_lab
from ipdrecon.figure.dashes import DashPattern
from ipdrecon.figure.legend import LegendEntry, as_one, find_legend, is_label, on_the_line, split_at_keys
from ipdrecon.figure.names import match_legend, usable_entries
from ipdrecon.model import Box, Word

NAMES = ("Nivolumab", "Placebo")
COLOURS = ("tab:blue", "tab:red")


def line(colour, **look):
    return Line2D([], [], **{"color": colour, "lw": 1.6} | look)


KEYS = {
    "solid": [line(colour) for colour in COLOURS],
    "dashed": [line(COLOURS[0]), line(COLOURS[1], linestyle="--")],
    "black": [line("black"), line("black", linestyle="--")],
    "grey": [line("black"), line("0.6")],
    "thin": [line(colour, lw=0.8) for colour in COLOURS],
    "thick": [line(colour, lw=4) for colour in COLOURS],
    "plus marker": [line(colour, marker="+", ms=8) for colour in COLOURS],
    "bar marker": [line(colour, marker="|", ms=8) for colour in COLOURS],
    "band behind": [(Patch(color=colour, alpha=0.2, lw=0), line(colour)) for colour in COLOURS],
    "patch": [Patch(color=colour) for colour in COLOURS],
}
LAYOUTS = {"vertical": {"ncol": 1}, "horizontal": {"ncol": 2}}


def drawn(keys, *, names=NAMES, facecolor="white", **layout):
    """Draw a legend; return the picture and its words, whose places the drawing tells."""
    figure = Canvas(figsize=(5, 2), dpi=110, facecolor=facecolor)
    canvas = FigureCanvasAgg(figure)
    legend = figure.legend(keys, names, loc="center", frameon=False, **layout)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return px, tuple(Word(text.get_text(), _box(text.get_window_extent(), px)) for text in legend.get_texts())


def _box(extent, px):
    return Box(extent.x0, px.shape[0] - extent.y1, extent.x1, px.shape[0] - extent.y0)


def distance(lab, colour):
    return np.linalg.norm(to_lab(np.array([[to_rgb(colour)]]) * 255)[0, 0] - lab)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KEYS)
def test_each_label_has_its_key(kind, layout):
    entries = find_legend(*drawn(KEYS[kind], **LAYOUTS[layout]))
    assert [entry.label for entry in entries] == list(NAMES)
    for entry, key in zip(entries, KEYS[kind], strict=True):
        stroke = key[-1] if isinstance(key, tuple) else key
        colour = stroke.get_facecolor()[:3] if isinstance(stroke, Patch) else stroke.get_color()
        assert distance(entry.lab, colour) < 15
        assert entry.key.right < entry.text.left
        assert entry.key.top <= entry.text.centre[1] <= entry.key.bottom + 3


def names_at_ends(kinds, *, text, names=NAMES, apart=24):
    """Names in the colours of `text`, one close under the other, right of the last stretch of a band or of a line."""
    figure = Canvas(figsize=(4, 2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    texts = [figure.text(0.6, 0.7 - k * apart / 200, name, color=colour, fontsize=12, va="center") for k, (name, colour) in enumerate(zip(names, text, strict=True))]
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    for (half, colour), row in zip(kinds, (60, 60 + apart), strict=True):
        px[row - half : row + half + 1, 150:225] = np.round(255 * np.array(colour))
    return px, tuple(Word(text.get_text(), _box(text.get_window_extent(), px)) for text in texts)


def test_the_band_of_a_curve_is_no_key_of_the_name_beside_it():
    pale = [tuple(0.3 * np.array(to_rgb(colour)) + 0.7) for colour in COLOURS]
    assert find_legend(*names_at_ends([(3, colour) for colour in pale], text=COLOURS)) == ()
    assert len(find_legend(*names_at_ends([(1, to_rgb(colour)) for colour in COLOURS], text=COLOURS))) == 2


@pytest.mark.parametrize(("text", "labels"), [(COLOURS, []), (("black", "black"), ["Yes No"]), (("red", "red"), ["Yes No"])])
def test_two_lines_of_one_label_have_one_colour(text, labels):
    px, words = names_at_ends([(1, (1, 0, 0)), (0, (1, 1, 1))], text=text, names=("Yes", "No"), apart=16)
    px[56:78, 150:225] = 255
    px[68, 150:225] = (255, 0, 0)
    assert [entry.label for entry in find_legend(px, words)] == labels


@pytest.mark.parametrize("kind", ["solid", "dashed", "black", "thick", "plus marker"])
def test_the_dash_of_a_key_is_told(kind):
    dashes = [entry.dash for entry in find_legend(*drawn(KEYS[kind]))]
    assert dashes == ["dashed" if key.get_linestyle() == "--" else "solid" for key in KEYS[kind]]


def test_keys_on_a_grey_ground():
    entries = find_legend(*drawn(KEYS["solid"], facecolor="0.92"))
    assert [entry.label for entry in entries] == list(NAMES)
    assert all(distance(entry.lab, colour) < 15 for entry, colour in zip(entries, COLOURS, strict=True))


def test_a_label_of_two_words_is_one():
    px, words = drawn(KEYS["solid"][:1], names=("Drug B",))
    box = words[0].box
    middle = box.left + 0.68 * box.width
    halves = (Word("Drug", Box(box.left, box.top, middle, box.bottom)), Word("B", Box(middle + 4, box.top, box.right, box.bottom)))
    assert [entry.label for entry in find_legend(px, halves)][0] == "Drug B"


@pytest.mark.parametrize("name", ["Censored", "Log-rank P = 0.03", "HR = 0.72", "P < 0.001", "95% CI 0.5-0.9"])
def test_statistics_and_censor_keys_are_no_arms(name):
    assert find_legend(*drawn(KEYS["solid"], names=(name, "Placebo")))[0].label == "Placebo"


def test_an_arm_and_its_censored_patients_are_one_entry():
    names = ("Nivolumab", "Placebo", "Nivolumab-censored", "Placebo-censored")
    entries = find_legend(*drawn(KEYS["solid"] + KEYS["bar marker"], names=names))
    assert [entry.label for entry in entries] == list(NAMES)


def test_the_key_of_censored_patients_names_their_arm_where_that_has_none():
    entries = find_legend(*drawn(KEYS["plus marker"], names=("Nivolumab-censored", "Placebo (censored)")))
    assert [entry.label for entry in entries] == list(NAMES)


def test_a_pale_key_on_the_patch_of_its_band_leads_nowhere():
    keys = [(Patch(color=colour, alpha=0.25, lw=0), line(colour, alpha=0.55)) for colour in COLOURS]
    entries = find_legend(*drawn(keys, handleheight=2.4, handlelength=2.4))
    assert [entry.label for entry in entries] == list(NAMES)
    assert not any(entry.hanging for entry in entries)


def test_a_long_key_is_a_key():
    entries = find_legend(*drawn(KEYS["solid"], handlelength=5.5))
    assert [entry.label for entry in entries] == list(NAMES)


def test_words_without_a_key_are_no_entries():
    _, words = drawn(KEYS["solid"])
    assert find_legend(np.full((220, 550, 3), 255, np.uint8), words) == ()


def test_doubtful_and_upright_words_are_no_entries():
    px, (first, second) = drawn(KEYS["solid"])
    assert find_legend(px, (Word(first.text, first.box, 0.3), Word(second.text, second.box, 1.0, True))) == ()


# the words the reader makes of a legend on one line: strokes read as dashes, or passed over
@pytest.mark.parametrize("kind", ["solid", "dashed", "plus marker"])
@pytest.mark.parametrize("text", ["— Nivolumab — Placebo", "-Nivolumab-—-Placebo", "NivolumabPlacebo"])
def test_words_are_split_at_the_keys_within_them(kind, text):
    px, (first, second) = drawn(KEYS[kind], ncol=2, columnspacing=0.5, handletextpad=0.2)
    whole = Word(text, Box(first.box.left - 42, first.box.top, second.box.right, first.box.bottom), 0.9)
    parts = split_at_keys(px, (whole,))
    assert [part.text for part in parts] == list(NAMES)
    assert [entry.label for entry in find_legend(px, parts)] == list(NAMES)


def test_a_word_is_split_at_short_keys_with_a_mark_as_a_recogniser_boxes_them():
    keys = [line(colour, marker="+", ms=9) for colour in COLOURS]
    px, (first, second) = drawn(keys, ncol=2, columnspacing=0.8, handletextpad=0.6, handlelength=1.45)
    whole = Word("Nivolumab Placebo", Box(first.box.left - 28, first.box.top - 4, second.box.right + 3, first.box.bottom + 4), 0.9)
    assert [part.text for part in split_at_keys(px, (whole,))] == list(NAMES)


def test_what_is_left_of_a_split_word_within_another_word_is_dropped():
    px, (first, second) = drawn(KEYS["solid"], ncol=2, columnspacing=0.5, handletextpad=0.2)
    whole = Word("— Nivolumab — P", Box(first.box.left - 42, first.box.top, second.box.left + 12, first.box.bottom), 0.9)
    assert [part.text for part in split_at_keys(px, (whole, second))] == list(NAMES)


def test_one_sign_higher_than_wide_goes_on_a_label_that_ends_with_a_dash():
    label = Word("4-", Box(10, 10, 24, 26), 0.9), Word("9", Box(25, 10, 34, 26), 0.9, vertical=True)
    assert as_one(on_the_line(label[0], label)).text == "4-9"
    assert as_one([Word("Arm", Box(10, 10, 40, 26)), Word("A", Box(44, 10, 54, 26))]).text == "Arm A"


@pytest.mark.parametrize("kind", KEYS)
def test_words_without_strokes_stay_as_they_are(kind):
    px, words = drawn(KEYS[kind])
    assert split_at_keys(px, words) == words


@pytest.mark.parametrize("text", ["Placebo", "Drug A (n=120)", "5-FU", "A", "12", "High risk", "T+DM1", "Arm 2", "对照组", "治疗"])
def test_what_can_name_an_arm(text):
    assert is_label(text)


@pytest.mark.parametrize("text", ["0.75", "1.0", "P = 0.03", "p<0.001", "95% CI", "HR 0.72", "n", "+ Censored", "Log-rank", "—", "50.5%", "(", "十十一", "口", "组", "xxxxxxxx", "xx× xx"])
def test_what_cannot_name_an_arm(text):
    assert not is_label(text)


def test_what_follows_a_colon_or_is_a_statistic_is_no_part_of_the_label():
    px, words = drawn(KEYS["solid"], names=("1: HR 1.45 [0.98, 2.13]", "2:"))
    (box, second) = (words[0].box, words[1])
    cut = box.left + 0.13 * box.width
    apart = (Word("1:", Box(box.left, box.top, cut, box.bottom)), Word("HR 1.45 [0.98, 2.13]", Box(cut + 3, box.top, box.right, box.bottom)))
    assert [entry.label for entry in find_legend(px, (*apart, second))] == ["1", "2"]


def test_shapes_that_show_faintly_through_the_ground_do_not_hide_a_key():
    px, words = drawn(KEYS["solid"])
    key = find_legend(px, words)[0].key
    left, right = int(key.left) - 6, int(words[0].box.right)
    px[:, :left] = (200, 230, 200)
    ghost = px[int(words[0].box.top) : int(words[0].box.bottom) + 1, left:right]
    ghost[::2][(ghost[::2] > 250).all(axis=2)] = (225, 215, 215)
    ghost[: len(ghost) // 4, : int(key.right) - left + 8] = (225, 215, 215)
    assert [entry.label for entry in find_legend(px, words)] == list(NAMES)


def test_a_key_of_two_dashes_stands_apart_from_the_label_before_it():
    keys = [line("black", lw=4), line("black", lw=4, linestyle=(0, (1, 1.4)))]
    px, words = drawn(keys, names=("age", "karno"), ncol=2, columnspacing=0.6)
    assert [(entry.label, entry.dash) for entry in find_legend(px, words)] == [("age", "solid"), ("karno", "dotted")]


@pytest.mark.parametrize(("kind", "dash"), [("black", "dashed"), ("solid", "solid")])
def test_the_frame_of_a_legend_and_the_tick_of_an_axis_are_no_dashes_of_a_key(kind, dash):
    bare, words = drawn(KEYS[kind])
    second = find_legend(bare, words)[1]
    left = int(second.key.left)
    px = bare.copy()
    px[:, left - 8 : left - 6] = 0
    px[int(second.key.top) : int(second.key.bottom) + 1, left - 6 : left - 4] = 0
    found = find_legend(px, words)[1]
    assert (found.key.left, found.dash) == (second.key.left, dash)


def test_the_end_of_a_curve_is_no_key_for_another_panel():
    px, words = drawn(KEYS["solid"])
    colour = np.array(to_rgb(COLOURS[1])) * 255
    key = find_legend(px, words)[1].key
    px[int(key.top) - 9 : int(key.bottom), int(key.left) - 1 : int(key.left) + 1] = colour
    px[int(key.top) - 9 : int(key.top) - 7, int(key.left) - 30 : int(key.left)] = colour
    entries, box = find_legend(px, words), Box(600, 10, 900, 200)
    assert [entry.hanging for entry in entries] == [False, True]
    assert [entry.label for entry in usable_entries(entries, box, (box, Box(0, 0, 549, 219)))] == []
    assert len(usable_entries(entries, Box(0, 0, 549, 219), (box, Box(0, 0, 549, 219)))) == 2
    ends_here = Box(0, 0, key.right + 3, 219)
    assert len(usable_entries(entries, ends_here, (ends_here, box))) == 2


def test_a_key_shorter_than_a_line_of_text_is_one_for_the_blanks_around_it():
    px, (first, second) = drawn(KEYS["plus marker"], ncol=2, columnspacing=0.6, handletextpad=0.6, handlelength=1.1)
    whole = Word("NivolumabPlacebo", Box(first.box.left, first.box.top - 8, second.box.right, first.box.bottom + 8), 0.9)
    assert [part.text for part in split_at_keys(px, (whole,))] == list(NAMES)


@pytest.mark.parametrize("name", ["Grade II (n = 444)", "n = 44 = 4", "Lev - 5FU", "T-DM1"])
def test_signs_between_letters_are_no_keys(name):
    px, words = drawn(KEYS["solid"], names=(name, "Placebo"))
    named = (Word(name, words[0].box), words[1])
    assert split_at_keys(px, named) == named


def test_a_coloured_name_before_an_axis_line_is_no_key():
    px, words = drawn([line("white"), line("white")], names=("sex=1", "sex=2"), labelcolor=["#F8766D", "#00BFC4"])
    box = words[0].box
    beside = Box(box.left, box.top, box.right + 9, box.bottom)
    px[int(box.top) - 9 : int(box.bottom) + 9, int(box.right) + 5 : int(box.right) + 7] = 0
    px[int(box.centre[1]), int(box.right) + 2 : int(box.right) + 6] = 60
    word = Word("sex=1", beside)
    assert split_at_keys(px, (word,)) == (word,)


def _arm(colour, dash):
    return SimpleNamespace(lab=to_lab(np.array([[to_rgb(colour)]]) * 255)[0, 0], dash=dash, pattern=DashPattern(dash))


def _entry(label, colour, dash, left=300.0, top=20.0):
    return LegendEntry(label, _arm(colour, dash).lab, DashPattern(dash), Box(left - 40, top, left - 10, top + 3), Box(left, top - 6, left + 50, top + 8))


def test_a_legend_of_dashes_beside_one_of_colours_names_arms_of_one_colour():
    entries = (_entry("T1", "tab:blue", "solid"), _entry("T2", "tab:red", "solid"), _entry("age", "k", "solid"), _entry("karno", "k", "dashed"))
    matched = match_legend((_arm("tab:blue", "dashed"), _arm("tab:blue", "solid")), entries)
    assert {i: match.entry.label for i, match in matched.items()} == {0: "karno", 1: "age"}


def test_arms_of_two_colours_are_named_by_colour_whatever_their_dash():
    entries = (_entry("A", "tab:blue", "solid"), _entry("B", "tab:red", "solid"), _entry("age", "k", "solid"), _entry("karno", "k", "dashed"))
    matched = match_legend((_arm("tab:red", "dashed"), _arm("tab:blue", "solid")), entries)
    assert {i: match.entry.label for i, match in matched.items()} == {0: "B", 1: "A"}


def test_an_axis_with_its_ticks_is_no_key_and_numbers_of_a_table_are_no_labels():
    box = Box(100, 10, 400, 200)
    on_axis, numbers, true = _entry("Drug versus placebo", "k", "solid", left=112.0), _entry("42 17", "k", "solid"), _entry("A", "tab:red", "solid")
    assert usable_entries((on_axis, numbers, true), box, (box,)) == (true,)


def test_a_key_that_shows_one_dash_of_a_long_pattern_is_found_beside_whole_ones():
    long = line("0.2", lw=3, linestyle=(0, (1.1, 20)))
    px, words = drawn([line("0.8", lw=3), line("0.5", lw=3), long], names=("Stage 1", "Stage 2", "Stage 3"), ncol=3, handlelength=1.4)
    found = {entry.label: entry.lab for entry in find_legend(px, words)}
    assert list(found) == ["Stage 1", "Stage 2", "Stage 3"]
    assert distance(found["Stage 3"], "0.2") < 8
    alone, word = drawn([long], names=("Stage 3",), handlelength=1.4)
    assert find_legend(alone, word) == ()


def test_the_width_of_a_key_is_that_of_its_line():
    px, words = drawn([line("k", lw=1), line("k", lw=3)])
    thin, broad = (entry.thickness for entry in find_legend(px, words))
    assert (thin, broad) == pytest.approx((1.9, 4.6), abs=0.4)  # 1.5 and 4.6 px; the pale edges of a line count for more in CIELAB
    assert broad > 2 * thin
