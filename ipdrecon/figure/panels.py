"""Find every plotting box of a figure by the numbers along its two axes."""

import re
from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import PanelError
from ipdrecon.figure.axis_doubts import tell_logarithm
from ipdrecon.figure.edges import coverage, extent, find_edge, find_edge_from_inside, find_marks_end, ink_beyond, turned
from ipdrecon.figure.labels import Label, LabelRun, label_columns, label_rows, number_labels
from ipdrecon.figure.missed_numbers import missed_numbers
from ipdrecon.figure.text import read_words
from ipdrecon.model import Box, Word

_FAR_SHARE = 3.0
_ACCESSORY_SHARE = 0.45
# a column this near (as a share of the panel's width) belongs to the panel, however many labels a farther one has
NEAR_SHARE = 0.35
NEAR_WORTH = 100
_SECOND_SCALE = 4.0
_LARGE_PX = 900
_LETTER = re.compile(r"^\(?([A-Ha-h])(?:[).:]|$|\s+\S)")


@dataclass(frozen=True)
class PanelBox:
    """The area of one plot in which its curves lie.

    Attributes
    ----------
    name : str
        The printed letter in upper case, else a number in reading order.
    box : Box
        Within the axis lines, in px.
    insets : tuple of Box
        Smaller plots within it, their labels included.
    """

    name: str
    box: Box
    insets: tuple = ()


@dataclass(frozen=True)
class _Plot:
    row: LabelRun
    column: LabelRun
    box: Box
    insets: tuple = ()

    @property
    def place(self):
        """Around the box and its labels."""
        left, right = min(self.box.left, self.column.box.left), max(self.box.right, self.row.box.right)
        return Box(left, min(self.box.top, self.column.box.top), right, max(self.box.bottom, self.row.box.bottom))


def find_panels(px, words):
    """Find the plotting boxes of a figure.

    A panel is a place where a row of numbers that count evenly to the right lies below a column of numbers that count
    evenly upwards, with axis lines, a frame or a coloured ground between them. Labels shared by several panels of a grid
    count for each of them.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word
        As `ipdrecon.figure.text.read_words` gives them.

    Returns
    -------
    tuple of PanelBox
        In reading order.

    Raises
    ------
    PanelError
        When there is none.
    """
    words = tuple(words)
    labels = number_labels(px, words)
    if sum(stands(label) or _lies(label) for label in labels) > 1:
        labels = with_upright(labels, upright_labels(px))
    plots = _plots(px, labels, 3)
    if not plots and words:
        labels = with_upright(labels, upright_labels(px))
        plots = _plots(px, labels, 3) or _plots(px, _with_missed(px, labels), 3) or _plots(px, labels, 2)
    if not plots and words and max(px.shape[:2]) < _LARGE_PX:
        plots = _plots(px, number_labels(px, read_words(px, scale=_SECOND_SCALE)), 3)
    if not plots:
        rows, columns = label_rows(labels), label_columns(labels)
        raise PanelError(
            f"No plotting box was found: {len(words)} words, {len(rows)} rows and {len(columns)} columns of evenly counting "
            f"numbers were read; expected a row of tick labels below a box and a column beside it. {tell_logarithm(labels)}"
            "Crop the figure to its plot, use a larger version of it, or give --x-range and --y-range."
        )
    plots = _reading_order(plots)
    names = _names([plot.box for plot in plots], words)
    return tuple(PanelBox(name, plot.box, plot.insets) for name, plot in zip(names, plots, strict=True))


def _with_missed(px, labels):
    """Labels, and those under each column that were passed over."""
    return (*labels, *(label for column in label_columns(labels) for label in missed_numbers(px, column, labels)))


def plot_boxes(px, words):
    """The plotting boxes of a picture whose words are known, without looking again where there is none.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word

    Returns
    -------
    tuple of Box
    """
    labels = number_labels(px, tuple(words))
    return tuple(plot.box for plot in _plots(px, labels, 3) or _plots(px, labels, 2))


def stands(label):
    """Whether a number of several characters is taller than wide: it is printed upwards."""
    return len(label.word.text) > 1 and label.word.box.height > 1.15 * label.word.box.width


def _lies(label):
    """Whether a lone digit is wider than tall: it is one of a number that is printed upwards, sign by sign."""
    return len(label.word.text) == 1 and label.word.box.width > 1.3 * label.word.box.height


def with_upright(labels, upright):
    """Labels, those printed upwards replaced by their reading from the turned picture.

    Parameters
    ----------
    labels : tuple of Label
    upright : tuple of Label
        From `upright_labels`.

    Returns
    -------
    tuple of Label
    """
    upright = tuple(label for label in upright if stands(label))
    kept = [label for label in labels if not any(other.word.box.contains(label.px, label.py) for other in upright)]
    return (*kept, *upright)


def upright_labels(px, box=None):
    """Numbers printed upwards, read from the picture turned by a quarter.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box, optional
        The part to read.

    Returns
    -------
    tuple of Label
        In px of the whole picture.
    """
    left, top = (0, 0) if box is None else (max(int(box.left), 0), max(int(box.top), 0))
    part = px if box is None else px[top : int(box.bottom) + 1, left : int(box.right) + 1]
    if min(part.shape[:2]) < 3:
        return ()
    quarter = np.ascontiguousarray(np.rot90(part, -1))
    lying = number_labels(quarter, [word for word in read_words(quarter, lying=True) if not word.vertical])
    return tuple(_stood_up(label, left, top + part.shape[0] - 1) for label in lying)


def _stood_up(label, left, last):
    """A label of a picture turned by a quarter, where it stands in one whose first column and last row are given."""
    word, box = label.word, label.word.box
    box = Box(left + box.top, last - box.right, left + box.bottom, last - box.left)
    return Label(label.values, label.percent, *box.centre, Word(word.text, box, word.confidence, True))


def _plots(px, labels, least):
    rows, columns = label_rows(labels, least=least), label_columns(labels, least=least)
    pairs = [(row, column) for row in rows for column in columns if _faces(row, column)]
    plots = []
    for row, column in pairs:
        if _nearest_row(row, column, pairs) and _nearest_column(row, column, pairs):
            box = _box_of(px, row, column)
            if box is not None:
                plots.append(_Plot(row, column, _above_table(box, column, labels)))
    kept = _without_accessories(_without_overlaps(plots))
    return [replace(plot, box=_beside_others(px, plot, kept)) for plot in kept]


def _faces(row, column):
    """Whether the row lies below and to the right of the column."""
    right_of = column.box.right <= row.place.min() + 1.5 * row.height
    return right_of and column.place.max() <= row.box.top + column.height


def _nearest_row(row, column, pairs):
    rivals = [other for other, its in pairs if its is column and _share(row.box.left, row.box.right, other.box.left, other.box.right) > 0.5]
    return max(rivals, key=lambda other: _row_worth(other, column)) is row


def _nearest_column(row, column, pairs):
    rivals = [other for its, other in pairs if its is row and _share(column.box.top, column.box.bottom, other.box.top, other.box.bottom) > 0.5]
    return max(rivals, key=lambda other: _column_worth(row, other)) is column


def _row_worth(row, column):
    distance = max(row.box.top - column.place.max(), 0)
    return len(row.labels) - _FAR_SHARE * distance / max(np.ptp(column.place), 1)


def _column_worth(row, column):
    distance = max(row.place.min() - column.box.right, 0) / max(np.ptp(row.place), 1)
    own = NEAR_WORTH if distance < NEAR_SHARE and len(column.labels) > 2 else 0
    return len(column.labels) + own - _FAR_SHARE * distance


def _share(a, b, c, d):
    """Overlap of two intervals as a share of the shorter."""
    return (min(b, d) - max(a, c)) / max(min(b - a, d - c), 1e-9)


def _box_of(px, row, column):
    """The box between a row and a column of labels, or None where nothing is drawn there."""
    bottom = bottom_edge(px, row, column)
    left = left_edge(px, row, column)
    few = min(len(row.labels), len(column.labels)) < 3
    if (bottom is None and left is None) or (few and (bottom is None or left is None)):
        return None
    x0, x1, y0, y1 = row.place.min(), row.place.max(), _foot(row, column), column.place.min()
    right, top = x1 + 0.04 * (x1 - x0), y1 - 0.04 * (y0 - y1)
    if bottom is not None:
        reach = extent(px, bottom, (x0, x1))
        right = _frame_opposite(turned(px), bottom, reach, (y1, y0)) or _open_right(px, max(reach[1], x1 + 0.02 * (y0 - y1)), row, column)
    if left is not None:
        reach = extent(turned(px), left, (y1, y0))
        top = _frame_opposite(px, left, reach, (x0, x1)) or _open_top(px, min(reach[0], y1 - 0.02 * (x1 - x0)), row, column)
    return Box(
        float(left.border if left is not None else max(column.box.right + 1, x0 - 0.04 * (x1 - x0))),
        float(max(top, 0)),
        float(min(right, px.shape[1] - 1)),
        float(bottom.border if bottom is not None else y0 + 0.04 * (y0 - y1)),
    )


def bottom_edge(px, row, column):
    """The lower axis line of the box between a row and a column of labels, or the end of tick marks without a line.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    row, column : LabelRun

    Returns
    -------
    Edge or None
    """
    y0 = _foot(row, column)
    height, top = y0 - column.place.min(), np.median([label.word.box.top for label in row.labels])
    columns, last = (row.place.min(), row.place.max()), y0 - 0.6 * column.height
    if top - y0 > 0.5 * height and len(column.labels) > 2:
        return find_edge_from_inside(px, (y0 + max(0.12 * height, row.height), last), columns)
    edge = find_edge(px, (top + 0.3 * row.height, last), columns)
    return edge or find_marks_end(px, (top + 0.3 * row.height, last), row.place, row.height, y0)


def _foot(row, column):
    """Where the lowest label of a column stands, or would stand: one that was not read may lie on its scale, from zero up, above the row."""
    lowest, top = min(column.values), np.median([label.word.box.top for label in row.labels])
    steps = np.floor(lowest / column.step + 1e-6) if len(column.labels) > 2 else 0
    below = column.to_px(lowest - column.step * np.arange(max(steps, 0) + 1))
    return float(below[below <= max(top, below[0])].max())


def left_edge(px, row, column):
    """The left axis line, in px of the turned picture; otherwise as `bottom_edge`."""
    x0, width = row.place.min(), np.ptp(row.place)
    rows, last = (column.place.min(), column.place.max()), x0 + 0.6 * row.height
    if x0 - column.box.right > 0.5 * width and len(row.labels) > 2:
        reach = max(0.12 * width, column.height, 1.08 * np.diff(np.sort(row.place)).min())
        return find_edge_from_inside(turned(px), (x0 - reach, last), rows)
    columns = column.box.right - 1.2 * column.height, last
    return find_edge(turned(px), columns, rows) or find_marks_end(turned(px), columns, column.place, column.height, x0)


def _frame_opposite(px, axis, reach, columns):
    """The border of the box opposite an axis where a frame is drawn; None where there is none.

    `axis` runs towards the border looked for, over `reach`; `px` is turned so that the border is horizontal.
    """
    end, outwards = (reach[1], 1) if axis.inwards < 0 else (reach[0], -1)
    begin, last = end + outwards * 8, end - outwards * 12
    while (last - begin) * outwards < -2:
        edge = find_edge(px, (begin, last), columns)
        if edge is None:
            return None
        if coverage(px, edge, columns) > 0.95:
            return edge.border
        begin = edge.inner - outwards
    return None


def _open_right(px, end, row, column):
    """Where a box without a frame ends on the right: with its axis line, or with curves that go on beyond that."""
    return ink_beyond(turned(px), end, (column.place.min(), column.place.max()), np.ptp(row.place))


def _open_top(px, end, row, column):
    """Where a box without a frame ends at the top; a plateau, not the letters of a title, shows a curve beyond the axis line."""
    last, columns = px.shape[0] - 1, (row.place.min() + column.height, row.place.max())
    plateau = max(2.0 * column.height, 0.03 * np.ptp(row.place))
    return last - ink_beyond(px[::-1], last - end, columns, np.ptp(column.place), least_run_px=plateau)


def _above_table(box, column, labels):
    """The box without the numbers that some programs print inside the frame, below survival zero."""
    zero = column.to_px(0.0)
    if min(column.values) != 0 or zero > box.bottom - 2 * column.height:
        return box
    below = [label.word.box.top for label in labels if box.contains(label.px, label.py) and label.py > zero + 0.4 * column.height]
    return replace(box, bottom=float(max(min(below) - 1, zero + 3))) if below else box


def _without_overlaps(plots):
    """Of plots that cover each other, the one around the other's labels as well, else the one with more labels."""
    plots = [plot for plot in plots if plot.box.width > 20 and plot.box.height > 20]
    inner = [plot for plot in plots if any(_is_inset(plot, other) for other in plots)]
    kept = []
    for plot in sorted(plots, key=lambda plot: (plot in inner, -len(plot.row.labels) - len(plot.column.labels))):
        if not any(_covers(plot.box, other.box) for other in kept):
            kept.append(plot)
    return [replace(plot, insets=tuple(one.place for one in inner if _is_inset(one, plot))) for plot in kept]


def _is_inset(plot, other):
    """Whether a plot stands with all its labels within another one, of which it fills less than half."""
    place, box = plot.place, other.box
    within = box.left < place.left and place.right < box.right and box.top < place.top and place.bottom < box.bottom
    return within and plot.box.width * plot.box.height < 0.5 * box.width * box.height


def _beside_others(px, plot, plots):
    """The box, ended before its right neighbour where a line runs through both."""
    box = plot.box
    for other in (other.box for other in plots if other is not plot):
        if _share(box.top, box.bottom, other.top, other.bottom) > 0.5 and box.left < other.left < box.right:
            gap = other.left - max(4, 0.012 * box.width)
            edge = find_edge(turned(px), (gap, plot.row.place.max() + 2), (plot.column.place.min(), plot.column.place.max()))
            box = replace(box, right=float(edge.border if edge is not None else gap))
    return box


def _covers(one, other):
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0 and down > 0 and across * down > 0.3 * min(one.width * one.height, other.width * other.height)


def _without_accessories(plots):
    """Without the low strips (counts of censorings, and the like) that accompany a plot of the same width."""
    tallest = max((plot.box.height for plot in plots), default=0)
    return [plot for plot in plots if plot.box.height >= _ACCESSORY_SHARE * tallest]


def _reading_order(plots):
    bands = []
    for plot in sorted(plots, key=lambda plot: plot.box.centre[1]):
        if bands and _share(plot.box.top, plot.box.bottom, bands[-1][0].box.top, bands[-1][0].box.bottom) > 0.5:
            bands[-1].append(plot)
        else:
            bands.append([plot])
    return [plot for band in bands for plot in sorted(band, key=lambda plot: plot.box.left)]


def _names(boxes, words):
    """Printed letters; where one is missing or read twice, its place in the alphabet if most of the others keep to it."""
    read = [_letter(box, boxes, words) for box in boxes]
    if len(boxes) == 1:
        return [read[0] or "1"]
    expected = [chr(ord("A") + index) for index in range(len(boxes))]
    agree = sum(one == other for one, other in zip(read, expected, strict=True))
    if agree >= max(2, len(boxes) / 2) or (agree and not any(one and one != other for one, other in zip(read, expected, strict=True))):
        return expected
    if all(read) and len(set(read)) == len(read):
        return read
    return [str(index + 1) for index in range(len(boxes))]


def _letter(box, boxes, words):
    """The letter printed near the upper left corner of a box, nearest first; empty where there is none."""
    found = []
    for word in words:
        letter = _LETTER.match(word.text)
        if letter and not word.vertical and _is_tag(word, box, boxes):
            found.append((abs(word.box.left - box.left) + abs(word.box.bottom - box.top), letter[1].upper()))
    return min(found)[1] if found else ""


def _is_tag(word, box, boxes):
    near_left = box.left - 0.4 * box.width <= word.box.left <= box.left + 0.1 * box.width
    above = box.top - 0.35 * box.height <= word.box.centre[1] <= box.top + 0.12 * box.height
    within = any(other.contains(*word.box.centre) for other in boxes if other is not box)
    return near_left and above and not within
