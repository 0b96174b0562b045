"""Words and single cells read from a picture: the only door to optical character recognition."""

import hashlib

import cv2
import numpy as np

from ipdrecon.figure.recogniser import engine
from ipdrecon.figure.session import is_remembering, recall
from ipdrecon.model import Box, Word

_LEAST_SIDE_PX = 1000
_LARGEST_SCALE = 3.0
_MOST_SLENDER = 8.0
# the reader's memory grows with the picture; print is legible at this size
_MOST_SIDE_PX = 3200
_FINDING_SIDE_PX = 1600


def _read(px, *, find, read):
    """Corners, texts and scores of what the engine finds in a picture (RGB), reads of it, or both; remembered in a session."""

    def ask():
        found = engine()(cv2.cvtColor(px, cv2.COLOR_RGB2BGR), use_det=find, use_cls=False, use_rec=read)
        if find and found.boxes is None:
            return [], [], []
        places = np.asarray(found.boxes, float).tolist() if find else []
        texts, scores = (found.txts or (), found.scores or ()) if read else ((), ())
        return places, [str(text) for text in texts], [float(score) for score in scores]

    if not is_remembering():
        return ask()
    digest = hashlib.blake2b(np.ascontiguousarray(px), digest_size=16).hexdigest()
    return recall("text", (digest, px.shape[0], px.shape[1], find, read), ask)


def read_words(px, *, box=None, scale=None):
    """Read all words of a picture, or of a part of it.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box, optional
        The part to read; the whole by default.
    scale : float, optional
        Enlargement before reading; by default small pictures are enlarged, and very large ones reduced.

    Returns
    -------
    tuple of Word
        In px of the whole picture, sorted from top to bottom, then left to right.
    """
    left, top = 0, 0
    if box is not None:
        left, top = max(int(box.left), 0), max(int(box.top), 0)
        px = px[top : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1]
    if min(px.shape[:2]) < 3:
        return ()
    if scale is None:
        longest = max(px.shape[:2])
        scale = float(np.clip(_LEAST_SIDE_PX / longest, min(1.0, _MOST_SIDE_PX / longest), _LARGEST_SCALE))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = cv2.resize(px, None, fx=scale, fy=scale, interpolation=way) if scale != 1 else px
    large = _less_slender(np.ascontiguousarray(large))
    words = [
        _word(np.array(corners, np.float32) / scale + (left, top), text, score)
        for corners, text, score in zip(*_read(large, find=True, read=True), strict=True)
        if text.strip()
    ]
    return tuple(sorted(words, key=lambda word: (word.box.top, word.box.left)))


def find_text(px):
    """Places of text, which are found in a fraction of the time that reading them takes.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    tuple of Box
        Of lines and lone words.
    """
    scale = min(_FINDING_SIDE_PX / max(px.shape[:2]), 1.0)
    small = cv2.resize(px, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale != 1 else px
    corners = [np.array(one, np.float32) / scale for one in _read(np.ascontiguousarray(small), find=True, read=False)[0]]
    return tuple(Box(*map(float, (*one.min(axis=0), *one.max(axis=0)))) for one in corners)


def _less_slender(px):
    """A strip with paper added at its long side: the engine enlarges by the short one, and a thread of text to gigabytes."""
    height, width = px.shape[:2]
    down, right = (max(int(np.ceil(other / _MOST_SLENDER)) - side, 0) for side, other in ((height, width), (width, height)))
    paper = [int(np.median(px[..., channel])) for channel in range(3)]
    return cv2.copyMakeBorder(px, 0, down, 0, right, cv2.BORDER_CONSTANT, value=paper) if down or right else px


def _word(corners, text, score):
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    tall = bool(bottom - top > 1.4 * (right - left)) and len(text.strip()) > 1
    box = Box(round(float(left), 2), round(float(top), 2), round(float(right), 2), round(float(bottom), 2))
    return Word(text.strip(), box, round(float(score), 2), tall)


def read_line(px, box, *, height_px=48):
    """Read one line of text whose place is known, without searching for it.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box
        Around the text, with a few px of margin.
    height_px : int
        The crop is enlarged to this height before reading.

    Returns
    -------
    Word
        With empty text and confidence 0 where nothing was read.
    """
    top, left = max(int(box.top), 0), max(int(box.left), 0)
    crop = px[top : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1]
    if min(crop.shape[:2], default=0) < 3:
        return Word("", box, 0.0)
    scale = height_px / crop.shape[0]
    crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    _, texts, scores = _read(crop, find=False, read=True)
    if not texts:
        return Word("", box, 0.0)
    return Word(texts[0].strip(), box, round(scores[0], 2))
