"""A file read up to a limit, so that one of any length costs no more memory than the limit.

Examples
--------
>>> import tempfile
>>> with tempfile.NamedTemporaryFile() as file:
...     read_bounded(file.name, 10)
b''
"""

from pathlib import Path


class TooLarge(Exception):
    """A file is longer than such files are; whoever reads it says so in its own words."""


def read_bounded(path, most):
    """Read a whole file, or no more of it than shows that it is too long.

    What the system says of a file's length is not asked for: a file may grow while it is read, and a pipe has none.

    Parameters
    ----------
    path : str or Path
    most : int
        Bytes.

    Returns
    -------
    bytes

    Raises
    ------
    TooLarge
        When there are more than `most`.
    OSError, ValueError
        When it cannot be read, or its name is none.
    """
    with Path(path).open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise TooLarge(f"{path}: over {most} bytes")
    return content
