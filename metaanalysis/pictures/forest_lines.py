"""What a forest plot prints, line by line, before anything is drawn."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

LONG_NAMES = {"HR": "Hazard ratio", "RR": "Risk ratio", "OR": "Odds ratio", "RD": "Risk difference"}
_SOURCES = {"ipd": "IPD", "reported": "reported", "derived": "derived", "reconstructed": "reconstructed", "summary": "summary"}
_CI_NAMES = {"hk-adhoc": "Hartung-Knapp, floored", "hk": "Hartung-Knapp", "wald": "Wald", "hk-iqwig": "Hartung-Knapp, IQWiG's floor"}


@dataclass(frozen=True)
class Line:
    """One line of a forest plot.

    Attributes
    ----------
    kind : {"study", "group", "diamond", "prediction", "text", "gap", "rule"}
    cells : dict
        Text by column: study, source, events_1, events_2, yi, sei, fixed, random, effect.
    estimate, low, high : float
        What is drawn, on the analysis scale; NaN where nothing is.
    weight : float
        For the square of a study: percent, or the inverse of its variance where there is no total.
    hollow : bool
        Outlined only: summary rows, and fixed-effect diamonds.
    """

    kind: str
    cells: dict = field(default_factory=dict)
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    weight: float = math.nan
    hollow: bool = False


def format_value(value, decimals=2):
    """Two decimals, none for large numbers, a minus sign and no hyphen."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1e5:
        return f"{value:.0e}"
    text = f"{value:.{0 if abs(value) >= 100 else decimals}f}"
    return "0." + "0" * decimals if float(text) == 0 else text.replace("-", "−")


def format_ratio(value):
    """As `format_value`, but one digit of a ratio too small for two decimals."""
    return f"{value:.1g}" if 0 < value < 0.005 else format_value(value)


def format_p(p):
    """``P = 0.04``, ``P < 0.001``."""
    if not math.isfinite(p):
        return "P not defined"
    if p < 0.001:
        return "P < 0.001"
    return f"P = {p:.3f}" if p < 0.01 else f"P = {p:.2f}"


def format_effect(pooled, estimate, low, high):
    """``0.72 [0.58, 0.89]``, back on the scale of ratios."""
    centre, low, high = (format_back(pooled, value) for value in (estimate, low, high))
    return f"{centre} [{low}, {high}]"


def format_back(pooled, value):
    """A value of the analysis scale on the scale of readers: ratios, or differences with three decimals."""
    return format_ratio(math.exp(value)) if pooled.is_ratio else format_value(value, 3)


def _format_tau2(tau2):
    return f"{tau2:.2g}" if 0 < tau2 < 0.095 else format_value(tau2)


def _format_weight(weight):
    return f"{weight:.1f}" if math.isfinite(weight) else "–"


def heterogeneity_text(random, heterogeneity):
    """``Heterogeneity: Tau² = ; Chi² = , df = (P = ); I² = %``."""
    if heterogeneity.df == 0:
        return "Heterogeneity: not applicable"
    return (
        f"Heterogeneity: Tau² = {_format_tau2(random.tau2)} ({random.method}); Chi² = {heterogeneity.q:.2f}, "
        f"df = {heterogeneity.df} ({format_p(heterogeneity.p)}); I² = {heterogeneity.i2:.0f} %"
    )


def overall_text(result, name):
    """``Test for overall effect (...): Z = (P = )``."""
    statistic = format_value(result.statistic)
    df = getattr(result, "df", math.nan)
    test = f"Z = {statistic}" if math.isnan(df) else f"t = {statistic}, df = {df:.0f}"
    return f"Test for overall effect ({name}): {test} ({format_p(result.p)})"


def subgroup_test_text(test, name):
    """``Test for subgroup differences (...): Chi² = , df = (P = )``, or F where a common tau2 has a Hartung-Knapp interval."""
    if math.isfinite(test.df2):
        return f"Test for subgroup differences ({name}): F = {test.q / test.df:.2f}, df = {test.df}, {test.df2:.0f} ({format_p(test.p)})"
    statistic = f"{test.q:.2f}" if math.isfinite(test.q) else "–"
    return f"Test for subgroup differences ({name}): Chi² = {statistic}, df = {test.df} ({format_p(test.p)})"


def _study_line(pooled, row, models):
    half = float(ndtri(0.5 + pooled.settings.level / 2)) * math.sqrt(pooled.vi[row])
    yi, source = float(pooled.yi[row]), pooled.source[row]
    decimals = 2 if pooled.is_ratio else 3
    cells = {
        "study": pooled.study[row],
        "source": _SOURCES.get(source, "other" if source else ""),
        "yi": format_value(yi, decimals),
        "sei": format_value(math.sqrt(pooled.vi[row]), decimals),
        "fixed": _format_weight(pooled.fixed.weights[row]),
        "random": _format_weight(pooled.random.weights[row]),
        "effect": format_effect(pooled, yi, yi - half, yi + half),
    }
    if pooled.counts is not None:
        events_1, n_1, events_2, n_2 = pooled.counts[row]
        cells |= {"events_1": f"{events_1:g}/{n_1:g}", "events_2": f"{events_2:g}/{n_2:g}"}
    weight = float(getattr(pooled, models[0]).weights[row])
    if pooled.is_mixed:
        cells["study"] += f" [{pooled.measures[row]}]"
        weight = 1 / float(pooled.vi[row])
    return Line("study", cells, yi, yi - half, yi + half, weight, hollow=source == "summary")


def _diamond(pooled, model, label, index):
    """The diamond of one model; `index` are the rows it pools, for the sums of its columns."""
    result, name = model
    cells = {"study": label, "effect": format_effect(pooled, result.estimate, result.ci_low, result.ci_high)}
    whole = getattr(pooled, name).weights
    cells[name] = f"{whole[list(index)].sum():.1f}"
    if pooled.counts is not None:
        events_1, n_1, events_2, n_2 = pooled.counts[list(index)].sum(axis=0)
        cells |= {"events_1": f"{events_1:g}/{n_1:g}", "events_2": f"{events_2:g}/{n_2:g}"}
    return Line("diamond", cells, result.estimate, result.ci_low, result.ci_high, hollow=name == "fixed")


def model_name(result):
    """``random effects, REML, Hartung-Knapp`` or ``fixed effect, IV``."""
    if hasattr(result, "tau2"):
        return f"random effects, {result.method}, {_CI_NAMES[result.ci]}"
    return f"fixed effect, {result.method}"


def _text(text):
    return Line("text", {"study": text})


def _group_lines(pooled, group, models):
    yield Line("group", {"study": group.name})
    for row in group.index:
        yield _study_line(pooled, row, models)
    measures = pooled.measures_of(group)
    if len(measures) > 1:
        yield _text(f"No subtotal: {_different(measures)}.")
    else:
        named = f" [{measures[0]}]" if pooled.is_mixed else ""
        for name in models:
            label = "Subtotal, random effects" if name == "random" else "Subtotal, fixed effect"
            yield _diamond(pooled, (getattr(group, name), name), label + named, group.index)
        yield _text(heterogeneity_text(group.random, group.heterogeneity))
    yield Line("gap")


def _different(measures):
    return f"the rows are of different measures ({', '.join(measures)})"


def _total_lines(pooled, models):
    everything = range(pooled.k)
    yield Line("rule")
    for name in models:
        result = getattr(pooled, name)
        yield _diamond(pooled, (result, name), "Total, random effects" if name == "random" else "Total, fixed effect", everything)
    random = pooled.random
    if math.isfinite(random.prediction_low):
        low, high = (format_back(pooled, value) for value in (random.prediction_low, random.prediction_high))
        cells = {"study": f"Prediction interval ({random.prediction_rule})", "effect": f"[{low}, {high}]"}
        yield Line("prediction", cells, random.estimate, random.prediction_low, random.prediction_high)
    yield Line("gap")
    yield _text(heterogeneity_text(random, pooled.heterogeneity))
    for name in models:
        yield _text(overall_text(getattr(pooled, name), name))
    if pooled.subgroup_test:
        for name in models:
            kind = f", {pooled.settings.subgroup_tau2} Tau²" if name == "random" else ""
            yield _text(subgroup_test_text(pooled.subgroup_test[name], name + kind))


def forest_lines(pooled, models=("random", "fixed")):
    """Every line of the forest plot of `pooled`, from top to bottom.

    Parameters
    ----------
    pooled : PooledEstimate
    models : tuple of {"random", "fixed"}
        Diamonds to show.

    Returns
    -------
    list of Line
    """
    lines = []
    for group in pooled.subgroups:
        lines.extend(_group_lines(pooled, group, models))
    if not pooled.subgroups:
        lines.extend(_study_line(pooled, row, models) for row in range(pooled.k))
    lines.extend(Line("text", {"study": study, "effect": "not estimable"}) for study, _ in pooled.excluded)
    lines.extend([Line("rule"), _text(f"No total: {_different(sorted(set(pooled.measures)))}.")] if pooled.is_mixed else _total_lines(pooled, models))
    return lines


def foot_notes(pooled, models=("random", "fixed")):
    """Sentences below the plot: methods in words, then what the result's notes say."""
    methods = "; ".join(model_name(getattr(pooled, name)) for name in models)
    notes = [f"Pooled by {methods}. I² from Tau². {_square_sizes(pooled, models[0])}"]
    if pooled.k < 3 and not pooled.is_mixed:
        notes.append(f"Prediction interval: {pooled.random.prediction_rule}.")
    if "summary" in pooled.source:
        notes.append("Hollow squares are summary rows.")
    return notes + list(pooled.notes)


def _square_sizes(pooled, model):
    if pooled.is_mixed:
        return "Squares in proportion to the inverse of the variance."
    return f"Squares in proportion to the {'random-effects' if model == 'random' else 'fixed-effect'} weights."


def drawn_range(lines):
    """What the axis must show, and what it should: totals with their limits and all estimates; all other limits.

    Returns
    -------
    must, should : ndarray
        On the analysis scale.
    """
    drawn = [line for line in lines if math.isfinite(line.estimate)]
    totals = [line for line in lines[lines.index(Line("rule")):] if line.kind == "diamond"]
    must = [line.estimate for line in drawn] + [limit for line in totals for limit in (line.low, line.high)]
    return np.array(must), np.array([limit for line in drawn for limit in (line.low, line.high)])
