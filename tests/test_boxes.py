"""Boxes around text inside a plot: outlines and rules are found, curves are not."""

import numpy as np
import pytest

from ipdrecon.figure.boxes import outlines
from ipdrecon.figure.colour import to_lab

BLACK, RED = (0, 0, 0), (220, 30, 30)


@pytest.fixture
def sheet():
    """A white plot, 300 px wide and 200 px high, and no text yet."""
    return np.full((200, 300, 3), 255, np.uint8), np.zeros((200, 300), bool)


def rectangle(px, left, top, right, bottom, colour=BLACK):
    px[[top, bottom], left : right + 1] = colour
    px[top : bottom + 1, [left, right]] = colour


def found(sheet):
    px, text = sheet
    return outlines((px != 255).any(axis=2), to_lab(px), text)


def test_a_box_around_text_is_an_outline(sheet):
    px, text = sheet
    rectangle(px, 150, 20, 280, 80)
    text[40:60, 170:250] = True
    mask = found(sheet)
    assert mask[20, 150:281].all() and mask[80, 150:281].all() and mask[20:81, 150].all() and mask[20:81, 280].all()
    assert not mask[30:70, 160:270].any()


def test_a_box_without_text_is_left_alone(sheet):
    rectangle(sheet[0], 150, 20, 280, 80)
    assert not found(sheet).any()


def test_the_lines_between_the_cells_of_a_table_are_rules(sheet):
    px, text = sheet
    rectangle(px, 150, 20, 280, 80)
    px[50, 150:281] = BLACK
    px[20:81, 215] = BLACK
    text[25:45, 160:200] = True
    mask = found(sheet)
    assert mask[50, 150:281].all() and mask[20:81, 215].all()


def test_a_curve_through_a_box_is_no_rule(sheet):
    px, text = sheet
    rectangle(px, 100, 60, 280, 140)
    text[120:135, 120:180] = True
    px[40, 0:130], px[40:91, 130], px[90, 130:240], px[90:161, 240], px[160, 240:300] = (RED,) * 5
    mask = found(sheet)
    assert mask[60, 150:230].all()
    assert not mask[90, 140:230].any() and not mask[145:160, 240].any() and not mask[160].any()
