"""One plotting box: from its pixels or paths to a panel; then what is changed by hand."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import ArmError, AxisError
from ipdrecon.figure.arms import find_arms, is_line_alone
from ipdrecon.figure.at_risk import find_table, heading_flags, settle_by_curves, tie_rows
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
_LEAST_SEEN, _WHOLE = 1 / 3, 0.8
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
    about = _about(sheet, place, boxes, legend)
    step("axes")
    calibration, flags, ticks = _axes(about, given)
    step("table")
    listed = _listed(about, calibration)
    flags = flags if listed.table is not None else (*flags, *heading_flags(about.words, place.box, others=about.others))
    step("curves")
    calibration, flags, (plot, given, inks) = _ink(about, (calibration, flags), listed, given, settings)
    if all_drawn(inks):
        calibration = settled_axes(calibration, ticks, inks, about.part.scale)
    listed = replace(listed, entries=true_entries(listed.entries, plot, inks))
    inks, names = _named(about, plot, inks, listed, given)
    names = with_insets(sheet.figure.px, sheet.within(about.part, sheet.words), place.insets, inks, names)
    lines = _curves(about, plot, inks, calibration, settings)
    curves, looks, table, at_risk = _arms(about, plot, inks, lines, names, listed)
    cells = () if table is None else tuple(table.cells)
    panel = DigitisedPanel(place.name, place.box, calibration, curves, looks, at_risk, cells, flags)
    panel = _with_origin(panel, about, "vector" if all_drawn(inks) else "raster")
    doubts = _shape_flags(plot, inks, lines.edges, curves, at_risk), _count_flags(about.part, place.box, calibration, inks, listed, given)
    reading = PanelReading(panel, place, listed.entries, plot, inks, tuple(look.label for look in looks), lines.edges, table)
    return SeenPanel(reading, given, doubts)


@dataclass(frozen=True)
class _About:
    """What stands within a plotting box and about it, on its part of the sheet: picture and words without those of smaller plots."""

    part: object
    place: object
    px: np.ndarray
    words: tuple
    boxes: tuple
    legend: tuple

    @property
    def others(self):
        """The boxes of the other panels."""
        return tuple(other for other in self.boxes if other is not self.place.box)


@dataclass(frozen=True)
class _Listed:
    """The arms as words list them: the entries of the legend, and the at-risk table or None."""

    entries: tuple
    table: object

    @property
    def rows(self):
        """Number of rows of the table, or None."""
        return None if self.table is None else len(self.table.rows)

    @property
    def cells(self):
        """Numbers at risk, as they are printed."""
        return () if self.table is None else self.table.cells


@dataclass(frozen=True)
class _Lines:
    """The curves of a panel in the order of its inks, with the edges of their ink and what is seen of it."""

    curves: tuple
    edges: tuple
    sights: tuple


def _about(sheet, place, boxes, legend):
    part = sheet.part_of(place.box)
    px, words = _without_insets(sheet.figure.px, sheet.within(part, sheet.words), place.insets)
    legend = tuple(entry for entry in legend if sheet.part_of(entry.key) is part)
    return _About(part, place, px, words, sheet.within(part, boxes), legend)


def _axes(about, given):
    """The calibration of a panel, its flags, and its ticks where the file draws them."""
    place, part = about.place, about.part
    axes = given_axes(given.edits, place.name, x_range=given.x_range, y_range=given.y_range)
    ticks = drawn_ticks(part.lines, place.box, part.scale) if part.way == "vector" else None
    calibration, flags = calibrate(about.px, place.box, about.words, x_range=axes.time, y_range=axes.vertical, ticks=ticks)
    calibration, flags = edit_calibration(calibration, flags, replace(axes, unit=None))
    insets = (Flag("inset", "panel", box=(inset.left, inset.top, inset.right, inset.bottom)) for inset in place.insets)
    return calibration, (*flags, *insets), ticks


def _listed(about, calibration):
    """The at-risk table of a panel, and the legend's entries that are no cells of it."""
    box, labels = about.place.box, words_of_legend(about.legend, about.words)
    table = find_table(about.px, [word for word in about.words if word not in labels], box, calibration.time, others=about.others)
    entries = usable_entries(about.legend, box, about.boxes, _Listed((), table).cells)
    return _Listed(entries, table and replace(table, listed=legend_order(entries)))


def _ink(about, axes, listed, given, settings):
    """The arms' ink, in the direction in which the curves run."""
    keys, lines = [entry.key for entry in listed.entries], [entry.lab for entry in listed.entries]

    def traced(way):
        plot = plot_inside(about.px, about.place.box, way, about.words, keys=keys, lines=lines, settings=settings.ink)
        drawn = drawn_inks(about.part, about.place.box, way, plot, listed.rows) if about.part.way == "vector" else ()
        return plot, *_inks(plot, way, listed.entries, listed.rows, about.place.name, given, settings, drawn)

    try:
        return _by_ink(traced, *axes)
    except (ArmError, AxisError) as error:
        raise with_doubts(error, axes[1]) from error


def _curves(about, plot, inks, calibration, settings):
    edges = tuple(ink_edges(ink.path, ink.own, ink.others, plot.text) for ink in inks)
    sights = tuple(see(ink, edge, plot.text) for ink, edge in zip(inks, edges, strict=True))
    if all_drawn(inks):
        return _Lines(drawn_curves(about.part, about.place.box, calibration, inks), edges, sights)
    return _Lines(traced_curves(inks, edges, sights, plot, calibration, settings.trace), edges, sights)


def _arms(about, plot, inks, lines, names, listed):
    """Curves and looks with the names that legend and table agree upon, the table as the curves allow it, and its rows tied to the arms."""
    table = listed.table and settle_by_curves(about.px, listed.table, _looks(inks, names), lines.curves)
    table, names = _mended(about.px, about.words, table, listed.entries, names)
    at_risk, names = _tied(table, names, inks, lines.curves)
    names = distinct(names)
    curves = tuple(
        replace(curve, arm=name.label, flags=(*curve_flags(name.label, ink, sight, plot), *name_flag(name)))
        for curve, name, ink, sight in zip(lines.curves, names, inks, lines.sights, strict=True)
    )
    return curves, _looks(inks, names), table, at_risk


def _with_origin(panel, about, way):
    """The panel with where on which page it was found, and how surely."""
    sure = box_confidence(about.px, panel.box, panel.calibration)
    return replace(panel, way=way, page=about.part.page, px_per_point=about.part.px_per_point, box_confidence=sure)


def _count_flags(part, box, calibration, inks, listed, given):
    """What says that there are other arms than those found: the table or else the legend, and the paths of a page where there are any."""
    missing = _missing_flags(inks, listed, given)
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


def _named(about, plot, inks, listed, given):
    """The arms without ink that neither a complete legend shows nor a name stands beside, and the names of the others."""
    words = tuple(word for word in about.words if not any(cell.box.contains(*word.box.centre) for cell in listed.cells))

    def names_of(chosen):
        return name_arms(about.px, words, about.place.box, plot, chosen, listed.entries)

    inks = _listed_inks(plot, inks, match_legend(inks, listed.entries), listed.rows, given)
    names = names_of(inks)
    kept = _listed_inks(plot, inks, [i for i, name in enumerate(names) if name.label], listed.rows, given)
    return (inks, names) if len(kept) == len(inks) else (kept, names_of(kept))


def _listed_inks(plot, inks, named, rows, given):
    """The arms without ink that is no curve of its own, where at least two others have names."""
    if len(named) < 2 or given.arms is not None:
        return inks
    told, short = len(named) == rows, rows is not None and len(named) < rows
    others = [inks[i] for i in named]
    return tuple(ink for i, ink in enumerate(inks) if i in named or not (told or _is_shade(plot, ink, others, short)))


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


def _is_shade(plot, ink, others, short):
    """Whether ink that no legend shows is doubtful or hardly seen, or another arm's colour mixed with paper or a band and no whole line.

    `short` says that a table tells of more arms than the legend shows.
    """
    chroma = np.hypot(*ink.lab[1:])
    hue_of_its_own = chroma > 30 and ink.lab[0] < 92 and all(hue_difference(ink.lab, other.lab) > 40 for other in others)
    if ink.confidence < (0.25 if hue_of_its_own else 0.5):
        return True
    if not hue_of_its_own and ink.path.own < _LEAST_SEEN * len(ink.path.leave):
        return True
    if short or _is_whole_line(plot, ink, others):
        return False
    for other in others:
        theirs = np.hypot(*other.lab[1:])
        alike = is_grey(ink.lab) or hue_difference(ink.lab, other.lab) < 40
        if theirs > 15 and chroma < theirs and alike and ink.lab[0] > other.lab[0] - 5:
            return True
    return False


def _is_whole_line(plot, ink, others):
    """Whether ink is one unbroken line, seen nearly all along and as broad as others: a curve, whatever its colour."""
    seen = ink.path.own > _WHOLE * len(ink.path.leave)
    return seen and all(is_line_alone(plot, ink, other) for other in others)


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


def _missing_flags(inks, listed, given):
    """A flag where fewer curves were found than the table, or else the legend, lists."""
    place, count = ("legend", len(listed.entries)) if listed.rows is None else ("table", listed.rows)
    if given.arms is not None or len(inks) >= count:
        return ()
    return (Flag("arms_doubtful", "panel", f"Found: {len(inks)}; listed in the {place}: {count}."),)


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
