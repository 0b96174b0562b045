"""Draw a facsimile of TACERTE's Figure 5 from the facts its text prints.

Run ``python digitised/tacerte/draw_facsimile.py`` to write `facsimile_patients.csv` and `fig5_facsimile.png` again. The
patients are invented: nobody's data. They are chosen so that the printed overall-survival facts hold (Féray et al., JHEP
Reports 2023;5:100689, Results, "Overall survival"). Nothing is drawn at random.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
PATIENTS_FILE = "facsimile_patients.csv"
FIGURE_FILE = "fig5_facsimile.png"
NOTE = "Facsimile drawn from published numbers; not the published figure"
TICKS = np.arange(0, 73, 12)

# (month, rank): the death of that rank falls in that month. Chosen so that survival at 12, 24 and 60 months, the medians
# and (log-log) their 95 % limits are the printed ones; about 100 deaths follow from the printed interval of the hazard ratio.
DEATH_ANCHORS = {
    "TACE": (
        (0, 0), (11.3, 12), (12.9, 13), (23.0, 24), (23.4, 25), (25.1, 26),
        (30.0, 32), (30.0, 33), (35.0, 40), (58.3, 51), (66.4, 53),
    ),
    "TACE + CRT": (
        (0, 0), (11.0, 17), (12.8, 18), (15.7, 21), (22.0, 28), (22.0, 29), (22.9, 30), (24.6, 31),
        (26.2, 35), (56.3, 46), (64.9, 47),
    ),
}
# (first month, last month, patients): censored at equal distances, none before the minimum follow-up of 36 months.
CENSORING = {"TACE": (40.75, 71.35, 11), "TACE + CRT": (41.25, 70.65, 9)}
COLOURS = {"TACE": "#1f4e9c", "TACE + CRT": "#c8322b"}


def death_times(anchors):
    """Months of death, shape (n_event,): anchored ranks exact, the others between them at uneven distances.

    The unevenness is the fractional part of multiples of the golden ratio, so it looks irregular and is always the same.
    """
    month, rank = np.array(anchors, float).T
    ranks = np.arange(1, int(rank[-1]) + 1)
    shift = np.where(np.isin(ranks, rank), 0.0, 0.9 * (ranks * (np.sqrt(5) - 1) / 2 % 1 - 0.5))
    return np.round(np.interp(ranks + shift, rank, month), 1)


def facsimile_patients():
    """Make the invented patients: columns ``arm, time, event`` (months; 1 = death, 0 = censored)."""
    frames = []
    for arm, anchors in DEATH_ANCHORS.items():
        deaths, censored = death_times(anchors), np.round(np.linspace(*CENSORING[arm]), 2)
        time = np.concatenate([deaths, censored])
        event = np.repeat([1, 0], [len(deaths), len(censored)])
        frames.append(pd.DataFrame({"arm": arm, "time": time, "event": event}).sort_values("time", kind="stable"))
    return pd.concat(frames, ignore_index=True)


def survival_steps(patients):
    """Kaplan-Meier estimate of one arm: ``(time, survival)``, each of shape (n_steps,), starting at (0, 1)."""
    time = np.unique(patients["time"])
    n_event = np.array([patients.loc[patients["time"] == t, "event"].sum() for t in time])
    n_risk = np.array([(patients["time"] >= t).sum() for t in time])
    return np.concatenate([[0.0], time]), np.concatenate([[1.0], np.cumprod(1 - n_event / n_risk)])


def _draw_curves(axes, patients):
    for arm, rows in patients.groupby("arm", sort=False):
        time, survival = survival_steps(rows)
        axes.step(time, 100 * survival, where="post", color=COLOURS[arm], linewidth=1.4, label=arm, clip_on=False)
        censored = rows.loc[rows["event"] == 0, "time"]
        level = 100 * survival[np.searchsorted(time, censored, side="right") - 1]
        axes.plot(censored, level, "|", color=COLOURS[arm], markersize=6, markeredgewidth=1.0)


def _draw_frame(axes):
    axes.set(xlim=(0, 72), ylim=(0, 100), xticks=TICKS, yticks=np.arange(0, 101, 20))
    axes.set_xlabel("Months since randomisation")
    axes.set_ylabel("Overall survival (%)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper right", fontsize=9)
    axes.text(40, 70, "HR 1.23 (95% CI 0.83–1.82)\np = 0.29", fontsize=9, va="top")


def _draw_at_risk(axes, patients):
    transform = axes.get_xaxis_transform()
    axes.text(0, -0.21, "Number at risk", transform=transform, fontsize=9, fontweight="bold", ha="left")
    for row, (arm, rows) in enumerate(patients.groupby("arm", sort=False)):
        height = -0.285 - 0.07 * row
        axes.text(-4.5, height, arm, transform=transform, fontsize=9, ha="right", color=COLOURS[arm])
        for tick in TICKS:
            n_risk = (rows["time"] >= tick).sum()
            axes.text(tick, height, str(n_risk), transform=transform, fontsize=9, ha="center")


def draw(patients):
    """Draw the figure: two curves with censor ticks, legend and numbers at risk; a matplotlib Figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.6, 4.8), dpi=300, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.19, 0.34, 0.77, 0.62))
    _draw_curves(axes, patients)
    _draw_frame(axes)
    _draw_at_risk(axes, patients)
    figure.text(0.5, 0.02, NOTE, fontsize=7.5, color="0.35", ha="center", style="italic")
    return figure


def write(folder=FOLDER):
    """Write both files into `folder`, each under a temporary name first."""
    patients = facsimile_patients()
    table, picture = folder / PATIENTS_FILE, folder / FIGURE_FILE
    header = "# Invented patients that match TACERTE's printed overall-survival facts; no real patients\n"
    temporary = table.with_suffix(".part.csv")
    temporary.write_text(header + patients.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    os.replace(temporary, table)
    temporary = picture.with_suffix(".part.png")
    draw(patients).savefig(temporary, metadata={"Software": None, "Description": NOTE})
    os.replace(temporary, picture)


if __name__ == "__main__":
    write()
