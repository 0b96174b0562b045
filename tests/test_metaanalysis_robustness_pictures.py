"""Pictures of robustness: every number drawn is the result's, nothing hides anything, the same input gives the same bytes."""

import hashlib
import itertools
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.special import ndtri

from metaanalysis import MetaAnalysisError, pool, pool_events, save_picture
from metaanalysis.pictures.baujat import baujat_plot
from metaanalysis.pictures.bubble import bubble_plot
from metaanalysis.pictures.cumulative import cumulative_plot, leave_one_out_plot
from metaanalysis.pictures.forest_numbers import format_p
from metaanalysis.pictures.funnel import CONTOURS, funnel_plot
from metaanalysis.pictures.galbraith import galbraith_plot
from metaanalysis.pictures.gosh import gosh_plot
from metaanalysis.pictures.influence import influence_plot
from metaanalysis.pictures.look import effect_ticks, format_interval
from metaanalysis.robustness.influence import influence_diagnostics
from metaanalysis.robustness.odds_asymmetry import harbord, peters
from metaanalysis.robustness.refits import cumulative, leave_one_out
from metaanalysis.robustness.subsets import gosh


def example(k, measure="HR"):
    generator = np.random.default_rng(k)
    vi = generator.uniform(0.01, 0.35, k) * (1 if measure != "RD" else 0.01)
    yi = generator.normal(-0.3, np.sqrt(vi + 0.05)) * (1 if measure != "RD" else 0.1)
    return pool(yi, vi, measure=measure, study=[f"Author {row} and colleagues {1990 + row}"[: 8 + 5 * (row % 4)] for row in range(k)])


CASES = {(k, measure): example(k, measure) for k in (3, 10, 60) for measure in ("HR", "RD")}
LARGE = {key: pooled for key, pooled in CASES.items() if pooled.k >= 10}


def line_of(pooled):
    x = np.linspace(0, 10, 20)
    estimate, half = pooled.estimate + 0.01 * x, 0.1 + 0.01 * x
    return {"x": x, "estimate": estimate, "ci_low": estimate - half, "ci_high": estimate + half}


def moderator(pooled):
    return np.random.default_rng(7).uniform(0, 10, pooled.k)


PICTURES = {
    "baujat": lambda pooled: baujat_plot(influence_diagnostics(pooled), title="Deaths"),
    "bubble": lambda pooled: bubble_plot(moderator(pooled), pooled.yi, pooled.vi, line_of(pooled), study=pooled.study, measure=pooled.measure),
    "cumulative": lambda pooled: cumulative_plot(cumulative(pooled, by=range(pooled.k)), key_name="Year", title="A long title of a cumulative meta-analysis " * 3),
    "galbraith": galbraith_plot,
    "gosh": lambda pooled: gosh_plot(gosh(pooled, n_subsets=400), title="Subsets"),
    "influence": lambda pooled: influence_plot(influence_diagnostics(pooled)),
    "leave one out": leave_one_out_plot,
    "funnel": lambda pooled: funnel_plot(pooled, fill=True, labels=True, title="Overall survival"),
}
GRID = [(name, key) for name in PICTURES for key in (LARGE if name == "funnel" else CASES)]


def artists(container, gid):
    return [artist for artist in container.get_children() if artist.get_gid() == gid]


def offsets(axes, gid):
    (points,) = artists(axes, gid)
    return np.asarray(points.get_offsets())


def texts_of(figure):
    found = list(figure.texts)
    for axes in [*figure.axes, *itertools.chain.from_iterable(axes.child_axes for axes in figure.axes)]:
        found += axes.texts + [axes.title, axes.xaxis.label, axes.yaxis.label]
        if axes.axison:
            found += axes.get_xticklabels() + axes.get_yticklabels()
    return [text for text in found if text.get_text() and text.get_visible()]


@pytest.mark.parametrize(("name", "key"), GRID)
def test_texts_stay_on_the_page_and_apart(name, key):
    figure = PICTURES[name](CASES[key])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [(text, text.get_window_extent(canvas.get_renderer())) for text in texts_of(figure)]
    for number, (text, box) in enumerate(boxes):
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.width + 1, text.get_text()
        assert box.y0 >= 0, text.get_text()
        assert box.y1 <= figure.bbox.height + 1, text.get_text()
        for other, other_box in boxes[number + 1:]:
            wide = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
            high = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
            assert wide <= 1 or high <= 5, (text.get_text(), other.get_text())


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, key in GRID if key[0] < 60 and name in ("baujat", "galbraith", "bubble", "funnel")])
def test_few_studies_are_nearly_all_named(name, key):
    figure = PICTURES[name](CASES[key])
    named = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "point-name"]
    assert set(named) <= set(CASES[key].study)
    assert len(named) >= 0.7 * CASES[key].k


@pytest.mark.parametrize("key", LARGE)
def test_funnel_draws_the_numbers_of_the_result(key):
    pooled = CASES[key]
    for model in ("random", "fixed"):
        axes = funnel_plot(pooled, model=model, fill=True).axes[0]
        result, filled = getattr(pooled, model), pooled.trim_fill
        np.testing.assert_array_equal(offsets(axes, "studies"), np.column_stack([pooled.yi, np.sqrt(pooled.vi)]))
        assert set(artists(axes, "estimate")[0].get_xdata()) == {result.estimate}
        low, high = (artists(axes, name)[0] for name in ("limit-low", "limit-high"))
        for edge, sign in ((low, -1), (high, 1)):
            (start, end), (top, bottom) = edge.get_xdata(), edge.get_ydata()
            assert start == result.estimate
            assert math.isclose((end - start) / (bottom - top), sign * ndtri(0.975))
        for level in CONTOURS:
            corners = artists(axes, f"contour-{level:g}")[0].get_xy()
            np.testing.assert_allclose(np.abs(corners[1:3, 0] / corners[1:3, 1]), ndtri(0.5 + level / 2))
        if filled.k0:
            np.testing.assert_array_equal(offsets(axes, "filled"), np.column_stack([filled.filled_yi, np.sqrt(filled.filled_vi)]))
            assert set(artists(axes, "filled-estimate")[0].get_xdata()) == {filled.estimate}
        else:
            assert not artists(axes, "filled")


def notes_of(figure):
    return " ".join(text.get_text() for text in figure.texts if text.get_gid() == "note")


def test_funnel_tells_the_tests_that_suit_the_measure():
    pooled = CASES[10, "HR"]
    notes = notes_of(funnel_plot(pooled, fill=True))
    assert f"Egger: {format_p(pooled.egger.p)}." in notes
    assert format_interval("HR", pooled.estimate, pooled.ci_low, pooled.ci_high) in notes
    counts = (np.arange(1, 13), np.full(12, 40), np.arange(3, 15), np.linspace(40, 62, 12))
    odds = pool_events(*counts, measure="OR")
    assert f"Harbord: {format_p(harbord(*counts).p)}. Peters: {format_p(peters(*counts).p)}." in notes_of(funnel_plot(odds))
    equal = pool_events(np.arange(1, 13), np.full(12, 40), np.arange(3, 15), np.full(12, 40), measure="OR")
    assert "Harbord" in notes_of(funnel_plot(equal))
    assert "Peters" not in notes_of(funnel_plot(equal))


@pytest.mark.parametrize("key", CASES)
def test_baujat_and_influence_draw_the_diagnostics(key):
    for model in ("random", "fixed"):
        result = influence_diagnostics(CASES[key], model=model)
        axes, flagged = baujat_plot(result).axes[0], result.is_influential
        expected = np.column_stack([result.baujat_x, result.baujat_y])
        np.testing.assert_array_equal(offsets(axes, "studies"), expected[~flagged])
        np.testing.assert_array_equal(offsets(axes, "influential"), expected[flagged])
        panels = {axes.get_gid(): axes for axes in influence_plot(result).axes}
        assert ("tau2_deleted" in panels) == (model == "random")
        for name, panel in panels.items():
            np.testing.assert_array_equal(offsets(panel, "studies")[:, 0], getattr(result, name))
            drawn = {abs(line.get_xdata()[0]) for line in artists(panel, "limit")}
            assert drawn == ({result.limits[name]} if name in result.limits else {float(ndtri(0.975))} if name == "rstudent" else set())


@pytest.mark.parametrize("key", CASES)
def test_galbraith_draws_slopes(key):
    pooled = CASES[key]
    for model in ("random", "fixed"):
        axes = galbraith_plot(pooled, model=model).axes[0]
        points = offsets(axes, "studies")
        np.testing.assert_allclose(points[:, 1] / points[:, 0], pooled.yi)
        np.testing.assert_allclose(points[:, 0], 1 / np.sqrt(pooled.vi + (pooled.tau2 if model == "random" else 0)))
        (line,) = artists(axes, "estimate")
        assert math.isclose(line.get_ydata()[1] / line.get_xdata()[1], getattr(pooled, model).estimate)
        (scale,) = axes.child_axes
        scale.apply_aspect()
        FigureCanvasAgg(axes.figure).draw()
        assert math.isclose(scale.get_ylim()[1] * axes.get_xlim()[1], axes.get_ylim()[1])


@pytest.mark.parametrize("key", CASES)
def test_bubbles_have_areas_in_proportion_to_the_weights(key):
    pooled = CASES[key]
    line = line_of(pooled)
    axes = bubble_plot(moderator(pooled), pooled.yi, pooled.vi, line, weights=pooled.weights, measure=pooled.measure).axes[0]
    np.testing.assert_array_equal(offsets(axes, "studies"), np.column_stack([moderator(pooled), pooled.yi]))
    sizes = artists(axes, "studies")[0].get_sizes()
    large = sizes > 1.01 * sizes.min()
    np.testing.assert_allclose(sizes[large] / sizes.max(), pooled.weights[large] / pooled.weights.max())
    np.testing.assert_array_equal(artists(axes, "line")[0].get_xydata(), np.column_stack([line["x"], line["estimate"]]))
    band = artists(axes, "band")[0].get_paths()[0].vertices
    assert set(np.concatenate([line["ci_low"], line["ci_high"]])) <= set(band[:, 1])


def cells(figure, heading):
    return [text.get_text() for text in figure.texts if text.get_gid() == f"cell-{heading}"]


def assert_rows(figure, results, measure):
    """Reusable: every row is drawn and written as the results say, the last as a diamond."""
    axes = figure.axes[0]
    assert [line.get_xdata().tolist() for line in artists(axes, "interval")] == [[result.ci_low, result.ci_high] for result in results[:-1]]
    assert [line.get_xdata()[0] for line in artists(axes, "estimate")] == [result.estimate for result in results[:-1]]
    corners = artists(axes, "total")[0].get_xy()[:, 0]
    assert {corners[0], corners[1], corners[2]} == {results[-1].ci_low, results[-1].estimate, results[-1].ci_high}
    written = [format_interval(measure, result.estimate, result.ci_low, result.ci_high) for result in results]
    assert cells(figure, f"{measure} [95 % CI]") == written
    low, high = axes.get_xlim()
    beyond = sum(int(result.ci_low < low) + int(result.ci_high > high) for result in results[:-1])
    assert len(artists(axes, "arrow")) == beyond
    assert any("Arrows" in text.get_text() for text in figure.texts) == (beyond > 0)
    assert all(low < result.estimate < high for result in results)


@pytest.mark.parametrize("key", CASES)
def test_rows_of_refits_are_the_results(key):
    pooled = CASES[key]
    for model in ("random", "fixed"):
        result = cumulative(pooled, model=model)
        figure = cumulative_plot(result, key_name="SE")
        assert_rows(figure, result.steps, pooled.measure)
        assert cells(figure, "k") == [str(step.k) for step in result.steps]
        without = leave_one_out(pooled.yi, pooled.vi, pooled.study, pooled.settings, model=model)
        figure = leave_one_out_plot(pooled, model=model)
        assert_rows(figure, [*without, getattr(pooled, model)], pooled.measure)
        assert cells(figure, "Study left out") == [*(f"− {name}" for name in pooled.study), "All studies"]


def test_subsets_are_drawn_each_once():
    result = gosh(CASES[10, "HR"])
    axes = gosh_plot(result).axes[0]
    np.testing.assert_array_equal(offsets(axes, "subsets"), np.column_stack([result.estimate, result.i2]))
    np.testing.assert_array_equal(offsets(axes, "all"), [[CASES[10, "HR"].estimate, CASES[10, "HR"].i2]])
    name = result.study[3]
    axes = gosh_plot(result, highlight=name).axes[0]
    np.testing.assert_array_equal(offsets(axes, "with")[:, 0], result.estimate[result.members[:, 3]])
    np.testing.assert_array_equal(offsets(axes, "without")[:, 0], result.estimate[~result.members[:, 3]])


@pytest.mark.parametrize(("low", "high"), [(0.3, 3), (0.01, 40), (0.95, 1.08), (0.72, 0.78), (1e-4, 1e4), (0.5, 0.9), (1.01, 1.02)])
def test_ratio_ticks_are_round_and_few(low, high):
    ticks, labels = effect_ticks(math.log(low), math.log(high), is_ratio=True)
    assert 2 <= len(ticks) <= 7
    np.testing.assert_allclose(np.exp(ticks), [float(label) for label in labels], rtol=1e-6)
    assert all(low <= float(label) <= high for label in labels)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_the_same_input_gives_the_same_bytes(name, suffix, tmp_path):
    digests = {
        hashlib.sha256(save_picture(PICTURES[name](CASES[10, "HR"]), tmp_path / f"{number}.{suffix}", dpi=60).read_bytes()).hexdigest() for number in range(2)
    }
    assert len(digests) == 1


def test_many_subsets_make_small_files_of_the_same_bytes(tmp_path):
    result = gosh(pool(CASES[60, "HR"].yi[:12], CASES[60, "HR"].vi[:12], tau2="DL"))
    assert len(result.estimate) > 3000
    first, second = (save_picture(gosh_plot(result), tmp_path / f"{number}.svg", dpi=60).read_bytes() for number in range(2))
    assert first == second
    assert len(first) < 300_000


MIXED = pool([-0.3, -0.1, -0.2, -0.4], [0.04, 0.02, 0.01, 0.05], measure=["HR", "HR", "RR", "RR"])


@pytest.mark.parametrize(("call", "message"), [
    (lambda: funnel_plot(example(9)), "A funnel plot saw 9 studies; expected 10 or more"),
    (lambda: funnel_plot(MIXED), "A funnel plot needs studies of one measure"),
    (lambda: funnel_plot(example(12), model="all"), "The model is 'all'"),
    (lambda: galbraith_plot(example(1)), "A Galbraith plot saw 1 study; it needs 2 or more"),
    (lambda: leave_one_out_plot(example(2)), "Leave-one-out saw 2 studies; it needs 3"),
    (lambda: gosh_plot(gosh(example(3)), highlight="Nobody"), "No study is called 'Nobody'; expected one of Author"),
    (lambda: bubble_plot([1, 2], [0.1], [0.1]), "expected vectors of one length"),
    (lambda: bubble_plot([1, math.nan], [0.1, 0.2], [0.1, 0.1]), "A moderator, effect, variance or weight is missing"),
    (lambda: bubble_plot([1, 2], [0.1, 0.2], [0.1, 0.1], {"x": [1, 2], "estimate": [0, 1]}), "The line needs x, estimate, ci_low and ci_high"),
])
def test_what_is_refused(call, message):
    with pytest.raises(MetaAnalysisError, match=message):
        call()


def test_names_are_written_as_they_are():
    pooled = pool([0.1, 0.4, 0.9], [0.05, 0.06, 0.1], study=["$A_1$ & <B>", "50 % $", "C\\D"], measure="HR")
    figures = (baujat_plot(influence_diagnostics(pooled)), influence_plot(influence_diagnostics(pooled)), cumulative_plot(cumulative(pooled)), galbraith_plot(pooled))
    for figure in figures:
        FigureCanvasAgg(figure).draw()
        assert {text.get_parse_math() for text in texts_of(figure) if "$" in text.get_text()} == {False}


def test_infinite_influence_is_told():
    result = influence_diagnostics(pool([0.0, 0.0, 1.0], [1.0, 1.0, 1.0], study=["A", "B", "C"], ci="hk"))
    figure = baujat_plot(result)
    FigureCanvasAgg(figure).draw()
    assert "Not drawn, since without them the estimate has no variance: C." in notes_of(figure)
    FigureCanvasAgg(influence_plot(result)).draw()
