"""Unbroken runs of ink down the columns of a picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from ipdrecon.figure.path import runs_of


@dataclass(frozen=True)
class ColumnRuns:
    """All runs of a mask, column after column.

    Attributes
    ----------
    first, last : ndarray of int, shape (n_runs,)
        First and last place of each, where a column's places follow the last column's and one that is blank.
    height : int
        Of the picture.
    """

    first: np.ndarray
    last: np.ndarray
    height: int

    @classmethod
    def of(cls, mask):
        """The runs of a mask, shape (height, width)."""
        height, width = mask.shape
        columns = np.zeros((width, height + 1), bool)
        columns[:, :-1] = cv2.transpose(np.ascontiguousarray(mask).view(np.uint8))
        first, last = runs_of(columns.ravel())
        return cls(first, last - 1, height)

    def touched(self, columns, low, high):
        """The ink that a stretch of rows touches in some columns.

        Parameters
        ----------
        columns, low, high : ndarray of int, shape (n,)
            Columns, and the first and last row of each stretch.

        Returns
        -------
        found : ndarray of bool, shape (n,)
            Where there is any.
        top, bottom : ndarray of int, shape (n,)
            First and last row of the runs from the first to the last that the stretch touches; of no meaning without any.
        """
        if not len(self.first):
            return np.zeros(len(columns), bool), low, low
        base = columns * (self.height + 1)
        upper = np.searchsorted(self.last, base + np.maximum(low, 0))
        lower = np.searchsorted(self.first, base + np.minimum(high, self.height - 1), "right") - 1
        found = upper <= lower
        top, bottom = self.first[np.where(found, upper, 0)] - base, self.last[np.where(found, lower, 0)] - base
        return found, np.where(found, top, low), np.where(found, bottom, low)


def beside(coverage, columns, top, bottom):
    """Coverage of the pixels right above and right below stretches of columns; 0 beyond the picture.

    Parameters
    ----------
    coverage : ndarray, shape (height, width)
    columns, top, bottom : ndarray of int, shape (n,)
        Columns, and the first and last row of each stretch.

    Returns
    -------
    above, below : ndarray, shape (n,)
    """
    last = len(coverage) - 1
    above = np.where(top > 0, coverage[np.maximum(top - 1, 0), columns], 0)
    return above, np.where(bottom < last, coverage[np.minimum(bottom + 1, last), columns], 0)


def summed_around(values, reach):
    """Sum of each column's value and those of so many columns on either side, however few there are.

    Parameters
    ----------
    values : ndarray, shape (n,)
    reach : int

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> summed_around(np.array([1, 0, 2, 0]), 1), summed_around(np.array([1, 2]), 2)
    (array([1., 3., 2., 2.]), array([3., 3.]))
    """
    return np.convolve(values, np.ones(2 * reach + 1))[reach : reach + len(values)]
