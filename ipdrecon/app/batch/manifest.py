"""Which figures a batch reads, and what is known of each: a CSV or TOML file, a folder, or a pattern of names."""

import difflib
import glob
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ipdrecon.app.tables import read_table
from ipdrecon.app.toml_lines import line_of, read_toml
from ipdrecon.errors import FolderError

FIGURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".pdf", ".svg")
_MARKS_OF_A_FIGURE_FOLDER = ("figure.json", "job.json", "curves.csv", "run.json", "results.csv")
_COLUMNS = ("figure", "id", "panel", "page", "arms", "unit", "at_risk", "edits", "reported", "n", "events", "treatment", "reference")
_ALIKE, _MOST_TOLD, _LONGEST_NAME = 0.75, 10, 100


class BatchEntry(BaseModel):
    """One figure of a batch and what is known of it; paths are from the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    figure: str = Field(min_length=1)
    id: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")
    panel: str | None = None
    page: int | None = Field(None, ge=1)
    arms: int | None = Field(None, ge=1)
    unit: str | None = None
    at_risk: str | None = None
    edits: str | None = None
    reported: str | None = None
    n: dict[str, int] = {}
    events: dict[str, int] = {}
    treatment: str | None = None
    reference: str | None = None

    @field_validator("n", "events", mode="before")
    @classmethod
    def _pairs(cls, value):
        """``Placebo=120; Drug=118`` as well as a table."""
        if not isinstance(value, str):
            return value
        pairs = [part.rpartition("=")[::2] for part in value.split(";") if part.strip()]
        if any(not arm.strip() or not number.strip().isdigit() for arm, number in pairs):
            raise ValueError("expected ARM=N, parted by semicolons, as in Placebo=120; Drug=118")
        return {arm.strip(): int(number) for arm, number in pairs}


@dataclass(frozen=True)
class Job:
    """One figure to read.

    Attributes
    ----------
    id : str
        Its own in the batch; the name of its folder.
    home : Path
        Where the paths of `entry` begin.
    entry : BatchEntry
    """

    id: str
    home: Path
    entry: BatchEntry

    @property
    def figure(self):
        """The figure file."""
        return self.home / self.entry.figure

    def inputs(self):
        """Give the files it is made from, by what they are."""
        names = ("figure", "at_risk", "edits", "reported")
        return {name: self.home / getattr(self.entry, name) for name in names if getattr(self.entry, name) is not None}


def read_manifest(source, *, skip=None):
    """Find the figures of a batch.

    Parameters
    ----------
    source : str or Path
        A CSV file with a column `figure` and any of ``id, panel, page, arms, unit, at_risk, edits, reported, n, events,
        treatment, reference``; a TOML file with ``[[figure]]`` entries of the same fields; a folder, all of whose figure files
        are taken; or a pattern such as ``figures/*.png``.
    skip : Path, optional
        A folder that is left out: that of the results.

    Returns
    -------
    tuple of Job

    Raises
    ------
    FolderError
        Naming file, line and field; or where there is no figure.
    """
    path = Path(source)
    if path.is_dir():
        home, entries = path, _of_files(_files_below(path), path, skip)
    elif path.suffix.lower() == ".toml":
        home, entries = path.parent, _of_toml(path)
    elif path.suffix.lower() == ".csv":
        home, entries = path.parent, _of_csv(path)
    elif path.is_file() or not glob.has_magic(str(source)):
        raise FolderError(f"{source} is no batch; expected a CSV or TOML file, a folder, or a pattern such as 'figures/*.png'. Check the path.")
    else:
        home, entries = Path(), _of_files([Path(name) for name in sorted(glob.glob(str(source), recursive=True))], Path(), skip)
    if not entries:
        raise FolderError(f"{source} holds no figure; expected one or more of {', '.join(FIGURE_ENDINGS)}. Check the path.")
    return _named(home, entries)


def _files_below(folder):
    """Files of a folder and those within it, sorted, without hidden ones; what is taken away meanwhile does not count."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place) / name for name in names if not name.startswith(".")]
    return sorted(found)


def _of_files(paths, home, skip):
    """Entries of figure files, without pictures that the program itself wrote."""
    skip = None if skip is None else skip.resolve()
    chosen = [
        path for path in paths
        if path.suffix.lower() in FIGURE_ENDINGS
        and path.is_file()
        and not (skip and path.resolve().is_relative_to(skip))
        and not any((path.parent / mark).exists() for mark in _MARKS_OF_A_FIGURE_FOLDER)
    ]
    return [BatchEntry(figure=str(path.relative_to(home) if home != Path() else path)) for path in chosen]


def _of_toml(path):
    text, tables = read_toml(path, "manifest")
    entries = tables.get("figure")
    if not isinstance(entries, list) or set(tables) != {"figure"}:
        raise FolderError(f"{path} holds {', '.join(tables) or 'nothing'}; expected [[figure]] entries alone.")
    return _entries(path, entries, lambda place: line_of(text, ("figure", place)))


def _of_csv(path):
    lines = read_table(path, ("figure",))
    for name in lines[0].cells if lines else ():
        near = [known for known in difflib.get_close_matches(name.casefold(), _COLUMNS, 3, _ALIKE) if known[0] == name[0].casefold()]
        if name not in _COLUMNS and near:
            raise FolderError(f"{path}, line 1: a column {name!r}; expected {near[0]!r}, or quite another name for a column that is to be left aside.")
    return _entries(path, [{name: line.text(name) for name in _COLUMNS if line.text(name)} for line in lines], lambda place: lines[place].line)


def _entries(path, rows, line_at):
    """Entries of all rows; every mistake is told, with its line."""
    entries, wrong, named = [], [], {}
    for place, fields in enumerate(rows):
        try:
            entry = BatchEntry.model_validate(fields)
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']} (seen: {item['input']!r})" for item in error.errors())
            wrong.append(f"line {line_at(place)}: {told}")
            continue
        entries.append(entry)
        before = named.setdefault(entry.id.casefold(), place) if entry.id else place
        if before != place:
            wrong.append(f"line {line_at(place)}: id: {entry.id!r} is that of line {line_at(before)}; each needs its own")
    if wrong:
        more = f" … and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise FolderError(f"{path}, {'. '.join(wrong[:_MOST_TOLD])}{more}.")
    return entries


def _named(home, entries):
    """Jobs with names of their own: as given, else that of the file, with its folders where files share a name; then a number."""
    stems = Counter(_plain(entry.figure, 1).casefold() for entry in entries if not entry.id)
    names = [entry.id or _plain(entry.figure, 1 if stems[_plain(entry.figure, 1).casefold()] == 1 else None) for entry in entries]
    taken, jobs = {entry.id.casefold() for entry in entries if entry.id}, []
    for entry, base in zip(entries, names, strict=True):
        name, number = base, 1
        while not entry.id and name.casefold() in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name.casefold())
        jobs.append(Job(name, home, entry))
    return tuple(jobs)


def _plain(figure, n_parts):
    """The last parts of a path, without its ending, in letters, digits and ``_.-`` alone, as any file system takes them."""
    path = Path(figure)
    parts = [part for part in (*path.parts[:-1], path.stem) if part not in ("..", path.anchor)]
    text = "".join(letter for letter in unicodedata.normalize("NFKD", "_".join(parts[-n_parts:] if n_parts else parts)) if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_.-")[:_LONGEST_NAME] or "figure"
