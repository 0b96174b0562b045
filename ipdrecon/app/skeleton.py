"""A review to begin with: commented files that can be read as they stand, and schemas by which an editor checks them."""

from importlib.resources import files
from pathlib import Path

from ipdrecon.app.review import ReviewEntry, TrialEntry
from ipdrecon.app.saving import json_bytes, write_files
from ipdrecon.errors import FolderError

_TRIAL = "trial_1"
_PLACES = {
    "review.toml": "review.toml", "studies.csv": "studies.csv", f"{_TRIAL}/trial.toml": "trial.toml", f"{_TRIAL}/reported.csv": "reported.csv",
}
_SCHEMAS = {"review.schema.json": ReviewEntry, "trial.schema.json": TrialEntry}


def schemas():
    """Give the JSON Schema of each file that people write.

    Returns
    -------
    dict of str to dict
        By file name.
    """
    return {name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **entry.model_json_schema()} for name, entry in _SCHEMAS.items()}


def write_skeleton(folder):
    """Write a commented review with one trial into a folder.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing.

    Returns
    -------
    tuple of str
        The files written, from the folder.

    Raises
    ------
    FolderError
        Where one of the files is there already: nothing is written over.
    """
    folder, home = Path(folder), files("ipdrecon.app").joinpath("templates")
    made = {place: home.joinpath(name).read_bytes() for place, name in _PLACES.items()}
    made |= {name: json_bytes(schema) for name, schema in schemas().items()}
    there = [place for place in made if (folder / place).exists()]
    if there:
        raise FolderError(f"{folder / there[0]} is there already; expected a folder without a review. Give another folder.")
    write_files(folder, made)
    return tuple(made)
