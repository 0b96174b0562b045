"""By law: median lines are told from curves, whatever their colour and dashes, and the curves stay."""

import numpy as np
import pytest

from ipdrecon.figure.arms import find_arms
from ipdrecon.figure.ink import plot_inside
from ipdrecon.model import Axis, Box, Calibration

BOX, LEFT, RIGHT, TOP, BOTTOM, HALF = Box(20, 15, 420, 315), 20, 420, 15, 315, 165
BLACK, RED = (0, 0, 0), (214, 39, 40)
MEDIAN = 200


def page():
    return np.full((340, 450, 3), 255, np.uint8)


def cut(px, scale="survival"):
    """Time 0 to 100 over columns 20 to 420; survival 1 to 0 over rows 15 to 315, or incidence 0 to 1 from below."""
    return plot_inside(px, BOX, Calibration(Axis([20, 420], [0, 100], 0.25, -5), Axis([15, 315], [1, 0], -1 / 300, 1.05), scale), ())


def inked(first, last, dash):
    """Places from one to another: all, or strokes of so many px with gaps as long."""
    places = np.arange(first, last)
    return places if dash is None else places[(places - first) // dash % 2 == 0]


def with_medians(px, colour, dash):
    px[HALF, inked(LEFT, MEDIAN, dash)] = colour
    px[inked(HALF, BOTTOM + 1, dash), MEDIAN] = colour
    return px


def with_curve(px, colour, rows=(TOP, 90, 230), columns=(LEFT, 100, MEDIAN + 40, 380)):
    """Plateaus two px broad, and the drops between them."""
    for row, first, last in zip(rows, columns, columns[1:], strict=False):
        px[row : row + 2, first : last + 2] = colour
    for row, after, column in zip(rows, rows[1:], columns[1:], strict=False):
        px[min(row, after) : max(row, after) + 2, column : column + 2] = colour
    return px


@pytest.mark.parametrize("dash", [None, 4])
@pytest.mark.parametrize("scale", ["survival", "incidence"])
def test_median_lines_are_hidden_from_left_axis_to_time_axis(dash, scale):
    plot = cut(with_medians(page(), BLACK, dash), scale)
    assert not plot.contrast[:, 12:].any()


def test_median_lines_of_a_large_picture_may_be_broader():
    px = np.kron(with_medians(page(), BLACK, 4), np.ones((6, 6, 1), np.uint8))
    box, axes = Box(120, 90, 2520, 1890), (Axis([122.5, 2522.5], [0, 100], 1 / 24, -122.5 / 24), Axis([92.5, 1892.5], [1, 0], -1 / 1800, 1892.5 / 1800))
    plot = plot_inside(px, box, Calibration(*axes, "survival"), ())
    assert not plot.contrast[:, 40:].any()


@pytest.mark.parametrize("colour", [BLACK, RED])
@pytest.mark.parametrize("dash", [None, 4])
def test_a_curve_under_median_lines_is_the_only_one(colour, dash):
    px = with_medians(with_curve(page(), colour), BLACK, dash)
    arms = find_arms(cut(px), (4.0, 4.0))
    assert len(arms) == 1
    assert np.ptp(arms[0].path.leave[[60, 150, 300]] + 11 - [TOP, 90, 230]) <= 3


def test_a_plateau_at_one_half_is_no_median_line():
    px = with_curve(page(), RED, rows=(TOP, HALF, 230))
    assert (cut(px).contrast[:, 90:200] > 0).any(axis=0).all()


def test_a_last_drop_from_one_half_to_zero_is_no_median_line():
    px = with_curve(page(), BLACK, rows=(TOP, HALF, BOTTOM - 2), columns=(LEFT, 100, 300, 302))
    assert (cut(px).contrast[160:290, 280:290] > 0).any(axis=1).all()


def test_an_axis_line_that_ends_before_the_names_is_no_curve_of_incidence():
    px = with_curve(page(), RED, rows=(BOTTOM - 1, 250, 200))
    px[BOTTOM + 1 : BOTTOM + 3, LEFT : RIGHT - 80] = BLACK
    arms = find_arms(cut(px, "incidence"), (4.0, 1.0))
    assert len(arms) == 1
    assert arms[0].path.last < 370
