"""Draw Kaplan-Meier figures as the field's programs and journals draw them, with their truth: what a team has to work through.

    python benchmarks/batch_figures.py OUT [--count 300] [--seed 9] [--only 12]

OUT gets ``index.json``, ``images/`` and ``truth/`` in the format of the practice figures. The looks are those of R's
``plot.survfit``, survminer, ggsurvfit, Stata, SAS, GraphPad Prism, SPSS, MedCalc, lifelines, KMunicate, and of NEJM, Lancet,
JCO and JAMA, drawn with matplotlib. They come by turns; everything else of the n-th figure depends on the seed and on n
alone (``--only`` draws one again). Most are PNG, others JPEG, PDF (alone, or on a page of an article), SVG, WebP and TIFF.
Every fiftieth is a trap: no plain Kaplan-Meier plot.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from drawn.carrier import choose_carrier
from drawn.page import fonts, picture, save
from drawn.simplified import is_simplified
from drawn.style import pick
from drawn.table import printed_numbers
from drawn.traps import TRAPS
from drawn.truth import mark_rows, write_truth
from drawn.vector import block, curves, document
from drawn_figures import draw, entries_of, sketch
from looks.journals import JOURNALS
from looks.look import style_of
from looks.panel import draw_look
from looks.programs import PROGRAMS
from matplotlib import rc_context

LOOKS = PROGRAMS + JOURNALS
EACH_TRAP = 50
FORMATS = {"png": 0.56, "jpg": 0.19, "pdf": 0.11, "svg": 0.07, "webp": 0.04, "tiff": 0.03}
CARRIER = 1
VECTOR = ("pdf", "svg")


def make_trap(out, name, stream, number):
    """Draw one figure that is no plain Kaplan-Meier plot."""
    plan = sketch(name, stream, TRAPS[(number * 7) % len(TRAPS)])
    with fonts(plan.style):
        figure, panels, arms = draw(plan)
        save(picture(figure, plan.style), out / "images" / f"{name}.png", plan.style)
    return [entry | {"look": "trap", "format": "png"} for entry in entries_of(out, plan, f"{name}.png", panels, arms)]


def written_as_vector(figure, panels, style, carrier, rng):
    """A drawn figure as the bytes of an SVG or PDF, and what the index says of it."""
    carrier.dress(figure)
    told = carrier.told(carrier.drawn_as, is_simplified(figure, curves(panels)))
    content, page = document([block(figure, style, carrier.kind, carrier.drawn_as)], carrier, rng)
    return content, told | {"page": page}


def make(out, name, look, stream):
    """Draw one figure of a look and write its truth; its entries in the index, one per panel."""
    rng, of_file = np.random.default_rng(stream), np.random.default_rng([*stream, CARRIER])
    style, kind = style_of(look, rng), pick(of_file, **FORMATS)
    style = replace(style, jpeg=(style.jpeg or 85) if kind == "jpg" else 0)
    file, carried = f"{name}.{kind}", {}
    carrier = replace(choose_carrier(of_file, kind), second="none", drawn_as="vector") if kind in VECTOR else None
    with fonts(style), carrier.settings(name) if carrier else rc_context(), rc_context(look.settings):
        figure, panels = draw_look(look, style, rng)
        if carrier:
            content, carried = written_as_vector(figure, panels, style, carrier, of_file)
            (out / "images" / file).write_bytes(content)
        else:
            save(picture(figure, style), out / "images" / file, style)
    entries = []
    for k, panel in enumerate(panels):
        letter = "AB"[k] if len(panels) > 1 else None
        truth = {"panel": letter, "numbers": printed_numbers(panel), "marks": mark_rows([panel]), "style": style.words()}
        full = f"{name}__{letter}" if letter else name
        entry = write_truth(out, full, file, panel.arms, x_max=panel.axes.get_xlim()[1], carried=carried, **truth)
        entries.append(entry | {"look": look.name, "format": kind})
    return entries


def make_one(out, seed, index):
    """Draw the figure of a number; its entries in the index."""
    stream, is_trap = [seed, index], index % EACH_TRAP == EACH_TRAP - 1
    look = LOOKS[index % len(LOOKS)]
    name = f"b{seed}_{index:03d}_{'trap' if is_trap else look.name}"
    return make_trap(out, name, stream, index // EACH_TRAP) if is_trap else make(out, name, look, stream)


def draw_all(out, *, count, seed, only=None):
    """Draw figures into a folder and write the index.

    Parameters
    ----------
    out : Path
    count, seed : int
    only : int, optional
        The one figure to draw.
    """
    for folder in ("images", "truth"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(count) if only is None else [only]:
        entries += make_one(out, seed, index)
        if (index + 1) % 20 == 0 or index + 1 == count:
            print(f"{index + 1} of {count} figures drawn", file=sys.stderr, flush=True)
    (out / "index.json").write_text(json.dumps(entries, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    draw_all(given.out, count=given.count, seed=given.seed, only=given.only)


if __name__ == "__main__":
    main()
