"""Edits of a whole figure: each reaches the panel it speaks of, or is refused; panels get their names."""

from dataclasses import dataclass, field, replace

from ipdrecon.errors import ArmError
from ipdrecon.figure.at_risk import tie_rows
from ipdrecon.figure.at_risk.laws import check_against_curve
from ipdrecon.figure.at_risk.ties import without_rows_of
from ipdrecon.figure.edits import stage_edits
from ipdrecon.figure.edits.axes import unknown_panel
from ipdrecon.figure.edits.curves import Arms, edit_curves
from ipdrecon.figure.edits.table import Table, edit_table


@dataclass(frozen=True)
class EditedParts:
    """Curves and table of a panel after its edits.

    Attributes
    ----------
    curves : tuple of Curve
    looks : tuple of ArmLook
    at_risk : AtRiskTable or None
    flags : tuple of Flag
        One `edited` for each edit done.
    missed : dict of str to EditError
        Edits without a panel that fit nothing here, by position.
    """

    curves: tuple
    looks: tuple
    at_risk: object
    flags: tuple = ()
    missed: dict = field(default_factory=dict)


def as_edits(edits):
    """Check edits that are not checked yet; the others are left as they are.

    Parameters
    ----------
    edits : sequence of Edit or of dict

    Returns
    -------
    tuple of Edit

    Raises
    ------
    EditError
    """
    if not any(isinstance(edit, dict) for edit in edits):
        return tuple(edits)
    from ipdrecon.figure.edits.kinds import parse_edits

    return parse_edits(edits)


def edit_parts(parts, edits, panel, *, calibration, printed):
    """Do the edits of one panel's curves, then those of its numbers at risk.

    Parameters
    ----------
    parts : EditedParts
        As read, with the names of the arms in curves and table.
    edits : sequence of Edit
        All of the figure.
    panel : str
    calibration : Calibration
    printed : PrintedTable or None
        Its rows are tied anew where arms come or go.

    Returns
    -------
    EditedParts

    Raises
    ------
    EditError
        When an edit of this panel fits nothing.
    ArmError
        When no curve is left.
    """
    arms = edit_curves(Arms(parts.curves, parts.looks, calibration), stage_edits(edits, "curves", panel))
    if not arms.curves:
        raise ArmError(f"No curve is left in panel {panel} after the edits; add_arm draws one.")
    names = tuple(arms.names)
    at_risk = parts.at_risk
    if arms.regrouped and printed is not None:
        at_risk = replace(tie_rows(without_rows_of(printed, arms.gone, names), arms.looks, arms.curves)[0], arms=names)
    elif at_risk is not None:
        at_risk = replace(at_risk, arms=names)
    table = edit_table(Table(at_risk, names, arms.renamed, arms.gone), stage_edits(edits, "table", panel))
    at_risk = table.at_risk
    if at_risk is not None and (arms.flags or table.flags):
        at_risk = _checked(at_risk, arms.curves)
    return EditedParts(arms.curves, arms.looks, at_risk, arms.flags + table.flags, arms.missed | table.missed)


def _checked(at_risk, curves):
    """The table with what the curves, as they are now, say against it."""
    flags = [flag for flag in at_risk.flags if flag.name not in ("at_risk_contradicts_curve", "at_risk_loss_uneven", "table_after_curve")]
    for curve, n_risk in zip(curves, at_risk.n_risk, strict=True):
        flags += check_against_curve(at_risk.time, n_risk, curve, curve.arm)
    return replace(at_risk, flags=tuple(flags))


def refuse_strangers(edits, places):
    """Refuse edits of panels that are not there; what was done to a panel before it was taken away is gone with it.

    Parameters
    ----------
    edits : sequence of Edit
    places : sequence of PanelBox

    Raises
    ------
    EditError
    """
    names = [place.name for place in places]
    gone = {edit.panel: position for position, edit in enumerate(edits) if edit.edit == "delete_panel"}
    for position, edit in enumerate(edits):
        is_stranger = edit.stage != "panels" and edit.panel is not None and edit.panel not in names
        if is_stranger and position > gone.get(edit.panel, -1):
            raise edit.error(unknown_panel(edit.panel, names))


def refuse_unmatched(missed):
    """Refuse edits without a panel that fit nothing in any panel.

    Parameters
    ----------
    missed : sequence of dict of str to EditError
        One for each panel.

    Raises
    ------
    EditError
    """
    for position, error in (missed[0] if missed else {}).items():
        if all(position in others for others in missed):
            raise error


def rename_panels(panels, edits):
    """Give panels the names that edits give them.

    Parameters
    ----------
    panels : tuple of DigitisedPanel
    edits : sequence of Edit

    Returns
    -------
    tuple of DigitisedPanel

    Raises
    ------
    EditError
        When two panels would have one name.
    """
    names = {panel.panel: panel.panel for panel in panels}
    for edit in edits:
        if edit.stage == "names" and edit.panel in names:
            names[edit.panel] = edit.name
            if len(set(names.values())) < len(names):
                raise edit.error(f"there is a panel {edit.name!r} already; the panels are {', '.join(map(repr, names))}.")
    return tuple(replace(panel, panel=names[panel.panel]) for panel in panels)
