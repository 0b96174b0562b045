"""Patients with causes from a figure folder: which curve is which cause of which arm is said by a person."""

from dataclasses import dataclass, replace

from ipdrecon.app import saving
from ipdrecon.app.arm_names import match_arm
from ipdrecon.app.workflow import (
    INCIDENCE,
    IPD,
    RECONSTRUCTION,
    RECONSTRUCTION_PICTURE,
    present,
    read_inputs,
    write_rebuilt,
)
from ipdrecon.errors import ReconstructionError

ONLY_ARM = "arm 1"
"""The arm's name where none is given: all curves are then of one arm."""


@dataclass(frozen=True)
class CauseCurve:
    """What a curve of a figure is.

    Attributes
    ----------
    curve : str
        Its label in the figure.
    cause : str
        Empty for the curve of all causes together.
    arm : str
    """

    curve: str
    cause: str
    arm: str = ONLY_ARM


def parse_cause(text):
    """Read ``CURVE=CAUSE`` or ``CURVE=CAUSE@ARM``.

    Parameters
    ----------
    text : str

    Returns
    -------
    CauseCurve or None
        None where it is not of this form. Of several equal signs the last one parts.
    """
    curve, _, rest = text.rpartition("=")
    cause, _, arm = rest.partition("@")
    if not curve.strip() or not cause.strip():
        return None
    return CauseCurve(curve.strip(), cause.strip(), arm.strip() or ONLY_ARM)


def parse_overall(text):
    """Read ``CURVE`` or ``CURVE@ARM``, as a `CauseCurve` without a cause."""
    curve, _, arm = text.partition("@")
    return CauseCurve(curve.strip(), "", arm.strip() or ONLY_ARM)


def reconstruct_causes_to_folder(folder, causes, *, n=None, n_event=None):
    """Rebuild the patients of a figure folder with the causes of their events, and write them there.

    Parameters
    ----------
    folder : str or Path
    causes : sequence of CauseCurve
        One for each curve that is used, the main cause of each arm first; the other curves are left out.
    n : dict of str to int, optional
        Patients by arm; the key "" serves a single arm.
    n_event : dict of str to int, optional
        Total events by ``CAUSE@ARM``, or by cause where there is one arm.

    Returns
    -------
    digitisation : Digitisation
    arms : tuple of ReconstructedIncidence
        Of every panel that has the curves.

    Raises
    ------
    ReconstructionError, FolderError
        Where a curve, a cause or an arm is not there, besides what `reconstruct_incidence` refuses.
    """
    digitisation, seen = read_inputs(folder)
    by_arm = {arm: [one for one in causes if one.arm == arm] for arm in dict.fromkeys(one.arm for one in causes)}
    _check_causes(by_arm)
    n, totals = _by_arm(n or {}, by_arm), _totals(n_event or {}, by_arm)
    panels = _panels_with(digitisation, causes, folder)
    parts = tuple(_rebuild(panel, arm, ones, n.get(arm), totals.get(arm)) for panel in panels for arm, ones in by_arm.items())
    write_rebuilt(folder, _files(seen, parts, {"causes": list(causes), "n": n, "n_event": totals}), seen)
    return replace(digitisation, panels=tuple(panels)), tuple(part.arm for part in parts)


def _check_causes(by_arm):
    """Refuse causes that are not one curve each, or that would have different numbers in different arms."""
    order = {}
    for arm, ones in by_arm.items():
        names = [one.cause for one in ones]
        twice = [name or "overall" for name in names if names.count(name) > 1]
        if twice:
            raise ReconstructionError(f"Arm {arm!r}: {twice[0]!r} has two curves; expected one. Give each cause once for each arm.")
        if not any(names):
            raise ReconstructionError(f"Arm {arm!r} has an overall curve and no cause; expected --cause CURVE=CAUSE@{arm} beside it.")
        for name in names:
            if name and order.setdefault(name, names.index(name)) != names.index(name):
                raise ReconstructionError(f"Arm {arm!r}: {name!r} stands in another place than in the arm before; give the causes of each arm in one order.")


def _by_arm(numbers, by_arm):
    """Numbers of patients by the arms as named in the causes."""
    if "" in numbers:
        if len(by_arm) > 1:
            raise ReconstructionError(f"--n {numbers['']} names no arm; the arms are {', '.join(map(repr, by_arm))}. Give --n ARM=N.")
        return {next(iter(by_arm)): numbers[""]}
    return {match_arm(arm, list(by_arm), "--n"): number for arm, number in numbers.items()}


def _totals(numbers, by_arm):
    """Totals of events by arm and cause, from ``CAUSE@ARM`` or ``CAUSE``."""
    found = {}
    for key, number in numbers.items():
        cause, _, arm = key.partition("@")
        if not arm and len(by_arm) > 1:
            raise ReconstructionError(f"--events {key}={number} names no arm; the arms are {', '.join(map(repr, by_arm))}. Give --events CAUSE@ARM=N.")
        arm = match_arm(arm.strip(), list(by_arm), "--events") if arm else next(iter(by_arm))
        names = [one.cause for one in by_arm[arm] if one.cause]
        found.setdefault(arm, {})[match_arm(cause.strip(), names, f"--events, arm {arm!r}, causes")] = number
    return found


def _panels_with(digitisation, causes, folder):
    """Panels that have every curve named."""
    wanted = {_plain(one.curve) for one in causes}
    panels = [panel for panel in digitisation.panels if wanted <= {_plain(curve.arm) for curve in panel.curves}]
    if not panels:
        seen = "; ".join(f"panel {panel.panel}: {', '.join(repr(curve.arm) for curve in panel.curves)}" for panel in digitisation.panels)
        named = ", ".join(repr(one.curve) for one in causes)
        raise ReconstructionError(f"No panel of {folder} has all the curves named ({named}); there are {seen}. Give the labels as they stand there.")
    return panels


def _plain(label):
    return "".join(letter for letter in label.casefold() if letter.isalnum()) or label


@dataclass(frozen=True)
class Rebuilt:
    """One arm rebuilt, and what it was rebuilt from.

    Attributes
    ----------
    panel : DigitisedPanel
    arm : ReconstructedIncidence
    curves : dict of str to Curve
        By cause.
    row : tuple of ndarray
        Times and printed numbers at risk; both empty where there are none.
    """

    panel: object
    arm: object
    curves: dict
    row: tuple


def _rebuild(panel, arm, ones, n, n_event):
    """Rebuild one arm of one panel; the doubts of its curves are repeated."""
    from ipdrecon.survival.curve_kinds import curve_kind_flags
    from ipdrecon.survival.incidence import reconstruct_incidence

    labels = [curve.arm for curve in panel.curves]
    curves = {one.cause: panel.curves[labels.index(match_arm(one.curve, labels, "--cause"))] for one in ones}
    errors = _errors(curves.values())
    overall = curves.pop("", None)
    row = _row(panel, arm, curves.values())
    rebuilt = reconstruct_incidence(
        {cause: (curve.time, 1 - curve.survival) for cause, curve in curves.items()},
        overall=overall and (overall.time, overall.survival),
        n=n,
        risk_time=row[0],
        n_risk=row[1],
        n_event=n_event,
        **errors,
        arm=arm,
        unit=panel.calibration.time.unit.removesuffix("s") or "time",
    )
    told = tuple(flag for curve in curves.values() for flag in curve_kind_flags(panel, curve) if flag.name != "subdistribution")
    rebuilt = replace(rebuilt, panel=panel.panel, flags=tuple(dict.fromkeys(rebuilt.flags + told)))
    return Rebuilt(panel, rebuilt, curves, row)


def _errors(curves):
    """Reading errors of the curve that was read worst."""
    return {name: max(getattr(curve, name) for curve in curves) or None for name in ("time_error", "survival_error")}


def _row(panel, arm, curves):
    """Find the row of an arm: by its name, else the only one with numbers, else that of the first of its curves with one."""
    table = panel.at_risk
    rows = {} if table is None else {name: table.row(name) for name in table.arms}
    rows = {name: row for name, row in rows.items() if len(row[0])}
    named = [name for name in rows if _plain(name) == _plain(arm)]
    named += list(rows) if len(rows) == 1 else [curve.arm for curve in curves if curve.arm in rows]
    return rows[named[0]] if named else ((), ())


def _files(seen, parts, given):
    from ipdrecon.app.incidence_plots import draw_incidence
    from ipdrecon.app.plots import png_bytes

    rows = [
        (part.arm.panel, part.arm.arm, time, int(cause == 1), cause)
        for part in parts
        for time, cause in zip(part.arm.time, part.arm.cause.tolist(), strict=True)
    ]
    return {
        IPD: saving.csv_bytes(("panel", "arm", "time", "event", "cause"), rows),
        RECONSTRUCTION: saving.json_bytes(_record(seen, [part.arm for part in parts], given)),
        RECONSTRUCTION_PICTURE: png_bytes(draw_incidence(parts)),
    }


def _record(seen, arms, given):
    from ipdrecon import __version__

    return {
        "schema_version": 1,
        "program": "ipdrecon",
        "version": __version__,
        "method": INCIDENCE,
        "columns": {"event": "1 = event of the arm's first cause, 0 = any other end", "cause": "0 = censored, 1, 2, … = causes of the arm, in order"},
        "given": given,
        "inputs": present(seen),
        "arms": [
            {
                "panel": arm.panel,
                "arm": arm.arm,
                "method": arm.method,
                "information": arm.information,
                "causes": list(arm.causes),
                "n": arm.n,
                "n_event": arm.n_event,
                "n_by_cause": arm.n_by_cause,
                "residuals": arm.residuals,
                "flags": [flag.to_dict() for flag in arm.flags],
            }
            for arm in arms
        ],
    }


def sentences_of(arms):
    """Tell what was rebuilt, one sentence per arm."""
    for arm in arms:
        events = ", ".join(f"{number} × {name}" for name, number in arm.n_by_cause.items())
        gap = 100 * arm.residuals["curve_max"]
        yield f"panel {arm.panel}, {arm.arm}: {arm.n} patients; {events}; from {arm.information}; the curves are met within {gap:.1f} points of incidence."
