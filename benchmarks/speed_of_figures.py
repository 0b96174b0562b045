"""Processor seconds that each part of reading a figure takes, in this process.

    python benchmarks/speed_of_figures.py FIGURE... [--times 2] [--axes-given]

Prints one JSON object: for each figure its size and the seconds of each part, the least of some readings. It asks nothing of
the program but the names of its steps and the sessions of onnxruntime, so that an older checkout, put first on
``PYTHONPATH``, is measured by the same file. ``--axes-given`` times reading without text, with the axes that the first
reading found.
"""

import argparse
import contextlib
import json
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from rapidocr.inference_engine.onnxruntime.main import OrtInferSession

from ipdrecon.app.workflow import Given, digitise_to_folder
from ipdrecon.errors import IpdreconError
from ipdrecon.figure.digitisation import DigitiseSettings, digitise
from ipdrecon.figure.session import session
from ipdrecon.figure.text import read_line, read_words
from ipdrecon.model import Box

PARTS = {
    "opening the file": "decode",
    "reading text": "words",
    "finding plots": "plots",
    "axes": "axes",
    "table": "table",
    "curves": "curves and files",
}


def processor_seconds():
    """Of this thread where it is one of several that read lines, else of the process: the engine has threads of its own."""
    return time.process_time() if threading.current_thread() is threading.main_thread() else time.thread_time()


@contextlib.contextmanager
def watched(spent, calls):
    """Add up what the models of the text reader take: one finds text, the other recognises it."""
    real = OrtInferSession.__call__

    def run(self, batch):
        begin = processor_seconds()
        answer = real(self, batch)
        part = "finding text" if answer.shape[1] == 1 else "recognising text"
        spent[part] += processor_seconds() - begin
        calls[part] += len(batch)
        return answer

    OrtInferSession.__call__ = run
    try:
        yield
    finally:
        OrtInferSession.__call__ = real


def once(figure, given=None):
    """Seconds of each part of one reading, from the file to the written folder."""
    spent, calls, steps = defaultdict(float), defaultdict(int), []
    with tempfile.TemporaryDirectory() as folder, watched(spent, calls):
        clock, begin = time.perf_counter(), time.process_time()
        try:
            with session(None, lambda name: steps.append((PARTS.get(name, name), time.process_time()))):
                digitise_to_folder(figure, Path(folder) / "read", given)
        except IpdreconError as error:
            spent["failed"] = str(error).split(".")[0]
        end = time.process_time()
    parts = defaultdict(float)
    for (name, start), (_, stop) in zip(steps, [*steps[1:], ("end", end)], strict=True):
        parts[name] += stop - start
    return {"total": end - begin, "clock": time.perf_counter() - clock, "steps": dict(parts), **spent, "lines": calls["recognising text"]}


def ends(axis):
    value = axis.tick_value[axis.used]
    return float(value.min()), float(value.max())


def axes_given(figure, times):
    """Seconds of reading without text, its axes given, until the curves are there; None where that cannot be done."""
    try:
        (panel,) = digitise(figure).panels
        given = {"x_range": ends(panel.calibration.time), "y_range": ends(panel.calibration.vertical), "settings": DigitiseSettings(ocr=False)}
        taken = []
        for _ in range(times):
            begin = time.process_time()
            digitise(figure, **given)
            taken.append(time.process_time() - begin)
    except (IpdreconError, ValueError):
        return None
    return min(taken)


def warm():
    """Load the models and libraries, which a process does once."""
    picture = np.full((64, 200, 3), 255, np.uint8)
    cv2.putText(picture, "12", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    read_words(picture)
    read_line(picture, Box(0, 0, 199, 63))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path, nargs="+")
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--axes-given", action="store_true")
    given = parser.parse_args()
    begin = time.process_time()
    warm()
    result = {"start": time.process_time() - begin, "figures": {}}
    for figure in given.figures:
        if given.axes_given:
            result["figures"][figure.name] = axes_given(figure, given.times)
            continue
        readings = [once(figure, Given()) for _ in range(given.times)]
        height, width = cv2.imread(str(figure)).shape[:2]
        result["figures"][figure.name] = {"width": width, "height": height, **min(readings, key=lambda reading: reading["total"])}
        print(figure.name, file=sys.stderr, flush=True)
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
