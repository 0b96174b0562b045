"""A process of our own that opens files and computes, with limits on time and memory; the server asks, it answers in JSON."""

import collections
import contextlib
import contextvars
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from ipdrecon.errors import IpdreconError

MOST_MEMORY = 8 * 1024**3
_KEPT_WORDS = 20_000
_ENDS = object()
_STOPPED = "It was stopped."


class WorkerError(IpdreconError):
    """A job took too long, needed too much memory, or was stopped."""


@dataclass
class JobError(Exception):
    """What a job could not do, as the worker tells it.

    Attributes
    ----------
    kind : str
        Name of the class of error.
    message : str
    answer : dict
        What the worker found nonetheless.
    """

    kind: str
    message: str
    answer: dict = field(default_factory=dict)

    def __str__(self):
        return self.message


class Wish:
    """Somebody's wish for an answer, which may be dropped: a job that waits is not begun then, and one under way is broken off."""

    def __init__(self):
        self._guard, self._is_dropped, self._break_off = threading.Lock(), False, None

    @property
    def is_dropped(self):
        """Whether nobody waits any more."""
        return self._is_dropped

    def drop(self):
        """Stop waiting."""
        with self._guard:
            self._is_dropped = True
            if self._break_off is not None:
                self._break_off()

    @contextlib.contextmanager
    def at_work(self, break_off):
        """Have `break_off` called if the wish is dropped inside."""
        with self._guard:
            self._break_off = break_off
        try:
            yield
        finally:
            with self._guard:
                self._break_off = None


WISH = contextvars.ContextVar("wish", default=None)


class Worker:
    """One process, started when it is first needed and again after it has been ended; it does one job at a time.

    Parameters
    ----------
    name : str
    debug : bool
        Whether what it writes to standard error is shown.
    """

    def __init__(self, name, *, debug=False):
        self.name, self._debug = name, debug
        self._turn, self._guard = threading.Lock(), threading.Lock()
        self._process = self._answers = None
        self._stopping = self._is_closed = False
        self._known = collections.OrderedDict()
        self._untold = {}

    def learn(self, words):
        """Keep readings of text for the process: lists of a key and a result; it gets them with the next job."""
        with self._guard:
            for key, result in words:
                self._untold[json.dumps(key)] = result
            self._keep(words)

    def _keep(self, words):
        for key, result in words:
            self._known[json.dumps(key)] = result
        while len(self._known) > _KEPT_WORDS:
            self._known.popitem(last=False)

    def call(self, job, *, seconds, on_step=None, on_words=None, is_wanted=None, **given):
        """Have a job done.

        Parameters
        ----------
        job : str
            One of `ipdrecon.app.workbench.child.JOBS`.
        seconds : float
            After which the process is ended.
        on_step : callable, optional
            Called with the name of each step.
        on_words : callable, optional
            Called with what text was read, as `learn` takes it.
        is_wanted : callable, optional
            Asked when the job's turn has come, whether it is still to be done.
        **given
            What the job needs; JSON.

        Returns
        -------
        dict

        Raises
        ------
        JobError
            When the job tells of an error.
        WorkerError
            When the process took too long, or died.
        """
        wish = WISH.get() or Wish()
        with self._turn:
            if wish.is_dropped or (is_wanted is not None and not is_wanted()):
                raise WorkerError(_STOPPED)
            self._start()
            with self._guard:
                words = [[json.loads(key), result] for key, result in self._untold.items()]
                self._untold.clear()
            try:
                self._process.stdin.write(json.dumps({"job": job, "given": given, "words": words}).encode() + b"\n")
                self._process.stdin.flush()
                with wish.at_work(self._break_off):
                    answer = self._answer(seconds, on_step)
            except (OSError, ValueError, WorkerError) as error:
                self._end()
                raise error if isinstance(error, WorkerError) else self._died() from error
        words = answer.pop("words", ())
        with self._guard:
            self._keep(words)
        if on_words is not None:
            on_words(words)
        if "error" in answer:
            raise JobError(**answer["error"])
        return answer["result"]

    def stop(self):
        """End the process, and whatever it does."""
        with self._guard:
            self._stopping = True
            if self._process is not None:
                self._process.kill()

    def _break_off(self):
        """Have the process leave the job it is at; where the system knows no such signal, it is done to its end."""
        if os.name == "posix":
            self._process.send_signal(signal.SIGINT)

    def _answer(self, seconds, on_step):
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._answers.get(timeout=max(end - time.monotonic(), 0))
            except queue.Empty:
                raise WorkerError(f"It took more than {seconds:g} s and was stopped; give a smaller figure, or a part of it.") from None
            if line is _ENDS:
                raise self._died()
            answer = json.loads(line)
            if "step" not in answer:
                return answer
            if on_step is not None:
                on_step(answer["step"])

    def _died(self):
        if self._stopping:
            return WorkerError(_STOPPED)
        return WorkerError("It needed too much memory, or the file made the reader fail; nothing was changed. Give a smaller figure, or convert it to PNG.")

    def _start(self):
        with self._guard:
            if self._is_closed:
                raise WorkerError(_STOPPED)
            if self._process is not None and self._process.poll() is None:
                self._stopping = False
                return
            _put_away(self._process)
            self._stopping, self._untold = False, dict(self._known)
            path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ipdrecon.app.workbench.child", str(MOST_MEMORY)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if self._debug else subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": path, "MPLBACKEND": "agg"},
                start_new_session=os.name == "posix",
            )
            self._answers = queue.Queue()
            threading.Thread(target=_pass_on, args=(self._process.stdout, self._answers), daemon=True).start()

    def _end(self):
        with self._guard:
            process, self._process = self._process, None
        _put_away(process)

    def close(self):
        """End the process for good: a job that still waits for its turn starts none."""
        self._is_closed = True
        self.stop()
        with self._turn:
            self._end()


def _put_away(process):
    """End a process, if there is one, and let go of its streams."""
    if process is not None:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                stream.close()


def _pass_on(stream, answers):
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            answers.put(line)
    answers.put(_ENDS)


class Crew:
    """The three processes: one reads new figures, one answers edits, one rebuilds patients, so that none waits for another.

    What one has read of a figure's text the others know.

    Parameters
    ----------
    debug : bool
    """

    def __init__(self, *, debug=False):
        self.reader, self.mender, self.rebuilder = (Worker(name, debug=debug) for name in ("reader", "mender", "rebuilder"))

    def read(self, *, by, seconds, on_step=None, is_wanted=None, **given):
        """Have a figure read by one of the processes, and tell the other what text it has seen."""
        other = self.mender if by is self.reader else self.reader
        return by.call("read", seconds=seconds, on_step=on_step, on_words=other.learn, is_wanted=is_wanted, **given)

    def learn(self, words):
        """Tell those that read figures what text was seen earlier: lists of a key and a result."""
        for worker in (self.reader, self.mender):
            worker.learn(words)

    def close(self):
        """End all processes."""
        for worker in (self.reader, self.mender, self.rebuilder):
            worker.close()
