"""Two-arm trials with known patients, each published as a Kaplan-Meier figure; the same seed gives the same trials.

    python benchmarks/simulated_trials.py --out FOLDER [--reps 12] [--seed 20261]

Sizes, hazard ratios, kinds of censoring and replicates are crossed. Each arm's curve is given in three modes:

exact
    One point per distinct event time, the survival just after it, full precision; (0, 1) and the end of follow-up.
pixel
    The step function read from a plot of 600 x 400 px: times at columns, levels at rows after noise of half a pixel, one
    point per change of level.
scan
    One point per column with noise of half a pixel, neither rounded nor made to fall: what a tracer hands over.

and the numbers at risk at five to eight times. Writes ``cases.csv``, ``truth_ipd.csv``, ``curves.csv`` and ``risk.csv``.
"""

import argparse
import csv
import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

SEED, REPS = 20261, 12
SIZES = (30, 60, 150, 400, 1000)
RATIOS = (0.5, 0.7, 1.0)
CENSORING = ("light", "admin", "heavy")
SHAPES = (0.8, 1.0, 1.3)
MODES = ("exact", "pixel", "scan")
WIDTH_PX, HEIGHT_PX, NOISE_PX = 600, 400, 0.5
DAY = 1 / 30.4375
VISIT = 2.0
"""Months between visits at which events are seen."""
MEDIAN_OF_REFERENCE = 12.0
FEWEST_EVENTS = 3
TABLE_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 9, 10, 12, 15)


@dataclass(frozen=True)
class Arm:
    """True patients, the curve in each mode as (time, survival), the row of the at-risk table; times in months.

    `time` is to ten digits, as the files hold it; `end` is the last of them in full.
    """

    time: np.ndarray
    event: np.ndarray
    end: float
    curves: dict
    risk_time: np.ndarray
    n_risk: np.ndarray


@dataclass(frozen=True)
class Trial:
    """Reference and treatment arm; `ratio` is the hazard ratio patients were drawn with."""

    case: int
    n: int
    ratio: float
    censoring: str
    shape: float
    rep: int
    span: float
    arms: tuple


def product_limit(time, event):
    """Distinct event times and the Kaplan-Meier estimate just after each."""
    order = np.argsort(time, kind="stable")
    time, event = time[order], event[order]
    distinct, first = np.unique(time, return_index=True)
    events = np.add.reduceat(event, first)
    survival = np.cumprod(1.0 - events / (len(time) - first))
    return distinct[events > 0], survival[events > 0]


def survival_at(at, time, survival):
    return np.concatenate(([1.0], survival))[np.searchsorted(time, at, side="right")]


def _patients(rng, n, ratio, censoring, shape):
    """Weibull times with median 12 months in the reference arm, recorded in whole days."""
    rate = np.log(2.0) / MEDIAN_OF_REFERENCE**shape * ratio
    time = (rng.exponential(size=n) / rate) ** (1.0 / shape)
    if censoring == "light":
        censored = np.minimum(rng.exponential(240.0, n), rng.uniform(36, 60, n))
    elif censoring == "admin":
        censored = 30.0 - rng.uniform(0, 12, n)
    else:
        censored = np.minimum(rng.exponential(14.0, n), 24.0 - rng.uniform(0, 12, n))
    seen = np.minimum(time, censored)
    return np.maximum(np.round(seen / DAY), 1) * DAY, (time <= censored).astype(int)


def _exact(time, survival, end):
    if len(time) and time[-1] >= end:
        return np.append(0.0, time), np.append(1.0, survival)
    return np.concatenate(([0.0], time, [end])), np.concatenate(([1.0], survival, survival[-1:]))


def _pixel(rng, time, survival, end, column):
    level = np.round(survival * HEIGHT_PX + rng.normal(0, NOISE_PX, len(survival))) / HEIGHT_PX
    level = np.minimum.accumulate(np.clip(level, 0.0, 1.0))
    at = np.round(time / column).astype(int)
    times, levels = [0.0], [1.0]
    for k in np.unique(at):
        lowest = level[np.flatnonzero(at == k)[-1]]
        if lowest < levels[-1] - 1e-9:
            times.append(k * column)
            levels.append(lowest)
    last = np.round(end / column) * column
    if last > times[-1]:
        times.append(last)
        levels.append(levels[-1])
    return np.array(times), np.array(levels)


def _scan(rng, time, survival, end, column):
    at = np.arange(int(np.floor(end / column)) + 1) * column
    return at, np.clip(survival_at(at, time, survival) + rng.normal(0, NOISE_PX / HEIGHT_PX, len(at)), 0.0, 1.0)


def _as_printed(values):
    """To ten digits, as the files hold them."""
    return np.array([float(f"{value:.10g}") for value in values])


def _arm(rng, patients, risk_time, span):
    time, event = patients
    end, estimate, column = time.max(), product_limit(time, event), span / WIDTH_PX
    curves = {
        "exact": _exact(*estimate, end),
        "pixel": _pixel(rng, *estimate, end, column),
        "scan": _scan(rng, *estimate, end, column),
    }
    n_risk = np.array([(time >= at).sum() for at in risk_time])
    printed = {mode: tuple(map(_as_printed, curve)) for mode, curve in curves.items()}
    return Arm(_as_printed(time), event, float(end), printed, risk_time, n_risk)


def _table(rng, end):
    """Equally spaced times of the at-risk table, and where the time axis ends."""
    cells = int(rng.integers(5, 9))
    steps = [step for step in TABLE_STEPS if step <= end / (cells - 1)]
    step = float(steps[-1]) if steps else 1.0
    risk_time = np.arange(cells) * step
    return risk_time, max(risk_time[-1] + step, end) if risk_time[-1] < end else risk_time[-1]


def make_trial(case, design, seed=SEED):
    """Draw one trial; `design` is (patients per arm, hazard ratio, kind of censoring, replicate)."""
    n, ratio, censoring, rep = design
    rng = np.random.default_rng([seed, case])
    shape = SHAPES[rep % len(SHAPES)]
    while True:
        patients = [_patients(rng, n, hazard, censoring, shape) for hazard in (1.0, ratio)]
        if min(event.sum() for _, event in patients) >= FEWEST_EVENTS:
            break
    risk_time, span = _table(rng, max(time.max() for time, _ in patients))
    return Trial(case, n, ratio, censoring, shape, rep, float(span), tuple(_arm(rng, arm, risk_time, span) for arm in patients))


def at_visits(trial, seed=SEED):
    """Make the same trial with its events seen at visits: at the first of them after each, in months."""
    rng = np.random.default_rng([seed, trial.case, 1])
    patients = [(np.where(arm.event == 1, np.ceil(arm.time / VISIT - 1e-9) * VISIT, arm.time), arm.event) for arm in trial.arms]
    span = max(trial.span, *(time.max() for time, _ in patients))
    arms = (_arm(rng, seen, arm.risk_time, span) for seen, arm in zip(patients, trial.arms, strict=True))
    return replace(trial, span=float(span), arms=tuple(arms))


def designs(reps=REPS):
    """Every trial's number and design."""
    return list(enumerate(itertools.product(SIZES, RATIOS, CENSORING, range(reps)), start=1))


HEADERS = {
    "cases": "case n hr cens shape rep k_risk xmax tmax0 tmax1 events0 events1",
    "truth_ipd": "case arm time event",
    "curves": "case arm mode time surv",
    "risk": "case arm time n",
}


def write(folder, trials):
    """Write the trials as four CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {name: [header.split()] for name, header in HEADERS.items()}
    for trial in trials:
        ends, events = [repr(arm.end) for arm in trial.arms], [int(arm.event.sum()) for arm in trial.arms]
        known = [trial.case, trial.n, trial.ratio, trial.censoring, trial.shape, trial.rep]
        rows["cases"].append([*known, len(trial.arms[0].risk_time), repr(trial.span), *ends, *events])
        for which, arm in enumerate(trial.arms):
            place = [trial.case, which]
            rows["truth_ipd"] += [[*place, f"{t:.10g}", e] for t, e in zip(arm.time, arm.event, strict=True)]
            rows["risk"] += [[*place, t, n] for t, n in zip(arm.risk_time, arm.n_risk, strict=True)]
            for mode, curve in arm.curves.items():
                rows["curves"] += [[*place, mode, f"{t:.10g}", f"{s:.10g}"] for t, s in zip(*curve, strict=True)]
    for name, lines in rows.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reps", type=int, default=REPS)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    write(given.out, (make_trial(case, design, given.seed) for case, design in designs(given.reps)))


if __name__ == "__main__":
    main()
