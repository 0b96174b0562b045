"""What a printed number may have been before it was rounded, and arithmetic with such ranges.

Arithmetic is that of intervals (Moore 1966, *Interval Analysis*, chapter 2): a result holds every number that any choice
within its ranges can give, so that two results which do not touch cannot come from the same numbers.

Examples
--------
>>> hr, low, high = Range.rounded(1.23, 0.005), Range.rounded(0.83, 0.005), Range.rounded(1.82, 0.005)
>>> centre = (low.log() + high.log()).scaled(0.5)
>>> hr.log().gap(centre)
0.0
>>> Range.exactly(4).gap(Range.exactly(5))
1.0
"""

import math
from dataclasses import dataclass

ROUND_OFF = 1e-9
"""Differences of computing, far below any printed digit."""


@dataclass(frozen=True)
class Range:
    """All numbers a printed one may stand for.

    Attributes
    ----------
    low, high : float
    """

    low: float
    high: float

    def __post_init__(self):
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"a range cannot run from {self.low} to {self.high}")

    @classmethod
    def exactly(cls, value):
        """Give the range of a count, which nobody rounds."""
        return cls(float(value), float(value))

    @classmethod
    def rounded(cls, value, half_unit):
        """Give the range of a number rounded to a unit of twice `half_unit`."""
        return cls(value - half_unit, value + half_unit)

    @property
    def is_finite(self):
        """Whether both ends are numbers."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def middle(self):
        """The number halfway."""
        return (self.low + self.high) / 2

    def gap(self, other):
        """Give the distance to another range; 0 where they touch."""
        return max(self.above(other), other.above(self))

    def above(self, other):
        """Give by how much all of this lies above all of another range; 0 where it does not."""
        if self.low <= other.high:
            return 0.0
        apart = self.low - other.high
        return apart if apart > ROUND_OFF else 0.0

    def clipped(self, least, most):
        """Give the part within limits."""
        return Range(min(max(self.low, least), most), max(min(self.high, most), least))

    def log(self):
        """Give the range of natural logarithms; what is not above 0 goes to minus infinity."""
        return Range(*(math.log(end) if end > 0 else -math.inf for end in (self.low, self.high)))

    def size(self):
        """Give the range of absolute values."""
        ends = abs(self.low), abs(self.high)
        return Range(0.0 if self.low <= 0 <= self.high else min(ends), max(ends))

    def complement(self):
        """Give the range of 1 minus this."""
        return Range(1 - self.high, 1 - self.low)

    def scaled(self, factor):
        """Give this times a number above 0."""
        return Range(self.low * factor, self.high * factor)

    def __add__(self, other):
        return Range(self.low + other.low, self.high + other.high)

    def __sub__(self, other):
        return Range(self.low - other.high, self.high - other.low)

    def __truediv__(self, other):
        """Divide ranges without negative numbers; what is divided by 0 is infinite."""
        return Range(_quotient(self.low, other.high), _quotient(self.high, other.low))


def _quotient(numerator, denominator):
    if denominator <= 0:
        return math.inf
    return 0.0 if math.isinf(denominator) else numerator / denominator
