"""Counts of patients in tables: percentages, sums over arms and rows, parts and wholes.

A printed percentage belongs to a count of n where 100 count / n, rounded to the printed digits, is that percentage (the granularity
test of Brown and Heathers 2017, Soc Psychol Personal Sci 8:363, for counts).

Examples
--------
>>> from ipdrecon.audit.numbers import read_share
>>> share = read_share("5/107 (3.4%)")
>>> round(Range.exactly(5 / 107).gap(share.percent.range), 4)
0.0122
"""

from collections import defaultdict

from ipdrecon.audit import labels
from ipdrecon.audit.findings import found, graded
from ipdrecon.audit.ranges import Range

POINTS = {"doubt": 0.0015, "contradiction": 0.005}
"""Beyond rounding, as a share: less than 0.15 points is truncation or careless rounding."""


def percentage_and_count(paper):
    """A percentage is its count divided by the patients."""
    for said in paper.of("events", "n"):
        n = paper.size(said) if said.quantity == "events" else said.n
        if said.percent is None or not n:
            continue
        gap = Range.exactly(said.value.value / n).gap(said.percent.range)
        if gap > 0:
            other = _fitting_size(paper, said)
            share = f"{100 * said.value.value / n:.4g} %"
            fits = f" It fits {said.value.text} of {other:.0f}, the number of another row." if other else ""
            message = f"{said.value.text} of {n:.0f} is {share}; {said.percent.text} is printed, {100 * gap:.2g} points apart beyond rounding.{fits}"
            severity = "note" if other else graded(gap, **POINTS)
            values = {"count": said.value.value, "n": n, "percent": 100 * said.percent.value, "computed": 100 * said.value.value / n, "apart": 100 * gap, "apart_in": "points"}
            yield found("percentage_and_count", severity, [said], values, message)


def _fitting_size(paper, said):
    """Give another number of patients printed for the arm with which count and percentage fit."""
    sizes = {one.value.value for one in paper.of("n") if one.arm_key == said.arm_key and one.patients == said.patients}
    return next((n for n in sorted(sizes) if n and Range.exactly(said.value.value / n).gap(said.percent.range) == 0), None)


def count_within_patients(paper):
    """No more patients have an event than there are."""
    for said in paper.of("events"):
        n = paper.size(said)
        if n is not None and said.value.range.low > n:
            message = f"{said.value.text} patients with an event are printed among {n:.0f}."
            yield found("count_within_patients", "contradiction", [said], {"events": said.value.value, "n": n, "apart": said.value.value - n, "apart_in": "patients"}, message)


def _tables(paper):
    """Give counts by analysis, quantity, time and source: one row of a table each."""
    rows = defaultdict(list)
    for quantity in ("n", "events", "occurrences"):
        for group, statements in paper.groups(quantity).items():
            for said in statements:
                rows[group, quantity, said.time, said.source].append(said)
    return rows


def arms_and_total(paper):
    """The arms add up to the total."""
    rows = _tables(paper)
    width = defaultdict(set)
    for said in paper.of("n", "events", "occurrences"):
        width[said.patients] |= {said.arm_key} - {labels.EVERYBODY, ""}
    for row in rows.values():
        totals = [one for one in row if one.arm_key == labels.EVERYBODY]
        arms = {one.arm_key: one for one in row if one.arm_key not in (labels.EVERYBODY, "")}
        if not totals or len(arms) < 2 or set(arms) != width[row[0].patients]:
            continue
        total = sum(one.value.value for one in arms.values())
        apart = abs(total - totals[0].value.value)
        if apart > 0:
            added = " + ".join(one.value.text for one in arms.values())
            message = f"{added} is {total:.0f}; the total is printed as {totals[0].value.text}."
            values = {one.arm: one.value.value for one in arms.values()} | {"total": totals[0].value.value, "apart": apart, "apart_in": "events" if row[0].quantity == "occurrences" else "patients"}
            yield found("arms_and_total", "contradiction", [*arms.values(), totals[0]], values, message)


def _parts(paper, quantity):
    """Give the rows of tables by whole, arm, population and source, with their totals and the number of patients."""
    columns = defaultdict(lambda: {"parts": [], "totals": [], "sizes": []})
    for said in paper.of(quantity, "n"):
        column = columns[said.whole, labels.gloss(said.endpoint), said.arm_key, said.patients, said.source]
        if said.is_table_total:
            column["totals"].append(said)
        elif said.part:
            column["parts"].append(said)
        elif said.quantity == "n":
            column["sizes"].append(said)
    return {key: column for key, column in columns.items() if len(column["parts"]) > 1}


def rows_and_total(paper):
    """A column of events adds up to its total; patients, who may be in several rows, are between the largest row and the sum."""
    for quantity in ("occurrences", "events"):
        for column in _parts(paper, quantity).values():
            for total in column["totals"]:
                if total.quantity == quantity:
                    yield from _column_finding(column["parts"], total)


def _column_finding(parts, total):
    counts = [one.value.value for one in parts]
    added, largest, printed = sum(counts), max(counts), total.value.value
    apart = abs(printed - added) if total.quantity == "occurrences" else max(largest - printed, printed - added, 0)
    values = {"total": printed, "sum": added, "rows": float(len(parts)), "apart": apart, "apart_in": "events" if total.quantity == "occurrences" else "patients"}
    if apart > 0:
        noun = "events" if total.quantity == "occurrences" else "patients"
        message = f"The {len(parts)} rows add up to {added:.0f} {noun}; the total is printed as {total.value.text}."
        yield found("rows_and_total", "contradiction", [total, parts[0], parts[-1]], values, message)


def levels_and_patients(paper):
    """Exclusive levels, as of sex or stage, add up to the patients of their column."""
    columns = {key: column for key, column in _parts(paper, "events").items() if column["sizes"]}
    for key, column in columns.items():
        size, added = column["sizes"][0], sum(one.value.value for one in column["parts"])
        apart = abs(added - size.value.value)
        if apart == 0:
            continue
        siblings = [other for other_key, other in columns.items() if other_key[0] == key[0] and other_key[4] == key[4]]
        adds_up = any(sum(one.value.value for one in other["parts"]) == other["sizes"][0].value.value for other in siblings)
        said = " In another column of the table they do add up." if adds_up else " Patients may be in several levels, or levels be of other patients."
        if not adds_up and not column["parts"][0].exclusive:
            continue
        severity = "contradiction" if adds_up else "doubt"
        message = f"The {len(column['parts'])} levels add up to {added:.0f}; {size.value.text} patients are printed.{said}"
        values = {"sum": added, "n": size.value.value, "apart": apart, "apart_in": "patients"}
        yield found("levels_and_patients", severity, [size, column["parts"][0], column["parts"][-1]], values, message)


def part_within_whole(paper):
    """No more patients have one kind of event than have any of them."""
    wholes = defaultdict(list)
    for one in paper.of("events"):
        if not one.part and not one.is_table_total:
            wholes[one.words, labels.gloss(one.endpoint), one.patients, one.arm_key].append(one)
    for part in (one for one in paper.of("events") if one.part):
        for whole in wholes[part.whole, labels.gloss(part.endpoint), part.patients, part.arm_key]:
            if part.value.value > whole.value.value:
                message = f"{part.value.text} patients had {part.endpoint}, but {whole.value.text} had {whole.endpoint}."
                values = {"part": part.value.value, "whole": whole.value.value, "apart": part.value.value - whole.value.value, "apart_in": "patients"}
                yield found("part_within_whole", "contradiction", [part, whole], values, message)


def patients_within_events(paper):
    """A patient with an event has had at least one, so there are no more patients than events."""
    events = paper.groups("occurrences")
    for group, patients in paper.groups("events").items():
        for one in patients:
            for number in events.get(group, ()):
                more = one.value.value - number.value.value
                if number.source == one.source and number.arm_key == one.arm_key and more > 0 and number.is_table_total == one.is_table_total:
                    message = f"{one.value.text} patients had {one.endpoint}, and {number.value.text} such events are printed."
                    values = {"patients": one.value.value, "events": number.value.value, "apart": more, "apart_in": "patients"}
                    yield found("patients_within_events", "contradiction", [one, number], values, message)
