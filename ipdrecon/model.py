"""The nouns: what each room makes and hands on.

All are frozen, their arrays read-only, checked when made. A change is `dataclasses.replace`, so it is checked again.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ipdrecon.errors import AtRiskError, AxisError, CurveError, ReconstructionError

SCALES = ("survival", "percent", "incidence", "incidence_percent")
ORIGINS = ("reported", "derived", "reconstructed", "ipd")


def _frozen_array(values, dtype=float):
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def _freeze(noun, **arrays):
    for name, dtype in arrays.items():
        object.__setattr__(noun, name, _frozen_array(getattr(noun, name), dtype))


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; pixel centres have whole coordinates, `px` to the right and `py` downwards.

    Attributes
    ----------
    left, top, right, bottom : float
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self):
        """Width in px."""
        return self.right - self.left

    @property
    def height(self):
        """Height in px."""
        return self.bottom - self.top

    @property
    def centre(self):
        """Centre as ``(px, py)``."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def moved(self, right, down):
        """The box, moved by so many px."""
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def contains(self, px, py, margin=0.0):
        """Whether a point lies inside, with a margin in px."""
        return self.left - margin <= px <= self.right + margin and self.top - margin <= py <= self.bottom + margin


@dataclass(frozen=True)
class Word:
    """A piece of text read from a picture.

    Attributes
    ----------
    text : str
    box : Box
        Upright bounding box in px of the whole figure.
    confidence : float
        In [0, 1], from the reader.
    vertical : bool
        Whether the text runs upwards (a rotated axis title or label).
    exact : bool
        Whether the file itself says the text, so that it need not be read from pixels.
    """

    text: str
    box: Box
    confidence: float = 1.0
    vertical: bool = False
    exact: bool = False


@dataclass(frozen=True)
class Figure:
    """An opened picture.

    Attributes
    ----------
    px : ndarray of uint8, shape (height, width, 3)
        Red, green, blue.
    source : str
        File name, without its folder.
    sha256 : str
        Of the file's bytes.
    dpi : float or None
        As the file says.
    """

    px: np.ndarray = field(repr=False)
    source: str
    sha256: str
    dpi: float | None = None

    def __post_init__(self):
        _freeze(self, px=np.uint8)

    @property
    def height(self):
        """Height in px."""
        return self.px.shape[0]

    @property
    def width(self):
        """Width in px."""
        return self.px.shape[1]


@dataclass(frozen=True)
class Axis:
    """A linear axis, fitted through all its ticks: ``value = intercept + slope * px``.

    Attributes
    ----------
    tick_px : ndarray, shape (n_ticks,)
        Positions in px along the axis.
    tick_value : ndarray, shape (n_ticks,)
        Printed values, in the axis unit (percent stays percent here).
    slope, intercept : float
        Units per px, units.
    residual_px : float
        Root mean square distance of the ticks used from the fit, in px.
    used : ndarray of bool, shape (n_ticks,)
        Ticks that took part in the fit.
    unit : str
        ``"months"``, ``"percent"``, ...; empty where not printed.
    title : str
        The axis title as printed.
    confidence : float
        In [0, 1].
    """

    tick_px: np.ndarray
    tick_value: np.ndarray
    slope: float
    intercept: float
    residual_px: float = 0.0
    used: np.ndarray = None
    unit: str = ""
    title: str = ""
    confidence: float = 1.0

    def __post_init__(self):
        if self.used is None:
            object.__setattr__(self, "used", np.ones(len(self.tick_px), bool))
        _freeze(self, tick_px=float, tick_value=float, used=bool)
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept)) or self.slope == 0:
            raise AxisError(f"An axis needs two ticks with different values; seen: {list(self.tick_value)}.")

    def to_value(self, px):
        """Axis value at positions `px` (any shape)."""
        return self.intercept + self.slope * np.asarray(px, float)

    def to_px(self, value):
        """Position in px of axis values (any shape)."""
        return (np.asarray(value, float) - self.intercept) / self.slope


@dataclass(frozen=True)
class Calibration:
    """From pixels to time and survival, and back.

    Attributes
    ----------
    time, vertical : Axis
        The horizontal axis, and the vertical one in its printed units.
    scale : {"survival", "percent", "incidence", "incidence_percent"}
        What the vertical axis shows.
    """

    time: Axis
    vertical: Axis
    scale: str = "survival"

    def __post_init__(self):
        if self.scale not in SCALES:
            raise AxisError(f"The scale is {self.scale!r}; expected one of {', '.join(SCALES)}.")

    @property
    def is_incidence(self):
        """Whether curves rise (1 - S)."""
        return self.scale.startswith("incidence")

    @property
    def unit_one(self):
        """What the vertical axis prints for probability one: 100 in percent, else 1."""
        return 100.0 if self.scale.endswith("percent") else 1.0

    @property
    def residual_px(self):
        """The worse of both axes' residuals, in px."""
        return max(self.time.residual_px, self.vertical.residual_px)

    @property
    def survival_per_px(self):
        """Survival spanned by one pixel, positive."""
        return abs(self.vertical.slope) / self.unit_one

    def to_data(self, px, py):
        """``(time, survival)`` of points in px (any shape)."""
        drawn = self.vertical.to_value(py) / self.unit_one
        return self.time.to_value(px), 1 - drawn if self.is_incidence else drawn

    def to_px(self, time, survival):
        """``(px, py)`` of points in data (any shape)."""
        survival = np.asarray(survival, float)
        drawn = (1 - survival if self.is_incidence else survival) * self.unit_one
        return self.time.to_px(time), self.vertical.to_px(drawn)


@dataclass(frozen=True)
class Curve:
    """One arm's survival as a right-continuous step function.

    Attributes
    ----------
    arm : str
        Its label as printed, or ``"arm 1"``.
    time : ndarray, shape (n_steps,)
        Starts at 0, never falls; the last is the curve's last drawn time.
    survival : ndarray, shape (n_steps,)
        Survival just after each time, in [0, 1], starts at 1, never rises; the last repeats.
    censor_time : ndarray, shape (n_marks,)
        Times of the drawn censor marks.
    time_error, survival_error : float
        Standard error of reading, in time units and in probability; 0 where unknown.
    confidence : float
        In [0, 1].
    flags : tuple of Flag
    occluded : ndarray, shape (n_stretches, 3)
        Stretches of time in which other ink or text hides the curve: from, to, and the standard error of survival there.
    marks_confidence : float
        Share of what sticks out of the curve that is a mark, in [0, 1].
    """

    arm: str
    time: np.ndarray
    survival: np.ndarray
    censor_time: np.ndarray = ()
    time_error: float = 0.0
    survival_error: float = 0.0
    confidence: float = 1.0
    flags: tuple = ()
    occluded: np.ndarray = ()
    marks_confidence: float = 1.0

    def __post_init__(self):
        _freeze(self, time=float, survival=float, censor_time=float, occluded=float)
        object.__setattr__(self, "occluded", self.occluded.reshape(-1, 3))
        object.__setattr__(self, "flags", tuple(self.flags))
        if self.time.shape != self.survival.shape or self.time.ndim != 1 or not len(self.time):
            raise CurveError(f"Curve {self.arm!r} has {len(self.time)} times and {len(self.survival)} survivals; expected as many of both.")
        if not (np.isfinite(self.time).all() and np.isfinite(self.survival).all()):
            raise CurveError(f"Curve {self.arm!r} holds values that are not finite.")
        if (np.diff(self.time) < 0).any():
            raise CurveError(f"Curve {self.arm!r} goes back in time at {self.time[1:][np.diff(self.time) < 0][0]:g}.")
        if (np.diff(self.survival) > 1e-9).any():
            raise CurveError(f"Curve {self.arm!r} rises at {self.time[1:][np.diff(self.survival) > 1e-9][0]:g}; survival cannot rise.")
        if self.survival.min() < -1e-9 or self.survival.max() > 1 + 1e-9:
            raise CurveError(f"Curve {self.arm!r} leaves [0, 1]: {self.survival.min():g} to {self.survival.max():g}.")

    def survival_at(self, time):
        """Survival at `time` (any shape): the value after drops at that time."""
        index = np.searchsorted(self.time, np.asarray(time, float), side="right") - 1
        return np.where(index < 0, 1.0, self.survival[np.clip(index, 0, None)])

    def to_frame(self):
        """Columns ``arm, time, survival``."""
        return pd.DataFrame({"arm": self.arm, "time": self.time, "survival": self.survival})


@dataclass(frozen=True)
class AtRiskTable:
    """The numbers printed below the axis.

    Attributes
    ----------
    arms : tuple of str
    time : ndarray, shape (n_times,)
    n_risk : ndarray, shape (n_arms, n_times)
        NaN where a cell is empty or could not be read.
    n_censored, n_event : ndarray, shape (n_arms, n_times), or None
        Cumulative, where the table prints them.
    confidence : float
    flags : tuple of Flag
    """

    arms: tuple
    time: np.ndarray
    n_risk: np.ndarray
    n_censored: np.ndarray | None = None
    n_event: np.ndarray | None = None
    confidence: float = 1.0
    flags: tuple = ()

    def __post_init__(self):
        _freeze(self, time=float, n_risk=float)
        object.__setattr__(self, "arms", tuple(self.arms))
        object.__setattr__(self, "flags", tuple(self.flags))
        for name in ("n_risk", "n_censored", "n_event"):
            if getattr(self, name) is not None:
                _freeze(self, **{name: float})
                if getattr(self, name).shape != (len(self.arms), len(self.time)):
                    raise AtRiskError(f"The at-risk table has {len(self.arms)} arms and {len(self.time)} times, but {name} has the shape {getattr(self, name).shape}.")
        if (np.diff(self.time) <= 0).any():
            raise AtRiskError(f"The times of the at-risk table do not increase: {list(self.time)}.")

    def row(self, arm):
        """``(time, n_risk)`` of one arm, without its empty cells; both empty where the arm has no row."""
        if arm not in self.arms:
            return np.empty(0), np.empty(0)
        n_risk = self.n_risk[self.arms.index(arm)]
        return self.time[~np.isnan(n_risk)], n_risk[~np.isnan(n_risk)]

    def to_frame(self):
        """Columns ``arm, time, n_risk`` and, where printed, ``n_censored, n_event``; empty cells are NaN."""
        arm, time = np.repeat(self.arms, len(self.time)), np.tile(self.time, len(self.arms))
        frame = pd.DataFrame({"arm": arm, "time": time, "n_risk": self.n_risk.ravel()})
        for name in ("n_censored", "n_event"):
            if getattr(self, name) is not None:
                frame[name] = getattr(self, name).ravel()
        return frame


@dataclass(frozen=True)
class ArmLook:
    """How an arm is drawn, and how its label was found.

    Attributes
    ----------
    label : str
    colour : tuple of int
        Red, green, blue.
    dash : {"solid", "dashed", "dotted", "dash-dotted", "unknown"}
    matched_by : {"legend", "text", "at_risk", "facet", "order", "given", ""}
    confidence : float
        Of the label, in [0, 1]: how surely it was read, and how sure it is that it is this arm's. 0 where nothing prints one.
    """

    label: str
    colour: tuple = (0, 0, 0)
    dash: str = "solid"
    matched_by: str = ""
    confidence: float = 1.0


@dataclass(frozen=True)
class Facet:
    """The box of one arm, where a comparison is drawn apart.

    Attributes
    ----------
    title : str
        As printed; the name of the arm unless one is given.
    box : Box
    calibration : Calibration
    """

    title: str
    box: Box
    calibration: Calibration


@dataclass(frozen=True)
class DigitisedPanel:
    """All that was read from one plotting box.

    Attributes
    ----------
    panel : str
        The printed letter, or its number in reading order.
    box : Box
    calibration : Calibration
    curves : tuple of Curve
    looks : tuple of ArmLook
        One per curve, in the same order.
    at_risk : AtRiskTable or None
    cells : tuple of Word
        The table's cells as read, for the overlay.
    flags : tuple of Flag
    box_confidence : float
        In [0, 1].
    facets : tuple of Facet
        One per curve, in the same order, where each is drawn in a box of its own; `box` is then around all of them and
        `calibration` that of the first.
    way : {"raster", "vector"}
        Whether the curves were read from pixels or from paths.
    page : int
        Of the document, counted from 1.
    px_per_point : float or None
        Px of the sheet per point of the page, where known.
    """

    panel: str
    box: Box
    calibration: Calibration
    curves: tuple
    looks: tuple
    at_risk: AtRiskTable | None = None
    cells: tuple = ()
    flags: tuple = ()
    box_confidence: float = 1.0
    facets: tuple = ()
    way: str = "raster"
    page: int = 1
    px_per_point: float | None = None

    def apart(self):
        """The panel as it is drawn: one panel per facet, with its curve alone, or the panel itself."""
        if not self.facets:
            return (self,)
        return tuple(
            replace(self, box=facet.box, calibration=facet.calibration, curves=(curve,), looks=(look,), facets=())
            for facet, curve, look in zip(self.facets, self.curves, self.looks, strict=True)
        )

    def all_flags(self):
        """Flags of the panel, of its curves and of its table."""
        table = self.at_risk.flags if self.at_risk is not None else ()
        return self.flags + tuple(flag for curve in self.curves for flag in curve.flags) + table


@dataclass(frozen=True)
class Digitisation:
    """What was read from one figure.

    Attributes
    ----------
    source : str
        File name of the figure.
    sha256 : str
        Of the file's bytes.
    kind : {"raster", "vector"}
    size : tuple of int
        Width and height in px.
    panels : tuple of DigitisedPanel
    settings : dict
        What was given by hand, and the thresholds in force.
    edits : tuple of dict
        Changes made by hand.
    version : str
        Of the program.
    flags : tuple of Flag
        About the figure as a whole.
    """

    source: str
    sha256: str
    kind: str
    size: tuple
    panels: tuple
    settings: dict = field(default_factory=dict)
    edits: tuple = ()
    version: str = ""
    flags: tuple = ()

    def all_flags(self):
        """Flags of the figure and of all its panels."""
        return self.flags + tuple(flag for panel in self.panels for flag in panel.all_flags())


@dataclass(frozen=True)
class ReconstructedArm:
    """Patients rebuilt from a curve.

    Attributes
    ----------
    arm : str
    time : ndarray, shape (n,)
        Sorted; at equal times events come first.
    event : ndarray of bool, shape (n,)
        True = event, False = censored.
    method : str
        ``"guyot"``, ``"joint"`` or ``"ipd"``.
    information : str
        Which published numbers were used: ``"curve + at-risk table + total events"``, ...
    residuals : dict
        Reconstructed against given: ``curve_max``, ``curve_mean``, ``n_risk_max``, ``n_event``, ...
    panel : str
    flags : tuple of Flag
    draws : sequence of (time, event)
        Further data sets compatible with the figure, where asked for; many are read from a file as they are asked for.
    """

    arm: str
    time: np.ndarray
    event: np.ndarray
    method: str = ""
    information: str = ""
    residuals: dict = field(default_factory=dict)
    panel: str = "1"
    flags: tuple = ()
    draws: tuple = ()

    def __post_init__(self):
        time, event = np.asarray(self.time, float), np.asarray(self.event, bool)
        if time.shape != event.shape or time.ndim != 1:
            raise ReconstructionError(f"Arm {self.arm!r} has {len(time)} times and {len(event)} events; expected as many of both.")
        if len(time) and (not np.isfinite(time).all() or time.min() < 0):
            raise ReconstructionError(f"Arm {self.arm!r} holds times that are negative or not finite.")
        order = np.lexsort((~event, time))
        object.__setattr__(self, "time", _frozen_array(time[order]))
        object.__setattr__(self, "event", _frozen_array(event[order], bool))
        object.__setattr__(self, "flags", tuple(self.flags))

    @property
    def n(self):
        """Number of patients."""
        return len(self.time)

    @property
    def n_event(self):
        """Number of events."""
        return int(self.event.sum())

    def to_frame(self):
        """Columns ``arm, time, event`` (1 = event, 0 = censored)."""
        return pd.DataFrame({"arm": self.arm, "time": self.time, "event": self.event.astype(int)})


@dataclass(frozen=True)
class TrialEstimate:
    """A treatment effect of one trial, on the log scale.

    Attributes
    ----------
    study : str
    measure : str
        ``"HR"``, ``"RR"``, ``"OR"``.
    treatment, reference : str
        The effect is `treatment` over `reference`.
    yi, sei : float
        Log ratio and its standard error from sampling alone.
    n, n_event : int or None
    origin : {"reported", "derived", "reconstructed", "ipd"}
    logrank_p : float or None
    flags : tuple of Flag
    reconstruction_sei : float or None
        Standard error that the reconstruction adds, from the variance between draws; None without draws.
    """

    study: str
    measure: str
    treatment: str
    reference: str
    yi: float
    sei: float
    n: int | None = None
    n_event: int | None = None
    origin: str = "reconstructed"
    logrank_p: float | None = None
    flags: tuple = ()
    reconstruction_sei: float | None = None

    def __post_init__(self):
        if self.origin not in ORIGINS:
            raise ValueError(f"origin is {self.origin!r}; expected one of {', '.join(ORIGINS)}")

    @property
    def ratio(self):
        """The ratio itself: ``exp(yi)``."""
        return math.exp(self.yi)

    @property
    def total_sei(self):
        """Standard error from sampling and reconstruction together (Rubin 1987): what is pooled."""
        return math.hypot(self.sei, self.reconstruction_sei or 0.0)

    def interval(self, z=1.959963984540054):
        """``(low, high)`` of the ratio by its total standard error, normal on the log scale; 95 % by default."""
        return math.exp(self.yi - z * self.total_sei), math.exp(self.yi + z * self.total_sei)


@dataclass(frozen=True)
class AgreementRow:
    """One reported quantity against its reconstruction.

    Attributes
    ----------
    quantity, arm : str
    time : float
        NaN where the quantity has none.
    reported, reconstructed, difference : float
        NaN where unknown. For `hr` the difference is of logarithms.
    verdict : {"agrees", "differs", "cannot be judged"}
    why : str
        The tolerance applied, or what is missing.
    reported_ci, reconstructed_ci : tuple of float
        Interval limits, NaN where none.
    panel : str
    source : str
        Where the reported number is printed.
    reconstruction_se : float
        Standard error that the reconstruction adds to the difference; NaN without draws.
    """

    quantity: str
    arm: str
    time: float
    reported: float
    reconstructed: float
    difference: float
    verdict: str
    why: str
    reported_ci: tuple = (math.nan, math.nan)
    reconstructed_ci: tuple = (math.nan, math.nan)
    panel: str = "1"
    source: str = ""
    reconstruction_se: float = math.nan


@dataclass(frozen=True)
class Agreement:
    """Reconstructed against reported, row by row.

    Attributes
    ----------
    rows : tuple of AgreementRow
    flags : tuple of Flag
    """

    rows: tuple
    flags: tuple = ()

    def to_frame(self):
        """One row per reported quantity; columns as `AgreementRow`, intervals as ``*_ci_low``, ``*_ci_high``."""
        return pd.DataFrame([{
            "panel": row.panel, "quantity": row.quantity, "arm": row.arm, "time": row.time,
            "reported": row.reported, "reported_ci_low": row.reported_ci[0], "reported_ci_high": row.reported_ci[1],
            "reconstructed": row.reconstructed, "reconstruction_se": row.reconstruction_se,
            "reconstructed_ci_low": row.reconstructed_ci[0], "reconstructed_ci_high": row.reconstructed_ci[1],
            "difference": row.difference, "verdict": row.verdict, "why": row.why, "source": row.source,
        } for row in self.rows])
