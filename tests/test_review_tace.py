"""The review of the TACE trials, run once: each headline number against R, and what its report says, shows and writes."""

import json
import math
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ipdrecon.app.review import read_trial
from ipdrecon.app.review_run import run_review
from ipdrecon.app.safety import safety_rows

ROOT = Path(__file__).parents[1]
DIGITISED = ROOT / "digitised"
R = json.loads((ROOT / "tests" / "reference" / "review.json").read_text(encoding="utf-8"))
POOLED = tuple(R["outcomes"])
REBUILT = "Death at 3 years"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    begun = time.monotonic()
    done = run_review(DIGITISED / "reviews" / "tace_rt" / "review.toml", tmp_path_factory.mktemp("tace") / "results")
    assert time.monotonic() - begun < 120
    return done


@pytest.fixture(scope="module")
def html(result):
    return result.report.read_text("utf-8").replace("\u00a0", " ")


def _outcome(result, name):
    return next(outcome for outcome in result.outcomes if outcome.entry.name == name)


def test_the_reference_grid_is_whole(result):
    assert {outcome.entry.name for outcome in result.outcomes if outcome.pooled is not None} == set(POOLED)
    assert set(R["versions"]) == {"R", "metafor", "survival"}
    assert len(R["safety"]) >= 50


@pytest.mark.parametrize("name", POOLED)
def test_pooled_results_are_those_of_metafor(result, name):
    expected, pooled = R["outcomes"][name], _outcome(result, name).pooled
    near = {"abs": 0.02} if name == REBUILT else {"rel": 1e-6, "abs": 1e-9}
    assert pooled.yi.tolist() == pytest.approx(np.atleast_1d(expected["yi"]).tolist(), **near)
    assert np.sqrt(pooled.vi).tolist() == pytest.approx(np.atleast_1d(expected["sei"]).tolist(), **near)
    for model in ("fixed", "random"):
        ours = getattr(pooled, model)
        for quantity in ("estimate", "se"):
            assert getattr(ours, quantity) == pytest.approx(expected[model][quantity], **near), (model, quantity)
        wide = {"abs": 0.15} if name == REBUILT else near
        assert (ours.ci_low, ours.ci_high) == pytest.approx((expected[model]["ci_low"], expected[model]["ci_high"]), **wide)
    if pooled.k > 1:
        assert pooled.tau2 == pytest.approx(expected["random"]["tau2"], rel=1e-4, abs=0.01 if name == REBUILT else 1e-7)
        assert pooled.heterogeneity.q == pytest.approx(expected["q"], rel=0.1 if name == REBUILT else 1e-6)


@pytest.mark.parametrize("name", [name for name in POOLED if "between" in R["outcomes"][name]])
def test_tests_between_aetiologies_are_those_of_metafor(result, name):
    test, expected = _outcome(result, name).pooled.subgroup_test["fixed"], R["outcomes"][name]["between"]
    assert test.q == pytest.approx(expected["q"], rel=0.1 if name == REBUILT else 1e-5)
    assert test.p == pytest.approx(expected["p"], abs=0.01 if name == REBUILT else 1e-6)


@pytest.mark.parametrize("name", [name for name in POOLED if "assumed" in R["outcomes"][name]])
def test_totals_under_assumed_variances_inside_summary_rows(result, name):
    ours = _outcome(result, name).analyses.get("summaries")
    assert len(ours) == len(R["outcomes"][name]["assumed"]) == 5
    for one, expected in zip(ours, R["outcomes"][name]["assumed"], strict=True):
        near = {"abs": 0.02} if name == REBUILT else {"rel": 1e-6}
        assert (one.tau2, one.estimate, one.se) == pytest.approx((expected["tau2"], expected["estimate"], expected["se"]), **near)


def test_absolute_effect_of_the_hazard_ratio(result):
    row = _outcome(result, "Overall survival").analyses.get("absolute").to_dict()["rows"][0]
    expected = R["outcomes"]["Overall survival"]["absolute"]
    assert any(isinstance(value, float) and value == pytest.approx(expected, abs=1e-6) for value in row.values()), row


def _tacerte(result):
    return next(facts for facts in result.trials if facts.entry.id == "tacerte")


def test_adverse_events_are_those_of_r(result):
    rows = {row.event: row for row in safety_rows(_tacerte(result))}
    expected = {row["event"]: row for row in R["safety"] if "TOTAL" not in row["event"]}
    assert set(rows) == set(expected)
    for event, row in expected.items():
        for name in ("events_1", "n_1", "events_2", "n_2", "odds_ratio", "ci_low", "ci_high", "fisher_p", "chi_square_p"):
            known = math.nan if row[name] is None else row[name]
            assert getattr(rows[event], name) == pytest.approx(known, rel=1e-7, nan_ok=True), (event, name)


def test_printed_p_values_stand_beside_the_computed_ones(result):
    rows = {row.event: row for row in safety_rows(_tacerte(result))}
    assert rows["early (<90 d) grade III-IV AE"].printed_p == "0.84"
    assert rows["late grade III-IV portal-hypertension AE"].printed_p == "0.01"
    assert rows["late (>90 d) grade III-IV AE: Haematemesis"].printed_p == "<0.01"
    assert rows["late (>90 d) grade III-IV AE: Sepsis"].printed_p == "n.s."


def test_the_rate_ratio_of_portal_hypertension_is_that_of_r(result):
    (rate,) = next(trial for trial in result.to_dict()["trials"] if trial["trial"] == "tacerte")["rates"]
    for name in ("time_1", "time_2", "ratio", "ci_low", "ci_high"):
        assert rate[name] == pytest.approx(R["rate"][name], rel=1e-9)
    assert rate["printed"] == [3.79, 1.25, 11.48]


def test_rebuilt_patients_agree_with_the_paper_and_with_those_behind_the_picture(result):
    (figure,), expected = result.figures(), R["facsimile"]
    (comparison,) = figure.comparisons
    assert comparison.reported.interval()[0] <= comparison.rebuilt.ratio <= comparison.reported.interval()[1]
    assert comparison.rebuilt.ratio == pytest.approx(expected["hr"], abs=0.02)
    assert comparison.rebuilt.logrank_p == pytest.approx(expected["logrank_p"], abs=0.02)
    assert comparison.contrast.rmst_difference == pytest.approx(expected["rmst_difference"], abs=0.3)
    assert comparison.contrast.proportional_hazards_p == pytest.approx(expected["zph_p"], abs=0.03)
    rows = figure.agreement.rows
    medians, landmarks = ([row for row in rows if row.quantity == quantity] for quantity in ("median", "survival"))
    assert len(landmarks) == 6
    assert {row.reported for row in medians} == {30, 22}
    assert all(abs(row.reported - row.reconstructed) <= 1 for row in medians)
    assert all(abs(row.reported - row.reconstructed) <= 0.02 for row in landmarks)
    assert {row.verdict for row in rows} == {"agrees"}


def test_incomparable_quantities_are_not_pooled(result, html):
    beside = {outcome.entry.name: outcome for outcome in result.outcomes if not outcome.entry.total}
    assert {name: len(outcome.studies) for name, outcome in beside.items()} == {"Leukopenia": 2, "Raised transaminases": 2, "Raised bilirubin": 1}
    assert all(outcome.pooled is None for outcome in beside.values())
    assert "Set side by side, not pooled" in html
    for interval in ("2.69 (1.34 to 5.40)", "1.67 (0.66 to 4.27)", "1.12 (0.92 to 1.34)"):
        assert interval in html
    assert {row["study"] for row in beside["Leukopenia"].to_dict()["side_by_side"]} == {"TACERTE", "Cochrane review CD012244 (5 trials)"}


def test_the_report_says_what_it_is_made_of(result, html):
    for told in (
        "Facsimile, not the published figure",
        "says nothing about the trial",
        "is ecological",
        "The total holds a row rebuilt from a facsimile; without it, it is 0.80 (0.73 to 0.88) from 1 row.",
        "between-trial variance inside this row unknown",
        "without rows rebuilt from a facsimile",
        "which is right is not known",
        "interval-censored",
        "rest on the patients&#39; covariates",
        "drifts (1.69 at 12, 1.57 at 24, 1.07 at 60)",
        "of the information needed to settle an effect of 0.8, so nothing is settled",
        "if they differ much (tau 0.5)",
        "PRISMA-IPD",
        "Checklist of the reconstruction",
        "only inside pooled rows of Cochrane review CD012244",
    ):
        assert told in html, told
    assert html.count(">Chen 2014</td>") == 1


def test_every_table_of_the_report_is_a_file(result, html):
    shown = {line.split("</p>")[0] for line in html.split('<p class="file">')[1:]}
    assert {"tables/trials.csv", "tables/safety-tacerte.csv", "tables/rates-tacerte.csv", "tables/at-risk-tacerte.csv", "tables/audit-tacerte.csv"} <= shown
    for name in shown | {"tables/flags.csv", "tables/inputs.csv", "tables/sensitivity-death-at-3-years.csv", "tables/contrasts-tacerte-fig5_facsimile.csv"}:
        assert len(pd.read_csv(result.out / name)) > 0, name
    sizes = pd.read_csv(result.out / "tables" / "trials.csv", keep_default_na=False).set_index("trial")["patients"]
    assert len(sizes) == 12
    assert sizes["Chen 2014"] == ""


def test_numbers_at_risk_of_figure_4_are_as_printed(result):
    table = pd.read_csv(result.out / "tables" / "at-risk-tacerte.csv")
    assert table["TACE"].tolist() == [64, 51, 40, 27, 22, 15, 3]
    assert table["TACE + CRT"].tolist() == [56, 47, 33, 24, 17, 14, 5]


def test_trials_are_not_counted_beside_the_row_that_holds_them(result):
    assert not [caution for caution in result.cautions() if "counted twice" in caution]
    inside = {facts.name for facts in result.trials if facts.entry.within}
    assert len(inside) == 8
    assert not [outcome for outcome in result.outcomes if outcome.studies is not None and inside & set(outcome.studies["study"])]


def test_the_published_figure_takes_the_place_of_the_facsimile(tmp_path):
    """Saving fig5.png beside the trial is all that a user does; here it is the facsimile under that name."""
    home = tmp_path / "tacerte"
    shutil.copytree(DIGITISED / "tacerte", home)
    assert read_trial(home).figure[0].facsimile
    shutil.copy(home / "fig5_facsimile.png", home / "fig5.png")
    (entry,) = read_trial(home).figure
    assert (entry.file, entry.facsimile, entry.facsimile_note) == ("fig5.png", False, "")
    review = tmp_path / "review.toml"
    review.write_text(
        'title = "The published figure"\ndraws = 0\n[[trial]]\nfolder = "tacerte"\n[[outcome]]\nname = "Death at 3 years"\n'
        'endpoint = "overall survival"\nmeasure = "RR"\ntime = 36\n'
    )
    done = run_review(review)
    assert (done.out / "tacerte" / "fig5" / "ipd.csv").is_file()
    assert "tacerte/fig5.png" in done.inputs
    assert "facsimile" not in {flag.name for flag in done.flags()}
    assert "facsimile" not in done.report.read_text("utf-8").replace("fig5_facsimile", "")
    assert "facsimile" not in done.outcomes[0].studies
