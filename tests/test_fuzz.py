"""A short fuzz run of every reader: each damaged file is read, or refused in one polite line, and nothing is left behind.

The long run is ``python benchmarks/fuzz.py``; here are some inputs of each reader, and Hypothesis's own ways to damage them.
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from fuzzing import targets as fuzzed  # noqa: E402
from fuzzing.mutations import NUMBERS, TEXTS, mend_png  # noqa: E402
from fuzzing.watch import judged, make_input, run, write_files  # noqa: E402

TARGETS = fuzzed.targets()
SLOW = ("digitise picture", "digitise svg", "digitise pdf", "digitise with edits", "pdf in its process", "ipdrecon digitise", "ipdrecon digitise svg", "ipdrecon reconstruct", "ipdrecon batch", "ipdrecon run", "ipdrecon run tables")
QUICK = [name for name in TARGETS if name not in SLOW]
LEFT_ASIDE = ("job record", "run record", "workbench folder")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked and watched in /proc")


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """What came of each reader's inputs, by its name; in a process of its own, which forks."""
    saved = tmp_path_factory.mktemp("fuzz") / "numbers.json"
    command = [sys.executable, "benchmarks/fuzz.py", "--count", "1500", "--seed", "2026", "--only", ",".join(QUICK), "--save", str(saved)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert saved.is_file(), told.stderr
    return {reader["name"]: reader for reader in json.loads(saved.read_text())["readers"]}


@pytest.mark.parametrize("name", QUICK)
def test_damaged_files_are_read_or_refused_politely(short_run, name):
    reader = short_run[name]
    assert reader["kinds"] == []
    assert reader["n"] == reader["read"] + reader["refused"] >= 2
    # records that are not needed are left aside where they are damaged, which is no error
    assert reader["refused"] or name in LEFT_ASIDE


def test_the_short_run_is_no_shorter_than_it_says(short_run):
    assert sum(reader["n"] for reader in short_run.values()) >= 1480


def test_the_same_seed_gives_the_same_inputs():
    target = TARGETS["rm5"]
    cases = target.cases()
    first = [make_input(target, cases, 1, index) for index in range(20)]
    assert first == [make_input(target, cases, 1, index) for index in range(20)]
    assert first != [make_input(target, cases, 2, index) for index in range(20)]


FAULTS = {
    "KeyError": lambda home: {}["a"],
    "RuntimeWarning": lambda home: warnings.warn("x", RuntimeWarning, stacklevel=1),
    "a message that says little": lambda home: fuzzed.refuse("no"),
    "a message with line breaks": lambda home: fuzzed.refuse("a message\nof two lines that goes on"),
    "a long message": lambda home: fuzzed.refuse("long " * 1000),
    "libraries print": lambda home: os.write(2, b"x"),
    "files left behind": lambda home: (home / "new").write_text("x"),
    "the process ended (signal 6)": lambda home: os.abort(),
    "hangs": lambda home: time.sleep(9),
    "MemoryError": lambda home: bytearray(10**10),
    "ConnectionRefusedError": lambda home: socket.create_connection(("127.0.0.1", 9)),
}


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("said", FAULTS)
def test_the_watch_sees_every_kind_of_fault(said):
    calls = []

    def read(home, rng):
        calls.append(home)
        return len(calls) > 1 and FAULTS[said](home)

    tally = run(fuzzed.Target("bad", lambda: [{"a.csv": b"x"}], read, 1, limit=1.5), 1, seed=1)
    ((what, _, count, _),) = tally.by_kind()
    assert what.startswith(said)
    assert (count, tally.n, tally.read, tally.refused) == (1, 1, 0, 0)


# --- Hypothesis: ways to damage a file that shrink to the least one ---------------------------------------------------


def damaged_bytes(content):
    """Strategy of a file with some pieces replaced."""
    edits = st.lists(st.tuples(st.integers(0, max(len(content) - 1, 0)), st.integers(0, 64), st.binary(max_size=16)), min_size=1, max_size=4)

    def apply(edits):
        data = bytearray(content)
        for place, length, new in edits:
            data[place : place + length] = new
        return bytes(data)

    return edits.map(apply) | st.integers(0, len(content)).map(lambda end: content[:end])


def damaged_text(content):
    """Strategy of a text with some of its tokens replaced."""
    tokens = fuzzed_tokens(content.decode())
    words = st.sampled_from((*NUMBERS, *(text for text in TEXTS if len(text) < 1000))) | st.text(max_size=12)
    edits = st.lists(st.tuples(st.integers(0, len(tokens) - 1), words), min_size=1, max_size=5)

    def apply(edits):
        changed = list(tokens)
        for place, word in edits:
            changed[place] = word
        return "".join(changed).encode("utf-8", "surrogatepass")

    return edits.map(apply)


def fuzzed_tokens(text):
    return re.findall(r"[-+]?\d+(?:\.\d+)?|[A-Za-z_]+|.", text, re.DOTALL)


CASES = {name: TARGETS[name].cases()[0] for name in ("png", "jpeg", "webp", "tiff", "bmp", "gif", "svg", "pdf", "reported numbers", "numbers at risk", "studies", "coordinates", "risk files", "manifest", "review", "trial", "edits", "data package", "rm5")}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_hypothesis_finds_no_file_that_is_neither_read_nor_refused(tmp_path_factory, name, data):
    case, target = CASES[name], TARGETS[name]
    chosen = data.draw(st.sampled_from(sorted(target.damaged or case)))
    is_text = fuzzed.kind_of(chosen) in ("text", "json")
    content = data.draw(damaged_text(case[chosen]) | damaged_bytes(case[chosen]) if is_text and len(case[chosen]) < 5000 else damaged_bytes(case[chosen]))
    if name == "png":
        content = bytes(mend_png(bytearray(content)))
    assume(content != case[chosen])
    home = tmp_path_factory.mktemp("case")
    write_files(home, case | {chosen: content})
    assert judged(target, home, random.Random(0))[0] in ("read", "refused")
