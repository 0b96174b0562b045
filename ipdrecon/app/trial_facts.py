"""A trial of a review with what its paper prints, and what holding that against itself finds."""

from dataclasses import dataclass, field
from pathlib import Path

from ipdrecon.app.review import read_trial
from ipdrecon.app.review_figure import reported_rows


@dataclass(frozen=True)
class TrialFacts:
    """What is known of a trial.

    Attributes
    ----------
    folder : Path
    entry : TrialEntry
    printed : tuple of ReportedNumber
    audit : ipdrecon.audit.Audit or None
        None where no number is printed.
    """

    folder: Path
    entry: object
    printed: tuple = field(repr=False)
    audit: object = field(default=None, repr=False)

    @property
    def name(self):
        """As people call it."""
        return self.entry.name


def trial_facts(folder):
    """Read a trial folder and audit its printed numbers.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    TrialFacts

    Raises
    ------
    FolderError, ReportedError
        Naming file and field, or line and column.
    """
    from ipdrecon.audit import audit

    entry = read_trial(folder)
    printed = reported_rows(folder, entry.reported)
    return TrialFacts(folder, entry, printed, audit(folder / entry.reported) if printed else None)
