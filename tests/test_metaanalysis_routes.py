"""Routes to a hazard ratio: against what trials print, against simulated patients, and by law."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from metaanalysis import MetaAnalysisError
from metaanalysis.studies.printed import parse_allocation, parse_p
from metaanalysis.studies.route_effect import ROUTES, TRUST, RouteEffect, choose_route
from metaanalysis.studies.routes import (
    from_hr_events,
    from_interval,
    from_logrank_p,
    from_o_minus_e,
    from_observed_expected,
    from_p,
    interval_se,
    log_rank_variance,
)
from metaanalysis.studies.survival_routes import (
    from_medians,
    from_survival,
    from_survival_follow_up,
    from_survival_times,
)

EFFECTS, ERRORS, COUNTS = st.floats(-2, 2), st.floats(0.02, 1), st.integers(2, 5000)

# --- by paper --------------------------------------------------------------------------------------------------------

# Al-Batran et al. 2019 (FLOT4), Lancet 393:1948, summary: overall survival, hazard ratio 0.77 (0.63 to 0.94), p = 0.012,
# medians 50 and 35 months.
# Survival in percent and numbers at risk as read off its curves by Taylor, "Tip for data extraction for meta-analysis 15",
# Centre for Evidence-Based Medicine, Oxford, 5 September 2019, Table 1 (rows with numbers at risk).
FLOT4_TIME = [0, 12, 24, 36, 48, 60, 72]
FLOT4 = ([1, 0.84, 0.69, 0.57, 0.50, 0.45, 0.43], [1, 0.80, 0.58, 0.49, 0.44, 0.36, 0.32])
FLOT4_AT_RISK = ([356, 297, 231, 140, 87, 39, 5], [360, 287, 202, 126, 83, 33, 9])
FLOT4_PRINTED = from_interval(0.77, 0.63, 0.94)


def test_flot4_curves_give_the_printed_ratio():
    effect = from_survival_times(*FLOT4, *FLOT4_AT_RISK)
    assert math.exp(effect.yi) == pytest.approx(0.77, abs=0.005)
    assert effect.sei == pytest.approx(FLOT4_PRINTED.sei, rel=0.05)


def test_flot4_curves_with_follow_up_alone():
    effect = from_survival_follow_up(FLOT4_TIME, *FLOT4, n=(356, 360), follow_up=(20, 80))
    assert math.exp(effect.yi) == pytest.approx(0.77, abs=0.01)
    assert effect.sei == pytest.approx(FLOT4_PRINTED.sei, rel=0.05)


def test_flot4_shares_of_wide_intervals_fall_short():
    by_risk = from_survival_times(*FLOT4, *FLOT4_AT_RISK, scale="risk")
    assert FLOT4_PRINTED.yi < by_risk.yi < 0


def test_flot4_other_routes():
    assert from_p(0.77, 0.012).sei == pytest.approx(FLOT4_PRINTED.sei, rel=0.025)
    for effect in (from_medians(50, 35, n_1=356, n_2=360), from_survival(0.57, 0.49, at_risk_1=140, at_risk_2=126)):
        assert abs(effect.yi - FLOT4_PRINTED.yi) < effect.sei


# Feray et al. 2023 (TACERTE), JHEP Reports 5:100689, Results, Overall survival: hazard ratio 1.23 (0.83 to 1.82), p = 0.29;
# medians 22 and 30 months; survival 46 % and 61 % at 24 months; 56 and 64 patients.
def test_tacerte():
    printed = from_interval(1.23, 0.83, 1.82)
    assert from_p(1.23, 0.29).sei == pytest.approx(printed.sei, rel=0.03)
    for effect in (from_medians(22, 30, n_1=56, n_2=64), from_survival(0.46, 0.61, n_1=56, n_2=64)):
        assert abs(effect.yi - printed.yi) < effect.sei


# International Collaboration of Trialists 1999, Lancet 354:533 (the bladder cancer trial that Tierney et al. 2007 work
# through): 229 deaths with chemotherapy and 256 without, hazard ratio 0.85 (0.71 to 1.02), p = 0.075, about as many
# patients in each arm. Its z-score of 1.78 is printed in Trials 2013;14:391, Findings.
def test_the_bladder_cancer_trial():
    p, events = 0.075, {"events_1": 229, "events_2": 256}
    effect = from_logrank_p(p, favours="treatment", **events)
    assert abs(effect.o_minus_e) / math.sqrt(effect.v) == pytest.approx(1.78, abs=0.005)
    assert math.exp(effect.yi) == pytest.approx(0.85, abs=0.005)
    routes = [
        from_interval(0.85, 0.71, 1.02), from_p(0.85, p), from_hr_events(0.85, **events), effect,
        from_logrank_p(p, favours="treatment", events=485), from_logrank_p(p, favours="treatment", events=485, n_1=491, n_2=485),
    ]
    for one, other in itertools.combinations(routes, 2):
        assert one.yi == pytest.approx(other.yi, abs=0.007)
        assert one.sei == pytest.approx(other.sei, rel=0.03)


# --- by truth --------------------------------------------------------------------------------------------------------


def trial(rng, n, ratio, longest=5.0):
    """Exponential survival of two arms with even censoring; ``(time, event)`` of each."""
    arms = []
    for hazard in (0.3 * ratio, 0.3):
        death, end = rng.exponential(1 / hazard, n), rng.uniform(2, longest, n)
        arms.append((np.minimum(death, end), death <= end))
    return arms


def curve(arm, times):
    """Kaplan-Meier survival and numbers at risk at `times`."""
    time, event = arm
    at_risk = np.array([(time >= t).sum() for t in times])
    drops = [1 - event[time == t].sum() / (time >= t).sum() for t in np.unique(time)]
    steps = np.concatenate([[1], np.cumprod(drops)])
    return steps[np.searchsorted(np.unique(time), times, side="right")], at_risk


def test_survival_routes_find_the_ratio_of_simulated_trials():
    rng, times, errors = np.random.default_rng(5), np.linspace(0, 4, 5), []
    for _ in range(200):
        arms = trial(rng, 400, 0.7)
        (s_1, r_1), (s_2, r_2) = (curve(arm, times) for arm in arms)
        effects = [
            from_survival_times(s_1, s_2, r_1, r_2), from_survival_follow_up(times, s_1, s_2, n=(400, 400), follow_up=(2, 5)),
            from_survival(s_1[2], s_2[2], at_risk_1=r_1[2], at_risk_2=r_2[2]), from_survival(s_1[2], s_2[2], n_1=400, n_2=400),
        ]
        errors.append([(effect.yi - math.log(0.7)) / effect.sei for effect in effects])
    # Standard normal errors: their mean of 200 within 3 / sqrt(200), their spread within 3 / sqrt(400) of 1.
    assert (np.abs(np.mean(errors, axis=0)) < 0.22).all()
    assert (np.abs(np.std(errors, axis=0) - 1) < 0.15).all()


def test_medians_of_simulated_trials():
    rng, errors = np.random.default_rng(6), []
    for _ in range(400):
        medians = [np.median(rng.exponential(1 / hazard, 401)) for hazard in (0.21, 0.3)]
        effect = from_medians(*medians, n_1=401, n_2=401)
        errors.append((effect.yi - math.log(0.7)) / effect.sei)
    assert abs(np.mean(errors)) < 0.15
    assert abs(np.std(errors) - 1) < 0.11


# --- by law ----------------------------------------------------------------------------------------------------------


@given(EFFECTS, ERRORS, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_and_p_of_one_estimate_are_one_effect(yi, sei, level):
    assume(1e-3 < abs(yi) / sei < 8)
    z = norm.isf((1 - level) / 2)
    by_interval = from_interval(math.exp(yi), math.exp(yi - z * sei), math.exp(yi + z * sei), level=level)
    p = 2 * norm.sf(abs(yi) / sei)
    for effect in (by_interval, from_p(math.exp(yi), p), from_p(math.exp(yi), p / 2, sides=1), from_o_minus_e(yi / sei**2, 1 / sei**2)):
        assert effect.yi == pytest.approx(yi, abs=1e-9)
        assert effect.sei == pytest.approx(sei, rel=1e-6)
        assert effect.v == pytest.approx(1 / sei**2, rel=1e-6)
        assert effect.o_minus_e == pytest.approx(yi / sei**2, rel=1e-6)


@given(COUNTS, COUNTS, st.floats(0.001, 0.9))
def test_log_rank_p_goes_back_to_p(events_1, events_2, p):
    effect = from_logrank_p(p, favours="reference", events_1=events_1, events_2=events_2)
    assert effect.yi > 0
    assert 2 * norm.sf(effect.yi / effect.sei) == pytest.approx(p)
    assert from_hr_events(math.exp(effect.yi), events_1=events_1, events_2=events_2).sei == pytest.approx(effect.sei)


@given(COUNTS, st.integers(1, 400))
def test_variances_meet_where_the_numbers_do(events, n):
    half = log_rank_variance(events=events)[0]
    assert half == pytest.approx(events / 4)
    assert log_rank_variance(events=events, n_1=events * n, n_2=events * n)[0] == pytest.approx(half)
    assert log_rank_variance(events_1=events / 2, events_2=events / 2)[0] == pytest.approx(half)
    assert log_rank_variance(events=events, allocation=2)[0] == pytest.approx(log_rank_variance(events=events, n_1=2 * events, n_2=events)[0])
    assert log_rank_variance(events=events, allocation=2)[0] < half


SWAPPED = [
    lambda swap: from_observed_expected(*((30, 25, 20, 25) if swap else (20, 25, 30, 25))),
    lambda swap: from_logrank_p(0.03, favours="reference" if swap else "treatment", events=90),
    lambda swap: from_medians(*((12, 20) if swap else (20, 12)), n_1=80 if swap else 50, n_2=50 if swap else 80),
    lambda swap: from_survival(*((0.3, 0.5) if swap else (0.5, 0.3)), n_1=80 if swap else 50, n_2=50 if swap else 80),
    lambda swap: from_survival_times(*(FLOT4[::-1] if swap else FLOT4), *(FLOT4_AT_RISK[::-1] if swap else FLOT4_AT_RISK)),
    lambda swap: from_survival_follow_up(FLOT4_TIME, *(FLOT4[::-1] if swap else FLOT4), n=(300, 300), follow_up=(20, 80)),
]


@pytest.mark.parametrize("route", SWAPPED)
def test_swapping_arms_turns_the_sign_alone(route):
    there, back = route(False), route(True)
    assert there.yi < 0
    assert back.yi == pytest.approx(-there.yi)
    assert back.sei == pytest.approx(there.sei)


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(20, 500), st.integers(20, 500))
def test_one_interval_without_censoring_is_one_time(survival_1, survival_2, n_1, n_2):
    by_time = from_survival(survival_1, survival_2, n_1=n_1, n_2=n_2)
    by_interval = from_survival_times([1, survival_1], [1, survival_2], [n_1, n_1 * survival_1], [n_2, n_2 * survival_2])
    assert by_interval.yi == pytest.approx(by_time.yi, abs=1e-9)
    assert by_interval.sei == pytest.approx(by_time.sei)


def test_times_without_a_drop_are_passed_over():
    plain = from_survival_times([1, 0.8, 0.6], [1, 0.7, 0.5], [100, 80, 60], [100, 70, 50])
    flat = from_survival_times([1, 0.8, 0.8, 0.6], [1, 0.7, 0.65, 0.5], [100, 80, 75, 60], [100, 70, 63, 50])
    assert flat.yi == pytest.approx(plain.yi)


def test_events_bound_the_precision_of_medians():
    few = from_medians(20, 12, events_1=10, events_2=10, n_1=100, n_2=100)
    many = from_medians(20, 12, events_1=100, events_2=100, n_1=100, n_2=100)
    assert few.sei == pytest.approx(math.sqrt(0.2))
    assert many.sei == pytest.approx(from_medians(20, 12, n_1=100, n_2=100).sei)


# --- choice ----------------------------------------------------------------------------------------------------------


def test_every_route_has_its_name():
    found = {
        from_interval(0.7, 0.5, 0.98).route, from_p(0.7, 0.04).route, from_o_minus_e(-5, 20).route, SWAPPED[0](False).route,
        from_medians(2, 1, n_1=9, n_2=9).route, from_medians(2, 1, events_1=9, events_2=9).route,
        *(route(False).route for route in SWAPPED[3:]),
        *(from_hr_events(0.7, **events).route for events in ({"events": 50}, {"events": 50, "n_1": 50, "n_2": 50}, {"events_1": 20, "events_2": 30})),
        *(
            from_logrank_p(0.04, favours="treatment", **events).route
            for events in ({"events": 50}, {"events": 50, "n_1": 50, "n_2": 50}, {"events_1": 20, "events_2": 30})
        ),
    }
    assert found | {"yi+se", "hr+se"} == set(ROUTES)


def test_the_most_trusted_route_is_chosen_and_the_others_are_kept():
    rough, approximate, derived = from_medians(20, 12, n_1=50, n_2=50), from_hr_events(0.7, events=60), from_p(0.7, 0.2)
    chosen = choose_route([rough, approximate, derived])
    assert chosen.route == "hr+p"
    assert [other.route for other in chosen.alternatives] == ["hr+events", "medians+n"]
    assert chosen.yi_spread == pytest.approx(abs(rough.yi - derived.yi) / derived.sei)
    assert chosen.sei_spread == pytest.approx(max(max(other.sei / derived.sei, derived.sei / other.sei) for other in (rough, approximate)))
    assert json.loads(json.dumps(chosen.to_dict()))["alternatives"][0]["route"] == "hr+events"
    assert all(effect.trust in TRUST and effect.assumptions for effect in (chosen, *chosen.alternatives))


def test_a_ratio_near_one_does_not_tell_its_error_by_p():
    near = from_p(0.98, 0.9)
    assert near.trust == "rough"
    assert "rounding" in near.assumptions[1]
    assert choose_route([near, from_hr_events(0.98, events=100)]).route == "hr+events"


# --- what is printed, and what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "p"), [("0.013", 0.013), ("p = 0·013", 0.013), ("P=0,2", 0.2), (".05", 0.05), (0.3, 0.3), ("p-value: 0.04", 0.04)])
def test_p_as_printed(text, p):
    assert parse_p(text) == p


@pytest.mark.parametrize("text", ["<0.001", "p < 0,05", "≤0.05", ">0.5", "n.s.", "NS"])
def test_a_bound_is_no_p(text):
    with pytest.raises(MetaAnalysisError, match="a bound; it does not tell the standard error"):
        parse_p(text)


@pytest.mark.parametrize(("text", "ratio"), [("2:1", 2), ("1 : 2", 0.5), ("1:1", 1), (1.5, 1.5), ("2", 2)])
def test_allocation_as_printed(text, ratio):
    assert parse_allocation(text) == ratio


@pytest.mark.parametrize(("route", "message"), [
    (lambda: from_interval(0.5, 0.6, 0.9), "does not enclose the ratio 0.5"),
    (lambda: from_interval(0.7, 0.6, 0.9, level=95), "level of the interval is 95"),
    (lambda: from_p(1.0, 0.9), "The ratio is 1"),
    (lambda: from_p(0.7, 0.0), "expected an exact p"),
    (lambda: from_p(0.7, 0.7, sides=1), "one-sided p is 0.7; expected one below 0.5"),
    (lambda: from_p(0.7, 0.2, sides=3), "expected 1 or 2 sides"),
    (lambda: from_p(-1.0, 0.9), "expected a number above 0"),
    (lambda: from_logrank_p(0.04, favours="", events=50), "does not say which arm did better"),
    (lambda: from_logrank_p(0.04, favours="treatment"), "No number of events is given"),
    (lambda: from_hr_events(0.7, events=0), "events is 0; the variance of a log-rank test needs numbers above 0"),
    (lambda: from_hr_events(0.7, events_1=60, events_2=20, n_1=50, n_2=50), "60 events in the 50 patients of the treatment arm"),
    (lambda: from_hr_events(0.7, events=120, n_1=50, n_2=50), "120 events in the 100 patients of the trial"),
    (lambda: from_o_minus_e(3, 0), "the variance of O - E is positive"),
    (lambda: from_observed_expected(20, 25, 40, 25), "60 events are observed in all and 50 expected"),
    (lambda: from_observed_expected(20, 0, 40, 25), "expected numbers above 0"),
    (lambda: from_medians(20, math.inf, n_1=5, n_2=5), "median_2 is inf"),
    (lambda: from_medians(20, 12), "Medians alone do not tell the standard error"),
    (lambda: from_survival(1, 0.5, n_1=9, n_2=9), "survival_1 is 1; expected a probability above 0 and below 1"),
    (lambda: from_survival(0.7, 0.5), "expected n_1 or at_risk_1"),
    (lambda: from_survival(0.7, 0.5, n_1=9, n_2=9, at_risk_1=10, at_risk_2=3), "at_risk_1 is 10 of 9 patients"),
    (lambda: from_survival_times([1, 0.7], [1, 0.6], [9, 7], [9, 6], scale="odds"), "The scale is 'odds'"),
    (lambda: from_survival_times([1, 1], [1, 0.6], [9, 7], [9, 6]), "No interval has a drop in both curves"),
    (lambda: from_survival_times([1, 0.7, 0.8], [1, 0.6, 0.5], [9, 7, 6], [9, 6, 5]), "Survival or numbers at risk rise"),
    (lambda: from_survival_times([1, 0.7, 0.5], [1, 0.6], [9, 7, 6], [9, 6]), "The arms have 3 and 2 times"),
    (lambda: from_survival_times([1, 0.7], [1, 0.6], [9], [9, 6]), "have the shapes"),
    (lambda: from_survival_times([1, 0.0], [1, 0.6], [9, 0], [9, 6]), "no survivor at its end"),
    (lambda: from_survival_follow_up([1, 2], [1, 0.7], [1, 0.6], n=(9, 9), follow_up=(2, 3)), "times that rise from 0"),
    (lambda: choose_route([]), "no route to choose from"),
    (lambda: parse_allocation("2:1:1"), "expected a ratio of patients such as 2:1"),
    (lambda: parse_p("1.2"), "expected an exact p between 0 and 1"),
    (lambda: RouteEffect(math.nan, 1, "hr+p", "derived"), "gives yi = nan"),
])
def test_what_is_refused(route, message):
    with pytest.raises(MetaAnalysisError, match=message) as caught:
        route()
    assert "\n" not in str(caught.value)


def test_interval_standard_error_is_the_same_on_any_scale():
    assert interval_se(-0.1, 0.3) == pytest.approx(0.4 / (2 * norm.isf(0.025)))
