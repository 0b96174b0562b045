"""One stage against two, and the random effect of treatment: laws, the exact integral, and trials without events."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from metaanalysis import pool
from metaanalysis.errors import MetaAnalysisError, NothingToPool
from metaanalysis.patients.data import Patients
from metaanalysis.patients.one_stage import _fit, _Trials, one_stage
from metaanalysis.patients.risk_sets import EventRows
from metaanalysis.patients.two_stage import two_stage


def simulated(n, slopes, seed, *, rate=0.05, censored_at=40):
    rng = np.random.default_rng(seed)
    parts = []
    for number, (size, slope) in enumerate(zip(n, slopes, strict=True)):
        treated = np.arange(size) % 2
        time, censored = rng.exponential(1 / (rate * np.exp(slope * treated))), rng.uniform(5, censored_at, size)
        parts.append(pd.DataFrame({"study": f"trial {number}", "treatment": treated, "time": np.minimum(time, censored), "event": (time <= censored).astype(int)}))
    return pd.concat(parts, ignore_index=True)


def copies(table, times):
    return pd.concat([table.assign(study=table["study"] + f" copy {copy}") for copy in range(times)], ignore_index=True)


def trials_of(patients):
    return _Trials(EventRows.of(patients.risk_sets), patients.k)


def test_one_stage_of_one_trial_is_its_cox_model():
    people = Patients.of(simulated([120], [-0.4], 1))
    one, two = one_stage(people), two_stage(people)
    assert one.estimate == pytest.approx(two.pooled.estimate, rel=1e-12)
    assert (one.ci_low, one.ci_high, one.p) == pytest.approx((two.pooled.ci_low, two.pooled.ci_high, two.pooled.p), rel=1e-12)
    assert math.isnan(one_stage(people, effect="random").tau2)
    assert one_stage(people, effect="random").estimate == pytest.approx(one.estimate, rel=1e-12)


def test_two_identical_trials_halve_the_variance():
    table = simulated([150], [-0.4], 2)
    for effect in ("fixed", "random"):
        once, twice = one_stage(Patients.of(table), effect=effect), one_stage(Patients.of(copies(table, 2)), effect=effect)
        assert twice.estimate == pytest.approx(once.estimate, rel=1e-10)
        assert twice.within == pytest.approx(once.within / 2, rel=1e-10)
    assert twice.tau2 == 0


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_turning_the_arms_turns_the_sign(seed):
    table = simulated([40, 60, 50], [-0.9, 0.2, 0.5], seed)
    turned = table.assign(treatment=1 - table["treatment"])
    for effect in ("fixed", "random"):
        one, other = one_stage(Patients.of(table), effect=effect), one_stage(Patients.of(turned), effect=effect)
        assert other.estimate == pytest.approx(-one.estimate, abs=1e-7)
        assert other.se == pytest.approx(one.se, rel=1e-5)


@given(st.integers(0, 10_000), st.floats(0.01, 2), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_derivative_is_that_of_the_likelihood(seed, tau2, restricted):
    trials = trials_of(Patients.of(simulated([40, 60, 50, 30], [-0.9, 0.2, 0.5, 0], seed)))
    start = (0.0, np.zeros(4))
    step = 1e-4 * tau2
    below, above = (_fit(trials, tau2 + move, start, restricted).height for move in (-step, step))
    assert _fit(trials, tau2, start, restricted).rise == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-5)


@given(st.integers(0, 10_000), st.sampled_from(["ML", "REML"]), st.floats(0, 3))
@settings(max_examples=25, deadline=None)
def test_no_variance_between_trials_is_likelier(seed, method, other):
    people = Patients.of(simulated([40, 60, 50, 30], [-0.9, 0.2, 0.5, 0], seed))
    found = one_stage(people, effect="random", method=method)
    fit = _fit(trials_of(people), other, (found.estimate, np.full(4, found.estimate)), method == "REML")
    assert found.log_likelihood >= (fit.height if other > 0 else -math.inf) - 1e-8


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_where_trials_are_large_one_stage_is_two_stage(method):
    people = Patients.of(simulated([4000] * 6, [-0.7, -0.4, -0.1, 0.1, -0.3, -0.5], 3))
    one, two = one_stage(people, effect="random", method=method), two_stage(people, tau2=method, ci="wald").pooled
    assert one.tau2 == pytest.approx(two.tau2, rel=0.02)
    assert one.estimate == pytest.approx(two.estimate, abs=2e-3)
    assert one.se == pytest.approx(two.random.se, rel=0.02)


class _Normal:
    """Trials whose log likelihoods are normal, in place of partial likelihoods."""

    def __init__(self, yi, vi):
        self.yi, self.vi, self.k = yi, vi, len(yi)

    def at(self, slopes):
        distance = self.yi - slopes
        return -(distance**2) / (2 * self.vi), distance / self.vi, 1 / self.vi, np.zeros(self.k)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_with_normal_likelihoods_it_is_the_random_effects_model(method):
    """The equality that the formulas promise, to rounding: tau2, estimate and error of `pool`."""
    from metaanalysis.patients.one_stage import _random

    yi, vi = np.array([-0.6, 0.1, -0.9, 0.3, -0.2]), np.array([0.04, 0.02, 0.09, 0.05, 0.03])
    tau2, fit = _random(_Normal(yi, vi), float(np.average(yi, weights=1 / vi)), method == "REML")
    pooled = pool(yi, vi, tau2=method, ci="wald")
    assert tau2 == pytest.approx(pooled.tau2, rel=1e-8)
    assert (fit.b, math.sqrt(fit.variance)) == pytest.approx((pooled.estimate, pooled.random.se), rel=1e-8)


def test_laplace_is_near_the_exact_integral():
    """Each trial's integral over its effect by quadrature; 16 to 45 events a trial: 0.04 in log likelihood, 1 % in tau2."""
    people = Patients.of(simulated([40, 60, 50, 70, 45, 55], [-0.9, 0.3, 0.6, -0.2, -1.0, 0.4], 4))
    trials = trials_of(people)
    found = one_stage(people, effect="random", method="ML")

    def exact(tau2, b):
        total = 0.0
        for j in range(people.k):
            def integrand(u, j=j):
                slopes = np.full(people.k, b + u)
                return math.exp(trials.at(slopes)[0][j] - trials.at(np.full(people.k, b))[0][j] - u * u / (2 * tau2)) / math.sqrt(2 * math.pi * tau2)
            total += trials.at(np.full(people.k, b))[0][j] + math.log(quad(integrand, -8 * math.sqrt(tau2), 8 * math.sqrt(tau2), epsabs=1e-10, limit=60)[0])
        return total

    assert found.log_likelihood == pytest.approx(exact(found.tau2, found.estimate), abs=0.05)
    best = minimize_scalar(lambda log_tau2: -exact(math.exp(log_tau2), found.estimate), bounds=(math.log(found.tau2) - 1, math.log(found.tau2) + 1), method="bounded", options={"xatol": 1e-3})
    assert math.exp(best.x) == pytest.approx(found.tau2, rel=0.02)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_one_trial_that_tells_anything_tells_no_variance(method):
    table = simulated([80, 40], [-0.5, 0.0], 3)
    table["event"] = table["event"].where(table["study"] == "trial 0", 0)
    found = one_stage(Patients.of(table), effect="random", method=method)
    assert found.tau2 == 0
    assert found.estimate == pytest.approx(one_stage(Patients.of(table)).estimate, rel=1e-12)


def test_slopes_are_drawn_towards_the_mean():
    people = Patients.of(simulated([60, 80, 100, 60], [-1.2, 0.6, -0.2, 0.8], 5))
    found, alone = one_stage(people, effect="random"), two_stage(people).effects.yi
    assert found.tau2 > 0
    assert np.all(np.abs(found.slopes - found.estimate) < np.abs(alone - found.estimate))


def without_events(table, study, arm):
    return table.assign(event=table["event"].where(~((table["study"] == study) & (table["treatment"] == arm)), 0))


def test_a_trial_without_events_in_an_arm_is_kept_by_one_stage_and_left_out_by_two():
    table = without_events(simulated([60, 80, 100], [-0.3, -0.2, -0.5], 6), "trial 1", 1)
    people = Patients.of(table)
    two = two_stage(people)
    assert two.effects.study == ("trial 0", "trial 2")
    assert two.pooled.excluded == (("trial 1", "no events in the treatment arm while both arms are at risk, so that its hazard ratio is not finite"),)
    rest = Patients.of(table[table["study"] != "trial 1"])
    for effect in ("fixed", "random"):
        assert one_stage(people, effect=effect).estimate < one_stage(rest, effect=effect).estimate
    assert np.isfinite(one_stage(people, effect="random").slopes).all()


def test_no_events_in_an_arm_of_any_trial_are_refused():
    people = Patients.of(simulated([60, 80], [-0.3, -0.2], 7).assign(event=lambda table: table["event"] * table["treatment"]))
    with pytest.raises(NothingToPool, match="Over all trials the events while both arms are at risk lie in one arm"):
        one_stage(people)
    with pytest.raises(NothingToPool, match="No trial has an effect on the measure HR .*trial 0: no events in the reference arm"):
        two_stage(people)


@pytest.mark.parametrize(("options", "message"), [
    ({"effect": "mixed"}, "The effect is 'mixed'; expected one of fixed, random"),
    ({"method": "DL"}, "The method is 'DL'; expected one of REML, ML"),
    ({"ties": "exact"}, "expected one of efron, breslow"),
])
def test_what_is_refused(options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        one_stage(Patients.of(simulated([60, 80], [-0.3, -0.2], 8)), **options)


def with_draws(table, n_draws, seed, *, spread=0.1, studies=None):
    """The table as draw 0, and draws whose times are shaken."""
    rng = np.random.default_rng(seed)
    chosen = table if studies is None else table[table["study"].isin(studies)]
    shaken = [chosen.assign(time=chosen["time"] * np.exp(spread * rng.normal(size=len(chosen))), draw=draw) for draw in range(1, n_draws + 1)]
    return pd.concat([table.assign(draw=0), *shaken], ignore_index=True)


def test_draws_that_are_all_equal_add_nothing():
    table = simulated([60, 80, 70], [-0.9, 0.2, 0.4], 9)
    plain, drawn = Patients.of(table), Patients.of(with_draws(table, 4, 0, spread=0))
    for effect in ("fixed", "random"):
        one, other = one_stage(plain, effect=effect), one_stage(drawn, effect=effect)
        assert other.added == pytest.approx(0, abs=1e-18)
        assert (other.estimate, other.se) == pytest.approx((one.estimate, one.se), rel=1e-9)
    assert other.n_draws == 4
    assert two_stage(drawn).reconstruction_share() == pytest.approx(0, abs=1e-15)


def test_variance_between_draws_is_rubins():
    table = with_draws(simulated([60, 80, 70], [-0.9, 0.2, 0.4], 10), 5, 1)
    found = one_stage(Patients.of(table))
    alone = [one_stage(Patients.of(table[table["draw"] == draw].drop(columns="draw"))).estimate for draw in range(6)]
    assert found.estimate == pytest.approx(alone[0], rel=1e-12)
    assert found.added == pytest.approx((1 + 1 / 5) * np.var(alone[1:], ddof=1), rel=1e-9)
    assert found.se == pytest.approx(math.sqrt(found.within + found.added), rel=1e-12)
    assert 0 < found.reconstruction_share < 1


def test_draws_without_a_trials_own_patients_are_averaged():
    table = with_draws(simulated([60, 80], [-0.9, 0.2], 11), 5, 2)
    table = table[table["draw"] > 0]
    found, two = one_stage(Patients.of(table)), two_stage(Patients.of(table))
    alone = [one_stage(Patients.of(table[table["draw"] == draw].drop(columns="draw"))) for draw in range(1, 6)]
    assert found.estimate == pytest.approx(np.mean([one.estimate for one in alone]), rel=1e-12)
    assert found.within == pytest.approx(np.mean([one.within for one in alone]), rel=1e-12)
    each = [two_stage(Patients.of(table[table["draw"] == draw].drop(columns="draw"))).effects for draw in range(1, 6)]
    np.testing.assert_allclose(two.effects.yi, np.mean([one.yi for one in each], axis=0))
    np.testing.assert_allclose(two.effects.added, 1.2 * np.var([one.yi for one in each], axis=0, ddof=1))


def test_trials_with_and_without_draws_go_together():
    table = with_draws(simulated([60, 80, 70], [-0.9, 0.2, 0.4], 12), 6, 3, studies=["trial 0", "trial 2"])
    two = two_stage(Patients.of(table))
    assert two.effects.n_draws.tolist() == [6, 0, 6]
    assert two.effects.added[1] == 0
    assert (two.effects.added[[0, 2]] > 0).all()
    one = one_stage(Patients.of(table))
    assert one.n_draws == 6
    assert one.added > 0
    record = two.to_dict()
    assert [study["n_draws"] for study in record["studies"]] == [6, 0, 6]
    assert 0 < record["reconstruction_share"]["random"] < 1
    json.dumps([record, one.to_dict()], allow_nan=False)


def test_the_share_of_the_pooled_variance_is_that_of_the_weighted_mean():
    two = two_stage(Patients.of(with_draws(simulated([60, 80, 70], [-0.9, 0.2, 0.4], 13), 6, 4)), ci="wald")
    w = 1 / (two.effects.vi + two.pooled.tau2)
    assert two.pooled.random.se**2 == pytest.approx(1 / w.sum())
    assert two.reconstruction_share() == pytest.approx(np.sum(w**2 * two.effects.added) / w.sum())
    assert two.reconstruction_share("fixed") == pytest.approx(np.sum(two.effects.added / two.effects.vi**2) / np.sum(1 / two.effects.vi))
