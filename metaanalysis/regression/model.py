"""Meta-regression: effects on one or several moderators, with what they leave of the variance between studies."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.linear import LinearFit, fit_linear
from metaanalysis.models import NAN
from metaanalysis.plain import plain
from metaanalysis.pooling import check_studies
from metaanalysis.presets import model_settings
from metaanalysis.regression.moderators import Moderators, read_moderators
from metaanalysis.spread import Heterogeneity, heterogeneity
from metaanalysis.tau2 import estimate_tau2

LEAST_BEYOND_MODERATORS = 3
"""Studies must outnumber the columns of moderators by this, so that 2 degrees of freedom remain beside an intercept: with 1,
t has neither mean nor variance, and one study decides. The rule is ours; the Handbook's advice is `ADVISED_STUDIES`."""

ADVISED_STUDIES = 10
"""Studies that the Cochrane Handbook (version 6, 10.11.5.1) wants for each moderator."""


@dataclass(frozen=True)
class OmnibusTest:
    """Test of several coefficients at once.

    Attributes
    ----------
    statistic : float
        Chi-squared, or F where `df2` is finite.
    df, df2 : float
    p : float
    """

    statistic: float
    df: int
    df2: float
    p: float


@dataclass(frozen=True)
class MetaRegression:
    """A meta-regression.

    Attributes
    ----------
    measure : str
    study : tuple of str
    yi, vi : ndarray, shape (k,)
    moderators : Moderators
    fit : LinearFit
        Coefficients, covariance, tau2 with its interval, predictions.
    residual : Heterogeneity
        QE with its test, and I2 and H2 of what the moderators leave.
    total_tau2 : float
        Variance between studies without moderators, by the same estimator.
    """

    measure: str
    study: tuple
    yi: np.ndarray = field(repr=False)
    vi: np.ndarray = field(repr=False)
    moderators: Moderators
    fit: LinearFit = field(repr=False)
    residual: Heterogeneity
    total_tau2: float

    def __str__(self):
        test = self.omnibus
        kind = f"F = {test.statistic:.2f}, df = {test.df} and {test.df2:g}" if np.isfinite(test.df2) else f"Chi² = {test.statistic:.2f}, df = {test.df}"
        return (
            f"Meta-regression of {self.measure or 'effect'} on {', '.join(term.name for term in self.moderators.terms)}: k = {self.k}, {kind}, "
            f"P = {test.p:.3g}, residual tau² = {self.tau2:.4f} ({self.fit.settings.tau2}), R² = {self.r2:.0f} %"
        )

    @property
    def k(self):
        """Number of studies."""
        return len(self.yi)

    @property
    def names(self):
        """Names of the coefficients."""
        return self.moderators.names

    @property
    def tau2(self):
        """Variance between studies that the moderators leave."""
        return self.fit.tau2

    @property
    def r2(self):
        """Share of tau2 that the moderators take away, in percent, never below 0; NaN where there was none to take.

        Raudenbush 2009, Handbook of Research Synthesis, ch. 16.
        """
        return 100 * max(0.0, 1 - self.tau2 / self.total_tau2) if self.total_tau2 > 0 else NAN

    @property
    def weights(self):
        """Weights in percent, ``1 / (vi + tau2)``, shape (k,): the sizes of bubbles."""
        w = 1 / (self.vi + self.tau2)
        return 100 * w / w.sum()

    @cached_property
    def omnibus(self):
        """Test of all coefficients but the intercept, an `OmnibusTest`."""
        return self._test(range(int(self.moderators.has_intercept), len(self.names)))

    def test(self, name):
        """Test one moderator, all columns of it at once.

        Parameters
        ----------
        name : str

        Returns
        -------
        OmnibusTest
        """
        return self._test(self.moderators.term(name).columns)

    def _test(self, columns):
        statistic, df, p = self.fit.wald_test(columns)
        return OmnibusTest(statistic, df, self.fit.df, p)

    def coefficient(self, name):
        """One coefficient by its name.

        Parameters
        ----------
        name : str
            ``intercept``, a moderator, or ``moderator: level``.

        Returns
        -------
        dict
            ``name, estimate, se, ci_low, ci_high, statistic, df, p``.
        """
        if name not in self.names:
            raise MetaAnalysisError(f"There is no coefficient {name!r}; expected one of {', '.join(self.names)}.")
        return self.to_frame().set_index("name", drop=False).loc[name].to_dict()

    def to_frame(self):
        """One row per coefficient: ``name, estimate, se, ci_low, ci_high, statistic, df, p``."""
        at = self.fit.predict(np.eye(len(self.names)))
        tests = [self.fit.test(estimate, se) for estimate, se in zip(at.estimate, at.se, strict=True)]
        return pd.DataFrame({
            "name": self.names, "estimate": at.estimate, "se": at.se, "ci_low": at.ci_low, "ci_high": at.ci_high,
            "statistic": [statistic for statistic, _ in tests], "df": self.fit.df, "p": [p for _, p in tests],
        })

    def predict(self, at=None):
        """Predict effects at values of the moderators.

        Parameters
        ----------
        at : mapping, optional
            Values by moderator; numbers not named are held at their mean, categories at their reference.

        Returns
        -------
        DataFrame
            The moderators, ``estimate, se, ci_low, ci_high`` of the mean effect and ``prediction_low, prediction_high`` of
            the effect in a new study; ``attrs["prediction_rule"]`` tells how.
        """
        rows, values = self.moderators.encode(at or {})
        predicted = self.fit.predict(rows)
        columns = ("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high")
        frame = pd.DataFrame(values | {name: getattr(predicted, name) for name in columns})
        frame.attrs["prediction_rule"] = predicted.prediction_rule
        return frame

    def line(self, name, *, at=None, n=101):
        """Predict along one moderator from its smallest to its largest value, for a bubble plot.

        Parameters
        ----------
        name : str
            A moderator of numbers.
        at : mapping, optional
            Where the others are held, as for `predict`.
        n : int
            Points.

        Returns
        -------
        DataFrame
            As from `predict`.
        """
        term = self.moderators.term(name)
        if term.levels:
            raise MetaAnalysisError(f"The moderator {name} has the levels {', '.join(term.levels)} and no line; use predict() at each.")
        seen = self.moderators.design[:, term.columns[0]]
        return self.predict(dict(at or {}) | {name: np.linspace(seen.min(), seen.max(), n)})

    @property
    def notes(self):
        """What a reader should know before using the numbers, a tuple of sentences."""
        notes = ["Associations over trials, not within them: they are open to confounding and aggregation bias, whatever their p-value."]
        n_terms = len(self.moderators.terms)
        if self.k < ADVISED_STUDIES * n_terms:
            notes.append(
                f"{self.k} studies for {n_terms} moderator{'s' * (n_terms > 1)}: the Cochrane Handbook (10.11.5.1) wants 10 for each; "
                "read the permutation test beside the others."
            )
        return tuple(notes)

    def to_dict(self):
        """Plain numbers, strings and lists, ready for JSON."""
        fit, test = self.fit, self.omnibus
        return plain({
            "measure": self.measure, "k": self.k, "method": fit.settings.tau2, "ci": fit.settings.ci, "level": fit.settings.level,
            "coefficients": self.to_frame().to_dict("records"),
            "omnibus": {"statistic": test.statistic, "df": test.df, "df2": test.df2, "p": test.p},
            "residual": self.residual.to_dict(),
            "tau2": fit.tau2, "tau2_ci_low": fit.tau2_ci_low, "tau2_ci_high": fit.tau2_ci_high,
            "total_tau2": self.total_tau2, "r2": self.r2, "notes": list(self.notes),
        })


def meta_regression(yi, vi, moderators, *, study=None, reference=None, measure="", preset=None, **options):
    """Regress effects on moderators under a mixed-effects model.

    Weighted least squares with the residual tau2 of any of the seven estimators; tests are normal (``ci="wald"``), or t and F
    with k - p degrees of freedom after Knapp and Hartung (2003, Stat Med 22:2693), with their ad hoc floor by default.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects (log scale for ratios) and variances.
    moderators : mapping or DataFrame
        Values by name, one per study: numbers, or words for categories.
    study : sequence of str, optional
    reference : mapping, optional
        Reference level by category; the first one seen by default.
    measure : str
    preset : str, optional
        As in `metaanalysis.pool`.
    **options
        `intercept` (True by default); `tau2`, `ci`, `level`, `prediction` and `tau2_ci` as in `metaanalysis.pool`.

    Returns
    -------
    MetaRegression

    Raises
    ------
    MetaAnalysisError
        For too few studies, and for missing, constant or collinear moderators.

    Examples
    --------
    >>> yi, vi = [-0.9, -0.6, -0.5, -0.3, -0.1, 0.1], [0.05, 0.04, 0.02, 0.03, 0.02, 0.06]
    >>> regression = meta_regression(yi, vi, {"year": [1990, 1994, 1997, 2001, 2006, 2010]}, ci="wald")
    >>> round(regression.coefficient("year")["estimate"], 4)
    0.047
    >>> regression.predict({"year": [2000, 2005]})["estimate"].round(2).tolist()
    [-0.37, -0.13]
    """
    yi, vi, study = check_studies(yi, vi, study)
    intercept = options.pop("intercept", True)
    settings = model_settings(preset, **options)
    read = read_moderators(moderators, study, reference=reference, intercept=intercept)
    n_columns = read.design.shape[1] - intercept
    if len(yi) - n_columns < LEAST_BEYOND_MODERATORS:
        raise MetaAnalysisError(
            f"{len(yi)} studies are too few for {n_columns} moderator column{'s' * (n_columns > 1)}; expected at least "
            f"{n_columns + LEAST_BEYOND_MODERATORS}: leave moderators out, or merge levels."
        )
    fit = fit_linear(yi, vi, read.design, settings)
    limits = (fit.tau2_ci_low, fit.tau2_ci_high)
    residual = heterogeneity(yi, vi, fit.tau2, tau2_limits=limits, level=settings.level, design=read.design)
    return MetaRegression(measure, study, yi, vi, read, fit, residual, estimate_tau2(yi, vi, settings.tau2))
