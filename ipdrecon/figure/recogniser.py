"""The engine of text recognition, made once in a process: what it costs, and what it is spared.

RapidOCR's models are run in sessions of our own. Threads that wait do not spin, which would take as much of the
processors again as the work does. Each line of text is recognised by itself, several lines at a time where there are
several processors; on processors a line costs as much among others as alone, and by itself it reads the same in whatever
company it comes. The model was trained on lines padded to 320 px; most labels of a figure are a fifth of that. So a short
line is read with little paper after it, and once more with all of it where that reading is not sure.
"""

import functools
import logging
import math
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

# Of 849 lines of the practice figures, 582 short ones were as sure as this; one of them reads otherwise with all of the paper,
# and worse.
_SURE = 0.99
# text that was searched for counts from this score on
LEAST_SCORE = 0.3
_HEIGHT_PX = 48
_TRAINED_WIDTH_PX = 320
_LEAST_WIDTH_PX = 64
_STEP_PX = 32
# from here on so little paper is spared that reading twice would cost more
_SHORT_PX = 192
_MOST_THREADS = 4
# Roman numerals; full-width forms of ASCII
_WIDE_SIGNS = (("\u2160", "\u217f"), ("\uff01", "\uff5e"))


def n_threads():
    """Number of threads that reading may use: the processors at hand, four at most, or what ``OMP_NUM_THREADS`` says."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(int(said), 1) if said.isdigit() else min(here, _MOST_THREADS)


@functools.lru_cache(maxsize=1)
def engine():
    """RapidOCR with the sessions and the recogniser of this module; made at the first call in a process.

    Returns
    -------
    rapidocr.RapidOCR
    """
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    from rapidocr import RapidOCR

    made = RapidOCR(params={"Global.log_level": "error", "Global.use_cls": False, "Global.text_score": LEAST_SCORE})
    threads = n_threads()
    finder = made.cfg.Det
    finder._set_flag("allow_objects", True)
    finder.session = _session(made.cfg, finder, threads).session
    made.text_rec = Recogniser(_session(made.cfg, made.cfg.Rec, 1), threads)
    return made


def read_lines_of(crops):
    """Texts and scores of lines of text.

    Parameters
    ----------
    crops : sequence of ndarray of uint8, shape (height, width, 3)
        BGR.

    Returns
    -------
    list of tuple of (str, float)
    """
    made = engine() if crops else None
    return made.text_rec.read([made.preprocess_img(crop)[0] for crop in crops]) if crops else []


def read_places(px, corners):
    """Texts and scores of places found in a picture.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
        BGR.
    corners : sequence of ndarray, shape (4, 2)
        From the upper left one, with the sun.

    Returns
    -------
    list of tuple of (str, float)
    """
    from rapidocr.utils.process_img import get_rotate_crop_image

    return engine().text_rec.read([get_rotate_crop_image(px, np.array(one, np.float32)) for one in corners])


def _session(cfg, part, threads):
    """A session of the model that RapidOCR would choose, whose threads sleep while they wait."""
    from rapidocr.inference_engine.onnxruntime.main import OrtInferSession

    class Session(OrtInferSession):
        @staticmethod
        def _init_sess_opts(cfg):
            options = OrtInferSession._init_sess_opts(cfg)
            options.intra_op_num_threads = threads
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            return options

    part.engine_cfg, part.model_root_dir = cfg.EngineConfig.onnxruntime, cfg.Global.model_root_dir
    return Session(part)


def plain_sign(sign):
    """A sign as Latin print has it: the model also knows full-width forms and Roman numerals of one sign, which look the same.

    Parameters
    ----------
    sign : str

    Returns
    -------
    str

    Examples
    --------
    >>> plain_sign("Ⅲ"), plain_sign("（"), plain_sign("²")
    ('III', '(', '²')
    """
    wide = any(first <= sign <= last for first, last in _WIDE_SIGNS)
    return unicodedata.normalize("NFKC", sign) if wide else sign


class Recogniser:
    """Text of lines that were cut out; takes the place of RapidOCR's own recogniser.

    Parameters
    ----------
    session : rapidocr.inference_engine.base.InferSession
        Of a model for lines of 48 px.
    threads : int
        So many lines are read at a time.
    """

    def __init__(self, session, threads):
        self.run = session
        self.letters = ["", *map(plain_sign, session.get_character_list()), " "]
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def __call__(self, given):
        """Answer as RapidOCR's recogniser does, to a picture or a list of pictures (BGR)."""
        from rapidocr.ch_ppocr_rec.typings import TextRecOutput

        crops = [given.img] if isinstance(given.img, np.ndarray) else list(given.img)
        read = self.read(crops)
        texts, scores = tuple(text for text, _ in read), tuple(score for _, score in read)
        return TextRecOutput(crops, texts, scores, (None,) * len(crops), 0.0)

    def read(self, crops):
        """Texts and scores of lines.

        Parameters
        ----------
        crops : sequence of ndarray of uint8, shape (height, width, 3)
            BGR.

        Returns
        -------
        list of tuple of (str, float)
            Each as it would be by itself, in the order of the lines.
        """
        if self.pool is None or len(crops) < 2:
            return [self._line(crop) for crop in crops]
        # the longest first, so that no thread is left with one at the end
        order = sorted(range(len(crops)), key=lambda i: -crops[i].shape[1] / crops[i].shape[0])
        read = dict(zip(order, self.pool.map(self._line, [crops[i] for i in order]), strict=True))
        return [read[i] for i in range(len(crops))]

    def _line(self, crop):
        line = _normed(crop)
        width = max(_STEP_PX * math.ceil(line.shape[2] / _STEP_PX), _LEAST_WIDTH_PX)
        if width <= _SHORT_PX:
            text, score = self._read(line, width)
            if score >= _SURE:
                return text, score
        return self._read(line, max(_TRAINED_WIDTH_PX, line.shape[2]))

    def _read(self, line, width):
        """Greedy reading of a connectionist temporal classification: the best letter of each column, repeats and blanks dropped."""
        padded = np.zeros((1, 3, _HEIGHT_PX, width), np.float32)
        padded[0, :, :, : line.shape[2]] = line
        chances = self.run(padded)[0]
        best = chances.argmax(axis=1)
        kept = np.r_[True, best[1:] != best[:-1]] & (best != 0)
        sure = chances[np.arange(len(best)), best][kept]
        return "".join(self.letters[letter] for letter in best[kept]), round(float(sure.mean(dtype=float)), 5) if len(sure) else 0.0


def _normed(crop):
    """A line at the height of the model, shape (3, 48, width), from -1 to 1."""
    height, width = crop.shape[:2]
    scaled = cv2.resize(crop, (math.ceil(_HEIGHT_PX * (width / height)), _HEIGHT_PX))
    return (scaled.astype(np.float32).transpose(2, 0, 1) / 255 - 0.5) / 0.5
