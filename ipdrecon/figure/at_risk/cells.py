"""Cells of a table: their ink, and a second reading of it."""

from dataclasses import dataclass

import cv2
import numpy as np

from ipdrecon.figure.at_risk.text import parse_count
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box

_INK = 60  # least distance from the background, of 255, in the channel where it is largest
_SURE = 0.8
_HEIGHTS_PX = (48, 32, 80)  # to which a crop is enlarged for its several readings


@dataclass(frozen=True)
class Strip:
    """The ink of one row.

    Attributes
    ----------
    ink : ndarray of bool, shape (height, width)
        Over the whole width of the figure, from `top` on; rules and frames taken out.
    top : int
    background : tuple of int
        Red, green, blue.
    """

    ink: np.ndarray
    top: int
    background: tuple

    @property
    def bottom(self):
        """Last line of px."""
        return self.top + self.ink.shape[0] - 1

    @property
    def height(self):
        """Height in px."""
        return self.ink.shape[0]


def find_strip(px, top, bottom):
    """Find the ink between two heights.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    top, bottom : float

    Returns
    -------
    Strip
    """
    top, bottom = max(int(np.floor(top)), 0), min(int(np.ceil(bottom)), px.shape[0] - 1)
    height = bottom - top + 1
    above, below = max(top - round(0.9 * height), 0), min(bottom + round(0.9 * height), px.shape[0] - 1)
    part = px[above : below + 1]
    background = _background(part)
    ink = np.abs(part.astype(np.int16) - background).max(axis=2) >= _INK
    ink = _without_rules(ink, height)[top - above : bottom - above + 1]
    return Strip(ink, top, tuple(int(channel) for channel in background))


def _background(part):
    """Find the commonest colour, in steps of 8, and the median around it."""
    coarse = (part >> 3).astype(np.int32) @ np.array([1024, 32, 1])
    commonest = np.bincount(coarse.ravel()).argmax()
    return np.median(part[coarse == commonest], axis=0).astype(np.int16)


def _without_rules(ink, height):
    """Take out lines longer across than three text heights, or taller than two rows of text."""
    ink = ink.astype(np.uint8)
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, max(3 * height, 9)), np.uint8))
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(round(2.2 * height), 7), 1), np.uint8))
    return (ink & ~across & ~upright).astype(bool)


def trim_strip(strip, spans):
    """Narrow a strip to the height of the ink in some spans that hold its numbers.

    Parameters
    ----------
    strip : Strip
    spans : sequence of tuple of float
        Left and right of each number in px.

    Returns
    -------
    Strip
    """
    profile = np.zeros(strip.height)
    for left, right in spans:
        profile += strip.ink[:, max(int(left), 0) : int(np.ceil(right)) + 1].sum(axis=1)
    if not profile.any():
        return strip
    full = profile >= 0.12 * profile.max()
    middle = strip.height // 2
    lines = np.flatnonzero(full)
    start = lines[np.argmin(np.abs(lines - middle))]
    first = last = int(start)
    while first > 0 and full[first - 1]:
        first -= 1
    while last + 1 < strip.height and full[last + 1]:
        last += 1
    return Strip(strip.ink[first : last + 1], strip.top + first, strip.background)


def find_blobs(strip, left, right, *, gap, least=0.5):
    """Part the ink between two places at its gaps.

    Parameters
    ----------
    strip : Strip
    left, right : float
        In px.
    gap : float
        Least width of a gap in px.
    least : float
        Least height of a blob, as a share of the strip's.

    Returns
    -------
    tuple of Box
        From left to right; specks are left out.
    """
    left, right = max(int(np.floor(left)), 0), min(int(np.ceil(right)), strip.ink.shape[1] - 1)
    used = np.flatnonzero(strip.ink[:, left : right + 1].any(axis=0))
    if not len(used):
        return ()
    blobs = []
    for part in np.split(used, np.flatnonzero(np.diff(used) > gap + 1) + 1):
        lines = np.flatnonzero(strip.ink[:, left + part[0] : left + part[-1] + 1].any(axis=1))
        if lines[-1] - lines[0] + 1 >= least * strip.height:
            edges = (left + part[0], strip.top + lines[0], left + part[-1], strip.top + lines[-1])
            blobs.append(Box(*(float(edge) for edge in edges)))
    return tuple(blobs)


def read_count(px, box, background):
    """Read the count in a box whose place is known, by itself.

    A lone digit is easily lost by the reader; where one reading fails, the crop is laid three times side by side.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
        Tight around the ink.
    background : tuple of int

    Returns
    -------
    tuple
        `Count` or None, and a confidence in [0, 1].
    """
    once = _read_copies(_crop(px, box), background, 1)
    if once[0] is not None and once[1] >= _SURE and not once[0].mended:
        return once
    thrice = read_thrice(px, box, background)
    if once[0] is not None and thrice[0] is not None and (once[0].n, once[0].second) == (thrice[0].n, thrice[0].second):
        return thrice[0], max(once[1], thrice[1])
    return max((once, thrice), key=lambda reading: (reading[0] is not None, reading[1]))


def read_thrice(px, box, background):
    """Read a count from its crop laid three times side by side; as `read_count`."""
    return _read_copies(_crop(px, box), background, 3)


def read_variants(px, box, background):
    """Read a count in several ways: thrice side by side, and from larger and smaller enlargements.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
        Tight around the ink.
    background : tuple of int

    Returns
    -------
    tuple of Count
        Each once, that of the crop laid thrice first.
    """
    crop = _crop(px, box)
    found = [_read_copies(crop, background, 3)[0]]
    found += [parse_count(_read_side_by_side([crop], background, height_px=height).text) for height in _HEIGHTS_PX]
    return tuple(dict.fromkeys(count for count in found if count is not None))


def _crop(px, box):
    """A px more on each side than the ink, which is softened at its edges."""
    top, left = max(int(box.top) - 1, 0), max(int(box.left) - 1, 0)
    return px[top : int(np.ceil(box.bottom)) + 2, left : int(np.ceil(box.right)) + 2]


def read_row(px, boxes, background):
    """Read the cells of a row together, laid side by side at even distances.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    boxes : sequence of Box
    background : tuple of int

    Returns
    -------
    str
        As read; blanks between the cells may be lost.
    """
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    crops = [_crop(px, Box(box.left, top, box.right, bottom)) for box in boxes]
    return _read_side_by_side(crops, background).text


def _read_copies(crop, background, copies):
    word = _read_side_by_side([crop] * copies, background)
    if copies == 1:
        return parse_count(word.text), word.confidence
    return _shared_count(word.text, copies), word.confidence


def _read_side_by_side(crops, background, height_px=48):
    margin = max(3, round(0.45 * crops[0].shape[0]))
    blank = np.full((crops[0].shape[0], margin, 3), background, np.uint8)
    row = np.hstack([blank, *(part for crop in crops for part in (crop, blank, blank))])
    edge = np.full((max(2, margin // 2), row.shape[1], 3), background, np.uint8)
    canvas = np.vstack([edge, row, edge])
    return read_line(canvas, Box(0, 0, canvas.shape[1] - 1, canvas.shape[0] - 1), height_px=height_px)


def _shared_count(text, copies):
    parts = text.split()
    if len(parts) != copies:
        joined = "".join(parts)
        size = len(joined) // copies
        parts = [joined[start : start + size] for start in range(0, len(joined), size)] if size else []
    same = len(parts) == copies and len(set(parts)) == 1
    return parse_count(parts[0]) if same else None


def ink_colour(px, strip, boxes):
    """Colour of the ink in some boxes of a strip.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    strip : Strip
    boxes : sequence of Box

    Returns
    -------
    tuple of int or None
        Red, green, blue: the median of the tenth of the ink farthest from the background; None without ink.
    """
    samples = []
    for box in boxes:
        left, right = max(int(box.left), 0), int(np.ceil(box.right)) + 1
        ink = strip.ink[:, left:right]
        samples.append(px[strip.top : strip.bottom + 1, left:right][ink])
    samples = np.vstack(samples) if samples else np.empty((0, 3))
    if not len(samples):
        return None
    distance = np.abs(samples.astype(float) - strip.background).sum(axis=1)
    core = samples[distance >= np.quantile(distance, 0.7)]
    return tuple(int(channel) for channel in np.median(core, axis=0))
