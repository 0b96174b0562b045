"""The looks of one figure, drawn from weights that follow a survey of published figures."""

from dataclasses import dataclass, fields

import numpy as np

PALETTES = {
    "hue": ("#F8766D", "#00BFC4", "#7CAE00", "#C77CFF", "#00BE67", "#CD9600", "#FF61CC"),
    "tab10": ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2"),
    "set1": ("#E41A1C", "#377EB8", "#4DAF4A", "#984EA3", "#FF7F00", "#A65628", "#F781BF"),
    "lancet": ("#00468B", "#ED0000", "#42B540", "#0099B4", "#925E9F", "#FDAF91", "#AD002A"),
    "jco": ("#0073C2", "#EFC000", "#868686", "#CD534C", "#7AA6DC", "#003C67", "#8F7700"),
    "nejm": ("#BC3C29", "#0072B5", "#E18727", "#20854E", "#7876B1", "#6F99AD", "#FFDC91"),
    "plain": ("red", "blue", "green", "black", "orange", "purple", "cyan"),
    "survminer": ("#E7B800", "#2E9FDF", "#FC4E07", "#00AFBB", "#868686", "#7CAE00", "#AD002A"),
    "sas": ("#445694", "#A23A2E", "#01665E", "#543005", "#9D3CDB", "#7F8E1F", "#2597FA"),
    "greys": ("black", "#8c8c8c", "#4d4d4d", "#b8b8b8"),
    "black": ("black",) * 4,
}
DASHES = ("-", (0, (5, 3)), (0, (1.2, 2)), (0, (6, 2, 1.5, 2)), (0, (9, 3)), (0, (3, 2)), (0, (9, 2, 2, 2, 2, 2)))
# unit, right end, steps of the ticks
TIMES = (
    ("Months", 12, (2, 3)), ("Months", 24, (3, 4, 6)), ("Months", 36, (6, 12)), ("months", 48, (6, 12)), ("Months", 60, (6, 12)),
    ("Time (months)", 30, (5, 6)), ("Months since randomisation", 54, (6, 9)), ("Months", 120, (12, 24)), ("Years", 5, (1,)), ("Years", 10, (2,)),
    ("Time in years", 8, (1, 2)), ("Years from surgery", 3, (0.5, 1)), ("Weeks", 52, (13, 4)), ("Weeks", 104, (26, 8)), ("Days", 1000, (250, 200)),
    ("Time in days", 1500, (500, 250)), ("Days", 30, (5, 10)), ("Days after diagnosis", 360, (30, 60)), ("Time", 100, (20, 25)), ("Days", 4000, (1000,)),
    ("Minutes", 90, (10, 15)),
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How a figure looks; the words are those the scoreboard counts by."""

    arms: int
    course: str
    depth: float
    size: int
    whole: bool
    panels: int
    letters: bool
    shared: bool
    facets: bool
    palette: str
    dashes: bool
    width: float
    marks: str
    mark_colour: str
    interval: str
    grid: str
    frame: str
    origin: str
    reference: str
    scale: str
    span: str
    y_format: str
    y_step: str
    x_format: str
    time: int
    tick_step: float
    cropped: bool
    minor: bool
    legend: str
    legend_title: bool
    legend_frame: bool
    text: bool
    table: str
    table_title: str
    row_names: str
    counts: str
    table_times: str
    font: str
    font_size: float
    dpi: int
    inches: float
    aspect: float
    ground: str
    finer: int
    jpeg: int
    blur: float
    resample: float
    skew: float
    noise: float

    @property
    def unit(self):
        return TIMES[self.time][0]

    @property
    def x_end(self):
        return TIMES[self.time][1]

    @property
    def colours(self):
        return PALETTES[self.palette]

    def words(self):
        """The style as plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def pick(rng, **weights):
    """One of the names, by weight."""
    share = np.array(list(weights.values()), float)
    return str(rng.choice([name.strip("_") for name in weights], p=share / share.sum()))


def chance(rng, share):
    return bool(rng.uniform() < share)


def choose_patients(rng):
    panels = int(rng.choice((1, 2, 3, 4, 6), p=(0.82, 0.1, 0.03, 0.04, 0.01)))
    facets = panels > 1 and chance(rng, 0.3)
    arms = 1 if facets else int(rng.choice((1, 2, 3, 4, 5, 7), p=(0.06, 0.58, 0.2, 0.1, 0.03, 0.03)))
    if panels > 2:
        arms = min(arms, 2)
    return {
        "panels": panels, "facets": facets, "arms": arms, "letters": not facets and chance(rng, 0.75), "shared": chance(rng, 0.35),
        "course": pick(rng, weibull=0.45, piecewise=0.13, cure=0.12, crossing=0.15, alike=0.15), "whole": chance(rng, 0.25),
        "size": int(np.exp(rng.uniform(np.log(20), np.log(1500 if arms < 4 else 500)))),
    }  # fmt: skip


def choose_scale(rng):
    scale = pick(rng, survival=0.55, percent=0.27, incidence=0.1, incidence_percent=0.08)
    shallow = chance(rng, 0.6 if scale.startswith("incidence") else 0.15)
    span = pick(rng, data=0.8, whole=0.2) if shallow else "whole"
    return {
        "scale": scale, "span": span, "depth": float(rng.uniform(0.72, 0.96) if shallow else rng.uniform(0.12, 0.7)),
        "y_format": pick(rng, plain=0.35, two=0.35, bare=0.06, comma=0.06, sign=0.18),
        "y_step": pick(rng, quarter=0.35, fifth=0.45, tenth=0.15, half=0.05),
    }  # fmt: skip


def choose_arm_looks(rng, arms):
    names = [name for name in PALETTES if name not in ("greys", "black")]
    palette = str(rng.choice(names))
    dashes = chance(rng, 0.12)
    if chance(rng, 0.15) and arms <= 4:
        palette, dashes = pick(rng, greys=0.45, black=0.55), True
        dashes = palette == "black" or chance(rng, 0.4) or arms > 3
    marks = pick(rng, none=0.5, bar=0.23, plus=0.17, cross=0.05, circle=0.05)
    return {
        "palette": palette, "dashes": dashes, "width": float(np.round(np.exp(rng.uniform(np.log(0.6), np.log(3.0))), 2)),
        "marks": marks, "mark_colour": "black" if chance(rng, 0.15) else "arm",
        "interval": pick(rng, none=0.7, band=0.2, limits=0.1) if arms <= 4 else "none",
    }  # fmt: skip


def choose_frame(rng):
    time = int(rng.integers(len(TIMES)))
    grid = pick(rng, none=0.7, light=0.1, dotted=0.05, horizontal=0.06, white=0.09)
    frame = "none" if grid == "white" else pick(rng, box=0.4, L=0.5, none=0.1)
    return {
        "time": time, "tick_step": float(rng.choice(TIMES[time][2])), "grid": grid, "frame": frame,
        "origin": pick(rng, corner=0.45, gap=0.25, headroom=0.3), "reference": pick(rng, none=0.85, median=0.1, landmark=0.05),
        "cropped": chance(rng, 0.12), "minor": chance(rng, 0.1), "x_format": pick(rng, plain=0.9, rotated=0.04, few=0.03, uneven=0.03),
    }  # fmt: skip


def choose_labels(rng, arms, panels):
    legend = (
        "none"
        if arms == 1 and chance(rng, 0.6)
        else pick(rng, inside=0.5, right=0.1, above=0.1, below=0.05, beside=0.15, beside_black=0.1)
    )
    if panels > 1 and legend in ("right", "above", "below"):
        legend = "inside"
    table = pick(rng, none=0.35, below=0.55, inside=0.1)
    if panels > 2:
        table = "none"
    return {
        "legend": legend, "legend_title": chance(rng, 0.12), "legend_frame": chance(rng, 0.3), "text": chance(rng, 0.3), "table": table,
        "table_title": pick(rng, number=0.4, short=0.4, none=0.1, patients=0.1),
        "row_names": pick(rng, plain=0.55, coloured=0.2, dashes=0.13, above=0.07, none=0.05),
        "counts": pick(rng, before=0.65, after=0.08, censored=0.09, events=0.06, blocks=0.12),
        "table_times": pick(rng, ticks=0.85, own=0.07, no_zero=0.04, half=0.04),
    }  # fmt: skip


def choose_page(rng, panels):
    inches = float(np.round(rng.uniform(4.2, 7.5), 1))
    low = chance(rng, 0.2)
    width = rng.uniform(430, 600) if low else np.exp(rng.uniform(np.log(600), np.log(2000)))
    family = pick(rng, DejaVu_Sans=0.3, Liberation_Sans=0.5, Liberation_Serif=0.1, Liberation_Sans_Narrow=0.1)
    return {
        "inches": inches, "dpi": int(np.clip(width / inches, 60, 300)), "aspect": float(np.round(rng.uniform(0.6, 0.95), 2)),
        "font": family.replace("_", " "), "font_size": float(np.round(rng.uniform(8, 11.5), 1)),
        "ground": pick(rng, white=0.93, grey=0.05, cream=0.02), "finer": int(rng.choice((1, 2, 4), p=(0.5, 0.25, 0.25))),
        "jpeg": int(rng.integers(55, 95)) if chance(rng, 0.2) else 0, "blur": float(np.round(rng.uniform(0.4, 0.9), 2)) if chance(rng, 0.06) else 0.0,
        "resample": float(np.round(rng.uniform(0.7, 1.4), 2)) if chance(rng, 0.12) else 1.0,
        "skew": float(np.round(rng.uniform(-1.5, 1.5), 2)) if chance(rng, 0.05) else 0.0, "noise": float(np.round(rng.uniform(2, 6), 1)) if chance(rng, 0.04) else 0.0,
    }  # fmt: skip


def choose_style(rng):
    """Draw the looks of one figure; what no reader could read is taken back."""
    words = choose_patients(rng) | choose_scale(rng)
    words |= choose_arm_looks(rng, words["arms"]) | choose_frame(rng)
    words |= choose_labels(rng, words["arms"], words["panels"]) | choose_page(rng, words["panels"])
    return Style(**readable(words))


def readable(words):
    """Take back what hides a curve from any reader, or leaves the rows of a table without a name."""
    if words["facets"]:
        words |= {"legend": "none", "table": "none", "reference": "none"}
    if words["palette"] in ("greys", "black"):
        words = readable_without_colour(words)
    if words["dashes"]:
        words |= {"width": min(words["width"], 2.2), "mark_colour": "arm"}
    if words["legend"] == "none" and words["arms"] > 1:
        words["legend"] = "inside"
    if words["arms"] > 4 and words["legend"].startswith("beside"):
        words["legend"] = "right"
    return readable_table(words)


def readable_without_colour(words):
    """Black arms differ by dash; no limits around three of them; rows of the table have names."""
    words["dashes"] |= words["palette"] == "black" and words["arms"] > 1
    if words["arms"] > 2:
        words["interval"] = "none"
    if words["row_names"] in ("none", "dashes"):
        words["row_names"] = "plain"
    return words


def readable_table(words):
    """A table inside the box is simple and stands clear of the axis."""
    if words["span"] == "data" and words["table"] == "inside":
        words["table"] = "below"
    if words["table"] == "inside":
        words["origin"] = "gap"
        words["counts"] = "before" if words["counts"] == "blocks" else words["counts"]
    if (words["table"] == "inside" or words["arms"] > 4) and words["row_names"] in ("dashes", "above", "none"):
        words["row_names"] = "coloured"
    return words
