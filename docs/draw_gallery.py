"""Draw the gallery: figures in a dozen styles from known patients, each read by the program without any option.

Run ``python docs/draw_gallery.py`` in the checkout (a minute or two): it writes `docs/gallery/`, the figures, their overlays and
`gallery.json`. Nothing is chosen by how well it was read: what is drawn first is what is shown.
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ipdrecon.app.workflow import digitise_to_folder

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent / "benchmarks"))

PLAIN = {
    "panels": 1, "facets": False, "arms": 2, "letters": False, "scale": "survival", "span": "whole", "depth": 0.3, "size": 180, "whole": False,
    "course": "weibull", "dashes": False, "width": 1.6, "marks": "none", "mark_colour": "arm", "interval": "none", "grid": "none", "frame": "L",
    "origin": "gap", "reference": "none", "cropped": False, "minor": False, "x_format": "plain", "y_format": "plain", "y_step": "fifth",
    "legend": "inside", "legend_title": False, "legend_frame": False, "text": False, "table": "below", "table_title": "number", "row_names": "plain",
    "counts": "before", "table_times": "ticks", "font": "Liberation Sans", "font_size": 9.5, "dpi": 130, "inches": 5.6, "aspect": 0.72,
    "ground": "white", "finer": 2, "jpeg": 0, "blur": 0.0, "resample": 1.0, "skew": 0.0, "noise": 0.0, "time": 4, "tick_step": 12.0, "palette": "nejm",
}  # fmt: skip
# name, title, what is special, seed, and what differs from a plain figure
SHOWN = (
    ("plain", "Plain, with numbers at risk", "Two arms, two colours, a table below.", 1, {}),
    ("black", "Black and white", "Both curves are black; a dash is all that parts them.", 2, {"palette": "black", "dashes": True, "marks": "bar"}),
    ("band", "Confidence bands", "The bands overlap the curves and are left out.", 3, {"interval": "band", "palette": "lancet", "grid": "light", "marks": "plus"}),
    ("limits", "Confidence limits as lines", "Limits are drawn like curves and told from them.", 4, {"interval": "limits", "palette": "jco", "table": "none"}),
    ("crossing", "Curves that cross", "Where they lie upon each other, the hidden one is drawn dotted.", 5, {"course": "crossing", "palette": "tab10", "width": 2.4}),
    ("four", "Four arms", "Names beside the curves, no legend.", 6, {"arms": 4, "palette": "set1", "legend": "beside", "table": "none", "y_format": "two"}),
    ("percent", "Percent, rows named by colour", "The table's rows are named by colour alone; the axis counts in percent.", 7, {"scale": "percent", "y_format": "sign", "row_names": "dashes", "palette": "survminer"}),
    ("incidence", "Cumulative incidence", "Curves rise; survival is stored.", 8, {"scale": "incidence_percent", "span": "data", "depth": 0.7, "legend": "above", "palette": "sas"}),
    ("ggplot", "Grey ground, white grid", "The look of ggplot2, with censor marks.", 9, {"grid": "white", "frame": "none", "palette": "hue", "marks": "bar", "legend": "right", "ground": "white", "table": "none"}),
    ("panels", "Two panels", "Each panel is a comparison of its own.", 10, {"panels": 2, "letters": True, "table": "none", "palette": "tab10", "y_format": "plain"}),
    ("censored", "Numbers censored in brackets", "The table prints how many were censored so far.", 11, {"counts": "censored", "palette": "lancet", "marks": "plus", "time": 9, "tick_step": 2.0}),
    ("small", "A small, worn JPEG", "500 px wide, a little blurred, and compressed.", 12, {"dpi": 90, "jpeg": 60, "palette": "plain", "blur": 0.5}),
)  # fmt: skip
WIDEST = 900


def drawn(folder, name, seed, differs):
    """Draw one figure; its file, and its true curves by panel and arm."""
    from drawn.page import draw_figure, fonts, picture, save
    from drawn.style import choose_style

    rng = np.random.default_rng(seed)
    style = replace(choose_style(rng), **PLAIN | differs)
    with fonts(style):
        figure, panels = draw_figure(style, rng)
        path = folder / f"{name}.{'jpg' if style.jpeg else 'png'}"
        save(picture(figure, style), path, style)
    letters = "1" if len(panels) == 1 else "ABCDEF"
    return path, {letter: (panel.axes.get_xlim()[1], {arm.name: arm.curve()[:2] for arm in panel.arms}) for letter, panel in zip(letters, panels, strict=False)}


def errors(digitisation, truth):
    """Mean absolute error of survival, by curve, over what the axis shows."""
    found = []
    for panel, (letter, (end, arms)) in zip(digitisation.panels, truth.items(), strict=False):
        at = np.linspace(0, end, 801)[1:-1]
        for curve in panel.curves:
            known = arms.get(curve.arm) or min(arms.values(), key=lambda arm: np.abs(level(*arm, at) - level(curve.time, curve.survival, at)).mean())
            inside = at <= min(curve.time[-1], known[0][-1])
            found.append(float(np.abs(level(*known, at) - level(curve.time, curve.survival, at))[inside].mean()))
        print(f"  {letter}: {[curve.arm for curve in panel.curves]}", file=sys.stderr)
    return found


def level(time, survival, at):
    """A step function at some times."""
    return np.asarray(survival)[np.maximum(np.searchsorted(time, at, side="right") - 1, 0)]


def keep(px, path):
    """Store a picture small enough for a page."""
    picture = Image.fromarray(cv2.cvtColor(px, cv2.COLOR_BGR2RGB))
    picture.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    picture.save(path, "WEBP", quality=82, method=6)


def told(special, digitisation, truth):
    """Say in words what came of a figure."""
    n_arms = sum(len(arms) for _, arms in truth.values())
    curves = [curve for panel in digitisation.panels for curve in panel.curves]
    said = [f"{special} {len(curves)} of {n_arms} curves read; mean error of survival at most {max(errors(digitisation, truth)):.4f}."]
    cells = [panel.at_risk.n_risk.size for panel in digitisation.panels if panel.at_risk is not None]
    if cells:
        said.append(f"{sum(cells)} numbers at risk.")
    names = dict.fromkeys(flag.name for flag in digitisation.all_flags())
    said.append(f"Flags: {', '.join(f'`{name}`' for name in names)}." if names else "No flag.")
    return " ".join(said)


def main():
    """Draw, read and store every figure."""
    out = DOCS / "gallery"
    out.mkdir(exist_ok=True)
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for name, title, special, seed, differs in SHOWN:
            print(name, file=sys.stderr)
            path, truth = drawn(folder, name, seed, differs)
            digitisation = digitise_to_folder(path, folder / name)
            keep(cv2.imread(str(path)), out / f"{name}.webp")
            keep(cv2.imread(str(folder / name / "overlay.png")), out / f"{name}_read.webp")
            figures.append({"name": name, "title": title, "told": told(special, digitisation, truth)})
    (out / "gallery.json").write_text(json.dumps({"figures": figures}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
