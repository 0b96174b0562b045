"""Time of `metaanalysis.pool` with REML, Hartung-Knapp, Q-profile and prediction intervals, beside R's metafor in the same run.

Run by `OMP_NUM_THREADS=1 python benchmarks/speed.py --only pooling`, which writes pooling_speed.md beside its own pages, so that all
tell of one run. Without R and metafor only our own times.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np

from metaanalysis import pool

SIZES = {10: 100, 100: 100, 1_000: 50, 10_000: 10}
TARGETS = {10: 1.0, 10_000: 100.0}
R_SIZES = {10: 60, 100: 20}
ROUNDS = 5
PAGE = Path(__file__).with_suffix(".md")

R_SCRIPT = """
suppressMessages(library(metafor))
arguments <- commandArgs(TRUE)
data <- read.csv(arguments[1]); times <- as.integer(arguments[2]); rounds <- as.integer(arguments[3])
work <- function() { fit <- rma(yi, vi, data = data, method = "REML", test = "knha"); confint(fit); predict(fit); fit }
for (i in 1:3) fit <- work()
seconds <- min(replicate(rounds, sum(system.time(for (i in seq_len(times)) fit <<- work())[c("user.self", "sys.self")])))
cat(1000 * seconds / times, fit$beta[1], as.character(packageVersion("metafor")), R.version$major, R.version$minor)
"""


def studies(k):
    generator = np.random.default_rng(k)
    vi = np.exp(generator.normal(-3, 0.8, k))
    return generator.normal(-0.3, np.sqrt(vi + 0.04)), vi


def our_time(k, times):
    """Median milliseconds by the clock, and mean milliseconds of processor time in the quickest of several rounds."""
    yi, vi = studies(k)
    pool(yi, vi, ci="hk")
    seconds, rounds = [], []
    for _ in range(ROUNDS):
        before = process_time()
        for _ in range(times):
            start = perf_counter()
            pool(yi, vi, ci="hk")
            seconds.append(perf_counter() - start)
        rounds.append((process_time() - before) / times)
    return 1000 * median(seconds), 1000 * min(rounds)


def metafor_time(k, times):
    """Mean milliseconds of processor time in the quickest of several rounds, estimate and versions by Rscript; None where it cannot run."""
    yi, vi = studies(k)
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder) / "studies.csv", Path(folder) / "time.R"
        np.savetxt(table, np.column_stack([yi, vi]), delimiter=",", header="yi,vi", comments="", fmt="%.17g")
        script.write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(["Rscript", str(script), str(table), str(times), str(ROUNDS)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    milliseconds, estimate, version, major, minor = done.stdout.split()
    return float(milliseconds), float(estimate), f"metafor {version}, R {major}.{minor}"


def measure():
    """Measure each number of studies: a list of dict, metafor's time None where it was not measured."""
    rows = []
    for k, times in SIZES.items():
        (clock, ours), theirs = our_time(k, times), None
        if k in R_SIZES and shutil.which("Rscript"):
            theirs = metafor_time(k, R_SIZES[k])
        if theirs:
            assert abs(theirs[1] - pool(*studies(k), ci="hk").estimate) < 1e-5, "metafor's estimate differs"
        rows.append({"k": k, "clock": clock, "ours": ours, "metafor": theirs and theirs[0], "versions": theirs and theirs[2]})
    if not any(row["metafor"] for row in rows):
        print("metafor is left out: Rscript with metafor was not found.", file=sys.stderr)
    return rows


def write_page(rows):
    """Write ``pooling_speed.md``, and give it."""
    lines = []
    for row in rows:
        target = f"{TARGETS[row['k']]:g}" if row["k"] in TARGETS else "–"
        theirs, ratio = (f"{row['metafor']:.1f}", f"{row['metafor'] / row['ours']:.0f}") if row["metafor"] else ("–", "–")
        lines.append(f"| {row['k']:,} | {row['clock']:.2f} | {target} | {row['ours']:.2f} | {theirs} | {ratio} |")
    versions = next((row["versions"] for row in rows if row["versions"]), "no R found")
    text = f"""# Speed of pooling

`pool(yi, vi, ci="hk")`: fixed effect, REML, Hartung-Knapp, Q-profile interval of tau², prediction interval, Q, I² by both
definitions. metafor: `rma(method = "REML", test = "knha")`, `confint`, `predict` on the same numbers in the same run; from
1,000 studies on it takes seconds to minutes (it builds k × k matrices) and is left out. Milliseconds; the target is of the
median by the clock, metafor is compared by processor time, the mean of the quickest of {ROUNDS} rounds, since what shares the processor
slows both, up to twice. One core, Python {platform.python_version()}, {versions}. Made by
`OMP_NUM_THREADS=1 python benchmarks/speed.py --only pooling`, with [the page of speed](../docs/speed.md#pooling).

| studies | ours, clock | target | ours, processor | metafor, processor | times faster |
|--:|--:|--:|--:|--:|--:|
""" + "\n".join(lines) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    return text
