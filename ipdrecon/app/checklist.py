"""What a reader needs to judge each rebuilt figure: the checklist of the reconstruction, filled from what was done."""

from ipdrecon.app import sentences
from ipdrecon.app.report_table import text_table


def checklist_table(result):
    """Make the checklist of the reconstruction.

    No reporting guideline for rebuilt patients is known; the items are those that methodological papers ask for (Guyot et al.
    2012, BMC Med Res Methodol 12:9; Tierney et al. 2007, Trials 8:16).

    Parameters
    ----------
    result : ReviewResult

    Returns
    -------
    ReportTable or None
        None where no figure was read.
    """
    records = [{"figure": figure.entry.file, "item": item, "told": told} for figure in result.figures() for item, told in _items(figure, result)]
    return text_table(
        "reconstruction-checklist", "Checklist of the reconstruction", records, {"figure": "Figure", "item": "Item", "told": "What was done"}, wide=("told",),
        lead="No reporting guideline for rebuilt patients was found; these are the items that papers on the method ask for.",
    )


def _items(figure, result):
    read, panel = figure.digitisation, figure.digitisation.panels[0]
    yield "Source of the figure", f"{figure.trial.citation or figure.trial.doi or figure.trial.name}{': a facsimile, not the published figure' if figure.entry.facsimile else ''}"
    yield "Format and size", f"{panel.way}, {read.size[0]} × {read.size[1]} px; one px is {sentences.decimals(100 * panel.calibration.survival_per_px)} points of survival"
    yield "Read by", f"ipdrecon {read.version}, {'no edits by hand' if not read.edits else sentences.counted(len(read.edits), 'edit') + ' by hand'}"
    yield "Residual of the scale", f"{sentences.decimals(panel.calibration.residual_px)} px at the worst tick"
    yield "Points by arm", "; ".join(f"{curve.arm} {len(curve.time)}" for curve in panel.curves)
    yield "Numbers at risk", _at_risk(figure, panel)
    yield "Total events", _events(figure)
    yield "Method", "; ".join(dict.fromkeys(f"{arm.method}, from {arm.information}" for arm in figure.arms))
    yield "Checks against the paper", _checks(figure)
    yield "Left out", "nothing" if len(panel.curves) == len(figure.arms) else f"{len(panel.curves) - len(figure.arms)} of {len(panel.curves)} curves"
    yield "Uncertainty", f"{result.review.draws} data sets drawn by arm, seed {result.review.seed}" if any(arm.draws for arm in figure.arms) else "of sampling alone: no data sets were drawn"
    yield "Data and code", f"{figure.folder.as_posix()}: curves.csv, at_risk.csv, ipd.csv, and figure.json with the hash of the input"


def _at_risk(figure, panel):
    if figure.entry.at_risk:
        return f"given in {figure.entry.at_risk}"
    return "none printed" if panel.at_risk is None else f"read from the figure at {sentences.counted(len(panel.at_risk.time), 'time')}"


def _events(figure):
    given = [f"{arm.label} {arm.events}" for arm in figure.trial.arm if arm.events is not None]
    rebuilt = "; ".join(f"{arm.arm} {int(arm.event.sum())}" for arm in figure.arms)
    return f"printed: {'; '.join(given)}" if given else f"not printed; rebuilt {rebuilt}"


def _checks(figure):
    if figure.agreement is None:
        return "nothing printed to check against"
    verdicts = [row.verdict for row in figure.agreement.rows]
    return f"{len(verdicts)} printed numbers: {verdicts.count('agrees')} agree, {verdicts.count('differs')} differ"
