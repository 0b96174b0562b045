"""A log hazard ratio and its standard error from what a paper prints: `metaanalysis.studies.routes`, with this package's errors.

Examples
--------
>>> effect = from_interval(0.72, 0.58, 0.89)
>>> round(effect.yi, 4), round(effect.sei, 4)
(-0.3285, 0.1092)
>>> round(from_p(0.72, 0.0026).sei, 4)
0.1091
"""

import metaanalysis.studies.routes as routes
from ipdrecon.errors import ReportedError
from metaanalysis.errors import MetaAnalysisError


def from_interval(hr, ci_low, ci_high, *, level=0.95):
    """Derive from a ratio with its confidence interval, as `metaanalysis.studies.routes.from_interval`.

    Parameters
    ----------
    hr, ci_low, ci_high : float
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    metaanalysis.studies.routes.RouteEffect

    Raises
    ------
    ReportedError
        Where the limits do not enclose the ratio or the level is not in (0, 1).
    """
    return _derived(routes.from_interval, hr, ci_low, ci_high, level=level)


def from_p(hr, p):
    """Derive from a ratio with its two-sided p, as `metaanalysis.studies.routes.from_p`.

    Parameters
    ----------
    hr : float
    p : float
        Two-sided and exact: "< 0.001" will not do.

    Returns
    -------
    metaanalysis.studies.routes.RouteEffect

    Raises
    ------
    ReportedError
        Where the ratio is 1 or p is not in (0, 1): they do not tell the standard error.
    """
    return _derived(routes.from_p, hr, p)


def _derived(route, *printed, **options):
    try:
        return route(*printed, **options)
    except MetaAnalysisError as error:
        raise ReportedError(str(error)) from error
