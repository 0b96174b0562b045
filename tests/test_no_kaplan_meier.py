"""What is no plain Kaplan-Meier plot is told; what only looks odd is read right."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ipdrecon.errors import ArmError, AxisError, PanelError
from ipdrecon.figure.axis_doubts import axis_doubts, grows_by_factors, refuse_far_start, with_doubts
from ipdrecon.figure.digitisation import DigitiseSettings, digitise
from ipdrecon.flags import Flag, needs_review
from ipdrecon.model import Axis, Box

END = 60.0
COLOURS = ("tab:blue", "tab:red")
NO_OCR = DigitiseSettings(ocr=False)


def patients(seed, n=150):
    """Time and survival of the Kaplan-Meier curve of patients none of whom is censored before the end."""
    time = np.sort(np.random.default_rng(seed).exponential(END / (1.2 - 0.5 * seed), n))
    time = time[time < END]
    survival = 1 - np.arange(1, len(time) + 1) / n
    return np.r_[0, time, END], np.r_[1, survival, survival[-1]]


def curves(axes, of=lambda survival: survival, times=lambda time: time):
    for seed, colour in enumerate(COLOURS):
        time, survival = patients(seed)
        axes.step(times(time), of(survival), where="post", color=colour, lw=1.5)


def canvas(**limits):
    figure = Figure(figsize=(6, 4.2), dpi=130)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.14, 0.14, 0.82, 0.82))
    axes.set(**{"xlim": (0, END), "ylim": (0, 1), "xlabel": "Months", "ylabel": "Overall survival"} | limits)
    return figure, axes


def read(figure, path, **given):
    figure.savefig(path / "figure.png")
    return digitise(path / "figure.png", **given)


def names(reading):
    return {flag.name for flag in reading.all_flags() if needs_review([flag])}


def shape_flags(figure, path):
    """Flags of the ink alone, with both axes given."""
    return names(read(figure, path, x_range=(0, END), y_range=(0, 1), settings=NO_OCR)) & {"smooth_curve", "filled_area"}


@pytest.mark.parametrize("lw", [0.8, 1.5, 3.0])
def test_steps_are_not_smooth_and_a_fitted_curve_is(tmp_path, lw):
    figure, axes = canvas()
    for seed, colour in enumerate(COLOURS):
        axes.step(*patients(seed, n=600), where="post", color=colour, lw=lw)
    assert shape_flags(figure, tmp_path) == set()
    figure, axes = canvas()
    time = np.linspace(0, END, 200)
    for rate, colour in zip((1.3, 0.5), COLOURS, strict=True):
        axes.plot(time, np.exp(-rate * time / END), color=colour, lw=lw)
    assert shape_flags(figure, tmp_path) == {"smooth_curve"}


def test_points_joined_by_lines_have_no_steps(tmp_path):
    figure, axes = canvas()
    for share, colour in zip(([1, 0.8, 0.55, 0.4, 0.3], [1, 0.95, 0.8, 0.75, 0.6]), COLOURS, strict=True):
        axes.plot(np.linspace(0, END, 5), share, color=colour, lw=1.5)
    assert shape_flags(figure, tmp_path) == {"smooth_curve"}


def test_a_band_is_no_filled_area_and_the_area_below_a_curve_is(tmp_path):
    time, survival = patients(0)
    figure, axes = canvas()
    axes.step(time, survival, where="post", lw=1.5)
    axes.fill_between(time, np.maximum(survival - 0.35, 0), np.minimum(survival + 0.35, 1), step="post", alpha=0.2, lw=0)
    assert shape_flags(figure, tmp_path) == set()
    figure, axes = canvas()
    axes.step(time, survival, where="post", lw=1.5)
    axes.fill_between(time, survival, step="post", alpha=0.2, lw=0)
    assert shape_flags(figure, tmp_path) == {"filled_area"}


def test_a_coloured_ground_is_no_filled_area(tmp_path):
    figure, axes = canvas()
    curves(axes)
    axes.axvspan(0.2 * END, 0.7 * END, color="0.9", zorder=0)
    assert shape_flags(figure, tmp_path) == set()


def test_labels_on_a_logarithmic_axis_are_told(tmp_path):
    figure, axes = canvas(yscale="log", ylim=(0.2, 1.03))
    curves(axes, of=lambda survival: np.maximum(survival, 0.21))
    axes.set_yticks([0.2, 0.3, 0.4, 0.6, 0.8, 1.0], ["0.2", "0.3", "0.4", "0.6", "0.8", "1.0"])
    axes.minorticks_off()
    try:
        assert "log_axis" in names(read(figure, tmp_path))
    except (AxisError, PanelError) as error:
        assert "logarithmic" in str(error)


def test_a_label_off_the_scale_of_the_others_is_told(tmp_path):
    figure, axes = canvas(ylim=(0.4, 1.02))
    curves(axes, of=lambda survival: np.maximum(survival, 0.52))
    axes.set_yticks([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0], ["0.0", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"])
    reading = read(figure, tmp_path)
    assert "broken_axis" in names(reading)
    assert reading.panels[0].calibration.to_data(0, 0)[1] == pytest.approx(1.0, abs=0.06)


def test_numbers_of_a_table_above_a_whole_axis_are_no_part_of_it(tmp_path):
    figure, axes = canvas(yticks=np.arange(0, 1.1, 0.2))
    axes.set_position((0.14, 0.14, 0.82, 0.6))
    curves(axes)
    for k, n_risk in enumerate((233, 293, 447)):
        figure.text(0.105, 0.81 + 0.06 * k, str(n_risk), ha="center", va="center")
    assert "broken_axis" not in names(read(figure, tmp_path))


def test_dates_are_refused(tmp_path):
    figure, axes = canvas(xlim=(2010, 2020), xticks=range(2010, 2021, 2), xlabel="Year")
    curves(axes, times=lambda time: 2010 + time / 6)
    with pytest.raises(AxisError, match="from 2010 to 2020"):
        read(figure, tmp_path)


@pytest.mark.parametrize(
    ("limits", "unit", "shift"),
    [
        ({"xlim": (-10, END), "xticks": range(-10, 61, 10)}, 1.0, 0.0),
        ({"ylim": (0, 1.2), "yticks": np.arange(0, 1.21, 0.2)}, 1.0, 0.0),
        ({"ylim": (0.4, 1.0), "yticks": np.arange(0.4, 1.01, 0.1)}, 1.0, 0.0),
        ({"xlim": (0, 2), "xticks": np.arange(0, 2.1, 0.5)}, END / 2, 0.0),
    ],
    ids=["negative time", "axis to 1.2", "axis from 0.4", "decimal months"],
)
def test_odd_axes_are_read_right(tmp_path, limits, unit, shift):
    figure, axes = canvas(**limits)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace(".", ","))
    curves(axes, of=lambda survival: 0.45 + 0.55 * survival, times=lambda time: time / unit)
    reading = read(figure, tmp_path)
    assert not names(reading)
    panel = reading.panels[0]
    assert len(panel.curves) == 2
    for curve, seed in zip(panel.curves, (1, 0), strict=True):
        time, survival = patients(seed)
        truth = 0.45 + 0.55 * survival[np.searchsorted(time / unit, curve.time[1:-1], side="right") - 1]
        assert np.abs(curve.survival[1:-1] - truth).mean() < 0.006


def test_a_plot_far_from_one_is_refused_with_its_title(tmp_path):
    figure, axes = canvas(ylim=(-8, 2), ylabel="log(-log(survival))")
    curves(axes, of=lambda survival: np.log(-np.log(np.clip(survival, 1e-3, 1 - 4e-4))))
    axes.set_yticks(range(-8, 3, 2))
    with pytest.raises((ArmError, AxisError), match="not_kaplan_meier"):
        read(figure, tmp_path)


def axis(*values, title=""):
    return Axis(np.linspace(0, 100, len(values)), values, 1.0, 0.0, 0.0, title=title)


@pytest.mark.parametrize("title", ["Cumulative hazard", "log(-log(S(t)))", "Nelson-Aalen estimate", "Sensitivity", "Difference in RMST"])
def test_titles_of_other_plots_are_told(title):
    told = axis_doubts(axis(0, 12, 24, title="Months"), axis(0, 0.5, 1, title=title), "survival")
    assert [flag.name for flag in told] == ["not_kaplan_meier"]


@pytest.mark.parametrize("title", ["Overall survival", "Progression-free survival rate (%)", "Logrank p = 0.03", "Freedom from failure", "Event rate", ""])
def test_titles_of_survival_are_not(title):
    assert axis_doubts(axis(0, 12, 24, title="Months since age at diagnosis"), axis(0, 0.5, 1, title=title), "survival") == ()


def test_values_that_are_no_probability_are_told():
    months = axis(0, 12, 24, title="Months")
    assert axis_doubts(months, axis(-0.2, 0, 0.2), "survival")
    assert axis_doubts(months, axis(0, 0.6, 1.2), "incidence")
    assert not axis_doubts(months, axis(0, 0.6, 1.2), "survival")
    assert axis_doubts(axis(0, 0.5, 1, title="False alarms"), axis(0, 0.5, 1), "incidence")
    assert not axis_doubts(axis(0, 0.5, 1, title="Years"), axis(0, 0.5, 1), "incidence")


def test_an_axis_that_begins_late_is_refused_and_one_that_begins_a_little_late_is_not():
    box = Box(0, 0, 60, 50)
    refuse_far_start(Axis([0, 60], [12, 72], 1.0, 12.0, 0.0), box)
    with pytest.raises(AxisError, match="begins at or near 0"):
        refuse_far_start(Axis([0, 10, 20, 40, 60], [40, 50, 60, 80, 100], 1.0, 40.0, 0.0), box)


def test_an_axis_whose_first_labels_were_passed_over_is_not_refused():
    refuse_far_start(Axis([10, 30, 50], [12, 24, 36], 0.6, 6.0, 0.0), Box(10, 0, 60, 50))


def test_factors_are_told_from_steps():
    assert grows_by_factors(np.log([1, 0.8, 0.6, 0.4, 0.2]), [1, 0.8, 0.6, 0.4, 0.2])
    assert not grows_by_factors([0, 50, 100, 150, 200], [1, 0.8, 0.6, 0.4, 0.2])
    assert not grows_by_factors([0, 50], [1, 10])
    assert not grows_by_factors([0, 50, 100], [0, 10, 100])


def test_an_error_says_what_the_axes_say():
    error = with_doubts(AxisError("No curve."), [Flag("log_axis", "time axis"), Flag("percent")])
    assert isinstance(error, AxisError)
    assert "logarithmic" in str(error)
    assert "percent" not in str(error)
