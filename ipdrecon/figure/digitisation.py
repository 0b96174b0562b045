"""The whole way from a figure file to a `Digitisation`."""

import re
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from ipdrecon.errors import ArmError, AxisError, EditError, IpdreconError, PanelError
from ipdrecon.figure.arms import ArmSettings, find_arms
from ipdrecon.figure.at_risk import find_table, settle_by_curves, tie_rows
from ipdrecon.figure.axes import calibrate
from ipdrecon.figure.axis_doubts import with_doubts
from ipdrecon.figure.box_check import box_confidence
from ipdrecon.figure.colour import hue_difference, is_grey
from ipdrecon.figure.column_runs import ColumnRuns
from ipdrecon.figure.edits import stage_edits
from ipdrecon.figure.edits.axes import edit_calibration, edit_places, given_axes, given_ink, of_colours
from ipdrecon.figure.edits.panels import (
    EditedParts,
    as_edits,
    edit_parts,
    refuse_strangers,
    refuse_unmatched,
    rename_panels,
)
from ipdrecon.figure.facets import join_facets
from ipdrecon.figure.flag_places import place_flags
from ipdrecon.figure.frame import find_frame
from ipdrecon.figure.ink import InkSettings, plot_inside
from ipdrecon.figure.legend import find_legend
from ipdrecon.figure.names import legend_order, match_legend, usable_entries, words_of_legend
from ipdrecon.figure.naming import distinct, name_arms, name_flag, true_entries, with_rows
from ipdrecon.figure.opening import open_sheet
from ipdrecon.figure.panels import PanelBox
from ipdrecon.figure.path import TraceSettings
from ipdrecon.figure.places import find_places
from ipdrecon.figure.reading import FigureReading, PanelReading
from ipdrecon.figure.shape_doubts import area_doubts, shape_doubts
from ipdrecon.figure.spelling import mend_names, with_numerals
from ipdrecon.figure.trace import ink_edges
from ipdrecon.figure.traced import curve_flags, traced_curves
from ipdrecon.figure.unread import find_unread
from ipdrecon.figure.vector.inks import (
    all_drawn,
    drawn_curves,
    drawn_flags,
    drawn_inks,
    most_drawn,
    settled_axes,
    stray_flags,
)
from ipdrecon.figure.vector.keys import exact_entries
from ipdrecon.figure.vector.ticks import drawn_ticks
from ipdrecon.figure.visibility import see
from ipdrecon.flags import Flag
from ipdrecon.model import ArmLook, Digitisation, DigitisedPanel

_LOW_RESOLUTION = 0.005
_MORE_FOLLOWED = 1.5
_TURNED = {"survival": "incidence", "percent": "incidence_percent", "incidence": "survival", "incidence_percent": "percent"}


@dataclass(frozen=True)
class DigitiseSettings:
    """Every threshold a user may turn, by room.

    Attributes
    ----------
    ink : InkSettings
    arms : ArmSettings
    trace : TraceSettings
    ocr : bool
        Whether text is read; without it, both axes must be given.
    """

    ink: InkSettings = field(default_factory=InkSettings)
    arms: ArmSettings = field(default_factory=ArmSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    ocr: bool = True


@dataclass(frozen=True)
class _Given:
    """What a person gave instead of having it read."""

    arms: int | None = None
    x_range: tuple | None = None
    y_range: tuple | None = None
    edits: tuple = ()

    def record(self):
        """What is given, as `figure.json` has it; edits stand there by themselves."""
        return {name: value for name, value in asdict(replace(self, edits=None)).items() if value is not None}


def digitise(path, *, panel=None, page=None, arms=None, x_range=None, y_range=None, settings=None, edits=()):
    """Read the Kaplan-Meier curves and the numbers at risk of a figure.

    Parameters
    ----------
    path : str or Path
        A PNG, JPEG, WebP, TIFF, BMP, GIF, PDF or SVG file.
    panel : str, optional
        Read this panel only, by its letter or number.
    page : int, optional
        Page of a PDF, from 1; all are searched by default.
    arms : int, optional
        Number of curves, when the program finds it wrongly.
    x_range, y_range : tuple of float, optional
        Values at the first and last tick of the time and the vertical axis, in printed units.
    settings : DigitiseSettings, optional
    edits : sequence of dict
        Changes made by hand, as `ipdrecon.figure.edits.kinds` lists them.

    Returns
    -------
    Digitisation

    Raises
    ------
    FigureError, PanelError, AxisError, ArmError
        When the file is no picture, or no panel can be read. A panel that cannot be read beside others that can is
        left out, and flagged.
    EditError
        When an edit is malformed, or names what the figure does not have.
    """
    options = {"panel": panel, "page": page, "arms": arms, "x_range": x_range, "y_range": y_range}
    return read_figure(path, **options, settings=settings, edits=edits).digitisation


def read_figure(path, *, panel=None, page=None, arms=None, x_range=None, y_range=None, settings=None, edits=()):
    """Read a figure as `digitise` does, and keep what each finder saw on the way.

    Parameters
    ----------
    path, panel, page, arms, x_range, y_range, settings, edits
        As those of `digitise`.

    Returns
    -------
    FigureReading
    """
    settings, given = settings or DigitiseSettings(), _Given(arms, x_range, y_range, as_edits(edits))
    sheet = open_sheet(path, page=page, ocr=settings.ocr)
    figure, words = sheet.figure, sheet.words
    found = edit_places(given.edits, lambda: _panels(sheet, words, given))
    refuse_strangers(given.edits, found)
    words = _without_marks(words, [place.box for place in found])
    chosen = [place for place in found if panel is None or place.name == str(panel).upper()]
    if not chosen:
        raise PanelError(f"Panel {panel!r} was not found in {figure.source}; found: {', '.join(place.name for place in found)}.")
    legend = find_legend(figure.px, words)
    legend += find_unread(figure.px, words, legend)
    legend = exact_entries(legend, sheet, words)
    boxes = tuple(place.box for place in found)
    readings, errors = [], {}
    for place in chosen:
        try:
            readings.append(_read_panel(replace(sheet, words=words), place, boxes, legend, given, settings))
        except EditError:
            raise
        except IpdreconError as error:
            errors[place.name] = error
    if not readings:
        raise next(iter(errors.values()))
    refuse_unmatched([reading.missed for reading in readings])
    names = [place.name for place in chosen]
    panels = tuple(reading.panel for reading in readings)
    panels = join_facets(figure.px, panels, words) if len(panels) == len(found) else panels
    digitisation = Digitisation(
        source=figure.source,
        sha256=figure.sha256,
        kind="vector" if any(panel.way == "vector" for panel in panels) else "raster",
        size=(figure.width, figure.height),
        panels=rename_panels(panels, given.edits),
        flags=(*sheet.flags, *(Flag("panel_unread", f"panel {name}", str(error)) for name, error in errors.items())),
        settings={"given": given.record(), **asdict(settings)},
        edits=tuple(edit.to_dict() for edit in given.edits if edit.panel is None or edit.panel in names or edit.stage == "panels"),
    )
    return FigureReading(figure, words, legend, found, tuple(readings), digitisation)


def _panels(sheet, words, given):
    """The plotting boxes; from the axis lines alone where labels cannot be read but both ranges are given."""
    try:
        return find_places(sheet, words)
    except PanelError:
        axes = given_axes(given.edits, "1", x_range=given.x_range, y_range=given.y_range)
        if axes.time is None or axes.vertical is None:
            raise
        return (PanelBox("1", find_frame(sheet.figure.px)),)


def _without_insets(px, words, insets):
    """The picture and the words of a panel without the smaller plots within it, which are covered with paper."""
    if not insets:
        return px, words
    px = px.copy()
    for place in insets:
        rows, columns = (slice(max(int(low) - 2, 0), int(high) + 4) for low, high in ((place.top, place.bottom), (place.left, place.right)))
        px[rows, columns] = np.median(px[rows, columns].reshape(-1, 3), axis=0)
    return px, tuple(word for word in words if not any(place.contains(*word.box.centre) for place in insets))


def _without_marks(words, boxes):
    """Words without rows of censor marks that were taken for letters."""
    return tuple(
        word
        for word in words
        if word.confidence > 0.9
        or not re.fullmatch(r"[HIil1|+tTf†十\-–—·.]+", word.text)
        or not any(box.contains(*word.box.centre) for box in boxes)
    )


def _read_panel(sheet, place, boxes, legend, given, settings):
    """All that one plotting box holds, and what each finder saw of it."""
    part = sheet.part_of(place.box)
    px, words = _without_insets(sheet.figure.px, sheet.within(part, sheet.words), place.insets)
    boxes, legend = sheet.within(part, boxes), tuple(entry for entry in legend if sheet.part_of(entry.key) is part)
    axes = given_axes(given.edits, place.name, x_range=given.x_range, y_range=given.y_range)
    ticks = drawn_ticks(part.lines, place.box, part.scale) if part.way == "vector" else None
    calibration, flags = calibrate(px, place.box, words, x_range=axes.time, y_range=axes.vertical, ticks=ticks)
    calibration, flags = edit_calibration(calibration, flags, axes)
    flags = (*flags, *(Flag("inset", "panel", box=(inset.left, inset.top, inset.right, inset.bottom)) for inset in place.insets))
    others = tuple(other for other in boxes if other is not place.box)
    labels = words_of_legend(legend, words)
    table = find_table(px, [word for word in words if word not in labels], place.box, calibration.time, others=others)
    cells = table.cells if table is not None else ()
    entries = usable_entries(legend, place.box, boxes, cells)
    keys, lines = [entry.key for entry in entries], [entry.lab for entry in entries]
    rows = len(table.rows) if table is not None else None
    table = table and replace(table, listed=legend_order(entries))

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
    parts = edit_parts(EditedParts(curves, looks, at_risk), given.edits, place.name, calibration=calibration, printed=table)
    labels = tuple(look.label for look in looks)
    flags = (*flags, *_panel_flags(calibration, parts.looks, parts.at_risk, given), *_shape_flags(plot, inks, edges, curves, at_risk), *parts.flags)
    flags += _path_flags(inks, rows, entries, given) if part.way == "vector" else ()
    flags += stray_flags(part, place.box, calibration, inks) if all_drawn(inks) and given.arms is None else ()
    panel = DigitisedPanel(place.name, place.box, calibration, parts.curves, parts.looks, parts.at_risk, tuple(cells), flags)
    way = "vector" if all_drawn(inks) else "raster"
    panel = replace(panel, flags=tuple(dict.fromkeys(flags)), way=way, page=part.page, px_per_point=part.px_per_point, box_confidence=box_confidence(px, place.box, calibration))
    panel = place_flags(panel)
    return PanelReading(panel, place, entries, plot, inks, labels, tuple(edges), table, parts.missed)


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
    """Whether ink that no legend shows is doubtful, or another arm's colour mixed with paper or a band.

    `short` says that a table tells of more arms than the legend shows.
    """
    chroma = np.hypot(*ink.lab[1:])
    hue_of_its_own = chroma > 30 and ink.lab[0] < 92 and all(hue_difference(ink.lab, other.lab) > 40 for other in others)
    if ink.confidence < (0.25 if hue_of_its_own else 0.5):
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


def _path_flags(inks, rows, entries, given):
    """What the number of curves says against the paths of a page: fewer than the table, or else the legend, lists."""
    if not all_drawn(inks):
        return (Flag("paths_incomplete", "panel"),)
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
