"""Two arms held against each other where one hazard ratio is not enough: restricted means, and cumulative hazards over time.

Examples
--------
>>> from ipdrecon.model import ReconstructedArm
>>> old = ReconstructedArm("old", [1, 2, 3, 5, 8], [1, 1, 1, 1, 0])
>>> new = ReconstructedArm("new", [2, 4, 6, 9, 9], [1, 1, 0, 1, 0])
>>> contrast = contrast_arms([old, new], treatment="new", reference="old", at=[2, 5])
>>> contrast.horizon, round(contrast.rmst_difference, 3)
(8.0, 2.2)
>>> contrast.cumulative_hazard_ratio.round(3).tolist()
[0.437, 0.317]
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ipdrecon.errors import ReconstructionError
from ipdrecon.survival.hazard_ratio import pick_arm, proportional_hazards_p
from ipdrecon.survival.kaplan_meier import kaplan_meier, restricted_mean
from ipdrecon.survival.replicates import reconstruction_error, restricted_mean_differences


@dataclass(frozen=True)
class ArmContrast:
    """What compares two arms beside their hazard ratio.

    Attributes
    ----------
    treatment, reference : str
    proportional_hazards_p : float
        Of Grambsch and Therneau's test; NaN where all events come at one time.
    horizon : float
        To which the means are restricted.
    rmst_treatment, rmst_reference, rmst_difference : float
        Restricted mean survival times, and treatment minus reference; in the unit of time.
    rmst_se : float
        Of the difference, from sampling.
    rmst_reconstruction_se : float or None
        What the reconstruction adds, from the variance between draws; None without draws.
    at : ndarray, shape (n_times,)
    cumulative_hazard_ratio : ndarray, shape (n_times,)
        log S of the treatment over log S of the reference; the hazard ratio at all times where hazards are proportional.
        NaN where S is 1 in both arms or 0 in one.
    """

    treatment: str
    reference: str
    proportional_hazards_p: float
    horizon: float
    rmst_treatment: float
    rmst_reference: float
    rmst_difference: float
    rmst_se: float
    rmst_reconstruction_se: float | None
    at: np.ndarray
    cumulative_hazard_ratio: np.ndarray

    def rmst_interval(self, level=0.95):
        """``(low, high)`` of the difference, from sampling and reconstruction together."""
        half = float(ndtri(0.5 + level / 2)) * math.hypot(self.rmst_se, self.rmst_reconstruction_se or 0.0)
        return self.rmst_difference - half, self.rmst_difference + half


def contrast_arms(arms, *, treatment, reference, horizon=None, at=()):
    """Compare two arms by restricted means and by cumulative hazards.

    The restricted mean survival time is the area under the curve to the horizon (Royston and Parmar 2013, BMC Med Res
    Methodol 13:152); the variance of the difference is the sum of both. Where hazards are proportional,
    S_treatment = S_reference^HR, so that the ratio of their logarithms is the hazard ratio at each time.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
        Of one panel.
    treatment, reference : str
    horizon : float, optional
        By default the last time at which both arms are followed.
    at : sequence of float
        Times of the cumulative hazards; those after the last common one are left out.

    Returns
    -------
    ArmContrast

    Raises
    ------
    ReconstructionError
        Where an arm is not found, no finite hazard ratio exists, or the horizon is beyond the follow-up.
    """
    arms = tuple(arms)
    first, second = pick_arm(arms, treatment, "treatment"), pick_arm(arms, reference, "reference")
    last = float(min(first.time.max(), second.time.max()))
    horizon = last if horizon is None else float(horizon)
    if not 0 < horizon <= last:
        raise ReconstructionError(f"The horizon is {horizon:g}, but both arms are followed up to {last:g} only; choose a horizon within it.")
    means = [restricted_mean(arm.time, arm.event, horizon) for arm in (first, second)]
    times = np.array([moment for moment in at if 0 < moment <= last], float)
    return ArmContrast(
        treatment,
        reference,
        proportional_hazards_p(first, second),
        horizon,
        means[0].rmst,
        means[1].rmst,
        means[0].rmst - means[1].rmst,
        math.hypot(means[0].se, means[1].se),
        _between_draws(first, second, horizon),
        times,
        _cumulative_hazard_ratio(first, second, times),
    )


def _between_draws(first, second, horizon):
    if not (first.draws and second.draws):
        return None
    error = reconstruction_error(restricted_mean_differences(first.draws, second.draws, horizon)[0])
    return None if math.isnan(error) else error


def _cumulative_hazard_ratio(first, second, times):
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(kaplan_meier(arm.time, arm.event).survival_at(times)) for arm in (first, second)]
        ratio = logs[0] / logs[1]
    return np.where(np.isfinite(ratio) & np.isfinite(logs[0]), ratio, np.nan)
