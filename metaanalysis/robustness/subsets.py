"""All subsets of the studies pooled: how the estimate and the heterogeneity scatter, and which study makes clusters."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from metaanalysis.robustness.refits import check_model, require_studies
from metaanalysis.spread import heterogeneity
from metaanalysis.tau2 import estimate_tau2

GOSH_MINIMUM = 3
"""Studies below which there is but one subset to pool."""

EXHAUSTIVE_K = 15
"""Studies up to which all subsets are pooled, 32,752 of 15 studies; a sample is drawn of more."""

SAMPLED_SUBSETS = 10_000
"""Subsets drawn where not all are pooled."""


@dataclass(frozen=True)
class Gosh:
    """Results of the subsets.

    Attributes
    ----------
    study : tuple of str
    members : ndarray of bool, shape (n, k)
        Which studies are in a subset; the first row holds them all.
    estimate : ndarray, shape (n,)
        On the analysis scale.
    tau2, i2 : ndarray, shape (n,)
        tau2 is 0 under the fixed effect; i2 in percent, from tau2 or, under the fixed effect, from Q.
    is_exhaustive : bool
        Whether these are all subsets of 2 studies or more.
    measure : str
    model : {"random", "fixed"}
    """

    study: tuple
    members: np.ndarray = field(repr=False)
    estimate: np.ndarray = field(repr=False)
    tau2: np.ndarray = field(repr=False)
    i2: np.ndarray = field(repr=False)
    is_exhaustive: bool
    measure: str
    model: str

    def __post_init__(self):
        for name in ("members", "estimate", "tau2", "i2"):
            array = np.array(getattr(self, name))
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def to_frame(self):
        """One row per subset: ``k, estimate, tau2, i2`` and a column of True and False for each study."""
        frame = pd.DataFrame({"k": self.members.sum(axis=1), "estimate": self.estimate, "tau2": self.tau2, "i2": self.i2})
        return frame.join(pd.DataFrame(self.members, columns=self.study))


def _all_members(k):
    """Every subset of 2 of `k` or more, all of them first, then by the studies lacking."""
    codes = np.arange(2**k - 1, -1, -1)
    members = (codes[:, None] >> np.arange(k)) & 1 == 1
    return members[members.sum(axis=1) >= 2]


def _sampled_members(k, n_subsets, seed):
    """All studies, then subsets in which each study is with probability one half, redrawn below 2."""
    generator, members = np.random.default_rng(seed), np.ones((n_subsets, k), bool)
    todo = np.arange(1, n_subsets)
    while len(todo):
        members[todo] = generator.random((len(todo), k)) < 0.5
        todo = todo[members[todo].sum(axis=1) < 2]
    return members


def _pooled_subset(yi, vi, method, model):
    """Estimate, tau2 and I2; the DerSimonian-Laird tau2 gives the I2 from Q."""
    tau2 = estimate_tau2(yi, vi, method if model == "random" else "DL")
    i2 = heterogeneity(yi, vi, tau2).i2
    tau2 = tau2 if model == "random" else 0.0
    w = 1 / (vi + tau2)
    return w.dot(yi) / w.sum(), tau2, i2


def gosh(pooled, *, model="random", exhaustive_k=EXHAUSTIVE_K, n_subsets=SAMPLED_SUBSETS, seed=0):
    """Graphical display of study heterogeneity: every subset pooled (Olkin, Dahabreh and Trikalinos 2012, Res Synth Methods 3:214).

    REML takes 0.1 to 0.3 ms a subset, so 4 to 10 s for all of 15 studies; the fixed effect a quarter of that.

    Parameters
    ----------
    pooled : PooledEstimate
        k of at least 3.
    model : {"random", "fixed"}
        With the estimator of tau2 of `pooled`; fixed is by inverse variance.
    exhaustive_k : int
        Studies up to which all subsets of 2 or more are pooled.
    n_subsets : int
        Subsets drawn, with replacement, where there are more studies; the first is that of all studies.
    seed : int
        Of the draw.

    Returns
    -------
    Gosh

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> from metaanalysis import pool
    >>> subsets = gosh(pool([0.1, 0.3, 0.8], [0.01, 0.04, 0.25], study=["A", "B", "C"]))
    >>> subsets.members.sum(axis=1).tolist()
    [3, 2, 2, 2]
    """
    check_model(model)
    require_studies(pooled, GOSH_MINIMUM, "GOSH")
    is_exhaustive = pooled.k <= exhaustive_k
    members = _all_members(pooled.k) if is_exhaustive else _sampled_members(pooled.k, n_subsets, seed)
    results = [_pooled_subset(pooled.yi[row], pooled.vi[row], pooled.settings.tau2, model) for row in members]
    estimate, tau2, i2 = np.array(results).T
    return Gosh(pooled.study, members, estimate, tau2, i2, is_exhaustive, pooled.measure, model)
