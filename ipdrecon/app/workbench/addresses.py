"""The addresses under /api/: each parses, calls one function and answers."""

import base64
import io
import json
import zipfile
from pathlib import Path

from ipdrecon import flags as kinds_of_flags
from ipdrecon.app import library, workflow
from ipdrecon.app.draws import DRAWS
from ipdrecon.app.given import EDITS
from ipdrecon.app.saving import plain
from ipdrecon.app.workbench.comparing import CONSENSUS_FILE
from ipdrecon.app.workbench.desk import REPORTED
from ipdrecon.app.workbench.documents import MOST_PAGES
from ipdrecon.app.workbench.figures import MOST_BYTES, MOST_PIXELS, UnknownError
from ipdrecon.app.workbench.journal import OldRevisionError, is_own_file
from ipdrecon.app.workbench.rebuilt import COLUMNS, reported_rows
from ipdrecon.errors import EditError
from ipdrecon.model import SCALES
from ipdrecon.survival.reported import QUANTITIES

FILES = (
    library.CURVES, library.AT_RISK, library.CENSOR_MARKS, library.FIGURE, EDITS, library.OVERLAY, workflow.IPD, workflow.RECONSTRUCTION,
    workflow.RECONSTRUCTION_PICTURE, REPORTED, workflow.VALIDATION, workflow.VALIDATION_RECORD, CONSENSUS_FILE,
)  # fmt: skip
ALL_FILES = "figure.zip"
TYPES = {
    ".csv": "text/csv; charset=utf-8", ".json": "application/json", ".png": "image/png", ".svg": "image/svg+xml", ".pdf": "application/pdf",
    ".zip": "application/zip", ".html": "text/html; charset=utf-8",
}  # fmt: skip
REBUILT = (workflow.IPD, workflow.RECONSTRUCTION, workflow.RECONSTRUCTION_PICTURE, DRAWS)
_COMPARED = (REPORTED, workflow.VALIDATION, workflow.VALIDATION_RECORD)


class Malformed(Exception):
    """A request lacks a field, or one is of the wrong kind."""


class Asked:
    """One request about one figure.

    Parameters
    ----------
    figures : Figures
    figure_id : str
    query : mapping of str to str
    body : object
        Parsed JSON, or bytes.
    """

    def __init__(self, figures, figure_id=None, query=None, body=None):
        self.figures, self.query, self.body = figures, query or {}, body
        self.reader = self.query.get("reader") or None
        self.entry = None if figure_id is None else figures.entry(figure_id)

    @property
    def desk(self):
        """The desk of the figure and reader asked for."""
        return self.figures.desk(self.entry, self.reader)

    def field(self, name, kind, default=...):
        """A field of the body.

        Raises
        ------
        Malformed
        """
        value = self.body.get(name, default) if isinstance(self.body, dict) else default
        if value is ... or (value is not default and not isinstance(value, kind)) or (kind is int and isinstance(value, bool)):
            names = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
            raise Malformed(f"The field {name!r} is missing or of the wrong kind; expected {names}.")
        return value

    def number(self, name, default=...):
        """A number of the query.

        Raises
        ------
        Malformed
        """
        try:
            value = float(self.query[name]) if name in self.query or default is ... else default
        except (KeyError, ValueError):
            raise Malformed(f"{name} is missing or no number.") from None
        if value is not default and not abs(value) < 1e9:
            raise Malformed(f"{name} is no usable number.")
        return value


def figure_record(entry, desk, reader):
    """Make the answer about one figure."""
    desk.ready()
    panel_files = [name for name in FILES if is_own_file(desk.folder / name)]
    page = (desk.journal.given or {}).get("page")
    return {
        "id": entry.id,
        "name": entry.name,
        "file": entry.source.name if entry.source is not None else None,
        "reader": reader,
        "folder": desk.folder.name,
        "readers": list(entry.readers),
        "files": panel_files,
        "given": {key: (desk.journal.given or {}).get(key) or {} for key in ("n", "n_event")},
        "command": _command(entry, desk.folder, page),
    } | desk.record()


def _command(entry, folder, page):
    if entry.source is None:
        return None
    parts = ["ipdrecon digitise", _quoted(entry.source.name), f"--page {page}" if page else ""]
    return " ".join(part for part in (*parts, f"--out {_quoted(folder.name)}" if folder != entry.source.with_suffix("") else "") if part)


def _quoted(text):
    import shlex

    return shlex.quote(text)


# --- the whole -------------------------------------------------------------------------------------------------------


def state(asked):
    """All figures and trials."""
    from importlib.metadata import version

    figures = asked.figures
    rows = []
    for entry in figures.entries(anew=True).values():
        desk = figures.desk(entry)
        rows.append(
            {"id": entry.id, "name": entry.name, "file": entry.source.name if entry.source else None, "parent": entry.parent}
            | {"trial": _trial_of(figures, entry), "readers": list(entry.readers), "has_reported": is_own_file(entry.folder / REPORTED)}
            | desk.summary()
        )
    trials = dict.fromkeys(row["trial"] for row in rows if row["trial"])
    return {
        "version": version("ipdrecon"),
        "root_name": figures.root.name,
        "figures": rows,
        "trials": [{"id": name, "name": name, "figures": [row["id"] for row in rows if row["trial"] == name]} for name in trials],
        "limits": {"bytes": MOST_BYTES, "pixels": MOST_PIXELS, "pages": MOST_PAGES},
        "vocabulary": {
            "flags": {
                name: {"meaning": one.meaning, "look_at": one.look_at, "needs_review": one.needs_review}
                for name, one in kinds_of_flags.DEFINITIONS.items()
            },
            "scales": list(SCALES),
            "quantities": list(QUANTITIES),
            "reported_columns": list(COLUMNS),
        },
    }


def _trial_of(figures, entry):
    """The folder's name of the trial a figure lies in; None where there is none."""
    place = entry.folder.parent
    return place.name if place != figures.root.parent and is_own_file(place / "trial.toml") else None


def take(asked):
    """An upload."""
    entry, is_new = asked.figures.take(asked.query.get("name", ""), asked.body)
    desk = asked.figures.desk(entry)
    if asked.query.get("read") != "0" and desk.status == "new":
        asked.figures.start(entry)
    return {"id": entry.id, "status": desk.status}, 201 if is_new else 200


def example(asked):
    """Put in the figure that the demo shows."""
    from importlib.resources import files as packaged

    content = (packaged("digitised") / "tacerte" / "fig5_facsimile.png").read_bytes()
    return take(Asked(asked.figures, None, {"name": "example"}, content))


def read(asked):
    """Begin to read."""
    given = {name: asked.field(name, kind, None) for name, kind in (("page", int), ("panel", str), ("ocr", bool), ("as_picture", bool))}
    given = {name: value for name, value in given.items() if value is not None}
    entry = asked.figures.start(asked.entry, asked.reader, **given)
    return {"id": entry.id, "status": asked.figures.desk(entry, asked.reader).status}, 202


def stop(asked):
    """Stop a reading."""
    asked.desk.stop()
    return {"id": asked.entry.id}


def progress(asked):
    """How far a reading is."""
    return {"id": asked.entry.id} | asked.desk.progress() | {"pages": asked.figures.pages(asked.entry)}


def page_picture(asked, page):
    """A small picture of a page, as a file."""
    return asked.figures.page_picture(asked.entry, page)


# --- one figure ------------------------------------------------------------------------------------------------------


def figure(asked):
    """All that is shown of a figure."""
    desk = asked.desk
    answer = figure_record(asked.entry, desk, asked.reader)
    if desk.status == "failed" and desk.is_stale and desk.source is not None:
        asked.figures.start(asked.entry, asked.reader)
        return answer | {"status": "reading"}
    if desk.status == "read":
        asked.figures.warm(desk)
    return answer


def change(asked, make):
    """Change the edits by a way of making the new journal from the old; the figure anew."""
    desk, revision = asked.desk, asked.field("revision", int)
    try:
        desk.change(revision, make, keep=bool(asked.field("keep", bool, False)))
    except OldRevisionError as error:
        error.answer = {"figure": figure_record(asked.entry, desk, asked.reader)}
        raise
    asked.figures.tidy_soon(desk)
    return figure_record(asked.entry, desk, asked.reader)


def checked_edits(asked):
    """The edits of the body, each well-formed, as the file of edits holds them."""
    from ipdrecon.app.saving import ALL_DIGITS, json_bytes
    from ipdrecon.figure.edits.kinds import parse_edits

    edits = asked.field("edits", list)
    if len(edits) > 2000:
        raise EditError(f"There are {len(edits)} edits; at most 2000 are taken.")
    return json.loads(json_bytes([edit.to_dict() for edit in parse_edits(edits)], ALL_DIGITS))


def append_edits(asked):
    """Append edits."""
    edits = checked_edits(asked)
    return change(asked, lambda journal: journal.appended(edits))


def replace_edits(asked):
    """Replace all edits."""
    edits = checked_edits(asked)
    return change(asked, lambda journal: journal.replaced(edits))


def undo(asked):
    """Take the latest change back."""
    asked.body["keep"] = True
    return change(asked, lambda journal: journal.undone())


def redo(asked):
    """Do again what was taken back."""
    asked.body["keep"] = True
    return change(asked, lambda journal: journal.redone())


def picture(asked):
    """The picture of a figure, as a file."""
    return asked.desk.picture()


def crop(asked):
    """A part of the picture, as PNG."""
    box = [asked.number(name) for name in ("x0", "y0", "x1", "y1")]
    answer = asked.desk.ask_mender("crop", box=box, scale=asked.number("scale", 1.0))
    return base64.b64decode(answer["png"])


def snap(asked):
    """Lay a stroke upon the ink."""
    desk, name = asked.desk, asked.field("panel", str, None)
    panels = [panel for panel in desk.record()["panels"] if name in (None, panel["panel"], panel["edit_panel"])]
    arms = [arm for panel in panels for arm in panel["arms"] if arm["name"] == asked.field("arm", str, None)]
    colour = asked.field("colour", str, None) or (arms[0]["colour"] if arms else None)
    stroke = asked.field("stroke", list)
    if len(stroke) > 20_000 or not all(isinstance(point, list) and len(point) == 2 and all(_is_number(x) for x in point) for point in stroke):
        raise Malformed("The field 'stroke' is no list of points [x, y].")
    answer = desk.ask_mender("snap", stroke=stroke, colour=_rgb(colour), reach=asked.field("reach", (int, float), 12.0))
    return answer | {"data": _data(panels, answer["points"])}


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9


def _rgb(colour):
    if colour is None:
        return None
    try:
        red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    except ValueError:
        raise Malformed("The field 'colour' is no colour; expected #rrggbb.") from None
    return red, green, blue


def _data(panels, points):
    """Times and survivals of points in px; None where an axis is not known."""
    from ipdrecon.model import Axis, Calibration

    if not panels or any(axis["slope"] is None for axis in panels[0]["axes"].values()):
        return None
    time, vertical = (Axis([], [], panels[0]["axes"][name]["slope"], panels[0]["axes"][name]["intercept"]) for name in ("time", "vertical"))
    calibration = Calibration(time, vertical, panels[0]["axes"]["vertical"]["scale"])
    return plain([calibration.to_data(*point) for point in points])


# --- patients --------------------------------------------------------------------------------------------------------


def totals_of(desk):
    """Patients and events by arm that are given by hand; None where nothing was ever said of them."""
    given = desk.journal.given or {}
    return {"n": given.get("n"), "n_event": given.get("n_event")}


def rebuilt(asked):
    """The rebuilt patients of a figure."""
    options = {name: asked.query.get(name) or None for name in ("panel", "treatment", "reference")}
    return asked.desk.apart("rebuild", REBUILT, **options, **totals_of(asked.desk))


def give_totals(asked):
    """Patients and events per arm, by hand."""
    totals = {}
    for name in ("n", "n_event"):
        numbers = asked.field(name, dict, {})
        if not all(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 10**7 for number in numbers.values()):
            raise Malformed(f"The field {name!r} holds something else than whole numbers by arm.")
        totals[name] = numbers
    asked.desk.know(**totals)
    return {}


def reported(asked):
    """What the paper reports, as typed."""
    return {"rows": reported_rows(asked.desk.folder)}


def put_reported(asked):
    """Store what the paper reports, and compare."""
    rows = asked.field("rows", list)
    if len(rows) > 500 or not all(isinstance(row, dict) for row in rows):
        raise Malformed("The field 'rows' is no list of objects, or has more than 500.")
    return _agreement(asked, [{name: str(row.get(name) if row.get(name) is not None else "") for name in COLUMNS} for row in rows])


def agreement(asked):
    """How rebuilt patients agree with what is reported."""
    return _agreement(asked, None)


def _agreement(asked, rows):
    return asked.desk.apart("validate", (*REBUILT, *_COMPARED), reported=rows, **totals_of(asked.desk))


# --- downloads -------------------------------------------------------------------------------------------------------


def files(asked):
    """What can be downloaded."""
    folder = asked.desk.folder
    there = [name for name in FILES if is_own_file(folder / name)]
    rows = [{"name": name, "bytes": (folder / name).stat().st_size, "type": TYPES[Path(name).suffix]} for name in there]
    return rows + ([{"name": ALL_FILES, "bytes": None, "type": TYPES[".zip"]}] if there else [])


def file(asked, name):
    """One file's content and type."""
    desk = asked.desk
    if name in (library.OVERLAY, ALL_FILES):
        desk.tidy()
    if name == ALL_FILES and any(is_own_file(desk.folder / one) for one in FILES):
        return _zipped(desk.folder), TYPES[".zip"]
    if name not in FILES or not is_own_file(desk.folder / name):
        raise UnknownError("There is no such file.")
    return (desk.folder / name).read_bytes(), TYPES[Path(name).suffix]


def _zipped(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            if is_own_file(folder / name):
                archive.writestr(zipfile.ZipInfo(f"{folder.name}/{name}"), (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
