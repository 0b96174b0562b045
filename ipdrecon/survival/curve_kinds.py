"""Curves that are no plain Kaplan-Meier curves: told by the words printed with them, by a person, or by their numbers at risk.

The words known are those a digitisation keeps: axis titles, names of arms and of facets, rows of the at-risk table.

Examples
--------
>>> kinds_in_words(["IPTW-adjusted overall survival", "Months"])
{'weighted_curve': 'IPTW'}
>>> kinds_in_words(["Overall survival", "Dose-adjusted EPOCH", "T2-weighted imaging"])
{}
"""

import re
from dataclasses import replace

from ipdrecon.errors import AtRiskError
from ipdrecon.flags import Flag
from ipdrecon.survival.curve_input import rising_row

STATED_KINDS = {
    "weighted": "weighted_curve",
    "adjusted": "model_curve",
    "model": "model_curve",
    "interval-censored": "model_curve",
    "cumulative incidence": "subdistribution",
}
"""What a person may say of a figure's curves, and the flag it becomes."""

_REPEATED = ("smooth_curve", "not_kaplan_meier", "filled_area", "log_axis")
_WORDS = {
    "weighted_curve": re.compile(
        r"\b(iptw|iptcw|ipcw|ipw|sipw|smrw|inverse[- ]probability|propensity|matched weights?|overlap[- ]weight\w*|"
        r"entropy[- ]balanc\w*|maic|weighting)\b|(?<![\w-])weighted\b",
        re.I,
    ),
    "model_curve": re.compile(
        r"\b(turnbull|interval[- ]?censor\w*|model[- ]?based|modell?ed|weibull|gompertz|log-?logistic|fitted|extrapolat\w*|"
        r"simulated|g-formula|cox(?![- ]?([12i]\b|inhib))|predicted(?=\s*$|\s+(overall\s+)?(survival|probabilit|curve|incidence|os|pfs)))|"
        r"(?<![\w-])(standardi[sz]ed|parametric)\b|(?<![\w-])adjusted\b(?![- ]dose)|\bcovariate[- ]adjusted\b",
        re.I,
    ),
    "subdistribution": re.compile(r"\b(competing|sub-?distribution|fine\s*(and|&|-)\s*gr[ae]y)\b", re.I),
}


def kinds_in_words(texts):
    """Find words that say that curves are weighted, come from a model, or have competing risks.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    dict of str to str
        The word found, by name of the flag. What is adjusted by weights is weighted, no model.
    """
    found = {}
    for name, words in _WORDS.items():
        seen = next((match.group(0) for text in texts if (match := words.search(text))), None)
        if seen is not None:
            found[name] = seen
    if "weighted_curve" in found and found.get("model_curve", "").lower() in ("adjusted", "cox"):
        del found["model_curve"]
    return found


def curve_kind_flags(panel, curve):
    """Tell of a curve what makes it no plain Kaplan-Meier curve, for the patients rebuilt from it.

    Parameters
    ----------
    panel : DigitisedPanel
    curve : Curve
        One of its curves.

    Returns
    -------
    tuple of Flag
        Those of the reader that stay true of the patients, and those that the words printed demand.
    """
    place = f"arm {curve.arm!r}"
    about_all = tuple(flag for flag in panel.flags if flag.name in _REPEATED and (flag.place == place or not flag.place.startswith("arm ")))
    repeated = tuple(flag for flag in curve.flags if flag.name in _REPEATED) + about_all
    axes = panel.calibration
    titles = [facet.title for facet, drawn in zip(panel.facets, panel.curves, strict=False) if drawn.arm == curve.arm]
    said = kinds_in_words([axes.vertical.title, axes.time.title, curve.arm, *titles])
    return repeated + tuple(Flag(name, place, f"The figure says {word!r}.") for name, word in said.items())


def stated_kind_flags(kind, place):
    """Turn what a person says of a figure's curves into its flag.

    Parameters
    ----------
    kind : str or None
        A key of `STATED_KINDS`.
    place : str

    Returns
    -------
    tuple of Flag
        Empty where nothing is said.
    """
    return () if kind is None else (Flag(STATED_KINDS[kind], place, f"Stated by hand: {kind}."),)


def part_delayed_entry(digitisation):
    """Leave out the arms whose numbers at risk rise, so that the others can be rebuilt.

    Parameters
    ----------
    digitisation : Digitisation

    Returns
    -------
    Digitisation
        With a flag `delayed_entry` for each arm left out; the same where none is.

    Raises
    ------
    AtRiskError
        Where no arm is left.
    """
    panels, flags = [], []
    for panel in digitisation.panels:
        said = {curve.arm: _rise(panel, curve.arm) for curve in panel.curves}
        flags += [Flag("delayed_entry", f"panel {panel.panel}, arm {arm!r}", f"{text} The arm was left out.") for arm, text in said.items() if text]
        panels.append(_with_curves(panel, [i for i, curve in enumerate(panel.curves) if not said[curve.arm]]))
    if not flags:
        return digitisation
    if not any(panel.curves for panel in panels):
        raise AtRiskError(" ".join(flag.detail.removesuffix(" The arm was left out.") for flag in flags))
    kept = tuple(panel for panel in panels if panel.curves)
    return replace(digitisation, panels=kept, flags=digitisation.flags + tuple(flags))


def _rise(panel, arm):
    if panel.at_risk is None:
        return ""
    unit = panel.calibration.time.unit
    return rising_row(*panel.at_risk.row(arm), arm=arm, unit=unit.removesuffix("s") or "time")


def _with_curves(panel, kept):
    if len(kept) == len(panel.curves):
        return panel
    parts = {name: tuple(getattr(panel, name)[i] for i in kept if i < len(getattr(panel, name))) for name in ("curves", "looks", "facets")}
    return replace(panel, **parts)
