"""Read a table of printed numbers, one row per number or one column per arm.

Two layouts are understood: rows with `quantity` and `value` (`reported.csv`), and a table of characteristics with `variable`,
`level` and a column for each arm. See docs/audit.md for the columns and the names of quantities.
"""

import math
import re
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

from ipdrecon.audit import labels
from ipdrecon.audit.numbers import read_number, read_p, read_share, read_with_interval
from ipdrecon.audit.statements import Paper, Statement
from ipdrecon.errors import ReportedError
from ipdrecon.survival.reported import COLUMNS, LONGEST_NUMBER, read_cells

_QUANTITIES = {
    "hr": ("hr", "hazardratio", "hazardratiohr"),
    "or": ("or", "oddsratio"),
    "rr": ("rr", "riskratio", "relativerisk"),
    "survival": ("survival", "survivalrate", "survivalprobability", "landmarksurvival", "eventfreesurvival"),
    "incidence": ("incidence", "cumulativeincidence", "failure", "probabilityofevent"),
    "median": ("median", "mediansurvival", "mediantime", "mediansurvivaltime"),
    "n": ("n", "randomised", "randomized", "perprotocol", "intentiontotreat", "analysed", "analyzed"),
    "n_risk": ("nrisk", "numberatrisk", "noatrisk", "atrisk", "patientsatrisk", "numbersatrisk"),
    "events": (
        "events", "deaths", "nevent", "nevents", "participantswithevent", "participantswith1event", "patientswithevent", "patientswithevents",
        "patientswith1event", "participantswithevents", "totalpatientsprinted", "totalpatients",
    ),
    "occurrences": ("occurrences", "episodes", "numberofaes", "numberofadverseevents", "aes"),
    "logrank_p": ("logrankp", "plogrank"),
}  # fmt: skip
_QUANTITY_OF = {alias: quantity for quantity, aliases in _QUANTITIES.items() for alias in aliases}
_COLUMNS = {
    "time": ("time", "time_months", "time_weeks", "time_years", "time_days", "timepoint"),
    "source": ("source", "source_location", "place"),
    "ci_low": ("ci_low", "ci_lower", "lower"),
    "ci_high": ("ci_high", "ci_upper", "upper"),
    "percent": ("percent", "pct", "%"),
    "level": ("ci_level",),
}
LONG, CHARACTERISTICS = {"quantity", "value"}, {"variable", "level"}
MOST_LETTERS = 200
"""Of a header that is told."""

_OCCURRENCES = ("adverse events", "occurrences", "episodes")
_TEXTS = ("endpoint", "population", "adjustment", "panel")
_OUTSIDE = {"variable", "level", "p", "n", "note", "unit", "id", "population", "endpoint", *_COLUMNS["source"]}


def _cell(row, column):
    return next((row[name] for name in _COLUMNS.get(column, (column,)) if row.get(name)), "")


def _in_place(place, column, read, *given, **options):
    """Read a cell; whatever is wrong is told with its place."""
    try:
        return read(*given, **options)
    except ReportedError as trouble:
        raise ReportedError(f"{place}, column {column!r}: {trouble}") from trouble


def quantity_of(row):
    """Give the quantity of a row by any of its names; None where no rule knows it."""
    plain = "".join(re.findall(r"[^\W_]+", row.get("quantity", "").casefold()))
    quantity = _QUANTITY_OF.get(plain)
    return "occurrences" if quantity == "events" and row.get("unit", "").casefold() in _OCCURRENCES else quantity


def _is_percent(row, text):
    said = (row.get("quantity", "") + row.get("unit", "")).casefold()
    return "%" in said or "percent" in said or "%" in text


def _unit(row, quantity, text):
    """Give what a printed number is divided by; a survival above 1.5 without any sign is a percentage."""
    if quantity not in ("survival", "incidence"):
        return 1.0
    return 100.0 if _is_percent(row, text) or _above(text, 1.5) else 1.0


def _above(text, limit):
    found = re.search(r"\d+(?:[.,·]\d+)?", text)
    return bool(found) and float(re.sub(r"[,·]", ".", found.group())) > limit


def _measured(row, quantity, place):
    """Read value and limits of what is no count; incidence becomes survival, and its limits change places."""
    text = _cell(row, "value")
    unit = _unit(row, quantity, text)
    value, low, high = _in_place(place, "value", read_with_interval, text, unit=unit)
    low = _in_place(place, "ci_low", read_number, _cell(row, "ci_low"), unit=unit) or low
    high = _in_place(place, "ci_high", read_number, _cell(row, "ci_high"), unit=unit) or high
    if quantity != "incidence":
        return {"value": value, "ci_low": low, "ci_high": high}
    return {"value": _complement(value), "ci_low": _complement(high), "ci_high": _complement(low)}


def _complement(number):
    if number is None:
        return None
    bound = {"<": ">", ">": "<"}.get(number.bound, "")
    return replace(number, text=f"1 - {number.text}", value=1 - number.value, range=number.range.complement(), bound=bound)


def _counted(row, place):
    """Read a count with what stands beside it."""
    share = _in_place(place, "value", read_share, _cell(row, "value"))
    percent = _cell(row, "percent")
    share_of = _in_place(place, "percent", read_number, percent, unit=100.0) if percent else share.percent
    n = _in_place(place, "n", read_number, _cell(row, "n"), is_count=True)
    return {"value": share.count, "percent": share_of, "n": share.n if n is None else n.value}


def _time(row, place):
    number = _in_place(place, "time", read_number, _cell(row, "time"))
    return None if number is None or not math.isfinite(number.value) else number.value


def _level(row, place):
    number = _in_place(place, "ci_level", read_number, _cell(row, "level"))
    if number is None:
        return 0.95
    level = number.value / 100 if number.value > 1 else number.value
    if not 0.5 <= level < 1:
        raise ReportedError(f"{place}, column 'ci_level': the level is {_cell(row, 'level')!r}; expected one such as 95 or 0.95.")
    return level


def _statement(row, quantity, file, line):
    place = f"{file}, line {line}"
    if quantity in ("n", "n_risk", "events", "occurrences"):
        numbers = _counted(row, place)
    else:
        numbers = _measured(row, quantity, place)
        numbers["n"] = getattr(_in_place(place, "n", read_number, _cell(row, "n"), is_count=True), "value", None)
    if quantity == "logrank_p":
        numbers["value"] = _in_place(place, "value", read_p, _cell(row, "value"))
    arm, reference = labels.split_arms(_cell(row, "arm"))
    return Statement(
        "survival" if quantity == "incidence" else quantity,
        **{name: _cell(row, name) for name in _TEXTS},
        arm=arm,
        reference=_cell(row, "reference") or reference,
        source=_cell(row, "source"),
        time=_time(row, place),
        p=_in_place(place, "p", read_p, _cell(row, "p")),
        level=_level(row, place),
        file=file,
        line=line,
        **numbers,
    )


def _long(rows, file):
    unknown, statements = Counter(), []
    for line, row in rows:
        quantity = quantity_of(row)
        if quantity is None:
            unknown[row.get("quantity") or "(empty)"] += 1
        else:
            statements.append(_statement(row, quantity, file, line))
    return statements, unknown


def _arm_columns(names, rows):
    """Give the columns of a table of characteristics that hold counts."""
    return [name for name in names if name not in _OUTSIDE and any(re.match(r"\d", row[name]) for _, row in rows)]


def _characteristics(names, rows, file):
    """Read a table with `variable`, `level` and a column for each arm; rows that hold no counts are left aside."""
    unknown, statements, sizes, waiting = Counter(), [], {}, []
    arms = _arm_columns(names, rows)
    for line, row in rows:
        variable, level = row["variable"], row["level"]
        cells = {arm: _share_or_none(row[arm]) for arm in arms}
        if any(share is None for share in cells.values()):
            unknown[f"{variable}: {level}"] += 1
            waiting = []
            continue
        is_size = not level or level.startswith("(")
        common = {"source": _cell(row, "source"), "population": row.get("population", ""), "exclusive": True, "file": file, "line": line}
        p = _in_place(f"{file}, line {line}", "p", read_p, row.get("p", ""))
        if is_size:
            sizes = {arm: share.count and share.count.value for arm, share in cells.items()}
            waiting = [Statement("n", variable, arm=arm, value=share.count, p=p, **common) for arm, share in cells.items()]
            continue
        statements += waiting
        waiting = []
        for arm, share in cells.items():
            about = {"arm": arm, "value": share.count, "percent": share.percent, "n": sizes.get(arm)}
            statements.append(Statement("events", f"{variable}: {level}", p=p, **about, **common))
    return statements, unknown


def _share_or_none(text):
    """Read a count; None for means, ranges and the like."""
    if len(text) > LONGEST_NUMBER or not re.fullmatch(r"[\d ,.']*(?:\s*/\s*\d+)?\s*(?:\(\s*[\d.,·]+\s*%?\s*\))?", text):
        return None
    share = read_share(text)
    return None if share.count is not None and share.count.value % 1 else share


def _check_columns(file, names):
    if not (set(names) >= LONG or set(names) >= CHARACTERISTICS):
        seen = ", ".join(names) or "nothing"
        raise ReportedError(
            f"{file}, line 1: there are no columns 'quantity' and 'value'; seen: {seen if len(seen) <= MOST_LETTERS else seen[:MOST_LETTERS] + ' …'}; "
            f"expected {', '.join(COLUMNS)}, or variable, level and a column for each arm."
        )


def read_paper(paths):
    """Read what a paper prints.

    Parameters
    ----------
    paths : sequence of (str or Path)
        CSV files on one paper.

    Returns
    -------
    Paper

    Raises
    ------
    ReportedError
        Naming file, line and column.
    """
    statements, unknown = [], Counter()
    for path in map(Path, paths):
        names, rows = read_cells(path, partial(_check_columns, path.name))
        is_long = set(names) >= LONG
        more, aside = _long(rows, path.name) if is_long else _characteristics(names, rows, path.name)
        if not rows:
            raise ReportedError(f"{path.name} has a header and no rows; expected one row for each printed number.")
        statements += more
        unknown += aside
    if not statements:
        raise ReportedError(f"No row holds a quantity that is audited; seen: {', '.join(unknown)}; expected {', '.join(_QUANTITIES)}.")
    return Paper(statements, unknown.items())
