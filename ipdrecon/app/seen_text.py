"""The text that was read from a figure, kept in its folder, so that a change by hand need not wait for it to be read again.

`text.json` may be deleted at any time: the text is read anew then. It is used by the version that wrote it alone.

Examples
--------
>>> content = text_bytes({("line", "00ff", 20, 60): ([], ["12"], [0.9])})
>>> parse_text(content)
[[['line', '00ff', 20, 60], [[], ['12'], [0.9]]]]
"""

import functools
import json
import math
from pathlib import Path

from ipdrecon.app.json_files import MALFORMED
from ipdrecon.app.saving import ALL_DIGITS, json_bytes

TEXT = "text.json"
SCHEMA_VERSION = 1
_MOST_BYTES = 8 * 1024**2


@functools.lru_cache(maxsize=1)
def _made_by():
    """What the readings depend on beside the pixels: the versions of this program and of its reader of text."""
    from importlib.metadata import PackageNotFoundError, version

    from ipdrecon import __version__

    try:
        return f"ipdrecon {__version__}, rapidocr {version('rapidocr')}"
    except PackageNotFoundError:
        return f"ipdrecon {__version__}"


def text_bytes(readings):
    """Make the content of `text.json`.

    Parameters
    ----------
    readings : dict
        Corners, texts and scores by the key of the pixels, as `ipdrecon.figure.session.noted` gathers them.

    Returns
    -------
    bytes
    """
    rows = [[list(key), list(result)] for key, result in sorted(readings.items())]
    return json_bytes({"schema_version": SCHEMA_VERSION, "made_by": _made_by(), "text": [json.dumps(row) for row in rows]}, ALL_DIGITS)


def parse_text(content):
    """Give what `text.json` holds; nothing where another version wrote it, or it is damaged.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    list of list
        The key and the result of each reading.
    """
    try:
        record = json.loads(content)
        if record["schema_version"] != SCHEMA_VERSION or record["made_by"] != _made_by():
            return []
        rows = [json.loads(row) for row in record["text"]]
    except MALFORMED:
        return []
    return rows if all(_is_reading(row) for row in rows) else []


def _is_reading(row):
    """Whether a row is a key as `ipdrecon.figure.text` makes it, and the places, texts and scores that such a reading has."""
    try:
        key, (places, texts, scores) = row
        hash(tuple(key))
        is_line = key[0] == "line"
        counts = (0, 1, 1) if is_line else (len(places),) * 3 if key[3] else (len(places), 0, 0)
        plain = all(isinstance(text, str) for text in texts) and all(map(math.isfinite, scores))
        corners = all(len(place) == 4 and all(len(corner) == 2 and all(map(math.isfinite, corner)) for corner in place) for place in places)
    except MALFORMED:
        return False
    return isinstance(key, list) and len(key) == (4 if is_line else 5) and plain and corners and (len(places), len(texts), len(scores)) == counts


def read_text(folder):
    """Read `text.json` of a figure folder; nothing where there is none.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    list of list
        The key and the result of each reading.
    """
    path = Path(folder) / TEXT
    try:
        return parse_text(path.read_bytes()) if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST_BYTES else []
    except OSError:
        return []


class SeenText:
    """The text seen in one figure: what its folder keeps, and what was read since.

    Parameters
    ----------
    folders : sequence of str or Path
        The first that keeps any text counts; the figure's own, then that of an earlier reading of the same figure.

    Attributes
    ----------
    rows : list of list
        The key and the result of each reading that a folder keeps.
    """

    def __init__(self, *folders):
        self._path = Path(folders[0]) / TEXT
        self.rows = read_text(folders[0])
        self._is_own = bool(self.rows)
        self.rows = self.rows or next((rows for folder in folders[1:] if (rows := read_text(folder))), [])
        self._readings = {tuple(key): result for key, result in self.rows}
        self._has_new = False

    @property
    def is_empty(self):
        """Whether nothing was read yet."""
        return not self._readings

    def note(self, rows):
        """Keep further readings."""
        further = {tuple(key): result for key, result in rows}
        self._has_new |= bool(further.keys() - self._readings.keys())
        self._readings |= further

    def file(self):
        """The content of `text.json` by its name, as a dict; empty where the folder keeps it, or something else has its name."""
        is_lost = self._is_own and not self._path.exists()
        return {TEXT: text_bytes(self._readings)} if (self._has_new or is_lost) and not self._path.is_dir() else {}

    def stored(self):
        """Take note that `file` is on disk."""
        self._is_own |= self._has_new
        self._has_new = False
