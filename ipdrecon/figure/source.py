"""Open a figure's file: a picture, or the bytes of a document."""

import hashlib
import io
import warnings
from pathlib import Path

import cv2
import numpy as np

from ipdrecon.errors import FigureError
from ipdrecon.model import Figure

LEAST_SIDE_PX = 60
MOST_PIXELS = 120_000_000
KINDS = "PNG, JPEG, WebP, TIFF, BMP or GIF"
DOCUMENTS = ("PDF", "SVG")
_SEARCHED_BYTES = 4096
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
        data = path.read_bytes()
    except OSError as error:
        raise FigureError(f"{path} cannot be read ({error.strerror}); give the path of a {KINDS}, PDF or SVG figure.") from error
    return data, _kind(path, data)


def open_figure(path):
    """Open a PNG, JPEG, WebP, TIFF, BMP or GIF file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Figure
        Transparent parts are laid on white; a JPEG is turned as its camera's note (EXIF) says; of several pictures in
        one file, the first.

    Raises
    ------
    FigureError
        When the file is missing, is no picture, is damaged, or is too small to hold a figure.
    """
    data, kind = read_file(path)
    if kind in DOCUMENTS:
        raise FigureError(f"{path} is a {kind} file; expected a {KINDS} picture.")
    return figure_of(Path(path), data, kind)


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
    Figure

    Raises
    ------
    FigureError
        When it is damaged, too small or too large.
    """
    _refuse_too_large(path, picture_size(data))
    px = _decoded(data, kind)
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
    return Figure(px=px, source=path.name, sha256=hashlib.sha256(data).hexdigest())


def picture_size(data):
    """Read width and height of a picture from its head, without decoding it.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    tuple of int, or None
        None where the head is not understood.
    """
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(io.BytesIO(data)) as picture:
                return picture.size
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError):
            return None
        finally:
            Image.MAX_IMAGE_PIXELS = most


def _refuse_too_large(path, size):
    if size is not None and size[0] * size[1] > MOST_PIXELS:
        raise FigureError(f"{path} has {size[0] * size[1] / 1e6:.0f} million px; at most {MOST_PIXELS // 10**6} are read. Scale it down.")


def _decoded(data, kind):
    """Pixels, or None where the file is damaged; OpenCV's own complaints are kept quiet, since the caller's error says it."""
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR if kind == "JPEG" else cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(before)


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
    if px.dtype != np.uint8:
        px = (px / 257).astype(np.uint8) if px.dtype == np.uint16 else px.astype(np.uint8)
    if px.ndim == 2:
        return cv2.cvtColor(px, cv2.COLOR_GRAY2RGB)
    if px.shape[2] == 4 and px[:, :, 3].min() == 255:
        return cv2.cvtColor(px, cv2.COLOR_BGRA2RGB)
    if px.shape[2] == 4:
        alpha = px[:, :, 3:].astype(np.float32) / 255
        px = np.round(px[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return cv2.cvtColor(px, cv2.COLOR_BGR2RGB)
