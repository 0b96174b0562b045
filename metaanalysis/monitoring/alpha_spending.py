"""Monitoring boundaries of a sequential analysis: how much of the error is spent by when, and the Z that it buys.

Score scale: ``S_i = Z_i sqrt(t_i)`` is a Brownian motion at the information fractions ``t_i``, with drift ``theta`` per
unit of information, so that its increments are independent and normal with variance ``t_i - t_(i-1)``.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from metaanalysis.errors import MetaAnalysisError

LEAST_FRACTION = 0.01
"""Information fraction below which there is no boundary: it would lie above 20, and nothing to speak of is spent."""

_PANEL_WIDTH = 2.5  # in standard deviations of the shorter increment beside it
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(14)
_KERNEL_REACH = 12.0  # in standard deviations of the increment
_HIGHEST = 45.0
_LEAST_SPENT = 1e-250


def obrien_fleming_spending(fraction, error):
    """Error spent up to an information fraction, of O'Brien-Fleming type.

    ``2 - 2 Phi(z_(1 - error/2) / sqrt(t))`` (Lan and DeMets 1983, Biometrika 70:659, eq. for alpha1*), for a one-sided
    error; a two-sided boundary spends half of its alpha on each side.

    Parameters
    ----------
    fraction : array_like
        Information fractions; above 1 everything is spent.
    error : float
        One-sided.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> obrien_fleming_spending([0.5, 1.0], 0.025).round(6).tolist()
    [0.001525, 0.025]
    """
    fraction = np.minimum(np.asarray(fraction, float), 1.0)
    return 2 * ndtr(ndtri(error / 2) / np.sqrt(fraction))


@dataclass(frozen=True)
class _Walk:
    """The part of the paths that still goes on after a look: its density at nodes of the score scale."""

    fraction: float
    node: np.ndarray
    mass: np.ndarray

    @classmethod
    def start(cls):
        return cls(0.0, np.zeros(1), np.ones(1))

    def above(self, fraction, bound, drift):
        """Probability of ending above a score at a later fraction, having gone on until now."""
        step = fraction - self.fraction
        return float(self.mass @ ndtr((self.node + drift * step - bound) / math.sqrt(step)))

    def below(self, fraction, bound, drift):
        """Probability of ending below a score at a later fraction, having gone on until now."""
        step = fraction - self.fraction
        return float(self.mass @ ndtr((bound - self.node - drift * step) / math.sqrt(step)))

    def within(self, fraction, bound, drift):
        """Probability of ending within ``(-bound, bound)``; without cancellation where both ends are on one side."""
        step = fraction - self.fraction
        centre, spread = self.node + drift * step, math.sqrt(step)
        low, high = (-bound - centre) / spread, (bound - centre) / spread
        flip = low > 0
        low, high = np.where(flip, -high, low), np.where(flip, -low, high)
        return float(self.mass @ (ndtr(high) - ndtr(low)))

    def go_on(self, fraction, regions, next_fraction, drift):
        """The walk after a look, within the regions of the score where it goes on."""
        step = fraction - self.fraction
        panel = _PANEL_WIDTH * math.sqrt(min(step, next_fraction - fraction))
        nodes, masses = [], []
        for low, high in regions:
            edges = np.linspace(low, high, 1 + max(1, math.ceil((high - low) / panel)))
            half = (edges[1:] - edges[:-1]) / 2
            node = (edges[:-1] + half)[:, None] + half[:, None] * _NODES
            nodes.append(node)
            masses.append(half[:, None] * _NODE_WEIGHTS * self._density(node, step, drift))
        return _Walk(fraction, np.concatenate([node.ravel() for node in nodes]), np.concatenate([mass.ravel() for mass in masses]))

    def _density(self, node, step, drift):
        """Density at each row of nodes, from those that one increment can reach."""
        centre, spread, result = self.node + drift * step, math.sqrt(step), np.empty_like(node)
        first = np.searchsorted(centre, node[:, 0] - _KERNEL_REACH * spread)
        last = np.searchsorted(centre, node[:, -1] + _KERNEL_REACH * spread)
        for row, (start, stop) in enumerate(zip(first, last, strict=True)):
            z = (node[row][:, None] - centre[start:stop]) / spread
            result[row] = np.exp(-0.5 * z * z) @ self.mass[start:stop]
        return result / (spread * math.sqrt(2 * math.pi))


def _checked(fractions):
    fractions = np.atleast_1d(np.asarray(fractions, float))
    if fractions.ndim != 1 or not len(fractions) or not (np.diff(fractions, prepend=0.0) > 0).all() or not np.isfinite(fractions).all():
        raise MetaAnalysisError(f"The information fractions are {fractions.tolist()}; expected finite numbers above 0 that rise from look to look.")
    return fractions


def check_error(name, error):
    """Raise where an error probability is not above 0 and at most 0.5."""
    if not 0 < error <= 0.5:
        raise MetaAnalysisError(f"{name} is {error!r}; expected a probability above 0 and at most 0.5, such as 0.05.")


def _following(fractions, index):
    return fractions[index + 1] if index + 1 < len(fractions) else fractions[index] + 1.0


def _looked(fractions, error):
    """Looks that have a boundary, their fractions, and the error that each may spend."""
    before = np.concatenate([[0.0], fractions[:-1]])
    looked = np.flatnonzero((fractions >= LEAST_FRACTION) & (before < 1) & (obrien_fleming_spending(fractions, error) > _LEAST_SPENT))
    return looked, fractions[looked], obrien_fleming_spending(fractions[looked], error)


def monitoring_boundary(fractions, alpha=0.05):
    """Two-sided symmetric O'Brien-Fleming-type boundary of Lan and DeMets.

    At each look the boundary is the Z that spends, on each side, what the spending function allows since the look
    before, by recursive integration of the density of the paths that went on (Armitage, McPherson and Rowe 1969, JRSS A
    132:235; Lan and DeMets 1983, Biometrika 70:659; Jennison and Turnbull 2000, Group Sequential Methods, ch. 19).

    Parameters
    ----------
    fractions : array_like, shape (looks,)
        Information fractions of all looks, rising; at the first look at or above 1 all that is left is spent.
    alpha : float
        Two-sided.

    Returns
    -------
    ndarray, shape (looks,)
        Z on the side of benefit; harm is its negative. Infinite below 1 % of the information and after the first look
        at or above 1, where nothing is left to spend.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> monitoring_boundary([0.2, 0.4, 0.6, 0.8, 1.0]).round(4).tolist()
    [4.8769, 3.357, 2.6803, 2.2898, 2.031]
    """
    fractions = _checked(fractions)
    check_error("Alpha", alpha)
    boundary, walk, spent = np.full(len(fractions), math.inf), _Walk.start(), 0.0
    looked, times, allowed = _looked(fractions, alpha / 2)
    for position, (look, time) in enumerate(zip(looked, times, strict=True)):
        spend, spent = allowed[position] - spent, allowed[position]
        end = math.sqrt(time) * _root(walk.above, time, spend, _HIGHEST, 0.0)
        boundary[look] = end / math.sqrt(time)
        walk = walk.go_on(time, [(-end, end)], _following(times, position), 0.0)
    return boundary


def futility_boundary(fractions, boundary, drift, beta=0.1):
    """Inner wedge: the Z within which the anticipated effect is given up, by spending beta.

    At each look before the information is complete it is the Z within whose two signs the paths end, under the
    anticipated effect, with the probability that the spending function allows by then; a wedge as that of Jennison and
    Turnbull (2000, Group Sequential Methods, ch. 5), with beta spent as in Lan and DeMets (1983). It opens where a
    one-sided boundary would rise above 0; before, nothing is spent. It never narrows: where a look adds so little that it
    would, the wedge of the look before holds, and what that spends is charged to later looks. It does not bind: the
    boundary for benefit and harm does not count on anyone stopping here.

    Parameters
    ----------
    fractions : array_like, shape (looks,)
    boundary : array_like, shape (looks,)
        That of benefit.
    drift : float
        Expected Z at a fraction of 1 under the anticipated effect.
    beta : float

    Returns
    -------
    ndarray, shape (looks,)
        NaN where there is none: before it opens and from a fraction of 1 on. Never above `boundary`.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> fractions = [0.25, 0.5, 0.75]
    >>> futility_boundary(fractions, monitoring_boundary(fractions), 3.2415).round(2).tolist()
    [nan, 0.32, 1.16]
    """
    fractions, boundary = _checked(fractions), np.asarray(boundary, float)
    check_error("Beta", beta)
    wedge, walk, spent = np.full(len(fractions), math.nan), _Walk.start(), 0.0
    looked, times, allowed = _looked(fractions, beta)
    for position, (look, time) in enumerate(zip(looked, times, strict=True)):
        if time >= 1:
            break
        before, highest = np.nanmax(wedge[:look], initial=0.0), min(boundary[look], _HIGHEST)
        z = min(highest, max(before, _opened(walk, time, allowed[position] - spent, highest, drift)))
        inner, outer = z * math.sqrt(time), highest * math.sqrt(time)
        if z > 0:
            wedge[look] = z
            spent += walk.within(time, inner, drift)
        if z >= highest:
            break
        regions = [(-outer, -inner), (inner, outer)] if z > 0 else [(-outer, outer)]
        walk = walk.go_on(time, regions, _following(times, position), drift)
    return wedge


def _opened(walk, time, spend, highest, drift):
    """Z of the wedge that spends what may be spent; 0 while a one-sided boundary would lie below 0."""
    if spend <= 0 or walk.below(time, 0.0, drift) >= spend:
        return 0.0
    return _root(walk.within, time, spend, highest, drift)


def _root(probability, time, spend, highest, drift):
    """Z at which a probability of the walk equals what may be spent, or the highest Z where it does not get there."""
    root = math.sqrt(time)

    def excess(z):
        return probability(time, z * root, drift) - spend

    at_highest = excess(highest)
    if at_highest * excess(0.0) >= 0:
        return highest
    return brentq(excess, 0.0, highest, xtol=1e-13)
