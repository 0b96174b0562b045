"""The figure folder: written whole, read back with the place of whatever is wrong in it."""

import hashlib
from pathlib import Path

import numpy as np

from ipdrecon.app import record as records
from ipdrecon.app.json_files import MALFORMED, read_json
from ipdrecon.app.saving import csv_bytes, digest, json_bytes, number, write_files
from ipdrecon.app.stage import undisturbed
from ipdrecon.app.tables import read_table
from ipdrecon.errors import FolderError
from ipdrecon.flags import Flag
from ipdrecon.model import AtRiskTable, Box, Curve, Digitisation, DigitisedPanel

CURVES, AT_RISK, CENSOR_MARKS = "curves.csv", "at_risk.csv", "censor_marks.csv"
FIGURE, OVERLAY = "figure.json", "overlay.png"
_SMALL_RISE = 0.02
_OVER_ONE = 1.05
_LEAST_PERCENT = 1.5


# --- writing ---------------------------------------------------------------------------------------------------------


def digitisation_files(digitisation, figure_px=None, pictures=None):
    """Make the content of the figure folder's files.

    Parameters
    ----------
    digitisation : Digitisation
    figure_px : ndarray of uint8, shape (height, width, 3), optional
        The figure; without it there is no overlay.
    pictures : dict of Flag to str, optional
        The picture of a doubt's place, by doubt.

    Returns
    -------
    dict of str to bytes
        Content by file name.
    """
    files = {
        CURVES: csv_bytes(("panel", "arm", "time", "survival"), _curve_rows(digitisation)),
        AT_RISK: _at_risk_csv(digitisation),
        CENSOR_MARKS: csv_bytes(("panel", "arm", "time", "survival"), _mark_rows(digitisation)),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    files[FIGURE] = json_bytes(records.figure_record(digitisation, hashes, pictures))
    if figure_px is not None:
        from ipdrecon.app.plots import draw_overlay, png_bytes

        files[OVERLAY] = png_bytes(draw_overlay(figure_px, digitisation))
    return files


def write_digitisation(digitisation, figure_px, folder):
    """Write a figure folder: all of its files, or none.

    Parameters
    ----------
    digitisation : Digitisation
    figure_px : ndarray of uint8, shape (height, width, 3), or None
    folder : str or Path

    Raises
    ------
    FolderError
        When it cannot be written.
    """
    write_files(folder, digitisation_files(digitisation, figure_px))


def step_rows(curve):
    """``(time, survival)`` as `curves.csv` has them: the start ``0, 1``, one row per drop, and the last drawn time.

    Returns
    -------
    ndarray, shape (n_rows, 2)
    """
    time = np.array([float(number(value)) for value in curve.time])
    survival = np.array([float(number(value)) for value in curve.survival])
    if time[0] > 0 or (time[0] == 0 and survival[0] < 1):
        time, survival = np.r_[0.0, time], np.r_[1.0, survival]
    keep = np.r_[True, np.diff(survival) < 0]
    keep[-1] |= time[-1] > time[keep][-1]
    return np.column_stack([time, survival])[keep]


def _curve_rows(digitisation):
    for panel in digitisation.panels:
        for curve in panel.curves:
            for time, survival in step_rows(curve):
                yield panel.panel, curve.arm, time, survival


def _mark_rows(digitisation):
    for panel in digitisation.panels:
        for curve in panel.curves:
            rows = step_rows(curve)
            for mark in curve.censor_time:
                mark = float(number(mark))
                index = np.searchsorted(rows[:, 0], mark, side="right") - 1
                yield panel.panel, curve.arm, mark, rows[max(index, 0), 1]


def _at_risk_csv(digitisation):
    tables = [(panel.panel, panel.at_risk.to_frame()) for panel in digitisation.panels if panel.at_risk is not None]
    printed = [name for name in ("n_censored", "n_event") if any(name in frame for _, frame in tables)]
    columns = ["arm", "time", "n_risk", *printed]
    rows = [(panel, *row) for panel, frame in tables for row in frame.reindex(columns=columns).itertuples(index=False)]
    return csv_bytes(["panel", *columns], rows)


# --- reading ---------------------------------------------------------------------------------------------------------


def read_digitisation(folder):
    """Read a figure folder, also one that was made by hand with `curves.csv` alone.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Digitisation
        Curves and numbers at risk are those of the CSV files as they stand; a file that is not as the program wrote it
        is flagged `edited`.

    Raises
    ------
    FolderError
        When the folder, a file, a column or a value is missing or wrong; the message names file, line and column.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FolderError(f"{folder} is no folder; give the figure folder that `ipdrecon digitise` made.")
    with undisturbed(folder):
        return _read_folder(folder)


def _read_folder(folder):
    if not (folder / CURVES).exists():
        raise FolderError(f"{folder} holds no {CURVES}; digitise the figure first, or put a table panel,arm,time,survival there.")
    record = _read_record(folder / FIGURE)
    panels = _read_panels(folder, record)
    if record is None:
        return Digitisation(CURVES, digest(folder / CURVES), "coordinates", (0, 0), panels)
    try:
        return Digitisation(
            record["file"],
            record["sha256"],
            record["source"],
            (record["width_px"], record["height_px"]),
            panels,
            record["settings"],
            tuple(record["edits"]),
            record["version"],
            records.read_flags(record["flags"]) + _edited(folder, record),
        )
    except MALFORMED as error:
        raise _not_ours(folder, "", error) from error


def _read_record(path):
    if not path.exists():
        return None
    record = read_json(path, "digitise the figure again")
    records.check_schema(record, path)
    return record


def _edited(folder, record):
    names = [name for name in record["files"] if (folder / name).is_file()]
    changed = [name for name in names if digest(folder / name) != record["files"][name]]
    flagged = {flag["place"] for flag in record["flags"] if flag["name"] == "edited"}
    return tuple(Flag("edited", name, "It is not as the program wrote it.") for name in changed if name not in flagged)


def _read_panels(folder, record):
    curve_lines = _by_panel_and_arm(read_table(folder / CURVES, ("arm", "time", "survival")))
    mark_lines = _optional_lines(folder / CENSOR_MARKS, ("arm", "time"))
    risk_lines = _optional_lines(folder / AT_RISK, ("arm", "time", "n_risk"))
    if not curve_lines:
        raise FolderError(f"{folder / CURVES} has no rows; expected a table panel,arm,time,survival.")
    known = _known_panels(folder, record)
    names = [name for name in known if any(panel == name for panel, _ in curve_lines)]
    names += list(dict.fromkeys(panel for panel, _ in curve_lines if panel not in known))
    panels = []
    for name in names:
        parts = [
            {arm: lines for (panel, arm), lines in group.items() if panel == name}
            for group in (curve_lines, mark_lines, risk_lines)
        ]
        try:
            panels.append(_read_panel(name, known.get(name), *parts))
        except MALFORMED as error:
            if record is None:
                raise
            raise _not_ours(folder, f", panel {name!r}", error) from error
    return tuple(panels)


def _known_panels(folder, record):
    try:
        return {panel["panel"]: panel for panel in record["panels"]} if record else {}
    except MALFORMED as error:
        raise _not_ours(folder, "", error) from error


def _not_ours(folder, place, error):
    """The complaint of a record whose fields are not those that the program writes."""
    told = f"no field {error}" if isinstance(error, KeyError) else f"a field is not as the program writes it ({error})"
    return FolderError(f"{folder / FIGURE}{place}: {told}; digitise the figure again.")


def _by_panel_and_arm(lines):
    groups = {}
    for line in lines:
        arm = line.text("arm")
        if not arm:
            raise line.error("arm", "is empty; expected the arm's label")
        groups.setdefault((line.text("panel", "1"), arm), []).append(line)
    return groups


def _optional_lines(path, required):
    return _by_panel_and_arm(read_table(path, required)) if path.exists() else {}


def _read_panel(name, record, curves, marks, risks):
    known = {arm["label"]: arm for arm in record["arms"]} if record else {}
    arms = [arm for arm in known if arm in curves] + [arm for arm in curves if arm not in known]
    read = tuple(_read_curve(curves[arm], marks.get(arm, ()), known.get(arm)) for arm in arms)
    if record is None:
        end = max(curve.time[-1] for curve in read) or 1.0
        calibration, box, flags, cells = records.nominal_calibration(end), Box(0, 0, 1000, 1000), (), ()
    else:
        calibration, box = records.read_calibration(record), Box(**record["box_px"])
        flags, cells = records.read_flags(record["flags"]), records.read_cells(record)
    blank = {"colour": (0, 0, 0), "dash": "unknown", "matched_by": "given", "label_confidence": 1.0}
    looks = tuple(records.read_look(known.get(arm) or blank | {"label": arm}) for arm in arms)
    table = _read_at_risk(risks, arms, record and record["at_risk"])
    sureness = float(record.get("box_confidence", 1.0)) if record else 1.0
    facets = records.read_facets(record, arms) if record else ()
    return DigitisedPanel(name, box, calibration, read, looks, table, cells, flags, sureness, facets)


def _read_curve(lines, mark_lines, record):
    time = np.array([line.value("time") for line in lines])
    survival = np.array([line.value("survival") for line in lines])
    _refuse_disorder(lines, time)
    survival, flags = _as_probability(lines, survival)
    survival, repaired = _as_falling(lines, survival)
    if time[0] > 0 or survival[0] < 1:
        time, survival = np.r_[0.0, time], np.r_[1.0, survival]
    marks = [line.value("time") for line in mark_lines]
    arm = lines[0].text("arm")
    if record is None:
        return Curve(arm, time, survival, marks, flags=flags + repaired)
    kept = tuple(flag for flag in records.read_flags(record["flags"]) if flag.name not in {new.name for new in flags + repaired})
    occluded = [(stretch["from"], stretch["to"], stretch["survival_error"]) for stretch in record.get("occluded", ())]
    errors = float(record["time_error"]), float(record["survival_error"])
    return Curve(arm, time, survival, marks, *errors, float(record["curve_confidence"]), kept + flags + repaired, occluded, float(record.get("marks_confidence", 1.0)))


def _refuse_disorder(lines, time):
    for line, before, now in zip(lines[1:], time, time[1:], strict=False):
        if now < before:
            raise line.error("time", f"goes back from {before:g} to {now:g} for {line.text('arm')!r}; sort the rows by time")
    if time[0] < 0:
        raise lines[0].error("time", f"is {time[0]:g}; expected times from 0 on")


def _as_probability(lines, survival):
    highest, place = survival.max(), f"arm {lines[0].text('arm')!r}"
    worst = lines[int(survival.argmax())]
    if survival.min() < 0:
        raise lines[int(survival.argmin())].error("survival", f"is {survival.min():g}; expected a probability from 0 to 1")
    if _LEAST_PERCENT < highest <= 100 * _OVER_ONE:
        return np.minimum(survival / 100, 1), (Flag("rescaled_percent", place, f"The highest value is {highest:g}."),)
    if highest > _OVER_ONE:
        raise worst.error("survival", f"is {highest:g}; expected a probability from 0 to 1, or percent up to 100")
    if highest > 1:
        return np.minimum(survival, 1), (Flag("curve_repaired", place, f"The highest value, {highest:g}, was set to 1."),)
    return survival, ()


def _as_falling(lines, survival):
    lowest = np.minimum.accumulate(survival)
    rise = survival - lowest
    worst = int(rise.argmax())
    if rise[worst] > _SMALL_RISE:
        raise lines[worst].error(
            "survival",
            f"rises from {lowest[worst]:g} to {survival[worst]:g} for {lines[0].text('arm')!r}; survival cannot rise. "
            "Mend the row; for cumulative incidence give 1 minus it",
        )
    if rise[worst] > 1e-9:
        detail = f"The largest rise was {rise[worst]:.2g}, on line {lines[worst].line} of {CURVES}."
        return lowest, (Flag("curve_repaired", f"arm {lines[0].text('arm')!r}", detail),)
    return lowest, ()


def _read_at_risk(risks, arms, record):
    if not risks:
        return None
    names = [arm for arm in arms if arm in risks] + [arm for arm in risks if arm not in arms]
    time = np.unique([line.value("time") for lines in risks.values() for line in lines])
    counts = {name: np.full((len(names), len(time)), np.nan) for name in ("n_risk", "n_censored", "n_event")}
    for row, arm in enumerate(names):
        for line in risks[arm]:
            column = np.searchsorted(time, line.value("time"))
            for name, values in counts.items():
                values[row, column] = line.value(name, np.nan)
        _refuse_rise(risks[arm], record)
    printed = {name: values for name, values in counts.items() if name == "n_risk" or np.isfinite(values).any()}
    confidence, flags = (float(record["confidence"]), records.read_flags(record["flags"])) if record else (1.0, ())
    return AtRiskTable(names, time, confidence=confidence, flags=_still_true(flags, counts["n_risk"]), **printed)


def _still_true(flags, n_risk):
    rises = any((np.diff(row[~np.isnan(row)]) > 0).any() for row in n_risk)
    mended = set() if rises else {"at_risk_rises"}
    mended |= set() if np.isnan(n_risk).any() else {"at_risk_missing_cell"}
    return tuple(flag for flag in flags if flag.name not in mended)


def _refuse_rise(lines, record):
    if record and any(flag["name"] in ("at_risk_rises", "delayed_entry") for flag in record["flags"]):
        return
    seen = [line for line in sorted(lines, key=lambda line: line.value("time")) if line.text("n_risk")]
    for before, line in zip(seen, seen[1:], strict=False):
        if line.value("n_risk") > before.value("n_risk"):
            raise line.error(
                "n_risk",
                f"rises from {before.text('n_risk')} to {line.text('n_risk')} at {line.text('time')} for {line.text('arm')!r}; "
                "numbers at risk cannot rise unless patients enter late (delayed entry), which is not rebuilt. Mend the cell",
            )


def read_at_risk_tables(path):
    """Numbers at risk given by hand: a CSV file ``panel,arm,time,n_risk``.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict of str to AtRiskTable
        By panel; the column `panel` may be missing where there is one.

    Raises
    ------
    FolderError
        When the file is missing or malformed, or a row rises.
    """
    groups = _by_panel_and_arm(read_table(path, ("arm", "time", "n_risk")))
    if not groups:
        raise FolderError(f"{path} has no rows; expected a table panel,arm,time,n_risk.")
    panels = dict.fromkeys(panel for panel, _ in groups)
    return {name: _read_at_risk({arm: lines for (panel, arm), lines in groups.items() if panel == name}, [], None) for name in panels}
