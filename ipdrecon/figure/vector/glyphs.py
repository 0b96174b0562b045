"""Text drawn as outlines: the same letter is the same outline, so that what is read surely in one place tells it in all."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.around import around
from ipdrecon.figure.panels import upright_labels
from ipdrecon.figure.text import read_words
from ipdrecon.figure.vector.render import render
from ipdrecon.model import Box, Word

_LEAST_KINDS = 5
_SIDE = (0.3, 40.0)
_STROKE = 3.5
_OCR_SCALE = 3.0
_MOST_PX = 3000
_MOST_LETTERS = 20_000
_SPACE, _APART = 0.42, 0.85
_LEAST_SHARE, _SURE_SHARE = 0.5, 0.8
_LEVEL = 0.25
_MOSTLY = 0.7
_SAME_OUTLINE = 0.03


@dataclass(frozen=True)
class _Letter:
    """An outline that may be a letter: where it is in points, and a number that all outlines of the same letter share."""

    box: Box
    key: int


def outlined_words(scene, *, standing=False):
    """Words whose letters are drawn as outlines.

    The outlines alone are rendered and read. Each reading that has as many letters as there are outlines in its place
    votes for what each outline is; then the outlines are spelt by what most votes say, wherever they stand.

    Parameters
    ----------
    scene : Scene
    standing : bool
        Whether numbers printed upwards are looked for by themselves: in level reading short ones are missed.

    Returns
    -------
    tuple of Word
        With boxes in points; empty where the scene has hardly any kinds of such letters, as where marks are all that is filled.
    """
    shapes = [shape for shape in scene.shapes if _may_be_text(shape) and not _is_written(shape.box, scene.texts)]
    outlines = [outline for shape in shapes if not _is_upright(shape) for outline in _outlines(shape)]
    if not shapes or len(outlines) > _MOST_LETTERS:
        return ()
    letters = [_Letter(_around_points(outline), key) for outline, key in zip(outlines, _keys(outlines), strict=True)]
    if len({letter.key for letter in letters}) < _LEAST_KINDS:
        return ()
    read = _read(scene, shapes, standing)
    level = [word for word in read if not word.vertical]
    upright = [word for word in read if word.vertical]
    letters = [letter for letter in letters if not any(word.box.contains(*letter.box.centre) for word in upright)]
    spelt = _elected(letters, level)
    words = [_spelt(group, spelt, level) for group in _groups(letters)]
    return tuple(word for word in (*words, *upright) if word is not None)


def _may_be_text(shape):
    """Whether a shape may be letters: filled, no line, its parts as small as letters are."""
    if shape.fill is None or shape.opacity < 0.3 or min(shape.fill) > 250 or sum(map(len, shape.parts)) < 5:
        return False
    sides = [np.ptp(part, axis=0).max() for part in shape.parts]
    return _SIDE[0] < max(sides) < _SIDE[1] and not (len(shape.parts) == 1 and _is_block(shape.parts[0]))


def _is_block(part):
    """Whether an outline is a rectangle broader than the stroke of a letter: the ground of a key, a bar."""
    level = np.isclose(np.diff(part, axis=0), 0.0).any(axis=1).all()
    return bool(len(part) <= 6 and level and np.ptp(part, axis=0).min() > _STROKE)


def _is_upright(shape):
    """Whether a shape is a word printed upwards."""
    return len(shape.parts) > 3 and shape.box.height > 3 * shape.box.width


def _outlines(shape):
    """The letters of a shape, each as a list of parts: what lies above, within or below each other is one letter."""
    letters = []
    for part in sorted(shape.parts, key=lambda part: part[:, 0].min()):
        left, right = part[:, 0].min(), part[:, 0].max()
        last = max((other[:, 0].max() for other in letters[-1]), default=-np.inf) if letters else -np.inf
        if last - left > 0.5 * (right - left):
            letters[-1].append(part)
        else:
            letters.append([part])
    return letters


def _around_points(parts):
    (left, top), (right, bottom) = np.concatenate(parts).min(axis=0), np.concatenate(parts).max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def _is_written(box, texts):
    return any(text.box.contains(*box.centre, 1.0) for text in texts)


def _keys(outlines):
    """Which letter each outline is, as a number: those that agree point by point, whatever their size, are one."""
    keys, known = [], defaultdict(list)
    for parts in outlines:
        points = np.concatenate(parts)
        low = points.min(axis=0)
        drawn = (points - low) / max(np.ptp(points, axis=0).max(), 1e-9)
        alike = known[tuple(map(len, parts))]
        apart = [np.abs(drawn - other).max() for _, other in alike]
        if not apart or min(apart) > _SAME_OUTLINE:
            alike.append((sum(map(len, known.values())), drawn))
            apart.append(0.0)
        keys.append(alike[int(np.argmin(apart))][0])
    return keys


def _read(scene, shapes, standing):
    """Words of a picture of the outlines alone, in points; the numbers printed upwards read in the picture turned, where these are asked for."""
    scale = min(_OCR_SCALE, _MOST_PX / max(scene.width, scene.height))
    px = render(scene, scale, only=shapes)
    found = [*read_words(px, scale=1.0), *(label.word for label in (upright_labels(px) if standing else ()))]
    return [Word(word.text, _scaled(word.box, 1 / scale), word.confidence, word.vertical) for word in found]


def _scaled(box, by):
    """A box of px with whole centres in another measure."""
    return Box(*((edge + 0.5) * by for edge in (box.left, box.top, box.right, box.bottom)))


def _elected(letters, words):
    """What each outline is, and the share of the votes for it, by key."""
    votes = defaultdict(Counter)
    for word in words:
        within = sorted((letter for letter in letters if word.box.contains(*letter.box.centre)), key=lambda letter: letter.box.left)
        text = word.text.replace(" ", "")
        if len(within) == len(text):
            for letter, character in zip(within, text, strict=True):
                votes[letter.key][character] += word.confidence
    return {key: (counted.most_common(1)[0][0], counted.most_common(1)[0][1] / counted.total()) for key, counted in votes.items()}


def _groups(letters):
    """Letters that stand side by side on one line, from left to right."""
    groups = []
    for letter in sorted(letters, key=lambda letter: (letter.box.left, letter.box.top)):
        near = [group for group in groups if _goes_on(group, letter.box)]
        if near:
            max(near, key=lambda group: group[-1].box.right).append(letter)
        else:
            groups.append([letter])
    return groups


def _goes_on(group, box):
    last, height = group[-1].box, max(letter.box.height for letter in group)
    tall = max(height, box.height)
    top, bottom = min(letter.box.top for letter in group), max(letter.box.bottom for letter in group)
    level = min(bottom, box.bottom) - max(top, box.top) > _LEVEL * min(bottom - top, box.height)
    return level and -0.4 * tall < box.left - last.right < _APART * tall


def _spelt(group, spelt, words):
    """The word that a group of letters spells; as it was read where a letter is not known, None where it was not read."""
    box = around([letter.box for letter in group])
    known = [spelt.get(letter.key, ("", 0.0)) for letter in group]
    confidence = min(share for _, share in known)
    if confidence < _LEAST_SHARE:
        read = [word for word in words if word.box.contains(*box.centre) and box.width > _MOSTLY * word.box.width]
        return Word(read[0].text, box, read[0].confidence) if read else None
    spelling = "".join(character for character, _ in known)
    read = [word.text for word in words if word.box.contains(*box.centre) and word.text.replace(" ", "") == spelling]
    if read:
        return Word(read[0], box, round(float(confidence), 2), exact=confidence >= _SURE_SHARE)
    text = known[0][0]
    for letter, before, (character, _) in zip(group[1:], group, known[1:], strict=False):
        text += " " * (letter.box.left - before.box.right > _SPACE * box.height) + character
    return Word(text, box, round(float(confidence), 2), exact=confidence >= _SURE_SHARE)
