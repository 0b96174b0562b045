"""What names the arms: a legend, or text beside the curves; and the text inside the box."""

import numpy as np

CORNERS = {
    "upper right": (0.98, 0.97),
    "lower left": (0.03, 0.04),
    "upper left": (0.03, 0.97),
    "lower right": (0.98, 0.04),
    "center right": (0.98, 0.55),
}
GAP = 0.062


def corner(panel, width, height, taken):
    """The corner, not yet taken, with the least ink under a block of this size (in shares of the box)."""
    ink, best = panel.ink(), None
    floor = 0.07 * (len(panel.arms) + 1) if panel.style.table == "inside" else 0.0
    for name, (x, y) in CORNERS.items():
        left = x - width if "right" in name else x
        low = y - height if "upper" in name else y - height / 2 if "center" in name else y + floor
        under = ((ink[:, 0] > left) & (ink[:, 0] < left + width) & (ink[:, 1] > low) & (ink[:, 1] < low + height)).sum()
        if name not in taken and (best is None or under < best[0]):
            best = under, name, (left, low)
    return best[1], best[2]


def block(panel, lines, *, extra=0.0):
    """Width and height of some lines of text, in shares of the box."""
    width, height = panel.size_points()
    size = panel.style.font_size
    return (0.58 * size * max(map(len, lines)) + extra) / width, 1.55 * size * len(lines) / height


def draw_legend(panel, taken):
    """A legend where the style puts it; the corner it takes, if any, is added to `taken`."""
    style, title = panel.style, "Group" if panel.style.legend_title else None
    names = [arm.name for arm in panel.arms]
    look = {"title": title, "frameon": style.legend_frame, "fancybox": False, "framealpha": 0.0, "edgecolor": "0.3"}
    if style.legend == "inside":
        name, place = corner(panel, *block(panel, names + [""] * bool(title), extra=55), taken)
        taken.add(name)
        panel.axes.legend(loc="lower left", bbox_to_anchor=place, borderaxespad=0, **look)
    elif style.legend == "right":
        panel.axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), **look)
    elif style.legend == "above":
        panel.axes.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.01), ncol=len(names) if sum(map(len, names)) < 45 else 1, **look
        )
    elif style.legend == "below":
        rows = (
            0
            if style.table != "below"
            else len(names) * (4 if style.counts == "blocks" else 2 if style.row_names == "above" else 1) + 2
        )
        depth = (4.2 + 1.6 * rows) * style.font_size / panel.size_points()[1]
        panel.axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -depth),
            ncol=len(names) if sum(map(len, names)) < 45 else 1,
            **look,
        )


def draw_names_beside(panel):
    """Names to the right of where the curves end, moved apart where they would touch."""
    low, top = panel.axes.get_ylim()
    ends = [
        (panel.drawn(arm.survival_at(min(arm.time.max(), panel.style.x_end))) - low) / (top - low) for arm in panel.arms
    ]
    order = np.argsort(ends)
    heights = np.maximum.accumulate(np.array(ends)[order] - GAP * np.arange(len(ends))) + GAP * np.arange(len(ends))
    apart = len(ends) < 2 or np.diff(np.array(ends)[order]).min() > GAP
    black = panel.style.legend == "beside_black" and apart
    for height, i in zip(heights, order, strict=True):
        end = min(panel.arms[i].time.max(), panel.style.x_end)
        panel.axes.annotate(
            panel.arms[i].name, (end, low + height * (top - low)), xytext=(4, 0), textcoords="offset points", va="center",
            color="black" if black else panel.looks(i)[0], annotation_clip=False,
        )  # fmt: skip


def draw_text(panel, taken):
    """A p value, and for two arms a hazard ratio."""
    value = panel.rng.uniform(0.4, 1.3)
    lines = [f"HR {value:.2f} (95% CI {value * 0.75:.2f}-{value * 1.35:.2f})"] * (len(panel.arms) == 2)
    lines += [
        ("p < 0.0001", f"Log-rank p = {panel.rng.uniform(0.001, 0.6):.3f}", f"P={panel.rng.uniform(0.001, 0.6):.2f}")[
            panel.rng.integers(3)
        ]
    ]
    name, place = corner(panel, *block(panel, lines), taken)
    taken.add(name)
    panel.axes.text(*place, "\n".join(lines), transform=panel.axes.transAxes, va="bottom")


def draw_labels(panel):
    """Everything that names the arms, then the text."""
    taken = set()
    if panel.style.legend.startswith("beside"):
        taken |= {name for name in CORNERS if "right" in name}
        draw_names_beside(panel)
    elif panel.style.legend != "none":
        draw_legend(panel, taken)
    if panel.style.text:
        draw_text(panel, taken)
