"""Processor seconds of a Cox model with one treatment, stratified by trial: ours, R's coxph and lifelines on the same patients.

    python benchmarks/one_stage_speed.py [--rows 1000 10000 100000 1000000]

Writes one_stage_speed.md and .json beside it. R is left out with a message where Rscript or its package survival is
missing; lifelines is timed up to a hundred thousand rows.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from metaanalysis.patients.data import Patients
from metaanalysis.patients.one_stage import one_stage
from metaanalysis.patients.two_stage import two_stage

HERE = Path(__file__).parent
TRIALS, SEED = 20, 20263
REPEATS = {1_000: 31, 10_000: 15, 100_000: 5, 1_000_000: 2}
MOST_ROWS_LIFELINES = 100_000


def patients(n_rows, *, days, n_trials=TRIALS):
    """Trials with hazards of their own and log hazard ratios around -0.25; `days` makes times whole."""
    rng = np.random.default_rng([SEED, n_rows, days])
    trial, treatment = rng.integers(0, n_trials, n_rows), rng.integers(0, 2, n_rows)
    slope = rng.normal(-0.25, 0.2, n_trials)
    hazard = rng.uniform(0.03, 0.09, n_trials)[trial] * np.exp(slope[trial] * treatment)
    survived, censored = rng.exponential(1 / hazard), rng.uniform(6, 48, n_rows)
    seen = np.minimum(survived, censored)
    return pd.DataFrame({
        "study": trial, "treatment": treatment, "time": np.ceil(30.4 * seen) if days else seen, "event": (survived <= censored).astype(int),
    })


def timed(function, repeats):
    """Median processor seconds of `repeats` calls after a first, and the last result."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), result


def ours(table, repeats):
    seconds, found = timed(lambda: one_stage(Patients.of(table)), repeats)
    return {"seconds": seconds, "yi": found.estimate, "sei": found.se}


def ours_beside(table, repeats):
    """The two-stage model and the random effect of treatment, timed with the door."""
    two, _ = timed(lambda: two_stage(Patients.of(table)), repeats)
    random, _ = timed(lambda: one_stage(Patients.of(table), effect="random"), max(1, repeats // 3))
    return {"two_stage": two, "random": random}


def by_lifelines(table, repeats):
    from lifelines import CoxPHFitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, model = timed(lambda: CoxPHFitter().fit(table, "time", "event", strata="study"), max(1, repeats // 10))
    return {"seconds": seconds, "yi": float(model.params_["treatment"]), "sei": float(model.standard_errors_["treatment"])}


def by_r(table, repeats):
    """Seconds, estimate and versions by R; None where it cannot run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patients.csv"
        table.to_csv(path, index=False, float_format="%.17g")
        command = ["Rscript", str(HERE / "one_stage_speed.R"), str(path), str(repeats)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print("R is left out:", done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    seconds, yi, sei, package, major, minor = done.stdout.split()
    return {"seconds": float(seconds), "yi": float(yi), "sei": float(sei), "survival": package, "R": f"{major}.{minor}"}


def compare(n_rows, *, days):
    """One row of the table."""
    table, repeats = patients(n_rows, days=days), REPEATS.get(n_rows, 3)
    row = {"rows": n_rows, "days": days, "events": int(table["event"].sum()), "ours": ours(table, repeats), **ours_beside(table, repeats)}
    row["r"] = by_r(table, repeats) if shutil.which("Rscript") else None
    row["lifelines"] = by_lifelines(table, repeats) if n_rows <= MOST_ROWS_LIFELINES else None
    return row


def written(seconds):
    return "–" if seconds is None else f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def page(results):
    """The table in words."""
    lines = [
        "# Speed of the one-stage Cox model", "",
        f"One treatment, stratified by trial, {TRIALS} trials, from a table of patients to the log hazard ratio; processor time, medians (of R: means), one run, one machine. "
        "Whole days: times as dates give them. Random effect (REML) and two stages are ours as well.", "",
        "| patients | events | times | ours | R coxph | lifelines | R / ours | ours, random effect | ours, two stages | difference from R, log hazard ratio |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["results"]:
        r, life = row["r"] or {}, row["lifelines"] or {}
        times = f"{r['seconds'] / row['ours']['seconds']:.0f}" if r else "–"
        difference = f"{abs(r['yi'] - row['ours']['yi']):.0e}" if r else "–"
        lines.append(
            f"| {row['rows']:,} | {row['events']:,} | {'whole days' if row['days'] else 'exact'} | {written(row['ours']['seconds'])} | {written(r.get('seconds'))} | "
            f"{written(life.get('seconds'))} | {times} | {written(row['random'])} | {written(row['two_stage'])} | {difference} |"
        )
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    return "\n".join([*lines, "", f"Versions: {versions}. By `python benchmarks/one_stage_speed.py`.", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(REPEATS))
    rows = parser.parse_args().rows
    results = [compare(n_rows, days=days) for n_rows in rows for days in (False, True)]
    versions = {name: version(name) for name in ("numpy", "pandas", "lifelines")}
    if not shutil.which("Rscript"):
        print("R is left out: Rscript is not on the path.", file=sys.stderr)
    for row in results:
        if row["r"]:
            versions |= {"R": row["r"].pop("R"), "survival": row["r"].pop("survival")}
    record = {"seed": SEED, "trials": TRIALS, "versions": versions, "results": results}
    (HERE / "one_stage_speed.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (HERE / "one_stage_speed.md").write_text(page(record), encoding="utf-8")
    print(page(record))


if __name__ == "__main__":
    main()
