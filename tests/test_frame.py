"""By truth: a figure without tick labels is read when both ranges are given."""

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from ipdrecon.errors import PanelError
from ipdrecon.figure.digitisation import digitise
from ipdrecon.figure.frame import find_frame

TIME = np.arange(0, 37, 2.0)


@pytest.fixture(params=["frame", "two lines"])
def unlabelled(request, tmp_path):
    figure = Figure(figsize=(6, 4), dpi=120)
    axes = figure.add_axes((0.12, 0.12, 0.8, 0.8))
    for scale, colour in ((30, "C0"), (15, "C3")):
        axes.step(TIME, np.exp(-TIME / scale), where="post", lw=2, color=colour)
    axes.set(xlim=(0, 36), ylim=(0, 1))
    axes.set_xticks(range(0, 37, 6), [""] * 7)
    axes.set_yticks(np.arange(0, 1.01, 0.25), [""] * 5)
    if request.param == "two lines":
        axes.spines[["top", "right"]].set_visible(False)
    path = tmp_path / "unlabelled.png"
    figure.savefig(path)
    return path


def test_given_ranges_stand_in_for_labels(unlabelled):
    panel = digitise(unlabelled, x_range=(0, 36), y_range=(0, 1)).panels[0]
    at = np.array([5.0, 12.5, 20.5, 30.5])
    drawn = [np.exp(-2 * np.floor(at / 2) / scale) for scale in (30, 15)]
    np.testing.assert_allclose([curve.survival_at(at) for curve in panel.curves], drawn, atol=0.006)
    assert [flag.name for flag in panel.flags].count("axis_given") == 2


@pytest.mark.parametrize("dpi", [100, 200, 300, 600])
def test_tick_marks_at_the_corner_grow_with_the_figure(dpi, tmp_path):
    figure = Figure(figsize=(5, 4), dpi=dpi)
    axes = figure.add_axes((0.15, 0.15, 0.8, 0.8))
    axes.set(xlim=(0, 36), ylim=(0, 1))
    figure.savefig(tmp_path / "ticks.png")
    px = cv2.imread(str(tmp_path / "ticks.png"))
    box, (height, width) = find_frame(px), px.shape[:2]
    np.testing.assert_allclose((box.left, box.top, box.right, box.bottom), (0.15 * width, 0.05 * height, 0.95 * width, 0.85 * height), atol=0.006 * width)


def test_without_ranges_it_is_refused(unlabelled):
    with pytest.raises(PanelError, match="give --x-range and --y-range"):
        digitise(unlabelled)


def test_a_picture_without_axis_lines_has_no_frame():
    px = np.full((200, 300, 3), 255, np.uint8)
    px[50:150, 100] = 0
    with pytest.raises(PanelError, match="0 long horizontal and 1 long vertical"):
        find_frame(px)


def test_a_blank_picture_has_no_frame():
    with pytest.raises(PanelError, match="0 long horizontal and 0 long vertical"):
        find_frame(np.full((200, 300, 3), 255, np.uint8))
