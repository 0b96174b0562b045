"""One picture for each finder, and one for each doubt: what was seen on the way, to be checked by eye."""

import textwrap
from pathlib import Path

import numpy as np

from ipdrecon.app.json_files import read_record
from ipdrecon.app.plots import (
    AXIS_COLOUR,
    DOUBT_COLOUR,
    REJECTED_COLOUR,
    arm_colour,
    as_drawn,
    canvas,
    draw_curve,
    new_figure,
    png_bytes,
    tick_text,
)
from ipdrecon.app.saving import json_bytes, write_files
from ipdrecon.flags import numbered

LIST = "pictures.json"
_TITLE_PX, _LINE_PX = 30, 20
_LETTER_PX = 7.6
_DPI = 100
_CROP_WIDTH_PX = 900
_LEAST_CROP_PX = 60
_SURE, _FAIR = 0.9, 0.7


def write_pictures(reading, folder):
    """Write one picture for each finder, and one for each doubt, and a list of them.

    Parameters
    ----------
    reading : FigureReading
        As `ipdrecon.read_figure` gives it.
    folder : str or Path
        Pictures that an earlier list names and this run does not write are taken away.

    Raises
    ------
    FolderError
        When they cannot be written.
    """
    files = picture_files(reading, reading.digitisation)
    earlier = _listed(Path(folder) / LIST)
    record = json_bytes({"schema_version": 1, "sha256": reading.figure.sha256, "files": sorted(files)})
    write_files(folder, files | {LIST: record}, outdated=earlier)


def _listed(path):
    """Names in the list of an earlier run; none where there is no list."""
    names = read_record(path).get("files")
    return [name for name in names if isinstance(name, str) and name.endswith(".png")] if isinstance(names, list) else ()


def picture_files(reading, digitisation):
    """Draw what each finder saw, and the place of each doubt.

    Parameters
    ----------
    reading : FigureReading
    digitisation : Digitisation
        Whose doubts are drawn.

    Returns
    -------
    dict of str to bytes
        PNG by file name.
    """
    px = reading.figure.px
    files = {"panels.png": _draw_panels(px, reading), "text.png": _draw_text(px, reading)}
    for seen in reading.panels:
        tag, panel = _tag(seen.place.name), seen.panel
        files[f"axes_{tag}.png"] = _draw_axes(px, panel)
        files[f"ink_{tag}.png"] = _draw_ink(seen)
        files[f"traces_{tag}.png"] = _draw_traces(px, panel)
        files[f"marks_{tag}.png"] = _draw_marks(px, panel)
        if panel.cells:
            files[f"table_{tag}.png"] = _draw_table(px, panel)
    files = {name: png_bytes(figure) for name, figure in files.items()}
    for flag, name in flag_crops(digitisation).items():
        files[name] = png_bytes(_draw_doubt(px, digitisation, flag))
    return files


def flag_crops(digitisation):
    """Name the picture of each doubt whose place is known.

    Parameters
    ----------
    digitisation : Digitisation

    Returns
    -------
    dict of Flag to str
        ``flag_01_gap.png``, numbered as in `figure.json`.
    """
    numbers = numbered(digitisation.all_flags())
    return {flag: f"flag_{number:02d}_{flag.name}.png" for flag, number in numbers.items() if flag.box is not None}


def _tag(name):
    """A panel's name as a part of a file name."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)


def _titled(px, region, title, *, lines=(), **options):
    """A canvas below a title and further lines, each with its colour."""
    figure, pen = canvas(px, region, margin=_LINE_PX * (1 + len(lines)) + 8, **options)
    _write_head(figure, [(title, "black"), *lines])
    return figure, pen


def _write_head(figure, lines):
    width, height = figure.get_size_inches() * _DPI
    for k, (words, colour) in enumerate(lines):
        figure.text(6 / width, 1 - (4 + (k + 0.5) * _LINE_PX) / height, as_drawn(words), fontsize=10, va="center", color=colour)


def _around(box, share, *, left=0.0, below=0.0):
    """A box with margins, as shares of its size."""
    across, down = box.right - box.left, box.bottom - box.top
    return box.left - (left or share) * across, box.top - share * down, box.right + share * across, box.bottom + (below or share) * down


# --- panels and text -------------------------------------------------------------------------------------------------


def _draw_panels(px, reading):
    read = {seen.place.name: seen.panel.box_confidence for seen in reading.panels}
    figure, pen = _titled(px, None, f"Panels: {len(reading.places)} plotting {'box' if len(reading.places) == 1 else 'boxes'} found, {len(read)} read")
    for place in reading.places:
        box, colour = place.box, AXIS_COLOUR if place.name in read else REJECTED_COLOUR
        pen.frame((box.left, box.top, box.right, box.bottom), colour, width=1.5)
        size = f"{box.width:.0f} × {box.height:.0f} px, " + (f"confidence {read[place.name]:.2f}" if place.name in read else "not read")
        pen.word(*box.centre, f"panel {place.name}: {size}", colour, ha="center", size=1.1)
    return figure


def _sureness(confidence):
    """Colour of a confidence: sure, fair, doubtful."""
    return "#00703a" if confidence >= _SURE else "#b36200" if confidence >= _FAIR else REJECTED_COLOUR


def _draw_text(px, reading):
    title = f"Text: {len(reading.words)} words read; green: confidence {_SURE:g} or more, orange: {_FAIR:g}, red: less; violet: keys of a legend"
    figure, pen = _titled(px, None, title)
    for word in reading.words:
        box, colour = word.box, _sureness(word.confidence)
        pen.frame((box.left, box.top, box.right, box.bottom), colour)
        if word.vertical:
            pen.word(box.left, box.centre[1], word.text, colour, ha="right", size=0.7, upwards=True)
        else:
            pen.word(box.left, box.top, word.text, colour, va="bottom", size=0.7)
    for entry in reading.legend:
        pen.frame((entry.key.left - 1, entry.key.top - 1, entry.key.right + 1, entry.key.bottom + 1), AXIS_COLOUR, width=1.2)
    return figure


# --- axes ------------------------------------------------------------------------------------------------------------


def _draw_axes(px, panel):
    box, calibration = panel.box, panel.calibration
    title = (
        f"Axes of panel {panel.panel}: scale {calibration.scale}, time unit {calibration.time.unit or 'not printed'}; "
        f"residual {calibration.time.residual_px:.2f} px along time, {calibration.vertical.residual_px:.2f} px upright"
    )
    figure, pen = _titled(px, _around(box, 0.08, left=0.2, below=0.25), title)
    pen.frame((box.left, box.top, box.right, box.bottom), AXIS_COLOUR)
    for axis, is_time in ((calibration.time, True), (calibration.vertical, False)):
        for place, value, used in zip(axis.tick_px, axis.tick_value, axis.used, strict=True):
            _draw_tick(pen, box, place, is_time, colour=AXIS_COLOUR if used else REJECTED_COLOUR)
            words = f"{tick_text(value, axis.tick_value, used=used)} ({place - float(axis.to_px(value)):+.2f} px)"
            if is_time:
                pen.word(place, box.bottom - 9 * pen.unit, words, AXIS_COLOUR if used else REJECTED_COLOUR, ha="center", va="bottom", size=0.75, upwards=True)
            else:
                pen.word(box.left + 9 * pen.unit, place, words, AXIS_COLOUR if used else REJECTED_COLOUR, size=0.75)
    return figure


def _draw_tick(pen, box, place, is_time, *, colour):
    reach = 8 * pen.unit
    if is_time:
        pen.line([place, place], [box.bottom - reach, box.bottom + reach], colour)
    else:
        pen.line([box.left - reach, box.left + reach], [place, place], colour)


# --- ink, traces and marks -------------------------------------------------------------------------------------------


def _draw_ink(seen):
    """One tile per arm: its own ink dark, all other ink pale, gridlines and text tinted, the path a thin line."""
    plot, n = seen.plot, max(len(seen.inks), 1)
    columns = 1 if n == 1 else 2
    rows = -(-n // columns)
    scale = max(1.0, 640 / plot.width)
    width, height = plot.width * scale, plot.height * scale + _TITLE_PX
    figure = new_figure(columns * width / _DPI, rows * height / _DPI)
    for k, ink in enumerate(seen.inks):
        row, column = divmod(k, columns)
        bottom = 1 - (row + 1) / rows
        axes = figure.add_axes((column / columns, bottom, 0.99 / columns, plot.height * scale / (rows * height)))
        axes.axis("off")
        axes.imshow(_ink_tile(plot, ink), interpolation="nearest", aspect="auto", origin="lower" if plot.flipped else "upper")
        at = ink.path.first + np.arange(len(ink.path.leave))
        axes.plot(at, ink.path.leave, color=arm_colour(k), lw=0.7)
        shown = as_drawn(f"{seen.names[k]}: rgb {ink.rgb}, {ink.dash}, confidence {ink.confidence:.2f}")
        figure.text((column + 0.01) / columns, bottom + (height - 0.5 * _TITLE_PX) / (rows * height), shown, fontsize=9.5, va="center")
    if not seen.inks:
        figure.text(0.02, 0.5, "No ink was traced.", fontsize=11)
    return figure


def _ink_tile(plot, ink):
    """Picture of one arm's ink, shape (height, width, 3), in [0, 1]."""
    tile = np.ones((*plot.hidden.shape, 3))
    tile[plot.hidden] = (0.86, 0.93, 1.0)
    tile[plot.text] = (1.0, 0.95, 0.82)
    tile *= 1 - 0.25 * ink.others[..., None]
    return tile * (1 - ink.own[..., None]) + 0.1 * ink.own[..., None]


def _draw_traces(px, panel):
    title = f"Traces of panel {panel.panel}: {len(panel.curves)} {'curve' if len(panel.curves) == 1 else 'curves'}; dots: drops; dotted: hidden by other ink"
    lines = [f"{curve.arm}: {len(curve.time) - 2} drops, confidence {curve.confidence:.2f}" for curve in panel.curves]
    figure, pen = _titled(px, _around(panel.box, 0.03), title, lines=_arm_lines(lines), largest_scale=4)
    for k, curve in enumerate(panel.curves):
        draw_curve(pen, panel, curve, arm_colour(k))
        at, height = panel.calibration.to_px(curve.time, curve.survival)
        pen.axes.plot(at, height, "o", color=arm_colour(k), ms=3 * pen.hair, mew=0)
    return figure


def _arm_lines(words):
    return [(line, arm_colour(k)) for k, line in enumerate(words)]


def _draw_marks(px, panel):
    total = sum(len(curve.censor_time) for curve in panel.curves)
    title = f"Censor marks of panel {panel.panel}: {total} read, each within its circle"
    lines = _arm_lines(f"{curve.arm}: {len(curve.censor_time)}" for curve in panel.curves)
    figure, pen = _titled(px, _around(panel.box, 0.03), title, lines=lines, largest_scale=4)
    for k, curve in enumerate(panel.curves):
        at, height = panel.calibration.to_px(curve.censor_time, curve.survival_at(curve.censor_time))
        pen.axes.plot(at, height, "o", color=arm_colour(k), ms=7 * pen.hair, mfc="none", mew=0.9 * pen.hair)
    return figure


# --- the table, and doubts -------------------------------------------------------------------------------------------


def _draw_table(px, panel):
    boxes = [cell.box for cell in panel.cells]
    tall = float(np.median([box.height for box in boxes]))
    region = (
        min(min(box.left for box in boxes), panel.box.left) - 0.45 * panel.box.width,
        min(box.top for box in boxes) - 2 * tall,
        max(box.right for box in boxes) + 3 * tall,
        max(box.bottom for box in boxes) + 1.5 * tall,
    )
    doubtful = sum(cell.confidence < _FAIR for cell in panel.cells)
    title = f"Table of panel {panel.panel}: {len(panel.cells)} cells, {doubtful} with a confidence below {_FAIR:g}; the reading stands above each cell"
    figure, pen = _titled(px, region, title, largest_scale=5)
    for cell in panel.cells:
        box, colour = cell.box, _sureness(cell.confidence) if cell.text else REJECTED_COLOUR
        pen.frame((box.left - 1, box.top - 1, box.right + 1, box.bottom + 1), colour)
        pen.word(box.centre[0], box.top - 1, cell.text or "?", colour, ha="center", va="bottom", size=0.7)
    return figure


def _draw_doubt(px, digitisation, flag):
    """The place of a doubt with its surroundings, and the doubt in words above."""
    left, top, right, bottom = flag.box
    spare = 0.25 * max(right - left, bottom - top)
    across, down = (max(spare, 0.5 * (_LEAST_CROP_PX - size)) for size in (right - left, bottom - top))
    region = (left - across, top - down, right + across, bottom + down)
    number = numbered(digitisation.all_flags())[flag]
    lines = textwrap.wrap(f"{number}. {flag}", int(_CROP_WIDTH_PX / _LETTER_PX))
    figure, pen = canvas(px, region, least_width=_CROP_WIDTH_PX, largest_scale=8, margin=_LINE_PX * len(lines) + 8)
    _write_head(figure, [(line, "black") for line in lines])
    pen.frame(flag.box, DOUBT_COLOUR, width=1.3, dash=(0, (4, 3)))
    for panel in digitisation.panels:
        for k, curve in enumerate(panel.curves):
            if flag.place == f"arm {curve.arm!r}" and flag in panel.all_flags():
                draw_curve(pen, panel, curve, arm_colour(k))
    return figure
