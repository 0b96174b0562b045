"""A stage in a folder: new files are made there and put into place together, so that the folder is wholly as before or wholly new.

The stage is a hidden folder ``.ipdrecon-*.part`` within. Once all files are made, a record of what is to be done is written beside
them; from then on the work is carried through, by this run or, if it is killed, by the next that writes or reads the folder. What
has no record yet is thrown away by the next run. While files are put into place the folder is locked, and a stage is locked as long
as its run lives, so that two runs end one after the other and neither takes away what the other is about to write. The locks are
those of the system (`flock`) and leave nothing behind; where there are none, each file is still wholly old or wholly new.

Each step is on the disk before the next begins, so that a power cut is no worse than a kill: the new files before the record, the
record before any file is moved, the moves before the record is taken away.
"""

import contextlib
import contextvars
import errno
import json
import os
import shutil
import tempfile
from pathlib import Path

from ipdrecon.errors import FolderError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_PREFIX, _SUFFIX = ".ipdrecon-", ".part"
_NEW, _OLD = "new", "old"
_TO_DO, _TO_UNDO = "do.json", "undo.json"
_READING = contextvars.ContextVar("reading", default=frozenset())
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Stage:
    """Where the new files of a folder are made; given by `stage_in`.

    Attributes
    ----------
    folder : Path
    path : Path
        The files made here go into the folder, under the same names.
    """

    def __init__(self, folder, home):
        self.folder, self._home, self.path = folder, home, home / _NEW

    def put(self, *, outdated=(), check=None):
        """Put the files into place.

        Parameters
        ----------
        outdated : sequence of str, or callable
            Names of files that the new ones make untrue, or what gives them once the folder is locked, from the path of the new
            ones; they are taken away, and folders that are empty then. Names that lead out of the folder are left alone.
        check : callable, optional
            Called once the folder is locked; raises where the folder is not as it was.
        """
        with _locked(self.folder):
            if check is not None:
                check()
            gone = list(outdated(self.path) if callable(outdated) else outdated)
            _do(self.folder, self._home, self._record(gone))

    def _record(self, outdated):
        names = sorted(path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if not path.is_dir())
        for name in names:
            if (self.folder / name).is_dir() and not (self.folder / name).is_symlink():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.folder / name))
        gone = [name for name in dict.fromkeys(outdated) if name not in names and _is_within(self.folder, name)]
        return {"files": {name: os.path.lexists(self.folder / name) for name in names}, "outdated": gone}


@contextlib.contextmanager
def stage_in(folder):
    """Give a stage in a folder, which is made where it is missing and taken away again if nothing comes of it.

    Parameters
    ----------
    folder : str or Path

    Yields
    ------
    Stage

    Raises
    ------
    FolderError
        When the folder or a file in it cannot be written.
    """
    folder = Path(folder).absolute()
    missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    home = lock = None
    try:
        home, lock = _open(folder)
        yield Stage(folder, home)
    except OSError as error:
        place = _place_of(error, folder)
        if not (place.is_relative_to(folder) or folder.is_relative_to(place)):
            raise
        advice = "make room, or give another place with --out" if error.errno in _FULL else "give another place with --out"
        raise FolderError(f"{place} cannot be written ({error.strerror or error}); {advice}.") from error
    finally:
        if home is not None:
            _leave(folder, home, lock)
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()  # only where it is empty


def _open(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _mend(folder)
        home = Path(tempfile.mkdtemp(_SUFFIX, _PREFIX, folder))
        try:
            lock = _lock(home)
            (home / _NEW).mkdir()
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
    return home, lock


def _place_of(error, folder):
    """Tell which file an error is about, by the name it is to have."""
    if not isinstance(error.filename, (str, bytes, os.PathLike)):
        return folder
    parts = list(Path(os.fsdecode(error.filename)).parts)
    stages = [place for place, part in enumerate(parts) if _is_name_of_stage(part)]
    return Path(*(part for place, part in enumerate(parts) if place not in stages and place - 1 not in stages))


def _leave(folder, home, lock):
    """Take a stage away; what was begun and is not done, as when it was stopped by hand, is carried through."""
    try:
        if _is_begun(home):
            _let_go(lock)
            lock = None
            with contextlib.suppress(OSError):
                mend(folder)
        else:
            shutil.rmtree(home, ignore_errors=True)
    finally:
        _let_go(lock)


@contextlib.contextmanager
def undisturbed(folder):
    """Keep others from putting files into a folder while it is read; what a killed run left to do there is carried through first.

    Within, it may be asked for again; nothing may be written into the folder.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    FolderError
        When a killed run left work that cannot be carried through, because the folder cannot be written.
    """
    folder = Path(folder)
    held, place = _READING.get(), folder.resolve()
    if place in held:
        yield
        return
    if any(_is_begun(home) for home in _stages(folder)):
        try:
            mend(folder)
        except OSError as error:
            raise FolderError(f"{folder}: a run was cut off while it put files into place, and the rest cannot be done ({error.strerror}); let the folder be written.") from error
    with _locked(folder, shared=True):
        token = _READING.set(held | {place})
        try:
            yield
        finally:
            _READING.reset(token)


def mend(folder):
    """Carry through, or throw away, what runs that are gone have left in a folder.

    Parameters
    ----------
    folder : str or Path
    """
    with _locked(Path(folder)):
        _mend(Path(folder))


# --- steps that may be cut off at any point --------------------------------------------------------------------------


def _is_name_of_stage(name):
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def _stages(folder):
    return [home for home in sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}")) if home.is_dir() and not home.is_symlink()]


def _is_begun(home):
    return (home / _TO_DO).exists() or (home / _TO_UNDO).exists()


def _mend(folder):
    for home in _stages(folder):
        lock = _lock(home, wait=False)
        if lock is None:
            continue  # its run lives, or nobody can tell
        try:
            for name, step in ((_TO_UNDO, _undo), (_TO_DO, _carry_through)):
                record = _read_record(folder, home, home / name)
                if record is not None:
                    step(folder, home, record)
            with contextlib.suppress(FileNotFoundError):  # its run has just ended, and taken it away itself
                shutil.rmtree(home)
        finally:
            _let_go(lock)


def _read_record(folder, home, path):
    """Read what is to be done; None where there is nothing, or not what this program writes: a folder may come from anywhere."""
    try:
        record = json.loads(path.read_text("utf-8"))
        files, outdated = dict(record["files"]), list(record["outdated"])
        names = [*files, *outdated]
        if not any((home / part).is_symlink() for part in (_NEW, _OLD)) and all(_is_within(place, name) for name in names for place in (folder, home / _NEW, home / _OLD)):
            return {"files": files, "outdated": outdated}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def _do(folder, home, record):
    """Note what is to be done, then do it; where a step fails, what was done is undone."""
    for name, stands in record["files"].items():
        if stands:
            _keep(folder / name, home / _OLD / name)
    (home / "record").write_text(json.dumps(record), "utf-8")
    _to_disk(folder, *(home / _NEW / name for name in record["files"]), home / "record")
    os.replace(home / "record", home / _TO_DO)
    _to_disk(folder, home)
    try:
        _carry_through(folder, home, record)
    except OSError:
        os.replace(home / _TO_DO, home / _TO_UNDO)
        _undo(folder, home, record)
        raise


def _keep(path, copy):
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, copy, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without links
        shutil.copy2(path, copy, follow_symlinks=False)


def _carry_through(folder, home, record):
    for name in record["files"]:
        if (home / _NEW / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(home / _NEW / name, folder / name)
    for name in record["outdated"]:
        if os.path.lexists(folder / name):
            (home / _OLD / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / name, home / _OLD / name)
    for name in record["outdated"]:
        _remove_empty((folder / name).parent, folder)
    _to_disk(folder, *{place for name in (*record["files"], *record["outdated"]) for place in (folder / name).parents if place.is_dir() and place.is_relative_to(folder)})
    os.unlink(home / _TO_DO)


def _undo(folder, home, record):
    for name, stood in record["files"].items():
        if stood and os.path.lexists(home / _OLD / name):
            os.replace(home / _OLD / name, folder / name)
        elif not stood and not (home / _NEW / name).exists():
            (folder / name).unlink(missing_ok=True)
            _remove_empty((folder / name).parent, folder)
    for name in record["outdated"]:
        if os.path.lexists(home / _OLD / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(home / _OLD / name, folder / name)
    os.unlink(home / _TO_UNDO)


def _to_disk(folder, *paths):
    """Force files and folders of a folder's stage, or of the folder, to the disk.

    Of a folder that is itself made on a stage nothing is forced: its files are when that stage is put into place.
    """
    if any(map(_is_name_of_stage, folder.parts)):
        return
    for path in paths:
        is_folder = path.is_dir()
        with contextlib.suppress(OSError) if is_folder else contextlib.nullcontext():  # not all systems do so for folders
            descriptor = os.open(path, os.O_RDWR if fcntl is None else os.O_RDONLY)  # Windows forces only what could be written
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _remove_empty(place, folder):
    while place != folder:
        with contextlib.suppress(FileNotFoundError):
            if any(place.iterdir()):
                return
            place.rmdir()
        place = place.parent


def _is_within(folder, name):
    """Whether a name is one of a file in a folder itself, and no link on the way leads out of it."""
    path = folder / name
    return path.parent.resolve().is_relative_to(folder.resolve()) and path.name not in ("", "..") and (path.is_symlink() or not path.is_dir())


# --- locks -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _locked(folder, *, shared=False):
    lock = _lock(folder, shared=shared) if folder.is_dir() else None
    try:
        yield
    finally:
        _let_go(lock)


def _lock(folder, *, shared=False, wait=True):
    """Lock a folder until it is let go or the process ends; None where it cannot be locked."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # another has it, or the file system knows no locks
        os.close(descriptor)
        return None
    return descriptor


def _let_go(lock):
    if lock is not None:
        os.close(lock)
