"""Forest plots: nothing overlaps, every number is the JSON's in every look, and the same input gives the same bytes."""

import hashlib
import math
import re
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from metaanalysis import MetaAnalysisError, forest_plot, pool, pool_events, save_picture
from metaanalysis.pictures.forest_bias import COLOURS, SIGNS, risk_of_bias
from metaanalysis.pictures.forest_lines import Content, subgroup_test_text
from metaanalysis.pictures.forest_look import LOOKS, look_of
from metaanalysis.pictures.forest_numbers import Numbers

GROUPS = ("HBV", "HCV", "alcohol-related and metabolic dysfunction-associated steatotic liver disease, Child-Pugh class A or B only, any stage")
ARMS = ("TACE + radiotherapy", "TACE")
LONG_ARMS = ("transarterial chemoembolisation with stereotactic body radiotherapy", "transarterial chemoembolisation with drug-eluting beads alone")


def example(k, groups=0, measure="HR", *, spread=0.4, variances=(0.02, 0.6)):
    generator = np.random.default_rng(k)
    sources = ("reported", "derived", "reconstructed", "ipd", "summary")
    return pool(
        generator.normal(-0.75 * spread, spread, k), generator.uniform(*variances, k), measure=measure,
        study=[f"Author {row} and colleagues, a multicentre phase III trial {2000 + row}"[: 8 + 9 * (row % 7)] + f" {row}" for row in range(k)],
        source=[sources[row % 5] for row in range(k)],
        subgroup=[GROUPS[row % groups] if groups <= 3 else f"aetiology {row % groups} of those named beforehand" for row in range(k)] if groups else None,
    )


def mixed(subgroup=("HR rows", "HR rows", "RR rows", "RR rows")):
    return pool(
        [-0.3, -0.1, -0.2, -0.4], [0.04, 0.02, 0.01, 0.05], measure=["HR", "HR", "RR", "RR"], study=list("ABCD"),
        source=["reported", "summary", "derived", "ipd"], subgroup=subgroup,
    )


def with_events():
    return pool_events([4, 6, 0, 0], [123, 306, 50, 40], [11, 29, 3, 0], [139, 303, 55, 41], study=list("ABCD"), fixed="mh")


def beside(pooled):
    """A table and judgements of risk of bias that belong to `pooled`."""
    generator = np.random.default_rng(pooled.k)
    n_1, n_2 = generator.integers(30, 3000, (2, pooled.k))
    table = pd.DataFrame({
        "study": pooled.study, "year": generator.integers(1999, 2024, pooled.k), "stage": ["BCLC B", "any"] * (pooled.k // 2) + ["BCLC C"] * (pooled.k % 2),
        "events_1": generator.binomial(n_1, 0.4), "n_1": n_1, "events_2": generator.binomial(n_2, 0.5), "n_2": n_2,
        "reconstruction_se": [0.031 if source == "reconstructed" else math.nan for source in pooled.source],
    })
    judged = {study: [list(SIGNS)[(row + domain) % 4] for domain in range(7)] for row, study in enumerate(pooled.study)}
    return {"table": table, "columns": ["year", "stage"], "risk_of_bias": judged}


CASES = {
    "two": example(2), "eight": example(8), "thirteen in three": example(13, groups=3), "sixty": example(60), "sixty in eight": example(60, groups=8),
    "one": example(1), "differences": example(6, measure="RD", spread=0.1, variances=(0.001, 0.01)), "unnamed": example(4, measure=""),
    "events": with_events(), "mixed": mixed(), "mixed, no subgroups": mixed(None), "mixed within a subgroup": mixed(["x", "x", "x", "y"]),
    "very wide": example(6, variances=(3, 30)), "very narrow": example(6, spread=0.01, variances=(1e-6, 1e-5)), "extreme": example(5, spread=6.0),
    "large differences": example(5, measure="RD", spread=1e5, variances=(1e8, 1e9)),
}


def text_boxes(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    return [(text, text.get_window_extent(renderer)) for text in figure.axes[0].texts]


@cache
def drawn(name, look):
    """A figure that no test changes."""
    return forest_plot(CASES[name], look=look, favours=ARMS)


def check_off_the_plot(boxes):
    # squares, diamonds and intervals live between the ends of the axis, the cells of the table outside them
    ticks = [(box.x0 + box.x1) / 2 for text, box in boxes if text.get_gid() == "tick"]
    for text, box in boxes:
        if "-" in (text.get_gid() or "") and not text.get_gid().startswith(("axis", "header")):
            assert box.x1 < min(ticks) or box.x0 > max(ticks), text.get_text()


def check_places(figure):
    boxes = text_boxes(figure)
    check_off_the_plot(boxes)
    words = [text.get_text() for text, _ in boxes]
    low, high = (np.array([getattr(box, corner) for _, box in boxes]) for corner in ("min", "max"))
    page = np.array([figure.bbox.width, figure.bbox.height])
    assert not [word for word, outside in zip(words, ((low < 0) | (high > page)).any(axis=1), strict=True) if outside]
    shared = np.minimum(high[:, None], high[None]) - np.maximum(low[:, None], low[None])
    assert not [(words[one], words[other]) for one, other in np.argwhere((shared > 0.5).all(axis=2)) if one < other]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", CASES)
def test_nothing_overlaps_or_leaves_the_page(name, look):
    title = "Overall survival of patients with hepatocellular carcinoma, all trials " * 3
    check_places(forest_plot(CASES[name], look=look, favours=ARMS, title=title))
    check_places(drawn(name, look))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["two", "thirteen in three", "sixty", "differences", "events", "extreme"])
def test_nothing_overlaps_with_everything_shown(name, look):
    pooled = CASES[name]
    check_places(forest_plot(pooled, look=look, favours=LONG_ARMS, sort="weight", **beside(pooled)))
    check_places(forest_plot(pooled, look=look, favours=("a", "b"), ticks=(0.001, 0.002, 0.003, 1), decimals=4, models=("fixed",)))


# --- numbers -----------------------------------------------------------------------------------------------------------


def numbers(text):
    """Numbers of a text in any look; dashes and hyphens between two numbers part them."""
    text = text.replace("·", ".").replace("Tau²", "").replace("Chi²", "").replace("τ²", "").replace("χ²", "").replace("I²", "")
    return [float(number.replace("−", "-")) for number in re.findall(r"−?(?:\d+\.?\d*|\.\d+)(?:e−?\d+)?", text)]


def cells(figure):
    """``{(kind, column): [texts]}``."""
    found = {}
    for text in figure.axes[0].texts:
        kind, _, column = (text.get_gid() or "").partition("-")
        found.setdefault((kind, column), []).append(text.get_text())
    return found


def printed_as(shown, value, *, to=2):
    assert shown == pytest.approx(value, abs=0.5001 * 10.0**-to), (shown, value)


NUMBERED = ["two", "eight", "thirteen in three", "sixty", "differences"]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NUMBERED)
def test_rows_are_those_of_the_json(name, look):
    pooled = CASES[name]
    record, found = pooled.to_dict(), cells(drawn(name, look))
    scale, to = (np.exp, 2) if pooled.is_ratio else (np.asarray, 3)
    order = [row for group in pooled.subgroups for row in group.index] or range(pooled.k)
    half = 1.959963984540054
    for place, row in enumerate(order):
        study = record["studies"][row]
        limits = scale([study["yi"], study["yi"] - half * study["sei"], study["yi"] + half * study["sei"]])
        for shown, value in zip(numbers(found["study", "effect"][place]), limits, strict=True):
            printed_as(shown, value, to=to)
        for model in ("fixed", "random"):
            printed_as(numbers(found["study", model][place])[0], study[f"weight_{model}"], to=1)
        if look == "cochrane":
            printed_as(numbers(found["study", "yi"][place])[0], study["yi"], to=3)
            printed_as(numbers(found["study", "sei"][place])[0], study["sei"], to=3)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NUMBERED)
def test_diamonds_are_those_of_the_json(name, look):
    pooled = CASES[name]
    record, found = pooled.to_dict(), cells(drawn(name, look))
    scale, to = (np.exp, 2) if pooled.is_ratio else (np.asarray, 3)
    results = [part[model] for part in (*record["subgroups"], record) for model in ("random", "fixed")]
    assert len(found["diamond", "effect"]) == len(results)
    for text, result in zip(found["diamond", "effect"], results, strict=True):
        for shown, value in zip(numbers(text), scale([result["estimate"], result["ci_low"], result["ci_high"]]), strict=True):
            printed_as(shown, value, to=to)
    if pooled.k >= 3:
        limits = scale([record["random"]["prediction_low"], record["random"]["prediction_high"]])
        for shown, value in zip(numbers(found["prediction", "effect"][0]), limits, strict=True):
            printed_as(shown, value, to=to)
    for model in ("fixed", "random"):
        shares = [numbers(text)[0] for text in found["diamond", model]]
        assert shares[-1] == 100
        assert sum(shares[:-1]) == pytest.approx(100 if pooled.subgroups else 0, abs=0.2)


def sentences(figure):
    """The sentences below the total and in subgroups, joined again where they were broken."""
    texts = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "text-study"]
    return " ".join(texts)


def told_p(text, value, least):
    if value < least:
        assert f"<{least}".replace("0.", ".") in text.replace(" ", "").replace("·", ".").replace("<0.", "<."), text
    else:
        printed_as(numbers(text)[-1], value, to=2 if value >= 0.01 else 3 if value >= 0.001 else 4)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NUMBERED)
def test_sentences_are_those_of_the_json(name, look):
    pooled, least = CASES[name], LOOKS[look].p_least
    record, text = pooled.to_dict(), sentences(drawn(name, look))
    parts = [*record["subgroups"], record]
    spread = re.findall(r"Heterogeneity: (.*?) \(REML\); (.*?), df ?= ?(\d+) \((.*?)\); I² ?= ?(\d+)%", text)
    assert len(spread) == len(parts)
    for (tau2, q, df, p, i2), part in zip(spread, parts, strict=True):
        assert numbers(tau2)[0] == pytest.approx(part["random"]["tau2"], rel=0.051, abs=0.005)
        printed_as(numbers(q)[0], part["heterogeneity"]["q"])
        assert int(df) == part["heterogeneity"]["df"]
        told_p(p, part["heterogeneity"]["p"], least)
        printed_as(float(i2), part["heterogeneity"]["i2"], to=0)
    for model in ("random", "fixed"):
        statistic, p = re.search(rf"overall effect \({model}\): [tZ] ?= ?(\S+?)(?:, df ?= ?\d+)? \((.*?)\)", text).groups()
        printed_as(numbers(statistic)[0], record[model]["estimate"] / record[model]["se"])
        told_p(p, record[model]["p"], least)
    if record["subgroup_test"]:
        for model, told in (("random", f"random, {record['subgroup_test']['random']['tau2']} {LOOKS[look].tau2_name}"), ("fixed", "fixed")):
            q, df, p = re.search(rf"differences \({told}\): (.*?), df ?= ?(\d+) \((.*?)\)", text).groups()
            printed_as(numbers(q)[0], record["subgroup_test"][model]["q"])
            assert int(df) == record["subgroup_test"][model]["df"]
            told_p(p, record["subgroup_test"][model]["p"], least)


def test_what_is_drawn_is_what_is_printed():
    pooled = CASES["eight"]
    axes = forest_plot(pooled, ticks=(0.01, 1, 100)).axes[0]
    ticks = {text.get_text(): text.get_position()[0] for text in axes.texts if text.get_gid() == "tick"}
    per_log = (ticks["100"] - ticks["1"]) / math.log(100)
    diamond = next(patch for patch in axes.patches if patch.get_gid() == "diamond")
    low, high = diamond.get_xy()[0][0], diamond.get_xy()[2][0]
    np.testing.assert_allclose([(low - ticks["1"]) / per_log, (high - ticks["1"]) / per_log], [pooled.random.ci_low, pooled.random.ci_high])
    squares = [patch for patch in axes.patches if patch.get_gid() == "square"]
    np.testing.assert_allclose([(square.get_x() + square.get_width() / 2 - ticks["1"]) / per_log for square in squares], pooled.yi)


def test_squares_are_in_proportion_to_weight():
    pooled = CASES["eight"]
    squares = [patch for patch in forest_plot(pooled).axes[0].patches if patch.get_gid() == "square"]
    areas = np.array([square.get_width() * square.get_height() for square in squares])
    np.testing.assert_allclose(areas / areas.sum(), pooled.weights / 100)


@pytest.mark.parametrize(("look", "effect", "p"), [
    ("cochrane", "0.72 [0.58, 0.89]", "P = 0.04"), ("jama", "0.72 (0.58-0.89)", "P = .04"), ("bmj", "0.72 (0.58 to 0.89)", "P=0.04"),
    ("lancet", "0·72 (0·58–0·89)", "p=0·04"),
])
def test_each_look_has_its_number_format(look, effect, p):
    form = Numbers(look_of(look), True, 2)
    assert form.effect(*np.log([0.72, 0.58, 0.89])) == effect
    assert form.p(0.04) == p
    assert "−" in form.analysis(-0.2)


def test_numbers_at_their_ends():
    cochrane, lancet, jama = (Numbers(look_of(look), True, 2) for look in ("cochrane", "lancet", "jama"))
    assert lancet.p(0.00001) == "p<0·0001"
    assert jama.p(0.0001) == "P < .001"
    assert jama.p(0.0042) == "P = .004"
    assert cochrane.p(math.nan) == "P not defined"
    assert cochrane.back(-8) == "0.0003"
    assert cochrane.back(-11) == "2×10⁻⁵"
    assert cochrane.back(20) == "4.9×10⁸"
    assert Numbers(look_of("lancet"), False, 3).value(-123456.7) == "−123457"
    assert cochrane.back(1000) == cochrane.back(700)
    assert cochrane.back(math.nan) == "–"
    assert cochrane.value(-0.001) == "0.00"
    difference = Numbers(look_of("lancet"), False, 3)
    assert difference.effect(0.1, -0.05, 0.25) == "0·100 (−0·050 to 0·250)"


def test_narrow_intervals_have_more_decimals():
    assert [text.count("1.0") for text in cells(forest_plot(CASES["very narrow"]))["diamond", "effect"]] != [3, 3]
    assert all(len(text.split()[0]) == 5 for text in cells(forest_plot(CASES["very narrow"]))["study", "effect"])
    assert all(len(text.split()[0]) == 6 for text in cells(forest_plot(CASES["very narrow"], decimals=4))["study", "effect"])


# --- what is shown -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
@pytest.mark.parametrize("look", ["cochrane", "lancet"])
def test_the_same_input_gives_the_same_bytes(tmp_path, suffix, look):
    digests, pooled = set(), CASES["thirteen in three"]
    for number in range(2):
        path = save_picture(forest_plot(pooled, look=look, **beside(pooled)), tmp_path / f"forest{number}{suffix}")
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
    assert len(list(tmp_path.iterdir())) == 2


def shown(pooled, **options):
    return " ".join(text.get_text() for text in forest_plot(pooled, **options).axes[0].texts)


def test_what_the_plot_says():
    text = shown(CASES["thirteen in three"], favours=("TACE + RT", "TACE"))
    for part in (
        "Favours [TACE + RT]", "Favours [TACE]", "Test for subgroup differences (random, separate Tau²)", "Heterogeneity: Tau²",
        "Test for overall effect (random): t =", "Prediction interval (t, k − 1 = 12 df, Hartung-Knapp SE)", "reconstructed", "IPD", "summary",
        "Subtotal, random effects", "Hazard ratio", "HR [95% CI]",
    ):
        assert part in text


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_says_what_it_shows(look):
    pooled = CASES["thirteen in three"]
    text = shown(pooled, look=look, favours=ARMS, **beside(pooled))
    for part in ("Data", "Year", "Stage", "SE from", "Weight, %", "D1", "D7", "Risk of bias", "low risk", "some concerns", "high risk", "unclear", "D4: Blinding of outcome"):
        assert part in text
    assert ("Favors TACE" if look == "jama" else "Favours") in text
    assert LOOKS[look].study_title in text


def test_columns_stand_in_the_order_of_the_look():
    pooled = CASES["eight"]
    for look in LOOKS.values():
        figure = forest_plot(pooled, look=look, **beside(pooled))
        places = {text.get_gid(): text.get_position()[0] for text in figure.axes[0].texts if (text.get_gid() or "").startswith("header-")}
        plot = next(text.get_position()[0] for text in figure.axes[0].texts if text.get_gid() == "tick" and text.get_text() == "1")
        assert places["header-study"] < places["header-source"] < plot < places["header-bias-D1"] < places["header-bias-D7"]
        assert (places["header-effect"] < plot) == ("effect" in look.left)
        assert (places["header-random"] < plot) == ("weights" in look.left)


def test_events_and_studies_not_estimable_are_shown():
    text = shown(CASES["events"], look="jama")
    assert "4/123" in text
    assert "not estimable" in text
    assert "D was left out: no events in either arm" in text
    cochrane = cells(forest_plot(CASES["events"], arms=("BCG", "control")))
    assert cochrane["study", "events_1"] == ["4", "6", "0"]
    assert cochrane["diamond", "n_2"] == ["497", "497"]
    assert cochrane["spanner", ""] == ["BCG", "control"]


def test_no_total_is_drawn_over_different_measures():
    figure = forest_plot(mixed())
    text = [item.get_text() for item in figure.axes[0].texts]
    assert not any(line.startswith(("Total,", "Test for", "Prediction")) for line in text)
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
    assert "Tau²" not in text.replace("I² from Tau²", "")
    assert "Prediction" not in text


def test_intervals_beyond_the_axis_end_in_arrows():
    figure = forest_plot(CASES["eight"], ticks=(0.9, 1, 1.1))
    markers = {line.get_marker() for line in figure.axes[0].lines}
    assert {"<", ">"} <= markers


def tick_labels(pooled, **options):
    return [text.get_text() for text in forest_plot(pooled, **options).axes[0].texts if text.get_gid() == "tick"]


def test_ticks_fit_the_data():
    narrow = pool(np.full(4, -0.1), np.full(4, 0.001), measure="HR")
    wide = pool([-4, 4, 0.1, 0.2, 0, 0.1, 0.2, 0.1], np.full(8, 0.5), measure="HR")
    assert "0.8" in tick_labels(narrow)
    assert "1000" in tick_labels(wide)
    assert set(tick_labels(pool([-12, 13, *[0] * 18], np.full(20, 0.5), measure="HR"))) == {"1", "10⁻⁶", "10⁻³", "10³", "10⁶"}
    assert "−0.2" in tick_labels(CASES["differences"]) or "−0.3" in tick_labels(CASES["differences"])
    assert "0·5" in tick_labels(CASES["eight"], look="lancet")


def test_the_interval_of_two_studies_does_not_set_the_axis():
    # with one degree of freedom it may reach over many decades, where the studies would be a single dot
    pooled = pool([-0.3, 0.4], [0.1, 0.1], measure="HR")
    assert pooled.ci_high > math.log(10)
    assert tick_labels(pooled)[-1] != "100"
    assert {"<", ">"} <= {line.get_marker() for line in forest_plot(pooled).axes[0].lines}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("ticks", [(0.1, 0.5, 1), (0.1, 0.5, 1, 1.1), (1, 2, 5), (2, 5), (0.2, 0.5)])
def test_what_is_favoured_stands_on_its_side_of_no_effect(look, ticks):
    figure = forest_plot(CASES["eight"], look=look, ticks=ticks, favours=ARMS)
    check_places(figure)
    null = next(line.get_xdata()[0] for line in figure.axes[0].lines if line.get_gid() == "no effect")
    sides = [(text.get_position()[0] - null, text.get_ha()) for text in figure.axes[0].texts if text.get_gid() == "favours"]
    assert {(place > 0, align) for place, align in sides} == {(False, "right"), (True, "left")}


def test_crowded_tick_labels_are_thinned():
    assert set(tick_labels(CASES["eight"], ticks=(0.5, 0.95, 0.97, 1, 1.01, 2))) == {"0.5", "1", "2"}


@pytest.mark.parametrize(("sort", "key"), [
    ("effect", lambda pooled, table: pooled.yi), ("weight", lambda pooled, table: -pooled.weights), ("year", lambda pooled, table: table["year"].to_numpy()),
    ("study", lambda pooled, table: np.array(sorted(range(pooled.k), key=lambda row: pooled.study[row].casefold())).argsort()),
])
def test_rows_are_sorted_with_all_that_is_theirs(sort, key):
    pooled = CASES["thirteen in three"]
    options = beside(pooled)
    found = cells(forest_plot(pooled, sort=sort, look="bmj", table=options["table"], columns={"year": "Year"}))
    order = [row for group in pooled.subgroups for row in sorted(group.index, key=lambda row: key(pooled, options["table"])[row])]
    form = Numbers(look_of("bmj"), True, 2)
    assert found["study", "effect"] == [form.effect(pooled.yi[row], *(pooled.yi[row] + sign * 1.959963984540054 * pooled.vi[row] ** 0.5 for sign in (-1, 1))) for row in order]
    assert found["study", "random"] == [form.weight(pooled.weights[row]) for row in order]
    assert found["study", "extra-Year"] == [str(options["table"]["year"][row]) for row in order]


def test_a_table_in_another_order_is_matched_by_name():
    pooled = CASES["eight"]
    options = beside(pooled)
    turned = options["table"][::-1]
    assert shown(pooled, table=turned, columns=["year"]) == shown(pooled, table=options["table"], columns=["year"])
    assert shown(CASES["events"], table=pd.DataFrame({"study": list("ABCD"), "dose": [1.5, 2, 3.25, 4]}), columns=["dose"]).count("3.25") == 1


def test_the_part_from_reconstruction_is_shown_where_there_is_one():
    pooled = CASES["eight"]
    found = cells(forest_plot(pooled, table=beside(pooled)["table"]))
    assert found["study", "reconstruction"] == ["0.031"] * pooled.source.count("reconstructed")
    assert ("study", "reconstruction") not in cells(forest_plot(CASES["one"], table=beside(CASES["one"])["table"]))


def test_the_prediction_interval_has_the_shape_of_the_look():
    for look, kind in (("cochrane", "Rectangle"), ("bmj", "Polygon"), ("lancet", "Rectangle")):
        drawn = [patch for patch in forest_plot(CASES["eight"], look=look).axes[0].patches if patch.get_gid() == "prediction"]
        assert [type(patch).__name__ for patch in drawn] == [kind]


def test_differences_within_trials_come_before_the_test_across_them():
    within = pool([-0.2, -0.25, -0.1], [0.04, 0.05, 0.03], measure="HR")
    contrasts = (SimpleNamespace(level="HCV", reference="HBV", within=within), SimpleNamespace(level="other", reference="HBV", within=None))
    text = shown(CASES["thirteen in three"], comparison=SimpleNamespace(contrasts=contrasts), look="bmj")
    ratio, low, high = np.exp([within.random.estimate, within.random.ci_low, within.random.ci_high])
    assert f"Within trials, HCV against HBV (random): ratio of HRs {ratio:.2f} ({low:.2f} to {high:.2f}), k=3 (P={within.random.p:.2f})" in text
    assert "other against" not in text
    assert text.index("Within trials") < text.index("Test for subgroup differences")


def test_a_test_with_two_numbers_of_degrees_of_freedom_is_an_f():
    pooled = CASES["thirteen in three"]
    numbers = Numbers(look_of("bmj"), True, 2)
    content = Content(pooled, look_of("bmj"), numbers, ("random",), None)
    text = subgroup_test_text(content, SimpleNamespace(q=6.0, df=2, df2=10.0, p=0.03), "random, common τ²")
    assert text == "Test for subgroup differences (random, common τ²): F=3.00, df=2, 10 (P=0.03)"


# --- risk of bias ------------------------------------------------------------------------------------------------------


def test_lights_stand_on_the_lines_of_their_studies():
    pooled = CASES["thirteen in three"]
    judged = {study: ["low", "high", "some concerns", "unclear", "low"] for study in pooled.study}
    axes = forest_plot(pooled, risk_of_bias=judged, sort="effect").axes[0]
    lights = [patch for patch in axes.patches if (patch.get_gid() or "").startswith("light-")]
    key = 4
    assert len(lights) == 5 * pooled.k + key
    assert sum(patch.get_gid() == "sign" for patch in axes.patches) == len(lights)
    assert [light.get_gid() for light in lights[:5]] == ["light-low", "light-high", "light-some concerns", "light-unclear", "light-low"]
    names = [text for text in axes.texts if text.get_gid() == "study-study"]
    np.testing.assert_allclose([lights[5 * row].center[1] for row in range(pooled.k)], [text.get_position()[1] for text in names], atol=4)


def test_judgements_differ_without_colour():
    def lightness(colour):
        red, green, blue = (int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert len(set(SIGNS.values())) == len(SIGNS)
    fills = sorted(lightness(fill) for fill, _ in COLOURS.values())
    assert min(np.diff(fills)) > 0.1
    assert all(abs(lightness(fill) - lightness(sign)) > 0.4 for fill, sign in COLOURS.values())


def test_judgements_are_read_in_many_spellings():
    frame = pd.DataFrame({"study": ["A", "B"], "d2": ["+", "x"], "D1": ["Low risk", "?"], "overall": ["Some concerns", None], "note": ["", ""]})
    bias = risk_of_bias(frame)
    assert bias.domains == ("D1", "D2", "Overall")
    assert bias.judgements == {"A": ("low", "low", "some concerns"), "B": ("unclear", "high", "")}
    assert bias.tool == "rob2"
    assert risk_of_bias({"A": ["low"] * 7}).tool == "rob1"
    assert "D5: Selection of the reported result" in risk_of_bias({"A": ["low"] * 5}).domain_names


@pytest.mark.parametrize(("judged", "message"), [
    ({"A": ["fair"]}, "risk of bias of A in D1 is 'fair'; expected one of low, some concerns, high, unclear"),
    ({"A": ["low"], "B": ["low", "low"]}, "1, 2 judgements per study; expected the same domains"), ({"A": ["low"] * 8}, "up to D8"),
    (pd.DataFrame({"study": ["A"], "bias": ["low"]}), "expected study and D1, D2"), ({}, "no judgements per study"),
])
def test_judgements_that_are_refused(judged, message):
    with pytest.raises(MetaAnalysisError, match=message):
        risk_of_bias(judged)


# --- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "message"), [
    ({"ticks": (0, 1)}, "all positive for a ratio"), ({"ticks": (1,)}, "expected two or more"), ({"models": ("bayes",)}, 'expected "random", "fixed"'),
    ({"look": "nature"}, "expected one of cochrane, jama, bmj, lancet"), ({"decimals": -1}, "expected a whole number from 0 to 6"),
    ({"sort": "colour"}, "expected one of effect, weight, year, study"), ({"sort": "year"}, "needs a table with the columns study and year"),
    ({"columns": ["dose"]}, "there is no table; expected a table with it"), ({"table": pd.DataFrame({"a": [1]})}, "expected one named study"),
    ({"table": pd.DataFrame({"study": ["Author 0", "B"]})}, "expected each pooled study once"),
])
def test_what_is_refused(options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        forest_plot(CASES["two"], **options)


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(MetaAnalysisError, match=r"written as .svg, .pdf, .png"):
        save_picture(forest_plot(CASES["two"]), tmp_path / "forest.bmp")
