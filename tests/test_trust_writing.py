"""Writing where it cannot be done, where others write, and under names that are not plain: a clear line, nothing lost, nothing left."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import matplotlib
import pytest
import typer

from ipdrecon.app import library, saving, stage, workflow
from ipdrecon.app.commands import main
from ipdrecon.app.patient_rows import with_patients
from ipdrecon.errors import FolderError

sys.path.insert(0, str(Path(__file__).parent))
from write_points import at_each_change, content

ROOT = Path(__file__).parents[1]
CURVES = "panel,arm,time,survival\n1,A,0,1\n1,A,3,0.8\n1,A,9,0.6\n1,B,0,1\n1,B,4,0.9\n1,B,9,0.7\n"
AT_RISK = "panel,arm,time,n_risk\n1,A,0,40\n1,A,6,30\n1,B,0,40\n1,B,6,33\n"
STUDIES = "study,hr,ci_low,ci_high\nA,0.8,0.6,1.1\nB,0.7,0.5,1.0\nC,0.9,0.7,1.2\n"
OLD = {"a": b"old", "b": b"old", "gone": b"old"}
NEW = {"a": b"new" * 9000, "c": b"new", "deep/d": b"new"}
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def folder(hand_made):
    """A figure folder made by hand."""
    return hand_made(CURVES, AT_RISK)


def one_line(capsys):
    """What was said on standard error, which is one line."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


# --- a disk that is full ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stays", [False, True], ids=["for a moment", "from then on"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_at_any_point_leaves_all_as_it_was_or_all_new(tmp_path, number, stays):
    """Every change of files fails in turn; a full disk goes on to refuse new files, while names can be changed and taken away."""
    point, failed = 0, True
    while failed:
        folder, count, failed = tmp_path / str(point) / "fig", [0], False
        saving.write_files(folder, OLD)

        def fail(event, path, count=count, point=point):
            count[0] += 1
            is_new = event in ("open", "os.link") or event == "os.mkdir" and not path.exists()
            if count[0] == point + 1 or (stays and count[0] > point and is_new):
                raise OSError(number, os.strerror(number))

        with at_each_change(folder, fail):
            try:
                saving.write_files(folder, NEW, outdated=("gone",))
            except FolderError as error:
                failed = True
                assert "cannot be written" in str(error)
                assert os.strerror(number) in str(error)
                assert ".part" not in str(error)
        failed |= count[0] > point
        assert content(folder) in (OLD, {"b": b"old"} | NEW)
        stage.mend(folder)
        assert content(folder) in (OLD, {"b": b"old"} | NEW)
        assert not [name for name in os.listdir(folder) if name.startswith(".")]
        point += 1
    assert point > 25


def test_a_new_folder_on_a_full_disk_is_taken_away_again(tmp_path):
    def fail(event, path):
        if event == "open":
            raise FULL

    with at_each_change(tmp_path, fail), pytest.raises(FolderError, match=r"fig cannot be written \(No space left on device\); make room"):
        saving.write_files(tmp_path / "deep" / "fig", NEW)
    assert os.listdir(tmp_path) == []


def _fails_at(root, wanted):
    """Refuse the first change of its kind below a folder."""
    def fail(event, path):
        if event == wanted:
            raise FULL

    return at_each_change(root, fail)


@pytest.mark.parametrize(("verb", "event"), [(verb, "open") for verb in ("digitise", "import", "reconstruct", "validate", "pool", "run", "export", "init")] + [("import", "os.rename")])
def test_every_verb_says_so_and_ends_with_1(tmp_path, folder, digitised, capsys, verb, event):
    digitised()
    (tmp_path / "made.png").write_bytes(b"")
    (tmp_path / "curves.csv").write_text("time,survival\n0,1\n3,0.8\n9,0.6\n")
    (tmp_path / "reported.csv").write_text("quantity,arm,time,value\nmedian,A,,12\n")
    (tmp_path / "studies.csv").write_text(STUDIES)
    (tmp_path / "review.toml").write_text('title = "T"\n[pool]\nendpoint = "OS"\nstudies = "studies.csv"\n')
    out = tmp_path / "out"
    arguments = {
        "digitise": ["digitise", tmp_path / "made.png", "--out", out],
        "import": ["import", tmp_path / "curves.csv", "--out", out],
        "reconstruct": ["reconstruct", folder, "--method", "guyot"],
        "validate": ["validate", folder, "--reported", tmp_path / "reported.csv"],
        "pool": ["pool", tmp_path / "studies.csv", "--out", out],
        "run": ["run", tmp_path / "review.toml", "--out", out],
        "export": ["export", folder, "--to", "csv", "--out", out],
        "init": ["init", out],
    }[verb]
    if verb in ("validate", "export"):
        workflow.reconstruct_to_folder(folder, method="guyot")
    before = content(tmp_path)
    with _fails_at(tmp_path, event):
        assert main([*map(str, arguments), "-q"]) == 1
    said = one_line(capsys)
    assert said.startswith("Error: ")
    assert "cannot be written (No space left on device); make room" in said
    assert content(tmp_path) == before
    assert not [path for path in tmp_path.rglob(".*")]


def _limited(limit, *arguments):
    """Run the program as one whose files may not grow beyond a limit."""
    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, ROOT / "cli.py", *map(str, arguments)], env=environment, preexec_fn=lower, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are those of POSIX")
def test_a_file_that_may_not_grow(folder):
    before = content(folder)
    done = _limited(2000, "reconstruct", folder, "--method", "guyot", "-q")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "cannot be written (File too large); make room" in done.stderr
    assert content(folder) == before
    assert sorted(os.listdir(folder)) == sorted(before)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system can be mounted by root alone")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_truly_full(small_disk, folder, capsys):
    place = Path(shutil.copytree(folder, small_disk / "fig"))
    workflow.reconstruct_to_folder(folder, method="guyot")
    saving.write_files(place, {"ipd.csv": b"earlier", "reconstruction.json": b"{}"})
    (small_disk / "filler").write_bytes(b"x" * 20000)
    before = content(place)
    assert main(["reconstruct", str(place), "--method", "guyot", "-q"]) == 1
    assert "cannot be written (No space left on device); make room" in one_line(capsys)
    assert content(place) == before
    assert sorted(os.listdir(place)) == sorted(before)
    assert main(["pool", str(_studies(folder)), "--out", str(small_disk / "pooled"), "-q"]) == 1
    assert sorted(os.listdir(small_disk)) == ["fig", "filler"]


def _studies(folder):
    path = folder.parent / "studies.csv"
    path.write_text(STUDIES)
    return path


def test_a_result_that_cannot_be_printed_is_no_success(folder):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    for arguments in (["pool", _studies(folder), "--json"], ["pool", _studies(folder)]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([sys.executable, ROOT / "cli.py", *map(str, arguments)], env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == "Error: the output cannot be written (No space left on device); make room, or send it elsewhere."
        assert "Traceback" not in done.stderr


# --- places that are no folders, or not ours -------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["plain", "plain/deeper", "dangling"])
def test_an_output_path_that_is_no_folder(tmp_path, capsys, place):
    (tmp_path / "plain").write_text("a file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "studies.csv").write_text(STUDIES)
    before = content(tmp_path)
    assert main(["pool", str(tmp_path / "studies.csv"), "--out", str(tmp_path / place), "-q"]) == 1
    assert "cannot be written" in one_line(capsys)
    assert content(tmp_path) == before


def test_a_file_whose_name_is_taken_by_a_folder(tmp_path):
    (tmp_path / "fig" / "a").mkdir(parents=True)
    (tmp_path / "fig" / "b").write_bytes(b"old")
    with pytest.raises(FolderError, match=r"fig/a cannot be written \(Is a directory\)"):
        saving.write_files(tmp_path / "fig", {"b": b"new", "a": b"new"})
    assert content(tmp_path / "fig") == {"b": b"old"}


@pytest.fixture
def nobody():
    """Be another user for a while where this one is root, to whom rights do not apply; gives a folder that all may enter."""
    if os.name != "posix":
        pytest.skip("rights are those of POSIX")
    place = Path(tempfile.mkdtemp(prefix="ipdrecon-rights-"))
    place.chmod(0o777)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
            _skip_without_libraries()
        yield place
    finally:
        os.seteuid(user)
        for path in (place, *place.rglob("*")):
            path.chmod(0o700)
        shutil.rmtree(place)


def _skip_without_libraries():
    try:
        for place in (os.__file__, typer.__file__, Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), saving.__file__):
            Path(place).read_bytes()
    except PermissionError:
        pytest.skip("another user may not enter the place where the libraries are installed")


@pytest.mark.parametrize("rights", [0o555, 0o000])
def test_a_folder_that_may_not_be_written(nobody, capsys, rights):
    folder = nobody / "fig"
    saving.write_files(folder, {"curves.csv": CURVES.encode(), "at_risk.csv": AT_RISK.encode()})
    before = content(folder)
    (nobody / "studies.csv").write_text(STUDIES)
    folder.chmod(rights)
    assert main(["pool", str(nobody / "studies.csv"), "--out", str(folder), "-q"]) == 1
    assert one_line(capsys) == f"Error: {folder} cannot be written (Permission denied); give another place with --out.\n"
    if rights:
        assert len(library.read_digitisation(folder).panels[0].curves) == 2
        assert main(["reconstruct", str(folder), "-q", "--method", "guyot"]) == 1
        assert "cannot be written (Permission denied)" in one_line(capsys)
    else:
        assert main(["reconstruct", str(folder), "-q", "--method", "guyot"]) == 1
        assert "Permission denied" in one_line(capsys)
    folder.chmod(0o755)
    assert content(folder) == before
    assert sorted(os.listdir(folder)) == sorted(before)


def test_a_linked_folder_is_written_through_and_a_linked_file_is_not(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "fig").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "a").symlink_to(tmp_path / "precious")
    saving.write_files(tmp_path / "fig", {"a": b"new", "b": b"new"})
    saving.write_files(tmp_path / "fig", {"c": b"new"}, outdated=("b",))
    assert (tmp_path / "fig").is_symlink()
    assert content(tmp_path / "elsewhere") == {"a": b"new", "c": b"new"}
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_another_file_system_below_the_folder(tmp_path):
    if not os.access("/dev/shm", os.W_OK) or os.stat("/dev/shm").st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("there is no second file system to write to")
    shutil.rmtree(place := Path("/dev/shm") / f"ipdrecon-test-{os.getpid()}", ignore_errors=True)
    place.mkdir()
    try:
        (tmp_path / "fig").symlink_to(place)  # a folder elsewhere is fine
        saving.write_files(tmp_path / "fig", {"a": b"1"})
        assert content(place) == {"a": b"1"}
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "deep").symlink_to(place)  # one that is in part elsewhere cannot be written as one
        with pytest.raises(FolderError, match=r"cannot be written \(Invalid cross-device link\)"):
            saving.write_files(tmp_path / "other", {"a": b"1", "deep/a": b"2", "z": b"3"})
        assert content(tmp_path / "other") == {}
        assert content(place) == {"a": b"1"}
    finally:
        shutil.rmtree(place)


def test_work_left_by_others_takes_nothing_from_outside(tmp_path):
    """A folder may come from anywhere; what it says is to be done is done within it or not at all."""
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a").write_bytes(b"secret")
    before = content(tmp_path)
    records = (
        {"files": {"../precious": True}, "outdated": []},
        {"files": {"a": False}, "outdated": []},
        {"files": {}, "outdated": ["../precious"]},
        {"files": {}, "outdated": [str(tmp_path / "precious")]},
        {"files": {}, "outdated": ["link/a"]},
        {"files": {"": False, "..": True, ".": True}, "outdated": [""]},
        {"files": 3, "outdated": [None]},
        ["files"],
        "{",
    )
    for record in records:
        for name in ("do.json", "undo.json"):
            home = tmp_path / "fig" / ".ipdrecon-abc.part"
            home.mkdir(parents=True)
            (tmp_path / "fig" / "link").symlink_to(tmp_path / "keys")
            (home / "new").symlink_to(tmp_path / "keys")
            (home / "old").symlink_to(tmp_path / "keys")
            (home / name).write_text(record if isinstance(record, str) else json.dumps(record))
            saving.write_files(tmp_path / "fig", {"b": b"1"})
            shutil.rmtree(tmp_path / "fig")
            assert content(tmp_path) == before
    (tmp_path / "fig").mkdir()
    (tmp_path / "fig" / ".ipdrecon-abc.part").symlink_to(tmp_path / "keys")
    saving.write_files(tmp_path / "fig", {"b": b"1"})
    assert (tmp_path / "keys" / "a").read_bytes() == b"secret"


# --- names -----------------------------------------------------------------------------------------------------------

LONG = "é" * 120 + "x" * 8 + ".png"
FIGURES = ("a b.png", "new\nline.png", "Überleben – Ω.png", "<b>&'\".png", "aux.png", "a:b?.png", "-rf.png", "$(id).png", "trailing .png", LONG)


@pytest.mark.parametrize("name", FIGURES, ids=range(len(FIGURES)))
def test_figures_of_every_name_get_their_folder(tmp_path, digitised, capsys, name):
    digitised()
    (tmp_path / name).write_bytes(b"")
    assert main(["digitise", "--", str(tmp_path / name)]) == 3
    said = capsys.readouterr()
    assert said.err == ""
    assert sorted(os.listdir(tmp_path / Path(name).stem)) == ["at_risk.csv", "censor_marks.csv", "curves.csv", "figure.json", "overlay.png"]
    assert sorted(os.listdir(tmp_path)) == sorted([name, Path(name).stem])


def test_the_longest_name_of_a_file_can_be_written(tmp_path):
    saving.write_files(tmp_path / "fig", {"x" * 255: b"1"})
    assert content(tmp_path / "fig") == {"x" * 255: b"1"}
    with pytest.raises(FolderError, match=r"cannot be written \(File name too long\)"):
        saving.write_files(tmp_path / "fig", {"a": b"1", "x" * 256: b"1"})
    assert content(tmp_path / "fig") == {"x" * 255: b"1"}


@pytest.mark.parametrize("arm", ["../../x", "a/b", "con", "nul.txt", "new\nline", "'; rm -rf /", "x" * 300, "é" * 300, "$(id)", "\x1b[31mred", "．．／x", "*?<>|:"])
def test_arms_as_names_of_files_stay_in_the_folder(tmp_path, folder, arm):
    (folder / "curves.csv").write_bytes(saving.csv_bytes(("panel", "arm", "time", "survival"), [(1, arm, 0, 1), (1, arm, 3, 0.8), (1, arm, 9, 0.6)]))
    (folder / "at_risk.csv").unlink()
    workflow.reconstruct_to_folder(folder, method="guyot", n={"": 40})
    assert main(["export", str(folder), "--to", "survhe", "--out", str(tmp_path / "out"), "-q"]) in (0, 3)
    for name in os.listdir(tmp_path / "out"):
        assert set(name) <= set("".join(letter for letter in name if letter.isalnum())) | set("-+_."), name
        assert len(name.encode()) <= 255
        assert name.startswith(("KMdata_", "IPDdata_"))
        assert name.endswith(".txt")
    assert sorted(os.listdir(tmp_path)) == ["fig", "out"]


@pytest.mark.skipif(os.name != "posix", reason="the mask is that of POSIX")
def test_files_get_the_rights_that_the_user_wants(tmp_path):
    for mask, wanted in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        before = os.umask(mask)
        try:
            saving.write_files(tmp_path / "fig", {"a": b"1", "deep/b": b"2"})
        finally:
            os.umask(before)
        assert [(tmp_path / "fig" / name).stat().st_mode & 0o777 for name in ("a", "deep/b")] == [wanted, wanted]


# --- two runs in one folder ------------------------------------------------------------------------------------------

TWO = """
    import sys
    from pathlib import Path
    from ipdrecon.app import library, saving, stage, workflow
    from ipdrecon.app.commands import main
    from ipdrecon.errors import FolderError

    verb, source, target, times = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    changed = 0
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(times):
        if verb == "digitise":
            digitisation = library.read_digitisation(source)
            workflow.write_figure_folder(target, library.digitisation_files(digitisation), ("curves.csv", "at_risk.csv", "censor_marks.csv"))
        elif verb == "rebuild":
            try:
                workflow.reconstruct_to_folder(target, method="guyot")
            except FolderError as error:
                assert "changed while this run was at work" in str(error), error
                changed += 1
        elif verb == "read":
            read = library.read_digitisation(target)
            assert not [flag for flag in read.all_flags() if flag.name == "edited"], "figure.json and curves.csv are of two readings"
            with stage.undisturbed(target):
                if Path(target, "ipd.csv").exists():
                    workflow.read_arms(target)
        elif verb == "stage":
            with saving.staged(target, outdated=[f"{other}-{k}" for other in ("one", "two") for k in range(20) if other != source]) as place:
                for name in ("both", *(f"{source}-{k}" for k in range(20))):
                    (place / name).write_text(source)
        else:
            for out in (target, Path(source).with_name("alone")):
                assert main([verb, source, "--out", str(out), "-q"]) in (0, 3)
    print(changed)
"""


def together(*jobs):
    """Run jobs (verb, source, target, times) as processes at once; what each prints at its end."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(TWO), *map(str, job)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for job in jobs
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=200) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(jobs), "\n".join(told for _, told in ends)
    return [int(said.split()[-1]) for said, _ in ends]


@pytest.fixture
def readings(tmp_path, made_digitisation):
    """Two readings of one figure, each in a folder, and a third folder that holds the first of them."""
    for name, arms in (("one", ("A", "B")), ("two", ("C", "D")), ("fig", ("A", "B"))):
        library.write_digitisation(made_digitisation(arms=arms), None, tmp_path / name)
    return tmp_path


def test_two_digitise_one_rebuilds_and_one_reads_at_once(readings):
    fig = readings / "fig"
    together(("digitise", readings / "one", fig, 60), ("digitise", readings / "two", fig, 60), ("rebuild", "", fig, 8), ("read", "", fig, 60))
    left = content(fig)
    assert not [name for name in os.listdir(fig) if name.startswith(".")]
    tables = {name: left[name] for name in ("curves.csv", "at_risk.csv", "censor_marks.csv", "figure.json")}
    assert tables in [{name: content(readings / which)[name] for name in tables} for which in ("one", "two")]
    if "ipd.csv" in left:
        workflow.read_arms(fig)


def test_two_pool_at_once_and_so_do_two_that_stage_as_run_does(tmp_path):
    sources = {}
    for which, hr in (("one", "0.8"), ("two", "0.5")):
        (tmp_path / which).mkdir()
        sources[which] = tmp_path / which / "studies.csv"
        sources[which].write_text(STUDIES.replace("A,0.8,0.6,1.1", f"A,{hr},0.4,1.6"))
    together(*(("pool", source, tmp_path / "pooled", 1) for source in sources.values()), *(("stage", which, tmp_path / "staged", 40) for which in sources))
    assert content(tmp_path / "pooled") in [content(source.parent / "alone") for source in sources.values()]
    assert content(tmp_path / "staged") in [{f"{which}-{k}": which.encode() for k in range(20)} | {"both": which.encode()} for which in sources]
    for name in ("pooled", "staged"):
        assert not [name for name in os.listdir(tmp_path / name) if name.startswith(".")]


def test_a_reading_that_changed_meanwhile_is_not_rebuilt_under(folder, monkeypatch):
    files = workflow._reconstruction_files

    def slow(*given):
        (folder / "curves.csv").write_text(CURVES.replace("0.6", "0.5"))
        return files(*given)

    monkeypatch.setattr(workflow, "_reconstruction_files", slow)
    with pytest.raises(FolderError, match=r"curves.csv changed while this run was at work, perhaps by another one; run it again"):
        workflow.reconstruct_to_folder(folder, method="guyot")
    assert sorted(os.listdir(folder)) == ["at_risk.csv", "curves.csv"]


def _about_to_put(folder, **files):
    """Leave what a killed run was about to put into a folder."""
    new = folder / ".ipdrecon-x.part" / "new"
    new.mkdir(parents=True)
    for name, text in files.items():
        (new / f"{name}.csv").write_text(text)
    (new.parent / "do.json").write_text(json.dumps({"files": {f"{name}.csv": True for name in files}, "outdated": []}))


def test_patients_are_read_as_a_killed_run_was_about_to_leave_them(folder):
    workflow.reconstruct_to_folder(folder, method="guyot")
    _about_to_put(folder, ipd="panel,arm,time,event\n1,A,3,1\n1,B,4,0\n")
    assert [arm.time.tolist() for arm in workflow.read_arms(folder)] == [[3.0], [4.0]]
    _about_to_put(folder, ipd="panel,arm,time,event\n1,A,5,1\n1,A,7,1\n1,B,6,1\n1,B,9,0\n")
    (folder / "studies.csv").write_text("study,ipd,treatment,reference\nS,ipd.csv,B,A\n")
    (row,) = with_patients(folder / "studies.csv")[1]
    assert [arm.time.tolist() for arm in row.arms] == [[6.0, 9.0], [5.0, 7.0]]


def test_one_who_reads_does_not_wait_for_himself(folder):
    def read():
        with stage.undisturbed(folder):
            _about_to_put(folder, other="1\n")
            with stage.undisturbed(os.path.relpath(folder)):
                done.append(True)

    done, reading = [], threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(30)
    assert done


def test_a_living_stage_is_left_alone_and_a_dead_one_is_not(tmp_path):
    folder = tmp_path / "fig"
    with stage.stage_in(folder) as living:
        (living.path / "a").write_bytes(b"1")
        thread = threading.Thread(target=saving.write_files, args=(folder, {"b": b"2"}))
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
        assert content(folder) == {"b": b"2"}
        living.put()
    assert content(folder) == {"a": b"1", "b": b"2"}
    (folder / ".ipdrecon-dead.part" / "new").mkdir(parents=True)
    (folder / ".ipdrecon-dead.part" / "new" / "half").write_bytes(b"x")
    saving.write_files(folder, {"c": b"3"})
    assert sorted(os.listdir(folder)) == ["a", "b", "c"]


def test_a_run_that_fails_does_not_take_away_what_another_wrote(tmp_path):
    folder = tmp_path / "new" / "fig"
    with pytest.raises(ValueError, match="on the way"), saving.staged(folder):
        saving.write_files(folder, {"of another": b"1"})
        raise ValueError("on the way")
    assert content(folder) == {"of another": b"1"}


def test_a_stage_that_its_run_takes_away_while_another_run_looks_at_it_is_no_trouble(tmp_path, monkeypatch):
    home = tmp_path / ".ipdrecon-gone.part"
    home.mkdir()
    lock = stage._lock

    def lock_and_lose(folder, **how):
        found = lock(folder, **how)
        if folder == home:
            home.rmdir()
        return found

    monkeypatch.setattr(stage, "_lock", lock_and_lose)
    stage.mend(tmp_path)
    assert list(tmp_path.iterdir()) == []
