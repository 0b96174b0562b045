"""Labels that the reader passes over are read where their keys stand, evenly with the others; nothing is made up where none stands."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ipdrecon.figure.digitisation import _legend
from ipdrecon.figure.legend import find_legend
from ipdrecon.model import Box, Word

COLOURS = ("tab:red", "tab:green", "tab:blue", "tab:orange")


def _drawn(names, **look):
    """A legend in one column, and the words of its labels."""
    figure = Figure(figsize=(3, 2.2), dpi=110)
    canvas = FigureCanvasAgg(figure)
    keys = [Line2D([], [], color=colour, lw=1.8) for colour in COLOURS[: len(names)]]
    legend = figure.legend(keys, names, loc="center", **{"frameon": False} | look)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    extents = [text.get_window_extent() for text in legend.get_texts()]
    return px, [Word(name, Box(e.x0, px.shape[0] - e.y1, e.x1, px.shape[0] - e.y0), 1.0) for name, e in zip(names, extents, strict=True)]


@pytest.mark.parametrize("missed", range(4))
@pytest.mark.parametrize("names", [("0", "1", "2", "3"), ("A", "B", "C", "D"), ("Low", "Middle", "High", "Highest")])
def test_a_label_without_a_word_is_read_beside_its_key(names, missed):
    px, words = _drawn(names)
    found = find_legend(px, tuple(word for k, word in enumerate(words) if k != missed))
    assert sorted(entry.label for entry in found) == sorted(names)


def test_one_between_two_is_read():
    px, words = _drawn(("0", "1", "2"))
    assert sorted(entry.label for entry in find_legend(px, (words[0], words[2]))) == ["0", "1", "2"]


@pytest.mark.parametrize("title", [None, "Grade"])
def test_a_whole_legend_gets_no_more(title):
    px, words = _drawn(("Low", "Middle", "High"), title=title)
    assert [entry.label for entry in find_legend(px, tuple(words))] == ["Low", "Middle", "High"]


@pytest.mark.parametrize("crossed", range(3))
def test_a_curve_that_runs_into_a_key_does_not_lend_it_its_colour(crossed):
    px, words = _drawn(("Low", "Middle", "High"))
    clean = find_legend(px, tuple(words))
    key = clean[crossed].key
    row, strange = int(key.centre[1]), (0, 114, 178)
    px[row - 5 : row - 2, int(key.left) - 40 : int(key.left) + 6] = strange
    px[row - 3 : row + 4, int(key.left) + 3 : int(key.left) + 6] = strange
    px[row + 3 : row + 6, int(key.left) + 3 : int(key.right) + 30] = strange
    found = find_legend(px, tuple(words))
    assert sorted(entry.label for entry in found) == ["High", "Low", "Middle"]
    for entry, other in zip(sorted(found, key=lambda one: one.key.top), clean, strict=True):
        assert abs(entry.key.left - other.key.left) <= 3
        assert np.linalg.norm(entry.lab - other.lab) < 12


def test_digits_read_as_one_upright_word_are_labels_each(monkeypatch):
    px, words = _drawn(("0", "1", "2"), labelspacing=0.1, handletextpad=0.35)
    upper, lower = words[1].box, words[2].box
    stacked = Word("12", Box(upper.left, upper.top, upper.right, lower.bottom), 1.0, True)
    line = Word("Time", Box(2, 2, 2 + 3 * upper.height, 2 + upper.height), 1.0)
    sheet = SimpleNamespace(figure=SimpleNamespace(px=px))
    monkeypatch.setattr("ipdrecon.figure.digitisation.exact_entries", lambda legend, sheet, words: legend)
    assert sorted(entry.label for entry in _legend(sheet, (line, stacked))) == ["0", "1", "2"]


def test_a_key_without_a_label_makes_none():
    px, words = _drawn(("Low", "Middle", "High"))
    box = words[1].box
    px[int(box.top) - 2 : int(box.bottom) + 3, int(box.left) - 2 :] = 255
    assert sorted(entry.label for entry in find_legend(px, (words[0], words[2]))) == ["High", "Low"]


def test_a_label_whose_box_begins_elsewhere_is_not_read_twice():
    px, words = _drawn(("Low", "Middle", "High"))
    box = words[1].box
    loose = Word("Middle", Box(box.left - 0.45 * box.height, box.top, box.right, box.bottom), 1.0)
    found = find_legend(px, (words[0], loose, words[2]))
    assert sorted(entry.label for entry in found) == ["High", "Low", "Middle"]
