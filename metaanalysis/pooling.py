"""From effects and variances to one pooled estimate, with its subgroups."""

from dataclasses import replace

import numpy as np

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.estimate import PooledEstimate
from metaanalysis.inputs import check_ratios, check_studies, labels_of
from metaanalysis.measures import is_ratio
from metaanalysis.models import NAN, NO_HETEROGENEITY, fixed_effect, no_fixed_effect, no_random_effects, random_effects
from metaanalysis.presets import model_settings
from metaanalysis.spread import heterogeneity
from metaanalysis.subgroups import Subgroup, with_common_tau2


def _measures(measure, k):
    """One name for all, and the names row by row: empty where there is one."""
    if isinstance(measure, str):
        return measure, ()
    names = labels_of(measure, k, "measure", ())
    seen = sorted(set(names))
    if len(seen) > 1 and not is_ratio(*seen):
        raise MetaAnalysisError(
            f"The rows are of the measures {', '.join(name or 'unnamed' for name in seen)}; expected one measure, or ratios only, "
            "since ratios and differences share no axis: choose the rows of one."
        )
    return ", ".join(seen), names if len(seen) > 1 else ()


def _results(yi, vi, index, settings, fixed, measures):
    """Fixed effect, random effects and heterogeneity of some rows; without an estimate where their measures differ."""
    if len({measures[row] for row in index} if measures else ()) > 1:
        nothing, why = np.full(len(index), NAN), "none: the rows are of different measures"
        return no_fixed_effect("IV", nothing), no_random_effects(settings, nothing, why), NO_HETEROGENEITY
    random = random_effects(yi[index], vi[index], settings)
    limits = (random.tau2_ci_low, random.tau2_ci_high)
    return fixed(index), random, heterogeneity(yi[index], vi[index], random.tau2, tau2_limits=limits, level=settings.level)


def _subgroups(yi, vi, labels, settings, fixed, measures):
    groups = []
    for name in dict.fromkeys(labels):
        index = np.flatnonzero(np.array([label == name for label in labels]))
        results = _results(yi, vi, index, settings, fixed, measures)
        groups.append(Subgroup(name or "not stated", tuple(index.tolist()), *results))
    if settings.subgroup_tau2 == "separate" or len(groups) < 2:
        return tuple(groups)
    if measures:
        raise MetaAnalysisError(f"The rows are of the measures {', '.join(sorted(set(measures)))}; a common tau2 needs one measure: take separate ones.")
    return with_common_tau2(groups, yi, vi, settings)


def _weights_inside(groups, k):
    """Weights in percent of each row's own subgroup, under both models; NaN where it is not pooled."""
    weights = {"fixed": np.full(k, NAN), "random": np.full(k, NAN)}
    for group in groups:
        for model, values in weights.items():
            values[list(group.index)] = getattr(group, model).weights
    return weights


def assemble(yi, vi, fixed, settings, **extra):
    """Pool checked studies with a fixed-effect method of choice.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
    fixed : callable
        From an array of row numbers to a `FixedEffect`.
    settings : ModelSettings
    **extra
        Further fields of `PooledEstimate`; `subgroup` holds one label per study or is None, `measure` one name or one
        per study.

    Returns
    -------
    PooledEstimate
    """
    k = len(yi)
    labels = labels_of(extra.pop("subgroup", None), k, "subgroup", None)
    extra["source"] = tuple(name.lower() for name in labels_of(extra.get("source"), k, "source", ("",) * k))
    extra["measure"], by_row = _measures(extra.get("measure", ""), k)
    check_ratios(yi, vi, by_row or (extra["measure"],) * k, extra["study"])
    fixed_result, random, spread = _results(yi, vi, np.arange(k), settings, fixed, by_row)
    groups = _subgroups(yi, vi, labels, settings, fixed, by_row) if labels else ()
    if by_row:
        inside = _weights_inside(groups, k)
        fixed_result, random = replace(fixed_result, weights=inside["fixed"]), replace(random, weights=inside["random"])
    return PooledEstimate(
        yi=yi, vi=vi, settings=settings, fixed=fixed_result, random=random, heterogeneity=spread, subgroups=groups, measures=by_row, **extra
    )


def pool(
    yi, vi, *, study=None, subgroup=None, measure="", source=None, preset=None, tau2=None, ci=None, level=None, prediction=None,
    tau2_ci=None, subgroup_tau2=None,
):
    """Pool effects under the fixed-effect and the random-effects model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects (log scale for ratios) and their variances.
    study : sequence of str, optional
        Names; ``study 1``, ``study 2``, ... by default.
    subgroup : sequence of str, optional
        One label per study; subgroups keep the order of their first study.
    measure : str or sequence of str
        ``"HR"``, ``"RR"``, ``"OR"``, ``"RD"`` or empty; only named in the output. One per study where they differ: then
        there is no total, and no result of a subgroup that mixes them.
    source : sequence of str, optional
        ``reported``, ``derived``, ``reconstructed``, ``ipd`` or ``summary`` for each study.
    preset : {"revman", "metafor", "meta", "iqwig", "legacy-dl"}, optional
        The settings of a program or an institute (`metaanalysis.presets`); options given besides go before it.
    tau2 : {"REML", "DL", "PM", "ML", "HE", "SJ", "EB"}, optional
        Estimator of the variance between studies; this and the following are those of the preset, else the first named.
    ci : {"hk-adhoc", "hk", "wald", "hk-iqwig"}, optional
        Hartung-Knapp with the ad hoc floor, without it, normal, or with IQWiG's floor.
    level : float, optional
        Of all intervals, 0.95.
    prediction : {"t", "riley", "normal"}, optional
        Prediction interval from t with k - 1 or k - 2 degrees of freedom, or normal.
    tau2_ci : {"QP", "BJ", "J", "PL"}, optional
        Interval of tau2 by Q-profile, generalised Q of Biggerstaff and Jackson or of Jackson, or profile likelihood.
    subgroup_tau2 : {"separate", "common"}, optional
        One tau2 per subgroup, or one for all.

    Returns
    -------
    PooledEstimate

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> pooled = pool([-0.3, -0.5, -0.1], [0.04, 0.09, 0.02], measure="HR")
    >>> round(pooled.fixed.estimate, 4)
    -0.2097
    >>> pool([-0.3, -0.5, -0.1], [0.04, 0.09, 0.02], preset="legacy-dl", ci="hk").method
    'DL, hk'
    """
    yi, vi, study = check_studies(yi, vi, study)
    settings = model_settings(
        preset, tau2=tau2, ci=ci, level=level, prediction=prediction, tau2_ci=tau2_ci, subgroup_tau2=subgroup_tau2,
    )
    return assemble(
        yi, vi, lambda index: fixed_effect(yi[index], vi[index], settings.level), settings,
        study=study, subgroup=subgroup, measure=measure, source=source,
    )
