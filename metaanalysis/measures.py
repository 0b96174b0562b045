"""The measures of effect, and which of them are ratios, analysed as their logarithms."""

import math

RATIOS = ("HR", "RR", "OR", "RMST ratio", "cumulative hazard ratio")
LONG_NAMES = {"HR": "Hazard ratio", "RR": "Risk ratio", "OR": "Odds ratio", "RD": "Risk difference"}


def is_ratio(*measures):
    """Whether all effects of these measures are logarithms of ratios.

    Examples
    --------
    >>> is_ratio("HR", "RR"), is_ratio("RD"), is_ratio("")
    (True, False, False)
    """
    return set(measures) <= set(RATIOS)


def ratio_of(logarithm):
    """Give the ratio of a logarithm; infinity where it is larger than any number, as a limit may be between two studies far apart.

    Examples
    --------
    >>> ratio_of(0.0), ratio_of(1270.0), ratio_of(-1270.0)
    (1.0, inf, 0.0)
    """
    try:
        return math.exp(logarithm)
    except OverflowError:
        return math.inf


def as_read(values, *, ratio):
    """Give effects as readers know them: the ratios of logarithms, or what is no ratio as it is.

    Parameters
    ----------
    values : iterable of float
        On the analysis scale.
    ratio : bool
        Whether they are logarithms of ratios.

    Returns
    -------
    list of float

    Examples
    --------
    >>> as_read((0.0, 0.0), ratio=True), as_read((-0.1, 0.3), ratio=False)
    ([1.0, 1.0], [-0.1, 0.3])
    """
    return [ratio_of(value) if ratio else value for value in values]
