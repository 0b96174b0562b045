"""How much is known of an arm, and how near the rebuilt log hazard ratio then comes to that of the patients.

Examples
--------
>>> with_table, alone = (expected_error(f"curve + {known}", 60) for known in ("at-risk table", "n"))
>>> with_table.median < alone.median
True
"""

import functools
import json
import math
from dataclasses import dataclass
from importlib.resources import files

_TABLE = "expected_error.json"
_MARKS = " + censor marks"


@dataclass(frozen=True)
class ExpectedError:
    """How far rebuilt log hazard ratios were from those of the patients, in simulated trials.

    Attributes
    ----------
    median, p90 : float
        Quantiles of the absolute difference of log hazard ratios.
    n : int
        Patients in each arm of these trials.
    n_trials : int
    information : str
        What was known in these trials.
    """

    median: float
    p90: float
    n: int
    n_trials: int
    information: str


def information_of(given, kind, *, uses_marks):
    """Name what an arm was rebuilt from.

    Parameters
    ----------
    given : Given
    kind : {"exact", "drawn", "sampled", "clicked"}
    uses_marks : bool
        Whether the method has a use for censor marks.

    Returns
    -------
    str
        ``"curve + at-risk table + total events"``, ``"exact curve + n + censor marks"``, ...
    """
    parts = ["exact curve" if kind == "exact" else "curve", "at-risk table" if len(given.row.time) > 1 else "n"]
    if given.n_event is not None:
        parts.append("total events")
    if uses_marks and given.censor_time is not None:
        parts.append("censor marks")
    return " + ".join(parts)


@functools.cache
def _table():
    return json.loads(files("ipdrecon.survival").joinpath(_TABLE).read_text("utf-8"))["methods"]


def expected_error(information, n, *, method="joint"):
    """Look up how far log hazard ratios rebuilt from such information were from the true ones in simulated trials.

    The trials are those of `benchmarks/simulated_trials.py`, of 30 to 1000 patients in each arm; those nearest in size, by
    ratio, answer. Where no trials knew just this, those that knew as much without the censor marks do.

    Parameters
    ----------
    information : str
        As `information_of` names it.
    n : int
        Patients of the arm.
    method : {"joint", "guyot"}

    Returns
    -------
    ExpectedError or None
        None for a method or an information that was not simulated.
    """
    levels = _table().get(method, {})
    known = information if information in levels else information.removesuffix(_MARKS)
    if known not in levels or n < 1:
        return None
    size = min(levels[known], key=lambda size: abs(math.log(int(size) / n)))
    cell = levels[known][size]
    return ExpectedError(cell["median"], cell["p90"], int(size), cell["trials"], known)
