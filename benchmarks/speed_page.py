"""The pages of speed, written from the numbers that `speed.py` keeps."""

import json
import statistics
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "speed.md"
OPEN, CLOSE = "<!-- numbers: {} -->", "<!-- end -->"
PARTS = ("decode", "finding text", "recognising text", "plots", "axes", "table", "curves and files")
# Quoted, not measured here: medians of runs of these programs on two cores, on simulated trials and on figures of their own sets.
QUOTED_ARM_MS = {"IPDfromKM 0.1.10": 87, "reconstructKM 0.3.0": 61, "kmdata 1.0.1": 4.1, "Guyot's R code (survivalnma)": 3.3}


def grid(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def median(figures, part):
    """Median seconds of a part over figures; what the models take is shown apart from the step it falls in."""
    values = []
    for figure in figures.values():
        values.append(figure.get(part, figure["steps"].get(part, 0.0)))
    return statistics.median(values)


def figures_table(kept):
    after, before = kept["after"]["figures"], kept["before"] and kept["before"]["figures"]
    header = ("seconds of processor time, median", "this version", *(("an early version", "ratio") if before else ()))
    rows = []
    for part in (*PARTS, "total"):
        now = median(after, part)
        row = [part, f"{now:.2f}"]
        if before:
            then = median(before, part)
            row += [f"{then:.2f}", f"{now / then:.2f}" if then >= 0.005 else "–"]
        rows.append(row)
    text = grid(header, rows)
    if before:
        ratio = statistics.median(after[name]["total"] / before[name]["total"] for name in after)
        text += f"\n\nMedian over {len(after)} figures of each one's ratio, this version to the early one: **{ratio:.2f}**."
    traced = [value for value in kept["axes_given"].values() if value is not None]
    text += f"\nWith axes given and no text read: median {statistics.median(traced):.2f} s, worst {max(traced):.2f} s, of {len(traced)} figures that have one panel with drawn axis lines."
    peaks = [f"{kept[when]['peak_mb']} MB{words}" for when, words in (("after", ""), ("before", " by the early version")) if kept[when]]
    return text + f"\nMost memory held by the process: {', '.join(peaks)}. Loading libraries and models, once in a process: {kept['after']['start']:.1f} s.\n"


def each_figure_table(kept):
    rows = []
    for name, now in kept["after"]["figures"].items():
        then = kept["before"]["figures"][name]["total"] if kept["before"] else None
        given = kept["axes_given"].get(name)
        rows.append((
            name, f"{now['width']} × {now['height']}", str(now["lines"]), f"{now['total']:.2f}", f"{then:.2f}" if then else "–",
            f"{now['total'] / then:.2f}" if then else "–", f"{given:.2f}" if given else "–",
        ))  # fmt: skip
    return grid(("figure", "px", "lines recognised", "this version", "an early version", "ratio", "axes given, no text"), rows)


def pixels_table(rows):
    lines = [(f"{row['width']} × {row['height']}", f"{row['total']:.2f}", "–" if row["axes_given"] is None else f"{row['axes_given']:.2f}") for row in rows]
    return grid(("px", "seconds", "axes given, no text"), lines)


def patients_table(kept):
    sizes = list(kept["joint"])
    rows = [(f"`--method {method}`", *(f"{kept[method][size]:.1f}" for size in sizes), f"{1000 / statistics.median(kept[method].values()):.0f}") for method in kept]
    text = grid(("ms per arm", *(f"{size} patients" for size in sizes), "arms per second, median size"), rows)
    quoted = ", ".join(f"{name} {value:g}" for name, value in QUOTED_ARM_MS.items())
    return text + f"\n\nQuoted, not measured in this run (ms per arm, median over the same sizes): {quoted}."


def models_table(rows):
    lines, peers = [], ("lifelines", "r")
    for work, words in (("cox", "hazard ratio with test of proportionality"), ("logrank", "log-rank"), ("kaplan_meier", "Kaplan-Meier")):
        for row in rows:
            ours = row["ours"][work]
            theirs = [row[peer] and row[peer][work] for peer in peers]
            shown = [f"{value:.1f} ({value / ours:.0f} ×)" if value else "–" for value in theirs]
            lines.append((words, f"{row['patients']:,}", f"{ours:.2f}", *shown))
    versions = next((row["r"]["versions"] for row in rows if row["r"]), None)
    name = f"R {versions['R']}, survival {versions['survival']}" if versions else "R (not found)"
    return grid(("ms of processor time", "patients", "ours", "lifelines", name), lines)


def pooling_table(rows):
    lines = [
        (f"{row['k']:,}", f"{row['ours']:.2f}", f"{row['metafor']:.1f}" if row["metafor"] else "–", f"{row['metafor'] / row['ours']:.0f} ×" if row["metafor"] else "–")
        for row in rows
    ]
    versions = next((row["versions"] for row in rows if row["versions"]), "metafor (not found)")
    return grid(("studies", "ours, ms", f"{versions}, ms", "ratio"), lines)


def start_table(kept):
    return grid(("processor seconds", ""), [("`ipdrecon --help`" if name == "help" else f"`{name}`", f"{value:.2f}") for name, value in kept.items()])


def batch_table(kept):
    return (
        f"Figures per minute by the clock, from picture to patients: {kept['per_minute_1']:g} with one process, {kept['per_minute_2']:g} with two "
        f"({kept['per_minute_2'] / kept['per_minute_1']:.1f} ×), on {kept['processors']} processors with a load of {kept['load_before']:g} from other work at the start."
    )


BLOCKS = {
    "figures": figures_table, "pixels": pixels_table, "batch": batch_table, "patients": patients_table,
    "models": models_table, "pooling": pooling_table, "start": start_table,
}  # fmt: skip
TITLES = {
    "figures": "A figure, by part", "pixels": "With pixels", "batch": "Many figures", "patients": "Patients of an arm, with their number",
    "models": "Models of patients", "pooling": "Pooling, with the number of studies", "start": "Start-up",
}  # fmt: skip


def filled(text, blocks):
    """A page with the text between its marks replaced."""
    for name, block in blocks.items():
        mark = OPEN.format(name)
        if mark in text:
            head, _, rest = text.partition(mark)
            text = f"{head}{mark}\n\n{block.strip()}\n\n{CLOSE}{rest.partition(CLOSE)[2]}"
    return text


def write_pages(result):
    """Write ``speed.md`` and fill ``docs/speed.md``; give the first."""
    blocks = {name: write(result[name]) for name, write in BLOCKS.items() if name in result}
    parts = [f"## {TITLES[name]}\n\n{block.strip()}\n" for name, block in blocks.items()]
    if "figures" in result:
        parts.insert(1, f"## Each figure\n\n{each_figure_table(result['figures'])}\n")
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    text = "\n".join(["# Speed\n", "Made by `python benchmarks/speed.py`; processor time unless said otherwise.\n", *parts, f"Versions: {versions}.\n"])
    (HERE / "speed.md").write_text(text, encoding="utf-8")
    if DOCS.exists():
        DOCS.write_text(filled(DOCS.read_text(encoding="utf-8"), blocks), encoding="utf-8")
    return text


if __name__ == "__main__":
    print(write_pages(json.loads((HERE / "speed.json").read_text())))
