"""What stops the work: each error says what was seen, what was expected and what to do."""

from importlib.util import find_spec

from metaanalysis.errors import one_line

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
