"""What a person gives by hand about a figure, on the command line or in a file of edits: one list of edits in the end."""

from dataclasses import dataclass
from pathlib import Path

from ipdrecon.app.json_files import read_json
from ipdrecon.app.saving import ALL_DIGITS, digest, json_bytes
from ipdrecon.errors import FolderError

EDITS = "edits.json"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Given:
    """What is given by hand; None or empty where nothing is.

    Attributes
    ----------
    panel : str or None
    page, arms : int or None
    x_range, y_range : tuple of float, or None
        Values at the first and last tick.
    unit : str or None
        Of the time axis.
    at_risk : Path or None
        A CSV file ``panel,arm,time,n_risk``.
    box : tuple of float, or None
        The only plotting box: left, top, right, bottom in px.
    scale : str or None
        What the vertical axis shows.
    names : tuple of (str, str)
        Arms to rename: the name read, and the one it gets.
    edits : Path or None
        A file of edits; by default the folder's own, where it has one.
    no_edits : bool
        Whether the folder's own file is left aside.
    ocr : bool
        Whether text is read.
    """

    panel: str | None = None
    page: int | None = None
    arms: int | None = None
    x_range: tuple | None = None
    y_range: tuple | None = None
    unit: str | None = None
    at_risk: Path | None = None
    box: tuple | None = None
    scale: str | None = None
    names: tuple = ()
    edits: Path | None = None
    no_edits: bool = False
    ocr: bool = True

    def option_edits(self):
        """Give the edits that the options stand for, as pairs of the option and the record."""
        pairs = [
            ("--box", self.box and {"edit": "box", "box": self.box}),
            ("--x-range", self.x_range and {"edit": "axis", "axis": "time", "range": self.x_range}),
            ("--y-range", self.y_range and {"edit": "axis", "axis": "vertical", "range": self.y_range}),
            ("--scale", self.scale and {"edit": "scale", "scale": self.scale}),
            ("--unit", self.unit and {"edit": "unit", "unit": self.unit}),
            ("--arms", None if self.arms is None else {"edit": "arms", "count": self.arms}),
        ]
        pairs += [(f"--name {old}={new}", {"edit": "rename_arm", "arm": old, "name": new}) for old, new in self.names]
        return [(option, self._of_panel(record)) for option, record in pairs if record]

    def _of_panel(self, record):
        return record | ({"panel": self.panel.upper()} if self.panel is not None else {})


def edits_in_force(given, figure, folder):
    """Gather the edits of the file and of the options, in this order; what the file already says is not said twice.

    Parameters
    ----------
    given : Given
    figure : str or Path
    folder : str or Path
        The figure folder.

    Returns
    -------
    tuple of Edit

    Raises
    ------
    EditError, FolderError
        When a file or an edit is malformed, or the file belongs to another figure.
    """
    path = given.edits or Path(folder) / EDITS
    from_file = read_edits(path, figure) if given.edits is not None or (path.is_file() and not given.no_edits) else ()
    pairs = given.option_edits()
    if not pairs:
        return from_file
    from ipdrecon.figure.edits.kinds import parse_edit

    known = [edit.to_dict() for edit in from_file]
    asked = [parse_edit(record, option) for option, record in pairs]
    return (*from_file, *(edit for edit in asked if edit.to_dict() not in known))


def read_edits(path, figure=None):
    """Read a file of edits.

    Parameters
    ----------
    path : str or Path
        JSON: ``{"schema_version": 1, "sha256": "…", "edits": […]}``, or the list alone.
    figure : str or Path, optional
        The figure they are for; its SHA-256 must be the one the file names, if it names one.

    Returns
    -------
    tuple of Edit

    Raises
    ------
    EditError, FolderError
        Naming the file, the edit's place in the list and its field.
    """
    from ipdrecon.figure.edits.kinds import parse_edits

    path = Path(path)
    record = read_json(path, "expected a list of edits", finite=False)
    if isinstance(record, list):
        return parse_edits(record, path)
    seen = record.get("schema_version") if isinstance(record, dict) else None
    if seen != SCHEMA_VERSION or not isinstance(record.get("edits"), list):
        raise FolderError(f"{path} has the schema version {seen!r}; expected {SCHEMA_VERSION} and a list named edits.")
    of_figure = record.get("sha256")
    if of_figure and figure is not None and Path(figure).is_file() and digest(figure) != of_figure:
        raise FolderError(f"{path} holds the edits of another picture than {Path(figure).name}; --no-edits leaves them aside.")
    return parse_edits(record["edits"], path)


def edits_bytes(edits, sha256):
    """Make the content of a file of edits.

    Parameters
    ----------
    edits : sequence of dict
        As `Digitisation.edits` has them.
    sha256 : str
        Of the figure's bytes.

    Returns
    -------
    bytes
    """
    return json_bytes({"schema_version": SCHEMA_VERSION, "sha256": sha256, "edits": list(edits)}, ALL_DIGITS)
