"""Tests of funnel asymmetry for two-by-two tables, whose odds ratios and standard errors depend on each other.

Examples
--------
>>> n = [40, 60, 80, 100, 120, 160, 200, 300, 400, 500]
>>> round(harbord([4, 7, 10, 14, 17, 25, 32, 50, 68, 88], n, [12, 16, 20, 23, 27, 34, 41, 58, 74, 90], n).bias, 1)
-3.1
>>> peters([4, 7, 10, 14, 17, 25, 32, 50, 68, 88], n, [12, 16, 20, 23, 27, 34, 41, 58, 74, 90], n).df
8
"""

import numpy as np

from metaanalysis.robustness.small_studies import SMALL_STUDY_MINIMUM, require_small_studies, slope_test
from metaanalysis.studies.events import pool_events


def harbord(events_1, n_1, events_2, n_2, *, minimum=SMALL_STUDY_MINIMUM):
    """Harbord's test for odds ratios (Harbord, Egger and Sterne 2006, Stat Med 25:3443).

    ``Z / sqrt(V)`` is regressed on ``sqrt(V)``, with the score Z (observed minus expected events) and its hypergeometric
    variance V: Egger's test of ``Z / V`` with the variance ``1 / V``, which needs no correction of zero cells.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : array_like, shape (k,)
        Events and patients, as the columns of `PooledEstimate.counts`. Tables without events, or with nothing else, are
        left out.
    minimum : int

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    MetaAnalysisError
    """
    tables = pool_events(events_1, n_1, events_2, n_2, measure="OR", fixed="peto", tau2="DL")
    require_small_studies(tables.k, "Harbord's test", minimum)
    return slope_test("Harbord", tables.yi, np.sqrt(tables.vi), 1 / tables.vi)


def peters(events_1, n_1, events_2, n_2, *, minimum=SMALL_STUDY_MINIMUM):
    """Peters' test for odds ratios (Peters et al. 2006, JAMA 295:676).

    The log odds ratio is regressed on the inverse of the number of patients, with the weight ``1 / (1 / E + 1 / (N - E))``
    of E events in N patients of both arms.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : array_like, shape (k,)
        Events and patients, as the columns of `PooledEstimate.counts`. Tables without events, or with nothing else, are
        left out; 0.5 is added to the cells of tables that hold a zero, for the log odds ratio alone.
    minimum : int

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    MetaAnalysisError
    """
    tables = pool_events(events_1, n_1, events_2, n_2, measure="OR", tau2="DL")
    require_small_studies(tables.k, "Peters' test", minimum)
    first, n_first, second, n_second = tables.counts.T
    events, patients = first + second, n_first + n_second
    return slope_test("Peters", tables.yi, 1 / patients, events * (patients - events) / patients)
