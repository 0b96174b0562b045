"""Patients of trials whose draws are read as they are needed, so that thousands of them take no more memory than a few.

Everything else is as in `metaanalysis.patients.data`: every analysis takes either, and gives the same.

Examples
--------
>>> own = ([5, 8, 9], [1, 0, 1]), ([3, 6, 7], [1, 1, 0])
>>> treatment = [([5, 8, 9], [1, 0, 1]), ([5, 8, 9.5], [1, 0, 1]), ([4.5, 8, 9], [1, 0, 1])]
>>> reference = [([3, 6, 7], [1, 1, 0]), ([3, 6, 7], [1, 1, 1]), ([3, 6.5, 7], [1, 1, 0])]
>>> patients = StreamedPatients({"A": own}, {"A": (treatment, reference)})
>>> patients
<StreamedPatients: 1 trial, 6 patients, 4 events, up to 3 draws>
"""

from functools import cached_property
from itertools import repeat

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.data import Patients, refuse_single_draws

_PATIENTS_AT_ONCE, _DRAWS_AT_ONCE = 50_000, 50


class StreamedPatients:
    """Patients of trials with a treatment and a reference arm: their own, and draws that stay where they are.

    Parameters
    ----------
    own : dict of str to (treatment, reference)
        The data set of each trial; an arm is ``(time, event)``.
    draws : dict of str to (treatment, reference)
        Of trials that have draws: sequences of ``(time, event)``, as many of both arms; the m-th of one goes with the m-th of
        the other. Slices of them are asked for, each a few times.
    run : callable
        Like `map`; that of a pool of processes (`concurrent.futures.Executor.map`) works in all of them, if `draws` can be
        pickled. The results are the same.

    Raises
    ------
    MetaAnalysisError
        As `Patients`, and where the arms of a trial have different numbers of draws.
    """

    def __init__(self, own, draws, run=map):
        self._own = Patients.of_arms({study: [arms] for study, arms in own.items()})
        self._draws = [tuple(draws.get(study, ((), ()))) for study in self._own.study]
        for study, arms in zip(self.study, self._draws, strict=True):
            if len(arms[0]) != len(arms[1]):
                raise MetaAnalysisError(f"{study} has {len(arms[0])} draws of the treatment arm and {len(arms[1])} of the reference arm; expected as many of both.")
        refuse_single_draws(self.study, self.n_draws)
        self._run = run

    def __repr__(self):
        draws = f", up to {self.n_draws.max()} draws" if self.n_draws.any() else ""
        return f"<Streamed{repr(self._own)[1:-1]}{draws}>"

    @property
    def study(self):
        """Names of the trials, k of them."""
        return self._own.study

    @property
    def k(self):
        """Number of trials."""
        return self._own.k

    @cached_property
    def n_draws(self):
        """How many draws each trial has besides its own patients, shape (k,)."""
        return np.array([len(treatment) for treatment, _ in self._draws])

    @cached_property
    def trial(self):
        """Trial of each data set, shape (n_data_sets,): of each its own patients, then its draws."""
        return np.repeat(np.arange(self.k), self.n_draws + 1)

    @cached_property
    def draw(self):
        """Number of each data set, shape (n_data_sets,): 0 for the trial's own."""
        return np.concatenate([np.arange(n + 1) for n in self.n_draws])

    @property
    def is_first(self):
        """Which data sets stand for their trials where one must, shape (n_data_sets,)."""
        return self.draw == 0

    @property
    def has_own(self):
        """Which trials have patients of their own, shape (k,): all."""
        return np.ones(self.k, bool)

    def single(self):
        """Give the trials' own patients.

        Returns
        -------
        Patients
        """
        return self._own

    def each(self, function):
        """Compute something of every data set, as `Patients.each`, a part of the draws of a trial at a time."""
        own, blocks = function(self._own), list(self._blocks())
        parts = [[[values[[trial]] for values in own]] for trial in range(self.k)]
        of_blocks = [(function, self.study[trial], self._draws[trial], begin, end) for trial, begin, end in blocks]
        found = self._run(_of_block, *zip(*of_blocks, strict=True)) if blocks else ()
        for (trial, _, _), values in zip(blocks, found, strict=True):
            parts[trial].append(values)
        return tuple(map(np.concatenate, zip(*(values for trial in parts for values in trial), strict=True)))

    def _blocks(self):
        """Trial, first and last but one of draws that are taken together."""
        n = np.bincount(self._own.data_set, minlength=self.k)
        for trial, n_draws in enumerate(self.n_draws.tolist()):
            size = max(1, _PATIENTS_AT_ONCE // int(n[trial]))
            for begin in range(0, n_draws, size):
                yield trial, begin, min(begin + size, n_draws)

    def each_completed(self, function):
        """Compute something of every joint draw of all trials, as `Patients.each_completed`, some of them at a time."""
        with_draws = self.n_draws[self.n_draws > 0]
        begins = range(0, int(with_draws.min()) if len(with_draws) else 0, _DRAWS_AT_ONCE)
        ends = [min(begin + _DRAWS_AT_ONCE, int(with_draws.min())) for begin in begins]
        jobs = repeat(function, len(begins)), repeat(self._own, len(begins)), repeat(self._draws, len(begins)), begins, ends
        return [found for part in self._run(_of_completed, *jobs) for found in part]


def _patients(study, pairs):
    """Patients of a data set per name."""
    arms = [arm for pair in pairs for arm in pair]
    n = [len(time) for time, _ in arms]
    place = np.repeat(np.arange(len(arms)), n)
    time, event = (np.concatenate(columns) for columns in zip(*arms, strict=True))
    number = np.arange(len(pairs))
    return Patients(tuple(study), number, np.zeros(len(pairs), int), place // 2, place % 2 == 0, np.asarray(time, float), np.asarray(event, bool))


def _of_block(function, study, arms, begin, end):
    """Compute something of some draws of a trial."""
    pairs = list(zip(*(arm[begin:end] for arm in arms), strict=True))
    return function(_patients([study] * len(pairs), pairs))


def _of_completed(function, own, draws, begin, end):
    """Compute something of some joint draws of all trials."""
    fixed = [[(own.time[mine], own.event[mine]) for mine in _arms_of(own, trial)] for trial in range(own.k)]
    drawn = [list(zip(*(arm[begin:end] for arm in arms), strict=True)) for arms in draws]
    return [function(_patients(own.study, [drawn[trial][m] if drawn[trial] else fixed[trial] for trial in range(own.k)])) for m in range(end - begin)]


def _arms_of(own, trial):
    """Which patients are of the treatment and of the reference arm of a trial."""
    return [(own.data_set == trial) & (own.treatment == treated) for treated in (True, False)]
