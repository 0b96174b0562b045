"""By law: broad and thin lines of one ink are parted; one line with marks, worn or not, is not."""

import numpy as np
import pytest

from ipdrecon.figure.gauge import ink_across, part_by_width

HEIGHT, WIDTH = 120, 400


def stair(width, first_row, *, end=WIDTH - 10, dash=None):
    """Coverage by a stair of four plateaus that falls by 12 px each time; `dash` is the length of strokes and gaps."""
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    edges = np.linspace(5, end, 5).astype(int)
    for k, (start, stop) in enumerate(zip(edges, edges[1:], strict=False)):
        columns = np.arange(start, stop)
        columns = columns if dash is None else columns[columns // dash % 2 == 0]
        row, whole = first_row + 12 * k, int(width)
        ink[row : row + whole, columns] = 1
        ink[row + whole, columns] = width - whole
        if k:
            ink[row - 12 : row + whole, start : start + max(whole, 1)] = 1
    return ink


def test_the_width_of_a_level_line_is_what_it_covers_across():
    ink = stair(1.5, 20)
    assert ink_across(ink)[20, 40] == pytest.approx(1.5)
    assert ink_across(ink)[40, 40] == 0


@pytest.mark.parametrize(("broad", "thin"), [(2.0, 1.0), (3.0, 1.5), (2.4, 1.2)])
@pytest.mark.parametrize("dash", [None, 7])
def test_broad_and_thin_lines_are_parted(broad, thin, dash):
    middle, limits = stair(broad, 40, dash=dash), np.maximum(stair(thin, 15), stair(thin, 65))
    parts = part_by_width(np.maximum(middle, limits))
    assert len(parts) == 2
    assert (parts[0][middle > 0] > 0).mean() > 0.97
    assert (parts[1][limits > 0] > 0).mean() > 0.97


def test_lines_of_one_width_are_one():
    assert len(part_by_width(np.maximum(stair(1.5, 15), stair(1.5, 50, dash=7)))) == 1


def test_one_line_that_marks_make_broad_is_one():
    ink = stair(1.0, 30)
    for column in range(210, 300, 2):
        ink[50:66, column] = 1
    ink[54:62, 300:380] = 1
    assert len(part_by_width(ink)) == 1


def test_a_dotted_line_that_marks_make_broad_is_one_whatever_letters_stand_by():
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    for column in range(10, 210, 7):
        ink[30:32, column : column + 3] = 1
    ink[50:52, 210:380] = 1
    for column in range(212, 380, 12):
        ink[44:58, column : column + 2] = 1
    ink[90, 240:290] = 0.8
    assert len(part_by_width(ink)) == 1


def test_dotted_thin_lines_are_parted_whatever_widths_the_broad_ones_have_where_they_meet():
    middle, limits = np.maximum(stair(3.3, 40), stair(3.3, 44, dash=9)), np.zeros((HEIGHT, WIDTH), np.float32)
    for row in (12, 85):
        for column in range(10, 380, 6):
            limits[row + column // 40, column : column + 3] = 0.7
    parts = part_by_width(np.maximum(middle, limits))
    assert len(parts) == 2
    assert (parts[0][middle > 0.5] > 0).mean() > 0.95
    assert (parts[1][limits > 0] > 0).mean() > 0.95


def test_marks_go_with_the_line_that_they_stand_on():
    ink = np.maximum(stair(2.0, 40), np.maximum(stair(1.0, 15), stair(1.0, 70)))
    ink[35:48, 60] = 1
    broad, thin = part_by_width(ink)
    assert broad[36, 60] == 1
    assert thin[36, 60] == 0
