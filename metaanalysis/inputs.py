"""Effects, variances and labels at the door."""

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.measures import is_ratio

MOST_EFFECT, LEAST_VARIANCE = 1e12, 1e-24
MOST_LOG_RATIO = 100.0


def labels_of(values, k, what, default):
    """Labels of studies as texts, empty where unknown; the default where none are given."""
    if values is None:
        return default
    labels = tuple("" if value is None or value != value else str(value) for value in values)
    if len(labels) != k:
        raise MetaAnalysisError(f"{what} holds {len(labels)} values for {k} studies; expected as many: give one per study.")
    return labels


def check_studies(yi, vi, study=None):
    """Check effects and variances at the door.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
    study : sequence of str, optional

    Returns
    -------
    tuple of (ndarray, ndarray, tuple of str)

    Raises
    ------
    MetaAnalysisError
        Naming the first row that cannot be pooled.

    Examples
    --------
    >>> check_studies([0.1, 0.3], [0.04, 0.09])[2]
    ('study 1', 'study 2')
    """
    yi, vi = np.atleast_1d(np.asarray(yi, float)), np.atleast_1d(np.asarray(vi, float))
    if yi.shape != vi.shape or yi.ndim != 1 or not len(yi):
        raise MetaAnalysisError(f"yi has the shape {yi.shape} and vi {vi.shape}; expected two vectors of the same length, one value per study.")
    study = labels_of(study, len(yi), "study", tuple(f"study {number}" for number in range(1, len(yi) + 1)))
    bad = np.flatnonzero(~np.isfinite(yi) | ~np.isfinite(vi) | (vi <= 0))
    if len(bad):
        row = bad[0]
        raise MetaAnalysisError(
            f"Row {row + 1} ({study[row]}) has yi = {yi[row]:g} and vi = {vi[row]:g}; "
            "expected a finite effect and a positive variance: mend the row or leave it out."
        )
    extreme = np.flatnonzero((np.abs(yi) > MOST_EFFECT) | (vi < LEAST_VARIANCE) | (vi > 1 / LEAST_VARIANCE))
    if len(extreme):
        row = extreme[0]
        raise MetaAnalysisError(
            f"Row {row + 1} ({study[row]}) has yi = {yi[row]:g} and vi = {vi[row]:g}; expected an effect of at most {MOST_EFFECT:g} "
            f"and a variance from {LEAST_VARIANCE:g} to {1 / LEAST_VARIANCE:g}, beyond which sums lose all digits: check the unit, or leave it out."
        )
    return yi, vi, study


def check_ratios(yi, vi, measures, study):
    """Check that logarithms of ratios are those of ratios that can be written.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        As `check_studies` gives them.
    measures, study : sequence of str, length k

    Raises
    ------
    MetaAnalysisError
        Naming the first row whose logarithm or its standard error is beyond 100: a ratio of 10^43.
    """
    for row, measure in enumerate(measures):
        sei = float(np.sqrt(vi[row]))
        if is_ratio(measure) and max(abs(yi[row]), sei) > MOST_LOG_RATIO:
            raise MetaAnalysisError(
                f"Row {row + 1} ({study[row]}) has a log {measure} of {yi[row]:g} with a standard error of {sei:g}; expected both within "
                f"{MOST_LOG_RATIO:g}, which is a ratio of 10^43 already: give natural logarithms, or leave it out."
            )
