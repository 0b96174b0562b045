"""Try damaged files one by one in a process that is watched: for time, memory, warnings, other exceptions, files and network."""

import json
import os
import random
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzzing.mutations import Hints, mutate
from fuzzing.targets import Refused, kind_of

MOST_MEMORY = 3_000_000_000
MOST_MESSAGE = 2000
PER_PROCESS = 150
_NETWORK = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "ftplib.connect", "http.client.connect")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_net = []


@dataclass
class Tally:
    """What came of a reader's inputs.

    Attributes
    ----------
    n, read, refused : int
        Tried; understood; refused in one polite line.
    faults : list of dict
        ``index``, ``what`` and ``where`` of each input that ended in another way.
    slowest, seconds : float
        In seconds: of one input, and of all.
    memory : int
        Largest of a process, in bytes.
    """

    name: str
    n: int = 0
    read: int = 0
    refused: int = 0
    faults: list = field(default_factory=list)
    slowest: float = 0.0
    seconds: float = 0.0
    memory: int = 0

    def by_kind(self):
        """Faults that are alike, with how many and the first."""
        counts = Counter((fault["what"][:160], fault["where"]) for fault in self.faults)
        first = {(fault["what"][:160], fault["where"]): fault["index"] for fault in reversed(self.faults)}
        return [(what, where, count, first[what, where]) for (what, where), count in counts.most_common()]


def make_input(target, cases, seed, index):
    """Make the files of one input: a sound case with one file damaged, now and then two.

    Returns
    -------
    dict of str to bytes
    """
    rng = random.Random(f"{seed}/{target.name}/{index}")
    files = dict(rng.choice(cases))
    names = [name for name in (target.damaged or files) if name in files]
    for name in {rng.choice(names) for _ in range(rng.choice((1, 1, 1, 1, 2)))}:
        others = [case[name] for case in cases if name in case]
        files[name] = mutate(files[name], kind_of(name), rng, Hints(others, target.words))
    return files


def run(target, count, seed, *, first=0, keep=None):
    """Try `count` inputs of a reader.

    Parameters
    ----------
    target : Target
    count, seed, first : int
    keep : Path, optional
        Where the inputs of faults are left.

    Returns
    -------
    Tally
    """
    cases, tally, begin = target.cases(), Tally(target.name), time.monotonic()
    _read_sound(target, cases)
    index, end = first, first + count
    while index < end:
        index = _batch(target, cases, seed, (index, min(index + PER_PROCESS, end)), tally)
    tally.seconds = time.monotonic() - begin
    if keep is not None:
        for _, _, _, place in tally.by_kind():
            write_files(Path(keep) / target.name.replace(" ", "-") / str(place), make_input(target, cases, seed, place))
    return tally


def write_files(home, files):
    """Write files below a folder."""
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _read_sound(target, cases):
    """Read a sound case here, so that all is loaded before processes are made, and a reader that never succeeds is seen."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "case"
        write_files(home, cases[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.read(home, random.Random(0))


def _batch(target, cases, seed, span, tally):
    """Try a span of inputs in one process; give the index to go on with."""
    reader, writer = os.pipe()
    scratch = tempfile.mkdtemp(prefix="fuzz-")
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(target, cases, seed, span, writer, scratch)
    os.close(writer)
    try:
        return _follow(target, child, reader, span, tally)
    finally:
        os.close(reader)
        shutil.rmtree(scratch, ignore_errors=True)


def _follow(target, child, reader, span, tally):
    pending, current, got = b"", span[0], None
    while True:
        # a process that has just been made loads nothing, so its first input is as quick as any other
        ready, _, _ = select.select([reader], [], [], target.limit)
        if not ready:
            os.kill(child, signal.SIGKILL)
            got = f"hangs for over {target.limit:g} s"
        data = os.read(reader, 1 << 16) if ready else b""
        pending += data
        *lines, pending = pending.split(b"\n")
        for line in lines:
            current = _count(tally, json.loads(line)) + 1
        if not data:
            break
    status = os.waitpid(child, 0)[1]
    if current >= span[1]:
        return span[1]
    signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    tally.n += 1
    tally.faults.append({"index": current, "what": got or f"the process ended ({'signal ' + str(signalled) if signalled else status})", "where": ""})
    return current + 1


def _count(tally, result):
    tally.n += 1
    tally.read += result["outcome"] == "read"
    tally.refused += result["outcome"] == "refused"
    tally.slowest = max(tally.slowest, result["seconds"])
    tally.memory = max(tally.memory, result["memory"])
    if result["outcome"] not in ("read", "refused"):
        tally.faults.append({"index": result["index"], "what": result["outcome"], "where": result["where"]})
    return result["index"]


# --- within the process ----------------------------------------------------------------------------------------------


def _child(target, cases, seed, span, writer, scratch):
    try:
        noise = _settle(scratch)
        for index in range(*span):
            result = _try(target, make_input(target, cases, seed, index), random.Random(index), Path(scratch), noise)
            os.write(writer, (json.dumps(result | {"index": index}) + "\n").encode())
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        os._exit(70)
    os._exit(0)


def _settle(scratch):
    """Set the limits; give the file that takes what libraries print by themselves."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MOST_MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000_000,) * 2)
    for name in ("work", "tmp"):
        (Path(scratch) / name).mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(Path(scratch) / "tmp")
    os.chdir(Path(scratch) / "work")
    sys.addaudithook(lambda event, given: _net.append(event) if event in _NETWORK and not isinstance(given[-1], (str, bytes)) else None)
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="(lifelines|autograd|multiprocessing)")
    warnings.filterwarnings("ignore", message=".*multi-threaded, use of fork", category=DeprecationWarning)
    noise = os.open(Path(scratch) / "noise", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.dup2(noise, 1)
    os.dup2(noise, 2)
    return noise


def _try(target, files, rng, scratch, noise):
    work, home = scratch / "work", scratch / "work" / "case"
    write_files(home, files)
    before = _inside(home)
    begin = time.monotonic()
    outcome, where = judged(target, home, rng)
    seconds = time.monotonic() - begin
    if outcome in ("read", "refused"):
        outcome = _left_behind(target, work, before, outcome) or _printed(noise) or _called() or outcome
    os.ftruncate(noise, 0)
    os.lseek(noise, 0, os.SEEK_SET)
    for path in (*work.iterdir(), *(scratch / "tmp").iterdir()):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    # ru_maxrss is in units of 1024 bytes on Linux
    return {"outcome": outcome, "where": where, "seconds": seconds, "memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


def judged(target, home, rng):
    """Let a reader read a folder; give ``read``, ``refused`` or what is wrong, and where it began."""
    from ipdrecon.errors import IpdreconError
    from metaanalysis.errors import MetaAnalysisError

    try:
        target.read(home, rng)
    except (IpdreconError, MetaAnalysisError, Refused) as error:
        complaint = _impolite(str(error))
        return (f"{complaint}: {str(error)[:200]!r}", _place(error)) if complaint else ("refused", "")
    except BaseException as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", _place(error)
    return "read", ""


def _place(error):
    """Where an error began: the last lines of ours that led to it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/ipdrecon/" in frame.filename or "/metaanalysis/" in frame.filename]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[:-3:-1])


def _impolite(message):
    """What is wrong with a message; empty where nothing is."""
    if len(message) < 20:
        return "a message that says little"
    if len(message) > MOST_MESSAGE:
        return f"a message of {len(message) // 1000} thousand characters" if len(message) > 10 * MOST_MESSAGE else "a long message"
    return "a message with line breaks or control characters" if _CONTROL.search(message) else ""


def _inside(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _left_behind(target, work, before, outcome):
    home = work / "case"
    new = _inside(home) - before
    allowed = target.writes if target.in_place else False
    wrong = [name for name in new if name.endswith(".part") or Path(name).name == ".running"]
    wrong += [] if allowed else [name for name in new if not (target.writes and name.split("/")[0] == "out")]
    wrong += [name for name in new if outcome == "refused" and target.writes and "batch" not in target.name]
    wrong += [path.name for path in work.iterdir() if path != home] + [path.name for path in (work.parent / "tmp").iterdir()]
    return f"files left behind: {', '.join(sorted(wrong)[:4])}" if wrong else ""


def _printed(noise):
    size = os.lseek(noise, 0, os.SEEK_END)
    if not size:
        return ""
    return f"libraries print: {os.pread(noise, 150, 0)!r}"


def _called():
    called = _net[:]
    _net.clear()
    return f"network: {', '.join(called)}" if called else ""
