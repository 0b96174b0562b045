"""The routes a row of a table of studies allows beside its printed effect, and why a route it nearly allows does not go.

Columns: ``hr`` with ``p`` (and ``p_sides``); ``hr`` or ``logrank_p`` with ``events_1, events_2`` or ``events`` (with
``n_1, n_2`` or ``allocation``), the direction of a p from ``favours``, else from the ratio, the medians or the survival
printed; ``o_1, e_1, o_2, e_2``; ``median_1, median_2`` with events or patients; ``survival_1, survival_2`` with patients
or ``at_risk_1, at_risk_2``. Several times stand in one cell, parted by semicolons, then with ``at_risk_1, at_risk_2`` or
with ``survival_time`` and ``follow_up``.

Examples
--------
>>> import pandas as pd
>>> from metaanalysis import read_studies
>>> table = pd.DataFrame({"study": ["A"], "logrank_p": ["0.075"], "favours": ["treatment"], "events_1": [229], "events_2": [256]})
>>> read_studies(table)[["yi", "sei", "route"]].round(3).values.tolist()
[[-0.162, 0.091, 'logrank-p+events-per-arm']]
"""

import math
import re
from dataclasses import replace

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.studies.printed import is_missing, parse_allocation, parse_interval, parse_number, parse_p
from metaanalysis.studies.routes import FAVOURS, from_hr_events, from_logrank_p, from_observed_expected, from_p
from metaanalysis.studies.survival_routes import (
    from_medians,
    from_survival,
    from_survival_follow_up,
    from_survival_times,
)

_FAVOURS_WORDS = {
    "treatment": ("treatment", "1", "experimental", "intervention", "research"),
    "reference": ("reference", "2", "control", "comparator"),
}


def derived_effects(row, measure):
    """Try every derived route of a row.

    Parameters
    ----------
    row : Row
    measure : str

    Returns
    -------
    effects : list of RouteEffect
    complaints : list of str
        Of routes whose numbers are there, but do not do.
    """
    routes = _ROUTES if measure == "HR" else (_ratio_and_p,) if measure in ("RR", "OR") else ()
    effects, complaints = [], []
    for route in routes:
        try:
            effect = route(row, measure)
        except MetaAnalysisError as error:
            complaints.append(str(error))
        else:
            effects += [effect] if effect is not None else []
    return effects, complaints


def _text(row, name):
    value = row.cells.get(name)
    return "" if is_missing(value) else str(value).strip()


def _value(row, name, *, whole=False):
    """Give the number in a cell, or None where it is empty."""
    if is_missing(row.cells.get(name)):
        return None
    try:
        return parse_number(row.cells[name], whole=whole)
    except MetaAnalysisError as error:
        raise MetaAnalysisError(f"{name} is {row.cells[name]!r}; expected a number such as 0.72 or 0,72: mend the cell.") from error


def _values(row, name, *, share=False):
    """Give the numbers in a cell, parted by semicolons; shares above 1, and those with a percent sign, are percentages."""
    numbers = []
    for text in filter(None, (part.strip() for part in _text(row, name).split(";"))):
        percent = share and text.endswith("%")
        try:
            number = parse_number(text.rstrip("% ") if percent else text, whole=not share)
        except MetaAnalysisError as error:
            raise MetaAnalysisError(f"{name} is {row.cells[name]!r}; expected numbers, parted by semicolons: mend the cell.") from error
        numbers.append(number / 100 if percent or share and number > 1 else number)
    return numbers


def _events(row):
    """Give what the row says of events, for `log_rank_variance`; None where it says nothing."""
    found = {name: _value(row, name, whole=True) for name in ("events_1", "events_2", "events", "n_1", "n_2")}
    given = {name: value for name, value in found.items() if value is not None}
    if not {"events_1", "events_2"} <= set(given) and "events" not in given:
        return None
    if _text(row, "allocation"):
        given["allocation"] = parse_allocation(row.cells["allocation"])
    return given


def _ratio(row, measure):
    ratio = parse_interval(row.cells.get(measure.lower()))[0]
    return None if math.isnan(ratio) else ratio


def _sides(row):
    return int(_value(row, "p_sides") or 2)


def _ratio_and_p(row, measure):
    ratio = _ratio(row, measure)
    if ratio is None or not _text(row, "p"):
        return None
    return from_p(ratio, parse_p(row.cells["p"]), sides=_sides(row))


def _ratio_and_events(row, measure):
    ratio, events = _ratio(row, measure), _events(row)
    return None if ratio is None or events is None else from_hr_events(ratio, **events)


def _observed_expected(row, measure):
    numbers = [_value(row, name) for name in ("o_1", "e_1", "o_2", "e_2")]
    return None if None in numbers else from_observed_expected(*numbers)


def _log_rank_p(row, measure):
    if not _text(row, "logrank_p"):
        return None
    p = parse_p(row.cells["logrank_p"])
    events = _events(row)
    if events is None:
        raise MetaAnalysisError("logrank_p alone does not tell the standard error; expected events_1 and events_2, or events with n_1 and n_2: add them.")
    favours, why = _direction(row, measure)
    effect = from_logrank_p(p, favours=favours, sides=_sides(row), **events)
    return effect if not why else replace(effect, assumptions=(*effect.assumptions, f"The direction is that of the {why}."))


def _direction(row, measure):
    """Give the arm that did better and, where it is not said outright, by which numbers."""
    text = _text(row, "favours")
    if text:
        named = {_text(row, side).casefold(): side for side in FAVOURS if _text(row, side)}
        known = named | {word: side for side, words in _FAVOURS_WORDS.items() for word in words}
        if text.casefold().removesuffix(".0") not in known:
            raise MetaAnalysisError(f"favours is {text!r}; expected treatment or reference, the arm with the lower hazard: mend the cell.")
        return known[text.casefold().removesuffix(".0")], ""
    ratio = _ratio(row, measure)
    pairs = {
        "ratio printed": (1, ratio) if ratio is not None else (),
        "medians": (_value(row, "median_1"), _value(row, "median_2")),
        "survival printed": tuple((_values(row, f"survival_{arm}", share=True) or [None])[-1] for arm in (1, 2)),
    }
    for why, pair in pairs.items():
        if pair and None not in pair and not any(map(math.isnan, pair)) and pair[0] != pair[1]:
            return FAVOURS[0 if pair[0] > pair[1] else 1], why
    raise MetaAnalysisError("logrank_p alone does not say which arm did better; expected treatment or reference in a column favours (the arm with the lower hazard), or medians or survival of both arms: add it.")


def _medians(row, measure):
    medians = [_value(row, name) for name in ("median_1", "median_2")]
    if None in medians or any(map(math.isnan, medians)):
        return None
    numbers = {name: _value(row, name, whole=True) for name in ("events_1", "events_2", "n_1", "n_2")}
    return from_medians(*medians, **numbers)


def _survival(row, measure):
    survival = [_values(row, f"survival_{arm}", share=True) for arm in (1, 2)]
    if not all(survival):
        return None
    at_risk = [_values(row, f"at_risk_{arm}") for arm in (1, 2)]
    n = [_value(row, name, whole=True) for name in ("n_1", "n_2")]
    if max(map(len, survival)) == 1:
        first_at_risk = [(numbers or [None])[0] for numbers in at_risk]
        return from_survival(*(values[0] for values in survival), n_1=n[0], n_2=n[1], at_risk_1=first_at_risk[0], at_risk_2=first_at_risk[1])
    if None in n:
        raise MetaAnalysisError("survival_1 and survival_2 hold several times; expected n_1 and n_2 too: add them.")
    curves = [[1.0, *values] for values in survival]
    if all(at_risk):
        return from_survival_times(*curves, *([start, *numbers] for start, numbers in zip(n, at_risk, strict=True)))
    limits = [parse_number(part) for part in re.split(r"\s*(?:-|–|to|;)\s*", _text(row, "follow_up")) if part]
    time = [0.0, *_values(row, "survival_time")]
    if len(limits) != 2 or len({len(time), *map(len, curves)}) > 1:
        raise MetaAnalysisError("survival_1 and survival_2 hold several times; expected at_risk_1 and at_risk_2, or survival_time and follow_up (shortest to longest), with as many numbers: add them, or give the rebuilt patients in ipd.")
    return from_survival_follow_up(time, *curves, n=n, follow_up=limits)


_ROUTES = (_ratio_and_p, _ratio_and_events, _observed_expected, _log_rank_p, _medians, _survival)
