"""The risk ratio of two arms at a time, from Kaplan-Meier estimates of their patients.

Examples
--------
>>> from ipdrecon.model import ReconstructedArm
>>> old = ReconstructedArm("old", [1, 2, 3, 5, 8], [1, 1, 1, 1, 0])
>>> new = ReconstructedArm("new", [2, 4, 6, 9, 9], [1, 1, 0, 1, 0])
>>> estimate = estimate_risk_ratio([old, new], treatment="new", reference="old", time=5)
>>> round(estimate.ratio, 3), round(estimate.sei, 3)
(0.5, 0.592)
"""

import math

import numpy as np

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import TrialEstimate
from ipdrecon.survival.hazard_ratio import pick_arm
from ipdrecon.survival.kaplan_meier import kaplan_meier, step_value
from ipdrecon.survival.replicates import reconstruction_error, survivals


def estimate_risk_ratio(arms, *, treatment, reference, time, study=""):
    """Estimate the ratio of the risks of an event up to a time, `treatment` over `reference`.

    A risk is F = 1 - S of the Kaplan-Meier estimate, so that patients censored earlier count as far as they were seen.
    The variance of log F is (S / F)² times Greenwood's sum (1926) by the delta method, that of the log ratio the sum
    over both arms (Klein et al. 2007, Stat Med 26:4505, section 2). Where both arms have draws, the variance between
    them is that of the reconstruction.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
        Of one panel.
    treatment, reference : str
        Names among the arms.
    time : float
        In the unit of the arms' times.
    study : str

    Returns
    -------
    TrialEstimate
        With `measure` ``"RR"`` and `n_event` the events up to `time`. Flagged ``draws_without_ratio`` where draws were left
        out because an arm has no event by then.

    Raises
    ------
    ReconstructionError
        Where an arm is not found, is not followed up to `time`, or has no event by then.
    """
    arms = tuple(arms)
    first, second = pick_arm(arms, treatment, "treatment"), pick_arm(arms, reference, "reference")
    if first is second:
        raise ReconstructionError(f"Treatment and reference are both {treatment!r}; expected two arms.")
    (log_1, variance_1), (log_2, variance_2) = _log_risk(first, time), _log_risk(second, time)
    error, flags = _between_draws(first, second, time)
    return TrialEstimate(
        study,
        "RR",
        treatment,
        reference,
        log_1 - log_2,
        math.sqrt(variance_1 + variance_2),
        n=first.n + second.n,
        n_event=sum(int((arm.event & (arm.time <= time)).sum()) for arm in (first, second)),
        origin="reconstructed",
        flags=flags,
        reconstruction_sei=error,
    )


def _log_risk(arm, time):
    """Log of the risk up to a time, and its variance."""
    last = float(arm.time.max())
    if not 0 < time <= last:
        raise ReconstructionError(f"{arm.arm!r} is followed up to {last:g}; its risk at {time:g} is not known. Choose a time within it.")
    estimate = kaplan_meier(arm.time, arm.event)
    survival = float(estimate.survival_at(time))
    if survival == 1:
        raise ReconstructionError(f"{arm.arm!r} has no event up to {time:g}; a ratio of risks needs one in each arm. Choose a later time.")
    if survival == 0:
        return 0.0, 0.0
    greenwood = float(step_value(time, estimate.time, estimate.variance_log, 0.0))
    return math.log1p(-survival), (survival / (1 - survival)) ** 2 * greenwood


def _between_draws(first, second, time):
    if not (first.draws and second.draws):
        return None, ()
    risks = [1 - survivals(arm.draws, [time])[:, 0] for arm in (first, second)]
    known = (risks[0] > 0) & (risks[1] > 0)
    flags = ()
    if not known.all():
        detail = f"No finite risk ratio in {(~known).sum()} of {len(known)} draws."
        flags = (Flag("draws_without_ratio", f"{first.arm!r} over {second.arm!r}", detail),)
    error = reconstruction_error(np.log(risks[0][known] / risks[1][known]))
    return (None if math.isnan(error) else error), flags
