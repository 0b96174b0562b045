"""Draw random Kaplan-Meier figures whose curves, numbers at risk and patients are known exactly.

    python benchmarks/drawn_figures.py OUT [--count 60] [--seed 1] [--only 12]

OUT gets ``index.json``, ``images/`` and ``truth/`` in the format of the practice figures, so that whatever scores those
scores these. The n-th figure depends on the seed and on n alone; ``--only`` draws one again.
Every fifteenth is a trap: no plain Kaplan-Meier plot. ``--traps`` draws nothing else.

``--format svg``, ``pdf`` or ``mixed`` writes the same figures as vector files, without what befalls a picture: paths
simplified or not, letters as text or as outlines, and a PDF holds the figure alone, on a page of a journal or in an article
of some pages; now and then the figure is a picture in that page, a second figure stands below, or the page is scanned.
The index then tells also ``way`` (vector or raster), ``text`` (text or outlines), ``simplified`` (whether a curve lost steps
on the way to the file), ``page`` and all of the ``carrier``. Needs pypdfium2 and Pillow.
"""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from drawn.carrier import choose_carrier
from drawn.names import choose_names
from drawn.page import choose_arms, draw_figure, fonts, picture, save
from drawn.simplified import is_simplified
from drawn.style import Style, choose_style
from drawn.table import printed_numbers
from drawn.traps import MIXED, TRAPS, draw_trap
from drawn.truth import mark_rows, write_truth
from drawn.vector import block, curves, document
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

EACH_TRAP = 15
# streams of random numbers beside that of the figure itself, so that it is the same whatever file it comes in
CARRIER, SECOND = 1, 2


@dataclass(frozen=True)
class Sketch:
    """One figure to be drawn: how it looks, and which trap it is, if any."""

    name: str
    style: Style
    rng: np.random.Generator
    trap: str = ""


def sketch(name, stream, trap=""):
    """Choose the looks of a figure; a trap has two arms in one box, and nothing around them."""
    rng = np.random.default_rng(stream)
    style = choose_style(rng)
    if trap:
        style = replace(
            style, arms=2, panels=1, span="whole", jpeg=0, facets=False, size=int(rng.integers(60, 300)), table="none",
            interval="none", dashes=False, grid="none" if style.grid == "white" else style.grid,
            palette="tab10" if style.palette in ("greys", "black") else style.palette,
        )  # fmt: skip
    return Sketch(name, style, rng, trap)


def draw(plan):
    """Draw a sketch: the figure, and its panels (none for a trap) or else its arms."""
    if not plan.trap:
        return *draw_figure(plan.style, plan.rng), ()
    arms = choose_arms(plan.style, plan.rng, choose_names(plan.rng, 2))
    figure = Figure(figsize=(11 if plan.trap == MIXED else 6, 4.2))
    FigureCanvasAgg(figure)
    draw_trap(plan.trap, figure, arms, plan.style, plan.rng)
    return figure, (), arms


def entries_of(out, plan, file, panels, arms, carried=None):
    """Write the truth of all panels; facets of one arm each are one panel."""
    name, style, known = plan.name, plan.style, {"style": plan.style.words(), "carried": carried}
    if plan.trap:
        nothing = {"panel": None, "numbers": None, "marks": [], "style": None, "x_max": None}
        return [write_truth(out, name, file, arms, trap=plan.trap, carried=carried, **nothing)]
    if style.facets:
        arms = [arm for panel in panels for arm in panel.arms]
        end = panels[0].axes.get_xlim()[1]
        return [write_truth(out, name, file, arms, panel=None, numbers=None, marks=[], x_max=end, **known)]
    entries = []
    for k, panel in enumerate(panels):
        letter = None if style.panels == 1 else "ABCDEF"[k] if style.letters else str(k + 1)
        full, end = name if letter is None else f"{name}__{letter}", panel.axes.get_xlim()[1]
        truth = {"panel": letter, "numbers": printed_numbers(panel), "marks": mark_rows([panel]), "x_max": end}
        entries.append(write_truth(out, full, file, panel.arms, **truth, **known))
    return entries


def make(out, plan):
    """Draw one figure as a picture and write its truth."""
    file = f"{plan.name}.{'jpg' if plan.style.jpeg else 'png'}"
    with fonts(plan.style):
        figure, panels, arms = draw(plan)
        save(picture(figure, plan.style), out / "images" / file, plan.style)
    return entries_of(out, plan, file, panels, arms)


def make_vector(out, plan, stream, kind):
    """Draw one figure, or two, into a vector file and write the truth."""
    rng = np.random.default_rng([*stream, CARRIER])
    carrier = choose_carrier(rng, kind)
    plans = [(plan, carrier.drawn_as)]
    if carrier.second != "none":
        plans.append((sketch(f"{plan.name}b", [*stream, SECOND]), carrier.second))
    file, blocks, drawn = f"{plan.name}.{carrier.kind}", [], []
    for each, drawn_as in plans:
        with fonts(each.style), carrier.settings(each.name):
            figure, panels, arms = draw(each)
            carrier.dress(figure)
            blocks.append(block(figure, each.style, carrier.kind, drawn_as))
            drawn.append((each, panels, arms, carrier.told(drawn_as, is_simplified(figure, curves(panels)))))
    content, page = document(blocks, carrier, rng)
    (out / "images" / file).write_bytes(content)
    return [
        entry for each, panels, arms, told in drawn for entry in entries_of(out, each, file, panels, arms, told | {"page": page})
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--traps", action="store_true")
    parser.add_argument("--format", choices=("raster", "svg", "pdf", "mixed"), default="raster")
    given = parser.parse_args()
    for folder in ("images", "truth"):
        (given.out / folder).mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(given.count) if given.only is None else [given.only]:
        is_trap, stream = given.traps or index % EACH_TRAP == EACH_TRAP - 1, [given.seed, index]
        trap = TRAPS[(index if given.traps else index // EACH_TRAP) % len(TRAPS)] if is_trap else ""
        plan = sketch(f"d{given.seed}_{index:03d}", stream, trap)
        entries += make(given.out, plan) if given.format == "raster" else make_vector(given.out, plan, stream, given.format)
        print(entries[-1]["file"], file=sys.stderr)
    (given.out / "index.json").write_text(json.dumps(entries, indent=1) + "\n")


if __name__ == "__main__":
    main()
