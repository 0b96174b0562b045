"""Figures that are no plain Kaplan-Meier plot, and must be owned up to."""

import numpy as np

TRAPS = ("hazard", "bars", "stacked", "delayed")
COLOURS = ("tab:blue", "tab:red")


def draw_hazard(axes, arms):
    """Cumulative hazard (Nelson and Aalen), which passes 1."""
    for arm, colour in zip(arms, COLOURS, strict=True):
        time, survival, _ = arm.curve()
        axes.step(time, -np.log(np.maximum(survival, 0.05)), where="post", color=colour, label=arm.name)
    axes.set(ylabel="Cumulative hazard", ylim=(0, 3))


def draw_bars(axes, arms):
    """Response by year, as bars."""
    for k, (arm, colour) in enumerate(zip(arms, COLOURS, strict=True)):
        years = np.arange(1, 6)
        axes.bar(
            years + 0.4 * k - 0.2, arm.survival_at(np.quantile(arm.time, years / 6)), 0.38, color=colour, label=arm.name
        )
    axes.set(ylabel="Response rate", ylim=(0, 1))


def draw_stacked(axes, arms):
    """Two causes of failure, one area upon the other."""
    times = [arm.curve()[0] for arm in arms]
    grid = np.unique(np.concatenate(times))
    parts = [0.5 * (1 - arm.survival_at(np.minimum(grid, arm.time.max()))) for arm in arms]
    axes.stackplot(grid, parts, step="post", labels=[arm.name for arm in arms], colors=COLOURS)
    axes.set(ylabel="Cumulative incidence, stacked", ylim=(0, 1))


def draw_delayed(axes, arms):
    """Survival from diagnosis of patients who enter later: the printed numbers at risk rise."""
    for arm, colour in zip(arms, COLOURS, strict=True):
        time, survival, _ = arm.curve()
        axes.step(time, survival, where="post", color=colour, label=arm.name)
    times = [tick for tick in axes.get_xticks() if 0 <= tick <= max(arm.time.max() for arm in arms)]
    for k, arm in enumerate(arms):
        axes.text(-0.1, -0.32 - 0.08 * k, arm.name, transform=axes.transAxes, ha="right")
        for tick in times:
            entered = int((0.1 if tick == 0 else 1) * arm.n_risk(tick))
            axes.text(tick, -0.32 - 0.08 * k, entered, transform=axes.get_xaxis_transform(), ha="center")
    axes.text(0, -0.24, "Number at risk", transform=axes.transAxes)
    axes.set(ylabel="Overall survival", ylim=(0, 1))


def draw_trap(kind, axes, arms):
    """Draw one trap, with legend and time axis."""
    {"hazard": draw_hazard, "bars": draw_bars, "stacked": draw_stacked, "delayed": draw_delayed}[kind](axes, arms)
    axes.set_xlabel("Months")
    axes.legend(frameon=False)
