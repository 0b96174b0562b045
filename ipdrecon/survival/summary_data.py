"""A log hazard ratio and its standard error from what a paper prints.

Examples
--------
>>> effect = from_interval(0.72, 0.58, 0.89)
>>> round(effect.yi, 4), round(effect.sei, 4)
(-0.3285, 0.1092)
>>> round(from_p(0.72, 0.0026).sei, 4)
0.1091
"""

import math
from dataclasses import dataclass

from scipy.stats import norm

from ipdrecon.errors import ReportedError


@dataclass(frozen=True)
class LogRatio:
    """A ratio on the log scale.

    Attributes
    ----------
    yi, sei : float
        Log ratio and its standard error.
    """

    yi: float
    sei: float


def _check_ratio(hr):
    if not (math.isfinite(hr) and hr > 0):
        raise ReportedError(f"The hazard ratio is {hr!r}; expected a number above 0.")


def from_interval(hr, ci_low, ci_high, *, level=0.95):
    """Derive from a ratio with its confidence interval (Parmar, Torri and Stewart 1998, equation 7).

    Parameters
    ----------
    hr, ci_low, ci_high : float
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    LogRatio

    Raises
    ------
    ReportedError
        Where the limits do not enclose the ratio or the level is not in (0, 1).
    """
    _check_ratio(hr)
    if not 0 < level < 1:
        raise ReportedError(f"The level of the interval is {level!r}; expected it between 0 and 1, as 0.95.")
    if not (0 < ci_low <= hr <= ci_high < math.inf and ci_low < ci_high):
        raise ReportedError(f"The interval {ci_low:g} to {ci_high:g} does not enclose the ratio {hr:g}; expected low < ratio < high, all above 0.")
    return LogRatio(math.log(hr), math.log(ci_high / ci_low) / (2 * float(norm.ppf(0.5 + level / 2))))


def from_p(hr, p):
    """Derive from a ratio with its two-sided p (Parmar, Torri and Stewart 1998, equation 9; Tierney et al. 2007).

    Parameters
    ----------
    hr : float
    p : float
        Two-sided and exact: "< 0.001" will not do.

    Returns
    -------
    LogRatio

    Raises
    ------
    ReportedError
        Where the ratio is 1 or p is not in (0, 1): they do not tell the standard error.
    """
    _check_ratio(hr)
    if not 0 < p < 1:
        raise ReportedError(f"p is {p!r}; expected an exact p between 0 and 1.")
    if hr == 1:
        raise ReportedError("The ratio is 1; with it p does not tell the standard error. Give the confidence interval.")
    return LogRatio(math.log(hr), abs(math.log(hr)) / float(norm.isf(p / 2)))
