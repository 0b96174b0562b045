"""Survival at given times: its difference in each trial, pooled.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> pool_landmark(Patients.of(table), 7, ci="wald")
<PooledTrials: survival difference 0.28 [95 % CI -0.20 to 0.77], REML, wald, k = 2, tau² = 0.0156, I² = 12 %>
"""

from functools import partial

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.restricted_mean import combine_followed
from metaanalysis.patients.trial_effects import pool_effects

SCALES = {"plain": "survival difference", "cloglog": "cumulative hazard ratio"}
_UNITS = {"plain": "difference of survival probabilities", "cloglog": "difference of log(-log survival)"}


def _differences(patients, *, time, scale):
    """Difference and its variance in each data set; NaN where an arm has no value on the scale."""
    values, variances = [], []
    for arm in patients.curves:
        survival, variance_log = (column[:, 0] for column in arm.survivals([time]))
        if scale == "plain":
            values.append(survival)
            variances.append(np.where(survival > 0, survival**2 * variance_log, 0.0))
        else:
            inside = (survival > 0) & (survival < 1)
            logarithm = np.log(np.where(inside, survival, 0.5))
            values.append(np.where(inside, np.log(-logarithm), np.nan))
            variances.append(variance_log / logarithm**2)
    return values[0] - values[1], variances[0] + variances[1]


def pool_landmark(patients, time, *, scale="plain", **options):
    """Pool differences of Kaplan-Meier survival at a time.

    Parameters
    ----------
    patients : Patients or StreamedPatients
    time : float
        In the unit of time. Trials whose follow-up ends before are left out and named.
    scale : {"plain", "cloglog"}
        Differences of survival with Greenwood's variance (1926), or of log(-log survival), whose exponential is a ratio
        of cumulative hazards (Kalbfleisch and Prentice 1980, section 1.4: variance ``greenwood / log(S)²``).
    **options
        As in `two_stage`.

    Returns
    -------
    PooledTrials

    Raises
    ------
    MetaAnalysisError
        Where no trial has a difference at that time.
    """
    if scale not in SCALES:
        raise MetaAnalysisError(f"The scale is {scale!r}; expected one of {', '.join(SCALES)}.")
    time = float(time)
    if not 0 < time < np.inf:
        raise MetaAnalysisError(f"The landmark is {time:g}; expected a time after 0, in the unit of the patients' times.")
    nothing = "survival is 1 or 0 in both arms" if scale == "plain" else "survival is 1 or 0 in an arm"
    nothing = f"{nothing} at {time:g}, so that its difference has no variance"
    effects = combine_followed(patients, SCALES[scale], patients.each(partial(_differences, time=time, scale=scale)), time=time, named=f"{time:g}", nothing=nothing)
    return pool_effects(effects, unit=f"{_UNITS[scale]} at {time:g}", **options)
