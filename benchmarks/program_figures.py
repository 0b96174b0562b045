"""Draw Kaplan-Meier figures with the programs that people use, so that curves, numbers at risk and patients are known.

    python benchmarks/program_figures.py OUT [--only TEXT] [--python PYTHON]

OUT gets ``index.json``, ``images/`` and ``truth/`` in the format of the practice figures, and ``versions.json`` with the
versions of everything that drew. The data are those the packages bring along (lung, colon, veteran, pbc, mgus2, …). Needs
R with survival, survminer, ggplot2, patchwork, prodlim, rms, cmprsk, KMsurv and jsonlite, and a Python (this one, or
``--python``) with lifelines, scikit-survival and kaplanmeier. The same versions draw the same figures.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
R_SCRIPTS = ("survminer_figures", "base_figures", "model_figures", "ggplot_figures")
PYTHON_SCRIPTS = ("python_figures",)


def run(command):
    print(" ".join(map(str, command)), file=sys.stderr)
    subprocess.run(command, check=True, cwd=PROGRAMS, stderr=subprocess.DEVNULL)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--python", default=sys.executable)
    return parser.parse_args()


def main():
    given = arguments()
    out = given.out.resolve()
    for folder in ("images", "truth"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for script in R_SCRIPTS:
        run(["Rscript", f"{script}.R", out, given.only])
    for script in PYTHON_SCRIPTS:
        run([given.python, f"{script}.py", out, given.only])
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
