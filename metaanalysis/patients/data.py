"""Patients of many trials with two arms: the table that every analysis from patients starts from, checked at the door.

A trial may come with several data sets: its own (draw 0), and draws from 1 on that are as compatible with what was read,
such as multiple imputations or the draws of a reconstruction.

Examples
--------
>>> table = pd.DataFrame({
...     "study": ["A"] * 4 + ["B"] * 4, "treatment": [1, 1, 0, 0] * 2,
...     "time": [5.0, 8, 3, 6, 2, 9, 1, 4], "event": [1, 0, 1, 1, 1, 0, 1, 1],
... })
>>> patients = Patients.of(table)
>>> patients
<Patients: 2 trials, 8 patients, 6 events>
>>> patients.to_frame().equals(table)
True
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.product_limit import ProductLimit
from metaanalysis.patients.risk_sets import RiskSets
from metaanalysis.wording import counted

COLUMNS = ("study", "treatment", "time", "event")


def _refuse_rows(bad, values, what, expected):
    """Raise an error that names the first row that is `bad`, where there is any."""
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise MetaAnalysisError(f"Row {row + 1} has {what} = {values[row]}; expected {expected}: mend the row or leave it out.")


def _numbers(frame, name, expected):
    try:
        return frame[name].to_numpy(float, na_value=math.nan)
    except (TypeError, ValueError) as error:
        raise MetaAnalysisError(f"The column {name} holds something that is no number ({error}); expected {expected}.") from error


def _binary(frame, name, meaning):
    values = _numbers(frame, name, meaning)
    _refuse_rows((values != 0) & (values != 1), values, name, meaning)
    return values == 1


def _draws(frame):
    if "draw" not in frame:
        return np.zeros(len(frame), np.int64)
    expected = "0 for a trial's own patients, and whole numbers from 1 for its draws"
    draw = _numbers(frame, "draw", expected)
    _refuse_rows(~(draw >= 0) | (draw != np.floor(draw)), draw, "draw", expected)
    return draw.astype(np.int64)


def refuse_single_draws(study, n_draws):
    """Raise an error where a trial has a single draw.

    Parameters
    ----------
    study : sequence of str
    n_draws : ndarray of int, shape (k,)
    """
    single = np.flatnonzero(n_draws == 1)
    if len(single):
        raise MetaAnalysisError(f"{study[single[0]]} has a single draw; expected two or more, which tell a variance, or its own patients alone (draw 0).")


@dataclass(frozen=True, repr=False)
class Patients:
    """Patients of trials with a treatment and a reference arm, in one or more data sets per trial.

    Attributes
    ----------
    study : tuple of str
        Names of the trials, k of them.
    trial, draw : ndarray of int, shape (n_data_sets,)
        Trial of each data set, and its number: 0 for the trial's own. Ordered by both.
    data_set : ndarray of int, shape (n,)
        Data set of each patient.
    treatment, event : ndarray of bool, shape (n,)
    time : ndarray, shape (n,)
        Never negative; one unit in all trials.
    """

    study: tuple
    trial: np.ndarray = field(repr=False)
    draw: np.ndarray = field(repr=False)
    data_set: np.ndarray = field(repr=False)
    treatment: np.ndarray = field(repr=False)
    time: np.ndarray = field(repr=False)
    event: np.ndarray = field(repr=False)

    def __post_init__(self):
        for name in ("trial", "draw", "data_set", "treatment", "time", "event"):
            array = getattr(self, name).view()
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        self._check_arms()
        refuse_single_draws(self.study, self.n_draws)

    def _check_arms(self):
        n_treated = np.bincount(self.data_set[self.treatment], minlength=len(self.trial))
        n = np.bincount(self.data_set, minlength=len(self.trial))
        one_armed = np.flatnonzero((n_treated == 0) | (n_treated == n))
        if len(one_armed):
            first = one_armed[0]
            arm, other = ("reference", "treatment") if n_treated[first] == 0 else ("treatment", "reference")
            where = f" in draw {self.draw[first]}" if self.draw[first] else ""
            raise MetaAnalysisError(
                f"{self.study[self.trial[first]]} has patients of the {arm} arm only{where}; expected some of the {other} arm too: add them or leave the trial out."
            )

    @classmethod
    def of(cls, table):
        """Read a table with a row per patient.

        Parameters
        ----------
        table : DataFrame
            ``study``, ``treatment`` (1 or 0), ``time``, ``event`` (1 or 0), and ``draw`` where trials have several data
            sets: 0 is a trial's own, which gives its estimate, and from 1 on the draws, which tell how much the
            estimate varies between them; without 0 the estimate is the mean over the draws. Trials keep the order of
            their first row.

        Returns
        -------
        Patients

        Raises
        ------
        MetaAnalysisError
            Naming the row or the trial, what was seen, what was expected and what to do.
        """
        missing = [name for name in COLUMNS if name not in table]
        if missing:
            raise MetaAnalysisError(f"The table has no column {', '.join(missing)}; expected {', '.join(COLUMNS)} and, where there are draws, draw: name them so.")
        if not len(table):
            raise MetaAnalysisError("The table holds no patients; expected a row per patient.")
        code, names = pd.factorize(table["study"])
        _refuse_rows(code < 0, table["study"].to_numpy(), "study", "the name of a trial")
        treatment = _binary(table, "treatment", "1 for the treatment arm and 0 for the reference arm")
        event = _binary(table, "event", "1 for an event and 0 for a censored patient")
        time = _numbers(table, "time", "a number that is not negative")
        _refuse_rows(~(np.isfinite(time) & (time >= 0)), time, "time", "a number that is not negative")
        draw = _draws(table)
        width = int(draw.max()) + 1
        key = code * width + draw
        seen, data_set = (np.arange(len(names)), key) if width == 1 else np.unique(key, return_inverse=True)
        return cls(tuple(map(str, names)), seen // width, seen % width, data_set, treatment, time, event)

    @classmethod
    def of_arms(cls, trials):
        """Take trials whose arms are given apart.

        Parameters
        ----------
        trials : dict of str to sequence of (treatment, reference)
            The data sets of each trial, its own first; an arm is ``(time, event)``.

        Returns
        -------
        Patients

        Raises
        ------
        MetaAnalysisError

        Examples
        --------
        >>> Patients.of_arms({"A": [(([5, 8], [1, 0]), ([3, 6], [1, 1]))]})
        <Patients: 1 trial, 4 patients, 3 events>
        """
        parts = [
            pd.DataFrame({"time": time, "event": event}).assign(study=study, treatment=treatment, draw=draw)
            for study, data_sets in trials.items()
            for draw, arms in enumerate(data_sets)
            for treatment, (time, event) in zip((1, 0), arms, strict=True)
        ]
        return cls.of(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS))

    def __repr__(self):
        own = self.is_first[self.data_set]
        draws = f", up to {self.n_draws.max()} draws" if self.n_draws.any() else ""
        n_trials = counted(self.k, "trial")
        return f"<Patients: {n_trials}, {own.sum()} patients, {self.event[own].sum()} events{draws}>"

    @property
    def k(self):
        """Number of trials."""
        return len(self.study)

    @cached_property
    def n_draws(self):
        """How many draws each trial has besides its own patients, shape (k,)."""
        return np.bincount(self.trial[self.draw > 0], minlength=self.k)

    @cached_property
    def is_first(self):
        """Which data sets stand for their trials where one must, shape (n_data_sets,): draw 0, else the first draw."""
        return np.diff(self.trial, prepend=-1) > 0

    @cached_property
    def has_own(self):
        """Which trials have a draw 0, shape (k,); the results of the others are means over their draws."""
        return self.draw[self.is_first] == 0

    @cached_property
    def risk_sets(self):
        """The `RiskSets` of all data sets, each a pair."""
        return RiskSets.of_patients(len(self.trial), self.data_set, self.treatment, self.time, self.event)

    @cached_property
    def curves(self):
        """The `ProductLimit` curves of the treatment and of the reference arm, a row per data set."""
        everybody = np.ones(len(self.time), bool)
        return tuple(
            ProductLimit.of(RiskSets.of_patients(len(self.trial), self.data_set[arm], everybody[arm], self.time[arm], self.event[arm]))
            for arm in (self.treatment, ~self.treatment)
        )

    def single(self):
        """Give one data set per trial: its own, else its first draw.

        Returns
        -------
        Patients
        """
        return self if len(self.trial) == self.k else self.chosen(np.flatnonzero(self.is_first))

    def chosen(self, data_sets):
        """Give one data set per trial, each as the trial's own.

        Parameters
        ----------
        data_sets : array-like of int, shape (k,)
            In the order of the trials.

        Returns
        -------
        Patients
        """
        place = np.full(len(self.trial), -1)
        place[data_sets] = np.arange(self.k)
        rows = np.flatnonzero(place[self.data_set] >= 0)
        columns = (values[rows] for values in (self.treatment, self.time, self.event))
        return Patients(self.study, np.arange(self.k), np.zeros(self.k, int), place[self.data_set[rows]], *columns)

    def completed(self):
        """Data sets to analyse together: draw m of each trial that has draws, beside the own patients of the others.

        Returns
        -------
        ndarray of int, shape (n_completed, k)
            Numbers of data sets; as many as the trial with the fewest draws has, none where no trial has any.
        """
        with_draws = self.n_draws[self.n_draws > 0]
        first = np.flatnonzero(self.is_first)
        n_completed = int(with_draws.min()) if len(with_draws) else 0
        return np.where(self.n_draws > 0, first + self.has_own + np.arange(n_completed)[:, None], first)

    def each(self, function):
        """Compute something of every data set.

        Parameters
        ----------
        function : callable
            Takes `Patients`, whose data sets are those of all trials or of some; gives arrays, shape (n_data_sets,).

        Returns
        -------
        tuple of ndarray, shape (n_data_sets,)
        """
        return function(self)

    def each_completed(self, function):
        """Compute something of each joint draw of all trials, in their order.

        Parameters
        ----------
        function : callable
            Takes `Patients` of one data set per trial.

        Returns
        -------
        list
        """
        return [function(self.chosen(data_sets)) for data_sets in self.completed()]

    def to_frame(self):
        """One row per patient: ``study, treatment, time, event``, and ``draw`` where there are any."""
        frame = pd.DataFrame({
            "study": np.array(self.study, object)[self.trial[self.data_set]], "treatment": self.treatment.astype(int),
            "time": self.time, "event": self.event.astype(int),
        })
        if (self.draw > 0).any():
            frame["draw"] = self.draw[self.data_set]
        return frame
