"""JSON that the program wrote, or a person did: read within limits, and refused in one line where it is none."""

import json
import math
from pathlib import Path

from ipdrecon.bounded import TooLarge, read_bounded
from ipdrecon.errors import FolderError

MOST_BYTES = 50_000_000
_MOST_DIGITS = 300
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What the reader of a record meets where a field is missing or is not what the program writes there."""


def read_json(path, advice, *, finite=True):
    """Read a JSON file.

    Parameters
    ----------
    path : str or Path
    advice : str
        What to do where it is none, for the message.
    finite : bool
        Whether NaN and infinite numbers, which JSON itself does not have, are refused here.

    Returns
    -------
    object
        As `json.loads` gives it.

    Raises
    ------
    FolderError
        When it cannot be read, is too large, is no JSON, or holds a number that is none.
    """
    path = Path(path)
    try:
        content = read_bounded(path, MOST_BYTES)
        numbers = {"parse_constant": _refuse_constant, "parse_float": _finite} if finite else {}
        return json.loads(content.decode("utf-8-sig"), parse_int=_whole, **numbers)
    except TooLarge as error:
        raise FolderError(f"{path} has over {MOST_BYTES // 10**6} MB, more than any file of this program; {advice}.") from error
    except OSError as error:
        raise FolderError(f"{path} cannot be read ({error.strerror}); {advice}.") from error
    except (ValueError, RecursionError) as error:
        raise FolderError(f"{path} is no JSON ({error}); {advice}.") from error


def _refuse_constant(name):
    raise ValueError(f"it holds {name}")


def _finite(text):
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"it holds {text}")
    return number


def _whole(text):
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"it holds a number of {len(text)} digits")
    return int(text)


def read_record(path):
    """Read a record that is not needed: a dict, empty where there is none.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict
    """
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        record = read_json(path, "it is left aside")
    except FolderError:
        return {}
    return record if isinstance(record, dict) else {}
