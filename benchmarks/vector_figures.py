"""Read every SVG and PDF of a set with known truth, score it, and keep the scoreboard of what vector figures promise.

    python benchmarks/vector_figures.py FIGURES SCORER [--name vector_figures] [--only TEXT]

FIGURES holds ``index.json`` with the truth: the practice figures, or those that ``drawn_figures.py --format mixed`` or
``program_figures.py --vector`` makes; its pictures are left out. SCORER is the program that compares a folder of figure
folders with the truth. No option is given to the reader. Beside what the scorer says stands how exact the reading is: the
share of drops whose time lies within 0.001 of the time axis and whose survival lies within 0.001, censor marks found and
invented, the way taken, and how far the ticks lie from a straight scale. Panels whose curves lost steps on the way to the
file are counted apart, and so are those that are pictures. Writes ``benchmarks/NAME.json`` and ``NAME.md``.
"""

import json

import numpy as np
from exactness import judge
from practice_figures import VECTOR, arguments, keep, peak_mb, rows_of
from scoreboard import by_element, known, mean, page, quantile, summarise

COLUMNS = (
    "name", "ok", "silent", "why", "way", "way_read", "simplified", "iae", "worst", "drops", "drops_right", "drops_read", "marks",
    "marks_right", "marks_read", "at_risk", "names", "residual_pt", "log_hr_error", "seconds", "cpu_seconds",
)  # fmt: skip
TITLES = {
    "vector_figures": "Practice figures, vector",
    "drawn_vector_figures": "Drawn figures, as SVG and PDF",
    "program_vector_figures": "Vector figures drawn by the programs that people use",
}
DRAWN = {
    "drawn_vector_figures": "python benchmarks/drawn_figures.py FIGURES --format mixed --count 60 --seed 12",
    "program_vector_figures": "python benchmarks/program_figures.py FIGURES --vector",
}


def share(rows, part, whole):
    """Sum of one column over the sum of another, of the rows that have both."""
    having = [row for row in rows if row.get(whole) is not None]
    total = sum(row[whole] for row in having)
    return round(sum(row[part] for row in having) / total, 5) if total else None


def of_all(take, rows, column):
    """One number for all the values of a column, to three digits; None where there are none."""
    values = known(rows, column)
    return float(f"{take(values):.3g}") if values else None


def exactness(rows):
    """What is promised, over some panels."""
    marks_read = share(rows, "marks_right", "marks_read")
    drops_read = share(rows, "drops_right", "drops_read")
    return {
        "panels": len(rows),
        "success": mean([bool(row["ok"]) for row in rows if row["ok"] is not None]),
        "silent_failures": mean([bool(row["silent"]) for row in rows]),
        "iae_mean": of_all(np.mean, rows, "iae"),
        "iae_median": of_all(np.median, rows, "iae"),
        "drops": sum(known(rows, "drops")),
        "drops_right": share(rows, "drops_right", "drops"),
        "drops_invented": None if drops_read is None else round(1 - drops_read, 5),
        "marks": sum(known(rows, "marks")),
        "marks_found": share(rows, "marks_right", "marks"),
        "marks_invented": None if marks_read is None else round(1 - marks_read, 5),
        "at_risk_right": mean(known(rows, "at_risk")),
        "names_right": mean(known(rows, "names")),
        "way_right": mean(known(rows, "way_right")),
        "residual_pt_worst": of_all(np.max, rows, "residual_pt"),
        "seconds_median": quantile(known(rows, "seconds"), 0.5),
        "seconds_worst": quantile(known(rows, "seconds"), 1),
    }


def groups(rows):
    """Panels in vectors, whole and simplified, with text and with outlines, and those that are pictures; traps apart."""
    plain = [row for row in rows if not row["trap"]]
    vector = [row for row in plain if row["way"] == "vector"]
    return {
        "vector, every step in the file": [row for row in vector if not row["simplified"]],
        "vector, simplified": [row for row in vector if row["simplified"]],
        "vector, letters as text": [row for row in vector if row["text"] == "text"],
        "vector, letters as outlines": [row for row in vector if row["text"] == "outlines"],
        "pictures": [row for row in plain if row["way"] == "raster"],
        "traps": [row for row in rows if row["trap"]],
    }


def main():
    given = arguments(__doc__, "vector_figures")
    entries = json.loads((given.figures / "index.json").read_text())
    vector = [entry for entry in entries if given.only in entry["name"] and entry["file"].endswith(VECTOR)]
    rows = rows_of(given, vector, judge)
    summary, lines = summarise(rows, peak_mb=peak_mb()), by_element(rows, vector)
    parts = {name: exactness(chosen) for name, chosen in groups(rows).items() if chosen}
    command = [DRAWN[given.name]] if given.name in DRAWN else []
    command += [f"python benchmarks/vector_figures.py FIGURES SCORER --name {given.name}"]
    kept = {"summary": summary, "exactness": parts, "elements": lines, "rows": rows}
    title = TITLES.get(given.name, given.name)
    keep(given.name, kept, page(title, command, summary, lines, rows, columns=COLUMNS, parts=parts))


if __name__ == "__main__":
    main()
