"""Patients with causes from curves of cumulative incidence: by truth, by law, and what is refused."""

import time as clock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.errors import AtRiskError, CurveError, ReconstructionError
from ipdrecon.survival import aalen_johansen, kaplan_meier, n_risk_at, reconstruct_incidence
from ipdrecon.survival.incidence_input import OTHER_CAUSES, check_incidence

END, PX = 60.0, (600, 400)
HAZARDS = {"relapse": 0.02, "death": 0.012, "second cancer": 0.004}


def simulate(n, seed, hazards=(0.02, 0.015)):
    """Times and causes: exponential causes, censoring evenly from 12 to 60."""
    rng = np.random.default_rng(seed)
    latent = np.stack([rng.exponential(1 / hazard, n) for hazard in hazards] + [rng.uniform(12, END, n)])
    which = latent.argmin(axis=0)
    return latent.min(axis=0), np.where(which == len(hazards), 0, which + 1)


def curves_of(time, cause, names, px=None):
    """The curves as drawn; with `px` read to whole pixels of a plot (width, height)."""
    estimate = aalen_johansen(time, cause, n_causes=len(names))
    found = {}
    for name, incidence in zip(names, estimate.incidence, strict=True):
        rises = np.diff(incidence, prepend=0) > 0
        at, value = np.r_[0, estimate.time[rises], estimate.time[-1]], np.r_[0, incidence[rises], incidence[-1]]
        found[name] = (np.round(at / END * px[0]) / px[0] * END, np.round(value * px[1]) / px[1]) if px else (at, value)
    return found


def table_of(time, step=6.0):
    at = np.arange(0, time.max(), step)
    return {"risk_time": at, "n_risk": n_risk_at(time, at)}


def rebuilt_n_risk(arm, at):
    """At risk at the printed times, counted as the arm says; at 0 it is everybody, also those who end there."""
    return np.r_[arm.n, n_risk_at(arm.time, at, convention=arm.residuals["risk_convention"])[1:]]


def flag_names(arm):
    return [flag.name for flag in arm.flags]


# --- by truth --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("px", [None, PX], ids=["exact", "pixels"])
@pytest.mark.parametrize(("n", "most"), [(20, 1), (100, 2), (500, 5), (2000, 10)])
def test_events_by_cause_come_back(n, most, px):
    """The number of events is at most 1 of 20, 2 of 100, 5 of 500 and 10 of 2000 patients off, in each of ten trials."""
    for seed in range(10):
        time, cause = simulate(n, seed)
        table = table_of(time)
        arm = reconstruct_incidence(curves_of(time, cause, ("relapse", "death"), px), **table)
        for number, name in enumerate(("relapse", "death"), start=1):
            assert abs(arm.n_by_cause[name] - (cause == number).sum()) <= most
        np.testing.assert_array_equal(rebuilt_n_risk(arm, table["risk_time"]), table["n_risk"])
        assert arm.residuals["n_risk_max"] == 0
        assert not {"table_curve_conflict", "events_conflict"} & set(flag_names(arm))


@pytest.mark.parametrize("px", [None, PX], ids=["exact", "pixels"])
@pytest.mark.parametrize("n", [20, 100, 500, 2000])
def test_refitted_curves_lie_on_the_given(n, px):
    """Within one patient at risk, or one pixel."""
    for seed in range(10):
        time, cause = simulate(n, seed)
        curves = curves_of(time, cause, ("relapse", "death"), px)
        arm = reconstruct_incidence(curves, **table_of(time))
        estimate, free = arm.estimate(), aalen_johansen(time, cause)
        for number, (at, wanted) in enumerate(curves.values(), start=1):
            at, wanted = at[np.append(np.diff(at) > 0, True)], wanted[np.append(np.diff(at) > 0, True)]
            one_patient = free.survival_at(at - 1e-6) / np.maximum(n_risk_at(time, at), 1)
            allowed = np.maximum.accumulate(one_patient) + (1 / PX[1] if px else 0)
            assert (np.abs(estimate.incidence_at(at, number) - wanted) <= allowed + 1e-9).all()


def test_three_causes():
    time, cause = simulate(600, 4, tuple(HAZARDS.values()))
    arm = reconstruct_incidence(curves_of(time, cause, tuple(HAZARDS), PX), **table_of(time))
    assert arm.causes == tuple(HAZARDS)
    assert np.abs(np.array(list(arm.n_by_cause.values())) - np.bincount(cause)[1:]).max() <= 5


def test_overall_curve_tells_the_other_causes():
    time, cause = simulate(400, 7)
    curves = curves_of(time, cause, ("relapse", "death"))
    free = kaplan_meier(time, cause > 0)
    arm = reconstruct_incidence({"relapse": curves["relapse"]}, overall=(free.time, free.survival), **table_of(time))
    assert arm.causes == ("relapse", OTHER_CAUSES)
    assert abs(arm.n_by_cause["relapse"] - (cause == 1).sum()) <= 5
    assert abs(arm.n_by_cause[OTHER_CAUSES] - (cause == 2).sum()) <= 5
    assert "subdistribution" not in flag_names(arm)


def test_overall_that_holds_nothing_more_adds_no_cause():
    time, cause = simulate(400, 7)
    free = kaplan_meier(time, cause > 0)
    whole = curves_of(time, cause, ("relapse", "death"))
    arm = reconstruct_incidence(whole, overall=(free.time, 1 - free.survival), **table_of(time))
    assert arm.causes == ("relapse", "death")
    assert "causes_taken_for_all" not in flag_names(arm)


@pytest.mark.parametrize("px", [None, PX], ids=["exact", "pixels"])
def test_totals_settle_what_follows_the_last_printed_time(px):
    """With n and totals alone the sum of events is met, and with a table the tail is."""
    for seed in range(5):
        time, cause = simulate(300, seed)
        curves = curves_of(time, cause, ("relapse", "death"), px)
        totals = {"relapse": int((cause == 1).sum()), "death": int((cause == 2).sum())}
        alone = reconstruct_incidence(curves, n=300, n_event=totals)
        tail = reconstruct_incidence(curves, **table_of(time, 18), n_event=totals)
        for arm, most in ((alone, 2), (tail, 4)):
            assert arm.information.endswith("total events")
            assert sum(arm.n_by_cause.values()) == pytest.approx(sum(totals.values()), abs=most)
            assert max(map(abs, arm.residuals["n_event"].values())) <= 5


def test_one_cause_alone_is_bounded_and_flagged():
    for seed in range(10):
        time, cause = simulate(300, seed)
        table = table_of(time)
        arm = reconstruct_incidence({"relapse": curves_of(time, cause, ("relapse", "death"))["relapse"]}, **table)
        fewest, most = arm.residuals["n_event_range"]
        assert fewest - 1 <= (cause == 1).sum() <= most + 1
        assert arm.n_event == fewest
        np.testing.assert_array_equal(rebuilt_n_risk(arm, table["risk_time"]), table["n_risk"])
        said = next(flag for flag in arm.flags if flag.name == "subdistribution")
        assert said.needs_review
        assert f"with {fewest} to {most} events" in said.detail
        assert arm.information == "incidence of the main cause + at-risk table"


def test_total_of_one_cause_tells_who_was_kept():
    """One minus the Kaplan-Meier estimate of the subdistribution data is the incidence, and the total is met."""
    for seed in range(5):
        time, cause = simulate(300, seed)
        curve = curves_of(time, cause, ("relapse", "death"))["relapse"]
        arm = reconstruct_incidence({"relapse": curve}, **table_of(time), n_event=int((cause == 1).sum()))
        assert abs(arm.n_event - (cause == 1).sum()) <= 1
        assert arm.n == 300
        refitted = 1 - kaplan_meier(arm.time, arm.event).survival_at(curve[0])
        inside = n_risk_at(time, curve[0]) >= 10
        assert np.abs(refitted - curve[1])[inside].max() < 0.03


def test_fewest_and_most_are_reached_where_they_are_true():
    """Without censoring most is the truth; without a second cause fewest is."""
    time, cause = simulate(400, 2)
    ended = np.where(cause == 0, 2, cause)
    arm = reconstruct_incidence({"relapse": curves_of(time, ended, ("relapse", "death"))["relapse"]}, **table_of(time))
    assert arm.residuals["n_event_range"][1] == pytest.approx((ended == 1).sum(), abs=2)
    single = np.where(cause == 2, 0, cause)
    arm = reconstruct_incidence({"relapse": curves_of(time, single, ("relapse",))["relapse"]}, **table_of(time))
    assert arm.residuals["n_event_range"][0] == pytest.approx((single == 1).sum(), abs=3)


def test_percent_unsorted_and_doubled_points():
    time, cause = simulate(200, 3)
    plain = curves_of(time, cause, ("relapse", "death"))
    shuffled = {}
    for name, (at, value) in plain.items():
        order = np.random.default_rng(0).permutation(np.repeat(np.arange(len(at)), 2))
        shuffled[name] = (at[order], 100 * value[order])
    one, other = (reconstruct_incidence(curves, **table_of(time)) for curves in (plain, shuffled))
    assert one.n_by_cause == other.n_by_cause
    assert "rescaled_percent" in flag_names(other)


def test_low_percent_is_told_by_the_other_curve():
    """A cause that stays at one percent is in percent where another reaches 30."""
    causes = check_incidence({"relapse": ([0, 5, 9], [0, 20, 30]), "fall": ([0, 4, 9], [0, 0.5, 1])})
    np.testing.assert_allclose(causes.incidence[:, -1], [0.3, 0.01])


# --- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_patients(n):
    for seed in range(12):
        time, cause = simulate(n, seed)
        arm = reconstruct_incidence(curves_of(time, cause, ("relapse", "death")), **table_of(time))
        assert arm.n == n
        assert list(arm.n_by_cause.values()) == pytest.approx([(cause == 1).sum(), (cause == 2).sum()], abs=int(n > 2))
        single = reconstruct_incidence({"relapse": curves_of(time, cause, ("relapse", "death"))["relapse"]}, n=n)
        assert single.n == n


def test_hundred_thousand_patients():
    time, cause = simulate(100_000, 1)
    curves, table = curves_of(time, cause, ("relapse", "death"), (1000, 800)), table_of(time)
    begin = clock.perf_counter()
    arm = reconstruct_incidence(curves, **table)
    assert clock.perf_counter() - begin < 2
    assert arm.n == 100_000
    np.testing.assert_array_equal(rebuilt_n_risk(arm, table["risk_time"]), table["n_risk"])
    assert list(arm.n_by_cause.values()) == pytest.approx([(cause == 1).sum(), (cause == 2).sum()], rel=0.005)


# --- by law ----------------------------------------------------------------------------------------------------------


@st.composite
def any_curves(draw):
    """Curves of one to three causes that rise anyhow: flat stretches, doubled times, steps of all sizes; at most 1 together."""
    found = {}
    share = 1 / draw(st.integers(1, 3))
    for name in ("a", "b", "c")[: round(1 / share)]:
        size = draw(st.integers(1, 25))
        time = np.cumsum(draw(st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0]), min_size=size, max_size=size)))
        rises = np.cumsum(draw(st.lists(st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.3]), min_size=size, max_size=size)))
        found[name] = (time, np.minimum(rises, share))
    return found


@st.composite
def any_row(draw):
    numbers = sorted(draw(st.lists(st.integers(0, 200), min_size=1, max_size=6)), reverse=True)
    times = draw(st.lists(st.integers(1, 80), min_size=len(numbers) - 1, max_size=len(numbers) - 1, unique=True))
    return [0, *sorted(times)], [max(numbers[0], 1), *numbers[1:]]


@settings(deadline=None)
@given(any_curves(), any_row(), st.booleans())
def test_always_ends_with_all_patients_and_the_table_or_a_flag(curves, row, with_total):
    begin = clock.perf_counter()
    n = row[1][0]
    total = None
    if with_total:
        total = int(n * min(max(curves["a"][1].max(), 0), 1))
        total = None if total == 0 else total
    arm = reconstruct_incidence(curves, risk_time=row[0], n_risk=row[1], n_event=total)
    assert clock.perf_counter() - begin < 2
    assert arm.n == n
    assert set(arm.cause) <= set(range(len(arm.causes) + 1))
    last_counted = max(at for at, number in zip(*row, strict=True) if number or not at)
    assert 0 <= arm.time.min() <= arm.time.max() <= max([last_counted, *(at.max() for at, _ in curves.values())]) * (1 + 1e-8)
    assert (np.diff(arm.estimate().incidence, axis=1) >= -1e-12).all()
    if "n_event_range" in arm.residuals:
        assert arm.residuals["n_event_range"][0] <= arm.residuals["n_event_range"][1]
    if arm.residuals["n_risk_max"]:
        assert "table_curve_conflict" in flag_names(arm)


@settings(deadline=None)
@given(any_row())
def test_flat_curves_leave_room_for_every_table(row):
    arm = reconstruct_incidence({"a": ([0, 80], [0, 0]), "b": ([0, 80], [0, 0])}, risk_time=row[0], n_risk=row[1])
    np.testing.assert_array_equal(n_risk_at(arm.time, row[0]), row[1])
    assert not arm.cause.any()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=50))
def test_exact_curves_with_every_number_at_risk_give_the_patients_back(rows):
    """Where n is printed before every step nothing is left to guess."""
    time, cause = np.array(rows).T.astype(float)
    at = np.unique(np.r_[0, time])
    arm = reconstruct_incidence(curves_of(time, cause, ("a", "b")), risk_time=at, n_risk=n_risk_at(time, at))
    for number in (1, 2):
        np.testing.assert_array_equal(np.sort(arm.time[arm.cause == number]), np.sort(time[cause == number]))


def test_same_input_same_patients():
    time, cause = simulate(150, 8)
    one, two = (reconstruct_incidence(curves_of(time, cause, ("relapse", "death"), PX), **table_of(time)) for _ in range(2))
    np.testing.assert_array_equal(one.time, two.time)
    np.testing.assert_array_equal(one.cause, two.cause)


# --- the noun --------------------------------------------------------------------------------------------------------


def test_frame_and_cause_specific_arm():
    time, cause = simulate(80, 9)
    arm = reconstruct_incidence(curves_of(time, cause, ("relapse", "death")), n=80, arm="Drug")
    frame = arm.to_frame()
    assert list(frame) == ["arm", "time", "event", "cause"]
    assert (frame["event"] == (frame["cause"] == 1)).all()
    assert frame["event"].sum() == arm.n_event == arm.n_by_cause["relapse"]
    deaths = arm.cause_specific("death")
    assert (deaths.arm, deaths.n, deaths.n_event) == ("Drug", 80, arm.n_by_cause["death"])
    assert arm.cause_specific().n_event == arm.n_event
    with pytest.raises(ReconstructionError, match="has no cause 'fever'; it has 'relapse', 'death'"):
        arm.cause_specific("fever")
    with pytest.raises(ValueError, match="read-only"):
        arm.cause[0] = 2


# --- what is told and what is refused --------------------------------------------------------------------------------

A, B = ([0, 5, 10], [0, 0.2, 0.3]), ([0, 4, 10], [0, 0.1, 0.2])


def test_table_that_the_curves_leave_no_room_for():
    arm = reconstruct_incidence({"a": A, "b": B}, risk_time=[0, 8], n_risk=[100, 95])
    said = next(flag.detail for flag in arm.flags if flag.name == "table_curve_conflict")
    assert said == "the table says 95 at time 8; the curves allow at most 70."
    assert arm.n_by_cause == {"a": 30, "b": 20}


def test_table_too_low_for_what_the_curves_do_later():
    arm = reconstruct_incidence({"a": ([0, 5, 10, 11, 12], [0, 0.1, 0.3, 0.4, 0.5]), "b": B}, risk_time=[0, 8], n_risk=[100, 1])
    assert "the table says 1 at time 8; the curves rise 3 times after it, so they demand at least 3" in next(flag.detail for flag in arm.flags if flag.name == "table_curve_conflict")


def test_total_out_of_reach_is_told():
    arm = reconstruct_incidence({"a": A, "b": B}, risk_time=[0, 6], n_risk=[100, 40], n_event={"a": 9})
    assert "the total given is 9 (a); curves and table lead to" in next(flag.detail for flag in arm.flags if flag.name == "events_conflict")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"curves": {}}, CurveError, "has no incidence curve; expected one or more, by cause"),
        ({"curves": {"a": ([0, 5], [1, 0.4]), "b": B}}, CurveError, "incidence of 'a' falls from 1 to 0.4; expected a curve that rises from 0"),
        ({"curves": {"a": ([0, 5], [0, 0.9]), "b": ([0, 5], [0, 0.6])}}, CurveError, "at 5 the incidences add up to 1.500; .*stacked"),
        ({"curves": {"a": ([0, 5], [0, 400])}}, CurveError, "'arm 1: a'"),
        ({"curves": {"a": ([0, 5], ["x", "y"])}}, CurveError, "curve of 'a' is no pair of time and incidence"),
        ({"curves": {"a": 3}}, CurveError, "curve of 'a' is no pair"),
        ({"curves": {"a": ([0, 5, 6], [0, 0.2])}}, CurveError, "3 values of time and 2 of survival"),
        ({"curves": {"a": A, "b": B}, "overall": ([0, 9], [1, 0.9])}, CurveError, "the causes add up to 0.500, but the overall curve leaves 0.1"),
        ({"n": None}, ReconstructionError, "number of patients is not known; .*--n 'arm 1=N'"),
        ({"n": 0}, ReconstructionError, "there are 0 patients at time 0"),
        ({"n": None, "risk_time": [0, 5], "n_risk": [40, 50]}, AtRiskError, "rises from 40 .*delayed entry"),
        ({"n_event": {"c": 4}}, ReconstructionError, "names the cause 'c'; there are 'a', 'b'"),
        ({"n_event": {"a": 400}}, ReconstructionError, "total of events is 400, but there are 100 patients"),
        ({"n_event": {"a": 60}}, ReconstructionError, "'arm 1: a': the total of events is 60, but a curve"),
        ({"n_event": 2.5}, ReconstructionError, "total of events is 2.5; expected a whole number"),
        ({"survival_error": -1}, ReconstructionError, "expected numbers from 0"),
    ],
)
def test_what_cannot_be_is_refused(arguments, error, message):
    arguments = {"curves": {"a": A, "b": B}, "n": 100} | arguments
    with pytest.raises(error, match=message):
        reconstruct_incidence(**arguments)
