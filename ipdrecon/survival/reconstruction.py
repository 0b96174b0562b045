"""From curves and numbers at risk to patients: `reconstruct` for a figure, `reconstruct_arm` for one curve.

Examples
--------
>>> arm = reconstruct_arm([0, 2, 4, 6], [1, 0.9, 0.8, 0.8], n=10)
>>> arm.n, arm.n_event
(10, 2)
>>> arm.information
'exact curve + n'
"""

import math
from dataclasses import replace

import numpy as np

from ipdrecon.errors import ReconstructionError
from ipdrecon.flags import Flag
from ipdrecon.model import ReconstructedArm
from ipdrecon.named_size import size_in_name
from ipdrecon.survival.agreement import match_arm
from ipdrecon.survival.conflicts import compare
from ipdrecon.survival.curve_input import InputSettings, check_at_risk, check_curve, check_n_event
from ipdrecon.survival.curve_kinds import curve_kind_flags
from ipdrecon.survival.given import SLACK, ConflictSettings, Given
from ipdrecon.survival.guyot_fit import fit_guyot
from ipdrecon.survival.information import information_of
from ipdrecon.survival.joint import OF_ARMS, OF_PAIRS, Statement, fit_joint, fit_with_printed, n_from_drops
from ipdrecon.survival.printed_counts import PrintedCounts
from ipdrecon.survival.recorded_times import as_recorded

METHODS = ("joint", "guyot")
_DOUBTS = ("at_risk_cell_doubtful", "at_risk_loss_uneven", "at_risk_contradicts_curve")


def _check_method(method, draws, seed):
    if method not in METHODS:
        raise ReconstructionError(f"The method is {method!r}; expected {' or '.join(map(repr, METHODS))}. Pass method='joint' (--method joint).")
    if not isinstance(draws, (int, np.integer)) or isinstance(draws, bool) or draws < 0:
        raise ReconstructionError(f"The number of draws is {draws!r}; expected a whole number from 0.")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ReconstructionError(f"The seed is {seed!r}; expected a whole number from 0.")
    if draws and method == "guyot":
        raise ReconstructionError(f"{draws} draws were asked for, but 'guyot' gives one data set only. Use method 'joint', or leave the draws out.")


def _check_errors(error, arm):
    """Errors of reading that are given must be numbers from 0; 0 and None stand for unknown."""
    for name, value in zip(("time_error", "survival_error"), error, strict=True):
        if value is not None and not (np.isscalar(value) and np.isfinite(value) and value >= 0):
            raise ReconstructionError(f"Arm {arm!r}: {name} is {value!r}; expected a standard error from 0 on, or none.")


def _rebuild(given, method, draws, seed, run):
    """Fit by the method, then hold the result against everything given."""
    return _held(given, fit_guyot(given) if method == "guyot" else fit_joint(given, draws=draws, seed=seed, run=run), method)


def _held(given, fit, method):
    residuals, flags = compare(given, fit)
    information = information_of(given, fit.kind, uses_marks=method == "joint")
    return ReconstructedArm(given.arm, fit.time, fit.event, method, information, residuals, flags=flags, draws=fit.draws)


def _censor_time(values, arm):
    """Times of censor marks, those that are numbers; None where none are given."""
    if values is None:
        return None
    try:
        marks = np.asarray(values, float).ravel()
    except (TypeError, ValueError) as trouble:
        raise ReconstructionError(f"Arm {arm!r}: censor_time holds something that is no number ({trouble}); expected times.") from trouble
    marks = marks[np.isfinite(marks) & (marks >= 0)]
    return np.sort(marks) if len(marks) else None


def _with_n(curve, row, n, survival_error, arm):
    """The number of patients: as given or printed, else as the arm's name or the drops of the curve tell, with a flag."""
    if n is not None or (row[0] is not None and len(row[0])):
        return n, ()
    n = size_in_name(arm)
    if n is not None:
        return n, (Flag("n_from_name", f"arm {arm!r}", f"{n} patients."),)
    n = n_from_drops(*curve.read, survival_error=survival_error)
    detail = f"Nothing says how many patients there were; the drops of the curve are those of {n}."
    return n, () if n is None else (Flag("n_assumed", f"arm {arm!r}", detail),)


def _given(points, row, *, arm, unit="time", n=None, n_event=None, error=(None, None), **printed):
    """Check the input of one arm.

    `points` is (time, survival), `row` is (risk_time, n_risk); `printed` holds `censor_time`, `counts`, `occluded`,
    `doubtful` and `unit_of_times` where they are known.
    """
    _check_errors(error, arm)
    settings = ConflictSettings()
    curve = check_curve(*points, arm=arm)
    known = tuple(value or None for value in error)
    n, told = _with_n(curve, row, n, known[1], arm)
    risk = check_at_risk(curve, *row, n=n, arm=arm, unit=unit)
    if printed.get("unit_of_times"):
        told += (Flag("times_recorded", f"arm {arm!r}", f"The unit is {printed['unit_of_times']:.3g} {unit}."),)
    risk = replace(risk, flags=risk.flags + told)
    time_error = known[0] or settings.time_slack * curve.time[-1]
    survival_error = known[1] or InputSettings().survival_error
    if n_event is not None:
        n_event = check_n_event(n_event, curve, int(risk.n_risk[0]), arm=arm, error=survival_error)
    printed["censor_time"] = _censor_time(printed.get("censor_time"), arm)
    return Given(arm, curve, risk, n_event, (time_error, survival_error), known, settings, unit, **printed)


def reconstruct_arm(
    time,
    survival,
    *,
    n=None,
    risk_time=None,
    n_risk=None,
    n_event=None,
    censor_time=None,
    time_error=None,
    survival_error=None,
    method="joint",
    draws=0,
    seed=0,
    run=map,
):
    """Rebuild the patients of one arm.

    Parameters
    ----------
    time, survival : array-like, shape (n_points,)
        Points of the curve, in any order; survival as a probability, in percent, or 1 - S.
    n : int, optional
        Patients at time 0; may be left out where the table begins at 0.
    risk_time, n_risk : array-like, shape (n_times,), optional
        The row of the at-risk table; empty cells are NaN.
    n_event : int, optional
        The total of events.
    censor_time : array-like, shape (n_marks,), optional
        Times of censor marks, once per patient where marks tell so; the method "guyot" has no use for them.
    time_error, survival_error : float, optional
        Standard errors of reading, in the unit of time and in probability. Where they are not given, the points tell
        them: see `ipdrecon.survival.joint.levels`.
    method : {"joint", "guyot"}
        "joint" holds together everything given, see `ipdrecon.survival.joint`; "guyot" is the algorithm of 2012.
    draws : int
        Further data sets, each compatible with everything given; "joint" alone makes them.
    seed : int
        Of the draws. The data set itself does not depend on it.
    run : callable
        Like `map`; that of a pool of processes (`concurrent.futures.Executor.map`) draws in all of them. The result is the same.

    Returns
    -------
    ReconstructedArm
        Holds exactly the number of patients at time 0.

    Raises
    ------
    CurveError, AtRiskError, ReconstructionError
        Where the input cannot be a survival curve, a row of numbers at risk, a number of patients or of events.

    References
    ----------
    Guyot, Ades, Ouwens, Welton (2012), BMC Medical Research Methodology 12:9.
    """
    _check_method(method, draws, seed)
    given = _given(
        (time, survival),
        (risk_time, n_risk),
        arm="arm 1",
        n=n,
        n_event=n_event,
        error=(time_error, survival_error),
        censor_time=censor_time,
    )
    return _rebuild(given, method, draws, seed, run)


def _per_arm(given, curves, what):
    """Numbers given by hand as a dict from (panel, arm); a bare number serves a single arm."""
    if given is None:
        return {}
    if not hasattr(given, "items"):
        if len(curves) != 1:
            names = ", ".join(repr(arm) for _, arm in curves)
            raise ReconstructionError(f"{what} is one number, but there are {len(curves)} arms: {names}. Give one per arm, {what}={{arm: number}}.")
        return {curves[0]: given}
    wanted = {}
    for key, number in given.items():
        matches = [pair for pair in curves if key in (pair, pair[1])]
        if not matches:
            names = ", ".join(repr(arm) for _, arm in curves)
            raise ReconstructionError(f"{what} names the arm {key!r}; the figure has {names}. Use one of these names.")
        wanted |= dict.fromkeys(matches, number)
    return wanted


def _singular(unit):
    return unit[:-1] if unit.endswith("s") and len(unit) > 2 else unit or "time"


def _given_of_curve(panel, curve, numbers, unit_of_times):
    table = panel.at_risk
    n, n_event = numbers
    row = table.row(curve.arm) if table is not None else (None, None)
    counts = PrintedCounts.of_table(table, curve.arm)
    if n_event is None and counts is not None:
        n_event = counts.total(curve, SLACK * (curve.time_error or ConflictSettings().time_slack * curve.time[-1]))
    return _given(
        (curve.time, curve.survival),
        row,
        arm=curve.arm,
        unit=_singular(panel.calibration.time.unit),
        n=n,
        n_event=n_event,
        error=(curve.time_error, curve.survival_error),
        counts=counts,
        censor_time=curve.censor_time if len(curve.censor_time) else None,
        occluded=tuple(map(tuple, curve.occluded)),
        doubtful=table is not None and any(flag.name in _DOUBTS and repr(curve.arm) in flag.place for flag in table.flags),
        unit_of_times=unit_of_times,
    )


def _statements(panel, reported, n_panels):
    """What is printed about the arms of a panel: each number with the places of its arms; numbers of no single arm are left out."""
    found = []
    for number in reported:
        if number.panel not in ("", panel.panel) and not (n_panels == 1 and number.panel == "1"):
            continue
        arm, reference = (match_arm(panel.curves, name) for name in (number.arm, number.reference))
        if arm is None and not number.arm and len(panel.curves) == 1:
            arm = panel.curves[0]
        if number.quantity in OF_PAIRS and not number.reference and len(panel.curves) == 2:
            reference = next((curve for curve in panel.curves if curve is not arm), None)
        about = (arm, reference) if number.quantity in OF_PAIRS else (arm,)
        if None not in about and arm is not reference and number.quantity in OF_ARMS + OF_PAIRS and not math.isnan(number.value):
            found.append(Statement(number, tuple(panel.curves.index(curve) for curve in about)))
    return found


def _printed_totals(panel, statements):
    """Totals of events among what is printed, by arm."""
    of_arms = [statement for statement in statements if statement.number.quantity == "events" and not statement.number.bound]
    return {panel.curves[statement.arms[0]].arm: int(statement.number.value) for statement in of_arms}


def _rebuild_panel(panel, givens, statements, use_hr, how):
    """Rebuild the arms of a panel: each alone, or together with what else is printed about them."""
    method, draws, seed, run = how
    if method == "guyot" or not (statements or any(given.counts is not None for given in givens)):
        rebuilt = [_rebuild(given, method, draws, (*seed, index), run) for index, given in enumerate(givens)]
    else:
        rebuilt = []
        for given, (fit, entries, flags) in zip(givens, fit_with_printed(givens, statements, use_hr=use_hr, draws=draws, seed=seed), strict=True):
            arm = _held(given, fit, method)
            rebuilt.append(replace(arm, residuals=arm.residuals | ({"printed": entries} if entries else {}), flags=arm.flags + flags))
    kinds = [curve_kind_flags(panel, curve) for curve in panel.curves]
    return [replace(arm, panel=panel.panel, flags=arm.flags + kind) for arm, kind in zip(rebuilt, kinds, strict=True)]


def reconstruct(digitisation, *, method="joint", n=None, n_event=None, reported=(), use_hr=False, draws=0, seed=0, run=map):
    """Rebuild the patients of every arm of every panel of a figure.

    Parameters
    ----------
    digitisation : Digitisation
    method : {"joint", "guyot"}
    n, n_event : dict or int, optional
        Patients at time 0 and totals of events by arm, or by (panel, arm); a bare number where there is a single arm.
    reported : sequence of ReportedNumber
        What else the paper prints (`read_reported`): medians with their intervals, survival at times, events, numbers at
        risk enter with the precision they are printed with; what contradicts the figure is flagged and not used. The
        method "guyot" has no use for them.
    use_hr : bool
        Whether hazard ratios and log-rank p among `reported` enter too. They are then no test of the result, and the
        flag ``hr_is_input`` says so.
    draws : int
        Further data sets of each arm, each compatible with the figure; see `ReconstructedArm.draws`.
    seed : int
        Of the draws; each arm has a stream of its own.
    run : callable
        As in `reconstruct_arm`.

    Returns
    -------
    tuple of ReconstructedArm
        In order of panels and curves.

    Raises
    ------
    CurveError, AtRiskError, ReconstructionError
        As `reconstruct_arm`, naming the arm.
    """
    _check_method(method, draws, seed)
    pairs = [(panel.panel, curve.arm) for panel in digitisation.panels for curve in panel.curves]
    if not pairs:
        raise ReconstructionError(f"{digitisation.source} has no curve; expected one or more. Look at overlay.png and digitise again.")
    n, n_event = _per_arm(n, pairs, "n"), _per_arm(n_event, pairs, "n_event")
    rebuilt = []
    for place, panel in enumerate(digitisation.panels):
        keys = [(panel.panel, curve.arm) for curve in panel.curves]
        statements = _statements(panel, reported, len(digitisation.panels))
        totals = _printed_totals(panel, statements) if method == "joint" else {}
        numbers = [(n.get(key), n_event.get(key, totals.get(key[1]))) for key in keys]
        curves, unit = as_recorded(panel.curves)
        givens = [_given_of_curve(panel, curve, pair, unit) for curve, pair in zip(curves, numbers, strict=True)]
        rebuilt += _rebuild_panel(panel, givens, statements, use_hr, (method, draws, (seed, place), run))
    return tuple(rebuilt)
