"""What stops a meta-analysis: each error says in one line what was seen, what was expected and what to do."""

import re

MOST_CHARACTERS = 1000
_KEPT_AT_THE_END = 300
_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text):
    r"""Write out the signs that a terminal obeys, or that turn what is written round: names may come from a file of anyone.

    Parameters
    ----------
    text : object
        Its `str` is taken.

    Returns
    -------
    str
        Line breaks and tabs stay.

    Examples
    --------
    >>> visible("Drug \x1b[2J\n")
    'Drug \\x1b[2J\n'
    """
    return _OBEYED.sub(lambda found: found[0] if found[0] in "\n\t" else found[0].encode("unicode_escape").decode("ascii"), str(text))


def one_line(text):
    r"""Make a message of one line that a terminal shows as it stands, whatever the file held that it tells of.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Line breaks and tabs are blanks, other control characters are written out, and the middle of a long text is left out.

    Examples
    --------
    >>> one_line("A\x1b[31m\nB")
    'A\\x1b[31m B'
    """
    text = visible(_OBEYED.sub(lambda found: " " if found[0].isspace() else found[0], text))
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS - _KEPT_AT_THE_END - 3]} … {text[-_KEPT_AT_THE_END:]}"


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

    def __init__(self, *told):
        super().__init__(*(one_line(part) if isinstance(part, str) else part for part in told))


class NothingToPool(MetaAnalysisError):
    """The studies are in order, but none tells anything of the measure.

    Examples
    --------
    >>> issubclass(NothingToPool, MetaAnalysisError)
    True
    """
