"""What curves of cumulative incidence must be; checked once, at the door.

Examples
--------
>>> causes = check_incidence({"relapse": ([0, 2, 6], [0, 10, 30]), "death": ([0, 4], [0, 20])})
>>> causes.names, causes.is_complete
(('relapse', 'death'), True)
>>> causes.time
array([0., 2., 4., 6.])
>>> causes.incidence
array([[0. , 0.1, 0.1, 0.3],
       [0. , 0. , 0.2, 0.2]])
"""

from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.errors import CurveError
from ipdrecon.flags import Flag
from ipdrecon.survival.curve_input import CheckedCurve, InputSettings, check_curve
from ipdrecon.survival.kaplan_meier import step_value

OTHER_CAUSES = "other causes"
_OVER_ONE = 0.05
_DIGITS = 10
_SAME_TIME = 1e-9


@dataclass(frozen=True)
class CheckedCauses:
    """The incidence curves of one arm on one row of times.

    Attributes
    ----------
    names : tuple of str
        The causes; the main one first.
    time : ndarray, shape (n_rows,)
        Strictly increasing, from 0 to the last time of any curve.
    incidence : ndarray, shape (n_causes, n_rows)
        Just after each time; never falls.
    is_complete : bool
        Whether these are all causes, so that survival free of them is one minus their sum.
    repair : float
        The largest change of incidence made to stop a curve from falling.
    flags : tuple of Flag
    """

    names: tuple
    time: np.ndarray
    incidence: np.ndarray
    is_complete: bool
    repair: float
    flags: tuple

    def on_times(self, printed):
        """Give the same with times that are a printed time but for arithmetic set to it."""
        nearest = printed[np.abs(self.time[:, None] - printed).argmin(axis=1)]
        time = np.where(np.abs(self.time - nearest) <= _SAME_TIME * self.time[-1], nearest, self.time)
        last = np.append(np.diff(time) > 0, True)
        return replace(self, time=time[last], incidence=self.incidence[:, last])

    def free(self):
        """Free of the causes given, as a `CheckedCurve`: one minus the sum of their incidences."""
        return CheckedCurve(self.time, np.clip(1 - self.incidence.sum(axis=0), 0, 1), self.repair, ())

    def of_cause(self, index):
        """One minus the incidence of one cause, as a `CheckedCurve`."""
        return CheckedCurve(self.time, 1 - self.incidence[index], self.repair, ())


def _top(points):
    """Largest finite value of a curve, or NaN; what is no curve is left to the check that names it."""
    try:
        values = np.asarray(points[1], float)
    except (TypeError, ValueError, IndexError):
        return np.nan
    return np.max(values[np.isfinite(values)], initial=-np.inf)


def _refuse_falling(values, name, arm, settings):
    """Refuse a survival curve that was given as incidence."""
    if len(values) and values[0] > 1 - settings.incidence_start and values[-1] < values[0] - settings.rise_refused:
        raise CurveError(
            f"Arm {arm!r}: the incidence of {name!r} falls from {values[0]:g} to {values[-1]:g}; expected a curve that rises from 0. "
            f"Give one minus the survival curve."
        )


def _checked_cause(points, name, arm, unit_one, settings):
    """One cause's curve as one minus incidence."""
    place = f"{arm}: {name}"
    try:
        time, incidence = points
        time, values = np.asarray(time, float), np.asarray(incidence, float) / unit_one
    except (TypeError, ValueError) as trouble:
        raise CurveError(f"Arm {arm!r}: the curve of {name!r} is no pair of time and incidence ({trouble}); expected numbers only.") from trouble
    if time.ndim == values.ndim == 1 and len(time) == len(values):
        usable = np.isfinite(time) & np.isfinite(values)
        _refuse_falling(values[usable][np.argsort(time[usable], kind="stable")], name, arm, settings)
    return check_curve(time, 1 - values, arm=place, settings=settings)


def _of_others(survival, time, known, arm, settings):
    """Incidence of the causes that no curve is given of: what overall survival falls beyond `known`; none where that is noise."""
    rest = 1 - step_value(time, survival.time, survival.survival, 1.0) - known
    slack = 4 * settings.survival_error
    if rest.min() < -_OVER_ONE:
        worst = int(rest.argmin())
        raise CurveError(
            f"Arm {arm!r}: at {time[worst]:g} the causes add up to {known[worst]:.3f}, but the overall curve leaves {known[worst] + rest[worst]:.3f} "
            f"for all events; expected no more than that. Check which curve is the overall one."
        )
    if rest.max() <= slack:
        return None
    fitted = check_curve(time, 1 - np.clip(rest, 0, 1), arm=f"{arm}: {OTHER_CAUSES}", settings=settings)
    return 1 - step_value(time, fitted.time, fitted.survival, 1.0)


def _within_one(time, incidence, arm):
    """Incidences that add up to at most 1; a little more is reading error and taken off in proportion."""
    total = incidence.sum(axis=0)
    if total.max() > 1 + _OVER_ONE:
        worst = int((total > 1 + _OVER_ONE).argmax())
        raise CurveError(
            f"Arm {arm!r}: at {time[worst]:g} the incidences add up to {total[worst]:.3f}; those of competing causes add up to 1 at most. "
            f"Curves drawn one upon the other (stacked) must be parted first, and one minus Kaplan-Meier curves of single causes are no incidences."
        )
    return np.maximum.accumulate(incidence / np.maximum(total, 1), axis=1)


def check_incidence(curves, *, overall=None, arm="arm 1", settings=None):
    """Make sure of the incidence curves of one arm.

    Points may come unsorted, twice, with both corners of each step, in percent and slightly wavy, as in `check_curve`.

    Parameters
    ----------
    curves : mapping of str to (time, incidence)
        By cause, the main one first; incidence as a probability or, where any of them reaches beyond 1.5, in percent.
    overall : (time, survival), optional
        The curve of all causes together: survival free of them, or their incidence.
    arm : str
        For messages.
    settings : InputSettings, optional

    Returns
    -------
    CheckedCauses
        Complete where there are two causes or more, or an overall curve; what that falls beyond the causes given is the
        cause "other causes".

    Raises
    ------
    CurveError
        Where the points cannot be incidence curves of competing causes.
    """
    settings = settings or InputSettings()
    if not curves:
        raise CurveError(f"Arm {arm!r} has no incidence curve; expected one or more, by cause.")
    names = tuple(str(name) for name in curves)
    top = max((_top(points) for points in curves.values()), default=0.0)
    in_percent = settings.percent_from < top <= settings.percent_most
    flags = (Flag("rescaled_percent", f"arm {arm!r}", f"It reaches {top:g}."),) if in_percent else ()
    checked = [_checked_cause(points, name, arm, 100.0 if in_percent else 1.0, settings) for name, points in curves.items()]
    flags += tuple(flag for curve in checked for flag in curve.flags)
    survival = None if overall is None else check_curve(*overall, arm=f"{arm}: overall", settings=settings)
    time = np.unique(np.concatenate([curve.time for curve in (*checked, survival) if curve is not None]))
    incidence = np.array([1 - step_value(time, curve.time, curve.survival, 1.0) for curve in checked])
    if survival is not None:
        others = _of_others(survival, time, incidence.sum(axis=0), arm, settings)
        if others is not None:
            names, incidence = (*names, OTHER_CAUSES), np.vstack((incidence, others))
    elif len(names) > 1:
        flags += (Flag("causes_taken_for_all", f"arm {arm!r}", f"They are {', '.join(map(repr, names))}."),)
    incidence = np.round(_within_one(time, incidence, arm), _DIGITS)
    repair = max(curve.repair for curve in checked)
    return CheckedCauses(names, time, incidence, len(names) > 1 or overall is not None, repair, flags)
