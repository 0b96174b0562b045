"""What a vector page draws: painted paths, pieces of text, and pictures, all in points of the page."""

from dataclasses import dataclass, field, replace

import numpy as np

from ipdrecon.model import Box


@dataclass(frozen=True)
class Shape:
    """One painted path, as it lies on the page after every transformation.

    Attributes
    ----------
    parts : tuple of ndarray, each of shape (n_points, 2)
        Its subpaths as polylines in points, ``x`` to the right and ``y`` downwards; a closed one ends where it begins.
    stroke, fill : tuple of int, or None
        Red, green, blue of 0 to 255; None where the path is not stroked or not filled.
    width : float
        Of the stroke, in points.
    dash : tuple of float
        Lengths of dashes and gaps in points; empty for an unbroken line.
    opacity : float
        Of the stroke, or of the fill where there is no stroke, in [0, 1].
    clip : Box or None
        Around all that its clipping paths leave, in points; None where nothing clips it.
    curved : bool
        Whether it has Bézier curves or arcs, which `parts` follows within a hundredth of a point.
    even_odd : bool
        Whether parts that lie in one another are filled by turns; else all that any of them winds around is.
    cap : {"butt", "round", "square"}
        Ends of the stroke and of its dashes.
    order : int
        Its place in the order of drawing, among shapes, texts and pictures.
    """

    parts: tuple = field(repr=False)
    stroke: tuple | None = None
    fill: tuple | None = None
    width: float = 0.0
    dash: tuple = ()
    opacity: float = 1.0
    clip: Box | None = None
    curved: bool = False
    even_odd: bool = False
    cap: str = "butt"
    order: int = 0

    @property
    def box(self):
        """Around its points, without the width of the stroke."""
        points = np.concatenate(self.parts)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return Box(float(left), float(top), float(right), float(bottom))


@dataclass(frozen=True)
class Text:
    """One piece of text: a label, a cell, a line; not parted at its spaces.

    Attributes
    ----------
    text : str
    box : Box
        Around its letters as drawn, in points.
    anchor : tuple of float
        Where the file places it: ``(x, y)`` of the middle of its box along the line for text that is centred there, else
        of its beginning, on the baseline.
    size : float
        Height of the font in points.
    angle : int
        Whole degrees of [0, 360): 0 for level text, 90 where it runs upwards, 270 downwards.
    colour : tuple of int
        Red, green, blue of 0 to 255.
    centred : bool
        Whether the file centres it at `anchor`, which then is more exact than the middle of `box`.
    order : int
        Its place in the order of drawing, among shapes, texts and pictures.
    outlined : bool
        Whether shapes of the scene draw its letters.
    """

    text: str
    box: Box
    anchor: tuple
    size: float
    angle: int = 0
    colour: tuple = (0, 0, 0)
    centred: bool = False
    order: int = 0
    outlined: bool = False


def is_sign(text):
    """Whether a text is one character that is no digit, as a letter that marks a censoring is."""
    return len(text.text) == 1 and not text.text.isdigit()


@dataclass(frozen=True)
class Picture:
    """A picture placed on the page, at its own resolution.

    Attributes
    ----------
    box : Box
        Where it is placed, in points.
    px : ndarray of uint8, shape (height, width, 3)
        Red, green, blue, as it stands on the page (turned and mirrored as placed).
    order : int
        Its place in the order of drawing, among shapes, texts and pictures.
    """

    box: Box
    px: np.ndarray = field(repr=False)
    order: int = 0


@dataclass(frozen=True)
class Scene:
    """All that one page, or one SVG file, draws, in the order in which it is drawn.

    Attributes
    ----------
    width, height : float
        Of the page in points.
    shapes : tuple of Shape
    texts : tuple of Text
    pictures : tuple of Picture
    page : int
        Counted from 1.
    unmapped : tuple of Box
        Around each piece of text of which the file does not say the characters; it is not among `texts`.
    """

    width: float
    height: float
    shapes: tuple = field(repr=False)
    texts: tuple = field(repr=False)
    pictures: tuple = field(default=(), repr=False)
    page: int = 1
    unmapped: tuple = field(default=(), repr=False)


def moved(scene, right, down):
    """A scene with everything on it moved.

    Parameters
    ----------
    scene : Scene
    right, down : float
        In points.

    Returns
    -------
    Scene
    """
    way = np.array([right, down])

    def carried(box):
        return None if box is None else box.moved(right, down)

    return replace(
        scene,
        shapes=tuple(replace(shape, parts=tuple(part + way for part in shape.parts), clip=carried(shape.clip)) for shape in scene.shapes),
        texts=tuple(replace(text, box=carried(text.box), anchor=tuple(np.add(text.anchor, way))) for text in scene.texts),
        pictures=tuple(replace(picture, box=carried(picture.box)) for picture in scene.pictures),
        unmapped=tuple(carried(box) for box in scene.unmapped),
    )


def resized(scene, by):
    """A scene with everything on it made so many times as large.

    Parameters
    ----------
    scene : Scene
    by : float

    Returns
    -------
    Scene
    """

    def grown(box):
        return None if box is None else Box(box.left * by, box.top * by, box.right * by, box.bottom * by)

    def of(shape):
        parts, dash = tuple(part * by for part in shape.parts), tuple(length * by for length in shape.dash)
        return replace(shape, parts=parts, dash=dash, width=shape.width * by, clip=grown(shape.clip))

    return replace(
        scene,
        width=scene.width * by,
        height=scene.height * by,
        shapes=tuple(map(of, scene.shapes)),
        texts=tuple(replace(text, box=grown(text.box), anchor=tuple(np.multiply(text.anchor, by)), size=text.size * by) for text in scene.texts),
        pictures=tuple(replace(picture, box=grown(picture.box)) for picture in scene.pictures),
        unmapped=tuple(grown(box) for box in scene.unmapped),
    )


def turned(scene, angle):
    """A scene turned so that text which runs upwards, or downwards, is level.

    Parameters
    ----------
    scene : Scene
    angle : {90, 270}
        Of that text.

    Returns
    -------
    Scene
    """

    def placed(points):
        x, y = np.asarray(points, float).T
        return np.column_stack([scene.height - y, x] if angle == 90 else [y, scene.width - x])

    def carried(box):
        if box is None:
            return None
        corners = placed([(box.left, box.top), (box.right, box.bottom)])
        return Box(*map(float, (*corners.min(axis=0), *corners.max(axis=0))))

    def written(text):
        return replace(text, box=carried(text.box), anchor=tuple(placed([text.anchor])[0].tolist()), angle=(text.angle - angle) % 360)

    return replace(
        scene,
        width=scene.height,
        height=scene.width,
        shapes=tuple(replace(shape, parts=tuple(map(placed, shape.parts)), clip=carried(shape.clip)) for shape in scene.shapes),
        texts=tuple(map(written, scene.texts)),
        pictures=tuple(replace(picture, box=carried(picture.box), px=turned_px(picture.px, angle)) for picture in scene.pictures),
        unmapped=tuple(map(carried, scene.unmapped)),
    )


def turned_px(px, angle):
    """A rendering turned as `turned` turns its scene.

    Parameters
    ----------
    px : ndarray, shape (height, width, ...)
    angle : {90, 270}

    Returns
    -------
    ndarray, shape (width, height, ...)
    """
    return np.ascontiguousarray(np.rot90(px, -1 if angle == 90 else 1))
