"""Numbers printed beside curve and table, as evidence: data sets that the figure allows are weighed by how near they come.

A number q with the rounding error r of its last digit weighs a data set whose own value is x by exp(-z^2 / 2),
z = (x - q) / sqrt(r^2 / 3 + f^2), with f what reading leaves open (importance resampling; Rubin 1987, "The calculation of
posterior distributions by data augmentation: comment"). A number that no data set comes near contradicts the figure: it is
named with what the figure allows, and not used. What two arms are compared by, hazard ratio and log-rank p, is used on
demand alone, so that it can still be held against the result.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ipdrecon.flags import Flag
from ipdrecon.survival.joint.fit import fit_of, model_of
from ipdrecon.survival.kaplan_meier import CONFIDENCE_TYPES, median_survival, n_risk_at
from ipdrecon.survival.replicates import hazard_ratios, logranks, medians, survivals

OF_ARMS = ("median", "survival", "n_risk", "events")
OF_PAIRS = ("hr", "logrank_p")
_N_CANDIDATES = 240
_FAR = 4.0
_LEAST_EFFECTIVE = 8.0
_OPEN_SHARE = 0.002
"""Of the follow-up for times, of 1 for probabilities and log ratios: what reading leaves open."""


@dataclass(frozen=True)
class Statement:
    """A printed number and whom it is about.

    Attributes
    ----------
    number : ReportedNumber
    arms : tuple of int
        Places among the arms: one, or treatment and reference.
    """

    number: object
    arms: tuple


@dataclass
class _Arm:
    """One arm's candidates and what they weigh."""

    given: object
    model: object
    paths: object
    data_sets: tuple
    log_weight: np.ndarray
    entries: list
    flags: list

    @property
    def weight(self):
        return _evened(self.log_weight)


def _evened(log_weight):
    """Weights that sum to 1, made less steep until enough data sets share them."""
    log_weight = log_weight - log_weight.max()
    power = 1.0
    while True:
        weight = np.exp(power * log_weight)
        weight = weight / weight.sum()
        if 1 / np.sum(weight**2) >= _LEAST_EFFECTIVE:
            return weight
        power *= 0.7


def _candidates(given, seed):
    model = model_of(given)
    rng = np.random.default_rng(seed)
    paths = model.paths(_N_CANDIDATES, rng)
    log_weight = np.log(np.maximum(model.weight(paths, _N_CANDIDATES / 4), 1e-12))
    return _Arm(given, model, paths, model.data_sets(paths, rng), log_weight, [], [])


def _chosen(arm, rng):
    """Resample an arm's candidates by their weights, so that pairs of them can be weighed."""
    index = rng.choice(_N_CANDIDATES, _N_CANDIDATES, p=arm.weight)
    arm.paths = arm.paths.of(index)
    arm.data_sets = tuple(arm.data_sets[i] for i in index)
    arm.entries = [(entry, values[index]) for entry, values in arm.entries]
    arm.log_weight = np.zeros(_N_CANDIDATES)


def _median_limits(data_sets, printed):
    """Limits of the median of each data set, by the transformation that comes nearest to the printed limits."""
    best = None
    for conf_type in CONFIDENCE_TYPES:
        found = [median_survival(*data, conf_type=conf_type) for data in data_sets]
        limits = np.array([(one.ci_low, one.ci_high) for one in found])
        both = np.isfinite(limits).all(axis=0) & np.isfinite(printed)
        gap = np.abs(np.median(limits[:, both], axis=0) - printed[both]).sum() if both.any() else math.inf
        if best is None or gap < best[0]:
            best = gap, limits
    return best[1]


def _values_of_arm(number, data_sets, follow_up):
    """Pairs of what the data sets say and what is printed, each with its error, by name."""
    if number.quantity == "median":
        error = math.hypot(number.half_unit / math.sqrt(3), _OPEN_SHARE * follow_up)
        found = {"median": (medians(data_sets), number.value, error)}
        printed = np.array([number.ci_low, number.ci_high])
        if np.isfinite(printed).any():
            limits = _median_limits(data_sets, printed)
            wide = math.hypot(error, 2 * _OPEN_SHARE * follow_up)
            found |= {f"median_{side}": (limits[:, i], printed[i], wide) for i, side in enumerate(("ci_low", "ci_high"))}
        return found
    if number.quantity == "survival":
        error = math.hypot(number.half_unit / math.sqrt(3), _OPEN_SHARE)
        return {"survival": (survivals(data_sets, [number.time])[:, 0], number.value, error)}
    if number.quantity == "n_risk":
        return {"n_risk": (np.array([n_risk_at(time, number.time) for time, _ in data_sets], float), number.value, 0.5)}
    return {"events": (np.array([np.sum(event) for _, event in data_sets], float), number.value, 0.5)}


def _values_of_pair(number, treatment, reference):
    if number.quantity == "hr":
        yi, sei = hazard_ratios(treatment, reference)
        rounding = math.log1p(number.half_unit / number.value) / math.sqrt(3)
        found = {"log_hr": (yi, math.log(number.value), math.hypot(rounding, _OPEN_SHARE))}
        if 0 < number.ci_low < number.ci_high < math.inf:
            z = float(norm.ppf(0.975))
            rounding = math.hypot(number.half_unit / number.ci_low, number.half_unit / number.ci_high) / math.sqrt(3) / (2 * z)
            width = math.log(number.ci_high / number.ci_low) / (2 * z)
            found["log_hr_se"] = (sei, width, math.hypot(rounding, _OPEN_SHARE))
        return found
    if number.bound or not 0 < number.value < 1:
        return {}
    p = logranks(treatment, reference)[2]
    low, high = (norm.isf(min(max(number.value + side * number.half_unit, 1e-12), 1.0) / 2) for side in (1, -1))
    return {"logrank_z": (norm.isf(p / 2), float(norm.isf(number.value / 2)), math.hypot((high - low) / 2 / math.sqrt(3), 0.01))}


def _weighed(values, printed, error):
    """Log weights, or None where no data set comes near."""
    both_infinite = np.isinf(values) & math.isinf(printed)
    with np.errstate(invalid="ignore"):
        distance = np.where(both_infinite, 0.0, np.abs(values - printed) / error)
    distance = np.nan_to_num(distance, nan=1e3, posinf=1e3)
    return None if distance.min() > _FAR else -0.5 * distance**2


def _use(arms, number, name, value, where):
    """Weigh the candidates of the arms by one printed value, or say that it contradicts them; whether it was used."""
    values, printed, error = value
    log_weight = _weighed(values, printed, error)
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (math.inf, math.inf)
    entry = {
        "quantity": name, "arm": number.arm, "time": None if math.isnan(number.time) else number.time, "printed": printed,
        "allowed_low": float(low), "allowed_high": float(high), "used": log_weight is not None, "source": number.source,
    }  # fmt: skip
    for arm in arms:
        arm.entries.append((entry, values))
    if log_weight is not None:
        arms[0].log_weight = arms[0].log_weight + log_weight
    if log_weight is None:
        when = "" if math.isnan(number.time) else f" at {number.time:g}"
        detail = f"The paper says {name} {printed:.4g}{when}; the figure allows {low:.4g} to {high:.4g}. It was not used."
        arms[0].flags.append(Flag("printed_conflict", where, detail))
    return log_weight is not None


def _by_counts(arm):
    """Weigh candidates by the printed events and censorings of the table, cell by cell."""
    counts = arm.given.counts
    if counts is None:
        return
    gaps = [counts.gaps(*data, arm.given.slack) for data in arm.data_sets]
    name = "n_event" if "n_event" in gaps[0] else "n_censored"
    distance = np.nan_to_num(np.array([gap[name] for gap in gaps], float))
    reachable = np.abs(distance).min(axis=0) <= 2
    arm.log_weight = arm.log_weight - 0.5 * (distance[:, reachable] ** 2).sum(axis=1)


def _finished(arm, chosen):
    """Make the fit of an arm from its weighed candidates; what each printed number is missed by is told."""
    weight = arm.weight
    patients = arm.model.middle(arm.paths, weight)
    fit = fit_of(arm.model, arm.paths, patients, tuple(arm.data_sets[i] for i in chosen))
    entries = []
    for entry, values in arm.entries:
        finite = np.isfinite(values)
        rebuilt = float(np.average(values[finite], weights=weight[finite])) if weight[finite].sum() > 0.5 else math.inf
        entries.append(entry | {"rebuilt": rebuilt, "difference": rebuilt - entry["printed"] if entry["printed"] != rebuilt else 0.0})
    return fit, entries, tuple(arm.flags)


def fit_with_printed(givens, statements, *, use_hr=False, draws=0, seed=0):
    """Rebuild the arms of a panel from curves, tables, and what else is printed about them.

    Parameters
    ----------
    givens : sequence of Given
    statements : sequence of Statement
    use_hr : bool
        Whether hazard ratios and log-rank p may be used.
    draws : int
    seed : int or sequence of int

    Returns
    -------
    list of (Fit, list of dict, tuple of Flag)
        Per arm: the fit; for each number printed about it what it is, what the figure allows, what was rebuilt, whether it was
        used; and flags.
    """
    rng = np.random.default_rng(0)
    arms = [_candidates(given, rng.integers(2**63)) for given in givens]
    for arm in arms:
        _by_counts(arm)
    for statement in statements:
        if len(statement.arms) == 1:
            arm = arms[statement.arms[0]]
            values = _values_of_arm(statement.number, arm.data_sets, float(arm.given.curve.time[-1]))
            for name, value in values.items():
                if not math.isnan(value[1]):
                    _use((arm,), statement.number, name, value, f"arm {arm.given.arm!r}")
    pairs = [statement for statement in statements if len(statement.arms) == 2] if use_hr else []
    if pairs:
        _use_pairs(arms, pairs, rng)
    chosen = _draws_of(arms, bool(pairs), draws, np.random.default_rng(seed))
    return [_finished(arm, index) for arm, index in zip(arms, chosen, strict=True)]


def _draws_of(arms, paired, draws, rng):
    """Places of the candidates that become draws, per arm: the same places where arms were weighed together."""
    together = rng.choice(_N_CANDIDATES, draws, p=arms[0].weight) if paired else None
    return [together if paired else rng.choice(_N_CANDIDATES, draws, p=arm.weight) for arm in arms]


def _use_pairs(arms, statements, rng):
    """Weigh the arms of a panel together: candidate i of one goes with candidate i of the others from here on."""
    for arm in arms:
        _chosen(arm, rng)
    for statement in statements:
        pair, number = [arms[i] for i in statement.arms], statement.number
        where = f"{pair[0].given.arm!r} over {pair[1].given.arm!r}"
        values = _values_of_pair(number, *(arm.data_sets for arm in pair))
        used = [_use(pair, number, name, value, where) for name, value in values.items()]
        if any(used):
            for arm in pair:
                arm.flags.append(Flag("hr_is_input", f"arm {arm.given.arm!r}", f"{number.quantity} {number.value:g}, printed."))
    together = sum(arm.log_weight for arm in arms)
    for arm in arms:
        arm.log_weight = together
