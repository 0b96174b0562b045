"""What a reader of a review must not conclude from it, in sentences, each for a reason found in the data."""

import math

from ipdrecon.app import pooled_sentences, sentences

_DRIFT = 1.25
"""Factor between ratios of printed cumulative hazards from which on proportional hazards are doubted in words."""


def cautions_of(result):
    """Tell what the results of a review cannot carry.

    Parameters
    ----------
    result : ReviewResult

    Yields
    ------
    str
    """
    yield from _of_figures(result)
    named = {}
    for outcome in result.outcomes:
        if outcome.pooled is not None:
            for caution in (*_of_outcome(outcome), *_counted_twice(outcome, result.trials)):
                named.setdefault(caution, []).append(outcome.title)
    for caution, titles in named.items():
        yield f"{', '.join(titles)}: {caution}" if len(result.outcomes) > 1 else caution


def _of_figures(result):
    names = [figure.entry.file for figure in result.figures() if figure.entry.facsimile]
    if names:
        yield (
            f"{', '.join(names)} is a facsimile, not the published figure: what is rebuilt from it shows how the method works "
            "and says nothing about the trial."
        )
    if result.figures():
        yield "Rebuilt patients carry no covariates: nothing here is adjusted, and no subgroup of a trial can be looked at."
    for figure in result.figures():
        if any(flag.name == "non_proportional" for flag in figure.flags):
            yield f"The hazards in {figure.trial.name} are not proportional: one hazard ratio does not describe the whole follow-up."
        for comparison in figure.comparisons:
            yield from _of_printed_hazards(figure.trial.name, comparison.printed_hazards)


def _of_printed_hazards(name, ratios):
    """Where printed survival alone says that hazards drift."""
    if ratios and max(ratios.values()) / min(ratios.values()) >= _DRIFT:
        told = ", ".join(f"{ratio:.2f} at {time:g}" for time, ratio in ratios.items())
        yield f"{name} prints survival whose ratio of cumulative hazards drifts ({told}): no single hazard ratio describes the whole follow-up."


def _of_outcome(outcome):
    pooled, measures = outcome.pooled, outcome.measures()
    if len(measures) > 1:
        yield (
            f"The rows mix measures ({', '.join(measures)}). They are set side by side and no total is given: a risk ratio at a fixed time "
            "lies nearer to 1 than a hazard ratio of the same trials, and one number over both means nothing."
        )
    if pooled.k == 1:
        yield "One row is no meta-analysis: the pooled result is that row."
    if 1 < pooled.k <= 4 and not pooled.is_mixed:
        yield (
            f"With {pooled.k} rows the variance between studies is hardly known; the random-effects interval is wide for that reason, "
            "and a narrow one would be luck."
        )
    single = [group.name for group in pooled.subgroups if group.k == 1]
    if single and len(pooled.subgroups) > 1:
        yield (
            f"{'These subgroups hold' if len(single) > 1 else 'This subgroup holds'} one row each: {', '.join(single)}. "
            "A difference between subgroups is a difference between studies, which differ in more than the subgroup's name."
        )
    if len(pooled.subgroups) > 1:
        yield (
            f"Comparing subgroups by {outcome.entry.by} is ecological: trials differ in country, years, dose and patients too. "
            f"It cannot show that {outcome.entry.by} changes the effect; only a comparison within trials could."
        )
    for choice in outcome.analyses.get("facsimile") or ():
        yield f"The total holds a row rebuilt from a facsimile; without it, it is {pooled_sentences.effect(pooled, choice)} from {sentences.counted(choice.k, 'row')}."
    if "summary" in pooled.source:
        yield "A row marked summary is itself pooled from several trials; the variance between those trials is not known here."


def _counted_twice(outcome, trials):
    """Trials that have a row of their own beside the pooled row that holds them already."""
    names = [str(name) for name in outcome.studies["study"]]
    for facts in trials:
        inside = [name for name in names if facts.entry.within and name.startswith(facts.entry.within)]
        if inside and any(name == facts.name or name.startswith(f"{facts.name} (") for name in names):
            yield f"{facts.name} may be counted twice: it has a row of its own, and {inside[0]} holds it."


def verdict_on(low, high, *, events="events"):
    """Say in words what an interval of a ratio allows.

    Parameters
    ----------
    low, high : float
        Limits of the ratio.
    events : str
        What is counted: ``events``, ``deaths``.

    Returns
    -------
    str
    """
    if math.isnan(low) or math.isnan(high):
        return "the interval is not known"
    if low > 1:
        return f"the whole interval lies above 1: more {events} with the treatment"
    if high < 1:
        return f"the whole interval lies below 1: fewer {events} with the treatment"
    return "the interval includes 1: it fits a benefit, no difference, and a harm"
