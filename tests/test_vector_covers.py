"""What a page paints over is not seen, and what a legend lies on is."""

import numpy as np
import pytest

from ipdrecon.figure.vector.covers import without_covered
from ipdrecon.figure.vector.scene import Picture, Scene, Shape, Text
from ipdrecon.model import Box

RED, WHITE, BLACK = (200, 0, 0), (255, 255, 255), (0, 0, 0)


def rectangle(left, top, right, bottom, order, **look):
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], float)
    return Shape((corners,), fill=look.pop("fill", WHITE), order=order, **look)


def stroke(points, order, colour=BLACK, **look):
    return Shape((np.array(points, float),), stroke=colour, width=1.0, order=order, **look)


DRAFT = stroke([(60, 40), (120, 40), (120, 90), (300, 150)], 0, RED)
AXES = stroke([(50, 20), (50, 220), (350, 220)], 5)
CURVE = stroke([(50, 20), (200, 20), (200, 180), (350, 180)], 6, RED)
LABEL = Text("Draft", Box(100, 60, 140, 70), (100, 70), 10.0, order=1)
PHOTO = Picture(Box(60, 30, 300, 200), np.zeros((4, 4, 3), np.uint8), order=2)


def scene(*shapes, texts=(), pictures=()):
    return Scene(400.0, 300.0, shapes, tuple(texts), tuple(pictures))


@pytest.mark.parametrize("fill", [WHITE, (229, 236, 246)])
def test_a_draft_under_the_ground_of_the_figure_is_not_seen(fill):
    ground = rectangle(0, 0, 400, 300, 4, fill=fill)
    seen = without_covered(scene(DRAFT, ground, AXES, CURVE, texts=[LABEL], pictures=[PHOTO]))
    assert seen.shapes == (ground, AXES, CURVE)
    assert not seen.texts
    assert not seen.pictures


@pytest.mark.parametrize(
    "above",
    [
        pytest.param([rectangle(100, 30, 320, 100, 7), stroke([(110, 50), (140, 50)], 8, RED)], id="the ground of a legend"),
        pytest.param([rectangle(0, 0, 400, 300, 7)], id="the last that is drawn"),
        pytest.param([rectangle(0, 0, 400, 300, 4, opacity=0.5), AXES, CURVE], id="a veil"),
        pytest.param([rectangle(0, 100, 400, 300, 4), AXES, CURVE], id="a ground beside it"),
        pytest.param([rectangle(0, 0, 400, 300, 4, clip=Box(200, 0, 400, 300)), AXES, CURVE], id="a ground cut off"),
    ],
)
def test_what_shows_beside_or_through_a_rectangle_is_seen(above):
    whole = scene(DRAFT, *above)
    assert without_covered(whole).shapes == whole.shapes


def test_of_a_long_draft_what_its_clip_leaves_counts():
    draft = stroke([(-900, 40), (900, 90)], 0, RED, clip=Box(60, 30, 300, 200))
    ground = rectangle(0, 0, 400, 300, 4)
    assert without_covered(scene(draft, ground, AXES, CURVE)).shapes == (ground, AXES, CURVE)
