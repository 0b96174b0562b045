"""What stops the work: each error says what was seen, what was expected and what to do."""

import re
from importlib.util import find_spec

MOST_CHARACTERS = 1000
_KEPT_AT_THE_END = 300
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text):
    r"""Make a message of one line that a terminal shows as it stands, whatever the file held that it tells of.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Line breaks and tabs are blanks, other control characters are written out, and the middle of a long text is left out.

    Examples
    --------
    >>> one_line("seen: a\x1b[31m\nb")
    'seen: a\\x1b[31m b'
    """
    text = _UNPRINTABLE.sub(lambda found: " " if found[0].isspace() else found[0].encode("unicode_escape").decode("ascii"), text)
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS - _KEPT_AT_THE_END - 3]} … {text[-_KEPT_AT_THE_END:]}"


NEEDS = {"ocr": ("rapidocr", "onnxruntime"), "workbench": ("starlette", "uvicorn"), "cluster": ("distributed",), "parquet": ("pyarrow",)}
"""What each extra of the installation brings, by the name it is imported by."""


def lacking(extra):
    """Say what an extra would bring and is not installed, and how to install it.

    Parameters
    ----------
    extra : str
        Of `NEEDS`.

    Returns
    -------
    str
        Empty where everything is there.
    """
    missing = [name for name in NEEDS[extra] if find_spec(name) is None]
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed; run: pip install 'ipdrecon[{extra}]'" if missing else ""


class IpdreconError(Exception):
    """Something that cannot go on; the command line prints it on one line and ends with `exit_status`."""

    exit_status = 1

    def __init__(self, *told):
        super().__init__(*(one_line(part) if isinstance(part, str) else part for part in told))


class FigureError(IpdreconError):
    """The file is no figure that can be opened."""


class PanelError(IpdreconError):
    """No plotting box was found, or not the one asked for."""


class AxisError(IpdreconError):
    """An axis cannot be calibrated."""


class ArmError(IpdreconError):
    """The curves cannot be found or parted."""


class CurveError(IpdreconError):
    """A curve is no survival curve."""


class AtRiskError(IpdreconError):
    """A table of numbers at risk contradicts itself."""


class EditError(IpdreconError):
    """An edit is malformed, or names what the figure does not have."""


class ReconstructionError(IpdreconError):
    """Patients cannot be rebuilt from what is given."""


class ReportedError(IpdreconError):
    """A reported number cannot be understood."""


class FolderError(IpdreconError):
    """A figure, trial or review folder lacks a file, or a file is malformed."""


class ExchangeError(IpdreconError):
    """A file of another program cannot be understood; `line` says how far it could."""

    def __init__(self, message, line=0):
        super().__init__(message)
        self.line = line
