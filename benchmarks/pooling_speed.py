"""Time of `metaanalysis.pool` with REML, Hartung-Knapp, Q-profile and prediction intervals, beside R's metafor in the same run.

Run: OMP_NUM_THREADS=1 python benchmarks/pooling_speed.py; writes pooling_speed.md. Without R and metafor only our own times.
"""

import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np

from metaanalysis import pool

SIZES = {10: 400, 100: 400, 1_000: 200, 10_000: 40}
TARGETS = {10: 1.0, 10_000: 100.0}
R_SIZES = {10: 60, 100: 15}
PAGE = Path(__file__).with_suffix(".md")

R_SCRIPT = """
suppressMessages(library(metafor))
arguments <- commandArgs(TRUE)
data <- read.csv(arguments[1]); times <- as.integer(arguments[2])
work <- function() { fit <- rma(yi, vi, data = data, method = "REML", test = "knha"); confint(fit); predict(fit); fit }
for (i in 1:3) work()
seconds <- sum(system.time(for (i in seq_len(times)) fit <- work())[c("user.self", "sys.self")])
cat(1000 * seconds / times, fit$beta[1], as.character(packageVersion("metafor")), R.version$major, R.version$minor)
"""


def studies(k):
    generator = np.random.default_rng(k)
    vi = np.exp(generator.normal(-3, 0.8, k))
    return generator.normal(-0.3, np.sqrt(vi + 0.04)), vi


def our_time(k, times):
    """Median milliseconds by the clock, and mean milliseconds of processor time."""
    yi, vi = studies(k)
    pool(yi, vi, ci="hk")
    seconds, before = [], process_time()
    for _ in range(times):
        start = perf_counter()
        pool(yi, vi, ci="hk")
        seconds.append(perf_counter() - start)
    return 1000 * median(seconds), 1000 * (process_time() - before) / times


def metafor_time(k, times):
    """Mean milliseconds of processor time, estimate and versions by Rscript; None where it cannot run."""
    yi, vi = studies(k)
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder) / "studies.csv", Path(folder) / "time.R"
        np.savetxt(table, np.column_stack([yi, vi]), delimiter=",", header="yi,vi", comments="", fmt="%.17g")
        script.write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(["Rscript", str(script), str(table), str(times)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    milliseconds, estimate, version, major, minor = done.stdout.split()
    return float(milliseconds), float(estimate), f"metafor {version}, R {major}.{minor}"


def main():
    rows, versions = [], None
    for k, times in SIZES.items():
        (clock, ours), theirs = our_time(k, times), None
        if k in R_SIZES and shutil.which("Rscript"):
            theirs = metafor_time(k, R_SIZES[k])
        ratio = "–"
        if theirs:
            versions = theirs[2]
            assert abs(theirs[1] - pool(*studies(k), ci="hk").estimate) < 1e-5, "metafor's estimate differs"
            ratio = f"{theirs[0] / ours:.0f}"
        target = f"{TARGETS[k]:g}" if k in TARGETS else "–"
        rows.append(f"| {k:,} | {clock:.2f} | {target} | {ours:.2f} | {f'{theirs[0]:.1f}' if theirs else '–'} | {ratio} |")
    if versions is None:
        print("Rscript with metafor was not found: only our own times.")
    text = f"""# Speed of pooling

`pool(yi, vi, ci="hk")`: fixed effect, REML, Hartung-Knapp, Q-profile interval of tau², prediction interval, Q, I² by both
definitions. metafor: `rma(method = "REML", test = "knha")`, `confint`, `predict` on the same numbers in the same run; from
1,000 studies on it takes seconds to minutes (it builds k × k matrices) and is left out. Milliseconds; the target is of the
median by the clock, metafor is compared by processor time, so that other work on the machine does not tell. One core,
Python {platform.python_version()}, {versions or "no R found"}. Regenerate with `OMP_NUM_THREADS=1 python benchmarks/pooling_speed.py`.

| studies | ours, clock | target | ours, processor | metafor, processor | times faster |
|--:|--:|--:|--:|--:|--:|
""" + "\n".join(rows) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
