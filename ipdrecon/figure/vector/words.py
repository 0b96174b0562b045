"""The words of a scene's text layer, and which of them are prose."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np

from ipdrecon.figure.vector.scene import is_sign
from ipdrecon.model import Box, Word

_MANY_SIGNS = 5
_PROSE_LINES = 3
_PROSE_LETTERS = 32
_PROSE_PITCH = 2.2
_PROSE_WORDS = 4
_WORD = re.compile(r"[^\W\d]{3,}")


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
        Exact, sorted from top to bottom, then left to right; without letters that stand alone many times, as marks do.
    """
    counted = Counter((text.text, round(text.size, 1)) for text in scene.texts if is_sign(text))
    texts = [text for text in scene.texts if text.text.strip() and counted[text.text, round(text.size, 1)] < _MANY_SIGNS]
    words = [Word(text.text, box_in_px(text.box, scale), 1.0, text.angle != 0, True) for text in texts]
    return tuple(sorted(words, key=lambda word: (word.box.top, word.box.left)))


def placed(words, scale, right=0.0, down=0.0):
    """Words with boxes in points as words of a rendering.

    Parameters
    ----------
    words : iterable of Word
    scale : float
        Px per point.
    right, down : float
        Way in points by which they are moved first.

    Returns
    -------
    tuple of Word
    """
    return tuple(replace(word, box=box_in_px(word.box.moved(right, down), scale)) for word in words)


def box_in_px(box, scale):
    """A box in points as a box in px of a rendering; its borders are the outermost pixels that it touches."""
    return Box(*(round(float(edge * scale - 0.5), 2) for edge in (box.left, box.top, box.right, box.bottom)))


def prose_of(texts):
    """Of some texts those that are paragraphs and captions.

    Lines of many letters, three and more, evenly below each other, are a paragraph; single lines of several words that
    begin or end where paragraphs do are what is left of others.

    Parameters
    ----------
    texts : sequence of Text

    Returns
    -------
    tuple of Text
    """
    level = [text for text in texts if text.angle == 0]
    prose = [text for block in _blocks(level) if _is_prose(block) for text in block]
    lone = [text for text in level if _many_words(text) and not any(text is line for line in prose) and _is_aligned(text, prose)]
    return (*prose, *lone)


def _many_words(text):
    return len(text.text) >= _PROSE_LETTERS and len(_WORD.findall(text.text)) >= _PROSE_WORDS


def _is_aligned(text, prose):
    """Whether a line begins or ends where one of some lines does."""
    reach = 1.2 * text.size
    return any(abs(text.box.left - line.box.left) < reach or abs(text.box.right - line.box.right) < reach for line in prose)


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
