"""Two arms compared by how many had an event: Fisher's exact test and chi-square.

Examples
--------
>>> tests = count_tests(12, 56, 4, 64)
>>> round(tests.fisher_p, 3), round(tests.chi_square_p, 3)
(0.017, 0.015)
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency, fisher_exact

from ipdrecon.errors import ReportedError


@dataclass(frozen=True)
class CountTests:
    """Tests of two shares.

    Attributes
    ----------
    fisher_p : float
        Two-sided: all tables that are no likelier than this one.
    chi_square_p, chi_square_corrected_p : float
        Pearson's, without and with Yates' correction; NaN where nobody, or everybody, had an event.
    """

    fisher_p: float
    chi_square_p: float
    chi_square_corrected_p: float


def count_tests(events_1, n_1, events_2, n_2):
    """Test whether the shares of patients with an event differ.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : int
        Events and patients of both arms.

    Returns
    -------
    CountTests

    Raises
    ------
    ReportedError
        Where events are fewer than 0 or more than the patients, or no whole numbers.
    """
    counts = np.array([events_1, n_1, events_2, n_2], float)
    if not (0 <= events_1 <= n_1 and 0 <= events_2 <= n_2 and n_1 > 0 and n_2 > 0 and (counts == np.floor(counts)).all()):
        raise ReportedError(f"Seen {events_1:g} of {n_1:g} and {events_2:g} of {n_2:g}; expected whole numbers of events, from 0 to the patients of the arm.")
    table = np.array([[events_1, n_1 - events_1], [events_2, n_2 - events_2]], int)
    fisher = float(fisher_exact(table).pvalue)
    if (table.sum(axis=0) == 0).any():
        return CountTests(fisher, math.nan, math.nan)
    return CountTests(fisher, *(float(chi2_contingency(table, correction=corrected).pvalue) for corrected in (False, True)))
