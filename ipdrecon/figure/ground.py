"""The ground of a plot: what is left of a picture without its thin lines."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ipdrecon.figure.colour import (
    FILL_BIN_LAB,
    colour_codes,
    common_numbers,
    counted_codes,
    decoded_codes,
    distance,
    numbered_colour,
    to_lab,
    whole_numbers,
)

_FILL_SHARE = 0.004
_BROAD_SHARE = 0.3
_SAME_LINE_LAB = 12.0
_WIDEST_LINE_SHARE = 0.03
_COMMON_SHARE = 0.02
_STRIP_PX = 64


@dataclass(frozen=True)
class Blurred:
    """A picture of few different pixels.

    Attributes
    ----------
    colours : ndarray of uint8, shape (n, 3)
        Some of them alike.
    counts : ndarray of int, shape (n,)
        Number of pixels of each.
    place : ndarray of int32, shape (height, width)
        Which of them each pixel has.
    """

    colours: np.ndarray
    counts: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Ground:
    """A picture without its thin lines: of few different pixels.

    Attributes
    ----------
    rgb, lab : ndarray of float32, shape (n, 3)
        Red, green and blue of 0 to 100, and CIELAB; some of them alike.
    place : ndarray of int32, shape (height, width)
        Which of them each pixel has.
    bare : ndarray of bool, shape (height, width)
        Where the picture shows nothing but its ground.
    fills : ndarray, shape (n_fills, 3)
        CIELAB colours of the large areas, paper first.
    """

    rgb: np.ndarray
    lab: np.ndarray
    place: np.ndarray
    bare: np.ndarray
    fills: np.ndarray

    def flipped(self):
        """The same upside down."""
        return replace(self, place=self.place[::-1], bare=self.bare[::-1])

    def middle(self):
        """Median CIELAB colour, shape (3,)."""
        return _median_colour(self.lab, np.bincount(self.place.ravel(), minlength=len(self.lab)))


def find_ground(crop, lines):
    """The picture without thin lines: a median over a window wider than lines, snapped to the large fills.

    Parameters
    ----------
    crop : ndarray of uint8, shape (height, width, 3)
    lines : sequence of ndarray, shape (3,)
        Colours in CIELAB that a legend shows for lines.

    Returns
    -------
    Ground
    """
    blurred = blur(crop, int(np.clip(0.04 * min(crop.shape[:2]), 9, 41)) | 1)
    colours, place = blurred.colours, blurred.place
    lab = to_lab(colours[None])[0]
    kinds, inverse = counted_codes(colour_codes(lab, FILL_BIN_LAB))[:2]
    counts = np.bincount(inverse, blurred.counts)
    fills = decoded_codes(kinds, FILL_BIN_LAB)
    large = np.flatnonzero(counts >= _FILL_SHARE * place.size)
    large = large[np.argsort(-counts[large], kind="stable")] if len(large) else np.array([np.argmax(counts)])
    large = large[[i == 0 or _is_broad(place, lab, fills[kind], lines) for i, kind in enumerate(large)]]
    trusted = (np.linalg.norm(fills[:, None] - fills[large][None], axis=2).min(axis=1) < 9)[inverse]
    of_paper = inverse == large[0]
    paper = _median_colour(colours[of_paper], blurred.counts[of_paper])
    rgb = np.where(trusted[:, None], colours, paper).astype(np.float32) / 2.55
    bare = trusted[place] & (whole_numbers(crop) == whole_numbers(colours[None])[0][place])
    return Ground(rgb, cv2.cvtColor(rgb[None] / 100, cv2.COLOR_RGB2LAB)[0], place, bare, fills[large])


def blur(crop, size):
    """Median of the window around each pixel, channel by channel.

    A colour that fills more than half of a window is its median; only what other windows hold is sorted.

    Parameters
    ----------
    crop : ndarray of uint8, shape (height, width, 3)
    size : int
        Odd.

    Returns
    -------
    Blurred
    """
    whole = whole_numbers(crop)
    common = common_numbers(whole, _COMMON_SHARE)
    place = np.full(whole.shape, -1, np.int32)
    for k, number in enumerate(common):
        same = (whole == number).view(np.uint8)
        count = cv2.boxFilter(same, cv2.CV_32S, (size, size), normalize=False, borderType=cv2.BORDER_REPLICATE)
        place[count > size * size // 2] = k
    mixed = place < 0
    sorted_out = _medians(np.ascontiguousarray(crop), mixed, size)
    place[mixed] = len(common) + np.arange(len(sorted_out))
    colours = np.concatenate([[numbered_colour(number) for number in common], sorted_out]).astype(np.uint8)
    return Blurred(colours, np.bincount(place.ravel(), minlength=len(colours)), place)


def _medians(crop, mask, size):
    """Median of the windows around the pixels of a mask, shape (n_pixels, 3); looked for strip by strip."""
    out, reach = np.empty_like(crop), size // 2
    for top in range(0, len(crop), _STRIP_PX):
        columns = np.flatnonzero(mask[top : top + _STRIP_PX].any(axis=0))
        for part in np.split(columns, np.flatnonzero(np.diff(columns) > 2 * size) + 1):
            if not len(part):
                continue
            above, left = min(top, reach), min(part[0], reach)
            rows, right = slice(top, top + _STRIP_PX), part[-1] + 1
            around = cv2.medianBlur(crop[top - above : top + _STRIP_PX + reach, part[0] - left : right + reach], size)
            out[rows, part[0] : right] = around[above : above + _STRIP_PX, left : left + right - part[0]]
    return out[mask]


def _is_broad(place, lab, colour, lines):
    """Whether much of a colour's area is broader than the widest lines: a fill."""
    width = int(np.clip(_WIDEST_LINE_SHARE * min(place.shape), 5, 11))
    width *= 1 + any(np.linalg.norm(line - colour) < _SAME_LINE_LAB for line in lines)
    alike = (distance(lab, colour) < 9).astype(np.uint8)[place]
    broad = cv2.morphologyEx(alike, cv2.MORPH_OPEN, np.ones((width | 1, width | 1), np.uint8))
    return bool(broad.sum() > _BROAD_SHARE * alike.sum())


def _median_colour(colours, counts):
    """Median of pixels, channel by channel, of which there are so many of each colour."""
    most = np.argmax(counts)
    return colours[most] if 2 * counts[most] > counts.sum() else np.median(np.repeat(colours, counts, axis=0), axis=0)
