"""What the labels and titles of the axes say against a plain Kaplan-Meier plot: logarithms, breaks, dates, other quantities."""

import re

import numpy as np

from ipdrecon.errors import AxisError
from ipdrecon.figure.labels import label_groups, parse_number
from ipdrecon.figure.text import read_line
from ipdrecon.figure.titles import time_unit
from ipdrecon.flags import Flag
from ipdrecon.model import Box

_FAR_START = 0.4
_UNREAD_TICKS = 2.5
_LEAST_LOG_LABELS = 3
# share of the spacing of two ticks by which a label must miss its place: less may be the reader's box
_OFF_SHARE = 0.35
# half of a broken axis may pass for the whole: labels so far beyond its ends are compared
_BEYOND_SHARE = 0.6
_STRANGE_VERTICAL = re.compile(
    r"hazard|nelson|aalen|\blog(?![- ]?rank)|\bln\b|densit|sensitivit|specificit|true.?positive|\bauc\b|c-(index|statistic)|concordance|"
    r"net.?benefit|brier|differen|change|\bmean\b|\bodds\b|\bratio\b|^observed|condition(al|ed)|stacked|^(number|frequency|count)\b(?!.*at risk)|"
    r"\bper\s+(1[, ]?0*|person|patient)",
    re.I,
)
_STRANGE_TIME = re.compile(
    r"specificit|sensitivit|false.?positive|(hazard|odds|risk|rate).?ratio|predicted|threshold|\blog\b|\bln\b|^(attained )?age\b ?($|\(|,|in\b)|"
    r"calendar|^(date|year of)\b",
    re.I,
)


def axis_doubts(time, vertical, scale):
    """Flags where titles or values of the axes do not fit a Kaplan-Meier plot.

    Parameters
    ----------
    time, vertical : Axis
        As read, with their titles.
    scale : str
        As `Calibration` names it.

    Returns
    -------
    tuple of Flag
    """
    found = []
    if _STRANGE_VERTICAL.search(vertical.title):
        found.append(("vertical axis", f"Its title reads {vertical.title!r}."))
    values = vertical.tick_value[vertical.used]
    if values.min() < 0:
        found.append(("vertical axis", f"Its labels go down to {values.min():g}; a probability is never negative."))
    if scale == "incidence" and values.max() > 1.05:
        found.append(("vertical axis", f"Its labels go up to {values.max():g} and the curves start at 0; a probability never passes 1."))
    if not time.unit and _STRANGE_TIME.search(time.title):
        found.append(("time axis", f"Its title reads {time.title!r}."))
    elif _spans_one(time) and _spans_one(vertical) and _names_no_time(time.title):
        found.append(("time axis", f"Both axes run from 0 to 1, and the title {time.title!r} names no time."))
    return tuple(Flag("not_kaplan_meier", *one) for one in found)


def _names_no_time(title):
    return bool(title and not time_unit(title) and not re.search("time|follow", title, re.I))


def _spans_one(axis):
    values = axis.tick_value[axis.used]
    return bool(values.min() == 0 and values.max() == 1)


def refuse_far_start(time, box):
    """Refuse a horizontal axis that begins far from zero: dates, ages and logarithms of time are no time since entry.

    A first label or two may have been passed over, and a line within the plot taken for its side.

    Parameters
    ----------
    time : Axis
    box : Box
        The plotting box.

    Raises
    ------
    AxisError
    """
    first, last = time.to_value(box.left), time.to_value(box.right)
    ticks = time.tick_value[time.used]
    if first > _FAR_START * (last - first) and ticks.min() > _UNREAD_TICKS * np.abs(np.diff(ticks)).min():
        raise AxisError(
            f"The horizontal axis of the box at ({box.left:.0f}, {box.top:.0f}) runs from {first:.4g} to {last:.4g}, as dates or ages do; "
            "the time axis of a Kaplan-Meier plot begins at or near 0. Give --x-range MIN MAX if the labels were misread."
        )


def with_doubts(error, flags):
    """An error that also says what the axes say against a Kaplan-Meier plot.

    Parameters
    ----------
    error : IpdreconError
    flags : sequence of Flag
        Of the axes.

    Returns
    -------
    IpdreconError
        Of the same kind.
    """
    told = [str(flag) for flag in flags if flag.name in ("not_kaplan_meier", "log_axis", "broken_axis")]
    return type(error)(" ".join((str(error), *told)))


def grows_by_factors(place, value):
    """Whether values follow their places by equal factors and not by equal steps: a logarithmic axis.

    Parameters
    ----------
    place : array_like, shape (n_labels,)
        In px.
    value : array_like, shape (n_labels,)

    Returns
    -------
    bool

    Examples
    --------
    >>> grows_by_factors([10, 110, 210], [1, 10, 100]), grows_by_factors([10, 110, 210], [1, 2, 3])
    (True, False)
    """
    place, value = np.asarray(place, float), np.asarray(value, float)
    if len(place) < _LEAST_LOG_LABELS or value.min() <= 0 or np.ptp(place) == 0:
        return False
    even, factors = (_misfit(place, scaled) for scaled in (value, np.log(value)))
    return bool(factors < 0.012 and even > 3 * factors and even > 0.02)


def tell_logarithm(labels):
    """A sentence on the first row or column of labels that grows by equal factors.

    Parameters
    ----------
    labels : sequence of Label

    Returns
    -------
    str
        Empty where there is none.
    """
    for row in (True, False):
        for group in label_groups(labels, row=row):
            value = [label.values[0] for label in group]
            if grows_by_factors([label.px if row else -label.py for label in group], value):
                return f"The labels {', '.join(f'{one:g}' for one in value)} grow by equal factors: a logarithmic axis is not read. "
    return ""


def _misfit(place, value):
    """Root mean square distance of places from a straight scale, as a share of their span."""
    if np.ptp(value) == 0:
        return np.inf
    return float(np.sqrt(np.mean((np.polyval(np.polyfit(value, place, 1), value) - place) ** 2)) / np.ptp(place))


def uneven_labels(px, labels, run, ends, name):
    """Flag labels that stand in line and in order with a run but off its straight scale: a logarithmic or broken axis.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    labels : iterable of Label
        All numbers of the figure.
    run : LabelRun
    ends : tuple of float
        First and last px of the axis.
    name : str
        Of the axis.

    Returns
    -------
    tuple of Flag
    """
    strangers = [label for label in labels if _contradicts(label, run, ends) and _read_again(px, label, run.height)]
    if not strangers:
        return ()
    place = np.concatenate((run.place, [_along(label, run) for label in strangers]))
    value = np.concatenate((run.values, [label.values[0] for label in strangers]))
    order = np.argsort(place)
    told = ", ".join(f"{one:g}" for one in value[order])
    kind = "log_axis" if grows_by_factors(place, value) else "broken_axis"
    return (Flag(kind, name, f"Its labels read {told}.", _around([*run.labels, *strangers])),)


def _around(labels):
    boxes = [label.word.box for label in labels]
    return min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes), max(box.bottom for box in boxes)


def _along(label, run):
    return label.px if run.horizontal else label.py


def in_line(label, run):
    """Whether a label stands in the row or column of a run.

    Parameters
    ----------
    label : Label
    run : LabelRun

    Returns
    -------
    bool
    """
    across = label.py if run.horizontal else label.px
    centres = [other.py if run.horizontal else other.px for other in run.labels]
    return abs(across - np.median(centres)) <= run.height * (0.5 if run.horizontal else 1.5)


def _contradicts(label, run, ends):
    if any(label is other for other in run.labels) or not in_line(label, run) or label.word.confidence < 0.6:
        return False
    at, reach = _along(label, run), _BEYOND_SHARE * (ends[1] - ends[0])
    if not ends[0] - reach <= at <= ends[1] + reach or np.abs(run.place - at).min() < run.height:
        return False
    if _is_whole(run) and not ends[0] <= at <= ends[1]:
        return False
    off = np.abs(run.to_px(label.values) - at)
    least = max(0.75 * run.height, _OFF_SHARE * abs(run.step / run.slope))
    return bool(off.min() > least and _in_order(at, label.values[0], run))


def _is_whole(run):
    """Whether a vertical run has all values of a probability: numbers beyond it are a table's."""
    return not run.horizontal and min(run.values) == 0 and max(run.values) in (1, 100)


def _in_order(at, value, run):
    """Whether a value grows with the place among those of a run; the same value twice is no order."""
    towards = np.sign(run.slope)
    return bool((np.sign(value - np.array(run.values)) == towards * np.sign(at - run.place)).all())


def _read_again(px, label, height):
    margin, box = 0.15 * height, label.word.box
    again = read_line(px, Box(box.left - margin, box.top - margin, box.right + margin, box.bottom + margin))
    return label.values[0] in parse_number(again.text)[0][:1]
