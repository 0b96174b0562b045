"""How far a pooled result leans on choices: the estimator of tau2, the interval, the model, and where numbers are from.

Examples
--------
>>> from metaanalysis import pool
>>> pooled = pool([-0.3, -0.5, -0.1], [0.04, 0.09, 0.02], measure="HR", source=["reported", "derived", "reported"])
>>> [choice.name for choice in model_choices(pooled)][:3]
['fixed effect', 'REML, wald', 'REML, hk']
>>> [(choice.name, choice.k) for choice in source_choices(pooled)]
[('without reported', 1), ('without derived', 2)]
>>> subset_choice(pooled, [True, False, True], "without B").k
2
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from metaanalysis.robustness.refits import refit

_ESTIMATORS = ("REML", "PM", "DL")
_INTERVALS = ("wald", "hk", "hk-adhoc")


@dataclass(frozen=True)
class Choice:
    """The result under another choice.

    Attributes
    ----------
    name : str
    k : int
    estimate, se, ci_low, ci_high, p : float
        On the analysis scale.
    tau2 : float
        0 under the fixed effect, NaN for a single study.
    """

    name: str
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    tau2: float

    def to_dict(self):
        """Plain numbers by name."""
        return asdict(self)


def _choice(name, found):
    return Choice(name, found.k, found.estimate, found.se, found.ci_low, found.ci_high, found.p, found.tau2)


def model_choices(pooled):
    """Pool the same studies under the fixed effect, and under random effects by three estimators and three intervals.

    Parameters
    ----------
    pooled : PooledEstimate

    Returns
    -------
    tuple of Choice
        Empty for a single study, and where measures differ. The fixed effect is by inverse variance.
    """
    if pooled.k < 2 or pooled.is_mixed:
        return ()
    settings = [replace(pooled.settings, tau2=tau2, ci=ci, tau2_ci="QP") for tau2 in _ESTIMATORS for ci in _INTERVALS]
    fixed = _choice("fixed effect", refit(pooled.yi, pooled.vi, pooled.settings, "fixed"))
    return (fixed, *(_choice(f"{one.tau2}, {one.ci}", refit(pooled.yi, pooled.vi, one)) for one in settings))


def source_choices(pooled):
    """Pool without the studies of each source in turn: reported, derived, reconstructed, ipd, summary.

    Parameters
    ----------
    pooled : PooledEstimate

    Returns
    -------
    tuple of Choice
        Under random effects with the settings in use; empty where all studies have one source, and where measures differ.
    """
    sources = tuple(dict.fromkeys(pooled.source))
    if len(sources) < 2 or pooled.is_mixed:
        return ()
    kept = {source: np.array([other != source for other in pooled.source]) for source in sources}
    return tuple(_choice(f"without {source or 'unnamed'}", refit(pooled.yi[rows], pooled.vi[rows], pooled.settings)) for source, rows in kept.items())


def subset_choice(pooled, kept, name):
    """Pool some of the studies with the settings in use.

    Parameters
    ----------
    pooled : PooledEstimate
    kept : array-like of bool, shape (k,)
    name : str
        Of the choice.

    Returns
    -------
    Choice or None
        Under random effects; None where all or none are kept, and where measures differ.
    """
    kept = np.asarray(kept, bool)
    if kept.all() or not kept.any() or pooled.is_mixed:
        return None
    return _choice(name, refit(pooled.yi[kept], pooled.vi[kept], pooled.settings))
