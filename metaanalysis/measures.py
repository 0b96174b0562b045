"""The measures of effect, and which of them are ratios, analysed as their logarithms."""

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
