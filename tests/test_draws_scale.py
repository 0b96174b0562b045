"""Thousands of draws: kept in a file, read in pieces, worked through by several processes, and always the same numbers."""

import gc
import hashlib
import json
import os
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.app import draws as draws_of_file
from ipdrecon.app import saving, tables
from ipdrecon.app.commands import main
from ipdrecon.app.draws import DRAWS, draws_files, read_draws
from ipdrecon.app.processes import counting, processes
from ipdrecon.app.workflow import read_arms, reconstruct_to_folder, validate_to_folder
from ipdrecon.errors import FolderError, ReconstructionError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival import data_sets, reconstruct_arm
from ipdrecon.survival.data_sets import DataSetStore
from ipdrecon.survival.joint.fit import DRAWS_AT_ONCE
from ipdrecon.survival.replicates import hazard_ratios, medians, restricted_means, survivals
from metaanalysis.errors import MetaAnalysisError
from metaanalysis.patients.data import Patients
from metaanalysis.patients.from_patients import analyse_patients
from metaanalysis.patients.streamed import StreamedPatients

MOST_BYTES = 40e6
CURVES = "panel,arm,time,survival\n1,A,0,1\n1,A,3,0.8\n1,A,6,0.5\n1,A,9,0.3\n1,B,0,1\n1,B,4,0.9\n1,B,7,0.6\n1,B,9,0.4\n"
AT_RISK = "panel,arm,time,n_risk\n1,A,0,40\n1,A,6,18\n1,B,0,40\n1,B,6,33\n"

_data_set = st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), max_size=8).map(
    lambda rows: (np.array([time for time, _ in rows]), np.array([event for _, event in rows], bool))
)


def _same(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def _made(n_draws, n, scale, seed):
    rng = np.random.default_rng(seed)
    died, left = rng.exponential(scale, (n_draws, n)), rng.uniform(5, 30, (n_draws, n))
    return [(np.minimum(a, b), a <= b) for a, b in zip(died, left, strict=True)]


def _stored(some):
    store = DataSetStore(most_in_memory=0)
    store.add(some)
    return store.kept()


# --- the file in which draws are kept --------------------------------------------------------------------------------


@settings(deadline=None)  # the first example makes the first file
@given(st.lists(_data_set, min_size=1, max_size=12), st.integers(0, 60), st.integers(0, 13), st.integers(-13, 13))
def test_a_store_gives_back_what_it_took(some, most, begin, end):
    store = DataSetStore(most)
    for one in some:
        store.add([one])
    kept = store.kept()
    assert isinstance(kept, tuple) == (sum(len(time) for time, _ in some) <= most)
    _same(list(kept), some)
    _same(kept[begin:end], some[begin:end])
    _same(kept[::-2], some[::-2])
    _same([kept[place] for place in range(-len(some), 0)], some)
    with pytest.raises(IndexError):
        kept[len(some)]


def test_a_store_is_read_in_pieces(monkeypatch):
    some = _made(30, 7, 10, 1)
    monkeypatch.setattr(data_sets, "_AT_ONCE", 20)
    _same(list(_stored(some)), some)


def test_the_file_goes_with_the_last_who_needs_it_and_a_copy_reads_it_meanwhile():
    some = _made(5, 7, 10, 1)
    kept = _stored(some)
    copy, path = pickle.loads(pickle.dumps(kept)), kept._path
    _same(list(copy), some)
    del copy
    gc.collect()
    assert os.path.exists(path)
    del kept
    gc.collect()
    assert not os.path.exists(path)


def test_a_file_that_fails_or_is_cut_short_is_told(monkeypatch, tmp_path):
    kept = _stored(_made(5, 7, 10, 1))
    os.truncate(kept._path, 20)
    with pytest.raises(ReconstructionError, match=r"was cut short; run it again"):
        list(kept)
    os.unlink(kept._path)
    with pytest.raises(ReconstructionError, match=r"No such file.*set TMPDIR"):
        list(kept)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(ReconstructionError, match=r"set TMPDIR to a folder with room"):
        _stored(_made(5, 7, 10, 1))


# --- making them -----------------------------------------------------------------------------------------------------


def _arm(draws, **options):
    return reconstruct_arm([0, 3, 6, 9], [1, 0.8, 0.5, 0.3], n=40, draws=draws, seed=5, **options)


def test_draws_of_one_block_stand_first_among_more():
    few, many = _arm(DRAWS_AT_ONCE), _arm(2 * DRAWS_AT_ONCE + 10)
    assert len(many.draws) == 2 * DRAWS_AT_ONCE + 10
    _same(many.draws[:DRAWS_AT_ONCE], few.draws)
    blocks = [many.draws[begin : begin + 10] for begin in (0, DRAWS_AT_ONCE, 2 * DRAWS_AT_ONCE)]
    assert len({np.concatenate([time for time, _ in block]).tobytes() for block in blocks}) == 3
    np.testing.assert_array_equal(many.time, few.time)


def test_draws_are_counted_as_they_are_made():
    seen = []
    _arm(DRAWS_AT_ONCE + 3, run=counting(map, lambda *told: seen.append(told), "draws", DRAWS_AT_ONCE + 3))
    assert seen == [(DRAWS_AT_ONCE, DRAWS_AT_ONCE + 3, "draws"), (DRAWS_AT_ONCE + 3, DRAWS_AT_ONCE + 3, "draws")]


def test_parts_whose_number_nobody_knows_are_counted_without_it(hand_made, tmp_path, capsys):
    main(["reconstruct", str(hand_made(CURVES, AT_RISK)), "-q"])
    (tmp_path / "studies.csv").write_text("study,ipd,treatment,reference\none,fig/ipd.csv,B,A\ntwo,fig/ipd.csv,A,B\n")
    assert main(["pool", str(tmp_path / "studies.csv"), "-v"]) == 0
    said = capsys.readouterr()
    assert "2: parts" in said.out + said.err
    assert "None" not in said.out + said.err


def test_two_processes_give_the_same_bytes(hand_made, tmp_path, capsys):
    folder = hand_made(CURVES, AT_RISK)
    (tmp_path / "studies.csv").write_text("study,ipd,treatment,reference\none,fig/ipd.csv,B,A\ntwo,fig/ipd.csv,A,B\n")
    files, pooled = [], []
    for jobs in ("1", "2"):
        main(["reconstruct", str(folder), "--draws", str(DRAWS_AT_ONCE + 20), "--jobs", jobs, "-q"])
        files.append({name: (folder / name).read_bytes() for name in ("ipd.csv", DRAWS, "reconstruction.json")})
        capsys.readouterr()
        main(["pool", str(tmp_path / "studies.csv"), "--jobs", jobs, "--json"])
        pooled.append(capsys.readouterr().out)
    assert files[0] == files[1]
    assert pooled[0] == pooled[1]
    assert json.loads(pooled[0])["patients"]["one_stage"]["n_draws"] == DRAWS_AT_ONCE + 20


def test_a_process_that_dies_is_told():
    with pytest.raises(ReconstructionError, match=r"A process ended before its work was done.*fewer --jobs"), processes(2) as run:
        list(run(os._exit, [3]))


# --- their file ------------------------------------------------------------------------------------------------------


def _written(folder, arms):
    saving.write_files(folder, draws_files(arms))
    return folder


@pytest.mark.parametrize(("said", "held"), [(None, "1"), ("3", "3")])
def test_each_process_uses_one_thread_unless_the_environment_says_otherwise(monkeypatch, said, held):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
        if said:
            monkeypatch.setenv(name, said)
    with processes(2) as run:
        assert list(run(os.getenv, ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] * 2)) == [held] * 4
    assert os.getenv("OMP_NUM_THREADS") == said


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_the_file_is_read_in_pieces(tmp_path, monkeypatch, rows):
    arms = [ReconstructedArm(name, [1, 2], [1, 0], draws=tuple(_made(23, 4, 10, seed))) for seed, name in enumerate(("=A", "1.0"))]
    monkeypatch.setattr(draws_of_file, "_DRAWS_IN_PIECE", 5)
    _written(tmp_path, arms)
    monkeypatch.setattr(draws_of_file, "_ROWS", rows)
    for arm in arms:
        for (time, event), (seen, seen_event) in zip(arm.draws, read_draws(tmp_path)["1", arm.arm], strict=True):
            np.testing.assert_allclose(seen, time, rtol=1e-9)
            np.testing.assert_array_equal(seen_event, event)


def test_draws_out_of_order_are_refused(tmp_path):
    text = "draw,panel,arm,time,event\n1,1,A,2,1\n2,1,A,3,1\n1,1,A,4,1\n"
    (tmp_path / DRAWS).write_bytes(saving.gzip_bytes(text.encode()))
    with pytest.raises(FolderError, match=r"draw 1 of the arm 'A' of panel 1 follows draw 2; expected draws in order"):
        read_draws(tmp_path)


def test_a_comparison_stays_where_the_same_draws_are_made_again(hand_made, tmp_path):
    folder = hand_made(CURVES, AT_RISK)
    (tmp_path / "reported.csv").write_text("panel,quantity,arm,time,value,source\n1,median,A,,6,p. 3\n")
    for draws, stays in (("4", True), ("5", False)):
        main(["reconstruct", str(folder), "--draws", "4", "-q"])
        main(["validate", str(folder), "--reported", str(tmp_path / "reported.csv"), "-q"])
        main(["reconstruct", str(folder), "--draws", draws, "-q"])
        assert (folder / "validation.csv").exists() == stays


def test_draws_are_packed_once_and_their_file_is_hashed_in_pieces(hand_made, monkeypatch):
    folder, packed, whole = hand_made(CURVES, AT_RISK), [], []
    pack, read_bytes = saving.gzip_bytes, Path.read_bytes
    monkeypatch.setattr(saving, "gzip_bytes", lambda content: packed.append(len(content)) or pack(content))
    monkeypatch.setattr(Path, "read_bytes", lambda path: whole.append(path.name) or read_bytes(path))
    for _ in range(2):
        reconstruct_to_folder(folder, draws=5)
        validate_to_folder(folder, ())
    assert len(packed) == 2
    assert DRAWS not in whole
    assert saving.digests(folder, (DRAWS, "none")) == {DRAWS: hashlib.sha256(read_bytes(folder / DRAWS)).hexdigest(), "none": None}


def test_memory_does_not_grow_with_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 100_000)  # room for a whole table is asked for at once, and hardly used
    n_draws, n = 3000, 200
    arms = [ReconstructedArm(name, [1, 2], [1, 0], draws=_stored(_made(n_draws, n, scale, scale))) for name, scale in (("A", 10), ("B", 14))]
    (tmp_path / "ipd.csv").write_text("panel,arm,time,event\n1,A,1,1\n1,A,2,0\n1,B,1,1\n1,B,2,0\n")
    gc.collect()
    tracemalloc.start()
    try:
        _written(tmp_path, arms)
        first, second = read_arms(tmp_path)
        assert len(hazard_ratios(second.draws, first.draws)[0]) == n_draws
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


# --- the numbers -----------------------------------------------------------------------------------------------------


def test_numbers_do_not_depend_on_where_draws_are_or_how_many_go_together(monkeypatch):
    ours, theirs = _made(60, 30, 10, 1), _made(60, 30, 14, 2)
    functions = (hazard_ratios, lambda arm, _: (medians(arm), restricted_means(arm, 20)[0], survivals(arm, [4, 9]).ravel()))
    for function in functions:
        whole = function(ours, theirs)
        monkeypatch.setattr("ipdrecon.survival.replicates._MOST_PATIENTS", 100)
        parts = function(_stored(ours), _stored(theirs))
        monkeypatch.undo()
        for one, other in zip(whole, parts, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.fixture
def trials():
    """Three trials, of which one has no draws and one has fewer."""
    made = {name: (_made(n + 1, 25, 9 + n, n), _made(n + 1, 22, 7, n + 50)) for name, n in (("A", 12), ("B", 0), ("C", 7))}
    return {name: list(zip(*arms, strict=True)) for name, arms in made.items()}


@pytest.mark.parametrize("store", [list, _stored])
def test_streamed_patients_give_what_patients_in_memory_give(trials, store, monkeypatch):
    monkeypatch.setattr("metaanalysis.patients.streamed._PATIENTS_AT_ONCE", 150)
    monkeypatch.setattr("metaanalysis.patients.streamed._DRAWS_AT_ONCE", 3)
    own = {name: data_sets[0] for name, data_sets in trials.items()}
    draws = {name: tuple(store(list(arm)) for arm in zip(*sets[1:], strict=True)) for name, sets in trials.items() if len(sets) > 1}
    streamed, whole = StreamedPatients(own, draws), Patients.of_arms(trials)
    assert streamed.trial.tolist() == whole.trial.tolist()
    assert streamed.draw.tolist() == whole.draw.tolist()
    found, expected = (analyse_patients(patients, cuts=[5.0], source={"A": "ipd"}).to_dict() for patients in (streamed, whole))
    assert found == expected
    assert found["one_stage"]["n_draws"] == 7


def test_draws_of_one_arm_only_or_a_single_one_are_refused(trials):
    own = {"A": trials["A"][0]}
    first, second = (list(arm) for arm in zip(*trials["A"][1:], strict=True))
    with pytest.raises(MetaAnalysisError, match=r"A has 12 draws of the treatment arm and 3 of the reference arm"):
        StreamedPatients(own, {"A": (first, second[:3])})
    with pytest.raises(MetaAnalysisError, match=r"A has a single draw; expected two or more"):
        StreamedPatients(own, {"A": (first[:1], second[:1])})
