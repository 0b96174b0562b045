"""Events over the time at risk that a printed row of numbers at risk tells of, beside the printed hazard ratio."""

from dataclasses import dataclass

import pandas as pd

from ipdrecon.app import sentences
from ipdrecon.app.printed_events import patients_with_event, rows_of_endpoint
from ipdrecon.app.report_table import ReportTable
from ipdrecon.app.review_figure import fits_label
from ipdrecon.errors import FolderError


@dataclass(frozen=True)
class EventRate:
    """Rates of two arms.

    Attributes
    ----------
    trial, endpoint, events : str
        The endpoint of the numbers at risk, and that of the counts.
    treatment, reference : str
    events_1, time_1, events_2, time_2 : float
        Patients with an event and time at risk; 1 = treatment.
    ratio, ci_low, ci_high : float
    printed : tuple of float
        Hazard ratio with limits; empty where none is printed.
    at_risk : dict of str to dict of float to float
        Numbers at risk by arm and time.
    note : str
    """

    trial: str
    endpoint: str
    events: str
    treatment: str
    reference: str
    events_1: float
    time_1: float
    events_2: float
    time_2: float
    ratio: float
    ci_low: float
    ci_high: float
    printed: tuple
    at_risk: dict
    note: str = ""


def event_rates(facts):
    """Compute the rate ratios that a trial asks for.

    Parameters
    ----------
    facts : TrialFacts

    Returns
    -------
    tuple of EventRate

    Raises
    ------
    FolderError
        Where the paper prints no count or fewer than two numbers at risk of an arm.
    """
    return tuple(_rate(facts, wanted, treatment) for wanted in facts.entry.rate for treatment in facts.entry.treatments)


def _rate(facts, wanted, treatment):
    from ipdrecon.survival.person_time import person_time, rate_ratio

    printed = rows_of_endpoint(facts.printed, wanted.endpoint, wanted.population)
    counted = rows_of_endpoint(facts.printed, wanted.events, wanted.population)
    events, times, at_risk = [], [], {}
    for label in (treatment, facts.entry.reference):
        at_risk[label] = {row.time: row.value for row in printed if row.quantity == "n_risk" and fits_label(row.arm, label)}
        count = patients_with_event(facts.entry, counted, label)
        if count is None or len(at_risk[label]) < 2:
            raise FolderError(
                f"{facts.entry.id} asks for a rate of {wanted.events!r}, but {label!r} has {len(at_risk[label])} numbers at risk of {wanted.endpoint!r} and "
                f"{'no count' if count is None else 'a count'}; expected two or more and a count in its reported numbers."
            )
        events.append(count.events)
        times.append(person_time(list(at_risk[label]), list(at_risk[label].values())))
    ratio = rate_ratio(events[0], times[0], events[1], times[1])
    known = next(((row.value, row.ci_low, row.ci_high) for row in printed if row.quantity == "hr" and fits_label(row.arm, treatment)), ())
    return EventRate(
        facts.name, wanted.endpoint, wanted.events, treatment, facts.entry.reference, events[0], times[0], events[1], times[1], ratio.ratio, *ratio.interval(), known, at_risk, wanted.note
    )


def rates_table(facts):
    """Make the table of a trial's rate ratios beside printed hazard ratios; None where it asks for none."""
    rates = event_rates(facts)
    if not rates:
        return None
    records = [{name: value for name, value in vars(rate).items() if name not in ("printed", "at_risk")} for rate in rates]
    return ReportTable(
        f"rates-{facts.entry.id}",
        f"Events over time at risk in {facts.name}",
        ("Events", "Treatment", "Reference", "Rate ratio (95 % interval)", "Printed hazard ratio"),
        tuple(
            (
                rate.events,
                f"{rate.treatment}: {rate.events_1:g} in {rate.time_1:g}",
                f"{rate.reference}: {rate.events_2:g} in {rate.time_2:g}",
                sentences.interval(rate.ratio, rate.ci_low, rate.ci_high),
                sentences.interval(*rate.printed) if rate.printed else "",
            )
            for rate in rates
        ),
        pd.DataFrame(records).assign(printed_hr=[rate.printed[0] if rate.printed else None for rate in rates]),
        " ".join(
            dict.fromkeys(
                [
                    "Patients with an event over the area under the printed numbers at risk, in patients times the unit of time. The ratio equals a hazard ratio "
                    "where both hazards are constant; time after the last printed number is not counted.",
                    *(rate.note for rate in rates if rate.note),
                ]
            )
        ),
        right=(3, 4),
    )


def at_risk_table(facts):
    """Make the table of the numbers at risk behind a trial's rates, as printed; None where it asks for none."""
    rates = event_rates(facts)
    if not rates:
        return None
    arms = rates[0].at_risk | {rate.treatment: rate.at_risk[rate.treatment] for rate in rates}
    times = sorted({time for column in arms.values() for time in column})
    frame = pd.DataFrame({"time": times} | {arm: [column.get(time) for time in times] for arm, column in arms.items()})
    rows = tuple(tuple("" if cell != cell else f"{cell:g}" for cell in row) for row in frame.itertuples(index=False, name=None))
    return ReportTable(
        f"at-risk-{facts.entry.id}", f"Numbers at risk as printed: {rates[0].endpoint}, {facts.name}", ("Time", *arms), rows, frame, right=tuple(range(len(arms) + 1))
    )
