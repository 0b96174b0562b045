"""Kaplan-Meier curves of many data sets at once: survival and restricted mean survival time with their errors.

Examples
--------
Two data sets of an arm, the third death later in the second, beside nobody:

>>> from metaanalysis.patients.risk_sets import RiskSets
>>> curves = ProductLimit.of(RiskSets.of([([1, 2, 3, 4], [1, 1, 1, 1]), ([1, 2, 3.5, 4], [1, 1, 1, 1])], [((), ())] * 2))
>>> curves.restricted_means(4.0)[0].tolist()
[2.5, 2.625]
>>> curves.survivals([3.0])[0].ravel().tolist()
[0.25, 0.5]
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ProductLimit:
    """Kaplan-Meier estimates (1958), a row per data set; behind a data set's last event time is infinite and S is flat.

    Attributes
    ----------
    time, survival : ndarray, shape (n_data_sets, n_steps)
        Event times, and survival just after them.
    greenwood : ndarray, shape (n_data_sets, n_steps)
        The terms d / (n (n - d)) of Greenwood's sum (1926), 0 where n = d.
    last_time : ndarray, shape (n_data_sets,)
        Of all patients, censored ones too; NaN where there are none.
    """

    time: np.ndarray
    survival: np.ndarray
    greenwood: np.ndarray
    last_time: np.ndarray

    @classmethod
    def of(cls, sets):
        """Estimate the survival of all patients of each pair of `sets`, which may be of one arm.

        Parameters
        ----------
        sets : RiskSets

        Returns
        -------
        ProductLimit
        """
        begin = np.searchsorted(sets.pair, np.arange(sets.n_pairs))
        column = np.arange(len(sets.pair)) - begin[sets.pair]
        shape = (sets.n_pairs, int(column.max(initial=-1)) + 1)
        time, kept, greenwood = np.full(shape, np.inf), np.ones(shape), np.zeros(shape)
        place = sets.pair, column
        time[place], kept[place] = sets.time, 1 - sets.events / sets.n
        left = sets.n * (sets.n - sets.events)
        greenwood[place] = np.where(left > 0, sets.events / np.maximum(left, 1), 0.0)
        return cls(time, np.cumprod(kept, axis=1), greenwood, sets.last_time)

    @property
    def last_survival(self):
        """Survival after the last event, shape (n_data_sets,); 1 where there is none."""
        return self.survival.min(axis=1, initial=1.0)

    def first_below(self, level):
        """First time at which S is at `level` or below in each row; infinite where there is none."""
        below = np.column_stack((self.survival <= level, np.ones(len(self.survival), bool)))
        time = np.column_stack((self.time, np.full(len(self.time), np.inf)))
        return time[np.arange(len(time)), below.argmax(axis=1)]

    def survivals(self, at):
        """Survival at times, after the drops at these times, and Greenwood's sum: the variance of its logarithm.

        Parameters
        ----------
        at : array-like, shape (n_times,)

        Returns
        -------
        survival, variance_log : ndarray, shape (n_data_sets, n_times)
            A term of the sum is 0 where all who are at risk have the event.
        """
        n_rows, at = len(self.time), np.asarray(at, float)
        survival = np.column_stack((np.ones(n_rows), self.survival))
        variance = np.column_stack((np.zeros(n_rows), np.cumsum(self.greenwood, axis=1)))
        place = np.arange(n_rows)[:, None], self._steps_until(at)
        return survival[place], variance[place]

    def _steps_until(self, at):
        """How many steps each curve has until times, shape (n_data_sets, n_times): a loop over the fewer of both."""
        steps = np.zeros((len(self.time), len(at)), int)
        if len(at) <= len(self.time):
            for column, moment in enumerate(at):
                steps[:, column] = (self.time <= moment).sum(axis=1)
        else:
            for row, times in enumerate(self.time):
                steps[row] = np.searchsorted(times, at, side="right")
        return steps

    def restricted_means(self, tau):
        """Area under each curve up to `tau` and its standard error (Klein and Moeschberger 2003, equation 4.5.2).

        Parameters
        ----------
        tau : float
            Horizon, in the unit of time; a curve is carried on flat to it.

        Returns
        -------
        rmst, se : ndarray, shape (n_data_sets,)
            In the unit of time.
        """
        n_rows = len(self.time)
        border = np.column_stack((np.zeros(n_rows), np.minimum(self.time, tau), np.full(n_rows, tau)))
        area = np.diff(border, axis=1) * np.column_stack((np.ones(n_rows), self.survival))
        after = np.cumsum(area[:, ::-1], axis=1)[:, ::-1]
        return after[:, 0], np.sqrt(np.sum(after[:, 1:] ** 2 * self.greenwood * (self.time < tau), axis=1))


def survival_before(sets):
    """Kaplan-Meier survival just before each event time of its pair, all patients of the pair together.

    Parameters
    ----------
    sets : RiskSets

    Returns
    -------
    ndarray, shape (n_rows,)
    """
    kept = np.where(sets.events < sets.n, 1 - sets.events / sets.n, 1.0)
    logarithm = np.concatenate(([0.0], np.cumsum(np.log(kept))))
    begin = np.searchsorted(sets.pair, np.arange(sets.n_pairs))
    return np.exp(logarithm[:-1] - logarithm[begin[sets.pair]])
