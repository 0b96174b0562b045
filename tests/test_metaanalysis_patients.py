"""Patients at the door, and what is made of them: restricted means, landmarks, windows, pooled curves, all at once."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaanalysis.errors import MetaAnalysisError, NothingToPool
from metaanalysis.estimate import RATIOS
from metaanalysis.patients.data import Patients
from metaanalysis.patients.from_patients import analyse_patients
from metaanalysis.patients.landmarks import SCALES, pool_landmark
from metaanalysis.patients.pooled_curves import ARMS, METHODS, pool_curves
from metaanalysis.patients.proportional_hazards import proportional_hazards
from metaanalysis.patients.restricted_mean import common_horizon, pool_restricted_means
from metaanalysis.patients.summary_curve import summary_curve
from metaanalysis.patients.two_stage import two_stage
from metaanalysis.patients.windows import event_thirds, hazard_ratios_by_window
from metaanalysis.pooling import pool


def simulated(n, slopes, seed, *, rates=None, late=0.0):
    """Trials of exponential survival; `late` is added to the log hazard ratio after time 8."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, (size, slope) in enumerate(zip(n, slopes, strict=True)):
        treated = np.arange(size) % 2
        rate = (rates or [0.06] * len(n))[number]
        early, after = rate * np.exp(slope * treated), rate * np.exp((slope + late) * treated)
        hazard = rng.exponential(1, size)
        time = np.where(hazard < 8 * early, hazard / early, 8 + (hazard - 8 * early) / after)
        censored = rng.uniform(10, 40, size)
        parts.append(pd.DataFrame({"study": f"trial {number}", "treatment": treated, "time": np.minimum(time, censored), "event": (time <= censored).astype(int)}))
    return pd.concat(parts, ignore_index=True)


def with_draws(table, n_draws, seed, spread=0.1):
    rng = np.random.default_rng(seed)
    shaken = [table.assign(time=table["time"] * np.exp(spread * rng.normal(size=len(table))), draw=draw) for draw in range(1, n_draws + 1)]
    return pd.concat([table.assign(draw=0), *shaken], ignore_index=True)


@pytest.fixture(scope="module")
def table():
    return simulated([120, 160, 200], [-0.5, -0.2, -0.7], 1)


@pytest.fixture(scope="module")
def people(table):
    return Patients.of(table)


# --- the door --------------------------------------------------------------------------------------------------------


def changed(table, row, **values):
    made = table.astype({"study": object, "treatment": object, "event": object, "time": object})
    for name, value in values.items():
        made.loc[row, name] = value
    return made


@pytest.mark.parametrize(("values", "message"), [
    ({"treatment": 2}, r"Row 4 has treatment = 2.0; expected 1 for the treatment arm and 0 for the reference arm"),
    ({"event": math.nan}, r"Row 4 has event = nan; expected 1 for an event and 0 for a censored patient"),
    ({"event": "dead"}, r"The column event holds something that is no number \(.*'dead'.*\); expected 1 for an event"),
    ({"time": -1.0}, r"Row 4 has time = -1.0; expected a number that is not negative: mend the row or leave it out"),
    ({"time": math.inf}, r"Row 4 has time = inf"),
    ({"study": None}, r"Row 4 has study = None; expected the name of a trial"),
])
def test_a_row_that_is_no_patient_is_named(table, values, message):
    with pytest.raises(MetaAnalysisError, match=message):
        Patients.of(changed(table, 3, **values))


def test_tables_that_are_none_are_refused(table):
    with pytest.raises(MetaAnalysisError, match="The table has no column treatment, event; expected study, treatment, time, event"):
        Patients.of(table.drop(columns=["treatment", "event"]))
    with pytest.raises(MetaAnalysisError, match="The table holds no patients"):
        Patients.of(table[:0])
    with pytest.raises(MetaAnalysisError, match="The table holds no patients"):
        Patients.of_arms({})
    with pytest.raises(MetaAnalysisError, match="trial 1 has patients of the reference arm only; expected some of the treatment arm too"):
        Patients.of(table[(table["study"] != "trial 1") | (table["treatment"] == 0)])


def test_draws_that_are_none_are_refused(table):
    drawn = with_draws(table, 1, 0)
    with pytest.raises(MetaAnalysisError, match="trial 0 has a single draw; expected two or more"):
        Patients.of(drawn)
    with pytest.raises(MetaAnalysisError, match=r"Row 1 has draw = 0.5; expected 0 for a trial's own patients"):
        Patients.of(table.assign(draw=0.5))
    one_armed = drawn[(drawn["draw"] == 0) | (drawn["treatment"] == 1)]
    with pytest.raises(MetaAnalysisError, match="trial 0 has patients of the treatment arm only in draw 1"):
        Patients.of(one_armed)


def test_patients_come_back_as_they_were(table):
    drawn = with_draws(table, 3, 0)
    pd.testing.assert_frame_equal(Patients.of(drawn).to_frame(), drawn, check_dtype=False)
    assert repr(Patients.of(drawn)) == f"<Patients: 3 trials, 480 patients, {table['event'].sum()} events, up to 3 draws>"


def test_the_order_of_rows_does_not_matter(table):
    drawn = with_draws(table, 3, 0)
    mixed = drawn.sample(frac=1, random_state=1)
    found = [two_stage(Patients.of(one)).effects.to_frame().set_index("study").sort_index() for one in (drawn, mixed)]
    pd.testing.assert_frame_equal(*found)


def test_arms_given_apart_are_the_same(table):
    drawn = with_draws(table, 2, 0)
    trials = {
        study: [tuple((arm["time"], arm["event"]) for _, arm in reversed(list(data.groupby("treatment")))) for _, data in rows.groupby("draw")]
        for study, rows in drawn.groupby("study")
    }
    one, other = two_stage(Patients.of(drawn)).effects, two_stage(Patients.of_arms(trials)).effects
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())


def test_patients_are_frozen(people):
    with pytest.raises(ValueError, match="read-only"):
        people.time[0] = 1


# --- restricted means ------------------------------------------------------------------------------------------------


def test_everyone_censored_at_the_horizon_lives_to_it():
    alive = pd.DataFrame({"study": "A", "treatment": [1, 1, 0, 0], "time": 10.0, "event": 0})
    people = Patients.of(alive)
    assert common_horizon(people) == 10
    assert [arm.restricted_means(10.0)[0].tolist() for arm in people.curves] == [[10.0], [10.0]]
    with pytest.raises(NothingToPool, match=r"RMST difference \(A: no events before the horizon, .* so that its effect has no variance\)"):
        pool_restricted_means(people)


@given(st.floats(0.1, 50))
@settings(max_examples=20, deadline=None)
def test_a_difference_of_means_is_in_the_unit_of_time(factor):
    table = simulated([60, 80], [-0.5, -0.2], 2)
    one, other = (pool_restricted_means(Patients.of(data), ci="wald") for data in (table, table.assign(time=factor * table["time"])))
    np.testing.assert_allclose(other.effects.yi, factor * one.effects.yi, rtol=1e-9)
    np.testing.assert_allclose(other.effects.vi, factor**2 * one.effects.vi, rtol=1e-9)
    ratios = [pool_restricted_means(Patients.of(data), ratio=True).effects.yi for data in (table, table.assign(time=factor * table["time"]))]
    np.testing.assert_allclose(*ratios, rtol=1e-9)


def test_a_trial_that_ends_before_the_horizon_is_left_out_and_named(table):
    short = table.assign(event=table["event"].where((table["study"] != "trial 1") | (table["time"] <= 9), 0), time=table["time"].where(table["study"] != "trial 1", table["time"].clip(upper=9)))
    found = pool_restricted_means(Patients.of(short), 12)
    assert found.effects.study == ("trial 0", "trial 2")
    assert found.pooled.excluded == (("trial 1", "follow-up of an arm ends at 9, before the horizon 12"),)
    assert common_horizon(Patients.of(short)) == 9


def test_an_arm_in_which_all_died_is_known_for_good():
    table = pd.DataFrame({"study": "A", "treatment": [1, 1, 1, 0, 0, 0], "time": [3.0, 8, 12, 2, 4, 6], "event": [1, 1, 0, 1, 1, 1]})
    found = pool_restricted_means(Patients.of(table), 10)
    assert found.effects.yi == pytest.approx((3 + 5 * 2 / 3 + 2 / 3) - 4)


def test_a_mean_of_zero_has_no_ratio(table):
    dead = table.assign(time=table["time"].where((table["study"] != "trial 1") | (table["treatment"] == 0), 0.0), event=1)
    found = pool_restricted_means(Patients.of(dead), 5, ratio=True)
    assert found.effects.study == ("trial 0", "trial 2")
    assert pool_restricted_means(Patients.of(dead), 5).pooled.k == 3


@pytest.mark.parametrize("horizon", [0, -3, math.nan, math.inf])
def test_a_horizon_that_is_no_time_is_refused(people, horizon):
    with pytest.raises(MetaAnalysisError, match="The horizon is .*; expected a time after 0"):
        pool_restricted_means(people, horizon)


# --- landmarks -------------------------------------------------------------------------------------------------------


def test_without_censoring_survival_is_a_share(table):
    complete = table.assign(event=1)
    found = pool_landmark(Patients.of(complete), 8).effects
    for number, (_, trial) in enumerate(complete.groupby("study")):
        alive = trial.assign(alive=trial["time"] > 8).groupby("treatment")["alive"]
        share, size = alive.mean(), alive.size()
        assert found.yi[number] == pytest.approx(share[1] - share[0])
        assert found.vi[number] == pytest.approx((share * (1 - share) / size).sum())


def test_landmark_scales_agree_in_their_sign(people):
    plain, cloglog = (pool_landmark(people, 9, scale=scale).effects for scale in SCALES)
    assert (np.sign(plain.yi) == -np.sign(cloglog.yi)).all()
    assert cloglog.measure in RATIOS
    assert plain.measure not in RATIOS


def test_a_time_at_which_nobody_died_tells_nothing(people):
    with pytest.raises(NothingToPool, match="survival is 1 or 0 in both arms at 1e-06"):
        pool_landmark(people, 1e-6)
    with pytest.raises(NothingToPool, match="follow-up of an arm ends at .*, before 100"):
        pool_landmark(people, 100)
    with pytest.raises(MetaAnalysisError, match="The scale is 'log'; expected one of plain, cloglog"):
        pool_landmark(people, 9, scale="log")
    with pytest.raises(MetaAnalysisError, match="The landmark is 0; expected a time after 0"):
        pool_landmark(people, 0)


# --- windows ---------------------------------------------------------------------------------------------------------


def test_one_window_is_the_whole_model(people):
    (window,) = hazard_ratios_by_window(people, []).windows
    whole = two_stage(people)
    np.testing.assert_array_equal(window.two_stage.effects.yi, whole.effects.yi)
    assert window.n_events == people.event.sum()
    assert window.name == "after 0"


def test_windows_find_when_the_treatment_works():
    people = Patients.of(simulated([400] * 4, [0.0] * 4, 3, late=-1.2))
    early, late = hazard_ratios_by_window(people, [8]).windows
    assert early.one_stage.estimate == pytest.approx(0, abs=0.2)
    assert late.one_stage.estimate == pytest.approx(-1.2, abs=0.25)
    assert early.two_stage.pooled.estimate == pytest.approx(early.one_stage.estimate, abs=0.02)
    assert proportional_hazards(people).overall_p < 0.001


def test_thirds_hold_a_third_of_the_events_each(people):
    counts = [window.n_events for window in hazard_ratios_by_window(people).windows]
    assert max(counts) - min(counts) <= 2
    assert sum(counts) == people.event.sum()


def test_a_window_with_events_in_one_arm_has_no_ratio():
    table = pd.DataFrame({
        "study": ["A"] * 6 + ["B"] * 6, "treatment": [1, 1, 1, 0, 0, 0] * 2,
        "time": [4.0, 8, 9, 5, 6, 9, 4, 7, 9, 1, 6, 9], "event": [1, 1, 0, 1, 1, 0] * 2,
    })
    early, late, last = hazard_ratios_by_window(Patients.of(table), [3, 7.5]).windows
    assert (early.one_stage, early.two_stage) == (None, None)
    assert late.two_stage.pooled.k == 2
    assert last.two_stage is None
    record = hazard_ratios_by_window(Patients.of(table), [3, 7.5]).to_dict()
    assert [row["high"] for row in record["windows"]] == [3, 7.5, None]
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize("cuts", [[5, 3], [0, 3], [3, 3], [math.nan]])
def test_cuts_that_do_not_rise_are_refused(people, cuts):
    with pytest.raises(MetaAnalysisError, match="expected times after 0, rising"):
        hazard_ratios_by_window(people, cuts)


def test_thirds_need_events(table):
    with pytest.raises(MetaAnalysisError, match="No patient has an event"):
        event_thirds(Patients.of(table.assign(event=0)))


# --- draws -----------------------------------------------------------------------------------------------------------

ANALYSES = {
    "hazard ratio": two_stage,
    "restricted mean": pool_restricted_means,
    "ratio of restricted means": lambda people: pool_restricted_means(people, ratio=True),
    "landmark": lambda people: pool_landmark(people, 6),
    "landmark, cloglog": lambda people: pool_landmark(people, 6, scale="cloglog"),
    "window": lambda people: hazard_ratios_by_window(people, [6]).windows[0].two_stage,
}


@pytest.mark.parametrize("name", ANALYSES)
def test_variance_between_draws_is_in_every_measure(table, name):
    horizon = common_horizon(Patients.of(table))
    drawn = with_draws(table, 5, 1)
    analyse = ANALYSES[name] if "mean" not in name else (lambda people: pool_restricted_means(people, 0.9 * horizon, ratio="ratio" in name))
    found, plain = analyse(Patients.of(drawn)).effects, analyse(Patients.of(table)).effects
    np.testing.assert_allclose([found.yi, found.within], [plain.yi, plain.within], rtol=1e-9)
    each = [analyse(Patients.of(drawn[drawn["draw"] == draw].drop(columns="draw"))).effects.yi for draw in range(1, 6)]
    np.testing.assert_allclose(found.added, 1.2 * np.var(each, axis=0, ddof=1), rtol=1e-7)
    np.testing.assert_allclose(found.shares, found.added / (found.within + found.added))


@pytest.mark.parametrize("name", ANALYSES)
def test_draws_all_equal_add_nothing(table, name):
    found = ANALYSES[name](Patients.of(with_draws(table, 3, 0, spread=0)))
    np.testing.assert_allclose(found.effects.added, 0, atol=1e-20)
    assert found.reconstruction_share() == pytest.approx(0, abs=1e-15)


def test_draws_without_a_ratio_are_left_out_and_told(table):
    drawn = with_draws(table, 4, 1)
    none = (drawn["draw"] == 2) & (drawn["study"] == "trial 1") & (drawn["treatment"] == 1)
    found = two_stage(Patients.of(drawn.assign(event=drawn["event"].where(~none, 0))))
    assert found.effects.n_draws.tolist() == [4, 3, 4]
    assert found.effects.notes == ("trial 1: 1 of 4 draws have no such effect and were left out.",)
    assert found.effects.notes[0] in found.to_dict()["notes"]


# --- pooled curves ---------------------------------------------------------------------------------------------------


def test_every_pooled_curve_is_a_survival_curve(people):
    curves = pool_curves(people)
    for method in METHODS:
        for arm in ARMS:
            curve = curves.curve(method, arm)
            assert (curve.time[0], curve.survival[0]) == (0, 1)
            assert (np.diff(curve.time) > 0).all()
            assert (np.diff(curve.survival) <= 1e-12).all()
            assert ((curve.ci_low <= curve.survival + 1e-12) & (curve.survival <= curve.ci_high + 1e-12)).all()
            assert ((curve.ci_low >= 0) & (curve.ci_high <= 1)).all()
    assert curves.n_risk[:, 0].sum() == len(people.time)


def test_of_one_trial_simple_and_standardised_are_its_own_curve(table):
    one = pool_curves(Patients.of(table[table["study"] == "trial 0"]))
    for arm in ARMS:
        simple, standardised = one.curve("simple", arm), one.curve("standardised", arm)
        np.testing.assert_allclose(standardised.survival, simple.survival_at(standardised.time), rtol=1e-12)
        inside = standardised.time < one.until
        low = simple.ci_low[np.searchsorted(simple.time, standardised.time[inside], side="right") - 1]
        np.testing.assert_allclose(standardised.ci_low[inside], low, rtol=1e-9)


def test_the_standardised_curve_does_not_take_trials_for_treatment():
    """A trial of poor prognosis gave the treatment to nine of ten: thrown together it looks harmful; it does nothing."""
    table = simulated([10_000, 10_000], [0.0, 0.0], 4, rates=[0.15, 0.03])
    rng = np.random.default_rng(5)
    keep = np.where(table["study"] == "trial 0", np.where(table["treatment"] == 1, 1, 1 / 9), np.where(table["treatment"] == 0, 1, 1 / 9))
    curves = pool_curves(Patients.of(table[rng.random(len(table)) < keep]))
    gap = {method: float(curves.curve(method, "treatment").survival_at(8) - curves.curve(method, "reference").survival_at(8)) for method in METHODS}
    assert gap["simple"] < -0.2
    assert abs(gap["standardised"]) < 0.05


def test_a_trial_that_ends_early_leaves_the_standardised_curve(table):
    short = table.assign(time=table["time"].where(table["study"] != "trial 1", table["time"].clip(upper=6)))
    short["event"] = short["event"].where((short["study"] != "trial 1") | (short["time"] < 6), 0)
    curves = pool_curves(Patients.of(short), 15)
    assert curves.notes == ("Left out of the standardised curves, follow-up ends before 15: trial 1.",)
    rest = pool_curves(Patients.of(short[short["study"] != "trial 1"]), 15)
    np.testing.assert_allclose(curves.curve("standardised", "treatment").survival, rest.curve("standardised", "treatment").survival)
    with pytest.raises(MetaAnalysisError, match="The curves are to end at 100; expected a time"):
        pool_curves(Patients.of(short), 100)
    with pytest.raises(MetaAnalysisError, match="The curve is 'mean' of 'treatment'; expected one of simple"):
        curves.curve("mean", "treatment")


@given(st.lists(st.tuples(st.floats(0.05, 0.95), st.integers(5, 300)), min_size=2, max_size=8))
@settings(deadline=None)
def test_one_interval_is_the_univariate_model(trials):
    p, n = (np.array(column, float)[:, None] for column in zip(*trials, strict=True))
    y, v = np.arcsin(np.sqrt((n * p + 0.25) / (n + 0.5)))[:, 0], 1 / (4 * n[:, 0] + 2)
    pooled = pool(y, v, tau2="DL", ci="wald")
    random, fixed = summary_curve(p, n), summary_curve(p, n, effect="fixed")
    assert random.between[0, 0] == pytest.approx(pooled.tau2, rel=1e-7, abs=1e-10)
    assert random.survival[0] == pytest.approx(math.sin(pooled.estimate) ** 2, rel=1e-7)
    assert fixed.survival[0] == pytest.approx(math.sin(pooled.fixed.estimate) ** 2, rel=1e-9)
    error = 2 / math.tan(fixed_mean := pooled.fixed.estimate) * pooled.fixed.se * 1.959963984540054
    assert fixed.ci_low[0] == pytest.approx(math.sin(fixed_mean) ** 2 * math.exp(-error), rel=1e-9)


def test_equal_trials_have_no_variance_between_them():
    p, n = np.tile([0.8, 0.9, 0.7], (5, 1)), np.tile([100, 80, 72], (5, 1))
    found = summary_curve(p, n)
    assert np.abs(found.between).max() < 1e-12
    np.testing.assert_allclose(found.survival, np.cumprod([0.8, 0.9, 0.7]), atol=0.004)


def test_covariances_between_intervals_are_found():
    """Trials drawn with correlated effects: the moments are near the covariance they were drawn with."""
    rng = np.random.default_rng(6)
    truth = np.array([[0.02, 0.012], [0.012, 0.01]])
    angle = rng.multivariate_normal([1.1, 1.0], truth, 4000)
    n = np.full(angle.shape, 200)
    found = summary_curve(rng.binomial(200, np.sin(angle) ** 2) / 200, n).between
    np.testing.assert_allclose(found, truth, atol=0.0015)


def test_trials_may_end_at_different_intervals():
    p = np.array([[0.8, 0.9, np.nan], [0.85, 0.8, 0.9], [0.7, np.nan, np.nan], [0.75, 0.88, 0.8]])
    found = summary_curve(p, np.array([[50, 40, 0], [100, 85, 60], [30, 0, 0], [60, 45, 40]]))
    assert np.isfinite([found.survival, found.ci_low, found.ci_high]).all()


# --- all at once -----------------------------------------------------------------------------------------------------


def test_the_whole_analysis_is_told_in_plain_numbers(table):
    record = analyse_patients(Patients.of(with_draws(table, 3, 2))).to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert set(record) == {
        "two_stage", "one_stage", "one_stage_random", "proportional_hazards", "windows", "rmst_difference", "rmst_ratio", "curves",
        "horizon", "landmarks", "notes",
    }
    assert [row["study"] for row in record["two_stage"]["studies"]] == ["trial 0", "trial 1", "trial 2"]
    assert all(0 < row["reconstruction_share"] < 1 for row in record["two_stage"]["studies"])
    assert "differ by" in record["notes"][0]


def test_the_frame_holds_the_same_numbers(table):
    found = analyse_patients(Patients.of(with_draws(table, 3, 2)), cuts=[6], landmarks=[5])
    frame = found.to_frame()
    assert frame["result"].tolist() == [
        "one stage, fixed effect", "one stage, random effect", "two stages, log hazard ratio",
        f"two stages, difference of mean survival time up to {found.horizon:g}", f"two stages, log ratio of mean survival time up to {found.horizon:g}",
        "two stages, difference of survival probabilities at 5", "two stages, log hazard ratio between 0 and 6", "two stages, log hazard ratio after 6",
    ]
    results = [found.one_stage, found.one_stage_random, found.two_stage.pooled, found.rmst_difference.pooled]
    np.testing.assert_array_equal(frame[["estimate", "ci_low", "ci_high", "p"]].to_numpy()[:4], [[one.estimate, one.ci_low, one.ci_high, one.p] for one in results])
    assert frame["reconstruction_share"].between(0, 1, inclusive="neither").all()
    assert found.one_stage_random.to_frame()["slope"].tolist() == found.one_stage_random.slopes.tolist()


def test_windows_come_where_hazards_are_not_proportional():
    crossing = analyse_patients(Patients.of(simulated([300, 300], [0.3, 0.3], 3, late=-1.5)))
    assert "Hazards are not proportional" in " ".join(crossing.notes)
    assert len(crossing.windows.windows) == 3
    asked = analyse_patients(Patients.of(simulated([120, 160], [-0.5, -0.2], 1)), cuts=[5])
    assert len(asked.windows.windows) == 2


def test_a_part_that_cannot_be_had_is_none_and_told(table):
    one_armed = analyse_patients(Patients.of(table.assign(event=table["event"] * table["treatment"])), landmarks=[5, 500])
    assert (one_armed.two_stage, one_armed.one_stage) == (None, None)
    assert one_armed.rmst_difference is not None
    assert len(one_armed.landmarks) == 1
    assert sum("before 500" in note for note in one_armed.notes) == 1


def test_an_unknown_option_is_refused_and_not_told_as_a_part_that_cannot_be_had(people):
    with pytest.raises(MetaAnalysisError, match="expected one of REML, DL"):
        analyse_patients(people, tau2="XX")
