"""The edits of one figure folder and how they came to be: on disk before anyone is told, undone and redone at will.

`edits.json` is the truth, written first; `journal.json` beside it holds the history. Where the two differ, because the
program was ended between both or a person changed the edits elsewhere, the edits stand, and the history notes the change.

Examples
--------
>>> journal = Journal().appended([{"edit": "unit", "unit": "days"}])
>>> label(journal.edits[0]), journal.undone().edits, journal.undone().redone().edits == journal.edits
('time is in days', (), True)
"""

import json
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.app.given import EDITS, edits_bytes, read_edits
from ipdrecon.app.json_files import read_record
from ipdrecon.app.saving import ALL_DIGITS, json_bytes, write_files
from ipdrecon.errors import FolderError, IpdreconError

JOURNAL = "journal.json"
SCHEMA_VERSION = 1
_MOST_STEPS = 1000


class OldRevisionError(IpdreconError):
    """Someone else has changed the figure in the meantime."""


class BusyError(IpdreconError):
    """The figure is being read."""


class RefusedError(IpdreconError):
    """An edit that would make a figure unreadable that can be read now; it can be kept all the same."""

    overwrites = False


class HandChangedError(RefusedError):
    """An edit that would write over tables that somebody changed by hand."""

    overwrites = True


@dataclass(frozen=True)
class Journal:
    """Edits now and before.

    Attributes
    ----------
    edits : tuple of dict
        In force.
    revision : int
        Grows with every change.
    undo, redo : tuple of dict
        Changes done, and changes taken back, the latest last: ``{"kept": number of edits that stayed, "gone": [...],
        "new": [...]}``.
    given : dict
        What is known of the figure beside its edits: ``source``, ``page``, ``panel``, ``ocr``, ``n``, ``n_event``, ``sha256``.
    """

    edits: tuple = ()
    revision: int = 0
    undo: tuple = ()
    redo: tuple = ()
    given: dict = None

    @classmethod
    def read(cls, folder):
        """Read the journal of a figure folder; an empty one where there is none.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        Journal

        Raises
        ------
        FolderError, EditError
            When `edits.json` is malformed, or a link to another place. A journal that cannot be read is begun anew.
        """
        folder = Path(folder)
        if (folder / EDITS).is_symlink():
            raise FolderError(f"{EDITS} of the folder {folder.name} is a link to another place; expected the file itself.")
        record = _record(folder / JOURNAL)
        journal = cls(*(record.get(name, blank) for name, blank in (("edits", ()), ("revision", 0), ("undo", ()), ("redo", ()), ("given", {}))))
        journal = cls(tuple(journal.edits), journal.revision, tuple(journal.undo), tuple(journal.redo), journal.given)
        edits = [edit.to_dict() for edit in read_edits(folder / EDITS)] if (folder / EDITS).is_file() else []
        edits = json.loads(json_bytes(edits, ALL_DIGITS))
        return journal if list(journal.edits) == edits else journal.replaced(edits)

    @property
    def labels(self):
        """What each edit says, in words."""
        return [label(edit) for edit in self.edits]

    def appended(self, edits):
        """The journal with further edits."""
        return self._changed({"kept": len(self.edits), "gone": [], "new": list(edits)})

    def replaced(self, edits):
        """The journal with other edits in the place of all."""
        edits = list(edits)
        kept = next((k for k, (old, new) in enumerate(zip(self.edits, edits, strict=False)) if old != new), min(len(self.edits), len(edits)))
        return self._changed({"kept": kept, "gone": list(self.edits[kept:]), "new": edits[kept:]})

    def _changed(self, change):
        edits = (*self.edits[: change["kept"]], *change["new"])
        return Journal(edits, self.revision + 1, (*self.undo, change)[-_MOST_STEPS:], (), self.given)

    def undone(self):
        """The journal without its latest change.

        Raises
        ------
        FolderError
            When there is nothing to undo.
        """
        if not self.undo:
            raise FolderError("There is nothing to undo.")
        change = self.undo[-1]
        edits = (*self.edits[: change["kept"]], *change["gone"])
        return Journal(edits, self.revision + 1, self.undo[:-1], (*self.redo, change), self.given)

    def redone(self):
        """The journal with the change that was undone last.

        Raises
        ------
        FolderError
            When there is nothing to redo.
        """
        if not self.redo:
            raise FolderError("There is nothing to redo.")
        change = self.redo[-1]
        edits = (*self.edits[: change["kept"]], *change["new"])
        return Journal(edits, self.revision + 1, (*self.undo, change), self.redo[:-1], self.given)

    def knowing(self, **given):
        """The journal with more known of the figure."""
        return Journal(self.edits, self.revision, self.undo, self.redo, (self.given or {}) | given)

    def files(self, folder, sha256=""):
        """Make the files that keep it: edits, which are the truth, then history.

        Parameters
        ----------
        folder : str or Path
        sha256 : str
            Of the figure's file.

        Returns
        -------
        dict of str to bytes
        """
        record = {"schema_version": SCHEMA_VERSION, "edits": list(self.edits), "revision": self.revision}
        record |= {"undo": list(self.undo), "redo": list(self.redo), "given": self.given or {}}
        edits = {EDITS: edits_bytes(self.edits, sha256)} if self.edits or (Path(folder) / EDITS).exists() else {}
        return edits | {JOURNAL: json_bytes(record, ALL_DIGITS)}

    def write(self, folder, sha256=""):
        """Write edits and history; both, or none."""
        write_files(folder, self.files(folder, sha256))


def is_own_file(path):
    """Whether a file is there and is no link to another place."""
    return path.is_file() and not path.is_symlink()


def own_record(path):
    """A record of the folder itself that is not needed; empty where there is none, or a link."""
    return read_record(path) if is_own_file(path) else {}


def _record(path):
    record = own_record(path)
    return record if record.get("schema_version") == SCHEMA_VERSION and _is_whole(record) else {}


def _is_whole(record):
    """Whether a journal has the fields that this program writes."""
    changes = [record.get("undo", []), record.get("redo", [])]
    if not isinstance(record.get("revision", 0), int) or not isinstance(record.get("given", {}), dict) or not _are_dicts(record.get("edits", [])):
        return False
    return all(_are_dicts(steps) for steps in changes) and all(
        isinstance(step.get("kept"), int) and _are_dicts(step.get("gone")) and _are_dicts(step.get("new")) for steps in changes for step in steps
    )


def _are_dicts(value):
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def label(edit):
    """Say in a few words what an edit does.

    Parameters
    ----------
    edit : dict

    Returns
    -------
    str
    """
    name, arm = edit["edit"], edit.get("arm", "")
    said = {
        "axis": lambda: f"set the {edit['axis']} axis",
        "scale": lambda: f"the vertical axis shows {edit['scale']}",
        "unit": lambda: f"time is in {edit['unit']}",
        "rename_arm": lambda: f"rename {arm} to {edit['name']}",
        "rename_panel": lambda: f"rename panel {edit['panel']} to {edit['name']}",
        "points": lambda: f"draw {arm}",
        "add_arm": lambda: f"add {edit['name']}",
        "delete_arm": lambda: f"delete {arm}",
        "merge_arms": lambda: f"{arm} goes on {edit['into']}",
        "split_arm": lambda: f"split {arm} into {edit['name']}",
        "swap": lambda: f"swap {' and '.join(edit['arms'])}",
        "end": lambda: f"{arm} ends at {edit['time']:g}",
        "marks": lambda: f"censor marks of {arm}",
        "cell": lambda: f"{arm} at {edit['time']:g}: {', '.join(f'{key} {edit[key]}' for key in ('n_risk', 'n_censored', 'n_event') if key in edit)}",
        "row": lambda: f"numbers at risk of {arm}",
        "tie": lambda: f"rows of {' and '.join(edit['arms'])} change places",
        "arms": lambda: f"{edit['count']} curves",
    }
    return said.get(name, lambda: name.replace("_", " "))()
