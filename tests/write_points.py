"""Stops at every point where a program changes files: what stands on disk there is what a kill would leave."""

import contextlib
import os
import shutil
import sys
from pathlib import Path

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_watching = []


def _hook(event, arguments):
    if not _watching or not (event in _CHANGES or event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES):
        return
    root, call = _watching[-1]
    by_descriptor = event in ("os.remove", "os.rmdir") and arguments[-1] != -1  # as shutil.rmtree does
    named = next((argument for argument in arguments[:2] if isinstance(argument, (str, bytes, os.PathLike))), None)
    if not by_descriptor and (named is None or not Path(os.fsdecode(named)).absolute().is_relative_to(root)):
        return
    watched = _watching.pop()
    try:
        call(event, Path(os.fsdecode(named)))
    finally:
        _watching.append(watched)


@contextlib.contextmanager
def at_each_change(root, call):
    """Call a function before each change of files below a folder, with the event and the path.

    The function may raise, as a full disk would; what it does itself is not watched.
    """
    if not getattr(sys, "_ipdrecon_write_points", False):
        sys.addaudithook(_hook)
        sys._ipdrecon_write_points = True
    _watching.append((Path(root), call))
    try:
        yield
    finally:
        _watching.pop()


def states_on_the_way(folder, act, copies, *, every=1):
    """Do something, and give copies of a folder as it stood before each change that was made below it.

    Parameters
    ----------
    folder : Path
        It may not exist before.
    act : callable
    copies : Path
        Where copies are put.
    every : int
        Of changes that only make new files, one in so many is copied; of others, all.

    Returns
    -------
    list of Path
    """
    made, n_new = [], [0]

    def copy(event, path):
        if event in ("open", "os.mkdir"):
            assert event == "os.mkdir" or is_staged(path), f"{path} is written where it stands"
            n_new[0] += 1
            if n_new[0] % every:
                return
        place = copies / f"{len(made):04d}" / folder.name
        place.parent.mkdir(parents=True)
        if folder.exists():
            shutil.copytree(folder, place, symlinks=True)
        made.append(place)

    with at_each_change(folder, copy):
        act()
    return made


def is_staged(path):
    """Whether a path lies in a folder of files that are not yet in place."""
    return any(part.startswith(".ipdrecon-") and part.endswith(".part") for part in path.parts)


def content(folder):
    """All files of a folder but those not yet in place: bytes by name; None where there is no folder."""
    folder = Path(folder)
    if not folder.exists():
        return None
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not is_staged(path)}
