"""What a forest plot prints, line by line, before anything is drawn."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from metaanalysis.pictures.forest_look import ForestLook
from metaanalysis.pictures.forest_numbers import Numbers
from metaanalysis.pictures.forest_numbers import format_p as format_p
from metaanalysis.pictures.forest_numbers import format_ratio as format_ratio
from metaanalysis.pictures.forest_numbers import format_value as format_value
from metaanalysis.pictures.forest_table import StudyTable

LONG_NAMES = {"HR": "Hazard ratio", "RR": "Risk ratio", "OR": "Odds ratio", "RD": "Risk difference"}
_SOURCES = {"ipd": "IPD", "reported": "reported", "derived": "derived", "reconstructed": "reconstructed", "summary": "summary"}
_CI_NAMES = {"hk-adhoc": "Hartung-Knapp, floored", "hk": "Hartung-Knapp", "wald": "Wald", "hk-iqwig": "Hartung-Knapp, IQWiG's floor"}
_MODEL_NAMES = {"random": "random effects", "fixed": "fixed effect"}


@dataclass(frozen=True)
class Line:
    """One line of a forest plot.

    Attributes
    ----------
    kind : {"study", "excluded", "group", "diamond", "prediction", "text", "gap", "rule"}
    cells : dict
        Text by column.
    estimate, low, high : float
        What is drawn, on the analysis scale; NaN where nothing is.
    weight : float
        For the square of a study: percent, or the inverse of its variance where there is no total.
    hollow : bool
        Outlined only: summary rows, and fixed-effect diamonds.
    study : str
        Whose risk of bias stands on the line; empty on other lines.
    is_total : bool
        A diamond over all studies.
    """

    kind: str
    cells: dict = field(default_factory=dict)
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    weight: float = math.nan
    hollow: bool = False
    study: str = ""
    is_total: bool = False


@dataclass(frozen=True)
class Content:
    """What lines are made from.

    Attributes
    ----------
    pooled : PooledEstimate
    look : ForestLook
    numbers : Numbers
    models : tuple of {"random", "fixed"}
    table : StudyTable
    contrasts : tuple
        Differences between subgroups within trials: each with `level`, `reference` and `within`, a PooledEstimate or None.
    """

    pooled: object
    look: ForestLook
    numbers: Numbers
    models: tuple
    table: StudyTable
    contrasts: tuple = ()


# --- sentences of numbers ----------------------------------------------------------------------------------------------


def heterogeneity_text(content, random, heterogeneity):
    """``Heterogeneity: Tau² = (REML); Chi² = , df = (P = ); I² = %``; tau2 where the random-effects model is shown."""
    if heterogeneity.df == 0:
        return "Heterogeneity: not applicable"
    numbers, look = content.numbers, content.look
    tau2 = f"{numbers.equal(look.tau2_name, numbers.tau2(random.tau2))} ({random.method}); " if "random" in content.models else ""
    return (
        f"Heterogeneity: {tau2}{numbers.equal(look.chi2_name, numbers.value(heterogeneity.q))}, "
        f"{numbers.equal('df', heterogeneity.df)} ({numbers.p(heterogeneity.p)}); {numbers.equal('I²', numbers.percent(heterogeneity.i2))}"
    )


def overall_text(content, result, name):
    """``Test for overall effect (...): Z = (P = )``."""
    numbers, df = content.numbers, getattr(result, "df", math.nan)
    statistic = numbers.value(result.statistic)
    test = numbers.equal("Z", statistic) if math.isnan(df) else f"{numbers.equal('t', statistic)}, {numbers.equal('df', f'{df:.0f}')}"
    return f"Test for overall effect ({name}): {test} ({numbers.p(result.p)})"


def subgroup_test_text(content, test, name):
    """``Test for subgroup differences (...): Chi² = , df = (P = )``, or F where the test has a second number of degrees of freedom."""
    numbers, df2 = content.numbers, test.df2
    if math.isfinite(df2):
        statistic, df = numbers.equal("F", numbers.value(test.q / test.df)), numbers.equal("df", f"{test.df}, {df2:.0f}")
    else:
        statistic, df = numbers.equal(content.look.chi2_name, numbers.value(test.q)), numbers.equal("df", test.df)
    return f"Test for subgroup differences ({name}): {statistic}, {df} ({numbers.p(test.p)})"


def within_trials_text(content, contrast, name):
    """``Within trials, HCV against HBV (random): ratio of HRs 0.80 [0.60, 1.07], k = 3 (P = )``; empty where no trial tells both."""
    if contrast.within is None:
        return ""
    numbers, result, measure = content.numbers, getattr(contrast.within, name), content.pooled.measure or "effect"
    effect = numbers.effect(result.estimate, result.ci_low, result.ci_high)
    what = f"{'ratio' if content.pooled.is_ratio else 'difference'} of {measure}s"
    return f"Within trials, {contrast.level} against {contrast.reference} ({name}): {what} {effect}, {numbers.equal('k', contrast.within.k)} ({numbers.p(result.p)})"


def model_name(result):
    """``random effects, REML, Hartung-Knapp`` or ``fixed effect, IV``."""
    if hasattr(result, "tau2"):
        return f"random effects, {result.method}, {_CI_NAMES[result.ci]}"
    return f"fixed effect, {result.method}"


# --- lines -------------------------------------------------------------------------------------------------------------


def _count_cells(counts):
    """Cells of both arms: events, patients, and both in one."""
    cells = {}
    for arm, (events, patients) in ((1, counts[:2]), (2, counts[2:])):
        events, patients = (f"{count:g}" if math.isfinite(count) else "–" for count in (events, patients))
        cells |= {f"events_{arm}": events, f"n_{arm}": patients, f"arm_{arm}": f"{events}/{patients}"}
    return cells


def _study_line(content, row):
    pooled, numbers, table = content.pooled, content.numbers, content.table
    half = float(ndtri(0.5 + pooled.settings.level / 2)) * math.sqrt(pooled.vi[row])
    yi, source = float(pooled.yi[row]), pooled.source[row]
    cells = {
        "study": pooled.study[row],
        "source": _SOURCES.get(source, "other" if source else ""),
        "yi": numbers.analysis(yi),
        "sei": numbers.analysis(math.sqrt(pooled.vi[row])),
        "fixed": numbers.weight(pooled.fixed.weights[row]),
        "random": numbers.weight(pooled.random.weights[row]),
        "effect": numbers.effect(yi, yi - half, yi + half),
    } | {f"extra-{title}": numbers.marked(texts[row]) if _is_number(texts[row]) else texts[row] for title, texts in table.columns.items()}
    if table.counts is not None:
        cells |= _count_cells(table.counts[row])
    if table.reconstruction_se is not None:
        part = table.reconstruction_se[row]
        cells["reconstruction"] = numbers.analysis(part) if math.isfinite(part) else ""
    weight = float(getattr(pooled, content.models[0]).weights[row])
    if pooled.is_mixed:
        cells["study"] += f" [{pooled.measures[row]}]"
        weight = 1 / float(pooled.vi[row])
    return Line("study", cells, yi, yi - half, yi + half, weight, hollow=source == "summary", study=pooled.study[row])


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _diamond(content, result, label, rows):
    """The diamond of one model; `rows` are those it pools, for the sums of its columns."""
    pooled, (name, result) = content.pooled, result
    cells = {"study": label, "effect": content.numbers.effect(result.estimate, result.ci_low, result.ci_high)}
    cells[name] = content.numbers.weight(getattr(pooled, name).weights[list(rows)].sum())
    if content.table.counts is not None:
        cells |= _count_cells(content.table.counts[list(rows)].sum(axis=0))
    return Line("diamond", cells, result.estimate, result.ci_low, result.ci_high, hollow=name == "fixed", is_total=len(rows) == pooled.k and label.startswith("Total"))


def _text(text):
    return Line("text", {"study": text})


def _different(measures):
    return f"the rows are of different measures ({', '.join(measures)})"


def _group_lines(content, group):
    pooled = content.pooled
    yield Line("group", {"study": group.name})
    for row in content.table.ordered(group.index):
        yield _study_line(content, row)
    measures = pooled.measures_of(group)
    if len(measures) > 1:
        yield _text(f"No subtotal: {_different(measures)}.")
    else:
        named = f" [{measures[0]}]" if pooled.is_mixed else ""
        for name in content.models:
            yield _diamond(content, (name, getattr(group, name)), f"Subtotal, {_MODEL_NAMES[name]}{named}", group.index)
        yield _text(heterogeneity_text(content, group.random, group.heterogeneity))
    yield Line("gap")


def _prediction_line(content):
    random = content.pooled.random
    rule = random.prediction_rule.replace(" - ", " − ")
    cells = {"study": f"Prediction interval ({rule})", "effect": content.numbers.interval(random.prediction_low, random.prediction_high)}
    return Line("prediction", cells, random.estimate, random.prediction_low, random.prediction_high)


def _total_lines(content):
    pooled, random = content.pooled, content.pooled.random
    yield Line("rule")
    for name in content.models:
        yield _diamond(content, (name, getattr(pooled, name)), f"Total, {_MODEL_NAMES[name]}", range(pooled.k))
    if "random" in content.models and math.isfinite(random.prediction_low):
        yield _prediction_line(content)
    yield Line("gap")
    yield _text(heterogeneity_text(content, random, pooled.heterogeneity))
    for name in content.models:
        yield _text(overall_text(content, getattr(pooled, name), name))
    within = [within_trials_text(content, contrast, name) for contrast in content.contrasts for name in content.models]
    yield from (_text(text) for text in within if text)
    if pooled.subgroup_test:
        rule = pooled.settings.subgroup_tau2
        for name in content.models:
            told = f"random, {rule} {content.look.tau2_name}" if name == "random" else name
            yield _text(subgroup_test_text(content, pooled.subgroup_test[name], told))


def forest_lines(content):
    """Every line of a forest plot, from top to bottom.

    Parameters
    ----------
    content : Content

    Returns
    -------
    list of Line
    """
    pooled, lines = content.pooled, []
    for group in pooled.subgroups:
        lines.extend(_group_lines(content, group))
    if not pooled.subgroups:
        lines.extend(_study_line(content, row) for row in content.table.order)
    lines.extend(Line("excluded", {"study": study, "effect": "not estimable"}, study=study) for study, _ in pooled.excluded)
    if pooled.is_mixed:
        return [*lines, Line("rule"), _text(f"No total: {_different(sorted(set(pooled.measures)))}.")]
    return [*lines, *_total_lines(content)]


def foot_notes(content):
    """Sentences below the plot: methods in words, then what the result's notes say."""
    pooled, models = content.pooled, content.models
    methods = "; ".join(model_name(getattr(pooled, name)) for name in models)
    shapes = " The fixed-effect diamond is hollow." if len(models) > 1 and not pooled.is_mixed else ""
    i2 = f" I² from {content.look.tau2_name}." if not pooled.is_mixed and pooled.k > 1 else ""
    notes = [f"Pooled by {methods}.{i2} {_square_sizes(pooled, models[0])}{shapes}"]
    if "random" in models and not math.isfinite(pooled.random.prediction_low) and not pooled.is_mixed:
        notes.append(f"Prediction interval: {pooled.random.prediction_rule}.")
    if "summary" in pooled.source:
        notes.append("Hollow squares are summary rows.")
    if content.table.reconstruction_se is not None:
        notes.append("SE from reconstruction: the part of a standard error that comes from reading the patients off a figure; it is already in the weight and the interval.")
    return [content.numbers.sentence(note) for note in [*notes, *pooled.notes]]


def _square_sizes(pooled, model):
    if pooled.is_mixed:
        return "Squares in proportion to the inverse of the variance."
    return f"Squares in proportion to the {model}-effect{'s' if model == 'random' else ''} weights."


def drawn_range(lines):
    """What the axis must show, and what it should: totals with their limits and all estimates; all other limits.

    Below three studies the limits of the random-effects total, with 1 degree of freedom, are left to arrows.

    Parameters
    ----------
    lines : list of Line

    Returns
    -------
    must, should : ndarray
        On the analysis scale.
    """
    few = sum(line.kind == "study" for line in lines) < 3
    drawn = [line for line in lines if math.isfinite(line.estimate)]
    totals = [line for line in drawn if line.is_total]
    bounded = [line for line in drawn if not (few and line.kind == "diamond" and not line.hollow)]
    must = [line.estimate for line in drawn] + [limit for line in totals if line in bounded for limit in (line.low, line.high)]
    return np.array(must), np.array([limit for line in bounded for limit in (line.low, line.high)])
