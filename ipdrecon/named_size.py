"""The number of patients that an arm's name tells, as legends and tables print it: ``Surgery (n = 35)``."""

import re

_COUNT = r"\bn\s*=\s*(\d{1,3}(?:,\d{3})+|\d+)(?![\d.,/%]*\d|%)"
_SIZE = re.compile(_COUNT, re.IGNORECASE)
_PART = re.compile(rf"[,;:]?\s*[(\[]?\s*{_COUNT}\s*[)\]]?", re.IGNORECASE)
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


def without_size(name):
    """Name of an arm without the number of patients, which legend or table may print and the other not.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        The name as it is where nothing else is in it: a nodal stage ``N = 1`` is no size.

    Examples
    --------
    >>> without_size("TACE (n = 1,064)"), without_size("Non-PV (-), n=334"), without_size("N=1")
    ('TACE', 'Non-PV (-)', 'N=1')
    """
    bare = _PART.sub("", name)
    return bare if bare.strip() else name
