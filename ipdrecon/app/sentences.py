"""What was found, in sentences for a person."""

import math

from metaanalysis.wording import counted as counted

_SCALES = {
    "survival": "survival as a probability",
    "percent": "survival in percent",
    "incidence": "cumulative incidence",
    "incidence_percent": "cumulative incidence in percent",
}

_MOST_ELSEWHERE = 5
"""Numbers of other panels that are told one by one."""


def decimals(value, digits=2):
    """Give a number with its digits, `not reached` for infinity and `–` for what is unknown."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "not reached"
    text = f"{value:.{digits}f}"
    return f"−{text[1:]}" if text.startswith("-") and float(text) != 0 else text.lstrip("-")


def significant(value, digits=4):
    """Give a number with so many digits that tell something: a count as a count, a small p-value not as 0; else as `decimals`."""
    if value is None or not math.isfinite(value):
        return decimals(value)
    return f"{value:.{digits}g}" if abs(value) < 10**digits else decimals(value, 0)


def interval(value, low, high, digits=2):
    """Give an estimate with its interval: ``1.23 (0.83 to 1.82)``; without the interval where it is unknown."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return decimals(value, digits)
    return f"{decimals(value, digits)} ({decimals(low, digits)} to {decimals(high, digits)})"


def p_value(p):
    """Give a p-value as journals print it: ``p = 0.29``, ``p < 0.001``."""
    if p is None or math.isnan(p):
        return "p unknown"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def of_digitisation(digitisation):
    """Tell what was read from a figure, one sentence per panel."""
    for panel in digitisation.panels:
        time = panel.calibration.time
        ticks = time.tick_value
        reach = f"{ticks.min():g} to {ticks.max():g} {time.unit or '(unit not printed)'}" if len(ticks) else time.unit
        table = "no at-risk table" if panel.at_risk is None else f"numbers at risk at {counted(len(panel.at_risk.time), 'time')}"
        yield (
            f"Panel {panel.panel}: {counted(len(panel.curves), 'curve')} ({', '.join(curve.arm for curve in panel.curves)}); "
            f"time {reach}; {_SCALES[panel.calibration.scale]}; {table}; "
            f"the ticks lie within {decimals(panel.calibration.residual_px)} px of a straight scale."
        )


def standard_errors(sampling, added):
    """Give the parts of a standard error, and the share of the variance that the reconstruction adds.

    Parameters
    ----------
    sampling, added : float
        From sampling, and added by the reconstruction.

    Returns
    -------
    str
    """
    share = added**2 / (sampling**2 + added**2)
    percent = f"{100 * share:.0f}" if share >= 0.01 or added == 0 else "< 1"
    return f"{decimals(sampling, 3)} from sampling, {decimals(added, 3)} from reconstruction ({percent} % of the variance)"


def of_import(imported):
    """Tell how each file was understood, and what it holds."""
    files = (*imported.curve_files, *imported.risk_files)
    for file, arms in zip(files, imported.arms, strict=True):
        is_curve = file in imported.curve_files
        counts = [len(points.time) for points in file.points] if is_curve else [len(row.time) for row in file.rows]
        held = "; ".join(f"{counted(count, 'point' if is_curve else 'number')}{'' if is_curve else ' at risk'} of {arm}" for count, arm in zip(counts, arms, strict=True))
        totals = [row.total for row in file.rows if row.total is not None] if not is_curve else []
        events = f"; {counted(sum(totals), 'event')} in all" if totals else ""
        aside = f"; left aside: {', '.join(file.left_aside)}" if file.left_aside else ""
        yield f"{file.text.path.name} ({file.table.layout}; {file.text.encoding}; columns {', '.join(file.used)}{aside}): {held}{events}."


def of_export(exported):
    """Tell what was written, and which number stands for which arm."""
    for panel, count in exported.counts.items():
        yield f"{f'Panel {panel}: ' if len(exported.counts) > 1 else ''}{counted(count, 'patient')}."
    if exported.codes:
        yield f"Arms have numbers: {', '.join(f'{code} = {arm}' for arm, code in exported.codes.items())}."
    for path in exported.paths:
        yield f"  {path}"


def of_arms(arms):
    """Tell what was rebuilt, one sentence per arm."""
    for arm in arms:
        panel = f"panel {arm.panel}, " if any(other.panel != arm.panel for other in arms) else ""
        yield f"{panel}{arm.arm}: {counted(arm.n, 'patient')}, {counted(arm.n_event, 'event')}, from {arm.information}{_met(arm)}{_spread(arm)}."


def _met(arm):
    """How near rebuilt patients come to what was given: the curve, then each kind of number."""
    residuals = arm.residuals
    if residuals.get("curve_max") is None:
        return ""
    parts = [f"; the curve is met within {decimals(100 * residuals['curve_max'], 1)} points of survival"]
    for key, name, known in (("n_risk_max", "numbers at risk", "at-risk table"), ("n_event", "total of events", "total events")):
        if residuals.get(key) is not None and known in arm.information:
            parts.append(f"{name} {_within(residuals[key])}")
    for key, name in (("n_event_table_max", "printed events"), ("n_censored_table_max", "printed censorings")):
        if residuals.get(key):
            parts.append(f"{name} {_within(residuals[key])}")
    return ", ".join(parts) + _besides(residuals.get("printed", ()))


def _besides(entries):
    """How many of the other printed numbers were used, and how many contradict the figure."""
    n_used = sum(entry["used"] for entry in entries)
    used = f"; {counted(n_used, 'other printed number')} used" if n_used else ""
    aside = len(entries) - n_used
    return f"{used}; {counted(aside, 'printed number')} {'contradicts' if aside == 1 else 'contradict'} the figure, not used" if aside else used


def _within(difference):
    return f"within {abs(difference):g}" if difference else "exactly"


_DOUBTS = {"table_curve_conflict", "events_conflict", "printed_conflict", "n_contradicts_table", "n_assumed", "weighted_curve", "model_curve"}
"""Flags of figures that are not like those simulated."""


def of_expected(arms):
    """Tell the accuracy to expect, one sentence for all arms of which as much is known.

    Parameters
    ----------
    arms : sequence of ReconstructedArm

    Yields
    ------
    str
        Nothing for arms whose method was not simulated.
    """
    from ipdrecon.survival.information import expected_error

    alike = {}
    for arm in arms:
        expected = expected_error(arm.information, arm.n, method=arm.method)
        if expected is not None:
            alike.setdefault((expected, arm.information), []).append(arm)
    for (expected, information), members in alike.items():
        whose = "" if len(members) == len(arms) else f" ({_named(members)})"
        yield (
            f"Accuracy to expect from {information}: log hazard ratios rebuilt in simulated trials of {expected.n} patients per arm"
            f"{_about_marks(information, expected.information)} came within {_at_most(expected.median)} (median) and {_at_most(expected.p90)} "
            f"(9 of 10) of the true ones{whose}.{_doubt(members)}"
        )


def _named(arms):
    """Name arms: by their panels where there are several."""
    names = [f"{arm.arm!r}" for arm in arms] if len({arm.panel for arm in arms}) == 1 else [f"{arm.arm!r} of panel {arm.panel}" for arm in arms]
    return ", ".join(names)


def _doubt(arms):
    """Say of which arms less must be expected."""
    found = [flag.name for arm in arms for flag in arm.flags if flag.name in _DOUBTS]
    doubted = [arm for arm in arms if any(flag.name in _DOUBTS for flag in arm.flags)]
    return f" Expect less of {_named(doubted)}, flagged {', '.join(dict.fromkeys(found))}." if doubted else ""


def _about_marks(information, simulated):
    """How the simulated trials differ from a figure with censor marks."""
    if not information.endswith("censor marks"):
        return ""
    return " (each censoring with its mark)" if information == simulated else " (without censor marks)"


def _at_most(error):
    """Round an error up, to three decimals below 0.1, else to two."""
    digits = 3 if error < 0.1 else 2
    return decimals(max(math.ceil(round(error * 10**digits, 6)), 1) / 10**digits, digits)


def _spread(arm):
    """How many draws an arm has, and how much its median and events vary between them."""
    if not arm.draws:
        return ""
    from ipdrecon.app.draws import reconstruction_errors

    errors = reconstruction_errors(arm)
    parts = [f"{name} {decimals(errors[key])}" for name, key in (("median", "median"), ("restricted mean", "rmst"), ("events", "n_event")) if not math.isnan(errors[key])]
    told = f" (reconstruction error: {', '.join(parts)})" if parts else ""
    return f"; {counted(len(arm.draws), 'draw')}{told}"


def _of_arm(row):
    return f"{row.quantity} of {row.arm}" if row.arm else row.quantity


def _is_elsewhere(row):
    return row.why.startswith("there is no panel")


def of_agreement(agreement):
    """Tell how many printed numbers agree, then each that does not."""
    verdicts = [row.verdict for row in agreement.rows]
    yield (
        f"{counted(len(verdicts), 'printed number')}: {verdicts.count('agrees')} agree, {verdicts.count('differs')} differ, "
        f"{verdicts.count('cannot be judged')} cannot be judged."
    )
    n_elsewhere = sum(_is_elsewhere(row) for row in agreement.rows)
    for row in agreement.rows:
        if row.verdict != "agrees" and not (_is_elsewhere(row) and n_elsewhere > _MOST_ELSEWHERE):
            when = "" if math.isnan(row.time) else f" at {row.time:g}"
            added = "" if math.isnan(row.reconstruction_se) else f", reconstruction error {significant(row.reconstruction_se, 2)}"
            yield (
                f"  {row.verdict}: {_of_arm(row)}{when}: printed {significant(row.reported)}, "
                f"rebuilt {significant(row.reconstructed)}{added} ({row.why})"
            )
    if n_elsewhere > _MOST_ELSEWHERE:
        yield f"  cannot be judged: {n_elsewhere} numbers of panels that the figure does not have; each is in the table."
