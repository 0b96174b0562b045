"""What a reader of a review must not conclude from it, in sentences, each for a reason found in the data."""

import math


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
    seen = set()
    for outcome in result.outcomes:
        if outcome.pooled is None:
            continue
        named = f"{outcome.entry.name}: " if len(result.outcomes) > 1 else ""
        for caution in _of_outcome(outcome):
            if caution not in seen:
                yield f"{named}{caution}"
            seen.add(caution)


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
    if "summary" in pooled.source:
        yield "A row marked summary is itself pooled from several trials; the variance between those trials is not known here."


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
