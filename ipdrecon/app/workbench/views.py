"""A figure as the page of the workbench draws it: places in px beside what they stand for."""

import numpy as np

from ipdrecon.app.library import step_rows
from ipdrecon.app.saving import plain
from ipdrecon.model import Box, Calibration

_SIDES = ("left", "top", "right", "bottom")
_SAME_ROW_SHARE = 0.6
_CELL_PX = (34.0, 14.0)


def figure_view(digitisation, record):
    """Make what the page draws of a digitised figure.

    Parameters
    ----------
    digitisation : Digitisation
    record : dict
        What `figure.json` holds of it.

    Returns
    -------
    dict
        JSON: numbers are finite or None.
    """
    renamed = {edit["name"]: edit["panel"] for edit in record["edits"] if edit["edit"] == "rename_panel" and "panel" in edit}
    known = {panel["panel"]: panel for panel in record["panels"]}
    panels = [_panel(panel, known[panel.panel], renamed.get(panel.panel, panel.panel), record["edits"]) for panel in digitisation.panels]
    view = {
        "size": [record["width_px"], record["height_px"]],
        "kind": record["source"],
        "confidence": record["confidence"],
        "panels": panels,
        "flags": [_flag(flag, None) for flag in record["flags"]],
    }
    return plain(view)


def box_list(box):
    """Give a box as ``[left, top, right, bottom]``; None where there is none."""
    if box is None:
        return None
    return [box[side] for side in _SIDES] if isinstance(box, dict) else [getattr(box, side) for side in _SIDES]


def _flag(flag, panel):
    kept = {key: flag.get(key) for key in ("number", "name", "meaning", "look_at", "needs_review", "place", "detail")}
    return kept | {"box": box_list(flag.get("box_px")), "panel": panel}


def _panel(panel, record, edit_panel, edits):
    tables = [record["at_risk"]] if record["at_risk"] else []
    flags = [flag for part in (record, *record["arms"], *tables) for flag in part["flags"]]
    seen = {flag["number"]: flag for flag in flags}
    return {
        "panel": panel.panel,
        "edit_panel": edit_panel,
        "box": box_list(panel.box),
        "confidence": record["confidence"],
        "draft": False,
        "missing": [],
        "axes": {name: _axis(getattr(panel.calibration, name), panel.calibration.scale) for name in ("time", "vertical")},
        "arms": [_arm(panel.calibration, curve, arm) for curve, arm in zip(panel.curves, record["arms"], strict=True)],
        "at_risk": None if panel.at_risk is None else _table(panel, _given_cells(edits, edit_panel)),
        "flags": [_flag(flag, panel.panel) for flag in seen.values()],
        "facets": [{"title": facet.title, "box": box_list(facet.box)} for facet in panel.facets],
    }


def _axis(axis, scale):
    off = axis.tick_px - axis.to_px(axis.tick_value)
    ticks = zip(axis.tick_px, axis.tick_value, off, axis.used, strict=True)
    return {
        "ticks": [{"px": px, "value": value, "residual": residual, "used": used} for px, value, residual, used in ticks],
        "unit": axis.unit,
        "title": axis.title,
        "slope": axis.slope,
        "intercept": axis.intercept,
        "residual_px": axis.residual_px,
        "confidence": axis.confidence,
        "scale": scale,
    }


def _arm(calibration, curve, record):
    rows = step_rows(curve)
    marks = np.asarray(curve.censor_time, float)
    kept = ("dash", "matched_by", "label_confidence", "marks_confidence", "occluded", "time_error", "survival_error")
    return {key: record[key] for key in kept} | {
        "name": curve.arm,
        "colour": "#{:02x}{:02x}{:02x}".format(*record["colour"]),
        "confidence": record["curve_confidence"],
        "points": rows,
        "px": points_px(calibration, rows[:, 0], rows[:, 1]),
        "marks": marks,
        "marks_px": points_px(calibration, marks, curve.survival_at(marks) if len(marks) else marks),
    }


def points_px(calibration, time, survival):
    """Places of points in px, to a thousandth, shape (n_points, 2)."""
    return np.round(np.column_stack(calibration.to_px(time, survival)), 3)


# --- numbers at risk -------------------------------------------------------------------------------------------------


def _given_cells(edits, panel):
    """Cells whose number at risk was typed or confirmed by hand, by the present name of the arm and the time."""
    given, called = set(), {}
    for edit in edits:
        if edit.get("panel", panel) != panel:
            continue
        if edit["edit"] == "cell" and "n_risk" in edit:
            given.add((edit["arm"], edit["time"]))
        elif edit["edit"] == "row":
            given |= {(edit["arm"], time) for time in edit.get("time") or ()}
        elif edit["edit"] == "rename_arm":
            called = {old: edit["name"] if new == edit["arm"] else new for old, new in called.items()} | {edit["arm"]: edit["name"]}
    return given | {(called[arm], time) for arm, time in given if arm in called}


def _table(panel, given):
    table, time_px = panel.at_risk, panel.calibration.time.to_px(panel.at_risk.time)
    seen, heights = _tied_words(panel, time_px)
    counts = [name for name in ("n_risk", "n_censored", "n_event") if getattr(table, name) is not None]
    cells = []
    for row, arm in enumerate(table.arms):
        for column, time in enumerate(table.time):
            word = seen.get((row, column))
            cells.append(
                {"arm": arm, "time": time, "n_censored": None, "n_event": None}
                | {name: getattr(table, name)[row, column] for name in counts}
                | {"box": box_list(word.box) if word else _expected_box(time_px[column], heights.get(row))}
                | {"text": word.text if word else "", "confidence": 1.0 if (arm, time) in given else word.confidence if word else None}
            )
    return {"times": table.time, "arms": list(table.arms), "confidence": table.confidence, "cells": cells}


def _expected_box(px, py):
    """Where an empty cell should be, by its column and row; None where nothing of its row was seen."""
    width, height = _CELL_PX
    return None if py is None else [px - width / 2, py - height / 2, px + width / 2, py + height / 2]


def _tied_words(panel, time_px):
    """The printed words by row and column of the table, and the height of each row in px."""
    lines = _lines(panel.cells)
    spacing = np.diff(np.sort(time_px)).min() if len(time_px) > 1 else np.inf
    placed = [{_nearest(time_px, word.box.centre[0], spacing): word for word in line} for line in lines]
    alike = np.array([[_agreeing(panel.at_risk, row, line) for row in range(len(panel.at_risk.arms))] for line in placed])
    words, heights = {}, {}
    while alike.size and alike.max() > 0:
        line, row = np.unravel_index(int(alike.argmax()), alike.shape)
        words |= {(int(row), column): word for column, word in placed[line].items() if column is not None}
        heights[int(row)] = float(np.median([word.box.centre[1] for word in lines[line]]))
        alike[line, :] = alike[:, row] = -1
    return words, heights


def _lines(words):
    """Words gathered into lines, from the top."""
    lines = []
    for word in sorted(words, key=lambda word: word.box.centre[1]):
        if lines and word.box.centre[1] - lines[-1][-1].box.centre[1] < _SAME_ROW_SHARE * word.box.height:
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _nearest(time_px, px, spacing):
    column = int(np.abs(time_px - px).argmin())
    return column if abs(time_px[column] - px) < 0.6 * spacing else None


def _agreeing(table, row, line):
    """Number of cells of a line that print what a row of the table holds; half of one for each that stands in its column."""
    alike = 0.0
    for column, word in line.items():
        if column is not None:
            digits = "".join(letter for letter in word.text.split("(")[0] if letter.isdigit())
            value = table.n_risk[row, column]
            alike += 1.0 if digits and np.isfinite(value) and int(digits) == value else 0.01
    return alike


def summary_view(view):
    """What a list of figures shows of a reading.

    Parameters
    ----------
    view : dict
        As `figure_view` gives it; empty where nothing was read.

    Returns
    -------
    dict
    """
    panels = view.get("panels", [])
    flags = [flag for part in (*panels, view) for flag in part.get("flags", [])]
    return {
        "panels": [panel["panel"] for panel in panels],
        "arms": list(dict.fromkeys(arm["name"] for panel in panels for arm in panel["arms"])),
        "n_flags": len(flags),
        "needs_review": any(flag["needs_review"] for flag in flags),
        "confidence": view.get("confidence"),
    }


# --- what edits alone say --------------------------------------------------------------------------------------------


def drafts(edits):
    """What edits say of the panels of a figure that cannot be read yet.

    Parameters
    ----------
    edits : sequence of dict

    Returns
    -------
    list of dict
        As the panels of `figure_view`, with `draft` true and, in `missing`, what is still to be given.
    """
    from ipdrecon.errors import IpdreconError
    from ipdrecon.figure.edits.kinds import parse_edits

    try:
        edits = parse_edits(edits)
    except IpdreconError:
        return []
    boxes = {}
    for edit in edits:
        if edit.edit in ("box", "add_panel"):
            boxes[edit.panel or "1"] = Box(*edit.box)
        elif edit.edit == "delete_panel":
            boxes.pop(edit.panel, None)
    named = {edit.panel for edit in edits if edit.panel is not None and edit.stage in ("axes", "curves", "table")}
    names = [*boxes, *sorted(named - set(boxes))] or (["1"] if edits else [])
    return plain([_draft(name, boxes.get(name), edits) for name in names])


def _draft(name, box, edits):
    from ipdrecon.errors import IpdreconError
    from ipdrecon.figure.edits import stage_edits
    from ipdrecon.figure.edits.axes import given_axes
    from ipdrecon.model import Axis

    try:
        given = given_axes(edits, name)
    except IpdreconError:
        given = given_axes((), name)
    scale = given.scale.scale if given.scale is not None else "survival"
    axes = {key: axis if isinstance(axis := getattr(given, key), Axis) else None for key in ("time", "vertical")}
    calibration = Calibration(axes["time"], axes["vertical"], scale) if all(axes.values()) else None
    curves = [edit for edit in stage_edits(edits, "curves", name) if edit.edit == "add_arm"]
    missing = [label for label, part in (("box", box), ("time axis", given.time), ("vertical axis", given.vertical)) if part is None]
    blank = {"ticks": [], "unit": "", "title": "", "slope": None, "intercept": None, "residual_px": None, "confidence": None, "scale": scale}
    views = {key: blank if axis is None else _axis(axis, scale) for key, axis in axes.items()}
    views["time"]["unit"] = given.unit.unit if given.unit is not None else ""
    return {
        "panel": name,
        "edit_panel": name,
        "box": box_list(box),
        "confidence": None,
        "draft": True,
        "missing": missing + ([] if curves else ["arms"]),
        "axes": views,
        "arms": [_drawn_arm(edit, calibration) for edit in curves],
        "at_risk": _drawn_table(stage_edits(edits, "table", name)),
        "flags": [],
        "facets": [],
    }


def _drawn_arm(edit, calibration):
    points = np.array(sorted(edit.points), float)
    is_px = edit.unit == "px"
    px = points if is_px else None if calibration is None else points_px(calibration, *points.T)
    data = points if not is_px else None if calibration is None else np.column_stack(calibration.to_data(*points.T))
    return {
        "name": edit.name,
        "colour": "#{:02x}{:02x}{:02x}".format(*edit.colour),
        "dash": "unknown",
        "matched_by": "given",
        "label_confidence": 1.0,
        "confidence": 1.0,
        "marks_confidence": None,
        "points": [] if data is None else data,
        "px": [] if px is None else px,
        "marks": [],
        "marks_px": [],
        "occluded": [],
        "time_error": None,
        "survival_error": None,
    }


def _drawn_table(edits):
    rows = [edit for edit in edits if edit.edit == "row" and edit.time is not None]
    if not rows:
        return None
    blank = {"n_censored": None, "n_event": None, "box": None, "text": "", "confidence": None}
    cells = [
        {"arm": edit.arm, "time": time, "n_risk": count} | blank for edit in rows for time, count in zip(edit.time, edit.n_risk, strict=True)
    ]
    return {"times": sorted({cell["time"] for cell in cells}), "arms": [edit.arm for edit in rows], "confidence": None, "cells": cells}
