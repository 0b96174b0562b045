"""The distribution of a generalised Q, and the interval of tau2 that it gives.

``Q_a = sum(a (y - fitted)²)`` with fixed weights `a` is a sum of chi-squared variables weighted by the eigenvalues of
``S P_a``, ``S = diag(vi + tau2)`` (Biggerstaff and Jackson 2008, Stat Med 27:6093; Jackson 2013, Res Synth Methods 4:220,
section 3; with moderators Jackson et al. 2014, BMC Med Res Methodol 14:103). Its distribution function is the inverse
Laplace transform of ``det(I + 2 z S P_a)^(-1/2) / z``, taken along a parabola through the saddlepoint, where the
trapezoidal rule converges exponentially (Trefethen and Weideman 2014, SIAM Review 56:385). The determinant is
``prod(1 + 2 z a v) det(X'A(z)X) / det(X'A X)``, ``a(z) = a / (1 + 2 z a v)``, so no eigenvalues are needed.
"""

import numpy as np
from scipy.optimize import brentq

from metaanalysis.errors import MetaAnalysisError

_STEP = 0.06
_NEGLIGIBLE = 45.0  # exp(-45) is nothing beside 1
_DIFFERENCE = 1e-2
_BENDS = 1e-3, 1 / 3
_MOST_DOUBLINGS = 200


def _transform(studies, weights, tau2):
    """Logarithm of ``det(I + 2 z S P_a)^(-1/2)``, from places z of shape (n,)."""
    heavy = weights * (studies.vi + tau2)
    constant = np.log(studies.gram_eigenvalues(weights[None])).sum()

    def log_transform(z):
        factors = 1 + 2 * z[:, None] * heavy
        grams = np.log(studies.gram_eigenvalues(weights / factors)).sum(axis=1)
        return -(np.log(factors).sum(axis=1) + grams - constant) / 2

    return log_transform


def chance_below(studies, weights, q, tau2):
    """Probability that the generalised Q falls below `q`.

    Parameters
    ----------
    studies : Mean or Linear
    weights : ndarray, shape (k,)
        `a`.
    q : float
        Above 0.
    tau2 : float
        Variance between studies.

    Returns
    -------
    float

    Examples
    --------
    >>> from metaanalysis.designs import studies_around
    >>> equal = studies_around(np.arange(3.0), np.ones(3))
    >>> round(chance_below(equal, np.ones(3), 2.0, 0.0), 10)  # chi-squared, 2 df: 1 - exp(-1)
    0.6321205588
    """
    log_transform = _transform(studies, weights, tau2)

    def around(z):
        """The transform's logarithm at and beside z, on the real axis."""
        return log_transform(z * (1 + _DIFFERENCE * np.arange(-2, 3))).real

    def slope(z):
        """Of the whole integrand's logarithm, times z: 0 at the saddlepoint."""
        beside = around(z)
        return z * q - 1 + (beside[3] - beside[1]) / (2 * _DIFFERENCE)

    saddle = brentq(slope, 0.5 / q, (2 + studies.df / 2) / q, xtol=1e-300, rtol=1e-3)
    beside = around(saddle)
    second = (beside[3] - 2 * beside[2] + beside[1]) / _DIFFERENCE**2
    third = (beside[4] - 2 * beside[3] + 2 * beside[1] - beside[0]) / (2 * _DIFFERENCE**3)
    # towards the singularities, so that exp(z q) falls; far in the tails the derivatives are lost in rounding
    bend = -np.clip(-third / (6 * second) if second > 0 else 0.0, *_BENDS) / saddle
    reach = np.arcsinh((_NEGLIGIBLE / (q * -bend)) ** 0.5 / saddle)
    t = np.arange(_STEP / 2, reach, _STEP)
    height, growth = saddle * np.sinh(t), saddle * np.cosh(t)
    z = saddle + 1j * height + bend * height**2
    terms = np.exp(z * q + log_transform(z)) / z * (1j + 2 * bend * height) * growth
    return float(terms.imag.sum() * _STEP / np.pi)


def first_crossing(function, start, scale):
    """Where a falling function comes to 0.

    Parameters
    ----------
    function : callable
        Above 0 at `start`.
    start : float
    scale : float
        First step; the next ones double until the crossing is passed.

    Returns
    -------
    float
    """
    low, step = start, scale
    for _ in range(_MOST_DOUBLINGS):
        high = low + step
        if function(high) <= 0:
            return float(brentq(function, low, high, xtol=1e-300, rtol=1e-12, maxiter=1000))
        low, step = high, 2 * step
    raise MetaAnalysisError(f"No limit of tau2 was found below {high:g}; check yi and vi for impossible values.")


def generalised_q_interval(studies, weights, level):
    """Interval of tau2: the values under which the observed generalised Q lies in neither tail.

    Parameters
    ----------
    studies : Mean or Linear
    weights : ndarray, shape (k,)
    level : float

    Returns
    -------
    tuple of float
    """
    q, tail = float(studies.weighted_squares(weights)), (1 - level) / 2
    if q <= 0:
        return 0.0, 0.0

    def limit(chance):
        if chance_below(studies, weights, q, 0.0) <= chance:
            return 0.0
        return first_crossing(lambda tau2: chance_below(studies, weights, q, tau2) - chance, 0.0, studies.vi.mean())

    return limit(1 - tail), limit(tail)
