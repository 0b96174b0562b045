"""Patients drawn at random, and the Kaplan-Meier curve they make."""

from dataclasses import dataclass

import numpy as np

COURSES = ("weibull", "piecewise", "cure", "crossing", "alike")


@dataclass(frozen=True)
class Arm:
    """One arm: its name, and time and event of each patient."""

    name: str
    time: np.ndarray
    event: np.ndarray

    def curve(self):
        """Times, survival just after them (first 0 and 1, last the last time seen) and Greenwood's standard error."""
        times = np.unique(self.time[self.event])
        n_risk = (self.time[:, None] >= times).sum(axis=0)
        n_event = (self.time[self.event][:, None] == times).sum(axis=0)
        survival = np.cumprod(1 - n_event / n_risk)
        spread = np.cumsum(n_event / (n_risk * np.maximum(n_risk - n_event, 1)))
        time = np.concatenate([[0.0], times, [self.time.max()]])
        survival = np.concatenate([[1.0], survival, survival[-1:] if len(survival) else [1.0]])
        spread = np.concatenate([[0.0], spread, spread[-1:] if len(spread) else [0.0]])
        return time, survival, survival * np.sqrt(spread)

    def survival_at(self, at):
        time, survival, _ = self.curve()
        return survival[np.searchsorted(time, at, side="right") - 1]

    def n_risk(self, at, *, after=False):
        """Patients at risk just before a time, or just after it."""
        return int((self.time > at).sum() if after and at > 0 else (self.time >= at).sum())

    def n_gone(self, at, *, event):
        """Events, or censorings, up to and with a time."""
        return int(((self.time <= at) & (self.event == event)).sum())


def quantiles(course, rank, n, u, depth, rng):
    """Event times as shares of the horizon: `depth` is the survival left at the horizon by the first arm."""
    strength = -np.log(np.clip(depth, 0.02, 0.98)) * (1 + 0.45 * rank)
    hazard = -np.log(u)
    if course == "piecewise":
        early = strength * rng.uniform(0.4, 0.7)
        return np.where(hazard < early, 0.2 * hazard / early, 0.2 + 0.8 * (hazard - early) / (strength - early))
    if course == "cure":
        share = min(0.9, depth * rng.uniform(0.8, 1.0))
        return np.where(u < share, 9.0, 0.5 * (-np.log(np.clip((u - share) / (1 - share), 1e-9, 1))) ** 0.9)
    shape = {"crossing": (0.65, 1.7)[rank % 2], "alike": 1.1}.get(course, rng.uniform(0.8, 1.4))
    if course in ("crossing", "alike"):
        strength = -np.log(np.clip(depth, 0.02, 0.98)) * (1 + 0.04 * rank)
    return (hazard / strength) ** (1 / shape)


def make_arm(rng, name, *, n, course, rank, depth, horizon, whole=None):
    """Draw one arm's patients.

    Times run to about `horizon`; with `whole` they are rounded up to multiples of it, so that there are ties.
    """
    events = horizon * quantiles(course, rank, n, rng.uniform(size=n), depth, rng)
    follow = horizon * rng.uniform(rng.uniform(0.05, 0.7), rng.uniform(0.9, 1.15), size=n)
    time, event = np.minimum(events, follow), events <= follow
    time = np.maximum(np.ceil(time / whole) * whole, whole) if whole else np.maximum(time, horizon * 1e-3)
    if not event.any():
        event[np.argmin(time)] = True
    return Arm(name, time, event)
