"""Published two-arm comparisons whose curves, numbers at risk and reported hazard ratios are known."""

import csv
import math
from dataclasses import dataclass

import numpy as np

LIKELY_WRONG = ("NeoALTTO(a)_2D", "AURA3_1A", "MINDACT_2F", "IMELDA_2B")
"""Comparisons whose reported ratio looks wrong at the source."""


@dataclass(frozen=True)
class Comparison:
    """Curve and row of numbers at risk by arm, each as (time, value).

    `reported` is the log of the published hazard ratio of `treatment` over `reference`, NaN where none is known; `source_gap`
    is how far the patients of the collection's own authors are from it.
    """

    name: str
    treatment: str
    reference: str
    reported: float
    source_gap: float
    curves: dict
    rows: dict


def _by_arm(path, column):
    """The two columns of each arm, in order of the file."""
    arms = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            arms.setdefault(row["arm"], []).append((float(row["time"]), float(row[column])))
    return {arm: tuple(np.array(pairs).T) for arm, pairs in arms.items()}


def _number(text):
    return math.nan if text in ("", "NA") else float(text)


def read_comparisons(folder):
    """Every comparison of ``figures.csv``, in its order."""
    with open(folder / "figures.csv", newline="") as file:
        entries = list(csv.DictReader(file))
    found = []
    for entry in entries:
        treatment, _, reference = entry["hr_orientation"].partition(" vs ")
        pair = (treatment, reference) if reference else (entry["arm_2"], entry["arm_1"])
        curves, rows = _by_arm(folder / entry["derived_xy"], "survival"), _by_arm(folder / entry["derived_atrisk"], "n_risk")
        reported = math.log(_number(entry["reported_hr"])) if reference else math.nan
        found.append(Comparison(entry["name"], *pair, reported, _number(entry["abs_log_diff"]), curves, rows))
    return found
