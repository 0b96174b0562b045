"""One quantity printed twice with different values.

Two statements are of one quantity where endpoint, population, adjustment, arms and time are the same. Values agree where their ranges
touch: 81 % and 81.2 % do, 0.61 and 0.64 do not.

Examples
--------
>>> from ipdrecon.audit.numbers import read_number
>>> from ipdrecon.audit.statements import Paper, Statement
>>> said = [Statement("hr", "PFS", arm="Drug", value=read_number(text), source=where) for text, where in (("0.61", "abstract"), ("0.64", "results"))]
>>> [one.severity for one in printed_twice(Paper(said))]
['contradiction']
"""

from collections import defaultdict
from itertools import combinations

from ipdrecon.audit import labels
from ipdrecon.audit.findings import found, graded
from ipdrecon.audit.ranges import Range

QUANTITIES = ("hr", "or", "rr", "median", "survival", "events", "occurrences", "n", "n_risk", "logrank_p")
_PARTS = (("value", ""), ("ci_low", "lower limit "), ("ci_high", "upper limit "), ("p", "p "))


def _copies(paper):
    """Give statements of one quantity, the first of each distinct wording."""
    rows = defaultdict(list)
    for quantity in QUANTITIES:
        for group, statements in paper.groups(quantity).items():
            for said in statements:
                rows[group, quantity, said.arm_key, labels.arm_key(said.reference) if said.reference else "", said.time].append(said)
    return rows.values()


def _apart(one, two):
    """Give the parts of two statements that differ: name and distance beyond rounding."""
    found_apart = {}
    for name, _ in _PARTS:
        first, second = getattr(one, name), getattr(two, name)
        if first is None or second is None:
            continue
        gap = first.range.gap(second.range)
        if gap > 0:
            found_apart[name] = gap
    return found_apart


def printed_twice(paper):
    """A quantity that is printed in two places has one value."""
    for copies in _copies(paper):
        first = copies[0]
        for other in copies[1:]:
            apart = _apart(first, other)
            if apart:
                yield _finding(paper, first, other, apart)


def _finding(paper, first, other, apart):
    told = "; ".join(f"{word}{getattr(first, name).text} and {getattr(other, name).text}" for name, word in _PARTS if name in apart)
    values = {}
    for name in apart:
        values |= {f"{name}_1": getattr(first, name).value, f"{name}_2": getattr(other, name).value}
    values |= _size_of(first.quantity, apart)
    severity, more = ("contradiction", "") if "value" in apart or len(apart) > 1 else ("doubt", "")
    if first.quantity == "events" and first.is_table_total != other.is_table_total:
        severity, more = "doubt", " A total of rows counts a patient once for each row, and is then no number of patients."
    if first.quantity == "events" and apart.keys() == {"p"}:
        severity, more = "note", " They may be of different tests."
    return found("printed_twice", severity, [first, other], values, f"{first.about} is printed twice: {told}.{more}")


def _size_of(quantity, apart):
    """Give how far values are apart, survival in points of a hundred, and in what."""
    name = next(iter(apart))
    if quantity == "survival" and name != "p":
        return {"apart": 100 * apart[name], "apart_in": "points"}
    unit = {"events": "patients", "n": "patients", "n_risk": "patients", "occurrences": "events"}.get(quantity, "") if name == "value" else ""
    return {"apart": apart[name], "apart_in": unit or ("in p" if name == "p" or quantity == "logrank_p" else "")}


def percentages_twice(paper):
    """A share of patients that is printed in two places is one share.

    Where a level may be named alone or with others (`alcohol`, `alcohol + metabolic`), every share from alone to all that name it
    is allowed.
    """
    rows = defaultdict(list)
    for one in paper.statements:
        if one.quantity in ("events", "n") and _share(paper, one) is not None:
            rows[paper.group_of(one), one.arm_key, one.time, one.quantity].append(one)
    for row in rows.values():
        for one, two in combinations(row, 2):
            if one.source != two.source and (one.value is None or two.value is None):
                yield from _shares_finding(paper, one, two)


def _share(paper, said):
    """Give the range of a printed or computed share; None where neither is there."""
    if said.percent is not None:
        return said.percent.range
    n = paper.size(said)
    return Range.exactly(said.value.value / n) if n and said.value is not None else None


def _shares_finding(paper, one, two):
    alone, said = (one, two) if two.value is None else (two, one)
    allowed = _share(paper, alone)
    with_others = [other for other in paper.of("events") if alone.part and alone.part < other.part and other.whole == alone.whole and other.arm_key == alone.arm_key and other.source == alone.source]
    n = paper.size(alone)
    if with_others and n and alone.value is not None:
        most = (alone.value.value + sum(other.value.value for other in with_others)) / n
        allowed = Range(allowed.low, max(allowed.high, most))
    gap = allowed.gap(said.percent.range)
    if gap > 0:
        upto = f" alone, {100 * allowed.high:.3g} % with {len(with_others)} levels that name it too" if with_others else ""
        count = f"{alone.value.text} of {n:.0f} = " if alone.value is not None and n else ""
        message = f"{said.about}: {said.percent.text} in one place; {count}{100 * _share(paper, alone).middle:.3g} %{upto} in another, {100 * gap:.2g} points apart beyond rounding."
        values = {"percent_1": 100 * said.percent.value, "percent_2": 100 * _share(paper, alone).middle, "percent_2_most": 100 * allowed.high, "apart": 100 * gap, "apart_in": "points"}
        yield found("percentages_twice", _grade_of_shares(said, gap), [said, alone, *with_others], values, message)


def _grade_of_shares(said, gap):
    """Whole tens are often rounded to tens, and then no contradiction within 5 points."""
    tens = said.percent.value * 100 % 10 == 0 and "." not in said.percent.text
    if tens and gap < 0.05:
        return "note"
    return graded(gap, doubt=0.0, contradiction=0.005)
