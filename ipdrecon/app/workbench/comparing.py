"""Several readings of one figure: who has read it, where two differ, and what was agreed upon."""

import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np

from ipdrecon.app import library, saving
from ipdrecon.app.workbench.desk import EDIT_SECONDS
from ipdrecon.app.workbench.figures import UnknownError
from ipdrecon.app.workbench.rebuilt import arms_of
from ipdrecon.errors import FolderError, IpdreconError

CONSENSUS, CONSENSUS_FILE = "consensus", "consensus.json"
_SAME_PX = 0.05
_NOTABLE = 0.002
_COUNTS = ("n_risk", "n_censored", "n_event")


# --- addresses -------------------------------------------------------------------------------------------------------


def readers(asked):
    """Who has read the figure."""
    rows = []
    for reader in (None, *asked.entry.readers):
        desk = asked.figures.desk(asked.entry, reader)
        rows.append({"reader": reader, "status": desk.status, "revision": desk.revision, "n_edits": len(desk.journal.edits)})
    return {"readers": rows}


def add_reader(asked):
    """Begin a further reading, without edits; the figure is read for it at once."""
    desk = asked.figures.desk(asked.entry, asked.field("reader", str))
    if desk.status == "new":
        _as_the_first(asked, desk)
        asked.figures.start(asked.entry, asked.field("reader", str))
    return {"reader": asked.body["reader"], "status": desk.status}, 201


def _as_the_first(asked, desk):
    """Let a further reading begin from the same page and panel as the first."""
    given = asked.figures.desk(asked.entry).journal.given or {}
    desk.know(**{name: given[name] for name in ("source", "page", "panel", "ocr", "n", "n_event") if given.get(name) is not None})


def compare(asked):
    """Where two readings differ."""
    a, b = (asked.query.get(name) or None for name in ("a", "b"))
    return _compared(asked, a, b)[0]


def _compared(asked, a, b):
    """Where two readings differ, and the SHA-256 of what each holds."""
    if a == b:
        raise FolderError("One reading was given twice; give two readers.")
    desks = []
    for reader in (a, b):
        if reader is not None and reader not in asked.entry.readers:
            raise UnknownError(f"There is no reader {reader!r}.")
        desks.append(asked.figures.desk(asked.entry, reader))
    with tempfile.TemporaryDirectory(dir=asked.figures.scratch) as place:
        copies, digests, totals = [], [], []
        for number, desk in enumerate(desks):
            contents = desk.copy_to(Path(place) / str(number))
            copies.append(str(Path(place) / str(number)))
            digests.append({name: hashlib.sha256(contents[name]).hexdigest() for name in sorted(contents) if name in (library.CURVES, library.AT_RISK)})
            totals.append({name: (desk.journal.given or {}).get(name) for name in ("n", "n_event")})
        answer = asked.figures.crew.rebuilder.call("compare", seconds=EDIT_SECONDS, folders=copies, totals=totals)
    return {"a": a, "b": b, "revisions": [desk.revision for desk in desks]} | answer, digests


def agree(asked):
    """Store what was agreed upon as a reading of its own."""
    a, b = asked.field("a", (str, type(None)), None), asked.field("b", (str, type(None)), None)
    choices = asked.field("choices", list)
    compared, digests = _compared(asked, a, b)
    taken = _taken(compared, choices)
    entry, figures = asked.entry, asked.figures
    base, desk = figures.desk(entry, a), figures.desk(entry, CONSENSUS)
    asked.reader = a
    _as_the_first(asked, desk)
    edits = [*base.journal.edits, *(edit for choice in taken for edit in choice["edits"])]
    desk.change(desk.revision, lambda journal: journal.replaced(json.loads(saving.json_bytes(edits, saving.ALL_DIGITS))))
    if desk.status != "read":
        raise FolderError(f"The consensus could not be read: {desk.message}")
    record = {
        "schema_version": 1,
        "a": a,
        "b": b,
        "digests": digests,
        "statistics": compared["statistics"],
        "differences": compared["panels"],
        "choices": [{key: value for key, value in choice.items() if key != "edits"} for choice in taken],
    }
    saving.write_files(desk.folder, {CONSENSUS_FILE: saving.json_bytes(record)})
    figures.tidy_soon(desk)
    from ipdrecon.app.workbench.addresses import figure_record

    return {"reader": CONSENSUS, "statistics": compared["statistics"], "figure": figure_record(entry, desk, CONSENSUS)}


def _taken(compared, choices):
    """The choices of a comparison that `choices` take from the second reader, each once."""
    wanted = []
    for choice in choices:
        if not isinstance(choice, dict) or choice.get("take") not in ("a", "b"):
            raise FolderError("A choice has no field take that is a or b.")
        found = [one for one in compared["choices"] if all(choice.get(key) == one[key] for key in ("part", "panel", "arm", "axis", "time"))]
        if not found:
            raise FolderError(f"The readings no longer differ in the {choice.get('part')} of {choice.get('arm') or choice.get('axis')}; compare them anew.")
        wanted += [found[0] | {"take": choice["take"]}]
    latest = {json.dumps([choice[key] for key in ("part", "panel", "arm", "axis", "time")]): choice for choice in wanted}
    order = ("axis", "curve", "marks", "cell", "arm", "name")
    taken = sorted(latest.values(), key=lambda choice: order.index(choice["part"]))
    return [choice if choice["take"] == "b" else choice | {"edits": []} for choice in taken]


# --- the worker's side -----------------------------------------------------------------------------------------------


def comparison_view(folders, totals):
    """Compare two figure folders.

    Parameters
    ----------
    folders : sequence of str
        Two.
    totals : sequence of dict
        ``n`` and ``n_event`` by arm, given by hand, of each.

    Returns
    -------
    dict
    """
    from ipdrecon.survival.reader_agreement import agreement_of_readers

    readings = [library.read_digitisation(folder) for folder in folders]
    rebuilt = [_arms(folder, numbers) for folder, numbers in zip(folders, totals, strict=True)]
    first, second = map(_by_first_name, readings)
    panels, pairs, cells, choices = [], [], [0, 0], []
    for name in first:
        if name in second:
            view, own, more = _panels(first[name], second[name], name, rebuilt)
            panels.append(view)
            pairs += own
            choices += more
            cells = [cells[0] + view["n_cells"], cells[1] + view["n_cells"] - len(view["cells"])]
    statistics = agreement_of_readers(pairs, n_cells=cells[0], cells_equal=cells[1]).to_dict()
    only = [[panel.panel for name, panel in one.items() if name not in other] for one, other in ((first, second), (second, first))]
    return saving.plain({"panels": panels, "only_a": only[0], "only_b": only[1], "statistics": statistics, "choices": choices}, saving.ALL_DIGITS)


def _by_first_name(reading):
    """Panels by the names with which they were read: each reader may give them others."""
    renamed = {edit["name"]: edit["panel"] for edit in reading.edits if edit["edit"] == "rename_panel" and edit.get("panel")}
    return {renamed.get(panel.panel, panel.panel): panel for panel in reading.panels}


def _arms(folder, numbers):
    try:
        return arms_of(folder, **numbers)[1]
    except IpdreconError:
        return ()


def _panels(first, second, edit_panel, rebuilt):
    from ipdrecon.survival.reader_agreement import pair_arms

    pairs, only_first, only_second = pair_arms(first.curves, second.curves)
    names = {pair.second.arm: pair.first.arm for pair in pairs}
    n_cells, cells = _cells(first.at_risk, second.at_risk, names)
    view = {
        "panel": first.panel,
        "ticks": [_ticks(first, second, axis) for axis in ("time", "vertical")],
        "arms": [_pair(pair) for pair in pairs],
        "cells": cells,
        "n_cells": n_cells,
        "only_a": [curve.arm for curve in only_first],
        "only_b": [curve.arm for curve in only_second],
        "hr": _ratios(pairs, (first.panel, second.panel), rebuilt),
    }
    choose = _Choices(edit_panel, first.panel)
    choices = [choose.axis(second, ticks) for ticks in view["ticks"] if ticks["largest_px"] > _SAME_PX]
    for pair in pairs:
        choices += choose.arm(pair)
    choices += [choose.cell(cell) for cell in cells] if first.at_risk is not None else choose.rows(second.at_risk, names)
    choices += [choose.only_first(curve) for curve in only_first]
    colours = {look.label: look.colour for look in second.looks}
    choices += [choose.only_second(curve, colours[curve.arm]) for curve in only_second]
    return view, pairs, choices


def _ticks(first, second, name):
    axes = getattr(first.calibration, name), getattr(second.calibration, name)
    px = axes[0].tick_px if len(axes[0].tick_px) else axes[1].tick_px
    difference = axes[1].to_value(px) - axes[0].to_value(px)
    largest = float(difference[np.argmax(np.abs(difference))]) if len(px) else 0.0
    return {"axis": name, "largest": largest, "largest_px": abs(largest / axes[0].slope)}


def _pair(pair):
    first, second = pair.first, pair.second
    return {
        "arm": first.arm,
        "name_a": first.arm,
        "name_b": second.arm,
        "mean_difference": pair.mean_difference,
        "largest_difference": pair.largest_difference,
        "at": pair.largest_at,
        "n_drops": [int((np.diff(curve.survival) < 0).sum()) for curve in (first, second)],
        "end": [curve.time[-1] for curve in (first, second)],
        "n_marks": [len(curve.censor_time) for curve in (first, second)],
        "stretches": [{"from": begin, "to": end, "largest": largest} for begin, end, largest in pair.stretches],
    }


def _cells(first, second, names):
    """Number of cells that at least one has read, and those that differ, by the first reader's names."""
    tables = []
    for table, known in ((first, {}), (second, names)):
        cells = {} if table is None else {
            (known.get(arm, arm), float(time)): table.n_risk[row, column] for row, arm in enumerate(table.arms) for column, time in enumerate(table.time)
        }  # fmt: skip
        tables.append({key: int(count) for key, count in cells.items() if np.isfinite(count)})
    keys = sorted(set(tables[0]) | set(tables[1]))
    both = [(arm, time, tables[0].get((arm, time)), tables[1].get((arm, time))) for arm, time in keys]
    return len(keys), [{"arm": arm, "time": time, "a": a, "b": b} for arm, time, a, b in both if a != b]


def _ratios(pairs, panels, rebuilt):
    from ipdrecon.survival import estimate_hazard_ratio

    if len(pairs) < 2:
        return None
    found = []
    for which, panel, arms in zip(("first", "second"), panels, rebuilt, strict=True):
        own = [arm for arm in arms if arm.panel == panel]
        reference, treatment = (getattr(pair, which).arm for pair in pairs[:2])
        try:
            estimate = estimate_hazard_ratio(own, treatment=treatment, reference=reference)
        except IpdreconError:
            return None
        found.append(estimate)
    a, b = ({"hr": estimate.ratio, "ci": estimate.interval()} for estimate in found)
    names = {"treatment": pairs[1].first.arm, "reference": pairs[0].first.arm}
    return names | {"a": a, "b": b, "ratio": found[0].ratio / found[1].ratio}


class _Choices:
    """What there is to decide, each with the edits that take the second reader's part."""

    def __init__(self, edit_panel, panel):
        self._edit_panel, self._panel = edit_panel, panel

    def _of(self, part, a, b, edits, *, arm=None, axis=None, time=None):
        edits = [edit | {"panel": self._edit_panel} for edit in edits]
        return {"part": part, "panel": self._panel, "arm": arm, "axis": axis, "time": time, "a": a, "b": b, "edits": edits}

    def axis(self, second, ticks):
        """Another calibration of an axis."""
        axis = getattr(second.calibration, ticks["axis"])
        span = axis.tick_px[axis.used] if axis.used.sum() > 1 else np.array([0.0, 1000.0])
        given = [{"px": px, "value": float(axis.to_value(px))} for px in np.unique(span)[[0, -1]]]
        edit = {"edit": "axis", "axis": ticks["axis"], "ticks": given}
        return self._of("axis", None, ticks["largest"], [edit], axis=ticks["axis"])

    def arm(self, pair):
        """Another curve, other marks, another name of an arm."""
        first, second, choices = pair.first, pair.second, []
        name = first.arm
        if np.abs(pair.differences).max() > _NOTABLE or abs(first.time[-1] - second.time[-1]) > 1e-6 * first.time[-1]:
            points = library.step_rows(second).tolist()
            edits = [{"edit": "points", "arm": name, "points": points, "from": 0.0}, {"edit": "end", "arm": name, "time": points[-1][0]}]
            choices.append(self._of("curve", len(first.time), len(second.time), edits, arm=name))
        if list(first.censor_time) != list(second.censor_time):
            edit = {"edit": "marks", "arm": name, "clear": True, "add": [time for time in second.censor_time.tolist()]}
            choices.append(self._of("marks", len(first.censor_time), len(second.censor_time), [edit], arm=name))
        if name != second.arm:
            choices.append(self._of("name", name, second.arm, [{"edit": "rename_arm", "arm": name, "name": second.arm}], arm=name))
        return choices

    def cell(self, cell):
        """Another number at risk."""
        edit = {"edit": "cell", "arm": cell["arm"], "time": cell["time"], "n_risk": cell["b"]}
        return self._of("cell", cell["a"], cell["b"], [edit], arm=cell["arm"], time=cell["time"])

    def rows(self, table, names):
        """The rows of a table that only the second reader has."""
        if table is None:
            return []
        choices = []
        for arm, numbers in zip(table.arms, table.n_risk, strict=True):
            counts = [int(count) if np.isfinite(count) else None for count in numbers]
            edit = {"edit": "row", "arm": names.get(arm, arm), "time": table.time.tolist(), "n_risk": counts}
            choices.append(self._of("cell", None, counts, [edit], arm=names.get(arm, arm)))
        return choices

    def only_first(self, curve):
        """An arm that the second reader does not have."""
        return self._of("arm", curve.arm, None, [{"edit": "delete_arm", "arm": curve.arm}], arm=curve.arm)

    def only_second(self, curve, colour):
        """An arm that only the second reader has."""
        points = library.step_rows(curve).tolist()
        edit = {"edit": "add_arm", "name": curve.arm, "points": points, "colour": [int(level) for level in colour]}
        return self._of("arm", None, curve.arm, [edit], arm=curve.arm)
