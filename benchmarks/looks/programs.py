"""Looks of the programs that people use."""

from drawn.style import chance, pick
from drawn.table import draw_table

from looks.look import Look, strata
from looks.parts import (
    axes_table,
    embolden,
    inner_legend,
    legend,
    note,
    pick_of,
    table_by_statistic,
    thicken,
    turn_labels,
)

MARKED = {"plus": 0.6, "bar": 0.15, "none": 0.25}


def choose_base_r(rng, arms):
    mono = chance(rng, 0.3) and arms < 4
    return {
        "palette": "black" if mono else "base" if chance(rng, 0.6) else "plain", "dashes": mono and arms > 1, "frame": "box" if chance(rng, 0.75) else "L",
        "origin": "gap", "marks": pick(rng, **MARKED), "interval": "limits" if arms == 1 else "none", "width": (0.9, 1.5, 2.0)[rng.integers(3)],
        "legend_frame": chance(rng, 0.6), "font_size": 12.0, "inches": 6.7, "aspect": 1.0 if chance(rng, 0.5) else 0.8, "dpi": int(rng.choice((72, 96, 150, 200))),
        "scale": pick(rng, survival=0.85, incidence=0.15),
    }  # fmt: skip


def dress_base_r(panel):
    axes, taken = panel.axes, set()
    axes.set(xlabel=pick_of(panel, "Time", panel.style.unit, panel.style.unit), title="")
    axes.set_ylabel("Cumulative incidence" if panel.style.scale == "incidence" else pick_of(panel, "Survival", "Survival probability", "Overall survival", "S(t)"))
    thicken(panel, 0.8, length=6)
    if panel.rng.uniform() < 0.6:
        turn_labels(panel)
    if len(panel.arms) > 1:
        inner_legend(panel, taken, frameon=panel.style.legend_frame, edgecolor="black")
    if panel.style.text and len(panel.arms) > 1:
        note(panel, [f"p = {panel.rng.uniform(0.001, 0.5):.3f}"], taken)


def choose_survminer(rng, arms):
    return {
        "palette": pick(rng, survminer=0.4, hue=0.3, jco=0.15, lancet=0.15), "origin": "gap", "marks": pick(rng, plus=0.8, none=0.2), "interval": pick(rng, band=0.45, none=0.55) if arms < 4 else "none",
        "y_step": "quarter", "y_format": "two", "width": 1.9, "table": "below" if chance(rng, 0.75) else "none", "font_size": 11.5, "inches": 7.0,
        "aspect": 0.66, "dpi": int(rng.choice((96, 100, 150, 220))), "reference": "median" if chance(rng, 0.2) else "none", "finer": 2, "legend_title": True,
    }  # fmt: skip


def dress_survminer(panel):
    axes = panel.axes
    axes.set(ylabel="Survival probability", xlabel=pick_of(panel, "Time", "Time", panel.style.unit))
    total = sum(len(arm.name) for arm in panel.arms)
    legend(panel, marked=panel.style.marks == "plus", loc="lower center", bbox_to_anchor=(0.5, 1.01), ncol=len(panel.arms) if total < 45 else 1, title="Strata" if total >= 45 else None)
    if panel.style.text and len(panel.arms) > 1:
        axes.text(0.02 * panel.style.x_end, 0.2, pick_of(panel, "p = 0.0013", "p < 0.0001", "p = 0.21", "p = 0.046"), size=1.1 * panel.style.font_size)
    if panel.style.table == "below":
        axes_table(panel, "Number at risk", names=pick_of(panel, "coloured", "coloured", "dashes"))


def choose_ggsurvfit(rng, arms):
    percent = chance(rng, 0.5)
    return {
        "palette": pick(rng, hue=0.4, set1=0.3, jco=0.3), "frame": "box", "grid": "light", "origin": "gap" if chance(rng, 0.5) else "corner", "marks": pick(rng, plus=0.5, none=0.5),
        "interval": pick(rng, band=0.5, none=0.5) if arms < 4 else "none", "scale": "percent" if percent else "survival", "y_format": "sign" if percent else "two",
        "y_step": "fifth" if percent else "quarter", "width": 1.3, "table": "below" if chance(rng, 0.75) else "none", "counts": "before", "finer": 2, "font_size": 10.5, "aspect": 0.7,
    }  # fmt: skip


def dress_ggsurvfit(panel):
    panel.axes.set(ylabel=pick_of(panel, "Survival Probability", "Overall Survival Probability"), xlabel=pick_of(panel, "Time", panel.style.unit))
    for spine in panel.axes.spines.values():
        spine.set_color("0.3")
    if panel.style.table == "below":
        table_by_statistic(panel, (("At Risk", "risk"),) if panel.style.size % 3 == 0 else (("At Risk", "risk"), ("Events", "events")))
    if len(panel.arms) > 1:
        total = sum(len(arm.name) for arm in panel.arms)
        legend(panel, loc="lower center", bbox_to_anchor=(0.5, 1.01), ncol=len(panel.arms) if total < 50 else 1)


STATA = {"s2": ("stata", "#eaf2f3", "#1e2d53"), "mono": ("greys", "white", "black"), "st": ("stcolor", "white", "black")}


def choose_stata(rng, arms):
    scheme = pick(rng, s2=0.5, mono=0.15, st=0.35)
    scheme = "s2" if scheme == "mono" and arms > 3 else scheme
    return {
        "palette": STATA[scheme][0], "dashes": scheme == "mono" and arms > 1, "grid": "horizontal" if scheme != "mono" else "none", "origin": "gap", "marks": pick(rng, none=0.8, bar=0.2),
        "interval": pick(rng, band=0.25, none=0.75) if arms < 3 and scheme != "mono" else "none", "y_step": "quarter", "y_format": "two", "width": 1.5, "inches": 5.5, "aspect": 0.73,
        "table": "below" if chance(rng, 0.55) else "none", "font_size": 9.5, "finer": 2, "legend": "below", "legend_frame": scheme == "s2",
    }  # fmt: skip


def dress_stata(panel):
    axes, style = panel.axes, panel.style
    _, ground, ink = next(scheme for scheme in STATA.values() if scheme[0] == style.palette)
    axes.figure.set_facecolor(ground)
    axes.set_facecolor("white")
    rising = style.scale.startswith("incidence")
    axes.set_title(pick_of(panel, "Kaplan-Meier failure estimates" if rising else "Kaplan-Meier survival estimates", "", ""), color=ink, fontsize=1.3 * style.font_size)
    axes.set(ylabel=pick_of(panel, "", "Survival probability", "Overall survival"), xlabel=pick_of(panel, "analysis time", "analysis time", style.unit))
    if style.palette != "stcolor":
        turn_labels(panel)
    if style.grid == "horizontal":
        axes.grid(axis="y", color="#eaf2f3" if ground != "white" else "0.92", lw=1)
    draw_table(panel)
    rows = len(panel.arms) + 1.5 if style.table == "below" else 0
    depth = (4.4 + 1.55 * rows) * style.font_size / panel.size_points()[1]
    names = [f"{arm.name}" for arm in panel.arms]
    if len(names) > 1 and style.palette == "stcolor" and style.table == "none":
        legend(panel, loc="center left", bbox_to_anchor=(1.02, 0.5))
    elif len(names) > 1:
        legend(panel, loc="upper center", bbox_to_anchor=(0.5, -depth), ncol=2 if sum(map(len, names)) < 60 else 1, frameon=style.legend_frame, edgecolor="black", handlelength=3.5)


def choose_sas(rng, arms):
    return {
        "palette": "sas", "dashes": arms > 1 and chance(rng, 0.3), "frame": "box", "origin": "gap", "marks": pick(rng, plus=0.75, none=0.25), "interval": pick(rng, band=0.2, none=0.8) if arms < 3 else "none",
        "y_step": "fifth", "width": 1.2, "inches": 6.4, "aspect": 0.75, "dpi": int(rng.choice((96, 100, 150, 200))), "table": pick(rng, inside=0.4, below=0.3, none=0.3), "row_names": "coloured",
        "table_title": "none", "font_size": 9.0, "finer": int(rng.choice((1, 2))),
    }  # fmt: skip


def dress_sas(panel):
    axes, style = panel.axes, panel.style
    for spine in axes.spines.values():
        spine.set_color("0.55")
    under = style.table != "none"
    axes.set_title("Product-Limit Survival Estimates", weight="bold", fontsize=1.2 * style.font_size, pad=2.2 * style.font_size if under else 6)
    if under:
        axes.text(0.5, 1.02, "With Number of Subjects at Risk", transform=axes.transAxes, ha="center", va="bottom")
    axes.set(ylabel="Survival Probability", xlabel=pick_of(panel, style.unit, style.unit, "Survival Time"))
    draw_table(panel)
    taken = {"upper right"}
    if style.marks == "plus":
        axes.text(0.985, 0.97, "+ Censored", transform=axes.transAxes, ha="right", va="top", bbox={"fc": "white", "ec": "0.6", "lw": 0.7, "pad": 2.5})
    if style.text and len(panel.arms) > 1:
        axes.text(0.985, 0.89, pick_of(panel, "Logrank p=0.0032", "Logrank p<.0001", "Logrank p=0.4207"), transform=axes.transAxes, ha="right", va="top")
        taken.add("center right")
    if len(panel.arms) > 1:
        rows = len(panel.arms) if style.table == "below" else 0
        depth = (4.2 + 1.6 * rows) * style.font_size / panel.size_points()[1]
        names, title = [arm.name for arm in panel.arms], pick_of(panel, "trt", "Treatment", "Group")
        placed = {"loc": "upper center", "bbox_to_anchor": (0.5, -depth), "frameon": True, "edgecolor": "0.6", "handlelength": 3}
        legend(panel, ncol=len(names) if sum(map(len, names)) < 55 else 1, title=title, **placed)


def choose_prism(rng, arms):
    return {
        "palette": pick(rng, plain=0.3, prism=0.5, black=0.2) if arms < 4 else "prism", "origin": "headroom" if chance(rng, 0.5) else "corner", "marks": pick(rng, bar=0.6, none=0.4), "scale": "percent" if chance(rng, 0.85) else "survival",
        "y_step": pick(rng, half=0.35, quarter=0.25, fifth=0.4), "width": 2.0, "inches": float(rng.uniform(4.2, 5.5)), "aspect": 0.72, "font_size": 11.0, "size": int(rng.integers(12, 160)), "legend": "right", "finer": 2,
        "dpi": int(rng.choice((120, 150, 200, 300))), "panels": 2 if chance(rng, 0.08) else 1, "table": "below" if chance(rng, 0.2) else "none", "table_title": "short", "cropped": False,
    }  # fmt: skip


def dress_prism(panel):
    axes, style = panel.axes, panel.style
    thicken(panel, 1.6, length=6)
    axes.set(ylabel=pick_of(panel, "Percent survival", "Probability of Survival", "Overall survival (%)") if style.scale == "percent" else "Fraction survival", xlabel=pick_of(panel, style.unit, style.unit, "Days elapsed" if "Day" in style.unit else style.unit))
    embolden(panel)
    draw_table(panel)
    taken = set()
    if len(panel.arms) > 1 and style.panels == 1 and chance(panel.rng, 0.6):
        legend(panel, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.6)
    elif len(panel.arms) > 1:
        inner_legend(panel, taken, handlelength=1.6)
    if style.text and len(panel.arms) > 1:
        note(panel, [pick_of(panel, "P = 0.0321", "****", "P < 0.0001", "ns", "**")], taken, weight="bold")


SPSS = {"spss": "#f0f0f0", "carbon": "white"}


def choose_spss(rng, arms):
    return {
        "palette": "spss" if chance(rng, 0.6) else "carbon", "frame": "box", "origin": "gap", "marks": pick(rng, plus=0.85, none=0.15), "width": 1.2, "inches": 6.2, "aspect": 0.8, "font_size": 10.0,
        "y_format": "comma" if chance(rng, 0.1) else "plain", "dpi": int(rng.choice((96, 110, 150, 200))), "legend": "right", "legend_title": True, "finer": int(rng.choice((1, 2))), "scale": "survival",
    }  # fmt: skip


def dress_spss(panel):
    axes, style = panel.axes, panel.style
    axes.set_facecolor(SPSS[style.palette])
    axes.set_title("Survival Functions", weight="bold", fontsize=1.3 * style.font_size)
    axes.set(ylabel="Cum Survival", xlabel=pick_of(panel, style.unit, "Overall survival (months)" if "onth" in style.unit else style.unit))
    embolden_titles(panel)
    names = [arm.name for arm in panel.arms]
    if len(names) == 1:
        legend(panel, ["Survival Function"], loc="upper left", bbox_to_anchor=(1.02, 1.0))
        return
    shown = legend(panel, loc="upper left", bbox_to_anchor=(1.02, 1.0), title=pick_of(panel, "Treatment", "Group", "Stage"), handlelength=1.5)
    if style.marks != "none":
        drop_legend_to_censored(panel, shown, names)


def drop_legend_to_censored(panel, shown, names):
    """Draw the legend again with an entry for the censored patients of each arm, as SPSS does."""
    from matplotlib.lines import Line2D

    keys = list(shown.get_lines()) + [Line2D([], [], color=panel.looks(i)[0], ls="none", marker="+", ms=7) for i in range(len(names))]
    panel.axes.legend(keys, [*names, *(f"{name}-censored" for name in names)], loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, title=shown.get_title().get_text(), handlelength=1.5)


def embolden_titles(panel):
    """Set the titles of the axes in bold."""
    panel.axes.xaxis.label.set_weight("bold")
    panel.axes.yaxis.label.set_weight("bold")


def choose_medcalc(rng, arms):
    mono = chance(rng, 0.25) and arms in (2, 3)
    return {
        "palette": "black" if mono else "medcalc", "dashes": mono or chance(rng, 0.3), "frame": "box", "scale": "percent", "origin": "corner", "marks": pick(rng, bar=0.7, none=0.3), "width": 1.3,
        "table": "below" if chance(rng, 0.7) else "none", "row_names": "above", "legend": "right", "inches": 6.2, "aspect": 0.74, "font_size": 9.5, "y_step": pick(rng, tenth=0.4, fifth=0.6),
    }  # fmt: skip


def dress_medcalc(panel):
    axes, style = panel.axes, panel.style
    axes.tick_params(direction="in", top=True, right=True)
    axes.set(ylabel="Survival probability (%)", xlabel=pick_of(panel, "Time", style.unit))
    draw_table(panel)
    if len(panel.arms) > 1:
        legend(panel, loc="upper left", bbox_to_anchor=(1.03, 1.0), frameon=True, edgecolor="black", title=pick_of(panel, "Group", "Treatment", "GRADE"))


def choose_lifelines(rng, arms):
    return {
        "palette": "tab10", "frame": "box", "origin": "gap", "marks": pick(rng, none=0.7, plus=0.3), "interval": "band" if arms < 4 and chance(rng, 0.8) else "none", "width": 1.5, "inches": 6.4, "aspect": 0.75,
        "font": "DejaVu Sans", "dpi": int(rng.choice((80, 100, 150, 200))), "legend_frame": True, "table": "below" if chance(rng, 0.35) else "none", "counts": "blocks", "table_title": "none",
    }  # fmt: skip


def dress_lifelines(panel):
    panel.axes.set(ylabel=pick_of(panel, "", "Survival probability"), xlabel=pick_of(panel, "timeline", "timeline", panel.style.unit))
    draw_table(panel)
    inner_legend(panel, set(), frameon=True, edgecolor="0.8", framealpha=0.8)


def choose_kmunicate(rng, arms):
    return {
        "palette": pick(rng, hue=0.5, set1=0.5), "frame": "box", "grid": "none", "interval": "band" if arms < 4 else "none", "marks": "none", "width": 1.3, "origin": "gap", "y_step": "quarter", "y_format": "two",
        "table": "below", "counts": "blocks", "table_title": "none", "finer": 2, "font_size": 10.0, "arms": min(arms, 3), "legend": "inside",
    }  # fmt: skip


def dress_kmunicate(panel):
    panel.axes.set(ylabel="Estimated survival", xlabel=panel.style.unit)
    draw_table(panel)
    if len(panel.arms) > 1:
        inner_legend(panel, set())


SHARP = {"path.simplify": False}
PROGRAMS = (
    Look("base_r", choose_base_r, dress_base_r, strata, SHARP),
    Look("survminer", choose_survminer, dress_survminer, strata, SHARP),
    Look("ggsurvfit", choose_ggsurvfit, dress_ggsurvfit, settings=SHARP),
    Look("stata", choose_stata, dress_stata, strata, SHARP),
    Look("sas", choose_sas, dress_sas, settings=SHARP),
    Look("prism", choose_prism, dress_prism, settings=SHARP),
    Look("spss", choose_spss, dress_spss, settings=SHARP),
    Look("medcalc", choose_medcalc, dress_medcalc, settings=SHARP),
    Look("lifelines", choose_lifelines, dress_lifelines, settings={"path.simplify": True}),
    Look("kmunicate", choose_kmunicate, dress_kmunicate, settings=SHARP),
)
