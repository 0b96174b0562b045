"""What a scoreboard says of panels that were scored: the sum of all, and how each element of style fared."""

import numpy as np

JUDGED = ("exact", "vector")
COLUMNS = ("name", "truth", "arms", "ok", "silent", "why", "iae", "worst", "names", "at_risk", "log_hr_error", "seconds", "cpu_seconds")
ELEMENTS = ("element", "panels", "success", "iae_median", "at_risk", "names")
LOOKS = (
    "arms", "course", "panels", "facets", "palette", "dashes", "marks", "interval", "grid", "frame", "origin", "reference",
    "scale", "span", "cropped", "legend", "text", "ground", "y_format", "x_format", "minor", "font", "table",
)  # fmt: skip
LOOKS_OF_TABLE = ("row_names", "counts", "table_times")
WEAR = ("jpeg", "blur", "skew", "noise")
NARROW_PX = 600
# what would show as nothing, were it shown with four decimals
LEAST_SHOWN = 5e-5


def mean(values):
    return round(sum(values) / len(values), 4) if values else None


def quantile(values, q):
    """Value below which a share `q` of the values lies, interpolated as the scorer does."""
    return round(float(np.quantile(values, q)), 5) if values else None


def known(rows, column):
    return [row[column] for row in rows if row.get(column) is not None]


def summarise(rows, *, peak_mb):
    """The figures the project is judged by, over panels whose curves are known."""
    judged = [row for row in rows if row["truth"] in JUDGED]
    iae = known(judged, "iae")
    return {
        "panels": len(judged),
        "success": mean([bool(row["ok"]) for row in judged]),
        "success_exact": mean([bool(row["ok"]) for row in judged if row["truth"] == "exact"]),
        "silent_failures": mean([bool(row["silent"]) for row in judged]),
        "iae_median": quantile(iae, 0.5),
        "iae_p90": quantile(iae, 0.9),
        "at_risk_right": mean(known(rows, "at_risk")),
        "names_right": mean(known(judged, "names")),
        "log_hr_error_median": quantile(known(judged, "log_hr_error"), 0.5),
        "seconds_median": quantile(known(rows, "seconds"), 0.5),
        "cpu_seconds_median": quantile(known(rows, "cpu_seconds"), 0.5),
        "peak_memory_mb": peak_mb,
    }


def carried(entry):
    """The words of a vector figure's file: what wrote it, and how it is carried."""
    words = [f"{key}: {value}" for key, value in (entry.get("carrier") or {}).items() if key not in ("pages", "scan_dpi")]
    return words + [f"{key}: {entry[key]}" for key in ("device", "way", "simplified") if entry.get(key) is not None]


def elements(entry):
    """The words a panel is counted under: the looks it was drawn with, or its tags; a trap has none of its style's looks."""
    style = entry.get("style")
    if entry["trap"] or not style:
        return ["trap"] * bool(entry["trap"]) + [tag for tag in entry["tags"].split(",") if tag] + carried(entry)
    looks = LOOKS + (LOOKS_OF_TABLE if style["table"] != "none" else ())
    words = [f"{look}: {style[look]}" for look in looks]
    words.append("line: " + ("thin" if style["width"] < 1 else "thick" if style["width"] > 2 else "usual"))
    if entry.get("way") == "vector":
        return words + carried(entry)
    narrow = style["inches"] * style["dpi"] * style["resample"] < NARROW_PX
    words.append(f"picture: {'below' if narrow else 'at least'} {NARROW_PX} px wide")
    return words + [f"worn: {wear}" for wear in WEAR if style[wear]] + carried(entry)


def by_element(rows, entries):
    """How the judged panels with each element fared; the least success first, then the more panels."""
    words = {entry["name"]: elements(entry) for entry in entries}
    judged = [row for row in rows if row["truth"] in JUDGED]
    lines = []
    for word in sorted({word for row in judged for word in words[row["name"]]}):
        having = [row for row in judged if word in words[row["name"]]]
        lines.append({
            "element": word, "panels": len(having), "success": mean([bool(row["ok"]) for row in having]),
            "iae_median": quantile(known(having, "iae"), 0.5), "at_risk": mean(known(having, "at_risk")), "names": mean(known(having, "names")),
        })  # fmt: skip
    return sorted(lines, key=lambda line: (line["success"], -line["panels"], line["element"]))


def cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}" if value == 0 or abs(value) >= LEAST_SHOWN else f"{value:.1e}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def grid(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(cell(row.get(column)) for column in columns) + " |" for row in rows]


def side_by_side(parts):
    """Sums of several parts, one column each."""
    keys = dict.fromkeys(key for sums in parts.values() for key in sums)
    return grid(("", *parts), [{"": key} | {name: sums[key] for name, sums in parts.items()} for key in keys])


def page(title, command, summary, lines, rows, *, columns=COLUMNS, parts=None, note=""):
    """The scoreboard as Markdown; `parts` are sums over some of the panels, by name, and a `note` says what set it is."""
    text = [f"# {title}", "", "No option is given to the reader. Made by:", "", *(f"    {line}" for line in command), ""]
    text += [note, ""] if note else []
    text += [f"- {key}: {value}" for key, value in summary.items()]
    text += ["", "## How exact", "", *side_by_side(parts)] if parts else []
    text += ["", "## Panels by element of style", "", *grid(ELEMENTS, lines), "", "## Panels", "", *grid(columns, rows)]
    return "\n".join(text) + "\n"
