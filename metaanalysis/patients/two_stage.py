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

import numpy as np

from metaanalysis.patients.risk_sets import cox
from metaanalysis.patients.trial_effects import combine, pool_effects


def cox_effects(patients, sets, *, ties="efron", where="while both arms are at risk"):
    """Log hazard ratio of each trial, by Cox regression (`risk_sets.cox`) in each of its data sets.

    Parameters
    ----------
    patients : Patients
    sets : RiskSets
        Of all data sets; whole, or a window of time.
    ties : {"efron", "breslow"}
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
    yi, sei = cox(sets, ties=ties)
    total, treated = sets.events_compared()
    arm = np.where(treated == 0, "treatment", "reference")
    none = [f"no events in the {name} arm {where}, so that its hazard ratio is not finite" for name in arm]
    return combine(patients, "HR", yi, sei**2, np.where(total == 0, f"no events {where}", none))


def two_stage(patients, *, ties="efron", **options):
    """Pool the hazard ratios of trials, each from its own Cox model.

    Parameters
    ----------
    patients : Patients
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
    return pool_effects(cox_effects(patients, patients.risk_sets, ties=ties), unit="log hazard ratio", **options)
