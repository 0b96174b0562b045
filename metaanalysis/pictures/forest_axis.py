"""The axis of a forest plot: its range, its ticks, and where a value falls across the page."""

import math
from dataclasses import dataclass

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pictures.forest_numbers import raised

_TICK_SETS = (
    (0.9, 0.95, 1, 1.05, 1.1), (0.8, 0.9, 1, 1.1, 1.25), (0.5, 0.7, 1, 1.5, 2), (0.2, 0.5, 1, 2, 5), (0.1, 0.2, 0.5, 1, 2, 5, 10),
    (0.05, 0.2, 1, 5, 20), (0.01, 0.1, 1, 10, 100), (0.001, 0.01, 0.1, 1, 10, 100, 1000),
)
_SHARE_INSIDE = 0.85
_BEYOND = 0.04
_SIDE = 0.36


@dataclass(frozen=True)
class ForestAxis:
    """From the analysis scale to points across the page.

    Attributes
    ----------
    left, width : float
        In points.
    ticks : tuple of float
    labels : tuple of str
    low, high : float
        Ends, on the analysis scale.
    """

    left: float
    width: float
    ticks: tuple
    labels: tuple
    low: float
    high: float

    @property
    def right(self):
        """The right end in points."""
        return self.left + self.width

    def to_pt(self, value):
        """Points across the page; values beyond the ends fall on them."""
        value = min(max(value, self.low), self.high)
        return self.left + self.width * (value - self.low) / (self.high - self.low)

    def inside(self, value):
        """Whether a value is between the ends."""
        return self.low <= value <= self.high


def _ratio_ticks(must, should):
    for ticks in _TICK_SETS:
        reach = math.log(ticks[-1]) * (1 + _BEYOND)
        enough = ticks is _TICK_SETS[-1] or np.mean(np.abs(should) <= reach) >= _SHARE_INSIDE
        if np.all(np.abs(must) <= reach) and enough:
            return tuple(math.log(tick) for tick in ticks), tuple(f"{tick:g}" for tick in ticks)
    decades = 2 * math.ceil(float(np.abs(must).max()) / math.log(10) / 2)
    powers = (-decades, -decades // 2, 0, decades // 2, decades)
    return tuple(power * math.log(10) for power in powers), tuple("1" if power == 0 else f"10{raised(power)}" for power in powers)


def _difference_ticks(must, should):
    from matplotlib.ticker import MaxNLocator

    reach = max(np.abs(must).max(), float(np.quantile(np.abs(should), _SHARE_INSIDE)))
    ticks = [float(tick) for tick in MaxNLocator(nbins=6, symmetric=True).tick_values(-reach, reach)]
    return tuple(ticks), tuple(f"{tick:.6g}" for tick in ticks)


def _given_ticks(is_ratio, ticks):
    if len(ticks) < 2 or is_ratio and min(ticks) <= 0:
        raise MetaAnalysisError(f"The ticks are {list(ticks)}; expected two or more{', all positive for a ratio' if is_ratio else ''}: mend them.")
    ticks = sorted({float(tick) for tick in ticks})
    return tuple(math.log(tick) if is_ratio else tick for tick in ticks), tuple(f"{tick:g}" for tick in ticks)


def forest_axis(drawn, *, is_ratio, ticks=None, left=0.0, width=1.0):
    """Choose the axis.

    Parameters
    ----------
    drawn : tuple of ndarray
        What the axis must show, and what it should, on the analysis scale.
    is_ratio : bool
    ticks : sequence of float, optional
        On the scale of ratios; by default the narrowest usual set that shows all of the first and most of the second. The
        axis leaves a third on either side of no effect, so that there is room to say what it favours.
    left, width : float
        In points.

    Returns
    -------
    ForestAxis

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> forest_axis((np.array([-0.1]), np.array([-0.5, 0.3])), is_ratio=True).labels
    ('0.5', '0.7', '1', '1.5', '2')
    """
    if ticks is not None:
        ticks, labels = _given_ticks(is_ratio, ticks)
    else:
        ticks, labels = (_ratio_ticks if is_ratio else _difference_ticks)(*drawn)
    low, high = ticks[0], ticks[-1]
    low, high = min(low, -_SIDE / (1 - _SIDE) * high), max(high, -_SIDE / (1 - _SIDE) * low)
    beyond = _BEYOND * (high - low)
    return ForestAxis(left, width, ticks, labels, low - beyond, high + beyond)
