"""Pictures within an SVG file, decoded from their ``data:`` address and laid as they stand on the page."""

import base64
import binascii
import io
import re
from urllib.parse import unquote_to_bytes

import cv2
import numpy as np

from ipdrecon.figure.decoding import quiet_pillow
from ipdrecon.figure.source import MOST_PIXELS
from ipdrecon.figure.vector.scene import Picture
from ipdrecon.figure.vector.svg_paint import FARTHEST_PT, href, is_empty
from ipdrecon.figure.vector.svg_values import box_around, corners, fitted, length, overlap, placed, scale_of, times
from ipdrecon.model import Box

_DATA = re.compile(r"data:[^,]*?(;\s*base64)?,", re.I)
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
_WHITE = (255, 255, 255)
_LEAST_PT_PER_PX = 1e-6
_SQUARE = 1e-6


def picture_of(element, place, allowance):
    """Decode the picture of an ``<image>`` and lay it on the page.

    Parameters
    ----------
    element : Element
    place : Place
    allowance : Allowance
        What its pixels count against.

    Returns
    -------
    Picture or None
        None where it is not seen, is damaged, is of no known kind, or lies outside the file, from where it is not fetched.
    """
    if place.style["visibility"] != "visible" or not place.opacity:
        return None
    address = href(element)
    match = _DATA.match(address)
    px = _decoded(address[match.end() :], bool(match[1]), allowance) if match else None
    if px is None:
        return None
    if place.opacity < 1:
        px = np.round(255 - (255.0 - px) * place.opacity).astype(np.uint8)
    matrix, clip = _frame(element, place, px.shape)
    return _cropped(*_turned(px, matrix, allowance), overlap(place.clip, clip)) if matrix else None


def _decoded(text, is_base64, allowance):
    from PIL import Image, UnidentifiedImageError

    try:
        data = unquote_to_bytes(text)
        data = base64.b64decode(data) if is_base64 else data
        with quiet_pillow():
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.width * image.height > MOST_PIXELS:
                return None
            allowance.spend("pixels", image.width * image.height)
            image.load()
            if image.mode.startswith(("I", "F")):
                image = image.point(lambda value: value / 256)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                paper = Image.new("RGB", image.size, _WHITE)
                paper.paste(image, mask=image.getchannel("A"))
                image = paper
            return np.asarray(image.convert("RGB"))
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return None


def _frame(element, place, shape):
    """From pixels to points; and the box around what the element shows, where that is less than the whole picture."""
    high, wide = shape[:2]
    (across, down), em = place.viewport, place.style["font-size"]
    x, y = (length(element.get(name), whole, em) or 0.0 for name, whole in (("x", across), ("y", down)))
    width, height = (length(element.get(name), whole, em) for name, whole in (("width", across), ("height", down)))
    if width is None:
        width = wide if height is None else height * wide / high
    if height is None:
        height = width * high / wide
    if width <= 0 or height <= 0:
        return None, None
    matrix = times(place.matrix, (1.0, 0.0, 0.0, 1.0, x, y))
    inner = times(matrix, fitted((0.0, 0.0, wide, high), width, height, element.get("preserveAspectRatio")))
    if not _LEAST_PT_PER_PX < scale_of(inner) < FARTHEST_PT:
        return None, None
    return inner, box_around(placed(matrix, corners(0.0, 0.0, width, height)))


def _turned(px, matrix, allowance):
    """The picture as it stands on the page, and the box around it."""
    a, b, c, d, _, _ = matrix
    high, wide = px.shape[:2]
    box = box_around(placed(matrix, corners(0.0, 0.0, wide, high)))
    if max(abs(b), abs(c)) > _SQUARE * max(abs(a), abs(d)):
        if max(abs(a), abs(d)) > _SQUARE * max(abs(b), abs(c)):
            return _slanted(px, matrix, box, allowance), box
        px, a, d = px.swapaxes(0, 1), c, b
    return np.ascontiguousarray(px[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]), box


def _slanted(px, matrix, box, allowance):
    a, b, c, d, e, f = matrix
    scale = 1 / np.sqrt(abs(a * d - b * c))
    size = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
    allowance.spend("pixels", size[0] * size[1])
    to_px = np.array([[a, c, e - box.left], [b, d, f - box.top]]) * scale
    to_px[:, 2] += to_px[:, :2] @ (0.5, 0.5) - 0.5
    return cv2.warpAffine(px, to_px, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=_WHITE)


def _cropped(px, box, clip):
    """What a clip leaves of a picture, to whole pixels; None for nothing."""
    seen = overlap(box, clip)
    if is_empty(seen):
        return None
    per_px = np.array([box.width / px.shape[1], box.height / px.shape[0]])
    first = np.floor((np.array([seen.left - box.left, seen.top - box.top]) / per_px) + 1e-6).astype(int)
    last = np.ceil((np.array([seen.right - box.left, seen.bottom - box.top]) / per_px) - 1e-6).astype(int)
    last = np.maximum(last, first + 1)
    left, top = np.array([box.left, box.top]) + first * per_px
    right, bottom = np.array([box.left, box.top]) + last * per_px
    return Picture(Box(float(left), float(top), float(right), float(bottom)), px[first[1] : last[1], first[0] : last[0]])
