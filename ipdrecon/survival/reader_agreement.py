"""How far two readers of the same figure agree.

Examples
--------
>>> from ipdrecon.model import Curve
>>> first = Curve("Drug", [0, 10, 20, 30], [1, 0.8, 0.6, 0.6])
>>> second = Curve("Drug", [0, 10, 20, 30], [1, 0.82, 0.6, 0.6])
>>> pair = compare_curves(first, second)
>>> round(pair.largest_difference, 3), [round(moment, 1) for moment in pair.stretches[0][:2]]
(-0.02, [10.1, 19.9])
"""

import math
from dataclasses import dataclass, field

import numpy as np

from ipdrecon.errors import CurveError
from ipdrecon.model import Curve

N_POINTS = 200
NOTABLE = 0.015
_Z = 1.959963984540054


@dataclass(frozen=True)
class CurvePair:
    """Two readings of one curve, held against each other at times evenly spaced over what both show.

    Attributes
    ----------
    first, second : Curve
    at : ndarray, shape (n_points,)
    survival : ndarray, shape (n_points, 2)
        Of both.
    """

    first: Curve
    second: Curve
    at: np.ndarray = field(repr=False)
    survival: np.ndarray = field(repr=False)

    @property
    def differences(self):
        """First less second, shape (n_points,)."""
        return self.survival[:, 0] - self.survival[:, 1]

    @property
    def mean_difference(self):
        """Mean of the differences."""
        return float(self.differences.mean())

    @property
    def largest_difference(self):
        """The difference that is largest, with its sign."""
        return float(self.differences[np.argmax(np.abs(self.differences))])

    @property
    def largest_at(self):
        """Its time."""
        return float(self.at[np.argmax(np.abs(self.differences))])

    @property
    def stretches(self):
        """Stretches of time in which the two differ notably, as tuples of begin, end and largest difference."""
        notable = np.abs(self.differences) > NOTABLE
        edges = np.flatnonzero(np.diff(np.concatenate([[0], notable.astype(int), [0]])))
        runs = zip(edges[::2], edges[1::2], strict=True)
        return tuple((float(self.at[i]), float(self.at[j - 1]), float(self.differences[i:j][np.argmax(np.abs(self.differences[i:j]))])) for i, j in runs)


@dataclass(frozen=True)
class ReaderAgreement:
    """Statistics of agreement over all curves and cells that two readers have both read.

    Attributes
    ----------
    n_points : int
        Of all curves.
    mean_difference, mean_absolute_difference, largest_difference : float
        Of survival, first reader less second; NaN where no curve was read by both.
    limits_of_agreement : tuple of float
        Mean difference less and plus 1.96 standard deviations (Bland and Altman 1986, Lancet 327:307-310).
    icc : float
        Intraclass correlation for absolute agreement of single readings, ICC(A,1) of McGraw and Wong (1996, Psychol
        Methods 1:30-46, table 4, case 2), which is ICC(2,1) of Shrout and Fleiss (1979).
    n_cells, cells_equal : int
        Numbers at risk that at least one has read, and those that both have read alike.
    """

    n_points: int
    mean_difference: float
    mean_absolute_difference: float
    largest_difference: float
    limits_of_agreement: tuple
    icc: float
    n_cells: int
    cells_equal: int

    def to_dict(self):
        """Give the same as a dict, with the share of equal cells."""
        share = self.cells_equal / self.n_cells if self.n_cells else math.nan
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"cells_share": share}


def compare_curves(first, second, *, n_points=N_POINTS):
    """Hold two readings of a curve against each other.

    Parameters
    ----------
    first, second : Curve
    n_points : int

    Returns
    -------
    CurvePair

    Raises
    ------
    CurveError
        When one of them has no length.
    """
    end = float(min(first.time[-1], second.time[-1]))
    if end <= 0:
        raise CurveError(f"{first.arm!r} has no length in one of the readings; expected curves that go on after time 0.")
    at = (np.arange(n_points) + 0.5) * end / n_points
    return CurvePair(first, second, at, np.column_stack([first.survival_at(at), second.survival_at(at)]))


def pair_arms(first, second):
    """Tie the curves of two readings: those of one name, then the nearest of the others.

    Parameters
    ----------
    first, second : sequence of Curve

    Returns
    -------
    pairs : list of CurvePair
        In the order of the first.
    only_first, only_second : list of Curve
    """
    tied = {i: j for i, one in enumerate(first) for j, other in enumerate(second) if one.arm == other.arm}
    left = [i for i in range(len(first)) if i not in tied]
    right = [j for j in range(len(second)) if j not in tied.values()]
    while left and right:
        apart = {(i, j): np.abs(compare_curves(first[i], second[j]).differences).mean() for i in left for j in right}
        i, j = min(apart, key=apart.get)
        tied[i] = j
        left.remove(i)
        right.remove(j)
    pairs = [compare_curves(first[i], second[tied[i]]) for i in sorted(tied)]
    return pairs, [first[i] for i in left], [second[j] for j in right]


def agreement_of_readers(pairs, *, n_cells=0, cells_equal=0):
    """Statistics of agreement of two readers.

    Parameters
    ----------
    pairs : sequence of CurvePair
    n_cells, cells_equal : int

    Returns
    -------
    ReaderAgreement

    Examples
    --------
    >>> first, second = Curve("a", [0, 5, 10], [1, 0.5, 0.5]), Curve("a", [0, 5, 10], [1, 0.4, 0.4])
    >>> statistics = agreement_of_readers([compare_curves(first, second)])
    >>> round(statistics.mean_difference, 3), round(statistics.icc, 3)
    (0.05, 0.968)
    """
    if not pairs:
        return ReaderAgreement(0, math.nan, math.nan, math.nan, (math.nan, math.nan), math.nan, n_cells, cells_equal)
    survival = np.concatenate([pair.survival for pair in pairs])
    difference = survival[:, 0] - survival[:, 1]
    mean, half = float(difference.mean()), _Z * float(difference.std(ddof=1))
    largest = float(difference[np.argmax(np.abs(difference))])
    absolute = float(np.abs(difference).mean())
    return ReaderAgreement(len(survival), mean, absolute, largest, (mean - half, mean + half), _icc(survival), n_cells, cells_equal)


def _icc(values):
    """ICC(A,1) of values, shape (n, k): one row for each thing, one column for each reader."""
    n, k = values.shape
    grand, rows, columns = values.mean(), values.mean(axis=1), values.mean(axis=0)
    ms_rows = k * float(((rows - grand) ** 2).sum()) / (n - 1)
    ms_columns = n * float(((columns - grand) ** 2).sum()) / (k - 1)
    rest = values - rows[:, None] - columns + grand
    ms_error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    total = ms_rows + (k - 1) * ms_error + k / n * (ms_columns - ms_error)
    return (ms_rows - ms_error) / total if total > 0 else math.nan
