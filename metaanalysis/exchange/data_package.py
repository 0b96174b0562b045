"""RevMan's data package: a ZIP with the data rows of every analysis, their settings, and risk-of-bias judgements.

Column names are those of Cochrane's data package, version 1 (documentation.cochrane.org, data package specification).
Nothing is unpacked to disk; entries are read up to a limit, whatever size they claim.
"""

import io
import math
import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.exchange.bias_domains import bias_columns
from metaanalysis.exchange.review_file import ReviewAnalysis, ReviewFile, is_on_log_scale, measure_of
from metaanalysis.studies.columns import COUNTS, analyses_of, decoded, parse_table, read_text
from metaanalysis.studies.printed import is_missing, parse_number

MAX_ENTRIES, MAX_BYTES, MAX_PACKAGE_BYTES = 5_000, 20_000_000, 100_000_000
DATA_ROWS, SETTINGS, RISK_OF_BIAS = "-data-rows.csv", "-overall-estimates-and-settings.csv", "-risk-of-bias.csv"
_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError, NotImplementedError, RuntimeError)
_NESTED = re.compile(r"(-data|datapackage)\.zip$", re.IGNORECASE)
_JUDGEMENT = re.compile(r"domain \(judgement\):?\s*(.+)", re.IGNORECASE)
_DATA_TYPES = {"dichotomous": "dichotomous", "contrast level": "effect", "o-e and variance": "o-e and variance", "continuous": "continuous"}
_COLUMNS = {
    "events_1": "experimental cases", "n_1": "experimental n", "events_2": "control cases", "n_2": "control n",
    "yi": "giv mean", "sei": "giv se", "o_minus_e": "o-e", "v": "variance",
}
_NEEDED = {"dichotomous": COUNTS, "effect": ("yi", "sei"), "o-e and variance": ("o_minus_e", "v")}
_WEIGHTY = {"dichotomous": ("n_1", "n_2"), "effect": ("sei",), "o-e and variance": ("v",)}


def read_data_package(path):
    """Read a data package.

    Parameters
    ----------
    path : str or Path
        A ZIP; the package may lie in a further ZIP within it, as in the Cochrane Library's download.

    Returns
    -------
    ReviewFile

    Raises
    ------
    MetaAnalysisError
        Where it is damaged, encrypted, larger than such packages are, or holds no data rows.
    """
    path = Path(path)
    if path.stat().st_size > MAX_PACKAGE_BYTES:
        raise MetaAnalysisError(f"{path.name} has {path.stat().st_size:,} bytes; expected a data package of at most {MAX_PACKAGE_BYTES:,}.")
    texts = _texts(path.read_bytes(), path.name)
    rows = parse_table(texts[DATA_ROWS][1], texts[DATA_ROWS][0])
    settings = parse_table(*texts[SETTINGS][::-1]) if SETTINGS in texts else None
    bias = parse_table(*texts[RISK_OF_BIAS][::-1]) if RISK_OF_BIAS in texts else None
    name = PurePosixPath(texts[DATA_ROWS][0]).name.removesuffix(DATA_ROWS)
    return ReviewFile(f"Cochrane review {name}" if name.startswith("CD") else name, _analyses(rows, settings, bias))


def read_data_rows(path):
    """Read a file of data rows outside its package; it does not name measures.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ReviewFile
    """
    path = Path(path)
    rows = parse_table(read_text(path), path.name)
    return ReviewFile(path.name.removesuffix(DATA_ROWS), _analyses(rows, None, None))


# --- what is in the ZIP ----------------------------------------------------------------------------------------------


def _texts(content, name, *, nested=False):
    """Give name and text of the files needed, by their endings."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            entries = _checked_entries(package, name)
            found = {}
            for entry in entries:
                ending = next((ending for ending in (DATA_ROWS, SETTINGS, RISK_OF_BIAS) if entry.filename.casefold().endswith(ending)), None)
                if ending in found:
                    raise MetaAnalysisError(f"{name} holds {found[ending][0]} and {entry.filename}; expected one data package in a ZIP: unpack it, and give the one meant.")
                if ending is not None:
                    found[ending] = entry.filename, decoded(_read(package, entry, name, MAX_BYTES))
            inner = [entry for entry in entries if _NESTED.search(entry.filename)]
            if DATA_ROWS not in found and len(inner) == 1 and not nested:
                return _texts(_read(package, inner[0], name, MAX_PACKAGE_BYTES), inner[0].filename, nested=True)
    except _DAMAGE as error:
        raise MetaAnalysisError(f"{name} is a damaged or unusual ZIP ({error}); expected a Cochrane data package: download it again.") from error
    if DATA_ROWS not in found:
        raise MetaAnalysisError(f"{name} holds no file that ends with {DATA_ROWS}; expected a Cochrane data package of a review of interventions.")
    return found


def _checked_entries(package, name):
    if not all(entry.filename for entry in package.infolist()):
        raise MetaAnalysisError(f"{name} holds an entry without a name; expected a Cochrane data package: download it again.")
    entries = [entry for entry in package.infolist() if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise MetaAnalysisError(f"{name} holds {len(entries):,} files; expected a data package with at most {MAX_ENTRIES:,}.")
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", entry.filename):
            raise MetaAnalysisError(f"{name} holds an entry that leads out of it ({entry.filename!r}); expected a Cochrane data package: do not trust this file.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise MetaAnalysisError(f"{name} is packed in an unusual way ({entry.filename!r}); expected a Cochrane data package: unpack it, and pack its files as a plain ZIP.")
        if entry.flag_bits & 1:
            raise MetaAnalysisError(f"{name} is encrypted; expected a Cochrane data package: unpack it with its password, and give the files.")
    return entries


def _read(package, entry, name, most):
    with package.open(entry) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise MetaAnalysisError(f"{entry.filename} in {name} has more than {most:,} bytes; expected a file of a Cochrane data package: do not trust this file.")
    return content


# --- from its tables to analyses -------------------------------------------------------------------------------------


def _lower(frame):
    names = [str(column).strip().casefold() for column in frame.columns]
    if len(set(names)) < len(names):
        raise MetaAnalysisError(f"A table of RevMan has the columns {', '.join(map(str, frame.columns[:20]))}, two of which are one; expected each once: export it again.")
    return frame.set_axis(names, axis=1)


def _analyses(rows, settings, bias):
    settings = {} if settings is None else dict(zip(analyses_of(settings), _lower(settings).to_dict("records"), strict=True))
    judgements = _judgements(bias)
    numbers = analyses_of(rows)
    records = _lower(rows).to_dict("records")
    by_analysis = {}
    for record, number in zip(records, numbers, strict=True):
        by_analysis.setdefault(number, []).append(record)
    return tuple(_analysis(number, members, settings.get(number, {}), judgements) for number, members in by_analysis.items())


def _text(record, name):
    value = record.get(name, "")
    return "" if is_missing(value) else " ".join(str(value).split())


def _judgements(bias):
    """Give risk-of-bias judgements by study."""
    if bias is None:
        return {}
    study = next((column for column in bias.columns if column.strip().casefold() == "study"), None)
    domains = {column: match.group(1).removesuffix(": All outcomes").strip() for column in bias.columns if (match := _JUDGEMENT.fullmatch(column.strip()))}
    if study is None:
        return {}
    return {record[study].strip(): bias_columns({domain: record[column].strip() for column, domain in domains.items()}) for record in bias.to_dict("records")}


def _analysis(number, records, setting, judgements):
    kind = _DATA_TYPES.get(_text(setting, "data type").casefold(), "other") if setting else _kind_by_cells(records)
    measure_text = _text(setting, "effect measure")
    measure = measure_of(measure_text)
    swap = _text(setting, "swap event and non-event").casefold() in ("true", "yes")
    read = [(record, _row(record, kind, number)) for record in records]
    rows = [row for _, row in read if row is not None]
    left_out, notes = [_text(record, "study") for record, row in read if row is None], []
    if swap and kind == "dichotomous":
        rows = [row | {f"events_{arm}": row[f"n_{arm}"] - row[f"events_{arm}"] for arm in (1, 2)} for row in rows]
        notes.append("The review counts those without the event: events are patients less cases.")
    if kind == "effect" and measure in ("HR", "RR", "OR"):
        for record, row in read:
            _check_scale(number, record, row, measure)
    if left_out:
        notes.append(f"Without data, and left out: {', '.join(dict.fromkeys(left_out))}.")
    rows = tuple(row | judgements.get(row["study"], {}) for row in rows)
    return ReviewAnalysis(
        number, _text(setting, "analysis name") or _text(records[0], "analysis name"), kind, measure,
        _text(setting, "analysis group name"), measure_text, _text(setting, "statistical method"), _text(setting, "analysis model"), rows, tuple(notes),
    )


def _kind_by_cells(records):
    """Tell the kind of data from the cells filled, where there are no settings."""
    for kind, columns in (("effect", ("giv se",)), ("o-e and variance", ("variance",)), ("continuous", ("experimental sd",)), ("dichotomous", ("experimental n",))):
        if any(_number(record, column, "") for record in records for column in columns):
            return kind
    return "other"


def _number(record, column, number):
    try:
        value = parse_number(record.get(column, ""), whole=True)
    except MetaAnalysisError as error:
        raise MetaAnalysisError(f"Analysis {number}, {_text(record, 'study')}: {column} is {record[column]!r}; expected a number.") from error
    return None if math.isnan(value) else value


def _row(record, kind, number):
    """Give one row as a table of studies has it; None where it holds no data."""
    needed = _NEEDED.get(kind, ())
    values = {name: _number(record, _COLUMNS[name], number) for name in needed}
    if any(not values[name] for name in _WEIGHTY.get(kind, ())) or None in values.values():
        return None
    shown = {name: _text(record, column) for name, column in (("year", "study year"), ("subgroup", "subgroup"), ("note", "footnotes"))}
    return {"study": _text(record, "study")} | {name: text for name, text in shown.items() if text} | values


def _check_scale(number, record, row, measure):
    """Refuse a ratio that is given with the standard error of itself, not of its logarithm."""
    if row is None:
        return
    low, high = (math.nan if limit is None else limit for limit in (_number(record, name, number) for name in ("ci start", "ci end")))
    if is_on_log_scale(row["yi"], row["sei"], low, high) is False:
        raise MetaAnalysisError(f"Analysis {number}, {row['study']}: its interval shows that {row['yi']:g} is not the logarithm of a {measure}; expected log ratios with their standard errors: enter this analysis by hand.")
