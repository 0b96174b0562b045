"""One plotting box: from its pixels or paths to a panel; then what is changed by hand."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import ArmError, AxisError
from ipdrecon.figure.arms import find_arms
from ipdrecon.figure.at_risk import find_table, settle_by_curves, tie_rows
from ipdrecon.figure.axes import calibrate
from ipdrecon.figure.axis_doubts import with_doubts
from ipdrecon.figure.box_check import box_confidence
from ipdrecon.figure.colour import hue_difference, is_grey
from ipdrecon.figure.column_runs import ColumnRuns
from ipdrecon.figure.edits import stage_edits
from ipdrecon.figure.edits.axes import AxesGiven, edit_calibration, given_axes, given_ink, of_colours
from ipdrecon.figure.edits.panels import (
    EditedParts,
    edit_parts,
)
from ipdrecon.figure.flag_places import place_flags
from ipdrecon.figure.ink import plot_inside
from ipdrecon.figure.names import legend_order, match_legend, usable_entries, words_of_legend
from ipdrecon.figure.naming import distinct, name_arms, name_flag, true_entries, with_insets, with_rows
from ipdrecon.figure.reading import PanelReading
from ipdrecon.figure.session import step
from ipdrecon.figure.shape_doubts import area_doubts, shape_doubts
from ipdrecon.figure.spelling import mend_names, with_numerals
from ipdrecon.figure.trace import ink_edges
from ipdrecon.figure.traced import curve_flags, traced_curves
from ipdrecon.figure.vector.inks import (
    all_drawn,
    drawn_curves,
    drawn_flags,
    drawn_inks,
    most_drawn,
    settled_axes,
    stray_flags,
)
from ipdrecon.figure.vector.ticks import drawn_ticks
from ipdrecon.figure.visibility import see
from ipdrecon.flags import Flag
from ipdrecon.model import ArmLook, DigitisedPanel

_LOW_RESOLUTION = 0.005
_MORE_FOLLOWED = 1.5
_LEAST_SEEN = 1 / 3
_TURNED = {"survival": "incidence", "percent": "incidence_percent", "incidence": "survival", "incidence_percent": "percent"}


def depends_on(place, given):
    """What of the things given changes what is seen of a panel, as text: all but unit, and the edits of its curves, table and name."""
    before = [edit.to_dict() for stage in ("axes", "ink") for edit in stage_edits(given.edits, stage, place.name) if edit.edit != "unit"]
    drawn = any(edit.edit == "add_arm" for edit in stage_edits(given.edits, "curves", place.name))
    return repr((place, before, drawn, given.arms, given.x_range, given.y_range))


def _without_insets(px, words, insets):
    """The picture and the words of a panel without the smaller plots within it, which are covered with paper."""
    if not insets:
        return px, words
    px = px.copy()
    for place in insets:
        rows, columns = (slice(max(int(low) - 2, 0), int(high) + 4) for low, high in ((place.top, place.bottom), (place.left, place.right)))
        px[rows, columns] = np.median(px[rows, columns].reshape(-1, 3), axis=0)
    return px, tuple(word for word in words if not any(place.contains(*word.box.centre) for place in insets))


@dataclass(frozen=True)
class SeenPanel:
    """A panel as it is read, before the edits of its curves, its table and its name.

    Attributes
    ----------
    reading : PanelReading
    given : Given
        With the number of arms that an edit sets.
    doubts : tuple of tuple of Flag
        Those of the shape of the curves, and those of the paths of a page.
    """

    reading: PanelReading
    given: object
    doubts: tuple


def read_panel(place, seen, given):
    """All that one plotting box holds, edits included, and what each finder saw of it."""
    reading, panel = seen.reading, seen.reading.panel
    given, unit = replace(given, arms=seen.given.arms), given_axes(given.edits, place.name).unit
    calibration, flags = edit_calibration(panel.calibration, panel.flags, AxesGiven(unit=unit))
    panel = replace(panel, calibration=calibration, flags=flags)
    parts = EditedParts(panel.curves, panel.looks, panel.at_risk)
    parts = edit_parts(parts, given.edits, place.name, calibration=panel.calibration, printed=reading.table)
    flags = (*panel.flags, *_panel_flags(panel.calibration, parts.looks, parts.at_risk, given), *seen.doubts[0], *parts.flags, *seen.doubts[1])
    panel = replace(panel, curves=parts.curves, looks=parts.looks, at_risk=parts.at_risk, flags=tuple(dict.fromkeys(flags)))
    return replace(reading, panel=place_flags(panel), missed=parts.missed)


def see_panel(sheet, place, boxes, legend, given, settings):
    """What one plotting box shows, with what is given of its axes and ink."""
    part = sheet.part_of(place.box)
    px, words = _without_insets(sheet.figure.px, sheet.within(part, sheet.words), place.insets)
    boxes, legend = sheet.within(part, boxes), tuple(entry for entry in legend if sheet.part_of(entry.key) is part)
    step("axes")
    axes = given_axes(given.edits, place.name, x_range=given.x_range, y_range=given.y_range)
    ticks = drawn_ticks(part.lines, place.box, part.scale) if part.way == "vector" else None
    calibration, flags = calibrate(px, place.box, words, x_range=axes.time, y_range=axes.vertical, ticks=ticks)
    calibration, flags = edit_calibration(calibration, flags, replace(axes, unit=None))
    flags = (*flags, *(Flag("inset", "panel", box=(inset.left, inset.top, inset.right, inset.bottom)) for inset in place.insets))
    others = tuple(other for other in boxes if other is not place.box)
    labels = words_of_legend(legend, words)
    step("table")
    table = find_table(px, [word for word in words if word not in labels], place.box, calibration.time, others=others)
    cells = table.cells if table is not None else ()
    entries = usable_entries(legend, place.box, boxes, cells)
    keys, lines = [entry.key for entry in entries], [entry.lab for entry in entries]
    rows = len(table.rows) if table is not None else None
    table = table and replace(table, listed=legend_order(entries))
    step("curves")

    def traced(way):
        plot = plot_inside(px, place.box, way, words, keys=keys, lines=lines, settings=settings.ink)
        drawn = drawn_inks(part, place.box, way, plot, rows) if part.way == "vector" else ()
        return plot, *_inks(plot, way, entries, rows, place.name, given, settings, drawn)

    try:
        calibration, flags, (plot, given, inks) = _by_ink(traced, calibration, flags)
    except (ArmError, AxisError) as error:
        raise with_doubts(error, flags) from error
    if all_drawn(inks):
        calibration = settled_axes(calibration, ticks, inks, part.scale)
    entries = true_entries(entries, plot, inks)
    free = tuple(word for word in words if not any(cell.box.contains(*word.box.centre) for cell in cells))
    inks, names = _named(px, free, place.box, plot, inks, entries, rows, given)
    names = with_insets(sheet.figure.px, sheet.within(part, sheet.words), place.insets, inks, names)
    edges = [ink_edges(ink.path, ink.own, ink.others, plot.text) for ink in inks]
    sights = [see(ink, edge, plot.text) for ink, edge in zip(inks, edges, strict=True)]
    if all_drawn(inks):
        curves = drawn_curves(part, place.box, calibration, inks)
    else:
        curves = traced_curves(inks, edges, sights, plot, calibration, settings.trace)
    table = table and settle_by_curves(px, table, _looks(inks, names), curves)
    cells = table.cells if table is not None else ()
    table, names = _mended(px, words, table, entries, names)
    at_risk, names = _tied(table, names, inks, curves)
    names = distinct(names)
    looks = _looks(inks, names)
    curves = tuple(
        replace(curve, arm=name.label, flags=(*curve_flags(name.label, ink, sight, plot), *name_flag(name)))
        for curve, name, ink, sight in zip(curves, names, inks, sights, strict=True)
    )
    panel = DigitisedPanel(place.name, place.box, calibration, curves, looks, at_risk, tuple(cells), flags)
    way = "vector" if all_drawn(inks) else "raster"
    panel = replace(panel, way=way, page=part.page, px_per_point=part.px_per_point, box_confidence=box_confidence(px, place.box, calibration))
    doubts = _shape_flags(plot, inks, edges, curves, at_risk), _count_flags(part, place.box, calibration, inks, rows, entries, given)
    return SeenPanel(PanelReading(panel, place, entries, plot, inks, tuple(look.label for look in looks), tuple(edges), table), given, doubts)


def _count_flags(part, box, calibration, inks, rows, entries, given):
    """What says that there are other arms than those found: the table or else the legend, and the paths of a page where there are any."""
    missing = _missing_flags(inks, rows, entries, given)
    if part.way != "vector":
        return missing
    if not all_drawn(inks):
        return (*missing, Flag("paths_incomplete", "panel"))
    return (*missing, *(stray_flags(part, box, calibration, inks) if given.arms is None else ()))


def _by_ink(traced, calibration, flags):
    """What was traced, in the direction in which the curves run where title and ink disagree about it."""
    if not any(flag.name == "scale_assumed" for flag in flags):
        return calibration, flags, traced(calibration)
    turned, ways, errors = replace(calibration, scale=_TURNED[calibration.scale]), {}, []
    for way in (calibration, turned):
        try:
            ways[way.scale] = way, traced(way)
        except ArmError as error:
            errors.append(error)
        if any(_follows_most(plot, inks) for _, (plot, _, inks) in ways.values()):
            break
    if not ways:
        raise errors[0]
    followed = {scale: sum(ink.path.own for ink in inks) for scale, (_, (_, _, inks)) in ways.items()}
    best = max(followed, key=lambda scale: followed[scale] * (_MORE_FOLLOWED if scale == calibration.scale else 1))
    if best != calibration.scale:
        flags = tuple(flag for flag in flags if flag.name != "incidence")
        flags += (Flag("incidence", "vertical axis"),) if turned.is_incidence else ()
    return ways[best][0], flags, ways[best][1]


def _follows_most(plot, inks):
    """Whether paths follow so much of the ink, counted once in each run down a column, that others cannot follow much more."""
    runs = ColumnRuns.of((plot.contrast > 0) & ~plot.text)
    return _MORE_FOLLOWED * sum(ink.path.own for ink in inks) >= len(runs.first)


def _inks(plot, calibration, entries, rows, panel, given, settings, drawn):
    """The arms' ink, and what is given with the number of arms that an edit sets; as the file draws them, where it does."""
    count, colours = given_ink(given.edits, panel)
    given = given if given.arms is not None or count is None else replace(given, arms=count)
    if given.arms == 0:
        return given, ()
    if len(drawn) >= (given.arms or rows or 1):
        return given, of_colours(most_drawn(drawn, given.arms), colours)
    zero_px, one_py = calibration.to_px(0.0, 1.0)
    start = float(zero_px) - plot.left, float(plot.py_to_row(one_py))
    seeds = [*(entry.lab for entry in entries), *colours]
    try:
        inks = find_arms(
            plot, start, count=given.arms, seeds=seeds, expected=rows, settings=settings.arms, trace_settings=settings.trace
        )
    except ArmError:
        if any(edit.edit == "add_arm" for edit in stage_edits(given.edits, "curves", panel)):
            return given, ()
        if drawn:
            return given, of_colours(drawn, colours)
        raise
    if drawn and given.arms is None and len(inks) != rows:
        inks = drawn
    return given, of_colours(inks, colours)


def _named(px, words, box, plot, inks, entries, rows, given):
    """The arms without ink that neither a complete legend shows nor a name stands beside, and the names of the others."""
    inks = _listed_inks(inks, match_legend(inks, entries), rows, given)
    names = name_arms(px, words, box, plot, inks, entries)
    kept = _listed_inks(inks, [i for i, name in enumerate(names) if name.label], rows, given)
    return (inks, names) if len(kept) == len(inks) else (kept, name_arms(px, words, box, plot, kept, entries))


def _listed_inks(inks, named, rows, given):
    """The arms without ink that is no curve of its own, where at least two others have names."""
    if len(named) < 2 or given.arms is not None:
        return inks
    told, short = len(named) == rows, rows is not None and len(named) < rows
    others = [inks[i] for i in named]
    return tuple(ink for i, ink in enumerate(inks) if i in named or not (told or _is_shade(ink, others, short)))


def _mended(px, words, table, entries, names):
    """The table with the order of the legend, and the names spelt as legend and table agree."""
    mended = mend_names(px, names, words, table.rows if table is not None else ())
    if table is None:
        return None, mended
    spelt = {name.label: new.label for name, new in zip(names, mended, strict=True)}
    labels = with_numerals([row.label for row in table.rows])
    rows = tuple(replace(row, label=label) for row, label in zip(table.rows, labels, strict=True))
    return replace(table, rows=rows, listed=tuple(spelt.get(label, label) for label in legend_order(entries))), mended


def _looks(inks, names):
    return tuple(ArmLook(name.label, ink.rgb, ink.dash, name.matched_by, name.confidence) for ink, name in zip(inks, names, strict=True))


def _is_shade(ink, others, short):
    """Whether ink that no legend shows is doubtful or hardly seen, or another arm's colour mixed with paper or a band.

    `short` says that a table tells of more arms than the legend shows.
    """
    chroma = np.hypot(*ink.lab[1:])
    hue_of_its_own = chroma > 30 and ink.lab[0] < 92 and all(hue_difference(ink.lab, other.lab) > 40 for other in others)
    if ink.confidence < (0.25 if hue_of_its_own else 0.5):
        return True
    if not hue_of_its_own and ink.path.own < _LEAST_SEEN * len(ink.path.leave):
        return True
    if short:
        return False
    for other in others:
        theirs = np.hypot(*other.lab[1:])
        alike = is_grey(ink.lab) or hue_difference(ink.lab, other.lab) < 40
        if theirs > 15 and chroma < theirs and alike and ink.lab[0] > other.lab[0] - 5:
            return True
    return False


def _tied(table, names, inks, curves):
    """The at-risk table with its rows tied to the arms, and the names with what its rows print."""
    if table is None:
        return None, names
    looks = _looks(inks, names)
    at_risk, labels, _ = tie_rows(table, looks, curves)
    return at_risk, with_rows(names, looks, table, at_risk, labels)


def _shape_flags(plot, inks, edges, curves, at_risk):
    """What the shape of the curves says against a plain Kaplan-Meier plot."""
    labels = [curve.arm for curve in curves]
    if not all_drawn(inks):
        return shape_doubts(plot, inks, edges, labels)
    return (*area_doubts(plot, inks), *drawn_flags(curves, inks, at_risk))


def _missing_flags(inks, rows, entries, given):
    """A flag where fewer curves were found than the table, or else the legend, lists."""
    listed = len(entries) if rows is None else rows
    if given.arms is not None or len(inks) >= listed:
        return ()
    return (Flag("arms_doubtful", "panel", f"Found: {len(inks)}; listed in the {'legend' if rows is None else 'table'}: {listed}."),)


def _panel_flags(calibration, looks, at_risk, given):
    flags = []
    if calibration.scale.endswith("percent"):
        flags.append(Flag("percent", "vertical axis"))
    if calibration.is_incidence:
        flags.append(Flag("incidence", "vertical axis"))
    if given.arms is not None:
        flags.append(Flag("arms_given", "panel", f"{given.arms} arms."))
    if calibration.survival_per_px > _LOW_RESOLUTION:
        flags.append(Flag("low_resolution", "panel", f"One px is {calibration.survival_per_px:.3f} of survival."))
    if at_risk is None:
        flags.append(Flag("no_at_risk", "panel"))
    flags.extend(Flag("arm_unnamed", f"arm {look.label!r}") for look in looks if look.matched_by == "order")
    return (*flags, *_kaplan_meier_doubts(calibration))


def _kaplan_meier_doubts(calibration):
    """Flags where the vertical axis ends where neither a probability nor a usual percentage does."""
    title, top = calibration.vertical.title.lower(), float(calibration.vertical.tick_value.max())
    if 1.5 < top <= 8 and "%" not in title and "percent" not in title:
        return (Flag("not_kaplan_meier", "vertical axis", f"It goes to {top:g}, which is neither a probability nor a usual percentage."),)
    return ()
