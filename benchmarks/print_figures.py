"""Draw Kaplan-Meier figures as they stand in print, with their truth: what programs' looks alone do not show.

    python benchmarks/print_figures.py OUT [--count 60] [--seed 31] [--only 12]

OUT gets ``index.json``, ``images/`` and ``truth/`` in the format of the practice figures. Pages of two to six panels with
tables of their own, an inset on a vertical axis that is cut, small pictures of SAS, Stata and SPSS, MATLAB's, black lines
told apart by dash alone, rising curves with events in brackets, tables off the ticks whose last number the margin cuts;
PNG and JPEG, many blurred, scanned or resized. The n-th figure depends on the seed and on n alone.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from drawn.page import fonts, picture, save
from drawn.table import printed_numbers
from drawn.truth import mark_rows, write_truth
from looks.look import style_of
from looks.page import draw_page
from looks.panel import draw_look
from looks.print import PRINT
from matplotlib import rc_context

CUT_TABLE = 0.4


def trimmed(px, figure, panel, style):
    """The picture without its right margin, which took half of the last number of the table with it."""
    ground = px[0, 0].astype(int)
    inked = np.flatnonzero((np.abs(px.astype(int) - ground).sum(axis=2) > 60).any(axis=0))
    digit = 0.55 * 0.95 * style.font_size * len(str(panel.arms[0].n_risk(style.x_end))) / 72 / figure.get_figwidth()
    return px[:, : inked[-1] + 1 - max(int(digit * px.shape[1] / 2), 2)]


def make(out, seed, index):
    """Draw the figure of a number and write its truth; its entries in the index, one per panel."""
    look, rng = PRINT[index % len(PRINT)], np.random.default_rng([seed, index, 2])
    style = style_of(look, rng)
    name = f"n{seed}_{index:03d}_{look.name}"
    file = f"{name}.{'jpg' if style.jpeg else 'png'}"
    with fonts(style), rc_context(look.settings):
        figure, panels = draw_page(look, style, rng) if look.name == "page" else draw_look(look, style, rng)
        px = picture(figure, style)
    last = None
    if look.name == "off_ticks" and style.table_times != "half" and rng.uniform() < CUT_TABLE:
        px, last = trimmed(px, figure, panels[0], style), style.x_end
    save(px, out / "images" / file, style)
    entries = []
    for k, panel in enumerate(panels):
        letter = "ABCDEF"[k] if len(panels) > 1 else None
        numbers = [row for row in printed_numbers(panel) or [] if row[1] != last]
        truth = {"panel": letter, "numbers": numbers, "marks": mark_rows([panel]), "style": panel.style.words()}
        full = f"{name}__{letter}" if letter else name
        entries.append(write_truth(out, full, file, panel.arms, x_max=panel.axes.get_xlim()[1], **truth) | {"look": look.name, "format": file[-3:]})
    return entries


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    for folder in ("images", "truth"):
        (given.out / folder).mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(given.count) if given.only is None else [given.only]:
        entries += make(given.out, given.seed, index)
        print(entries[-1]["file"], file=sys.stderr, flush=True)
    (given.out / "index.json").write_text(json.dumps(entries, indent=1) + "\n")


if __name__ == "__main__":
    main()
