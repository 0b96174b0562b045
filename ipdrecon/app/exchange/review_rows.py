"""Trials of a Cochrane review as rows of a table of studies: a new table, or in place of the review's pooled row."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import typer

from ipdrecon.app.console import Outcome, refuse
from ipdrecon.app.saving import number, write_files
from ipdrecon.errors import ExchangeError
from metaanalysis.exchange.bias_domains import is_bias_column
from metaanalysis.exchange.review_file import read_review
from metaanalysis.spreadsheet import guarded
from metaanalysis.studies.columns import COUNTS, DERIVED, NUMERIC, canonical_names, parse_table, read_text, separator_of
from metaanalysis.studies.table import MEASURES

STUDIES = "studies.csv"
_OF_THE_POOLED_ROW = {*NUMERIC, *DERIVED, "ipd", "summary", "k", "n", "note", "source", "year", "measure", "sampling_se", "reconstruction_se"}
_YES = {"true", "1", "yes", "y"}


@dataclass(frozen=True)
class ReviewRequest:
    """What to take from a review's file.

    Attributes
    ----------
    file : Path
        A data package (ZIP), data rows (CSV) or a RevMan 5 file.
    analysis : str, optional
        ``"1.2"``; needed where there are several.
    measure : str, optional
        ``HR``, ``RR``, ``OR`` or ``RD``, where the file does not tell.
    into : Path, optional
        A table of studies that holds the review's pooled row.
    replaces : str, optional
        The study of that row; needed where several rows are pooled results.
    """

    file: Path
    analysis: str | None = None
    measure: str | None = None
    into: Path | None = None
    replaces: str | None = None


@dataclass(frozen=True)
class ReviewRows:
    """What was taken from a review's file.

    Attributes
    ----------
    review : metaanalysis.exchange.review_file.ReviewFile
    analysis : metaanalysis.exchange.review_file.ReviewAnalysis or None
        None where the file holds several and none was chosen.
    path : Path or None
        The table that was written.
    replaced : str
        The study whose row was replaced; empty where none.
    """

    review: object
    analysis: object = None
    path: Path | None = None
    replaced: str = ""


def import_review(request, out=None):
    """Write the trials of one analysis as a table of studies; without a choice among several, write nothing.

    Parameters
    ----------
    request : ReviewRequest
    out : str or Path, optional
        The table to write; by default `request.into`, else ``studies.csv`` beside the file, unless that exists.

    Returns
    -------
    ReviewRows

    Raises
    ------
    ExchangeError, FolderError, MetaAnalysisError
        Where the file, the analysis or the row to replace is not as expected, or the table cannot be written.
    """
    review = read_review(request.file)
    if request.analysis is None and len(review.analyses) > 1:
        return ReviewRows(review)
    analysis = review.analysis(request.analysis)
    frame = analysis.to_frame(source=review.name)
    if not analysis.measure:
        if request.measure is None:
            raise ExchangeError(f"Analysis {analysis.number} has the measure {analysis.measure_text or 'not named'!r}; expected one of {', '.join(MEASURES)}: say it with --measure.")
        frame["measure"] = request.measure
    path = _target(request, out)
    rows = frame.to_dict("records")
    if request.into is None:
        content, replaced = _table(list(frame.columns), rows, ","), ""
    else:
        content, replaced = _merged(request, rows)
    write_files(path.parent, {path.name: content})
    return ReviewRows(review, analysis, path, replaced)


def import_by_command(talk, files, chosen, out):
    """Do what ``ipdrecon import revman`` asks for, and say what came of it.

    Parameters
    ----------
    talk : Talk
    files : list of str
        Of which there may be one.
    chosen : dict
        Values of ``--analysis``, ``--measure``, ``--into`` and ``--replaces``.
    out : Path or None

    Returns
    -------
    Outcome
    """
    analysis, measure, into, replaces = chosen.values()
    if len(files) != 1:
        raise typer.BadParameter(f"revman takes one file, not {len(files)}, as in: ipdrecon import revman package.zip")
    if into is None:
        refuse({"--replaces": replaces}, "goes with --into FILE, the table that holds the row")
    if measure is not None and measure.upper() not in MEASURES:
        raise typer.BadParameter(f"--measure is {measure!r}; expected one of {', '.join(MEASURES)}")
    result = import_review(ReviewRequest(Path(files[0]), analysis, measure and measure.upper(), into, replaces), out)
    for line in sentences_of(result):
        talk.say(line)
    return Outcome(record_of(result))


def _target(request, out):
    if out is not None or request.into is not None:
        return Path(out if out is not None else request.into)
    path = request.file.with_name(STUDIES)
    if path.exists():
        raise ExchangeError(f"{path} exists already; give the file to write with --out, or --into it with --replaces.")
    return path


def _table(columns, rows, separator):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", delimiter=separator)
    writer.writerow([guarded(name) for name in columns])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value):
    if value is None or isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, (int, float)):
        return number(value)
    return guarded(value)


def _merged(request, trials):
    """Give the table with its pooled row replaced, and the study of that row."""
    text = read_text(request.into)
    frame = parse_table(text, request.into.name)
    own = dict(zip(canonical_names(frame).columns, frame.columns, strict=True))
    records = [{canonical: row[column] for canonical, column in own.items()} for row in frame.to_dict("records")]
    place = _pooled_row(request, records)
    pooled = records[place]
    kept = {column: cell for column, cell in pooled.items() if column not in _OF_THE_POOLED_ROW and cell}
    note = f"One of the trials of {pooled['study']}, whose pooled row it replaces"
    new = [kept | {"note": note} | _patients(own, trial) | {name: cell for name, cell in trial.items() if cell not in (None, "")} for trial in trials]
    columns = list(dict.fromkeys([*own, *trials[0], *new[0]]))
    headers = [own.get(column, column) for column in columns]
    rows = [*records[:place], *new, *records[place + 1 :]]
    named = [{header: row.get(column, "") for header, column in zip(headers, columns, strict=True)} for row in rows]
    return _table(headers, named, separator_of(text)), pooled["study"]


def _patients(columns, trial):
    """Give the patients of a trial, where the table counts them and the trial tells."""
    known = all(trial.get(name) for name in COUNTS[1::2])
    return {"n": trial["n_1"] + trial["n_2"]} if "n" in columns and known else {}


def _pooled_row(request, records):
    pooled = [place for place, row in enumerate(records) if str(row.get("summary", "")).strip().casefold() in _YES]
    names = [records[place].get("study", "").strip() for place in pooled]
    if not pooled:
        raise ExchangeError(f"{request.into} holds no row whose summary is true; expected the pooled row of the review: mark it.")
    if request.replaces is None and len(pooled) == 1:
        return pooled[0]
    if request.replaces is None or names.count(request.replaces.strip()) != 1:
        told = "none is chosen" if request.replaces is None else f"{request.replaces!r} names {names.count(request.replaces.strip())} of them"
        raise ExchangeError(f"{request.into} holds the pooled rows {', '.join(map(repr, names))}, and {told}; expected one: choose it with --replaces.")
    return pooled[names.index(request.replaces.strip())]


def sentences_of(result):
    """Tell what was found and written.

    Parameters
    ----------
    result : ReviewRows

    Yields
    ------
    str
    """
    if result.analysis is None:
        yield f"{result.review.name} holds {len(result.review.analyses)} analyses; choose one with --analysis:"
        for analysis in result.review.analyses:
            yield f"  {analysis}{f': {analysis.comparison}' if analysis.comparison else ''}"
        return
    analysis = result.analysis
    yield f"{result.review.name}, analysis {analysis}."
    for note in analysis.notes:
        yield f"  {note}"
    domains = {name for row in analysis.rows for name, judgement in row.items() if is_bias_column(name) and judgement}
    if domains:
        yield f"  Risk of bias is judged in {len(domains)} {'domain' if len(domains) == 1 else 'domains'}."
    if result.replaced:
        yield f"The trials stand in place of {result.replaced!r}."
    yield f"The table is {result.path}; go on with: ipdrecon pool {result.path}"


def record_of(result):
    """Give the same as a record for ``--json``.

    Parameters
    ----------
    result : ReviewRows

    Returns
    -------
    dict
    """
    names = ("number", "name", "kind", "measure", "comparison", "method", "model", "k")
    analyses = [{name: getattr(analysis, name) for name in names} for analysis in result.review.analyses]
    record = {"review": result.review.name, "analyses": analyses, "analysis": None, "file": None}
    if result.analysis is not None:
        record |= {"analysis": result.analysis.number, "notes": list(result.analysis.notes), "file": str(result.path), "replaced": result.replaced}
    return record
