"""Figures on the pages of documents: found, told from prose, read by the way that fits, and named by their page."""

import io
import re

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure as Canvas

from ipdrecon.errors import PanelError
from ipdrecon.figure.digitisation import digitise, read_figure
from ipdrecon.figure.opening import open_sheet
from ipdrecon.figure.vector.pictures import frames
from ipdrecon.figure.vector.scene import Text
from ipdrecon.figure.vector.words import prose_of
from ipdrecon.model import Box

TIME = np.array([0, 3.1, 5.7, 9.2, 12.4, 17.8, 22.3, 26.0, 30.0])
UPPER = np.array([1, 0.95, 0.9, 0.86, 0.8, 0.75, 0.7, 0.66, 0.66])
LOWER = np.array([1, 0.9, 0.8, 0.7, 0.58, 0.5, 0.41, 0.33, 0.33])
N_RISK = {"Surgery": (60, 48, 35, 20), "Drug": (58, 40, 24, 9)}
SENTENCE = "patients were followed until death or the end of the trial, whichever came first, and then"


def plot(figure, place, *, table=False, rasterized=False):
    """Two curves with a legend, in a part of a page."""
    axes = figure.add_axes(place)
    axes.step(TIME, UPPER, where="post", color="tab:red", label="Surgery")
    axes.step(TIME, LOWER, where="post", color="tab:blue", label="Drug", rasterized=rasterized)
    axes.set(xlim=(0, 31), ylim=(0, 1.03), xlabel="Time (months)", ylabel="Overall survival", xticks=(0, 10, 20, 30))
    axes.legend(loc="lower left")
    if table:
        for row, (name, counts) in enumerate(N_RISK.items()):
            height = -0.32 - 0.1 * row
            axes.text(-0.06, height, name, transform=axes.transAxes, ha="right")
            for at, n in zip((0, 10, 20, 30), counts, strict=True):
                axes.text(at, height, str(n), transform=axes.get_xaxis_transform(), ha="center")
        axes.text(-0.06, -0.22, "No. at risk", transform=axes.transAxes, ha="right")
    return axes


def page(*, prose=True, caption=0.5):
    figure = Canvas((8.27, 11.69))
    FigureCanvasAgg(figure)
    if prose:
        for line in range(14):
            figure.text(0.1, 0.34 - 0.018 * line, SENTENCE, fontsize=9)
        figure.text(0.1, caption, "Figure 1. Overall survival of all patients.", fontsize=8)
    return figure


def picture_of(figure, dpi=150):
    figure.set_dpi(dpi)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def saved(path, *pages):
    with rc_context({"path.simplify": False, "pdf.fonttype": 42}), PdfPages(path) as document:
        for one in pages:
            document.savefig(one)
    return path


def with_picture(px, place):
    figure = page(prose=False)
    axes = figure.add_axes(place)
    axes.imshow(px, interpolation="none", aspect="auto")
    axes.axis("off")
    return figure


def check(panel, tolerance):
    assert {curve.arm for curve in panel.curves} == {"Surgery", "Drug"}
    at = np.linspace(0.5, 29.5, 300)
    for curve in panel.curves:
        true = UPPER if curve.arm == "Surgery" else LOWER
        read = curve.survival[np.searchsorted(curve.time, at, side="right") - 1]
        assert np.abs(read - true[np.searchsorted(TIME, at, side="right") - 1]).mean() < tolerance


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    """Three pages: prose; a figure of paths; a figure as a picture."""
    second, small = page(), Canvas((6, 4))
    plot(second, (0.3, 0.65, 0.5, 0.25), table=True)
    FigureCanvasAgg(small)
    plot(small, (0.15, 0.15, 0.8, 0.8))
    third = with_picture(picture_of(small, 200), (0.1, 0.5, 0.8, 0.4))
    return saved(tmp_path_factory.mktemp("article") / "paper.pdf", page(), second, third)


def test_figures_are_found_on_their_pages_and_read_by_the_way_that_fits(article):
    digitisation = digitise(article)
    assert [(panel.page, panel.way) for panel in digitisation.panels] == [(2, "vector"), (3, "raster")]
    assert digitisation.kind == "vector"
    check(digitisation.panels[0], 1e-6)
    check(digitisation.panels[1], 0.01)
    table = digitisation.panels[0].at_risk
    assert {arm: tuple(row) for arm, row in zip(table.arms, table.n_risk, strict=True)} == N_RISK


def test_one_page_may_be_asked_for(article):
    (panel,) = digitise(article, page=2).panels
    assert panel.page == 2
    with pytest.raises(PanelError, match="No plot was found on page 1 of paper.pdf"):
        digitise(article, page=1)
    with pytest.raises(PanelError, match="Page 4 was asked for, but the file has 3 pages"):
        digitise(article, page=4)


def test_a_picture_is_taken_out_at_its_own_resolution(article):
    sheet = open_sheet(article, page=3)
    assert sheet.figure.width == 1200
    assert sheet.parts[0].px_per_point == pytest.approx(1200 / (0.8 * 8.27 * 72), rel=1e-3)


def test_prose_is_no_part_of_a_figure(article):
    reading = read_figure(article, page=2)
    assert not any("whichever" in word.text for word in reading.words)


def test_a_scanned_page_is_cut_to_its_figure(tmp_path):
    scanned = page()
    plot(scanned, (0.2, 0.6, 0.6, 0.3))
    path = saved(tmp_path / "scan.pdf", with_picture(picture_of(scanned, 200), (0, 0, 1, 1)))
    digitisation = digitise(path)
    (panel,) = digitisation.panels
    assert panel.way == "raster"
    assert digitisation.size[1] < 0.8 * 11.69 * 200
    check(panel, 0.01)


def test_two_figures_of_one_letter_are_numbered(tmp_path):
    pages = []
    for _ in range(2):
        one = page()
        plot(one, (0.2, 0.6, 0.6, 0.3))
        one.text(0.12, 0.91, "A", fontsize=14, fontweight="bold")
        pages.append(one)
    assert [panel.panel for panel in digitise(saved(tmp_path / "two.pdf", *pages)).panels] == ["1", "2"]


def test_curves_that_are_no_paths_are_read_from_a_picture_and_told(tmp_path):
    half = page()
    plot(half, (0.3, 0.65, 0.5, 0.25), table=True, rasterized=True)
    (panel,) = digitise(saved(tmp_path / "half.pdf", half)).panels
    assert panel.way == "raster"
    assert "paths_incomplete" in [flag.name for flag in panel.flags]
    check(panel, 0.01)


def test_a_curve_that_the_legend_lists_and_no_path_draws_is_told(tmp_path):
    figure = page()
    plot(figure, (0.3, 0.65, 0.5, 0.25), rasterized=True)
    (panel,) = digitise(saved(tmp_path / "half.pdf", figure)).panels
    assert panel.way == "vector"
    assert "Found: 1; listed in the legend: 2." in [flag.detail for flag in panel.flags if flag.name == "arms_doubtful"]


def test_a_curve_that_begins_below_one_is_told(tmp_path):
    figure = page()
    axes = plot(figure, (0.3, 0.65, 0.5, 0.25))
    axes.step(TIME, 0.6 * UPPER, where="post", color="black", label="Radiation")
    axes.legend(loc="lower left")
    (panel,) = digitise(saved(tmp_path / "below.pdf", figure)).panels
    assert [(flag.place, flag.detail) for flag in panel.flags if flag.name == "start_off_one"] == [("arm 'Radiation'", "It begins at 0.600.")]


def svg_of(figure, fonttype):
    stream = io.BytesIO()
    with rc_context({"svg.fonttype": fonttype, "path.simplify": False, "svg.hashsalt": "x"}):
        figure.savefig(stream, format="svg")
    return stream.getvalue()


@pytest.mark.parametrize("said", [True, False])
def test_letters_drawn_as_outlines_are_read_with_and_without_the_comment_beside_them(tmp_path, said):
    figure = Canvas((7, 5))
    plot(figure, (0.2, 0.3, 0.7, 0.65), table=True)
    data = svg_of(figure, "path")
    path = tmp_path / "outlines.svg"
    path.write_bytes(data if said else re.sub(rb"<!--.*?-->", b"", data, flags=re.DOTALL))
    (panel,) = digitise(path).panels
    check(panel, 1e-6)
    table = panel.at_risk
    assert {arm: tuple(row) for arm, row in zip(table.arms, table.n_risk, strict=True)} == N_RISK


@pytest.mark.parametrize("size", [0.05, 1.0, 30.0])
def test_a_page_of_any_size_is_read_alike(tmp_path, size):
    figure = Canvas((7, 5))
    plot(figure, (0.15, 0.15, 0.8, 0.8))
    data = svg_of(figure, "none").replace(b'width="504pt" height="360pt"', f'width="{504 * size}pt" height="{360 * size}pt"'.encode())
    path = tmp_path / "page.svg"
    path.write_bytes(data)
    (panel,) = digitise(path).panels
    check(panel, 1e-6)
    assert panel.calibration.residual_px / panel.px_per_point < 0.01 * size


def line(text, top, left=100.0, size=9.0):
    return Text(text, Box(left, top, left + 4.5 * len(text), top + size), (left, top + size), size)


def test_prose_is_many_letters_in_lines_below_each_other():
    paragraph = [line(SENTENCE, 100 + 11 * k) for k in range(4)]
    last = line("and so the trial ended early after the third look", 160)
    labels = [line(text, 300 + 12 * k) for k, text in enumerate(("Surgery", "Drug", "Number at risk"))]
    title = line("Time from randomisation to death of any cause (months)", 250, left=173.0)
    assert set(map(id, prose_of([*paragraph, last, *labels, title]))) == set(map(id, [*paragraph, last]))


def test_only_a_plot_has_lines_that_meet():
    written = page()
    assert frames(picture_of(written)) == ()
    plot(written, (0.2, 0.6, 0.6, 0.3))
    (frame,) = frames(picture_of(written))
    assert frame.centre == pytest.approx((0.5 * 8.27 * 150, 0.25 * 11.69 * 150), abs=20)
