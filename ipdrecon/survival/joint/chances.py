"""How likely patients leave, and how likely so many have an event at a drop.

Leaving is binomial. The number d of n that have an event at a drop is that of a Poisson process with the hazard h of the
smoothed curve: exp(-n h gap) C(n, d) (e^(h width) - 1)^d. `gap` is the time since the last drop, in which no other was seen;
`width` is the time within which two events make one drop: the precision of the times where one patient's drop stands out
from the error, the whole gap where it does not or points were clicked. Events at one visit share a time more often than
that: a small part of the chance falls only geometrically.

Tables are laid out by the number at risk *after* a step: what is at [i, j] is about i more than the fewest events, and
j more than the fewest who are left.
"""

import math

import numpy as np
from scipy.special import gammaln

from ipdrecon.survival.joint.timeline import Leave

MISPRINT = 1e-7
"""Chance that a printed number is any other."""
UNFORESEEN, UNFORESEEN_EXACT = 1e-9, 1e-4
"""Chance that leaving between two drops is nothing like assumed; then any number is as likely. Exact drops can prove it."""
_LOG_VISIT = math.log(0.05)
"""Chance that all events since the last drop are seen at one time, as at visits; then their number is geometric."""
_LOG_TIED, _LOG_TIED_MORE = math.log(0.01), math.log(0.8)
"""Of exact times: chance that events share one, and of each further event there."""
RESOLVED = 0.35
"""Where the error of a level is less than this share of one patient's drop, drops tell n, and leaving may surprise."""
_LARGEST_SHARE = 0.9
"""A drop of more of those at risk, as the last to 0, is taken for no more when hazards are told."""
_STANDS_OUT = 3.0
"""A drop of so many errors is seen apart from the next; of so many times more, ..."""
_ALONE = 12.0
"""... surely."""
_FEW = 16
"""Tables are kept for up to so many events."""
_MOST_IN_FACTORS = 900
"""Binomial chances of more patients than this are made of logarithms: 2^n and its like would overflow."""
_LEAST_RATE = 1e-9
_LOG_LEAST = -600.0
"""No number of events is less likely than this, however many were expected since the last drop: the chance of none would be 0."""


def sheared(array, begin, n_counts, n_states):
    """View at [..., i, j] what `array` has at [..., begin + i + j]; it must be contiguous."""
    last = array.strides[-1]
    return np.ndarray((*array.shape[:-1], n_counts, n_states), array.dtype, array, begin * last, (*array.strides, last))


def padded(array, spare):
    """Make a copy with so many zeros before and after along the last axis."""
    size = array.shape[-1]
    wide = np.zeros((*array.shape[:-1], size + 2 * spare))
    wide[..., spare : spare + size] = array
    return wide


class Chances:
    """Chances of leaving and of events, with tables of what they need.

    Parameters
    ----------
    levels : Levels
    leaving : Leaving
    steps : tuple of Leave, Drop, Printed
    n : int
        Patients at time 0.
    unmarked : float
        Chance that leaving does not keep to the drawn marks.
    slack : int
        How far a number at risk may be from the printed one: 1 where patients are taken in groups.
    misprint : float
        Chance of any other number than the printed one, each.
    """

    def __init__(self, levels, leaving, steps, n, *, unmarked=0.0, slack=0, misprint=MISPRINT):
        self.levels, self.unmarked, self.slack, self.misprint = levels, unmarked, slack, misprint
        self.shape_weight = leaving.weight[:, None]
        self.exact = levels.kind == "exact"
        self.unforeseen = UNFORESEEN_EXACT if self.exact else UNFORESEEN
        self.resolved_below = RESOLVED / levels.error.min(initial=np.inf)
        self.numbers = np.arange(n + max(n, _FEW) + 1)
        self._log_factorial = gammaln(self.numbers + 1.0)
        self._few = self._tables(np.arange(_FEW)[:, None], self.numbers[: n + 1])
        self._rates = _Rates(levels, n)
        leaves = [index for index, step in enumerate(steps) if isinstance(step, Leave)]
        begin, end = ([getattr(steps[index], side) for index in leaves] for side in ("begin", "end"))
        n_marks = [leaving.clock.n_marks(*stretch) for stretch in zip(begin, end, strict=True)]
        self._leaving = dict(zip(leaves, zip(map(_logs, leaving.chances(begin, end)), n_marks, strict=True), strict=True))

    def leave(self, index, low, highest):
        """Chances that c of n leave at a step.

        Parameters
        ----------
        index : int
            Of the step.
        low, highest : int
            Numbers at risk before it.

        Returns
        -------
        ndarray, shape (n_shapes or 1, n_counts, highest - lowest + 1)
            At [shape, c, n - c - lowest]; c from 0.
        lowest : int
            The lowest number at risk after the step.
        """
        (largest, log_go, log_stay), n_marks = self._leaving[index]
        mean = largest * highest
        most = min(highest, max(int(mean + 4 * math.sqrt(mean) + 2.5), n_marks or 0))
        lowest = max(0, low - most)
        after, count = self.numbers[lowest : highest + 1], self.numbers[: most + 1, None]
        ways, _ = self._of_counts(0, most, lowest, highest)
        if len(log_go) > 1 and highest + most <= _MOST_IN_FACTORS:
            share = np.exp(ways) * np.exp(count * log_go) * np.exp(after * log_stay)
        else:
            share = np.exp(ways + count * log_go + after * log_stay)
        if n_marks is not None:
            share *= self.unmarked
            share[:, n_marks : n_marks + 1] += 1 - self.unmarked
        return share, lowest

    def no_more(self, n_risk):
        """Chances that no event follows the last drop, with half of those at risk leaving by the end."""
        return np.exp(-0.5 * (n_risk - n_risk[0]) * self._rates.after_last)

    def events(self, row, counts, after):
        """Relative chances of numbers of events at a drop, and what each leaves of S.

        Parameters
        ----------
        row : int
            Of the drop.
        counts, after : tuple of int
            The fewest and the most events, and the fewest and the most at risk after them.

        Returns
        -------
        share, stay : ndarray, shape (n_counts, n_states)
            Chances; 1 - d / n.
        """
        (first, last), (lowest, most) = counts, after
        slope, base = sheared(self._rates.of(row, most + last + 1), lowest + first, last - first + 1, most - lowest + 1)
        ways, stay = self._of_counts(first, last, lowest, most)
        log_chance = self.numbers[first : last + 1, None] * slope
        log_chance += base
        log_chance[0] += ways
        chance = np.exp(log_chance, out=log_chance)
        return chance[0] + chance[1], stay

    def _of_counts(self, first, last, lowest, most):
        if last < _FEW:
            return tuple(table[first : last + 1, lowest : most + 1] for table in self._few)
        return self._tables(self.numbers[first : last + 1, None], self.numbers[lowest : most + 1])

    def _tables(self, count, after):
        """Log of the ways to choose, and 1 - d / n, by count and number after."""
        table, before = self._log_factorial, count + after
        return table[before] - table[count] - table[after], 1 - count / np.maximum(before, 1)


def _logs(chance):
    """The largest chance of leaving, and the logs of leaving and of staying, shape (n_shapes, 1, 1)."""
    return float(chance.max()), np.log(chance)[:, None, None], np.log1p(-chance)[:, None, None]


class _Rates:
    """What the log chance of d events is made of, by row and number at risk, for a block of rows at a time.

    The log chances of d single events and of d at one time are each base + d slope (and the ways to choose d of n).
    """

    _BLOCK, _SPARE = 48, 32

    def __init__(self, levels, n):
        gap = np.diff(levels.time, prepend=0.0)
        exact = levels.kind == "exact"
        apart = min(gap[1:].min(initial=levels.end), levels.end / 5000)
        width = apart if exact else max(levels.time_error * math.sqrt(12), levels.unit)
        self.kind, self.gap = levels.kind, gap[:, None]
        self.hazard = _smoothed_hazard(levels, n)[:, None]
        self.longest = np.where(self.gap > 0, self.gap, width)
        self.shortest = np.minimum(width, self.longest)
        before = np.maximum(np.concatenate(([1.0], levels.survival[:-1])), 1e-9)
        self.stands_out = (before / levels.error / _STANDS_OUT)[:, None]
        self.after_last = float(self.hazard[-1, 0] * (levels.end - levels.time[-1])) if len(gap) else 0.0
        self.block, self.tables = -1, np.zeros((0, 2, 2, 0))

    def of(self, row, n_numbers):
        """Slopes and bases of a row by number at risk, `n_numbers` or more of them: (2, 2, n_numbers)."""
        block = row // self._BLOCK
        if block != self.block or self.tables.shape[-1] < n_numbers:
            self.block = block
            self.tables = self._tables(slice(block * self._BLOCK, (block + 1) * self._BLOCK), np.arange(float(n_numbers + self._SPARE)))
        return self.tables[row - block * self._BLOCK]

    def _tables(self, rows, n_risk):
        n_risk = np.maximum(n_risk, 1)
        hazard, since_last = self.hazard[rows], self.hazard[rows] * self.gap[rows]
        tables = np.empty((len(hazard), 2, 2, len(n_risk)))
        slope, base = tables[:, 0], tables[:, 1]
        slope[:, 0] = np.log(np.expm1(hazard * self._width(rows, n_risk)) + _LEAST_RATE)
        base[:, 0] = -n_risk * since_last
        if self.kind == "exact":
            slope[:, 1] = _LOG_TIED_MORE
            base[:, 1] = np.maximum(base[:, 0] + np.log(n_risk) + slope[:, 0] + _LOG_TIED, _LOG_LEAST)
        else:
            expected = np.maximum(n_risk * np.expm1(since_last), 1e-12)
            base[:, 1] = _LOG_VISIT - np.log1p(expected)
            slope[:, 1] = np.log(expected) + base[:, 1] - _LOG_VISIT
        return tables

    def _width(self, rows, n_risk):
        """Time within which events make one drop."""
        shortest, longest, stands_out = self.shortest[rows], self.longest[rows], self.stands_out[rows] / n_risk
        if self.kind == "clicked":
            return longest
        if stands_out.min() > _ALONE:
            return shortest
        return shortest + np.exp(-0.5 * stands_out**2) * (longest - shortest)


def _smoothed_hazard(levels, n):
    """Slope of -log S around each drop, over a third of the drops or those of some twenty patients."""
    n_drops = len(levels.time)
    level = np.minimum.accumulate(np.concatenate(([1.0], np.maximum(levels.survival, 0.0))))
    per_drop = max(n * (1 - level[-1]) / max(n_drops, 1), 0.1)
    reach = max(int(np.ceil(10 / per_drop)), n_drops // 6, 1)
    share = 1 - level[1:] / np.maximum(level[:-1], 1e-9)
    cumulative = np.concatenate(([0.0], np.cumsum(-np.log1p(-np.minimum(share, _LARGEST_SHARE)))))
    time = np.concatenate(([0.0], levels.time))
    at = np.arange(1, n_drops + 1)
    first, last = np.maximum(at - reach, 0), np.minimum(at + reach, n_drops)
    return (cumulative[last] - cumulative[first]) / np.maximum(time[last] - time[first], max(1e-3 * levels.end, 1e-9))
