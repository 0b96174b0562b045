"""From patients to a meta-analysis: one call for what a review of trials with survival curves asks.

Examples
--------
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> found = analyse_patients(Patients.of(table))
>>> found.two_stage.pooled.k, found.windows is None, round(found.one_stage.estimate, 3)
(2, True, -0.755)
>>> print(found.notes[0])
Hazard ratios with random effects differ by 0.5 % between one stage (0.470) and two stages (0.472): the two-stage model takes each trial's likelihood as normal, and its interval is hk-adhoc, that of one stage normal (Burke, Ensor and Riley 2017, Stat Med 36:855).
"""

from dataclasses import dataclass, field

import pandas as pd

from metaanalysis.errors import NothingToPool
from metaanalysis.measures import ratio_of
from metaanalysis.patients.landmarks import pool_landmark
from metaanalysis.patients.one_stage import OneStage, one_stage
from metaanalysis.patients.pooled_curves import PooledCurves, pool_curves
from metaanalysis.patients.proportional_hazards import ProportionalHazards, proportional_hazards
from metaanalysis.patients.restricted_mean import common_horizon, pool_restricted_means
from metaanalysis.patients.trial_effects import PooledTrials
from metaanalysis.patients.two_stage import two_stage
from metaanalysis.patients.windows import HazardRatiosByWindow, hazard_ratios_by_window

NON_PROPORTIONAL_P = 0.05


@dataclass(frozen=True)
class PatientAnalysis:
    """Everything at once; a part that cannot be had is None, and `notes` say why.

    Attributes
    ----------
    two_stage : PooledTrials or None
        Cox per trial, pooled.
    one_stage, one_stage_random : OneStage or None
        Cox stratified by trial, with a fixed and a random effect of treatment.
    proportional_hazards : ProportionalHazards
    windows : HazardRatiosByWindow or None
        Made where hazards are not proportional, or when asked for.
    horizon : float
        Of the restricted means.
    rmst_difference, rmst_ratio : PooledTrials or None
    landmarks : tuple of PooledTrials
        Differences of survival, in the order of their times.
    curves : PooledCurves
    notes : tuple of str
    """

    two_stage: PooledTrials | None
    one_stage: OneStage | None
    one_stage_random: OneStage | None
    proportional_hazards: ProportionalHazards
    windows: HazardRatiosByWindow | None
    horizon: float
    rmst_difference: PooledTrials | None
    rmst_ratio: PooledTrials | None
    landmarks: tuple
    curves: PooledCurves = field(repr=False)
    notes: tuple = ()

    def to_frame(self):
        """One row per result: ``result, measure, k, estimate, ci_low, ci_high, p, tau2, reconstruction_share``, ratios as logarithms."""
        stages = {"one stage, fixed effect": self.one_stage, "one stage, random effect": self.one_stage_random}
        rows = [
            {"result": name, "measure": "HR", "k": len(found.study), "estimate": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high,
             "p": found.p, "tau2": found.tau2, "reconstruction_share": found.reconstruction_share}
            for name, found in stages.items() if found
        ]
        windows = [window.two_stage for window in self.windows.windows] if self.windows else []
        for found in filter(None, (self.two_stage, self.rmst_difference, self.rmst_ratio, *self.landmarks, *windows)):
            pooled = found.pooled
            rows.append({
                "result": f"two stages, {found.unit}", "measure": pooled.measure, "k": pooled.k, "estimate": pooled.estimate, "ci_low": pooled.ci_low,
                "ci_high": pooled.ci_high, "p": pooled.p, "tau2": pooled.tau2, "reconstruction_share": found.reconstruction_share(),
            })
        return pd.DataFrame(rows)

    def to_dict(self):
        """Plain numbers, strings, lists and None."""
        parts = ("two_stage", "one_stage", "one_stage_random", "proportional_hazards", "windows", "rmst_difference", "rmst_ratio", "curves")
        record = {name: getattr(self, name) and getattr(self, name).to_dict() for name in parts}
        return record | {"horizon": self.horizon, "landmarks": [found.to_dict() for found in self.landmarks], "notes": list(self.notes)}


def _stages_sentence(one, two):
    """Why one stage and two stages do not give the same number."""
    ratios = ratio_of(one.estimate), ratio_of(two.pooled.estimate)
    left_out = ", ".join(name for name, _ in two.pooled.excluded)
    reasons = ["takes each trial's likelihood as normal", *([f"leaves out {left_out}, which one stage keeps"] if left_out else [])]
    return (
        f"Hazard ratios with random effects differ by {100 * abs(ratios[0] / ratios[1] - 1):.1f} % between one stage ({ratios[0]:.3f}) and "
        f"two stages ({ratios[1]:.3f}): the two-stage model {' and '.join(reasons)}, and its interval is {two.pooled.random.ci}, "
        f"that of one stage normal (Burke, Ensor and Riley 2017, Stat Med 36:855)."
    )


def _hazards_sentence(tests):
    """Which hazards are not proportional; empty where all may be."""
    failing = [name for name, p in zip(tests.study, tests.p, strict=True) if p < NON_PROPORTIONAL_P]
    if tests.overall_p < NON_PROPORTIONAL_P:
        failing.insert(0, "all trials together")
    if not failing:
        return ""
    return f"Hazards are not proportional (p < {NON_PROPORTIONAL_P:g}) in {', '.join(failing)}: read the windows of time and the restricted means beside the hazard ratio."


def analyse_patients(patients, *, horizon=None, landmarks=None, cuts=None, ties="efron", **options):
    """Analyse patients of many trials: hazard ratios in one stage and two, their proportionality, and what needs none.

    Parameters
    ----------
    patients : Patients or StreamedPatients
    horizon : float, optional
        Of the restricted means; by default the least of the trials' follow-ups (`restricted_mean.common_horizon`).
    landmarks : sequence of float, optional
        Times at which survival is compared; by default half the horizon and the horizon.
    cuts : sequence of float, optional
        Times that part windows; by default the thirds of the events, where hazards are not proportional.
    ties : {"efron", "breslow"}
    **options
        As in `two_stage`.

    Returns
    -------
    PatientAnalysis

    Raises
    ------
    MetaAnalysisError
        Where a horizon, a landmark or a cut is no time, or an option is not known.
    """
    notes = []

    def attempt(analysis, *arguments, **more):
        try:
            return analysis(patients, *arguments, **more)
        except NothingToPool as error:
            notes.append(str(error))

    level = options.get("level", 0.95)
    two = attempt(two_stage, ties=ties, **options)
    one, random = (attempt(one_stage, effect=effect, ties=ties, level=level) for effect in ("fixed", "random"))
    if two and random and two.pooled.k > 1:
        notes.insert(0, _stages_sentence(random, two))
    tests = proportional_hazards(patients)
    notes += [sentence for sentence in (_hazards_sentence(tests),) if sentence]
    asked = cuts is not None or bool(_hazards_sentence(tests))
    horizon = common_horizon(patients) if horizon is None else float(horizon)
    return PatientAnalysis(
        two, one, random, tests,
        hazard_ratios_by_window(patients, cuts, ties=ties, **options) if asked else None,
        horizon, attempt(pool_restricted_means, horizon, **options), attempt(pool_restricted_means, horizon, ratio=True, **options),
        tuple(filter(None, [attempt(pool_landmark, time, **options) for time in ((horizon / 2, horizon) if landmarks is None else landmarks)])),
        pool_curves(patients, level=level), tuple(dict.fromkeys(notes)),
    )
