"""The methods paragraph: every choice changes the text, every number has its paper, and nothing is told that was not done."""

import re
from pathlib import Path

import pandas as pd
import pytest

import metaanalysis.reporting.methods_text as methods_text
from metaanalysis import pool, pool_events, pool_studies, read_studies
from metaanalysis.models import CI_METHODS, PREDICTIONS
from metaanalysis.reporting.methods_text import methods_paragraph
from metaanalysis.reporting.references import REFERENCES, numbered
from metaanalysis.studies.route_effect import ROUTES
from metaanalysis.tau2 import ESTIMATORS

YI = [-0.36, -0.11, -0.52, 0.1, -0.2, -0.4, -0.3, 0.05, -0.6, -0.25]
VI = [0.04, 0.02, 0.09, 0.05, 0.03, 0.08, 0.06, 0.04, 0.1, 0.02]
COUNTS = ([0, 4, 5, 7], [30, 40, 50, 60], [3, 5, 0, 9], [31, 40, 50, 61])


def some(k=4, **options):
    return pool(YI[:k], VI[:k], measure="HR", **options)


def texts(choices):
    """The texts of several choices, and that all differ."""
    found = [str(choice) for choice in choices]
    assert len(set(found)) == len(found)
    return found


def check_numbers(methods):
    """Numbers run from 1 in the order of the text, and each has its paper once."""
    named = [int(number) for group in re.findall(r"\[([\d,]+)\]", methods.text) for number in group.split(",")]
    assert list(dict.fromkeys(named)) == list(range(1, len(methods.references) + 1))
    assert len(set(methods.references)) == len(methods.references)
    assert set(methods.references) <= set(REFERENCES.values())
    assert "{" not in methods.text
    assert str(methods).splitlines()[-1].startswith(f"{len(methods.references)}. ")


def test_each_estimator_interval_and_rule_is_told():
    texts(methods_paragraph(some(tau2=name)) for name in ESTIMATORS)
    texts(methods_paragraph(some(ci=name)) for name in CI_METHODS)
    texts(methods_paragraph(some(prediction=name)) for name in PREDICTIONS)
    for name in ESTIMATORS:
        check_numbers(methods_paragraph(some(tau2=name)))
    assert "99 % confidence interval" in methods_paragraph(some(level=0.99)).text


def test_each_fixed_method_and_measure_is_told():
    methods = [
        methods_paragraph(pool_events(*COUNTS, measure=measure, fixed=fixed))
        for measure, fixed in (("OR", "iv"), ("OR", "mh"), ("OR", "peto"), ("RR", "mh"), ("RD", "mh"))
    ]
    texts(methods)
    for one in methods:
        check_numbers(one)
    assert "Risk differences of 4 studies were pooled." in methods[4].text
    assert "Mantel-Haenszel" in methods[3].text
    assert "Mantel-Haenszel" not in methods[0].text


def test_sources_are_counted():
    methods = methods_paragraph(pool(YI[:4], VI[:4], measure="HR", source=["reported", "reported", "reconstructed", "ipd"]), outcome="overall survival")
    assert methods.text.startswith("Hazard ratios for overall survival of 4 studies were pooled on the logarithmic scale.")
    assert "taken as reported in the publications (k = 2)" in methods.text
    assert "reconstructed from published Kaplan-Meier curves (k = 1)" in methods.text
    check_numbers(methods)


def test_routes_are_counted_where_the_table_is_given():
    table = pd.DataFrame({
        "study": list("ABCD"), "hr": ["0.7 (0.5-0.98)", "0.8 (0.6-1.1)", "0.9", ""], "p": ["", "", "0.4", ""], "logrank_p": ["", "", "", "0.04"],
        "favours": ["", "", "", "treatment"], "events": ["", "", "", "90"], "source": ["", "reconstructed", "", ""],
    })
    studies = read_studies(table)
    methods = methods_paragraph(pool_studies(studies), studies=studies)
    for told in ("confidence interval printed", "a standard error from the p-value", "log-rank p-value and numbers of events", "reconstructed from published"):
        assert re.search(rf"{told}[^;]*\(k = 1\)", methods.text)
    check_numbers(methods)


@pytest.mark.parametrize("route", [*ROUTES, "rr+ci", "or+se", "rd+ci", "rr+p", "events"])
def test_every_route_has_its_words(route):
    words = methods_text._way("derived", route)
    assert words in methods_text._BY_ROUTE.values()
    assert words != methods_text._BY_ROUTE["hr+events"] or route.startswith("hr+events")


def test_reconstruction_errors_are_told_where_they_are_known():
    table = pd.DataFrame({"study": list("ABC"), "yi": YI[:3], "sei": [0.2, 0.1, 0.3], "sampling_se": [0.19, "", ""], "reconstruction_se": [0.06, "", ""]})
    studies = read_studies(table, "HR")
    assert "Standard errors of 1 study include the error of the reconstruction" in methods_paragraph(pool_studies(studies), studies=studies).text
    plain = read_studies(table.drop(columns=["sampling_se", "reconstruction_se"]), "HR")
    assert "reconstruction" not in methods_paragraph(pool_studies(plain), studies=plain).text


def test_rules_for_zero_cells_are_told_where_they_act():
    table = pd.DataFrame(dict(zip(("events_1", "n_1", "events_2", "n_2"), COUNTS, strict=True)) | {"study": list("ABCD")})
    found = []
    for rule in ("tables", "all", "treatment-arm"):
        studies = read_studies(table, "OR", zero_cells=rule)
        found.append(methods_paragraph(pool_studies(studies), studies=studies))
        check_numbers(found[-1])
    texts(found)
    without = read_studies(table[2 * (table.index % 2) == 2].assign(events_1=[4, 7]), "OR")
    assert "added" not in methods_paragraph(pool_studies(without), studies=without).text
    none = pool_events([0, 4, 5], [30, 40, 50], [0, 5, 6], [31, 40, 50], measure="OR")
    assert "1 study carried no information on the measure and was left out." in methods_paragraph(none).text


def test_subgroups_are_told_where_asked_for():
    assert "subgroup" not in methods_paragraph(some()).text
    text = methods_paragraph(some(subgroup=list("xyxy"))).text
    assert "within 2 subgroups, with a tau² of its own for each" in text
    assert "test for differences" in text


def test_small_study_effects_are_told_as_done_or_why_not():
    assert "fewer than 10 studies do not allow it" in methods_paragraph(some(9)).text
    done = methods_paragraph(some(10))
    assert "Egger's regression" in done.text
    assert "not tested" not in done.text
    equal = methods_paragraph(pool(YI, [0.04] * 10, measure="HR"))
    assert "All variances were equal, so small-study effects were not tested" in equal.text
    for methods in (done, equal):
        check_numbers(methods)


def test_few_studies():
    one = methods_paragraph(some(1)).text
    assert "With a single study nothing was pooled" in one
    for absent in ("random-effects", "Heterogeneity", "left out in turn", "prediction"):
        assert absent not in one
    two = methods_paragraph(some(2)).text
    assert "No prediction interval is given for fewer than 3 studies." in two
    assert "left out in turn" not in two


def test_different_measures_have_no_total():
    mixed = pool(YI[:3], VI[:3], measure=["HR", "RR", "HR"], subgroup=["a", "b", "a"])
    methods = methods_paragraph(mixed)
    assert methods.text.startswith("Hazard ratios and risk ratios of 3 studies were pooled within subgroups of one measure, without a total, on the logarithmic scale.")
    for absent in ("Small-study", "Cochran", "prediction interval"):
        assert absent not in methods.text
    check_numbers(methods)


def test_software_is_named():
    assert methods_paragraph(some()).text.endswith(".")
    assert "ipdrecon" in methods_paragraph(some()).text
    assert methods_paragraph(some(), software="ipdrecon 9.9").text.endswith("Analyses were done with ipdrecon 9.9.")


def test_every_paper_is_named_by_some_text():
    source = Path(methods_text.__file__).read_text(encoding="utf-8")
    assert not [key for key in REFERENCES if key not in source]


def test_numbering():
    assert numbered("a {egger1997} b {cox1972,egger1997}")[0] == "a [1] b [1,2]"
    with pytest.raises(KeyError):
        numbered("{nobody1900}")


def test_to_dict():
    methods = methods_paragraph(some())
    assert methods.to_dict() == {"text": methods.text, "references": list(methods.references)}
