"""Figures by lifelines, scikit-survival and the package kaplanmeier, as their documentation draws them.

python benchmarks/programs/python_figures.py OUT [ONLY [DEVICE]]

DEVICE is raster; or svg or pdf, or turns for both by turns, with letters as text and as outlines (in a PDF as outlines of
either type) by turns, and paths simplified, as matplotlib does unless told otherwise. Needs ``benchmarks`` on the path.
"""

import csv
import json
import sys
from importlib.metadata import version
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import kaplanmeier
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from drawn.simplified import is_simplified
from lifelines import AalenJohansenFitter, KaplanMeierFitter, NelsonAalenFitter, datasets
from lifelines.plotting import add_at_risk_counts
from sksurv.datasets import load_gbsg2, load_veterans_lung_cancer
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator

FEWEST = 5
PACKAGES = ("lifelines", "scikit-survival", "kaplanmeier", "matplotlib", "numpy", "pandas")
DRAWN = {}


def figure(name, tags, *, x_max, at_risk_times=None, after=False, trap=False, jpeg=False, marked=False):
    """Enter a drawing function under its name; it returns its patients (or rows of curves) by arm.

    ``marked`` tells whether censored patients are marked. ``after`` counts the patients at risk after the events of a time, as lifelines does.
    """

    def enter(draw):
        DRAWN[name] = (
            draw,
            {"tags": tags, "x_max": x_max, "times": at_risk_times, "after": after, "trap": trap, "jpeg": jpeg, "marked": marked},
        )
        return draw

    return enter


def by_arm(frame, time, event, arm, names=None):
    """Times and events of each arm; names as {value: name}."""
    values = names or {value: str(value) for value in dict.fromkeys(frame[arm])}
    return {
        name: (
            frame.loc[frame[arm] == value, time].to_numpy(float),
            frame.loc[frame[arm] == value, event].to_numpy(int),
        )
        for value, name in values.items()
    }


def product_limit(time, event):
    """The Kaplan-Meier curve as rows (time, survival)."""
    rows, survival = [(0.0, 1.0)], 1.0
    for t in np.unique(time):
        survival *= 1 - ((time == t) & (event == 1)).sum() / (time >= t).sum()
        rows.append((t, survival))
    return rows


def write(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def entry(out, name, file, arms, look):
    """Write the truth of one picture."""
    is_rows = {arm: isinstance(value, list) for arm, value in arms.items()}
    curves = [
        (arm, f"{t:.8g}", f"{s:.8g}")
        for arm, value in arms.items()
        for t, s in (value if is_rows[arm] else product_limit(*value))
    ]
    write(out / f"truth/{name}.curves.csv", ("arm", "time", "survival"), curves)
    patients = {arm: value for arm, value in arms.items() if not is_rows[arm]}
    known = len(patients) == len(arms) and min(event.sum() for _, event in patients.values()) >= FEWEST
    if known:
        rows = [
            (arm, f"{t:.8g}", e) for arm, (time, event) in patients.items() for t, e in zip(time, event, strict=True)
        ]
        write(out / f"truth/{name}.ipd.csv", ("arm", "time", "event"), rows)
    marks = [
        (arm, f"{t:.8g}")
        for arm, (time, event) in (patients if look["marked"] else {}).items()
        for t in np.unique(time[event == 0])
        if t <= look["x_max"]
    ]
    write(out / f"truth/{name}.marks.csv", ("arm", "time"), marks)
    if look["times"]:
        count = (lambda time, t: (time > t).sum()) if look["after"] else (lambda time, t: (time >= t).sum())
        rows = [
            (arm, t, count(time, t) if t else len(time)) for arm, (time, _) in patients.items() for t in look["times"]
        ]
        write(out / f"truth/{name}.at_risk.csv", ("arm", "time", "n_risk"), rows)
    return {
        "name": name, "file": f"images/{file}", "panel": None, "arms": list(arms), "truth": "exact", "x_max": look["x_max"],
        "curves": f"truth/{name}.curves.csv", "at_risk": f"truth/{name}.at_risk.csv" if look["times"] else None, "marks": f"truth/{name}.marks.csv",
        "ipd": f"truth/{name}.ipd.csv" if known else None, "hr": None, "tags": ",".join(look["tags"]), "trap": look["trap"],
    }  # fmt: skip


def fitted(arms):
    return {arm: KaplanMeierFitter(label=arm).fit(time, event) for arm, (time, event) in arms.items()}


@figure("p63_waltons_lifelines_default", ["lifelines", "ci_band", "no_risk_table"], x_max=79)
def waltons_default():
    arms = by_arm(datasets.load_waltons(), "T", "E", "group")
    figure, axes = plt.subplots()
    for fit in fitted(arms).values():
        fit.plot_survival_function(ax=axes)
    return arms


@figure(
    "p64_waltons_lifelines_counts",
    ["lifelines", "ci_band", "three_row_risk_blocks", "risk_count_after_events"],
    x_max=79,
    at_risk_times=list(range(0, 80, 10)),
    after=True,
)
def waltons_counts():
    arms = by_arm(datasets.load_waltons(), "T", "E", "group", {"control": "control", "miR-137": "miR-137"})
    figure, axes = plt.subplots(figsize=(7, 6), dpi=110)
    fits = fitted(arms)
    for fit in fits.values():
        fit.plot_survival_function(ax=axes)
    axes.set_xticks(range(0, 80, 10))
    axes.set_ylim(0, 1.05)
    add_at_risk_counts(*fits.values(), ax=axes)
    plt.tight_layout()
    return arms


@figure(
    "p65_lung_sex_lifelines_at_risk_row",
    ["lifelines", "plus_marks", "risk_count_after_events"],
    x_max=1000,
    at_risk_times=list(range(0, 1001, 200)),
    after=True,
    marked=True,
)
def lung_rows():
    arms = by_arm(datasets.load_lung(), "time", "status", "sex", {1: "Male", 2: "Female"})
    figure, axes = plt.subplots(figsize=(8, 6), dpi=100)
    fits = fitted(arms)
    for fit, shade in zip(fits.values(), ("navy", "crimson"), strict=True):
        fit.plot_survival_function(
            ax=axes, ci_show=False, show_censors=True, censor_styles={"ms": 6, "marker": "+"}, color=shade
        )
    axes.set(xlabel="Days", ylabel="Survival", ylim=(0, 1), xlim=(0, 1050), xticks=range(0, 1001, 200))
    add_at_risk_counts(*fits.values(), ax=axes, rows_to_show=["At risk"])
    plt.tight_layout()
    return arms


@figure("p66_larynx_single_lifelines_censors", ["lifelines", "single_arm", "ci_band", "no_risk_table"], x_max=11, marked=True)
def larynx_single():
    frame = datasets.load_larynx()
    arms = {"Larynx cancer": (frame["time"].to_numpy(float), frame["death"].to_numpy(int))}
    figure, axes = plt.subplots(figsize=(5, 3.5), dpi=90)
    fitted(arms)["Larynx cancer"].plot_survival_function(
        ax=axes, show_censors=True, censor_styles={"marker": "|", "ms": 8}
    )
    axes.set_ylabel("est. probability of survival $\\hat{S}(t)$")
    return arms


@figure(
    "p67_dd_lifelines_four_ggplot",
    ["lifelines", "multi_arm", "ci_band", "ci_overlap", "grey_background", "no_risk_table"],
    x_max=46,
)
def dd_four():
    frame = datasets.load_dd()
    names = {value: value for value in ("Africa", "Americas", "Asia", "Europe")}
    arms = by_arm(frame, "duration", "observed", "un_continent_name", names)
    plt.style.use("ggplot")
    figure, axes = plt.subplots(figsize=(8, 5.5), dpi=100)
    for fit in fitted(arms).values():
        fit.plot_survival_function(ax=axes, ci_alpha=0.12)
    axes.set(title="Lifespans of regimes", xlabel="Years in power", ylabel="Survival")
    return arms


@figure("p68_leukemia_lifelines_ci_lines_jpeg", ["lifelines", "ci_lines", "jpeg", "no_risk_table"], x_max=36, jpeg=True, marked=True)
def leukemia_limits():
    arms = by_arm(datasets.load_leukemia(), "t", "status", "Rx", {0: "6-MP", 1: "Placebo"})
    figure, axes = plt.subplots(figsize=(7, 5), dpi=90)
    for fit in fitted(arms).values():
        fit.plot_survival_function(ax=axes, ci_force_lines=True, show_censors=True)
    lines = axes.get_lines()
    axes.legend([line for line in lines if line.get_label() in arms], list(arms))
    axes.set(xlabel="Weeks in remission", ylabel="Proportion in remission", ylim=(0, 1.02))
    return arms


@figure(
    "p69_gbsg_hormone_lifelines_seaborn",
    ["lifelines", "grid", "ci_band", "percent_axis", "three_row_risk_blocks", "risk_count_after_events"],
    x_max=65,
    at_risk_times=list(range(0, 61, 12)),
    after=True,
)
def gbsg_grid():
    frame = datasets.load_gbsg2()
    frame["months"] = frame["time"] / 30.4375
    arms = by_arm(frame, "months", "cens", "horTh", {"no": "No tamoxifen", "yes": "Tamoxifen"})
    plt.style.use("seaborn-v0_8-whitegrid")
    figure, axes = plt.subplots(figsize=(8, 7), dpi=120)
    fits = fitted(arms)
    for fit in fits.values():
        fit.plot_survival_function(ax=axes, loc=slice(0, 65))
    axes.set(xlabel="Months", ylabel="Recurrence-free survival", ylim=(0, 1.02), xlim=(0, 66), xticks=range(0, 61, 12))
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    add_at_risk_counts(*fits.values(), ax=axes)
    plt.tight_layout()
    return arms


@figure(
    "p70_larynx_stages_lifelines_cumulative_density", ["lifelines", "multi_arm", "cuminc", "no_risk_table"], x_max=11
)
def larynx_density():
    frame = datasets.load_larynx()
    frame["stage"] = 1 + frame["Stage_II"] * 1 + frame["Stage_III"] * 2 + frame["Stage_IV"] * 3
    arms = by_arm(frame, "time", "death", "stage", {k: f"Stage {k}" for k in (1, 2, 3, 4)})
    figure, axes = plt.subplots(figsize=(6.4, 4.8), dpi=100)
    for fit in fitted(arms).values():
        fit.plot_cumulative_density(ax=axes, ci_show=False)
    axes.legend(loc="lower right", frameon=False)
    return arms


@figure("p71_waltons_lifelines_hazard_trap", ["lifelines", "trap_not_survival"], x_max=79, trap=True)
def waltons_hazard():
    arms = by_arm(datasets.load_waltons(), "T", "E", "group")
    figure, axes = plt.subplots()
    for arm, (time, event) in arms.items():
        NelsonAalenFitter(label=arm).fit(time, event).plot_cumulative_hazard(ax=axes)
    return arms


@figure("p72_veteran_cell_sksurv", ["scikit-survival", "multi_arm", "low_res", "no_risk_table"], x_max=999)
def veteran_cells():
    x, y = load_veterans_lung_cancer()
    arms = {}
    for cell in ("squamous", "smallcell", "adeno", "large"):
        chosen = x["Celltype"] == cell
        time, survival = kaplan_meier_estimator(y["Status"][chosen], y["Survival_in_days"][chosen])
        plt.step(time, survival, where="post", label=f"{cell} (n = {chosen.sum()})")
        arms[f"{cell} (n = {chosen.sum()})"] = (y["Survival_in_days"][chosen], y["Status"][chosen].astype(int))
    plt.ylabel(r"est. probability of survival $\hat{S}(t)$")
    plt.xlabel("time $t$")
    plt.legend(loc="best")
    return arms


@figure("p73_gbsg_hormone_sksurv_band", ["scikit-survival", "ci_band", "no_risk_table"], x_max=2660)
def gbsg_band():
    x, y = load_gbsg2()
    arms = {}
    for value, name in (("no", "Treatment = no"), ("yes", "Treatment = yes")):
        chosen = x["horTh"] == value
        time, survival, interval = kaplan_meier_estimator(y["cens"][chosen], y["time"][chosen], conf_type="log-log")
        plt.step(time, survival, where="post", label=name)
        plt.fill_between(time, interval[0], interval[1], alpha=0.25, step="post")
        arms[name] = (y["time"][chosen], y["cens"][chosen].astype(int))
    plt.ylim(0, 1)
    plt.ylabel(r"est. probability of survival $\hat{S}(t)$")
    plt.xlabel("time $t$")
    plt.legend(loc="best")
    return arms


def two_causes():
    rng = np.random.default_rng(7)
    first, second, end = rng.exponential(9, 300), rng.exponential(14, 300), rng.uniform(3, 15, 300)
    time = np.ceil(np.minimum(np.minimum(first, second), end) * 100) / 100
    return time, np.where(end <= np.minimum(first, second), 0, np.where(first < second, 1, 2))


@figure("p74_two_causes_sksurv", ["scikit-survival", "cuminc", "competing_risk", "ci_band", "no_risk_table"], x_max=15)
def causes():
    time, cause = two_causes()
    at, incidence = cumulative_incidence_competing_risks(cause, time)
    rows = {}
    for k, name in ((1, "Relapse"), (2, "Death in remission")):
        plt.step(at, incidence[k], where="post", label=name)
        rows[name] = [(0.0, 1.0), *zip(at, 1 - incidence[k], strict=True)]
    plt.ylim(0, 1)
    plt.legend(loc="upper left")
    plt.xlabel("Years")
    plt.ylabel("Cumulative incidence")
    return rows


@figure("p75_two_causes_stacked_trap", ["matplotlib", "trap_not_survival", "stacked"], x_max=15, trap=True)
def stacked():
    time, cause = two_causes()
    fits = [AalenJohansenFitter(calculate_variance=False, seed=1).fit(time, cause, event_of_interest=k) for k in (1, 2)]
    at = fits[0].cumulative_density_.index
    values = [fit.cumulative_density_.iloc[:, 0].reindex(at).to_numpy() for fit in fits]
    plt.stackplot(at, *values, labels=["Relapse", "Death in remission"], step="post")
    plt.legend(loc="upper left")
    plt.xlabel("Years")
    plt.ylabel("Stacked cumulative incidence")
    return {"Relapse": [(0.0, 1.0)], "Death in remission": [(0.0, 1.0)]}


@figure("p76_lung_sex_kaplanmeier", ["kaplanmeier", "ci_band", "p_text", "no_risk_table"], x_max=1000, marked=True)
def by_kaplanmeier():
    frame = datasets.load_lung().dropna(subset=["time", "status", "sex"])
    group = np.where(frame["sex"] == frame["sex"].max(), "group B", "group A")
    results = kaplanmeier.fit(frame["time"].to_numpy(), frame["status"].to_numpy(int), group, verbose=0)
    kaplanmeier.plot(
        results, cmap="Set1", title="Survival function", full_ylim=True, y_percentage=True, cii_alpha=0.1, visible=True
    )
    data = pd.DataFrame({"time": frame["time"], "status": frame["status"].astype(int), "group": group})
    survived = data[data["status"] == 0].groupby("group").size()
    names = {name: f"{name} ({survived[name]}/{size})" for name, size in data.groupby("group").size().items()}
    return by_arm(data, "time", "status", "group", names)


def settings(device, turn):
    """Format of a file, what is set for it, and what the index says of it."""
    if device == "raster":
        return None, {}, {}
    kind, other = ("svg", "pdf")[turn % 2] if device == "turns" else device, turn // 2 % 2
    letters = {"svg.fonttype": ("path", "none")[other], "pdf.fonttype": (3, 42)[other], "svg.hashsalt": "truth"}
    return kind, letters, {"way": "vector", "text": "outlines" if kind == "svg" and not other else "text", "device": f"matplotlib {kind}"}


def drawn_curves(names):
    """The lines that are curves: those named as an arm, or else all that step."""
    lines = [line for axes in plt.gcf().axes for line in axes.lines if line.get_drawstyle().startswith("steps")]
    return [line for line in lines if line.get_label() in names] or lines


def make(out, name, device, turn):
    """Draw one figure and write its truth."""
    draw, look = DRAWN[name]
    kind, letters, carried = settings(device, turn)
    plt.close("all")
    plt.rcdefaults()
    plt.rcParams.update(letters)
    arms = draw()
    if kind:
        file = f"{name}.{kind}"
        plt.gcf().savefig(out / "images" / file, metadata={"CreationDate" if kind == "pdf" else "Date": None})
        carried["simplified"] = is_simplified(plt.gcf(), drawn_curves(arms))
    else:
        file = f"{name}.{'jpg' if look['jpeg'] else 'png'}"
        options = {"pil_kwargs": {"quality": 60}} if look["jpeg"] else {"metadata": {"Software": None}}
        plt.gcf().savefig(out / "images" / file, **options)
    return entry(out, name, file, arms, look) | carried


def main():
    out, only, device = Path(sys.argv[1]), *(sys.argv[2:] + ["", "raster"][len(sys.argv) - 2 :])
    entries = [make(out, name, device, turn) for turn, name in enumerate(DRAWN) if only in name]
    versions = {"Python": sys.version.split()[0], **{package: version(package) for package in PACKAGES}}
    (out / "python_figures.json").write_text(json.dumps({"entries": entries, "versions": versions}))


if __name__ == "__main__":
    main()
