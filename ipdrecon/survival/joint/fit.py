"""The joint reconstruction: all that is printed about one arm, held together by paths of whole patients."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.survival.given import Fit
from ipdrecon.survival.joint.chances import MISPRINT, Chances
from ipdrecon.survival.joint.lattice import forward
from ipdrecon.survival.joint.leaving import leaving_of
from ipdrecon.survival.joint.levels import ReadingSettings, read_levels
from ipdrecon.survival.joint.paths import draw_paths
from ipdrecon.survival.joint.patients import drawn_patients, middle_patients
from ipdrecon.survival.joint.timeline import timeline

_N_PATHS = 24
_N_PATHS_TOTAL = 120
_N_PATHS_RARE = 4000
"""Paths among which those with the total of events are sought where none of the first has it."""
_MOST_STATES, _GROUPED_STATES = 3000, 1000
_MOST_ERROR = 2.0
"""More patients than this within one error of a level, or than `_MOST_STATES` in all, are taken in groups ..."""
_ERROR_IN_GROUPS = 1.0
"""... so large that an error of a level is one group, and those in all are at most `_GROUPED_STATES`."""
_MOST_GROUPED_LEVELS = 1000
_UNMARKED, _UNMARKED_DRAWN = 0.02, 0.2
"""Chance that patients leave between two drops otherwise than marks say: where marks were given with an exact curve, or read."""
_MOST_MISFIT, _MOST_MISFIT_SAMPLED = 2.0, 4.0
"""Levels further than this from all paths, in errors, were read less surely than said (levels of samples are cut roughly) ..."""
_MOST_WIDENED, _MOST_ROUNDED = 0.0025, 0.3
"""... but not worse than a pixel of 400, or than this share of a patient: what is further off contradicts the rest."""
_WIDENED_FOR_TABLE = 2.0
_MOST_TRIES = 6
_MISREAD = 0.02
"""Chance that a number at risk is another than was read, where the reader doubts the row."""
_LEAST_EFFECTIVE = 4.0
_NOT_EXACT = ReadingSettings(by_chance=0.0, single_share=2.0)
"""Levels of few decimals are never taken for calculated ones."""
_CANDIDATES = 4
"""Paths per data set, of which those nearest to the total of events are taken."""


@dataclass(frozen=True)
class Arm:
    """What is given of one arm.

    Attributes
    ----------
    time, survival : ndarray, shape (n_points,)
        The curve as read, in order of time.
    risk_time, n_risk : ndarray, shape (n_times,)
        Numbers at risk; the first is at time 0.
    end : float
        Where the curve ends, or is carried on to.
    n_event : int or None
    marks : ndarray, shape (n_marks,), or None
    time_error, survival_error : float or None
    occluded : array-like, shape (n_stretches, 3)
    doubtful : bool
        Whether a number at risk may be misread.
    """

    time: np.ndarray
    survival: np.ndarray
    risk_time: np.ndarray
    n_risk: np.ndarray
    end: float
    n_event: int | None = None
    marks: np.ndarray | None = None
    time_error: float | None = None
    survival_error: float | None = None
    occluded: tuple = ()
    doubtful: bool = False


class JointModel:
    """One arm, walked forward once; paths are drawn from it as often as they are wanted.

    Parameters
    ----------
    arm : Arm
    levels : Levels
        Of its curve.
    """

    def __init__(self, arm, levels):
        self.arm, self.n = arm, int(arm.n_risk[0])
        self.unit = _patients_per_state(levels, self.n)
        levels = levels.thinned(_MOST_GROUPED_LEVELS) if self.unit > 1 else levels
        n_risk = np.round(arm.n_risk / self.unit).astype(int)
        self.levels = _with_end(levels, arm.end, _rounding(levels, arm.risk_time, n_risk) if self.unit > 1 else 0.0)
        n_event = None if arm.n_event is None else arm.n_event / self.unit
        leaving = leaving_of(self.levels, arm.risk_time, n_risk, n_event=n_event, marks=arm.marks)
        self.steps = timeline(self.levels, arm.risk_time[1:], n_risk[1:])
        unmarked, slack = _UNMARKED if self.levels.kind == "exact" else _UNMARKED_DRAWN, int(self.unit > 1)
        misprint = max(MISPRINT, _MISREAD / self.n) if arm.doubtful else MISPRINT
        self.chances = Chances(self.levels, leaving, self.steps, int(n_risk[0]), unmarked=unmarked, slack=slack, misprint=misprint)
        self.states, self.passages = forward(self.chances, self.steps, int(n_risk[0]))

    def paths(self, n_paths, rng):
        """Draw paths; those far off the levels, which mean and variance of S let through, are drawn again."""
        paths = draw_paths(self.states, self.passages, self.steps, self.chances, n_paths=n_paths, rng=rng)
        near = paths.near(self.levels)
        if len(near) == n_paths:
            return paths
        paths = paths.with_more(draw_paths(self.states, self.passages, self.steps, self.chances, n_paths=n_paths, rng=rng))
        near = paths.near(self.levels)
        return paths.of(near[:n_paths] if len(near) >= n_paths else rng.choice(near, n_paths))

    def towards_total(self, paths, rng):
        """Those of many more paths that come to the total of events, where none of `paths` does but some can; else `paths`."""
        if self.arm.n_event is None or self._reachable(paths) is not None:
            return paths
        rare = self.paths(_N_PATHS_RARE, rng)
        meets = np.flatnonzero(np.abs(rare.n_event * self.unit - self.arm.n_event) <= self.unit / 2)
        return rare.of(meets) if len(meets) else paths

    def weight(self, paths, least=_LEAST_EFFECTIVE):
        """Weigh paths by how near they come to the total of events, where it is known; at least so many share the weight."""
        even = np.full(len(paths.left), 1 / len(paths.left))
        if self.arm.n_event is None:
            return even
        miss = paths.n_event * self.unit - self.arm.n_event
        spread = 0.5
        while True:
            weight = np.exp(-0.5 * ((np.abs(miss) - np.abs(miss).min()) / spread) ** 2)
            weight = weight / weight.sum()
            if 1 / np.sum(weight**2) >= min(least, len(miss)):
                return weight
            spread *= 2

    def middle(self, paths, weight=None):
        """Make the data set in the middle of paths.

        Parameters
        ----------
        paths : Paths
        weight : ndarray, shape (n_paths,), optional
            Of each path; by default how near it comes to the total of events.

        Returns
        -------
        time : ndarray, shape (n,)
        event : ndarray of bool, shape (n,)
        """
        weight = self.weight(paths) if weight is None else weight
        total = self._reachable(paths)
        return middle_patients(paths, weight, self.levels, self.arm.n_risk, unit=self.unit, n_event=total, marks=self.arm.marks)

    def _reachable(self, paths):
        """The total of events, where curve and table leave room for it; else None."""
        if self.arm.n_event is None:
            return None
        total = paths.n_event * self.unit
        slack = self.unit if total.std() > self.unit / 2 else 0
        return self.arm.n_event if total.min() - slack <= self.arm.n_event <= total.max() + slack else None

    def draws(self, n_draws, seed):
        """Draw data sets.

        Parameters
        ----------
        n_draws : int
        seed : int or sequence of int

        Returns
        -------
        tuple of (time, event)
        """
        rng = np.random.default_rng(seed)
        known = self.arm.n_event is not None
        paths = self.paths(n_draws * (_CANDIDATES if known else 1), rng)
        if known:
            paths = self.towards_total(paths, rng)
            paths = paths.of(rng.choice(len(paths.left), n_draws, p=self.weight(paths, n_draws / 2)))
        return self.data_sets(paths, rng)

    def data_sets(self, paths, rng):
        """Make the data set of each path; see `drawn_patients`."""
        placed = {"unit": self.unit, "marks": self.arm.marks, "rng": rng}
        return tuple(drawn_patients(paths, index, self.levels, self.n, **placed) for index in range(len(paths.left)))

    def less_sure(self, factor):
        """Make the same model for levels whose errors are so many times larger, up to the most that is believed; None at the most."""
        most = np.maximum(self.levels.error, max(_MOST_WIDENED, _MOST_ROUNDED / self.n))
        error = np.minimum(self.levels.error * factor, most)
        return None if np.array_equal(error, self.levels.error) else JointModel(self.arm, replace(self.levels, error=error))


def fitting_model(arm):
    """Walk an arm forward; what whole patients and the table contradict is read less surely than said.

    Levels of few decimals that the table contradicts were rounded, not those of whole patients.

    Parameters
    ----------
    arm : Arm

    Returns
    -------
    model : JointModel
    paths : Paths
        Drawn from it.
    """
    for settings in (ReadingSettings(), _NOT_EXACT):
        levels = _levels(arm, settings)
        model, paths = _near_levels(JointModel(arm, levels))
        if levels.kind != "exact" or not _missed(paths, model.unit, arm.risk_time, arm.n_risk, "time"):
            break
    return model, model.towards_total(paths, np.random.default_rng(0))


def _levels(arm, settings):
    known = {"n_event": arm.n_event, "time_error": arm.time_error, "survival_error": arm.survival_error, "occluded": arm.occluded}
    return read_levels(arm.time, arm.survival, int(arm.n_risk[0]), settings=settings, **known)


def _near_levels(model):
    """Paths near the levels and through the printed numbers, and the model they are drawn from."""
    arm, n_paths = model.arm, _N_PATHS if model.arm.n_event is None else _N_PATHS_TOTAL
    for _ in range(_MOST_TRIES):
        paths = model.paths(n_paths, np.random.default_rng(0))
        misfit = paths.misfit(model.levels)
        missed = model.levels.kind != "exact" and _missed(paths, model.unit, arm.risk_time, arm.n_risk, "time")
        most = _MOST_MISFIT_SAMPLED if model.levels.kind == "sampled" else _MOST_MISFIT
        wider = model.less_sure(max(misfit, _WIDENED_FOR_TABLE)) if missed or misfit > most else None
        if wider is None:
            break
        model = wider
    return model, paths


def _patients_per_state(levels, n):
    error = float(np.median(levels.error)) if len(levels.error) else 0.0
    unit = max(1, int(np.ceil(n * error / _MOST_ERROR)))
    if n / unit > _MOST_STATES:
        unit = max(unit, int(np.ceil(n / _GROUPED_STATES)))
    return 1 if unit <= 1 else max(unit, int(np.ceil(n * error / _ERROR_IN_GROUPS)))


def _rounding(levels, risk_time, n_risk):
    """How far off a level whole groups of patients may be: what one group takes, roughly, from those at risk there."""
    before = levels.before(levels.time)
    printed = np.append(n_risk, 0.0) / np.append(np.maximum(levels.before(risk_time), 1e-9), 1.0)
    left = before * np.interp(levels.time, np.append(risk_time, np.nextafter(max(levels.end, risk_time[-1]), np.inf)), printed)
    return before / np.maximum(left, 1.0)


def _with_end(levels, end, rounding):
    error = np.sqrt(levels.error**2 + rounding**2)
    kind = "clicked" if np.any(rounding) else levels.kind
    return replace(levels, error=error, end=max(levels.end, end), kind=kind)


def _missed(paths, unit, risk_time, n_risk, name):
    """Say which printed numbers at risk most paths do not meet; `name` is what a time is called."""
    said, slack = [], 1.5 * unit if unit > 1 else 0
    for index, step in enumerate(paths.steps):
        cell = getattr(step, "cell", None)
        if cell is None:
            continue
        before = paths.n_risk_before(index) * unit
        after = before - paths.count[:, index] * unit
        printed = int(n_risk[cell + 1])
        more, fewer = after - paths.gone_after(index) * unit > printed + slack, before < printed - slack
        if np.mean(more | fewer) > 0.5:
            allowed = f"at least {after[more].min()}" if more.sum() >= fewer.sum() else f"at most {before[fewer].max()}"
            said.append(f"the table says {printed} at {name} {risk_time[cell + 1]:g}; the curve allows {allowed}")
    return tuple(said)


def model_of(given):
    """Make the model of an arm.

    Parameters
    ----------
    given : Given

    Returns
    -------
    JointModel
    """
    return _fitting(given)[0]


def _fitting(given):
    risk_time, n_risk = given.used_row
    end = max(float(given.curve.time[-1]), float(risk_time[-1]))
    return fitting_model(Arm(*given.curve.read, risk_time, n_risk, end, given.n_event, given.censor_time, *given.known_error, given.occluded, given.doubtful))


def fit_of(given, model, paths, patients, draws=()):
    """Make the fit of an arm from its patients and the paths they are in the middle of.

    Parameters
    ----------
    given : Given
    model : JointModel
    paths : Paths
    patients : tuple of ndarray
        Time and event.
    draws : tuple of (time, event)

    Returns
    -------
    Fit
    """
    risk_time, n_risk = given.used_row
    said = _missed(paths, model.unit, risk_time, n_risk, given.unit)
    return Fit(*patients, risk_time, n_risk, said, model.levels.kind, draws)


def fit_joint(given, *, draws=0, seed=0):
    """Rebuild the patients of one arm from everything given at once.

    Parameters
    ----------
    given : Given
    draws : int
        Further data sets, each compatible with everything given.
    seed : int or sequence of int
        Of the draws.

    Returns
    -------
    Fit
    """
    model, paths = _fitting(given)
    return fit_of(given, model, paths, model.middle(paths), model.draws(draws, seed) if draws else ())
