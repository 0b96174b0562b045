"""Do effects differ between subgroups? What trials say that hold both, kept apart from what a comparison of trials says.

*Within-trial evidence*: the difference between levels inside each trial, pooled over trials; free of trial-level
confounding ("deft", Fisher et al. 2017, BMJ 356:j573). *Across-trial evidence*: how the trials' overall effects go with
their share of a level; as open to confounding as any meta-regression. With weights ``w = 1 / vi`` a trial's difference and
its mean are independent, so that the usual test between subgroups is a mixture of the two, by their information
(Fisher et al. 2011, J Clin Epidemiol 64:949): the function `subgroup_contrasts` takes it apart.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.estimate import PooledEstimate
from metaanalysis.linear import fit_linear, weighted_coefficients
from metaanalysis.models import normal_test
from metaanalysis.plain import plain
from metaanalysis.pooling import check_studies, pool
from metaanalysis.presets import model_settings

_LEAST_TRIALS_ACROSS = 3
_LEAST_TRIALS_WITHIN = 2
_OPTIONS = ("tau2", "ci", "level", "prediction", "tau2_ci")


@dataclass(frozen=True)
class AcrossTrial:
    """The across-trial difference: slope of the trials' effects on their share of a level.

    Attributes
    ----------
    k : int
        Trials, also those of a single level.
    fixed, random : dict
        ``estimate, se, ci_low, ci_high, p``; `random` is None below 3 trials.
    """

    k: int
    fixed: dict
    random: dict | None


@dataclass(frozen=True)
class SubgroupContrast:
    """One level against the reference.

    Attributes
    ----------
    level, reference : str
    within : PooledEstimate or None
        The pooled interaction, level minus reference (on the log scale: the logarithm of a ratio of ratios); None where no
        trial holds both.
    across : AcrossTrial or None
        None where all trials have the same share of the level.
    """

    level: str
    reference: str
    within: PooledEstimate | None
    across: AcrossTrial | None

    def to_dict(self):
        """Plain numbers and strings, each estimate with its kind of evidence."""
        within, across = self.within, self.across
        return plain({
            "level": self.level,
            "reference": self.reference,
            "within": within and {"evidence": "within-trial", "k": within.k, "fixed": within.fixed.to_dict(), "random": within.random.to_dict()},
            "across": across and {"evidence": "across-trial", "k": across.k, "fixed": across.fixed, "random": across.random},
        })


@dataclass(frozen=True)
class FloatingEffect:
    """The effect in one level that agrees with the within-trial differences.

    Attributes
    ----------
    level : str
    estimate, se, ci_low, ci_high : float
    """

    level: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class SubgroupComparison:
    """Subgroups compared, within trials first.

    Attributes
    ----------
    measure : str
    reference : str
    contrasts : tuple of SubgroupContrast
        One per level but the reference.
    q, df, p : float
        Common-effect test of all within-trial differences at once; NaN where trials do not connect all levels.
    floating : tuple of FloatingEffect
        Common-effect subgroup effects; empty where trials do not connect all levels.
    """

    measure: str
    reference: str
    contrasts: tuple
    q: float
    df: int
    p: float
    floating: tuple

    def to_dict(self):
        """Plain numbers, strings and lists, ready for JSON."""
        return {
            "measure": self.measure,
            "reference": self.reference,
            "contrasts": [contrast.to_dict() for contrast in self.contrasts],
            "within_test": plain({"evidence": "within-trial", "q": self.q, "df": self.df, "p": self.p}),
            "floating": [vars(effect) for effect in self.floating],
        }


@dataclass(frozen=True)
class _Rows:
    """Rows of trials and levels, by number, beside their effects and information."""

    yi: np.ndarray
    vi: np.ndarray
    trial: np.ndarray
    level: np.ndarray
    trials: tuple
    levels: tuple

    def table(self):
        """Effects and variances by trial and level, shape (trials, levels); NaN where a trial lacks a level."""
        effect = np.full((len(self.trials), len(self.levels)), np.nan)
        variance = effect.copy()
        effect[self.trial, self.level], variance[self.trial, self.level] = self.yi, self.vi
        return effect, variance


def _read_rows(yi, vi, study, subgroup, reference):
    yi, vi, study = check_studies(yi, vi, study)
    labels = [str(label) for label in subgroup]
    if len(labels) != len(yi):
        raise MetaAnalysisError(f"subgroup holds {len(labels)} values for {len(yi)} rows; expected as many: give one per row.")
    levels = list(dict.fromkeys(labels))
    if len(levels) < 2:
        raise MetaAnalysisError(f"All rows are of the subgroup {levels[0]!r}; a comparison needs at least two.")
    if reference is not None and str(reference) not in levels:
        raise MetaAnalysisError(f"The reference is {reference!r}; expected one of {', '.join(levels)}.")
    first = str(reference) if reference is not None else levels[0]
    levels = [first, *(level for level in levels if level != first)]
    trials = list(dict.fromkeys(study))
    pairs = list(zip(study, labels, strict=True))
    if len(set(pairs)) < len(pairs):
        twice = next(pair for pair in pairs if pairs.count(pair) > 1)
        raise MetaAnalysisError(f"{twice[0]} has two rows of the subgroup {twice[1]!r}; expected one: pool them first or name the trials apart.")
    return _Rows(yi, vi, np.array([trials.index(name) for name in study]), np.array([levels.index(label) for label in labels]), tuple(trials), tuple(levels))


def _summary(estimate, se, low, high, p):
    return {name: float(value) for name, value in zip(("estimate", "se", "ci_low", "ci_high", "p"), (estimate, se, low, high, p), strict=True)}


def _across(effect, variance, settings):
    """Slope of trial means on the share of information in the second column; `effect` and `variance` of shape (trials, 2)."""
    information = np.where(np.isfinite(effect), 1 / variance, 0.0)
    held = information.sum(axis=1) > 0
    information, effect = information[held], np.nan_to_num(effect[held])
    total = information.sum(axis=1)
    mean, share = np.sum(information * effect, axis=1) / total, information[:, 1] / total
    if len(mean) < 2 or np.ptp(share) < 1e-9:
        return None
    design = np.column_stack([np.ones_like(share), share])
    coefficients, covariance, _ = weighted_coefficients(mean, total, design)
    se = covariance[1, 1] ** 0.5
    low, high, _, p = normal_test(coefficients[1], se, settings.level)
    fixed, random = _summary(coefficients[1], se, low, high, p), None
    if len(mean) >= _LEAST_TRIALS_ACROSS:
        fit = fit_linear(mean, 1 / total, design, settings)
        at = fit.predict(np.array([0.0, 1.0]))
        random = _summary(at.estimate, at.se, at.ci_low, at.ci_high, fit.test(float(at.estimate), float(at.se))[1])
    return AcrossTrial(len(mean), fixed, random)


def _contrast(rows, column, reported, measure, settings):
    effect, variance = (values[:, [0, column]] for values in rows.table())
    both = np.isfinite(effect).all(axis=1)
    names = [rows.trials[row] for row in np.flatnonzero(both)]
    told = [entry for entry in reported if str(entry["level"]) == rows.levels[column]]
    difference = [*(effect[both, 1] - effect[both, 0]), *(entry["yi"] for entry in told)]
    uncertainty = [*variance[both].sum(axis=1), *(entry["vi"] for entry in told)]
    within = None
    if difference:
        options = {name: getattr(settings, name) for name in _OPTIONS}
        within = pool(difference, uncertainty, study=names + [str(entry["study"]) for entry in told], measure=measure, **options)
    return SubgroupContrast(rows.levels[column], rows.levels[0], within, _across(effect, variance, settings))


def _joint_differences(rows, reported):
    """Within-trial differences of all levels at once and their covariance, common effect; None where not all connect.

    Weighted least squares with an effect of each trial, which is swept out.
    """
    n_levels = len(rows.levels)
    effect, variance = rows.table()
    information = np.where(np.isfinite(effect), 1 / variance, 0.0)
    effect = np.nan_to_num(effect)
    total = information.sum(axis=1)
    normal = np.diag(information.sum(axis=0)) - (information / total[:, None]).T @ information
    mean = np.sum(information * effect, axis=1) / total
    right = np.sum(information * (effect - mean[:, None]), axis=0)
    for entry in reported:
        column = rows.levels.index(str(entry["level"]))
        ends = np.zeros(n_levels)
        ends[[0, column]] = -1, 1
        normal += np.outer(ends, ends) / entry["vi"]
        right += ends * entry["yi"] / entry["vi"]
    normal, right = normal[1:, 1:], right[1:]
    scale = np.sqrt(np.diagonal(normal))
    if (scale <= 0).any() or np.linalg.matrix_rank(normal / np.outer(scale, scale), tol=1e-9) < n_levels - 1:
        return None
    covariance = np.linalg.inv(normal)
    return covariance @ right, covariance


def _floating(rows, differences, covariance, level):
    """Subgroup effects with the within-trial differences, around the overall mean of all rows."""
    information = 1 / rows.vi
    total = information.sum()
    share = np.bincount(rows.level, weights=information, minlength=len(rows.levels)) / total
    contrast = np.eye(len(rows.levels)) - share
    estimate = information.dot(rows.yi) / total + contrast[:, 1:] @ differences
    spread = 1 / total + np.einsum("ij,jk,ik->i", contrast[:, 1:], covariance, contrast[:, 1:])
    for name, value, se in zip(rows.levels, estimate, np.sqrt(spread), strict=True):
        low, high, _, _ = normal_test(value, se, level)
        yield FloatingEffect(name, float(value), float(se), float(low), float(high))


def _check_reported(reported, levels):
    for entry in reported:
        if str(entry["level"]) not in levels[1:]:
            raise MetaAnalysisError(f"An interaction of {entry['study']} is of the level {entry['level']!r}; expected one of {', '.join(levels[1:])}, each against {levels[0]}.")
        if not entry["vi"] > 0 or not np.isfinite(entry["yi"]):
            raise MetaAnalysisError(f"The interaction of {entry['study']} has yi = {entry['yi']:g} and vi = {entry['vi']:g}; expected a finite one with a positive variance.")


def subgroup_contrasts(yi, vi, *, study, subgroup, reference=None, reported=(), measure="", preset=None, **options):
    """Compare subgroups of patients, within trials and across them.

    Parameters
    ----------
    yi, vi : array_like, shape (n,)
        Effects and variances, one row per trial and level; a trial may hold one level or several. Levels of one trial are
        different patients, so that their effects are independent.
    study, subgroup : sequence of str
        The trial and the level of each row.
    reference : str, optional
        The first level seen by default.
    reported : sequence of mapping
        Interactions that trials print directly: ``study, level, yi, vi``, level minus reference.
    measure : str
        Of the effects.
    preset : str, optional
    **options
        As in `metaanalysis.pool`, for the pooled interactions.

    Returns
    -------
    SubgroupComparison
        With floating subgroup effects (Godolphin et al. 2023, Res Synth Methods 14:68): the common-effect differences
        within trials, set around the common-effect mean of all rows, which is independent of them.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> comparison = subgroup_contrasts(
    ...     [-0.5, -0.1, -0.6, -0.3, -0.4], [0.04, 0.05, 0.06, 0.04, 0.03],
    ...     study=["A", "A", "B", "B", "C"], subgroup=["HBV", "HCV", "HBV", "HCV", "HBV"], ci="wald")
    >>> within = comparison.contrasts[0].within
    >>> within.k, round(within.fixed.estimate, 3)
    (2, 0.353)
    """
    settings = model_settings(preset, **options)
    rows = _read_rows(yi, vi, study, subgroup, reference)
    reported = list(reported)
    _check_reported(reported, rows.levels)
    contrasts = tuple(_contrast(rows, column, reported, measure, settings) for column in range(1, len(rows.levels)))
    df, joint = len(rows.levels) - 1, _joint_differences(rows, reported)
    if joint is None:
        return SubgroupComparison(measure, rows.levels[0], contrasts, np.nan, df, np.nan, ())
    differences, covariance = joint
    q = float(differences @ np.linalg.solve(covariance, differences))
    return SubgroupComparison(
        measure, rows.levels[0], contrasts, q, df, float(chdtrc(df, q)), tuple(_floating(rows, differences, covariance, settings.level)),
    )


def contrasts_of(pooled):
    """Compare the subgroups of a pooled estimate whose trials have rows in several of them.

    Parameters
    ----------
    pooled : PooledEstimate

    Returns
    -------
    SubgroupComparison or None
        None where fewer than 2 trials do, or a trial has two rows in one subgroup.
    """
    label = {row: group.name for group in pooled.subgroups for row in group.index}
    pairs = [(pooled.study[row], label[row]) for row in sorted(label)]
    studies = [study for study, _ in set(pairs)]
    n_shared = sum(studies.count(study) > 1 for study in set(studies))
    if n_shared < _LEAST_TRIALS_WITHIN or len(set(pairs)) < len(pairs):
        return None
    options = {name: getattr(pooled.settings, name) for name in _OPTIONS}
    return subgroup_contrasts(
        pooled.yi, pooled.vi, study=[study for study, _ in pairs], subgroup=[name for _, name in pairs], measure=pooled.measure, **options,
    )
