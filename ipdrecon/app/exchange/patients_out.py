"""Rebuilt patients in the files that other programs read."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ipdrecon.app import library, workflow
from ipdrecon.app.arm_names import match_arm
from ipdrecon.app.exchange.written_list import FOLDER, with_list
from ipdrecon.app.saving import csv_bytes, number, write_files
from ipdrecon.errors import ExchangeError

FORMATS = ("csv", "ipdfromkm", "stata", "survhe", "metarmst")
_NAMES = {"csv": "patients.csv", "ipdfromkm": "ipdfromkm.csv", "stata": "patients.dta", "metarmst": "metarmst.csv"}
_SUFFIXES = (".csv", ".dta", ".txt")
_FIRST_CODE = {"ipdfromkm": 0, "metarmst": 0, "survhe": 1}
_FIXED_DATE = datetime(1960, 1, 1)
_LONGEST_TITLE = 80


@dataclass(frozen=True)
class ExportRequest:
    """What to export.

    Attributes
    ----------
    to : {"csv", "ipdfromkm", "stata", "survhe", "metarmst"}
    panel : str, optional
        All by default, each into files of its own.
    arms : tuple of str
        Only these, in this order; all by default. Where a format wants numbers for arms, the first has the lowest.
    trial : int
        The number of the trial, for metaRMST.
    """

    to: str
    panel: str | None = None
    arms: tuple = ()
    trial: int = 1


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    paths : tuple of Path
    codes : dict of str to int
        Number by arm, where the format has no names; arms of several panels share theirs.
    counts : dict of str to int
        Patients by panel.
    flags : tuple of Flag
        Of the figure and its arms.
    """

    paths: tuple
    codes: dict
    counts: dict
    flags: tuple


def export_from_folder(folder, request, out=None):
    """Write the patients of a figure folder in another program's format.

    Parameters
    ----------
    folder : str or Path
        With an `ipd.csv`.
    request : ExportRequest
    out : str or Path, optional
        A folder, or the path of the file where there is one; by default the folder ``export`` within.

    Returns
    -------
    Exported

    Raises
    ------
    ExchangeError, FolderError
        When there are no patients, an arm or panel is not there, the format cannot hold the arms, or a file cannot be
        written.
    """
    digitisation = library.read_digitisation(folder)
    by_panel = _chosen(workflow.read_arms(folder), request)
    codes = _codes(by_panel, request)
    units = {panel.panel: panel.calibration.time.unit for panel in digitisation.panels}
    files = {}
    for panel, arms in by_panel.items():
        mark = f"_{_safe(panel)}" if len(by_panel) > 1 else ""
        files |= _files_of(arms, request, codes, mark, units.get(panel, ""))
    out, files = _placed(Path(folder), files, out)
    write_files(out, with_list(folder, out, files))
    counts = {panel: sum(arm.n for arm in arms) for panel, arms in by_panel.items()}
    flags = workflow.all_flags(digitisation, [arm for arms in by_panel.values() for arm in arms])
    return Exported(tuple(out / name for name in files), codes, counts, flags)


def _placed(folder, files, out):
    """Give the folder to write to, and the files by the names they get there."""
    out = folder / FOLDER if out is None else Path(out)
    if out.suffix in _SUFFIXES and not out.is_dir():
        names = list(files)
        if len(names) > 1 or Path(names[0]).suffix != out.suffix:
            raise ExchangeError(f"--out {out} is one file; expected a folder for {', '.join(names)}, or a name that ends as they do.")
        out, files = out.parent, {out.name: files[names[0]]}
    own = [name for name in files if name in workflow.OWN_FILES and out.resolve() == folder.resolve()]
    if own:
        raise ExchangeError(f"{out / own[0]} is a file of the figure folder itself; give another name with --out.")
    return out, files


def _chosen(arms, request):
    """Give the arms by panel, in the order asked for."""
    panels = list(dict.fromkeys(arm.panel for arm in arms))
    if request.panel is not None and request.panel not in panels:
        raise ExchangeError(f"No patients of a panel {request.panel!r}; there are {', '.join(panels)}. Mend --panel.")
    chosen = {}
    for panel in panels if request.panel is None else [request.panel]:
        here = {arm.arm: arm for arm in arms if arm.panel == panel}
        wanted = [match_arm(name, list(here), f"--arm, panel {panel}") for name in request.arms] or list(here)
        chosen[panel] = [here[name] for name in dict.fromkeys(wanted)]
    if request.to == "metarmst":
        for panel, here in chosen.items():
            if len(here) != 2:
                names = ", ".join(repr(arm.arm) for arm in here)
                raise ExchangeError(
                    f"Panel {panel} has {len(here)} arms ({names}); metaRMST compares two. Give --arm REFERENCE --arm TREATMENT."
                )
    return chosen


def _codes(by_panel, request):
    if request.to not in _FIRST_CODE:
        return {}
    names = dict.fromkeys(arm.arm for arms in by_panel.values() for arm in arms)
    if request.to == "metarmst" and len(names) > 2:
        raise ExchangeError(f"The panels have different arms ({', '.join(map(repr, names))}); metaRMST compares two. Give one with --panel.")
    return {name: code for code, name in enumerate(names, start=_FIRST_CODE[request.to])}


def _files_of(arms, request, codes, mark, unit):
    if request.to == "survhe":
        return _survhe_files(arms, codes, mark)
    rows = [(time, int(event), arm.arm) for arm in arms for time, event in zip(arm.time, arm.event, strict=True)]
    name = Path(_NAMES[request.to])
    if request.to == "csv":
        content = csv_bytes(("time", "status", "arm"), rows)
    elif request.to == "ipdfromkm":
        content = csv_bytes(("time", "status", "treat"), [(time, event, codes[arm]) for time, event, arm in rows])
    elif request.to == "metarmst":
        content = csv_bytes(("trialID", "Time", "Event", "Arm"), [(request.trial, time, event, codes[arm]) for time, event, arm in rows])
    else:
        content = _stata_bytes(rows, [arm.arm for arm in arms], unit)
    return {f"{name.stem}{mark}{name.suffix}": content}


def _stata_bytes(rows, names, unit):
    """Make a Stata file (version 14 and later), always with the same bytes: arms are a labelled number."""
    import pandas as pd

    time, event, arm = zip(*rows, strict=True)
    frame = pd.DataFrame({
        "time": np.array([float(number(value)) for value in time]),
        "status": np.array(event, np.int8),
        "arm": pd.Categorical(arm, categories=names),
    })
    titles = {"time": f"Time ({unit})"[:_LONGEST_TITLE] if unit else "Time", "status": "1 = event, 0 = censored", "arm": "Arm"}
    content = io.BytesIO()
    frame.to_stata(content, write_index=False, version=118, time_stamp=_FIXED_DATE, variable_labels=titles)
    return content.getvalue()


# --- survHE ----------------------------------------------------------------------------------------------------------


def _survhe_files(arms, codes, mark):
    files = {}
    for arm in arms:
        name = _free(f"{_safe(arm.arm)}{mark}", files)
        files[f"KMdata_{name}.txt"] = _tabbed(("time", "n.risk", "n.event", "n.censored"), kaplan_meier_rows(arm))
        patients = [(time, int(event), codes[arm.arm]) for time, event in zip(arm.time, arm.event, strict=True)]
        files[f"IPDdata_{name}.txt"] = _tabbed(("time", "event", "arm"), patients)
    return files


def kaplan_meier_rows(arm):
    """Count what happens at and after each time of an event, from time 0 to the last.

    Parameters
    ----------
    arm : ReconstructedArm

    Returns
    -------
    list of tuple
        ``(time, n_risk, n_event, n_censored)``: at risk just before, events at the time, censored from it until the next.
    """
    time = np.unique(np.concatenate(([0.0], arm.time[arm.event], arm.time[-1:])))
    n_risk = arm.n - np.searchsorted(arm.time, time, side="left")
    ended = arm.time[arm.event]
    n_event = np.searchsorted(ended, time, side="right") - np.searchsorted(ended, time, side="left")
    n_censored = n_risk - n_event - np.append(n_risk[1:], 0)
    return list(zip(time.tolist(), n_risk.tolist(), n_event.tolist(), n_censored.tolist(), strict=True))


def _tabbed(columns, rows):
    lines = ["\t".join(columns), *("\t".join(number(value) for value in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _safe(name):
    """Text that may stand in the name of a file."""
    return "_".join("".join(letter if letter.isalnum() or letter in "-+" else " " for letter in name).split())[:60] or "arm"


def _free(name, files):
    """Give the name, with a number where another arm has it already; case makes no difference to some systems."""
    taken = {other.casefold() for other in files}
    tries = [name, *(f"{name}_{index}" for index in range(2, len(files) + 3))]
    return next(other for other in tries if f"kmdata_{other}.txt".casefold() not in taken)
