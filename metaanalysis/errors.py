"""What stops a meta-analysis: each error says in one line what was seen, what was expected and what to do."""


class MetaAnalysisError(Exception):
    """The studies cannot be read or pooled.

    Examples
    --------
    >>> from metaanalysis import pool
    >>> try:
    ...     pool([0.1], [-1.0])
    ... except MetaAnalysisError as error:
    ...     print(error)
    Row 1 (study 1) has yi = 0.1 and vi = -1; expected a finite effect and a positive variance: mend the row or leave it out.
    """


class NothingToPool(MetaAnalysisError):
    """The studies are in order, but none tells anything of the measure.

    Examples
    --------
    >>> issubclass(NothingToPool, MetaAnalysisError)
    True
    """
