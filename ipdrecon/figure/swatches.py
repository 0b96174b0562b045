"""Keys that are no strokes: solid squares or discs of one size left of their names; and keys that stand right of them."""

from dataclasses import replace

import cv2
import numpy as np

from ipdrecon.figure.colour import commonest_colour, to_lab
from ipdrecon.figure.dashes import DashPattern
from ipdrecon.figure.keys import Key, find_key
from ipdrecon.model import Box

_REACH = 2.5
_LEAST_HEIGHTS, _MOST_HEIGHTS = 0.25, 1.3
_LEAST_PX = 4
_DISC = 0.7
_MOST_ASPECT = 1.8
_INK_LAB, _SAME_LAB = 14.0, 20.0
_SAME_SIZE_PX = 2.5  # an edge between two pixels may show in both
_APART_LAB = 15.0
_COLUMN_HEIGHTS = 8.0
_IN_LINE = 0.3


def find_swatches(px, words):
    """Find the squares or discs of one size, of several colours, that stand in line left of words.

    A letter is no swatch: it is not solid. One that stands alone may be a mark of a curve, so it takes two.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : sequence of Word

    Returns
    -------
    list of tuple of (Key, Word)
    """
    found = [(swatch, word) for word in words if (swatch := _swatch_of(px, word.box)) is not None]
    return _with_mates(found)


def find_keys_behind(px, words):
    """Find the strokes right of words that stand in one column, as wide as each other and apart by colour or dash.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : sequence of Word

    Returns
    -------
    list of tuple of (Key, Word)
    """
    turned, width, found = px[:, ::-1], px.shape[1], []
    for word in words:
        box = word.box
        right = max(other.box.right for other in words if _are_in_a_column(box, other.box))
        key = find_key(turned, Box(width - right, box.top, width - box.left, box.bottom))
        if key is not None and key.box.width >= box.height:
            found.append((replace(key, box=Box(width - key.box.right, key.box.top, width - key.box.left, key.box.bottom)), word))
    return _with_mates(found)


def _with_mates(found):
    """Keys and words of which another pair is a mate: one that stands alone may be a mark, or a stroke of something else."""
    return [(key, word) for key, word in found if any(_are_mates(key, word.box, other, text.box) for other, text in found if text is not word)]


def _are_in_a_column(box, other):
    """Whether two words begin or end one above the other, not far apart."""
    near = _IN_LINE * box.height
    aligned = abs(box.left - other.left) < near or abs(box.right - other.right) < near
    return aligned and abs(box.centre[1] - other.centre[1]) < _COLUMN_HEIGHTS * box.height


def _swatch_of(px, box):
    """The solid piece of ink of one colour nearest to a word on its left, level with it; None where there is none."""
    height = int(box.height)
    top, left, right = max(int(box.centre[1]) - height, 0), max(int(box.left - _REACH * height), 0), int(box.left)
    beside = px[top : int(box.centre[1]) + height + 1, left:max(right, left)]
    if min(beside.shape[:2]) < 2 * _LEAST_PX:
        return None
    lab = to_lab(beside)
    ink = np.linalg.norm(lab - commonest_colour(lab), axis=2) > _INK_LAB
    _, pieces, sizes, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    level = [k for k in np.unique(pieces[height - height // 4 : height + height // 4 + 1]) if k]
    if not level:
        return None
    piece = max(level, key=lambda k: sizes[k][cv2.CC_STAT_LEFT])
    x, y, wide, high, _ = (int(size) for size in sizes[piece])
    if not _is_solid(pieces[y : y + high, x : x + wide] == piece, height) or x == 0:
        return None
    inner = lab[y + high // 4 : y + high - high // 4, x + wide // 4 : x + wide - wide // 4].reshape(-1, 3)
    colour = np.median(inner, axis=0)
    if (np.linalg.norm(inner - colour, axis=1) > _SAME_LAB).any():
        return None
    return Key(colour, DashPattern("solid"), Box(left + x, top + y, left + x + wide - 1, top + y + high - 1))


def _is_solid(piece, height):
    """Whether a piece of ink fills its box as a square or a disc does, and has the size of a sign of the text."""
    high, wide = piece.shape
    sized = all(max(_LEAST_HEIGHTS * height, _LEAST_PX) <= side <= _MOST_HEIGHTS * height for side in (high, wide))
    return sized and max(high, wide) <= _MOST_ASPECT * min(high, wide) and piece.mean() >= _DISC


def _are_mates(key, text, other, beside):
    """Whether two keys of one size stand in line as their words do, and differ in colour or dash."""
    if abs(key.box.width - other.box.width) > _SAME_SIZE_PX or not _differ(key, other):
        return False
    if abs(key.box.left - other.box.left) <= _SAME_SIZE_PX:
        return _are_in_a_column(text, beside)
    return abs(text.centre[1] - beside.centre[1]) < _IN_LINE * text.height


def _differ(key, other):
    return np.linalg.norm(key.lab - other.lab) > _APART_LAB or key.pattern.kind != other.pattern.kind
