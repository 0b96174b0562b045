"""Subgroups: each pooled with a tau2 of its own or with one in common, and the test between them.

*Separate*: every subgroup is a meta-analysis by itself; the test is the Q of their estimates. *Common*: one tau2, the
residual one of a meta-regression on the subgroups, so that small subgroups borrow it; estimates, intervals and the test
are those of that regression (metafor: ``rma(yi, vi, mods = ~ group)``). Separate is right where subgroups may differ in
heterogeneity and each is large enough to tell; below about 5 studies a tau2 of its own is little more than noise
(Borenstein et al. 2009, Introduction to Meta-Analysis, ch. 19).
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.linear import fit_linear
from metaanalysis.models import FixedEffect, RandomEffects
from metaanalysis.spread import Heterogeneity, heterogeneity

NAN = math.nan

STUDIES_FOR_OWN_TAU2 = 5
"""Studies below which a subgroup's own tau2 is doubtful (Borenstein et al. 2009, ch. 19)."""


@dataclass(frozen=True)
class Subgroup:
    """The pooled result of one subgroup.

    Attributes
    ----------
    name : str
    index : tuple of int
        Rows of its studies.
    fixed : FixedEffect
    random : RandomEffects
    heterogeneity : Heterogeneity
    tau2 : {"separate", "common"}
        Whether the tau2 is its own.
    """

    name: str
    index: tuple
    fixed: FixedEffect
    random: RandomEffects
    heterogeneity: Heterogeneity
    tau2: str = "separate"

    @property
    def k(self):
        """Number of studies."""
        return len(self.index)

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return {
            "name": self.name,
            "k": self.k,
            "fixed": self.fixed.to_dict(),
            "random": self.random.to_dict(),
            "heterogeneity": self.heterogeneity.to_dict(),
            "tau2": self.tau2,
        }


@dataclass(frozen=True)
class SubgroupTest:
    """Test for differences between subgroups.

    Attributes
    ----------
    q : float
        Chi-squared with `df`; where `df2` is finite, `q` over `df` is F with `df` and `df2`.
    df : int
    p : float
    df2 : float
        NaN for a chi-squared test.
    """

    q: float
    df: int
    p: float
    df2: float = NAN

    def to_dict(self):
        """As in ``ipdrecon pool --json``."""
        return asdict(self)


def difference_test(estimates):
    """Test whether independent estimates differ: their Q (Borenstein and Higgins 2013, Prev Sci 14:134).

    Parameters
    ----------
    estimates : sequence of FixedEffect or RandomEffects
        With the standard error of the interval in use.

    Returns
    -------
    SubgroupTest
        NaN where a standard error is 0.
    """
    effect = np.array([result.estimate for result in estimates])
    variance = np.array([result.se**2 for result in estimates])
    df = len(effect) - 1
    if (variance <= 0).any():
        return SubgroupTest(NAN, df, NAN)
    q = float(np.sum((effect - np.average(effect, weights=1 / variance)) ** 2 / variance))
    return SubgroupTest(q, df, float(chdtrc(df, q)))


def common_test(groups):
    """Test between subgroups of a common tau2: the omnibus test of the meta-regression on them.

    F with the residual degrees of freedom for Hartung-Knapp intervals, chi-squared for normal ones.

    Parameters
    ----------
    groups : sequence of Subgroup

    Returns
    -------
    SubgroupTest
    """
    plain = difference_test([group.random for group in groups])
    df2 = groups[0].random.df
    if math.isnan(df2) or math.isnan(plain.q):
        return plain
    return SubgroupTest(plain.q, plain.df, float(fdtrc(plain.df, df2, plain.q / plain.df)), df2)


def with_common_tau2(groups, yi, vi, settings):
    """Random effects of subgroups that share one tau2.

    Parameters
    ----------
    groups : sequence of Subgroup
        At least 2.
    yi, vi : ndarray, shape (k,)
    settings : ModelSettings

    Returns
    -------
    tuple of Subgroup

    Raises
    ------
    MetaAnalysisError
        Where every subgroup holds one study.
    """
    n_groups = len(groups)
    if len(yi) <= n_groups:
        raise MetaAnalysisError(
            f"{n_groups} subgroups hold {len(yi)} studies; a common tau2 needs a subgroup of at least 2: "
            "merge subgroups, or take separate ones."
        )
    design = np.zeros((len(yi), n_groups))
    for column, group in enumerate(groups):
        design[list(group.index), column] = 1
    fit = fit_linear(yi, vi, design, settings)
    return tuple(_with_fit(group, fit, column, yi, vi) for column, group in enumerate(groups))


def _with_fit(group, fit, column, yi, vi):
    index, settings = list(group.index), fit.settings
    at = fit.predict(np.eye(fit.design.shape[1])[column])
    if group.k >= 3:
        predicted = (float(at.prediction_low), float(at.prediction_high), f"{at.prediction_rule}, common tau2")
    else:
        predicted = (NAN, NAN, "none below 3 studies")
    statistic, p = fit.test(float(at.estimate), float(at.se))
    w = 1 / (vi[index] + fit.tau2)
    random = RandomEffects(
        settings.tau2, settings.ci, float(at.estimate), float(at.se), float(at.ci_low), float(at.ci_high), p, statistic, fit.df,
        fit.tau2, fit.tau2_ci_low, fit.tau2_ci_high, *predicted, fit.scale, 100 * w / w.sum(), fit.factor, settings.tau2_ci,
    )
    spread = heterogeneity(yi[index], vi[index], fit.tau2, tau2_limits=(fit.tau2_ci_low, fit.tau2_ci_high), level=settings.level)
    return Subgroup(group.name, group.index, group.fixed, random, spread, "common")
