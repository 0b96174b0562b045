"""Looks of figures in print: small pictures of programs, insets, black lines, rising curves, tables off the ticks, wear."""

from dataclasses import replace

import numpy as np
from drawn.plot import draw_curves, set_vertical
from drawn.style import chance, pick
from drawn.table import draw_table

from looks.look import Look, is_incidence, strata
from looks.parts import end_labels, hazard_ratio, inner_legend, left_table, legend, note, pick_of, thicken, turn_labels
from looks.programs import drop_legend_to_censored, embolden_titles

RIGHT = {"upper right", "lower right", "center right"}
INSET = (0.36, 0.2, 0.58, 0.46)


def wear(rng):
    """What befalls a picture on its way through print, scanner and JPEG."""
    return {
        "blur": float(np.round(rng.uniform(0.4, 0.9), 2)) if chance(rng, 0.5) else 0.0, "noise": float(np.round(rng.uniform(1, 5), 1)) if chance(rng, 0.3) else 0.0,
        "skew": float(np.round(rng.uniform(-0.8, 0.8), 2)) if chance(rng, 0.3) else 0.0, "jpeg": int(rng.integers(50, 85)) if chance(rng, 0.7) else 0,
        "resample": float(np.round(rng.uniform(0.75, 1.3), 2)) if chance(rng, 0.3) else 1.0,
    }  # fmt: skip


def say_ratio(panel, taken, words=("HR {hr} (95% CI {low}–{high})", "P={p}")):
    """The hazard ratio and the p value in a free corner, where the style has text."""
    lines = hazard_ratio(panel, words) if panel.style.text else []
    if lines:
        note(panel, lines, taken)


def choose_inset(rng, arms):
    return {
        "arms": max(arms, 2), "scale": pick(rng, percent=0.4, incidence_percent=0.6), "depth": float(rng.uniform(0.84, 0.96)), "palette": pick(rng, nejm=0.5, lancet=0.3, plain=0.2), "y_step": pick(rng, tenth=0.6, fifth=0.4),
        "table": "below", "inches": 6.8, "aspect": 0.68, "font_size": 9.5, "finer": 2, "marks": "none", "text": False,
    }  # fmt: skip


def dress_inset(panel):
    """The curves again, larger, on a vertical axis that is cut, in the free part of the box."""
    axes, style = panel.axes, panel.style
    left, low, width, height = INSET
    low = low + 0.12 if is_incidence(style) else low - 0.04
    axes.set(xlabel=style.unit, ylabel="Cumulative incidence (%)" if is_incidence(style) else "Patients alive (%)")
    thicken(panel, 0.8)
    inset = axes.inset_axes([left, low, width, height])
    inner = type(panel)(inset, panel.arms, replace(style, span="data", origin="corner"), panel.rng)
    set_vertical(inner)
    inset.set_xlim(axes.get_xlim())
    inset.set_xticks(axes.get_xticks(), [text.get_text() for text in axes.get_xticklabels()])
    inset.tick_params(labelsize=0.8 * style.font_size)
    inset.spines[["top", "right"]].set_visible(False)
    draw_curves(inner)
    end_labels(inner, gap=0.12)
    left_table(panel, "No. at Risk")


def choose_sas_small(rng, arms):
    return {
        "palette": "sas", "dashes": arms > 1 and chance(rng, 0.25), "frame": "box", "origin": "gap", "marks": pick(rng, plus=0.8, none=0.2), "width": 1.1, "inches": 6.4, "aspect": 0.75, "dpi": int(rng.choice((96, 100))),
        "table": "inside", "row_names": "coloured", "table_title": "none", "font_size": 9.0, "resample": 1.0, "jpeg": int(rng.integers(75, 95)) if chance(rng, 0.3) else 0, "table_times": pick(rng, ticks=0.7, half=0.3),
    }  # fmt: skip


def dress_sas_small(panel):
    axes, style = panel.axes, panel.style
    axes.set_title("Product-Limit Survival Estimates", weight="bold", fontsize=1.2 * style.font_size, pad=2.2 * style.font_size)
    axes.text(0.5, 1.02, "With Number of Subjects at Risk", transform=axes.transAxes, ha="center", va="bottom")
    axes.set(ylabel="Survival Probability", xlabel=style.unit)
    draw_table(panel)
    if style.marks == "plus":
        axes.text(0.985, 0.97, "+ Censored", transform=axes.transAxes, ha="right", va="top", bbox={"fc": "white", "ec": "0.6", "lw": 0.7, "pad": 2.5})
    if len(panel.arms) > 1:
        if style.text:
            axes.text(0.985, 0.88, pick_of(panel, "Logrank p=0.0032", "Logrank p<.0001"), transform=axes.transAxes, ha="right", va="top")
        depth = 4.2 * style.font_size / panel.size_points()[1]
        legend(panel, loc="upper center", bbox_to_anchor=(0.5, -depth), frameon=True, edgecolor="0.6", ncol=min(len(panel.arms), 2), title=pick_of(panel, "trt", "Group"), handlelength=3)


def choose_stata_print(rng, arms):
    return {
        "palette": "stata", "grid": "horizontal", "origin": "gap", "marks": pick(rng, none=0.6, bar=0.4), "y_step": "quarter", "y_format": "two", "width": 1.5, "inches": 5.5, "aspect": 0.73, "table": "below" if chance(rng, 0.7) else "none",
        "font_size": 9.5, "dpi": int(rng.choice((96, 110, 130))), "legend": "below", "table_title": pick(rng, number=0.7, short=0.3), "span": pick(rng, whole=0.7, data=0.3), "depth": float(rng.uniform(0.4, 0.85)),
    }  # fmt: skip


def dress_stata_print(panel):
    axes, style = panel.axes, panel.style
    axes.figure.set_facecolor("#eaf2f3")
    axes.set_title("Kaplan–Meier survival estimates", color="#1e2d53", fontsize=1.3 * style.font_size)
    axes.set(ylabel="", xlabel="analysis time")
    turn_labels(panel)
    axes.grid(axis="y", color="#eaf2f3", lw=1)
    draw_table(panel)
    rows = len(panel.arms) + 1.5 if style.table == "below" else 0
    if len(panel.arms) > 1:
        depth = (4.4 + 1.55 * rows) * style.font_size / panel.size_points()[1]
        legend(panel, loc="upper center", bbox_to_anchor=(0.5, -depth), ncol=2, frameon=True, edgecolor="black", handlelength=3.5)


def choose_spss_old(rng, arms):
    return {
        "palette": "spss", "frame": "box", "origin": "gap", "marks": pick(rng, plus=0.6, cross=0.4), "width": 1.2, "inches": 6.2, "aspect": 0.8, "font_size": 10.0, "y_format": pick(rng, plain=0.8, comma=0.2),
        "dpi": int(rng.choice((80, 96, 110))), "scale": "survival", "span": pick(rng, whole=0.7, data=0.3), "depth": float(rng.uniform(0.3, 0.8)),
    } | wear(rng) | {"skew": 0.0}  # fmt: skip


def dress_spss_old(panel):
    panel.axes.set_facecolor(pick_of(panel, "#f0f0f0", "#d9d9d9", "#f0f0f0"))
    panel.axes.set_title("Survival Functions", weight="bold", fontsize=1.3 * panel.style.font_size)
    panel.axes.set(ylabel="Cum Survival", xlabel=panel.style.unit)
    embolden_titles(panel)
    thicken(panel, 1.5)
    if len(panel.arms) > 1:
        names = [arm.name for arm in panel.arms]
        shown = legend(panel, loc="upper left", bbox_to_anchor=(1.02, 1.0), title="Group", handlelength=1.5)
        drop_legend_to_censored(panel, shown, names)
        panel.axes.get_legend().set_frame_on(True)


def choose_matlab(rng, arms):
    table = pick(rng, inside=0.5, below=0.5)
    return {
        "palette": pick(rng, matlab=0.6, plain=0.4), "dashes": arms > 1 and chance(rng, 0.6), "frame": "box", "origin": "gap" if table == "inside" else "headroom", "marks": pick(rng, bar=0.5, plus=0.5), "width": 1.6,
        "table": table, "row_names": "coloured", "inches": 5.8, "aspect": 0.78, "font_size": 10.5, "finer": 1, "text": chance(rng, 0.8), "table_title": pick(rng, number=0.5, none=0.5),
    }  # fmt: skip


def dress_matlab(panel):
    axes, style, taken = panel.axes, panel.style, set()
    axes.tick_params(direction="in", top=True, right=True)
    axes.set(ylabel="Survival Probability", xlabel=pick_of(panel, f"Time ({style.unit})", style.unit))
    thicken(panel, 1.3)
    embolden_titles(panel)
    draw_table(panel)
    if len(panel.arms) > 1:
        inner_legend(panel, taken, frameon=chance(panel.rng, 0.5), edgecolor="0.2")
    say_ratio(panel, taken, ("p = {p}", "HR = {hr} ({low} - {high})"))


def choose_black_print(rng, arms):
    return {
        "palette": pick(rng, black=0.7, greys=0.3), "dashes": arms > 1, "marks": pick(rng, none=0.5, bar=0.3, circle=0.2), "width": float(rng.uniform(0.9, 1.7)), "arms": min(max(arms, 2), 3), "scale": pick(rng, percent=0.6, survival=0.4),
        "table": "below" if chance(rng, 0.6) else "none", "table_title": "short", "inches": 5.2, "aspect": 0.75, "text": chance(rng, 0.6), "legend": pick(rng, inside=0.5, beside=0.5), "finer": 2,
    } | wear(rng)  # fmt: skip


def dress_black_print(panel):
    style, taken = panel.style, set()
    panel.axes.set(ylabel="Survival (%)" if style.scale == "percent" else "Probability of survival", xlabel=style.unit)
    thicken(panel, 0.9)
    if style.legend == "beside":
        taken |= RIGHT
        end_labels(panel, black=True)
    else:
        inner_legend(panel, taken, handlelength=3.2)
    say_ratio(panel, taken)
    if style.table == "below":
        left_table(panel, "No. at risk", bold=False)


def choose_rising(rng, arms):
    return {
        "arms": max(arms, 2), "scale": pick(rng, incidence_percent=0.6, incidence=0.4), "span": pick(rng, data=0.7, whole=0.3), "depth": float(rng.uniform(0.5, 0.93)), "palette": pick(rng, jama=0.3, lancet=0.4, tab10=0.3), "table": "below",
        "counts": "events", "interval": pick(rng, band=0.25, none=0.75) if arms < 3 else "none", "inches": 6.6, "aspect": 0.7, "font_size": 9.0, "finer": 2, "marks": "none", "legend": "inside", "width": 1.5,
    }  # fmt: skip


def dress_rising(panel):
    style, taken = panel.style, set()
    panel.axes.set(ylabel=pick_of(panel, "Cumulative incidence", "Cumulative event rate") + (" (%)" if "percent" in style.scale else ""), xlabel=style.unit)
    inner_legend(panel, taken)
    say_ratio(panel, taken)
    left_table(panel, "Number at risk\n(number of events)", what="with_events", small=0.9)


def choose_off_ticks(rng, arms):
    return {
        "palette": pick(rng, jco=0.4, set1=0.3, lancet=0.3), "scale": pick(rng, percent=0.5, survival=0.5), "span": pick(rng, whole=0.5, data=0.5), "depth": float(rng.uniform(0.3, 0.85)), "table": "below",
        "table_times": pick(rng, own=0.5, half=0.3, no_zero=0.2), "marks": pick(rng, bar=0.5, none=0.5), "inches": 6.0, "aspect": 0.72, "finer": 2, "cropped": chance(rng, 0.5),
    }  # fmt: skip


def dress_off_ticks(panel):
    style, taken = panel.style, set()
    panel.axes.set(ylabel="Overall survival (%)" if style.scale == "percent" else "Overall survival", xlabel=style.unit)
    if len(panel.arms) > 1:
        inner_legend(panel, taken)
    say_ratio(panel, taken, ("HR: {hr} (95% CI: {low}-{high})", "log-rank p = {p}"))
    left_table(panel, "No. at risk", bold=chance(panel.rng, 0.5))


def choose_page(rng, arms):
    count, black = int(rng.choice((2, 3, 4, 6), p=(0.35, 0.15, 0.35, 0.15))), chance(rng, 0.15)
    return {
        "panels": count, "arms": min(max(arms, 2), 3), "palette": "black" if black else pick(rng, lancet=0.3, nejm=0.25, jco=0.2, plain=0.25), "dashes": black, "scale": pick(rng, percent=0.5, survival=0.4, incidence_percent=0.1),
        "shared": chance(rng, 0.3), "table": "below" if chance(rng, 0.75) else "none", "inches": float(rng.uniform(2.8, 4.0)), "aspect": float(rng.uniform(0.66, 0.9)), "font_size": float(rng.uniform(7.5, 9.5)),
        "marks": pick(rng, bar=0.5, none=0.5), "width": 1.3, "finer": 2, "text": chance(rng, 0.6), "legend": pick(rng, inside=0.7, beside=0.3), "counts": pick(rng, before=0.7, censored=0.3), "dpi": int(rng.choice((110, 130, 150, 200))),
    } | (wear(rng) if chance(rng, 0.3) else {})  # fmt: skip


def dress_page(panel):
    style, taken = panel.style, set()
    title = "Cumulative incidence (%)" if is_incidence(style) else "Survival (%)" if style.scale == "percent" else "Survival probability"
    panel.axes.set(ylabel=title, xlabel=style.unit)
    thicken(panel, 0.8)
    if style.legend == "beside":
        taken |= RIGHT
        end_labels(panel, gap=0.1, black=style.dashes)
    else:
        inner_legend(panel, taken, handlelength=2.8 if style.dashes else 2)
    say_ratio(panel, taken, ("HR {hr} (95% CI {low}–{high}); p={p}",) if chance(panel.rng, 0.5) else ("HR {hr}", "95% CI {low}–{high}", "p={p}"))
    if style.table == "below":
        censored = style.counts == "censored"
        left_table(panel, "Number at risk (number censored)" if censored else "No. at risk", what="with_censored" if censored else "risk", bold=style.size % 2 == 0)


SHARP = {"path.simplify": False}
PAGE = Look("page", choose_page, dress_page, settings=SHARP)
PRINT = (
    PAGE,
    Look("inset", choose_inset, dress_inset, settings=SHARP),
    Look("sas_small", choose_sas_small, dress_sas_small, settings=SHARP),
    PAGE,
    Look("stata_print", choose_stata_print, dress_stata_print, strata, SHARP),
    Look("spss_old", choose_spss_old, dress_spss_old, settings=SHARP),
    Look("matlab", choose_matlab, dress_matlab, settings=SHARP),
    PAGE,
    Look("black_print", choose_black_print, dress_black_print, settings=SHARP),
    Look("rising", choose_rising, dress_rising, settings=SHARP),
    Look("off_ticks", choose_off_ticks, dress_off_ticks, settings=SHARP),
)
