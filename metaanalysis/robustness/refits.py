"""Pooling again on some of the studies: all but one, or one after the other."""

import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import ModelSettings, fixed_effect, random_effects
from metaanalysis.spread import heterogeneity
from metaanalysis.tau2 import estimate_tau2

MODELS = ("random", "fixed")

LEAVE_ONE_OUT_MINIMUM = 3
"""Studies below which none is left out: of 2, one would remain and nothing would be pooled."""

CUMULATIVE_MINIMUM = 2
"""Studies below which there is nothing to accumulate."""


@dataclass(frozen=True)
class Refit:
    """The result of some of the studies.

    Attributes
    ----------
    k : int
    estimate, se, ci_low, ci_high, p : float
        On the analysis scale, of the model and the interval in use.
    tau2 : float
        0 under the fixed effect, NaN for a single study.
    q, q_p, i2 : float
        i2 in percent; from tau2, under the fixed effect from Q.
    """

    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    tau2: float
    q: float
    q_p: float
    i2: float


@dataclass(frozen=True)
class LeftOut(Refit):
    """The result without one study.

    Attributes
    ----------
    omitted : str
        Its name; all else as in `Refit`.
    """

    omitted: str

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {"omitted": self.omitted} | asdict(self)


@dataclass(frozen=True)
class Added(Refit):
    """The result of all studies up to one.

    Attributes
    ----------
    added : str
        The study that came last.
    key : object
        What it was ordered by; all else as in `Refit`.
    """

    added: str
    key: object

    def to_dict(self):
        """Plain numbers and strings, the study and its key first."""
        return {"added": self.added, "key": self.key} | asdict(self)


@dataclass(frozen=True)
class Cumulative:
    """A cumulative meta-analysis.

    Attributes
    ----------
    steps : tuple of Added
        In the order of the keys; the last holds all studies.
    measure : str
    model : {"random", "fixed"}
    level : float
    """

    steps: tuple
    measure: str
    model: str
    level: float

    def to_frame(self):
        """One row per step."""
        return pd.DataFrame([step.to_dict() for step in self.steps])

    def to_dict(self):
        """Plain numbers, strings and lists."""
        return {"measure": self.measure, "model": self.model, "level": self.level, "steps": [step.to_dict() for step in self.steps]}


def require_studies(pooled, least, method):
    """Refuse a method that needs more studies, or studies of one measure.

    Parameters
    ----------
    pooled : PooledEstimate
    least : int
    method : str
        As it begins the message.

    Raises
    ------
    MetaAnalysisError
    """
    if pooled.is_mixed:
        raise MetaAnalysisError(f"{method} needs studies of one measure; the rows are of {pooled.measure}: choose the rows of one.")
    if pooled.k < least:
        raise MetaAnalysisError(f"{method} saw {pooled.k} {'study' if pooled.k == 1 else 'studies'}; it needs {least} or more: leave it out.")


def check_model(model):
    """Refuse a model that is neither ``"random"`` nor ``"fixed"``.

    Raises
    ------
    MetaAnalysisError
    """
    if model not in MODELS:
        raise MetaAnalysisError(f'The model is {model!r}; expected "random" or "fixed".')


def refit(yi, vi, settings, model="random"):
    """Pool studies under one model.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    settings : ModelSettings
    model : {"random", "fixed"}
        Fixed is by inverse variance.

    Returns
    -------
    Refit
    """
    k = len(yi)
    if model == "random":
        result = random_effects(yi, vi, settings)
        tau2 = spread_tau2 = result.tau2
    else:
        result, tau2 = fixed_effect(yi, vi, settings.level), 0.0 if k > 1 else math.nan
        spread_tau2 = estimate_tau2(yi, vi, "DL") if k > 1 else math.nan  # its I2 is the one from Q
    spread = heterogeneity(yi, vi, spread_tau2)
    return Refit(k, result.estimate, result.se, result.ci_low, result.ci_high, result.p, tau2, spread.q, spread.p, spread.i2)


def leave_one_out(yi, vi, study, settings=None, *, model="random"):
    """Pool again with each study omitted in turn.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        k of at least 3.
    study : sequence of str
    settings : ModelSettings, optional
    model : {"random", "fixed"}

    Returns
    -------
    tuple of LeftOut

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> import numpy as np
    >>> without = leave_one_out(np.array([0.1, 0.3, 0.8]), np.array([0.01, 0.04, 0.25]), "ABC")
    >>> [(result.omitted, round(result.estimate, 3)) for result in without]
    [('A', 0.369), ('B', 0.279), ('C', 0.14)]
    """
    check_model(model)
    if len(yi) < LEAVE_ONE_OUT_MINIMUM:
        raise MetaAnalysisError(f"Leave-one-out saw {len(yi)} studies; it needs {LEAVE_ONE_OUT_MINIMUM} or more: leave it out.")
    settings, kept, results = settings or ModelSettings(), np.ones(len(yi), bool), []
    for index, name in enumerate(study):
        kept[index] = False
        results.append(LeftOut(**asdict(refit(yi[kept], vi[kept], settings, model)), omitted=name))
        kept[index] = True
    return tuple(results)


def _sort_keys(by, pooled):
    """One comparable key per study; numbers where all are numbers, also where written as text."""
    if isinstance(by, str):
        if by != "precision":
            raise MetaAnalysisError(f'The studies are to be ordered by {by!r}; expected "precision" or one value per study, such as the years.')
        return [float(value) for value in np.sqrt(pooled.vi)]
    keys = [key.item() if isinstance(key, np.generic) else key for key in by]
    if len(keys) != pooled.k:
        raise MetaAnalysisError(f"by holds {len(keys)} values for {pooled.k} studies; expected as many: give one per study.")
    for name, key in zip(pooled.study, keys, strict=True):
        if key is None or key != key or key == "":
            raise MetaAnalysisError(f"{name} has nothing to be ordered by; expected one value per study: fill it in or leave the study out.")
    try:
        return [float(key) for key in keys]
    except (TypeError, ValueError):
        return [str(key) for key in keys]


def cumulative(pooled, by="precision", *, model="random", descending=False):
    """Pool one study, two, three, ... in an order (Lau et al. 1992, N Engl J Med 327:248).

    Parameters
    ----------
    pooled : PooledEstimate
        k of at least 2.
    by : sequence or "precision"
        One value per study: years, dates as ``YYYY-MM-DD``, sizes, ...; ``"precision"`` begins with the least standard
        error. Equal values keep the order of the studies.
    model : {"random", "fixed"}
        With the settings of `pooled`; fixed is by inverse variance.
    descending : bool
        From the greatest value to the least.

    Returns
    -------
    Cumulative

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([0.1, 0.3, 0.8], [0.01, 0.04, 0.25], study=["A", "B", "C"])
    >>> [step.added for step in cumulative(pooled, by=[2004, 1999, 2011]).steps]
    ['B', 'A', 'C']
    """
    check_model(model)
    require_studies(pooled, CUMULATIVE_MINIMUM, "A cumulative meta-analysis")
    keys = _sort_keys(by, pooled)
    order = sorted(range(pooled.k), key=keys.__getitem__, reverse=descending)
    shown = keys if isinstance(by, str) else list(by)
    steps = []
    for count, row in enumerate(order, 1):
        index = order[:count]
        result = refit(pooled.yi[index], pooled.vi[index], pooled.settings, model)
        key = shown[row].item() if isinstance(shown[row], np.generic) else shown[row]
        steps.append(Added(**asdict(result), added=pooled.study[row], key=key))
    return Cumulative(tuple(steps), pooled.measure, model, pooled.settings.level)
