"""Thousands of draws: memory, time per draw, and what a second process brings.

Three made trials are rebuilt by ``ipdrecon reconstruct --draws M`` and pooled by ``ipdrecon pool``, each a process of its own
whose largest resident memory and time are taken. Memory is flat in M where it is streamed.

    python benchmarks/draws_scale.py            # writes draws_scale.json and draws_scale.md beside it
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time as clock
from pathlib import Path

import numpy as np

from ipdrecon.survival.kaplan_meier import kaplan_meier, n_risk_at

HERE = Path(__file__).parent
N_TRIALS, N_PER_ARM, N_DRAWS = 3, 150, (100, 1000, 5000)
ARMS = {"Control": 14.0, "New": 18.0}
LARGEST_GROWTH = 1.2


def write_trial(folder, seed):
    """Write the figure folder of a made trial: curves to three digits, and numbers at risk every 6 months."""
    rng, curves, risks = np.random.default_rng(seed), [], []
    for arm, median in ARMS.items():
        died, left = rng.exponential(median / np.log(2), N_PER_ARM), rng.uniform(12, 42, N_PER_ARM)
        time, event = np.minimum(died, left), died <= left
        found = kaplan_meier(time, event)
        steps = [(0.0, 1.0), *zip(found.time[found.time > 0].tolist(), found.survival[found.time > 0].tolist(), strict=True)]
        curves += [f"1,{arm},{at:.3f},{level:.3f}" for at, level in steps]
        risks += [f"1,{arm},{at:g},{n_risk_at(time, at)}" for at in range(0, 37, 6)]
    folder.mkdir(parents=True)
    (folder / "curves.csv").write_text("\n".join(["panel,arm,time,survival", *curves]) + "\n")
    (folder / "at_risk.csv").write_text("\n".join(["panel,arm,time,n_risk", *risks]) + "\n")


def run(*arguments):
    """Run a command of the program: largest memory in MB, seconds of the clock and of its processors."""
    begin = clock.perf_counter()
    command = [sys.executable, "-c", "import sys; from ipdrecon.app.commands import main; sys.exit(main())", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return {"memory_mb": round(used.ru_maxrss / 1024), "wall_s": round(clock.perf_counter() - begin, 2), "cpu_s": round(used.ru_utime + used.ru_stime, 2)}


def digest(path):
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def measured(place, n_draws, jobs):
    """Rebuild one trial, then pool three: what each took, and digests of what came out."""
    trials = [place / f"T{number}" for number in range(1, N_TRIALS + 1)]
    rebuilt = [run("reconstruct", trial, "--draws", n_draws, "--jobs", jobs, "-q") for trial in trials]
    rows = [f"{trial.name},{trial.name}/ipd.csv,New,Control" for trial in trials]
    (place / "studies.csv").write_text("\n".join(["study,ipd,treatment,reference", *rows]) + "\n")
    pooled = run("pool", place / "studies.csv", "--out", place / "pooled", "--jobs", jobs, "-q")
    outputs = [digest(trial / "ipd_draws.csv.gz") for trial in trials] + [digest(place / "pooled" / "pooled.json")]
    return {"draws": n_draws, "jobs": jobs, "reconstruct": rebuilt[0], "pool": pooled, "digests": outputs}


def page(record):
    """The table in words."""
    lines = [
        "# Thousands of draws", "",
        f"Made by `python benchmarks/draws_scale.py`: {N_TRIALS} made trials of {2 * N_PER_ARM} patients; `reconstruct` of one of them, `pool` of all, with one- and two-stage models.",
        f"Each is a process; memory is the largest resident size of the first of them. {record['cores']} cores, load {record['load']} meanwhile.", "",
        "| draws | processes | reconstruct: MB | s | ms per draw | pool: MB | s | ms per draw of a trial |", "|---|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        each = [1000 * row[name]["cpu_s"] / row["draws"] / share for name, share in (("reconstruct", 1), ("pool", N_TRIALS))]
        lines.append(
            f"| {row['draws']} | {row['jobs']} | {row['reconstruct']['memory_mb']} | {row['reconstruct']['wall_s']} | {each[0]:.1f} | "
            f"{row['pool']['memory_mb']} | {row['pool']['wall_s']} | {each[1]:.1f} |"
        )
    growth, faster = record["growth"], record["faster"]
    return "\n".join([
        *lines, "",
        f"From {N_DRAWS[0]} to {N_DRAWS[-1]} draws memory grows {growth['reconstruct']:.2f}-fold in `reconstruct` and {growth['pool']:.2f}-fold in `pool`.",
        f"With two processes `reconstruct` is {faster['reconstruct']:.2f} times and `pool` {faster['pool']:.2f} times as fast by the clock; the files are the same to the byte: {record['same']}.",
        "ms per draw are of processor time and hold the start of the program.", "",
    ])


def main():
    """Measure, write, and end with 1 where memory is not flat or the bytes differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for number in range(1, N_TRIALS + 1):
            write_trial(place / f"T{number}", number)
        rows = [measured(place, n_draws, 1) for n_draws in N_DRAWS] + [measured(place, N_DRAWS[-1], 2)]
    one, two = rows[-2:]
    names = ("reconstruct", "pool")
    record = {
        "rows": rows, "cores": os.cpu_count(), "load": round(os.getloadavg()[1], 1), "same": one["digests"] == two["digests"],
        "growth": {name: round(one[name]["memory_mb"] / rows[0][name]["memory_mb"], 3) for name in names},
        "faster": {name: round(one[name]["wall_s"] / two[name]["wall_s"], 2) for name in names},
    }
    (out / "draws_scale.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "draws_scale.md").write_text(page(record))
    sys.stdout.write(page(record))
    return 0 if record["same"] and max(record["growth"].values()) <= LARGEST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
