"""Which lines of text under a plotting box are the rows of a table of numbers at risk."""

import numpy as np

from ipdrecon.figure.at_risk.grid import Line, group_lines, is_tick_line, tick_spacing_px
from ipdrecon.figure.at_risk.text import bracket_kind, is_bracket, kind_of, parse_count, split_pieces

_INSIDE = 0.4  # share of the box's height, from below, in which a table may stand
_ABOVE = 0.6  # share of the box's height, above it, in which a table may stand
_UNDER_HEADING = 2  # numbers that a row under a heading has at least
_MORE = 2.0  # how many times the numbers of the first rows later ones must have to go before them
_TALLEST = 1.55  # of the median; what is taller covers two rows
_MARK_HEIGHT = 0.7  # of the labels beside it; what is lower is a tick mark
_LARGEST_GAP = 8.0  # between two rows, in text heights


def table_zones(box, others=()):
    """Stretches of height in which a table may stand: from the lower part of its box down, else above the box.

    Parameters
    ----------
    box : Box
        The plotting box.
    others : iterable of Box
        The figure's other plotting boxes: what lies beyond one of them is its own, and so is what lies right under one.

    Returns
    -------
    tuple of tuple of float
        Top and bottom in px, the likeliest first.
    """
    near = [other for other in others if other.left < box.right and other.right > box.left]
    floor = min((other.top for other in near if other.top > box.bottom), default=np.inf)
    below = (box.bottom - _INSIDE * box.height, floor)
    if any(other.bottom < box.top for other in near):
        return (below,)
    return below, (box.top - _ABOVE * box.height, box.top)


def zone_words(words, box, zone):
    """Words that may belong to the table of a box: within a zone, and not beyond the box's sides.

    Parameters
    ----------
    words : iterable of Word
    box : Box
    zone : tuple of float
        Top and bottom in px, as `table_zones` gives them.

    Returns
    -------
    tuple of Word
    """
    left, right = box.left - 0.9 * box.width, box.right + 0.1 * box.width
    return tuple(word for word in _level_words(words, zone) if word.box.centre[0] > left and word.box.left < right)


def _level_words(words, zone):
    return [word for word in words if not word.vertical and zone[0] < word.box.centre[1] < zone[1]]


def number_lines(words, box, time_axis):
    """Lines of the pieces that stand under the box, or above it.

    Parameters
    ----------
    words : iterable of Word
        Of the zone of the table.
    box : Box
    time_axis : Axis

    Returns
    -------
    tuple of Line
        From top to bottom, only those with numbers.
    """
    spacing = min(tick_spacing_px(time_axis), 0.15 * box.width)
    start = min(float(time_axis.tick_px.min()), float(time_axis.to_px(0)))
    end = max(float(time_axis.tick_px.max()), box.right)
    pieces = [
        piece for piece in split_pieces(words) if start - 0.5 * spacing <= piece.box.centre[0] <= end + 0.3 * spacing
    ]
    pieces = [piece for piece in pieces if piece.box.right >= start or not _is_worded(piece)]
    tallest = _TALLEST * np.median([piece.box.height for piece in pieces]) if pieces else 0.0
    pieces = [piece for piece in pieces if piece.box.height <= tallest]
    lines = [line for line in group_lines(pieces) if line.counts()]
    labels = [line for line in lines if is_tick_line(line, time_axis)]
    return tuple(line for line in lines if not any(_are_marks(line, other) for other in labels))


def _is_worded(piece):
    """Whether a piece is no count but holds a letter: left of the axis it is the end of a row's label."""
    return any(letter.isalpha() for letter in piece.text) and parse_count(piece.text) is None


def _are_marks(line, labels):
    """Whether a line of ones is the tick marks above the labels of an axis: much lower than these, and close to them.

    The corner in which the axes meet may be read as another number.
    """
    close = 0 < labels.py - line.py < 1.5 * labels.height and line.height < _MARK_HEIGHT * labels.height
    ones = [count.n == 1 for _, count in line.counts()]
    return close and all(ones[1:]) and (ones[0] or len(ones) > 2)


def find_headers(words, box, zone):
    """Words that name a kind of number: ``"Number at risk"``, ``"Censored"``, ``"n.event"``.

    Parameters
    ----------
    words : iterable of Word
        Of the whole picture; where those near the box name nothing, those farther left do, for panels in one row.
    box : Box
    zone : tuple of float
        Top and bottom in px.

    Returns
    -------
    tuple of tuple
        Pairs of `Word` and kind, from top to bottom; a header that the reader parted is one word.
    """
    far = [word for word in _level_words(words, zone) if word.box.left < box.right]
    for candidates in (zone_words(words, box, zone), far):
        found = [(word, kind_of(word.text)) for word in candidates]
        found = [(word, kind) for word, kind in found if kind]
        if found:
            break
    return tuple(sorted(found, key=lambda pair: pair[0].box.centre[1]))


def bracket_of(words, headers):
    """Tell what the numbers in brackets are: what the header of the table says in brackets, on its line or the next.

    Parameters
    ----------
    words : iterable of Word
        Of the zone of the table.
    headers : tuple
        As `find_headers` gives them.

    Returns
    -------
    {"censored", "event", "percent", ""}
    """
    texts = []
    for header in (word for word, kind in headers if kind == "risk"):
        for word in words:
            below = word.box.centre[1] - header.box.centre[1]
            same, next_one = abs(below) < 0.6 * header.box.height, 0 < below < 1.8 * header.box.height
            if same or (next_one and is_bracket(word.text)):
                texts.append(word.text)
    return bracket_kind(" ".join(texts))


def choose_rows(lines, headers, time_axis):
    """Choose the lines that are rows of the table.

    The first row is the first line with several counts that neither rise like an axis nor are its labels; more follow
    until the axis labels are repeated, or the gap is too large. Rows farther down go before them if they have many more
    numbers: tick marks are easily read as a row of ones.

    Parameters
    ----------
    lines : tuple of Line
        As `number_lines` gives them.
    headers : tuple
        As `find_headers` gives them.
    time_axis : Axis

    Returns
    -------
    tuple of Line
        Empty where there is no table.
    """
    risk_header = next((word for word, kind in headers if kind == "risk"), None)
    cumulative = any(kind != "risk" for _, kind in headers)
    ticks = [line.py for line in lines if is_tick_line(line, time_axis)]
    rows = [line for line in lines if line.py not in ticks]
    least = _UNDER_HEADING if risk_header is not None else 3
    strong = [line for line in rows if is_row(line, least, rising=cumulative)]
    if risk_header is not None:
        below = [line for line in strong if line.py > risk_header.box.top - 1.2 * line.height]
        strong = below or strong
    chosen = ()
    for line in strong:
        if not chosen or line.py > chosen[-1].py:
            block = _follow(line, rows, strong, ticks)
            chosen = block if not chosen or _n_counts(block) >= _MORE * _n_counts(chosen) else chosen
    return chosen


def _n_counts(lines):
    return sum(len(line.counts()) for line in lines)


def is_row(line, least, *, rising=False):
    """Whether a line looks like a row of counts, which under a heading may be few after the words of a name.

    Parameters
    ----------
    line : Line
    least : int
        Least number of counts.
    rising : bool
        Whether counts may rise all along.

    Returns
    -------
    bool
    """
    counts = line.counts()
    name = sum(piece.box.left < counts[0][0].box.left for piece in line.pieces) if counts and least == _UNDER_HEADING else 0
    if len(counts) < least or len(counts) < 0.7 * (len(line.pieces) - name):
        return False
    n = np.array([count.n for _, count in counts])
    climbs = len(n) >= 3 and bool((np.diff(n) > 0).all())
    return rising or not climbs


def _follow(first, rows, strong, ticks):
    height = float(np.median([line.height for line in strong]))
    chosen = [first]
    for line in rows:
        if line.py <= chosen[-1].py:
            continue
        gap = line.py - chosen[-1].py
        if any(chosen[-1].py < py < line.py for py in ticks) or gap > _LARGEST_GAP * height:
            break
        if line in strong or gap <= 1.7 * _pitch(chosen, height):
            chosen.append(line)
    return tuple(chosen)


def _pitch(chosen, height):
    gaps = [after.py - before.py for before, after in zip(chosen, chosen[1:], strict=False)]
    return min(gaps, default=1.5 * height)


def row_pitch(rows):
    """Least distance between two rows in px; for one row its height.

    Parameters
    ----------
    rows : sequence of Line

    Returns
    -------
    float
    """
    return float(_pitch(list(rows), max((line.height for line in rows), default=0.0)))


def label_line(pieces):
    """Join pieces of one label line into a `Line`.

    Parameters
    ----------
    pieces : sequence of Piece

    Returns
    -------
    Line
    """
    pieces = sorted(pieces, key=lambda piece: piece.box.left)
    py = float(np.median([piece.box.centre[1] for piece in pieces]))
    return Line(py, float(np.median([piece.box.height for piece in pieces])), tuple(pieces))
