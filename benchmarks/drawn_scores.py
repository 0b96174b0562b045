"""Read drawn figures, score them, and count by which elements of style a figure is misread.

    python benchmarks/drawn_figures.py FIGURES --count 60 --seed 1
    python benchmarks/drawn_scores.py FIGURES SCORER [--only TEXT]

No option is given to the reader. Writes ``benchmarks/drawn_figures.json`` (all numbers) and ``.md`` (the tables).
"""

import argparse
import json
import tempfile
from pathlib import Path

from practice_figures import cell, mean, quantile, read_figures, scored, summary

HERE = Path(__file__).parent
COLUMNS = ("name", "arms", "ok", "silent", "why", "iae", "worst", "names", "at_risk", "seconds")
PLAIN = ("arms", "course", "panels", "facets", "palette", "dashes", "marks", "interval", "grid", "frame", "origin", "reference", "scale", "span", "cropped", "legend", "text", "ground")  # fmt: skip
OF_TABLE = ("table", "row_names", "counts", "table_times")
OF_AXES = ("y_format", "x_format", "minor", "font")


def elements(style):
    """The words a figure is counted under."""
    words = [f"{key}: {style[key]}" for key in PLAIN + OF_AXES]
    words += [f"{key}: {style[key]}" for key in OF_TABLE[: 1 if style["table"] == "none" else None]]
    words.append("line: " + ("thin" if style["width"] < 1 else "thick" if style["width"] > 2 else "usual"))
    words.append(
        "width: " + ("below 600 px" if style["inches"] * style["dpi"] * style["resample"] < 600 else "600 px or more")
    )
    words += [f"worn: {key}" for key in ("jpeg", "blur", "skew", "noise") if style[key]]
    return words


def counted(rows, style_of):
    """One line per element: panels, success, errors; the worst success first."""
    lines = []
    for word in sorted({word for row in rows for word in elements(style_of[row["name"]])}):
        having = [row for row in rows if word in elements(style_of[row["name"]])]
        lines.append({
            "element": word, "panels": len(having), "success": mean([bool(row["ok"]) for row in having]),
            "iae_median": quantile(sorted(row["iae"] for row in having if row.get("iae") is not None), 0.5),
            "at_risk": mean([row["at_risk"] for row in having if row.get("at_risk") is not None]),
            "names": mean([row["names"] for row in having if row.get("names") is not None]),
        })  # fmt: skip
    return sorted(lines, key=lambda line: (line["success"], line["element"]))


def markdown(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(cell(row.get(column)) for column in columns) + " |" for row in rows]


def report(rows, result, lines):
    """The scoreboard as Markdown."""
    text = [
        "# Drawn figures",
        "",
        "Made by `benchmarks/drawn_figures.py` and `benchmarks/drawn_scores.py`; no option given to the reader.",
        "",
    ]
    text += [f"- {key}: {value}" for key, value in result.items()]
    text += [
        "",
        "## By element of style",
        "",
        *markdown(tuple(lines[0]), lines),
        "",
        "## By panel",
        "",
        *markdown(COLUMNS, rows),
    ]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path)
    parser.add_argument("scorer", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    entries = [entry for entry in json.loads((given.figures / "index.json").read_text()) if given.only in entry["name"]]
    with tempfile.TemporaryDirectory() as scratch:
        seconds, errors = read_figures(given.figures, dict.fromkeys(entry["file"] for entry in entries), Path(scratch))
        rows = scored(given.figures, Path(scratch), given.scorer, given.only)
    file_of = {entry["name"]: entry["file"] for entry in entries}
    for row in rows:
        row["seconds"] = round(seconds[file_of[row["name"]]], 1)
        row["why"] = row["why"] or errors.get(file_of[row["name"]], "")
    lines = counted(rows, {entry["name"]: entry["style"] for entry in entries})
    result = summary(rows)
    (HERE / "drawn_figures.json").write_text(
        json.dumps({"summary": result, "elements": lines, "rows": rows}, indent=1) + "\n"
    )
    (HERE / "drawn_figures.md").write_text(report(rows, result, lines))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
