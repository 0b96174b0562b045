"""Every kind of edit: its fields, checked one by one.

Edits act in the order of `STAGES`; within a stage in the order of the list. The reading goes on from each: a box given
by hand is calibrated, a calibration given by hand is traced upon, an arm given by hand is tied to its row.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from ipdrecon.errors import EditError

STAGES = ("panels", "axes", "ink", "curves", "table", "names")

_FARTHEST_PX = 1e6
_MOST = 10**9  # of anything printed in a figure, be it px, days or patients
_Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_MOST, le=_MOST)]
_Count = Annotated[int, Field(strict=True, ge=0, le=_MOST)]
_Name = Annotated[str, Field(strict=True, min_length=1, pattern=r"\S")]
_Time = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=_MOST)]
_Channel = Annotated[int, Field(strict=True, ge=0, le=255)]
_Point = tuple[_Number, _Number]


class Edit(BaseModel):
    """One change: which panel it is about (all that it fits, where none is named), and what it says."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stage: ClassVar[str]

    panel: _Name | None = None
    _position: str = PrivateAttr("")

    def error(self, complaint):
        """Make an `EditError` that names this edit's place in its list."""
        return EditError(f"{self._position}: {complaint}")

    @property
    def position(self):
        """Where it stands: ``edit 3 (rename_arm)``, with its file where it has one."""
        return self._position

    def to_dict(self):
        """As the list of edits holds it."""
        return self.model_dump(mode="json", exclude_unset=True) | {"edit": self.edit}


# --- panels ----------------------------------------------------------------------------------------------------------


class _Boxed(Edit):
    stage: ClassVar[str] = "panels"
    box: tuple[_Finite, _Finite, _Finite, _Finite]

    @model_validator(mode="after")
    def _has_area(self):
        left, top, right, bottom = self.box
        if max(map(abs, self.box)) > _FARTHEST_PX:
            raise ValueError(f"reaches {max(map(abs, self.box)):g} px; expected places within the figure")
        if right - left < 10 or bottom - top < 10:
            raise ValueError(f"is left {left:g}, top {top:g}, right {right:g}, bottom {bottom:g}; expected left < right and top < bottom, 10 px apart or more")
        return self


class BoxEdit(_Boxed):
    """The plotting box of a panel; without a panel, the only plotting box of the figure."""

    edit: Literal["box"]


class AddPanelEdit(_Boxed):
    """A plotting box that was not found."""

    edit: Literal["add_panel"]
    panel: _Name


class DeletePanelEdit(Edit):
    """A plotting box that is none, or is not wanted."""

    stage: ClassVar[str] = "panels"
    edit: Literal["delete_panel"]
    panel: _Name


class RenamePanelEdit(Edit):
    """Another name of a panel; all other edits call it by the name that was read."""

    stage: ClassVar[str] = "names"
    edit: Literal["rename_panel"]
    panel: _Name
    name: _Name


# --- axes ------------------------------------------------------------------------------------------------------------


class TickEntry(BaseModel):
    """A tick: its place along the axis in px of the figure, and its printed value."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    px: _Number
    value: _Number


class AxisEdit(Edit):
    """An axis: its ticks, or its values at the first and last tick; in printed units."""

    stage: ClassVar[str] = "axes"
    edit: Literal["axis"]
    axis: Literal["time", "vertical"]
    ticks: tuple[TickEntry, ...] | None = None
    range: _Point | None = None

    @model_validator(mode="after")
    def _one_way(self):
        if (self.ticks is None) == (self.range is None):
            raise ValueError("gives both ticks and range, or neither; expected one of them")
        places = self.range or {tick.px for tick in self.ticks}
        values = set(self.range or {tick.value for tick in self.ticks})
        if len(places) < 2 or len(values) < 2:
            raise ValueError("needs two different places with two different values")
        if self.range and self.range[0] > self.range[1]:
            raise ValueError(f"the range runs from {self.range[0]:g} down to {self.range[1]:g}; expected the lower value first")
        return self


class ScaleEdit(Edit):
    """What the vertical axis shows."""

    stage: ClassVar[str] = "axes"
    edit: Literal["scale"]
    scale: Literal["survival", "percent", "incidence", "incidence_percent"]


class UnitEdit(Edit):
    """The unit of the time axis."""

    stage: ClassVar[str] = "axes"
    edit: Literal["unit"]
    unit: _Name


# --- ink -------------------------------------------------------------------------------------------------------------


class ArmsEdit(Edit):
    """The number of curves; 0 where all are drawn by hand."""

    stage: ClassVar[str] = "ink"
    edit: Literal["arms"]
    count: _Count


class ColoursEdit(Edit):
    """The colours of the curves, as red, green, blue: what has none of them is no curve."""

    stage: ClassVar[str] = "ink"
    edit: Literal["colours"]
    colours: tuple[tuple[_Channel, _Channel, _Channel], ...] = Field(min_length=1)


# --- curves ----------------------------------------------------------------------------------------------------------


class _OfArm(Edit):
    stage: ClassVar[str] = "curves"
    arm: _Name


class RenameArmEdit(_OfArm):
    """Another name of an arm."""

    edit: Literal["rename_arm"]
    name: _Name


class DeleteArmEdit(_OfArm):
    """What was taken for an arm and is none."""

    edit: Literal["delete_arm"]


class MergeArmsEdit(_OfArm):
    """An arm that is the later part of another: `into` goes on along it where its own curve ends."""

    edit: Literal["merge_arms"]
    into: _Name


class SplitArmEdit(_OfArm):
    """An arm that is two: the second begins as its copy, without its marks."""

    edit: Literal["split_arm"]
    name: _Name


class _Drawn(Edit):
    points: tuple[_Point, ...] = Field(min_length=1)
    unit: Literal["data", "px"] = "data"


class AddArmEdit(_Drawn):
    """An arm that was not found: its curve as points, each the level from there on."""

    stage: ClassVar[str] = "curves"
    edit: Literal["add_arm"]
    name: _Name
    colour: tuple[_Channel, _Channel, _Channel] = (0, 0, 0)


class _Stretch(Edit):
    stage: ClassVar[str] = "curves"
    begin: _Time | None = Field(None, alias="from")
    end: _Time | None = Field(None, alias="to")
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _forwards(self):
        if self.begin is not None and self.end is not None and self.end <= self.begin:
            raise ValueError(f"goes from {self.begin:g} to {self.end:g}; expected an earlier and a later time")
        return self


class PointsEdit(_Stretch, _Drawn):
    """A stretch of a curve, as points (time, survival) or (px, py), each the level from there on.

    The stretch reaches from the first point to the last unless `from` and `to` say otherwise.
    """

    edit: Literal["points"]
    arm: _Name


class SwapEdit(_Stretch):
    """A stretch in which two arms were taken for each other; to the end where `to` is not given."""

    edit: Literal["swap"]
    arms: tuple[_Name, _Name]


class EndEdit(_OfArm):
    """The last drawn time of a curve."""

    edit: Literal["end"]
    time: _Time


class MarksEdit(_OfArm):
    """Censor marks, by their times: `clear` takes all away, then `delete` some, then `add` brings others."""

    edit: Literal["marks"]
    clear: bool = False
    delete: tuple[_Time, ...] = ()
    add: tuple[_Time, ...] = ()

    @model_validator(mode="after")
    def _something(self):
        if not (self.clear or self.delete or self.add):
            raise ValueError("changes nothing; expected add, delete or clear")
        return self


# --- the table of numbers at risk ------------------------------------------------------------------------------------


class CellEdit(_OfArm):
    """One place of the table; null empties it."""

    stage: ClassVar[str] = "table"
    edit: Literal["cell"]
    time: _Number
    n_risk: _Count | None = None
    n_censored: _Count | None = None
    n_event: _Count | None = None

    @model_validator(mode="after")
    def _something(self):
        if not self.model_fields_set & {"n_risk", "n_censored", "n_event"}:
            raise ValueError("changes nothing; expected n_risk, n_censored or n_event, a number or null")
        return self


class RowEdit(_OfArm):
    """The whole row of an arm; with its times where the table has others, or there is none."""

    stage: ClassVar[str] = "table"
    edit: Literal["row"]
    n_risk: tuple[_Count | None, ...] = Field(min_length=1)
    time: tuple[_Number, ...] | None = None

    @model_validator(mode="after")
    def _as_many(self):
        if self.time is not None and len(self.time) != len(self.n_risk):
            raise ValueError(f"has {len(self.time)} times and {len(self.n_risk)} numbers; expected as many of both")
        if self.time is not None and any(later <= earlier for earlier, later in zip(self.time, self.time[1:], strict=False)):
            raise ValueError("has times that do not increase")
        return self


class TieEdit(Edit):
    """Two rows that belong to each other's arms."""

    stage: ClassVar[str] = "table"
    edit: Literal["tie"]
    arms: tuple[_Name, _Name]


class TimesEdit(Edit):
    """The times of the table's columns, as many as there are."""

    stage: ClassVar[str] = "table"
    edit: Literal["times"]
    time: tuple[_Number, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _increasing(self):
        if any(later <= earlier for earlier, later in zip(self.time, self.time[1:], strict=False)):
            raise ValueError("has times that do not increase")
        return self


class ClearTableEdit(Edit):
    """What was taken for a table and is none."""

    stage: ClassVar[str] = "table"
    edit: Literal["clear_table"]


_KINDS = (
    BoxEdit, AddPanelEdit, DeletePanelEdit, RenamePanelEdit, AxisEdit, ScaleEdit, UnitEdit, ArmsEdit, ColoursEdit,
    RenameArmEdit, DeleteArmEdit, MergeArmsEdit, SplitArmEdit, AddArmEdit, PointsEdit, SwapEdit, EndEdit, MarksEdit,
    CellEdit, RowEdit, TieEdit, TimesEdit, ClearTableEdit,
)  # fmt: skip
KINDS = {kind.model_fields["edit"].annotation.__args__[0]: kind for kind in _KINDS}
_MESSAGES = {"extra_forbidden": "is no field of this kind", "missing": "is missing", "string_pattern_mismatch": "is blank"}


def parse_edits(records, source=""):
    """Check a list of edits.

    Parameters
    ----------
    records : sequence of dict
        Each with ``edit``, the kind, perhaps ``panel``, and the fields of its kind.
    source : str or Path
        The file they come from, for messages.

    Returns
    -------
    tuple of Edit

    Raises
    ------
    EditError
        When one is malformed; the message names its place in the list and its field.
    """
    before = f"{source}, " if source else ""
    return tuple(parse_edit(record, f"{before}edit {number}") for number, record in enumerate(records, start=1))


def parse_edit(record, position):
    """Check one edit.

    Parameters
    ----------
    record : dict
    position : str
        Where it stands, for messages.

    Returns
    -------
    Edit

    Raises
    ------
    EditError
    """
    kind = record.get("edit") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        seen = f"its kind is {kind!r}" if isinstance(record, dict) else f"it is {record!r}"
        raise EditError(f"{position}: {seen}; expected an object whose field edit is one of {', '.join(KINDS)}.")
    position = f"{position} ({kind})"
    try:
        edit = KINDS[kind].model_validate(record)
    except ValidationError as error:
        raise EditError(f"{position}: {'; '.join(_complaint(item) for item in error.errors())}.") from error
    edit._position = position
    return edit


def _complaint(item):
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in item["loc"])
    seen = "" if isinstance(item["input"], dict) else f" (seen: {item['input']!r})"
    message = _MESSAGES.get(item["type"], item["msg"].removeprefix("Value error, "))
    message = message[0].lower() + message[1:]
    return f"{place}: {message}{seen}" if place else f"{message}{seen}"
