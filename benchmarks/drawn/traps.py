"""Figures that are no plain Kaplan-Meier plot, and must be owned up to: survival drawn in another way."""

import numpy as np
from matplotlib.ticker import ScalarFormatter

from drawn.plot import Panel, draw_panel, set_ground
from drawn.strangers import STRANGERS


def step(panel, i, time, value, **look):
    """Draw a step function in the looks of the i-th arm."""
    colour, dash = panel.looks(i)
    look = {"color": colour, "ls": dash, "lw": panel.style.width, "label": panel.arms[i].name} | look
    panel.axes.step(time, value, where="post", **look)


def draw_hazard(panel):
    """Cumulative hazard (Nelson and Aalen), which passes 1."""
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        step(panel, i, time, -np.log(np.maximum(survival, 0.05)))
    panel.axes.set(ylabel="Cumulative hazard", ylim=(0, 3))


def draw_low_hazard(panel):
    """Cumulative hazard that stays below 1, its title not saying so."""
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        step(panel, i, time, 1.25 * np.log(np.maximum(survival, 0.05)) / np.log(0.05))
    panel.axes.set(ylabel="Nelson-Aalen estimate", ylim=(0, 1.4))


def draw_stacked(panel):
    """Two causes of failure, one area upon the other."""
    arms, colours = panel.arms, [panel.looks(i)[0] for i in range(2)]
    grid = np.unique(np.concatenate([arm.curve()[0] for arm in arms]))
    parts = [0.5 * (1 - arm.survival_at(np.minimum(grid, arm.time.max()))) for arm in arms]
    panel.axes.stackplot(grid, parts, step="post", labels=[arm.name for arm in arms], colors=colours)
    panel.axes.set(ylabel="Cumulative incidence, stacked", ylim=(0, 1))


def draw_delayed(panel):
    """Survival from diagnosis of patients who enter later: the printed numbers at risk rise."""
    axes, arms = panel.axes, panel.arms
    draw_plain(panel)
    times = [tick for tick in axes.get_xticks() if 0 <= tick <= max(arm.time.max() for arm in arms)]
    for k, arm in enumerate(arms):
        axes.text(-0.1, -0.32 - 0.08 * k, arm.name, transform=axes.transAxes, ha="right")
        for tick in times:
            entered = int((0.1 if tick == 0 else 1) * arm.n_risk(tick))
            axes.text(tick, -0.32 - 0.08 * k, entered, transform=axes.get_xaxis_transform(), ha="center")
    axes.text(0, -0.24, "Number at risk", transform=axes.transAxes)


def draw_plain(panel):
    """Plain curves."""
    for i, arm in enumerate(panel.arms):
        step(panel, i, *arm.curve()[:2])
    panel.axes.set(ylabel="Overall survival", ylim=(0, 1.02))


def draw_log_time(panel):
    """Survival over a logarithm of time."""
    draw_plain(panel)
    end = max(arm.time.max() for arm in panel.arms)
    panel.axes.set(xscale="log", xlim=(end / 300, 1.1 * end))
    if panel.style.size % 2:
        ticks = [value for value in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if end / 300 <= value <= end]
        panel.axes.set_xticks(ticks, [f"{value:g}" for value in ticks])
        panel.axes.minorticks_off()
    else:
        panel.axes.xaxis.set_major_formatter(ScalarFormatter())


def draw_log_survival(panel):
    """Survival on a logarithmic axis."""
    draw_plain(panel)
    ticks = ([1, 0.1, 0.01], [1, 0.8, 0.6, 0.4, 0.2, 0.1], [1, 0.5, 0.25, 0.125], [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    chosen = ticks[panel.style.size % len(ticks)]
    panel.axes.set(yscale="log", ylim=(0.9 * chosen[-1], 1.05))
    panel.axes.set_yticks(chosen, [f"{value:g}" for value in chosen])
    panel.axes.minorticks_off()


def draw_cloglog(panel):
    """Logarithm of the cumulative hazard over that of time."""
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        inner = (survival < 1) & (survival > 0)
        step(panel, i, np.log(time[inner]), np.log(-np.log(survival[inner])))
    panel.axes.set(ylabel="log(-log(survival))", xlabel="ln(time)")


def draw_broken(panel):
    """A vertical axis that leaps from 0 to 0.5 under a zigzag."""
    low = 0.5
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        step(panel, i, time, np.maximum(survival, low + 0.02))
    values = np.arange(low, 1.01, 0.1)
    panel.axes.set_yticks([low - 0.1, *values], ["0", *(f"{value:.1f}" for value in values)])
    panel.axes.set(ylabel="Overall survival", ylim=(low - 0.1, 1.02))
    zigzag = np.array([[-0.015, 0.06], [0.015, 0.075], [-0.015, 0.09], [0.015, 0.105]])
    panel.axes.plot(*zigzag.T, color="black", lw=1, transform=panel.axes.transAxes, clip_on=False)


def draw_broken_time(panel):
    """A time axis whose right half runs in longer steps."""
    end, half = panel.style.x_end, panel.style.x_end / 2
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        step(panel, i, np.where(time > half, half + (time - half) / 4, time), survival)
    near, far = np.linspace(0, half, 5), np.linspace(half, 3 * half, 5)[1:]
    panel.axes.set_xticks([*near, *(half + (far - half) / 4)], [f"{value:g}" for value in (*near, *far)])
    panel.axes.set(ylabel="Overall survival", ylim=(0, 1.02), xlim=(0, end))


def parametric(panel, i, time):
    return np.exp(-((1.2 + 0.5 * i) * time / panel.style.x_end) ** (0.8 + 0.3 * (panel.style.size % 3)))


def draw_smooth(panel):
    """Fitted survival without steps, perhaps in a band."""
    time = np.linspace(0, panel.style.x_end, 300)
    for i, arm in enumerate(panel.arms):
        colour, dash = panel.looks(i)
        survival = parametric(panel, i, time)
        panel.axes.plot(time, survival, color=colour, ls=dash, lw=panel.style.width, label=arm.name)
        if panel.style.size % 2:
            panel.axes.fill_between(time, 0.93 * survival, 1.07 * survival, color=colour, alpha=0.2, lw=0)
    panel.axes.set(ylabel="Overall survival", ylim=(0, 1.02), xlim=(0, panel.style.x_end))


def draw_visits(panel):
    """Share at each visit, as a line with markers."""
    visits = np.linspace(0, panel.style.x_end, 6)
    for i, arm in enumerate(panel.arms):
        colour, dash = panel.looks(i)
        share = parametric(panel, i, visits) + np.array([0, 0.04, -0.03, 0.05, 0.0, 0.03])
        panel.axes.plot(visits, np.minimum(share, 1), color=colour, ls=dash, lw=panel.style.width, marker="os^D"[i], label=arm.name)
    panel.axes.set(ylabel="Proportion adherent", ylim=(0, 1.02))


def draw_shaded(panel):
    """Restricted mean survival: the area below one curve shaded."""
    draw_plain(panel)
    time, survival, _ = panel.arms[0].curve()
    inner = time <= 0.7 * panel.style.x_end
    panel.axes.fill_between(time[inner], survival[inner], step="post", color=panel.looks(0)[0], alpha=0.3, lw=0)


def draw_difference(panel):
    """Difference of two survival curves around zero."""
    time = np.unique(np.concatenate([arm.curve()[0] for arm in panel.arms]))
    first, second = (arm.survival_at(np.minimum(time, arm.time.max())) for arm in panel.arms)
    step(panel, 0, time, first - second, label="Difference")
    panel.axes.axhline(0, color="0.4", lw=0.8, ls="--")
    panel.axes.set(ylabel="Difference in survival", ylim=(-0.3, 0.3), yticks=np.arange(-0.3, 0.31, 0.1))


def draw_conditional(panel):
    """Survival of those who lived one or two years, each curve beginning at 1 when it begins."""
    arm, end = panel.arms[0], panel.style.x_end
    time, survival, _ = arm.curve()
    for i, share in enumerate((0.0, 0.25)):
        start = share * end
        later = time >= start
        begin = arm.survival_at(start)
        step(panel, i, np.r_[start, time[later]], np.r_[1, survival[later] / max(begin, 0.05)], label=f"Survived {start:g}")
    panel.axes.set(ylabel="Conditional survival", ylim=(0, 1.02), xlim=(0, end))


def draw_dates(panel):
    """Share still in use by calendar year."""
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        step(panel, i, 2010 + 10 * time / time[-1], survival)
    panel.axes.set(ylabel="Proportion without event", ylim=(0, 1.02), xlim=(2010, 2020), xticks=range(2010, 2021, 2))


def draw_age(panel):
    """Survival by attained age, where patients enter late."""
    for i, arm in enumerate(panel.arms):
        time, survival, _ = arm.curve()
        step(panel, i, 40 + 50 * time / time[-1], survival)
    panel.axes.set(ylabel="Probability without disease", ylim=(0, 1.02), xlim=(40, 90), xticks=range(40, 91, 10))


def draw_rate(panel):
    """Hazard rate, smoothed."""
    time = np.linspace(0, panel.style.x_end, 200)
    for i, arm in enumerate(panel.arms):
        bump = 0.03 * np.exp(-(((time / panel.style.x_end - 0.2 - 0.1 * i) / 0.25) ** 2)) + 0.005
        panel.axes.plot(time, bump, color=panel.looks(i)[0], lw=panel.style.width, label=arm.name)
    panel.axes.set(ylabel="Hazard rate per month", ylim=(0, 0.05), xlim=(0, panel.style.x_end))


# what survival becomes when it is drawn otherwise; the first four stand where earlier seeds expect them
SURVIVAL_TRAPS = {
    "hazard": draw_hazard, "bars": STRANGERS["bars"], "stacked": draw_stacked, "delayed": draw_delayed,
    "low_hazard": draw_low_hazard, "log_time": draw_log_time, "log_survival": draw_log_survival, "cloglog": draw_cloglog,
    "broken": draw_broken, "broken_time": draw_broken_time, "smooth": draw_smooth, "visits": draw_visits, "shaded": draw_shaded,
    "difference": draw_difference, "conditional": draw_conditional, "dates": draw_dates, "age": draw_age, "rate": draw_rate,
}  # fmt: skip
DRAWERS = SURVIVAL_TRAPS | STRANGERS
MIXED = "mixed"
TRAPS = (*DRAWERS, MIXED)


def draw_trap(kind, figure, arms, style, rng):
    """Draw one trap with legend and time axis; the mixed one has a Kaplan-Meier panel at its left."""
    if kind == MIXED:
        left, axes = figure.subplots(1, 2)
        draw_panel(Panel(left, arms, style, rng))
        others = [name for name in DRAWERS if name not in ("delayed", "forest")]
        kind = others[style.size % len(others)]
    else:
        axes = figure.subplots()
    panel = Panel(axes, arms, style, rng)
    axes.set_xlabel(style.unit)
    DRAWERS[kind](panel)
    set_ground(panel)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)
    figure.tight_layout()
