"""A figure turned or sheared a little is turned back; a straight one is left as it is."""

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ipdrecon import digitise
from ipdrecon.figure.skew import Skew, measure_skew, straighten

TIMES = np.arange(3.0, 48.0, 3.0)


def survival(time):
    return np.exp(-0.03 * time)


def drawn(*, sloping=False):
    figure = Figure(figsize=(7, 5), dpi=120)
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    if sloping:
        axes.plot([0, 48], [1.0, 0.96], color="black")
        axes.plot([0, 48], [0.9, 0.86], color="black")
    axes.step([0, *TIMES, 48], [1, *survival(TIMES), survival(45.0)], where="post", color="tab:blue")
    axes.set(xlim=(0, 48), ylim=(0, 1.05), xticks=range(0, 49, 12), xlabel="Months", ylabel="Overall survival")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def laid_askew(px, level, upright):
    height, width = px.shape[:2]
    level, upright = np.radians([level, upright])
    turned = np.array([[np.cos(level), -np.sin(upright)], [np.sin(level), np.cos(upright)]])
    centre = np.array([width / 2, height / 2])
    matrix = np.column_stack((turned, centre - turned @ centre))
    return cv2.warpAffine(px, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


@pytest.mark.parametrize(("level", "upright"), [(0.3, 0.3), (-1.2, -1.2), (2.9, 2.9), (1.0, 1.3)])
def test_the_angle_is_measured(level, upright):
    skew = measure_skew(laid_askew(drawn(), level, upright))
    assert (skew.level, skew.upright) == pytest.approx((level, upright), abs=0.06)


@pytest.mark.parametrize("sloping", [False, True])
def test_a_straight_figure_has_no_skew(sloping):
    assert measure_skew(drawn(sloping=sloping)) is None


def test_a_figure_without_lines_has_no_skew():
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    assert measure_skew(noise) is None
    assert measure_skew(np.full((200, 300, 3), 255, np.uint8)) is None


def test_what_is_turned_back_is_straight():
    px = laid_askew(drawn(), 2.0, 2.3)
    back = straighten(px, Skew(2.0, 2.3))
    assert measure_skew(back) is None
    assert back.shape[0] >= px.shape[0] and back.shape[1] >= px.shape[1]


def test_a_scan_askew_is_read_and_flagged(tmp_path):
    path = tmp_path / "scan.png"
    cv2.imwrite(str(path), laid_askew(drawn(), -1.5, -1.5)[:, :, ::-1])
    digitisation = digitise(path)
    (flag,) = [flag for flag in digitisation.flags if flag.name == "skew_removed"]
    assert "-1.5" in flag.detail
    (curve,) = digitisation.panels[0].curves
    assert np.abs(curve.survival_at(TIMES + 1.5) - survival(TIMES)).max() < 0.01
