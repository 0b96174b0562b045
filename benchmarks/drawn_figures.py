"""Draw random Kaplan-Meier figures whose curves, numbers at risk and patients are known exactly.

    python benchmarks/drawn_figures.py OUT [--count 60] [--seed 1] [--only 12]

OUT gets ``index.json``, ``images/`` and ``truth/`` in the format of the practice figures, so that whatever scores those
scores these. The n-th figure depends on the seed and on n alone; ``--only`` draws one again.
Every fifteenth is a trap: no plain Kaplan-Meier plot. ``--traps`` draws nothing else.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from drawn.names import choose_names
from drawn.page import choose_arms, draw_figure, fonts, picture, save
from drawn.style import choose_style
from drawn.table import printed_numbers
from drawn.traps import MIXED, TRAPS, draw_trap
from drawn.truth import write_truth
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

EACH_TRAP = 15


def entries_of(out, name, file, panels, style):
    """Write the truth of all panels; facets of one arm each are one panel."""
    words = style.words()
    if style.facets:
        arms = [arm for panel in panels for arm in panel.arms]
        return [
            write_truth(
                out, name, file, arms, panel=None, numbers=None, style=words, x_max=panels[0].axes.get_xlim()[1]
            )
        ]
    entries = []
    for k, panel in enumerate(panels):
        letter = None if style.panels == 1 else "ABCDEF"[k] if style.letters else str(k + 1)
        full = name if letter is None else f"{name}__{letter}"
        entries.append(
            write_truth(
                out,
                full,
                file,
                panel.arms,
                panel=letter,
                numbers=printed_numbers(panel),
                style=words,
                x_max=panel.axes.get_xlim()[1],
            )
        )
    return entries


def make(out, seed, index):
    """Draw one figure and write its truth."""
    rng = np.random.default_rng([seed, index])
    style, name = choose_style(rng), f"d{seed}_{index:03d}"
    file = f"{name}.{'jpg' if style.jpeg else 'png'}"
    with fonts(style):
        figure, panels = draw_figure(style, rng)
        save(picture(figure, style), out / "images" / file, style)
    return entries_of(out, name, file, panels, style)


def make_trap(out, seed, index, turn):
    """Draw a figure that is no Kaplan-Meier plot; the kinds take turns."""
    rng = np.random.default_rng([seed, index])
    kind, name = TRAPS[turn % len(TRAPS)], f"d{seed}_{index:03d}"
    style = choose_style(rng)
    words = style.words() | {
        "arms": 2,
        "panels": 1,
        "span": "whole",
        "jpeg": 0,
        "facets": False,
        "size": int(rng.integers(60, 300)),
        "grid": "none" if style.grid == "white" else style.grid,
        "table": "none",
        "interval": "none",
        "dashes": False,
        "palette": "tab10" if style.palette in ("greys", "black") else style.palette,
    }
    style = type(style)(**words)
    arms = choose_arms(style, rng, choose_names(rng, 2))
    figure = Figure(figsize=(11 if kind == MIXED else 6, 4.2))
    FigureCanvasAgg(figure)
    with fonts(style):
        draw_trap(kind, figure, arms, style, rng)
        save(picture(figure, style), out / "images" / f"{name}.png", style)
    return [write_truth(out, name, f"{name}.png", arms, panel=None, numbers=None, style=None, x_max=None, trap=kind)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--traps", action="store_true")
    given = parser.parse_args()
    for folder in ("images", "truth"):
        (given.out / folder).mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(given.count) if given.only is None else [given.only]:
        if given.traps or index % EACH_TRAP == EACH_TRAP - 1:
            entries += make_trap(given.out, given.seed, index, index if given.traps else index // EACH_TRAP)
        else:
            entries += make(given.out, given.seed, index)
        print(entries[-1]["file"], file=sys.stderr)
    (given.out / "index.json").write_text(json.dumps(entries, indent=1) + "\n")


if __name__ == "__main__":
    main()
