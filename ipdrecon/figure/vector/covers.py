"""What a page paints over: drafts that lie under a ground of their own colour, upon which the figure is drawn anew."""

from dataclasses import replace

import numpy as np

_LEAST_SIDE = 60.0
_EDGE = 1.0
_DRAWN_SHARE = 0.5
_OPAQUE = 0.999


def without_covered(scene):
    """A scene without what nobody sees of it because a filled rectangle lies over all of it.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    Scene
        Only rectangles as large as a plot cover, upon which lines are then drawn that span half of either side: under the
        ground of a legend a curve goes on, and what blends with the colours below is the last that is drawn.
    """
    covers = [k for k, shape in enumerate(scene.shapes) if _may_cover(shape)]
    if not covers:
        return scene
    boxes = np.array([_seen_box(shape.box, shape.clip) for shape in scene.shapes])
    grounds = [k for k in covers if _is_drawn_upon(boxes[k], boxes[k + 1 :])]
    if not grounds:
        return scene
    hidden = np.zeros(len(boxes), bool)
    for k in grounds:
        hidden[:k] |= _lies_within(boxes[:k], boxes[k])

    def seen(items):
        return tuple(item for item in items if not any(scene.shapes[k].order > item.order and _lies_within(_edges(item.box), boxes[k]) for k in grounds))

    shapes = tuple(shape for shape, is_hidden in zip(scene.shapes, hidden, strict=True) if not is_hidden)
    return replace(scene, shapes=shapes, texts=seen(scene.texts), pictures=seen(scene.pictures))


def _may_cover(shape):
    """Whether a shape is a large opaque rectangle."""
    if shape.fill is None or shape.opacity < _OPAQUE or shape.curved or len(shape.parts) != 1 or len(shape.parts[0]) not in (4, 5):
        return False
    corners = shape.parts[0]
    low, high = corners.min(axis=0), corners.max(axis=0)
    at_corners = np.minimum(corners - low, high - corners).max() < _EDGE
    return bool((high - low).min() > _LEAST_SIDE and at_corners and len(np.unique(np.round(corners), axis=0)) == 4)


def _edges(box):
    return np.array([box.left, box.top, box.right, box.bottom])


def _seen_box(box, clip):
    """Left, top, right and bottom of what a clip leaves of a box."""
    if clip is None:
        return _edges(box)
    return np.array([max(box.left, clip.left), max(box.top, clip.top), min(box.right, clip.right), min(box.bottom, clip.bottom)])


def _is_drawn_upon(ground, later):
    """Whether later shapes within a ground, and not along its border, span half of its width and of its height."""
    if not len(later):
        return False
    inner = np.array([_EDGE, _EDGE, -_EDGE, -_EDGE]) + ground
    within = (later[:, :2] > inner[:2]).all(axis=1) & (later[:, 2:] < inner[2:]).all(axis=1)
    sides = later[within, 2:] - later[within, :2]
    return bool(len(sides) and (sides.max(axis=0) > _DRAWN_SHARE * (ground[2:] - ground[:2])).all())


def _lies_within(edges, ground):
    """Whether boxes, as edges of shape (..., 4), lie in another."""
    return (edges[..., :2] >= ground[:2]).all(axis=-1) & (edges[..., 2:] <= ground[2:]).all(axis=-1)
