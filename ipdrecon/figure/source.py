"""Open a figure's file: a picture, or the bytes of a document."""

import hashlib
import stat
from pathlib import Path

import cv2
import numpy as np

from ipdrecon.bounded import TooLarge, read_bounded
from ipdrecon.errors import FigureError
from ipdrecon.figure.decoding import decode, picture_size
from ipdrecon.flags import Flag
from ipdrecon.model import Figure

LEAST_SIDE_PX = 60
MOST_PIXELS = 120_000_000
MOST_BYTES = 500_000_000
KINDS = "PNG, JPEG, WebP, TIFF, BMP or GIF"
DOCUMENTS = ("PDF", "SVG")
_SEARCHED_BYTES = 4096
_STRIP_ROWS = 256
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"RIFF": "WebP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"BM": "BMP",
    b"GIF8": "GIF",
}


def read_file(path):
    """Read a figure's file and tell its kind from its first bytes.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    data : bytes
    kind : str
        ``"PDF"``, ``"SVG"``, or the kind of picture.

    Raises
    ------
    FigureError
        When it is missing or of no known kind.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise FigureError(f"{path} is a device or a pipe; give the path of a {KINDS} picture, or of a PDF or SVG file.")
        data = read_bounded(path, MOST_BYTES)
    except TooLarge as error:
        raise FigureError(f"{path} has over {MOST_BYTES // 10**6} MB; at most that much is read. Give the page or the picture with the figure alone.") from error
    except (OSError, ValueError) as error:
        raise FigureError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}); give the path of a {KINDS}, PDF or SVG figure.") from error
    return data, _kind(path, data)


def figure_of(path, data, kind):
    """Decode a picture that has been read.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes
    kind : str
        As `read_file` tells it.

    Returns
    -------
    figure : Figure
    flags : tuple of Flag
        A doubt where a part could not be decoded.

    Raises
    ------
    FigureError
        When it is damaged, too small or too large.
    """
    size = picture_size(data)
    _refuse_too_large(path, size)
    px, damage = (None, "") if size is None else decode(data, kind)
    if px is None:
        raise FigureError(
            f"{path} ({kind}) is damaged and cannot be decoded; export or download the figure again, or convert it to PNG."
        )
    px = _rgb(px)
    if min(px.shape[:2]) < LEAST_SIDE_PX:
        raise FigureError(
            f"{path} is {px.shape[1]} × {px.shape[0]} px; a figure needs at least {LEAST_SIDE_PX} px a side. "
            "Use a larger version of it."
        )
    _refuse_too_large(path, px.shape[1::-1])
    flags = (Flag("picture_damaged", "figure", f"{kind}: {damage}."),) if damage else ()
    return Figure(px=px, source=path.name, sha256=hashlib.sha256(data).hexdigest()), flags


def _refuse_too_large(path, size):
    if size is not None and size[0] * size[1] > MOST_PIXELS:
        raise FigureError(f"{path} has {size[0] * size[1] / 1e6:.0f} million px; at most {MOST_PIXELS // 10**6} are read. Scale it down.")


def _kind(path, data):
    for magic, kind in _MAGIC.items():
        if data.startswith(magic) and (kind != "WebP" or data[8:12] == b"WEBP"):
            return kind
    head = data[:_SEARCHED_BYTES]
    if b"%PDF-" in head:
        return "PDF"
    if data[:2] == b"\x1f\x8b" or b"<svg" in head or (path.suffix.lower() == ".svg" and head.lstrip()[:1] == b"<"):
        return "SVG"
    if not data:
        raise FigureError(f"{path} is empty; expected a {KINDS}, PDF or SVG figure.")
    raise FigureError(f"{path} is no {KINDS} picture, PDF or SVG file (it begins with {data[:12]!r}); convert the figure to PNG.")


def _rgb(px):
    """Red, green and blue of eight bits on white, made a strip at a time: a large picture needs little memory beside itself."""
    made = np.empty((*px.shape[:2], 3), np.uint8)
    for top in range(0, len(px), _STRIP_ROWS):
        made[top : top + _STRIP_ROWS] = _strip_rgb(_of_eight_bits(px[top : top + _STRIP_ROWS]))
    return made


def _strip_rgb(px):
    if px.ndim == 2 or px.shape[2] == 1:
        return cv2.cvtColor(px, cv2.COLOR_GRAY2RGB)
    if px.shape[2] == 4:
        alpha = px[:, :, 3:].astype(np.float32) / 255
        px = np.round(px[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return cv2.cvtColor(px, cv2.COLOR_BGR2RGB)


def _of_eight_bits(px):
    """Pixels of 16 bits scaled down; those of numbers taken for levels from 0 to 255, and no number for white."""
    if px.dtype == np.uint8:
        return px
    if px.dtype == np.uint16:
        return (px // 257).astype(np.uint8)
    return np.nan_to_num(np.clip(px, 0, 255), nan=255.0).astype(np.uint8)
