"""Work through a batch of drawn figures as a team does, kill it half-way, and hold what comes out against the truth.

    python benchmarks/batch_run.py WORK SCORER [--count 300] [--seed 9] [--jobs 2] [--name batch] [--no-cluster]

WORK gets the figures (``batch_figures.py``; those of an earlier run with the same seed and count are used again) and all
results; SCORER is the program that compares a folder of figure folders with the truth. In turn:

1. ``ipdrecon batch`` on ``--jobs`` processes; at a moment about half-way that the seed chooses, all of them are killed (SIGKILL).
2. The same command again. No row may be lost or doubled, nothing that was done may be done again, nothing half-written may be left.
3. All figures are scored: success, silent failures, and which look and kind of file they belong to.
4. The same figures on a Dask scheduler with as many workers, separate processes on loopback; every file must be the same, but
   for the seconds in ``job.json``.

Writes ``benchmarks/NAME.json`` and ``NAME.md``; ends with 1 where a check failed.
"""

import argparse
import contextlib
import csv
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from batch_figures import draw_all
from scoreboard import grid, known, mean, quantile

HERE = Path(__file__).parent
CLI = HERE.parent / "cli.py"
LOOK_EVERY_S = 0.2
TELL_EVERY = 10
AGREED_CODES = (0, 3)


@dataclass
class Pass:
    """One call of the command: what it took, and how many figures stood before and after."""

    seconds: float
    before: int
    after: int
    peak_mb: float | None
    code: int

    def per_minute(self):
        """Figures done in a minute."""
        return round(60 * (self.after - self.before) / self.seconds, 1)


@dataclass
class Checks:
    """What was held to be true, and whether it was."""

    lines: dict = field(default_factory=dict)

    def hold(self, what, seen):
        """Keep whether nothing speaks against it; `seen` is what does."""
        self.lines[what] = "yes" if not seen else f"NO: {seen}"
        print(f"{what}: {self.lines[what]}", file=sys.stderr, flush=True)

    def all_hold(self):
        """Whether all is as it should be."""
        return all(line == "yes" for line in self.lines.values())


def done_in(out):
    """Records of the figures that are done, by name: their bytes and when they were written."""
    return {path.parent.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.glob("figures/*/job.json")}


def memory_mb(pid):
    """Most memory the process held so far, in MB; None where the system does not tell."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return round(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024, 1)
    return None


def work(images, out, options, *, total, kill_at=None, delay=0.0):
    """Run the command; kill it and all its processes once `kill_at` figures are done and `delay` seconds have passed."""
    before, told, peak, begin = len(done_in(out)), 0, None, time.perf_counter()
    process = subprocess.Popen([sys.executable, str(CLI), "batch", str(images), "--out", str(out), *options], start_new_session=True)
    try:
        while process.poll() is None:
            n_done = len(list(out.glob("figures/*/job.json")))
            if n_done // TELL_EVERY != told:
                told = n_done // TELL_EVERY
                print(f"{n_done} of {total} figures, {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
            peak = memory_mb(process.pid) or peak
            if kill_at is not None and n_done >= kill_at:
                time.sleep(delay)
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(LOOK_EVERY_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return Pass(round(time.perf_counter() - begin, 1), before, len(done_in(out)), peak, process.returncode)


def kill_and_rerun(images, out, jobs, rng, checks):
    """Two passes with a kill between them; what the second one took, and the first."""
    files = sorted(path.name for path in images.iterdir())
    options, kill_at = ["--jobs", str(jobs), "-q"], int(len(files) * rng.uniform(0.4, 0.6))
    first = work(images, out, options, total=len(files), kill_at=kill_at, delay=rng.uniform(0, 3))
    stood = done_in(out)
    checks.hold("the first pass was killed in its midst", "" if first.code == -signal.SIGKILL and not (out / "results.csv").exists() else first)
    second = work(images, out, options, total=len(files))
    checks.hold("the second pass ended by itself", "" if second.code in AGREED_CODES else f"exit status {second.code}")
    now = done_in(out)
    checks.hold("nothing that stood was done again", sorted(name for name in stood if stood[name] != now.get(name)))
    check_rows(files, out, checks)
    return first, second


def check_rows(files, out, checks):
    """No row is lost or doubled, and nothing half-written is left."""
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    panels = Counter((row["figure"], row["panel"]) for row in rows)
    checks.hold("no figure is without a row", sorted(set(files) - {row["figure"] for row in rows}))
    checks.hold("no row is doubled", [key for key, count in panels.items() if count > 1])
    checks.hold("no row is of another figure", sorted({row["figure"] for row in rows} - set(files)))
    checks.hold("nothing half-written is left", [str(path) for path in out.rglob("*.part")])


@contextlib.contextmanager
def cluster(folder, n_workers):
    """A Dask scheduler and its workers, each a process of its own on loopback; gives the address."""
    told, logs = folder / "scheduler.json", (folder / "cluster.log").open("wb")
    told.unlink(missing_ok=True)
    quiet = {"stdout": logs, "stderr": logs, "env": os.environ | {"PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1"}}
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(told), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    processes = [subprocess.Popen(start, **quiet)]
    try:
        until = time.monotonic() + 60
        while not (told.exists() and told.read_text().endswith("}")):
            if time.monotonic() > until:
                raise SystemExit(f"The scheduler does not start; see {folder / 'cluster.log'}.")
            time.sleep(LOOK_EVERY_S)
        processes += [subprocess.Popen([*worker, "--local-directory", str(folder / f"worker{k}")], **quiet) for k in range(n_workers)]
        yield json.loads(told.read_text())["address"]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        logs.close()


def plain_record(path):
    """A file's bytes; a record of a job without the seconds it took."""
    content = path.read_bytes()
    if path.name != "job.json":
        return content
    return json.dumps(json.loads(content) | {"seconds": None}, sort_keys=True).encode()


def differences(one, other):
    """Files that only one of two folders has, or that differ."""
    names = [{str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} for place in (one, other)]
    both = sorted(names[0] & names[1])
    return sorted(names[0] ^ names[1]) + [name for name in both if plain_record(one / name) != plain_record(other / name)]


def score(figures, results, scorer, out):
    """Rows as the scorer gives them, with look and kind of file."""
    told = subprocess.run([sys.executable, str(scorer), str(figures), str(results), "--json", str(out)], capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"The scorer failed:\n{told.stderr[-2000:]}")
    entries = {entry["name"]: entry for entry in json.loads((figures / "index.json").read_text())}
    rows = json.loads(out.read_text())["rows"]
    return [row | {key: entries[row["name"]][key] for key in ("look", "format", "file")} for row in rows]


def summarise(rows, records, passes):
    """What the batch is judged by."""
    iae = known(rows, "iae")
    return {
        "figures": len(records), "panels": len(rows), "success": mean([bool(row["ok"]) for row in rows]), "silent_failures": mean([bool(row["silent"]) for row in rows]),
        "iae_median": quantile(iae, 0.5), "iae_p90": quantile(iae, 0.9), "at_risk_right": mean(known(rows, "at_risk")), "names_right": mean(known(rows, "names")),
        "log_hr_error_median": quantile(known(rows, "log_hr_error"), 0.5), **{status: sum(record["status"] == status for record in records) for status in ("done", "needs review", "failed")},
        "seconds_per_figure_median": quantile([record["seconds"] for record in records], 0.5), "seconds_per_figure_p90": quantile([record["seconds"] for record in records], 0.9),
        **{f"figures_per_minute, {name}": each.per_minute() for name, each in passes.items()},
        **{f"peak_memory_of_the_parent_mb, {name}": each.peak_mb for name, each in passes.items()},
    }  # fmt: skip


def grouped(rows, key):
    """How each group fared, the least success first."""
    lines = []
    for name in sorted({row[key] for row in rows}):
        own = [row for row in rows if row[key] == name]
        lines.append({
            key: name, "panels": len(own), "success": mean([bool(row["ok"]) for row in own]), "silent": sum(bool(row["silent"]) for row in own),
            "iae_median": quantile(known(own, "iae"), 0.5), "at_risk": mean(known(own, "at_risk")), "names": mean(known(own, "names")),
        })  # fmt: skip
    return sorted(lines, key=lambda line: (line["success"], line[key]))


def page(given, summary, checks, rows):
    """The outcome as Markdown."""
    columns = ("panels", "success", "silent", "iae_median", "at_risk", "names")
    failed = [row for row in rows if not row["ok"]]
    text = ["# A batch of drawn figures", "", "Made by:", "", f"    python benchmarks/batch_run.py WORK SCORER --count {given.count} --seed {given.seed} --jobs {given.jobs}", ""]
    text += [f"- {key}: {value}" for key, value in summary.items()]
    text += ["", "## What was held", "", *grid(("check", "held"), [{"check": what, "held": held} for what, held in checks.lines.items()])]
    text += ["", "## By look", "", *grid(("look", *columns), grouped(rows, "look"))]
    text += ["", "## By kind of file", "", *grid(("format", *columns), grouped(rows, "format"))]
    text += ["", "## What failed", "", *grid(("name", "why", "silent", "iae", "at_risk"), failed)]
    return "\n".join(text) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--name", default="batch")
    parser.add_argument("--no-cluster", action="store_true")
    return parser.parse_args()


def drawn(place, count, seed):
    """The figures, drawn unless those of this seed and count stand there."""
    mark = place / "drawn.json"
    if not mark.exists() or json.loads(mark.read_text()) != [count, seed]:
        if place.exists():
            raise SystemExit(f"{place} holds other figures; give another WORK, or take it away.")
        draw_all(place, count=count, seed=seed)
        mark.write_text(json.dumps([count, seed]))
    return place


def keep(given, checks, rows, records, passes):
    """Write what is known so far, as numbers and as a page; the sum of it."""
    summary = summarise(rows, records, passes)
    kept = {"summary": summary, "checks": checks.lines, "looks": grouped(rows, "look"), "formats": grouped(rows, "format"), "rows": rows}
    (HERE / f"{given.name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    (HERE / f"{given.name}.md").write_text(page(given, summary, checks, rows))
    return summary


def ready(given):
    """End at once where something is missing that would be missed only after an hour."""
    if not given.scorer.is_file():
        raise SystemExit(f"{given.scorer} is no file; give the program that scores.")
    if not given.no_cluster and importlib.util.find_spec("distributed") is None:
        raise SystemExit("distributed is not installed; run: pip install 'ipdrecon[cluster]', or give --no-cluster.")
    if (given.work / "alone").exists():
        raise SystemExit(f"{given.work / 'alone'} holds the results of another run; give another WORK, or take it away.")


def main():
    given, checks = arguments(), Checks()
    ready(given)
    rng, figures, alone = random.Random(given.seed), given.work / f"figures_{given.seed}", given.work / "alone"
    images = drawn(figures, given.count, given.seed) / "images"
    first, second = kill_and_rerun(images, alone, given.jobs, rng, checks)
    passes = {"until the kill": first, "after the kill": second}
    rows = score(figures, alone / "figures", given.scorer, given.work / "score.json")
    records = [json.loads(content) for content, _ in done_in(alone).values()]
    print(json.dumps(keep(given, checks, rows, records, passes)), flush=True)
    if not given.no_cluster:
        with cluster(given.work, given.jobs) as address:
            passes["on the cluster"] = work(images, given.work / "cluster", ["--scheduler", address, "-q"], total=given.count)
        checks.hold("the cluster gives the same files", differences(alone, given.work / "cluster"))
        print(json.dumps(keep(given, checks, rows, records, passes)))
    sys.exit(0 if checks.all_hold() else 1)


if __name__ == "__main__":
    main()
