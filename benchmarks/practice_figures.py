"""Read every raster figure of a set with known truth, score it, and keep the scoreboard.

    python benchmarks/practice_figures.py FIGURES SCORER [--only TEXT]

FIGURES holds ``index.json`` with the truth; SCORER is the program that compares a folder of figure folders with it. No
option is given to the reader. Writes ``benchmarks/practice_figures.json`` (all numbers) and ``.md`` (the table).
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ipdrecon.app.workflow import digitise_to_folder, reconstruct_to_folder
from ipdrecon.errors import IpdreconError

HERE = Path(__file__).parent
COLUMNS = ("name", "truth", "arms", "ok", "why", "iae", "worst", "names", "at_risk", "log_hr_error", "seconds")


def read_figures(figures, files, results):
    """Digitise and reconstruct each file; seconds of digitising per file, and what could not be done."""
    seconds, errors = {}, {}
    for file in files:
        folder = results / Path(file).stem
        begin = time.perf_counter()
        try:
            digitise_to_folder(figures / file, folder)
            seconds[file] = time.perf_counter() - begin
            reconstruct_to_folder(folder, method="guyot", n={}, n_event={}, seed=0)
        except IpdreconError as error:
            seconds.setdefault(file, time.perf_counter() - begin)
            errors[file] = f"{type(error).__name__}: {error}"
        print(f"{file}  {seconds[file]:.1f} s  {errors.get(file, '')}", file=sys.stderr, flush=True)
    return seconds, errors


def scored(figures, results, scorer, only):
    """Rows and summary as the scorer gives them, raster entries only."""
    out = results / "score.json"
    subprocess.run([sys.executable, str(scorer), str(figures), str(results), "--json", str(out), "--only", only], check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text())["rows"]


def mean(values):
    return round(sum(values) / len(values), 4) if values else None


def quantile(values, q):
    return round(values[min(int(q * len(values)), len(values) - 1)], 5) if values else None


def cell(value):
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def summary(rows):
    """The figures the project is judged by, over panels whose curves are known."""
    judged = [row for row in rows if row["truth"] in ("exact", "vector")]
    iae = sorted(row["iae"] for row in judged if row.get("iae") is not None)
    return {
        "panels": len(judged),
        "success": mean([bool(row["ok"]) for row in judged]),
        "success_exact": mean([bool(row["ok"]) for row in judged if row["truth"] == "exact"]),
        "silent_failures": mean([bool(row["silent"]) for row in judged]),
        "iae_median": quantile(iae, 0.5),
        "iae_p90": quantile(iae, 0.9),
        "at_risk_right": mean([row["at_risk"] for row in rows if row.get("at_risk") is not None]),
        "names_right": mean([row["names"] for row in judged if row.get("names") is not None]),
        "log_hr_error_median": quantile(sorted(row["log_hr_error"] for row in judged if row.get("log_hr_error") is not None), 0.5),
        "seconds_median": quantile(sorted(row["seconds"] for row in rows), 0.5),
    }


def table(rows, result):
    """The scoreboard as Markdown."""
    lines = ["# Practice figures, raster", "", "Made by `benchmarks/practice_figures.py`; no option given to the reader.", ""]
    lines += [f"- {key}: {value}" for key, value in result.items()]
    lines += ["", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(cell(row.get(column)) for column in COLUMNS) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main():
    figures, scorer = Path(sys.argv[1]), Path(sys.argv[2])
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    entries = [entry for entry in json.loads((figures / "index.json").read_text()) if only in entry["name"]]
    raster = [entry for entry in entries if not entry["file"].endswith((".svg", ".pdf"))]
    with tempfile.TemporaryDirectory() as scratch:
        seconds, errors = read_figures(figures, dict.fromkeys(entry["file"] for entry in raster), Path(scratch))
        kept = {entry["name"]: entry["file"] for entry in raster}
        rows = [row for row in scored(figures, Path(scratch), scorer, only) if row["name"] in kept]
    for row in rows:
        row["seconds"] = round(seconds[kept[row["name"]]], 1)
        row["why"] = row["why"] or errors.get(kept[row["name"]], "")
    result = summary(rows)
    (HERE / "practice_figures.json").write_text(json.dumps({"summary": result, "rows": rows}, indent=1) + "\n")
    (HERE / "practice_figures.md").write_text(table(rows, result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
