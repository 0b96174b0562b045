"""What stops a meta-analysis: each error says in one line what was seen, what was expected and what to do."""


class MetaAnalysisError(Exception):
    """The studies cannot be read or pooled."""


class NothingToPool(MetaAnalysisError):
    """The studies are in order, but none tells anything of the measure."""
