"""The two-stage analysis: a hazard ratio per trial, by its own Cox model, then pooled.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> found = two_stage(Patients.of(table))
>>> found
<PooledTrials: HR 0.47 [95 % CI 0.00 to 1450.70], REML, hk-adhoc, k = 2, tau² = 0.0000, I² = 0 %>
>>> found.reconstruction_share()
0.0
"""

from functools import partial

import numpy as np

from metaanalysis.patients.risk_sets import cox
from metaanalysis.patients.trial_effects import combine, pool_effects


def cox_effects(patients, *, ties="efron", between=None, where="while both arms are at risk"):
    """Log hazard ratio of each trial, by Cox regression (`risk_sets.cox`) in each of its data sets.

    Parameters
    ----------
    patients : Patients or StreamedPatients
    ties : {"efron", "breslow"}
    between : (float, float), optional
        A window of time: only events in ``(low, high]`` count.
    where : str
        When events count, for the sentence on a trial that is left out.

    Returns
    -------
    TrialEffects

    Raises
    ------
    NothingToPool
        Where no trial has a finite hazard ratio.
    """
    yi, sei, total, treated = patients.each(partial(_cox, ties=ties, between=between))
    arm = np.where(treated == 0, "treatment", "reference")
    none = [f"no events in the {name} arm {where}, so that its hazard ratio is not finite" for name in arm]
    return combine(patients, "HR", yi, sei**2, np.where(total == 0, f"no events {where}", none))


def _cox(patients, *, ties, between):
    """Log hazard ratio and its standard error in each data set, with the events compared: all, and of the treatment arm."""
    sets = patients.risk_sets if between is None else patients.risk_sets.between(*between)
    return *cox(sets, ties=ties), *sets.events_compared()


def two_stage(patients, *, ties="efron", **options):
    """Pool the hazard ratios of trials, each from its own Cox model.

    Parameters
    ----------
    patients : Patients or StreamedPatients
    ties : {"efron", "breslow"}
    **options
        `tau2`, `ci`, `level`, `prediction` as in `metaanalysis.pool`, and `source`.

    Returns
    -------
    PooledTrials
        Trials with no events in an arm are left out and named.

    Raises
    ------
    NothingToPool
        Where no trial has a finite hazard ratio.
    """
    return pool_effects(cox_effects(patients, ties=ties), unit="log hazard ratio", **options)
