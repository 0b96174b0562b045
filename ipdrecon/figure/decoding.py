"""A picture's bytes turned into pixels: what the libraries print is kept quiet, and what it tells of damage is kept.

OpenCV decodes; its libraries for PNG and JPEG write their complaints to the standard error of the process, and go on with
a JPEG that is cut short as if its lower part were grey.
"""

import contextlib
import io
import logging
import os
import re
import struct
import tempfile
import threading
import warnings

import cv2
import numpy as np

_STANDARD_ERROR = 2
_LOCK = threading.Lock()
# what a library says of image data it could not use; other complaints, as of a colour profile, leave the pixels as they are
_DAMAGE = re.compile(rb"Corrupt JPEG data: (premature end of data segment|bad Huffman code)|Premature end of JPEG file|Invalid SOS parameters|IDAT: [^\n]*|Not enough image data|Read Error")
_OF_LIBRARIES = re.compile(rb"[^\n]*(?:JPEG|JFIF|libpng|IDAT|TIFF|marker 0x|SOS parameters|image data|Huffman|progression sequence|Adobe|Bogus|Unsupported marker|Invalid |sampling factors|D[HQ]T |restart interval)[^\n]*\n?")
_WIDTH, _HEIGHT = 256, 257
_MOST_CHUNKS = 200_000


def decode(data, kind):
    """Decode a picture.

    Parameters
    ----------
    data : bytes
    kind : str
        As `ipdrecon.figure.source.read_file` tells it.

    Returns
    -------
    px : ndarray or None
        As OpenCV gives it: blue first; None where the picture cannot be decoded.
    damage : str
        What could not be decoded of a picture that was; empty where nothing is known to be wrong.
    """
    if kind == "PNG" and _claims_more_than_it_has(data):
        return None, ""
    way = cv2.IMREAD_COLOR if kind == "JPEG" else cv2.IMREAD_UNCHANGED
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        with _hushed() as said:
            px = cv2.imdecode(np.frombuffer(data, np.uint8), way)
    except cv2.error:
        return None, ""
    finally:
        cv2.utils.logging.setLogLevel(before)
    found = _DAMAGE.search(bytes(said))
    if found is None and kind == "JPEG" and b"\xff\xd9" not in data[-4096:]:
        return px, "its end is missing"
    return px, found[0].decode("ascii", "replace") if found else ""


def _claims_more_than_it_has(data):
    """Whether a chunk of a PNG is said to reach beyond the file: memory for all of it would be taken before it is seen to be missing."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(data) or data[at + 4 : at + 8] == b"IEND":
            return False
        at += 12 + struct.unpack_from(">I", data, at)[0]
        if at > len(data):
            return True
    return True


@contextlib.contextmanager
def _hushed():
    """Catch what C libraries print on standard error while a picture is decoded; what is not theirs goes on to where it should."""
    said = bytearray()
    with _LOCK, contextlib.ExitStack() as opened:
        try:
            caught = opened.enter_context(tempfile.TemporaryFile())
            before = os.dup(_STANDARD_ERROR)
        except OSError:
            yield said
            return
        os.dup2(caught.fileno(), _STANDARD_ERROR)
        try:
            yield said
        finally:
            os.dup2(before, _STANDARD_ERROR)
            caught.seek(0)
            said += caught.read()
            others = _OF_LIBRARIES.sub(b"", bytes(said))
            if others:
                os.write(before, others)
            os.close(before)


@contextlib.contextmanager
def quiet_pillow():
    """Keep the warnings and the log of Pillow to itself; what is wrong with a picture is said by us."""
    log = logging.getLogger("PIL")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


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
    from PIL import Image

    with quiet_pillow():
        most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(io.BytesIO(data)) as picture:
                return picture.size
        except (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, AttributeError, struct.error):
            return _tiff_size(data)
        finally:
            Image.MAX_IMAGE_PIXELS = most


def _tiff_size(data):
    """Width and height that the first directory of a TIFF names, for kinds of pixels that Pillow does not know; else None."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(data[:4])
    try:
        (place,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, place)
        entries = [struct.unpack_from(f"{order}HHI", data, place + 2 + 12 * number) for number in range(count)]
        found = {tag: struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, place + 10 + 12 * number)[0] for number, (tag, kind, _) in enumerate(entries)}
    except struct.error:
        return None
    return (found[_WIDTH], found[_HEIGHT]) if {_WIDTH, _HEIGHT} <= set(found) else None
