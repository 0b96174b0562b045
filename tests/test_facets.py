"""Facets: one comparison drawn apart is one panel; two figures side by side are two."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ipdrecon import digitise
from ipdrecon.app.library import read_digitisation
from ipdrecon.app.workflow import digitise_to_folder

ARMS = {"Placebo": ("#1f77b4", 0.055), "Low dose": ("#d62728", 0.03), "High dose": ("#2ca02c", 0.015)}
TIMES = np.linspace(1, 47, 24)


def survival(rate):
    return np.exp(-rate * TIMES)


def _strip(axes, title):
    """A title on a grey strip that stands on a grey ground with a white grid."""
    axes.set_facecolor("0.92")
    axes.grid(color="white")
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.add_patch(Rectangle((0, 1), 1, 0.09, transform=axes.transAxes, color="0.85", clip_on=False, lw=0))
    axes.set(ylim=(0, 1))
    axes.text(0.5, 1.045, title, transform=axes.transAxes, ha="center", va="center")


def _grid(path, titles, *, last=48, second=(), strips=False):
    figure = Figure(figsize=(9, 3.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(1, len(titles), sharex=True, sharey=True)
    for axes, title, (colour, rate) in zip(grid, titles, ARMS.values(), strict=False):
        axes.step([0, *TIMES, 48], [1, *survival(rate), survival(rate)[-1]], where="post", color=colour)
        for more in second:
            axes.step([0, *TIMES, 48], [1, *survival(more), survival(more)[-1]], where="post", color="black")
        axes.set(title=title, xlim=(-1, last + 1), ylim=(-0.04, 1.04), xticks=range(0, last + 1, 12), xlabel="Months")
        if strips:
            axes.set_title("")
            _strip(axes, title)
    grid[0].set_ylabel("Probability of survival")
    figure.savefig(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("facets")
    path = _grid(place / "facets.png", list(ARMS))
    return digitise_to_folder(path, place / "facets"), place / "facets"


def test_facets_are_the_arms_of_one_panel(folder):
    digitisation, _ = folder
    (panel,) = digitisation.panels
    assert [curve.arm for curve in panel.curves] == list(ARMS)
    assert panel.panel == "1" and "facets" in {flag.name for flag in panel.flags}
    for curve, (_, rate) in zip(panel.curves, ARMS.values(), strict=True):
        assert np.abs(curve.survival_at(TIMES + 1.0) - survival(rate)).max() < 0.01


def test_facets_with_their_titles_on_strips_are_joined(tmp_path):
    (panel,) = digitise(_grid(tmp_path / "strips.png", list(ARMS), strips=True)).panels
    assert [curve.arm for curve in panel.curves] == list(ARMS)


def test_each_facet_has_a_calibration_of_its_own_that_is_kept(folder):
    digitisation, kept = folder
    parts = digitisation.panels[0].apart()
    assert [part.box.left for part in parts] == sorted(part.box.left for part in parts)
    for part in parts:
        assert part.box.contains(*part.calibration.to_px(24.0, 0.5))
        assert len(part.curves) == 1
    again = read_digitisation(kept).panels[0].facets
    for facet, part in zip(again, parts, strict=True):
        assert facet.box == part.box
        assert facet.calibration.to_px(12.0, 0.5) == pytest.approx(part.calibration.to_px(12.0, 0.5))


@pytest.mark.parametrize(
    ("titles", "second"),
    [
        (["Overall survival", "Progression-free survival"], ()),
        (["", ""], ()),
        (["Men", "Women"], (0.08,)),
    ],
)
def test_endpoints_untitled_boxes_and_comparisons_stay_panels(tmp_path, titles, second):
    panels = digitise(_grid(tmp_path / "two.png", titles, second=second)).panels
    assert [panel.panel for panel in panels] == ["1", "2"]
