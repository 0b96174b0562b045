"""By truth: tables of numbers at risk drawn in the manners papers use, and read back."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from ipdrecon.figure.at_risk import find_table, tie_rows
from ipdrecon.figure.at_risk.grid import Line
from ipdrecon.figure.at_risk.rules import without_rules
from ipdrecon.figure.at_risk.text import Piece
from ipdrecon.figure.text import read_words
from ipdrecon.model import ArmLook, Axis, Box, Word

TIME = np.arange(0, 61, 12)
RISK = {"Placebo": [138, 77, 56, 33, 8, 1], "Drug B": [142, 103, 81, 60, 27, 5]}
CENSORED = {"Placebo": [0, 3, 4, 9, 21, 26], "Drug B": [0, 11, 20, 31, 58, 77]}
EVENTS = {"Placebo": [0, 58, 78, 96, 109, 111], "Drug B": [0, 28, 41, 51, 57, 60]}
RED, BLUE = (0.8, 0.1, 0.1), (0.1, 0.2, 0.8)


class Page:
    """A figure with one plot, in its upper half by default, and texts put below or above it at times and lines."""

    def __init__(self, *, left=0.2, width=0.75, size=(6.4, 4.8), dpi=110, bottom=0.45):
        self.figure = Canvas(figsize=size, dpi=dpi)
        FigureCanvasAgg(self.figure)
        self.axes = self.add_plot(left, width, bottom)

    def add_plot(self, left, width, bottom=0.45, height=0.5):
        axes = self.figure.add_axes((left, bottom, width, height))
        axes.set_xlim(-2, 64)
        axes.set_ylim(0, 1.05)
        axes.set_xticks(TIME)
        axes.set_xlabel("Time (months)")
        for slope, colour in ((0.03, RED), (0.015, BLUE)):
            axes.step(np.arange(61), np.exp(-slope * np.arange(61)), color=colour, where="post")
        return axes

    def write(self, time, py, text, axes=None, **look):
        axes = axes or self.axes
        px = axes.transData.transform((time, 0))[0] / self.figure.bbox.width
        self.figure.text(px, py, text, **{"ha": "center", "va": "center", "fontsize": 9} | look)

    def write_row(self, py, values, label="", axes=None, time=TIME, **look):
        for t, value in zip(time, values, strict=True):
            self.write(t, py, str(value), axes, **look)
        if label:
            left = (axes or self.axes).transData.transform((0, 0))[0] / self.figure.bbox.width
            self.figure.text(left - 0.04, py, label, ha="right", va="center", fontsize=9, **look)

    def render(self):
        self.figure.canvas.draw()
        return np.asarray(self.figure.canvas.buffer_rgba())[..., :3].copy()

    def place(self, axes=None):
        """Box and time axis in px, from the drawing itself."""
        axes = axes or self.axes
        height = self.figure.bbox.height
        bounds = axes.get_window_extent()
        box = Box(bounds.x0, height - bounds.y1, bounds.x1, height - bounds.y0)
        tick_px = axes.transData.transform([(t, 0) for t in TIME])[:, 0]
        slope, intercept = np.polyfit(tick_px, TIME, 1)
        return box, Axis(tick_px, TIME, slope, intercept)


def read(page, axes=None, others=()):
    px = page.render()
    return find_table(px, read_words(px), *page.place(axes), others=[page.place(other)[0] for other in others])


def check_risk(table, *, labels=tuple(RISK), time=TIME):
    assert [row.label.replace(" ", "") for row in table.rows] == [label.replace(" ", "") for label in labels]
    np.testing.assert_allclose(table.time, time)
    for row, truth in zip(table.rows, RISK.values(), strict=True):
        np.testing.assert_array_equal(row.n_risk, truth)


def test_rows_named_at_the_left_below_the_axis():
    page = Page()
    page.figure.text(0.03, 0.3, "Number at risk", fontsize=9)
    for k, (label, values) in enumerate(RISK.items()):
        page.write_row(0.25 - 0.05 * k, values, label)
    table = read(page)
    check_risk(table)
    assert not table.flags and len(table.cells) == 12


def test_numbers_in_brackets_are_what_the_header_says():
    page = Page()
    page.figure.text(0.03, 0.3, "Number at risk (events)", fontsize=9)
    for k, label in enumerate(RISK):
        cells = [f"{n} ({d})" for n, d in zip(RISK[label], EVENTS[label], strict=True)]
        page.write_row(0.25 - 0.05 * k, cells, label)
    table = read(page)
    check_risk(table)
    for row in table.rows:
        np.testing.assert_array_equal(row.n_event, EVENTS[row.label])
        assert row.n_censored is None


def test_blocks_of_three_rows():
    page = Page()
    py = 0.32
    for label in RISK:
        page.write(-8, py, label)
        for k, (kind, numbers) in enumerate((("At risk", RISK), ("Censored", CENSORED), ("Events", EVENTS))):
            page.write_row(py - 0.04 * (k + 1), numbers[label], kind)
        py -= 0.17
    table = read(page)
    check_risk(table)
    for row, label in zip(table.rows, RISK, strict=True):
        np.testing.assert_array_equal(row.n_censored, CENSORED[label])
        np.testing.assert_array_equal(row.n_event, EVENTS[label])


def test_a_row_of_censorings_in_brackets_under_each_row_is_no_arm():
    page = Page()
    page.write(-8, 0.34, "No. at risk", ha="right")
    for py, arm in zip((0.28, 0.18), RISK, strict=True):
        page.write_row(py, RISK[arm], arm)
        page.write_row(py - 0.04, CENSORED[arm], "(censored)")
    table = read(page)
    check_risk(table)
    assert [row.n_censored.tolist() for row in table.rows] == list(CENSORED.values())


def test_rows_gathered_by_kind():
    page = Page()
    for py, title, numbers in ((0.33, "At Risk", RISK), (0.18, "Events", EVENTS)):
        page.write(-4, py, title)
        for k, label in enumerate(RISK):
            page.write_row(py - 0.045 * (k + 1), numbers[label], label)
    table = read(page)
    check_risk(table)
    for row, label in zip(table.rows, RISK, strict=True):
        np.testing.assert_array_equal(row.n_event, EVENTS[label])


def test_table_inside_the_axes_at_times_of_its_own():
    page = Page()
    page.axes.set_ylim(-0.35, 1.05)
    page.axes.set_yticks([0, 0.5, 1])
    own = np.arange(0, 51, 10)
    for k, (label, colour) in enumerate(zip(RISK, (RED, BLUE), strict=True)):
        page.write_row(0.51 - 0.04 * k, RISK[label], time=own, color=colour)
        page.figure.text(0.185, 0.51 - 0.04 * k, label, ha="right", va="center", fontsize=9, color=colour)
    check_risk(read(page), time=own)


def test_labels_on_lines_of_their_own():
    page = Page()
    page.figure.text(0.05, 0.32, "No. at risk", fontsize=9)
    for k, label in enumerate(RISK):
        page.figure.text(0.05, 0.28 - 0.09 * k, label, va="center", fontsize=9)
        page.write_row(0.24 - 0.09 * k, RISK[label])
    check_risk(read(page))


def test_bars_of_colour_instead_of_names():
    page = Page()
    page.figure.text(0.2, 0.3, "Number at risk", fontsize=9)
    for k, (label, colour) in enumerate(zip(RISK, (BLUE, RED), strict=True)):
        page.write_row(0.24 - 0.05 * k, RISK[label])
        page.figure.add_artist(Line2D((0.12, 0.15), [0.24 - 0.05 * k] * 2, color=colour, linewidth=4))
    table = read(page)
    check_risk(table, labels=("", ""))
    looks = (ArmLook("Placebo", (204, 26, 26)), ArmLook("Drug B", (26, 51, 204)))
    at_risk, _, flags = tie_rows(table, looks)
    assert not flags
    np.testing.assert_array_equal(at_risk.n_risk[1], RISK["Placebo"])


def test_labels_of_two_lines_thousands_and_an_empty_end():
    page = Page()
    page.figure.text(0.03, 0.33, "Patients at risk", fontsize=9)
    page.write_row(0.26, ["1,023", "877", "1", "1", "0", ""], "Dronedarone\n400 mg bid")
    page.write_row(0.16, ["2,411", "1,900", "950", "12", "3", "2"], "Placebo")
    table = read(page)
    assert [row.label.replace(" ", "") for row in table.rows] == ["Dronedarone400mgbid", "Placebo"]
    np.testing.assert_array_equal(table.rows[0].n_risk, [1023, 877, 1, 1, 0, np.nan])
    np.testing.assert_array_equal(table.rows[1].n_risk, [2411, 1900, 950, 12, 3, 2])
    assert not table.flags


def test_two_panels_side_by_side_keep_their_own_numbers():
    page = Page(left=0.12, width=0.34, size=(9, 4))
    right = page.add_plot(0.64, 0.34)
    for k, label in enumerate(RISK):
        page.write_row(0.24 - 0.06 * k, RISK[label], label, axes=page.axes)
        page.write_row(0.24 - 0.06 * k, EVENTS[label][::-1], label, axes=right)
    px = page.render()
    words = read_words(px)
    check_risk(find_table(px, words, *page.place()))
    table = find_table(px, words, *page.place(right))
    assert [row.label.replace(" ", "") for row in table.rows] == ["Placebo", "DrugB"]
    for row, label in zip(table.rows, RISK, strict=True):
        np.testing.assert_array_equal(row.n_risk, EVENTS[label][::-1])


@pytest.mark.parametrize("header", ["", "No. at risk"])
def test_a_table_above_the_plot(header):
    page = Page(bottom=0.12)
    page.write(0, 0.86, header, ha="left")
    for k, (label, values) in enumerate(RISK.items()):
        page.write_row(0.8 - 0.05 * k, values, label, color=(RED, BLUE)[k])
    check_risk(read(page))


def test_a_table_between_two_plots_is_that_of_the_upper_one():
    page = Page(bottom=0.62)
    page.axes.set_position((0.2, 0.62, 0.75, 0.34))
    lower = page.add_plot(0.2, 0.75, 0.1, 0.25)
    for k, (label, values) in enumerate(RISK.items()):
        page.write_row(0.47 - 0.045 * k, values, label)
    check_risk(read(page, others=[lower]))
    assert read(page, axes=lower, others=[page.axes]) is None


def test_a_bracket_under_the_header_tells_of_brackets_in_the_cells():
    page = Page(size=(8, 4.8))
    page.figure.text(0.03, 0.3, "Number at risk\n(number censored)", fontsize=9)
    for k, label in enumerate(RISK):
        cells = [f"{n} ({d})" for n, d in zip(RISK[label], CENSORED[label], strict=True)]
        page.write_row(0.26 - 0.05 * k, cells, label)
    table = read(page)
    check_risk(table)
    assert [row.n_censored.tolist() for row in table.rows] == list(CENSORED.values())


def test_percentages_in_brackets_are_no_patients():
    page = Page(size=(8, 4.8))
    page.figure.text(0.03, 0.3, "At risk, n (%)", fontsize=9)
    for k, label in enumerate(RISK):
        cells = [f"{n} ({100 * n / RISK[label][0]:.0f})" for n in RISK[label]]
        page.write_row(0.25 - 0.05 * k, cells, label)
    table = read(page)
    check_risk(table)
    assert all(row.n_censored is None and row.n_event is None for row in table.rows)


@pytest.mark.parametrize("names", [("ECOG 0", "ECOG 1"), ("0", "1")])
def test_titles_that_end_in_a_digit_are_no_rows(names):
    page = Page()
    py = 0.32
    for name, label in zip(names, RISK, strict=True):
        page.write(0, py, name, ha="left")
        for k, (kind, numbers) in enumerate((("At risk", RISK), ("Censored", CENSORED), ("Events", EVENTS))):
            page.write_row(py - 0.04 * (k + 1), numbers[label], kind)
        py -= 0.17
    check_risk(read(page), labels=names)


def test_a_row_of_one_number_is_a_row_if_it_has_a_label_like_the_others():
    page = Page()
    rows = {"0": RISK["Placebo"], "2": RISK["Drug B"], "3": [4]}
    for k, (label, values) in enumerate(rows.items()):
        page.write_row(0.28 - 0.05 * k, values, time=TIME[: len(values)])
        page.write(-9, 0.28 - 0.05 * k, label)
    table = read(page)
    assert [row.label for row in table.rows] == list(rows)
    assert table.rows[2].n_risk[0] == 4 and np.isnan(table.rows[2].n_risk[1:]).all()


def test_digits_that_name_the_rows_of_a_table_without_time_0_are_no_numbers():
    page = Page()
    page.write(0, 0.32, "No. at risk")
    for k, values in enumerate(RISK.values()):
        page.write_row(0.27 - 0.05 * k, values[1:], time=TIME[1:])
        page.write(-3.5, 0.27 - 0.05 * k, str(k + 1))
    table = read(page)
    assert [row.label for row in table.rows] == ["1", "2"]
    np.testing.assert_allclose(table.time, TIME[1:])
    assert [row.n_risk.tolist() for row in table.rows] == [values[1:] for values in RISK.values()]


def test_tick_marks_read_as_ones_are_no_table():
    """Marks that point inwards stand at every tick, above the true rows."""
    page = Page()
    for k, (label, values) in enumerate(RISK.items()):
        page.write_row(0.25 - 0.05 * k, values, label)
    px = page.render()
    box, axis = page.place()
    marks = tuple(Word("1", Box(x - 4, box.bottom - 14, x + 4, box.bottom - 2), 0.95) for x in axis.tick_px[1:5])
    check_risk(find_table(px, (*marks, *read_words(px)), box, axis))


@pytest.mark.parametrize("note", ["", "HR 0.72 (0.58 to 0.89)"])
def test_no_table_is_none(note):
    page = Page()
    page.figure.text(0.2, 0.2, note)
    assert read(page) is None


def test_a_digit_misread_at_first_is_mended_or_flagged():
    page = Page()
    page.figure.text(0.03, 0.3, "Number at risk", fontsize=9)
    for k, (label, values) in enumerate(RISK.items()):
        page.write_row(0.25 - 0.05 * k, values, label)
    px = page.render()
    words = read_words(px)
    wrong = {"77": "17", "33": "38", "60": "50", "103": "163", "8": "3"}
    injected = tuple(
        type(word)(wrong.get(word.text, word.text) if word.box.top > 380 else word.text, word.box, word.confidence)
        for word in words
    )
    table = find_table(px, injected, *page.place())
    check_risk(table)
    text = " ".join(flag.detail for flag in table.flags)
    for was, said in wrong.items():
        assert f"{was} or {said}" in text


def test_a_label_that_touches_the_first_number_is_cut_from_it():
    page = Page()
    for py, (label, values) in zip((0.28, 0.22), {"x <= 6": RISK["Placebo"], "sex=2": RISK["Drug B"]}.items(), strict=True):
        page.write_row(py, values)
        left = page.axes.transData.transform((0, 0))[0] / page.figure.bbox.width
        page.figure.text(left - 0.029, py, label, ha="right", va="center", fontsize=9)
    check_risk(read(page), labels=("x <= 6", "sex=2"))


@pytest.mark.parametrize("names", ["01", "12", "AB"])
def test_single_signs_that_name_rows_are_read_though_no_word_tells_of_them(names):
    page = Page()
    for py, name, values in zip((0.28, 0.22), names, RISK.values(), strict=True):
        page.write_row(py, values, name)
    px = page.render()
    box, axis = page.place()
    words = [word for word in read_words(px) if word.box.left > box.left - 6 or word.box.centre[1] < box.bottom]
    check_risk(find_table(px, words, box, axis), labels=tuple(names))


def test_numbers_at_a_tick_whose_label_was_not_read_have_its_time():
    page = Page()
    for py, (label, values) in zip((0.28, 0.22), RISK.items(), strict=True):
        page.write_row(py, values, label)
    px = page.render()
    box, axis = page.place()
    without_zero = Axis(axis.tick_px[1:], axis.tick_value[1:], axis.slope, axis.intercept)
    check_risk(find_table(px, read_words(px), box, without_zero))


def test_a_line_through_the_numbers_is_no_part_of_them():
    page, counts = Page(dpi=95), {"Placebo": [5699, 4620, 2764, 1463, 1102, 498], "Drug B": [2564, 2338, 1545, 956, 856, 305]}
    for py, (label, values) in zip((0.28, 0.22), counts.items(), strict=True):
        page.write_row(py, [f"{n:,}".replace(",", " ") for n in values], label, color=(0.1, 0.5, 0.2))
    for t in TIME:
        px = page.axes.transData.transform((t, 0))[0] / page.figure.bbox.width
        page.figure.add_artist(Line2D((px, px), (0.15, 0.45), color="black", linewidth=1, zorder=5))
    for row in read(page).rows:
        np.testing.assert_array_equal(row.n_risk, counts[row.label])


def test_paper_between_lines_and_bars_is_left_as_it_is():
    px = np.full((60, 120, 3), 255, np.uint8)
    px[10:50, 30:60] = (200, 30, 30)
    lines = [Line(py, 10.0, (Piece("120", Box(20, py - 5, 100, py + 5), 1.0, True),)) for py in (20.0, 40.0)]
    assert without_rules(px, lines) is px
    px[:, 80] = 90
    px[15:25, 78:83] = 0
    clean = without_rules(px, lines)
    assert (clean[30:50, 80] == 255).all()
    assert (clean[15:25, 78:83] == 0).all()
    np.testing.assert_array_equal(clean[:, :78], px[:, :78])


def test_digits_too_small_to_be_told_apart_are_flagged():
    for size, doubted in ((5, True), (11, False)):
        page = Page(dpi=size * 10)
        for py, (label, values) in zip((0.28, 0.22), RISK.items(), strict=True):
            page.write_row(py, values)
            page.figure.text(0.03, py, label, fontsize=9)
        assert any("px high" in flag.detail for flag in read(page).flags) is doubted
