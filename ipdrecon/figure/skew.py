"""A scan that lies askew: measured from its long straight lines, and turned back."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ipdrecon.flags import Flag

_LARGEST_DEG = 3.5
_LEAST_DEG = 0.05
_ALIKE_DEG = 0.15
_LEAST_LENGTH_SHARE = 0.12
_LEAST_TOTAL_SHARE = 0.4
_LEAST_AGREEMENT = 0.6
_MEASURED_PX = 1500


@dataclass(frozen=True)
class Skew:
    """How far the axes of a picture are turned clockwise.

    Attributes
    ----------
    level, upright : float
        Degrees by which level and upright lines are turned; they differ where the picture is sheared.
    """

    level: float
    upright: float


def straight_figure(figure):
    """Turn a figure back that lies askew.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    figure : Figure
        The same where it is straight.
    flags : tuple of Flag
    """
    skew = measure_skew(figure.px)
    if skew is None:
        return figure, ()
    detail = (
        f"Level lines were turned clockwise by {skew.level:.2f} degrees, upright lines by {skew.upright:.2f}; "
        "all places in px are those of the picture turned back, which overlay.png shows."
    )
    return replace(figure, px=straighten(figure.px, skew)), (Flag("skew_removed", "figure", detail),)


def measure_skew(px):
    """Measure how far a figure is turned, from the directions of its long straight lines.

    Level and upright lines must each agree among themselves, and must be turned alike: lines that slope in a straight
    figure do not make it askew.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    Skew or None
        None where the figure is straight (below 0.05 degrees), is turned by more than 3.5 degrees, or has too few lines.
    """
    scale = min(_MEASURED_PX / max(px.shape[:2]), 1.0)
    grey = cv2.cvtColor(px, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    segments = cv2.createLineSegmentDetector().detect(grey)[0]
    if segments is None:
        return None
    ends = segments.reshape(-1, 2, 2).astype(float)
    across, down = (ends[:, 1] - ends[:, 0]).T
    level = _direction(across, down, grey.shape[1])
    upright = _direction(down, -across, grey.shape[0])
    if level is None or upright is None or min(abs(level), abs(upright)) < _LEAST_DEG:
        return None
    if abs(level - upright) > _ALIKE_DEG + 0.3 * max(abs(level), abs(upright)):
        return None
    return Skew(round(level, 3), round(upright, 3))


def _direction(along, aside, side):
    """The angle in degrees at which most of the length of the long lines runs; None where they do not agree."""
    length = np.hypot(along, aside)
    angle = np.degrees(np.arctan2(aside * np.sign(along), np.abs(along)))
    kept = (length > _LEAST_LENGTH_SHARE * side) & (np.abs(angle) < _LARGEST_DEG)
    length, angle = length[kept], angle[kept]
    if length.sum() < _LEAST_TOTAL_SHARE * side:
        return None
    order = np.argsort(angle, kind="stable")
    middle = angle[order][np.searchsorted(np.cumsum(length[order]), 0.5 * length.sum())]
    near = np.abs(angle - middle) < _ALIKE_DEG
    if length[near].sum() < _LEAST_AGREEMENT * length.sum():
        return None
    return float(np.average(angle[near], weights=length[near] ** 2))


def straighten(px, skew):
    """Turn a picture back, in one resampling, on a canvas that holds all of it.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    skew : Skew

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        New ground has the commonest colour of the picture's border.
    """
    level, upright = np.radians([skew.level, skew.upright])
    turned = np.array([[np.cos(level), -np.sin(upright)], [np.sin(level), np.cos(upright)]])
    height, width = px.shape[:2]
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], float) @ np.linalg.inv(turned).T
    first, last = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    matrix = np.column_stack((turned, turned @ first))
    size = tuple(int(side) for side in last - first + 1)
    border = np.concatenate([px[0], px[-1], px[:, 0], px[:, -1]])
    ground = tuple(float(level) for level in np.median(border, axis=0))
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(px, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=ground)
