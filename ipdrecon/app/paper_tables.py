"""What a paper says of itself: quantities printed twice, results that cannot be redone, and what its audit found."""

import pandas as pd

from ipdrecon.app.auditing import apart_of, summary_of
from ipdrecon.app.report_table import ReportTable, text_table

_TWICE = {"quantity": "Quantity", "used": "Used", "not_used": "Not used", "why": "Why"}
_NOT_REDONE = {"result": "Result", "place": "Where", "why": "Why it cannot be redone"}


def twice_table(facts):
    """Make the table of what a trial prints twice, which is used and why; None where it says nothing of it."""
    records = [{name: getattr(entry, name) for name in _TWICE} for entry in facts.entry.printed_twice]
    lead = "Where the paper prints one quantity twice with different values, this says which is used here."
    return text_table(f"printed-twice-{facts.entry.id}", f"Printed twice in {facts.name}", records, _TWICE, lead=lead, wide=("used", "not_used", "why"))


def not_redone_table(facts):
    """Make the table of a trial's results that cannot be redone; None where it names none."""
    records = [{name: getattr(entry, name) for name in _NOT_REDONE} for entry in facts.entry.not_redone]
    lead = "A rebuilt patient is a time and an event. What rests on more than that cannot be had from a figure."
    return text_table(f"not-redone-{facts.entry.id}", f"What cannot be redone of {facts.name}", records, _NOT_REDONE, lead=lead, wide=("result", "why"))


def audit_table(facts):
    """Make the table of an audit's contradictions and doubts; notes are in the file only.

    Parameters
    ----------
    facts : TrialFacts

    Returns
    -------
    ReportTable or None
        None where nothing was found.
    """
    if facts.audit is None or not facts.audit.findings:
        return None
    findings = facts.audit.findings
    frame = pd.DataFrame(
        [
            {"severity": one.severity, "rule": one.rule, "message": one.message, "places": " | ".join(one.places), "apart": apart_of(one)}
            for one in findings
        ]
    )
    shown = tuple((one.severity, one.message, "; ".join(dict.fromkeys(_place(place) for place in one.places[:2])), apart_of(one)) for one in findings if one.severity != "note")
    notes = len(findings) - len(shown)
    lead = " ".join(summary_of(facts.audit)) + (f" The {notes} notes, which chance or a usual method may explain, are in the file." if notes else "")
    return ReportTable(f"audit-{facts.entry.id}", f"Audit: {facts.name} against itself", ("Severity", "What is printed", "Where", "Apart"), shown, frame, lead, wide=(1, 2))


def _place(place):
    """``file, line 4: source [about]`` as ``source (line 4)``."""
    _, _, rest = place.rpartition(" [")[0].partition(", line ")
    line, _, source = rest.partition(": ")
    return f"{source} (line {line})" if source else place
