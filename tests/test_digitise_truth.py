"""By truth: figures drawn from known patients, read without any option, and compared with the curves drawn.

@TABLE@
"""

from dataclasses import dataclass

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.figure.digitisation import digitise

NAMES = ("Nivolumab", "Placebo", "Chemotherapy", "Surgery")
RATES = (0.016, 0.034, 0.06, 0.11)
COLOURS = ("tab:blue", "tab:red", "tab:green", "tab:orange")
TICKS = np.arange(0, 49, 12)
LAST = 48.0


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
SLOW = tuple(simulate(name, colour, rate, seed) for name, colour, rate, seed in zip(NAMES, COLOURS, (0.004, 0.009), (7, 8), strict=False))


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


def bands(figure):
    axes = figure.add_subplot()
    for arm in ARMS[:2]:
        low, high = np.clip(arm.survival - 1.96 * arm.error, 0, 1), np.clip(arm.survival + 1.96 * arm.error, 0, 1)
        axes.fill_between(arm.time, low, high, step="post", color=arm.colour, alpha=0.2, lw=0)
    draw(axes)
    finish(axes)


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


def marks(figure, marker):
    axes = figure.add_subplot()
    draw(axes)
    for arm in ARMS[:2]:
        axes.plot(arm.censor_time, arm.at(arm.censor_time), marker, color=arm.colour, ms=7)
    finish(axes)


def plus_marks(figure):
    marks(figure, "+")


def bar_marks(figure):
    marks(figure, "|")


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


def table_below(figure):
    axes = figure.add_axes((0.2, 0.38, 0.76, 0.58))
    draw(axes)
    finish(axes)
    figure.text(0.02, 0.2, "No. at risk", fontsize=10)
    for row, arm in enumerate(ARMS[:2]):
        figure.text(0.02, 0.13 - 0.07 * row, arm.name, fontsize=10)
        for tick, count in zip(TICKS, arm.n_risk(), strict=True):
            figure.text(0.2 + 0.76 * tick / 50, 0.13 - 0.07 * row, str(count), ha="center", fontsize=10)


def render(path, style, size, dpi, quality=None):
    """Draw one style into a file."""
    figure = Canvas(figsize=size, dpi=dpi)
    FigureCanvasAgg(figure)
    style(figure)
    figure.savefig(path, dpi=dpi, **({"pil_kwargs": {"quality": quality}} if quality else {}))
    return path


@dataclass(frozen=True)
class Style:
    """How a figure is drawn; `reached` is the mean |S - S true| of its worst arm today."""

    draw: object
    reached: float
    arms: tuple = ARMS[:2]
    size: tuple = (6.4, 4.4)
    dpi: int = 110
    quality: int | None = None
    panels: tuple = ("1",)


STYLES = {
    "solid": Style(solid, 0.0020),
    "dashed": Style(dashed, 0.0023),
    "dotted": Style(dotted, 0.0034),
    "black and grey": Style(black_and_grey, 0.0020),
    "black, one dashed": Style(black_dashed, 0.0027),
    "confidence bands": Style(bands, 0.0020),
    "gridlines": Style(gridlines, 0.0020),
    "grey ground, white grid": Style(grey_ground, 0.0026),
    "censor marks +": Style(plus_marks, 0.0021),
    "censor marks |": Style(bar_marks, 0.0020),
    "percent": Style(percent, 0.0020),
    "incidence": Style(incidence, 0.0025),
    "axis from 0.4": Style(from_forty, 0.0017, arms=SLOW),
    "two panels": Style(two_panels, 0.0033, size=(9, 4), dpi=100, panels=("A", "B")),
    "400 px wide": Style(solid, 0.0031, size=(4, 2.8), dpi=100),
    "JPEG, bands": Style(bands, 0.0031, quality=60),
    "names beside": Style(names_beside, 0.0020),
    "three arms": Style(three_arms, 0.0020, arms=ARMS[:3]),
    "four arms": Style(four_arms, 0.0025, arms=ARMS),
    "table below": Style(table_below, 0.0021),
}


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """Read each style once."""
    folder, done = tmp_path_factory.mktemp("figures"), {}

    def read(name):
        if name not in done:
            style = STYLES[name]
            path = folder / f"{len(done)}.{'jpg' if style.quality else 'png'}"
            done[name] = digitise(render(path, style.draw, style.size, style.dpi, style.quality))
        return done[name]

    return read


def difference(curve, arm):
    """Mean |S - S true| over the true curve's length."""
    time = np.linspace(0, arm.time[-1], 2000)
    return np.abs(curve.survival_at(time) - arm.at(time)).mean()


@pytest.mark.parametrize("name", STYLES)
def test_drawn_curves_are_read_back(name, reading):
    style, panels = STYLES[name], reading(name).panels
    assert tuple(panel.panel for panel in panels) == style.panels
    for panel in panels:
        assert [curve.arm for curve in panel.curves] == [arm.name for arm in style.arms]
        worst = max(difference(curve, arm) for curve, arm in zip(panel.curves, style.arms, strict=True))
        assert worst < min(1.5 * style.reached, 0.01)
