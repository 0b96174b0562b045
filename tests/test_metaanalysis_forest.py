"""Forest plots: nothing overlaps, every number is the JSON's, and the same input gives the same bytes."""

import hashlib
import math
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from metaanalysis import MetaAnalysisError, forest_plot, pool, pool_events, save_picture


def example(k, groups=0, measure="HR"):
    generator = np.random.default_rng(k)
    sources = ("reported", "derived", "reconstructed", "ipd", "summary")
    return pool(
        generator.normal(-0.3, 0.4, k), generator.uniform(0.02, 0.6, k), measure=measure,
        study=[f"Author {row} and colleagues, a multicentre phase III trial {2000 + row}"[: 8 + 9 * (row % 7)] for row in range(k)],
        source=[sources[row % 5] for row in range(k)], subgroup=[f"aetiology {row % groups}" for row in range(k)] if groups else None,
    )


def mixed(subgroup=("HR rows", "HR rows", "RR rows", "RR rows")):
    return pool(
        [-0.3, -0.1, -0.2, -0.4], [0.04, 0.02, 0.01, 0.05], measure=["HR", "HR", "RR", "RR"], study=list("ABCD"),
        source=["reported", "summary", "derived", "ipd"], subgroup=subgroup,
    )


def with_events():
    return pool_events([4, 6, 0, 0], [123, 306, 50, 40], [11, 29, 3, 0], [139, 303, 55, 41], study=list("ABCD"), fixed="mh")


CASES = {
    "two": example(2), "eight": example(8), "thirteen in three": example(13, groups=3), "sixty": example(60),
    "one": example(1), "differences": example(6, measure="RD"), "unnamed": example(4, measure=""), "events": with_events(),
    "mixed": mixed(), "mixed, no subgroups": mixed(None), "mixed within a subgroup": mixed(["x", "x", "x", "y"]),
}


def text_boxes(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return [(text, text.get_window_extent(canvas.get_renderer())) for text in figure.axes[0].texts]


@pytest.mark.parametrize("name", CASES)
def test_nothing_overlaps_or_leaves_the_page(name):
    figure = forest_plot(CASES[name], favours=("TACE + radiotherapy", "TACE"), title="Overall survival of patients with hepatocellular carcinoma, all trials " * 3)
    boxes = text_boxes(figure)
    for number, (text, box) in enumerate(boxes):
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.width, text.get_text()
        assert box.y0 >= 0, text.get_text()
        assert box.y1 <= figure.bbox.height, text.get_text()
        for other, other_box in boxes[number + 1:]:
            wide = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
            high = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
            assert wide <= 0.5 or high <= 2.5, (text.get_text(), other.get_text())


@pytest.mark.parametrize("name", CASES)
def test_text_keeps_off_the_plot(name):
    figure = forest_plot(CASES[name])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # squares, diamonds and intervals live right of the axis' left end, the table's text left of it
    axis = max((line for line in figure.axes[0].lines if len(line.get_xdata()) == 2), key=lambda line: line.get_ydata()[0] if line.get_ydata()[0] == line.get_ydata()[1] else 0)
    left = figure.axes[0].transData.transform((min(axis.get_xdata()), 0))[0]
    for text, box in text_boxes(figure):
        if (text.get_gid() or "").split("-")[0] in ("study", "diamond", "prediction", "text", "group"):
            assert box.x1 < left, text.get_text()


def numbers(text):
    return [float(number.replace("−", "-")) for number in re.findall(r"[−-]?\d+\.?\d*", text)]


@pytest.mark.parametrize("name", ["two", "eight", "thirteen in three", "sixty"])
def test_numbers_are_those_of_the_json(name):
    pooled = CASES[name]
    record, figure = pooled.to_dict(), forest_plot(pooled)
    printed = {"study": [], "diamond": [], "prediction": []}
    for text in figure.axes[0].texts:
        kind, _, column = (text.get_gid() or "").partition("-")
        if kind in printed and column == "effect":
            printed[kind].append(numbers(text.get_text()))
    last_random, last_fixed = printed["diamond"][-2:]
    for shown, model in ((last_random, record["random"]), (last_fixed, record["fixed"])):
        np.testing.assert_allclose(shown, np.exp([model["estimate"], model["ci_low"], model["ci_high"]]), atol=0.0051)
    order = [row for group in pooled.subgroups for row in group.index] or range(pooled.k)
    shown = [ratio for ratio, _, _ in printed["study"]]
    np.testing.assert_allclose(shown, np.exp([record["studies"][row]["yi"] for row in order]), atol=0.0051)
    if pooled.k >= 3:
        limits = [record["random"]["prediction_low"], record["random"]["prediction_high"]]
        np.testing.assert_allclose(printed["prediction"][0], np.exp(limits), atol=0.0051)


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_input_gives_the_same_bytes(tmp_path, suffix):
    digests = set()
    for number in range(2):
        path = save_picture(forest_plot(CASES["thirteen in three"]), tmp_path / f"forest{number}{suffix}")
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
    assert len(list(tmp_path.iterdir())) == 2


def shown(pooled, **options):
    return " ".join(text.get_text() for text in forest_plot(pooled, **options).axes[0].texts)


def test_what_the_plot_says():
    text = shown(CASES["thirteen in three"], favours=("TACE + RT", "TACE"))
    for part in (
        "Favours [TACE + RT]", "Favours [TACE]", "Test for subgroup differences (random, separate Tau²)", "Heterogeneity: Tau²",
        "Test for overall effect (random): t =", "Prediction interval (t, k - 1 = 12 df, Hartung-Knapp SE)", "reconstructed", "IPD", "summary",
        "Subtotal, random effects", "Hazard ratio", "HR\n[95 % CI]",
    ):
        assert part in text


def test_events_and_studies_not_estimable_are_shown():
    text = shown(CASES["events"])
    assert "4/123" in text
    assert "not estimable" in text
    assert "D was left out: no events in either arm" in text.replace("\n", " ")


def test_no_total_is_drawn_over_different_measures():
    figure = forest_plot(mixed())
    text = [item.get_text() for item in figure.axes[0].texts]
    assert not any(line.startswith(("Total", "Test for", "Prediction")) for line in text)
    assert "No total: the rows are of different measures (HR, RR)." in " ".join(text)
    assert {"A [HR]", "D [RR]", "Subtotal, random effects [HR]", "Subtotal, fixed effect [RR]"} <= set(text)


def test_nothing_is_pooled_over_different_measures():
    pooled = mixed(["x", "x", "x", "y"])
    record = pooled.to_dict()
    for part in (record["fixed"], record["random"], record["subgroups"][0]["fixed"], record["subgroups"][0]["random"]):
        assert part["estimate"] is part["se"] is part["ci_low"] is part["p"] is None
    assert {name for name, value in record["heterogeneity"].items() if value is not None} == {"df"}
    assert record["subgroup_test"] is None
    assert record["leave_one_out"] == []
    assert any("No total" in note for note in record["notes"])
    assert record["subgroups"][1]["fixed"]["estimate"] == pytest.approx(-0.4)
    assert [row["weight_fixed"] for row in record["studies"]] == [None, None, None, 100]
    assert "no total" in str(pooled)


def test_ratios_and_differences_share_no_axis():
    with pytest.raises(MetaAnalysisError, match="of the measures HR, RD; expected one measure, or ratios only"):
        pool([0.1, 0.2], [0.1, 0.1], measure=["HR", "RD"])


def test_one_measure_row_by_row_is_one_measure():
    assert pool([0.1, 0.2], [0.1, 0.1], measure=["HR", "HR"]).to_dict() == pool([0.1, 0.2], [0.1, 0.1], measure="HR").to_dict()


def test_one_model_alone():
    text = shown(CASES["eight"], models=("fixed",))
    assert "Total, fixed effect" in text
    assert "Total, random effects" not in text


def test_intervals_beyond_the_axis_end_in_arrows():
    figure = forest_plot(CASES["eight"], ticks=(0.9, 1, 1.1))
    markers = {line.get_marker() for line in figure.axes[0].lines}
    assert {"<", ">"} <= markers


def test_ticks_fit_the_data():
    narrow = pool(np.full(4, -0.1), np.full(4, 0.001), measure="HR")
    wide = pool([-4, 4, 0.1], [0.5, 0.5, 0.5], measure="HR")
    assert "0.7" in {text.get_text() for text in forest_plot(narrow).axes[0].texts}
    assert "1000" in {text.get_text() for text in forest_plot(wide).axes[0].texts}


@pytest.mark.parametrize(("options", "message"), [
    ({"ticks": (0, 1)}, "all positive for a ratio"), ({"ticks": (1,)}, "expected two or more"), ({"models": ("bayes",)}, 'expected "random", "fixed"'),
])
def test_what_is_refused(options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        forest_plot(CASES["two"], **options)


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(MetaAnalysisError, match=r"written as .svg, .pdf, .png"):
        save_picture(forest_plot(CASES["two"]), tmp_path / "forest.bmp")


def test_squares_are_in_proportion_to_weight():
    from matplotlib.patches import Rectangle

    pooled = CASES["eight"]
    squares = [patch for patch in forest_plot(pooled).axes[0].patches if isinstance(patch, Rectangle)]
    areas = np.array([square.get_width() * square.get_height() for square in squares[: pooled.k]])
    assert math.isclose(areas.sum() / areas[0], 100 / pooled.weights[0])
    np.testing.assert_allclose(areas / areas.sum(), pooled.weights / 100)
