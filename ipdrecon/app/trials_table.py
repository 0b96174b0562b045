"""The trials of a review in one table: what each is, how many patients, what is printed of it, and how it enters."""

from ipdrecon.app.report_table import text_table

_QUANTITIES = {
    "hr": "hazard ratios", "median": "medians", "survival": "survival at times", "n_risk": "numbers at risk", "logrank_p": "log-rank p", "events": "counts of events",
}
_HEADINGS = {
    "trial": "Trial", "year": "Year", "aetiology": "Aetiology", "patients": "Patients by arm", "printed": "What is printed", "enters": "How it enters", "reference": "Reference",
}


def trials_table(result):
    """Make the table of the trials; cells of what is not known are empty.

    Parameters
    ----------
    result : ReviewResult

    Returns
    -------
    ReportTable or None
        None where the review names no trial.
    """
    records = [_record(facts, result) for facts in result.trials]
    return text_table(
        "trials", "The trials", records, _HEADINGS, wide=("printed", "enters", "reference"),
        lead="What each trial is, what is printed of it where it could be read, and by which way it enters. Empty cells are not known; none is filled by guessing.",
    )


def _record(facts, result):
    entry = facts.entry
    return {
        "trial": entry.name,
        "year": entry.year or "",
        "aetiology": "" if entry.aetiology == "unknown" else entry.aetiology,
        "patients": "; ".join(f"{arm.label} {arm.n}" for arm in entry.arm if arm.n is not None),
        "printed": printed_of(facts),
        "enters": "; ".join(ways_in(facts, result)) or "no row: nothing printed that could be pooled",
        "reference": "; ".join(text for text in (entry.citation, entry.doi and f"doi:{entry.doi}", entry.registration) if text),
    }


def printed_of(facts):
    """Tell in words what kinds of numbers a trial prints, and its figures."""
    seen = {row.quantity for row in facts.printed}
    kinds = [name for quantity, name in _QUANTITIES.items() if quantity in seen]
    figures = [f"{figure.file} (facsimile)" if figure.facsimile else figure.file for figure in facts.entry.figure]
    return "; ".join([*kinds, *figures]) or ("arm sizes" if any(arm.n for arm in facts.entry.arm) else "")


def ways_in(facts, result):
    """Give by which rows a trial enters the outcomes.

    Parameters
    ----------
    facts : TrialFacts
    result : ReviewResult

    Returns
    -------
    list of str
    """
    ways, inside = {}, False
    for outcome in result.outcomes:
        for row in () if outcome.studies is None else outcome.studies.to_dict("records"):
            name = str(row["study"])
            if name == facts.name or name.startswith(f"{facts.name} ("):
                ways.setdefault(_way(row), []).append(outcome.title)
            inside = inside or bool(facts.entry.within) and name.startswith(facts.entry.within)
    told = [f"{way}: {', '.join(titles)}" for way, titles in ways.items()]
    return told + [f"only inside pooled rows of {facts.entry.within}; which of them hold it is not printed"] * inside


def _way(row):
    route = row.get("route")
    named = f" ({route})" if row["source"] == "derived" and isinstance(route, str) and route else ""
    return f"{row['source']}{named}"
