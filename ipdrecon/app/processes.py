"""A `map` in several processes: results come in their order, and few are waiting at any time.

Examples
--------
>>> with processes(1) as run:
...     list(run(abs, [-1, 2]))
[1, 2]
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from ipdrecon.errors import ReconstructionError

_AHEAD = 2
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextlib.contextmanager
def processes(n):
    """Start processes that work together.

    Parameters
    ----------
    n : int
        How many; with 1 everything is done here.

    Yields
    ------
    callable
        Like `map`, for functions of a module whose arguments and results can be pickled. Its results are those of `map`.
    """
    if n == 1:
        yield map
        return
    pool = ProcessPoolExecutor(n, multiprocessing.get_context("spawn"), _begin)

    def run(function, *columns):
        waiting = deque()
        for arguments in zip(*columns, strict=True):
            with one_thread():  # processes start when there is work for them
                waiting.append(pool.submit(function, *arguments))
            if len(waiting) > _AHEAD * n:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield run
    except BrokenProcessPool as error:
        raise ReconstructionError("A process ended before its work was done; there may be too little memory for so many. Run it again with fewer --jobs.") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def one_thread():
    """While processes start: libraries in them use one thread, unless the environment says otherwise."""
    set_here = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(set_here, "1"))
    try:
        yield
    finally:
        for name in set_here:
            del os.environ[name]


def _begin():
    """In a process that begins: end with the one that began it, and without a word when the user stops both."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def end_with_parent():
    """End this process at once when the one that began it has ended, so that none is left at work."""

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def counting(run, on_step, what, total=None):
    """Make a `map` that tells how much is done.

    Parameters
    ----------
    run : callable
        Like `map`.
    on_step : callable
        Called with how many are done, how many there will be, and what they are.
    what : {"draws", "parts"}
        Results are sequences of draws, each of which counts; or parts of the work, whatever they hold.
    total : int, optional

    Returns
    -------
    callable
    """
    done = 0

    def counted(function, *columns):
        nonlocal done
        for result in run(function, *columns):
            done += len(result) if what == "draws" else 1
            on_step(done, total, what)
            yield result

    return counted
