"""One panel: its axes, its curves and what is drawn around them."""

from dataclasses import dataclass

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import AutoMinorLocator

from drawn.style import DASHES

STEPS = {"quarter": 0.25, "fifth": 0.2, "tenth": 0.1, "half": 0.5}
TITLES = {
    "survival": (
        "Overall survival",
        "Survival probability",
        "Probability of survival",
        "Progression-free survival",
        "Proportion alive",
        "Surviving",
    ),
    "percent": (
        "Overall survival (%)",
        "Survival probability (%)",
        "Patients alive (%)",
        "Percent survival",
        "Event-free survival, %",
    ),
    "incidence": ("Cumulative incidence", "Probability of event", "Cumulative event rate", "Failure probability"),
    "incidence_percent": ("Cumulative incidence (%)", "Patients with event (%)", "Cumulative event rate, %"),
}
MARKERS = {"bar": "|", "plus": "+", "cross": "x", "circle": "o"}
STRIP = 0.09


@dataclass
class Panel:
    """One plotting box, the arms in it and how they are drawn."""

    axes: object
    arms: tuple
    style: object
    rng: np.random.Generator
    strip: str = ""

    def looks(self, i):
        """Colour and dash of the i-th arm."""
        return self.style.colours[i], DASHES[i] if self.style.dashes else "-"

    def drawn(self, survival):
        """Survival as the axis shows it."""
        value = 1 - survival if self.style.scale.startswith("incidence") else survival
        return 100 * value if "percent" in self.style.scale else value

    def size_points(self):
        box, figure = self.axes.get_position(), self.axes.figure
        return 72 * box.width * figure.get_figwidth(), 72 * box.height * figure.get_figheight()

    def ink(self):
        """Points along all curves, in shares of the box."""
        (left, right), (low, top) = self.axes.get_xlim(), self.axes.get_ylim()
        points = []
        for arm in self.arms:
            time = np.linspace(0, arm.time.max(), 400)
            value = self.drawn(arm.survival_at(time))
            points.append(np.column_stack([(time - left) / (right - left), (value - low) / (top - low)]))
        return np.concatenate(points)


def nice_step(length):
    """A round step that makes three to six of a length."""
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25):
        if length / step <= 6:
            return step
    return 0.2


def span(panel):
    """Lowest and highest tick of the vertical axis, and their step, as probabilities."""
    style, step = panel.style, STEPS[panel.style.y_step]
    if style.span == "whole":
        return 0.0, 1.0, step
    deepest = min(arm.survival_at(min(arm.time.max(), style.x_end)) for arm in panel.arms)
    step = nice_step(1.08 * (1 - deepest))
    length = step * np.ceil((1 - deepest) / step + 0.15)
    return (0.0, length, step) if style.scale.startswith("incidence") else (max(1 - length, 0.0), 1.0, step)


def tick_text(value, style, step):
    """A tick label as the style prints it."""
    if "percent" in style.scale:
        digits = 0 if abs(100 * step - round(100 * step)) < 1e-6 else 1
        return f"{100 * value:.{digits}f}" + ("%" if style.y_format == "sign" else "")
    digits = 2 if style.y_format == "two" or abs(10 * step - round(10 * step)) > 1e-6 else 1
    text = f"{value:.{digits}f}"
    if style.y_format == "bare":
        return {"1.0": "1", "1.00": "1", "0.0": "0", "0.00": "0"}.get(text, text.lstrip("0"))
    return text.replace(".", ",") if style.y_format == "comma" else text


def set_vertical(panel):
    low, top, step = span(panel)
    values = np.arange(low, top + step / 2, step)
    factor = 100 if "percent" in panel.style.scale else 1
    panel.axes.set_yticks(factor * values, [tick_text(value, panel.style, step) for value in values])
    room = {"corner": (0, 0), "gap": (0.05, 0.05), "headroom": (0, 0.04)}[panel.style.origin]
    below = 0.07 * (len(panel.arms) + 1) if panel.style.table == "inside" else room[0]
    panel.axes.set_ylim(factor * (low - below * (top - low)), factor * (top + room[1] * (top - low)))


def ticks(style):
    """Times of the ticks."""
    times = np.arange(0, style.x_end + 1e-9, style.tick_step)
    if style.x_format == "few":
        times = np.array([0, style.x_end / 2, style.x_end])
    if style.x_format == "uneven":
        times = np.unique(np.concatenate([[0, 1, 2, 4], np.arange(8, len(times), 4)]))
        times = times[times * style.tick_step <= style.x_end] * style.tick_step
    return times


def set_horizontal(panel):
    style, times = panel.style, ticks(panel.style)
    panel.axes.set_xticks(times, [f"{time:g}" for time in times], rotation=45 if style.x_format == "rotated" else 0)
    room = {"corner": (0, 0), "gap": (0.05, 0.05), "headroom": (0, 0.03)}[style.origin]
    panel.axes.set_xlim(-room[0] * style.x_end, (1 + (0 if style.cropped else room[1])) * style.x_end)


def set_ground(panel):
    """Frame, grid and minor ticks."""
    axes, style = panel.axes, panel.style
    axes.set_axisbelow(True)
    if style.grid == "white":
        axes.set_facecolor("0.92")
        axes.grid(color="white", lw=1.1)
    elif style.grid != "none":
        axes.grid(
            axis="y" if style.grid == "horizontal" else "both",
            color="0.85",
            lw=0.8,
            ls=":" if style.grid == "dotted" else "-",
        )
    if style.frame in ("L", "none"):
        axes.spines[["top", "right"]].set_visible(False)
    if style.frame == "none":
        axes.spines[["left", "bottom"]].set_visible(False)
    if style.minor:
        axes.xaxis.set_minor_locator(AutoMinorLocator(2))
        axes.yaxis.set_minor_locator(AutoMinorLocator(2))
    axes.tick_params(direction="out" if style.finer != 2 else "in")


def draw_interval(panel, i, arm):
    time, survival, error = arm.curve()
    low, high = np.clip(survival - 1.96 * error, 0, 1), np.clip(survival + 1.96 * error, 0, 1)
    low, high = sorted((panel.drawn(low), panel.drawn(high)), key=lambda value: value.sum())
    colour, _ = panel.looks(i)
    if panel.style.interval == "band":
        panel.axes.fill_between(time, low, high, step="post", color=colour, alpha=0.2, lw=0)
    else:
        dash = ("--", ":", "-")[panel.style.size % 3]
        for limit in (low, high):
            panel.axes.step(time, limit, where="post", color=colour, lw=min(0.6, panel.style.width / 2), ls=dash)


def marked_times(panel, arm):
    """Times at which an arm has a censor mark; none where the style draws none."""
    if panel.style.marks == "none" or panel.style.facets:
        return np.zeros(0)
    return np.unique(arm.time[~arm.event])


def draw_marks(panel, i, arm):
    censored = marked_times(panel, arm)
    colour = "black" if panel.style.mark_colour == "black" else panel.looks(i)[0]
    size = panel.style.font_size * (0.35 if panel.style.marks == "circle" else 0.62)
    panel.axes.plot(
        censored,
        panel.drawn(arm.survival_at(censored)),
        MARKERS[panel.style.marks],
        color=colour,
        ms=size,
        mew=min(1.0, panel.style.width),
    )


def draw_curves(panel):
    style = panel.style
    for i, arm in enumerate(panel.arms):
        if style.interval != "none":
            draw_interval(panel, i, arm)
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        colour, dash = panel.looks(i)
        panel.axes.step(
            time, panel.drawn(survival), where="post", color=colour, ls=dash, lw=style.width, label=arm.name
        )
        if len(marked_times(panel, arm)):
            draw_marks(panel, i, arm)


def draw_reference(panel):
    """Median lines, or a landmark."""
    axes, style = panel.axes, panel.style
    if style.reference == "landmark":
        axes.axvline(ticks(style)[len(ticks(style)) // 2], color="0.4", lw=0.8, ls="--")
    elif style.span == "whole":
        half = panel.drawn(0.5)
        reached = [
            time[survival <= 0.5][0] for time, survival, _ in (arm.curve() for arm in panel.arms) if survival[-1] <= 0.5
        ]
        for time in reached:
            axes.plot(
                [time, time],
                [panel.drawn(1.0) if panel.drawn(1.0) < half else axes.get_yticks()[0], half],
                color="black",
                lw=0.7,
                ls="--",
            )
        if reached:
            axes.plot([0, max(reached)], [half, half], color="black", lw=0.7, ls="--")


def draw_strip(panel):
    """A facet's title, in a grey strip or bare."""
    if panel.style.grid != "none":
        panel.axes.add_patch(
            Rectangle((0, 1), 1, STRIP, transform=panel.axes.transAxes, clip_on=False, fc="0.85", ec="none")
        )
    panel.axes.text(0.5, 1 + STRIP / 2, panel.strip, transform=panel.axes.transAxes, ha="center", va="center")


def draw_panel(panel):
    """Draw all but legend, text and table."""
    set_vertical(panel)
    set_horizontal(panel)
    set_ground(panel)
    titles = TITLES[panel.style.scale]
    panel.axes.set_xlabel(panel.style.unit)
    panel.axes.set_ylabel(titles[panel.style.size % len(titles)])
    draw_curves(panel)
    if panel.style.reference != "none":
        draw_reference(panel)
    if panel.strip:
        draw_strip(panel)
