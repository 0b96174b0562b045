"""Outlined letters whose text the file tells in a comment beside them, as matplotlib writes it."""

import math

import numpy as np

from ipdrecon.figure.vector.scene import Text
from ipdrecon.model import Box

_HEIGHT_EM = 0.74


def outlined_text(said, drawn):
    """The text that some outlines spell, if a comment beside them has as many letters.

    Parameters
    ----------
    said : str
        The comment.
    drawn : list of (Shape, tuple of float)
        What the comment's group draws, and the matrix of each.

    Returns
    -------
    Text or None
    """
    shapes = [shape for shape, _ in drawn if shape.fill is not None]
    if not shapes or len(shapes) != len(said.replace(" ", "")):
        return None
    corners = np.array([(shape.box.left, shape.box.top, shape.box.right, shape.box.bottom) for shape in shapes])
    box = Box(*map(float, (*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))))
    a, b, _, _, x, y = drawn[0][1]
    angle = round(math.degrees(math.atan2(-b, a))) % 360
    height = max(side for shape in shapes for side in ((shape.box.width,) if angle in (90, 270) else (shape.box.height,)))
    return Text(said, box, (float(x), float(y)), float(height) / _HEIGHT_EM, angle, shapes[0].fill, outlined=True)
