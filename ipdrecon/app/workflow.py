"""One step of the work on one figure folder: digitise, reconstruct, validate; each reads, computes and writes."""

import filecmp
import operator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ipdrecon.app import library, saving
from ipdrecon.app.arm_names import match_arm, named_numbers
from ipdrecon.app.draws import DRAWS, draws_files, estimates, read_draws, reconstruction_errors
from ipdrecon.app.exchange.written_list import exported
from ipdrecon.app.given import EDITS, Given, edits_bytes, edits_in_force
from ipdrecon.app.json_files import MALFORMED, read_json
from ipdrecon.app.processes import counting
from ipdrecon.app.seen_text import TEXT, text_bytes
from ipdrecon.app.stage import undisturbed
from ipdrecon.app.tables import read_table
from ipdrecon.errors import FolderError
from ipdrecon.flags import Flag, needs_review
from ipdrecon.model import ReconstructedArm

INCIDENCE = "incidence"
IPD, RECONSTRUCTION, RECONSTRUCTION_PICTURE = "ipd.csv", "reconstruction.json", "reconstruction.png"
VALIDATION, VALIDATION_RECORD = "validation.csv", "validation.json"
_COMPARED = (VALIDATION, VALIDATION_RECORD)
_REBUILT = (IPD, RECONSTRUCTION, RECONSTRUCTION_PICTURE, DRAWS)
_INPUTS = (library.CURVES, library.AT_RISK, library.CENSOR_MARKS)
OWN_FILES = (*_INPUTS, library.FIGURE, library.OVERLAY, TEXT, EDITS, *_REBUILT, *_COMPARED)


# --- digitise --------------------------------------------------------------------------------------------------------


def digitise_to_folder(figure, folder, given=None, *, pictures=None, save_edits=False):
    """Digitise a figure and write its folder.

    Parameters
    ----------
    figure : str or Path
    folder : str or Path
    given : Given, optional
    pictures : str or Path, optional
        A folder for one picture per finder, and one per doubt.
    save_edits : bool
        Whether the edits in force are written to the folder, so that a rerun repeats them.

    Returns
    -------
    Digitisation
    """
    from ipdrecon import __version__
    from ipdrecon.app.finder_pictures import flag_crops, write_pictures
    from ipdrecon.figure.digitisation import DigitiseSettings, read_figure
    from ipdrecon.figure.session import noted

    given = given or Given()
    tables = None if given.at_risk is None else library.read_at_risk_tables(given.at_risk)
    seen = saving.digests(folder, (EDITS,))
    edits = edits_in_force(given, figure, folder)
    with noted("text") as words:
        reading = read_figure(figure, panel=given.panel, page=given.page, edits=edits, settings=DigitiseSettings(ocr=given.ocr))
    digitisation = replace(reading.digitisation, version=__version__)
    if tables is not None:
        digitisation = with_at_risk(digitisation, tables, given.at_risk)
    reading = replace(reading, digitisation=digitisation)
    crops = {} if pictures is None else flag_crops(digitisation)
    files = library.digitisation_files(digitisation, reading.figure.px, crops)
    files |= {TEXT: text_bytes(words)} if words else {}
    if save_edits:
        files[EDITS] = edits_bytes(digitisation.edits, digitisation.sha256)
    if pictures is not None:
        write_pictures(reading, pictures)
    write_figure_folder(folder, files, _INPUTS, seen=seen)
    return digitisation


def write_figure_folder(folder, files, inputs, *, outdated=(), seen=None):
    """Write what was read into a figure folder; what was rebuilt there from other numbers, and what was exported of that, is taken away.

    Parameters
    ----------
    folder : str or Path
    files : dict of str to bytes
    inputs : sequence of str
        The files that patients are rebuilt from.
    outdated : sequence of str
        Other files that the new ones make untrue.
    seen : dict of str to str or None, optional
        What the reading was made from, as `saving.write_files` takes it.
    """

    def untrue(new):
        return (*(() if _unchanged(folder, new, inputs) else (*_REBUILT, *_COMPARED, *exported(folder))), *outdated)

    saving.write_files(folder, files, outdated=untrue, seen=seen)


def _unchanged(folder, new, names):
    """Whether the files of these names in a folder are those in another, or none of them stands there."""
    standing, made = ([name for name in names if (place / name).is_file()] for place in (Path(folder), new))
    if not standing or standing != made:
        return not standing
    return all(filecmp.cmp(Path(folder) / name, new / name, shallow=False) for name in standing)


def with_at_risk(digitisation, tables, path):
    """Set the numbers at risk from tables given by hand.

    Parameters
    ----------
    digitisation : Digitisation
    tables : dict of str to AtRiskTable
        By panel.
    path : str or Path
        Where they come from, for messages.

    Returns
    -------
    Digitisation

    Raises
    ------
    FolderError
        When a panel or an arm of the tables is not in the figure.
    """
    panels = {panel.panel: panel for panel in digitisation.panels}
    for name, table in tables.items():
        if name not in panels:
            raise FolderError(f"{path}: no panel {name!r} in the figure; it has {', '.join(panels)}. Mend the column panel.")
        arms = [curve.arm for curve in panels[name].curves]
        table = replace(
            table,
            arms=[match_arm(arm, arms, f"{path}, panel {name}") for arm in table.arms],
            flags=(Flag("at_risk_given", "at-risk table", f"From {Path(path).name}."),),
        )
        kept = tuple(flag for flag in panels[name].flags if not flag.name.startswith(("no_at_risk", "at_risk")))
        panels[name] = replace(panels[name], at_risk=table, cells=(), flags=kept)
    given = {name: saving.plain(table.to_frame().to_dict("list")) for name, table in tables.items()}
    return replace(digitisation, panels=tuple(panels.values()), settings=digitisation.settings | {"at_risk": given})


# --- reconstruct -----------------------------------------------------------------------------------------------------


def reconstruct_to_folder(folder, *, method="joint", n=None, n_event=None, reported=(), use_hr=False, draws=0, seed=0, run=map, on_draws=None):
    """Rebuild the patients of a figure folder, and write them there.

    Parameters
    ----------
    folder : str or Path
    method : {"joint", "guyot"}
    n, n_event : dict of str to int, optional
        Patients and total events by arm; where they are not given, those that the figure's settings hold are used.
    reported : tuple of ReportedNumber
        What else the paper prints; see `ipdrecon.reconstruct`.
    use_hr : bool
        Whether reported hazard ratios and log-rank p are inputs.
    draws : int
        Further data sets compatible with the figure.
    seed : int
    run : callable
        Like `map`, as that of `ipdrecon.app.processes.processes`: draws are made and packed by it.
    on_draws : callable, optional
        Called with how many draws are made, how many there will be, and what they are.

    Returns
    -------
    digitisation : Digitisation
    arms : tuple of ReconstructedArm
    """
    from ipdrecon.survival import reconstruct
    from ipdrecon.survival.curve_kinds import part_delayed_entry

    digitisation, seen = read_inputs(folder)
    arms_seen = list(dict.fromkeys(curve.arm for panel in digitisation.panels for curve in panel.curves))
    given = ((n, "n", "--n"), (n_event, "n_event", "--events"))
    digitisation, named = part_delayed_entry(digitisation), [named_numbers(numbers, arms_seen, option) for numbers, _, option in given]
    n, n_event = (_with_kept(digitisation, key, numbers) for numbers, (_, key, _) in zip(named, given, strict=True))
    counted = run if on_draws is None else counting(run, on_draws, "draws", draws * sum(len(panel.curves) for panel in digitisation.panels))
    arms = reconstruct(digitisation, method=method, n=n, n_event=n_event, reported=reported, use_hr=use_hr, draws=draws, seed=seed, run=counted)
    hand = {"n": n, "n_event": n_event, "seed": seed, "n_reported": len(reported), "use_hr": use_hr}
    files = _reconstruction_files(seen, digitisation, arms, hand) | draws_files(arms, run)
    write_rebuilt(folder, files, seen)
    return digitisation, arms


def write_rebuilt(folder, files, seen):
    """Write rebuilt patients and what goes with them; comparisons with other patients, and what was exported of them, are taken away.

    Parameters
    ----------
    folder : str or Path
    files : dict of str to bytes or callable
        Content by name, as `saving.write_files` takes it.
    seen : dict of str to str or None
        SHA-256 of the tables they were rebuilt from, by file name; None of those that are not there.
    """

    def untrue(new):
        told = () if _unchanged(folder, new, (IPD,)) else exported(folder)
        return (*(() if _unchanged(folder, new, (IPD, DRAWS)) else _COMPARED), *told, *({DRAWS} - set(files)))

    saving.write_files(folder, files, outdated=untrue, seen=seen)


def _with_kept(digitisation, key, given):
    """Numbers by arm that came with the figure, and those given now, which go first; for the arms that are left."""
    arms = {curve.arm for panel in digitisation.panels for curve in panel.curves}
    numbers = digitisation.settings.get(key, {}) | given
    return {arm: number for arm, number in numbers.items() if arm in arms} or None


def _reconstruction_files(seen, digitisation, arms, given):
    from ipdrecon.app.km_plots import draw_reconstruction
    from ipdrecon.app.plots import png_bytes

    rows = [(arm.panel, arm.arm, time, int(event)) for arm in arms for time, event in zip(arm.time, arm.event, strict=True)]
    return {
        IPD: saving.csv_bytes(("panel", "arm", "time", "event"), rows),
        RECONSTRUCTION: saving.json_bytes(_reconstruction_record(seen, arms, given) | _left_out(digitisation)),
        RECONSTRUCTION_PICTURE: png_bytes(draw_reconstruction(digitisation, arms)),
    }


def _left_out(digitisation):
    """What the record says of arms that could not be rebuilt."""
    flags = [flag.to_dict() for flag in digitisation.flags if flag.name == "delayed_entry"]
    return {"left_out": flags} if flags else {}


def _reconstruction_record(seen, arms, given):
    from ipdrecon import __version__
    from ipdrecon.survival.information import expected_error

    return {
        "schema_version": 1,
        "program": "ipdrecon",
        "version": __version__,
        "method": arms[0].method if arms else "",
        "given": given,
        "inputs": present(seen),
        "draws": max((len(arm.draws) for arm in arms), default=0),
        "arms": [
            {
                "panel": arm.panel,
                "arm": arm.arm,
                "method": arm.method,
                "information": arm.information,
                "expected_error": expected_error(arm.information, arm.n, method=arm.method),
                "n": arm.n,
                "n_event": arm.n_event,
                "residuals": arm.residuals,
                "estimates": estimates(arm),
                "reconstruction_se": reconstruction_errors(arm) if arm.draws else None,
                "flags": [flag.to_dict() for flag in arm.flags],
            }
            for arm in arms
        ],
    }


def read_inputs(folder):
    """Read a figure folder to rebuild its patients.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    digitisation : Digitisation
    seen : dict of str to str or None
        SHA-256 of its tables, by file name; None of those that are not there.
    """
    with undisturbed(folder):
        return library.read_digitisation(folder), saving.digests(folder, _INPUTS)


def input_digests(folder):
    """Give the SHA-256 of the tables that patients are rebuilt from, by file name."""
    return present(saving.digests(folder, _INPUTS))


def present(digests):
    """Give those of some digests by file name whose files are there."""
    return {name: digest for name, digest in digests.items() if digest is not None}


def read_arms(folder):
    """Read the patients rebuilt in a figure folder, and their draws.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    tuple of ReconstructedArm

    Raises
    ------
    FolderError
        When there are none, the curves have changed since they were rebuilt, or the draws do not go with them.
    """
    with undisturbed(folder):
        return _read_arms(Path(folder))


def _read_arms(folder):
    if not (folder / IPD).exists():
        raise FolderError(f"{folder} holds no {IPD}; run `ipdrecon reconstruct {folder}` first.")
    known, draws = {}, read_draws(folder)
    if (folder / RECONSTRUCTION).exists():
        record = _read_reconstruction(folder)
        changed = [name for name, digest in input_digests(folder).items() if record["inputs"].get(name) != digest]
        if changed:
            raise FolderError(f"{folder}: {', '.join(changed)} changed since {IPD} was made; run `ipdrecon reconstruct {folder}` again.")
        n_draws = max(map(len, draws.values()), default=0)
        if record["draws"] != n_draws:
            raise FolderError(f"{folder} was rebuilt with {record['draws']} draws, but {DRAWS} holds {n_draws}; run `ipdrecon reconstruct` again.")
        known = record["arms"]
    patients = read_patients(folder / IPD)
    if not set(draws) <= set(patients):
        panel, arm = min(set(draws) - set(patients))
        raise FolderError(f"{folder / DRAWS} holds the arm {arm!r} of panel {panel}, which {IPD} does not; run `ipdrecon reconstruct` again.")
    try:
        return tuple(replace(_read_arm(key, both, known.get(key)), draws=draws.get(key, ())) for key, both in patients.items())
    except MALFORMED as error:
        if not known:
            raise
        raise _not_as_rebuilt(folder, error) from error


def _read_reconstruction(folder):
    """The record of a reconstruction, its arms by panel and name."""
    record = read_json(folder / RECONSTRUCTION, f"run `ipdrecon reconstruct {folder}` again")
    try:
        inputs, n_draws, arms = dict(record["inputs"]), int(record.get("draws", 0)), {(arm["panel"], arm["arm"]): arm for arm in record["arms"]}
    except MALFORMED as error:
        raise _not_as_rebuilt(folder, error) from error
    return {"inputs": inputs, "draws": n_draws, "arms": arms}


def _not_as_rebuilt(folder, error):
    return FolderError(f"{folder / RECONSTRUCTION} is not as the program writes it ({type(error).__name__}: {error}); run `ipdrecon reconstruct {folder}` again.")


def read_patients(path):
    """Read patients from an `ipd.csv`.

    Parameters
    ----------
    path : str or Path
        With columns ``arm,time,event`` and perhaps ``panel``.

    Returns
    -------
    dict of (str, str) to tuple of ndarray
        Times and events by panel and arm.
    """
    groups = {}
    for line in read_table(path, ("arm", "time", "event")):
        event = line.value("event")
        if event not in (0, 1):
            raise line.error("event", f"is {event:g}; expected 1 (event) or 0 (censored)")
        if line.value("time") < 0:
            raise line.error("time", f"is {line.value('time'):g}; expected a time from 0 on")
        groups.setdefault((line.text("panel", "1"), line.text("arm")), []).append((line.value("time"), event == 1))
    return {key: tuple(np.array(column) for column in zip(*rows, strict=True)) for key, rows in groups.items()}


def _read_arm(key, patients, record):
    panel, arm = key
    if record is None:
        return ReconstructedArm(arm, *patients, method="ipd", panel=panel)
    flags = tuple(Flag.from_dict(flag) for flag in record["flags"])
    residuals = dict(record["residuals"])
    for entry in residuals.get("printed", ()):
        operator.itemgetter("time", "used", "quantity", "arm")(entry)
    return ReconstructedArm(arm, *patients, method=record["method"], information=record["information"], residuals=residuals, panel=panel, flags=flags)


# --- validate --------------------------------------------------------------------------------------------------------


def validate_to_folder(folder, reported):
    """Compare the rebuilt patients of a figure folder with what the paper prints, and write the table there.

    Parameters
    ----------
    folder : str or Path
    reported : tuple
        Rows as `ipdrecon.survival.reported.read_reported` gives them.

    Returns
    -------
    Agreement
    """
    from ipdrecon.survival import validate

    with undisturbed(folder):
        arms, seen = read_arms(folder), saving.digests(folder, (IPD, RECONSTRUCTION, DRAWS))
    _refuse_kaplan_meier_of_causes(folder, arms, reported)
    agreement = validate(arms, reported)
    record = saving.json_bytes(agreement_record(agreement))
    saving.write_files(folder, {VALIDATION: saving.frame_csv(agreement.to_frame()), VALIDATION_RECORD: record}, seen=seen)
    return agreement


def _refuse_kaplan_meier_of_causes(folder, arms, reported):
    """Refuse to read medians and survival from patients with causes: their Kaplan-Meier estimate is not what the figure draws."""
    names = sorted({row.quantity for row in reported} & {"median", "survival"})
    if names and any(arm.method == INCIDENCE for arm in arms):
        raise FolderError(
            f"{folder} holds patients with causes; {' and '.join(names)} cannot be compared with them, only hr (cause-specific), events, n and n_risk. "
            f"Leave these rows out of the table of reported numbers."
        )


def agreement_record(agreement):
    """Make the record `validation.json` of an agreement."""
    rows = agreement.to_frame().to_dict("records")
    verdicts = [row.verdict for row in agreement.rows]
    return {
        "schema_version": 1,
        "counts": {verdict: verdicts.count(verdict) for verdict in ("agrees", "differs", "cannot be judged")},
        "rows": rows,
        "flags": [flag.to_dict() for flag in agreement.flags],
    }


def agreement_needs_review(agreement):
    """Whether a row differs or a flag asks for a look."""
    return needs_review(agreement.flags) or any(row.verdict == "differs" for row in agreement.rows)


def all_flags(digitisation, arms=()):
    """Gather the flags of a digitisation and of the arms rebuilt from it, each once."""
    return tuple(dict.fromkeys(digitisation.all_flags() + tuple(flag for arm in arms for flag in arm.flags)))
