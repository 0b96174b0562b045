"""A named look: what it chooses of a figure's style, and what it draws around the curves."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from drawn.names import choose_names
from drawn.style import Style, chance, choose_style

SANS = "Liberation Sans"
WIDTHS_PX = (520, 1800)


def plain_names(rng, count):
    """Names of arms as they are."""
    return choose_names(rng, count)


@dataclass(frozen=True)
class Look:
    """How one program or journal draws.

    `choose` gives words of `Style` from a generator and the number of arms; `dress` draws all but box, ticks and curves
    upon a `drawn.plot.Panel`; `name_arms` names so many arms; `settings` are matplotlib's while it is drawn.
    """

    name: str
    choose: Callable
    dress: Callable
    name_arms: Callable = plain_names
    settings: dict = field(default_factory=dict)


def usual(rng):
    """Words that hold for every look unless it chooses others: a clean picture of one to four arms."""
    arms = int(rng.choice((1, 2, 3, 4), p=(0.1, 0.58, 0.2, 0.12)))
    inches = float(np.round(rng.uniform(5.0, 7.5), 1))
    width = np.exp(rng.uniform(*np.log(WIDTHS_PX)))
    return {
        "arms": arms, "panels": 1, "facets": False, "letters": True, "shared": False, "dashes": False, "mark_colour": "arm", "grid": "none",
        "minor": False, "x_format": "plain", "reference": "none", "legend": "inside", "legend_title": False, "legend_frame": False, "text": chance(rng, 0.4),
        "table": "none", "table_title": "number", "row_names": "plain", "counts": "before", "table_times": "ticks", "font": SANS, "font_size": 10.0,
        "size": int(np.exp(rng.uniform(np.log(30), np.log(700)))), "cropped": chance(rng, 0.1), "inches": inches, "dpi": int(width / inches),
        "aspect": float(np.round(rng.uniform(0.65, 0.85), 2)), "ground": "white", "finer": 1, "blur": 0.0, "skew": 0.0, "noise": 0.0,
        "resample": float(np.round(rng.uniform(0.75, 1.3), 2)) if chance(rng, 0.1) else 1.0, "jpeg": int(rng.integers(72, 96)) if chance(rng, 0.25) else 0,
        "width": float(np.round(rng.uniform(1.0, 1.8), 2)), "marks": "bar" if chance(rng, 0.4) else "none", "interval": "none", "span": "whole",
        "scale": "survival", "y_step": "fifth", "y_format": "plain", "frame": "L", "origin": "corner", "depth": float(rng.uniform(0.15, 0.75)),
    }  # fmt: skip


def style_of(look, rng):
    """The style of one figure of a look."""
    words = usual(rng)
    words |= look.choose(rng, words["arms"])
    return replace(choose_style(rng), **words)


def strata(rng, count):
    """Names as R's survival package prints them, variable and value, or the values alone."""
    names = choose_names(rng, count)
    variable = ("sex", "rx", "trt", "group", "arm", "stage")[rng.integers(6)]
    return names if any("=" in name for name in names) or chance(rng, 0.4) else tuple(f"{variable}={name}" for name in names)


def is_incidence(style: Style):
    """Whether the curves rise."""
    return style.scale.startswith("incidence")
