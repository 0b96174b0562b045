"""Looks of journals, which set a figure anew whatever program drew it."""

from drawn.style import chance, pick

from looks.look import Look, is_incidence
from looks.parts import end_labels, hazard_ratio, inner_legend, left_table, note, pick_of, thicken

MONTHS = {"Months": "Months since Randomization", "months": "Months", "Years": "Years since Randomization"}


def choose_nejm(rng, arms):
    return {
        "palette": pick(rng, nejm=0.5, lancet=0.25, plain=0.25), "scale": "percent" if chance(rng, 0.75) else "survival", "y_step": pick(rng, tenth=0.55, fifth=0.45), "marks": pick(rng, bar=0.5, none=0.5), "width": 1.6,
        "table": "below", "legend": "beside", "inches": 6.6, "aspect": 0.62, "font_size": 9.5, "finer": 2, "panels": 2 if chance(rng, 0.1) else 1, "text": chance(rng, 0.7), "arms": max(arms, 2),
    }  # fmt: skip


def dress_nejm(panel):
    style = panel.style
    titles = ("Overall Survival (% of patients)", "Patients Who Survived (%)", "Progression-free Survival (%)") if style.scale == "percent" else ("Probability of Survival", "Probability of Progression-free Survival")
    panel.axes.set(xlabel=MONTHS.get(style.unit, style.unit), ylabel=pick_of(panel, *titles))
    thicken(panel, 0.8)
    taken = {"upper right", "lower right", "center right"}
    end_labels(panel, black=style.size % 2 == 0)
    if style.text:
        lines = hazard_ratio(panel, ("Hazard ratio, {hr} (95% CI, {low}–{high})", "P={p}"))
        note(panel, lines, taken) if lines else None
    left_table(panel, "No. at Risk")


def choose_lancet(rng, arms):
    return {
        "palette": pick(rng, lancet=0.5, lancet_print=0.5), "scale": "percent" if chance(rng, 0.8) else "incidence_percent", "y_step": pick(rng, fifth=0.75, tenth=0.25), "marks": pick(rng, bar=0.6, none=0.4), "width": 1.4,
        "table": "below", "counts": "censored" if chance(rng, 0.6) else "before", "inches": 6.2, "aspect": 0.7, "font_size": 9.0, "finer": 2, "panels": 2 if chance(rng, 0.1) else 1, "text": chance(rng, 0.7), "arms": max(arms, 2),
    }  # fmt: skip


def dress_lancet(panel):
    style, taken = panel.style, set()
    title = pick_of(panel, "Cumulative incidence (%)") if is_incidence(style) else pick_of(panel, "Overall survival (%)", "Progression-free survival (%)", "Patients alive (%)")
    panel.axes.set(ylabel=title, xlabel=pick_of(panel, f"Time since randomisation ({style.unit.split()[0].lower()})", style.unit))
    thicken(panel, 0.7)
    inner_legend(panel, taken)
    if style.text:
        lines = hazard_ratio(panel, ("HR {hr} (95% CI {low}–{high})", "p={p}"), point="·")
        note(panel, lines, taken)
    censored = style.counts == "censored"
    left_table(panel, "Number at risk\n(number censored)" if censored else "Number at risk", what="with_censored" if censored else "risk")


def choose_jco(rng, arms):
    percent = chance(rng, 0.5)
    return {
        "palette": pick(rng, jco=0.4, plain=0.3, jco_print=0.3), "scale": "percent" if percent else "survival", "y_step": "fifth", "y_format": "plain", "marks": pick(rng, bar=0.6, plus=0.2, none=0.2), "width": 1.5,
        "table": "below" if chance(rng, 0.85) else "none", "inches": 5.6, "aspect": 0.74, "font_size": 9.5, "finer": 2, "text": chance(rng, 0.6),
    }  # fmt: skip


def dress_jco(panel):
    style, taken = panel.style, set()
    titles = ("OS (%)", "Overall Survival (%)", "Progression-Free Survival (%)") if style.scale == "percent" else ("OS (probability)", "Overall Survival (probability)", "DFS (probability)")
    panel.axes.set(ylabel=pick_of(panel, *titles), xlabel=pick_of(panel, f"Time ({style.unit.split()[0].lower()})", style.unit))
    thicken(panel, 0.8)
    if len(panel.arms) > 1:
        inner_legend(panel, taken)
    if style.text and len(panel.arms) > 1:
        note(panel, hazard_ratio(panel, ("HR, {hr} (95% CI, {low} to {high})", "P = {p}")), taken)
    if style.table == "below":
        left_table(panel, "No. at risk:", bold=False, coloured=style.size % 3 == 0)


def choose_jama(rng, arms):
    rising = chance(rng, 0.45)
    return {
        "palette": pick(rng, jama=0.6, nejm=0.4), "scale": "incidence_percent" if rising else "percent", "span": "data" if rising and chance(rng, 0.6) else "whole", "depth": float(rng.uniform(0.6, 0.9) if rising else rng.uniform(0.25, 0.8)),
        "y_step": "fifth", "marks": "none", "width": 1.5, "table": "below", "legend": "beside", "inches": 6.0, "aspect": 0.72, "font_size": 9.0, "finer": 2, "text": chance(rng, 0.6), "arms": max(arms, 2),
        "panels": 2 if chance(rng, 0.1) else 1,
    }  # fmt: skip


def dress_jama(panel):
    style = panel.style
    titles = ("Cumulative incidence, %", "Patients with event, %") if is_incidence(style) else ("Overall survival, %", "Event-free survival, %")
    panel.axes.set(ylabel=pick_of(panel, *titles), xlabel=f"Time since randomization, {style.unit.split()[0].lower()[:2]}" if "onth" in style.unit else style.unit)
    thicken(panel, 0.8)
    end_labels(panel)
    if style.text:
        note(panel, hazard_ratio(panel, ("HR, {hr} (95% CI, {low}-{high})", "Log-rank P = {p}")), {"upper right", "lower right", "center right"})
    left_table(panel, "No. at risk", bold=True)


SHARP = {"path.simplify": False}
JOURNALS = (
    Look("nejm", choose_nejm, dress_nejm, settings=SHARP),
    Look("lancet", choose_lancet, dress_lancet, settings=SHARP),
    Look("jco", choose_jco, dress_jco, settings=SHARP),
    Look("jama", choose_jama, dress_jama, settings=SHARP),
)
