"""Many figures: every one is a row, what was done stands, and neither a bad file nor a killed process costs another."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ipdrecon.app.batch.batch_run import BatchResult, BatchSettings, run_batch
from ipdrecon.app.batch.job_run import clear_folder, job_key, run_job, standing_record, write_record
from ipdrecon.app.batch.manifest import read_manifest
from ipdrecon.app.batch.results import COLUMNS, result_files, results_frame, review_queue
from ipdrecon.app.batch.workers import work_through
from ipdrecon.app.commands import main
from ipdrecon.errors import FolderError

ROOT = Path(__file__).parents[1]


def _draw(path, seed):
    """An exact figure: two arms of 40 patients with their numbers at risk."""
    rng, figure = np.random.default_rng(seed), Figure((6, 4.5))
    FigureCanvasSVG(figure)
    axes = figure.add_axes((0.2, 0.35, 0.75, 0.6))
    for row, (name, scale) in enumerate((("Placebo", 15), ("Drug", 30))):
        time_ = np.sort(np.minimum(rng.exponential(scale, 40), 48))
        axes.step(np.r_[0, time_], np.r_[1, np.cumprod(1 - (time_ < 48) / np.arange(40, 0, -1))], where="post", label=name)
        for at in range(0, 49, 12):
            axes.text(at, -0.33 - 0.1 * row, str((time_ >= at).sum()), transform=axes.get_xaxis_transform(), ha="center")
        axes.text(-8, -0.33 - 0.1 * row, name, transform=axes.get_xaxis_transform(), ha="right")
    axes.set(xlim=(0, 50), ylim=(0, 1.02), xlabel="Time (months)", ylabel="Overall survival", xticks=range(0, 49, 12))
    axes.legend()
    with matplotlib.rc_context({"path.simplify": False, "svg.fonttype": "none"}):
        figure.savefig(path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    for number in range(3):
        _draw(folder / f"fig{number}.svg", number)
    return folder


@pytest.fixture
def figures(drawn, tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    for path in drawn.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def worked(drawn, tmp_path_factory):
    """The figures, and the results of a batch of them."""
    place = tmp_path_factory.mktemp("worked")
    shutil.copytree(drawn, place / "figures")
    (place / "figures" / "broken.png").write_bytes(b"no picture")
    run_batch(place / "figures", place / "out")
    return place


@pytest.fixture
def done(worked, tmp_path):
    """The same, in a place of the test's own: a folder of figures, and one of results that stand."""
    shutil.copytree(worked, tmp_path / "worked")
    return tmp_path / "worked" / "figures", tmp_path / "worked" / "out"


# --- manifests -------------------------------------------------------------------------------------------------------


def test_a_folder_is_its_figures_without_what_the_program_wrote(figures, tmp_path):
    (figures / "notes.txt").write_text("x")
    (figures / "old").mkdir()
    (figures / "old" / "figure.json").write_text("{}")
    (figures / "old" / "overlay.png").write_bytes(b"")
    (figures / "failed").mkdir()
    (figures / "failed" / "job.json").write_text("{}")
    (figures / "failed" / "fig8.png").write_bytes(b"")
    (figures / "out").mkdir()
    (figures / "out" / "fig9.png").write_bytes(b"")
    jobs = read_manifest(figures, skip=figures / "out")
    assert [job.id for job in jobs] == ["broken", "fig0", "fig1", "fig2"]


def test_a_pattern_a_table_and_toml_say_the_same(figures, monkeypatch):
    (figures / "batch.csv").write_text("figure,n,treatment,reference\nfig0.svg,Placebo=40; Drug=40,Drug,Placebo\nfig1.svg,,,\n")
    (figures / "batch.toml").write_text(
        '[[figure]]\nfigure = "fig0.svg"\ntreatment = "Drug"\nreference = "Placebo"\n[figure.n]\nPlacebo = 40\nDrug = 40\n[[figure]]\nfigure = "fig1.svg"\n'
    )
    by_csv, by_toml = (read_manifest(figures / name) for name in ("batch.csv", "batch.toml"))
    assert [job.entry for job in by_csv] == [job.entry for job in by_toml]
    assert by_csv[0].entry.n == {"Placebo": 40, "Drug": 40}
    monkeypatch.chdir(figures)
    assert [job.id for job in read_manifest("fig*.svg")] == ["fig0", "fig1", "fig2"]


def test_a_pattern_of_whole_paths_finds_what_it_names(figures, tmp_path):
    shutil.copytree(figures, tmp_path / ".kept")
    for folder in (figures, tmp_path / ".kept"):
        assert [job.figure for job in read_manifest(folder / "fig*.svg")] == sorted(folder.glob("fig*.svg"))


def test_what_a_run_is_about_to_write_is_no_figure(figures):
    (figures / ".ipdrecon-x.part" / "new").mkdir(parents=True)
    (figures / ".ipdrecon-x.part" / "new" / "overlay.png").write_bytes(b"")
    assert [job.figure for job in read_manifest(figures)] == sorted(figures.glob("*.*g"))


def test_a_figure_among_the_results_is_refused_and_stays(figures, tmp_path):
    place = tmp_path / "out" / "figures" / "a"
    place.mkdir(parents=True)
    shutil.copy(figures / "fig0.svg", place / "a.svg")
    (tmp_path / "batch.csv").write_text("figure,id\nout/figures/a/a.svg,a\n")
    with pytest.raises(FolderError, match=r"a\.svg lies among the results of the batch.*--out"):
        run_batch(tmp_path / "batch.csv", tmp_path / "out")
    assert (place / "a.svg").is_file()


def test_what_a_killed_run_was_about_to_put_into_place_is_not_left_among_the_next_results(done):
    _, out = done
    place = out / "figures" / "fig0"
    part = place / ".ipdrecon-x.part"
    (part / "new").mkdir(parents=True)
    (part / "new" / "validation.csv").write_text("old")
    (part / "do.json").write_text('{"files": {"validation.csv": false}, "outdated": []}')
    clear_folder(place)
    assert [path.name for path in place.iterdir()] == []


def test_a_batch_without_the_reader_of_text_is_done_again_with_it(figures, tmp_path, monkeypatch):
    job, wanted = read_manifest(figures)[0], {"draws": 0, "seed": 0}
    with_reader = job_key(job, tmp_path / "x", wanted)
    monkeypatch.setattr("ipdrecon.app.batch.job_run.lacking", lambda extra: f"{extra} is not installed")
    assert job_key(job, tmp_path / "x", wanted) != with_reader


def test_names_are_of_their_own(figures):
    (figures / "batch.csv").write_text("figure,id\nfig0.svg,\nfig0.svg,\nfig1.svg,special\n")
    assert [job.id for job in read_manifest(figures / "batch.csv")] == ["fig0", "fig0-2", "special"]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for name in ("a/fig1.png", "b/fig1.png", "b/Fig 2 – é.png", "b/.hidden.png", ".git/fig.png", "生存.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert {job.entry.figure: job.id for job in read_manifest(tmp_path)} == {
        "a/fig1.png": "a_fig1", "b/fig1.png": "b_fig1", "b/Fig 2 – é.png": "Fig_2_e", "生存.png": "figure",
    }  # fmt: skip


def test_a_name_that_is_given_is_kept_whatever_the_files_are_called(tmp_path):
    (tmp_path / "batch.csv").write_text("figure,id,study\nfig.png,,Smith 2001\nother.png,fig,Jones 2004\n")
    assert [job.id for job in read_manifest(tmp_path / "batch.csv")] == ["fig-2", "fig"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("batch.csv", "figure,page\nfig0.svg,none\n", r"batch\.csv, line 2: page: .*seen: 'none'"),
        ("batch.csv", "figure,n\nfig0.svg,Placebo\n", "expected ARM=N"),
        ("batch.csv", "figure,id\nfig0.svg,../x\n", "line 2: id"),
        ("batch.csv", "figure\n", "holds no figure"),
        ("batch.csv", "figure,Treatement\nfig0.svg,Drug\n", r"line 1: a column 'Treatement'; expected 'treatment'"),
        ("batch.csv", "figure,id\nfig0.svg,a\nfig1.svg,\nfig2.svg,A\n", r"line 4: id: 'A' is that of line 2"),
        ("batch.csv", "figure,page\na.pdf,x\nb.pdf,1\nc.pdf,-1\n", r"line 2: page: .*\. line 4: page: .*seen: '-1'"),
        ("batch.csv", "figure,page\n" + 12 * "a.pdf,x\n", "line 11: .* and 2 more"),
        ("batch.toml", '[[figure]]\nfigure = "a.png"\n\n[[figure]]\nfile = "b.png"\n', r"batch\.toml, line 4: "),
        ("batch.toml", "x = 1\n", r"holds x; expected \[\[figure\]\]"),
        ("batch.toml", "x =\n", "is no TOML"),
    ],
)
def test_mistakes_are_told_by_place(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(FolderError, match=message):
        read_manifest(tmp_path / name)


def test_what_is_no_batch_is_refused(tmp_path):
    with pytest.raises(FolderError, match="is no batch"):
        read_manifest(tmp_path / "nothing")
    with pytest.raises(FolderError, match="holds no figure"):
        read_manifest(tmp_path)


# --- results ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("review", "told"), [(1, "2 done, 1 needs review, 0 failed"), (3, "2 done, 3 need review, 0 failed")])
def test_figures_are_counted_in_words(review, told):
    assert BatchResult(Path("out"), None, 0, {"done": 2, "needs review": review, "failed": 0}).counts() == told


def test_every_figure_is_a_row_and_a_failure_stops_nothing(figures, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["batch", str(figures), "--out", str(out), "--jobs", "2", "--json"]) == 3
    record = json.loads(capsys.readouterr().out)
    assert record["statuses"] == {"done": 3, "needs review": 0, "failed": 1}
    frame = pd.read_csv(out / "results.csv")
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["id"]) == ["broken", "fig0", "fig1", "fig2"]
    assert "is no PNG" in frame["message"][0]
    assert (frame["hr"][1:] > 1).all()
    assert set(frame["direction"][1:]) == {"second arm over first"}
    assert list(pd.read_csv(out / "queue.csv")["id"]) == ["broken"]
    page = (out / "overview.html").read_text()
    assert page.count("<article ") == 4
    assert page.index("broken") < page.index("fig0")
    assert [(out / name).is_file() for name in re.findall(r'src="([^"]+)"', page)] == [True] * 3
    assert "<script" not in page
    assert pd.read_parquet(out / "results.parquet")["id"].tolist() == frame["id"].tolist()


def test_a_second_run_does_only_what_is_new_or_changed(done):
    (figures, out), seen = done, []
    before = (out / "results.csv").read_bytes()
    again = run_batch(figures, out, on_step=lambda done, total, record: seen.append(record["id"]))
    assert (seen, again.n_kept) == ([], 4)
    assert (out / "results.csv").read_bytes() == before
    (figures / "fig1.svg").write_bytes((figures / "fig0.svg").read_bytes())
    _draw(figures / "fig7.svg", 7)
    run_batch(figures, out, on_step=lambda done, total, record: seen.append(record["id"]))
    assert seen == ["fig1", "fig7"]


def test_a_change_by_hand_in_a_figure_folder_does_that_figure_again(done):
    (figures, out), seen = done, []
    edits = [{"edit": "unit", "unit": "years"}]
    (out / "figures" / "fig1" / "edits.json").write_text(json.dumps(edits))
    frame = run_batch(figures, out, on_step=lambda done, total, record: seen.append(record["id"])).frame
    assert seen == ["fig1"]
    assert frame.set_index("id")["unit"].to_dict() == {"broken": "", "fig0": "months", "fig1": "years", "fig2": "months"}
    assert json.loads((out / "figures" / "fig1" / "edits.json").read_text()) == edits
    assert run_batch(figures, out).n_kept == 4


def test_of_a_figure_that_fails_now_no_earlier_reading_is_left(done):
    figures, out = done
    (out / "figures" / "fig1" / ".ipdrecon-x.part" / "new").mkdir(parents=True)
    (figures / "fig1.svg").write_bytes(b"no drawing")
    frame = run_batch(figures, out).frame
    assert frame.set_index("id")["status"]["fig1"] == "failed"
    assert sorted(path.name for path in (out / "figures" / "fig1").iterdir()) == ["fig1.svg", "job.json"]


def test_the_figure_stands_beside_its_results_where_the_workbench_looks_for_it(done, tmp_path):
    figures, out = done
    place = out / "figures" / "fig1"
    assert json.loads((place / "figure.json").read_text())["file"] == "fig1.svg"
    assert (place / "fig1.svg").read_bytes() == (figures / "fig1.svg").read_bytes()
    (figures / "batch.csv").write_text("figure,id\nfig0.svg,fig1\n")
    run_batch(figures / "batch.csv", out)
    assert not (place / "fig1.svg").exists()
    assert (figures / "fig1.svg").exists()
    assert (place / "fig0.svg").read_bytes() == (figures / "fig0.svg").read_bytes()


def test_what_the_machine_lost_is_tried_again_and_what_the_figure_lacks_is_not(figures, tmp_path):
    (job, *_), wanted = read_manifest(figures), {"draws": 0, "seed": 0}
    folder = tmp_path / job.id
    key = job_key(job, folder, wanted)
    write_record(job, folder, key, "failed", "Not done in 3 s", stands=False)
    assert standing_record(folder, key) is None
    assert run_job(job, folder, key, wanted)["status"] == "failed"
    assert "is no PNG" in standing_record(folder, key)["message"]


def test_a_figure_that_changes_under_way_does_not_stand(figures, tmp_path):
    job = read_manifest(figures)[1]
    record = run_job(job, tmp_path / "x", "another key", {"draws": 0, "seed": 0})
    assert (record["status"], record["stands"]) == ("failed", False)
    assert "another than when the batch was begun" in record["message"]


def test_a_bug_is_one_row(figures, tmp_path, monkeypatch):
    job, wanted = read_manifest(figures)[1], {"draws": 0, "seed": 0}

    def broken(*_):
        raise KeyError("arm")

    monkeypatch.setattr("ipdrecon.app.batch.job_run._work", broken)
    record = run_job(job, tmp_path / "x", job_key(job, tmp_path / "x", wanted), wanted)
    assert "a bug in ipdrecon (KeyError: 'arm')" in record["message"]
    assert results_frame([record])["status"].tolist() == ["failed"]


def test_a_run_tells_what_stands_before_it_begins(done):
    (figures, out), seen = done, []
    (figures / "fig2.svg").write_bytes(b"no drawing")
    result = run_batch(figures, out, on_begin=lambda kept, total: seen.append((kept, total)))
    assert seen == [(3, 4)]
    assert [line.partition(":")[0] for line in result.failures()] == ["broken", "fig2"]
    assert result.failures(1)[1:] == ["1 more"]


def test_the_parquet_file_has_the_same_types_whatever_the_batch_found(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    failed = {"id": "a", "figure": "a.png", "status": "failed", "message": "x", "rows": []}
    full = failed | {"id": "b", "status": "done", "rows": [{"panel": "1", "hr": 0.5, "arms": "A; B", "confidence": 1.0, "n_to_review": 0, "differs": 1}]}
    types = []
    for number, records in enumerate(([failed], [full], [failed, full])):
        path = tmp_path / f"{number}.parquet"
        path.write_bytes(result_files(results_frame(records), tmp_path, "t")["results.parquet"])
        types.append([(field.name, str(field.type).removeprefix("large_")) for field in pq.read_schema(path)])
    assert types[0] == types[1] == types[2]
    assert [name for name, _ in types[0]] == list(COLUMNS)
    assert {kind for _, kind in types[0]} == {"string", "double"}


def test_what_is_given_reaches_the_figure(figures, tmp_path):
    (figures / "reported.csv").write_text("panel,quantity,arm,value,ci_low,ci_high,p,time,endpoint,population,source,reference\n1,hr,Drug,0.5,0.3,0.9,,,,,p. 1,Placebo\n")
    (figures / "batch.csv").write_text("figure,reported,treatment,reference\nfig0.svg,reported.csv,Drug,Placebo\n")
    (row,) = run_batch(figures / "batch.csv", tmp_path / "out").frame.to_dict("records")
    assert (row["treatment"], row["reference"], row["direction"]) == ("Drug", "Placebo", "given")
    assert row["hr"] < 1
    assert row["agrees"] + row["differs"] + row["cannot_be_judged"] == 1


def test_the_queue_begins_with_failures_then_the_least_sure():
    def record(name, status, confidence):
        return {"id": name, "figure": name, "status": status, "message": "", "rows": [{"panel": "1", "confidence": confidence}] if confidence else []}

    records = [record("a", "done", 0.9), record("b", "needs review", 0.8), record("c", "failed", None), record("d", "needs review", 0.3)]
    assert review_queue(results_frame(records))["id"].tolist() == ["c", "d", "b"]


def test_names_of_arms_are_neither_formulas_nor_html(tmp_path):
    row = {"panel": "1", "arms": "=cmd|' /C calc'!A0; <script>alert(1)</script>", "confidence": 0.5}
    frame = results_frame([{"id": "a", "figure": "a.png", "status": "needs review", "message": "", "rows": [row]}])
    made = result_files(frame, tmp_path, "<b>title</b>")
    assert b"<script>alert" not in made["overview.html"]
    assert b"<b>title" not in made["overview.html"]
    assert b",=cmd" not in made["results.csv"]


def test_two_runs_in_one_folder_are_refused(done):
    figures, out = done
    (figures / "fig2.svg").write_bytes(b"no drawing")

    def second(*_):
        with pytest.raises(FolderError, match="Another run works in"):
            run_batch(figures, out)
        seen.append(True)

    seen = []
    run_batch(figures, out, on_step=second)
    assert len(seen) == 1
    assert not (out / ".running").exists()


def test_a_killed_run_goes_on_where_it_was(figures, tmp_path):
    """kill -9 in the middle: no row is lost or doubled, and what stood is not done again."""
    out = tmp_path / "out"
    for number in range(3, 8):
        _draw(figures / f"fig{number}.svg", number)
    command = [sys.executable, str(ROOT / "cli.py"), "batch", str(figures), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + 60
    while len(list(out.glob("figures/*/job.json"))) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    stood = {path.parent.name for path in out.glob("figures/*/job.json")}
    assert len(stood) >= 3
    assert not (out / "results.csv").exists()
    done = []
    result = run_batch(figures, out, on_step=lambda _, total, record: done.append(record["id"]))
    assert set(done) == {path.stem for path in figures.glob("*.*")} - stood
    assert sorted(result.frame["id"]) == sorted(path.stem for path in figures.iterdir())


# --- processes -------------------------------------------------------------------------------------------------------


def _doubled(numbers, **options):
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from batch_functions import double

        results, lost = {}, {}
        work_through([(number, None) for number in numbers], double, on_done=results.__setitem__, on_lost=lost.__setitem__, **options)
    finally:
        sys.path.remove(str(ROOT / "tests"))
    return results, lost


def test_a_process_that_dies_costs_its_own_job():
    results, lost = _doubled([1, 13, 2, 3], n_processes=2, time_limit=60)
    assert results == {0: 2, 2: 4, 3: 6}
    assert "ended with 9" in lost[1]


def test_a_process_that_never_ends_is_ended():
    results, lost = _doubled([1, 7, 2], n_processes=1, time_limit=3)
    assert results == {0: 2, 2: 4}
    assert "Not done in 3 s" in lost[1]


_NEVER_DONE = {
    "batch": "work_through([(sys.argv[2],)], never, n_processes=1, time_limit=600, on_done=print, on_lost=print)",
    "map": "\n    with processes(2) as run: print(*run(time.sleep, [0.5, 0.5]), *run(never, [sys.argv[2]]))",
}


@pytest.fixture(params=_NEVER_DONE)
def at_work(request, tmp_path):
    """A process that began another one which never ends by itself, and the number of that."""
    told, script = tmp_path / "pid", tmp_path / "script.py"
    script.write_text(
        "import sys, time; sys.path.insert(0, sys.argv[1]); from batch_functions import never\n"
        "from ipdrecon.app.batch.workers import work_through; from ipdrecon.app.processes import processes\n"
        f"if __name__ == '__main__': {_NEVER_DONE[request.param]}\n"
    )
    command = [sys.executable, str(script), str(ROOT / "tests"), str(told)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True, start_new_session=True)
    yield process, int(_waited_for(lambda: told.exists() and told.read_text()))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def test_processes_end_with_the_one_that_began_them(at_work):
    """kill -9 of the first process alone: one that would never end is not left behind to write into a folder of the next run."""
    process, worker = at_work
    process.kill()
    process.wait()
    _waited_for(lambda: not _runs(worker))


def test_processes_end_without_a_word_when_the_user_stops_them(at_work):
    process, worker = at_work
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert "KeyboardInterrupt" in said
    assert "Process Spawn" not in said
    _waited_for(lambda: not _runs(worker))


def _waited_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not (seen := condition()):
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)
    return seen


def _runs(pid):
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_processes_of_a_scheduler_are_not_counted_here(figures, capsys):
    assert main(["batch", str(figures), "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2"]) == 2
    assert "--jobs 2 has no effect at tcp://127.0.0.1:9" in " ".join(capsys.readouterr().err.split())
    assert not (figures / "batch").exists()


def test_a_cluster_on_which_nothing_is_done_is_given_up(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.syspath_prepend(str(ROOT / "tests"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    from batch_functions import double

    from ipdrecon.app.batch.cluster import work_on_cluster

    results, lost = {}, {}
    work_on_cluster([(3, None, "a"), (7, None, "b")], double, address="local", n_processes=2, time_limit=10, on_done=results.__setitem__, on_lost=lost.__setitem__)
    assert results == {0: 6}
    assert "Nothing was done on the cluster for 10 s" in lost[1]


def test_a_cluster_gives_the_same_rows_though_a_worker_is_killed(worked, tmp_path):
    """A scheduler and two workers as processes on loopback; one worker is killed after the first figure."""
    pytest.importorskip("distributed")
    address_file = tmp_path / "scheduler.json"
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": os.environ | {"PYTHONPATH": str(ROOT)}}
    scheduler = subprocess.Popen([*start, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(address_file)], **quiet)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(address_file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    workers = [subprocess.Popen(worker, **quiet) for _ in range(2)]
    try:
        until = time.monotonic() + 60
        while not (address_file.exists() and address_file.read_text().endswith("}")) and time.monotonic() < until:
            time.sleep(0.1)
        address = json.loads(address_file.read_text())["address"]
        killed = []

        def kill_one(*_):
            if not killed:
                workers[0].kill()
                killed.append(True)

        run_batch(worked / "figures", tmp_path / "together", BatchSettings(scheduler=address), on_step=kill_one)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
    assert killed
    assert _content(tmp_path / "together") == _content(worked / "out")


def _content(folder):
    """All files of a batch by name; records without the seconds they took."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: re.sub(rb'"seconds": [0-9.]+', b"", content) if name.endswith("job.json") else content for name, content in files.items()}


def test_no_scheduler_is_told(figures, tmp_path, capsys):
    pytest.importorskip("distributed")
    from ipdrecon.app.batch import cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "_TIMEOUT", "1s")
        assert main(["batch", str(figures), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "No scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
