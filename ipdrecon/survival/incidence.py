"""From curves of cumulative incidence and numbers at risk to patients with causes.

All causes known
----------------
A step of the incidence of cause c at t is ``dF_c(t) = S(t-) d_c(t) / n(t)`` (Aalen and Johansen 1978), and S, free of every
cause, is one minus the sum of all F_c. Where the curves of all causes are given, or those of some and the overall curve,
every F and S is known, and with the number at risk n the events are ``d_c(t) = n(t) dF_c(t) / S(t-)``. n is known at the
printed times; between them it falls by the events, and by as many censorings as are needed to reach the next printed
number, spread evenly. Rounding to whole patients is not lost: what F_c is ahead of the rebuilt estimate at one step is
added to the next.

One cause alone
---------------
S is then not known. One minus the incidence of the main cause is a product-limit curve too, among patients who stay at
risk after another cause took them (the subdistribution; Fine and Gray 1999, Geskus 2011, Biometrics 67:39):
``dF = (1 - F(t-)) d(t) / m(t)``. The table counts n, the event-free, and m = n plus those kept. Censorings and other causes
both lower n, and nothing in curve and table tells them apart. If nobody has another cause, m = n and events are fewest; if
nobody is censored before the end, m = n plus all who left, and events are most. So the main events are known between
these bounds, and exactly where their total is given: it tells the share of the leaving who are kept. Without a total the
lower bound is taken, which keeps to the printed numbers at risk.

Examples
--------
Ten patients; one relapses at 1, one dies at 2, one relapses at 3:

>>> arm = reconstruct_incidence({"relapse": ([0, 1, 3, 5], [0, 0.1, 0.2, 0.2]), "death": ([0, 2, 5], [0, 0.1, 0.1])}, n=10)
>>> [float(time) for time in arm.time[:3]], [int(cause) for cause in arm.cause[:3]], arm.n_by_cause
([1.0, 2.0, 3.0], [1, 2, 1], {'relapse': 2, 'death': 1})
>>> arm.information
'incidence of all causes + n'
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.aalen_johansen import aalen_johansen
from ipdrecon.survival.curve_input import InputSettings, check_at_risk, check_n_event
from ipdrecon.survival.incidence_input import check_incidence
from ipdrecon.survival.incidence_steps import Steps, invert_incidence
from ipdrecon.survival.kaplan_meier import RISK_CONVENTIONS, n_risk_at, step_value

_JUST_AFTER, _CLEARLY = 1e-9, 0.001
_TIME_SLACK = 0.0025
_CURVE_MOST, _PATIENTS_MOST = 0.02, 2
_EVENT_SHARE, _EVENT_LEAST = 0.03, 2


@dataclass(frozen=True)
class ReconstructedIncidence:
    """Patients with causes, rebuilt from curves of cumulative incidence.

    Attributes
    ----------
    arm : str
    time : ndarray, shape (n,)
        Sorted; at equal times events come first.
    cause : ndarray of int, shape (n,)
        0 = censored, 1, 2, … = the cause of the event, as in `causes`. Where one cause alone is known 0 means: left without it.
    causes : tuple of str
        The main cause first.
    information : str
        Which published numbers were used.
    residuals : dict
        Reconstructed against given: ``curve_max`` and ``curve_mean`` of incidence, ``n_risk_max``, ``risk_convention``,
        ``n_event`` (by cause), ``n_event_range`` (of the main cause, where it is known within bounds only).
    panel : str
    flags : tuple of Flag
    method : str
        ``"incidence"``.
    """

    arm: str
    time: np.ndarray
    cause: np.ndarray
    causes: tuple
    information: str = ""
    residuals: dict = field(default_factory=dict)
    panel: str = "1"
    flags: tuple = ()
    method: str = "incidence"

    def __post_init__(self):
        order = np.lexsort((np.asarray(self.cause) == 0, self.time))
        for name, kind in (("time", float), ("cause", int)):
            array = np.array(getattr(self, name), kind)[order]
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def n(self):
        """Number of patients."""
        return len(self.time)

    @property
    def event(self):
        """Whether each patient had the main cause's event."""
        return self.cause == 1

    @property
    def n_event(self):
        """Number of events of the main cause."""
        return int(self.event.sum())

    @property
    def n_by_cause(self):
        """Number of events by cause."""
        return {name: int((self.cause == index).sum()) for index, name in enumerate(self.causes, start=1)}

    def estimate(self):
        """Estimate the cumulative incidences of the patients, as `AalenJohansen`."""
        return aalen_johansen(self.time, self.cause, n_causes=len(self.causes))

    def cause_specific(self, cause=None):
        """Give the patients as a `ReconstructedArm` in which one cause is the event and every other end a censoring.

        Parameters
        ----------
        cause : str, optional
            By default the main cause.

        Returns
        -------
        ReconstructedArm
            Right for cause-specific hazards; one minus its Kaplan-Meier estimate is above the cumulative incidence.
        """
        if cause is not None and cause not in self.causes:
            raise ReconstructionError(f"Arm {self.arm!r} has no cause {cause!r}; it has {', '.join(map(repr, self.causes))}.")
        event = self.cause == (1 if cause is None else self.causes.index(cause) + 1)
        return ReconstructedArm(self.arm, self.time, event, self.method, self.information, self.residuals, self.panel, self.flags)

    def to_frame(self):
        """Columns ``arm, time, event, cause``: event 1 = the main cause's; cause 0 = censored, 1, 2, … as in `causes`."""
        return pd.DataFrame({"arm": self.arm, "time": self.time, "event": self.event.astype(int), "cause": self.cause})


@dataclass(frozen=True)
class _Given:
    """One arm's checked input; `total` is the sum of the events given and `counted` the causes in it, or None and all."""

    arm: str
    causes: object
    row: object
    n_event: dict
    error: tuple
    unit: str

    @property
    def total(self):
        return sum(self.n_event.values()) if self.n_event else None

    @property
    def counted(self):
        return tuple(self.causes.names.index(name) for name in self.n_event)

    @property
    def place(self):
        return f"arm {self.arm!r}"


def _cut(given, convention):
    """Rows for the algorithm: each step, each printed time, the end; and the printed times that count."""
    causes, row = given.causes, given.row
    end = causes.time[-1]
    use = (row.time <= end) | (row.n_risk > 0)
    risk_time, n_risk = row.time[use], row.n_risk[use]
    border = risk_time if convention == RISK_CONVENTIONS[0] else np.where(risk_time > 0, risk_time + _JUST_AFTER * end, 0.0)
    stepped = np.concatenate(([True], (np.diff(causes.incidence) > 0).any(axis=0)))
    time = np.unique(np.concatenate((causes.time[stepped], border, [end])))
    incidence = np.array([step_value(time, causes.time, curve, 0.0) for curve in causes.incidence])
    steps = Steps(time, incidence, np.searchsorted(time, border), n_risk, given.error)
    return steps, risk_time


def _misfit(steps, found):
    missed = np.abs(steps.n_risk - found.n_risk).sum()
    return int(missed), float(np.abs(steps.incidence - found.incidence).mean())


def _invert(given, kept_share=0.0, *, fit_total=True):
    """Rows, printed times, result and convention: the table counts time >= t or, where that fits better, time > t.

    The second is taken where it comes closer to the table, or as close and clearly closer to the curves.
    """

    def attempt(convention):
        steps, risk_time = _cut(given, convention)
        total = given.total if fit_total else None
        return steps, risk_time, invert_incidence(steps, kept_share=kept_share, total=total, counted=given.counted), convention

    first = attempt(RISK_CONVENTIONS[0])
    missed, gap = _misfit(first[0], first[2])
    if not missed and not _steps_at(given, first[1]):
        return first
    second = attempt(RISK_CONVENTIONS[1])
    missed_second, gap_second = _misfit(second[0], second[2])
    is_clearly_closer = missed_second == missed and gap - gap_second > max(gap_second, _CLEARLY)
    return second if missed_second < missed or is_clearly_closer else first


def _steps_at(given, risk_time):
    """Whether an incidence rises at a printed time."""
    causes = given.causes
    rising = causes.time[1:][(np.diff(causes.incidence) > 0).any(axis=0)]
    return bool(np.isin(rising, risk_time).any())


def _with_share(given):
    """Invert the curve of one cause: the share of the leaving who are kept is the one that meets the total, none without a total.

    Returns what `_invert` does, and the bounds of the number of events.
    """
    fewest, most = _invert(given, 0.0, fit_total=False), _invert(given, 1.0, fit_total=False)
    bounds = fewest[2].n_event.sum(), most[2].n_event.sum()
    if given.total is None or given.total <= bounds[0]:
        return fewest, bounds
    if given.total >= bounds[1]:
        return most, bounds
    low, high, best = 0.0, 1.0, fewest
    for _ in range(12):
        middle = (low + high) / 2
        attempt = _invert(given, middle, fit_total=False)
        events = attempt[2].n_event.sum()
        best = min(best, attempt, key=lambda one: abs(one[2].n_event.sum() - given.total))
        low, high = (middle, high) if events < given.total else (low, middle)
    return best, bounds


def _patients(steps, found):
    """Times and causes of all patients."""
    time = [np.repeat(steps.time, numbers) for numbers in found.n_event]
    cause = np.repeat(np.arange(len(time) + 1), [len(found.censor_time), *map(len, time)])
    return np.concatenate((found.censor_time, *time)), cause


def _curve_gap(given, steps, patients):
    """Largest and mean distance of the refitted incidences from the given ones, and where one is beyond tolerance."""
    estimate = aalen_johansen(*patients, n_causes=len(steps.incidence))
    gap = np.array([np.abs(estimate.incidence_at(steps.time, c + 1) - wanted) for c, wanted in enumerate(steps.incidence)])
    free_before = np.concatenate(([1.0], 1 - steps.incidence.sum(axis=0)[:-1]))
    one = np.maximum.accumulate(free_before / np.maximum(n_risk_at(patients[0], steps.time), 1))
    beyond = gap - np.maximum(_CURVE_MOST, _PATIENTS_MOST * one)
    cause, worst = np.unravel_index(beyond.argmax(), beyond.shape)
    said = []
    if beyond[cause, worst] > 0:
        reached = estimate.incidence_at(steps.time[worst], cause + 1)
        said = [
            f"at {given.unit} {steps.time[worst]:g} the incidence of {given.causes.names[cause]!r} is {steps.incidence[cause, worst]:.3f}, "
            f"the rebuilt patients are at {reached:.3f}"
        ]
    width = np.diff(steps.time)
    mean = float((gap[:, :-1] * width).sum() / width.sum() / len(gap)) if width.sum() > 0 else float(gap.mean())
    return float(gap.max()), mean, said


def _table_said(given, risk_time, steps, found):
    """Say which printed numbers the curves leave no room for, and which are fewer than the steps that follow."""
    said = [
        f"the table says {printed} at {given.unit} {at:g}; the curves allow at most {reached}"
        for at, printed, reached in zip(risk_time, steps.n_risk, found.n_risk, strict=True)
        if reached < printed
    ]
    clear = _clear_steps(steps.incidence.sum(axis=0), 4 * given.error[1])
    for at, first, printed in zip(risk_time, steps.lower, steps.n_risk, strict=True):
        needed = int((clear > first).sum())
        if given.causes.is_complete and needed > 1.1 * printed + 1:
            said.append(f"the table says {printed} at {given.unit} {at:g}; the curves rise {needed} times after it, so they demand at least {needed}")
    return said


def _clear_steps(total, least):
    """Rows at which all incidences together are `least` or more above where this was last so."""
    reached, rows = total[0], []
    for row, value in enumerate(total):
        if value >= reached + least:
            rows.append(row)
            reached = value
    return np.array(rows, int)


def _total_said(given, rebuilt):
    if given.total is None:
        return []
    reached = sum(rebuilt[name] for name in given.n_event)
    if abs(reached - given.total) <= max(_EVENT_LEAST, _EVENT_SHARE * given.total):
        return []
    return [f"the total given is {given.total} ({', '.join(given.n_event)}); curves and table lead to {reached}"]


def _flags(given, said, risk_time, bounds):
    """Tell what the data are, and each contradiction once."""
    end = given.causes.time[-1]
    flags = given.causes.flags + given.row.flags
    if risk_time[-1] > end * 1.01:
        flags += (Flag("table_after_curve", given.place, f"The curves end at {end:g}; the table goes on to {risk_time[-1]:g}. They were carried on flat."),)
    if given.causes.is_complete:
        names = ", ".join(f"{index} = {name}" for index, name in enumerate(given.causes.names, start=1))
        flags += (Flag("competing_risks", given.place, f"The causes are {names}."),)
    else:
        flags += (Flag("subdistribution", given.place, _bounds_text(given, bounds)),)
    flags += tuple(Flag(name, given.place, "; ".join(texts[:3]) + ".") for name, texts in said.items() if texts)
    alone = "" if len(given.row.time) > 1 else "Without a table only the steps tell who leaves early: events may be fewer."
    return flags if given.n_event else (*flags, Flag("no_total_events", given.place, alone))


def _bounds_text(given, bounds):
    name = given.causes.names[0]
    if bounds[0] == bounds[1]:
        return f"The main cause is {name!r}."
    settled = "the total given decides" if given.n_event else f"{bounds[0]} are taken"
    return f"The main cause is {name!r}, with {bounds[0]} to {bounds[1]} events; {settled}."


def _information(given):
    curves = "incidence of all causes" if given.causes.is_complete else "incidence of the main cause"
    table = "at-risk table" if len(given.row.time) > 1 else "n"
    return " + ".join([curves, table] + (["total events"] if given.n_event else []))


def _rebuild(given):
    """Invert, then hold the result against everything given."""
    bounds = None
    if given.causes.is_complete or len(given.row.time) == 1:
        steps, risk_time, found, convention = _invert(given)
    else:
        (steps, risk_time, found, convention), bounds = _with_share(given)
    patients = _patients(steps, found)
    curve_max, curve_mean, curve_said = _curve_gap(given, steps, patients)
    rebuilt = dict(zip(given.causes.names, (int(numbers.sum()) for numbers in found.n_event), strict=True))
    table_said, total_said = _table_said(given, risk_time, steps, found), _total_said(given, rebuilt)
    residuals = {
        "curve_max": curve_max,
        "curve_mean": curve_mean,
        "curve_repair": given.causes.repair,
        "n_risk_max": int(np.abs(steps.n_risk - found.n_risk).max()),
        "risk_convention": convention,
    }
    if given.n_event:
        residuals["n_event"] = {name: rebuilt[name] - number for name, number in given.n_event.items()}
    if bounds is not None:
        residuals["n_event_range"] = tuple(int(number) for number in bounds)
    if given.n_event and curve_said and not table_said and not total_said:
        total_said = [f"to keep to the total of {given.total} the curves are left: {curve_said[0]}"]
    said = {"table_curve_conflict": table_said or ([] if total_said else curve_said), "events_conflict": total_said}
    flags = _flags(given, said, risk_time, bounds or (rebuilt[given.causes.names[0]],) * 2)
    return ReconstructedIncidence(given.arm, *patients, given.causes.names, _information(given), residuals, flags=flags)


def _checked_totals(n_event, causes, n, arm, error):
    """Totals of events by cause, each possible with its curve."""
    if n_event is None:
        return {}
    totals = dict(n_event) if hasattr(n_event, "items") else {causes.names[0]: n_event}
    unknown = [name for name in totals if name not in causes.names]
    if unknown:
        raise ReconstructionError(f"Arm {arm!r}: the total of events names the cause {unknown[0]!r}; there are {', '.join(map(repr, causes.names))}. Use one of these.")
    place = {name: f"{arm}: {name}" for name in totals}
    totals = {name: check_n_event(number, causes.of_cause(causes.names.index(name)), n, arm=place[name], error=error) for name, number in totals.items()}
    if sum(totals.values()) > n:
        raise ReconstructionError(f"Arm {arm!r}: the totals of events add up to {sum(totals.values())}, but there are {n} patients; expected at most {n}.")
    return totals


def reconstruct_incidence(
    curves,
    *,
    overall=None,
    n=None,
    risk_time=None,
    n_risk=None,
    n_event=None,
    time_error=None,
    survival_error=None,
    arm="arm 1",
    unit="time",
):
    """Rebuild the patients of one arm, with the cause of each event, from curves of cumulative incidence.

    The derivation is that of this module's head.

    Parameters
    ----------
    curves : mapping of str to (time, incidence)
        By cause, the main one first; points in any order, as a probability or in percent. Two causes or more are taken
        for all there are; one alone, without `overall`, gives subdistribution data of that cause.
    overall : (time, survival), optional
        The curve of all causes together, falling or rising; what it holds beyond `curves` is the cause "other causes".
    n : int, optional
        Patients at time 0; may be left out where the table begins at 0.
    risk_time, n_risk : array-like, shape (n_times,), optional
        The row of the at-risk table: patients without any event and not censored; empty cells are NaN.
    n_event : mapping of str to int, or int, optional
        Totals of events by cause; a bare number is the main cause's. Their sum is met by the censorings after the last
        printed time or, with one cause alone, by the share of the leaving who are kept at risk.
    time_error, survival_error : float, optional
        Standard errors of reading, in the unit of time and in probability.
    arm : str
        For results and messages.
    unit : str
        What a time is called in messages.

    Returns
    -------
    ReconstructedIncidence
        Holds exactly the number of patients at time 0. Numbers at risk are those printed, except where the curves leave
        no room for them, which is flagged.

    Raises
    ------
    CurveError, AtRiskError, ReconstructionError
        Where the input cannot be curves of competing causes, a row of numbers at risk, a number of patients or of events.
    """
    causes = check_incidence(curves, overall=overall, arm=arm)
    row = check_at_risk(causes.free(), risk_time, n_risk, n=n, arm=arm, unit=unit)
    error = (time_error or _TIME_SLACK * float(causes.time[-1]), survival_error or InputSettings().survival_error)
    if not all(math.isfinite(value) and value >= 0 for value in error):
        raise ReconstructionError(f"Arm {arm!r}: the reading errors are {error[0]} of time and {error[1]} of incidence; expected numbers from 0.")
    totals = _checked_totals(n_event, causes, int(row.n_risk[0]), arm, error[1])
    return _rebuild(_Given(arm, causes.on_times(row.time), row, totals, error, unit))
