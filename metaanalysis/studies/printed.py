"""Numbers as papers and spreadsheets print them."""

import math
import re

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.spreadsheet import ALIKE, squeezed

_MISSING = {"", "na", "n/a", "n.a.", "nan", "nr", "ne", "none", "null", "-", "–", "—", ".", "#n/a"}
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}([ ,\u00a0\u202f]\d{3})+")
_LEVEL = re.compile(r"(\d+(?:\.\d+)?)\s*%\s*(?:-?\s*(?:CI|KI|IC|CrI))?\s*[:,=]?", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\d.])-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def is_missing(value):
    """Whether a cell is empty, or says that its number is not reported or not reached."""
    if value is None or isinstance(value, float) and math.isnan(value):
        return True
    return isinstance(value, str) and value.strip().casefold() in _MISSING


def _unified(text):
    """Decimal points, plain minus signs, and a word between the limits of a range."""
    text = squeezed(text).translate(ALIKE)
    text = re.sub(r"(?<=\d)\s*[–—]\s*(?=[-\d.])", " to ", text).replace("–", "-").replace("—", "-")
    if not re.search(r"\d\.\d|(?<!\d)\.\d", text):
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    return text


def parse_number(value, *, whole=False):
    """Read one number.

    Parameters
    ----------
    value : str or float
        Decimal point, comma or mid-dot; spaces or, in whole numbers, commas between thousands.
    whole : bool
        Whether a comma before three digits parts thousands (``1,234`` patients) and is no decimal comma.

    Returns
    -------
    float
        NaN for an empty cell, ``NR``, ``NE``, ``NA`` or a dash.

    Raises
    ------
    MetaAnalysisError
        Where the text is no number.

    Examples
    --------
    >>> parse_number("0·72"), parse_number("0,72"), parse_number("1,234", whole=True)
    (0.72, 0.72, 1234.0)
    """
    if is_missing(value):
        return math.nan
    if not isinstance(value, str):
        return float(value)
    text = squeezed(value).translate(ALIKE).replace("–", "-")
    if _THOUSANDS.fullmatch(text) and (whole or "," not in text):
        text = re.sub(r"[ ,\u00a0\u202f]", "", text)
    found = _NUMBER.fullmatch(_unified(text).removeprefix("+"))
    if not found:
        raise MetaAnalysisError(f"{value!r} is no number")
    return float(found.group())


def parse_interval(value):
    """Read an estimate with its interval, or the estimate alone.

    Parameters
    ----------
    value : str or float
        ``0.72 (0.58-0.89)``, ``0,72 [0,58; 0,89]``, ``0·72 (95% CI 0·58 to 0·89)``, ``0.72``.

    Returns
    -------
    estimate, low, high, level : float
        NaN where not printed; `level` as a proportion.

    Raises
    ------
    MetaAnalysisError
        Where the text holds neither one number nor three.

    Examples
    --------
    >>> parse_interval("0·72 (95% CI 0·58–0·89)")
    (0.72, 0.58, 0.89, 0.95)
    """
    if is_missing(value):
        return math.nan, math.nan, math.nan, math.nan
    if not isinstance(value, str):
        return float(value), math.nan, math.nan, math.nan
    text = _unified(value)
    if text[:1] in "<>≤≥":
        raise MetaAnalysisError(f"{value!r} is a bound; expected an estimate")
    level = _LEVEL.search(text)
    numbers = [float(number) for number in _NUMBER.findall(_LEVEL.sub(" ", text))]
    level = float(level.group(1)) / 100 if level else math.nan
    if len(numbers) == 1:
        return numbers[0], math.nan, math.nan, level
    if len(numbers) == 3:
        return *numbers, level
    raise MetaAnalysisError(f"{value!r} holds {len(numbers)} numbers")


def parse_p(value):
    """Read a p-value.

    Parameters
    ----------
    value : str or float
        ``0.013``, ``p = 0,013``, ``.2``.

    Returns
    -------
    float
        NaN for an empty cell.

    Raises
    ------
    MetaAnalysisError
        For a bound such as ``<0.001`` or ``n.s.``: it does not tell the standard error.

    Examples
    --------
    >>> parse_p("P = 0·013")
    0.013
    """
    if is_missing(value):
        return math.nan
    text = re.sub(r"^\s*p(?:[- ]?value)?\s*[=:]?\s*(?=[<>≤≥=\d.,·])", "", squeezed(value), flags=re.IGNORECASE)
    if text[:1] in "<>≤≥" or text.casefold().replace(".", "") == "ns":
        raise MetaAnalysisError(f"p is {value!r}, a bound; it does not tell the standard error: give the exact p, or another number the paper prints.")
    p = parse_number(text)
    if not 0 < p < 1:
        raise MetaAnalysisError(f"p is {value!r}; expected an exact p between 0 and 1.")
    return p


def parse_allocation(value):
    """Read a randomisation ratio.

    Parameters
    ----------
    value : str or float
        ``2:1``, treatment first, or the ratio as a number.

    Returns
    -------
    float
        Patients of the treatment arm for each of the reference arm.

    Examples
    --------
    >>> parse_allocation("2:1"), parse_allocation(1)
    (2.0, 1.0)
    """
    parts = [parse_number(part) for part in str(value).split(":")] if not isinstance(value, float | int) else [float(value)]
    ratio = parts[0] / parts[1] if len(parts) == 2 and parts[1] > 0 else parts[0]
    if len(parts) > 2 or not (math.isfinite(ratio) and ratio > 0):
        raise MetaAnalysisError(f"The allocation is {value!r}; expected a ratio of patients such as 2:1, the treatment arm first.")
    return ratio
