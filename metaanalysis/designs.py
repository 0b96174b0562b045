"""Studies around a mean, or around a line of moderators: what every estimator of tau2 needs to know of them.

Notation: ``w = 1 / (vi + tau2)``, ``X`` the design, ``P = W - W X (X'W X)⁻¹ X'W``, so that ``P y = w (y - fitted)`` and
``Q = y'P y``. `Mean` is the design of a single column of ones, written out for speed and for precision.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moments:
    """Quadratic forms and traces at one tau2, for the likelihood's slopes."""

    ypy: float
    yppy: float
    ypppy: float
    trace_w: float
    trace_ww: float
    trace_p: float
    trace_pp: float


@dataclass(frozen=True)
class Mean:
    """Studies around one mean.

    Attributes
    ----------
    yi : ndarray, shape (k,)
        Effects from the heaviest study's, so that its own residual is not lost in rounding.
    vi : ndarray, shape (k,)
    """

    yi: np.ndarray
    vi: np.ndarray
    n_coefficients = 1

    @classmethod
    def of(cls, yi, vi):
        """From effects and variances."""
        return cls(yi - yi[vi.argmin()], vi)

    @property
    def df(self):
        """Studies beyond the coefficients."""
        return len(self.yi) - 1

    def _residual(self, w):
        return self.yi - w.dot(self.yi) / w.sum()

    def quadratic(self, tau2):
        """``y'P y`` and ``y'P P y``."""
        w = 1 / (self.vi + tau2)
        residual = self._residual(w)
        py = w * residual
        return py.dot(residual), py.dot(py)

    def moments(self, tau2):
        """All `Moments` at `tau2`."""
        w = 1 / (self.vi + tau2)
        w2 = w * w
        total, total2 = w.sum(), w2.sum()
        residual = self._residual(w)
        py = w * residual
        return Moments(
            ypy=py.dot(residual),
            yppy=py.dot(py),
            ypppy=w.dot(py * py) - w.dot(py) ** 2 / total,
            trace_w=total,
            trace_ww=total2,
            trace_p=_trace_p(w, total),
            trace_pp=total2 - 2 * w2.dot(w) / total + (total2 / total) ** 2,
        )

    def log_likelihood(self, tau2, restricted):
        """Log likelihood up to a constant, at each of `tau2` (shape (n,))."""
        variance = self.vi + tau2[:, None]
        w = 1 / variance
        total = w.sum(axis=1)
        residual = self.yi - (w @ self.yi / total)[:, None]
        log_likelihood = -0.5 * (np.log(variance).sum(axis=1) + (w * residual**2).sum(axis=1))
        return log_likelihood - 0.5 * np.log(total) if restricted else log_likelihood

    def ordinary(self):
        """Residual sum of squares of the unweighted fit, and its expectation without any tau2."""
        k = len(self.yi)
        return float(np.var(self.yi) * k), float(self.vi.mean() * (k - 1))

    def weighted_squares(self, weights):
        """``sum(a (y - fitted)²)`` of the fit with the weights `a`."""
        return weights.dot(self._residual(weights) ** 2)

    def gram_eigenvalues(self, weights):
        """Eigenvalues of ``X'A X``, shape (n, 1), for n rows of (complex) weights."""
        return weights.sum(axis=1, keepdims=True)


def _trace_p(w, total):
    """``sum(w) - sum(w²) / sum(w)``, without cancellation where one study outweighs all others."""
    rest = total - w
    heaviest = w.argmax()
    rest[heaviest] = w[:heaviest].sum() + w[heaviest + 1 :].sum()
    return w.dot(rest) / total


@dataclass(frozen=True)
class Linear:
    """Studies around a linear predictor.

    Attributes
    ----------
    yi, vi : ndarray, shape (k,)
    basis : ndarray, shape (k, p)
        Columns that span the design, orthonormal under the weights ``1 / vi``.
    """

    yi: np.ndarray
    vi: np.ndarray
    basis: np.ndarray

    @classmethod
    def of(cls, yi, vi, design):
        """From effects, variances and a design of full column rank, shape (k, p)."""
        root = np.sqrt(vi)[:, None]
        return cls(yi - yi[vi.argmin()], vi, np.linalg.qr(design / root)[0] * root)

    @property
    def n_coefficients(self):
        """Columns of the design."""
        return self.basis.shape[1]

    @property
    def df(self):
        """Studies beyond the coefficients."""
        return len(self.yi) - self.n_coefficients

    def _gram(self, weights):
        return self.basis.T @ (weights[:, None] * self.basis)

    def _residual(self, weights):
        return self.yi - self.basis @ np.linalg.solve(self._gram(weights), self.basis.T @ (weights * self.yi))

    def quadratic(self, tau2):
        """``y'P y`` and ``y'P P y``."""
        w = 1 / (self.vi + tau2)
        residual = self._residual(w)
        py = w * residual
        return py.dot(residual), py.dot(py)

    def moments(self, tau2):
        """All `Moments` at `tau2`."""
        w = 1 / (self.vi + tau2)
        w2 = w * w
        inverse = np.linalg.inv(self._gram(w))
        residual = self.yi - self.basis @ (inverse @ (self.basis.T @ (w * self.yi)))
        py = w * residual
        projected = self.basis.T @ (w * py)
        squared, cubed = inverse @ self._gram(w2), inverse @ self._gram(w2 * w)
        return Moments(
            ypy=py.dot(residual),
            yppy=py.dot(py),
            ypppy=w.dot(py * py) - projected @ inverse @ projected,
            trace_w=w.sum(),
            trace_ww=w2.sum(),
            trace_p=w.sum() - np.trace(squared),
            trace_pp=w2.sum() - 2 * np.trace(cubed) + np.sum(squared * squared.T),
        )

    def log_likelihood(self, tau2, restricted):
        """Log likelihood up to a constant, at each of `tau2` (shape (n,))."""
        variance = self.vi + tau2[:, None]
        w = 1 / variance
        grams = (self.basis.T * w[:, None, :]) @ self.basis
        coefficients = np.linalg.solve(grams, ((w * self.yi) @ self.basis)[:, :, None])[:, :, 0]
        residual = self.yi - coefficients @ self.basis.T
        log_likelihood = -0.5 * (np.log(variance).sum(axis=1) + (w * residual**2).sum(axis=1))
        return log_likelihood - 0.5 * np.linalg.slogdet(grams)[1] if restricted else log_likelihood

    def ordinary(self):
        """Residual sum of squares of the unweighted fit, and its expectation without any tau2."""
        ones = np.ones_like(self.vi)
        leverage = np.einsum("ij,ji->i", self.basis, np.linalg.solve(self._gram(ones), self.basis.T))
        return float(np.sum(self._residual(ones) ** 2)), float(self.vi.dot(1 - leverage))

    def weighted_squares(self, weights):
        """``sum(a (y - fitted)²)`` of the fit with the weights `a`."""
        return weights.dot(self._residual(weights) ** 2)

    def gram_eigenvalues(self, weights):
        """Eigenvalues of ``X'A X``, shape (n, p), for n rows of (complex) weights."""
        return np.linalg.eigvals((self.basis.T * weights[:, None, :]) @ self.basis)


def studies_around(yi, vi, design=None):
    """Give the studies around their mean, or around the columns of `design`.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    design : ndarray, shape (k, p), optional
        Of full column rank.

    Returns
    -------
    Mean or Linear

    Examples
    --------
    >>> float(studies_around(np.array([0.0, 2.0]), np.ones(2)).moments(1.0).ypy)
    1.0
    """
    return Mean.of(yi, vi) if design is None else Linear.of(yi, vi, design)
