"""Files written whole or not at all, always with the same bytes for the same content."""

import contextlib
import csv
import dataclasses
import gzip
import io
import json
import math
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from ipdrecon.errors import FolderError

DIGITS, ALL_DIGITS = 10, 17
_GZIP_LEVEL = 6
_FORMULA_STARTS = ("=", "+", "-", "@")


def number(value, digits=DIGITS):
    """Text of a number: ten significant digits, never ``-0``; empty for NaN."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.{digits}g}" if value != 0 else "0"


def guarded(text):
    """Text that no spreadsheet takes for a formula: one leading space where it begins with ``= + - @``.

    Readers of ours strip blanks, and a printed label never begins with one, so nothing is lost.
    """
    text = " ".join(str(text).split())
    return f" {text}" if text.startswith(_FORMULA_STARTS) else text


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
    """Rows as CSV: numbers by `number`, text by `guarded`, line ends LF.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequence
        As many cells as columns; None and NaN become empty cells.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
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


def write_files(folder, files, *, outdated=()):
    """Write several files into a folder: all of them, or none.

    Parameters
    ----------
    folder : str or Path
        Made where it does not exist, and taken away again if writing fails.
    files : dict of str to bytes or callable
        Content by name, or what writes it into an open file, for files larger than memory; a name may hold a subfolder.
    outdated : sequence of str
        Names of files that the new ones make untrue; they are taken away.

    Raises
    ------
    FolderError
        When the folder or a file cannot be written.
    """
    folder = Path(folder)
    first_new = _first_missing(folder)
    temporary = {}
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
            _put(temporary[path], content)
        for path, part in temporary.items():
            os.replace(part, path)
        for name in outdated:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        _take_away(temporary.values(), first_new)
        raise FolderError(f"{error.filename or folder} cannot be written ({error.strerror}); give another place with --out.") from error
    except BaseException:
        _take_away(temporary.values(), first_new)
        raise


def _put(path, content):
    with path.open("wb") as stream:
        if callable(content):
            content(stream)
        else:
            stream.write(content)


def stands(path, content):
    """Whether a file holds a content, as `write_files` takes it.

    Parameters
    ----------
    path : Path
    content : bytes or callable

    Returns
    -------
    bool
    """
    if not callable(content):
        return path.read_bytes() == content
    with tempfile.TemporaryFile() as stream:
        content(stream)
        if stream.tell() != path.stat().st_size:
            return False
        stream.seek(0)
        with path.open("rb") as standing:
            return all(stream.read(len(piece)) == piece for piece in iter(lambda: standing.read(1 << 20), b""))


def _first_missing(folder):
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    return missing[-1] if missing else None


def _take_away(parts, first_new):
    for part in parts:
        with contextlib.suppress(OSError):
            part.unlink()
    if first_new is not None:
        shutil.rmtree(first_new, ignore_errors=True)


def take_away_earlier(folder, earlier, now):
    """Take away what an earlier run wrote and the present one did not, and folders that are empty then.

    Parameters
    ----------
    folder : str or Path
    earlier, now : iterable of str
        Names of files, from the folder; names that lead out of it are left alone.
    """
    folder = Path(folder).resolve()
    for name in sorted(set(earlier) - set(now)):
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            continue
        path.unlink()
        for place in path.parents:
            if place == folder or any(place.iterdir()):
                break
            place.rmdir()


@contextlib.contextmanager
def staged(folder):
    """Give a folder to work in, whose files reach `folder` only when all went well.

    Parameters
    ----------
    folder : str or Path
        Files of the same name there are replaced; others are left.

    Yields
    ------
    Path
    """
    folder = Path(folder).absolute()
    first_new = _first_missing(folder)
    stage = folder.parent / f".{folder.name}.{os.getpid()}.part"
    try:
        stage.mkdir(parents=True)
        yield stage
        for path in sorted(stage.rglob("*")):
            target = folder / path.relative_to(stage)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, target)
    except OSError as error:
        _take_away((), first_new)
        raise FolderError(f"{error.filename or folder} cannot be written ({error.strerror}); give another place with --out.") from error
    except BaseException:
        _take_away((), first_new)
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
