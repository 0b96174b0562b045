"""What an audit finds: a rule, two places, the numbers and how far they are apart.

Examples
--------
>>> graded(0.4, doubt=0.3, contradiction=1.0)
'doubt'
>>> Finding("p_range", "contradiction", ("a.csv, line 2: Table 1 [OS]",), {"p": 1.2}, "p is 1.2").to_dict()["values"]
{'p': 1.2}
"""

import math
from dataclasses import dataclass, field

SEVERITIES = ("contradiction", "doubt", "note")


@dataclass(frozen=True)
class Finding:
    """Numbers that do not go together.

    Attributes
    ----------
    rule : str
    severity : {"contradiction", "doubt", "note"}
        `contradiction`: no data can give both; `doubt`: one of them is likely wrong, or a method is not what it seems;
        `note`: worth knowing, and chance or a usual method may explain it.
    places : tuple of str
    values : dict of str to (float or str)
        The numbers by name; `apart` is how far beyond rounding, in what `apart_in` says.
    message : str
    """

    rule: str
    severity: str
    places: tuple
    values: dict = field(default_factory=dict)
    message: str = ""

    def to_dict(self):
        """Give the five parts as JSON knows them; what is not finite is text."""
        values = {name: _plain(value) for name, value in self.values.items()}
        return {"rule": self.rule, "severity": self.severity, "places": list(self.places), "values": values, "message": self.message}


def _plain(value):
    if isinstance(value, str) or value is None:
        return value
    return float(f"{value:.10g}") if math.isfinite(value) else ("not reached" if value > 0 else str(value))


def graded(distance, *, doubt, contradiction):
    """Give the severity of a distance beyond rounding.

    Parameters
    ----------
    distance : float
        Above 0.
    doubt, contradiction : float
        From where on it is one; `math.inf` for never.

    Returns
    -------
    str
    """
    if distance >= contradiction:
        return "contradiction"
    return "doubt" if distance >= doubt else "note"


def milder(severity):
    """Give the next milder severity."""
    return SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]


def found(rule, severity, statements, values, message):
    """Make a finding on statements; each place is named once."""
    places = tuple(dict.fromkeys(said.place for said in statements))
    return Finding(rule, severity, places, values, message)


def in_order(findings):
    """Sort by severity, the gravest first, within one as they were found; each is given once."""
    each = {(one.rule, one.places, one.message): one for one in findings}
    return tuple(sorted(each.values(), key=lambda one: SEVERITIES.index(one.severity)))
