"""Pictures: the right size, the right places, the same bytes."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.app.km_plots import draw_kaplan_meier, draw_reconstruction
from ipdrecon.app.plots import arm_colour, draw_overlay, png_bytes, spread, svg_bytes
from ipdrecon.model import ReconstructedArm


def _pixels(figure):
    from matplotlib.image import imread

    return imread(io.BytesIO(png_bytes(figure)), format="png")[:, :, :3]


def _words(figure):
    from matplotlib.text import Text

    return {text.get_text() for text in figure.findobj(Text)}


@pytest.fixture
def arms():
    time = np.linspace(1, 71, 50)
    return (ReconstructedArm("Placebo", time, time < 50, "guyot"), ReconstructedArm("Drug", time, time < 40, "guyot"))


@pytest.mark.parametrize(("width", "scale"), [(200, 3), (600, 3), (900, 2), (2000, 1)])
def test_overlay_is_a_whole_multiple_of_the_figure(made_digitisation, width, scale):
    px = np.full((width // 2, width, 3), 255, np.uint8)
    assert _pixels(draw_overlay(px, made_digitisation())).shape == (scale * (width // 2), scale * width, 3)


def test_curve_is_drawn_upon_its_own_ink(made_digitisation, made_px):
    pixels = _pixels(draw_overlay(made_px, made_digitisation()))
    wanted = np.array([int(arm_colour(0)[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    rows, columns = np.nonzero(np.abs(pixels - wanted).max(axis=2) < 0.12)
    panel = made_digitisation().panels[0]
    _, py = panel.calibration.to_px(columns / 3, panel.curves[0].survival_at(panel.calibration.time.to_value(columns / 3)))
    on_curve = np.abs(rows / 3 - py) < 1.5
    assert on_curve.sum() > 500


def test_pictures_have_the_same_bytes_each_time(made_digitisation, made_px, arms):
    for draw in (lambda: draw_overlay(made_px, made_digitisation()), lambda: draw_reconstruction(made_digitisation(), arms), lambda: draw_kaplan_meier(arms)):
        assert png_bytes(draw()) == png_bytes(draw())
        assert svg_bytes(draw()) == svg_bytes(draw())


def test_reconstruction_prints_both_rows_of_numbers(made_digitisation, arms):
    assert {"Placebo", "Drug", "printed", "rebuilt", "Number at risk", "Time (months)"} <= _words(draw_reconstruction(made_digitisation(), arms))


def test_long_names_of_arms_stay_inside_the_picture(made_digitisation, arms):
    from dataclasses import replace

    names = ("Dronedarone 400 mg bid after ablation", "Nivolumab 240 mg plus ipilimumab 1 mg/kg, then maintenance for two years")
    figure = draw_reconstruction(made_digitisation(arms=names), [replace(arm, arm=name) for arm, name in zip(arms, names, strict=True)])
    figure.canvas.draw()
    extents = [text.get_window_extent() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]
    assert min(box.x0 for box in extents) >= 0
    assert max(box.x1 for box in extents) <= figure.bbox.width
    assert names[0] in _words(figure)


def test_a_drop_read_a_pixel_off_is_no_difference_of_the_curves(made_digitisation, made_panel):
    from dataclasses import replace

    curve = replace(made_panel().curves[0], time=[0, 10.04, 20], survival=[1, 0.5, 0.5], censor_time=[], time_error=0.05)
    made = replace(made_digitisation(), panels=(replace(made_panel(), curves=(curve,)),))
    arm = ReconstructedArm(curve.arm, [10.0] * 25 + [20.0] * 25, [True] * 25 + [False] * 25, "guyot")
    strip = draw_reconstruction(made, [arm]).subfigs[0].axes[1]
    assert max(abs(value) for line in strip.lines for value in line.get_ydata()) < 1e-9


def test_a_tick_at_zero_prints_zero(made_digitisation, made_px):
    from dataclasses import replace

    made = made_digitisation()
    panel = made.panels[0]
    vertical = replace(panel.calibration.vertical, tick_value=[1, 0.75, 0.5, 0.25, 2.220446049250313e-16])
    panel = replace(panel, calibration=replace(panel.calibration, vertical=vertical))
    assert not [word for word in _words(draw_overlay(made_px, replace(made, panels=(panel,)))) if "e-" in word]


def test_table_counts_what_has_happened_so_far(arms):
    figure = draw_kaplan_meier(arms[:1], at=[0, 60], unit="months")
    words = [text.get_text() for text in figure.axes[1].texts]
    ended = int((arms[0].time < 60).sum())
    events = int(((arms[0].time < 60) & arms[0].event).sum())
    assert words == ["Placebo", "at risk", "50", f"{50 - ended}", "censored", "0", f"{ended - events}", "events", "0", f"{events}"]


def test_two_panels_are_both_drawn(made_digitisation, made_panel, arms):
    from dataclasses import replace

    made = replace(made_digitisation(), panels=(made_panel(name="A"), made_panel(name="B")))
    both = tuple(replace(arm, panel=name) for name in "AB" for arm in arms)
    assert {"Panel A", "Panel B"} <= _words(draw_reconstruction(made, both))


def test_dollar_signs_of_a_label_are_no_formula(made_digitisation, made_px):
    made = made_digitisation(arms=("cost $5$", "Drug"))
    figure = draw_overlay(made_px, made)
    assert r"cost \$5\$" in _words(figure)
    assert png_bytes(figure)


@given(st.lists(st.floats(-1e3, 1e3), max_size=20), st.floats(0.1, 50))
def test_spread_keeps_order_distance_and_centre(wanted, least):
    placed = spread(wanted, least)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= least - 1e-6).all()
    assert len(placed) == len(wanted)
    if wanted:
        assert abs(placed.mean() - np.mean(wanted)) < 1e-6
