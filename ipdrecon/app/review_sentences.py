"""What a review found, in sentences for a person."""

from ipdrecon.app import pooled_sentences, sentences


def of_review(result):
    """Tell the headline of a review: rebuilt against reported, then pooled."""
    for figure in result.figures():
        for comparison in figure.comparisons:
            yield comparison.sentence(figure.trial.name)
        if figure.agreement is not None:
            yield next(iter(sentences.of_agreement(figure.agreement)))
    for outcome in result.outcomes:
        if outcome.is_empty:
            yield f"{outcome.title}: {outcome.without_rows()}"
        if outcome.pooled is not None:
            if outcome.entry.name:
                yield f"{outcome.entry.name}:"
            yield from pooled_sentences.of_pooled(outcome.pooled)
            yield from pooled_sentences.of_refused(outcome.analyses)
    cautions = result.cautions()
    yield from cautions[:1]
    if len(cautions) > 1:
        yield f"{sentences.counted(len(cautions) - 1, 'caution')} more in the report: read them before the numbers are used."
