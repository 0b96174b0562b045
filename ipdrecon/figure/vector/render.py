"""A scene as pixels, or some of its shapes alone."""

from functools import lru_cache

import cv2
import numpy as np

from ipdrecon.errors import FigureError
from ipdrecon.figure.source import MOST_PIXELS

_WHITE = (255, 255, 255)
_STROKE_PIECE = 20_000
_FINEST_WIDTH_PX = 0.3
_LEAST_DASH_PX = 0.05
_REACH_PX = 2.0**22
_MOST_TURNS = 300
# a shape takes as long as so many pixels of line, and so many pixels of area as long as one of line; ten million are about 2 s
_SHAPE_WORK = 150
_AREA_PER_LINE = 100
_MOST_WORK = 5e7


def render(scene, scale, *, only=None):
    """Draw a scene on white.

    Parameters
    ----------
    scene : Scene
    scale : float
        Pixels in a point. A point ``x`` of the page lies at ``px = x * scale - 0.5``, pixel centres having whole coordinates.
    only : sequence of Shape, optional
        Draw these shapes, and nothing else.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Red, green, blue. Shapes, texts and pictures in the order of drawing; texts in a font at hand, stretched to their boxes.

    Raises
    ------
    FigureError
        When that would be more pixels than are read of a picture, or more ink than can be drawn in a few seconds.
    """
    width, height = (max(1, int(np.ceil(side * scale - 1e-6))) for side in (scene.width, scene.height))
    if width * height > MOST_PIXELS:
        raise FigureError(
            f"A page of {scene.width:g} × {scene.height:g} pt would be {width * height / 1e6:.0f} million px; "
            f"at most {MOST_PIXELS // 10**6} million are drawn. Scale it down."
        )
    shapes = scene.shapes if only is None else only
    if sum(_work(shape, scale, (width, height)) for shape in shapes) > _MOST_WORK:
        raise FigureError(f"The page has {len(shapes)} shapes with more lines than can be drawn; cut the figure out of it.")
    canvas = _Canvas(width, height, scale)
    if only is not None:
        items = [(canvas.shape, shape) for shape in only]
    else:
        items = [(canvas.picture, picture) for picture in scene.pictures]
        items += [(canvas.shape, shape) for shape in scene.shapes]
        items += [(canvas.text, text) for text in scene.texts if not text.outlined]
        items.sort(key=lambda item: item[1].order)
    for draw, item in items:
        draw(item)
    return canvas.px[..., :3].copy()


def _work(shape, scale, size):
    """How long a shape takes to draw, in pixels of line."""
    points = np.clip(np.concatenate(shape.parts) * scale, 0, size)
    steps = np.hypot(*np.diff(points, axis=0).T)
    ends = np.cumsum([len(part) for part in shape.parts])[:-1] - 1
    steps[ends] = 0.0
    area = np.prod(points.max(axis=0) - points.min(axis=0)) if shape.fill is not None else 0.0
    return _SHAPE_WORK + steps.sum() * (2 if shape.dash else 1) + area / _AREA_PER_LINE


class _Canvas:
    """Draws nouns of the scene on matplotlib's Agg; its ``y`` runs upwards."""

    def __init__(self, width, height, scale):
        from matplotlib.backends.backend_agg import RendererAgg

        self.width, self.height, self.scale = width, height, scale
        self.agg = RendererAgg(width, height, 72)
        self.px = np.asarray(self.agg.buffer_rgba())
        self.px[:] = 255

    def shape(self, shape):
        parts = [self._px(part) for part in shape.parts]
        if shape.fill is not None:
            wound = _wound_by_turns(parts) if shape.even_odd and 1 < len(parts) <= _MOST_TURNS else parts
            self._draw(_path(wound), shape, shape.fill, face=shape.fill)
        if shape.stroke is not None:
            for path in _stroke_paths(parts):
                self._draw(path, shape, shape.stroke, width=max(shape.width * self.scale, _FINEST_WIDTH_PX))

    def text(self, text):
        from matplotlib.transforms import Affine2D

        path = _lettering(text.text)
        if path is None:
            return
        ink, turned = path.get_extents(), np.radians(text.angle)
        to_box = Affine2D().translate(-ink.x0, -ink.y0)
        corner, wide, high = self._lettered(text)
        to_box = to_box.scale(wide / max(ink.width, 1e-9), high / max(ink.height, 1e-9)).rotate(turned).translate(*corner)
        self._draw(to_box.transform_path(path), None, text.colour, face=text.colour)

    def _lettered(self, text):
        """Where the lower left corner of the letters lies in Agg's pixels, and how wide and high they are along their line."""
        box = text.box
        (left, bottom), (right, top) = self._px(np.array([(box.left, box.bottom), (box.right, box.top)]))
        wide, high = right - left, top - bottom
        cosine, sine = abs(np.cos(np.radians(text.angle))), abs(np.sin(np.radians(text.angle)))
        if abs(cosine - sine) > 0.1:
            wide, high = np.linalg.solve([[cosine, sine], [sine, cosine]], [wide, high])
            wide, high = max(wide, 0.0), max(high, 0.0)
        else:
            high = 0.72 * text.size * self.scale
            wide = max((wide + top - bottom) / (cosine + sine) - high, 0.0)
        along = np.array([np.cos(np.radians(text.angle)), np.sin(np.radians(text.angle))])
        across = np.array([-along[1], along[0]])
        middle = np.array([left + right, bottom + top]) / 2
        return middle - along * wide / 2 - across * high / 2, wide, high

    def picture(self, picture):
        """Lay a picture on the page: where it is finer than the pixels, by their mean."""
        box, px = picture.box, picture.px
        left, top, right, bottom = (round(side * self.scale) for side in (box.left, box.top, box.right, box.bottom))
        left, top, right, bottom = _cut(left, top, max(right, left + 1), max(bottom, top + 1), self.width, self.height)
        if right <= left or bottom <= top:
            return
        x = (np.arange(left, right + 1) / self.scale - box.left) * (px.shape[1] / box.width)
        y = (np.arange(top, bottom + 1) / self.scale - box.top) * (px.shape[0] / box.height)
        self.px[top:bottom, left:right, :3] = _sampled(px, x, y)

    def _px(self, points):
        points = np.asarray(points, float) * self.scale
        points[:, 1] = self.height - points[:, 1]
        return points

    def _draw(self, path, shape, colour, *, face=None, width=0.0):
        from matplotlib.transforms import IdentityTransform

        pen = self.agg.new_gc()
        pen.set_antialiased(True)
        pen.set_snap(False)
        pen.set_linewidth(width)
        pen.set_joinstyle("miter")
        opacity = shape.opacity if shape else 1.0
        pen.set_foreground((*(value / 255 for value in colour), opacity), isRGBA=True)
        if shape:
            self._set_clip(pen, shape.clip)
            pen.set_capstyle({"square": "projecting"}.get(shape.cap, shape.cap))
            if width and shape.dash:
                pen.set_dashes(0, _drawable(shape, self.scale))
        self.agg.draw_path(pen, path, IdentityTransform(), face and (*(value / 255 for value in face), opacity))

    def _set_clip(self, pen, clip):
        if clip is None:
            return
        from matplotlib.transforms import Bbox

        (left, top), (right, bottom) = self._px(np.array([(clip.left, clip.top), (clip.right, clip.bottom)]))
        reach = max(self.width, self.height) + 10
        pen.set_clip_rectangle(Bbox(np.clip([(left, bottom), (right, top)], -reach, 2 * reach)))


def _wound_by_turns(parts):
    """Turn parts around, by how many others each lies in, so that winding fills what the even-odd rule would."""
    closed = [np.concatenate([part, part[:1]]) for part in parts]
    boxes = np.array([np.concatenate([part.min(axis=0), part.max(axis=0)]) for part in parts])
    wound = []
    for i, part in enumerate(closed):
        around = (boxes[:, :2] <= boxes[i, :2]).all(axis=1) & (boxes[:, 2:] >= boxes[i, 2:]).all(axis=1)
        around[i] = False
        depth = sum(_is_in(part, closed[j]) for j in np.flatnonzero(around))
        (x, y), (next_x, next_y) = part[:-1].T, part[1:].T
        is_left = (x * next_y - next_x * y).sum() > 0
        wound.append(part if is_left == (depth % 2 == 0) else part[::-1])
    return wound


def _is_in(part, other):
    """Whether most of a few points of a part lie in another."""
    from matplotlib.path import Path

    few = part[:: max(1, len(part) // 5)]
    return Path(other).contains_points(few).mean() > 0.5


def _path(parts):
    """One path of many parts, each closed where it ends where it begins."""
    from matplotlib.path import Path

    codes = []
    for part in parts:
        code = np.full(len(part), Path.LINETO, np.uint8)
        code[0] = Path.MOVETO
        if len(part) > 2 and (part[0] == part[-1]).all():
            code[-1] = Path.CLOSEPOLY
        codes.append(code)
    path = Path(np.clip(np.concatenate(parts), -_REACH_PX, _REACH_PX), np.concatenate(codes))
    path.should_simplify = False
    return path


def _stroke_paths(parts):
    """Paths to stroke, of no more points than Agg bears at once."""
    found, few, n = [], [], 0
    for part in parts:
        for begin in range(0, max(len(part) - 1, 1), _STROKE_PIECE):
            piece = part[begin : begin + _STROKE_PIECE + 1]
            if few and n + len(piece) > _STROKE_PIECE:
                found.append(_path(few))
                few, n = [], 0
            few.append(piece)
            n += len(piece)
    return [*found, _path(few)]


def _drawable(shape, scale):
    """Dashes in px; those without length, which show by their caps, a trace longer."""
    return [max(length * scale, _LEAST_DASH_PX) for length in shape.dash]


def _cut(left, top, right, bottom, width, height):
    return max(left, 0), max(top, 0), min(right, width), min(bottom, height)


def _sampled(px, x, y):
    """A picture on another grid, whose lines lie at `x` and `y` in its own pixels: its means where that is coarser, else its nearest."""
    if x[-1] - x[0] >= len(x) and y[-1] - y[0] >= len(y):
        (left, right), (top, bottom) = (np.round(side[[0, -1]]).astype(int).clip(0) for side in (x, y))
        return cv2.resize(px[top:bottom, left:right], (len(x) - 1, len(y) - 1), interpolation=cv2.INTER_AREA)
    columns, rows = (((side[1:] + side[:-1]) / 2).astype(int) for side in (x, y))
    return px[np.clip(rows, 0, px.shape[0] - 1)][:, np.clip(columns, 0, px.shape[1] - 1)]


@lru_cache(maxsize=4096)
def _lettering(text):
    """Outlines of a text in DejaVu Sans; None where it has nothing to draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.path import Path
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans")
    known = get_font(findfont(font)).get_charmap()
    text = "".join(letter if ord(letter) in known else "\N{WHITE SQUARE}" for letter in text).strip()
    vertices, codes = text_to_path.get_text_path(font, text) if text else ((), ())
    if not len(vertices):
        return None
    path = Path(vertices, codes)
    path.should_simplify = False
    return path
