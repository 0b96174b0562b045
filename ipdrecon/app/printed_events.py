"""How many patients of an arm had an event, as a trial prints it."""

from dataclasses import dataclass

from ipdrecon.app.review_figure import fits, fits_label
from ipdrecon.errors import FolderError


@dataclass(frozen=True)
class PrintedEvents:
    """Patients of an arm with an event.

    Attributes
    ----------
    events, n : float
    percent, p, source : str
        As printed; empty where not.
    """

    events: float
    n: float
    percent: str = ""
    p: str = ""
    source: str = ""


def rows_of_endpoint(printed, endpoint, population=""):
    """Choose the rows of an endpoint and population.

    Parameters
    ----------
    printed : sequence of ReportedNumber
    endpoint, population : str
        Empty for any.

    Returns
    -------
    list of ReportedNumber
    """
    return [row for row in printed if row.endpoint and fits(row.endpoint, endpoint) and fits(row.population, population)]


def patients_with_event(trial, rows, label):
    """Give the patients of an arm who had an event; counts of events, of which one patient may have several, are left aside.

    Parameters
    ----------
    trial : TrialEntry
    rows : sequence of ReportedNumber
        Of one endpoint.
    label : str
        Of the arm.

    Returns
    -------
    PrintedEvents or None
        None where no count is printed.

    Raises
    ------
    FolderError
        Where several counts are printed, or nothing tells of how many patients one is.
    """
    row = _only(trial, rows, label, "events")
    if row is None:
        return None
    patients = row.n if row.n == row.n else getattr(_only(trial, rows, label, "n"), "value", None)
    if patients is None:
        raise FolderError(
            f"{trial.id} reports events of {row.endpoint!r} but no n of {label!r}; "
            "add rows with the quantity n and the same endpoint, or fill the column n."
        )
    return PrintedEvents(row.value, patients, row.percent, row.p_text, row.source)


def _only(trial, rows, label, quantity):
    """The printed count of patients of an arm; an error where one endpoint has several."""
    found = [row for row in rows if row.quantity == quantity and row.counts_patients and fits_label(row.arm, label) and row.value == row.value]
    if len({row.value for row in found}) > 1:
        printed = "; ".join(f"{row.value:g} ({row.source})" for row in found)
        raise FolderError(f"{trial.id} reports several {quantity} of {label!r}: {printed}. Say which by the outcome's population, or keep one row.")
    return found[0] if found else None
