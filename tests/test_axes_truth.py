"""By truth: figures drawn with a known transform are calibrated back to it."""

from dataclasses import dataclass, replace

import cv2
import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import AutoMinorLocator, FuncFormatter

from ipdrecon.errors import AxisError
from ipdrecon.figure.axes import calibrate
from ipdrecon.figure.panels import find_panels
from ipdrecon.figure.text import read_words
from ipdrecon.model import Box, Word


def _steps(n, last, rate, seed):
    time = np.sort(np.random.default_rng(seed).exponential(1 / rate, n))
    time = time[time < last]
    survival = 1 - np.arange(1, len(time) + 1) / n
    return np.concatenate(([0], time, [last])), np.concatenate(([1], survival, survival[-1:]))


def _draw_curves(axes, last, *, unit=1.0, incidence=False, rates=(1.2, 0.6)):
    for seed, (rate, colour) in enumerate(zip(rates, ("tab:blue", "tab:red"), strict=True)):
        time, survival = _steps(60, last, rate / last, seed)
        axes.step(time, unit * (1 - survival if incidence else survival), where="post", color=colour, lw=1.4)


def frame(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 60)
    axes.set(xlabel="Time (months)", ylabel="Overall survival", ylim=(0, 1.05), xlim=(0, 63))


def corner(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(direction="in")
    axes.set(xlabel="Years since randomisation", ylabel="Progression-free survival", ylim=(0, 1), xlim=(0, 5))


def grey_ground(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 1000)
    axes.set_facecolor("0.92")
    axes.grid(color="white")
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="Time in days", ylabel="Survival probability", ylim=(-0.05, 1.05), xlim=(-50, 1050))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])


def percent(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 36, unit=100)
    axes.xaxis.set_minor_locator(AutoMinorLocator(2))
    axes.set_xticks(np.arange(0, 37, 6))
    axes.set(xlabel="Months", ylabel="Patients alive (%)", ylim=(0, 102), xlim=(0, 37))


def truncated(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 2000, rates=(0.5, 0.3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set(xlabel="Follow-up (days)", ylabel="Event-free survival", ylim=(0.38, 1.02), xlim=(-60, 2100))


def incidence(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 10, incidence=True, rates=(0.3, 0.15))
    axes.set(xlabel="Time, years", ylabel="Cumulative incidence", ylim=(0, 0.3), xlim=(0, 10.5))


def no_axis_lines(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 24)
    axes.grid(color="0.85")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xlabel="Time (weeks)", ylabel="Probability", ylim=(-0.05, 1.05), xlim=(-1, 25))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])


def rotated_labels(figure):
    axes = figure.add_subplot()
    _draw_curves(axes, 50)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_position(("outward", 8))
    axes.spines["left"].set_bounds(0, 1)
    axes.set(xlabel="Time (months)", ylabel="Survival", ylim=(0, 1), xlim=(0, 51))
    axes.set_yticks(np.arange(0, 1.1, 0.2))
    axes.tick_params(axis="y", labelrotation=90)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")


def two_panels(figure):
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, letter in ((left, "A"), (right, "B")):
        _draw_curves(axes, 12)
        axes.set(xlabel="Time (months)", ylim=(0, 1.05), xlim=(0, 12.6))
        axes.set_title(letter, loc="left", weight="bold", fontsize=14)
    left.set_ylabel("Survival probability")


# unit, scale, size in inches, dots per inch, JPEG quality, times finer drawn and then averaged: the drawing program moves
# ticks to whole pixels, so only a picture drawn finer has them at fractions of a pixel
STYLES = {
    frame: ("months", "survival", (6, 4), 100, None, 1),
    corner: ("years", "survival", (5, 4), 150, None, 4),
    grey_ground: ("days", "survival", (7, 5), 120, None, 4),
    percent: ("months", "percent", (5, 3.6), 90, None, 3),
    truncated: ("days", "survival", (6, 4), 130, 60, 4),
    incidence: ("years", "incidence", (6, 4.5), 100, None, 4),
    no_axis_lines: ("weeks", "survival", (6, 4), 110, None, 4),
    rotated_labels: ("months", "survival", (6, 4.5), 110, None, 4),
    two_panels: ("months", "survival", (10, 4), 100, None, 4),
}


@dataclass
class Drawn:
    px: np.ndarray
    axes: list
    finer: int


def _drawn(style):
    _, _, size, dpi, quality, finer = STYLES[style]
    with matplotlib.rc_context({"font.family": "DejaVu Sans"}):
        figure = Figure(figsize=size, dpi=dpi * finer, layout="tight")
        canvas = FigureCanvasAgg(figure)
        style(figure)
        canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    px = cv2.resize(px, None, fx=1 / finer, fy=1 / finer, interpolation=cv2.INTER_AREA)
    if quality:
        px = cv2.imdecode(cv2.imencode(".jpg", px, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    return Drawn(px, figure.axes, finer)


@pytest.fixture(scope="module", params=STYLES, ids=lambda style: style.__name__)
def read(request):
    drawn = _drawn(request.param)
    words = read_words(drawn.px)
    panels = find_panels(drawn.px, words)
    return request.param, drawn, panels, [calibrate(drawn.px, panel.box, words) for panel in panels]


def _to_px(drawn, axes, time, value):
    display = axes.transData.transform(np.column_stack((time, value)))
    snap = 0.5 / drawn.finer  # the drawing program rounds, then moves lines to the middle of the pixel after
    return display[:, 0] / drawn.finer - 0.5 + snap, drawn.px.shape[0] - display[:, 1] / drawn.finer - 0.5 + snap


def test_every_panel_is_found_and_named(read):
    style, drawn, panels, _ = read
    assert [panel.name for panel in panels] == (["A", "B"] if style is two_panels else ["1"])
    assert len(panels) == len(drawn.axes)


def test_the_box_holds_all_curves(read):
    _, drawn, panels, _ = read
    for panel, axes in zip(panels, drawn.axes, strict=True):
        for line in axes.lines:
            inside = np.isfinite(line.get_ydata()) & (line.get_ydata() >= axes.get_ylim()[0])
            px, py = _to_px(drawn, axes, line.get_xdata()[inside], line.get_ydata()[inside])
            assert panel.box.left - 2.5 <= px.min() and px.max() <= panel.box.right + 2.5
            assert panel.box.top - 2.5 <= py.min() and py.max() <= panel.box.bottom + 2.5


def test_calibration_is_the_drawn_transform(read):
    _, drawn, _, calibrations = read
    for (calibration, _), axes in zip(calibrations, drawn.axes, strict=True):
        time, value = np.array(axes.get_xlim()), np.array(axes.get_ylim())
        px, py = _to_px(drawn, axes, time, value)
        tolerance = 0.3 if drawn.finer > 1 else 0.6
        assert calibration.time.to_px(time) == pytest.approx(px, abs=tolerance)
        assert calibration.vertical.to_px(value) == pytest.approx(py, abs=tolerance)


def test_unit_and_scale_are_read(read):
    style, _, _, calibrations = read
    unit, scale = STYLES[style][:2]
    for calibration, flags in calibrations:
        assert calibration.time.unit == unit
        assert calibration.scale == scale
        assert not {flag.name for flag in flags} & {"axis_residual", "few_ticks", "tick_label_rejected", "scale_assumed"}


def test_given_ranges_need_no_labels():
    drawn = _drawn(frame)
    box = find_panels(drawn.px, read_words(drawn.px))[0].box
    calibration, flags = calibrate(drawn.px, box, (), x_range=(0, 60), y_range=(0, 1))
    px, py = _to_px(drawn, drawn.axes[0], [0, 60], [0, 1])
    assert calibration.time.to_px([0, 60]) == pytest.approx(px, abs=0.6)
    assert calibration.vertical.to_px([0, 1]) == pytest.approx(py, abs=0.6)
    assert sum(flag.name == "axis_given" for flag in flags) == 2
    assert calibration.scale == "survival"
    for given in ((60, 0), (60, 60), (0, np.inf)):
        with pytest.raises(AxisError, match="expected the lower value first"):
            calibrate(drawn.px, box, (), x_range=given, y_range=(0, 1))


@pytest.fixture(scope="module")
def rising():
    drawn = _drawn(incidence)
    words = read_words(drawn.px)
    return drawn, words, find_panels(drawn.px, words)[0].box


def test_a_label_read_wrongly_is_left_out_and_flagged(rising, monkeypatch):
    drawn, words, box = rising
    monkeypatch.setattr("ipdrecon.figure.axes.read_line", lambda px, box: Word("4", box))
    misread = [replace(word, text="4") if word.text == "6" else word for word in words]
    calibration, flags = calibrate(drawn.px, box, misread)
    assert [flag.name for flag in flags if flag.place == "time axis"] == ["tick_label_rejected"]
    assert list(calibration.time.tick_value[~calibration.time.used]) == [4]
    assert calibration.time.to_px(10) == pytest.approx(_to_px(drawn, drawn.axes[0], [10], [0])[0][0], abs=0.3)


def test_the_start_of_the_curves_tells_incidence_where_no_title_does(rising):
    drawn, words, box = rising
    calibration, flags = calibrate(drawn.px, box, [word for word in words if not word.vertical])
    assert calibration.vertical.title == ""
    assert calibration.scale == "incidence"
    assert "scale_assumed" not in {flag.name for flag in flags}


def test_axes_without_labels_are_refused(monkeypatch):
    monkeypatch.setattr("ipdrecon.figure.axes.read_words", lambda px, **_: ())
    monkeypatch.setattr("ipdrecon.figure.panels.read_words", lambda px, **_: ())
    px = np.full((300, 400, 3), 255, np.uint8)
    with pytest.raises(AxisError, match="No tick labels.*time axis.*expected two or more.*--x-range MIN MAX"):
        calibrate(px, Box(50, 20, 380, 250), ())
