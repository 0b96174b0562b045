"""Run the commands of the tutorial, and store what they say and draw in `docs/tutorial/`.

Run ``python docs/draw_tutorial.py`` in the checkout (about a minute). The same version of the program gives the same files.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
COLUMNS = 96
# what a reader of the tutorial types of the paper
REPORTED = """\
quantity,arm,reference,time,value,ci_low,ci_high,p
hr,TACE + CRT,TACE,,1.23,0.83,1.82,0.29
median,TACE,,,30,23,35,
median,TACE + CRT,,,22,15.7,26.2,
survival,TACE,,24,61%,,,
survival,TACE + CRT,,24,46%,,,
"""
# name of the stored output, and the command; each must end with 0 or 3
STEPS = (
    ("demo", "ipdrecon demo"),
    ("digitise", "ipdrecon digitise ipdrecon-demo/tacerte/fig5_facsimile.png --out fig5"),
    ("reconstruct", "ipdrecon reconstruct fig5 --draws 50"),
    ("validate", "ipdrecon validate fig5 --reported os.csv"),
    ("rename", 'ipdrecon digitise ipdrecon-demo/tacerte/fig5_facsimile.png --out fig5 --name "TACE + CRT=Combined" --save-edits'),
    ("audit", "ipdrecon audit ipdrecon-demo/tacerte/reported.csv"),
    ("pool", "ipdrecon pool ipdrecon-demo/results/overall-survival/studies.csv --by aetiology --out pooled"),
)
PICTURES = {
    "reconstruct": ("fig5/overlay.png", "fig5/reconstruction.png"),
    "pool": ("ipdrecon-demo/results/overall-survival/forest.png", "ipdrecon-demo/results/overall-survival/sequential.png"),
}
LINES = {"audit": 24, "demo": 40}
WIDEST = 1200


def run(command, folder):
    """Run one command; what it said and its exit status."""
    given = command.replace("ipdrecon ", f'"{sys.executable}" "{ROOT / "cli.py"}" ', 1)
    settings = os.environ | {"COLUMNS": str(COLUMNS), "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    done = subprocess.run(["bash", "-c", given], cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.rstrip(), done.returncode


def keep(path):
    """Store a picture small enough for a page."""
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    picture.save(DOCS / "tutorial" / f"{path.stem}.webp", "WEBP", quality=85, method=6)


def shortened(said, most):
    """Leave out what goes beyond some lines, but for the last."""
    lines = said.splitlines()
    return said if len(lines) <= most + 2 else "\n".join([*lines[:most], "…", lines[-1]])


def main():
    """Run every step and store what came of it."""
    (DOCS / "tutorial").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "os.csv").write_text(REPORTED, encoding="utf-8")
        (DOCS / "tutorial" / "os.txt").write_text(REPORTED, encoding="utf-8")
        for name, command in STEPS:
            said, status = run(command, folder)
            print(f"{command}: {status}\n{said}", file=sys.stderr)
            if status not in (0, 3):
                raise SystemExit(f"{command} ended with {status}; expected 0 or 3")
            text = f"$ {command}\n{shortened(said, LINES.get(name, 60))}\n"
            (DOCS / "tutorial" / f"{name}.txt").write_text(text, encoding="utf-8")
            for picture in PICTURES.get(name, ()):
                keep(folder / picture)


if __name__ == "__main__":
    main()
