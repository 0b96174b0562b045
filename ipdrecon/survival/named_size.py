"""The number of patients that an arm's name tells, as legends print it: ``Surgery (n = 35)``."""

import re

_SIZE = re.compile(r"\bn\s*=\s*(\d{1,3}(?:,\d{3})+|\d+)(?![\d.,/%]*\d|%)", re.IGNORECASE)
_OF_OTHERS = re.compile(r"event|death|died|censor|relapse|recurren|progress", re.IGNORECASE)


def size_in_name(arm):
    """Number of patients in an arm's name.

    Parameters
    ----------
    arm : str

    Returns
    -------
    int or None
        None where the name tells none, or several, or counts something else.

    Examples
    --------
    >>> size_in_name("2005-2009 (n=2,784): median 16 months")
    2784
    >>> size_in_name("TACE, N = 64")
    64
    >>> size_in_name("TACE (events, n=20)") is None, size_in_name("grade=3") is None
    (True, True)
    """
    told = _SIZE.findall(arm)
    if len(told) != 1 or _OF_OTHERS.search(arm):
        return None
    return int(told[0].replace(",", "")) or None
