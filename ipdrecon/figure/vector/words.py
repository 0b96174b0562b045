"""The words of a scene: its text layer, and letters drawn as outlines, which are read from a picture of them alone."""

import numpy as np

from ipdrecon.figure.text import read_words
from ipdrecon.figure.vector.render import render
from ipdrecon.model import Box, Word

_LEAST_LETTERS = 6
_LETTER_HEIGHT = (1.5, 40.0)
_PROSE_LINES = 3
_PROSE_LETTERS = 32
_PROSE_PITCH = 2.2
_OCR_SCALE = 3.0
_MOST_PX = 3000


def text_words(scene, scale):
    """The text layer as words of a rendering.

    Parameters
    ----------
    scene : Scene
    scale : float
        Px per point.

    Returns
    -------
    tuple of Word
        Exact, sorted from top to bottom, then left to right.
    """
    words = [Word(text.text, box_in_px(text.box, scale), 1.0, text.angle != 0, True) for text in scene.texts if text.text.strip()]
    return tuple(sorted(words, key=lambda word: (word.box.top, word.box.left)))


def box_in_px(box, scale):
    """A box in points as a box in px of a rendering; its borders are the outermost pixels that it touches."""
    return Box(*(round(float(edge * scale - 0.5), 2) for edge in (box.left, box.top, box.right, box.bottom)))


def outlined_words(scene, scale):
    """Words whose letters are drawn as outlines, read from a picture that shows nothing else.

    Parameters
    ----------
    scene : Scene
    scale : float
        Px per point of the rendering in which the words are placed.

    Returns
    -------
    tuple of Word
        Empty where the scene has hardly any such letters.
    """
    letters = [k for k, shape in enumerate(scene.shapes) if _may_be_letter(shape) and not _is_written(shape.box, scene.texts)]
    if len(letters) < _LEAST_LETTERS:
        return ()
    ocr_scale = min(_OCR_SCALE, _MOST_PX / max(scene.width, scene.height))
    found = read_words(render(scene, ocr_scale, only=letters), scale=1.0)
    by = scale / ocr_scale
    return tuple(
        Word(word.text, Box(*(round((edge + 0.5) * by - 0.5, 2) for edge in (word.box.left, word.box.top, word.box.right, word.box.bottom))), word.confidence, word.vertical)
        for word in found
    )


def _may_be_letter(shape):
    """Whether a shape may be the outline of a letter: filled, small, not a bar."""
    if shape.fill is None or shape.opacity < 0.3:
        return False
    box = shape.box
    return _LETTER_HEIGHT[0] < max(box.width, box.height) < _LETTER_HEIGHT[1] and sum(map(len, shape.parts)) > 4


def _is_written(box, texts):
    return any(text.box.contains(*box.centre, 1.0) for text in texts)


def without_prose(scene):
    """A scene's texts without paragraphs and captions: lines of many letters, three and more, evenly below each other.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    texts, prose : tuple of Text
    """
    level = [text for text in scene.texts if text.angle == 0]
    prose = {id(text) for block in _blocks(level) if _is_prose(block) for text in block}
    return tuple(text for text in scene.texts if id(text) not in prose), tuple(text for text in scene.texts if id(text) in prose)


def _blocks(texts):
    """Lines gathered into blocks: each below the last, as large, with a common beginning or end."""
    blocks = []
    for text in sorted(texts, key=lambda text: (text.box.top, text.box.left)):
        for block in blocks:
            if _goes_on(block[-1], text):
                block.append(text)
                break
        else:
            blocks.append([text])
    return blocks


def _goes_on(above, below):
    size = max(above.size, 1e-6)
    pitch = below.anchor[1] - above.anchor[1]
    if not 0.8 * size < pitch < _PROSE_PITCH * size or abs(below.size - size) > 0.15 * size:
        return False
    return abs(above.box.left - below.box.left) < 2.5 * size or abs(above.box.right - below.box.right) < size


def _is_prose(block):
    letters = [len(text.text) for text in block]
    return len(block) >= _PROSE_LINES and float(np.median(letters)) >= _PROSE_LETTERS
