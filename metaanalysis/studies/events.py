"""Two-by-two tables: effects of single studies, and pooling by Mantel-Haenszel and Peto.

Zero cells. By default, effects of single studies get 0.5 added to all four cells of tables that hold a zero, and only of
those; `ZERO_CELLS` names the other rules. Mantel-Haenszel and Peto estimates use the tables as they are. Studies in which
no patient, or every patient, of both arms had the event tell nothing of a ratio: they are left out and named in
`PooledEstimate.excluded`.
"""

from dataclasses import dataclass

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import FixedEffect, fixed_effect, normal_test
from metaanalysis.pooling import assemble
from metaanalysis.presets import model_settings

MEASURES = ("RR", "OR", "RD")
FIXED_METHODS = ("iv", "mh", "peto")

MOST_PATIENTS, LEAST_INFORMATION = 1e9, 1e-24
ZERO_CELL = 0.5
ZERO_CELLS = ("tables", "all", "treatment-arm", "none")
"""What is added to cells: 0.5 in tables that hold a zero; 0.5 in all; the arm's share of all patients in tables that hold
a zero (the treatment arm continuity correction of Sweeting, Sutton and Lambert 2004, Stat Med 23:1351, ``1 / (R + 1)``
for treatment and ``R / (R + 1)`` for reference with R reference patients for each of treatment); nothing."""


@dataclass(frozen=True)
class _Tables:
    """Events and non-events of both arms, each of shape (k,); sums of arms and of all."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    d: np.ndarray

    @property
    def n_1(self):
        return self.a + self.b

    @property
    def n_2(self):
        return self.c + self.d

    @property
    def total(self):
        return self.a + self.b + self.c + self.d

    @property
    def is_uninformative(self):
        """No events, or nothing but events, in both arms."""
        return (self.a + self.c == 0) | (self.b + self.d == 0)

    def select(self, index):
        return _Tables(self.a[index], self.b[index], self.c[index], self.d[index])

    def corrected(self, rule):
        """With something added to the cells by one of the rules of `ZERO_CELLS`."""
        cells = np.stack([self.a, self.b, self.c, self.d])
        if rule == "none":
            return self
        which = np.True_ if rule == "all" else (cells == 0).any(axis=0)
        if rule == "treatment-arm":
            first, second = self.n_1 / self.total, self.n_2 / self.total
            return _Tables(*(cells + which * np.stack([first, first, second, second])))
        return _Tables(*(cells + ZERO_CELL * which))


def _tables(events_1, n_1, events_2, n_2):
    counts = [np.atleast_1d(np.asarray(values, float)) for values in (events_1, n_1, events_2, n_2)]
    if len({values.shape for values in counts}) > 1 or counts[0].ndim != 1 or not len(counts[0]):
        shapes = ", ".join(str(values.shape) for values in counts)
        raise MetaAnalysisError(f"Events and patients have the shapes {shapes}; expected four vectors of one length, one value per study.")
    events_1, n_1, events_2, n_2 = counts
    if max(n_1.max(), n_2.max()) > MOST_PATIENTS:
        row = int(np.argmax(np.maximum(n_1, n_2)))
        raise MetaAnalysisError(f"Row {row + 1} has {max(n_1[row], n_2[row]):g} patients in an arm; expected at most {MOST_PATIENTS:g}: mend the row.")
    fine = (events_1 >= 0) & (events_1 <= n_1) & (n_1 > 0) & (events_2 >= 0) & (events_2 <= n_2) & (n_2 > 0)
    if not fine.all():
        row = np.flatnonzero(~fine)[0]
        raise MetaAnalysisError(
            f"Row {row + 1} has {events_1[row]:g} events in {n_1[row]:g} patients and {events_2[row]:g} in {n_2[row]:g}; "
            "expected no fewer than 0 and no more than the patients: mend the row."
        )
    return _Tables(events_1, n_1 - events_1, events_2, n_2 - events_2)


def _peto_terms(tables):
    """Observed minus expected events of arm 1, and their hypergeometric variance."""
    events, others, total = tables.a + tables.c, tables.b + tables.d, tables.total
    o_minus_e = tables.a - tables.n_1 * events / total
    return o_minus_e, tables.n_1 * tables.n_2 * events * others / (total**2 * (total - 1))


def _peto_effects(tables):
    """Peto's one-step log odds ratios and variances; NaN where V is 0."""
    o_minus_e, v = _peto_terms(tables)
    v = np.where(v > LEAST_INFORMATION, v, np.nan)
    return o_minus_e / v, 1 / v


def _effects(tables, measure, zero_cells):
    """Effects and variances; NaN where a cell that is zero and stays so leaves none, or no variance."""
    cells = tables.corrected(zero_cells)
    a, b, c, d, n_1, n_2 = cells.a, cells.b, cells.c, cells.d, cells.n_1, cells.n_2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if measure == "RR":
            yi, vi = np.log(a / n_1) - np.log(c / n_2), 1 / a - 1 / n_1 + 1 / c - 1 / n_2
        elif measure == "OR":
            yi, vi = np.log(a * d) - np.log(b * c), 1 / a + 1 / b + 1 / c + 1 / d
        else:
            yi, vi = a / n_1 - c / n_2, a * b / n_1**3 + c * d / n_2**3
    told = np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
    return np.where(told, yi, np.nan), np.where(told, vi, np.nan)


def _check_choice(measure, fixed):
    if measure not in MEASURES:
        raise MetaAnalysisError(f"The measure is {measure!r}; events give one of {', '.join(MEASURES)}: choose one of them.")
    if fixed not in FIXED_METHODS:
        raise MetaAnalysisError(f"The fixed-effect method is {fixed!r}; expected one of {', '.join(FIXED_METHODS)}.")
    if fixed == "peto" and measure != "OR":
        raise MetaAnalysisError(f"Peto's method gives an odds ratio, but the measure is {measure!r}: choose OR, or the method iv or mh.")


def check_zero_cells(rule):
    """Check the name of a rule for zero cells.

    Parameters
    ----------
    rule : str

    Raises
    ------
    MetaAnalysisError
        Where it is none of `ZERO_CELLS`.
    """
    if rule not in ZERO_CELLS:
        raise MetaAnalysisError(f"The rule for zero cells is {rule!r}; expected one of {', '.join(ZERO_CELLS)}.")


def event_effects(events_1, n_1, events_2, n_2, *, measure="RR", zero_cells="tables"):
    """Effect and variance of each two-by-two table.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : array_like, shape (k,)
        Events and patients, 1 = treatment, 2 = reference.
    measure : {"RR", "OR", "RD"}
        Log risk ratio, log odds ratio, risk difference (Fleiss and Berlin 2009, Handbook of Research Synthesis, ch. 13).
    zero_cells : {"tables", "all", "treatment-arm", "none"}
        What is added to cells, by the rules of `ZERO_CELLS`.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        NaN for ratios of tables that tell nothing of them, and where a zero cell without correction leaves no effect.

    Examples
    --------
    >>> yi, vi = event_effects([5], [10], [5], [20], measure="RR")
    >>> round(float(yi[0]), 6)
    0.693147
    """
    _check_choice(measure, "iv")
    check_zero_cells(zero_cells)
    tables = _tables(events_1, n_1, events_2, n_2)
    yi, vi = _effects(tables, measure, zero_cells)
    if measure != "RD":
        yi, vi = np.where(tables.is_uninformative, np.nan, yi), np.where(tables.is_uninformative, np.nan, vi)
    return yi, vi


def _mh_odds_ratio(tables):
    """Log odds ratio, its variance and weights (Robins, Breslow and Greenland 1986, Biometrics 42:311, eq. 3)."""
    total = tables.total
    r, s = tables.a * tables.d / total, tables.b * tables.c / total
    p, q = (tables.a + tables.d) / total, (tables.b + tables.c) / total
    big_r, big_s = r.sum(), s.sum()
    variance = p.dot(r) / (2 * big_r**2) + (p.dot(s) + q.dot(r)) / (2 * big_r * big_s) + q.dot(s) / (2 * big_s**2)
    return np.log(big_r / big_s), variance, s


def _mh_risk_ratio(tables):
    """Log risk ratio, its variance and weights (Greenland and Robins 1985, Biometrics 41:55, eq. 13)."""
    total = tables.total
    r, s = tables.a * tables.n_2 / total, tables.c * tables.n_1 / total
    product = (tables.n_1 * tables.n_2 * (tables.a + tables.c) - tables.a * tables.c * total) / total**2
    return np.log(r.sum() / s.sum()), product.sum() / (r.sum() * s.sum()), s


def _mh_risk_difference(tables):
    """Risk difference, its variance and weights (Sato, Greenland and Robins 1989, Biometrics 45:1323)."""
    total = tables.total
    first, second = tables.n_1 / total, tables.n_2 / total
    weight = tables.n_1 * second
    estimate = np.sum(tables.a * second - tables.c * first) / weight.sum()
    sparse = tables.c * first**2 - tables.a * second**2 + first * second * (tables.n_2 - tables.n_1) / 2
    large = (tables.a * tables.d + tables.c * tables.b) / total / 2
    return estimate, (estimate * sparse.sum() + large.sum()) / weight.sum() ** 2, weight


_MH = {"OR": _mh_odds_ratio, "RR": _mh_risk_ratio, "RD": _mh_risk_difference}


def mantel_haenszel(tables, measure, level=0.95):
    """Mantel-Haenszel fixed effect of two-by-two tables, without any correction of zero cells.

    Parameters
    ----------
    tables : _Tables
    measure : {"RR", "OR", "RD"}
    level : float

    Returns
    -------
    FixedEffect
    """
    if measure != "RD" and (tables.a.sum() == 0 or tables.c.sum() == 0):
        raise MetaAnalysisError("One arm has no event in any study, so the Mantel-Haenszel ratio has no value: choose the method iv, or the measure RD.")
    estimate, variance, weight = _MH[measure](tables)
    estimate, se = float(estimate), float(variance) ** 0.5
    low, high, z, p = normal_test(estimate, se, level)
    total = weight.sum() if weight.sum() > 0 else np.nan
    return FixedEffect("MH", estimate, se, float(low), float(high), p, float(z), 100 * weight / total)


def peto(yi, vi, level=0.95):
    """Peto's one-step estimate (Yusuf et al. 1985, Prog Cardiovasc Dis 27:335): ``sum(O - E) / sum(V)``.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        ``(O - E) / V`` and ``1 / V``.
    level : float

    Returns
    -------
    FixedEffect
    """
    model = fixed_effect(yi, vi, level)
    return FixedEffect("Peto", model.estimate, model.se, model.ci_low, model.ci_high, model.p, model.statistic, model.weights)


def _estimator(tables, yi, vi, *, measure, fixed, level):
    """From row numbers to the fixed-effect result of the method chosen."""
    if fixed == "mh":
        return lambda index: mantel_haenszel(tables.select(index), measure, level)
    method = peto if fixed == "peto" else fixed_effect
    return lambda index: method(yi[index], vi[index], level)


def pool_events(events_1, n_1, events_2, n_2, *, measure="RR", fixed="iv", zero_cells="tables", zero_cells_pooled=False, **options):
    """Pool two-by-two tables.

    The fixed effect is by `fixed`; random effects always weigh the studies' own effects by inverse variance (Peto's
    one-step odds ratios under ``"peto"``), and Q, I2 and tau2 belong to those.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : array_like, shape (k,)
        Events and patients, 1 = treatment, 2 = reference.
    measure : {"RR", "OR", "RD"}
    fixed : {"iv", "mh", "peto"}
        Inverse variance, Mantel-Haenszel, or Peto (odds ratio only).
    zero_cells : {"tables", "all", "treatment-arm", "none"}
        What is added to cells for the effects of single studies, by the rules of `ZERO_CELLS`. With ``"none"`` studies
        without an effect are left out and named.
    zero_cells_pooled : bool
        Whether Mantel-Haenszel and Peto estimates use the corrected tables too; by default they use them as they are.
    **options
        `study`, `subgroup`, `source`, `preset`, `tau2`, `ci`, `level`, `prediction`, `tau2_ci` and `subgroup_tau2`, as in
        `metaanalysis.pool`.

    Returns
    -------
    PooledEstimate

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> pooled = pool_events([4, 6], [123, 306], [11, 29], [139, 303], measure="OR", fixed="mh")
    >>> round(pooled.fixed.estimate, 4)
    -1.4215
    """
    _check_choice(measure, fixed)
    check_zero_cells(zero_cells)
    labels = {name: options.pop(name, None) for name in ("study", "subgroup", "source")}
    settings = model_settings(**options)
    tables = _tables(events_1, n_1, events_2, n_2)
    k = len(tables.a)
    names = [str(name) for name in labels["study"]] if labels["study"] is not None else [f"study {number}" for number in range(1, k + 1)]
    if len(names) != k:
        raise MetaAnalysisError(f"study holds {len(names)} values for {k} studies; expected as many: give one per study.")
    in_pool = tables.corrected(zero_cells) if zero_cells_pooled else tables
    yi, vi = _peto_effects(in_pool) if fixed == "peto" else _effects(tables, measure, zero_cells)
    kept = np.isfinite(yi) & (np.full(k, True) if measure == "RD" else ~tables.is_uninformative)
    if not kept.any():
        raise MetaAnalysisError(f"No patient, or every patient, of both arms had the event in all {k} studies; a ratio needs some of both: choose the measure RD.")
    excluded = tuple((names[row], _why_excluded(tables, row)) for row in np.flatnonzero(~kept))
    tables, in_pool, yi, vi = tables.select(kept), in_pool.select(kept), yi[kept], vi[kept]

    def keep(labels):
        return None if labels is None else [label for label, is_kept in zip(labels, kept, strict=True) if is_kept]

    return assemble(
        yi, vi, _estimator(in_pool, yi, vi, measure=measure, fixed=fixed, level=settings.level), settings,
        study=tuple(keep(names)), subgroup=keep(labels["subgroup"]), source=keep(labels["source"]), measure=measure, excluded=excluded,
        counts=np.column_stack([tables.a, tables.n_1, tables.c, tables.n_2]),
    )


def _why_excluded(tables, row):
    if tables.a[row] + tables.c[row] == 0:
        return "no events in either arm"
    if tables.b[row] + tables.d[row] == 0:
        return "events in every patient of both arms"
    return "a cell is zero, and nothing is added to it"
