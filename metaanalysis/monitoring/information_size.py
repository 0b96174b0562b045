"""Required information size: how many patients, events or units of information would settle a meta-analysis.

All of them are those of one trial that has the power to see the anticipated effect, made larger for the variance between
trials by ``1 / (1 - diversity)`` (Wetterslev et al. 2009, BMC Med Res Methodol 9:86).
"""

import math

import numpy as np
from scipy.special import ndtri

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.monitoring.alpha_spending import check_error
from metaanalysis.tau2 import estimate_tau2


def anticipated_z(alpha=0.05, beta=0.1):
    """Z that the anticipated effect is expected to reach: ``z_(1 - alpha/2) + z_(1 - beta)``.

    Parameters
    ----------
    alpha : float
        Two-sided.
    beta : float

    Returns
    -------
    float
    """
    check_error("Alpha", alpha)
    check_error("Beta", beta)
    return float(-ndtri(alpha / 2) - ndtri(beta))


def _inflation(diversity):
    if not 0 <= diversity < 1:
        raise MetaAnalysisError(f"The diversity is {diversity!r}; expected a share from 0 to below 1, such as 0.25 for 25 %.")
    return 1 / (1 - diversity)


def diversity(yi, vi, tau2="DL"):
    """Share of the variance of a random-effects mean that is due to the variance between trials.

    ``D² = 1 - v_F / v_R`` with the variances of the fixed-effect and the random-effects mean (Wetterslev et al. 2009,
    BMC Med Res Methodol 9:86).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    tau2 : str
        Estimator; see `metaanalysis.tau2.estimate_tau2`.

    Returns
    -------
    float
        0 for a single trial.

    Examples
    --------
    >>> import numpy as np
    >>> round(diversity(np.array([-1.0, 0.0, 1.0]), np.full(3, 0.5)), 12)
    0.5
    """
    if len(yi) < 2:
        return 0.0
    return float(1 - np.sum(1 / (vi + estimate_tau2(yi, vi, tau2))) / np.sum(1 / vi))


def risk_under(control_risk, effect, measure="RR"):
    """Risk in the treated group under an anticipated effect.

    Parameters
    ----------
    control_risk : float
    effect : float
        RR, OR or RD.
    measure : {"RR", "OR", "RD"}

    Returns
    -------
    float

    Raises
    ------
    MetaAnalysisError
        Where it is no risk.
    """
    if not 0 < control_risk < 1:
        raise MetaAnalysisError(f"The risk in the control group is {control_risk!r}; expected a number between 0 and 1, such as 0.6.")
    if measure == "RD":
        risk = control_risk + effect
    else:
        risk = control_risk * effect / (1 - control_risk + control_risk * effect) if measure == "OR" else control_risk * effect
    if not 0 < risk < 1:
        raise MetaAnalysisError(
            f"{measure} {effect:g} on a control risk of {control_risk:g} gives a risk of {risk:g}; expected one between 0 and 1: "
            "choose a smaller effect or another control risk."
        )
    return risk


def required_patients(control_risk, effect, measure="RR", *, alpha=0.05, beta=0.1, diversity=0.0):
    """Patients in both groups together that a meta-analysis of a binary outcome requires.

    ``4 (z_(1 - alpha/2) + z_(1 - beta))² p (1 - p) / (p_C - p_E)²`` with ``p`` the mean of both risks, over
    ``1 - diversity`` (Wetterslev et al. 2008, J Clin Epidemiol 61:64; 2009, BMC Med Res Methodol 9:86).

    Parameters
    ----------
    control_risk : float
        Share of patients with the event in the control group.
    effect : float
        Anticipated RR, OR or RD; a relative risk reduction of 20 % is an RR of 0.8.
    measure : {"RR", "OR", "RD"}
    alpha : float
        Two-sided.
    beta : float
        1 - power.
    diversity : float
        From 0 to below 1.

    Returns
    -------
    float
        Not rounded.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> round(required_patients(0.6, 0.8, alpha=0.03, beta=0.1, diversity=0.1))
    913
    """
    risk = risk_under(control_risk, effect, measure)
    if risk == control_risk:
        raise MetaAnalysisError(f"The anticipated {measure} is {effect:g}; expected an effect: none can be seen with any number of patients.")
    mean = (control_risk + risk) / 2
    return 4 * anticipated_z(alpha, beta) ** 2 * mean * (1 - mean) / (control_risk - risk) ** 2 * _inflation(diversity)


def required_information(effect, *, alpha=0.05, beta=0.1, diversity=0.0):
    """Statistical information, the inverse of a variance, that a meta-analysis requires.

    ``(z_(1 - alpha/2) + z_(1 - beta))² / effect²`` over ``1 - diversity``.

    Parameters
    ----------
    effect : float
        On the analysis scale: log for ratios.
    alpha, beta, diversity : float
        As in `required_patients`.

    Returns
    -------
    float

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> import math
    >>> round(required_information(math.log(0.75)), 2)
    126.96
    """
    if not math.isfinite(effect) or effect == 0:
        raise MetaAnalysisError(f"The anticipated effect is {effect:g} on the analysis scale; expected a finite number other than 0.")
    return (anticipated_z(alpha, beta) / effect) ** 2 * _inflation(diversity)


def required_events(hazard_ratio, *, alpha=0.05, beta=0.1, diversity=0.0, allocation=0.5):
    """Events in both groups together that a meta-analysis of times to an event requires.

    ``(z_(1 - alpha/2) + z_(1 - beta))² / (a (1 - a) ln(HR)²)`` (Schoenfeld 1983, Biometrics 39:499, eq. 1), with 4 in
    place of ``1 / (a (1 - a))`` for groups of equal size, over ``1 - diversity``.

    Parameters
    ----------
    hazard_ratio : float
        Anticipated.
    alpha, beta, diversity : float
        As in `required_patients`.
    allocation : float
        Share of patients in the treated group.

    Returns
    -------
    float
        Not rounded.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> round(required_events(0.75), 2)
    507.84
    """
    if not hazard_ratio > 0:
        raise MetaAnalysisError(f"The anticipated hazard ratio is {hazard_ratio!r}; expected a number above 0, such as 0.75.")
    if not 0 < allocation < 1:
        raise MetaAnalysisError(f"The allocation is {allocation!r}; expected the share of patients in the treated group, such as 0.5.")
    return required_information(math.log(hazard_ratio), alpha=alpha, beta=beta, diversity=diversity) / (allocation * (1 - allocation))
