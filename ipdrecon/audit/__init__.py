"""Published numbers held against each other: what a paper prints twice, and what follows from what.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "reported.csv")
...     _ = path.write_text(chr(10).join(["endpoint,quantity,arm,time,value", "OS,survival,Drug,12,61%", "OS,survival,Drug,24,66%"]))
...     findings = audit(path).findings
>>> [(one.rule, one.severity) for one in findings]
[('survival_falls', 'contradiction')]
"""

from dataclasses import dataclass

from ipdrecon.audit import at_risk, count_tests, implied_events, orders, proportionality, ratios, shares, twice
from ipdrecon.audit.findings import SEVERITIES, Finding, in_order
from ipdrecon.audit.reading import read_paper

__all__ = ["RULES", "SEVERITIES", "Audit", "Finding", "audit", "audit_paper"]

RULES = (
    twice.printed_twice,
    twice.percentages_twice,
    orders.survival_range,
    orders.survival_falls,
    orders.progression_free_below,
    orders.medians_ordered,
    orders.numbers_at_risk_ordered,
    orders.per_protocol_within,
    ratios.interval_encloses_estimate,
    ratios.ratio_in_middle,
    ratios.ratio_and_p,
    ratios.p_range,
    implied_events.interval_and_events,
    implied_events.interval_and_patients,
    proportionality.landmarks_and_ratio,
    proportionality.medians_and_ratio,
    proportionality.median_and_landmarks,
    at_risk.n_risk_falls,
    at_risk.n_risk_and_patients,
    at_risk.n_risk_and_survival,
    at_risk.events_and_landmarks,
    shares.percentage_and_count,
    shares.count_within_patients,
    shares.arms_and_total,
    shares.rows_and_total,
    shares.levels_and_patients,
    shares.part_within_whole,
    shares.patients_within_events,
    count_tests.counts_and_p,
    count_tests.levels_and_p,
)
"""Each takes a paper and gives the findings of its name."""


@dataclass(frozen=True)
class Audit:
    """What an audit looked at and found.

    Attributes
    ----------
    findings : tuple of Finding
        The gravest first.
    n_numbers : int
        Rows that were audited.
    not_audited : tuple of (str, int)
        Quantities that no rule knows, and in how many rows.
    """

    findings: tuple
    n_numbers: int
    not_audited: tuple = ()

    @property
    def is_contradicted(self):
        """Whether any finding is a contradiction."""
        return any(one.severity == "contradiction" for one in self.findings)

    def to_dict(self):
        """Give all of it as JSON knows it."""
        return {
            "findings": [one.to_dict() for one in self.findings],
            "n_numbers": self.n_numbers,
            "not_audited": [{"quantity": name, "rows": rows} for name, rows in self.not_audited],
        }


def audit_paper(paper):
    """Apply every rule to what a paper says.

    Parameters
    ----------
    paper : Paper

    Returns
    -------
    Audit
    """
    findings = in_order(finding for rule in RULES for finding in rule(paper))
    return Audit(findings, len(paper.statements), paper.not_audited)


def audit(*paths):
    """Hold the numbers of a paper against each other.

    Parameters
    ----------
    *paths : str or Path
        CSV files on one paper: a `reported.csv`, or another table that docs/audit.md describes.

    Returns
    -------
    Audit

    Raises
    ------
    ReportedError
        Naming file, line and column of what cannot be read.
    """
    return audit_paper(read_paper(paths))
