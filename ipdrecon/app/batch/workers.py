"""Processes that work through jobs: one that dies or never ends costs its own job, and no other."""

import multiprocessing
import signal
import time as clock
from dataclasses import dataclass
from multiprocessing.connection import wait

from ipdrecon.app.processes import end_with_parent, one_thread

_LOOK_EVERY_S = 1.0
_GRACE_S = 5.0


@dataclass
class _Worker:
    """A process, the pipe to it, and what it works on."""

    process: object
    pipe: object
    job: object = None
    until: float = float("inf")


def _serve(pipe, function):
    """Work through what comes by the pipe until it closes or the process that began this one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        pipe.send(function(*job))


def work_through(jobs, function, *, n_processes, time_limit, on_done, on_lost):
    """Do jobs in several processes.

    Parameters
    ----------
    jobs : sequence of tuple
        Arguments of `function`; they and its results can be pickled.
    function : callable
        Of a module, so that a fresh process finds it.
    n_processes : int
    time_limit : float
        In seconds per job; a process that takes longer is ended.
    on_done : callable
        Called with the place of the job and its result.
    on_lost : callable
        Called with the place of the job and why there is no result.
    """
    context = multiprocessing.get_context("spawn")
    waiting, workers = list(range(len(jobs)))[::-1], []
    try:
        while waiting or any(worker.job is not None for worker in workers):
            while waiting and len([worker for worker in workers if worker.job is not None]) < n_processes:
                worker = _idle(workers) or _started(workers, context, function)
                _give(worker, waiting.pop(), jobs, time_limit)
            _collect(workers, on_done, on_lost, time_limit)
    finally:
        for worker in workers:
            _end(worker)


def _idle(workers):
    return next((worker for worker in workers if worker.job is None and worker.process.is_alive()), None)


def _started(workers, context, function):
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, function), daemon=True)
    with one_thread():
        process.start()
    theirs.close()
    workers.append(_Worker(process, ours))
    return workers[-1]


def _give(worker, place, jobs, time_limit):
    worker.job, worker.until = place, clock.monotonic() + time_limit
    worker.pipe.send(jobs[place])


def _collect(workers, on_done, on_lost, time_limit):
    """Take the results that are there, and part from processes that died or took too long."""
    busy = [worker for worker in workers if worker.job is not None]
    ready = wait([worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy], timeout=_LOOK_EVERY_S)
    for worker in busy:
        if worker.pipe in ready or worker.pipe.poll():
            _take(workers, worker, on_done, on_lost)
        elif worker.process.sentinel in ready:
            _part(workers, worker)
            on_lost(worker.job, _died(worker.process))
        elif clock.monotonic() > worker.until:
            _part(workers, worker)
            on_lost(worker.job, f"Not done in {time_limit:g} s; give more time, or a simpler figure.")


def _take(workers, worker, on_done, on_lost):
    place = worker.job
    try:
        result = worker.pipe.recv()
    except (EOFError, OSError):
        _part(workers, worker)
        on_lost(place, _died(worker.process))
        return
    worker.job, worker.until = None, float("inf")
    on_done(place, result)


def _died(process):
    process.join(_GRACE_S)
    return f"The process that read it ended with {process.exitcode}; the figure may need more memory than there is. Crop it, or run again with fewer --jobs."


def _part(workers, worker):
    workers.remove(worker)
    _end(worker)


def _end(worker):
    worker.pipe.close()
    if worker.process.is_alive():
        worker.process.terminate()
        worker.process.join(_GRACE_S)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
