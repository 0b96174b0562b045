"""What options of the command line say, checked: one of several words, pairs, numbers by arm, how studies are pooled."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results.", show_default=False)]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes that share the work on draws; the result is the same.")]


def folder_beside(path):
    """Give the folder of a file's results where none is named: beside the file, with its name less the ending.

    A path that names no file, such as ``.``, stays what it is: who reads it says what is wrong.
    """
    return path.with_suffix("") if path.name else path


def one_of(text, known, option):
    """Give the known word that a text is, whatever its case; wrong usage where it is none."""
    for name in known:
        if name.casefold() == text.casefold():
            return name
    raise typer.BadParameter(f"{option} is {text!r}; expected one of {', '.join(known)}")


def share(value, option):
    """Give a number between 0 and 1; wrong usage where it is none."""
    if not 0 < value < 1:
        raise typer.BadParameter(f"{option} is {value:g}; expected a number between 0 and 1, such as {value / 100 if 1 < value < 100 else 0.95:g}")
    return value


def pairs_of(texts, option):
    """Give the pairs of texts such as ``OLD=NEW``, a tuple; wrong usage where one is none."""
    pairs = [tuple(part.strip() for part in text.partition("=")[::2]) for text in texts or ()]
    for text, (old, new) in zip(texts or (), pairs, strict=True):
        if not old or not new:
            raise typer.BadParameter(f"{text!r} is not OLD=NEW, as in {option} 'arm 1=Placebo'")
    return tuple(pairs)


def numbers_by_arm(texts, option):
    """Give the numbers of texts such as ``ARM=N``, by arm; wrong usage where one is none, or an arm has two."""
    numbers = {}
    for text in texts or ():
        arm, _, number = text.rpartition("=")
        if not number.strip().isdigit():
            raise typer.BadParameter(f"{text!r} is not ARM=N, with N a whole number, as in {option} 'Placebo=120'")
        if arm.strip() in numbers:
            raise typer.BadParameter(f"{arm.strip()!r} is given twice by {option}; give one number for each arm")
        numbers[arm.strip()] = int(number)
    return numbers


def pool_settings(measure, fixed, by, analysis, **options):
    """Make the settings of a pool of options, each by the word that is known for it.

    Parameters
    ----------
    measure, by, analysis : str or None
    fixed : str
    **options
        The other fields of `PoolSettings`.

    Returns
    -------
    PoolSettings
    """
    from ipdrecon.app.pooling import PoolSettings
    from metaanalysis.models import CI_METHODS, PREDICTIONS, SUBGROUP_TAU2
    from metaanalysis.presets import PRESETS
    from metaanalysis.studies.events import FIXED_METHODS, ZERO_CELLS
    from metaanalysis.studies.table import MEASURES
    from metaanalysis.tau2 import ESTIMATORS

    known = {"tau2": ESTIMATORS, "ci": CI_METHODS, "prediction": PREDICTIONS, "preset": PRESETS, "zero_cells": ZERO_CELLS, "subgroup_tau2": SUBGROUP_TAU2}
    chosen = {
        name: one_of(value, known[name], f"--{name.replace('_', '-')}") if name in known and value is not None else value for name, value in options.items()
    }
    if chosen.get("level") is not None:
        share(chosen["level"], "--level")
    measure = measure and one_of(measure, MEASURES, "--measure")
    return PoolSettings(measure, one_of(fixed, FIXED_METHODS, "--fixed"), by, analysis, **chosen)
