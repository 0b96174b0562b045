"""How exactly a vector figure was read: every drop and every censor mark against the patients it was drawn from.

Arms are paired by the assignment of least mean difference between the curves. A drop is right when its time lies within a
thousandth of the time axis, and the survival after it within 0.001; a mark when its time does. Each true one is met by one
that was read, in the order of time. Where the axis cuts a curve, what stands upon the very cut counts neither way.
"""

import csv
import json
from collections import defaultdict

import numpy as np
from scipy.optimize import linear_sum_assignment

TOLERANCE = 1e-3
LEAST_DROP = 1e-9
GRID = 1000
# of the practice figures whose patients are known, those that mark the censored; their index does not tell
MARKED = ("v01_", "v03_", "v05_", "v07_", "v15_", "v16_")


def read_rows(path):
    if path is None or not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def by_arm(rows, *columns):
    """Arrays of some columns, by arm."""
    arms = defaultdict(list)
    for row in rows:
        arms[row["arm"]].append([float(row[column]) for column in columns])
    return {arm: np.array(values).T for arm, values in arms.items()}


def drops(curve):
    """Times and survival just after each drop of a curve from 1; rows of one time are one drop, to the lowest."""
    order = np.argsort(curve[0], kind="stable")
    times, first = np.unique(curve[0][order], return_index=True)
    survival = np.minimum.accumulate(np.minimum.reduceat(curve[1][order], first))
    falls = np.diff(survival, prepend=1.0) < -LEAST_DROP
    return np.array([times[falls], survival[falls]])


def drops_of(curves):
    return {arm: drops(curve) for arm, curve in curves.items()}


def level(curve, at):
    time, survival = curve
    place = np.searchsorted(time, at, side="right") - 1
    return np.where(place < 0, 1.0, survival[np.clip(place, 0, None)])


def paired(true, read, end):
    """Arms read, by true arm, and their mean distance; an arm that nothing is left for counts as one far off."""
    begin = min(curve[0][0] for curve in true.values())
    grid = np.linspace(begin, end, GRID)
    cost = np.ones((len(true), max(len(true), len(read))))
    for i, curve in enumerate(true.values()):
        seen = grid[grid <= curve[0][-1]]
        for j, other in enumerate(read.values()):
            cost[i, j] = np.abs(level(curve, seen) - level(other, seen)).mean()
    rows, columns = linear_sum_assignment(cost)
    names, others = list(true), list(read)
    pairs = {names[i]: others[j] for i, j in zip(rows, columns, strict=True) if j < len(others)}
    return pairs, float(cost[rows, columns].mean())


def met(true, read, tolerance):
    """How many of the true columns are met by a column read, each by one of its own; both run in the order of time."""
    found = used = 0
    for column in true.T:
        for k in range(used, read.shape[1]):
            if (np.abs(read[:, k] - column) <= tolerance).all():
                found, used = found + 1, k + 1
                break
            if read[0, k] > column[0] + tolerance[0]:
                break
    return found


def true_marks(figures, entry):
    """Times of the marks drawn, by arm; None where nobody knows."""
    if entry.get("marks"):
        return by_arm(read_rows(figures / entry["marks"]), "time")
    if not entry.get("ipd"):
        return None
    if "marks" in entry or not entry["name"].startswith(MARKED):
        return {}
    censored = [row for row in read_rows(figures / entry["ipd"]) if not float(row["event"])]
    return {arm: np.unique(time)[None] for arm, time in by_arm(censored, "time").items()}


def panel_of(results, true, end):
    """The panel that fits best: its name, its curves and the pairs of arms."""
    panels = defaultdict(list)
    for row in read_rows(results / "curves.csv"):
        panels[row["panel"]].append(row)
    best = None
    for name, rows in panels.items():
        curves = by_arm(rows, "time", "survival")
        pairs, cost = paired(true, curves, end)
        if best is None or cost < best[0]:
            best = cost, name, curves, pairs
    return best[1:] if best else (None, {}, {})


def count(true, read, pairs, ends, tolerance):
    """How many there are, were read and are right, over all arms, up to where each ends."""
    nothing, sums = np.zeros((len(tolerance), 0)), np.zeros(3, int)
    for arm, end in ends.items():
        known, seen = true.get(arm, nothing), read.get(pairs.get(arm), nothing)
        known, seen = known[:, known[0] <= end], seen[:, seen[0] <= end + 2 * tolerance[0]]
        right = met(known, seen, tolerance)
        sums += known.shape[1], max((seen[0] <= end).sum(), right), right
    return tuple(map(int, sums))


def about_panel(results, name, entry):
    """How the panel was read, and how far its ticks lie from a straight scale, in points."""
    figure = json.loads((results / "figure.json").read_text())
    panel = next(panel for panel in figure["panels"] if panel["panel"] == name)
    way = panel.get("source", figure["source"])
    scale = panel.get("px_per_point")
    residual = max(panel["axes"][axis]["residual_px"] for axis in ("time", "vertical"))
    return {
        "way_read": way, "way_right": way == entry.get("way", "vector"),
        "residual_pt": residual / scale if scale and way == "vector" else None,
    }  # fmt: skip


def judge(figures, results, entry):
    """What one row of the scoreboard says of exactness; counts are left out where the truth is not exact."""
    row = {key: entry.get(key, usual) for key, usual in {"way": "vector", "text": "text", "simplified": False, "trap": False}.items()}
    if entry["trap"] or not entry["curves"]:
        return row
    true = by_arm(read_rows(figures / entry["curves"]), "time", "survival")
    end = entry["x_max"] or max(curve[0][-1] for curve in true.values())
    tolerance = np.array([TOLERANCE * (end - min(curve[0][0] for curve in true.values())), TOLERANCE])
    name, curves, pairs = panel_of(results, true, end)
    if name is not None:
        row |= about_panel(results, name, entry)
    if entry["truth"] != "exact":
        return row
    ends = {arm: end if curve[0][-1] <= end else end - tolerance[0] for arm, curve in true.items()}
    counted = {"drops": (drops_of(true), drops_of(curves), tolerance)}
    marks = true_marks(figures, entry)
    if marks is not None:
        rows = [mark for mark in read_rows(results / "censor_marks.csv") if mark["panel"] == name]
        counted["marks"] = marks, {arm: np.unique(time)[None] for arm, time in by_arm(rows, "time").items()}, tolerance[:1]
    for kind, (known, read, near) in counted.items():
        row |= dict(zip((kind, f"{kind}_read", f"{kind}_right"), count(known, read, pairs, ends, near), strict=True))
    return row
