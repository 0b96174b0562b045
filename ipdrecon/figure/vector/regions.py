"""The part of a page that holds a figure, without the prose and the empty paper around it."""

import numpy as np

from ipdrecon.figure.vector.words import box_in_px
from ipdrecon.model import Box

_WHOLE_SHARE = 0.12
_AROUND = (0.75, 0.4, 0.75, 1.6)
_INK_LEVELS = 60
_MARGIN_PX = 24


def region_of(boxes, page, is_written):
    """Around plots and what belongs to them: the whole page where nothing but a figure is on it.

    Parameters
    ----------
    boxes : sequence of Box
        Of the plots.
    page : Box
    is_written : bool
        Whether there is prose on the page, or another figure.

    Returns
    -------
    Box
    """
    left, top = (min(getattr(box, side) for box in boxes) for side in ("left", "top"))
    right, bottom = (max(getattr(box, side) for box in boxes) for side in ("right", "bottom"))
    width, height = max(box.width for box in boxes), max(box.height for box in boxes)
    if not is_written and (right - left) * (bottom - top) > _WHOLE_SHARE * page.width * page.height:
        return page
    sides = np.array(_AROUND) * (width, height, width, height)
    return Box(
        max(left - sides[0], 0.0), max(top - sides[1], 0.0), min(right + sides[2], page.right), min(bottom + sides[3], page.bottom)
    )


def inked(px, rows, columns):
    """A part of a page without the empty paper around its ink.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
        The page.
    rows, columns : tuple of int
        Of the part: the first, and the one after the last.

    Returns
    -------
    list of tuple of int
        Rows and columns that are left.
    """
    part = px[slice(*rows), slice(*columns)]
    ink = np.abs(part.astype(np.int16) - np.median(part[::8, ::8].reshape(-1, 3), axis=0).astype(np.int16)).max(axis=2) > _INK_LEVELS
    found = []
    for (first, last), along in ((rows, ink.any(axis=1)), (columns, ink.any(axis=0))):
        at = np.flatnonzero(along)
        found.append((max(first, first + int(at[0]) - _MARGIN_PX), min(last, first + int(at[-1]) + 1 + _MARGIN_PX)) if len(at) else (first, last))
    return found


def without_prose(px, prose, scale):
    """A rendering with its paragraphs painted over in the colour around them.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    prose : sequence of Text
        In points.
    scale : float
        Px per point.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    px = px.copy()
    for text in prose:
        box = box_in_px(text.box, scale)
        rows, columns = (slice(max(int(low) - 1, 0), int(np.ceil(high)) + 2) for low, high in ((box.top, box.bottom), (box.left, box.right)))
        part = px[rows, columns]
        if part.size:
            part[:] = np.median(np.concatenate([part[0], part[-1]]), axis=0)
    return px
