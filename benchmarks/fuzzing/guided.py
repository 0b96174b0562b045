"""Damage guided by coverage: atheris chooses the bytes, and each reader is held to the same rules. Needs ``pip install atheris``."""

import random
import sys
import tempfile
import warnings
from pathlib import Path

from fuzzing.watch import judged, write_files


def run_guided(target, count, seed):
    """Let atheris try `count` inputs of a reader; it ends the process at the first fault, and leaves that input on disk.

    Parameters
    ----------
    target : Target
    count, seed : int

    Returns
    -------
    int
        Exit status.
    """
    try:
        import atheris
    except ImportError:
        print("atheris is not installed; install it with: pip install atheris")
        return 2
    with atheris.instrument_imports(include=["ipdrecon", "metaanalysis"]):
        cases = target.cases()
        with tempfile.TemporaryDirectory() as place:
            write_files(Path(place) / "case", cases[0])
            target.read(Path(place) / "case", random.Random(0))
    name = (target.damaged or tuple(cases[0]))[0]
    with tempfile.TemporaryDirectory() as place:
        home, corpus = Path(place) / "work" / "case", Path(place) / "corpus"
        write_files(corpus, {f"{number}": case[name] for number, case in enumerate(cases) if name in case})
        warnings.simplefilter("error")

        def try_one(data):
            write_files(home, cases[0] | {name: data})
            outcome, where = judged(target, home, random.Random(0))
            if outcome not in ("read", "refused"):
                raise AssertionError(f"{outcome} [{where}]")

        atheris.Setup([sys.argv[0], str(corpus), f"-runs={count}", f"-seed={seed}", "-max_len=20000", "-timeout=20", f"-artifact_prefix={tempfile.gettempdir()}/"], try_one)
        atheris.Fuzz()
    return 0
