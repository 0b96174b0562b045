"""Restricted mean survival time: its difference or ratio in each trial up to one horizon, pooled.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> patients = Patients.of(table)
>>> common_horizon(patients)
10.0
>>> pool_restricted_means(patients, ci="wald")
<PooledTrials: RMST difference 1.68 [95 % CI -0.94 to 4.30], REML, wald, k = 2, tau² = 0.0000, I² = 0 %>
"""

from functools import partial

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.trial_effects import combine, pool_effects


def followed_until(patients):
    """Time up to which both arms of each data set are known: the smaller last time; longer where a curve ends at 0.

    Parameters
    ----------
    patients : Patients

    Returns
    -------
    ndarray, shape (n_data_sets,)
        Infinite where both arms end at 0.
    """
    ends = [np.where(arm.last_survival > 0, arm.last_time, np.inf) for arm in patients.curves]
    return np.minimum(*ends)


def _followed(patients):
    return (followed_until(patients),)


def common_horizon(patients):
    """Least over the trials of the smaller last time of the two arms, in the trials' first data sets.

    Parameters
    ----------
    patients : Patients

    Returns
    -------
    float
        In the unit of time.
    """
    return float(np.minimum(*(arm.last_time for arm in patients.single().curves)).min())


def combine_followed(patients, measure, effects, *, time, named, nothing):
    """From the effect up to a time of each data set to one per trial, of the trials that are followed until then.

    Parameters
    ----------
    patients : Patients
    measure : str
    effects : tuple of ndarray, shape (n_data_sets,)
        ``yi, vi``, as for `combine`.
    time : float
    named : str
        The time, for trials whose follow-up ends before.
    nothing : str
        Why an effect may have no value though the trial is followed.

    Returns
    -------
    TrialEffects
    """
    (until,), (yi, vi) = patients.each(_followed), effects
    reaches = (until >= time) | ~patients.is_first
    late = [f"follow-up of an arm ends at {end:g}, before {named}" for end in until]
    return combine(patients, measure, np.where(reaches, yi, np.nan), vi, np.where(reaches, nothing, late))


def _restricted_means(patients, *, horizon):
    """Mean and its standard error, of the treatment arm and of the reference arm, in each data set."""
    treatment, reference = (arm.restricted_means(horizon) for arm in patients.curves)
    return *treatment, *reference


def pool_restricted_means(patients, horizon=None, *, ratio=False, **options):
    """Pool differences or ratios of restricted mean survival time.

    The difference of areas under the Kaplan-Meier curves of each trial, treatment minus reference, with the variance of
    Klein and Moeschberger (2003, equation 4.5.2), then pooled (Wei et al. 2015, Stat Med 34:2881; Lueza et al. 2016, BMC
    Med Res Methodol 16:37: "pooled Kaplan-Meier"). The ratio is pooled on the log scale, its variance by the delta
    method, ``se1² / m1² + se0² / m0²``.

    Parameters
    ----------
    patients : Patients or StreamedPatients
    horizon : float, optional
        In the unit of time; by default `common_horizon`. Trials whose follow-up ends before are left out and named;
        in a draw that ends before the curve is carried on flat.
    ratio : bool
        Whether to pool ratios in place of differences.
    **options
        As in `two_stage`.

    Returns
    -------
    PooledTrials

    Raises
    ------
    MetaAnalysisError
        Where the horizon is not positive, or no trial reaches it.
    """
    horizon = common_horizon(patients) if horizon is None else float(horizon)
    if not 0 < horizon < np.inf:
        raise MetaAnalysisError(f"The horizon is {horizon:g}; expected a time after 0, in the unit of the patients' times.")
    ours, our_se, theirs, their_se = patients.each(partial(_restricted_means, horizon=horizon))
    if ratio:
        with np.errstate(divide="ignore", invalid="ignore"):
            yi, vi = np.log(ours / theirs), (our_se / ours) ** 2 + (their_se / theirs) ** 2
    else:
        yi, vi = ours - theirs, our_se**2 + their_se**2
    nothing = "no events before the horizon, or an arm in which all died at time 0, so that its effect has no variance"
    measure = "RMST ratio" if ratio else "RMST difference"
    effects = combine_followed(patients, measure, (yi, vi), time=horizon, named=f"the horizon {horizon:g}", nothing=nothing)
    return pool_effects(effects, unit=f"{'log ratio' if ratio else 'difference'} of mean survival time up to {horizon:g}", **options)
