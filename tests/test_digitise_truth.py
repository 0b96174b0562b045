"""By truth: figures drawn from known patients, read without any option, and compared with the curves drawn."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.errors import ArmError
from ipdrecon.figure.digitisation import digitise

# mean |S - S true| of the worst arm, as reached when the style was added
REACHED = {
    "solid": 0.0006,
    "solid, on whole pixels": 0.0020,
    "dashed": 0.0016,
    "dotted": 0.0027,
    "black and grey": 0.0007,
    "black, one dashed": 0.0018,
    "confidence bands": 0.0006,
    "gridlines": 0.0006,
    "grey ground, white grid": 0.0007,
    "censor marks +": 0.0007,
    "censor marks |": 0.0007,
    "percent": 0.0006,
    "incidence": 0.0007,
    "axis from 0.4": 0.0011,
    "two panels": 0.0010,
    "400 px wide": 0.0014,
    "JPEG, bands": 0.0013,
    "names beside": 0.0006,
    "three arms": 0.0007,
    "four arms": 0.0009,
    "table below": 0.0009,
    "dashed limits": 0.0011,
    "incidence in percent to 40": 0.0004,
    "decimal comma": 0.0006,
    "cropped": 0.0006,
    "median lines": 0.0007,
    "thick": 0.0012,
    "legend above": 0.0007,
    "three bands": 0.0008,
    "thick, bands": 0.0014,
    "one colour, table": 0.0024,
    "black marks +": 0.0008,
    "seven arms": 0.0010,
    "black, thin limits": 0.0038,
    "black, four dashes": 0.0018,
    "black, crossing dashes": 0.0027,
    "names behind the ends": 0.0012,
    "title against ticks": 0.0006,
    "inset with a cut axis": 0.0006,
    "inset with the whole axis": 0.0006,
    "black marks x on crossing curves": 0.0041,
    "grey ground, greys under dense marks": 0.0012,
    "thin, limits in a tint": 0.0019,
    "blue and pale blue": 0.0006,
    "four near greys": 0.0028,
}
SLACK = 1.5
NAMES = ("Nivolumab", "Placebo", "Chemotherapy", "Surgery")
RATES = (0.016, 0.034, 0.06, 0.11)
COLOURS = ("tab:blue", "tab:red", "tab:green", "tab:orange")
STAGES = ("Stage IA", "Stage IB", "Stage IIA", "Stage IIB", "Stage IIIA", "Stage IIIB", "Stage IV")
STAGE_RATES = (0.004, 0.010, 0.018, 0.030, 0.050, 0.085, 0.150)
STAGE_COLOURS = ("tab:blue", "tab:red", "tab:green", "tab:orange", "tab:purple", "tab:brown", "tab:pink")
TICKS = np.arange(0, 49, 12)
LAST = 48.0
MARKED = 8


@dataclass(frozen=True)
class Arm:
    """Patients of one arm, and their Kaplan-Meier curve."""

    name: str
    colour: str
    patients: np.ndarray
    time: np.ndarray
    survival: np.ndarray
    error: np.ndarray
    censor_time: np.ndarray

    def at(self, time):
        return self.survival[np.searchsorted(self.time, time, side="right") - 1]

    def n_risk(self):
        return [int((self.patients >= tick).sum()) for tick in TICKS]


def simulate(name, colour, rate, seed, *, n=120):
    """Exponential deaths, censored evenly between half of the follow-up and its end; Greenwood's standard error."""
    rng = np.random.default_rng(seed)
    death, censoring = rng.exponential(1 / rate, n), rng.uniform(LAST / 2, LAST, n)
    patients, event = np.minimum(death, censoring), death <= censoring
    times = np.unique(patients[event])
    at_risk = (patients[:, None] >= times).sum(axis=0)
    survival, variance = np.cumprod(1 - 1 / at_risk), np.cumsum(1 / (at_risk * np.maximum(at_risk - 1, 1)))
    survival, variance = np.append(survival, survival[-1]), np.append(variance, variance[-1])
    time = np.concatenate([[0.0], times, [patients.max()]])
    survival, error = np.concatenate([[1.0], survival]), np.concatenate([[0.0], survival * np.sqrt(variance)])
    return Arm(name, colour, patients, time, survival, error, np.sort(patients[~event]))


ARMS = tuple(simulate(*looks, seed) for seed, looks in enumerate(zip(NAMES, COLOURS, RATES, strict=True)))
STAGED = tuple(simulate(*looks, seed) for seed, looks in enumerate(zip(STAGES, STAGE_COLOURS, STAGE_RATES, strict=True), 20))
SLOW = tuple(simulate(name, colour, rate, seed) for name, colour, rate, seed in zip(NAMES, COLOURS, (0.004, 0.009), (7, 8), strict=False))


def crossing(arm, late):
    """An arm and one whose patients die later at first and sooner after `late`: the two curves cross."""
    rng = np.random.default_rng(11)
    death = np.where(rng.uniform(size=120) < 0.75, rng.normal(late, 6, 120), 100.0).clip(1)
    times = np.unique(death[death < LAST])
    survival = 1 - np.searchsorted(np.sort(death), times, side="right") / 120
    time, survival = np.concatenate([[0.0], times, [LAST]]), np.concatenate([[1.0], survival, survival[-1:]])
    return Arm("Surgery", "black", np.minimum(death, LAST), time, survival, 0 * time, np.zeros(0)), arm


CROSSING = crossing(ARMS[1], 24)
MANY = tuple(simulate(name, colour, rate, seed, n=400) for name, colour, rate, seed in zip(NAMES, COLOURS, (0.016, 0.034), (31, 32), strict=False))
CROSSED = tuple(simulate(name, colour, rate, seed, n=160) for name, colour, rate, seed in zip(NAMES, COLOURS, (0.007, 0.006), (34, 33), strict=False))


def draw(axes, arms=ARMS[:2], *, unit=1.0, incidence=False, **look):
    """Draw the curves; `look` holds one value for all arms or a tuple with one each."""
    for i, arm in enumerate(arms):
        each = {"color": arm.colour, "lw": 1.5} | {key: value[i] if isinstance(value, tuple) else value for key, value in look.items()}
        drawn = unit * (1 - arm.survival if incidence else arm.survival)
        axes.step(arm.time, drawn, where="post", label=arm.name, **each)


def finish(axes, *, legend="upper right", **limits):
    axes.set(**{"xlabel": "Time (months)", "ylabel": "Overall survival", "xlim": (0, 50), "ylim": (0, 1.04), "xticks": TICKS} | limits)
    if legend:
        axes.legend(loc=legend, frameon=False)


def solid(figure):
    axes = figure.add_subplot()
    draw(axes)
    finish(axes)


def dashed(figure):
    axes = figure.add_subplot()
    draw(axes, linestyle=("-", "--"))
    axes.spines[["top", "right"]].set_visible(False)
    finish(axes)


def dotted(figure):
    axes = figure.add_subplot()
    draw(axes, linestyle=("-", ":"), lw=1.8)
    finish(axes)


def black_and_grey(figure):
    axes = figure.add_subplot()
    draw(axes, color=("black", "0.6"))
    finish(axes)


def black_dashed(figure):
    axes = figure.add_subplot()
    draw(axes, color="black", linestyle=("-", "--"))
    finish(axes)


def banded(figure, arms=ARMS[:2], **look):
    axes = figure.add_subplot()
    for arm in arms:
        low, high = np.clip(arm.survival - 1.96 * arm.error, 0, 1), np.clip(arm.survival + 1.96 * arm.error, 0, 1)
        axes.fill_between(arm.time, low, high, step="post", color=arm.colour, alpha=0.2, lw=0)
    draw(axes, arms, **look)
    finish(axes)


def bands(figure):
    banded(figure)


def three_bands(figure):
    banded(figure, ARMS[:3])


def thick_bands(figure):
    banded(figure, lw=3)


def gridlines(figure):
    axes = figure.add_subplot()
    axes.grid(color="0.8", lw=0.8)
    draw(axes)
    finish(axes, legend="lower left")


def grey_ground(figure):
    axes = figure.add_subplot(facecolor="0.92")
    axes.grid(color="white", lw=1.2)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    draw(axes)
    finish(axes, xlim=(-2, 50), ylim=(-0.04, 1.04))


def marks(figure, marker, colour=None):
    axes = figure.add_subplot()
    draw(axes)
    for arm in ARMS[:2]:
        marked = arm.censor_time[::MARKED]
        axes.plot(marked, arm.at(marked), marker, color=colour or arm.colour, ms=7)
    finish(axes)


def plus_marks(figure):
    marks(figure, "+")


def bar_marks(figure):
    marks(figure, "|")


def black_marks(figure):
    marks(figure, "+", colour="black")


def black_crosses(figure):
    """Thick curves that cross, and under most of their columns black crosses."""
    axes = figure.add_subplot()
    draw(axes, CROSSED, lw=2)
    for arm in CROSSED:
        axes.plot(arm.censor_time[::2], arm.at(arm.censor_time[::2]), "x", color="black", ms=7)
    finish(axes)


def marked_grey_ground(figure):
    axes = figure.add_subplot(facecolor="0.92")
    axes.grid(color="white", lw=1.2)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    draw(axes, MANY, color=("black", "0.55"), lw=1.3)
    for arm, colour in zip(MANY, ("black", "0.55"), strict=True):
        axes.plot(arm.censor_time, arm.at(arm.censor_time), "|", color=colour, ms=5.5)
    finish(axes)


def pale_limits(figure):
    axes = figure.add_subplot()
    for arm in ARMS[:2]:
        for side in (-1.96, 1.96):
            limit = np.clip(arm.survival + side * arm.error, 0, 1)
            axes.step(arm.time, limit, where="post", color=arm.colour, lw=0.8, alpha=0.6)
    draw(axes, lw=0.8)
    finish(axes)


def pale_beside_full(figure):
    """Two blues, of which one is the other thinned by paper, and no legend tells so."""
    axes = figure.add_subplot()
    blues = "#7aa6dc", "#0073c2"
    draw(axes, color=blues, lw=2.5)
    for arm, colour, place in zip(ARMS[:2], blues, ((24, 0.78), (6, 0.5)), strict=True):
        axes.text(*place, arm.name, color=colour, fontsize=11)
    finish(axes, legend=None)


def near_greys(figure):
    """A ramp of greys, of which the two palest are no further apart than the shades of one line may be; a legend lists them."""
    axes = figure.add_subplot()
    draw(axes, ARMS, color=("#cccccc", "#aeaeae", "#828282", "#333333"), linestyle=("-", "--", "--", "--"), lw=2.2)
    finish(axes)


def percent(figure):
    axes = figure.add_subplot()
    draw(axes, unit=100)
    finish(axes, ylabel="Overall survival (%)", ylim=(0, 104))


def incidence(figure):
    axes = figure.add_subplot()
    draw(axes, incidence=True)
    finish(axes, ylabel="Cumulative incidence", legend="upper left", ylim=(0, 1))


def from_forty(figure):
    axes = figure.add_subplot()
    draw(axes, SLOW)
    finish(axes, ylim=(0.4, 1.02), legend="lower left")


def two_panels(figure):
    for axes, letter in zip(figure.subplots(1, 2), "AB", strict=True):
        draw(axes)
        axes.set_title(letter, loc="left", weight="bold", fontsize=14)
        finish(axes)


def names_beside(figure):
    axes = figure.add_subplot()
    draw(axes)
    for arm, place in zip(ARMS[:2], ((24, 0.78), (6, 0.5)), strict=True):
        axes.text(*place, arm.name, color=arm.colour, fontsize=11)
    finish(axes, legend=None)


def three_arms(figure):
    axes = figure.add_subplot()
    draw(axes, ARMS[:3])
    finish(axes)


def four_arms(figure):
    axes = figure.add_subplot()
    draw(axes, ARMS)
    finish(axes)


def seven_arms(figure):
    axes = figure.add_subplot()
    draw(axes, STAGED)
    finish(axes, legend=None)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.subplots_adjust(right=0.78)


def table_below(figure, **look):
    axes = figure.add_axes((0.2, 0.38, 0.76, 0.58))
    draw(axes, **look)
    finish(axes)
    figure.text(0.02, 0.2, "No. at risk", fontsize=10)
    for row, arm in enumerate(ARMS[:2]):
        figure.text(0.02, 0.13 - 0.07 * row, arm.name, fontsize=10)
        for tick, count in zip(TICKS, arm.n_risk(), strict=True):
            figure.text(0.2 + 0.76 * tick / 50, 0.13 - 0.07 * row, str(count), ha="center", fontsize=10)


def one_colour_table(figure):
    table_below(figure, color="tab:blue", linestyle=("-", "--"))


def limits(figure):
    axes = figure.add_subplot()
    for arm in ARMS[:2]:
        for side in (-1.96, 1.96):
            limit = np.clip(arm.survival + side * arm.error, 0, 1)
            axes.step(arm.time, limit, where="post", color=arm.colour, lw=0.7, ls="--")
    draw(axes, lw=2)
    finish(axes)


def black_limits(figure):
    axes = figure.add_subplot()
    for arm in ARMS[:2]:
        for side in (-1.96, 1.96):
            limit = np.clip(arm.survival + side * arm.error, 0, 1)
            axes.step(arm.time, limit, where="post", color="black", lw=0.6)
    draw(axes, color="black", lw=1.8, linestyle=("-", "--"))
    finish(axes)


def four_dashes(figure):
    axes = figure.add_subplot()
    draw(axes, ARMS, color="black", lw=0.8, linestyle=("-", "--", ":", "-."))
    finish(axes, legend=None)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.subplots_adjust(right=0.78)


def crossing_dashes(figure):
    axes = figure.add_subplot()
    draw(axes, CROSSING, color="black", linestyle=("-", "--"))
    finish(axes)


def names_behind(figure):
    axes = figure.add_subplot()
    draw(axes, lw=2)
    for arm in ARMS[:2]:
        axes.text(arm.time[-1] + 1.2, arm.survival[-1], arm.name, color=arm.colour, fontsize=11, va="center")
    finish(axes, legend=None, xlim=(0, 60), xticks=np.arange(0, 61, 12))


def inward_ticks(figure):
    axes = figure.add_subplot()
    draw(axes, SLOW, incidence=True)
    axes.tick_params(direction="in", length=7, width=1.5)
    finish(axes, ylabel="Failure probability", legend="center right", ylim=(0, 1.04))


def inset(figure, place, low, legend):
    axes = figure.add_subplot()
    smaller = axes.inset_axes(place)
    for one in (axes, smaller):
        draw(one, SLOW)
    smaller.set(xlim=(0, 50), ylim=(low, 1), xticks=range(0, 51, 10))
    smaller.tick_params(labelsize=7)
    finish(axes, legend=legend)


def inset_below(figure):
    inset(figure, (0.1, 0.1, 0.42, 0.4), 0.6, "center right")


def inset_above(figure):
    inset(figure, (0.56, 0.14, 0.4, 0.36), 0.0, "lower left")


def to_forty(figure):
    axes = figure.add_subplot()
    draw(axes, SLOW, incidence=True, unit=100)
    finish(axes, legend="upper left", ylabel="Cumulative incidence (%)", ylim=(0, 40), yticks=range(0, 41, 10))


def decimal_comma(figure):
    axes = figure.add_subplot()
    draw(axes)
    finish(axes)
    ticks = np.arange(0, 1.01, 0.2)
    axes.set_yticks(ticks, [f"{tick:.1f}".replace(".", ",") for tick in ticks])


def cropped(figure):
    axes = figure.add_subplot()
    draw(axes)
    finish(axes, xlim=(0, 36), xticks=TICKS[:-1])


def median_lines(figure):
    axes = figure.add_subplot()
    draw(axes)
    finish(axes)
    medians = [arm.time[arm.survival <= 0.5][0] for arm in ARMS[:2]]
    axes.plot([0, max(medians)], [0.5, 0.5], color="black", lw=0.7, ls="--")
    for median in medians:
        axes.plot([median, median], [0, 0.5], color="black", lw=0.7, ls="--")


def thick(figure):
    axes = figure.add_subplot()
    draw(axes, lw=3)
    finish(axes)


def legend_above(figure):
    axes = figure.add_subplot()
    draw(axes, ARMS[:3])
    finish(axes, legend=None)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.01), ncol=3, frameon=False)


def render(path, style):
    """Draw one style into a file."""
    figure = Canvas(figsize=style.size, dpi=style.dpi * style.finer)
    canvas = FigureCanvasAgg(figure)
    style.draw(figure)
    canvas.draw()
    px = np.asarray(canvas.buffer_rgba())[..., 2::-1]
    px = cv2.resize(px, None, fx=1 / style.finer, fy=1 / style.finer, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), px, [cv2.IMWRITE_JPEG_QUALITY, style.quality] if style.quality else [])
    return path


@dataclass(frozen=True)
class Style:
    """How a figure is drawn.

    A drawing program moves lines to whole pixels, by up to half a pixel; a picture drawn `finer` and then averaged has
    them where they belong.
    """

    draw: object
    arms: tuple = ARMS[:2]
    size: tuple = (6.4, 4.4)
    dpi: int = 110
    finer: int = 4
    quality: int | None = None
    panels: tuple = ("1",)
    last: float = LAST


STYLES = {
    "solid": Style(solid),
    "solid, on whole pixels": Style(solid, finer=1),
    "dashed": Style(dashed),
    "dotted": Style(dotted),
    "black and grey": Style(black_and_grey),
    "black, one dashed": Style(black_dashed),
    "confidence bands": Style(bands),
    "gridlines": Style(gridlines),
    "grey ground, white grid": Style(grey_ground),
    "censor marks +": Style(plus_marks),
    "censor marks |": Style(bar_marks),
    "percent": Style(percent),
    "incidence": Style(incidence),
    "axis from 0.4": Style(from_forty, arms=SLOW),
    "two panels": Style(two_panels, size=(9, 4), dpi=100, panels=("A", "B")),
    "400 px wide": Style(solid, size=(4, 2.8), dpi=100),
    "JPEG, bands": Style(bands, quality=60),
    "names beside": Style(names_beside),
    "three arms": Style(three_arms, arms=ARMS[:3]),
    "four arms": Style(four_arms, arms=ARMS),
    "table below": Style(table_below),
    "dashed limits": Style(limits),
    "incidence in percent to 40": Style(to_forty, arms=SLOW),
    "decimal comma": Style(decimal_comma),
    "cropped": Style(cropped, last=36),
    "median lines": Style(median_lines),
    "thick": Style(thick),
    "legend above": Style(legend_above, arms=ARMS[:3]),
    "three bands": Style(three_bands, arms=ARMS[:3]),
    "thick, bands": Style(thick_bands),
    "one colour, table": Style(one_colour_table),
    "black marks +": Style(black_marks),
    "seven arms": Style(seven_arms, arms=STAGED, size=(8, 5)),
    "black, thin limits": Style(black_limits),
    "black, four dashes": Style(four_dashes, arms=ARMS, size=(8, 5)),
    "black, crossing dashes": Style(crossing_dashes, arms=CROSSING),
    "names behind the ends": Style(names_behind, last=60),
    "title against ticks": Style(inward_ticks, arms=SLOW),
    "inset with a cut axis": Style(inset_below, arms=SLOW, size=(7.5, 5.4)),
    "inset with the whole axis": Style(inset_above, arms=SLOW, size=(7.5, 5.4)),
    "black marks x on crossing curves": Style(black_crosses, arms=CROSSED, dpi=150),
    "grey ground, greys under dense marks": Style(marked_grey_ground, arms=MANY, size=(5.7, 5), dpi=250, finer=2),
    "thin, limits in a tint": Style(pale_limits, dpi=70, finer=1),
    "blue and pale blue": Style(pale_beside_full),
    "four near greys": Style(near_greys, arms=ARMS),
}


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """Read each style once."""
    folder, done = tmp_path_factory.mktemp("figures"), {}

    def read(name):
        if name not in done:
            style = STYLES[name]
            path = folder / f"{len(done)}.{'jpg' if style.quality else 'png'}"
            done[name] = digitise(render(path, style))
        return done[name]

    return read


def difference(curve, arm, last=LAST):
    """Mean |S - S true| over the true curve's drawn length."""
    time = np.linspace(0, min(arm.time[-1], last), 2000)
    return np.abs(curve.survival_at(time) - arm.at(time)).mean()


@pytest.mark.parametrize("name", STYLES)
def test_drawn_curves_are_read_back(name, reading):
    style, panels = STYLES[name], reading(name).panels
    assert tuple(panel.panel for panel in panels) == style.panels
    for panel in panels:
        assert [curve.arm for curve in panel.curves] == [arm.name for arm in style.arms]
        worst = max(difference(curve, arm, style.last) for curve, arm in zip(panel.curves, style.arms, strict=True))
        assert worst < SLACK * REACHED[name]


# 0.1 months is 1 px; of each arm one mark lies upon a step, from which it cannot be told, and a few marks where none are
# drawn are borne with
@pytest.mark.parametrize("name", ["censor marks +", "censor marks |"])
def test_censor_marks_are_found_where_they_are_drawn(name, reading):
    for curve, arm in zip(reading(name).panels[0].curves, ARMS[:2], strict=True):
        marked = arm.censor_time[::MARKED]
        away = np.abs(curve.censor_time[:, None] - marked).min(axis=0)
        assert (away < 0.1).sum() >= len(marked) - 1
        assert len(curve.censor_time) <= len(marked) + 3


@pytest.mark.parametrize(("name", "scale"), [("solid", "survival"), ("percent", "percent"), ("incidence", "incidence")])
def test_the_scale_is_told_and_flagged(name, scale, reading):
    panel = reading(name).panels[0]
    assert panel.calibration.scale == scale
    assert (scale in {flag.name for flag in panel.flags}) == (scale != "survival")


@pytest.mark.parametrize("name", ["table below", "one colour, table"])
def test_numbers_at_risk_are_read_and_tied_to_their_arms(name, reading):
    panel = reading(name).panels[0]
    assert panel.at_risk.arms == tuple(arm.name for arm in ARMS[:2])
    np.testing.assert_allclose(panel.at_risk.time, TICKS)
    np.testing.assert_array_equal(panel.at_risk.n_risk, [arm.n_risk() for arm in ARMS[:2]])
    assert not panel.at_risk.flags


def test_a_figure_without_a_table_says_so(reading):
    panel = reading("solid").panels[0]
    assert panel.at_risk is None
    assert "no_at_risk" in {flag.name for flag in panel.flags}


@pytest.mark.parametrize("name", ["solid", "names beside"])
def test_names_say_where_they_come_from(name, reading):
    source = {"solid": "legend", "names beside": "text"}[name]
    assert {look.matched_by for look in reading(name).panels[0].looks} == {source}


def test_dashes_are_told(reading):
    assert [look.dash for look in reading("black, one dashed").panels[0].looks] == ["solid", "dashed"]


@pytest.mark.parametrize("name", ["solid", "black and grey", "confidence bands", "three arms"])
def test_curves_end_where_they_are_drawn_to(name, reading):
    # 2 px of 10.5 px a month
    for curve, arm in zip(reading(name).panels[0].curves, STYLES[name].arms, strict=True):
        assert curve.time[-1] == pytest.approx(arm.time[-1], abs=0.2)


def test_reading_twice_gives_the_same(tmp_path, reading):
    path = render(tmp_path / "again.png", STYLES["solid"])
    first, again = reading("solid"), digitise(path)
    for one, other in zip(first.panels[0].curves, again.panels[0].curves, strict=True):
        np.testing.assert_array_equal(one.time, other.time)
        np.testing.assert_array_equal(one.survival, other.survival)
    assert first.sha256 == again.sha256


def test_ranges_and_the_number_of_arms_can_be_given(tmp_path):
    path = render(tmp_path / "given.png", Style(three_arms))
    given = digitise(path, arms=2, x_range=(0, 4), y_range=(0, 1)).panels[0]
    assert len(given.curves) == 2
    assert {curve.arm for curve in given.curves} <= set(NAMES[:3])
    flags = [flag.name for flag in given.flags]
    assert flags.count("arms_given") == 1
    assert flags.count("axis_given") == 2
    for curve in given.curves:
        arm = ARMS[NAMES.index(curve.arm)]
        assert curve.time[-1] == pytest.approx(arm.time[-1] / 12, abs=0.02)


def test_more_arms_than_drawn_is_an_error(tmp_path):
    path = render(tmp_path / "two.png", Style(solid))
    with pytest.raises(ArmError, match="2 of 5 arms were found"):
        digitise(path, arms=5)


def test_one_panel_can_be_asked_for(tmp_path):
    path = render(tmp_path / "panels.png", STYLES["two panels"])
    assert [panel.panel for panel in digitise(path, panel="b").panels] == ["B"]


def test_a_panel_that_cannot_be_read_does_not_cost_the_others(tmp_path):
    figure = Canvas(figsize=(8, 3.4), dpi=120)
    left, right = figure.subplots(1, 2)
    time = np.arange(0, 37, 3.0)
    left.step(time, np.exp(-time / 30), where="post", lw=2, color="C0")
    right.plot(time[1:], 0.2 + 0.6 * (np.sin(time[1:]) > 0), "o", color="C3")
    for axes in (left, right):
        axes.set(xlim=(0, 36), ylim=(0, 1), xticks=range(0, 37, 6), yticks=np.arange(0, 1.01, 0.2))
        axes.set(xlabel="Months", ylabel="Overall survival")
    path = tmp_path / "pair.png"
    figure.savefig(path)
    read = digitise(path)
    assert [panel.panel for panel in read.panels] == ["1"]
    assert [(flag.name, flag.place) for flag in read.flags] == [("panel_unread", "panel 2")]
    with pytest.raises(ArmError):
        digitise(path, panel="2")


def test_each_doubt_is_told_once_and_by_name(tmp_path):
    figure = Canvas(figsize=(6, 4), dpi=120)
    axes = figure.add_axes((0.12, 0.14, 0.8, 0.8))
    for time, drawn in (([0, 6, 10], [0, 0.2, 0.2]), ([10.8, 14, 20], [0.2, 0.4, 0.4]), ([20.8, 24, 30], [0.4, 0.6, 0.6])):
        axes.step(time, drawn, where="post", lw=2, color="C0", solid_capstyle="butt")
    axes.set(xlim=(0, 36), ylim=(0, 1), xticks=range(0, 37, 6), yticks=np.arange(0, 1.01, 0.2))
    axes.set(xlabel="Months", ylabel="Cumulative hazard")
    path = tmp_path / "hazard.png"
    figure.savefig(path)
    flags = digitise(path).all_flags()
    assert len(flags) == len(set(flags))
    assert [flag.name for flag in flags].count("not_kaplan_meier") == 1
    assert [flag.place for flag in flags if flag.name == "gap"] == ["arm 'arm 1'"]
