"""Which lines of text under a plotting box are the rows of a table of numbers at risk."""

import numpy as np

from ipdrecon.figure.at_risk.grid import Line, group_lines, is_tick_line, tick_spacing_px
from ipdrecon.figure.at_risk.text import kind_of, split_pieces

_INSIDE = 0.4  # share of the box's height, from below, in which a table may stand
_TALLEST = 1.55  # of the median; what is taller covers two rows
_LARGEST_GAP = 8.0  # between two rows, in text heights


def zone_words(words, box):
    """Words that may belong to the table of a box: from its lower part down, and not beyond its sides.

    Parameters
    ----------
    words : iterable of Word
    box : Box

    Returns
    -------
    tuple of Word
    """
    top, left = box.bottom - _INSIDE * box.height, box.left - 0.9 * box.width
    return tuple(
        word
        for word in words
        if not word.vertical
        and word.box.centre[1] > top
        and word.box.centre[0] > left
        and word.box.left < box.right + 0.1 * box.width
    )


def number_lines(words, box, time_axis):
    """Lines of the pieces that stand under the box.

    Parameters
    ----------
    words : iterable of Word
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
    tallest = _TALLEST * np.median([piece.box.height for piece in pieces]) if pieces else 0.0
    pieces = [piece for piece in pieces if piece.box.height <= tallest]
    return tuple(line for line in group_lines(pieces) if line.counts())


def find_headers(words, box):
    """Words that name a kind of number: ``"Number at risk"``, ``"Censored"``, ``"n.event"``.

    Parameters
    ----------
    words : iterable of Word
        Of the whole picture; where those near the box name nothing, those farther left do, for panels in one row.
    box : Box

    Returns
    -------
    tuple of tuple
        Pairs of `Word` and kind, from top to bottom; a header that the reader parted is one word.
    """
    top = box.bottom - _INSIDE * box.height
    far = [word for word in words if not word.vertical and word.box.centre[1] > top and word.box.left < box.right]
    for candidates in (zone_words(words, box), far):
        found = [(word, kind_of(word.text)) for word in candidates]
        found = [(word, kind) for word, kind in found if kind]
        if found:
            break
    return tuple(sorted(found, key=lambda pair: pair[0].box.centre[1]))


def choose_rows(lines, headers, time_axis):
    """Choose the lines that are rows of the table.

    The first row is the first line with several counts that neither rise like an axis nor are its labels; more follow
    until the axis labels are repeated, or the gap is too large.

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
    least = 2 if risk_header is not None else 3
    strong = [line for line in rows if is_row(line, least, rising=cumulative)]
    if risk_header is not None:
        below = [line for line in strong if line.py > risk_header.box.top - 1.2 * line.height]
        strong = below or strong
    if not strong:
        return ()
    return _follow(strong[0], rows, strong, ticks)


def is_row(line, least, *, rising=False):
    """Whether a line looks like a row of counts.

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
    if len(counts) < least or len(counts) < 0.7 * len(line.pieces):
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
