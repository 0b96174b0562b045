"""What stands in a figure folder when the workbench takes it up: its record, its edits, what other hands have changed."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.app import library
from ipdrecon.app.given import EDITS
from ipdrecon.app.json_files import MALFORMED, read_json
from ipdrecon.app.record import figure_record
from ipdrecon.app.saving import digests, json_bytes, plain
from ipdrecon.app.stage import mend
from ipdrecon.app.workbench.journal import JOURNAL, Journal
from ipdrecon.errors import IpdreconError

_MADE_FROM = (library.CURVES, library.AT_RISK, library.CENSOR_MARKS)


@dataclass(frozen=True)
class Standing:
    """What a folder holds.

    Attributes
    ----------
    journal : Journal
    record : dict or None
        What `figure.json` holds, or would hold of tables that stand alone.
    first : tuple of dict
        Edits that must come before any other one, so that a new reading keeps what was given to an earlier one.
    trouble : str
        Why the edits cannot be used; they are left as they are.
    """

    journal: Journal
    record: dict | None
    first: tuple = ()
    trouble: str = ""


def take_up(folder, *, is_document=False):
    """Look at a figure folder.

    What was given on the command line and kept in `figure.json` alone becomes the beginning of the edits.

    Parameters
    ----------
    folder : Path
    is_document : bool
        Whether the figure's file has pages.

    Returns
    -------
    Standing
    """
    _clear_parts(folder)
    record, trouble = read_figure_record(folder), ""
    if record is not None and not (isinstance(record, dict) and isinstance(record.get("edits"), list)):
        record, trouble = None, f"{library.FIGURE} is not as the program writes it (no list named edits); digitise the figure again."
    try:
        journal = Journal.read(folder)
    except IpdreconError as error:
        return Standing(Journal(given={}), record, trouble=str(error))
    if trouble or record is None or (folder / EDITS).is_file() or (folder / JOURNAL).is_file():
        return Standing(journal, record, trouble=trouble)
    try:
        return _begun(record, is_document)
    except MALFORMED as error:
        return Standing(Journal(given={}), None, trouble=f"{library.FIGURE} is not as the program writes it ({type(error).__name__}: {error}); digitise the figure again.")


def _begun(record, is_document):
    """What a record alone tells: what was given to the reading becomes the beginning of the edits."""
    settings = record["settings"] if isinstance(record["settings"], dict) else {}
    given = {} if settings.get("ocr", True) else {"ocr": False}
    pages = {panel.get("page", 1) for panel in record["panels"]}
    given |= {"page": pages.pop()} if is_document and len(pages) == 1 else {}
    given |= {"panel": panel} if (panel := (settings.get("given") or {}).get("panel")) else {}
    return Standing(Journal(tuple(record["edits"]), given=given), record, _rows(settings.get("at_risk") or {}))


def _rows(tables):
    """Edits that give numbers at risk as they were given to an earlier reading."""
    edits = []
    for panel, columns in tables.items():
        rows = {}
        for arm, time, n_risk in zip(columns["arm"], columns["time"], columns["n_risk"], strict=True):
            rows.setdefault(arm, []).append((time, None if n_risk is None else int(n_risk)))
        edits += [{"edit": "row", "panel": panel, "arm": arm, "time": [t for t, _ in row], "n_risk": [n for _, n in row]} for arm, row in rows.items()]
    return tuple(edits)


def read_figure_record(folder):
    """Read `figure.json`, or make it of tables that stand alone; None where nothing was read yet, or it is damaged."""
    if not (folder / library.CURVES).is_file() or any((folder / name).is_symlink() for name in (*_MADE_FROM, library.FIGURE)):
        return None
    try:
        if (folder / library.FIGURE).is_file():
            return read_json(folder / library.FIGURE, "digitise the figure again")
        return json.loads(json_bytes(figure_record(library.read_digitisation(folder), {})))
    except (OSError, ValueError, IpdreconError):
        return None


def tells_of(record, edits):
    """Whether a record is that of a reading with these edits, to the digits that a record keeps."""
    return plain(record["edits"]) == plain(edits)


def changed_by_hand(folder, record):
    """Names of tables that are not as the program wrote them, as a list."""
    known = record.get("files") if isinstance(record, dict) else None
    known = known if isinstance(known, dict) else {}
    return [name for name, digest in digests(folder, _MADE_FROM).items() if digest is not None and known.get(name, digest) != digest]


def stamp(path):
    """What tells that a file has changed: its length and time; None where it is not there."""
    if path is None or not Path(path).is_file():
        return None
    seen = Path(path).stat()
    return [seen.st_size, seen.st_mtime_ns]


def is_figure_folder(folder):
    """Whether a folder is one of a figure."""
    return any((folder / name).is_file() for name in (library.FIGURE, library.CURVES, JOURNAL))


def _clear_parts(folder):
    """Take away what a process that is gone had begun to write."""
    with contextlib.suppress(OSError):
        mend(folder)
