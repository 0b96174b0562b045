"""By law: cells, columns, ties and checks of tables of numbers at risk, without reading pictures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.figure.at_risk import PrintedTable, TableRow, heading_flags, tie_rows
from ipdrecon.figure.at_risk.cells import Strip, find_strip
from ipdrecon.figure.at_risk.check import longest_falling, row_flags, settle_row
from ipdrecon.figure.at_risk.grid import columns_at, find_columns, group_lines, is_tick_line
from ipdrecon.figure.at_risk.laws import check_against_curve
from ipdrecon.figure.at_risk.lines import is_row, number_lines
from ipdrecon.figure.at_risk.read import Cell, RowCells, part_at_columns
from ipdrecon.figure.at_risk.text import Count, Piece, bracket_kind, kind_of, parse_count, split_pieces
from ipdrecon.figure.at_risk.ties import colour_distance, name_likeness
from ipdrecon.model import ArmLook, Axis, Box, Curve, Word

AXIS = Axis(np.arange(100, 701, 100.0), np.arange(0, 61, 10.0), 0.1, -10.0)
BOX = Box(100, 20, 700, 400)


def words_at(px, texts, py=450):
    return [Word(str(text), Box(x - 5 * len(str(text)), py - 8, x + 5 * len(str(text)), py + 8)) for x, text in zip(px, texts, strict=True)]


def line_at(px, texts, py=450):
    return group_lines(split_pieces(words_at(px, texts, py)))[0]


@pytest.mark.parametrize(("text", "height", "n_lines"), [("1", 7, 1), ("1", 14, 2), ("3", 7, 2)])
def test_tick_marks_read_as_ones_are_no_row_of_a_table(text, height, n_lines):
    labels = words_at(AXIS.tick_px, [f"{time:g}" for time in AXIS.to_value(AXIS.tick_px)], 424)
    marks = [Word(text, Box(x - 3, 408 - height / 2, x + 3, 408 + height / 2)) for x in AXIS.tick_px]
    assert len(number_lines([*marks, *labels], BOX, AXIS)) == n_lines


@pytest.mark.parametrize(("texts", "n_lines"), [("7111", 1), ("7171", 2), ("1117", 2)])
def test_the_corner_of_the_axes_is_no_number_beside_tick_marks(texts, n_lines):
    labels = [Word(f"{value:g}", Box(x - 6, 413, x + 6, 427)) for x, value in zip(AXIS.tick_px, AXIS.tick_value, strict=True)]
    marks = [Word(text, Box(x - 3, 404, x + 3, 411)) for text, x in zip(texts, AXIS.tick_px, strict=False)]
    assert len(number_lines([*marks, *labels], BOX, AXIS)) == n_lines


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_counts_are_read_with_and_without_separators(n):
    for text in (str(n), f"{n:,}", f"{n:,}".replace(",", " "), f" {n} "):
        assert parse_count(text).n == n


@settings(deadline=None)
@given(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from(["{} ({})", "{}({})", "{} [{}]", "{} ( {} )"]))
def test_brackets_hold_the_second_number(n, second, form):
    count = parse_count(form.format(n, second))
    assert (count.n, count.second) == (n, second)


@pytest.mark.parametrize("text", ["", "Placebo", "0.72", "HR 0.72", "1.0", "12%", "(12)", "p < 0.001", "-", "1/2"])
def test_other_text_is_no_count(text):
    assert parse_count(text) is None


@pytest.mark.parametrize(("text", "n"), [("1O3", 103), ("l2", 12), ("O", 0), ("S6", 56)])
def test_letters_taken_for_digits_are_marked(text, n):
    count = parse_count(text)
    assert count.n == n
    assert count.mended


def test_a_bracket_that_cannot_be_read_does_not_cost_the_number_before_it():
    count = parse_count("126(6c)")
    assert (count.n, count.second, count.mended) == (126, None, True)
    assert parse_count("12 (weeks)") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Number at risk", "risk"), ("No. at risk", "risk"), ("Numbers at risk (censored)", "risk"), ("n.risk", "risk"),
        ("Patients at Risk:", "risk"), ("No. of patients at risk", "risk"), ("At rlsk", "risk"), ("Subjects-at-risk", "risk"),
        ("Censored", "censored"), ("n.censor", "censored"), ("Cumulative number of events", "event"), ("Events", "event"),
        ("(censored)", "censored"), ("[No. of events]", "event"), ("High risk", ""), ("Risk group 2", ""), ("Eventide", ""), ("Placebo", ""), ("", ""),
    ],
)  # fmt: skip
def test_kinds_of_rows(text, kind):
    assert kind_of(text) == kind


def test_what_brackets_hold():
    assert bracket_kind("At risk (Events)") == "event"
    assert bracket_kind("Number at risk [censored]") == "censored"
    assert bracket_kind("Number at risk: n (%)") == "percent"
    assert bracket_kind("Number at risk") == ""


@settings(deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=15))
def test_the_longest_falling_part_never_rises_and_holds_the_whole_of_a_falling_row(values):
    keep = longest_falling(values)
    assert (np.diff(np.array(values)[keep]) <= 0).all()
    assert longest_falling(sorted(values, reverse=True)).all()


def row_of_counts(counts):
    """A row whose cells say `counts`, on paper without ink, so that a third reading reads nothing."""
    px = np.full((40, 60 * len(counts), 3), 255, np.uint8)
    cells = tuple(Cell(i, Box(60 * i + 10, 10, 60 * i + 50, 24), count, 0.9) for i, count in enumerate(counts))
    return px, RowCells(17.0, find_strip(px, 10, 24), cells)


def test_brackets_read_as_digits_are_parted_where_the_row_allows_one_number_and_the_cell_is_flagged():
    px, row = row_of_counts([Count(80, 0), Count(70, 0), Count(54171), Count(33, 22), Count(17, 34)])
    settled = settle_row(px, row)
    assert [cell.count.n for cell in settled.cells] == [80, 70, 54, 33, 17]
    (flag,) = row_flags(settled, np.arange(5.0), range(5), "at-risk table, 'A'", falls=True)
    assert flag.name == "at_risk_cell_doubtful"
    assert flag.box == (123.0, 3.0, 177.0, 31.0)


def test_digits_are_not_parted_in_a_row_without_brackets():
    px, row = row_of_counts([Count(80), Count(70), Count(54171), Count(33), Count(17)])
    settled = settle_row(px, row)
    assert settled.cells[2].count.n == 54171
    assert [cell.confidence for cell in settled.cells] == [0.9, 0.9, 0.45, 0.9, 0.9]
    (flag,) = row_flags(settled, np.arange(5.0), range(5), "at-risk table, 'A'", falls=True)
    assert flag.name == "at_risk_rises"


@settings(deadline=None)
@given(st.sets(st.integers(0, 6), min_size=2), st.floats(-8, 8), st.integers(0, 10**6))
def test_columns_under_the_ticks_take_the_ticks_times(indices, shift, seed):
    indices = np.array(sorted(indices))
    jitter = np.random.default_rng(seed).uniform(-3, 3, len(indices))
    line = line_at(AXIS.tick_px[indices] + shift + jitter, [138] * len(indices))
    columns = find_columns([line], BOX, AXIS)
    found = [columns.time[columns.nearest(piece.box.centre[0])] for piece in line.pieces]
    np.testing.assert_allclose(found, AXIS.tick_value[indices])


@settings(deadline=None)
@given(st.sampled_from([7, 8, 12, 13, 13.5, 14, 15]))
def test_columns_at_times_of_their_own_are_round(step):
    time = np.arange(0, 61, step)
    columns = find_columns([line_at(AXIS.to_px(time) + 0.3 * np.arange(len(time)), [90] * len(time))], BOX, AXIS)
    assert all(np.abs(columns.time - t).min() < 1e-6 for t in time)


def test_columns_at_quarters_of_the_ticks_distance_have_their_times():
    axis = Axis(np.arange(100, 501, 100.0), np.arange(0, 53, 13.0), 0.13, -13.0)
    time = 9.75 * np.arange(6)
    columns = find_columns([line_at(axis.to_px(time) - 0.4 * np.arange(6), [90] * 6)], Box(100, 20, 500, 400), axis)
    np.testing.assert_allclose(columns.time, time)


@pytest.mark.parametrize("shift", [0.004, -0.008])
def test_columns_of_which_the_first_is_moved_aside_keep_the_times_of_the_ticks(shift):
    days = Axis(AXIS.tick_px, 365.0 * np.arange(len(AXIS.tick_px)), 365.0 / np.diff(AXIS.tick_px)[0], -365.0 * AXIS.tick_px[0] / np.diff(AXIS.tick_px)[0])
    places = AXIS.tick_px[:4] + shift * np.arange(4) * np.diff(AXIS.tick_px)[0]
    places[0] += 0.35 * np.diff(AXIS.tick_px)[0]
    columns = find_columns([line_at(places, [90] * 4)], BOX, days)
    assert [columns.time[columns.nearest(px)] for px in places[1:]] == [365, 730, 1095]


def test_two_numbers_after_a_name_are_a_row_and_two_among_words_are_none():
    assert is_row(line_at([30, 200, 300], ["Low risk60", "35", "15"]), 2)
    assert not is_row(line_at([30, 200, 300, 420], ["Log-rank", "35", "of", "15"]), 2)
    assert not is_row(line_at([30, 200, 300], ["Low risk60", "35", "15"]), 3)


def test_a_heading_without_numbers_is_a_doubt():
    heading = words_at([60], ["Number at risk"], 460)
    (flag,) = heading_flags(heading, BOX)
    assert flag.name == "at_risk_missing_cell" and "Number at risk" in flag.detail
    assert heading_flags(words_at([60], ["% at risk"], 460), BOX) == ()
    assert heading_flags(words_at([60, 300], ["High risk", "Months"], 460), BOX) == ()


def test_axis_labels_repeated_under_the_table_are_no_row():
    assert is_tick_line(line_at(AXIS.tick_px, AXIS.tick_value.astype(int)), AXIS)
    assert not is_tick_line(line_at(AXIS.tick_px, [60, 50, 40, 31, 20, 10, 0]), AXIS)


def test_axis_labels_that_were_joined_are_known_by_their_values():
    off = AXIS.tick_px + 30
    assert is_tick_line(line_at(off, AXIS.tick_value.astype(int)), AXIS)
    assert not is_tick_line(line_at(off, [0, 10, 20, 25, 30, 40, 50]), AXIS)
    assert not is_tick_line(line_at(off, [60, 50, 40, 30, 20, 10, 0]), AXIS)


def printed(labels, colours=None, n=((50, 30, 10), (60, 50, 40), (70, 20, 5))):
    colours = colours or [(0, 0, 0)] * len(labels)
    rows = tuple(
        TableRow(label, colour, np.array(values, float))
        for label, colour, values in zip(labels, colours, n, strict=False)
    )
    return PrintedTable(np.array([0.0, 10.0, 20.0]), rows, ())


@settings(deadline=None)
@given(st.permutations(range(3)))
def test_rows_are_tied_by_name_whatever_their_order(order):
    names = ["Dronedarone 400 mg bid", "Placebo", "sex=1"]
    read = ["DRONEDARONE 4OO mg bid", "Placeb0", "Sex = 1"]
    table = printed([read[k] for k in order])
    at_risk, labels, flags = tie_rows(table, tuple(ArmLook(name) for name in names))
    assert labels == tuple(names)
    assert not flags
    for place, k in enumerate(order):
        np.testing.assert_array_equal(at_risk.n_risk[k], table.rows[place].n_risk)


@pytest.mark.parametrize("names", [("对照组", "治疗组"), ("α-blocker", "β-blocker"), ("Groupe témoin", "Groupe traité")])
def test_rows_are_tied_by_name_in_any_script(names):
    at_risk, _, flags = tie_rows(printed(names), tuple(ArmLook(name) for name in names[::-1]))
    assert not flags
    np.testing.assert_array_equal(at_risk.n_risk, [[60, 50, 40], [50, 30, 10]])


def test_rows_are_tied_by_colour_where_names_are_missing():
    table = printed(["", ""], [(240, 20, 20), (20, 20, 230)])
    at_risk, labels, flags = tie_rows(table, (ArmLook("A", (0, 0, 255)), ArmLook("", (255, 0, 0))))
    assert not flags
    assert labels == ("A", "arm 2")
    np.testing.assert_array_equal(at_risk.n_risk, [[60, 50, 40], [50, 30, 10]])


def test_order_is_used_with_a_flag_where_nothing_else_tells():
    at_risk, labels, flags = tie_rows(printed(["", ""]), (ArmLook(""), ArmLook("")))
    assert [flag.name for flag in flags] == ["at_risk_rows_unmatched"]
    np.testing.assert_array_equal(at_risk.n_risk[0], [50, 30, 10])
    assert labels == ("arm 1", "arm 2")


def test_rows_without_names_stand_in_the_order_of_the_legend_where_it_lists_every_arm():
    table = replace(printed(["", ""], n=((40, 20, 4), (90, 50, 9))), listed=("B", "A"))
    at_risk, _, _ = tie_rows(table, (ArmLook("A"), ArmLook("B")))
    assert at_risk.n_risk[:, 0].tolist() == [90, 40]
    at_risk, _, _ = tie_rows(replace(table, listed=("B",)), (ArmLook("A"), ArmLook("B")))
    assert at_risk.n_risk[:, 0].tolist() == [40, 90]


def test_patients_after_the_end_of_a_curve_are_not_its_own():
    table = replace(printed(["", ""], n=((90, 80, 9), (90, 80, 0))), listed=("B", "A"))
    long, short = (Curve(name, np.array([0.0, 5, end]), np.array([1, 0.9, 0.9]), np.zeros(0), 0.1, 0.002) for name, end in (("A", 21), ("B", 19)))
    at_risk, _, _ = tie_rows(table, (ArmLook("A"), ArmLook("B")), (long, short))
    assert at_risk.n_risk[:, 2].tolist() == [9, 0]


def test_curves_that_the_order_of_the_legend_contradicts_go_before_it():
    table = replace(printed(["", ""], n=((90, 85, 80), (90, 30, 9))), listed=("B", "A"))
    high, low = (Curve(name, np.array([0.0, 15, 30]), np.array([1, last, last]), np.zeros(0), 0.1, 0.002) for name, last in (("A", 0.95), ("B", 0.4)))
    at_risk, _, _ = tie_rows(table, (ArmLook("A"), ArmLook("B")), (high, low))
    assert at_risk.n_risk[:, 1].tolist() == [85, 30]


def test_a_curve_without_a_label_takes_its_rows():
    _, labels, _ = tie_rows(printed(["Good", "Poor"], [(0, 0, 250), (0, 120, 0)]), (ArmLook("", (0, 130, 0)), ArmLook("", (0, 0, 255))))
    assert labels == ("Poor", "Good")


def test_a_single_row_needs_no_evidence():
    at_risk, _, flags = tie_rows(printed(["All"]), (ArmLook("overall survival"),))
    assert not flags
    np.testing.assert_array_equal(at_risk.n_risk, [[50, 30, 10]])


def test_a_curve_without_a_row_has_no_numbers():
    at_risk, _, flags = tie_rows(printed(["B"], n=((60, 50, 40),)), (ArmLook("A"), ArmLook("B")))
    assert [flag.name for flag in flags] == ["at_risk_missing_cell"] and "'A'" in flags[0].detail
    assert np.isnan(at_risk.n_risk[0]).all()
    np.testing.assert_array_equal(at_risk.n_risk[1], [60, 50, 40])


@st.composite
def patients(draw):
    n = draw(st.integers(20, 300))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    time = np.minimum(rng.exponential(20, n), rng.uniform(5, 60, n))
    return time, rng.random(n) < draw(st.floats(0.2, 1.0))


def curve_of(time, event):
    drops = np.unique(time[event])
    factors = [1 - (time[event] == t).sum() / (time >= t).sum() for t in drops]
    return Curve("A", np.r_[0, drops, time.max()], np.r_[1, np.cumprod(factors), np.prod(factors)])


@settings(deadline=None)
@given(patients(), st.booleans())
def test_true_numbers_never_contradict_their_curve(data, after):
    time, event = data
    looks = np.arange(0, time.max(), 6)
    n_risk = np.array([(time > t).sum() if after else (time >= t).sum() for t in looks], float)
    flags = check_against_curve(looks, n_risk, curve_of(time, event), "A")
    assert {flag.name for flag in flags} <= {"at_risk_loss_uneven"}


def test_numbers_that_fall_less_than_the_curve_are_flagged():
    rng = np.random.default_rng(0)
    time = rng.exponential(20, 200)
    curve = curve_of(time, np.ones(200, bool))
    n_risk = np.array([(time >= t).sum() for t in (0, 10, 20)], float)
    n_risk[1] += 30
    (flag,) = check_against_curve(np.array([0.0, 10.0, 20.0]), n_risk, curve, "A")
    assert flag.name == "at_risk_contradicts_curve"
    assert f"{n_risk[1]:.0f} at 10" in flag.detail


def test_likeness_of_names():
    assert name_likeness("", "Placebo") == 0
    assert name_likeness("Placebo (n=120)", "placebo") == 1
    assert name_likeness("Placebo (n=1,120)", "placebo") == 1
    assert name_likeness("N=1", "N = 1") == 1 > name_likeness("N=1", "N = 2") > 0
    assert name_likeness("Non-PV (+)", "Non-PV (−)") < name_likeness("Non-PV (−)", "Non-PV (-)")


def test_distance_of_colours_is_none_between_equals_and_large_between_opposites():
    assert colour_distance((10, 20, 30), (10, 20, 30)) == 0
    assert colour_distance((0, 0, 0), (255, 255, 255)) == pytest.approx(100, abs=0.5)


def test_patients_at_risk_after_the_end_of_a_curve_are_flagged():
    curve = Curve("A", np.array([0.0, 4, 20]), np.array([1.0, 0.8, 0.8]))
    time, n_risk = np.array([0.0, 10, 20, 30]), np.array([50.0, 40, 30, 12])
    (flag,) = check_against_curve(time, n_risk, curve, "A")
    assert flag.name == "table_after_curve" and "12 at 30" in flag.detail
    assert not check_against_curve(time, np.array([50.0, 40, 30, 0]), curve, "A")


def glyphs_of(*texts, middles, blank):
    """Ink of digits 10 px wide in numbers around some middles; of the last number the first two digits touch."""
    ink = np.zeros((18, 300), bool)
    for text, middle in zip(texts, middles, strict=True):
        left = round(middle - (12 * len(text) - blank) / 2)
        for k in range(len(text)):
            ink[:, left + 12 * k : left + 12 * k + 10] = True
    left = round(middles[-1] - (12 * len(texts[-1]) - blank) / 2)
    ink[9, left : left + 20] = True
    return Strip(ink, 100, (255, 255, 255))


@pytest.mark.parametrize("texts", [("1343", "1146"), ("1001", "987"), ("12", "110")])
def test_numbers_that_nearly_touch_are_parted_where_both_stand_in_the_middle_of_their_columns(texts):
    middles = 60, 60 + 6 * (len(texts[0]) + len(texts[1])) + 2
    strip, columns = glyphs_of(*texts, middles=middles, blank=2), columns_at(np.array([0.0, 6.0]), np.array(middles, float), 20.0)
    used = np.flatnonzero(strip.ink.any(axis=0))
    piece = Piece("".join(texts), Box(used[0] - 1, 100, used[-1] + 1, 117), 0.9, True)
    assert [part.text for part in part_at_columns(piece, columns, strip)] == list(texts)
    off = columns_at(np.array([0.0, 6.0]), np.array([middles[0] - 9.0, middles[1] + 9.0]), 20.0)
    assert part_at_columns(piece, off, strip) == (piece,)
    one = columns_at(np.array([0.0, 6.0]), np.array([middles[0], 280.0]), 20.0)
    assert part_at_columns(piece, one, strip) == (piece,)


def test_the_end_of_a_label_beside_the_first_number_is_no_part_of_its_row():
    px = np.append(AXIS.tick_px[0] - 34, AXIS.tick_px[:5])
    (line,) = number_lines(words_at(px, ["q3w", "1$9", "177", "118", "68", "27"]), BOX, AXIS)
    assert [piece.text for piece in line.pieces] == ["1$9", "177", "118", "68", "27"]


def test_a_curve_without_a_row_is_flagged():
    _, labels, flags = tie_rows(printed(["A"]), (ArmLook("A"), ArmLook("B")))
    assert any(flag.name == "at_risk_missing_cell" and "'B'" in flag.detail for flag in flags)
    assert labels == ("A", "B")


@pytest.mark.parametrize(("text", "n"), [("2.624", 2624), ("1.023.400", 1023400)])
def test_thousands_parted_by_a_stop_are_counts(text, n):
    assert parse_count(text) == Count(n)


@pytest.mark.parametrize("text", ["0.956", "1.5", "12.50", "0.125"])
def test_shares_are_no_counts(text):
    assert parse_count(text) is None


def test_thousands_parted_by_a_blank_keep_their_bracket():
    (word,) = words_at([200], ["5 210 (1 204)"])
    assert [(parse_count(piece.text).n, parse_count(piece.text).second) for piece in split_pieces([word])] == [(5210, 1204)]
