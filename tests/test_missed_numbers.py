"""By truth: numbers below a column of labels are read where the search for text passed over them."""

import cv2
import numpy as np
import pytest

from ipdrecon.figure.labels import label_columns, label_rows, number_labels
from ipdrecon.figure.missed_numbers import missed_numbers
from ipdrecon.model import Box, Word

COLUMN = [Word(text, Box(15, py - 8, 45, py + 8)) for text, py in (("1.0", 30), ("0.5", 130), ("0.0", 230))]
TIMES = (0, 2, 4, 6, 8, 10)


def below_axis(blur=0.0):
    """An axis line with tick marks in row 230, and digits of a few px below it."""
    px = np.full((300, 420, 3), 255, np.uint8)
    px[230:232, 50:400] = 0
    for k, time in enumerate(TIMES):
        x = 52 + 68 * k
        px[232:237, x : x + 2] = 0
        wide = cv2.getTextSize(str(time), cv2.FONT_HERSHEY_DUPLEX, 0.4, 1)[0][0]
        cv2.putText(px, str(time), (x + 1 - wide // 2, 252), cv2.FONT_HERSHEY_DUPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return cv2.GaussianBlur(px, (0, 0), blur) if blur else px


@pytest.mark.parametrize("blur", [0.0, 0.7])
def test_a_row_of_single_digits_is_read(blur):
    px = below_axis(blur)
    labels = number_labels(px, COLUMN)
    found = missed_numbers(px, label_columns(labels)[0], labels)
    assert [run.values for run in label_rows(found)] == [TIMES]


def test_what_was_read_is_not_read_again():
    px = below_axis()
    known = [Word(str(time), Box(46 + 68 * k, 240, 60 + 68 * k, 255)) for k, time in enumerate(TIMES)]
    labels = number_labels(px, [*COLUMN, *known])
    assert missed_numbers(px, label_columns(labels)[0], labels) == ()
