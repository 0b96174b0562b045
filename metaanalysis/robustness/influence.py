"""Influence of single studies on a pooled estimate, and the coordinates of the Baujat plot."""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import chdtri

from metaanalysis.robustness.refits import check_model, leave_one_out, refit, require_studies

INFLUENCE_MINIMUM = 3
"""Studies below which influence has no meaning: without one, fewer than 2 are left to pool."""

_ROUNDING = 1e-14  # in largest effects

_COLUMNS = ("rstudent", "dffits", "cook", "cov_ratio", "tau2_deleted", "q_deleted", "hat", "weight", "dfbetas")


@dataclass(frozen=True)
class Influence:
    """What each study does to the pooled estimate.

    Attributes
    ----------
    study : tuple of str
    rstudent : ndarray, shape (k,)
        Externally studentised residual: distance from the estimate of the others.
    dffits : ndarray, shape (k,)
        Shift of the estimate by the study, in standard deviations.
    cook : ndarray, shape (k,)
        Cook's distance.
    cov_ratio : ndarray, shape (k,)
        Variance of the estimate without the study over that with it; below 1 where the study costs precision.
    tau2_deleted, q_deleted : ndarray, shape (k,)
        tau2 and Cochran's Q without the study.
    hat : ndarray, shape (k,)
        Leverage.
    weight : ndarray, shape (k,)
        Percent.
    dfbetas : ndarray, shape (k,)
    baujat_x : ndarray, shape (k,)
        Squared Pearson residual: the study's part in the heterogeneity.
    baujat_y : ndarray, shape (k,)
        Squared shift of the estimate by the study, in variances of the estimate without it.
    tau2, q : float
        With all studies.
    measure : str
    model : {"random", "fixed"}
    """

    study: tuple
    rstudent: np.ndarray = field(repr=False)
    dffits: np.ndarray = field(repr=False)
    cook: np.ndarray = field(repr=False)
    cov_ratio: np.ndarray = field(repr=False)
    tau2_deleted: np.ndarray = field(repr=False)
    q_deleted: np.ndarray = field(repr=False)
    hat: np.ndarray = field(repr=False)
    weight: np.ndarray = field(repr=False)
    dfbetas: np.ndarray = field(repr=False)
    baujat_x: np.ndarray = field(repr=False)
    baujat_y: np.ndarray = field(repr=False)
    tau2: float
    q: float
    measure: str
    model: str

    def __post_init__(self):
        for name in (*_COLUMNS, "baujat_x", "baujat_y"):
            array = np.array(getattr(self, name), dtype=float)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def limits(self):
        """Values beyond which a study is called influential, by name of the diagnostic.

        ``|dffits| > 3 sqrt(p / (k - p))``, ``cook`` above the median of chi² with p degrees of freedom,
        ``hat > 3 p / k``, ``|dfbetas| > 1``, with p = 1 (Viechtbauer and Cheung 2010, Res Synth Methods 1:112;
        the rule in the documentation of metafor's ``influence``).
        """
        k = len(self.study)
        return {"dffits": 3 * math.sqrt(1 / (k - 1)), "cook": float(chdtri(1, 0.5)), "hat": 3 / k, "dfbetas": 1.0}

    @property
    def is_influential(self):
        """Which studies are beyond any of the limits, shape (k,), bool."""
        return np.any([np.abs(getattr(self, name)) > limit for name, limit in self.limits.items()], axis=0)

    def to_frame(self):
        """One row per study."""
        columns = {name: getattr(self, name) for name in (*_COLUMNS, "baujat_x", "baujat_y")}
        return pd.DataFrame({"study": self.study} | columns | {"influential": self.is_influential})

    def to_dict(self):
        """Plain numbers, strings and lists."""
        record = {"measure": self.measure, "model": self.model, "tau2": self.tau2, "q": self.q, "limits": self.limits}
        return record | {"studies": self.to_frame().to_dict("records")}


def _beyond_rounding(differences, yi):
    """Differences of effects, 0 where they are rounding alone."""
    return np.where(np.abs(differences) <= _ROUNDING * np.abs(yi).max(), 0.0, differences)


def influence_diagnostics(pooled, *, model="random"):
    """Influence of each study (Viechtbauer and Cheung 2010, Res Synth Methods 1:112).

    With the estimate ``mu``, its variance ``v`` and ``tau2``, and those without the study, marked (i):

    - ``rstudent = (yi - mu(i)) / sqrt(s(i) (vi + tau2(i)) + v(i))``
    - ``cook = (mu - mu(i))² / v``, ``cov_ratio = v(i) / v``, ``hat = w / sum(w)`` with ``w = 1 / (vi + tau2)``
    - ``dffits = (mu - mu(i)) / sqrt(s(i) hat (vi + tau2(i)))``
    - ``dfbetas = (mu - mu(i)) / sqrt(s(i) / sum(1 / (vi + tau2(i))))``, the sum over all studies

    where s is the Hartung-Knapp variance factor in use, 1 in Wald intervals; without it these are the equations of the
    paper, with it those of metafor. Baujat et al. (2002, Stat Med 21:2641)
    draw ``(yi - mu)² / (vi + tau2)`` against ``(mu - mu(i))² / v(i)``, there under the fixed effect.

    Parameters
    ----------
    pooled : PooledEstimate
        k of at least 3.
    model : {"random", "fixed"}
        With the settings of `pooled`; fixed is by inverse variance.

    Returns
    -------
    Influence
        A diagnostic is infinite, or NaN where nothing moves, where the other studies are so equal that a Hartung-Knapp
        interval without a floor has no width.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([-0.4, -0.3, -0.5, -0.35, 1.2], [0.04, 0.05, 0.06, 0.02, 0.05], study=["A", "B", "C", "D", "E"])
    >>> diagnostics = influence_diagnostics(pooled)
    >>> [name for name, flagged in zip(diagnostics.study, diagnostics.is_influential, strict=True) if flagged]
    ['E']
    """
    check_model(model)
    require_studies(pooled, INFLUENCE_MINIMUM, "Influence")
    yi, vi = pooled.yi, pooled.vi
    whole = refit(yi, vi, pooled.settings, model)
    without = leave_one_out(yi, vi, pooled.study, pooled.settings, model=model)
    mu, se, tau2, q = (np.array([getattr(result, name) for result in without]) for name in ("estimate", "se", "tau2", "q"))
    v, shift, distance = _beyond_rounding(se, yi) ** 2, _beyond_rounding(whole.estimate - mu, yi), _beyond_rounding(yi - mu, yi)
    w, deleted = 1 / (vi + whole.tau2), 1 / (vi + tau2[:, None])
    hat, totals = w / w.sum(), deleted.sum(axis=1)
    factor = v * (totals - np.diag(deleted))
    with np.errstate(divide="ignore", invalid="ignore"):
        in_units = {
            "rstudent": distance / np.sqrt(factor * (vi + tau2) + v), "dffits": shift / np.sqrt(factor * hat * (vi + tau2)),
            "cook": (shift / whole.se) ** 2, "cov_ratio": v / whole.se**2, "dfbetas": shift * np.sqrt(totals / factor),
            "baujat_y": shift**2 / v,
        }
    return Influence(
        study=pooled.study, **in_units, tau2_deleted=tau2, q_deleted=q, hat=hat, weight=100 * hat,
        baujat_x=w * (yi - whole.estimate) ** 2, tau2=whole.tau2, q=whole.q, measure=pooled.measure, model=model,
    )
