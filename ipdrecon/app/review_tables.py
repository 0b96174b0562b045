"""All tables of a review's report, in the order in which it shows them, and the files that go with them."""

import pandas as pd
from scipy.special import ndtri

from ipdrecon.app import sentences
from ipdrecon.app.checklist import checklist_table
from ipdrecon.app.event_rates import at_risk_table, event_rates, rates_table
from ipdrecon.app.integrity import integrity_table
from ipdrecon.app.paper_tables import audit_table, not_redone_table, twice_table
from ipdrecon.app.report_outcomes import sensitivity_rows
from ipdrecon.app.report_table import ReportTable
from ipdrecon.app.safety import safety_rows, safety_table
from ipdrecon.app.trials_table import trials_table
from metaanalysis.measures import RATIOS, as_read
from metaanalysis.plain import plain

FOLDER = "tables"
_OF_TRIALS = (safety_table, rates_table, at_risk_table, twice_table, not_redone_table, audit_table)


def trial_tables(result):
    """Make the tables of each trial: safety, rates, what is printed twice, what cannot be redone, the audit.

    Parameters
    ----------
    result : ReviewResult

    Returns
    -------
    list of (str, list of ReportTable)
        By name of the trial; trials without a table are left out.
    """
    made = [(facts.name, [table for table in (make(facts) for make in _OF_TRIALS) if table is not None]) for facts in result.trials]
    return [(name, tables) for name, tables in made if tables]


def side_by_side_table(result):
    """Make the table of the rows that are set side by side and not pooled.

    Parameters
    ----------
    result : ReviewResult

    Returns
    -------
    ReportTable or None
        None where no outcome asks for it.
    """
    frames = [outcome.studies.assign(outcome=outcome.title) for outcome in result.outcomes if not outcome.entry.total and outcome.studies is not None]
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True).dropna(axis=1, how="all")
    shown = tuple((row["outcome"], row["study"], row["measure"], _effect(row), _text(row.get("source_text"))) for row in frame.to_dict("records"))
    lead = " ".join(f"{outcome.title}: {outcome.entry.note}" for outcome in result.outcomes if not outcome.entry.total)
    return ReportTable("side-by-side", "Set side by side, not pooled", ("Outcome", "Study", "Measure", "Effect (95 % interval)", "Source"), shown, frame, lead, right=(3,), wide=(4,))


def _effect(row):
    """The effect with its interval, as printed where it is."""
    if str(row.get("route", "")).endswith("+ci"):
        return sentences.interval(*(float(row[name]) for name in (row["measure"].lower(), "ci_low", "ci_high")))
    z = float(ndtri(0.975))
    limits = [row["yi"], row["yi"] - z * row["sei"], row["yi"] + z * row["sei"]]
    return sentences.interval(*as_read(limits, ratio=row["measure"] in RATIOS))


def _text(value):
    return value if isinstance(value, str) else ""


def table_files(result):
    """Make the files of all tables that stand in no other file of the results.

    Parameters
    ----------
    result : ReviewResult

    Returns
    -------
    dict of str to bytes
        CSV by path from the results folder.
    """
    tables = [trials_table(result), side_by_side_table(result), *(table for _, some in trial_tables(result) for table in some)]
    tables += [integrity_table(result), checklist_table(result), _flags(result), _inputs(result)]
    tables += [_contrasts(figure) for figure in result.figures()] + [_sensitivity(outcome) for outcome in result.outcomes]
    return {f"{FOLDER}/{table.name}.csv": table.csv() for table in tables if table is not None}


def _flags(result):
    frame = pd.DataFrame([flag.to_dict() for flag in result.flags()])
    return None if frame.empty else ReportTable("flags", "What to look at", (), (), frame)


def _inputs(result):
    return ReportTable("inputs", "Inputs", (), (), pd.DataFrame(list(result.inputs.items()), columns=["file", "sha256"]))


def _contrasts(figure):
    """What stands beside the hazard ratios of a figure, as bare numbers."""
    rows = []
    for comparison in figure.comparisons:
        contrast, printed = comparison.contrast, comparison.printed_hazards
        arms = {"treatment": comparison.rebuilt.treatment, "reference": comparison.rebuilt.reference}
        rows.append(arms | {"quantity": "proportional hazards p", "rebuilt": contrast.proportional_hazards_p})
        for time, ratio in zip(contrast.at.tolist(), contrast.cumulative_hazard_ratio.tolist(), strict=True):
            rows.append(arms | {"quantity": "ratio of cumulative hazards", "time": time, "printed": printed.get(time), "rebuilt": ratio})
        low, high = contrast.rmst_interval()
        rows.append(arms | {"quantity": "difference of restricted means", "time": contrast.horizon, "rebuilt": contrast.rmst_difference, "ci_low": low, "ci_high": high})
    columns = ["treatment", "reference", "quantity", "time", "printed", "rebuilt", "ci_low", "ci_high"]
    return ReportTable(f"contrasts-{figure.folder.as_posix().replace('/', '-')}", "", (), (), pd.DataFrame(rows, columns=columns))


def _sensitivity(outcome):
    if outcome.pooled is None:
        return None
    frame = pd.DataFrame(list(sensitivity_rows(outcome)), columns=["choice", "rows", "effect", "p"])
    return None if frame.empty else ReportTable(f"sensitivity-{outcome.entry.folder or 'pooled'}", "", (), (), frame)


def trial_record(facts):
    """Give what `ipdrecon run --json` tells of a trial.

    Parameters
    ----------
    facts : TrialFacts

    Returns
    -------
    dict
    """
    severities = [] if facts.audit is None else [one.severity for one in facts.audit.findings]
    return plain(
        {
            "trial": facts.entry.id,
            "safety": [vars(row) for row in safety_rows(facts)],
            "rates": [{name: value for name, value in vars(rate).items() if name != "at_risk"} for rate in event_rates(facts)],
            "printed_twice": [entry.quantity for entry in facts.entry.printed_twice],
            "not_redone": [entry.result for entry in facts.entry.not_redone],
            "audit": {severity: severities.count(severity) for severity in dict.fromkeys(severities)},
        }
    )
