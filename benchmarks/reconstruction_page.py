"""The scoreboard of the reconstruction: ours beside the targets, the floor and what other programs reach."""

from scoreboard import grid

FLOOR_EXACT, FLOOR_TABLE = (0.0014, 0.014), (0.0050, 0.022)
# setting: (what is given, median and 90th percentile of the best peer, of the floor, our target)
TARGETS = {
    "exact-full": ("exact curve + table", (0.0097, 0.062), FLOOR_EXACT, (0.0020, 0.020)),
    "pixel-full": ("pixel curve + table", (0.0114, 0.062), FLOOR_TABLE, (0.0060, 0.032)),
    "scan-full": ("scanned curve + table", (0.0069, 0.039), FLOOR_TABLE, (0.0052, 0.026)),
    "exact-zero": ("exact curve + n alone", (0.041, 0.26), FLOOR_EXACT, (0.0030, 0.030)),
    "pixel-zero": ("pixel curve + n alone", (0.041, 0.27), None, (0.025, 0.15)),
    "scan-zero": ("scanned curve + n alone", (0.038, 0.21), None, (0.020, 0.12)),
    "pixel-zero-events": ("pixel curve + n + total events", (0.0166, 0.080), None, (0.010, 0.055)),
    "scan-zero-events": ("scanned curve + n + total events", (0.0153, 0.072), None, (0.010, 0.055)),
    "exact-censorings": ("exact curve + n + all censoring times", (0.0018, 0.017), (0.0, 0.0), (0.0005, 0.005)),
}
MS_TARGET = {"joint": 20.0, "guyot": 1.5}
MS_CENSORINGS = 50.0
PEERS = ("IPDfromKM 0.1.10", "kmdata 1.0.1", "reconstructKM 0.3.0", "Guyot's R code (survivalnma)")
PEERS_REACH = {
    "exact-full": ("0.0097 / 0.079", "0.0127 / 0.147", "0.0111 / 0.062", "0.0116 / 0.142"),
    "pixel-full": ("0.0126 / 0.084", "0.0120 / 0.136", "0.0114 / 0.062", "0.0114 / 0.129"),
    "scan-full": ("0.0069 / 0.039", "0.0090 / 0.056", "0.0106 / 0.058", "0.0073 / 0.041"),
    "exact-zero": ("0.046 / 0.29", "fails", "fails", "0.041 / 0.26"),
    "pixel-zero": ("0.047 / 0.29", "fails", "fails", "0.041 / 0.27"),
    "scan-zero": ("0.038 / 0.21", "fails", "fails", "0.038 / 0.21"),
    "exact-full-events": ("0.0097 / 0.079", "0.0128 / 0.146", "", "0.0097 / 0.127"),
    "exact-zero-events": ("0.0146 / 0.078", "", "", ""),
    "pixel-zero-events": ("0.0166 / 0.084", "", "", ""),
    "scan-zero-events": ("0.0153 / 0.072", "", "", ""),
}
PEERS_FAIL = ("0", "4-10", "1", "4-11 (errors and hangs)")
PEERS_MS = ("87", "4.1", "61", "3.3")
PEERS_BY_N = {"30": 0.042, "60": 0.019, "150": 0.010, "400": 0.0049, "1000": 0.0026}
SUMS = ("setting", "trials", "failed", "log_hr_median", "log_hr_p90", "log_hr_bias", "events_median", "events_p90", "survival_mean", "ms_median")


def pair(numbers):
    return "" if numbers is None or None in numbers else f"{numbers[0]:.4f} / {numbers[1]:.3f}"


def reached(line):
    return (line["log_hr_median"], line["log_hr_p90"])


def target_rows(lines):
    """Ours against each target; met only where both quantiles are and nothing failed."""
    rows = []
    for name, (what, peer, floor, target) in TARGETS.items():
        line = lines.get(name)
        if line is None or None in reached(line):
            continue
        met = not line["failed"] and all(mine <= most for mine, most in zip(reached(line), target, strict=True))
        rows.append({
            "given": what, "best peer": pair(peer), "floor": pair(floor), "target": pair(target), "ipdrecon": pair(reached(line)),
            "failed": line["failed"], "met": "yes" if met else "no",
        })  # fmt: skip
    return rows


def time_rows(lines, method):
    """Median milliseconds per arm against their targets."""
    plain = [line for name, line in lines.items() if name != "exact-censorings" and line["ms_median"] is not None]
    parts = {"slowest of the settings with numbers at risk": (max((line["ms_median"] for line in plain), default=None), MS_TARGET.get(method))}
    if "exact-censorings" in lines:
        parts["all censoring times given"] = (lines["exact-censorings"]["ms_median"], MS_CENSORINGS)
    return [{"": what, "target": most, "ms per arm": ms, "met": "yes" if ms <= most else "no"} for what, (ms, most) in parts.items() if ms is not None and most]


def total_rows(lines):
    """Whether knowing the total of events ever makes it worse."""
    rows = []
    for name, line in lines.items():
        more = lines.get(f"{name}-events")
        if more is None or None in (*reached(line), *reached(more)):
            continue
        worse = any(after > before for before, after in zip(reached(line), reached(more), strict=True))
        rows.append({"setting": name, "total unknown": pair(reached(line)), "total known": pair(reached(more)), "worse": "yes" if worse else "no"})
    return rows


def peer_rows(lines):
    rows = []
    for name, figures in PEERS_REACH.items():
        mine = pair(reached(lines[name])) if name in lines else ""
        rows.append({"setting": name} | dict(zip(PEERS, figures, strict=True)) | {"ipdrecon": mine})
    failed = [100 * line["failed"] / line["trials"] for line in lines.values()]
    times = [line["ms_median"] for line in lines.values() if line["ms_median"] is not None]
    rows.append({"setting": "failures, %"} | dict(zip(PEERS, PEERS_FAIL, strict=True)) | {"ipdrecon": f"{min(failed):.1f}-{max(failed):.1f}"})
    rows.append({"setting": "ms per arm"} | dict(zip(PEERS, PEERS_MS, strict=True)) | {"ipdrecon": f"{min(times):.1f}-{max(times):.1f}"})
    return rows


def size_rows(lines):
    """Median error, 90th percentile and time by patients per arm."""
    return [
        {"setting": name} | {f"n = {n}": pair(reached(sums)) + ("" if sums["ms_median"] is None else f", {sums['ms_median']:.1f} ms") for n, sums in line["by_n"].items()}
        for name, line in lines.items()
    ]  # fmt: skip


def coverage_rows(lines):
    """Share of trials whose 95 % interval holds the true log hazard ratio."""
    columns = ("sd_median", "held", "held_quantiles")
    return [
        {"setting": name} | {column: line[column] for column in columns} | {f"n = {n}": sums.get("held") for n, sums in line["by_n"].items()}
        for name, line in lines.items()
        if "held" in line
    ]


def table(rows):
    return grid(tuple(rows[0]), rows) if rows else ["Not run."]


def published_text(published):
    parts = [{"targets": name} | published[name] for name in ("all", "likely right")]
    left = [row for row in published["rows"] if row["likely_wrong"]]
    worst = sorted((row for row in published["rows"] if "gap" in row), key=lambda row: -row["gap"])[:10]
    return [
        "", "## Published comparisons", "",
        "|log(rebuilt / reported hazard ratio)| from curve and table; `source` is what the patients of the collection's own authors",
        f"give. Left out as likely wrong at the source: {', '.join(row['name'] for row in left) or 'none'}.", "",
        *table(parts), "", "Farthest:", "", *grid(("name", "gap", "source_gap"), worst),
    ]  # fmt: skip


def command(given):
    options = f" --method {given.method}" + (f" --draws {given.draws}" if given.draws else "")
    options += f" --settings {given.settings}" if given.settings else ""
    return f"    python benchmarks/reconstruction.py{' PUBLISHED' if given.published else ''}{options} --cases {given.cases} --name {given.name}"


def page(kept, given):
    """The scoreboard as Markdown."""
    lines = {line["setting"]: line for line in kept["settings"]}
    text = [
        f"# Patients from curves, method {kept['method']}", "",
        "Two-arm trials with known patients. |log HR - log HR of the true patients|, median / 90th percentile. Made by:", "", command(given), "",
        "Floor: the error that is left where the true events are known and the censorings of each interval are spread evenly (with a",
        "table), or the number at risk is known at every event (exact drops). Settings that begin with visits: events are seen every",
        "two months.", "", *table(target_rows(lines)), "",
        *table(time_rows(lines, kept["method"])), "", "## Every setting", "", *grid(SUMS, list(lines.values())),
        "", "## With and without the total of events", "", *table(total_rows(lines)),
        "", "## Beside other programs", "", "Their numbers were measured on the same trials.", "", *table(peer_rows(lines)),
        "", "## By patients per arm", "", *table(size_rows(lines)), "",
        "IPDfromKM, full table, all modes: " + ", ".join(f"{error} at n = {n}" for n, error in PEERS_BY_N.items()) + ".",
    ]  # fmt: skip
    if kept["draws"]:
        text += ["", "## What the draws hold", "", f"Share of trials whose 95 % interval from {kept['draws']} draws holds the true patients' log HR: `held` is the", "estimate +/- 1.96 standard deviations, `held_quantiles` the 2.5 % to 97.5 % quantiles; by n as `held`. Target 0.90 to 0.98.", "", *table(coverage_rows(lines))]
    if kept["published"]:
        text += published_text(kept["published"])
    if kept["failures"]:
        text += ["", "## Failures", "", *grid(("case", "n", "setting", "why"), kept["failures"])]
    return "\n".join(text) + "\n"
