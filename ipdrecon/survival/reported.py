"""Read `reported.csv`: results with numbers as papers print them.

Examples
--------
>>> parse_printed("0·72 (0·58–0·89)")
Printed(value=0.72, ci_low=0.58, ci_high=0.89, half_unit=0.005, bound='', percent=False)
>>> parse_printed("<0.001").bound
'<'
>>> parse_printed("NR").value
inf
"""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.bounded import TooLarge, read_bounded
from ipdrecon.errors import ReportedError
from metaanalysis.errors import MetaAnalysisError
from metaanalysis.spreadsheet import ALIKE, LONGEST_NUMBER, squeezed, unguarded

QUANTITIES = ("hr", "median", "survival", "events", "n", "n_risk", "logrank_p")
COLUMNS = ("panel", "endpoint", "population", "quantity", "arm", "time", "value", "ci_low", "ci_high", "p", "source")
_COUNTS = ("events", "n", "n_risk")
_NEED_TIME = ("survival", "n_risk")
_PATIENTS = ("", "participants", "patients", "persons", "people", "subjects")
MOST_BYTES, MOST_COLUMNS = 10_000_000, 1000
_MOST_PLACES = 300
_MISSING = ("", "-", "–", "—", "na", "n/a", "nan", "not reported")
_NOT_REACHED = re.compile(r"(nr|ne|not reached|not estimable|not evaluable|inf|∞)\.?", re.IGNORECASE)
NOT_SIGNIFICANT = re.compile(r"(ns|n\.\s?s\.?|not significant|non[- ]significant)", re.IGNORECASE)
_NUMBER = re.compile(r"[<>≤≥=~]?\s*[-+]?(?:\d|[.,](?=\d))[\d.,' ]*(?:[eE][-+]?\d+)?\s*%?")
_UNIT = re.compile(r"\s*(?:days?|weeks?|wks?|months?|mos?|years?|yrs?|patients?|deaths?|events?)\.?$", re.IGNORECASE)
_BRACKET = re.compile(r"^(?P<value>[^(\[]*)[(\[](?P<interval>[^)\]]*)[)\]]$")
_LEVEL = re.compile(r"^\s*(?:(?P<level>\d+(?:\.\d+)?)\s*%\s*-?\s*)?(?:CI|confidence interval)\s*[:,=]?\s*|^\s*(?P<bare>9\d(?:\.\d+)?)\s*%\s*[:,=]?\s+(?=[\d.])", re.IGNORECASE)
_PRINTED_LEVEL = 95.0
_LIMITS = re.compile(r"\s+to\s+|\s*[–—;]\s*|\s+-\s+|(?<=[\d%])-(?=[\d.,<>NnI∞])|,\s+", re.IGNORECASE)
_ALIKE = ALIKE | str.maketrans({"’": "'"})
_FOOTNOTES = "*†‡§¶ "


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Attributes
    ----------
    value : float
        Infinite for "not reached", NaN for an empty cell.
    ci_low, ci_high : float
        Limits printed beside it; NaN where none.
    half_unit : float
        Half a unit of the last printed digit: the rounding error.
    bound : {"", "<", ">"}
        Whether the number is a bound.
    percent : bool
        Whether a percent sign is printed; the value is as printed.
    """

    value: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    half_unit: float = 0.0
    bound: str = ""
    percent: bool = False


@dataclass(frozen=True)
class ReportedNumber:
    """One row of `reported.csv`.

    Attributes
    ----------
    quantity : {"hr", "median", "survival", "events", "n", "n_risk", "logrank_p"}
    arm, reference : str
        For `hr`, treatment and reference; empty where not given.
    value, ci_low, ci_high : float
        Survival as a probability; infinite where not reached, NaN where not given.
    half_unit : float
        Rounding error of `value`.
    bound : {"", "<", ">"}
    time : float
        NaN where the quantity has none.
    p : float
        NaN where not given.
    p_bound : {"", "<", ">"}
    p_text : str
        As printed: ``0.012``, ``<0.01``, ``n.s.``
    n : float
        Patients the number is of, from the column ``n``; NaN where not given.
    percent : str
        Share printed beside a count.
    unit : str
        What a count counts, or the unit of time: ``participants``, ``adverse events``, ``months``.
    panel, endpoint, population, source : str
    line : int
        In the file.
    """

    quantity: str
    arm: str = ""
    reference: str = ""
    value: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    half_unit: float = 0.0
    bound: str = ""
    time: float = math.nan
    p: float = math.nan
    p_bound: str = ""
    p_text: str = ""
    n: float = math.nan
    percent: str = ""
    unit: str = ""
    panel: str = ""
    endpoint: str = ""
    population: str = ""
    source: str = ""
    line: int = 0

    @property
    def counts_patients(self):
        """Whether a count is of patients, not of events of which one patient may have several."""
        return self.unit.casefold() in _PATIENTS


def _plain(digits, is_count):
    """Digits with a point for the decimal sign and no thousands separators."""
    digits = digits.replace(" ", "").replace("'", "")
    marks = [mark for mark in digits if mark in ".,"]
    grouped = re.fullmatch(r"[-+]?[1-9]\d{0,2}(?:[.,]\d{3})+", digits) is not None
    if len(set(marks)) == 2:
        decimal = marks[-1]
        digits = digits.replace("," if decimal == "." else ".", "")
    elif grouped and (is_count or len(marks) > 1):
        digits, decimal = digits.replace(",", "").replace(".", ""), "."
    else:
        decimal = marks[0] if marks else "."
    return digits.replace(decimal, ".")


def _single(text, is_count):
    """Parse one number without an interval."""
    text = text.strip()
    if text.lower() in _MISSING:
        return Printed(math.nan)
    if _NOT_REACHED.fullmatch(text):
        return Printed(math.inf)
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    bound = {"<": "<", "≤": "<", ">": ">", "≥": ">"}.get(text[0], "")
    digits = _plain(text.lstrip("<>≤≥=~ ").rstrip("% "), is_count)
    value = float(digits)
    mantissa = re.split("[eE]", digits)
    places = len(mantissa[0].partition(".")[2]) - (int(mantissa[1]) if len(mantissa) > 1 else 0)
    return Printed(value, half_unit=_half_unit(places), bound=bound, percent=text.endswith("%"))


def _half_unit(places):
    """Half a unit of the last of so many decimal places."""
    if abs(places) > _MOST_PLACES:
        raise ValueError(places)
    return 0.5 * 10.0**-places


def _limits(text, is_count):
    head = _LEVEL.match(text.strip())
    level = head and (head["level"] or head["bare"])
    if level and float(level) != _PRINTED_LEVEL:
        raise ReportedError(f"the interval is one of {level} %; expected one of {_PRINTED_LEVEL:g} %: leave it out, or give limits of that level.")
    parts = [part for part in _LIMITS.split(_LEVEL.sub("", text.strip(), count=1)) if part.strip()]
    if len(parts) == 1 and parts[0].count(",") == 1 and "." in parts[0]:
        parts = parts[0].split(",")
    if len(parts) != 2:
        raise ValueError(text)
    return tuple(_single(part, is_count) for part in parts)


def one_number(text):
    """Text of a cell as `metaanalysis.spreadsheet.squeezed` gives it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Raises
    ------
    ReportedError
        Where it is longer than any printed number.
    """
    try:
        return squeezed(text)
    except MetaAnalysisError as error:
        raise ReportedError(str(error)) from error


def parse_printed(text, *, is_count=False):
    """Understand a number as a paper prints it.

    Decimal comma and mid-dot, no zero before them, thousands separators, percent, ``<0.001``, ``NR``, an interval in brackets, a mark of
    a footnote at the end.

    Parameters
    ----------
    text : str
    is_count : bool
        Whether ``1,234`` is a count (1234) rather than a decimal comma (1.234).

    Returns
    -------
    Printed

    Raises
    ------
    ReportedError
        Where the text is no number, or its interval is not one of 95 %.
    """
    clean = one_number(str(text).translate(_ALIKE)).rstrip(_FOOTNOTES)
    try:
        bracket = _BRACKET.match(_UNIT.sub("", clean))
        if bracket is None:
            return _single(_UNIT.sub("", clean), is_count)
        value = _single(_UNIT.sub("", bracket["value"].strip()), is_count)
        low, high = _limits(bracket["interval"], is_count)
    except ValueError as trouble:
        raise ReportedError(f"{text!r} is no printed number; expected one such as 0.72, 0.72 (0.58-0.89), 81%, <0.001 or NR.") from trouble
    return Printed(value.value, low.value, high.value, value.half_unit, value.bound, value.percent or low.percent or high.percent)


def _cell(row, column, place, *, is_count=False):
    try:
        return parse_printed(row.get(column) or "", is_count=is_count)
    except ReportedError as trouble:
        raise ReportedError(f"{place}, column {column!r}: {trouble}") from trouble


def _unit_of_survival(printed, place):
    """What to divide a survival by: 100 in percent, else 1."""
    if printed.percent or 1.5 < printed.value <= 100:
        return 100.0
    if printed.value > 1 or printed.value < 0:
        raise ReportedError(f"{place}, column 'value': survival is {printed.value:g}; expected a probability, or a percentage with its sign.")
    return 1.0


def _known(first, second):
    return second if math.isnan(first) else first


def _record(row, line, place):
    quantity = (row.get("quantity") or "").strip().lower()
    if quantity not in QUANTITIES:
        raise ReportedError(f"{place}, column 'quantity': {row.get('quantity')!r} is not known; expected one of {', '.join(QUANTITIES)}.")
    is_count = quantity in _COUNTS
    printed = _cell(row, "value", place, is_count=is_count)
    low = _known(_cell(row, "ci_low", place, is_count=is_count).value, printed.ci_low)
    high = _known(_cell(row, "ci_high", place, is_count=is_count).value, printed.ci_high)
    has_p = not NOT_SIGNIFICANT.fullmatch((row.get("p") or "").strip()[:LONGEST_NUMBER])
    time, p = _cell(row, "time", place), _cell(row, "p", place) if has_p else Printed(math.nan)
    if quantity in _NEED_TIME and math.isnan(time.value):
        raise ReportedError(f"{place}, column 'time': it is empty; {quantity} needs a time in the unit of the axis.")
    if quantity == "hr" and printed.value <= 0:
        raise ReportedError(f"{place}, column 'value': the hazard ratio is {printed.value:g}; expected a number above 0.")
    if low > high:
        raise ReportedError(f"{place}, columns 'ci_low' and 'ci_high': the interval runs from {low:g} to {high:g}; expected low before high.")
    unit = _unit_of_survival(printed, place) if quantity == "survival" else 1.0
    names = ("arm", "reference", "panel", "endpoint", "population", "source", "percent", "unit")
    text = {name: (row.get(name) or "").strip() for name in names}
    return ReportedNumber(
        quantity,
        value=printed.value / unit,
        ci_low=low / unit,
        ci_high=high / unit,
        half_unit=printed.half_unit / unit,
        bound=printed.bound,
        time=time.value,
        p=p.value,
        p_bound=p.bound,
        p_text=(row.get("p") or "").strip(),
        n=_cell(row, "n", place, is_count=True).value,
        line=line,
        **text,
    )


def _decoded(content):
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _text(path):
    try:
        content = read_bounded(path, MOST_BYTES)
        if b"\0" in content:
            raise ReportedError(f"{path.name} is no text; expected a CSV file with the columns {', '.join(COLUMNS)}.")
        return _decoded(content)
    except TooLarge as trouble:
        raise ReportedError(f"{path.name} has over {MOST_BYTES // 10**6} MB; expected the numbers that one paper prints.") from trouble
    except OSError as trouble:
        raise ReportedError(f"{path.name} cannot be read ({trouble.strerror}); expected a CSV file with the columns {', '.join(COLUMNS)}.") from trouble


def read_cells(path, check):
    """Read the cells of a table that people typed.

    Parameters
    ----------
    path : str or Path
        A CSV file parted by comma, semicolon or tab, in UTF-8 or Windows-1252.
    check : function
        Called with the names of the columns before any row is read; raises where they are not those of a table that is understood.

    Returns
    -------
    names : list of str
        Of the columns, in lower case.
    rows : list of (int, dict)
        Line in the file and text by column, stripped; rows without any text are left out.

    Raises
    ------
    ReportedError
        Where the file cannot be read, is no text, or a row has more cells than there are columns.
    """
    path = Path(path)
    lines = _text(path).splitlines()
    header = lines[0] if lines else ""
    reader = csv.DictReader(lines, delimiter=max(",;\t", key=header.count))
    rows = []
    try:
        names = [unguarded(name or "").lower() for name in reader.fieldnames or ()]
        if len(names) > MOST_COLUMNS:
            raise ReportedError(f"{path.name}, line 1: {len(names)} columns; expected at most {MOST_COLUMNS}.")
        check(names)
        reader.fieldnames = names
        for row in reader:
            if row.pop(None, None):
                raise ReportedError(f"{path.name}, line {reader.line_num}: there are more cells than columns; put numbers with a decimal comma in quotes.")
            cells = {name: unguarded(cell or "") for name, cell in row.items()}
            if any(cells.values()):
                rows.append((reader.line_num, cells))
    except csv.Error as trouble:
        raise ReportedError(f"{path.name}, line {reader.line_num + 1}: it is no row of a table ({trouble}); expected a CSV file.") from trouble
    return names, rows


def read_reported(path):
    """Read the results a paper reports.

    Parameters
    ----------
    path : str or Path
        A CSV file with the columns panel, endpoint, population, quantity, arm, time, value, ci_low, ci_high, p, source
        and, for hazard ratios, reference; for counts, n (of how many), percent and unit. Only quantity and value are needed.
        Separated by comma, semicolon or tab.

    Returns
    -------
    tuple of ReportedNumber

    Raises
    ------
    ReportedError
        Naming file, line and column.
    """
    path = Path(path)

    def check(names):
        for needed in ("quantity", "value"):
            if needed not in names:
                raise ReportedError(f"{path.name}, line 1: there is no column {needed!r}; seen: {', '.join(names) or 'nothing'}; expected {', '.join(COLUMNS)}.")

    _, rows = read_cells(path, check)
    return tuple(_record(row, line, f"{path.name}, line {line}") for line, row in rows)
