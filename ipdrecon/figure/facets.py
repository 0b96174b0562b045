"""One comparison drawn apart: panels that share their axes and hold one curve each, told apart by their titles."""

import re
from dataclasses import replace

import numpy as np

from ipdrecon.figure.around import around
from ipdrecon.figure.text import read_words
from ipdrecon.figure.titles import direction
from ipdrecon.flags import Flag
from ipdrecon.model import AtRiskTable, Box, Facet

_ALIKE_SHARE = 0.03
_STRIP_SHARE = 0.3
_TITLE_CONFIDENCE = 0.9


def join_facets(px, panels, words):
    """Join facets into one panel ``"1"`` whose arms are named by the facets' titles.

    Facets carry no letters, are of one size, share the range of both axes, hold one curve each, and each has a title of
    its own that does not name an endpoint.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    panels : tuple of DigitisedPanel
        All panels of a figure.
    words : iterable of Word

    Returns
    -------
    tuple of DigitisedPanel
        The panels as they are where they are no facets.
    """
    if len(panels) < 2 or not all(panel.panel.isdigit() and len(panel.curves) == 1 for panel in panels):
        return panels
    if not all(_alike(panels[0], panel) for panel in panels) or not _tables_join(panels):
        return panels
    titles = _titles(px, [panel.box for panel in panels], tuple(words))
    titles = titles if all(titles) else _titles(px, [_below_strip(panel) for panel in panels], tuple(words))
    if not all(titles) or len(set(titles)) < len(titles) or any(direction(title) == "survival" for title in titles):
        return panels
    named = [panel.looks[0].matched_by == "given" for panel in panels]
    return (_joined([panel if own else _renamed(panel, title) for panel, title, own in zip(panels, titles, named, strict=True)]),)


def _alike(one, other):
    """Whether two panels have boxes of one size, one scale and one range of both axes."""
    if one.calibration.scale != other.calibration.scale:
        return False
    sizes = (one.box.width / other.box.width, one.box.height / other.box.height)
    return all(abs(size - 1) < _ALIKE_SHARE for size in sizes) and _overlap(_ranges(one), _ranges(other))


def _ranges(panel):
    """Values at the borders of a panel's box: first and last of the time axis, then of the vertical axis."""
    box, calibration = panel.box, panel.calibration
    return np.array([calibration.time.to_value([box.left, box.right]), calibration.vertical.to_value([box.bottom, box.top])])


def _overlap(ours, theirs):
    return bool((np.abs(ours - theirs) < _ALIKE_SHARE * np.ptp(ours, axis=1, keepdims=True)).all())


def _tables_join(panels):
    """Whether no panel has a table, or each has one row at the same times."""
    tables = [panel.at_risk for panel in panels]
    if all(table is None for table in tables):
        return True
    if any(table is None or len(table.arms) != 1 for table in tables):
        return False
    return all(np.array_equal(tables[0].time, table.time) for table in tables)


# --- titles ----------------------------------------------------------------------------------------------------------


def _titles(px, boxes, words):
    """The title of each box: above it, or of its column and of its row."""
    words = tuple(word for word in words if not any(box.contains(*word.box.centre) for box in boxes))
    above = [_title_above(box, boxes, words) for box in boxes]
    if all(above):
        return above
    titles = []
    for box in boxes:
        column = [(other.top, title) for other, title in zip(boxes, above, strict=True) if _same(box.left, other.left, box.width) and title]
        last = max((other for other in boxes if _same(box.top, other.top, box.height)), key=lambda other: other.right)
        row = _title_beside(px, last)
        titles.append(" | ".join(part for part in (row, min(column)[1] if column else "") if part))
    return titles


def _below_strip(panel):
    """The box of a panel from its highest tick down: a strip with its title may have been taken for a part of it."""
    return replace(panel.box, top=max(panel.box.top, float(panel.calibration.vertical.tick_px.min())))


def _same(place, other, size):
    return abs(place - other) < _ALIKE_SHARE * size


def _title_above(box, boxes, words):
    """The line of text nearest above a box; nothing that lies on the other side of another box counts."""
    over = [other.bottom for other in boxes if other.bottom <= box.top and min(other.right, box.right) > max(other.left, box.left)]
    begin = max([box.top - _STRIP_SHARE * box.height, *over])
    strip = Box(box.left, begin, box.right, box.top)
    near = [word for word in words if not word.vertical and strip.contains(*word.box.centre) and re.search(r"\w", word.text)]
    if not near:
        return ""
    lowest = max(near, key=lambda word: word.box.bottom).box
    line = [word for word in near if abs(word.box.centre[1] - lowest.centre[1]) < 0.5 * lowest.height]
    return " ".join(word.text for word in sorted(line, key=lambda word: word.box.left))


def _title_beside(px, box):
    """Text printed downwards just right of a box."""
    left, right = int(box.right) + 2, int(box.right + max(0.12 * box.width, 24))
    crop = px[int(box.top) : int(box.bottom) + 1, left:right]
    if min(crop.shape[:2]) < 8:
        return ""
    return " ".join(word.text for word in read_words(np.ascontiguousarray(np.rot90(crop))) if re.search(r"\w", word.text))


# --- joining ---------------------------------------------------------------------------------------------------------


def _renamed(panel, title):
    """A facet whose arm has the facet's title."""
    curve, look, table = panel.curves[0], panel.looks[0], panel.at_risk
    flags = tuple(_of_arm(flag, curve.arm, title) for flag in panel.flags if flag.name != "arm_unnamed")
    kept = (flag for flag in curve.flags if flag.name != "arm_name_doubtful")
    curve = replace(curve, arm=title, flags=tuple(_of_arm(flag, curve.arm, title) for flag in kept))
    table = table and replace(table, arms=(title,), flags=tuple(_of_arm(flag, look.label, title) for flag in table.flags))
    return replace(panel, curves=(curve,), looks=(replace(look, label=title, matched_by="facet", confidence=_TITLE_CONFIDENCE),), at_risk=table, flags=flags)


def _of_arm(flag, name, title):
    return replace(flag, place=f"arm {title!r}") if flag.place == f"arm {name!r}" else flag


def _joined(panels):
    first = panels[0]
    detail = f"{len(panels)} facets: {', '.join(panel.curves[0].arm for panel in panels)}."
    flags = dict.fromkeys((Flag("facets", "panel", detail), *(flag for panel in panels for flag in panel.flags)))
    return replace(
        first,
        panel="1",
        box=around([panel.box for panel in panels]),
        curves=tuple(panel.curves[0] for panel in panels),
        looks=tuple(panel.looks[0] for panel in panels),
        at_risk=_joined_tables([panel.at_risk for panel in panels]),
        cells=tuple(cell for panel in panels for cell in panel.cells),
        flags=tuple(flags),
        box_confidence=min(panel.box_confidence for panel in panels),
        facets=tuple(Facet(panel.curves[0].arm, panel.box, panel.calibration) for panel in panels),
    )


def _joined_tables(tables):
    if tables[0] is None:
        return None
    counts = {
        name: np.vstack([getattr(table, name) for table in tables])
        for name in ("n_risk", "n_censored", "n_event")
        if all(getattr(table, name) is not None for table in tables)
    }
    return AtRiskTable(
        arms=[table.arms[0] for table in tables],
        time=tables[0].time,
        **counts,
        confidence=min(table.confidence for table in tables),
        flags=tuple(flag for table in tables for flag in table.flags),
    )
