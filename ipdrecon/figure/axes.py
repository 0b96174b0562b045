"""Calibrate a plotting box: from px to time and survival, through every tick."""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import AxisError
from ipdrecon.figure.axis_doubts import axis_doubts, in_line, refuse_far_start, tell_logarithm, uneven_labels
from ipdrecon.figure.edges import find_edge, turned
from ipdrecon.figure.labels import label_columns, label_rows, number_labels, parse_number
from ipdrecon.figure.missed_numbers import missed_numbers
from ipdrecon.figure.panels import NEAR_SHARE, NEAR_WORTH, bottom_edge, left_edge, stands, upright_labels, with_upright
from ipdrecon.figure.text import read_line, read_words
from ipdrecon.figure.ticks import find_ticks, fit_ticks
from ipdrecon.figure.titles import direction, horizontal_title, is_plain, time_unit, vertical_title
from ipdrecon.flags import Flag
from ipdrecon.model import Axis, Box, Calibration

_LARGE_RESIDUAL_PX = 0.8
_DARK_LEVELS = 60
_LEAST_SPAN = 0.35
_ENLARGED_PX = 2200


@dataclass(frozen=True)
class _Scene:
    """What both axes are read from."""

    px: np.ndarray
    box: Box
    words: tuple
    labels: tuple
    row: object
    column: object
    ticks: tuple = ((), ())


def calibrate(px, box, words, *, x_range=None, y_range=None, ticks=None):
    """Calibrate both axes of a plotting box.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
        The plotting box, as `find_panels` gives it.
    words : iterable of Word
    x_range, y_range : tuple of float or Axis, optional
        Values at the first and last tick of an axis, or at the ends of the box where no tick is seen, in the printed
        units, or the whole axis; its labels are then not used.
    ticks : (tuple of Ticks, tuple of Ticks), optional
        Marks along the time and the vertical axis, where the file tells them; else they are looked for in the picture.

    Returns
    -------
    calibration : Calibration
    flags : tuple of Flag

    Raises
    ------
    AxisError
        When an axis has fewer than two readable labels and no range is given.
    """
    scene = replace(_scene(px, box, tuple(words)), ticks=ticks or ((), ()))
    time, time_flags = _time_axis(scene, x_range)
    vertical, vertical_flags = _vertical_axis(scene, y_range)
    scale, scale_flags = _scale(scene, time, vertical)
    if scale.endswith("percent"):
        vertical = replace(vertical, unit="percent")
    return Calibration(time, vertical, scale), time_flags + vertical_flags + scale_flags + axis_doubts(time, vertical, scale)


def _scene(px, box, words):
    if not words:
        return _Scene(px, box, words, (), None, None)
    labels = number_labels(px, words)
    row, column = _own_run(label_rows(labels, least=2), box), _own_run(label_columns(labels, least=2), box)
    if all(word.exact for word in words):
        return _Scene(px, box, words, labels, row, column)
    if min(_count(row), _count(column)) < 3 or _seems_shared_in_vain(column, labels, box):
        labels = _enlarged_labels(px, box)
        row = _better(row, _own_run(label_rows(labels, least=2), box))
        again = _own_run(label_columns(labels, least=2), box)
        column = again if again is not None and _run_worth(again, box) > NEAR_WORTH else _better(column, again)
    if _count(column) < 3 or any(stands(label) for label in column.labels):
        strip = Box(box.left - 0.35 * box.width, box.top - 0.1 * box.height, box.left + 2, box.bottom + 0.1 * box.height)
        labels = with_upright(labels, upright_labels(px, strip))
        column = _better(column, _own_run(label_columns(labels, least=2), box))
    if _count(row) < 3 and column is not None:
        labels = (*labels, *missed_numbers(px, column, labels))
        row = _better(row, _own_run(label_rows(labels, least=2), box))
    return _Scene(px, box, words, labels, row, column)


def _seems_shared_in_vain(column, labels, box):
    """Whether the column is that of another panel although numbers stand beside this box."""
    beside = Box(box.left - NEAR_SHARE * box.width, box.top, box.left, box.bottom)
    far = column.box.right < beside.left
    return far and sum(beside.contains(label.px, label.py) for label in labels) > 1


def _count(run):
    return 0 if run is None else len(run.labels)


def _enlarged_labels(px, box):
    """Numbers of a second reading of the plot alone, enlarged: lone digits are easily missed in the whole figure."""
    around = Box(box.left - 0.35 * box.width, box.top - 0.1 * box.height, box.right + 0.1 * box.width, box.bottom + 0.3 * box.height)
    scale = float(np.clip(_ENLARGED_PX / max(around.width, around.height), 1, 4))
    return number_labels(px, read_words(px, box=around, scale=scale))


def _better(run, again):
    """The second reading of a run of labels, unless it has fewer labels than the first."""
    return again if run is None or (again is not None and len(again.labels) >= len(run.labels)) else run


def _own_run(runs, box):
    """The run of labels that belongs to a box: most labels, nearest."""
    near = [(worth, index) for index, worth in enumerate(_run_worth(run, box) for run in runs) if worth > 0]
    return runs[max(near)[1]] if near else None


def _run_worth(run, box):
    if run.horizontal:
        first, last, distance, size = box.left, box.right, run.box.top - box.bottom, box.height
        length = box.width
    else:
        first, last, distance, size = box.top, box.bottom, box.left - run.box.right, box.width
        length = box.height
    inside = (run.place >= first - 0.06 * length) & (run.place <= last + 0.06 * length)
    if distance < -1.5 * run.height or inside.mean() < 0.99 or np.ptp(run.place) < _LEAST_SPAN * length:
        return 0.0
    counts = run.values[0] == 0 if run.horizontal else True
    own = NEAR_WORTH if counts and distance < NEAR_SHARE * size and len(run.labels) > 2 else 0
    return max(own + len(run.labels) - 4 * max(distance, 0) / size, 0.1 if distance < 3 * size else 0.0)


def _time_axis(scene, given):
    box, row = scene.box, scene.row
    ticks = scene.ticks[0] or find_ticks(scene.px, _lower_edges(scene), (box.top, box.bottom), (box.left, box.right))
    title = _time_title(scene)
    unit = time_unit(title)
    flags = () if unit else (Flag("time_unit_unknown", "time axis", f"The title reads {title!r}."),)
    if given is not None:
        given = given if isinstance(given, Axis) else _rising(given, "time axis")
        return _given_axis(given, ticks, (box.left, box.right), "time axis", title, unit, flags)
    axis, axis_flags = _fitted_axis(scene, row, ticks, (box.left, box.right), "time axis")
    refuse_far_start(axis, box)
    return replace(axis, title=title, unit=unit), axis_flags + flags


def _vertical_axis(scene, given):
    box, column = scene.box, scene.column
    ticks = scene.ticks[1] or find_ticks(turned(scene.px), _left_edges(scene), (box.left, box.right), (box.top, box.bottom))
    title = vertical_title(scene.px, scene.words, box, column.box.left if column is not None else box.left)
    if given is not None:
        from_top = given if isinstance(given, Axis) else _rising(given, "vertical axis")[::-1]
        return _given_axis(from_top, ticks, (box.top, box.bottom), "vertical axis", title, "", ())
    axis, flags = _fitted_axis(scene, column, ticks, (box.top, box.bottom), "vertical axis")
    return replace(axis, title=title), flags


def _left_edges(scene):
    """The line that may carry the tick marks of the vertical axis."""
    box, column = scene.box, scene.column
    axis = left_edge(scene.px, scene.row, column) if scene.row is not None and column is not None else None
    if axis is None:
        axis = find_edge(turned(scene.px), (box.left - 10, box.left + 6), (box.top, box.bottom))
    return [axis] if axis is not None else []


def _lower_edges(scene):
    """The lines that may carry the tick marks of the time axis: the axis line, and the line nearest to the labels."""
    px, box, row = scene.px, scene.box, scene.row
    axis = bottom_edge(px, row, scene.column) if row is not None and scene.column is not None else None
    if axis is None:
        axis = find_edge(px, (box.bottom + 10, box.bottom - 6), (box.left, box.right))
    edges = [axis]
    if row is not None:
        nearest = find_edge(px, (row.box.top + 0.3 * row.height, row.box.top - 3 * row.height), (row.place.min(), row.place.max()))
        edges += [nearest] if axis is None or nearest is None or nearest.outer != axis.outer else []
    return [edge for edge in edges if edge is not None]


def _time_title(scene):
    box, row = scene.box, scene.row
    bottom, height = (row.box.bottom, row.height) if row is not None else (box.bottom, 0.05 * box.height)
    return horizontal_title(scene.words, box, bottom, height)


def _fitted_axis(scene, run, ticks, ends, name):
    if run is None:
        raise AxisError(
            f"No tick labels were read along the {name} of the box at ({scene.box.left:.0f}, {scene.box.top:.0f}); "
            f"expected two or more numbers. {tell_logarithm(scene.labels)}Use a larger figure, or give --{'x' if name == 'time axis' else 'y'}-range MIN MAX."
        )
    fit = fit_ticks(run, ticks, ends)
    rejected, flags = _rejected_labels(scene, run, fit, name)
    flags += uneven_labels(scene.px, scene.labels, run, ends, name)
    if fit.residual_px > _LARGE_RESIDUAL_PX:
        flags += (Flag("axis_residual", name, f"{len(fit.place)} ticks lie {fit.residual_px:.2f} px from a straight scale (root mean square)."),)
    if len(fit.place) < 3:
        flags += (Flag("few_ticks", name, f"The ticks used read {', '.join(f'{value:g}' for value in fit.value)}."),)
    place = np.concatenate((fit.place, [at for at, _ in rejected]))
    value = np.concatenate((fit.value, [value for _, value in rejected]))
    used = np.arange(len(place)) < len(fit.place)
    order = np.argsort(place, kind="stable")
    confidence = round(float(min(1, 0.4 + 0.2 * len(run.labels)) / (1 + fit.residual_px**2)), 2)
    axis = Axis(
        place[order], value[order], fit.slope, fit.intercept, round(fit.residual_px, 4), used[order], confidence=min(confidence, 1.0)
    )
    return axis, flags


def _rejected_labels(scene, run, fit, name):
    """Labels that stand at a tick but say another value, after a second reading."""
    rejected, flags = [], ()
    spacing = abs(run.step / fit.slope)
    for label in scene.labels:
        at = label.px if run.horizontal else label.py
        if any(label is other for other in run.labels) or not in_line(label, run):
            continue
        expected = fit.intercept + fit.slope * at
        nearest = fit.value[np.abs(fit.value - expected).argmin()]
        if abs(fit.to_px(nearest) - at) > min(0.25 * spacing, run.height) or nearest in run.values:
            continue
        if not _says(_second_reading(scene.px, label.word.box, run.height), nearest):
            rejected.append((float(fit.to_px(nearest)), label.values[0]))
            flags += (Flag("tick_label_rejected", name, f"A label was read as {label.word.text!r} where {nearest:g} was expected."),)
    return rejected, flags


def _second_reading(px, box, height):
    margin = 0.15 * height
    return read_line(px, Box(box.left - margin, box.top - margin, box.right + margin, box.bottom + margin))


def _says(word, value):
    return any(abs(other - value) < 1e-9 for other in parse_number(word.text)[0])


def _rising(given, name):
    """Give a range as two numbers of which the second is the greater."""
    low, high = float(given[0]), float(given[1])
    if not (low < high and np.isfinite(high - low)):
        raise AxisError(f"The range given for the {name} is {low:g} to {high:g}; expected the lower value first, then a higher one.")
    return low, high


def _given_axis(given, ticks, ends, name, title, unit, flags):
    if isinstance(given, Axis):
        return replace(given, title=title, unit=unit), (Flag("axis_given", name, f"{len(given.tick_px)} ticks."), *flags)
    low, high = given
    marks = next((kind.place for kind in ticks if kind.kind != "grid" and len(kind.place) >= 2), np.array(ends))
    first, last = float(marks.min()), float(marks.max())
    if last - first < 0.5 * (ends[1] - ends[0]):
        first, last = ends
    slope = (high - low) / (last - first)
    axis = Axis([first, last], [low, high], slope, low - slope * first, 0.0, unit=unit, title=title)
    return axis, (Flag("axis_given", name, f"{min(low, high):g} to {max(low, high):g}."), *flags)


def _scale(scene, time, vertical):
    """Survival or incidence, probability or percent, from labels, title and ink."""
    top = vertical.tick_value[vertical.used].max()
    signs = "%" in vertical.title or (scene.column is not None and any(label.percent for label in scene.column.labels))
    says, sees = direction(vertical.title), curve_start(_without_words(scene), scene.box, time, vertical)
    if says == "hazard":
        return "incidence", ()
    percent = bool(top > 1.5)
    flags = ()
    if (says != sees and says and sees) or not (says or sees) or (percent and top <= 10 and not signs):
        seen = f"the curves seem to show {sees}" if sees else "the start of the curves is not clear"
        flags += (Flag("scale_assumed", "vertical axis", f"The title reads {vertical.title!r} and the labels end at {top:g}; {seen}."),)
    name = (says if is_plain(vertical.title) else sees or says) or sees or "survival"
    if name == "incidence":
        flags += (Flag("incidence", "vertical axis"),)
    if percent:
        flags += (Flag("percent", "vertical axis"),)
    return {"survival": ("survival", "percent"), "incidence": ("incidence", "incidence_percent")}[name][percent], flags


def _without_words(scene):
    """The picture with the words inside the box painted over in the colour of its ground, so that only curves are left."""
    if not scene.words:
        return scene.px
    px, box = scene.px.copy(), scene.box
    ground = _ground(px, box)
    for word in scene.words:
        if box.contains(word.box.left, word.box.centre[1]) and len(word.text) > 2:
            px[max(int(word.box.top), 0) : int(word.box.bottom) + 1, max(int(word.box.left), 0) : int(word.box.right) + 1] = ground
    return px


def curve_start(px, box, time, vertical):
    """Where the curves start, as ink shows: at one (survival) or at zero (incidence).

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
    time, vertical : Axis

    Returns
    -------
    {"survival", "incidence", ""}
        Empty where the ink tells nothing.
    """
    one = 100.0 if vertical.tick_value.max() > 1.5 else 1.0
    low, high = sorted(vertical.to_value([box.top, box.bottom]) / one)
    if high < 0.93:
        return "incidence" if low < 0.05 else ""
    if low > 0.07:
        return "survival"
    ground = _ground(px, box)
    at_one, at_zero = (_ink_near(px, box, time, float(vertical.to_px(level)), ground) for level in (one, 0.0))
    if max(at_one, at_zero) < 0.15 or min(at_one, at_zero) > 0.5 * max(at_one, at_zero):
        return ""
    return "survival" if at_one > at_zero else "incidence"


def _ground(px, box):
    """The median level of each colour channel inside a box, shape (3,)."""
    inside = px[int(box.top) + 1 : int(box.bottom), int(box.left) + 1 : int(box.right)]
    return np.array([np.median(np.ascontiguousarray(inside[..., channel])) for channel in range(3)])


def _ink_near(px, box, time, row, ground):
    """Share of the columns just after time 0 that have dark or coloured ink near a row, inside the box."""
    start = float(time.to_px(0.0))
    left = int(np.clip(start, box.left + 1, box.right - 10)) + 1
    right = int(min(left + max(0.03 * box.width, 6), box.right - 1))
    half = max(0.025 * box.height, 4)
    top, bottom = int(np.ceil(max(row - half, box.top + 1))), int(min(row + half, box.bottom - 1))
    if bottom <= top or right <= left:
        return 0.0
    across = px[top : bottom + 1, int(box.left) + 2 : int(box.right) - 1]
    through = (np.abs(across.astype(float) - ground).max(axis=2) > _DARK_LEVELS).mean(axis=1) > 0.9
    ink = np.abs(px[top : bottom + 1, left : right + 1].astype(float) - ground).max(axis=2) > _DARK_LEVELS
    return float(ink[~through].any(axis=0).mean()) if not through.all() else 0.0
