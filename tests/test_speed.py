"""The way with axes given and text not read never calls the reader of text, and is quick."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ipdrecon.figure import panel_reading, text
from ipdrecon.figure.digitisation import DigitiseSettings, digitise
from ipdrecon.figure.ink import plot_inside

# Measured: 0.15 s of one processor. The bound only tells work that grew many times over.
MOST_SECONDS = 2.0


@pytest.fixture
def picture(tmp_path):
    figure = Figure(figsize=(7, 5), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for seed, colour in enumerate(("tab:blue", "tab:red")):
        time_of_death = np.sort(np.random.default_rng(seed).exponential(40 - 15 * seed, 100))
        axes.step(np.r_[0, time_of_death], 1 - np.arange(101) / 100, where="post", color=colour)
    axes.set(xlim=(0, 60), ylim=(0, 1), xlabel="Months", ylabel="Overall survival")
    figure.savefig(tmp_path / "figure.png")
    return tmp_path / "figure.png"


def test_with_axes_given_no_text_is_read_and_the_work_is_little(picture, monkeypatch):
    def refuse():
        raise AssertionError("text was read")

    monkeypatch.setattr(text, "engine", refuse)
    options = {"x_range": (0, 60), "y_range": (0, 1), "settings": DigitiseSettings(ocr=False)}
    digitise(picture, **options)
    start = time.process_time()
    reading = digitise(picture, **options)
    assert time.process_time() - start < MOST_SECONDS
    assert len(reading.panels[0].curves) == 2


def test_the_other_direction_is_not_tried_where_curves_follow_the_ink(tmp_path, monkeypatch):
    figure = Figure(figsize=(7, 5), dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for rate, colour in ((0.06, "tab:blue"), (0.03, "tab:red")):
        axes.step(np.arange(61), rate * np.arange(61), where="post", color=colour)
    axes.set(xlim=(0, 60), ylim=(0, 5))
    figure.savefig(tmp_path / "figure.png")
    tried = []
    monkeypatch.setattr(panel_reading, "plot_inside", lambda px, box, way, *rest, **more: tried.append(way.scale) or plot_inside(px, box, way, *rest, **more))
    panel = digitise(tmp_path / "figure.png", x_range=(0, 60), y_range=(0, 5), settings=DigitiseSettings(ocr=False)).panels[0]
    assert "scale_assumed" in [flag.name for flag in panel.flags]
    assert tried == ["incidence_percent"]
    assert sorted(1 - curve.survival[-1] for curve in panel.curves) == pytest.approx([0.018, 0.036], abs=0.001)


@pytest.mark.parametrize(("side", "read_at"), [(200, 600), (1500, 1500), (8000, 3200)])
def test_text_is_read_at_a_bounded_size_and_placed_where_it_stands(monkeypatch, side, read_at):
    sizes = []

    def engine(px, **_):
        sizes.append(max(px.shape[:2]))
        corners = np.array([[[0, 0], [px.shape[1], 0], [px.shape[1], px.shape[0]], [0, px.shape[0]]]], float)
        return SimpleNamespace(boxes=corners, txts=("word",), scores=(0.9,))

    monkeypatch.setattr(text, "engine", lambda: engine)
    (word,) = text.read_words(np.full((side // 4, side, 3), 255, np.uint8))
    assert sizes == [read_at]
    assert (word.box.right, word.box.bottom) == pytest.approx((side, side // 4), abs=1)


@pytest.mark.parametrize("shape", [(2000, 60, 3), (60, 2000, 3), (700, 900, 3)])
def test_a_thread_of_text_is_not_enlarged_to_gigabytes(shape, monkeypatch):
    seen = []

    def engine(px, **options):
        seen.append(px.shape)
        return SimpleNamespace(boxes=None)

    monkeypatch.setattr(text, "engine", lambda: engine)
    text.read_words(np.full(shape, 255, np.uint8), scale=1.0)
    assert max(seen[0][:2]) <= 8.1 * min(seen[0][:2])
    assert seen[0][0] >= shape[0]
    assert seen[0][1] >= shape[1]
