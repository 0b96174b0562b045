"""What stops a meta-analysis: each error says in one line what was seen, what was expected and what to do."""


class MetaAnalysisError(Exception):
    """The studies cannot be read or pooled."""
