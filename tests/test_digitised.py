"""The shipped example: its printed facts, and a facsimile that keeps to them."""

import csv
import importlib.util
import math
import tomllib
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.utils import median_survival_times

import ipdrecon
from ipdrecon.survival.reported import COLUMNS, QUANTITIES, read_reported

DIGITISED = Path(__file__).parents[1] / "digitised"
TACERTE = DIGITISED / "tacerte"
REVIEW = DIGITISED / "reviews" / "tace_rt"


@pytest.fixture(scope="module")
def facsimile():
    spec = importlib.util.spec_from_file_location("draw_facsimile", TACERTE / "draw_facsimile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def patients():
    return pd.read_csv(TACERTE / "facsimile_patients.csv", comment="#")


@pytest.fixture(scope="module")
def reported():
    """What the paper prints on the outcome of the facsimile: overall survival, intention to treat, unadjusted."""
    table = pd.read_csv(TACERTE / "reported.csv")
    return table[(table["endpoint"] == "overall survival") & (table["population"] == "ITT")]


@pytest.fixture(scope="module")
def all_reported():
    return pd.read_csv(TACERTE / "reported.csv", dtype=str, keep_default_na=False)


def reported_rows(reported, quantity):
    return reported[reported["quantity"] == quantity].itertuples()


def test_patients_are_made_again_alike(facsimile, patients):
    pd.testing.assert_frame_equal(facsimile.facsimile_patients(), patients)


def test_picture_is_drawn_again_alike(facsimile, patients, tmp_path):
    facsimile.draw(patients).savefig(tmp_path / "again.png")
    again = matplotlib.image.imread(tmp_path / "again.png")[..., :3]
    kept = matplotlib.image.imread(TACERTE / "fig5_facsimile.png")[..., :3]
    assert again.shape == kept.shape
    assert np.abs(again - kept).mean() < 0.01


def test_patients_file_says_they_are_invented():
    first_line = (TACERTE / "facsimile_patients.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first_line.startswith("#")
    assert "no real patients" in first_line


def test_facsimile_has_the_printed_arms(patients, reported):
    for row in reported_rows(reported, "n"):
        assert (patients["arm"] == row.arm).sum() == int(row.value)


def test_facsimile_has_the_printed_survival(patients, reported):
    for row in reported_rows(reported, "survival"):
        arm = patients[patients["arm"] == row.arm]
        survival = KaplanMeierFitter().fit(arm["time"], arm["event"]).predict(row.time)
        assert round(100 * survival) == int(row.value.rstrip("%")), row


def test_facsimile_has_the_printed_medians(patients, reported):
    for row in reported_rows(reported, "median"):
        arm = patients[patients["arm"] == row.arm]
        fit = KaplanMeierFitter().fit(arm["time"], arm["event"])
        limits = median_survival_times(fit.confidence_interval_).to_numpy().ravel()
        assert [fit.median_survival_time_, *limits] == pytest.approx([float(row.value), row.ci_low, row.ci_high])


def test_facsimile_has_the_printed_hazard_ratio(patients, reported):
    (row,) = reported_rows(reported, "hr")
    data = patients.assign(treated=(patients["arm"] == row.arm).astype(int)).drop(columns="arm")
    fit = CoxPHFitter().fit(data, "time", "event")
    low, high = np.exp(fit.confidence_intervals_.to_numpy().ravel())
    assert [round(value, 2) for value in (fit.hazard_ratios_["treated"], low, high)] == [float(row.value), row.ci_low, row.ci_high]


def test_all_printed_endpoints_and_populations_are_reported(all_reported):
    endpoints = {(row.endpoint, row.population) for row in all_reported[all_reported["quantity"] == "hr"].itertuples()}
    unadjusted = {(endpoint, population) for endpoint, population in endpoints if not population.endswith(", with PS")}
    central = ("liver PFS", "central blinded review (96 of ITT)")
    portal = ("time to grade III-IV portal-hypertension AE", "ITT")
    assert unadjusted == {
        ("overall survival", "ITT"), ("liver PFS", "ITT"), ("liver TTP", "ITT"), ("treated liver PFS", "PP"), ("treated liver TTP", "PP"), central, portal,
    }  # fmt: skip
    assert {(endpoint, f"{population}, with PS") for endpoint, population in unadjusted} <= endpoints
    assert len(all_reported) == 607


def test_the_reported_table_is_read_whole(all_reported):
    assert set(all_reported["quantity"]) <= set(QUANTITIES)
    assert len(read_reported(TACERTE / "reported.csv")) == len(all_reported)
    assert list(all_reported.columns[: len(COLUMNS)]) == list(COLUMNS)


def test_no_other_row_of_the_table_is_of_the_facsimile(all_reported):
    others = all_reported[(all_reported["endpoint"] != "overall survival") | (all_reported["population"] != "ITT")]
    assert not set(others["panel"]) & {"", "1"}


def test_facsimile_has_the_deaths_the_interval_implies(patients, reported):
    # With two arms of like size the variance of the log hazard ratio is about 4 / deaths (Parmar 1998, Stat Med 17:2815, eq. 3).
    (row,) = reported_rows(reported, "hr")
    standard_error = math.log(row.ci_high / row.ci_low) / (2 * 1.96)
    assert patients["event"].sum() == pytest.approx(4 / standard_error**2, rel=0.02)


def test_nobody_is_censored_before_the_minimum_follow_up(patients):
    assert patients.loc[patients["event"] == 0, "time"].min() >= 36


def test_censor_marks_stand_clear_of_drops(patients):
    for _, arm in patients.groupby("arm"):
        died, censored = (arm.loc[arm["event"] == event, "time"].to_numpy() for event in (1, 0))
        assert np.abs(died[:, None] - censored[None, :]).min() > 0.2


def test_trial_file_names_files_that_exist():
    trial = tomllib.loads((TACERTE / "trial.toml").read_text(encoding="utf-8"))
    assert (TACERTE / trial["reported"]).is_file()
    assert all((TACERTE / figure["file"]).is_file() for figure in trial["figure"])
    assert [arm["label"] for arm in trial["arm"] if arm.get("reference")] == ["TACE"]


def test_facsimile_is_marked_in_the_trial_file():
    trial = tomllib.loads((TACERTE / "trial.toml").read_text(encoding="utf-8"))
    for figure in trial["figure"]:
        assert figure.get("facsimile", False) == ("facsimile" in figure["file"])
        assert not figure.get("facsimile") or figure["facsimile_note"]


def test_review_names_trials_and_studies_that_exist():
    review = tomllib.loads((REVIEW / "review.toml").read_text(encoding="utf-8"))
    assert all((REVIEW / trial["folder"] / "trial.toml").is_file() for trial in review["trial"])
    assert all((REVIEW / outcome["studies"]).is_file() for outcome in review["outcome"] if "studies" in outcome)


def test_every_trial_is_in_the_review():
    review = tomllib.loads((REVIEW / "review.toml").read_text(encoding="utf-8"))
    named = {(REVIEW / trial["folder"]).resolve() for trial in review["trial"]}
    assert named == {path.parent.resolve() for path in DIGITISED.glob("*/trial.toml")}
    assert len(named) == 12


TABLES = sorted(path.relative_to(DIGITISED).as_posix() for path in DIGITISED.rglob("*.csv") if path.name != "facsimile_patients.csv")


@pytest.mark.parametrize("table", TABLES)
def test_every_number_has_its_source(table):
    with open(DIGITISED / table, newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert rows
    assert all(row["source"].strip() for row in rows)
    assert all(None not in row and None not in row.values() for row in rows), "a row has too many or too few cells"


@pytest.mark.parametrize(("table", "rr", "k", "n"), [("death_3_years", 0.80, 7, 552), ("no_response", 0.49, 8, 632)])
def test_a_summary_row_says_so_and_names_its_measure(table, rr, k, n):
    studies = pd.read_csv(REVIEW / f"{table}.csv")
    (row,) = studies[studies["summary"]].itertuples()
    assert (row.measure, row.rr, row.k, row.n) == ("RR", rr, k, n)
    assert row.ci_low < row.rr < row.ci_high
    assert "not a trial" in row.note


@pytest.fixture(scope="module")
def read_panel():
    (panel,) = ipdrecon.digitise(TACERTE / "fig5_facsimile.png").panels
    return panel


def test_curves_read_from_the_facsimile_are_its_patients(read_panel, patients):
    assert [curve.arm for curve in read_panel.curves] == ["TACE", "TACE + CRT"]
    for curve in read_panel.curves:
        arm = patients[patients["arm"] == curve.arm]
        times = np.linspace(0, arm["time"].max() - 1, 2000)
        truth = KaplanMeierFitter().fit(arm["time"], arm["event"]).predict(times).to_numpy()
        difference = np.abs(curve.survival_at(times) - truth)
        assert difference.mean() < 0.005
        assert np.quantile(difference, 0.95) < 0.015


def test_numbers_at_risk_read_from_the_facsimile_are_its_patients(read_panel, patients):
    table = read_panel.at_risk
    for arm, n_risk in zip(table.arms, table.n_risk, strict=True):
        time = patients.loc[patients["arm"] == arm, "time"].to_numpy()
        assert n_risk.tolist() == [(time >= tick).sum() for tick in table.time]
    assert len(table.time) == 7
