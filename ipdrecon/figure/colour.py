"""Colours: CIELAB, its distances, and how often each occurs."""

import cv2
import numpy as np

FILL_BIN_LAB = 3
_GREY_CHROMA = 12.0
_SAMPLED = 64


def to_lab(px):
    """CIELAB of an RGB picture: lightness 0 to 100, a and b about -100 to 100 (CIE 1976)."""
    return cv2.cvtColor(np.ascontiguousarray(px, dtype=np.float32) / 255, cv2.COLOR_RGB2LAB)


def rest_of_paper(px):
    """The commonest colour of a picture, and where it has others.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    paper : ndarray of uint8, shape (3,)
        By a sample of the pixels.
    rest : ndarray of bool, shape (height, width)
    """
    whole = whole_numbers(px)
    paper = common_numbers(whole)[0]
    return numbered_colour(paper), whole != paper


def median_down(px):
    """Median colour of each column of a picture.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    ndarray, shape (width, 3)
        What fills more than half of a column is its median, and only the other columns are sorted.
    """
    paper, rest = rest_of_paper(px)
    level = np.tile(paper.astype(float), (px.shape[1], 1))
    mixed = 2 * cv2.reduce(rest.view(np.uint8), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0] >= len(px)
    level[mixed] = np.median(px[:, mixed], axis=0)
    return level


def whole_numbers(px):
    """One whole number for each colour of an RGB picture, shape (height, width)."""
    return cv2.cvtColor(np.ascontiguousarray(px), cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]


def numbered_colour(number):
    """Red, green and blue, shape (3,), of the colour with a whole number."""
    return np.array([number], np.uint32).view(np.uint8)[:3]


def common_numbers(whole, least_share=1.0):
    """The commonest whole number of a picture's sample, and all those that make up a share of it, commonest first."""
    step = max(min(whole.shape) // _SAMPLED, 1)
    numbers, counts = np.unique(whole[::step, ::step], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return numbers[order[: max(int((counts >= least_share * counts.sum()).sum()), 1)]]


def to_rgb(lab):
    """Red, green and blue, 0 to 100, of one CIELAB colour."""
    return np.clip(cv2.cvtColor(np.array([[lab]], np.float32), cv2.COLOR_LAB2RGB)[0, 0], 0, 1) * 100


def is_grey(lab):
    """Whether a CIELAB colour has no hue."""
    return bool(np.hypot(*lab[1:]) < _GREY_CHROMA)


def hue_difference(lab, other):
    """Difference in hue of two CIELAB colours, 0 to 180 degrees."""
    turn = np.degrees(np.arctan2(lab[2], lab[1]) - np.arctan2(other[2], other[1]))
    return float(abs((turn + 180) % 360 - 180))


def lab_of(rgb):
    """CIELAB of one colour.

    Parameters
    ----------
    rgb : tuple of int
        Red, green, blue of 0 to 255.

    Returns
    -------
    ndarray, shape (3,)
    """
    return to_lab(np.array([[rgb]], np.uint8))[0, 0]


def distance(lab, other):
    """Distance of colours, without the slow sum over a short last axis.

    Parameters
    ----------
    lab : ndarray, shape (..., 3)
    other : ndarray, shape (3,) or as `lab`

    Returns
    -------
    ndarray, shape (...)
    """
    first, second, third = ((lab[..., k] - other[..., k]) ** 2 for k in range(3))
    return np.sqrt(first + second + third)


def colour_codes(lab, size):
    """One whole number for each colour, CIELAB cut into cubes of a size.

    Parameters
    ----------
    lab : ndarray, shape (..., 3)
    size : float

    Returns
    -------
    ndarray of int, shape (...)
    """
    cells = np.round(lab / size).astype(np.int64) + 128
    return (cells[..., 0] << 20) | (cells[..., 1] << 10) | cells[..., 2]


def counted_codes(codes):
    """Count codes by look-up, not by sorting.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)

    Returns
    -------
    kinds : ndarray, shape (n_kinds,)
        The different codes, increasing.
    inverse : ndarray, shape (n,)
        The place of each code among them.
    counts : ndarray, shape (n_kinds,)
    """
    cells = np.stack([codes >> 20, (codes >> 10) & 1023, codes & 1023])
    low = cells.min(axis=1)
    size = cells.max(axis=1) - low + 1
    places = np.ravel_multi_index(tuple(cells - low[:, None]), tuple(size))
    counts = np.bincount(places, minlength=int(size.prod()))
    present = np.flatnonzero(counts)
    first, second, third = np.stack(np.unravel_index(present, tuple(size))) + low[:, None]
    rank = np.zeros(len(counts), np.int64)
    rank[present] = np.arange(len(present))
    return (first << 20) | (second << 10) | third, rank[places], counts[present]


def decoded_codes(codes, size):
    """CIELAB colours at the middle of the cubes that codes name.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
    size : float

    Returns
    -------
    ndarray, shape (n, 3)
    """
    return (np.stack([codes >> 20, (codes >> 10) & 1023, codes & 1023], axis=-1) - 128) * float(size)


def commonest_colour(lab):
    """CIELAB colour, shape (3,), of most pixels: the paper of a small crop."""
    kinds, counts = np.unique(colour_codes(lab, FILL_BIN_LAB), return_counts=True)
    return decoded_codes(kinds[np.argmax(counts)], FILL_BIN_LAB)
