"""Files of a Cochrane review: RevMan's data package (ZIP), its data rows (CSV), and RevMan 5 (RM5).

Each holds analyses, numbered such as 1.2; an analysis becomes a table of studies that `metaanalysis.read_studies` reads.

Examples
--------
>>> rows = ({"study": "A", "events_1": 4, "n_1": 20, "events_2": 9, "n_2": 21}, {"study": "B", "events_1": 0, "n_1": 15, "events_2": 0, "n_2": 16})
>>> mortality = ReviewAnalysis("1.1", "Mortality", "dichotomous", "RR", rows=rows)
>>> print(mortality)
1.1 Mortality (dichotomous, RR, 2 studies)
>>> mortality.to_frame()[["study", "measure", "events_2"]].values.tolist()
[['A', 'RR', 9], ['B', 'RR', 0]]
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.exchange.bias_domains import is_bias_column

KINDS = ("dichotomous", "effect", "o-e and variance", "continuous", "other")
_MEASURES = {
    "risk ratio": "RR", "rr": "RR", "odds ratio": "OR", "or": "OR", "peto odds ratio": "OR", "peto_or": "OR", "peto or": "OR",
    "risk difference": "RD", "rd": "RD", "hazard ratio": "HR", "hr": "HR", "log hazard ratio": "HR", "log(hazard ratio)": "HR",
}
_Z = 1.959963984540054
_CLOSE = 0.02


@dataclass(frozen=True)
class ReviewAnalysis:
    """One analysis of a review.

    Attributes
    ----------
    number : str
        Comparison and outcome, ``"1.2"``.
    name : str
        Of the outcome.
    kind : str
        One of `KINDS`.
    measure : {"HR", "RR", "OR", "RD", ""}
        Empty where the file does not tell, or tells another.
    comparison, measure_text, method, model : str
        As the file names them; empty where it does not.
    rows : tuple of dict
        One per study and subgroup, by the columns of a table of studies.
    notes : tuple of str
        What was changed or left out.
    """

    number: str
    name: str
    kind: str
    measure: str
    comparison: str = ""
    measure_text: str = ""
    method: str = ""
    model: str = ""
    rows: tuple = field(default=(), repr=False)
    notes: tuple = ()

    def __str__(self):
        told = ", ".join(filter(None, [self.kind, self.measure or self.measure_text, f"{self.k} {'study' if self.k == 1 else 'studies'}"]))
        return f"{self.number} {self.name} ({told})"

    @property
    def k(self):
        """Number of studies."""
        return len({row["study"] for row in self.rows})

    def to_frame(self, *, source=""):
        """Give the studies as a table that `metaanalysis.read_studies` reads.

        Parameters
        ----------
        source : str
            Where the numbers are from; the analysis is added.

        Returns
        -------
        DataFrame

        Raises
        ------
        MetaAnalysisError
            Where the data are continuous, or there are none.
        """
        if self.kind in ("continuous", "other"):
            raise MetaAnalysisError(f"Analysis {self.number} ({self.name}) holds {self.kind} data ({self.measure_text or 'no measure named'}); expected events, log ratios with standard errors, or O - E and variance: choose another analysis.")
        if not self.rows:
            raise MetaAnalysisError(f"Analysis {self.number} ({self.name}) holds no study with data; expected at least one: choose another analysis.")
        place = f"{source}, analysis {self.number}".removeprefix(", ")
        frame = pd.DataFrame([row | {"measure": self.measure, "source": place, "outcome": self.name} for row in self.rows])
        first = [name for name in ("study", "year", "subgroup", "measure") if name in frame]
        last = [name for name in frame if name in ("source", "outcome") or is_bias_column(name)]
        return frame[first + [name for name in frame if name not in first + last] + last]


@dataclass(frozen=True)
class ReviewFile:
    """The analyses of a review.

    Attributes
    ----------
    name : str
        Identifier or title of the review, else the name of the file.
    analyses : tuple of ReviewAnalysis
    """

    name: str
    analyses: tuple

    def analysis(self, number=None):
        """Choose an analysis.

        Parameters
        ----------
        number : str, optional
            ``"1.2"``; the only one by default.

        Returns
        -------
        ReviewAnalysis

        Raises
        ------
        MetaAnalysisError
            Where there is none such, or several and none is chosen.
        """
        found = {analysis.number: analysis for analysis in self.analyses}
        if number is None and len(found) == 1:
            return self.analyses[0]
        known = ", ".join(list(found)[:12]) + (", ..." if len(found) > 12 else "")
        if number is None:
            raise MetaAnalysisError(f"{self.name} holds the analyses {known}; expected one: choose it by --analysis {self.analyses[0].number}.")
        if str(number) not in found:
            raise MetaAnalysisError(f"{self.name} holds no analysis {number}; expected one of {known}.")
        return found[str(number)]


def read_review(path):
    """Read the analyses of a review's file.

    Parameters
    ----------
    path : str or Path
        RevMan's data package (ZIP), a file of data rows (CSV), or a RevMan 5 file; told apart by their content.

    Returns
    -------
    ReviewFile

    Raises
    ------
    MetaAnalysisError
        Where the file is missing, none of these, holds no analysis, or is larger or other than such files are.
    """
    from metaanalysis.exchange.data_package import read_data_package, read_data_rows
    from metaanalysis.exchange.rm5 import read_rm5

    path = Path(path)
    if not path.is_file():
        raise MetaAnalysisError(f"There is no file {path}; expected a Cochrane data package (ZIP), data rows (CSV) or a RevMan 5 file: check the name.")
    with path.open("rb") as stream:
        head = stream.read(64)
    if head.startswith(b"PK"):
        review = read_data_package(path)
    elif head.startswith((b"\xff\xfe", b"\xfe\xff")) or head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        review = read_rm5(path)
    else:
        review = read_data_rows(path)
    if not review.analyses:
        raise MetaAnalysisError(f"{path.name} holds no analysis; expected at least one.")
    return review


def measure_of(text):
    """Give the short name of a measure as RevMan names it; empty where it is none of ours."""
    return _MEASURES.get(str(text).strip().casefold(), "")


def is_on_log_scale(yi, sei, low, high):
    """Tell from its interval whether a ratio is given as its logarithm.

    Parameters
    ----------
    yi, sei : float
    low, high : float
        The interval as shown (95 %); NaN where it is not.

    Returns
    -------
    bool or None
        None where the interval does not tell.
    """
    if not all(map(math.isfinite, (yi, sei, low, high))) or sei <= 0:
        return None
    limits = yi - _Z * sei, yi + _Z * sei
    if max(map(abs, limits)) < 50 and all(abs(math.exp(limit) / shown - 1) < _CLOSE for limit, shown in zip(limits, (low, high), strict=True) if shown > 0) and low > 0:
        return True
    if all(abs(limit - shown) < _CLOSE * sei for limit, shown in zip(limits, (low, high), strict=True)):
        return False
    return None
