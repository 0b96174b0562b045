"""Edits of plotting boxes, axes and ink: what is given before anything is traced."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import ArmError, PanelError
from ipdrecon.figure.colour import to_lab
from ipdrecon.figure.edits import stage_edits
from ipdrecon.figure.panels import PanelBox
from ipdrecon.flags import Flag
from ipdrecon.model import Axis, Box

_SAME_COLOUR_LAB = 25.0


@dataclass(frozen=True)
class AxesGiven:
    """What is given about the axes of a panel; None where nothing is.

    Attributes
    ----------
    time, vertical : Axis, tuple of float, or None
        A whole axis, or the values at its first and last tick.
    scale, unit : Edit or None
    """

    time: object = None
    vertical: object = None
    scale: object = None
    unit: object = None


def edit_places(edits, find):
    """Find the plotting boxes, or take those given.

    Parameters
    ----------
    edits : sequence of Edit
        All of them.
    find : callable
        Gives the boxes found, as a tuple of `PanelBox`; not called where the only box is given.

    Returns
    -------
    tuple of PanelBox

    Raises
    ------
    EditError
        When an edit names a panel that is not there, or adds one that is.
    PanelError
        When no box is found, or none is left.
    """
    changes = [edit for edit in edits if edit.stage == "panels"]
    only = [edit for edit in changes if edit.panel is None]
    found = {"1": PanelBox("1", Box(*only[-1].box))} if only else _found(changes, find)
    places = {name: place.box for name, place in found.items()}
    for edit in changes:
        if edit.panel is None:
            continue
        if edit.edit == "add_panel":
            if edit.panel in places:
                raise edit.error(f"panel {edit.panel!r} is there already; use box to change its plotting box.")
            places[edit.panel] = Box(*edit.box)
        elif edit.panel not in places:
            raise edit.error(unknown_panel(edit.panel, places) + " Use add_panel for a box that was not found.")
        elif edit.edit == "delete_panel":
            del places[edit.panel]
        else:
            places[edit.panel] = Box(*edit.box)
    if not places:
        raise PanelError("The edits delete every panel of the figure; leave one.")
    return tuple(PanelBox(name, box, found[name].insets if name in found else ()) for name, box in places.items())


def _found(changes, find):
    try:
        return {place.name: place for place in find()}
    except PanelError:
        if not any(edit.edit == "add_panel" for edit in changes):
            raise
        return {}


def unknown_panel(name, names):
    """Say that a panel is not there, and which are."""
    return f"no panel {name!r}; the panels are {', '.join(map(repr, names)) or 'none'}."


def given_axes(edits, panel, *, x_range=None, y_range=None):
    """What edits and ranges give about the axes of a panel; a range stands before an edit.

    Parameters
    ----------
    edits : sequence of Edit
    panel : str
    x_range, y_range : tuple of float, optional

    Returns
    -------
    AxesGiven

    Raises
    ------
    EditError
        When the ticks given run the wrong way.
    """
    given = {}
    for edit in stage_edits(edits, "axes", panel):
        if edit.edit == "axis":
            given[edit.axis] = edit.range or _fitted(edit)
        else:
            given[edit.edit] = edit
    return AxesGiven(
        x_range or given.get("time"), y_range or given.get("vertical"), given.get("scale"), given.get("unit")
    )


def _fitted(edit):
    """The axis through ticks given by hand, by least squares."""
    ticks = sorted((tick.px, tick.value) for tick in edit.ticks)
    px, value = np.array(ticks).T
    slope, intercept = np.polyfit(px, value, 1)
    if (slope > 0) != (edit.axis == "time"):
        way = "from left to right" if edit.axis == "time" else "from the bottom to the top"
        raise edit.error(f"the ticks of the {edit.axis} axis must rise {way}; seen: {', '.join(f'{v:g} at {p:g} px' for p, v in ticks)}.")
    residual = np.sqrt(np.mean(((value - intercept) / slope - px) ** 2))
    return Axis(px, value, float(slope), float(intercept), round(float(residual), 4))


def edit_calibration(calibration, flags, given):
    """The calibration with the scale and the unit given, and its flags without the doubts they settle.

    Parameters
    ----------
    calibration : Calibration
    flags : tuple of Flag
    given : AxesGiven

    Returns
    -------
    calibration : Calibration
    flags : tuple of Flag
    """
    if given.scale is not None:
        scale = given.scale.scale
        vertical = replace(calibration.vertical, unit="percent" if scale.endswith("percent") else "")
        calibration = replace(calibration, vertical=vertical, scale=scale)
        settled = ("scale_assumed", "percent", "incidence", "not_kaplan_meier")
        flags = tuple(flag for flag in flags if flag.name not in settled)
        flags += (Flag("edited", "vertical axis", f"The scale is {scale}."),)
    if given.unit is not None:
        calibration = replace(calibration, time=replace(calibration.time, unit=given.unit.unit))
        flags = tuple(flag for flag in flags if flag.name != "time_unit_unknown")
        flags += (Flag("edited", "time axis", f"The unit is {given.unit.unit}."),)
    return calibration, flags


def given_ink(edits, panel):
    """Number and colours of the curves that edits give.

    Parameters
    ----------
    edits : sequence of Edit
    panel : str

    Returns
    -------
    count : int or None
    colours : tuple of ndarray, shape (3,)
        CIELAB; empty where none are given.
    """
    count, colours = None, ()
    for edit in stage_edits(edits, "ink", panel):
        if edit.edit == "arms":
            count = edit.count
        else:
            colours = tuple(to_lab(np.array([[colour]], np.uint8))[0, 0] for colour in edit.colours)
    return count, colours


def of_colours(inks, colours):
    """The arms whose ink has one of the colours given; all where none is.

    Parameters
    ----------
    inks : tuple of ArmInk
    colours : tuple of ndarray, shape (3,)
        CIELAB.

    Returns
    -------
    tuple of ArmInk

    Raises
    ------
    ArmError
        When no curve has one of the colours.
    """
    near = [[np.linalg.norm(ink.lab - colour) < _SAME_COLOUR_LAB for colour in colours] for ink in inks]
    missing = [k for k in range(len(colours)) if not any(row[k] for row in near)]
    if missing:
        seen = ", ".join(str(ink.rgb) for ink in inks)
        raise ArmError(f"No curve has the colour {missing[0] + 1} of those given; the curves have {seen}. Mend the edit colours.")
    return tuple(ink for ink, row in zip(inks, near, strict=True) if any(row)) if colours else inks
