"""How a forest plot prints its numbers: one place for every format, so that text and drawing tell the same."""

import math
import re
from dataclasses import dataclass

import numpy as np

from metaanalysis.pictures.forest_look import ForestLook, look_of

_MANY = 1e6
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STEPS_PER_INTERVAL = 5
_NOTHING = "–"


def raised(power):
    """A whole number as an exponent: ``⁻³``."""
    return f"{power:d}".translate(_RAISED)


def _powered(text):
    """``9e-05`` as ``9×10⁻⁵``; other texts as they are."""
    digits, e, power = text.partition("e")
    return f"{digits}×10{raised(int(power))}" if e else text


def usual_decimals(pooled):
    """Decimals of effects: 2 for ratios and 3 for differences, more where most intervals are too narrow to be told in them.

    Parameters
    ----------
    pooled : PooledEstimate

    Returns
    -------
    int
        At most 2 more than usual.
    """
    least, width = 2 if pooled.is_ratio else 3, 4 * float(np.median(np.sqrt(pooled.vi)))
    return min(max(math.ceil(-math.log10(width / _STEPS_PER_INTERVAL)), least), least + 2)


@dataclass(frozen=True)
class Numbers:
    """Formats numbers in a look.

    Attributes
    ----------
    look : ForestLook
    is_ratio : bool
        Whether effects are printed as ratios, back from the log scale.
    decimals : int
        Of effects and their limits; the analysis scale has one more for ratios.

    Examples
    --------
    >>> from metaanalysis.pictures.forest_look import look_of
    >>> Numbers(look_of("lancet"), True, 2).effect(math.log(0.72), math.log(0.58), math.log(0.89))
    '0·72 (0·58–0·89)'
    """

    look: ForestLook
    is_ratio: bool
    decimals: int

    def marked(self, text):
        """With the look's decimal mark, and a minus sign in place of a hyphen."""
        return text.replace("-", "−").replace(".", self.look.decimal_mark)

    def sentence(self, text):
        """A sentence with the look's decimal mark in its numbers."""
        return re.sub(r"(?<=\d)\.(?=\d)", self.look.decimal_mark, text)

    def value(self, value, decimals=2):
        """Fixed decimals; none for large numbers, and no minus sign on a zero."""
        if not math.isfinite(value):
            return _NOTHING
        if abs(value) >= _MANY:
            return self.marked(_powered(f"{value:.1e}"))
        text = f"{value:.{0 if abs(value) >= 100 else decimals}f}"
        return self.marked(text.lstrip("-") if float(text) == 0 else text)

    def back(self, value):
        """A value of the analysis scale on the scale of readers; one digit of a ratio too small for the decimals."""
        if not self.is_ratio or not math.isfinite(value):
            return self.value(value, self.decimals)
        ratio = math.exp(min(value, 700.0))
        return self.marked(_powered(f"{ratio:.1g}")) if ratio < 0.5 * 10.0**-self.decimals else self.value(ratio, self.decimals)

    def analysis(self, value):
        """A value on the analysis scale."""
        return self.value(value, self.decimals + self.is_ratio)

    def interval(self, low, high):
        """``[0.58, 0.89]``, ``(0·58–0·89)``; " to " in differences, where a dash could meet a minus sign."""
        opening, parting, closing = self.look.limits
        if parting in ("-", "–") and not self.is_ratio:
            parting = " to "
        return f"{opening}{self.back(low)}{parting}{self.back(high)}{closing}"

    def effect(self, estimate, low, high):
        """``0.72 [0.58, 0.89]``."""
        return f"{self.back(estimate)} {self.interval(low, high)}"

    def weight(self, weight):
        """Percent with one decimal."""
        return self.marked(f"{weight:.1f}") if math.isfinite(weight) else _NOTHING

    def tau2(self, tau2):
        """Two digits of a small one."""
        return self.marked(_powered(f"{tau2:.2g}")) if 0 < tau2 < 0.095 else self.value(tau2)

    def equal(self, name, text):
        """``Chi² = 3.21``."""
        return f"{name}{self.look.equals}{text}"

    def percent(self, value):
        """A whole number of percent."""
        return f"{self.value(value, 0)}{self.look.percent}%"

    def p(self, p):
        """``P = 0.04``, ``P < .001``, ``p<0·0001``."""
        if not math.isfinite(p):
            return f"{self.look.p_name} not defined"
        least = self.look.p_least
        if p < least:
            return f"{self.look.p_name}{self.look.equals.replace('=', '<')}{self._p_text(f'{least:.{round(-math.log10(least))}f}')}"
        decimals = 2 if p >= 0.01 else 3 if p >= 0.001 else 4
        return self.equal(self.look.p_name, self._p_text(f"{p:.{decimals}f}"))

    def _p_text(self, text):
        return self.marked(text if self.look.p_zero else text.removeprefix("0"))


_PLAIN = Numbers(look_of("cochrane"), True, 2)


def format_value(value, decimals=2):
    """As `Numbers.value`, in the Cochrane look."""
    return _PLAIN.value(value, decimals)


def format_ratio(value):
    """A positive ratio with two decimals, or one digit where it is too small for them."""
    return _PLAIN.back(math.log(value)) if value > 0 else _PLAIN.value(value)


def format_p(p):
    """As `Numbers.p`, in the Cochrane look."""
    return _PLAIN.p(p)
