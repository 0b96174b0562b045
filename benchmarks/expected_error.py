"""Write the accuracy to expect of each level of information, from scoreboards of the simulated trials.

    python benchmarks/expected_error.py [SCOREBOARD …]

SCOREBOARD is a ``NAME.json`` of ``benchmarks/reconstruction.py``, one for each method; by default ``reconstruction.json``
and ``reconstruction_guyot.json`` beside this file. Writes ``ipdrecon/survival/expected_error.json``: by method, information
and patients per arm the median and the 90th percentile of |log HR - log HR of the true patients|; and the table of it in
``docs/reconstruction.md``. A curve that was read is
judged by pixels and by scan, each quantile by the worse of the two; an exact curve by the exact drops. Guyot's algorithm
does not tell exact curves from others and has no use for censor marks, so all its curves are judged as read ones.
"""

import argparse
import json
import re
from pathlib import Path

from scoreboard import grid

HERE = Path(__file__).parent
SCOREBOARDS = (HERE / "reconstruction.json", HERE / "reconstruction_guyot.json")
EXPECTED = HERE.parent / "ipdrecon" / "survival" / "expected_error.json"
PAGE = HERE.parent / "docs" / "reconstruction.md"
PLACE = re.compile(r"(?<=<!-- accuracy -->\n).*?(?=<!-- end of accuracy -->)", re.DOTALL)
CURVES = {"curve": ("pixel", "scan"), "exact curve": ("exact",)}
KNOWN = {
    "at-risk table": "full",
    "at-risk table + total events": "full-events",
    "n": "zero",
    "n + total events": "zero-events",
    "n + censor marks": "censorings",
}


def cell(sums):
    """The worse of each quantile over settings, and the fewest trials that were rebuilt in one."""
    return {
        "median": max(part["log_hr_median"] for part in sums),
        "p90": max(part["log_hr_p90"] for part in sums),
        "trials": min(part["trials"] - part["failed"] for part in sums),
    }


def levels(kept):
    """Expected errors of one scoreboard by information and patients per arm."""
    by_name = {line["setting"]: line["by_n"] for line in kept["settings"]}
    found = {}
    for curve, modes in CURVES.items():
        for words, table in KNOWN.items():
            parts = [by_name[f"{mode}-{table}"] for mode in modes if f"{mode}-{table}" in by_name]
            if len(parts) == len(modes) and (kept["method"] != "guyot" or curve == "curve"):
                found[f"{curve} + {words}"] = {n: cell([part[n] for part in parts]) for n in parts[0]}
    return found


def expected(scoreboards):
    """What the file holds.

    Parameters
    ----------
    scoreboards : iterable of Path
    """
    kept = [json.loads(path.read_text("utf-8")) for path in scoreboards]
    return {
        "schema_version": 1,
        "made_by": "python benchmarks/expected_error.py",
        "methods": {board["method"]: levels(board) for board in kept},
    }


def accuracy_table(methods):
    """Rows of Markdown: each information of each method, by patients per arm."""
    rows = [
        {"method": method, "information": information} | {f"n = {n}": f"{sums['median']:.4f} / {sums['p90']:.3f}" for n, sums in sizes.items()}
        for method, found in methods.items()
        for information, sizes in found.items()
    ]
    return "\n".join(grid(tuple(rows[0]), rows)) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scoreboard", type=Path, nargs="*", default=SCOREBOARDS)
    kept = expected(parser.parse_args().scoreboard)
    EXPECTED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(PLACE.sub(lambda _: accuracy_table(kept["methods"]), PAGE.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
