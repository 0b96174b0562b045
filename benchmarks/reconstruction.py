"""Rebuild patients from curves whose patients are known, score them, and keep the scoreboard.

    python benchmarks/reconstruction.py [PUBLISHED] [--method joint] [--draws 100] [--cases 45] [--settings TEXT] [--name NAME]

Simulated trials (``simulated_trials.py``): curve exact, in pixels or scanned; at-risk table full or its first number
alone; total of events known or not; the exact curve with n and every censoring time; and events seen at visits. Judged
by the log hazard ratio (Cox, Efron's ties) against that of the true patients, the events, and the mean distance of survival
over the follow-up. With draws, whether the interval they give holds the true patients' log hazard ratio. PUBLISHED is a
folder of published comparisons (``published_trials.py``), judged by the reported hazard ratio. Writes ``NAME.json`` and
``NAME.md``.
"""

import argparse
import json
import math
import sys
import time as clock
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from published_trials import LIKELY_WRONG, read_comparisons
from reconstruction_page import page
from scoreboard import known, mean, quantile
from simulated_trials import MODES, REPS, SEED, SIZES, at_visits, designs, make_trial, product_limit, survival_at

from ipdrecon import reconstruct_arm
from ipdrecon.errors import IpdreconError, ReconstructionError
from ipdrecon.survival.reconstruction import METHODS
from ipdrecon.survival.replicates import hazard_ratios

HERE = Path(__file__).parent
GRID = 400
WITHIN = math.log(1.1)
NORMAL_95 = 1.96
PROGRESS_EVERY = 10


@dataclass(frozen=True)
class Setting:
    """What of a trial is handed over: mode of the curve, table "full", "zero" or "censorings" (n and all censoring times).

    Events may be seen at visits.
    """

    mode: str
    table: str
    events: bool = False
    visits: bool = False

    @property
    def name(self):
        return "visits-" * self.visits + f"{self.mode}-{self.table}" + "-events" * self.events

    def given(self, arm):
        """Keywords of one arm."""
        if self.table == "censorings":
            row = {"n": len(arm.time), "censor_time": arm.time[arm.event == 0]}
        else:
            cells = slice(None if self.table == "full" else 1)
            row = {"risk_time": arm.risk_time[cells], "n_risk": arm.n_risk[cells]}
        return row | {"n_event": int(arm.event.sum()) if self.events else None}


SETTINGS = [Setting(mode, table, events) for mode in MODES for table in ("full", "zero") for events in (False, True)]
SETTINGS.append(Setting("exact", "censorings"))
SETTINGS += [Setting("pixel", table, events, visits=True) for table, events in (("full", False), ("zero", False), ("zero", True))]


def rebuild(arm, setting, method, **options):
    """Patients of one arm and the milliseconds they took."""
    keywords = setting.given(arm)
    begin = clock.perf_counter()
    found = reconstruct_arm(*arm.curves[setting.mode], **keywords, method=method, **options)
    return found, (clock.perf_counter() - begin) * 1e3


def survival_gap(arm, found):
    """Mean distance of rebuilt from true survival over the true follow-up."""
    at = np.linspace(0, arm.time.max(), GRID)
    rebuilt = survival_at(at, *product_limit(found.time, found.event.astype(int)))
    return float(np.abs(rebuilt - survival_at(at, *product_limit(arm.time, arm.event))).mean())


def events_gap(arm, found):
    """Relative error of the number of events."""
    true = int(arm.event.sum())
    return abs(int(found.event.sum()) - true) / max(true, 1)


def log_hazard_ratios(reference, treatment):
    """Log hazard ratio of each pair of data sets (time, event); NaN where there is no finite one."""
    try:
        return hazard_ratios(treatment, reference)[0]
    except ReconstructionError:
        return np.full(len(reference), np.nan)


def log_hazard_ratio(arms):
    """Log hazard ratio of the second of two arms over the first."""
    return float(log_hazard_ratios(*([(arm.time, arm.event.astype(bool))] for arm in arms))[0])


def spread(trial, setting, given, truth):
    """What the draws tell: standard deviation, and whether either interval of 95 % holds the true log hazard ratio."""
    arms = [rebuild(arm, setting, given.method, draws=given.draws, seed=2 * trial.case + k)[0] for k, arm in enumerate(trial.arms)]
    estimate = log_hazard_ratio(arms)
    drawn = log_hazard_ratios(*(arm.draws for arm in arms))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    sd = float(np.nanstd(drawn, ddof=1))
    return {
        "sd": sd,
        "held": bool(abs(estimate - truth) <= NORMAL_95 * sd + 1e-9),
        "held_quantiles": bool(low - 1e-9 <= truth <= high + 1e-9),
    }


def score(trial, setting, given, truth):
    """One row: a trial in one setting."""
    row = {"case": trial.case, "n": trial.n, "setting": setting.name}
    try:
        made = [rebuild(arm, setting, given.method) for arm in trial.arms]
        log_hr = log_hazard_ratio([found for found, _ in made])
        drawn = spread(trial, setting, given, truth) if given.draws else {}
    except IpdreconError as error:
        return row | {"why": f"{type(error).__name__}: {error}"}
    if math.isnan(log_hr):
        return row | {"why": "the rebuilt patients have no finite hazard ratio"}
    pairs = [(arm, found) for arm, (found, _) in zip(trial.arms, made, strict=True)]
    return row | drawn | {
        "log_hr_error": abs(log_hr - truth),
        "log_hr_bias": log_hr - truth,
        "events_error": float(np.mean([events_gap(*pair) for pair in pairs])),
        "survival_error": float(np.mean([survival_gap(*pair) for pair in pairs])),
        "ms": float(np.mean([ms for _, ms in made])),
    }


def chosen(cases):
    """Every trial, or about `cases` of them evenly."""
    every = designs()
    return every[:: max(1, -(-len(every) // cases))]


def simulated_rows(given):
    """Score the chosen trials in the chosen settings."""
    rows, begin, trials = [], clock.perf_counter(), chosen(given.cases)
    settings = [setting for setting in SETTINGS if not given.settings or setting.name in given.settings.split(",")]
    for done, (case, design) in enumerate(trials, start=1):
        trial = make_trial(case, design)
        kinds = {False: trial, True: at_visits(trial)}
        truth = {visits: log_hazard_ratio(kind.arms) for visits, kind in kinds.items()}
        rows += [score(kinds[setting.visits], setting, given, truth[setting.visits]) for setting in settings]
        if done % PROGRESS_EVERY == 0 or done == len(trials):
            print(f"{done} of {len(trials)} trials, {clock.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    return rows


def summarise(rows):
    """Sum up the rows of one setting."""
    sums = {
        "trials": len(rows),
        "failed": sum("why" in row for row in rows),
        "log_hr_median": quantile(known(rows, "log_hr_error"), 0.5),
        "log_hr_p90": quantile(known(rows, "log_hr_error"), 0.9),
        "log_hr_bias": mean(known(rows, "log_hr_bias")),
        "events_median": quantile(known(rows, "events_error"), 0.5),
        "events_p90": quantile(known(rows, "events_error"), 0.9),
        "survival_mean": quantile(known(rows, "survival_error"), 0.5),
        "ms_median": quantile(known(rows, "ms"), 0.5),
    }
    if not known(rows, "sd"):
        return sums
    return sums | {"sd_median": quantile(known(rows, "sd"), 0.5), "held": mean(known(rows, "held")), "held_quantiles": mean(known(rows, "held_quantiles"))}


def by_setting(rows):
    """Sums of all trials and of each size, by setting."""
    names = dict.fromkeys(row["setting"] for row in rows)
    lines = []
    for name in names:
        mine = [row for row in rows if row["setting"] == name]
        sizes = {str(n): summarise(part) for n in SIZES if (part := [row for row in mine if row["n"] == n])}
        worst = sorted((row for row in mine if "log_hr_error" in row), key=lambda row: -row["log_hr_error"])[:5]
        lines.append({"setting": name} | summarise(mine) | {"by_n": sizes, "worst": [{"case": row["case"], "log_hr_error": round(row["log_hr_error"], 4)} for row in worst]})
    return lines


def compare(comparison, method):
    """One published comparison: how far its rebuilt hazard ratio is from the reported one."""
    row = {"name": comparison.name, "reported": math.isfinite(comparison.reported), "likely_wrong": comparison.name in LIKELY_WRONG}
    try:
        arms = []
        for arm in (comparison.reference, comparison.treatment):
            risk_time, n_risk = comparison.rows[arm]
            arms.append(reconstruct_arm(*comparison.curves[arm], risk_time=risk_time, n_risk=n_risk, method=method))
    except IpdreconError as error:
        return row | {"why": f"{type(error).__name__}: {error}"}
    if not row["reported"]:
        return row
    gap = log_hazard_ratio(arms) - comparison.reported
    return row | {"gap": round(abs(gap), 4), "source_gap": round(comparison.source_gap, 4)}


def published_sums(rows):
    """Sum up comparisons; `source` is what the collection's own patients give."""
    sums = {"comparisons": len(rows), "failed": sum("why" in row for row in rows), "reported": len(known(rows, "gap"))}
    for name, column in (("", "gap"), ("source_", "source_gap")):
        gaps = known(rows, column)
        sums |= {f"{name}median": quantile(gaps, 0.5), f"{name}within_10_percent": mean([gap <= WITHIN for gap in gaps])}
    return sums


def published(folder, method):
    """Sums with and without the comparisons whose target looks wrong, and all rows."""
    rows = [compare(comparison, method) for comparison in read_comparisons(folder)]
    return {"all": published_sums(rows), "likely right": published_sums([row for row in rows if not row["likely_wrong"]]), "rows": rows}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path, nargs="?")
    parser.add_argument("--method", default=METHODS[0], choices=METHODS)
    parser.add_argument("--draws", type=int, default=0, help="data sets per arm, for the intervals")
    parser.add_argument("--cases", type=int, default=len(designs()), help="about so many of the trials")
    parser.add_argument("--settings", default="", help="some of: " + ",".join(setting.name for setting in SETTINGS))
    parser.add_argument("--name", default="reconstruction")
    given = parser.parse_args()
    unknown = set(filter(None, given.settings.split(","))) - {setting.name for setting in SETTINGS}
    if unknown:
        parser.error(f"no such setting: {', '.join(sorted(unknown))}")
    return given


def main():
    given = arguments()
    rows = simulated_rows(given)
    kept = {
        "method": given.method,
        "seed": SEED,
        "replicates": REPS,
        "draws": given.draws,
        "settings": by_setting(rows),
        "failures": [row for row in rows if "why" in row],
        "published": published(given.published, given.method) if given.published else None,
    }
    (HERE / f"{given.name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    (HERE / f"{given.name}.md").write_text(page(kept, given))


if __name__ == "__main__":
    main()
