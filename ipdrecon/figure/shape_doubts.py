"""What the ink says against a plain Kaplan-Meier plot: curves without steps, areas filled down to the axis."""

import numpy as np
from scipy.ndimage import binary_dilation

from ipdrecon.figure.colour import distance
from ipdrecon.flags import Flag

_WINDOW_PX = 25
_LEAST_DROP_PX = 3.0
_LEAST_WINDOWS = 4
_SMOOTH_PX = 0.2
_LEVEL_PX = 0.1
_SMOOTH_SHARE = 0.6
_FILLED_SHARE = 0.2
_LEAST_AREA = 0.06
_DASH_PX = 12


def shape_doubts(plot, inks, edges, names):
    """Flags where the ink is not that of step functions.

    Parameters
    ----------
    plot : Plot
    inks : sequence of ArmInk
    edges : sequence of Edges
        In the same order.
    names : sequence of str
        Of the arms.

    Returns
    -------
    tuple of Flag
    """
    flags = [
        Flag("smooth_curve", f"arm {name!r}", f"{share:.0%} of its course runs along straight or bent lines.")
        for name, share in zip(names, map(smooth_share, edges), strict=True)
        if share > _SMOOTH_SHARE
    ]
    return (*flags, *area_doubts(plot, inks))


def area_doubts(plot, inks):
    """Flags where areas are filled down to the axis.

    Parameters
    ----------
    plot : Plot
    inks : sequence of ArmInk

    Returns
    -------
    tuple of Flag
    """
    share = filled_share(plot, inks)
    if share <= _FILLED_SHARE:
        return ()
    return (Flag("filled_area", "panel", f"{share:.0%} of the columns are filled from the axis up to a curve."),)


def smooth_share(edges):
    """Share of a falling curve's course without steps; 0 where too little of it falls to tell.

    Over a stretch in which it falls by some px, a step function strays from any smooth line by about the height of its
    steps, a fitted curve by a small fraction of a px.

    Parameters
    ----------
    edges : Edges

    Returns
    -------
    float
    """
    middle = np.where(edges.seen, (edges.upper + edges.lower) / 2, np.nan)
    smooth = [
        stray < _SMOOTH_PX
        for start in range(0, len(middle) - _WINDOW_PX + 1, _WINDOW_PX)
        if (stray := _stray(middle[start : start + _WINDOW_PX])) is not None
    ]
    return float(np.mean(smooth)) if len(smooth) >= _LEAST_WINDOWS else 0.0


def _stray(middle):
    """Typical distance in px of a stretch of a line from a parabola; None where it hardly falls or is hardly seen."""
    at = np.flatnonzero(np.isfinite(middle))
    if len(at) < 0.8 * len(middle) or np.ptp(middle[at]) < _LEVEL_PX:
        return None
    bent = np.polyval(np.polyfit(at, middle[at], 2), at)
    off = np.abs(bent - middle[at])
    near = off <= 3 * np.median(off) + 0.1
    if near.sum() > 0.7 * len(at):
        bent = np.polyval(np.polyfit(at[near], middle[at[near]], 2), at)
        off = np.abs(bent - middle[at])
    return float(1.48 * np.median(off)) if np.ptp(bent) > _LEAST_DROP_PX else None


def filled_share(plot, inks):
    """Share of the columns in which one colour fills the plot from the axis up to a curve, or without one inside it.

    A confidence band may reach down to the axis too, but its curve runs inside; a coloured ground reaches to the top.

    Parameters
    ----------
    plot : Plot
    inks : sequence of ArmInk

    Returns
    -------
    float
    """
    ground = plot.ground if plot.flipped else plot.ground.flipped()
    first = _foot(plot)
    paper = max(plot.fills[0], np.median(ground.lab[ground.place[-first]], axis=0), key=lambda colour: colour[0])
    colour = ground.lab[ground.place[first]]
    alike = ground.place[first:] == ground.place[first]
    rows, columns = np.nonzero(~alike)
    alike[rows, columns] = distance(ground.lab[ground.place[first + rows, columns]], colour[columns]) < 9
    reach = first + np.where(alike.all(axis=0), len(alike), np.argmin(alike, axis=0))
    area = (np.linalg.norm(colour - paper, axis=1) > 9) & (reach > first + _LEAST_AREA * plot.height) & (reach < 0.97 * plot.height)
    inside, along = np.zeros((2, plot.width), bool)
    for ink in inks:
        columns, above, drawn = _above_axis(ink, plot)
        near = np.abs(above - reach[columns]) <= _near_px(plot)
        along[columns] |= drawn & near
        inside[columns] |= drawn & ~near & (above > first) & (above < reach[columns])
    return float((area & (along | ~inside)).mean())


def _foot(plot):
    """Height in px above the axis at which areas are looked for, clear of its line."""
    return int(0.03 * plot.height) + 4


def _near_px(plot):
    return max(0.04 * plot.height, 6)


def _above_axis(ink, plot):
    """Columns of an arm's path, its height above the axis in px, and where it is drawn, gaps between dashes bridged."""
    columns = np.arange(ink.path.first, ink.path.last + 1)
    level = (ink.path.leave + ink.path.enter) / 2
    drawn = binary_dilation(ink.own[ink.path.leave, columns] > 0.3, iterations=_DASH_PX)
    return columns, level if plot.flipped else plot.height - 1 - level, drawn
