"""Keys of a legend: the stroke or patch beside a label, its colour and its dash pattern."""

from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.colour import commonest_colour, hue_difference, to_lab
from ipdrecon.figure.dashes import DashPattern, pattern_of
from ipdrecon.model import Box

_LONGEST_DASH = 4.0
_SHORTEST = 0.7
_REACH = 11.0
_COLOURED_LAB, _BAND_SHARE = 30.0, 0.4


@dataclass(frozen=True)
class Key:
    """The stroke beside a label.

    Attributes
    ----------
    lab : ndarray, shape (3,)
        Colour in CIELAB.
    pattern : DashPattern
    box : Box
        In px of the figure.
    thickness : float
        Line width in px; 0 where it is not known.
    """

    lab: np.ndarray
    pattern: DashPattern
    box: Box
    thickness: float = 0.0


def find_key(px, box, others=(), *, least=_SHORTEST):
    """Find the stroke left of a word.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
        Of the word.
    others : sequence of Box
        Of other words: what lies under them is no key.
    least : float
        Length of the shortest stroke, in heights of the text.

    Returns
    -------
    Key or None
        None where there is none.
    """
    height = 0.75 * box.height
    top, bottom = int(box.centre[1] - 0.5 * height), int(np.ceil(box.centre[1] + 0.5 * height))
    right, left = int(box.left), int(max(box.left - _REACH * height, 0))
    if right - left < height or top < 0 or bottom >= px.shape[0]:
        return None
    lab = to_lab(px[top : bottom + 1, left:right])
    paper = commonest_colour(to_lab(px[top : bottom + 1, max(int(box.left - 0.4 * height), 0) : int(box.right + 0.4 * height) + 1]))
    depth = np.linalg.norm(lab - paper, axis=2)
    for other in others:
        if other.top < box.centre[1] < other.bottom and other.right < right:
            depth[:, max(int(other.left) - left, 0) : max(int(np.ceil(other.right)) + 1 - left, 0)] = 0
    for ink in _inks_left(lab, depth, height):
        span = _right_of_rules(ink, _last_stretch(ink.any(axis=0), height, least), height)
        stroke = _stroke(lab, paper, ink, span) if span is not None else None
        if stroke is not None and span[0] > 0:
            whole = _with_more_dashes(ink, span, stroke[2], height)
            stroke, span = (_stroke(lab, paper, ink, whole) or stroke, whole) if whole != span else (stroke, span)
        if stroke is not None:
            colour, pattern, rows = stroke
            thickness = _thickness(depth[:, span[0] : span[1] + 1], float(np.linalg.norm(colour - paper)))
            return Key(colour, pattern, Box(left + span[0], top + rows[0], left + span[1], top + rows[1]), thickness)
    return None


def _inks_left(lab, depth, height):
    """What may be ink left of a word: all but paper; what is strong; what has the colour of the ink nearest to the word.

    Strong ink is told from shapes that show faintly through the legend's ground.
    """
    ink = depth > 14
    yield ink
    yield depth > max(14.0, 0.5 * float(depth[:, -max(int(4 * height), 1) :].max()))
    yield ink & _like_the_last(lab, ink)


def _like_the_last(lab, ink):
    """Pixels of the colour of the ink nearest to the word: a key that touches a gridline or a frame."""
    last = np.flatnonzero(ink.any(axis=0))[-3:]
    if not len(last):
        return ink
    return np.linalg.norm(lab - np.median(lab[:, last][ink[:, last]], axis=0), axis=2) < 35


def _last_stretch(inked, height, least):
    """First and last column of the stretch of ink nearest to the word, small gaps (dashes) bridged."""
    at = np.flatnonzero(inked)
    if not len(at) or len(inked) - 1 - at[-1] > 2.5 * height:
        return None
    for gap in (0.45 * height, 0.9 * height):
        breaks = np.flatnonzero(np.diff(at) > max(gap, 3))
        first = at[breaks[-1] + 1] if len(breaks) else at[0]
        if at[-1] - first + 1 >= least * height:
            return None if first == 0 and not len(breaks) else (int(first), int(at[-1]))
    return None


def _right_of_rules(ink, span, height):
    """A stretch without the lines at its left end that run through from top to bottom, an axis or a frame, and their ticks."""
    first, last = span or (0, -1)
    while first <= last:
        paper = np.flatnonzero(~ink[:, first : last + 1].any(axis=0))
        end = first + int(paper[0]) if len(paper) else last + 1
        if last - end + 1 < _SHORTEST * height or not ink[:, first:end].all(axis=0).any():
            break
        first = end + int(np.argmax(ink[:, end : last + 1].any(axis=0)))
    return span and (first, last)


def _with_more_dashes(ink, span, rows, height):
    """A stroke with the dashes left of it, which lie in its rows alone, at most the height of the text apart."""
    first, last = span
    inside = ink[max(rows[0] - 1, 0) : rows[1] + 2].any(axis=0)
    outside = np.delete(ink, np.arange(max(rows[0] - 1, 0), min(rows[1] + 2, len(ink))), axis=0).any(axis=0)
    while first > 0:
        reach = max(first - int(height), 0)
        before = np.flatnonzero(inside[reach:first])
        if not len(before) or outside[reach:first].any():
            break
        end = reach + before[-1]
        paper = np.flatnonzero(~inside[:end])
        start = int(paper[-1]) + 1 if len(paper) else 0
        if start == 0 or outside[start:end].any() or end - start + 1 > _LONGEST_DASH * height:
            break
        first = start
    return first, last


def _is_dotted(part):
    """Whether ink comes in at least three pieces of one length, evenly apart."""
    inked = np.concatenate([[False], part.any(axis=0), [False]])
    edges = np.flatnonzero(np.diff(inked.astype(int)))
    lengths, gaps = edges[1::2] - edges[::2], edges[2::2] - edges[1:-1:2]
    return bool(len(lengths) >= 3 and np.ptp(lengths[:-1]) <= 2 and np.ptp(gaps) <= 2)


def _stroke(lab, paper, ink, span):
    """Colour, pattern and rows of a stroke that runs level through a stretch; None where it is text."""
    part = ink[:, span[0] : span[1] + 1]
    share = part.mean(axis=1)
    rows = np.flatnonzero(share >= max(0.25 if _is_dotted(part) else 0.45, 0.8 * share.max()))
    if not len(rows) or rows[-1] - rows[0] + 1 > len(rows) + 1:
        return None
    depth = np.linalg.norm(lab[rows, span[0] : span[1] + 1] - paper, axis=2)
    purest = int(np.argmax(np.quantile(depth, 0.75, axis=1)))
    row, depth = int(rows[purest]), depth[purest]
    colours = lab[row, span[0] : span[1] + 1][part[row]]
    colour = np.median(lab[row, span[0] : span[1] + 1][depth >= np.quantile(depth[part[row]], 0.6)], axis=0)
    if (np.linalg.norm(colours - colour, axis=1) < 30).mean() < 0.5:
        return None
    gaps = np.diff(np.flatnonzero(part[row]))
    broken = (gaps > 2).any() and share[row] < 0.93
    pattern = pattern_of(part[row], len(rows), begins=True) if broken else DashPattern("solid")
    inked = np.flatnonzero(part.any(axis=1))
    if part.shape[1] < part.shape[0] and inked[-1] - inked[0] + 1 > 0.45 * part.shape[0]:
        return None
    return colour, pattern, (int(inked[0]), int(inked[-1]))


def _thickness(depth, whole):
    """Line width in px of a stroke: coverage summed over its columns, in most of which there is no mark."""
    across = np.minimum(depth / max(whole, 1.0), 1.0).sum(axis=0)
    return float(np.median(across[across > 0.5])) if (across > 0.5).any() else 0.0


def text_colour(px, box):
    """Colour in CIELAB of the text in the right half of a box: marks of a curve may stand in the left one.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box

    Returns
    -------
    ndarray, shape (3,)
    """
    crop = to_lab(px[max(int(box.top), 0) : int(box.bottom) + 1, max(int(box.centre[0]), 0) : int(box.right) + 1]).reshape(-1, 3)
    depth = np.linalg.norm(crop - commonest_colour(crop[None]), axis=1)
    return np.median(crop[depth >= 0.8 * depth.max()], axis=0)


def colour_unlikeness(lab, other):
    """How unlike two colours of lines are: by hue where both have one, else the CIELAB distance.

    Parameters
    ----------
    lab, other : ndarray, shape (3,)

    Returns
    -------
    float
    """
    (chroma, second), difference = (np.hypot(*colour[1:]) for colour in (lab, other)), lab - other
    if min(chroma, second) > 15:
        return float(0.7 * hue_difference(lab, other) + 0.15 * abs(difference[0]) + 0.1 * abs(chroma - second))
    return float(np.linalg.norm(difference))


def is_band(px, text, lab):
    """Whether a key is a pale tint of the coloured text beside it: the end of a confidence band, where the name of its curve stands.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    text : Box
    lab : ndarray, shape (3,)
        Colour of the key in CIELAB.

    Returns
    -------
    bool
    """
    own = text_colour(px, text)
    chroma = np.hypot(*own[1:])
    alike = colour_unlikeness(own, lab) <= _COLOURED_LAB
    return bool(chroma > _COLOURED_LAB and alike and np.hypot(*lab[1:]) < _BAND_SHARE * chroma and lab[0] > own[0])


def are_of_one_colour(px, upper, lower):
    """Whether two lines of text may be printed in one colour, as those of one label are.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    upper, lower : Box

    Returns
    -------
    bool
        Also where neither is coloured: thin letters are black or grey by their size.
    """
    colours = [text_colour(px, box) for box in (upper, lower)]
    return bool(max(np.hypot(*lab[1:]) for lab in colours) <= _COLOURED_LAB or colour_unlikeness(*colours) <= _COLOURED_LAB)
