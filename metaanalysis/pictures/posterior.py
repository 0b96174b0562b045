"""Picture of a Bayesian meta-analysis: prior and posterior of the heterogeneity and of the mean effect."""

import math

import numpy as np

from metaanalysis.bayes.model import NAMES
from metaanalysis.measures import as_read
from metaanalysis.pictures import palette

_POINTS = 301
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_MOST_TICKS = 7


def posterior_plot(estimate, *, title="", font_pt=8.5):
    """Draw prior and posterior of tau, and of the mean effect with the effect in a new study.

    Parameters
    ----------
    estimate : BayesianEstimate
    title : str
        Above the picture.
    font_pt : float

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from metaanalysis.bayes.model import pool_bayes
    >>> figure = posterior_plot(pool_bayes([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], measure="HR"))
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['Heterogeneity, tau', 'HR']
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.14, h_pad=0.08, wspace=0.03)
    heterogeneity, effect = figure.subplots(1, 2, width_ratios=(1, 1.35))
    _draw_tau(heterogeneity, estimate, font_pt)
    _draw_effect(effect, estimate, font_pt)
    for axes in (heterogeneity, effect):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.set_yticks([])
        axes.set_ylim(0, 1.06 * axes.get_ylim()[1])
        axes.tick_params(labelsize=font_pt, color=palette.FAINT)
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.17), ncols=1, frameon=False, fontsize=font_pt, borderaxespad=0)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=font_pt + 2, fontweight="bold")
    return figure


def _told(estimate, values):
    median, low, high = as_read(values, ratio=estimate.is_ratio)
    return f"{median:.2f} [{100 * estimate.level:g} % CrI {low:.2f} to {high:.2f}]".replace("-", "\N{MINUS SIGN}")


def _told_probability(p):
    return "> 0.999" if p > 0.999 else "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _draw_filled(axes, x, density, low, high, label):
    """A density with its interval filled."""
    axes.plot(x, density, color=palette.STUDY, linewidth=1.8, label=label, zorder=3)
    inside = (x >= low) & (x <= high)
    axes.fill_between(x[inside], density[inside], color=palette.STUDY, alpha=0.18, linewidth=0, zorder=1)


def _with_limits(low, high, *values):
    """Even points from low to high, and the values between them."""
    return np.unique(np.concatenate([np.linspace(low, high, _POINTS), [value for value in values if low <= value <= high]]))


def _draw_tau(axes, estimate, font_pt):
    tau = estimate.tau
    end = max(1.25 * tau.central_high, 2.2 * estimate.prior.scale)
    x = _with_limits(0.0, end, tau.ci_low, tau.ci_high, tau.median)
    told = f"{tau.median:.2f} [{100 * estimate.level:g} % CrI {tau.ci_low:.2f} to {tau.ci_high:.2f}]"
    _draw_filled(axes, x, estimate.tau_density(x), tau.ci_low, tau.ci_high, f"Posterior: median {told}")
    axes.plot(x, estimate.tau_prior_density(x), color=palette.FAINT, linewidth=1.2, linestyle=(0, (4, 3)), label=f"Prior: {NAMES[estimate.prior.tau]}({estimate.prior.scale:g})", zorder=2)
    axes.vlines(tau.median, 0, estimate.tau_density(tau.median), color=palette.STUDY, linewidth=1.0, zorder=2)
    axes.set_xlim(0, end)
    axes.set_xlabel("Heterogeneity, tau", fontsize=font_pt)


def _draw_effect(axes, estimate, font_pt):
    mu, new = estimate.mu, estimate.prediction
    margin = 0.08 * (new.central_high - new.central_low)
    low, high = min(new.central_low, 0.0) - margin, max(new.central_high, 0.0) + margin
    x = _with_limits(low, high, mu.ci_low, mu.ci_high, mu.median)
    told = _told(estimate, (mu.median, mu.ci_low, mu.ci_high))
    _draw_filled(axes, x, estimate.mu_density(x), mu.ci_low, mu.ci_high, f"Mean effect: median {told}")
    told = _told(estimate, (new.median, new.ci_low, new.ci_high))
    axes.plot(x, estimate.prediction_density(x), color=palette.EXPECTED, linewidth=1.4, linestyle=(0, (6, 2)), label=f"New study: median {told}", zorder=2)
    if not estimate.prior.is_flat:
        z = (x - estimate.prior.mu_mean) / estimate.prior.mu_sd
        prior = np.exp(-0.5 * z * z) / (estimate.prior.mu_sd * math.sqrt(2 * math.pi))
        label = f"Prior of the mean: normal({estimate.prior.mu_mean:g}, {estimate.prior.mu_sd:g})"
        axes.plot(x, prior, color=palette.FAINT, linewidth=1.2, linestyle=(0, (4, 3)), label=label, zorder=2)
    axes.vlines(mu.median, 0, estimate.mu_density(mu.median), color=palette.STUDY, linewidth=1.0, zorder=2)
    axes.axvline(0.0, color=palette.INK, linewidth=0.9, zorder=1)
    axes.set_xlim(low, high)
    axes.set_xlabel(estimate.measure or "Effect", fontsize=font_pt)
    if estimate.is_ratio:
        _set_ratio_ticks(axes, low, high)
    at_left = low + 0.7 * (high - low) < 0.0
    axes.annotate(
        f"P({f'{estimate.measure} < 1' if estimate.is_ratio else 'effect < 0'}) {_told_probability(estimate.p_below)}",
        (0 if at_left else 1, 1), (0, -2), xycoords="axes fraction", textcoords="offset points", ha="left" if at_left else "right", va="top",
        fontsize=font_pt, color=palette.INK,
    )


def _set_ratio_ticks(axes, low, high):
    ticks = [tick for tick in _TICKS if low <= math.log(tick) <= high]
    every = math.ceil(len(ticks) / _MOST_TICKS)
    one = ticks.index(1.0)
    ticks = [tick for place, tick in enumerate(ticks) if (place - one) % every == 0]
    axes.set_xticks([math.log(tick) for tick in ticks], [f"{tick:g}" for tick in ticks])
