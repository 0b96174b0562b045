"""Printed numbers with the range each may have had.

Examples
--------
>>> read_number("0·78").range
Range(low=0.775, high=0.785)
>>> read_p("<0.001").range, read_p("n.s.").range
(Range(low=0.0, high=0.001), Range(low=0.05, high=1.0))
>>> share = read_share("22/56 (39%)")
>>> share.count.value, share.n, share.percent.text
(22.0, 56.0, '39%')
"""

import math
import re
from dataclasses import dataclass

from ipdrecon.audit.ranges import Range
from ipdrecon.errors import ReportedError
from ipdrecon.survival.reported import NOT_SIGNIFICANT, one_number, parse_printed

_P_BEFORE = re.compile(r"^p\s*(?=[=<>≤≥])", re.IGNORECASE)
_SHARE = re.compile(r"^(?P<count>\d[\d ,.']*)(?:\s*(?:/|of)\s*(?P<n>\d[\d ,.']*))?\s*(?:[(\[]\s*(?P<percent>\d+(?:[.,·]\d+)?\s*%?)\s*[)\]])?$")
_PERCENT = re.compile(r"^\d+(?:[.,·]\d+)?\s*%$")
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Number:
    """A printed number.

    Attributes
    ----------
    text : str
        As printed.
    value : float
        Infinite for "not reached".
    range : Range
        What it may have been.
    bound : {"", "<", ">"}
    """

    text: str
    value: float
    range: Range
    bound: str = ""


@dataclass(frozen=True)
class Share:
    """A count of patients as tables print it, with what stands beside it.

    Attributes
    ----------
    count : Number or None
    n : float or None
        Of how many.
    percent : Number or None
        Range as a share of 1.
    """

    count: Number | None = None
    n: float | None = None
    percent: Number | None = None


def _number(text, printed, *, unit=1.0, is_count=False):
    value = printed.value / unit
    if math.isinf(value):
        return Number(text, value, Range(value, value), printed.bound)
    span = Range.exactly(value) if is_count and value % 1 == 0 else Range.rounded(value, printed.half_unit / unit)
    if printed.bound:
        span = Range(-math.inf, value) if printed.bound == "<" else Range(value, math.inf)
    return Number(text, value, span, printed.bound)


def read_number(text, *, is_count=False, unit=1.0):
    """Read a printed number.

    Parameters
    ----------
    text : str
    is_count : bool
        Counts are exact, where they are whole, and neither infinite nor below 0.
    unit : float
        What the printed number is divided by: 100 where it is in percent.

    Returns
    -------
    Number or None
        None for an empty cell.

    Raises
    ------
    ReportedError
        Where the text is no number.
    """
    printed = parse_printed(text, is_count=is_count)
    if is_count and (math.isinf(printed.value) or printed.value < 0):
        raise ReportedError(f"{text!r} is no count; expected a number such as 56.")
    return None if math.isnan(printed.value) else _number(text.strip(), printed, unit=unit, is_count=is_count)


def read_with_interval(text, *, unit=1.0):
    """Read a number printed with its interval, as ``0.72 (0.58-0.89)``.

    Parameters
    ----------
    text : str
    unit : float
        What the printed numbers are divided by.

    Returns
    -------
    tuple of (Number or None)
        The number and its limits.
    """
    printed = parse_printed(text)
    limits = [None, None]
    if not (math.isnan(printed.ci_low) or math.isnan(printed.ci_high)):
        digits = re.findall(r"\d[\d.,·]*|NR|NE|not reached|not estimable|∞", re.split(r"[(\[]", text, maxsplit=1)[-1], re.IGNORECASE)[-2:]
        limits = [read_number(digit.strip(".,"), unit=unit) for digit in digits]
    return (None if math.isnan(printed.value) else _number(text.strip(), printed, unit=unit), *limits)


def read_p(text):
    """Read a printed p.

    Parameters
    ----------
    text : str
        ``0.03``, ``p = 0.03``, ``<0.001``, ``n.s.`` (then it is above 0.05).

    Returns
    -------
    Number or None
        Its range is within [0, 1], but for a p printed as less than 0 or more than 1.
    """
    text = one_number(text)
    if NOT_SIGNIFICANT.fullmatch(text):
        return Number(text, math.nan, Range(SIGNIFICANT, 1.0), ">")
    found = read_number(_P_BEFORE.sub("", text))
    if found is None or not 0 <= found.value <= 1:
        return found
    return Number(text.strip(), found.value, found.range.clipped(0.0, 1.0), found.bound)


def read_share(text):
    """Read a count of patients: ``22``, ``22/56``, ``22 (39%)``, ``22/56 (39%)`` or ``39%``.

    Parameters
    ----------
    text : str

    Returns
    -------
    Share
        Empty for an empty cell.

    Raises
    ------
    ReportedError
        Where the text is nothing of the kind.
    """
    clean = one_number(text)
    if _PERCENT.match(clean):
        return Share(percent=read_number(clean, unit=100.0))
    match = _SHARE.match(clean)
    if match is None:
        return Share(read_number(clean, is_count=True))
    n = read_number(match["n"], is_count=True) if match["n"] else None
    percent = read_number(match["percent"], unit=100.0) if match["percent"] else None
    return Share(read_number(match["count"].strip(), is_count=True), n and n.value, percent)
