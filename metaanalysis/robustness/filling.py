"""Trim and fill: what the result would be with the studies that a lopsided funnel lacks."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import rankdata

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import random_effects
from metaanalysis.robustness.small_studies import SMALL_STUDY_MINIMUM, require_small_studies
from metaanalysis.tau2 import estimate_tau2

_MAX_TRIMS = 100


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
    filled_yi, filled_vi : ndarray, shape (k0,)
        The studies filled in.
    """

    k0: int
    side: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    filled_yi: np.ndarray = field(repr=False)
    filled_vi: np.ndarray = field(repr=False)

    def __post_init__(self):
        for name in ("filled_yi", "filled_vi"):
            array = np.array(getattr(self, name), dtype=float)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {name: getattr(self, name) for name in ("k0", "side", "estimate", "se", "ci_low", "ci_high")}


def _missing_side(yi, vi):
    """Side of the funnel where small studies are missing: against the weighted slope of `yi` on its standard error."""
    sei = np.sqrt(vi)
    centred = sei - np.average(sei, weights=1 / vi)
    return "left" if np.sum(centred * yi / vi) >= 0 else "right"


def _mean(yi, vi, method):
    if len(yi) == 1:
        return float(yi[0])
    return float(np.average(yi, weights=1 / (vi + estimate_tau2(yi, vi, method))))


def _missing_by_ranks(deviation):
    """L0 of Duval and Tweedie, from the sum of the ranks on the far side."""
    k, far = len(deviation), deviation > 0
    return round((4 * rankdata(np.abs(deviation))[far].sum() - k * (k + 1)) / (2 * k - 1))


def _missing_by_run(deviation):
    """R0 of Duval and Tweedie, from the run of far-side studies beyond all others."""
    ranks, near = rankdata(np.abs(deviation)), deviation <= 0
    return int(len(deviation) - np.max(ranks[near], initial=0.0)) - 1


_ESTIMATORS = {"L0": _missing_by_ranks, "R0": _missing_by_run}


def trim_fill(yi, vi, settings, *, side=None, estimator="L0", minimum=SMALL_STUDY_MINIMUM):
    """Trim and fill (Duval and Tweedie 2000, Biometrics 56:455; L0 is its eq. 3).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    settings : ModelSettings
    side : {"left", "right"}, optional
        Where studies are thought missing; by default against the slope of the effects on their standard errors.
    estimator : {"L0", "R0"}
        Of the number missing.
    minimum : int
        Studies below which it is refused.

    Returns
    -------
    TrimFill

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> import numpy as np
    >>> from metaanalysis import ModelSettings
    >>> yi = np.array([-0.1, 0.0, 0.05, 0.1, 0.0, -0.05, 0.3, 0.5, 0.8, 1.0])
    >>> trim_fill(yi, np.linspace(0.01, 0.3, 10), ModelSettings()).k0
    5
    """
    if estimator not in _ESTIMATORS or side not in (None, "left", "right"):
        raise MetaAnalysisError(
            f"The estimator is {estimator!r} and the side {side!r}; expected one of {', '.join(_ESTIMATORS)}, and left, right or none."
        )
    require_small_studies(len(yi), "Trim and fill", minimum)
    side = side or _missing_side(yi, vi)
    sign = 1.0 if side == "left" else -1.0
    order = np.argsort(sign * yi, kind="stable")
    y, v, k, k0 = sign * yi[order], vi[order], len(yi), 0
    for _ in range(_MAX_TRIMS):
        kept = slice(0, k - k0)
        centre = _mean(y[kept], v[kept], settings.tau2)
        found = min(max(0, _ESTIMATORS[estimator](y - centre)), k - 1)
        if found == k0:
            break
        k0 = found
    filled_yi, filled_vi = sign * (2 * centre - y[k - k0 :]), v[k - k0 :]
    model = random_effects(np.concatenate([sign * y, filled_yi]), np.concatenate([v, filled_vi]), settings)
    return TrimFill(k0, side, model.estimate, model.se, model.ci_low, model.ci_high, filled_yi, filled_vi)
