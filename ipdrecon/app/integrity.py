"""The items of PRISMA-IPD on the integrity of patients' data, filled from what was checked (Stewart et al. 2015, JAMA 313:1657-65)."""

from ipdrecon.app import sentences
from ipdrecon.app.report_table import text_table

_HEADINGS = {"item": "Item", "told": "What was checked, and what was found"}


def integrity_table(result):
    """Make the table of the items on integrity.

    Parameters
    ----------
    result : ReviewResult

    Returns
    -------
    ReportTable or None
        None for a review without trials.
    """
    records = [{"item": item, "told": told} for item, told in _items(result)] if result.trials else []
    return text_table(
        "prisma-ipd-integrity", "PRISMA-IPD: integrity of the data", records, _HEADINGS, wide=("told",),
        lead="Filled from the checks of this run. Items that need the trials' own patients are said to be open: rebuilt patients carry times and events only.",
    )


def _items(result):
    figures = result.figures()
    drawn = {figure.trial.id for figure in figures}
    yield "Data obtained (results)", (
        f"{sentences.counted(len(result.trials), 'trial')}: patients rebuilt from a figure for {len(drawn)}, printed numbers alone for "
        f"{len([facts for facts in result.trials if facts.entry.id not in drawn and facts.printed])}, nothing but the trial's name for "
        f"{len([facts for facts in result.trials if facts.entry.id not in drawn and not facts.printed])}; patients of the trialists for none"
    )
    yield "Integrity, methods (A1)", (
        "Curves against numbers at risk, totals and censor marks; rebuilt patients against every printed median, survival, hazard ratio and p; the printed "
        "numbers of each trial against one another by the rules of ipdrecon audit; each input by its SHA-256"
    )
    yield "Integrity, results (A3): consistency", "; ".join(_audits(result)) or "no printed numbers to hold against one another"
    yield "Integrity, results (A3): rebuilt patients", "; ".join(_agreements(figures)) or "no figure was rebuilt"
    yield "Integrity, results (A3): completeness", _completeness(result)
    yield "Sequence of randomisation, baseline balance of patients", "open: they need the trials' own patients"


def _audits(result):
    for facts in result.trials:
        if facts.audit is not None:
            severities = [one.severity for one in facts.audit.findings]
            found = ", ".join(sentences.counted(severities.count(name), name) for name in ("contradiction", "doubt") if name in severities)
            yield f"{facts.name}: {found or 'nothing'} in {sentences.counted(facts.audit.n_numbers, 'number')}"


def _agreements(figures):
    for figure in figures:
        if figure.agreement is not None:
            verdicts = [row.verdict for row in figure.agreement.rows]
            yield f"{figure.trial.name}: {verdicts.count('agrees')} of {len(verdicts)} printed numbers agree, {verdicts.count('differs')} differ"


def _completeness(result):
    told = [outcome for outcome in result.outcomes if outcome.studies is not None]
    missing = [outcome.title for outcome in result.outcomes if outcome.studies is None]
    rows = "; ".join(f"{outcome.title} {sentences.counted(len(outcome.studies), 'row')}" for outcome in told)
    return "; ".join(part for part in (rows, f"no row for {', '.join(missing)}" if missing else "") if part) or "no outcome asked for"
