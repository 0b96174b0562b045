"""What a relative effect comes to among 1000 patients: risks, differences and numbers needed to treat."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import pandas as pd
from scipy.special import expit, logit

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.measures import ratio_of

PER = 1000
KINDS = ("event", "event-free")
_RISK_NAMES = ("low", "moderate", "high")
_RULES = {
    "HR": lambda risk, effect: -math.expm1(ratio_of(effect) * math.log1p(-risk)),
    "RR": lambda risk, effect: risk * ratio_of(effect),
    "OR": lambda risk, effect: float(expit(logit(risk) + effect)),
    "RD": lambda risk, effect: risk + effect,
}


def treated_risk(measure, effect, risk):
    """Risk of the event under treatment, from the risk under the reference and a relative effect.

    ``1 - (1 - risk)^HR`` (Skoetz et al. 2020, J Clin Epidemiol 118:124), ``risk RR``,
    ``risk OR / (1 - risk + risk OR)``, ``risk + RD`` (Cochrane Handbook 5.1, sections 11.5.5 and 12.5.4).

    Parameters
    ----------
    measure : {"HR", "RR", "OR", "RD"}
    effect : float
        On the analysis scale: logarithm of a ratio, or a difference.
    risk : float
        Of the event under the reference, between 0 and 1.

    Returns
    -------
    float
        Above 1 or below 0 where a risk ratio or a difference is carried too far.

    Examples
    --------
    >>> round(treated_risk("HR", math.log(0.87), 0.60), 3)
    0.549
    """
    return _RULES[measure](risk, effect)


@dataclass(frozen=True)
class NumberNeeded:
    """Number needed to treat for one more patient to benefit, or to be harmed.

    The limits are those of the risk difference turned over; where that interval holds 0, the interval of the number goes
    through infinity, from a number that harms to one that benefits (Altman 1998, BMJ 317:1309).

    Attributes
    ----------
    estimate, low, high : float
        Patients; positive where one more benefits, negative where one more is harmed, infinite for no difference.
        `low` is from the least favourable limit, `high` from the most favourable.

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
    >>> print(absolute_effects(pooled, {"low": 0.1}).rows[0].needed)
    NNTB 48 (NNTH 35 to ∞ to NNTB 20)
    """

    estimate: float
    low: float
    high: float

    @property
    def passes_infinity(self):
        """Whether harm and benefit are both in the interval."""
        return self.low < 0 < self.high < math.inf

    def __str__(self):
        if self.passes_infinity:
            return f"{_number_text(self.estimate)} ({_number_text(self.low)} to ∞ to {_number_text(self.high)})"
        nearest, farthest = sorted((self.low, self.high), key=abs)
        return f"{_number_text(self.estimate)} ({_number_text(nearest)} to {_number_text(farthest)})"

    def to_dict(self):
        """Plain numbers, rounded up as `str` does; None for infinity."""
        def told(value):
            return {"direction": _direction(value), "patients": _whole(value)}

        return {
            "estimate": told(self.estimate), "low": told(self.low), "high": told(self.high),
            "passes_infinity": self.passes_infinity, "text": str(self),
        }


def _direction(number):
    return "none" if math.isinf(number) else "benefit" if number > 0 else "harm"


def _whole(number):
    """Up to the next whole patient, as is the custom (Cochrane Handbook 5.1, section 12.5.4); None for infinity."""
    return None if math.isinf(number) else math.ceil(round(abs(number), 9))


def _number_text(number):
    if math.isinf(number):
        return "∞"
    return f"NNT{'B' if number > 0 else 'H'} {_whole(number)}"


def number_needed(reduction, low, high):
    """Number needed to treat from a reduction of risk and its limits.

    Parameters
    ----------
    reduction, low, high : float
        Absolute reduction of the risk of an unwanted event, and its interval; negative where the risk rises.

    Returns
    -------
    NumberNeeded

    Examples
    --------
    >>> print(number_needed(0.10, -0.05, 0.25))
    NNTB 10 (NNTH 20 to ∞ to NNTB 4)
    """
    return NumberNeeded(*(math.inf if value == 0 else 1 / value for value in (reduction, low, high)))


@dataclass(frozen=True)
class AbsoluteEffect:
    """Absolute effect at one baseline risk; all values are probabilities of what `kind` names.

    Attributes
    ----------
    baseline : str
        Name of the baseline risk; empty where one is given without a name.
    kind : {"event", "event-free"}
        Whether the probabilities are of the event or of being free of it.
    reference, treatment, ci_low, ci_high : float
        Under the reference, and under treatment with its interval.
    difference, difference_low, difference_high : float
        Treatment less reference, with its interval.
    needed : NumberNeeded

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
    >>> row = absolute_effects(pooled, {"low": 0.1}).rows[0]
    >>> row.baseline, round(row.treatment, 3), round(row.difference, 3)
    ('low', 0.079, -0.021)
    """

    baseline: str
    kind: str
    reference: float
    treatment: float
    ci_low: float
    ci_high: float
    difference: float
    difference_low: float
    difference_high: float
    needed: NumberNeeded

    def to_dict(self):
        """Plain numbers: probabilities as they are, not yet multiplied or rounded."""
        names = ("baseline", "kind", "reference", "treatment", "ci_low", "ci_high", "difference", "difference_low", "difference_high")
        return {name: getattr(self, name) for name in names} | {"number_needed": self.needed.to_dict()}


@dataclass(frozen=True)
class AbsoluteEffects:
    """Absolute effects at one or several baseline risks, as in a summary-of-findings table.

    Attributes
    ----------
    measure : {"HR", "RR", "OR", "RD"}
    model : {"random", "fixed"}
    level : float
    kind : {"event", "event-free"}
    time : str
        ``"3 years"``, or empty.
    rows : tuple of AbsoluteEffect
    notes : tuple of str
        What a reader should know.

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
    >>> print(*absolute_effects(pooled, {"low": 0.1}, time="3 years").sentences())
    At low risk: of 1000 patients given the treatment, 79 (48 to 129) would have the event by 3 years, instead of 100: 21 fewer (52 fewer to 29 more).
    """

    measure: str
    model: str
    level: float
    kind: str
    time: str
    rows: tuple
    notes: tuple

    def to_dict(self):
        """Plain numbers and strings, ready for JSON."""
        return {
            "measure": self.measure, "model": self.model, "level": self.level, "kind": self.kind, "time": self.time, "per": PER,
            "rows": [row.to_dict() for row in self.rows], "notes": list(self.notes),
        }

    def to_frame(self):
        """One row per baseline risk: patients per 1000 in whole numbers, with the numbers needed in words."""
        return pd.DataFrame([
            {
                "baseline": row.baseline, "kind": row.kind, "time": self.time, "reference": _per(row.reference), "treatment": _per(row.treatment),
                "ci_low": _per(row.ci_low), "ci_high": _per(row.ci_high), "difference": _per(row.difference),
                "difference_low": _per(row.difference_low), "difference_high": _per(row.difference_high), "number_needed": str(row.needed),
            }
            for row in self.rows
        ])

    def sentences(self, *, treatment="the treatment", outcome=""):
        """Each absolute effect in words.

        Parameters
        ----------
        treatment : str
        outcome : str
            What happens to the patients counted, as in ``"die"``; for the kind event-free ``"be alive"``.

        Returns
        -------
        tuple of str
        """
        outcome = outcome or ("have the event" if self.kind == "event" else "be free of the event")
        when = f" {'by' if self.kind == 'event' else 'at'} {self.time}" if self.time else ""
        return tuple(_sentence(row, treatment, f"{outcome}{when}") for row in self.rows)


def _per(probability):
    return round(PER * probability)


def _more_or_fewer(difference):
    number = _per(difference)
    return f"{abs(number)} {'more' if number > 0 else 'fewer'}"


def _sentence(row, treatment, happens):
    at = f"At {row.baseline} risk: of" if row.baseline else "Of"
    difference = f"{_more_or_fewer(row.difference)} ({_more_or_fewer(row.difference_low)} to {_more_or_fewer(row.difference_high)})"
    return (
        f"{at} {PER} patients given {treatment}, {_per(row.treatment)} ({_per(row.ci_low)} to {_per(row.ci_high)}) would {happens}, "
        f"instead of {_per(row.reference)}: {difference}."
    )


def _named_risks(given, *, survival):
    """``{name: (risk, low, high)}`` of the event; the limits equal the risk where it is taken as fixed."""
    if isinstance(given, Mapping):
        named = {str(name): _checked_risk(value) for name, value in given.items()}
    else:
        values = [given] if isinstance(given, Real) else list(given)
        named = {"" if len(values) == 1 else str(number): _checked_risk(value) for number, value in enumerate(values, 1)}
    if survival:
        named = {name: _turned(*values, 1.0) for name, values in named.items()}
    if isinstance(given, Mapping) or len(named) != len(_RISK_NAMES):
        return named
    return dict(zip(_RISK_NAMES, sorted(named.values()), strict=True))


def _checked_risk(risk):
    values = (risk,) * 3 if isinstance(risk, Real) else tuple(risk)
    if len(values) != 3 or not all(isinstance(value, Real) and 0 < value < 1 for value in values) or not values[1] <= values[0] <= values[2]:
        raise MetaAnalysisError(
            f"The baseline risk or survival is {risk!r}; expected a number between 0 and 1, such as 0.3, or one with its limits, such as "
            "(0.3, 0.25, 0.36): give percentages as fractions."
        )
    return tuple(float(value) for value in values)


def _cut(risk):
    return min(max(risk, 0.0), 1.0)


def _combined(centre, effect_limits, baseline_limits):
    """Limits of a quantity with two independent sources of error, each given by the limits it makes alone.

    The distances are added in quadrature on either side (MOVER: Zou and Donner 2008, Stat Med 27:1693, eq. 3).
    """
    down = math.hypot(centre - min(effect_limits), centre - min(baseline_limits))
    up = math.hypot(max(effect_limits) - centre, max(baseline_limits) - centre)
    return centre - down, centre + up


def _event_risks(measure, effect, baseline):
    """Risk of the event under treatment and its difference from the reference, each ``(centre, low, high)``."""
    (estimate, low, high), (risk, *limits) = effect, baseline
    treated, *by_effect = (_cut(treated_risk(measure, value, risk)) for value in (estimate, low, high))
    by_baseline = [_cut(treated_risk(measure, estimate, limit)) for limit in limits]
    treated_limits = [_cut(value) for value in _combined(treated, by_effect, by_baseline)]
    changes = [value - limit for value, limit in zip(by_baseline, limits, strict=True)]
    difference_limits = _combined(treated - risk, [value - risk for value in by_effect], [treated - risk, *changes])
    return (treated, *treated_limits), (treated - risk, *(min(max(value, -1.0), 1.0) for value in difference_limits))


def _turned(centre, low, high, whole):
    """Of a probability, or of a difference (`whole` 0), what is left of the whole."""
    return whole - centre, whole - high, whole - low


def _row(name, measure, effect, baseline, *, kind, unwanted):
    treated, difference = _event_risks(measure, effect, baseline)
    reduction = _turned(*difference, 0.0) if unwanted else difference
    reference = baseline[0]
    if kind == "event-free":
        treated, difference, reference = _turned(*treated, 1.0), _turned(*difference, 0.0), 1 - reference
    return AbsoluteEffect(name, kind, reference, *treated, *difference, number_needed(*reduction))


def _notes(measure, effect, risks, *, kind, time, unwanted):
    if kind == "event":
        yield "The numbers count patients with the event."
    else:
        yield "The numbers count patients free of the event; the effect itself is of the event."
    if measure == "HR":
        yield f"From the hazard ratio by S1 = S0^HR, which takes it as constant up to {time or 'the time of the baseline risk'}."
    fixed = [name for name, (risk, low, high) in risks.items() if low == high]
    if len(fixed) == len(risks):
        yield "The baseline risk is taken as fixed: the intervals hold the uncertainty of the effect alone."
    else:
        yield "The intervals hold the uncertainty of the effect and of the baseline risk where its limits are given, combined in quadrature."
    for name, (risk, _, _) in risks.items():
        beyond = [value for value in effect if not 0 <= treated_risk(measure, value, risk) <= 1]
        if beyond:
            which = "the estimate" if effect[0] in beyond else "a limit"
            at = f" {name}" if name else ""
            yield f"At the{at} baseline risk of {risk:g} {which} of the {measure} would give a risk outside 0 to 1, which was cut there: an OR or HR does not do so."
    yield f"Numbers needed to treat are rounded up; NNTB is for one more patient to {'be spared' if unwanted else 'have'} the event, NNTH for one more to {'have' if unwanted else 'miss'} it."


def _effect_of(pooled, model):
    if model not in ("random", "fixed"):
        raise MetaAnalysisError(f"The model is {model!r}; expected \"random\" or \"fixed\".")
    if pooled.measure not in _RULES:
        raise MetaAnalysisError(f"The measure is {pooled.measure or 'not named'}; an absolute effect needs one of {', '.join(_RULES)}: name it when pooling.")
    result = getattr(pooled, model)
    return result.estimate, result.ci_low, result.ci_high


def absolute_effects(pooled, baseline_risk=None, *, baseline_survival=None, kind="event", time=None, model="random", unwanted=True):
    """Absolute effects of a pooled estimate at chosen baseline risks, as in summary-of-findings tables.

    Parameters
    ----------
    pooled : PooledEstimate
        Of an HR, RR, OR or RD *of the event*.
    baseline_risk : float, sequence or mapping of str to float
        Risk of the event under the reference, at `time`. Three values are called low, moderate and high by their size. A
        value of a mapping or of a list of lists may be ``(risk, low, high)``: then its interval, of the same level, is
        combined with that of the effect.
    baseline_survival : float, sequence or mapping of str to float, optional
        Probability of being free of the event, in place of `baseline_risk`; never both.
    kind : {"event", "event-free"}
        What is counted: patients with the event, or free of it.
    time : str, optional
        ``"3 years"``: when.
    model : {"random", "fixed"}
    unwanted : bool
        Whether the event is a bad one; False for such as response or recovery.

    Returns
    -------
    AbsoluteEffects

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([math.log(0.70)], [0.01], measure="HR")
    >>> effects = absolute_effects(pooled, 0.73, time="3 years")
    >>> effects.sentences(treatment="radiotherapy", outcome="die")[0]
    'Of 1000 patients given radiotherapy, 600 (529 to 672) would die by 3 years, instead of 730: 130 fewer (201 fewer to 58 fewer).'
    >>> effects.to_frame()["number_needed"][0]
    'NNTB 8 (NNTB 5 to NNTB 18)'
    """
    if kind not in KINDS:
        raise MetaAnalysisError(f"The kind is {kind!r}; expected one of {', '.join(KINDS)}.")
    if (baseline_risk is None) == (baseline_survival is None):
        raise MetaAnalysisError("Expected either baseline_risk or baseline_survival, and not both: give the risk of the event, or the share free of it.")
    effect = _effect_of(pooled, model)
    if baseline_risk is None:
        risks = _named_risks(baseline_survival, survival=True)
    else:
        risks = _named_risks(baseline_risk, survival=False)
    time = str(time or "")
    rows = tuple(_row(name, pooled.measure, effect, baseline, kind=kind, unwanted=unwanted) for name, baseline in risks.items())
    level = pooled.settings.level
    notes = [*_notes(pooled.measure, effect, risks, kind=kind, time=time, unwanted=unwanted), f"Intervals are of {100 * level:g} %."]
    return AbsoluteEffects(pooled.measure, model, level, kind, time, rows, tuple(notes))
