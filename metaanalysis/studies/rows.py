"""One row of a table of studies: which of its numbers are complete, and the effect they give."""

import math

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.studies.columns import COUNTS, DERIVED, NUMERIC
from metaanalysis.studies.events import event_effects
from metaanalysis.studies.printed import is_missing, parse_interval, parse_number
from metaanalysis.studies.route_effect import RouteEffect, choose_route
from metaanalysis.studies.routes import from_o_minus_e, interval_se
from metaanalysis.studies.row_routes import derived_effects

KINDS = ("reported", "derived", "reconstructed", "ipd", "summary")
"""What kind of number a row holds, as its `source` says."""

EXPECTED = "yi with sei or vi; hr, rr or or with ci_low and ci_high; events_1, n_1, events_2, n_2; or o_minus_e and v"
OFF_CENTRE = 0.1
"""How far an estimate may lie from the middle of its interval on the analysis scale, in widths of the interval."""

FAR, UNLIKE = 0.5, 1.25
"""From which distance, in standard errors, and which factor of these, other routes of a row are noted."""

_YES, _NO = {"true", "1", "1.0", "yes", "y"}, {"", "false", "0", "0.0", "no", "n"}


class Row:
    """One row of the table: its numbers, and how to complain about it.

    Parameters
    ----------
    number : int
        From 1.
    cells : dict
        By column.
    """

    def __init__(self, number, cells):
        self.cells = cells
        self.study = str(cells.get("study", "")).strip() or f"study {number}"
        self.place = f"Row {number} ({self.study})"
        self.numbers = {name: self._number(name) for name in NUMERIC if name in cells and name not in ("hr", "rr", "or", "rd")}

    def _number(self, name):
        try:
            text = self.cells[name]
            if name == "ci_level" and isinstance(text, str):
                text = text.replace("%", "")
            return parse_number(text, whole=name in COUNTS)
        except MetaAnalysisError as error:
            raise MetaAnalysisError(f"{self.place}: {name} is {self.cells[name]!r}; expected a number such as 0.72 or 0,72: mend the cell.") from error

    def get(self, name):
        """Give the number in column `name`, NaN where empty."""
        return self.numbers.get(name, math.nan)

    def has(self, *names):
        """Whether all of `names` are filled."""
        return all(not math.isnan(self.get(name)) for name in names)

    def error(self, message):
        """Make an error that begins with the row's place."""
        return MetaAnalysisError(f"{self.place}: {message}")

    def ratio(self, name):
        """``(estimate, low, high, level)`` of a ratio column, its interval from the same cell or from ci_low, ci_high."""
        try:
            estimate, low, high, level = parse_interval(self.cells.get(name))
        except MetaAnalysisError as error:
            raise self.error(f"{name} is {self.cells[name]!r}; expected one number, or 0.72 (0.58-0.89): mend the cell.") from error
        if math.isnan(low):
            low, high = self.get("ci_low"), self.get("ci_high")
        if self.has("ci_level"):
            level = self.get("ci_level")
            level = level / 100 if level >= 1 else level
        return estimate, low, high, 0.95 if math.isnan(level) else level


def read_row(row, measure, zero_cells):
    """Read the effect of a row.

    Parameters
    ----------
    row : Row
    measure : {"HR", "RR", "OR", "RD", ""}
    zero_cells : str
        As in `metaanalysis.event_effects`.

    Returns
    -------
    dict
        ``study, yi, vi, sei, source, read_note, route, other_routes``.

    Raises
    ------
    MetaAnalysisError
        Naming the row.
    """
    found = next((found for read in _PRINTED if (found := read(row, measure, zero_cells)) is not None), None)
    if found is not None and not math.isnan(found[0]):
        if not 0 < found[1] < math.inf:
            raise row.error(f"its variance is {found[1]:g}; expected a positive number: check the standard error.")
        if math.isinf(found[0]):
            raise row.error(f"its effect is {found[0]:g}; expected a finite number: check it.")
    effects, complaints = derived_effects(row, measure)
    if found is None:
        if not effects:
            raise row.error(complaints[0]) if complaints else _missing(row, measure)
        chosen = choose_route(effects)
        found = chosen.yi, chosen.vi, "derived", " ".join(chosen.assumptions), chosen.route
        effects = chosen.alternatives
    yi, vi, source, note, route = found
    given = str(row.cells.get("source", "")).strip().casefold()
    source = "summary" if _is_summary(row) else given if given in KINDS else source
    notes = [note] * bool(note) + _differing(yi, vi, effects)
    return {
        "study": row.study, "yi": yi, "vi": vi, "sei": math.sqrt(vi), "source": source, "read_note": "; ".join(notes), "route": route,
        "other_routes": "; ".join(f"{other.route}: {other.yi:.4g} (SE {other.sei:.4g})" for other in effects),
    }


def _differing(yi, vi, others):
    """Say of routes that give something else."""
    if not others or math.isnan(yi):
        return []
    own = RouteEffect(yi, math.sqrt(vi), "yi+se", "as printed", alternatives=tuple(others))
    if own.yi_spread <= FAR and own.sei_spread <= UNLIKE:
        return []
    names = ", ".join(other.route for other in others)
    return [f"other routes ({names}) differ by up to {own.yi_spread:.2g} standard errors, and their standard errors by a factor of up to {own.sei_spread:.3g}"]


def _squared(sei):
    """A standard error's variance: infinite where it is too large, which is told, while a power raises."""
    return sei * sei


def _from_effect(row, measure, zero_cells):
    if not row.has("yi"):
        return None
    if row.has("sei"):
        variance = _squared(row.get("sei"))
    elif row.has("vi"):
        variance = row.get("vi")
    else:
        return None
    return row.get("yi"), variance, "reported", "", "yi+se"


def _from_ratio(row, measure, zero_cells):
    estimate, low, high, level = row.ratio(measure.lower()) if measure else (math.nan,) * 4
    if math.isnan(estimate):
        return None
    scale = (lambda value: value) if measure == "RD" else math.log
    if measure != "RD" and estimate <= 0:
        raise row.error(f"{measure} is {estimate:g}; a ratio is positive: if it is a logarithm, name the column yi.")
    if row.has("sei") and math.isnan(low):
        return scale(estimate), _squared(row.get("sei")), "reported", "", f"{measure.lower()}+se"
    if math.isnan(low) or math.isnan(high):
        return None
    if not low < high or not low <= estimate <= high or (measure != "RD" and low <= 0):
        raise row.error(f"{measure} is {estimate:g} with the interval {low:g} to {high:g}; expected the estimate between two rising limits: check them against the paper.")
    if not 0.5 <= level < 1:
        raise row.error(f"ci_level is {row.cells.get('ci_level')!r}; expected a percentage such as 95.")
    width = scale(high) - scale(low)
    centre = (scale(high) + scale(low)) / 2
    notes = [] if level == 0.95 else [f"{100 * level:g} % interval"]
    if abs(scale(estimate) - centre) > OFF_CENTRE * width:
        notes.append(f"the estimate {estimate:g} is not in the middle of {low:g} to {high:g}")
    return scale(estimate), _squared(interval_se(scale(low), scale(high), level)), "reported", "; ".join(notes), f"{measure.lower()}+ci"


def _from_log_rank(row, measure, zero_cells):
    if measure not in ("HR", "OR") or not row.has("o_minus_e", "v"):
        return None
    try:
        effect = from_o_minus_e(row.get("o_minus_e"), row.get("v"))
    except MetaAnalysisError as error:
        raise row.error(str(error)) from error
    return effect.yi, effect.vi, "derived", "one-step estimate from O - E and V", effect.route


def _from_events(row, measure, zero_cells):
    if measure not in ("RR", "OR", "RD") or not row.has(*COUNTS):
        return None
    counts = [row.get(name) for name in COUNTS]
    if 0 < counts[0] < 1 and 0 < counts[2] < 1:
        raise row.error(f"the events are {counts[0]:g} and {counts[2]:g}; expected counts, and these are shares: multiply them by the patients.")
    try:
        (yi,), (vi,) = event_effects(*([count] for count in counts), measure=measure, zero_cells=zero_cells)
    except MetaAnalysisError as error:
        seen = f"{counts[0]:g} of {counts[1]:g} and {counts[2]:g} of {counts[3]:g}"
        raise row.error(f"the events are {seen}; expected no fewer than 0 and no more than the patients: check them.") from error
    return float(yi), float(vi), "derived", _events_note(counts, math.isnan(yi), zero_cells), "events"


def _events_note(counts, tells_nothing, zero_cells):
    zero = 0 in (counts[0], counts[2]) or counts[0] == counts[1] or counts[2] == counts[3]
    one_arm = zero and not (counts[0] == counts[2] == 0 or counts[0] == counts[1] and counts[2] == counts[3])
    if tells_nothing:
        return "no effect without a correction: a cell is zero" if one_arm else "no information on a ratio: no events in either arm, or events in every patient of both"
    if zero_cells == "all":
        return "0.5 added to each cell"
    if not zero or zero_cells == "none":
        return ""
    return "0.5 added to each cell: one is zero" if zero_cells == "tables" else "the share of the arm in all patients added to its cells: one is zero"


_PRINTED = (_from_effect, _from_ratio, _from_log_rank, _from_events)


def _missing(row, measure):
    """Make the error for a row no column set of which is complete."""
    filled = [name for name in (*NUMERIC, *DERIVED, "ipd") if not is_missing(row.cells.get(name))]
    seen = ", ".join(filled) or "no number"
    if "ipd" in filled:
        return row.error(f"seen ipd ({row.cells['ipd']}), which holds patients; expected an effect: run `ipdrecon pool`, which estimates it first.")
    if row.has(*COUNTS) and measure == "HR":
        return row.error(f"seen {seen}; events without times give no hazard ratio: add hr with its interval, or choose the measure RR, OR or RD.")
    others = [name for name in ("hr", "rr", "or", "rd") if name in filled and name != measure.lower()]
    if others:
        return row.error(f"seen {seen}, but the measure is {measure or 'not named'}; expected one measure in all rows: choose the measure, or leave the row out.")
    return row.error(f"seen {seen}; expected {EXPECTED}: fill in what is missing.")


def _is_summary(row):
    text = str(row.cells.get("summary", "")).strip().casefold()
    if text in _YES:
        return True
    if text in _NO or is_missing(row.cells.get("summary")):
        return False
    raise row.error(f"summary is {row.cells['summary']!r}; expected true or false.")
