"""Edits: each kind changes what it says and nothing else, is refused where it fits nothing, and is repeated by a rerun."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.app.commands import main
from ipdrecon.app.finder_pictures import picture_files
from ipdrecon.app.given import edits_bytes, read_edits
from ipdrecon.app.library import read_digitisation
from ipdrecon.errors import EditError, FolderError, IpdreconError
from ipdrecon.figure.digitisation import DigitiseSettings, read_figure
from ipdrecon.figure.edits.curves import Arms, edit_curves
from ipdrecon.figure.edits.kinds import KINDS, STAGES, parse_edit, parse_edits
from ipdrecon.model import ArmLook, Curve

STEPS = {
    "tab:blue": ([0, 5, 12, 20, 31, 40, 46], [1, 0.92, 0.8, 0.7, 0.62, 0.55, 0.55]),
    "tab:red": ([0, 3, 9, 15, 24, 33, 46], [1, 0.85, 0.66, 0.5, 0.36, 0.24, 0.24]),
}
SILENT = DigitiseSettings(ocr=False)
ROWS = [
    {"edit": "row", "arm": "arm 1", "n_risk": [80, 60, 40, 20], "time": [0, 12, 24, 36]},
    {"edit": "row", "arm": "arm 2", "n_risk": [81, 50, 25, 10]},
]


def _drawn(path, *, left=0.12, width=0.84):
    figure = Canvas(figsize=(6, 4), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((left, 0.15, width, 0.8))
    for colour, (time, survival) in STEPS.items():
        axes.step(time, survival, where="post", color=colour, lw=1.5)
    axes.set(xlim=(0, 48), ylim=(0, 1.05), xticks=range(0, 49, 12), yticks=[0, 0.25, 0.5, 0.75, 1])
    axes.plot([27], [0.7], "|", color="tab:blue", ms=9, mew=1.5)
    figure.savefig(path)
    (x0, y0), (x1, y1) = axes.transData.transform([(0, 0), (48, 1)])
    return x0 - 0.5, 399.5 - y1, x1 - 0.5, 399.5 - y0


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    """Draw the figure; its path and the place of its axes in px."""
    path = tmp_path_factory.mktemp("edits") / "fig.png"
    return path, _drawn(path)


@pytest.fixture(scope="module")
def axes(figure):
    """Edits that give both axes by their ticks, so that no text is needed."""
    left, top, right, bottom = figure[1]
    time = [{"px": left, "value": 0}, {"px": (left + right) / 2, "value": 24}, {"px": right, "value": 48}]
    vertical = [{"px": bottom, "value": 0}, {"px": top, "value": 1}]
    return [{"edit": "axis", "axis": "time", "ticks": time}, {"edit": "axis", "axis": "vertical", "ticks": vertical}]


@pytest.fixture(scope="module")
def read(figure, axes):
    """Read the figure with further edits."""

    def read(*edits, rows=True):
        return read_figure(figure[0], settings=SILENT, edits=[*axes, *(ROWS if rows else ()), *edits]).digitisation

    return read


@pytest.fixture(scope="module")
def plain(read):
    """The reading that edits are compared with."""
    return read()


def _parts(digitisation):
    """Everything read, part by part, flags left out."""
    parts = {"panels": [panel.panel for panel in digitisation.panels]}
    for panel in digitisation.panels:
        calibration, table = panel.calibration, panel.at_risk
        parts |= {"box": panel.box, "scale": calibration.scale, "unit": calibration.time.unit, "names": [look.label for look in panel.looks]}
        for name in ("time", "vertical"):
            axis = getattr(calibration, name)
            parts[name] = (axis.slope, axis.intercept)
        for place, curve in enumerate(panel.curves):
            parts[f"curve {place}"] = np.column_stack([curve.time, curve.survival]).tolist()
            parts[f"marks {place}"] = curve.censor_time.tolist()
        if table is not None:
            parts["times"] = table.time.tolist()
            parts |= {f"row {place}": np.nan_to_num(row, nan=-1).tolist() for place, row in enumerate(table.n_risk)}
    return parts


def _changed(before, after):
    before, after = _parts(before), _parts(after)
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_figure_is_read_without_text(plain):
    panel = plain.panels[0]
    for curve, (time, survival) in zip(panel.curves, STEPS.values(), strict=True):
        assert np.abs(curve.survival_at(np.array(time[:-1]) + 1) - survival[:-1]).max() < 0.004
    assert panel.curves[0].censor_time == pytest.approx([27], abs=0.2)
    assert {flag.name for flag in panel.all_flags()} >= {"axis_given", "edited"}


def test_no_text_is_read_where_none_is_wanted(figure, axes, monkeypatch):
    from ipdrecon.figure import text

    monkeypatch.setattr(text, "engine", lambda: pytest.fail("the text reader was called"))
    assert len(read_figure(figure[0], settings=SILENT, edits=axes).digitisation.panels[0].curves) == 2


EXACTLY = {
    "box": ({"box": [72, 20, 576, 339]}, {"box"}),
    "scale": ({"scale": "percent"}, {"scale", "curve 0", "curve 1", "marks 0"}),
    "unit": ({"unit": "months"}, {"unit"}),
    "rename_arm": ({"arm": "arm 1", "name": "Drug"}, {"names"}),
    "delete_arm": ({"arm": "arm 2"}, {"names", "curve 1", "marks 1", "row 1"}),
    "split_arm": ({"arm": "arm 1", "name": "twin"}, {"names", "curve 2", "marks 2", "row 2"}),
    "add_arm": ({"name": "third", "points": [[5, 0.9], [40, 0.3]]}, {"names", "curve 2", "marks 2", "row 2"}),
    "points": ({"arm": "arm 2", "points": [[16, 0.48], [22, 0.4]]}, {"curve 1"}),
    "swap": ({"arms": ["arm 1", "arm 2"], "from": 1, "to": 2.5}, set()),
    "end": ({"arm": "arm 1", "time": 42}, {"curve 0"}),
    "marks": ({"arm": "arm 2", "add": [7, 44]}, {"marks 1"}),
    "cell": ({"arm": "arm 1", "time": 24, "n_risk": 41}, {"row 0"}),
    "row": ({"arm": "arm 2", "n_risk": [81, 49, None, 10]}, {"row 1"}),
    "tie": ({"arms": ["arm 1", "arm 2"]}, {"row 0", "row 1"}),
    "times": ({"time": [0, 10, 20, 30]}, {"times"}),
    "clear_table": ({}, {"times", "row 0", "row 1"}),
    "rename_panel": ({"panel": "1", "name": "B"}, {"panels"}),
}


@pytest.mark.parametrize("kind", EXACTLY)
def test_each_kind_changes_what_it_says_and_nothing_else(read, plain, kind):
    fields, parts = EXACTLY[kind]
    if kind == "scale":
        parts = parts & _changed(plain, read({"edit": kind, **fields}))
    assert _changed(plain, read({"edit": kind, **fields})) == parts


def test_axis_range_and_ticks_say_the_same(figure, axes, plain):
    time, vertical = axes
    range_ = {"edit": "axis", "axis": "time", "range": [0, 48]}
    by_range = read_figure(figure[0], settings=SILENT, edits=[range_, vertical, *ROWS]).digitisation
    assert _changed(plain, by_range) <= {"time", "curve 0", "curve 1", "marks 0"}
    assert by_range.panels[0].calibration.time.slope == pytest.approx(plain.panels[0].calibration.time.slope, rel=0.01)
    doubled = {**time, "ticks": [{**tick, "value": 2 * tick["value"]} for tick in time["ticks"]]}
    twice = read_figure(figure[0], settings=SILENT, edits=[doubled, vertical]).digitisation.panels[0]
    np.testing.assert_allclose(twice.curves[0].time, 2 * plain.panels[0].curves[0].time, rtol=1e-9)


def test_incidence_turns_the_curves_over(figure, axes):
    with pytest.raises(IpdreconError, match="found"):
        read_figure(figure[0], settings=SILENT, edits=[*axes, {"edit": "scale", "scale": "incidence"}])


def test_number_of_arms_and_their_colours(read, plain):
    assert _changed(plain, read({"edit": "arms", "count": 2})) == set()
    one = read({"edit": "colours", "colours": [[214, 39, 40]]}, rows=False).panels[0]
    assert len(one.curves) == 1
    np.testing.assert_allclose(one.curves[0].survival, plain.panels[0].curves[1].survival, atol=0.01)
    with pytest.raises(IpdreconError, match="No curve has the colour 1 of those given"):
        read({"edit": "colours", "colours": [[0, 255, 0]]}, rows=False)


def test_figure_is_done_by_hand_from_nothing(tmp_path):
    import cv2

    path = tmp_path / "blank.png"
    cv2.imwrite(str(path), np.full((300, 400, 3), 255, np.uint8))
    edits = [
        {"edit": "add_panel", "panel": "A", "box": [50, 20, 350, 250]},
        {"edit": "axis", "axis": "time", "ticks": [{"px": 50, "value": 0}, {"px": 350, "value": 30}]},
        {"edit": "axis", "axis": "vertical", "ticks": [{"px": 250, "value": 0}, {"px": 20, "value": 100}]},
        {"edit": "scale", "scale": "percent"},
        {"edit": "arms", "count": 0},
        {"edit": "add_arm", "name": "Drug", "points": [[150, 66], [300, 135]], "unit": "px"},
        {"edit": "row", "arm": "Drug", "time": [0, 10], "n_risk": [50, 40]},
    ]
    panel = read_figure(path, settings=SILENT, edits=edits).digitisation.panels[0]
    assert (panel.panel, [look.label for look in panel.looks]) == ("A", ["Drug"])
    assert panel.curves[0].time.tolist() == pytest.approx([0, 10, 25, 25])
    assert panel.curves[0].survival.tolist() == pytest.approx([1, 0.8, 0.5, 0.5])
    assert panel.at_risk.n_risk.tolist() == [[50, 40]]


def test_swap_exchanges_what_follows(read, plain):
    one, other = plain.panels[0].curves
    swapped = read({"edit": "swap", "arms": ["arm 1", "arm 2"], "from": 1}).panels[0]
    for curve, source in zip(swapped.curves, (other, one), strict=True):
        at = np.arange(4, 46)
        np.testing.assert_allclose(curve.survival_at(at), source.survival_at(at), atol=0.01)
        assert curve.time[-1] == source.time[-1]
        assert curve.censor_time.tolist() == source.censor_time.tolist()


# two curves that cross at 25 and again at 38
CROSSING = (
    ([0, 5, 15, 25, 35, 45, 46], [1, 0.9, 0.8, 0.5, 0.45, 0.4, 0.4], [3.0, 30.0, 41.0]),
    ([0, 8, 18, 28, 38, 44, 44], [1, 0.85, 0.7, 0.65, 0.3, 0.25, 0.25], [10.0, 33.0, 43.0]),
)


def _arms(calibration, curves):
    looks = tuple(ArmLook(name, (0, 0, 0), "solid", "given") for name in ("A", "B"))
    return Arms(tuple(Curve(look.label, *curve) for look, curve in zip(looks, curves, strict=True)), looks, calibration)


def _taken_for_each_other(one, other, begin, end):
    """One curve as it is drawn but in a stretch, where it is the other."""
    at = np.unique([*one[0], *other[0], begin, end]).astype(float)
    inside = (at >= begin) & (at < end)
    level = [np.asarray(curve[1])[np.searchsorted(curve[0], at, side="right") - 1] for curve in (one, other)]
    marks = [mark for mark in one[2] if not begin <= mark <= end] + [mark for mark in other[2] if begin <= mark <= end]
    keep = at <= one[0][-1]
    return at[keep], np.where(inside, level[1], level[0])[keep], sorted(marks)


@pytest.mark.parametrize("end", [37.9, 38.0], ids=["a little before the crossing", "at the crossing"])
def test_a_swap_between_two_crossings_gives_each_curve_its_own_again(plain, end):
    one, other = CROSSING
    wrong = _taken_for_each_other(one, other, 25.0, 38.0), _taken_for_each_other(other, one, 25.0, 38.0)
    calibration, swap = plain.panels[0].calibration, parse_edit({"edit": "swap", "arms": ["A", "B"], "from": 25.0, "to": end}, "edit 1")
    mended, at = edit_curves(_arms(calibration, wrong), [swap]), np.arange(0, 46, 0.05)
    at = at[(at < end) | (at >= 38)]
    for curve, truth in zip(mended.curves, _arms(calibration, CROSSING).curves, strict=True):
        np.testing.assert_array_equal(curve.survival_at(at), truth.survival_at(at))
        assert curve.censor_time.tolist() == truth.censor_time.tolist()
        assert curve.time[-1] == truth.time[-1]
    again = edit_curves(mended, [swap])
    for curve, before in zip(again.curves, _arms(calibration, wrong).curves, strict=True):
        np.testing.assert_array_equal(curve.survival_at(at), before.survival_at(at))


def test_a_swap_that_ends_where_the_curves_lie_apart_is_refused(plain):
    swap = parse_edit({"edit": "swap", "panel": "1", "arms": ["A", "B"], "from": 10, "to": 30}, "edit 1")
    with pytest.raises(EditError, match=r"would rise from .* survival cannot rise"):
        edit_curves(_arms(plain.panels[0].calibration, CROSSING), [swap])


@pytest.mark.parametrize(("stretch", "level"), [({}, 0.55), ({"to": 20}, 0.5)])
def test_points_hold_to_the_next_drop_or_to_the_end_of_their_stretch(read, stretch, level):
    curve = read({"edit": "points", "arm": "arm 2", "points": [[14.5, 0.6], [18, 0.55]], **stretch}).panels[0].curves[1]
    assert curve.survival_at([13, 16, 19, 22, 26]).tolist() == pytest.approx([0.66, 0.6, 0.55, level, 0.36], abs=0.004)


def test_pieces_of_one_curve_are_joined(read):
    cut = [{"edit": "end", "arm": "arm 1", "time": 22}, {"edit": "add_arm", "name": "rest", "points": [[22, 0.7], [31, 0.6], [45, 0.5]]}]
    panel = read(*cut, {"edit": "merge_arms", "arm": "rest", "into": "arm 1"}).panels[0]
    assert [look.label for look in panel.looks] == ["arm 1", "arm 2"]
    assert panel.curves[0].survival_at([15, 25, 35, 45]).tolist() == pytest.approx([0.8, 0.7, 0.6, 0.5], abs=0.004)


def test_an_arm_that_ends_with_the_other_is_no_later_part_of_it(read):
    with pytest.raises(EditError, match="'again' ends at 46.*, 'arm 1' at 46.*; expected the joined arm to go on after the other's end. End 'arm 1' where"):
        read({"edit": "split_arm", "arm": "arm 1", "name": "again"}, {"edit": "merge_arms", "arm": "again", "into": "arm 1"})


def test_a_panel_is_left_out_with_what_was_done_to_it(read, figure):
    boxes = [{"edit": "add_panel", "panel": name, "box": list(figure[1])} for name in "AB"]
    renamed, gone = {"edit": "rename_arm", "panel": "B", "arm": "arm 1", "name": "Drug"}, {"edit": "delete_panel", "panel": "B"}
    assert [panel.panel for panel in read(*boxes, renamed, gone, rows=False).panels] == ["A"]
    with pytest.raises(EditError, match="no panel 'B'"):
        read(*boxes, gone, renamed, rows=False)


def test_later_edits_know_an_arm_by_both_names(read):
    edits = [
        {"edit": "rename_arm", "arm": "arm 1", "name": "Drug"},
        {"edit": "cell", "arm": "arm 1", "time": 0, "n_risk": 90},
        {"edit": "cell", "arm": "Drug", "time": 12, "n_risk": 61},
        {"edit": "marks", "arm": "arm 1", "clear": True},
    ]
    panel = read(*edits).panels[0]
    assert panel.at_risk.arms == ("Drug", "arm 2")
    assert panel.at_risk.n_risk[0].tolist() == [90, 61, 40, 20]
    assert panel.curves[0].censor_time.tolist() == []


def test_rows_of_an_arm_taken_away_are_not_asked_for(read):
    panel = read({"edit": "cell", "arm": "arm 2", "time": 0, "n_risk": 5}, {"edit": "delete_arm", "arm": "arm 2"}).panels[0]
    assert panel.at_risk.arms == ("arm 1",)


def test_numbers_that_an_edit_makes_rise_are_flagged(read):
    flags = read({"edit": "cell", "arm": "arm 1", "time": 24, "n_risk": 70}).all_flags()
    assert [flag.detail for flag in flags if flag.name == "at_risk_rises"] == ["from 60 to 70 at time 24."]


def test_every_edit_done_is_flagged_at_its_place(read):
    flags = read({"edit": "rename_arm", "arm": "arm 1", "name": "Drug"}, {"edit": "unit", "unit": "weeks"}).all_flags()
    edited = {(flag.place, flag.box is not None) for flag in flags if flag.name == "edited"}
    assert edited == {("arm 'Drug'", True), ("time axis", True), ("at-risk table", True)}


@pytest.fixture(scope="module")
def with_table(tmp_path_factory):
    """Draw a figure of three arms with legend and numbers at risk."""
    path = tmp_path_factory.mktemp("table") / "fig.png"
    figure = Canvas(figsize=(8, 6), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.2, 0.4, 0.75, 0.55))
    arms = {"Placebo": "tab:blue", "Surgery": "tab:red", "Radiation": "tab:green"}
    for row, (name, colour) in enumerate(arms.items()):
        axes.step([0, 5 + row, 12 + 3 * row, 30, 46], [1, 0.9 - 0.15 * row, 0.75 - 0.15 * row, 0.6 - 0.2 * row, 0.6 - 0.2 * row], where="post", color=colour, label=name)
        figure.text(0.04, 0.24 - 0.06 * row, name, fontsize=11)
        for column, time in enumerate(range(0, 49, 12)):
            figure.text(0.2 + 0.75 * time / 50, 0.24 - 0.06 * row, f"{90 - row - 15 * column}", ha="center", fontsize=11)
    figure.text(0.04, 0.3, "Number at risk", fontsize=11)
    axes.set(xlim=(0, 50), ylim=(0, 1.05), xticks=range(0, 49, 12), xlabel="Time (months)", ylabel="Overall survival")
    axes.legend(frameon=False)
    figure.savefig(path)
    return path


def test_rows_follow_arms_that_go_and_come(with_table):
    plain = read_figure(with_table).digitisation.panels[0]
    assert plain.at_risk.arms == ("Placebo", "Surgery", "Radiation")
    edits = [{"edit": "delete_arm", "arm": "Surgery"}, {"edit": "rename_arm", "arm": "Placebo", "name": "Control"}]
    edits += [{"edit": "split_arm", "arm": "Radiation", "name": "Surgery"}]
    reading = read_figure(with_table, edits=edits)
    table = reading.digitisation.panels[0].at_risk
    assert table.arms == ("Control", "Radiation", "Surgery")
    assert table.n_risk[:, 0].tolist() == [90, 88, 89]
    assert "table_1.png" in picture_files(reading, reading.digitisation)


@pytest.mark.parametrize(("edits", "rows"), [
    ([{"edit": "split_arm", "arm": "Placebo", "name": "Copy"}, {"edit": "delete_arm", "arm": "Placebo"}], {"Surgery": 89, "Radiation": 88, "Copy": None}),
    ([{"edit": "split_arm", "arm": "Placebo", "name": "Copy"}, {"edit": "delete_arm", "arm": "Placebo"}, {"edit": "rename_arm", "arm": "Copy", "name": "Placebo"}], {"Surgery": 89, "Radiation": 88, "Placebo": 90}),
    ([{"edit": "split_arm", "arm": "Placebo", "name": "Copy"}], {"Placebo": 90, "Surgery": 89, "Radiation": 88, "Copy": None}),
    ([{"edit": "rename_arm", "arm": "Surgery", "name": "Knife"}, {"edit": "split_arm", "arm": "Knife", "name": "Copy"}, {"edit": "delete_arm", "arm": "Knife"}], {"Placebo": 90, "Radiation": 88, "Copy": None}),
], ids=["copy", "copy that takes the name", "both", "renamed before"])
def test_the_row_of_an_arm_taken_away_goes_to_no_other(with_table, edits, rows):
    table = read_figure(with_table, edits=edits).digitisation.panels[0].at_risk
    seen = dict(zip(table.arms, table.n_risk[:, 0].tolist(), strict=True))
    assert {name: None if np.isnan(n_risk) else n_risk for name, n_risk in seen.items()} == rows


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_box_given_by_hand_stands_in_for_the_frame_and_is_given_once(figure, read):
    left, top, right, bottom = figure[1]
    added = {"edit": "add_panel", "panel": "1", "box": [left, top, right, bottom]}
    (panel,) = read(added).panels
    assert len(panel.curves) == 2
    assert panel.box.left == left
    with pytest.raises(EditError, match="panel '1' is there already"):
        read(added, added)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"edit": "rename_arm", "arm": "Drug", "name": "x"}, r"edit 5 \(rename_arm\): no arm 'Drug'; the arms are 'arm 1', 'arm 2'"),
        ({"edit": "rename_arm", "arm": "arm 1", "name": "arm 2"}, "there is an arm 'arm 2' already"),
        ({"edit": "delete_arm", "arm": "arm 1", "panel": "B"}, "no panel 'B'; the panels are '1'"),
        ({"edit": "box", "panel": "C", "box": [0, 0, 50, 50]}, "no panel 'C'; the panels are '1'. Use add_panel"),
        ({"edit": "delete_panel", "panel": "1"}, "delete every panel"),
        ({"edit": "points", "arm": "arm 2", "points": [[20, 0.9]]}, "would rise from 0.499 to 0.900 at 20"),
        ({"edit": "points", "arm": "arm 2", "points": [[20, 4]]}, "point 1 is time 20, survival 4"),
        ({"edit": "points", "arm": "arm 2", "points": [[20, 0.4]], "from": 25, "to": 30}, "beyond the stretch from 25 to 30"),
        ({"edit": "marks", "arm": "arm 1", "delete": [5]}, "no censor mark at 5; the nearest is at 27"),
        ({"edit": "marks", "arm": "arm 1", "add": [60]}, "beyond the end of 'arm 1'"),
        ({"edit": "merge_arms", "arm": "arm 1", "into": "arm 1"}, "with itself"),
        ({"edit": "swap", "arms": ["arm 1", "arm 2"], "from": 47}, "only one of the two is drawn"),
        ({"edit": "cell", "arm": "arm 1", "time": 13, "n_risk": 5}, "has no time 13; its times are 0, 12, 24, 36"),
        ({"edit": "row", "arm": "arm 1", "n_risk": [5]}, "1 numbers, but the table has 4 times"),
        ({"edit": "times", "time": [0, 1]}, "gives 2 times, but the table has 4"),
        ({"edit": "axis", "axis": "time", "ticks": [{"px": 9, "value": 5}, {"px": 99, "value": 1}]}, "must rise from left to right"),
    ],
)
def test_edit_that_fits_nothing_names_what_is_there(read, edit, message):
    with pytest.raises(IpdreconError, match=message):
        read(edit)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"edit": "rename"}, "its kind is 'rename'; expected an object whose field edit is one of box, add_panel"),
        ("rename_arm", "it is 'rename_arm'"),
        ({"edit": "cell", "arm": "A", "time": 0}, "changes nothing; expected n_risk"),
        ({"edit": "cell", "arm": "A", "time": "0", "n_risk": 5}, "time: input should be a valid number"),
        ({"edit": "cell", "arm": "A", "time": 0, "n_risk": -5}, "n_risk: input should be greater than or equal to 0"),
        ({"edit": "delete_arm", "arm": " "}, "arm: is blank"),
        ({"edit": "delete_arm", "arm": "A", "n": 3}, "n: is no field of this kind"),
        ({"edit": "delete_arm"}, "arm: is missing"),
        ({"edit": "box", "box": [5, 5, 2, 90]}, "expected left < right"),
        ({"edit": "axis", "axis": "time"}, "gives both ticks and range, or neither"),
        ({"edit": "axis", "axis": "time", "range": [3, 3]}, "two different places with two different values"),
        ({"edit": "axis", "axis": "vertical", "range": [1, 0]}, "runs from 1 down to 0; expected the lower value first"),
        ({"edit": "swap", "arms": ["A", "B"], "from": 5, "to": 2}, "goes from 5 to 2"),
        ({"edit": "times", "time": [0, 5, 5]}, "do not increase"),
        ({"edit": "marks", "arm": "A"}, "expected add, delete or clear"),
        ({"edit": "row", "arm": "A", "n_risk": [1, 2], "time": [0]}, "1 times and 2 numbers"),
        ({"edit": "points", "arm": "A", "points": [[0, float("nan")]]}, "points.1.2: input should be a finite number"),
    ],
)
def test_malformed_edit_is_named_by_place_and_field(tmp_path, record, message):
    path = tmp_path / "edits.json"
    path.write_text(json.dumps([{"edit": "unit", "unit": "days"}, record]))
    with pytest.raises(EditError, match=r"edits\.json, edit 2.*" + message.replace(".", r"\.")):
        read_edits(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "is no JSON"), ('{"edits": []}', "schema version None"), ('{"schema_version": 1}', "a list named edits"), ("5", "schema version None")],
)
def test_file_that_holds_no_edits_is_refused(tmp_path, text, message):
    (tmp_path / "edits.json").write_text(text)
    with pytest.raises(FolderError, match=message):
        read_edits(tmp_path / "edits.json")


def test_edits_of_another_figure_are_refused(tmp_path, figure):
    (tmp_path / "edits.json").write_bytes(edits_bytes([], "0" * 64))
    with pytest.raises(FolderError, match=r"holds the edits of another picture than fig\.png"):
        read_edits(tmp_path / "edits.json", figure[0])


def test_every_kind_reads_back_as_it_was_written(tmp_path, axes):
    others = [
        {"edit": "add_panel", "panel": "B", "box": [1.5, 2, 30, 40]},
        {"edit": "delete_panel", "panel": "C"},
        {"edit": "arms", "count": 3},
        {"edit": "colours", "colours": [[1, 2, 3]]},
        {"edit": "merge_arms", "arm": "x", "into": "y"},
    ]
    records = [*axes, *others, *({"edit": kind} | fields for kind, (fields, _) in EXACTLY.items())]
    assert {record["edit"] for record in records} == set(KINDS)
    path = tmp_path / "edits.json"
    path.write_bytes(edits_bytes([edit.to_dict() for edit in parse_edits(records)], ""))
    assert [edit.to_dict() for edit in read_edits(path)] == [edit.to_dict() for edit in parse_edits(records)]
    assert edits_bytes([edit.to_dict() for edit in read_edits(path)], "") == path.read_bytes()


def test_every_kind_has_its_stage():
    assert list(dict.fromkeys(kind.stage for kind in KINDS.values() if kind.stage != "names")) + ["names"] == list(STAGES)


# --- on the command line ---------------------------------------------------------------------------------------------


def _bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_rerun_repeats_the_edits_and_gives_the_same_bytes(tmp_path, figure, axes, capsys):
    out = tmp_path / "out"
    (tmp_path / "mine.json").write_text(json.dumps([*axes, *ROWS]))
    options = ["--name", "arm 1=Drug", "--name", "arm 2=Placebo", "--unit", "weeks", "--save-edits", "-q"]
    main(["digitise", str(figure[0]), "--no-ocr", "--out", str(out), "--edits", str(tmp_path / "mine.json"), *options])
    first = _bytes_of(out)
    assert [curve.arm for curve in read_digitisation(out).panels[0].curves] == ["Drug", "Placebo"]
    in_force, saved = (json.loads(first[name])["edits"] for name in ("figure.json", "edits.json"))
    assert [edit["edit"] for edit in in_force] == [edit["edit"] for edit in saved] == ["axis", "axis", "row", "row", "unit", "rename_arm", "rename_arm"]
    for again in ([], options):
        main(["digitise", str(figure[0]), "--no-ocr", "--out", str(out), "-q", *again])
        assert _bytes_of(out) == first
    ranges = ["--x-range", "0", "48", "--y-range", "0", "1"]
    main(["digitise", str(figure[0]), "--no-ocr", "--out", str(out), "--no-edits", *ranges, "-q"])
    assert [curve.arm for curve in read_digitisation(out).panels[0].curves] == ["arm 1", "arm 2"]
    assert (out / "edits.json").read_bytes() == first["edits.json"]


def test_options_that_fit_nothing_end_with_one_line(tmp_path, figure, capsys):
    basis = ["digitise", str(figure[0]), "--no-ocr", "--x-range", "0", "48", "--y-range", "0", "1", "--out", str(tmp_path / "out")]
    assert main([*basis, "--name", "Drug=x"]) == 1
    assert "--name Drug=x (rename_arm): no arm 'Drug'; the arms are 'arm 1', 'arm 2'" in capsys.readouterr().err
    assert main([*basis, "--box", "9", "9", "5", "5"]) == 1
    assert "--box (box): is left 9" in capsys.readouterr().err
    assert main([*basis, "--name", "Drug"]) == 2
    assert "is not OLD=NEW" in capsys.readouterr().err
    assert main([*basis, "--scale", "hazard"]) == 2
    assert not (tmp_path / "out").exists()


def test_pictures_show_each_finder_and_each_doubt(tmp_path, figure, capsys):
    out = tmp_path / "out"
    ranges = ["--x-range", "0", "48", "--y-range", "0", "1", "--pictures", str(out / "pictures")]
    runs = []
    for _ in range(2):
        main(["digitise", str(figure[0]), "--no-ocr", *ranges, "--out", str(out), "-q"])
        runs.append(_bytes_of(out / "pictures") | _bytes_of(out))
    assert runs[0] == runs[1]
    assert json.loads(runs[0]["pictures.json"])["files"] == sorted(name for name in _bytes_of(out / "pictures") if name.endswith(".png"))
    assert {"panels.png", "text.png", "axes_1.png", "ink_1.png", "traces_1.png", "marks_1.png"} <= set(runs[0])
    record = json.loads(runs[0]["figure.json"])
    flags = record["flags"] + [flag for panel in record["panels"] for part in (panel, *panel["arms"]) for flag in part["flags"]]
    pictures = {flag["picture"] for flag in flags}
    assert pictures == {name for name in runs[0] if name.startswith("flag_")}
    assert sorted(flag["number"] for flag in flags) == list(range(1, len(flags) + 1))
    main(["digitise", str(figure[0]), "--no-ocr", *ranges, "--unit", "days", "--out", str(out), "-q"])
    names = {flag.name for flag in read_digitisation(out).all_flags()}
    assert {path.name[8:-4] for path in (out / "pictures").glob("flag_*.png")} <= names


def test_a_tick_set_wrong_is_no_confidence_band():
    from ipdrecon.figure.digitisation import read_figure
    from ipdrecon.figure.session import Memory, session

    path = Path(__file__).parents[1] / "digitised" / "tacerte" / "fig5_facsimile.png"
    with session(Memory()):
        axis = read_figure(path).digitisation.panels[0].calibration.time
        ticks = [{"px": px, "value": value} for px, value in zip(axis.tick_px.tolist(), axis.tick_value.tolist(), strict=True)]
        ticks[-1]["px"] -= 40
        flags = read_figure(path, edits=[{"edit": "axis", "axis": "time", "ticks": ticks}]).digitisation.all_flags()
    assert "confidence_band" not in {flag.name for flag in flags}
