"""A figure folder made from the files of other programs: curves, numbers at risk, totals of events."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ipdrecon.app import library, workflow
from ipdrecon.app.arm_names import match_arm, named_numbers
from ipdrecon.app.exchange.coordinates import Points, read_coordinates
from ipdrecon.app.exchange.risk_files import read_risk_file
from ipdrecon.app.record import nominal_calibration
from ipdrecon.errors import CurveError, ExchangeError
from ipdrecon.flags import Flag
from ipdrecon.model import ArmLook, AtRiskTable, Box, Curve, Digitisation, DigitisedPanel
from ipdrecon.survival.curve_input import CheckedCurve, check_at_risk, check_curve

PANEL = "1"
_EARLY_LOSS = 0.9
_UNLIKE_TIMES = 4
_PERCENT_FROM = 1.5


@dataclass(frozen=True)
class ImportRequest:
    """What to import, and what is said about it.

    Attributes
    ----------
    curves, at_risk : tuple of str
        Paths, or ``ARM=path``.
    names : tuple of (str, str)
        Old and new name of an arm.
    n, n_event : dict of str to int
        Patients and events by arm.
    unit : str
        Of time.
    scale : {"survival", "percent", "incidence", "incidence_percent"}, optional
        Of all curves, where the values alone do not tell.
    decimal : {"point", "comma"}, optional
    """

    curves: tuple
    at_risk: tuple = ()
    names: tuple = ()
    n: dict = field(default_factory=dict)
    n_event: dict = field(default_factory=dict)
    unit: str = ""
    scale: str | None = None
    decimal: str | None = None


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes
    ----------
    digitisation : Digitisation
    curve_files : tuple of CoordinateFile
    risk_files : tuple of RiskFile
    arms : tuple of tuple of str
        Of each curve file, then of each risk file, its arms.
    """

    digitisation: Digitisation
    curve_files: tuple
    risk_files: tuple
    arms: tuple


@dataclass(frozen=True)
class _Arm:
    """One arm: its name, its points as they stand in the file, and its curve."""

    name: str
    path: Path
    points: Points
    checked: CheckedCurve
    flags: tuple = ()


def import_to_folder(request, folder):
    """Make a figure folder from the files of other programs.

    Parameters
    ----------
    request : ImportRequest
    folder : str or Path

    Returns
    -------
    Imported

    Raises
    ------
    ExchangeError, CurveError, AtRiskError, FolderError
        When a file cannot be understood, does not fit the others, or would be overwritten.
    """
    imported = import_figure(request)
    files = library.digitisation_files(imported.digitisation)
    sources = {file.text.path.resolve() for file in (*imported.curve_files, *imported.risk_files)}
    lost = [name for name in files if (Path(folder) / name).resolve() in sources]
    if lost:
        raise ExchangeError(f"{Path(folder) / lost[0]} is one of the files to import and would be overwritten; give another folder with --out.")
    workflow.write_figure_folder(folder, files, tuple(files), outdated=(library.OVERLAY,))
    return imported


def import_figure(request):
    """Read curves and numbers at risk from the files of other programs.

    Parameters
    ----------
    request : ImportRequest

    Returns
    -------
    Imported

    Raises
    ------
    ExchangeError, CurveError, AtRiskError, FolderError
        When a file cannot be understood or does not fit the others.
    """
    named = [name_and_path(text) for text in request.curves]
    curve_files = tuple(read_coordinates(path, request.decimal) for _, path in named)
    per_file = _arms(named, curve_files, request)
    arms = [arm for arms in per_file for arm in arms]
    risks = [name_and_path(text) for text in request.at_risk]
    risk_files = tuple(read_risk_file(path, request.decimal) for _, path in risks)
    tied = _tied(risks, risk_files, [arm.name for arm in arms], dict(request.names))
    unit = _unit(request, curve_files, risk_files)
    digitisation = _digitisation(request, arms, tied, unit, curve_files + risk_files)
    names = [tuple(arm.name for arm in arms) for arms in per_file]
    names += [tuple(name for name, (_, of) in tied.items() if of is file) for file in risk_files]
    return Imported(digitisation, curve_files, risk_files, tuple(names))


def name_and_path(text):
    """Part ``ARM=path`` into ``(arm, Path)``; a file that has an equals sign in its name is taken as it is."""
    text = str(text)
    name, sign, path = text.partition("=")
    return ("", Path(text)) if not sign or Path(text).is_file() else (name.strip(), Path(path))


# --- curves ----------------------------------------------------------------------------------------------------------


def _arms(named, files, request):
    renamed, per_file = dict(request.names), []
    for (name, path), file in zip(named, files, strict=True):
        if name and len(file.points) > 1:
            raise ExchangeError(f"{path} holds {len(file.points)} curves, but {name!r} is one name; rename them with --name OLD=NEW.")
        labels = [name or points.arm or path.stem for points in file.points]
        labels = [renamed.pop(label, label) for label in labels]
        arms = [_arm(label, points, file, request.scale) for label, points in zip(labels, file.points, strict=True)]
        _refuse_mixed(path, arms)
        per_file.append(arms)
    arms = [arm for arms in per_file for arm in arms]
    _refuse_mixed("The files", [arm for arm in arms if _has(arm, "incidence")])
    labels = [arm.name for arm in arms]
    doubled = next((label for label in labels if labels.count(label) > 1), None)
    if doubled is not None:
        raise ExchangeError(f"Two curves are called {doubled!r}; expected a name for each. Give the files as NAME=FILE.")
    if renamed:
        raise ExchangeError(f"--name {next(iter(renamed))!r}: no such arm; the arms are {', '.join(map(repr, labels))}.")
    return per_file


def _arm(label, points, file, scale):
    place = f"arm {label!r}"
    value, said = points.value, ()
    if scale is None and file.is_incidence:
        scale = "incidence_percent" if np.nanmax(value) > _PERCENT_FROM else "incidence"
    if scale is not None:
        value, said = _rescaled(value, scale, place)
    try:
        checked = check_curve(points.time, value, arm=label)
    except CurveError as error:
        raise CurveError(f"{file.text.path}: {error}{'' if scale else ' --scale tells what the values are.'}") from error
    if scale is not None and {flag.name for flag in checked.flags} & {"incidence", "rescaled_percent"}:
        seen = f"{np.nanmin(points.value):g} to {np.nanmax(points.value):g}"
        raise CurveError(f"{file.text.path}: {place} is said to be {scale}, but runs from {seen} another way; mend --scale or leave it out.")
    return _Arm(label, file.text.path, points, checked, said + checked.flags + _late_start(points, checked, place))


def _rescaled(value, scale, place):
    flags = ()
    if scale.endswith("percent"):
        value, flags = value / 100, (Flag("rescaled_percent", place, "It is said to be in percent."),)
    if scale.startswith("incidence"):
        value, flags = 1 - value, (*flags, Flag("incidence", place, "It is said to be incidence."))
    return value, flags


def _late_start(points, checked, place):
    known = np.isfinite(points.time) & np.isfinite(points.value)
    first = max(points.time[known].min(), 0.0)
    survival = checked.survival[min(np.searchsorted(checked.time, first), len(checked.time) - 1)]
    if survival >= _EARLY_LOSS:
        return ()
    return (Flag("start_off_one", place, f"The first point is at time {first:g}, at survival {survival:.3f}."),)


def _refuse_mixed(path, arms):
    """Refuse curves of which some seem to be in percent, or 1 - S, and others not."""
    for name, word in (("rescaled_percent", "in percent"), ("incidence", "incidence")):
        so = [arm.name for arm in arms if _has(arm, name)]
        other = [arm.name for arm in arms if not _has(arm, name)]
        if so and other:
            raise ExchangeError(f"{path}: {so[0]!r} seems to be {word} and {other[0]!r} not; expected one scale. Say which with --scale.")


def _has(arm, name):
    return any(flag.name == name for flag in arm.flags)


# --- numbers at risk -------------------------------------------------------------------------------------------------


def _tied(named, files, arms, renamed):
    """Rows by arm, each with its file: by the name given, by the file's column, else by order."""
    tied = {}
    nameless = [file for (name, _), file in zip(named, files, strict=True) if not name and not file.rows[0].arm]
    if nameless and len(nameless) != len(arms):
        raise ExchangeError(
            f"{nameless[0].text.path} does not name its arm, and there are {len(arms)} curves and {len(nameless)} such "
            f"{'table' if len(nameless) == 1 else 'tables'}; give --at-risk ARM=FILE. The arms are {', '.join(map(repr, arms))}."
        )
    for (name, path), file in zip(named, files, strict=True):
        if name and len(file.rows) > 1:
            raise ExchangeError(f"{path} holds the rows of {len(file.rows)} arms, but {name!r} is one name; give the file alone.")
        for row in file.rows:
            by_order = file in nameless
            given = arms[nameless.index(file)] if by_order else name or renamed.get(row.arm, row.arm)
            arm = match_arm(given, arms, path)
            if arm in tied:
                raise ExchangeError(f"{path}: {arm!r} has numbers at risk from {tied[arm][1].text.path} already; expected one table for each arm.")
            if by_order:
                _refuse_other_name(path, arm, arms)
            tied[arm] = (row, file)
    return tied


def _refuse_other_name(path, arm, arms):
    """Refuse a table tied by order whose file is named for another arm."""
    stem = _letters(path.stem)
    meant = [other for other in arms if _letters(other) and _letters(other) in stem]
    if meant and arm not in meant:
        raise ExchangeError(
            f"{path} would go to {arm!r} by its place, but is named for {meant[0]!r}; give --at-risk in the order of the curves, or as ARM=FILE."
        )


def _letters(text):
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _table(tied, arms):
    if not tied:
        return None
    names = [arm.name for arm in arms if arm.name in tied]
    time = np.unique(np.concatenate([tied[name][0].time for name in names]))
    cells = {key: np.full((len(names), len(time)), np.nan) for key in ("n_risk", "n_event", "n_censored")}
    for index, name in enumerate(names):
        row, _ = tied[name]
        for key, values in cells.items():
            values[index, np.searchsorted(time, row.time)] = getattr(row, key)
    files = dict.fromkeys(tied[name][1].text.path.name for name in names)
    flags = (Flag("at_risk_given", "at-risk table", f"From {', '.join(files)}."),)
    printed = {key: values for key, values in cells.items() if key == "n_risk" or np.isfinite(values).any()}
    return AtRiskTable(names, time, flags=flags, **printed)


def _risk_flags(arm, row, n, unit):
    """Refuse numbers at risk that cannot be, and tell of those that do not fit the curve."""
    check_at_risk(arm.checked, row.time, row.n_risk, n=n, arm=arm.name, unit=unit.removesuffix("s") or "time")
    place, flags = f"arm {arm.name!r}", ()
    trouble = row.row_trouble(arm.points)
    if trouble:
        flags = (Flag("row_numbers_differ", place, trouble),)
    ends = row.time.max(), arm.checked.time[-1]
    if len(row.time) > 2 and max(ends) > _UNLIKE_TIMES * min(ends):
        flags = (*flags, Flag("table_time_unlike", place, f"The table ends at {ends[0]:g}, the curve at {ends[1]:g}."))
    return flags


# --- all of it -------------------------------------------------------------------------------------------------------


def _unit(request, curve_files, risk_files):
    if request.unit:
        return request.unit
    units = {file.unit: file.text.path.name for file in (*curve_files, *risk_files) if file.unit}
    if len(units) > 1:
        said = ", ".join(f"{unit} in {name}" for unit, name in units.items())
        raise ExchangeError(f"The files have different units of time: {said}. Bring them to one; --unit says which it is.")
    return next(iter(units), "")


def _totals(request, tied, arms):
    names = [arm.name for arm in arms]
    n, given = (named_numbers(numbers, names, option) for numbers, option in ((request.n, "--n"), (request.n_event, "--events")))
    for name, (row, file) in tied.items():
        if row.total is not None and given.setdefault(name, row.total) != row.total:
            raise ExchangeError(f"{file.text.path} has {row.total} events of {name!r}, --events says {given[name]}; expected one total.")
    return n, given


def _digitisation(request, arms, tied, unit, files):
    from ipdrecon import __version__

    n, n_event = _totals(request, tied, arms)
    more = {arm.name: _risk_flags(arm, tied[arm.name][0], n.get(arm.name), unit) for arm in arms if arm.name in tied}
    curves = tuple(Curve(arm.name, arm.checked.time, arm.checked.survival, flags=arm.flags + more.get(arm.name, ())) for arm in arms)
    looks = tuple(ArmLook(arm.name, dash="unknown", matched_by="given") for arm in arms)
    flags = () if tied else (Flag("no_at_risk"),)
    flags += () if unit else (Flag("time_unit_unknown"),)
    calibration = nominal_calibration(max(curve.time[-1] for curve in curves), unit)
    panel = DigitisedPanel(PANEL, Box(0, 0, 1000, 1000), calibration, curves, looks, _table(tied, arms), flags=flags)
    sources = {file.text.path: file.text.sha256 for file in files}
    settings = {
        "imported": {path.name: digest for path, digest in sources.items()},
        "unit": unit,
        "scale": request.scale,
        "decimal": request.decimal,
        "n": n,
        "n_event": n_event,
    }
    digest = next(iter(sources.values())) if len(sources) == 1 else hashlib.sha256("".join(sources.values()).encode()).hexdigest()
    curve_names = ", ".join(dict.fromkeys(arm.path.name for arm in arms))
    return Digitisation(curve_names, digest, "coordinates", (0, 0), (panel,), settings, (), __version__)
