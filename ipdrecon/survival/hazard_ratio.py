"""The hazard ratio of two arms: Cox regression and the log-rank test.

Examples
--------
>>> from ipdrecon.model import ReconstructedArm
>>> old = ReconstructedArm("old", [1, 2, 3, 5, 8], [1, 1, 1, 1, 0])
>>> new = ReconstructedArm("new", [2, 4, 6, 9, 9], [1, 1, 0, 1, 0])
>>> estimate = estimate_hazard_ratio([old, new], treatment="new", reference="old")
>>> round(estimate.ratio, 3), round(estimate.logrank_p, 3)
(0.364, 0.219)
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import TrialEstimate
from ipdrecon.survival.replicates import hazard_ratios, reconstruction_error, risk_sets
from metaanalysis.patients.product_limit import survival_before
from metaanalysis.patients.risk_sets import cox, logrank_sums, trend_statistic

NON_PROPORTIONAL_P = 0.05


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of two arms.

    Attributes
    ----------
    o_minus_e, variance : float
        Observed minus expected events of the treatment arm, and its hypergeometric variance.
    statistic, p : float
        Chi-squared with one degree of freedom, and its two-sided p.
    """

    o_minus_e: float
    variance: float
    statistic: float
    p: float


def _risk_sets(treatment, reference):
    return risk_sets([(treatment.time, treatment.event)], [(reference.time, reference.event)])


def logrank(treatment, reference):
    """Compare two arms by the log-rank test (Mantel 1966; Peto and Peto 1972), as R's survdiff.

    Parameters
    ----------
    treatment, reference : ReconstructedArm

    Returns
    -------
    LogRank
        p is NaN where no event happens while both arms are at risk.
    """
    (difference,), (variance,) = logrank_sums(_risk_sets(treatment, reference))
    statistic = float(difference**2 / variance) if variance > 0 else math.nan
    return LogRank(float(difference), float(variance), statistic, float(chi2.sf(statistic, 1)))


def pick_arm(arms, name, role):
    """Find the one arm of that name.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
    name : str
    role : str
        ``"treatment"`` or ``"reference"``, for the message.

    Returns
    -------
    ReconstructedArm

    Raises
    ------
    ReconstructionError
        Where there is none or more than one.
    """
    matches = [arm for arm in arms if arm.arm == name]
    if len(matches) != 1:
        seen = ", ".join(repr(arm.arm) for arm in arms) or "none"
        trouble = "is not among the arms" if not matches else f"is the name of {len(matches)} arms"
        raise ReconstructionError(f"The {role} arm {name!r} {trouble}; seen: {seen}. Give one panel's arms and one of these names.")
    return matches[0]


def _check_separation(treatment, reference):
    """Refuse data whose partial likelihood has no maximum: all events that compare the arms lie in one of them."""
    total, mine = (int(count) for (count,) in _risk_sets(treatment, reference).events_compared())
    if total == 0:
        raise ReconstructionError(
            f"No event happens while both {treatment.arm!r} and {reference.arm!r} have patients at risk; expected one or more. "
            f"No hazard ratio can be estimated; compare the curves instead."
        )
    if mine in (0, total):
        empty = treatment.arm if mine == 0 else reference.arm
        raise ReconstructionError(
            f"All {total} events while both arms are at risk are outside the arm {empty!r}; expected some in each. The hazard ratio is "
            f"{'0' if mine == 0 else 'infinite'} and has no standard error; use the log-rank test or a risk difference."
        )


def proportional_hazards_p(treatment, reference):
    """Test proportional hazards (Grambsch and Therneau 1994) against 1 - KM: the score test of R's cox.zph.

    Parameters
    ----------
    treatment, reference : ReconstructedArm

    Returns
    -------
    float
        Two-sided p; NaN where all events come at one time.

    Raises
    ------
    ReconstructionError
        Where no finite hazard ratio exists.
    """
    _check_separation(treatment, reference)
    sets = _risk_sets(treatment, reference)
    (statistic,) = trend_statistic(sets, cox(sets)[0], 1 - survival_before(sets))
    return float(chi2.sf(statistic, 1))


def _between_draws(treatment, reference):
    """Standard error that the reconstruction adds to the log hazard ratio, None where it is not known; and flags."""
    if not (treatment.draws and reference.draws):
        return None, ()
    yi = hazard_ratios(treatment.draws, reference.draws)[0]
    known = yi[np.isfinite(yi)]
    flags = ()
    if len(known) < len(yi):
        detail = f"No finite hazard ratio in {len(yi) - len(known)} of {len(yi)} draws."
        flags = (Flag("draws_without_ratio", f"{treatment.arm!r} over {reference.arm!r}", detail),)
    error = reconstruction_error(known)
    return (None if math.isnan(error) else error), flags


def estimate_hazard_ratio(arms, *, treatment, reference, study=""):
    """Estimate the hazard ratio of `treatment` over `reference`.

    Cox (1972) with Efron's (1977) treatment of ties; the log-rank p beside it. Where both arms have draws, the variance
    between them is that of the reconstruction (`replicates.reconstruction_error`), draw m of one arm going with draw m
    of the other; the estimate and its sampling error are those of the arms' own patients.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
        Of one panel.
    treatment, reference : str
        Names among the arms.
    study : str

    Returns
    -------
    TrialEstimate
        `yi` is the log hazard ratio. Flagged ``non_proportional`` where the test of Grambsch and Therneau has p below
        0.05, and ``draws_without_ratio`` where draws were left out because no finite hazard ratio exists in them.

    Raises
    ------
    ReconstructionError
        Where an arm is not found, no finite hazard ratio exists (in the arms, or in any draw), or the arms have draws
        in different numbers.
    """
    arms = tuple(arms)
    first, second = pick_arm(arms, treatment, "treatment"), pick_arm(arms, reference, "reference")
    if first is second:
        raise ReconstructionError(f"Treatment and reference are both {treatment!r}; expected two arms.")
    _check_separation(first, second)
    (yi,), (sei,) = cox(_risk_sets(first, second))
    p = proportional_hazards_p(first, second)
    reconstruction_sei, flags = _between_draws(first, second)
    if p < NON_PROPORTIONAL_P:
        flags = (Flag("non_proportional", f"{treatment!r} over {reference!r}", f"Grambsch and Therneau: p = {p:.2g}."), *flags)
    inputs = [flag for arm in (first, second) for flag in arm.flags if flag.name == "hr_is_input"]
    return TrialEstimate(
        study,
        "HR",
        treatment,
        reference,
        float(yi),
        float(sei),
        n=first.n + second.n,
        n_event=first.n_event + second.n_event,
        origin="reconstructed",
        logrank_p=logrank(first, second).p,
        flags=(*flags, *inputs),
        reconstruction_sei=reconstruction_sei,
    )
