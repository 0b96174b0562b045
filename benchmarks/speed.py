"""How long everything takes: figures by part, patients rebuilt, models, start-up; beside peers, and beside an older checkout.

    python benchmarks/speed.py [FIGURES] [--before CHECKOUT] [--only figures,batch,pixels,patients,models,pooling,start]

FIGURES is a folder of pictures, or of practice figures with its ``images/``; without it, some are drawn. With ``--before``
the same figures are read by the program as it is in another checkout, in turns, in the same run. What is compared is
processor time, all threads together, so that other work on the machine does not tell; the clock stands beside it where
several processes run. R's survival and metafor and lifelines are measured in the same run, or left out with a message.
Writes ``benchmarks/speed.json``, ``benchmarks/speed.md`` and the tables of ``docs/speed.md``; ``--only`` keeps the rest of the
numbers as they are.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from speed_of_patients import arms_by_size, models
from speed_page import write_pages

HERE = Path(__file__).parent
ROOT = HERE.parent
KEPT = HERE / "speed.json"
PICTURES = (".png", ".jpg", ".jpeg")
DPI = (60, 100, 150, 200, 300)
STARTS = 5
HELP = "from ipdrecon.app.commands import main; main(['--help'])"
PARTS = ("figures", "batch", "pixels", "patients", "models", "pooling", "start")


def pictures(folder, count):
    """Up to `count` pictures of a folder, evenly among all."""
    folder = folder / "images" if (folder / "images").is_dir() else folder
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    return [found[i] for i in np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))]


def drawn(folder, count=10, seed=7):
    """Draw figures, none of them a trap."""
    command = [sys.executable, str(HERE / "drawn_figures.py"), str(folder), "--count", str(count), "--seed", str(seed)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def worker(checkout, files, *options, one_thread=True):
    """What `speed_of_figures.py` measures of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout)} | ({"OMP_NUM_THREADS": "1"} if one_thread else {})
    command = [sys.executable, str(HERE / "speed_of_figures.py"), *map(str, files), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def best(rounds):
    """Of some rounds, each figure's reading that took the least."""
    names = rounds[0]["figures"]
    kept = {name: min((one["figures"][name] for one in rounds), key=lambda reading: reading["total"]) for name in names}
    return {"figures": kept, "start": min(one["start"] for one in rounds), "peak_mb": max(one["peak_mb"] for one in rounds)}


def measure_figures(given, files):
    """Each figure's parts now and before, and the time of reading with the axes given."""
    now, then = [], []
    for _ in range(given.rounds):
        now.append(worker(ROOT, files, "--times", "1"))
        if given.before:
            then.append(worker(given.before, files, "--times", "1"))
    result = {"after": best(now), "before": best(then) if then else None}
    result["axes_given"] = worker(ROOT, files, "--axes-given", "--times", "3")["figures"]
    return result


def measure_batch(_, files):
    """Figures per minute by the clock, on one and on two processes."""
    result = {"processors": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)}
    for jobs in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "figures"
            source.mkdir()
            for path in files:
                shutil.copy(path, source)
            command = [sys.executable, "-c", "import sys; from ipdrecon.app.commands import main; sys.exit(main(sys.argv[1:]))"]
            command += ["batch", str(source), "--out", str(Path(folder) / "out"), "--jobs", str(jobs), "--quiet"]
            begin = time.perf_counter()
            subprocess.run(command, check=False, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
            result[f"per_minute_{jobs}"] = round(60 * len(files) / (time.perf_counter() - begin), 1)
    return result


def measure_pixels(_, __):
    """One figure at several resolutions: seconds with text read, and with axes given."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for seed, colour in enumerate(("tab:blue", "tab:red")):
        death = np.sort(np.random.default_rng(seed).exponential(40 - 15 * seed, 100))
        axes.step(np.r_[0, death], 1 - np.arange(101) / 100, where="post", color=colour, label=("Drug", "Placebo")[seed])
    axes.set(xlim=(0, 60), ylim=(0, 1), xlabel="Months", ylabel="Overall survival")
    axes.legend()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{dpi}.png" for dpi in DPI]
        for path, dpi in zip(files, DPI, strict=True):
            figure.savefig(path, dpi=dpi)
        read, traced = worker(ROOT, files)["figures"], worker(ROOT, files, "--axes-given")["figures"]
    for path in files:
        row = read[path.name]
        rows.append({"width": row["width"], "height": row["height"], "total": row["total"], "axes_given": traced[path.name]})
    return rows


def measure_patients(_, __):
    """Milliseconds per arm by method and patients per arm."""
    return {method: arms_by_size(method) for method in ("joint", "guyot")}


def measure_models(_, __):
    rows = models()
    if not rows[0]["r"]:
        print("R is left out: Rscript with its package survival was not found.", file=sys.stderr)
    return rows


def measure_pooling(_, __):
    """Milliseconds of `pool` and of metafor; their own page is of the same run."""
    from pooling_speed import measure, write_page

    rows = measure()
    write_page(rows)
    return rows


def measure_start(_, __):
    """Least processor seconds of a process that shows the help, and of bare Python."""
    taken = {}
    for name, code in (("help", HELP), ("import ipdrecon", "import ipdrecon"), ("python", "pass")):
        seconds = []
        for _ in range(STARTS):
            before = os.times()
            subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)})
            after = os.times()
            seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
        taken[name] = min(seconds)
    return taken


def measured(given, files):
    """All that is asked for, upon what was kept."""
    result = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for part in given.only:
        print(f"measuring {part}", file=sys.stderr, flush=True)
        result[part] = globals()[f"measure_{part}"](given, files)
    names = ("numpy", "opencv-python-headless", "rapidocr", "onnxruntime", "lifelines")
    result["versions"] = {"python": platform.python_version()} | {name: version(name) for name in names}
    return json.loads(json.dumps(result, default=float))


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, nargs="?")
    parser.add_argument("--before", type=Path)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        needed = {"figures", "batch"} & set(given.only)
        files = pictures(given.figures or drawn(Path(folder)), given.count) if needed else []
        result = rounded(measured(given, files))
    KEPT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(write_pages(result))


if __name__ == "__main__":
    main()
