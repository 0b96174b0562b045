"""Effects of trials from their patients, with the variance between a trial's data sets, and what is pooled from them.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 6, "treatment": [1, 1, 0] * 2, "time": [5, 8, 3, 5, 9, 3], "event": [1, 0, 1] * 2,
...     "draw": [1, 1, 1, 2, 2, 2],
... })
>>> effects = combine(Patients.of(table), "HR", np.array([-0.2, -0.4]), np.array([0.04, 0.04]), "none")
>>> effects.yi.round(4).tolist(), effects.within.round(4).tolist(), effects.added.round(4).tolist()
([-0.3], [0.04], [0.03])
>>> effects.shares.round(4).tolist()
[0.4286]
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from metaanalysis.errors import NothingToPool
from metaanalysis.estimate import PooledEstimate
from metaanalysis.patients.rubin import between_draws, share
from metaanalysis.pooling import pool


@dataclass(frozen=True)
class TrialEffects:
    """The effect of each trial on one measure.

    Attributes
    ----------
    measure : str
    study : tuple of str
        Trials that have an effect, k of them.
    yi, within, added : ndarray, shape (k,)
        Effect (log scale for ratios), its sampling variance, and the variance between data sets, (1 + 1/M) B by Rubin's
        rules; 0 for a trial with one data set.
    n_draws : ndarray of int, shape (k,)
        Draws that `added` is from.
    excluded : tuple of (str, str)
        Trials left out, and why.
    notes : tuple of str
    """

    measure: str
    study: tuple
    yi: np.ndarray = field(repr=False)
    within: np.ndarray = field(repr=False)
    added: np.ndarray = field(repr=False)
    n_draws: np.ndarray = field(repr=False)
    excluded: tuple = ()
    notes: tuple = ()

    def __post_init__(self):
        for name in ("yi", "within", "added", "n_draws"):
            array = np.array(getattr(self, name))
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def vi(self):
        """Total variance of each effect."""
        return self.within + self.added

    @property
    def shares(self):
        """Share of each variance that is due to the choice of a data set, in [0, 1]."""
        return self.added / self.vi

    def to_frame(self):
        """One row per trial: ``study, yi, vi, sei, sampling_sei, reconstruction_sei, reconstruction_share, n_draws``."""
        return pd.DataFrame({
            "study": self.study, "yi": self.yi, "vi": self.vi, "sei": np.sqrt(self.vi), "sampling_sei": np.sqrt(self.within),
            "reconstruction_sei": np.sqrt(self.added), "reconstruction_share": self.shares, "n_draws": self.n_draws,
        })


@dataclass(frozen=True, repr=False)
class PooledTrials:
    """Effects from patients, pooled.

    Attributes
    ----------
    effects : TrialEffects
    pooled : PooledEstimate
        Its weights and intervals are by the total variances.
    unit : str
        What the effects are, in words.
    """

    effects: TrialEffects
    pooled: PooledEstimate
    unit: str = ""

    def __repr__(self):
        return f"<PooledTrials: {self.pooled}>"

    def reconstruction_share(self, model="random"):
        """Share of the pooled estimate's variance (tau2 included) that is due to the choice of data sets.

        Parameters
        ----------
        model : {"random", "fixed"}

        Returns
        -------
        float
            In [0, 1]. Of the variance by inverse-variance weights; a Hartung-Knapp variance is not made of parts.
        """
        tau2 = self.pooled.tau2 if model == "random" and self.pooled.k > 1 else 0.0
        weights = 1 / (self.effects.vi + tau2)
        return share(self.effects.added, weights, self.effects.vi + tau2)

    def to_frame(self):
        """One row per trial, as `TrialEffects.to_frame` with the weights."""
        weights = self.pooled.to_frame()[["weight_fixed", "weight_random"]]
        return pd.concat([self.effects.to_frame(), weights], axis=1)

    def to_dict(self):
        """As `PooledEstimate.to_dict`, with the variance by reconstruction of each trial and of the whole."""
        record = self.pooled.to_dict()
        rows = self.effects.to_frame().drop(columns="vi").to_dict("records")
        record["studies"] = [known | row for known, row in zip(record["studies"], rows, strict=True)]
        record["reconstruction_share"] = {model: self.reconstruction_share(model) for model in ("fixed", "random")}
        record["unit"] = self.unit
        record["notes"] = [*record["notes"], *self.effects.notes]
        return record


def _added(name, values):
    """Variance between draws, the number of draws used, and a note where some have no effect."""
    known = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 0, []
    if len(known) < 2:
        return 0.0, len(known), [f"{name}: {len(known)} of {len(values)} draws have the effect, which tells no variance between them."]
    told = [f"{name}: {len(values) - len(known)} of {len(values)} draws have no such effect and were left out."] if len(known) < len(values) else []
    return between_draws(known), len(known), told


def combine(patients, measure, yi, vi, why):
    """From the effect of each data set to one per trial, by Rubin's rules (1987, section 3.1).

    The estimate and its sampling variance are those of the trial's own data set, or, without one, the means over its
    draws; the variance between the draws is added.

    Parameters
    ----------
    patients : Patients
    measure : str
    yi, vi : ndarray, shape (n_data_sets,)
        NaN (or a variance of 0) where a data set has no effect.
    why : str or ndarray of str, shape (n_data_sets,)
        Why it has none.

    Returns
    -------
    TrialEffects

    Raises
    ------
    NothingToPool
        Where no trial has an effect.
    """
    yi = np.where(np.isfinite(yi) & (vi > 0), yi, np.nan)
    why, first = np.broadcast_to(why, yi.shape), np.flatnonzero(patients.is_first)
    kept, excluded, notes = [], [], []
    for trial, name in enumerate(patients.study):
        draws = np.flatnonzero((patients.trial == trial) & (patients.draw > 0))
        used = first[[trial]] if patients.has_own[trial] else draws[np.isfinite(yi[draws])]
        if not len(used) or not np.isfinite(yi[used]).all():
            excluded.append((name, str(why[first[trial]])))
            continue
        added, n_draws, told = _added(name, yi[draws])
        kept.append((name, yi[used].mean(), vi[used].mean(), added, n_draws))
        notes += told
    if not kept:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded)
        raise NothingToPool(f"No trial has an effect on the measure {measure} ({reasons}); expected one or more.")
    study, *columns = zip(*kept, strict=True)
    return TrialEffects(measure, study, *map(np.array, columns), tuple(excluded), tuple(notes))


def pool_effects(effects, *, unit="", source=None, **options):
    """Pool effects of trials by their total variances.

    Parameters
    ----------
    effects : TrialEffects
    unit : str
        What they are, in words.
    source : dict of str to str, optional
        Where each trial's patients are from: ``ipd``, ``reconstructed``.
    **options
        `tau2`, `ci`, `level`, `prediction`, as in `metaanalysis.pool`.

    Returns
    -------
    PooledTrials
    """
    source = source and [source.get(name, "") for name in effects.study]
    pooled = pool(effects.yi, effects.vi, study=effects.study, measure=effects.measure, source=source, **options)
    return PooledTrials(effects, replace(pooled, excluded=effects.excluded), unit)
