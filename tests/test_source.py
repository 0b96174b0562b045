"""Opening a picture: what is wrong with it is said once, by us."""

import pytest

from ipdrecon.errors import FigureError
from ipdrecon.figure.source import open_figure


def test_a_damaged_picture_is_told_in_our_words_only(tmp_path, capfd):
    path = tmp_path / "cut.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(FigureError, match="damaged"):
        open_figure(path)
    assert capfd.readouterr() == ("", "")
