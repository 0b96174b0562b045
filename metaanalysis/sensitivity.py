"""How far the result leans on single studies or on small ones: leave-one-out, Egger's test, trim and fill."""

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import stdtr
from scipy.stats import rankdata

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import random_effects
from metaanalysis.tau2 import estimate_tau2

SMALL_STUDY_MINIMUM = 10
"""Studies below which funnel-plot methods are not offered (Sterne et al. 2011, BMJ 343:d4002)."""

_MAX_TRIMS = 100


@dataclass(frozen=True)
class Egger:
    """Egger's regression test.

    Attributes
    ----------
    intercept, se : float
        Of the regression of ``yi / sei`` on ``1 / sei``.
    t, df, p : float
    """

    intercept: float
    se: float
    t: float
    df: int
    p: float

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {"t": self.t, "df": self.df, "p": self.p}


@dataclass(frozen=True)
class TrimFill:
    """What trim and fill would add.

    Attributes
    ----------
    k0 : int
        Studies filled in.
    side : {"left", "right"}
        Where they are missing.
    estimate, se, ci_low, ci_high : float
        Random effects with them, on the analysis scale.
    """

    k0: int
    side: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return asdict(self)


@dataclass(frozen=True)
class LeftOut:
    """The random-effects result without one study.

    Attributes
    ----------
    omitted : str
    estimate, se, ci_low, ci_high, tau2 : float
    """

    omitted: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau2: float

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return asdict(self)


def leave_one_out(yi, vi, study, settings=None):
    """Random effects with each study omitted in turn.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        k of at least 3.
    study : sequence of str
    settings : ModelSettings, optional

    Returns
    -------
    tuple of LeftOut
    """
    kept = np.ones(len(yi), bool)
    results = []
    for index, name in enumerate(study):
        kept[index] = False
        model = random_effects(yi[kept], vi[kept], settings)
        results.append(LeftOut(name, model.estimate, model.se, model.ci_low, model.ci_high, model.tau2))
        kept[index] = True
    return tuple(results)


def egger(yi, vi):
    """Egger's test for small-study effects (Egger et al. 1997, BMJ 315:629).

    Least squares of the standard normal deviate on precision, with a dispersion estimated from the residuals.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        k of at least 3, not all `vi` equal.

    Returns
    -------
    Egger

    Examples
    --------
    >>> import numpy as np
    >>> egger(np.array([0.1, 0.3, 0.8, 0.9]), np.array([0.01, 0.04, 0.25, 0.36])).df
    2
    """
    k = len(yi)
    if k < 3 or np.ptp(vi) == 0:
        raise MetaAnalysisError(f"Egger's test saw {k} studies with {len(np.unique(vi))} different variances; it needs 3 studies and 2 variances: leave the test out.")
    deviate, precision = yi / np.sqrt(vi), 1 / np.sqrt(vi)
    centred = precision - precision.mean()
    spread = centred.dot(centred)
    slope = centred.dot(deviate) / spread
    intercept = deviate.mean() - slope * precision.mean()
    residual = deviate - intercept - slope * precision
    dispersion = residual.dot(residual) / (k - 2)
    se = math.sqrt(dispersion * (1 / k + precision.mean() ** 2 / spread))
    t = intercept / se if se > 0 else math.nan
    return Egger(float(intercept), se, float(t), k - 2, 2 * float(stdtr(k - 2, -abs(t))))


def _missing_side(yi, vi):
    """Side of the funnel where small studies are missing: against the weighted slope of `yi` on its standard error."""
    sei = np.sqrt(vi)
    centred = sei - np.average(sei, weights=1 / vi)
    return "left" if np.sum(centred * yi / vi) >= 0 else "right"


def _mean(yi, vi, method):
    if len(yi) == 1:
        return float(yi[0])
    return float(np.average(yi, weights=1 / (vi + estimate_tau2(yi, vi, method))))


def trim_fill(yi, vi, settings, *, side=None):
    """Trim and fill with the L0 estimator (Duval and Tweedie 2000, Biometrics 56:455, eq. 3).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    settings : ModelSettings
    side : {"left", "right"}, optional
        Where studies are thought missing; by default against the slope of the effects on their standard errors.

    Returns
    -------
    TrimFill
    """
    side = side or _missing_side(yi, vi)
    mirrored = yi if side == "left" else -yi
    order = np.argsort(mirrored, kind="stable")
    y, v, k, k0 = mirrored[order], vi[order], len(yi), 0
    for _ in range(_MAX_TRIMS):
        kept = slice(0, k - k0)
        centre = _mean(y[kept], v[kept], settings.tau2)
        deviation = y - centre
        ranks_above = rankdata(np.abs(deviation))[deviation > 0].sum()
        found = min(max(0, round((4 * ranks_above - k * (k + 1)) / (2 * k - 1))), k - 1)
        if found == k0:
            break
        k0 = found
    filled_y = np.concatenate([y, 2 * centre - y[k - k0 :]])
    model = random_effects(filled_y if side == "left" else -filled_y, np.concatenate([v, v[k - k0 :]]), settings)
    return TrimFill(k0, side, model.estimate, model.se, model.ci_low, model.ci_high)
