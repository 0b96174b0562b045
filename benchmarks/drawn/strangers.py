"""Plots that show no survival at all, as they stand beside Kaplan-Meier figures in papers."""

import numpy as np


def draw_bars(panel):
    """Response by year, as bars."""
    for k, arm in enumerate(panel.arms):
        years = np.arange(1, 6)
        share = arm.survival_at(np.quantile(arm.time, years / 6))
        panel.axes.bar(years + 0.4 * k - 0.2, share, 0.38, color=panel.looks(k)[0], label=arm.name)
    panel.axes.set(ylabel="Response rate", ylim=(0, 1))


def draw_histogram(panel):
    """How often each value occurred."""
    values = panel.rng.gamma(2.0, panel.style.x_end / 8, 400)
    panel.axes.hist(values, bins=20, color=panel.looks(0)[0], edgecolor="white" if panel.style.size % 2 else None)
    panel.axes.set(ylabel="Number of patients", xlim=(0, panel.style.x_end))


def draw_density(panel):
    """Two densities, filled or not."""
    grid = np.linspace(0, 1, 200)
    for k, arm in enumerate(panel.arms):
        value = np.exp(-(((grid - 0.35 - 0.25 * k) / 0.14) ** 2))
        panel.axes.plot(grid, value, color=panel.looks(k)[0], lw=panel.style.width, label=arm.name)
        if panel.style.size % 2:
            panel.axes.fill_between(grid, value, color=panel.looks(k)[0], alpha=0.3)
    panel.axes.set(ylabel="Density", xlabel="Risk score", ylim=(0, 1.1), xlim=(0, 1))


def draw_roc(panel):
    """Receiver operating characteristics, with the diagonal."""
    rng = panel.rng
    for k, arm in enumerate(panel.arms):
        healthy, ill = np.sort(rng.normal(0, 1, 80)), rng.normal(1.2 + 0.5 * k, 1, 60)
        cut = np.r_[np.inf, healthy[::-1], -np.inf]
        true = [(ill >= at).mean() for at in cut]
        false = [(healthy >= at).mean() for at in cut]
        panel.axes.plot(false, true, color=panel.looks(k)[0], lw=panel.style.width, label=f"{arm.name} (AUC 0.8{k})", drawstyle="steps-post")
    panel.axes.plot([0, 1], [0, 1], color="0.5", lw=0.8, ls="--")
    sides = ("1 - Specificity", "Sensitivity") if panel.style.size % 2 else ("False positive rate", "True positive rate")
    panel.axes.set(xlabel=sides[0], ylabel=sides[1], xlim=(0, 1), ylim=(0, 1))


def draw_calibration(panel):
    """Predicted against observed survival."""
    predicted = np.linspace(0.1, 0.9, 5)
    for k, arm in enumerate(panel.arms):
        observed = np.clip(predicted + panel.rng.normal(0, 0.04, 5), 0, 1)
        panel.axes.errorbar(predicted, observed, 0.06, color=panel.looks(k)[0], marker="o", lw=panel.style.width, label=arm.name)
    panel.axes.plot([0, 1], [0, 1], color="0.5", lw=0.8, ls="--")
    panel.axes.set(xlabel="Predicted 3-year survival", ylabel="Observed 3-year survival", xlim=(0, 1), ylim=(0, 1))


def draw_auc(panel):
    """Discrimination over time."""
    time = np.linspace(0.1, 1, 12) * panel.style.x_end
    for k, arm in enumerate(panel.arms):
        value = 0.85 - 0.1 * k - 0.1 * time / panel.style.x_end + panel.rng.normal(0, 0.01, len(time))
        panel.axes.plot(time, value, color=panel.looks(k)[0], lw=panel.style.width, label=arm.name)
    panel.axes.set(ylabel="Time-dependent AUC", ylim=(0.5, 1), xlim=(0, panel.style.x_end))


def draw_decision(panel):
    """Net benefit over threshold probability."""
    risk = np.linspace(0.01, 0.8, 100)
    panel.axes.plot(risk, 0.4 - 0.6 * risk / (1 - risk), color="0.5", label="Treat all")
    panel.axes.axhline(0, color="black", label="Treat none")
    for k, arm in enumerate(panel.arms):
        panel.axes.plot(risk, 0.4 * (1 - risk) ** (1.2 + k), color=panel.looks(k)[0], lw=panel.style.width, label=arm.name)
    panel.axes.set(ylabel="Net benefit", xlabel="Threshold probability", ylim=(-0.05, 0.45), xlim=(0, 0.8))


def draw_means(panel):
    """Mean change from baseline with error bars."""
    weeks = np.arange(0, 13, 2)
    for k, arm in enumerate(panel.arms):
        change = -0.8 * (1 - np.exp(-weeks / (4 + 3 * k)))
        panel.axes.errorbar(weeks, change, 0.1, color=panel.looks(k)[0], marker="s", lw=panel.style.width, capsize=3, label=arm.name)
    panel.axes.set(ylabel="Mean change from baseline", xlabel="Weeks", ylim=(-1.2, 0.2))


def draw_forest(panel):
    """Hazard ratios with intervals on a logarithmic axis."""
    names = ("All", "Age < 65", "Age 65+", "Men", "Women", "Stage III", "Stage IV")
    for k, _ in enumerate(names):
        ratio = np.exp(panel.rng.normal(-0.3, 0.25))
        panel.axes.errorbar(ratio, -k, xerr=[[0.25 * ratio], [0.35 * ratio]], fmt="s", color=panel.looks(0)[0], capsize=2)
    panel.axes.axvline(1, color="0.4", ls="--", lw=0.8)
    panel.axes.set(xscale="log", xlabel="Hazard ratio (95% CI)", xlim=(0.2, 4))
    panel.axes.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    panel.axes.set_yticks(-np.arange(len(names)), names)
    panel.axes.minorticks_off()


def draw_waterfall(panel):
    """Best change of each tumour."""
    change = np.sort(panel.rng.normal(-20, 40, 40))[::-1]
    panel.axes.bar(np.arange(40), np.clip(change, -100, 100), color=panel.looks(0)[0])
    panel.axes.set(ylabel="Best change from baseline (%)", xlabel="Patient", ylim=(-100, 100))


def draw_scatter(panel):
    """Points."""
    for k, arm in enumerate(panel.arms):
        x, y = panel.rng.uniform(0, panel.style.x_end, 80), panel.rng.uniform(0, 1, 80)
        panel.axes.plot(x, y, "o", ms=3, color=panel.looks(k)[0], label=arm.name)
    panel.axes.set(ylabel="Expression", ylim=(0, 1), xlim=(0, panel.style.x_end))


def draw_swimmer(panel):
    """Time on treatment of each patient."""
    length = np.sort(panel.rng.gamma(2, panel.style.x_end / 6, 20))
    panel.axes.barh(np.arange(20), length, color=panel.looks(0)[0], height=0.7)
    panel.axes.set(ylabel="Patient", xlim=(0, panel.style.x_end))


STRANGERS = {
    "bars": draw_bars, "histogram": draw_histogram, "density": draw_density, "roc": draw_roc, "calibration": draw_calibration,
    "auc": draw_auc, "decision": draw_decision, "means": draw_means, "forest": draw_forest, "waterfall": draw_waterfall,
    "scatter": draw_scatter, "swimmer": draw_swimmer,
}  # fmt: skip
