"""The whole way from a figure file to a `Digitisation`."""

import re
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from ipdrecon.errors import EditError, IpdreconError, PanelError, lacking
from ipdrecon.figure.arms import ArmSettings
from ipdrecon.figure.edits.axes import edit_places, given_axes
from ipdrecon.figure.edits.panels import (
    as_edits,
    refuse_strangers,
    refuse_unmatched,
    rename_panels,
)
from ipdrecon.figure.facets import join_facets
from ipdrecon.figure.frame import find_frame
from ipdrecon.figure.ink import InkSettings
from ipdrecon.figure.legend import find_legend, passed_over
from ipdrecon.figure.opening import open_sheet
from ipdrecon.figure.panel_reading import depends_on, read_panel, see_panel
from ipdrecon.figure.panels import PanelBox
from ipdrecon.figure.path import TraceSettings
from ipdrecon.figure.places import find_places
from ipdrecon.figure.reading import FigureReading
from ipdrecon.figure.session import recall, step
from ipdrecon.figure.unread import find_unread
from ipdrecon.figure.vector.keys import exact_entries
from ipdrecon.flags import Flag
from ipdrecon.model import Digitisation


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
    unread = lacking("ocr") if settings.ocr else ""
    try:
        reading = _read(path, panel, page, settings, given)
    except IpdreconError as error:
        if not unread:
            raise
        raise type(error)(f"{error} The text of pictures is not read here, since {unread}.") from error
    if not unread or reading.digitisation.kind == "vector":
        return reading
    flag = Flag("text_unread", reading.figure.source, f"{unread[0].upper()}{unread[1:]}.")
    return replace(reading, digitisation=replace(reading.digitisation, flags=(*reading.digitisation.flags, flag)))


def _read(path, panel, page, settings, given):
    sheet = open_sheet(path, page=page, ocr=settings.ocr)
    figure, words = sheet.figure, sheet.words
    known = repr((figure.sha256, figure.source, page, settings))
    step("finding plots")
    found = edit_places(given.edits, lambda: _panels(sheet, words, given, known))
    refuse_strangers(given.edits, found)
    words = _without_marks(words, [place.box for place in found])
    chosen = [place for place in found if panel is None or place.name == str(panel).upper()]
    if not chosen:
        raise PanelError(f"Panel {panel!r} was not found in {figure.source}; found: {', '.join(place.name for place in found)}.")
    boxes = tuple(place.box for place in found)
    known = f"{known}{boxes}"
    legend = recall("legend", known, lambda: _legend(sheet, words))
    readings, errors = [], {}
    for place in chosen:
        try:
            seen = partial(see_panel, replace(sheet, words=words), place, boxes, legend, given, settings)
            readings.append(read_panel(place, recall("panel", known + depends_on(place, given), seen), given))
        except EditError:
            raise
        except IpdreconError as error:
            errors[place.name] = error
    if not readings:
        raise next(iter(errors.values()))
    refuse_unmatched([reading.missed for reading in readings])
    left = {place.name for place in found} - {place.name for place in chosen}
    panels = tuple(reading.panel for reading in readings)
    panels = join_facets(figure.px, panels, words) if len(panels) == len(found) else panels
    digitisation = Digitisation(
        source=figure.source,
        sha256=figure.sha256,
        kind="vector" if any(panel.way == "vector" for panel in panels) else "raster",
        size=(figure.width, figure.height),
        panels=rename_panels(panels, given.edits),
        flags=(*sheet.flags, *(Flag("panel_unread", f"panel {name}", str(error)) for name, error in errors.items())),
        settings={"given": given.record() | ({} if panel is None else {"panel": str(panel)}), **asdict(settings)},
        edits=tuple(edit.to_dict() for edit in given.edits if edit.panel not in left or edit.stage == "panels"),
    )
    return FigureReading(figure, words, legend, found, tuple(readings), digitisation)


def _panels(sheet, words, given, known):
    """The plotting boxes; from the axis lines alone where labels cannot be read, but both axes are given and no box is."""
    try:
        return recall("legend", ("places", known), lambda: find_places(sheet, words))
    except PanelError:
        axes = given_axes(given.edits, "1", x_range=given.x_range, y_range=given.y_range)
        if axes.time is None or axes.vertical is None or any(edit.edit == "add_panel" for edit in given.edits):
            raise
        return (PanelBox("1", find_frame(sheet.figure.px)),)


def _legend(sheet, words):
    legend = find_legend(sheet.figure.px, words)
    unread = find_unread(sheet.figure.px, words, legend)
    legend += (*unread, *(passed_over(sheet.figure.px, words, unread) if unread else ()))
    return exact_entries(legend, sheet, words)


def _without_marks(words, boxes):
    """Words without rows of censor marks that were taken for letters."""
    return tuple(
        word
        for word in words
        if word.confidence > 0.9
        or not re.fullmatch(r"[HIil1|+tTf†十\-–—·.]+", word.text)
        or not any(box.contains(*word.box.centre) for box in boxes)
    )
