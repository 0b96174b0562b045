"""Text in tables that people open in a spreadsheet: never a formula there, the same text again when it is read back, and no number without end.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, and runs it. A cell of text that begins
so is written with an apostrophe before it, as the OWASP page "CSV Injection" advises, and a reader takes one apostrophe away.
Text that begins with an apostrophe and goes on so gets one more, so that every text comes back as it was. Numbers stay numbers.

Examples
--------
>>> [guarded(text) for text in ("=1+1", "+ TACE", "-0.3", "-", "Drug = A")]
["'=1+1", "'+ TACE", '-0.3', '-', 'Drug = A']
>>> [unguarded(text) for text in ("'=1+1", "'+ TACE", "-0.3", "'quoted'")]
['=1+1', '+ TACE', '-0.3', "'quoted'"]
"""

import re

from metaanalysis.errors import MetaAnalysisError

LONGEST_NUMBER = 200
"""Characters of a cell that holds a printed number, with its interval and its words."""

ALIKE = str.maketrans(
    {dot: "." for dot in "·∙‧⋅•"} | {minus: "-" for minus in "−‐‑﹣－"} | {blank: " " for blank in "\u00a0\u2009\u202f"}
)
"""Signs that papers print for a decimal point, a minus and a blank; a table for `str.translate`. Dashes are none: they part limits."""

_FORMULA = re.compile(r"'*[=+\-@＝＋－＠].")
_NUMBER = re.compile(r"[+-](?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)? ?%?")


def guarded(text):
    """Text that no spreadsheet takes for a formula; blanks are one space each, and none stands at either end.

    Parameters
    ----------
    text : object
        Its `str` is taken.

    Returns
    -------
    str
    """
    text = " ".join(str(text).split())
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text):
    """Text as it was before `guarded`, without blanks at either end.

    Parameters
    ----------
    text : str
        Of a cell.

    Returns
    -------
    str
    """
    text = text.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def squeezed(text):
    """Text of a cell with a number, its blanks one each.

    Parameters
    ----------
    text : object
        Its `str` is taken.

    Returns
    -------
    str

    Raises
    ------
    MetaAnalysisError
        Where it is longer than any printed number.
    """
    text = " ".join(str(text).split())
    if len(text) > LONGEST_NUMBER:
        raise MetaAnalysisError(f"{text[:40]!r} … is no number: it has {len(text)} characters; expected one such as 0.72 (0.58-0.89), 81%, <0.001 or NR.")
    return text
