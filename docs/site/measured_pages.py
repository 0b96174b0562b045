"""Pages made from what `benchmarks/` measured, from the gallery, and from the citation file."""

import json
import re

from code_pages import table
from site_map import DOCS, ROOT

BENCHMARKS = ROOT / "benchmarks"
SETS = {
    "practice_figures": "figures made to be hard, as pictures",
    "program_figures": "figures of R (base, ggplot2, survminer), lifelines and others, as pictures",
    "drawn_figures": "figures in random styles, traps among them, as pictures",
    "vector_figures": "figures made to be hard, as PDF and SVG",
    "program_vector_figures": "figures of those programs, as PDF and SVG",
    "drawn_vector_figures": "figures in random styles, traps among them, as PDF and SVG",
}
GIVEN = {
    "exact-full": "exact coordinates, numbers at risk",
    "pixel-full": "read from pixels, numbers at risk",
    "scan-full": "a tracer's samples, numbers at risk",
    "pixel-full-events": "read from pixels, numbers at risk, total of events",
    "pixel-zero-events": "read from pixels, patients at the start, total of events",
    "pixel-zero": "read from pixels, patients at the start alone",
}


def record(name):
    """Read what a benchmark wrote; nothing where it has not been run."""
    path = BENCHMARKS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def percent(share):
    """A share in percent."""
    return "–" if share is None else f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def figure_sets():
    """Tell how each set of figures was read."""
    rows = []
    for name, told in SETS.items():
        if found := record(name):
            held = found["summary"]
            seconds = f"{held['cpu_seconds_median']:.1f}" if held.get("cpu_seconds_median") is not None else "–"
            rows.append((
                told, held["panels"], percent(held["success"]), percent(held["silent_failures"]), f"{held['iae_median']:.5f}".rstrip("0"),
                percent(held["at_risk_right"]), percent(held["names_right"]), seconds,
            ))  # fmt: skip
    head = ("set", "panels", "read well", "wrong without a flag", "median error of S", "numbers at risk right", "names right", "processor seconds each")
    return table(head, rows) if rows else "No set of figures has been read yet.\n"


def reconstruction():
    """Tell how near rebuilt hazard ratios come to the true ones, by both methods."""
    found = {method: record(name) for method, name in (("joint", "reconstruction"), ("guyot", "reconstruction_guyot"))}
    by_name = {method: {one["setting"]: one for one in held["settings"]} for method, held in found.items() if held}
    rows = []
    for setting, told in GIVEN.items():
        held = [by_name.get(method, {}).get(setting) for method in ("joint", "guyot")]
        if any(held):
            rows.append((told, *(f"{one['log_hr_median']:.4f} / {one['log_hr_p90']:.3f}" if one else "–" for one in held)))
    return table(("what is known", "`joint`: median / 90th percentile", "`guyot`: the same"), rows) if rows else "Not measured yet.\n"


def seconds(value):
    """A time in the unit that suits it."""
    return "–" if value is None else f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def speed():
    """Tell how long the stratified Cox model takes, beside R and lifelines in the same run."""
    found = record("one_stage_speed")
    if not found:
        return "Not measured yet.\n"
    whole = [one for one in found["results"] if not one["days"]]
    rows = [(f"{one['rows']:,}", *(seconds((one.get(name) or {}).get("seconds")) for name in ("ours", "r", "lifelines"))) for one in whole]
    return table(("patients in 20 trials", "ipdrecon", "R survival", "lifelines"), rows)


def unpaged():
    """Tell the numbers of benchmarks that have no page of their own, here or in `docs/`."""
    parts = []
    for path in sorted(BENCHMARKS.glob("*.json")):
        if path.with_suffix(".md").is_file() or (DOCS / f"{path.stem}.md").is_file():
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        parts += [f"## {path.stem.replace('_', ' ').capitalize()}", "", f"From `benchmarks/{path.name}`.", "", *shown(found), ""]
    return "\n".join(parts)


def shown(found):
    """Show a record: its plain values as one table, each list of records as another."""
    if isinstance(found, list):
        found = {"rows": found}
    plain = [(key.replace("_", " "), value) for key, value in flat(found) if not isinstance(value, list | dict)]
    parts = [table(("what", "measured"), plain)] if plain else []
    for key, value in found.items():
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            head = [name for name in value[0] if not isinstance(value[0][name], list | dict)]
            parts += [f"### {key.replace('_', ' ').capitalize()}", "", table(head, [[row.get(name, "") for name in head] for row in value[:60]])]
    return parts


def flat(found, before=""):
    """Plain values of a record within records, with their way there."""
    for key, value in found.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}, ")
        else:
            yield f"{before}{key}", value


def gallery():
    """Set each figure of the gallery beside its overlay."""
    path = DOCS / "gallery" / "gallery.json"
    parts = []
    for one in json.loads(path.read_text(encoding="utf-8"))["figures"]:
        pair = [f"![{one['title']}: the figure as drawn.](gallery/{one['name']}.webp)", f"![{one['title']}: what was read, drawn upon it.](gallery/{one['name']}_read.webp)"]
        parts += [f"## {one['title']}", "", one["told"], "", "::::{container} pair", pair[0], "", pair[1], "::::", ""]
    return "\n".join(parts)


def output(name):
    """Show what a command said when the tutorial was made."""
    said = (DOCS / "tutorial" / f"{name}.txt").read_text(encoding="utf-8").rstrip()
    return f"```{'console' if said.startswith('$') and '┏' not in said else 'text'}\n{said}\n```"


def citation():
    """Tell the citation as BibTeX and in words, from CITATION.cff."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    said = {key: re.search(rf'(?m)^{key}: "?([^"\n]+)', text).group(1) for key in ("title", "version", "license")}
    author = re.search(r'(?m)^authors:\n  - name: "?([^"\n]+)', text).group(1)
    words = f"> {author}. {said['title']}. Version {said['version']}."
    lines = ["@software{ipdrecon,", f"  author  = {{{{{author}}}}},", f"  title   = {{{said['title']}}},", f"  version = {{{said['version']}}},", f"  license = {{{said['license']}}},", "}"]
    return "\n".join([words, "", "```bibtex", *lines, "```", ""])


def install():
    """Tell how to install: by the page on it where there is one, and by the line of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    line = re.search(r"(?m)^python3 -m venv.*install \..*$", text).group().partition(" && .venv/bin/ipdrecon")[0]
    more = "[Installation](installation.md) tells more.\n" if (DOCS / "installation.md").is_file() else ""
    return f"In the folder you downloaded, on a machine with Python 3.11 or newer:\n\n```\n{line}\n. .venv/bin/activate\n```\n\n{more}"


def headline():
    """Tell the start page's four numbers; each is left out where it has not been measured."""
    said = []
    if found := record("program_figures"):
        held = found["summary"]
        said.append((percent(held["success"]), f"of {held['panels']} figures drawn by R, lifelines and others read well, without any option; {percent(held['silent_failures'])} wrong without a flag"))
    if found := record("program_vector_figures"):
        said.append((percent(found["summary"]["success"]), f"of {found['summary']['panels']} such figures as PDF or SVG read well, from their paths"))
    if found := record("reconstruction"):
        held = {one["setting"]: one for one in found["settings"]}["pixel-full"]
        said.append((f"{100 * held['log_hr_median']:.1f} %", f"median error of the rebuilt hazard ratio in {held['trials']} simulated trials read from pixels, with numbers at risk"))
    said.append(("7 digits", "of agreement with R's metafor in all that both compute; what differs, and why, is listed"))
    facts = [f":::{{container}} fact\n{number}\n\n{what}\n:::" for number, what in said]
    return "\n".join(["::::{container} facts", *facts, "::::", ""])


MAKERS = {
    "install": install, "headline": headline, "figure-sets": figure_sets, "reconstruction": reconstruction, "speed": speed, "unpaged": unpaged, "gallery": gallery, "output": output, "citation": citation,
}  # fmt: skip
