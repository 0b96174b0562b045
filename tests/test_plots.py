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


# --- the reconstruction picture in detail ----------------------------------------------------------------------------


def _drawn(arm, move=1.0):
    """The arm with two draws, one with the first half of its events `move` earlier, one with them later."""
    from dataclasses import replace

    half = np.arange(arm.n) < arm.n // 2
    return replace(arm, draws=tuple((np.clip(arm.time + sign * move * half, 0.01, None), arm.event) for sign in (-1, 1)))


def _strips(figure):
    """The strips of the first panel, from the top."""
    return figure.subfigs[0].axes[1:-1]


def _areas(axes):
    from matplotlib.collections import PolyCollection

    return [area for area in axes.collections if isinstance(area, PolyCollection)]


def _overlapping(figure):
    """Pairs of words that cover each other by more than a px, in the whole picture."""
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    figure.canvas.draw()
    unseen = []
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        unseen += [label for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high for label in (tick.label1, tick.label2)]
    shown = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible() and text not in unseen]
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    return [
        (one, other)
        for place, (one, a) in enumerate(boxes)
        for other, b in boxes[place + 1 :]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


def _tall(made_panel, made_digitisation, n_arms, times, first):
    """A figure of many arms, long names and a wide table, and its patients."""
    from dataclasses import replace

    from ipdrecon.model import ArmLook, AtRiskTable

    panel = made_panel()
    names = [f"Arm {index} of the trial, with a treatment of many words" for index in range(n_arms)]
    curves = tuple(replace(panel.curves[index % 2], arm=name) for index, name in enumerate(names))
    n_risk = np.round(np.linspace(first, 0, len(times)))[None].repeat(n_arms, axis=0)
    panel = replace(panel, curves=curves, looks=(ArmLook("x"),) * n_arms, at_risk=AtRiskTable(names, times, n_risk))
    arms = [ReconstructedArm(name, np.linspace(1, 71, first), np.arange(first) % 2 == 0, "joint") for name in names]
    return replace(made_digitisation(), panels=(panel,)), arms


@pytest.mark.parametrize(("n_arms", "step", "first"), [(1, 12, 50), (2, 6, 999), (4, 3, 1234), (8, 12, 310), (2, 1.5, 2500)])
def test_no_words_overlap(made_digitisation, made_panel, n_arms, step, first):
    figure = draw_reconstruction(*_tall(made_panel, made_digitisation, n_arms, np.arange(0, 73, step), first))
    assert _overlapping(figure) == []


def test_numbers_without_room_are_left_out_and_that_is_told(made_digitisation, made_panel):
    made, arms = _tall(made_panel, made_digitisation, 2, np.arange(0, 72.5, 0.5), 2500)
    words = _words(draw_reconstruction(made, arms))
    assert "Number at risk (some left out, for want of room)" in words
    assert "Number at risk" not in words
    assert "2500" in words


def test_without_a_table_only_the_rebuilt_numbers_stand(made_digitisation, made_panel, arms):
    from dataclasses import replace

    made = replace(made_digitisation(), panels=(replace(made_panel(), at_risk=None, cells=()),))
    words = _words(draw_reconstruction(made, arms))
    assert {"Number at risk (none is printed)", "rebuilt"} <= words
    assert "printed" not in words


def test_each_arm_has_a_strip_with_one_and_two_errors_of_reading(made_digitisation, arms):
    for strip in _strips(draw_reconstruction(made_digitisation(), arms)):
        reach = [area.get_datalim(strip.transData).y1 for area in _areas(strip)]
        assert reach == pytest.approx([0.004, 0.002])


def test_reading_error_is_larger_where_the_curve_is_hidden(made_digitisation, made_panel, arms):
    from dataclasses import replace

    curves = [replace(curve, occluded=[(20, 30, 0.009)]) for curve in made_panel().curves]
    made = replace(made_digitisation(), panels=(replace(made_panel(), curves=tuple(curves)),))
    strip = _strips(draw_reconstruction(made, arms))[0]
    corners = _areas(strip)[1].get_paths()[0].vertices
    hidden = (corners[:, 0] > 20) & (corners[:, 0] < 30)
    assert np.abs(corners[:, 1]).max() == pytest.approx(0.009)
    assert np.abs(corners[~hidden & (np.abs(corners[:, 0] - 25) > 6), 1]).max() == pytest.approx(0.002)


def test_no_error_of_reading_is_drawn_where_none_is_known(made_digitisation, made_panel, arms):
    from dataclasses import replace

    curves = tuple(replace(curve, survival_error=0.0) for curve in made_panel().curves)
    figure = draw_reconstruction(replace(made_digitisation(), panels=(replace(made_panel(), curves=curves),)), arms)
    assert [_areas(strip) for strip in _strips(figure)] == [[], []]
    assert not [word for word in _words(figure) if "errors of reading" in word]


def test_draws_are_a_band_around_the_curve_and_named(made_digitisation, arms):
    plain = draw_reconstruction(made_digitisation(), arms)
    drawn = draw_reconstruction(made_digitisation(), [_drawn(arm, 8.0) for arm in arms])
    assert "95 % of 2 draws" in _words(drawn)
    assert not [word for word in _words(plain) if "draws" in word]
    main = drawn.subfigs[0].axes[0]
    assert len(_areas(main)) == 2
    assert not _areas(plain.subfigs[0].axes[0])
    corners = _areas(main)[0].get_paths()[0].vertices
    from ipdrecon.survival.kaplan_meier import kaplan_meier

    estimate = kaplan_meier(arms[0].time, arms[0].event)
    inner = corners[(corners[:, 0] > 5) & (corners[:, 0] < 25)]
    above = inner[:, 1] > estimate.survival_at(inner[:, 0])
    assert 0.3 < above.mean() < 0.7


def test_censored_patients_are_ticks_on_their_curve(made_digitisation, arms):
    main = draw_reconstruction(made_digitisation(), arms).subfigs[0].axes[0]
    ticks = [line for line in main.lines if line.get_marker() == "|"]
    for line, arm in zip(ticks, arms, strict=True):
        assert line.get_xdata().tolist() == np.unique(arm.time[~arm.event]).tolist()


def test_arms_differ_by_dash_as_well_as_by_colour(made_digitisation, arms):
    main = draw_reconstruction(made_digitisation(), arms).subfigs[0].axes[0]
    rebuilt = [line for line in main.lines if not line.get_label().startswith("_")]
    assert len({(line.get_linestyle(), line.get_color()) for line in rebuilt}) == len({line.get_linestyle() for line in rebuilt}) == 2


def test_curves_with_a_drop_in_every_pixel_are_compared_all_along(made_digitisation, made_panel):
    from dataclasses import replace

    time = np.arange(0, 60.1, 0.15)
    curve = replace(made_panel().curves[0], time=time, survival=1 - time / 120, censor_time=[], time_error=0.05)
    made = replace(made_digitisation(), panels=(replace(made_panel(), curves=(curve,)),))
    patients = np.linspace(0.1, 60, 400)
    strip = _strips(draw_reconstruction(made, [ReconstructedArm(curve.arm, patients, patients < 20, "joint")]))[0]
    at, gap = strip.lines[0].get_data()
    assert np.diff(at).max() < 1
    assert gap[np.abs(at - 50).argmin()] == pytest.approx((50 - 20) / 120, abs=0.35)


def test_strips_reach_for_the_difference_and_for_most_of_the_draws(made_digitisation, arms):
    near = [strip.get_ylim()[1] for strip in _strips(draw_reconstruction(made_digitisation(), arms))]
    far = [strip.get_ylim()[1] for strip in _strips(draw_reconstruction(made_digitisation(), [_drawn(arm, 20.0) for arm in arms]))]
    assert len(set(near)) == len(set(far)) == 1
    for index, arm in enumerate(arms):
        strip = _strips(draw_reconstruction(made_digitisation(), arms))[index]
        assert np.abs(strip.lines[0].get_ydata()).max() < near[index], arm.arm
    assert far[0] > near[0]
