"""Rebuilt patients, and what is reported of them, as the page of the workbench shows them; the numbers come from the verbs."""

import re
import tempfile
from pathlib import Path

import numpy as np

from ipdrecon.app import library, saving, workflow
from ipdrecon.app.json_files import read_record
from ipdrecon.app.workbench.desk import REPORTED
from ipdrecon.app.workbench.journal import is_own_file
from ipdrecon.app.workbench.views import points_px
from ipdrecon.errors import IpdreconError, ReconstructionError

COLUMNS = ("panel", "endpoint", "population", "quantity", "arm", "reference", "time", "value", "ci_low", "ci_high", "p", "source")
_CONTROL = re.compile(r"placebo|control|standard|usual|observ|sham|supportive|no treatment|untreated|\balone\b", re.IGNORECASE)


def arms_of(folder, *, n=None, n_event=None):
    """Read the patients rebuilt in a figure folder, or rebuild them where curves or totals have changed.

    Parameters
    ----------
    folder : str or Path
    n, n_event : dict of str to int, optional
        Totals given by hand; those of arms that are gone are left out. None where nothing was ever said of them.

    Returns
    -------
    digitisation : Digitisation
    arms : tuple of ReconstructedArm
    """
    folder, digitisation = Path(folder), library.read_digitisation(folder)
    names = {curve.arm for panel in digitisation.panels for curve in panel.curves}
    totals = {key: numbers for key, numbers in (("n", n), ("n_event", n_event)) if numbers is not None}
    given = {key: {arm: number for arm, number in numbers.items() if arm in names} for key, numbers in totals.items()}
    if _is_current(folder, given):
        return digitisation, workflow.read_arms(folder)
    try:
        return workflow.reconstruct_to_folder(folder, **given)
    except ReconstructionError as error:
        error.answer = {"needs_n": _without_n(digitisation, given.get("n", {}))}
        raise


def _without_n(digitisation, n):
    """Arms whose number of patients nothing tells, as a list."""
    kept = digitisation.settings.get("n", {}) | n
    tables = {panel.panel: panel.at_risk for panel in digitisation.panels}
    arms = [(panel.panel, curve.arm) for panel in digitisation.panels for curve in panel.curves if curve.arm not in kept]
    return [arm for panel, arm in arms if tables[panel] is None or not len(tables[panel].row(arm)[0])]


def _is_current(folder, given):
    record = read_record(folder / workflow.RECONSTRUCTION)
    known = record.get("given") if isinstance(record.get("given"), dict) else {}
    same = all((known.get(key) or {}) == numbers for key, numbers in given.items())
    return record.get("inputs") == workflow.input_digests(folder) and same and (folder / workflow.IPD).exists()


def likely_reference(names):
    """The arm that others are most likely compared with: one whose name says so, else the first.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    str

    Examples
    --------
    >>> likely_reference(["Drug", "Placebo"]), likely_reference(["TACE + CRT", "TACE"]), likely_reference(["A", "B"])
    ('Placebo', 'TACE', 'A')
    """
    names = list(names)
    said = [name for name in names if _CONTROL.search(name)]
    parts = [name for name in names if all(name == other or name.casefold() in other.casefold() for other in names)]
    return (said or parts or names)[0]


def rebuilt_view(folder, *, panel=None, treatment=None, reference=None, n=None, n_event=None):
    """Rebuild the patients of a figure folder, and show them and how two arms compare.

    Parameters
    ----------
    folder : str or Path
    panel : str, optional
        The first by default.
    treatment, reference : str, optional
        By default the likely reference, as `likely_reference` tells it, and the first of the other arms.
    n, n_event : dict of str to int, optional

    Returns
    -------
    dict
    """
    digitisation, arms = arms_of(folder, n=n, n_event=n_event)
    shown = next((one for one in digitisation.panels if one.panel == panel), digitisation.panels[0])
    own = [arm for arm in arms if arm.panel == shown.panel]
    if not own:
        raise ReconstructionError(f"No patients could be rebuilt from panel {shown.panel}.")
    names = [arm.arm for arm in own]
    reference = reference if reference in names else likely_reference([name for name in names if name != treatment] or names)
    treatment = treatment if treatment in names else next((name for name in names if name != reference), None)
    comparison, flags = _comparison(own, treatment, reference)
    view = {
        "panel": shown.panel,
        "unit": shown.calibration.time.unit,
        "information": own[0].information,
        "arms": [_arm_view(arm, shown) for arm in own],
        "comparison": comparison,
        "flags": [flag.to_dict() for flag in (*flags, *(flag for flag in digitisation.flags if flag.name == "delayed_entry"))],
        "inputs": {"n": n or {}, "n_event": n_event or {}},
    }
    return saving.plain(view)


def _arm_view(arm, panel):
    from ipdrecon.survival.information import expected_error
    from ipdrecon.survival.kaplan_meier import kaplan_meier, median_survival, n_risk_at, restricted_mean

    estimate, median = kaplan_meier(arm.time, arm.event), median_survival(arm.time, arm.event)
    end = float(arm.time.max())
    mean = restricted_mean(arm.time, arm.event, end)
    drops = np.flatnonzero(np.diff(np.append(1.0, estimate.survival)) < 0)
    time = np.concatenate([[0.0], estimate.time[drops], [end]])
    survival = np.concatenate([[1.0], estimate.survival[drops], estimate.survival[-1:]])
    at, printed = panel.at_risk.row(arm.arm) if panel.at_risk is not None else ((), ())
    return {
        "name": arm.arm,
        "n": arm.n,
        "n_event": arm.n_event,
        "information": arm.information,
        "expected_error": expected_error(arm.information, arm.n, method=arm.method),
        "km": np.column_stack([time, survival]),
        "km_px": points_px(panel.calibration, time, survival),
        "median": median.median,
        "median_ci": [median.ci_low, median.ci_high],
        "rmst": mean.rmst,
        "rmst_se": mean.se,
        "rmst_horizon": mean.tau,
        "residual_max": arm.residuals.get("curve_max"),
        "residuals": arm.residuals,
        "n_risk": {"times": at, "printed": printed, "rebuilt": n_risk_at(arm.time, at) if len(at) else []},
        "flags": [flag.to_dict() for flag in arm.flags],
    }


def _comparison(arms, treatment, reference):
    """How two arms compare, and what stands against it."""
    from ipdrecon.survival import estimate_hazard_ratio
    from ipdrecon.survival.contrast import contrast_arms

    if treatment is None:
        return None, ()
    names = {"treatment": treatment, "reference": reference}
    try:
        estimate, contrast = estimate_hazard_ratio(arms, **names), contrast_arms(arms, **names)
    except IpdreconError as error:
        return names | {"error": str(error)}, ()
    return names | {
        "hr": estimate.ratio,
        "ci": estimate.interval(),
        "p": estimate.logrank_p,
        "yi": estimate.yi,
        "sei": estimate.sei,
        "ph_p": contrast.proportional_hazards_p,
        "rmst_difference": contrast.rmst_difference,
        "rmst_ci": contrast.rmst_interval(),
        "horizon": contrast.horizon,
    }, estimate.flags


def agreement_view(folder, rows=None, *, n=None, n_event=None):
    """Store what a paper reports of a figure, and hold the rebuilt patients against it.

    Parameters
    ----------
    folder : str or Path
    rows : list of dict, optional
        Text by column of `reported.csv`; by default those that stand there.
    n, n_event : dict of str to int, optional

    Returns
    -------
    dict
    """
    from ipdrecon.survival.reported import read_reported

    folder = Path(folder)
    if rows is not None:
        content = saving.csv_bytes(COLUMNS, [[str(row.get(name) or "") for name in COLUMNS] for row in rows])
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / REPORTED).write_bytes(content)
            read_reported(Path(place) / REPORTED)
        saving.write_files(folder, {REPORTED: content}, outdated=(workflow.VALIDATION, workflow.VALIDATION_RECORD))
    reported = read_reported(folder / REPORTED) if (folder / REPORTED).exists() else ()
    if not reported:
        return {"rows": [], "counts": {"agrees": 0, "differs": 0, "cannot be judged": 0}, "flags": []}
    arms_of(folder, n=n, n_event=n_event)
    agreement = workflow.validate_to_folder(folder, reported)
    return saving.plain(workflow.agreement_record(agreement))


def reported_rows(folder):
    """Rows of `reported.csv` as they were typed, as a list of dict; empty where there are none."""
    from ipdrecon.app.tables import read_table

    path = Path(folder) / REPORTED
    if not is_own_file(path):
        return []
    return [{name: line.text(name) for name in COLUMNS} for line in read_table(path, ("quantity", "value"))]
