"""Mixtures of normal distributions: distribution, quantiles and intervals of many at once.

Each row of `mean` and `sd`, shape (rows, components), is one mixture; all rows share the weights, shape (components,).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

_STEPS = 100
_TOLERANCE = 1e-15  # of probability
_GRID = 200


@dataclass(frozen=True)
class NormalMixtures:
    """Several normal mixtures with one set of weights.

    Attributes
    ----------
    weight : ndarray, shape (components,)
        In sum 1.
    mean, sd : ndarray, shape (rows, components)
    """

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    def row(self, index):
        """Only one of the mixtures, as mixtures of one row."""
        return NormalMixtures(self.weight, self.mean[index : index + 1], self.sd[index : index + 1])

    def cdf(self, x):
        """Probability below `x`, shape (rows,)."""
        return ndtr((x[:, None] - self.mean) / self.sd) @ self.weight

    def density(self, x):
        """Density at `x`, shape (rows,)."""
        z = (x[:, None] - self.mean) / self.sd
        return (np.exp(-0.5 * z * z) / self.sd) @ self.weight / np.sqrt(2 * np.pi)

    def slope(self, x):
        """Derivative of the density at `x`, shape (rows,)."""
        z = (x[:, None] - self.mean) / self.sd
        return (-z * np.exp(-0.5 * z * z) / self.sd**2) @ self.weight / np.sqrt(2 * np.pi)

    def expectation(self):
        """Mean of each, shape (rows,)."""
        return self.mean @ self.weight

    def variance(self):
        """Variance of each, shape (rows,)."""
        return (self.sd**2 + (self.mean - self.expectation()[:, None]) ** 2) @ self.weight

    def _bracket(self, p):
        """Points below and above the quantile."""
        middle = self.sd.shape[1] // 2
        centre, width = self.mean[:, middle], 4 * self.sd[:, middle]
        low, high = centre - width, centre + width
        for _ in range(_STEPS):
            too_high, too_low = self.cdf(low) > p, self.cdf(high) < p
            if not (too_high.any() or too_low.any()):
                break
            width = 2 * width
            low, high = np.where(too_high, low - width, low), np.where(too_low, high + width, high)
        return low, high

    def quantile(self, p):
        """Quantile of each row at `p`, a number or shape (rows,), by Newton steps within a bracket."""
        p = np.broadcast_to(np.asarray(p, float), len(self.mean))
        low, high = self._bracket(p)
        x = (low + high) / 2
        for _ in range(_STEPS):
            excess, density = self.cdf(x) - p, self.density(x)
            low, high = np.where(excess < 0, x, low), np.where(excess < 0, high, x)
            with np.errstate(divide="ignore", invalid="ignore"):
                proposal = x - excess / density
            proposal = np.where((proposal >= low) & (proposal <= high), proposal, (low + high) / 2)
            step, x = np.abs(proposal - x), proposal
            if (step * density <= _TOLERANCE).all():
                break
        return x

    def central_interval(self, level):
        """Limits with equal tails, each of shape (rows,)."""
        tail = (1 - level) / 2
        return self.quantile(tail), self.quantile(1 - tail)

    def shortest_interval(self, level, central):
        """Limits of the shortest interval, each of shape (rows,).

        From the central interval by Newton steps on two equations, the level and equal densities at both limits; rows
        that do not settle, or settle at an interval that is not the shortest, are searched on a grid of lower tails first.
        """
        low, high, fine = self._equal_densities(*central, level)
        fine &= high - low <= (central[1] - central[0]) * (1 + 1e-9)
        for index in np.flatnonzero(~fine):
            row = self.row(index)
            start = row._best_of_grid(level)
            row_low, row_high, settled = row._equal_densities(*start, level)
            low[index], high[index] = (row_low[0], row_high[0]) if settled[0] else (start[0][0], start[1][0])
        return low, high

    def _equal_densities(self, low, high, level):
        """Newton from both limits; also which rows settled at a minimum of the length."""
        with np.errstate(all="ignore"):
            for _ in range(50):
                at_low, at_high = self.density(low), self.density(high)
                up, down = self.slope(low), self.slope(high)
                excess, unequal = self.cdf(high) - self.cdf(low) - level, at_high - at_low
                determinant = at_high * up - at_low * down
                step_low = (down * excess - at_high * unequal) / determinant
                step_high = (up * excess - at_low * unequal) / determinant
                low, high = low - step_low, high - step_high
                if not (np.abs(step_low) + np.abs(step_high) > 1e-12 * np.abs(high - low)).any():
                    break
            settled = np.abs(self.cdf(high) - self.cdf(low) - level) < 1e-10
            settled &= np.abs(self.density(high) - self.density(low)) <= 1e-8 * self.density(low)
            settled &= (self.slope(low) >= 0) & (self.slope(high) <= 0)
        return low, high, settled

    def repeated(self, times):
        """One row, so many times."""
        return NormalMixtures(self.weight, np.repeat(self.mean, times, axis=0), np.repeat(self.sd, times, axis=0))

    def _best_of_grid(self, level):
        """Start for one row: the lower tail, of a grid, with the shortest interval."""
        tails = (1 - level) * (np.arange(_GRID) + 0.5) / _GRID
        many = self.repeated(_GRID)
        low, high = many.quantile(tails), many.quantile(tails + level)
        best = int(np.argmin(high - low))
        return low[best : best + 1], high[best : best + 1]

    def mode(self):
        """Highest point of a single mixture: uphill from the component's mean at which the density is highest."""
        centres = np.unique(self.mean[0])[::3]
        start = float(centres[np.argmax(self.repeated(len(centres)).density(centres))])

        def slope(x):
            return float(self.slope(np.array([x]))[0])

        step = 0.1 * float(self.sd.min()) * (1 if slope(start) > 0 else -1)
        end = start + step
        while slope(end) * step > 0:
            step *= 2
            end += step
        return start if slope(start) == 0 else float(brentq(slope, start, end, xtol=1e-14 * abs(end - start), rtol=1e-15 * 4))
