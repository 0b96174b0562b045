"""What accompanies a reading: with a memory the result is the same, and only what edits change is done again."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.app.library import digitisation_files
from ipdrecon.errors import EditError, FigureError
from ipdrecon.figure import panel_reading
from ipdrecon.figure.digitisation import DigitiseSettings, read_figure
from ipdrecon.figure.picture import part_of, png_of, summarise
from ipdrecon.figure.session import STEPS, Memory, session
from ipdrecon.figure.snap import snap_stroke


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    canvas = Canvas(figsize=(6, 4), dpi=100)
    FigureCanvasAgg(canvas)
    axes = canvas.add_axes((0.12, 0.15, 0.84, 0.8))
    axes.step([0, 5, 12, 20, 31, 46], [1, 0.92, 0.8, 0.7, 0.6, 0.6], where="post", color="tab:blue", lw=1.5)
    axes.step([0, 3, 9, 15, 24, 46], [1, 0.85, 0.66, 0.5, 0.3, 0.3], where="post", color="tab:red", lw=1.5)
    axes.set(xlim=(0, 48), ylim=(0, 1))
    path = tmp_path_factory.mktemp("session") / "fig.png"
    canvas.savefig(path)
    return path


EDITS = [
    [],
    [{"edit": "rename_arm", "arm": "arm 1", "name": "Drug"}],
    [{"edit": "unit", "unit": "weeks"}],
    [{"edit": "axis", "axis": "time", "range": [0, 96]}],
    [{"edit": "arms", "count": 1}],
    [{"edit": "row", "arm": "arm 1", "n_risk": [90, 40], "time": [0, 24]}, {"edit": "delete_arm", "arm": "arm 2"}],
    [{"edit": "box", "box": [71, 19, 575, 339]}],
    [{"edit": "add_arm", "name": "Third", "points": [[0, 1], [20, 0.2]]}],
]
GIVEN = {"x_range": (0, 48), "y_range": (0, 1), "settings": DigitiseSettings(ocr=False)}


def files(figure, edits):
    return digitisation_files(read_figure(figure, edits=edits, **GIVEN).digitisation)


def test_with_a_memory_every_reading_is_the_same(figure):
    memory = Memory()
    for edits in (*EDITS, *EDITS[::-1]):
        plain = files(figure, edits)
        with session(memory):
            assert files(figure, edits) == plain


def test_edits_of_curves_trace_nothing_again_and_edits_of_axes_do(figure, monkeypatch):
    traced, real = [], panel_reading.plot_inside
    monkeypatch.setattr(panel_reading, "plot_inside", lambda *given, **more: traced.append(1) or real(*given, **more))
    with session(Memory()):
        for edits, times in ((EDITS[0], 1), (EDITS[1], 1), (EDITS[2], 1), (EDITS[5], 1), (EDITS[3], 2), (EDITS[3] + EDITS[1], 2)):
            files(figure, edits)
            assert len(traced) == times


def test_an_error_is_not_remembered(figure):
    with session(Memory()):
        for _ in range(2):
            with pytest.raises(EditError, match="no arm 'Nobody'"):
                files(figure, [{"edit": "delete_arm", "panel": "1", "arm": "Nobody"}])
        assert len(read_figure(figure, **GIVEN).digitisation.panels[0].curves) == 2


def test_steps_are_told_in_their_order(figure):
    told = []
    with session(listener=told.append):
        files(figure, [])
    assert told == [step for step in STEPS if step in told]
    assert told[0] == STEPS[0]
    assert len(told) >= 5


def test_a_memory_keeps_the_latest():
    memory = Memory()
    for key in range(40):
        memory.get("sheet", key, lambda: object())
    assert list(memory.kept["sheet"]) == list(range(34, 40))


def _step_figure(rows, width=300, height=200, thickness=2):
    px = np.full((height, width, 3), 255, np.uint8)
    for (column, row), (after, below) in zip(rows, rows[1:], strict=False):
        px[row : row + thickness, column : after + thickness] = (0, 90, 200)
        px[min(row, below) : max(row, below) + thickness, after : after + thickness] = (0, 90, 200)
    return px


ROWS = [(20, 30), (60, 50), (120, 90), (180, 100), (280, 100)]
STROKE = [(25, 33), (58, 33), (62, 54), (118, 54), (122, 86), (178, 95), (182, 104), (270, 104)]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("colour", [None, (0, 90, 200)])
def test_a_stroke_finds_every_step_whichever_way_the_curve_goes(turned, colour):
    px = _step_figure(ROWS)
    stroke = STROKE
    if turned:
        px, stroke = px[::-1], [(x, 199 - y) for x, y in STROKE]
    points = snap_stroke(px, stroke[::-1], colour=colour).points
    expected = np.array([[25, 30.5], [60.5, 50.5], [120.5, 90.5], [180.5, 100.5], [270, 100.5]])
    expected[:, 1] = 199 - expected[:, 1] if turned else expected[:, 1]
    assert points == pytest.approx(expected, abs=0.6)


def test_a_stroke_keeps_to_its_colour_and_its_reach():
    px = _step_figure(ROWS)
    px[38:40, 20:280] = (200, 0, 0)
    near = [(70, 44), (110, 44)]
    assert snap_stroke(px, near, colour=(200, 0, 0)).points[0] == pytest.approx([70, 38.5], abs=0.6)
    assert snap_stroke(px, near, colour=(0, 90, 200)).points[0] == pytest.approx([70, 50.5], abs=0.6)
    with pytest.raises(EditError, match="of the stroke has ink within 3 px"):
        snap_stroke(px, near, colour=(200, 0, 0), reach=3)


@pytest.mark.parametrize("stroke", [[], [(1, 2)], [(1, 2, 3), (4, 5, 6)], [(5, 5), (5, 90)], [(np.nan, 1), (50, 1)], [(-90, 5), (-20, 5)]])
def test_a_stroke_that_is_none_is_refused(stroke):
    with pytest.raises(EditError, match="expected two points|draw it along the curve"):
        snap_stroke(_step_figure(ROWS), stroke)


def test_a_picture_is_told_by_its_head(figure, tmp_path):
    summary = summarise(figure)
    assert (summary.kind, summary.width, summary.height, summary.n_pages) == ("PNG", 600, 400, 1)
    (tmp_path / "cut.png").write_bytes(figure.read_bytes()[:12])
    with pytest.raises(FigureError, match="head cannot be read"):
        summarise(tmp_path / "cut.png")


def test_parts_of_a_picture():
    px = np.arange(60 * 80 * 3, dtype=np.uint8).reshape(60, 80, 3)
    assert (part_of(px, (10, 5, 19, 9)) == px[5:10, 10:20]).all()
    assert part_of(px, (70, 50, 500, 500), scale=3).shape == (30, 30, 3)
    assert png_of(px).startswith(b"\x89PNG")
    for wrong in ((90, 0, 99, 9), (5, 5, 4, 4)):
        with pytest.raises(FigureError, match="was asked for"):
            part_of(px, wrong)
    with pytest.raises(FigureError, match="4000 px a side"):
        part_of(np.zeros((600, 800, 3), np.uint8), (0, 0, 799, 599), scale=16)
