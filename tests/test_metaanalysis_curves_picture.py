"""The picture of pooled curves: what it prints is what was computed, inside the page, the same bytes each time."""

import math

import numpy as np
import pandas as pd
import pytest

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.data import Patients
from metaanalysis.patients.pooled_curves import pool_curves
from metaanalysis.patients.windows import hazard_ratios_by_window
from metaanalysis.pictures.pooled_curves import pooled_curves_plot
from metaanalysis.pictures.saving import save_picture


def patients(sizes=(120, 160), seed=1):
    rng = np.random.default_rng(seed)
    parts = []
    for number, size in enumerate(sizes):
        treatment = np.arange(size) % 2
        time, censored = rng.exponential(12 * np.exp(0.4 * treatment)), rng.uniform(10, 40, size)
        parts.append(pd.DataFrame({"study": f"trial {number}", "treatment": treatment, "time": np.minimum(time, censored), "event": (time <= censored).astype(int)}))
    return Patients.of(pd.concat(parts, ignore_index=True))


@pytest.fixture(scope="module")
def drawn():
    people = patients((120, 160, 140, 150))
    return pool_curves(people), hazard_ratios_by_window(people, [6, 12])


def words(figure):
    return [text.get_text() for text in figure.texts]


def test_numbers_are_those_computed(drawn):
    curves, windows = drawn
    found = words(pooled_curves_plot(curves, windows, unit="months"))
    shown = curves.risk_time <= 1.01 * curves.until
    for row in curves.n_risk[:, shown]:
        assert {str(n) for n in row} <= set(found)
    for window in windows.windows:
        pooled = window.two_stage.pooled
        centre, low, high = (math.exp(value) for value in (pooled.estimate, pooled.ci_low, pooled.ci_high))
        assert f"{centre:.2f} [{low:.2f}, {high:.2f}]" in found
        assert str(window.n_events) in found
        assert window.name in found
    assert "Window (months)" in found


def test_lines_are_the_curves(drawn):
    curves, _ = drawn
    figure = pooled_curves_plot(curves, method="standardised", beside=("simple",))
    heights = [line.get_ydata() for line in figure.axes[0].lines]
    expected = [curves.curve(method, arm).survival for arm in ("treatment", "reference") for method in ("standardised", "simple")]
    for found, survival in zip(heights, expected, strict=True):
        np.testing.assert_array_equal(found, survival)


@pytest.mark.parametrize("method", ["standardised", "summary", "simple"])
@pytest.mark.parametrize("names", [("Treatment", "Reference"), ("Transarterial chemoembolisation plus external radiotherapy", "B")])
def test_everything_is_on_the_page(drawn, method, names):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = pooled_curves_plot(*drawn, method=method, names=names, unit="months")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    page = figure.bbox
    for text in [*figure.texts, *figure.axes[0].get_legend().get_texts(), *(label for axes in figure.axes for label in axes.get_xticklabels())]:
        box = text.get_window_extent(renderer)
        assert box.x0 >= page.x0 - 1, text.get_text()
        assert box.x1 <= page.x1 + 1, text.get_text()
        assert box.y0 >= page.y0 - 1, text.get_text()


def test_a_window_without_a_ratio_says_so():
    people = patients((14, 16))
    assert "not estimable" in words(pooled_curves_plot(pool_curves(people), hazard_ratios_by_window(people, [0.2, 5])))


def test_the_same_picture_is_the_same_bytes(drawn, tmp_path):
    for suffix in ("svg", "pdf", "png"):
        first, second = (save_picture(pooled_curves_plot(*drawn), tmp_path / f"{number}.{suffix}", dpi=80).read_bytes() for number in range(2))
        assert first == second


@pytest.mark.parametrize("options", [{"method": "mean"}, {"beside": ("summary",)}, {"beside": ("other",)}])
def test_curves_that_are_not_known_are_refused(drawn, options):
    with pytest.raises(MetaAnalysisError, match="expected simple, standardised, summary, and beside them standardised or simple"):
        pooled_curves_plot(drawn[0], **options)
