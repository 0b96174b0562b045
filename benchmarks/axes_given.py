"""Time the reading of pictures whose axes are given, without reading text: the tracing of curves alone.

    python benchmarks/axes_given.py FIGURES [--name axes_given]

Each raster figure of FIGURES with one panel is read twice: first as it is, for the ranges of its axes, then with these given
and OCR off, which is what is timed (the best of three). Figures whose axis lines are not drawn need ``--box`` there and are
listed without a time. Writes ``benchmarks/NAME.md``.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from ipdrecon import digitise
from ipdrecon.errors import IpdreconError
from ipdrecon.figure.digitisation import DigitiseSettings

HERE = Path(__file__).parent
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
TIMES = 3


def ends(axis):
    """Values at the first and the last tick used."""
    values = axis.tick_value[axis.used]
    return float(values.min()), float(values.max())


def seconds_of(path):
    """Seconds for one figure with its axes given; None where it has not one panel, text where it cannot be read so."""
    try:
        panels = digitise(path).panels
    except IpdreconError:
        return None
    if len(panels) != 1 or panels[0].facets:
        return None
    given = {"x_range": ends(panels[0].calibration.time), "y_range": ends(panels[0].calibration.vertical)}
    taken = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        try:
            digitise(path, **given, settings=DigitiseSettings(ocr=False))
        except IpdreconError as error:
            return f"{type(error).__name__}: its axis lines are not drawn"
        taken.append(time.perf_counter() - begin)
    return min(taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--name", default="axes_given")
    given = parser.parse_args()
    files = dict.fromkeys(entry["file"] for entry in json.loads((given.figures / "index.json").read_text()))
    rows = {file: seconds_of(given.figures / file) for file in files if file.lower().endswith(PICTURES)}
    times = [value for value in rows.values() if isinstance(value, float)]
    lines = [
        "# Axes given, OCR off",
        "",
        "Made by:",
        "",
        f"    python benchmarks/axes_given.py FIGURES --name {given.name}",
        "",
        f"- figures: {len(times)}",
        f"- seconds_median: {statistics.median(times):.2f}",
        f"- seconds_worst: {max(times):.2f}",
        "",
        "| figure | seconds |",
        "|---|---|",
        *(f"| {Path(file).stem} | {value:.2f} |" if isinstance(value, float) else f"| {Path(file).stem} | {value} |" for file, value in rows.items() if value is not None),
    ]
    (HERE / f"{given.name}.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines[6:9]))


if __name__ == "__main__":
    main()
