"""What is drawn in a plotting box: the ink upon its background, and the colours it comes in."""

from dataclasses import dataclass

import cv2
import numpy as np

from ipdrecon.errors import AxisError
from ipdrecon.figure.boxes import outlines
from ipdrecon.figure.colour import colour_codes, counted_codes, decoded_codes, distance, to_lab, to_rgb
from ipdrecon.figure.frame import frame_ink
from ipdrecon.figure.ground import Ground, find_ground
from ipdrecon.figure.median_lines import median_lines

_LEAST_CONTRAST = 14.0
_BIN_LAB = 4.0
_OF_ONE_INK, _LEAST_COLUMNS = 6.0, 0.15
_MOST_CELLS = 2000
_TIE_LAB = 4.0
_MOST_MISFIT = 16.0
_FRINGE_SHARE = 0.85
_PURE_SHARE = 0.75
_MOST_MODES = 24
_LEAST_SIDE_PX = 16


@dataclass(frozen=True)
class InkSettings:
    """Thresholds of parting ink from background.

    Attributes
    ----------
    least_contrast : float
        Distance from the background in CIELAB from which a pixel is ink.
    grid_share : float
        Share of the box that an unbroken line must span to be a gridline or a reference line.
    dashed_grid_share : float
        The same for a dashed line.
    merge_lab : float
        Colours nearer than this in CIELAB are one.
    """

    least_contrast: float = _LEAST_CONTRAST
    grid_share: float = 0.9
    dashed_grid_share: float = 0.4
    merge_lab: float = 13.0


@dataclass(frozen=True)
class Plot:
    """The inside of a plotting box, turned so that survival 1 is in the top row.

    Attributes
    ----------
    px : ndarray of uint8, shape (height, width, 3)
        The picture, and
    lab : ndarray of float32, shape (height, width, 3)
        the same in CIELAB.
    ground : Ground
        The same without thin ink: paper, bands and fills.
    contrast : ndarray of float32, shape (height, width)
        CIELAB distance of the picture and its ground; 0 where `hidden`.
    hidden : ndarray of bool, shape (height, width)
        Gridlines and frame: places that tell nothing about curves.
    text : ndarray of bool, shape (height, width)
        Places of words and legend keys: their ink may be text or curve.
    left, top : int
        Place of the plot's first column and row in the figure.
    flipped : bool
        Whether rows are turned upside down (cumulative incidence).
    zero_row : float
        Row of survival 0, which may lie below the plot.
    """

    px: np.ndarray
    lab: np.ndarray
    ground: Ground
    contrast: np.ndarray
    hidden: np.ndarray
    text: np.ndarray
    left: int
    top: int
    flipped: bool
    zero_row: float

    @property
    def fills(self):
        """CIELAB colours of the large areas, paper first, shape (n_fills, 3)."""
        return self.ground.fills

    @property
    def height(self):
        """Height in px."""
        return self.lab.shape[0]

    @property
    def width(self):
        """Width in px."""
        return self.lab.shape[1]

    def row_to_py(self, row):
        """Position `py` in the figure of rows of the plot."""
        return self.top + self.height - 1 - np.asarray(row, float) if self.flipped else self.top + np.asarray(row, float)

    def py_to_row(self, py):
        """Row of the plot of positions `py` in the figure."""
        return self.top + self.height - 1 - np.asarray(py, float) if self.flipped else np.asarray(py, float) - self.top


def plot_inside(px, box, calibration, words, *, keys=(), lines=(), settings=None):
    """Cut the plot out of a figure and part its ink from its background.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
    calibration : Calibration
    words : tuple of Word
    keys : sequence of Box
        Places of legend keys.
    lines : sequence of ndarray, shape (3,)
        Colours in CIELAB that a legend shows for lines.
    settings : InkSettings, optional

    Returns
    -------
    Plot

    Raises
    ------
    AxisError
        When hardly any of the box lies within survival 1 to 0.
    """
    settings = settings or InkSettings()
    left, top, right, bottom = _extent(px, box, calibration)
    crop = px[top : bottom + 1, left : right + 1]
    if min(crop.shape[:2]) < _LEAST_SIDE_PX:
        raise AxisError(
            f"The plot from time 0 on and from survival 1 to 0 is {crop.shape[1]} x {crop.shape[0]} px; expected {_LEAST_SIDE_PX} or more "
            "each way. Check that the figure is a Kaplan-Meier plot, or give --x-range and --y-range."
        )
    text = np.zeros(crop.shape[:2], bool)
    for place in [word.box for word in words if _is_text(word)] + list(keys):
        _mark(text, place, left, top)
    if calibration.is_incidence:
        crop, text = np.ascontiguousarray(crop[::-1]), text[::-1]
    ground = find_ground(crop, lines)
    lab, contrast = to_lab(crop), np.zeros(crop.shape[:2], np.float32)
    contrast[~ground.bare] = distance(lab[~ground.bare], ground.lab[ground.place[~ground.bare]])
    beyond = top + len(crop) - 1 - int(box.bottom) if calibration.is_incidence else 0
    hidden = _grid(lab, contrast, settings) | frame_ink(contrast > settings.least_contrast, lab, beyond) | outlines(contrast > settings.least_contrast, lab, text)
    hidden |= median_lines(lab, contrast, *_half_and_none(crop, calibration, left, top))
    contrast[hidden | (contrast < settings.least_contrast)] = 0
    zero_py = float(calibration.to_px(0.0, 0.0)[1])
    zero_row = top + len(crop) - 1 - zero_py if calibration.is_incidence else zero_py - top
    return Plot(crop, lab, ground, contrast, hidden, text, left, top, calibration.is_incidence, zero_row)


def _half_and_none(crop, calibration, left, top):
    """Rows of the turned plot where its vertical axis says one half and zero, and the column of time 0."""
    levels = (0.5, 1.0) if calibration.is_incidence else (0.5, 0.0)
    rows = [float(calibration.to_px(0.0, survival)[1]) - top for survival in levels]
    rows = [len(crop) - 1 - row if calibration.is_incidence else row for row in rows]
    return tuple(rows), float(calibration.to_px(0.0, 1.0)[0]) - left


def _extent(px, box, calibration):
    """Columns from time 0 to the right end, rows from survival 1 to 0, within the box and the picture."""
    height, width = px.shape[:2]
    zero_x, one_y = (float(v) for v in calibration.to_px(0.0, 1.0))
    zero_y = float(calibration.to_px(0.0, 0.0)[1])
    margin = max(4.0, 0.01 * box.height)
    top, bottom = sorted((one_y, zero_y))
    top, bottom = max(top - margin, box.top), min(bottom + margin, box.bottom)
    top, bottom = min(top, one_y - margin), max(bottom, one_y + 1)
    left, top = int(np.clip(zero_x - margin, 0, width - 2)), int(np.clip(top, 0, height - 2))
    right = int(np.clip(np.ceil(box.right), left + 1, width - 1))
    return left, top, right, int(np.clip(np.ceil(bottom), top + 1, height - 1))


def _is_text(word):
    letters = sum(character.isalnum() and character.isascii() for character in word.text)
    return letters >= 2 and word.confidence >= 0.78


def _mark(mask, box, left, top):
    rows = slice(max(int(box.top - top), 0), max(int(np.ceil(box.bottom - top)) + 1, 0))
    columns = slice(max(int(box.left - left), 0), max(int(np.ceil(box.right - left)) + 1, 0))
    mask[rows, columns] = True


def _grid(lab, contrast, settings):
    """Lines of one colour, whole or dashed, from edge to edge of the box: gridlines and reference lines."""
    ink = contrast > 5
    mask = np.zeros(ink.shape, bool)
    for across in (False, True):
        lines, inked, out = (lab.swapaxes(0, 1), ink.T, mask.T) if across else (lab, ink, mask)
        for index in np.flatnonzero(inked.mean(axis=1) >= settings.dashed_grid_share):
            colour = np.median(lines[index][inked[index]], axis=0)
            same = inked[index] & (np.linalg.norm(lines[index] - colour, axis=1) < 14)
            if _edge_to_edge(same, settings):
                out[index] |= same
    return mask


def _edge_to_edge(same, settings):
    """Whether the pixels of a line reach both edges, without a gap larger than those of a dashed line."""
    at = np.flatnonzero(same)
    if len(at) < settings.dashed_grid_share * len(same):
        return False
    gaps = np.diff(np.concatenate([[-1], at, [len(same)]])) - 1
    if len(at) >= settings.grid_share * len(same):
        return True
    return gaps.max() <= max(4, 0.025 * len(same))


def palette(plot, settings=None):
    """Colours of the plot's thin ink, commonest first.

    Colours are taken where a line is purest, on the ridges of contrast. The edge of a line may still give a shade of its
    own.

    Parameters
    ----------
    plot : Plot
    settings : InkSettings, optional

    Returns
    -------
    tuple of (ndarray, int)
        CIELAB colour and number of ridge pixels of each.
    """
    settings = settings or InkSettings()
    at = np.flatnonzero(_ridges(plot.contrast) & ~plot.text)
    samples, contrast = plot.lab.reshape(-1, 3)[at], plot.contrast.ravel()[at]
    if len(samples) < 10:
        return ()
    kinds, which, counts = counted_codes(colour_codes(samples, _BIN_LAB))
    common = np.sort(np.argsort(-counts, kind="stable")[:_MOST_CELLS])
    cells = decoded_codes(kinds[common], _BIN_LAB)
    apart = distance(cells[:, None], cells)
    density = np.exp(-0.5 * (apart / 5.0) ** 2) @ counts[common]
    free, modes, least = np.ones(len(cells), bool), [], max(12, 0.05 * plot.width)
    for _ in range(_MOST_MODES):
        best = int(np.argmax(np.where(free, density, -1)))
        members = common[free & (apart[best] < settings.merge_lab)]
        inside = np.isin(np.arange(len(kinds)), members)[which]
        colour, count = _purest(samples[inside], contrast[inside]), int(counts[members].sum())
        if count >= least and np.linalg.norm(plot.fills - colour, axis=1).min() > settings.merge_lab:
            modes.append(_Mode(colour, to_rgb(colour), count, at[inside]))
        free &= apart[best] >= settings.merge_lab
        if not free.any():
            break
    return tuple((mode.colour, mode.count) for mode in _without_fringes(plot, modes))


def shows(plot, colour, others):
    """Whether a line of the plot has a colour that is near to others: it is purest in more columns than a few shades of another line.

    Parameters
    ----------
    plot : Plot
    colour : ndarray, shape (3,)
        In CIELAB.
    others : sequence of ndarray, shape (3,)
        Colours that are known to be there.

    Returns
    -------
    bool
    """
    ridges = np.nonzero(_ridges(plot.contrast) & ~plot.text)
    samples = plot.lab[ridges]
    off = np.linalg.norm(samples - colour, axis=1)
    away = np.min([np.linalg.norm(samples - other, axis=1) for other in others], axis=0)
    return len(np.unique(ridges[1][(off < _OF_ONE_INK) & (off < away)])) > _LEAST_COLUMNS * plot.width


@dataclass(frozen=True)
class _Mode:
    """A common colour in CIELAB and in red, green, blue, its number of ridge pixels, and where they are in the flat plot."""

    colour: np.ndarray
    rgb: np.ndarray
    count: int
    at: np.ndarray


def _without_fringes(plot, modes):
    """Colours without those that only line another: mixtures of it with a ground or a third colour, beside its pixels."""
    fills = [to_rgb(colour) for colour in plot.fills]
    dropped = set()
    for i, mode in enumerate(modes):
        purer = []
        for j, other in enumerate(modes):
            rarer = [third.rgb for third in modes if mode.count < 0.7 * min(other.count, third.count)]
            if i != j and j not in dropped and any(mixture_share(mode.rgb, other.rgb, ground) is not None for ground in fills + rarer):
                purer.append(other)
        if purer and _lines(plot, mode, purer):
            dropped.add(i)
    return [mode for i, mode in enumerate(modes) if i not in dropped]


def _lines(plot, mode, others):
    """Whether nearly all places of one colour lie beside pixels that are nearer to another."""
    around, mask = np.ones((3, 3), np.uint8), np.zeros(plot.contrast.shape, np.uint8)
    mask.ravel()[mode.at] = 1
    near = np.flatnonzero(cv2.dilate(mask, around))
    lab = plot.lab.reshape(-1, 3)[near]
    away = distance(lab, mode.colour)
    for other in others:
        off = distance(lab, other.colour)
        mask.ravel()[near] = (off < 16) & (off < away)
        if cv2.dilate(mask, around).ravel()[mode.at].mean() > _FRINGE_SHARE:
            return True
    return False


def mixture_share(rgb, colour, ground):
    """Share of one colour in a mixture of it with another.

    Parameters
    ----------
    rgb, colour, ground : ndarray, shape (3,)
        The mixture and its parts; red, green, blue of 0 to 100.

    Returns
    -------
    float or None
        None where the first is no mixture of the others.
    """
    way, offset = colour - ground, rgb - ground
    share = float(offset @ way / max(way @ way, 1.0))
    return share if 0.1 < share < 0.95 and np.linalg.norm(offset - share * way) < _MOST_MISFIT else None


def _purest(samples, contrast):
    """Median colour of the pixels that differ most from the background."""
    return np.median(samples[contrast >= np.quantile(contrast, 0.7)], axis=0)


def _ridges(contrast):
    """Pixels at least as strong as both their neighbours across the line, in either direction."""
    padded = np.pad(contrast, 1)
    up, down = padded[:-2, 1:-1], padded[2:, 1:-1]
    left, right = padded[1:-1, :-2], padded[1:-1, 2:]
    across = ((contrast >= up) & (contrast >= down)) | ((contrast >= left) & (contrast >= right))
    return across & (contrast > 0)


def part(plot, colours):
    """How much of each pixel a line of each colour covers.

    A pixel at the edge of a line is a mixture of background and line colour; the share of the line is the projection of
    the pixel on the way from background to colour. A pixel goes to the colour whose mixtures fit it best. Where a
    lighter colour lies on the way to a darker one (grey and black), a pixel goes to the darker when a pure pixel of the
    darker is beside it, else to the lighter; where the lighter is nearly as dark, pure is what is nearer to the darker.

    Parameters
    ----------
    plot : Plot
    colours : sequence of ndarray, shape (3,)
        CIELAB.

    Returns
    -------
    ndarray of float32, shape (n_colours, height, width)
        In [0, 1].
    """
    ink = plot.contrast > 0
    rgb, ground = (np.ascontiguousarray(part.T) for part in (plot.px[ink].astype(np.float32) / 2.55, plot.ground.rgb[plot.ground.place[ink]]))
    mixtures = (_mixture(rgb, ground, colour) for colour in colours)
    alpha, misfit = (np.stack(parts) for parts in zip(*mixtures, strict=True))
    best = misfit.min(axis=0)
    fits = (misfit <= best + _TIE_LAB) & (misfit < _MOST_MISFIT)
    keep = fits & (alpha > 0.2)
    for light, dark, share in _on_the_way(plot, colours):
        both = keep[light] & keep[dark]
        pure = _near_pure(ink, (alpha[dark] > ((1 + share) / 2 if share > _PURE_SHARE else _PURE_SHARE)) & fits[dark] & (alpha[dark] > 0.2))
        keep[light] &= ~(fits[dark] & pure)
        keep[dark] &= ~(both & ~pure)
    shares = np.zeros((len(colours), *ink.shape), np.float32)
    shares[:, ink] = np.where(keep, np.minimum(alpha, 1), 0)
    return shares


def _near_pure(ink, pure):
    """Which pixels of the ink lie beside pure ones, both in the order of the ink."""
    whole = np.zeros(ink.shape, np.uint8)
    whole[ink] = pure
    return cv2.dilate(whole, np.ones((5, 5), np.uint8))[ink] > 0


def _mixture(rgb, ground, colour):
    """Share of `colour` in each pixel, and the distance left when it is mixed with the ground; pixels have shape (3, n).

    Drawing programs blend red, green and blue as stored, so shares are taken there and not in CIELAB.
    """
    way, offset = to_rgb(colour)[:, None] - ground, rgb - ground
    length2 = _summed(way**2)
    alpha = np.clip(_summed(offset * way) / np.maximum(length2, 1.0), 0, 1.3)
    misfit = np.sqrt(_summed((offset - alpha * way) ** 2))
    return alpha, np.where(length2 > _LEAST_CONTRAST**2, misfit, np.inf)


def _summed(channels):
    """Sum over three channels, which a loop over the pixels is slow at."""
    return channels[0] + channels[1] + channels[2]


def _on_the_way(plot, colours):
    """Pairs (lighter, darker) of colours, the first a mixture of the second with the paper, each with the share of the second in it."""
    paper = plot.ground.middle()
    pairs = []
    for i, light in enumerate(colours):
        for j, dark in enumerate(colours):
            way, offset = np.asarray(dark) - paper, np.asarray(light) - paper
            share = offset @ way / max(way @ way, 1.0)
            if i != j and 0.15 < share < 0.9 and np.linalg.norm(offset - share * way) < _MOST_MISFIT:
                pairs.append((i, j, float(mixture_share(to_rgb(light), to_rgb(dark), to_rgb(paper)) or share)))
    return pairs
