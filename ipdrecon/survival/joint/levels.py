"""What a curve says: where it drops, to which level, and how surely each is read.

Where the caller does not know the error of reading, the points tell it themselves. Where points go up nearly as often as
down, their rises are the error; evenly spaced, they are a tracer's samples, else clicks. Levels on one fine grid were read from rows of
pixels. Levels whose drops are all those of whole patients were calculated, not read, unless few decimals make that no wonder
or most drops are of many patients who cannot have shared a visit. Anything else is taken as clicked.

Examples
--------
>>> levels = read_levels([0, 2, 4, 6], [1, 0.9, 0.8, 0.8], 10)
>>> levels.kind, levels.time.tolist(), levels.survival.tolist()
('exact', [2.0, 4.0], [0.9, 0.8])
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

_RISE = 1e-9
_MEDIAN_STEP = 0.6745 * math.sqrt(2)
"""Median distance of two values with an error of 1 each."""
_PRUNED_EVERY = 8
"""Samples after which borders that cannot be the best are dropped."""


@dataclass(frozen=True)
class ReadingSettings:
    """How the kind of reading is told, and what each kind is worth.

    Attributes
    ----------
    exact_error : float
        Of levels that were calculated: the digits that are kept.
    finest_grid, coarsest_grid : float
        Levels on a grid between these are rows of pixels; a figure is 150 to 20,000 px high.
    most_rows_exact : float
        Where all drops are those of whole patients and the grid is no finer than this share of a patient, it may be chance.
    by_chance : float
        Levels of few decimals are whole patients by chance with more than this chance: then that says nothing, ...
    single_share : float
        ... unless at least this share of the drops are those of single patients.
    many_patients, coarse_drop, finest_visits : float
        Drops of more patients than this on average are clicks where they are as large as `coarse_drop` and nobody left
        between them, or smaller and times are no whole multiples of at least this share of the follow-up (visits, months).
    grid_error : float
        Standard error of a level in rows: half a row for its place, and what rounding to rows adds (1 / 12).
    clicked_error, clicked_time_error : float
        Of points set by hand: one pixel of 400, in survival and as a share of the follow-up.
    most_times : int
        Exact times on a grid of no more than so many times to the end are recorded times.
    fewest_columns : int
        The follow-up is at least so many columns of pixels wide.
    least_samples : int
        Fewer points are no tracer's.
    rising_share : float
        Where more of the steps than this go up, the points are samples or clicks with noise.
    evenly, even_share : float
        Samples are those of which at least this share lie evenly spaced, within a share of their distance.
    new_level : float
        A further level of samples must lower the squared misfit by this, in squared errors.
    most_levels : int
        More are thinned, and more than lie an error apart: a curve has no more to tell.
    """

    exact_error: float = 1e-10
    finest_grid: float = 5e-5
    coarsest_grid: float = 1 / 150
    most_rows_exact: float = 0.5
    by_chance: float = 0.01
    single_share: float = 0.9
    many_patients: float = 5.0
    coarse_drop: float = 0.04
    finest_visits: float = 0.002
    grid_error: float = 0.577
    clicked_error: float = 0.0025
    clicked_time_error: float = 0.0025
    most_times: int = 20_000
    fewest_columns: int = 300
    least_samples: int = 20
    rising_share: float = 0.1
    evenly: float = 0.05
    even_share: float = 0.5
    new_level: float = 8.0
    most_levels: int = 4000


@dataclass(frozen=True)
class Levels:
    """The drops of a curve.

    Attributes
    ----------
    time : ndarray, shape (n_drops,)
        Increasing.
    survival : ndarray, shape (n_drops,)
        Just after each, as read: samples with noise may rise.
    error : ndarray, shape (n_drops,)
        Standard error of each level.
    end : float
        Where the curve ends.
    time_error : float
        Standard error of the times.
    kind : {"exact", "drawn", "sampled", "clicked"}
    grid : float
        The unit that exact times are whole multiples of, as days are; 0 where there is none.
    unit : float
        The unit that events were recorded in, where the drops of a read curve tell it; leavers need not be.
    """

    time: np.ndarray
    survival: np.ndarray
    error: np.ndarray
    end: float
    time_error: float
    kind: str
    grid: float = 0.0
    unit: float = 0.0

    def before(self, at):
        """Level just before each time `at`, drops at that time left out."""
        return np.concatenate(([1.0], self.survival))[np.searchsorted(self.time, at, side="left")]

    def thinned(self, most):
        """Make the same of at most so many drops, evenly spaced in survival: those between two are put into the later one."""
        if len(self.time) <= most:
            return self
        lowest = np.minimum.accumulate(self.survival)
        keep = np.searchsorted(-lowest, -np.linspace(lowest[0], lowest[-1], most), side="right") - 1
        keep = np.unique(np.append(keep, len(self.time) - 1))
        return replace(self, time=self.time[keep], survival=self.survival[keep], error=self.error[keep])


def _common_step(values, finest):
    """Largest step that all values are multiples of; 0 where there is none above `finest`. The largest value comes first."""
    step, slack = 0.0, finest / 250
    for value in values:
        larger, smaller = max(value, step), min(value, step)
        while smaller > slack:
            rest = larger % smaller
            larger, smaller = smaller, 0.0 if smaller - rest < slack else rest
        if larger < max(finest, 1e-100):
            return 0.0
        step = values[0] / round(values[0] / larger)
    return step


def _calculated(time, falling, n, settings, total=None):
    """Whether levels were calculated, not read: all drops are those of whole patients, and that is no chance."""
    n_event = -np.diff(falling, prepend=1.0) * n
    n_event = n_event[n_event > 1e-6 * n]
    all_stay = np.allclose(falling * n, np.round(falling * n), rtol=0, atol=1e-6 * n)
    per_drop = (n_event.sum() if total is None else total) / max(len(n_event), 1)
    if per_drop > settings.many_patients and _clicked_coarsely(time, per_drop / n, all_stay, settings):
        return False
    if not all_stay and not whole_patients(np.concatenate(([1.0], falling)), n, settings.exact_error):
        return False
    decimals = decimals_of(falling)
    return not decimals or not len(n_event) or not _whole_by_chance(n_event, n, decimals, all_stay, settings)


def _clicked_coarsely(time, share, all_stay, settings):
    """Whether drops of many patients, a share of all, are clicks: large with nobody gone between them, or small and not at visits."""
    if share > settings.coarse_drop:
        return all_stay
    return _common_step(np.unique(time)[::-1] / (time[-1] or 1.0), settings.finest_visits) == 0


def _whole_by_chance(n_event, n, decimals, all_stay, settings):
    """Whether levels of few decimals may well be those of whole patients by chance."""
    if not all_stay:
        return _reduced(1 / (n * decimals)) ** len(n_event) >= settings.by_chance
    one_in = round(1 / decimals) // math.gcd(n, round(1 / decimals))
    if one_in ** -float(len(n_event)) < settings.by_chance:
        return len(n_event) > 1 and np.gcd.reduce(np.round(n_event).astype(int)) > 1
    return np.mean(n_event < 1.5) < settings.single_share


def _reduced(factor):
    """Chance that two whole numbers have a common factor of at least this much: 6 / pi^2 times the sum of 1 / g^2 from there."""
    return 1.0 if factor <= 1 else 6 / math.pi**2 / (math.ceil(factor) - 0.5)


def whole_patients(survival, n, error):
    """Whether all drops are those of whole patients: d of n' with n' at most those who can be at risk.

    Parameters
    ----------
    survival : ndarray, shape (n_levels,)
        From 1 down.
    n : int
        Patients at time 0.
    error : float
        Of a level.

    Returns
    -------
    bool
    """
    before, after = survival[:-1], survival[1:]
    fall = before > after
    before, share = before[fall], 1 - after[fall] / before[fall]
    most = int(min(max(8, 2 * n * np.max(share, initial=0)), 400))
    n_event = np.arange(1, most + 1)
    with np.errstate(over="ignore"):
        n_risk = np.round(n_event / share[:, None])
    possible = (n_risk >= n_event) & (n_risk <= n * before[:, None] + 0.5)
    miss = np.abs(n_event / np.maximum(n_risk, 1) - share[:, None])
    return bool((possible & (miss <= 4 * error / before[:, None])).any(axis=1).all())


def decimals_of(survival):
    """The step of the fewest decimals, two to four, that hold all levels; 0 where none do."""
    for step in (0.01, 0.001, 0.0001):
        if np.allclose(survival / step, np.round(survival / step), rtol=0, atol=1e-6):
            return step
    return 0.0


def _is_noisy(survival, settings):
    step = np.diff(survival)
    return len(survival) >= settings.least_samples and np.sum(step > _RISE) > settings.rising_share * len(step)


def _kind(time, survival, n, settings, total=None):
    """Kind of reading, standard errors of survival and of time."""
    if _is_noisy(survival, settings):
        step, apart = np.diff(survival), np.diff(time)
        even = np.abs(apart - np.median(apart)) <= settings.evenly * np.median(apart)
        # Rises tell too little where drops hide them, the spread of all steps too much where drops differ.
        by_rises, by_spread = np.median(step[step > _RISE]), np.median(np.abs(step - np.median(step)))
        error = math.sqrt(by_rises * by_spread) / _MEDIAN_STEP
        if even.mean() >= settings.even_share:
            return "sampled", error, float(np.median(apart)) / math.sqrt(12)
        return "clicked", max(error, settings.clicked_error), settings.clicked_time_error * float(time[-1])
    falling = np.minimum.accumulate(survival)
    grid = _common_step(np.unique(np.round(1 - falling, 12))[::-1], settings.finest_grid)
    apart = float(np.diff(np.unique(time)).min(initial=time[-1] / settings.fewest_columns)) / math.sqrt(12)
    drawn = settings.finest_grid < grid < settings.coarsest_grid
    if _calculated(time, falling, n, settings, total) and not (drawn and n * grid > settings.most_rows_exact):
        return "exact", settings.exact_error, 0.0
    if drawn:
        return "drawn", settings.grid_error * grid, apart
    return "clicked", max(settings.clicked_error, decimals_of(falling) / math.sqrt(12)), settings.clicked_time_error * float(time[-1])


def _borders(survival, error, penalty):
    """Cut samples into stretches of one level: least squares with a penalty per stretch.

    Optimal partitioning with pruning (Jackson et al. 2005; Killick, Fearnhead and Eckley 2012, equation 4).
    """
    total = [0.0, *np.cumsum(survival / error).tolist()]
    # Of each open border: what the stretches before it cost less the squares so far, the total so far, its place.
    is_open = np.zeros((3, len(total)))
    is_open[0, 0], n_open, back = -penalty, 1, [0]
    for stop in range(1, len(total)):
        cost, so_far, place = is_open[:, :n_open]
        off = total[stop] - so_far
        cost = cost - off * off / (stop - place)
        first = cost.argmin()
        least = float(cost[first]) + penalty
        back.append(int(place[first]))
        if stop % _PRUNED_EVERY == 0:
            kept = is_open[:, :n_open][:, cost <= least]
            n_open = kept.shape[1]
            is_open[:, :n_open] = kept
        is_open[:, n_open] = least, total[stop], stop
        n_open += 1
    borders = [len(survival)]
    while borders[-1] > 0:
        borders.append(back[borders[-1]])
    return np.array(borders[::-1])


def _of_samples(time, survival, n, error, settings):
    """Levels of a tracer's samples: a drop lies between the last sample of one level and the first of the next.

    One patient's drop that is too small to part a stretch may lie anywhere in it, and adds to the error of its level; so
    does noise that was cut off at 0.
    """
    borders = _borders(survival, error, settings.new_level)
    length = np.diff(borders)
    level = np.minimum(np.add.reduceat(survival, borders[:-1]) / length, 1.0)
    first, spread = borders[:-1], error / np.sqrt(length)
    unseen = level / n
    hidden = unseen < 2 * np.sqrt(settings.new_level) * spread
    spread = np.sqrt(spread**2 + np.where(hidden, unseen**2, 0.0) / 12)
    spread = np.where(level < 2 * error, np.maximum(spread, error / 2), spread)
    begin = np.where(first > 0, (time[first] + time[np.maximum(first - 1, 0)]) / 2, time[0])
    if 1 - level[0] < 3 * max(spread[0], error / 3):
        begin, level, spread = begin[1:], level[1:], spread[1:]
    return begin, level, spread


def _of_steps(time, survival, error):
    """Levels of a step function: one for each time at which it falls."""
    level = survival if (np.diff(survival) <= 0).all() else np.clip(isotonic_regression(survival, increasing=False).x, 0.0, 1.0)
    drop = np.diff(level, prepend=1.0) < -1e-12
    last = np.append(time[1:] > time[:-1], True)
    fresh = drop & last
    for index in np.flatnonzero(drop & ~last):
        fresh[index + np.argmax(last[index:])] = True
    return time[fresh], level[fresh], np.full(int(fresh.sum()), error)


def _of_points(time, survival, error):
    """Levels of clicks with noise: one for each time after 0."""
    last = np.append(time[1:] > time[:-1], True) & (time > 0)
    return time[last], np.minimum(survival[last], 1.0), np.full(int(last.sum()), error)


def read_levels(time, survival, n, *, n_event=None, time_error=None, survival_error=None, occluded=(), settings=None):
    """Find the drops of a curve and how surely they are read.

    Parameters
    ----------
    time, survival : array-like, shape (n_points,)
        In order of time; survival in [0, 1], perhaps with noise.
    n : int
        Patients at time 0.
    n_event : int, optional
        The total of events; without it a drop is taken for so many as if nobody had left.
    time_error, survival_error : float, optional
        Standard errors of reading, where the caller knows them.
    occluded : array-like, shape (n_stretches, 3)
        From, to and standard error of survival of stretches that other ink hides.
    settings : ReadingSettings, optional

    Returns
    -------
    Levels
    """
    settings = settings or ReadingSettings()
    time, survival = np.asarray(time, float), np.asarray(survival, float)
    kind, level_error, place_error = _kind(time, survival, n, settings, n_event)
    if survival_error:
        level_error, kind = survival_error, "sampled" if kind == "sampled" else "drawn"
    if time_error:
        place_error = time_error
    if kind == "sampled":
        rows = _of_samples(time, survival, n, level_error, settings)
    elif _is_noisy(survival, settings):
        rows = _of_points(time, survival, level_error)
    else:
        rows = _of_steps(time, survival, level_error)
    at, level, error = rows
    most = min(settings.most_levels, max(200, int(1.5 / np.median(error)))) if len(error) else 1
    for begin, stop, hidden in occluded:
        error = np.where((at >= begin) & (at <= stop), np.maximum(error, hidden), error)
    grid = _common_step(np.unique(time)[::-1], time[-1] / settings.most_times) if kind == "exact" else 0.0
    return Levels(at, level, error, float(time[-1]), place_error, kind, grid).thinned(most)
