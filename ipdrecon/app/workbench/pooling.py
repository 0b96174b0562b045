"""Pooling what the figures of the workbench give, and rows typed by hand; the numbers come from `ipdrecon.app.pooling`."""

import contextlib
from pathlib import Path

from ipdrecon.app import saving
from ipdrecon.app.pooled_files import FOREST, METHODS, POOLED, STUDIES
from ipdrecon.app.pooling import PoolSettings
from ipdrecon.app.workbench.desk import EDIT_SECONDS, REPORTED
from ipdrecon.app.workbench.figures import UnknownError
from ipdrecon.app.workbench.journal import is_own_file
from ipdrecon.app.workbench.rebuilt import arms_of, likely_reference
from ipdrecon.app.workbench.worker import JobError, WorkerError
from ipdrecon.errors import FolderError, IpdreconError

REPORT = "pooled.html"
_PICTURES = {".svg": "image/svg+xml", ".pdf": "application/pdf", ".png": "image/png"}
FILES = {f"{name}{ending}": kind for name in (FOREST, "leave_one_out", "funnel") for ending, kind in _PICTURES.items()} | {
    POOLED: "application/json",
    STUDIES: "text/csv; charset=utf-8",
    METHODS: "text/plain; charset=utf-8",
    REPORT: "text/html; charset=utf-8",
}
_SETTINGS = {"measure": None, "tau2": "REML", "ci": "hk-adhoc", "fixed": "iv", "by": None}
_OWN = ("figure", "reader", "panel", "treatment", "reference", "source")
_MOST_ROWS, _MOST_COLUMNS = 500, 40
_FOLDER = "pooled"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ title }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; } img { max-width: 100%; height: auto; }
table { border-collapse: collapse; } td, th { padding: 0.2rem 0.6rem; text-align: left; border-bottom: 1px solid #ccc; }</style>
<h1>{{ title }}</h1>
{% for line in words %}<p>{{ line }}</p>
{% endfor %}<p><img src="{{ forest }}" alt="Forest plot"></p>
<h2>Studies</h2>
<table><tr>{% for column in columns %}<th>{{ column }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
</html>
"""


# --- addresses -------------------------------------------------------------------------------------------------------


def rows(asked):
    """What the figures read so far may give."""
    found = []
    for entry in asked.figures.entries(anew=True).values():
        for row in _rows_of(asked.figures, entry, None):
            found.append(row | {"figure": entry.id, "name": entry.name})
    return {"rows": found}


def _rows_of(figures, entry, reader):
    """Comparisons of one figure, remembered until it changes."""
    desk = figures.desk(entry, reader)
    if desk.status != "read":
        return []
    reported = desk.folder / REPORTED
    key = (desk.revision, desk.ticks, reported.stat().st_mtime_ns if reported.is_file() else 0, str(desk.journal.given))
    if getattr(desk, "pool_rows", (None,))[0] != key:
        from ipdrecon.app.workbench.addresses import REBUILT, totals_of

        trial = entry.folder.parent if is_own_file(entry.folder.parent / "trial.toml") else None
        try:
            answer = desk.apart("candidates", REBUILT, trial=None if trial is None else str(trial), file=entry.source.name if entry.source else "", **totals_of(desk))
        except (JobError, WorkerError):
            answer = {"rows": []}
        desk.pool_rows = key, [{"study": entry.name} | row for row in answer["rows"]]
    return desk.pool_rows[1]


def pool(asked):
    """Pool rows: comparisons of figures, and what was typed by hand."""
    given = asked.field("rows", list)
    if not 1 <= len(given) <= _MOST_ROWS or not all(isinstance(row, dict) for row in given):
        raise FolderError(f"{len(given)} rows were given; expected 1 to {_MOST_ROWS} objects.")
    table = [_row(asked.figures, row, number) for number, row in enumerate(given, start=1)]
    settings = {name: asked.field(name, (str, type(None)), blank) or blank for name, blank in _SETTINGS.items()}
    out = asked.figures.scratch / _FOLDER
    outcome = asked.field("outcome", str, "")
    answer = asked.figures.crew.rebuilder.call("pool", seconds=EDIT_SECONDS, rows=table, settings=settings, title=outcome, out=str(out))
    return answer | {"outcome": outcome, "files": [name for name in FILES if name in answer["made"]]}


def _row(figures, row, number):
    """The cells of a row of the table of studies, all as text."""
    cells = {str(key): "" if value is None else str(value) for key, value in row.items() if key not in _OWN}
    if len(cells) > _MOST_COLUMNS:
        raise FolderError(f"Row {number} has {len(cells)} columns; at most {_MOST_COLUMNS} are taken.")
    source = row.get("source") or ""
    if not row.get("figure"):
        return cells | ({"source": str(source)} if source else {})
    wanted = {name: row.get(name) for name in ("panel", "treatment", "reference") if row.get(name) is not None}
    source = source or "reconstructed"
    known = _rows_of(figures, figures.entry(row["figure"]), row.get("reader"))
    found = [one for one in (*known, *map(_turned, known)) if one["source"] == source and all(one[name] == value for name, value in wanted.items())]
    if not found:
        raise FolderError(f"Row {number}: the figure gives no {source} hazard ratio of {row.get('treatment')!r} over {row.get('reference')!r}.")
    numbers = {name: saving.number(found[0][name], saving.ALL_DIGITS) for name in ("yi", "sei", "hr", "ci_low", "ci_high")}
    kept = ("yi", "sei") if source == "reconstructed" else ("hr", "ci_low", "ci_high")
    more = {name: str(found[0][name]) for name in ("study", "aetiology", "year") if found[0].get(name) is not None}
    return more | cells | {name: numbers[name] for name in kept} | {"source": source}


def _turned(row):
    """The same comparison with treatment and reference in each other's place."""
    inverse = {name: None if row[name] is None else 1 / row[other] for name, other in (("hr", "hr"), ("ci_low", "ci_high"), ("ci_high", "ci_low"))}
    return row | {"treatment": row["reference"], "reference": row["treatment"], "yi": None if row["yi"] is None else -row["yi"]} | inverse


def file(asked, name):
    """A file of the last pool: its content and type."""
    path = asked.figures.scratch / _FOLDER / name
    if name not in FILES or not path.is_file():
        raise UnknownError("There is no such file.")
    return path.read_bytes(), FILES[name]


# --- the worker's side -----------------------------------------------------------------------------------------------


def candidates_view(folder, *, trial=None, file="", n=None, n_event=None):
    """List the comparisons that a figure folder gives: rebuilt, and as its `reported.csv` prints them.

    Parameters
    ----------
    folder : str or Path
    trial : str, optional
        The folder of the trial that the figure belongs to.
    file : str
        Name of the figure's file, for what the trial says of it.
    n, n_event : dict of str to int, optional

    Returns
    -------
    dict
    """
    from ipdrecon.survival import estimate_hazard_ratio

    digitisation, arms = arms_of(folder, n=n, n_event=n_event)
    known, reference = _of_trial(trial, file)
    found = []
    for panel in digitisation.panels:
        own = [arm for arm in arms if arm.panel == panel.panel]
        base = next((arm.arm for arm in own if arm.arm.casefold() == reference.casefold()), likely_reference(arm.arm for arm in own) if own else "")
        for arm in own:
            if arm.arm == base:
                continue
            names = {"treatment": arm.arm, "reference": base}
            with contextlib.suppress(IpdreconError):
                estimate = estimate_hazard_ratio(own, **names)
                low, high = estimate.interval()
                numbers = {"yi": estimate.yi, "sei": estimate.total_sei, "hr": estimate.ratio, "ci_low": low, "ci_high": high}
                found.append({"panel": panel.panel} | names | known | numbers | {"source": "reconstructed"})
    return saving.plain({"rows": found + [known | row for row in _reported(folder, digitisation)]}, saving.ALL_DIGITS)


def _of_trial(trial, file):
    """What a trial says of a figure, and the label of its reference arm."""
    if trial is None:
        return {"endpoint": ""}, ""
    from ipdrecon.app.review import read_trial

    try:
        entry = read_trial(trial)
    except IpdreconError:
        return {"endpoint": ""}, ""
    endpoint = next((figure.endpoint for figure in entry.figure if Path(figure.file).name == file), "")
    return {"study": entry.name, "endpoint": endpoint, "year": entry.year, "aetiology": entry.aetiology}, entry.reference


def _reported(folder, digitisation):
    from ipdrecon.survival.reported import read_reported

    path = Path(folder) / REPORTED
    if not path.is_file():
        return []
    first = digitisation.panels[0].panel
    try:
        printed = [row for row in read_reported(path) if row.quantity == "hr"]
    except IpdreconError:
        return []
    return [
        {"panel": row.panel or first, "treatment": row.arm, "reference": row.reference, "endpoint": row.endpoint}
        | {"yi": None, "sei": None, "hr": row.value, "ci_low": row.ci_low, "ci_high": row.ci_high, "source": "reported"}
        for row in printed
    ]


def pooled_view(table, settings, title, out):
    """Pool a table of studies, and write the files of the result.

    Parameters
    ----------
    table : list of dict
        Text by column.
    settings : dict
        As `PoolSettings` takes them.
    title : str
        Of the report.
    out : str or Path
        A folder for the files.

    Returns
    -------
    dict
        ``pooled``, ``forest``.
    """
    from ipdrecon.app.analyses import analyse
    from ipdrecon.app.pooled_files import pooled_files, pooled_record, write_pooled
    from ipdrecon.app.pooled_sentences import of_pooled
    from ipdrecon.app.pooling import pool_table

    columns = list(dict.fromkeys(name for row in table for name in row))
    typed = Path(out) / "rows" / STUDIES
    saving.write_files(typed.parent, {STUDIES: saving.csv_bytes(columns, [[row.get(name, "") for name in columns] for row in table])})
    pooled, studies, patients = pool_table(typed, PoolSettings(**settings))
    analyses = analyse(pooled, studies, patients=patients, outcome=title)
    record = pooled_record(pooled, studies, analyses)
    files = pooled_files(pooled, studies, analyses, record)
    words, forest = list(of_pooled(pooled)), files[f"{FOREST}.svg"].decode()
    files[REPORT] = _report(title, words, forest, studies).encode()
    write_pooled(out, files)
    return {"pooled": saving.plain(record, saving.ALL_DIGITS), "words": words, "forest": forest, "made": list(files)}


def _report(title, words, forest, studies):
    """One page of its own: what was found, the forest plot, the studies."""
    from jinja2 import Environment

    from ipdrecon.app.report_outcomes import data_uri

    rows = [[saving.number(cell, 6) if isinstance(cell, float) else str(cell) for cell in row] for row in studies.dropna(axis=1, how="all").itertuples(index=False)]
    given = {"title": title or "Pooled result", "words": words, "columns": list(studies.dropna(axis=1, how="all").columns), "rows": rows}
    return Environment(autoescape=True).from_string(_PAGE).render(forest=data_uri(forest.encode(), "svg+xml"), **given)
