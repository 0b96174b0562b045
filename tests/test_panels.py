"""Plotting boxes: what is none must be refused, and letters name what they stand beside."""

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ipdrecon.errors import PanelError
from ipdrecon.figure.edges import find_edge
from ipdrecon.figure.labels import parse_number
from ipdrecon.figure.panels import _names, find_panels
from ipdrecon.figure.text import read_words
from ipdrecon.model import Box, Word


def _page_of_text():
    px = np.full((700, 900, 3), 255, np.uint8)
    for line in range(18):
        text = f"{line + 1}. In 20{line:02d} there were {137 - 5 * line} patients at {3 + line} sites"
        cv2.putText(px, text, (40, 40 + 35 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1, cv2.LINE_AA)
    return px


def _photograph():
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    return cv2.GaussianBlur(cv2.resize(noise, (800, 600), interpolation=cv2.INTER_CUBIC), (15, 15), 0)


def _bars_without_axis():
    figure = Figure(figsize=(6, 4), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bars = axes.bar(["Placebo", "Low dose", "High dose"], [31, 44, 27])
    axes.bar_label(bars)
    axes.set_axis_off()
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


@pytest.mark.parametrize("draw", [_page_of_text, _photograph, _bars_without_axis])
def test_what_is_no_plot_is_refused(draw):
    px = draw()
    with pytest.raises(PanelError, match="No plotting box was found.*expected.*Crop the figure"):
        find_panels(px, read_words(px))


def _word(text, left, top):
    return Word(text, Box(left, top, left + 15, top + 15))


SIDE_BY_SIDE = [Box(100, 100, 400, 300), Box(600, 100, 900, 300)]


def test_letters_name_their_panels():
    assert _names(SIDE_BY_SIDE, [_word("(c)", 60, 60), _word("d", 560, 62)]) == ["C", "D"]


def test_a_letter_read_wrongly_is_mended_by_its_place():
    boxes = [*SIDE_BY_SIDE, Box(100, 600, 400, 800)]
    words = [_word("A", 60, 60), _word("8", 560, 62), _word("C)", 60, 560)]
    assert _names(boxes, words) == ["A", "B", "C"]


def test_without_letters_panels_are_numbered():
    assert _names(SIDE_BY_SIDE, [_word("Placebo", 60, 60)]) == ["1", "2"]
    assert _names(SIDE_BY_SIDE[:1], []) == ["1"]


def test_a_single_panel_may_carry_a_letter():
    assert _names(SIDE_BY_SIDE[:1], [_word("b", 70, 70)]) == ["B"]


def _without_axis_lines(direction):
    figure = Figure(figsize=(6, 4), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 5, 11, 18, 24], [1, 0.9, 0.7, 0.55, 0.4], where="post", color="firebrick")
    axes.set(xlim=(0, 25), ylim=(0, 1.03), xticks=range(0, 25, 6))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(direction=direction, length=5, pad=5)
    axes.spines[:].set_visible(False)
    canvas.draw()
    (left, bottom), (_, top) = axes.transData.transform([(0, 0), (24, 1)])
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy(), left, figure.bbox.height - bottom, figure.bbox.height - top


@pytest.mark.parametrize("direction", ["out", "in"])
def test_a_box_without_axis_lines_begins_at_the_tick_marks(direction):
    px, left, bottom, top = _without_axis_lines(direction)
    (panel,) = find_panels(px, read_words(px))
    assert abs(panel.box.left - left) < 2
    assert abs(panel.box.bottom - bottom) < 2
    assert panel.box.top < top


def test_labels_without_line_and_marks_are_no_box():
    px, left, bottom, _ = _without_axis_lines("out")
    words = read_words(px)
    px[round(bottom) : round(bottom) + 8] = 255
    px[:, round(left) - 8 : round(left)] = 255
    with pytest.raises(PanelError, match="No plotting box was found"):
        find_panels(px, words)


@pytest.mark.parametrize(("text", "value"), [("100%-", 100.0), ("0.0¬", 0.0), ("25 % -", 25.0)])
def test_a_tick_mark_read_after_a_number_is_left_out(text, value):
    assert parse_number(text)[0][0] == value


def test_the_axis_line_is_found_beside_the_column_when_the_first_of_three_labels_is_not_read():
    figure = Figure(figsize=(6, 4), dpi=160)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 5, 11, 18, 24], [1, 0.9, 0.7, 0.55, 0.4], where="post")
    axes.set(xlim=(0, 25), ylim=(0, 1.03), xticks=[0, 12, 24], yticks=[0.2, 0.4, 0.6, 0.8, 1])
    axes.spines[["top", "right"]].set_visible(False)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    (panel,) = find_panels(px, [word for word in read_words(px) if word.text != "0"])
    assert abs(panel.box.left - axes.transAxes.transform((0, 0))[0]) < 2


def test_a_band_does_not_end_a_box_whose_lowest_label_is_not_read():
    figure = Figure(figsize=(6, 4), dpi=160)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 3, 24], [100, 40, 15], where="post")
    axes.fill_between([0, 3, 24], [100, 8, 5], [100, 50, 22], step="post", alpha=0.3, linewidth=0)
    axes.set(xlim=(0, 25), ylim=(-3, 103), xticks=range(0, 25, 6), yticks=[0, 25, 50, 75, 100])
    axes.spines[:].set_visible(False)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    bottom = figure.bbox.height - axes.transAxes.transform((0, 0))[1]
    left = axes.transAxes.transform((0, 0))[0]
    (panel,) = find_panels(px, [word for word in read_words(px) if word.text != "0" or word.box.right > left])
    assert abs(panel.box.bottom - bottom) < 2


@pytest.mark.parametrize("dashes", ["-", "--"])
def test_a_box_whose_axis_line_ends_at_the_last_tick_goes_on_as_far_as_the_curves(dashes):
    figure = Figure(figsize=(6, 4), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 5, 11, 18, 23], [1, 0.9, 0.7, 0.55, 0.55], dashes, where="post", color="black")
    axes.set(xlim=(-1, 24), ylim=(0, 1.03), xticks=[0, 10, 20], yticks=[0, 0.25, 0.5, 0.75, 1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines["bottom"].set_bounds(0, 20)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    (panel,) = find_panels(px, read_words(px))
    assert abs(panel.box.right - axes.transData.transform((23, 0))[0]) < 8


def _incidence_above_its_axis_line(last, title):
    figure = Figure(figsize=(6, 4), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 5, 11, 16, 23], [0, 0.1, 0.35, last, last], where="post", color="navy")
    axes.set(xlim=(-1, 24), ylim=(0, 0.66), xticks=[0, 8, 16, 24], yticks=[0, 0.2, 0.4, 0.6])
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines["left"].set_bounds(0, 0.6)
    axes.text(12, 0.62, title, ha="center", fontsize=12)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    (panel,) = find_panels(px, read_words(px))
    return panel.box.top, figure.bbox.height - axes.transData.transform((0, last))[1]


def test_a_box_whose_axis_line_ends_below_the_curves_goes_on_up_to_them_and_not_to_a_title():
    top, highest = _incidence_above_its_axis_line(0.645, "")
    assert abs(top - highest) < 3
    bare, highest = _incidence_above_its_axis_line(0.58, "")
    titled, _ = _incidence_above_its_axis_line(0.58, "Cumulative incidence of relapse by arm")
    assert bare <= titled < highest


@pytest.mark.parametrize("first", [True, False])
def test_a_thin_faint_gridline_whose_ink_two_rows_share_ends_a_plot_that_has_no_axis(first):
    px = np.full((60, 200, 3), 254, np.uint8)
    px[30], px[31] = (240, 247) if first else (247, 240)
    edge = find_edge(px, (59, 5), (10, 190))
    assert edge is not None and edge.drawn and edge.centre == pytest.approx(30 if first else 31, abs=0.5)


def test_a_faint_line_does_not_stand_for_a_strong_one_within():
    px = np.full((60, 200, 3), 254, np.uint8)
    px[20], px[31], px[32] = 0, 244, 249
    assert find_edge(px, (59, 5), (10, 190)).centre == pytest.approx(20)


def test_signs_of_numbers_printed_upwards_that_count_evenly_by_chance_are_no_labels():
    figure = Figure(figsize=(8, 6), dpi=150)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 5, 11, 18, 24], [100, 90, 70, 55, 40], where="post")
    axes.set(xlim=(-1, 25), ylim=(-4, 104), xticks=range(0, 25, 6))
    axes.set_yticks([0, 25, 50, 75, 100], [f"{value} %" for value in (0, 25, 50, 75, 100)], rotation=90, va="center", fontsize=14)
    axes.grid(axis="y", color="0.92")
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    left, bottom = axes.transAxes.transform((0, 0))
    rows = [figure.bbox.height - axes.transData.transform((0, value))[1] for value in (100, 75, 50)]
    level = [word for word in read_words(px) if word.box.left > left - 10 and not word.vertical]
    signs = [_lying(text, left - 20, row) for text, row in zip(("10", "5", "0"), rows, strict=True)]
    (panel,) = find_panels(px, [*level, *signs])
    assert abs(panel.box.bottom - (figure.bbox.height - bottom)) < 3


def _lying(text, px, py):
    """A number printed upwards, as read: sign by sign, each wider than tall, or whole."""
    half = (9, 22) if len(text) > 1 else (14, 9)
    return Word(text, Box(px - half[0], py - half[1], px + half[0], py + half[1]), 0.9, vertical=len(text) > 1)
