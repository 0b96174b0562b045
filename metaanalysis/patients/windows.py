"""Hazard ratios by window of time, for trials whose hazards do not stay proportional.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis.patients.data import Patients
>>> table = pd.DataFrame({
...     "study": ["A"] * 8 + ["B"] * 8, "treatment": [1, 1, 1, 1, 0, 0, 0, 0] * 2,
...     "time": [5, 8, 9, 14, 3, 6, 7, 13, 2, 6, 9, 12, 1, 4, 8, 10], "event": [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0],
... })
>>> by_window = hazard_ratios_by_window(Patients.of(table), [6.5])
>>> by_window.to_frame()[["low", "high", "n_events", "one_stage_estimate"]].round(2).values.tolist()
[[0.0, 6.5, 7.0, -0.43], [6.5, inf, 6.0, -1.39]]
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError, NothingToPool
from metaanalysis.patients.one_stage import OneStage, one_stage
from metaanalysis.patients.trial_effects import PooledTrials, pool_effects
from metaanalysis.patients.two_stage import cox_effects


@dataclass(frozen=True)
class Window:
    """The hazard ratio in a window of time.

    Attributes
    ----------
    low, high : float
        Events in ``(low, high]`` count; the first window holds time 0 too, the last has no end.
    n_events : int
        In the trials' first data sets.
    one_stage : OneStage or None
        Stratified by trial, one hazard ratio; None where there is no finite one.
    two_stage : PooledTrials or None
        None where no trial has a finite hazard ratio in the window.
    """

    low: float
    high: float
    n_events: int
    one_stage: OneStage | None
    two_stage: PooledTrials | None

    @property
    def name(self):
        """``0 to 12``, ``after 24``."""
        return f"{self.low:.4g} to {self.high:.4g}" if self.high < np.inf else f"after {self.low:.4g}"


@dataclass(frozen=True)
class HazardRatiosByWindow:
    """Piecewise Cox models.

    Attributes
    ----------
    windows : tuple of Window
    level : float
    """

    windows: tuple
    level: float

    def to_frame(self):
        """One row per window: its ends and events, the two-stage estimate with its limits, the one-stage one; logarithms."""
        return pd.DataFrame([self._row(window) for window in self.windows])

    def _row(self, window):
        pooled = window.two_stage and window.two_stage.pooled
        row = {"low": window.low, "high": window.high, "n_events": window.n_events, "k": pooled.k if pooled else 0}
        for prefix, result in (("", pooled), ("one_stage_", window.one_stage)):
            row |= {prefix + name: getattr(result, name) if result else np.nan for name in ("estimate", "ci_low", "ci_high")}
        return row

    def to_dict(self):
        """The windows, each with the whole one-stage and two-stage results; plain numbers, None for the end of the last."""
        return {"level": self.level, "windows": [
            {
                "name": window.name, "low": window.low, "high": window.high if window.high < np.inf else None, "n_events": window.n_events,
                "one_stage": window.one_stage and window.one_stage.to_dict(), "two_stage": window.two_stage and window.two_stage.to_dict(),
            }
            for window in self.windows
        ]}


def event_thirds(patients):
    """Times that part the events of the trials' first data sets into thirds.

    Parameters
    ----------
    patients : Patients

    Returns
    -------
    list of float
        Two times, or one where many events are at one time; a third begins after its time.
    """
    first = patients.single()
    time = np.sort(first.time[first.event])
    if not len(time):
        raise MetaAnalysisError("No patient has an event; expected some: there are no hazard ratios.")
    cuts = {float(time[int(np.ceil(len(time) * part / 3)) - 1]) for part in (1, 2)}
    return sorted(cut for cut in cuts if 0 < cut < time[-1])


def _edges(patients, cuts):
    cuts = event_thirds(patients) if cuts is None else [float(cut) for cut in cuts]
    if any(not 0 < cut < np.inf for cut in cuts) or sorted(set(cuts)) != cuts:
        raise MetaAnalysisError(f"The windows are parted at {cuts}; expected times after 0, rising.")
    return [0.0, *cuts, np.inf]


def _or_none(analysis, *arguments, **options):
    """The result of an analysis, None where it is refused: a window may hold too few events for one."""
    try:
        return analysis(*arguments, **options)
    except NothingToPool:
        return None


def _window(patients, low, high, ties, options):
    inside = (-np.inf if low == 0 else low, high)
    name = f"between {low:.4g} and {high:.4g}" if high < np.inf else f"after {low:.4g}"
    effects = _or_none(cox_effects, patients, ties=ties, between=inside, where=name)
    two = effects and pool_effects(effects, unit=f"log hazard ratio {name}", **options)
    one = _or_none(one_stage, patients, ties=ties, level=options["level"], between=inside)
    return Window(low, high, int(patients.single().risk_sets.between(*inside).events.sum()), one, two)


def hazard_ratios_by_window(patients, cuts=None, *, ties="efron", level=0.95, **options):
    """Estimate the hazard ratio in each window of time, and pool it over trials.

    In a window only its own events count, with everybody at risk who is followed into it: a Cox model of patients who
    enter late, one per window, which is the Cox model with a step function of time as covariate.

    Parameters
    ----------
    patients : Patients
    cuts : sequence of float, optional
        Times that part the windows, rising; by default the thirds of all events.
    ties : {"efron", "breslow"}
    level : float
    **options
        As in `two_stage`.

    Returns
    -------
    HazardRatiosByWindow
        Trials without a finite hazard ratio in a window are left out of it and named.

    Raises
    ------
    MetaAnalysisError
        Where the cuts do not rise, or there are no events.
    """
    edges = _edges(patients, cuts)
    windows = [_window(patients, low, high, ties, options | {"level": level}) for low, high in zip(edges, edges[1:], strict=False)]
    return HazardRatiosByWindow(tuple(windows), level)
