"""The chain from words to a table of numbers at risk.

The words of the picture are first grouped into lines; the lines that hold counts in columns under the box are the rows.
The columns are those of the ticks, or a regular grid of the table's own (SAS). Each cell is then looked up by its place,
and read once more by itself or with its row, so that a lost or misread digit shows.
"""

import re

from ipdrecon.figure.at_risk.check import settle_row
from ipdrecon.figure.at_risk.grid import find_columns, is_tick_line
from ipdrecon.figure.at_risk.labels import (
    complete_name,
    cut_labels,
    find_label_lines,
    name_rows,
    read_short_names,
    row_colour,
)
from ipdrecon.figure.at_risk.laws import around_boxes
from ipdrecon.figure.at_risk.level import find_slip, levelled
from ipdrecon.figure.at_risk.lines import (
    bracket_of,
    choose_rows,
    find_headers,
    number_lines,
    row_pitch,
    table_zones,
    zone_words,
)
from ipdrecon.figure.at_risk.read import keep_rows, part_tall_words, read_row_cells
from ipdrecon.figure.at_risk.rules import without_rules
from ipdrecon.figure.at_risk.table import NamedRow, assemble_table
from ipdrecon.figure.at_risk.text import kind_of
from ipdrecon.flags import Flag

_PERCENT = re.compile(r"%|percent", re.IGNORECASE)


def find_table(px, words, box, time_axis, *, others=()):
    """Find and read the table of numbers at risk of one plotting box.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word
        Of the whole picture.
    box : Box
        The plotting box.
    time_axis : Axis
        The horizontal axis.
    others : iterable of Box
        The figure's other plotting boxes.

    Returns
    -------
    PrintedTable or None
        None where the figure has no table.
    """
    words = part_tall_words(px, words, box)
    slip = find_slip(words, box, time_axis)
    if slip is not None:
        px, words = levelled(px, words, slip)
    tables = (_table_in(px, words, box, time_axis, zone) for zone in table_zones(box, others))
    return next((table for table in tables if table is not None), None)


def heading_flags(words, box, *, others=()):
    """A doubt where a heading names numbers at risk although no table was found.

    Parameters
    ----------
    words : iterable of Word
        Of the whole picture.
    box : Box
        The plotting box.
    others : iterable of Box
        The figure's other plotting boxes.

    Returns
    -------
    tuple of Flag
    """
    words = tuple(words)
    near = [word for zone in table_zones(box, others) for word in zone_words(words, box, zone)]
    heading = next((word for word in near if kind_of(word.text) == "risk" and not _PERCENT.search(word.text)), None)
    if heading is None:
        return ()
    detail = f"The heading {heading.text!r} stands there, but no rows of numbers were read."
    return (Flag("at_risk_missing_cell", "at-risk table", detail, around_boxes([heading.box])),)


def _table_in(px, words, box, time_axis, span):
    """The table that stands between two heights, if any."""
    zone = zone_words(words, box, span)
    headers = find_headers(words, box, span)
    lines = number_lines(zone, box, time_axis)
    rows = choose_rows(lines, headers, time_axis)
    columns = find_columns(rows, box, time_axis) if rows else None
    if columns is None:
        return None
    pitch, clean = row_pitch(rows), without_rules(px, rows)
    read = keep_rows([read_row_cells(clean, line, columns, pitch) for line in rows], columns, zone)
    if len({cell.column for row in read for cell in row.cells}) < 2:
        return None
    top = _table_top(lines, read, box, time_axis)
    titles = [word for word, _ in headers if word not in zone]
    named = _name(px, [*zone, *titles], read, box, top)
    settled = [
        NamedRow(settle_row(clean, row.cells), row.name, row.kind, row.colour) if row.kind == "risk" else row
        for row in named
    ]
    return assemble_table(settled, columns, bracket_of(zone, headers))


def _table_top(lines, rows, box, time_axis):
    """Height above which no label of the table stands: the axis labels, or a little above rows inside the box."""
    first = rows[0]
    if first.py < box.bottom:
        return first.py - 2.5 * first.strip.height
    ticks = [line.py + 0.5 * line.height for line in lines if is_tick_line(line, time_axis) and line.py < first.py]
    return max(ticks, default=box.bottom)


def _name(px, zone, rows, box, top):
    first = min(cell.column for row in rows for cell in row.cells)
    edge = min(cell.box.left for row in rows for cell in row.cells if cell.column == first)
    zone = cut_labels(px, zone, rows)
    labels = find_label_lines(zone, rows, edge, top)
    labels = [line for line in labels if not _is_axis_title(line, rows[0].py, edge, box)]
    names, kinds = name_rows(rows, labels, edge)
    far_left = box.left - 0.4 * box.width
    if any(names) and not any(line.kind and line.py > rows[0].py - 0.5 * rows[0].strip.height for line in labels):
        lefts = [min(cell.box.left for cell in row.cells) for row in rows]
        names = [
            complete_name(px, row, name, zone, (far_left, left))
            for row, name, left in zip(rows, names, lefts, strict=True)
        ]
    if len(rows) > 1 and not any(names) and set(kinds) == {"risk"} and rows[0].strip.top > box.bottom:
        names = read_short_names(px, rows, far_left)
    colours = [row_colour(px, row, edge, far_left) for row in rows]
    return [NamedRow(*parts) for parts in zip(rows, names, kinds, colours, strict=True)]


def _is_axis_title(line, first_row, edge, box):
    centred = abs(0.5 * (line.left + line.right) - box.centre[0]) < 0.15 * box.width
    return line.py < first_row and line.left > edge and centred and not line.kind
