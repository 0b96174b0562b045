"""By law and by truth: the dash pattern of a line, and of a key drawn with it."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from ipdrecon.figure.dashes import DashPattern, pattern_of
from ipdrecon.figure.legend import find_legend
from ipdrecon.model import Box, Word

KINDS = {"-": "solid", "--": "dashed", ":": "dotted", "-.": "dash-dotted"}


def strokes(*lengths, repeat=8):
    """Ink and paper by turns, ink first, over and over."""
    return np.tile(np.concatenate([np.full(length, i % 2 == 0) for i, length in enumerate(lengths)]), repeat)


@pytest.mark.parametrize(("lengths", "kind"), [((9,), "solid"), ((12, 5), "dashed"), ((3, 5), "dotted"), ((19, 5, 3, 5), "dash-dotted")])
def test_the_kind_of_a_pattern_and_its_lengths(lengths, kind):
    pattern = pattern_of(strokes(*lengths), 3.0)
    assert pattern.kind == kind
    assert (pattern.stroke, pattern.gap) == ((lengths[0], lengths[1]) if len(lengths) > 1 else (0.0, 0.0))


@pytest.mark.parametrize("lengths", [(12, 5), (3, 5), (19, 5, 3, 5)])
def test_what_is_hidden_does_not_change_the_kind(lengths):
    inked = strokes(*lengths, repeat=12)
    known = np.ones(len(inked), bool)
    known[40:75] = False
    hidden = np.where(known, inked, True)
    assert pattern_of(hidden, 3.0, known=known) == pattern_of(inked, 3.0)


def test_a_flaw_of_one_pixel_is_no_gap():
    inked = strokes(12, 5)
    inked[4] = False
    assert pattern_of(inked, 3.0) == pattern_of(strokes(12, 5), 3.0)


def test_unlikeness_is_none_to_itself_mutual_and_greatest_between_broken_and_unbroken():
    patterns = [DashPattern("solid"), DashPattern("dashed", 12, 5), DashPattern("dashed", 24, 5), DashPattern("dotted", 3, 5)]
    unlike = np.array([[one.unlike(other) for other in patterns] for one in patterns])
    assert (np.diag(unlike) == 0).all()
    assert np.allclose(unlike, unlike.T)
    assert (unlike[0, 1:] == unlike.max()).all()
    assert 0 < unlike[1, 2] < unlike[1, 3] < 1


# dots of one pixel, two pixels apart, run into each other
@pytest.mark.parametrize(("width", "dpi"), [(1.2, 150), (2.0, 90), (2.0, 150), (3.0, 90), (3.0, 150)])
def test_the_four_usual_dashes_of_keys_are_told(width, dpi):
    figure = Canvas(figsize=(5, 2), dpi=dpi)
    canvas = FigureCanvasAgg(figure)
    keys = [Line2D([], [], color="black", linestyle=style, lw=width) for style in KINDS]
    legend = figure.legend(keys, [f"Group {i}" for i in range(len(keys))], loc="center", frameon=False, handlelength=4)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    extents = [text.get_window_extent() for text in legend.get_texts()]
    words = tuple(Word(f"Group {i}", Box(e.x0, px.shape[0] - e.y1, e.x1, px.shape[0] - e.y0)) for i, e in enumerate(extents))
    assert [entry.dash for entry in find_legend(px, words)] == list(KINDS.values())
