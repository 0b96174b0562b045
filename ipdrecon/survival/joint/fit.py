"""The joint reconstruction: all that is printed about one arm, held together by paths of whole patients."""

from dataclasses import replace

import numpy as np

from ipdrecon.survival.data_sets import DataSetStore
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
DRAWS_AT_ONCE = 250
"""Data sets whose paths are drawn together, so that any number of them takes no more memory than so many."""


class JointModel:
    """One arm, walked forward once; paths are drawn from it as often as they are wanted.

    Parameters
    ----------
    given : Given
    levels : Levels
        Of its curve.

    Attributes
    ----------
    n : int
    n_event : int or None
    risk_time, n_risk : ndarray, shape (n_times,)
        Printed numbers in use; the first is at time 0.
    group : int
        Patients per state of the paths.
    """

    def __init__(self, given, levels):
        self.given, self.n_event, self.marks = given, given.n_event, given.censor_time
        self.risk_time, self.n_risk = given.used_row
        self.n = int(self.n_risk[0])
        self.group = _patients_per_state(levels, self.n)
        levels = levels.thinned(_MOST_GROUPED_LEVELS) if self.group > 1 else levels
        n_risk = np.round(self.n_risk / self.group).astype(int)
        self.levels = _with_end(levels, self.risk_time[-1], _rounding(levels, self.risk_time, n_risk) if self.group > 1 else 0.0)
        n_event = None if self.n_event is None else self.n_event / self.group
        leaving = leaving_of(self.levels, self.risk_time, n_risk, n_event=n_event, marks=self.marks)
        self.steps = timeline(self.levels, self.risk_time[1:], n_risk[1:])
        unmarked, slack = _UNMARKED if self.levels.kind == "exact" else _UNMARKED_DRAWN, int(self.group > 1)
        misprint = max(MISPRINT, _MISREAD / self.n) if given.doubtful else MISPRINT
        self.chances = Chances(self.levels, leaving, self.steps, int(n_risk[0]), unmarked=unmarked, slack=slack, misprint=misprint)
        self.states, self.passages = forward(self.chances, self.steps, int(n_risk[0]))

    def paths(self, n_paths, rng):
        """Draw paths; those far off the levels, which mean and variance of S let through, are drawn again."""
        paths = self._drawn(n_paths, rng)
        near = paths.near(self.levels)
        if len(near) == n_paths:
            return paths
        paths = paths.with_more(self._drawn(n_paths, rng))
        near = paths.near(self.levels)
        return paths.of(near[:n_paths] if len(near) >= n_paths else rng.choice(near, n_paths))

    def near_paths(self, n_paths, rng):
        """Draw up to so many paths, at least half of them: those that are not far off the levels."""
        paths = self._drawn(n_paths, rng)
        near = paths.near(self.levels)
        return paths.of(near) if 2 * len(near) >= n_paths else self.paths(n_paths, rng)

    def _drawn(self, n_paths, rng):
        return draw_paths(self.states, self.passages, self.steps, self.chances, n_paths=n_paths, rng=rng)

    def towards_total(self, paths, rng):
        """Those of many more paths that come to the total of events, where none of `paths` does but some can; else `paths`."""
        if self.n_event is None or self._reachable(paths) is not None:
            return paths
        rare = self.paths(_N_PATHS_RARE, rng)
        meets = np.flatnonzero(np.abs(rare.n_event * self.group - self.n_event) <= self.group / 2)
        return rare.of(meets) if len(meets) else paths

    def weight(self, paths, least=_LEAST_EFFECTIVE):
        """Weigh paths by how near they come to the total of events, where it is known; at least so many share the weight."""
        even = np.full(len(paths.left), 1 / len(paths.left))
        if self.n_event is None:
            return even
        miss = paths.n_event * self.group - self.n_event
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
        return middle_patients(paths, weight, self.levels, self.n_risk, group=self.group, n_event=total, marks=self.marks)

    def _reachable(self, paths):
        """The total of events, where curve and table leave room for it; else None."""
        if self.n_event is None:
            return None
        total = paths.n_event * self.group
        slack = self.group if total.std() > self.group / 2 else 0
        return self.n_event if total.min() - slack <= self.n_event <= total.max() + slack else None

    def draws(self, n_draws, seed, run=map):
        """Draw data sets, `DRAWS_AT_ONCE` of them at a time, each time from a stream of its own.

        Parameters
        ----------
        n_draws : int
        seed : int or sequence of int
        run : callable
            Like `map`: calls a function with each of the arguments and gives what it returns, in their order.

        Returns
        -------
        sequence of (time, event)
            Few in memory, many in a file; see `DataSetStore`.
        """
        begins = range(0, n_draws, DRAWS_AT_ONCE)
        sizes = [min(DRAWS_AT_ONCE, n_draws - begin) for begin in begins]
        seeds = [seed if block == 0 else (*np.atleast_1d(seed).tolist(), block) for block in range(len(sizes))]
        store = DataSetStore()
        for data_sets in run(self.draws_together, sizes, seeds):
            store.add(data_sets)
        return store.kept()

    def draws_together(self, n_draws, seed):
        """Draw data sets whose paths share what is open evenly.

        Parameters
        ----------
        n_draws : int
        seed : int or sequence of int

        Returns
        -------
        tuple of (time, event)
        """
        rng = np.random.default_rng(seed)
        known = self.n_event is not None
        paths = self.paths(n_draws * (_CANDIDATES if known else 1), rng)
        if known:
            paths = self.towards_total(paths, rng)
            paths = paths.of(rng.choice(len(paths.left), n_draws, p=self.weight(paths, n_draws / 2)))
        return self.data_sets(paths, rng)

    def data_sets(self, paths, rng):
        """Make the data set of each path; see `drawn_patients`."""
        placed = {"group": self.group, "marks": self.marks, "rng": rng}
        return tuple(drawn_patients(paths, index, self.levels, self.n, **placed) for index in range(len(paths.left)))

    def missed(self, paths):
        """Say which printed numbers at risk most paths do not meet."""
        said, slack = [], 1.5 * self.group if self.group > 1 else 0
        for index, step in enumerate(paths.steps):
            cell = getattr(step, "cell", None)
            if cell is None:
                continue
            before = paths.n_risk_before(index) * self.group
            after = before - paths.count[:, index] * self.group
            printed = int(self.n_risk[cell + 1])
            more, fewer = after - paths.gone_after(index) * self.group > printed + slack, before < printed - slack
            if np.mean(more | fewer) > 0.5:
                allowed = f"at least {after[more].min()}" if more.sum() >= fewer.sum() else f"at most {before[fewer].max()}"
                said.append(f"the table says {printed} at {self.given.unit} {self.risk_time[cell + 1]:g}; the curve allows {allowed}")
        return tuple(said)

    def less_sure(self, factor):
        """Make the same model for levels whose errors are so many times larger, up to the most that is believed; None at the most."""
        most = np.maximum(self.levels.error, max(_MOST_WIDENED, _MOST_ROUNDED / self.n))
        error = np.minimum(self.levels.error * factor, most)
        return None if np.array_equal(error, self.levels.error) else JointModel(self.given, replace(self.levels, error=error))


def fitting_model(given):
    """Walk an arm forward; what whole patients and the table contradict is read less surely than said.

    Levels of few decimals that the table contradicts were rounded, not those of whole patients.

    Parameters
    ----------
    given : Given

    Returns
    -------
    model : JointModel
    paths : Paths
        Drawn from it.
    """
    time_error, survival_error = given.known_error
    known = {"n_event": given.n_event, "time_error": time_error, "survival_error": survival_error, "occluded": given.occluded}
    for settings in (ReadingSettings(), _NOT_EXACT):
        levels = read_levels(*given.curve.read, int(given.used_row[1][0]), settings=settings, **known)
        if given.unit_of_times:
            levels = replace(levels, time_error=0.0, unit=given.unit_of_times)
        model, paths = _near_levels(JointModel(given, levels))
        if levels.kind != "exact" or not model.missed(paths):
            break
    return model, model.towards_total(paths, np.random.default_rng(0))


def _near_levels(model):
    """Paths near the levels and through the printed numbers, and the model they are drawn from."""
    n_paths = _N_PATHS if model.n_event is None else _N_PATHS_TOTAL
    for _ in range(_MOST_TRIES):
        paths = model.near_paths(n_paths, np.random.default_rng(0))
        misfit = paths.misfit(model.levels)
        missed = model.levels.kind != "exact" and model.missed(paths)
        most = _MOST_MISFIT_SAMPLED if model.levels.kind == "sampled" else _MOST_MISFIT
        wider = model.less_sure(max(misfit, _WIDENED_FOR_TABLE)) if missed or misfit > most else None
        if wider is None:
            break
        model = wider
    return model, paths


def _patients_per_state(levels, n):
    error = float(np.median(levels.error)) if len(levels.error) else 0.0
    group = max(1, int(np.ceil(n * error / _MOST_ERROR)))
    if n / group > _MOST_STATES:
        group = max(group, int(np.ceil(n / _GROUPED_STATES)))
    return 1 if group <= 1 else max(group, int(np.ceil(n * error / _ERROR_IN_GROUPS)))


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


def model_of(given):
    """Make the model of an arm.

    Parameters
    ----------
    given : Given

    Returns
    -------
    JointModel
    """
    return fitting_model(given)[0]


def fit_of(model, paths, patients, draws=()):
    """Make the fit of an arm from its patients and the paths they are in the middle of.

    Parameters
    ----------
    model : JointModel
    paths : Paths
    patients : tuple of ndarray
        Time and event.
    draws : sequence of (time, event)

    Returns
    -------
    Fit
    """
    return Fit(*patients, model.risk_time, model.n_risk, model.missed(paths), model.levels.kind, draws)


def fit_joint(given, *, draws=0, seed=0, run=map):
    """Rebuild the patients of one arm from everything given at once.

    Parameters
    ----------
    given : Given
    draws : int
        Further data sets, each compatible with everything given.
    seed : int or sequence of int
        Of the draws.
    run : callable
        As in `JointModel.draws`.

    Returns
    -------
    Fit
    """
    model, paths = fitting_model(given)
    return fit_of(model, paths, model.middle(paths), model.draws(draws, seed, run) if draws else ())
