"""Damage small sound files of every kind and see that each reader takes or refuses them politely.

    python benchmarks/fuzz.py [--count 20000] [--seed 1] [--only png,pdf] [--first 0] [--keep DIR] [--save OUT.json]
    python benchmarks/fuzz.py --atheris rm5 [--count 5000]

Each input is tried in a process of its own family with limits on time and memory. It must be read, or refused by an
IpdreconError or MetaAnalysisError of one line without control characters; a command must end with status 0, 1 or 3 and no
traceback. Any other exception, a warning, a crash, a hang, a file left behind, output of a library, or a call to the
network is a fault: its kind is printed with the number of its first input, and `--keep` leaves that input on disk. The n-th
input of a reader depends on the seed and on n alone. ``--atheris`` lets coverage guide the damage, where atheris is installed.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from fuzzing.targets import targets
from fuzzing.watch import run


def shares(chosen, count):
    """Give each reader its part of the inputs, at least one."""
    whole = sum(target.share for target in chosen)
    return {target.name: max(1, round(count * target.share / whole)) for target in chosen}


def report(tally):
    """Print what came of a reader."""
    print(f"{tally.name:24} {tally.n:6} tried {tally.read:6} read {tally.refused:6} refused {len(tally.faults):4} faults   slowest {tally.slowest:5.1f} s, all {tally.seconds:6.1f} s, {tally.memory / 1e6:5.0f} MB", flush=True)
    for what, where, count, first in tally.by_kind():
        print(f"    {count} x {what}  [{where}] (input {first})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default="", help="names of readers, parted by commas")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--save", type=Path, help="a JSON file for the numbers")
    parser.add_argument("--atheris", metavar="READER")
    given = parser.parse_args()
    known = targets()
    unknown = [name for name in [*given.only.split(","), given.atheris] if name and name not in known]
    if unknown:
        parser.error(f"no reader is called {', '.join(map(repr, unknown))}; expected one of: {', '.join(known)}")
    if given.atheris:
        from fuzzing.guided import run_guided

        return run_guided(known[given.atheris], given.count, given.seed)
    chosen = [target for name, target in known.items() if not given.only or name in given.only.split(",")]
    begin, tallies = time.monotonic(), []
    for target, count in zip(chosen, shares(chosen, given.count).values(), strict=True):
        tallies.append(run(target, count, given.seed, first=given.first, keep=given.keep))
        report(tallies[-1])
    tried, faults = sum(tally.n for tally in tallies), sum(len(tally.faults) for tally in tallies)
    print(f"{tried} inputs tried in {time.monotonic() - begin:.0f} s, seed {given.seed}: {faults} faults")
    if given.save:
        rows = [{name: getattr(tally, name) for name in ("name", "n", "read", "refused")} | {"faults": len(tally.faults), "kinds": [list(kind) for kind in tally.by_kind()]} for tally in tallies]
        given.save.write_text(json.dumps({"seed": given.seed, "tried": tried, "faults": faults, "readers": rows}, indent=1) + "\n", encoding="utf-8")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
