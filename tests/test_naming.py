"""By law and by truth: how names are chosen, spelt and doubted."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.figure import spelling
from ipdrecon.figure.dashes import DashPattern
from ipdrecon.figure.legend import LegendEntry, find_legend
from ipdrecon.figure.names import match_legend, usable_entries, words_of_legend
from ipdrecon.figure.naming import ArmName, distinct, name_flag, true_entries
from ipdrecon.figure.spelling import mend_names, with_letters, with_numerals
from ipdrecon.figure.unread import find_unread
from ipdrecon.model import Box, Word

RED, BLUE, BLACK = np.array([50.0, 70.0, 50.0]), np.array([45.0, 10.0, -50.0]), np.zeros(3)
BLANK = np.full((60, 200, 3), 255, np.uint8)


def arm(lab, kind="solid", row=None):
    """An arm of some look; with `row`, one that runs level there across a plot of 200 px."""
    path = SimpleNamespace(first=0, last=199, enter=np.full(200, row or 0), leave=np.full(200, row or 0))
    own = np.zeros((200, 200), np.float32)
    own[row or 0] = 1
    return SimpleNamespace(lab=lab, pattern=DashPattern(kind), dash=kind, path=path, own=own, thickness=2.0)


def entry(label, lab=BLACK, kind="solid", *, left=100.0, top=20.0, confidence=1.0):
    key, text = Box(left - 40, top + 5, left - 10, top + 8), Box(left, top, left + 60, top + 14)
    return LegendEntry(label, lab, DashPattern(kind), key, text, confidence)


def name(label, **parts):
    return ArmName(label, **{"matched_by": "legend", "sureness": 0.9, "reading": 0.7, "box": Box(100, 20, 160, 34)} | parts)


def row(label):
    return SimpleNamespace(label=label, box=Box(300, 100, 500, 114))


# --- matching --------------------------------------------------------------------------------------------------------


def test_black_arms_are_named_by_their_kind_of_dash():
    kinds = ("solid", "dashed", "dotted", "dash-dotted")
    entries = tuple(entry(kind, kind=kind, top=20.0 * i) for i, kind in enumerate(kinds))
    matched = match_legend(tuple(arm(BLACK, kind) for kind in reversed(kinds)), entries)
    assert [matched[i].entry.label for i in range(4)] == list(reversed(kinds))
    assert min(match.sureness for match in matched.values()) > 0.5


def test_a_match_is_the_less_sure_the_less_the_keys_differ():
    sureness = [
        match_legend((arm(BLACK), arm(other)), (entry("A", BLACK), entry("B", other, top=40.0)))[0].sureness
        for other in (np.array([60.0, 0, 0]), np.array([6.0, 0, 0]), BLACK)
    ]
    assert sureness == sorted(sureness, reverse=True)
    assert sureness[0] > 0.9
    assert sureness[-1] <= 0.5


def test_one_entry_out_of_line_gives_way_to_those_in_line():
    box = Box(0, 0, 400, 300)
    legend = (entry("Male", top=20.0), entry("Female", top=40.0), entry("AHHI", left=263.0, top=171.0))
    assert [found.label for found in usable_entries(legend, box, (box,))] == ["Male", "Female"]


def test_a_lone_entry_in_a_panel_gives_way_to_a_legend_outside_all():
    boxes = (Box(0, 0, 190, 150), Box(250, 0, 400, 150))
    legend = (entry("HH", left=300.0, top=60.0), entry("A", top=200.0), entry("B", top=220.0))
    assert [found.label for found in usable_entries(legend, boxes[1], boxes)] == ["A", "B"]


@pytest.mark.parametrize("apart", [20.0, 110.0])
@pytest.mark.parametrize("top", [10.0, 330.0])
def test_each_panel_takes_the_legend_over_or_under_it(apart, top):
    boxes = (Box(50, 50, 350, 300), Box(450, 50, 750, 300))
    legend = tuple(entry(label, left=left, top=top) for label, left in (("A", 120), ("B", 220 + apart / 9), ("C", 560), ("D", 660)))
    legend += (entry("5", left=138.0, top=400.0),)
    assert [[found.label for found in usable_entries(legend, box, boxes)] for box in boxes] == [["A", "B"], ["C", "D"]]


@pytest.mark.parametrize("lefts", [(250, 350, 450, 550), (150, 320, 490, 660)])
def test_a_legend_in_one_row_is_shared(lefts):
    boxes = (Box(50, 50, 350, 300), Box(450, 50, 750, 300))
    legend = tuple(entry(label, left=left, top=10.0) for label, left in zip("ABCD", lefts, strict=True))
    assert all(usable_entries(legend, box, boxes) == legend for box in boxes)


def test_a_lone_entry_of_another_panel_is_not_borrowed_but_a_legend_is():
    boxes = (Box(0, 0, 190, 150), Box(250, 0, 400, 150), Box(450, 0, 600, 150))
    lone = (entry("Low dose", left=300.0, top=60.0), entry("Low dose", left=500.0, top=60.0))
    assert usable_entries(lone, boxes[0], boxes) == ()
    listed = (entry("A", left=300.0, top=20.0), entry("B", left=300.0, top=40.0))
    assert usable_entries(listed, boxes[0], boxes) == listed


def test_the_end_of_a_curve_is_no_key_unless_keys_like_it_stand_in_line():
    plot = SimpleNamespace(left=0, top=0, row_to_py=lambda rows: np.asarray(rows, float))
    tail = entry("High dose", RED)
    assert true_entries((tail,), plot, (arm(RED, row=26),)) == ()
    assert true_entries((tail,), plot, (arm(RED, row=90),)) == (tail,)
    listed = (tail, entry("Low dose", BLUE, top=40.0))
    assert true_entries(listed, plot, (arm(RED, row=26),)) == listed


def test_labels_of_a_legend_below_a_table_are_no_cells_but_numbers_beside_bars_are():
    listed = (entry("0", RED, left=100.0), entry("1", BLUE, left=250.0))
    words = tuple(Word(found.label, found.text) for found in listed)
    assert words_of_legend(listed, words) == words
    barred = (entry("12", RED, top=20.0), entry("15", BLUE, top=40.0))
    words = tuple(Word(text, Box(x, y, x + 20, y + 14)) for y, texts in ((20, ("12", "9")), (40, ("15", "7"))) for x, text in zip((100, 200), texts, strict=True))
    assert words_of_legend(barred, words) == ()


def drawn(names, **look):
    figure = Canvas(figsize=(5, 2), dpi=110)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for colour, label in zip(("tab:red", "tab:blue", "tab:green"), names, strict=False):
        axes.plot([], [], color=colour, label=label)
    legend = axes.legend(loc="center", **{"frameon": False} | look)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    boxes = [text.get_window_extent() for text in legend.get_texts()]
    return px, [Box(box.x0, px.shape[0] - box.y1, box.x1, px.shape[0] - box.y0) for box in boxes]


@pytest.mark.parametrize("look", [{}, {"ncol": 3}])
def test_digits_that_the_reader_passed_over_are_found_by_their_keys(look):
    px, places = drawn(("0", "1", "2"), **look)
    words = (Word("0", places[0]), Word("Months", Box(5, 190, 60, 190 + places[0].height)))
    found = find_unread(px, words, find_legend(px, words))
    assert [entry.label for entry in found] == ["1", "2"]
    assert all(entry.key.right < entry.text.left for entry in found)


def test_digits_that_were_read_as_one_upright_word_are_found_in_a_narrow_frame():
    px, places = drawn(("0", "1", "2"), frameon=True, fancybox=False, edgecolor="black", borderpad=0.3)
    upright = Word("12", Box(places[1].left - 2, places[1].top - 3, places[1].right + 2, places[2].bottom), 0.9, vertical=True)
    words = (Word("0", places[0]), upright, Word("Months", Box(5, 190, 60, 190 + 1.5 * places[0].height)))
    found = find_unread(px, words, find_legend(px, words))
    assert [entry.label for entry in found] == ["1", "2"]


def test_a_label_of_two_lines_is_one_whether_its_key_stands_at_the_first_or_between():
    px, (whole, second) = drawn(("Drug A\n(n = 120)", "Placebo"))
    middle = (whole.top + whole.bottom) / 2
    lines = (Word("Drug A", Box(whole.left, whole.top, whole.right - 8, middle - 1)), Word("(n = 120)", Box(whole.left, middle + 1, whole.right, whole.bottom)))
    labels = [entry.label for entry in find_legend(px, (*lines, Word("Placebo", second)))]
    assert sorted(labels) == ["Drug A (n = 120)", "Placebo"]


# --- spelling --------------------------------------------------------------------------------------------------------


def readings(monkeypatch, text, confidence=0.9):
    """Let every second reading say `text`."""
    monkeypatch.setattr(spelling, "read_line", lambda px, box, height_px: Word(text, box, confidence))


def test_a_slip_is_mended_by_the_row_and_by_second_readings(monkeypatch):
    readings(monkeypatch, "Sorafenib")
    (mended,) = mend_names(BLANK, (name("Sorafenb"),), (), [row("Sorafenib")])
    assert mended.label == "Sorafenib"
    assert mended.confidence > name("Sorafenb").confidence


def test_the_reading_that_is_supported_stays_when_the_row_has_the_slip(monkeypatch):
    readings(monkeypatch, "Sorafenib")
    assert mend_names(BLANK, (name("Sorafenib", reading=0.95),), (), [row("Sorafenb")])[0].label == "Sorafenib"


def test_marks_before_a_name_are_no_part_of_it():
    assert mend_names(BLANK, (name("HHHHH Drug A"),), (), [row("Drug A")])[0].label == "Drug A"


@pytest.mark.parametrize(("read", "printed", "kept"), [("RK+", "NTRK+", "NTRK+"), ("w risk", "Low risk", "Low risk"), ("Drug B", "Drug B 120", "Drug B"), ("Placebo", "Standard", "Placebo")])
def test_letters_that_a_curve_hides_are_those_of_the_row_left_over(read, printed, kept, monkeypatch):
    readings(monkeypatch, read)
    names = (name("High risk", reading=1.0), name(read, reading=1.0))
    assert [one.label for one in mend_names(BLANK, names, (), [row(printed), row("High risk")])] == ["High risk", kept]


def test_names_that_a_row_repeats_are_not_taken_for_slips_of_another():
    names = tuple(name(label, reading=1.0) for label in ("Stage II", "Stage III"))
    assert [mended.label for mended in mend_names(BLANK, names, (), [row("Stage III"), row("Stage II")])] == ["Stage II", "Stage III"]


@pytest.mark.parametrize(("label", "other"), [("Non-PV (-), n=334", "Non-PV (-)"), ("Placebo (n = 120)", "placebo"), ("Placebo (n = 1,120)", "placebo"), ("NTRK+", "NTRK⁺")])
def test_a_size_or_another_kind_of_sign_is_no_contradiction(label, other):
    (mended,) = mend_names(BLANK, (name(label),), (), [row(other)])
    assert (mended.label, mended.reading, mended.doubt) == (label, 1.0, "")


@pytest.mark.parametrize("labels", [["BRCA-", "BRCA+"], ["≥65 years", "<65 years"], ["1", "2"], ["Arm 1", "Arm 11"], ["", "NTRK+"]])
def test_names_read_surely_stay_as_they_are(labels):
    names = tuple(name(label, reading=1.0) for label in labels)
    assert [mended.label for mended in mend_names(BLANK, names, (), [])] == labels
    assert with_numerals(labels) == labels


# --- doubts ----------------------------------------------------------------------------------------------------------


def test_names_are_distinct_and_two_alike_are_doubtful():
    names = distinct((name("A"), name("A"), ArmName(), name("B")))
    assert [one.label for one in names] == ["A", "A (2)", "arm 3", "B"]
    assert [bool(name_flag(one)) for one in names] == [True, True, False, False]


def test_a_doubtful_name_is_flagged_where_it_is_printed():
    (flag,) = name_flag(name("A", sureness=0.4))
    assert flag.name == "arm_name_doubtful"
    assert flag.box == (100.0, 20.0, 160.0, 34.0)
    assert name_flag(name("A")) == ()


@pytest.mark.parametrize("label", ["rx=Obs", "N0", "T0N0M0", "G0/G1", "PFS0", "10mg", "0mg", "0.5 mg", "Arm 0", "CD20", "Allele", "IL-10", "Control", "T0"])
def test_labels_that_are_words_and_numbers_keep_their_letters(label):
    assert with_letters(label) == label
