"""Words and single cells read from a picture: the only door to optical character recognition."""

import hashlib

import cv2
import numpy as np

from ipdrecon.errors import lacking
from ipdrecon.figure.recogniser import LEAST_SCORE, engine, read_lines_of, read_places
from ipdrecon.figure.session import is_remembered, is_remembering, recall
from ipdrecon.model import Box, Word

_LEAST_SIDE_PX = 1000
_LARGEST_SCALE = 3.0
_MOST_SLENDER = 8.0
_LONGEST_LINE = 80  # heights; it would hold some 150 letters, and the engine cannot scale what is longer yet
# the reader's memory grows with the picture; print is legible at this size
_MOST_SIDE_PX = 3200
_FINDING_SIDE_PX = 1600


def _found(px, *, read, lying=False):
    """Corners, texts and scores of what the engine finds in a picture (RGB), `lying`: of what is wider than tall; remembered in a session.

    Without `read`, corners alone.
    """

    def ask():
        bgr = cv2.cvtColor(px, cv2.COLOR_RGB2BGR)
        found = engine()(bgr, use_det=True, use_cls=False, use_rec=read and not lying)
        if found.boxes is None:
            return [], [], []
        corners = np.asarray(found.boxes, float)
        if not read:
            return corners.tolist(), [], []
        if not lying:
            return corners.tolist(), [str(text) for text in found.txts or ()], [float(score) for score in found.scores or ()]
        corners = [one for one in corners if np.ptp(one[:, 0]) > np.ptp(one[:, 1])]
        sure = [(one.tolist(), *line) for one, line in zip(corners, read_places(bgr, corners), strict=True) if line[1] >= LEAST_SCORE]
        return tuple(map(list, zip(*sure, strict=True))) or ([], [], [])

    if not is_remembering():
        return ask()
    return recall("text", (_digest(px), px.shape[0], px.shape[1], read, lying), ask)


def _digest(px):
    return hashlib.blake2b(np.ascontiguousarray(px), digest_size=16).hexdigest()


def _texts(lines):
    """Texts and scores of lines that were cut out (RGB), all read in one go but those remembered in a session."""
    if not is_remembering():
        return read_lines_of([cv2.cvtColor(line, cv2.COLOR_RGB2BGR) for line in lines])
    keys = [("line", _digest(line), *line.shape[:2]) for line in lines]
    new = {key: line for key, line in zip(keys, lines, strict=True) if not is_remembered("text", key)}
    read = dict(zip(new, read_lines_of([cv2.cvtColor(line, cv2.COLOR_RGB2BGR) for line in new.values()]), strict=True))
    # what is remembered comes first, before new lines take its place in the memory
    order = sorted(dict.fromkeys(keys), key=new.__contains__)
    kept = {key: recall("text", key, lambda key=key: ([], [read[key][0]], [read[key][1]])) for key in order}
    return [(kept[key][1][0], kept[key][2][0]) for key in keys]


def read_words(px, *, box=None, scale=None, lying=False):
    """Read all words of a picture, or of a part of it.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    box : Box, optional
        The part to read; the whole by default.
    scale : float, optional
        Enlargement before reading; by default small pictures are enlarged, and very large ones reduced.
    lying : bool
        Read only what is wider than tall; what is not costs nothing but being found.

    Returns
    -------
    tuple of Word
        In px of the whole picture, sorted from top to bottom, then left to right.
    """
    left, top = 0, 0
    if box is not None:
        left, top = max(int(box.left), 0), max(int(box.top), 0)
        px = px[top : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1]
    if min(px.shape[:2]) < 3 or lacking("ocr"):
        return ()
    if scale is None:
        longest = max(px.shape[:2])
        scale = float(np.clip(_LEAST_SIDE_PX / longest, min(1.0, _MOST_SIDE_PX / longest), _LARGEST_SCALE))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = cv2.resize(px, None, fx=scale, fy=scale, interpolation=way) if scale != 1 else px
    large = _less_slender(np.ascontiguousarray(large))
    words = [
        _word(np.array(corners, np.float32) / scale + (left, top), text, score)
        for corners, text, score in zip(*_found(large, read=True, lying=lying), strict=True)
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
    if lacking("ocr"):
        return ()
    px = _less_slender(px)
    scale = min(_FINDING_SIDE_PX / max(px.shape[:2]), 1.0)
    small = cv2.resize(px, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale != 1 else px
    corners = [np.array(one, np.float32) / scale for one in _found(np.ascontiguousarray(small), read=False)[0]]
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
    px, height_px
        As those of `read_lines`.
    box : Box
        Around the text, with a few px of margin.

    Returns
    -------
    Word
        With empty text and confidence 0 where nothing was read.
    """
    return read_lines(px, [box], height_px=height_px)[0]


def read_lines(px, boxes, *, height_px=48):
    """Read lines of text whose places are known: each as `read_line` would, but where there are several processors, at a time.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    boxes : sequence of Box
        Around the lines, with a few px of margin.
    height_px : int
        The crops are enlarged to this height before reading.

    Returns
    -------
    list of Word
        In the order of the boxes.
    """
    lines = [_cut_out(px, box, height_px) for box in boxes]
    texts = iter(_texts([line for line in lines if line is not None]))
    read = [("", 0.0) if line is None else next(texts) for line in lines]
    return [Word(text.strip(), box, round(score, 2)) for box, (text, score) in zip(boxes, read, strict=True)]


def _cut_out(px, box, height_px):
    top, left = max(int(box.top), 0), max(int(box.left), 0)
    crop = px[top : int(np.ceil(box.bottom)) + 1, left : int(np.ceil(box.right)) + 1]
    short, long = sorted(crop.shape[:2])
    if short < 3 or long > _LONGEST_LINE * short or lacking("ocr"):
        return None
    scale = height_px / crop.shape[0]
    return cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
