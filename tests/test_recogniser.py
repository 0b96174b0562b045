"""A list of lines reads as its lines do one by one, in any company and with any number of threads; the engine is made once."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from ipdrecon.figure import recogniser, text
from ipdrecon.figure import session as of_session
from ipdrecon.figure.session import Memory, session
from ipdrecon.model import Box

WORDS = ("0.75", "12", "Placebo", "1.00", "Number of patients at risk", "7")
HEIGHT_PX = 40


def line(words):
    (width, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 1, 2)
    picture = np.full((HEIGHT_PX, width + 16, 3), 255, np.uint8)
    cv2.putText(picture, words, (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2, cv2.LINE_AA)
    return picture


@pytest.fixture(scope="module")
def page():
    lines = [line(words) for words in WORDS]
    picture = np.full((HEIGHT_PX * len(lines), max(one.shape[1] for one in lines), 3), 255, np.uint8)
    boxes = []
    for i, one in enumerate(lines):
        picture[i * HEIGHT_PX : (i + 1) * HEIGHT_PX, : one.shape[1]] = one
        boxes.append(Box(0, i * HEIGHT_PX, one.shape[1] - 1, (i + 1) * HEIGHT_PX - 1))
    return picture, boxes


def test_lines_read_together_are_what_they_are_alone(page):
    picture, boxes = page
    together = text.read_lines(picture, boxes)
    assert [word.text for word in together] == list(WORDS)
    assert together == [text.read_line(picture, box) for box in boxes]
    assert together[::-1] == text.read_lines(picture, boxes[::-1])


def test_the_number_of_threads_changes_nothing():
    crops = [line(words) for words in WORDS]
    run = recogniser.engine().text_rec.run
    assert recogniser.Recogniser(run, 1).read(crops) == recogniser.Recogniser(run, 3).read(crops)


def test_a_sure_short_line_is_read_once_and_a_doubtful_one_with_all_its_paper():
    widths = []

    class Session:
        sureness = 1.0

        def get_character_list(self):
            return ["a", "b"]

        def __call__(self, batch):
            widths.append(batch.shape[3])
            return np.array([[[0, self.sureness, 0, 0], [1, 0, 0, 0], [0, 0, self.sureness, 0]]])

    reader = recogniser.Recogniser(Session(), 1)
    short = np.full((48, 50, 3), 255, np.uint8)
    assert reader.read([short]) == [("ab", 1.0)]
    assert widths == [64]
    Session.sureness = 0.9
    assert reader.read([short]) == [("ab", 0.9)]
    assert widths == [64, 64, 320]
    reader.read([np.full((48, 700, 3), 255, np.uint8)])
    assert widths[3:] == [700]


def test_the_engine_is_made_once_in_a_process(page):
    assert recogniser.engine() is recogniser.engine()
    made = recogniser.engine.cache_info().misses
    text.read_lines(*page)
    text.read_words(page[0])
    assert recogniser.engine.cache_info().misses == made


def test_what_is_remembered_is_not_read_again(page, monkeypatch):
    picture, boxes = page
    plain, asked, real = text.read_lines(picture, boxes), [], text.read_lines_of
    monkeypatch.setattr(text, "read_lines_of", lambda crops: asked.append(len(crops)) or real(crops))
    with session(Memory()):
        assert text.read_lines(picture, boxes[:2]) == plain[:2]
        assert text.read_lines(picture, boxes) == plain
    assert asked == [2, len(boxes) - 2]


def test_only_what_lies_is_recognised_where_no_more_is_wanted(page):
    picture = np.full((400, 500, 3), 255, np.uint8)
    level = line("0.75")
    picture[20 : 20 + level.shape[0], 20 : 20 + level.shape[1]] = level
    upright = np.rot90(line("1250"))
    picture[150 : 150 + upright.shape[0], 300 : 300 + upright.shape[1]] = upright
    assert [word.text for word in text.read_words(picture, lying=True)] == ["0.75"]
    assert len(text.read_words(picture)) == 2


@pytest.mark.parametrize(("said", "threads"), [("1", 1), ("3", 3), ("0", 1)])
def test_the_environment_may_say_how_many_threads(said, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert recogniser.n_threads() == threads


@pytest.mark.parametrize("code", ["import ipdrecon", "import metaanalysis", "from ipdrecon.app.commands import main; main(['--help'])"])
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    heavy = "{'cv2', 'matplotlib', 'pandas', 'scipy', 'onnxruntime', 'rapidocr', 'pydantic', 'lifelines', 'numpy'}"
    script = f"import sys; {code}; sys.exit(', '.join(sorted({heavy} & set(sys.modules))) or 0)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_lines_that_the_memory_has_no_room_for_are_read_all_the_same(page, monkeypatch):
    picture, boxes = page
    plain = text.read_lines(picture, boxes)
    monkeypatch.setitem(of_session._KEPT, "text", 2)
    with session(Memory()):
        assert text.read_lines(picture, boxes[-1:]) == plain[-1:]
        assert text.read_lines(picture, boxes) == plain


@pytest.mark.parametrize(("sign", "plain"), [("Ⅱ", "II"), ("ⅳ", "iv"), ("（", "("), ("％", "%"), ("，", ","), ("≥", "≥"), ("½", "½"), ("治", "治")])
def test_signs_that_look_as_in_latin_print_are_written_so(sign, plain):
    assert recogniser.plain_sign(sign) == plain


def test_the_letters_of_the_model_have_no_full_width_form():
    letters = "".join(recogniser.engine().text_rec.letters)
    assert "(" in letters and not any("\uff01" <= letter <= "\uff5e" or "\u2160" <= letter <= "\u217f" for letter in letters)
