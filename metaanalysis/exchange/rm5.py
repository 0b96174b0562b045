"""RevMan 5 files: XML with the analyses of a review, their studies and risk-of-bias judgements."""

import math
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.exchange.bias_domains import bias_columns
from metaanalysis.exchange.review_file import ReviewAnalysis, ReviewFile, is_on_log_scale, measure_of
from metaanalysis.studies.columns import COUNTS

MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS = 100_000_000, 100, 1_000_000
_KINDS = {"DICH": "dichotomous", "IV": "effect", "IPD": "o-e and variance", "CONT": "continuous", "OTHER": "other"}
_RESULTS = {"YES": "Low risk", "NO": "High risk", "UNKNOWN": "Unclear risk"}


def read_rm5(path):
    """Read a RevMan 5 file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ReviewFile

    Raises
    ------
    MetaAnalysisError
        Where it is no such file, declares document types or entities, or is larger or deeper than such files are.
    """
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise MetaAnalysisError(f"{path.name} has {path.stat().st_size:,} bytes; expected a RevMan 5 file of at most {MAX_BYTES:,}.")
    content = path.read_bytes()
    _check_harmless(content, path.name)
    root = ElementTree.fromstring(content)
    if root.tag != "COCHRANE_REVIEW":
        raise MetaAnalysisError(f"{path.name} is XML of <{root.tag}>; expected a RevMan 5 file, which begins with <COCHRANE_REVIEW>.")
    studies = {study.get("ID"): study for study in root.iterfind(".//STUDIES//STUDY")}
    judgements = _judgements(root)
    analyses = tuple(
        _analysis(comparison, outcome, studies, judgements)
        for comparison in root.iterfind(".//ANALYSES_AND_DATA/COMPARISON")
        for outcome in comparison
        if outcome.tag.removesuffix("_OUTCOME") in _KINDS and outcome.tag.endswith("_OUTCOME")
    )
    return ReviewFile(_child(root.find("COVER_SHEET"), "TITLE") or path.stem, analyses)


def _check_harmless(content, name):
    """Go through the XML once before it is built: no document type, so no entities, and no endless depth."""
    depth = n_elements = 0

    def start(tag, attributes):
        nonlocal depth, n_elements
        depth, n_elements = depth + 1, n_elements + 1
        if n_elements > MAX_ELEMENTS:
            raise MetaAnalysisError(f"{name} has more than {MAX_ELEMENTS:,} elements of XML; expected a RevMan 5 file: do not trust this file.")
        if depth > MAX_DEPTH:
            raise MetaAnalysisError(f"{name} nests its XML more than {MAX_DEPTH} deep; expected a RevMan 5 file: do not trust this file.")

    def end(tag):
        nonlocal depth
        depth -= 1

    def doctype(*declared):
        raise MetaAnalysisError(f"{name} declares a document type, which may hold entities; expected a RevMan 5 file, which has none: do not trust this file.")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise MetaAnalysisError(f"{name} is no whole XML ({error}); expected a RevMan 5 file: export it again.") from error


def _child(element, tag):
    """Give the text of a child, with blanks made one; empty where there is none."""
    found = element.find(tag) if element is not None else None
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _judgements(root):
    """Give risk-of-bias judgements by study; those of the first group where there are several."""
    found = {}
    for item in root.iterfind(".//QUALITY_ITEMS/QUALITY_ITEM"):
        domain = _child(item, "NAME").rstrip("?")
        for entry in item.iterfind("QUALITY_ITEM_DATA/QUALITY_ITEM_DATA_ENTRY"):
            result = entry.get("RESULT", "")
            found.setdefault(entry.get("STUDY_ID"), {}).setdefault(domain, _RESULTS.get(result, result.capitalize()))
    return {study: bias_columns(judgements) for study, judgements in found.items()}


def _analysis(comparison, outcome, studies, judgements):
    prefix = outcome.tag.removesuffix("_OUTCOME")
    number = f"{comparison.get('NO', '?')}.{outcome.get('NO', '?')}"
    measure_text = outcome.get("EFFECT_MEASURE") or _child(outcome, "EFFECT_MEASURE")
    measure = measure_of(measure_text)
    rows, left_out = [], []
    for group in [outcome, *outcome.iterfind(f"{prefix}_SUBGROUP")]:
        for data in group.iterfind(f"{prefix}_DATA"):
            study = studies.get(data.get("STUDY_ID"))
            shown = _study(study, data.get("STUDY_ID", ""))
            numbers = _numbers(data, prefix, f"Analysis {number}, {shown['study']}", measure)
            if numbers is None:
                left_out.append(shown["study"])
                continue
            subgroup = {"subgroup": _child(group, "NAME")} if group is not outcome else {}
            rows.append(shown | subgroup | numbers | judgements.get(data.get("STUDY_ID"), {}))
    notes = [f"Without data, and left out: {', '.join(dict.fromkeys(left_out))}."] if left_out else []
    if prefix == "DICH" and outcome.get("SWAP_EVENTS") == "YES":
        rows = [row | {f"events_{arm}": row[f"n_{arm}"] - row[f"events_{arm}"] for arm in (1, 2)} for row in rows]
        notes.append("The review counts those without the event: events are patients less cases.")
    model = {"YES": "Random effect", "NO": "Fixed effect"}.get(outcome.get("RANDOM"), "")
    return ReviewAnalysis(
        number, _child(outcome, "NAME"), _KINDS[prefix], measure, _child(comparison, "NAME"), measure_text, outcome.get("METHOD", ""), model, tuple(rows), tuple(notes),
    )


def _study(study, identifier):
    if study is None:
        return {"study": identifier.removeprefix("STD-").replace("-", " ")}
    year = study.get("YEAR", "").strip()
    return {"study": study.get("NAME", "").strip() or identifier} | ({"year": year} if year else {})


def _number(data, name, place):
    text = data.get(name, "").strip()
    if not text:
        return math.nan
    try:
        return float(text)
    except ValueError as error:
        raise MetaAnalysisError(f"{place}: {name} is {text!r}; expected a number.") from error


def _numbers(data, prefix, place, measure):
    """Give the numbers of a row by the columns of a table of studies; None where it holds no data."""
    if prefix == "DICH":
        values = [_number(data, name, place) for name in ("EVENTS_1", "TOTAL_1", "EVENTS_2", "TOTAL_2")]
        found, holds_data = dict(zip(COUNTS, values, strict=True)), min(values[1], values[3]) > 0
    elif prefix == "IPD":
        found = {"o_minus_e": _number(data, "O_E", place), "v": _number(data, "VAR", place)}
        holds_data = found["v"] > 0
    elif prefix == "IV":
        found = {"yi": _effect(data, place, measure), "sei": _number(data, "SE", place)}
        holds_data = found["sei"] > 0
    else:
        found, holds_data = {}, True
    return found if holds_data and not any(map(math.isnan, found.values())) else None


def _effect(data, place, measure):
    """Give the effect as it was entered, on the log scale for ratios.

    The interval shown, which for ratios is not of the logarithm, tells what the attributes hold.
    """
    sei, low, high = (_number(data, name, place) for name in ("SE", "CI_START", "CI_END"))
    effect = _number(data, "ESTIMATE", place)
    if math.isnan(effect):
        effect = _number(data, "EFFECT_SIZE", place)
        if measure in ("HR", "RR", "OR") and effect > 0 and is_on_log_scale(math.log(effect), sei, low, high):
            return math.log(effect)
    if measure in ("HR", "RR", "OR") and is_on_log_scale(effect, sei, low, high) is False and low > 0:
        raise MetaAnalysisError(f"{place}: its interval shows that {effect:g} is not the logarithm of a {measure}; expected log ratios with their standard errors: enter this analysis by hand.")
    return effect
