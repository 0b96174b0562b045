"""What a batch found: one row per panel, a queue of what to look at first, and a page with a thumbnail of each figure."""

import io
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from ipdrecon.app import saving
from ipdrecon.app.batch.job_run import DONE, FAILED, REVIEW, THUMBNAIL
from ipdrecon.app.library import OVERLAY
from ipdrecon.app.workflow import RECONSTRUCTION_PICTURE

RESULTS, QUEUE, OVERVIEW, FIGURES = "results", "queue.csv", "overview.html", "figures"
_TEXTS = ("id", "figure", "panel", "status", "message", "source", "unit", "arms", "n", "n_event", "treatment", "reference", "direction", "flags", "folder", "sha256")
NUMBERS = (
    "confidence", "residual_px", "hr", "ci_low", "ci_high", "sei", "reconstruction_sei", "logrank_p", "agrees", "differs", "cannot_be_judged", "n_to_review",
)
COLUMNS = (
    "id", "figure", "panel", "status", "message", "arms", "n", "n_event", "unit", "treatment", "reference", "direction", "hr", "ci_low", "ci_high", "sei",
    "reconstruction_sei", "logrank_p", "agrees", "differs", "cannot_be_judged", "confidence", "residual_px", "flags", "n_to_review", "source", "sha256", "folder",
)
_ORDER = {FAILED: 0, REVIEW: 1, DONE: 2}


def results_frame(records):
    """Make one row per panel, and one for each figure that failed.

    Parameters
    ----------
    records : sequence of dict
        As `job_run.run_job` gives them, in the order of the batch.

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`.
    """
    rows = []
    for record in records:
        shared = {name: record[name] for name in ("id", "figure", "status", "message")} | {"folder": f"{FIGURES}/{record['id']}"}
        rows += [shared | row for row in record["rows"]] or [shared]
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
    frame[list(_TEXTS)] = frame[list(_TEXTS)].fillna("").astype(str)
    return frame.astype(dict.fromkeys(NUMBERS, float))


def review_queue(frame):
    """Give the rows that need a person, those that failed first, then by the least confidence.

    Parameters
    ----------
    frame : DataFrame
        Made by `results_frame`.

    Returns
    -------
    DataFrame
    """
    wanted = frame[frame["status"] != DONE]
    order = wanted["status"].map(_ORDER)
    return wanted.assign(order=order).sort_values(["order", "confidence", "id", "panel"], kind="stable").drop(columns="order")


def result_files(frame, folder, title):
    """Make the files of a batch.

    Parameters
    ----------
    frame : DataFrame
        Made by `results_frame`.
    folder : Path
        Where the figures' folders are.
    title : str

    Returns
    -------
    dict of str to bytes
        ``results.csv``, ``results.parquet`` where pyarrow is installed, ``queue.csv``, ``overview.html``.
    """
    made = {f"{RESULTS}.csv": saving.frame_csv(frame), QUEUE: saving.frame_csv(review_queue(frame)), OVERVIEW: _overview(frame, folder, title).encode()}
    parquet = _parquet(frame)
    return made if parquet is None else made | {f"{RESULTS}.parquet": parquet}


def _parquet(frame):
    stream = io.BytesIO()
    try:
        frame.to_parquet(stream, index=False)
    except ImportError:
        return None
    return stream.getvalue()


def _overview(frame, folder, title):
    from jinja2 import Environment, StrictUndefined

    home = files("ipdrecon.app")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(home.joinpath("batch/overview.html").read_text("utf-8"))
    order = pd.concat([review_queue(frame), frame[frame["status"] == DONE]])
    counts = {status: int((frame.drop_duplicates("id")["status"] == status).sum()) for status in (FAILED, REVIEW, DONE)}
    classes = {FAILED: "failed", REVIEW: "review", DONE: "done"}
    return template.render(title=title, counts=counts, classes=classes, rows=[_card(row, folder) for row in order.to_dict("records")])


def _card(row, folder):
    from ipdrecon.app import sentences

    place = Path(folder) / row["folder"]
    return {
        "name": row["id"] + (f", panel {row['panel']}" if row["panel"] else ""),
        "figure": row["figure"],
        "status": row["status"],
        "message": row["message"],
        "arms": _arms(row),
        "hr": sentences.interval(row["hr"], row["ci_low"], row["ci_high"]) if row["hr"] == row["hr"] else "",
        "compared": f"{row['treatment']} over {row['reference']}" if row["treatment"] else "",
        "differs": int(row["differs"]) if row["differs"] > 0 else 0,
        "confidence": sentences.decimals(row["confidence"]),
        "flags": row["flags"].replace("_", " "),
        "folder": quote(row["folder"]),
        "overlay": quote(f"{row['folder']}/{OVERLAY}") if (place / OVERLAY).is_file() else "",
        "rebuilt": quote(f"{row['folder']}/{RECONSTRUCTION_PICTURE}") if (place / RECONSTRUCTION_PICTURE).is_file() else "",
        "thumbnail": quote(f"{row['folder']}/{THUMBNAIL}") if (place / THUMBNAIL).is_file() else "",
    }


def _arms(row):
    """A line per arm, with its patients where they were rebuilt; one line of all where names themselves hold semicolons."""
    names, sizes, events = (row[column].split("; ") for column in ("arms", "n", "n_event"))
    if not len(names) == len(sizes) == len(events) or not row["n"]:
        return [row["arms"]] if row["arms"] else []
    return [f"{name}: {size} patients, {event} events" for name, size, event in zip(names, sizes, events, strict=True)]
