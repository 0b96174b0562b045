"""A batch from its manifest to its results: what stands is kept, what is missing or changed is done, nothing stops the rest."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from ipdrecon.app import saving
from ipdrecon.app.batch.job_run import (
    DONE,
    FAILED,
    REVIEW,
    clear_folder,
    job_key,
    run_job,
    standing_record,
    write_record,
)
from ipdrecon.app.batch.manifest import read_manifest
from ipdrecon.app.batch.results import FIGURES, result_files, results_frame
from ipdrecon.errors import FolderError

_LOCK = ".running"


@dataclass(frozen=True)
class BatchSettings:
    """How a batch is worked through.

    Attributes
    ----------
    n_processes : int
    scheduler : str or None
        Address of a Dask scheduler, or ``local``.
    time_limit : float
        In seconds per figure.
    draws, seed : int
        As for `ipdrecon reconstruct`.
    force : bool
        Whether everything is done anew.
    """

    n_processes: int = 1
    scheduler: str | None = None
    time_limit: float = 600.0
    draws: int = 0
    seed: int = 0
    force: bool = False


@dataclass(frozen=True)
class BatchResult:
    """What came of a batch.

    Attributes
    ----------
    out : Path
    frame : DataFrame
        One row per panel.
    n_kept : int
        Figures whose results stood already.
    statuses : dict of str to int
        Figures by status.
    """

    out: Path
    frame: object = field(repr=False)
    n_kept: int
    statuses: dict

    def counts(self):
        """Say how many figures are done, need review, or failed."""
        done, review, failed = (self.statuses[status] for status in (DONE, REVIEW, FAILED))
        return f"{done} done, {review} {'needs' if review == 1 else 'need'} review, {failed} failed"

    def failures(self, most=5):
        """Give a line for each of the first figures that failed, and one for how many more there are."""
        failed = self.frame[self.frame["status"] == FAILED]
        lines = [f"{row.id}: {row.message}" for row in failed.head(most).itertuples()]
        return lines + ([f"{len(failed) - most} more"] if len(failed) > most else [])

    def to_dict(self):
        """As `ipdrecon batch --json` prints it."""
        return {"out": str(self.out), "figures": sum(self.statuses.values()), "kept": self.n_kept, "statuses": self.statuses, "rows": self.frame.to_dict("records")}


def run_batch(source, out=None, settings=None, *, on_begin=None, on_step=None):
    """Work through a batch.

    Parameters
    ----------
    source : str or Path
        As `manifest.read_manifest` reads it.
    out : str or Path, optional
        By default ``batch`` beside the manifest, or within the folder.
    settings : BatchSettings, optional
    on_begin : callable, optional
        Called once with how many figures stand already, and how many there are.
    on_step : callable, optional
        Called after each figure with how many are done, how many there are, and its record.

    Returns
    -------
    BatchResult

    Raises
    ------
    FolderError
        For a manifest that cannot be read, a figure among the results, a folder that cannot be written, or that another run is
        working in.
    """
    settings, source = settings or BatchSettings(), Path(source)
    out = Path(out) if out is not None else (source if source.is_dir() else source.parent) / "batch"
    jobs = read_manifest(source, skip=out)
    wanted = {"draws": settings.draws, "seed": settings.seed}
    with _alone(out):
        places = [out / FIGURES / job.id for job in jobs]
        _refuse_results(jobs, places)
        keys = [job_key(job, place, wanted) for job, place in zip(jobs, places, strict=True)]
        standing = [None if settings.force else standing_record(place, key) for place, key in zip(places, keys, strict=True)]
        if on_begin:
            on_begin(sum(record is not None for record in standing), len(jobs))
        records = _work(list(zip(jobs, places, keys, strict=True)), standing, wanted, settings, on_step or (lambda *_: None))
        frame = results_frame(records)
        saving.write_files(out, result_files(frame, out, f"Batch of {source.resolve().name}"))
    statuses = {status: sum(record["status"] == status for record in records) for status in (DONE, REVIEW, FAILED)}
    return BatchResult(out, frame, sum(record is not None for record in standing), statuses)


def _refuse_results(jobs, places):
    """Refuse figures that lie in a folder of results, which is cleared before it is written."""
    cleared = {place.resolve() for place in places}
    for job in jobs:
        if job.figure.resolve().parent in cleared:
            raise FolderError(f"{job.figure} lies among the results of the batch, where it would be taken away; keep figures elsewhere, or give another place with --out.")


def _work(todo, standing, wanted, settings, on_step):
    """Do the jobs that have no record; records of all, in order."""
    records, missing = list(standing), [place for place, record in enumerate(standing) if record is None]
    done = [len(standing) - len(missing)]

    def settle(place, record):
        records[missing[place]] = record
        done[0] += 1
        on_step(done[0], len(records), record)

    def lose(place, why):
        job, folder, key = todo[missing[place]]
        clear_folder(folder)
        settle(place, write_record(job, folder, key, FAILED, why, stands=False))

    arguments = [(job, str(folder.resolve()), key, wanted) for job, folder, key in (todo[place] for place in missing)]
    if settings.scheduler and arguments:
        from ipdrecon.app.batch.cluster import work_on_cluster

        work_on_cluster(
            arguments, run_job, address=settings.scheduler, n_processes=settings.n_processes, time_limit=settings.time_limit, on_done=settle, on_lost=lose
        )
    elif arguments:
        from ipdrecon.app.batch.workers import work_through

        work_through(arguments, run_job, n_processes=settings.n_processes, time_limit=settings.time_limit, on_done=settle, on_lost=lose)
    return records


class _alone:
    """While one run works in a folder, no other does; what a killed run left behind does not count."""

    def __init__(self, folder):
        self.path = Path(folder) / _LOCK

    def __enter__(self):
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.file = self._opened()
        except OSError as error:
            raise FolderError(f"{self.path.parent} cannot be written ({error.strerror}); give another place with --out.") from error

    def _opened(self):
        """The file of the lock, which is ours; one that the run before took away between opening and locking does not count."""
        while True:
            file = self.path.open("a")
            if not _locked(file):
                file.close()
                raise FolderError(f"Another run works in {self.path.parent}; wait for it to end, or give another place with --out.")
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), self.path.stat()):
                    return file
            file.close()

    def __exit__(self, *_):
        self.path.unlink(missing_ok=True)
        self.file.close()


def _locked(file):
    """Lock a file for this process until it is closed or the process ends; False where another has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
