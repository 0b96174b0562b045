r"""TOML that people write: read, and where a field stands in it, so that a complaint can name the line.

Examples
--------
>>> text = 'title = "x"\n\n[[trial]]\nfolder = "a"\n[[trial]]\nfolder = 3\n'
>>> line_of(text, ("trial", 1, "folder"))
6
>>> line_of(text, ("trial", 1, "name"))
5
"""

import re
import tomllib

from ipdrecon.bounded import TooLarge, read_bounded
from ipdrecon.errors import FolderError

MOST_BYTES = 2_000_000

_HEADER = re.compile(r"^\s*\[(\[?)\s*([^\[\]]+?)\s*\]?\]\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")


def read_toml(path, what):
    """Read a TOML file.

    Parameters
    ----------
    path : Path
    what : str
        What the file is, for the message.

    Returns
    -------
    text : str
    fields : dict

    Raises
    ------
    FolderError
        Where it cannot be read, or is no TOML.
    """
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except TooLarge as error:
        raise FolderError(f"{path} has over {MOST_BYTES // 10**6} MB; expected a {what} as a person writes it.") from error
    except OSError as error:
        raise FolderError(f"{path} cannot be read ({error.strerror}); give the path of a {what}.") from error
    except (ValueError, RecursionError) as error:
        raise FolderError(f"{path} is no TOML: {error}.") from error


def line_of(text, place):
    """Find the line of a field, or of the table that should hold it.

    Parameters
    ----------
    text : str
        Of a TOML file.
    place : sequence of str or int
        Names of tables and fields, and places in arrays of tables, counted from 0.

    Returns
    -------
    int or None
        Counted from 1; None where neither the field nor its table is found.
    """
    wanted, best, best_depth = tuple(place), None, -1
    for line, found in _fields(text):
        shared = next((depth for depth, (one, other) in enumerate(zip(found, wanted, strict=False)) if one != other), min(len(found), len(wanted)))
        if shared == len(found) and shared > best_depth:
            best, best_depth = line, shared
    return best


def _fields(text):
    """Lines of headers and fields, each with its place."""
    table, counts = (), {}
    for line, row in enumerate(text.splitlines(), 1):
        header = _HEADER.match(row)
        if header:
            table = _table(header[2], bool(header[1]), counts)
            yield line, table
            continue
        key = _KEY.match(row)
        if key:
            yield line, (*table, next(name for name in key.groups() if name is not None))


def _table(name, is_array, counts):
    """Place of a table by its header; tables inside arrays belong to the last of these."""
    parts, place = [part.strip().strip("\"'") for part in name.split(".")], ()
    for depth, part in enumerate(parts):
        place = (*place, part)
        if depth == len(parts) - 1 and is_array:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place
