"""Which files were written for other programs, so that they are taken away once they are no longer true."""

import hashlib
from pathlib import Path

from ipdrecon.app import saving
from ipdrecon.app.json_files import read_record

FOLDER, LIST = "export", "export.json"


def with_list(folder, out, files):
    """Files to write for another program, and where that is the folder ``export`` of another, the list of all that were.

    Parameters
    ----------
    folder : str or Path
        What they are made from.
    out : str or Path
        Where they go; what an earlier list there names stays on the list.
    files : dict of str to bytes

    Returns
    -------
    dict of str to bytes
    """
    if Path(out).resolve() != (Path(folder) / FOLDER).resolve():
        return files
    listed = _listed(Path(out)) | {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return files | {LIST: saving.json_bytes({"schema_version": 1, "files": dict(sorted(listed.items()))})}


def exported(folder):
    """Name the files in the folder ``export`` of another that are as the program wrote them, and their list.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    list of str
        Such as ``export/patients.csv``; none of those that somebody changed, which are theirs, and none where it is a link.
    """
    out = Path(folder) / FOLDER
    if out.is_symlink():
        return []
    listed = _listed(out)
    seen = saving.digests(out, listed)
    return [f"{FOLDER}/{name}" for name in (*(name for name in listed if seen[name] == listed[name]), *([LIST] if listed else []))]


def _listed(out):
    """SHA-256 by name, as the list tells; a name that leads elsewhere is none of ours."""
    files = read_record(out / LIST).get("files")
    if not isinstance(files, dict):
        return {}
    return {name: told for name, told in files.items() if isinstance(told, str) and Path(name).name == name and "\0" not in name}
