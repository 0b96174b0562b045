"""Risk-of-bias judgements beside the studies of a forest plot, told by sign and by colour."""

from dataclasses import dataclass

import pandas as pd

from metaanalysis.errors import MetaAnalysisError

DOMAINS = {
    "rob2": (
        "Randomisation process", "Deviations from the intended interventions", "Missing outcome data", "Measurement of the outcome",
        "Selection of the reported result",
    ),
    "rob1": (
        "Random sequence generation (selection bias)", "Allocation concealment (selection bias)",
        "Blinding of participants and personnel (performance bias)", "Blinding of outcome assessment (detection bias)",
        "Incomplete outcome data (attrition bias)", "Selective reporting (reporting bias)", "Other bias",
    ),
}
"""Names of the domains D1, D2, ... of RoB 2 (Sterne 2019, BMJ 366:l4898) and RoB 1 (Higgins 2011, BMJ 343:d5928)."""

SIGNS = {"low": "+", "some concerns": "!", "high": "−", "unclear": "?"}
COLOURS = {"low": ("#74c0a4", "#10382b"), "some concerns": ("#f3dc62", "#3d3400"), "high": ("#a8321f", "#ffffff"), "unclear": ("#ffffff", "#3a3a3a")}
"""Fill and sign of each judgement: told apart in grey by their lightness too."""
_WORDS = {
    "low": "low", "low risk": "low", "+": "low", "l": "low",
    "some concerns": "some concerns", "some": "some concerns", "!": "some concerns", "s": "some concerns", "moderate": "some concerns",
    "high": "high", "high risk": "high", "-": "high", "−": "high", "h": "high", "x": "high",
    "unclear": "unclear", "unclear risk": "unclear", "?": "unclear", "u": "unclear", "no information": "unclear", "ni": "unclear",
}
_KEY_WORDS = {"low": "low risk", "some concerns": "some concerns", "high": "high risk", "unclear": "unclear"}


@dataclass(frozen=True)
class RiskOfBias:
    """Judgements of each study.

    Attributes
    ----------
    tool : {"rob2", "rob1"}
    domains : tuple of str
        ``D1``, ``D2``, ..., and ``Overall`` where given.
    judgements : dict of str to tuple of str
        By study, one of ``low, some concerns, high, unclear`` or empty per domain.
    """

    tool: str
    domains: tuple
    judgements: dict

    @property
    def seen(self):
        """The judgements that occur, from low to unclear."""
        given = {judgement for row in self.judgements.values() for judgement in row}
        return tuple(name for name in SIGNS if name in given)

    @property
    def key(self):
        """``{judgement: word}`` for the key below the plot."""
        return {name: _KEY_WORDS[name] for name in self.seen}

    @property
    def domain_names(self):
        """``D1: Randomisation process; ...``."""
        names = DOMAINS[self.tool]
        return "; ".join(f"{domain}: {names[int(domain[1:]) - 1]}" for domain in self.domains if domain != "Overall")


def _domain(column):
    """``D1`` or ``Overall`` for a column that holds judgements, else empty."""
    name = str(column).strip().capitalize()
    return name if name == "Overall" or name[:1] == "D" and name[1:].isdigit() else ""


def _judgement(study, domain, cell):
    text = "" if cell is None or cell != cell else str(cell).strip().casefold()
    if text and text not in _WORDS:
        raise MetaAnalysisError(f"The risk of bias of {study} in {domain} is {cell!r}; expected one of {', '.join(SIGNS)}: mend it, or leave it empty.")
    return _WORDS[text] if text else ""


def risk_of_bias(judgements, tool=None):
    """Read risk-of-bias judgements.

    Parameters
    ----------
    judgements : DataFrame, dict or RiskOfBias
        A column `study` and the columns ``D1``, ``D2``, ... and `overall` that are there; or ``{study: judgements}``
        in the order of the domains.
    tool : {"rob2", "rob1"}, optional
        By default RoB 1 where there are more than five domains.

    Returns
    -------
    RiskOfBias

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> risk_of_bias({"A": ["low", "low", "some concerns", "low", "high"]}).seen
    ('low', 'some concerns', 'high')
    """
    if isinstance(judgements, RiskOfBias):
        return judgements
    if not isinstance(judgements, pd.DataFrame):
        judgements = _frame_of(judgements)
    columns = {column: _domain(column) for column in judgements.columns if _domain(column)}
    if "study" not in judgements or not columns:
        raise MetaAnalysisError(f"The risk of bias has the columns {', '.join(map(str, judgements.columns))}; expected study and D1, D2, ....")
    columns = dict(sorted(columns.items(), key=lambda item: (item[1] == "Overall", int(item[1][1:]) if item[1] != "Overall" else 0)))
    largest = max((int(name[1:]) for name in columns.values() if name != "Overall"), default=0)
    tool = tool or ("rob1" if largest > len(DOMAINS["rob2"]) else "rob2")
    if tool not in DOMAINS or largest > len(DOMAINS[tool]):
        raise MetaAnalysisError(f"The risk of bias is of {tool!r} with domains up to D{largest}; expected rob2 (D1 to D5) or rob1 (D1 to D7).")
    rows = {
        str(row["study"]): tuple(_judgement(row["study"], name, row[column]) for column, name in columns.items()) for row in judgements.to_dict("records")
    }
    return RiskOfBias(tool, tuple(columns.values()), rows)


def _frame_of(judgements):
    lengths = {len(row) for row in judgements.values()}
    if len(lengths) != 1:
        raise MetaAnalysisError(f"The risk of bias holds {', '.join(map(str, sorted(lengths))) or 'no'} judgements per study; expected the same domains for each.")
    names = [f"D{number}" for number in range(1, lengths.pop() + 1)]
    return pd.DataFrame([{"study": study} | dict(zip(names, row, strict=True)) for study, row in judgements.items()])
