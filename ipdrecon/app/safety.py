"""Adverse events of a trial: patients with each, the odds ratio, and both tests beside the printed p."""

import math
from dataclasses import dataclass

import pandas as pd
from scipy.special import ndtri

from ipdrecon.app import sentences
from ipdrecon.app.printed_events import patients_with_event, rows_of_endpoint
from ipdrecon.app.report_table import ReportTable
from ipdrecon.errors import ReportedError
from metaanalysis.measures import ratio_of

_LEVEL = 0.95


@dataclass(frozen=True)
class SafetyRow:
    """One adverse event in two arms.

    Attributes
    ----------
    event : str
    treatment, reference : str
    events_1, n_1, events_2, n_2 : float
        Patients with it and patients; 1 = treatment.
    odds_ratio, ci_low, ci_high : float
        NaN where nobody, or everybody, had it.
    fisher_p, chi_square_p : float
    printed_p, source : str
    """

    event: str
    treatment: str
    reference: str
    events_1: float
    n_1: float
    events_2: float
    n_2: float
    odds_ratio: float
    ci_low: float
    ci_high: float
    fisher_p: float
    chi_square_p: float
    printed_p: str
    source: str


def safety_rows(facts):
    """Compare the arms of a trial by each adverse event that it names.

    Odds ratios are treatment over reference with Woolf's interval, with half an event more in each cell where one is empty
    (`metaanalysis.studies.events`).

    Parameters
    ----------
    facts : TrialFacts

    Returns
    -------
    tuple of SafetyRow
        In the order in which they are printed; empty where the trial names no adverse events.
    """
    entry = facts.entry
    aside = {twice.endpoint_not_used for twice in entry.printed_twice}
    endpoints = dict.fromkeys(row.endpoint for row in facts.printed if row.endpoint.startswith(entry.adverse_events) and row.endpoint not in aside)
    rows = (_row(facts, endpoint, treatment) for endpoint in endpoints for treatment in entry.treatments)
    return tuple(row for row in rows if row is not None)


def _row(facts, endpoint, treatment):
    printed = rows_of_endpoint(facts.printed, endpoint)
    first, second = (patients_with_event(facts.entry, printed, label) for label in (treatment, facts.entry.reference))
    if first is None or second is None:
        return None
    told = next((row.p_text for row in printed if row.counts_patients and row.p_text), "")
    return compare_counts(endpoint, (treatment, first), (facts.entry.reference, second), printed_p=told)


def compare_counts(event, treatment, reference, *, printed_p=""):
    """Compare two arms by how many patients had an event.

    Parameters
    ----------
    event : str
    treatment, reference : (str, PrintedEvents)
        Label and counts.
    printed_p : str

    Returns
    -------
    SafetyRow

    Raises
    ------
    ReportedError
        Where more patients have an event than there are.
    """
    from ipdrecon.audit.contingency import count_tests
    from metaanalysis.studies.events import event_effects

    first, second = treatment[1], reference[1]
    counts = first.events, first.n, second.events, second.n
    try:
        tests = count_tests(*counts)
    except ReportedError as trouble:
        raise ReportedError(f"{event}: {trouble}") from trouble
    yi, vi = (float(value[0]) for value in event_effects(*([count] for count in counts), measure="OR"))
    half = float(ndtri(0.5 + _LEVEL / 2)) * math.sqrt(vi)
    ratio, low, high = (ratio_of(value) for value in (yi, yi - half, yi + half))
    return SafetyRow(event, treatment[0], reference[0], *counts, ratio, low, high, tests.fisher_p, tests.chi_square_p, printed_p, first.source)


def safety_table(facts):
    """Make the table of a trial's adverse events.

    Parameters
    ----------
    facts : TrialFacts

    Returns
    -------
    ReportTable or None
        None where the trial names none. The report shows those that anybody had; the file has all.
    """
    rows = safety_rows(facts)
    if not rows:
        return None
    treatments = {row.treatment for row in rows}
    named = f"{rows[0].treatment}" if len(treatments) == 1 else "Treatment"
    return ReportTable(
        f"safety-{facts.entry.id}",
        f"Adverse events in {facts.name}",
        ("Event, patients with it", named, rows[0].reference, "Odds ratio (95 % interval)", "Fisher", "Chi-square", "Printed p"),
        tuple(_shown(row) for row in rows if row.events_1 + row.events_2 > 0),
        pd.DataFrame([vars(row) for row in rows]),
        "Patients with an event of all patients of the arm, as printed; odds ratios and p-values are computed from these counts. So many comparisons are made "
        "that some p-values below 0.05 are to be expected by chance; none is corrected for that. Events that nobody had are in the file only.",
        right=(1, 2, 3, 4, 5, 6),
        wide=(0,),
    )


def _shown(row):
    return (
        row.event,
        _share(row.events_1, row.n_1),
        _share(row.events_2, row.n_2),
        sentences.interval(row.odds_ratio, row.ci_low, row.ci_high),
        *(sentences.p_value(p).removeprefix("p = ").removeprefix("p ") for p in (row.fisher_p, row.chi_square_p)),
        row.printed_p,
    )


def _share(events, n):
    return f"{events:g}/{n:g} ({sentences.decimals(100 * events / n, 1)} %)"
