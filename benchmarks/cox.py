"""The log hazard ratio of two arms of patients, quick enough for thousands of pairs: Cox (1972) with Efron's ties (1977)."""

import numpy as np

STEPS = 50
PRECISION = 1e-10


def _leaving(times, at):
    """How many of sorted `times` lie at each of `at`."""
    return np.searchsorted(times, at, side="right") - np.searchsorted(times, at, side="left")


def _event_rows(reference, treatment):
    """One row per event: what is left at risk in either arm while tied events are taken one by one; events of treatment."""
    arms = [(np.sort(time), np.sort(time[event])) for time, event in (reference, treatment)]
    at = np.unique(np.concatenate([seen for _, seen in arms]))
    n = [len(time) - np.searchsorted(time, at, side="left") for time, _ in arms]
    events = [_leaving(seen, at) for _, seen in arms]
    total = events[0] + events[1]
    row = np.repeat(np.arange(len(at)), total)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(total) - total, total)) / total[row]
    return n[0][row] - share * events[0][row], n[1][row] - share * events[1][row], int(events[1].sum())


def log_hazard_ratio(reference, treatment):
    """Find the maximum of the partial likelihood by Newton's steps; NaN where it has none.

    Each arm is (time, event): arrays of shape (n,).
    """
    arms = [(np.asarray(time, float), np.asarray(event, bool)) for time, event in (reference, treatment)]
    n_reference, n_treatment, observed = _event_rows(*arms)
    compared = (n_reference > 0) & (n_treatment > 0)
    observed -= int(np.sum(n_reference[~compared] <= 0))
    n_reference, n_treatment = n_reference[compared], n_treatment[compared]
    if not 0 < observed < len(n_reference):
        return np.nan
    estimate = 0.0
    for _ in range(STEPS):
        chance = n_treatment / (n_reference * np.exp(-estimate) + n_treatment)
        step = (observed - chance.sum()) / np.sum(chance * (1 - chance))
        estimate += float(np.clip(step, -1, 1))
        if abs(step) < PRECISION:
            return estimate
    return np.nan
