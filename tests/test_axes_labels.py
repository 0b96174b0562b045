"""Tick labels and axis titles: by law, and by what papers print."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.figure import panels
from ipdrecon.figure.axes import _own_run
from ipdrecon.figure.labels import label_columns, label_rows, number_labels, parse_number
from ipdrecon.figure.titles import direction, time_unit
from ipdrecon.model import Box, Word

BLANK = np.full((600, 1200, 3), 255, np.uint8)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", 1.0), (".5", 0.5), ("0,5", 0.5), ("1·0", 1.0), ("100%", 100.0), ("75 %", 75.0), ("O.8", 0.8), ("l.0", 1.0),
        ("1,000", 1000.0), ("1 000", 1000.0), ("-5", -5.0), ("−5", -5.0), ("1.00-", 1.0), ("0", 0.0), ("12", 12.0), ("025", 0.25),
        ("75%6", 75.0), ("100%o", 100.0), ("0%6", 0.0),
    ],
)
def test_numbers_as_papers_print_them(text, value):
    values, percent = parse_number(text)
    assert values[0] == value
    assert percent == ("%" in text)


@pytest.mark.parametrize("text", ["", "Time", "p = 0.01", "12 (3)", "HR 0.7", "I", "a", "1992-2004", "lo"])
def test_what_is_no_number(text):
    assert parse_number(text)[0] == ()


@given(value=st.floats(-1000, 10000).map(lambda value: round(value, 2)))
def test_every_plain_number_is_read_back(value):
    assert value in parse_number(f"{value:g}" if abs(value) < 1000 else f"{value}")[0]


def test_a_row_close_under_a_box_is_its_own_and_a_longer_one_farther_down_only_where_there_is_none():
    def row(values, py):
        return [Word(f"{value:g}", Box(px - 10, py - 8, px + 10, py + 8)) for px, value in zip(np.linspace(100, 500, len(values)), values, strict=True)]

    near, far, box = row((0, 250, 500, 750), 220), row(range(0, 105, 8), 480), Box(100, 20, 500, 200)
    rows = label_rows(number_labels(BLANK, (*near, *far)), least=2)
    assert _own_run(rows, box).values == (0, 250, 500, 750)
    assert _own_run(label_rows(number_labels(BLANK, far), least=2), box).values[-1] == 104


@pytest.mark.parametrize("texts", [(".5", "4", ".3", ".2", "1", "0"), (".5-", "4", "3", ".2 =", ".1", "0")])
def test_a_point_that_the_reader_passed_over_is_told_by_the_labels_that_have_one(texts):
    words = [Word(text, Box(40, py - 8, 60, py + 8)) for text, py in zip(texts, range(50, 350, 50), strict=False)]
    (column,) = label_columns(number_labels(BLANK, words))
    np.testing.assert_allclose(column.values, (0.5, 0.4, 0.3, 0.2, 0.1, 0))


def test_lone_digits_without_points_stay_what_they_say():
    words = [Word(str(value), Box(40, py - 8, 60, py + 8)) for value, py in zip(range(5, -1, -1), range(50, 350, 50), strict=True)]
    (column,) = label_columns(number_labels(BLANK, words))
    assert column.values == (5, 4, 3, 2, 1, 0)


def test_a_small_number_under_large_ones_is_not_taken_for_nearly_nothing():
    words = [Word(text, Box(40, py - 8, 60, py + 8)) for text, py in zip(("18", "12", "6", "1"), range(50, 250, 50), strict=True)]
    (column,) = label_columns(number_labels(BLANK, words))
    assert column.values == (18, 12, 6)


def digits(texts, gap, *, height=20):
    """A picture of some numbers read as one word, each digit a bar of 4 px with 2 px after it, `gap` px between numbers; and the word."""
    px, at = np.full((60, 600, 3), 255, np.uint8), 20
    for text in texts:
        for _ in text:
            px[20 : 20 + height, at : at + 4] = 0
            at += 6
        at += gap - 2
    return px, (Word(" ".join(texts), Box(16, 18, at, 22 + height)),)


def test_numbers_that_stand_close_are_parted_where_their_digits_stand_closer():
    texts = ("0", "6", "12", "18", "24", "30")
    assert [label.values[0] for label in number_labels(*digits(texts, 7))] == [0, 6, 12, 18, 24, 30]
    assert number_labels(*digits(texts, 3)) == ()


def test_labels_whose_per_cent_signs_stand_apart_are_parted_between_the_numbers():
    labels = number_labels(*digits(("0 %", "25 %", "50 %", "100 %"), 16))
    assert [label.values[0] for label in labels] == [0, 25, 50, 100]
    assert all(label.percent for label in labels)


def test_a_column_printed_upwards_and_read_as_one_word_is_parted(monkeypatch):
    px, words = digits(("0 %", "25 %", "50 %", "100 %"), 16)
    monkeypatch.setattr(panels, "read_words", lambda *_, **__: words)
    labels = panels.upright_labels(np.rot90(px))
    assert [label.values[0] for label in labels] == [0, 25, 50, 100]
    assert np.ptp([label.px for label in labels]) == 0
    assert (np.diff([label.py for label in labels]) < 0).all()
    assert all(label.word.vertical for label in labels)


def _row(values, places, *, shift=None, top=500, text=None):
    words = []
    for index, (value, place) in enumerate(zip(values, places, strict=True)):
        place += 0 if shift is None else shift[index]
        printed = f"{value:g}" if text is None or index not in text else text[index]
        words.append(Word(printed, Box(place - 15, top, place + 15, top + 20)))
    return words


@given(
    n=st.integers(4, 12),
    step=st.sampled_from([0.5, 1, 2, 2.5, 3, 6, 12, 30, 100, 250, 365]),
    spacing=st.floats(45, 80),
    wrong=st.integers(0, 11),
    data=st.data(),
)
def test_one_misread_label_does_not_move_the_scale(n, step, spacing, wrong, data):
    values, places = step * np.arange(n), 100 + spacing * np.arange(n)
    shift = data.draw(st.lists(st.floats(-2, 2), min_size=n, max_size=n))
    words = _row(values, places, shift=shift, text={wrong: "777"} if n > 4 else None)
    rows = label_rows(number_labels(BLANK, words))
    assert len(rows) == 1
    assert len(rows[0].labels) >= n - 1
    assert rows[0].to_px(values) == pytest.approx(places, abs=4)


def test_a_misread_label_that_fits_nearly_does_not_cost_the_next():
    shift = [0.0, -1.0] + 8 * [0.0]
    words = _row(np.arange(10), 100 + 45.0 * np.arange(10), shift=shift, text={8: "777"})
    (row,) = label_rows(number_labels(BLANK, words))
    assert row.values == (0, 1, 2, 3, 4, 5, 6, 7, 9)


def test_numbers_at_risk_are_no_axis():
    words = _row([0, 6, 12, 18, 24], range(100, 600, 100)) + _row([65, 33, 25, 14, 10], range(100, 600, 100), top=540)
    rows = label_rows(number_labels(BLANK, words))
    assert [row.values for row in rows] == [(0, 6, 12, 18, 24)]


# the last label of the vertical axis stands nearly as low as the labels of the time axis, some of which are a pixel taller
def test_a_number_a_little_above_a_row_does_not_part_it():
    words = _row([0, 25, 50, 75, 100], range(100, 600, 100))
    tall = [Word(word.text, Box(word.box.left, 498, word.box.right, 522), 1.0) if k % 2 else word for k, word in enumerate(words)]
    rows = label_rows(number_labels(BLANK, [Word("0.00", Box(40, 486, 80, 513)), *tall]))
    assert [row.values for row in rows] == [(0, 25, 50, 75, 100)]


def test_an_axis_has_each_number_once():
    words = [Word(f"{1 - k / 10:.1f}", Box(50, 40 * k, 90, 40 * k + 24)) for k in range(11)]
    (column,) = label_columns(number_labels(BLANK, [*words, Word("0", Box(76, 408, 90, 432))]))
    assert len(column.labels) == 11
    assert column.place[-1] == 412


def test_two_panels_have_two_rows_on_one_line():
    words = _row([0, 5, 10, 15], range(100, 500, 100)) + _row([0, 5, 10, 15], range(700, 1100, 100))
    assert [row.values for row in label_rows(number_labels(BLANK, words))] == [(0, 5, 10, 15)] * 2


def test_a_lost_decimal_point_is_put_back():
    words = [Word(text, Box(50, top, 90, top + 20)) for text, top in (("1.00", 0), ("0.75", 100), ("050", 200), ("0.25", 300), ("0.00", 400))]
    assert label_columns(number_labels(BLANK, words))[0].values == (1.0, 0.75, 0.5, 0.25, 0.0)


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("Months", "months"), ("Time (mo)", "months"), ("Time (days)", "days"), ("Years since randomisation", "years"),
        ("Time after index procedure, weeks", "weeks"), ("Time from infusion (min)", "minutes"), ("Overall_Survival _Months", "months"),
        ("Time", ""), ("Follow-up", ""), ("", ""),
    ],
)
def test_time_units(title, unit):
    assert time_unit(title) == unit


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("Overall survival (%)", "survival"), ("Freedom from failure", "survival"), ("Patients alive", "survival"),
        ("Event-free survival", "survival"), ("PFS", "survival"), ("Patients without progression (%)", "survival"),
        ("Cumulative incidence", "incidence"), ("1 - survival", "incidence"), ("Failure probability", "incidence"),
        ("Probability of event before time t", "incidence"), ("Patients with event (%)", "incidence"),
        ("Cumulative hazard", "hazard"), ("Probability", ""), ("Proportion of participants (%)", ""),
    ],
)
def test_what_vertical_titles_say(title, says):
    assert direction(title) == says
