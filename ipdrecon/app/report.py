"""One self-contained HTML file: what was found, how sure it is, and where each number is from."""

import math
import re
from importlib.resources import files

from ipdrecon.app import sentences
from ipdrecon.app.cautions import verdict_on
from ipdrecon.app.checklist import checklist_table
from ipdrecon.app.integrity import integrity_table
from ipdrecon.app.km_plots import draw_kaplan_meier, draw_reconstruction
from ipdrecon.app.library import OVERLAY
from ipdrecon.app.plots import svg_bytes
from ipdrecon.app.report_outcomes import data_uri, found_of_outcome, outcome_part, sure_of_outcome
from ipdrecon.app.review_tables import side_by_side_table, trial_tables
from ipdrecon.app.trials_table import trials_table

_QUANTITIES = {
    "hr": "hazard ratio",
    "median": "median",
    "survival": "survival",
    "events": "events",
    "n": "patients",
    "n_risk": "at risk",
    "logrank_p": "log-rank p",
}
_LOOSE = re.compile(r"(?<=\b[pQ]) (?=[=<])|(?<=[=<]) (?=[\d−])|(?<=\d) (?=%)")
_REBUILT_BY = {
    "joint": "Patients were rebuilt by the joint method of ipdrecon: of all courses of whole patients that curve, numbers at risk, totals and censor "
    "marks allow, each weighed by its likelihood, the data set shown stands in the middle (docs/reconstruction.md of the program gives the sources).",
    "guyot": "Patients were rebuilt by the algorithm of Guyot et al. (BMC Med Res Methodol 2012;12:9).",
}
_KINDS = {"agrees": "agrees", "differs": "differs"}


def report_html(result, folder):
    """Make the report of a review.

    Parameters
    ----------
    result : ReviewResult
    folder : Path
        Where its figure folders and forest plot are.

    Returns
    -------
    str
        HTML with its pictures inside; it asks for nothing from anywhere.
    """
    from jinja2 import Environment, StrictUndefined

    from ipdrecon.app.review_run import versions

    home = files("ipdrecon.app")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_tied)
    template = environment.from_string(home.joinpath("report.html").read_text("utf-8"))
    return template.render(
        title=result.review.title,
        subtitle=_subtitle(result),
        style=_style(home),
        banners=_banners(result),
        found=list(_found(result)),
        sure=list(_sure(result)),
        cautions=result.cautions(),
        figures=[_figure_part(figure, folder) for figure in result.figures()],
        flags=_flag_rows(result.flags()),
        methods=_methods(result),
        versions=versions(),
        inputs=result.inputs,
        outcomes=[outcome_part(outcome, folder) for outcome in result.outcomes if outcome.pooled is not None],
        note=result.review.note,
        trials=trials_table(result),
        beside=side_by_side_table(result),
        papers=trial_tables(result),
        integrity=integrity_table(result),
        checklist=checklist_table(result),
    )


def _tied(value):
    """Keep what belongs together on one line: ``p = 0.29``, ``Q = 4.36``, ``95 %``."""
    return _LOOSE.sub("\u00a0", value) if type(value) is str and len(value) < 2000 else value


def _style(home):
    from markupsafe import Markup

    return Markup(home.joinpath("report.css").read_text("utf-8"))


def _flag_rows(flags):
    rows = {}
    for flag in sorted(flags, key=lambda flag: not flag.needs_review):
        row = rows.setdefault(flag.name, flag.to_dict() | {"cases": []})
        row["cases"].append({"place": flag.place, "detail": flag.detail})
    return list(rows.values())


# --- plain words -----------------------------------------------------------------------------------------------------


def _subtitle(result):
    parts = []
    if result.figures():
        parts.append(f"{sentences.counted(len(result.figures()), 'figure')} digitised and rebuilt as patients")
    pooled = [outcome.pooled for outcome in result.outcomes if outcome.pooled is not None]
    if pooled:
        over = f" in {sentences.counted(len(pooled), 'outcome')}" if len(pooled) > 1 else ""
        parts.append(f"{sentences.counted(sum(one.k for one in pooled), 'row')} set side by side{over}")
    return "; ".join(parts)


def _banners(result):
    for figure in result.figures():
        if figure.entry.facsimile:
            yield f"{figure.trial.name}, {figure.entry.file}: {figure.entry.facsimile_note or 'drawn from printed facts.'}"


def _found(result):
    for figure in result.figures():
        for comparison in figure.comparisons:
            best = comparison.reported or comparison.rebuilt
            yield comparison.sentence(figure.trial.name)
            events = "deaths" if figure.entry.endpoint.casefold() == "overall survival" else "events"
            yield f"Over 1 means more {events} with {best.treatment}; {verdict_on(*best.interval(), events=events)}."
    for outcome in result.outcomes:
        yield from found_of_outcome(outcome)


def _sure(result):
    for figure in result.figures():
        if figure.agreement is not None:
            verdicts = [row.verdict for row in figure.agreement.rows]
            yield f"{figure.trial.name}: {verdicts.count('agrees')} of {len(verdicts)} printed numbers agree with the rebuilt patients; {verdicts.count('differs')} differ."
        yield from sentences.of_expected(figure.arms)
        gaps = [arm.residuals.get("curve_max") for arm in figure.arms if arm.residuals.get("curve_max") is not None]
        if gaps:
            yield f"The rebuilt curves lie within {sentences.decimals(100 * max(gaps), 1)} points of survival of the digitised ones."
        residual = max(panel.calibration.residual_px for panel in figure.digitisation.panels)
        yield f"The ticks of {figure.entry.file} lie within {sentences.decimals(residual)} px of a straight scale."
    for outcome in result.outcomes:
        yield from sure_of_outcome(outcome)
    wanted = sum(flag.needs_review for flag in result.flags())
    yield f"{sentences.counted(wanted, 'mark')} {'asks' if wanted == 1 else 'ask'} for a person's look; all are listed below." if wanted else "No mark asks for a person's look."


# --- one figure ------------------------------------------------------------------------------------------------------


def _figure_part(figure, folder):
    panel = figure.digitisation.panels[0]
    at = panel.at_risk.time if panel.at_risk is not None else panel.calibration.time.tick_value
    unit = panel.calibration.time.unit
    curves = draw_kaplan_meier(figure.arms, at=at, unit=unit, title=figure.entry.endpoint.capitalize())
    return {
        "name": f"{figure.trial.name}{f': {figure.entry.endpoint}' if figure.entry.endpoint else ''}",
        "facts": list(_facts(figure)),
        "file": figure.entry.file,
        "facsimile": (figure.entry.facsimile_note or "drawn from printed facts") if figure.entry.facsimile else "",
        "overlay": data_uri((folder / figure.folder / OVERLAY).read_bytes(), "png"),
        "curves": data_uri(svg_bytes(curves), "svg+xml"),
        "check": data_uri(svg_bytes(draw_reconstruction(figure.digitisation, figure.arms)), "svg+xml"),
        "arm_lines": list(sentences.of_arms(figure.arms)),
        "comparisons": [_comparison_part(comparison, unit) for comparison in figure.comparisons],
        "has_draws": any(arm.draws for arm in figure.arms),
        "agreement": [] if figure.agreement is None else [_agreement_part(row, unit) for row in figure.agreement.rows],
    }


def _facts(figure):
    trial = figure.trial
    facts = {
        "Year": trial.year,
        "DOI": trial.doi,
        "Registration": trial.registration,
        "Aetiology": trial.aetiology,
        "Population": figure.entry.population,
        "Reference arm": trial.reference,
    }
    return [(name, value) for name, value in facts.items() if value]


def _comparison_part(comparison, unit):
    printed = comparison.reported
    return {
        "treatment": comparison.rebuilt.treatment,
        "reference": comparison.rebuilt.reference,
        "rebuilt": sentences.interval(comparison.rebuilt.ratio, *comparison.rebuilt.interval()),
        "errors": comparison.standard_errors(),
        "p": "" if comparison.rebuilt.logrank_p is None else sentences.p_value(comparison.rebuilt.logrank_p),
        "printed": "" if printed is None else sentences.interval(printed.ratio, *printed.interval()),
        "source": comparison.reported_source,
        "over_time": list(_over_time(comparison, unit)),
    }


def _over_time(comparison, unit):
    """What one hazard ratio does not tell: name, printed, rebuilt."""
    contrast = comparison.contrast
    yield "Proportional hazards (Grambsch and Therneau)", "", sentences.p_value(contrast.proportional_hazards_p)
    for time, ratio in zip(contrast.at.tolist(), contrast.cumulative_hazard_ratio.tolist(), strict=True):
        yield f"Ratio of cumulative hazards at {time:g} {unit}".rstrip(), sentences.decimals(comparison.printed_hazards.get(time, math.nan)), sentences.decimals(ratio)
    mean = f"Restricted mean to {contrast.horizon:.3g} {unit}".rstrip()
    yield f"{mean}, {comparison.rebuilt.treatment}", "", sentences.decimals(contrast.rmst_treatment, 1)
    yield f"{mean}, {comparison.rebuilt.reference}", "", sentences.decimals(contrast.rmst_reference, 1)
    yield "Difference of restricted means", "", sentences.interval(contrast.rmst_difference, *contrast.rmst_interval(), 1)


def _agreement_part(row, unit):
    digits = {"survival": 3, "hr": 2, "median": 1, "logrank_p": 3}.get(row.quantity, 0)
    at = "" if math.isnan(row.time) else f" at {row.time:g} {unit}".rstrip()
    return {
        "quantity": f"{_QUANTITIES.get(row.quantity, row.quantity)}{at}{f' ({unit})' if row.quantity == 'median' and unit else ''}",
        "arm": row.arm,
        "reported": sentences.interval(row.reported, *row.reported_ci, digits),
        "rebuilt": sentences.interval(row.reconstructed, *row.reconstructed_ci, digits),
        "error": sentences.decimals(row.reconstruction_se, max(digits, 1) + 1),
        "verdict": row.verdict,
        "kind": _KINDS.get(row.verdict, "unsure"),
        "why": row.why,
        "source": row.source,
    }


def _methods(result):
    arms = [arm for figure in result.figures() for arm in figure.arms]
    methods = {arm.method for arm in arms}
    parts = [sentence for method, sentence in _REBUILT_BY.items() if method in methods]
    if methods:
        parts.append("Hazard ratios are those of a Cox model with Efron's treatment of ties, unadjusted.")
    if any(arm.draws for arm in arms):
        parts.append(
            f"Patients were drawn {result.review.draws} times (seed {result.review.seed}); the variance of the log hazard ratio between draws was added to "
            "that of sampling by Rubin's rules, for the interval and for pooling. Intervals in the table of printed numbers are of sampling alone, as printed ones are."
        )
    for outcome in result.outcomes:
        if outcome.pooled is not None and outcome.entry.measure == "HR":
            named = f" ({outcome.entry.name})" if outcome.entry.name else ""
            parts.append(f"The {outcome.entry.hazard_ratio} hazard ratio was pooled{named}.")
    return " ".join(parts)
