"""The findings of an audit, for a person at a terminal."""

import os

from ipdrecon.app.sentences import counted
from metaanalysis.errors import visible

_TITLES = {"contradiction": "Contradictions", "doubt": "Doubts", "note": "Notes"}
_MEANINGS = {
    "contradiction": "no data give both numbers",
    "doubt": "one is likely wrong, or a method is not what it seems",
    "note": "chance or a usual method may explain it",
}
_STYLES = {"contradiction": "bold red", "doubt": "yellow", "note": "dim"}
MOST_UNKNOWN = 4


def summary_of(audit):
    """Tell how much was audited, what was found, and what no rule knows.

    Parameters
    ----------
    audit : ipdrecon.audit.Audit

    Yields
    ------
    str
    """
    by_severity = {severity: [one for one in audit.findings if one.severity == severity] for severity in _TITLES}
    found = ", ".join(counted(len(some), severity) for severity, some in by_severity.items() if some) or "nothing contradicts anything"
    yield f"{counted(audit.n_numbers, 'printed number')} held against each other: {found}."
    if audit.not_audited:
        rows = sum(number for _, number in audit.not_audited)
        names = [name for name, _ in audit.not_audited[:MOST_UNKNOWN]]
        more = f" and {len(audit.not_audited) - MOST_UNKNOWN} more" if len(audit.not_audited) > MOST_UNKNOWN else ""
        yield f"{counted(rows, 'row')} left aside, since no rule knows {', '.join(names)}{more}."


def tables_of(audit, *, all_places=False):
    """Make a table per severity: what contradicts, where it is printed, how far apart.

    Parameters
    ----------
    audit : ipdrecon.audit.Audit
    all_places : bool
        Whether notes have their places too, and findings of many places all of them.

    Yields
    ------
    rich.table.Table
    """
    from rich.table import Table
    from rich.text import Text

    short = _shortener([place for one in audit.findings for place in one.places])
    number = 0
    for severity, title in _TITLES.items():
        findings = [one for one in audit.findings if one.severity == severity]
        if not findings:
            continue
        table = Table(title=f"{title}: {_MEANINGS[severity]}", title_justify="left", title_style=_STYLES[severity], expand=True, show_lines=severity != "note")
        table.add_column("", justify="right", no_wrap=True)
        table.add_column("What is printed", ratio=5)
        table.add_column("Where", ratio=4)
        table.add_column("Apart", ratio=1, min_width=11)
        for one in findings:
            number += 1
            told = Text.assemble((visible(subject_of(one)), "bold"), visible(one.message))
            table.add_row(str(number), told, Text(visible(_places(one, all_places, short))), Text(apart_of(one)))
        yield table


def _places(finding, all_places, short):
    places = finding.places if all_places else finding.places[:2]
    rest = len(finding.places) - len(places)
    lines = [short(place) for place in places]
    return "\n".join(lines + ([f"and {counted(rest, 'more place')}"] if rest else []))


def _parted(place):
    """Part ``file, line 4: source [about]`` into file, line and source."""
    file, _, rest = place.rpartition(" [")[0].partition(", line ")
    line, _, source = rest.partition(": ")
    return file, line, source


def _shortener(places):
    """Make a function that gives a place by line and source: with its file where there are several, without what all sources begin with."""
    files = {_parted(place)[0] for place in places}
    sources = sorted({_parted(place)[2] for place in places})
    shared = os.path.commonprefix([sources[0], sources[-1]]) if len(sources) > 1 else ""
    shared = shared[: max(shared.rfind(", ") + 2, shared.rfind(": ") + 2, 0)] if ", " in shared or ": " in shared else ""

    def short(place):
        file, line, source = _parted(place)
        return f"{f'{file}, ' if len(files) > 1 else ''}line {line}: {source.removeprefix(shared)}"

    return short


def subject_of(finding):
    """Give what the first place is about, on a line of its own; nothing where the message says so."""
    subject = finding.places[0].rpartition(" [")[2].rstrip("]")
    return "" if subject.partition(",")[0] in finding.message else f"{subject}\n"


def apart_of(finding):
    """Give how far beyond rounding a finding's numbers are apart, in two digits with the unit; nothing where that is no number."""
    apart, unit = finding.values.get("apart"), finding.values.get("apart_in", "")
    if not isinstance(apart, int | float):
        return ""
    text = f"{apart:.0f}" if apart >= 100 else f"{apart:.2g}"
    unit = unit.removesuffix("s") if text == "1" else unit
    return f"{text}{unit}" if unit.startswith("-") else f"{text} {unit}".strip()
