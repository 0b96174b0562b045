"""Files that are no Kaplan-Meier figure end in an error that says what was seen and what to do."""

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.errors import ArmError, FigureError, PanelError
from ipdrecon.figure.digitisation import digitise

TEXT = (
    "Patients were randomly assigned to one of two groups.",
    "The primary end point was overall survival at two years.",
    "Median follow-up was 31 months in both groups.",
    "Adverse events of grade 3 or higher were seen in 24 patients.",
)


def picture(path, px):
    cv2.imwrite(str(path), px)
    return path


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"time,survival\n0,1\n", r"is no PNG, JPEG, WebP, TIFF, BMP or GIF picture, PDF or SVG file \(it begins with .*convert the figure to PNG"),
        (b"", "is empty; expected a PNG, JPEG"),
        (b"GIF89a" + bytes(50), "is damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "is damaged and cannot be decoded"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "is damaged and cannot be decoded"),
    ],
    ids=["text", "empty", "GIF", "PNG of zeros", "JPEG of zeros"],
)
def test_what_is_no_picture(tmp_path, data, message):
    path = tmp_path / "figure.png"
    path.write_bytes(data)
    with pytest.raises(FigureError, match=message):
        digitise(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FigureError, match="cannot be read .*give the path of a PNG, JPEG"):
        digitise(tmp_path / "none.png")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(FigureError, match="cannot be read"):
        digitise(tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_truncated_picture(tmp_path, share):
    whole = picture(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)).read_bytes()
    path = tmp_path / "cut.png"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FigureError, match="is damaged and cannot be decoded; export or download the figure again"):
        digitise(path)


@pytest.mark.parametrize("shape", [(1, 1, 3), (40, 800, 3), (800, 40), (1, 1, 4)])
def test_a_picture_too_small_to_hold_a_figure(tmp_path, shape):
    path = picture(tmp_path / "small.png", np.zeros(shape, np.uint8))
    with pytest.raises(FigureError, match="a figure needs at least 60 px a side"):
        digitise(path)


def test_a_photograph(tmp_path):
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (12, 16, 3), np.uint8)
    px = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC) // 2 + rng.integers(0, 120, (240, 320, 3), np.uint8)
    with pytest.raises(PanelError, match="No plotting box was found"):
        digitise(picture(tmp_path / "photograph.png", px))


def test_a_blank_picture(tmp_path):
    with pytest.raises(PanelError, match="No plotting box was found: 0 words"):
        digitise(picture(tmp_path / "blank.png", np.full((200, 300, 3), 255, np.uint8)))


def test_a_page_of_text(tmp_path):
    px = np.full((190, 660, 3), 255, np.uint8)
    for i in range(4):
        cv2.putText(px, TEXT[i], (30, 45 + 32 * i), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    with pytest.raises(PanelError, match="No plotting box was found: .*expected a row of tick labels below a box"):
        digitise(picture(tmp_path / "text.png", px))


def drawn(path, plot):
    figure = Canvas(figsize=(5, 3.6), dpi=100)
    FigureCanvasAgg(figure)
    plot(figure.add_subplot())
    figure.savefig(path)
    return path


def bars(axes):
    axes.bar(["Placebo", "Drug A", "Drug B"], [12, 31, 24], color="tab:blue")
    axes.set_ylabel("Patients with a response")


def empty_plot(axes):
    axes.set(xlim=(0, 48), ylim=(0, 1), xlabel="Time (months)", ylabel="Overall survival")


def scatter(axes):
    rng = np.random.default_rng(2)
    axes.scatter(rng.uniform(5, 45, 60), rng.uniform(0.05, 0.8, 60), s=12)
    axes.set(xlim=(0, 48), ylim=(0, 1), xlabel="Age (years)", ylabel="Response")


def rising(axes):
    axes.plot([0, 10, 20, 30, 40], [0.1, 0.3, 0.5, 0.6, 0.9])
    axes.set(xlim=(0, 48), ylim=(0, 1), xlabel="Time (months)", ylabel="Overall survival")


@pytest.mark.parametrize(
    ("plot", "error", "message"),
    [
        (bars, PanelError, "No plotting box was found: .*0 rows"),
        (empty_plot, ArmError, "the plot holds no ink but text and lines of the axes"),
        (scatter, ArmError, "a curve starts at time 0 and survival 1 and only falls"),
        (rising, ArmError, "a curve starts at time 0 and survival 1 and only falls"),
    ],
)
def test_plots_of_other_kinds(tmp_path, plot, error, message):
    with pytest.raises(error, match=message):
        digitise(drawn(tmp_path / "plot.png", plot))


def test_a_second_page_of_a_picture(tmp_path):
    with pytest.raises(PanelError, match="Page 2 was asked for, but a picture has one page only"):
        digitise(picture(tmp_path / "any.png", np.full((90, 90, 3), 255, np.uint8)), page=2)


def test_a_panel_that_is_not_there(tmp_path):
    with pytest.raises(PanelError, match="Panel 'C' was not found in plot.png; found: 1"):
        digitise(drawn(tmp_path / "plot.png", scatter), panel="C")
