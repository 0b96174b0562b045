"""An SVG file as a scene: every path, text and picture where it lies on the page, in points."""

from dataclasses import replace

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.scene import Scene
from ipdrecon.figure.vector.svg_clip import BASIC, Clips
from ipdrecon.figure.vector.svg_limits import Allowance
from ipdrecon.figure.vector.svg_paint import Place, Servers, href, is_empty, painted
from ipdrecon.figure.vector.svg_path import Outlines
from ipdrecon.figure.vector.svg_picture import picture_of
from ipdrecon.figure.vector.svg_pieces import joined, pieces_of
from ipdrecon.figure.vector.svg_said import outlined_text
from ipdrecon.figure.vector.svg_style import Cascade
from ipdrecon.figure.vector.svg_text import TextBlock
from ipdrecon.figure.vector.svg_values import (
    HUGE,
    PT_PER_PX,
    box_around,
    corners,
    fitted,
    length,
    length_pt,
    matrix_of,
    numbers,
    overlap,
    placed,
    share,
    times,
)
from ipdrecon.figure.vector.svg_xml import COMMENT, parse_elements

LONGEST_SIDE_PT = 100_000.0
_GROUPS = ("g", "a", "switch")
_DRAWN = (*BASIC, *_GROUPS, "svg", "use", "image", "text")
_MOST_USES = 32
_UNSIZED = (100.0, 100.0)


def read_svg(data, source):
    """Read what an SVG file draws.

    Parameters
    ----------
    data : bytes
        Of the file; gzipped (.svgz) or not.
    source : str
        Name of the file, for messages.

    Returns
    -------
    Scene
        One user unit of the outermost viewport is what its width and height make of it, a px being 0.75 pt. Gradients and
        patterns are taken for one colour, clipping paths for the box around what they leave; markers, masks, filters,
        animations and text along a path are left out, as is all that lies outside the file: nothing is fetched.

    Raises
    ------
    FigureError
        When it is no SVG, is damaged, draws nothing, or is beyond a limit.

    Examples
    --------
    >>> scene = read_svg(b'<svg viewBox="0 0 40 40"><path d="M4 8h20v8" stroke="red" fill="none"/></svg>', "step.svg")
    >>> scene.width, scene.shapes[0].parts[0].tolist()
    (30.0, [[3.0, 6.0], [18.0, 6.0], [18.0, 12.0]])
    """
    return _Reader(parse_elements(data, source), source).scene()


class _Reader:
    """Walks the elements in the order in which they are drawn."""

    def __init__(self, root, source):
        self.source = source
        self.root = root
        self.allowance = Allowance(source)
        self.cascade = Cascade(root, source)
        self.ids = {}
        for element in root.iter():
            self.ids.setdefault(element.get("id"), element)
        self.servers = Servers(self.ids, self.cascade)
        self.outlines = Outlines(self.allowance)
        self.clips = Clips(self.ids, self.cascade, self.allowance, self.outlines)
        self.shapes, self.texts, self.pictures = [], [], []
        self.spelt = {}
        self.order = 0
        self.lies_outside = False

    def scene(self):
        style = self.cascade.style(self.root, None)
        width, height, matrix, viewport = self._page(style)
        if style["display"] != "none":
            place = Place(matrix, style, share(style["opacity"]), None, viewport)
            self._walk([(child, place) for child in reversed(self.root)])
        texts = tuple(piece.text() for piece in joined(self.texts))
        texts += tuple(text for group, drawn in self.spelt.items() if (text := outlined_text(group.get(COMMENT), drawn)))
        if not (self.shapes or texts or self.pictures):
            self._refuse_empty()
        if width is None:
            width, height = self._extent(texts)
        return Scene(width, height, tuple(self.shapes), texts, tuple(self.pictures))

    def _page(self, style):
        """Size of the page in points, the matrix of its user units, and its viewport; no size where the file says none."""
        em = style["font-size"]
        inside = _view_box(self.root)
        if inside and min(inside[2:]) <= 0:
            raise FigureError(f"{self.source} has an empty viewBox ({self.root.get('viewBox')}); export the figure again.")
        sides = [length_pt(self.root.get(name), em) for name in ("width", "height")]
        if any(side is not None and side <= 0 for side in sides):
            raise FigureError(f"{self.source} has a page without width or height; export the figure again.")
        if inside is None and None in sides:
            return None, None, (PT_PER_PX, 0.0, 0.0, PT_PER_PX, 0.0, 0.0), _UNSIZED
        inside = inside or (0.0, 0.0, *(side / PT_PER_PX for side in sides))
        width, height = sides
        if width is None:
            width = inside[2] * (PT_PER_PX if height is None else height / inside[3])
        if height is None:
            height = inside[3] * width / inside[2]
        self._check_size(width, height)
        return width, height, fitted(inside, width, height, self.root.get("preserveAspectRatio")), inside[2:]

    def _check_size(self, width, height):
        if not max(width, height) <= LONGEST_SIDE_PT:
            raise FigureError(f"{self.source} has a page of {width:.3g} × {height:.3g} pt; at most {LONGEST_SIDE_PT:g} pt a side are read.")

    def _extent(self, texts):
        """Size of a page that the file does not tell: as far as it is drawn upon."""
        boxes = [item.box for item in (*self.shapes, *texts, *self.pictures)]
        width, height = max(box.right for box in boxes), max(box.bottom for box in boxes)
        if min(width, height) <= 0:
            raise FigureError(f"{self.source} draws outside its page only; export the figure again.")
        self._check_size(width, height)
        return width, height

    def _refuse_empty(self):
        if self.lies_outside:
            raise FigureError(
                f"{self.source} only refers to a picture that lies outside of it; nothing is fetched. Give that picture itself."
            )
        raise FigureError(f"{self.source} draws nothing that can be read; export the figure again, or give it as PDF or PNG.")

    def _walk(self, todo):
        while todo:
            element, place = todo.pop()
            self.allowance.spend("elements")
            place = self._placed(element, place) if element.tag in _DRAWN else None
            if place is None:
                continue
            if element.tag in _GROUPS:
                children = _switched(element) if element.tag == "switch" else element
                todo += [(child, place) for child in reversed(children)]
            elif element.tag == "svg":
                todo += self._viewport(element, place, element)
            elif element.tag == "use":
                todo += self._used(element, place)
            else:
                self._draw(element, place)

    def _placed(self, element, place):
        """Where and how an element is drawn; None where it and all within it is not."""
        style = self.cascade.style(element, place.style)
        opacity = place.opacity * share(style["opacity"])
        if style["display"] == "none" or opacity <= 0:
            return None
        matrix, clip = place.matrix, place.clip
        if style["transform"] != "none":
            matrix = times(matrix, matrix_of(style["transform"]))
        if not all(abs(value) < HUGE for value in matrix):
            return None
        if style["clip-path"] != "none":
            clip = overlap(clip, self.clips.box(element, style, matrix, place.viewport))
        if clip is not None and is_empty(clip):
            return None
        said = element if element.get(COMMENT) else place.said
        return Place(matrix, style, opacity, clip, place.viewport, place.uses, said)

    def _used(self, element, place):
        address = href(element)
        target = self.ids.get(address[1:]) if address.startswith("#") else None
        if target is None or target in place.uses or len(place.uses) >= _MOST_USES:
            return []
        viewport, em = place.viewport, place.style["font-size"]
        x, y = (length(element.get(name), whole, em) or 0.0 for name, whole in zip("xy", viewport, strict=True))
        place = replace(place, matrix=times(place.matrix, (1.0, 0.0, 0.0, 1.0, x, y)), uses=(*place.uses, target))
        if target.tag not in ("symbol", "svg"):
            return [(target, place)]
        inner = self._placed(target, place)
        return self._viewport(target, inner, element) if inner else []

    def _viewport(self, element, place, sized):
        """Children of an ``svg`` or ``symbol``, in the viewport that it makes; `sized` may tell its width and height."""
        viewport, em = place.viewport, place.style["font-size"]
        x, y = (length(element.get(name), whole, em) or 0.0 for name, whole in zip("xy", viewport, strict=True))
        width, height = (
            _first(length(sized.get(name), whole, em), length(element.get(name), whole, em), whole)
            for name, whole in zip(("width", "height"), viewport, strict=True)
        )
        inside = _view_box(element)
        if width <= 0 or height <= 0 or (inside and min(inside[2:]) <= 0):
            return []
        matrix = times(place.matrix, (1.0, 0.0, 0.0, 1.0, x, y))
        clip = place.clip
        if place.style["overflow"] not in ("visible", "auto"):
            clip = overlap(clip, box_around(placed(matrix, corners(0.0, 0.0, width, height))))
        if inside:
            matrix = times(matrix, fitted(inside, width, height, element.get("preserveAspectRatio")))
        place = replace(place, matrix=matrix, clip=clip, viewport=inside[2:] if inside else (width, height))
        return [(child, place) for child in reversed(element)]

    def _draw(self, element, place):
        if element.tag == "text":
            letters = TextBlock(element, place, self.cascade, self.allowance, self.servers).letters()
            pieces = [piece for piece in pieces_of(letters, self.order) if piece.is_within(place.clip)]
            self.texts.append(pieces)
            self.order += 1
        elif element.tag == "image":
            picture = picture_of(element, place, self.allowance)
            self.lies_outside |= picture is None and not href(element).lower().startswith("data:")
            if picture is not None:
                self.pictures.append(replace(picture, order=self.order))
                self.order += 1
        else:
            shapes = painted(element, place, self.servers, self.outlines, self.order)
            self.shapes += shapes
            if place.said is not None:
                self.spelt.setdefault(place.said, []).extend((shape, place.matrix) for shape in shapes)
            self.order += 1


def _view_box(element):
    """Left, top, width and height of a ``viewBox``; None where there is none, or a malformed one."""
    inside = tuple(numbers(element.get("viewBox") or ""))
    return inside if len(inside) == 4 else None


def _first(*values):
    return next(value for value in values if value is not None)


def _switched(element):
    """The first child of a ``switch`` that can be drawn, as a list of one or none."""
    for child in element:
        language = child.get("systemLanguage")
        speaks = language is None or any(word.strip().lower().startswith("en") for word in language.split(","))
        if child.tag in _DRAWN and speaks and not child.get("requiredExtensions"):
            return [child]
    return []
