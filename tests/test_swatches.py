"""Keys that are no strokes left of their names: squares and discs of one size, and strokes that stand right of the names."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ipdrecon.figure.colour import to_lab
from ipdrecon.figure.legend import find_legend
from ipdrecon.model import Box, Word

NAMES = ("Sorafenib", "Lenvatinib", "Best care")
COLOURS = ("tab:blue", "tab:red", "black")


def _drawn(keys, **look):
    """A legend, and the words of its labels."""
    figure = Figure(figsize=(4, 2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    legend = figure.legend(keys, NAMES[: len(keys)], loc="center", frameon=False, **look)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    boxes = [text.get_window_extent() for text in legend.get_texts()]
    return px, tuple(Word(text.get_text(), Box(e.x0, px.shape[0] - e.y1, e.x1, px.shape[0] - e.y0)) for text, e in zip(legend.get_texts(), boxes, strict=True))


def _signs(marker, colours=COLOURS, size=6.5):
    return [Line2D([], [], color=colour, marker=marker, ls="none", ms=size) for colour in colours]


def _apart(lab, colour):
    return np.linalg.norm(to_lab(np.array([[to_rgb(colour)]]) * 255)[0, 0] - lab)


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("marker", ["s", "o"])
def test_squares_and_discs_of_several_colours_are_keys(marker, columns):
    entries = find_legend(*_drawn(_signs(marker), ncol=columns))
    assert sorted(entry.label for entry in entries) == sorted(NAMES)
    assert all(_apart(entry.lab, COLOURS[NAMES.index(entry.label)]) < 15 for entry in entries)


@pytest.mark.parametrize("signs", [_signs("o", COLOURS[:1]), _signs("o", ("black", "black")), _signs("$B$"), _signs("$O$")], ids=["one", "alike", "B", "O"])
def test_a_lone_disc_two_alike_and_letters_are_no_keys(signs):
    assert find_legend(*_drawn(signs)) == ()


@pytest.mark.parametrize("style", [("-", "-", "-"), ("-", "--", ":")])
def test_strokes_right_of_a_column_of_names_are_their_keys(style):
    colours = COLOURS if len(set(style)) == 1 else ("black",) * 3
    entries = find_legend(*_drawn([Line2D([], [], color=colour, ls=dash, lw=1.6) for colour, dash in zip(colours, style, strict=True)], markerfirst=False, handlelength=3.5))
    assert sorted(entry.label for entry in entries) == sorted(NAMES)
    assert all(entry.key.left > entry.text.right for entry in entries)
    assert all(_apart(entry.lab, colours[NAMES.index(entry.label)]) < 15 for entry in entries)


def test_strokes_of_one_look_right_of_names_are_no_keys():
    assert find_legend(*_drawn([Line2D([], [], color="black", lw=1.6)] * 3, markerfirst=False)) == ()


@pytest.mark.parametrize("marker", ["|", "+"])
def test_a_mark_higher_than_the_text_leads_nowhere(marker):
    entries = find_legend(*_drawn([Line2D([], [], color=colour, marker=marker, ms=26, lw=1.2) for colour in COLOURS[:2]], ncol=2, handlelength=4))
    assert [entry.label for entry in entries] == list(NAMES[:2])
    assert not any(entry.hanging for entry in entries)


def test_what_leads_up_from_the_end_of_a_stroke_is_no_mark():
    px, words = _drawn([Line2D([], [], color=colour, lw=1.6) for colour in COLOURS])
    first = next(entry for entry in find_legend(px, words) if entry.label == NAMES[0])
    row, column = int(first.key.centre[1]), int(first.key.left)
    px[row - 20 : row + 1, column : column + 2] = px[row, column + 6]
    assert next(entry for entry in find_legend(px, words) if entry.label == NAMES[0]).hanging


def test_a_mark_read_as_a_digit_is_no_label_of_its_own():
    px, words = _drawn([Line2D([], [], color=colour, marker="|", ms=16, lw=1.2) for colour in COLOURS], handlelength=4)
    keys = [entry.key for entry in find_legend(px, words)]
    marks = tuple(Word("1", Box(key.centre[0] - 2, key.centre[1] - 8, key.centre[0] + 2, key.centre[1] + 8), 0.6) for key in keys)
    assert sorted(entry.label for entry in find_legend(px, (*words, *marks))) == sorted(NAMES)


def test_a_word_at_the_edge_of_the_picture_has_no_key():
    words = tuple(Word(name, Box(left, top, left + 60, top + 14)) for name, left, top in (("Sorafenib", -1, 20), ("Lenvatinib", 0, 40), ("Best care", 3, -2)))
    assert find_legend(np.full((80, 120, 3), 255, np.uint8), words) == ()
