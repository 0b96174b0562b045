"""The file of draws is packed: what swells, or holds numbers that are none, is refused in one line."""

import gzip

import pytest

from ipdrecon.app import draws
from ipdrecon.app.draws import DRAWS, read_draws
from ipdrecon.errors import FolderError

HEAD = b"draw,panel,arm,time,event\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD + b"x" * 20_000_000, "a line has over 100000 characters"),
        (b"x" * 20_000_000, "a line has over 100000 characters"),
        (HEAD + b"1e308,1,A,2,1\n", "expected draws from 1"),
        (HEAD + b"9223372036854775808,1,A,2,1\n", "expected draws from 1"),
        (HEAD + b"1.5,1,A,2,1\n", "expected draws from 1"),
        (HEAD + b"900000000,1,A,2,1\n", "holds 1 draws of the arm 'A'"),
        (HEAD + b"1,1,A,2,1e300\n", "events 0 or 1"),
        (HEAD + b"nan,1,A,2,1\n", "cannot be read"),
    ],
)
def test_draws_that_are_none(tmp_path, content, message):
    (tmp_path / DRAWS).write_bytes(gzip.compress(content, 1))
    with pytest.raises(FolderError, match=message):
        read_draws(tmp_path)


def test_what_unpacks_to_more_than_any_draws_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(draws, "_MOST_BYTES", 1_000_000)
    (tmp_path / DRAWS).write_bytes(gzip.compress(HEAD + b"1,1,A,2,1\n" * 500_000, 1))
    with pytest.raises(FolderError, match="it unpacks to over 1 MB"):
        read_draws(tmp_path)
