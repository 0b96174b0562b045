"""By truth: names drawn beside curves are tied to them by colour, and by where the curves end."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Canvas

from ipdrecon.figure.beside import _end_of_line, is_struck_through, names_beside
from ipdrecon.figure.colour import to_lab
from ipdrecon.figure.naming import ArmName, with_insets
from ipdrecon.figure.unread import find_unread_at_ends
from ipdrecon.model import Box, Word

WIDE, HIGH = 500, 300
BOX = Box(0, 0, WIDE, HIGH)
PLOT = SimpleNamespace(left=0, top=0, row_to_py=lambda rows: np.asarray(rows, float))


def curve(row, last, colour="black"):
    """An arm that runs level at a row to its last column."""
    leave = np.full(last + 1, row)
    own = np.zeros((HIGH, WIDE), np.float32)
    own[row, : last + 1] = 1
    return SimpleNamespace(lab=to_lab(np.array([[to_rgb(colour)]]) * 255)[0, 0], path=SimpleNamespace(first=0, last=last, enter=leave, leave=leave), own=own)


def drawn(arms, texts):
    """The picture of arms and of texts, each ``(text, px, py, colour)``; and the words, whose places the drawing tells."""
    figure = Canvas(figsize=(WIDE / 100, HIGH / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDE), ylim=(HIGH, 0))
    axes.set_axis_off()
    placed = [axes.text(px, py, text, color=colour, va="center", fontsize=11) for text, px, py, colour in texts]
    for arm in arms:
        axes.plot([0, arm.path.last], [arm.path.leave[0]] * 2, color="grey", lw=1)
    canvas.draw()
    boxes = [text.get_window_extent() for text in placed]
    words = tuple(Word(text.get_text(), Box(box.x0, HIGH - box.y1, box.x1, HIGH - box.y0)) for text, box in zip(placed, boxes, strict=True))
    return np.asarray(canvas.buffer_rgba())[..., :3].copy(), words


def named(arms, texts):
    px, words = drawn(arms, texts)
    return {i: match.word.text for i, match in names_beside(px, words, BOX, PLOT, arms).items()}


def test_the_colour_of_text_goes_before_nearness():
    arms = (curve(100, 300, "tab:red"), curve(130, 300, "tab:blue"))
    assert named(arms, [("Drug A", 306, 100, "tab:blue"), ("Placebo", 306, 130, "tab:red")]) == {0: "Placebo", 1: "Drug A"}


def test_names_that_only_an_inset_prints_are_told_by_their_colour():
    arms = (curve(20, 480, "tab:red"), curve(30, 480, "tab:blue"))
    texts = [("Placebo", 300, 160, "tab:blue"), ("Drug A", 300, 200, "tab:red"), ("Drug B", 300, 240, "black"), ("Other", 10, 280, "tab:red")]
    px, words = drawn(arms, texts)
    inset = Box(150, 120, 290, 260)
    assert [name.label for name in with_insets(px, words, (inset,), arms, (ArmName(), ArmName()))] == ["Drug A", "Placebo"]
    kept = (ArmName("Legend", "legend", 1.0), ArmName())
    assert [name.label for name in with_insets(px, words, (inset,), arms, kept)] == ["Legend", "Placebo"]
    assert with_insets(px, words, (), arms, kept) == kept


def test_black_text_names_the_curve_that_ends_beside_it():
    arms = (curve(100, 300), curve(112, 420))
    assert named(arms, [("Drug A", 306, 104, "black"), ("Placebo", 426, 112, "black")]) == {0: "Drug A", 1: "Placebo"}


def test_a_name_has_its_second_line_but_no_result():
    arms = (curve(100, 300), curve(200, 300))
    texts = [("Drug A", 306, 100, "black"), ("plus drug B", 306, 117, "black"), ("Placebo", 306, 200, "black"), ("median 7.1 mo", 306, 217, "black")]
    assert named(arms, texts) == {0: "Drug A plus drug B", 1: "Placebo"}


def test_a_name_read_as_two_words_is_one():
    arms = (curve(100, 300),)
    px, (word,) = drawn(arms, [("Drug B", 306, 100, "black")])
    cut = word.box.left + 0.7 * word.box.width
    halves = (Word("Drug", Box(word.box.left, word.box.top, cut, word.box.bottom)), Word("B", Box(cut + 3, word.box.top, word.box.right, word.box.bottom)))
    assert names_beside(px, halves, BOX, PLOT, arms)[0].word.text == "Drug B"


def test_what_is_far_from_every_curve_names_none():
    assert named((curve(100, 300),), [("Overall survival", 150, 250, "black"), ("p = 0.03", 306, 100, "black")]) == {}


@pytest.mark.parametrize(("read", "name"), [("HH Placebo", "Placebo"), ("I+- Placebo", "Placebo"), ("High dose", "High dose"), ("T cells", "T cells")])
def test_marks_on_the_end_of_a_curve_are_no_letters(read, name):
    arms = (curve(100, 300),)
    px, (word,) = drawn(arms, [(name, 306, 100, "black")])
    words = (Word(read, Box(word.box.left - 30, word.box.top, word.box.right, word.box.bottom)),) if read != name else (word,)
    assert names_beside(px, words, BOX, PLOT, arms)[0].word.text == name


def test_two_names_as_near_to_two_curves_are_less_sure_than_those_apart():
    near, apart = ((curve(100, 300), curve(row, 300)) for row in (108, 200))
    sureness = []
    for arms in (near, apart):
        px, words = drawn(arms, [("Drug A", 306, 100, "black"), ("Placebo", 306, arms[1].path.leave[0], "black")])
        sureness.append(min(match.sureness for match in names_beside(px, words, BOX, PLOT, arms).values()))
    assert sureness[0] < sureness[1]


def test_only_a_line_that_goes_on_from_its_curve_ends_within_a_word():
    px = np.full((HIGH, WIDE, 3), 255, np.uint8)
    px[99:102, :301] = px[99:102, 308:331] = px[90:110, 345:348] = 0
    word = Box(304, 88, 370, 112)
    assert _end_of_line(px, word, 100.0, 300) == word.left
    px[99:102, 301:308] = 0
    assert _end_of_line(px, word, 100.0, 300) == 331


def test_what_a_curve_runs_through_all_along_is_no_name():
    place = Box(100, 93, 160, 107)
    assert is_struck_through(place, PLOT, (curve(100, 300),))
    assert not is_struck_through(place, PLOT, (curve(100, 120), curve(106, 300)))


def test_names_that_the_reader_passed_over_are_found_at_the_ends():
    arms = (curve(100, 300), curve(200, 350))
    px, words = drawn(arms, [("Drug A", 306, 100, "black"), ("Placebo", 356, 200, "black"), ("Months", 20, 280, "black")])
    found = find_unread_at_ends(px, words[2:], [(arm.path.last, float(arm.path.leave[-1])) for arm in arms])
    assert [word.text for word in found] == ["Drug A", "Placebo"]
