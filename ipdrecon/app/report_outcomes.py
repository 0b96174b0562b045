"""The part of a report on one outcome: its forest plot, its rows with their sources, and what they pool to in words."""

import base64
import math

from scipy.special import ndtri

from ipdrecon.app import pooled_sentences, sentences
from ipdrecon.app.analyses import without_order
from ipdrecon.app.cautions import verdict_on
from ipdrecon.app.pooled_files import FOREST
from ipdrecon.app.pooling import rows_with_draws
from metaanalysis.measures import as_read, ratio_of

UNKNOWN_WITHIN = "between-trial variance inside this row unknown"
_STATES = {
    "not reached": ", so nothing is settled", "reached": ", and no boundary crossed",
    "benefit": "; the boundary of benefit is crossed", "harm": "; the boundary of harm is crossed", "futility": "; the boundary of futility is crossed",
}
_PICTURES = {
    "sequential": ("Trial sequential analysis: cumulative Z, boundaries and required information", "Trial sequential analysis."),
    "cumulative": ("Cumulative forest plot: the result after each study", "Studies added one by one."),
    "leave_one_out": ("Forest plot of the results without each study", "Each study left out in turn."),
    "funnel": ("Funnel plot with contours of significance", "Funnel plot; hollow points are studies that trim and fill adds."),
    "bayes": ("Prior and posterior distributions of heterogeneity and effect", "The Bayesian model: heterogeneity and effect."),
}


def data_uri(content, kind):
    """Give a picture's bytes as an address that holds them."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def found_of_outcome(outcome):
    """Tell what an outcome's rows pool to, by subgroup and in all.

    Parameters
    ----------
    outcome : OutcomeResult

    Yields
    ------
    str
    """
    pooled = outcome.pooled
    if outcome.is_empty:
        yield f"{outcome.title}: {outcome.without_rows()}"
    if pooled is None:
        return
    named = f"{outcome.entry.name}. " if outcome.entry.name else ""
    yield f"{named}{' '.join((*_by_subgroup(outcome), *_in_all(outcome)))}"


def _by_subgroup(outcome):
    pooled = outcome.pooled
    for group in pooled.subgroups:
        measures = pooled.measures_of(group)
        if len(measures) > 1:
            yield f"{pooled_sentences.of_subgroup(pooled, group)}."
            continue
        name = f"{outcome.entry.by} unknown" if group.name == "unknown" else group.name
        yield f"{name[:1].upper()}{name[1:]} ({sentences.counted(group.k, 'row')}): {' and '.join(measures)} {_told(outcome, group.random)}."


def _told(outcome, part):
    pooled = outcome.pooled
    verdict = f"; {verdict_on(ratio_of(part.ci_low), ratio_of(part.ci_high), events=outcome.entry.events)}" if pooled.is_ratio else ""
    return f"{pooled_sentences.effect(pooled, part)}{verdict}"


def _in_all(outcome):
    pooled, test = outcome.pooled, outcome.pooled.subgroup_test
    if test is not None:
        yield f"Test for a difference between these subgroups: {sentences.p_value(test['fixed'].p)} (fixed effect, Q = {sentences.decimals(test['fixed'].q)} on {test['fixed'].df})."
    if pooled.is_mixed:
        yield next(iter(pooled_sentences.of_pooled(pooled)))
    elif pooled.k > 1:
        yield f"All rows together, random effects: {pooled_sentences.effect(pooled, pooled.random)}."
    elif not pooled.subgroups:
        yield f"{pooled.study[0]} alone: {pooled.measure} {_told(outcome, pooled.random)}."


def sure_of_outcome(outcome):
    """Tell how sure an outcome's total is: how much information it rests on, and how far it leans on choices.

    Parameters
    ----------
    outcome : OutcomeResult

    Yields
    ------
    str
    """
    pooled, analyses = outcome.pooled, outcome.analyses
    if pooled is None or pooled.k < 2 or pooled.is_mixed:
        return
    parts = [f"I² {sentences.decimals(pooled.i2, 0)} % over {sentences.counted(pooled.k, 'row')}"]
    sequential, summaries = analyses.get("sequential"), analyses.get("summaries")
    if sequential is not None:
        share = f"{100 * sequential.fraction[-1]:.0f} % of the information needed to settle an effect of {sequential.settings.effect:g}"
        parts.append(f"{share}{_STATES.get(sequential.state, '')}")
    if summaries:
        shown = [pooled_sentences.effect(pooled, one) for one in (summaries[0], summaries[-1])]
        parts.append(f"{shown[0]} if the trials inside its summary row do not differ, {shown[1]} if they differ much (tau {math.sqrt(summaries[-1].tau2):g})")
    yield f"{outcome.title}: {'; '.join(parts)}."


def outcome_part(outcome, folder):
    """Make what the report's template shows of an outcome.

    Parameters
    ----------
    outcome : OutcomeResult
        With a pooled result.
    folder : Path
        Where the files of the review are.

    Returns
    -------
    dict
    """
    pooled, parts = outcome.pooled, rows_with_draws(outcome.studies)
    return {
        "title": f"{outcome.title}: {'pooled' if pooled.k > 1 else 'one row'}",
        "name": outcome.title,
        "forest": data_uri((folder / outcome.entry.folder / f"{FOREST}.svg").read_bytes(), "svg+xml"),
        "pooled_lines": [line.strip() for line in pooled_sentences.of_pooled(pooled)][: -len(pooled.subgroups) or None],
        "studies": _study_parts(outcome),
        "has_parts": not parts.empty,
        "subgroup_name": outcome.entry.by or "",
        "is_mixed": pooled.is_mixed,
        "note": outcome.entry.note,
        "has_summaries": "summary" in pooled.source and not pooled.is_mixed,
        "sensitivity": list(sensitivity_rows(outcome)),
        "pictures": [
            {"alt": alt, "caption": caption, "src": data_uri((folder / outcome.entry.folder / f"{name}.svg").read_bytes(), "svg+xml")}
            for name, (alt, caption) in _PICTURES.items()
            if (folder / outcome.entry.folder / f"{name}.svg").is_file()
        ],
        "lines": [*_unordered(outcome), *pooled_sentences.of_analyses(pooled, outcome.analyses)],
        "derived": [line.strip() for line in pooled_sentences.of_derived(outcome.studies)],
        "methods": outcome.analyses.get("methods"),
    }


def _unordered(outcome):
    names = without_order(outcome.studies, outcome.entry.order)
    if names:
        yield f"No {outcome.entry.order} is known of {', '.join(names)}: last where studies are added one by one."


def sensitivity_rows(outcome):
    """Tell the total under other choices.

    Parameters
    ----------
    outcome : OutcomeResult
        With a pooled result.

    Yields
    ------
    tuple
        Name of the choice, number of rows, effect, p; in words.
    """
    pooled, analyses = outcome.pooled, outcome.analyses
    for choice in (*(analyses.get("choices") or ()), *(analyses.get("sources") or ()), *(analyses.get("facsimile") or ())):
        yield choice.name, choice.k, pooled_sentences.effect(pooled, choice), sentences.p_value(choice.p)
    for result in pooled.leave_one_out:
        yield f"without {result.omitted}", pooled.k - 1, pooled_sentences.effect(pooled, result), sentences.p_value(result.p)
    for assumed in analyses.get("summaries") or ():
        name = f"tau² taken as {sentences.decimals(assumed.tau2)}, also inside summary rows"
        yield name, pooled.k, pooled_sentences.effect(pooled, assumed), sentences.p_value(assumed.p)
    bayes = analyses.get("bayes")
    if bayes is not None:
        shown = as_read((bayes.mu.median, bayes.mu.ci_low, bayes.mu.ci_high), ratio=pooled.is_ratio)
        yield f"Bayesian, {bayes.prior}", pooled.k, sentences.interval(*shown), f"chance below no effect {sentences.decimals(bayes.p_below)}"


def _study_parts(outcome):
    """One row per study: those pooled with their weights, in the order of the table."""
    places = iter(range(outcome.pooled.k))
    for row in outcome.studies.to_dict("records"):
        told = row["yi"] == row["yi"]
        yield _study_part(outcome.pooled, next(places) if told else None, row, outcome.entry.by)


def _study_part(pooled, place, row, by):
    z = float(ndtri(0.5 + pooled.settings.level / 2))
    limits = [row["yi"], row["yi"] - z * row["sei"], row["yi"] + z * row["sei"]]
    shown = as_read(limits, ratio=pooled.is_ratio)
    weights = "–" if place is None else f"{sentences.decimals(pooled.fixed.weights[place], 1)} / {sentences.decimals(pooled.weights[place], 1)}"
    return {
        "study": row["study"],
        "subgroup": _text(row.get(by)),
        "measure": row["measure"],
        "effect": "not estimable" if place is None else sentences.interval(*shown),
        "errors": _errors(row),
        "weights": weights,
        "kind": row["source"],
        "unknown": UNKNOWN_WITHIN if row["source"] == "summary" else "",
        "source": _text(row.get("source_text")),
        "note": _text(row.get("note")),
    }


def _errors(row):
    """Standard error from sampling and what the reconstruction adds; the whole of it where the parts are not known."""
    added = row.get("reconstruction_se", math.nan)
    known = added is not None and added == added
    return f"{sentences.decimals(row['sampling_se'] if known else row['sei'], 3)} / {sentences.decimals(added, 3)}"


def _text(value):
    return "" if value is None or value != value else str(value)
