"""The pooled estimate: what comes out of a meta-analysis, and how it is told."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from metaanalysis.measures import as_read, is_ratio
from metaanalysis.models import FixedEffect, ModelSettings, RandomEffects
from metaanalysis.plain import plain
from metaanalysis.read_only import hold_read_only
from metaanalysis.robustness.filling import trim_fill
from metaanalysis.robustness.refits import leave_one_out
from metaanalysis.robustness.small_studies import SMALL_STUDY_MINIMUM, egger
from metaanalysis.spread import Heterogeneity
from metaanalysis.subgroups import STUDIES_FOR_OWN_TAU2, Subgroup, SubgroupTest, common_test, difference_test

_AS_GOOD_AS_0 = 1e-12
_AS_GOOD_AS_1 = 1 - 1e-6  # Paule and Mandel's tau2 makes the Hartung-Knapp factor 1 but for rounding


@dataclass(frozen=True, repr=False)
class PooledEstimate:
    """Studies pooled under both models; `estimate` and its kin are the random-effects result.

    Attributes
    ----------
    measure : str
        ``"HR"``, ``"RR"``, ``"OR"`` (all on the log scale), ``"RD"``, or empty; ``"HR, RR"`` where rows differ.
    study : tuple of str
    yi, vi : ndarray, shape (k,)
    source : tuple of str
        Where each number is from: ``reported``, ``derived``, ``reconstructed``, ``ipd``, ``summary`` or empty.
    settings : ModelSettings
    fixed : FixedEffect
    random : RandomEffects
    heterogeneity : Heterogeneity
    subgroups : tuple of Subgroup
        Empty where none were asked for.
    counts : ndarray, shape (k, 4), or None
        Events and patients of both arms, where pooled from them.
    excluded : tuple of (str, str)
        Studies that carry no information on the measure, and why.
    measures : tuple of str
        The measure of each row where they differ; then the overall results are NaN and the weights are those inside the
        subgroups. Empty where there is one measure.

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
    >>> pooled
    <PooledEstimate: HR 0.78 [95 % CI 0.47 to 1.31], REML, hk-adhoc, k = 3, tau² = 0.0065, I² = 14 %>
    >>> pooled.to_frame()[["study", "weight_random"]].round(1).values.tolist()
    [['A', 30.9], ['B', 54.2], ['C', 14.9]]
    >>> [result.omitted for result in pooled.leave_one_out]
    ['A', 'B', 'C']
    """

    measure: str
    study: tuple
    yi: np.ndarray = field(repr=False)
    vi: np.ndarray = field(repr=False)
    source: tuple = field(repr=False)
    settings: ModelSettings
    fixed: FixedEffect
    random: RandomEffects
    heterogeneity: Heterogeneity
    subgroups: tuple[Subgroup, ...] = field(default=(), repr=False)
    counts: np.ndarray | None = field(default=None, repr=False)
    excluded: tuple = ()
    measures: tuple = ()

    def __post_init__(self):
        hold_read_only(self, "yi", "vi", "counts")

    def __repr__(self):
        return f"<PooledEstimate: {self}>"

    def __str__(self):
        if self.is_mixed:
            return f"{self.measure}, k = {self.k}: no total over different measures"
        centre, low, high = as_read((self.estimate, self.ci_low, self.ci_high), ratio=self.is_ratio)
        return (
            f"{self.measure or 'effect'} {centre:.2f} [{100 * self.settings.level:g} % CI {low:.2f} to {high:.2f}], {self.method}, "
            f"k = {self.k}, tau² = {self.tau2:.4f}, I² = {self.i2:.0f} %"
        )

    @property
    def k(self):
        """Number of studies pooled."""
        return len(self.yi)

    @property
    def estimate(self):
        """Random-effects estimate."""
        return self.random.estimate

    @property
    def se(self):
        """Its standard error, of the interval method in use."""
        return self.random.se

    @property
    def ci_low(self):
        """Lower limit of its interval."""
        return self.random.ci_low

    @property
    def ci_high(self):
        """Upper limit of its interval."""
        return self.random.ci_high

    @property
    def p(self):
        """Two-sided p-value of its test against no effect."""
        return self.random.p

    @property
    def prediction_low(self):
        """Lower limit of the prediction interval; NaN below 3 studies."""
        return self.random.prediction_low

    @property
    def prediction_high(self):
        """Upper limit of the prediction interval; NaN below 3 studies."""
        return self.random.prediction_high

    @property
    def tau2(self):
        """Variance between studies; NaN for a single study."""
        return self.random.tau2

    @property
    def i2(self):
        """Share of the variance between studies, in percent, from tau2."""
        return self.heterogeneity.i2

    @property
    def q(self):
        """Cochran's Q."""
        return self.heterogeneity.q

    @property
    def weights(self):
        """Random-effects weights in percent, shape (k,)."""
        return self.random.weights

    @property
    def method(self):
        """Estimator of tau2 and kind of interval."""
        return f"{self.random.method}, {self.random.ci}"

    @property
    def is_ratio(self):
        """Whether the measure is a ratio, analysed on the log scale."""
        return is_ratio(*(self.measures or (self.measure,)))

    @property
    def is_mixed(self):
        """Whether the rows are of different measures, so that there is no total."""
        return len(set(self.measures)) > 1

    def measures_of(self, group):
        """Give the measures of a subgroup's rows, sorted; empty where none is named."""
        return tuple(sorted({self.measures[row] for row in group.index})) if self.measures else (self.measure,) * bool(self.measure)

    def _measure_told(self, group):
        return {"measure": ", ".join(self.measures_of(group))} if self.is_mixed else {}

    @cached_property
    def leave_one_out(self):
        """The result without each study, a tuple of `LeftOut`; empty below 3 studies and where measures differ."""
        return leave_one_out(self.yi, self.vi, self.study, self.settings) if self.k >= 3 and not self.is_mixed else ()

    @property
    def _shows_small_studies(self):
        return self.k >= SMALL_STUDY_MINIMUM and not self.is_mixed

    @cached_property
    def egger(self):
        """Egger's test; None below 10 studies, where measures differ or all variances are equal."""
        return egger(self.yi, self.vi) if self._shows_small_studies and np.ptp(self.vi) > 0 else None

    @cached_property
    def trim_fill(self):
        """Trim and fill; None below 10 studies and where measures differ."""
        return trim_fill(self.yi, self.vi, self.settings) if self._shows_small_studies else None

    @cached_property
    def subgroup_test(self) -> dict[str, SubgroupTest] | None:
        """Tests between subgroups under both models, ``{"fixed": SubgroupTest, "random": SubgroupTest}``, or None.

        Under random effects with the standard error of the interval in use; see `metaanalysis.subgroups`. None also
        where measures differ: subgroups would differ by their measure.
        """
        if len(self.subgroups) < 2 or self.is_mixed:
            return None
        is_common = self.settings.subgroup_tau2 == "common"
        return {
            "fixed": difference_test([group.fixed for group in self.subgroups]),
            "random": common_test(self.subgroups) if is_common else difference_test([group.random for group in self.subgroups]),
        }

    @cached_property
    def subgroup_contrasts(self):
        """Subgroups compared within trials and across them, a `SubgroupComparison`.

        None where fewer than 2 trials, by their names, have rows in several subgroups, and where measures differ.
        """
        from metaanalysis.regression.interactions import contrasts_of

        return None if self.is_mixed else contrasts_of(self)

    @property
    def notes(self):
        """What a reader should know before using the numbers, a tuple of sentences."""
        return tuple(_notes(self))

    def to_frame(self):
        """One row per study: ``study, yi, vi, sei, weight_fixed, weight_random, source``, and ``measure, subgroup`` where they differ."""
        frame = pd.DataFrame({
            "study": self.study, "yi": self.yi, "vi": self.vi, "sei": np.sqrt(self.vi),
            "weight_fixed": self.fixed.weights, "weight_random": self.random.weights, "source": self.source,
        })
        if self.measures:
            frame["measure"] = self.measures
        if self.subgroups:
            frame["subgroup"] = ""
            for group in self.subgroups:
                frame.loc[list(group.index), "subgroup"] = group.name
        return frame

    def to_dict(self):
        """As printed by ``ipdrecon pool --json``: plain numbers, strings, lists and None."""
        test = self.subgroup_test
        return plain({
            "measure": self.measure,
            "k": self.k,
            "level": self.settings.level,
            "fixed": self.fixed.to_dict(),
            "random": self.random.to_dict(),
            "heterogeneity": self.heterogeneity.to_dict(),
            "subgroups": [group.to_dict() | self._measure_told(group) for group in self.subgroups],
            "subgroup_contrasts": self.subgroup_contrasts and self.subgroup_contrasts.to_dict(),
            "subgroup_test": test and {
                "fixed": test["fixed"].to_dict(),
                "random": test["random"].to_dict() | {"tau2": self.settings.subgroup_tau2},
            },
            "studies": self.to_frame().drop(columns="vi").to_dict("records"),
            "small_study": {
                "egger": self.egger and self.egger.to_dict(),
                "trim_fill": self.trim_fill and self.trim_fill.to_dict(),
            },
            "leave_one_out": [result.to_dict() for result in self.leave_one_out],
            "excluded": [{"study": study, "why": why} for study, why in self.excluded],
            "notes": list(self.notes),
        })


def _factor(scale):
    return f"{scale:.3g}" if scale > _AS_GOOD_AS_0 else "0"


def _notes(pooled):
    random = pooled.random
    if pooled.is_mixed:
        yield f"No total: the rows are of different measures ({pooled.measure}), and one number over them has no meaning. Weights are those inside a subgroup."
    if pooled.k == 1:
        yield "A single study: nothing was pooled, the interval is its own."
    if pooled.k == 2 and random.ci != "wald" and not pooled.is_mixed:
        yield "Two studies: a Hartung-Knapp interval has 1 degree of freedom and says little; read the fixed effect beside it."
    if random.floored and random.scale < _AS_GOOD_AS_1:
        yield f"The Hartung-Knapp variance factor was {_factor(random.scale)} and was raised to 1."
    if random.ci in ("hk", "hk-iqwig") and random.scale < _AS_GOOD_AS_1 and not random.floored:
        yield f"The Hartung-Knapp variance factor is {_factor(random.scale)}: the interval is narrower than its variances allow; hk-adhoc sets a floor."
    if len(pooled.subgroups) > 1 and not pooled.is_mixed:
        yield from _notes_on_subgroups(pooled)
    if "summary" in pooled.source:
        names = ", ".join(name for name, source in zip(pooled.study, pooled.source, strict=True) if source == "summary")
        yield f"Summary rows ({names}): exact in the fixed-effect model; the variance between the trials inside them is unknown to the random-effects model."
    for study, why in pooled.excluded:
        yield f"{study} was left out: {why}."


def _notes_on_subgroups(pooled):
    if pooled.subgroup_contrasts:
        yield "Some trials have rows in several subgroups: their differences within trials come first; the test between subgroups mixes them with differences between trials."
    if pooled.settings.subgroup_tau2 == "common":
        yield "Subgroups share one Tau², the residual one of a meta-regression on them."
        return
    small = [group.name for group in pooled.subgroups if group.k < STUDIES_FOR_OWN_TAU2]
    if small:
        yield f"Each subgroup has a tau² of its own; with fewer than {STUDIES_FOR_OWN_TAU2} studies ({', '.join(small)}) it is little more than noise, and a common one may be better."
