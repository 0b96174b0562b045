"""Do hazards stay proportional? Grambsch and Therneau's test in each trial, and in all trials together.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> found = proportional_hazards(Patients.of(table))
>>> found.p.round(3).tolist(), round(found.overall_p, 3)
([0.888, 0.985], 0.733)
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from metaanalysis.patients.product_limit import survival_before
from metaanalysis.patients.risk_sets import RiskSets, cox, trend_statistic


@dataclass(frozen=True)
class ProportionalHazards:
    """Tests that the log hazard ratio does not change with time.

    Attributes
    ----------
    study : tuple of str
    statistic, p : ndarray, shape (k,)
        Chi-squared with one degree of freedom and its p for each trial alone; NaN where it has no finite hazard ratio.
    overall_statistic, overall_p : float
        Of the one-stage model, stratified by trial with one hazard ratio.
    """

    study: tuple
    statistic: np.ndarray
    p: np.ndarray
    overall_statistic: float
    overall_p: float

    def __post_init__(self):
        self.statistic.setflags(write=False)
        self.p.setflags(write=False)

    def to_frame(self):
        """One row per trial: ``study, statistic, p``."""
        return pd.DataFrame({"study": self.study, "statistic": self.statistic, "p": self.p})

    def to_dict(self):
        """Plain numbers; None where there is no test."""
        rows = [{"study": name, "statistic": _known(x), "p": _known(p)} for name, x, p in zip(self.study, self.statistic, self.p, strict=True)]
        return {"trials": rows, "overall": {"statistic": _known(self.overall_statistic), "p": _known(self.overall_p)}}


def _known(value):
    return float(value) if np.isfinite(value) else None


def proportional_hazards(patients):
    """Test proportional hazards (Grambsch and Therneau 1994) against 1 - KM of time, as R's cox.zph does.

    The Kaplan-Meier curve is that of the trial's patients, for the overall test that of all patients; where trials have
    several data sets the first is tested.

    Parameters
    ----------
    patients : Patients

    Returns
    -------
    ProportionalHazards
    """
    first = patients.single()
    sets, together = first.risk_sets, np.zeros(first.k, int)
    statistic = trend_statistic(sets, cox(sets)[0], 1 - survival_before(sets))
    everybody = RiskSets.of_patients(1, np.zeros(len(first.time), int), first.treatment, first.time, first.event)
    g = 1 - survival_before(everybody)[np.searchsorted(everybody.time, sets.time)]
    (overall,) = trend_statistic(sets, cox(sets, together)[0], g, together)
    return ProportionalHazards(patients.study, statistic, chdtrc(1, statistic), float(overall), float(chdtrc(1, overall)))
