"""What is hidden, and where each doubt is: shared runs are told in time, flags carry their place, boxes a confidence."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.app.library import read_digitisation, write_digitisation
from ipdrecon.figure.box_check import box_confidence
from ipdrecon.figure.digitisation import DigitiseSettings, read_figure
from ipdrecon.flags import Flag, numbered
from ipdrecon.model import Box

SHARED = (10.0, 30.0)


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """Read two curves that run together from 10 to 30; the red one is drawn last."""
    path = tmp_path_factory.mktemp("shared") / "fig.png"
    figure = Canvas(figsize=(7, 5), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step([0, 3, 10, 20, 30, 45], [1, 0.9, 0.7, 0.6, 0.5, 0.5], where="post", color="tab:blue", lw=1.6)
    axes.step([0, 6, 10, 20, 30, 45], [1, 0.8, 0.7, 0.6, 0.35, 0.35], where="post", color="tab:red", lw=1.6)
    axes.set(xlim=(0, 48), ylim=(0, 1.05), xticks=range(0, 49, 12), yticks=np.arange(0, 1.01, 0.2))
    figure.savefig(path)
    return read_figure(path, x_range=(0, 48), y_range=(0, 1), settings=DigitiseSettings(ocr=False))


def test_a_shared_run_is_hidden_for_the_curve_below(reading):
    above, below = reading.digitisation.panels[0].curves
    begin, end, error = max(above.occluded.tolist(), key=lambda stretch: stretch[1] - stretch[0])
    assert (begin, end) == pytest.approx(SHARED, abs=0.4)
    assert error > above.survival_error
    assert not [stretch for stretch in below.occluded if stretch[1] - stretch[0] > 5]
    for curve in (above, below):
        np.testing.assert_allclose(curve.survival_at([12, 18, 25]), [0.7, 0.7, 0.6], atol=0.006)


def test_the_doubt_frames_the_hidden_stretch(reading):
    panel = reading.digitisation.panels[0]
    (flag,) = [flag for flag in panel.curves[0].flags if flag.name == "occluded"]
    left, top, right, bottom = flag.box
    px, py = panel.calibration.to_px(list(SHARED), [0.7, 0.5])
    assert (left, right) == pytest.approx((px[0], px[1]), abs=10)
    assert (top, bottom) == pytest.approx((py[0], py[1]), abs=10)


def test_every_flag_of_a_panel_has_its_place_and_survives_the_folder(reading, tmp_path):
    flags = reading.digitisation.panels[0].all_flags()
    assert flags
    assert all(flag.box is not None for flag in flags)
    write_digitisation(reading.digitisation, None, tmp_path / "fig")
    read = read_digitisation(tmp_path / "fig")
    assert read.panels[0].all_flags() == flags
    np.testing.assert_allclose(read.panels[0].curves[0].occluded, reading.digitisation.panels[0].curves[0].occluded, rtol=1e-9)
    assert read.panels[0].box_confidence == reading.digitisation.panels[0].box_confidence


def test_a_box_off_its_lines_is_less_sure(reading):
    px, panel = reading.figure.px, reading.digitisation.panels[0]
    assert panel.box_confidence > 0.9
    box = panel.box
    assert box_confidence(px, replace(box, bottom=box.bottom - 25), panel.calibration) < 0.85
    assert box_confidence(px, Box(box.left + 25, box.top, box.right, box.bottom - 25), panel.calibration) < 0.6


def test_flags_are_numbered_once_each():
    one, two = Flag("gap", "arm 'A'"), Flag("gap", "arm 'B'", box=(1, 2, 3, 4))
    assert numbered([one, two, one]) == {one: 1, two: 2}
    assert Flag.from_dict(two.to_dict()) == two
