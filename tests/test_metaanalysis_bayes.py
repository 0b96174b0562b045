"""Bayesian meta-analysis: by paper, by brute force over mu and tau, and by law."""

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import halfcauchy, halfnorm, norm

from metaanalysis import MetaAnalysisError, pool, save_picture
from metaanalysis.bayes.model import pool_bayes
from metaanalysis.bayes.normal_mixtures import NormalMixtures
from metaanalysis.pictures.posterior import posterior_plot

# Rubin 1981, J Educ Stat 6:377, table 1: coaching in eight schools
SCHOOLS = (np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16]), np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6]) ** 2)
# Crins et al. 2014, Pediatr Transplant 18:839: acute rejections, log odds ratios as the vignette of bayesmeta prints them
CRINS = (np.array([-2.3097, -0.4595, -2.3026, -1.7579, -1.2585, -2.4179]), np.array([0.3594, 0.3096, 0.7750, 0.2078, 0.4122, 2.3373]))
SETS = {
    "schools": (*SCHOOLS, "half-cauchy", 25.0, (0.0, 50.0)),
    "crins": (*CRINS, "half-normal", 0.5, None),
    "crins_proper": (*CRINS, "half-normal", 0.5, (0.0, 4.0)),
    "crins_two": (CRINS[0][:2], CRINS[1][:2], "half-normal", 0.5, None),
    "crins_three": (CRINS[0][:3], CRINS[1][:3], "half-cauchy", 0.5, (0.0, 4.0)),
    "single": (CRINS[0][:1], CRINS[1][:1], "half-normal", 1.0, (0.0, 2.0)),
    "apart": (np.array([-1.5, 1.5]), np.array([0.01, 0.02]), "half-normal", 0.5, None),
    "precise": (np.linspace(-0.1, 0.3, 12), np.full(12, 1e-3), "half-cauchy", 0.5, None),
}


def pooled(name, **options):
    yi, vi, prior, scale, mu_prior = SETS[name]
    return pool_bayes(yi, vi, tau_prior=prior, scale=scale, mu_prior=mu_prior, **options)


# By paper


def test_eight_schools_of_the_vignette_of_bayesmeta():
    """Röver, "An introduction to meta-analysis using the bayesmeta package", vignette of bayesmeta, section "A simple example".

    Half-Cauchy prior with scale 25, normal(0, 50) prior of mu. What depends on tau alone is exact there. What is averaged
    over tau is averaged there over a coarse grid with a known error (Röver and Friede 2017, J Comput Graph Stat 26:217),
    hence the wider tolerance; the brute force below shows which is right.
    """
    result = pooled("schools", study=list("ABCDEFGH"))
    tau, mu = result.tau, result.mu
    np.testing.assert_allclose([tau.median, tau.mean, tau.sd, tau.shortest_high], [4.758539, 5.884511, 4.869904, 15.165894], rtol=2e-7)
    np.testing.assert_allclose([tau.central_low, tau.central_high], [0.2199559, 18.0531718], rtol=3e-7)
    assert tau.mode == tau.shortest_low == 0
    np.testing.assert_allclose([result.mu_joint_mode, result.tau_joint_mode], [7.816294, 0], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose([mu.mode, mu.median, mu.mean, mu.sd], [7.929503, 7.962961, 7.985729, 4.995762], rtol=2e-4)
    np.testing.assert_allclose([mu.shortest_low, mu.shortest_high], [-1.823353, 17.824562], rtol=2e-3)
    np.testing.assert_allclose(1 - result.p_below, 0.9487521, rtol=2e-5)
    printed = {
        "A": (10.093581, 11.095255, 7.901084, -3.209562, 28.169723), "G": (9.786985, 10.336032, 6.631039, -2.138807, 24.230908),
        "H": (8.266594, 8.474644, 7.456906, -6.528854, 24.110315),
    }
    rows = result.shrinkage.set_index("study")
    for school, expected in printed.items():
        np.testing.assert_allclose(rows.loc[school, ["median", "mean", "sd", "ci_low", "ci_high"]].astype(float), expected, rtol=5e-3)


# By brute force


def brute_force(yi, vi, prior, scale, mu_prior):
    """Nodes of mu and tau with the posterior mass of each pair, from the definition alone, and the marginal likelihood."""
    x, w = np.polynomial.legendre.leggauss(700)
    density = halfnorm if prior == "half-normal" else halfcauchy
    t = (x + 1) / 2
    reach = min(scale, 3 * (np.ptp(yi) + math.sqrt(vi.max())))
    tau, tau_width = reach * t / (1 - t), reach * w / 2 / (1 - t) ** 2
    centre, width = np.average(yi, weights=1 / vi), max(np.ptp(yi), math.sqrt(vi.max()))
    mu, mu_width = centre + width * x / (1 - x * x), width * w * (1 + x * x) / (1 - x * x) ** 2
    log_joint = density.logpdf(tau, scale=scale)[:, None] + (0.0 if mu_prior is None else norm.logpdf(mu, *mu_prior))
    for effect, variance in zip(yi, vi, strict=True):
        log_joint = log_joint + norm.logpdf(effect, mu, np.sqrt(variance + tau**2)[:, None])
    mass = np.exp(log_joint) * tau_width[:, None] * mu_width
    return mu, tau[:, None], mass / mass.sum(), math.log(mass.sum())


@pytest.mark.parametrize("name", SETS)
def test_brute_force_gives_the_same(name):
    yi, vi, *_, mu_prior = SETS[name]
    mu, tau, mass, log_total = brute_force(*SETS[name])
    result = pooled(name)

    def mean(values):
        return float(np.sum(mass * values))

    exact = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose([result.mu.mean, result.tau.mean, result.prediction.mean], [mean(mu), mean(tau), mean(mu)], **exact)
    np.testing.assert_allclose(result.tau.sd, math.sqrt(mean(tau**2) - mean(tau) ** 2), **exact)
    np.testing.assert_allclose(result.mu.sd, math.sqrt(mean((mu - result.mu.mean) ** 2)), **exact)
    np.testing.assert_allclose(result.prediction.sd, math.sqrt(mean((mu - result.mu.mean) ** 2 + tau**2)), **exact)
    share = vi[0] / (vi[0] + tau**2)
    own = share * mu + (1 - share) * yi[0]
    np.testing.assert_allclose(result.shrinkage["mean"][0], mean(own), **exact)
    np.testing.assert_allclose(result.shrinkage["sd"][0], math.sqrt(mean((own - mean(own)) ** 2 + (1 - share) * vi[0])), **exact)
    for limit, tail in ((result.prediction.central_low, 0.025), (result.prediction.central_high, 0.975)):
        np.testing.assert_allclose(mean(norm.cdf(limit, mu, np.sqrt(tau**2 + 1e-300))), tail, rtol=1e-4)
    if mu_prior is not None:
        np.testing.assert_allclose(result.log_marginal_likelihood, log_total, rtol=1e-8)
    else:
        assert math.isnan(result.log_marginal_likelihood)


def test_bayes_factor_is_that_of_the_marginal_likelihoods():
    """Dickey 1971: posterior over prior density at 0 is the likelihood at tau = 0 over the one averaged over its prior."""
    yi, vi, *_ = SETS["crins_proper"]
    variance = vi + 0.0
    joint = np.diag(variance) + 16.0
    at_zero = -0.5 * (yi @ np.linalg.solve(joint, yi) + np.linalg.slogdet(2 * math.pi * joint)[1])
    result = pooled("crins_proper")
    assert math.isclose(math.log(result.bayes_factor_homogeneous), at_zero - result.log_marginal_likelihood, rel_tol=1e-9)


# By law


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_hold_their_level_and_shortest_ones_have_equal_densities(name, level):
    result = pooled(name, level=level)
    for low, high in ((result.mu.shortest_low, result.mu.shortest_high), (result.mu.central_low, result.mu.central_high)):
        assert math.isclose(result.p_mu_below(high) - result.p_mu_below(low), level, abs_tol=1e-10)
    assert math.isclose(result.p_mu_below(result.mu.central_low), (1 - level) / 2, abs_tol=1e-12)
    assert math.isclose(result.p_mu_below(result.mu.median), 0.5, abs_tol=1e-12)
    for summary, density in ((result.mu, result.mu_density), (result.prediction, result.prediction_density), (result.tau, result.tau_density)):
        assert summary.shortest_high - summary.shortest_low <= (summary.central_high - summary.central_low) * (1 + 1e-12)
        at = density([summary.shortest_low, summary.shortest_high, summary.mode, summary.mode + 1e-3 * summary.sd])
        assert at[0] >= at[1] * (1 - 1e-6)
        assert math.isclose(at[0], at[1], rel_tol=1e-6) or summary.shortest_low == 0
        assert at[2] >= at[3]


effects, variances = st.floats(-2, 2).map(lambda value: round(value, 4)), st.floats(0.005, 1).map(lambda value: round(value, 4))
studies = st.lists(st.tuples(effects, variances), min_size=1, max_size=8).map(lambda rows: tuple(np.array(rows).T))
priors = st.sampled_from([("half-normal", 0.5), ("half-normal", 0.1), ("half-cauchy", 0.3)])


@given(studies, priors, st.sampled_from(["shortest", "central"]))
@settings(max_examples=60, deadline=None)
def test_what_every_bayesian_estimate_is(rows, prior, interval):
    result = pool_bayes(*rows, tau_prior=prior[0], scale=prior[1], interval=interval)
    for summary in (result.mu, result.tau, result.prediction):
        assert summary.ci_low <= summary.median <= summary.ci_high
        assert summary.central_low < summary.median < summary.central_high
        assert summary.shortest_high - summary.shortest_low <= (summary.central_high - summary.central_low) * (1 + 1e-9)
    assert result.tau.mode >= 0
    assert result.prediction.central_high - result.prediction.central_low >= result.mu.central_high - result.mu.central_low
    own = result.shrinkage
    assert own["mean"].between(result.yi.min() - 1e-9, result.yi.max() + 1e-9).all()
    assert ((own["ci_low"] <= own["median"]) & (own["median"] <= own["ci_high"])).all()
    json.dumps(result.to_dict(), allow_nan=False)


@given(studies, priors, st.floats(-3, 3), st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_shifting_and_scaling_the_effects_shifts_and_scales_the_result(rows, prior, shift, factor):
    yi, vi = rows
    first = pool_bayes(yi, vi, tau_prior=prior[0], scale=prior[1])
    second = pool_bayes(factor * yi + shift, factor**2 * vi, tau_prior=prior[0], scale=factor * prior[1])
    for name in ("median", "central_low", "central_high", "shortest_low", "shortest_high"):
        assert math.isclose(getattr(second.tau, name), factor * getattr(first.tau, name), rel_tol=1e-7, abs_tol=1e-9)
        assert math.isclose(getattr(second.mu, name), factor * getattr(first.mu, name) + shift, rel_tol=1e-6, abs_tol=1e-6)


def test_single_study_leaves_tau_its_prior():
    result = pool_bayes([0.3], [0.04], measure="HR")
    assert math.isclose(result.tau.median, 0.5 * ndtri(0.75), rel_tol=1e-12)
    assert math.isclose(result.tau.mean, 0.5 * math.sqrt(2 / math.pi), rel_tol=1e-12)
    assert math.isclose(result.bayes_factor_homogeneous, 1, rel_tol=1e-12)
    assert math.isclose(result.mu.median, 0.3, rel_tol=1e-12)
    assert math.isclose(result.mu.sd, math.sqrt(0.04 + 0.25), rel_tol=1e-12)
    assert any("single study" in note for note in result.notes)


def test_narrow_prior_of_tau_gives_the_fixed_effect():
    yi, vi = CRINS
    fixed, result = pool(yi, vi).fixed, pool_bayes(yi, vi, scale=1e-6)
    np.testing.assert_allclose([result.mu.median, result.mu.sd, result.mu.central_low], [fixed.estimate, fixed.se, fixed.ci_low], rtol=1e-9)


def test_moments_that_do_not_exist_are_told():
    """Under a half-Cauchy prior the density of tau falls as its power -(k + 1): two studies have a mean but no variance."""
    two, three, one = (pool_bayes(CRINS[0][:k], CRINS[1][:k], measure="OR", tau_prior="half-cauchy") for k in (2, 3, 1))
    assert math.isfinite(two.tau.mean)
    assert math.isinf(two.tau.sd)
    assert math.isinf(two.mu.sd)
    assert math.isfinite(three.tau.sd)
    assert math.isnan(one.mu.mean)
    assert any("do not exist" in note for note in two.notes)
    assert two.to_dict()["tau"]["sd"] is None


def test_shortest_interval_of_two_humps_is_the_shortest():
    """A study far from all others: its own effect may be its own or theirs."""
    weight = np.array([0.45, 0.55])
    mixture = NormalMixtures(weight, np.array([[0.0, 10.0]]), np.array([[1.0, 0.2]]))
    low, high = mixture.shortest_interval(0.5, mixture.central_interval(0.5))
    tails = np.linspace(0, 0.5, 2001)[1:-1]
    lengths = mixture.repeated(len(tails)).quantile(tails + 0.5) - mixture.repeated(len(tails)).quantile(tails)
    assert high[0] - low[0] <= lengths.min() * (1 + 1e-9)


def test_ten_studies_take_milliseconds_and_a_thousand_are_possible():
    generator = np.random.default_rng(1)
    vi = generator.uniform(0.01, 0.3, 1000)
    yi = generator.normal(0, np.sqrt(vi + 0.04))
    pool_bayes(yi[:10], vi[:10], measure="HR")
    times = []
    for _ in range(5):
        start = time.perf_counter()
        pool_bayes(yi[:10], vi[:10], measure="HR")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # 5 ms on an idle machine
    many = pool_bayes(yi, vi, measure="HR")
    assert abs(many.tau.median - pool(yi, vi).tau2 ** 0.5) < 0.01


def test_result_is_frozen_and_printable():
    result = pool_bayes([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], measure="HR", study=["A", "B", "C"])
    with pytest.raises(AttributeError):
        result.level = 0.9
    with pytest.raises(ValueError, match="read-only"):
        result.yi[0] = 1
    assert repr(result).startswith("<BayesianEstimate: HR 0.76")
    assert result.p_below == result.p_mu_below(0.0)


@pytest.mark.parametrize(("options", "message"), [
    ({}, "0.5 is the default for HR, RR and OR alone"), ({"measure": "MD"}, "The measure is MD and no scale"),
    ({"scale": 0.0}, "scale of the prior of tau is 0.0"), ({"scale": 1.0, "tau_prior": "uniform"}, "expected one of half-normal, half-cauchy"),
    ({"scale": 1.0, "mu_prior": (0, -1)}, "a positive deviation"), ({"scale": 1.0, "interval": "hdi"}, "expected one of shortest, central"),
    ({"scale": 1.0, "level": 95}, "The level is 95"),
])
def test_bad_requests_are_refused(options, message):
    with pytest.raises(MetaAnalysisError, match=message):
        pool_bayes([0.1, 0.2], [0.1, 0.1], **options)


# The picture


def test_picture_draws_the_numbers_of_the_result():
    result = pool_bayes([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], measure="HR", mu_prior=(0, 2))
    heterogeneity, effect = posterior_plot(result, title="Death").axes
    posterior, prior = heterogeneity.lines[:2]
    np.testing.assert_array_equal(posterior.get_ydata(), result.tau_density(posterior.get_xdata()))
    np.testing.assert_allclose(prior.get_ydata(), halfnorm.pdf(prior.get_xdata(), scale=0.5))
    np.testing.assert_array_equal(effect.lines[0].get_ydata(), result.mu_density(effect.lines[0].get_xdata()))
    told = [text.get_text() for text in effect.get_legend().get_texts()]
    assert told[0] == f"Mean effect: median {math.exp(result.mu.median):.2f} [{math.exp(result.mu.ci_low):.2f} to {math.exp(result.mu.ci_high):.2f}]"
    assert told[2] == "Prior of the mean: normal(0, 2)"


@pytest.mark.parametrize("name", SETS)
def test_picture_is_drawn_for_all_and_has_the_same_bytes(name, tmp_path):
    result = pooled(name, measure="OR" if "crins" in name else "")
    first, second = (save_picture(posterior_plot(result), tmp_path / f"{side}.svg").read_bytes() for side in "ab")
    assert first == second
