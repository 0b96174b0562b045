"""The same input gives the same bytes: whatever the threads, the seed of hashes, the folder, the language, the clock and the rights."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from workbench_figures import draw
from write_points import content

ROOT = Path(__file__).parents[1]
# What rightly tells of the run and not of its input: how long it took.
TIMED = {"job.json": "seconds"}
STUDIES = "study,hr,ci_low,ci_high,year,aetiology\nA,0.8,0.6,1.1,2001,HBV\nB,0.7,0.5,1.0,2005,HCV\nC,0.9,0.7,1.2,2003,HBV\nD,0.6,0.4,0.9,2008,HCV\n"
TRIAL = 'id = "made"\nname = "MADE"\n[[arm]]\nlabel = "Placebo"\nreference = true\nn = 60\n[[arm]]\nlabel = "Drug"\nn = 60\n[[figure]]\nfile = "fig.png"\nendpoint = "overall survival"\n'
REVIEW = 'title = "T"\ndraws = 2\n[[trial]]\nfolder = "made"\n[pool]\nendpoint = "overall survival"\nstudies = "studies.csv"\nby = "aetiology"\n'
WORK = """
    import os, sys
    os.umask(int(sys.argv[2], 8))
    from ipdrecon.app.commands import main

    root, threads = sys.argv[1], int(sys.argv[3])
    import cv2, onnxruntime
    cv2.setNumThreads(threads)
    session = onnxruntime.InferenceSession
    class Session(session):
        def __init__(self, path, sess_options=None, **given):
            sess_options = sess_options or onnxruntime.SessionOptions()
            sess_options.intra_op_num_threads = threads
            super().__init__(path, sess_options=sess_options, **given)
    onnxruntime.InferenceSession = Session

    def run(*arguments):
        assert main([*arguments, "-q"]) in (0, 3), arguments

    run("run", f"{root}/review.toml", "--out", f"{root}/results")
    run("batch", f"{root}/made", "--out", f"{root}/batch")
    figure = f"{root}/batch/figures/fig"
    run("reconstruct", figure, "--draws", "2", "--n", "Placebo=60", "--n", "Drug=60")
    run("validate", figure, "--reported", f"{root}/reported.csv")
    for to in ("stata", "csv", "survhe"):
        run("export", figure, "--to", to)
    run("pool", f"{root}/studies.csv", "--by", "aetiology", "--out", f"{root}/pooled")
    run("export", f"{root}/pooled", "--to", "metafor")
"""
PLAIN = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
OTHER = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "4711", "TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "COLUMNS": "40", "NO_COLOR": "1"}


def worked(place, settings, *, mask="022", threads=1, cwd=None):
    """Do the work of all verbs on the same input in a folder of the same name; the bytes of what was written, by name."""
    root = place / "work"
    (root / "made").mkdir(parents=True)
    draw(root / "made" / "fig.png")
    (root / "made" / "trial.toml").write_text(TRIAL)
    (root / "studies.csv").write_text(STUDIES)
    (root / "reported.csv").write_text("quantity,arm,time,value\nmedian,Drug,,24\n")
    (root / "review.toml").write_text(REVIEW)
    before = content(root)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))} | settings
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    arguments = [sys.executable, "-c", textwrap.dedent(WORK), os.path.relpath(root, cwd) if cwd else str(root), mask, str(threads)]
    done = subprocess.run(arguments, env=environment, cwd=cwd, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return {name: _without_clock(name, data) for name, data in content(root).items() if name not in before}


def _without_clock(name, data):
    field = TIMED.get(Path(name).name)
    return data if field is None else b"\n".join(line for line in data.split(b"\n") if f'"{field}"'.encode() not in line)


def test_the_same_bytes_under_other_circumstances(tmp_path):
    one = worked(tmp_path / "one", PLAIN)
    other = worked(tmp_path / "another place", OTHER, mask="077", threads=2, cwd=tmp_path)
    assert {Path(name).suffix for name in one} >= {".csv", ".json", ".png", ".svg", ".pdf", ".html", ".gz", ".dta", ".parquet", ".R", ".txt"}
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []
