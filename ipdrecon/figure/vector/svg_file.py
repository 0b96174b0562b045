"""An SVG file as a document of one page."""

from dataclasses import replace

from ipdrecon.figure.vector.render import render
from ipdrecon.figure.vector.scene import moved
from ipdrecon.figure.vector.svg import read_svg

_MOST_BEYOND = 1.3


class SvgFile:
    """A document of one page, as `PdfPages` is one of several.

    Parameters
    ----------
    scene : Scene
    """

    n_pages = 1

    def __init__(self, scene):
        self._scene = scene

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def scene(self, page):
        """What the page draws."""
        return self._scene

    def px(self, page, scale):
        """The page rendered with `scale` px per point, as ndarray of uint8, shape (height, width, 3)."""
        return render(self._scene, scale)


def open_svg(data, source):
    """Open an SVG file.

    Parameters
    ----------
    data : bytes
    source : str
        File name, for messages.

    Returns
    -------
    SvgFile

    Raises
    ------
    FigureError
        As `read_svg`.
    """
    return SvgFile(_with_all_texts(read_svg(data, source)))


def _with_all_texts(scene):
    """A scene whose page reaches as far as its texts, some of which a page cut too small leaves out."""
    beyond = [text.box for text in scene.texts if max(text.box.left, 0) < _MOST_BEYOND * scene.width and max(text.box.top, 0) < _MOST_BEYOND * scene.height]
    left, top = (min([0.0, *(getattr(box, side) for box in beyond)]) for side in ("left", "top"))
    left, top = max(left, -_MOST_BEYOND * scene.width), max(top, -_MOST_BEYOND * scene.height)
    right, bottom = max([scene.width, *(box.right for box in beyond)]), max([scene.height, *(box.bottom for box in beyond)])
    if (left, top, right, bottom) == (0.0, 0.0, scene.width, scene.height):
        return scene
    return replace(moved(scene, -left, -top), width=right - left, height=bottom - top)
