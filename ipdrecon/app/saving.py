"""Files written whole or not at all, always with the same bytes for the same content."""

import contextlib
import csv
import dataclasses
import gzip
import hashlib
import io
import json
import math
from pathlib import Path

import numpy as np

from ipdrecon.app.stage import stage_in
from ipdrecon.errors import FolderError
from metaanalysis.spreadsheet import guarded

DIGITS, ALL_DIGITS = 10, 17
_GZIP_LEVEL = 6


def number(value, digits=DIGITS):
    """Text of a number: ten significant digits, never ``-0``; empty for NaN."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.{digits}g}" if value != 0 else "0"


def plain(value, digits=DIGITS):
    """Give the same in what JSON knows.

    Numbers have ten digits (`ALL_DIGITS` keep them whole), NaN and infinity become None, tuples lists, and dataclasses objects.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value), digits)
    if isinstance(value, dict):
        return {str(key): plain(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item, digits) for item in value]
    return _plain_leaf(value, digits)


def _plain_leaf(value, digits):
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(number(value, digits)) if math.isfinite(value) else None
    return value if value is None else str(value)


def json_bytes(record, digits=DIGITS):
    """Give a record as JSON, indented, in UTF-8, with a last line end."""
    return (json.dumps(plain(record, digits), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def csv_bytes(columns, rows):
    """Rows as CSV: numbers by `number`, names and text by `metaanalysis.spreadsheet.guarded`, line ends LF.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequence
        As many cells as columns; None and NaN become empty cells.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([guarded(name) for name in columns])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode()


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    return number(value) if isinstance(value, (int, float, np.number)) else guarded(value)


def gzip_bytes(content):
    """Pack bytes with gzip, without a name or a time in the head; packed pieces one after another are a whole file."""
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", _GZIP_LEVEL, fileobj=packed, mtime=0) as stream:
        stream.write(content)
    return packed.getvalue()


def frame_csv(frame):
    """Give a pandas frame as CSV by the same rules."""
    return csv_bytes(list(frame.columns), frame.itertuples(index=False, name=None))


def write_files(folder, files, *, outdated=(), seen=None):
    """Write several files into a folder: all of them, or none.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist, and taken away again if writing fails.
    files : dict of str to bytes or callable
        Content by name, or what writes it into an open file, for files larger than memory; a name may hold a subfolder.
    outdated : sequence of str, or callable
        As for `Stage.put`.
    seen : dict of str to str or None, optional
        What the new files were made from: SHA-256 by name, as `digests` gives them.

    Raises
    ------
    FolderError
        When the folder or a file cannot be written, or one of those `seen` is no longer what it was.
    """
    with stage_in(folder) as stage:
        for name, content in files.items():
            path = stage.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, content)
        stage.put(outdated=outdated, check=lambda: _refuse_changed(Path(folder), seen or {}))


def _put(path, content):
    with path.open("wb") as stream:
        if callable(content):
            content(stream)
        else:
            stream.write(content)


def digest(path):
    """Give the SHA-256 of a file, however large it is."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digests(folder, names):
    """Give the SHA-256 of files of a folder, by name; None of those that are not there."""
    paths = {name: Path(folder) / name for name in names}
    return {name: digest(path) if path.is_file() else None for name, path in paths.items()}


def _refuse_changed(folder, seen):
    now = digests(folder, seen)
    changed = [name for name in seen if now[name] != seen[name]]
    if changed:
        raise FolderError(f"{folder}: {', '.join(changed)} changed while this run was at work, perhaps by another one; run it again.")


@contextlib.contextmanager
def staged(folder, outdated=()):
    """Give a folder to work in, whose files reach `folder` together and only when all went well.

    Parameters
    ----------
    folder : str or Path
        Files of the same name there are replaced; others are left.
    outdated : list of str
        As for `write_files`; it may be filled while the work goes on.

    Yields
    ------
    Path
    """
    with stage_in(folder) as stage:
        yield stage.path
        stage.put(outdated=outdated)
