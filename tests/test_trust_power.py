"""What is put into place is on the disk before: a power cut leaves no file that is empty, or half there, under its own name."""

import os
import sys
from pathlib import Path

import pytest

from ipdrecon.app import saving, stage
from ipdrecon.errors import FolderError

sys.path.insert(0, str(Path(__file__).parent))
from write_points import content


class Disk:
    """What is done to the disk, in order: ("forced" or "moved" or "removed", inode or name)."""

    def __init__(self, monkeypatch):
        self.done = []
        force, move, remove = os.fsync, os.replace, os.unlink

        def fsync(descriptor):
            force(descriptor)
            self.done.append(("forced", os.fstat(descriptor).st_ino, os.fstat(descriptor).st_size))

        def replace(source, target):
            seen = os.lstat(source)
            move(source, target)
            self.done.append(("moved", Path(target).name, seen.st_ino, seen.st_size))

        def unlink(path, **options):
            remove(path, **options)
            self.done.append(("removed", Path(path).name))

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(os, "unlink", unlink)

    def when(self, *what):
        return next(place for place, done in enumerate(self.done) if done[: len(what)] == what)


@pytest.mark.parametrize("stands", [False, True], ids=["new", "replaced"])
def test_each_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch, stands):
    folder = tmp_path / "fig"
    files = {"a.csv": b"a" * 10_000, "sub/b.csv": b"b", "large": lambda stream: stream.write(b"c" * 100_000)}
    if stands:
        saving.write_files(folder, dict.fromkeys((*files, "gone"), b"old"))
    disk = Disk(monkeypatch)
    saving.write_files(folder, files, outdated=("gone",))
    moves = [(place, done) for place, done in enumerate(disk.done) if done[0] == "moved" and done[1] in ("a.csv", "b.csv", "large", "do.json")]
    assert len(moves) == 4
    for place, (_, _, inode, size) in moves:
        assert ("forced", inode, size) in disk.done[:place]
    record = disk.when("moved", "do.json")
    assert moves[0][0] == record, "the record of what is to be done stands before any file is moved"
    assert any(done[0] == "forced" for done in disk.done[record : moves[1][0]]), "and is on the disk by its name"
    last, removed = moves[-1][0], disk.when("removed", "do.json")
    forced = {done[1] for done in disk.done[last:removed] if done[0] == "forced"}
    assert {folder.stat().st_ino, (folder / "sub").stat().st_ino} <= forced, "the moves are on the disk before the record is taken away"


def test_a_stage_within_a_stage_goes_to_the_disk_once(tmp_path, monkeypatch):
    disk = Disk(monkeypatch)
    with saving.staged(tmp_path / "results") as place:
        saving.write_files(place, {"a": b"1", "deep/b": b"2"})
        saving.write_files(place / "deep", {"c": b"3"})
        assert not [done for done in disk.done if done[0] == "forced"]
    inodes = [done[2] for done in disk.done if done[0] == "moved"][-3:]
    assert all([done[1] for done in disk.done if done[0] == "forced"].count(inode) == 1 for inode in inodes)


def test_a_disk_that_cannot_keep_a_file_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    saving.write_files(tmp_path, {"a": b"old"})

    def fails(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(FolderError, match=r"cannot be written \(Input/output error\)"):
        saving.write_files(tmp_path, {"a": b"new", "b": b"new"})
    assert content(tmp_path) == {"a": b"old"}
    assert not stage._stages(tmp_path)


def test_where_folders_cannot_be_forced_the_files_are(tmp_path, monkeypatch):
    force, forced = os.fsync, []

    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(22, "Invalid argument")
        forced.append(os.fstat(descriptor).st_size)
        force(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    saving.write_files(tmp_path / "fig", {"a": b"12345"})
    assert 5 in forced
    assert content(tmp_path / "fig") == {"a": b"12345"}
