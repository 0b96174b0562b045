"""Processor time of what follows the curves: patients rebuilt, hazard ratios, Kaplan-Meier curves, beside lifelines and R's survival.

Called by ``speed.py``; each function measures in the same run what its peers take on the same numbers.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from simulated_trials import designs, make_trial

from ipdrecon import estimate_hazard_ratio, reconstruct_arm
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.hazard_ratio import logrank
from ipdrecon.survival.kaplan_meier import kaplan_meier

ARMS_EACH = 12
PATIENTS = {200: 60, 2_000: 20, 20_000: 8}
R_SCRIPT = """
suppressMessages(library(survival))
given <- commandArgs(TRUE); data <- read.csv(given[1]); times <- as.integer(given[2])
used <- function() sum(proc.time()[c("user.self", "sys.self")])
took <- function(work) { work(); begin <- used(); for (i in seq_len(times)) work(); 1000 * (used() - begin) / times }
y <- Surv(data$time, data$event)
cat(took(function() coxph(y ~ arm, data)), took(function() survdiff(y ~ arm, data)), took(function() survfit(y ~ 1)),
    coef(coxph(y ~ arm, data)), as.character(packageVersion("survival")), paste(R.version$major, R.version$minor, sep = "."))
"""


def milliseconds(work, times):
    """Median processor milliseconds of a call, after a first."""
    work()
    taken = []
    for _ in range(times):
        begin = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - begin))
    return statistics.median(taken)


def arms_by_size(method, mode="pixel"):
    """Median milliseconds per arm by patients per arm; simulated trials, curve in pixels, full at-risk table."""
    chosen = {}
    for case, design in designs():
        if len(chosen.setdefault(design[0], [])) < ARMS_EACH // 2 and design[3] == 0:
            chosen[design[0]].append(make_trial(case, design))
    rows = {}
    for size, trials in chosen.items():
        taken = []
        for arm in (arm for trial in trials for arm in trial.arms):
            rows.setdefault(size, None)

            def work(arm=arm):
                return reconstruct_arm(*arm.curves[mode], risk_time=arm.risk_time, n_risk=arm.n_risk, method=method)

            taken.append(milliseconds(work, 3))
        rows[size] = statistics.median(taken)
    return rows


def two_arms(n):
    """A table of `n` patients in two arms."""
    rng = np.random.default_rng([20264, n])
    arm = np.arange(n) % 2
    death, left = rng.exponential(20 * np.exp(0.3 * arm)), rng.uniform(6, 48, n)
    return pd.DataFrame({"arm": arm, "time": np.minimum(death, left), "event": (death <= left).astype(int)})


def by_lifelines(table, times):
    """Milliseconds of Cox, log-rank and Kaplan-Meier by lifelines."""
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    first, other = (table[table["arm"] == arm] for arm in (0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "cox": milliseconds(lambda: CoxPHFitter().fit(table, "time", "event"), max(2, times // 6)),
            "logrank": milliseconds(lambda: logrank_test(first["time"], other["time"], first["event"], other["event"]), max(2, times // 4)),
            "kaplan_meier": milliseconds(lambda: KaplanMeierFitter().fit(table["time"], table["event"]), max(2, times // 4)),
        }


def by_r(table, times):
    """The same by R's survival, with its hazard ratio and versions; None where it cannot run."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "patients.csv", Path(folder) / "time.R"
        table.to_csv(data, index=False, float_format="%.17g")
        script.write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(["Rscript", str(script), str(data), str(times)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    cox, logrank_ms, km, yi, survival, version = done.stdout.split()
    return {"cox": float(cox), "logrank": float(logrank_ms), "kaplan_meier": float(km), "yi": float(yi), "versions": {"R": version, "survival": survival}}


def models():
    """For each number of patients what Cox, log-rank and Kaplan-Meier take here, in lifelines and in R."""
    rows = []
    for n, times in PATIENTS.items():
        table = two_arms(n)
        arms = [ReconstructedArm(str(arm), part["time"].to_numpy(), part["event"].to_numpy(bool)) for arm, part in table.groupby("arm")]
        time_all, event_all = table["time"].to_numpy(), table["event"].to_numpy(bool)
        found = estimate_hazard_ratio(arms, treatment="1", reference="0")
        row = {"patients": n, "ours": {
            "cox": milliseconds(lambda arms=arms: estimate_hazard_ratio(arms, treatment="1", reference="0"), times),
            "logrank": milliseconds(lambda arms=arms: logrank(arms[1], arms[0]), times),
            "kaplan_meier": milliseconds(lambda t=time_all, e=event_all: kaplan_meier(t, e), times),
        }, "lifelines": by_lifelines(table, times), "r": by_r(table, times)}  # fmt: skip
        if row["r"]:
            assert abs(row["r"]["yi"] - found.yi) < 1e-6, "R's hazard ratio differs"
        rows.append(row)
    return rows
