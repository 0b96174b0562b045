"""Posterior of the standard deviation between studies, tau, by quadrature.

Model: ``yi ~ N(mu, vi + tau²)``, a prior for tau and a flat or normal one for mu. Given tau the posterior of mu is normal
and the rest of the likelihood is known (Röver 2020, J Stat Softw 93(6), section 2.4), so that one integral over tau
is all that is left. It is done by Gauss-Legendre panels on ``u`` in ``tau = c sinh(u)``, which is even near 0 and
logarithmic far out, over the stretch where the posterior is not negligible.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

PRIORS = ("half-normal", "half-cauchy")

_PANELS = 24
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)
_SCAN = 120
_NEGLIGIBLE = 45.0  # in natural logarithms below the highest
_FARTHEST = 350.0  # of u
_STEPS = 60
_DROPPED = 1e-18
_NUMBERS = 400_000  # held at a time


@dataclass(frozen=True)
class TauModel:
    """Effects, variances and priors.

    Attributes
    ----------
    yi, vi : ndarray, shape (k,)
    prior : {"half-normal", "half-cauchy"}
        Of tau.
    scale : float
        Of that prior.
    mu_mean, mu_precision : float
        Of the normal prior of mu; precision 0 is the flat prior.
    """

    yi: np.ndarray
    vi: np.ndarray
    prior: str
    scale: float
    mu_mean: float = 0.0
    mu_precision: float = 0.0

    @property
    def tail(self):
        """Power with which the posterior density of tau falls far out; infinite under a half-normal prior."""
        return math.inf if self.prior == "half-normal" else 2.0 + len(self.yi) - (self.mu_precision == 0)

    def log_prior(self, tau):
        """Logarithm of the prior density of tau."""
        ratio = tau / self.scale
        if self.prior == "half-normal":
            return 0.5 * math.log(2 / math.pi) - math.log(self.scale) - 0.5 * ratio * ratio
        return math.log(2 / math.pi / self.scale) - 2 * np.log(np.hypot(1.0, ratio))

    def prior_slope(self, tau):
        """Derivative of `log_prior`."""
        if self.prior == "half-normal":
            return -tau / self.scale**2
        return -2 * tau / (self.scale**2 + tau * tau)

    def given(self, tau):
        """Mean and variance of mu given each tau, and the logarithm of the likelihood of tau.

        With a flat prior the likelihood is that of a prior density of 1.
        """
        pieces = math.ceil(len(tau) * len(self.yi) / _NUMBERS)
        if pieces <= 1:
            return self._given(tau)
        parts = [self._given(part) for part in np.array_split(tau, pieces)]
        return tuple(np.concatenate(values) for values in zip(*parts, strict=True))

    def _given(self, tau):
        variance = self.vi + (tau * tau)[:, None]
        w = 1 / variance
        total = w.sum(axis=1) + self.mu_precision
        mean = (w @ self.yi + self.mu_precision * self.mu_mean) / total
        squares = (w * (self.yi - mean[:, None]) ** 2).sum(axis=1) + self.mu_precision * (mean - self.mu_mean) ** 2
        log_likelihood = -0.5 * (np.log(2 * math.pi * variance).sum(axis=1) + squares + np.log(total))
        constant = 0.5 * math.log(2 * math.pi if self.mu_precision == 0 else self.mu_precision)
        return mean, 1 / total, log_likelihood + constant

    def log_density(self, tau):
        """Logarithm of prior times likelihood at each tau, not normalised."""
        return self.log_prior(tau) + self.given(tau)[2]

    def slope(self, tau, *, joint):
        """Derivative in tau of the logarithm of the marginal posterior of tau, or of the joint one along its ridge in mu."""
        w = 1 / (self.vi + tau * tau)
        total = w.sum() + self.mu_precision
        mean = (w.dot(self.yi) + self.mu_precision * self.mu_mean) / total
        likelihood = tau * (np.sum(w * w * (self.yi - mean) ** 2) - w.sum())
        return likelihood + self.prior_slope(tau) + (0.0 if joint else tau * w.dot(w) / total)


@dataclass(frozen=True)
class TauPosterior:
    """The posterior of tau, and nodes over which anything else can be averaged.

    Attributes
    ----------
    model : TauModel
    tau, weight : ndarray, shape (nodes,)
        Values of tau and the posterior probability that each stands for, in sum 1.
    log_total : float
        Logarithm of the integral of prior times likelihood.
    """

    model: TauModel
    tau: np.ndarray
    weight: np.ndarray
    log_total: float
    _unit: float = field(repr=False)
    _edges: np.ndarray = field(repr=False)
    _below: np.ndarray = field(repr=False)

    def density(self, tau):
        """Posterior density at each tau; 0 below 0."""
        tau = np.atleast_1d(np.asarray(tau, float))
        return np.where(tau < 0, 0.0, np.exp(self.model.log_density(np.abs(tau)) - self.log_total))

    def cdf(self, tau):
        """Posterior probability of a smaller tau, for one tau."""
        u = math.asinh(max(tau, 0.0) / self._unit)
        panel = int(np.clip(np.searchsorted(self._edges, u) - 1, 0, len(self._edges) - 2))
        start, stop = self._edges[panel], min(u, self._edges[-1])
        if stop <= start:
            return float(self._below[panel])
        _, mass = _integrated(self.model, self._unit, np.array([start, stop]), self.log_total)
        return float(self._below[panel] + mass.sum())

    def quantile(self, p):
        """Tau below which the posterior probability is `p`, by Newton steps in u within a panel."""
        panel = int(np.clip(np.searchsorted(self._below, p) - 1, 0, len(self._edges) - 2))
        low, high = self._edges[panel], self._edges[panel + 1]
        share = (p - self._below[panel]) / (self._below[panel + 1] - self._below[panel])
        u = low + (high - low) * min(max(share, 0.0), 1.0)
        for _ in range(_STEPS):
            tau = self._unit * math.sinh(u)
            excess = self.cdf(tau) - p
            low, high = (u, high) if excess < 0 else (low, u)
            rise = self.density(tau)[0] * self._unit * math.cosh(u)
            proposal = u - excess / rise if rise > 0 else (low + high) / 2
            if not low <= proposal <= high:
                proposal = (low + high) / 2
            step, u = abs(proposal - u), proposal
            if step <= 1e-15 * max(1.0, u):
                break
        return self._unit * math.sinh(u)

    def moment(self, power):
        """Mean of a power of tau; infinite where it does not exist."""
        return float(self.weight @ self.tau**power) if power < self.model.tail - 1 else math.inf

    def mode(self):
        """Where the marginal posterior density is highest."""
        return self._highest(joint=False)

    def joint_mode(self):
        """``(mu, tau)`` where the joint posterior density is highest."""
        tau = self._highest(joint=True)
        return float(self.model.given(np.array([tau]))[0][0]), tau

    def _highest(self, *, joint):
        scan = self._unit * np.sinh(np.linspace(self._edges[0], self._edges[-1], _SCAN))
        mean, variance, likelihood = self.model.given(scan)
        height = self.model.log_prior(scan) + likelihood - (0.5 * np.log(variance) if joint else 0.0)
        best = int(np.argmax(height))
        low, high = scan[max(best - 1, 0)], scan[min(best + 1, _SCAN - 1)]
        low = max(low, 1e-9 * high)
        slopes = [self.model.slope(tau, joint=joint) for tau in (low, high)]
        if slopes[0] <= 0:
            return 0.0 if best <= 1 else float(low)
        return float(brentq(lambda tau: self.model.slope(tau, joint=joint), low, high, xtol=1e-15 * high, rtol=1e-14))

    def central_interval(self, level):
        """Limits with equal tails."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def shortest_interval(self, level):
        """Limits of the shortest interval: from 0 where the density falls, else with equal densities at both limits."""

        def unequal(tail):
            low, high = self.density([self.quantile(tail), self.quantile(tail + level)])
            return low - high

        first = self.quantile(level)
        at_zero, at_first = self.density([0.0, first])
        if at_zero >= at_first:
            return 0.0, first
        low, high = self._equal_densities(*self.central_interval(level), level)
        if math.isfinite(low + high):
            return low, high
        tail = brentq(unequal, 0.0, (1 - level) * (1 - 1e-6), xtol=1e-14)
        return self.quantile(tail), self.quantile(tail + level)

    def _equal_densities(self, low, high, level):
        """Newton steps on the level and on equal densities at both limits; NaN where they do not settle."""
        for _ in range(_STEPS):
            at_low, at_high = self.density([low, high])
            up, down = at_low * self.model.slope(low, joint=False), at_high * self.model.slope(high, joint=False)
            excess, unequal, determinant = self.cdf(high) - self.cdf(low) - level, at_high - at_low, at_high * up - at_low * down
            if not determinant > 0:
                break
            step_low, step_high = (down * excess - at_high * unequal) / determinant, (up * excess - at_low * unequal) / determinant
            low, high = low - step_low, high - step_high
            if not 0 < low < high:
                break
            if abs(step_low) + abs(step_high) <= 1e-13 * high:
                return low, high
        return math.nan, math.nan


def tau_posterior(model):
    """Posterior of tau.

    Parameters
    ----------
    model : TauModel

    Returns
    -------
    TauPosterior

    Examples
    --------
    >>> import numpy as np
    >>> posterior = tau_posterior(TauModel(np.array([0.1]), np.array([0.04]), "half-normal", 0.5))
    >>> round(posterior.moment(1), 9)  # one study tells nothing of tau: the mean of its prior
    0.39894228
    """
    unit = float(min(math.sqrt(model.vi.min()), model.scale))
    edges = np.linspace(*_stretch(model, unit), _PANELS + 1)
    at_nodes = _integrated(model, unit, edges, 0.0, logarithm=True)
    highest = at_nodes[1].max()
    mass = np.exp(at_nodes[1] - highest)
    total = mass.sum()
    below = np.concatenate([[0.0], np.cumsum(mass.reshape(_PANELS, -1).sum(axis=1))]) / total
    share = mass * at_nodes[0] ** _highest_moment(model)
    kept = (mass > _DROPPED * total) | (share > _DROPPED * share.sum())
    tau, weight = at_nodes[0][kept], mass[kept] / total
    for array in (tau, weight):
        array.setflags(write=False)
    return TauPosterior(model, tau, weight, float(highest + math.log(total)), unit, edges, below)


def _integrated(model, unit, edges, log_total, *, logarithm=False):
    """Nodes of tau in the panels between the edges of u, and the mass of each, or its logarithm."""
    half = np.diff(edges) / 2
    u = ((edges[:-1] + half)[:, None] + half[:, None] * _NODES).ravel()
    tau = unit * np.sinh(u)
    log_mass = model.log_density(tau) - log_total + np.log(unit * np.cosh(u)) + np.log((half[:, None] * _NODE_WEIGHTS).ravel())
    return tau, log_mass if logarithm else np.exp(log_mass)


def _highest_moment(model):
    """The second moment of tau, or the first, or none: the highest that exists."""
    return 2 if model.tail > 3 else 1 if model.tail > 2 else 0


def _stretch(model, unit):
    """Where in u the posterior, and its second moment where there is one, are not negligible."""
    moment = _highest_moment(model)

    def heights(u):
        tau = unit * np.sinh(u)
        density = model.log_density(tau) + np.log(np.cosh(u))
        return density, density + moment * np.log(np.maximum(tau, 1e-300))

    low, high = 0.0, 4.0
    while high < _FARTHEST and any(height[-1] > height.max() - _NEGLIGIBLE for height in heights(np.linspace(0.0, high, _SCAN))):
        high *= 1.5
    high = min(high, _FARTHEST)
    for _ in range(4):
        u = np.linspace(low, high, _SCAN)
        inside = np.flatnonzero(np.any([height > height.max() - _NEGLIGIBLE for height in heights(u)], axis=0))
        low, high = u[max(inside[0] - 1, 0)], u[min(inside[-1] + 1, _SCAN - 1)]
    return low, high
