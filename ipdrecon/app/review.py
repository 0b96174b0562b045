"""What people write: `trial.toml` and `review.toml`, checked field by field."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ipdrecon.app.toml_lines import line_of, read_toml
from ipdrecon.errors import FolderError


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArmEntry(_Entry):
    """One arm of a trial: its label as printed, its size and events where the paper tells them."""

    label: str = Field(min_length=1)
    reference: bool = False
    n: int | None = Field(None, ge=1)
    events: int | None = Field(None, ge=0)


class FigureEntry(_Entry):
    """One figure of a trial and what is known of it.

    Where the file named by `published` is in the trial's folder, it is read in place of a facsimile.
    """

    file: str = Field(min_length=1)
    published: str | None = None
    endpoint: str = ""
    population: str = ""
    time_unit: str | None = None
    panel: str | None = None
    page: int | None = Field(None, ge=1)
    arms: int | None = Field(None, ge=1)
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    at_risk: str | None = None
    edits: str | None = None
    reported: str | None = None
    curve: Literal["weighted", "adjusted", "model", "interval-censored", "cumulative incidence"] | None = None
    facsimile: bool = False
    facsimile_note: str = ""


class RateEntry(_Entry):
    """Events of patients to set over the time at risk that a row of numbers at risk tells of.

    `endpoint` is that of the numbers at risk (and of a printed hazard ratio), `events` the endpoint of the counts.
    """

    endpoint: str = Field(min_length=1)
    events: str = Field(min_length=1)
    population: str = ""
    note: str = ""


class TwiceEntry(_Entry):
    """One quantity printed twice with different values: which endpoint or place is used, which is not, and why."""

    quantity: str = Field(min_length=1)
    used: str = Field(min_length=1)
    not_used: str = Field(min_length=1)
    why: str = Field(min_length=1)
    endpoint_not_used: str = ""


class NotRedoneEntry(_Entry):
    """A result of the paper that cannot be redone from what it prints, and why."""

    result: str = Field(min_length=1)
    why: str = Field(min_length=1)
    place: str = ""


class TrialEntry(_Entry):
    """A trial: who it is, its arms, its figures, the file of what the paper prints, and what can and cannot be made of it.

    `adverse_events` are beginnings of endpoints that belong into the table of safety. `within` names the pooled row of a
    table that holds this trial already.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    name: str = Field(min_length=1)
    year: int | None = Field(None, ge=1900, le=2200)
    citation: str = ""
    doi: str = ""
    registration: str = ""
    aetiology: str = ""
    reported: str | None = None
    note: str = ""
    within: str = ""
    adverse_events: tuple[str, ...] = ()
    arm: tuple[ArmEntry, ...] = Field(min_length=2)
    figure: tuple[FigureEntry, ...] = ()
    rate: tuple[RateEntry, ...] = ()
    printed_twice: tuple[TwiceEntry, ...] = ()
    not_redone: tuple[NotRedoneEntry, ...] = ()

    @model_validator(mode="after")
    def _one_reference(self):
        marked = [arm.label for arm in self.arm if arm.reference]
        if len(marked) != 1:
            raise ValueError(f"{len(marked)} arms have reference = true; expected exactly one")
        return self

    @property
    def reference(self):
        """Label of the reference arm."""
        return next(arm.label for arm in self.arm if arm.reference)

    @property
    def treatments(self):
        """Labels of the other arms, as a tuple."""
        return tuple(arm.label for arm in self.arm if not arm.reference)

    def study(self, treatment):
        """Name the comparison of a treatment with the reference: the trial's name, with the treatment where there are several."""
        return self.name if len(self.treatments) == 1 else f"{self.name} ({treatment})"


class TrialPlace(_Entry):
    """Where a trial's folder is, from the review's own."""

    folder: str = Field(min_length=1)


class _Pooling(_Entry):
    """How rows are pooled, and which figures they are from."""

    endpoint: str = ""
    population: str = ""
    measure: Literal["HR", "RR", "OR", "RD"] = "HR"
    hazard_ratio: Literal["reported", "reconstructed"] = "reported"
    tau2: Literal["REML", "DL", "PM", "ML", "HE", "SJ", "EB"] = "REML"
    ci: Literal["hk", "hk-adhoc", "hk-iqwig", "wald"] = "hk-adhoc"
    fixed: Literal["iv", "mh", "peto"] = "iv"
    by: str | None = None
    studies: str | None = None


class PoolEntry(_Pooling):
    """What to pool where a review has one outcome."""


class OutcomeEntry(_Pooling):
    """One outcome of a review: what is pooled, from figures, from counts that trials print, and from a table.

    Figures of the `endpoint` (and `population`) give hazard ratios; with `time` they give risk ratios of the rebuilt
    patients at it, and the `measure` is RR. Where the measure is RR, OR or RD and no time is given, trials give the events
    and patients that they report for the endpoint. `events` is what is counted, in words, and `note` what a reader should
    know first. Without a `total` rows are set side by side and not pooled; the note says why. `order` is a column by which
    studies are added one by one; `effect` (with `control_risk`) is what a sequential analysis anticipates; absolute effects
    are given at each `baseline_risk`, which is that at `baseline_time`, in words.
    """

    name: str = ""
    note: str = ""
    total: bool = True
    time: float | None = Field(None, gt=0)
    events: str = "events"
    favours: tuple[str, str] | None = None
    order: str | None = None
    effect: float | None = None
    control_risk: float | None = Field(None, gt=0, lt=1)
    baseline_risk: tuple[float, ...] = ()
    baseline_time: str | None = None
    moderators: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _risk_at_a_time(self):
        if self.time is not None and self.measure != "RR":
            raise ValueError(f"time is {self.time:g} and measure {self.measure}; a risk at a time gives the measure RR")
        return self

    @model_validator(mode="after")
    def _why_no_total(self):
        if not self.total and not self.note:
            raise ValueError("total is false; say in note why the rows are not pooled")
        return self

    @property
    def folder(self):
        """Name of the folder of its files; empty for the only outcome of a review."""
        return "-".join("".join(letter if letter.isalnum() else " " for letter in self.name.casefold()).split())


class ReviewEntry(_Entry):
    """A review: its trials, how often patients are drawn and by which random numbers, and what to pool: one `pool`, or outcomes."""

    title: str = Field(min_length=1)
    note: str = ""
    draws: int = Field(50, ge=0)
    seed: int = Field(0, ge=0)
    trial: tuple[TrialPlace, ...] = ()
    studies: str | None = None
    pool: PoolEntry | None = None
    outcome: tuple[OutcomeEntry, ...] = ()

    @model_validator(mode="after")
    def _something_to_do(self):
        if self.pool is not None and self.outcome:
            raise ValueError("has both [pool] and [[outcome]]; expected one of them")
        if not self.trial and not any(outcome.studies for outcome in self.outcomes):
            raise ValueError("names no trial and no table of studies; expected [[trial]] with a folder, or studies under [pool] or [[outcome]]")
        folders = [outcome.folder for outcome in self.outcome]
        if "" in folders or len(set(folders)) < len(folders):
            raise ValueError(f"has outcomes named {', '.join(repr(outcome.name) for outcome in self.outcome)}; expected a name of its own for each")
        return self

    @property
    def outcomes(self):
        """What to pool, as a tuple of OutcomeEntry; the one of `pool` has no name."""
        if self.pool is None:
            return self.outcome
        fields = self.pool.model_dump() | {"studies": self.studies or self.pool.studies}
        return (OutcomeEntry(**fields, events="deaths" if self.pool.endpoint.casefold() == "overall survival" else "events"),)


def read_review(path):
    """Read a `review.toml`.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ReviewEntry

    Raises
    ------
    FolderError
        Naming file and field.
    """
    return _read(ReviewEntry, Path(path))


def read_trial(folder):
    """Read the `trial.toml` of a trial folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    TrialEntry

    Raises
    ------
    FolderError
        Naming file and field, or the figure or table that is missing.
    """
    folder = Path(folder)
    trial = _read(TrialEntry, folder / "trial.toml")
    trial = trial.model_copy(update={"figure": tuple(_published(entry, folder) for entry in trial.figure)})
    named = [trial.reported] + [name for figure in trial.figure for name in (figure.file, figure.at_risk, figure.edits, figure.reported)]
    for name in named:
        if name is not None and not _stands(folder / name):
            raise FolderError(f"{folder / 'trial.toml'} names {name!r}, but {folder / name} is missing; put the file there or mend the name.")
    return trial


def _published(entry, folder):
    """The published figure where it is at hand, else the entry as it stands."""
    if entry.published is None or not _stands(folder / entry.published):
        return entry
    return entry.model_copy(update={"file": entry.published, "facsimile": False, "facsimile_note": ""})


def _stands(path):
    """Whether a file is there; one whose name no file can have is not."""
    try:
        return path.is_file()
    except OSError:
        return False


def _read(entry, path):
    text, fields = read_toml(path, f"{entry.__name__.removesuffix('Entry').lower()} file")
    try:
        return entry.model_validate(fields)
    except ValidationError as error:
        raise FolderError("; ".join(_complaint(path, text, item) for item in error.errors())) from error


def _complaint(path, text, item):
    line = line_of(text, item["loc"])
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in item["loc"])
    where = ", ".join([str(path), *([f"line {line}"] if line else []), *([place] if place else [])])
    seen = "" if isinstance(item["input"], dict) else f" (seen: {item['input']!r})"
    message = {"extra_forbidden": "is no field of this file", "missing": "is missing"}.get(item["type"], item["msg"])
    return f"{where}: {message}{seen}"
