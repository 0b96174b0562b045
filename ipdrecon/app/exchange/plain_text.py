"""The text of a file that another program wrote, whatever its encoding; what is no text is refused."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.errors import ExchangeError

MOST_BYTES = 2_000_000
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_KNOWN_STARTS = (
    (b"PK", "a workbook or ZIP archive; save its sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save its sheet as CSV"),
    (b"%PDF", "a PDF; read its figure with `ipdrecon digitise`"),
    (b"\x89PNG", "a picture; read it with `ipdrecon digitise`"),
    (b"\xff\xd8\xff", "a picture; read it with `ipdrecon digitise`"),
    (b"\x1f\x8b", "compressed; unpack it"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_COMMENT = re.compile(r"\s*(#|%|//)")


@dataclass(frozen=True)
class PlainText:
    """The lines of a file, without blank ones and comments.

    Attributes
    ----------
    path : Path
    lines : tuple of (int, str)
        Number of the line in the file, and its text.
    encoding : str
    sha256 : str
        Of the file's bytes.
    """

    path: Path
    lines: tuple
    encoding: str
    sha256: str


def read_plain_text(path):
    """Read a text file: UTF-8, UTF-16 with a byte-order mark, else Latin-1.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    PlainText
        With one line or more.

    Raises
    ------
    ExchangeError
        When the file is missing, too large, empty, or no text.
    """
    path = Path(path)
    content = _bytes_of(path)
    text, encoding = _decoded(path, content)
    numbered = enumerate(re.split(r"\r\n|\r|\n", text), start=1)
    lines = tuple((number, line) for number, line in numbered if line.strip() and not _COMMENT.match(line))
    if not lines:
        raise ExchangeError(f"{path} is empty; expected a table of numbers.")
    return PlainText(path, lines, encoding, hashlib.sha256(content).hexdigest())


def _bytes_of(path):
    if not path.is_file():
        seen = "is a folder" if path.is_dir() else "is no file" if path.exists() else "does not exist"
        raise ExchangeError(f"{path} {seen}; give the path of a table of numbers.")
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ExchangeError(
                f"{path} has {size / 1e6:.1f} MB; expected a table of at most {MOST_BYTES / 1e6:.0f} MB. "
                "Take out what is no curve, or every other point."
            )
        return path.read_bytes()
    except OSError as error:
        raise ExchangeError(f"{path} cannot be read ({error.strerror}); give the path of a table of numbers.") from error


def _decoded(path, content):
    for start, what in _KNOWN_STARTS:
        if content.startswith(start):
            raise ExchangeError(f"{path} is {what}.")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise ExchangeError(f"{path} is damaged: its {encoding} text ends or breaks at byte {error.start}; save it again.") from error
        text, encoding = content.decode("latin-1"), "latin-1"
    strange = _CONTROLS.search(text)
    if strange:
        raise ExchangeError(f"{path} is no text: it holds the byte {ord(strange[0])} at place {strange.start()}; save it as CSV.")
    return text, encoding.removesuffix("-sig")
