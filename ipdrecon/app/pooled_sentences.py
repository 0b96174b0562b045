"""What pooling found, in sentences for a person."""

import math

from ipdrecon.app import sentences
from ipdrecon.app.pooling import rows_with_draws
from metaanalysis.measures import as_read, is_ratio

_USUAL_LEVEL = 0.95


def effect(pooled, part):
    """Give an estimate of a pooled result on the scale people read: ratios, not their logarithms; a level but 95 % is named.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    part : object
        With ``estimate, ci_low, ci_high``: the fixed or the random result, of all or of a subgroup.

    Returns
    -------
    str
    """
    shown = as_read((part.estimate, part.ci_low, part.ci_high), ratio=pooled.is_ratio)
    return _interval(pooled, *shown)


def _interval(pooled, value, low, high, digits=2):
    """An estimate with its interval, whose level is named where it is another than usual."""
    told, level = sentences.interval(value, low, high, digits), pooled.settings.level
    return told if level == _USUAL_LEVEL else told.replace("(", f"({100 * level:g} % CI ")


def of_pooled(pooled):
    """Tell the pooled result, its spread, and its subgroups; without a total where rows are of different measures."""
    yield from _of_mixed(pooled) if pooled.is_mixed else _of_total(pooled)
    for group in pooled.subgroups:
        yield f"  {of_subgroup(pooled, group)}"


def of_subgroup(pooled, group):
    """Tell the result of a subgroup, or why it has none."""
    measures = pooled.measures_of(group)
    if len(measures) > 1:
        return f"{group.name} ({sentences.counted(group.k, 'study')}): no result, since {' and '.join(measures)} cannot be pooled together"
    named = f"{measures[0]} " if pooled.is_mixed else ""
    return f"{group.name} ({sentences.counted(group.k, 'study')}): {named}{effect(pooled, group.random)}"


def _of_mixed(pooled):
    yield (
        f"{' and '.join(sorted(set(pooled.measures)))}, {sentences.counted(pooled.k, 'study')}: no total, because one number over different measures "
        f"has no meaning{'; each subgroup has its own result.' if pooled.subgroups else '. Part them into subgroups, or pool the rows of one measure.'}"
    )


def _of_total(pooled):
    yield f"{pooled.measure or 'Effect'}, {sentences.counted(pooled.k, 'study')}, random effects ({pooled.method}): {effect(pooled, pooled.random)}, {sentences.p_value(pooled.p)}."
    yield f"Fixed effect: {effect(pooled, pooled.fixed)}, {sentences.p_value(pooled.fixed.p)}."
    spread = pooled.heterogeneity
    if pooled.k > 1:
        yield f"Heterogeneity: tau² = {sentences.decimals(pooled.tau2, 4)}, I² = {sentences.decimals(pooled.i2, 0)} %, Q = {sentences.decimals(spread.q)} on {spread.df}, {sentences.p_value(spread.p)}."
    if pooled.k > 2 and not math.isnan(pooled.prediction_low):
        limits = as_read((pooled.prediction_low, pooled.prediction_high), ratio=pooled.is_ratio)
        level = "" if pooled.settings.level == _USUAL_LEVEL else f"{100 * pooled.settings.level:g} % "
        yield f"A new study's true effect is expected between {sentences.decimals(limits[0])} and {sentences.decimals(limits[1])} ({level}prediction interval)."


def of_rows_with_draws(parts):
    """Tell the standard errors of studies whose patients were drawn many times.

    Parameters
    ----------
    parts : DataFrame
        Made by `pooling.rows_with_draws`.

    Yields
    ------
    str
    """
    for row in parts.itertuples():
        yield f"Standard error of {row.study}: {sentences.standard_errors(row.sampling_se, row.reconstruction_se)}; both are in its weight."


def of_all(pooled, studies, analyses):
    """Tell a pooled result, where its rows are from, and what was computed besides.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
    analyses : Analyses

    Yields
    ------
    str
    """
    yield from of_pooled(pooled)
    yield from of_comparison(pooled)
    yield from pooled.notes[pooled.is_mixed:]  # that there is no total is told already
    yield from of_rows_with_draws(rows_with_draws(studies))
    yield from of_derived(studies)
    yield from of_analyses(pooled, analyses)


def of_comparison(pooled):
    """Tell how subgroups differ: within trials first, where trials tell both, then across them.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate

    Yields
    ------
    str
    """
    contrasts = pooled.subgroup_contrasts.contrasts if pooled.subgroup_contrasts else ()
    what = f"{'ratio' if pooled.is_ratio else 'difference'} of {pooled.measure or 'effect'}s"
    for contrast in contrasts:
        within = contrast.within
        if within is not None:
            yield f"Within trials, {contrast.level} against {contrast.reference} ({sentences.counted(within.k, 'trial')}): {what} {effect(pooled, within.random)}, {sentences.p_value(within.p)}."
    if pooled.subgroup_test:
        random, fixed = pooled.subgroup_test["random"], pooled.subgroup_test["fixed"]
        yield f"Test between subgroups, {pooled.settings.subgroup_tau2} tau²: {sentences.p_value(random.p)}; fixed effect: {sentences.p_value(fixed.p)}."


def of_derived(studies):
    """Tell how effects came about that no paper prints as they were pooled, and what had to be assumed."""
    for row in studies[studies["yi"].notna()].to_dict("records"):
        if row.get("source") == "derived" and row.get("read_note"):
            yield f"  {row['study']}: derived ({row.get('route') or 'as computed'}): {row['read_note']}"


def of_analyses(pooled, analyses):
    """Tell what stands beside a pooled result, and what could not be done."""
    for name, tell in _TOLD.items():
        if analyses.get(name) is not None:
            yield from tell(pooled, analyses.get(name))
    yield from of_refused(analyses)


def of_refused(analyses):
    """Tell what was asked for beside a pooled result and could not be done, and why."""
    for name, why in analyses.refused.items():
        yield f"Not done: {name.replace('_', ' ')}: {why}"


def _of_choices(pooled, choices):
    shown = as_read([choice.estimate for choice in choices], ratio=pooled.is_ratio)
    low, high = (sentences.decimals(value) for value in (min(shown), max(shown)))
    if low != high:
        yield f"Under the fixed effect and three estimators of tau² the estimate lies between {low} and {high}."


def _of_summaries(pooled, results):
    last = results[-1]
    yield (
        f"Summary rows hide the variance between their trials; were it {sentences.decimals(last.tau2)} (tau {sentences.decimals(math.sqrt(last.tau2))}), "
        f"the total would be {effect(pooled, last)}."
    )


def _of_influence(_, influence):
    names = [name for name, flagged in zip(influence.study, influence.is_influential, strict=True) if flagged]
    yield f"Influential by the usual limits: {', '.join(names) or 'no study'}."


def _of_regression(pooled, regression):
    yield f"Meta-regression, coefficients {f'of log {pooled.measure}' if pooled.is_ratio else 'on the scale of the effects'}:"
    for row in regression.to_frame().to_dict("records"):
        yield f"  {row['name']}: {_interval(pooled, row['estimate'], row['ci_low'], row['ci_high'], 3)}, {sentences.p_value(row['p'])}"
    explained = "" if math.isnan(regression.r2) else f"; share of tau² they explain: {sentences.decimals(regression.r2, 0)} %"
    yield f"Moderators together: {sentences.p_value(regression.omnibus.p)}{explained}."
    yield from regression.notes


def _of_absolute(_, absolute):
    yield from absolute.sentences()
    yield from absolute.notes


def _of_sequential(_, analysis):
    yield analysis.sentence


def _of_bayes(_, estimate):
    yield str(estimate)


def _of_patients(pooled, analysis):
    for row in analysis.to_frame().to_dict("records"):
        shown = as_read((row["estimate"], row["ci_low"], row["ci_high"]), ratio=is_ratio(row["measure"]))
        yield f"  From patients, {row['result']}: {row['measure']} {_interval(pooled, *shown)}, {sentences.p_value(row['p'])}"
    yield from analysis.notes


_TOLD = {
    "choices": _of_choices,
    "summaries": _of_summaries,
    "influence": _of_influence,
    "regression": _of_regression,
    "absolute": _of_absolute,
    "sequential": _of_sequential,
    "bayes": _of_bayes,
    "patients": _of_patients,
}
