"""Draw Kaplan-Meier figures with the programs that people use, so that curves, numbers at risk and patients are known.

    python benchmarks/program_figures.py OUT [--only TEXT] [--python PYTHON] [--vector [DEVICE]]

OUT gets ``index.json``, ``images/`` and ``truth/`` in the format of the practice figures, and ``versions.json`` with the
versions of everything that drew. The data are those the packages bring along (lung, colon, veteran, pbc, mgus2, …). Needs
R with survival, survminer, ggplot2, patchwork, prodlim, rms, cmprsk, KMsurv and jsonlite, and a Python (this one, or
``--python``) with lifelines, scikit-survival and kaplanmeier. The same versions draw the same figures.

``--vector`` writes them as vector files: R through pdf, cairo_pdf, svg and svglite by turns (needs svglite), Python through
matplotlib's SVG and PDF; with the name of a device, all of R's through that, and Python's in its format. The index then tells
also ``text`` (text or outlines), ``simplified`` (whether matplotlib left out steps of a curve) and ``device``.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
R_SCRIPTS = ("survminer_figures", "base_figures", "model_figures", "ggplot_figures")
PYTHON_SCRIPTS = ("python_figures",)


DEVICES = ("pdf", "cairo_pdf", "svg", "svglite")
RASTER, TURNS = "raster", "turns"


def run(command):
    print(" ".join(map(str, command)), file=sys.stderr)
    path = {"PYTHONPATH": str(PROGRAMS.parent)}
    subprocess.run(command, check=True, cwd=PROGRAMS, stderr=subprocess.DEVNULL, env=os.environ | path)


def undate(folder):
    """Blot out the dates that R's devices write into their PDFs."""
    for file in folder.glob("*.pdf"):
        dated = file.read_bytes()
        file.write_bytes(re.sub(rb"(?<=Date \(D:)[0-9]+", lambda found: b"0" * len(found[0]), dated))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--vector", choices=(TURNS, *DEVICES), nargs="?", const=TURNS, default=RASTER)
    return parser.parse_args()


def python_device(device):
    """What matplotlib calls the device of R."""
    return device.removeprefix("cairo_").removesuffix("lite")


def main():
    given = arguments()
    out = given.out.resolve()
    for folder in ("images", "truth"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for script in R_SCRIPTS:
        run(["Rscript", f"{script}.R", out, given.only, given.vector])
    for script in PYTHON_SCRIPTS:
        run([given.python, f"{script}.py", out, given.only, python_device(given.vector)])
    undate(out / "images")
    parts = [out / f"{script}.json" for script in R_SCRIPTS + PYTHON_SCRIPTS]
    read = [json.loads(part.read_text()) for part in parts]
    entries = [entry for part in read for entry in part["entries"]]
    versions = {name: number for part in read for name, number in part["versions"].items()}
    (out / "index.json").write_text(json.dumps(sorted(entries, key=lambda entry: entry["name"]), indent=1) + "\n")
    (out / "versions.json").write_text(json.dumps(dict(sorted(versions.items())), indent=1) + "\n")
    for part in parts:
        part.unlink()


if __name__ == "__main__":
    main()
